package graph

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/selvedge-db/selvedge/internal/datatest"
)

// flights is the graph of airports and routes.
type flights struct {
	away, to map[string][]Found
	names    []string
	frequent []string // the 1,000 airports with the most routes
}

func loadFlights(t testing.TB) *flights {
	t.Helper()
	file, err := os.Open(filepath.Join(datatest.Dir(t), "openflights", "routes.dat"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	f := &flights{away: map[string][]Found{}, to: map[string][]Found{}}
	for i, line := range lines {
		from, to := "airports/"+line[2], "airports/"+line[4]
		key := []byte{byte(i >> 16), byte(i >> 8), byte(i)}
		f.away[from] = append(f.away[from], Found{0, key, []byte(to), 1})
		f.to[to] = append(f.to[to], Found{0, key, []byte(from), 1})
	}
	for name := range f.away {
		f.names = append(f.names, name)
	}
	sort.Strings(f.names)
	f.frequent = append(f.frequent, f.names...)
	sort.SliceStable(f.frequent, func(i, j int) bool { return len(f.away[f.frequent[i]]) > len(f.away[f.frequent[j]]) })
	f.frequent = f.frequent[:1000]
	return f
}

func (f *flights) Edges(vertex string, reverse bool, visit func(Found) bool) error {
	list := f.away[vertex]
	if reverse {
		list = f.to[vertex]
	}
	for _, e := range list {
		if !visit(e) {
			break
		}
	}
	return nil
}

// twoHops counts the different airports within two flights of each of some.
func twoHops(t testing.TB, g *Graph, from []string) (count int) {
	t.Helper()
	tr, err := g.Traverse(Options{Min: 1, Max: 2, Order: BreadthFirst, Vertices: UniqueGlobal})
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range from {
		if err := tr.Start(start); err != nil {
			t.Fatal(err)
		}
		for {
			more, err := tr.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
			count++
		}
	}
	return count
}

// TestTwoHops compares with sets of names.
func TestTwoHops(t *testing.T) {
	t.Parallel()
	f := loadFlights(t)
	want := 0
	for _, start := range f.frequent {
		reached := map[string]bool{}
		for _, first := range f.away[start] {
			reached[string(first.Other)] = true
			for _, second := range f.away[string(first.Other)] {
				reached[string(second.Other)] = true
			}
		}
		delete(reached, start)
		want += len(reached)
	}
	if got := twoHops(t, New(Config{Source: f}), f.frequent); got != want || want < 100_000 {
		t.Fatalf("%d airports within two flights of 1,000, want %d", got, want)
	}
}

func BenchmarkTwoHopsOf1000(b *testing.B) {
	f := loadFlights(b)
	for b.Loop() {
		twoHops(b, New(Config{Source: f}), f.frequent)
	}
}

func BenchmarkTwoHopsAgain(b *testing.B) {
	f := loadFlights(b)
	g := New(Config{Source: f})
	twoHops(b, g, f.frequent)
	b.ReportAllocs()
	for b.Loop() {
		twoHops(b, g, f.frequent)
	}
}

func BenchmarkShortestPath(b *testing.B) {
	f := loadFlights(b)
	for _, weighted := range []bool{false, true} {
		b.Run(map[bool]string{false: "edges", true: "weights"}[weighted], func(b *testing.B) {
			g := New(Config{Source: f})
			n := 0
			for b.Loop() {
				n++
				if _, err := g.ShortestPath("airports/GKA", f.names[n*7919%len(f.names)], weighted); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkKShortestPaths(b *testing.B) {
	f := loadFlights(b)
	for b.Loop() {
		g := New(Config{Source: f})
		paths, err := g.KShortestPaths("airports/GKA", "airports/KEF", true)
		if err != nil {
			b.Fatal(err)
		}
		for range 10 {
			if p, err := paths.Next(); err != nil || p == nil {
				b.Fatal(err)
			}
		}
	}
}
