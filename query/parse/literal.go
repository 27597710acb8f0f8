package parse

import (
	"fmt"
	"math/big"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/query/ast"
)

// number cuts a number: 12, 1.5, .5, 1e3, 0xff, 0b101.
func (l *lexer) number(start ast.Pos) token {
	if l.peek(0) == '0' && (l.peek(1)|0x20 == 'x' || l.peek(1)|0x20 == 'b') {
		return l.based(start)
	}
	n := 0
	digits := func() int {
		from := n
		for digit(l.peek(n)) {
			n++
		}
		return n - from
	}
	whole := digits()
	if whole > 1 && l.peek(0) == '0' {
		return l.fail(start, Syntax, "number with a leading zero", "leave the zero out")
	}
	if l.peek(n) == '.' && digit(l.peek(n+1)) {
		n++
		digits()
	}
	if l.peek(n)|0x20 == 'e' {
		at := n
		n++
		if l.peek(n) == '+' || l.peek(n) == '-' {
			n++
		}
		if digits() == 0 {
			n = at
		}
	}
	if nameStart(l.peek(n)) {
		return l.fail(start, Syntax, "number "+shorten(l.text[start.Offset:start.Offset+n])+" runs into a name",
			"put a space between them, or backticks around a name that begins with a digit")
	}
	text := l.text[start.Offset : start.Offset+n]
	if whole == 0 {
		text = "0" + text
	}
	l.step(n)
	return token{kind: number, text: text, pos: start, end: l.pos.Offset}
}

func (l *lexer) based(start ast.Pos) token {
	base, what, n := 16, "hexadecimal", 2
	if l.peek(1)|0x20 == 'b' {
		base, what = 2, "binary"
	}
	for namePart(l.peek(n)) {
		n++
	}
	digits := l.text[start.Offset+2 : start.Offset+n]
	const most = 64
	v, ok := new(big.Int).SetString(digits, base)
	if !ok || strings.ContainsAny(digits, "_") {
		return l.fail(start, Syntax, what+" number with wrong digits", "")
	}
	if v.BitLen() > most {
		return l.fail(start, NumberRange, what+" number of more than 64 bits", "")
	}
	l.step(n)
	return token{kind: number, text: v.String(), pos: start, end: l.pos.Offset}
}

// delimited cuts a string or a quoted name.
func (l *lexer) delimited(k kind, start ast.Pos, mark string) token {
	rest := l.text[start.Offset+len(mark):]
	n := 0
	var b strings.Builder
	for {
		stop := strings.IndexAny(rest[n:], mark+"\\")
		if stop < 0 {
			return l.unclosed(k, start, mark)
		}
		b.WriteString(rest[n : n+stop])
		n += stop
		if strings.HasPrefix(rest[n:], mark) {
			break
		}
		if rest[n] != '\\' { // a byte of another mark's first half
			_, size := utf8.DecodeRuneInString(rest[n:])
			b.WriteString(rest[n : n+size])
			n += size
			continue
		}
		size := escape(&b, rest[n:])
		if size <= 0 {
			return l.fail(l.placeOf(start.Offset+len(mark)+n), Syntax, "escape without meaning in a string",
				"write \\uXXXX with four hexadecimal digits, and \\\\ for a backslash")
		}
		n += size
	}
	s := b.String()
	if !utf8.ValidString(s) {
		return l.fail(start, Syntax, "string that is not UTF-8", "send the query as UTF-8")
	}
	if k == quoted && s == "" {
		return l.fail(start, Syntax, "empty name", "put a name between the backticks")
	}
	l.step(len(mark)*2 + n)
	return token{kind: k, text: s, pos: start, end: l.pos.Offset}
}

func (l *lexer) unclosed(k kind, start ast.Pos, mark string) token {
	what := "string"
	if k == quoted {
		what = "name"
	}
	return l.fail(start, Syntax, what+" without end", fmt.Sprintf("close it with %s, and write \\%s for one within it", mark, mark))
}

// placeOf counts the line and column of an offset ahead.
func (l *lexer) placeOf(offset int) ast.Pos {
	ahead := *l
	ahead.step(offset - l.pos.Offset)
	return ahead.pos
}

// Letters behind a backslash that stand for something else than themselves.
const escapes, escaped = "bfnrt", "\b\f\n\r\t"

// escape writes what an escape stands for and gives its length; 0 for one that is cut off or wrong. A character
// without meaning stands for itself, as in the AQL family.
func escape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		return 0
	}
	if i := strings.IndexByte(escapes, s[1]); i >= 0 {
		b.WriteByte(escaped[i])
		return 2
	}
	if s[1] != 'u' {
		r, size := utf8.DecodeRuneInString(s[1:])
		b.WriteRune(r)
		return 1 + size
	}
	r, ok := hex4(s)
	if !ok {
		return 0
	}
	if !utf16.IsSurrogate(r) {
		b.WriteRune(r)
		return 6
	}
	low, ok := hex4(s[6:])
	if full := utf16.DecodeRune(r, low); ok && full != utf8.RuneError {
		b.WriteRune(full)
		return 12
	}
	return 0
}

// hex4 reads \uXXXX.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case digit(c):
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
