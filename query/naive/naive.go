// Package naive carries out checked queries in the most obvious way: operation by operation, every row held, every
// collection read from one end to the other, no index and no plan. It says what a query means; the planner and the
// executor must agree with it.
//
// Guarantees: the rows are those that the text asks for. Rows come in the order of keys, of arrays, of SORT, and of
// the groups of COLLECT.
//
// Not guaranteed: that it ends soon, or that memory suffices.
//
// Errors: *Error with the numbers of the AQL family, and whatever the data return.
package naive

import (
	"context"
	"fmt"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Error says why a query cannot go on.
type Error struct {
	Number int
	Text   string
}

// Error gives the text.
func (e *Error) Error() string { return e.Text }

// Run gives the rows of a query. Queries that modify need data that are a rows.Transaction, which Run does not commit.
// The context of functions may be the zero one; its Data and Fail are set here.
func Run(ctx context.Context, q *check.Checked, bind map[string]value.Value, data rows.Snapshot, functions fn.Context) ([]value.Value, error) {
	r := &runner{ctx: ctx, bind: bind, data: data, functions: functions}
	r.functions.Data = &source{r}
	r.functions.Fail = func(err error) { r.stop(err) }
	result := r.block(q.Query.Body, row{})
	if r.err != nil {
		return nil, r.err
	}
	return result, nil
}

// row is what the variables stand for.
type row map[*ast.Variable]value.Value

// with gives a row with one more variable; v may be nil.
func (r row) with(v *ast.Variable, x value.Value) row {
	to := make(row, len(r)+1)
	for known, y := range r {
		to[known] = y
	}
	if v != nil {
		to[v] = x
	}
	return to
}

type runner struct {
	ctx       context.Context
	bind      map[string]value.Value
	data      rows.Snapshot
	functions fn.Context
	err       error // the first one: what is computed after it does not matter
	// read has the collections that were read since the last write.
	read map[string][]value.Value
}

func (r *runner) fail(number int, format string, args ...any) {
	r.stop(&Error{Number: number, Text: fmt.Sprintf(format, args...)})
}

// stop keeps the first error, and reports whether there is one.
func (r *runner) stop(err error) bool {
	if r.err == nil {
		r.err = err
	}
	return r.err != nil
}

// block carries out the operations of a block, for one row of what is around it.
func (r *runner) block(b *ast.Block, outer row) []value.Value {
	list := []row{outer}
	for _, o := range b.Ops {
		if r.stop(r.ctx.Err()) {
			return nil
		}
		if last, ok := o.(*ast.Return); ok {
			return r.give(last, list)
		}
		list = r.operation(o, list, outer)
	}
	return nil
}

func (r *runner) give(o *ast.Return, list []row) []value.Value {
	var result []value.Value
	for _, x := range list {
		v := r.eval(o.Expr, x)
		if o.Distinct && contains(result, v) {
			continue
		}
		result = append(result, v)
	}
	return result
}

func contains(list []value.Value, v value.Value) bool {
	for _, known := range list {
		if value.Equal(known, v) {
			return true
		}
	}
	return false
}

// collection gives all documents of a collection, or all points of a time series.
func (r *runner) collection(name string) []value.Value {
	if list, ok := r.read[name]; ok {
		return list
	}
	list := r.scan(name)
	if r.read == nil {
		r.read = map[string][]value.Value{}
	}
	r.read[name] = list
	return list
}

func (r *runner) scan(name string) []value.Value {
	c, ok := r.data.Collection(name)
	if !ok {
		r.fail(check.UnknownCollection, "collection or view not found: '%s'", name)
		return nil
	}
	if c.Series != nil {
		return r.points(c)
	}
	cursor, err := r.data.Documents(c, rows.Bounds{})
	if r.stop(err) {
		return nil
	}
	var list []value.Value
	for cursor.Next() {
		list = append(list, r.document(cursor.Row()))
	}
	r.stop(cursor.Err())
	r.stop(cursor.Close())
	return list
}

func (r *runner) document(x *rows.Row) value.Value {
	v, err := value.Parse(x.AppendDocument(nil), value.Limits{})
	r.stop(err)
	return v
}

// points gives every point of a time series as an object.
func (r *runner) points(c *rows.Collection) []value.Value {
	const always = 1 << 62
	cursor, err := r.data.Series(c, rows.SeriesQuery{Keys: make([]*value.Value, len(c.Series.Keys)), From: -always, To: always})
	if r.stop(err) {
		return nil
	}
	var list []value.Value
	for cursor.Next() {
		for i, time := range cursor.Times() {
			shown := value.Int(time)
			if c.Series.ISO {
				shown = fn.Call(&r.functions, "DATE_ISO8601", []value.Value{shown})
			}
			point := value.Object(value.Member{Name: c.Series.Time, Value: shown})
			for k, key := range cursor.Keys() {
				point = point.With(c.Series.Keys[k], key)
			}
			for f, values := range cursor.Values() {
				point = point.With(c.Series.Values[f], value.Float(values[i]))
			}
			list = append(list, point)
		}
	}
	r.stop(cursor.Err())
	r.stop(cursor.Close())
	return list
}

// byID finds a document by its _id; null when there is none.
func (r *runner) byID(id string) value.Value {
	for i := range len(id) {
		if id[i] != '/' {
			continue
		}
		c, ok := r.data.Collection(id[:i])
		if !ok {
			return value.Null()
		}
		found, ok, err := r.data.Get(c, id[i+1:])
		if r.stop(err) || !ok {
			return value.Null()
		}
		return r.document(&found)
	}
	return value.Null()
}
