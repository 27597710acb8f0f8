package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/series"
)

func aggregates(list []ast.Aggregate) string {
	var out []string
	for _, a := range list {
		arg := ""
		if a.Arg != nil {
			arg = text(a.Arg)
		}
		out = append(out, a.Var.Name+" = "+a.Func+"("+arg+")")
	}
	return strings.Join(out, ", ")
}

func describeCollect(n *Collect) string {
	out := "COLLECT"
	for i, g := range n.Groups {
		if i > 0 {
			out += ","
		}
		out += " " + g.Var.Name + " = " + text(g.Expr)
	}
	if len(n.Aggregates) > 0 {
		out += " AGGREGATE " + aggregates(n.Aggregates)
	}
	if n.Into != nil {
		out += " INTO " + n.Into.Name
		var names []string
		for _, v := range n.Gather {
			names = append(names, v.Name)
		}
		if n.IntoExpr != nil {
			out += " = " + text(n.IntoExpr)
		} else {
			out += " = {" + strings.Join(names, ", ") + "}"
		}
	}
	if n.CountInto != nil {
		out += " WITH COUNT INTO " + n.CountInto.Name
	}
	return out + notes("method "+string(n.Method), flag(n.Parallel, "in parallel"))
}

func describeModify(n *Modify) string {
	out := strings.ToUpper(strings.TrimSuffix(n.Kind(), "Node")) + " "
	switch {
	case n.Key != nil && n.Doc != nil:
		out += text(n.Key) + " WITH " + text(n.Doc)
	case n.Key != nil:
		out += text(n.Key)
	case n.Doc != nil:
		out += text(n.Doc)
	}
	return out + " IN " + n.Collection.Name + notes(flag(n.Eager, "after all rows were read"))
}

func names(list ...*ast.Variable) string {
	var out []string
	for _, v := range list {
		if v != nil {
			out = append(out, v.Name)
		}
	}
	return strings.Join(out, ", ")
}

func directionText(d ast.Direction) string {
	switch d {
	case ast.Inbound:
		return "INBOUND"
	case ast.Any:
		return "ANY"
	}
	return "OUTBOUND"
}

func edgeSources(list []EdgeSource, graph string) string {
	var out []string
	for _, e := range list {
		out = append(out, directionText(e.Direction)+" "+e.Collection.Name)
	}
	if graph != "" {
		return "GRAPH " + graph + " (" + strings.Join(out, ", ") + ")"
	}
	return strings.Join(out, ", ")
}

func pathFilters(what string, list []PathFilter) string {
	var out []string
	for _, f := range list {
		at := "every " + what
		if f.Depth >= 0 {
			at = what + " " + round(float64(f.Depth))
			at = strings.TrimSuffix(at, ".0")
		}
		out = append(out, at+": "+text(f.Cond))
	}
	return strings.Join(out, "; ")
}

func describeTraversal(n *Traversal) string {
	out := "FOR " + names(n.Vertex, n.Edge, n.Path) + " IN " + text(n.Min) + ".." + text(n.Max) + " FROM " +
		text(n.Start) + " BY " + edgeSources(n.Edges, n.Graph)
	o := n.Options
	return out + notes(o.Order, "vertices unique "+o.UniqueVertices, "edges unique "+o.UniqueEdges,
		with("prune", n.Prune), pathFilters("edge", n.EdgeFilters), pathFilters("vertex", n.VertexFilters),
		flag(!n.NeedVertex, "vertices not read"), flag(!n.NeedEdge, "edges not read"))
}

func describePathSearch(n *PathSearch) string {
	kind := map[ast.PathKind]string{
		ast.ShortestPath: "SHORTEST_PATH", ast.KShortestPaths: "K_SHORTEST_PATHS", ast.AllShortestPaths: "ALL_SHORTEST_PATHS",
		ast.KPaths: "K_PATHS",
	}[n.Search]
	out := "FOR " + names(n.Vertex, n.Edge, n.Path) + " IN "
	if n.Min != nil {
		out += text(n.Min) + ".." + text(n.Max) + " "
	}
	return out + kind + " " + text(n.Start) + " TO " + text(n.Target) + " BY " + edgeSources(n.Edges, n.Graph) +
		notes(flag(n.Options.WeightAttribute != "", "weight "+n.Options.WeightAttribute),
			flag(!n.NeedVertex, "vertices not read"), flag(!n.NeedEdge, "edges not read"))
}

func describeSeries(n *TimeSeries) string {
	var keys []string
	for i, k := range n.Keys {
		if k != nil {
			keys = append(keys, n.Collection.Series.Keys[i]+" == "+text(k))
		}
	}
	span := ""
	if n.From != nil {
		span = n.Collection.Series.Time + n.From.describe(" >") + text(n.From.Expr)
	}
	if n.To != nil {
		if span != "" {
			span += " && "
		}
		span += n.Collection.Series.Time + n.To.describe(" <") + text(n.To.Expr)
	}
	kept := ""
	if r := n.Rollup; r != nil {
		kept = "runs of points:"
		if r.Kept != 0 {
			kept = "kept roll-up " + series.Bucket(r.Kept).String() + ":"
		}
		for _, a := range r.Aggregates {
			kept += " " + a.Out.Name + " = " + a.Func + "(" + n.Collection.Series.Values[a.Field] + ")"
		}
	}
	name := n.Fetch.name()
	if n.Rollup != nil && n.Rollup.Bucket != nil {
		name = n.Rollup.Bucket.Name
	}
	return "FOR " + name + " IN " + n.Collection.Name + notes("series", strings.Join(keys, " && "), span, kept,
		n.Fetch.describe(), with("filter", n.Fetch.Filter))
}

// Figures are what a node did when its plan was carried out.
type Figures struct {
	Calls, Rows, Filtered int64
	Time                  time.Duration // with what it draws from
	Memory                int64         // the most that the query held after a call of it
}

// Profile is Text with what the nodes did in place of what was thought of them. Nodes that were carried out together with
// the one below them have no figures.
func Profile(p *Plan, figures map[int]Figures) string {
	w := &writer{}
	w.plan(p, 0)
	table := [][]string{{"id", "node", "calls", "expected", "rows", "filtered", "ms", "KiB", "what it does"}}
	for _, l := range w.lines {
		row := []string{l.id, l.kind, "", l.rows, "", "", "", "", strings.Repeat("  ", l.depth) + l.text}
		id, err := strconv.Atoi(l.id)
		if f, ok := figures[id]; ok && err == nil && f.Calls > 0 {
			const kibibyte = 1024
			row[2], row[4], row[5] = strconv.FormatInt(f.Calls, 10), strconv.FormatInt(f.Rows, 10), strconv.FormatInt(f.Filtered, 10)
			row[6], row[7] = fmt.Sprintf("%.3f", f.Time.Seconds()*1000), fmt.Sprintf("%.1f", float64(f.Memory)/kibibyte)
		}
		table = append(table, row)
	}
	return columns(table)
}

// columns sets a table: the second and the last column to the left, the others to the right.
func columns(table [][]string) string {
	last := len(table[0]) - 1
	wide := make([]int, last)
	for _, row := range table {
		for i := range wide {
			wide[i] = max(wide[i], len(row[i]))
		}
	}
	var out strings.Builder
	for _, row := range table {
		var line strings.Builder
		for i, n := range wide {
			if i == 1 {
				n = -n
			}
			fmt.Fprintf(&line, "%*s  ", n, row[i])
		}
		out.WriteString(strings.TrimRight(line.String()+row[last], " ") + "\n")
	}
	return out.String()
}
