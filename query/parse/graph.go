package parse

import (
	"strconv"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// forIn reads FOR in all its forms.
func (p *parser) forIn() ast.Operation {
	pos := p.advance().pos
	vars := []*ast.Variable{p.variable()}
	for p.accept(",") {
		vars = append(vars, p.variable())
	}
	if !p.acceptWord("IN") {
		p.unexpected("IN")
		return &ast.For{Pos: pos, Var: vars[0]}
	}
	var depths ast.Expr
	direction := p.direction()
	if direction == 0 {
		in := p.expr()
		if direction = p.direction(); direction == 0 {
			return p.forList(pos, vars, in)
		}
		depths = in
	}
	if kind := p.pathKind(); kind != 0 {
		return p.pathSearch(pos, vars, depths, direction, kind)
	}
	return p.traversal(pos, vars, depths, direction)
}

func (p *parser) forList(pos ast.Pos, vars []*ast.Variable, in ast.Expr) ast.Operation {
	if len(vars) > 1 {
		p.fail(p.tok.pos, Syntax, "syntax error: FOR with "+strconv.Itoa(len(vars))+" variables over something that is no graph",
			"a traversal has OUTBOUND, INBOUND or ANY behind IN")
	}
	f := &ast.For{Pos: pos, Var: vars[0], In: in}
	if p.acceptWord("SEARCH") {
		f.Search = p.expr()
	}
	f.Options = p.options()
	return f
}

// direction reads a direction of edges, 0 when there is none.
func (p *parser) direction() ast.Direction {
	switch {
	case p.acceptWord("OUTBOUND"):
		return ast.Outbound
	case p.acceptWord("INBOUND"):
		return ast.Inbound
	case p.acceptWord("ANY"):
		return ast.Any
	}
	return 0
}

func (p *parser) pathKind() ast.PathKind {
	for _, k := range []ast.PathKind{ast.ShortestPath, ast.KShortestPaths, ast.AllShortestPaths, ast.KPaths} {
		// A variable may bear the name of a search, save for the first: then no start vertex follows.
		if p.tok.word(k.String()) && (k == ast.ShortestPath || p.startsExpr(p.peek(1))) {
			p.advance()
			return k
		}
	}
	return 0
}

// startsExpr reports whether a token can begin a start vertex. Behind a variable a graph, an edge collection or an
// accessor stands; the names of edge collections are taken for start vertices.
func (p *parser) startsExpr(t token) bool {
	switch t.kind {
	case str, number, parameter, quoted:
		return true
	case name:
		return !isReserved(t)
	case sign:
		return t.text == "(" || t.text == "{" || t.text == "["
	}
	return false
}

// splitDepths tells min..max apart.
func splitDepths(e ast.Expr) (least, most ast.Expr) {
	if r, ok := e.(*ast.Range); ok {
		return r.From, r.To
	}
	return e, nil
}

func (p *parser) tooManyVariables(vars []*ast.Variable, most int, what string) bool {
	if len(vars) <= most {
		return false
	}
	p.fail(p.tok.pos, Syntax, "syntax error: "+what+" with "+strconv.Itoa(len(vars))+" variables", "it sets at most "+strconv.Itoa(most))
	return true
}

func (p *parser) traversal(pos ast.Pos, vars []*ast.Variable, depths ast.Expr, d ast.Direction) ast.Operation {
	t := &ast.Traversal{Pos: pos, Vertex: vars[0], Direction: d}
	if p.tooManyVariables(vars, 3, "traversal") {
		return t
	}
	if len(vars) > 1 {
		t.Edge = vars[1]
	}
	if len(vars) > 2 {
		t.Path = vars[2]
	}
	t.Min, t.Max = splitDepths(depths)
	t.Start = p.expr()
	t.Set = p.edgeSet(d)
	if p.acceptWord("PRUNE") {
		if (p.tok.kind == name && !isReserved(p.tok) || p.tok.kind == quoted) && p.peek(1).is("=") {
			t.PruneVar = p.variable()
			p.advance()
		}
		t.Prune = p.expr()
	}
	t.Options = p.options()
	return t
}

func (p *parser) pathSearch(pos ast.Pos, vars []*ast.Variable, depths ast.Expr, d ast.Direction, k ast.PathKind) ast.Operation {
	s := &ast.PathSearch{Pos: pos, Kind: k, Direction: d}
	if depths != nil && k != ast.KPaths {
		p.fail(depths.At(), Syntax, "syntax error: "+k.String()+" with depths", "only K_PATHS and traversals have them")
		return s
	}
	s.Min, s.Max = splitDepths(depths)
	if k == ast.ShortestPath {
		if p.tooManyVariables(vars, 2, k.String()) {
			return s
		}
		s.Vertex = vars[0]
		if len(vars) > 1 {
			s.Edge = vars[1]
		}
	} else {
		if p.tooManyVariables(vars, 1, k.String()) {
			return s
		}
		s.Path = vars[0]
	}
	s.Start = p.expr()
	p.expectWord("TO")
	s.Target = p.expr()
	s.Set = p.edgeSet(d)
	s.Options = p.options()
	return s
}

// edgeSet reads GRAPH with a name, or edge collections each with a direction of its own perhaps.
func (p *parser) edgeSet(d ast.Direction) ast.EdgeSet {
	s := ast.EdgeSet{Pos: p.tok.pos, Default: d}
	if p.acceptWord("GRAPH") {
		s.Graph = p.graphName()
		return s
	}
	for p.lex.err == nil {
		e := ast.EdgeCollection{Direction: p.direction()}
		if e.Direction == 0 {
			e.Direction = d
		}
		if p.tok.kind != parameter && p.tok.kind != quoted && p.tok.kind != str && (p.tok.kind != name || isReserved(p.tok)) {
			p.unexpected("GRAPH with a name, or edge collections")
			return s
		}
		e.Collection = p.collection()
		s.Edges = append(s.Edges, e)
		if !p.accept(",") {
			break
		}
	}
	return s
}

func (p *parser) graphName() ast.Expr {
	t := p.tok
	switch {
	case t.kind == str, t.kind == quoted, t.kind == name && !isReserved(t):
		p.advance()
		return &ast.Literal{Pos: t.pos, Value: value.String(t.text)}
	case t.kind == parameter:
		p.advance()
		return &ast.Param{Pos: t.pos, Name: t.text}
	}
	p.unexpected("name of a graph")
	return nil
}
