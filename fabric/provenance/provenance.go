// Package provenance tells where the fields of a document came from: which write of which location each of them shows.
//
// Fields walks the merge state of one document and lists its leaves: values (objects only where they are empty), what
// lies in counters, sets, maxima, minima and concurrent values, and fields that were removed while that is remembered.
//
// Guarantees: the list is in order of paths, the document itself first, and has at most Most entries. A stamp that is
// given is that of a write which the field shows. Nothing in it depends on the order in which writes came.
//
// Not guaranteed: that every field has a stamp. What all locations have seen is folded, which forgets who wrote it: such
// a field is Settled. Only the document itself always bears the stamp of the newest write that touched it. Tracing looks
// such fields up in writes that a history still holds; what none of these wrote stays Settled.
package provenance

import (
	"cmp"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// Most is how many fields are listed; a document may have more.
const Most = 10_000

// Field is one place of a document. Kind is value, counter, set, max, min, multi or removed.
type Field struct {
	Path    []string
	Kind    string
	Stamp   clock.Stamp // of the newest write that it shows; zero when Settled
	Settled bool
	// Parts are what the writes of several locations contributed, where they are kept apart.
	Parts []Part
}

// Part is a contribution: a sum, an element, a candidate. Its stamp is zero when it is settled.
type Part struct {
	Stamp clock.Stamp
	Value value.Value
}

// partsMost bounds the parts of one field.
const partsMost = 100

// Fields lists the fields. Settled says that the whole document is, whatever stamp its fields bear.
func Fields(doc *crdt.Document, settled bool) []Field {
	w := walk{settled: settled}
	w.out = append(w.out, Field{Path: []string{}, Kind: "value", Stamp: doc.Touched()})
	w.members(doc.Root(), nil)
	return w.out
}

// Tracing finds out which writes settled fields show. The writes are given in an order in which later ones come first.
type Tracing struct {
	fields []Field
	shown  value.Value
	left   map[string]int // settled fields by path
	looked int
}

// Trace begins to trace the fields of a document that shows a content.
func Trace(fields []Field, shown value.Value) *Tracing {
	t := &Tracing{fields: fields, shown: shown, left: map[string]int{}}
	for i := range fields {
		if fields[i].Settled {
			t.left[joined(fields[i].Path)] = i
		}
	}
	return t
}

// joined is a path as a key of a map.
func joined(path []string) string { return strings.Join(path, "\x00") }

// writesMost is how many writes are looked at.
const writesMost = 10_000

// Write looks whether fields show a write. It returns false when no more writes are wanted.
func (t *Tracing) Write(stamp clock.Stamp, ops []crdt.Op) (more bool) {
	for i := len(ops) - 1; i >= 0 && len(t.left) > 0; i-- {
		op := &ops[i]
		switch op.Kind {
		case crdt.OpInsert:
			t.inserted(stamp, op)
		case crdt.OpAssign:
			t.wrote(stamp, op, "value", true)
		case crdt.OpDelta:
			t.wrote(stamp, op, "counter", false)
		case crdt.OpAdd, crdt.OpDrop:
			t.wrote(stamp, op, "set", false)
		case crdt.OpMax:
			t.wrote(stamp, op, "max", true)
		case crdt.OpMin:
			t.wrote(stamp, op, "min", true)
		case crdt.OpMulti:
			t.wrote(stamp, op, "multi", false)
		}
	}
	t.looked++
	return len(t.left) > 0 && t.looked < writesMost
}

// wrote notes the write of a field; asShown says that it counts only with the value that is shown.
func (t *Tracing) wrote(stamp clock.Stamp, op *crdt.Op, kind string, asShown bool) {
	key := joined(op.Path)
	i, wanted := t.left[key]
	if !wanted {
		return
	}
	if now, shown := at(t.shown, op.Path); asShown && (!shown || !value.Identical(now, op.Value)) {
		return
	}
	t.fields[i].Stamp, t.fields[i].Kind, t.fields[i].Settled = stamp, kind, false
	delete(t.left, key)
}

// inserted notes the fields that an inserted object brought.
func (t *Tracing) inserted(stamp clock.Stamp, op *crdt.Op) {
	for key, i := range t.left {
		path := t.fields[i].Path
		if len(path) < len(op.Path) || !slices.Equal(path[:len(op.Path)], op.Path) {
			continue
		}
		was, brought := at(op.Value, path[len(op.Path):])
		if now, shown := at(t.shown, path); brought && shown && value.Identical(was, now) {
			t.fields[i].Stamp, t.fields[i].Settled = stamp, false
			delete(t.left, key)
		}
	}
}

// at is the member of an object at a path.
func at(v value.Value, path []string) (value.Value, bool) {
	for _, name := range path {
		below, ok := v.Get(name)
		if !ok {
			return value.Null(), false
		}
		v = below
	}
	return v, true
}

type walk struct {
	out     []Field
	settled bool
}

func (w *walk) add(path []string, kind string, stamp clock.Stamp, parts []Part) {
	if len(w.out) >= Most {
		return
	}
	if w.settled {
		stamp = clock.Stamp{}
	}
	w.out = append(w.out, Field{Path: slices.Clone(path), Kind: kind, Stamp: stamp, Settled: stamp.IsZero(), Parts: parts})
}

// members lists what is below a node that is an object: its plain members and those with a node of their own, by name.
func (w *walk) members(n *crdt.Node, path []string) {
	type one struct {
		name  string
		plain value.Value
		node  *crdt.Node
	}
	var all []one
	for _, m := range n.Plain.Members() {
		all = append(all, one{m.Name, m.Value, nil})
	}
	for _, c := range n.Children {
		all = append(all, one{c.Name, value.Null(), c.Node})
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare(a.name, b.name) })
	for _, m := range all {
		if len(w.out) >= Most {
			return
		}
		below := append(path[:len(path):len(path)], m.name)
		if m.node != nil {
			w.node(m.node, below)
		} else {
			w.plain(m.plain, below, n.PlainStamp)
		}
	}
}

// plain lists a member of which all bears one stamp.
func (w *walk) plain(v value.Value, path []string, stamp clock.Stamp) {
	if v.Kind() != value.KindObject || v.Len() == 0 {
		w.add(path, "value", stamp, nil)
		return
	}
	for _, m := range v.Members() {
		w.plain(m.Value, append(path[:len(path):len(path)], m.Name), stamp)
	}
}

// expireAt is a member whose absence is remembered in every document.
const expireAt = "expireAt"

func (w *walk) node(n *crdt.Node, path []string) {
	switch {
	case n.Slots != nil:
		kind, parts := slots(n.Slots)
		newest := n.Stamp
		for _, p := range parts {
			if newest.Less(p.Stamp) {
				newest = p.Stamp
			}
		}
		w.add(path, kind, newest, parts[:min(len(parts), partsMost)])
	case n.State == crdt.Object && (len(n.Children) > 0 || len(n.Plain.Members()) > 0):
		w.members(n, path)
	case n.State == crdt.Absent:
		if !n.Stamp.IsZero() && !w.settled && (len(path) > 1 || path[0] != expireAt) {
			w.add(path, "removed", n.Stamp, nil)
		}
	default:
		w.add(path, "value", n.Stamp, nil)
	}
}

// slots gives the kind and the contributions of the slot that is in use; of several, which only a dispute about the
// declaration brings about, the first.
func slots(s *crdt.Slots) (kind string, parts []Part) {
	candidates := func(list []crdt.Candidate) {
		for _, c := range list {
			parts = append(parts, Part{c.Stamp, c.Value})
		}
	}
	switch {
	case len(s.Counter) > 0:
		kind = "counter"
		for _, r := range s.Counter {
			parts = append(parts, Part{r.Stamp(), value.Int(r.Sum)})
		}
	case len(s.Set) > 0:
		kind = "set"
		for _, e := range s.Set {
			for _, dot := range e.Dots {
				parts = append(parts, Part{dot, e.Value})
			}
		}
	case len(s.Max) > 0:
		kind = "max"
		candidates(s.Max)
	case len(s.Min) > 0:
		kind = "min"
		candidates(s.Min)
	default:
		kind = "multi"
		candidates(s.Multi)
	}
	return kind, parts
}
