package node

import (
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// halves is a clock whose two readings do not turn to the next millisecond together.
type halves struct {
	env.Clock
	us int64
}

func (c *halves) WallMs() int64            { return (c.us + 700) / 1000 }
func (c *halves) Monotonic() time.Duration { return time.Duration(c.us) * time.Microsecond }

// Locations of one machine start at different moments. Their trusted clocks are one all the same, to the millisecond.
func TestTrustedClocksOfOneMachineAreOne(t *testing.T) {
	t.Parallel()
	c := &halves{us: 1_000_000}
	for range 50 {
		g := newGuard(c, 2*time.Second, func() []*hosted { return nil })
		for range 50 {
			c.us += 90
			if got, want := g.trusted.WallMs(), c.WallMs(); got != want {
				t.Fatalf("at %d µs the trusted clock says %d, the wall clock %d", c.us, got, want)
			}
		}
	}
}
