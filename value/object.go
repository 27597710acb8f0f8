package value

import (
	"slices"
	"strings"
)

// scanMax is the member count up to which a plain walk beats halving.
const scanMax = 8

// find returns where the name is among sorted members, or where it would be.
func find(members []Member, name string) (int, bool) {
	if len(members) <= scanMax {
		for i := range members {
			if members[i].Name >= name {
				return i, members[i].Name == name
			}
		}
		return len(members), false
	}
	return slices.BinarySearchFunc(members, name, func(m Member, n string) int {
		return strings.Compare(m.Name, n)
	})
}

// Get returns the member of that name; false when there is none or the value
// is not an object.
func (v Value) Get(name string) (Value, bool) {
	if v.lazy() {
		if v.kind != KindObject {
			return Value{}, false
		}
		return lazyGet(v.text, name)
	}
	members := v.Members()
	i, ok := find(members, name)
	if !ok {
		return Value{}, false
	}
	return members[i].Value, true
}

// At walks the names of the path through nested objects. The empty path is the
// value itself. Array elements have no path.
func (v Value) At(p Path) (Value, bool) {
	for i, name := range p {
		if v.lazy() {
			at, ok := offsetAt(v.text, p[i:])
			if !ok {
				return Value{}, false
			}
			v, _ = lazyAt(v.text, at)
			return v, true
		}
		var ok bool
		if v, ok = v.Get(name); !ok {
			return Value{}, false
		}
	}
	return v, true
}

// With returns the object with the member set. A value that is not an object
// counts as an empty one.
func (v Value) With(name string, member Value) Value {
	name = strings.ToValidUTF8(name, "\uFFFD")
	members := v.Members()
	i, found := find(members, name)
	if found {
		own := slices.Clone(members)
		own[i].Value = member
		return objectOf(own)
	}
	own := make([]Member, 0, len(members)+1)
	own = append(own, members[:i]...)
	own = append(own, Member{Name: name, Value: member})
	own = append(own, members[i:]...)
	return objectOf(own)
}

// Without returns the object without the member; v itself when it has none.
func (v Value) Without(name string) Value {
	members := v.Members()
	i, found := find(members, name)
	if !found {
		return v
	}
	own := make([]Member, 0, len(members)-1)
	own = append(own, members[:i]...)
	own = append(own, members[i+1:]...)
	return objectOf(own)
}
