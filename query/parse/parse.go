package parse

import (
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
)

// Limits bound what Query reads. A field that is zero or less takes its value from DefaultLimits.
type Limits struct {
	Bytes int // length of the text
	Depth int // expressions, brackets and subqueries inside each other
	Chain int // height of the tree, which a chain of operators without parentheses makes high too
	Items int // elements of one array or object
}

// DefaultLimits are what Query takes for zero Limits. It is to be read only.
var DefaultLimits = Limits{Bytes: 1 << 20, Depth: 500, Chain: 4000, Items: 1 << 18}

func (l Limits) orDefault() Limits {
	set := func(n *int, d int) {
		if *n <= 0 {
			*n = d
		}
	}
	set(&l.Bytes, 1<<20)
	set(&l.Depth, 500)
	set(&l.Chain, 4000)
	set(&l.Items, 1<<18)
	return l
}

// Query reads a query.
func Query(text string, limits Limits) (*ast.Query, error) {
	p := newParser(text, limits)
	if p.lex.err == nil && p.tok.kind == end {
		p.fail(p.tok.pos, Empty, "query is empty", "write at least RETURN with a value")
	}
	q := &ast.Query{Text: text, With: p.with()}
	q.Body = p.block()
	p.finish(expectEnd)
	if p.lex.err != nil {
		return nil, p.lex.err
	}
	return q, nil
}

const (
	expectEnd        = "end of query"
	expectExpression = "an expression"
)

// Expression reads one expression that makes up the whole text.
func Expression(text string, limits Limits) (ast.Expr, error) {
	p := newParser(text, limits)
	e := p.expr()
	p.finish("end of expression")
	if p.lex.err != nil {
		return nil, p.lex.err
	}
	return e, nil
}

type parser struct {
	lex     lexer
	lim     Limits
	tok     token
	ahead   []token // tokens that were read beyond tok
	depth   int
	height  int  // of the expression that was read last
	tallest int  // height in the block that is read
	noIn    bool // IN at this level is that of a modification
}

func newParser(text string, limits Limits) *parser {
	p := &parser{lim: limits.orDefault()}
	p.lex = lexer{text: text, pos: ast.Pos{Line: 1, Column: 1}}
	if len(text) > p.lim.Bytes {
		p.fail(p.lex.pos, Syntax, fmt.Sprintf("query of %d bytes is longer than the %d that are read", len(text), p.lim.Bytes),
			"send values as parameters")
		p.lex.err.Line = ""
	}
	p.tok = p.lex.next()
	return p
}

// fail keeps the first fault; from then on every token is the end.
func (p *parser) fail(pos ast.Pos, number int, message, cure string) {
	p.lex.fail(pos, number, message, cure)
	p.ahead = nil
	p.tok = token{kind: end, pos: pos, end: pos.Offset}
}

// unexpected says that the token does not fit, and what would.
func (p *parser) unexpected(expected string) {
	if p.lex.err != nil {
		return
	}
	t := p.tok
	cure := p.guess(t, expected)
	p.fail(t.pos, Syntax, "syntax error: unexpected "+t.what(), cure)
	p.lex.err.Expected = expected
}

func (p *parser) finish(expected string) {
	if p.tok.kind != end {
		p.unexpected(expected)
	}
}

func (p *parser) advance() token {
	t := p.tok
	if len(p.ahead) > 0 {
		p.tok, p.ahead = p.ahead[0], p.ahead[1:]
	} else {
		p.tok = p.lex.next()
	}
	return t
}

// peek gives the token n behind the current one.
func (p *parser) peek(n int) token {
	for len(p.ahead) < n {
		p.ahead = append(p.ahead, p.lex.next())
	}
	return p.ahead[n-1]
}

func (t token) is(s string) bool { return t.kind == sign && t.text == s }

func (t token) word(w string) bool { return t.kind == name && strings.EqualFold(t.text, w) }

func (p *parser) accept(s string) bool {
	if !p.tok.is(s) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) acceptWord(w string) bool {
	if !p.tok.word(w) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.unexpected("'" + s + "'")
	}
}

func (p *parser) expectWord(w string) {
	if !p.acceptWord(w) {
		p.unexpected(w)
	}
}

// enter counts one level of nesting; false when it is one too many.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > p.lim.Depth {
		p.tooDeep(p.tok.pos, fmt.Sprintf("nesting deeper than %d", p.lim.Depth))
		return false
	}
	return p.lex.err == nil
}

func (p *parser) leave() { p.depth-- }

func (p *parser) tooDeep(pos ast.Pos, what string) {
	p.fail(pos, Nesting, what, "use parameters, LET or IN with a list to make the query flatter")
}

// grow notes that an expression stands above others of these heights.
func (p *parser) grow(pos ast.Pos, below ...int) {
	h := 0
	for _, b := range below {
		h = max(h, b)
	}
	p.height = h + 1
	p.tallest = max(p.tallest, p.height)
	if p.height > p.lim.Chain && p.lex.err == nil {
		p.tooDeep(pos, fmt.Sprintf("chain of more than %d operators", p.lim.Chain))
	}
}

// isReserved reports whether a token is a word that cannot name something.
func isReserved(t token) bool { return t.kind == name && reserved[strings.ToUpper(t.text)] }

var reserved = wordSet(ast.Reserved())

func wordSet(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// variableName reads the name of a new variable.
func (p *parser) variableName() string {
	return p.nameFor("name of a variable")
}

func (p *parser) nameFor(what string) string {
	if p.tok.kind == quoted || p.tok.kind == name && !isReserved(p.tok) {
		return p.advance().text
	}
	p.unexpected(what)
	return ""
}

func (p *parser) variable() *ast.Variable { return &ast.Variable{Name: p.variableName()} }

// attributeName reads what may stand behind a dot: any word, also a reserved one.
func (p *parser) attributeName() string {
	if p.tok.kind == quoted || p.tok.kind == name {
		return p.advance().text
	}
	p.unexpected("name of an attribute")
	return ""
}

// collection reads the name of a collection, or @@name.
func (p *parser) collection() ast.Collection {
	c := ast.Collection{Pos: p.tok.pos}
	switch {
	case p.tok.kind == parameter && strings.HasPrefix(p.tok.text, "@"):
		c.Param = p.advance().text
	case p.tok.kind == parameter:
		p.fail(p.tok.pos, Syntax, "parameter '@"+p.tok.text+"' stands for a value, and a collection is needed",
			"write @@"+p.tok.text+" here and bind \"@"+p.tok.text+"\"")
	case p.tok.kind == str:
		p.fail(p.tok.pos, Syntax, "string where the name of a collection is needed", "write the name without quotation marks")
	default:
		c.Name = p.nameFor("name of a collection")
	}
	return c
}

// with reads the collections that WITH declares.
func (p *parser) with() []ast.Collection {
	if !p.acceptWord("WITH") {
		return nil
	}
	list := []ast.Collection{p.collection()}
	for p.accept(",") || p.tok.kind == parameter || p.tok.kind == name && !isReserved(p.tok) {
		list = append(list, p.collection())
	}
	return list
}
