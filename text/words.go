package text

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/selvedge-db/selvedge/value"
)

// MaxWord is the length of the longest word of a fulltext index, in code points: what is longer is cut there.
const MaxWord = 40

// DefaultMinLength is the length of the shortest word that a fulltext index keeps when nothing else is said.
const DefaultMinLength = 2

// Words gives the different words of a text that a fulltext index keeps, sorted.
func Words(s string, minLength int) []string {
	var out []string
	eachWord(s, func(word string) {
		if word = indexed(word); utf8.RuneCountInString(word) >= minLength {
			out = append(out, word)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// indexed is the form of a word in the index.
func indexed(word string) string {
	word = strings.ToLower(word)
	if ascii(word) {
		return word[:min(len(word), MaxWord)]
	}
	word = norm.NFC.String(word)
	count := 0
	for i := range word {
		if count == MaxWord {
			return word[:i]
		}
		count++
	}
	return word
}

// WordsOf gives the words of what a field holds: of a string, of the strings in an array, or of those that are members
// of an object. Whatever else is there has none.
func WordsOf(v value.Value, minLength int) []string {
	if v.Kind() == value.KindString {
		return Words(v.Str(), minLength)
	}
	var out []string
	for _, item := range v.Items() {
		out = append(out, Words(item.Str(), minLength)...)
	}
	for _, m := range v.Members() {
		out = append(out, Words(m.Value.Str(), minLength)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// class of an ASCII character, as the standard parts words.
type class uint8

const (
	other  class = iota
	letter       // of words
	digit
	joiner     // the low line, part of words and numbers
	betweenAny // joins two letters, or two digits
	betweenLetters
	betweenDigits
)

func classOf(c byte) class {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return letter
	case c >= '0' && c <= '9':
		return digit
	}
	switch c {
	case '_':
		return joiner
	case '.', '\'':
		return betweenAny
	case ':':
		return betweenLetters
	case ',', ';':
		return betweenDigits
	}
	return other
}

// eachASCII gives the words of a text of ASCII characters, as the general rules would, faster.
func eachASCII(s string, visit func(word string)) {
	for i := 0; i < len(s); {
		start, named := i, false
		for i < len(s) {
			c := classOf(s[i])
			if c == letter || c == digit || c == joiner {
				named = named || c != joiner
				i++
				continue
			}
			if i == start || i+1 == len(s) || !joins(classOf(s[i-1]), c, classOf(s[i+1])) {
				break
			}
			i++
		}
		if named {
			visit(s[start:i])
		}
		if i == start {
			i++
		}
	}
}

func joins(before, between, after class) bool {
	if before != after || between < betweenAny {
		return false
	}
	return before == letter && between != betweenDigits || before == digit && between != betweenLetters
}

func quoted(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return "\"" + s + "\""
}
