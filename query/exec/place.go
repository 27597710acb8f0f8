package exec

import (
	"encoding/binary"
	"math"

	"github.com/selvedge-db/selvedge/geo"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/text"
	"github.com/selvedge-db/selvedge/value"
)

// placeAccess finds documents by their place.
type placeAccess struct {
	places
	center, shape, low, high closure.Eval
	lowOpen, highOpen        bool
	sorted, farthest         bool
	nowhere                  bool // documents without a place count too, with the distance null
	relation                 string
	slot                     int // for the distance
}

// places reads the shapes of documents.
type places struct {
	collection *rows.Collection
	index      *rows.Index
	extract    *value.Extractor
}

func placesOf(c *rows.Collection, x *rows.Index) places {
	var paths []value.Path
	for _, f := range x.Fields {
		paths = append(paths, f.Path)
	}
	return places{collection: c, index: x, extract: value.NewExtractor(paths...)}
}

func (s *scope) geoAccess(n *plan.Index, a plan.Access) (access, error) {
	g := a.Geo
	out := &placeAccess{
		places: placesOf(n.Collection, a.Index), sorted: g.Sorted, farthest: g.Descending, relation: g.Relation,
		nowhere: g.Nowhere, slot: s.slot(g.Distance),
	}
	ends := [2]plan.Limit{}
	if g.Min != nil {
		ends[0], out.lowOpen = *g.Min, !g.Min.Inclusive
	}
	if g.Max != nil {
		ends[1], out.highOpen = *g.Max, !g.Max.Inclusive
	}
	evals, err := s.exprs(g.Center, g.Shape, ends[0].Expr, ends[1].Expr)
	if err != nil {
		return nil, err
	}
	out.center, out.shape, out.low, out.high = evals[0], evals[1], evals[2], evals[3]
	return out, nil
}

// repeats: shapes that are no points have several entries.
func (a *placeAccess) repeats() bool { return a.shape != nil }

// asked is what a row asks of places.
type asked struct {
	center            *geo.Shape
	at                geo.Point
	low, high         float64
	lowOpen, highOpen bool
	never             bool // null is no distance that is asked for
	shape             *geo.Shape
	relation          string
}

func (a *placeAccess) open(x *index, row []value.Value) (finder, error) {
	q := asked{low: 0, high: geo.Farthest, lowOpen: a.lowOpen, highOpen: a.highOpen, relation: a.relation}
	t := x.t
	some, unplaced := true, finder(&keys{})
	if a.low != nil {
		v := a.low(&t.env, row)
		q.low, some = limit(v, false)
		q.never = q.never || !v.IsNull() || a.lowOpen
	}
	if a.high != nil {
		v := a.high(&t.env, row)
		high, fits := limit(v, true)
		q.high, some = high, some && fits
		q.never = q.never || v.IsNull() && a.highOpen
	}
	x.slot = a.slot
	nowhere := a.nowhere && !q.never
	if nowhere {
		unplaced = &unmeasured{places: &a.places, keysFound: keysFound{t: t}, x: x, intervals: []geo.Interval{{}}}
	}
	var err error
	if a.center != nil {
		if q.center, err = geo.Parse(a.center(&t.env, row)); err != nil {
			t.warn(1505, "the place to search around is none: "+err.Error())
			if nowhere { // nothing has a distance from it
				unplaced = &unmeasured{places: &a.places, keysFound: keysFound{t: t}, x: x, intervals: []geo.Interval{{Lo: 0, Hi: math.MaxUint64 - 1}}}
			}
			return unplaced, nil
		}
		q.at = q.center.Centroid()
	}
	if a.shape != nil {
		if q.shape, err = geo.Parse(a.shape(&t.env, row)); err != nil {
			t.warn(1505, "the shape to search with is none: "+err.Error())
			return &keys{}, nil
		}
	}
	if !some {
		return unplaced, nil
	}
	placed := a.placed(x, q)
	if !nowhere {
		return placed, nil
	}
	if a.farthest {
		return &both{placed, unplaced}, nil
	}
	return &both{unplaced, placed}, nil
}

// placed finds what has a place.
func (a *placeAccess) placed(x *index, q asked) finder {
	if a.sorted && q.center != nil {
		search := geo.Search{Center: q.at, Min: max(0, q.low), Max: q.high, Limit: max(0, int(x.left)), Farthest: a.farthest}
		return &nearest{places: &a.places, t: x.t, x: x, q: q, near: geo.NewNear(search)}
	}
	return &around{places: &a.places, keysFound: keysFound{t: x.t}, x: x, q: q, intervals: q.intervals(!a.index.GeoJSON)}
}

// both gives what one finder finds, and then what the other does.
type both struct{ first, second finder }

func (b *both) next() (key, entry []byte, err error) {
	if b.first != nil {
		if key, entry, err = b.first.next(); key != nil || err != nil {
			return key, entry, err
		}
		if err := b.first.close(); err != nil {
			return nil, nil, err
		}
		b.first = nil
	}
	return b.second.next()
}

func (b *both) close() error {
	if b.first != nil {
		if err := b.first.close(); err != nil {
			return err
		}
	}
	return b.second.close()
}

// keysFound are the keys that a search still has to look at.
type keysFound struct {
	t    *task
	list []string
	held int64
}

// add notes a key. When that takes too much memory the task has failed.
func (k *keysFound) add(key []byte) {
	bytes := int64(len(key) + slotBytes)
	k.held += bytes
	if k.t.grow(bytes) == nil {
		k.list = append(k.list, string(key))
	}
}

// take gives the next one.
func (k *keysFound) take() (key string, ok bool) {
	if len(k.list) == 0 {
		_ = k.close()
		k.list = nil
		return "", false
	}
	key, k.list = k.list[0], k.list[1:]
	return key, true
}

func (k *keysFound) close() error {
	k.t.shrink(k.held)
	k.held = 0
	return nil
}

// unmeasured gives documents that have no distance.
type unmeasured struct {
	*places
	keysFound
	x         *index
	intervals []geo.Interval
}

func (u *unmeasured) next() (key, entry []byte, err error) {
	if len(u.intervals) > 0 {
		i := u.intervals[0]
		u.intervals = nil
		if _, err := u.scan(u.t, i, false, 0, func(cell uint64, key []byte) {
			if cell == geo.Nowhere || geo.IsCentroid(cell) {
				u.add(key)
			}
		}); err != nil {
			return nil, nil, err
		}
	}
	k, ok := u.take()
	if !ok {
		return nil, nil, nil
	}
	u.x.loaded, u.x.distance = false, value.Null()
	return []byte(k), nil, nil
}

// limit is a limit of the distance, in the order of all values; false when no distance can keep it.
func limit(v value.Value, high bool) (float64, bool) {
	switch {
	case v.Kind() == value.KindNumber:
		return v.Float64(), true
	case high:
		return geo.Farthest, v.Kind() > value.KindNumber
	}
	return 0, v.Kind() < value.KindNumber
}

// intervals are those in which all that is asked for has an entry. An index may hold points alone.
func (q *asked) intervals(points bool) []geo.Interval {
	switch {
	case q.shape == nil:
		return geo.Within(q.at, max(0, q.low), q.high)
	case points:
		return geo.Holding(q.shape)
	case q.relation == "within":
		return geo.Around(q.shape)
	}
	return geo.Touching(q.shape)
}

// fits tells whether a shape is what is asked for, and how far away it is.
func (q *asked) fits(s *geo.Shape) (float64, bool) {
	d := 0.0
	if q.center != nil {
		if d = s.Distance(q.at); !q.near(d) {
			return d, false
		}
	}
	switch {
	case q.shape == nil:
		return d, true
	case q.relation == "within":
		return d, s.Contains(q.shape)
	case q.relation == "contains":
		return d, q.shape.Contains(s)
	}
	return d, q.shape.Intersects(s)
}

func (q *asked) near(d float64) bool {
	return (d > q.low || d == q.low && !q.lowOpen) && (d < q.high || d == q.high && !q.highOpen)
}

// load reads a document and its shape; nil when it has none that is valid.
func (p *places) load(t *task, key string) (rows.Row, *geo.Shape, error) {
	doc, found, err := t.Snapshot.Get(p.collection, key)
	if err != nil || !found {
		return doc, nil, err
	}
	shape, err := geo.FromFields(p.index.GeoJSON, p.extract.Extract(doc.Text, nil)...)
	if err != nil {
		return doc, nil, nil // such documents have no entries
	}
	return doc, shape, nil
}

// scan reads entries of an interval.
func (p *places) scan(t *task, i geo.Interval, reverse bool, limit int, take func(cell uint64, key []byte)) (int, error) {
	lower, upper := i.Bounds()
	c, err := t.entries(p.collection, p.index, rows.Bounds{Lower: lower, Upper: upper, Reverse: reverse})
	if err != nil {
		return 0, err
	}
	n := 0
	for (limit == 0 || n < limit) && c.Next() {
		n++
		if err := t.step(); err != nil {
			break
		}
		if entry := c.Entry(); len(entry) >= 8 {
			take(binary.BigEndian.Uint64(entry), c.Key())
		}
	}
	err = c.Err()
	if closed := c.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = t.failed
	}
	return n, err
}

// around gives what lies in a number of intervals and fits.
type around struct {
	*places
	keysFound
	x         *index
	q         asked
	intervals []geo.Interval
}

func (a *around) next() (key, entry []byte, err error) {
	for {
		for k, ok := a.take(); ok; k, ok = a.take() {
			doc, shape, err := a.load(a.t, k)
			if err != nil {
				return nil, nil, err
			}
			if shape == nil {
				continue
			}
			d, ok := a.q.fits(shape)
			if !ok {
				a.t.stats.Filtered++
				continue
			}
			a.x.doc, a.x.loaded, a.x.distance = doc, true, value.Float(d)
			return []byte(k), nil, nil
		}
		if len(a.intervals) == 0 {
			return nil, nil, nil
		}
		i := a.intervals[0]
		a.intervals = a.intervals[1:]
		_, err := a.scan(a.t, i, false, 0, func(cell uint64, key []byte) {
			if a.q.shape != nil || geo.IsCentroid(cell) {
				a.add(key)
			}
		})
		if err != nil {
			return nil, nil, err
		}
	}
}

// nearest gives documents by distance.
type nearest struct {
	*places
	t    *task
	x    *index
	q    asked
	near *geo.Near
	held int64
	// measured are the documents whose distance was asked for, until they come or the search ends.
	measured map[string]rows.Row
}

func (n *nearest) next() (key, entry []byte, err error) {
	for {
		step := n.near.Next()
		switch step.Kind {
		case geo.Read:
			err = n.read(step)
		case geo.Measure:
			err = n.measure(step.Key)
		case geo.Result:
			doc := n.measured[step.Key]
			delete(n.measured, step.Key)
			if n.q.near(step.Distance) {
				n.x.doc, n.x.loaded, n.x.distance = doc, true, value.Float(step.Distance)
				return []byte(step.Key), nil, nil
			}
		default:
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

func (n *nearest) read(step geo.Step) error {
	left := step.Limit
	for i := range step.Intervals {
		at := i
		if step.Reverse {
			at = len(step.Intervals) - 1 - i
		}
		read, err := n.scan(n.t, step.Intervals[at], step.Reverse, left, n.near.Entry)
		if err != nil {
			return err
		}
		if step.Limit > 0 {
			if left -= read; left <= 0 {
				break
			}
		}
	}
	bytes := int64(n.near.Bytes())
	grown := bytes - n.held
	n.held = bytes
	if grown < 0 {
		n.t.shrink(-grown)
		return nil
	}
	return n.t.grow(grown)
}

func (n *nearest) measure(key string) error {
	doc, shape, err := n.load(n.t, key)
	if err != nil {
		return err
	}
	if shape == nil {
		n.near.Dismiss()
		return nil
	}
	d, ok := n.q.fits(shape)
	if !ok && n.q.shape != nil {
		n.near.Dismiss()
		return nil
	}
	n.near.Measured(d)
	if n.measured == nil {
		n.measured = map[string]rows.Row{}
	}
	n.measured[key] = doc
	return nil
}

func (n *nearest) close() error {
	n.t.shrink(n.held)
	n.held = 0
	return nil
}

// wordAccess finds documents by words.
type wordAccess struct {
	collection   *rows.Collection
	index        *rows.Index
	query, limit closure.Eval
}

func (s *scope) wordAccess(n *plan.Index, a plan.Access) (access, error) {
	evals, err := s.exprs(a.Fulltext.Query, a.Fulltext.Limit)
	if err != nil {
		return nil, err
	}
	return &wordAccess{collection: n.Collection, index: a.Index, query: evals[0], limit: evals[1]}, nil
}

func (a *wordAccess) repeats() bool { return false }

func (a *wordAccess) open(x *index, row []value.Value) (finder, error) {
	limit := 0
	if a.limit != nil {
		limit = max(0, int(a.limit(&x.t.env, row).Float64()))
	}
	list, err := x.t.words(a.collection, a.index, a.query(&x.t.env, row).Str(), limit)
	return &keys{list: list}, err
}

// words finds the keys of documents by a fulltext query; limit 0 gives all.
func (t *task) words(c *rows.Collection, x *rows.Index, query string, limit int) ([]string, error) {
	q, err := text.Parse(query)
	if err != nil {
		return nil, &Error{Number: 1505, Code: "query-fulltext", Text: err.Error()}
	}
	list, err := q.Select(func(lower, upper []byte) ([]string, error) {
		return t.keysBetween(c, x, rows.Bounds{Lower: lower, Upper: upper})
	})
	if limit > 0 {
		list = list[:min(len(list), limit)]
	}
	return list, err
}

// keysBetween reads the keys of entries.
func (t *task) keysBetween(c *rows.Collection, x *rows.Index, b rows.Bounds) ([]string, error) {
	cursor, err := t.entries(c, x, b)
	if err != nil {
		return nil, err
	}
	var out []string
	for cursor.Next() && t.step() == nil {
		out = append(out, string(cursor.Key()))
		if t.growTransient(len(cursor.Key())+slotBytes) != nil {
			break
		}
	}
	err = cursor.Err()
	if closed := cursor.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = t.failed
	}
	return out, err
}
