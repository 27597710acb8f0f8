package query

import (
	"context"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// Config is what an Engine is made of.
type Config struct {
	Limits Limits
	Clock  env.Clock
	Random env.Rand
}

// Engine runs queries.
type Engine struct {
	limits Limits
	clock  env.Clock
	random env.Rand
	plans  cache
	list   registry
	host   host
}

// host is what executions are given of the machine, made once.
type host struct {
	now    func() time.Duration
	random func() uint64
	sleep  func(ctx context.Context, seconds float64) error
}

// New makes an engine.
func New(c Config) *Engine {
	e := &Engine{limits: c.Limits.orDefault(), clock: c.Clock, random: c.Random}
	e.host = host{now: e.clock.Monotonic, sleep: e.sleep}
	if e.random != nil {
		e.host.random = e.random.Uint64
	}
	e.plans.begin(e.limits.CachedPlans)
	e.list.begin(&e.limits, e.clock)
	return e
}

func (e *Engine) sleep(ctx context.Context, seconds float64) error {
	const most = 3600
	return env.Sleep(ctx, e.clock, time.Duration(min(seconds, most)*float64(time.Second)))
}

// Limits gives the limits with what was left out filled in.
func (e *Engine) Limits() Limits { return e.limits }

// Start begins a query. Without Options.Stream it returns when the result is complete; the context counts until then.
// The Execution must be closed.
func (e *Engine) Start(ctx context.Context, r Request) (*Execution, error) {
	x := &Execution{e: e, r: r}
	if err := e.list.admit(ctx, x); err != nil {
		return nil, err
	}
	if err := x.first(ctx); err != nil {
		return nil, err
	}
	e.list.rest(x)
	return x, nil
}

// Running lists what runs now in a fabric, the oldest first; an empty name is all fabrics.
func (e *Engine) Running(fabric string) []QueryInfo { return e.list.current(fabric) }

// Slow lists the slow queries of a fabric, the oldest first.
func (e *Engine) Slow(fabric string) []QueryInfo { return e.list.slowOnes(fabric) }

// ClearSlow forgets them.
func (e *Engine) ClearSlow(fabric string) { e.list.clearSlow(fabric) }

// Tracking is what is noted of queries in a fabric.
type Tracking struct {
	Enabled, Slow, BindVars bool
	SlowAfter               time.Duration
	SlowQueries, SlowText   int // of Limits at most
}

// Tracking tells what is noted of the queries of a fabric, SetTracking changes it until the process ends.
func (e *Engine) Tracking(fabric string) Tracking { return e.list.trackingOf(fabric) }

// SetTracking is explained above.
func (e *Engine) SetTracking(fabric string, t Tracking) { e.list.setTracking(fabric, t) }

// Kill stops a running query of a fabric. It fails with NumberNotFound when there is none of that ID.
func (e *Engine) Kill(fabric, id string) error {
	x := e.list.find(fabric, id)
	if x == nil {
		return &Error{Number: NumberNotFound, Code: "query-not-found", Message: "query not found: no query with the id " + id + " runs here"}
	}
	x.kill()
	return nil
}

// ClearPlans forgets all kept plans.
func (e *Engine) ClearPlans() { e.plans.clear() }

// Plans is the number of kept plans, and how often one was found and not found.
func (e *Engine) Plans() (kept int, hits, misses uint64) { return e.plans.figures() }
