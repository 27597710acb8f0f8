package naive

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

// operation carries out one operation for all rows; outer is what is around the block.
func (r *runner) operation(o ast.Operation, in []row, outer row) []row {
	switch o := o.(type) {
	case *ast.Sort:
		return r.sort(o, in)
	case *ast.Limit:
		return r.limit(o, in)
	case *ast.Collect:
		return r.collect(o, in, outer)
	case *ast.Window:
		return r.window(o, in)
	case *ast.Modify:
		return r.modifyAll(o, in)
	}
	var out []row
	for _, x := range in {
		if r.err != nil {
			return nil
		}
		out = append(out, r.each(o, x)...)
	}
	return out
}

// each carries out an operation that looks at one row at a time.
func (r *runner) each(o ast.Operation, x row) []row {
	var out []row
	switch o := o.(type) {
	case *ast.For:
		for _, v := range r.elements(o.In, x) {
			out = append(out, x.with(o.Var, v))
		}
	case *ast.Filter:
		if operator.ToBool(r.eval(o.Cond, x)) {
			out = append(out, x)
		}
	case *ast.Let:
		out = append(out, x.with(o.Var, r.eval(o.Expr, x)))
	case *ast.Traversal:
		return r.traversal(o, x)
	case *ast.PathSearch:
		return r.pathSearch(o, x)
	case *ast.Upsert:
		return r.upsert(o, x)
	}
	return out
}

// elements gives what FOR goes over.
func (r *runner) elements(e ast.Expr, x row) []value.Value {
	v := r.eval(e, x)
	if v.Kind() != value.KindArray {
		r.fail(1563, "array expected: FOR goes over a collection or an array, not over a value of type %s", v.Kind())
	}
	return v.Items()
}

func (r *runner) sort(o *ast.Sort, in []row) []row {
	type keyed struct {
		keys []value.Value
		row  row
	}
	list := make([]keyed, len(in))
	for i, x := range in {
		list[i].row = x
		for _, k := range o.Keys {
			list[i].keys = append(list[i].keys, r.eval(k.Expr, x))
		}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		for i, k := range o.Keys {
			order := value.Compare(a.keys[i], b.keys[i])
			if k.Desc {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
	out := make([]row, len(list))
	for i := range list {
		out[i] = list[i].row
	}
	return out
}

func (r *runner) limit(o *ast.Limit, in []row) []row {
	offset, count := r.count(o.Offset), r.count(o.Count)
	in = in[min(offset, len(in)):]
	return in[:min(count, len(in))]
}

// count gives an operand of LIMIT or a depth, 0 when it is not there.
func (r *runner) count(e ast.Expr) int {
	if e == nil {
		return 0
	}
	v := r.eval(e, row{})
	if v.Kind() != value.KindNumber || v.Float64() < 0 {
		r.fail(1504, "a number that is not negative is expected, not %s", v)
	}
	return operator.Whole(v)
}
