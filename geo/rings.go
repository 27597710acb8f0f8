package geo

import (
	"sort"
	"strconv"

	"github.com/golang/geo/s2"

	"github.com/selvedge-db/selvedge/value"
)

// polygon reads an outer ring and its holes.
func (r *reader) polygon(s *Shape, v value.Value, where string) error {
	if v.Kind() != value.KindArray || v.Len() == 0 {
		return wrong(where, "want an array of rings, the outer one first")
	}
	var loops []*s2.Loop
	for i, ring := range v.Items() {
		at := where + "[" + strconv.Itoa(i) + "]"
		loop, err := r.ring(ring, at)
		if err != nil {
			return err
		}
		for j, other := range loops {
			if crossing(loop, other) {
				return wrong(at, "the ring crosses ring %d", j)
			}
		}
		if i > 0 && !encloses(loops[0], loop) {
			return wrong(at, "the hole does not lie within the outer ring")
		}
		for j, other := range loops[min(1, len(loops)):] {
			if encloses(other, loop) || encloses(loop, other) {
				return wrong(at, "the hole overlaps hole %d", j+1)
			}
		}
		loops = append(loops, loop)
	}
	s.polygons = append(s.polygons, s2.PolygonFromLoops(loops))
	return nil
}

// ring reads one ring, which says its first position again at the end.
func (r *reader) ring(v value.Value, where string) (*s2.Loop, error) {
	points, err := r.positions(v, where, 4)
	if err != nil {
		return nil, err
	}
	if points[0] != points[len(points)-1] {
		return nil, wrong(where, "the ring is not closed: want its last position to equal the first")
	}
	points = withoutRepeats(points)
	points = points[:len(points)-1]
	if len(points) < 3 {
		return nil, wrong(where, "the ring has %d positions that differ: want at least 3", len(points))
	}
	if i := opposite(points, true); i >= 0 {
		return nil, wrong(where+"["+strconv.Itoa(i)+"]", "the next position lies opposite on the globe: put one between them")
	}
	loop := s2.LoopFromPoints(points)
	if i, j := selfCrossing(loop); i >= 0 {
		return nil, wrong(where, "the edges from position %d and from position %d meet: a ring must not cross or touch itself", i, j)
	}
	loop.Normalize()
	if loop.Area() < 1e-20 { // less than a square millimetre: all on one line
		return nil, wrong(where, "the ring encloses nothing")
	}
	return loop, nil
}

// fewEdges is up to where comparing all pairs of edges is faster than an index of them.
const fewEdges = 2_000

// selfCrossing finds two edges of a ring that meet other than one after the other, -1 when there are none.
func selfCrossing(l *s2.Loop) (int, int) {
	if i, j := repeated(l.Vertices()); i >= 0 {
		return i, j
	}
	n := l.NumVertices()
	if n*n <= fewEdges {
		for i := range n - 2 {
			crosser := s2.NewChainEdgeCrosser(l.Vertex(i), l.Vertex(i+1), l.Vertex(i+2))
			for j := i + 2; j < n; j++ {
				if crosser.ChainCrossingSign(l.Vertex(j+1)) == s2.Cross {
					return i, j
				}
			}
		}
		return -1, -1
	}
	query, shape := indexed(l)
	for i := range n {
		e := shape.Edge(i)
		if found := query.Crossings(e.V0, e.V1, shape, s2.CrossingTypeInterior); len(found) > 0 {
			return i, found[0]
		}
	}
	return -1, -1
}

// repeated finds a vertex that comes twice.
func repeated(points []s2.Point) (int, int) {
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return points[order[a]].Cmp(points[order[b]].Vector) < 0 })
	for i := 1; i < len(order); i++ {
		if points[order[i]] == points[order[i-1]] {
			return min(order[i], order[i-1]), max(order[i], order[i-1])
		}
	}
	return -1, -1
}

// indexed makes a shape ready for many questions about crossings.
func indexed(s s2.Shape) (*s2.CrossingEdgeQuery, s2.Shape) {
	index := s2.NewShapeIndex()
	index.Add(s)
	return s2.NewCrossingEdgeQuery(index), s
}

// crossing says whether edges of two shapes cross at a point inside of both.
func crossing(a, b s2.Shape) bool {
	if a.NumEdges() < b.NumEdges() {
		a, b = b, a
	}
	if a.NumEdges()*b.NumEdges() <= fewEdges {
		for i := range b.NumEdges() {
			e := b.Edge(i)
			crosser := s2.NewEdgeCrosser(e.V0, e.V1)
			for j := range a.NumEdges() {
				o := a.Edge(j)
				if crosser.CrossingSign(o.V0, o.V1) == s2.Cross {
					return true
				}
			}
		}
		return false
	}
	query, shape := indexed(a)
	for i := range b.NumEdges() {
		e := b.Edge(i)
		if len(query.Crossings(e.V0, e.V1, shape, s2.CrossingTypeInterior)) > 0 {
			return true
		}
	}
	return false
}

// encloses says whether a ring lies in another, when they do not cross. They may touch at vertices.
func encloses(outer, inner *s2.Loop) bool { return outer.Contains(inner) }

// apart refuses polygons that overlap.
func apart(polygons []*s2.Polygon) error {
	for i, p := range polygons {
		for j, q := range polygons[:i] {
			if p.RectBound().Intersects(q.RectBound()) && p.Intersects(q) {
				return wrong("coordinates["+strconv.Itoa(i)+"]", "the polygon overlaps polygon %d", j)
			}
		}
	}
	return nil
}
