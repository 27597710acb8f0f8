package geo

import (
	"math"
	"slices"
	"sort"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s2"
)

// box bounds something in the three directions of space.
type box struct{ low, high [3]float64 }

// boxSlack is more than what the rounding of an edge's box can come to.
const boxSlack = 1e-14

func axes(v r3.Vector) [3]float64 { return [3]float64{v.X, v.Y, v.Z} }

// edgeBox bounds an edge, which may reach farther than its ends do.
func edgeBox(e s2.Edge) box {
	a, b, n := e.V0.Vector, e.V1.Vector, e.V0.PointCross(e.V1).Normalize()
	from, to, normal := axes(a), axes(b), axes(n)
	toB, toA := n.Cross(a), b.Cross(n)
	var out box
	for k := range 3 {
		low, high := min(from[k], to[k]), max(from[k], to[k])
		// The point of the great circle that is farthest along the axis, and the one opposite, if they lie between the ends.
		if far := 1 - normal[k]*normal[k]; e.V0 != e.V1 && far > boxSlack {
			var top [3]float64
			for i := range 3 {
				top[i] = -normal[i] * normal[k]
			}
			top[k]++
			p := r3.Vector{X: top[0], Y: top[1], Z: top[2]}
			onward, backward := p.Dot(toB), p.Dot(toA)
			if onward >= -boxSlack && backward >= -boxSlack {
				high = math.Sqrt(far)
			}
			if onward <= boxSlack && backward <= boxSlack {
				low = -math.Sqrt(far)
			}
		}
		out.low[k], out.high[k] = low-boxSlack, high+boxSlack
	}
	return out
}

// rectBox stands for a rectangle of latitudes and longitudes, among boxes of its kind alone.
func rectBox(r s2.Rect) box {
	lng := [2]float64{-math.Pi, math.Pi}
	if !r.Lng.IsInverted() {
		lng = [2]float64{r.Lng.Lo, r.Lng.Hi}
	}
	return box{[3]float64{r.Lat.Lo, lng[0], 0}, [3]float64{r.Lat.Hi, lng[1], 0}}
}

func (b *box) meets(o *box) bool {
	for k := range 3 {
		if b.low[k] > o.high[k] || o.low[k] > b.high[k] {
			return false
		}
	}
	return true
}

func (b *box) add(o *box) {
	for k := range 3 {
		b.low[k], b.high[k] = min(b.low[k], o.low[k]), max(b.high[k], o.high[k])
	}
}

// square is the square of the distance of a point from the box.
func (b *box) square(p [3]float64) (sum float64) {
	for k := range 3 {
		d := max(0, b.low[k]-p[k], p[k]-b.high[k])
		sum += d * d
	}
	return sum
}

// maxPairs is how many pairs are compared at most. A coast has few of them for each of its edges; what has more is a
// comb of edges that are all as long as the whole.
const maxPairs = 20_000_000

// pairs visits the pairs of boxes that meet, until visit gives false. It goes along the axis on which the fewest lie above
// each other. ok is false when these are more than maxPairs: then nothing was visited.
func pairs(boxes []box, visit func(i, j int) bool) (ok bool) {
	var order []int
	axis, fewest := 0, maxPairs+1
	for k := range 3 {
		sorted := make([]int, len(boxes))
		for i := range sorted {
			sorted[i] = i
		}
		slices.SortFunc(sorted, func(i, j int) int {
			switch a, b := boxes[i].low[k], boxes[j].low[k]; {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return i - j
		})
		if n := above(boxes, sorted, k, fewest); n < fewest {
			order, axis, fewest = sorted, k, n
		}
	}
	if order == nil {
		return len(boxes) == 0
	}
	for at, i := range order {
		b := &boxes[i]
		for _, j := range order[at+1:] {
			o := &boxes[j]
			if o.low[axis] > b.high[axis] {
				break
			}
			if b.meets(o) && !visit(i, j) {
				return true
			}
		}
	}
	return true
}

// above counts the pairs that meet on one axis, up to a number of them.
func above(boxes []box, sorted []int, axis, most int) (n int) {
	for at, i := range sorted {
		high := boxes[i].high[axis]
		n += sort.Search(len(sorted)-at-1, func(d int) bool { return boxes[sorted[at+1+d]].low[axis] > high })
		if n >= most {
			return most
		}
	}
	return n
}

// strip is edges of lines, or points as edges without a length, made ready to be asked what is near.
type strip struct {
	edges         []s2.Edge
	boxes, groups []box // of each edge, and of so many that follow each other
	rect          s2.Rect
}

const groupEdges = 32

func newStrip(lines []*s2.Polyline) *strip {
	t := &strip{rect: s2.EmptyRect()}
	for _, l := range lines {
		for i := range l.NumEdges() {
			t.edges = append(t.edges, l.Edge(i))
		}
		t.rect = t.rect.Union(l.RectBound())
	}
	t.bound()
	return t
}

// scatter makes a strip of points. Those that follow each other there lie together.
func scatter(points []s2.Point) *strip {
	t := &strip{edges: make([]s2.Edge, len(points))}
	for i, p := range alongCurve(points) {
		t.edges[i] = s2.Edge{V0: p, V1: p}
	}
	t.bound()
	return t
}

// alongCurve sorts points along the curve of cells.
func alongCurve(points []s2.Point) []s2.Point {
	type place struct {
		cell s2.CellID
		at   int
	}
	places := make([]place, len(points))
	for i, p := range points {
		places[i] = place{s2.CellFromPoint(p).ID(), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		switch {
		case a.cell < b.cell:
			return -1
		case a.cell > b.cell:
			return 1
		}
		return a.at - b.at
	})
	out := make([]s2.Point, len(points))
	for i, p := range places {
		out[i] = points[p.at]
	}
	return out
}

func (t *strip) bound() {
	t.boxes = make([]box, len(t.edges))
	for i, e := range t.edges {
		t.boxes[i] = edgeBox(e)
		if i%groupEdges == 0 {
			t.groups = append(t.groups, t.boxes[i])
		} else {
			t.groups[len(t.groups)-1].add(&t.boxes[i])
		}
	}
}

// NumEdges is how many edges there are.
func (t *strip) NumEdges() int { return len(t.edges) }

// Edge is one of them.
func (t *strip) Edge(i int) s2.Edge { return t.edges[i] }

// near says whether the test holds for an edge that may come as near to a point as a length through the globe.
func (t *strip) near(p s2.Point, reach float64, test func(e s2.Edge) bool) bool {
	at, most := axes(p.Vector), (reach+boxSlack)*(reach+boxSlack)
	for g := range t.groups {
		if t.groups[g].square(at) > most {
			continue
		}
		for i := g * groupEdges; i < min((g+1)*groupEdges, len(t.edges)); i++ {
			if t.boxes[i].square(at) <= most && test(t.edges[i]) {
				return true
			}
		}
	}
	return false
}

// touches says whether a point counts as touching an edge.
func (t *strip) touches(p s2.Point) bool {
	return t.near(p, touchAngle, func(e s2.Edge) bool { return onEdge(p, e) })
}

// IntersectsCell says whether a part of the line is so near a cell that it counts as touching it.
func (t *strip) IntersectsCell(c s2.Cell) bool {
	around := c.CapBound()
	reach := 2*math.Sin(around.Radius().Radians()/2) + 2*touchAngle
	return t.near(around.Center(), reach, func(e s2.Edge) bool { return c.DistanceToEdge(e.V0, e.V1) <= touch })
}

// ContainsCell gives false: a line has no inside.
func (t *strip) ContainsCell(s2.Cell) bool { return false }

// ContainsPoint gives false.
func (t *strip) ContainsPoint(s2.Point) bool { return false }

// RectBound is about the line itself.
func (t *strip) RectBound() s2.Rect { return t.rect }

// CapBound is a circle around the line.
func (t *strip) CapBound() s2.Cap { return t.rect.CapBound().Expanded(2 * touchAngle) }

// CellUnionBound is where the search for a covering begins.
func (t *strip) CellUnionBound() []s2.CellID { return t.CapBound().CellUnionBound() }

// patchwork is polygons as one region.
type patchwork []*s2.Polygon

// IntersectsCell says whether one of them meets a cell.
func (p patchwork) IntersectsCell(c s2.Cell) bool {
	around := c.RectBound()
	return slices.ContainsFunc(p, func(q *s2.Polygon) bool { return q.RectBound().Intersects(around) && q.IntersectsCell(c) })
}

// ContainsCell says whether a cell lies in one of them.
func (p patchwork) ContainsCell(c s2.Cell) bool {
	around := c.RectBound()
	return slices.ContainsFunc(p, func(q *s2.Polygon) bool { return q.RectBound().Contains(around) && q.ContainsCell(c) })
}

// ContainsPoint says whether a point lies in one of them.
func (p patchwork) ContainsPoint(at s2.Point) bool {
	return slices.ContainsFunc(p, func(q *s2.Polygon) bool { return q.ContainsPoint(at) })
}

// RectBound is around all of them.
func (p patchwork) RectBound() s2.Rect {
	all := s2.EmptyRect()
	for _, q := range p {
		all = all.Union(q.RectBound())
	}
	return all
}

// CapBound is a circle around all of them.
func (p patchwork) CapBound() s2.Cap { return p.RectBound().CapBound() }

// CellUnionBound is where the search for a covering begins.
func (p patchwork) CellUnionBound() []s2.CellID { return p.CapBound().CellUnionBound() }
