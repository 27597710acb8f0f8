package closure

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

func (c *Compiler) unary(x *ast.Unary) (Eval, error) {
	if x.Op == ast.OpNot {
		return c.fromTest(x)
	}
	eval, err := c.Eval(x.X)
	if err != nil {
		return nil, err
	}
	op := x.Op
	c.Shape.Functions = true
	slow := func(e *Env, row []value.Value) value.Value { return operator.Unary(e.Context, op, eval(e, row)) }
	return c.withNumber(x, slow)
}

func (c *Compiler) binary(x *ast.Binary) (Eval, error) {
	switch {
	case x.Op == ast.OpAnd || x.Op == ast.OpOr:
		return c.choice(x)
	case isComparison(x.Op), x.Op == ast.OpIn, x.Op == ast.OpNotIn:
		return c.fromTest(x)
	}
	sides, err := c.Evals([]ast.Expr{x.L, x.R})
	if err != nil {
		return nil, err
	}
	l, r, op := sides[0], sides[1], x.Op
	c.Shape.Functions = true
	slow := func(e *Env, row []value.Value) value.Value {
		v := l(e, row)
		return operator.Binary(e.Context, op, v, r(e, row))
	}
	return c.withNumber(x, slow)
}

// choice compiles && and ||, which give one of their operands.
func (c *Compiler) choice(x *ast.Binary) (Eval, error) {
	sides, err := c.Evals([]ast.Expr{x.L, x.R})
	if err != nil {
		return nil, err
	}
	l, r, and := sides[0], sides[1], x.Op == ast.OpAnd
	return func(e *Env, row []value.Value) value.Value {
		v := l(e, row)
		if operator.ToBool(v) != and {
			return v
		}
		return r(e, row)
	}, nil
}

func (c *Compiler) fromTest(x ast.Expr) (Eval, error) {
	test, err := c.test(x)
	if err != nil {
		return nil, err
	}
	return func(e *Env, row []value.Value) value.Value { return value.Bool(test(e, row)) }, nil
}

func isComparison(op ast.Op) bool { return op >= ast.OpEqual && op <= ast.OpGreaterEqual }

// Test compiles an expression to its truth.
func (c *Compiler) Test(x ast.Expr) (Test, error) {
	if v, ok := constant(x); ok {
		truth := operator.ToBool(v)
		return func(*Env, []value.Value) bool { return truth }, nil
	}
	if c.invariant(x) {
		return c.truth(x)
	}
	return c.test(x)
}

func (c *Compiler) test(x ast.Expr) (Test, error) {
	switch x := x.(type) {
	case *ast.Unary:
		if x.Op == ast.OpNot {
			test, err := c.Test(x.X)
			if err != nil {
				return nil, err
			}
			return func(e *Env, row []value.Value) bool { return !test(e, row) }, nil
		}
	case *ast.Binary:
		switch {
		case x.Op == ast.OpAnd || x.Op == ast.OpOr:
			return c.both(x)
		case isComparison(x.Op):
			return c.comparison(x)
		case x.Op == ast.OpIn || x.Op == ast.OpNotIn:
			if steady(x.R) {
				return c.membership(x)
			}
			return c.listing(x)
		}
	}
	return c.truth(x)
}

// members is an array that is asked again and again whether it has a value.
type members struct {
	array bool
	few   []value.Value
	many  map[string]struct{} // by key, when there are many
}

// fewMembers is how many elements are looked through one after another.
const fewMembers = 8

func membersOf(v value.Value) *members {
	m := &members{array: v.Kind() == value.KindArray, few: v.Items()}
	if len(m.few) <= fewMembers {
		return m
	}
	m.many = make(map[string]struct{}, len(m.few))
	var room []byte
	for _, item := range m.few {
		room = value.AppendKey(room[:0], item)
		m.many[string(room)] = struct{}{}
	}
	return m
}

func (m *members) has(v value.Value) bool {
	if m.many == nil {
		for i := range m.few {
			if value.Equal(v, m.few[i]) {
				return true
			}
		}
		return false
	}
	var room [64]byte
	_, ok := m.many[string(value.AppendKey(room[:0], v))]
	return ok
}

// membership compiles IN and NOT IN of an array that is the same for all rows.
func (c *Compiler) membership(x *ast.Binary) (Test, error) {
	sides, err := c.Evals([]ast.Expr{x.L, x.R})
	if err != nil {
		return nil, err
	}
	left, right, want := sides[0], sides[1], x.Op == ast.OpIn
	i := c.Shape.members
	c.Shape.members++
	return func(e *Env, row []value.Value) bool {
		v := left(e, row)
		m := e.members[i]
		if m == nil {
			m = membersOf(right(e, row))
			e.members[i] = m
		}
		return m.array && m.has(v) == want
	}, nil
}

// listed is an array that came with a row. The next rows often have the same one, as that of a subquery before the
// loop; then it is worth a table.
type listed struct {
	first *value.Value // which array it is, with its length: arrays are not written to, and this one stays
	n     int
	asked int
	table *members
	bytes int // of the table
}

// askedOften is how often an array is looked through before it gets a table.
const askedOften = 8

func (l *listed) has(e *Env, v, array value.Value) bool {
	items := array.Items()
	if len(items) <= fewMembers {
		return operator.In(v, array)
	}
	if l.first != &items[0] || l.n != len(items) {
		l.drop(e)
		l.first, l.n = &items[0], len(items)
	}
	if l.asked++; l.asked > askedOften && l.table == nil {
		const entry = 64 // of a map, and the beginning of its key
		l.bytes = array.Memory() + entry*len(items)
		if e.Hold != nil && e.Hold(l.bytes) != nil {
			return false
		}
		l.table = membersOf(array)
	}
	if l.table == nil {
		return operator.In(v, array)
	}
	return l.table.has(v)
}

func (l *listed) drop(e *Env) {
	if l.table != nil && e.Hold != nil {
		_ = e.Hold(-l.bytes)
	}
	*l = listed{}
}

// listing compiles IN and NOT IN of an array that rows have.
func (c *Compiler) listing(x *ast.Binary) (Test, error) {
	sides, err := c.Evals([]ast.Expr{x.L, x.R})
	if err != nil {
		return nil, err
	}
	left, right, want := sides[0], sides[1], x.Op == ast.OpIn
	i := c.Shape.Lists
	c.Shape.Lists++
	return func(e *Env, row []value.Value) bool {
		v := left(e, row)
		r := right(e, row)
		return r.Kind() == value.KindArray && e.listed[i].has(e, v, r) == want
	}, nil
}

// truth asks for the truth of the value.
func (c *Compiler) truth(x ast.Expr) (Test, error) {
	eval, err := c.Eval(x)
	if err != nil {
		return nil, err
	}
	return func(e *Env, row []value.Value) bool { return operator.ToBool(eval(e, row)) }, nil
}

func (c *Compiler) both(x *ast.Binary) (Test, error) {
	l, err := c.Test(x.L)
	if err != nil {
		return nil, err
	}
	r, err := c.Test(x.R)
	if err != nil {
		return nil, err
	}
	if x.Op == ast.OpAnd {
		return func(e *Env, row []value.Value) bool { return l(e, row) && r(e, row) }, nil
	}
	return func(e *Env, row []value.Value) bool { return l(e, row) || r(e, row) }, nil
}

// signs is the set of outcomes of a comparison, as bits 0 (less), 1 (equal) and 2 (greater).
type signs uint8

func (s signs) has(sign int) bool { return s>>(sign+1)&1 != 0 }

// turned is the set for the sides exchanged.
func (s signs) turned() signs { return s&2 | s>>2&1 | s<<2&4 }

func signsOf(op ast.Op) signs {
	switch op {
	case ast.OpEqual:
		return 2
	case ast.OpNotEqual:
		return 5
	case ast.OpLess:
		return 1
	case ast.OpLessEqual:
		return 3
	case ast.OpGreater:
		return 4
	}
	return 6
}

func (c *Compiler) comparison(x *ast.Binary) (Test, error) {
	want := signsOf(x.Op)
	if isArithmetic(x.L) || isArithmetic(x.R) {
		return c.compareNumbers(x, want)
	}
	l, r := x.L, x.R
	if fixed(l) && !fixed(r) {
		l, r, want = r, l, want.turned()
	}
	left, err := c.Eval(l)
	if err != nil {
		return nil, err
	}
	if v, ok := constant(r); ok {
		return compareConstant(left, v, want), nil
	}
	if p, ok := r.(*ast.Param); ok {
		return compareParam(left, c.Shape.Params.Of(p.Name), want), nil
	}
	right, err := c.Eval(r)
	if err != nil {
		return nil, err
	}
	return func(e *Env, row []value.Value) bool {
		v := left(e, row)
		return want.has(value.Compare(v, right(e, row)))
	}, nil
}

func fixed(x ast.Expr) bool {
	switch x.(type) {
	case *ast.Literal, *ast.Param:
		return true
	}
	return false
}

// compareConstant reads the constant once.
func compareConstant(left Eval, v value.Value, want signs) Test {
	switch v.Kind() {
	case value.KindNumber:
		n := v.Float64()
		return func(e *Env, row []value.Value) bool { return want.has(compareNumber(left(e, row), n)) }
	case value.KindString:
		s := v.Str()
		return func(e *Env, row []value.Value) bool {
			v := left(e, row)
			if v.Kind() == value.KindString {
				return want.has(strings.Compare(v.Str(), s))
			}
			return want.has(sign(v.Kind() > value.KindString))
		}
	}
	return func(e *Env, row []value.Value) bool { return want.has(value.Compare(left(e, row), v)) }
}

func compareParam(left Eval, i int, want signs) Test {
	return func(e *Env, row []value.Value) bool {
		v := left(e, row)
		if n := e.numbers[i]; n == n {
			return want.has(compareNumber(v, n))
		}
		return want.has(value.Compare(v, e.Params[i]))
	}
}

// compareNumber orders a value and a number.
func compareNumber(v value.Value, n float64) int {
	if v.Kind() != value.KindNumber {
		return sign(v.Kind() > value.KindNumber)
	}
	switch f := v.Float64(); {
	case f < n:
		return -1
	case f > n:
		return 1
	}
	return 0
}

func sign(greater bool) int {
	if greater {
		return 1
	}
	return -1
}

// compareNumbers compares where a side is arithmetic, whose result needs no text for that.
func (c *Compiler) compareNumbers(x *ast.Binary, want signs) (Test, error) {
	sides, err := c.Evals([]ast.Expr{x.L, x.R})
	if err != nil {
		return nil, err
	}
	left, right := sides[0], sides[1]
	slow := func(e *Env, row []value.Value) bool {
		v := left(e, row)
		return want.has(value.Compare(v, right(e, row)))
	}
	l, r := c.comparedNumber(x.L), c.comparedNumber(x.R)
	if l == nil || r == nil {
		return slow, nil
	}
	return func(e *Env, row []value.Value) bool {
		a, ok := l(e, row)
		if !ok {
			return slow(e, row)
		}
		b, ok := r(e, row)
		if !ok {
			return slow(e, row)
		}
		switch {
		case a < b:
			return want.has(-1)
		case a > b:
			return want.has(1)
		}
		return want.has(0)
	}, nil
}

// comparedNumber is the number of an expression where null must not become one; nil when there is no short cut.
func (c *Compiler) comparedNumber(x ast.Expr) Num {
	if isArithmetic(x) {
		return c.number(x)
	}
	if !cheap(x) {
		return nil
	}
	eval, err := c.Eval(x)
	if err != nil {
		return nil
	}
	return func(e *Env, row []value.Value) (float64, bool) {
		v := eval(e, row)
		return v.Float64(), v.Kind() == value.KindNumber
	}
}
