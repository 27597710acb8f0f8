package graph

import "slices"

// barred is what a search must leave out.
type barred struct {
	vertices map[Vertex]bool
	edges    map[Edge]bool // only on the first step
}

// dijkstra finds the lightest path from one vertex to another. It is used again and keeps its room.
type dijkstra struct {
	graph *Graph
	even  bool // every edge weighs 1
	at    []arrival
	round uint32
	heap  queue[weighed]
	grown int
}

// arrival is the lightest way to a vertex that was found.
type arrival struct {
	weight float64
	by     half
	length int32
	round  uint32
	done   bool
}

func (d *dijkstra) weight(e Edge) float64 {
	if d.even {
		return 1
	}
	return d.graph.weights[e]
}

// search finds a path, of equally light ones the one with fewer edges, then one that was found first. nil: there is none.
func (d *dijkstra) search(from, to Vertex, without *barred) (*Path, error) {
	if d.round++; d.round == 0 {
		clear(d.at)
		d.round = 1
	}
	d.heap = d.heap[:0]
	if err := d.room(); err != nil {
		return nil, err
	}
	d.at[from] = arrival{by: half{None, from}, round: d.round}
	d.heap.push(weighed{0, int32(from)})
	for len(d.heap) > 0 {
		v := Vertex(d.heap.pop().node)
		here := &d.at[v]
		if here.done {
			continue
		}
		here.done = true
		if v == to {
			return d.path(to), nil
		}
		if err := d.relax(from, v, without); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (d *dijkstra) relax(from, v Vertex, without *barred) error {
	list, err := d.graph.neighbours(v, false)
	if err != nil {
		return err
	}
	if err := d.room(); err != nil {
		return err
	}
	here := d.at[v]
	for _, h := range list {
		if err := d.graph.step(); err != nil {
			return err
		}
		if without != nil && (without.vertices[h.other] || v == from && without.edges[h.edge]) {
			continue
		}
		weight, length := here.weight+d.weight(h.edge), here.length+1
		a := &d.at[h.other]
		if a.round == d.round && (a.done || weight > a.weight || weight == a.weight && length >= a.length) {
			continue
		}
		*a = arrival{weight, half{h.edge, v}, length, d.round, false}
		d.heap.push(weighed{weight, int32(h.other)})
	}
	return nil
}

// room makes room for the vertices that the graph has seen.
func (d *dijkstra) room() error {
	n := d.graph.Vertices()
	if n <= len(d.at) {
		return nil
	}
	d.at = append(d.at, make([]arrival, n-len(d.at))...)
	if c := cap(d.at); c > d.grown {
		more := c - d.grown
		d.grown = c
		return d.graph.grow(56 * more)
	}
	return nil
}

func (d *dijkstra) path(to Vertex) *Path {
	p := &Path{Weight: d.at[to].weight}
	for v := to; ; {
		p.Vertices = append(p.Vertices, v)
		by := d.at[v].by
		if by.edge == None {
			break
		}
		p.Edges = append(p.Edges, by.edge)
		v = by.other
	}
	slices.Reverse(p.Vertices)
	slices.Reverse(p.Edges)
	return p
}
