package closure_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

// samples are values of all kinds, with neighbours in the order of values.
var samples = []string{
	"null", "false", "true", "-3", "-0.5", "0", "0.0", "1", "1.0", "1e300", "9007199254740993", `""`, `"0"`, `"1"`, `" 2 "`, `"a"`,
	`"ab"`, `"%a"`, "[]", "[null]", "[3]", "[1,2]", `["a","ab"]`, "{}", `{"a":1}`, `{"a":{"b":2}}`,
	"[0,1,2,3,4,5,6,7,8,9,\"a\",null]",
}

func parsed(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// bench compiles expressions over rows of the variables l and r, which are also parameters.
type bench struct {
	l, r *ast.Variable
}

func newBench() *bench {
	return &bench{l: &ast.Variable{Name: "l", ID: 0}, r: &ast.Variable{Name: "r", ID: 1}}
}

func (b *bench) slot(v *ast.Variable) int {
	switch v {
	case b.l:
		return 0
	case b.r:
		return 1
	}
	return -1
}

// results computes an expression in every way that there is.
func (b *bench) results(t *testing.T, x ast.Expr, l, r value.Value) map[string]value.Value {
	t.Helper()
	shape := &closure.Shape{}
	c := &closure.Compiler{Shape: shape, Slot: b.slot}
	eval, err := c.Eval(x)
	if err != nil {
		t.Fatal(err)
	}
	test, err := c.Test(x)
	if err != nil {
		t.Fatal(err)
	}
	emit, err := c.Emit(x)
	if err != nil {
		t.Fatal(err)
	}
	num := c.Num(x)
	var failed error
	env := &closure.Env{Failed: &failed, Context: &fn.Context{}}
	shape.Begin(env, value.Object(value.Member{Name: "l", Value: l}, value.Member{Name: "r", Value: r}))
	row := []value.Value{l, r}
	out := map[string]value.Value{"value": eval(env, row), "again": eval(env, row), "text": parsed(t, string(emit(env, row, nil)))}
	if truth := operator.ToBool(out["value"]); test(env, row) != truth {
		t.Errorf("%s of %v and %v: the test says %v", ast.String(x), l, r, !truth)
	}
	if num != nil {
		if f, ok := num(env, row); ok {
			out["number"] = value.Float(f)
		}
	}
	return out
}

func (b *bench) want(t *testing.T, x ast.Expr, l, r, want value.Value) {
	t.Helper()
	for how, got := range b.results(t, x, l, r) {
		if !value.Identical(got, want) {
			t.Errorf("%s with l = %v, r = %v: %s is %v, want %v", ast.String(x), l, r, how, got, want)
		}
	}
}

func (b *bench) left() ast.Expr  { return &ast.Ref{Name: "l", Var: b.l} }
func (b *bench) right() ast.Expr { return &ast.Ref{Name: "r", Var: b.r} }

// Operators give what package operator gives, whether their sides are variables, parameters or constants.
func TestShortCutsAgreeWithOperators(t *testing.T) {
	t.Parallel()
	b := newBench()
	for op := ast.OpOr; op <= ast.OpModulo; op++ {
		if op == ast.OpNot || op == ast.OpMatch || op == ast.OpNotMatch {
			continue
		}
		for _, lt := range samples {
			for _, rt := range samples {
				l, r := parsed(t, lt), parsed(t, rt)
				want := operator.Binary(&fn.Context{}, op, l, r)
				sides := [][2]ast.Expr{
					{b.left(), b.right()}, {b.left(), &ast.Literal{Value: r}}, {&ast.Literal{Value: l}, b.right()},
					{b.left(), &ast.Param{Name: "r"}}, {&ast.Param{Name: "l"}, b.right()}, {&ast.Param{Name: "l"}, &ast.Param{Name: "r"}},
				}
				for _, s := range sides {
					b.want(t, &ast.Binary{Op: op, L: s[0], R: s[1]}, l, r, want)
				}
			}
		}
	}
}

func TestUnaryAndNesting(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, lt := range samples {
		for _, rt := range samples {
			l, r := parsed(t, lt), parsed(t, rt)
			c := &fn.Context{}
			minus := operator.Unary(c, ast.OpMinus, l)
			b.want(t, &ast.Unary{Op: ast.OpMinus, X: b.left()}, l, r, minus)
			b.want(t, &ast.Unary{Op: ast.OpNot, X: b.left()}, l, r, operator.Unary(c, ast.OpNot, l))
			sum := operator.Binary(c, ast.OpAdd, operator.Binary(c, ast.OpMultiply, l, value.Int(2)), minus)
			less := operator.Compare(ast.OpLess, sum, r)
			sumExpr := &ast.Binary{
				Op: ast.OpAdd, L: &ast.Binary{Op: ast.OpMultiply, L: b.left(), R: &ast.Literal{Value: value.Int(2)}},
				R: &ast.Unary{Op: ast.OpMinus, X: b.left()},
			}
			b.want(t, sumExpr, l, r, sum)
			b.want(t, &ast.Binary{Op: ast.OpLess, L: sumExpr, R: b.right()}, l, r, value.Bool(less))
			b.want(t, &ast.Binary{Op: ast.OpLess, L: sumExpr, R: &ast.Literal{Value: r}}, l, r, value.Bool(less))
			b.want(t, &ast.Index{Of: b.left(), Index: b.right()}, l, r, operator.Index(l, r))
			b.want(t, &ast.Index{Of: b.left(), Index: &ast.Literal{Value: r}}, l, r, operator.Index(l, r))
		}
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	b := newBench()
	l, r := value.Int(1), value.String("x\"\n")
	object := &ast.Object{Members: []ast.ObjectMember{
		{Name: "z", Value: b.left()}, {Name: "a", Value: &ast.Array{Items: []ast.Expr{b.right(), &ast.Object{}, &ast.Array{}}}},
		{Name: "q\"", Value: b.right()}, {Name: "z", Value: b.right()},
	}}
	b.want(t, object, l, r, parsed(t, `{"a":["x\"\n",{},[]],"q\"":"x\"\n","z":"x\"\n"}`))
	object.Members = append(object.Members, ast.ObjectMember{Computed: b.left(), Value: b.left()})
	b.want(t, object, l, r, parsed(t, `{"1":1,"a":["x\"\n",{},[]],"q\"":"x\"\n","z":"x\"\n"}`))
}

// What does not change from row to row is computed once, and only when it is asked for.
func TestSteadyExpressionsAreComputedOnce(t *testing.T) {
	t.Parallel()
	b := newBench()
	broken := &ast.Binary{Op: ast.OpDivide, L: &ast.Param{Name: "l"}, R: &ast.Literal{Value: value.Int(0)}}
	x := &ast.Ternary{Cond: b.right(), Then: broken, Else: b.right()}
	shape := &closure.Shape{}
	eval, err := (&closure.Compiler{Shape: shape, Slot: b.slot}).Eval(x)
	if err != nil {
		t.Fatal(err)
	}
	warnings := 0
	var failed error
	env := &closure.Env{Failed: &failed, Context: &fn.Context{Warn: func(int, string) { warnings++ }}}
	shape.Begin(env, value.Object(value.Member{Name: "l", Value: value.Int(5)}))
	for i, row := range [][]value.Value{{{}, value.Bool(false)}, {{}, value.Bool(true)}, {{}, value.Bool(true)}} {
		eval(env, row)
		if want := min(i, 1); warnings != want {
			t.Errorf("after row %d: %d warnings, want %d", i, warnings, want)
		}
	}
}

func TestWhatCannotBeCompiled(t *testing.T) {
	t.Parallel()
	for _, x := range []ast.Expr{
		&ast.Ref{Name: "x", Var: &ast.Variable{Name: "x"}}, &ast.Call{Name: "NOPE"}, &ast.Subquery{Body: &ast.Block{}},
	} {
		if _, err := (&closure.Compiler{Shape: &closure.Shape{}, Slot: newBench().slot}).Eval(x); err == nil {
			t.Error(fmt.Sprintf("%T", x), "was compiled")
		}
	}
}

// An array that rows have in common gets a table, whose memory is counted, and given back when another one comes.
func TestArraysOfRows(t *testing.T) {
	t.Parallel()
	b := newBench()
	shape := &closure.Shape{}
	c := &closure.Compiler{Shape: shape, Slot: b.slot}
	var tests []closure.Test
	ops := []ast.Op{ast.OpIn, ast.OpNotIn}
	for _, op := range ops {
		test, err := c.Test(&ast.Binary{Op: op, L: b.left(), R: b.right()})
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, test)
	}
	held, round := 0, 0 // bytes, and what a round asked for
	full := false
	env := &closure.Env{Hold: func(bytes int) error {
		if full && bytes > 0 {
			return errors.New("full")
		}
		held += bytes
		round += max(0, bytes)
		return nil
	}}
	shape.Begin(env, value.Object())
	for left := range 4 {
		var items []value.Value
		for i, text := range samples {
			if i%4 != left {
				items = append(items, parsed(t, text))
			}
		}
		r := value.Array(items...)
		round = 0
		for range 2 {
			for _, text := range samples {
				l := parsed(t, text)
				for i, op := range ops {
					if got, want := tests[i](env, []value.Value{l, r}), operator.Compare(op, l, r); got != want {
						t.Errorf("round %d, operator %d, %s: %v, want %v", left, op, text, got, want)
					}
				}
			}
		}
		if held != round || held < 64*len(items) {
			t.Errorf("round %d: %d bytes are held, and %d were asked for", left, held, round)
		}
	}
	full = true
	r := parsed(t, "[1,2,3,4,5,6,7,8,9,10]")
	for range 20 {
		tests[0](env, []value.Value{value.Int(3), r})
	}
	if held >= round {
		t.Errorf("%d bytes are held for an array that is gone", held)
	}
}
