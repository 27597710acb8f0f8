package exec

import (
	"math"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// rollupStep groups points: from a kept roll-up where there is one, and otherwise from the points themselves, whole runs
// of them at a time.
type rollupStep struct {
	below  step
	width  int
	points *seriesStep // what is asked for of keys and times
	kept   series.Bucket
	bucket series.Bucket // 0 when not grouped by time
	slot   int           // for the beginning of the bucket
	keys   []rollupKey
	totals []rollupTotal
	groups bool // there are groups: no points give no row then
}

type rollupKey struct{ at, slot int }

type rollupTotal struct {
	name        string
	field, slot int
}

func (s *scope) rollup(n *plan.TimeSeries, below step) (step, error) {
	about, r := n.Collection.Series, n.Rollup
	out := &rollupStep{
		below: below, width: s.width, kept: series.Bucket(r.Kept), bucket: series.Bucket(r.BucketMs), slot: s.slot(r.Bucket),
		points: &seriesStep{collection: n.Collection, iso: about.ISO, width: s.width}, groups: r.Bucket != nil,
	}
	if err := s.seriesRange(n, out.points); err != nil {
		return nil, err
	}
	for i, v := range r.Keys {
		if v != nil {
			out.keys, out.groups = append(out.keys, rollupKey{at: i, slot: s.slot(v)}), true
		}
	}
	for _, a := range r.Aggregates {
		if !strings.Contains(" SUM AVERAGE MIN MAX FIRST LAST ", " "+a.Func+" ") || a.Field < 0 || a.Field >= len(about.Values) {
			return nil, internal("no roll-up of %s", a.Func)
		}
		out.totals = append(out.totals, rollupTotal{name: a.Func, field: a.Field, slot: s.slot(a.Out)})
	}
	return out, nil
}

func (s *rollupStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &rolling{s: s, t: t, in: drawing{below: below}}, err
}

type rolling struct {
	s      *rollupStep
	t      *task
	in     drawing
	out    builder
	row    []value.Value
	places map[string]int
	groups []rolled
	arena  arena
	at     int
	room   []byte
	held   int64
}

// rolled is one group.
type rolled struct {
	keys   []value.Value
	start  int64
	totals []series.Summary // by total
}

func (r *rolling) next() (*block, error) {
	r.out.begin(r.s.width)
	for !r.out.full() {
		if r.at < len(r.groups) {
			r.fill(&r.groups[r.at], r.out.add(r.row))
			r.at++
			continue
		}
		row, ok, err := r.in.row()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		r.forget()
		r.row = row
		if err := r.gather(); err != nil {
			return nil, err
		}
	}
	return r.out.done()
}

// gather makes the groups of a row.
func (r *rolling) gather() error {
	q, some := r.s.points.query(r.t, r.row)
	if r.t.failed != nil {
		return r.t.failed
	}
	if some && !r.t.Hidden[r.s.points.collection.Name] {
		if err := r.between(q); err != nil {
			return err
		}
	}
	if !r.s.groups && len(r.groups) == 0 {
		// Without groups there is one row, also of nothing.
		r.groups = append(r.groups, rolled{})
	}
	return nil
}

// between takes whole spans of the kept roll-up, and the points before and behind them.
func (r *rolling) between(q rows.SeriesQuery) error {
	if r.s.kept == 0 {
		return r.computed(q)
	}
	from, to := q.From, q.To
	if from > series.FirstTime {
		if start := r.s.kept.Start(from); start != from {
			from = r.s.kept.Next(start)
		}
	}
	if to <= series.LastTime {
		to = r.s.kept.Start(to)
	}
	if from >= to {
		return r.computed(q)
	}
	whole := q
	whole.From, whole.To = from, to
	c, ok, err := r.t.Snapshot.Rollups(r.s.points.collection, whole, int64(r.s.kept))
	if err != nil {
		return err
	}
	if !ok {
		return r.computed(q)
	}
	if err := r.read(c); err != nil {
		return err
	}
	for _, edge := range [2][2]int64{{q.From, from}, {to, q.To}} {
		q.From, q.To = edge[0], edge[1]
		if q.From < q.To {
			if err := r.computed(q); err != nil {
				return err
			}
		}
	}
	return nil
}

// read takes the spans of a kept roll-up.
func (r *rolling) read(c rows.RollupCursor) error {
	r.t.stats.CursorsCreated++
	for c.Next() {
		r.t.stats.ScannedIndex++
		list := c.Buckets()
		if len(list) == 0 {
			continue
		}
		g, err := r.group(c.Keys(), list[0].Start)
		if err != nil {
			break
		}
		for i := range r.s.totals {
			b := &list[r.s.totals[i].field]
			merge(&g.totals[i], &series.Summary{
				Count: b.Count, Sum: b.Sum, SumSquares: b.SumSquares, Min: b.Min, Max: b.Max,
				First: b.First, Last: b.Last, FirstTime: b.FirstTime, LastTime: b.LastTime,
			})
		}
		if r.t.step() != nil {
			break
		}
	}
	return r.shut(c.Err(), c.Close())
}

func (r *rolling) shut(read, closed error) error {
	if r.t.failed != nil {
		return r.t.failed
	}
	if read != nil {
		return read
	}
	return closed
}

// computed takes points. Those of one series and one span are added at once.
func (r *rolling) computed(q rows.SeriesQuery) error {
	c, err := r.t.Snapshot.Series(r.s.points.collection, q)
	if err != nil {
		return err
	}
	r.t.stats.CursorsCreated++
	for c.Next() {
		times, values := c.Times(), c.Values()
		r.t.stats.ScannedIndex += int64(len(times))
		for from := 0; from < len(times) && r.t.failed == nil; {
			to := r.run(times, from)
			g, err := r.group(c.Keys(), times[from])
			if err != nil {
				break
			}
			for i := range r.s.totals {
				// Blocks of one series come in order of time, but groups have several series.
				var part series.Summary
				part.Add(times[from:to], values[r.s.totals[i].field][from:to])
				merge(&g.totals[i], &part)
			}
			from = to
		}
		if r.t.check() != nil {
			break
		}
	}
	return r.shut(c.Err(), c.Close())
}

// run is the offset behind the points that lie in the span of the one at from.
func (r *rolling) run(times []int64, from int) int {
	if r.s.bucket == 0 {
		return len(times)
	}
	end := r.s.bucket.Next(r.s.bucket.Start(times[from]))
	if last := len(times) - 1; times[last] < end {
		return last + 1
	}
	at, _ := slices.BinarySearch(times[from:], end)
	return from + at
}

// rolledBytes is about what a group takes.
const rolledBytes = 160

// group finds or makes the group of a series and a time.
func (r *rolling) group(keys []value.Value, time int64) (*rolled, error) {
	start := int64(0)
	if r.s.bucket != 0 {
		start = r.s.bucket.Start(time)
	}
	r.room = value.AppendKeyUint64(r.room[:0], uint64(start)^1<<63)
	for _, k := range r.s.keys {
		r.room = value.AppendKey(r.room, keys[k.at])
	}
	if at, ok := r.places[string(r.room)]; ok {
		return &r.groups[at], nil
	}
	g := rolled{start: start, totals: make([]series.Summary, len(r.s.totals))}
	for _, k := range r.s.keys {
		g.keys = append(g.keys, r.arena.keep(keys[k.at]))
	}
	if r.places == nil {
		r.places = map[string]int{}
	}
	r.places[string(r.room)] = len(r.groups)
	r.groups = append(r.groups, g)
	bytes := int64(rolledBytes + len(r.room) + len(g.totals)*summaryBytes + len(g.keys)*slotBytes)
	r.held += bytes
	return &r.groups[len(r.groups)-1], r.t.grow(bytes)
}

const summaryBytes = 72

// merge adds what another summary says. Of several values at the first time the least counts, at the last time the
// greatest.
func merge(to, from *series.Summary) {
	if from.Count == 0 {
		return
	}
	if to.Count == 0 {
		*to = *from
		return
	}
	to.Count += from.Count
	to.Sum += from.Sum
	to.SumSquares += from.SumSquares
	to.Min, to.Max = math.Min(to.Min, from.Min), math.Max(to.Max, from.Max)
	if from.FirstTime < to.FirstTime || from.FirstTime == to.FirstTime && from.First < to.First {
		to.FirstTime, to.First = from.FirstTime, from.First
	}
	if from.LastTime > to.LastTime || from.LastTime == to.LastTime && from.Last > to.Last {
		to.LastTime, to.Last = from.LastTime, from.Last
	}
}

// fill puts a group into a row.
func (r *rolling) fill(g *rolled, row []value.Value) {
	if r.s.slot >= 0 {
		row[r.s.slot] = r.s.points.time(g.start)
	}
	for i, k := range r.s.keys {
		if k.slot >= 0 {
			row[k.slot] = g.keys[i]
		}
	}
	for i, t := range r.s.totals {
		if t.slot < 0 {
			continue
		}
		row[t.slot] = value.Null()
		if g.totals != nil {
			row[t.slot] = result(t.name, &g.totals[i])
		}
	}
}

// result is what an aggregate comes to. A sum of absent values is 0.
func result(name string, s *series.Summary) value.Value {
	if name == "SUM" {
		return value.Float(s.Sum)
	}
	if s.Count == 0 {
		return value.Null()
	}
	switch name {
	case "AVERAGE":
		return value.Float(s.Sum / float64(s.Count))
	case "MIN":
		return value.Float(s.Min)
	case "MAX":
		return value.Float(s.Max)
	case "FIRST":
		return value.Float(s.First)
	}
	return value.Float(s.Last)
}

// forget lets go of the groups.
func (r *rolling) forget() {
	r.t.shrink(r.held)
	r.held, r.at, r.places, r.groups, r.arena = 0, 0, nil, nil, arena{}
}

func (r *rolling) reset() {
	r.forget()
	r.out.reset()
	r.in.reset()
}

func (r *rolling) close() { r.in.close() }
