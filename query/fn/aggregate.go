package fn

import "github.com/selvedge-db/selvedge/value"

// Aggregate is one aggregate of COLLECT ... AGGREGATE and of WINDOW.
type Aggregate struct {
	Name    string
	Aliases []string
	// Params are the parameters. One: Add takes the argument itself. Several: Add takes one array of the arguments.
	// LENGTH alone has an optional parameter only, and counts whatever Add takes.
	Params   []Param
	Returns  Types
	Doc      string
	Examples []Example
	Cost     float64 // of one Add; 1 is a comparison of numbers
	// Ordered results depend on the order of the rows, so parts must be merged in that order.
	Ordered bool
	New     func() Accumulator
}

// Arity gives the least and the most arguments.
func (a *Aggregate) Arity() (least, most int) { return arity(a.Params) }

// Wide tells whether Add takes an array of several arguments.
func (a *Aggregate) Wide() bool { return len(a.Params) > 1 }

// Accumulator gathers the values of one group. It belongs to one goroutine at a time.
type Accumulator interface {
	// Add takes the value of one row. What is kept of it is copied: its text may be used again afterwards.
	Add(v value.Value)
	// Merge takes what another accumulator of the same aggregate gathered from later rows; that one is then spent.
	Merge(other Accumulator)
	// Result gives the result so far; more may be added afterwards.
	Result() value.Value
	// Bytes is what it holds besides its fixed size.
	Bytes() int
}

var aggregates = []Aggregate{
	{
		Name: "LENGTH", Aliases: []string{"COUNT"}, Cost: 0.1, Returns: Number,
		Params:   []Param{{Name: "value", Types: Anything, Optional: true}},
		Doc:      "Counts the rows of the group, whatever the value is, null too. Without an argument it counts rows as well.",
		Examples: []Example{{`FOR x IN [1, null, 3] COLLECT AGGREGATE n = LENGTH(x) RETURN n`, `[3]`}},
		New:      func() Accumulator { return &counter{} },
	},
	{
		Name: "MIN", Cost: 1, Returns: Anything,
		Params:   []Param{{Name: "value", Types: Anything}},
		Doc:      "Gives the least value, in the order of types and values. Nulls are ignored; without another value it is null.",
		Examples: []Example{{`FOR x IN [3, null, 1] COLLECT AGGREGATE m = MIN(x) RETURN m`, `[1]`}},
		New:      func() Accumulator { return &extreme{sign: -1} },
	},
	{
		Name: "MAX", Cost: 1, Returns: Anything,
		Params:   []Param{{Name: "value", Types: Anything}},
		Doc:      "Gives the greatest value, in the order of types and values. Nulls are ignored; without another value it is null.",
		Examples: []Example{{`FOR x IN [3, null, 1] COLLECT AGGREGATE m = MAX(x) RETURN m`, `[3]`}},
		New:      func() Accumulator { return &extreme{sign: 1} },
	},
	{
		Name: "SUM", Cost: 1, Returns: Number | Null,
		Params: []Param{{Name: "value", Types: Number | Null}},
		Doc: "Adds numbers up. Nulls are ignored; any other value that is not a number makes the result null. " +
			"It is null when there are no rows at all.",
		Examples: []Example{
			{`FOR x IN [3, null, 1] COLLECT AGGREGATE s = SUM(x) RETURN s`, `[4]`},
			{`FOR x IN [3, "1"] COLLECT AGGREGATE s = SUM(x) RETURN s`, `[null]`},
		},
		New: func() Accumulator { return &adder{} },
	},
	{
		Name: "AVERAGE", Aliases: []string{"AVG"}, Cost: 1, Returns: Number | Null,
		Params: []Param{{Name: "value", Types: Number | Null}},
		Doc: "Gives the mean of numbers. Nulls are ignored; any other value that is not a number makes the result null. " +
			"Without numbers it is null.",
		Examples: []Example{{`FOR x IN [3, null, 2] COLLECT AGGREGATE a = AVERAGE(x) RETURN a`, `[2.5]`}},
		New:      func() Accumulator { return &adder{mean: true} },
	},
	{
		Name: "VARIANCE_POPULATION", Aliases: []string{"VARIANCE"}, Cost: 2, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the variance of numbers that are the whole population. Nulls are ignored; other values make it null.",
		Examples: []Example{{`FOR x IN [1, 3] COLLECT AGGREGATE v = VARIANCE_POPULATION(x) RETURN v`, `[1]`}},
		New:      func() Accumulator { return &spread{} },
	},
	{
		Name: "VARIANCE_SAMPLE", Cost: 2, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the variance of a population of which the numbers are a sample; null for fewer than two numbers.",
		Examples: []Example{{`FOR x IN [1, 3] COLLECT AGGREGATE v = VARIANCE_SAMPLE(x) RETURN v`, `[2]`}},
		New:      func() Accumulator { return &spread{sample: true} },
	},
	{
		Name: "STDDEV_POPULATION", Aliases: []string{"STDDEV"}, Cost: 2, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the standard deviation of numbers that are the whole population. Nulls are ignored; other values make it null.",
		Examples: []Example{{`FOR x IN [1, 3] COLLECT AGGREGATE s = STDDEV_POPULATION(x) RETURN s`, `[1]`}},
		New:      func() Accumulator { return &spread{root: true} },
	},
	{
		Name: "STDDEV_SAMPLE", Cost: 2, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the standard deviation of a population of which the numbers are a sample; null for fewer than two numbers.",
		Examples: []Example{{`FOR x IN [1, 5, 3] COLLECT AGGREGATE s = STDDEV_SAMPLE(x) RETURN s`, `[2]`}},
		New:      func() Accumulator { return &spread{root: true, sample: true} },
	},
	{
		Name: "UNIQUE", Cost: 8, Returns: List,
		Params:   []Param{{Name: "value", Types: Anything}},
		Doc:      "Gathers the different values of the group, null too. Do not rely on their order.",
		Examples: []Example{{`FOR x IN [1, 2, 1] COLLECT AGGREGATE u = UNIQUE(x) RETURN u`, `[[1, 2]]`}},
		New:      func() Accumulator { return &distinct{keep: true} },
	},
	{
		Name: "SORTED_UNIQUE", Cost: 8, Returns: List,
		Params:   []Param{{Name: "value", Types: Anything}},
		Doc:      "Gathers the different values of the group in order, null too.",
		Examples: []Example{{`FOR x IN [2, 1, 2] COLLECT AGGREGATE u = SORTED_UNIQUE(x) RETURN u`, `[[1, 2]]`}},
		New:      func() Accumulator { return &distinct{keep: true} },
	},
	{
		Name: "COUNT_DISTINCT", Aliases: []string{"COUNT_UNIQUE"}, Cost: 6, Returns: Number,
		Params:   []Param{{Name: "value", Types: Anything}},
		Doc:      "Counts the different values of the group, null too.",
		Examples: []Example{{`FOR x IN [1, 2, 1] COLLECT AGGREGATE n = COUNT_DISTINCT(x) RETURN n`, `[2]`}},
		New:      func() Accumulator { return &distinct{} },
	},
	{
		Name: "PUSH", Cost: 1, Returns: List, Ordered: true,
		Params:   []Param{{Name: "value", Types: Anything}},
		Doc:      "Gathers all values of the group in the order of the rows, null too.",
		Examples: []Example{{`FOR x IN [2, 1, 2] COLLECT AGGREGATE xs = PUSH(x) RETURN xs`, `[[2, 1, 2]]`}},
		New:      func() Accumulator { return &gatherer{} },
	},
	{
		Name: "BIT_AND", Cost: 1, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the bits that all numbers have, which must be whole and within 0 and 4294967295. Nulls are ignored; other values make it null.",
		Examples: []Example{{`FOR x IN [7, 5] COLLECT AGGREGATE b = BIT_AND(x) RETURN b`, `[5]`}},
		New:      func() Accumulator { return &bits{join: func(a, b uint64) uint64 { return a & b }} },
	},
	{
		Name: "BIT_OR", Cost: 1, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the bits that any number has, which must be whole and within 0 and 4294967295. Nulls are ignored; other values make it null.",
		Examples: []Example{{`FOR x IN [1, 4] COLLECT AGGREGATE b = BIT_OR(x) RETURN b`, `[5]`}},
		New:      func() Accumulator { return &bits{join: func(a, b uint64) uint64 { return a | b }} },
	},
	{
		Name: "BIT_XOR", Cost: 1, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the bits that an odd count of numbers has, which must be whole and within 0 and 4294967295. Nulls are ignored; other values make it null.",
		Examples: []Example{{`FOR x IN [7, 2] COLLECT AGGREGATE b = BIT_XOR(x) RETURN b`, `[5]`}},
		New:      func() Accumulator { return &bits{join: func(a, b uint64) uint64 { return a ^ b }} },
	},
	{
		Name: "MEDIAN", Cost: 3, Returns: Number | Null,
		Params:   []Param{{Name: "value", Types: Number | Null}},
		Doc:      "Gives the number in the middle, or the mean of the two in the middle. Nulls are ignored; other values make it null. It holds 8 bytes for each number.",
		Examples: []Example{{`FOR x IN [9, 1, 2, 4] COLLECT AGGREGATE m = MEDIAN(x) RETURN m`, `[3]`}},
		New:      func() Accumulator { return &ranks{} },
	},
	{
		Name: "PERCENTILE", Cost: 3, Returns: Number | Null,
		Params: []Param{
			{Name: "value", Types: Number | Null}, {Name: "n", Types: Number},
			{Name: "method", Types: Text, Optional: true},
		},
		Doc: "Gives the n-th percentile exactly, by method 'rank' (the default) or 'interpolation'; n is above 0 and at most 100. " +
			"Nulls are ignored; other values make it null. It holds 8 bytes for each number.",
		Examples: []Example{{`FOR x IN [1, 2, 3, 4] COLLECT AGGREGATE p = PERCENTILE(x, 50) RETURN p`, `[2]`}},
		New:      func() Accumulator { return &ranks{wide: true} },
	},
	{
		Name: "FIRST", Cost: 3, Returns: Anything,
		Params: []Param{{Name: "value", Types: Anything}, {Name: "time", Types: Number | Text}},
		Doc:    "Gives the value of the earliest time; of several at that time, the least value. Nulls and rows without a valid time are ignored.",
		Examples: []Example{{
			`FOR p IN [{t: 2, v: 20}, {t: 1, v: 10}] COLLECT AGGREGATE f = FIRST(p.v, p.t) RETURN f`, `[10]`,
		}},
		New: func() Accumulator { return &edge{sign: -1} },
	},
	{
		Name: "LAST", Cost: 3, Returns: Anything,
		Params: []Param{{Name: "value", Types: Anything}, {Name: "time", Types: Number | Text}},
		Doc:    "Gives the value of the latest time; of several at that time, the greatest value. Nulls and rows without a valid time are ignored.",
		Examples: []Example{{
			`FOR p IN [{t: 2, v: 20}, {t: 1, v: 10}] COLLECT AGGREGATE l = LAST(p.v, p.t) RETURN l`, `[20]`,
		}},
		New: func() Accumulator { return &edge{sign: 1} },
	},
	{
		Name: "RATE", Cost: 4, Returns: Number | Null,
		Params: []Param{
			{Name: "value", Types: Number | Null}, {Name: "time", Types: Number | Text},
			{Name: "unit", Types: Text, Optional: true},
		},
		Doc: "Gives how much a counter grew, for each second or the unit given, between the earliest and the latest time. " +
			"A fall is a restart of the counter from 0. Rows without a number or a valid time are ignored; fewer than two times give null.",
		Examples: []Example{{
			`FOR p IN [[0, 5], [1000, 8], [2000, 1]] COLLECT AGGREGATE r = RATE(p[1], p[0]) RETURN r`, `[2]`,
		}},
		New: func() Accumulator { return &rate{} },
	},
}
