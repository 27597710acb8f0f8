package plan

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Config is what a plan is made with.
type Config struct {
	Reader     rows.Reader
	Statistics rows.Statistics // nil: every collection is thought to be middling
	// Rules switches rules: "-all", "+all", "-name", "+name", one after another. All are on at first.
	Rules []string
	// MaxPlans bounds how many orders of loops are compared; 0 is 128.
	MaxPlans int
	// Parallel allows collections to be read in parts side by side.
	Parallel bool
	// ParallelFrom is how many documents a collection must have for that; 0 is 20,000.
	ParallelFrom int
	// FullCount makes the last LIMIT of the query itself count what it leaves out.
	FullCount bool
	// Bind has the values of parameters: only those of options, graphs and attribute names are read.
	Bind map[string]value.Value
	// Stop is asked now and then, if there is one: its error ends the planning, and is what Build gives.
	Stop func() error
	// Mutant makes the planner wrong in one of the ways of Mutants, to see that tests notice.
	Mutant string
}

// Error is a query that cannot be planned.
type Error struct {
	Number int // of the AQL family
	Pos    ast.Pos
	Text   string
}

// Error gives the text and the place.
func (e *Error) Error() string {
	return fmt.Sprintf("%s (line %d, column %d)", e.Text, e.Pos.Line, e.Pos.Column)
}

// builder makes one plan with all plans within it.
type builder struct {
	Config
	nextVariable int
	subqueries   int
	rules        []Rule
	off          map[string]bool
	fired        []string
	writes       bool
	collections  map[*rows.Collection]bool
	order        []*rows.Collection
	inline       map[*ast.Subquery]*Plan
	inlined      []*ast.Subquery // the same in the order in which they were met
	counts       map[*rows.Collection]float64
	distinct     map[*rows.Index][]float64
	entries      map[counted]int
	whole        *Plan
	warnings     []Warning
	stopped      error
}

// over asks whether to go on. What is planned once it is over is thrown away.
func (b *builder) over() bool {
	if b.stopped == nil && b.Stop != nil {
		b.stopped = b.Stop()
	}
	return b.stopped != nil
}

// Build plans a checked query.
func Build(q *ast.Query, c Config) (*Plan, error) {
	b := &builder{
		Config: c, off: switches(c.Rules), collections: map[*rows.Collection]bool{}, inline: map[*ast.Subquery]*Plan{},
		counts: map[*rows.Collection]float64{}, distinct: map[*rows.Index][]float64{}, entries: map[counted]int{},
	}
	ast.WalkBlock(q.Body, func(o ast.Operation) bool {
		b.seen(ast.Declares(o)...)
		if t, ok := o.(*ast.Traversal); ok {
			b.seen(t.PruneVar)
		}
		return true
	}, func(e ast.Expr) bool {
		if x, ok := e.(*ast.Expansion); ok {
			b.seen(x.Current, x.Element)
		}
		return true
	})
	for _, with := range q.With {
		if _, err := b.collection(with); err != nil {
			return nil, err
		}
	}
	p := &Plan{nodes: []Node{&Singleton{}}}
	if err := b.lowerBlock(p, q.Body); err != nil {
		return nil, err
	}
	b.whole = p
	b.countFull(p)
	b.optimize(p)
	if b.over() {
		return nil, b.stopped
	}
	if err := b.forced(p); err != nil {
		return nil, err
	}
	b.finish(p)
	p.Variables = b.nextVariable
	p.Warnings = b.warnings
	p.Rules, p.Collections, p.Writes, p.Inline = b.fired, b.order, b.writes, b.inline
	return p, nil
}

// seen keeps the numbers of new variables above those of the query.
func (b *builder) seen(list ...*ast.Variable) {
	for _, v := range list {
		if v != nil {
			b.nextVariable = max(b.nextVariable, v.ID+1)
		}
	}
}

// variable makes a variable that the query cannot name.
func (b *builder) variable(name string) *ast.Variable {
	v := &ast.Variable{Name: name, ID: b.nextVariable, Internal: true}
	b.nextVariable++
	return v
}

// collection finds a collection that the query names.
func (b *builder) collection(c ast.Collection) (*rows.Collection, error) {
	found, ok := b.Reader.Collection(c.Name)
	if !ok {
		return nil, &Error{Number: 1203, Pos: c.Pos, Text: fmt.Sprintf("collection %q is not known", c.Name)}
	}
	if !b.collections[found] {
		b.collections[found] = true
		b.order = append(b.order, found)
	}
	return found, nil
}

// function finds the declaration of a function, nil when there is none.
func (b *builder) function(name string) *fn.Function {
	f, _ := fn.Lookup(name)
	return f
}

// countFull marks the last LIMIT of the query itself.
func (b *builder) countFull(p *Plan) {
	if !b.FullCount {
		return
	}
	for _, n := range slices.Backward(p.nodes) {
		if l, ok := n.(*LimitNode); ok {
			l.FullCount = true
			return
		}
	}
}

// finish numbers the nodes in the order in which they are shown, and joins them.
func (b *builder) finish(p *Plan) {
	id := 1
	b.number(p, &id)
	for _, x := range b.inlined {
		b.number(b.inline[x], &id)
	}
	eachPlan(p, b.inline, func(sub *Plan) {
		sub.Nodes, sub.Variables, sub.Inline = id, b.nextVariable, b.inline
		b.estimate(sub)
	})
}

func (b *builder) number(p *Plan, id *int) {
	var below Node
	for _, n := range p.nodes {
		h := n.Head()
		h.ID, h.Below = *id, below
		*id++
		below = n
		for _, sub := range plansOf(n) {
			b.number(sub, id)
		}
	}
	p.Root = below
}

// eachPlan calls f for the plans within p, the innermost first, and for p.
func eachPlan(p *Plan, inline map[*ast.Subquery]*Plan, f func(*Plan)) {
	var done map[*Plan]bool // a subquery within expressions may stand in several of them
	if len(inline) > 0 {
		done = map[*Plan]bool{}
	}
	var visit func(p *Plan)
	visit = func(p *Plan) {
		if p == nil || done[p] {
			return
		}
		if done != nil {
			done[p] = true
		}
		for _, n := range p.nodes {
			for _, sub := range plansOf(n) {
				visit(sub)
			}
			if done != nil {
				eachExpr(n, func(e ast.Expr) {
					ast.Walk(e, func(x ast.Expr) bool {
						if s, ok := x.(*ast.Subquery); ok {
							visit(inline[s])
							return false
						}
						return true
					})
				})
			}
		}
		f(p)
	}
	visit(p)
}

// plansOf gives the plans that a node has of its own.
func plansOf(n Node) []*Plan {
	switch n := n.(type) {
	case *SubqueryNode:
		return []*Plan{n.Plan}
	case *HashJoin:
		return []*Plan{n.Build}
	case *Upsert:
		return []*Plan{n.Lookup}
	}
	return nil
}
