package value

import (
	"slices"
	"strings"
)

// Extractor takes the values at several paths out of canonical text in one pass. It is not changed by its use and may be
// shared by goroutines.
type Extractor struct {
	root  field
	paths int
}

// field is one name on the way to values: which of them it is itself, and the names below it that lead to others.
type field struct {
	name  string
	slots []int
	below []field // sorted by name
}

// NewExtractor makes the extractor of paths. The empty path is the whole text.
func NewExtractor(paths ...Path) *Extractor {
	x := &Extractor{paths: len(paths)}
	for slot, p := range paths {
		at := &x.root
		for _, name := range p {
			at = at.child(name)
		}
		at.slots = append(at.slots, slot)
	}
	return x
}

// child finds or makes the field of a name.
func (f *field) child(name string) *field {
	i, found := slices.BinarySearchFunc(f.below, name, func(g field, n string) int { return strings.Compare(g.name, n) })
	if !found {
		f.below = slices.Insert(f.below, i, field{name: name})
	}
	return &f.below[i]
}

// Len is the number of paths.
func (x *Extractor) Len() int { return x.paths }

// Extract returns the values at the paths, in their order, null where there is none. It puts them into dst when that is
// long enough. Like those of Lazy they refer to the text.
func (x *Extractor) Extract(text []byte, dst []Value) []Value {
	if cap(dst) < x.paths {
		dst = make([]Value, x.paths)
	}
	dst = dst[:x.paths]
	clear(dst)
	if s := shared(text); s != "" {
		x.root.take(s, 0, dst, false)
	}
	return dst
}

// Extract is for paths that are used once.
func Extract(text []byte, paths []Path, dst []Value) []Value {
	return NewExtractor(paths...).Extract(text, dst)
}

// take takes what is wanted of the value at text[at:]. When more is wanted behind it, it returns the offset there.
func (f *field) take(text string, at int, dst []Value, more bool) int {
	if at >= len(text) {
		return at
	}
	inside := len(f.below) > 0 && text[at] == '{'
	if len(f.slots) > 0 {
		v, end := lazyAt(text, at)
		for _, slot := range f.slots {
			dst[slot] = v
		}
		if inside {
			f.members(text, at+1, dst, false)
		}
		return end
	}
	if inside {
		return f.members(text, at+1, dst, more)
	}
	if more {
		return skipValue(text, at)
	}
	return at
}

// members goes over the members from text[at] on, as far as is needed. When more is wanted behind the object, it returns
// the offset there. Both the members and the names below are sorted.
func (f *field) members(text string, at int, dst []Value, more bool) int {
	wanted := f.below
	for {
		raw, escaped, valueAt, ok := nameAt(text, at)
		if !ok {
			break
		}
		order := -1
		for len(wanted) > 0 {
			if order = compareRaw(raw, escaped, wanted[0].name); order <= 0 {
				break
			}
			wanted = wanted[1:]
		}
		if order == 0 {
			g := &wanted[0]
			wanted = wanted[1:]
			at = g.take(text, valueAt, dst, more || len(wanted) > 0)
		} else if len(wanted) > 0 {
			at = skipValue(text, valueAt)
		} else {
			at = valueAt
		}
		if len(wanted) == 0 {
			if more {
				return skipRest(text, at, order == 0)
			}
			return at
		}
		if at >= len(text) || text[at] != ',' {
			break
		}
		at++
	}
	return min(at+1, len(text))
}

// skipRest returns the offset behind the object whose next value begins at text[at], or ended there.
func skipRest(text string, at int, ended bool) int {
	if !ended {
		at = skipValue(text, at)
	}
	return skipNested(text, at)
}
