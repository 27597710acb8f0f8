package geo

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/value"
)

func shape(t testing.TB, text string) *Shape {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(v)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// geojson writes a geometry of one kind.
func geojson(kind, coordinates string) string {
	return fmt.Sprintf(`{"type":%q,"coordinates":%s}`, kind, coordinates)
}

const square = `[[0,0],[1,0],[1,1],[0,1],[0,0]]`

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		kind Kind
		at   Point
	}{
		{`[8.5,50.25]`, KindPoint, Point{8.5, 50.25}},
		{`[8.5,50.25,120]`, KindPoint, Point{8.5, 50.25}},
		{`[180,-90]`, KindPoint, Point{180, -90}},
		{geojson("Point", `[8.5,50.25]`), KindPoint, Point{8.5, 50.25}},
		{geojson("MultiPoint", `[[10,0],[20,0]]`), KindMultiPoint, Point{15, 0}},
		{geojson("MultiPoint", `[[170,0],[-170,0]]`), KindMultiPoint, Point{180, 0}},
		{geojson("LineString", `[[10,0],[10,0],[20,0]]`), KindLineString, Point{15, 0}},
		{geojson("MultiLineString", `[[[10,0],[20,0]],[[30,0],[40,0]]]`), KindMultiLineString, Point{25, 0}},
		{geojson("Polygon", `[`+square+`]`), KindPolygon, Point{0.5, 0.5}},
		{geojson("Polygon", `[[[0,0],[0,1],[1,1],[1,0],[0,0]]]`), KindPolygon, Point{0.5, 0.5}},
		{geojson("Polygon", `[`+square+`,[[0.4,0.4],[0.6,0.4],[0.6,0.6],[0.4,0.6],[0.4,0.4]]]`), KindPolygon, Point{0.5, 0.5}},
		{geojson("Polygon", `[[[179,-1],[-179,-1],[-179,1],[179,1],[179,-1]]]`), KindPolygon, Point{180, 0}},
		{geojson("MultiPolygon", `[[`+square+`],[[[2,0],[3,0],[3,1],[2,1],[2,0]]]]`), KindMultiPolygon, Point{1.5, 0.5}},
	} {
		s := shape(t, c.text)
		if s.Kind() != c.kind || Distance(s.Centroid(), c.at) > 20 {
			t.Errorf("%s: a %s at %v, want a %s at %v", c.text, s.Kind(), s.Centroid(), c.kind, c.at)
		}
	}
	if s := shape(t, `[8.123456789,50.1]`); s.Centroid() != (Point{8.123456789, 50.1}) {
		t.Errorf("a point has lost digits: %v", s.Centroid())
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range maxVertices {
		fmt.Fprintf(&many, "[%v,0],", float64(i)/1e4)
	}
	for _, c := range []struct{ text, where, reason string }{
		{`5`, "", "a number is not a shape"},
		{`[]`, "", "not a position"},
		{`[1]`, "", "not a position"},
		{`[1,2,3,4]`, "", "not a position"},
		{`["1",2]`, "", "not a position"},
		{`[181,0]`, "", "not on the globe"},
		{`[0,90.5]`, "", "not on the globe"},
		{`{}`, "coordinates", "want an array"},
		{`{"type":"Point"}`, "coordinates", "want an array"},
		{geojson("Point", `[0,91]`), "coordinates", "not on the globe"},
		{geojson("point", `[0,9]`), "type", `"point" is no shape`},
		{geojson("Feature", `[0,9]`), "type", `"Feature" is no shape`},
		{geojson("MultiPoint", `[]`), "coordinates", "at least 1"},
		{geojson("MultiPoint", `[[0,0],[0,"x"]]`), "coordinates[1]", "not a position"},
		{geojson("MultiPoint", `[[0,0],[0,100]]`), "coordinates[1]", "not on the globe"},
		{geojson("LineString", `[[0,0]]`), "coordinates", "at least 2"},
		{geojson("LineString", `[[0,0],[0,0]]`), "coordinates", "are the same"},
		{geojson("LineString", `[[1,1],[0,0],[180,0]]`), "coordinates[1]", "opposite"},
		{geojson("MultiLineString", `[]`), "coordinates", "at least one"},
		{geojson("MultiLineString", `[[[0,0],[1,1]],[[0,0]]]`), "coordinates[1]", "at least 2"},
		{geojson("Polygon", `[]`), "coordinates", "rings"},
		{geojson("Polygon", square), "coordinates[0]", "at least 4"},
		{geojson("Polygon", `[[[0,0],[1,0],[0,0]]]`), "coordinates[0]", "at least 4"},
		{geojson("Polygon", `[[[0,0],[1,0],[1,1],[0,1]]]`), "coordinates[0]", "not closed"},
		{geojson("Polygon", `[[[0,0],[1,0],[1,0],[0,0]]]`), "coordinates[0]", "2 positions that differ"},
		{geojson("Polygon", `[[[0,0],[1,0],[2,0],[0,0]]]`), "coordinates[0]", "encloses nothing"},
		{geojson("Polygon", `[[[0,0],[1,1],[1,0],[0,1],[0,0]]]`), "coordinates[0]", "cross"},
		{geojson("Polygon", `[[[0,0],[2,0],[2,1],[1,0.5],[2,2],[1,0.5],[0,0]]]`), "coordinates[0]", "meet"},
		{geojson("Polygon", `[[[0,0],[180,0],[0,45],[0,0]]]`), "coordinates[0][0]", "opposite"},
		{geojson("Polygon", `[`+square+`,[[2,2],[3,2],[3,3],[2,2]]]`), "coordinates[1]", "not lie within"},
		{geojson("Polygon", `[`+square+`,[[0.5,0.5],[3,2],[3,3],[0.5,0.5]]]`), "coordinates[1]", "crosses ring 0"},
		{geojson("Polygon", `[`+square+`,[[0.1,0.1],[0.9,0.1],[0.9,0.9],[0.1,0.1]],[[0.5,0.2],[0.8,0.2],[0.8,0.4],[0.5,0.2]]]`), "coordinates[2]", "overlaps hole 1"},
		{geojson("MultiPolygon", `[[`+square+`],[[[0.5,0.5],[3,0.5],[3,3],[0.5,0.5]]]]`), "coordinates[1]", "overlaps polygon 0"},
		{geojson("MultiPoint", `[`+many.String()+`[0,0]]`), "coordinates", "more than"},
	} {
		v, err := value.Parse([]byte(c.text), value.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(v)
		var wrong *Error
		if s != nil || !errors.As(err, &wrong) || wrong.Where != c.where || !strings.Contains(wrong.Reason, c.reason) || !strings.Contains(err.Error(), c.where) {
			t.Errorf("%.80s: %v; want %s: …%s…", c.text, err, c.where, c.reason)
		}
	}
}

func TestFromFields(t *testing.T) {
	t.Parallel()
	n := func(f float64) value.Value { return value.Float(f) }
	for _, c := range []struct {
		geoJSON bool
		values  []value.Value
		want    Point
		ok      bool
	}{
		{false, []value.Value{n(50), n(8)}, Point{8, 50}, true},
		{true, []value.Value{n(50), n(8)}, Point{8, 50}, true},
		{false, []value.Value{n(91), n(8)}, Point{}, false},
		{false, []value.Value{n(50), value.String("8")}, Point{}, false},
		{false, []value.Value{value.Array(n(50), n(170))}, Point{170, 50}, true},
		{true, []value.Value{value.Array(n(170), n(50))}, Point{170, 50}, true},
		{true, []value.Value{value.Array(n(50), n(170))}, Point{}, false},
		{false, []value.Value{value.Array(n(170), n(50))}, Point{}, false},
		{false, []value.Value{value.Object()}, Point{}, false},
		{false, nil, Point{}, false},
		{false, []value.Value{n(1), n(2), n(3)}, Point{}, false},
	} {
		s, err := FromFields(c.geoJSON, c.values...)
		if (err == nil) != c.ok || c.ok && s.Centroid() != c.want {
			t.Errorf("%v of %v: %v, %v", c.geoJSON, c.values, s, err)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	gate, cologne := Point{13.3777, 52.5163}, Point{6.94, 50.9322}
	if d := Distance(gate, cologne); d != 476918.89688380965 {
		t.Errorf("Berlin to Cologne: %v", d)
	}
	for _, c := range []struct {
		a, b             Point
		sphere, wgs84, e float64
	}{
		{gate, gate, 0, 0, 0},
		{Point{0, 0}, Point{1, 0}, EarthRadius * math.Pi / 180, 111319.4908, 1e-3},
		{Point{0, 0}, Point{0, 90}, Farthest / 2, 10001965.7293, 1e-3},
		{Point{179.5, 0}, Point{-179.5, 0}, EarthRadius * math.Pi / 180, 111319.4908, 1e-3},
		{Point{0, 90}, Point{77, 90}, 0, 0, 1e-8},
		{Point{0, -90}, Point{77, 90}, Farthest, 2 * 10001965.7293, 1e-3},
		{Point{0, 0}, Point{180, 0}, Farthest, Farthest, 1e-3}, // opposite, where the formula finds no way
		{Point{0, 0}, Point{179.9, 0.1}, Farthest, Farthest, 20_000},
		// Flinders Peak to Buninyong, on this ellipsoid, to a millimetre.
		{Point{144 + 25.0/60 + 29.52440/3600, -(37 + 57.0/60 + 3.72030/3600)}, Point{143 + 55.0/60 + 35.38390/3600, -(37 + 39.0/60 + 10.15610/3600)}, 54900, 54972.271, 110},
	} {
		if d := Distance(c.a, c.b); math.Abs(d-c.sphere) > max(c.e, 1e-6) {
			t.Errorf("%v to %v: %v on the sphere, want %v", c.a, c.b, d, c.sphere)
		}
		if d := EllipsoidDistance(c.a, c.b); math.Abs(d-c.wgs84) > min(max(c.e, 1e-6), 20_000) || c.e == 110 && math.Abs(d-c.wgs84) > 1e-3 {
			t.Errorf("%v to %v: %v on the ellipsoid, want %v", c.a, c.b, d, c.wgs84)
		}
	}
}

func TestArea(t *testing.T) {
	t.Parallel()
	octant := shape(t, geojson("Polygon", `[[[0,0],[90,0],[0,90],[0,0]]]`))
	// The ellipsoid's surface is 510,065,621.724 km².
	for _, c := range []struct {
		what           string
		s              *Shape
		sphere, wgs84  float64
		relative, flat float64
	}{
		{"an octant", octant, math.Pi / 2 * EarthRadius * EarthRadius, 510_065_621_724_000.0 / 8, 1e-12, 1e-8},
		{"a frame", shape(t, geojson("Polygon", `[`+square+`,[[0.25,0.25],[0.75,0.25],[0.75,0.75],[0.25,0.75],[0.25,0.25]]]`)), 12363.7e6 * 0.75, 12308.8e6 * 0.75, 1e-4, 1e-3},
		{"two squares", shape(t, geojson("MultiPolygon", `[[`+square+`],[[[2,0],[3,0],[3,1],[2,1],[2,0]]]]`)), 12363.7e6 * 2, 12308.8e6 * 2, 1e-4, 1e-3},
		{"a point", shape(t, `[1,2]`), 0, 0, 0, 0},
	} {
		if a := c.s.Area(); math.Abs(a-c.sphere) > c.relative*c.sphere {
			t.Errorf("%s: %v on the sphere, want %v", c.what, a, c.sphere)
		}
		if a := c.s.EllipsoidArea(); math.Abs(a-c.wgs84) > c.flat*c.wgs84 {
			t.Errorf("%s: %v on the ellipsoid, want %v", c.what, a, c.wgs84)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`[8,50]`, `{}`, geojson("Polygon", `[`+square+`]`), geojson("MultiPolygon", `[[`+square+`]]`), geojson("LineString", `[[0,0],[1,1]]`),
		geojson("MultiPoint", `[[0,90],[5,-90],[180,0],[-180,0]]`), geojson("MultiLineString", `[[[0,0],[1,1]],[[0,0],[1e-9,0]]]`),
		geojson("Polygon", `[[[0,0],[0,1e-12],[1e-12,0],[0,0]]]`), geojson("Polygon", `[[[0,80],[120,80],[-120,80],[0,80]]]`), geojson("Polygon", `[[[0,0],[120,0],[-120,0],[0,0]]]`)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := value.Parse([]byte(text), value.Limits{Bytes: 4000})
		if err != nil {
			return
		}
		s, err := Parse(v)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if area := s.Area(); !s.Centroid().Valid() || !(area >= 0 && area <= 2.01*math.Pi*EarthRadius*EarthRadius) || !s.Equal(s) || !s.Intersects(s) {
			t.Fatalf("%s: centroid %v, area %v, equal to itself %v, intersects itself %v", text, s.Centroid(), s.Area(), s.Equal(s), s.Intersects(s))
		}
		entries := Entries(s)
		if len(entries) > 2000 || !met(entries, Touching(s)) || !met(entries, Around(s)) || !met(entries[:1], Within(s.Centroid(), 0, 0)) {
			t.Fatalf("%s: %d entries, and a search for the shape itself misses them", text, len(entries))
		}
	})
}

// met says whether an entry lies in an interval.
func met(entries []uint64, list []Interval) bool {
	for _, e := range entries {
		for _, i := range list {
			if i.Lo <= e && e <= i.Hi {
				return true
			}
		}
	}
	return false
}
