package geo

import (
	"fmt"
	"math"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// flat is a shape on a small flat map of hundredths of a degree, where the plain geometry of the plane must agree.
type flat struct {
	kind  string
	rings [][][2]float64 // one for points and lines
}

// patches are where the maps lie: some places where arithmetic is hard. On the equator and on meridians lines are great
// circles, so that only small maps agree with the plane.
var patches = []Point{{8, 0}, {-179.999, 0.001}, {0, 0}, {90, 0}, {45, 0}}

func (f flat) shape(t testing.TB, at Point) *Shape {
	t.Helper()
	write := func(ring [][2]float64) string {
		var parts []string
		for _, p := range ring {
			lon := at.Longitude + p[0]/1e4
			if lon < -180 {
				lon += 360
			}
			if lon > 180 {
				lon -= 360
			}
			parts = append(parts, fmt.Sprintf("[%.12f,%.12f]", lon, at.Latitude+p[1]/1e4))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	switch f.kind {
	case "Point":
		return shape(t, geojson("Point", strings.TrimSuffix(strings.TrimPrefix(write(f.rings[0]), "["), "]")))
	case "MultiPoint", "LineString":
		return shape(t, geojson(f.kind, write(f.rings[0])))
	}
	var rings []string
	for _, r := range f.rings {
		rings = append(rings, write(append(slices.Clone(r), r[0])))
	}
	return shape(t, geojson("Polygon", "["+strings.Join(rings, ",")+"]"))
}

// star is a ring around a middle.
func star(r *rand.Rand, x, y, low, high float64) (ring [][2]float64) {
	n := 3 + r.Intn(6)
	turn := r.Float64()
	for i := range n {
		sin, cos := math.Sincos((float64(i) + turn) * 2 * math.Pi / float64(n))
		d := low + (high-low)*r.Float64()
		ring = append(ring, [2]float64{x + d*cos, y + d*sin})
	}
	return ring
}

func randomFlat(r *rand.Rand) flat {
	x, y := r.Float64()*20-10, r.Float64()*20-10
	spot := func() [2]float64 { return [2]float64{x + r.Float64()*16 - 8, y + r.Float64()*16 - 8} }
	switch r.Intn(6) {
	case 0:
		return flat{"Point", [][][2]float64{{spot()}}}
	case 1:
		return flat{"MultiPoint", [][][2]float64{{spot(), spot(), spot()}}}
	case 2:
		line := [][2]float64{spot(), spot(), spot(), spot()}
		return flat{"LineString", [][][2]float64{line[:2+r.Intn(3)]}}
	case 3: // with a hole
		return flat{"Polygon", [][][2]float64{star(r, x, y, 9, 12), star(r, x, y, 1, 3)}}
	default:
		return flat{"Polygon", [][][2]float64{star(r, x, y, 1, 9)}}
	}
}

// inside says whether a point lies in a polygon of the plane.
func (f flat) inside(p [2]float64) bool {
	in := false
	for _, ring := range f.rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
				in = !in
			}
		}
	}
	return in
}

func (f flat) edges() (out [][2][2]float64) {
	for _, ring := range f.rings {
		for i, a := range ring {
			switch {
			case f.kind == "Polygon":
				out = append(out, [2][2]float64{a, ring[(i+1)%len(ring)]})
			case f.kind == "LineString" && i+1 < len(ring):
				out = append(out, [2][2]float64{a, ring[i+1]})
			}
		}
	}
	return out
}

func crosses(e, o [2][2]float64) bool {
	side := func(a, b, c [2]float64) bool { return (b[0]-a[0])*(c[1]-a[1]) > (b[1]-a[1])*(c[0]-a[0]) }
	return side(e[0], e[1], o[0]) != side(e[0], e[1], o[1]) && side(o[0], o[1], e[0]) != side(o[0], o[1], e[1])
}

func (f flat) crossed(o flat) bool {
	for _, e := range f.edges() {
		for _, x := range o.edges() {
			if crosses(e, x) {
				return true
			}
		}
	}
	return false
}

func (f flat) all(test func(p [2]float64) bool) bool {
	for _, ring := range f.rings {
		for _, p := range ring {
			if !test(p) {
				return false
			}
		}
	}
	return true
}

func (f flat) any(test func(p [2]float64) bool) bool {
	return !f.all(func(p [2]float64) bool { return !test(p) })
}

// contains holds for polygons alone: nothing random lies on a line.
func (f flat) contains(o flat) bool {
	return f.kind == "Polygon" && o.all(f.inside) && !f.crossed(o) && !(o.kind == "Polygon" && f.any(o.inside))
}

func (f flat) intersects(o flat) bool {
	return f.crossed(o) || f.kind == "Polygon" && o.any(f.inside) || o.kind == "Polygon" && f.any(o.inside)
}

func TestRelations(t *testing.T) {
	t.Parallel()
	contained, met := 0, 0
	for seed := range int64(4000) {
		r := rand.New(rand.NewSource(seed))
		at := patches[r.Intn(len(patches))]
		f, o := randomFlat(r), randomFlat(r)
		a, b := f.shape(t, at), o.shape(t, at)
		if got, want := a.Contains(b), f.contains(o); got != want {
			t.Fatalf("seed %d: %+v contains %+v: %v, want %v", seed, f, o, got, want)
		} else if got {
			contained++
		}
		got, want := a.Intersects(b), f.intersects(o)
		if got != want || b.Intersects(a) != want {
			t.Fatalf("seed %d: %+v intersects %+v: %v and %v, want %v", seed, f, o, got, b.Intersects(a), want)
		} else if got {
			met++
		}
		if a.Equal(b) || !a.Equal(f.shape(t, at)) || !a.Intersects(a) {
			t.Fatalf("seed %d: %+v equals %+v, or not itself", seed, f, o)
		}
		found(t, seed, a, b)
	}
	if contained < 60 || met < 1000 {
		t.Fatalf("only %d contained and %d met", contained, met)
	}
}

// found checks that an index finds what relates.
func found(t *testing.T, seed int64, a, b *Shape) {
	t.Helper()
	entries := Entries(b)
	if a.Intersects(b) && !met(entries, Touching(a)) {
		t.Fatalf("seed %d: what intersects is not found", seed)
	}
	if a.Intersects(b) && b.Kind() == KindPoint && !met(entries, Holding(a)) {
		t.Fatalf("seed %d: a point is not found", seed)
	}
	if b.Contains(a) && !met(entries, Around(a)) {
		t.Fatalf("seed %d: what contains is not found", seed)
	}
	if len(entries) > 60 {
		t.Fatalf("seed %d: %d entries for a small shape", seed, len(entries))
	}
}

func TestRelationsByHand(t *testing.T) {
	t.Parallel()
	line := geojson("LineString", `[[0,0],[10,0],[10,10]]`)
	europe := geojson("Polygon", `[[[-10,36],[30,36],[30,60],[-10,60],[-10,36]]]`)
	for _, c := range []struct {
		a, b                        string
		contains, intersects, equal bool
	}{
		{`[1,2]`, `[1,2]`, true, true, true},
		{`[1,2]`, geojson("Point", `[1,2]`), true, true, true},
		{`[1,2]`, `[1,2.00000005]`, true, true, true}, // half a centimetre
		{`[1,2]`, `[1,2.000001]`, false, false, false},
		{`[180,0]`, `[-180,0]`, true, true, true},
		{`[7,90]`, `[-40,90]`, true, true, true},
		{geojson("MultiPoint", `[[1,2],[3,4]]`), `[3,4]`, true, true, false},
		{geojson("MultiPoint", `[[1,2],[3,4]]`), geojson("MultiPoint", `[[3,4],[1,2]]`), true, true, true},
		{`[3,4]`, geojson("MultiPoint", `[[1,2],[3,4]]`), false, true, false},
		{line, `[5,0]`, true, true, false},
		{line, `[5,0.0000001]`, false, true, false}, // eleven millimetres: see below
		{line, `[10,10]`, true, true, false},
		{line, geojson("LineString", `[[10,0],[10,10]]`), true, true, false},
		{line, geojson("LineString", `[[10,10],[10,0],[0,0]]`), true, true, false},
		{line, line, true, true, true},
		{line, geojson("LineString", `[[5,-5],[5,5]]`), false, true, false},
		{line, geojson("LineString", `[[5,0],[5,5]]`), false, true, false}, // begins on it
		{line, geojson("LineString", `[[5,1],[5,5]]`), false, false, false},
		{line, geojson("MultiLineString", `[[[0,0],[10,0]],[[10,0],[10,10]]]`), true, true, false},
		{europe, `[8,50]`, true, true, false},
		{europe, `[8,5]`, false, false, false},
		{europe, geojson("LineString", `[[0,50],[20,50]]`), true, true, false},
		{europe, geojson("LineString", `[[0,50],[20,5]]`), false, true, false},
		{europe, geojson("LineString", `[[-20,40],[40,50]]`), false, true, false},
		{europe, geojson("MultiPoint", `[[8,50],[8,5]]`), false, true, false},
		{europe, geojson("Polygon", `[[[30,60],[30,36],[-10,36],[-10,60],[30,60]]]`), true, true, true},
		{europe, geojson("MultiPolygon", `[[[[0,40],[5,40],[5,45],[0,40]]],[[[10,40],[15,40],[15,45],[10,40]]]]`), true, true, false},
		{geojson("Polygon", `[[[-180,60],[-60,60],[60,60],[-180,60]]]`), `[0,90]`, true, true, false},
		{geojson("Polygon", `[[[-180,-60],[60,-60],[-60,-60],[-180,-60]]]`), `[5,-90]`, true, true, false},
	} {
		a, b := shape(t, c.a), shape(t, c.b)
		if strings.Contains(c.b, "0.0000001]") {
			if onto := a.Intersects(b); onto != a.Contains(b) || Distance(Point{5, 0}, b.Centroid()) < 0.01 && !onto {
				t.Errorf("%s and %s disagree", c.a, c.b)
			}
			continue
		}
		if a.Contains(b) != c.contains || a.Intersects(b) != c.intersects || b.Intersects(a) != c.intersects || a.Equal(b) != c.equal {
			t.Errorf("%s and %s: contains %v, intersects %v and %v, equal %v", c.a, c.b, a.Contains(b), a.Intersects(b), b.Intersects(a), a.Equal(b))
		}
		found(t, 0, a, b)
		found(t, 0, b, a)
	}
}

// TestLargeShapes has more edges than are compared one by one.
func TestLargeShapes(t *testing.T) {
	t.Parallel()
	ring := func(lon, lat, radius float64, n int) string {
		var parts []string
		for i := range n + 1 {
			sin, cos := math.Sincos(float64(i%n) * 2 * math.Pi / float64(n))
			parts = append(parts, fmt.Sprintf("[%.9f,%.9f]", lon+radius*cos, lat+radius*sin))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	big := shape(t, geojson("Polygon", "["+ring(10, 10, 5, 2000)+","+ring(10, 10, 1, 500)+"]"))
	for _, c := range []struct {
		text                 string
		contains, intersects bool
	}{
		{geojson("Polygon", "["+ring(13, 10, 1, 300)+"]"), true, true},
		{geojson("Polygon", "["+ring(15, 10, 1, 300)+"]"), false, true},
		{geojson("Polygon", "["+ring(10, 10, 0.5, 300)+"]"), false, false},
		{geojson("Polygon", "["+ring(20, 10, 1, 300)+"]"), false, false},
		{geojson("LineString", ring(10, 10, 3, 300)), true, true},
		{geojson("LineString", ring(14, 10, 3, 300)), false, true},
	} {
		s := shape(t, c.text)
		if big.Contains(s) != c.contains || big.Intersects(s) != c.intersects || s.Intersects(big) != c.intersects {
			t.Errorf("%.60s: contains %v, intersects %v", c.text, big.Contains(s), big.Intersects(s))
		}
		if c.intersects && !met(Entries(s), Touching(big)) {
			t.Errorf("%.60s is not found", c.text)
		}
	}
	if _, err := Parse(parsed(t, geojson("Polygon", "["+strings.Replace(ring(10, 10, 5, 2000), "]", "],[25,25],[5,5]", 1)+"]"))); err == nil || !strings.Contains(err.Error(), "meet") {
		t.Errorf("a long ring that crosses itself: %v", err)
	}
}
