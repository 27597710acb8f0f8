package env

import (
	"sync"
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

	mu    sync.Mutex
	drift time.Duration // of the wall clock from the running time, when suspended was asked last
	slept time.Duration
}

// suspicious is how far the wall clock must move against the running time before the system is asked whether it was
// suspended: asking on every call would cost two system calls.
const suspicious = 100 * time.Millisecond

func (c *realClock) WallMs() int64 { return time.Now().UnixMilli() }

func (c *realClock) Monotonic() time.Duration {
	now := time.Now()
	running := now.Sub(c.start)
	drift := now.Round(0).Sub(c.start.Round(0)) - running // Round takes the monotonic reading away
	c.mu.Lock()
	defer c.mu.Unlock()
	if moved := drift - c.drift; moved > suspicious || moved < -suspicious {
		c.drift = drift
		c.slept = max(c.slept, c.suspended()-c.before)
	}
	return running + c.slept
}

func (c *realClock) Timer(d time.Duration) Timer {
	return realTimer{time.NewTimer(d)}
}

type realTimer struct{ t *time.Timer }

func (t realTimer) C() <-chan time.Time   { return t.t.C }
func (t realTimer) Stop() bool            { return t.t.Stop() }
func (t realTimer) Reset(d time.Duration) { t.t.Reset(d) }
