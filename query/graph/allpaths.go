package graph

import (
	"fmt"
	"slices"
)

// AllShortestPaths gives all paths that have as few edges as the shortest one.
func (g *Graph) AllShortestPaths(start, target string) (Paths, error) {
	g.share()
	p, err := g.ShortestPath(start, target, false)
	if err != nil || p == nil {
		return none{}, err
	}
	return g.KPaths(start, target, len(p.Edges), len(p.Edges))
}

type none struct{}

// Next gives nothing.
func (none) Next() (*Path, error) { return nil, nil }

// KPaths gives all paths of a number of edges between two bounds that meet no vertex twice, in the order of a depth
// first traversal. Where the target is too far away for the edges that are left no way is followed.
func (g *Graph) KPaths(start, target string, low, high int) (Paths, error) {
	if low < 0 || high < low {
		return nil, fmt.Errorf("%w: the length goes from %d to %d", ErrOptions, low, high)
	}
	g.share()
	from, to, err := g.ends(start, target)
	if err != nil {
		return nil, err
	}
	k := &kpaths{graph: g, to: to, low: low, high: high}
	if err := k.measure(); err != nil {
		return nil, err
	}
	if k.far(from, high) {
		return none{}, nil
	}
	k.vertices = []Vertex{from}
	k.on.reset()
	k.on.add(int(from))
	return k, nil
}

type kpaths struct {
	graph     *Graph
	to        Vertex
	low, high int
	distance  map[Vertex]int // edges to the target, where not more than high
	vertices  []Vertex
	edges     []Edge
	stack     []cursor
	on        marks // vertices of the path
	begun     bool
}

type cursor struct {
	edges []half
	at    int
}

// measure finds how far vertices are from the target.
func (k *kpaths) measure() error {
	k.distance = map[Vertex]int{k.to: 0}
	front := []Vertex{k.to}
	for depth := 1; depth <= k.high && len(front) > 0; depth++ {
		var next []Vertex
		for _, v := range front {
			list, err := k.graph.neighbours(v, true)
			if err != nil {
				return err
			}
			for _, h := range list {
				if err := k.graph.step(); err != nil {
					return err
				}
				if _, ok := k.distance[h.other]; !ok {
					k.distance[h.other] = depth
					next = append(next, h.other)
				}
			}
		}
		if err := k.graph.grow(waveBytes * len(next)); err != nil {
			return err
		}
		front = next
	}
	return nil
}

func (k *kpaths) far(v Vertex, left int) bool {
	d, ok := k.distance[v]
	return !ok || d > left
}

// Next gives the next path, nil at the end.
func (k *kpaths) Next() (*Path, error) {
	if !k.begun {
		k.begun = true
		if arrived, err := k.arrive(); err != nil || arrived {
			return k.result(), err
		}
	}
	for len(k.stack) > 0 {
		c := &k.stack[len(k.stack)-1]
		depth := len(k.stack)
		for i := depth - 1; i < len(k.edges); i++ { // the way that was followed last ends here
			k.on.remove(int(k.vertices[i+1]))
		}
		k.vertices, k.edges = k.vertices[:depth], k.edges[:depth-1]
		if c.at == len(c.edges) {
			k.stack = k.stack[:depth-1]
			continue
		}
		h := c.edges[c.at]
		c.at++
		if err := k.graph.step(); err != nil {
			return nil, err
		}
		if k.on.has(int(h.other)) || k.far(h.other, k.high-depth) {
			continue
		}
		k.vertices, k.edges = append(k.vertices, h.other), append(k.edges, h.edge)
		k.on.add(int(h.other))
		if arrived, err := k.arrive(); err != nil || arrived {
			return k.result(), err
		}
	}
	return nil, nil
}

// arrive says whether the path is a result, and opens its last vertex if it is not at the target.
func (k *kpaths) arrive() (bool, error) {
	last := k.vertices[len(k.vertices)-1]
	if last == k.to {
		return len(k.edges) >= k.low, nil
	}
	if len(k.edges) == k.high {
		return false, nil
	}
	list, err := k.graph.neighbours(last, false)
	if err == nil {
		k.stack = append(k.stack, cursor{edges: list})
	}
	return false, err
}

func (k *kpaths) result() *Path {
	return &Path{Vertices: slices.Clone(k.vertices), Edges: slices.Clone(k.edges), Weight: float64(len(k.edges))}
}
