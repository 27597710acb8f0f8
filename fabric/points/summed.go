package points

import (
	"bytes"
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// Rollups opens a cursor over roll-ups that are kept; ok is false when those of this span are not. A bucket that the query
// holds in part is summed up from the part.
func (v *View) Rollups(q rows.SeriesQuery, b series.Bucket) (c *Rollups, ok bool, err error) {
	if !slices.Contains(v.table.Decl.Rollups, b) {
		return nil, false, nil
	}
	c, err = v.Summaries(q, b)
	if err == nil {
		c.kept = v.table.rollup(b)
		c.keptIt, err = v.reader.Scan(c.kept.prefix, layout.End(c.kept.prefix))
	}
	return c, true, err
}

// Summaries opens a cursor that sums points up in buckets, whether roll-ups are kept or not.
func (v *View) Summaries(q rows.SeriesQuery, b series.Bucket) (*Rollups, error) {
	points, err := v.Series(q)
	if err != nil {
		return nil, err
	}
	return &Rollups{view: v, bucket: b, points: points, row: -1}, nil
}

// Rollups walks over buckets, series by series, in order of time.
type Rollups struct {
	view   *View
	bucket series.Bucket
	points *Cursor
	kept   lane
	keptIt kv.Iterator // nil: everything is computed
	out    series.Block
	row    int
	now    []rows.Rollup
	err    error
}

// Next implements rows.RollupCursor.
func (c *Rollups) Next() bool {
	for c.err == nil {
		if c.row++; c.row < c.out.Len() {
			return true
		}
		ok, err := c.points.walk.step()
		if c.err = err; err != nil || !ok || c.points.from >= c.points.to {
			return false
		}
		if c.err = c.points.series(); c.err != nil {
			return false
		}
		c.row = -1
		c.err = c.series()
	}
	return false
}

// Keys implements rows.RollupCursor.
func (c *Rollups) Keys() []value.Value { return c.points.walk.values }

// Buckets implements rows.RollupCursor.
func (c *Rollups) Buckets() []rows.Rollup {
	c.now = c.now[:0]
	points := int64(c.out.Values[len(c.out.Values)-1][c.row])
	for i := range c.view.table.Decl.Values {
		s := series.TakeSummary(&c.out, i*series.SummaryFields, c.row)
		c.now = append(c.now, rows.Rollup{Start: c.out.Times[c.row], Count: s.Count, Sum: s.Sum, Min: s.Min, Max: s.Max, First: s.First, Last: s.Last,
			FirstTime: s.FirstTime, LastTime: s.LastTime, SumSquares: s.SumSquares, Points: points})
	}
	return c.now
}

// Err implements rows.RollupCursor.
func (c *Rollups) Err() error { return c.err }

// Close implements rows.RollupCursor.
func (c *Rollups) Close() error {
	err := c.points.Close()
	if c.keptIt != nil {
		if failed := c.keptIt.Close(); err == nil {
			err = failed
		}
	}
	return err
}

// series sums the series up on which the points stand, as far as nothing is kept.
func (c *Rollups) series() error {
	from, to := c.points.from, c.points.to
	c.out.Reset(rollupColumns(len(c.view.table.Decl.Values)))
	if c.keptIt == nil {
		return c.compute(span{from: from, to: to}, nil)
	}
	reach, begun, err := c.view.table.reach(c.view.reader, c.points.key)
	if err != nil {
		return err
	}
	if !begun {
		return c.compute(span{from: from, to: to}, nil)
	}
	bad, err := c.unkept(from, to, reach)
	if err != nil {
		return err
	}
	at := from
	for _, s := range bad {
		if err := c.copy(at, s.from); err != nil {
			return err
		}
		if err := c.compute(s, nil); err != nil {
			return err
		}
		at = s.to
	}
	return c.end(at, to, reach)
}

// end sums up what lies at and behind the reach of the roll-ups, going on with the bucket in which it lies. From at on all
// that is kept holds.
func (c *Rollups) end(at, to, reach int64) error {
	if at >= to {
		return nil
	}
	if reach <= at {
		return c.compute(span{from: at, to: to}, nil)
	}
	if to <= reach {
		return c.copy(at, to)
	}
	first := start(c.bucket, reach)
	if err := c.copy(at, first); err != nil {
		return err
	}
	if first == reach {
		return c.compute(span{from: reach, to: to}, nil)
	}
	row, err := c.rows(first, first+1)
	if err != nil {
		return err
	}
	if row.Len() == 0 {
		return c.compute(span{from: reach, to: to}, nil)
	}
	return c.compute(span{from: reach, to: to}, row)
}

// unkept gives the stretches before the reach of the roll-ups in which what is kept does not answer: in whole buckets,
// less what the query leaves out of them.
func (c *Rollups) unkept(from, to, reach int64) ([]span, error) {
	var bad []span
	add := func(lower, upper int64) { // in buckets
		if lower < upper && lower < reach {
			bad = append(bad, span{from: max(from, start(c.bucket, lower)), to: min(to, c.bucket.Next(start(c.bucket, upper-1)))})
		}
	}
	if from > series.FirstTime && c.bucket.Start(from) < from {
		add(from, from+1)
	}
	if to <= series.LastTime && c.bucket.Start(to) < to {
		add(to-1, to)
	}
	t := c.view.table
	lower := append(t.key(stale), c.points.key...)
	err := func() error {
		it, err := c.view.reader.Scan(sortable(bytes.Clone(lower), math.MinInt64), sortable(bytes.Clone(lower), math.MaxInt64))
		if err != nil {
			return err
		}
		defer func() { _ = it.Close() }()
		for it.Next() {
			if len(it.Key()) != len(lower)+timeBytes || len(it.Value()) != timeBytes {
				return corrupt(it.Key(), malformed("the note of a stretch is cut off"))
			}
			begin, end := unsortable(it.Key()[len(lower):]), min(unsortable(it.Value()), reach)
			add(max(begin, series.FirstTime, from), min(end, to))
		}
		return it.Err()
	}()
	if err != nil {
		return nil, err
	}
	if a := c.points.arrived; c.points.stretch.arrived != nil && a != nil {
		times := c.points.run.Times
		for i := 0; i < len(times) && times[i] < min(reach, to); {
			if times[i] < from {
				i++
				continue
			}
			end := c.bucket.Next(c.bucket.Start(times[i]))
			add(times[i], times[i]+1)
			i += search(times[i:], end)
		}
	}
	return together(bad), nil
}

// together sorts stretches and joins those that meet.
func together(list []span) (out []span) {
	slices.SortFunc(list, func(a, b span) int {
		if a.from != b.from {
			return int(min(1, max(-1, a.from-b.from)))
		}
		return 0
	})
	for _, s := range list {
		if s.from >= s.to {
			continue
		}
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// rows reads kept summaries whose buckets begin between two times.
func (c *Rollups) rows(from, to int64) (*series.Block, error) {
	out := &series.Block{}
	out.Reset(c.kept.fields)
	s := stretch{lane: c.kept, it: c.keptIt}
	s.begin(c.points.key, from, to, nil)
	for {
		b, err := s.next()
		if err != nil || b == nil {
			return out, err
		}
		out.AppendFrom(b, 0, b.Len())
	}
}

// copy takes over what is kept between two times.
func (c *Rollups) copy(from, to int64) error {
	if from >= to {
		return nil
	}
	b, err := c.rows(from, to)
	if err == nil {
		c.out.AppendFrom(b, 0, b.Len())
	}
	return err
}

// compute sums the points of a stretch up, going on with a kept summary when there is one.
func (c *Rollups) compute(s span, on *series.Block) error {
	f := folding{bucket: c.bucket, fields: len(c.view.table.Decl.Values)}
	if on != nil {
		f.resume(on, 0)
	}
	p := c.points
	p.begin(p.key, s.from, s.to, p.stretch.arrived)
	for {
		b, err := p.next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		f.add(b)
	}
	f.flush()
	if f.out.Len() > 0 {
		c.out.AppendFrom(&f.out, 0, f.out.Len())
	}
	return nil
}
