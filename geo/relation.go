package geo

import (
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// touch is the square of the chord within which points and lines count as touching: a centimetre.
const (
	touchAngle = 0.01 / EarthRadius
	touch      = s1.ChordAngle(touchAngle * touchAngle)
)

// Contains says whether every point of the other shape lies in this one. Points contain equal points, lines the points
// on them and lines that follow them from vertex to vertex, polygons whatever lies in one of them.
func (s *Shape) Contains(o *Shape) bool {
	for _, p := range o.points {
		if !s.holds(p) {
			return false
		}
	}
	for _, l := range o.lines {
		if !s.holdsLine(l) {
			return false
		}
	}
	for _, p := range o.polygons {
		if !slices.ContainsFunc(s.polygons, func(q *s2.Polygon) bool { return q.Contains(p) }) {
			return false
		}
	}
	return true
}

// holds says whether a point lies in or on the shape.
func (s *Shape) holds(p s2.Point) bool {
	if s.near != nil {
		return s.near.touches(p)
	}
	for _, q := range s.points {
		if near(p, q) {
			return true
		}
	}
	for _, q := range s.polygons {
		if q.ContainsPoint(p) {
			return true
		}
	}
	return false
}

func near(p, q s2.Point) bool { return p == q || s2.ChordAngleBetweenPoints(p, q) <= touch }

func onEdge(p s2.Point, e s2.Edge) bool {
	d, ok := s2.UpdateMinDistance(p, e.V0, e.V1, s1.StraightChordAngle)
	return ok && d <= touch
}

func (s *Shape) holdsLine(l *s2.Polyline) bool {
	for _, p := range s.polygons {
		if p.ContainsPoint((*l)[0]) && !crossing(p, l) && allWithin(p, *l) {
			return true
		}
	}
	for _, other := range s.lines {
		if follows(*l, *other) {
			return true
		}
	}
	return false
}

func allWithin(p *s2.Polygon, points []s2.Point) bool {
	for _, v := range points {
		if !p.ContainsPoint(v) {
			return false
		}
	}
	return true
}

// follows says whether the vertices of a line are consecutive ones of another, in either direction.
func follows(l, other s2.Polyline) bool {
	if len(l) > len(other) {
		return false
	}
	for start := range len(other) - len(l) + 1 {
		part := other[start : start+len(l)]
		same, back := true, true
		for i, p := range part {
			same = same && near(p, l[i])
			back = back && near(p, l[len(l)-1-i])
		}
		if same || back {
			return true
		}
	}
	return false
}

// Intersects says whether the shapes have a point in common.
func (s *Shape) Intersects(o *Shape) bool {
	if slices.ContainsFunc(o.points, s.holds) || slices.ContainsFunc(s.points, o.holds) {
		return true
	}
	if len(s.lines) > 0 && len(o.lines) > 0 && s.near.meets(o.near) || s.meetsLines(o) || o.meetsLines(s) {
		return true
	}
	for _, p := range o.polygons {
		for _, q := range s.polygons {
			if p.Intersects(q) {
				return true
			}
		}
	}
	return false
}

// meetsLines says whether a polygon of the shape meets a line of the other.
func (s *Shape) meetsLines(o *Shape) bool {
	for _, p := range s.polygons {
		for _, l := range o.lines {
			if slices.ContainsFunc(*l, p.ContainsPoint) || crossing(p, l) {
				return true
			}
		}
	}
	return false
}

// meets says whether two strips of lines touch.
func (t *strip) meets(o *strip) bool {
	ends := func(of, on *strip) bool {
		return slices.ContainsFunc(of.edges, func(e s2.Edge) bool { return on.touches(e.V0) || on.touches(e.V1) })
	}
	return crossing(t, o) || ends(t, o) || ends(o, t)
}

// Equal says whether two shapes are of one kind and have the same points, lines and rings, in any order; a ring may
// begin anywhere and turn either way, a line runs from its first point to its last.
func (s *Shape) Equal(o *Shape) bool {
	points, others := s.points, o.points
	if len(points) > fewPoints && len(points) == len(others) {
		points, others = alongCurve(points), alongCurve(others)
	}
	return s.kind == o.kind && matched(points, others, near) &&
		matched(s.lines, o.lines, func(a, b *s2.Polyline) bool { return slices.EqualFunc(*a, *b, near) }) &&
		matched(s.polygons, o.polygons, func(a, b *s2.Polygon) bool { return matched(a.Loops(), b.Loops(), sameRing) })
}

// sameRing compares rings that were normalised, so that both turn the same way.
func sameRing(a, b *s2.Loop) bool {
	n := a.NumVertices()
	if n != b.NumVertices() || a.IsHole() != b.IsHole() {
		return false
	}
	for shift := range n {
		if !near(a.Vertex(0), b.Vertex(shift)) {
			continue
		}
		same := true
		for i := 1; i < n && same; i++ {
			same = near(a.Vertex(i), b.Vertex(i+shift))
		}
		if same {
			return true
		}
	}
	return false
}

// matched pairs the elements of two lists.
func matched[T any](a, b []T, same func(x, y T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	taken := make([]bool, len(b))
	for i, x := range a {
		found := false
		for d := range b { // as a rule they are in the same order
			j := (i + d) % len(b)
			if found = !taken[j] && same(x, b[j]); found {
				taken[j] = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}
