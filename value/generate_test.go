package value

import (
	"math"
	"strconv"

	"pgregory.net/rapid"
)

// genDigits draws numbers that collide as doubles as well as far apart ones.
func genDigits() *rapid.Generator[string] {
	near := rapid.SampledFrom([]string{
		"0", "-0", "0.0", "1", "1.0", "1e0", "-1", "10", "1e1", "0.1", "1e-1", "-0.5",
		"9007199254740992", "9007199254740993", "9223372036854775807", "-9223372036854775808",
		"1e308", "-1e308", "5e-324", "1e-999", "123456789012345678901234567890",
	})
	whole := rapid.Custom(func(t *rapid.T) string {
		return strconv.FormatInt(rapid.Int64().Draw(t, "int"), 10)
	})
	double := rapid.Custom(func(t *rapid.T) string {
		f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = 0.25
		}
		return strconv.FormatFloat(f, 'g', -1, 64)
	})
	return rapid.OneOf(near, whole, double)
}

// genText draws short strings from few letters, so that equal ones, prefixes and
// every byte with a meaning in keys and JSON come up often.
func genText() *rapid.Generator[string] {
	letters := []rune{0, 1, 0x1f, '"', '\\', '.', '`', 'a', 'b', 0x7f, 0xff, 0x2028, 0xd7ff, 0xffff, 0x10ffff}
	return rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom(letters), 0, 4, -1),
		rapid.StringN(0, 12, -1),
	)
}

func genValue(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		top := KindObject
		if depth == 0 {
			top = KindString
		}
		switch Kind(rapid.IntRange(0, int(top)).Draw(t, "kind")) {
		case KindBool:
			return Bool(rapid.Bool().Draw(t, "bool"))
		case KindNumber:
			v, err := Number(genDigits().Draw(t, "digits"))
			if err != nil {
				t.Fatalf("drawn number: %v", err)
			}
			return v
		case KindString:
			return String(genText().Draw(t, "text"))
		case KindArray:
			return Array(rapid.SliceOfN(genValue(depth-1), 0, 3).Draw(t, "items")...)
		case KindObject:
			return genObject(depth-1).Draw(t, "object")
		}
		return Null()
	})
}

func genObject(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		name := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "c", "ab", ""}), genText())
		members := make([]Member, rapid.IntRange(0, 4).Draw(t, "count"))
		for i := range members {
			members[i].Name = name.Draw(t, "name")
			members[i].Value = genValue(depth).Draw(t, "member")
		}
		return Object(members...)
	})
}
