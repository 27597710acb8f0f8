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
	// writes until Accept.
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
	started  bool
	jumped   bool
	lastMono int64
	base     int64 // wall minus monotonic, as believed; follows slowly
	drift    int64 // how far wall minus monotonic was from base at the last check
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
	if ok {
		g.peers[i].offset = offsetMs
		return
	}
	g.peers = slices.Insert(g.peers, i, heard{location, offsetMs})
}

// Forget drops a peer that has left or has been silent for long.
func (g *Guard) Forget(location string) {
	if i, ok := g.find(location); ok {
		g.peers = slices.Delete(g.peers, i, i+1)
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
	all := make([]int64, 0, len(g.peers)+1)
	all = append(all, 0)
	for _, p := range g.peers {
		all = append(all, p.offset)
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
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

// Check compares both local clocks and gives the verdict. A jump is kept until
// Accept. It is to be called often (about each second, and before a commit
// after a pause): between two calls only their sum is seen.
func (g *Guard) Check(wallMs, monoMs int64) Verdict {
	diff := wallMs - monoMs
	if !g.started {
		g.started, g.base, g.lastMono = true, diff, monoMs
	}
	// A jumped clock keeps its base, or the jump would be slewed away unseen.
	if !g.jumped {
		slew := max(monoMs-g.lastMono, 0) / slewShare
		g.base += max(-slew, min(diff-g.base, slew))
	}
	if slewed := (monoMs - g.lastMono) / slewShare * slewShare; slewed > 0 {
		g.lastMono += slewed // keep the remainder, or frequent checks would allow no slew
	}
	g.drift = diff - g.base
	if g.drift > g.limit || g.drift < -g.limit {
		g.jumped = true
	}
	return g.Verdict()
}

// Drift is how far the wall clock had moved against the monotonic clock at the
// last check, beyond what slewing explains.
func (g *Guard) Drift() int64 { return g.drift }

// Accept takes the wall clock as it is at these readings, after a jump that
// peers or an operator have confirmed.
func (g *Guard) Accept(wallMs, monoMs int64) {
	g.started, g.jumped, g.drift = true, false, 0
	g.base, g.lastMono = wallMs-monoMs, monoMs
}

// FutureStamp tells whether a peer's stamp lies further ahead than the limit,
// measured from the lower median of the clocks known: a location whose own
// clock lags does not hold back what everyone else takes for the present.
func (g *Guard) FutureStamp(t Time, wallMs int64) bool {
	return t.Millis() > TimeOf(wallMs).Plus(max(g.Median(), 0)).Plus(g.limit).Millis() || t == MaxTime
}
