package naive

import (
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

// edge is an edge as it may be followed from one of its ends.
type edge struct {
	from, to string
	document value.Value
	id       string
}

// path is a way through the graph: a vertex more than edges.
type path struct {
	vertices []string
	edges    []edge
	weight   float64
}

func (p path) last() string { return p.vertices[len(p.vertices)-1] }

func (p path) with(e edge, weight float64) path {
	return path{
		vertices: append(slices.Clone(p.vertices), e.to), edges: append(slices.Clone(p.edges), e), weight: p.weight + weight,
	}
}

// walk is what the options of a traversal or path search say.
type walk struct {
	order, uniqueVertices, uniqueEdges string
	weightAttribute                    string
	defaultWeight                      float64
	vertexCollections, edgeCollections []string
}

func (r *runner) walk(o ast.Options) walk {
	w := walk{order: "dfs", uniqueVertices: "none", uniqueEdges: "path", defaultWeight: 1}
	if o == nil {
		return w
	}
	for _, m := range r.eval(o, row{}).Members() {
		if m.Value.IsNull() {
			continue
		}
		switch m.Name {
		case "bfs":
			if operator.ToBool(m.Value) {
				w.order = "bfs"
			}
		case "order", "mode":
			w.order = m.Value.Str()
		case "uniqueVertices":
			w.uniqueVertices = m.Value.Str()
		case "uniqueEdges":
			if s := m.Value.Str(); s == "none" || s == "path" || s == "global" {
				w.uniqueEdges = s
			}
		case "weightAttribute":
			w.weightAttribute = m.Value.Str()
		case "defaultWeight":
			w.defaultWeight = m.Value.Float64()
		case "vertexCollections":
			w.vertexCollections = names(m.Value)
		case "edgeCollections":
			w.edgeCollections = names(m.Value)
		}
	}
	return w
}

// names reads one name or several.
func names(v value.Value) []string {
	if v.Kind() == value.KindString {
		return []string{v.Str()}
	}
	list := []string{}
	for _, item := range v.Items() {
		list = append(list, item.Str())
	}
	return list
}

// edges lists every edge of the graph in each way that it may be followed. One between a vertex and itself can be
// followed in one way only.
func (r *runner) edges(s ast.EdgeSet, d ast.Direction, w walk) []edge {
	type source struct {
		name      string
		direction ast.Direction
	}
	var sources []source
	for _, e := range s.Edges {
		sources = append(sources, source{e.Collection.Name, e.Direction})
	}
	if s.Graph != nil {
		name := r.eval(s.Graph, row{}).Str()
		g, ok, err := r.data.Graph(name)
		if r.stop(err) {
			return nil
		}
		if !ok {
			r.fail(1924, "graph '%s' not found", name)
			return nil
		}
		for _, definition := range g.Edges {
			sources = append(sources, source{definition.Collection, d})
		}
	}
	var list []edge
	for _, from := range sources {
		if w.edgeCollections != nil && !slices.Contains(w.edgeCollections, from.name) {
			continue
		}
		for _, doc := range r.collection(from.name) {
			out := edge{from: operator.Attribute(doc, "_from").Str(), to: operator.Attribute(doc, "_to").Str(), document: doc}
			out.id = operator.Attribute(doc, "_id").Str()
			back := edge{from: out.to, to: out.from, document: doc, id: out.id}
			if from.direction != ast.Inbound {
				list = append(list, out)
			}
			if from.direction == ast.Inbound || from.direction == ast.Any && out.from != out.to {
				list = append(list, back)
			}
		}
	}
	return list
}

// allowed reports whether a vertex lies in the collections that the options name.
func (w walk) allowed(vertex string) bool {
	collection, _, _ := strings.Cut(vertex, "/")
	return w.vertexCollections == nil || slices.Contains(w.vertexCollections, collection)
}

// negativeWeight is the number of the error for an edge that no search can weigh.
const negativeWeight = 1954

func (r *runner) weight(w walk, e edge) float64 {
	if w.weightAttribute == "" {
		return 1
	}
	v := operator.Attribute(e.document, w.weightAttribute)
	if v.Kind() != value.KindNumber {
		return w.defaultWeight
	}
	if v.Float64() < 0 {
		r.fail(negativeWeight, "edge %s has a negative weight", e.id)
	}
	return v.Float64()
}

// start gives the identity of a vertex: a string, or a document.
func (r *runner) start(v value.Value) (string, bool) {
	if v.Kind() == value.KindObject {
		v = operator.Attribute(v, "_id")
	}
	collection, key, ok := strings.Cut(v.Str(), "/")
	return v.Str(), ok && collection != "" && key != ""
}

func (r *runner) depths(least, most ast.Expr) (low, high int) {
	low = 1
	if least != nil {
		low = r.count(least)
	}
	high = low
	if most != nil {
		high = r.count(most)
	}
	return low, high
}

// traversal gives every path that the options allow, from the start, in the order that they say.
func (r *runner) traversal(o *ast.Traversal, x row) []row {
	w := r.walk(o.Options)
	low, high := r.depths(o.Min, o.Max)
	from, ok := r.start(r.eval(o.Start, x))
	if !ok {
		return nil
	}
	all := r.edges(o.Set, o.Direction, w)
	open := []path{{vertices: []string{from}}}
	met := map[string]bool{}
	var out []row
	for len(open) > 0 {
		at := next(open, w.order)
		p := open[at]
		open = slices.Delete(open, at, at+1)
		if w.met(met, p) {
			continue
		}
		to := r.onPath(o, x, p)
		if len(p.edges) >= low {
			out = append(out, to)
		}
		if len(p.edges) >= high || o.Prune != nil && operator.ToBool(r.eval(o.Prune, to)) {
			continue
		}
		var further []path
		for _, e := range all {
			if e.from == p.last() && w.allowed(e.to) && !w.repeats(p, e) {
				further = append(further, p.with(e, r.weight(w, e)))
			}
		}
		if w.order == "dfs" {
			open = append(further, open...)
		} else {
			open = append(open, further...)
		}
	}
	return out
}

// met reports whether the last vertex or edge of a path was met before where each may be met but once, and notes it.
func (w walk) met(known map[string]bool, p path) bool {
	var now []string
	if w.uniqueVertices == "global" {
		now = append(now, p.last())
	}
	if n := len(p.edges); w.uniqueEdges == "global" && n > 0 {
		now = append(now, "edge "+p.edges[n-1].id)
	}
	for _, id := range now {
		if known[id] {
			return true
		}
	}
	for _, id := range now {
		known[id] = true
	}
	return false
}

// next picks the path to go on with: the lightest one, or the first.
func next(open []path, order string) int {
	at := 0
	if order == "weighted" {
		for i, p := range open {
			if p.weight < open[at].weight {
				at = i
			}
		}
	}
	return at
}

// repeats reports whether an edge or its end is on the path where it must not be again.
func (w walk) repeats(p path, e edge) bool {
	if w.uniqueEdges != "none" && slices.ContainsFunc(p.edges, func(known edge) bool { return known.id == e.id }) {
		return true
	}
	return w.uniqueVertices == "path" && slices.Contains(p.vertices, e.to)
}

// onPath sets the variables of a traversal.
func (r *runner) onPath(o *ast.Traversal, x row, p path) row {
	edge := value.Null()
	if len(p.edges) > 0 {
		edge = p.edges[len(p.edges)-1].document
	}
	return x.with(o.Vertex, r.byID(p.last())).with(o.Edge, edge).with(o.Path, r.pathObject(p))
}

func (r *runner) pathObject(p path) value.Value {
	var vertices, edges []value.Value
	for _, v := range p.vertices {
		vertices = append(vertices, r.byID(v))
	}
	for _, e := range p.edges {
		edges = append(edges, e.document)
	}
	return value.Object(
		value.Member{Name: "vertices", Value: value.Array(vertices...)}, value.Member{Name: "edges", Value: value.Array(edges...)})
}

// pathSearch finds paths between two vertices by looking at every path that meets no vertex twice.
func (r *runner) pathSearch(o *ast.PathSearch, x row) []row {
	w := r.walk(o.Options)
	from, ok := r.start(r.eval(o.Start, x))
	to, okTo := r.start(r.eval(o.Target, x))
	if !ok || !okTo {
		return nil
	}
	found := r.simplePaths(o, w, from, to)
	if o.Kind == ast.AllShortestPaths {
		for i := range found {
			found[i].weight = float64(len(found[i].edges))
		}
	}
	slices.SortStableFunc(found, func(a, b path) int {
		switch {
		case o.Kind == ast.KPaths || a.weight == b.weight:
			return 0
		case a.weight < b.weight:
			return -1
		}
		return 1
	})
	var out []row
	for _, p := range found {
		if o.Kind == ast.AllShortestPaths && p.weight > found[0].weight {
			break
		}
		if o.Kind == ast.ShortestPath {
			return r.steps(o, x, p)
		}
		object := r.pathObject(p)
		if o.Kind == ast.KShortestPaths {
			object = object.With("weight", value.Float(p.weight))
		}
		out = append(out, x.with(o.Path, object))
	}
	return out
}

// steps gives a row for each vertex of a path, with the edge that leads to it.
func (r *runner) steps(o *ast.PathSearch, x row, p path) []row {
	var out []row
	for i, v := range p.vertices {
		edge := value.Null()
		if i > 0 {
			edge = p.edges[i-1].document
		}
		out = append(out, x.with(o.Vertex, r.byID(v)).with(o.Edge, edge))
	}
	return out
}

// simplePaths lists the paths between two vertices that meet no vertex twice.
func (r *runner) simplePaths(o *ast.PathSearch, w walk, from, to string) []path {
	all := r.edges(o.Set, o.Direction, w)
	low, high := 0, len(all)
	if o.Kind == ast.KPaths {
		low, high = r.depths(o.Min, o.Max)
	}
	var found []path
	var search func(p path)
	search = func(p path) {
		if p.last() == to {
			if len(p.edges) >= low {
				found = append(found, p)
			}
			return
		}
		if len(p.edges) >= high {
			return
		}
		for _, e := range all {
			if e.from == p.last() && !slices.Contains(p.vertices, e.to) && w.allowed(e.to) {
				search(p.with(e, r.weight(w, e)))
			}
		}
	}
	search(path{vertices: []string{from}})
	return found
}
