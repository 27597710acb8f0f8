package closure

import (
	"math"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// isArithmetic tells whether an expression is an operator that gives numbers.
func isArithmetic(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Unary:
		return x.Op == ast.OpMinus || x.Op == ast.OpPlus
	case *ast.Binary:
		return x.Op >= ast.OpAdd && x.Op <= ast.OpModulo
	}
	return false
}

// cheap tells whether an expression may be computed twice: it has no calls, subqueries or loops.
func cheap(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Literal, *ast.Param, *ast.Ref:
		return true
	case *ast.Attribute:
		return cheap(x.Of)
	case *ast.Unary:
		return isArithmetic(x) && cheap(x.X)
	case *ast.Binary:
		return isArithmetic(x) && cheap(x.L) && cheap(x.R)
	}
	return false
}

// withNumber computes arithmetic without the texts of what is between; whatever is not plainly a number goes the slow
// way, which warns where that is due.
func (c *Compiler) withNumber(x ast.Expr, slow Eval) (Eval, error) {
	if !isArithmetic(x) || !cheap(x) {
		return slow, nil
	}
	num := c.number(x)
	if num == nil {
		return slow, nil
	}
	return func(e *Env, row []value.Value) value.Value {
		if f, ok := num(e, row); ok {
			return value.Float(f)
		}
		return slow(e, row)
	}, nil
}

// Num compiles an expression to its number where there is a short cut, nil where there is none.
func (c *Compiler) Num(x ast.Expr) Num {
	if !isArithmetic(x) || !cheap(x) {
		return nil
	}
	return c.number(x)
}

// number compiles the number that an expression is as an operand of arithmetic.
func (c *Compiler) number(x ast.Expr) Num {
	if v, ok := constant(x); ok {
		return constantNumber(v)
	}
	switch x := x.(type) {
	case *ast.Unary:
		return c.signed(x)
	case *ast.Binary:
		if isArithmetic(x) && cheap(x) {
			return c.arithmetic(x)
		}
	}
	if !cheap(x) {
		return nil
	}
	eval, err := c.Eval(x)
	if err != nil {
		return nil
	}
	return func(e *Env, row []value.Value) (float64, bool) { return plainNumber(eval(e, row)) }
}

func constantNumber(v value.Value) Num {
	f, ok := plainNumber(v)
	return func(*Env, []value.Value) (float64, bool) { return f, ok }
}

// plainNumber is the number of what needs no thought: numbers, null and bools.
func plainNumber(v value.Value) (float64, bool) {
	switch v.Kind() {
	case value.KindNumber:
		return v.Float64(), true
	case value.KindNull:
		return 0, true
	case value.KindBool:
		if v.Bool() {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func (c *Compiler) signed(x *ast.Unary) Num {
	if !isArithmetic(x) {
		return nil
	}
	of := c.number(x.X)
	if of == nil || x.Op == ast.OpPlus {
		return of
	}
	return func(e *Env, row []value.Value) (float64, bool) {
		f, ok := of(e, row)
		return -f, ok
	}
}

func (c *Compiler) arithmetic(x *ast.Binary) Num {
	l, r := c.number(x.L), c.number(x.R)
	if l == nil || r == nil {
		return nil
	}
	op := arithmeticOf(x.Op)
	return func(e *Env, row []value.Value) (float64, bool) {
		a, ok := l(e, row)
		if !ok {
			return 0, false
		}
		b, ok := r(e, row)
		if !ok {
			return 0, false
		}
		f := op(a, b)
		return f, f-f == 0 // false for what is not finite
	}
}

func arithmeticOf(op ast.Op) func(a, b float64) float64 {
	switch op {
	case ast.OpAdd:
		return func(a, b float64) float64 { return a + b }
	case ast.OpSubtract:
		return func(a, b float64) float64 { return a - b }
	case ast.OpMultiply:
		return func(a, b float64) float64 { return a * b }
	case ast.OpDivide:
		return func(a, b float64) float64 { return a / b }
	}
	return math.Mod
}
