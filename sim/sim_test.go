package sim

import (
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

// seeds is how many seeds the test of all faults runs: more in the long runs.
func seeds(t *testing.T) uint64 {
	text := os.Getenv("SELVEDGE_SIM_SEEDS")
	if text == "" {
		return 20
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		t.Fatalf("SELVEDGE_SIM_SEEDS is %q; want a number above zero", text)
	}
	return n
}

// TestMain lets garbage lie for longer: a run makes much of it and keeps little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

func TestEverythingGoesWrong(t *testing.T) {
	t.Parallel()
	for seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			r, err := Run(Config{Seed: seed, Locations: locations(t)})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range r.Violations {
				t.Error(v)
			}
			if len(r.Missing) > 0 {
				t.Errorf("never happened: %v", r.Missing)
			}
		})
	}
}

// locations is how many locations those runs have.
func locations(t *testing.T) int {
	text := os.Getenv("SELVEDGE_SIM_LOCATIONS")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SELVEDGE_SIM_LOCATIONS is %q; want a number", text)
	}
	return n
}

func TestManyLocations(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{
		{Seed: 1, Locations: 25, Duration: 20 * time.Second},
		{Seed: 2, Locations: 3, CommitsPerSecond: 8},
		{Seed: 3, Locations: 5, CommitsPerSecond: 5, Faults: "cut,slow,loss"},
		{Seed: 4, Locations: 6, Faults: "none"},
		{Seed: 1, Locations: 4, Duration: 40 * time.Second, CommitsPerSecond: 8}, // snapshots hold long logs that nobody adds to any more
		{Seed: 4, Locations: 4, Duration: 40 * time.Second, CommitsPerSecond: 8},
		{Seed: 2, Locations: 4, Duration: 40 * time.Second, CommitsPerSecond: 8}, // and one goes on after it, and is closed then
	} {
		t.Run(fmt.Sprintf("%d locations, seed %d", cfg.Locations, cfg.Seed), func(t *testing.T) {
			t.Parallel()
			r, err := Run(cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range r.Violations {
				t.Error(v)
			}
		})
	}
}

func TestOneSeedIsOneRun(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) Result {
		r, err := Run(Config{Seed: seed, Locations: 6, Duration: 25 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first, again, other := run(7), run(7), run(8)
	if first.Hash != again.Hash || !reflect.DeepEqual(first.Counters, again.Counters) {
		t.Errorf("seed 7 ran twice: trace hash %016x, then %016x; counters %+v, then %+v", first.Hash, again.Hash, first.Counters, again.Counters)
	}
	if first.Hash == other.Hash {
		t.Errorf("seeds 7 and 8 have the same trace hash %016x", first.Hash)
	}
}

func TestConfigRefused(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{
		{Locations: 2}, {Locations: 26}, {Duration: time.Millisecond}, {CommitsPerSecond: -1}, {Faults: "cut,earthquake"}, {Mutant: "unheard-of"},
	} {
		if _, err := Run(cfg); err == nil {
			t.Errorf("%+v: no error", cfg)
		}
	}
}

// TestMissingCounters makes sure that a run in which nothing happens does not pass for a run in which all went well.
func TestMissingCounters(t *testing.T) {
	t.Parallel()
	cfg := Config{}
	if err := cfg.check(); err != nil {
		t.Fatal(err)
	}
	missing := (Counters{}).missing(&cfg)
	for _, name := range []string{"commits", "conflicts", "folds", "pulls", "snapshots", "crashes", "cuts", "reads", "expired", "noticed"} {
		found := false
		for _, m := range missing {
			found = found || m == name
		}
		if !found {
			t.Errorf("counter %s may be zero unnoticed", name)
		}
	}
	cfg.Faults = "none"
	if missing := (Counters{}).missing(&cfg); len(missing) > 0 {
		t.Errorf("without faults nothing of theirs is expected, but %v", missing)
	}
}
