package ast

// Pos is a place in the text of a query.
type Pos struct {
	Offset, Line, Column int
}

// Query is a whole query.
type Query struct {
	Text string
	With []Collection // WITH: collections that traversals may reach
	Body *Block
}

// Block is a list of operations: a query or a subquery. It ends with a Return or a modification.
type Block struct {
	Pos Pos
	Ops []Operation
}

// Collection names a collection: written out, or by a parameter @@name, then Name is set when it is bound.
type Collection struct {
	Pos   Pos
	Name  string
	Param string // with its leading @, "" when the name was written out
}

// Variable is one variable of a query. Its identity is its address; ID numbers the variables of a query from 0.
type Variable struct {
	Name string
	ID   int
	// Internal variables were made by the checker or the planner and cannot be named in the query.
	Internal bool
}

// Operation is one step of a block.
type Operation interface {
	At() Pos
	operation()
}

// Options is the object behind OPTIONS, nil when there is none.
type Options = *Object

// For is FOR v IN list or collection.
type For struct {
	Pos     Pos
	Var     *Variable
	In      Expr // a CollectionRef, or anything that gives an array
	Search  Expr // SEARCH, views only
	Options Options
}

// Direction is the direction of edges.
type Direction uint8

// The directions.
const (
	Outbound Direction = iota + 1
	Inbound
	Any
)

// EdgeSet is where edges come from: a named graph, or edge collections each with a direction.
type EdgeSet struct {
	Pos     Pos
	Graph   Expr // a literal string or parameter; nil when collections are listed
	Default Direction
	Edges   []EdgeCollection
}

// EdgeCollection is one edge collection of a traversal.
type EdgeCollection struct {
	Collection Collection
	Direction  Direction
}

// Traversal is FOR v, e, p IN min..max OUTBOUND start GRAPH ... PRUNE ... OPTIONS.
type Traversal struct {
	Pos                Pos
	Vertex, Edge, Path *Variable // Edge and Path may be nil
	Min, Max           Expr      // literals or parameters; nil: 1 and Min
	Direction          Direction
	Start              Expr
	Set                EdgeSet
	PruneVar           *Variable // PRUNE x = condition, set for what follows too; nil without a name
	Prune              Expr
	Options            Options
}

// PathKind tells the path searches apart.
type PathKind uint8

// The path searches.
const (
	ShortestPath PathKind = iota + 1
	KShortestPaths
	AllShortestPaths
	KPaths
)

// PathSearch is FOR v, e IN OUTBOUND SHORTEST_PATH start TO target ..., or FOR p IN ... K_SHORTEST_PATHS and its relatives.
type PathSearch struct {
	Pos           Pos
	Kind          PathKind
	Vertex, Edge  *Variable // of SHORTEST_PATH; Edge may be nil
	Path          *Variable // of the others
	Min, Max      Expr      // of K_PATHS
	Direction     Direction
	Start, Target Expr
	Set           EdgeSet
	Options       Options
}

// Filter is FILTER condition.
type Filter struct {
	Pos  Pos
	Cond Expr
}

// SortKey is one element of SORT. Order is nil when the direction was written or left out, else the expression behind it.
type SortKey struct {
	Expr Expr
	Desc bool
}

// Sort is SORT a, b DESC.
type Sort struct {
	Pos  Pos
	Keys []SortKey
}

// Limit is LIMIT offset, count; Offset may be nil.
type Limit struct {
	Pos           Pos
	Offset, Count Expr
}

// Let is LET v = expr.
type Let struct {
	Pos  Pos
	Var  *Variable
	Expr Expr
}

// Group is v = expr in COLLECT.
type Group struct {
	Var  *Variable
	Expr Expr
}

// Aggregate is v = FUNC(expr) in COLLECT and WINDOW.
type Aggregate struct {
	Pos  Pos
	Var  *Variable
	Func string // upper case
	Arg  Expr   // nil for LENGTH() and COUNT() without argument
	Wide bool   // Arg is an *Array that stands for several arguments
}

// Collect is COLLECT in all its forms.
type Collect struct {
	Pos        Pos
	Groups     []Group
	Aggregates []Aggregate
	Into       *Variable // nil without INTO
	IntoExpr   Expr      // INTO v = expr
	Keep       []*Ref    // KEEP a, b
	CountInto  *Variable // WITH COUNT INTO
	// Visible are the variables that INTO gathers when neither IntoExpr nor Keep is there; the checker fills it.
	Visible []*Variable
	Options Options
}

// Window is WINDOW {preceding, following} AGGREGATE ..., or WINDOW expr WITH {...} AGGREGATE ...
type Window struct {
	Pos        Pos
	By         Expr // nil for a window of rows
	Frame      Expr // the object with preceding and following
	Aggregates []Aggregate
}

// Return is RETURN [DISTINCT] expr.
type Return struct {
	Pos      Pos
	Distinct bool
	Expr     Expr
}

// ModifyKind tells the modifications apart.
type ModifyKind uint8

// The modifications.
const (
	Insert ModifyKind = iota + 1
	Update
	Replace
	Remove
)

// Modify is INSERT doc INTO c, UPDATE [key WITH] doc IN c, REPLACE [key WITH] doc IN c, REMOVE key IN c.
type Modify struct {
	Pos  Pos
	Kind ModifyKind
	Key  Expr // what to change; nil when Doc says it (and for INSERT)
	Doc  Expr // content or patch; nil for REMOVE
	Into Collection
	// Old and New are the pseudo-variables; nil when the query does not use them.
	Old, New *Variable
	Options  Options
}

// Upsert is UPSERT search INSERT doc UPDATE|REPLACE doc IN c.
type Upsert struct {
	Pos      Pos
	Search   Expr // an object
	Insert   Expr
	Replace  bool
	Update   Expr // may refer to Old
	Into     Collection
	Old, New *Variable // Old is also visible in Update
	Options  Options
}

// At gives the place of an operation.
func (o *For) At() Pos        { return o.Pos }
func (o *Traversal) At() Pos  { return o.Pos }
func (o *PathSearch) At() Pos { return o.Pos }
func (o *Filter) At() Pos     { return o.Pos }
func (o *Sort) At() Pos       { return o.Pos }
func (o *Limit) At() Pos      { return o.Pos }
func (o *Let) At() Pos        { return o.Pos }
func (o *Collect) At() Pos    { return o.Pos }
func (o *Window) At() Pos     { return o.Pos }
func (o *Return) At() Pos     { return o.Pos }
func (o *Modify) At() Pos     { return o.Pos }
func (o *Upsert) At() Pos     { return o.Pos }

func (*For) operation()        {}
func (*Traversal) operation()  {}
func (*PathSearch) operation() {}
func (*Filter) operation()     {}
func (*Sort) operation()       {}
func (*Limit) operation()      {}
func (*Let) operation()        {}
func (*Collect) operation()    {}
func (*Window) operation()     {}
func (*Return) operation()     {}
func (*Modify) operation()     {}
func (*Upsert) operation()     {}
