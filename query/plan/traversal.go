package plan

import (
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// pathFilters follows only edges and vertices that filters on the path will let through.
func pathFilterRule(b *builder, p *Plan) bool {
	changed := false
	for i := 1; i < len(p.nodes); i++ {
		t, ok := p.nodes[i].(*Traversal)
		if !ok || t.Path == nil || t.Options.UniqueVertices == "global" || t.Options.UniqueEdges == "global" {
			continue
		}
		w := &pathReader{b: b, t: t, later: p.setFrom(i)}
		for _, f := range b.facts(p, i) {
			exact, used := w.use(f.cond)
			changed = changed || used
			if exact && soleFact(b.facts(p, i), f.filter) {
				p.drop(f.filter)
			}
		}
	}
	return changed
}

func soleFact(facts []fact, filter *Filter) bool {
	n := 0
	for _, f := range facts {
		if f.filter == filter {
			n++
		}
	}
	return n == 1
}

// pathReader reads conditions on the path of a traversal.
type pathReader struct {
	b     *builder
	t     *Traversal
	later varSet
}

// use takes a condition over into the traversal. exact says that every path it gives then fulfils it.
func (r *pathReader) use(cond ast.Expr) (exact, used bool) {
	if exact, used = r.depth(cond); used {
		return exact, true
	}
	if q, ok := cond.(*ast.Quantified); ok && (q.Quant == ast.QuantAll || q.Quant == ast.QuantNone) {
		return r.every(q)
	}
	return r.position(cond)
}

// part reads p.edges or p.vertices.
func (r *pathReader) part(e ast.Expr) (edges, ok bool) {
	v, path, isPath := pathOf(e)
	if !isPath || v != r.t.Path || len(path) != 1 {
		return false, false
	}
	return path[0] == "edges", path[0] == "edges" || path[0] == "vertices"
}

// every reads p.edges[*].x ALL == value: it holds for each edge.
func (r *pathReader) every(q *ast.Quantified) (exact, used bool) {
	x, ok := q.L.(*ast.Expansion)
	if !ok || x.Levels != 1 || x.Filter != nil || x.Offset != nil || x.Count != nil || x.Return != nil {
		return false, false
	}
	edges, ok := r.part(x.Of)
	if !ok || uses(q.R).hasAny(r.later) {
		return false, false
	}
	v := r.b.variable("step")
	var of ast.Expr = ref(v)
	if x.Then != nil {
		if uses(x.Then).hasAny(r.later) {
			return false, false
		}
		of = substitute(x.Then, map[*ast.Variable]ast.Expr{x.Element: ref(v)})
	}
	var cond ast.Expr = &ast.Binary{Pos: q.Pos, Op: q.Op, L: of, R: q.R}
	if q.Quant == ast.QuantNone {
		cond = &ast.Unary{Pos: q.Pos, Op: ast.OpNot, X: cond}
	}
	if q.Op == ast.OpIn || q.Op == ast.OpNotIn {
		return false, false // false for all when the right side is no array
	}
	r.add(edges, PathFilter{Depth: -1, Var: v, Cond: cond})
	return true, true
}

func (r *pathReader) add(edges bool, f PathFilter) {
	if edges {
		r.t.EdgeFilters = append(r.t.EdgeFilters, f)
		return
	}
	r.t.VertexFilters = append(r.t.VertexFilters, f)
}

// position reads a condition on p.edges[n] or p.vertices[n] and on nothing else of the traversal.
func (r *pathReader) position(cond ast.Expr) (exact, used bool) {
	at, edges, mixed := -1, false, false
	v := r.b.variable("step")
	var replaceSteps func(e ast.Expr) ast.Expr
	replaceSteps = func(e ast.Expr) ast.Expr {
		x, ok := e.(*ast.Index)
		if ok {
			isEdges, isPart := r.part(x.Of)
			n, isLiteral := literalOf(x.Index)
			if isPart && isLiteral && n.Kind() == value.KindNumber && n.Float64() >= 0 && n.Float64() < 1000 {
				place := int(n.Float64())
				mixed = mixed || at >= 0 && (at != place || edges != isEdges)
				at, edges = place, isEdges
				return ref(v)
			}
		}
		return rewriteChildren(e, replaceSteps)
	}
	made := replaceSteps(cond)
	if at < 0 || mixed || uses(made).hasAny(r.later) {
		return false, false
	}
	if r.b.Mutant == "path-position" {
		at++
	}
	r.add(edges, PathFilter{Depth: at, Var: v, Cond: made})
	least, ok := literalOf(r.t.Min)
	need := float64(at)
	if edges {
		need++
	}
	return ok && least.Kind() == value.KindNumber && math.Trunc(least.Float64()) >= need, true
}

// depth reads a comparison of the length of the path with a constant.
func (r *pathReader) depth(cond ast.Expr) (exact, used bool) {
	x, ok := cond.(*ast.Binary)
	if !ok || turned(x.Op) == 0 {
		return false, false
	}
	call, op, other := x.L, x.Op, x.R
	if _, isCall := call.(*ast.Call); !isCall {
		call, op, other = x.R, turned(x.Op), x.L
	}
	c, ok := call.(*ast.Call)
	if !ok || c.Name != "LENGTH" && c.Name != "COUNT" || len(c.Args) != 1 {
		return false, false
	}
	edges, ok := r.part(c.Args[0])
	n, isLiteral := literalOf(other)
	if !ok || !isLiteral || n.Kind() != value.KindNumber || n.Float64() != math.Trunc(n.Float64()) || math.Abs(n.Float64()) > 1e6 {
		return false, false
	}
	bound := int64(n.Float64())
	if !edges {
		bound--
	}
	return r.bound(op, bound)
}

// bound narrows the depths of the traversal.
func (r *pathReader) bound(op ast.Op, n int64) (exact, used bool) {
	least, ok := literalOf(r.t.Min)
	most, isLiteral := literalOf(r.t.Max)
	if !ok || !isLiteral {
		return false, false
	}
	low, high := int64(least.Float64()), int64(most.Float64())
	switch op {
	case ast.OpEqual:
		low, high = max(low, n), min(high, n)
	case ast.OpLess:
		high = min(high, n-1)
	case ast.OpLessEqual:
		high = min(high, n)
	case ast.OpGreater:
		low = max(low, n+1)
	case ast.OpGreaterEqual:
		low = max(low, n)
	default:
		return false, false
	}
	if low > high || low < 0 {
		return false, false
	}
	r.t.Min, r.t.Max = literal(value.Int(low)), literal(value.Int(high))
	return true, true
}

// trimTraversals does not make what nobody reads of a traversal.
func trimTraversals(b *builder, p *Plan) bool {
	changed := false
	for i, n := range p.nodes {
		switch n := n.(type) {
		case *Traversal:
			changed = b.trimTraversal(p, i, n) || changed
		case *PathSearch:
			vertex, edge, whole := b.stepUses(p, i, n.Vertex, n.Edge, n.Path)
			need, needEdge := vertex || whole, edge || whole
			changed = changed || need != n.NeedVertex || needEdge != n.NeedEdge
			n.NeedVertex, n.NeedEdge = need, needEdge
		}
	}
	return changed
}

func (b *builder) trimTraversal(p *Plan, i int, n *Traversal) bool {
	vertex, edge, path := b.stepUses(p, i, n.Vertex, n.Edge, n.Path)
	parts := &pathUses{doc: n.Path}
	if n.Path != nil {
		parts = b.usesOf(p, i, n.Path)
	}
	uses := func(part string) bool {
		return path && (parts.whole || slices.ContainsFunc(parts.paths, func(q value.Path) bool { return q[0] == part }))
	}
	needVertex := vertex || uses("vertices") || len(n.VertexFilters) > 0
	needEdge := edge || uses("edges") || uses("weights") || len(n.EdgeFilters) > 0
	changed := needVertex != n.NeedVertex || needEdge != n.NeedEdge
	n.NeedVertex, n.NeedEdge = needVertex, needEdge
	if !path && n.Path != nil {
		n.Path, changed = nil, true
	}
	if !edge && n.Edge != nil {
		n.Edge, changed = nil, true
	}
	return changed
}

// stepUses tells which variables of a traversal are read, in PRUNE too.
func (b *builder) stepUses(p *Plan, i int, vertex, edge, path *ast.Variable) (v, e, w bool) {
	b.visit(p.nodes[i:], func(x ast.Expr) bool {
		if r, ok := x.(*ast.Ref); ok && r.Var != nil {
			v = v || r.Var == vertex
			e = e || r.Var == edge
			w = w || r.Var == path
		}
		return true
	})
	gathers := func(x *ast.Variable) bool { return x != nil && b.gathered(p.nodes[i:], x) }
	return v || gathers(vertex), e || gathers(edge), w || gathers(path)
}
