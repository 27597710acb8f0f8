package exec

import (
	"sort"

	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// windowStep aggregates, for each row, over the rows around it. It holds all rows.
type windowStep struct {
	below  step
	width  int
	alive  []int
	by     closure.Eval // nil for windows of rows
	frame  closure.Eval
	totals []total
}

func (s *scope) window(n *plan.Window, below step) (step, error) {
	evals, err := s.exprs(n.By, n.Frame)
	if err != nil {
		return nil, err
	}
	s.shape.Functions = true
	out := &windowStep{below: below, width: s.width, by: evals[0], frame: evals[1]}
	if out.totals, err = s.totals(n.Aggregates); err != nil {
		return nil, err
	}
	// What the aggregates read must be kept beside what is read above.
	for slot := range s.width {
		out.alive = append(out.alive, slot)
	}
	return out, nil
}

func (s *windowStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &windows{s: s, t: t, frame: f, in: drawing{below: below}}, err
}

type windows struct {
	s     *windowStep
	t     *task
	frame *frame
	in    drawing
	out   builder
	rows  store
	by    []value.Value // by row
	// preceding and following are how far windows reach.
	preceding, following value.Value
	dates                bool
	totals               []fn.Accumulator
	from, to             int // the rows that are in totals, [from, to)
	at                   int
	ready                bool
	held                 int64
}

func (w *windows) next() (*block, error) {
	if !w.ready {
		if err := w.gather(); err != nil {
			return nil, err
		}
		w.ready = true
	}
	w.out.begin(w.s.width)
	for ; w.at < w.rows.n && !w.out.full(); w.at++ {
		from, to := w.reach(w.at)
		if err := w.sum(from, to); err != nil {
			return nil, err
		}
		row := w.out.add(w.rows.row(w.at))
		for i := range w.s.totals {
			if out := w.s.totals[i].out; out >= 0 {
				row[out] = w.totals[i].Result()
			}
		}
	}
	return w.out.done()
}

// gather draws all rows.
func (w *windows) gather() error {
	w.rows.width, w.rows.alive = w.s.width, w.s.alive
	w.at, w.from, w.to, w.totals = 0, 0, -1, nil
	limits := w.s.frame(&w.t.env, w.frame.seed)
	w.preceding, _ = limits.Get("preceding")
	w.following, _ = limits.Get("following")
	w.dates = w.s.by != nil && (isDuration(w.preceding) || isDuration(w.following))
	for {
		row, ok, err := w.in.row()
		if err != nil || !ok {
			return err
		}
		bytes := w.rows.add(row)
		if w.s.by != nil {
			v := w.s.by(&w.t.env, row)
			if w.dates {
				v = w.call("DATE_TIMESTAMP", v)
			}
			v = w.rows.arena.keep(v)
			w.by = append(w.by, v)
			bytes += int64(slotBytes + v.Memory())
		}
		w.held += bytes
		if err := w.t.grow(bytes); err != nil {
			return err
		}
		if err := w.t.step(); err != nil {
			return err
		}
	}
}

const unbounded = "unbounded"

func isDuration(v value.Value) bool { return v.Kind() == value.KindString && v.Str() != unbounded }

func (w *windows) call(name string, args ...value.Value) value.Value {
	f, ok := fn.Lookup(name)
	if !ok {
		return value.Null()
	}
	return f.Eval(w.t.env.Context, args)
}

// reach gives the rows of the window of a row, [from, to).
func (w *windows) reach(i int) (from, to int) {
	if w.s.by == nil {
		from, to = i-w.count(w.preceding), i+w.count(w.following)+1
		return max(0, from), min(w.rows.n, to)
	}
	low, high := w.moved(w.by[i], w.preceding, -1), w.moved(w.by[i], w.following, 1)
	from = sort.Search(len(w.by), func(j int) bool { return value.Compare(w.by[j], low) >= 0 })
	to = sort.Search(len(w.by), func(j int) bool { return value.Compare(w.by[j], high) > 0 })
	return from, max(from, to)
}

// count is how many rows a window of rows reaches.
func (w *windows) count(v value.Value) int {
	if v.Kind() == value.KindString {
		return w.rows.n
	}
	return min(operator.Whole(v), w.rows.n)
}

// moved is the end of a window of values.
func (w *windows) moved(at, by value.Value, sign float64) value.Value {
	const all = 1e300
	switch {
	case by.Kind() == value.KindString && by.Str() == unbounded:
		return value.Float(sign * all)
	case by.Kind() == value.KindString:
		name := "DATE_ADD"
		if sign < 0 {
			name = "DATE_SUBTRACT"
		}
		return w.call("DATE_TIMESTAMP", w.call(name, at, by))
	}
	return value.Float(at.Float64() + sign*by.Float64())
}

// sum makes totals those of the rows [from, to). When the window only grew at its end, the rest is kept.
func (w *windows) sum(from, to int) error {
	if w.totals == nil || from != w.from || to < w.to {
		w.totals = make([]fn.Accumulator, len(w.s.totals))
		for i := range w.totals {
			w.totals[i] = w.s.totals[i].new()
		}
		w.from, w.to = from, from
	}
	for ; w.to < to; w.to++ {
		row := w.rows.row(w.to)
		for i := range w.totals {
			v := value.Bool(true)
			if arg := w.s.totals[i].arg; arg != nil {
				v = arg(&w.t.env, row)
			}
			w.totals[i].Add(v)
		}
		if err := w.t.step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *windows) reset() {
	w.t.shrink(w.held)
	w.held, w.ready, w.by = 0, false, nil
	w.rows.clear()
	w.out.reset()
	w.in.reset()
}

func (w *windows) close() { w.in.close() }
