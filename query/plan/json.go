package plan

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// JSON gives a plan in the form in which the AQL family explains plans. Expressions are texts.
func JSON(p *Plan) value.Value {
	w := &jsonWriter{variables: map[*ast.Variable]bool{}}
	nodes := w.plan(p)
	rules := make([]value.Value, len(p.Rules))
	for i, r := range p.Rules {
		rules[i] = value.String(r)
	}
	cost, items := 0.0, 0.0
	if p.Root != nil {
		cost, items = p.Root.Head().Cost, p.Root.Head().Rows
	}
	return fields(
		"nodes", nodes,
		"rules", value.Array(rules...),
		"collections", collectionList(p),
		"variables", value.Array(w.list...),
		"estimatedCost", value.Float(cost),
		"estimatedNrItems", value.Float(items),
		"isModificationQuery", value.Bool(p.Writes),
	)
}

// fields makes an object of names and values in turn.
func fields(list ...any) value.Value {
	var members []value.Member
	for i := 0; i+1 < len(list); i += 2 {
		name, _ := list[i].(string)
		if v, ok := list[i+1].(value.Value); ok {
			members = append(members, value.Member{Name: name, Value: v})
		}
	}
	return value.Object(members...)
}

// collectionList tells which collections a plan reads and writes.
func collectionList(p *Plan) value.Value {
	written := map[*rows.Collection]bool{}
	var note func(p *Plan)
	note = func(p *Plan) {
		for n := p.Root; n != nil; n = n.Head().Below {
			switch n := n.(type) {
			case *Modify:
				written[n.Collection] = true
			case *Upsert:
				written[n.Collection] = true
			}
			for _, sub := range plansOf(n) {
				note(sub)
			}
		}
	}
	note(p)
	var out []value.Value
	for _, c := range p.Collections {
		how := "read"
		if written[c] {
			how = "write"
		}
		out = append(out, fields("name", value.String(c.Name), "type", value.String(how)))
	}
	return value.Array(out...)
}

// jsonWriter gathers the variables on its way.
type jsonWriter struct {
	variables map[*ast.Variable]bool
	list      []value.Value
}

func (w *jsonWriter) plan(p *Plan) value.Value {
	var chain []Node
	for n := p.Root; n != nil; n = n.Head().Below {
		chain = append(chain, n)
	}
	out := make([]value.Value, len(chain))
	for i, n := range chain {
		out[len(chain)-1-i] = w.node(n)
	}
	return value.Array(out...)
}

// node shows one node: what all have, and what its kind has.
func (w *jsonWriter) node(n Node) value.Value {
	h := n.Head()
	var below []value.Value
	if h.Below != nil {
		below = append(below, value.Int(int64(h.Below.Head().ID)))
	}
	all := fields(
		"type", value.String(n.Kind()), "dependencies", value.Array(below...), "id", value.Int(int64(h.ID)),
		"estimatedCost", value.Float(h.Cost), "estimatedNrItems", value.Float(h.Rows),
	)
	for _, v := range sets(n) {
		w.variable(v)
	}
	for _, m := range w.members(n).Members() {
		all = all.With(m.Name, m.Value)
	}
	return all
}

func (w *jsonWriter) variable(v *ast.Variable) value.Value {
	if v == nil {
		return value.Null()
	}
	shown := fields("id", value.Int(int64(v.ID)), "name", value.String(v.Name), "isDataFromCollection", value.Bool(false),
		"isFullDocumentFromCollection", value.Bool(false))
	if !w.variables[v] {
		w.variables[v] = true
		w.list = append(w.list, shown)
	}
	return shown
}

func (w *jsonWriter) expr(e ast.Expr) value.Value {
	if e == nil {
		return value.Null()
	}
	return value.String(text(e))
}

func (w *jsonWriter) members(n Node) value.Value {
	switch n := n.(type) {
	case *EnumerateCollection:
		return w.fetched(&n.Fetch, n.Collection, fields("random", value.Bool(n.Random), "reverse", value.Bool(n.Reverse),
			"parallel", value.Bool(n.Parallel), "count", value.Bool(n.CountOnly != nil), "limit", w.expr(n.Limit)))
	case *Index:
		return w.fetched(&n.Fetch, n.Collection, fields("indexes", w.indexes(n), "condition", value.String(conditionText(n)),
			"reverse", value.Bool(n.Reverse), "ascending", value.Bool(!n.Reverse), "indexCoversProjections", value.Bool(n.Covering),
			"limit", w.expr(n.Limit)))
	case *EnumerateList:
		return fields("inVariable", w.expr(n.In), "outVariable", w.variable(n.Out))
	case *Calculation:
		return fields("expression", w.expr(n.Expr), "outVariable", w.variable(n.Out))
	case *Filter:
		return fields("condition", w.expr(n.Cond))
	case *Sort:
		var keys []value.Value
		for _, k := range n.Keys {
			keys = append(keys, fields("inVariable", w.expr(k.Expr), "ascending", value.Bool(!k.Desc)))
		}
		strategy := "standard"
		if n.Limit != nil {
			strategy = "constrained-heap"
		}
		return fields("elements", value.Array(keys...), "stable", value.Bool(true), "strategy", value.String(strategy),
			"limit", w.expr(n.Limit), "presorted", value.Int(int64(n.Presorted)))
	case *LimitNode:
		return fields("offset", w.expr(n.Offset), "limit", w.expr(n.Count), "fullCount", value.Bool(n.FullCount))
	case *Return:
		return fields("inVariable", w.expr(n.Expr), "count", value.Bool(true))
	case *Distinct:
		return fields("inVariable", w.expr(n.Expr), "outVariable", w.variable(n.Out))
	case *SubqueryNode:
		return fields("subquery", fields("nodes", w.plan(n.Plan)), "outVariable", w.variable(n.Out), "isConst", value.Bool(false))
	}
	return w.larger(n)
}

func (w *jsonWriter) larger(n Node) value.Value {
	switch n := n.(type) {
	case *Collect:
		return w.collect(n)
	case *Window:
		return fields("rangeVariable", w.expr(n.By), "frame", w.expr(n.Frame), "aggregates", w.aggregates(n.Aggregates))
	case *HashJoin:
		return fields("probe", w.expr(n.Probe), "key", w.expr(n.Key), "build", fields("nodes", w.plan(n.Build)))
	case *Modify:
		return fields("collection", value.String(n.Collection.Name), "inVariable", w.expr(n.Doc), "inKeyVariable", w.expr(n.Key),
			"outVariableOld", w.variable(n.Old), "outVariableNew", w.variable(n.New), "modificationFlags", w.options(&n.Options))
	case *Upsert:
		return fields("collection", value.String(n.Collection.Name), "lookup", fields("nodes", w.plan(n.Lookup)),
			"insertVariable", w.expr(n.Insert), "updateVariable", w.expr(n.Update), "isReplace", value.Bool(n.Replace),
			"outVariableNew", w.variable(n.New), "modificationFlags", w.options(&n.Options))
	case *Traversal:
		return fields("minMaxDepth", value.String(text(n.Min)+".."+text(n.Max)), "vertexId", w.expr(n.Start),
			"graph", value.String(n.Graph), "edgeCollections", edgeNames(n.Edges), "directions", edgeDirections(n.Edges),
			"vertexOutVariable", w.variable(n.Vertex), "edgeOutVariable", w.variable(n.Edge), "pathOutVariable", w.variable(n.Path),
			"prune", w.expr(n.Prune), "options", traversalFlags(&n.Options))
	case *PathSearch:
		return fields("shortestPathType", value.String(describePathSearch(n)), "graph", value.String(n.Graph),
			"edgeCollections", edgeNames(n.Edges), "directions", edgeDirections(n.Edges), "startVertexId", w.expr(n.Start),
			"targetVertexId", w.expr(n.Target), "options", traversalFlags(&n.Options))
	case *TimeSeries:
		return w.fetched(&n.Fetch, n.Collection, fields("condition", value.String(describeSeries(n)), "rollup", value.Bool(n.Rollup != nil)))
	}
	return fields()
}

// fetched adds what is taken from documents.
func (w *jsonWriter) fetched(f *Fetch, c *rows.Collection, more value.Value) value.Value {
	var paths []value.Value
	for _, p := range f.Projections {
		paths = append(paths, value.String(p.Path.String()))
	}
	out := fields("collection", value.String(c.Name), "outVariable", w.variable(f.Out), "projections", value.Array(paths...),
		"filter", w.expr(f.Filter), "producesResult", value.Bool(f.Out != nil || len(f.Projections) > 0))
	for _, m := range more.Members() {
		out = out.With(m.Name, m.Value)
	}
	return out
}

func (w *jsonWriter) indexes(n *Index) value.Value {
	var out []value.Value
	for _, a := range n.Accesses {
		if a.Index == nil {
			out = append(out, fields("id", value.String("0"), "type", value.String(rows.Primary), "name", value.String(rows.Primary),
				"fields", value.Array(value.String("_key")), "unique", value.Bool(true), "sparse", value.Bool(false)))
			continue
		}
		var list []value.Value
		for _, f := range a.Index.Fields {
			list = append(list, value.String(fieldText(f.Path, f.Expand)))
		}
		out = append(out, fields("id", value.String(a.Index.ID), "type", value.String(a.Index.Type), "name", value.String(a.Index.Name),
			"fields", value.Array(list...), "unique", value.Bool(a.Index.Unique), "sparse", value.Bool(a.Index.Sparse)))
	}
	return value.Array(out...)
}

func conditionText(n *Index) string {
	var out []string
	for _, a := range n.Accesses {
		out = append(out, a.describe())
	}
	return strings.Join(out, " or ")
}

func (w *jsonWriter) collect(n *Collect) value.Value {
	var groups []value.Value
	for _, g := range n.Groups {
		groups = append(groups, fields("outVariable", w.variable(g.Var), "inVariable", w.expr(g.Expr)))
	}
	return fields("groups", value.Array(groups...), "aggregates", w.aggregates(n.Aggregates), "outVariable", w.variable(n.Into),
		"expressionVariable", w.expr(n.IntoExpr), "countVariable", w.variable(n.CountInto),
		"collectOptions", fields("method", value.String(string(n.Method))), "parallel", value.Bool(n.Parallel))
}

func (w *jsonWriter) aggregates(list []ast.Aggregate) value.Value {
	var out []value.Value
	for _, a := range list {
		out = append(out, fields("outVariable", w.variable(a.Var), "inVariable", w.expr(a.Arg), "type", value.String(a.Func)))
	}
	return value.Array(out...)
}

func (w *jsonWriter) options(o *ModifyOptions) value.Value {
	return fields("ignoreErrors", value.Bool(o.IgnoreErrors), "waitForSync", value.Bool(o.WaitForSync), "ignoreRevs", value.Bool(o.IgnoreRevs),
		"keepNull", value.Bool(o.KeepNull), "mergeObjects", value.Bool(o.MergeObjects), "overwriteMode", value.String(o.Overwrite))
}

func traversalFlags(o *TraversalOptions) value.Value {
	return fields("order", value.String(o.Order), "uniqueVertices", value.String(o.UniqueVertices), "uniqueEdges", value.String(o.UniqueEdges),
		"weightAttribute", value.String(o.WeightAttribute), "defaultWeight", value.Float(o.DefaultWeight))
}

func edgeNames(list []EdgeSource) value.Value {
	var out []value.Value
	for _, e := range list {
		out = append(out, value.String(e.Collection.Name))
	}
	return value.Array(out...)
}

// edgeDirections numbers directions as the AQL family does: 0 any, 1 inbound, 2 outbound.
func edgeDirections(list []EdgeSource) value.Value {
	var out []value.Value
	for _, e := range list {
		n := map[ast.Direction]int64{ast.Inbound: 1, ast.Outbound: 2}[e.Direction]
		out = append(out, value.Int(n))
	}
	return value.Array(out...)
}
