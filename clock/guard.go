package clock

import (
	"slices"
	"strings"
)

// DefaultMaxOffset is how far clocks may be apart, in milliseconds.
const DefaultMaxOffset int64 = 2000

// Verdict is what the guard thinks of this location's wall clock.
type Verdict uint8

const (
	// OK: within the limit of the lower median.
	OK Verdict = iota
	// Ahead of the lower median by more than the limit: refuse writes.
	Ahead
	// Behind the lower median by more than the limit: alarm.
	Behind
	// Jumped against the monotonic clock by more than the limit: refuse
	// writes until both agree again, or peers confirm the new time.
	Jumped
)

// String names the verdict as health shows it.
func (v Verdict) String() string {
	switch v {
	case OK:
		return "ok"
	case Ahead:
		return "ahead"
	case Behind:
		return "behind"
	case Jumped:
		return "jumped"
	}
	return "unknown"
}

// RefusesWrites tells whether a location with this verdict must not commit.
func (v Verdict) RefusesWrites() bool { return v == Ahead || v == Jumped }

// heard is the last known offset of one peer's clock.
type heard struct {
	location string
	offset   int64
	fresh    bool // heard after the wall clock last jumped
}

// slewShare is the share of elapsed time (one in slewShare) by which the wall
// clock may be slewed without counting as a jump. Time daemons slew by up to
// a twelfth; what is slower than a tenth adds up to no jump, however long.
const slewShare = 10

// Guard watches over the wall clock: against the peers' clocks, and against
// the local monotonic clock. All values are milliseconds.
type Guard struct {
	limit    int64
	peers    []heard // sorted by location
	sorted   []int64 // offsets, our own included; empty when what was heard has changed
	started  bool
	jumped   bool
	lastMono int64
	lastDiff int64 // wall minus monotonic at the last check
	base     int64 // wall minus monotonic, as believed; follows slowly
}

// NewGuard makes a guard with a limit in milliseconds; zero or less means
// DefaultMaxOffset.
func NewGuard(maxOffsetMs int64) *Guard {
	if maxOffsetMs <= 0 {
		maxOffsetMs = DefaultMaxOffset
	}
	return &Guard{limit: maxOffsetMs}
}

// Limit is the largest offset allowed, in milliseconds.
func (g *Guard) Limit() int64 { return g.limit }

func (g *Guard) find(location string) (int, bool) {
	return slices.BinarySearchFunc(g.peers, location, func(h heard, l string) int {
		return strings.Compare(h.location, l)
	})
}

// Heard notes that a peer's clock shows offsetMs more than ours. What is beyond
// all times counts as the last of them.
func (g *Guard) Heard(location string, offsetMs int64) {
	offsetMs = max(-maxMillis, min(offsetMs, maxMillis))
	i, ok := g.find(location)
	if !ok {
		g.peers = slices.Insert(g.peers, i, heard{location: location})
	}
	if !ok || g.peers[i].offset != offsetMs {
		g.sorted = g.sorted[:0]
	}
	g.peers[i].offset, g.peers[i].fresh = offsetMs, true
}

// Forget drops a peer.
func (g *Guard) Forget(location string) { g.Retain(func(l string) bool { return l != location }) }

// Retain drops all peers but those to keep: what a clock showed that has left
// must not count for ever. One that is merely silent is kept, or a location
// whose clock is wrong would find it right as soon as it is cut off.
func (g *Guard) Retain(keep func(location string) bool) {
	n := len(g.peers)
	g.peers = slices.DeleteFunc(g.peers, func(p heard) bool { return !keep(p.location) })
	if len(g.peers) != n {
		g.sorted = g.sorted[:0]
	}
}

// Offset is what was last heard of a peer.
func (g *Guard) Offset(location string) (ms int64, known bool) {
	if i, ok := g.find(location); ok {
		return g.peers[i].offset, true
	}
	return 0, false
}

// Median is the lower median of all clocks known, our own included, as an
// offset to ours. The lower of the two middle ones, so that of two clocks that
// disagree the one ahead gives way: a stamp that is too early harms nobody but
// its writer.
func (g *Guard) Median() int64 {
	if len(g.sorted) == 0 {
		g.sorted = append(g.sorted, 0)
		for _, p := range g.peers {
			g.sorted = append(g.sorted, p.offset)
		}
		slices.Sort(g.sorted)
	}
	return g.sorted[(len(g.sorted)-1)/2]
}

// Verdict judges the wall clock by what is known now.
func (g *Guard) Verdict() Verdict {
	if g.jumped {
		return Jumped
	}
	switch m := g.Median(); {
	case m < -g.limit:
		return Ahead
	case m > g.limit:
		return Behind
	}
	return OK
}

// Check compares both local clocks and gives the verdict. A jump is held
// against the wall clock until it agrees with the monotonic clock again, or
// until more than half of the peers known, heard after the jump, agree with
// it. It is to be called before every group of commits and often besides
// (about each second): between two calls only their sum is seen.
func (g *Guard) Check(wallMs, monoMs int64) Verdict {
	diff := wallMs - monoMs
	if !g.started {
		g.started, g.base, g.lastDiff, g.lastMono = true, diff, diff, monoMs
	}
	// A jumped clock keeps its base, or the jump would be slewed away unseen.
	if !g.jumped {
		slew := max(monoMs-g.lastMono, 0) / slewShare
		g.base += max(-slew, min(diff-g.base, slew))
	}
	if slewed := (monoMs - g.lastMono) / slewShare * slewShare; slewed > 0 {
		g.lastMono += slewed // keep the remainder, or frequent checks would allow no slew
	}
	agrees := g.within(diff - g.base)
	if !agrees && !g.jumped || !g.within(diff-g.lastDiff) {
		for i := range g.peers {
			g.peers[i].fresh = false // it says nothing of the clock as it is now
		}
	}
	if g.jumped = !agrees; g.jumped && g.confirmed() {
		g.jumped, g.base = false, diff
	}
	g.lastDiff = diff
	return g.Verdict()
}

func (g *Guard) within(ms int64) bool { return -g.limit <= ms && ms <= g.limit }

// confirmed says whether most peers, heard after the jump, show the same time.
func (g *Guard) confirmed() bool {
	n := 0
	for _, p := range g.peers {
		if p.fresh && g.within(p.offset) {
			n++
		}
	}
	return 2*n > len(g.peers)
}

// FutureStamp tells whether a stamp of another location lies further ahead
// than the limit, measured from leadMs ahead of the wall clock here: that is
// how far the others lead, so that a location whose own clock lags does not
// hold back what everyone else takes for the present.
func FutureStamp(t Time, wallMs, leadMs, limitMs int64) bool {
	return t.Millis() > TimeOf(wallMs+leadMs).Plus(limitMs).Millis() || t == MaxTime
}
