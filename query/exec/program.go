package exec

import (
	"fmt"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// Program is a compiled plan.
type Program struct {
	plan  *plan.Plan
	shape closure.Shape
	main  *pipeline
}

// Plan gives the plan that was compiled.
func (p *Program) Plan() *plan.Plan { return p.plan }

// pipeline is one compiled plan: the query, or one within it.
type pipeline struct {
	layout *layout
	top    step
	// result is what RETURN gives; nil for plans without one.
	result closure.Eval
	emit   closure.Emit
	seeds  []closure.Eval // of layout.seed, over the rows of the plan around it
}

// step is one compiled node. It does not change.
type step interface {
	open(t *task, f *frame) (source, error)
}

// source is one step of a run. It belongs to one task.
type source interface {
	// next gives the next rows, nil when there are none. The block may be changed until the next call.
	next() (*block, error)
	// reset makes the source begin anew, with what the frame's seed is by then.
	reset()
	close()
}

// frame is what the sources of one running pipeline have in common.
type frame struct {
	seed []value.Value // the row that everything begins with
}

// compiler turns plans into pipelines.
type compiler struct {
	shape  *closure.Shape
	inline map[*ast.Subquery]*plan.Plan
}

// Compile makes a program of a plan.
func Compile(p *plan.Plan) (*Program, error) {
	out := &Program{plan: p}
	c := &compiler{shape: &out.shape, inline: p.Inline}
	var err error
	if out.main, err = c.pipeline(p, nil, nil); err != nil {
		return nil, err
	}
	return out, nil
}

// scope is where the nodes of one plan are compiled.
type scope struct {
	*compiler
	*layout
	expr  *closure.Compiler
	scans map[*plan.EnumerateCollection]*scanStep
	// inParallel is set while the bottom of a plan that is done in parts is compiled.
	inParallel bool
	// top is the last node of a plan that gives no rows.
	top plan.Node
}

// pipeline compiles a plan. Its seed comes from rows of the plan around it, which outer compiles expressions over.
func (c *compiler) pipeline(p *plan.Plan, outer *closure.Compiler, keep ast.Set) (*pipeline, error) {
	s := &scope{compiler: c, layout: lay(p, c.inline, keep), scans: map[*plan.EnumerateCollection]*scanStep{}}
	s.expr = &closure.Compiler{Shape: c.shape, Slot: s.slot, Subquery: c.within}
	out := &pipeline{layout: s.layout}
	for _, v := range s.seed {
		if outer == nil {
			return nil, internal("variable %s has no value", v.Name)
		}
		seed, err := outer.Eval(&ast.Ref{Name: v.Name, Var: v})
		if err != nil {
			return nil, err
		}
		out.seeds = append(out.seeds, seed)
	}
	top := p.Root
	if r, ok := top.(*plan.Return); ok {
		var err error
		if out.result, err = s.expr.Eval(r.Expr); err != nil {
			return nil, err
		}
		if out.emit, err = s.expr.Emit(r.Expr); err != nil {
			return nil, err
		}
		top = r.Below
	}
	if out.result == nil {
		s.top = top
	}
	var err error
	out.top, err = s.step(top)
	return out, err
}

// step compiles a node with all below it.
func (s *scope) step(n plan.Node) (step, error) {
	if n == nil {
		return &singleStep{width: s.width}, nil
	}
	if !s.inParallel {
		if parallel, err := s.parallel(n); parallel != nil || err != nil {
			return parallel, err
		}
	}
	return s.serial(n)
}

// serial compiles a node as one task does it.
func (s *scope) serial(n plan.Node) (step, error) {
	if n == nil {
		return &singleStep{width: s.width}, nil
	}
	below, err := s.step(n.Head().Below)
	if err != nil {
		return nil, err
	}
	made, err := s.node(n, below)
	if err != nil {
		return nil, err
	}
	return &measured{step: made, id: n.Head().ID}, nil
}

func (s *scope) node(n plan.Node, below step) (step, error) {
	switch n := n.(type) {
	case *plan.Singleton:
		return below, nil
	case *plan.NoResults:
		return noStep{}, nil
	case *plan.EnumerateCollection:
		return s.scan(n, below)
	case *plan.Index:
		return s.index(n, below)
	case *plan.EnumerateList:
		return s.list(n, below)
	case *plan.Calculation:
		return s.calculation(n, below)
	case *plan.Filter:
		return s.filter(n, below)
	case *plan.Sort:
		return s.sort(n, below)
	case *plan.LimitNode:
		return s.limit(n, below)
	case *plan.Collect:
		return s.collect(n, below)
	case *plan.Window:
		return s.window(n, below)
	case *plan.SubqueryNode:
		return s.subquery(n, below)
	case *plan.HashJoin:
		return s.join(n, below)
	case *plan.Distinct:
		return s.distinct(n, below)
	case *plan.Modify:
		return s.modify(n, below)
	case *plan.Upsert:
		return s.upsert(n, below)
	case *plan.TimeSeries:
		return s.series(n, below)
	}
	return s.walk(n, below)
}

// walk compiles the nodes that go through graphs.
func (s *scope) walk(n plan.Node, below step) (step, error) {
	switch n := n.(type) {
	case *plan.Traversal:
		return s.traversal(n, below)
	case *plan.PathSearch:
		return s.pathSearch(n, below)
	}
	return nil, internal("no step for %s", n.Kind())
}

// exprs compiles expressions, nil ones to nil.
func (s *scope) exprs(list ...ast.Expr) ([]closure.Eval, error) {
	out := make([]closure.Eval, len(list))
	for i, x := range list {
		if x == nil {
			continue
		}
		var err error
		if out[i], err = s.expr.Eval(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// within compiles a subquery that stands in an expression.
func (c *compiler) within(q *ast.Subquery, outer *closure.Compiler) (closure.Eval, error) {
	p := c.inline[q]
	if p == nil {
		return nil, fmt.Errorf("a subquery was not planned (line %d, column %d)", q.Pos.Line, q.Pos.Column)
	}
	sub, err := c.pipeline(p, outer, nil)
	if err != nil {
		return nil, err
	}
	place := c.shape.Inner
	c.shape.Inner++
	return func(e *closure.Env, row []value.Value) value.Value {
		t := e.Task.(*task)
		run, ok := e.Inner[place].(*running)
		if !ok {
			var err error
			if run, err = t.run(sub); err != nil {
				t.fail(err)
				return value.Null()
			}
			e.Inner[place] = run
		}
		v, held, err := run.array(row, 0)
		t.fail(err)
		t.grown += held
		return v
	}, nil
}

// running is a plan within another one, which is run for one row after another.
type running struct {
	t     *task
	p     *pipeline
	frame frame
	top   source
	begun bool
}

// run opens a plan within another one. It is closed with the task.
func (t *task) run(p *pipeline) (*running, error) {
	r := &running{t: t, p: p, frame: frame{seed: make([]value.Value, p.layout.width)}}
	var err error
	if r.top, err = p.top.open(t, &r.frame); err != nil {
		return nil, err
	}
	t.within = append(t.within, r)
	return r, nil
}

// begin starts the plan with a row of the plan around it.
func (r *running) begin(row []value.Value) {
	for i, seed := range r.p.seeds {
		r.frame.seed[i] = seed(&r.t.env, row)
	}
	if r.begun {
		r.top.reset()
	}
	r.begun = true
}

// end lets go of what the plan reads until it begins again.
func (r *running) end() {
	r.top.reset()
	r.begun = false
}

// array gives the rows of the plan for one row of the plan around it, and what they hold; with stop no more than that.
func (r *running) array(row []value.Value, stop int) (v value.Value, held int64, err error) {
	r.begin(row)
	var items []value.Value
	for {
		b, err := r.top.next()
		if err != nil || b == nil {
			return value.OwnItems(items), held, err
		}
		for i := range b.n {
			if r.p.result == nil {
				continue
			}
			v := r.p.result(&r.t.env, b.row(i))
			items = append(items, v)
			bytes := int64(slotBytes + v.Memory())
			held += bytes
			if err := r.t.grow(bytes); err != nil {
				return value.Null(), held, err
			}
			if len(items) == stop {
				return value.OwnItems(items), held, nil
			}
		}
		if r.t.failed != nil {
			return value.Null(), held, r.t.failed
		}
	}
}
