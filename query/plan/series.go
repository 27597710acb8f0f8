package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// seriesRange reads only those points of a time series that conditions on its keys and its time let through.
func seriesRange(b *builder, p *Plan) bool {
	changed := false
	for i := 1; i < len(p.nodes); i++ {
		n, ok := p.nodes[i].(*TimeSeries)
		if !ok || n.Fetch.Out == nil || n.From != nil || n.To != nil || n.Keys != nil {
			continue
		}
		about := n.Collection.Series
		r := reader{doc: n.Fetch.Out, later: p.setFrom(i)}
		facts := b.facts(p, i)
		for at, f := range facts {
			terms := r.terms(r.moment(about, f.cond))
			if len(terms) != 1 || !terms[0].exact || len(terms[0].path) != 1 || terms[0].expand >= 0 {
				continue
			}
			if n.narrow(terms[0]) {
				changed = true
				if alone(facts, at) || b.Mutant == "forget-residual" {
					p.drop(f.filter)
				}
			}
		}
	}
	return changed
}

// narrow takes one condition over; false when there is no place for it.
func (n *TimeSeries) narrow(t term) bool {
	about := n.Collection.Series
	if t.path[0] == about.Time {
		switch {
		case (t.op == ast.OpGreater || t.op == ast.OpGreaterEqual) && n.From == nil:
			n.From = &Limit{Expr: t.value, Inclusive: t.op == ast.OpGreaterEqual}
		case (t.op == ast.OpLess || t.op == ast.OpLessEqual) && n.To == nil:
			n.To = &Limit{Expr: t.value, Inclusive: t.op == ast.OpLessEqual}
		case t.op == ast.OpEqual && n.From == nil && n.To == nil:
			n.From, n.To = &Limit{Expr: t.value, Inclusive: true}, &Limit{Expr: t.value, Inclusive: true}
		default:
			return false
		}
		return true
	}
	at := slices.Index(about.Keys, t.path[0])
	if at < 0 || t.op != ast.OpEqual || n.Keys != nil && n.Keys[at] != nil {
		return false
	}
	if n.Keys == nil {
		n.Keys = make([]ast.Expr, len(about.Keys))
	}
	n.Keys[at] = t.value
	return true
}

// moment turns DATE_TIMESTAMP(p.time) >= number into a comparison of the time as it shows.
func (r reader) moment(about *rows.Series, cond ast.Expr) ast.Expr {
	x, ok := cond.(*ast.Binary)
	if !ok || turned(x.Op) == 0 {
		return cond
	}
	call, op, other := x.L, x.Op, x.R
	if _, isCall := call.(*ast.Call); !isCall {
		call, op, other = x.R, turned(x.Op), x.L
	}
	c, ok := call.(*ast.Call)
	at, isLiteral := literalOf(other)
	if !ok || c.Name != "DATE_TIMESTAMP" || len(c.Args) != 1 || !isLiteral || at.Kind() != value.KindNumber {
		return cond
	}
	path, expand, ok := r.attribute(c.Args[0])
	if !ok || expand >= 0 || len(path) != 1 || path[0] != about.Time {
		return cond
	}
	if about.ISO {
		ms, ok := at.Int64()
		if !ok || series.CheckTime(ms) != nil {
			return cond
		}
		at = value.String(string(series.AppendTime(nil, ms)))
	}
	return &ast.Binary{Pos: x.Pos, Op: op, L: c.Args[0], R: literal(at)}
}

// useRollups takes groups of points from kept roll-ups where one fits, and otherwise from whole runs of points.
func useRollups(b *builder, p *Plan) bool {
	for i := 1; i < len(p.nodes); i++ {
		n, ok := p.nodes[i].(*TimeSeries)
		if !ok || !p.oneRow(i) || n.Fetch.Out == nil || n.Rollup != nil {
			continue
		}
		at := i + 1
		for at < len(p.nodes) && isCalculation(p.nodes[at]) {
			at++
		}
		if at == len(p.nodes) {
			return false
		}
		c, ok := p.nodes[at].(*Collect)
		if !ok {
			return false
		}
		w := &rollupReader{b: b, doc: n.Fetch.Out, about: n.Collection.Series, known: b.definitions(p)}
		made := w.rollup(c)
		if made == nil {
			return false
		}
		n.Rollup, n.Fetch = made, Fetch{}
		p.nodes = slices.Delete(p.nodes, i+1, at+1)
		return true
	}
	return false
}

func isCalculation(n Node) bool {
	_, ok := n.(*Calculation)
	return ok
}

// rollupReader reads a COLLECT over points.
type rollupReader struct {
	b     *builder
	doc   *ast.Variable
	about *rows.Series
	known map[*ast.Variable]ast.Expr
}

// rollup gives what stands in place of a COLLECT, nil when roll-ups do not have it.
func (w *rollupReader) rollup(c *Collect) *SeriesRollup {
	if c.Into != nil || c.CountInto != nil || len(c.Aggregates) == 0 {
		return nil
	}
	out := &SeriesRollup{Keys: make([]*ast.Variable, len(w.about.Keys))}
	for _, g := range c.Groups {
		if !w.group(out, g.Var, substitute(g.Expr, w.known)) {
			return nil
		}
	}
	out.Kept = w.kept(out.BucketMs)
	for _, a := range c.Aggregates {
		made, ok := w.aggregate(a)
		if !ok {
			return nil
		}
		out.Aggregates = append(out.Aggregates, made)
	}
	return out
}

// field reads p.name.
func (w *rollupReader) field(e ast.Expr) (string, bool) {
	v, path, ok := pathOf(e)
	if !ok || v != w.doc || len(path) != 1 {
		return "", false
	}
	return path[0], true
}

// group reads p.key, or TIME_BUCKET(p.time, span).
func (w *rollupReader) group(out *SeriesRollup, v *ast.Variable, e ast.Expr) bool {
	if name, ok := w.field(e); ok {
		at := slices.Index(w.about.Keys, name)
		if at < 0 || out.Keys[at] != nil {
			return false
		}
		out.Keys[at] = v
		return true
	}
	call, ok := e.(*ast.Call)
	if !ok || call.Name != "TIME_BUCKET" || len(call.Args) != 2 || out.Bucket != nil {
		return false
	}
	name, ok := w.field(call.Args[0])
	span, isLiteral := literalOf(call.Args[1])
	if !ok || !isLiteral || name != w.about.Time {
		return false
	}
	var bucket series.Bucket
	if span.Kind() == value.KindNumber {
		ms, whole := span.Int64()
		if !whole || ms < 1 {
			return false
		}
		bucket = series.Bucket(ms)
	} else {
		var err error
		if bucket, err = series.ParseBucket(span.Str()); err != nil {
			return false
		}
	}
	out.Bucket, out.BucketMs = v, int64(bucket)
	return bucket.Valid()
}

// kept finds the longest kept roll-up whose spans lie within those of the bucket (0: all of time), 0 when there is none.
func (w *rollupReader) kept(bucket int64) int64 {
	best := int64(0)
	for _, k := range w.about.Rollups {
		if (bucket == 0 || within(k, bucket)) && (best == 0 || series.Bucket(k).Next(0) > series.Bucket(best).Next(0)) {
			best = k
		}
	}
	return best
}

// within tells whether no span of the one roll-up has parts in two spans of the other.
func within(k, bucket int64) bool {
	const day, week, monday = 24 * 3600 * 1000, 7 * 24 * 3600 * 1000, 4 * 24 * 3600 * 1000
	switch {
	case k < 0:
		return bucket < 0 && bucket%k == 0
	case bucket < 0:
		return k%week != 0 && day%k == 0
	case bucket%k != 0:
		return false
	case bucket%week == 0:
		return k%week == 0 || monday%k == 0
	}
	return k%week != 0
}

// aggregate reads an aggregate of one value field. FIRST and LAST are not among them: they may give null, the value that
// the first point lacks, where a roll-up has the first value that is there.
func (w *rollupReader) aggregate(a ast.Aggregate) (SeriesAggregate, bool) {
	name := map[string]string{"SUM": "SUM", "MIN": "MIN", "MAX": "MAX", "AVERAGE": "AVERAGE", "AVG": "AVERAGE"}[a.Func]
	if name == "" || a.Arg == nil {
		return SeriesAggregate{}, false
	}
	field, ok := w.field(substitute(a.Arg, w.known))
	at := slices.Index(w.about.Values, field)
	return SeriesAggregate{Func: name, Field: at, Out: a.Var}, ok && at >= 0
}
