package text

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/blevesearch/segment"

	"github.com/selvedge-db/selvedge/value"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ analyzer, text, want string }{
		{"identity", "Öl on  Water", "Öl on  Water"},
		{"text_en", "A quick brown Fox's jumps, 3.5 times!", "a quick brown fox jump 3.5 time"},
		{"text_en", "UPPER & lower, don't-stop", "upper lower don't stop"},
		{"text_en", "crazy fast NoSQL-database!", "crazi fast nosql databas"},
		{"text_de", "Übungen der Häuser", "ubung der haus"},
		{"text_es", "Las canciones españolas", "las cancion espanol"},
		{"text_fi", "talojen Äänet", "talo aane"},
		{"text_fr", "Les élèves mangeaient", "le elev mang"},
		{"text_it", "le città abbandonate", "le citt abbandon"},
		{"text_nl", "de lichamelijke oefeningen", "de licham oefen"},
		{"text_no", "havnedistriktene", "havnedistrikt"},
		{"text_pt", "as nações quilométricas", "as naco quilometr"},
		{"text_ru", "Важнейшие вещи", "важнеиш вещ"},
		{"text_sv", "jaktkarlarnas klostret", "jaktkarl klostret"},
		{"text_en", " ... !! ", ""},
	} {
		got, err := Tokens(c.analyzer, c.text)
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s of %q: %q, %v; want %q", c.analyzer, c.text, got, err, c.want)
		}
	}
	if len(Analyzers()) != 12 {
		t.Error("there are twelve analyzers")
	}
	for _, name := range Analyzers() {
		if _, err := Tokens(name, "x"); err != nil {
			t.Error(err)
		}
	}
	_, err := Tokens("text_xx", "x")
	var unknown *AnalyzerError
	if !errors.As(err, &unknown) || unknown.Name != "text_xx" || !strings.Contains(err.Error(), "text_sv") {
		t.Errorf("unknown analyzer: %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		min  int
		want string
	}{
		{"The quick Brown fox, the QUICK", 2, "brown fox quick the"},
		{"a bb ccc", 3, "ccc"},
		{"a bb ccc", 0, "a bb ccc"},
		{"Müller's Straße", 2, "müller's straße"},
		{"e\u0301t\u00e9", 2, "été"},
		{"東京 タワー", 2, "タワー"},
		{strings.Repeat("x", 50), 2, strings.Repeat("x", 40)},
		{strings.Repeat("é", 50), 2, strings.Repeat("é", 40)},
		{"", 2, ""},
	} {
		if got := strings.Join(Words(c.text, c.min), " "); got != c.want {
			t.Errorf("words of %q: %q, want %q", c.text, got, c.want)
		}
	}
}

// TestASCIIWords compares the short way with the general one on all texts of up to five characters of each class.
func TestASCIIWords(t *testing.T) {
	t.Parallel()
	alphabet := "a7_.':,; -"
	text := make([]byte, 0, 5)
	var walk func(left int)
	walk = func(left int) {
		compareWords(t, string(text))
		if left == 0 {
			return
		}
		for i := range len(alphabet) {
			text = append(text, alphabet[i])
			walk(left - 1)
			text = text[:len(text)-1]
		}
	}
	walk(5)
}

func compareWords(t *testing.T, s string) {
	t.Helper()
	var got, want []string
	eachASCII(s, func(w string) { got = append(got, w) })
	segments := segment.NewWordSegmenterDirect([]byte(s))
	for segments.Segment() {
		if segments.Type() != segment.None && named(segments.Text()) {
			want = append(want, segments.Text())
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("words of %q: %q, want %q", s, got, want)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	docs := map[string][]string{
		"1": Words("the quick brown fox", 2),
		"2": Words("a quick start", 2),
		"3": Words("brown bread and quicksand", 2),
		"4": Words("nothing here", 2),
	}
	for _, c := range []struct{ query, want string }{
		{"quick", "1 2"},
		{"QUICK", "1 2"},
		{"complete:quick", "1 2"},
		{"prefix:quick", "1 2 3"},
		{"quick,brown", "1"},
		{"quick,+brown", "1"},
		{"quick, | brown", "1 2 3"},
		{"|quick", "1 2"},
		{"prefix:quick,-brown", "2"},
		{"quick,-brown,|nothing", "2 4"},
		{"quick,|nothing,-brown", "2 4"},
		{"brown quick", "1"},
		{"prefix:brown qui", "1 3"},
		{"bro", ""},
		{"zebra,|zoo", ""},
	} {
		q, err := Parse(c.query)
		if err != nil {
			t.Errorf("%q: %v", c.query, err)
			continue
		}
		var matched []string
		for _, k := range []string{"1", "2", "3", "4"} {
			if q.Match(docs[k]) {
				matched = append(matched, k)
			}
		}
		selected, err := q.Select(reader(docs))
		if err != nil || strings.Join(matched, " ") != c.want || !slices.Equal(selected, matched) {
			t.Errorf("%q: matched %q, selected %q, %v; want %q", c.query, matched, selected, err, c.want)
		}
	}
}

// reader reads from an index that is built of documents.
func reader(docs map[string][]string) func(lower, upper []byte) ([]string, error) {
	return func(lower, upper []byte) ([]string, error) {
		var out []string
		for key, words := range docs {
			for _, w := range words {
				entry := string(value.AppendKeyString(nil, w)) + key
				if entry >= string(lower) && (upper == nil || entry < string(upper)) {
					out = append(out, key)
				}
			}
		}
		return out, nil
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query, near string
		offset      int
	}{
		{"", "", 0},
		{"a,,b", "", 2},
		{"a,-", "-", 2},
		{"-a", "-a", 0},
		{"a,substring:b", "substring:b", 2},
		{"a, prefix:", "prefix:", 2},
		{"a,!!", "!!", 2},
		{strings.Repeat("a,", 1000) + "b", "b", 2000},
		{strings.Repeat("a", 70_000), "aaaaaaaaaaaaaaaaaaaa", 65536},
	} {
		_, err := Parse(c.query)
		var wrong *QueryError
		if !errors.As(err, &wrong) || wrong.Offset != c.offset || wrong.Near != c.near || wrong.Error() == "" {
			t.Errorf("%.20q: %v", c.query, err)
		}
	}
}

func TestSelectStops(t *testing.T) {
	t.Parallel()
	q, err := Parse("a,b")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if _, err := q.Select(func(_, _ []byte) ([]string, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a failed read: %v", err)
	}
	reads := 0
	keys, err := q.Select(func(_, _ []byte) ([]string, error) { reads++; return nil, nil })
	if err != nil || len(keys) != 0 || reads != 1 {
		t.Errorf("after a term without documents: %d reads, %q, %v", reads, keys, err)
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"", "The quick brown fox", "Übungen, déjà vu", "Важнейшие", "東京タワー", "a'b_c.9,1;2:x", "\xff\x00", "yyyy", "e\u0301\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, name := range Analyzers() {
			first, err := Tokens(name, s)
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := Tokens(name, s); !slices.Equal(first, again) {
				t.Fatalf("%s of %q: %q, then %q", name, s, first, again)
			}
		}
		words := Words(s, 2)
		if !slices.IsSorted(words) {
			t.Fatalf("words of %q: %q", s, words)
		}
		if ascii(s) {
			compareWords(t, s)
		}
		for _, w := range words {
			if q, err := Parse("complete:" + w); err == nil && len(q.Terms) == 1 && len(q.Terms[0].Words) == 1 && !q.Match(words) {
				t.Fatalf("%q does not find itself in %q", w, words)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a", "a,b", "a,|prefix:b,-c", "complete:x y", "-a", ",", "prefix:", "ü,|-", "a,\xff"} {
		f.Add(s, "the quick brown fox a b")
	}
	f.Fuzz(func(t *testing.T, query, s string) {
		q, err := Parse(query)
		if err != nil {
			if q != nil || err.Error() == "" {
				t.Fatalf("%q: %v", query, err)
			}
			return
		}
		words := Words(s, 0)
		keys, err := q.Select(reader(map[string][]string{"k": words, "other": {"zz"}}))
		if err != nil {
			t.Fatal(err)
		}
		if q.Match(words) != slices.Contains(keys, "k") {
			t.Fatalf("%q of %q: matches %v, selected %q", query, words, q.Match(words), keys)
		}
	})
}
