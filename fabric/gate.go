package fabric

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/store/kv"
)

// gate says whether writes are taken, and if not, why. Several reasons may hold at once.
type gate struct {
	mu      sync.Mutex
	reasons map[string]*Error
	shown   atomic.Pointer[Error]
	closing atomic.Pointer[Error]
	failed  atomic.Pointer[error]
}

func (g *gate) init() { g.reasons = map[string]*Error{} }

// close adds a reason under a name; open takes it away.
func (g *gate) close(name, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reasons[name] = failure(ReadOnly, "%s", text)
	g.show()
}

// end closes the gate for good to what comes from now on; what has passed it is still sequenced.
func (g *gate) end(reason *Error) { g.closing.CompareAndSwap(nil, reason) }

func (g *gate) open(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.reasons, name)
	g.show()
}

// show publishes the first reason in one step: a gate that stays closed is never seen open.
func (g *gate) show() {
	var first *Error
	if names := sortedKeys(g.reasons); len(names) > 0 {
		first = g.reasons[names[0]]
	}
	g.shown.Store(first)
}

// check returns why writes are refused, nil when they are not.
func (g *gate) check() error {
	if e := g.closing.Load(); e != nil && g.failure() == nil {
		closed := *e
		return &closed
	}
	return g.admits()
}

// admits is check on the sequencing side: what queued before the fabric was closed is still sequenced, but what queued
// before writes were refused is not.
func (g *gate) admits() error {
	if err := g.failure(); err != nil {
		return err
	}
	if e := g.shown.Load(); e != nil {
		refused := *e
		return &refused
	}
	return nil
}

// fail latches a failure of the store; true the first time. Its text is for everybody, and tells nothing of the machine:
// who is told of the failure logs it.
func (g *gate) fail(err error) bool {
	text := "the store has failed and this location takes no more writes until it is restarted; its log says why"
	if errors.Is(err, kv.ErrFull) {
		text = "the disk is full: free room, then restart the location"
	}
	var latched error = failure(Failed, "%s", text).from(err)
	return g.failed.CompareAndSwap(nil, &latched)
}

func (g *gate) failure() error {
	if e := g.failed.Load(); e != nil {
		return *e
	}
	return nil
}

// RefuseWrites makes writes fail with ReadOnly until AllowWrites is called with the same name. The text says why
// and what to do. What is queued is refused too, save what is being sequenced at this moment.
func (f *Fabric) RefuseWrites(name, text string) { f.gate.close(name, text) }

// AllowWrites takes back a refusal.
func (f *Fabric) AllowWrites(name string) { f.gate.open(name) }

// WritesRefused is why writes are refused, nil when they are taken.
func (f *Fabric) WritesRefused() error { return f.gate.check() }

// Failure is why the store failed, nil while it works.
func (f *Fabric) Failure() error { return f.gate.failure() }

// signal wakes everyone who waits for something to become durable.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

func (s *signal) init() { s.ch = make(chan struct{}) }

func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ch
}

func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.ch)
	s.ch = make(chan struct{})
}

// String names the fabric in logs.
func (f *Fabric) String() string { return fmt.Sprintf("fabric %s", f.name) }
