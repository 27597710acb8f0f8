package operator_test

import (
	"math"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// Values of every type in the order of the language. Those on one line are equal.
var ascending = [][]string{
	{`null`}, {`false`}, {`true`},
	{`-1e9`}, {`-1`}, {`0`, `0.0`, `-0.0`}, {`0.5`}, {`1`, `1.0`, `10e-1`}, {`2`}, {`10`},
	{`""`}, {`" "`}, {`"0"`}, {`"1"`}, {`"10"`}, {`"2"`}, {`"A"`}, {`"a"`}, {`"aa"`}, {`"b"`}, {`"é"`},
	{`[]`, `[null]`}, {`[false]`}, {`[1]`}, {`[1,2]`}, {`[2]`}, {`["a"]`}, {`[[]]`}, {`[{}]`},
	{`{}`, `{"a":null}`}, {`{"b":1}`}, {`{"a":1}`}, {`{"a":1,"b":1}`}, {`{"a":2}`},
}

func TestComparisonsOfEveryPair(t *testing.T) {
	t.Parallel()
	for i, left := range ascending {
		for j, right := range ascending {
			for _, l := range left {
				for _, r := range right {
					compareBoth(t, parse(t, l), parse(t, r), i, j)
				}
			}
		}
	}
}

func compareBoth(t *testing.T, l, r value.Value, i, j int) {
	t.Helper()
	for op, want := range map[ast.Op]bool{
		ast.OpEqual: i == j, ast.OpNotEqual: i != j, ast.OpLess: i < j, ast.OpLessEqual: i <= j,
		ast.OpGreater: i > j, ast.OpGreaterEqual: i >= j,
	} {
		if got := operator.Binary(nil, op, l, r); !value.Identical(got, value.Bool(want)) {
			t.Errorf("%s %s %s is %s", l, op, r, got)
		}
	}
	array := value.Array(value.String("other"), r)
	if got := operator.Compare(ast.OpIn, l, array); got != (i == j || value.Equal(l, value.String("other"))) {
		t.Errorf("%s IN %s is %v", l, array, got)
	}
	if operator.Compare(ast.OpIn, l, array) == operator.Compare(ast.OpNotIn, l, array) {
		t.Errorf("%s is both IN and NOT IN %s, or neither", l, array)
	}
}

// What each value is as a number, as a bool and as a string.
var conversions = []struct {
	text   string
	number float64
	truth  bool
	str    string
}{
	{`null`, 0, false, ``}, {`false`, 0, false, `false`}, {`true`, 1, true, `true`},
	{`0`, 0, false, `0`}, {`-1.5`, -1.5, true, `-1.5`}, {`3`, 3, true, `3`}, {`1e3`, 1000, true, `1e3`},
	{`""`, 0, false, ``}, {`"0"`, 0, true, `0`}, {`"12"`, 12, true, `12`}, {`" -2.5e1 "`, -25, true, ` -2.5e1 `},
	{`"12a"`, 0, true, `12a`}, {`"abc"`, 0, true, `abc`}, {`"0x10"`, 0, true, `0x10`}, {`"inf"`, 0, true, `inf`},
	{`"nan"`, 0, true, `nan`}, {`"1_000"`, 0, true, `1_000`}, {`"1e999"`, 0, true, `1e999`},
	{`[]`, 0, true, `[]`}, {`[7]`, 7, true, `[7]`}, {`["8"]`, 8, true, `["8"]`}, {`[[9]]`, 9, true, `[[9]]`}, {`[[]]`, 0, true, `[[]]`},
	{`[1,2]`, 0, true, `[1,2]`}, {`{}`, 0, true, `{}`}, {`{"a":1}`, 0, true, `{"a":1}`},
}

func TestConversions(t *testing.T) {
	t.Parallel()
	for _, c := range conversions {
		v := parse(t, c.text)
		if got := operator.ToNumber(v); got != c.number {
			t.Errorf("TO_NUMBER(%s) is %v", c.text, got)
		}
		if got := operator.ToBool(v); got != c.truth {
			t.Errorf("TO_BOOL(%s) is %v", c.text, got)
		}
		if got := operator.ToString(v); got != c.str {
			t.Errorf("TO_STRING(%s) is %q", c.text, got)
		}
	}
}

// The functions of the same names must not differ from the operators.
func TestFunctionsConvertAlike(t *testing.T) {
	t.Parallel()
	for _, c := range conversions {
		v := parse(t, c.text)
		for name, want := range map[string]value.Value{
			"TO_NUMBER": value.Float(c.number), "TO_BOOL": value.Bool(c.truth), "TO_STRING": value.String(c.str),
		} {
			f, ok := fn.Lookup(name)
			if !ok {
				t.Fatalf("no function %s", name)
			}
			if got := f.Eval(&fn.Context{}, []value.Value{v}); !value.Equal(got, want) {
				t.Errorf("%s(%s) is %s instead of %s", name, c.text, got, want)
			}
		}
	}
}

func TestArithmeticOfEveryPair(t *testing.T) {
	t.Parallel()
	for _, l := range conversions {
		for _, r := range conversions {
			a, b := l.number, r.number
			want := map[ast.Op]float64{
				ast.OpAdd: a + b, ast.OpSubtract: a - b, ast.OpMultiply: a * b, ast.OpDivide: a / b, ast.OpModulo: math.Mod(a, b),
			}
			for op, number := range want {
				warned := 0
				c := &fn.Context{Warn: func(n int, _ string) { warned = n }}
				got := operator.Binary(c, op, parse(t, l.text), parse(t, r.text))
				if b == 0 && (op == ast.OpDivide || op == ast.OpModulo) {
					if !got.IsNull() || warned != fn.WarnDivision {
						t.Errorf("%s %s %s is %s with warning %d", l.text, op, r.text, got, warned)
					}
					continue
				}
				if got.Kind() != value.KindNumber || got.Float64() != number || warned != 0 {
					t.Errorf("%s %s %s is %s with warning %d", l.text, op, r.text, got, warned)
				}
			}
		}
	}
}

func TestUnary(t *testing.T) {
	t.Parallel()
	for _, c := range conversions {
		v := parse(t, c.text)
		if got := operator.Unary(nil, ast.OpNot, v); got.Kind() != value.KindBool || got.Bool() == c.truth {
			t.Errorf("!%s is %s", c.text, got)
		}
		if got := operator.Unary(nil, ast.OpMinus, v); got.Float64() != -c.number {
			t.Errorf("-%s is %s", c.text, got)
		}
		if got := operator.Unary(nil, ast.OpPlus, v); got.Float64() != c.number {
			t.Errorf("+%s is %s", c.text, got)
		}
	}
}

func TestLogicGivesAnOperand(t *testing.T) {
	t.Parallel()
	for _, l := range conversions {
		for _, r := range conversions {
			a, b := parse(t, l.text), parse(t, r.text)
			and, or := a, b
			if l.truth {
				and, or = b, a
			}
			if got := operator.Binary(nil, ast.OpAnd, a, b); !value.Identical(got, and) {
				t.Errorf("%s && %s is %s", a, b, got)
			}
			if got := operator.Binary(nil, ast.OpOr, a, b); !value.Identical(got, or) {
				t.Errorf("%s || %s is %s", a, b, got)
			}
		}
	}
}

func TestOverflow(t *testing.T) {
	t.Parallel()
	warned := 0
	c := &fn.Context{Warn: func(n int, _ string) { warned = n }}
	if got := operator.Binary(c, ast.OpMultiply, parse(t, "1e308"), parse(t, "10")); !got.IsNull() || warned != fn.WarnNumberRange {
		t.Errorf("1e308 * 10 is %s with warning %d", got, warned)
	}
}

func TestInWantsAnArray(t *testing.T) {
	t.Parallel()
	for _, right := range []string{`null`, `1`, `"abc"`, `{"a":1}`} {
		for _, op := range []ast.Op{ast.OpIn, ast.OpNotIn} {
			if operator.Compare(op, parse(t, `"a"`), parse(t, right)) {
				t.Errorf("\"a\" %s %s is true", op, right)
			}
		}
	}
}

func TestQuantified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quant ast.Quantifier
		least string
		op    ast.Op
		l, r  string
		want  bool
	}{
		{ast.QuantAll, `null`, ast.OpEqual, `[1,1]`, `1`, true}, {ast.QuantAll, `null`, ast.OpEqual, `[1,2]`, `1`, false},
		{ast.QuantAny, `null`, ast.OpEqual, `[1,2]`, `1`, true}, {ast.QuantAny, `null`, ast.OpEqual, `[2]`, `1`, false},
		{ast.QuantNone, `null`, ast.OpEqual, `[1,2]`, `1`, false}, {ast.QuantNone, `null`, ast.OpEqual, `[2]`, `1`, true},
		{ast.QuantAll, `null`, ast.OpGreater, `[]`, `1`, true}, {ast.QuantAny, `null`, ast.OpGreater, `[]`, `1`, false},
		{ast.QuantNone, `null`, ast.OpGreater, `[]`, `1`, true}, {ast.QuantAtLeast, `0`, ast.OpGreater, `[]`, `1`, true},
		{ast.QuantAtLeast, `2`, ast.OpGreater, `[1,2,3]`, `1`, true}, {ast.QuantAtLeast, `3`, ast.OpGreater, `[1,2,3]`, `1`, false},
		{ast.QuantAtLeast, `-1`, ast.OpGreater, `[]`, `1`, true}, {ast.QuantAtLeast, `"2"`, ast.OpGreater, `[1,2,3]`, `1`, true},
		{ast.QuantAny, `null`, ast.OpIn, `[1,5]`, `[5,6]`, true}, {ast.QuantAll, `null`, ast.OpIn, `[1,5]`, `[5,6]`, false},
		{ast.QuantNone, `null`, ast.OpIn, `[1,2]`, `[5,6]`, true}, {ast.QuantAll, `null`, ast.OpNotIn, `[1,2]`, `[5,6]`, true},
		{ast.QuantAll, `null`, ast.OpIn, `[1]`, `1`, false}, {ast.QuantNone, `null`, ast.OpIn, `[1]`, `1`, false},
		{ast.QuantAll, `null`, ast.OpEqual, `1`, `1`, false}, {ast.QuantNone, `null`, ast.OpEqual, `null`, `1`, false},
	} {
		got := operator.Quantified(nil, c.quant, parse(t, c.least), c.op, parse(t, c.l), parse(t, c.r))
		if !value.Identical(got, value.Bool(c.want)) {
			t.Errorf("%s %s (%s) %s %s is %s", c.l, c.quant, c.least, c.op, c.r, got)
		}
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ of, at, want string }{
		{`[1,2,3]`, `0`, `1`}, {`[1,2,3]`, `2`, `3`}, {`[1,2,3]`, `3`, `null`}, {`[1,2,3]`, `-1`, `3`}, {`[1,2,3]`, `-3`, `1`},
		{`[1,2,3]`, `-4`, `null`}, {`[1,2,3]`, `1.9`, `2`}, {`[1,2,3]`, `-0.5`, `1`}, {`[1,2,3]`, `"1"`, `2`}, {`[1,2,3]`, `"a"`, `null`},
		{`[1,2,3]`, `1e300`, `null`}, {`[1,2,3]`, `-1e300`, `null`}, {`[1,2,3]`, `true`, `null`}, {`[1,2,3]`, `null`, `null`},
		{`{"a":1}`, `"a"`, `1`}, {`{"a":1}`, `"b"`, `null`}, {`{"1":5}`, `1`, `5`}, {`{"a":1}`, `null`, `null`},
		{`"abc"`, `0`, `null`}, {`null`, `"a"`, `null`}, {`12`, `0`, `null`},
	} {
		if got := operator.Index(parse(t, c.of), parse(t, c.at)); !value.Identical(got, parse(t, c.want)) {
			t.Errorf("%s[%s] is %s", c.of, c.at, got)
		}
	}
	if got := operator.Attribute(parse(t, `[{"a":1}]`), "a"); !got.IsNull() {
		t.Errorf("an array has an attribute: %s", got)
	}
}

func TestRange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{`1`, `3`, `[1,2,3]`}, {`3`, `1`, `[3,2,1]`}, {`2`, `2`, `[2]`}, {`-1`, `1`, `[-1,0,1]`}, {`1.9`, `3.9`, `[1,2,3]`},
		{`null`, `2`, `[0,1,2]`}, {`"2"`, `true`, `[2,1]`}, {`[5]`, `6`, `[5,6]`},
	} {
		if got := operator.Range(nil, parse(t, c.from), parse(t, c.to)); !value.Identical(got, parse(t, c.want)) {
			t.Errorf("%s..%s is %s", c.from, c.to, got)
		}
	}
	var failed error
	c := &fn.Context{Fail: func(err error) { failed = err }}
	if operator.Range(c, parse(t, "0"), parse(t, "1e15")); failed == nil {
		t.Error("a range of 1e15 numbers is made")
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of     string
		levels int
		want   string
	}{
		{`[1,[2,[3,[4]]]]`, 1, `[1,[2,[3,[4]]]]`}, {`[1,[2,[3,[4]]]]`, 2, `[1,2,[3,[4]]]`}, {`[1,[2,[3,[4]]]]`, 3, `[1,2,3,[4]]`},
		{`[1,[2,[3,[4]]]]`, 9, `[1,2,3,4]`}, {`null`, 1, `[]`}, {`{"a":1}`, 2, `[]`}, {`[[],[[]]]`, 2, `[[]]`},
	} {
		if got := value.Array(operator.Expand(parse(t, c.of), c.levels)...); !value.Identical(got, parse(t, c.want)) {
			t.Errorf("%s with %d stars is %s", c.of, c.levels, got)
		}
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op   ast.Op
		l, r string
		want bool
	}{
		{ast.OpLike, `"abc"`, `"a%"`, true}, {ast.OpLike, `"abc"`, `"a_c"`, true}, {ast.OpLike, `"abc"`, `"b%"`, false},
		{ast.OpLike, `"ABC"`, `"abc"`, false}, {ast.OpLike, `"a%c"`, `"a\\%c"`, true}, {ast.OpLike, `"abc"`, `"a\\%c"`, false},
		{ast.OpLike, `""`, `"%"`, true}, {ast.OpLike, `"a.c"`, `"a.c"`, true}, {ast.OpLike, `"abc"`, `"a.c"`, false},
		{ast.OpLike, `"a\nb"`, `"a%b"`, true}, {ast.OpLike, `"aéb"`, `"a_b"`, true}, {ast.OpLike, `12`, `"1%"`, true},
		{ast.OpNotLike, `"abc"`, `"b%"`, true}, {ast.OpNotLike, `"abc"`, `"a%"`, false},
		{ast.OpMatch, `"abc"`, `"^a.c$"`, true}, {ast.OpMatch, `"abc"`, `"x"`, false}, {ast.OpMatch, `"xabcx"`, `"b"`, true},
		{ast.OpNotMatch, `"abc"`, `"x"`, true}, {ast.OpNotMatch, `"abc"`, `"b"`, false},
	} {
		if got := operator.Binary(&fn.Context{}, c.op, parse(t, c.l), parse(t, c.r)); !value.Identical(got, value.Bool(c.want)) {
			t.Errorf("%s %s %s is %s", c.l, c.op, c.r, got)
		}
	}
}
