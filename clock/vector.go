package clock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Row is one origin's place in a vector: its log is applied up to Time.
type Row struct {
	Origin Origin
	Time   Time
}

// Vector says up to where each origin's log has been applied. Rows are sorted
// by origin; an origin without a row stands at zero, and no row holds zero.
type Vector []Row

// VectorOf builds a vector from rows in any order. Of several rows for one
// origin the highest counts; rows of zero and of origin 0 are left out.
func VectorOf(rows ...Row) Vector {
	var v Vector
	for _, r := range rows {
		v.Raise(r.Origin, r.Time)
	}
	return v
}

// find gives the place of o, or where it would be inserted.
func (v Vector) find(o Origin) (int, bool) {
	lo, hi := 0, len(v)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if v[mid].Origin < o {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(v) && v[lo].Origin == o
}

// At is the time of o, or zero.
func (v Vector) At(o Origin) Time {
	if i, ok := v.find(o); ok {
		return v[i].Time
	}
	return 0
}

// Covers tells whether the entry with stamp s is within v. The zero stamp is
// within every vector.
func (v Vector) Covers(s Stamp) bool { return s.Time <= v.At(s.Origin) }

// With is v with o set to t, whether up or down; t of zero takes the row away.
func (v Vector) With(o Origin, t Time) Vector {
	i, ok := v.find(o)
	switch {
	case t == 0 || o == 0:
		return v.Without(o)
	case ok && v[i].Time == t:
		return v
	}
	out := make(Vector, 0, len(v)+1)
	out = append(append(out, v[:i]...), Row{o, t})
	if ok {
		i++
	}
	return append(out, v[i:]...)
}

// Raise moves o up to t in place; it never moves it down.
func (v *Vector) Raise(o Origin, t Time) {
	if t == 0 || o == 0 {
		return
	}
	i, ok := v.find(o)
	if ok {
		(*v)[i].Time = max((*v)[i].Time, t)
		return
	}
	*v = slices.Insert(*v, i, Row{o, t})
}

// Without is v with no row for o.
func (v Vector) Without(o Origin) Vector {
	i, ok := v.find(o)
	if !ok {
		return v
	}
	out := make(Vector, 0, len(v)-1)
	return append(append(out, v[:i]...), v[i+1:]...)
}

// Dominates tells whether v has everything that w has.
func (v Vector) Dominates(w Vector) bool {
	i := 0
	for _, r := range w {
		for i < len(v) && v[i].Origin < r.Origin {
			i++
		}
		if i == len(v) || v[i].Origin != r.Origin || v[i].Time < r.Time {
			return false
		}
	}
	return true
}

// Equal tells whether v and w say the same.
func (v Vector) Equal(w Vector) bool {
	if len(v) == len(w) && (len(v) == 0 || &v[0] == &w[0]) {
		return true // most often it is the same memory: nothing was seen in between
	}
	return slices.Equal(v, w)
}

// Clone is a copy that shares no memory with v.
func (v Vector) Clone() Vector { return slices.Clone(v) }

// Newest is the highest time of all rows, or zero.
func (v Vector) Newest() Time {
	var t Time
	for _, r := range v {
		t = max(t, r.Time)
	}
	return t
}

// Max is the pointwise maximum: everything that v or w has.
func (v Vector) Max(w Vector) Vector {
	if len(w) == 0 {
		return v
	}
	if len(v) == 0 {
		return w
	}
	out := make(Vector, 0, max(len(v), len(w)))
	walk(v, w, func(o Origin, a, b Time) {
		out = append(out, Row{o, max(a, b)})
	})
	return out
}

// Min is the pointwise minimum: what both have. A row that one of them lacks
// counts as zero there, and so goes.
func (v Vector) Min(w Vector) Vector {
	out := make(Vector, 0, min(len(v), len(w)))
	walk(v, w, func(o Origin, a, b Time) {
		if t := min(a, b); t > 0 {
			out = append(out, Row{o, t})
		}
	})
	return out
}

// MinOf is the pointwise minimum of all vectors: what each of them has. Of
// no vectors it is empty, as nothing is known of anybody.
func MinOf(vs ...Vector) Vector {
	if len(vs) == 0 {
		return nil
	}
	out := vs[0].Clone()
	for _, v := range vs[1:] {
		out = out.Min(v)
	}
	return out
}

// Diff lists the rows that turn prev into v: rows to set, and with time zero
// the rows to take away.
func (v Vector) Diff(prev Vector) []Row {
	var out []Row
	walk(v, prev, func(o Origin, now, before Time) {
		if now != before {
			out = append(out, Row{o, now})
		}
	})
	return out
}

// Patch is v with the rows of a Diff applied. The rows may come in any order
// and from anywhere; with several for one origin the last counts.
func (v Vector) Patch(diff []Row) Vector {
	if len(diff) == 0 {
		return v
	}
	rows := make(Vector, 0, len(diff))
	for _, r := range diff {
		if i, ok := rows.find(r.Origin); ok {
			rows[i] = r
		} else if r.Origin != 0 {
			rows = slices.Insert(rows, i, r)
		}
	}
	out := make(Vector, 0, len(v)+len(rows))
	for i, j := 0, 0; i < len(v) || j < len(rows); {
		switch {
		case j == len(rows) || i < len(v) && v[i].Origin < rows[j].Origin:
			out = append(out, v[i])
			i++
			continue
		case i < len(v) && v[i].Origin == rows[j].Origin:
			i++
		}
		if rows[j].Time != 0 {
			out = append(out, rows[j])
		}
		j++
	}
	return out
}

// walk visits every origin of v or w in order, with zero where one has no row.
func walk(v, w Vector, visit func(o Origin, a, b Time)) {
	i, j := 0, 0
	for i < len(v) && j < len(w) {
		switch cmp.Compare(v[i].Origin, w[j].Origin) {
		case -1:
			visit(v[i].Origin, v[i].Time, 0)
			i++
		case 1:
			visit(w[j].Origin, 0, w[j].Time)
			j++
		default:
			visit(v[i].Origin, v[i].Time, w[j].Time)
			i, j = i+1, j+1
		}
	}
	for ; i < len(v); i++ {
		visit(v[i].Origin, v[i].Time, 0)
	}
	for ; j < len(w); j++ {
		visit(w[j].Origin, 0, w[j].Time)
	}
}

// String is the text of v: its rows as "time-origin", parted by commas.
func (v Vector) String() string {
	var b []byte
	for i, r := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = Stamp{r.Time, r.Origin}.AppendText(b)
	}
	return string(b)
}

// ParseVector reads what Vector.String wrote, and accepts nothing else.
func ParseVector(s string) (Vector, error) {
	if s == "" {
		return nil, nil
	}
	out := make(Vector, 0, strings.Count(s, ",")+1)
	for part := range strings.SplitSeq(s, ",") {
		st, err := ParseStamp(part)
		if err != nil {
			return nil, fmt.Errorf("vector row %d: %w", len(out)+1, err)
		}
		if st.Time == 0 || st.Origin == 0 || len(out) > 0 && out[len(out)-1].Origin >= st.Origin {
			return nil, fmt.Errorf("vector row %d %s: want rising origins and no zeros", len(out)+1, part)
		}
		out = append(out, Row{st.Origin, st.Time})
	}
	return out, nil
}
