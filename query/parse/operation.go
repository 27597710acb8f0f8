package parse

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
)

const expectOperation = "an operation (FOR, FILTER, LET, SORT, LIMIT, COLLECT, WINDOW, RETURN, INSERT, UPDATE, REPLACE, REMOVE, UPSERT)"

// operation reads the operation whose first word stands here, nil when none does.
func (p *parser) operation() ast.Operation {
	switch strings.ToUpper(p.tok.text) {
	case "FOR":
		return p.forIn()
	case "FILTER":
		return p.filter()
	case "SORT":
		return p.sort()
	case "LIMIT":
		return p.limit()
	case "COLLECT":
		return p.collect()
	case "WINDOW":
		return p.window()
	case "RETURN":
		return p.returns()
	case "INSERT":
		return p.insert()
	case "UPDATE", "REPLACE":
		return p.update()
	case "REMOVE":
		return p.remove()
	case "UPSERT":
		return p.upsert()
	}
	return nil
}

// atOperation reports whether an operation begins here, where an expression could begin too.
func (p *parser) atOperation() bool {
	return isReserved(p.tok) && firstWords[strings.ToUpper(p.tok.text)]
}

var firstWords = wordSet(strings.Fields("FOR FILTER SORT LIMIT LET COLLECT RETURN INSERT UPDATE REPLACE REMOVE UPSERT"))

// block reads operations up to a RETURN, or up to the end when the last one is a modification.
func (p *parser) block() *ast.Block {
	b := &ast.Block{Pos: p.tok.pos}
	for p.lex.err == nil {
		if p.tok.kind == end || p.tok.is(")") {
			p.checkLast(b)
			return b
		}
		if p.tok.word("LET") {
			b.Ops = p.lets(b.Ops)
			continue
		}
		var o ast.Operation
		if p.tok.kind == name {
			o = p.operation()
		}
		if o == nil {
			p.stray()
			return b
		}
		b.Ops = append(b.Ops, o)
		if _, last := o.(*ast.Return); last {
			return b
		}
	}
	return b
}

// stray reports a token that begins no operation.
func (p *parser) stray() {
	switch {
	case p.tok.word("PRUNE"):
		p.fail(p.tok.pos, Syntax, "syntax error: PRUNE without a traversal before it", "it stands behind the graph of a traversal, before OPTIONS")
	case p.tok.word("OPTIONS"):
		p.fail(p.tok.pos, Syntax, "syntax error: OPTIONS where none are", "they stand at the end of FOR, COLLECT and modifications")
	default:
		p.unexpected(expectOperation)
	}
}

// checkLast sees to it that a block gives something, or writes.
func (p *parser) checkLast(b *ast.Block) {
	if len(b.Ops) > 0 {
		switch b.Ops[len(b.Ops)-1].(type) {
		case *ast.Modify, *ast.Upsert:
			return
		}
	}
	p.unexpected("RETURN or another operation")
	if p.lex.err.Cure == "" {
		p.lex.err.Cure = "a query ends with RETURN or with a modification"
	}
}

func (p *parser) filter() ast.Operation {
	return &ast.Filter{Pos: p.advance().pos, Cond: p.expr()}
}

func (p *parser) sort() ast.Operation {
	s := &ast.Sort{Pos: p.advance().pos}
	if next := p.peek(1); p.tok.word("BY") && (next.kind == name || next.kind == quoted) && !isReserved(next) {
		p.unexpected(expectExpression)
	}
	for p.lex.err == nil {
		k := ast.SortKey{Expr: p.expr()}
		if !p.acceptWord("ASC") {
			k.Desc = p.acceptWord("DESC")
		}
		s.Keys = append(s.Keys, k)
		if !p.accept(",") {
			break
		}
	}
	return s
}

func (p *parser) limit() ast.Operation {
	l := &ast.Limit{Pos: p.advance().pos, Count: p.expr()}
	if p.accept(",") {
		l.Offset = l.Count
		l.Count = p.expr()
	} else if p.tok.kind == number || p.tok.kind == parameter {
		p.unexpected("',' between offset and count")
	}
	return l
}

// lets reads LET a = 1, b = 2 as one operation for each.
func (p *parser) lets(ops []ast.Operation) []ast.Operation {
	pos := p.advance().pos
	for p.lex.err == nil {
		l := &ast.Let{Pos: pos, Var: p.variable()}
		p.expect("=")
		l.Expr = p.expr()
		ops = append(ops, l)
		if !p.tok.is(",") {
			break
		}
		pos = p.advance().pos
	}
	return ops
}

func (p *parser) returns() ast.Operation {
	r := &ast.Return{Pos: p.advance().pos}
	r.Distinct = p.acceptWord("DISTINCT")
	r.Expr = p.expr()
	return r
}

// options reads OPTIONS {...}, nil when there are none.
func (p *parser) options() ast.Options {
	if !p.acceptWord("OPTIONS") {
		return nil
	}
	if !p.tok.is("{") {
		p.unexpected("an object of options, '{'")
	}
	return p.object()
}

func (p *parser) collect() ast.Operation {
	c := &ast.Collect{Pos: p.advance().pos}
	atWord := func() bool {
		return p.tok.word("INTO") || p.tok.word("WITH") || p.tok.word("AGGREGATE") && !p.peek(1).is("=")
	}
	if !atWord() {
		c.Groups = p.groups()
	}
	if p.tok.word("AGGREGATE") {
		c.Aggregates = p.aggregates()
	}
	switch {
	case p.tok.word("WITH"):
		p.withCount(c)
	case p.acceptWord("INTO"):
		p.into(c)
	case len(c.Groups) == 0 && len(c.Aggregates) == 0:
		p.unexpected("name = expression, AGGREGATE, INTO or WITH COUNT INTO")
	}
	c.Options = p.options()
	return c
}

func (p *parser) groups() []ast.Group {
	var groups []ast.Group
	for p.lex.err == nil {
		g := ast.Group{Var: p.variable()}
		p.expect("=")
		g.Expr = p.expr()
		groups = append(groups, g)
		if !p.accept(",") {
			break
		}
	}
	return groups
}

func (p *parser) withCount(c *ast.Collect) {
	pos := p.advance().pos
	p.expectWord("COUNT")
	p.expectWord("INTO")
	c.CountInto = p.variable()
	if len(c.Aggregates) > 0 {
		p.fail(pos, Syntax, "syntax error: WITH COUNT INTO behind AGGREGATE", "write AGGREGATE "+c.CountInto.Name+" = COUNT()")
	}
}

func (p *parser) into(c *ast.Collect) {
	c.Into = p.variable()
	if p.accept("=") {
		c.IntoExpr = p.expr()
	}
	if !p.tok.word("KEEP") {
		return
	}
	if c.IntoExpr != nil {
		p.fail(p.tok.pos, Syntax, "syntax error: KEEP behind INTO with an expression", "name what to keep in the expression")
		return
	}
	p.advance()
	for p.lex.err == nil {
		pos := p.tok.pos
		c.Keep = append(c.Keep, &ast.Ref{Pos: pos, Name: p.variableName()})
		if !p.accept(",") {
			break
		}
	}
}

// aggregates reads AGGREGATE a = MAX(x), ...
func (p *parser) aggregates() []ast.Aggregate {
	p.advance()
	var list []ast.Aggregate
	for p.lex.err == nil {
		a := ast.Aggregate{Pos: p.tok.pos, Var: p.variable()}
		p.expect("=")
		pos := p.tok.pos
		e := p.expr()
		call, ok := e.(*ast.Call)
		switch {
		case p.lex.err != nil:
			return list
		case !ok:
			p.fail(pos, WrongAggregate, "aggregate '"+a.Var.Name+"' is not a call of an aggregate function",
				"write for example "+a.Var.Name+" = MAX(x), and calculate with it in a LET behind it")
			return list
		case len(call.Args) == 1:
			a.Arg = call.Args[0]
		case len(call.Args) > 1:
			a.Arg, a.Wide = &ast.Array{Pos: call.Pos, Items: call.Args}, true
		}
		a.Func = call.Name
		list = append(list, a)
		if !p.accept(",") {
			break
		}
	}
	return list
}

func (p *parser) window() ast.Operation {
	w := &ast.Window{Pos: p.advance().pos}
	w.Frame = p.expr()
	if p.acceptWord("WITH") {
		w.By = w.Frame
		w.Frame = p.expr()
	}
	if !p.tok.word("AGGREGATE") {
		p.unexpected("AGGREGATE")
		return w
	}
	w.Aggregates = p.aggregates()
	return w
}

// target reads INTO or IN and a collection.
func (p *parser) target() ast.Collection {
	if !p.acceptWord("INTO") && !p.acceptWord("IN") {
		p.unexpected("INTO or IN with a collection")
	}
	return p.collection()
}

func (p *parser) insert() ast.Operation {
	m := &ast.Modify{Pos: p.advance().pos, Kind: ast.Insert}
	m.Doc = p.bare()
	m.Into = p.target()
	m.Options = p.options()
	return m
}

func (p *parser) update() ast.Operation {
	m := &ast.Modify{Kind: ast.Update}
	if p.tok.word("REPLACE") {
		m.Kind = ast.Replace
	}
	m.Pos = p.advance().pos
	m.Doc = p.bare()
	if p.acceptWord("WITH") {
		m.Key = m.Doc
		m.Doc = p.bare()
	}
	m.Into = p.target()
	m.Options = p.options()
	return m
}

func (p *parser) remove() ast.Operation {
	m := &ast.Modify{Pos: p.advance().pos, Kind: ast.Remove}
	m.Key = p.bare()
	m.Into = p.target()
	m.Options = p.options()
	return m
}

func (p *parser) upsert() ast.Operation {
	u := &ast.Upsert{Pos: p.advance().pos}
	u.Search = p.expr()
	p.expectWord("INSERT")
	u.Insert = p.expr()
	switch {
	case p.acceptWord("REPLACE"):
		u.Replace = true
	case !p.acceptWord("UPDATE"):
		p.unexpected("UPDATE or REPLACE")
	}
	u.Update = p.bare()
	u.Into = p.target()
	u.Options = p.options()
	return u
}
