package env

import (
	"time"

	"golang.org/x/sys/unix"
)

// suspended is how long the machine was suspended since it started: the one clock counts that time, the other does not.
func suspended() time.Duration {
	var with, without unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &without) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &with) != nil {
		return 0
	}
	return time.Duration(with.Nano() - without.Nano()).Round(time.Millisecond)
}
