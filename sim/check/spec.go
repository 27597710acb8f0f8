package check

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// The specification of merging, over the set of all operations on a document. Nothing is folded or forgotten.
//
//   - A register shows its latest write, unless an operation that clears the place had seen that write.
//   - A delta, an element or a candidate counts unless an operation that clears its place had seen it.
//   - An insert clears at and below its path, an assign and an unset clear the slots at their path, a multi-value
//     clears what it replaces, a drop clears its element.
//   - An operation had seen a write when its transaction's vector covers the write's stamp, or when the write stands
//     before it in the same transaction.

// event is one operation.
type event struct {
	entry *Entry
	index int // within the transaction
	op    *crdt.Op
}

func removal() *crdt.Op { return &crdt.Op{Kind: crdt.OpUnset} }

func (e event) before(f event) bool {
	if e.entry != f.entry {
		return e.entry.Stamp.Less(f.entry.Stamp)
	}
	return e.index < f.index
}

// saw tells whether the operation had seen another.
func (e event) saw(f event) bool {
	if e.entry == f.entry {
		return f.index < e.index
	}
	return e.entry.Seen.Covers(f.entry.Stamp)
}

// insertEvent keeps the list in the order of stamps.
func insertEvent(list []event, e event) []event {
	at := len(list)
	for at > 0 && e.before(list[at-1]) {
		at--
	}
	return slices.Insert(list, at, e)
}

// write is one write of a register.
type write struct {
	event
	state crdt.State
	value value.Value
}

// spot is one path of a document.
type spot struct {
	writes   []write
	ops      []event // deltas, elements, candidates
	clears   []event // of what the slots hold
	unshows  []event // of what the register shows
	children map[string]*spot
}

func (s *spot) child(name string) *spot {
	c := s.children[name]
	if c == nil {
		c = &spot{}
		if s.children == nil {
			s.children = map[string]*spot{}
		}
		s.children[name] = c
	}
	return c
}

// View is what a document must show to someone who has seen v, and whether it exists. site names the location for
// local collections.
func (l *Ledger) View(site, name string, generation uint32, key string, v clock.Vector, decls crdt.Declarations) (value.Value, bool) {
	in := collection{site, name, generation}
	var all []event
	for _, e := range l.docs[place{in, key}] {
		if !e.entry.lost && v.Covers(e.entry.Stamp) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return value.Value{}, false
	}
	for _, e := range l.trunc[in] {
		if !e.entry.lost && v.Covers(e.entry.Stamp) {
			all = insertEvent(all, e)
		}
	}
	root := &spot{}
	for _, e := range all {
		root.place(e)
	}
	root.inherit(nil)
	at, shown := root.register()
	if !shown || at.state != crdt.Object {
		return value.Value{}, false
	}
	return root.members(nil, decls), true
}

// History lists the operations on a document that someone who has seen v has seen, for people.
func (l *Ledger) History(site, name string, generation uint32, key string, v clock.Vector) []string {
	in := collection{site, name, generation}
	var out []string
	for _, e := range slices.Concat(l.docs[place{in, key}], l.trunc[in]) {
		if !e.entry.lost && v.Covers(e.entry.Stamp) {
			out = append(out, fmt.Sprintf("%s %v %s %s %d, seen %s", e.entry.Stamp, e.op.Kind, e.op.Path, e.op.Value, e.op.Number, e.entry.Seen))
		}
	}
	return out
}

// place puts an operation where it writes and clears.
func (s *spot) place(e event) {
	for _, name := range e.op.Path {
		s.writes = append(s.writes, write{event: e, state: crdt.Object})
		s = s.child(name)
	}
	switch e.op.Kind {
	case crdt.OpInsert:
		s.clears = append(s.clears, e)
		s.insert(e, e.op.Value, len(e.op.Path) == 0)
	case crdt.OpAssign:
		s.clears = append(s.clears, e)
		s.writes = append(s.writes, write{e, crdt.Scalar, e.op.Value})
	case crdt.OpUnset:
		s.clears = append(s.clears, e)
		s.writes = append(s.writes, write{event: e})
	case crdt.OpMulti:
		s.unshows = append(s.unshows, e)
		s.ops = append(s.ops, e)
	default:
		s.ops = append(s.ops, e)
	}
}

func (s *spot) insert(e event, object value.Value, root bool) {
	s.writes = append(s.writes, write{event: e, state: crdt.Object})
	for _, m := range object.Members() {
		if m.Value.Kind() == value.KindObject {
			s.child(m.Name).insert(e, m.Value, false)
			continue
		}
		c := s.child(m.Name)
		c.writes = append(c.writes, write{e, crdt.Scalar, m.Value})
	}
	if _, has := object.Get("expireAt"); root && !has {
		c := s.child("expireAt")
		c.writes = append(c.writes, write{event: e})
	}
}

// inherit tells every path of the inserts above it.
func (s *spot) inherit(above []event) {
	s.clears = append(s.clears, above...)
	s.unshows = append(s.unshows, above...)
	below := slices.Clone(above)
	for _, e := range s.clears[:len(s.clears)-len(above)] {
		if e.op.Kind == crdt.OpInsert {
			below = append(below, e)
		}
	}
	for _, c := range s.children {
		c.inherit(below)
	}
}

// register is the latest write; shown is false when there is none, it is an absence, or it was cleared.
func (s *spot) register() (w write, shown bool) {
	for _, x := range s.writes {
		if w.entry == nil || !x.before(w.event) {
			w = x
		}
	}
	if w.entry == nil || w.state == crdt.Absent {
		return w, false
	}
	return w, !seenByAny(s.unshows, w.event)
}

func seenByAny(list []event, f event) bool {
	return slices.ContainsFunc(list, func(e event) bool { return e.saw(f) })
}

// left lists the operations of a kind that nothing has cleared.
func (s *spot) left(kind crdt.OpKind) []event {
	var out []event
	for _, e := range s.ops {
		if e.op.Kind == kind && !seenByAny(s.clears, e) {
			out = append(out, e)
		}
	}
	return out
}

// members shows the object at a path.
func (s *spot) members(path value.Path, decls crdt.Declarations) value.Value {
	var out []value.Member
	for name, c := range s.children {
		if v, shown := c.show(path.With(name), decls); shown {
			out = append(out, value.Member{Name: name, Value: v})
		}
	}
	return value.Object(out...)
}

// show is what a path below the root shows.
func (s *spot) show(path value.Path, decls crdt.Declarations) (value.Value, bool) {
	w, shown := s.register()
	base := w.value
	if !shown {
		base = value.Value{}
	}
	if shown && w.state == crdt.Object {
		base = s.members(path, decls)
	}
	sets, touched := s.elements()
	if touched {
		base, shown = s.baseOfSet(w, base, shown)
	}
	decl := decls.At(path)
	deltas, high, low, multi := s.left(crdt.OpDelta), s.left(crdt.OpMax), s.left(crdt.OpMin), s.concurrent()
	for _, kind := range []crdt.Type{decl.Type, crdt.Counter, crdt.Set, crdt.Max, crdt.Min, crdt.Multi} {
		switch {
		case kind == crdt.Counter && len(deltas) > 0:
			total, _ := crdt.Units(base, decl.Scale)
			for _, e := range deltas {
				total += e.op.Number
			}
			return crdt.Decimal(total, decl.Scale), true
		case kind == crdt.Set && len(sets) > 0:
			return sorted(append(sets, base.Items()...)), true
		case kind == crdt.Max && len(high) > 0:
			return best(w, base, shown, high, decl.By, 1), true
		case kind == crdt.Min && len(low) > 0:
			return best(w, base, shown, low, decl.By, -1), true
		case kind == crdt.Multi && len(multi) > 0:
			if shown {
				multi = append(multi, base)
			}
			all := sorted(multi)
			if items := all.Items(); len(items) == 1 {
				return items[0], true
			}
			return all, true
		}
	}
	return base, shown
}

// elements lists the elements that were added and not dropped; touched says that anybody used the place as a set.
func (s *spot) elements() (out []value.Value, touched bool) {
	for _, e := range s.ops {
		if e.op.Kind != crdt.OpAdd && e.op.Kind != crdt.OpDrop {
			continue
		}
		touched = true
		if e.op.Kind == crdt.OpAdd && !seenByAny(s.clears, e) && !s.dropped(e, e.op.Value) {
			out = append(out, e.op.Value)
		}
	}
	return out, touched
}

// dropped tells whether a drop of the element had seen the write.
func (s *spot) dropped(w event, element value.Value) bool {
	return slices.ContainsFunc(s.ops, func(e event) bool {
		return e.op.Kind == crdt.OpDrop && value.Identical(e.op.Value, element) && e.saw(w)
	})
}

// baseOfSet is the register as whoever used it as a set has left it: an array in order, without what was dropped.
func (s *spot) baseOfSet(w write, base value.Value, shown bool) (value.Value, bool) {
	used := shown && slices.ContainsFunc(s.ops, func(e event) bool {
		return (e.op.Kind == crdt.OpAdd || e.op.Kind == crdt.OpDrop) && e.saw(w.event)
	})
	if !used {
		return base, shown
	}
	var kept []value.Value
	if base.Kind() == value.KindArray {
		for _, v := range base.Items() {
			if !s.dropped(w.event, v) {
				kept = append(kept, v)
			}
		}
	}
	return sorted(kept), true
}

// concurrent lists the values of a multi-value that no later one has replaced.
func (s *spot) concurrent() []value.Value {
	var out []value.Value
	all := s.left(crdt.OpMulti)
	for _, e := range all {
		replaced := slices.ContainsFunc(s.ops, func(f event) bool { return f.op.Kind == crdt.OpMulti && f.saw(e) })
		if !replaced {
			out = append(out, e.op.Value)
		}
	}
	return out
}

// best is the largest (sign 1) or smallest (sign -1) candidate, of equals the earliest.
func best(w write, base value.Value, shown bool, list []event, by string, sign int) value.Value {
	pick := func(v value.Value) value.Value {
		if by == "" {
			return v
		}
		m, _ := v.Get(by)
		return m
	}
	out, at := list[0].op.Value, list[0].entry.Stamp
	offer := func(v value.Value, stamp clock.Stamp) {
		c := sign * value.Compare(pick(v), pick(out))
		if c > 0 || c == 0 && stamp.Less(at) {
			out, at = v, stamp
		}
	}
	for _, e := range list[1:] {
		offer(e.op.Value, e.entry.Stamp)
	}
	if shown {
		offer(base, w.entry.Stamp)
	}
	return out
}

// sorted is a set in value order, each element once.
func sorted(items []value.Value) value.Value {
	text := func(v value.Value) string { return string(value.AppendJSON(nil, v)) }
	own := slices.Clone(items)
	slices.SortFunc(own, func(a, b value.Value) int {
		if c := value.Compare(a, b); c != 0 {
			return c
		}
		if x, y := text(a), text(b); x < y {
			return -1
		} else if x > y {
			return 1
		}
		return 0
	})
	return value.Array(slices.CompactFunc(own, func(a, b value.Value) bool { return text(a) == text(b) })...)
}
