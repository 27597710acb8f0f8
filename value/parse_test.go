package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// accepted holds texts with their canonical form.
var accepted = [][2]string{
	{`null`, `null`}, {` true `, `true`}, {"\t\r\nfalse", `false`},
	{`0`, `0`}, {`-0`, `-0`}, {`-0.10E+2`, `-0.10E+2`}, {`1e308`, `1e308`}, {`1e-400`, `1e-400`},
	{`""`, `""`}, {`"a\/\u0041\u00e9\ud83d\ude00\u000a"`, `"a/Aé😀\n"`}, {`"\u0000\u001F\u007f"`, `"\u0000\u001f` + "\x7f\""},
	{`"\uFFFD\ufffe"`, "\"\uFFFD\uFFFE\""}, {`"\"\\\b\f\n\r\t"`, `"\"\\\b\f\n\r\t"`},
	{`[]`, `[]`}, {`[ ]`, `[]`}, {`[1, [2,{}] ,"3"]`, `[1,[2,{}],"3"]`},
	{`{}`, `{}`}, {"{\n}", `{}`}, {`{"b":1,"a":{"d":2,"c":3}}`, `{"a":{"c":3,"d":2},"b":1}`},
	{`{"a\u0062":1,"aa":2,"":3}`, `{"":3,"aa":2,"ab":1}`},
	{`{"é":1,"z":2,"😀":3,"` + "\uffff" + `":4}`, `{"z":2,"é":1,"` + "\uffff" + `":4,"😀":3}`},
}

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for _, c := range accepted {
		v := mustParse(t, c[0])
		if got := string(AppendJSON(nil, v)); got != c[1] {
			t.Errorf("%s became %s, want %s", c[0], got, c[1])
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text         string
		line, column int
		reason       string
	}{
		{``, 1, 1, "a value is missing"},
		{" \n é", 2, 2, "a value is missing"},
		{`nul`, 1, 1, "a value is missing"},
		{`nullx`, 1, 5, "more text"},
		{"1\x00", 1, 2, "more text"},
		{"\x00", 1, 1, "a value is missing"},
		{`01`, 1, 1, "leading zero"},
		{`-`, 1, 2, "digit"},
		{`+1`, 1, 1, "a value is missing"},
		{`.5`, 1, 1, "a value is missing"},
		{`1.`, 1, 3, "decimal point"},
		{`1e`, 1, 3, "exponent"},
		{`1e+`, 1, 4, "exponent"},
		{`[1e309]`, 1, 2, reasonInfinite},
		{strings.Repeat("9", 400), 1, 1, reasonInfinite},
		{`"a`, 1, 3, "end of a string"},
		{`"a\`, 1, 4, "end of a string"},
		{`"a\"`, 1, 5, "end of a string"},
		{"\"é\n\"", 1, 3, "control character"},
		{"\"\\n\x1f\"", 1, 4, "control character"},
		{`"\x"`, 1, 2, "unknown escape"},
		{`"\u12g4"`, 1, 2, "hexadecimal"},
		{`"\u12`, 1, 2, "hexadecimal"},
		{`"é\ud800"`, 1, 3, reasonSurrogate},
		{`"\udc00\ud800"`, 1, 2, reasonSurrogate},
		{`"\ud800\u0041"`, 1, 2, reasonSurrogate},
		{"\"\xff\"", 1, 2, reasonUTF8},
		{"\"\xed\xa0\x80\"", 1, 2, reasonUTF8},
		{"\"\uFFFD\xc0\x80\"", 1, 3, reasonUTF8},
		{`[`, 1, 2, "a value is missing"},
		{`[1`, 1, 3, "comma"},
		{`[1 2]`, 1, 4, "comma"},
		{`[1,]`, 1, 4, "a value is missing"},
		{`{`, 1, 2, "name"},
		{`{a:1}`, 1, 2, "name"},
		{`{"a"1}`, 1, 5, "colon"},
		{`{"a":}`, 1, 6, "a value is missing"},
		{`{"a":1,}`, 1, 8, "name"},
		{`{"a":1]`, 1, 7, "comma"},
		{"[\n{\"a\":1,\n\"\\u0061\":2}]", 2, 1, reasonDuplicate},
		{`{"b":1,"a":1,"b":2}`, 1, 1, reasonDuplicate},
		{strings.Repeat("[", 101), 1, 101, reasonDepth},
	}
	for _, c := range cases {
		v, err := Parse([]byte(c.text), Limits{})
		var pe *ParseError
		if !errors.As(err, &pe) {
			t.Errorf("%q gave %v, %v", c.text, v, err)
			continue
		}
		if pe.Line != c.line || pe.Column != c.column || !strings.Contains(pe.Reason, c.reason) {
			t.Errorf("%q: got %v, want line %d, column %d, %q", c.text, err, c.line, c.column, c.reason)
		}
		if pe.Offset < 0 || pe.Offset > len(c.text) {
			t.Errorf("%q: offset %d", c.text, pe.Offset)
		}
	}
}

func TestParseLimits(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text string
		lim  Limits
		ok   bool
	}{
		{`[[1]]`, Limits{Depth: 2}, true},
		{`[[1]]`, Limits{Depth: 1}, false},
		{`[[],[],{"a":[]}]`, Limits{Depth: 3}, true},
		{`[1,2,{"a":3}]`, Limits{Members: 4}, true},
		{`[1,2,{"a":3}]`, Limits{Members: 3}, false},
		{`"1234"`, Limits{Bytes: 6}, true},
		{`"1234"`, Limits{Bytes: 5}, false},
		{strings.Repeat("[", 100) + strings.Repeat("]", 100), DefaultLimits, true},
		{strings.Repeat("[", 5000) + strings.Repeat("]", 5000), Limits{Depth: 5000}, true},
	}
	for _, c := range cases {
		if _, err := Parse([]byte(c.text), c.lim); (err == nil) != c.ok {
			t.Errorf("%.40s under %+v: %v", c.text, c.lim, err)
		}
	}
}

func TestParseSortsManyMembers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(genText(), 0, 60, rapid.ID).Draw(t, "names")
		text := []byte("{")
		for i, name := range names {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(AppendQuoted(text, name), ":1"...)
		}
		v, err := Parse(append(text, '}'), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		for i, m := range v.Members() {
			if m.Name != names[i] {
				t.Fatalf("member %d is %q, want %q", i, m.Name, names[i])
			}
		}
		if len(names) == 0 {
			return
		}
		again := AppendQuoted(append(text, ','), rapid.SampledFrom(names).Draw(t, "again"))
		if v, err := Parse(append(again, ":2}"...), Limits{}); err == nil {
			t.Fatalf("a duplicate went through: %v", v)
		}
	})
}

func TestParseLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	text := []byte(`{"name":"text","n":12}`)
	v := mustParse(t, string(text))
	w, err := Parse(text, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	if !Identical(v, w) {
		t.Errorf("the value changed with the buffer: %v", w)
	}
}

func TestPrintThenParseIsIdentical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(4).Draw(t, "v")
		text := AppendJSON(nil, v)
		if !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		w, err := Parse(text, Limits{})
		if err != nil || !Identical(v, w) {
			t.Fatalf("%s read back as %v, %v", text, w, err)
		}
	})
}

// known reasons by which Parse refuses what encoding/json takes.
func stricter(reason string) bool {
	for _, known := range []string{reasonInfinite, reasonUTF8, reasonSurrogate, reasonDepth, reasonDuplicate} {
		if strings.HasPrefix(reason, known) {
			return true
		}
	}
	return false
}

func FuzzParse(f *testing.F) {
	for _, c := range accepted {
		f.Add([]byte(c[0]))
	}
	for _, s := range []string{`{"a":1,"a":2}`, `"\ud800"`, "\"\xff\"", `1e999`, `[1,]`, "{\"a\":[\"\\u00e9\\n\",-1.5e3]}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Parse(text, Limits{Bytes: 1 << 16})
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Offset > len(text) || pe.Line < 1 || pe.Column < 1 {
				t.Fatalf("bad error %#v", err)
			}
			if len(text) <= 1<<16 && json.Valid(text) && !stricter(pe.Reason) {
				t.Fatalf("%q refused: %v", text, err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q accepted as %v", text, v)
		}
		printed := AppendJSON(nil, v)
		again, err := Parse(printed, Limits{})
		if err != nil || !Identical(v, again) {
			t.Fatalf("%q printed as %s reads as %v, %v", text, printed, again, err)
		}
		if want := standard(t, text); !bytes.Equal(want, standard(t, printed)) {
			t.Fatalf("%q printed as %s means something else", text, printed)
		}
	})
}

// standard gives a normal form through encoding/json, digits kept.
func standard(t *testing.T, text []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		t.Fatalf("encoding/json on %q: %v", text, err)
	}
	out, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
