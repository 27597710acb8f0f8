package mesh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sort"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/selvedge-db/selvedge/internal/env"
)

// Transport holds the streams of one location. Safe for concurrent use.
//
// Lock order: Transport.mu before nothing; it is held for a few instructions and never while a callback runs.
type Transport struct {
	cfg     Config
	links   *Links
	ctx     context.Context // ends with the transport
	cancel  context.CancelFunc
	unwatch func()
	wg      sync.WaitGroup // every goroutine of the transport outside gRPC

	mu       sync.Mutex
	closed   bool
	server   *grpc.Server
	address  net.Addr
	peers    map[string]*dialer
	sessions map[string]*session
	notes    map[string]*notes
	changed  chan struct{} // closed and replaced when a stream comes or goes
}

// notes are kept per peer over its streams.
type notes struct {
	since       time.Duration
	overflows   uint64
	breaks      uint64
	lastFailure string
}

// New makes a transport. It does nothing until Listen or SetPeers.
func New(cfg Config) (*Transport, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	t := &Transport{
		cfg: cfg, links: cfg.Links, ctx: ctx, cancel: cancel,
		peers:    map[string]*dialer{},
		sessions: map[string]*session{},
		notes:    map[string]*notes{},
		changed:  make(chan struct{}),
	}
	t.unwatch = t.links.Watch(t.linkChanged)
	t.wg.Go(t.tick)
	return t, nil
}

func (t *Transport) now() time.Duration { return t.cfg.Env.Clock.Monotonic() }

// Name is the name of this location.
func (t *Transport) Name() string { return t.cfg.Name }

// Start is the random number of this start.
func (t *Transport) Start() uint64 { return t.cfg.Start }

// StartOf is the random number of the start of the process that a stream is up to, 0 without one.
func (t *Transport) StartOf(peer string) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.sessions[peer]; s != nil {
		return s.info.Start
	}
	return 0
}

// Links are the links of this transport.
func (t *Transport) Links() *Links { return t.links }

// Listen takes streams and calls on an address; port 0 picks a free one. It gives the address in use.
func (t *Transport) Listen(address string) (net.Addr, error) {
	listener, err := t.cfg.Env.Net.Listen(t.ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("mesh: listening on %q: %w", address, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.server != nil {
		_ = listener.Close()
		if t.closed {
			return nil, ErrClosed
		}
		return nil, fmt.Errorf("mesh: already listening on %v", t.address)
	}
	t.server, t.address = newServer(t, t.cfg.Identity), listener.Addr()
	server := t.server
	t.wg.Go(func() { _ = server.Serve(listener) }) // ends with Stop, which also closes the listener
	return t.address, nil
}

// SetPeers names the locations to hold streams with. Streams with others that were peers before are ended; a stream that
// another member of the mesh opens towards this location is taken all the same (see Config.Admit). A peer with the name of
// this location is left out, so that every location can be given the same list.
func (t *Transport) SetPeers(peers []Peer) error {
	wanted := map[string]Peer{}
	for _, p := range peers {
		if err := checkName(p.Name); err != nil {
			return err
		}
		if _, _, err := net.SplitHostPort(p.Address); err != nil {
			return fmt.Errorf("mesh: address of %s: %w", p.Name, err)
		}
		if p.Name != t.cfg.Name {
			wanted[p.Name] = p
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	for name, d := range t.peers {
		if _, ok := wanted[name]; !ok {
			d.stop()
			delete(t.peers, name)
			if s := t.sessions[name]; s != nil {
				s.fail(fmt.Errorf("mesh: %s is no longer a peer", name))
			}
		}
	}
	for name, p := range wanted {
		if d := t.peers[name]; d != nil {
			d.setAddress(p.Address)
			continue
		}
		t.startDialer(p)
	}
	return nil
}

// Send queues a frame for a peer. It never blocks. nil means queued, not delivered.
func (t *Transport) Send(peer string, f Frame) error {
	if f.Class >= classes {
		return fmt.Errorf("mesh: unknown class %d", f.Class)
	}
	if len(f.Payload) > MaxFrame || len(f.Fabric) > maxFabric {
		return fmt.Errorf("%w: a payload of %d bytes (at most %d) for a fabric id of %d bytes (at most %d)",
			ErrTooLarge, len(f.Payload), MaxFrame, len(f.Fabric), maxFabric)
	}
	t.mu.Lock()
	s, closed := t.sessions[peer], t.closed
	t.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case s == nil:
		return ErrNotConnected
	}
	err := s.out.put(f)
	if errors.Is(err, ErrOverflow) {
		t.mu.Lock()
		t.note(peer).overflows++
		t.mu.Unlock()
	}
	return err
}

// note needs the lock.
func (t *Transport) note(peer string) *notes {
	n := t.notes[peer]
	if n == nil {
		n = &notes{}
		t.notes[peer] = n
	}
	return n
}

// WaitUp waits until a stream to the peer is up.
func (t *Transport) WaitUp(ctx context.Context, peer string) error {
	return t.wait(ctx, func() bool { return t.sessions[peer] != nil })
}

// WaitDown waits until no stream to the peer is up.
func (t *Transport) WaitDown(ctx context.Context, peer string) error {
	return t.wait(ctx, func() bool { return t.sessions[peer] == nil })
}

func (t *Transport) wait(ctx context.Context, holds func() bool) error {
	for {
		t.mu.Lock()
		ok, changed := holds(), t.changed
		t.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-t.ctx.Done():
			return ErrClosed
		}
	}
}

// Peers reports on the named peers and on those with a stream, by name.
func (t *Transport) Peers() []PeerStatus {
	t.mu.Lock()
	reports := map[string]PeerStatus{}
	for name, d := range t.peers {
		reports[name] = PeerStatus{Peer: Peer{name, d.currentAddress()}}
	}
	for name, s := range t.sessions {
		r, known := reports[name]
		if !known {
			r.Peer = Peer{name, s.info.Address}
		}
		r.State, r.Queued = "up", s.out.queued()
		reports[name] = r
	}
	list := make([]PeerStatus, 0, len(reports))
	for name, r := range reports {
		n := t.note(name)
		r.Since, r.Overflows, r.Breaks, r.LastFailure = n.since, n.overflows, n.breaks, n.lastFailure
		list = append(list, r)
	}
	t.mu.Unlock()
	for i := range list {
		r := &list[i]
		link := t.links.Link(t.cfg.Name, r.Name)
		r.RoundTrip, r.SentFrames, r.SentBytes = link.RoundTrip, link.Frames, link.Bytes
		switch {
		case !t.links.passable(t.cfg.Name, r.Name):
			r.State = "cut"
		case r.State == "":
			r.State = "down"
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// admit takes a session in, after the stream that it replaces, if any, has gone with its OnDown. Of two streams of one pair
// that dialled each other, the one dialled by the lower name stays; of two dialled by the same end, the newer.
func (t *Transport) admit(s *session) error {
	name := s.info.Name
	for {
		t.mu.Lock()
		if t.closed {
			t.mu.Unlock()
			return ErrClosed
		}
		current := t.sessions[name]
		if current == nil {
			t.sessions[name] = s
			t.note(name).since = t.now()
			t.broadcast()
			t.mu.Unlock()
			break
		}
		t.mu.Unlock()
		if current.info.Dialled != s.info.Dialled && current.info.Dialled == (t.cfg.Name < name) && !current.isFailed() {
			return fmt.Errorf("%w: %s and %s have one", ErrReplaced, t.cfg.Name, name)
		}
		current.fail(ErrReplaced)
		select {
		case <-current.done:
		case <-s.failed:
			return s.reason
		case <-t.ctx.Done():
			return ErrClosed
		}
	}
	t.links.markUp(t.cfg.Name, name, true)
	// The session is known now: a cut from here on finds it, one before shows here.
	if s.refresh(); s.isFailed() {
		t.release(s)
		close(s.done)
		return s.reason
	}
	return nil
}

// release lets a session go that has ended.
func (t *Transport) release(s *session) {
	t.links.markUp(t.cfg.Name, s.info.Name, false)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sessions, s.info.Name)
	n := t.note(s.info.Name)
	n.since, n.lastFailure = t.now(), s.reason.Error()
	n.breaks++
	t.broadcast()
	if d := t.peers[s.info.Name]; d != nil {
		d.wake(false)
	}
}

// broadcast needs the lock.
func (t *Transport) broadcast() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// linkChanged follows Links: a cut ends the stream at once, a heal wakes the dialler.
func (t *Transport) linkChanged(l Link) {
	peer := l.To
	switch t.cfg.Name {
	case l.From:
	case l.To:
		peer = l.From
	default:
		return
	}
	t.mu.Lock()
	s, d := t.sessions[peer], t.peers[peer]
	t.mu.Unlock()
	if s != nil {
		s.refresh()
	}
	if d != nil {
		d.wake(true)
	}
}

// tick is the one timer of an idle transport.
func (t *Transport) tick() {
	for env.Sleep(t.ctx, t.cfg.Env.Clock, t.cfg.Ping) == nil {
		now := t.now()
		t.mu.Lock()
		sessions := make([]*session, 0, len(t.sessions))
		for _, s := range t.sessions {
			sessions = append(sessions, s)
		}
		t.mu.Unlock()
		for _, s := range sessions {
			s.tick(now)
		}
	}
}

// Close ends all streams and calls, and waits for the last callback, or for ctx. It may be called again.
func (t *Transport) Close(ctx context.Context) error {
	t.unwatch()
	t.mu.Lock()
	t.closed = true
	server := t.server
	for _, s := range t.sessions {
		s.fail(ErrClosed)
	}
	t.mu.Unlock()
	t.cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if server != nil {
			server.Stop()
		}
		t.wg.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("mesh: closing: %w", ctx.Err())
	}
}
