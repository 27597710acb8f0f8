package http

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// listener bounds connections and lets the first byte of each tell whether it
// speaks TLS. It looks at the first read, not in Accept, so that a silent
// caller holds nobody up.
type listener struct {
	net.Listener
	server *Server
}

// Accept waits for a free slot and the next connection.
func (l *listener) Accept() (net.Conn, error) {
	l.server.slots <- struct{}{}
	raw, err := l.Listener.Accept()
	if err != nil {
		<-l.server.slots
		return nil, err
	}
	return &conn{Conn: raw, server: l.server}, nil
}

// conn is a connection that speaks TLS when its first byte is that of a
// handshake record. The embedded one is the raw connection throughout.
type conn struct {
	net.Conn
	server *Server
	first  sync.Once
	fault  error
	tls    atomic.Pointer[tls.Conn]
	closed sync.Once
	used   atomic.Bool // something came over it
}

const handshakeRecord = 0x16

var errPlain = errors.New("plain HTTP is not served here, use https")

// Read gives what the caller sent, decrypted where needed.
func (c *conn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	got := 0
	c.first.Do(func() { got = c.sniff(b) })
	switch t := c.tls.Load(); {
	case c.fault != nil:
		return 0, c.fault
	case got > 0:
		return got, nil
	case t != nil:
		return t.Read(b)
	}
	return c.Conn.Read(b)
}

// Write sends to the caller, encrypted where needed.
func (c *conn) Write(b []byte) (int, error) {
	if t := c.tls.Load(); t != nil {
		return t.Write(b)
	}
	return c.Conn.Write(b)
}

// sniff reads for the first time; what a plain connection sent goes to the
// caller, what a TLS one sent goes to its handshake.
func (c *conn) sniff(b []byte) int {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.fault = err
		return 0
	}
	if b[0] != handshakeRecord || c.server.tls == nil {
		if c.server.tlsOnly {
			c.fault = errPlain
			return 0
		}
		return n
	}
	c.tls.Store(tls.Server(&replay{Conn: c.Conn, head: append([]byte(nil), b[:n]...)}, c.server.tls))
	return 0
}

// Close frees the slot, once.
func (c *conn) Close() error {
	defer c.closed.Do(func() { <-c.server.slots })
	if t := c.tls.Load(); t != nil {
		return t.Close()
	}
	return c.Conn.Close()
}

// replay gives bytes that were read already once more.
type replay struct {
	net.Conn
	head []byte
}

func (r *replay) Read(b []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(b, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	return r.Conn.Read(b)
}

// hostServed tells whether the Host header names this server: localhost, an
// IP literal, these with api- in front, or a configured name; with any port,
// in any case.
func (s *Server) hostServed(host string) bool {
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name = host[:i]
	}
	name = plainHost(name)
	if s.hosts[name] {
		return true
	}
	name = strings.TrimPrefix(name, "api-")
	if name == "localhost" {
		return true
	}
	if len(name) > 1 && name[0] == '[' && name[len(name)-1] == ']' {
		name = name[1 : len(name)-1]
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// plainHost is a host name as names are compared: case counts for nothing, nor
// does the dot of the root.
func plainHost(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// pages are what browsers open, and the origins that they, and nobody else in a browser, may act from.
type pages struct {
	handlers map[string]http.Handler
	mu       sync.Mutex
	until    time.Duration // monotonic, when what follows is to be found out again
	hosts    map[string]bool
	policy   string
}

// originsFor is for how long the addresses of the planet's locations are taken as known.
const originsFor = time.Second

// at finds the page of a path, nil when it is none: by the first segment, which is a plain word.
func (p *pages) at(path string) http.Handler {
	if len(path) < 1 || len(path) > 1 && path[1] == '_' {
		return nil
	}
	first, _, _ := strings.Cut(path[1:], "/")
	return p.handlers[first]
}

// own gives the hosts of the planet's locations with their ports, and the content security policy of pages, which may
// talk to these locations alone.
func (s *Server) own() (hosts map[string]bool, policy string) {
	p := &s.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	now := s.service.Monotonic()
	if p.hosts != nil && now < p.until {
		return p.hosts, p.policy
	}
	p.hosts, p.until = map[string]bool{}, now+originsFor
	connect := "'self'"
	for _, l := range s.service.Locations() {
		scheme, host, ok := strings.Cut(l.URL, "://")
		if host, _, _ = strings.Cut(host, "/"); !ok || !plainOrigin(host) || scheme != "http" && scheme != "https" {
			continue
		}
		connect += " " + scheme + "://" + host + " ws" + strings.TrimPrefix(scheme, "http") + "://" + host
		p.hosts[plainHost(host)] = true
		if port, here := loopback(host); here {
			for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
				p.hosts[name+port] = true
			}
		}
	}
	p.policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src " + connect +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return p.hosts, p.policy
}

// plainOrigin tells whether a host of the directory is fit to stand in a header.
func plainOrigin(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._:[]", r))
	})
}

// loopback tells whether a host names this machine, and gives its port with the colon.
func loopback(host string) (port string, here bool) {
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i:]
	}
	name = plainHost(name)
	a, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return port, name == "localhost" || err == nil && a.IsLoopback()
}

// foreign tells whether a page of another site than this planet's stands behind the request. Browsers say so; what is no
// browser says nothing. A page cannot choose what they say.
func (q *request) foreign() bool {
	origin := q.header("Origin")
	if origin == "" {
		switch q.header("Sec-Fetch-Site") {
		case "", "same-origin", "none":
			return false
		}
		return true
	}
	_, host, ok := strings.Cut(origin, "://")
	if !ok {
		return true // null: a page of no site
	}
	if strings.EqualFold(host, q.hr.Host) {
		return false
	}
	hosts, _ := q.server.own()
	return !hosts[plainHost(host)]
}

// show answers with a page for browsers.
func (q *request) show(h http.Handler) error {
	if q.hr.Method != http.MethodGet && q.hr.Method != http.MethodHead {
		return q.allow("GET, HEAD")
	}
	_, policy := q.server.own()
	head := q.w.Header()
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
	q.status = http.StatusOK
	h.ServeHTTP(&answered{q.w, &q.status}, q.hr)
	return nil
}

// answered remembers the status that a page answers with.
type answered struct {
	http.ResponseWriter
	status *int
}

// WriteHeader notes the status.
func (n *answered) WriteHeader(status int) {
	*n.status = status
	n.ResponseWriter.WriteHeader(status)
}
