package ast

// Rewrite builds an expression anew from the leaves up: change is asked for each part after what is below it was
// rewritten, and gives what stands in its place. Parts that stay the same are shared with the original, which is not
// changed. Subqueries are rewritten within as well.
func Rewrite(e Expr, change func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	below := func(child Expr) Expr { return Rewrite(child, change) }
	return change(mapChildren(e, below, func(b *Block) *Block { return RewriteBlock(b, change) }))
}

// RewriteBlock rewrites every expression of a block.
func RewriteBlock(b *Block, change func(Expr) Expr) *Block {
	ops := make([]Operation, len(b.Ops))
	same := true
	for i, o := range b.Ops {
		ops[i] = MapExpressions(o, func(e Expr) Expr { return Rewrite(e, change) })
		same = same && ops[i] == o
	}
	if same {
		return b
	}
	return &Block{Pos: b.Pos, Ops: ops}
}

// Substitute puts expressions in place of variables.
func Substitute(e Expr, by map[*Variable]Expr) Expr {
	return Rewrite(e, func(x Expr) Expr {
		if r, ok := x.(*Ref); ok && r.Var != nil {
			if in, ok := by[r.Var]; ok {
				return in
			}
		}
		return x
	})
}

// changes maps expressions and notes whether one came back different.
type changes struct {
	f   func(Expr) Expr
	any bool
}

func (c *changes) one(e Expr) Expr {
	if e == nil {
		return nil
	}
	to := c.f(e)
	c.any = c.any || to != e
	return to
}

func (c *changes) list(in []Expr) []Expr {
	var out []Expr
	for i, e := range in {
		to := c.one(e)
		if to != e && out == nil {
			out = append(make([]Expr, 0, len(in)), in[:i]...)
		}
		if out != nil {
			out = append(out, to)
		}
	}
	if out == nil {
		return in
	}
	return out
}

func (c *changes) object(o *Object) *Object {
	if o == nil {
		return nil
	}
	if to, ok := c.one(o).(*Object); ok {
		return to
	}
	return o
}

// mapChildren copies e with each expression directly below it mapped; e itself when nothing changed. block maps the
// body of a subquery and may be nil.
func mapChildren(e Expr, f func(Expr) Expr, block func(*Block) *Block) Expr {
	c := &changes{f: f}
	to := c.children(e, block)
	if !c.any {
		return e
	}
	return to
}

func (c *changes) children(e Expr, block func(*Block) *Block) Expr {
	switch e := e.(type) {
	case *Array:
		return &Array{Pos: e.Pos, Items: c.list(e.Items)}
	case *Object:
		members := make([]ObjectMember, len(e.Members))
		for i, m := range e.Members {
			members[i] = ObjectMember{Pos: m.Pos, Name: m.Name, Computed: c.one(m.Computed), Value: c.one(m.Value)}
		}
		return &Object{Pos: e.Pos, Members: members}
	case *Attribute:
		return &Attribute{Pos: e.Pos, Of: c.one(e.Of), Name: e.Name}
	case *AttributeParam:
		return &AttributeParam{Pos: e.Pos, Of: c.one(e.Of), Param: e.Param}
	case *Index:
		return &Index{Pos: e.Pos, Of: c.one(e.Of), Index: c.one(e.Index)}
	case *Expansion:
		to := *e
		to.Of, to.Filter, to.Offset, to.Count = c.one(e.Of), c.one(e.Filter), c.one(e.Offset), c.one(e.Count)
		to.Return, to.Then = c.one(e.Return), c.one(e.Then)
		return &to
	case *Unary:
		return &Unary{Pos: e.Pos, Op: e.Op, X: c.one(e.X)}
	case *Binary:
		return &Binary{Pos: e.Pos, Op: e.Op, L: c.one(e.L), R: c.one(e.R)}
	case *Quantified:
		return &Quantified{Pos: e.Pos, Quant: e.Quant, Least: c.one(e.Least), Op: e.Op, L: c.one(e.L), R: c.one(e.R)}
	case *Ternary:
		return &Ternary{Pos: e.Pos, Cond: c.one(e.Cond), Then: c.one(e.Then), Else: c.one(e.Else)}
	case *Range:
		return &Range{Pos: e.Pos, From: c.one(e.From), To: c.one(e.To)}
	case *Call:
		return &Call{Pos: e.Pos, Name: e.Name, Args: c.list(e.Args)}
	case *Subquery:
		if block == nil {
			return e
		}
		body := block(e.Body)
		c.any = c.any || body != e.Body
		return &Subquery{Pos: e.Pos, Body: body}
	}
	return e
}

// MapExpressions copies an operation with each expression that stands directly in it mapped; the operation itself when
// nothing changed.
func MapExpressions(o Operation, f func(Expr) Expr) Operation {
	c := &changes{f: f}
	to := c.operation(o)
	if !c.any {
		return o
	}
	return to
}

func (c *changes) operation(o Operation) Operation {
	switch o := o.(type) {
	case *For:
		to := *o
		to.In, to.Search, to.Options = c.one(o.In), c.one(o.Search), c.object(o.Options)
		return &to
	case *Traversal:
		to := *o
		to.Min, to.Max, to.Start = c.one(o.Min), c.one(o.Max), c.one(o.Start)
		to.Set.Graph, to.Prune, to.Options = c.one(o.Set.Graph), c.one(o.Prune), c.object(o.Options)
		return &to
	case *PathSearch:
		to := *o
		to.Min, to.Max, to.Start, to.Target = c.one(o.Min), c.one(o.Max), c.one(o.Start), c.one(o.Target)
		to.Set.Graph, to.Options = c.one(o.Set.Graph), c.object(o.Options)
		return &to
	case *Filter:
		return &Filter{Pos: o.Pos, Cond: c.one(o.Cond)}
	case *Sort:
		to := &Sort{Pos: o.Pos, Keys: make([]SortKey, len(o.Keys))}
		for i, k := range o.Keys {
			to.Keys[i] = SortKey{Expr: c.one(k.Expr), Desc: k.Desc}
		}
		return to
	case *Limit:
		return &Limit{Pos: o.Pos, Offset: c.one(o.Offset), Count: c.one(o.Count)}
	case *Let:
		return &Let{Pos: o.Pos, Var: o.Var, Expr: c.one(o.Expr)}
	case *Return:
		return &Return{Pos: o.Pos, Distinct: o.Distinct, Expr: c.one(o.Expr)}
	case *Modify:
		to := *o
		to.Key, to.Doc, to.Options = c.one(o.Key), c.one(o.Doc), c.object(o.Options)
		return &to
	case *Upsert:
		to := *o
		to.Search, to.Insert, to.Update, to.Options = c.one(o.Search), c.one(o.Insert), c.one(o.Update), c.object(o.Options)
		return &to
	}
	return c.grouping(o)
}

func (c *changes) grouping(o Operation) Operation {
	switch o := o.(type) {
	case *Collect:
		to := *o
		to.Groups = make([]Group, len(o.Groups))
		for i, g := range o.Groups {
			to.Groups[i] = Group{Var: g.Var, Expr: c.one(g.Expr)}
		}
		to.Aggregates, to.IntoExpr = c.aggregates(o.Aggregates), c.one(o.IntoExpr)
		to.Keep = make([]*Ref, len(o.Keep))
		for i, k := range o.Keep {
			to.Keep[i] = k
			if r, ok := c.one(k).(*Ref); ok {
				to.Keep[i] = r
			}
		}
		to.Options = c.object(o.Options)
		return &to
	case *Window:
		to := *o
		to.By, to.Frame, to.Aggregates = c.one(o.By), c.one(o.Frame), c.aggregates(o.Aggregates)
		return &to
	}
	return o
}

func (c *changes) aggregates(in []Aggregate) []Aggregate {
	out := make([]Aggregate, len(in))
	for i, a := range in {
		out[i] = a
		out[i].Arg = c.one(a.Arg)
	}
	return out
}
