package api

import (
	"context"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
)

// SystemFabric is the fabric that every tenant has.
const SystemFabric = "_system"

// Limits bound what one request may ask. Zero fields take the default.
type Limits struct {
	BodyBytes   int64         // of a request body; default 64 MiB
	Items       int           // of a bulk call or an atomic batch; default 100,000
	Page        int           // documents of one page; default 10,000
	Deadline    time.Duration // when the request names none; default 5 s
	DeadlineMax time.Duration // default 5 minutes
	Parallel    int           // commits of one bulk call under way at once; default 64
}

func (l Limits) orDefaults() Limits {
	set := func(p *int, d int) {
		if *p <= 0 {
			*p = d
		}
	}
	if l.BodyBytes <= 0 {
		l.BodyBytes = 64 << 20
	}
	if l.Deadline <= 0 {
		l.Deadline = 5 * time.Second
	}
	if l.DeadlineMax <= 0 {
		l.DeadlineMax = 5 * time.Minute
	}
	set(&l.Items, 100_000)
	set(&l.Page, 10_000)
	set(&l.Parallel, 64)
	return l
}

// Config is what the node gives.
type Config struct {
	Planet  Planet
	Access  *access.Access
	Clock   env.Clock
	Version string
	Limits  Limits
}

// Service runs the verbs of one location. It is safe for concurrent use.
type Service struct {
	planet  Planet
	access  *access.Access
	clock   env.Clock
	version string
	limits  Limits
}

// New makes a service.
func New(cfg Config) *Service {
	return &Service{planet: cfg.Planet, access: cfg.Access, clock: cfg.Clock, version: cfg.Version, limits: cfg.Limits.orDefaults()}
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
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, Fail(BadParameter, "Selvedge-Deadline %s: want a duration above zero, as in 2s or 500ms", quote(text))
	}
	return min(d, s.limits.DeadlineMax), nil
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
	if e.Idempotency != "" { // one tenant's user must not be answered with another's reply
		c.Idempotency = c.Identity.User + "/" + e.Idempotency
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
