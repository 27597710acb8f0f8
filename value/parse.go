package value

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits bound what Parse reads. A field that is zero or less takes its value
// from DefaultLimits.
type Limits struct {
	Depth   int // arrays and objects inside each other; a scalar has depth 0
	Bytes   int // length of the text
	Members int // members and elements in the whole text
}

const (
	defaultDepth   = 100
	defaultBytes   = 64 << 20
	defaultMembers = 4 << 20
)

// DefaultLimits are what Parse takes for zero Limits. It is to be read only;
// Parse itself relies on the constants.
var DefaultLimits = Limits{Depth: defaultDepth, Bytes: defaultBytes, Members: defaultMembers}

func (l Limits) orDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = defaultDepth
	}
	if l.Bytes <= 0 {
		l.Bytes = defaultBytes
	}
	if l.Members <= 0 {
		l.Members = defaultMembers
	}
	return l
}

// Reasons that tests tell apart from plain faults of grammar.
const (
	reasonInfinite  = "a number is larger than a double can hold"
	reasonUTF8      = "the text is not valid UTF-8"
	reasonSurrogate = "an escaped surrogate has no partner"
	reasonDepth     = "arrays and objects are nested deeper than the limit of"
	reasonMembers   = "there are more members and elements than the limit of"
	reasonDuplicate = "the object that starts here has more than one member"
)

// ParseError says where a text is not the JSON that is accepted here, and why.
type ParseError struct {
	Offset int // bytes before the fault
	Line   int // from 1
	Column int // code points, from 1
	Reason string
}

// Error gives the reason and the place.
func (e *ParseError) Error() string {
	return fmt.Sprintf("invalid JSON at line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

func newParseError(text string, offset int, reason string) *ParseError {
	before := text[:min(offset, len(text))]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return &ParseError{
		Offset: offset,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[lineStart:]) + 1,
		Reason: reason,
	}
}

// Parse reads one JSON value that makes up the whole text. Beyond the grammar
// it refuses duplicate members, text that is not UTF-8, escaped surrogates
// without partner and numbers without a finite double. The text is copied once,
// so the caller may reuse it.
func Parse(text []byte, lim Limits) (Value, error) {
	lim = lim.orDefaults()
	if len(text) > lim.Bytes {
		reason := fmt.Sprintf("the text has %d bytes, more than the limit of %d", len(text), lim.Bytes)
		return Value{}, newParseError("", 0, reason)
	}
	p := parser{text: string(text), lim: lim}
	if !utf8.ValidString(p.text) {
		return Value{}, newParseError(p.text, invalidAt(p.text), reasonUTF8)
	}
	v, ok := p.value()
	if ok {
		p.skipSpace()
		if p.pos < len(p.text) {
			p.fail(p.pos, "there is more text behind the value")
		}
	}
	if p.reason != "" {
		return Value{}, newParseError(p.text, p.faultAt, p.reason)
	}
	return v, nil
}

// invalidAt returns the offset of the first byte that is not UTF-8.
func invalidAt(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size <= 1 {
				return i
			}
		}
	}
	return len(text)
}

// parser reads text in one pass. A method that returns false has noted a fault.
type parser struct {
	text    string
	pos     int
	depth   int
	count   int // members and elements so far
	lim     Limits
	faultAt int
	reason  string
}

func (p *parser) fail(at int, reason string) bool {
	p.faultAt, p.reason = at, reason
	return false
}

func (p *parser) skipSpace() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\n', '\t', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next skips spaces and returns the byte there without taking it; 0 at the end
// (a zero byte in the text is refused by every caller as well).
func (p *parser) next() byte {
	if p.pos < len(p.text) {
		if c := p.text[p.pos]; c > ' ' {
			return c
		}
	}
	p.skipSpace()
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) value() (Value, bool) {
	switch c := p.next(); {
	case c == '"':
		s, ok := p.string()
		return Value{kind: KindString, text: s}, ok
	case c == '{' || c == '[':
		return p.nested(c)
	case c == '-' || c-'0' <= 9:
		start := p.pos
		end, reason := scanNumber(p.text, start)
		if reason != "" {
			return Value{}, p.fail(end, reason)
		}
		p.pos = end
		return Value{kind: KindNumber, text: p.text[start:end]}, true
	case c == 't':
		return Bool(true), p.literal("true")
	case c == 'f':
		return Bool(false), p.literal("false")
	case c == 'n':
		return Value{}, p.literal("null")
	}
	return Value{}, p.fail(p.pos, "a value is missing here")
}

func (p *parser) literal(word string) bool {
	if !strings.HasPrefix(p.text[p.pos:], word) {
		return p.fail(p.pos, "a value is missing here")
	}
	p.pos += len(word)
	return true
}

func (p *parser) nested(open byte) (v Value, ok bool) {
	if p.depth >= p.lim.Depth {
		return v, p.fail(p.pos, fmt.Sprintf("%s %d", reasonDepth, p.lim.Depth))
	}
	p.depth++
	if open == '{' {
		v, ok = p.object()
	} else {
		v, ok = p.array()
	}
	p.depth--
	return v, ok
}

// counted notes one more member or element.
func (p *parser) counted() bool {
	p.count++
	if p.count > p.lim.Members {
		return p.fail(p.pos, fmt.Sprintf("%s %d", reasonMembers, p.lim.Members))
	}
	return true
}

func (p *parser) array() (Value, bool) {
	p.pos++
	if p.next() == ']' {
		p.pos++
		return Value{kind: KindArray}, true
	}
	// Short arrays are gathered on the stack and copied once, at their length.
	var room [16]Value
	items := room[:0]
	for {
		if !p.counted() {
			return Value{}, false
		}
		v, ok := p.value()
		if !ok {
			return Value{}, false
		}
		items = append(items, v)
		switch p.next() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return Value{kind: KindArray, in: &inner{items: exact(items)}}, true
		default:
			return Value{}, p.fail(p.pos, "a comma or the end of the array is missing here")
		}
	}
}

func (p *parser) object() (Value, bool) {
	start := p.pos
	p.pos++
	if p.next() == '}' {
		p.pos++
		return Value{kind: KindObject}, true
	}
	var room [24]Member
	members := room[:0]
	sorted := true
	for {
		m, ok := p.member()
		if !ok {
			return Value{}, false
		}
		if n := len(members); n > 0 && members[n-1].Name >= m.Name {
			sorted = false
		}
		members = append(members, m)
		switch p.next() {
		case ',':
			p.pos++
			continue
		case '}':
			p.pos++
		default:
			return Value{}, p.fail(p.pos, "a comma or the end of the object is missing here")
		}
		own := exact(members)
		if !sorted && !p.sort(own, start) {
			return Value{}, false
		}
		return Value{kind: KindObject, in: &inner{members: own}}, true
	}
}

// exact copies a slice to one without room to grow.
func exact[T any](s []T) []T {
	own := make([]T, len(s))
	copy(own, s)
	return own
}

func (p *parser) member() (m Member, ok bool) {
	if !p.counted() {
		return m, false
	}
	if p.next() != '"' {
		return m, p.fail(p.pos, "the name of a member is missing here")
	}
	if m.Name, ok = p.string(); !ok {
		return m, false
	}
	if p.next() != ':' {
		return m, p.fail(p.pos, "a colon is missing here")
	}
	p.pos++
	m.Value, ok = p.value()
	return m, ok
}

// sort orders the members of the object that started there and refuses
// duplicates. Few members, often nearly in order, are sorted by insertion.
func (p *parser) sort(members []Member, start int) bool {
	if len(members) > 24 {
		slices.SortFunc(members, compareNames)
	} else {
		for i := 1; i < len(members); i++ {
			m, j := members[i], i
			for ; j > 0 && members[j-1].Name > m.Name; j-- {
				members[j] = members[j-1]
			}
			members[j] = m
		}
	}
	for i := 1; i < len(members); i++ {
		if members[i].Name == members[i-1].Name {
			return p.fail(start, fmt.Sprintf("%s %q", reasonDuplicate, shortened(members[i].Name)))
		}
	}
	return true
}

// shortened keeps messages readable when a name is huge.
func shortened(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

func (p *parser) string() (string, bool) {
	start := p.pos + 1
	text := p.text
	for i := start; i < len(text); i++ {
		c := text[i]
		if c == '"' {
			p.pos = i + 1
			return text[start:i], true
		}
		if c == '\\' {
			return p.escaped(start, i)
		}
		if c < ' ' {
			return "", p.fail(i, "a control character in a string must be escaped")
		}
	}
	return "", p.fail(len(text), "the end of a string is missing")
}

// escaped reads on from the first backslash of a string.
func (p *parser) escaped(start, at int) (string, bool) {
	text := p.text
	out := make([]byte, 0, escapedRoom(text, start, at))
	out = append(out, text[start:at]...)
	for i := at; i < len(text); {
		run := i
		for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
			i++
		}
		out = append(out, text[run:i]...)
		if i >= len(text) {
			break
		}
		switch c := text[i]; {
		case c == '"':
			p.pos = i + 1
			return string(out), true
		case c < ' ':
			return "", p.fail(i, "a control character in a string must be escaped")
		}
		var ok bool
		if out, i, ok = p.escape(out, i); !ok {
			return "", false
		}
	}
	return "", p.fail(len(text), "the end of a string is missing")
}

// escapedRoom guesses the decoded length: up to the next quote, which is the
// end unless it is escaped itself.
func escapedRoom(text string, start, at int) int {
	const most = 4 << 10
	quote := strings.IndexByte(text[at:min(len(text), at+most)], '"')
	if quote < 0 {
		return at - start + 64
	}
	return at - start + quote
}

// escape decodes the escape at text[i] and returns the offset behind it.
func (p *parser) escape(out []byte, i int) ([]byte, int, bool) {
	if i+1 >= len(p.text) {
		return nil, 0, p.fail(len(p.text), "the end of a string is missing")
	}
	switch c := p.text[i+1]; c {
	case '"', '\\', '/':
		return append(out, c), i + 2, true
	case 'b':
		return append(out, '\b'), i + 2, true
	case 'f':
		return append(out, '\f'), i + 2, true
	case 'n':
		return append(out, '\n'), i + 2, true
	case 'r':
		return append(out, '\r'), i + 2, true
	case 't':
		return append(out, '\t'), i + 2, true
	case 'u':
		return p.unicode(out, i)
	}
	return nil, 0, p.fail(i, "a backslash is followed by an unknown escape")
}

func (p *parser) unicode(out []byte, i int) ([]byte, int, bool) {
	r, ok := hex4(p.text, i+2)
	if !ok {
		return nil, 0, p.fail(i, "an escape needs four hexadecimal digits")
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(out, r), i + 6, true
	}
	if strings.HasPrefix(p.text[i+6:], `\u`) {
		if low, ok := hex4(p.text, i+8); ok {
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				return utf8.AppendRune(out, r), i + 12, true
			}
		}
	}
	return nil, 0, p.fail(i, reasonSurrogate)
}

// hex4 reads four hexadecimal digits at text[i:].
func hex4(text string, i int) (rune, bool) {
	if i+4 > len(text) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(text[i : i+4]) {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c-'a' <= 5:
			c -= 'a' - 10
		case c-'A' <= 5:
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
