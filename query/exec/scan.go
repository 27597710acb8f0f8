package exec

import (
	"math/bits"

	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// scanStep reads a collection from one end to the other, for each row anew.
type scanStep struct {
	below      step
	width      int
	collection *rows.Collection
	fetch      *fetch
	reverse    bool
	random     bool
	limit      closure.Eval // nil: all
	count      int          // the slot for the number of documents, -1 when they are read
	counts     bool
}

func (s *scope) scan(n *plan.EnumerateCollection, below step) (step, error) {
	out := &scanStep{
		below: below, width: s.width, collection: n.Collection, reverse: n.Reverse, random: n.Random,
		count: s.slot(n.CountOnly), counts: n.CountOnly != nil,
	}
	s.scans[n] = out
	var err error
	if out.fetch, err = s.fetch(&n.Fetch); err != nil {
		return nil, err
	}
	if n.Limit != nil {
		out.limit, err = s.expr.Eval(n.Limit)
	}
	return out, err
}

func (s *scanStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	if s.counts {
		return &counting{s: s, t: t, below: below}, nil
	}
	out := &scan{s: s, t: t, frame: f, in: drawing{below: below}, left: -1}
	out.fetcher = fetcher{fetch: s.fetch, t: t}
	if t.parts != nil && t.parts.scan == s {
		out.parts = t.parts
	}
	if s.random {
		return &shuffling{scan: out}, nil
	}
	return out, nil
}

type scan struct {
	s       *scanStep
	t       *task
	frame   *frame
	in      drawing
	out     builder
	fetcher fetcher
	row     []value.Value
	cursor  rows.Cursor
	begun   bool
	left    int64 // rows that are still wanted, negative: all
	// parts are ranges of keys that the tasks of a parallel run share; nil: all there is.
	parts *parts
}

func (s *scan) next() (*block, error) {
	if !s.begun {
		s.begun, s.left = true, -1
		if s.s.limit != nil {
			s.left = int64(operator.Whole(s.s.limit(&s.t.env, s.frame.seed)))
		}
	}
	s.out.begin(s.s.width)
	for !s.out.full() && s.left != 0 {
		if s.cursor == nil {
			if ok, err := s.advance(); err != nil || !ok {
				if err != nil {
					return nil, err
				}
				break
			}
		}
		more, err := s.fill()
		if err != nil {
			return nil, err
		}
		if !more {
			if err := s.shut(); err != nil {
				return nil, err
			}
		}
	}
	return s.out.done()
}

// fill reads rows from the cursor until the block is full; false when the cursor has no more.
func (s *scan) fill() (bool, error) {
	for s.cursor.Next() {
		s.t.stats.ScannedFull++
		if err := s.t.step(); err != nil {
			return false, err
		}
		to := s.out.add(s.row)
		pass, bytes := s.fetcher.row(s.cursor.Row(), to)
		if !pass {
			s.out.drop()
			s.t.stats.Filtered++
			continue
		}
		s.out.bytes += bytes
		if s.left > 0 {
			if s.left--; s.left == 0 {
				return false, nil
			}
		}
		if s.out.full() {
			return true, nil
		}
	}
	return false, s.cursor.Err()
}

// advance opens the next cursor.
func (s *scan) advance() (bool, error) {
	if s.t.Hidden[s.s.collection.Name] {
		return false, nil
	}
	bounds := rows.Bounds{Reverse: s.s.reverse}
	if s.parts != nil {
		var ok bool
		if bounds, ok = s.parts.take(); !ok {
			return false, nil
		}
		if s.row == nil {
			s.row = make([]value.Value, s.s.width)
		}
	} else {
		row, ok, err := s.in.row()
		if err != nil || !ok {
			return false, err
		}
		s.row = row
	}
	cursor, err := s.t.Snapshot.Documents(s.s.collection, bounds)
	s.cursor = cursor
	s.t.stats.CursorsCreated++
	return err == nil, err
}

// shut closes the cursor.
func (s *scan) shut() error {
	if s.cursor == nil {
		return nil
	}
	err := s.cursor.Close()
	s.cursor = nil
	return err
}

func (s *scan) reset() {
	_ = s.shut() // nothing was read that is used
	s.begun = false
	s.out.reset()
	s.in.reset()
}

func (s *scan) close() {
	_ = s.shut()
	s.in.close()
}

// counting gives the number of documents.
type counting struct {
	s     *scanStep
	t     *task
	below source
}

func (c *counting) next() (*block, error) {
	b, err := c.below.next()
	if err != nil || b == nil {
		return nil, err
	}
	n := int64(0)
	if !c.t.Hidden[c.s.collection.Name] {
		if n, err = c.t.Snapshot.Count(c.s.collection); err != nil {
			return nil, err
		}
	}
	if c.s.count >= 0 {
		for i := range b.n {
			b.row(i)[c.s.count] = value.Int(n)
		}
	}
	return b, nil
}

func (c *counting) reset() { c.below.reset() }
func (c *counting) close() { c.below.close() }

// shuffling reads all documents and gives them in a random order.
type shuffling struct {
	scan  *scan
	kept  store
	order []int
	held  int64
	out   builder
	ready bool
}

func (s *shuffling) next() (*block, error) {
	if !s.ready {
		s.ready = true
		s.kept.width = s.scan.s.width
		for i := range s.kept.width {
			s.kept.alive = append(s.kept.alive, i)
		}
		if err := s.gather(); err != nil {
			return nil, err
		}
	}
	s.out.begin(s.kept.width)
	for len(s.order) > 0 && !s.out.full() {
		s.out.add(s.kept.row(s.order[0]))
		s.order = s.order[1:]
	}
	return s.out.done()
}

func (s *shuffling) gather() error {
	s.kept.clear()
	s.order = nil
	for {
		b, err := s.scan.next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		for i := range b.n {
			bytes := s.kept.add(b.row(i))
			s.held += bytes
			if err := s.scan.t.grow(bytes); err != nil {
				return err
			}
			s.order = append(s.order, len(s.order))
		}
	}
	for i := len(s.order) - 1; i > 0 && s.scan.t.Random != nil; i-- {
		high, _ := bits.Mul64(s.scan.t.Random(), uint64(i+1))
		j := int(high)
		s.order[i], s.order[j] = s.order[j], s.order[i]
	}
	return nil
}

func (s *shuffling) reset() {
	s.scan.t.shrink(s.held)
	s.held, s.ready = 0, false
	s.scan.reset()
}

func (s *shuffling) close() { s.scan.close() }
