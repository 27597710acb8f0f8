package exec

import (
	"math"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// seriesStep reads points of a time series collection, for each row anew.
type seriesStep struct {
	below      step
	width      int
	collection *rows.Collection
	keys       []closure.Eval // by key field, nil: any
	from, to   *timeLimit
	filter     closure.Test
	out        int
	outFirst   bool          // the filter needs the whole point
	members    []pointMember // of the whole point, sorted by name
	fields     []pointField
	iso        bool
}

// timeLimit is one end of a range of times.
type timeLimit struct {
	eval      closure.Eval
	inclusive bool
}

// pointMember is one member of a point: a key, the time or a value.
type pointMember struct {
	name string
	of   pointPart
	at   int
}

type pointPart uint8

const (
	pointKey pointPart = iota + 1
	pointTime
	pointValue
)

// pointField is a member that is put into a slot.
type pointField struct {
	pointMember
	slot int
}

func (s *scope) series(n *plan.TimeSeries, below step) (step, error) {
	about := n.Collection.Series
	if about == nil {
		return nil, internal("collection %s has no points", n.Collection.Name)
	}
	if n.Rollup != nil {
		return s.rollup(n, below)
	}
	out := &seriesStep{
		below: below, width: s.width, collection: n.Collection, out: s.slot(n.Fetch.Out), iso: about.ISO, members: membersOf(about),
	}
	for _, p := range n.Fetch.Projections {
		slot := s.slot(p.Var)
		if slot < 0 {
			continue
		}
		field := pointField{slot: slot}
		for _, m := range out.members {
			if len(p.Path) == 1 && m.name == p.Path[0] {
				field.pointMember = m
			}
		}
		out.fields = append(out.fields, field)
	}
	return out, s.seriesRange(n, out)
}

func membersOf(about *rows.Series) []pointMember {
	list := []pointMember{{name: about.Time, of: pointTime}}
	for i, name := range about.Keys {
		list = append(list, pointMember{name: name, of: pointKey, at: i})
	}
	for i, name := range about.Values {
		list = append(list, pointMember{name: name, of: pointValue, at: i})
	}
	slices.SortFunc(list, func(a, b pointMember) int { return strings.Compare(a.name, b.name) })
	return list
}

// seriesRange compiles what is asked for of keys and times.
func (s *scope) seriesRange(n *plan.TimeSeries, out *seriesStep) error {
	var err error
	if out.keys, err = s.exprs(n.Keys...); err != nil {
		return err
	}
	for _, end := range []struct {
		from *plan.Limit
		to   **timeLimit
	}{{n.From, &out.from}, {n.To, &out.to}} {
		if end.from == nil {
			continue
		}
		l := &timeLimit{inclusive: end.from.Inclusive}
		if l.eval, err = s.expr.Eval(end.from.Expr); err != nil {
			return err
		}
		*end.to = l
	}
	if n.Fetch.Filter != nil {
		asked := ast.Set{}
		reading{inline: s.inline}.expr(asked, n.Fetch.Filter)
		out.outFirst = asked.Has(n.Fetch.Out)
		out.filter, err = s.expr.Test(n.Fetch.Filter)
	}
	return err
}

// query is what a row asks for; false when there can be nothing.
func (s *seriesStep) query(t *task, row []value.Value) (rows.SeriesQuery, bool) {
	q := rows.SeriesQuery{
		From: math.MinInt64, To: math.MaxInt64, Keys: make([]*value.Value, len(s.collection.Series.Keys)),
	}
	for i, eval := range s.keys {
		if eval != nil {
			v := eval(&t.env, row)
			q.Keys[i] = &v
		}
	}
	some := true
	if s.from != nil {
		q.From, some = s.moment(s.from.eval(&t.env, row), false, s.from.inclusive)
	}
	if s.to != nil && some {
		q.To, some = s.moment(s.to.eval(&t.env, row), true, !s.to.inclusive)
	}
	return q, some && q.From < q.To
}

// moment is the first moment that is (for the end: that is not any more) asked for by a limit, in the order of all
// values; closed says whether the limit itself is on the side of what follows it. false when no time can keep it.
func (s *seriesStep) moment(v value.Value, end, closed bool) (int64, bool) {
	at, none := int64(math.MinInt64), int64(math.MaxInt64)
	kind := value.KindNumber
	if s.iso {
		kind = value.KindString
	}
	if v.Kind() != kind {
		// Every time is on the same side of such a limit.
		if v.Kind() > kind {
			return none, end
		}
		return at, !end
	}
	if s.iso {
		// Times are compared as texts, whatever text the limit is.
		t := series.NotBefore(v.Str())
		if !closed && t <= series.LastTime && string(series.AppendTime(nil, t)) == v.Str() {
			t++
		}
		return t, true
	}
	f := v.Float64()
	switch c := math.Ceil(f); {
	case c >= math.MaxInt64/2:
		return none, end
	case c <= math.MinInt64/2:
		return at, !end
	case c == f && !closed:
		return int64(c) + 1, true
	default:
		return int64(c), true
	}
}

func (s *seriesStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &points{s: s, t: t, in: drawing{below: below}}, err
}

type points struct {
	s      *seriesStep
	t      *task
	in     drawing
	out    builder
	row    []value.Value
	cursor rows.PointCursor
	keys   []value.Value
	times  []int64
	values [][]float64
	at     int
}

func (p *points) next() (*block, error) {
	p.out.begin(p.s.width)
	for !p.out.full() {
		if p.at < len(p.times) {
			if err := p.point(); err != nil {
				return nil, err
			}
			continue
		}
		ok, err := p.advance()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
	}
	return p.out.done()
}

// advance loads the next points, of the next row when this one's are through.
func (p *points) advance() (bool, error) {
	if p.cursor == nil {
		row, ok, err := p.in.row()
		if err != nil || !ok {
			return false, err
		}
		p.row = row
		q, some := p.s.query(p.t, row)
		if !some || p.t.Hidden[p.s.collection.Name] {
			return true, p.t.failed
		}
		p.cursor, err = p.t.Snapshot.Series(p.s.collection, q)
		p.t.stats.CursorsCreated++
		return true, err
	}
	p.at = 0
	if p.cursor.Next() {
		p.keys = p.keys[:0]
		for _, k := range p.cursor.Keys() {
			p.keys = append(p.keys, p.t.arena.keep(k))
		}
		p.times, p.values = p.cursor.Times(), p.cursor.Values()
		p.t.stats.ScannedIndex += int64(len(p.times))
		return true, p.t.check()
	}
	p.times = nil
	err := p.cursor.Err()
	return true, p.shut(err)
}

// point adds the next point, if it is let through.
func (p *points) point() error {
	to := p.out.add(p.row)
	i := p.at
	p.at++
	for k := range p.s.fields {
		f := &p.s.fields[k]
		to[f.slot] = p.part(f.pointMember, i)
	}
	if p.s.out >= 0 && p.s.outFirst {
		to[p.s.out] = p.whole(i)
	}
	if p.s.filter != nil && !p.s.filter(&p.t.env, to) {
		p.out.drop()
		p.t.stats.Filtered++
		return p.t.step()
	}
	if p.s.out >= 0 && !p.s.outFirst {
		to[p.s.out] = p.whole(i)
	}
	return p.t.step()
}

// part is one member of a point.
func (p *points) part(m pointMember, i int) value.Value {
	switch m.of {
	case pointKey:
		return p.keys[m.at]
	case pointTime:
		return p.s.time(p.times[i])
	case pointValue:
		return value.Float(p.values[m.at][i])
	}
	return value.Null()
}

// time is a moment as it is served.
func (s *seriesStep) time(t int64) value.Value {
	if s.iso {
		return value.String(string(series.AppendTime(nil, t)))
	}
	return value.Int(t)
}

// whole is a point as an object, without the values that are absent.
func (p *points) whole(i int) value.Value {
	members := make([]value.Member, 0, len(p.s.members))
	for _, m := range p.s.members {
		v := p.part(m, i)
		if m.of == pointValue && v.IsNull() {
			continue
		}
		members = append(members, value.Member{Name: m.name, Value: v})
	}
	return value.OwnMembers(members)
}

func (p *points) shut(err error) error {
	if p.cursor == nil {
		return err
	}
	if closed := p.cursor.Close(); err == nil {
		err = closed
	}
	p.cursor, p.times, p.at = nil, nil, 0
	return err
}

func (p *points) reset() {
	_ = p.shut(nil) // nothing was read that is used
	p.out.reset()
	p.in.reset()
}

func (p *points) close() {
	_ = p.shut(nil)
	p.in.close()
}
