package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
)

// editor rewrites the expressions of a node in place.
type editor struct{ f func(ast.Expr) ast.Expr }

func (d editor) one(list ...*ast.Expr) {
	for _, e := range list {
		if *e != nil {
			*e = d.f(*e)
		}
	}
}

func (d editor) limits(list ...*Limit) {
	for _, l := range list {
		if l != nil {
			d.one(&l.Expr)
		}
	}
}

func (d editor) aggregates(list []ast.Aggregate) {
	for i := range list {
		d.one(&list[i].Arg)
	}
}

func (d editor) access(list []Access) {
	for _, a := range list {
		for i := range a.Guard {
			d.one(&a.Guard[i])
		}
		switch {
		case a.Keys != nil:
			d.one(&a.Keys.Key)
			d.limits(a.Keys.Lower, a.Keys.Upper)
		case a.Edge != nil:
			d.one(&a.Edge.Vertex)
		case a.Persistent != nil:
			for i := range a.Persistent.Equal {
				d.one(&a.Persistent.Equal[i].Expr)
			}
			d.limits(a.Persistent.Lower, a.Persistent.Upper)
		case a.Geo != nil:
			d.one(&a.Geo.Center, &a.Geo.Shape)
			d.limits(a.Geo.Min, a.Geo.Max)
		case a.Fulltext != nil:
			d.one(&a.Fulltext.Query, &a.Fulltext.Limit)
		}
	}
}

func (d editor) paths(list []PathFilter) {
	for i := range list {
		d.one(&list[i].Cond)
	}
}

// edit puts what f gives in place of each expression of a node. Plans that the node has of its own are left alone.
func edit(n Node, f func(ast.Expr) ast.Expr) {
	d := editor{f}
	switch n := n.(type) {
	case *EnumerateCollection:
		d.one(&n.Fetch.Filter, &n.Limit)
	case *Index:
		d.access(n.Accesses)
		d.one(&n.Fetch.Filter, &n.Limit)
	case *EnumerateList:
		d.one(&n.In)
	case *Calculation:
		d.one(&n.Expr)
	case *Filter:
		d.one(&n.Cond)
	case *Sort:
		for i := range n.Keys {
			d.one(&n.Keys[i].Expr)
		}
		d.one(&n.Limit)
	case *LimitNode:
		d.one(&n.Offset, &n.Count)
	case *Collect:
		for i := range n.Groups {
			d.one(&n.Groups[i].Expr)
		}
		d.aggregates(n.Aggregates)
		d.one(&n.IntoExpr)
	case *Window:
		d.one(&n.By, &n.Frame)
		d.aggregates(n.Aggregates)
	case *HashJoin:
		d.one(&n.Probe, &n.Key)
	case *Return:
		d.one(&n.Expr)
	case *Distinct:
		d.one(&n.Expr)
	case *Modify:
		d.one(&n.Key, &n.Doc)
	case *Upsert:
		d.one(&n.Search, &n.Insert, &n.Update)
	default:
		d.walks(n)
	}
}

func (d editor) walks(n Node) {
	switch n := n.(type) {
	case *Traversal:
		d.one(&n.Min, &n.Max, &n.Start, &n.Prune)
		d.paths(n.EdgeFilters)
		d.paths(n.VertexFilters)
	case *PathSearch:
		d.one(&n.Min, &n.Max, &n.Start, &n.Target)
	case *TimeSeries:
		for i := range n.Keys {
			d.one(&n.Keys[i])
		}
		d.limits(n.From, n.To)
		d.one(&n.Fetch.Filter)
	}
}

// eachExpr calls f for each expression of a node.
func eachExpr(n Node, f func(ast.Expr)) {
	edit(n, func(e ast.Expr) ast.Expr {
		f(e)
		return e
	})
}

// sets gives the variables that a node sets for the nodes above it.
func sets(n Node) []*ast.Variable {
	var out []*ast.Variable
	add := func(list ...*ast.Variable) {
		for _, v := range list {
			if v != nil {
				out = append(out, v)
			}
		}
	}
	switch n := n.(type) {
	case *EnumerateCollection:
		add(n.Fetch.vars()...)
		add(n.CountOnly)
	case *Index:
		add(n.Fetch.vars()...)
		for _, a := range n.Accesses {
			if a.Geo != nil {
				add(a.Geo.Distance)
			}
		}
	case *EnumerateList:
		add(n.Out)
	case *Calculation:
		add(n.Out)
	case *Collect:
		for _, g := range n.Groups {
			add(g.Var)
		}
		for _, a := range n.Aggregates {
			add(a.Var)
		}
		add(n.Into, n.CountInto)
	case *Window:
		for _, a := range n.Aggregates {
			add(a.Var)
		}
	case *SubqueryNode:
		add(n.Out)
	case *HashJoin:
		for _, below := range n.Build.nodes {
			add(sets(below)...)
		}
	case *Distinct:
		add(n.Out)
	case *Modify:
		add(n.Old, n.New)
	case *Upsert:
		add(n.Old, n.New)
	case *Traversal:
		add(n.Vertex, n.Edge, n.Path)
	case *PathSearch:
		add(n.Vertex, n.Edge, n.Path)
	case *TimeSeries:
		add(n.Fetch.vars()...)
		add(n.Rollup.vars()...)
	}
	return out
}

func (f *Fetch) vars() []*ast.Variable {
	out := []*ast.Variable{f.Out}
	for _, p := range f.Projections {
		out = append(out, p.Var)
	}
	return out
}

func (r *SeriesRollup) vars() []*ast.Variable {
	if r == nil {
		return nil
	}
	out := append([]*ast.Variable{r.Bucket}, r.Keys...)
	for _, a := range r.Aggregates {
		out = append(out, a.Out)
	}
	return out
}

// own gives the variables that exist only within a node.
func own(n Node) []*ast.Variable {
	switch n := n.(type) {
	case *Traversal:
		out := []*ast.Variable{n.PruneVar}
		for _, f := range slices.Concat(n.EdgeFilters, n.VertexFilters) {
			out = append(out, f.Var)
		}
		return out
	case *Upsert:
		return []*ast.Variable{n.LookupVar}
	}
	return nil
}

// reads gives the variables that a node needs from below it.
func (b *builder) reads(n Node) varSet {
	out := varSet{}
	eachExpr(n, func(e ast.Expr) { b.addReads(out, e) })
	if c, ok := n.(*Collect); ok {
		out.add(c.Gather...)
	}
	for _, p := range plansOf(n) {
		out.union(b.planReads(p))
	}
	for _, v := range slices.Concat(sets(n), own(n)) {
		delete(out, v)
	}
	return out
}

// addReads is addUses for expressions whose subqueries have been planned.
func (b *builder) addReads(out varSet, e ast.Expr) {
	var mine varSet
	found := varSet{}
	ast.Walk(e, func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.Ref:
			found.add(x.Var)
		case *ast.Expansion:
			mine = mine.with(x.Current, x.Element)
		case *ast.Subquery:
			if p := b.inline[x]; p != nil {
				found.union(b.planReads(p))
				return false
			}
		}
		return true
	})
	for v := range found {
		if !mine[v] {
			out[v] = true
		}
	}
}

// planReads gives the variables that a plan within another one needs from outside.
func (b *builder) planReads(p *Plan) varSet {
	out, mine := varSet{}, varSet{}
	for _, n := range p.nodes {
		out.union(b.reads(n))
		mine.add(sets(n)...)
	}
	for v := range mine {
		delete(out, v)
	}
	return out
}

// cloneNode copies a node so that rewriting the copy leaves the node as it is. Expressions are shared: they are never
// changed in place.
func cloneNode(n Node) Node {
	switch n := n.(type) {
	case *Singleton:
		return &Singleton{}
	case *NoResults:
		return &NoResults{}
	case *EnumerateCollection:
		c := *n
		c.Fetch.Projections = slices.Clone(n.Fetch.Projections)
		return &c
	case *Index:
		c := *n
		c.Fetch.Projections, c.Accesses = slices.Clone(n.Fetch.Projections), cloneAccesses(n.Accesses)
		return &c
	case *EnumerateList:
		c := *n
		return &c
	case *Calculation:
		c := *n
		return &c
	case *Filter:
		c := *n
		return &c
	case *Sort:
		c := *n
		c.Keys = slices.Clone(n.Keys)
		return &c
	case *LimitNode:
		c := *n
		return &c
	case *Collect:
		c := *n
		c.Groups, c.Aggregates, c.Gather = slices.Clone(n.Groups), slices.Clone(n.Aggregates), slices.Clone(n.Gather)
		return &c
	case *Window:
		c := *n
		c.Aggregates = slices.Clone(n.Aggregates)
		return &c
	}
	return cloneLarger(n)
}

func cloneLarger(n Node) Node {
	switch n := n.(type) {
	case *SubqueryNode:
		c := *n
		c.Plan = clonePlan(n.Plan)
		return &c
	case *HashJoin:
		c := *n
		c.Build = clonePlan(n.Build)
		return &c
	case *Return:
		c := *n
		return &c
	case *Distinct:
		c := *n
		return &c
	case *Modify:
		c := *n
		return &c
	case *Upsert:
		c := *n
		c.Lookup = clonePlan(n.Lookup)
		return &c
	case *Traversal:
		c := *n
		c.EdgeFilters, c.VertexFilters = slices.Clone(n.EdgeFilters), slices.Clone(n.VertexFilters)
		return &c
	case *PathSearch:
		c := *n
		return &c
	case *TimeSeries:
		c := *n
		c.Keys, c.Fetch.Projections = slices.Clone(n.Keys), slices.Clone(n.Fetch.Projections)
		c.From, c.To = cloneLimit(n.From), cloneLimit(n.To)
		return &c
	}
	return n
}

func clonePlan(p *Plan) *Plan {
	c := *p
	c.nodes = make([]Node, len(p.nodes))
	for i, n := range p.nodes {
		c.nodes[i] = cloneNode(n)
	}
	return &c
}

func cloneAccesses(list []Access) []Access {
	out := slices.Clone(list)
	for i, a := range out {
		out[i].Guard = slices.Clone(a.Guard)
		if a.Keys != nil {
			k := *a.Keys
			k.Lower, k.Upper = cloneLimit(k.Lower), cloneLimit(k.Upper)
			out[i].Keys = &k
		}
		if a.Edge != nil {
			k := *a.Edge
			out[i].Edge = &k
		}
		if a.Persistent != nil {
			k := *a.Persistent
			k.Equal, k.Lower, k.Upper = slices.Clone(k.Equal), cloneLimit(k.Lower), cloneLimit(k.Upper)
			out[i].Persistent = &k
		}
		if a.Geo != nil {
			k := *a.Geo
			k.Min, k.Max = cloneLimit(k.Min), cloneLimit(k.Max)
			out[i].Geo = &k
		}
		if a.Fulltext != nil {
			k := *a.Fulltext
			out[i].Fulltext = &k
		}
	}
	return out
}

func cloneLimit(l *Limit) *Limit {
	if l == nil {
		return nil
	}
	c := *l
	return &c
}

// Expressions calls f for each expression of a node, not for those of plans within it.
func Expressions(n Node, f func(ast.Expr)) { eachExpr(n, f) }

// Sets gives the variables that a node sets for the nodes above it.
func Sets(n Node) []*ast.Variable { return sets(n) }

// Own gives the variables that exist only within a node.
func Own(n Node) []*ast.Variable { return own(n) }

// Within gives the plans that a node has of its own.
func Within(n Node) []*Plan { return plansOf(n) }
