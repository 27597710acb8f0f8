package geo

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/value"
)

func parsed(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// world is an index in memory.
type world struct {
	shapes  map[string]*Shape
	entries []entry
	read    int
	asked   int
	begun   int // reads, each of its own interval
}

type entry struct {
	cell uint64
	key  string
}

func newWorld(shapes map[string]*Shape) *world {
	w := &world{shapes: shapes}
	for key, s := range shapes {
		for _, cell := range Entries(s) {
			w.entries = append(w.entries, entry{cell, key})
		}
	}
	slices.SortFunc(w.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.cell, b.cell), strings.Compare(a.key, b.key))
	})
	return w
}

// between gives the entries of an interval, by the bounds of its keys.
func (w *world) between(i Interval) []entry {
	lower, upper := i.Bounds()
	at := func(bound []byte) int {
		return sort.Search(len(w.entries), func(k int) bool {
			return string(binary.BigEndian.AppendUint64(nil, w.entries[k].cell))+w.entries[k].key >= string(bound)
		})
	}
	return w.entries[at(lower):at(upper)]
}

// run takes the steps of a search until so many results have come.
func (w *world) run(t *testing.T, s Search, most int) (keys []string) {
	t.Helper()
	n := NewNear(s)
	last := -1.0
	for steps := 0; ; steps++ {
		if steps > 100_000 {
			t.Fatal("the search does not end")
		}
		switch step := n.Next(); step.Kind {
		case Read:
			w.give(t, n, step)
		case Measure:
			w.asked++
			n.Measured(w.shapes[step.Key].Distance(s.Center))
		case Result:
			d := step.Distance
			if d != w.shapes[step.Key].Distance(s.Center) || !s.Farthest && d < last || s.Farthest && last >= 0 && d > last {
				t.Fatalf("%+v: %s comes at %v after %v", s, step.Key, d, last)
			}
			last = d
			if keys = append(keys, step.Key); len(keys) == most {
				return keys
			}
		case Done:
			if again := n.Next(); again.Kind != Done {
				t.Fatalf("after the end: %+v", again)
			}
			return keys
		}
	}
}

func (w *world) give(t *testing.T, n *Near, step Step) {
	t.Helper()
	given := 0
	for _, i := range step.Intervals {
		w.begun++
		list := slices.Clone(w.between(i))
		if step.Reverse {
			slices.Reverse(list)
		}
		for _, e := range list {
			if step.Limit > 0 && given == step.Limit {
				return
			}
			given++
			w.read++
			n.Entry(e.cell, []byte(e.key))
		}
	}
}

func randomPoint(r *rand.Rand) Point {
	switch r.Intn(8) {
	case 0:
		return Point{float64(r.Intn(5)-2) * 90, float64(r.Intn(3)-1) * 90} // poles, the edge of the map
	case 1:
		return Point{8 + r.NormFloat64()/10, 50 + r.NormFloat64()/10} // a town
	}
	return evenPoint(r)
}

// evenPoint may lie anywhere on the globe.
func evenPoint(r *rand.Rand) Point {
	return Point{r.Float64()*360 - 180, math.Asin(r.Float64()*2-1) * 180 / math.Pi}
}

func randomWorld(t *testing.T, r *rand.Rand, n int) *world {
	t.Helper()
	shapes := map[string]*Shape{}
	for i := range n {
		key := fmt.Sprintf("k%03d", i)
		p := randomPoint(r)
		if r.Intn(10) == 0 {
			q := randomPoint(r)
			shapes[key] = shape(t, fmt.Sprintf(`{"type":"MultiPoint","coordinates":[[%v,%v],[%v,%v]]}`, p.Longitude, p.Latitude, q.Longitude, q.Latitude))
			continue
		}
		s, err := PointShape(p)
		if err != nil {
			t.Fatal(err)
		}
		shapes[key] = s
		if r.Intn(10) == 0 { // two at one place
			shapes[key+"b"] = s
		}
	}
	return newWorld(shapes)
}

func (w *world) sorted(s Search) (keys []string) {
	for k, shape := range w.shapes {
		if d := shape.Distance(s.Center); d >= s.Min && d <= s.Max {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := w.shapes[keys[i]].Distance(s.Center), w.shapes[keys[j]].Distance(s.Center)
		if a != b {
			return (a < b) != s.Farthest
		}
		return keys[i] < keys[j]
	})
	return keys
}

func TestNear(t *testing.T) {
	t.Parallel()
	results := 0
	for seed := range int64(600) {
		r := rand.New(rand.NewSource(seed))
		w := randomWorld(t, r, r.Intn(200))
		for range 5 {
			s := Search{Center: randomPoint(r), Max: Farthest, Limit: r.Intn(3) * 10, Farthest: r.Intn(4) == 0}
			if r.Intn(2) == 0 {
				s.Max = Farthest * r.Float64() * r.Float64()
			}
			if r.Intn(3) == 0 {
				s.Min = s.Max * r.Float64()
			}
			most := r.Intn(30) + 1
			want := w.sorted(s)
			want = want[:min(len(want), most)]
			if got := w.run(t, s, most); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %+v: got %v, want %v", seed, s, got, want)
			}
			results += len(want)
		}
	}
	if results < 10_000 {
		t.Fatalf("only %d results", results)
	}
}

// TestNearReadsLittle bounds what a search for few looks at among many.
func TestNearReadsLittle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(7))
	shapes := map[string]*Shape{}
	for i := range 20_000 {
		s, err := PointShape(evenPoint(r))
		if err != nil {
			t.Fatal(err)
		}
		shapes[fmt.Sprint(i)] = s
	}
	w := newWorld(shapes)
	w.read, w.asked, w.begun = 0, 0, 0
	const searches = 50
	for range searches {
		if got := w.run(t, Search{Center: randomPoint(r), Max: Farthest, Limit: 10}, 10); len(got) != 10 {
			t.Fatalf("%d results", len(got))
		}
	}
	if read, asked, begun := w.read/searches, w.asked/searches, w.begun/searches; read > 250 || asked > 11 || begun > 6 {
		t.Fatalf("10 of 20,000: %d entries and %d documents are read, at %d places", read, asked, begun)
	}
}

func TestNearDismisses(t *testing.T) {
	t.Parallel()
	w := newWorld(map[string]*Shape{"a": shape(t, `[1,0]`), "b": shape(t, `[2,0]`), "c": shape(t, `[3,0]`)})
	n := NewNear(Search{Center: Point{}, Max: Farthest})
	var got []string
	for {
		step := n.Next()
		if step.Kind == Done {
			break
		}
		switch step.Kind {
		case Read:
			w.give(t, n, step)
		case Measure:
			switch step.Key {
			case "a":
				n.Measured(math.NaN()) // no distance
			case "b":
				n.Dismiss()
			default:
				n.Measured(w.shapes[step.Key].Distance(Point{}))
			}
		case Result:
			got = append(got, step.Key)
		}
	}
	if !slices.Equal(got, []string{"c"}) {
		t.Fatalf("found %v", got)
	}
	for _, s := range []Search{{Center: Point{0, 91}, Max: 5}, {Max: -1}, {Min: 2, Max: 1}, {Max: math.NaN()}, {Min: math.NaN(), Max: 1}} {
		if step := NewNear(s).Next(); step.Kind != Done {
			t.Errorf("%+v asks for %+v", s, step)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	hits, narrow := 0, 0
	for seed := range int64(3000) {
		r := rand.New(rand.NewSource(seed))
		center := randomPoint(r)
		high := Farthest * math.Pow(r.Float64(), 4)
		low := 0.0
		if r.Intn(2) == 0 {
			low = high * r.Float64()
		}
		list := Within(center, low, high)
		if !slices.IsSortedFunc(list, func(a, b Interval) int { return cmp.Compare(a.Lo, b.Lo) }) {
			t.Fatalf("seed %d: intervals %v are not sorted", seed, list)
		}
		for range 50 {
			p := randomPoint(r)
			switch r.Intn(3) {
			case 0:
				p = opposite180(center)
			case 1:
				p = Point{center.Longitude, max(-90, min(90, center.Latitude+(r.Float64()-0.5)*high/Farthest*360))}
			}
			d := Distance(center, p)
			in := met([]uint64{Cell(p)}, list)
			if d >= low && d <= high && !in {
				t.Fatalf("seed %d: %v is %v away from %v, between %v and %v, and not found", seed, p, d, center, low, high)
			}
			if d >= low && d <= high {
				hits++
			} else if !in {
				narrow++
			}
		}
	}
	if hits < 20_000 || narrow < 20_000 {
		t.Fatalf("%d hits, %d left out", hits, narrow)
	}
	if list := Within(Point{}, 2, 1); list != nil {
		t.Errorf("from 2 to 1: %v", list)
	}
	if list := Within(Point{}, 0, math.NaN()); list != nil {
		t.Errorf("to no number: %v", list)
	}
}

func opposite180(p Point) Point {
	lon := p.Longitude + 180
	if lon > 180 {
		lon -= 360
	}
	return Point{lon, -p.Latitude}
}
