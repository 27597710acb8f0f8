package exec

import (
	"context"
	"time"

	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/value"
)

// Run is one execution of a program. It belongs to one goroutine at a time, save Kill, Memory and Warnings.
type Run struct {
	shared
	t     *task // nil until the first row is asked for
	own   task
	frame frame
	top   source
	block *block
	at    int
	ended bool
	err   error
	// asker is the context of the first call, which often is the only one, and room is for a frame.
	asker context.Context
	room  [4]value.Value
}

// Start begins a run. Close ends it.
func (p *Program) Start(c Config) *Run {
	r := &Run{shared: shared{Config: c, program: p}}
	if c.Profile {
		r.profile = make([]NodeFigures, p.plan.Nodes)
		name(r.profile, p.plan)
	}
	return r
}

// open makes the sources.
func (r *Run) open() error {
	r.t = &r.own
	r.t.begin(&r.shared)
	for _, w := range r.program.plan.Warnings {
		r.t.warn(w.Number, w.Text)
	}
	width := r.program.main.layout.width
	if r.frame.seed = r.room[:]; width > len(r.room) {
		r.frame.seed = make([]value.Value, width)
	}
	r.frame.seed = r.frame.seed[:width:width]
	var err error
	r.top, err = r.program.main.top.open(r.t, &r.frame)
	return err
}

// wait says on whose behalf the run works from now on.
func (r *Run) wait(ctx context.Context) {
	if r.asker == nil {
		r.asker = ctx
		r.ctx.Store(&r.asker)
		return
	}
	later := ctx
	r.ctx.Store(&later)
}

// stop ends the run with an error.
func (r *Run) stop(err error) error {
	if r.t != nil && r.t.failed != nil {
		err = r.t.failed
	}
	r.err, r.ended = err, true
	r.release()
	return err
}

// proceed opens the sources, or looks whether the run goes on.
func (r *Run) proceed() error {
	if r.t != nil {
		return r.t.check()
	}
	if err := r.open(); err != nil {
		return err
	}
	return r.t.wanted() // without the clock: its time has just begun
}

// draw makes sure that there is a row to give; false at the end.
func (r *Run) draw() (bool, error) {
	for r.block == nil || r.at >= r.block.n {
		if r.ended {
			return false, r.err
		}
		if err := r.proceed(); err != nil {
			return false, r.stop(err)
		}
		b, err := r.top.next()
		if err == nil {
			err = r.t.failed
		}
		if err != nil {
			return false, r.stop(err)
		}
		if r.block, r.at = b, 0; b == nil {
			r.ended = true
			r.release()
			return false, nil
		}
		if r.program.main.result == nil {
			r.block = nil
		}
	}
	return true, nil
}

// Text is rows as JSON with commas between them. Ends has the offset behind each.
type Text struct {
	JSON []byte
	Ends []int
}

// firstText is the room that is made for text at first: many results are shorter.
const firstText = 64

// Next appends up to most rows, and no more once the text is as long as room says, 0 for any length. more is false when
// there are none behind them.
func (r *Run) Next(ctx context.Context, to *Text, most, room int) (more bool, err error) {
	r.wait(ctx)
	emit := r.program.main.emit
	if to.JSON == nil {
		to.JSON = make([]byte, 0, firstText)
	}
	for n := 0; n < most && (room <= 0 || len(to.JSON) < room); n++ {
		if ok, err := r.draw(); err != nil || !ok {
			return false, err
		}
		if len(to.Ends) > 0 {
			to.JSON = append(to.JSON, ',')
		}
		to.JSON = emit(&r.t.env, r.block.row(r.at), to.JSON)
		to.Ends = append(to.Ends, len(to.JSON))
		r.at++
		if r.t.failed != nil {
			return false, r.stop(r.t.failed)
		}
	}
	return r.draw()
}

// Values gives up to most rows.
func (r *Run) Values(ctx context.Context, most int) (rows []value.Value, more bool, err error) {
	r.wait(ctx)
	for len(rows) < most {
		if ok, err := r.draw(); err != nil || !ok {
			return rows, false, err
		}
		rows = append(rows, r.program.main.result(&r.t.env, r.block.row(r.at)))
		r.at++
		if r.t.failed != nil {
			return rows, false, r.stop(r.t.failed)
		}
	}
	more, err = r.draw()
	return rows, more, err
}

// Finish runs to the end of a query that gives no rows.
func (r *Run) Finish(ctx context.Context) error {
	r.wait(ctx)
	for {
		if ok, err := r.draw(); err != nil || !ok {
			return err
		}
		r.at = r.block.n
	}
}

// Hold counts bytes that whoever draws the rows keeps of them; negative ones are let go of.
func (r *Run) Hold(bytes int64) error {
	if r.t == nil {
		return nil
	}
	if bytes < 0 {
		r.t.shrink(-bytes)
		return nil
	}
	if err := r.t.grow(bytes); err != nil {
		return r.stop(err)
	}
	return nil
}

// Kill ends the run from another goroutine.
func (r *Run) Kill() { r.killed.CompareAndSwap(nil, ErrKilled) }

// Memory is the most bytes that the run has held.
func (r *Run) Memory() int64 { return r.peak.Load() }

// Stats are the figures so far.
func (r *Run) Stats() Stats {
	r.mu.Lock()
	out := r.mu.stats
	r.mu.Unlock()
	if r.t != nil {
		out.add(&r.t.stats)
	}
	out.PeakMemory = r.peak.Load()
	return out
}

// Warnings are those so far.
func (r *Run) Warnings() []Warning {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Warning(nil), r.mu.warnings...)
}

// release lets go of everything but the figures.
func (r *Run) release() {
	if r.top != nil {
		r.top.close()
		r.top = nil
	}
	if r.t != nil {
		r.t.release()
	}
	r.block = nil
}

// release closes the plans within the plan.
func (t *task) release() {
	for _, w := range t.within {
		w.top.close()
	}
	t.within = nil
	t.end()
}

// Close ends the run.
func (r *Run) Close() {
	if !r.ended {
		r.ended, r.err = true, ErrClosed
	}
	r.release()
}

// NodeFigures are those of one node.
type NodeFigures struct {
	ID                    int
	Kind                  string
	Calls, Rows, Filtered int64
	Time                  time.Duration // with what it draws from
	Memory                int64         // the most that the run held after a call of it
}

// Profile gives the figures of each node, nil when they were not asked for.
func (r *Run) Profile() []NodeFigures { return r.profile }

// name puts the kinds of all nodes of a plan in their places.
func name(list []NodeFigures, p *plan.Plan) {
	for _, n := range chain(p.Root) {
		if id := n.Head().ID; id < len(list) {
			list[id].ID, list[id].Kind = id, n.Kind()
		}
		for _, w := range plan.Within(n) {
			name(list, w)
		}
	}
	for _, w := range p.Inline {
		if w != p && list[w.Root.Head().ID].Kind == "" {
			name(list, w)
		}
	}
}

// measured takes figures of a step when a profile is asked for.
type measured struct {
	step
	id int
}

func (m *measured) open(t *task, f *frame) (source, error) {
	s, err := m.step.open(t, f)
	if t.profile == nil || err != nil {
		return s, err
	}
	return &measuring{source: s, t: t, of: &t.profile[m.id]}, nil
}

type measuring struct {
	source
	t  *task
	of *NodeFigures
}

func (m *measuring) next() (*block, error) {
	begun, filtered := m.t.Clock(), m.t.stats.Filtered
	b, err := m.source.next()
	m.t.mu.Lock()
	defer m.t.mu.Unlock()
	m.of.Calls++
	m.of.Time += m.t.Clock() - begun
	m.of.Filtered += m.t.stats.Filtered - filtered
	if b != nil {
		m.of.Rows += int64(b.n)
	}
	m.of.Memory = max(m.of.Memory, m.t.used.Load()-m.t.spare)
	return b, err
}
