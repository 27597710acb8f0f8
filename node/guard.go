package node

import (
	"context"
	"fmt"
	"sync"
	"time"

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
	reasons map[string]string // name of the refusal -> text
	alarm   string            // the clock is behind: writes go on, health tells
	fabrics func() []*hosted
	heardOf bool          // some other clock is known
	holding chan struct{} // closed when the hold ends, nil without one
}

func newGuard(c env.Clock, maxOffset time.Duration, fabrics func() []*hosted) *guard {
	return &guard{clock: clock.NewGuard(maxOffset.Milliseconds()), env: c, reasons: map[string]string{}, fabrics: fabrics}
}

// heard takes the offset of a peer's clock.
func (g *guard) heard(peer string, offsetMs int64) {
	g.mu.Lock()
	g.clock.Heard(peer, offsetMs)
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
// before it can know. The function returned waits for that, but not for ever.
func (g *guard) hold() (wait func(context.Context)) {
	g.refuse(unheard, "no other location's clock was heard yet: writes begin in a moment")
	g.mu.Lock()
	g.holding = make(chan struct{})
	g.mu.Unlock()
	return func(ctx context.Context) {
		g.mu.Lock()
		known := g.heardOf
		g.mu.Unlock()
		if !known {
			_ = env.Sleep(ctx, g.env, unheardFor)
		}
		g.release()
	}
}

// release ends the hold, if there is one.
func (g *guard) release() {
	g.allow(unheard)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.holding != nil {
		select {
		case <-g.holding:
		default:
			close(g.holding)
		}
	}
}

// held waits for the end of the hold.
func (g *guard) held(ctx context.Context) error {
	g.mu.Lock()
	holding := g.holding
	g.mu.Unlock()
	if holding == nil {
		return nil
	}
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

// lead is how far the clocks of the others are ahead of the one here, in milliseconds.
func (g *guard) lead() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(g.clock.Median(), 0)
}

// frozen says that the clock here must not be vouched for.
func (g *guard) frozen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, bad := g.reasons["clock"]
	return bad
}

// check looks at the clock.
func (g *guard) check() {
	g.mu.Lock()
	verdict := g.clock.Check(g.env.WallMs(), g.env.Monotonic().Milliseconds())
	median, limit := g.clock.Median(), g.clock.Limit()
	g.mu.Unlock()
	switch verdict {
	case clock.Ahead:
		g.refuse("clock", fmt.Sprintf("the clock of this location is %d ms ahead of the others, more than the %d ms allowed: set the clock", -median, limit))
	case clock.Jumped:
		g.refuse("clock", "the clock of this location jumped: writes are refused until it agrees with the monotonic clock again or the location is restarted")
	default:
		g.allow("clock")
	}
	g.mu.Lock()
	g.alarm = ""
	if verdict == clock.Behind {
		g.alarm = fmt.Sprintf("the clock of this location is %d ms behind the others: set the clock", median)
	}
	g.mu.Unlock()
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
	g.reasons[name] = text
	g.mu.Unlock()
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
		}
		if env.Sleep(ctx, g.env, clockEvery) != nil {
			return
		}
	}
}

const clockEvery = 500 * time.Millisecond
