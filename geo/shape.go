package geo

import (
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Kind is the kind of a shape.
type Kind uint8

// The kinds, with the names of GeoJSON.
const (
	KindPoint Kind = iota + 1
	KindMultiPoint
	KindLineString
	KindMultiLineString
	KindPolygon
	KindMultiPolygon
)

// String is the name of the kind in GeoJSON.
func (k Kind) String() string {
	switch k {
	case KindPoint:
		return "Point"
	case KindMultiPoint:
		return "MultiPoint"
	case KindLineString:
		return "LineString"
	case KindMultiLineString:
		return "MultiLineString"
	case KindPolygon:
		return "Polygon"
	case KindMultiPolygon:
		return "MultiPolygon"
	}
	return "no shape"
}

// Shape is a place with an extent: points, lines, or polygons. Exactly one of the three lists is in use.
type Shape struct {
	kind     Kind
	points   []s2.Point
	lines    []*s2.Polyline
	polygons []*s2.Polygon
	near     *strip // of lines, and of many points
	centroid Point
}

// fewPoints is up to where comparing with all points is fastest.
const fewPoints = 64

// ready makes the shape ready to be asked.
func (s *Shape) ready() {
	s.centroid = s.middle()
	switch {
	case len(s.lines) > 0:
		s.near = newStrip(s.lines)
	case len(s.points) > fewPoints:
		s.near = scatter(s.points)
	}
}

// PointShape is a shape of one point, an error when it does not lie on the globe.
func PointShape(p Point) (*Shape, error) {
	if !p.Valid() {
		return nil, outside(p, "")
	}
	return &Shape{kind: KindPoint, points: []s2.Point{p.sphere()}, centroid: p}, nil
}

// Kind is the shape's kind.
func (s *Shape) Kind() Kind { return s.kind }

// Centroid is the centre of the shape: of points their mean, of lines by length, of polygons by area. It need not lie in
// the shape. Of a point it is the point itself, with the digits that were given.
func (s *Shape) Centroid() Point { return s.centroid }

// Distance is the distance in metres of a shape's centroid from a point.
func (s *Shape) Distance(p Point) float64 { return Distance(s.centroid, p) }

// middle finds the centroid of what is in the lists.
func (s *Shape) middle() Point {
	var sum r3.Vector
	for _, p := range s.points {
		sum = sum.Add(p.Vector)
	}
	for _, l := range s.lines {
		sum = sum.Add(l.Centroid().Vector)
	}
	for _, p := range s.polygons {
		sum = sum.Add(p.Centroid().Vector)
	}
	if sum.Norm() > 1e-15 { // else they lie evenly around the globe, or on a single place
		return pointOf(s2.Point{Vector: sum.Normalize()})
	}
	return pointOf(s.anyPoint())
}

// anyPoint is a point of the shape.
func (s *Shape) anyPoint() s2.Point {
	switch {
	case len(s.points) > 0:
		return s.points[0]
	case len(s.lines) > 0:
		return (*s.lines[0])[0]
	default:
		return s.polygons[0].Loop(0).Vertex(0)
	}
}

// Area is the area in square metres on the sphere, 0 for points and lines.
func (s *Shape) Area() float64 {
	area := 0.0
	for _, p := range s.polygons {
		area += p.Area()
	}
	return area * EarthRadius * EarthRadius
}

// EllipsoidArea is the area in square metres on the WGS84 ellipsoid, found on the sphere that has the same area: edges
// are the great circles of that sphere, which differ from the shortest ways of the ellipsoid where edges are long.
func (s *Shape) EllipsoidArea() float64 {
	if len(s.polygons) == 0 {
		return 0
	}
	e := math.Sqrt(wgs84Flattening * (2 - wgs84Flattening))
	q := func(sin float64) float64 {
		return (1 - e*e) * (sin/(1-e*e*sin*sin) + math.Atanh(e*sin)/e)
	}
	pole := q(1)
	flat := func(p s2.Point) s2.Point {
		ll := s2.LatLngFromPoint(p)
		sin := max(-1, min(1, q(math.Sin(ll.Lat.Radians()))/pole))
		return s2.PointFromLatLng(s2.LatLng{Lat: s1.Angle(math.Asin(sin)), Lng: ll.Lng})
	}
	area := 0.0
	for _, p := range s.polygons {
		for _, l := range p.Loops() {
			vertices := make([]s2.Point, l.NumVertices())
			for i := range vertices {
				vertices[i] = flat(l.Vertex(i))
			}
			part := s2.LoopFromPoints(vertices)
			part.Normalize()
			area += float64(l.Sign()) * part.Area()
		}
	}
	return area * wgs84Axis * wgs84Axis * pole / 2
}
