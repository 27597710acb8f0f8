package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/api/lease"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
)

// SystemFabric is the fabric that every tenant has.
const SystemFabric = "_system"

// Limits bound what one request may ask, and what is kept between requests. Zero fields take the default.
type Limits struct {
	BodyBytes   int64         // of a request body; default 64 MiB
	Items       int           // of a bulk call or an atomic batch; default 100,000
	Page        int           // documents of one page; default 10,000
	Deadline    time.Duration // when the request names none; default 5 s
	DeadlineMax time.Duration // default 5 minutes
	Parallel    int           // commits of one bulk call under way at once; default 64

	Cursors      CursorLimits
	Transactions TransactionLimits
	Jobs         JobLimits
}

// CursorLimits bound queries and the cursors over their results. Counts and sizes are of one tenant.
type CursorLimits struct {
	Time       time.Duration // of a query whose request names no deadline; default 100 s
	TimeMost   time.Duration // of any query; default 1 h
	Open       int           // cursors that wait to be read; default 1,000
	Memory     int64         // bytes that they hold; default 1 GiB
	BatchBytes int           // of one batch: a longer one ends early; default 16 MiB
	TTLMost    time.Duration // how long a cursor may wait; default 1 h. Without a wish it is 30 s
}

// TransactionLimits bound interactive transactions.
type TransactionLimits struct {
	Open int           // of one tenant; default 64
	Idle time.Duration // after which one is rolled back; default 60 s
	Time time.Duration // likewise, however busy it is: it keeps old data on disk; default 1 h
	Size int64         // bytes that one writes; default 128 MiB, and no wish goes beyond
}

// JobLimits bound requests in the background and their kept answers, of one tenant.
type JobLimits struct {
	Kept   int           // default 100
	Size   int64         // bytes of one answer; default 8 MiB
	Memory int64         // bytes of all requests and answers; default 256 MiB. One request may have more
	TTL    time.Duration // how long an answer is kept; default 10 minutes
}

func (l *CursorLimits) orDefaults() {
	fill(&l.Time, 100*time.Second)
	fill(&l.Open, 1000)
	fill(&l.Memory, 1<<30)
	fill(&l.BatchBytes, 16<<20)
	fill(&l.TTLMost, time.Hour)
	fill(&l.TimeMost, time.Hour)
}

func (l *TransactionLimits) orDefaults() {
	fill(&l.Open, 64)
	fill(&l.Idle, time.Minute)
	fill(&l.Time, time.Hour)
	fill(&l.Size, 128<<20)
}

func (l *JobLimits) orDefaults() {
	fill(&l.Kept, 100)
	fill(&l.Size, 8<<20)
	fill(&l.Memory, 256<<20)
	fill(&l.TTL, 10*time.Minute)
}

// fill gives a limit that was left out its default.
func fill[T int | int64 | time.Duration](limit *T, value T) {
	if *limit <= 0 {
		*limit = value
	}
}

func (l Limits) orDefaults() Limits {
	fill(&l.BodyBytes, 64<<20)
	fill(&l.Items, 100_000)
	fill(&l.Page, 10_000)
	fill(&l.Deadline, 5*time.Second)
	fill(&l.DeadlineMax, 5*time.Minute)
	fill(&l.Parallel, 64)
	l.Cursors.orDefaults()
	l.Transactions.orDefaults()
	l.Jobs.orDefaults()
	return l
}

// Config is what the node gives.
type Config struct {
	Planet  Planet
	Access  *access.Access
	Queries *query.Engine
	Env     env.Env
	Version string
	Limits  Limits
}

// Service runs the verbs of one location. It is safe for concurrent use.
type Service struct {
	planet       Planet
	access       *access.Access
	clock        env.Clock
	version      string
	limits       Limits
	queries      *query.Engine
	counts       counts
	cursors      *lease.Book[*cursor]
	cursorMemory held
	transactions *lease.Book[*transaction]
	commits      sync.WaitGroup
	jobs         *lease.Book[*Job]
	jobMemory    held
	finished     finished
	states       states
}

// New makes a service. Close ends what it keeps between requests.
func New(cfg Config) *Service {
	s := &Service{planet: cfg.Planet, access: cfg.Access, clock: cfg.Env.Clock, version: cfg.Version, limits: cfg.Limits.orDefaults(), queries: cfg.Queries}
	s.cursorMemory.limit, s.jobMemory.limit = s.limits.Cursors.Memory, s.limits.Jobs.Memory
	s.cursors = lease.New(cfg.Env, s.limits.Cursors.Open, s.endCursor)
	s.transactions = lease.New(cfg.Env, s.limits.Transactions.Open, s.endTransaction)
	s.jobs = lease.New(cfg.Env, s.limits.Jobs.Kept, s.endJob)
	return s
}

// Close frees all cursors and rolls back all open transactions. Requests that still hold one end it.
func (s *Service) Close() {
	s.commits.Wait()
	s.cursors.Close()
	s.transactions.Close()
	s.jobs.Close()
}

// Attach gives a service its access, when that was not there yet as it was made. Before it only Health, Local and the
// clocks may be asked.
func (s *Service) Attach(a *access.Access) { s.access = a }

// Limits gives the limits in force.
func (s *Service) Limits() Limits { return s.limits }

// Now is the wall clock in Unix milliseconds, Monotonic a clock for spans.
func (s *Service) Now() int64               { return s.clock.WallMs() }
func (s *Service) Monotonic() time.Duration { return s.clock.Monotonic() }

// Envelope is what every request carries besides its verb. Empty fields mean
// that the request did not say.
type Envelope struct {
	Authorization string
	Local         bool   // the peer is on this machine, and no page of another site
	Tenant        string // from the path; the caller's own when empty
	Fabric        string // SystemFabric when empty
	Session       string
	Consistency   string // eventual, session (default); others are refused
	Deadline      string // a duration as Go writes it
	Idempotency   string
}

// Call is one request under way. It belongs to one goroutine.
type Call struct {
	Identity    access.Identity
	Tenant      string
	FabricName  string
	Fabric      *fabric.Fabric
	Idempotency string
	tokens      []section // of other fabrics, kept for the reply
	joined      *joined   // the transaction that the call takes part in
	seen        clock.Vector
}

// saw notes what a reply shows.
func (c *Call) saw(v clock.Vector) {
	if len(c.seen) == 0 {
		c.seen = v
		return
	}
	c.seen = c.seen.Max(v)
}

// Timeout reads a deadline header; an empty one gives the default.
func (s *Service) Timeout(text string) (time.Duration, error) {
	if text == "" {
		return s.limits.Deadline, nil
	}
	return deadline(text, s.limits.DeadlineMax)
}

// deadline reads a deadline header.
func deadline(text string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, Fail(BadParameter, "Selvedge-Deadline %s: want a duration above zero, as in 2s or 500ms", quote(text))
	}
	return min(d, most), nil
}

// Identify authenticates without a fabric.
func (s *Service) Identify(ctx context.Context, c *Call, e *Envelope) error {
	id, err := s.access.Authenticate(ctx, e.Authorization, e.Local)
	if err != nil {
		return AsError(err)
	}
	c.Identity, c.Tenant = id, id.Tenant
	if e.Tenant != "" && e.Tenant != id.Tenant {
		if !id.Admin() {
			return Fail(Forbidden, "the credential is of another tenant than %s", quote(e.Tenant))
		}
		c.Tenant = e.Tenant
	}
	return nil
}

// Begin authenticates, finds the fabric and waits for the session. The
// context must carry the deadline.
func (s *Service) Begin(ctx context.Context, c *Call, e *Envelope) error {
	if err := s.Identify(ctx, c, e); err != nil {
		return err
	}
	c.FabricName = e.Fabric
	if c.FabricName == "" {
		c.FabricName = SystemFabric
	}
	f, err := s.planet.Fabric(c.Tenant, c.FabricName)
	if err != nil {
		return AsError(err)
	}
	c.Fabric = f
	if len(e.Idempotency) > 256 {
		return Fail(BadParameter, "Idempotency-Key has %d bytes: at most 256", len(e.Idempotency))
	}
	if e.Idempotency != "" { // nobody is answered with another's reply
		c.Idempotency = c.Identity.Tenant + "/" + c.Identity.User + "/" + e.Idempotency
	}
	return s.await(ctx, c, e)
}

// await waits until this location has what the session has seen.
func (s *Service) await(ctx context.Context, c *Call, e *Envelope) error {
	wait := true
	switch e.Consistency {
	case "", "session":
	case "eventual":
		wait = false
	default:
		name, _, _ := strings.Cut(e.Consistency, ";")
		switch strings.TrimSpace(name) {
		case "bounded", "stable", "strong":
			return Fail(NotAvailable, "Selvedge-Consistency %s: eventual and session are there", quote(e.Consistency))
		}
		return Fail(BadParameter, "Selvedge-Consistency %s: want eventual or session", quote(e.Consistency))
	}
	if e.Session == "" {
		return nil
	}
	sections, err := parseSession(e.Session)
	if err != nil {
		return err
	}
	own, others := splitSession(sections, fabricHash(c.Tenant, c.FabricName))
	c.tokens, c.seen = others, own
	if !wait || len(own) == 0 {
		return nil
	}
	if err := c.Fabric.Await(ctx, own); err != nil {
		return AsError(err)
	}
	return nil
}

// quote shows a text of a request in a message, cut so that it stays short.
func quote(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most] + "..."
	}
	return "\"" + strings.ToValidUTF8(text, "\uFFFD") + "\""
}
