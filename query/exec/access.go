package exec

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// keyAccess finds documents by their keys.
type keyAccess struct {
	key      closure.Eval
	id, each bool
}

func (a *keyAccess) repeats() bool { return false }

func (a *keyAccess) open(x *index, row []value.Value) (finder, error) {
	v := a.key(&x.t.env, row)
	x.keys = keys{}
	out := &x.keys
	if !a.each {
		if key, ok := a.keyOf(x, v); ok {
			out.list = append(out.one[:0], key)
		}
		return out, nil
	}
	for _, item := range v.Items() {
		if key, ok := a.keyOf(x, item); ok {
			out.list = append(out.list, key)
		}
	}
	slices.Sort(out.list)
	out.list = slices.Compact(out.list)
	if x.s.reverse {
		slices.Reverse(out.list)
	}
	return out, nil
}

// keyOf gives the key that a value asks for.
func (a *keyAccess) keyOf(x *index, v value.Value) (string, bool) {
	if v.Kind() != value.KindString || v.Str() == "" {
		return "", false
	}
	if !a.id {
		return v.Str(), true
	}
	collection, key, ok := strings.Cut(v.Str(), "/")
	return key, ok && key != "" && collection == x.s.collection.Name
}

// keys gives keys that are known.
type keys struct {
	list []string
	last string
	one  [1]string
}

func (k *keys) next() (key, entry []byte, err error) {
	if len(k.list) == 0 {
		return nil, nil, nil
	}
	k.last = k.list[0]
	k.list = k.list[1:]
	return unsafe.Slice(unsafe.StringData(k.last), len(k.last)), nil, nil
}

func (k *keys) close() error { return nil }

// rangeAccess finds documents by a prefix of equal fields and a range of the next one.
type rangeAccess struct {
	index                  *rows.Index
	equal                  []closure.Eval
	each                   []bool
	lower, upper           closure.Eval
	lowerClosed            bool
	upperClosed, repeating bool
}

func (s *scope) rangeAccess(_ *plan.Index, a plan.Access) (access, error) {
	out := &rangeAccess{index: a.Index}
	if a.Index == nil {
		return nil, internal("a range of the primary index")
	}
	for _, f := range a.Index.Fields {
		out.repeating = out.repeating || f.Expand >= 0
	}
	for _, f := range a.Persistent.Equal {
		eval, err := s.expr.Eval(f.Expr)
		if err != nil {
			return nil, err
		}
		out.equal, out.each = append(out.equal, eval), append(out.each, f.Each)
	}
	var err error
	if l := a.Persistent.Lower; l != nil {
		out.lowerClosed = l.Inclusive
		if out.lower, err = s.expr.Eval(l.Expr); err != nil {
			return nil, err
		}
	}
	if l := a.Persistent.Upper; l != nil {
		out.upperClosed = l.Inclusive
		out.upper, err = s.expr.Eval(l.Expr)
	}
	return out, err
}

func (a *rangeAccess) repeats() bool { return a.repeating }

// behind sorts behind everything that an entry may have after what stands before it.
const behind = 0xFF

// keyRoom is the room that is made at first for the values that an entry begins with.
const keyRoom = 48

func (a *rangeAccess) open(x *index, row []value.Value) (finder, error) {
	prefixes := [][]byte{make([]byte, 0, keyRoom)}
	before := x.t.grown
	defer func() {
		x.t.shrink(x.t.grown - before)
		x.t.grown = before
	}()
	for i, eval := range a.equal {
		v := eval(&x.t.env, row)
		if !a.each[i] {
			for at := range prefixes {
				prefixes[at] = value.AppendKey(prefixes[at], v)
			}
			continue
		}
		next, err := a.spread(x, prefixes, v)
		if err != nil {
			return nil, err
		}
		prefixes = next
	}
	out := &ranges{x: x, index: a.index}
	lower, upper := a.end(x, a.lower, row), a.end(x, a.upper, row)
	for _, p := range prefixes {
		b := rows.Bounds{Lower: p, Upper: append(append(make([]byte, 0, len(p)+1), p...), behind)}
		if lower != nil {
			b.Lower = append(bytes.Clone(p), lower...)
			if !a.lowerClosed {
				b.Lower = append(b.Lower, behind)
			}
		}
		if upper != nil {
			b.Upper = append(bytes.Clone(p), upper...)
			if a.upperClosed {
				b.Upper = append(b.Upper, behind)
			}
		}
		if bytes.Compare(b.Lower, b.Upper) < 0 {
			out.bounds = append(out.bounds, b)
		}
	}
	out.turn(x.s.reverse)
	return out, nil
}

// rangeBytes is about what a range takes besides its ends.
const rangeBytes = 32

// spread puts each of an array's values behind each prefix.
func (a *rangeAccess) spread(x *index, prefixes [][]byte, v value.Value) ([][]byte, error) {
	var ends [][]byte
	for _, item := range v.Items() {
		ends = append(ends, value.AppendKey(nil, item))
	}
	slices.SortFunc(ends, bytes.Compare)
	ends = slices.CompactFunc(ends, bytes.Equal)
	if x.s.reverse {
		slices.Reverse(ends)
	}
	out := make([][]byte, 0, min(len(prefixes)*len(ends), mostRows))
	for _, p := range prefixes {
		for _, end := range ends {
			out = append(out, append(bytes.Clone(p), end...))
			// Each prefix becomes two ends of a range.
			if err := x.t.growTransient(3 * (len(p) + len(end) + rangeBytes)); err != nil {
				return nil, err
			}
			if err := x.t.step(); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (a *rangeAccess) end(x *index, eval closure.Eval, row []value.Value) []byte {
	if eval == nil {
		return nil
	}
	return value.AppendKey(nil, eval(&x.t.env, row))
}

// edgeAccess finds edges by one of their ends.
type edgeAccess struct {
	index     *rows.Index
	vertex    closure.Eval
	each      bool
	direction ast.Direction
}

func (a *edgeAccess) repeats() bool { return a.direction == ast.Any }

func (a *edgeAccess) open(x *index, row []value.Value) (finder, error) {
	v := a.vertex(&x.t.env, row)
	items := []value.Value{v}
	if a.each {
		items = v.Items()
	}
	out := &ranges{x: x, index: a.index}
	for _, item := range items {
		if item.Kind() != value.KindString {
			continue
		}
		if a.direction != ast.Inbound {
			out.bounds = append(out.bounds, edgeBounds('o', item.Str()))
		}
		if a.direction != ast.Outbound {
			out.bounds = append(out.bounds, edgeBounds('i', item.Str()))
		}
	}
	slices.SortFunc(out.bounds, func(a, b rows.Bounds) int { return bytes.Compare(a.Lower, b.Lower) })
	out.bounds = slices.CompactFunc(out.bounds, func(a, b rows.Bounds) bool { return bytes.Equal(a.Lower, b.Lower) })
	if x.s.reverse {
		slices.Reverse(out.bounds)
	}
	out.turn(x.s.reverse)
	return out, nil
}

// edgeBounds are the entries of one end.
func edgeBounds(side byte, vertex string) rows.Bounds {
	lower := value.AppendKeyString([]byte{side}, vertex)
	return rows.Bounds{Lower: lower, Upper: append(bytes.Clone(lower), behind)}
}

// ranges reads entries between bounds, one range after another.
type ranges struct {
	x      *index
	index  *rows.Index
	bounds []rows.Bounds
	cursor rows.EntryCursor
}

// turn sets the direction of all ranges.
func (r *ranges) turn(reverse bool) {
	for i := range r.bounds {
		r.bounds[i].Reverse = reverse
	}
}

func (r *ranges) next() (key, entry []byte, err error) {
	for {
		if r.cursor == nil {
			if len(r.bounds) == 0 {
				return nil, nil, nil
			}
			if r.cursor, err = r.x.t.entries(r.x.s.collection, r.index, r.bounds[0]); err != nil {
				return nil, nil, err
			}
			r.bounds = r.bounds[1:]
		}
		if r.cursor.Next() {
			return r.cursor.Key(), r.cursor.Entry(), nil
		}
		if err := r.cursor.Err(); err != nil {
			return nil, nil, err
		}
		if err := r.close(); err != nil {
			return nil, nil, err
		}
	}
}

func (r *ranges) close() error {
	if r.cursor == nil {
		return nil
	}
	err := r.cursor.Close()
	r.cursor = nil
	return err
}
