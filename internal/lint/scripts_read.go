package lint

import (
	"regexp"
	"slices"
	"strings"
)

// scriptToken is a word or a sign of JavaScript; strings, templates and
// regular expressions are one each, with the sign " as their text.
type scriptToken struct {
	text string
	line int
}

// scriptReader cuts JavaScript into tokens, well enough to find functions.
type scriptReader struct {
	text   string
	at     int
	line   int
	tokens []scriptToken
	inside []byte // '{' for each open brace, '`' for one that stands in a template
	plain  strings.Builder
}

var (
	scriptWord  = regexp.MustCompile(`^[\p{L}\p{N}_$#@]+`)
	scriptRegex = regexp.MustCompile(`^/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*`)
)

// withoutComments gives the same text with blanks in place of comments.
func withoutComments(text string) string {
	r := readScript(text)
	return r.plain.String()
}

func readScript(text string) *scriptReader {
	r := &scriptReader{text: text, line: 1}
	for r.at < len(r.text) {
		r.next()
	}
	return r
}

// take moves on by n bytes, which are kept or, as a comment, blanked.
func (r *scriptReader) take(n int, comment bool) {
	part := r.text[r.at:min(len(r.text), r.at+n)]
	r.line += strings.Count(part, "\n")
	if comment {
		part = strings.Map(func(c rune) rune {
			if c == '\n' {
				return c
			}
			return ' '
		}, part)
	}
	r.plain.WriteString(part)
	r.at += n
}

func (r *scriptReader) next() {
	rest := r.text[r.at:]
	word := scriptWord.FindString(rest)
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "//"):
		r.take(until(rest, 2, "\n"), true)
	case strings.HasPrefix(rest, "/*"):
		r.take(until(rest, 2, "*/")+2, true)
	case c == '"' || c == '\'':
		r.add(`"`, quoted(rest))
	case c == '`':
		r.template(1)
	case c == '}' && len(r.inside) > 0 && r.inside[len(r.inside)-1] == '`':
		r.inside = r.inside[:len(r.inside)-1]
		r.template(1)
	case c == '/' && r.mayBeRegex() && scriptRegex.MatchString(rest):
		r.add(`"`, len(scriptRegex.FindString(rest)))
	case word != "":
		r.add(word, len(word))
	case strings.HasPrefix(rest, "=>"):
		r.add("=>", 2)
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		r.take(1, false)
	default:
		r.brace(c)
		r.add(string(c), 1)
	}
}

func (r *scriptReader) add(text string, n int) {
	r.tokens = append(r.tokens, scriptToken{text, r.line})
	r.take(n, false)
}

func (r *scriptReader) brace(c byte) {
	if c == '{' {
		r.inside = append(r.inside, c)
	} else if c == '}' && len(r.inside) > 0 {
		r.inside = r.inside[:len(r.inside)-1]
	}
}

// template reads one up to its end or up to the code inside it.
func (r *scriptReader) template(from int) {
	rest := r.text[r.at:]
	for i := from; i < len(rest); i++ {
		switch {
		case rest[i] == '\\':
			i++
		case rest[i] == '`':
			r.add(`"`, i+1)
			return
		case strings.HasPrefix(rest[i:], "${"):
			r.add(`"`, i+2)
			r.inside = append(r.inside, '`')
			return
		}
	}
	r.take(len(rest), false)
}

// mayBeRegex tells whether a slash here begins a regular expression: behind a
// value it divides.
func (r *scriptReader) mayBeRegex() bool {
	if len(r.tokens) == 0 {
		return true
	}
	last := r.tokens[len(r.tokens)-1].text
	if slices.Contains([]string{"return", "typeof", "case", "in", "of", "delete", "void", "await", "yield"}, last) {
		return true
	}
	return last != ")" && last != "]" && last != `"` && !scriptWord.MatchString(last)
}

func until(text string, from int, end string) int {
	if i := strings.Index(text[min(from, len(text)):], end); i >= 0 {
		return from + i
	}
	return len(text)
}

func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(text)
}

// scriptFunction is one with its first line and its length.
type scriptFunction struct{ at, lines int }

// scriptFunctions finds functions, methods and arrows with a body in braces.
func scriptFunctions(text string) (out []scriptFunction) {
	tokens := readScript(text).tokens
	var parens []int // where those that are open stand
	closed := map[int]int{}
	type open struct {
		line     int
		function bool
	}
	var braces []open
	for i, t := range tokens {
		switch t.text {
		case "(":
			parens = append(parens, i)
		case ")":
			if len(parens) > 0 {
				closed[i] = parens[len(parens)-1]
				parens = parens[:len(parens)-1]
			}
		case "{":
			braces = append(braces, open{t.line, beginsFunction(tokens, closed, i)})
		case "}":
			if len(braces) == 0 {
				continue
			}
			b := braces[len(braces)-1]
			braces = braces[:len(braces)-1]
			if b.function {
				out = append(out, scriptFunction{b.line, t.line - b.line + 1})
			}
		}
	}
	return out
}

// beginsFunction tells whether the brace at i opens the body of one.
func beginsFunction(tokens []scriptToken, closed map[int]int, i int) bool {
	if i == 0 {
		return false
	}
	if tokens[i-1].text == "=>" {
		return true
	}
	begin, ok := closed[i-1]
	if tokens[i-1].text != ")" || !ok || begin == 0 {
		return false
	}
	return !slices.Contains([]string{"if", "for", "while", "switch", "catch", "with", "await"}, tokens[begin-1].text)
}
