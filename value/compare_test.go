package value

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// ascending holds groups of equal values, each group less than the next.
var ascending = [][]string{
	{`null`}, {`false`}, {`true`},
	{`-1e308`}, {`-1`, `-1.0`}, {`-5e-324`}, {`0`, `-0`, `0.00`, `1e-999`}, {`5e-324`}, {`1`, `1e0`}, {`2`}, {`10`},
	{`9007199254740992`, `9007199254740993`}, {`1e308`},
	{`""`}, {`"\u0000"`}, {`"\u0000\u0000"`}, {`"\u0000a"`}, {`"\u0001"`}, {`"A"`}, {`"a"`}, {`"a\u0000"`}, {`"aa"`}, {`"b"`}, {`"é"`}, {`"\uffff"`}, {`"😀"`},
	{`[]`, `[null]`, `[null,null]`}, {`[null,false]`}, {`[false]`}, {`[false,1]`}, {`[false,""]`}, {`[0]`}, {`[1]`, `[1,null]`}, {`[1,null,0]`}, {`[1,2]`}, {`[2]`}, {`[[]]`, `[[null]]`}, {`[{}]`},
	{`{}`, `{"a":null}`, `{"z":null,"a":null}`},
	{`{"c":1}`}, {`{"b":1}`, `{"a":null,"b":1}`}, {`{"b":1,"c":0}`}, {`{"ab":0}`},
	{`{"a":false}`}, {`{"a":0}`}, {`{"a":0,"b":0}`}, {`{"a":1}`}, {`{"a":[]}`}, {`{"a":{}}`, `{"a":{"x":null}}`}, {`{"":0}`},
}

func TestOrderByExample(t *testing.T) {
	t.Parallel()
	for i, group := range ascending {
		for j, other := range ascending {
			want := max(-1, min(1, i-j))
			for _, x := range group {
				for _, y := range other {
					a, b := mustParse(t, x), mustParse(t, y)
					if got := Compare(a, b); got != want {
						t.Errorf("Compare(%s, %s) = %d, want %d", x, y, got, want)
					}
					if Equal(a, b) != (want == 0) || Identical(a, b) != (x == y) && a.String() != b.String() {
						t.Errorf("%s and %s: Equal %v, Identical %v", x, y, Equal(a, b), Identical(a, b))
					}
				}
			}
		}
	}
}

// specCompare is the documented rule word for word: pad arrays with null, look
// every name of the union up on both sides.
func specCompare(a, b Value) int {
	if a.Kind() != b.Kind() || a.Kind() < KindArray {
		return Compare(a, b)
	}
	if a.Kind() == KindArray {
		x, y := slices.Clone(a.Items()), slices.Clone(b.Items())
		for len(x) < len(y) {
			x = append(x, Null())
		}
		for len(y) < len(x) {
			y = append(y, Null())
		}
		return slices.CompareFunc(x, y, specCompare)
	}
	var names []string
	for _, m := range slices.Concat(a.Members(), b.Members()) {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	for _, name := range names {
		x, _ := a.Get(name)
		y, _ := b.Get(name)
		if c := specCompare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

func TestOrderIsTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := genValue(3)
		a, b, c := g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c")
		if Compare(a, a) != 0 {
			t.Fatalf("%v differs from itself", a)
		}
		ab := Compare(a, b)
		if ab != -Compare(b, a) || ab < -1 || ab > 1 {
			t.Fatalf("not antisymmetric: %v, %v", a, b)
		}
		if want := specCompare(a, b); ab != want {
			t.Fatalf("Compare(%v, %v) = %d, the rule says %d", a, b, ab, want)
		}
		sorted := []Value{a, b, c}
		slices.SortFunc(sorted, Compare)
		if Compare(sorted[0], sorted[2]) > 0 {
			t.Fatalf("not transitive: %v", sorted)
		}
		if ab == 0 && Compare(a, c) != Compare(b, c) {
			t.Fatalf("equal %v and %v compare differently with %v", a, b, c)
		}
	})
}

func TestIdenticalMeansSameText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := genValue(2)
		a, b := g.Draw(t, "a"), g.Draw(t, "b")
		same := a.String() == b.String()
		if Identical(a, b) != same || same && (!Equal(a, b) || Hash(a) != Hash(b)) {
			t.Fatalf("%v and %v: Identical %v, Equal %v", a, b, Identical(a, b), Equal(a, b))
		}
	})
}
