package sim

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestOne(t *testing.T) {
	seed, _ := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	n, _ := strconv.Atoi(os.Getenv("N"))
	cfg := Config{Seed: seed, Locations: n, Faults: os.Getenv("FAULTS"), Mutant: os.Getenv("MUTANT")}
	cfg.CommitsPerSecond, _ = strconv.ParseFloat(os.Getenv("RATE"), 64)
	if d := os.Getenv("DUR"); d != "" {
		cfg.Duration, _ = time.ParseDuration(d)
	}
	if os.Getenv("TRACE") != "" {
		cfg.Trace = func(line string) { os.Stdout.WriteString(line + "\n") }
	}
	r, err := Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Violations {
		t.Error(v)
	}
	js, _ := json.Marshal(r.Counters)
	t.Logf("%s\nmissing %v hash %016x", js, r.Missing, r.Hash)
}
