package sequencer_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv/memory"
)

const wall = int64(1_800_000_000_000)

type rig struct {
	t     *testing.T
	db    *memory.DB
	keys  layout.Keys
	clock *clock.Clock
	m     *sequencer.Machine
}

func newRig(t *testing.T, ceiling clock.Time) *rig {
	r := &rig{t: t, db: memory.New(memory.Options{}), keys: layout.NewKeys(1), clock: clock.New(0, 0)}
	r.clock.SetCeiling(ceiling)
	r.m = sequencer.New(r.keys, sequencer.State{Self: 1, Clock: r.clock, Counts: map[uint32]int64{}})
	return r
}

func (r *rig) begin() { r.m.Begin(r.db.NewBatch()) }

func (r *rig) seal() *sequencer.Group {
	r.t.Helper()
	g := r.m.Seal(wall, r.clock.NeedsCeiling(wall), false)
	if g != nil {
		if _, err := r.db.Apply(g.Batch); err != nil {
			r.t.Fatal(err)
		}
	}
	return g
}

func (r *rig) commit(p sequencer.Prepared) clock.Stamp {
	r.t.Helper()
	if p.Snapshot == 0 {
		p.Snapshot = r.m.Number()
	}
	s, err := r.m.Sequence(&p, wall)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func put(key string, guard uint64) sequencer.Put {
	return sequencer.Put{Key: []byte("k" + key), Value: []byte("v"), Guard: guard}
}

func (r *rig) remote(origin clock.Origin, prev, at clock.Time, deps clock.Vector) {
	r.t.Helper()
	r.commit(sequencer.Prepared{Remote: &codec.Entry{Stamp: clock.Stamp{Time: at, Origin: origin}, Prev: prev, Deps: deps}})
}

func (r *rig) record(o clock.Origin, t clock.Time) []byte {
	r.t.Helper()
	data, found, err := r.db.Get(r.keys.LogRecord(nil, o, t))
	if err != nil || !found {
		r.t.Fatalf("log record of %s at %s: found %v, %v", o, t, found, err)
	}
	return data
}

// The wall clock is behind, and the count of the clock's millisecond is used up: the stamp lies in the next one.
func TestExpiryIsJudgedByTheStamp(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	r.m.Clock().Observe(clock.TimeOf(wall+500) - 1)
	for _, c := range []struct {
		alive, expired int64
		stale          bool
	}{{wall + 500, 0, true}, {wall + 501, 0, false}, {0, wall + 500, false}, {0, wall + 501, true}} {
		before := r.m.Clock().Now()
		p := sequencer.Prepared{AliveUntil: c.alive, ExpiredSince: c.expired, Puts: []sequencer.Put{put("x", 9)}}
		s, err := r.m.Sequence(&p, wall)
		if errors.Is(err, sequencer.ErrStale) != c.stale || !c.stale && (err != nil || s.Time.Millis() != wall+500) {
			t.Errorf("alive until %d, expired since %d: %s, %v", c.alive-wall, c.expired-wall, s, err)
		}
		if c.stale && r.m.Clock().Now() != before {
			t.Error("a refused commit moved the clock")
		}
	}
}

func TestStaleReadsAreRefusedAndLeaveNoTrace(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	before := r.m.Number()
	r.commit(sequencer.Prepared{Puts: []sequencer.Put{put("a", 7)}})
	for name, p := range map[string]sequencer.Prepared{
		"read before the write":  {Snapshot: before, Reads: []uint64{7}},
		"alive no longer":        {Snapshot: r.m.Number(), AliveUntil: wall},
		"not yet expired":        {Snapshot: r.m.Number(), ExpiredSince: wall + 1},
		"read among other reads": {Snapshot: before, Reads: []uint64{1, 2, 7}},
	} {
		number, vector := r.m.Number(), r.m.Vector().Clone()
		p.Puts = []sequencer.Put{put("x", 9)}
		if _, err := r.m.Sequence(&p, wall); !errors.Is(err, sequencer.ErrStale) {
			t.Fatalf("%s: %v", name, err)
		}
		if r.m.Number() != number || !r.m.Vector().Equal(vector) {
			t.Fatalf("%s: a refused commit left a trace", name)
		}
	}
	r.commit(sequencer.Prepared{Snapshot: before, Reads: []uint64{8, 9}, Puts: []sequencer.Put{put("x", 9)}})
	r.commit(sequencer.Prepared{Reads: []uint64{7}, AliveUntil: wall + 1, ExpiredSince: wall})
	p := sequencer.Prepared{Snapshot: before, Reads: []uint64{11}, Deletes: nil}
	r.commit(sequencer.Prepared{Deletes: []sequencer.Put{put("b", 11)}})
	if _, err := r.m.Sequence(&p, wall); !errors.Is(err, sequencer.ErrStale) {
		t.Fatalf("a deletion was not noticed: %v", err)
	}
}

// TestForgottenWritesCountAsWritten rotates the table of recent writes: what is too old to know is taken as stale.
func TestForgottenWritesCountAsWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	old := r.m.Number()
	guard := uint64(1)
	round := func() {
		r.begin()
		var p sequencer.Prepared
		for range 1 << 16 {
			guard++
			p.Puts = append(p.Puts, put("k", guard))
		}
		r.commit(p)
		r.seal()
	}
	round() // the young map is full and becomes the old one
	recent := r.m.Number()
	r.begin()
	r.commit(sequencer.Prepared{Snapshot: recent, Reads: []uint64{3}})
	if _, err := r.m.Sequence(&sequencer.Prepared{Snapshot: old, Reads: []uint64{3}}, wall); !errors.Is(err, sequencer.ErrStale) {
		t.Fatalf("a write in the old half was forgotten: %v", err)
	}
	r.commit(sequencer.Prepared{Snapshot: recent, Reads: []uint64{1 << 40}})
	r.seal()
	round()
	round()
	r.begin()
	if _, err := r.m.Sequence(&sequencer.Prepared{Snapshot: recent, Reads: []uint64{1 << 40}}, wall); !errors.Is(err, sequencer.ErrStale) {
		t.Fatalf("reads older than the table are taken as current: %v", err)
	}
	r.commit(sequencer.Prepared{Reads: []uint64{1 << 40}})
}

func TestDependenciesAreWhatWasSequencedBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	first := r.commit(sequencer.Prepared{})
	at := clock.TimeOf(wall)
	r.remote(2, 0, at, nil)
	second := r.commit(sequencer.Prepared{})
	third := r.commit(sequencer.Prepared{})
	r.remote(3, 0, at, nil)
	fourth := r.commit(sequencer.Prepared{})
	r.seal()
	var past codec.Past
	prev := clock.Time(0)
	for i, want := range []struct {
		stamp clock.Stamp
		deps  clock.Vector
	}{{first, nil}, {second, clock.VectorOf(clock.Row{Origin: 2, Time: at})}, {third, clock.VectorOf(clock.Row{Origin: 2, Time: at})},
		{fourth, clock.VectorOf(clock.Row{Origin: 2, Time: at}, clock.Row{Origin: 3, Time: at})}} {
		e, err := codec.DecodeLogRecord(1, want.stamp.Time, r.record(1, want.stamp.Time), past)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Deps.Equal(want.deps) || e.Prev != prev || e.Stamp != want.stamp {
			t.Fatalf("entry %d: %+v, want deps %s after %s", i, e, want.deps, prev)
		}
		past, prev = e.Past(), want.stamp.Time
	}
	if second.Time <= at {
		t.Fatalf("stamp %s is not above what was seen before, %s", second.Time, at)
	}
}

func TestEverySixtyFourthRecordIsWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	r.remote(2, 0, clock.TimeOf(wall), nil)
	stamps := make([]clock.Stamp, 200)
	for i := range stamps {
		stamps[i] = r.commit(sequencer.Prepared{})
		if i%10 == 0 {
			r.seal()
			r.begin()
		}
	}
	r.seal()
	for i, s := range stamps {
		if whole := codec.RecordIsWhole(r.record(1, s.Time)); whole != (i%64 == 0) {
			t.Fatalf("record %d: whole %v", i, whole)
		}
	}
	if whole := codec.RecordIsWhole(r.record(2, clock.TimeOf(wall))); !whole {
		t.Fatal("the first record of another origin is not whole")
	}
}

func TestAGroupHoldsEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	if g := r.seal(); g != nil {
		t.Fatalf("an empty group was sealed: %+v", g)
	}
	r.begin()
	value := make([]byte, codec.StampSize)
	s := r.commit(sequencer.Prepared{Puts: []sequencer.Put{{Key: []byte("kdoc"), Value: value, Stamps: []int{0}}},
		Deletes: []sequencer.Put{{Key: []byte("kold")}}, Counts: []sequencer.Count{{Collection: 20, Delta: 3}, {Collection: 20, Delta: -1}},
		Changes: []changelog.Change{{Type: changelog.Write, Collection: 20, Name: "c", Key: "doc"}}, Body: []byte("body")})
	r.m.SetCount(21, 5)
	g := r.seal()
	if got, err := codec.DecodeStamp(value); err != nil || got != s {
		t.Fatalf("the record holds stamp %v, %v; want %v", got, err, s)
	}
	if g.Number != r.m.Number() || g.End != s.Time || g.Vector.At(1) != s.Time || len(g.Heads) != 1 || g.Heads[0].End != s.Time {
		t.Fatalf("group %+v", g)
	}
	for collection, want := range map[uint32]uint64{20: 2, 21: 5} {
		data, found, err := r.db.Get(r.keys.Count(collection))
		if err != nil || !found || binary.BigEndian.Uint64(data) != want {
			t.Fatalf("count of %d: %x, %v, %v; want %d", collection, data, found, err, want)
		}
	}
	data, found, err := r.db.Get(r.keys.State(layout.StateHead))
	if err != nil || !found {
		t.Fatal("no head", err)
	}
	head, err := sequencer.DecodeStoredHead(data)
	if err != nil || head.Order != 1 || head.Mark != s.Time || !head.Vector.Equal(g.Vector) || head.Ceiling != clock.MaxTime {
		t.Fatalf("head %+v, %v", head, err)
	}
	data, found, err = r.db.Get(r.keys.OrderRecord(1))
	if err != nil || !found {
		t.Fatal("no order record", err)
	}
	record, err := changelog.DecodeRecord(1, data)
	if err != nil || len(record.Transactions) != 1 || record.Transactions[0].Stamp != s || record.Transactions[0].Changes[0].Stamp != s || record.At != wall {
		t.Fatalf("order record %+v, %v", record, err)
	}
}

// TestAValueMovesWithinACommit deletes and sets one key in one commit: what is set stays.
func TestAValueMovesWithinACommit(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	r.commit(sequencer.Prepared{Deletes: []sequencer.Put{{Key: []byte("kv")}}, Puts: []sequencer.Put{{Key: []byte("kv"), Value: []byte("b")}}})
	r.seal()
	if data, found, err := r.db.Get([]byte("kv")); err != nil || !found || string(data) != "b" {
		t.Fatalf("%q, %v, %v", data, found, err)
	}
}

func TestNothingPassesTheCeilingAndTheDiskNeverGoesBackOnIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.TimeOf(wall-1))
	r.begin()
	if _, err := r.m.Sequence(&sequencer.Prepared{}, wall); !errors.Is(err, clock.ErrCeiling) {
		t.Fatalf("stamped above the ceiling: %v", err)
	}
	high := r.m.Seal(wall, r.clock.NeedsCeiling(wall), true)
	if high == nil || high.Ceiling <= clock.TimeOf(wall) {
		t.Fatalf("no ceiling was renewed: %+v", high)
	}
	// The wall clock steps back while the first group is in flight.
	r.begin()
	r.remote(2, 0, 5, nil)
	back := wall - 500
	low := r.m.Seal(back, r.clock.NeedsCeiling(back), false)
	if low == nil || low.Ceiling < high.Ceiling {
		t.Fatalf("the ceiling went from %v back to %+v", high.Ceiling, low)
	}
}

func FuzzStoredHead(f *testing.F) {
	f.Add(sequencer.AppendStoredHead(nil, sequencer.StoredHead{Order: 3, LogBytes: 9, Mark: 5, Ceiling: 8, Vector: clock.VectorOf(clock.Row{Origin: 1, Time: 4})}))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := sequencer.DecodeStoredHead(data)
		if err != nil {
			return
		}
		again, err := sequencer.DecodeStoredHead(sequencer.AppendStoredHead(nil, h))
		if err != nil || !again.Vector.Equal(h.Vector) || again.Order != h.Order || again.Ceiling != h.Ceiling {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}
