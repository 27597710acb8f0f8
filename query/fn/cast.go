package fn

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/value"
)

// kindCheck declares a function that tells a kind.
func kindCheck(name string, aliases []string, doc, query, result string, kind value.Kind) Function {
	return Function{
		Name: name, Aliases: aliases, Family: "type", Deterministic: true, Cost: 0.5, Returns: Bool,
		Params: unary("value", Anything), Doc: doc, Examples: []Example{{query, result}},
		Eval: func(_ *Context, a []value.Value) value.Value { return value.Bool(a[0].Kind() == kind) },
	}
}

var typeFunctions = []Function{
	kindCheck("IS_NULL", nil, "Tells whether the value is null.", `RETURN [IS_NULL(null), IS_NULL(0)]`, `[[true, false]]`, value.KindNull),
	kindCheck("IS_BOOL", nil, "Tells whether the value is true or false.", `RETURN [IS_BOOL(false), IS_BOOL(0)]`, `[[true, false]]`, value.KindBool),
	kindCheck("IS_NUMBER", nil, "Tells whether the value is a number.", `RETURN [IS_NUMBER(1.5), IS_NUMBER("1")]`, `[[true, false]]`, value.KindNumber),
	kindCheck("IS_STRING", nil, "Tells whether the value is a string.", `RETURN [IS_STRING("a"), IS_STRING(1)]`, `[[true, false]]`, value.KindString),
	kindCheck("IS_ARRAY", []string{"IS_LIST"}, "Tells whether the value is an array.", `RETURN [IS_ARRAY([]), IS_ARRAY({})]`, `[[true, false]]`, value.KindArray),
	kindCheck("IS_OBJECT", []string{"IS_DOCUMENT"}, "Tells whether the value is an object.", `RETURN [IS_OBJECT({}), IS_OBJECT([])]`, `[[true, false]]`, value.KindObject),
	{
		Name: "IS_KEY", Family: "type", Deterministic: true, Cost: 3, Returns: Bool,
		Params:   unary("value", Anything),
		Doc:      "Tells whether the value can be the key of a document.",
		Examples: []Example{{`RETURN [IS_KEY("user-1"), IS_KEY("a b"), IS_KEY(1)]`, `[[true, false, false]]`}},
		Eval:     func(_ *Context, a []value.Value) value.Value { return value.Bool(isKey(a[0].Str())) },
	},
	{
		Name: "TYPENAME", Family: "type", Deterministic: true, Cost: 0.5, Returns: Text,
		Params:   unary("value", Anything),
		Doc:      "Names the type of the value: null, bool, number, string, array or object.",
		Examples: []Example{{`RETURN [TYPENAME(null), TYPENAME(1), TYPENAME({})]`, `[["null", "number", "object"]]`}},
		Eval:     func(_ *Context, a []value.Value) value.Value { return value.String(a[0].Kind().String()) },
	},
	{
		Name: "TO_BOOL", Family: "cast", Deterministic: true, Cost: 0.5, Returns: Bool,
		Params:   unary("value", Anything),
		Doc:      `Converts to a bool: null, 0 and "" are false, everything else is true, empty arrays too.`,
		Examples: []Example{{`RETURN [TO_BOOL(""), TO_BOOL([]), TO_BOOL(-1)]`, `[[false, true, true]]`}},
		Eval:     func(_ *Context, a []value.Value) value.Value { return value.Bool(ToBool(a[0])) },
	},
	{
		Name: "TO_NUMBER", Family: "cast", Deterministic: true, Cost: 2, Returns: Number,
		Params: unary("value", Anything),
		Doc: "Converts to a number: null and false are 0, true is 1, a string is the number that it spells or else 0, an array of one " +
			"element is the number of that element, other arrays and objects are 0.",
		Examples: []Example{{`RETURN [TO_NUMBER(" 5.5 "), TO_NUMBER(true), TO_NUMBER([8]), TO_NUMBER("abc")]`, `[[5.5, 1, 8, 0]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			if a[0].Kind() == value.KindNumber {
				return a[0]
			}
			return value.Float(ToNumber(a[0]))
		},
	},
	{
		Name: "TO_STRING", Family: "cast", Deterministic: true, Cost: 2, Returns: Text,
		Params:   unary("value", Anything),
		Doc:      "Converts to a string: null is empty, numbers are as they are written, arrays and objects are JSON.",
		Examples: []Example{{`RETURN [TO_STRING(null), TO_STRING(1.25), TO_STRING([1, "a"])]`, `[["", "1.25", "[1,\"a\"]"]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			if a[0].Kind() == value.KindString {
				return a[0]
			}
			return value.String(ToString(a[0]))
		},
	},
	{
		Name: "TO_ARRAY", Aliases: []string{"TO_LIST"}, Family: "cast", Deterministic: true, Cost: 2, Returns: List,
		Params:   unary("value", Anything),
		Doc:      "Converts to an array: null is empty, an object its values, other values an array of that value.",
		Examples: []Example{{`RETURN [TO_ARRAY(null), TO_ARRAY(5), TO_ARRAY({a: 1, b: [2]})]`, `[[[], [5], [1, [2]]]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			switch a[0].Kind() {
			case value.KindNull:
				return value.Array()
			case value.KindArray:
				return a[0]
			case value.KindObject:
				return eachMember(c, "TO_ARRAY", a[:1], func(m value.Member) value.Value { return m.Value })
			}
			return value.Array(a[0])
		},
	},
}

// longestKey is the most bytes of a key.
const longestKey = 254

func isKey(s string) bool {
	if s == "" || len(s) > longestKey {
		return false
	}
	for i := range len(s) {
		b := s[i]
		if (b|0x20 < 'a' || b|0x20 > 'z') && (b < '0' || b > '9') && strings.IndexByte("_-:.@()+,=;$!*'%", b) < 0 {
			return false
		}
	}
	return true
}

// ToNumber converts as TO_NUMBER.
func ToNumber(v value.Value) float64 {
	for v.Kind() == value.KindArray && v.Len() == 1 {
		v = v.Items()[0]
	}
	switch v.Kind() {
	case value.KindNumber:
		return v.Float64()
	case value.KindBool:
		if v.Bool() {
			return 1
		}
	case value.KindString:
		return spelled(strings.TrimSpace(v.Str()))
	}
	return 0
}

// spelled reads decimal numbers alone: neither names like Inf nor other bases, nor underscores.
func spelled(s string) float64 {
	for i := range len(s) {
		if c := s[i]; c-'0' > 9 && strings.IndexByte(".-+eE", c) < 0 {
			return 0
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f
	}
	return 0
}

// ToBool converts as TO_BOOL.
func ToBool(v value.Value) bool {
	switch v.Kind() {
	case value.KindNull:
		return false
	case value.KindBool:
		return v.Bool()
	case value.KindNumber:
		return v.Float64() != 0
	case value.KindString:
		return v.Str() != ""
	}
	return true
}

// ToString converts as TO_STRING.
func ToString(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return ""
	case value.KindString:
		return v.Str()
	case value.KindNumber:
		return v.Digits()
	}
	return v.String()
}

// toCount converts to a whole number that fits an int64, cut towards zero and to its ends.
func toCount(v value.Value) int64 {
	f := ToNumber(v)
	const most = 1 << 62
	switch {
	case f != f:
		return 0
	case f >= most:
		return most
	case f <= -most:
		return -most
	}
	return int64(f)
}

// flag reads an optional argument as a bool.
func flag(args []value.Value, at int) bool { return at < len(args) && ToBool(args[at]) }

// runes counts code points.
func runes(s string) int { return utf8.RuneCountInString(s) }
