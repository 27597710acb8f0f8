package query

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Execution is a query that runs, or has run, with its result.
type Execution struct {
	e     *Engine
	r     Request
	about about
	run   atomic.Pointer[exec.Run]
	state rows.Snapshot // that was opened for the query, nil otherwise

	mu     sync.Mutex // held while the query works
	buffer buffer
	plan   *prepared
	cached bool
	skip   map[string]bool
	stream bool // rows are still computed when they are asked for
	done   bool
	err    error
	took   time.Duration
	phases []Phase
	since  time.Duration // when the last phase began
}

// about is what lists show of a query.
type about struct {
	id        uint64
	begun     time.Duration
	startedMs int64
	writes    atomic.Bool
	killed    atomic.Bool
	active    bool // the registry's: it takes room from others
}

// ID names the execution in lists and to Kill.
func (x *Execution) ID() string { return strconv.FormatUint(x.about.id, 10) }

// first does what Start promises.
func (x *Execution) first(ctx context.Context) (err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	defer x.guard(&err)
	if x.about.killed.Load() {
		return exec.ErrKilled
	}
	return x.start(ctx)
}

// guard is deferred around all work: whatever goes wrong in it ends the query.
func (x *Execution) guard(err *error) {
	if p := recover(); p != nil {
		*err = panicked(p)
	}
	if *err != nil {
		*err = x.fault(*err)
		x.end(*err)
	}
}

// phase begins a part of the work that a profile shows.
func (x *Execution) phase(name string) {
	if x.r.Options.Profile == 0 {
		return
	}
	now := x.e.clock.Monotonic()
	if n := len(x.phases); n > 0 {
		x.phases[n-1].Seconds = (now - x.since).Seconds()
	}
	x.since = now
	if name != "" {
		x.phases = append(x.phases, Phase{Name: name})
	}
}

// start does what Start promises.
func (x *Execution) start(ctx context.Context) error {
	x.phase("initializing")
	if x.r.Transaction != nil {
		return x.within(ctx, x.r.Transaction)
	}
	snapshot, err := x.r.Store.Snapshot(ctx)
	if err != nil {
		return err
	}
	x.state = snapshot
	if err := x.ready(ctx, snapshot); err != nil {
		return err
	}
	if !x.plan.program.Plan().Writes {
		return x.read(ctx, snapshot)
	}
	x.state = nil
	if err := snapshot.Close(); err != nil {
		return err
	}
	return x.write(ctx)
}

// ready makes the plan, and asks whether the caller may do what it does.
func (x *Execution) ready(ctx context.Context, in rows.Snapshot) error {
	p, cached, err := x.e.ready(ctx, x, in)
	if err != nil {
		return err
	}
	x.plan, x.cached = p, cached
	x.about.writes.Store(p.program.Plan().Writes)
	if x.r.Access == nil {
		return nil
	}
	for _, c := range p.writes {
		if err := x.r.Access(c.Name, true); err != nil {
			return err
		}
	}
	for _, c := range p.reads {
		err := x.r.Access(c.Name, false)
		if err != nil && !x.r.Options.SkipInaccessible {
			return err
		}
		if err != nil {
			if x.skip == nil {
				x.skip = map[string]bool{}
			}
			x.skip[c.Name] = true
		}
	}
	return nil
}

// mostWarnings is how many warnings are kept of a query, whatever was asked for: they count for no memory.
const mostWarnings = 1000

// config is what the plan is started with.
func (x *Execution) config(in rows.Snapshot, t rows.Transaction) exec.Config {
	o, l := &x.r.Options, &x.e.limits
	c := exec.Config{
		Bind: x.r.Bind, Snapshot: in, Transaction: t, Access: x.r.Access, Hidden: x.skip, Memory: x.memory(),
		Clock: x.e.host.now, NowMs: x.about.startedMs, Random: x.e.host.random, Sleep: x.e.host.sleep, MaxWarnings: o.MaxWarnings,
		FailOnWarning: o.FailOnWarning, Workers: l.Workers, Profile: o.Profile > 1, User: x.r.User,
		UserAttributes: x.r.UserAttributes, KeyAttributes: x.r.KeyAttributes,
	}
	if c.MaxWarnings == 0 {
		c.MaxWarnings = l.Warnings
	}
	c.MaxWarnings = min(c.MaxWarnings, mostWarnings)
	c.Deadline = x.deadline()
	return c
}

// deadline is until when the query may run, 0 for no limit.
func (x *Execution) deadline() time.Duration {
	limit, asked := x.e.limits.Runtime, x.r.Options.MaxRuntime
	if asked > 0 && (limit <= 0 || asked < limit) {
		limit = asked
	}
	if limit <= 0 {
		return 0
	}
	return x.about.begun + limit
}

// stopped says why a query that is still being planned is to end, or nil.
func (x *Execution) stopped(ctx context.Context) error {
	if x.about.killed.Load() {
		return exec.ErrKilled
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if end := x.deadline(); end != 0 && x.e.clock.Monotonic() > end {
		return exec.ErrRuntime
	}
	return nil
}

// memory is how much the query may hold, 0 for no limit.
func (x *Execution) memory() int64 {
	limit, asked := max(0, x.e.limits.Memory), x.r.Options.MemoryLimit
	if asked > 0 && (limit == 0 || asked < limit) {
		return asked
	}
	return limit
}

// sleep looks up now and then whether the query was killed.
// begin starts the plan.
func (x *Execution) begin(in rows.Snapshot, t rows.Transaction) *exec.Run {
	x.phase("executing")
	run := x.plan.program.Start(x.config(in, t))
	x.run.Store(run)
	if x.about.killed.Load() {
		run.Kill()
	}
	return run
}

// read carries out a query that only reads.
func (x *Execution) read(ctx context.Context, in rows.Snapshot) error {
	run := x.begin(in, nil)
	if x.r.Options.Stream {
		x.stream = true
		return in.Settle(ctx)
	}
	if err := x.all(ctx, run); err != nil {
		return err
	}
	if err := in.Settle(ctx); err != nil {
		return err
	}
	x.end(nil)
	return nil
}

// within carries out a query in a transaction that somebody else commits.
func (x *Execution) within(ctx context.Context, t rows.Transaction) error {
	if err := x.ready(ctx, t); err != nil {
		return err
	}
	run := x.begin(t, t)
	if x.r.Options.Stream && !x.plan.program.Plan().Writes {
		x.stream = true
		return t.Settle(ctx)
	}
	if err := x.all(ctx, run); err != nil {
		return err
	}
	if err := t.Settle(ctx); err != nil {
		return err
	}
	x.end(nil)
	return nil
}

// write carries out a query that writes, in a transaction of its own, anew when another writer was faster.
func (x *Execution) write(ctx context.Context) error {
	for try := 0; ; try++ {
		err := x.attempt(ctx)
		if err == nil {
			x.end(nil)
			return nil
		}
		if !isConflict(err) || try >= x.e.limits.Retries || ctx.Err() != nil || x.about.killed.Load() {
			return err
		}
		x.close()
		x.buffer = buffer{}
	}
}

// attempt is one try of a query that writes.
func (x *Execution) attempt(ctx context.Context) error {
	t, err := x.r.Store.Begin(ctx)
	if err != nil {
		return err
	}
	x.state = t
	if !x.plan.valid(t) {
		if err := x.ready(ctx, t); err != nil {
			return err
		}
	}
	run := x.begin(t, t)
	if err := x.all(ctx, run); err != nil {
		if unsettled := t.Settle(ctx); unsettled != nil && ctx.Err() == nil {
			return unsettled // what the error tells may not have happened
		}
		return err
	}
	x.phase("finalizing")
	err = t.Commit(ctx, rows.CommitOptions{Async: x.r.Options.Async, Idempotency: x.r.Options.Idempotency})
	if err != nil {
		return err
	}
	x.buffer.revise(t.Revise)
	return nil
}

// all computes the whole result.
func (x *Execution) all(ctx context.Context, run *exec.Run) error {
	limit := x.e.limits.Rows
	for more := true; more; {
		var err error
		if more, err = x.buffer.fill(ctx, run); err != nil {
			return err
		}
		if limit > 0 && x.buffer.rows > limit {
			return exec.ErrRows
		}
	}
	return nil
}

// close lets go of what the query reads.
func (x *Execution) close() {
	if run := x.run.Load(); run != nil {
		run.Close()
	}
	if x.state != nil {
		_ = x.state.Close() // nothing of it is used any more
		x.state = nil
	}
}

// end is the end of the work, once.
func (x *Execution) end(err error) {
	if x.done {
		return
	}
	x.phase("")
	x.close()
	x.done, x.stream, x.err = true, false, err
	x.took = x.e.clock.Monotonic() - x.about.begun
	state, number := "finished", 0
	if err != nil {
		x.buffer = buffer{}
		state, number = "failed", numberOf(err)
	}
	if x.about.killed.Load() {
		state = "killed"
	}
	x.e.list.leave(x, state, number)
}

// kill ends the query from another goroutine.
func (x *Execution) kill() {
	x.about.killed.Store(true)
	if run := x.run.Load(); run != nil {
		run.Kill()
	}
	// Nobody may be at work, with rows still to be asked for.
	if x.mu.TryLock() {
		defer x.mu.Unlock()
		if x.stream {
			x.end(x.fault(exec.ErrKilled))
		}
	}
}

// Next appends up to max rows to dst as JSON, with commas between them, and says how many it appended and whether more
// are there. The context counts for this call; when it ends the query does.
func (x *Execution) Next(ctx context.Context, dst []byte, max int) (text []byte, n int, more bool, err error) {
	err = x.take(ctx, max)
	if err != nil {
		return dst, 0, false, err
	}
	dst, n = x.buffer.take(dst, max)
	return dst, n, x.stream || x.buffer.left() > 0, nil
}

// take makes sure that up to n rows are in the buffer.
func (x *Execution) take(ctx context.Context, n int) error {
	if x.err != nil {
		return x.err
	}
	if !x.stream {
		return nil
	}
	x.e.list.resume(x)
	defer x.e.list.rest(x)
	return x.more(ctx, n)
}

// more computes rows of a stream until up to n are in the buffer.
func (x *Execution) more(ctx context.Context, n int) (err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	defer x.guard(&err)
	run, limit := x.run.Load(), x.e.limits.Rows
	for x.stream && x.buffer.left() < int64(n) {
		if x.about.killed.Load() {
			return exec.ErrKilled
		}
		more, err := x.buffer.some(ctx, run, n-int(x.buffer.left()))
		if err != nil {
			return err
		}
		if limit > 0 && x.buffer.rows > limit {
			return exec.ErrRows
		}
		if !more {
			x.end(nil)
		}
	}
	return x.err
}

// Values gives up to max rows as values. Calls of Next and Values may alternate.
func (x *Execution) Values(ctx context.Context, max int) (rows []value.Value, more bool, err error) {
	if err := x.take(ctx, max); err != nil {
		return nil, false, err
	}
	rows = x.buffer.values(max)
	return rows, x.stream || x.buffer.left() > 0, nil
}

// Count is the number of rows of the whole result; false for a stream that has not come to its end.
func (x *Execution) Count() (int64, bool) { return x.buffer.rows, !x.stream && x.err == nil }

// Stats are complete when no more rows are there.
func (x *Execution) Stats() Stats {
	out := Stats{ExecutionTime: x.took.Seconds(), PlanCached: x.cached}
	if !x.done {
		out.ExecutionTime = (x.e.clock.Monotonic() - x.about.begun).Seconds()
	}
	run := x.run.Load()
	if run == nil {
		return out
	}
	s := run.Stats()
	out.WritesExecuted, out.WritesIgnored = s.WritesExecuted, s.WritesIgnored
	out.ScannedFull, out.ScannedIndex, out.Filtered = s.ScannedFull, s.ScannedIndex, s.Filtered
	out.CursorsCreated, out.CursorsRearmed, out.PeakMemoryUsage = s.CursorsCreated, s.CursorsRearmed, s.PeakMemory
	if s.HasFullCount && x.r.Options.FullCount {
		count := s.FullCount // by itself, so that the rest stays on the stack
		out.FullCount = &count
	}
	return out
}

// Warnings so far.
func (x *Execution) Warnings() []Warning {
	run := x.run.Load()
	if run == nil {
		return nil
	}
	var out []Warning
	for _, w := range run.Warnings() {
		out = append(out, Warning{Number: w.Number, Message: w.Text})
	}
	return out
}

// Close frees what the execution holds. It may be called twice.
func (x *Execution) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.done {
		x.end(x.fault(exec.ErrClosed))
	}
	x.buffer = buffer{}
	return nil
}
