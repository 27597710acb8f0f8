package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/sim/check"
)

// Config says what to run. Zero values mean the default.
type Config struct {
	Seed             uint64
	Locations        int           // 3 to 25, 10 when zero; one more joins during the run
	Duration         time.Duration // of the safety phase, virtual; 60 s when zero
	CommitsPerSecond float64       // of each location, 1 when zero
	Faults           string        // "all" (also when empty), "none", or a list of names: see FaultNames
	Mutant           string        // a mistake to be made, see Mutants; none when empty
	Trace            func(line string)
}

// Result is what came of a run.
type Result struct {
	Seed       uint64
	Hash       uint64 // over every event
	Counters   Counters
	Violations []check.Violation // the first ones
	Count      int               // of all
	Missing    []string          // counters that should be above zero and are not
}

// Failed tells whether a property was violated, or a fault that was asked for never happened.
func (r Result) Failed() bool { return r.Count > 0 || len(r.Missing) > 0 }

// FaultNames lists what can be asked for in Config.Faults.
func FaultNames() []string {
	return []string{"loss", "repeat", "reorder", "cut", "slow", "crash", "disk", "clock", "join", "evict", "restore"}
}

// check puts in the defaults and refuses what makes no sense.
func (c *Config) check() error {
	if c.Locations == 0 {
		c.Locations = 10
	}
	if c.Duration == 0 {
		c.Duration = time.Minute
	}
	if c.CommitsPerSecond == 0 {
		c.CommitsPerSecond = 1
	}
	if c.Locations < 3 || c.Locations > 25 {
		return fmt.Errorf("sim: %d locations; 3 to 25 are possible", c.Locations)
	}
	if c.Duration < time.Second || c.Duration > 24*time.Hour {
		return fmt.Errorf("sim: duration %v; 1 s to 24 h are possible", c.Duration)
	}
	if !(c.CommitsPerSecond > 0 && c.CommitsPerSecond <= 1000) {
		return fmt.Errorf("sim: %v commits per second; more than 0 and at most 1000 are possible", c.CommitsPerSecond)
	}
	for _, name := range c.faults() {
		if !slices.Contains(FaultNames(), name) {
			return fmt.Errorf("sim: fault %q is not known; all, none or a list of %s", name, strings.Join(FaultNames(), ", "))
		}
	}
	if c.Mutant != "" && !slices.ContainsFunc(Mutants(), func(m Mutant) bool { return m.Name == c.Mutant }) {
		return fmt.Errorf("sim: mutant %q is not known", c.Mutant)
	}
	return nil
}

func (c *Config) faults() []string {
	switch c.Faults {
	case "", "all":
		return FaultNames()
	case "none":
		return nil
	}
	return strings.Split(c.Faults, ",")
}
