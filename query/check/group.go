package check

import (
	"fmt"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/value"
)

// collect resolves COLLECT: its expressions see what was before, what comes behind sees only what it sets.
func (c *checker) collect(o *ast.Collect) ast.Operation {
	to := &ast.Collect{Pos: o.Pos}
	for _, g := range o.Groups {
		to.Groups = append(to.Groups, ast.Group{Expr: c.expr(g.Expr)})
	}
	to.Aggregates = c.aggregates(o.Aggregates)
	to.IntoExpr = c.expr(o.IntoExpr)
	for _, k := range o.Keep {
		v := c.find(k.Name)
		if v == nil {
			c.unknown(k.Pos, k.Name)
		}
		to.Keep = append(to.Keep, &ast.Ref{Pos: k.Pos, Name: k.Name, Var: v})
	}
	to.Options = c.options(o.Options)
	b := c.innermost()
	set := func(v *ast.Variable) *ast.Variable {
		if v != nil {
			for _, known := range b.vars {
				if known.Name == v.Name {
					c.fail(o.Pos, Redeclared, "choose another name", "variable '%s' is assigned multiple times", v.Name)
				}
			}
		}
		return v
	}
	for _, g := range o.Groups {
		set(g.Var)
	}
	visible := b.hide()
	if o.Into != nil && o.IntoExpr == nil && o.Keep == nil {
		to.Visible = visible
	}
	for i, g := range o.Groups {
		to.Groups[i].Var = c.declare(o.Pos, g.Var)
	}
	for i, a := range o.Aggregates {
		to.Aggregates[i].Var = c.declare(a.Pos, a.Var)
	}
	to.Into = c.declare(o.Pos, o.Into)
	to.CountInto = c.declare(o.Pos, o.CountInto)
	return to
}

// aggregates resolves the functions and arguments; the variables are declared by the caller.
func (c *checker) aggregates(list []ast.Aggregate) []ast.Aggregate {
	out := make([]ast.Aggregate, len(list))
	for i, a := range list {
		out[i] = ast.Aggregate{Pos: a.Pos, Func: a.Func, Arg: c.expr(a.Arg), Wide: a.Wide}
		f, ok := fn.LookupAggregate(a.Func)
		if !ok {
			cure := "only aggregates stand here: MIN, MAX, SUM, AVERAGE, COUNT and so on"
			if near := fn.SuggestAggregate(a.Func); len(near) > 0 {
				cure = "did you mean " + near[0] + "()?"
			}
			c.fail(a.Pos, parse.WrongAggregate, cure, "unknown aggregate function '%s()'", a.Func)
			continue
		}
		given := 0
		if a.Arg != nil {
			given = 1
		}
		if array, ok := a.Arg.(*ast.Array); ok && a.Wide {
			given = len(array.Items)
		}
		if least, most := f.Arity(); given < least || most >= 0 && given > most {
			c.fail(a.Pos, ArgumentNumber, "", "%s", fn.ArityText(a.Func, f.Params, given))
		}
	}
	return out
}

// window resolves WINDOW, which adds variables and hides none.
func (c *checker) window(o *ast.Window) ast.Operation {
	to := &ast.Window{Pos: o.Pos, By: c.expr(o.By), Frame: c.expr(o.Frame)}
	c.frame(to.Frame)
	to.Aggregates = c.aggregates(o.Aggregates)
	for i, a := range o.Aggregates {
		to.Aggregates[i].Var = c.declare(a.Pos, a.Var)
	}
	return to
}

// frame sees to it that a window says how far it reaches, with constants.
func (c *checker) frame(e ast.Expr) {
	if c.err != nil {
		return
	}
	const cure = "write for example {preceding: 1, following: 1}"
	o, ok := e.(*ast.Object)
	if !ok {
		c.fail(e.At(), parse.Syntax, cure, "WINDOW without an object that says how far it reaches")
		return
	}
	if len(o.Members) == 0 {
		c.fail(o.Pos, parse.Syntax, cure, "WINDOW with neither preceding nor following")
	}
	for _, m := range o.Members {
		if m.Computed != nil || m.Name != "preceding" && m.Name != "following" {
			c.fail(m.Pos, parse.Syntax, cure, "WINDOW with an attribute other than preceding and following")
		}
		if !constant(m.Value) {
			c.fail(m.Pos, parse.Syntax, "write a constant or a parameter", "WINDOW with a bound that is not constant")
		}
	}
}

// limit resolves an operand of LIMIT: a constant, or a parameter.
func (c *checker) limit(e ast.Expr) ast.Expr {
	if e == nil {
		return nil
	}
	out := c.expr(e)
	if c.err == nil && !constant(out) {
		c.fail(e.At(), parse.Syntax, "write a number or a parameter", "LIMIT with something that is not constant")
	}
	c.count(out, "LIMIT")
	return out
}

// count refuses what is known to be no count: a whole number that is not negative.
func (c *checker) count(e ast.Expr, what string) {
	var v value.Value
	switch e := e.(type) {
	case *ast.Literal:
		v = e.Value
	case *ast.Param:
		bound, ok := c.env.Bind[e.Name]
		if !ok {
			return
		}
		v = bound
	case *ast.Unary:
		if l, ok := e.X.(*ast.Literal); !ok || e.Op != ast.OpMinus || l.Value.Float64() == 0 {
			return
		}
		v = value.Int(-1)
	default:
		return
	}
	if v.Kind() != value.KindNumber || v.Float64() < 0 {
		c.fail(e.At(), OutOfRange, "it must be a number that is not negative", "%s with %s", what, shown(v))
	}
}

func shown(v value.Value) string {
	const most = 40
	s := v.String()
	if len(s) > most {
		s = s[:most] + "..."
	}
	return fmt.Sprintf("the value %s", s)
}
