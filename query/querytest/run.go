// Package querytest tries queries: data to ask, a generator of random queries, the naive evaluator beside another one,
// and the comparison of their results.
//
// Guarantees: everything follows from seeds, so that what failed once fails again. Two results are the same when their
// rows are equal, in order where the query sorts them to the last one, and in any order otherwise.
//
// Not guaranteed: that random queries reach everything; Coverage says what they did reach.
package querytest

import (
	"context"

	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/naive"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Outcome is what came of a query.
type Outcome struct {
	Rows     []value.Value
	Warnings []int
	Err      error
	// Rules and Plan are those of whoever plans.
	Rules []string
	Plan  string
}

// Check parses and checks a query.
func Check(reader rows.Reader, text string, bind map[string]value.Value) (*check.Checked, error) {
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		return nil, err
	}
	return check.Query(q, check.Env{Reader: reader, Bind: bind})
}

// NowMs is the time at which queries of tests run.
const NowMs = 1_700_000_000_000

// MostBytes is the most that a function may ask for at once.
const MostBytes = 4 << 20

// Naive runs a query with the naive evaluator. Modifications are committed.
func Naive(ctx context.Context, store rows.Store, text string, bind map[string]value.Value) Outcome {
	t, err := store.Begin(ctx)
	if err != nil {
		return Outcome{Err: err}
	}
	q, err := Check(t, text, bind)
	if err != nil {
		return Outcome{Err: err}
	}
	var out Outcome
	functions := fn.Context{NowMs: NowMs, User: "tester", Random: func() uint64 { return 1 << 40 }, Sleep: func(float64) error { return nil }}
	functions.Grow = func(bytes int) error {
		if bytes > MostBytes {
			return &fn.Error{Number: fn.ErrorLimit, Text: "resource limit exceeded"}
		}
		return nil
	}
	functions.Warn = func(number int, _ string) { out.Warnings = append(out.Warnings, number) }
	out.Rows, out.Err = naive.Run(ctx, q, bind, t, functions)
	if out.Err == nil {
		out.Err = t.Commit(ctx, rows.CommitOptions{})
	}
	return out
}
