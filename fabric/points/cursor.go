package points

import (
	"math"

	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Series opens a cursor over points: it implements rows.Points.
func (v *View) Series(q rows.SeriesQuery) (*Cursor, error) {
	from, to := v.clip(q)
	s := v.table.choose(q.Keys)
	a, err := v.table.arrivals(v.reader, 0, v.wanted(&s, from, to))
	if err != nil {
		return nil, err
	}
	l := v.table.points()
	w, err := v.table.walk(v.reader, l, s, a.series())
	if err != nil {
		return nil, err
	}
	c := &Cursor{walk: w, arrived: a, from: from, to: to}
	c.lane, c.it = l, w.it
	return c, nil
}

// Cursor walks over points in blocks, series by series, in order of time.
type Cursor struct {
	walk     *walk
	arrived  *arrived
	from, to int64
	stretch
	run run
	err error
}

// Next implements rows.PointCursor.
func (c *Cursor) Next() bool {
	for c.err == nil && c.from < c.to {
		if c.key != nil {
			b, err := c.next()
			if c.err = err; err != nil {
				return false
			}
			if b != nil {
				return true
			}
		}
		ok, err := c.walk.step()
		if c.err = err; err != nil || !ok {
			return false
		}
		if c.err = c.series(); c.err != nil {
			return false
		}
	}
	return false
}

// series begins with the series that the walk stands on.
func (c *Cursor) series() error {
	key := string(c.walk.key)
	if _, ok := c.arrived.parts[key]; !ok {
		c.begin([]byte(key), c.from, c.to, nil)
		return nil
	}
	if err := c.arrived.run(key, &c.run); err != nil {
		return err
	}
	c.begin([]byte(key), c.from, c.to, &c.run)
	return nil
}

// Keys implements rows.PointCursor.
func (c *Cursor) Keys() []value.Value { return c.walk.values }

// Times implements rows.PointCursor.
func (c *Cursor) Times() []int64 { return c.block.Times }

// Values implements rows.PointCursor.
func (c *Cursor) Values() [][]float64 { return c.block.Values }

// Err implements rows.PointCursor.
func (c *Cursor) Err() error { return c.err }

// Close implements rows.PointCursor.
func (c *Cursor) Close() error { return c.walk.it.Close() }

func everything() rows.SeriesQuery { return rows.SeriesQuery{From: math.MinInt64, To: math.MaxInt64} }

// Each visits all points that show, block by block.
func (v *View) Each(visit func(c *Cursor) error) error {
	c, err := v.Series(everything())
	if err != nil {
		return err
	}
	for c.Next() {
		if err := visit(c); err != nil {
			_ = c.Close()
			return err
		}
	}
	if c.err != nil {
		_ = c.Close()
		return c.err
	}
	return c.Close()
}

// Count gives the number of points that show: of those counted when they were merged, with those that arrived since, and
// without those that have expired.
func (v *View) Count() (int64, error) {
	kept, err := v.table.Kept(v.reader)
	if err != nil {
		return 0, err
	}
	a, err := v.table.arrivals(v.reader, 0, nil)
	if err != nil {
		return 0, err
	}
	l := v.table.points()
	w, err := v.table.walk(v.reader, l, selection{}, a.series())
	if err != nil {
		return 0, err
	}
	defer func() { _ = w.it.Close() }()
	s := stretch{lane: l, it: w.it}
	count := func(key []byte, from, to int64, r *run) (n int64, err error) {
		s.begin(key, from, to, r)
		for {
			b, err := s.next()
			if err != nil || b == nil {
				return n, err
			}
			n += int64(b.Len())
		}
	}
	since := v.since()
	var r run
	for _, key := range a.series() {
		if err := a.run(key, &r); err != nil {
			return 0, err
		}
		from, to := r.Times[0], r.Times[r.Len()-1]+1
		with, err := count([]byte(key), from, to, &r)
		if err != nil {
			return 0, err
		}
		without, err := count([]byte(key), from, to, nil)
		if err != nil {
			return 0, err
		}
		kept += with - without
	}
	for since > math.MinInt64 {
		ok, err := w.step()
		if err != nil || !ok {
			return kept, err
		}
		with := &r
		if _, there := a.parts[string(w.key)]; !there {
			with = nil
		} else if err := a.run(string(w.key), with); err != nil {
			return 0, err
		}
		hidden, err := count(append([]byte(nil), w.key...), math.MinInt64, since, with)
		if err != nil {
			return 0, err
		}
		kept -= hidden
	}
	return kept, nil
}
