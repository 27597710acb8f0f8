package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// sortStep sorts rows. Keys are compared as their encodings, which sort as values do.
type sortStep struct {
	below     step
	width     int
	alive     []int
	keys      []closure.Eval
	desc      []bool
	presorted int
	limit     closure.Eval
}

func (s *scope) sort(n *plan.Sort, below step) (step, error) {
	out := &sortStep{below: below, width: s.width, alive: s.alive[n], presorted: min(n.Presorted, len(n.Keys))}
	for _, k := range n.Keys {
		eval, err := s.expr.Eval(k.Expr)
		if err != nil {
			return nil, err
		}
		out.keys, out.desc = append(out.keys, eval), append(out.desc, k.Desc)
	}
	var err error
	if n.Limit != nil {
		out.limit, err = s.expr.Eval(n.Limit)
	}
	return out, err
}

func (s *sortStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	return &sorting{s: s, t: t, frame: f, in: drawing{below: below}}, err
}

// sorted is a kept row with its key.
type sorted struct {
	head uint64 // the first bytes of the key
	key  []byte
	row  int32 // in the store
	seq  int64 // rows with equal keys keep their order
}

func (a *sorted) compare(b *sorted) int {
	if a.head != b.head {
		return cmp.Compare(a.head, b.head)
	}
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c
	}
	return cmp.Compare(a.seq, b.seq)
}

type sorting struct {
	s     *sortStep
	t     *task
	frame *frame
	in    drawing
	out   builder
	rows  store
	list  []sorted
	keys  arena
	room  []byte
	group []byte // the encoding of the presorted keys of the rows in the list
	// pending is a row that was drawn and belongs to the next group.
	pending []value.Value
	limit   int // rows that are kept; negative: all
	seq     int64
	at      int // the next of the list to give, -1 while rows are gathered
	ended   bool
	begun   bool
	held    int64
}

func (s *sorting) next() (*block, error) {
	if !s.begun {
		s.begun, s.at, s.limit = true, -1, -1
		s.rows.width, s.rows.alive = s.s.width, s.s.alive
		if s.s.limit != nil {
			s.limit = operator.Whole(s.s.limit(&s.t.env, s.frame.seed))
		}
	}
	s.out.begin(s.s.width)
	for !s.out.full() {
		if s.at >= 0 && s.at < len(s.list) {
			s.out.add(s.rows.row(int(s.list[s.at].row)))
			s.at++
			continue
		}
		if s.ended || s.limit == 0 {
			break
		}
		if err := s.gather(); err != nil {
			return nil, err
		}
	}
	return s.out.done()
}

// gather draws rows to the end of their group and sorts them.
func (s *sorting) gather() error {
	if s.at >= 0 {
		s.forget()
	}
	s.at = 0
	if s.pending != nil {
		row := s.pending
		s.pending = nil
		if _, err := s.take(row); err != nil {
			return err
		}
	}
	for {
		row, ok, err := s.in.row()
		if err != nil {
			return err
		}
		if !ok {
			s.ended = true
			break
		}
		ended, err := s.take(row)
		if err != nil {
			return err
		}
		if ended {
			s.pending = row
			break
		}
		if err := s.t.step(); err != nil {
			return err
		}
	}
	slices.SortFunc(s.list, func(a, b sorted) int { return a.compare(&b) })
	if s.limit > 0 {
		s.list = s.list[:min(len(s.list), s.limit)]
		s.limit -= len(s.list)
	}
	return nil
}

// take keeps a row; true when it belongs to the next group instead.
func (s *sorting) take(row []value.Value) (next bool, err error) {
	key := s.room[:0]
	for i, eval := range s.s.keys {
		if i == s.s.presorted && i > 0 {
			if len(s.list) > 0 && !bytes.Equal(key, s.group) {
				s.room = key
				return true, nil
			}
			s.group = append(s.group[:0], key...)
			key = key[:0]
		}
		at := len(key)
		key = value.AppendKey(key, eval(&s.t.env, row))
		if s.s.desc[i] {
			for j := at; j < len(key); j++ {
				key[j] ^= 0xFF
			}
		}
	}
	s.room = key
	if s.s.presorted > 0 && s.s.presorted == len(s.s.keys) {
		key = key[:0] // the rows are sorted already
	}
	one := sorted{head: headOf(key), key: key, seq: s.seq}
	s.seq++
	if s.limit > 0 && len(s.list) >= s.limit {
		return false, s.replace(one, row)
	}
	return false, s.add(one, row)
}

// headOf is the first eight bytes of a key as a number that sorts as they do.
func headOf(key []byte) uint64 {
	var head [8]byte
	copy(head[:], key)
	return binary.BigEndian.Uint64(head[:])
}

const sortedBytes = 48

func (s *sorting) add(one sorted, row []value.Value) error {
	one.row = int32(s.rows.n)
	bytes := s.rows.add(row) + sortedBytes + int64(len(one.key))
	one.key = s.keys.text(one.key)
	s.list = append(s.list, one)
	if len(s.list) == s.limit {
		s.heap()
	}
	s.held += bytes
	return s.t.grow(bytes)
}

// heap makes the list one with its greatest row on top, once as many rows are kept as are wanted.
func (s *sorting) heap() {
	for i := len(s.list)/2 - 1; i >= 0; i-- {
		s.sink(i)
	}
}

func (s *sorting) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(s.list) {
			return
		}
		if child+1 < len(s.list) && s.list[child+1].compare(&s.list[child]) > 0 {
			child++
		}
		if s.list[i].compare(&s.list[child]) >= 0 {
			return
		}
		s.list[i], s.list[child] = s.list[child], s.list[i]
		i = child
	}
}

// replace keeps a row in place of the greatest one, if it is less.
func (s *sorting) replace(one sorted, row []value.Value) error {
	top := &s.list[0]
	if one.compare(top) >= 0 {
		return nil
	}
	one.row = top.row
	grown := s.rows.put(int(one.row), row) + int64(len(one.key)-len(top.key))
	one.key = append(top.key[:0:0], one.key...)
	*top = one
	s.sink(0)
	s.held += grown
	if grown < 0 {
		s.t.shrink(-grown)
		return nil
	}
	return s.t.grow(grown)
}

// forget lets go of the rows.
func (s *sorting) forget() {
	s.t.shrink(s.held)
	s.held = 0
	s.list, s.keys = s.list[:0], arena{}
	s.rows.clear()
}

func (s *sorting) reset() {
	s.forget()
	s.begun, s.ended, s.pending, s.seq = false, false, nil, 0
	s.out.reset()
	s.in.reset()
}

func (s *sorting) close() { s.in.close() }

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
