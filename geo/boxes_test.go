package geo

import (
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/golang/geo/s2"
)

func anywhere(r *rand.Rand) s2.Point {
	return s2.PointFromCoords(r.NormFloat64(), r.NormFloat64(), r.NormFloat64())
}

// randomEdge is short or long, and sometimes lies along a meridian, the equator, or ends at a pole.
func randomEdge(r *rand.Rand) s2.Edge {
	a, b := anywhere(r), anywhere(r)
	switch r.Intn(6) {
	case 0:
		b = s2.Point{Vector: a.Add(b.Mul(math.Pow(10, -r.Float64()*12))).Normalize()}
	case 1:
		lng := r.Float64() * 360
		a, b = Point{lng - 180, r.Float64()*180 - 90}.sphere(), Point{lng - 180, r.Float64()*180 - 90}.sphere()
	case 2:
		a, b = Point{r.Float64()*360 - 180, 0}.sphere(), Point{r.Float64()*360 - 180, 0}.sphere()
	case 3:
		a = Point{r.Float64(), 90}.sphere()
	case 4:
		b = a
	}
	return s2.Edge{V0: a, V1: b}
}

// TestBoxesOfEdges walks along edges.
func TestBoxesOfEdges(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(1))
	for range 3000 {
		e := randomEdge(r)
		b := edgeBox(e)
		low, high := [3]float64{2, 2, 2}, [3]float64{-2, -2, -2}
		const steps = 400
		for i := range steps + 1 {
			p := e.V0
			if e.V0 != e.V1 {
				p = s2.Interpolate(float64(i)/steps, e.V0, e.V1)
			}
			if b.square(axes(p.Vector)) > 1e-29 {
				t.Fatalf("%v of %v lies outside of %v", p, e, b)
			}
			for k, x := range axes(p.Vector) {
				low[k], high[k] = min(low[k], x), max(high[k], x)
			}
		}
		for k := range 3 {
			if b.low[k] < low[k]-2e-5 || b.high[k] > high[k]+2e-5 {
				t.Fatalf("the box %v of %v is larger than %v to %v", b, e, low, high)
			}
		}
	}
}

// TestPairs compares with all pairs.
func TestPairs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(2))
	for range 300 {
		boxes := make([]box, r.Intn(40))
		for i := range boxes {
			boxes[i] = edgeBox(randomEdge(r))
		}
		got := map[[2]int]int{}
		if !pairs(boxes, func(i, j int) bool { got[[2]int{min(i, j), max(i, j)}]++; return true }) {
			t.Fatal("too many")
		}
		for i := range boxes {
			for j := range i {
				want := 0
				if boxes[i].meets(&boxes[j]) {
					want = 1
				}
				if got[[2]int{j, i}] != want {
					t.Fatalf("%d and %d of %v were given %d times, want %d", j, i, boxes, got[[2]int{j, i}], want)
				}
			}
		}
	}
}

// comb is a ring of n teeth, each as long as the whole and turned by some degrees.
func comb(n int, turn float64) string {
	sin, cos := math.Sincos(turn * math.Pi / 180)
	var b strings.Builder
	at := func(x, y float64) { fmt.Fprintf(&b, "[%.7f,%.7f],", x*cos-y*sin, x*sin+y*cos) }
	at(-1, -1)
	for i := range n {
		y := float64(i) * 30 / float64(n)
		at(60, y)
		at(0, y+15/float64(n))
	}
	at(-1, 31)
	fmt.Fprintf(&b, "[%.7f,%.7f]", -cos+sin, -sin-cos)
	return b.String()
}

// TestCostlyShapes are read or refused in a time that does not grow with the square of their size.
func TestCostlyShapes(t *testing.T) {
	t.Parallel()
	grid := func(n int, form string) string {
		var parts []string
		side := int(math.Ceil(math.Sqrt(float64(n))))
		for i := range n {
			x, y := 1+float64(i%side)*70/float64(side), 1+float64(i/side)*35/float64(side)
			parts = append(parts, fmt.Sprintf(form, x, y, x+0.1, y, x, y+0.1))
		}
		return strings.Join(parts, ",")
	}
	const ring = "[[%[1]f,%[2]f],[%[3]f,%[4]f],[%[5]f,%[6]f],[%[1]f,%[2]f]]"
	for _, c := range []struct{ name, text, want string }{
		{"holes", geojson("Polygon", "[[[0,0],[80,0],[80,40],[0,40],[0,0]],"+grid(3000, ring)+"]"), ""},
		{"too many holes", geojson("Polygon", "[[[0,0],[80,0],[80,40],[0,40],[0,0]],"+grid(10_000, ring)+"]"), "rings"},
		{"polygons", geojson("MultiPolygon", "["+grid(10_000, "["+ring+"]")+"]"), ""},
		{"lines", geojson("MultiLineString", "["+grid(10_000, "[[%[1]f,%[2]f],[%[3]f,%[6]f]]")+"]"), ""},
		{"long line", geojson("LineString", "["+comb(10_000, 0)+"]"), ""},
		{"small comb", geojson("Polygon", "[["+comb(1000, 45)+"]]"), ""},
		{"comb", geojson("Polygon", "[["+comb(20_000, 45)+"]]"), "pairs"},
	} {
		s, err := Parse(parsed(t, c.text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err == nil && (len(Entries(s)) > 200 || len(Touching(s)) > 200) {
			t.Errorf("%s has %d entries and %d intervals", c.name, len(Entries(s)), len(Touching(s)))
		}
	}
}

// TestManyParts compares shapes of many parts with what their parts say.
func TestManyParts(t *testing.T) {
	t.Parallel()
	met := 0
	for seed := range int64(24) {
		r := rand.New(rand.NewSource(seed))
		at := patches[r.Intn(len(patches))]
		pole := float64(r.Intn(8) - 3) // 1 and -1: around the poles
		spot := func(wide float64) string {
			if math.Abs(pole) == 1 {
				return fmt.Sprintf("[%.9f,%.9f]", r.Float64()*360-180, pole*(90-wide*r.Float64()))
			}
			lon := at.Longitude + (r.Float64()-0.5)*wide
			return fmt.Sprintf("[%.9f,%.9f]", math.Remainder(lon, 360), at.Latitude+(r.Float64()-0.5)*wide*min(1, math.Abs(90-at.Latitude)))
		}
		list := func(n int, part func() string) string {
			parts := make([]string, n)
			for i := range parts {
				parts[i] = part()
			}
			return "[" + strings.Join(parts, ",") + "]"
		}
		line := func() string { return list(2+r.Intn(4), func() string { return spot(0.1) }) }
		several := []*Shape{
			shape(t, geojson("MultiPoint", list(200, func() string { return spot(0.1) }))),
			shape(t, geojson("MultiLineString", list(30, line))),
			shape(t, geojson("LineString", list(150, func() string { return spot(0.1) }))),
		}
		for _, s := range several {
			for _, o := range several {
				if got, want := s.Intersects(o), intersectsPlainly(s, o); got != want {
					t.Fatalf("seed %d: %v and %v intersect: %v, want %v", seed, s.Kind(), o.Kind(), got, want)
				}
			}
			for range 20 {
				o := shape(t, spot(0.1))
				if r.Intn(2) == 0 && len(s.points) > 0 {
					p := pointOf(s.points[r.Intn(len(s.points))])
					o = shape(t, fmt.Sprintf("[%.12f,%.12f]", p.Longitude, p.Latitude))
				}
				if got, want := s.Intersects(o), intersectsPlainly(s, o); got != want || s.Contains(o) != want {
					t.Fatalf("seed %d: %v meets %v: %v, want %v", seed, s.Kind(), o.Centroid(), got, want)
				} else if got {
					met++
				}
				found(t, seed, s, o)
				found(t, seed, o, s)
			}
			if !s.Equal(s) {
				t.Fatalf("seed %d: %v does not equal itself", seed, s.Kind())
			}
		}
	}
	if met < 30 {
		t.Fatalf("only %d met", met)
	}
}

// intersectsPlainly compares everything with everything, for shapes of points and lines.
func intersectsPlainly(s, o *Shape) bool {
	parts := func(s *Shape) (out []s2.Edge) {
		for _, p := range s.points {
			out = append(out, s2.Edge{V0: p, V1: p})
		}
		for _, l := range s.lines {
			for i := range l.NumEdges() {
				out = append(out, l.Edge(i))
			}
		}
		return out
	}
	for _, e := range parts(s) {
		for _, f := range parts(o) {
			if e.V0 != e.V1 && f.V0 != f.V1 && s2.CrossingSign(e.V0, e.V1, f.V0, f.V1) == s2.Cross {
				return true
			}
			if onEdge(e.V0, f) || onEdge(e.V1, f) || onEdge(f.V0, e) || onEdge(f.V1, e) {
				return true
			}
		}
	}
	return false
}
