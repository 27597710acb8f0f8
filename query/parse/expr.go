package parse

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// expr reads an expression.
func (p *parser) expr() ast.Expr { return p.binding(ast.BindTernary) }

// inner reads an expression between brackets, where IN is an operator again.
func (p *parser) inner() ast.Expr {
	was := p.noIn
	p.noIn = false
	e := p.expr()
	p.noIn = was
	return e
}

// bare reads an expression behind which IN begins something else.
func (p *parser) bare() ast.Expr {
	was := p.noIn
	p.noIn = true
	e := p.expr()
	p.noIn = was
	return e
}

var binarySigns = func() map[string]ast.Op {
	return map[string]ast.Op{
		"||": ast.OpOr, "&&": ast.OpAnd, "==": ast.OpEqual, "!=": ast.OpNotEqual, "=~": ast.OpMatch, "!~": ast.OpNotMatch,
		"<": ast.OpLess, "<=": ast.OpLessEqual, ">": ast.OpGreater, ">=": ast.OpGreaterEqual,
		"+": ast.OpAdd, "-": ast.OpSubtract, "*": ast.OpMultiply, "/": ast.OpDivide, "%": ast.OpModulo,
	}
}()

var binaryWords = func() map[string]ast.Op {
	return map[string]ast.Op{"OR": ast.OpOr, "AND": ast.OpAnd, "IN": ast.OpIn, "LIKE": ast.OpLike}
}()

// operator gives the binary operator at the current token, and of how many tokens it is; 0 for none.
func (p *parser) operator() (ast.Op, int) {
	switch p.tok.kind {
	case sign:
		return binarySigns[p.tok.text], 1
	case name:
		if p.tok.word("NOT") {
			switch next := p.peek(1); {
			case next.word("IN"):
				return ast.OpNotIn, 2
			case next.word("LIKE"):
				return ast.OpNotLike, 2
			}
			return 0, 0
		}
		if p.noIn && p.tok.word("IN") {
			return 0, 0
		}
		if len(p.tok.text) <= len("LIKE") {
			return binaryWords[strings.ToUpper(p.tok.text)], 1
		}
	}
	return 0, 0
}

// binding reads an expression of operators that bind at least so strongly.
func (p *parser) binding(least int) ast.Expr {
	left := p.unary()
	for p.lex.err == nil {
		height := p.height
		pos := p.tok.pos
		op, tokens := p.operator()
		switch {
		case op != 0 && tokens > 0:
			if op.Bind() < least {
				return left
			}
			p.skip(tokens)
			right := p.binding(op.Bind() + 1)
			left = &ast.Binary{Pos: pos, Op: op, L: left, R: right}
		case p.tok.is("?") && least <= ast.BindTernary:
			left = p.ternary(pos, left)
		case p.tok.is("..") && least <= ast.BindRange:
			p.advance()
			left = &ast.Range{Pos: pos, From: left, To: p.binding(ast.BindRange + 1)}
		default:
			q := p.quantifier()
			if q == 0 || least > ast.BindQuantifier {
				p.lonelyQuantifier()
				return left
			}
			left = p.quantified(pos, q, left)
		}
		p.grow(pos, height, p.height)
	}
	return left
}

func (p *parser) skip(tokens int) {
	for range tokens {
		p.advance()
	}
}

// ternary reads what follows a condition. The condition's height is seen to by the caller.
func (p *parser) ternary(pos ast.Pos, cond ast.Expr) ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	p.advance()
	t := &ast.Ternary{Pos: pos, Cond: cond}
	height := 0
	if !p.accept(":") {
		was := p.noIn
		p.noIn = false
		t.Then = p.expr()
		p.noIn = was
		height = p.height
		p.expect(":")
	}
	t.Else = p.binding(ast.BindTernary)
	p.height = max(p.height, height)
	return t
}

// quantifier tells whether ALL, ANY, NONE or AT LEAST stands here with a comparison behind it.
func (p *parser) quantifier() ast.Quantifier {
	switch {
	case p.tok.kind != name:
	case p.tok.word("AT") && p.peek(1).word("LEAST") && p.peek(2).is("("):
		return ast.QuantAtLeast
	case p.tok.word("ALL") && p.comparison(1):
		return ast.QuantAll
	case p.tok.word("ANY") && p.comparison(1):
		return ast.QuantAny
	case p.tok.word("NONE") && p.comparison(1):
		return ast.QuantNone
	}
	return 0
}

// lonelyQuantifier reports ALL or NONE without the comparison that they belong to.
func (p *parser) lonelyQuantifier() {
	if p.quantifier() == 0 && (p.tok.word("ALL") || p.tok.word("NONE")) {
		p.advance()
		p.unexpected(expectComparison)
	}
}

const expectComparison = "a comparison (==, !=, <, <=, >, >=, IN, NOT IN)"

// comparison reports whether a comparison stands n tokens ahead.
func (p *parser) comparison(n int) bool {
	t := p.peek(n)
	if t.word("NOT") {
		return p.peek(n + 1).word("IN")
	}
	return t.word("IN") || t.kind == sign && isComparison(binarySigns[t.text])
}

func isComparison(op ast.Op) bool {
	return op == ast.OpEqual || op == ast.OpNotEqual || op.Bind() == ast.BindLess || op.Bind() == ast.BindIn
}

func (p *parser) quantified(pos ast.Pos, quant ast.Quantifier, left ast.Expr) ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	q := &ast.Quantified{Pos: pos, Quant: quant, L: left}
	height := 0
	p.advance()
	if quant == ast.QuantAtLeast {
		p.advance()
		p.expect("(")
		q.Least = p.inner()
		height = p.height
		p.expect(")")
		if !p.comparisonHere() {
			p.unexpected(expectComparison)
			return q
		}
	}
	was := p.noIn
	p.noIn = false
	op, tokens := p.operator()
	p.noIn = was
	p.skip(tokens)
	q.Op, q.R = op, p.binding(op.Bind()+1)
	p.height = max(p.height, height)
	return q
}

func (p *parser) comparisonHere() bool {
	if p.tok.word("NOT") {
		return p.peek(1).word("IN")
	}
	return p.tok.word("IN") || p.tok.kind == sign && isComparison(binarySigns[p.tok.text])
}

// unary reads signs and negations, and what they stand before.
func (p *parser) unary() ast.Expr {
	op := ast.Op(0)
	switch {
	case p.tok.is("!"), p.tok.word("NOT"):
		op = ast.OpNot
	case p.tok.is("-"):
		op = ast.OpMinus
	case p.tok.is("+"):
		op = ast.OpPlus
	default:
		return p.postfix()
	}
	defer p.leave()
	if !p.enter() {
		return nil
	}
	u := &ast.Unary{Pos: p.advance().pos, Op: op}
	u.X = p.unary()
	p.grow(u.Pos, p.height)
	return u
}

// primary reads an operand without what may follow it. chain says whether accessors may.
func (p *parser) primary() (e ast.Expr, chain bool) {
	p.height = 1
	t := p.tok
	switch t.kind {
	case str:
		p.advance()
		return &ast.Literal{Pos: t.pos, Value: value.String(t.text)}, true
	case number:
		return p.numberLiteral(), false
	case parameter:
		p.advance()
		if strings.HasPrefix(t.text, "@") {
			return &ast.CollectionRef{Collection: ast.Collection{Pos: t.pos, Param: t.text}}, true
		}
		return &ast.Param{Pos: t.pos, Name: t.text}, true
	case quoted:
		p.advance()
		return &ast.Ref{Pos: t.pos, Name: t.text}, true
	case name:
		return p.word()
	case sign:
		switch t.text {
		case "(":
			return p.parentheses(), true
		case "[":
			return p.array(), true
		case "{":
			return p.object(), true
		}
	}
	p.unexpected(expectExpression)
	return nil, false
}

// word reads what begins with a name: a constant, a call or a variable.
func (p *parser) word() (ast.Expr, bool) {
	t := p.tok
	next := p.peek(1)
	switch {
	case next.is("::"), next.is("(") && (!isReserved(t) || t.word("LIKE")):
		return p.call(), true
	case t.word("NULL"):
		p.advance()
		return &ast.Literal{Pos: t.pos}, false
	case t.word("TRUE"), t.word("FALSE"):
		p.advance()
		return &ast.Literal{Pos: t.pos, Value: value.Bool(t.word("TRUE"))}, false
	case isReserved(t):
		p.unexpected(expectExpression)
		return nil, false
	}
	p.advance()
	return &ast.Ref{Pos: t.pos, Name: t.text}, true
}

func (p *parser) numberLiteral() ast.Expr {
	t := p.advance()
	v, err := value.Number(t.text)
	if err != nil {
		p.fail(t.pos, NumberRange, "number "+shorten(t.text)+" is out of range", "numbers reach from -1.7e308 to 1.7e308")
		return nil
	}
	return &ast.Literal{Pos: t.pos, Value: v}
}

// parentheses reads a subquery or a grouped expression.
func (p *parser) parentheses() ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	t := p.advance()
	was := p.noIn
	p.noIn = false
	var e ast.Expr
	if p.atOperation() {
		e = p.subquery(t.pos)
	} else {
		e = p.expr()
	}
	p.noIn = was
	p.expect(")")
	return e
}

func (p *parser) array() ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	a := &ast.Array{Pos: p.advance().pos}
	height := 0
	for p.lex.err == nil && !p.tok.is("]") {
		a.Items = append(a.Items, p.inner())
		height = max(height, p.height)
		if !p.room(len(a.Items)) || !p.accept(",") {
			break
		}
	}
	if !p.accept("]") {
		p.unexpected("',' or ']'")
	}
	p.grow(a.Pos, height)
	return a
}

func (p *parser) room(items int) bool {
	if items > p.lim.Items {
		p.fail(p.tok.pos, Nesting, "array or object of too many elements", "send it as a parameter")
	}
	return p.lex.err == nil
}

func (p *parser) object() *ast.Object {
	defer p.leave()
	o := &ast.Object{Pos: p.tok.pos}
	if !p.enter() {
		return o
	}
	p.expect("{")
	height := 0
	for p.lex.err == nil && !p.tok.is("}") {
		o.Members = append(o.Members, p.member())
		height = max(height, p.height)
		if !p.room(len(o.Members)) || !p.accept(",") {
			break
		}
	}
	if !p.accept("}") {
		p.unexpected("',' or '}'")
	}
	p.grow(o.Pos, height)
	return o
}

func (p *parser) member() ast.ObjectMember {
	t := p.tok
	m := ast.ObjectMember{Pos: t.pos}
	height := 0
	switch {
	case t.kind == name, t.kind == quoted:
		p.advance()
		m.Name = t.text
		if !p.tok.is(":") && (t.kind == quoted || !isReserved(t)) {
			p.height = 1
			m.Value = &ast.Ref{Pos: t.pos, Name: t.text}
			return m
		}
	case t.kind == str:
		p.advance()
		m.Name = t.text
	case t.kind == parameter && !strings.HasPrefix(t.text, "@"):
		p.advance()
		m.Computed = &ast.Param{Pos: t.pos, Name: t.text}
	case t.is("["):
		p.advance()
		m.Computed = p.inner()
		height = p.height
		p.expect("]")
	default:
		p.unexpected("name of an attribute or '}'")
		return m
	}
	p.expect(":")
	m.Value = p.inner()
	p.height = max(p.height, height)
	return m
}

// call reads NAME(...) and SPACE::NAME(...).
func (p *parser) call() ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	c := &ast.Call{Pos: p.tok.pos}
	parts := []string{strings.ToUpper(p.advance().text)}
	for p.accept("::") {
		if p.tok.kind != name {
			p.unexpected("name of a function")
			return c
		}
		parts = append(parts, strings.ToUpper(p.advance().text))
	}
	c.Name = strings.Join(parts, "::")
	p.expect("(")
	height := 0
	for more := !p.tok.is(")"); more && p.lex.err == nil; more = p.room(len(c.Args)) && p.accept(",") {
		c.Args = append(c.Args, p.argument())
		height = max(height, p.height)
	}
	if !p.accept(")") {
		p.unexpected("',' or ')'")
	}
	p.grow(c.Pos, height)
	return c
}

// argument reads an argument of a call: an expression, or a subquery without parentheses of its own.
func (p *parser) argument() ast.Expr {
	if !p.atOperation() {
		return p.inner()
	}
	was := p.noIn
	p.noIn = false
	s := p.subquery(p.tok.pos)
	p.noIn = was
	return s
}

// subquery reads a block as an expression, which is as high as the highest in it.
func (p *parser) subquery(pos ast.Pos) ast.Expr {
	tallest := p.tallest
	p.tallest = 0
	s := &ast.Subquery{Pos: pos, Body: p.block()}
	p.grow(pos, p.tallest)
	p.tallest = max(p.tallest, tallest)
	return s
}
