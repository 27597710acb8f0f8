package ast

func (p *printer) operation(o Operation) {
	switch o := o.(type) {
	case *For:
		p.text("FOR ")
		p.variable(o.Var)
		p.text(" IN ")
		p.expr(o.In, 0)
		p.clause(" SEARCH ", o.Search)
		p.options(o.Options)
	case *Traversal:
		p.traversal(o)
	case *PathSearch:
		p.pathSearch(o)
	case *Filter:
		p.clause("FILTER ", o.Cond)
	case *Sort:
		p.text("SORT ")
		for i, k := range o.Keys {
			p.comma(i)
			p.expr(k.Expr, 0)
			if k.Desc {
				p.text(" DESC")
			}
		}
	case *Limit:
		p.text("LIMIT ")
		if o.Offset != nil {
			p.expr(o.Offset, 0)
			p.text(", ")
		}
		p.expr(o.Count, 0)
	case *Let:
		p.text("LET ")
		p.variable(o.Var)
		p.clause(" = ", o.Expr)
	case *Collect:
		p.collect(o)
	case *Window:
		p.window(o)
	case *Return:
		p.text("RETURN ")
		if o.Distinct {
			p.text("DISTINCT ")
		}
		p.expr(o.Expr, 0)
	case *Modify:
		p.modify(o)
	case *Upsert:
		p.upsert(o)
	}
}

func (p *printer) clause(word string, e Expr) {
	if e != nil {
		p.text(word)
		p.expr(e, 0)
	}
}

func (p *printer) options(o Options) {
	if o != nil {
		p.text(" OPTIONS ")
		p.object(o)
	}
}

// bare writes an expression behind which IN means the collection of a modification.
func (p *printer) bare(e Expr) {
	was := p.noIn
	p.noIn = true
	p.expr(e, 0)
	p.noIn = was
}

func (p *printer) traversal(o *Traversal) {
	p.text("FOR ")
	p.variable(o.Vertex)
	for _, v := range present(o.Edge, o.Path) {
		p.text(", ")
		p.variable(v)
	}
	p.text(" IN ")
	p.depths(o.Min, o.Max)
	p.text(o.Direction.String() + " ")
	p.expr(o.Start, 0)
	p.edges(&o.Set)
	if o.Prune != nil {
		p.text(" PRUNE ")
		if o.PruneVar != nil {
			p.variable(o.PruneVar)
			p.text(" = ")
		}
		p.expr(o.Prune, 0)
	}
	p.options(o.Options)
}

func (p *printer) depths(least, most Expr) {
	if least == nil {
		return
	}
	p.expr(least, BindRange)
	if most != nil {
		p.text("..")
		p.expr(most, BindRange+1)
	}
	p.text(" ")
}

func (p *printer) edges(s *EdgeSet) {
	if s.Graph != nil {
		p.clause(" GRAPH ", s.Graph)
		return
	}
	p.text(" ")
	for i, e := range s.Edges {
		p.comma(i)
		if e.Direction != s.Default {
			p.text(e.Direction.String() + " ")
		}
		p.collection(e.Collection)
	}
}

func (p *printer) pathSearch(o *PathSearch) {
	p.text("FOR ")
	for i, v := range present(o.Vertex, o.Edge, o.Path) {
		p.comma(i)
		p.variable(v)
	}
	p.text(" IN ")
	p.depths(o.Min, o.Max)
	p.text(o.Direction.String() + " " + o.Kind.String() + " ")
	p.expr(o.Start, 0)
	p.text(" TO ")
	p.expr(o.Target, 0)
	p.edges(&o.Set)
	p.options(o.Options)
}

func (p *printer) collect(o *Collect) {
	p.text("COLLECT")
	for i, g := range o.Groups {
		if i > 0 {
			p.text(",")
		}
		p.text(" ")
		p.variable(g.Var)
		p.clause(" = ", g.Expr)
	}
	p.aggregates(o.Aggregates)
	if o.CountInto != nil {
		p.text(" WITH COUNT INTO ")
		p.variable(o.CountInto)
	}
	if o.Into != nil {
		p.text(" INTO ")
		p.variable(o.Into)
		p.clause(" = ", o.IntoExpr)
	}
	for i, k := range o.Keep {
		if i == 0 {
			p.text(" KEEP")
		} else {
			p.text(",")
		}
		p.text(" ")
		p.ref(k)
	}
	p.options(o.Options)
}

func (p *printer) aggregates(list []Aggregate) {
	for i, a := range list {
		if i == 0 {
			p.text(" AGGREGATE ")
		}
		p.comma(i)
		p.variable(a.Var)
		p.text(" = " + a.Func + "(")
		if array, ok := a.Arg.(*Array); ok && a.Wide {
			p.list(array.Items)
		} else if a.Arg != nil {
			p.inner(a.Arg)
		}
		p.text(")")
	}
}

func (p *printer) window(o *Window) {
	p.text("WINDOW ")
	if o.By != nil {
		p.expr(o.By, 0)
		p.text(" WITH ")
	}
	p.expr(o.Frame, 0)
	p.aggregates(o.Aggregates)
}

func (p *printer) modify(o *Modify) {
	p.text(o.Kind.String() + " ")
	if o.Key != nil {
		p.bare(o.Key)
		if o.Doc != nil {
			p.text(" WITH ")
		}
	}
	if o.Doc != nil {
		p.bare(o.Doc)
	}
	p.text(" IN ")
	p.collection(o.Into)
	p.options(o.Options)
}

func (p *printer) upsert(o *Upsert) {
	p.text("UPSERT ")
	p.expr(o.Search, 0)
	p.clause(" INSERT ", o.Insert)
	if o.Replace {
		p.text(" REPLACE ")
	} else {
		p.text(" UPDATE ")
	}
	p.bare(o.Update)
	p.text(" IN ")
	p.collection(o.Into)
	p.options(o.Options)
}
