package value

import (
	"cmp"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Compare orders two values as C8QL does: -1, 0 or 1. See the package comment.
func Compare(a, b Value) int {
	if a.kind != b.kind {
		return cmp.Compare(a.kind, b.kind)
	}
	switch a.kind {
	case KindBool:
		return cmp.Compare(len(b.text), len(a.text)) // "true" is the shorter word
	case KindNumber:
		if a.text == b.text {
			return 0
		}
		return cmp.Compare(a.Float64(), b.Float64())
	case KindString:
		// UTF-8 keeps the order of code points in its bytes.
		return strings.Compare(a.text, b.text)
	case KindArray:
		if a.lazy() && a.text == b.text {
			return 0
		}
		return compareItems(a.Items(), b.Items())
	case KindObject:
		if a.lazy() && a.text == b.text {
			return 0
		}
		return compareMembers(a.Members(), b.Members())
	}
	return 0
}

// compareItems reads null behind the end of the shorter array.
func compareItems(a, b []Value) int {
	for i := range max(len(a), len(b)) {
		var x, y Value
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if c := Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// compareMembers walks the union of both sorted lists of names; a name that one
// side lacks reads as null there.
func compareMembers(a, b []Member) int {
	for len(a) > 0 || len(b) > 0 {
		var x, y Value
		order := 0
		switch {
		case len(b) == 0:
			order = -1
		case len(a) == 0:
			order = 1
		default:
			order = strings.Compare(a[0].Name, b[0].Name)
		}
		if order <= 0 {
			x, a = a[0].Value, a[1:]
		}
		if order >= 0 {
			y, b = b[0].Value, b[1:]
		}
		if c := Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// Equal reports whether Compare finds no difference.
func Equal(a, b Value) bool { return Compare(a, b) == 0 }

// Identical reports whether the canonical texts are the same, digits included.
func Identical(a, b Value) bool {
	if a.kind != b.kind {
		return false
	}
	if a.lazy() == b.lazy() {
		// Text is canonical, so that of two lazy ones says all.
		if a.text != b.text {
			return false
		}
		if a.in == b.in {
			return true
		}
	}
	x, y := a.Items(), b.Items()
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !Identical(x[i], y[i]) {
			return false
		}
	}
	m, n := a.Members(), b.Members()
	if len(m) != len(n) {
		return false
	}
	for i := range m {
		if m[i].Name != n[i].Name || !Identical(m[i].Value, n[i].Value) {
			return false
		}
	}
	return true
}

// Hash returns the xxhash of the canonical text: Identical values have the same
// hash. Values that are only Equal need not; hash their AppendKey for that.
func Hash(v Value) uint64 {
	if v.lazy() {
		return xxhash.Sum64String(v.text)
	}
	var room [1024]byte
	return xxhash.Sum64(AppendJSON(room[:0], v))
}
