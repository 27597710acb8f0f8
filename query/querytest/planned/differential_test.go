package planned_test

import (
	"context"
	"flag"
	"testing"

	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/query/querytest/planned"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

var (
	queries = flag.Int("queries", 1500, "random queries")
	seed    = flag.Uint64("seed", 1, "of the first random query")
	most    = flag.Int("faults", 1, "that end a trial")
)

func engine(o planned.Options) querytest.Engine {
	return func(ctx context.Context, store rows.Store, text string, bind map[string]value.Value) querytest.Outcome {
		return planned.Run(ctx, store, text, bind, o)
	}
}

func TestRandomQueries(t *testing.T) {
	t.Parallel()
	cover := querytest.NewCoverage()
	trial := querytest.Trial{Seed: *seed, Queries: *queries, Engine: engine(planned.Options{Text: true}), Cover: cover, Most: *most}
	faults, err := trial.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Errorf("%s", f)
	}
	t.Log(cover)
}

// Queries whose collections are read in parts side by side.
func TestRandomQueriesInParallel(t *testing.T) {
	t.Parallel()
	cover := querytest.NewCoverage()
	trial := querytest.Trial{Seed: *seed + 1<<32, Queries: *queries / 5, Engine: engine(planned.Options{Parallel: true}), Cover: cover, Most: *most}
	faults, err := trial.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Errorf("%s", f)
	}
	if cover.Count("rule", "parallel-scan") == 0 {
		t.Error("nothing was read in parts")
	}
}

// Without any one of the rules, and without all, results are the same.
func TestRulesOff(t *testing.T) {
	t.Parallel()
	off := []string{"-all"}
	for _, r := range plan.Rules() {
		off = append(off, "-"+r.Name)
	}
	for i, rule := range off {
		trial := querytest.Trial{
			Seed: *seed + uint64(i)<<33, Queries: *queries / len(off), PerDataset: 50, Engine: engine(planned.Options{Rules: []string{rule}}),
		}
		faults, err := trial.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			t.Errorf("with %s: %s", rule, f)
		}
	}
}

// Planners that are wrong on purpose are found out.
func TestMutants(t *testing.T) {
	t.Parallel()
	caught := 0
	for i, mutant := range plan.Mutants() {
		trial := querytest.Trial{Seed: *seed + uint64(i)<<34, Queries: *queries, Engine: engine(planned.Options{Mutant: mutant})}
		faults, err := trial.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(faults) == 0 {
			t.Logf("mutant %s was not found out by %d queries", mutant, *queries)
			continue
		}
		caught++
		t.Logf("mutant %s: %s", mutant, faults[0].Text)
	}
	const wanted = 10
	if caught < wanted {
		t.Errorf("%d mutants were found out, which is fewer than %d", caught, wanted)
	}
}
