package node_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

// storm is a dev planet whose links are bent while all its locations write.
type storm struct {
	t       *testing.T
	dev     *node.Dev
	links   *mesh.Links
	names   []string
	fabrics []*fabric.Fabric
	mu      sync.Mutex
	written []string // keys that were acknowledged
}

func newStorm(t *testing.T, names ...string) *storm {
	locations := ""
	for i, name := range names {
		if i > 0 {
			locations += ","
		}
		locations += name
	}
	s := &storm{t: t, dev: startFar(t, locations, t.TempDir(), 10*time.Millisecond), names: names}
	t.Cleanup(func() { closeDev(t, s.dev) })
	s.links = s.dev.Links()
	for i, name := range names {
		f := at(t, s.dev, name, "_system")
		if i == 0 {
			makeCollection(t, f, "c")
		}
		eventually(t, "the collection at "+name, func() bool { _, ok := f.Collection("c"); return ok })
		s.fabrics = append(s.fabrics, f)
	}
	return s
}

// at is the fabric at a location.
func (s *storm) at(name string) *fabric.Fabric {
	for i := range s.names {
		if s.names[i] == name {
			return s.fabrics[i]
		}
	}
	s.t.Fatalf("no location %s", name)
	return nil
}

// write commits n documents at a location: one of its own each, and with each a field of its own in one that all share.
func (s *storm) write(ctx context.Context, name, label string, n int) {
	f := s.at(name)
	for i := 0; i < n && ctx.Err() == nil; i++ {
		own := fmt.Sprintf("%s-%s-%d", name, label, i)
		doc := func(field string) value.Value {
			return value.Object(value.Member{Name: field, Value: value.Int(int64(i))}, value.Member{Name: "last", Value: value.String(own)})
		}
		writes := []fabric.Write{fabric.NewWrite(fabric.Upsert, "c", own, doc("n")), fabric.NewWrite(fabric.Upsert, "c", fmt.Sprintf("shared-%d", i%7), doc(name))}
		if _, err := f.Commit(within(s.t), fabric.Transaction{Writes: writes}); err != nil {
			s.t.Errorf("%s does not take %s: %v", name, own, err)
			return
		}
		s.mu.Lock()
		s.written = append(s.written, own)
		s.mu.Unlock()
	}
}

// writeAll lets all locations write n documents at once.
func (s *storm) writeAll(label string, n int) {
	var wg sync.WaitGroup
	for _, name := range s.names {
		wg.Go(func() { s.write(context.Background(), name, label, n) })
	}
	wg.Wait()
}

// calm heals all links and checks that everything acknowledged is everywhere, and everywhere the same.
func (s *storm) calm() {
	s.t.Helper()
	s.links.HealAll()
	same(s.t, s.fabrics...)
	for i, f := range s.fabrics {
		for _, key := range s.written {
			if !has(s.t, f, "c", key) {
				s.t.Fatalf("%s was acknowledged and is not at %s", key, s.names[i])
			}
		}
	}
}

func (s *storm) cut(from, to string, oneWay bool) {
	s.t.Helper()
	if err := s.links.Cut(from, to, oneWay); err != nil {
		s.t.Fatal(err)
	}
}

func TestLinksCutAndHealed(t *testing.T) {
	t.Parallel()
	s := newStorm(t, "fra", "syd", "tok")
	// Cut one way: what cannot go straight goes by way of tok, in both directions.
	s.cut("fra", "syd", true)
	s.writeAll("one-way", 20)
	eventually(t, "what fra wrote at syd", func() bool { return has(t, s.at("syd"), "c", "fra-one-way-19") })
	eventually(t, "what syd wrote at fra", func() bool { return has(t, s.at("fra"), "c", "syd-one-way-19") })

	s.cut("fra", "syd", false)
	s.cut("fra", "tok", false)
	for _, other := range []string{"syd", "tok"} {
		if err := s.dev.Node("fra").SetLink(within(t), "fra", other, api.LinkChange{}); err != nil { // waits until it is so
			t.Fatal(err)
		}
	}
	s.writeAll("apart", 50)
	eventually(t, "what syd wrote at tok", func() bool { return has(t, s.at("tok"), "c", "syd-apart-49") })
	if has(t, s.at("fra"), "c", "syd-apart-0") || has(t, s.at("tok"), "c", "fra-apart-0") {
		t.Fatal("something passed a link that is cut")
	}
	s.calm()
}

func TestLinksThatFlap(t *testing.T) {
	t.Parallel()
	s := newStorm(t, "fra", "syd", "tok", "sao")
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	var wg sync.WaitGroup
	for _, name := range s.names {
		wg.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				s.write(ctx, name, fmt.Sprintf("flap-%d", round), 10)
				select {
				case <-ctx.Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
	rng := rand.New(rand.NewSource(1))
	for flaps := 0; ctx.Err() == nil; flaps++ {
		a, b := rng.Intn(len(s.names)), rng.Intn(len(s.names)-1)
		if b >= a {
			b++
		}
		bend := s.links.Cut
		if flaps%2 == 1 {
			bend = s.links.Heal
		}
		if err := bend(s.names[a], s.names[b], rng.Intn(2) == 0); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	wg.Wait()
	s.calm()
}

func TestLinksThatAreSlowAndLose(t *testing.T) {
	t.Parallel()
	s := newStorm(t, "fra", "syd", "tok")
	for _, from := range s.names {
		for _, to := range s.names {
			if from == to {
				continue
			}
			if err := s.links.Set(from, to, mesh.LinkSettings{OneWay: 10 * time.Millisecond, Jitter: 40 * time.Millisecond, LossPercent: 20}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.writeAll("slow", 150)
	s.calm()
}

func TestLocationThatIsDownComesBack(t *testing.T) {
	t.Parallel()
	s := newServed(t, 3, "fra", "syd", "tok")
	fra, tok := s.at("fra", "_system"), s.at("tok", "_system")
	makeCollection(t, fra, "c")
	for _, f := range []*fabric.Fabric{s.at("syd", "_system"), tok} {
		eventually(t, "the collection", func() bool { _, ok := f.Collection("c"); return ok })
	}
	put(t, s.at("syd", "_system"), "c", "before", 0)
	s.stop("syd")
	for i := range int64(100) {
		put(t, fra, "c", fmt.Sprintf("fra-%d", i), i)
		put(t, tok, "c", fmt.Sprintf("tok-%d", i), i)
		put(t, tok, "c", "shared", i)
		put(t, fra, "c", "shared", -i)
	}
	s.start("syd")
	syd := s.at("syd", "_system")
	put(t, syd, "c", "after", 1)
	same(t, fra, syd, tok)
	for _, key := range []string{"before", "fra-99", "tok-99", "shared", "after"} {
		if !has(t, syd, "c", key) || !has(t, fra, "c", key) {
			t.Fatalf("%s is lost", key)
		}
	}
}

// What a member that is away still needs is kept, however short the history is.
func TestHistoryIsKeptForThoseWhoAreAway(t *testing.T) {
	t.Parallel()
	s := newServed(t, 0, "fra", "syd", "tok")
	s.limit.HistoryAge, s.limit.HistorySize = time.Millisecond, 1
	for _, name := range s.names {
		s.start(name)
	}
	fra, tok := s.at("fra", "_system"), s.at("tok", "_system")
	makeCollection(t, fra, "c")
	eventually(t, "the collection at syd", func() bool { _, ok := s.at("syd", "_system").Collection("c"); return ok })
	s.stop("syd")
	for i := range int64(100) {
		put(t, fra, "c", fmt.Sprintf("fra-%d", i), i)
	}
	eventually(t, "the last of it at tok", func() bool { return has(t, tok, "c", "fra-99") })

	// A fabric that only fra has shows that history was looked at, twice in all of them.
	if err := s.nodes["fra"].CreateFabric(within(t), "demo", api.FabricSpec{Name: "alone", Locations: []string{"fra"}}); err != nil {
		t.Fatal(err)
	}
	alone := s.at("fra", "alone")
	makeCollection(t, alone, "c")
	trimmed := func() uint64 { return alone.Status().Counters.Trimmed }
	n := int64(0)
	for before := range uint64(2) {
		eventually(t, "history is trimmed", func() bool { n++; put(t, alone, "c", "k", n); return trimmed() > before })
	}

	s.start("syd")
	syd := s.at("syd", "_system")
	eventually(t, "what was missed at syd", func() bool { return has(t, syd, "c", "fra-0") && has(t, syd, "c", "fra-99") })
	same(t, fra, syd, tok)
	if taken := s.nodes["syd"].Replication("demo", "_system").Counters.SnapshotsTaken; taken != 0 {
		t.Fatalf("syd took %d snapshots: the log that it needed was gone", taken)
	}
	eventually(t, "the log goes when nobody needs it", func() bool {
		_, _, err := fra.ReadLog(fra.Status().Self, 0, 1)
		return errors.Is(err, fabric.ErrTrimmed)
	})
}
