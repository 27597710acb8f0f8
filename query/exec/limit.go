package exec

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// limitStep skips rows and lets some through.
type limitStep struct {
	below         step
	offset, count closure.Eval
	full          bool
}

func (s *scope) limit(n *plan.LimitNode, below step) (step, error) {
	evals, err := s.exprs(n.Offset, n.Count)
	if err != nil {
		return nil, err
	}
	return &limitStep{below: below, offset: evals[0], count: evals[1], full: n.FullCount}, nil
}

func (s *limitStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &limiting{s: s, t: t, frame: f, below: below}, err
}

type limiting struct {
	s           *limitStep
	t           *task
	frame       *frame
	below       source
	view        block
	skip, count int
	seen        int64
	begun, over bool
}

func (l *limiting) next() (*block, error) {
	if !l.begun {
		l.begun, l.skip = true, 0
		l.skip, l.count = l.number(l.s.offset), l.number(l.s.count)
		if l.t.failed != nil {
			return nil, l.t.failed
		}
	}
	for !l.over {
		if l.count == 0 && !l.s.full {
			l.over = true
			break
		}
		b, err := l.below.next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			l.over = true
			break
		}
		l.seen += int64(b.n)
		skipped := min(l.skip, b.n)
		l.skip -= skipped
		n := min(b.n-skipped, l.count)
		l.count -= n
		if n > 0 {
			l.view = block{slots: b.slots[skipped*b.width:], width: b.width, n: n}
			return &l.view, nil
		}
	}
	if l.s.full {
		l.t.stats.FullCount, l.t.stats.HasFullCount = l.seen, true
	}
	return nil, nil
}

// number reads an operand, 0 when it is not there.
func (l *limiting) number(eval closure.Eval) int {
	if eval == nil {
		return 0
	}
	v := eval(&l.t.env, l.frame.seed)
	if v.Kind() != value.KindNumber || v.Float64() < 0 {
		l.t.fail(&Error{
			Number: 1504, Code: "query-number-range", Text: "LIMIT takes numbers that are not negative, not " + shown(v),
		})
	}
	return operator.Whole(v)
}

// shown is a value in a message.
func shown(v value.Value) string {
	const most = 64
	text := v.String()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

func (l *limiting) reset() {
	l.begun, l.over, l.seen = false, false, 0
	l.below.reset()
}

func (l *limiting) close() { l.below.close() }

// distinctStep lets the first of equal values through.
type distinctStep struct {
	below step
	eval  closure.Eval
	out   int
}

func (s *scope) distinct(n *plan.Distinct, below step) (step, error) {
	eval, err := s.expr.Eval(n.Expr)
	return &distinctStep{below: below, eval: eval, out: s.slot(n.Out)}, err
}

func (s *distinctStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &distinguishing{s: s, t: t, below: below}, err
}

type distinguishing struct {
	s     *distinctStep
	t     *task
	below source
	seen  map[string]struct{}
	room  []byte
	held  int64
}

func (d *distinguishing) next() (*block, error) {
	if d.seen == nil {
		d.seen = map[string]struct{}{}
	}
	for {
		b, err := d.below.next()
		if err != nil || b == nil {
			return nil, err
		}
		kept := 0
		for i := range b.n {
			row := b.row(i)
			v := d.s.eval(&d.t.env, row)
			if err := d.t.step(); err != nil {
				return nil, err
			}
			d.room = value.AppendKey(d.room[:0], v)
			if _, ok := d.seen[string(d.room)]; ok {
				continue
			}
			d.seen[string(d.room)] = struct{}{}
			bytes := int64(len(d.room) + seenBytes)
			d.held += bytes
			if err := d.t.grow(bytes); err != nil {
				return nil, err
			}
			if d.s.out >= 0 {
				row[d.s.out] = v
			}
			b.move(i, kept)
			kept++
		}
		if b.n = kept; kept > 0 {
			return b, nil
		}
	}
}

func (d *distinguishing) reset() {
	d.t.shrink(d.held)
	d.held, d.seen = 0, nil
	d.below.reset()
}

func (d *distinguishing) close() { d.below.close() }
