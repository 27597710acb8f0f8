package parse

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/query/ast"
)

type kind uint8

const (
	end       kind = iota
	name           // text is the name as written
	quoted         // a name between ticks
	str            // text is what the string says
	number         // text is its digits
	parameter      // text is what stands behind the @, with a second @ when there is one
	sign           // text is the operator or bracket
)

type token struct {
	kind kind
	text string
	pos  ast.Pos
	end  int // offset behind it
}

// what describes a token in an error.
func (t token) what() string {
	switch t.kind {
	case end:
		return "end of query"
	case name:
		return "'" + shorten(t.text) + "'"
	case quoted:
		return "name `" + shorten(t.text) + "`"
	case str:
		return fmt.Sprintf("string %q", shorten(t.text))
	case number:
		return "number " + shorten(t.text)
	case parameter:
		return "parameter '@" + shorten(t.text) + "'"
	default:
		return "'" + t.text + "'"
	}
}

func shorten(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}

// lexer cuts a text into tokens. After a fault it gives nothing but the end.
type lexer struct {
	text string
	pos  ast.Pos
	err  *Error
}

func (l *lexer) fail(pos ast.Pos, n int, message, cure string) token {
	if l.err == nil {
		l.err = Fault(l.text, pos, n, message, cure)
	}
	l.pos.Offset = len(l.text)
	return token{kind: end, pos: pos, end: pos.Offset}
}

// peek gives the byte so far ahead, 0 behind the end.
func (l *lexer) peek(ahead int) byte {
	if l.pos.Offset+ahead >= len(l.text) {
		return 0
	}
	return l.text[l.pos.Offset+ahead]
}

// step goes over n bytes and keeps count of lines and columns.
func (l *lexer) step(n int) {
	for i := 0; i < n && l.pos.Offset < len(l.text); i++ {
		c := l.text[l.pos.Offset]
		l.pos.Offset++
		switch {
		case c == '\n':
			l.pos.Line++
			l.pos.Column = 1
		case c&0xC0 != 0x80:
			l.pos.Column++
		}
	}
}

// blank skips spaces and comments; false at a comment without end.
func (l *lexer) blank() bool {
	for {
		switch c := l.peek(0); {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			l.step(1)
		case c == '/' && l.peek(1) == '/':
			length := strings.IndexByte(l.text[l.pos.Offset:], '\n')
			if length < 0 {
				length = len(l.text) - l.pos.Offset
			}
			l.step(length)
		case c == '/' && l.peek(1) == '*':
			length := strings.Index(l.text[l.pos.Offset+2:], "*/")
			if length < 0 {
				l.fail(l.pos, Syntax, "comment without end", "close it with */")
				return false
			}
			l.step(length + 4)
		case strings.HasPrefix(l.text[l.pos.Offset:], "\u00a0"), strings.HasPrefix(l.text[l.pos.Offset:], "\ufeff"):
			_, size := utf8.DecodeRuneInString(l.text[l.pos.Offset:])
			l.step(size)
		default:
			return true
		}
	}
}

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func namePart(c byte) bool { return nameStart(c) || digit(c) }

// next cuts the next token.
func (l *lexer) next() token {
	if l.err != nil || !l.blank() {
		return token{kind: end, pos: l.pos, end: l.pos.Offset}
	}
	start := l.pos
	c := l.peek(0)
	switch {
	case start.Offset >= len(l.text):
		return token{kind: end, pos: start, end: start.Offset}
	case nameStart(c):
		return l.run(name, start, namePart)
	case digit(c), c == '.' && digit(l.peek(1)):
		return l.number(start)
	case c == '"' || c == '\'':
		return l.delimited(str, start, string(c))
	case c == '`':
		return l.delimited(quoted, start, "`")
	case strings.HasPrefix(l.text[start.Offset:], "´"):
		return l.delimited(quoted, start, "´")
	case c == '@':
		return l.parameter(start)
	}
	return l.sign(start)
}

// run cuts a token of the bytes that fit.
func (l *lexer) run(k kind, start ast.Pos, fits func(byte) bool) token {
	n := 0
	for start.Offset+n < len(l.text) && fits(l.text[start.Offset+n]) {
		n++
	}
	l.pos.Offset += n
	l.pos.Column += n
	return token{kind: k, text: l.text[start.Offset : start.Offset+n], pos: start, end: l.pos.Offset}
}

func (l *lexer) parameter(start ast.Pos) token {
	n := 1
	if l.peek(1) == '@' {
		n = 2
	}
	if !namePart(l.peek(n)) {
		return l.fail(start, Syntax, "'@' without the name of a parameter", "write @name for a value, @@name for a collection")
	}
	l.step(n)
	t := l.run(parameter, l.pos, namePart)
	return token{kind: parameter, text: l.text[start.Offset+1 : t.end], pos: start, end: t.end}
}

// Operators and brackets, the longer ones first.
var signs = func() []string {
	return []string{
		"==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "..", "::",
		"=", "<", ">", "!", "?", ":", "+", "-", "*", "/", "%", ",", ".", "(", ")", "[", "]", "{", "}",
	}
}()

// Signs of other languages, and what stands for them here.
var foreignSigns = func() map[string]string {
	return map[string]string{
		"<>": "write != for 'not equal'", "&": "write && for 'and'", "|": "write || for 'or'",
		";": "a text holds one query and needs no semicolon", "~": "write =~ to match a regular expression",
		"^": "write POW(x, y) for a power", "#": "write // or /* */ around a comment",
		"\u201c": "write strings between \" or '", "\u201d": "write strings between \" or '",
		"\u2018": "write strings between \" or '", "\u2019": "write strings between \" or '",
	}
}()

func (l *lexer) sign(start ast.Pos) token {
	rest := l.text[start.Offset:]
	if strings.HasPrefix(rest, "<>") {
		return l.fail(start, Syntax, "syntax error: unexpected '<>'", foreignSigns["<>"])
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			l.step(len(s))
			return token{kind: sign, text: s, pos: start, end: l.pos.Offset}
		}
	}
	r, size := utf8.DecodeRuneInString(rest)
	if r == utf8.RuneError && size <= 1 {
		return l.fail(start, Syntax, fmt.Sprintf("byte 0x%02x, which is not UTF-8,", rest[0]), "send the query as UTF-8")
	}
	cure := foreignSigns[string(r)]
	if cure == "" && r > 0x7f {
		cure = "names with other letters than a-z stand between backticks"
	}
	return l.fail(start, Syntax, fmt.Sprintf("syntax error: unexpected %q", r), cure)
}
