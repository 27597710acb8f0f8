package crdt

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/value"
)

// NotExpressible says that a write has no meaning for the declared type of a path. The write is to be refused.
type NotExpressible struct {
	Path   value.Path
	Type   Type
	Reason string
}

func (e *NotExpressible) Error() string {
	return fmt.Sprintf("%q is declared as %s: %s", e.Path.String(), e.Type, e.Reason)
}

// Difference returns the operations that turn what the document showed into what it is to show: only what changed, and for declared
// paths how it changed. Equal documents give none. The error is a *NotExpressible, or says that the new content is no object.
func Difference(old value.Value, existed bool, new value.Value, exists bool, decls Declarations) ([]Op, error) {
	if exists && new.Kind() != value.KindObject {
		return nil, fmt.Errorf("a document is an object, not %v", new.Kind())
	}
	var d difference
	switch {
	case existed && exists:
		d.objects(nil, old, new, decls.root)
	case exists:
		d.insert(nil, new, decls.root)
	case existed:
		d.emit(OpUnset, nil, value.Value{})
	}
	if d.err != nil {
		return nil, d.err
	}
	return d.ops, nil
}

type difference struct {
	ops []Op
	err error
}

func (d *difference) emit(kind OpKind, path value.Path, v value.Value) {
	d.ops = append(d.ops, Op{Kind: kind, Path: slices.Clone(path), Value: v})
}

func (d *difference) refuse(path value.Path, t Type, format string, args ...any) {
	if d.err == nil {
		d.err = &NotExpressible{Path: slices.Clone(path), Type: t, Reason: fmt.Sprintf(format, args...)}
	}
}

// objects compares the members of two objects at one path.
func (d *difference) objects(path value.Path, old, new value.Value, decl *declared) {
	before, after := old.Members(), new.Members()
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(after) == 0 || (len(before) > 0 && before[0].Name < after[0].Name):
			d.emit(OpUnset, append(slices.Clip(path), before[0].Name), value.Value{})
			before = before[1:]
		case len(before) == 0 || after[0].Name < before[0].Name:
			d.appears(append(slices.Clip(path), after[0].Name), after[0].Value, decl.child(after[0].Name))
			after = after[1:]
		default:
			d.changes(append(slices.Clip(path), after[0].Name), before[0].Value, after[0].Value, decl.child(after[0].Name))
			before, after = before[1:], after[1:]
		}
	}
}

// appears writes a member that did not show.
func (d *difference) appears(path value.Path, v value.Value, decl *declared) {
	switch {
	case decl.declaration().Disputed:
		d.whole(path, v)
	case decl.declaration().Type != Register:
		d.typed(path, value.Value{}, false, v, decl.decl)
	case v.Kind() == value.KindObject:
		d.insert(path, v, decl)
	default:
		d.emit(OpAssign, path, v)
	}
}

// changes writes a member that showed another value, or the same.
func (d *difference) changes(path value.Path, old, new value.Value, decl *declared) {
	switch {
	case decl.declaration().Disputed:
		if !value.Identical(old, new) {
			d.whole(path, new)
		}
	case decl.declaration().Type != Register:
		d.typed(path, old, true, new, decl.decl)
	case new.Kind() == value.KindObject && old.Kind() == value.KindObject:
		d.objects(path, old, new, decl)
	case new.Kind() == value.KindObject:
		d.insert(path, new, decl)
	case !value.Identical(old, new):
		d.emit(OpAssign, path, new)
	}
}

// whole writes a disputed path: it takes away all that was seen there, of whatever type.
func (d *difference) whole(path value.Path, v value.Value) {
	if v.Kind() == value.KindObject {
		d.emit(OpInsert, path, v)
		return
	}
	d.emit(OpAssign, path, v)
}

// insert writes an object where none showed: one operation for what is plain, then one for each element and candidate in it.
func (d *difference) insert(path value.Path, v value.Value, decl *declared) {
	at := len(d.ops)
	d.emit(OpInsert, path, v)
	if decl != nil {
		d.ops[at].Value = d.plainPart(path, v, decl)
	}
}

// plainPart returns the object without the members that travel as operations of their own, and emits those.
func (d *difference) plainPart(path value.Path, v value.Value, decl *declared) value.Value {
	var kept []value.Member
	for _, m := range v.Members() {
		below, below1 := decl.child(m.Name), append(slices.Clip(path), m.Name)
		kind := below.declaration().Type
		if below.declaration().Disputed {
			kind, below = Register, nil
		}
		switch kind {
		case Register:
			if below != nil && m.Value.Kind() == value.KindObject {
				m.Value = d.plainPart(below1, m.Value, below)
			}
			kept = append(kept, m)
		case Counter: // the base, which competes as a register does
			if units, fits := d.units(below1, m.Value, below.decl); fits {
				kept = append(kept, value.Member{Name: m.Name, Value: Decimal(units, below.decl.Scale)})
			}
		case Set: // an empty base, to which the elements are added
			kept = append(kept, value.Member{Name: m.Name, Value: value.Array()})
			d.added(below1, m.Value)
		default:
			d.typed(below1, value.Value{}, false, m.Value, below.decl)
		}
	}
	return value.Object(kept...)
}

// typed writes a declared path.
func (d *difference) typed(path value.Path, old value.Value, showed bool, new value.Value, decl Declaration) {
	if showed && value.Identical(old, new) {
		return
	}
	switch decl.Type {
	case Counter:
		d.counter(path, old, new, decl)
	case Set:
		d.set(path, old, new)
	case Max, Min:
		d.extreme(path, old, showed, new, decl)
	default:
		d.emit(OpMulti, path, new)
	}
}

// units checks what is written to a counter.
func (d *difference) units(path value.Path, v value.Value, decl Declaration) (int64, bool) {
	units, exact := Units(v, decl.Scale)
	switch {
	case v.Kind() != value.KindNumber:
		d.refuse(path, Counter, "it takes numbers, not %v", v.Kind())
	case !exact && decl.Scale == 0:
		d.refuse(path, Counter, "it takes integers; declare a scale to count decimals")
	case !exact:
		d.refuse(path, Counter, "it takes decimals of at most %d digits behind the point", decl.Scale)
	case units > MaxCount || units < -MaxCount:
		d.refuse(path, Counter, "it is exact only up to 2^53 in either direction, counted in its last digit")
	default:
		return units, true
	}
	return 0, false
}

func (d *difference) counter(path value.Path, old, new value.Value, decl Declaration) {
	units, fits := d.units(path, new, decl)
	if !fits {
		return
	}
	if old.Kind() != value.KindNumber {
		d.emit(OpAssign, path, Decimal(units, decl.Scale))
		return
	}
	before, exact := Units(old, decl.Scale)
	if units == before && exact {
		return
	}
	d.ops = append(d.ops, Op{Kind: OpDelta, Path: slices.Clone(path), Number: units - before})
}

// added writes the elements of a set that has an empty base.
func (d *difference) added(path value.Path, v value.Value) {
	if v.Kind() != value.KindArray {
		d.refuse(path, Set, "it takes arrays, not %v", v.Kind())
		return
	}
	for _, item := range sortedSet(v.Items()).Items() {
		d.emit(OpAdd, path, item)
	}
}

func (d *difference) set(path value.Path, old, new value.Value) {
	if new.Kind() != value.KindArray {
		d.refuse(path, Set, "it takes arrays, not %v", new.Kind())
		return
	}
	before, after := sortedSet(old.Items()).Items(), sortedSet(new.Items()).Items()
	if len(after) == 0 {
		d.emit(OpAssign, path, value.Array()) // as a base: it clears all that was seen
		return
	}
	if old.Kind() != value.KindArray {
		d.emit(OpAssign, path, value.Array())
	}
	for len(before) > 0 || len(after) > 0 {
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(after) == 0:
			order = -1
		default:
			order = compareElements(before[0], after[0])
		}
		if order < 0 {
			d.emit(OpDrop, path, before[0])
		} else if order > 0 {
			d.emit(OpAdd, path, after[0])
		}
		if order <= 0 {
			before = before[1:]
		}
		if order >= 0 {
			after = after[1:]
		}
	}
}

func (d *difference) extreme(path value.Path, old value.Value, showed bool, new value.Value, decl Declaration) {
	kind, better := OpMax, "larger"
	if decl.Type == Min {
		kind, better = OpMin, "smaller"
	}
	if _, found := new.Get(decl.By); decl.By != "" && !found {
		d.refuse(path, decl.Type, "it takes objects with a member %q, to compare by", decl.By)
		return
	}
	if showed && (contest{by: decl.By, min: decl.Type == Min}).compare(new, old) <= 0 {
		d.refuse(path, decl.Type, "what is written must be %s than what is there; remove the member to start anew", better)
		return
	}
	d.emit(kind, path, new)
}
