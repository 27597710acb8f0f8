package graph

import (
	"errors"
	"fmt"
	"math"
)

// Vertex and Edge are numbers of vertices and edges in one Graph, from 0. None is neither.
type (
	Vertex int32
	Edge   int32
)

// None stands where there is no edge: before the first vertex of a path.
const None Edge = -1

// Found is one edge as a vertex sees it. Key and Other are only valid during the call that hands it over.
type Found struct {
	Set    int     // number of the collection of edges, as the Source counts them
	Key    []byte  // of the edge in its collection
	Other  []byte  // identity of the vertex at the other end
	Weight float64 // 0 when the search has none
}

// Source gives the edges of vertices, always the same ones in the same order.
type Source interface {
	// Edges calls visit for each edge that leads away from a vertex, or with reverse for each that leads to it, until
	// visit gives false. An edge that may be followed both ways is given at both of its ends.
	Edges(vertex string, reverse bool, visit func(Found) bool) error
}

// Config says what a Graph is made of. Only Source must be set.
type Config struct {
	Source Source
	// Grow is told of memory before it is taken, and of memory that was given back with a negative number.
	Grow func(bytes int) error
	// Step is called for each edge that a search looks at.
	Step func() error
	// Shared says that one edge can be met from more than one vertex: directions are mixed, or any. Searches for paths
	// need it always.
	Shared bool
}

// Graph is what searches have seen of a graph. It belongs to one goroutine, and to one state of the data.
type Graph struct {
	config   Config
	ids      []string
	vertices map[string]Vertex
	sets     []int32 // by edge
	keys     []span  // by edge, into names
	weights  []float64
	names    []byte
	edges    map[name]Edge // when shared
	away, to [][]half      // by vertex; nil: not read yet
	bytes    int
	trims    int
}

type span struct {
	at  uint32
	len uint16
}

// name is the identity of an edge.
type name struct {
	set int32
	key string
}

// half is an edge as one of its ends sees it.
type half struct {
	edge  Edge
	other Vertex
}

// ErrOptions says that the options of a search do not fit together.
var ErrOptions = errors.New("options of a graph search do not fit together")

// WeightError is an edge with a weight that a search cannot add up.
type WeightError struct {
	Set    int
	Key    string
	Weight float64
}

// Error names the edge.
func (e *WeightError) Error() string {
	return fmt.Sprintf("edge %q has the weight %v: want a number that is not negative", e.Key, e.Weight)
}

// ErrTooLarge says that a search has met more edges than it can number.
var ErrTooLarge = errors.New("a graph search has met too many edges")

// New makes an empty graph.
func New(c Config) *Graph {
	g := &Graph{config: c, vertices: map[string]Vertex{}}
	if c.Shared {
		g.edges = map[name]Edge{}
	}
	return g
}

// Vertex gives the number of a vertex.
func (g *Graph) Vertex(id string) (Vertex, error) {
	if v, ok := g.vertices[id]; ok {
		return v, nil
	}
	return g.addVertex(id)
}

func (g *Graph) addVertex(id string) (Vertex, error) {
	if err := g.grow(len(id) + 120); err != nil {
		return 0, err
	}
	v := Vertex(len(g.ids))
	g.ids = append(g.ids, id)
	g.vertices[id] = v
	g.away, g.to = append(g.away, nil), append(g.to, nil)
	return v, nil
}

// VertexID is the identity of a vertex.
func (g *Graph) VertexID(v Vertex) string { return g.ids[v] }

// EdgeKey is the key of an edge, and the number of its collection.
func (g *Graph) EdgeKey(e Edge) (set int, key string) {
	k := g.keys[e]
	return int(g.sets[e]), string(g.names[k.at : k.at+uint32(k.len)])
}

// Weight is the weight of an edge.
func (g *Graph) Weight(e Edge) float64 { return g.weights[e] }

// Vertices is how many vertices the graph has seen.
func (g *Graph) Vertices() int { return len(g.ids) }

// Edges is how many edges the graph has seen.
func (g *Graph) Edges() int { return len(g.sets) }

// Bytes is about how much the graph holds.
func (g *Graph) Bytes() int { return g.bytes }

// Trim forgets everything if the graph holds more than a limit. All numbers and searches end with it.
func (g *Graph) Trim(limit int) {
	if g.bytes <= limit {
		return
	}
	_ = g.grow(-g.bytes) // giving back is never refused
	fresh := New(g.config)
	fresh.trims = g.trims + 1
	*g = *fresh
}

func (g *Graph) grow(bytes int) error {
	g.bytes += bytes
	if g.config.Grow == nil {
		return nil
	}
	return g.config.Grow(bytes)
}

func (g *Graph) step() error {
	if g.config.Step == nil {
		return nil
	}
	return g.config.Step()
}

// neighbours gives the edges of a vertex.
func (g *Graph) neighbours(v Vertex, reverse bool) ([]half, error) {
	lists := g.away
	if reverse {
		lists = g.to
	}
	if lists[v] != nil {
		return lists[v], nil
	}
	list, err := g.load(v, reverse)
	if err != nil {
		return nil, err
	}
	if reverse {
		g.to[v] = list
	} else {
		g.away[v] = list
	}
	return list, nil
}

// load reads the edges of a vertex. An edge from a vertex to itself is taken once, also where it may be followed both
// ways.
func (g *Graph) load(v Vertex, reverse bool) ([]half, error) {
	list := []half{}
	var loops map[name]bool // by what they stand for: they may have been numbered anew
	var failed error
	err := g.config.Source.Edges(g.ids[v], reverse, func(f Found) bool {
		var h half
		if h, failed = g.intern(f); failed != nil {
			return false
		}
		if h.other == v {
			loop := name{int32(f.Set), string(f.Key)}
			if loops[loop] {
				return true
			}
			if loops == nil {
				loops = map[name]bool{}
			}
			loops[loop] = true
		}
		list = append(list, h)
		return true
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	return list, g.grow(8 * cap(list))
}

func (g *Graph) intern(f Found) (half, error) {
	other, ok := g.vertices[string(f.Other)]
	if !ok {
		var err error
		if other, err = g.addVertex(string(f.Other)); err != nil {
			return half{}, err
		}
	}
	if g.edges != nil {
		if e, ok := g.edges[name{int32(f.Set), string(f.Key)}]; ok {
			return half{e, other}, nil
		}
	}
	e, err := g.addEdge(f)
	return half{e, other}, err
}

func (g *Graph) addEdge(f Found) (Edge, error) {
	if !(f.Weight >= 0) || math.IsInf(f.Weight, 1) {
		return 0, &WeightError{f.Set, string(f.Key), f.Weight}
	}
	if len(g.sets) == math.MaxInt32 || len(g.names)+len(f.Key) > math.MaxUint32 || len(f.Key) > math.MaxUint16 {
		return 0, ErrTooLarge
	}
	size := len(f.Key) + 20
	if g.edges != nil {
		size += len(f.Key) + 60
	}
	if err := g.grow(size); err != nil {
		return 0, err
	}
	e := Edge(len(g.sets))
	g.sets = append(g.sets, int32(f.Set))
	g.keys = append(g.keys, span{uint32(len(g.names)), uint16(len(f.Key))})
	g.names = append(g.names, f.Key...)
	g.weights = append(g.weights, f.Weight)
	if g.edges != nil {
		g.edges[name{int32(f.Set), string(f.Key)}] = e
	}
	return e, nil
}

// share makes sure that each edge has one number, from whichever vertex it is met.
func (g *Graph) share() {
	if g.edges != nil {
		return
	}
	g.edges = make(map[name]Edge, len(g.sets))
	for e := range g.sets {
		set, key := g.EdgeKey(Edge(e))
		g.edges[name{int32(set), key}] = Edge(e)
	}
}

// marks is a set of numbers that is emptied at no cost.
type marks struct {
	of    []uint32
	round uint32
}

// reset empties the set.
func (m *marks) reset() {
	if m.round++; m.round == 0 { // all stamps are used up
		clear(m.of)
		m.round = 1
	}
}

// add puts a number in and says whether it was there.
func (m *marks) add(n int) bool {
	if n >= len(m.of) {
		m.of = append(m.of, make([]uint32, max(n+1-len(m.of), len(m.of)))...)
	}
	if m.of[n] == m.round {
		return true
	}
	m.of[n] = m.round
	return false
}

// has says whether a number is there.
func (m *marks) has(n int) bool { return n < len(m.of) && m.of[n] == m.round }

// remove takes a number out.
func (m *marks) remove(n int) {
	if n < len(m.of) {
		m.of[n] = 0
	}
}
