package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

// foldedBytes bounds the constants that are computed when the plan is made.
const foldedBytes = 64 << 10

// foldConstants computes what depends on nothing.
func foldConstants(b *builder, p *Plan) bool {
	changed := false
	for _, n := range p.nodes {
		edit(n, func(e ast.Expr) ast.Expr {
			to := rewrite(e, fold)
			changed = changed || to != e
			return to
		})
	}
	return changed
}

// fold computes one expression whose parts are computed already. What warns is left, so that it warns when it runs.
func fold(e ast.Expr) ast.Expr {
	if x, ok := shortcut(e); ok {
		return x
	}
	constant := true
	some := false
	ast.Children(e, func(x ast.Expr) {
		_, ok := x.(*ast.Literal)
		constant, some = constant && ok, true
	})
	if !constant || !some {
		return e
	}
	quiet := true
	c := &fn.Context{
		Warn: func(int, string) { quiet = false },
		Fail: func(error) { quiet = false },
		Grow: func(n int) error {
			if n > foldedBytes {
				return &fn.Error{Number: fn.ErrorLimit, Text: "constant is too large"}
			}
			return nil
		},
	}
	v, ok := compute(c, e)
	if !ok || !quiet || len(value.AppendJSON(nil, v)) > foldedBytes {
		return e
	}
	return &ast.Literal{Pos: e.At(), Value: v}
}

// shortcut takes the operand that a constant on the left chooses.
func shortcut(e ast.Expr) (ast.Expr, bool) {
	switch e := e.(type) {
	case *ast.Binary:
		v, ok := literalOf(e.L)
		switch {
		case ok && e.Op == ast.OpAnd && truth(v), ok && e.Op == ast.OpOr && !truth(v):
			return e.R, true
		case ok && (e.Op == ast.OpAnd || e.Op == ast.OpOr):
			return e.L, true
		}
	case *ast.Ternary:
		v, ok := literalOf(e.Cond)
		switch {
		case !ok:
		case !truth(v):
			return e.Else, true
		case e.Then == nil:
			return e.Cond, true
		default:
			return e.Then, true
		}
	case *ast.Unary:
		return negated(e)
	case *ast.Attribute:
		return memberOf(e)
	}
	return nil, false
}

// memberOf takes a member out of an object that is written out, in place of making the object.
func memberOf(e *ast.Attribute) (ast.Expr, bool) {
	object, ok := e.Of.(*ast.Object)
	if !ok {
		return nil, false
	}
	var found ast.Expr
	for _, m := range object.Members {
		if m.Computed != nil || !cheap(m.Value) || m.Name == e.Name && found != nil {
			return nil, false
		}
		if m.Name == e.Name {
			found = m.Value
		}
	}
	if found == nil {
		found = &ast.Literal{Pos: e.Pos}
	}
	return found, true
}

// negated turns a comparison round in place of its NOT.
func negated(e *ast.Unary) (ast.Expr, bool) {
	x, ok := e.X.(*ast.Binary)
	if !ok || e.Op != ast.OpNot {
		return nil, false
	}
	opposite := map[ast.Op]ast.Op{
		ast.OpEqual: ast.OpNotEqual, ast.OpNotEqual: ast.OpEqual, ast.OpLess: ast.OpGreaterEqual,
		ast.OpLessEqual: ast.OpGreater, ast.OpGreater: ast.OpLessEqual, ast.OpGreaterEqual: ast.OpLess,
	}[x.Op]
	if opposite == 0 {
		return nil, false
	}
	return &ast.Binary{Pos: x.Pos, Op: opposite, L: x.L, R: x.R}, true
}

// compute evaluates an expression of constants.
func compute(c *fn.Context, e ast.Expr) (value.Value, bool) {
	of := func(e ast.Expr) value.Value {
		v, _ := literalOf(e)
		return v
	}
	switch e := e.(type) {
	case *ast.Array:
		items := make([]value.Value, len(e.Items))
		for i, x := range e.Items {
			items[i] = of(x)
		}
		return value.Array(items...), true
	case *ast.Attribute:
		return operator.Attribute(of(e.Of), e.Name), true
	case *ast.Index:
		return operator.Index(of(e.Of), of(e.Index)), true
	case *ast.Unary:
		return operator.Unary(c, e.Op, of(e.X)), true
	case *ast.Binary:
		return operator.Binary(c, e.Op, of(e.L), of(e.R)), true
	case *ast.Call:
		f, ok := fn.Lookup(e.Name)
		if !ok || !f.Deterministic || f.Reads || slices.Contains(unmoved(), f.Name) {
			return value.Value{}, false
		}
		args := make([]value.Value, len(e.Args))
		for i, x := range e.Args {
			args[i] = of(x)
		}
		return f.Eval(c, args), true
	}
	return value.Value{}, false
}

// replaceOrWithIn makes a == 1 || a == 2 into a IN [1, 2], and drops sides that stand there twice.
func replaceOrWithIn(b *builder, p *Plan) bool {
	changed := false
	for _, n := range p.nodes {
		f, ok := n.(*Filter)
		if !ok || !b.steady(f.Cond) {
			continue
		}
		to := rewrite(f.Cond, func(e ast.Expr) ast.Expr {
			if x, ok := e.(*ast.Binary); ok && x.Op == ast.OpOr {
				return b.mergeOr(x)
			}
			return e
		})
		changed = changed || to != f.Cond
		f.Cond = to
	}
	return changed
}

// mergeOr merges sides that compare the same thing.
func (b *builder) mergeOr(x *ast.Binary) ast.Expr {
	type side struct {
		what  ast.Expr
		items []ast.Expr
		whole ast.Expr
	}
	var sides []side
	merged := false
	for _, e := range disjuncts(x) {
		what, items := comparedWith(e)
		at := slices.IndexFunc(sides, func(s side) bool {
			if what == nil {
				return ast.Same(s.whole, e)
			}
			return s.what != nil && ast.Same(s.what, what)
		})
		if at < 0 {
			sides = append(sides, side{what, items, e})
			continue
		}
		merged = true
		sides[at].items = append(sides[at].items, items...)
	}
	if !merged {
		return x
	}
	var out []ast.Expr
	for _, s := range sides {
		if len(s.items) < 2 {
			out = append(out, s.whole)
			continue
		}
		if b.Mutant == "in-drops-last" {
			s.items = s.items[:len(s.items)-1]
		}
		out = append(out, &ast.Binary{
			Pos: s.whole.At(), Op: ast.OpIn, L: s.what, R: fold(&ast.Array{Pos: s.whole.At(), Items: s.items}),
		})
	}
	return join(ast.OpOr, out)
}

// comparedWith reads an attribute that equals something, or one of several things.
func comparedWith(e ast.Expr) (what ast.Expr, items []ast.Expr) {
	x, ok := e.(*ast.Binary)
	if !ok {
		return nil, nil
	}
	switch x.Op {
	case ast.OpEqual:
		if _, path, ok := pathOf(x.L); ok && len(path) > 0 {
			return x.L, []ast.Expr{x.R}
		}
		if _, path, ok := pathOf(x.R); ok && len(path) > 0 {
			return x.R, []ast.Expr{x.L}
		}
	case ast.OpIn:
		_, path, ok := pathOf(x.L)
		if !ok || len(path) == 0 {
			return nil, nil
		}
		if list, ok := x.R.(*ast.Array); ok {
			return x.L, list.Items
		}
		if v, ok := literalOf(x.R); ok && v.Kind() == value.KindArray {
			for _, item := range v.Items() {
				items = append(items, literal(item))
			}
			return x.L, items
		}
	}
	return nil, nil
}

// removeRepeatedFilters drops a filter that stands right behind the same one.
func removeRepeatedFilters(b *builder, p *Plan) bool {
	changed := false
	for i := 0; i < len(p.nodes); i++ {
		f, ok := p.nodes[i].(*Filter)
		if !ok || !b.steady(f.Cond) {
			continue
		}
		for j := i - 1; j > 0; j-- {
			before, ok := p.nodes[j].(*Filter)
			if !ok {
				break
			}
			if ast.Same(before.Cond, f.Cond) {
				p.remove(i)
				i--
				changed = true
				break
			}
		}
	}
	return changed
}
