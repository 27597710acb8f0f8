package exec

import (
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/graph"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"

	"github.com/selvedge-db/selvedge/query/ast"
)

// traversalStep walks a graph from a start, for each row anew.
type traversalStep struct {
	below                     step
	width                     int
	roads                     *roads
	vertex, edge, path        int
	start, low, high          closure.Eval
	prune                     closure.Test
	edgeFilters, vertexFilter []pathFilter
	options                   graph.Options
}

func (s *scope) traversal(n *plan.Traversal, below step) (step, error) {
	out := &traversalStep{
		below: below, width: s.width, vertex: s.slot(n.Vertex), edge: s.slot(n.Edge), path: s.slot(n.Path),
		options: graph.Options{Order: orderOf(n.Options.Order), Vertices: uniqueOf(n.Options.UniqueVertices), Edges: uniqueOf(n.Options.UniqueEdges)},
	}
	var err error
	if out.roads, err = roadsOf(n.Edges, n.Options); err != nil {
		return nil, err
	}
	if out.options.Order != graph.Weighted {
		out.roads.weight = nil
	}
	out.roads.needVertex, out.roads.needEdge = n.NeedVertex, n.NeedEdge
	evals, err := s.exprs(n.Start, n.Min, n.Max)
	if err != nil {
		return nil, err
	}
	out.start, out.low, out.high = evals[0], evals[1], evals[2]
	if n.Prune != nil {
		if out.prune, err = s.expr.Test(n.Prune); err != nil {
			return nil, err
		}
	}
	if out.edgeFilters, err = s.pathFilters(n.EdgeFilters); err != nil {
		return nil, err
	}
	out.vertexFilter, err = s.pathFilters(n.VertexFilters)
	return out, err
}

func orderOf(name string) graph.Order {
	switch name {
	case "bfs":
		return graph.BreadthFirst
	case "weighted":
		return graph.Weighted
	}
	return graph.DepthFirst
}

func uniqueOf(name string) graph.Unique {
	switch name {
	case "none":
		return graph.UniqueNone
	case "path":
		return graph.UniquePath
	case "global":
		return graph.UniqueGlobal
	}
	return 0
}

func (s *traversalStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	return &traversing{s: s, in: drawing{below: below}, walker: newWalker(s.roads, t, s.roads.shared(), s.width)}, nil
}

type traversing struct {
	*walker
	s    *traversalStep
	in   drawing
	out  builder
	from []value.Value // the row
	walk *graph.Traversal
	now  graph.Path
	on   bool // walk is under way
	low  int
	high int
}

func (v *traversing) next() (*block, error) {
	v.out.begin(v.s.width)
	for !v.out.full() {
		if !v.on {
			ok, err := v.advance()
			if err != nil {
				return nil, v.problem(err)
			}
			if !ok {
				break
			}
			continue
		}
		more, err := v.walk.Next()
		if err == nil {
			err = v.t.failed
		}
		if err != nil {
			return nil, v.problem(err)
		}
		if !more {
			v.on = false
			continue
		}
		bytes, err := v.fill(v.walk, v.out.add(v.from))
		if err != nil {
			return nil, err
		}
		v.out.bytes += bytes
	}
	return v.out.done()
}

// advance begins at the start of the next row.
func (v *traversing) advance() (bool, error) {
	row, ok, err := v.in.row()
	if err != nil || !ok {
		return false, err
	}
	v.from = row
	id, ok := v.t.startOf(v.s.start(&v.t.env, row))
	if !ok {
		return true, v.t.failed
	}
	low, high := bounds(v.t, v.s.low, v.s.high, row)
	if v.trim() {
		v.walk = nil
	}
	if v.walk == nil || low != v.low || high != v.high {
		o := v.s.options
		o.Min, o.Max = low, high
		v.callbacks(&o)
		if v.walk, err = v.graph.Traverse(o); err != nil {
			return false, err
		}
		v.low, v.high = low, high
	}
	copy(v.row, row)
	v.on = true
	return true, v.walk.Start(id)
}

// callbacks sets what the search asks on its way.
func (v *traversing) callbacks(o *graph.Options) {
	if len(v.s.edgeFilters) > 0 {
		o.Follow = func(depth int, e graph.Edge, _ graph.Vertex) (bool, error) {
			return v.passes(v.s.edgeFilters, depth, func() (value.Value, error) { return v.edgeOf(e) })
		}
	}
	if len(v.s.vertexFilter) > 0 || len(v.vertices) > 0 {
		o.Enter = func(depth int, at graph.Vertex) (bool, error) {
			if depth > 0 && !v.may(at) {
				return false, nil
			}
			return v.passes(v.s.vertexFilter, depth, func() (value.Value, error) { return v.vertexOf(at) })
		}
	}
	if v.s.prune != nil {
		o.Prune = func(t *graph.Traversal) (bool, error) {
			if _, err := v.fill(t, v.row); err != nil {
				return false, err
			}
			return v.s.prune(&v.t.env, v.row), v.t.failed
		}
	}
}

// edgeOf and vertexOf give whole documents, which filters look into also where the rows do not need them.
func (v *traversing) edgeOf(e graph.Edge) (value.Value, error) {
	whole := *v.walker
	r := *v.roads
	r.needEdge = true
	whole.roads = &r
	return whole.edge(e)
}

func (v *traversing) vertexOf(at graph.Vertex) (value.Value, error) {
	whole := *v.walker
	r := *v.roads
	r.needVertex = true
	whole.roads = &r
	return whole.vertex(at)
}

func (v *traversing) passes(list []pathFilter, depth int, get func() (value.Value, error)) (bool, error) {
	var of value.Value
	got := false
	for i := range list {
		f := &list[i]
		if f.depth >= 0 && f.depth != depth {
			continue
		}
		if !got {
			var err error
			if of, err = get(); err != nil {
				return false, err
			}
			got = true
		}
		v.t.env.Scratch[f.place] = of
		if !f.test(&v.t.env, v.row) {
			v.t.stats.Filtered++
			return false, v.t.failed
		}
	}
	return true, v.t.failed
}

// fill puts the present path into a row.
func (v *traversing) fill(t *graph.Traversal, row []value.Value) (bytes int, err error) {
	if v.s.path >= 0 {
		t.Path(&v.now)
		p, err := v.walker.path(&v.now, false)
		if err != nil {
			return 0, err
		}
		row[v.s.path] = p
		bytes = p.Memory()
		if v.s.vertex >= 0 {
			vertices, _ := p.Get("vertices")
			items := vertices.Items()
			row[v.s.vertex] = items[len(items)-1]
		}
		if v.s.edge >= 0 {
			edges, _ := p.Get("edges")
			row[v.s.edge] = value.Null()
			if items := edges.Items(); len(items) > 0 {
				row[v.s.edge] = items[len(items)-1]
			}
		}
		return bytes, nil
	}
	if v.s.vertex >= 0 {
		if row[v.s.vertex], err = v.walker.vertex(t.Vertex()); err != nil {
			return 0, err
		}
		bytes += row[v.s.vertex].TextLen()
	}
	if v.s.edge >= 0 {
		if row[v.s.edge], err = v.walker.edge(t.Edge()); err != nil {
			return 0, err
		}
		bytes += row[v.s.edge].TextLen()
	}
	return bytes, nil
}

func (v *traversing) reset() {
	v.on = false
	v.out.reset()
	v.in.reset()
}

func (v *traversing) close() { v.in.close() }

// searchStep finds paths between two vertices, for each row anew.
type searchStep struct {
	below              step
	width              int
	roads              *roads
	kind               ast.PathKind
	vertex, edge, path int
	start, target      closure.Eval
	low, high          closure.Eval
}

func (s *scope) pathSearch(n *plan.PathSearch, below step) (step, error) {
	out := &searchStep{
		below: below, width: s.width, kind: n.Search, vertex: s.slot(n.Vertex), edge: s.slot(n.Edge), path: s.slot(n.Path),
	}
	var err error
	if out.roads, err = roadsOf(n.Edges, n.Options); err != nil {
		return nil, err
	}
	out.roads.needVertex, out.roads.needEdge = n.NeedVertex, n.NeedEdge
	evals, err := s.exprs(n.Start, n.Target, n.Min, n.Max)
	if err != nil {
		return nil, err
	}
	out.start, out.target, out.low, out.high = evals[0], evals[1], evals[2], evals[3]
	return out, nil
}

func (s *searchStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	return &searching{s: s, in: drawing{below: below}, walker: newWalker(s.roads, t, true, s.width)}, nil
}

type searching struct {
	*walker
	s     *searchStep
	in    drawing
	out   builder
	from  []value.Value
	paths graph.Paths
	one   *graph.Path // of SHORTEST_PATH
	at    int
}

func (v *searching) next() (*block, error) {
	v.out.begin(v.s.width)
	for !v.out.full() {
		var err error
		done := false
		switch {
		case v.one != nil:
			err = v.stepOf()
		case v.paths != nil:
			err = v.nextPath()
		default:
			done, err = v.advance()
		}
		if err == nil {
			err = v.t.failed
		}
		if err != nil {
			return nil, v.problem(err)
		}
		if done {
			break
		}
	}
	return v.out.done()
}

// advance begins with the next row; done is true when there are none.
func (v *searching) advance() (done bool, err error) {
	row, ok, err := v.in.row()
	if err != nil || !ok {
		return true, err
	}
	v.from = row
	start, ok := v.t.startOf(v.s.start(&v.t.env, row))
	if !ok {
		return false, nil
	}
	target, ok := v.t.startOf(v.s.target(&v.t.env, row))
	if !ok {
		return false, nil
	}
	v.trim()
	weighted := v.weight != nil
	switch v.s.kind {
	case ast.ShortestPath:
		v.one, err = v.graph.ShortestPath(start, target, weighted)
		v.at = 0
	case ast.KShortestPaths:
		v.paths, err = v.graph.KShortestPaths(start, target, weighted)
	case ast.AllShortestPaths:
		v.paths, err = v.graph.AllShortestPaths(start, target)
	default:
		low, high := bounds(v.t, v.s.low, v.s.high, row)
		v.paths, err = v.graph.KPaths(start, target, low, high)
	}
	return false, err
}

// stepOf gives the next vertex of the shortest path, with the edge that leads to it.
func (v *searching) stepOf() error {
	p := v.one
	row := v.out.add(v.from)
	var err error
	if v.s.vertex >= 0 {
		if row[v.s.vertex], err = v.walker.vertex(p.Vertices[v.at]); err != nil {
			return err
		}
	}
	if v.s.edge >= 0 {
		e := graph.None
		if v.at > 0 {
			e = p.Edges[v.at-1]
		}
		if row[v.s.edge], err = v.walker.edge(e); err != nil {
			return err
		}
	}
	if v.at++; v.at == len(p.Vertices) {
		v.one = nil
	}
	return nil
}

// nextPath gives the next path.
func (v *searching) nextPath() error {
	p, err := v.paths.Next()
	if err != nil {
		return err
	}
	if p == nil {
		v.paths = nil
		return nil
	}
	row := v.out.add(v.from)
	if v.s.path >= 0 {
		if row[v.s.path], err = v.walker.path(p, v.s.kind == ast.KShortestPaths); err != nil {
			return err
		}
		v.out.bytes += row[v.s.path].Memory()
	}
	return nil
}

func (v *searching) reset() {
	v.one, v.paths = nil, nil
	v.out.reset()
	v.in.reset()
}

func (v *searching) close() { v.in.close() }
