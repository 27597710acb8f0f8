package closure

import (
	"fmt"
	"math"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/value"
)

// Eval gives the value of an expression.
type Eval func(e *Env, row []value.Value) value.Value

// Test gives the truth of an expression.
type Test func(e *Env, row []value.Value) bool

// Num gives the number of an expression; false when it is none, and the value must be computed by Eval then.
type Num func(e *Env, row []value.Value) (float64, bool)

// Emit appends the canonical JSON of an expression.
type Emit func(e *Env, row []value.Value, dst []byte) []byte

// Env is what expressions see besides the row. It belongs to one goroutine.
type Env struct {
	Params  []value.Value
	Scratch []value.Value
	Context *fn.Context
	// Failed is where the error stands that ended the query, nil while it goes on: loops within expressions look there.
	Failed *error
	// Grow asks for the memory of arrays that expansions make; an error has been put where Failed says.
	Grow func(bytes int) error
	// Hold asks for memory that is held until the run ends, or gives it back when bytes is negative; nil for no count.
	Hold func(bytes int) error
	// Inner is for whoever compiles subqueries within expressions.
	Inner []any
	// Task is for the same.
	Task any

	stack   []value.Value // of arguments of calls
	once    []value.Value // of expressions that are computed once
	hasOnce []bool
	members []*members
	listed  []listed
	numbers []float64 // of parameters, NaN where they are none
	// room is for the parameters, which often are few.
	room struct {
		values  [2]value.Value
		numbers [2]float64
	}
}

// Params numbers the parameters of a program.
type Params struct {
	Names []string
	index map[string]int
}

// Of gives the number of a parameter.
func (p *Params) Of(name string) int {
	if p.index == nil {
		p.index = map[string]int{}
	}
	i, ok := p.index[name]
	if !ok {
		i = len(p.Names)
		p.index[name] = i
		p.Names = append(p.Names, name)
	}
	return i
}

// Shape is what an Env must have room for. All compilers of a program share one.
type Shape struct {
	Params  Params
	Scratch int
	Inner   int
	// Functions says that something compiled needs Env.Context.
	Functions bool
	// Expansions says that something compiled needs Env.Grow.
	Expansions bool
	// Lists counts what needs Env.Hold.
	Lists   int
	once    int
	members int
}

// Begin gives an Env room for what was compiled, and the values of parameters, which are the members of bind.
func (s *Shape) Begin(e *Env, bind value.Value) {
	if n := len(s.Params.Names); n > 0 {
		if e.Params, e.numbers = e.room.values[:], e.room.numbers[:]; n > len(e.room.values) {
			e.Params, e.numbers = make([]value.Value, n), make([]float64, n)
		}
		e.Params, e.numbers = e.Params[:n], e.numbers[:n]
		for i, name := range s.Params.Names {
			v, _ := bind.Get(name)
			e.Params[i] = v
			e.numbers[i] = math.NaN()
			if v.Kind() == value.KindNumber {
				e.numbers[i] = v.Float64()
			}
		}
	}
	if s.Scratch > 0 {
		e.Scratch = make([]value.Value, s.Scratch)
	}
	if s.once > 0 {
		e.once, e.hasOnce = make([]value.Value, s.once), make([]bool, s.once)
	}
	if s.members > 0 {
		e.members = make([]*members, s.members)
	}
	if s.Lists > 0 {
		e.listed = make([]listed, s.Lists)
	}
	if s.Inner > 0 {
		e.Inner = make([]any, s.Inner)
	}
}

// Error is an expression that cannot be compiled.
type Error struct {
	Pos  ast.Pos
	Text string
}

// Error gives the text and the place.
func (e *Error) Error() string {
	return fmt.Sprintf("%s (line %d, column %d)", e.Text, e.Pos.Line, e.Pos.Column)
}

// Compiler compiles expressions over rows of one layout.
type Compiler struct {
	Shape *Shape
	// Slot gives the place of a variable in the row, -1 when no row has it.
	Slot func(v *ast.Variable) int
	// Subquery compiles a block within an expression; nil when there can be none.
	Subquery func(s *ast.Subquery, c *Compiler) (Eval, error)

	scratch map[*ast.Variable]int
}

// Local gives a variable that no row has a place in the scratch, -1 for nil.
func (c *Compiler) Local(v *ast.Variable) int {
	if v == nil {
		return -1
	}
	if c.scratch == nil {
		c.scratch = map[*ast.Variable]int{}
	}
	i, ok := c.scratch[v]
	if !ok {
		i = c.Shape.Scratch
		c.Shape.Scratch++
		c.scratch[v] = i
	}
	return i
}

// Eval compiles an expression to its value.
func (c *Compiler) Eval(x ast.Expr) (Eval, error) {
	if v, ok := constant(x); ok {
		return func(*Env, []value.Value) value.Value { return v }, nil
	}
	if c.invariant(x) {
		return c.computeOnce(x)
	}
	return c.eval(x)
}

// eval compiles an expression that may change from row to row.
func (c *Compiler) eval(x ast.Expr) (Eval, error) {
	switch x := x.(type) {
	case *ast.Literal:
		v := x.Value
		return func(*Env, []value.Value) value.Value { return v }, nil
	case *ast.Param:
		i := c.Shape.Params.Of(x.Name)
		return func(e *Env, _ []value.Value) value.Value { return e.Params[i] }, nil
	case *ast.Ref:
		return c.ref(x)
	case *ast.CollectionRef:
		v := value.String(x.Collection.Name)
		return func(*Env, []value.Value) value.Value { return v }, nil
	case *ast.Array:
		return c.array(x)
	case *ast.Object:
		return c.object(x)
	case *ast.Attribute, *ast.AttributeParam, *ast.Index:
		return c.member(x)
	case *ast.Expansion:
		return c.expansion(x)
	case *ast.Unary:
		return c.unary(x)
	case *ast.Binary:
		return c.binary(x)
	case *ast.Quantified:
		return c.quantified(x)
	case *ast.Ternary:
		return c.ternary(x)
	case *ast.Range:
		return c.span(x)
	case *ast.Call:
		return c.call(x)
	case *ast.Subquery:
		if c.Subquery == nil {
			return nil, &Error{Pos: x.Pos, Text: "a subquery cannot stand here"}
		}
		return c.Subquery(x, c)
	}
	return nil, &Error{Text: fmt.Sprintf("unknown expression %T", x)}
}

// Evals compiles a list.
func (c *Compiler) Evals(list []ast.Expr) ([]Eval, error) {
	out := make([]Eval, len(list))
	for i, x := range list {
		var err error
		if out[i], err = c.Eval(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Compiler) ref(x *ast.Ref) (Eval, error) {
	if i, ok := c.scratch[x.Var]; ok {
		return func(e *Env, _ []value.Value) value.Value { return e.Scratch[i] }, nil
	}
	i := c.Slot(x.Var)
	if i < 0 {
		return nil, &Error{Pos: x.Pos, Text: "variable " + x.Name + " has no value here"}
	}
	return func(_ *Env, row []value.Value) value.Value { return row[i] }, nil
}

func constant(x ast.Expr) (value.Value, bool) {
	if l, ok := x.(*ast.Literal); ok {
		return l.Value, true
	}
	return value.Value{}, false
}

// invariant tells whether an expression is worth computing once per Env: it has parameters, calls or subexpressions,
// and nothing in it changes from row to row.
func (c *Compiler) invariant(x ast.Expr) bool {
	switch x.(type) {
	case *ast.Literal, *ast.Param, *ast.Ref, *ast.CollectionRef:
		return false
	}
	return steady(x)
}

// steady tells whether an expression is made of constants, parameters and steady functions alone.
func steady(x ast.Expr) bool {
	switch x := x.(type) {
	case nil:
		return true
	case *ast.Literal, *ast.Param:
		return true
	case *ast.Array:
		return allSteady(x.Items...)
	case *ast.Object:
		for _, m := range x.Members {
			if !allSteady(m.Computed, m.Value) {
				return false
			}
		}
		return true
	case *ast.Attribute:
		return steady(x.Of)
	case *ast.AttributeParam:
		return steady(x.Of)
	case *ast.Index:
		return allSteady(x.Of, x.Index)
	case *ast.Unary:
		return steady(x.X)
	case *ast.Binary:
		return allSteady(x.L, x.R)
	case *ast.Quantified:
		return allSteady(x.Least, x.L, x.R)
	case *ast.Ternary:
		return allSteady(x.Cond, x.Then, x.Else)
	case *ast.Range:
		return allSteady(x.From, x.To)
	case *ast.Call:
		f, ok := fn.Lookup(x.Name)
		return ok && (f.Deterministic || f.Stable) && !f.Reads && allSteady(x.Args...)
	}
	return false
}

func allSteady(list ...ast.Expr) bool {
	for _, x := range list {
		if x != nil && !steady(x) {
			return false
		}
	}
	return true
}

// computeOnce keeps the value of a steady expression in the Env.
func (c *Compiler) computeOnce(x ast.Expr) (Eval, error) {
	f, err := c.eval(x)
	if err != nil {
		return nil, err
	}
	i := c.Shape.once
	c.Shape.once++
	return func(e *Env, row []value.Value) value.Value {
		if !e.hasOnce[i] {
			e.once[i], e.hasOnce[i] = f(e, row), true
		}
		return e.once[i]
	}, nil
}
