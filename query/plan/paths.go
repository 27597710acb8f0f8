package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

func (l *lowering) traversal(o *ast.Traversal) {
	n := &Traversal{
		Vertex: o.Vertex, Edge: o.Edge, Path: o.Path, Start: l.expr(o.Start), PruneVar: o.PruneVar,
		Prune: l.expr(o.Prune), Options: l.traversalOptions(o.Options), NeedVertex: true, NeedEdge: true,
	}
	n.Min, n.Max = depths(l.expr(o.Min), l.expr(o.Max))
	n.Graph, n.Edges = l.edges(o.Set, o.Direction, n.Options)
	if n.Options.UniqueVertices == "global" && n.Options.Order == "dfs" {
		l.fail(10, o.Pos, "uniqueVertices: \"global\" needs order: \"bfs\" or \"weighted\"")
	}
	l.p.add(n)
}

// depths fills in what was left out.
func depths(least, most ast.Expr) (low, high ast.Expr) {
	switch {
	case least == nil:
		least = literal(value.Int(1))
		if most == nil {
			most = least
		}
	case most == nil:
		most = least
	}
	return least, most
}

func (l *lowering) pathSearch(o *ast.PathSearch) {
	n := &PathSearch{
		Search: o.Kind, Vertex: o.Vertex, Edge: o.Edge, Path: o.Path, Start: l.expr(o.Start), Target: l.expr(o.Target),
		Options: l.traversalOptions(o.Options), NeedVertex: true, NeedEdge: true,
	}
	if o.Kind == ast.KPaths {
		n.Min, n.Max = depths(l.expr(o.Min), l.expr(o.Max))
	}
	n.Graph, n.Edges = l.edges(o.Set, o.Direction, n.Options)
	l.p.add(n)
}

func (l *lowering) traversalOptions(o ast.Options) TraversalOptions {
	out := TraversalOptions{Order: "dfs", UniqueVertices: "none", UniqueEdges: "path", DefaultWeight: 1}
	l.eachOption(o, func(name string, v value.Value) {
		switch name {
		case "bfs":
			if v.Bool() {
				out.Order = "bfs"
			}
		case "order", "mode":
			out.Order = v.Str()
		case "uniqueVertices":
			out.UniqueVertices = v.Str()
		case "uniqueEdges":
			out.UniqueEdges = v.Str()
		case "weightAttribute":
			out.WeightAttribute = v.Str()
		case "defaultWeight":
			out.DefaultWeight = v.Float64()
		case "vertexCollections":
			out.VertexCollections = words(v)
		case "edgeCollections":
			out.EdgeCollections = words(v)
		}
	})
	return out
}

// words reads a string or an array of them.
func words(v value.Value) []string {
	if v.Kind() == value.KindString {
		return []string{v.Str()}
	}
	out := []string{}
	for _, item := range v.Items() {
		out = append(out, item.Str())
	}
	return out
}

// edges finds where edges come from.
func (l *lowering) edges(set ast.EdgeSet, direction ast.Direction, o TraversalOptions) (graph string, out []EdgeSource) {
	add := func(name string, d ast.Direction, pos ast.Pos) {
		if o.EdgeCollections != nil && !slices.Contains(o.EdgeCollections, name) {
			return
		}
		found := l.collection(ast.Collection{Pos: pos, Name: name})
		if found != nil {
			out = append(out, EdgeSource{Collection: found, Direction: d})
		}
	}
	if set.Graph == nil {
		for _, e := range set.Edges {
			d := e.Direction
			if d == 0 {
				d = direction
			}
			add(e.Collection.Name, d, e.Collection.Pos)
		}
		return "", out
	}
	name, ok := l.constant(set.Graph)
	if !ok || name.Kind() != value.KindString {
		l.fail(1924, set.Pos, "the name of a graph must be a string")
		return "", nil
	}
	g, found, err := l.b.Reader.Graph(name.Str())
	switch {
	case err != nil:
		if l.err == nil {
			l.err = err
		}
		return "", nil
	case !found:
		l.fail(1924, set.Pos, "graph %q is not known", name.Str())
		return "", nil
	}
	for _, d := range g.Edges {
		add(d.Collection, direction, set.Pos)
	}
	return name.Str(), out
}
