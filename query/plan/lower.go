package plan

import (
	"fmt"
	"strconv"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// lowerBlock appends the nodes of a block to a plan, operation by operation, as it is written.
func (b *builder) lowerBlock(p *Plan, block *ast.Block) error {
	for i, op := range block.Ops {
		if b.over() {
			return b.stopped
		}
		if err := b.lower(p, op); err != nil {
			return err
		}
		if c, ok := op.(*ast.Collect); ok && len(c.Groups) > 0 && (i+1 == len(block.Ops) || !isSort(block.Ops[i+1])) {
			p.sortGroups()
		}
	}
	return nil
}

func isSort(op ast.Operation) bool {
	_, ok := op.(*ast.Sort)
	return ok
}

// sortGroups gives groups in the order of their keys unless the query sorts them itself, as the AQL family does.
func (p *Plan) sortGroups() {
	n := p.nodes[len(p.nodes)-1].(*Collect)
	s := &Sort{}
	for _, g := range n.Groups {
		s.Keys = append(s.Keys, SortKey{Expr: ref(g.Var)})
	}
	p.add(s)
}

func (p *Plan) add(n Node) { p.nodes = append(p.nodes, n) }

func (b *builder) lower(p *Plan, op ast.Operation) error {
	l := lowering{b: b, p: p}
	switch o := op.(type) {
	case *ast.For:
		l.loop(o)
	case *ast.Traversal:
		l.traversal(o)
	case *ast.PathSearch:
		l.pathSearch(o)
	case *ast.Filter:
		cond := l.expr(o.Cond)
		p.add(&Filter{Cond: cond})
	case *ast.Sort:
		n := &Sort{}
		for _, k := range o.Keys {
			n.Keys = append(n.Keys, SortKey{Expr: l.expr(k.Expr), Desc: k.Desc})
		}
		p.add(n)
	case *ast.Limit:
		p.add(&LimitNode{Offset: l.expr(o.Offset), Count: l.expr(o.Count)})
	case *ast.Let:
		l.let(o)
	case *ast.Collect:
		l.collect(o)
	case *ast.Window:
		n := &Window{By: l.expr(o.By), Frame: l.expr(o.Frame), Aggregates: l.aggregates(o.Aggregates)}
		if n.By != nil {
			p.add(&Sort{Keys: []SortKey{{Expr: n.By}}})
		}
		p.add(n)
	case *ast.Return:
		l.giveBack(o)
	case *ast.Modify:
		l.modify(o)
	case *ast.Upsert:
		l.upsert(o)
	default:
		return &Error{Number: 1501, Pos: op.At(), Text: fmt.Sprintf("operation %T has no plan", op)}
	}
	return l.err
}

// lowering turns one operation into nodes.
type lowering struct {
	b   *builder
	p   *Plan
	err error
}

func (l *lowering) fail(number int, pos ast.Pos, format string, args ...any) {
	if l.err == nil {
		l.err = &Error{Number: number, Pos: pos, Text: fmt.Sprintf(format, args...)}
	}
}

func (l *lowering) collection(c ast.Collection) *rows.Collection {
	found, err := l.b.collection(c)
	if err != nil && l.err == nil {
		l.err = err
	}
	return found
}

// expr takes subqueries out of an expression into nodes of their own, and names collections by strings.
func (l *lowering) expr(e ast.Expr) ast.Expr {
	return l.within(e, varSet{})
}

// within does so below expansions whose variables are own: subqueries that depend on them stay where they are.
func (l *lowering) within(e ast.Expr, own varSet) ast.Expr {
	switch x := e.(type) {
	case nil:
		return nil
	case *ast.Subquery:
		return l.subquery(x, own)
	case *ast.CollectionRef:
		return l.wholeCollection(x)
	case *ast.AttributeParam:
		return l.attributeParam(x, own)
	case *ast.Call:
		return l.call(x, own)
	case *ast.Expansion:
		inner := varSet{}
		inner.union(own)
		inner.add(x.Current, x.Element)
		own = inner
	}
	return rewriteChildren(e, func(x ast.Expr) ast.Expr { return l.within(x, own) })
}

func (l *lowering) subquery(s *ast.Subquery, own varSet) ast.Expr {
	if own.hasAny(uses(s)) {
		sub := &Plan{nodes: []Node{&Singleton{}}}
		if err := l.b.lowerBlock(sub, s.Body); err != nil && l.err == nil {
			l.err = err
		}
		l.b.inline[s] = sub
		l.b.inlined = append(l.b.inlined, s)
		return s
	}
	return ref(l.subplan(s.Body, l.b.subquery()))
}

// subquery makes a variable for the rows of a subquery.
func (b *builder) subquery() *ast.Variable {
	b.subqueries++
	return b.variable("subquery" + strconv.Itoa(b.subqueries))
}

// subplan adds a node for a subquery.
func (l *lowering) subplan(body *ast.Block, out *ast.Variable) *ast.Variable {
	sub := &Plan{nodes: []Node{&Singleton{}}}
	if err := l.b.lowerBlock(sub, body); err != nil && l.err == nil {
		l.err = err
	}
	l.p.add(&SubqueryNode{Plan: sub, Out: out, Eager: sub.writesIn()})
	return out
}

// wholeCollection reads a collection that stands where an array is expected.
func (l *lowering) wholeCollection(x *ast.CollectionRef) ast.Expr {
	v := l.b.variable(x.Collection.Name)
	body := &ast.Block{Pos: x.At(), Ops: []ast.Operation{
		&ast.For{Pos: x.At(), Var: v, In: x}, &ast.Return{Pos: x.At(), Expr: ref(v)},
	}}
	return ref(l.subplan(body, l.b.subquery()))
}

// call names collections that are arguments.
func (l *lowering) call(x *ast.Call, own varSet) ast.Expr {
	name, args := x.Name, make([]ast.Expr, len(x.Args))
	for i, a := range x.Args {
		c, ok := a.(*ast.CollectionRef)
		if !ok {
			args[i] = l.within(a, own)
			continue
		}
		f := l.b.function(name)
		switch {
		case f != nil && i == 0 && f.OnCollection != "":
			name = f.OnCollection
		case f == nil || !takesCollection(f.Params, i):
			args[i] = l.wholeCollection(c)
			continue
		}
		l.collection(c.Collection)
		args[i] = &ast.Literal{Pos: c.At(), Value: value.String(c.Collection.Name)}
	}
	return &ast.Call{Pos: x.Pos, Name: name, Args: args}
}

// attributeParam puts the names in place of a parameter that has them.
func (l *lowering) attributeParam(x *ast.AttributeParam, own varSet) ast.Expr {
	of := l.within(x.Of, own)
	bound, ok := l.b.Bind[x.Param]
	switch {
	case ok && bound.Kind() == value.KindString:
		return &ast.Attribute{Pos: x.Pos, Of: of, Name: bound.Str()}
	case ok && bound.Kind() == value.KindArray:
		for _, name := range bound.Items() {
			of = &ast.Attribute{Pos: x.Pos, Of: of, Name: name.Str()}
		}
		return of
	}
	return &ast.AttributeParam{Pos: x.Pos, Of: of, Param: x.Param}
}

func (l *lowering) loop(o *ast.For) {
	if c, ok := o.In.(*ast.CollectionRef); ok {
		found := l.collection(c.Collection)
		if found == nil {
			return
		}
		if found.Series != nil {
			l.p.add(&TimeSeries{Collection: found, Fetch: Fetch{Out: o.Var}})
			return
		}
		n := &EnumerateCollection{Collection: found, Fetch: Fetch{Out: o.Var}, Hint: l.hint(o)}
		l.p.add(n)
		return
	}
	in := l.expr(o.In)
	l.p.add(&EnumerateList{In: in, Out: o.Var})
}

// hint reads the options of a loop.
func (l *lowering) hint(o *ast.For) *Hint {
	h := &Hint{Pos: o.Pos}
	l.options(o.Options, []option{
		{"indexHint", namesOption(&h.Indexes)}, {"forceIndexHint", flagOption(&h.Force)}, {"disableIndex", flagOption(&h.Disable)},
		{"useCache", nil}, {"maxProjections", nil}, {"lookahead", nil},
	})
	if h.Indexes == nil && !h.Disable {
		return nil
	}
	return h
}

// constant gives the value of an expression that has one when the plan is made: literals, bound parameters, and arrays
// of them.
func (l *lowering) constant(e ast.Expr) (value.Value, bool) {
	switch e := e.(type) {
	case *ast.Literal:
		return e.Value, true
	case *ast.Param:
		v, ok := l.b.Bind[e.Name]
		return v, ok
	case *ast.Array:
		items := make([]value.Value, len(e.Items))
		for i, x := range e.Items {
			v, ok := l.constant(x)
			if !ok {
				return value.Value{}, false
			}
			items[i] = v
		}
		return value.Array(items...), true
	}
	return value.Value{}, false
}

func (l *lowering) let(o *ast.Let) {
	if s, ok := o.Expr.(*ast.Subquery); ok {
		l.subplan(s.Body, o.Var)
		return
	}
	e := l.expr(o.Expr)
	l.p.add(&Calculation{Expr: e, Out: o.Var})
}

func (l *lowering) aggregates(list []ast.Aggregate) []ast.Aggregate {
	out := make([]ast.Aggregate, len(list))
	for i, a := range list {
		out[i] = a
		out[i].Arg = l.expr(a.Arg)
	}
	return out
}

func (l *lowering) collect(o *ast.Collect) {
	n := &Collect{Method: CollectHash, Into: o.Into, IntoExpr: l.expr(o.IntoExpr), CountInto: o.CountInto}
	for _, g := range o.Groups {
		n.Groups = append(n.Groups, ast.Group{Var: g.Var, Expr: l.expr(g.Expr)})
	}
	n.Aggregates = l.aggregates(o.Aggregates)
	if n.Into != nil && n.IntoExpr == nil {
		n.Gather = o.Visible
		if o.Keep != nil {
			n.Gather = nil
			for _, k := range o.Keep {
				n.Gather = append(n.Gather, k.Var)
			}
		}
	}
	method := ""
	l.options(o.Options, []option{{"method", textOption(&method, "sorted", "hash")}, {"disableIndex", nil}})
	n.fixed, n.wantSorted = method != "", method == "sorted"
	if len(n.Groups) == 0 && len(n.Aggregates) == 0 && n.Into == nil && n.CountInto != nil {
		n.Method = CollectCount
	}
	l.p.add(n)
}

func (l *lowering) giveBack(o *ast.Return) {
	e := l.expr(o.Expr)
	if !o.Distinct {
		l.p.add(&Return{Expr: e})
		return
	}
	v := l.b.variable("unique")
	l.p.add(&Distinct{Expr: e, Out: v})
	l.p.add(&Return{Expr: ref(v), Distinct: true})
}
