package geo

import (
	"sort"
	"strconv"

	"github.com/golang/geo/s2"

	"github.com/selvedge-db/selvedge/value"
)

// maxRings bounds the rings of one polygon, whose order is found by comparing all of them.
const maxRings = 10_000

// polygon reads an outer ring and its holes.
func (r *reader) polygon(s *Shape, v value.Value, where string) error {
	if v.Kind() != value.KindArray || v.Len() == 0 {
		return wrong(where, "want an array of rings, the outer one first")
	}
	if v.Len() > maxRings {
		return wrong(where, "the polygon has more than %d rings", maxRings)
	}
	var loops []*s2.Loop
	for i, ring := range v.Items() {
		loop, err := r.ring(ring, where+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return err
		}
		loops = append(loops, loop)
	}
	if err := untangled(loops, where); err != nil {
		return err
	}
	for i, loop := range loops {
		loop.Normalize()
		if loop.Area() < 1e-20 { // less than a square millimetre: all on one line
			return wrong(where+"["+strconv.Itoa(i)+"]", "the ring encloses nothing")
		}
	}
	if err := nested(loops, where); err != nil {
		return err
	}
	s.polygons = append(s.polygons, s2.PolygonFromLoops(loops))
	return nil
}

// tooMany says that a shape is not worth the time that it would take.
func tooMany(where string) error {
	return wrong(where, "too many edges lie above each other: want fewer than %d pairs that need to be compared", maxPairs)
}

// untangled refuses rings that cross themselves or each other.
func untangled(loops []*s2.Loop, where string) (err error) {
	type place struct{ ring, at int }
	var places []place
	var boxes []box
	for ring, l := range loops {
		for at := range l.NumEdges() {
			places, boxes = append(places, place{ring, at}), append(boxes, edgeBox(l.Edge(at)))
		}
	}
	ok := pairs(boxes, func(i, j int) bool {
		p, q := places[min(i, j)], places[max(i, j)]
		e, o := loops[p.ring].Edge(p.at), loops[q.ring].Edge(q.at)
		if s2.CrossingSign(e.V0, e.V1, o.V0, o.V1) != s2.Cross {
			return true
		}
		at := where + "[" + strconv.Itoa(q.ring) + "]"
		if err = wrong(at, "the ring crosses ring %d", p.ring); p.ring == q.ring {
			err = wrong(at, "the edges from position %d and from position %d meet: a ring must not cross or touch itself", p.at, q.at)
		}
		return false
	})
	if !ok {
		return tooMany(where)
	}
	return err
}

// nested refuses holes that do not lie in the outer ring, and such that overlap. The rings do not cross.
func nested(loops []*s2.Loop, where string) (err error) {
	boxes := make([]box, len(loops)-1)
	for i, hole := range loops[1:] {
		if !encloses(loops[0], hole) {
			return wrong(where+"["+strconv.Itoa(i+1)+"]", "the hole does not lie within the outer ring")
		}
		boxes[i] = rectBox(hole.RectBound())
	}
	ok := pairs(boxes, func(i, j int) bool {
		i, j = min(i, j)+1, max(i, j)+1
		if encloses(loops[i], loops[j]) || encloses(loops[j], loops[i]) {
			err = wrong(where+"["+strconv.Itoa(j)+"]", "the hole overlaps hole %d", i)
		}
		return err == nil
	})
	if !ok {
		return tooMany(where)
	}
	return err
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
	if i, j := repeated(points); i >= 0 {
		return nil, wrong(where, "the ring meets itself at positions %d and %d: it must not cross or touch itself", i, j)
	}
	return s2.LoopFromPoints(points), nil
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

// fewEdges is up to where comparing all pairs of edges is fastest.
const fewEdges = 2_000

// edges are those of a line, a ring, or anything else.
type edges interface {
	NumEdges() int
	Edge(i int) s2.Edge
}

// crossing says whether edges of two shapes cross at a point inside of both.
func crossing(a, b edges) bool {
	if a.NumEdges()*b.NumEdges() > fewEdges {
		if found, ok := crossingFar(a, b); ok {
			return found
		}
	}
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

// crossingFar looks at the edges alone that lie where the other shape is. ok is false when these are too many.
func crossingFar(a, b edges) (found, ok bool) {
	one, two := boxesOf(a), boxesOf(b)
	one, two = meeting(one, two), meeting(two, one)
	boxes := make([]box, 0, len(one)+len(two))
	for _, l := range [][]placed{one, two} {
		for i := range l {
			boxes = append(boxes, l[i].box)
		}
	}
	n := len(one)
	ok = pairs(boxes, func(i, j int) bool {
		if i, j = min(i, j), max(i, j); i >= n || j < n {
			return true
		}
		e, o := one[i].edge, two[j-n].edge
		found = s2.CrossingSign(e.V0, e.V1, o.V0, o.V1) == s2.Cross
		return !found
	})
	return found, ok
}

// placed is an edge and where it lies.
type placed struct {
	box
	edge s2.Edge
}

func boxesOf(s edges) []placed {
	out := make([]placed, s.NumEdges())
	for i := range out {
		out[i].edge = s.Edge(i)
		out[i].box = edgeBox(out[i].edge)
	}
	return out
}

// meeting gives the edges that lie in the box around others.
func meeting(list, others []placed) (out []placed) {
	if len(others) == 0 {
		return nil
	}
	all := others[0].box
	for i := range others {
		all.add(&others[i].box)
	}
	for i := range list {
		if list[i].meets(&all) {
			out = append(out, list[i])
		}
	}
	return out
}

// encloses says whether a ring lies in another, when they do not cross. They may touch at vertices.
func encloses(outer, inner *s2.Loop) bool { return outer.Contains(inner) }

// apart refuses polygons that overlap.
func apart(polygons []*s2.Polygon) (err error) {
	boxes := make([]box, len(polygons))
	for i, p := range polygons {
		boxes[i] = rectBox(p.RectBound())
	}
	ok := pairs(boxes, func(i, j int) bool {
		i, j = min(i, j), max(i, j)
		if p, q := polygons[i], polygons[j]; p.RectBound().Intersects(q.RectBound()) && p.Intersects(q) {
			err = wrong("coordinates["+strconv.Itoa(j)+"]", "the polygon overlaps polygon %d", i)
		}
		return err == nil
	})
	if !ok {
		return tooMany("coordinates")
	}
	return err
}
