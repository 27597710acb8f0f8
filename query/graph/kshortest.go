package graph

import "slices"

// KShortestPaths gives paths that meet no vertex twice, lightest first.
func (g *Graph) KShortestPaths(start, target string, weighted bool) (Paths, error) {
	g.share()
	from, to, err := g.ends(start, target)
	if err != nil {
		return nil, err
	}
	return &yen{graph: g, from: from, to: to, spur: dijkstra{graph: g, even: !weighted}}, nil
}

// yen finds each next path as a detour from the ones before: it follows one of them up to some vertex and leaves it by an
// edge that none before has taken there.
type yen struct {
	graph    *Graph
	from, to Vertex
	spur     dijkstra
	begun    bool
	found    []*detour
	waiting  queue[*detour]
}

// detour is a path that left another one at vertex number at. Ways that leave before were tried with the other.
type detour struct {
	path *Path
	at   int
}

func (d *detour) before(o *detour) bool { return d.path.compare(o.path) < 0 }

// Next gives the next path, nil at the end.
func (y *yen) Next() (*Path, error) {
	if !y.begun {
		y.begun = true
		if y.from == y.to {
			return &Path{Vertices: []Vertex{y.from}}, nil
		}
		p, err := y.spur.search(y.from, y.to, nil)
		if err != nil || p == nil {
			return nil, err
		}
		return y.take(&detour{p, 0})
	}
	if len(y.found) == 0 {
		return nil, nil
	}
	if err := y.leave(y.found[len(y.found)-1]); err != nil || len(y.waiting) == 0 {
		return nil, err
	}
	return y.take(y.waiting.pop())
}

func (y *yen) take(d *detour) (*Path, error) {
	y.found = append(y.found, d)
	return d.path, y.graph.grow(64 + 8*len(d.path.Vertices))
}

// leave finds for each vertex of the last path, from where it left its own, the lightest way to leave it.
func (y *yen) leave(last *detour) error {
	root := &Path{}
	without := &barred{vertices: map[Vertex]bool{}, edges: map[Edge]bool{}}
	for i := range last.path.Edges {
		v := last.path.Vertices[i]
		if i >= last.at {
			clear(without.edges)
			for _, f := range y.found {
				if len(f.path.Edges) > i && slices.Equal(f.path.Edges[:i], root.Edges) {
					without.edges[f.path.Edges[i]] = true
				}
			}
			tail, err := y.spur.search(v, y.to, without)
			if err != nil {
				return err
			}
			if tail != nil {
				y.waiting.push(&detour{root.with(tail), i})
				if err := y.graph.grow(64 + 8*(i+len(tail.Vertices))); err != nil {
					return err
				}
			}
		}
		without.vertices[v] = true
		root.Vertices = append(root.Vertices, v)
		root.Edges = append(root.Edges, last.path.Edges[i])
		root.Weight += y.spur.weight(last.path.Edges[i])
	}
	return nil
}

// with is the path, whose last vertex is left out, followed by another one.
func (p *Path) with(tail *Path) *Path {
	return &Path{
		Vertices: slices.Concat(p.Vertices, tail.Vertices),
		Edges:    slices.Concat(p.Edges, tail.Edges),
		Weight:   p.Weight + tail.Weight,
	}
}
