package exec

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

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
