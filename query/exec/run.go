package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Error ends a run.
type Error struct {
	Number int // of the AQL family
	Code   string
	Text   string
}

// Error gives the text.
func (e *Error) Error() string { return e.Text }

// Is makes errors of one number equal.
func (e *Error) Is(other error) bool {
	o, ok := other.(*Error)
	return ok && o.Number == e.Number && o.Code == e.Code
}

// What ends a run from outside.
var (
	ErrMemory  = &Error{Number: 32, Code: "query-memory", Text: "resource limit exceeded: the query would hold more memory than it may; narrow it with FILTER or LIMIT, or allow it more"}
	ErrRows    = &Error{Number: 32, Code: "query-rows", Text: "resource limit exceeded: the result has more rows than it may; narrow it with FILTER or LIMIT"}
	ErrRuntime = &Error{Number: 1500, Code: "query-runtime", Text: "query killed: it ran longer than it may"}
	ErrKilled  = &Error{Number: 1500, Code: "query-killed", Text: "query killed"}
	ErrGone    = &Error{Number: 1500, Code: "query-caller-gone", Text: "query killed: whoever asked for it is gone"}
	ErrClosed  = &Error{Number: 1500, Code: "query-closed", Text: "query killed: it was closed"}
)

// Stats are the figures of a run.
type Stats struct {
	WritesExecuted, WritesIgnored  int64
	ScannedFull, ScannedIndex      int64
	CursorsCreated, CursorsRearmed int64
	Filtered                       int64
	FullCount                      int64
	HasFullCount                   bool
	PeakMemory                     int64
}

func (s *Stats) add(o *Stats) {
	s.WritesExecuted += o.WritesExecuted
	s.WritesIgnored += o.WritesIgnored
	s.ScannedFull += o.ScannedFull
	s.ScannedIndex += o.ScannedIndex
	s.CursorsCreated += o.CursorsCreated
	s.CursorsRearmed += o.CursorsRearmed
	s.Filtered += o.Filtered
	if o.HasFullCount {
		s.FullCount, s.HasFullCount = o.FullCount, true
	}
}

// Warning is something that did not stop the run.
type Warning struct {
	Number int
	Text   string
}

// Config is what a run is started with.
type Config struct {
	Bind        value.Value // object of parameters
	Snapshot    rows.Snapshot
	Transaction rows.Transaction // for plans that write; Snapshot is the same then
	// Access says whether a collection that is known only while running may be read; nil for everything.
	Access func(collection string, write bool) error
	// Hidden has the collections that are to look empty.
	Hidden map[string]bool

	Memory        int64         // bytes, 0 for no limit
	Deadline      time.Duration // on Clock, 0 for none
	Clock         func() time.Duration
	NowMs         int64
	Random        func() uint64
	Sleep         func(ctx context.Context, seconds float64) error
	MaxWarnings   int
	FailOnWarning bool
	Workers       int // goroutines for parallel parts; fewer than 2: none
	Profile       bool

	User                          string
	UserAttributes, KeyAttributes value.Value
}

// shared is what all tasks of a run have in common.
type shared struct {
	Config
	program *Program
	killed  atomic.Pointer[Error]
	ctx     atomic.Pointer[context.Context] // of the call that waits
	used    atomic.Int64                    // bytes
	peak    atomic.Int64

	mu struct {
		sync.Mutex
		warnings []Warning
		stats    Stats // of tasks that have ended
	}
	profile []NodeFigures // by node; nil when not asked for
}

// task is one goroutine's part of a run.
type task struct {
	*shared
	env    closure.Env
	arena  arena
	stats  Stats
	failed error
	steps  int
	parts  *parts       // of the scan that the task shares with others, nil when it does all
	stop   *atomic.Bool // set when those who drew from the task have ended
	within []*running   // plans within the plan, to be closed
	spare  int64        // bytes taken from the run's budget and not yet used
	grown  int64        // bytes that functions asked for since it was last set to zero
}

// newTask makes the part of a run that one goroutine does.
func (s *shared) newTask() *task {
	t := &task{}
	t.begin(s)
	return t
}

func (t *task) begin(s *shared) {
	t.shared = s
	s.program.shape.Begin(&t.env, s.Bind)
	if s.program.shape.Functions {
		t.env.Context = t.functions()
	}
	if s.program.shape.Expansions {
		t.env.Grow = t.growTransient
	}
	if s.program.shape.Lists > 0 {
		t.env.Hold = t.hold
	}
	t.env.Failed, t.env.Task = &t.failed, t
}

// functions makes the context that functions see.
func (t *task) functions() *fn.Context {
	c := &fn.Context{
		NowMs: t.NowMs, Random: t.Random, User: t.User,
		UserAttributes: t.UserAttributes, KeyAttributes: t.KeyAttributes,
		Warn: t.warn, Fail: t.fail, Grow: t.growTransient, Check: t.check,
	}
	if t.Snapshot != nil {
		c.Data = &data{t: t}
	}
	if t.Sleep != nil {
		c.Sleep = t.sleep
	}
	return c
}

// nap is how long a run sleeps between two looks whether it goes on, in seconds.
const nap = 0.02

// sleep waits in short turns, so that the run can be killed meanwhile.
func (t *task) sleep(seconds float64) error {
	for ; seconds > 0; seconds -= nap {
		if err := t.check(); err != nil {
			return err
		}
		if err := t.Sleep(*t.ctx.Load(), min(seconds, nap)); err != nil {
			return t.check()
		}
	}
	return nil
}

// fail ends the run with the first error that it is given.
func (t *task) fail(err error) {
	if t.failed == nil && err != nil {
		t.failed = err
	}
}

// longestWarning is where the text of a warning is cut, which may be any text of the query's.
const longestWarning = 1024

// warn keeps a warning, or fails when that is asked for.
func (t *task) warn(number int, text string) {
	if len(text) > longestWarning {
		text = strings.ToValidUTF8(text[:longestWarning], "") + "..."
	}
	if t.FailOnWarning {
		t.fail(&Error{Number: number, Code: "query-warning", Text: text})
		return
	}
	t.mu.Lock()
	if len(t.mu.warnings) < t.MaxWarnings {
		t.mu.warnings = append(t.mu.warnings, Warning{number, text})
	}
	t.mu.Unlock()
}

// step counts work; now and then it looks whether the run goes on.
func (t *task) step() error {
	if t.steps++; t.steps&1023 == 0 {
		return t.check()
	}
	return t.failed
}

// check looks whether the run goes on.
func (t *task) check() error {
	if err := t.wanted(); err != nil {
		return err
	}
	if t.Deadline != 0 && t.Clock() > t.Deadline {
		t.fail(ErrRuntime)
	}
	return t.failed
}

// wanted looks the same without the clock.
func (t *task) wanted() error {
	if t.failed != nil {
		return t.failed
	}
	if e := t.killed.Load(); e != nil {
		t.fail(e)
		return e
	}
	if t.stop != nil && t.stop.Load() {
		t.fail(ErrClosed)
		return t.failed
	}
	if ctx := t.ctx.Load(); ctx != nil {
		select {
		case <-(*ctx).Done():
			t.fail(gone(*ctx))
		default:
		}
	}
	return t.failed
}

// gone says why a context ended.
func gone(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrRuntime
	}
	return ErrGone
}

// budgetStep is what a task takes from the budget of its run at a time, so that tasks do not meet at one counter.
const budgetStep = 64 << 10

// grow counts bytes that are held from now on.
func (t *task) grow(bytes int64) error {
	if t.spare -= bytes; t.spare >= 0 {
		return nil
	}
	take := -t.spare
	if t.Memory == 0 || t.Memory > 32*budgetStep {
		take += budgetStep
	}
	used := t.used.Add(take)
	t.spare += take
	if t.Memory > 0 && used > t.Memory {
		t.fail(ErrMemory)
		return ErrMemory
	}
	for {
		peak := t.peak.Load()
		if used <= peak || t.peak.CompareAndSwap(peak, used) {
			return nil
		}
	}
}

// shrink counts bytes that are no longer held.
func (t *task) shrink(bytes int64) {
	if t.spare += bytes; t.spare > 2*budgetStep {
		t.used.Add(budgetStep - t.spare)
		t.spare = budgetStep
	}
}

// growTransient counts what a function makes; the source that called it lets go of it with its block.
func (t *task) growTransient(bytes int) error {
	t.grown += int64(bytes)
	return t.grow(int64(bytes))
}

// hold counts what is held until the run ends, or is given back.
func (t *task) hold(bytes int) error {
	if bytes < 0 {
		t.shrink(int64(-bytes))
		return nil
	}
	return t.grow(int64(bytes))
}

// end gives the figures of the task to the run.
func (t *task) end() {
	t.mu.Lock()
	t.mu.stats.add(&t.stats)
	t.mu.Unlock()
	t.stats = Stats{}
	if t.spare > 0 {
		t.used.Add(-t.spare)
		t.spare = 0
	}
}

// internal is an error that a correct plan does not give.
func internal(format string, args ...any) error {
	return &Error{Number: 4, Code: "query-internal", Text: "internal error: " + fmt.Sprintf(format, args...)}
}
