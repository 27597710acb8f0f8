// Package planned runs queries of tests the long way: planned, compiled and carried out, without the engine around.
//
// Guarantees: the result is that of the planner and the executor, by whatever rules are on, and in the same process
// the same each time, save for the order of rows of parallel parts.
//
// Not guaranteed: limits, a cache of plans, or that anything is killed.
package planned

import (
	"bytes"
	"context"

	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Options say how to plan and run.
type Options struct {
	Rules    []string
	Mutant   string
	Parallel bool
	// Text takes rows as JSON, which other code writes than gives values.
	Text bool
}

// Run plans a query and carries it out. What it modifies is committed.
func Run(ctx context.Context, store rows.Store, text string, bind map[string]value.Value, o Options) querytest.Outcome {
	t, err := store.Begin(ctx)
	if err != nil {
		return querytest.Outcome{Err: err}
	}
	checked, err := querytest.Check(t, text, bind)
	if err != nil {
		return querytest.Outcome{Err: err}
	}
	p, err := plan.Build(checked.Query, plan.Config{
		Reader: t, Statistics: t, Rules: o.Rules, Bind: bind, Mutant: o.Mutant, Parallel: o.Parallel, ParallelFrom: 5,
	})
	if err != nil {
		return querytest.Outcome{Err: err}
	}
	program, err := exec.Compile(p)
	if err != nil {
		return querytest.Outcome{Err: err, Rules: p.Rules}
	}
	var members []value.Member
	for name, v := range bind {
		members = append(members, value.Member{Name: name, Value: v})
	}
	config := exec.Config{
		Bind: value.Object(members...), Snapshot: t, NowMs: querytest.NowMs, User: "tester", MaxWarnings: 100,
		Random: func() uint64 { return 1 << 40 }, Sleep: func(context.Context, float64) error { return nil }, Memory: 16 * querytest.MostBytes,
	}
	if o.Parallel {
		config.Workers = 3
	}
	if p.Writes {
		config.Transaction = t
	}
	run := program.Start(config)
	defer run.Close()
	out := querytest.Outcome{Rules: p.Rules, Plan: plan.Outline(p)}
	out.Rows, out.Err = take(ctx, run, program, o.Text)
	for _, w := range run.Warnings() {
		out.Warnings = append(out.Warnings, w.Number)
	}
	if out.Err == nil {
		out.Err = t.Commit(ctx, rows.CommitOptions{})
	}
	return out
}

// take draws rows in portions of several sizes, so that every end of a portion is met.
func take(ctx context.Context, run *exec.Run, program *exec.Program, asText bool) ([]value.Value, error) {
	if !gives(program.Plan()) {
		return nil, run.Finish(ctx)
	}
	var all []value.Value
	for most := 1; ; most = most*3 + 1 {
		var list []value.Value
		var more bool
		var err error
		if asText {
			var text exec.Text
			more, err = run.Next(ctx, &text, most, 0)
			if err == nil {
				list, err = parse(text.JSON)
			}
		} else {
			list, more, err = run.Values(ctx, most)
			for i := range list {
				list[i] = list[i].Clone()
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if !more {
			return all, nil
		}
	}
}

// gives reports whether a plan ends with rows for whoever asked.
func gives(p *plan.Plan) bool {
	_, ok := p.Root.(*plan.Return)
	return ok
}

func parse(text []byte) ([]value.Value, error) {
	v, err := value.Parse(bytes.Join([][]byte{{'['}, text, {']'}}, nil), value.Limits{})
	return v.Items(), err
}
