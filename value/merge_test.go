package value

import (
	"testing"

	"pgregory.net/rapid"
)

func TestMergePatchByExample(t *testing.T) {
	t.Parallel()
	const old = `{"a":{"x":1,"y":{"z":2}},"b":null,"c":3}`
	cases := []struct {
		patch       string
		keep, merge bool
		want        string
	}{
		{`{}`, false, true, old},
		{`{"d":4}`, true, true, `{"a":{"x":1,"y":{"z":2}},"b":null,"c":3,"d":4}`},
		{`{"a":{"x":5}}`, true, true, `{"a":{"x":5,"y":{"z":2}},"b":null,"c":3}`},
		{`{"a":{"x":5}}`, true, false, `{"a":{"x":5},"b":null,"c":3}`},
		{`{"a":{"y":{"z":null}},"c":null}`, true, true, `{"a":{"x":1,"y":{"z":null}},"b":null,"c":null}`},
		{`{"a":{"y":{"z":null}},"c":null}`, false, true, `{"a":{"x":1,"y":{}},"b":null}`},
		{`{"a":{"y":{"z":null}},"c":null}`, false, false, `{"a":{"y":{}},"b":null}`},
		{`{"n":{"p":null,"q":{"r":null,"s":1}},"m":null}`, false, true, `{"a":{"x":1,"y":{"z":2}},"b":null,"c":3,"n":{"q":{"s":1}}}`},
		{`{"c":[null,{"p":null}]}`, false, true, `{"a":{"x":1,"y":{"z":2}},"b":null,"c":[null,{"p":null}]}`},
		{`{"a":7}`, true, true, `{"a":7,"b":null,"c":3}`},
		{`[1]`, true, true, `[1]`},
	}
	for _, c := range cases {
		got := MergePatch(mustParse(t, old), mustParse(t, c.patch), c.keep, c.merge)
		if got.String() != c.want {
			t.Errorf("patch %s, keepNull %v, mergeObjects %v:\n got %s\nwant %s", c.patch, c.keep, c.merge, got, c.want)
		}
	}
	if got := MergePatch(Null(), mustParse(t, `{"a":null,"b":1}`), false, true).String(); got != `{"b":1}` {
		t.Errorf("patch of null: %s", got)
	}
}

// specMerge says the rule by With and Without, one member at a time.
func specMerge(old, patch Value, keep, merge bool) Value {
	for _, m := range patch.Members() {
		before, _ := old.Get(m.Name)
		switch {
		case m.Value.IsNull() && !keep:
			old = old.Without(m.Name)
		case m.Value.Kind() != KindObject:
			old = old.With(m.Name, m.Value)
		case merge && before.Kind() == KindObject:
			old = old.With(m.Name, specMerge(before, m.Value, keep, merge))
		default:
			old = old.With(m.Name, specMerge(Object(), m.Value, keep, merge))
		}
	}
	return old
}

func TestMergePatchFollowsTheRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old, patch := genObject(3).Draw(t, "old"), genObject(3).Draw(t, "patch")
		keep, merge := rapid.Bool().Draw(t, "keep"), rapid.Bool().Draw(t, "merge")
		texts := old.String() + patch.String()
		got, want := MergePatch(old, patch, keep, merge), specMerge(old, patch, keep, merge)
		if !Identical(got, want) {
			t.Fatalf("%v patched by %v: got %v, want %v", old, patch, got, want)
		}
		if lazy := MergePatch(Lazy(old.String()), Lazy(patch.String()), keep, merge); !Identical(lazy, want) {
			t.Fatalf("lazily, %v patched by %v: got %v, want %v", old, patch, lazy, want)
		}
		if !Identical(MergePatch(got, patch, keep, merge), got) {
			t.Fatalf("patching %v by %v again changes it", got, patch)
		}
		if old.String()+patch.String() != texts {
			t.Fatal("an argument changed")
		}
	})
}
