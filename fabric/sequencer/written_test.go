package sequencer_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
)

func (r *rig) docPut(key string) sequencer.Put {
	return sequencer.Put{Key: r.keys.Document(nil, 16, key), Value: []byte("v")}
}

// scan tries a commit that has read a range since a commit.
func (r *rig) scan(since uint64, lower, upper string, counts ...uint32) *sequencer.Overtaken {
	r.t.Helper()
	p := sequencer.Prepared{Snapshot: r.m.Number(), Scanned: &sequencer.Scanned{Since: since, Counts: counts,
		Ranges: []sequencer.Range{{Lower: r.keys.Document(nil, 16, lower), Upper: r.keys.Document(nil, 16, upper)}}}}
	number := r.m.Number()
	_, err := r.m.Sequence(&p, wall)
	var o *sequencer.Overtaken
	if err != nil && !errors.As(err, &o) {
		r.t.Fatal(err)
	}
	if err != nil && r.m.Number() != number {
		r.t.Fatal("a refused commit left a trace")
	}
	return o
}

func TestRangesAreCompared(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	before := r.m.Number()
	r.commit(sequencer.Prepared{Puts: []sequencer.Put{r.docPut("m")}, Counts: []sequencer.Count{{Collection: 16, Delta: 1}, {Collection: 17}}})
	for _, c := range []struct {
		since        uint64
		lower, upper string
		counts       []uint32
		hit          bool
	}{
		{before, "a", "z", nil, true}, {before, "m", "m\x00", nil, true}, {before, "a", "m", nil, false}, {before, "m\x00", "z", nil, false},
		{r.m.Number(), "a", "z", nil, false}, {before, "a", "b", []uint32{16}, true}, {before, "a", "b", []uint32{17, 18}, false},
	} {
		if o := r.scan(c.since, c.lower, c.upper, c.counts...); (o != nil) != c.hit {
			t.Errorf("[%s, %s) %v since %d: %v", c.lower, c.upper, c.counts, c.since, o)
		} else if o != nil && c.counts == nil && !bytes.Equal(o.Key, r.keys.Document(nil, 16, "m")) {
			t.Errorf("blames %q", o.Key)
		} else if o != nil && c.counts != nil && (o.Key != nil || o.Collection != 16) {
			t.Errorf("blames %q of %d", o.Key, o.Collection)
		}
	}
	r.commit(sequencer.Prepared{Deletes: []sequencer.Put{r.docPut("d")}})
	if r.scan(before, "d", "e") == nil {
		t.Error("a deletion is not noticed")
	}
}

func TestEntriesOfOthersAreWrites(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	before := r.m.Number()
	r.commit(sequencer.Prepared{Puts: []sequencer.Put{r.docPut("far")}, Remote: &codec.Entry{Stamp: clock.Stamp{Time: clock.TimeOf(wall), Origin: 7}}})
	if r.scan(before, "f", "g") == nil {
		t.Fatal("what another location wrote is not noticed")
	}
}

func TestUpkeepIsNoWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	before := r.m.Number()
	r.commit(sequencer.Prepared{Quiet: true, Unseen: true, Puts: []sequencer.Put{r.docPut("m")}})
	r.commit(sequencer.Prepared{Puts: []sequencer.Put{{Key: r.keys.Count(16), Value: []byte("v")}}})
	if o := r.scan(before, "a", "z"); o != nil {
		t.Fatalf("upkeep counts as a write: %v", o)
	}
	r.commit(sequencer.Prepared{Quiet: true, Puts: []sequencer.Put{r.docPut("m")}})
	if r.scan(before, "a", "z") == nil {
		t.Fatal("a quiet change that can be seen is not noticed")
	}
}

// TestOldStatesAreRefused writes more than is remembered, with and without somebody who may ask.
func TestOldStatesAreRefused(t *testing.T) {
	t.Parallel()
	for _, watched := range []bool{false, true} {
		r := newRig(t, clock.MaxTime)
		start := uint64(0)
		r.m = sequencer.New(r.keys, sequencer.State{Self: 1, Clock: r.clock, Counts: map[uint32]int64{}, Oldest: func() uint64 {
			if watched {
				return start
			}
			return 1 << 63
		}})
		puts := make([]sequencer.Put, 1000)
		for range 100 {
			r.begin()
			for i := range puts {
				puts[i] = r.docPut(fmt.Sprintf("k%d", i))
			}
			r.commit(sequencer.Prepared{Puts: puts})
			r.seal()
		}
		r.begin()
		o := r.scan(start, "x", "y")
		if watched && o != nil || !watched && (o == nil || !o.Forgotten) {
			t.Errorf("watched %v: %+v", watched, o)
		}
		if o := r.scan(start, "k999", "k9999"); o == nil {
			t.Errorf("watched %v: a write was missed", watched)
		}
	}
}

// TestLongKeysAreNotKept writes keys of which only the beginning is remembered.
func TestLongKeysAreNotKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	r.begin()
	before := r.m.Number()
	long := strings.Repeat("m", 1000)
	for range 3000 {
		r.commit(sequencer.Prepared{Puts: []sequencer.Put{r.docPut(long + "a")}})
	}
	for _, c := range []struct {
		lower, upper string
		hit          bool
	}{{"a", "z", true}, {long + "a", long + "b", true}, {long, long + "a", true}, {"a", "m", false}, {"n", "z", false}, {"m", strings.Repeat("m", 100), false}} {
		if o := r.scan(before, c.lower, c.upper); (o != nil) != c.hit {
			t.Errorf("[%.5s, %.5s): %v", c.lower, c.upper, o)
		} else if o != nil && len(o.Key) > 300 {
			t.Errorf("%d bytes of a key are kept", len(o.Key))
		}
	}
}

// TestLookingAhead compares what was written so far, from other goroutines while more is written and old is forgotten.
func TestLookingAhead(t *testing.T) {
	t.Parallel()
	r := newRig(t, clock.MaxTime)
	scanned := func(lower, upper string) *sequencer.Scanned {
		return &sequencer.Scanned{Ranges: []sequencer.Range{{Lower: r.keys.Document(nil, 16, lower), Upper: r.keys.Document(nil, 16, upper)}}}
	}
	free, hit := scanned("x", "y"), scanned("k", "l")
	var looks sync.WaitGroup
	for n := range 100 {
		r.begin()
		for i := range 1000 {
			r.commit(sequencer.Prepared{Puts: []sequencer.Put{r.docPut(fmt.Sprintf("k%d", i))}})
		}
		if n < 50 {
			look, since := r.m.Look(free), r.m.Number()
			looks.Go(func() {
				s := *free
				if err := look.Compare(&s); err != nil || s.Since != since {
					t.Errorf("%v up to %d, want none up to %d", err, s.Since, since)
				}
				var o *sequencer.Overtaken
				if err := look.Compare(&sequencer.Scanned{Ranges: hit.Ranges}); !errors.As(err, &o) || o.Forgotten {
					t.Errorf("a write was missed: %v", err)
				}
			})
		}
		r.seal()
	}
	looks.Wait()
	r.begin()
	late := scanned("x", "y")
	if err := r.m.Look(late).Compare(late); err == nil {
		t.Error("what was forgotten cannot be compared")
	}
	late.Since = r.m.Number()
	r.commit(sequencer.Prepared{Puts: []sequencer.Put{r.docPut("xx")}})
	if err := r.m.Look(late).Compare(late); err == nil {
		t.Error("what came after a look is not compared")
	}
}

// TestRangesAgreeWithPlainComparison writes and asks at random.
func TestRangesAgreeWithPlainComparison(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, clock.MaxTime)
		r.begin()
		key := rapid.StringMatching(`[a-e]{1,2}`)
		type wrote struct {
			number uint64
			key    string
		}
		var all []wrote
		for range rapid.IntRange(1, 12).Draw(rt, "commits") {
			k := key.Draw(rt, "key")
			r.commit(sequencer.Prepared{Puts: []sequencer.Put{r.docPut(k)}})
			all = append(all, wrote{r.m.Number(), k})
		}
		since := uint64(rapid.IntRange(0, len(all)).Draw(rt, "since"))
		lower, upper := key.Draw(rt, "lower"), key.Draw(rt, "upper")
		if lower > upper {
			lower, upper = upper, lower
		}
		want := false
		for _, w := range all {
			want = want || w.number > since && w.key >= lower && w.key < upper
		}
		if got := r.scan(since, lower, upper) != nil; got != want {
			rt.Fatalf("[%s, %s) since %d in %v: %v", lower, upper, since, all, got)
		}
	})
}
