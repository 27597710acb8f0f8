package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/rowset"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// QueryRequest is one query. A BatchSize of zero is QueryBatch, a TTL of zero QueryTTL.
type QueryRequest struct {
	Text      string
	Bind      value.Value // an object, or null
	BatchSize int
	TTL       time.Duration
	// Retry keeps the last batch, so that a caller who did not get it can ask for it again.
	Retry   bool
	Options QueryOptions
}

// QueryOptions are the options of a query.
type QueryOptions = query.Options

// Defaults of queries.
const (
	QueryBatch = 100
	QueryTTL   = 30 * time.Second
)

// QueryTimeout is Timeout for requests that run queries, which have more time when they do not say.
func (s *Service) QueryTimeout(text string) (time.Duration, error) {
	if text == "" {
		return s.limits.Cursors.Time, nil
	}
	return deadline(text, s.limits.Cursors.TimeMost)
}

// area is what the fabric of the call is called in the engine.
func (c *Call) area() string { return c.Tenant + "/" + c.FabricName }

// asked makes the engine's request of a caller's; access says what it may read and write.
func (s *Service) asked(c *Call, r *QueryRequest, access func(collection string, write bool) error) query.Request {
	state := s.states.of(c)
	out := query.Request{Text: r.Text, Bind: r.Bind, Fabric: state.area, Options: r.Options, Store: state.store, Access: access, User: c.Identity.User}
	if asksAttributes(r.Text) {
		if u, err := s.access.User(c.Identity.Tenant, c.Identity.User); err == nil {
			out.UserAttributes = u.Extra
		}
	}
	if c.joined != nil {
		out.Transaction = &writing{Transaction: c.joined.state}
	}
	return out
}

// asksAttributes tells whether a query may call CURRENT_USER_ATTRIBUTE: for the others nobody reads the user.
func asksAttributes(text string) bool {
	const name = "_ATTRIBUTE"
	for {
		at := strings.IndexByte(text, '_')
		if at < 0 || len(text)-at < len(name) {
			return false
		}
		if strings.EqualFold(text[at:at+len(name)], name) {
			return true
		}
		text = text[at+1:]
	}
}

// writing is a transaction as a query in it sees it: it knows whether the query has written.
type writing struct {
	*rowset.Transaction
	wrote bool
}

// Write implements rows.Transaction.
func (w *writing) Write(one rows.Write) (rows.Written, error) {
	done, err := w.Transaction.Write(one)
	w.wrote = w.wrote || err == nil
	return done, err
}

// reach says whether the call may read or write a collection in a query.
func (c *Call) reach(collection string, write bool) error {
	if err := c.open(collection); err != nil {
		return err
	}
	if c.joined != nil {
		_, err := c.joined.find(collection, write)
		return err
	}
	return nil
}

// Parsed is what is known of a query without running it.
type Parsed = query.Parsed

// ParseQuery reads a query and does not run it.
func (s *Service) ParseQuery(_ context.Context, _ *Call, text string) (*Parsed, error) {
	parsed, err := s.queries.Parse(text)
	if err != nil {
		return nil, AsError(err)
	}
	return parsed, nil
}

// Explanation is how a query would be carried out.
type Explanation = query.Explanation

// Explain plans a query and does not run it; with all, it also tells what else was thought of.
func (s *Service) Explain(ctx context.Context, c *Call, r *QueryRequest, all bool) (*Explanation, error) {
	e, err := s.queries.Explain(ctx, s.asked(c, r, c.reach), all)
	if err != nil {
		return nil, AsError(err)
	}
	return e, nil
}

// QueryInfo is a query that runs, or one that took long.
type QueryInfo = query.QueryInfo

// RunningQueries lists what runs in the fabric at this location, SlowQueries what took long.
func (s *Service) RunningQueries(_ context.Context, c *Call) []QueryInfo {
	return s.queries.Running(c.area())
}

// SlowQueries lists what took long, the oldest first.
func (s *Service) SlowQueries(_ context.Context, c *Call) []QueryInfo {
	return s.queries.Slow(c.area())
}

// ClearSlowQueries forgets what took long.
func (s *Service) ClearSlowQueries(_ context.Context, c *Call) { s.queries.ClearSlow(c.area()) }

// Tracking is what is noted of queries in a fabric.
type Tracking = query.Tracking

// QueryTracking tells what is noted of queries of the fabric at this location.
func (s *Service) QueryTracking(_ context.Context, c *Call) Tracking {
	return s.queries.Tracking(c.area())
}

// SetQueryTracking changes it, until the process ends. The lists grow no longer than the configuration allows.
func (s *Service) SetQueryTracking(_ context.Context, c *Call, t Tracking) Tracking {
	s.queries.SetTracking(c.area(), t)
	return s.queries.Tracking(c.area())
}

// Function describes a function of the query language, Rule one of the planner.
type (
	Function = query.Function
	Rule     = query.Rule
)

// Functions lists the functions of the query language.
func (s *Service) Functions() []Function { return query.Functions() }

// Rules lists the rules of the planner.
func (s *Service) Rules() []Rule { return query.Rules() }

// KillQuery ends a running query.
func (s *Service) KillQuery(_ context.Context, c *Call, id string) error {
	return orNil(s.queries.Kill(c.area(), id))
}

// counts are of queries since the start.
type counts struct{ started, failed atomic.Uint64 }

// start runs a query.
func (s *Service) start(ctx context.Context, c *Call, r query.Request) (*query.Execution, error) {
	s.counts.started.Add(1)
	run, err := s.queries.Start(ctx, r)
	if err != nil {
		return nil, s.failedQuery(ctx, c, r.Transaction, err)
	}
	return run, nil
}

// failedQuery is the error of a query. One that has written in a transaction dooms it, as that is not taken back.
func (s *Service) failedQuery(ctx context.Context, c *Call, in rows.Transaction, err error) *Error {
	s.counts.failed.Add(1)
	e := AsError(err)
	if e.Code == QueryKilled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e = Fail(DeadlineExceeded, "the query was ended; Selvedge-Deadline gives it more time")
	}
	e.Index = -1
	if w, ok := in.(*writing); ok && w.wrote && c.joined != nil {
		c.joined.doom("a query that writes failed halfway: " + e.Message)
	}
	return e
}

// Figures are what a location shows of its queries.
type Figures struct {
	Started, Failed                            uint64
	Running, Slow, Cursors, Transactions, Jobs int
	CursorBytes                                int64
}

// Figures counts queries and what is open.
func (s *Service) Figures() Figures {
	return Figures{Started: s.counts.started.Load(), Failed: s.counts.failed.Load(), Running: len(s.queries.Running("")), Slow: len(s.queries.Slow("")),
		Cursors: s.cursors.Len(), Transactions: s.transactions.Len(), Jobs: s.jobs.Len(), CursorBytes: s.cursorMemory.total()}
}

// fromQuery makes an error of the catalogue of the engine's.
func fromQuery(err error) (*Error, bool) {
	var qe *query.Error
	if !errors.As(err, &qe) {
		return nil, false
	}
	text := qe.Error()
	if qe.Excerpt != "" {
		text += "\n" + qe.Excerpt
	}
	for _, r := range append(queryRows(), Catalogue()...) { // those of queries first
		if r.Num == qe.Number {
			e := queryWrap(r.Code, strings.TrimPrefix(text, r.Text+": "), qe)
			e.RetryAfter = r.Retry
			return e, true
		}
	}
	e := queryWrap(QueryFailed, text, qe)
	e.Num = qe.Number
	return e, true
}

func queryWrap(c Code, text string, cause error) *Error {
	e := Fail(c, "%s", text)
	e.cause = cause
	return e
}

// states are the fabrics as queries see them: one for each, so that plans fit from one query to the next.
type states struct {
	mu     sync.RWMutex
	byName map[fabricName]opened
}

type fabricName struct{ tenant, name string }

type opened struct {
	fabric *fabric.Fabric
	store  *rowset.Store
	area   string // kept, as making it for each query costs
}

// of gives the states of the call's fabric. Those of a fabric that was dropped go when one of its name is made anew.
func (s *states) of(c *Call) opened {
	name := fabricName{c.Tenant, c.FabricName}
	s.mu.RLock()
	have := s.byName[name]
	s.mu.RUnlock()
	if have.fabric == c.Fabric {
		return have
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if have = s.byName[name]; have.fabric == c.Fabric {
		return have
	}
	if s.byName == nil {
		s.byName = map[fabricName]opened{}
	}
	have = opened{fabric: c.Fabric, store: rowset.New(c.Fabric, rowset.Options{Hidden: hidden}), area: c.area()}
	s.byName[name] = have
	return have
}

// drop forgets the states of a fabric.
func (s *states) drop(tenant, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byName, fabricName{tenant, name})
}
