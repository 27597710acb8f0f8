package fn

import (
	"math"

	"github.com/selvedge-db/selvedge/value"
)

// plain declares a function of one number.
func plain(name, doc, query, result string, f func(float64) float64) Function {
	return Function{
		Name: name, Family: "numeric", Deterministic: true, Cost: 2, Returns: Number | Null,
		Params: unary("value", Number), Doc: doc, Examples: []Example{{query, result}},
		Eval: func(_ *Context, a []value.Value) value.Value { return value.Float(f(ToNumber(a[0]))) },
	}
}

var numericFunctions = []Function{
	plain("ABS", "Gives the number without its sign.", `RETURN ABS(-5)`, `[5]`, math.Abs),
	plain("ACOS", "Gives the arc cosine in radians; null outside of -1 to 1.", `RETURN [ACOS(1), ACOS(2)]`, `[[0, null]]`, math.Acos),
	plain("ASIN", "Gives the arc sine in radians; null outside of -1 to 1.", `RETURN ASIN(0)`, `[0]`, math.Asin),
	plain("ATAN", "Gives the arc tangent in radians.", `RETURN ATAN(0)`, `[0]`, math.Atan),
	plain("CEIL", "Rounds up to a whole number.", `RETURN [CEIL(2.49), CEIL(-2.5)]`, `[[3, -2]]`, math.Ceil),
	plain("COS", "Gives the cosine of an angle in radians.", `RETURN COS(0)`, `[1]`, math.Cos),
	plain("DEGREES", "Converts radians to degrees.", `RETURN DEGREES(3.141592653589793)`, `[180]`, func(f float64) float64 { return f * (180 / math.Pi) }),
	plain("EXP", "Raises Euler's number to a power.", `RETURN EXP(0)`, `[1]`, math.Exp),
	plain("EXP2", "Raises 2 to a power.", `RETURN EXP2(16)`, `[65536]`, math.Exp2),
	plain("FLOOR", "Rounds down to a whole number.", `RETURN [FLOOR(2.5), FLOOR(-2.5)]`, `[[2, -3]]`, math.Floor),
	plain("LOG", "Gives the natural logarithm; null for numbers that are not above 0.", `RETURN [LOG(1), LOG(0)]`, `[[0, null]]`, math.Log),
	plain("LOG2", "Gives the logarithm to base 2; null for numbers that are not above 0.", `RETURN LOG2(1024)`, `[10]`, math.Log2),
	plain("LOG10", "Gives the logarithm to base 10; null for numbers that are not above 0.", `RETURN LOG10(10000)`, `[4]`, math.Log10),
	plain("RADIANS", "Converts degrees to radians.", `RETURN RADIANS(180)`, `[3.141592653589793]`, func(f float64) float64 { return f * (math.Pi / 180) }),
	plain("ROUND", "Rounds to the nearest whole number, halves up.", `RETURN [ROUND(2.5), ROUND(-2.5), ROUND(-2.51)]`, `[[3, -2, -3]]`, round),
	plain("SIN", "Gives the sine of an angle in radians.", `RETURN SIN(0)`, `[0]`, math.Sin),
	plain("SQRT", "Gives the square root; null for negative numbers.", `RETURN [SQRT(9), SQRT(-1)]`, `[[3, null]]`, math.Sqrt),
	plain("TAN", "Gives the tangent of an angle in radians.", `RETURN TAN(0)`, `[0]`, math.Tan),
	{
		Name: "ATAN2", Family: "numeric", Deterministic: true, Cost: 2, Returns: Number,
		Params:   []Param{one("y", Number), one("x", Number)},
		Doc:      "Gives the angle in radians of the point at x and y.",
		Examples: []Example{{`RETURN ATAN2(0, 1)`, `[0]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			return value.Float(math.Atan2(ToNumber(a[0]), ToNumber(a[1])))
		},
	},
	{
		Name: "POW", Family: "numeric", Deterministic: true, Cost: 3, Returns: Number | Null,
		Params:   []Param{one("base", Number), one("exponent", Number)},
		Doc:      "Raises a number to a power.",
		Examples: []Example{{`RETURN [POW(2, 4), POW(5, -1), POW(5, 0)]`, `[[16, 0.2, 1]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			return c.number(math.Pow(ToNumber(a[0]), ToNumber(a[1])))
		},
	},
	{
		Name: "PI", Family: "numeric", Deterministic: true, Cost: 1, Returns: Number,
		Doc:      "Gives the ratio of a circle's circumference to its diameter.",
		Examples: []Example{{`RETURN PI()`, `[3.141592653589793]`}},
		Eval:     func(*Context, []value.Value) value.Value { return value.Float(math.Pi) },
	},
	{
		Name: "RAND", Family: "numeric", Cost: 3, Returns: Number,
		Doc:      "Gives a random number, at least 0 and less than 1, another one each time.",
		Examples: []Example{{`LET x = RAND() RETURN x >= 0 AND x < 1`, `[true]`}},
		Eval: func(c *Context, _ []value.Value) value.Value {
			if c.Random == nil {
				return c.noRandom("RAND")
			}
			return value.Float(float64(c.Random()>>11) / (1 << 53))
		},
	},
	{
		Name: "RANGE", Family: "numeric", Deterministic: true, Cost: 20, Returns: List | Null,
		Params: []Param{one("start", Number), one("stop", Number), opt("step", Number)},
		Doc: "Gives the numbers from start to stop, both included. Without a step both are cut to whole numbers and the step is 1, " +
			"or -1 when stop is below start; with one they are taken as they are.",
		Examples: []Example{
			{`RETURN RANGE(1, 4)`, `[[1, 2, 3, 4]]`}, {`RETURN RANGE(1.5, 2.5, 0.5)`, `[[1.5, 2, 2.5]]`},
			{`RETURN RANGE(3, 1)`, `[[3, 2, 1]]`},
		},
		Eval: evalRange,
	},
	bitwise("BIT_AND", "Gives the bits that all have.", `RETURN [BIT_AND(7, 5), BIT_AND([7, 6, 4])]`, `[[5, 4]]`, func(a, b uint64) uint64 { return a & b }),
	bitwise("BIT_OR", "Gives the bits that any has.", `RETURN BIT_OR(1, 4)`, `[5]`, func(a, b uint64) uint64 { return a | b }),
	bitwise("BIT_XOR", "Gives the bits that an odd count has.", `RETURN BIT_XOR(7, 2)`, `[5]`, func(a, b uint64) uint64 { return a ^ b }),
	{
		Name: "BIT_POPCOUNT", Family: "numeric", Deterministic: true, Cost: 2, Returns: Number | Null,
		Params:   unary("value", Number),
		Doc:      "Counts the bits that are 1 in a whole number from 0 to 4294967295.",
		Examples: []Example{{`RETURN BIT_POPCOUNT(255)`, `[8]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			n, ok := bitNumber(a[0])
			if !ok {
				return c.badType("BIT_POPCOUNT")
			}
			count := int64(0)
			for ; n != 0; n &= n - 1 {
				count++
			}
			return value.Int(count)
		},
	},
}

// round rounds halves towards positive infinity.
func round(f float64) float64 {
	whole := math.Floor(f)
	if f-whole >= 0.5 {
		whole++
	}
	return whole
}

// noRandom ends the query: whoever evaluates it gave no source of randomness.
func (c *Context) noRandom(name string) value.Value {
	return c.fail(&Error{Number: ErrorUnknownFunction, Text: "function '" + name + "()' cannot be used here: there is no randomness"})
}

// bitNumber reads a number that has bits.
func bitNumber(v value.Value) (uint64, bool) {
	n, ok := v.Int64()
	return uint64(n), ok && n >= 0 && n <= math.MaxUint32
}

// bitwise declares a function of two bit numbers, or of an array of them.
func bitwise(name, doc, query, result string, join func(a, b uint64) uint64) Function {
	return Function{
		Name: name, Family: "numeric", Deterministic: true, Cost: 2, Returns: Number | Null,
		Params:   []Param{one("value", Number|List), opt("value2", Number)},
		Doc:      doc + " The values are whole numbers from 0 to 4294967295, two of them or an array, in which nulls are ignored.",
		Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			items := a
			if len(a) == 1 {
				if a[0].Kind() != value.KindArray {
					return c.badType(name)
				}
				items = a[0].Items()
			}
			all := bits{join: join}
			for _, v := range items {
				if all.Add(v); all.wrong || len(a) == 2 && v.IsNull() {
					return c.badType(name)
				}
			}
			return all.Result()
		},
	}
}

// mostRange bounds the elements of an array that is made of nothing, as in the AQL family.
const mostRange = 10_000_000

func evalRange(c *Context, a []value.Value) value.Value {
	from, to := ToNumber(a[0]), ToNumber(a[1])
	if len(a) < 3 || a[2].IsNull() {
		from, to = math.Trunc(from), math.Trunc(to)
		step := 1.0
		if to < from {
			step = -1
		}
		return numberRange(c, from, to, step)
	}
	step := ToNumber(a[2])
	if step == 0 || from < to && step < 0 || from > to && step > 0 {
		return c.badType("RANGE")
	}
	return numberRange(c, from, to, step)
}

func numberRange(c *Context, from, to, step float64) value.Value {
	count := math.Floor((to-from)/step) + 1
	switch {
	case count != count || count > mostRange:
		return c.fail(&Error{Number: WarnNumberRange, Text: "a range has more than 10000000 elements"})
	case count <= 0:
		return value.Array()
	case !c.grow(int(count) * (valueBytes + 8)):
		return value.Null()
	}
	out := make([]value.Value, 0, int(count))
	for i := 0.0; i < count; i++ {
		if int(i)%4096 == 4095 && !c.check() {
			return value.Null()
		}
		if n := from + i*step; n == math.Trunc(n) && math.Abs(n) < exactWhole {
			out = append(out, value.Int(int64(n)))
		} else {
			out = append(out, value.Float(n))
		}
	}
	return value.OwnItems(out)
}
