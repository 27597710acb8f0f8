// Package check finds out what the names of a parsed query mean, and refuses queries that make no sense.
//
// Guarantees: the tree that Query gives is a new one, and the parsed tree stays as it is. In the new tree every Ref has
// its Variable, each Variable an ID of its own below Checked.Variables, every Collection a name that exists,
// every attribute parameter is written out, and Collect.Visible is filled. It may be shared by goroutines. Values of
// parameters are in it only where Checked.Shape says so, so that it can be used again with others.
//
// Not guaranteed: that the query succeeds, since most types are known only when it runs.
//
// What is rewritten: PRUNE name = condition becomes PRUNE condition with a LET behind the traversal. A block whose
// variables from before its first loop are used behind a COLLECT becomes two, one within the other.
//
// Errors: *parse.Error with the numbers of the AQL family, and what a Reader returns.
package check

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// The numbers of errors.
const (
	NotImplemented     = 9
	UnknownCollection  = 1203
	CollectionType     = 1218
	OutOfRange         = 1504
	Redeclared         = 1511
	UnknownVariable    = 1512
	TooManyCollections = 1522
	UnknownFunction    = 1540
	ArgumentNumber     = 1541
	MissingParameter   = 1551
	UnusedParameter    = 1552
	ParameterType      = 1553
	NotConstant        = 1575
	AccessAfterWrite   = 1579
	UnknownGraph       = 1924
)

// MostCollections is how many collections one query may name.
const MostCollections = 256

// Env is what a query is checked against.
type Env struct {
	// Reader knows the collections and graphs. Without one every name that is no variable is taken for a collection,
	// and parameters may be missing: enough to tell what a text names.
	Reader rows.Reader
	// Bind has the parameters, those of collections with their leading @.
	Bind map[string]value.Value
}

// Checked is a query that makes sense.
type Checked struct {
	Query     *ast.Query
	Variables int // IDs of variables are below it
	// Reads and Writes are the collections that the text names, in its order; graphs bring theirs. A collection may be
	// in both.
	Reads, Writes []*rows.Collection
	Graphs        []*rows.Graph
	// Collections are the names of all collections in the text, in order, each once.
	Collections []string
	// Params are the parameters that the text names, in order, each once; those of collections with their leading @.
	Params []string
	// Shape are those of Params whose values are part of the tree, or are read when it is planned: with other values the
	// query must be checked anew.
	Shape []string
	// Deterministic queries call nothing that gives something else each time.
	Deterministic bool
}

// Query checks a parsed query.
func Query(q *ast.Query, env Env) (*Checked, error) {
	c := newChecker(q.Text, env)
	out := &ast.Query{Text: q.Text}
	for _, with := range q.With {
		out.With = append(out.With, c.collection(with, false))
	}
	out.Body = c.block(q.Body)
	c.unused()
	if c.err != nil {
		return nil, c.err
	}
	c.out.Query = out
	return &c.out, nil
}

// Expression checks an expression without variables, such as that of a computed default.
func Expression(text string, e ast.Expr, env Env) (ast.Expr, error) {
	c := newChecker(text, env)
	c.blocks = append(c.blocks, &blockScope{})
	out := c.expr(e)
	c.unused()
	if c.err != nil {
		return nil, c.err
	}
	return out, nil
}

type checker struct {
	text    string
	env     Env
	out     Checked
	err     error
	blocks  []*blockScope
	current []*ast.Variable // CURRENT of the expansions around
	element map[*ast.Variable]*ast.Variable
	params  map[string]bool
	written map[string]ast.Pos // collections that were modified so far
	anyPos  *ast.Pos           // of the first modification
}

func newChecker(text string, env Env) *checker {
	c := &checker{text: text, env: env, params: map[string]bool{}, written: map[string]ast.Pos{}, element: map[*ast.Variable]*ast.Variable{}}
	c.out.Deterministic = true
	return c
}

// fail keeps the first fault.
func (c *checker) fail(pos ast.Pos, number int, cure, format string, args ...any) {
	if c.err == nil {
		c.err = parse.Fault(c.text, pos, number, fmt.Sprintf(format, args...), cure)
	}
}

func (c *checker) broken(err error) {
	if c.err == nil {
		c.err = err
	}
}

// didYouMean is the cure for a name that is near another.
func didYouMean(name string, candidates []string, after string) string {
	if near := parse.Nearest(name, candidates); near != "" {
		return "did you mean " + near + after + "?"
	}
	return ""
}

// param notes a parameter and gives its value.
func (c *checker) param(pos ast.Pos, name string) (value.Value, bool) {
	if !c.params[name] {
		c.params[name] = true
		c.out.Params = append(c.out.Params, name)
	}
	v, ok := c.env.Bind[name]
	if !ok && c.env.Reader != nil {
		cure := "bind it with a value"
		if _, other := c.env.Bind["@"+name]; other {
			cure = "\"@" + name + "\" is bound, which belongs to @@" + name
		} else if len(name) > 1 && name[0] == '@' {
			if _, other := c.env.Bind[name[1:]]; other {
				cure = "bind it as \"" + name + "\", with the @"
			}
		}
		c.fail(pos, MissingParameter, cure, "parameter '@%s' has no value", name)
	}
	return v, ok
}

// shape notes that the value of a parameter is part of the tree.
func (c *checker) shape(name string) {
	if !slices.Contains(c.out.Shape, name) {
		c.out.Shape = append(c.out.Shape, name)
	}
}

// unused refuses values for parameters that the query does not name.
func (c *checker) unused() {
	if c.env.Reader == nil || c.err != nil {
		return
	}
	var extra []string
	for name := range c.env.Bind {
		if !c.params[name] {
			extra = append(extra, name)
		}
	}
	if len(extra) == 0 {
		return
	}
	slices.Sort(extra)
	cure := didYouMean(extra[0], c.out.Params, "")
	if cure == "" {
		cure = "leave it out"
	}
	c.fail(ast.Pos{Line: 1, Column: 1}, UnusedParameter, cure, "parameter '@%s' is bound, but the query does not name it", extra[0])
}

// collection resolves a name of a collection and notes how it is used.
func (c *checker) collection(in ast.Collection, write bool) ast.Collection {
	if in.Param != "" {
		v, ok := c.param(in.Pos, in.Param)
		c.shape(in.Param)
		if !ok {
			return in
		}
		if v.Kind() != value.KindString || v.Str() == "" {
			c.fail(in.Pos, ParameterType, "bind the name of a collection", "parameter '@%s' is %s", in.Param, article(v))
			return in
		}
		in.Name = v.Str()
	}
	c.noteCollection(in, write)
	return in
}

func article(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "null"
	case value.KindArray, value.KindObject:
		return "an " + v.Kind().String()
	case value.KindString:
		return "the empty string"
	}
	return "a " + v.Kind().String()
}

// noteCollection sees to it that a collection exists and may be used where it stands.
func (c *checker) noteCollection(in ast.Collection, write bool) {
	if c.err != nil {
		return
	}
	if !slices.Contains(c.out.Collections, in.Name) {
		c.out.Collections = append(c.out.Collections, in.Name)
		if len(c.out.Collections) > MostCollections {
			c.fail(in.Pos, TooManyCollections, "a query may name 256", "query names more collections than it may")
			return
		}
	}
	if c.env.Reader == nil {
		return
	}
	found, ok := c.env.Reader.Collection(in.Name)
	if !ok {
		c.fail(in.Pos, UnknownCollection, didYouMean(in.Name, c.collectionNames(), ""), "collection or view not found: '%s'", in.Name)
		return
	}
	if at, ok := c.written[in.Name]; ok {
		c.fail(in.Pos, AccessAfterWrite, fmt.Sprintf("it was modified at line %d, column %d; use another query", at.Line, at.Column),
			"access after data-modification by collection '%s'", in.Name)
		return
	}
	list := &c.out.Reads
	if write {
		list = &c.out.Writes
	}
	if !slices.Contains(*list, found) {
		*list = append(*list, found)
	}
}

func (c *checker) collectionNames() []string {
	var names []string
	for _, known := range c.env.Reader.Collections() {
		names = append(names, known.Name)
	}
	return names
}

// noteWrite marks a collection as modified. What stands behind may not touch it.
func (c *checker) noteWrite(in ast.Collection, pos ast.Pos) {
	c.written[in.Name] = pos
	if c.anyPos == nil {
		c.anyPos = &pos
	}
}

// callsAnything reports whether a function calls another one, which is known only when the query runs.
func callsAnything(name string) bool { return name == "CALL" || name == "APPLY" }

// function finds a function and checks the number of arguments.
func (c *checker) function(call *ast.Call) *fn.Function {
	f, ok := fn.Lookup(call.Name)
	if !ok {
		cure := ""
		if near := fn.Suggest(call.Name); len(near) > 0 {
			cure = "did you mean " + near[0] + "()?"
		} else if _, aggregate := fn.LookupAggregate(call.Name); aggregate {
			cure = "it is an aggregate: write COLLECT AGGREGATE name = " + call.Name + "(...)"
		}
		c.fail(call.Pos, UnknownFunction, cure, "usage of unknown function '%s()'", call.Name)
		return nil
	}
	if least, most := f.Arity(); len(call.Args) < least || most >= 0 && len(call.Args) > most {
		c.fail(call.Pos, ArgumentNumber, "", "%s", fn.ArityText(call.Name, f.Params, len(call.Args)))
	}
	if !f.Deterministic && !f.Stable && (!f.Reads || callsAnything(f.Name)) {
		c.out.Deterministic = false
	}
	if f.Reads && c.anyPos != nil {
		c.fail(call.Pos, AccessAfterWrite, "call it before the modification, or in another query",
			"access after data-modification by function '%s()', which reads data", call.Name)
	}
	return f
}
