package points

import (
	"bytes"
	"math"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// View reads the points of a collection in one state of the store.
type View struct {
	table  *Table
	reader kv.Reader
	wallMs int64 // what has expired by then does not show
}

// View reads the state that r shows, as of a time. It may be used from many goroutines; its cursors may not.
func (t *Table) View(r kv.Reader, wallMs int64) *View { return &View{t, r, wallMs} }

// since is the first time that has not expired.
func (v *View) since() int64 { return v.table.since(v.wallMs) }

func (t *Table) since(wallMs int64) int64 {
	if t.Decl.Retention == 0 {
		return math.MinInt64
	}
	return wallMs - t.Decl.Retention + 1
}

// clip narrows a query to what can be there.
func (v *View) clip(q rows.SeriesQuery) (from, to int64) {
	return max(q.From, v.since()), q.To
}

// selection is which series a query wants.
type selection struct {
	prefix []byte // what their keys begin with
	want   []*value.Value
	rest   bool // not all that begins so is wanted
}

// choose turns the values that a query names into a selection.
func (t *Table) choose(keys []*value.Value) selection {
	s := selection{want: make([]*value.Value, len(t.Decl.Keys))}
	copy(s.want, keys)
	leading := true
	for _, v := range s.want {
		switch {
		case v == nil:
			leading = false
		case leading:
			s.prefix = value.AppendKey(s.prefix, *v)
		default:
			s.rest = true
		}
	}
	return s
}

// takes says whether a series is wanted, and gives its values.
func (s *selection) takes(t *Table, key []byte) ([]value.Value, bool, error) {
	if !bytes.HasPrefix(key, s.prefix) {
		return nil, false, nil
	}
	values, err := t.decodeSeries(key)
	if err != nil || !s.rest {
		return values, err == nil, err
	}
	for i, v := range s.want {
		if v != nil && !value.Equal(*v, values[i]) {
			return nil, false, nil
		}
	}
	return values, true, nil
}

// walk goes from series to series of a lane and of what arrived, in order.
type walk struct {
	table   *Table
	lane    lane
	it      kv.Iterator
	select_ selection
	waiting []string // series of arrivals that are not passed yet
	on      bool     // the iterator stands on the first chunk of the series
	key     []byte
	values  []value.Value
	next    []byte // where the iterator goes next
}

func (t *Table) walk(r kv.Reader, l lane, s selection, arrived []string) (*walk, error) {
	lower := l.series(s.prefix)
	it, err := r.Scan(lower, layout.End(lower))
	if err != nil {
		return nil, err
	}
	return &walk{table: t, lane: l, it: it, select_: s, waiting: arrived, next: lower}, nil
}

// step goes to the next series that is wanted; w.key names it.
func (w *walk) step() (bool, error) {
	for {
		var name []byte
		w.on = w.it.SeekGE(w.next)
		if w.on {
			var err error
			if name, _, err = w.lane.split(w.it.Key()); err != nil {
				return false, err
			}
		} else if err := w.it.Err(); err != nil {
			return false, err
		}
		if len(w.waiting) > 0 && (!w.on || w.waiting[0] <= string(name)) {
			if w.on = w.on && w.waiting[0] == string(name); !w.on {
				name = []byte(w.waiting[0])
			}
			w.waiting = w.waiting[1:]
		} else if !w.on {
			return false, nil
		}
		w.key = append(w.key[:0], name...)
		w.next = append(w.lane.chunk(w.key, math.MaxInt64), 0)
		values, ok, err := w.select_.takes(w.table, w.key)
		if err != nil {
			return false, err
		}
		if ok {
			w.values = values
			return true, nil
		}
	}
}

// stretch walks over the points of one series between two times: chunks and arrivals together, without what is removed.
type stretch struct {
	lane     lane
	it       kv.Iterator
	key      []byte // of the series
	from, to int64
	arrived  *run // nil for none; points before at are done
	at       int
	state    int
	reading  reading
	chunk    run
	removals bool // the chunk has some
	out      run
	block    series.Block
}

const (
	stretchNew = iota
	stretchOn
	stretchEnd
)

// begin starts anew with a series, with the memory that there is.
func (s *stretch) begin(key []byte, from, to int64, arrived *run) {
	s.key, s.from, s.to, s.arrived, s.at, s.state = key, from, to, arrived, 0, stretchNew
	if arrived != nil {
		for s.at < arrived.Len() && arrived.Times[s.at] < from {
			s.at++
		}
	}
}

// seek moves the iterator to the chunk in which from lies, or to the first one behind it.
func (s *stretch) seek() bool {
	prefix := s.lane.series(s.key)
	on := s.it.SeekGE(s.lane.chunk(s.key, s.from))
	if on && bytes.Equal(s.it.Key(), s.lane.chunk(s.key, s.from)) {
		return true
	}
	if on {
		on = s.it.Prev()
	} else {
		on = s.it.Last()
	}
	if on && bytes.HasPrefix(s.it.Key(), prefix) && len(s.it.Key()) == len(prefix)+timeBytes {
		return true
	}
	return s.it.SeekGE(s.lane.chunk(s.key, s.from))
}

// load moves to the next chunk and decodes it; false when there is none before to.
func (s *stretch) load() (bool, error) {
	for {
		on := false
		switch s.state {
		case stretchNew:
			s.state = stretchOn
			on = s.seek()
		case stretchOn:
			on = s.it.Next()
		}
		if on {
			name, at, err := s.lane.split(s.it.Key())
			if err != nil {
				return false, err
			}
			on = bytes.Equal(name, s.key) && at < s.to
		}
		if !on {
			s.state = stretchEnd
			return false, s.it.Err()
		}
		c, err := s.reading.decode(&s.lane, s.it.Key(), s.it.Value(), &s.chunk)
		if err != nil {
			return false, err
		}
		if c.Last < s.from {
			continue
		}
		s.removals = c.Shown < c.Points
		return true, nil
	}
}

// hide takes removals out.
func (r *run) hide() {
	k := 0
	for i := range r.Times {
		if removed(&r.Block, i) {
			continue
		}
		r.Times[k] = r.Times[i]
		for _, column := range r.Values {
			column[k] = column[i]
		}
		r.stamps[k] = r.stamps[i]
		k++
	}
	r.cut(k)
}

// cut keeps the first points.
func (r *run) cut(n int) {
	r.Times, r.stamps = r.Times[:n], r.stamps[:n]
	for i := range r.Values {
		r.Values[i] = r.Values[i][:n]
	}
}

// next gives the next points; nil at the end. They are valid until the next call.
func (s *stretch) next() (*series.Block, error) {
	for {
		if s.state == stretchEnd && (s.arrived == nil || s.at >= s.arrived.Len() || s.arrived.Times[s.at] >= s.to) {
			return nil, nil
		}
		loaded, err := s.load()
		if err != nil {
			return nil, err
		}
		if !loaded {
			s.chunk.reset(s.lane.fields)
		}
		from := &s.chunk
		if s.due(loaded) {
			s.merge(loaded)
			from = &s.out
		} else if s.removals {
			s.chunk.hide()
		}
		if b := s.window(from); b.Len() > 0 {
			return b, nil
		}
	}
}

// due says whether arrivals come before the end of the chunk, or after the last one.
func (s *stretch) due(loaded bool) bool {
	if s.arrived == nil || s.at == s.arrived.Len() {
		return false
	}
	return !loaded || s.arrived.Times[s.at] <= s.chunk.Times[s.chunk.Len()-1]
}

// merge makes out of the chunk and of the arrivals up to its end; without a chunk, of those that are left. What is removed
// goes after that: a removal may take away what arrived.
func (s *stretch) merge(loaded bool) {
	s.out.reset(s.lane.fields)
	upTo := s.arrived.Len()
	if loaded {
		last := s.chunk.Times[s.chunk.Len()-1]
		for upTo = s.at; upTo < s.arrived.Len() && s.arrived.Times[upTo] <= last; {
			upTo++
		}
	}
	merge(&s.out, &s.chunk, s.arrived, s.at, upTo)
	s.at = upTo
	s.out.hide()
}

// merge appends the points of a, and those [from, to) of b, in order of time. Of two of one time the one with the later
// stamp stays, that of b when they are equal.
func merge(out, a, b *run, from, to int) {
	i := 0
	for j := from; j < to; {
		// What comes before the next one of b, in one go.
		k := i
		for k < a.Len() && a.Times[k] < b.Times[j] {
			k++
		}
		out.appendFrom(a, i, k)
		if i = k; i < a.Len() && a.Times[i] == b.Times[j] {
			if b.stamps[j].Less(a.stamps[i]) {
				out.appendFrom(a, i, i+1)
			} else {
				out.appendFrom(b, j, j+1)
			}
			i++
			j++
			continue
		}
		k = j + 1
		for k < to && (i == a.Len() || b.Times[k] < a.Times[i]) {
			k++
		}
		out.appendFrom(b, j, k)
		j = k
	}
	out.appendFrom(a, i, a.Len())
}

// window gives the part of a run that lies between the times.
func (s *stretch) window(r *run) *series.Block {
	lower, upper := 0, r.Len()
	if upper > 0 && r.Times[0] < s.from {
		lower = search(r.Times, s.from)
	}
	if upper > 0 && r.Times[upper-1] >= s.to {
		upper = search(r.Times, s.to)
	}
	b := &s.block
	b.Times = r.Times[lower:upper]
	b.Values = b.Values[:0]
	for _, column := range r.Values {
		b.Values = append(b.Values, column[lower:upper])
	}
	return b
}

// search gives the place of the first time that is not before at.
func search(times []int64, at int64) int {
	lower, upper := 0, len(times)
	for lower < upper {
		if mid := (lower + upper) / 2; times[mid] < at {
			lower = mid + 1
		} else {
			upper = mid
		}
	}
	return lower
}

// wanted says which arrivals a query is about.
func (v *View) wanted(s *selection, from, to int64) func(p *codec.PointPart) bool {
	return func(p *codec.PointPart) bool {
		return p.First < to && p.Last >= from && bytes.HasPrefix(p.Key, s.prefix)
	}
}
