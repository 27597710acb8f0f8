package graph

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// rules are the callbacks of a test: what may be followed and entered, and where paths end.
type rules struct{ follow, enter, prune int }

func (r rules) allowed(depth int, s arc) bool {
	return (r.follow == 0 || (len(s.key)+int(s.key[1])+depth)%r.follow != 0) && r.may(depth+1, s.to)
}

func (r rules) may(depth int, v string) bool { return r.enter == 0 || (int(v[2])+depth)%r.enter != 0 }

func (r rules) ends(v string) bool { return r.prune != 0 && int(v[2])%r.prune == 0 }

// slow gives what a traversal must give, by the words of its options.
func slow(m *memory, start string, o Options, r rules) (out []string) {
	if !r.may(0, start) {
		return nil
	}
	vertices, edges := map[string]bool{start: true}, map[string]bool{}
	var level []walk
	fits := func(w walk, s arc) bool {
		name := fmt.Sprint(s.set, s.key)
		if o.Vertices == UniquePath && w.hasVertex(s.to) || o.Vertices == UniqueGlobal && vertices[s.to] ||
			o.Edges == UniquePath && w.hasEdge(s) || o.Edges == UniqueGlobal && edges[name] || !r.allowed(len(w.edges), s) {
			return false
		}
		vertices[s.to], edges[name] = true, true
		return true
	}
	var visit func(w walk)
	visit = func(w walk) {
		if len(w.edges) >= o.Min {
			out = append(out, w.String())
		}
		if len(w.edges) == o.Max || r.ends(w.last()) {
			return
		}
		for _, s := range once(m.steps(w.last(), false)) {
			if fits(w, s) {
				if o.Order == DepthFirst {
					visit(w.with(s))
				} else {
					level = append(level, w.with(s))
				}
			}
		}
	}
	level = []walk{{vertices: []string{start}}}
	for len(level) > 0 {
		w := level[0]
		level = level[1:]
		visit(w)
	}
	return out
}

func (r rules) options(g *Graph, o Options) Options {
	o.Follow = func(depth int, e Edge, _ Vertex) (bool, error) {
		_, key := g.EdgeKey(e)
		return r.follow == 0 || (len(key)+int(key[1])+depth)%r.follow != 0, nil
	}
	o.Enter = func(depth int, v Vertex) (bool, error) { return r.may(depth, g.VertexID(v)), nil }
	o.Prune = func(t *Traversal) (bool, error) { return r.ends(g.VertexID(t.Vertex())), nil }
	return o
}

func fast(t *testing.T, g *Graph, tr *Traversal, start string) (out []string, weights []float64) {
	t.Helper()
	if err := tr.Start(start); err != nil {
		t.Fatal(err)
	}
	var p Path
	for {
		more, err := tr.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			if more, err = tr.Next(); more || err != nil {
				t.Fatalf("after the end: %v, %v", more, err)
			}
			return out, weights
		}
		tr.Path(&p)
		if p.Vertices[len(p.Vertices)-1] != tr.Vertex() || len(p.Edges) != tr.Depth() || tr.Depth() > 0 && p.Edges[len(p.Edges)-1] != tr.Edge() {
			t.Fatalf("the path %v does not end where the traversal stands", p)
		}
		out, weights = append(out, text(g, &p)), append(weights, p.Weight)
	}
}

func TestTraversal(t *testing.T) {
	t.Parallel()
	results := 0
	for seed := range int64(3000) {
		r := rand.New(rand.NewSource(seed))
		m := random(r)
		o := Options{Min: r.Intn(3), Order: Order(1 + r.Intn(2)), Vertices: Unique(1 + r.Intn(3)), Edges: Unique(1 + r.Intn(3))}
		o.Max = o.Min + r.Intn(3)
		if o.Order == DepthFirst && o.Vertices == UniqueGlobal {
			o.Vertices = UniquePath
		}
		if o.Vertices != UniqueGlobal && o.Edges == UniqueNone {
			o.Max = min(o.Max, 3) // walks to and fro would be too many
		}
		rule := rules{}
		if r.Intn(2) == 0 {
			rule = rules{r.Intn(5), r.Intn(7), r.Intn(5)}
		}
		o.Min = min(o.Min, o.Max)
		g := New(Config{Source: m, Shared: m.directions != "o" && m.directions != "i"})
		tr, err := g.Traverse(rule.options(g, o))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 { // the same traversal again, from several starts
			start := fmt.Sprint("v/", i)
			got, _ := fast(t, g, tr, start)
			if want := slow(m, start, o, rule); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %+v from %s of %+v\ngot  %s\nwant %s", seed, rule, start, m, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
			}
			results += len(got)
			if i == 1 {
				g.Trim(0)
			}
		}
	}
	if results < 10_000 {
		t.Fatalf("only %d paths: the graphs are too empty to show anything", results)
	}
}

func TestWeightedTraversal(t *testing.T) {
	t.Parallel()
	for seed := range int64(1000) {
		r := rand.New(rand.NewSource(seed))
		m := random(r)
		o := Options{Max: 3, Order: Weighted, Vertices: []Unique{UniqueNone, UniquePath}[r.Intn(2)], Edges: UniquePath}
		g := New(Config{Source: m, Shared: true})
		tr, err := g.Traverse(o)
		if err != nil {
			t.Fatal(err)
		}
		got, weights := fast(t, g, tr, "v/0")
		if !slices.IsSorted(weights) {
			t.Fatalf("seed %d: weights %v do not grow", seed, weights)
		}
		breadth := o
		breadth.Order = BreadthFirst
		want := slow(m, "v/0", breadth, rules{})
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d of %+v: got %q, want %q", seed, m, got, want)
		}
		o.Vertices, o.Max = UniqueGlobal, 100
		if tr, err = g.Traverse(o); err != nil {
			t.Fatal(err)
		}
		got, weights = fast(t, g, tr, "v/0")
		for i, path := range got {
			to := path[strings.LastIndexByte(path, ' ')+1:]
			if best := lightestOf(m.simple("v/0", to, 100)); best != weights[i] {
				t.Fatalf("seed %d: %s weighs %v, want %v", seed, path, weights[i], best)
			}
		}
	}
}

func lightestOf(walks []walk) float64 {
	best := 1e9
	for _, w := range walks {
		best = min(best, w.weight())
	}
	return best
}

func TestOptions(t *testing.T) {
	t.Parallel()
	g := New(Config{Source: &memory{}})
	for _, o := range []Options{{Min: -1}, {Min: 2, Max: 1}, {Max: 1, Vertices: UniqueGlobal}} {
		if _, err := g.Traverse(o); !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := g.KPaths("a", "b", 2, 1); !errors.Is(err, ErrOptions) {
		t.Errorf("k paths from 2 to 1: %v", err)
	}
}

// TestTraversalFails lets each call in turn fail: the error comes through, and nothing else happens.
func TestTraversalFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	m := &memory{directions: "a", arcs: []arc{{0, "x", "v/0", "v/1", 1}, {0, "y", "v/1", "v/2", 1}, {0, "z", "v/2", "v/0", 1}}}
	for _, order := range []Order{DepthFirst, BreadthFirst, Weighted} {
		ended := false
		for at := range 1000 {
			calls := 0
			count := func() error {
				if calls++; calls > at {
					return broken
				}
				return nil
			}
			g := New(Config{Source: failing{m, count}, Grow: func(int) error { return count() }, Step: count, Shared: true})
			err := drain(g, Options{Max: 2, Order: order,
				Follow: func(int, Edge, Vertex) (bool, error) { return true, count() },
				Enter:  func(int, Vertex) (bool, error) { return true, count() },
				Prune:  func(*Traversal) (bool, error) { return false, count() }})
			if calls <= at {
				ended = err == nil
				break
			}
			if !errors.Is(err, broken) || calls != at+1 {
				t.Fatalf("order %d, call %d failed: %d calls and %v", order, at, calls, err)
			}
		}
		if !ended {
			t.Fatalf("order %d never came to its end", order)
		}
	}
}

type failing struct {
	Source
	count func() error
}

func (f failing) Edges(vertex string, reverse bool, visit func(Found) bool) error {
	if err := f.count(); err != nil {
		return err
	}
	return f.Source.Edges(vertex, reverse, visit)
}

func drain(g *Graph, o Options) error {
	tr, err := g.Traverse(o)
	if err != nil {
		return err
	}
	if err := tr.Start("v/0"); err != nil {
		return err
	}
	for {
		more, err := tr.Next()
		if err != nil || !more {
			return err
		}
	}
}

func TestReadsOnce(t *testing.T) {
	t.Parallel()
	m := &memory{directions: "o"}
	for i := range 5 {
		for j := range 5 {
			m.arcs = append(m.arcs, arc{0, fmt.Sprint("e", i, j), fmt.Sprint("v/", i), fmt.Sprint("v/", j), 1})
		}
	}
	held, most := 0, 0
	g := New(Config{Source: m, Grow: func(n int) error {
		held += n
		most = max(most, held)
		return nil
	}})
	if err := drain(g, Options{Max: 4}); err != nil || m.reads != 5 {
		t.Fatalf("%d reads of 5 vertices, %v", m.reads, err)
	}
	if held != g.Bytes() || g.Vertices() != 5 || g.Edges() != 25 {
		t.Fatalf("holds %d, says %d: %d vertices, %d edges", held, g.Bytes(), g.Vertices(), g.Edges())
	}
	if g.Trim(held); g.Vertices() != 5 {
		t.Fatal("trimmed below the limit")
	}
	if g.Trim(held - 1); held != 0 || g.Vertices() != 0 || most == 0 {
		t.Fatalf("after the trim %d bytes are held", held)
	}
}

// circling is a vertex with many edges to itself, each given at both of its ends.
type circling int

func (c circling) Edges(vertex string, _ bool, visit func(Found) bool) error {
	for i := range 2 * int(c) {
		if !visit(Found{0, []byte{byte(i / 2 >> 16), byte(i / 2 >> 8), byte(i / 2)}, []byte(vertex), 1}) {
			break
		}
	}
	return nil
}

// TestManyEdgesToItself takes each of them once.
func TestManyEdgesToItself(t *testing.T) {
	t.Parallel()
	const loops = 200_000
	for _, shared := range []bool{false, true} {
		g := New(Config{Source: circling(loops), Shared: shared})
		tr, err := g.Traverse(Options{Min: 1, Max: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Start("v/a"); err != nil {
			t.Fatal(err)
		}
		n := 0
		for more := true; more; n++ {
			if more, err = tr.Next(); err != nil {
				t.Fatal(err)
			}
		}
		if n-1 != loops {
			t.Errorf("%d paths, want %d", n-1, loops)
		}
	}
}
