package ast

import (
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// String writes an expression on one line, with no more parentheses than it needs, so that it reads back as the same.
func String(e Expr) string {
	if e == nil {
		return ""
	}
	var p printer
	p.expr(e, 0)
	return p.out.String()
}

// StringOf writes one operation on one line.
func StringOf(o Operation) string {
	var p printer
	p.operation(o)
	return p.out.String()
}

// String writes the query, one operation a line.
func (q *Query) String() string {
	var p printer
	if len(q.With) > 0 {
		p.text("WITH ")
		for i, c := range q.With {
			p.comma(i)
			p.collection(c)
		}
		p.text("\n")
	}
	for i, o := range q.Body.Ops {
		if i > 0 {
			p.text("\n")
		}
		p.operation(o)
	}
	return p.out.String()
}

// The strength with which operators bind, from the weakest. Operators of one strength are read from the left.
const (
	BindTernary = iota + 1
	BindOr
	BindAnd
	BindQuantifier
	BindEqual
	BindIn
	BindLess
	BindRange
	BindAdd
	BindMultiply
	BindUnary
	BindPostfix
)

type operatorForm struct {
	text string
	bind int
}

var operators = func() map[Op]operatorForm {
	return map[Op]operatorForm{
		OpOr: {"||", BindOr}, OpAnd: {"&&", BindAnd}, OpNot: {"!", BindUnary},
		OpEqual: {"==", BindEqual}, OpNotEqual: {"!=", BindEqual},
		OpLike: {"LIKE", BindEqual}, OpNotLike: {"NOT LIKE", BindEqual},
		OpMatch: {"=~", BindEqual}, OpNotMatch: {"!~", BindEqual},
		OpIn: {"IN", BindIn}, OpNotIn: {"NOT IN", BindIn},
		OpLess: {"<", BindLess}, OpLessEqual: {"<=", BindLess},
		OpGreater: {">", BindLess}, OpGreaterEqual: {">=", BindLess},
		OpAdd: {"+", BindAdd}, OpSubtract: {"-", BindAdd},
		OpMultiply: {"*", BindMultiply}, OpDivide: {"/", BindMultiply}, OpModulo: {"%", BindMultiply},
		OpPlus: {"+", BindUnary}, OpMinus: {"-", BindUnary},
	}
}()

// String is the operator as it is written.
func (o Op) String() string { return operators[o].text }

// Bind is how strongly the operator binds.
func (o Op) Bind() int { return operators[o].bind }

// String is the quantifier as it is written.
func (q Quantifier) String() string {
	return [...]string{"", "ALL", "ANY", "NONE", "AT LEAST"}[q]
}

// String is the direction as it is written.
func (d Direction) String() string {
	return [...]string{"", "OUTBOUND", "INBOUND", "ANY"}[d]
}

// String is the path search as it is written.
func (k PathKind) String() string {
	return [...]string{"", "SHORTEST_PATH", "K_SHORTEST_PATHS", "ALL_SHORTEST_PATHS", "K_PATHS"}[k]
}

// String is the modification as it is written.
func (k ModifyKind) String() string {
	return [...]string{"", "INSERT", "UPDATE", "REPLACE", "REMOVE"}[k]
}

type printer struct {
	out strings.Builder
	// identities writes the number of each variable beside its name, so that texts are equal only when variables are.
	identities bool
	// hole is the element of the expansion around: a reference to it writes nothing, so that what follows the bracket
	// is written behind it.
	hole *Variable
	// noIn is set where IN would be taken for the IN of a modification.
	noIn bool
}

func (p *printer) text(s string) { p.out.WriteString(s) }

func (p *printer) comma(i int) {
	if i > 0 {
		p.text(", ")
	}
}

func (p *printer) name(s string) { p.text(QuoteName(s)) }

func (p *printer) variable(v *Variable) {
	p.name(v.Name)
	if p.identities {
		p.text("#" + strconv.Itoa(v.ID))
	}
}

func (p *printer) collection(c Collection) {
	switch {
	case c.Param != "" && c.Name == "":
		p.text("@" + c.Param)
	default:
		p.name(c.Name)
	}
}

func (p *printer) literal(v value.Value) {
	switch v.Kind() {
	case value.KindString, value.KindNull, value.KindBool, value.KindArray, value.KindObject:
		p.out.Write(value.AppendJSON(nil, v))
	default:
		p.text(v.Digits())
	}
}

// group writes an expression, in parentheses when it binds less than it must here.
func (p *printer) group(e Expr, bind, least int) bool {
	if bind >= least {
		return false
	}
	p.text("(")
	was := p.noIn
	p.noIn = false
	p.expr(e, 0)
	p.noIn = was
	p.text(")")
	return true
}

// bindOf is how strongly the outermost operator of an expression binds.
func bindOf(e Expr) int {
	switch e := e.(type) {
	case *Binary:
		return e.Op.Bind()
	case *Unary:
		return BindUnary
	case *Quantified:
		return BindQuantifier
	case *Ternary:
		return BindTernary
	case *Range:
		return BindRange
	case *Literal:
		if e.Value.Kind() == value.KindNumber && strings.HasPrefix(e.Value.Digits(), "-") {
			return BindUnary
		}
	}
	return BindPostfix + 1
}

// expr writes an expression that stands where only what binds at least so strongly may stand bare.
func (p *printer) expr(e Expr, least int) {
	bind := bindOf(e)
	if p.noIn && bind == BindIn {
		bind = 0
		if least == 0 {
			least = 1
		}
	}
	if p.group(e, bind, least) {
		return
	}
	switch e := e.(type) {
	case *Binary:
		p.expr(e.L, bind)
		p.text(" " + e.Op.String() + " ")
		p.expr(e.R, bind+1)
	case *Unary:
		p.text(e.Op.String())
		p.expr(e.X, BindUnary)
	case *Quantified:
		p.quantified(e)
	case *Ternary:
		p.expr(e.Cond, BindTernary+1)
		p.text(" ?")
		if e.Then != nil {
			p.text(" ")
			p.inner(e.Then)
			p.text(" ")
		}
		p.text(": ")
		p.expr(e.Else, BindTernary)
	case *Range:
		p.expr(e.From, BindRange)
		p.text("..")
		p.expr(e.To, BindRange+1)
	case *Literal:
		p.literal(e.Value)
	default:
		p.operand(e)
	}
}

func (p *printer) quantified(e *Quantified) {
	p.expr(e.L, BindQuantifier+1)
	p.text(" " + e.Quant.String() + " ")
	if e.Least != nil {
		p.text("(")
		p.inner(e.Least)
		p.text(") ")
	}
	p.text(e.Op.String() + " ")
	p.expr(e.R, e.Op.Bind()+1)
}

// inner writes an expression between brackets of its own.
func (p *printer) inner(e Expr) {
	was := p.noIn
	p.noIn = false
	p.expr(e, 0)
	p.noIn = was
}

func (p *printer) operand(e Expr) {
	switch e := e.(type) {
	case *Param:
		p.text("@" + e.Name)
	case *Ref:
		p.ref(e)
	case *CollectionRef:
		p.collection(e.Collection)
	case *Array:
		p.text("[")
		p.list(e.Items)
		p.text("]")
	case *Object:
		p.object(e)
	case *Attribute:
		p.of(e.Of)
		p.text(".")
		p.name(e.Name)
	case *AttributeParam:
		p.of(e.Of)
		p.text(".@" + e.Param)
	case *Index:
		p.of(e.Of)
		p.text("[")
		p.inner(e.Index)
		p.text("]")
	case *Expansion:
		p.expansion(e)
	case *Call:
		p.text(e.Name + "(")
		p.list(e.Args)
		p.text(")")
	case *Subquery:
		p.text("(")
		p.block(e.Body)
		p.text(")")
	}
}

func (p *printer) ref(e *Ref) {
	switch {
	case e.Var == nil:
		p.name(e.Name)
	case e.Var == p.hole:
	default:
		p.variable(e.Var)
	}
}

// of writes what an accessor stands behind. An expansion there was in parentheses: without them the accessor would go
// to its elements. Constants other than strings take no accessor.
func (p *printer) of(e Expr) {
	switch x := e.(type) {
	case *Expansion:
		p.group(e, 0, 1)
		return
	case *Literal:
		if k := x.Value.Kind(); k <= value.KindNumber {
			p.group(e, 0, 1)
			return
		}
	}
	p.expr(e, BindPostfix)
}

func (p *printer) list(items []Expr) {
	for i, item := range items {
		p.comma(i)
		p.inner(item)
	}
}

func (p *printer) object(e *Object) {
	p.text("{")
	for i, m := range e.Members {
		p.comma(i)
		switch c := m.Computed.(type) {
		case nil:
			p.out.Write(value.AppendQuoted(nil, m.Name))
		case *Param:
			p.text("@" + c.Name)
		default:
			p.text("[")
			p.inner(c)
			p.text("]")
		}
		p.text(": ")
		p.inner(m.Value)
	}
	p.text("}")
}

func (p *printer) expansion(e *Expansion) {
	p.of(e.Of)
	hole := p.hole
	p.hole = nil
	p.text("[" + strings.Repeat("*", e.Levels))
	if e.Filter != nil {
		p.text(" FILTER ")
		p.inner(e.Filter)
	}
	if e.Count != nil {
		p.text(" LIMIT ")
		if e.Offset != nil {
			p.inner(e.Offset)
			p.text(", ")
		}
		p.inner(e.Count)
	}
	if e.Return != nil {
		p.text(" RETURN ")
		p.inner(e.Return)
	}
	p.text("]")
	if e.Then != nil {
		p.hole = e.Element
		p.inner(e.Then)
	}
	p.hole = hole
}

func (p *printer) block(b *Block) {
	for i, o := range b.Ops {
		if i > 0 {
			p.text(" ")
		}
		p.operation(o)
	}
}

// QuoteName writes a name, between backticks where it could be read as something else.
func QuoteName(s string) string {
	upper := strings.ToUpper(s)
	if plainName(s) && !reserved[upper] && !strings.HasSuffix(upper, "_PATHS") {
		return s
	}
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(s) + "`"
}

func plainName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

var reserved = func() map[string]bool {
	words := map[string]bool{}
	for _, w := range Reserved() {
		words[w] = true
	}
	return words
}()

// Reserved gives the words that cannot name a variable without backticks, in alphabetical order.
func Reserved() []string {
	return strings.Fields("ALL AND ANY ASC COLLECT DESC DISTINCT FALSE FILTER FOR GRAPH IN INBOUND INSERT INTO LET LIKE " +
		"LIMIT NONE NOT NULL OR OUTBOUND REMOVE REPLACE RETURN SHORTEST_PATH SORT TRUE UPDATE UPSERT WITH")
}

// Contextual gives the words that mean something in their places only, and are names elsewhere.
func Contextual() []string {
	return strings.Fields("AGGREGATE ALL_SHORTEST_PATHS AT COUNT CURRENT K_PATHS K_SHORTEST_PATHS KEEP LEAST NEW OLD OPTIONS " +
		"PRUNE SEARCH TO WINDOW")
}
