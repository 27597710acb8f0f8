package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// splitFilters makes each side of an AND a filter of its own.
func splitFilters(_ *builder, p *Plan) bool {
	changed := false
	for i := 0; i < len(p.nodes); i++ {
		f, ok := p.nodes[i].(*Filter)
		if !ok {
			continue
		}
		list := conjuncts(f.Cond)
		if len(list) < 2 {
			continue
		}
		var parts []Node
		for _, c := range list {
			parts = append(parts, &Filter{Cond: c})
		}
		p.nodes = slices.Replace(p.nodes, i, i+1, parts...)
		i += len(parts) - 1
		changed = true
	}
	return changed
}

// removeFilters takes out filters that always hold, and everything when one never does.
func removeFilters(b *builder, p *Plan) bool {
	changed := false
	for i := 0; i < len(p.nodes); i++ {
		f, ok := p.nodes[i].(*Filter)
		if !ok {
			continue
		}
		v, ok := literalOf(f.Cond)
		switch {
		case ok && truth(v):
			p.remove(i)
			i--
			changed = true
		case (ok || b.contradiction(p, i)) && b.quiet(p, i):
			p.nodes[i] = &NoResults{}
			return true
		}
	}
	return changed
}

// truth reads a value as a condition.
func truth(v value.Value) bool {
	switch v.Kind() {
	case value.KindNull:
		return false
	case value.KindBool:
		return v.Bool()
	case value.KindNumber:
		return v.Float64() != 0
	case value.KindString:
		return v.Str() != ""
	}
	return true
}

// quiet tells whether nothing below place i does anything but make rows.
func (b *builder) quiet(p *Plan, i int) bool {
	for _, n := range p.nodes[:i] {
		if !b.steadyNode(n) {
			return false
		}
	}
	return true
}

// contradiction tells whether the filter at place i and those right below it ask one attribute to be two things.
func (b *builder) contradiction(p *Plan, i int) bool {
	var bounds []bound
	for ; i >= 0; i-- {
		f, ok := p.nodes[i].(*Filter)
		if !ok || !b.steady(f.Cond) {
			break
		}
		if x, ok := boundOf(f.Cond); ok {
			bounds = append(bounds, x)
		}
	}
	for j := range bounds {
		if !bounds[0].fits(bounds[j]) {
			return true
		}
	}
	return false
}

// bound is a comparison of an attribute with a constant.
type bound struct {
	v    *ast.Variable
	path value.Path
	op   ast.Op
	to   value.Value
}

func boundOf(e ast.Expr) (bound, bool) {
	x, ok := e.(*ast.Binary)
	if !ok || turned(x.Op) == 0 {
		return bound{}, false
	}
	left, op, right := x.L, x.Op, x.R
	to, ok := literalOf(right)
	if !ok {
		left, op = right, turned(op)
		if to, ok = literalOf(x.L); !ok {
			return bound{}, false
		}
	}
	v, path, ok := pathOf(left)
	return bound{v: v, path: path, op: op, to: to}, ok && len(path) > 0
}

// fits tells whether some value may fulfil both.
func (x bound) fits(y bound) bool {
	if x.v != y.v || !x.path.Equal(y.path) {
		return true
	}
	if x.op != ast.OpEqual {
		x, y = y, x
	}
	if x.op == ast.OpEqual {
		return compares(x.to, y.op, y.to)
	}
	c := value.Compare(x.to, y.to)
	above := func(op ast.Op) bool { return op == ast.OpGreater || op == ast.OpGreaterEqual }
	below := func(op ast.Op) bool { return op == ast.OpLess || op == ast.OpLessEqual }
	strict := x.op == ast.OpGreater || x.op == ast.OpLess || y.op == ast.OpGreater || y.op == ast.OpLess
	switch {
	case above(x.op) && below(y.op):
		return c < 0 || c == 0 && !strict
	case below(x.op) && above(y.op):
		return c > 0 || c == 0 && !strict
	}
	return true
}

func compares(a value.Value, op ast.Op, b value.Value) bool {
	c := value.Compare(a, b)
	switch op {
	case ast.OpEqual:
		return c == 0
	case ast.OpNotEqual:
		return c != 0
	case ast.OpLess:
		return c < 0
	case ast.OpLessEqual:
		return c <= 0
	case ast.OpGreater:
		return c > 0
	}
	return c >= 0
}

// moveFiltersUp asks filters as early as their variables are there.
func moveFiltersUp(b *builder, p *Plan) bool {
	changed := false
	for i := 1; i < len(p.nodes); i++ {
		f, ok := p.nodes[i].(*Filter)
		if !ok || !b.steady(f.Cond) {
			continue
		}
		at := i
		for at > 0 && b.filterPasses(f, p.nodes[at-1]) {
			at--
		}
		// Filters keep their order among themselves.
		for at < i {
			if _, isFilter := p.nodes[at].(*Filter); !isFilter {
				break
			}
			at++
		}
		if at < i {
			p.remove(i)
			p.insert(at, f)
			changed = true
		}
	}
	return changed
}

// filterPasses tells whether a filter may be asked before a node instead of after it. It may change in terms of what
// the node groups by.
func (b *builder) filterPasses(f *Filter, n Node) bool {
	need := uses(f.Cond)
	for _, v := range sets(n) {
		if need[v] {
			return b.passesGroup(f, n)
		}
	}
	switch n := n.(type) {
	case *Singleton, *NoResults, *Window, *Return, *Distinct:
		return false
	case *Modify, *Upsert:
		return b.Mutant == "filter-past-modify"
	case *Collect:
		return false
	case *LimitNode:
		return b.Mutant == "filter-past-limit"
	default:
		return b.steadyNode(n)
	}
}

// passesGroup moves a comparison of a group's key with something below COLLECT: values that are the same group compare
// the same. Other conditions may tell 1 from 1.0.
func (b *builder) passesGroup(f *Filter, n Node) bool {
	c, ok := n.(*Collect)
	if !ok || !b.steadyNode(n) {
		return false
	}
	by := map[*ast.Variable]ast.Expr{}
	keys := varSet{}
	for _, g := range c.Groups {
		by[g.Var] = g.Expr
		keys.add(g.Var)
	}
	need := uses(f.Cond)
	for _, v := range sets(n) {
		if need[v] && !keys[v] {
			return false
		}
	}
	x, ok := f.Cond.(*ast.Binary)
	if !ok || turned(x.Op) == 0 && x.Op != ast.OpIn {
		return false
	}
	for _, side := range []ast.Expr{x.L, x.R} {
		r, isRef := side.(*ast.Ref)
		if isRef && keys[r.Var] {
			continue
		}
		if uses(side).hasAny(keys) {
			return false
		}
	}
	if x.Op == ast.OpIn && uses(x.R).hasAny(keys) {
		return false
	}
	f.Cond = substitute(f.Cond, by)
	return true
}
