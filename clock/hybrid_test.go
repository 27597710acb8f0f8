package clock_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/clock"
)

// TestClockPromises runs a clock through random walls, observations, vouches,
// renewals and crashes, and holds it to what the package doc guarantees.
func TestClockPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := clock.New(0, 0)
		var above, durable clock.Time // nothing may be given at or below; the ceiling on disk
		wall := int64(1_000_000)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			wall += rapid.Int64Range(-3000, 3000).Draw(t, "wall")
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				got, err := c.Next(wall)
				if errors.Is(err, clock.ErrCeiling) {
					if c.NeedsCeiling(wall) == 0 {
						t.Fatal("no room below the ceiling, and no renewal asked for")
					}
					continue
				}
				if err != nil || got <= above || got > durable {
					t.Fatalf("gave %s, %v; must be above %s and up to %s", got, err, above, durable)
				}
				above = got
			case 2:
				seen := clock.TimeOf(wall).Plus(rapid.Int64Range(-2000, 4000).Draw(t, "skew"))
				c.Observe(seen)
				above = max(above, seen)
			case 3:
				v := c.Vouch(wall)
				if v > durable || v > c.Now() || c.Now() > max(above, durable) {
					t.Fatalf("vouched for %s with ceiling %s; now at %s", v, durable, c.Now())
				}
				above = max(above, v)
			case 4:
				if next := c.NeedsCeiling(wall); next != 0 {
					if next <= durable {
						t.Fatalf("asks for ceiling %s, %s is durable", next, durable)
					}
					durable = next
					c.SetCeiling(next)
				}
			default: // a crash: only what is durable is left
				if c.Ceiling() != durable {
					t.Fatalf("ceiling %s, want %s", c.Ceiling(), durable)
				}
				c = clock.New(above, durable)
			}
		}
	})
}

// TestRestartForgetsHighWater loses the high-water mark, too: the ceiling
// alone keeps stamps from being given twice.
func TestRestartForgetsHighWater(t *testing.T) {
	t.Parallel()
	c := clock.New(0, 0)
	c.SetCeiling(c.NeedsCeiling(5000))
	var last clock.Time
	for range 100 {
		var err error
		if last, err = c.Next(5000); err != nil {
			t.Fatal(err)
		}
	}
	again := clock.New(0, c.Ceiling())
	if got, err := again.Next(1000); !errors.Is(err, clock.ErrCeiling) {
		t.Fatalf("gave %s, %v without a new ceiling", got, err)
	}
	again.SetCeiling(again.NeedsCeiling(1000))
	if got, err := again.Next(1000); err != nil || got <= last {
		t.Fatalf("gave %s, %v after a restart, want above %s", got, err, last)
	}
}

func TestCeilingIsRenewedEachSecond(t *testing.T) {
	t.Parallel()
	c := clock.New(0, 0)
	renewals := 0
	for ms := int64(10_000); ms < 20_000; ms += 50 {
		if next := c.NeedsCeiling(ms); next != 0 {
			renewals++
			c.SetCeiling(next)
		}
		if _, err := c.Next(ms); err != nil {
			t.Fatal(err)
		}
	}
	if renewals < 9 || renewals > 11 {
		t.Fatalf("%d renewals in 10 seconds, want about 10", renewals)
	}
}

func TestClockAtItsEnd(t *testing.T) {
	t.Parallel()
	c := clock.New(clock.MaxTime-2, 0)
	c.SetCeiling(c.NeedsCeiling(0))
	if got, err := c.Next(1); err != nil || got != clock.MaxTime-1 {
		t.Fatalf("gave %s, %v", got, err)
	}
	if _, err := c.Next(1); !errors.Is(err, clock.ErrExhausted) {
		t.Fatalf("want ErrExhausted, got %v", err)
	}
	c = clock.New(0, clock.MaxTime)
	if got, err := c.Next(1<<63 - 1); err == nil {
		t.Fatalf("gave %s at the end of time", got)
	}
}

func TestRestartsInARowDoNotRunAhead(t *testing.T) {
	t.Parallel()
	const wall = 1_000_000
	c := clock.New(0, 0)
	for range 10 {
		c.SetCeiling(c.NeedsCeiling(wall))
		got, err := c.Next(wall)
		if err != nil {
			t.Fatal(err)
		}
		if ahead := got.Millis() - wall; ahead > 2000 {
			t.Fatalf("a stamp %d ms ahead of the wall", ahead)
		}
		c = clock.New(c.Now(), c.Ceiling())
	}
}
