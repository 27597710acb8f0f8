package query

import (
	"context"
	"strings"

	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// key finds the plans of a request.
func (r *Request) key() cacheKey {
	k := cacheKey{fabric: r.Fabric, text: r.Text}
	if r.Options.FullCount {
		k.flags = "full "
	}
	if len(r.Options.Rules) > 0 {
		k.flags += strings.Join(r.Options.Rules, " ")
	}
	return k
}

// prepare reads, checks, plans and compiles a query.
func (e *Engine) prepare(ctx context.Context, x *Execution, in rows.Snapshot) (*prepared, error) {
	r := &x.r
	x.phase("parsing")
	q, err := parse.Query(r.Text, parse.Limits{})
	if err != nil {
		return nil, err
	}
	x.phase("checking")
	bind, err := bound(r.Bind)
	if err != nil {
		return nil, err
	}
	checked, err := check.Query(q, check.Env{Reader: in, Bind: bind})
	if err != nil {
		return nil, err
	}
	x.phase("planning")
	p, err := plan.Build(checked.Query, e.planning(ctx, x, in, bind))
	if err != nil {
		return nil, err
	}
	x.phase("compiling")
	out := &prepared{
		reads: checked.Reads, writes: checked.Writes, graphs: checked.Graphs, params: checked.Params, shape: checked.Shape,
		keep: true,
	}
	if out.program, err = exec.Compile(p); err != nil {
		return nil, err
	}
	out.depend(p, estimates(in))
	return out, nil
}

func (e *Engine) planning(ctx context.Context, x *Execution, in rows.Snapshot, bind map[string]value.Value) plan.Config {
	o := &x.r.Options
	return plan.Config{
		Reader: in, Statistics: estimates(in), Rules: o.Rules, Parallel: e.limits.Workers > 1,
		FullCount: o.FullCount, Bind: bind, Stop: func() error { return x.stopped(ctx) },
	}
}

// depend notes what the plan depends on.
func (p *prepared) depend(made *plan.Plan, s rows.Statistics) {
	seen := map[string]bool{}
	for _, list := range [][]*rows.Collection{p.reads, p.writes, made.Collections} {
		for _, c := range list {
			if !seen[c.Name] {
				seen[c.Name] = true
				p.collections = append(p.collections, c)
			}
		}
	}
	for _, c := range p.collections {
		n, err := s.Count(c)
		if err != nil {
			p.keep = false
		}
		p.counts = append(p.counts, n)
	}
}

// estimates gives statistics that cost a transaction nothing, where there are such.
func estimates(in rows.Snapshot) rows.Statistics {
	if s, ok := in.(interface{ Estimates() rows.Statistics }); ok {
		return s.Estimates()
	}
	return in
}

// bound gives the parameters by name.
func bound(bind value.Value) (map[string]value.Value, error) {
	if bind.Kind() != value.KindObject && !bind.IsNull() {
		return nil, &Error{
			Number: check.ParameterType, Code: "query-bind-type",
			Message: "invalid structure of bind parameters: give an object of names and values, not a value of type " + bind.Kind().String(),
		}
	}
	out := make(map[string]value.Value, bind.Len())
	for _, m := range bind.Members() {
		out[m.Name] = m.Value
	}
	return out, nil
}

// ready gives the plan of a request, a kept one if there is one that still holds.
func (e *Engine) ready(ctx context.Context, x *Execution, in rows.Snapshot) (p *prepared, cached bool, err error) {
	r := &x.r
	key, now := r.key(), x.about.begun
	if !r.Options.NoCache {
		p, stale := e.plans.find(key, r.Bind, now)
		if p != nil && p.valid(in) && (!stale || p.timely(estimates(in))) {
			return p, true, nil
		}
	}
	if p, err = e.prepare(ctx, x, in); err != nil {
		return nil, false, err
	}
	if !r.Options.NoCache {
		e.plans.put(key, r.Bind, p, now)
	}
	return p, false, nil
}
