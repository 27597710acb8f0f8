package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/internal/env"
)

// Config is what the node gives.
type Config struct {
	Service *api.Service
	Log     *slog.Logger
	// Registry is what /metrics shows; the server adds its own to it.
	Registry *prometheus.Registry
	// TLS, when set, is offered on the same port as plain HTTP.
	TLS *tls.Config
	// PlainRefused leaves TLS only.
	PlainRefused bool
	// Hosts are names served besides localhost, IP literals and api- before
	// these.
	Hosts []string
	// Connections bounds open connections; default 10,000.
	Connections int
	// Starting lets only the health pages answer until Open.
	Starting bool
	// Pages are for browsers, by the first segment of the path (as "console"; empty for the root). They get the whole path,
	// need no credentials, and may use GET and HEAD. What is nil is not there.
	Pages map[string]http.Handler
}

// Server answers HTTP at one location.
type Server struct {
	service  *api.Service
	log      *slog.Logger
	hosts    map[string]bool
	tls      *tls.Config
	tlsOnly  bool
	slots    chan struct{}
	http     *http.Server
	metrics  *metrics
	scrape   http.Handler
	pages    pages
	region   [1]string
	requests atomic.Uint64
	ending
	under    underway
	pool     sync.Pool
	fresh    fresh
	jobs     sync.WaitGroup // requests in the background
	starting atomic.Bool
}

// ending is what streams end by.
type ending struct {
	streams context.Context // ends at shutdown
	cut     context.CancelFunc
	live    atomic.Int64 // streams of mesh/live that are open
}

const (
	headerBytes   = 64 << 10
	headerTimeout = 10 * time.Second
	idleTimeout   = 3 * time.Minute
	readTimeout   = 5 * time.Minute // of a whole body; the verb has its own deadline
	closeWithin   = 2 * time.Second // at shutdown, for requests under way; others need the rest of the time
)

// New makes a server. Serve starts it.
func New(cfg Config) (*Server, error) {
	s := &Server{service: cfg.Service, log: cfg.Log, tls: cfg.TLS, tlsOnly: cfg.PlainRefused, pages: pages{handlers: cfg.Pages}}
	s.starting.Store(cfg.Starting)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if cfg.PlainRefused && cfg.TLS == nil {
		return nil, errors.New("http: refusing plain HTTP needs a TLS configuration")
	}
	if cfg.Connections <= 0 {
		cfg.Connections = 10_000
	}
	s.slots = make(chan struct{}, cfg.Connections)
	s.hosts = make(map[string]bool, 2*len(cfg.Hosts))
	for _, h := range cfg.Hosts {
		h = plainHost(h)
		s.hosts[h], s.hosts["api-"+h] = true, true
	}
	if cfg.Registry == nil {
		cfg.Registry = prometheus.NewRegistry()
	}
	s.metrics = newMetrics(cfg.Service)
	if err := cfg.Registry.Register(s.metrics); err != nil {
		return nil, fmt.Errorf("http: metrics: %w", err)
	}
	s.scrape = promhttp.HandlerFor(cfg.Registry, promhttp.HandlerOpts{})
	s.region[0] = cfg.Service.Local().Name
	s.streams, s.cut = context.WithCancel(context.Background())
	s.pool.New = func() any { return new(request) }
	s.under.open, s.under.end = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), BaseContext: func(net.Listener) context.Context { return s.under.open }, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, ReadTimeout: readTimeout,
		MaxHeaderBytes: headerBytes, ConnState: s.fresh.state, ErrorLog: slog.NewLogLogger(complaints{s.log.Handler()}, slog.LevelDebug)}
	return s, nil
}

// Serve answers on a listener until Shutdown; it returns nil then.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(&listener{Listener: l, server: s})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving HTTP on %s: %w", l.Addr(), err)
}

// Open begins to answer everything, on a server that was made Starting.
func (s *Server) Open() { s.starting.Store(false) }

// Shutdown stops accepting, ends the streams and closes connections that never
// asked anything, then waits for other requests: for 2 seconds or until the
// context ends. What runs still is cut off, and has let go of all when Shutdown
// returns; what does not within 2 more seconds is left to itself, with a warning.
func (s *Server) Shutdown(ctx context.Context) error {
	s.cut()
	s.fresh.close()
	ctx, cancel := context.WithTimeout(ctx, closeWithin)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		s.log.Warn("requests were cut off", "error", err)
		_ = s.http.Close() // it reports what Shutdown did
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	if !s.under.close(last) {
		s.log.Error("requests that were cut off go on")
	}
	s.jobs.Wait() // they were told to end
	return nil
}

// serve answers a request of a connection.
func (s *Server) serve(w http.ResponseWriter, hr *http.Request) {
	s.under.lock.RLock()
	defer s.under.lock.RUnlock()
	if s.under.open.Err() == nil {
		s.ServeHTTP(w, hr)
	}
}

// complaints is where the library writes what goes wrong on connections: mostly what others did, but also requests that
// failed badly, which end their connection alone.
type complaints struct{ slog.Handler }

func (c complaints) Enabled(context.Context, slog.Level) bool { return true }

func (c complaints) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "http: panic") {
		r.Level = slog.LevelError
	}
	if !c.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

// underway is the requests of connections.
type underway struct {
	lock sync.RWMutex // each request has a share of it
	open context.Context
	end  context.CancelFunc
}

// close ends them and waits for that; false when the context ended before.
func (u *underway) close(ctx context.Context) bool {
	u.end()
	all := make(chan struct{})
	go func() {
		u.lock.Lock()
		defer u.lock.Unlock()
		close(all)
	}()
	select {
	case <-all:
		return true
	case <-ctx.Done():
		return false
	}
}

// in is the point of time after a span, for deadlines of connections.
func (s *Server) in(d time.Duration) time.Time {
	return time.UnixMilli(env.RealClock().WallMs()).Add(d)
}

// fresh keeps the connections over which nothing came yet: the library waits
// for them at shutdown as if they were about to ask something.
type fresh struct {
	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
}

// state follows a connection.
func (f *fresh) state(c net.Conn, now http.ConnState) {
	our, ok := c.(*conn)
	if !ok || now != http.StateNew && our.used.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case now != http.StateNew:
		our.used.Store(true)
		delete(f.conns, our)
	case f.closed:
		_ = our.Conn.Close()
	default:
		if f.conns == nil {
			f.conns = map[*conn]struct{}{}
		}
		f.conns[our] = struct{}{}
	}
}

// close closes them; the slots are freed when the library notices.
func (f *fresh) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for c := range f.conns {
		_ = c.Conn.Close()
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	q := s.pool.Get().(*request)
	q.begin(s, w, hr)
	defer q.end()
	if !s.hostServed(hr.Host) {
		q.fail(api.Fail(api.Misdirected, "%s", quote(hr.Host)))
		return
	}
	if hr.Method == http.MethodOptions {
		q.preflight()
		return
	}
	route := q.route
	if s.starting.Load() {
		route = q.routeStarting
	}
	if err := route(); err != nil {
		q.fail(err)
	}
}
