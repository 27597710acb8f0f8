package parse

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
)

// postfix reads an operand and the accessors behind it.
func (p *parser) postfix() ast.Expr {
	e, chain := p.primary()
	if !chain {
		return e
	}
	return p.accessors(e)
}

// accessors reads what follows an operand: .name, [index], [*]. What follows an expansion belongs to its elements.
func (p *parser) accessors(e ast.Expr) ast.Expr {
	for p.lex.err == nil {
		height := p.height
		pos := p.tok.pos
		switch {
		case p.tok.is("."):
			p.advance()
			e = p.attribute(pos, e)
			p.grow(pos, height)
		case p.tok.is("[") && p.peek(1).is("*"):
			e = p.expansion(e)
			p.grow(pos, height, p.height)
			return e
		case p.tok.is("["):
			e = p.index(pos, e)
			p.grow(pos, height, p.height)
		default:
			return e
		}
	}
	return e
}

func (p *parser) index(pos ast.Pos, of ast.Expr) ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	p.advance()
	x := &ast.Index{Pos: pos, Of: of, Index: p.inner()}
	p.expect("]")
	return x
}

func (p *parser) attribute(pos ast.Pos, of ast.Expr) ast.Expr {
	if t := p.tok; t.kind == parameter {
		if strings.HasPrefix(t.text, "@") {
			p.fail(t.pos, Syntax, "parameter '@"+t.text+"' stands for a collection, and an attribute is needed", "write one @")
		}
		p.advance()
		return &ast.AttributeParam{Pos: pos, Of: of, Param: t.text}
	}
	return &ast.Attribute{Pos: pos, Of: of, Name: p.attributeName()}
}

// expansion reads [*], [**], with inline FILTER, LIMIT and RETURN, and the accessors behind it.
func (p *parser) expansion(of ast.Expr) ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	x := &ast.Expansion{Pos: p.advance().pos, Of: of}
	for p.accept("*") {
		x.Levels++
	}
	height := 0
	part := func() ast.Expr {
		e := p.inner()
		height = max(height, p.height)
		return e
	}
	if p.acceptWord("FILTER") {
		x.Filter = part()
	}
	if p.acceptWord("LIMIT") {
		x.Count = part()
		if p.accept(",") {
			x.Offset = x.Count
			x.Count = part()
		}
	}
	if p.acceptWord("RETURN") {
		x.Return = part()
	}
	if !p.accept("]") {
		p.unexpected("FILTER, LIMIT, RETURN or ']'")
	}
	if x.Filter != nil || x.Return != nil || x.Count != nil {
		x.Current = &ast.Variable{Name: "CURRENT"}
	}
	if p.tok.is(".") || p.tok.is("[") {
		x.Element = &ast.Variable{Name: "ELEMENT", Internal: true}
		p.height = 1
		x.Then = p.accessors(&ast.Ref{Pos: x.Pos, Name: x.Element.Name, Var: x.Element})
		height = max(height, p.height)
	}
	p.height = height
	return x
}
