package plan

import (
	"math"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// visit calls f for every expression of nodes and of all plans within them; f says whether to go deeper.
func (b *builder) visit(list []Node, f func(ast.Expr) bool) {
	for _, n := range list {
		eachExpr(n, func(e ast.Expr) {
			ast.Walk(e, func(x ast.Expr) bool {
				if s, ok := x.(*ast.Subquery); ok && b.inline[s] != nil {
					b.visit(b.inline[s].nodes, f)
					return false
				}
				return f(x)
			})
		})
		for _, p := range plansOf(n) {
			b.visit(p.nodes, f)
		}
	}
}

// rewriteAll puts what f gives in place of expressions, from the leaves up, in nodes and all plans within them.
func (b *builder) rewriteAll(list []Node, f func(ast.Expr) ast.Expr) {
	for _, n := range list {
		edit(n, func(e ast.Expr) ast.Expr {
			ast.Walk(e, func(x ast.Expr) bool {
				if s, ok := x.(*ast.Subquery); ok && b.inline[s] != nil {
					b.rewriteAll(b.inline[s].nodes, f)
					return false
				}
				return true
			})
			return rewrite(e, f)
		})
		for _, p := range plansOf(n) {
			b.rewriteAll(p.nodes, f)
		}
	}
}

// inlineSubqueries makes FOR x IN (FOR ...) a loop within the loop.
func inlineSubqueries(b *builder, p *Plan) bool {
	changed := false
	for j := 1; j < len(p.nodes); j++ {
		list, ok := p.nodes[j].(*EnumerateList)
		if !ok {
			continue
		}
		r, ok := list.In.(*ast.Ref)
		if !ok {
			continue
		}
		i := p.subqueryOf(r.Var, j)
		if i < 0 || b.needed(b.whole)[r.Var] != 1 {
			continue
		}
		sub := p.nodes[i].(*SubqueryNode).Plan
		if !b.inlinable(p, i, j, sub) {
			continue
		}
		last := len(sub.nodes) - 1
		body := append([]Node{}, sub.nodes[1:last]...)
		body = append(body, &Calculation{Expr: sub.nodes[last].(*Return).Expr, Out: list.Out})
		p.remove(j)
		p.insert(j, body...)
		p.remove(i)
		j = i
		changed = true
	}
	return changed
}

// subqueryOf finds the node below place j that sets a variable to a subquery's rows, -1 when there is none.
func (p *Plan) subqueryOf(v *ast.Variable, j int) int {
	for i := j - 1; i > 0; i-- {
		if s, ok := p.nodes[i].(*SubqueryNode); ok && s.Out == v {
			return i
		}
	}
	return -1
}

// inlinable tells whether the nodes of a subquery may stand in place of the loop over its rows. A sort or limit of the
// subquery would go over all rows, unless there is only one to begin with.
func (b *builder) inlinable(p *Plan, i, j int, sub *Plan) bool {
	if _, ok := sub.nodes[len(sub.nodes)-1].(*Return); !ok || !b.steadyPlan(sub) {
		return false
	}
	for _, n := range p.nodes[i+1 : j] {
		if !b.steadyNode(n) || isLoop(n) { // it ran once, not for each row of a loop
			return false
		}
	}
	single := p.oneRow(j)
	for _, n := range sub.nodes[1 : len(sub.nodes)-1] {
		switch n.(type) {
		case *EnumerateCollection, *EnumerateList, *Traversal, *PathSearch, *TimeSeries, *Filter, *Calculation, *SubqueryNode:
		case *Sort, *LimitNode:
			if !single && b.Mutant != "inline-limited" {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// stopSubqueries ends subqueries early of which only the first rows matter.
func stopSubqueries(b *builder, p *Plan) bool {
	changed := false
	for i, n := range p.nodes {
		s, ok := n.(*SubqueryNode)
		if !ok || s.Stop > 0 || !b.steadyPlan(s.Plan) || b.gathered(b.whole.nodes, s.Out) {
			continue
		}
		enough := b.enough(p.nodes[i+1:], s.Out)
		if enough == 0 {
			continue
		}
		s.Stop = enough
		s.Plan.insert(len(s.Plan.nodes)-1, &LimitNode{Count: literal(value.Int(int64(enough)))})
		changed = true
	}
	return changed
}

// enough tells how many elements of an array are ever asked for, 0 when it may be all.
func (b *builder) enough(list []Node, v *ast.Variable) int {
	most, all := 0, false
	b.visit(list, func(e ast.Expr) bool {
		if n := elementsAsked(e, v); n > 0 {
			most = max(most, n)
			return false
		}
		if r, ok := e.(*ast.Ref); ok && r.Var == v {
			all = true
		}
		return !all
	})
	if all || most > 1000 {
		return 0
	}
	return most
}

// elementsAsked reads FIRST(v), v[0] and comparisons of LENGTH(v) with a constant.
func elementsAsked(e ast.Expr, v *ast.Variable) int {
	switch e := e.(type) {
	case *ast.Call:
		if e.Name == "FIRST" && len(e.Args) == 1 && isRef(e.Args[0], v) {
			return 1
		}
	case *ast.Index:
		at, ok := literalOf(e.Index)
		if isRef(e.Of, v) && ok && at.Kind() == value.KindNumber && at.Float64() >= 0 {
			return int(min(at.Float64(), 1e6)) + 1
		}
	case *ast.Binary:
		if turned(e.Op) == 0 {
			return 0
		}
		n, ok := literalOf(e.R)
		of := e.L
		if !ok {
			n, ok = literalOf(e.L)
			of = e.R
		}
		if ok && isLength(of, v) && n.Kind() == value.KindNumber {
			return int(math.Ceil(min(max(n.Float64(), 0), 1e6))) + 1
		}
	}
	return 0
}

func isRef(e ast.Expr, v *ast.Variable) bool {
	r, ok := e.(*ast.Ref)
	return ok && r.Var == v
}

func isLength(e ast.Expr, v *ast.Variable) bool {
	c, ok := e.(*ast.Call)
	return ok && (c.Name == "LENGTH" || c.Name == "COUNT") && len(c.Args) == 1 && isRef(c.Args[0], v)
}

// countSubqueries counts the rows of subqueries of which only the number matters.
func countSubqueries(b *builder, p *Plan) bool {
	changed := false
	for i, n := range p.nodes {
		s, ok := n.(*SubqueryNode)
		if !ok || s.Stop > 0 || !b.steadyPlan(s.Plan) || b.gathered(b.whole.nodes, s.Out) || !b.onlyCounted(p.nodes[i+1:], s.Out) {
			continue
		}
		last := len(s.Plan.nodes) - 1
		if _, ok := s.Plan.nodes[last].(*Return); !ok {
			continue
		}
		count := b.variable("count")
		s.Plan.nodes[last] = &Collect{Method: CollectCount, CountInto: count}
		s.Plan.add(&Return{Expr: ref(count)})
		b.rewriteAll(p.nodes[i+1:], func(e ast.Expr) ast.Expr {
			if isLength(e, s.Out) {
				return &ast.Index{Pos: e.At(), Of: ref(s.Out), Index: literal(value.Int(0))}
			}
			return e
		})
		changed = true
	}
	return changed
}

// onlyCounted tells whether an array is read, and only for its length.
func (b *builder) onlyCounted(list []Node, v *ast.Variable) bool {
	counted, other := false, false
	b.visit(list, func(e ast.Expr) bool {
		if isLength(e, v) {
			counted = true
			return false
		}
		other = other || isRef(e, v)
		return !other
	})
	return counted && !other
}
