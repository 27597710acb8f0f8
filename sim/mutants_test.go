package sim

import (
	"testing"
	"time"
)

// TestMutants makes each mistake and wants it caught; the log tells by which seed and how.
func TestMutants(t *testing.T) {
	t.Parallel()
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
				if r.Count > 0 {
					t.Logf("%s: caught by seed %d: %v", m.Doc, seed, r.Violations[0])
					return
				}
			}
			t.Errorf("%s: not caught by %d seeds", m.Doc, tries)
		})
	}
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
