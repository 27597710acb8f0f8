package check

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// traversal resolves a traversal. Its variables are visible in PRUNE; the name of PRUNE becomes a LET behind it.
func (c *checker) traversal(ops []ast.Operation, o *ast.Traversal) []ast.Operation {
	to := &ast.Traversal{Pos: o.Pos, Direction: o.Direction}
	to.Min, to.Max = c.depths(o.Min, o.Max)
	to.Start = c.expr(o.Start)
	to.Set = c.edgeSet(o.Set)
	to.Options = c.options(o.Options)
	to.Vertex = c.declare(o.Pos, o.Vertex)
	to.Edge = c.declare(o.Pos, o.Edge)
	to.Path = c.declare(o.Pos, o.Path)
	to.Prune = c.expr(o.Prune)
	ops = append(ops, to)
	if o.PruneVar != nil {
		ops = append(ops, &ast.Let{Pos: o.Pos, Var: c.declare(o.Pos, o.PruneVar), Expr: to.Prune})
	}
	return ops
}

func (c *checker) pathSearch(o *ast.PathSearch) ast.Operation {
	to := &ast.PathSearch{Pos: o.Pos, Kind: o.Kind, Direction: o.Direction}
	to.Min, to.Max = c.depths(o.Min, o.Max)
	to.Start, to.Target = c.expr(o.Start), c.expr(o.Target)
	to.Set = c.edgeSet(o.Set)
	to.Options = c.options(o.Options)
	to.Vertex = c.declare(o.Pos, o.Vertex)
	to.Edge = c.declare(o.Pos, o.Edge)
	to.Path = c.declare(o.Pos, o.Path)
	return to
}

// depths resolves min..max, which are numbers or parameters.
func (c *checker) depths(least, most ast.Expr) (ast.Expr, ast.Expr) {
	a, b := c.depth(least), c.depth(most)
	if x, ok := a.(*ast.Literal); ok {
		if y, ok := b.(*ast.Literal); ok && x.Value.Float64() > y.Value.Float64() {
			c.fail(y.Pos, parse.Syntax, "write the smaller depth first", "traversal from depth %s to %s", x.Value, y.Value)
		}
	}
	return a, b
}

func (c *checker) depth(e ast.Expr) ast.Expr {
	if e == nil {
		return nil
	}
	out := c.expr(e)
	switch out.(type) {
	case *ast.Literal, *ast.Param:
		c.count(out, "depth of a traversal")
	default:
		c.fail(e.At(), parse.Syntax, "write a number or a parameter", "depth of a traversal is no constant")
	}
	return out
}

// edgeSet resolves the graph or the edge collections.
func (c *checker) edgeSet(s ast.EdgeSet) ast.EdgeSet {
	to := ast.EdgeSet{Pos: s.Pos, Default: s.Default}
	if s.Graph != nil {
		to.Graph = c.graph(s.Graph)
		return to
	}
	for _, e := range s.Edges {
		named := c.collection(e.Collection, false)
		if c.err == nil && c.env.Reader != nil {
			if found, ok := c.env.Reader.Collection(named.Name); ok && found.Type != rows.Edges {
				c.fail(named.Pos, CollectionType, "name a collection of edges", "collection '%s' holds no edges", named.Name)
			}
		}
		to.Edges = append(to.Edges, ast.EdgeCollection{Collection: named, Direction: e.Direction})
	}
	c.walks(s.Pos)
	return to
}

// walks refuses to walk over edges behind a modification, which may have changed them.
func (c *checker) walks(pos ast.Pos) {
	if c.anyPos != nil {
		c.fail(pos, AccessAfterWrite, "traverse before the modification, or in another query", "access after data-modification by traversal")
	}
}

// graph resolves the name of a graph, which may be a parameter.
func (c *checker) graph(e ast.Expr) ast.Expr {
	name, ok := value.Value{}, true
	switch e := e.(type) {
	case *ast.Literal:
		name = e.Value
	case *ast.Param:
		name, ok = c.param(e.Pos, e.Name)
		c.shape(e.Name)
	}
	if !ok {
		return e
	}
	if name.Kind() != value.KindString || name.Str() == "" {
		c.fail(e.At(), ParameterType, "bind the name of a graph", "name of a graph is %s", article(name))
		return e
	}
	c.walks(e.At())
	if c.env.Reader != nil && c.err == nil {
		c.noteGraph(e.At(), name.Str())
	}
	return &ast.Literal{Pos: e.At(), Value: name}
}

func (c *checker) noteGraph(pos ast.Pos, name string) {
	g, ok, err := c.env.Reader.Graph(name)
	switch {
	case err != nil:
		c.broken(err)
		return
	case !ok:
		c.fail(pos, UnknownGraph, "list edge collections, or create the graph", "graph '%s' not found", name)
		return
	}
	if !slices.ContainsFunc(c.out.Graphs, func(known *rows.Graph) bool { return known.Name == g.Name }) {
		c.out.Graphs = append(c.out.Graphs, g)
	}
	names := slices.Clone(g.Orphans)
	for _, d := range g.Edges {
		names = append(append(append(names, d.Collection), d.From...), d.To...)
	}
	for _, collection := range names {
		if found, ok := c.env.Reader.Collection(collection); ok && !slices.Contains(c.out.Reads, found) {
			c.out.Reads = append(c.out.Reads, found)
		}
	}
}
