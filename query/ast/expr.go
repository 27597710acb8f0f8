package ast

import "github.com/selvedge-db/selvedge/value"

// Expr is an expression.
type Expr interface {
	At() Pos
	expression()
}

// Literal is a constant.
type Literal struct {
	Pos   Pos
	Value value.Value
}

// Param is a parameter @name that stands for a value. Name is without the @.
type Param struct {
	Pos  Pos
	Name string
}

// Ref names a variable. Var is set by the checker.
type Ref struct {
	Pos  Pos
	Name string
	Var  *Variable
}

// CollectionRef is a collection where an expression stands: behind FOR ... IN, and as an argument of functions that
// take a collection. The parser writes a Ref, the checker tells which it is; @@name is a CollectionRef at once.
type CollectionRef struct {
	Collection Collection
}

// Array is [a, b].
type Array struct {
	Pos   Pos
	Items []Expr
}

// ObjectMember is one member of an object: name: value, [computed]: value, @param: value, or the shorthand {name}.
type ObjectMember struct {
	Pos      Pos
	Name     string
	Computed Expr // nil when Name is written out
	Value    Expr
}

// Object is {name: value}.
type Object struct {
	Pos     Pos
	Members []ObjectMember
}

// Attribute is of.name.
type Attribute struct {
	Pos  Pos
	Of   Expr
	Name string
}

// AttributeParam is of.@name: the value is the name, or the path as an array of names.
type AttributeParam struct {
	Pos   Pos
	Of    Expr
	Param string
}

// Index is of[at]: element of an array (negative counts from the end), or member of an object.
type Index struct {
	Pos       Pos
	Of, Index Expr
}

// Expansion is of[*], of[**] and so on, with FILTER, LIMIT and RETURN within the brackets. What follows the bracket
// (.name, [index], further expansions) is applied to each element: Then refers to it through Element.
type Expansion struct {
	Pos           Pos
	Of            Expr
	Levels        int       // number of stars: 1 expands, each further one flattens one level before
	Current       *Variable // CURRENT in the inline parts
	Filter        Expr
	Offset, Count Expr
	Return        Expr
	// Element stands for each element in Then; both are nil when nothing follows.
	Element *Variable
	Then    Expr
}

// Op is an operator.
type Op uint8

// The operators.
const (
	OpOr Op = iota + 1
	OpAnd
	OpNot
	OpEqual
	OpNotEqual
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpIn
	OpNotIn
	OpLike
	OpNotLike
	OpMatch    // =~
	OpNotMatch // !~
	OpAdd
	OpSubtract
	OpMultiply
	OpDivide
	OpModulo
	OpPlus  // unary
	OpMinus // unary
)

// Unary is NOT x, -x, +x.
type Unary struct {
	Pos Pos
	Op  Op
	X   Expr
}

// Binary is l op r.
type Binary struct {
	Pos  Pos
	Op   Op
	L, R Expr
}

// Quantifier says how many elements of an array must fit.
type Quantifier uint8

// The quantifiers.
const (
	QuantAll Quantifier = iota + 1
	QuantAny
	QuantNone
	QuantAtLeast
)

// Quantified is array ALL|ANY|NONE|AT LEAST (n) op r; Op is a comparison, OpIn or OpNotIn.
type Quantified struct {
	Pos   Pos
	Quant Quantifier
	Least Expr // of AT LEAST
	Op    Op
	L, R  Expr
}

// Ternary is cond ? then : else; Then is nil for cond ?: else.
type Ternary struct {
	Pos              Pos
	Cond, Then, Else Expr
}

// Range is from..to.
type Range struct {
	Pos      Pos
	From, To Expr
}

// Call calls a function. Name is upper case, with its namespace when it has one.
type Call struct {
	Pos  Pos
	Name string
	Args []Expr
}

// Subquery is a block in parentheses; its value is an array.
type Subquery struct {
	Pos  Pos
	Body *Block
}

// At gives the place of an expression.
func (e *Literal) At() Pos        { return e.Pos }
func (e *Param) At() Pos          { return e.Pos }
func (e *Ref) At() Pos            { return e.Pos }
func (e *CollectionRef) At() Pos  { return e.Collection.Pos }
func (e *Array) At() Pos          { return e.Pos }
func (e *Object) At() Pos         { return e.Pos }
func (e *Attribute) At() Pos      { return e.Pos }
func (e *AttributeParam) At() Pos { return e.Pos }
func (e *Index) At() Pos          { return e.Pos }
func (e *Expansion) At() Pos      { return e.Pos }
func (e *Unary) At() Pos          { return e.Pos }
func (e *Binary) At() Pos         { return e.Pos }
func (e *Quantified) At() Pos     { return e.Pos }
func (e *Ternary) At() Pos        { return e.Pos }
func (e *Range) At() Pos          { return e.Pos }
func (e *Call) At() Pos           { return e.Pos }
func (e *Subquery) At() Pos       { return e.Pos }

func (*Literal) expression()        {}
func (*Param) expression()          {}
func (*Ref) expression()            {}
func (*CollectionRef) expression()  {}
func (*Array) expression()          {}
func (*Object) expression()         {}
func (*Attribute) expression()      {}
func (*AttributeParam) expression() {}
func (*Index) expression()          {}
func (*Expansion) expression()      {}
func (*Unary) expression()          {}
func (*Binary) expression()         {}
func (*Quantified) expression()     {}
func (*Ternary) expression()        {}
func (*Range) expression()          {}
func (*Call) expression()           {}
func (*Subquery) expression()       {}
