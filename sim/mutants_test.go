package sim

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestMutants makes each mistake and wants it caught, as the property that it breaks, in a run in which nothing is
// found without the mistake; the log tells by which seed and how.
func TestMutants(t *testing.T) {
	t.Parallel()
	control := &controls{runs: map[string]func() (Result, error){}}
	for _, m := range Mutants() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			cfg, tries := profile(m.Name)
			for seed := uint64(1); seed <= tries; seed++ {
				cfg.Seed = seed
				r, err := Run(cfg)
				if err != nil {
					t.Fatal(err)
				}
				if r.Count == 0 {
					continue
				}
				first := r.Violations[0]
				if !slices.Contains(m.Breaks, first.Property) {
					t.Errorf("%s: seed %d finds %v, want one of %v", m.Doc, seed, first, m.Breaks)
				}
				t.Logf("%s: caught by seed %d: %v", m.Doc, seed, first)
				if r, err := control.run(cfg); err != nil || r.Count > 0 {
					t.Errorf("seed %d without the mistake: %v %v", seed, r.Violations, err)
				}
				return
			}
			t.Errorf("%s: not caught by %d seeds", m.Doc, tries)
		})
	}
}

// controls are runs without a mistake: many mistakes share one.
type controls struct {
	mu   sync.Mutex
	runs map[string]func() (Result, error)
}

func (c *controls) run(cfg Config) (Result, error) {
	cfg.Mutant = ""
	id := fmt.Sprintf("%+v", cfg)
	c.mu.Lock()
	once, ok := c.runs[id]
	if !ok {
		once = sync.OnceValues(func() (Result, error) { return Run(cfg) })
		c.runs[id] = once
	}
	c.mu.Unlock()
	return once()
}

// profile is the kind of run in which a mistake shows, and how many seeds it may take.
func profile(name string) (Config, uint64) {
	cfg := Config{Locations: 6, Duration: 40 * time.Second, CommitsPerSecond: 2, Mutant: name}
	switch name {
	case "early-purge", "forgotten-losers":
		// They need a document that is removed or overwritten while one location is long behind.
		cfg.Locations, cfg.Duration, cfg.CommitsPerSecond, cfg.Faults = 5, time.Minute, 8, "cut,slow,loss"
		return cfg, 60
	case "expiry-by-wall":
		return cfg, 60
	}
	return cfg, 20
}
