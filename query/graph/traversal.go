package graph

import "fmt"

// Order is the order of a traversal.
type Order uint8

// The orders.
const (
	DepthFirst Order = iota + 1
	BreadthFirst
	Weighted // lighter paths first
)

// Unique says where vertices or edges may not be met again.
type Unique uint8

// Nowhere, on the same path, or in the whole traversal. For edges the path is the least that is sensible, but not the
// least that is possible.
const (
	UniqueNone Unique = iota + 1
	UniquePath
	UniqueGlobal
)

// Options say which paths a traversal gives. The zero value of each means what the query language does when it is left
// out: one step, depth first, edges unique on the path, vertices not unique.
type Options struct {
	Min, Max        int // edges of a path
	Order           Order
	Vertices, Edges Unique
	// The callbacks may be nil. Follow and Enter say whether a path may hold an edge, or a vertex, at a depth; the edges
	// of the first step have depth 0, the start is the vertex of depth 0. Prune says of the path that the traversal stands
	// on, whether or not it is long enough to be a result, that no path goes on from it.
	Follow func(depth int, e Edge, to Vertex) (bool, error)
	Enter  func(depth int, v Vertex) (bool, error)
	Prune  func(t *Traversal) (bool, error)
}

// Check refuses options that do not fit together.
func (o *Options) Check() error {
	switch {
	case o.Min < 0 || o.Max < o.Min:
		return fmt.Errorf("%w: the depth goes from %d to %d", ErrOptions, o.Min, o.Max)
	case o.Order == DepthFirst && o.Vertices == UniqueGlobal:
		return fmt.Errorf("%w: vertices can be unique in the whole traversal only breadth first or weighted, since depth first "+
			"may meet a vertex first by a way that is too long", ErrOptions)
	}
	return nil
}

// Traversal gives paths from a start. It is used again for the next start.
type Traversal struct {
	graph    *Graph
	options  Options
	nodes    []node // of paths; depth first those of the present path alone
	current  int32  // node that the traversal stands on, -1 before the first
	expand   bool   // the present node's edges come next
	stack    []frame
	head     int32 // the next node that nobody stood on yet; not weighted
	heap     queue[weighed]
	vertices marks // unique in the traversal
	edges    marks
	grown    int
	trims    int // of the graph, when grown was counted
}

// node is the last step of a path.
type node struct {
	vertex Vertex
	edge   Edge
	parent int32 // -1 at the start
	depth  int32
	weight float64
}

// frame is a vertex of the present path whose edges are being followed.
type frame struct {
	edges []half
	at    int
	node  int32
}

// Traverse makes a traversal; Start begins it.
func (g *Graph) Traverse(o Options) (*Traversal, error) {
	if o.Order == 0 {
		o.Order = DepthFirst
	}
	if o.Vertices == 0 {
		o.Vertices = UniqueNone
	}
	if o.Edges == 0 {
		o.Edges = UniquePath
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Vertices != UniqueNone && o.Edges == UniquePath {
		o.Edges = UniqueNone // where no vertex comes twice no edge does
	}
	return &Traversal{graph: g, options: o, current: -1, trims: g.trims}, nil
}

// Start begins at a vertex.
func (t *Traversal) Start(id string) error {
	v, err := t.graph.Vertex(id)
	if err != nil {
		return err
	}
	if t.trims != t.graph.trims {
		t.trims, t.grown, t.nodes = t.graph.trims, 0, nil
	}
	t.nodes, t.stack, t.heap = t.nodes[:0], t.stack[:0], t.heap[:0]
	t.head, t.current, t.expand = 0, -1, false
	t.vertices.reset()
	t.edges.reset()
	ok, err := t.enter(0, v)
	if err != nil || !ok {
		return err
	}
	if t.options.Order == Weighted {
		t.heap.push(weighed{0, 0})
	} else {
		t.vertices.add(int(v))
	}
	return t.push(node{vertex: v, edge: None, parent: -1})
}

// Next goes to the next path; false at the end.
func (t *Traversal) Next() (bool, error) {
	for {
		more, err := t.advance()
		if err != nil || !more {
			return false, err
		}
		depth := t.Depth()
		t.expand = depth < t.options.Max
		if t.options.Prune != nil {
			pruned, err := t.options.Prune(t)
			if err != nil {
				return false, err
			}
			t.expand = t.expand && !pruned
		}
		if depth >= t.options.Min {
			return true, nil
		}
	}
}

// advance moves to the next node, after the present one was expanded if it is to be.
func (t *Traversal) advance() (bool, error) {
	if t.options.Order == DepthFirst {
		return t.deeper()
	}
	if t.expand {
		if err := t.widen(); err != nil {
			return false, err
		}
	}
	if t.options.Order == BreadthFirst {
		return t.following()
	}
	for len(t.heap) > 0 {
		t.current = t.heap.pop().node
		if t.options.Vertices != UniqueGlobal || !t.vertices.add(int(t.Vertex())) {
			return true, nil
		}
	}
	return t.end()
}

// following goes to the node behind the last one.
func (t *Traversal) following() (bool, error) {
	if int(t.head) == len(t.nodes) {
		return t.end()
	}
	t.current = t.head
	t.head++
	return true, nil
}

func (t *Traversal) end() (bool, error) {
	t.current, t.expand = -1, false
	return false, nil
}

// widen puts all that the present node leads to behind what waits.
func (t *Traversal) widen() error {
	from := t.current
	list, err := t.graph.neighbours(t.nodes[from].vertex, false)
	if err != nil {
		return err
	}
	for _, h := range list {
		n, ok, err := t.step(from, h)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := t.push(n); err != nil {
			return err
		}
		if t.options.Order == Weighted {
			t.heap.push(weighed{n.weight, int32(len(t.nodes) - 1)})
		}
	}
	return nil
}

// deeper goes on from the present path, or from the nearest one before it that has edges left.
func (t *Traversal) deeper() (bool, error) {
	if t.head == 0 { // the start
		return t.following()
	}
	if t.expand {
		list, err := t.graph.neighbours(t.nodes[t.current].vertex, false)
		if err != nil {
			return false, err
		}
		t.stack = append(t.stack, frame{edges: list, node: t.current})
		t.expand = false
	}
	for len(t.stack) > 0 {
		f := &t.stack[len(t.stack)-1]
		if f.at == len(f.edges) {
			t.stack = t.stack[:len(t.stack)-1]
			continue
		}
		h := f.edges[f.at]
		f.at++
		t.nodes = t.nodes[:f.node+1]
		n, ok, err := t.step(f.node, h)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		if err := t.push(n); err != nil {
			return false, err
		}
		t.current = int32(len(t.nodes) - 1)
		return true, nil
	}
	return t.end()
}

// step says whether a path may go on by an edge.
func (t *Traversal) step(from int32, h half) (n node, ok bool, err error) {
	if err := t.graph.step(); err != nil {
		return n, false, err
	}
	if !t.fresh(from, h) {
		return n, false, nil
	}
	depth := int(t.nodes[from].depth)
	if t.options.Follow != nil {
		if ok, err := t.options.Follow(depth, h.edge, h.other); err != nil || !ok {
			return n, false, err
		}
	}
	if ok, err := t.enter(depth+1, h.other); err != nil || !ok {
		return n, false, err
	}
	if t.options.Edges == UniqueGlobal {
		t.edges.add(int(h.edge))
	}
	if t.options.Vertices == UniqueGlobal && t.options.Order == BreadthFirst {
		t.vertices.add(int(h.other))
	}
	return node{h.other, h.edge, from, int32(depth + 1), t.nodes[from].weight + t.graph.weights[h.edge]}, true, nil
}

func (t *Traversal) enter(depth int, v Vertex) (bool, error) {
	if t.options.Enter == nil {
		return true, nil
	}
	return t.options.Enter(depth, v)
}

// fresh says whether vertex and edge are as unique as they must be.
func (t *Traversal) fresh(from int32, h half) bool {
	switch {
	case t.options.Vertices == UniqueGlobal && t.vertices.has(int(h.other)),
		t.options.Edges == UniqueGlobal && t.edges.has(int(h.edge)):
		return false
	}
	if t.options.Edges != UniquePath && t.options.Vertices != UniquePath {
		return true
	}
	for at := from; at >= 0; at = t.nodes[at].parent {
		n := &t.nodes[at]
		if t.options.Edges == UniquePath && n.edge == h.edge || t.options.Vertices == UniquePath && n.vertex == h.other {
			return false
		}
	}
	return true
}

// nodeBytes is what a node takes, with its place in a queue.
const nodeBytes = 40

func (t *Traversal) push(n node) error {
	t.nodes = append(t.nodes, n)
	if c := cap(t.nodes); c > t.grown {
		more := c - t.grown
		t.grown = c
		return t.graph.grow(more * nodeBytes)
	}
	return nil
}

// Depth is the number of edges of the present path.
func (t *Traversal) Depth() int { return int(t.nodes[t.current].depth) }

// Vertex is the last vertex of the present path.
func (t *Traversal) Vertex() Vertex { return t.nodes[t.current].vertex }

// Edge is the last edge of the present path, None at the start.
func (t *Traversal) Edge() Edge { return t.nodes[t.current].edge }

// Path puts the present path into p.
func (t *Traversal) Path(p *Path) {
	depth := t.Depth()
	p.Weight = t.nodes[t.current].weight
	p.Vertices, p.Edges = resized(p.Vertices, depth+1), resized(p.Edges, depth)
	for at := t.current; at >= 0; at = t.nodes[at].parent {
		n := &t.nodes[at]
		p.Vertices[n.depth] = n.vertex
		if n.depth > 0 {
			p.Edges[n.depth-1] = n.edge
		}
	}
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, 8))
	}
	return s[:n]
}

// weighed is a node that waits with the weight of its path; of equal ones the earlier comes first.
type weighed struct {
	weight float64
	node   int32
}

func (w weighed) before(o weighed) bool {
	return w.weight < o.weight || w.weight == o.weight && w.node < o.node
}
