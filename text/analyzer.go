package text

import (
	"strings"
	"unicode"

	"github.com/blevesearch/segment"
	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"golang.org/x/text/unicode/norm"
)

// Identity is the analyzer that leaves a text as it is.
const Identity = "identity"

// Analyzers lists the names of the analyzers.
func Analyzers() []string {
	return []string{Identity, "text_de", "text_en", "text_es", "text_fi", "text_fr", "text_it", "text_nl", "text_no",
		"text_pt", "text_ru", "text_sv"}
}

// AnalyzerError is an analyzer that is not known.
type AnalyzerError struct{ Name string }

// Error names the analyzers there are.
func (e *AnalyzerError) Error() string {
	return "there is no analyzer " + quoted(e.Name) + ": want one of " + strings.Join(Analyzers(), ", ")
}

// stemmer finds the stemmer of an analyzer; nil for identity.
func stemmer(analyzer string) (stem func(*snowballstem.Env) bool, known bool) {
	switch analyzer {
	case Identity:
		return nil, true
	case "text_de":
		return german.Stem, true
	case "text_en":
		return english.Stem, true
	case "text_es":
		return spanish.Stem, true
	case "text_fi":
		return finnish.Stem, true
	case "text_fr":
		return french.Stem, true
	case "text_it":
		return italian.Stem, true
	case "text_nl":
		return dutch.Stem, true
	case "text_no":
		return norwegian.Stem, true
	case "text_pt":
		return portuguese.Stem, true
	case "text_ru":
		return russian.Stem, true
	case "text_sv":
		return swedish.Stem, true
	}
	return nil, false
}

// Tokens parts a text as the analyzer does, in the order of the text, repeated ones included.
func Tokens(analyzer, s string) ([]string, error) {
	stem, known := stemmer(analyzer)
	if !known {
		return nil, &AnalyzerError{analyzer}
	}
	if stem == nil {
		return []string{s}, nil
	}
	var out []string
	env := snowballstem.NewEnv("")
	eachWord(s, func(word string) {
		env.SetCurrent(plain(strings.ToLower(word)))
		stem(env)
		if token := env.Current(); token != "" {
			out = append(out, token)
		}
	})
	return out, nil
}

// eachWord gives the words of a text as they are written.
func eachWord(s string, visit func(word string)) {
	if ascii(s) {
		eachASCII(s, visit)
		return
	}
	segments := segment.NewWordSegmenterDirect([]byte(strings.ToValidUTF8(s, "\uFFFD")))
	for segments.Segment() {
		if word := segments.Text(); segments.Type() != segment.None && named(word) {
			visit(word)
		}
	}
}

// named says whether a word has a letter or a digit; low lines alone are none.
func named(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// plain takes accents off: marks that stand above or below letters.
func plain(s string) string {
	if ascii(s) {
		return s
	}
	decomposed := norm.NFD.String(s)
	kept := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, decomposed)
	return norm.NFC.String(kept)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
