package memory

import (
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// point is one point of a time series.
type point struct {
	keys   []value.Value
	time   int64
	values []float64
}

func (p point) compare(q point) int {
	for i := range p.keys {
		if order := value.Compare(p.keys[i], q.keys[i]); order != 0 {
			return order
		}
	}
	return int(min(1, max(-1, p.time-q.time)))
}

// Point adds a point to a time series collection; NaN is an absent value. A point of the same series and time is
// replaced.
func (d *Data) Point(collection string, keys []value.Value, timeMs int64, values ...float64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	in, ok := d.state.collections[collection]
	if !ok {
		return refuse(NumberCollection, "collection '%s' is not known", collection)
	}
	p := point{keys: keys, time: timeMs, values: values}
	to := &stored{about: in.about, rows: in.rows, points: slices.Clone(in.points)}
	at, found := slices.BinarySearchFunc(to.points, p, point.compare)
	if found {
		to.points[at] = p
	} else {
		to.points = slices.Insert(to.points, at, p)
	}
	s := d.state.clone()
	s.collections[collection] = to
	d.state = s
	return nil
}

// selected lists the points of a query.
func (s *snapshot) selected(c *rows.Collection, q rows.SeriesQuery) ([]point, error) {
	in, err := s.stored(c)
	if err != nil {
		return nil, err
	}
	var list []point
	for _, p := range in.points {
		fits := p.time >= q.From && p.time < q.To
		for i, want := range q.Keys {
			fits = fits && (want == nil || value.Equal(*want, p.keys[i]))
		}
		if fits {
			list = append(list, p)
		}
	}
	return list, nil
}

// longestBlock is small, so that readers meet several blocks of one series.
const longestBlock = 7

func (s *snapshot) Series(c *rows.Collection, q rows.SeriesQuery) (rows.PointCursor, error) {
	list, err := s.selected(c, q)
	if err != nil {
		return nil, err
	}
	return &pointCursor{rest: list, fields: len(c.Series.Values)}, nil
}

type pointCursor struct {
	rest   []point
	block  []point
	fields int
}

func sameSeries(p, q point) bool { return slices.EqualFunc(p.keys, q.keys, value.Identical) }

func (c *pointCursor) Next() bool {
	n := 0
	for n < len(c.rest) && n < longestBlock && sameSeries(c.rest[0], c.rest[n]) {
		n++
	}
	c.block, c.rest = c.rest[:n], c.rest[n:]
	return n > 0
}

func (c *pointCursor) Keys() []value.Value { return c.block[0].keys }

func (c *pointCursor) Times() []int64 {
	times := make([]int64, len(c.block))
	for i, p := range c.block {
		times[i] = p.time
	}
	return times
}

func (c *pointCursor) Values() [][]float64 {
	values := make([][]float64, c.fields)
	for f := range values {
		for _, p := range c.block {
			values[f] = append(values[f], p.values[f])
		}
	}
	return values
}

func (c *pointCursor) Err() error   { return nil }
func (c *pointCursor) Close() error { return nil }

func (s *snapshot) Rollups(c *rows.Collection, q rows.SeriesQuery, bucketMs int64) (rows.RollupCursor, bool, error) {
	if c.Series == nil || !slices.Contains(c.Series.Rollups, bucketMs) {
		return nil, false, nil
	}
	list, err := s.selected(c, q)
	if err != nil {
		return nil, false, err
	}
	return &rollupCursor{rest: list, bucket: bucketMs, fields: len(c.Series.Values)}, true, nil
}

type rollupCursor struct {
	rest, block    []point
	bucket, starts int64
	fields         int
}

func floor(t, bucket int64) int64 { return t - (t%bucket+bucket)%bucket }

func (c *rollupCursor) Next() bool {
	if len(c.rest) == 0 {
		return false
	}
	c.starts = floor(c.rest[0].time, c.bucket)
	n := 0
	for n < len(c.rest) && sameSeries(c.rest[0], c.rest[n]) && floor(c.rest[n].time, c.bucket) == c.starts {
		n++
	}
	c.block, c.rest = c.rest[:n], c.rest[n:]
	return true
}

func (c *rollupCursor) Keys() []value.Value { return c.block[0].keys }

func (c *rollupCursor) Buckets() []rows.Rollup {
	buckets := make([]rows.Rollup, c.fields)
	for f := range buckets {
		b := rows.Rollup{Start: c.starts, Min: math.Inf(1), Max: math.Inf(-1)}
		for _, p := range c.block {
			v := p.values[f]
			if math.IsNaN(v) {
				continue
			}
			if b.Count == 0 {
				b.First, b.FirstTime = v, p.time
			}
			b.Last, b.LastTime = v, p.time
			b.Count++
			b.Sum += v
			b.SumSquares += v * v
			b.Min, b.Max = min(b.Min, v), max(b.Max, v)
		}
		buckets[f] = b
	}
	return buckets
}

func (c *rollupCursor) Err() error   { return nil }
func (c *rollupCursor) Close() error { return nil }
