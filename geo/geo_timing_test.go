package geo

import (
	"math/rand"
	"testing"
)

func BenchmarkDistance(b *testing.B) {
	x, y := Point{8.5, 50.1}, Point{151.2, -33.9}
	for b.Loop() {
		_ = Distance(x, y)
	}
}

func BenchmarkEllipsoidDistance(b *testing.B) {
	x, y := Point{8.5, 50.1}, Point{151.2, -33.9}
	for b.Loop() {
		_ = EllipsoidDistance(x, y)
	}
}

func BenchmarkCell(b *testing.B) {
	for b.Loop() {
		_ = Cell(Point{8.5, 50.1})
	}
}

func BenchmarkWithin5km(b *testing.B) {
	for b.Loop() {
		_ = Within(Point{8.5, 50.1}, 0, 5000)
	}
}

func BenchmarkParsePolygon(b *testing.B) {
	v := parsed(b, town)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(v); err != nil {
			b.Fatal(err)
		}
	}
}

// town is a polygon with a hole.
const town = `{"type":"Polygon","coordinates":[[[8.5,50.0],[8.7,49.98],[8.8,50.1],[8.75,50.2],[8.6,50.25],[8.45,50.15],[8.5,50.0]],` +
	`[[8.6,50.1],[8.65,50.1],[8.65,50.15],[8.6,50.15],[8.6,50.1]]]}`

func BenchmarkEntriesOfPolygon(b *testing.B) {
	s := shape(b, town)
	b.ReportAllocs()
	for b.Loop() {
		_ = Entries(s)
	}
}

func BenchmarkTouchingPolygon(b *testing.B) {
	s := shape(b, town)
	for b.Loop() {
		_ = Touching(s)
	}
}

func BenchmarkPolygonContainsPoint(b *testing.B) {
	s, p := shape(b, town), shape(b, `[8.55,50.05]`)
	for b.Loop() {
		if !s.Contains(p) {
			b.Fatal("it is outside")
		}
	}
}

// BenchmarkNear finds the 10 nearest of 8,000 places.
func BenchmarkNear(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	shapes := map[string]*Shape{}
	for i := range 8000 {
		s, err := PointShape(evenPoint(r))
		if err != nil {
			b.Fatal(err)
		}
		shapes[string(rune('a'+i%26))+string(rune(1000+i))] = s
	}
	w := newWorld(shapes)
	b.ReportAllocs()
	for b.Loop() {
		n := NewNear(Search{Center: evenPoint(r), Max: Farthest, Limit: 10})
		for results := 0; results < 10; {
			switch step := n.Next(); step.Kind {
			case Read:
				w.quickly(n, step)
			case Measure:
				n.Measured(w.shapes[step.Key].Distance(n.search.Center))
			case Result:
				results++
			case Done:
				b.Fatal("too few")
			}
		}
	}
}

// quickly gives entries without keeping book.
func (w *world) quickly(n *Near, step Step) {
	given := 0
	for _, i := range step.Intervals {
		list := w.between(i)
		for k := range list {
			if step.Limit > 0 && given == step.Limit {
				return
			}
			given++
			e := &list[k]
			if step.Reverse {
				e = &list[len(list)-1-k]
			}
			n.Entry(e.cell, []byte(e.key))
		}
	}
}
