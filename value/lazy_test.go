package value

import (
	"bytes"
	"strings"
	"testing"
)

// lazyCases are documents whose names and strings need escapes, sort close to each other, or nest.
var lazyCases = []string{
	`null`, `true`, `false`, `0`, `-1.5e3`, `"text"`, `"with \"quotes\" and \\ and \n"`, `[]`, `{}`, `[[],{},""]`,
	`[1,"a",null,[2,[3]],{"b":[]}]`, `{"a":1}`, `{"":0,"a":{"":1}}`,
	`{"a":"\\","b":"\"","c":"\\\"","d":{"e":"}]\"","f":[{"g":"{"}]}}`,
	`{"\u0000":1,"\u001f":2,"\"":3,"\\":4,"\\\\":5,"\\n":6,"a\nb":7,"a\\nb":8}`,
	`{"A":1,"_key":"x","a":{"b":{"c":{"d":[1,2,3]}},"z":null},"ä":"ö","日本":{"x":1.50}}`,
	`{"a":9007199254740993,"b":1e400000,"c":1}`,
}

// sameLazy checks that a lazy value cannot be told from the parsed one.
func sameLazy(t *testing.T, lazy, parsed Value) {
	t.Helper()
	text := string(AppendJSON(nil, parsed))
	if lazy.Kind() != parsed.Kind() || string(AppendJSON(nil, lazy)) != text || lazy.Len() != parsed.Len() {
		t.Fatalf("%s: kind %v, text %s, length %d", text, lazy.Kind(), lazy, lazy.Len())
	}
	if !Identical(lazy, parsed) || !Identical(parsed, lazy) || Compare(lazy, parsed) != 0 || Compare(parsed, lazy) != 0 {
		t.Fatalf("%s differs from what was parsed", text)
	}
	if Hash(lazy) != Hash(parsed) || !bytes.Equal(AppendKey(nil, lazy), AppendKey(nil, parsed)) {
		t.Fatalf("%s: hash or key differ", text)
	}
	if lazy.Digits() != parsed.Digits() || lazy.Str() != parsed.Str() || lazy.Bool() != parsed.Bool() || lazy.Float64() != parsed.Float64() {
		t.Fatalf("%s: another scalar", text)
	}
	items := lazy.Items()
	if len(items) != len(parsed.Items()) {
		t.Fatalf("%s: %d items", text, len(items))
	}
	for i, item := range parsed.Items() {
		sameLazy(t, items[i], item)
	}
	members := lazy.Members()
	if len(members) != len(parsed.Members()) {
		t.Fatalf("%s: %d members", text, len(members))
	}
	for i, m := range parsed.Members() {
		if members[i].Name != m.Name {
			t.Fatalf("%s: member %q, want %q", text, members[i].Name, m.Name)
		}
		sameLazy(t, members[i].Value, m.Value)
		got, ok := lazy.Get(m.Name)
		if !ok || !Identical(got, m.Value) {
			t.Fatalf("%s: Get(%q) gives %v, %v", text, m.Name, got, ok)
		}
		absent(t, lazy, parsed, m.Name+"\x01", m.Name+"!", strings.TrimSuffix(m.Name, "b"))
		if without := lazy.Without(m.Name); !Identical(without, parsed.Without(m.Name)) {
			t.Fatalf("%s without %q is %s", text, m.Name, without)
		}
	}
	absent(t, lazy, parsed, "", "~", "A", "_", "zzz")
	if with := lazy.With("m", Int(1)); !Identical(with, parsed.With("m", Int(1))) {
		t.Fatalf("%s with a member is %s", text, with)
	}
	sameFields(t, text, parsed)
}

func absent(t *testing.T, lazy, parsed Value, names ...string) {
	t.Helper()
	for _, name := range names {
		got, ok := lazy.Get(name)
		want, there := parsed.Get(name)
		if ok != there || !Identical(got, want) {
			t.Fatalf("%v: Get(%q) gives %v, %v", parsed, name, got, ok)
		}
	}
}

// pathsOf lists every path in a value, and paths that are not there beside them.
func pathsOf(v Value, at Path, out []Path) []Path {
	out = append(out, at)
	for _, m := range v.Members() {
		out = pathsOf(m.Value, at.With(m.Name), out)
		out = append(out, at.With(m.Name+"?"), at.With(m.Name).With("none"))
	}
	return out
}

// sameFields takes all paths at once, each alone, and pairs of them.
func sameFields(t *testing.T, text string, parsed Value) {
	t.Helper()
	paths := pathsOf(parsed, nil, nil)
	if len(paths) > 40 {
		paths = paths[:40]
	}
	check := func(some []Path) {
		t.Helper()
		for i, v := range NewExtractor(some...).Extract([]byte(text), nil) {
			want, _ := parsed.At(some[i])
			if !Identical(v, want) {
				t.Fatalf("%s: %q of %q is %v, want %v", text, some[i], some, v, want)
			}
		}
	}
	check(paths)
	for i, p := range paths {
		check([]Path{p})
		check([]Path{p, paths[len(paths)-1-i], p})
		want, ok := parsed.At(p)
		got, found := Lazy(text).At(p)
		if ok != found || !Identical(got, want) {
			t.Fatalf("%s: At(%q) gives %v, %v", text, p, got, found)
		}
		kind, raw, found := FieldText([]byte(text), p)
		if ok != found || ok && (kind != want.Kind() || string(raw) != want.String()) {
			t.Fatalf("%s: FieldText(%q) gives %v %s %v", text, p, kind, raw, found)
		}
	}
	for i, m := range parsed.Members() {
		at := MemberOffset([]byte(text), 1, m.Name)
		if want := string(AppendQuoted(nil, m.Name)) + ":"; !strings.HasPrefix(text[at:], want) {
			t.Fatalf("%s: member %q is said to be at %d", text, m.Name, at)
		}
		if after := MemberOffset([]byte(text), at, m.Name+"\x00"); i == parsed.Len()-1 && text[after] != '}' {
			t.Fatalf("%s: behind %q there is offset %d", text, m.Name, after)
		}
	}
}

func TestLazyIsLikeParsed(t *testing.T) {
	t.Parallel()
	for _, text := range append([]string{document}, lazyCases...) {
		v, err := Parse([]byte(text), Limits{})
		if err != nil {
			continue
		}
		canonical := AppendJSON(nil, v)
		sameLazy(t, Lazy(canonical), v)
		sameLazy(t, Lazy(string(canonical)), v)
		sameLazy(t, Lazy(canonical).Clone(), v)
	}
}

func TestLazyOrdersAsParsed(t *testing.T) {
	t.Parallel()
	var lazy, parsed []Value
	for _, text := range append([]string{document}, lazyCases...) {
		if v, err := Parse([]byte(text), Limits{}); err == nil {
			parsed = append(parsed, v)
			lazy = append(lazy, Lazy(AppendJSON(nil, v)))
		}
	}
	for i := range parsed {
		for j := range parsed {
			want := Compare(parsed[i], parsed[j])
			if Compare(lazy[i], lazy[j]) != want || Compare(lazy[i], parsed[j]) != want || Compare(parsed[i], lazy[j]) != want {
				t.Fatalf("%v and %v: want order %d", parsed[i], parsed[j], want)
			}
		}
	}
}

// TestLazyClonesStandAlone changes the bytes behind a lazy value.
func TestLazyClonesStandAlone(t *testing.T) {
	t.Parallel()
	text := []byte(`{"a":{"b":"text","c":[12,"x"]}}`)
	v := Lazy(text)
	part, _ := v.At(Path{"a"})
	kept := part.Clone()
	for i := range text {
		text[i] = '!'
	}
	if got := kept.String(); got != `{"b":"text","c":[12,"x"]}` {
		t.Fatalf("the clone became %s", got)
	}
}

// TestLazyAllocatesNothing takes numbers and plain strings out of a document.
func TestLazyAllocatesNothing(t *testing.T) {
	text := AppendJSON(nil, mustParse(t, document))
	x := NewExtractor(Path{"address", "zip"}, Path{"age"}, Path{"score"}, Path{"tags"})
	dst := make([]Value, x.Len())
	v := Lazy(text)
	if n := testing.AllocsPerRun(100, func() {
		dst = x.Extract(text, dst)
		_, _ = v.At(Path{"address", "city"})
		_, _ = v.Get("visits")
		_, _, _ = FieldText(text, Path{"email"})
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
	if dst[0].Str() != "753 31" || dst[1].Float64() != 34 || dst[2].Float64() != 0.873 || dst[3].Len() != 4 {
		t.Fatalf("took %v", dst)
	}
}

// FuzzLazy compares lazy values with parsed ones, and reads text that is no JSON at all.
func FuzzLazy(f *testing.F) {
	for _, text := range append([]string{document, `{"a`, `{"a":`, `{"a":"\`, `[1,`, `{"a\u":1}`, `{"a":[{"b`, `"`, `-`, `{,}`, `[,]`}, lazyCases...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 2000 {
			return
		}
		v, err := Parse(text, Limits{Depth: 20, Members: 100})
		if err == nil {
			sameLazy(t, Lazy(AppendJSON(nil, v)), v)
			return
		}
		broken := Lazy(text)
		for _, m := range broken.Members() {
			_, _ = broken.Get(m.Name)
			_, _ = m.Value.Int64()
			_ = m.Value.Items()
		}
		_ = broken.Items()
		_, _ = broken.Len(), AppendKey(nil, broken)
		_ = Compare(broken, Null())
		_ = Extract(text, []Path{nil, {"a"}, {"a", "b"}, {"b"}}, nil)
		_, _, _ = FieldText(text, Path{"a", "b"})
		_ = MemberOffset(text, 1, "b")
	})
}
