package check

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/value"
)

// expr resolves the names of an expression.
func (c *checker) expr(e ast.Expr) ast.Expr {
	if c.err != nil {
		return e
	}
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Ref:
		return c.ref(e)
	case *ast.Param:
		c.param(e.Pos, e.Name)
		return e
	case *ast.CollectionRef:
		return &ast.CollectionRef{Collection: c.collection(e.Collection, false)}
	case *ast.Literal:
		return e
	case *ast.Array:
		return &ast.Array{Pos: e.Pos, Items: c.exprs(e.Items)}
	case *ast.Object:
		return c.object(e)
	case *ast.Attribute:
		return &ast.Attribute{Pos: e.Pos, Of: c.expr(e.Of), Name: e.Name}
	case *ast.AttributeParam:
		return c.attributeParam(e)
	case *ast.Index:
		return c.index(e)
	case *ast.Expansion:
		return c.expansion(e)
	case *ast.Call:
		return c.call(e)
	case *ast.Subquery:
		return &ast.Subquery{Pos: e.Pos, Body: c.block(e.Body)}
	}
	return c.operators(e)
}

func (c *checker) operators(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.Unary:
		return &ast.Unary{Pos: e.Pos, Op: e.Op, X: c.expr(e.X)}
	case *ast.Binary:
		return &ast.Binary{Pos: e.Pos, Op: e.Op, L: c.expr(e.L), R: c.expr(e.R)}
	case *ast.Quantified:
		l := c.expr(e.L)
		return &ast.Quantified{Pos: e.Pos, Quant: e.Quant, Least: c.expr(e.Least), Op: e.Op, L: l, R: c.expr(e.R)}
	case *ast.Ternary:
		return &ast.Ternary{Pos: e.Pos, Cond: c.expr(e.Cond), Then: c.expr(e.Then), Else: c.expr(e.Else)}
	case *ast.Range:
		return &ast.Range{Pos: e.Pos, From: c.expr(e.From), To: c.expr(e.To)}
	}
	return e
}

func (c *checker) exprs(list []ast.Expr) []ast.Expr {
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = c.expr(e)
	}
	return out
}

// ref resolves a name: a variable, or a collection as a whole.
func (c *checker) ref(e *ast.Ref) ast.Expr {
	if made, ok := c.element[e.Var]; ok && e.Var != nil {
		return &ast.Ref{Pos: e.Pos, Name: e.Name, Var: made}
	}
	if v := c.find(e.Name); v != nil {
		return &ast.Ref{Pos: e.Pos, Name: v.Name, Var: v}
	}
	if c.isCollection(e.Name) {
		return &ast.CollectionRef{Collection: c.collection(ast.Collection{Pos: e.Pos, Name: e.Name}, false)}
	}
	c.unknown(e.Pos, e.Name)
	return e
}

func (c *checker) isCollection(name string) bool {
	if c.env.Reader == nil {
		return true
	}
	_, ok := c.env.Reader.Collection(name)
	return ok
}

func (c *checker) object(e *ast.Object) *ast.Object {
	out := &ast.Object{Pos: e.Pos, Members: make([]ast.ObjectMember, len(e.Members))}
	for i, m := range e.Members {
		out.Members[i] = ast.ObjectMember{Pos: m.Pos, Name: m.Name, Computed: c.expr(m.Computed), Value: c.expr(m.Value)}
	}
	return out
}

// attributeParam writes of.@name out: the value is a name, or a path as an array of names.
func (c *checker) attributeParam(e *ast.AttributeParam) ast.Expr {
	of := c.expr(e.Of)
	v, ok := c.param(e.Pos, e.Param)
	c.shape(e.Param)
	if !ok {
		return &ast.AttributeParam{Pos: e.Pos, Of: of, Param: e.Param}
	}
	const cure = "bind the name of an attribute, or an array of names for a path"
	names := v.Items()
	switch {
	case v.Kind() == value.KindString:
		names = []value.Value{v}
	case len(names) == 0:
		c.fail(e.Pos, ParameterType, cure, "parameter '@%s' of an attribute is %s", e.Param, article(v))
	}
	for _, name := range names {
		if name.Kind() != value.KindString || name.Str() == "" {
			c.fail(e.Pos, ParameterType, cure, "parameter '@%s' of an attribute holds %s", e.Param, article(name))
		}
		of = &ast.Attribute{Pos: e.Pos, Of: of, Name: name.Str()}
	}
	return of
}

// index resolves of[at]. A constant string is the name of an attribute, unless it spells an index.
func (c *checker) index(e *ast.Index) ast.Expr {
	of, at := c.expr(e.Of), c.expr(e.Index)
	if l, ok := at.(*ast.Literal); ok && l.Value.Kind() == value.KindString && !spellsNumber(l.Value.Str()) {
		return &ast.Attribute{Pos: e.Pos, Of: of, Name: l.Value.Str()}
	}
	return &ast.Index{Pos: e.Pos, Of: of, Index: at}
}

func spellsNumber(s string) bool {
	return s != "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '-' || s[0] == '+')
}

func (c *checker) expansion(e *ast.Expansion) ast.Expr {
	out := &ast.Expansion{Pos: e.Pos, Of: c.expr(e.Of), Levels: e.Levels}
	if e.Current != nil {
		out.Current = c.newVariable("CURRENT")
		c.current = append(c.current, out.Current)
	}
	out.Filter = c.expr(e.Filter)
	out.Return = c.expr(e.Return)
	if e.Current != nil {
		c.current = c.current[:len(c.current)-1]
	}
	// LIMIT is about the array as a whole: it is computed once.
	out.Offset, out.Count = c.expr(e.Offset), c.expr(e.Count)
	if e.Element != nil {
		out.Element = c.newVariable(e.Element.Name)
		out.Element.Internal = true
		c.element[e.Element] = out.Element
		out.Then = c.expr(e.Then)
	}
	return out
}

// call resolves a function. Its arguments that take a collection are given the name of one.
func (c *checker) call(e *ast.Call) ast.Expr {
	f := c.function(e)
	out := &ast.Call{Pos: e.Pos, Name: e.Name, Args: make([]ast.Expr, len(e.Args))}
	for i, a := range e.Args {
		out.Args[i] = c.argument(f, i, a)
	}
	return out
}

func (c *checker) argument(f *fn.Function, i int, a ast.Expr) ast.Expr {
	r, ok := a.(*ast.Ref)
	if !ok || f == nil || len(f.Params) == 0 || c.find(r.Name) != nil {
		return c.expr(a)
	}
	if f.Params[min(i, len(f.Params)-1)].Types&fn.Collection == 0 {
		return c.expr(a)
	}
	return &ast.CollectionRef{Collection: c.collection(ast.Collection{Pos: r.Pos, Name: r.Name}, false)}
}

// constant reports whether an expression has the same value for every row: it has no variables and reads nothing.
func constant(e ast.Expr) bool {
	fixed := true
	ast.Walk(e, func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.Ref, *ast.CollectionRef, *ast.Subquery, *ast.AttributeParam:
			fixed = false
		case *ast.Call:
			f, ok := fn.Lookup(x.Name)
			fixed = fixed && ok && f.Deterministic
		}
		return fixed
	})
	return fixed
}

// options resolves OPTIONS, which must be constant. Parameters in it shape the plan.
func (c *checker) options(o ast.Options) ast.Options {
	if o == nil {
		return nil
	}
	out := c.object(o)
	if !constant(out) {
		c.fail(o.Pos, NotConstant, "write constants or parameters", "OPTIONS are not constant")
	}
	ast.Walk(out, func(x ast.Expr) bool {
		if p, ok := x.(*ast.Param); ok {
			c.shape(p.Name)
		}
		return true
	})
	return out
}
