package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
)

// insert puts nodes before place i.
func (p *Plan) insert(i int, list ...Node) { p.nodes = slices.Insert(p.nodes, i, list...) }

// remove takes the node at place i out.
func (p *Plan) remove(i int) { p.nodes = slices.Delete(p.nodes, i, i+1) }

// drop takes a node out, wherever it stands.
func (p *Plan) drop(n Node) {
	if i := slices.Index(p.nodes, n); i >= 0 {
		p.remove(i)
	}
}

// setFrom gives the variables that are set at place i and above.
func (p *Plan) setFrom(i int) varSet {
	out := varSet{}
	for _, n := range p.nodes[i:] {
		out.add(sets(n)...)
		out.add(own(n)...)
	}
	return out
}

// oneRow tells whether the nodes below place i give one row at most.
func (p *Plan) oneRow(i int) bool {
	for _, n := range p.nodes[:i] {
		switch n := n.(type) {
		case *Singleton, *Calculation, *SubqueryNode, *Filter, *LimitNode, *NoResults:
		case *EnumerateCollection:
			if n.CountOnly == nil {
				return false
			}
		case *Collect:
			if len(n.Groups) > 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// replace puts expressions in place of variables in all nodes from place i up, and in the plans within them.
func (b *builder) replace(list []Node, by map[*ast.Variable]ast.Expr) {
	for _, n := range list {
		edit(n, func(e ast.Expr) ast.Expr {
			ast.Walk(e, func(x ast.Expr) bool {
				if s, ok := x.(*ast.Subquery); ok && b.inline[s] != nil {
					b.replace(b.inline[s].nodes, by)
					return false
				}
				return true
			})
			return substitute(e, by)
		})
		for _, p := range plansOf(n) {
			b.replace(p.nodes, by)
		}
	}
}

// needed counts, for each variable, how many places read it, in a plan and the plans within it.
func (b *builder) needed(p *Plan) map[*ast.Variable]int {
	out := map[*ast.Variable]int{}
	b.count(p, out)
	return out
}

func (b *builder) count(p *Plan, out map[*ast.Variable]int) {
	for _, n := range p.nodes {
		eachExpr(n, func(e ast.Expr) {
			ast.Walk(e, func(x ast.Expr) bool {
				switch x := x.(type) {
				case *ast.Ref:
					out[x.Var]++
				case *ast.Subquery:
					if b.inline[x] != nil {
						b.count(b.inline[x], out)
						return false
					}
				}
				return true
			})
		})
		if c, ok := n.(*Collect); ok {
			for _, v := range c.Gather {
				out[v]++
			}
		}
		for _, sub := range plansOf(n) {
			b.count(sub, out)
		}
	}
}

// gathered tells whether a variable is gathered by name by an INTO somewhere.
func (b *builder) gathered(list []Node, v *ast.Variable) bool {
	return slices.ContainsFunc(list, func(n Node) bool {
		if c, ok := n.(*Collect); ok && slices.Contains(c.Gather, v) {
			return true
		}
		found := false
		eachExpr(n, func(e ast.Expr) {
			ast.Walk(e, func(x ast.Expr) bool {
				if s, ok := x.(*ast.Subquery); ok && b.inline[s] != nil {
					found = found || b.gathered(b.inline[s].nodes, v)
				}
				return !found
			})
		})
		return found || slices.ContainsFunc(plansOf(n), func(p *Plan) bool { return b.gathered(p.nodes, v) })
	})
}

// writesIn tells whether a plan writes.
func (p *Plan) writesIn() bool {
	return slices.ContainsFunc(p.nodes, func(n Node) bool {
		switch n.(type) {
		case *Modify, *Upsert:
			return true
		}
		return slices.ContainsFunc(plansOf(n), (*Plan).writesIn)
	})
}

// steadyNode tells whether a node may be computed more or less often, or earlier or later, without a difference other
// than its rows: it does not write and all its expressions are steady.
func (b *builder) steadyNode(n Node) bool {
	switch n := n.(type) {
	case *Modify, *Upsert:
		return false
	case *EnumerateCollection:
		if n.Random {
			return false
		}
	}
	ok := true
	eachExpr(n, func(e ast.Expr) { ok = ok && b.steady(e) })
	for _, sub := range plansOf(n) {
		ok = ok && b.steadyPlan(sub)
	}
	return ok
}

func (b *builder) steadyPlan(p *Plan) bool {
	for _, n := range p.nodes {
		if !b.steadyNode(n) {
			return false
		}
	}
	return true
}

// longestDefinition is how many parts a calculation may have that is looked through: each may stand in several places of
// the next, so that they could grow without end.
const longestDefinition = 200

// definitions gives what calculations of a plan set, each in terms of variables that no calculation sets.
func (b *builder) definitions(p *Plan) map[*ast.Variable]ast.Expr {
	out, sizes := map[*ast.Variable]ast.Expr{}, map[*ast.Variable]int{}
	for _, n := range p.nodes {
		c, ok := n.(*Calculation)
		if !ok || !b.steady(c.Expr) {
			continue
		}
		size := 0
		ast.Walk(c.Expr, func(x ast.Expr) bool {
			size++
			if r, ok := x.(*ast.Ref); ok {
				size += sizes[r.Var]
			}
			return true
		})
		if size <= longestDefinition {
			out[c.Out], sizes[c.Out] = substitute(c.Expr, out), size
		}
	}
	return out
}

// takesCollection tells whether argument i may be the name of a collection.
func takesCollection(params []fn.Param, i int) bool {
	if i >= len(params) && len(params) > 0 && params[len(params)-1].Variadic {
		i = len(params) - 1
	}
	return i < len(params) && params[i].Types&fn.Collection != 0
}

// unmoved names functions that do something besides giving a value, whatever their declaration says.
func unmoved() []string {
	return []string{"SLEEP", "FAIL", "ASSERT", "WARN", "APPLY", "CALL", "RAND", "RANDOM_TOKEN", "UUID"}
}

// readsData tells whether a function reads documents.
func readsData(name string) bool {
	f, ok := fn.Lookup(name)
	return !ok || f.Reads
}

// steady tells whether it does not matter how often, when and whether an expression is computed within one execution.
func (b *builder) steady(list ...ast.Expr) bool {
	ok := true
	for _, e := range list {
		ast.Walk(e, func(x ast.Expr) bool {
			switch x := x.(type) {
			case *ast.Subquery:
				ok = false
			case *ast.Call:
				f, known := fn.Lookup(x.Name)
				switch {
				case !known || slices.Contains(unmoved(), x.Name) || slices.Contains(unmoved(), f.Name):
					ok = false
				case f.Reads:
					ok = ok && !b.writes
				default:
					ok = ok && (f.Deterministic || f.Stable)
				}
			}
			return ok
		})
	}
	return ok
}
