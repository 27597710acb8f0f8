package sim

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

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

// Campaign sums up runs of many seeds under one configuration. It is used by one goroutine at a time.
type Campaign struct {
	Counters Counters
	Failed   []Result // with a violation, by seed
	hashes   map[uint64]uint64
}

// Add takes one run in. The order of runs does not matter.
func (c *Campaign) Add(r Result) {
	if c.hashes == nil {
		c.hashes = map[uint64]uint64{}
	}
	c.hashes[r.Seed] = r.Hash
	to, from := reflect.ValueOf(&c.Counters).Elem(), reflect.ValueOf(r.Counters)
	for g := range to.NumField() {
		for i := range to.Field(g).NumField() {
			f := to.Field(g).Field(i)
			f.SetUint(f.Uint() + from.Field(g).Field(i).Uint())
		}
	}
	if r.Count > 0 {
		at, _ := slices.BinarySearchFunc(c.Failed, r.Seed, func(f Result, seed uint64) int { return cmp.Compare(f.Seed, seed) })
		c.Failed = slices.Insert(c.Failed, at, r)
	}
}

// Missing lists what should have happened in one of the runs and did not.
func (c *Campaign) Missing(cfg Config) []string {
	if err := cfg.check(); err != nil {
		return nil
	}
	return c.Counters.missing(&cfg)
}

// Hash is over the hashes of all runs, by seed.
func (c *Campaign) Hash() uint64 {
	seeds := make([]uint64, 0, len(c.hashes))
	for seed := range c.hashes {
		seeds = append(seeds, seed)
	}
	slices.Sort(seeds)
	var text []byte
	for _, seed := range seeds {
		text = binary.BigEndian.AppendUint64(text, c.hashes[seed])
	}
	return xxhash.Sum64(text)
}
