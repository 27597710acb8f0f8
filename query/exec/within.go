package exec

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// subqueryStep sets a slot of each row to the array that another plan gives for it.
type subqueryStep struct {
	below step
	sub   *pipeline
	stop  int
	out   int
}

func (s *scope) subquery(n *plan.SubqueryNode, below step) (step, error) {
	sub, err := s.pipeline(n.Plan, s.expr, nil)
	if err != nil {
		return nil, err
	}
	out := &subqueryStep{below: below, sub: sub, stop: n.Stop, out: s.slot(n.Out)}
	if n.Eager {
		out.below = &gatherStep{below: below, width: s.width}
		return &gatherStep{below: out, width: s.width}, nil
	}
	return out, nil
}

func (s *subqueryStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	run, err := t.run(s.sub)
	return &subquery{s: s, t: t, below: below, run: run}, err
}

type subquery struct {
	s     *subqueryStep
	t     *task
	below source
	run   *running
	held  int64 // by the arrays of the block
	// The block is worked through in parts when its arrays are large.
	rest *block
	at   int
	view block
}

func (q *subquery) next() (*block, error) {
	q.t.shrink(q.held)
	q.held = 0
	if q.rest == nil || q.at == q.rest.n {
		b, err := q.below.next()
		q.rest, q.at = b, 0
		if err != nil || b == nil {
			return nil, err
		}
	}
	from := q.at
	for q.at < q.rest.n && q.held < blockBytes {
		row := q.rest.row(q.at)
		q.at++
		v, held, err := q.run.array(row, q.s.stop)
		q.held += held
		if err != nil {
			return nil, err
		}
		if q.s.out >= 0 {
			row[q.s.out] = v
		}
		if err := q.t.step(); err != nil {
			return nil, err
		}
	}
	q.view = block{slots: q.rest.slots[from*q.rest.width:], width: q.rest.width, n: q.at - from}
	return &q.view, nil
}

func (q *subquery) reset() {
	q.t.shrink(q.held)
	q.held, q.rest = 0, nil
	q.below.reset()
}

func (q *subquery) close() { q.below.close() }

// joinStep pairs rows with those of another plan that have the same key.
type joinStep struct {
	below step
	width int
	build *pipeline
	key   closure.Eval // on rows of build
	probe closure.Eval
	pairs []slotPair
}

// slotPair is a slot of the rows that are built, and where its value goes.
type slotPair struct{ from, to int }

func (s *scope) join(n *plan.HashJoin, below step) (step, error) {
	// What is read above the join, or by its key, must be there at the top of the plan that is built.
	keep := ast.Set{}
	for _, v := range plan.Sets(n) {
		if s.slot(v) >= 0 {
			keep.Add(v)
		}
	}
	r := reading{inline: s.inline}
	own := ast.Set{}
	for _, b := range chain(n.Build.Root) {
		for _, v := range plan.Sets(b) {
			own.Add(v)
		}
	}
	read := ast.Set{}
	r.expr(read, n.Key)
	for v := range read {
		keep.Add(v)
	}
	build, err := s.pipeline(n.Build, s.expr, keep)
	if err != nil {
		return nil, err
	}
	out := &joinStep{below: below, width: s.width, build: build}
	inner := &closure.Compiler{Shape: s.shape, Slot: build.layout.slot, Subquery: s.within}
	if out.key, err = inner.Eval(n.Key); err != nil {
		return nil, err
	}
	if out.probe, err = s.expr.Eval(n.Probe); err != nil {
		return nil, err
	}
	for v := range own {
		from, to := build.layout.slot(v), s.slot(v)
		if from >= 0 && to >= 0 {
			out.pairs = append(out.pairs, slotPair{from, to})
		}
	}
	return out, nil
}

func (s *joinStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	run, err := t.run(s.build)
	return &join{s: s, t: t, frame: f, in: drawing{below: below}, run: run}, err
}

type join struct {
	s     *joinStep
	t     *task
	frame *frame
	in    drawing
	out   builder
	run   *running
	rows  store
	// first has the first row of each key, after the next one with the key of each row; -1 ends a list.
	first map[string]int32
	after []int32
	last  map[string]int32
	ready bool
	row   []value.Value
	at    int32
	room  []byte
	held  int64
}

func (j *join) next() (*block, error) {
	if !j.ready {
		if err := j.build(); err != nil {
			return nil, err
		}
		j.ready, j.at = true, -1
	}
	j.out.begin(j.s.width)
	for !j.out.full() {
		if j.at >= 0 {
			j.pair()
			continue
		}
		row, ok, err := j.in.row()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if err := j.t.step(); err != nil {
			return nil, err
		}
		j.row = row
		j.room = value.AppendKey(j.room[:0], j.s.probe(&j.t.env, row))
		if at, ok := j.first[string(j.room)]; ok {
			j.at = at
		}
	}
	return j.out.done()
}

// pair adds the next pair.
func (j *join) pair() {
	from, to := j.rows.row(int(j.at)), j.out.add(j.row)
	for _, p := range j.s.pairs {
		to[p.to] = from[p.from]
	}
	j.at = j.after[j.at]
}

// build reads the rows to be found by their keys.
func (j *join) build() error {
	j.run.begin(j.frame.seed)
	j.first, j.last = map[string]int32{}, map[string]int32{}
	j.rows.width = j.s.build.layout.width
	j.rows.alive = j.rows.alive[:0]
	for _, p := range j.s.pairs {
		j.rows.alive = append(j.rows.alive, p.from)
	}
	for {
		b, err := j.run.top.next()
		if err != nil || b == nil {
			return err
		}
		for i := range b.n {
			if err := j.keep(b.row(i)); err != nil {
				return err
			}
		}
	}
}

// joinBytes is what a row takes in the lists.
const joinBytes = 96

func (j *join) keep(row []value.Value) error {
	j.room = value.AppendKey(j.room[:0], j.s.key(&j.t.env, row))
	at := int32(j.rows.n)
	bytes := j.rows.add(row) + joinBytes
	j.after = append(j.after, -1)
	if last, ok := j.last[string(j.room)]; ok {
		j.after[last] = at
		j.last[string(j.room)] = at
	} else {
		key := string(j.room)
		j.first[key], j.last[key] = at, at
		bytes += int64(len(key))
	}
	j.held += bytes
	if err := j.t.grow(bytes); err != nil {
		return err
	}
	return j.t.step()
}

func (j *join) reset() {
	if len(j.s.build.seeds) > 0 {
		j.t.shrink(j.held)
		j.held, j.ready, j.first, j.last, j.after = 0, false, nil, nil, nil
		j.rows.clear()
	}
	j.at = -1
	j.out.reset()
	j.in.reset()
}

func (j *join) close() { j.in.close() }
