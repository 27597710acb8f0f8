package exec

import (
	"sync"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// parallelStep is the bottom of a plan that several tasks may do side by side: a scan, what is computed and filtered
// above it, and grouping in parts.
type parallelStep struct {
	serial  step // all of it, as one task does it
	each    step // what every task does, without the grouping
	scan    *scanStep
	collect *collectStep // nil without grouping
	width   int
}

// parallel compiles a node and all below it as such a bottom, nil when it is none.
func (s *scope) parallel(n plan.Node) (step, error) {
	at := n
	collect, grouped := n.(*plan.Collect)
	if grouped {
		if !collect.Parallel || collect.Method == plan.CollectSorted {
			return nil, nil
		}
		at = collect.Below
	}
	scan := bottomScan(at)
	if scan == nil {
		return nil, nil
	}
	out := &parallelStep{width: s.width}
	var err error
	s.inParallel = true
	out.each, err = s.serial(at)
	s.inParallel = false
	if err != nil {
		return nil, err
	}
	out.serial = out.each
	if grouped {
		made, err := s.collect(collect, out.each)
		if err != nil {
			return nil, err
		}
		out.collect = made.(*collectStep)
		out.serial = &measured{step: made, id: n.Head().ID}
	}
	out.scan = s.scans[scan]
	return out, nil
}

// bottomScan finds the scan that may be done in parts below nodes that look at one row at a time.
func bottomScan(n plan.Node) *plan.EnumerateCollection {
	for {
		switch at := n.(type) {
		case *plan.Calculation:
			n = at.Below
		case *plan.Filter:
			n = at.Below
		case *plan.EnumerateCollection:
			_, bottom := at.Below.(*plan.Singleton)
			if !at.Parallel || !bottom && at.Below != nil || at.CountOnly != nil || at.Random || at.Limit != nil {
				return nil
			}
			return at
		default:
			return nil
		}
	}
}

// partsPerTask is into how many parts a collection is cut for each task: tasks that finish early take more.
const partsPerTask = 8

// fewest is the number of documents from which on parts are worth their start.
const fewest = 4096

func (s *parallelStep) open(t *task, f *frame) (source, error) {
	if t.Transaction != nil || t.Workers < 2 || t.parts != nil || t.Hidden[s.scan.collection.Name] {
		return s.serial.open(t, f)
	}
	n, err := t.Snapshot.Count(s.scan.collection)
	if err != nil {
		return nil, err
	}
	if n < fewest {
		return s.serial.open(t, f)
	}
	return &side{s: s, t: t, frame: f}, nil
}

// parts are the ranges of keys that tasks share.
type parts struct {
	scan *scanStep
	cuts [][]byte
	next atomic.Int64
}

// take gives the next range.
func (p *parts) take() (rows.Bounds, bool) {
	i := int(p.next.Add(1)) - 1
	if i > len(p.cuts) {
		return rows.Bounds{}, false
	}
	var b rows.Bounds
	if i > 0 {
		b.Lower = p.cuts[i-1]
	}
	if i < len(p.cuts) {
		b.Upper = p.cuts[i]
	}
	return b, true
}

// side draws from tasks that work side by side.
type side struct {
	s     *parallelStep
	t     *task
	frame *frame
	begun bool
	done  sync.WaitGroup
	stop  *atomic.Bool
	out   chan part
	left  int // tasks that have not ended
	now   block
	group *collecting
}

// part is something that a task hands over.
type part struct {
	block block
	table *table
	err   error
	ended bool
}

func (d *side) next() (*block, error) {
	if !d.begun {
		if err := d.begin(); err != nil {
			return nil, err
		}
	}
	if d.group != nil {
		if !d.group.ready {
			if err := d.merge(); err != nil {
				return nil, err
			}
		}
		return d.group.next()
	}
	for d.left > 0 {
		p := <-d.out
		if p.err != nil {
			return nil, p.err
		}
		if p.ended {
			d.left--
			continue
		}
		d.now = p.block
		return &d.now, nil
	}
	return nil, nil
}

// begin starts the tasks.
func (d *side) begin() error {
	d.begun = true
	cuts, err := d.t.Snapshot.Split(d.s.scan.collection, d.t.Workers*partsPerTask)
	if err != nil {
		return err
	}
	d.left = d.t.Workers
	d.out, d.stop = make(chan part, 2*d.left), new(atomic.Bool)
	shared := &parts{scan: d.s.scan, cuts: cuts}
	if d.s.collect != nil {
		d.group = &collecting{s: d.s.collect, frame: d.frame, below: none{}, table: table{s: d.s.collect, t: d.t}}
	}
	for range d.left {
		t := d.t.shared.newTask()
		t.parts, t.stop = shared, d.stop
		d.done.Add(1)
		go func() {
			defer d.done.Done()
			d.work(t)
		}()
	}
	return nil
}

// work is one task from its beginning to its end.
func (d *side) work(t *task) {
	defer func() {
		if p := recover(); p != nil {
			d.give(part{err: internal("%v", p)})
		}
	}()
	defer t.release()
	f := &frame{seed: make([]value.Value, d.s.width)}
	from, err := d.s.each.open(t, f)
	if err == nil {
		defer from.close()
		err = d.draw(t, from)
	}
	if err == nil {
		err = t.failed
	}
	d.give(part{err: err, ended: true})
}

// draw hands over what the task gives; false when nobody wants it.
func (d *side) draw(t *task, from source) error {
	if d.s.collect != nil {
		own := &table{s: d.s.collect, t: t}
		err := own.all(from)
		if err == nil {
			d.give(part{table: own})
		}
		return err
	}
	for {
		b, err := from.next()
		if err != nil || b == nil {
			return err
		}
		own := block{slots: make([]value.Value, b.n*b.width), width: b.width, n: b.n}
		copy(own.slots, b.slots)
		if !d.give(part{block: own}) {
			return ErrClosed
		}
	}
}

// give hands something over; false when nobody reads on. Whoever closes takes what comes until all tasks have ended, so
// that none waits here for ever.
func (d *side) give(p part) bool {
	d.out <- p
	return !d.stop.Load()
}

// merge puts the tables of all tasks together.
func (d *side) merge() error {
	for d.left > 0 {
		p := <-d.out
		switch {
		case p.err != nil:
			return p.err
		case p.table != nil:
			if err := d.group.table.merge(p.table); err != nil {
				return err
			}
		case p.ended:
			d.left--
		}
	}
	d.group.ready = true
	return d.group.table.complete()
}

func (d *side) reset() {
	d.close()
	if d.group != nil {
		d.group.table.clear()
	}
	d.begun, d.group = false, nil
}

// close ends all tasks and waits for them.
func (d *side) close() {
	if !d.begun || d.out == nil {
		return
	}
	d.stop.Store(true)
	ended := make(chan struct{})
	go func() {
		d.done.Wait()
		close(ended)
	}()
	for {
		select {
		case <-d.out:
		case <-ended:
			d.out = nil
			return
		}
	}
}
