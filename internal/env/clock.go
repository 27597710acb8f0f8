package env

import (
	"sync"
	"sync/atomic"
	"time"
)

// RealClock returns the clock of the machine. Its monotonic time goes on while the machine is suspended, where the
// system tells (Linux); timers stand still meanwhile.
func RealClock() Clock { return newClock(suspended) }

func newClock(suspended func() time.Duration) *realClock {
	return &realClock{start: time.Now(), suspended: suspended, before: suspended()}
}

type realClock struct {
	start     time.Time
	suspended func() time.Duration // how long since the machine started
	before    time.Duration        // of that, when the clock was made

	asking sync.Mutex   // held while drift and slept change
	drift  atomic.Int64 // of the wall clock from the running time, when suspended was asked last; nanoseconds
	slept  atomic.Int64 // nanoseconds
}

// suspicious is how far the wall clock must move against the running time before the system is asked whether it was
// suspended: asking on every call would cost two system calls.
const suspicious = 100 * time.Millisecond

func (c *realClock) WallMs() int64 { return time.Now().UnixMilli() }

func (c *realClock) Monotonic() time.Duration {
	now := time.Now()
	running := now.Sub(c.start)
	drift := now.Round(0).Sub(c.start.Round(0)) - running // Round takes the monotonic reading away
	if c.moved(drift) {
		c.ask(drift)
	}
	return running + time.Duration(c.slept.Load())
}

func (c *realClock) moved(drift time.Duration) bool {
	moved := drift - time.Duration(c.drift.Load())
	return moved > suspicious || moved < -suspicious
}

// ask learns how long the machine slept. The drift that tells others not to ask changes last.
func (c *realClock) ask(drift time.Duration) {
	c.asking.Lock()
	defer c.asking.Unlock()
	if c.moved(drift) {
		c.slept.Store(max(c.slept.Load(), int64(c.suspended()-c.before)))
		c.drift.Store(int64(drift))
	}
}

func (c *realClock) Timer(d time.Duration) Timer {
	return realTimer{time.NewTimer(d)}
}

type realTimer struct{ t *time.Timer }

func (t realTimer) C() <-chan time.Time   { return t.t.C }
func (t realTimer) Stop() bool            { return t.t.Stop() }
func (t realTimer) Reset(d time.Duration) { t.t.Reset(d) }
