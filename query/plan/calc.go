package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
)

// inlineCalculations puts what is as cheap as a variable in place of the variable: attributes, constants, parameters.
func inlineCalculations(b *builder, p *Plan) bool {
	by := map[*ast.Variable]ast.Expr{}
	for i, n := range p.nodes {
		c, ok := n.(*Calculation)
		if !ok || b.gathered(p.nodes[i+1:], c.Out) || b.gathered(b.whole.nodes, c.Out) {
			continue
		}
		e := substitute(c.Expr, by)
		if cheap(e) || b.onlyMembers(p, i, c.Out, e) {
			by[c.Out] = e
		}
	}
	if len(by) == 0 {
		return false
	}
	b.replace(p.nodes, by)
	b.rewriteAll(p.nodes, fold)
	p.nodes = slices.DeleteFunc(p.nodes, func(n Node) bool {
		c, ok := n.(*Calculation)
		return ok && by[c.Out] != nil
	})
	return true
}

// onlyMembers tells whether an expression is an object of cheap things that are only asked for one by one.
func (b *builder) onlyMembers(p *Plan, i int, v *ast.Variable, e ast.Expr) bool {
	object, ok := e.(*ast.Object)
	if !ok {
		return false
	}
	for _, m := range object.Members {
		if m.Computed != nil || !cheap(m.Value) {
			return false
		}
	}
	u := b.usesOf(p, i+1, v)
	return !u.whole && len(u.paths) > 0
}

func cheap(e ast.Expr) bool {
	switch e.(type) {
	case *ast.Literal, *ast.Param:
		return true
	}
	_, _, ok := pathOf(e)
	return ok
}

// removeUnused takes out calculations and subqueries that nobody reads, and what a COLLECT makes for nobody.
func removeUnused(b *builder, p *Plan) bool {
	changed := false
	for again := true; again && !b.over(); {
		again = false
		needed := b.needed(p)
		for i := len(p.nodes) - 1; i > 0; i-- {
			switch n := p.nodes[i].(type) {
			case *Calculation:
				if needed[n.Out] == 0 && b.steady(n.Expr) {
					p.remove(i)
					again = true
				}
			case *SubqueryNode:
				if needed[n.Out] == 0 && b.steadyPlan(n.Plan) {
					p.remove(i)
					again = true
				}
			case *Collect:
				again = b.trimCollect(n, needed) || again
			}
		}
		changed = changed || again
	}
	return changed
}

// trimCollect drops aggregates and gathered rows that nobody reads.
func (b *builder) trimCollect(n *Collect, needed map[*ast.Variable]int) bool {
	if len(n.Groups) == 0 {
		return false // one row comes in any case, and something must say so
	}
	before := len(n.Aggregates)
	n.Aggregates = slices.DeleteFunc(n.Aggregates, func(a ast.Aggregate) bool {
		return needed[a.Var] == 0 && b.steady(a.Arg)
	})
	changed := len(n.Aggregates) != before
	if n.Into != nil && needed[n.Into] == 0 && b.steady(n.IntoExpr) {
		n.Into, n.IntoExpr, n.Gather = nil, nil, nil
		changed = true
	}
	return changed
}

// movable tells whether a node only sets a variable, and may do so earlier or later.
func (b *builder) movable(n Node) bool {
	switch n := n.(type) {
	case *Calculation:
		return b.steady(n.Expr)
	case *SubqueryNode:
		return b.steadyPlan(n.Plan)
	}
	return false
}

// moveCalculationsUp computes what does not depend on a loop before it.
func moveCalculationsUp(b *builder, p *Plan) bool {
	changed := false
	for i := 2; i < len(p.nodes) && !b.over(); i++ {
		n := p.nodes[i]
		if !b.movable(n) {
			continue
		}
		need := b.reads(n)
		to := i
		for at := i - 1; at > 0; at-- {
			below := p.nodes[at]
			if slices.ContainsFunc(sets(below), func(v *ast.Variable) bool { return need[v] }) || !b.calculationPasses(below) {
				break
			}
			if isLoop(below) {
				to = at
			}
		}
		if to < i {
			p.remove(i)
			p.insert(to, n)
			changed = true
		}
	}
	return b.hoist(p) || changed
}

// calculationPasses tells whether a calculation may stand on either side of a node.
func (b *builder) calculationPasses(n Node) bool {
	switch n.(type) {
	case *Collect, *Window, *Modify, *Upsert, *Distinct, *Return, *Singleton, *NoResults:
		return false
	}
	return b.steadyNode(n)
}

// hoist takes out of subqueries what does not depend on anything within them.
func (b *builder) hoist(p *Plan) bool {
	changed := false
	for i := 0; i < len(p.nodes); i++ {
		s, ok := p.nodes[i].(*SubqueryNode)
		if !ok {
			continue
		}
		for j := 1; j < len(s.Plan.nodes) && b.movable(s.Plan.nodes[j]) && worthHoisting(s.Plan.nodes[j]); j++ {
			n := s.Plan.nodes[j]
			need := b.reads(n)
			if s.Plan.setFrom(0).hasAny(need) {
				continue
			}
			s.Plan.remove(j)
			j--
			p.insert(i, n)
			i++
			changed = true
		}
	}
	return changed
}

// worthHoisting leaves what costs nothing where it is.
func worthHoisting(n Node) bool {
	c, ok := n.(*Calculation)
	return !ok || !cheap(c.Expr)
}

// moveCalculationsDown computes what filters, sorts and limits do not need after them.
func moveCalculationsDown(b *builder, p *Plan) bool {
	changed := false
	for i := len(p.nodes) - 2; i > 0; i-- {
		n := p.nodes[i]
		if !b.movable(n) {
			continue
		}
		out := sets(n)
		to := i
		for at := i + 1; at < len(p.nodes); at++ {
			above := p.nodes[at]
			if !b.waits(above) || slices.ContainsFunc(out, func(v *ast.Variable) bool { return b.reads(above)[v] }) {
				break
			}
			switch above.(type) {
			case *Filter, *LimitNode:
				to = at
			}
		}
		if to > i {
			p.remove(i)
			p.insert(to, n)
			changed = true
		}
	}
	return changed
}

// waits tells whether a calculation may come after a node and loses nothing by it.
func (b *builder) waits(n Node) bool {
	switch n.(type) {
	case *Filter, *LimitNode, *Sort, *Calculation, *SubqueryNode:
		return b.steadyNode(n)
	}
	return false
}
