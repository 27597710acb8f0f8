package fn_test

import (
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/value"
)

// evaluator runs the small part of the language that examples are written in.
type evaluator struct {
	t    *testing.T
	c    *fn.Context
	vars map[string]value.Value
	text string
}

// run evaluates a query: FOR, LET, FILTER, COLLECT AGGREGATE and RETURN.
func run(t *testing.T, c *fn.Context, text string) value.Value {
	t.Helper()
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	e := &evaluator{t: t, c: c, vars: map[string]value.Value{}, text: text}
	var out []value.Value
	e.ops(q.Body.Ops, func(v value.Value) { out = append(out, v) })
	return value.OwnItems(out)
}

func (e *evaluator) ops(ops []ast.Operation, emit func(value.Value)) {
	for i, op := range ops {
		switch op := op.(type) {
		case *ast.For:
			if collect, ok := ops[i+1].(*ast.Collect); ok {
				e.collect(op, collect)
				e.ops(ops[i+2:], emit)
				return
			}
			for _, item := range e.expr(op.In).Items() {
				e.vars[op.Var.Name] = item
				e.ops(ops[i+1:], emit)
			}
			return
		case *ast.Let:
			e.vars[op.Var.Name] = e.expr(op.Expr)
		case *ast.Filter:
			if !fn.ToBool(e.expr(op.Cond)) {
				return
			}
		case *ast.Return:
			emit(e.expr(op.Expr))
		default:
			e.t.Fatalf("%s: %T", e.text, op)
		}
	}
}

func (e *evaluator) collect(loop *ast.For, collect *ast.Collect) {
	for _, a := range collect.Aggregates {
		declared, ok := fn.LookupAggregate(a.Func)
		if !ok || declared.Wide() != a.Wide {
			e.t.Fatalf("%s: aggregate %s: found %v", e.text, a.Func, ok)
		}
		accumulator := declared.New()
		for _, item := range e.expr(loop.In).Items() {
			e.vars[loop.Var.Name] = item
			accumulator.Add(e.expr(a.Arg))
		}
		e.vars[a.Var.Name] = accumulator.Result()
	}
}

func (e *evaluator) expr(x ast.Expr) value.Value {
	switch x := x.(type) {
	case *ast.Literal:
		return x.Value
	case *ast.Ref:
		return e.vars[x.Name]
	case *ast.Array:
		items := make([]value.Value, len(x.Items))
		for i, item := range x.Items {
			items[i] = e.expr(item)
		}
		return value.Array(items...)
	case *ast.Object:
		members := make([]value.Member, len(x.Members))
		for i, m := range x.Members {
			members[i] = value.Member{Name: m.Name, Value: e.expr(m.Value)}
		}
		return value.Object(members...)
	case *ast.Attribute:
		return operator.Attribute(e.expr(x.Of), x.Name)
	case *ast.Index:
		return operator.Index(e.expr(x.Of), e.expr(x.Index))
	case *ast.Unary:
		return operator.Unary(e.c, x.Op, e.expr(x.X))
	case *ast.Binary:
		return operator.Binary(e.c, x.Op, e.expr(x.L), e.expr(x.R))
	case *ast.Range:
		return operator.Range(e.c, e.expr(x.From), e.expr(x.To))
	case *ast.Call:
		args := make([]value.Value, len(x.Args))
		for i, a := range x.Args {
			args[i] = e.expr(a)
		}
		return fn.Call(e.c, x.Name, args)
	}
	e.t.Fatalf("%s: %T", e.text, x)
	return value.Null()
}

// warnings gathers what a context is told.
type warnings struct {
	list   []string
	failed error
}

// testContext is a context that has everything but data.
func testContext(w *warnings) *fn.Context {
	state := uint64(1)
	c := &fn.Context{
		NowMs: 1399472349522, User: "jane",
		UserAttributes: value.Object(value.Member{Name: "department", Value: value.String("finance")}),
		KeyAttributes:  value.Object(),
		Warn:           func(number int, text string) { w.list = append(w.list, fmt.Sprintf("%d %s", number, text)) },
		Fail: func(err error) {
			if w.failed == nil {
				w.failed = err
			}
		},
		Grow:  func(bytes int) error { return nil },
		Check: func() error { return nil },
		Sleep: func(float64) error { return nil },
		Random: func() uint64 { // xorshift, so that results stay the same
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
			return state
		},
	}
	c.Call = func(name string, args []value.Value) value.Value { return fn.Call(c, name, args) }
	return c
}

func parsed(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func checkExamples(t *testing.T, name string, examples []fn.Example) {
	t.Helper()
	for _, e := range examples {
		var w warnings
		got := run(t, testContext(&w), e.Query)
		if w.failed != nil {
			t.Errorf("%s: %s: %v", name, e.Query, w.failed)
		}
		if want := parsed(t, e.Result); !value.Identical(got, want) {
			t.Errorf("%s: %s\ngot  %s\nwant %s", name, e.Query, got, want)
		}
	}
}

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, f := range fn.All() {
		checkExamples(t, f.Name, f.Examples)
	}
	for _, a := range fn.AllAggregates() {
		checkExamples(t, "AGGREGATE "+a.Name, a.Examples)
	}
}
