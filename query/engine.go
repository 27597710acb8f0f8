package query

import (
	"context"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/value"
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
}

// New makes an engine.
func New(c Config) *Engine {
	return &Engine{limits: c.Limits.orDefault(), clock: c.Clock, random: c.Random}
}

// Limits gives the limits with what was left out filled in.
func (e *Engine) Limits() Limits { return e.limits }

// Start begins a query. Without Options.Stream it returns when the result is complete; the context counts until then.
// The Execution must be closed.
func (e *Engine) Start(ctx context.Context, r Request) (*Execution, error) {
	return nil, &Error{Number: NumberInternal, Code: "query-not-built", Message: "queries cannot be run by this build"}
}

// Explain plans a query and tells how it would be carried out; with all, also what else was thought of.
func (e *Engine) Explain(ctx context.Context, r Request, all bool) (*Explanation, error) {
	return nil, &Error{Number: NumberInternal, Code: "query-not-built", Message: "queries cannot be run by this build"}
}

// Parse reads a query without running it, and without a schema.
func (e *Engine) Parse(text string) (*Parsed, error) {
	return nil, &Error{Number: NumberInternal, Code: "query-not-built", Message: "queries cannot be run by this build"}
}

// Running lists what runs now in a fabric, the oldest first; an empty name is all fabrics.
func (e *Engine) Running(fabric string) []QueryInfo { return nil }

// Slow lists the slow queries of a fabric, the oldest first.
func (e *Engine) Slow(fabric string) []QueryInfo { return nil }

// ClearSlow forgets them.
func (e *Engine) ClearSlow(fabric string) {}

// Kill stops a running query of a fabric. It fails with NumberNotFound when there is none of that ID.
func (e *Engine) Kill(fabric, id string) error { return nil }

// ClearPlans forgets all kept plans.
func (e *Engine) ClearPlans() {}

// Execution is a query that runs, or has run, with its result.
type Execution struct {
	id string
}

// ID names the execution in lists and to Kill.
func (x *Execution) ID() string { return x.id }

// Next appends up to max rows to dst as JSON, with commas between them, and says how many it appended and whether more
// are there. The context counts for this call; when it ends the query does.
func (x *Execution) Next(ctx context.Context, dst []byte, max int) (text []byte, n int, more bool, err error) {
	return dst, 0, false, nil
}

// Values gives up to max rows as values. Calls of Next and Values may alternate.
func (x *Execution) Values(ctx context.Context, max int) (rows []value.Value, more bool, err error) {
	return nil, false, nil
}

// Count is the number of rows of the whole result; false for a stream that has not come to its end.
func (x *Execution) Count() (int64, bool) { return 0, false }

// Stats are complete when no more rows are there.
func (x *Execution) Stats() Stats { return Stats{} }

// Warnings so far.
func (x *Execution) Warnings() []Warning { return nil }

// Profile is nil unless it was asked for; it is complete when no more rows are there.
func (x *Execution) Profile() *Profile { return nil }

// Close frees what the execution holds. It may be called twice.
func (x *Execution) Close() error { return nil }
