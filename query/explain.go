package query

import (
	"context"
	"slices"

	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Explain plans a query and tells how it would be carried out; with all, also how without the rules of the planner.
func (e *Engine) Explain(ctx context.Context, r Request, all bool) (*Explanation, error) {
	x := &Execution{e: e, r: r}
	in := rows.Snapshot(r.Transaction)
	if r.Transaction == nil {
		snapshot, err := r.Store.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = snapshot.Close() }() // it was only read
		in = snapshot
	}
	begun := e.clock.Monotonic()
	x.about.begun = begun
	if err := x.ready(ctx, in); err != nil {
		return nil, x.fault(err)
	}
	best := x.plan.program.Plan()
	out := &Explanation{
		Plans: []value.Value{plan.JSON(best)}, Text: plan.Text(best), Cacheable: x.plan.keep,
	}
	for _, w := range best.Warnings {
		out.Warnings = append(out.Warnings, Warning{Number: w.Number, Message: w.Text})
	}
	if all {
		bare := r
		bare.Options.Rules, bare.Options.NoCache = []string{"-all"}, true
		plain := &Execution{e: e, r: bare}
		plain.about.begun = begun
		p, err := e.prepare(ctx, plain, in)
		if err != nil {
			return nil, x.fault(err)
		}
		out.Plans = append(out.Plans, plan.JSON(p.program.Plan()))
	}
	took := e.clock.Monotonic() - begun
	out.Stats = value.Object(
		member("rulesExecuted", value.Int(int64(len(best.Rules)))), member("plansCreated", value.Int(int64(len(out.Plans)))),
		member("executionTime", value.Float(took.Seconds())),
	)
	return out, nil
}

func member(name string, v value.Value) value.Member { return value.Member{Name: name, Value: v} }

// Parse reads a query without running it, and without a schema.
func (e *Engine) Parse(text string) (*Parsed, error) {
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		return nil, fault(text, err)
	}
	checked, err := check.Query(q, check.Env{})
	if err != nil {
		return nil, fault(text, err)
	}
	return &Parsed{
		Collections: slices.Clone(checked.Collections), BindVars: slices.Clone(checked.Params),
		AST: value.Array(blockValue("root", q.Body)),
	}, nil
}

// Profile is nil unless it was asked for; it is complete when no more rows are there.
func (x *Execution) Profile() *Profile {
	if x.r.Options.Profile == 0 {
		return nil
	}
	out := &Profile{Phases: slices.Clone(x.phases)}
	run := x.run.Load()
	if run == nil {
		return out
	}
	of := x.plan.program.Plan()
	own := ownFigures(of, run.Profile())
	for _, n := range run.Profile() {
		if f, ok := own[n.ID]; ok {
			out.Nodes = append(out.Nodes, NodeProfile{
				ID: n.ID, Kind: n.Kind, Calls: f.Calls, Rows: f.Rows, Filtered: f.Filtered, Seconds: f.Time.Seconds(), Memory: f.Memory,
			})
		}
	}
	out.Text = plan.Profile(of, own)
	return out
}

// ownFigures are the figures of nodes, without the rows that were turned away in what they draw from.
func ownFigures(p *plan.Plan, list []exec.NodeFigures) map[int]plan.Figures {
	all, own := map[int]plan.Figures{}, map[int]plan.Figures{}
	for _, n := range list {
		all[n.ID] = plan.Figures{Calls: n.Calls, Rows: n.Rows, Filtered: n.Filtered, Time: n.Time, Memory: n.Memory}
	}
	var visit func(p *plan.Plan)
	visit = func(p *plan.Plan) {
		for n := p.Root; n != nil; n = n.Head().Below {
			f := all[n.Head().ID]
			if below := n.Head().Below; below != nil {
				f.Filtered -= all[below.Head().ID].Filtered
			}
			for _, w := range plan.Within(n) {
				f.Filtered -= all[w.Root.Head().ID].Filtered
				visit(w)
			}
			f.Filtered = max(0, f.Filtered)
			own[n.Head().ID] = f
		}
	}
	visit(p)
	for _, w := range p.Inline {
		visit(w)
	}
	return own
}
