package crdt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// The specification says what a document shows as a function of the set of all operations with their stamps and dependencies. It
// keeps no state and knows no order of arrival; the code must agree with it after every step of random scripts.

type specOp struct {
	Op
	stamp clock.Stamp
	deps  clock.Vector
	index int // within the entry
}

type history []specOp

// sees reports whether c came after w at its origin or in its dependencies.
func (c specOp) sees(w specOp) bool {
	if c.stamp.Origin == w.stamp.Origin {
		return w.stamp.Time < c.stamp.Time || (w.stamp.Time == c.stamp.Time && w.index < c.index)
	}
	return c.deps.Covers(w.stamp)
}

func (c specOp) before(d specOp) bool {
	if r := c.stamp.Compare(d.stamp); r != 0 {
		return r < 0
	}
	return c.index < d.index
}

// writes tells what the operation writes to the register at path.
func (c specOp) writes(path value.Path) (state State, v value.Value, does bool) {
	switch {
	case len(c.Path) > len(path) && path.Equal(c.Path[:len(path)]):
		return Object, value.Value{}, true
	case c.Kind == OpInsert && len(c.Path) <= len(path) && c.Path.Equal(path[:len(c.Path)]):
		v, found := c.Value.At(path[len(c.Path):])
		switch {
		case found && v.Kind() == value.KindObject:
			return Object, value.Value{}, true
		case found:
			return Scalar, v, true
		}
		return Absent, value.Value{}, len(c.Path) == 0 && len(path) == 1 && path[0] == expireAt
	case !c.Path.Equal(path):
		return Absent, value.Value{}, false
	case c.Kind == OpAssign:
		return Scalar, c.Value, true
	}
	return Absent, value.Value{}, c.Kind == OpUnset
}

// clears reports whether the operation takes away the slot contents that it saw at path.
func (c specOp) clears(path value.Path) bool {
	if c.Kind == OpInsert {
		return len(c.Path) <= len(path) && c.Path.Equal(path[:len(c.Path)])
	}
	return c.Path.Equal(path) && (c.Kind == OpAssign || c.Kind == OpUnset)
}

func (h history) any(test func(specOp) bool) bool { return slices.ContainsFunc(h, test) }

func (h history) cleared(d specOp, path value.Path) bool {
	return h.any(func(c specOp) bool { return c.clears(path) && c.sees(d) })
}

// register is the base at path: the latest write, unless it was cleared, and as a set left it.
func (h history) register(path value.Path) (State, value.Value, clock.Stamp) {
	var last specOp
	state, v, found := Absent, value.Value{}, false
	for _, c := range h {
		if s, x, does := c.writes(path); does && (!found || last.before(c)) {
			last, state, v, found = c, s, x, true
		}
	}
	late := func(test func(specOp) bool) bool {
		return h.any(func(c specOp) bool { return test(c) && (!found || c.sees(last)) })
	}
	above := func(c specOp) bool {
		return (c.Kind == OpInsert && len(c.Path) < len(path) && c.clears(path)) || (c.Kind == OpMulti && c.Path.Equal(path))
	}
	if found && late(above) {
		state, v = Absent, value.Value{}
	}
	if state != Absent && late(func(c specOp) bool { return (c.Kind == OpAdd || c.Kind == OpDrop) && c.Path.Equal(path) }) {
		return h.baseOfSet(path, state, v, last, found)
	}
	return state, v, last.stamp
}

// baseOfSet is the base as those left it who had seen it and looked at it as a set.
func (h history) baseOfSet(path value.Path, state State, v value.Value, last specOp, found bool) (State, value.Value, clock.Stamp) {
	var items []value.Value
	if state == Scalar && v.Kind() == value.KindArray {
		items = v.Items()
	}
	var kept []value.Value
	for _, item := range items {
		if !h.any(func(c specOp) bool {
			return c.Kind == OpDrop && c.Path.Equal(path) && (!found || c.sees(last)) && value.Identical(c.Value, item)
		}) {
			kept = append(kept, item)
		}
	}
	return Scalar, sortedSet(kept), last.stamp
}

func (h history) live(kind OpKind, path value.Path) (out []specOp) {
	for _, d := range h {
		if d.Kind == kind && d.Path.Equal(path) && !h.cleared(d, path) {
			out = append(out, d)
		}
	}
	return out
}

// lastOfOrigins keeps of each origin the last.
func lastOfOrigins(ops []specOp) (out []specOp) {
	for _, a := range ops {
		if !slices.ContainsFunc(ops, func(b specOp) bool { return b.stamp.Origin == a.stamp.Origin && a.before(b) }) {
			out = append(out, a)
		}
	}
	return out
}

func (h history) show(path value.Path, decls Declarations) (value.Value, bool) {
	state, base, stamp := h.register(path)
	present := state != Absent
	if state == Object {
		base = h.object(path, decls)
	}
	deltas, adds := h.live(OpDelta, path), h.live(OpAdd, path)
	adds = slices.DeleteFunc(adds, func(a specOp) bool {
		return h.any(func(c specOp) bool {
			return c.Kind == OpDrop && c.Path.Equal(path) && value.Identical(c.Value, a.Value) && c.sees(a)
		})
	})
	multi := h.live(OpMulti, path)
	multi = slices.DeleteFunc(slices.Clone(multi), func(a specOp) bool {
		return h.any(func(c specOp) bool { return c.Kind == OpMulti && c.Path.Equal(path) && c.sees(a) })
	})
	switch {
	case len(deltas) > 0:
		total, _ := Units(base, 0)
		for _, d := range deltas {
			total += d.Number
		}
		return value.Int(total), true
	case len(adds) > 0:
		items := slices.Clone(base.Items())
		for _, a := range adds {
			items = append(items, a.Value)
		}
		return sortedSet(items), true
	}
	for kind, sign := range map[OpKind]int{OpMax: 1, OpMin: -1} {
		list := lastOfOrigins(h.live(kind, path))
		if len(list) == 0 || (kind == OpMin && len(h.live(OpMax, path)) > 0) {
			continue
		}
		if present {
			list = append(list, specOp{Op: Op{Value: base}, stamp: stamp})
		}
		return slices.MinFunc(list, func(a, b specOp) int {
			if c := sign * value.Compare(b.Value, a.Value); c != 0 {
				return c
			}
			return a.stamp.Compare(b.stamp)
		}).Value, true
	}
	if len(multi) > 0 {
		var items []value.Value
		if present {
			items = append(items, base)
		}
		for _, c := range multi {
			items = append(items, c.Value)
		}
		if all := sortedSet(items); len(all.Items()) > 1 {
			return all, true
		}
		return items[0], true
	}
	return base, present
}

// names are all member names that any operation mentions below path.
func (h history) names(path value.Path) []string {
	var names []string
	for _, c := range h {
		if len(c.Path) > len(path) && path.Equal(c.Path[:len(path)]) {
			names = append(names, c.Path[len(path)])
		}
		if len(c.Path) <= len(path) && c.Path.Equal(path[:len(c.Path)]) {
			v, _ := c.Value.At(path[len(c.Path):])
			for _, m := range v.Members() {
				names = append(names, m.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (h history) object(path value.Path, decls Declarations) value.Value {
	var members []value.Member
	for _, name := range h.names(path) {
		if v, present := h.show(path.With(name), decls); present {
			members = append(members, value.Member{Name: name, Value: v})
		}
	}
	return value.Object(members...)
}

func (h history) document() string {
	if state, _, _ := h.register(nil); state != Object {
		return "absent"
	}
	return string(value.AppendJSON(nil, h.object(nil, Declarations{})))
}

// Deltas makes a history serve as the log.
func (h history) Deltas(o clock.Origin, path value.Path, after, upTo clock.Time) (int64, error) {
	sum := int64(0)
	for _, d := range h.live(OpDelta, path) {
		if d.stamp.Origin == o && d.stamp.Time > after && d.stamp.Time <= upTo {
			sum += d.Number
		}
	}
	// What other origins cleared of (after, upTo] is to be counted: only clearing within the origin's own entry takes a delta out.
	for _, d := range h {
		if d.Kind == OpDelta && d.Path.Equal(path) && d.stamp.Origin == o && d.stamp.Time > after && d.stamp.Time <= upTo &&
			h.cleared(d, path) && !h.any(func(c specOp) bool { return c.clears(path) && c.sees(d) && c.stamp.Origin == o }) {
			sum += d.Number
		}
	}
	return sum, nil
}

// entry is a transaction of a script.
type entry struct {
	stamp clock.Stamp
	deps  clock.Vector
	prev  clock.Time
	ops   []Op
}

func (e entry) spec() (out history) {
	for i, op := range e.ops {
		out = append(out, specOp{Op: op, stamp: e.stamp, deps: e.deps, index: i})
	}
	return out
}

// replica is a location of a script.
type replica struct {
	origin clock.Origin
	vector clock.Vector
	now    clock.Time
	doc    *Document
	known  history
	losses int
}

func (r *replica) apply(e entry) error {
	r.known = append(r.known, e.spec()...)
	for _, op := range e.ops {
		losses, err := r.doc.Merge(e.stamp, e.deps, op, r.known)
		if err != nil {
			return err
		}
		r.losses += len(losses)
	}
	r.vector = r.vector.With(e.stamp.Origin, e.stamp.Time)
	r.now = max(r.now, e.stamp.Time)
	return nil
}

func (r *replica) ready(e entry) bool {
	return r.vector.At(e.stamp.Origin) == e.prev && r.vector.Dominates(e.deps)
}

func (r *replica) show() string {
	if v, exists := r.doc.View(Declarations{}); exists {
		return string(value.AppendJSON(nil, v))
	}
	return "absent"
}

// script makes random operations. focus limits the kinds, so that rare meetings of two kinds come often.
type script struct {
	*rand.Rand
	kinds []OpKind
}

func (s script) op() Op {
	o := Op{Kind: s.kinds[s.IntN(len(s.kinds))]}
	for range 1 + s.IntN(2) {
		o.Path = append(o.Path, []string{"a", "a", "b", expireAt}[s.IntN(4)])
	}
	if o.Kind <= OpUnset && o.Kind != OpAssign && s.IntN(2) == 0 {
		o.Path = nil
	}
	switch o.Kind {
	case OpInsert:
		o.Value = s.object(2)
	case OpUnset:
	case OpDelta:
		o.Number = int64(s.IntN(9) - 4)
	case OpAdd, OpDrop, OpMax, OpMin:
		o.Value = value.Int(int64(s.IntN(3)))
	default:
		o.Value = s.scalar()
	}
	return o
}

func (s script) scalar() value.Value {
	switch s.IntN(4) {
	case 0:
		return value.Array(value.Int(int64(s.IntN(3))), value.Int(int64(s.IntN(3))))
	case 1:
		return value.String("x")
	}
	return value.Int(int64(s.IntN(9)))
}

func (s script) object(depth int) value.Value {
	out := value.Object()
	for _, name := range []string{"a", "b", expireAt} {
		switch r := s.IntN(4); {
		case r == 0 && depth > 0:
			out = out.With(name, s.object(depth-1))
		case r == 1:
			out = out.With(name, s.scalar())
		}
	}
	return out
}

// run plays a script and returns where code and specification differ.
func (s script) run(steps int) error {
	replicas := make([]*replica, 3)
	for i := range replicas {
		replicas[i] = &replica{origin: clock.Origin(i + 1), doc: New()}
	}
	var entries []entry
	for step := range steps {
		r := replicas[s.IntN(len(replicas))]
		var ready []entry
		for _, e := range entries {
			if r.ready(e) {
				ready = append(ready, e)
			}
		}
		e := entry{}
		if len(ready) > 0 && s.IntN(5) > 0 {
			e = ready[s.IntN(len(ready))]
		} else {
			now := max(r.now+1, clock.Time(s.IntN(30)))
			e = entry{stamp: clock.Stamp{Time: now, Origin: r.origin}, deps: r.vector.Without(r.origin), prev: r.vector.At(r.origin)}
			for range 1 + s.IntN(3) {
				e.ops = append(e.ops, s.op())
			}
			entries = append(entries, e)
		}
		if err := r.apply(e); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		if got, want := r.show(), r.known.document(); got != want {
			return fmt.Errorf("step %d at %d: shows %s, the specification says %s\n%s", step, r.origin, got, want, r.known)
		}
		if got := r.doc.Touched(); got.Time != r.now {
			return fmt.Errorf("step %d at %d: touched by %v, not %v", step, r.origin, got, r.now)
		}
	}
	return nil
}

func (h history) String() string {
	var b strings.Builder
	for _, c := range h {
		fmt.Fprintf(&b, "%d.%d/%d %v %v %s %d deps %v\n", c.stamp.Time, c.stamp.Origin, c.index, c.Kind, c.Path, value.AppendJSON(nil, c.Value), c.Number, c.deps)
	}
	return b.String()
}

func TestMergeFollowsTheSpecification(t *testing.T) {
	t.Parallel()
	for name, kinds := range map[string][]OpKind{
		"registers": {OpInsert, OpAssign, OpAssign, OpUnset},
		"counters":  {OpInsert, OpAssign, OpUnset, OpDelta, OpDelta, OpDelta, OpDelta},
		"sets":      {OpInsert, OpAssign, OpUnset, OpAdd, OpAdd, OpDrop, OpDrop},
		"extremes":  {OpInsert, OpAssign, OpUnset, OpMax, OpMax, OpMax},
		"minima":    {OpInsert, OpAssign, OpUnset, OpMin, OpMin, OpMin},
		"multi":     {OpInsert, OpAssign, OpUnset, OpMulti, OpMulti, OpMulti},
		"mixed":     {OpInsert, OpAssign, OpUnset, OpDelta, OpMax, OpMin, OpDelta},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(1500) {
				s := script{Rand: rand.New(rand.NewPCG(seed, 7)), kinds: kinds}
				if err := s.run(18); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		})
	}
}
