package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

func (l *lowering) modify(o *ast.Modify) {
	n := &Modify{
		Modification: o.Kind, Collection: l.collection(o.Into), Key: l.expr(o.Key), Doc: l.expr(o.Doc),
		Old: o.Old, New: o.New, Options: l.modifyOptions(o.Options),
	}
	if n.Collection == nil {
		return
	}
	l.b.writes = true
	n.Eager = l.p.readsFrom(n.Collection)
	l.p.add(n)
}

func (l *lowering) modifyOptions(o ast.Options) ModifyOptions {
	out := ModifyOptions{IgnoreRevs: true, KeepNull: true, MergeObjects: true}
	overwrite := false
	l.options(o, []option{
		{"ignoreErrors", flagOption(&out.IgnoreErrors)}, {"waitForSync", flagOption(&out.WaitForSync)}, {"ignoreRevs", flagOption(&out.IgnoreRevs)},
		{"keepNull", flagOption(&out.KeepNull)}, {"mergeObjects", flagOption(&out.MergeObjects)}, {"overwrite", flagOption(&overwrite)},
		{"overwriteMode", textOption(&out.Overwrite, "replace", "update", "ignore", "conflict")},
		{"exclusive", nil}, {"refillIndexCaches", nil},
	})
	if overwrite && out.Overwrite == "" {
		out.Overwrite = "replace"
	}
	return out
}

func (l *lowering) upsert(o *ast.Upsert) {
	c := l.collection(o.Into)
	if c == nil {
		return
	}
	found := l.b.variable("lookup")
	n := &Upsert{
		Collection: c, Search: l.expr(o.Search), LookupVar: found, Insert: l.expr(o.Insert), Replace: o.Replace,
		Old: o.Old, New: o.New, Options: l.modifyOptions(o.Options), Eager: l.p.readsFrom(c),
	}
	if n.Old == nil {
		n.Old = l.b.variable("OLD")
	}
	n.Update = l.expr(o.Update)
	n.Lookup = &Plan{nodes: []Node{
		&Singleton{}, &EnumerateCollection{Collection: c, Fetch: Fetch{Out: found}},
	}}
	if cond := searchCondition(found, n.Search); cond != nil {
		n.Lookup.add(&Filter{Cond: cond})
	}
	n.Lookup.add(&LimitNode{Count: literal(value.Int(1))})
	n.Lookup.add(&Return{Expr: ref(found)})
	l.b.writes = true
	l.p.add(n)
}

// searchCondition says that a document has the members of the search object.
func searchCondition(doc *ast.Variable, search ast.Expr) ast.Expr {
	object, ok := search.(*ast.Object)
	if !ok {
		return &ast.Call{Pos: search.At(), Name: "MATCHES", Args: []ast.Expr{ref(doc), search}}
	}
	var all []ast.Expr
	for _, m := range object.Members {
		var member ast.Expr = &ast.Attribute{Pos: m.Pos, Of: ref(doc), Name: m.Name}
		if m.Computed != nil {
			member = &ast.Index{Pos: m.Pos, Of: ref(doc), Index: m.Computed}
		}
		all = append(all, &ast.Binary{Pos: m.Pos, Op: ast.OpEqual, L: member, R: m.Value})
	}
	return join(ast.OpAnd, all)
}

// readsFrom tells whether a plan so far reads a collection, itself or through what may reach any collection.
func (p *Plan) readsFrom(c *rows.Collection) bool {
	return slices.ContainsFunc(p.nodes, func(n Node) bool {
		switch n := n.(type) {
		case *EnumerateCollection:
			return n.Collection == c
		case *Traversal, *PathSearch:
			return true
		case *SubqueryNode:
			return n.Plan.readsFrom(c)
		}
		found := false
		eachExpr(n, func(e ast.Expr) {
			ast.Walk(e, func(x ast.Expr) bool {
				switch x := x.(type) {
				case *ast.Call:
					found = found || readsData(x.Name)
				case *ast.Subquery:
					found = true
				}
				return !found
			})
		})
		return found
	})
}

func (l *lowering) traversal(o *ast.Traversal) {
	n := &Traversal{
		Vertex: o.Vertex, Edge: o.Edge, Path: o.Path, Start: l.expr(o.Start), PruneVar: o.PruneVar,
		Prune: l.expr(o.Prune), Options: l.traversalOptions(o.Options), NeedVertex: true, NeedEdge: true,
	}
	n.Min, n.Max = depths(l.expr(o.Min), l.expr(o.Max))
	n.Graph, n.Edges = l.edges(o.Set, o.Direction, n.Options)
	if n.Options.UniqueVertices == "global" && n.Options.Order == "dfs" {
		l.fail(10, o.Pos, "uniqueVertices: \"global\" needs order: \"bfs\" or \"weighted\"")
	}
	l.p.add(n)
}

// depths fills in what was left out.
func depths(least, most ast.Expr) (low, high ast.Expr) {
	switch {
	case least == nil:
		least = literal(value.Int(1))
		if most == nil {
			most = least
		}
	case most == nil:
		most = least
	}
	return least, most
}

func (l *lowering) pathSearch(o *ast.PathSearch) {
	n := &PathSearch{
		Search: o.Kind, Vertex: o.Vertex, Edge: o.Edge, Path: o.Path, Start: l.expr(o.Start), Target: l.expr(o.Target),
		Options: l.traversalOptions(o.Options), NeedVertex: true, NeedEdge: true,
	}
	if o.Kind == ast.KPaths {
		n.Min, n.Max = depths(l.expr(o.Min), l.expr(o.Max))
	}
	n.Graph, n.Edges = l.edges(o.Set, o.Direction, n.Options)
	l.p.add(n)
}

func (l *lowering) traversalOptions(o ast.Options) TraversalOptions {
	out := TraversalOptions{UniqueVertices: "none", UniqueEdges: "path", DefaultWeight: 1}
	bfs := false
	order := textOption(&out.Order, "dfs", "bfs", "weighted")
	l.options(o, []option{
		{"order", order}, {"mode", order}, {"bfs", flagOption(&bfs)}, {"uniqueVertices", textOption(&out.UniqueVertices, "none", "path", "global")},
		{"uniqueEdges", textOption(&out.UniqueEdges, "none", "path", "global")}, {"weightAttribute", textOption(&out.WeightAttribute)},
		{"defaultWeight", numberOption(&out.DefaultWeight)}, {"vertexCollections", namesOption(&out.VertexCollections)},
		{"edgeCollections", namesOption(&out.EdgeCollections)}, {"maxProjections", nil}, {"parallelism", nil}, {"useCache", nil},
	})
	if out.Order == "" {
		out.Order = "dfs"
		if bfs {
			out.Order = "bfs"
		}
	}
	return out
}

// option is a member of OPTIONS. take reads its value, or says what it should be; without take it has no effect.
type option struct {
	name string
	take func(v value.Value) (want string)
}

// options reads the members of OPTIONS that have a value now. One that is not known, or cannot have its value, is passed
// over with a warning: what is written for another version of the language runs, and what was mistyped is seen.
func (l *lowering) options(o ast.Options, known []option) {
	if o == nil {
		return
	}
	for _, m := range o.Members {
		v, ok := l.constant(m.Value)
		if !ok || m.Computed != nil {
			continue
		}
		i := slices.IndexFunc(known, func(k option) bool { return k.name == m.Name })
		if i < 0 {
			var all []string
			for _, k := range known {
				if k.take != nil {
					all = append(all, k.name)
				}
			}
			l.warn(m.Pos, "unknown option '%s'; there are %s", cut(m.Name), strings.Join(all, ", "))
		} else if known[i].take != nil {
			if want := known[i].take(v); want != "" && !v.IsNull() {
				l.warn(m.Pos, "option %s cannot be %s; want %s", m.Name, cut(v.String()), want)
			}
		}
	}
}

// mostWarnings is how many warnings a plan has.
const mostWarnings = 10

func (l *lowering) warn(pos ast.Pos, format string, args ...any) {
	if len(l.b.warnings) == mostWarnings {
		return
	}
	text := fmt.Sprintf(format, args...) + fmt.Sprintf(", at line %d, column %d", pos.Line, pos.Column)
	l.b.warnings = append(l.b.warnings, Warning{Number: invalidOption, Text: text})
}

// cut shortens what is shown of a query.
func cut(text string) string {
	const shown = 60
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "..."
}

// flagOption reads the truth of any value.
func flagOption(to *bool) func(value.Value) string {
	return func(v value.Value) string {
		*to = operator.ToBool(v)
		return ""
	}
}

func numberOption(to *float64) func(value.Value) string {
	return func(v value.Value) string {
		if v.Kind() != value.KindNumber {
			return "a number"
		}
		*to = v.Float64()
		return ""
	}
}

// textOption reads one of these strings, or any when there are none.
func textOption(to *string, list ...string) func(value.Value) string {
	return func(v value.Value) string {
		switch {
		case v.Kind() != value.KindString && len(list) == 0:
			return "a string"
		case len(list) > 0 && !slices.Contains(list, v.Str()):
			return strings.Join(list, ", ")
		}
		*to = v.Str()
		return ""
	}
}

// namesOption reads a string or an array of them.
func namesOption(to *[]string) func(value.Value) string {
	return func(v value.Value) string {
		items := []value.Value{v}
		if v.Kind() == value.KindArray {
			items = v.Items()
		}
		out := []string{}
		for _, item := range items {
			if item.Kind() != value.KindString {
				return "a name, or an array of them"
			}
			out = append(out, item.Str())
		}
		*to = out
		return ""
	}
}

// edges finds where edges come from.
func (l *lowering) edges(set ast.EdgeSet, direction ast.Direction, o TraversalOptions) (graph string, out []EdgeSource) {
	add := func(name string, d ast.Direction, pos ast.Pos) {
		if o.EdgeCollections != nil && !slices.Contains(o.EdgeCollections, name) {
			return
		}
		found := l.collection(ast.Collection{Pos: pos, Name: name})
		if found != nil {
			out = append(out, EdgeSource{Collection: found, Direction: d})
		}
	}
	if set.Graph == nil {
		for _, e := range set.Edges {
			d := e.Direction
			if d == 0 {
				d = direction
			}
			add(e.Collection.Name, d, e.Collection.Pos)
		}
		return "", out
	}
	name, ok := l.constant(set.Graph)
	if !ok || name.Kind() != value.KindString {
		l.fail(1924, set.Pos, "the name of a graph must be a string")
		return "", nil
	}
	g, found, err := l.b.Reader.Graph(name.Str())
	switch {
	case err != nil:
		if l.err == nil {
			l.err = err
		}
		return "", nil
	case !found:
		l.fail(1924, set.Pos, "graph %q is not known", name.Str())
		return "", nil
	}
	for _, d := range g.Edges {
		add(d.Collection, direction, set.Pos)
	}
	return name.Str(), out
}
