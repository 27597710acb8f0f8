package geo

import (
	"fmt"
	"strconv"

	"github.com/golang/geo/s2"

	"github.com/selvedge-db/selvedge/value"
)

// maxVertices bounds the points of one shape.
const maxVertices = 100_000

// Error says what is wrong with a shape.
type Error struct {
	Where  string // as in coordinates[0][2], "" for the shape itself
	Reason string
}

// Error gives the place and the reason.
func (e *Error) Error() string {
	if e.Where == "" {
		return e.Reason
	}
	return e.Where + ": " + e.Reason
}

func wrong(where, format string, args ...any) error {
	return &Error{where, fmt.Sprintf(format, args...)}
}

func outside(p Point, where string) error {
	return wrong(where, "longitude %v, latitude %v is not on the globe: want longitude -180 to 180 and latitude -90 to 90, in this order",
		p.Longitude, p.Latitude)
}

// Parse reads a shape: a GeoJSON geometry (no Feature and no GeometryCollection), or an array [longitude, latitude].
func Parse(v value.Value) (*Shape, error) {
	switch v.Kind() {
	case value.KindArray:
		p, err := pair(v, "")
		if err != nil {
			return nil, err
		}
		return PointShape(p)
	case value.KindObject:
		return geometry(v)
	}
	return nil, wrong("", "a %s is not a shape: want a GeoJSON object or [longitude, latitude]", v.Kind())
}

// FromFields reads what the fields of a geo index hold. One value is a place: with geoJSON as Parse reads it, without
// an array [latitude, longitude]. Two values are latitude and longitude.
func FromFields(geoJSON bool, values ...value.Value) (*Shape, error) {
	switch {
	case len(values) == 2:
		if values[0].Kind() != value.KindNumber || values[1].Kind() != value.KindNumber {
			return nil, wrong("", "latitude and longitude are a %s and a %s: want two numbers", values[0].Kind(), values[1].Kind())
		}
		return PointShape(Point{Latitude: values[0].Float64(), Longitude: values[1].Float64()})
	case len(values) != 1:
		return nil, wrong("", "%d values make no place: want one or two", len(values))
	case geoJSON:
		return Parse(values[0])
	}
	p, err := pair(values[0], "")
	if err != nil {
		return nil, err
	}
	return PointShape(Point{Latitude: p.Longitude, Longitude: p.Latitude})
}

// pair reads two numbers in the order of GeoJSON; a third one, the height, is passed over.
func pair(v value.Value, where string) (Point, error) {
	items := v.Items()
	if len(items) < 2 || len(items) > 3 || items[0].Kind() != value.KindNumber || items[1].Kind() != value.KindNumber {
		return Point{}, wrong(where, "%.60s is not a position: want an array of two numbers", value.AppendJSON(nil, v))
	}
	return Point{items[0].Float64(), items[1].Float64()}, nil
}

func geometry(v value.Value) (*Shape, error) {
	name, _ := v.Get("type")
	coordinates, ok := v.Get("coordinates")
	if !ok || coordinates.Kind() != value.KindArray {
		return nil, wrong("coordinates", "want an array")
	}
	r := reader{left: maxVertices}
	s := &Shape{}
	const at = "coordinates"
	var err error
	switch name.Str() {
	case "Point":
		p, err := pair(coordinates, at)
		if err != nil {
			return nil, err
		}
		if !p.Valid() {
			return nil, outside(p, at)
		}
		return PointShape(p)
	case "MultiPoint":
		s.kind = KindMultiPoint
		s.points, err = r.positions(coordinates, at, 1)
	case "LineString":
		s.kind = KindLineString
		err = r.line(s, coordinates, at)
	case "MultiLineString":
		s.kind = KindMultiLineString
		err = each(coordinates, at, func(v value.Value, at string) error { return r.line(s, v, at) })
	case "Polygon":
		s.kind = KindPolygon
		err = r.polygon(s, coordinates, at)
	case "MultiPolygon":
		s.kind = KindMultiPolygon
		err = each(coordinates, at, func(v value.Value, at string) error { return r.polygon(s, v, at) })
		if err == nil {
			err = apart(s.polygons)
		}
	default:
		return nil, wrong("type", "%.40q is no shape: want Point, MultiPoint, LineString, MultiLineString, Polygon or MultiPolygon", name.Str())
	}
	if err != nil {
		return nil, err
	}
	s.ready()
	return s, nil
}

func each(v value.Value, where string, read func(v value.Value, where string) error) error {
	if v.Len() == 0 || v.Kind() != value.KindArray {
		return wrong(where, "want an array of at least one")
	}
	for i, item := range v.Items() {
		if err := read(item, where+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}

// reader counts the points that it may still read.
type reader struct{ left int }

func (r *reader) positions(v value.Value, where string, atLeast int) ([]s2.Point, error) {
	items := v.Items()
	if v.Kind() != value.KindArray || len(items) < atLeast {
		return nil, wrong(where, "want an array of at least %d positions", atLeast)
	}
	if r.left -= len(items); r.left < 0 {
		return nil, wrong(where, "the shape has more than %d positions", maxVertices)
	}
	out := make([]s2.Point, len(items))
	for i, item := range items {
		p, err := pair(item, where)
		if err == nil && !p.Valid() {
			err = outside(p, "")
		}
		if err != nil {
			return nil, wrong(where+"["+strconv.Itoa(i)+"]", "%s", err.(*Error).Reason)
		}
		out[i] = p.sphere()
	}
	return out, nil
}

func (r *reader) line(s *Shape, v value.Value, where string) error {
	points, err := r.positions(v, where, 2)
	if err != nil {
		return err
	}
	line := s2.Polyline(withoutRepeats(points))
	if len(line) < 2 {
		return wrong(where, "all positions of the line are the same: want two that differ")
	}
	if i := opposite(line, false); i >= 0 {
		return wrong(where+"["+strconv.Itoa(i)+"]", "the next position lies opposite on the globe: put one between them")
	}
	s.lines = append(s.lines, &line)
	return nil
}

// withoutRepeats leaves out positions that equal the one before.
func withoutRepeats(points []s2.Point) []s2.Point {
	out := points[:1]
	for _, p := range points[1:] {
		if p != out[len(out)-1] {
			out = append(out, p)
		}
	}
	return out
}

// opposite finds a point whose next one lies on the other side of the globe, so that no way between them is shortest.
func opposite(points []s2.Point, ring bool) int {
	for i, p := range points {
		if i+1 == len(points) && !ring {
			break
		}
		if next := points[(i+1)%len(points)]; next.Vector.Add(p.Vector).Norm() < 1e-14 {
			return i
		}
	}
	return -1
}
