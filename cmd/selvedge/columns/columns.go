// Package columns finds in the text of a query in which order its rows name their members.
//
// A location serves the members of an object in one canonical order, whatever the query said, so that a table of the
// rows would have its columns in that order too. People expect the order in which they wrote the query.
//
// Guarantees: Of never fails; for a query whose last RETURN at the outermost level gives an object written out, it
// lists the names of its members, as written, up to the first that is computed when the query runs.
//
// Not guaranteed: that the query is right, or that rows have these members. The names are a wish for the order of
// columns that are there anyway, never a choice of columns.
package columns

import (
	"slices"
	"strings"
)

// Of lists the members of the object that the query returns. It is empty where the query says none.
func Of(query string) []string {
	words := scan(query)
	depth, from := 0, -1
	for i, w := range words {
		switch {
		case w.opens():
			depth++
		case w.closes():
			depth--
		case depth == 0 && w.kind == name && strings.EqualFold(w.text, "RETURN"):
			from = i + 1
		}
	}
	if from < 0 {
		return nil
	}
	words = words[from:]
	if len(words) > 0 && words[0].kind == name && strings.EqualFold(words[0].text, "DISTINCT") {
		words = words[1:]
	}
	if len(words) == 0 || words[0].text != "{" || words[0].kind != mark {
		return nil
	}
	return members(words[1:])
}

// members reads NAME: ..., "NAME": ... and the shorthand NAME, each up to the next comma.
func members(words []word) []string {
	var names []string
	for len(words) > 0 && (words[0].kind == name || words[0].kind == quoted) {
		names = append(names, words[0].text)
		depth, i := 0, 1
		for ; i < len(words) && (depth > 0 || words[i].text != "," || words[i].kind != mark); i++ {
			if words[i].opens() {
				depth++
			} else if words[i].closes() {
				depth--
			}
			if depth < 0 { // the end of the object
				return names
			}
		}
		words = words[min(i+1, len(words)):]
	}
	return names
}

// Sort puts the names that are wished for first, in that order, and leaves the others as they are behind them.
func Sort(names, wished []string) []string {
	out := make([]string, 0, len(names))
	for _, w := range wished {
		if slices.Contains(names, w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// kind of a word.
type kind uint8

const (
	name   kind = iota
	quoted      // "..." or '...'
	mark        // one character that is neither
)

type word struct {
	kind kind
	text string
}

func (w word) opens() bool  { return w.kind == mark && strings.Contains("([{", w.text) }
func (w word) closes() bool { return w.kind == mark && strings.Contains(")]}", w.text) }

// scan cuts a query into words, without blanks and comments.
func scan(text string) []word {
	var out []word
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := text[i]; {
		case strings.HasPrefix(rest, "//"):
			i += until(rest, "\n", 2)
		case strings.HasPrefix(rest, "/*"):
			i += until(rest, "*/", 2)
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'' || c == '`':
			content, n := quotation(rest)
			k := quoted
			if c == '`' {
				k = name
			}
			out, i = append(out, word{k, content}), i+n
		case isLetter(c):
			n := 1
			for n < len(rest) && (isLetter(rest[n]) || rest[n] >= '0' && rest[n] <= '9') {
				n++
			}
			out, i = append(out, word{name, rest[:n]}), i+n
		default:
			out, i = append(out, word{mark, rest[:1]}), i+1
		}
	}
	return out
}

func isLetter(c byte) bool { return c == '_' || c >= 0x80 || c|0x20 >= 'a' && c|0x20 <= 'z' }

// until is the length of what ends with the mark, or of all.
func until(text, mark string, from int) int {
	if at := strings.Index(text[from:], mark); at >= 0 {
		return from + at + len(mark)
	}
	return len(text)
}

// quotation reads a text between quotation marks and its length with them. A backslash takes the next character as it
// is, which is enough for names.
func quotation(text string) (content string, length int) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == text[0]:
			return b.String(), i + 1
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), len(text)
}
