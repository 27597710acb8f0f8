package value

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func mustParse(t testing.TB, text string) Value {
	t.Helper()
	v, err := Parse([]byte(text), Limits{})
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return v
}

func TestConstructorsPrintCanonically(t *testing.T) {
	t.Parallel()
	cases := []struct {
		v    Value
		want string
	}{
		{Value{}, `null`},
		{Null(), `null`},
		{Bool(true), `true`},
		{Bool(false), `false`},
		{Int(math.MinInt64), `-9223372036854775808`},
		{Float(0.1), `0.1`},
		{Float(1e21), `1e+21`},
		{Float(123456789), `123456789`},
		{Float(1e-7), `1e-07`},
		{Float(math.Copysign(0, -1)), `0`},
		{Float(math.NaN()), `null`},
		{Float(math.Inf(-1)), `null`},
		{String("a\xffb"), "\"a\uFFFDb\""},
		{String("\x00\b\f\n\r\t\"\\/\x7f<\u2028"), `"\u0000\b\f\n\r\t\"\\/` + "\x7f<\u2028\""},
		{Array(), `[]`},
		{Array(Null(), Int(1)), `[null,1]`},
		{Object(), `{}`},
		{Object(Member{"b", Int(1)}, Member{"a", Int(2)}, Member{"b", Int(3)}), `{"a":2,"b":3}`},
		{Object(Member{"\xff", Int(1)}, Member{"\uFFFD", Int(2)}), "{\"\uFFFD\":2}"},
	}
	for _, c := range cases {
		if got := c.v.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestAccessorsOfOtherKindsAreZero(t *testing.T) {
	t.Parallel()
	all := []Value{Null(), Bool(true), Int(7), String("s"), Array(Int(1)), Object(Member{"a", Int(1)})}
	for i, v := range all {
		if v.Kind() != Kind(i) {
			t.Errorf("%v has kind %v", v, v.Kind())
		}
		_, isInt := v.Int64()
		_, hasA := v.Get("a")
		got := []bool{v.IsNull(), v.Bool(), v.Digits() != "" && isInt && v.Float64() == 7, v.Str() != "", v.Items() != nil, v.Members() != nil && hasA}
		for k, yes := range got {
			if yes != (k == i) {
				t.Errorf("%v answers as a %v: %v", v, Kind(k), yes)
			}
		}
	}
	if Kind(200).String() == "" {
		t.Error("an unknown kind has no name")
	}
}

func TestConstructorsCopyTheirArguments(t *testing.T) {
	t.Parallel()
	items := []Value{Int(1), Int(2)}
	members := []Member{{"b", Int(1)}, {"a", Int(2)}}
	array, object := Array(items...), Object(members...)
	items[0], members[0].Name = Null(), "z"
	if array.String() != `[1,2]` || object.String() != `{"a":2,"b":1}` {
		t.Errorf("changed with the arguments: %v %v", array, object)
	}
}

func TestInt64IsExact(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]int64{
		"0": 0, "-0": 0, "-0.000": 0, "0e999999999999999999999": 0, "1.0": 1, "10e-1": 1, "1e18": 1e18,
		"0.5e1": 5, "-12.300e1": -123, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
		"9007199254740993": 9007199254740993, "922337203685477580700e-2": math.MaxInt64,
	} {
		v, err := Number(digits)
		if err != nil {
			t.Fatalf("%s: %v", digits, err)
		}
		if got, ok := v.Int64(); !ok || got != want {
			t.Errorf("%s: got %d, %v", digits, got, ok)
		}
	}
	for _, digits := range []string{"0.5", "1e-1", "9223372036854775808", "-9223372036854775809", "1e19", "9007199254740992.5", "1e-99999999999999999999"} {
		v, err := Number(digits)
		if err != nil {
			t.Fatalf("%s: %v", digits, err)
		}
		if got, ok := v.Int64(); ok {
			t.Errorf("%s taken for the integer %d", digits, got)
		}
	}
}

func TestInt64AgreesWithRationals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, err := Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,5})?(e[+-]?[0-9]{1,2})?`).Draw(t, "digits"))
		if err != nil {
			t.Fatal(err)
		}
		exact, _ := new(big.Rat).SetString(v.Digits())
		got, ok := v.Int64()
		if want := exact.IsInt() && exact.Num().IsInt64(); ok != want || ok && got != exact.Num().Int64() {
			t.Fatalf("%s: got %d, %v", v, got, ok)
		}
	})
}

func TestFloatReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		v := Float(f)
		if v.Float64() != f {
			t.Fatalf("%v reads back as %v", f, v.Float64())
		}
		if _, err := Number(v.Digits()); err != nil {
			t.Fatalf("%v is written as %q: %v", f, v.Digits(), err)
		}
	})
}

func TestWithAndWithoutMatchMaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, model := Object(), map[string]int64{}
		name := rapid.StringMatching(`[a-d]{1,2}`)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			n := name.Draw(t, "name")
			before := v.String()
			next := v.Without(n)
			if rapid.Bool().Draw(t, "set") {
				x := rapid.Int64().Draw(t, "x")
				next = v.With(n, Int(x))
				model[n] = x
			} else {
				delete(model, n)
			}
			if v.String() != before {
				t.Fatal("the original changed")
			}
			v = next
			names := make([]string, 0, v.Len())
			for _, m := range v.Members() {
				names = append(names, m.Name)
			}
			if !slices.IsSorted(names) || len(names) != len(model) {
				t.Fatalf("members %q, want %v", names, model)
			}
			for n, x := range model {
				if got, ok := v.Get(n); !ok || !Identical(got, Int(x)) {
					t.Fatalf("%s is %v, want %d", n, got, x)
				}
			}
		}
	})
	if got := Int(1).With("a", Int(2)).String(); got != `{"a":2}` {
		t.Errorf("With on a number: %s", got)
	}
	if got := Int(1).Without("a").String(); got != `1` {
		t.Errorf("Without on a number: %s", got)
	}
}

func TestAtWalksObjectsOnly(t *testing.T) {
	t.Parallel()
	v := mustParse(t, `{"a":{"b":[{"c":1}],"":{"x.y":null}}}`)
	for _, p := range []Path{nil, {"a"}, {"a", "b"}, {"a", "", "x.y"}} {
		if _, ok := v.At(p); !ok {
			t.Errorf("nothing at %q", p)
		}
	}
	for _, p := range []Path{{"b"}, {"a", "b", "0"}, {"a", "b", "c"}, {"a", "", "x.y", "z"}} {
		if got, ok := v.At(p); ok {
			t.Errorf("%v at %q", got, p)
		}
	}
}

func TestCloneIsIdentical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(3).Draw(t, "v")
		if !Identical(v, v.Clone()) || Hash(v) != Hash(v.Clone()) {
			t.Fatalf("clone of %v is %v", v, v.Clone())
		}
	})
}

func TestStandardEncoderTakesValues(t *testing.T) {
	t.Parallel()
	type record struct {
		V Value `json:"v"`
		W Value `json:"w"`
	}
	in := record{V: mustParse(t, `{"b":1.50,"a":[]}`)}
	text, err := json.Marshal(in)
	if err != nil || string(text) != `{"v":{"a":[],"b":1.50},"w":null}` {
		t.Fatalf("wrote %s, %v", text, err)
	}
	var out record
	if err := json.Unmarshal(text, &out); err != nil || !Identical(out.V, in.V) || !out.W.IsNull() {
		t.Fatalf("read %v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"v":{"a":1,"a":2}}`), &out); err == nil {
		t.Error("a duplicate went through")
	}
}
