package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// maxInFlight bounds the bytes on an emulated link: 32 MiB are 128 MiB/s at a delay of 250 ms.
const maxInFlight = 32 << 20

// rawStream is either end of a gRPC stream.
type rawStream interface {
	SendMsg(m any) error
	RecvMsg(m any) error
}

// session is one stream while it lives. One goroutine receives and owns it, one writes.
type session struct {
	t      *Transport
	info   PeerInfo
	stream rawStream
	cancel context.CancelFunc // ends the gRPC stream, or asks its handler to return
	out    *outbox
	failed chan struct{} // closed at the first failure
	done   chan struct{} // closed after OnDown

	once   sync.Once
	reason error // valid when failed is closed

	heard atomic.Int64 // monotonic nanoseconds
	pings pinger

	mu       sync.Mutex
	settings LinkSettings // of the direction that this end writes
	back     LinkSettings // of the other one
}

// pinger remembers when pings were sent, so that a late pong is not taken for that of a later ping.
type pinger struct {
	mu     sync.Mutex
	number uint64
	sent   map[uint64]time.Duration
}

func (t *Transport) newSession(info PeerInfo, stream rawStream, cancel context.CancelFunc) *session {
	s := &session{
		t: t, info: info, stream: stream, cancel: cancel,
		out:    newOutbox(t.cfg.QueueBytes),
		failed: make(chan struct{}),
		done:   make(chan struct{}),
	}
	s.pings.sent = map[uint64]time.Duration{}
	s.heard.Store(int64(t.now()))
	return s
}

// fail ends the session for a reason; only the first one counts. It does not wait.
func (s *session) fail(err error) {
	s.once.Do(func() {
		s.reason = err
		close(s.failed)
		s.out.close()
		s.cancel()
	})
}

func (s *session) isFailed() bool {
	select {
	case <-s.failed:
		return true
	default:
		return false
	}
}

// refresh takes over the link's settings as they are now. Reading them under the lock makes the last reader the newest.
func (s *session) refresh() {
	s.mu.Lock()
	s.settings = s.t.links.Get(s.t.cfg.Name, s.info.Name)
	s.back = s.t.links.Get(s.info.Name, s.t.cfg.Name)
	cut := s.settings.Cut || s.back.Cut
	s.mu.Unlock()
	if cut {
		s.fail(fmt.Errorf("%w between %s and %s", ErrCut, s.t.cfg.Name, s.info.Name))
		return
	}
	s.out.signal()
}

func (s *session) linkSettings() (there, back LinkSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings, s.back
}

// run lives as long as the session, which the transport has taken in. It returns after OnDown.
func (s *session) run() {
	s.t.cfg.Handler.OnUp(s.info)
	written := make(chan struct{})
	s.t.wg.Go(func() {
		defer close(written)
		s.fail(s.write())
	})
	s.tick(s.t.now())
	s.fail(s.receive())
	<-written
	s.t.cfg.Handler.OnDown(s.info.Name, s.reason)
	s.t.release(s)
	close(s.done)
}

func (s *session) receive() error {
	var parts assembler
	for {
		var m incoming
		if err := s.stream.RecvMsg(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return errors.New("mesh: the other end closed the stream")
			}
			return explain(err)
		}
		s.heard.Store(int64(s.t.now()))
		err := s.handle(&parts, m.bytes())
		m.release()
		if err != nil {
			return err
		}
	}
}

func (s *session) handle(parts *assembler, b []byte) error {
	if s.isFailed() {
		return s.reason
	}
	if len(b) == 0 {
		return malformed("empty message")
	}
	switch b[0] {
	case kindPing:
		return s.handlePing(b[1:])
	case kindPong:
		return s.handlePong(b[1:])
	case kindData:
		f, complete, err := parts.add(b)
		if err != nil || !complete {
			return err
		}
		s.t.cfg.Handler.OnFrame(s.info.Name, f)
		// Handling takes time that is not the other end's silence.
		s.heard.Store(int64(s.t.now()))
		return nil
	}
	return malformed(fmt.Sprintf("unknown kind %d", b[0]))
}

func (s *session) handlePing(b []byte) error {
	number, b, ok := cutUvarint(b)
	if !ok {
		return malformed("ping")
	}
	micros, _, ok := cutUvarint(b)
	if !ok {
		return malformed("ping")
	}
	// The dialling end measures and tells; a nonsense figure from it does no harm when bounded.
	if micros > 0 && micros < uint64(time.Hour/time.Microsecond) {
		s.t.links.observe(s.t.cfg.Name, s.info.Name, time.Duration(micros)*time.Microsecond)
	}
	s.out.putRaw(encodePong(number))
	return nil
}

func (s *session) handlePong(b []byte) error {
	number, _, ok := cutUvarint(b)
	if !ok {
		return malformed("pong")
	}
	s.pings.mu.Lock()
	at, known := s.pings.sent[number]
	delete(s.pings.sent, number)
	s.pings.mu.Unlock()
	if known {
		s.t.links.observe(s.t.cfg.Name, s.info.Name, s.t.now()-at)
		if number == 1 {
			// Tell the other end, which does not measure, at once.
			s.ping(s.t.now())
		}
	}
	return nil
}

// tick pings from the dialling end, and breaks a stream on which nothing was heard.
func (s *session) tick(now time.Duration) {
	there, back := s.linkSettings()
	limit := s.t.cfg.Timeout + there.OneWay + there.Jitter + back.OneWay + back.Jitter
	if silent := now - time.Duration(s.heard.Load()); silent > limit {
		s.fail(fmt.Errorf("%w: %s silent for %v", ErrTimeout, s.info.Name, silent.Round(time.Millisecond)))
		return
	}
	if s.info.Dialled {
		s.ping(now)
	}
}

func (s *session) ping(now time.Duration) {
	s.pings.mu.Lock()
	s.pings.number++
	number := s.pings.number
	if len(s.pings.sent) > 256 {
		clear(s.pings.sent)
	}
	s.pings.sent[number] = now
	s.pings.mu.Unlock()
	rtt := s.t.links.Link(s.t.cfg.Name, s.info.Name).RoundTrip
	s.out.putRaw(encodePing(number, uint64(rtt.Microseconds())))
}

// write sends what is queued, through the emulated link when one is set.
func (s *session) write() error {
	w := writer{session: s, link: NewEmulator[message](s.t.cfg.Env.Rand.Uint64()), timer: s.t.cfg.Env.Clock.Timer(time.Hour)}
	defer w.timer.Stop()
	for {
		select {
		case <-s.failed:
			return s.reason
		default:
		}
		wait, err := w.step()
		if err != nil {
			return err
		}
		if wait == 0 {
			continue
		}
		if wait > 0 {
			w.timer.Reset(wait)
		}
		select {
		case <-s.failed:
			return s.reason
		case <-s.out.wake:
		case <-w.timer.C():
		}
	}
}

// writer is the state of a session's writing goroutine.
type writer struct {
	*session
	link     *Emulator[message]
	timer    env.Timer
	there    LinkSettings
	back     LinkSettings
	inFlight int
}

// step moves what can be moved and tells how long to wait: 0 not at all, negative until woken.
func (w *writer) step() (wait time.Duration, err error) {
	if there, back := w.linkSettings(); there != w.there || back != w.back {
		w.there, w.back = there, back
		w.link.Configure(there, there.OneWay+back.OneWay)
	}
	if !w.there.delays() && w.link.InFlight() == 0 {
		m, ok := w.out.take()
		if !ok {
			return -1, nil
		}
		return 0, w.send(m)
	}
	now := w.t.now()
	for w.inFlight < maxInFlight {
		m, ok := w.out.take()
		if !ok {
			break
		}
		w.link.Push(now, m)
		w.inFlight += m.size()
	}
	for {
		m, ok := w.link.Pop(w.t.now())
		if !ok {
			break
		}
		w.inFlight -= m.size()
		if err := w.send(m); err != nil {
			return 0, err
		}
	}
	if due, ok := w.link.Next(); ok {
		return max(due-w.t.now(), 1), nil
	}
	return -1, nil
}

func (w *writer) send(m message) error {
	if w.isFailed() {
		return w.reason
	}
	if err := w.stream.SendMsg(&outgoing{m.head, m.body}); err != nil {
		if errors.Is(err, io.EOF) {
			// The reason for the end is what the receiving goroutine gets.
			return w.awaitReason()
		}
		return explain(err)
	}
	frames := 0
	if m.last {
		frames = 1
	}
	w.t.links.count(w.t.cfg.Name, w.info.Name, frames, m.size())
	return nil
}

func (w *writer) awaitReason() error {
	<-w.failed
	return w.reason
}
