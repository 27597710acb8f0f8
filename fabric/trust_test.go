package fabric_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// doubted is a fabric whose wall clock can go wrong, with somebody who knows.
type doubted struct {
	env.Clock
	fabric *fabric.Fabric
	db     *memory.DB
	ahead  atomic.Int64 // milliseconds
	wrong  atomic.Bool
}

func (d *doubted) WallMs() int64 { return d.Clock.WallMs() + d.ahead.Load() }

func (d *doubted) open(t *testing.T) {
	t.Helper()
	e := env.Real()
	e.Clock = d
	var err error
	d.fabric, err = fabric.Open(fabric.Config{Name: "test", DB: d.db, Env: e, Options: fabric.Options{Number: 1}, Trust: func() string {
		if d.wrong.Load() {
			return "the clock is wrong"
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// insert commits a document and returns how far its stamp is ahead of the right time.
func (d *doubted) insert(ctx context.Context, t *testing.T, key, text string) int64 {
	t.Helper()
	w := fabric.NewWrite(fabric.Insert, "c", key, parse(t, text))
	r, err := d.fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Stamp.Time.Millis() - d.Clock.WallMs()
}

// TestWrongClockLeavesNoTrace has a clock that is an hour off for a while, and known to be: nothing that is done
// meanwhile, nor a restart in the midst of it, may move the hybrid clock by it.
func TestWrongClockLeavesNoTrace(t *testing.T) {
	t.Parallel()
	for _, wrong := range []time.Duration{time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			d := &doubted{Clock: env.RealClock(), db: memory.New(memory.Options{})}
			d.open(t)
			if err := d.fabric.Create(ctx, member.Change{Kind: member.Create, Origin: 1, Fabric: "test", Name: "here", Address: "a:1"}); err != nil {
				t.Fatal(err)
			}
			if _, err := d.fabric.CreateCollection(ctx, fabric.CollectionSpec{Name: "c", Type: 2, Expires: true}, nil); err != nil {
				t.Fatal(err)
			}
			d.insert(ctx, t, "soon", `{"expireAt":`+itoa(d.Clock.WallMs()/1000+600)+`}`)

			d.ahead.Store(wrong.Milliseconds())
			d.wrong.Store(true)
			vouched := d.fabric.Progress().Vouched
			for range 20 {
				time.Sleep(100 * time.Millisecond)
				if p := d.fabric.Progress(); p.Vouched > vouched {
					t.Fatalf("vouched for %s by a clock that is wrong", p.Vouched)
				}
			}
			w := fabric.NewWrite(fabric.Insert, "c", "k", value.Object())
			if _, err := d.fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}}); fabric.CodeOf(err) != fabric.ReadOnly {
				t.Errorf("a commit by a clock that is wrong: %v", err)
			}
			if err := d.fabric.AppendMember(ctx, member.Change{Kind: member.Join, Origin: 2, Name: "there", Address: "a:2"}); fabric.CodeOf(err) != fabric.ReadOnly {
				t.Errorf("a membership change by a clock that is wrong: %v", err)
			}
			if n := d.fabric.Status().Counters.Expired; n > 0 {
				t.Errorf("%d documents expired by a clock that is wrong", n)
			}

			if err := d.fabric.Close(); err != nil {
				t.Fatal(err)
			}
			d.open(t)
			defer func() { _ = d.fabric.Close() }()
			time.Sleep(time.Second)
			d.ahead.Store(0)
			d.wrong.Store(false)
			if ahead := d.insert(ctx, t, "k", `{}`); ahead > clock.DefaultMaxOffset {
				t.Fatalf("after the clock was set right, a commit is stamped %d ms ahead", ahead)
			}
		})
	}
}
