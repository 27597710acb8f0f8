package naive

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

// group is the rows whose values are equal.
type group struct {
	values []value.Value
	rows   []row
}

func (r *runner) collect(o *ast.Collect, in []row, outer row) []row {
	var groups []group
	for _, x := range in {
		var values []value.Value
		for _, g := range o.Groups {
			values = append(values, r.eval(g.Expr, x))
		}
		at := slices.IndexFunc(groups, func(g group) bool { return slices.EqualFunc(g.values, values, value.Equal) })
		if at < 0 {
			groups = append(groups, group{values: values})
			at = len(groups) - 1
		}
		groups[at].rows = append(groups[at].rows, x)
	}
	if len(groups) == 0 && len(o.Groups) == 0 {
		groups = []group{{}}
	}
	slices.SortStableFunc(groups, func(a, b group) int { return slices.CompareFunc(a.values, b.values, value.Compare) })
	var out []row
	for _, g := range groups {
		out = append(out, r.grouped(o, g, outer))
	}
	return out
}

// grouped makes the row of a group, in which nothing is left of the block but what COLLECT sets.
func (r *runner) grouped(o *ast.Collect, g group, to row) row {
	for i, v := range g.values {
		to = to.with(o.Groups[i].Var, v)
	}
	for _, a := range o.Aggregates {
		to = to.with(a.Var, r.aggregate(a, g.rows))
	}
	if o.CountInto != nil {
		to = to.with(o.CountInto, value.Int(int64(len(g.rows))))
	}
	if o.Into == nil {
		return to
	}
	list := make([]value.Value, len(g.rows))
	for i, x := range g.rows {
		list[i] = r.gathered(o, x)
	}
	return to.with(o.Into, value.Array(list...))
}

// gathered is what INTO keeps of a row.
func (r *runner) gathered(o *ast.Collect, x row) value.Value {
	if o.IntoExpr != nil {
		return r.eval(o.IntoExpr, x)
	}
	var members []value.Member
	for _, k := range o.Keep {
		members = append(members, value.Member{Name: k.Name, Value: x[k.Var]})
	}
	for _, v := range o.Visible {
		members = append(members, value.Member{Name: v.Name, Value: x[v]})
	}
	return value.Object(members...)
}

func (r *runner) aggregate(a ast.Aggregate, in []row) value.Value {
	f, ok := fn.LookupAggregate(a.Func)
	if !ok {
		r.fail(1574, "unknown aggregate '%s()'", a.Func)
		return value.Null()
	}
	total := f.New()
	for _, x := range in {
		total.Add(r.eval(a.Arg, x))
	}
	return total.Result()
}

// window aggregates, for each row, over the rows around it.
func (r *runner) window(o *ast.Window, in []row) []row {
	frame := r.eval(o.Frame, row{})
	preceding, _ := frame.Get("preceding")
	following, _ := frame.Get("following")
	if o.By != nil {
		in = r.sort(&ast.Sort{Keys: []ast.SortKey{{Expr: o.By}}}, in)
	}
	var out []row
	for i, x := range in {
		var around []row
		for j, y := range in {
			if r.inWindow(o, preceding, following, i, j, x, y) {
				around = append(around, y)
			}
		}
		to := x
		for _, a := range o.Aggregates {
			to = to.with(a.Var, r.aggregate(a, around))
		}
		out = append(out, to)
	}
	return out
}

// inWindow reports whether row j lies in the window of row i.
func (r *runner) inWindow(o *ast.Window, preceding, following value.Value, i, j int, x, y row) bool {
	if o.By == nil {
		return j >= i-reach(preceding) && j <= i+reach(following)
	}
	at, other := r.eval(o.By, x), r.eval(o.By, y)
	if isDuration(preceding) || isDuration(following) {
		at, other = r.timestamp(at), r.timestamp(other)
	}
	low, high := r.moved(at, preceding, -1), r.moved(at, following, 1)
	return value.Compare(other, low) >= 0 && value.Compare(other, high) <= 0
}

func isDuration(v value.Value) bool { return v.Kind() == value.KindString && v.Str() != "unbounded" }

// timestamp is the time of a date, in milliseconds.
func (r *runner) timestamp(date value.Value) value.Value {
	return fn.Call(&r.functions, "DATE_TIMESTAMP", []value.Value{date})
}

// reach is how many rows a window of rows reaches.
func reach(v value.Value) int {
	const all = 1 << 40
	if v.Kind() == value.KindString {
		return all
	}
	return operator.Whole(v)
}

// moved is the end of a window of values.
func (r *runner) moved(at, by value.Value, sign float64) value.Value {
	const all = 1e300
	switch {
	case by.Kind() == value.KindString && by.Str() == "unbounded":
		return value.Float(sign * all)
	case by.Kind() == value.KindString:
		name := "DATE_ADD"
		if sign < 0 {
			name = "DATE_SUBTRACT"
		}
		return r.timestamp(fn.Call(&r.functions, name, []value.Value{at, by}))
	}
	return value.Float(at.Float64() + sign*by.Float64())
}
