package mesh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/selvedge-db/selvedge/internal/env"
)

// Waits of a dialler. The lower name of a pair dials; the higher one joins in when that brings no stream, because it may
// be the only one that can reach the other (behind address translation).
const (
	firstRetry    = 20 * time.Millisecond
	quickRetry    = 200 * time.Millisecond
	quickAttempts = 60
	slowRetry     = time.Second
	higherWaits   = 2 * time.Second
	steadyAfter   = time.Second // a stream that lived so long was no failure
)

// dialer keeps a stream to one peer.
type dialer struct {
	t    *Transport
	name string
	stop context.CancelFunc
	kick chan struct{}

	mu      sync.Mutex
	address string
	fresh   bool // the way has changed: forget earlier failures
}

// startDialer needs the lock of the transport.
func (t *Transport) startDialer(p Peer) {
	ctx, stop := context.WithCancel(t.ctx)
	d := &dialer{t: t, name: p.Name, stop: stop, kick: make(chan struct{}, 1), address: p.Address}
	t.peers[p.Name] = d
	t.wg.Go(func() {
		defer stop()
		d.run(ctx)
	})
}

func (d *dialer) currentAddress() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.address
}

func (d *dialer) setAddress(address string) {
	d.mu.Lock()
	changed := d.address != address
	d.address = address
	d.mu.Unlock()
	if changed {
		d.wake(true)
	}
}

// wake has the dialler look again; fresh says that there is reason to hope.
func (d *dialer) wake(fresh bool) {
	d.mu.Lock()
	d.fresh = d.fresh || fresh
	d.mu.Unlock()
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

func (d *dialer) takeFresh() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := d.fresh
	d.fresh = false
	return fresh
}

func (d *dialer) run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		if d.takeFresh() {
			failures = 0
		}
		if !d.needed() {
			select {
			case <-d.kick:
			case <-ctx.Done():
			}
			continue
		}
		if !d.pause(ctx, failures) || !d.needed() {
			continue
		}
		began := d.t.now()
		err := d.t.dial(ctx, d.name, d.currentAddress())
		if failures++; d.t.now()-began > steadyAfter && errors.Is(err, errEnded) {
			failures = 0
		}
		if err != nil && !errors.Is(err, errEnded) && !errors.Is(err, ErrReplaced) {
			d.t.mu.Lock()
			d.t.note(d.name).lastFailure = err.Error()
			d.t.mu.Unlock()
		}
	}
}

// needed tells whether there is a stream to be made now.
func (d *dialer) needed() bool {
	d.t.mu.Lock()
	up := d.t.sessions[d.name] != nil
	d.t.mu.Unlock()
	return !up && d.t.links.passable(d.t.cfg.Name, d.name)
}

// pause waits before the next attempt, with jitter so that many locations do not dial in step. It reports false when the
// wait was broken off by news, which wants another look.
func (d *dialer) pause(ctx context.Context, failures int) bool {
	var wait time.Duration
	switch {
	case failures == 0:
	case failures < quickAttempts:
		wait = min(firstRetry<<min(failures, 8), quickRetry)
	default:
		wait = slowRetry
	}
	wait -= time.Duration(d.t.cfg.Env.Rand.Uint64() % uint64(wait/2+1))
	if d.t.cfg.Name > d.name {
		wait += higherWaits
	}
	if wait == 0 {
		return ctx.Err() == nil
	}
	timer := d.t.cfg.Env.Clock.Timer(wait)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-d.kick:
	case <-ctx.Done():
	}
	return false
}

// errEnded marks a stream that was up, as against one that did not come about.
var errEnded = errors.New("mesh: stream ended")

// dial makes a stream and stays with it until it ends.
func (t *Transport) dial(ctx context.Context, name, address string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := t.connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	s, err := t.greet(ctx, cancel, conn, name)
	if err != nil {
		return fmt.Errorf("mesh: connecting to %s at %s: %w", name, address, err)
	}
	if err := t.admit(s); err != nil {
		return err
	}
	s.run()
	return fmt.Errorf("%w: %w", errEnded, s.reason)
}

// greet opens a stream and exchanges greetings, in bounded time. An emulated link costs it one round trip: real ones need
// more for TCP and TLS.
func (t *Transport) greet(ctx context.Context, cancel context.CancelFunc, conn *grpc.ClientConn, name string) (*session, error) {
	latency := t.links.latency(t.cfg.Name, name)
	limit, greeted := context.WithCancel(ctx)
	defer greeted()
	late := make(chan struct{})
	t.wg.Go(func() {
		if env.Sleep(limit, t.cfg.Env.Clock, connectTimeout+latency) == nil {
			close(late)
			cancel()
		}
	})
	s, err := t.greetUnbounded(ctx, cancel, conn, name, latency)
	select {
	case <-late:
		return nil, fmt.Errorf("%w: no greeting within %v", ErrTimeout, connectTimeout+latency)
	default:
		return s, err
	}
}

func (t *Transport) greetUnbounded(ctx context.Context, cancel context.CancelFunc, conn *grpc.ClientConn, name string, latency time.Duration) (*session, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, streamMethod)
	if err != nil {
		return nil, explain(err)
	}
	if latency > 0 {
		if err := env.Sleep(ctx, t.cfg.Env.Clock, latency); err != nil {
			return nil, err
		}
	}
	if !t.links.passable(t.cfg.Name, name) {
		return nil, ErrCut
	}
	// A failed send says only EOF; the reason comes from receiving.
	_ = stream.SendMsg(&outgoing{head: t.hello().encode()})
	var m incoming
	if err := stream.RecvMsg(&m); err != nil {
		return nil, explain(err)
	}
	h, err := decodeHello(m.bytes())
	m.release()
	if err != nil {
		return nil, err
	}
	info, err := t.checkHello(stream.Context(), h)
	if err != nil {
		return nil, err
	}
	if h.name != name {
		return nil, fmt.Errorf("%w: at this address stands location %s, not %s", ErrRefused, h.name, name)
	}
	info.Dialled = true
	return t.newSession(info, stream, cancel), nil
}

func (t *Transport) hello() hello {
	return hello{ProtocolVersion, t.cfg.Start, t.cfg.Name}
}

// checkHello holds a greeting against the certificate that came with the connection.
func (t *Transport) checkHello(ctx context.Context, h hello) (PeerInfo, error) {
	address, leaf, err := remote(ctx)
	if err != nil {
		return PeerInfo{}, err
	}
	switch {
	case !certifies(leaf, h.name):
		return PeerInfo{}, fmt.Errorf("%w: location %q showed the certificate of %q", ErrRefused, h.name, leaf.Subject.CommonName)
	case h.version != ProtocolVersion:
		return PeerInfo{}, fmt.Errorf("%w: location %s speaks mesh protocol %d, this one %d", ErrRefused, h.name, h.version, ProtocolVersion)
	case h.name == t.cfg.Name:
		return PeerInfo{}, fmt.Errorf("%w: the other end calls itself %s too", ErrRefused, h.name)
	}
	return PeerInfo{Name: h.name, Start: h.start, Version: h.version, Address: address}, nil
}
