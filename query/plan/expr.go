package plan

import (
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// rewrite builds e anew from the bottom up: f is asked for each part with its own parts already rewritten, and gives
// what stands in its place. What does not change is shared. Blocks of subqueries are not entered.
func rewrite(e ast.Expr, f func(ast.Expr) ast.Expr) ast.Expr {
	if e == nil {
		return nil
	}
	return f(rewriteChildren(e, func(x ast.Expr) ast.Expr { return rewrite(x, f) }))
}

// rewriteChildren gives e with what f makes of the expressions directly below it.
func rewriteChildren(e ast.Expr, f func(ast.Expr) ast.Expr) ast.Expr {
	changed := false
	sub := func(x ast.Expr) ast.Expr {
		if x == nil {
			return nil
		}
		y := f(x)
		changed = changed || y != x
		return y
	}
	list := func(in []ast.Expr) []ast.Expr {
		out := make([]ast.Expr, len(in))
		for i, x := range in {
			out[i] = sub(x)
		}
		return out
	}
	var made ast.Expr
	switch e := e.(type) {
	case *ast.Array:
		made = &ast.Array{Pos: e.Pos, Items: list(e.Items)}
	case *ast.Object:
		members := slices.Clone(e.Members)
		for i, m := range members {
			members[i].Computed, members[i].Value = sub(m.Computed), sub(m.Value)
		}
		made = &ast.Object{Pos: e.Pos, Members: members}
	case *ast.Attribute:
		made = &ast.Attribute{Pos: e.Pos, Of: sub(e.Of), Name: e.Name}
	case *ast.AttributeParam:
		made = &ast.AttributeParam{Pos: e.Pos, Of: sub(e.Of), Param: e.Param}
	case *ast.Index:
		made = &ast.Index{Pos: e.Pos, Of: sub(e.Of), Index: sub(e.Index)}
	case *ast.Expansion:
		x := *e
		x.Of, x.Filter, x.Offset, x.Count = sub(e.Of), sub(e.Filter), sub(e.Offset), sub(e.Count)
		x.Return, x.Then = sub(e.Return), sub(e.Then)
		made = &x
	case *ast.Unary:
		made = &ast.Unary{Pos: e.Pos, Op: e.Op, X: sub(e.X)}
	case *ast.Binary:
		made = &ast.Binary{Pos: e.Pos, Op: e.Op, L: sub(e.L), R: sub(e.R)}
	case *ast.Quantified:
		made = &ast.Quantified{Pos: e.Pos, Quant: e.Quant, Least: sub(e.Least), Op: e.Op, L: sub(e.L), R: sub(e.R)}
	case *ast.Ternary:
		made = &ast.Ternary{Pos: e.Pos, Cond: sub(e.Cond), Then: sub(e.Then), Else: sub(e.Else)}
	case *ast.Range:
		made = &ast.Range{Pos: e.Pos, From: sub(e.From), To: sub(e.To)}
	case *ast.Call:
		made = &ast.Call{Pos: e.Pos, Name: e.Name, Args: list(e.Args)}
	}
	if !changed {
		return e
	}
	return made
}

// substitute puts expressions in place of variables.
func substitute(e ast.Expr, by map[*ast.Variable]ast.Expr) ast.Expr {
	return rewrite(e, func(x ast.Expr) ast.Expr {
		if r, ok := x.(*ast.Ref); ok {
			if y, ok := by[r.Var]; ok {
				return y
			}
		}
		return x
	})
}

// varSet is a set of variables.
type varSet map[*ast.Variable]bool

func (s varSet) add(vars ...*ast.Variable) {
	for _, v := range vars {
		if v != nil {
			s[v] = true
		}
	}
}

func (s varSet) union(t varSet) {
	for v := range t {
		s[v] = true
	}
}

func (s varSet) hasAll(t varSet) bool {
	for v := range t {
		if !s[v] {
			return false
		}
	}
	return true
}

func (s varSet) hasAny(t varSet) bool {
	for v := range t {
		if s[v] {
			return true
		}
	}
	return false
}

// uses gives the variables that expressions need from outside.
func uses(list ...ast.Expr) varSet {
	out := ast.Set{}
	for _, e := range list {
		if e != nil {
			ast.AddUses(out, e)
		}
	}
	set := varSet{}
	for v := range out {
		set[v] = true
	}
	return set
}

func (s varSet) with(vars ...*ast.Variable) varSet {
	if s == nil {
		s = varSet{}
	}
	s.add(vars...)
	return s
}

// pathOf reads e as variable.name.name; ok is false when it is anything else.
func pathOf(e ast.Expr) (v *ast.Variable, path value.Path, ok bool) {
	switch e := e.(type) {
	case *ast.Ref:
		return e.Var, nil, e.Var != nil
	case *ast.Attribute:
		v, path, ok = pathOf(e.Of)
		return v, append(path, e.Name), ok
	case *ast.Index:
		l, isLiteral := e.Index.(*ast.Literal)
		if isLiteral && l.Value.Kind() == value.KindString && !numeric(l.Value.Str()) {
			v, path, ok = pathOf(e.Of)
			return v, append(path, l.Value.Str()), ok
		}
	}
	return nil, nil, false
}

// ref refers to a variable.
func ref(v *ast.Variable) ast.Expr { return &ast.Ref{Name: v.Name, Var: v} }

// literal is a constant.
func literal(v value.Value) ast.Expr { return &ast.Literal{Value: v} }

// attributes gives of.name.name.
func attributes(of ast.Expr, path value.Path) ast.Expr {
	for _, name := range path {
		of = &ast.Attribute{Pos: of.At(), Of: of, Name: name}
	}
	return of
}

// literalOf gives the value of a constant.
func literalOf(e ast.Expr) (value.Value, bool) {
	if l, ok := e.(*ast.Literal); ok {
		return l.Value, true
	}
	return value.Value{}, false
}

// conjuncts splits a condition at its ANDs.
func conjuncts(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.Binary); ok && b.Op == ast.OpAnd {
		return append(conjuncts(b.L), conjuncts(b.R)...)
	}
	if e == nil {
		return nil
	}
	return []ast.Expr{e}
}

// disjuncts splits a condition at its ORs.
func disjuncts(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.Binary); ok && b.Op == ast.OpOr {
		return append(disjuncts(b.L), disjuncts(b.R)...)
	}
	if e == nil {
		return nil
	}
	return []ast.Expr{e}
}

// join puts conditions together again; nil when there are none.
func join(op ast.Op, list []ast.Expr) ast.Expr {
	var out ast.Expr
	for _, e := range list {
		if out == nil {
			out = e
			continue
		}
		out = &ast.Binary{Pos: e.At(), Op: op, L: out, R: e}
	}
	return out
}

// numeric tells whether a text may be read as a number, so that it could also be a place in an array.
func numeric(text string) bool {
	return strings.ContainsAny(text, "0123456789")
}
