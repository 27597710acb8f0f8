package exec

import (
	"cmp"
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/plan"
)

// layout says where the variables of one plan stand in its rows. Those that are never read have no place.
type layout struct {
	slots map[*ast.Variable]int
	width int
	// seed are the variables that the rows begin with: those from outside of the plan that it reads.
	seed []*ast.Variable
	// alive has, for each node, the slots that are read above it.
	alive map[plan.Node][]int
}

// slot gives the place of a variable, -1 when it has none.
func (l *layout) slot(v *ast.Variable) int {
	if v == nil {
		return -1
	}
	if i, ok := l.slots[v]; ok {
		return i
	}
	return -1
}

// chain gives the nodes of a plan from the bottom up.
func chain(root plan.Node) []plan.Node {
	n := 0
	for at := root; at != nil; at = at.Head().Below {
		n++
	}
	out := make([]plan.Node, n)
	for at := root; at != nil; at = at.Head().Below {
		n--
		out[n] = at
	}
	return out
}

// reading finds what parts of a plan read, looking into the plans within it.
type reading struct {
	inline map[*ast.Subquery]*plan.Plan
}

// node gives the variables that a node reads and does not set itself.
func (r reading) node(n plan.Node) ast.Set {
	out := ast.Set{}
	plan.Expressions(n, func(e ast.Expr) { r.expr(out, e) })
	if c, ok := n.(*plan.Collect); ok {
		for _, v := range c.Gather {
			out.Add(v)
		}
	}
	for _, p := range plan.Within(n) {
		for v := range r.plan(p) {
			out.Add(v)
		}
	}
	for _, v := range plan.Own(n) {
		delete(out, v)
	}
	return out
}

// plan gives the variables that a plan reads from outside.
func (r reading) plan(p *plan.Plan) ast.Set {
	out, own := ast.Set{}, ast.Set{}
	for _, n := range chain(p.Root) {
		for v := range r.node(n) {
			out.Add(v)
		}
		for _, v := range plan.Sets(n) {
			own.Add(v)
		}
	}
	for v := range own {
		delete(out, v)
	}
	return out
}

// expr adds what an expression reads.
func (r reading) expr(out ast.Set, e ast.Expr) {
	own, found := ast.Set{}, ast.Set{}
	ast.Walk(e, func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.Ref:
			found.Add(x.Var)
		case *ast.Expansion:
			own.Add(x.Current)
			own.Add(x.Element)
		case *ast.Subquery:
			if p := r.inline[x]; p != nil {
				for v := range r.plan(p) {
					found.Add(v)
				}
				return false
			}
		}
		return true
	})
	for v := range found {
		if !own.Has(v) {
			out.Add(v)
		}
	}
}

// lay gives each variable of a plan a slot. Those that are not alive at the same time may share one. The variables of
// keep are read by whoever draws from the plan.
func lay(p *plan.Plan, inline map[*ast.Subquery]*plan.Plan, keep ast.Set) *layout {
	nodes, r := chain(p.Root), reading{inline: inline}
	last := map[*ast.Variable]int{} // the node that reads a variable last
	set := ast.Set{}
	for i, n := range nodes {
		for v := range r.node(n) {
			last[v] = i
		}
		for _, v := range plan.Sets(n) {
			set.Add(v)
		}
	}
	for v := range keep {
		last[v] = len(nodes)
	}
	l := &layout{slots: map[*ast.Variable]int{}, alive: map[plan.Node][]int{}}
	a := &allotting{layout: l, last: last}
	for _, v := range inOrder(last) {
		if !set.Has(v) {
			l.seed = append(l.seed, v)
			a.take(v)
		}
	}
	for i, n := range nodes {
		a.free(i)
		for _, v := range plan.Sets(n) {
			if _, read := last[v]; read && l.slot(v) < 0 {
				a.take(v)
			}
		}
		l.alive[n] = a.above(i)
	}
	return l
}

// inOrder gives the variables of a map in order of their numbers, so that the same plan has the same layout.
func inOrder(of map[*ast.Variable]int) []*ast.Variable {
	out := make([]*ast.Variable, 0, len(of))
	for v := range of {
		out = append(out, v)
	}
	sortVariables(out)
	return out
}

// allotting hands out slots.
type allotting struct {
	*layout
	last map[*ast.Variable]int
	used []*ast.Variable // by slot, nil when it is free
}

// take gives a variable the first free slot.
func (a *allotting) take(v *ast.Variable) {
	at := 0
	for at < len(a.used) && a.used[at] != nil {
		at++
	}
	if at == len(a.used) {
		a.used = append(a.used, nil)
		a.width = len(a.used)
	}
	a.used[at] = v
	a.slots[v] = at
}

// free gives back the slots of what no node from i on reads.
func (a *allotting) free(i int) {
	for at, v := range a.used {
		if v != nil && a.last[v] < i {
			a.used[at] = nil
		}
	}
}

// above gives the slots that are read above node i.
func (a *allotting) above(i int) []int {
	var out []int
	for at, v := range a.used {
		if v != nil && a.last[v] > i {
			out = append(out, at)
		}
	}
	return out
}

func sortVariables(list []*ast.Variable) {
	slices.SortFunc(list, func(a, b *ast.Variable) int {
		if a.ID != b.ID {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(a.Name, b.Name)
	})
}
