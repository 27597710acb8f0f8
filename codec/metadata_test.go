package codec_test

import (
	"math/rand/v2"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
)

// traffic is a fabric in which all locations write, as one of them sees it.
type traffic struct {
	name    string
	origins int
	group   int     // commits that share one turn of the sequencer
	turns   int     // turns that share one batch on the wire
	pauseMs float64 // mean time between two turns of one location
	wireMax float64 // metadata bytes per entry, at most
	diskMax float64
}

const (
	self       = clock.Origin(1)
	startMs    = 1e9
	metaBody   = 100
	metaTurns  = 256
	systemMs   = 10_000 // mean time between two changes of the system fabric
	wholeEvery = 64
)

// world is what the observed location hears of the others: each commits at
// random times, and is heard after a latency of its own.
type world struct {
	traffic
	rng     *rand.Rand
	clock   *clock.Clock
	latency []float64
	next    []float64
	deps    clock.Vector
	now     float64
	system  float64 // when the location's log in the system fabric went on last
}

func newWorld(c traffic) *world {
	w := &world{traffic: c, rng: rand.New(rand.NewPCG(7, uint64(c.origins))), clock: clock.New(0, 0), now: startMs, system: startMs}
	w.clock.SetCeiling(clock.MaxTime)
	for i := range c.origins {
		w.latency = append(w.latency, 5+w.rng.Float64()*150)
		w.next = append(w.next, startMs+w.rng.ExpFloat64()*c.pauseMs)
		if i > 0 {
			w.deps.Raise(clock.Origin(i+1), clock.TimeOf(startMs-1000))
		}
	}
	return w
}

// turn lets time pass and hears the others.
func (w *world) turn() {
	w.now += w.pauseMs/2 + w.rng.ExpFloat64()*w.pauseMs/2
	if w.now-w.system >= systemMs {
		w.system = w.now - w.rng.Float64()*w.pauseMs
	}
	w.deps = w.deps.Clone()
	for i := 1; i < len(w.next); i++ {
		for w.next[i]+w.latency[i] <= w.now {
			count := clock.Time(w.group - 1 + w.rng.IntN(2)*w.rng.IntN(3))
			seen := clock.TimeOf(int64(w.next[i])) + count
			w.deps.Raise(clock.Origin(i+1), seen)
			w.clock.Observe(seen)
			w.next[i] += w.rng.ExpFloat64() * w.pauseMs
		}
	}
}

// measure counts all bytes per entry that are not body.
func (c traffic) measure(t *testing.T) (wire, disk float64) {
	t.Helper()
	w := newWorld(c)
	var past, before codec.Past
	var prev, after clock.Time
	var records []codec.LogRecord
	chain, wireBytes, diskBytes, entries := uint32(0), 0, 0, 0
	body := make([]byte, metaBody)
	for turn := 1; turn <= metaTurns; turn++ {
		w.turn()
		for range c.group {
			at, err := w.clock.Next(int64(w.now))
			if err != nil {
				t.Fatal(err)
			}
			e := codec.Entry{Stamp: clock.Stamp{Time: at, Origin: self}, Prev: prev, Deps: w.deps, System: clock.TimeOf(int64(w.system)), Body: body}
			chain = codec.ChainNext(chain, at, codec.BodyHash(body))
			e.Chain = chain
			data := codec.AppendLogRecord(nil, &e, past, entries%wholeEvery == 0)
			records = append(records, codec.LogRecord{Time: at, Data: data})
			diskBytes += len(data) - len(body)
			past, prev = e.Past(), at
			entries++
		}
		if turn%c.turns != 0 {
			continue
		}
		data, err := codec.AppendBatch(nil, self, after, records)
		if err != nil {
			t.Fatal(err)
		}
		wireBytes += len(data) - len(records)*len(body)
		checkBatch(t, data, before, past)
		before, after, records = past, prev, nil
	}
	return float64(wireBytes) / float64(entries), float64(diskBytes) / float64(entries)
}

// checkBatch tells whether a batch brings a reader from before to past.
func checkBatch(t *testing.T, data []byte, before, past codec.Past) {
	t.Helper()
	b, err := codec.DecodeBatch(data, before)
	if err != nil {
		t.Fatal(err)
	}
	last := b.Entries[len(b.Entries)-1]
	if !last.Deps.Equal(past.Deps) || last.System != past.System {
		t.Fatalf("read as %s, %s; want %s, %s", last.Deps, last.System, past.Deps, past.System)
	}
}

func TestMetadataPerEntry(t *testing.T) {
	t.Parallel()
	for _, c := range []traffic{
		// The targets of the replication protocol: 24 bytes at 25 locations that
		// all write; at 200, 64 in groups of ten and 300 for lone commits.
		{"25 locations, one commit a turn, 200 turns/s", 25, 1, 16, 5, 24, 24},
		{"25 locations, one commit a turn, 50 turns/s", 25, 1, 16, 20, 24, 28},
		{"25 locations, ten commits a turn, 50 turns/s", 25, 10, 1, 20, 24, 24},
		{"25 locations, ten commits a turn, 1 turn/s", 25, 10, 1, 1000, 24, 24},
		{"200 locations, ten commits a turn, 50 turns/s", 200, 10, 1, 20, 64, 64},
		{"200 locations, ten commits a turn, 1 turn/s", 200, 10, 1, 1000, 64, 64},
		{"200 locations, lone commits, 50 turns/s", 200, 1, 1, 20, 300, 300},
		{"200 locations, lone commits, 1 turn/s", 200, 1, 1, 1000, 300, 300},
		{"200 locations, lone commits, 1 turn in 10 s", 200, 1, 1, 10_000, 300, 300},
		// No target of its own: seldom and alone, the times that have to be told
		// take about 10 bits each, and the batch's frame is not shared.
		{"25 locations, lone commits, 1 turn/s", 25, 1, 1, 1000, 48, 36},
	} {
		wire, disk := c.measure(t)
		t.Logf("%-46s %5.1f bytes sent, %5.1f stored", c.name, wire, disk)
		if wire > c.wireMax || disk > c.diskMax {
			t.Errorf("%s: %.1f bytes of metadata per entry sent and %.1f stored, want at most %.0f and %.0f",
				c.name, wire, disk, c.wireMax, c.diskMax)
		}
	}
}
