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

// TestDistrustedWallMovesNothing drives a core by itself.
func TestDistrustedWallMovesNothing(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 1)
	r.found()
	r.renew()
	r.sync()
	r.wall += 3_600_000
	for _, trusted := range []bool{false, true} {
		r.core.Trust(trusted)
		if p := r.core.Progress(r.wall); (p.Vouched > p.OwnEnd) != trusted {
			t.Errorf("trusted %v: own log up to %s, vouched for %s", trusted, p.OwnEnd, p.Vouched)
		}
		r.core.Begin()
		r.core.Renew()
		g, err := r.core.Seal(r.wall)
		if err != nil || (g != nil) != trusted {
			t.Errorf("trusted %v: a ceiling was promised: %v (%v)", trusted, g != nil, err)
		}
	}
}

// TestExpiryAheadOfTheWallEnds vouches for a time after a document expires, and then sets the wall clock back to before.
// Who prepares goes by what is published, who sequences by the clock: they must come to agree.
func TestExpiryAheadOfTheWallEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		d := &doubted{Clock: env.RealClock(), db: memory.New(memory.Options{})}
		d.open(t)
		defer func() { _ = d.fabric.Close() }()
		if err := d.fabric.Create(ctx, member.Change{Kind: member.Create, Origin: 1, Fabric: "test", Name: "here", Address: "a:1"}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.fabric.CreateCollection(ctx, fabric.CollectionSpec{Name: "c", Type: 2, Expires: true}, nil); err != nil {
			t.Fatal(err)
		}
		at := d.Clock.WallMs()/1000 + 10
		d.insert(ctx, t, "k", `{"expireAt":`+itoa(at)+`}`)
		time.Sleep(time.Duration(at*1000-d.Clock.WallMs()-600) * time.Millisecond)
		d.ahead.Store(1000)
		time.Sleep(550 * time.Millisecond)
		if v := d.fabric.Progress().Vouched; v.Millis() < at*1000 {
			t.Fatalf("vouched for %s alone", v)
		}
		d.ahead.Store(0)
		w := fabric.NewWrite(fabric.Update, "c", "k", parse(t, `{"v":1}`))
		if _, err := d.fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}}); fabric.CodeOf(err) != fabric.NotFound {
			t.Fatalf("updating what has expired by the hybrid clock: %v", err)
		}
		if ahead := d.insert(ctx, t, "k", `{}`); ahead > clock.DefaultMaxOffset {
			t.Fatalf("stamped %d ms ahead", ahead)
		}
	})
}
