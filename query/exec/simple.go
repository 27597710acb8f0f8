package exec

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// singleStep gives the row that a plan begins with.
type singleStep struct{ width int }

func (s *singleStep) open(_ *task, f *frame) (source, error) {
	out := &single{frame: f}
	out.width = s.width
	if out.slots = out.room[:]; s.width > len(out.room) {
		out.slots = make([]value.Value, s.width)
	}
	return out, nil
}

type single struct {
	block
	room  [3]value.Value
	frame *frame
	done  bool
}

func (s *single) next() (*block, error) {
	if s.done {
		return nil, nil
	}
	s.done, s.n = true, 1
	copy(s.slots, s.frame.seed)
	return &s.block, nil
}

func (s *single) reset() { s.done = false }
func (s *single) close() {}

// noStep gives nothing.
type noStep struct{}

func (noStep) open(*task, *frame) (source, error) { return none{}, nil }

type none struct{}

func (none) next() (*block, error) { return nil, nil }
func (none) reset()                {}
func (none) close()                {}

// drawing is the side of a source that draws rows one by one from below.
type drawing struct {
	below source
	block *block
	at    int
}

// row gives the next row, nil (and false) when there are none. It stays valid until the next call.
func (d *drawing) row() ([]value.Value, bool, error) {
	for d.block == nil || d.at >= d.block.n {
		b, err := d.below.next()
		if err != nil || b == nil {
			d.block = nil
			return nil, false, err
		}
		d.block, d.at = b, 0
	}
	d.at++
	return d.block.row(d.at - 1), true, nil
}

func (d *drawing) reset() {
	d.block, d.at = nil, 0
	d.below.reset()
}

func (d *drawing) close() { d.below.close() }

// calculationStep sets a slot of each row.
type calculationStep struct {
	below step
	eval  closure.Eval
	out   int
}

func (s *scope) calculation(n *plan.Calculation, below step) (step, error) {
	eval, err := s.expr.Eval(n.Expr)
	return &calculationStep{below: below, eval: eval, out: s.slot(n.Out)}, err
}

func (s *calculationStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &calculation{calculationStep: s, t: t, below: below}, err
}

type calculation struct {
	*calculationStep
	t     *task
	below source
	held  int64 // by functions, for the values of the block
}

func (c *calculation) next() (*block, error) {
	b, err := c.below.next()
	c.t.shrink(c.held)
	c.held = 0
	if err != nil || b == nil {
		return nil, err
	}
	before := c.t.grown
	for i := range b.n {
		row := b.row(i)
		v := c.eval(&c.t.env, row)
		if c.out >= 0 {
			row[c.out] = v
		}
		if err := c.t.step(); err != nil {
			return nil, err
		}
	}
	c.held = c.t.grown - before
	c.t.grown = before
	return b, nil
}

func (c *calculation) reset() {
	c.t.shrink(c.held)
	c.held = 0
	c.below.reset()
}

func (c *calculation) close() { c.below.close() }

// filterStep lets rows through.
type filterStep struct {
	below step
	test  closure.Test
}

func (s *scope) filter(n *plan.Filter, below step) (step, error) {
	test, err := s.expr.Test(n.Cond)
	return &filterStep{below: below, test: test}, err
}

func (s *filterStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &filter{filterStep: s, t: t, below: below}, err
}

type filter struct {
	*filterStep
	t     *task
	below source
}

func (f *filter) next() (*block, error) {
	for {
		b, err := f.below.next()
		if err != nil || b == nil {
			return nil, err
		}
		before, kept := f.t.grown, 0
		for i := range b.n {
			pass := f.test(&f.t.env, b.row(i))
			if err := f.t.step(); err != nil {
				return nil, err
			}
			if pass {
				b.move(i, kept)
				kept++
			}
		}
		f.t.shrink(f.t.grown - before)
		f.t.grown = before
		f.t.stats.Filtered += int64(b.n - kept)
		if b.n = kept; kept > 0 {
			return b, nil
		}
	}
}

func (f *filter) reset() { f.below.reset() }
func (f *filter) close() { f.below.close() }

// listStep gives a row for each element of an array. Ranges are counted through, not built.
type listStep struct {
	below    step
	width    int
	in       closure.Eval
	from, to closure.Eval // of a range, nil otherwise
	out      int
}

func (s *scope) list(n *plan.EnumerateList, below step) (step, error) {
	out := &listStep{below: below, width: s.width, out: s.slot(n.Out)}
	var err error
	if r, ok := n.In.(*ast.Range); ok {
		ends, err := s.exprs(r.From, r.To)
		if err != nil {
			return nil, err
		}
		out.from, out.to = ends[0], ends[1]
		return out, nil
	}
	out.in, err = s.expr.Eval(n.In)
	return out, err
}

func (s *listStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &list{s: s, t: t, in: drawing{below: below}}, err
}

type list struct {
	s     *listStep
	t     *task
	in    drawing
	out   builder
	row   []value.Value
	items []value.Value
	// A range goes from at by by, left times.
	at, by int64
	left   uint64
	held   int64
}

func (l *list) next() (*block, error) {
	l.out.begin(l.s.width)
	for !l.out.full() {
		if len(l.items) == 0 && l.left == 0 {
			if ok, err := l.advance(); err != nil {
				return nil, err
			} else if !ok {
				break
			}
			continue
		}
		v := l.element()
		to := l.out.add(l.row)
		if l.s.out >= 0 {
			to[l.s.out] = v
		}
		if err := l.t.step(); err != nil {
			return nil, err
		}
	}
	return l.out.done()
}

// element takes the next element.
func (l *list) element() value.Value {
	if l.left > 0 {
		v := value.Int(l.at)
		l.at += l.by
		l.left--
		return v
	}
	v := l.items[0]
	l.items = l.items[1:]
	return v
}

// advance draws the next row and its array.
func (l *list) advance() (bool, error) {
	l.t.shrink(l.held)
	l.held = 0
	row, ok, err := l.in.row()
	if err != nil || !ok {
		return false, err
	}
	l.row = row
	if l.s.from != nil {
		from := l.s.from(&l.t.env, row)
		first, last := operator.Bounds(from, l.s.to(&l.t.env, row))
		l.at, l.by, l.left = first, 1, uint64(last-first)+1
		if last < first {
			l.by, l.left = -1, uint64(first-last)+1
		}
		return true, l.t.failed
	}
	before := l.t.grown
	v := l.s.in(&l.t.env, row)
	l.held, l.t.grown = l.t.grown-before, before
	if v.Kind() != value.KindArray {
		l.t.fail(&Error{
			Number: 1563, Code: "query-array-expected",
			Text: "array expected: FOR goes over a collection or an array, not over a value of type " + v.Kind().String(),
		})
	}
	l.items = v.Items()
	return true, l.t.failed
}

func (l *list) reset() {
	l.t.shrink(l.held)
	l.held, l.items, l.left = 0, nil, 0
	l.out.reset()
	l.in.reset()
}

func (l *list) close() { l.in.close() }
