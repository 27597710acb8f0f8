package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/sim"
)

// A campaign gives each seed the run that it has alone, and its hash does not depend on which run ends first.
func TestCampaign(t *testing.T) {
	t.Parallel()
	args := []string{"sim", "--locations", "3", "--duration", "2s", "--faults", "loss"}
	campaign := func(more ...string) (out string, code int) {
		var stdout, stderr bytes.Buffer
		code = run(t.Context(), append(append([]string{}, args...), more...), nil, &stdout, &stderr, nil)
		return stdout.String(), code
	}
	first, code := campaign("--seeds", "3", "--seed", "5")
	if again, _ := campaign("--seeds", "3", "--seed", "5"); code != 0 || again != first {
		t.Errorf("exit %d, then not the same again:\n%s%s", code, first, again)
	}
	var sum sim.Campaign
	for seed := uint64(5); seed < 8; seed++ {
		r, err := sim.Run(sim.Config{Seed: seed, Locations: 3, Duration: 2e9, Faults: "loss"})
		if err != nil {
			t.Fatal(err)
		}
		sum.Add(r)
	}
	if want := fmt.Sprintf("trace hash %016x\n", sum.Hash()); !strings.HasSuffix(first, want) {
		t.Errorf("want %q at the end of\n%s", want, first)
	}
	if want := fmt.Sprintf(`"commits":%d,`, sum.Counters.Commits); !strings.Contains(first, want) || sum.Counters.Commits == 0 {
		t.Errorf("want %s in\n%s", want, first)
	}
	for _, wrong := range [][]string{{"--seeds", "0"}, {"--seeds", "2", "--trace"}, {"--seeds", "2", "--faults", "earthquake"}} {
		if out, code := campaign(wrong...); code != 2 || out != "" {
			t.Errorf("%v: exit %d, %q", wrong, code, out)
		}
	}
}

// What fails is named, with the seed that shows it again.
func TestCampaignFails(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"sim", "--locations", "3", "--duration", "10s", "--seeds", "2", "--mutant", "equal-stamp"}, nil, &stdout, &stderr, nil)
	if code != 1 || !regexp.MustCompile(`(?m)^seed [12]: \d+ violations, the first: `).MatchString(stdout.String()) {
		t.Errorf("exit %d\n%s%s", code, &stdout, &stderr)
	}
}

// What would take long ends when it is told to.
func TestCampaignIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"--seeds", "100000", "--duration", "2s"}, {"--duration", "60s"}} {
		var stdout, stderr bytes.Buffer
		code := run(ctx, append([]string{"sim", "--locations", "3", "--faults", "none"}, args...), nil, &stdout, &stderr, nil)
		if code == 0 || !strings.Contains(stderr.String(), "interrupted") {
			t.Errorf("%v: exit %d, %q", args, code, stderr.String())
		}
	}
}
