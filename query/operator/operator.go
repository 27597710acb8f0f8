// Package operator holds the operators of C8QL over values: what + and IN and [*] give, whoever asks.
//
// Guarantees: operators never panic and never fail; what has no result is null, with a warning where the AQL family
// gives one. Comparisons give an answer for every pair of values. Nothing is changed that was given.
//
// Not guaranteed: that a warning comes but once; whoever collects them counts.
//
// Conversions are those of the AQL family: null is 0, false and "", a string is the number that it spells or 0, an
// array of one element is the number of that element, other arrays and objects are 0, and everything but null, false, 0
// and "" is true.
package operator

import (
	"math"
	"strconv"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/value"
)

// Binary applies an operator of two operands, both of which were computed; && and || give one of them.
func Binary(c *fn.Context, op ast.Op, l, r value.Value) value.Value {
	switch op {
	case ast.OpAnd:
		if !ToBool(l) {
			return l
		}
		return r
	case ast.OpOr:
		if ToBool(l) {
			return l
		}
		return r
	case ast.OpEqual, ast.OpNotEqual, ast.OpLess, ast.OpLessEqual, ast.OpGreater, ast.OpGreaterEqual, ast.OpIn, ast.OpNotIn:
		return value.Bool(Compare(op, l, r))
	case ast.OpLike:
		return call(c, "LIKE", l, r)
	case ast.OpNotLike:
		return value.Bool(!ToBool(call(c, "LIKE", l, r)))
	case ast.OpMatch:
		return call(c, "REGEX_TEST", l, r)
	case ast.OpNotMatch:
		return value.Bool(!ToBool(call(c, "REGEX_TEST", l, r)))
	}
	return arithmetic(c, op, ToNumber(l), ToNumber(r))
}

func call(c *fn.Context, name string, args ...value.Value) value.Value {
	f, ok := fn.Lookup(name)
	if !ok {
		return value.Null()
	}
	return f.Eval(c, args)
}

// Unary applies an operator of one operand.
func Unary(c *fn.Context, op ast.Op, v value.Value) value.Value {
	switch op {
	case ast.OpNot:
		return value.Bool(!ToBool(v))
	case ast.OpMinus:
		return finite(c, -ToNumber(v))
	default:
		return finite(c, ToNumber(v))
	}
}

func arithmetic(c *fn.Context, op ast.Op, l, r float64) value.Value {
	switch op {
	case ast.OpAdd:
		return finite(c, l+r)
	case ast.OpSubtract:
		return finite(c, l-r)
	case ast.OpMultiply:
		return finite(c, l*r)
	}
	if r == 0 {
		warn(c, fn.WarnDivision, "division by zero")
		return value.Null()
	}
	if op == ast.OpDivide {
		return finite(c, l/r)
	}
	return finite(c, math.Mod(l, r))
}

// finite makes a value of a number; what has no digits is null.
func finite(c *fn.Context, f float64) value.Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		warn(c, fn.WarnNumberRange, "result of arithmetic is out of range")
		return value.Null()
	}
	return value.Float(f)
}

func warn(c *fn.Context, number int, text string) {
	if c != nil && c.Warn != nil {
		c.Warn(number, text)
	}
}

// Compare applies a comparison, IN or NOT IN. IN and NOT IN are both false when the right side is no array.
func Compare(op ast.Op, l, r value.Value) bool {
	switch op {
	case ast.OpEqual:
		return value.Compare(l, r) == 0
	case ast.OpNotEqual:
		return value.Compare(l, r) != 0
	case ast.OpLess:
		return value.Compare(l, r) < 0
	case ast.OpLessEqual:
		return value.Compare(l, r) <= 0
	case ast.OpGreater:
		return value.Compare(l, r) > 0
	case ast.OpGreaterEqual:
		return value.Compare(l, r) >= 0
	case ast.OpIn:
		return r.Kind() == value.KindArray && In(l, r)
	case ast.OpNotIn:
		return r.Kind() == value.KindArray && !In(l, r)
	}
	return false
}

// In reports whether an array has an element equal to v.
func In(v, array value.Value) bool {
	for _, item := range array.Items() {
		if value.Compare(v, item) == 0 {
			return true
		}
	}
	return false
}

// Quantified compares each element of the array l with r, and says whether as many fit as the quantifier wants; least
// is that of AT LEAST. It is false when l is no array, or the operator is IN or NOT IN and r is none.
func Quantified(_ *fn.Context, quant ast.Quantifier, least value.Value, op ast.Op, l, r value.Value) value.Value {
	in := op == ast.OpIn || op == ast.OpNotIn
	if l.Kind() != value.KindArray || in && r.Kind() != value.KindArray {
		return value.Bool(false)
	}
	items := l.Items()
	fit := 0
	for _, item := range items {
		if Compare(op, item, r) {
			fit++
		}
	}
	switch quant {
	case ast.QuantAll:
		return value.Bool(fit == len(items))
	case ast.QuantAny:
		return value.Bool(fit > 0)
	case ast.QuantNone:
		return value.Bool(fit == 0)
	default:
		return value.Bool(fit >= Whole(least))
	}
}

// Attribute gives the member of that name, null for everything that has none.
func Attribute(of value.Value, name string) value.Value {
	v, _ := of.Get(name)
	return v
}

// Index gives of[at]: the element of an array, counted from the end when at is negative, or the member of an object.
// A string that spells a whole number is an index of an array, and a number names a member by its digits.
func Index(of, at value.Value) value.Value {
	switch of.Kind() {
	case value.KindArray:
		n, ok := position(at)
		if n < 0 {
			n += int64(of.Len())
		}
		if !ok || n < 0 || n >= int64(of.Len()) {
			return value.Null()
		}
		return of.Items()[n]
	case value.KindObject:
		switch at.Kind() {
		case value.KindString:
			return Attribute(of, at.Str())
		case value.KindNumber:
			return Attribute(of, strconv.FormatInt(cut(at.Float64()), 10))
		}
	}
	return value.Null()
}

func position(at value.Value) (int64, bool) {
	switch at.Kind() {
	case value.KindNumber:
		return cut(at.Float64()), true
	case value.KindString:
		n, err := strconv.ParseInt(at.Str(), 10, 64)
		return n, err == nil && n > math.MinInt64/2
	}
	return 0, false
}

// farthest is as far from 0 as numbers are cut.
const farthest = 1 << 53

// cut drops the fraction, and what lies beyond the whole numbers that doubles hold.
func cut(f float64) int64 {
	switch {
	case f != f:
		return 0
	case f >= farthest:
		return farthest
	case f <= -farthest:
		return -farthest
	}
	return int64(f)
}

// Whole converts to a count: a whole number that is not negative.
func Whole(v value.Value) int { return int(max(0, cut(ToNumber(v)))) }

// Bounds gives the first and the last number of a range, which goes down when the first is the greater one.
func Bounds(from, to value.Value) (first, last int64) { return cut(ToNumber(from)), cut(ToNumber(to)) }

// LongestRange is how many elements a range may have where it must be held as an array.
const LongestRange = 10_000_000

// Range gives from..to as an array. A longer one than LongestRange ends the query.
func Range(c *fn.Context, from, to value.Value) value.Value {
	first, last := Bounds(from, to)
	step := int64(1)
	if first > last {
		step = -1
	}
	n := (last-first)*step + 1
	if n > LongestRange {
		fail(c, &fn.Error{Number: resourceLimit, Text: "range of " + strconv.FormatInt(n, 10) +
			" numbers is longer than the 10000000 that fit an array: use it in FOR, which reads it piece by piece"})
		return value.Null()
	}
	if !grow(c, int(n)*bytesOfNumber) {
		return value.Null()
	}
	items := make([]value.Value, n)
	for i := range items {
		items[i] = value.Int(first + int64(i)*step)
	}
	return value.Array(items...)
}

const (
	resourceLimit = 32
	bytesOfNumber = 48
)

func fail(c *fn.Context, err error) {
	if c != nil && c.Fail != nil {
		c.Fail(err)
	}
}

func grow(c *fn.Context, bytes int) bool {
	if c == nil || c.Grow == nil {
		return true
	}
	if err := c.Grow(bytes); err != nil {
		fail(c, err)
		return false
	}
	return true
}

// Expand gives the elements that an expansion goes over: those of the array, with arrays in it flattened levels-1
// deep; none when it is no array. The slice may be shared: read only.
func Expand(of value.Value, levels int) []value.Value {
	items := of.Items()
	if levels <= 1 {
		return items
	}
	var out []value.Value
	for _, item := range items {
		if item.Kind() == value.KindArray {
			out = append(out, Expand(item, levels-1)...)
		} else {
			out = append(out, item)
		}
	}
	return out
}
