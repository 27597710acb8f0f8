package fn

import (
	"slices"

	"github.com/selvedge-db/selvedge/value"
)

var arrayFunctions = []Function{
	{
		Name: "APPEND", Family: "array", Deterministic: true, Cost: 5, Returns: List | Null,
		Params:   []Param{one("array", List|Null), one("values", Anything), opt("unique", Bool)},
		Doc:      "Adds the elements of values at the end of array; values that is no array is added as one element. With unique, only what is not yet there is added.",
		Examples: []Example{{`RETURN APPEND([1, 2, 3], [3, 4, 4], true)`, `[[1, 2, 3, 4]]`}, {`RETURN APPEND([1], 5)`, `[[1, 5]]`}},
		Eval:     evalAppend,
	},
	{
		Name: "COUNT_DISTINCT", Aliases: []string{"COUNT_UNIQUE"}, Family: "array", Deterministic: true, Cost: 20, Returns: Number | Null,
		Params:   unary("array", List),
		Doc:      "Counts the different elements.",
		Examples: []Example{{`RETURN COUNT_DISTINCT(["yes", "no", "yes"])`, `[2]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindArray {
				return c.badArray("COUNT_DISTINCT")
			}
			return value.Int(int64(len(unique(c, a[0].Items()))))
		},
	},
	{
		Name: "FIRST", Family: "array", Deterministic: true, Cost: 1, Returns: Anything,
		Params:   unary("array", List),
		Doc:      "Gives the first element, null of an empty array.",
		Examples: []Example{{`RETURN FIRST([1, 2, 3])`, `[1]`}, {`RETURN FIRST([])`, `[null]`}},
		Eval:     func(c *Context, a []value.Value) value.Value { return atEnd(c, "FIRST", a[0], 0) },
	},
	{
		Name: "LAST", Family: "array", Deterministic: true, Cost: 1, Returns: Anything,
		Params:   unary("array", List),
		Doc:      "Gives the last element, null of an empty array.",
		Examples: []Example{{`RETURN LAST([1, 2, 3])`, `[3]`}},
		Eval:     func(c *Context, a []value.Value) value.Value { return atEnd(c, "LAST", a[0], -1) },
	},
	{
		Name: "FLATTEN", Family: "array", Deterministic: true, Cost: 10, Returns: List | Null,
		Params:   []Param{one("array", List), opt("depth", Number)},
		Doc:      "Puts the elements of arrays within the array in their place, down to depth levels, 1 when it is not given.",
		Examples: []Example{{`RETURN FLATTEN([1, [2, [3]]])`, `[[1, 2, [3]]]`}, {`RETURN FLATTEN([1, [2, [3]]], 2)`, `[[1, 2, 3]]`}},
		Eval:     evalFlatten,
	},
	{
		Name: "LENGTH", Aliases: []string{"COUNT"}, Family: "array", Deterministic: true, Cost: 1, Returns: Number,
		Params: unary("value", Anything|Collection), OnCollection: "COLLECTION_COUNT",
		Doc: "Counts the elements of an array, the attributes of an object, the characters of a string or of a number as text, " +
			"the documents of a collection; 1 for true, 0 for false and null.",
		Examples: []Example{
			{`RETURN LENGTH([1, 2])`, `[2]`}, {`RETURN LENGTH("电脑坏了")`, `[4]`}, {`RETURN LENGTH({a: 1, b: 2})`, `[2]`},
			{`RETURN LENGTH(1234)`, `[4]`}, {`RETURN LENGTH(null)`, `[0]`},
		},
		Eval: evalLength,
	},
	{
		Name: "NTH", Family: "array", Deterministic: true, Cost: 1, Returns: Anything,
		Params:   []Param{one("array", List), one("position", Number)},
		Doc:      "Gives the element at a position, counted from 0; null outside of the array, for negative positions too.",
		Examples: []Example{{`RETURN NTH(["a", "b"], 1)`, `["b"]`}, {`RETURN NTH(["a", "b"], -1)`, `[null]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			items, n := a[0].Items(), toCount(a[1])
			if n < 0 || n >= int64(len(items)) || ToNumber(a[1]) < 0 {
				return value.Null()
			}
			return items[n]
		},
	},
	{
		Name: "POP", Family: "array", Deterministic: true, Cost: 3, Returns: List | Null,
		Params:   unary("array", List|Null),
		Doc:      "Gives the array without its last element.",
		Examples: []Example{{`RETURN POP([1, 2, 3])`, `[[1, 2]]`}},
		Eval:     func(c *Context, a []value.Value) value.Value { return cutEnds(c, "POP", a[0], 0, 1) },
	},
	{
		Name: "SHIFT", Family: "array", Deterministic: true, Cost: 3, Returns: List | Null,
		Params:   unary("array", List|Null),
		Doc:      "Gives the array without its first element.",
		Examples: []Example{{`RETURN SHIFT([1, 2, 3])`, `[[2, 3]]`}},
		Eval:     func(c *Context, a []value.Value) value.Value { return cutEnds(c, "SHIFT", a[0], 1, 0) },
	},
	{
		Name: "POSITION", Aliases: []string{"CONTAINS_ARRAY"}, Family: "array", Deterministic: true, Cost: 5, Returns: Bool | Number | Null,
		Params:   []Param{one("array", List), one("search", Anything), opt("returnIndex", Bool)},
		Doc:      "Tells whether search is an element; with returnIndex at which position it is, -1 when it is none.",
		Examples: []Example{{`RETURN POSITION([2, 4, 6], 4)`, `[true]`}, {`RETURN POSITION([2, 4, 6], 4, true)`, `[1]`}},
		Eval:     evalPosition,
	},
	{
		Name: "PUSH", Family: "array", Deterministic: true, Cost: 3, Returns: List | Null,
		Params:   []Param{one("array", List|Null), one("value", Anything), opt("unique", Bool)},
		Doc:      "Adds value at the end; with unique only when it is not there yet.",
		Examples: []Example{{`RETURN PUSH([1, 2], 3)`, `[[1, 2, 3]]`}, {`RETURN PUSH([1, 2, 2], 2, true)`, `[[1, 2, 2]]`}},
		Eval:     func(c *Context, a []value.Value) value.Value { return insert(c, "PUSH", a, true) },
	},
	{
		Name: "UNSHIFT", Family: "array", Deterministic: true, Cost: 3, Returns: List | Null,
		Params:   []Param{one("array", List|Null), one("value", Anything), opt("unique", Bool)},
		Doc:      "Adds value at the beginning; with unique only when it is not there yet.",
		Examples: []Example{{`RETURN UNSHIFT([1, 2], 0)`, `[[0, 1, 2]]`}},
		Eval:     func(c *Context, a []value.Value) value.Value { return insert(c, "UNSHIFT", a, false) },
	},
	{
		Name: "REMOVE_NTH", Family: "array", Deterministic: true, Cost: 3, Returns: List | Null,
		Params:   []Param{one("array", List|Null), one("position", Number)},
		Doc:      "Removes the element at a position, counted from 0, or from the end when it is negative. Outside of the array nothing is removed.",
		Examples: []Example{{`RETURN REMOVE_NTH(["a", "b", "c"], -2)`, `[["a", "c"]]`}},
		Eval:     evalRemoveNth,
	},
	{
		Name: "REMOVE_VALUE", Family: "array", Deterministic: true, Cost: 5, Returns: List | Null,
		Params:   []Param{one("array", List|Null), one("value", Anything), opt("limit", Number)},
		Doc:      "Removes the elements that equal value, at most limit of them.",
		Examples: []Example{{`RETURN REMOVE_VALUE(["a", "b", "a"], "a", 1)`, `[["b", "a"]]`}},
		Eval:     evalRemoveValue,
	},
	{
		Name: "REMOVE_VALUES", Family: "array", Deterministic: true, Cost: 10, Returns: List | Null,
		Params:   []Param{one("array", List|Null), one("values", List|Null)},
		Doc:      "Removes the elements that equal any of the values.",
		Examples: []Example{{`RETURN REMOVE_VALUES(["a", "a", "b", "c"], ["a", "c"])`, `[["b"]]`}},
		Eval:     evalRemoveValues,
	},
	{
		Name: "REPLACE_NTH", Family: "array", Deterministic: true, Cost: 3, Returns: List | Null,
		Params: []Param{one("array", List|Null), one("position", Number), one("value", Anything), opt("padding", Anything)},
		Doc: "Puts a value in the place of the element at a position, counted from 0, or from the end when it is negative. A position behind " +
			"the end needs a padding, which fills the places between; without one, or before the beginning, nothing is replaced and there is a warning.",
		Examples: []Example{{`RETURN REPLACE_NTH(["a", "b", "c"], 1, "x")`, `[["a", "x", "c"]]`}, {`RETURN REPLACE_NTH(["a"], 3, "x", "-")`, `[["a", "-", "-", "x"]]`}},
		Eval:     evalReplaceNth,
	},
	{
		Name: "REVERSE", Family: "array", Deterministic: true, Cost: 4, Returns: List | Text | Null,
		Params:   unary("value", List|Text),
		Doc:      "Turns the order of the elements of an array, or of the characters of a string, round.",
		Examples: []Example{{`RETURN REVERSE([2, 4, 6])`, `[[6, 4, 2]]`}, {`RETURN REVERSE("电脑")`, `["脑电"]`}},
		Eval:     evalReverse,
	},
	{
		Name: "SLICE", Family: "array", Deterministic: true, Cost: 4, Returns: List | Null,
		Params: []Param{one("array", List), one("start", Number), opt("length", Number)},
		Doc: "Cuts a part out of an array. A negative start counts from the end; a negative length leaves that many elements " +
			"out at the end; without length the part goes to the end.",
		Examples: []Example{
			{`RETURN SLICE([1, 2, 3, 4, 5], 1, 2)`, `[[2, 3]]`}, {`RETURN SLICE([1, 2, 3, 4, 5], 0, -2)`, `[[1, 2, 3]]`},
			{`RETURN SLICE([1, 2, 3, 4, 5], -3, 2)`, `[[3, 4]]`},
		},
		Eval: evalSlice,
	},
	{
		Name: "SORTED", Family: "array", Deterministic: true, Cost: 30, Returns: List | Null,
		Params:   unary("array", List),
		Doc:      "Puts the elements in the order of types and values.",
		Examples: []Example{{`RETURN SORTED([8, "a", 4, null])`, `[[null, 4, 8, "a"]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindArray {
				return c.badArray("SORTED")
			}
			out := slices.Clone(a[0].Items())
			slices.SortStableFunc(out, value.Compare)
			return value.OwnItems(out)
		},
	},
}

func evalAppend(c *Context, a []value.Value) value.Value {
	switch {
	case a[1].IsNull():
		return a[0]
	case a[0].Kind() != value.KindArray && !a[0].IsNull():
		return c.badType("APPEND")
	}
	more := a[1].Items()
	if a[1].Kind() != value.KindArray {
		more = a[1:2]
	}
	old := a[0].Items()
	if !c.items(len(old) + len(more)) {
		return value.Null()
	}
	out := make([]value.Value, 0, len(old)+len(more))
	out = append(out, old...)
	if !flag(a, 2) {
		return value.OwnItems(append(out, more...))
	}
	known := newSet(len(old) + len(more))
	for _, v := range old {
		known.add(v)
	}
	for _, v := range more {
		if known.add(v) {
			out = append(out, v)
		}
	}
	return value.OwnItems(out)
}

func atEnd(c *Context, name string, v value.Value, at int) value.Value {
	if v.Kind() != value.KindArray {
		return c.badArray(name)
	}
	items := v.Items()
	if len(items) == 0 {
		return value.Null()
	}
	if at < 0 {
		at = len(items) - 1
	}
	return items[at]
}

func evalFlatten(c *Context, a []value.Value) value.Value {
	if a[0].Kind() != value.KindArray {
		return c.badArray("FLATTEN")
	}
	depth := int64(1)
	if len(a) > 1 {
		depth = max(toCount(a[1]), 1)
	}
	n := flatLength(a[0].Items(), depth)
	if !c.items(n) {
		return value.Null()
	}
	return value.OwnItems(flatten(make([]value.Value, 0, n), a[0].Items(), depth))
}

func flatLength(items []value.Value, depth int64) int {
	n := len(items)
	if depth == 0 {
		return n
	}
	for _, v := range items {
		if v.Kind() == value.KindArray {
			n += flatLength(v.Items(), depth-1) - 1
		}
	}
	return n
}

func flatten(out, items []value.Value, depth int64) []value.Value {
	for _, v := range items {
		if depth > 0 && v.Kind() == value.KindArray {
			out = flatten(out, v.Items(), depth-1)
		} else {
			out = append(out, v)
		}
	}
	return out
}

func evalLength(_ *Context, a []value.Value) value.Value {
	v, n := a[0], 0
	switch v.Kind() {
	case value.KindBool:
		if v.Bool() {
			n = 1
		}
	case value.KindNumber, value.KindString:
		n = runes(ToString(v))
	default:
		n = v.Len()
	}
	return value.Int(int64(n))
}

// cutEnds gives the array without elements at its ends.
func cutEnds(c *Context, name string, v value.Value, first, last int) value.Value {
	if v.IsNull() {
		return v
	}
	if v.Kind() != value.KindArray {
		return c.badArray(name)
	}
	items := v.Items()
	if len(items) < 2 {
		return value.Array()
	}
	return value.Array(items[first : len(items)-last]...)
}

func evalPosition(c *Context, a []value.Value) value.Value {
	if a[0].Kind() != value.KindArray {
		return c.badArray("POSITION")
	}
	at := indexOf(a[0].Items(), a[1])
	if flag(a, 2) {
		return value.Int(int64(at))
	}
	return value.Bool(at >= 0)
}

func indexOf(items []value.Value, v value.Value) int {
	for i := range items {
		if value.Equal(items[i], v) {
			return i
		}
	}
	return -1
}

// insert is PUSH and UNSHIFT.
func insert(c *Context, name string, a []value.Value, behind bool) value.Value {
	if a[0].IsNull() {
		return value.Array(a[1])
	}
	if a[0].Kind() != value.KindArray {
		return c.badType(name)
	}
	items := a[0].Items()
	if flag(a, 2) && indexOf(items, a[1]) >= 0 {
		return a[0]
	}
	out := make([]value.Value, 0, len(items)+1)
	if !behind {
		out = append(out, a[1])
	}
	out = append(out, items...)
	if behind {
		out = append(out, a[1])
	}
	return value.OwnItems(out)
}

func evalRemoveNth(c *Context, a []value.Value) value.Value {
	if a[0].IsNull() {
		return value.Array()
	}
	if a[0].Kind() != value.KindArray {
		return c.badType("REMOVE_NTH")
	}
	items := a[0].Items()
	at := toCount(a[1])
	if at < 0 {
		at += int64(len(items))
	}
	if at < 0 || at >= int64(len(items)) {
		return a[0]
	}
	return value.OwnItems(slices.Concat(items[:at], items[at+1:]))
}

func evalReplaceNth(c *Context, a []value.Value) value.Value {
	if a[0].Kind() != value.KindArray && !a[0].IsNull() {
		return c.badType("REPLACE_NTH")
	}
	items := a[0].Items()
	at := toCount(a[1])
	if at < 0 {
		at += int64(len(items))
	}
	switch {
	case at < 0, at >= int64(len(items)) && len(a) < 4:
		c.badType("REPLACE_NTH")
		return a[0]
	case at >= mostRange:
		return c.fail(&Error{Number: ErrorLimit, Text: "REPLACE_NTH() would make an array of more than 10000000 elements"})
	case !c.items(max(len(items), int(at)+1)):
		return value.Null()
	}
	out := append(make([]value.Value, 0, max(len(items), int(at)+1)), items...)
	for int64(len(out)) <= at {
		out = append(out, a[3])
	}
	out[at] = a[2]
	return value.OwnItems(out)
}

func evalRemoveValue(c *Context, a []value.Value) value.Value {
	if a[0].IsNull() {
		return value.Array()
	}
	if a[0].Kind() != value.KindArray {
		return c.badType("REMOVE_VALUE")
	}
	left := int64(-1)
	if len(a) > 2 && !a[2].IsNull() {
		left = toCount(a[2])
	}
	items := a[0].Items()
	out := make([]value.Value, 0, len(items))
	for _, v := range items {
		if left != 0 && value.Equal(v, a[1]) {
			left--
			continue
		}
		out = append(out, v)
	}
	return value.OwnItems(out)
}

func evalRemoveValues(c *Context, a []value.Value) value.Value {
	switch {
	case a[0].IsNull():
		return value.Array()
	case a[1].IsNull():
		return a[0]
	case a[0].Kind() != value.KindArray || a[1].Kind() != value.KindArray:
		return c.badType("REMOVE_VALUES")
	}
	gone := newSet(a[1].Len())
	for _, v := range a[1].Items() {
		gone.add(v)
	}
	out := make([]value.Value, 0, a[0].Len())
	for _, v := range a[0].Items() {
		if !gone.has(v) {
			out = append(out, v)
		}
	}
	return value.OwnItems(out)
}

func evalReverse(c *Context, a []value.Value) value.Value {
	switch a[0].Kind() {
	case value.KindArray:
		out := slices.Clone(a[0].Items())
		slices.Reverse(out)
		return value.OwnItems(out)
	case value.KindString:
		points := []rune(a[0].Str())
		slices.Reverse(points)
		return value.String(string(points))
	}
	return c.badType("REVERSE")
}

func evalSlice(c *Context, a []value.Value) value.Value {
	if a[0].Kind() != value.KindArray {
		return c.badArray("SLICE")
	}
	items := a[0].Items()
	n := int64(len(items))
	from := toCount(a[1])
	if from < 0 {
		from = max(n+from, 0)
	}
	from = min(from, n)
	to := n
	if len(a) > 2 && !a[2].IsNull() {
		if length := toCount(a[2]); length < 0 {
			to = n + length
		} else {
			to = min(from+length, n)
		}
	}
	if to <= from {
		return value.Array()
	}
	return value.Array(items[from:to]...)
}
