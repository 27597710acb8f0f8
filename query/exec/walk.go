package exec

import (
	"errors"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/graph"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// edgeSet is a collection of edges with its index.
type edgeSet struct {
	collection *rows.Collection
	index      *rows.Index
	direction  ast.Direction
}

// roads is what all searches in a graph have in common.
type roads struct {
	sets                 []edgeSet
	weight               *value.Extractor // nil without weights
	weightDefault        float64
	needVertex, needEdge bool
	vertices             []string // collections of vertices that may be entered; nil: all
}

func roadsOf(list []plan.EdgeSource, o plan.TraversalOptions) (*roads, error) {
	out := &roads{weightDefault: o.DefaultWeight, vertices: o.VertexCollections}
	for _, e := range list {
		if len(o.EdgeCollections) > 0 && !slices.Contains(o.EdgeCollections, e.Collection.Name) {
			continue
		}
		at := slices.IndexFunc(e.Collection.Indexes, func(x *rows.Index) bool { return x.Type == rows.EdgeIndex })
		if at < 0 {
			return nil, &Error{Number: 1218, Code: "collection-type", Text: "collection " + e.Collection.Name + " is no edge collection"}
		}
		out.sets = append(out.sets, edgeSet{e.Collection, e.Collection.Indexes[at], e.Direction})
	}
	if o.WeightAttribute != "" {
		path, err := value.ParsePath(o.WeightAttribute)
		if err != nil {
			path = value.Path{o.WeightAttribute}
		}
		out.weight = value.NewExtractor(path)
	}
	return out, nil
}

// shared tells whether an edge can be met from more than one vertex.
func (r *roads) shared() bool {
	for _, s := range r.sets {
		if s.direction == ast.Any || s.direction != r.sets[0].direction {
			return true
		}
	}
	return false
}

// walker reads a graph for one task.
type walker struct {
	*roads
	t     *task
	graph *graph.Graph
	room  []byte
	taken []value.Value
	row   []value.Value // a row to compute expressions over while a search is under way
	known []known       // documents of vertices, by their numbers
	kept  int64         // bytes of them
}

// known is the document of a vertex that was met: searches from many starts meet the same ones.
type known struct {
	met bool
	doc value.Value
}

// graphBytes is how much of a graph is kept for the next start.
const graphBytes = 32 << 20

func newWalker(r *roads, t *task, shared bool, width int) *walker {
	w := &walker{roads: r, t: t, row: make([]value.Value, width)}
	w.graph = graph.New(graph.Config{
		Source: w, Shared: shared, Step: t.step,
		Grow: func(bytes int) error {
			if bytes < 0 {
				t.shrink(int64(-bytes))
				return nil
			}
			return t.grow(int64(bytes))
		},
	})
	return w
}

// Edges gives the edges of a vertex.
func (w *walker) Edges(vertex string, reverse bool, visit func(graph.Found) bool) error {
	for i := range w.sets {
		s := &w.sets[i]
		out, in := s.direction != ast.Inbound, s.direction != ast.Outbound
		if reverse {
			out, in = in, out
		}
		if w.t.Hidden[s.collection.Name] {
			continue
		}
		for _, side := range [2]struct {
			wanted bool
			mark   byte
		}{{out, 'o'}, {in, 'i'}} {
			if !side.wanted {
				continue
			}
			more, err := w.side(i, side.mark, vertex, visit)
			if err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// side gives the edges that begin or end at a vertex.
func (w *walker) side(set int, mark byte, vertex string, visit func(graph.Found) bool) (more bool, err error) {
	s := &w.sets[set]
	b := edgeBounds(mark, vertex)
	c, err := w.t.entries(s.collection, s.index, b)
	if err != nil {
		return false, err
	}
	defer func() {
		if closed := c.Close(); err == nil {
			err = closed
		}
	}()
	for c.Next() {
		w.t.stats.ScannedIndex++
		other, _, err := value.DecodeKeyString(c.Entry()[len(b.Lower):])
		if err != nil {
			return false, err
		}
		found := graph.Found{Set: set, Key: c.Key(), Other: []byte(other)}
		if w.weight != nil {
			if found.Weight, err = w.weigh(s, string(c.Key())); err != nil {
				return false, err
			}
		}
		if !visit(found) {
			return false, nil
		}
	}
	return true, c.Err()
}

func (w *walker) weigh(s *edgeSet, key string) (float64, error) {
	doc, found, err := w.t.Snapshot.Get(s.collection, key)
	if err != nil || !found {
		return w.weightDefault, err
	}
	w.taken = w.weight.Extract(doc.Text, w.taken)
	if w.taken[0].Kind() != value.KindNumber {
		return w.weightDefault, nil
	}
	return w.taken[0].Float64(), nil
}

// trim forgets what was met when it has become much.
func (w *walker) trim() bool {
	if int64(w.graph.Bytes())+w.kept <= graphBytes {
		return false
	}
	w.graph.Trim(0)
	w.t.shrink(w.kept)
	w.known, w.kept = nil, 0
	return true
}

// vertex gives the document of a vertex, or its identity when that is enough.
func (w *walker) vertex(v graph.Vertex) (value.Value, error) {
	if !w.needVertex {
		id := w.graph.VertexID(v)
		_, key, _ := strings.Cut(id, "/")
		return identity(id, key), nil
	}
	if int(v) < len(w.known) && w.known[v].met {
		return w.known[v].doc, nil
	}
	doc, err := w.readVertex(v)
	if err != nil || w.kept > graphBytes {
		return doc, err
	}
	doc = doc.Clone()
	if int(v) >= len(w.known) {
		w.known = append(w.known, make([]known, w.graph.Vertices()-len(w.known))...)
	}
	w.known[v] = known{true, doc}
	bytes := int64(doc.Memory() + slotBytes)
	w.kept += bytes
	return doc, w.t.grow(bytes)
}

func (w *walker) readVertex(v graph.Vertex) (value.Value, error) {
	id := w.graph.VertexID(v)
	name, key, _ := strings.Cut(id, "/")
	d := data{t: w.t}
	c, ok, err := d.readable(name)
	if err != nil || !ok {
		return value.Null(), err
	}
	doc, found, err := w.t.Snapshot.Get(c, key)
	if err != nil {
		return value.Null(), err
	}
	w.t.stats.ScannedIndex++
	if !found {
		w.t.warn(1202, "vertex '"+id+"' is not there")
		return value.Null(), nil
	}
	return d.whole(&doc), nil
}

// edge gives the document of an edge, or its identity when that is enough.
func (w *walker) edge(e graph.Edge) (value.Value, error) {
	if e == graph.None {
		return value.Null(), nil
	}
	set, key := w.graph.EdgeKey(e)
	c := w.sets[set].collection
	if !w.needEdge {
		return identity(c.Name+"/"+key, key), nil
	}
	doc, found, err := w.t.Snapshot.Get(c, key)
	if err != nil || !found {
		return value.Null(), err
	}
	w.t.stats.ScannedIndex++
	return (&data{t: w.t}).whole(&doc), nil
}

func identity(id, key string) value.Value {
	return value.OwnMembers([]value.Member{{Name: "_id", Value: value.String(id)}, {Name: "_key", Value: value.String(key)}})
}

// path makes the object of a path.
func (w *walker) path(p *graph.Path, weight bool) (value.Value, error) {
	edges, vertices := make([]value.Value, len(p.Edges)), make([]value.Value, len(p.Vertices))
	var err error
	for i, e := range p.Edges {
		if edges[i], err = w.edge(e); err != nil {
			return value.Null(), err
		}
	}
	for i, v := range p.Vertices {
		if vertices[i], err = w.vertex(v); err != nil {
			return value.Null(), err
		}
	}
	members := []value.Member{{Name: "edges", Value: value.OwnItems(edges)}, {Name: "vertices", Value: value.OwnItems(vertices)}}
	if weight {
		members = append(members, value.Member{Name: "weight", Value: value.Float(p.Weight)})
	}
	return value.OwnMembers(members), nil
}

// may tells whether a vertex lies in one of the collections that may be entered.
func (w *walker) may(v graph.Vertex) bool {
	if len(w.vertices) == 0 {
		return true
	}
	name, _, _ := strings.Cut(w.graph.VertexID(v), "/")
	return slices.Contains(w.vertices, name)
}

// startOf reads a vertex: its _id, or a document.
func (t *task) startOf(v value.Value) (string, bool) {
	if v.Kind() == value.KindObject {
		v, _ = v.Get("_id")
	}
	if v.Kind() == value.KindString {
		if name, key, ok := strings.Cut(v.Str(), "/"); ok && name != "" && key != "" {
			return v.Str(), true
		}
	}
	t.warn(10, "invalid start vertex: give its _id as a string, or an object with _id")
	return "", false
}

// problem says what is wrong with a search in terms of the query.
func (w *walker) problem(err error) error {
	var weight *graph.WeightError
	if errors.As(err, &weight) {
		return &Error{Number: 1954, Code: "query-negative-weight", Text: err.Error()}
	}
	if errors.Is(err, graph.ErrOptions) {
		return &Error{Number: 10, Code: "query-graph-options", Text: err.Error()}
	}
	return err
}

// pathFilter is a condition on the edges or vertices of a path.
type pathFilter struct {
	depth, place int
	test         closure.Test
}

func (s *scope) pathFilters(list []plan.PathFilter) ([]pathFilter, error) {
	var out []pathFilter
	for _, f := range list {
		place := s.expr.Local(f.Var)
		test, err := s.expr.Test(f.Cond)
		if err != nil {
			return nil, err
		}
		out = append(out, pathFilter{depth: f.Depth, place: place, test: test})
	}
	return out, nil
}

// bounds reads from how many steps to how many a search goes.
func bounds(t *task, low, high closure.Eval, row []value.Value) (least, most int) {
	least = 1
	if low != nil {
		least = operator.Whole(low(&t.env, row))
	}
	most = least
	if high != nil {
		most = operator.Whole(high(&t.env, row))
	}
	return least, most
}
