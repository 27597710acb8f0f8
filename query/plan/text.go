package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// Text shows a plan as a tree in the order of execution: each line draws from the one above it, loops and subqueries
// are indented.
func Text(p *Plan) string {
	w := &writer{}
	w.plan(p, 0)
	wide, rows, cost := 4, 4, 4
	for _, l := range w.lines {
		wide, rows, cost = max(wide, len(l.kind)), max(rows, len(l.rows)), max(cost, len(l.cost))
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%4s  %-*s  %*s  %*s  %s\n", "id", wide, "node", rows, "rows", cost, "cost", "what it does")
	for _, l := range w.lines {
		line := fmt.Sprintf("%4s  %-*s  %*s  %*s  %s%s", l.id, wide, l.kind, rows, l.rows, cost, l.cost,
			strings.Repeat("  ", l.depth), l.text)
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if len(p.Rules) > 0 {
		fmt.Fprintf(&out, "\nrules: %s\n", strings.Join(p.Rules, ", "))
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(&out, "warning %d: %s\n", warning.Number, warning.Text)
	}
	return out.String()
}

// Outline is Text without numbers and estimates.
func Outline(p *Plan) string {
	w := &writer{}
	w.plan(p, 0)
	var out strings.Builder
	for _, l := range w.lines {
		if l.text != "" {
			out.WriteString(strings.Repeat("  ", l.depth) + l.text + "\n")
		}
	}
	return out.String()
}

type line struct {
	id, kind, rows, cost, text string
	depth                      int
}

type writer struct{ lines []line }

func (w *writer) plan(p *Plan, depth int) {
	var chain []Node
	for n := p.Root; n != nil; n = n.Head().Below {
		chain = append(chain, n)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		n := chain[i]
		w.add(n, depth, describe(n))
		for _, sub := range plansOf(n) {
			w.plan(sub, depth+2)
		}
		if isLoop(n) {
			depth++
		}
	}
}

func (w *writer) add(n Node, depth int, what string) {
	h := n.Head()
	w.lines = append(w.lines, line{
		id: strconv.Itoa(h.ID), kind: n.Kind(), rows: round(h.Rows), cost: round(h.Cost), text: what, depth: depth,
	})
}

// round shows an estimate with as many digits as it is worth.
func round(f float64) string {
	switch {
	case f >= 1e15:
		return strconv.FormatFloat(f, 'g', 3, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}

// isLoop tells whether what is above a node is done for each of its rows.
func isLoop(n Node) bool {
	switch n := n.(type) {
	case *EnumerateCollection:
		return n.CountOnly == nil
	case *Index, *EnumerateList, *Traversal, *PathSearch, *TimeSeries, *HashJoin:
		return true
	}
	return false
}

// describe says what a node does, in words of the language.
func describe(n Node) string {
	switch n := n.(type) {
	case *EnumerateCollection:
		return describeScan(n)
	case *Index:
		return describeIndex(n)
	case *EnumerateList:
		return "FOR " + n.Out.Name + " IN " + text(n.In)
	case *Calculation:
		return "LET " + n.Out.Name + " = " + text(n.Expr)
	case *Filter:
		return "FILTER " + text(n.Cond)
	case *Sort:
		return describeSort(n)
	case *LimitNode:
		out := "LIMIT "
		if n.Offset != nil {
			out += text(n.Offset) + ", "
		}
		out += text(n.Count)
		if n.FullCount {
			out += "  /* counts all */"
		}
		return out
	case *SubqueryNode:
		out := "LET " + n.Out.Name + " = ("
		if n.Stop > 0 {
			out += fmt.Sprintf("  /* at most %d */", n.Stop)
		}
		if n.Eager {
			out += "  /* for all rows at once */"
		}
		return out
	case *HashJoin:
		return "JOIN " + text(n.Probe) + " == " + text(n.Key) + "  /* by hash */ WITH ("
	case *Return:
		return "RETURN " + text(n.Expr)
	case *Distinct:
		return "DISTINCT " + n.Out.Name + " = " + text(n.Expr)
	case *NoResults:
		return "NOTHING"
	}
	return describeLarger(n)
}

func describeLarger(n Node) string {
	switch n := n.(type) {
	case *Collect:
		return describeCollect(n)
	case *Window:
		out := "WINDOW "
		if n.By != nil {
			out += text(n.By) + " WITH "
		}
		return out + text(n.Frame) + " AGGREGATE " + aggregates(n.Aggregates)
	case *Modify:
		return describeModify(n)
	case *Upsert:
		verb := " UPDATE "
		if n.Replace {
			verb = " REPLACE "
		}
		out := "UPSERT " + text(n.Search) + " INSERT " + text(n.Insert) + verb + text(n.Update) +
			" IN " + n.Collection.Name
		if n.Eager {
			out += "  /* after all rows were read */"
		}
		return out
	case *Traversal:
		return describeTraversal(n)
	case *PathSearch:
		return describePathSearch(n)
	case *TimeSeries:
		return describeSeries(n)
	}
	return ""
}

// text writes an expression; projections are shown as the paths that they stand for.
func text(e ast.Expr) string {
	return ast.String(rewrite(e, func(x ast.Expr) ast.Expr {
		r, ok := x.(*ast.Ref)
		if !ok || r.Var == nil || !r.Var.Internal {
			return x
		}
		path, err := value.ParsePath(r.Var.Name)
		if err != nil || len(path) < 2 {
			return x
		}
		return attributes(&ast.Ref{Pos: r.Pos, Name: path[0]}, path[1:])
	}))
}

// notes puts what is left of some remarks behind a line.
func notes(list ...string) string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	if out == nil {
		return ""
	}
	return "  /* " + strings.Join(out, "; ") + " */"
}

func flag(on bool, note string) string {
	if on {
		return note
	}
	return ""
}

func with(name string, e ast.Expr) string {
	if e == nil {
		return ""
	}
	return name + " " + text(e)
}

func (f *Fetch) describe() string {
	var out []string
	for _, p := range f.Projections {
		out = append(out, p.Path.String())
	}
	if out == nil {
		return ""
	}
	return "reads " + strings.Join(out, ", ")
}

func (f *Fetch) name() string {
	if f.Out != nil {
		return f.Out.Name
	}
	for _, p := range f.Projections {
		if p.Var.Internal {
			name, _, _ := strings.Cut(p.Var.Name, ".")
			return name
		}
	}
	return "_"
}

func describeScan(n *EnumerateCollection) string {
	if n.CountOnly != nil {
		return "LET " + n.CountOnly.Name + " = COUNT(" + n.Collection.Name + ")"
	}
	return "FOR " + n.Fetch.name() + " IN " + n.Collection.Name + notes("full scan", flag(n.Reverse, "backwards"),
		flag(n.Parallel, "in parallel"), n.Fetch.describe(), flag(n.Fetch.Out == nil, "no document"),
		with("filter", n.Fetch.Filter), with("limit", n.Limit))
}

func describeIndex(n *Index) string {
	var ways []string
	for _, a := range n.Accesses {
		ways = append(ways, a.describe())
	}
	return "FOR " + n.Fetch.name() + " IN " + n.Collection.Name + notes(strings.Join(ways, " or "),
		flag(n.Reverse, "backwards"), flag(n.Covering, "covering"), n.Fetch.describe(),
		flag(n.Fetch.Out == nil && !n.Covering, "no document"), with("filter", n.Fetch.Filter), with("limit", n.Limit))
}

// describe says how an access finds documents.
func (a *Access) describe() string {
	name := "primary"
	if a.Index != nil {
		name = a.Index.Type + " " + a.Index.Name
	}
	var how []string
	switch {
	case a.Keys != nil:
		attribute := "_key"
		if a.Keys.ID {
			attribute = "_id"
		}
		if a.Keys.Key == nil {
			how = limitTexts(attribute, a.Keys.Lower, a.Keys.Upper)
			break
		}
		how = append(how, attribute+equals(a.Keys.Each)+text(a.Keys.Key))
	case a.Edge != nil:
		attribute := "_from"
		if a.Edge.Direction == ast.Inbound {
			attribute = "_to"
		}
		how = append(how, attribute+equals(a.Edge.Each)+text(a.Edge.Vertex))
	case a.Persistent != nil:
		how = a.persistent()
	case a.Geo != nil:
		how = a.Geo.describe()
	case a.Fulltext != nil:
		how = append(how, "words "+text(a.Fulltext.Query))
	}
	if how == nil {
		return "index " + name + " in order"
	}
	out := "index " + name + ": " + strings.Join(how, " && ")
	for _, g := range a.Guard {
		out += ", all if " + text(g) + " is null"
	}
	return out
}

// limitTexts writes the ends of a range.
func limitTexts(name string, lower, upper *Limit) (out []string) {
	if lower != nil {
		out = append(out, name+lower.describe(" >")+text(lower.Expr))
	}
	if upper != nil {
		out = append(out, name+upper.describe(" <")+text(upper.Expr))
	}
	return out
}

func equals(each bool) string {
	if each {
		return " IN "
	}
	return " == "
}

// String writes a field as a definition of an index does.
func fieldText(path value.Path, expand int) string {
	if expand < 0 {
		return path.String()
	}
	out := path[:expand].String() + "[*]"
	if expand < len(path) {
		out += "." + path[expand:].String()
	}
	return out
}

func (a *Access) persistent() []string {
	var out []string
	p := a.Persistent
	for i, e := range p.Equal {
		f := a.Index.Fields[i]
		out = append(out, fieldText(f.Path, f.Expand)+equals(e.Each)+text(e.Expr))
	}
	if len(p.Equal) == len(a.Index.Fields) {
		return out
	}
	f := a.Index.Fields[len(p.Equal)]
	return append(out, limitTexts(fieldText(f.Path, f.Expand), p.Lower, p.Upper)...)
}

func (l *Limit) describe(op string) string {
	if l.Inclusive {
		return op + "= "
	}
	return op + " "
}

func (g *GeoAccess) describe() []string {
	var out []string
	if g.Shape != nil {
		out = append(out, g.Relation+" "+text(g.Shape))
	}
	if g.Center != nil && (g.Min != nil || g.Max != nil || g.Sorted) {
		where := "distance from " + text(g.Center)
		if g.Min != nil {
			where += g.Min.describe(" >") + text(g.Min.Expr)
		}
		if g.Max != nil {
			where += g.Max.describe(" <") + text(g.Max.Expr)
		}
		out = append(out, where)
	}
	switch {
	case g.Sorted && g.Descending:
		out = append(out, "farthest first")
	case g.Sorted:
		out = append(out, "nearest first")
	}
	if g.Distance != nil {
		out = append(out, g.Distance.Name+" = distance")
	}
	return out
}

func describeSort(n *Sort) string {
	var keys []string
	for _, k := range n.Keys {
		key := text(k.Expr)
		if k.Desc {
			key += " DESC"
		}
		keys = append(keys, key)
	}
	presorted := ""
	if n.Presorted > 0 {
		presorted = fmt.Sprintf("%d sorted already", n.Presorted)
	}
	return "SORT " + strings.Join(keys, ", ") + notes(with("only the first", n.Limit), presorted)
}
