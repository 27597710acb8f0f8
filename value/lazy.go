package value

import (
	"strings"
	"unsafe"
)

// Lazy returns the value of canonical text without reading more of it than its first byte. An array or object keeps the
// text, finds what is asked for in it, and parses one level for Items and Members, each time anew.
//
// The text must be canonical, as AppendJSON writes it: what comes of other text is not defined, but it does not panic.
// The value and everything taken out of it refer to the text: given as bytes, these must not change as long as any of
// that is in use. Clone makes a value that stands alone.
func Lazy[T ~string | ~[]byte](text T) Value {
	v, _ := lazyAt(shared(text), 0)
	return v
}

// shared is the text as a string over the same bytes.
func shared[T ~string | ~[]byte](text T) string {
	if len(text) == 0 {
		return ""
	}
	if b, ok := any(&text).(*[]byte); ok {
		return unsafe.String(unsafe.SliceData(*b), len(*b))
	}
	return string(text)
}

// lazy says whether the value is an array or object that holds its text in place of what it is made of. Empty ones
// never do.
func (v Value) lazy() bool { return v.kind >= KindArray && v.text != "" }

// lazyAt reads the value at text[at:] and returns the offset behind it, which is larger than at unless at is the end.
func lazyAt(text string, at int) (Value, int) {
	if at >= len(text) {
		return Value{}, at
	}
	switch c := text[at]; {
	case c == '"':
		return lazyString(text, at)
	case c == '{' || c == '[':
		kind := KindArray
		if c == '{' {
			kind = KindObject
		}
		end := skipNested(text, at+1)
		if end-at <= len("{}") {
			return Value{kind: kind}, end
		}
		return Value{kind: kind, text: text[at:end]}, end
	case c == '-' || c-'0' <= 9:
		end := skipPlain(text, at)
		return Value{kind: KindNumber, text: text[at:end]}, end
	case c == 't':
		return Bool(true), skipPlain(text, at)
	case c == 'f':
		return Bool(false), skipPlain(text, at)
	}
	return Value{}, skipPlain(text, at)
}

func lazyString(text string, at int) (Value, int) {
	end := skipString(text, at+1)
	inside := text[at+1 : max(at+1, end-1)]
	if strings.IndexByte(inside, '\\') >= 0 {
		inside = unescaped(inside)
	}
	return Value{kind: KindString, text: inside}, end
}

// unescaped decodes the inside of a string that has escapes.
func unescaped(inside string) string {
	p := parser{text: inside + `"`}
	s, _ := p.escaped(0, 0)
	return s
}

// skipString returns the offset behind the string whose first byte after the quote is text[at]. A quote ends it unless
// an odd number of backslashes stands before it.
func skipString(text string, at int) int {
	for i := at; ; {
		quote := strings.IndexByte(text[i:], '"')
		if quote < 0 {
			return len(text)
		}
		i += quote
		slash := i
		for slash > at && text[slash-1] == '\\' {
			slash--
		}
		i++
		if (i-1-slash)&1 == 0 {
			return i
		}
	}
}

// skipNested returns the offset behind the array or object in which text[at] lies.
func skipNested(text string, at int) int {
	depth := 1
	for at < len(text) {
		switch text[at] {
		case '"':
			at = skipString(text, at+1)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
		at++
	}
	return at
}

// skipPlain returns the offset behind a number or word, past one byte at least.
func skipPlain(text string, at int) int {
	for at++; at < len(text); at++ {
		if c := text[at]; c == ',' || c == '}' || c == ']' {
			break
		}
	}
	return at
}

// skipValue returns the offset behind the value at text[at:].
func skipValue(text string, at int) int {
	if at >= len(text) {
		return at
	}
	switch text[at] {
	case '"':
		return skipString(text, at+1)
	case '{', '[':
		return skipNested(text, at+1)
	}
	return skipPlain(text, at)
}

// nameAt reads the name of the member that begins at text[at] and returns where its value begins. It is raw: as it is
// written between the quotes.
func nameAt(text string, at int) (raw string, escaped bool, valueAt int, ok bool) {
	if at >= len(text) || text[at] != '"' {
		return "", false, at, false
	}
	start := at + 1
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '"':
			return text[start:i], escaped, i + len(`":`), true
		case '\\':
			escaped = true
			i++
		}
	}
	return "", false, len(text), false
}

// compareRaw orders a raw name and a name.
func compareRaw(raw string, escaped bool, name string) int {
	if !escaped {
		return strings.Compare(raw, name)
	}
	return compareEscaped(raw, name)
}

// compareEscaped decodes the raw name byte by byte: canonical escapes stand for one byte each.
func compareEscaped(raw, name string) int {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' {
			c, i = escapedByte(raw, i+1)
		}
		if name == "" || c > name[0] {
			return 1
		}
		if c < name[0] {
			return -1
		}
		name = name[1:]
	}
	if name != "" {
		return -1
	}
	return 0
}

// escapedByte decodes the escape whose letter is at raw[i] and returns the offset of its last byte.
func escapedByte(raw string, i int) (byte, int) {
	if i >= len(raw) {
		return '\\', i
	}
	switch raw[i] {
	case 'b':
		return '\b', i
	case 'f':
		return '\f', i
	case 'n':
		return '\n', i
	case 'r':
		return '\r', i
	case 't':
		return '\t', i
	case 'u':
		if r, ok := hex4(raw, i+1); ok {
			return byte(r), i + 4
		}
	}
	return raw[i], i
}

// memberOffset returns the offset of the value of a member of the object whose first member begins at text[at], and
// false when there is none. Names are sorted, so that it need not always look at all of them.
func memberOffset(text string, at int, name string) (int, bool) {
	for {
		raw, escaped, valueAt, ok := nameAt(text, at)
		if !ok {
			return at, false
		}
		if c := compareRaw(raw, escaped, name); c >= 0 {
			return valueAt, c == 0
		}
		if at = skipValue(text, valueAt); at >= len(text) || text[at] != ',' {
			return at, false
		}
		at++
	}
}

// lazyGet finds a member in the text of an object.
func lazyGet(text, name string) (Value, bool) {
	at, ok := memberOffset(text, 1, name)
	if !ok {
		return Value{}, false
	}
	v, _ := lazyAt(text, at)
	return v, true
}

// offsetAt finds where the value at a path below the root begins; its end is not looked for.
func offsetAt(text string, p Path) (at int, ok bool) {
	for _, name := range p {
		if at >= len(text) || text[at] != '{' {
			return 0, false
		}
		if at, ok = memberOffset(text, at+1, name); !ok {
			return 0, false
		}
	}
	return at, true
}

// lazyItems parses one level of the text of an array.
func lazyItems(text string) []Value {
	var room [16]Value
	items := room[:0]
	for at := 1; at < len(text) && text[at] != ']'; at++ {
		var v Value
		v, at = lazyAt(text, at)
		items = append(items, v)
	}
	return exact(items)
}

// lazyMembers parses one level of the text of an object.
func lazyMembers(text string) []Member {
	var room [24]Member
	members := room[:0]
	for at := 1; ; at++ {
		raw, escaped, valueAt, ok := nameAt(text, at)
		if !ok {
			return exact(members)
		}
		if escaped {
			raw = unescaped(raw)
		}
		m := Member{Name: raw}
		m.Value, at = lazyAt(text, valueAt)
		members = append(members, m)
	}
}

// lazyLen counts the elements or members without parsing them.
func lazyLen(text string, kind Kind) int {
	n, at := 0, 1
	for at < len(text) && text[at] != ']' && text[at] != '}' {
		if kind == KindObject {
			var ok bool
			if _, _, at, ok = nameAt(text, at); !ok {
				break
			}
		}
		at = skipValue(text, at) + 1
		n++
	}
	return n
}

// FieldText finds the text of the value at a path in the canonical text of an object: what AppendJSON writes of it. It
// is a part of the text. ok is false when there is none.
func FieldText(text []byte, p Path) (kind Kind, raw []byte, ok bool) {
	s := shared(text)
	at, ok := offsetAt(s, p)
	if !ok || at >= len(s) {
		return KindNull, nil, false
	}
	return kindAt(s[at]), text[at:skipValue(s, at)], true
}

// kindAt is the kind of the value whose text begins with c.
func kindAt(c byte) Kind {
	switch c {
	case '"':
		return KindString
	case '{':
		return KindObject
	case '[':
		return KindArray
	case 't', 'f':
		return KindBool
	case 'n':
		return KindNull
	}
	return KindNumber
}

// MemberOffset returns where, in the canonical text of an object, the member of a name stands or would stand: the offset
// of the first member from the one at offset from on whose name is not less, or of the closing brace. The first member
// stands at offset 1.
func MemberOffset(text []byte, from int, name string) int {
	s, at := shared(text), from
	for {
		raw, escaped, valueAt, ok := nameAt(s, at)
		if !ok || compareRaw(raw, escaped, name) >= 0 {
			return at
		}
		if at = skipValue(s, valueAt); at >= len(s) || s[at] != ',' {
			return at
		}
		at++
	}
}
