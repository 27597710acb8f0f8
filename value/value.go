package value

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kind is the type of a Value. Kinds are numbered in the order of Compare.
type Kind uint8

// The kinds, from the least in order to the greatest.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindString
	KindArray
	KindObject
)

// String names the kind as messages and TYPENAME show it.
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "bool"
	case KindNumber:
		return "number"
	case KindString:
		return "string"
	case KindArray:
		return "array"
	case KindObject:
		return "object"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Value is one JSON value. The zero Value is null. Copying it is cheap and it
// may be read from many goroutines.
//
// Values are compared with Equal or Identical; == would compare addresses, so
// the first field makes the compiler refuse it.
type Value struct {
	_    [0]func()
	text string // literal of a bool, digits of a number, decoded string, text of a lazy array or object
	in   *inner // what an array or object holds, nil when it holds nothing or is lazy
	kind Kind
}

// inner keeps the two kinds of content apart from Value so that a Value stays
// four words long.
type inner struct {
	items   []Value
	members []Member
}

// Member is one named value of an object.
type Member struct {
	Name  string
	Value Value
}

// Null returns null, the zero Value.
func Null() Value { return Value{} }

// Bool returns true or false.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, text: "true"}
	}
	return Value{kind: KindBool, text: "false"}
}

// String returns a string. Bytes that are not UTF-8 become U+FFFD.
func String(s string) Value {
	return Value{kind: KindString, text: strings.ToValidUTF8(s, "\uFFFD")}
}

// Int returns a whole number.
func Int(n int64) Value {
	return Value{kind: KindNumber, text: strconv.FormatInt(n, 10)}
}

// Float returns a number with the shortest digits that read back as f. What
// JSON cannot say (NaN and the infinities) becomes null; -0 becomes 0.
func Float(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	return Value{kind: KindNumber, text: floatDigits(f)}
}

// Number returns a number that keeps the digits given, which must be a JSON
// number with a finite double.
func Number(digits string) (Value, error) {
	end, reason := scanNumber(digits, 0)
	if reason == "" && end < len(digits) {
		reason = "text behind the number"
	}
	if reason != "" {
		return Value{}, newParseError(digits, end, reason)
	}
	return Value{kind: KindNumber, text: digits}, nil
}

// Array returns an array of copies of the items.
func Array(items ...Value) Value {
	return arrayOf(slices.Clone(items))
}

// arrayOf makes an array that owns items.
func arrayOf(items []Value) Value {
	if len(items) == 0 {
		return Value{kind: KindArray}
	}
	return Value{kind: KindArray, in: &inner{items: slices.Clip(items)}}
}

// Object returns an object of copies of the members, sorted. The last of
// several members with one name wins.
func Object(members ...Member) Value {
	own := slices.Clone(members)
	for i := range own {
		own[i].Name = strings.ToValidUTF8(own[i].Name, "\uFFFD")
	}
	slices.SortStableFunc(own, compareNames)
	kept := 0
	for i := range own {
		if i+1 < len(own) && own[i+1].Name == own[i].Name {
			continue
		}
		own[kept] = own[i]
		kept++
	}
	clear(own[kept:])
	return objectOf(own[:kept])
}

// objectOf makes an object that owns members, which are sorted and distinct.
func objectOf(members []Member) Value {
	if len(members) == 0 {
		return Value{kind: KindObject}
	}
	return Value{kind: KindObject, in: &inner{members: slices.Clip(members)}}
}

func compareNames(a, b Member) int { return cmp.Compare(a.Name, b.Name) }

// Kind returns the kind.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Bool returns the truth of a bool, and false for every other kind.
func (v Value) Bool() bool { return v.kind == KindBool && len(v.text) == len("true") }

// Str returns the text of a string, and "" for every other kind.
func (v Value) Str() string {
	if v.kind != KindString {
		return ""
	}
	return v.text
}

// Digits returns a number as it was written, and "" for every other kind.
func (v Value) Digits() string {
	if v.kind != KindNumber {
		return ""
	}
	return v.text
}

// Items returns the elements of an array, and nil for every other kind. The
// slice is shared: read only.
func (v Value) Items() []Value {
	if v.in != nil {
		return v.in.items
	}
	if v.kind == KindArray && v.text != "" {
		return lazyItems(v.text)
	}
	return nil
}

// Members returns the members of an object sorted by name, and nil for every
// other kind. The slice is shared: read only.
func (v Value) Members() []Member {
	if v.in != nil {
		return v.in.members
	}
	if v.kind == KindObject && v.text != "" {
		return lazyMembers(v.text)
	}
	return nil
}

// Len returns the count of elements or members; 0 for the other kinds.
func (v Value) Len() int {
	if v.in != nil {
		return len(v.in.items) + len(v.in.members)
	}
	if v.lazy() {
		return lazyLen(v.text, v.kind)
	}
	return 0
}

// String returns the canonical text, so that fmt prints values readably.
func (v Value) String() string { return string(AppendJSON(nil, v)) }

// Clone returns an Identical value whose strings stand alone, so that it does
// not keep alive the text it was parsed from.
func (v Value) Clone() Value {
	v.text = strings.Clone(v.text)
	if v.in == nil {
		return v
	}
	own := &inner{items: slices.Clone(v.in.items), members: slices.Clone(v.in.members)}
	for i := range own.items {
		own.items[i] = own.items[i].Clone()
	}
	for i := range own.members {
		own.members[i].Name = strings.Clone(own.members[i].Name)
		own.members[i].Value = own.members[i].Value.Clone()
	}
	v.in = own
	return v
}
