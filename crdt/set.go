package crdt

import (
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// A set shows the elements of its base, which is the register if that is an array, and those with at least one dot: an addition that
// no drop had seen. Whoever adds or drops has looked at the base as a set: if the register was seen, it becomes an array in value order
// (keeping its stamp), and a drop takes the element out of it. So a set at rest is a plain array.

// Element is a member of a set and the additions that keep it in, at most one per origin. A folded dot is zero.
type Element struct {
	Value value.Value
	Dots  []clock.Stamp
}

// compareElements orders by value, then by text: 1 and 1.0 are two elements, as both were written.
func compareElements(a, b value.Value) int {
	if c := value.Compare(a, b); c != 0 || value.Identical(a, b) {
		return c
	}
	return strings.Compare(string(value.AppendJSON(nil, a)), string(value.AppendJSON(nil, b)))
}

func findElement(elements []Element, v value.Value) (int, bool) {
	return slices.BinarySearchFunc(elements, v, func(e Element, v value.Value) int { return compareElements(e.Value, v) })
}

// normalize makes the base of a set an array in value order without repeats, if the transaction had seen it.
func (m *merge) normalize(n *Node) {
	if n.State == Absent || !m.seen(n.Stamp) {
		return
	}
	if n.State != Scalar || n.Value.Kind() != value.KindArray {
		n.setRegister(Scalar, value.Array())
		return
	}
	n.Value = sortedSet(n.Value.Items())
}

// sortedSet returns the items as an array in value order without repeats.
func sortedSet(items []value.Value) value.Value {
	own := slices.Clone(items)
	slices.SortFunc(own, compareElements)
	return value.Array(slices.CompactFunc(own, value.Identical)...)
}

func (m *merge) add(n *Node) {
	m.normalize(n)
	s := n.slots()
	i, found := findElement(s.Set, m.op.Value)
	if !found {
		s.Set = slices.Insert(s.Set, i, Element{Value: m.op.Value})
	}
	e := &s.Set[i]
	// Whoever will have seen this addition will have seen those that it had seen: they need not be kept.
	e.Dots = append(slices.DeleteFunc(e.Dots, m.seen), m.stamp)
	sortDots(e.Dots)
}

func sortDots(dots []clock.Stamp) {
	slices.SortFunc(dots, func(a, b clock.Stamp) int {
		if a.Origin != b.Origin {
			return int(int64(a.Origin) - int64(b.Origin))
		}
		return a.Compare(b)
	})
}

func (m *merge) drop(n *Node) {
	m.normalize(n)
	if n.State == Scalar && n.Value.Kind() == value.KindArray && m.seen(n.Stamp) {
		n.Value = value.Array(slices.DeleteFunc(slices.Clone(n.Value.Items()), func(v value.Value) bool {
			return value.Identical(v, m.op.Value)
		})...)
		if n.Loose && len(n.Value.Items()) == 0 {
			n.setRegister(Absent, value.Value{})
		}
	}
	if n.Slots == nil {
		return
	}
	if i, found := findElement(n.Slots.Set, m.op.Value); found {
		e := &n.Slots.Set[i]
		if e.Dots = slices.DeleteFunc(e.Dots, m.seen); len(e.Dots) == 0 {
			n.Slots.Set = slices.Delete(n.Slots.Set, i, i+1)
		}
	}
}

func (m *merge) clearElements(elements []Element) []Element {
	kept := elements[:0]
	for _, e := range elements {
		if e.Dots = slices.DeleteFunc(e.Dots, m.seen); len(e.Dots) > 0 {
			kept = append(kept, e)
		}
	}
	return kept
}

// members shows the set: the base's elements and those with dots.
func members(base value.Value, elements []Element) value.Value {
	var items []value.Value
	if base.Kind() == value.KindArray {
		items = append(items, base.Items()...)
	}
	for _, e := range elements {
		items = append(items, e.Value)
	}
	return sortedSet(items)
}
