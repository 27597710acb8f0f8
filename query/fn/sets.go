package fn

import (
	"slices"

	"github.com/selvedge-db/selvedge/value"
)

var setFunctions = []Function{
	{
		Name: "UNION", Family: "array", Deterministic: true, Cost: 5, Returns: List | Null,
		Params:   []Param{one("array", List), many("arrays", List)},
		Doc:      "Puts the elements of all arrays into one, equal ones as often as they are there.",
		Examples: []Example{{`RETURN UNION([1, 2], [2, 3])`, `[[1, 2, 2, 3]]`}},
		Eval:     evalUnion,
	},
	{
		Name: "UNION_DISTINCT", Family: "array", Deterministic: true, Cost: 20, Returns: List | Null,
		Params:   []Param{one("array", List), many("arrays", List)},
		Doc:      "Puts the elements of all arrays into one, each value once.",
		Examples: []Example{{`RETURN UNION_DISTINCT([1, 2], [2, 3])`, `[[1, 2, 3]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			all := evalUnion(c, a)
			if all.IsNull() {
				return all
			}
			return value.OwnItems(unique(c, all.Items()))
		},
	},
	{
		Name: "INTERSECTION", Family: "array", Deterministic: true, Cost: 20, Returns: List | Null,
		Params:   []Param{one("array", List), many("arrays", List)},
		Doc:      "Gives the values that are in every array, each once.",
		Examples: []Example{{`RETURN INTERSECTION([1, 2, 3, 3], [2, 3, 4], [3, 2])`, `[[2, 3]]`}},
		Eval:     evalIntersection,
	},
	{
		Name: "MINUS", Family: "array", Deterministic: true, Cost: 20, Returns: List | Null,
		Params:   []Param{one("array", List), many("arrays", List)},
		Doc:      "Gives the values of the first array that are in none of the others, each once.",
		Examples: []Example{{`RETURN MINUS([1, 2, 3, 4], [3, 4], [4, 5])`, `[[1, 2]]`}},
		Eval:     evalMinus,
	},
	{
		Name: "OUTERSECTION", Family: "array", Deterministic: true, Cost: 20, Returns: List | Null,
		Params:   []Param{one("array", List), many("arrays", List)},
		Doc:      "Gives the values that occur only once across all arrays.",
		Examples: []Example{{`RETURN OUTERSECTION([1, 2, 3], [2, 3, 4], [3, 4, 5])`, `[[1, 5]]`}},
		Eval:     evalOutersection,
	},
	{
		Name: "UNIQUE", Family: "array", Deterministic: true, Cost: 20, Returns: List | Null,
		Params:   unary("array", List),
		Doc:      "Gives each value of the array once, in the order in which they come first.",
		Examples: []Example{{`RETURN UNIQUE([2, 1, 2, 3])`, `[[2, 1, 3]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindArray {
				return c.badArray("UNIQUE")
			}
			return value.OwnItems(unique(c, a[0].Items()))
		},
	},
	{
		Name: "SORTED_UNIQUE", Family: "array", Deterministic: true, Cost: 30, Returns: List | Null,
		Params:   unary("array", List),
		Doc:      "Gives each value of the array once, in the order of types and values.",
		Examples: []Example{{`RETURN SORTED_UNIQUE([8, 4, 2, 4])`, `[[2, 4, 8]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindArray {
				return c.badArray("SORTED_UNIQUE")
			}
			out := slices.Clone(a[0].Items())
			slices.SortStableFunc(out, value.Compare)
			return value.OwnItems(slices.CompactFunc(out, value.Equal))
		},
	},
	{
		Name: "INTERLEAVE", Family: "array", Deterministic: true, Cost: 10, Returns: List | Null,
		Params:   []Param{one("array", List), many("arrays", List)},
		Doc:      "Takes the first elements of all arrays, then the second ones, and so on; arrays that have ended are left out.",
		Examples: []Example{{`RETURN INTERLEAVE([1, 2, 3], ["a"], [true, false])`, `[[1, "a", true, 2, false, 3]]`}},
		Eval:     evalInterleave,
	},
	{
		Name: "JACCARD", Family: "array", Deterministic: true, Cost: 20, Returns: Number | Null,
		Params:   []Param{one("array1", List), one("array2", List)},
		Doc:      "Gives the size of the intersection divided by that of the union, as sets; 1 for two empty arrays.",
		Examples: []Example{{`RETURN JACCARD([1, 2, 3], [2, 3, 4])`, `[0.5]`}},
		Eval:     evalJaccard,
	},
	{
		Name: "PRODUCT", Family: "numeric", Deterministic: true, Cost: 10, Returns: Number | Null,
		Params:   unary("array", List),
		Doc:      "Multiplies the numbers of the array. Nulls are ignored; the product of nothing is 1.",
		Examples: []Example{{`RETURN PRODUCT([2, null, 3])`, `[6]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			product := 1.0
			if !c.numbers("PRODUCT", a[0], func(f float64) { product *= f }) {
				return value.Null()
			}
			return c.number(product)
		},
	},
}

// set holds values by Equal. A few are searched one by one, which is faster than hashing them.
type set struct {
	few  []value.Value
	many map[string]int
	key  []byte
}

// fewest is up to how many values are searched one by one.
const fewest = 8

func newSet(n int) *set {
	if n <= fewest {
		return &set{few: make([]value.Value, 0, n)}
	}
	return &set{many: make(map[string]int, min(n, 1024))}
}

// at gives the number under which a value was added, -1 when it was not. Numbers count from 0.
func (s *set) at(v value.Value) int {
	if s.many == nil {
		return indexOf(s.few, v)
	}
	s.key = value.AppendKey(s.key[:0], v)
	if n, found := s.many[string(s.key)]; found {
		return n
	}
	return -1
}

func (s *set) has(v value.Value) bool { return s.at(v) >= 0 }

// add puts a value in and tells whether it was new.
func (s *set) add(v value.Value) bool {
	if s.has(v) {
		return false
	}
	if s.many == nil {
		s.few = append(s.few, v)
		return true
	}
	s.many[string(s.key)] = len(s.many)
	return true
}

// unique gives each value once, in the order in which they come first.
func unique(c *Context, items []value.Value) []value.Value {
	if !c.items(len(items)) {
		return nil
	}
	known := newSet(len(items))
	out := make([]value.Value, 0, len(items))
	for _, v := range items {
		if known.add(v) {
			out = append(out, v)
		}
	}
	return out
}

// arrays checks that all arguments are arrays and asks for room for all their elements.
func (c *Context) arrays(name string, a []value.Value) (total int, ok bool) {
	for _, v := range a {
		if v.Kind() != value.KindArray {
			c.badType(name)
			return 0, false
		}
		total += v.Len()
	}
	return total, c.items(total)
}

func evalUnion(c *Context, a []value.Value) value.Value {
	total, ok := c.arrays("UNION", a)
	if !ok {
		return value.Null()
	}
	out := make([]value.Value, 0, total)
	for _, v := range a {
		out = append(out, v.Items()...)
	}
	return value.OwnItems(out)
}

func evalIntersection(c *Context, a []value.Value) value.Value {
	if _, ok := c.arrays("INTERSECTION", a); !ok {
		return value.Null()
	}
	out := unique(c, a[0].Items())
	for _, v := range a[1:] {
		other := newSet(v.Len())
		for _, item := range v.Items() {
			other.add(item)
		}
		out = slices.DeleteFunc(out, func(item value.Value) bool { return !other.has(item) })
	}
	return value.OwnItems(out)
}

func evalMinus(c *Context, a []value.Value) value.Value {
	total, ok := c.arrays("MINUS", a)
	if !ok {
		return value.Null()
	}
	gone := newSet(total)
	for _, v := range a[1:] {
		for _, item := range v.Items() {
			gone.add(item)
		}
	}
	out := make([]value.Value, 0, a[0].Len())
	for _, item := range a[0].Items() {
		if gone.add(item) {
			out = append(out, item)
		}
	}
	return value.OwnItems(out)
}

func evalOutersection(c *Context, a []value.Value) value.Value {
	total, ok := c.arrays("OUTERSECTION", a)
	if !ok {
		return value.Null()
	}
	known := newSet(total)
	var values []value.Value
	var counts []int
	for _, v := range a {
		for _, item := range v.Items() {
			if known.add(item) {
				values, counts = append(values, item), append(counts, 1)
			} else {
				counts[known.at(item)]++
			}
		}
	}
	out := values[:0]
	for i, v := range values {
		if counts[i] == 1 {
			out = append(out, v)
		}
	}
	return value.OwnItems(out)
}

func evalInterleave(c *Context, a []value.Value) value.Value {
	total, ok := c.arrays("INTERLEAVE", a)
	if !ok {
		return value.Null()
	}
	out := make([]value.Value, 0, total)
	rest := make([][]value.Value, len(a))
	for i, v := range a {
		rest[i] = v.Items()
	}
	for len(rest) > 0 {
		rest = slices.DeleteFunc(rest, func(items []value.Value) bool { return len(items) == 0 })
		for i, items := range rest {
			out = append(out, items[0])
			rest[i] = items[1:]
		}
	}
	return value.OwnItems(out)
}

func evalJaccard(c *Context, a []value.Value) value.Value {
	if _, ok := c.arrays("JACCARD", a); !ok {
		return value.Null()
	}
	x, y := unique(c, a[0].Items()), unique(c, a[1].Items())
	if len(x)+len(y) == 0 {
		return value.Int(1)
	}
	known := newSet(len(x))
	for _, v := range x {
		known.add(v)
	}
	both := 0
	for _, v := range y {
		if known.has(v) {
			both++
		}
	}
	return value.Float(float64(both) / float64(len(x)+len(y)-both))
}
