package graph

import (
	"fmt"
	"math/rand"
	"slices"
)

// arc is an edge of a graph in memory.
type arc struct {
	set      int
	key      string
	from, to string
	weight   float64
}

// memory is a graph in memory. directions has one letter for each set: o, i, or a for both.
type memory struct {
	arcs       []arc
	directions string
	reads      int
}

func (m *memory) Edges(vertex string, reverse bool, visit func(Found) bool) error {
	m.reads++
	for _, s := range m.steps(vertex, reverse) {
		if !visit(Found{s.set, []byte(s.key), []byte(s.to), s.weight}) {
			return nil
		}
	}
	return nil
}

// steps gives the edges of a vertex as a storage would: set by set, outbound before inbound; an edge to itself twice
// where both directions are followed. from and to of a step are as it is taken.
func (m *memory) steps(vertex string, reverse bool) (out []arc) {
	for set, d := range m.directions {
		for _, inbound := range []bool{false, true} {
			if d == 'o' && inbound != reverse || d == 'i' && inbound == reverse {
				continue
			}
			for _, a := range m.arcs {
				near, far := a.from, a.to
				if inbound {
					near, far = far, near
				}
				if a.set == set && near == vertex {
					out = append(out, arc{a.set, a.key, near, far, a.weight})
				}
			}
		}
	}
	return out
}

// once leaves out the second time of edges from a vertex to itself.
func once(steps []arc) []arc {
	var out []arc
	for _, s := range steps {
		if s.from != s.to || !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func random(r *rand.Rand) *memory {
	m := &memory{directions: []string{"o", "i", "a", "oa", "oi"}[r.Intn(5)]}
	vertices := 2 + r.Intn(6)
	for i := range 1 + r.Intn(2*vertices) {
		m.arcs = append(m.arcs, arc{r.Intn(len(m.directions)), fmt.Sprint("e", i),
			fmt.Sprint("v/", r.Intn(vertices)), fmt.Sprint("v/", r.Intn(vertices)), float64(r.Intn(4))})
	}
	return m
}

// walk is a path as the slow ways find it.
type walk struct {
	vertices []string
	edges    []arc
}

func (w walk) weight() (sum float64) {
	for _, e := range w.edges {
		sum += e.weight
	}
	return sum
}

func (w walk) last() string { return w.vertices[len(w.vertices)-1] }

func (w walk) with(s arc) walk {
	return walk{append(slices.Clone(w.vertices), s.to), append(slices.Clone(w.edges), s)}
}

func (w walk) String() string {
	s := w.vertices[0]
	for i, e := range w.edges {
		s += fmt.Sprintf(" -%d:%s- %s", e.set, e.key, w.vertices[i+1])
	}
	return s
}

func text(g *Graph, p *Path) string {
	s := g.VertexID(p.Vertices[0])
	for i, e := range p.Edges {
		set, key := g.EdgeKey(e)
		s += fmt.Sprintf(" -%d:%s- %s", set, key, g.VertexID(p.Vertices[i+1]))
	}
	return s
}

func (w walk) hasVertex(v string) bool { return slices.Contains(w.vertices, v) }

func (w walk) hasEdge(s arc) bool {
	return slices.ContainsFunc(w.edges, func(e arc) bool { return e.set == s.set && e.key == s.key })
}

// simple gives all paths that meet no vertex twice, depth first.
func (m *memory) simple(from, to string, most int) (out []walk) {
	var walkOn func(w walk)
	walkOn = func(w walk) {
		if w.last() == to {
			out = append(out, w)
			return
		}
		if len(w.edges) == most {
			return
		}
		for _, s := range once(m.steps(w.last(), false)) {
			if !w.hasVertex(s.to) {
				walkOn(w.with(s))
			}
		}
	}
	walkOn(walk{vertices: []string{from}})
	return out
}
