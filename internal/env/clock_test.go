package env

import (
	"testing"
	"testing/synctest"
	"time"
)

// While a machine is suspended the wall clock goes on and the running time does not; the monotonic time must.
func TestMonotonicGoesOnWhileSuspended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slept := 2 * time.Hour
		c := newClock(func() time.Duration { return slept })
		begin := c.Monotonic()
		slept += time.Hour
		if d := c.Monotonic() - begin; d != 0 {
			t.Errorf("without a move of the wall clock nobody asks, yet it went on by %v", d)
		}
		// The wall clock of this test cannot jump, so what it is compared with does.
		c.drift.Add(-int64(time.Hour))
		if d := c.Monotonic() - begin; d != time.Hour {
			t.Errorf("after an hour of sleep it went on by %v", d)
		}
		c.drift.Add(int64(time.Hour)) // set back by hand: the time slept is not forgotten
		if d := c.Monotonic() - begin; d != time.Hour {
			t.Errorf("after the wall clock was set back it stands at %v", d)
		}
	})
}

func TestSuspendedIsSteady(t *testing.T) {
	t.Parallel()
	if a, b := suspended(), suspended(); a < 0 || b-a > time.Second || a-b > time.Second {
		t.Errorf("suspended %v, then %v", a, b)
	}
}
