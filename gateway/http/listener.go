package http

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
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
