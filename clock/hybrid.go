package clock

import (
	"errors"
	"fmt"
)

// ErrCeiling says that a stamp would pass the durable ceiling: make a higher
// one durable (NeedsCeiling, then SetCeiling) and try again.
var ErrCeiling = errors.New("clock: the next stamp would pass the durable ceiling")

// ErrExhausted says that no time is left. Only a stamp from a false clock
// that was observed in spite of the guard can bring it about.
var ErrExhausted = errors.New("clock: no hybrid time is left")

const (
	// ceilingAhead is how far ahead of the clock a new ceiling lies, in
	// milliseconds.
	ceilingAhead = 1500
	// ceilingLeft is the room below the ceiling under which it is renewed.
	ceilingLeft = 500
	// aheadRoom is the room that a clock gets which runs ahead of the wall, as
	// after a restart: it only counts until the wall has caught up, so that it
	// needs little, and a location that restarts again and again must not
	// drive the fabric's clocks ahead.
	aheadRoom = 50
)

// Clock is a hybrid logical clock. It gives times that are strictly above
// all that it gave, vouched for or saw before, and never above its ceiling.
//
// Invariant: whatever was given or vouched for is <= last, and <= ceiling.
// Only Observe can bring last above the ceiling.
type Clock struct {
	last    Time
	ceiling Time
}

// New makes a clock from what the disk knows: the high-water mark and the
// ceiling. It starts above both, because a stamp up to the ceiling may have
// been given, or a time up to it vouched for, just before a crash. So it
// gives nothing until SetCeiling has raised the ceiling.
func New(high, ceiling Time) *Clock {
	return &Clock{last: max(high, ceiling), ceiling: ceiling}
}

// Now is the highest time given, vouched for or observed: the high-water mark
// that is stored with every batch.
func (c *Clock) Now() Time { return c.last }

// Ceiling is the highest time that may be given.
func (c *Clock) Ceiling() Time { return c.ceiling }

// Next gives the time of a new commit, for a wall clock in unix milliseconds.
// When it fails, the clock is as before.
func (c *Clock) Next(wallMs int64) (Time, error) {
	t, err := c.Peek(wallMs)
	if err == nil {
		c.last = t
	}
	return t, err
}

// Peek tells what Next would give, and changes nothing: for those who must
// judge by the time of a commit whether it may happen.
func (c *Clock) Peek(wallMs int64) (Time, error) {
	if c.last >= MaxTime-1 {
		return 0, ErrExhausted
	}
	t := max(TimeOf(wallMs), c.last+1)
	if t == MaxTime {
		return 0, ErrExhausted
	}
	if t > c.ceiling {
		return 0, fmt.Errorf("%w: stamp %s, ceiling %s", ErrCeiling, t, c.ceiling)
	}
	return t, nil
}

// Observe moves the clock up to a time that came from elsewhere. The caller
// has asked FutureStamp before.
func (c *Clock) Observe(t Time) { c.last = max(c.last, t) }

// NeedsCeiling gives the ceiling to be made durable next, or zero while there
// is room enough below the present one. Asked a few times a second, it makes
// for one renewal a second.
func (c *Clock) NeedsCeiling(wallMs int64) Time {
	wall := TimeOf(wallMs)
	enough := max(wall.Plus(ceilingLeft), c.last.Plus(aheadRoom/2))
	if enough <= c.ceiling || c.ceiling == MaxTime {
		return 0
	}
	return max(wall.Plus(ceilingAhead), c.last.Plus(aheadRoom))
}

// SetCeiling raises the ceiling to t, which is durable by now. A lower one
// changes nothing.
func (c *Clock) SetCeiling(t Time) { c.ceiling = max(c.ceiling, t) }

// Vouch gives the newest time that this clock promises never to stamp at or
// below from now on, and moves the clock there. It never passes the ceiling,
// so that the promise holds over a crash. It says nothing of stamps that were
// given already and are not durable yet: the caller stays below those.
func (c *Clock) Vouch(wallMs int64) Time {
	c.last = max(c.last, min(TimeOf(wallMs), c.ceiling))
	return min(c.last, c.ceiling)
}
