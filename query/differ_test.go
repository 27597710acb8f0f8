package query_test

import (
	"context"
	"testing"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// fixed is a clock that shows the time of tests.
type fixed struct{ env.Clock }

func (fixed) WallMs() int64 { return querytest.NowMs }

// Random queries through the engine agree with the naive evaluator, by new plans, by kept ones, and as streams. One
// engine serves all data, so that plans that were kept for others must be told apart.
func TestRandomQueriesThroughTheEngine(t *testing.T) {
	t.Parallel()
	e := query.New(query.Config{Clock: fixed{env.RealClock()}, Random: env.Seeded(1), Limits: query.Limits{Warnings: 1000}})
	turn := 0
	run := func(ctx context.Context, store rows.Store, text string, bind map[string]value.Value) querytest.Outcome {
		turn++
		var members []value.Member
		for name, v := range bind {
			members = append(members, value.Member{Name: name, Value: v})
		}
		r := query.Request{Text: text, Bind: value.Object(members...), Fabric: "f", Store: store, User: "tester"}
		r.Options.Stream = turn%2 == 0
		if turn%3 == 0 {
			// The plan is kept by a look at it, and then used.
			if _, err := e.Explain(ctx, r, false); err != nil {
				return querytest.Outcome{Err: err}
			}
		}
		x, err := e.Start(ctx, r)
		if err != nil {
			return querytest.Outcome{Err: err}
		}
		defer func() { _ = x.Close() }()
		var out querytest.Outcome
		for more := true; more && out.Err == nil; {
			var list []value.Value
			list, more, out.Err = x.Values(ctx, 7)
			out.Rows = append(out.Rows, list...)
		}
		for _, w := range x.Warnings() {
			out.Warnings = append(out.Warnings, w.Number)
		}
		return out
	}
	trial := querytest.Trial{Seed: 4711, Queries: 300, Engine: run, Most: 5}
	faults, err := trial.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Errorf("%s", f)
	}
}
