package exec

import (
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// singleStep gives the row that a plan begins with.
type singleStep struct{ width int }

func (s *singleStep) open(_ *task, f *frame) (source, error) {
	return &single{block: block{slots: make([]value.Value, s.width), width: s.width}, frame: f}, nil
}

type single struct {
	block
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
