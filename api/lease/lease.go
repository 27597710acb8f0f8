// Package lease keeps what outlives a request and belongs to one caller until it is given back, dropped or not asked
// for in time: cursors, interactive transactions and jobs.
//
// Guarantees:
//   - A thing is in one hand at a time: who holds it has it alone, and it does not expire meanwhile.
//   - A thing is ended exactly once, by Drop, by its time to live or by Close, never while somebody holds it: an end
//     that comes meanwhile waits for the holder. The end runs without a lock of the book.
//   - No more things of one tenant than the limit are kept at once, save for those that must be kept.
//   - Only its owner finds a thing; for all others it does not exist. Its number cannot be guessed.
//   - After Close nothing runs and nothing is kept.
//
// Not guaranteed: that a thing ends at the very moment its time is over; it does within a quarter of a second.
//
// Units: times to live are durations of the monotonic clock. Errors: ErrUnknown, ErrBusy, ErrFull and ErrClosed.
package lease

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// The errors of a book.
var (
	ErrUnknown = errors.New("nothing is kept under this number")
	ErrBusy    = errors.New("another request is using it")
	ErrFull    = errors.New("too many are open")
	ErrClosed  = errors.New("closed")
)

// Owner is who put a thing into a book, and where. The limit counts by tenant.
type Owner struct {
	Tenant, Fabric, User string
}

// Book keeps things of one kind.
type Book[T any] struct {
	clock env.Clock
	rand  env.Rand
	limit int
	end   func(T)

	mu      sync.Mutex
	entries map[uint64]*entry[T]
	counts  map[string]int
	closed  bool
	wake    chan struct{}
	sweeper sync.WaitGroup
	running bool
}

type entry[T any] struct {
	id      uint64
	owner   Owner
	item    T
	ttl     time.Duration
	until   time.Duration // of the monotonic clock
	held    bool
	dropped bool
	free    chan struct{} // closed when the holder lets go; made by who waits
}

// New makes a book. At most limit things of one tenant are kept at once; end is called for each at its end.
func New[T any](machine env.Env, limit int, end func(T)) *Book[T] {
	return &Book[T]{clock: machine.Clock, rand: machine.Rand, limit: limit, end: end, entries: map[uint64]*entry[T]{}, counts: map[string]int{},
		wake: make(chan struct{}, 1)}
}

// Put keeps a thing and gives its number. When it cannot, the thing is still the caller's. With must the limit does not
// count: for what cannot be taken back any more.
func (b *Book[T]) Put(owner Owner, item T, ttl time.Duration, must bool) (string, error) {
	e, err := b.put(owner, item, ttl, must, false)
	if err != nil {
		return "", err
	}
	return strconv.FormatUint(e.id, 10), nil
}

// Hold keeps a thing that stays in the caller's hand, who must give it back.
func (b *Book[T]) Hold(owner Owner, item T, ttl time.Duration) (*Held[T], error) {
	e, err := b.put(owner, item, ttl, false, true)
	if err != nil {
		return nil, err
	}
	return &Held[T]{Item: item, ID: strconv.FormatUint(e.id, 10), book: b, entry: e}, nil
}

func (b *Book[T]) put(owner Owner, item T, ttl time.Duration, must, held bool) (*entry[T], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, ErrClosed
	case b.counts[owner.Tenant] >= b.limit && !must:
		return nil, ErrFull
	}
	e := &entry[T]{id: b.number(), owner: owner, item: item, ttl: ttl, until: b.clock.Monotonic() + ttl, held: held}
	b.entries[e.id] = e
	b.counts[owner.Tenant]++
	b.sweep()
	return e, nil
}

// number makes up a number below 2^53, so that clients which read it as a number keep it whole.
func (b *Book[T]) number() uint64 {
	for {
		id := b.rand.Uint64() >> 11
		if _, taken := b.entries[id]; !taken && id > 1<<32 {
			return id
		}
	}
}

// Take gives a thing into the caller's hand, who must give it back. With wait it waits for another holder until the
// context ends; without, that is ErrBusy.
func (b *Book[T]) Take(ctx context.Context, owner Owner, id string, wait bool) (*Held[T], error) {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return nil, ErrUnknown
	}
	for {
		b.mu.Lock()
		e := b.entries[number]
		if e == nil || e.owner != owner || e.dropped || !e.held && e.until <= b.clock.Monotonic() {
			b.mu.Unlock()
			return nil, ErrUnknown
		}
		if !e.held {
			e.held = true
			b.mu.Unlock()
			return &Held[T]{Item: e.item, ID: id, book: b, entry: e}, nil
		}
		if !wait {
			b.mu.Unlock()
			return nil, ErrBusy
		}
		if e.free == nil {
			e.free = make(chan struct{})
		}
		free := e.free
		b.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return nil, ErrBusy
		}
	}
}

// Held is a thing in the hand of one request.
type Held[T any] struct {
	Item  T
	ID    string
	book  *Book[T]
	entry *entry[T]
}

// Return lays the thing back; its time begins anew.
func (h *Held[T]) Return() { h.book.release(h.entry, false) }

// Drop ends the thing.
func (h *Held[T]) Drop() { h.book.release(h.entry, true) }

func (b *Book[T]) release(e *entry[T], drop bool) {
	b.mu.Lock()
	e.held = false
	e.until = b.clock.Monotonic() + e.ttl
	if e.free != nil {
		close(e.free)
		e.free = nil
	}
	ends := drop || e.dropped || b.closed
	if ends {
		b.remove(e)
	} else {
		b.sweep()
	}
	b.mu.Unlock()
	if ends {
		b.end(e.item)
	}
}

// remove takes an entry out; the caller ends its item after unlocking.
func (b *Book[T]) remove(e *entry[T]) {
	delete(b.entries, e.id)
	if b.counts[e.owner.Tenant]--; b.counts[e.owner.Tenant] == 0 {
		delete(b.counts, e.owner.Tenant)
	}
}

// Drop ends a thing. One that is in use ends when its holder lets go, and is unknown from now on.
func (b *Book[T]) Drop(owner Owner, id string) error {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return ErrUnknown
	}
	b.mu.Lock()
	e := b.entries[number]
	if e == nil || e.owner != owner || e.dropped {
		b.mu.Unlock()
		return ErrUnknown
	}
	e.dropped = true
	if e.held {
		b.mu.Unlock()
		return nil
	}
	b.remove(e)
	b.mu.Unlock()
	b.end(e.item)
	return nil
}

// Peek gives a thing without taking it into the hand: only what never changes of it may be read.
func (b *Book[T]) Peek(owner Owner, id string) (item T, ok bool) {
	number, err := strconv.ParseUint(id, 10, 64)
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[number]
	if err != nil || e == nil || e.owner != owner || e.dropped {
		return item, false
	}
	return e.item, true
}

// List gives the numbers of the owner's things, in rising order.
func (b *Book[T]) List(owner Owner) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []uint64
	for id, e := range b.entries {
		if e.owner == owner && !e.dropped {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatUint(id, 10)
	}
	return out
}

// Evict ends all things whose owner matches; what is in use ends when its holder lets go.
func (b *Book[T]) Evict(match func(Owner) bool) {
	b.mu.Lock()
	var ended []T
	for _, e := range b.entries {
		if !match(e.owner) {
			continue
		}
		if e.dropped = true; !e.held {
			b.remove(e)
			ended = append(ended, e.item)
		}
	}
	b.mu.Unlock()
	for _, item := range ended {
		b.end(item)
	}
}

// Count is how many things of a tenant are kept.
func (b *Book[T]) Count(tenant string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[tenant]
}

// Len is how many things are kept.
func (b *Book[T]) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entries)
}

// Close ends everything that nobody holds; what is held ends when it is let go.
func (b *Book[T]) Close() {
	b.mu.Lock()
	b.closed = true
	ended := b.expired(1<<63 - 1)
	b.mu.Unlock()
	b.nudge()
	for _, item := range ended {
		b.end(item)
	}
	b.sweeper.Wait()
}

// expired takes out what nobody holds and whose time is over.
func (b *Book[T]) expired(now time.Duration) (ended []T) {
	for _, e := range b.entries {
		if !e.held && e.until <= now {
			b.remove(e)
			ended = append(ended, e.item)
		}
	}
	return ended
}

func (b *Book[T]) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// sweep makes sure that somebody looks for what is over. Nobody does while the book is empty.
func (b *Book[T]) sweep() {
	if b.running || b.closed {
		return
	}
	b.running = true
	b.sweeper.Go(b.run)
}

// sweepEvery bounds how long something is kept that is over.
const sweepEvery = 250 * time.Millisecond

func (b *Book[T]) run() {
	timer := b.clock.Timer(sweepEvery)
	defer timer.Stop()
	for {
		select {
		case <-timer.C():
		case <-b.wake:
		}
		b.mu.Lock()
		ended := b.expired(b.clock.Monotonic())
		if len(b.entries) == 0 || b.closed {
			b.running = false
		}
		goOn := b.running
		b.mu.Unlock()
		for _, item := range ended {
			b.end(item)
		}
		if !goOn {
			return
		}
		timer.Reset(sweepEvery)
	}
}
