package sim

import "testing"

// TestSurely takes everything away that leads to a stale write, a conflict or a broken disk by chance: they happen all
// the same.
func TestSurely(t *testing.T) {
	t.Parallel()
	cfg := Config{Seed: 1, Locations: 3, CommitsPerSecond: 0.001, Faults: "disk"}
	if err := cfg.check(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(cfg)
	if err := w.found(); err != nil {
		t.Fatal(err)
	}
	w.surely()
	w.until(cfg.Duration.Microseconds(), w.stop)
	if conflicts := w.conflicts(); conflicts == 0 || w.count.Retries == 0 || w.count.DiskFaults == 0 {
		t.Errorf("%d conflicts, %d stale writes, %d disk faults: want some of each", conflicts, w.count.Retries, w.count.DiskFaults)
	}
	for _, v := range w.report.Violations {
		t.Error(v)
	}
}
