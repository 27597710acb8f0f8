package fn

import (
	"github.com/selvedge-db/selvedge/value"
)

var controlFunctions = []Function{
	{
		Name: "NOT_NULL", Aliases: []string{"COALESCE"}, Family: "control", Deterministic: true, Cost: 0.5, Returns: Anything,
		Params:   []Param{many("alternatives", Anything)},
		Doc:      "Gives the first value that is not null, and null when all are.",
		Examples: []Example{{`RETURN NOT_NULL(null, 0, 1)`, `[0]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			for _, v := range a {
				if !v.IsNull() {
					return v
				}
			}
			return value.Null()
		},
	},
	firstOf("FIRST_LIST", "array", `RETURN FIRST_LIST(1, [2], [3])`, `[[2]]`, value.KindArray),
	firstOf("FIRST_DOCUMENT", "object", `RETURN FIRST_DOCUMENT(1, {a: 2})`, `[{"a": 2}]`, value.KindObject),
	{
		Name: "MIN_MATCH", Family: "control", Deterministic: true, Cost: 1, Returns: Bool | Null,
		Params:   []Param{one("condition", Anything), many("conditionsAndCount", Anything)},
		Doc:      "Tells whether at least so many of the conditions hold as the last argument says.",
		Examples: []Example{{`RETURN [MIN_MATCH(true, 1 == 2, "x", 2), MIN_MATCH(true, false, 2)]`, `[[true, false]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			last := len(a) - 1
			if a[last].Kind() != value.KindNumber {
				return c.badType("MIN_MATCH")
			}
			holds := int64(0)
			for _, v := range a[:last] {
				if ToBool(v) {
					holds++
				}
			}
			return value.Bool(holds >= toCount(a[last]))
		},
	},
	{
		Name: "IN_RANGE", Family: "control", Deterministic: true, Cost: 2, Returns: Bool | Null,
		Params: []Param{
			one("value", Anything), one("low", Anything), one("high", Anything), opt("includeLow", Bool), opt("includeHigh", Bool),
		},
		Doc:      "Tells whether a value lies between two others, in the order of types and values; they are left out unless the last arguments say otherwise.",
		Examples: []Example{{`RETURN [IN_RANGE(4, 3, 5), IN_RANGE(5, 3, 5, true, false), IN_RANGE("f", "a", "f", true, true)]`, `[[true, false, true]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			low, high := value.Compare(a[0], a[1]), value.Compare(a[0], a[2])
			return value.Bool((low > 0 || low == 0 && flag(a, 3)) && (high < 0 || high == 0 && flag(a, 4)))
		},
	},
	{
		Name: "APPLY", Family: "call", Cost: 5, Reads: true, Returns: Anything,
		Params:   []Param{one("functionName", Text), opt("arguments", List)},
		Doc:      "Calls a function by its name with the arguments of an array.",
		Examples: []Example{{`RETURN APPLY("SUBSTRING", ["this is a test", 0, 7])`, `["this is"]`}},
	},
	{
		Name: "CALL", Family: "call", Cost: 5, Reads: true, Returns: Anything,
		Params:   []Param{one("functionName", Text), manyOpt("arguments", Anything)},
		Doc:      "Calls a function by its name with the arguments that follow.",
		Examples: []Example{{`RETURN CALL("SUBSTRING", "this is a test", 0, 4)`, `["this"]`}},
	},
	{
		Name: "ASSERT", Family: "call", Cost: 1, Returns: Bool,
		Params:   []Param{one("condition", Anything), one("message", Text)},
		Doc:      "Gives true when the condition holds; otherwise the query ends with an error and the message (1593).",
		Examples: []Example{{`FOR i IN 1..3 FILTER ASSERT(i > 0, "i is not above 0") RETURN i`, `[1, 2, 3]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if !ToBool(a[0]) {
				return c.fail(&Error{Number: WarnAssertion, Text: ToString(a[1])})
			}
			return value.Bool(true)
		},
	},
	{
		Name: "WARN", Family: "call", Cost: 1, Returns: Bool,
		Params:   []Param{one("condition", Anything), one("message", Text)},
		Doc:      "Gives true when the condition holds; otherwise false, and the query gets a warning with the message (1594).",
		Examples: []Example{{`FOR i IN 1..3 FILTER WARN(i < 3, "i is not below 3") RETURN i`, `[1, 2]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			ok := ToBool(a[0])
			if !ok {
				c.warn(WarnUser, "%s", ToString(a[1]))
			}
			return value.Bool(ok)
		},
	},
	{
		Name: "SLEEP", Family: "call", Cost: 1000, Returns: Null,
		Params:   unary("seconds", Number),
		Doc:      "Waits that many seconds, or until the query is stopped, and gives null.",
		Examples: []Example{{`RETURN SLEEP(0)`, `[null]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			seconds := a[0].Float64()
			switch {
			case a[0].Kind() != value.KindNumber || seconds < 0:
				return c.badType("SLEEP")
			case seconds == 0:
			case c.Sleep == nil:
				return c.fail(&Error{Number: ErrorUnknownFunction, Text: "function 'SLEEP()' cannot be used here"})
			default:
				if err := c.Sleep(seconds); err != nil {
					return c.fail(err)
				}
			}
			return value.Null()
		},
	},
}

// firstOf declares a function that gives its first argument of a kind.
func firstOf(name, word, query, result string, kind value.Kind) Function {
	return Function{
		Name: name, Family: "control", Deterministic: true, Cost: 0.5, Returns: Anything,
		Params:   []Param{many("alternatives", Anything)},
		Doc:      "Gives the first value that is an " + word + ", and null when none is.",
		Examples: []Example{{query, result}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			for _, v := range a {
				if v.Kind() == kind {
					return v
				}
			}
			return value.Null()
		},
	}
}
