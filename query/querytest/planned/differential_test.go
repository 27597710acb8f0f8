package planned_test

import (
	"context"
	"flag"
	"testing"

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
