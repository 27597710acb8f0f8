package node_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

// settable is a clock that can be set while a location runs.
type settable struct {
	env.Clock
	ahead atomic.Int64 // milliseconds
}

func (c *settable) WallMs() int64 { return c.Clock.WallMs() + c.ahead.Load() }

const hour = 3_600_000

// stamped commits and checks that the stamp is no further ahead of the right time than clocks may be.
func stamped(t *testing.T, f *fabric.Fabric, key string) {
	t.Helper()
	w := fabric.NewWrite(fabric.Upsert, "c", key, value.Object())
	r, err := f.Commit(within(t), fabric.Transaction{Writes: []fabric.Write{w}})
	if err != nil {
		t.Fatalf("writing %s: %v", key, err)
	}
	if ahead := r.Stamp.Time.Millis() - env.RealClock().WallMs(); ahead > clock.DefaultMaxOffset {
		t.Fatalf("%s is stamped %d ms ahead", key, ahead)
	}
}

// TestClockThatJumpsStopsWritesAtOnce sets a clock while the location runs: no write passes, others are not bothered, and
// when the clock is set right again nothing of it is left.
func TestClockThatJumpsStopsWritesAtOnce(t *testing.T) {
	t.Parallel()
	syds := &settable{Clock: env.RealClock()}
	s := newServed(t, 0, "fra", "syd")
	s.bent = map[string]env.Clock{"syd": syds}
	s.start("fra")
	s.start("syd")
	fra, syd := s.at("fra", "_system"), s.at("syd", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := syd.Collection("c"); return ok })
	for round, jump := range []int64{hour, -hour} {
		stamped(t, syd, "before")
		syds.ahead.Store(jump)
		w := fabric.NewWrite(fabric.Upsert, "c", "wrong", value.Object())
		if _, err := syd.Commit(within(t), fabric.Transaction{Writes: []fabric.Write{w}}); fabric.CodeOf(err) != fabric.ReadOnly {
			t.Fatalf("the first write after a jump by %d ms: %v", jump, err)
		}
		eventually(t, "syd says what is wrong", func() bool { return s.nodes["syd"].Health().ReadOnly != "" })
		for i := range 10 {
			key := fmt.Sprintf("fra-%d-%d", round, i)
			stamped(t, fra, key)
			eventually(t, key+" at syd", func() bool { return has(t, syd, "c", key) })
		}
		syds.ahead.Store(0)
		eventually(t, "syd takes writes again", func() bool { return syd.WritesRefused() == nil })
		stamped(t, syd, "after")
	}
	same(t, fra, syd)
}

// TestClockThatIsSetRight starts a location an hour late, and sets its clock while it runs.
func TestClockThatIsSetRight(t *testing.T) {
	t.Parallel()
	syds := &settable{Clock: env.RealClock()}
	syds.ahead.Store(-hour)
	s := newServed(t, 0, "fra", "syd", "tok")
	s.bent = map[string]env.Clock{"syd": syds}
	for _, name := range []string{"fra", "tok", "syd"} { // the late one last: of two, the later clock is believed
		s.start(name)
	}
	fra, syd := s.at("fra", "_system"), s.at("syd", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := syd.Collection("c"); return ok })
	eventually(t, "syd says that its clock is late", func() bool { return len(s.nodes["syd"].Health().Reasons) > 0 })
	stamped(t, syd, "late")
	syds.ahead.Store(0)
	eventually(t, "syd finds its clock right", func() bool { return len(s.nodes["syd"].Health().Reasons) == 0 })
	stamped(t, syd, "right")
	same(t, fra, syd, s.at("tok", "_system"))
}

// TestStartWithAWrongClockLeavesNoTrace starts a location whose clock is an hour ahead, and starts it again when the
// clock is right.
func TestStartWithAWrongClockLeavesNoTrace(t *testing.T) {
	t.Parallel()
	syds := &settable{Clock: env.RealClock()}
	s := newServed(t, 0, "fra", "syd")
	s.bent = map[string]env.Clock{"syd": syds}
	s.start("fra")
	s.start("syd")
	fra := s.at("fra", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := s.at("syd", "_system").Collection("c"); return ok })
	s.stop("syd")
	syds.ahead.Store(hour)
	wrong := s.start("syd")
	eventually(t, "syd refuses writes", func() bool { return wrong.Health().ReadOnly != "" })
	for i := range 10 {
		key := fmt.Sprintf("fra-%d", i)
		stamped(t, fra, key)
		eventually(t, key+" at syd", func() bool { return hasAt(t, wrong, key) })
	}
	s.stop("syd")
	syds.ahead.Store(0)
	s.start("syd")
	stamped(t, s.at("syd", "_system"), "after")
	same(t, fra, s.at("syd", "_system"))
}

// hasAt looks a document up at a location that takes no writes.
func hasAt(t *testing.T, n *node.Node, key string) bool {
	t.Helper()
	f, err := n.Fabric("demo", "_system")
	return err == nil && has(t, f, "c", key)
}

func TestClockOfALocationThatLeftCountsNoMore(t *testing.T) {
	t.Parallel()
	d := startDev(t, "fra,syd,tok", t.TempDir())
	defer closeDev(t, d)
	fra := d.Node("fra")
	eventually(t, "fra hears the clock of tok", func() bool { return fra.Hears("tok") })
	if err := fra.Evict(within(t), "demo", "", "tok"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the clock of tok is forgotten", func() bool { return !fra.Hears("tok") })
	if !fra.Hears("syd") {
		t.Error("the clock of syd is forgotten too")
	}
}
