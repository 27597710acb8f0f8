package graph

import (
	"math"
	"slices"
)

// Path is a path: edge i joins vertices i and i+1.
type Path struct {
	Vertices []Vertex
	Edges    []Edge
	Weight   float64
}

// compare orders paths of a search: by weight, then by length, then by the edges as the Source gives them.
func (p *Path) compare(o *Path) int {
	switch {
	case p.Weight < o.Weight:
		return -1
	case p.Weight > o.Weight:
		return 1
	case len(p.Edges) != len(o.Edges):
		return len(p.Edges) - len(o.Edges)
	}
	return slices.Compare(p.Edges, o.Edges)
}

// Paths gives paths one by one: K shortest, all shortest, or all up to a length.
type Paths interface {
	// Next gives the next path, nil at the end. It is not changed later.
	Next() (*Path, error)
}

// ShortestPath finds a shortest path, nil when there is none. Without weights it is searched from both ends.
func (g *Graph) ShortestPath(start, target string, weighted bool) (*Path, error) {
	g.share()
	from, to, err := g.ends(start, target)
	if err != nil {
		return nil, err
	}
	if from == to {
		return &Path{Vertices: []Vertex{from}}, nil
	}
	if weighted {
		d := dijkstra{graph: g}
		return d.search(from, to, nil)
	}
	return g.meet(from, to)
}

func (g *Graph) ends(start, target string) (from, to Vertex, err error) {
	if from, err = g.Vertex(start); err == nil {
		to, err = g.Vertex(target)
	}
	return from, to, err
}

// reached says how a search has come to a vertex.
type reached struct {
	by    half // the edge, and the vertex on its other side
	depth int32
}

// wave is one of the two halves of a search.
type wave struct {
	reverse bool
	reached map[Vertex]reached
	front   []Vertex
	depth   int32
}

// meet searches from both ends, always from the one where fewer vertices wait.
func (g *Graph) meet(from, to Vertex) (*Path, error) {
	there := &wave{reached: map[Vertex]reached{from: {half{None, from}, 0}}, front: []Vertex{from}}
	back := &wave{reverse: true, reached: map[Vertex]reached{to: {half{None, to}, 0}}, front: []Vertex{to}}
	for len(there.front) > 0 && len(back.front) > 0 {
		w, other := there, back
		if len(back.front) < len(there.front) {
			w, other = back, there
		}
		middle, found, err := g.spread(w, other)
		if err != nil {
			return nil, err
		}
		if found {
			return joined(there, back, middle), nil
		}
	}
	return nil, nil
}

// waveBytes is what a vertex that was reached takes.
const waveBytes = 64

// spread goes one step from all of a wave's front. Of the vertices where the waves meet it gives the one that makes the
// shortest path, the first of them.
func (g *Graph) spread(w, other *wave) (middle Vertex, found bool, err error) {
	w.depth++
	var next []Vertex
	best := int32(math.MaxInt32)
	for _, v := range w.front {
		list, err := g.neighbours(v, w.reverse)
		if err != nil {
			return 0, false, err
		}
		for _, h := range list {
			if err := g.step(); err != nil {
				return 0, false, err
			}
			if _, ok := w.reached[h.other]; ok {
				continue
			}
			w.reached[h.other] = reached{half{h.edge, v}, w.depth}
			next = append(next, h.other)
			if o, ok := other.reached[h.other]; ok && o.depth < best {
				best, middle, found = o.depth, h.other, true
			}
		}
	}
	w.front = next
	return middle, found, g.grow(waveBytes * len(next))
}

// joined puts the two halves of a path together.
func joined(there, back *wave, middle Vertex) *Path {
	p := &Path{}
	for v := middle; ; {
		p.Vertices = append(p.Vertices, v)
		by := there.reached[v].by
		if by.edge == None {
			break
		}
		p.Edges = append(p.Edges, by.edge)
		v = by.other
	}
	slices.Reverse(p.Vertices)
	slices.Reverse(p.Edges)
	for v := middle; ; {
		by := back.reached[v].by
		if by.edge == None {
			break
		}
		p.Edges = append(p.Edges, by.edge)
		p.Vertices = append(p.Vertices, by.other)
		v = by.other
	}
	p.Weight = float64(len(p.Edges))
	return p
}
