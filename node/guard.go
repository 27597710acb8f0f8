package node

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/env/disk"
)

// guard watches what makes it unsafe to take writes: the clock and the disk. It closes and opens the gates of all
// fabrics here.
type guard struct {
	mu      sync.Mutex
	clock   *clock.Guard
	env     env.Clock
	trusted trusted           // what the fabrics here go by
	settled bool              // the wall clock was trusted at least once
	seen    int64             // the wall clock less the monotonic one, when last looked at
	moved   int64             // monotonic milliseconds when that, or the trusted clock, last moved
	reasons map[string]string // name of the refusal -> text
	alarm   string            // the clock is behind: writes go on, health tells
	fabrics func() []*hosted
	heardOf bool          // some other clock is known
	holding chan struct{} // closed when the hold ends
	tell    func(level, kind, text string)
}

// newGuard makes a guard that trusts no clock yet: until another location's is heard (untilHeard), or until it is known
// that there is nobody to hear (release).
func newGuard(c env.Clock, maxOffset time.Duration, fabrics func() []*hosted) *guard {
	g := &guard{clock: clock.NewGuard(maxOffset.Milliseconds()), env: c, reasons: map[string]string{}, fabrics: fabrics}
	g.trusted.Clock, g.tell = c, func(string, string, string) {}
	_, g.seen = g.read()
	g.trusted.offset.Store(g.seen)
	g.hold()
	return g
}

// trusted is the clock that fabrics go by: the wall clock as it was when it was trusted last, and the monotonic clock
// since. Before the wall clock is trusted for the first time it is all that there is.
type trusted struct {
	env.Clock
	offset atomic.Int64 // the wall clock less the monotonic one
}

// WallMs is the wall clock as far as it is trusted. Where both agree it is the wall clock itself: the offset is rounded,
// and locations of one machine would order writes a millisecond apart differently from what happened.
func (c *trusted) WallMs() int64 {
	kept := c.Monotonic().Milliseconds() + c.offset.Load()
	if wall := c.Clock.WallMs(); max(wall-kept, kept-wall) <= movement {
		return wall
	}
	return kept
}

// readings bounds how often both clocks are read for one look, readWithin is how much may pass between.
const readings, readWithin = 5, 5

// read reads both clocks as of one moment: what pauses in between must not look like a jump.
func (g *guard) read() (mono, diff int64) {
	for range readings {
		mono = g.env.Monotonic().Milliseconds()
		diff = g.env.WallMs() - mono
		if g.env.Monotonic().Milliseconds()-mono <= readWithin {
			break
		}
	}
	return mono, diff
}

// movement is what counts as a movement of a clock, in milliseconds; what is less comes from reading and slewing.
const movement = 20

// look compares the clocks, and lets the trusted one follow the wall clock unless that is wrong. The caller holds mu.
func (g *guard) look() clock.Verdict {
	mono, diff := g.read()
	verdict := g.clock.Check(mono+diff, mono)
	g.settled = g.settled || !verdict.RefusesWrites() && g.reasons[unheard] == ""
	step, follow := diff-g.seen, int64(0)
	if !verdict.RefusesWrites() || !g.settled {
		follow = diff - g.trusted.offset.Load()
	}
	if follow < -1 || follow > 1 { // less is the rounding of two readings
		g.trusted.offset.Store(diff)
	}
	if max(step, -step, follow, -follow) > movement {
		g.moved = mono
	}
	g.seen = diff
	return verdict
}

// trust says why the clock must not be used for stamps now, empty when it may. Fabrics ask before each group of commits,
// so that a jump stops them at once.
func (g *guard) trust() (refusal string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if verdict := g.look(); verdict.RefusesWrites() {
		return g.wrong(verdict)
	}
	return g.reasons[unheard]
}

// wrong says what is wrong with the clock, and what to do. The caller holds mu.
func (g *guard) wrong(verdict clock.Verdict) string {
	if verdict == clock.Ahead {
		return fmt.Sprintf("the clock of this location is %d ms ahead of the others, more than the %d ms allowed: set the clock", -g.clock.Median(), g.clock.Limit())
	}
	return "the clock of this location jumped: writes are refused until it agrees with the monotonic clock again, most other locations " +
		"confirm the new time, or the location is restarted"
}

// heard takes the offset of a peer's clock to the trusted one, as measured some milliseconds ago.
func (g *guard) heard(peer string, offsetMs, agoMs int64) {
	g.mu.Lock()
	g.look()
	if g.env.Monotonic().Milliseconds()-agoMs < g.moved {
		g.mu.Unlock()
		return // it was measured against a clock that has moved since
	}
	g.clock.Heard(peer, offsetMs+g.trusted.offset.Load()-g.seen)
	first := !g.heardOf
	g.heardOf = true
	g.mu.Unlock()
	if first {
		g.check()
		g.release()
	}
}

// unheard names the refusal of writes while no other clock is known.
const unheard = "clock-unknown"

// unheardFor is how long a location that is not alone waits for another clock before it trusts its own: it must also
// be able to start while it is cut off.
const unheardFor = 3 * time.Second

// hold refuses writes until another location's clock was heard, so that a location whose clock is wrong stamps nothing
// before it can know. It returns untilHeard.
func (g *guard) hold() (wait func(context.Context)) {
	g.mu.Lock()
	g.holding = make(chan struct{})
	g.mu.Unlock()
	g.refuse(unheard, "no other location's clock was heard yet: writes begin in a moment")
	return g.untilHeard
}

// untilHeard ends the hold when another location's clock is heard, but does not wait for that for ever.
func (g *guard) untilHeard(ctx context.Context) {
	g.mu.Lock()
	known := g.heardOf
	g.mu.Unlock()
	if !known {
		_ = env.Sleep(ctx, g.env, unheardFor)
	}
	g.release()
}

// release ends the hold, if there is one.
func (g *guard) release() {
	g.allow(unheard)
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.holding:
	default:
		close(g.holding)
	}
	g.look() // what it says counts from now on
}

// held waits for the end of the hold.
func (g *guard) held(ctx context.Context) error {
	g.mu.Lock()
	holding := g.holding
	g.mu.Unlock()
	select {
	case <-holding:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// onHold says why writes do not begin yet, empty when they have.
func (g *guard) onHold() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reasons[unheard]
}

// offset is how far a peer's clock is ahead of the one here.
func (g *guard) offset(peer string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	ms, _ := g.clock.Offset(peer)
	return ms
}

// lead is how far the clocks of the others are ahead of the trusted one, in milliseconds. It is less than zero only
// when nothing better is known here than a clock that is ahead.
func (g *guard) lead() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	lead := g.seen + g.clock.Median() - g.trusted.offset.Load()
	if g.settled {
		return max(lead, 0)
	}
	return lead
}

// standing is how far the clock here is ahead of the others', in milliseconds, and whether it is trusted.
func (g *guard) standing() (aheadMs float64, trusted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return float64(-g.clock.Median()), !g.look().RefusesWrites() && g.reasons[unheard] == ""
}

// check looks at the clock.
func (g *guard) check() {
	g.mu.Lock()
	verdict := g.look()
	refusal := ""
	if verdict.RefusesWrites() {
		refusal = g.wrong(verdict)
	}
	was := g.alarm
	g.alarm = ""
	if verdict == clock.Behind {
		g.alarm = fmt.Sprintf("the clock of this location is %d ms behind the others: set the clock", g.clock.Median())
	}
	now := g.alarm
	g.mu.Unlock()
	switch {
	case was == "" && now != "":
		g.tell(api.EventWarn, "clock", now)
	case was != "" && now == "":
		g.tell(api.EventInfo, "clock", "the clock of this location is behind the others no more")
	}
	if refusal != "" {
		g.refuse("clock", refusal)
		return
	}
	g.allow("clock")
}

// forget drops what was heard of clocks whose locations take part in nothing here any more.
func (g *guard) forget() {
	members := map[string]bool{}
	for _, h := range g.fabrics() {
		_, table := h.fabric.Known()
		for _, m := range table.Counted() {
			members[m.Name] = true
		}
	}
	if len(members) == 0 {
		return // the system fabric is being copied anew
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clock.Retain(func(location string) bool { return members[location] })
}

// checkDisk looks at the room left where the data lies.
func (g *guard) checkDisk(fs disk.FS, dir string, reserve int64) {
	usage, err := fs.GetDiskUsage(dir)
	if err != nil {
		return
	}
	if int64(usage.AvailBytes) < reserve {
		g.refuse("disk", fmt.Sprintf("only %d MiB of disk are free, %d MiB are kept in reserve: free some room", usage.AvailBytes>>20, reserve>>20))
		return
	}
	g.allow("disk")
}

func (g *guard) refuse(name, text string) {
	g.mu.Lock()
	_, refused := g.reasons[name]
	g.reasons[name] = text
	g.mu.Unlock()
	if !refused && name != unheard {
		g.tell(api.EventError, name, "writes are refused: "+text)
	}
	for _, h := range g.fabrics() {
		h.fabric.RefuseWrites(name, text)
	}
}

func (g *guard) allow(name string) {
	g.mu.Lock()
	_, refused := g.reasons[name]
	delete(g.reasons, name)
	g.mu.Unlock()
	if !refused {
		return
	}
	if name != unheard {
		g.tell(api.EventInfo, name, "writes are taken again: the "+name+" is as it should be")
	}
	for _, h := range g.fabrics() {
		h.fabric.AllowWrites(name)
	}
}

// apply closes a new fabric's gate for what holds now.
func (g *guard) apply(f *fabric.Fabric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, text := range g.reasons {
		f.RefuseWrites(name, text)
	}
}

// watch runs the checks until the context ends.
func (g *guard) watch(ctx context.Context, fs disk.FS, dir string, reserve int64) {
	for round := 0; ; round++ {
		g.check()
		if round%8 == 0 {
			g.checkDisk(fs, dir, reserve)
			g.forget()
		}
		if env.Sleep(ctx, g.env, clockEvery) != nil {
			return
		}
	}
}

const clockEvery = 500 * time.Millisecond
