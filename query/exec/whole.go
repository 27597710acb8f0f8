package exec

import (
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// keyRange finds documents whose key lies within a range.
type keyRange struct {
	lower, upper             closure.Eval
	lowerClosed, upperClosed bool
}

func (s *scope) keyRange(k *plan.KeyAccess) (access, error) {
	out := &keyRange{}
	ends := [2]plan.Limit{}
	if k.Lower != nil {
		ends[0], out.lowerClosed = *k.Lower, k.Lower.Inclusive
	}
	if k.Upper != nil {
		ends[1], out.upperClosed = *k.Upper, k.Upper.Inclusive
	}
	evals, err := s.exprs(ends[0].Expr, ends[1].Expr)
	if err != nil {
		return nil, err
	}
	out.lower, out.upper = evals[0], evals[1]
	return out, nil
}

func (a *keyRange) repeats() bool { return false }

func (a *keyRange) open(x *index, row []value.Value) (finder, error) {
	b := rows.Bounds{Reverse: x.s.reverse}
	some := true
	if a.lower != nil {
		b.Lower, some = keyBound(a.lower(&x.t.env, row), a.lowerClosed, false)
	}
	if a.upper != nil && some {
		b.Upper, some = keyBound(a.upper(&x.t.env, row), !a.upperClosed, true)
	}
	if !some {
		return &keys{}, nil
	}
	return x.documents(b)
}

// keyBound is the first key that is (for the upper end: that is not any more) within a limit, in the order of all values;
// at says whether the limit itself is on that side. false when no key is within it.
func keyBound(v value.Value, at, upper bool) ([]byte, bool) {
	switch {
	case v.Kind() < value.KindString:
		return nil, !upper
	case v.Kind() > value.KindString:
		return nil, upper
	case at:
		return []byte(v.Str()), true
	}
	return append([]byte(v.Str()), 0), true
}

// guarded gives all documents when a value is null that the index lacks documents for.
type guarded struct {
	access
	guard []closure.Eval
}

func (a *guarded) open(x *index, row []value.Value) (finder, error) {
	for _, eval := range a.guard {
		if v := eval(&x.t.env, row); v.IsNull() {
			return x.documents(rows.Bounds{Reverse: x.s.reverse})
		}
	}
	return a.access.open(x, row)
}

// documents finds documents by reading them one after another.
func (x *index) documents(b rows.Bounds) (finder, error) {
	if b.Upper != nil && len(b.Upper) == 0 {
		return &keys{}, nil
	}
	cursor, err := x.t.Snapshot.Documents(x.s.collection, b)
	if err != nil {
		return nil, err
	}
	x.t.stats.CursorsCreated++
	return &oneByOne{x: x, cursor: cursor}, nil
}

// oneByOne gives the documents of a cursor.
type oneByOne struct {
	x      *index
	cursor rows.Cursor
}

func (r *oneByOne) next() (key, entry []byte, err error) {
	if !r.cursor.Next() {
		return nil, nil, r.cursor.Err()
	}
	row := r.cursor.Row()
	r.x.doc, r.x.loaded = *row, true
	return row.Key, nil, nil
}

func (r *oneByOne) close() error { return r.cursor.Close() }
