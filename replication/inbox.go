package replication

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// incoming counts the bytes of a peer's stream. What came less what is held
// was consumed; what was lost counts as come when anything later comes.
type incoming struct {
	session    uint64
	generation uint32
	seen       uint64
	held       uint64
	credited   uint64
}

func (in *incoming) credit() Credit { return Credit{in.generation, in.seen - in.held} }

// lot is a batch that waits, or that was handed over and is not durable yet.
type lot struct {
	entries []codec.Entry
	next    int // the first that was not handed over
	bytes   int // on the wire
	memory  int // while it waits
	from    string
	stream  *peer // whose credit it takes, nil when pulled
	session uint64
	gen     uint32
}

func (l *lot) head() *codec.Entry { return &l.entries[l.next] }

func (l *lot) last() clock.Time { return l.entries[len(l.entries)-1].Stamp.Time }

// why an origin's first waiting entry cannot be applied.
type why uint8

const (
	free         why = iota
	onDependency     // row is missing here
	onFuture         // its stamp is too far ahead
	onEviction       // nothing that remains depends on it yet
	onSystem         // its location's log in the system fabric is behind
	onJoin           // its origin has not joined, as far as is known here
)

// block says what an origin's first waiting entry waits for, and since when.
type block struct {
	why   why
	entry clock.Time
	row   clock.Row
	since int64
}

// origin is the state of one origin's log here.
type origin struct {
	id      clock.Origin
	state   member.State
	end     clock.Time // when closed
	joined  clock.Time
	queue   []*lot
	flight  []*lot // handed over, not durable
	tail    clock.Time
	past    codec.Past   // of the entry at tail
	chain   uint32       // at tail
	loaded  bool         // past and chain are known
	deps    clock.Vector // of the entry handed over last: often the very same
	block   block
	arrived int64 // when tail last moved
	held    int64 // until then nothing is taken: its next entry cannot be applied
	gap     bool  // something later came
	need    clock.Time
	pull    pulling
	said    statement
}

// onEntries takes in a batch.
func (m *Machine) onEntries(p *peer, msg Entries) {
	if !msg.Pulled {
		in := &p.in
		if msg.Generation < in.generation {
			m.count.Dropped++
			return
		}
		if msg.Generation > in.generation {
			in.generation, in.seen, in.held, in.credited = msg.Generation, 0, 0, 0
		}
		in.seen = max(in.seen, msg.Sent+uint64(len(msg.Batch)))
	}
	id, after, _, err := codec.BatchHead(msg.Batch)
	if err != nil {
		m.alarm(AlarmMalformed, p.name, 0, "batch: "+err.Error())
		return
	}
	o := m.known(id)
	if o == nil || id == m.cfg.Self || o.state == 0 || o.state == member.Closed || m.now.Mono < o.held || m.joining() || m.sink.active {
		m.count.Dropped++
		return
	}
	if m.accept(o, p, msg, after) {
		o.arrived, o.gap = m.now.Mono, false
	}
	if msg.Pulled {
		m.pullAnswered(o, p, msg)
	}
}

// accept puts the batch into the queue when it continues what is here.
func (m *Machine) accept(o *origin, p *peer, msg Entries, after clock.Time) bool {
	limit := m.cfg.InboxBytes
	if msg.Pulled {
		limit += limit/4 + pullCredit // so that what others wait for comes in
	}
	// One entry may be larger than all that there is room for.
	least := 0
	if len(o.queue) == 0 && (msg.Pulled || m.waiting == 0) {
		least = 1
	}
	switch {
	case msg.Last <= o.tail:
		m.repeated(o, p, msg)
		return false
	case after > o.tail:
		o.gap = true
		m.count.Dropped++
		return false
	case least == 0 && m.waiting+len(msg.Batch) > limit:
		o.gap = true
		m.count.Overflows++
		return false
	}
	past, ok := m.pastAt(o, after)
	if !ok {
		m.count.Dropped++
		o.gap = true
		return false
	}
	b, err := codec.DecodeBatch(msg.Batch, past)
	if err != nil {
		m.alarm(AlarmMalformed, p.name, o.id, "batch: "+err.Error())
		return false
	}
	fresh, ok := m.continues(o, &b)
	if !ok {
		m.forked(o, p, fmt.Sprintf("the log that came has no entry %s with chain hash %08x", o.tail, o.chain))
		return false
	}
	n, size := fits(fresh, o.past.Deps, limit-m.waiting-len(msg.Batch), least)
	whole := n == len(fresh)
	if !whole {
		fresh = slices.Clone(fresh[:n])
		o.gap = true
		m.count.Overflows++
	}
	if n > 0 {
		m.enqueue(o, p, msg, fresh, len(msg.Batch)+size)
	}
	return whole
}

// fits tells how many entries, at least as many as said, fit into a room, and
// what they take beside their bytes on the wire: dependencies that are a few
// bytes there are a row per location here, unless they are those of the entry
// before.
func fits(entries []codec.Entry, deps clock.Vector, room, least int) (n, size int) {
	const perEntry, perRow = 128, 16
	for i := range entries {
		more := perEntry
		if e := &entries[i]; !same(deps, e.Deps) {
			more += perRow * len(e.Deps)
			deps = e.Deps
		}
		if size+more > room && i >= least {
			return i, size
		}
		size += more
	}
	return len(entries), size
}

// pastAt finds what the entry after (o, at) is coded against.
func (m *Machine) pastAt(o *origin, at clock.Time) (codec.Past, bool) {
	if !o.loaded {
		if o.tail > m.progress.Vector.At(o.id) && o.state != member.Closed {
			return codec.Past{}, false // applied, and known once it is durable
		}
		past, err := m.store.Past(o.id, o.tail)
		chain, ok := m.store.ChainAt(o.id, o.tail)
		if err != nil || !ok {
			m.alarm(AlarmStore, "", o.id, fmt.Sprintf("the head of this log at %s is not known here", o.tail))
			return codec.Past{}, false
		}
		o.past, o.chain, o.loaded = past, chain, true
	}
	if at == o.tail {
		return o.past, true
	}
	for _, l := range o.queue {
		i, ok := slices.BinarySearchFunc(l.entries, at, func(e codec.Entry, at clock.Time) int {
			return clock.Stamp{Time: e.Stamp.Time}.Compare(clock.Stamp{Time: at})
		})
		if ok {
			return l.entries[i].Past(), true
		}
	}
	if at > m.progress.Vector.At(o.id) {
		return codec.Past{}, false
	}
	past, err := m.store.Past(o.id, at)
	return past, err == nil
}

// continues cuts off what is here already; false when the batch is of another
// log: the entry at tail is not in it, or not with the same chain hash.
func (m *Machine) continues(o *origin, b *codec.Batch) ([]codec.Entry, bool) {
	if b.After == o.tail {
		return b.Entries, b.Follows(o.chain)
	}
	for i := range b.Entries {
		if e := &b.Entries[i]; e.Stamp.Time == o.tail {
			return b.Entries[i+1:], e.Chain == o.chain && i+1 < len(b.Entries)
		}
	}
	return nil, false
}

func (m *Machine) enqueue(o *origin, p *peer, msg Entries, fresh []codec.Entry, memory int) {
	l := &lot{entries: fresh, bytes: len(msg.Batch), memory: memory, from: p.name}
	if !msg.Pulled {
		l.stream, l.session, l.gen = p, p.in.session, p.in.generation
		p.in.held += uint64(l.bytes)
	}
	m.waiting += l.memory
	o.queue = append(o.queue, l)
	end := &fresh[len(fresh)-1]
	o.tail, o.past, o.chain = end.Stamp.Time, end.Past(), end.Chain
	m.count.EntriesReceived += uint64(len(fresh))
	m.count.BytesReceived += uint64(l.bytes)
	if len(m.evict.leaving) > 0 && o.state == member.Joined {
		for i := range fresh {
			m.needs(fresh[i].Deps)
		}
	}
}

// repeated checks entries that are here already: the same, or another log?
func (m *Machine) repeated(o *origin, p *peer, msg Entries) {
	m.count.Repeats++
	chain, ok := m.store.ChainAt(o.id, msg.Last)
	if !ok || msg.Last > m.progress.Vector.At(o.id) {
		return
	}
	b, err := codec.DecodeBatch(msg.Batch, codec.Past{})
	if err == nil && b.Entries[len(b.Entries)-1].Chain != chain {
		m.forked(o, p, fmt.Sprintf("another entry %s is here", msg.Last))
	}
}

// forked deals with a log that is not the one known here.
func (m *Machine) forked(o *origin, p *peer, text string) {
	if p.origin == o.id {
		m.refuse(p, Forked, o.id, text)
		return
	}
	m.alarm(AlarmIdentity, p.name, o.id, text)
}

// drain hands over all that can be applied.
func (m *Machine) drain() {
	if m.joining() || m.sink.active {
		return
	}
	var out []codec.Entry
	for again := true; again; {
		again = false
		for _, o := range m.origins {
			for len(o.queue) > 0 && m.ready(o) {
				out = append(out, m.take(o))
				again = true
			}
		}
	}
	if len(out) > 0 {
		m.count.EntriesApplied += uint64(len(out))
		m.emit(Apply{out})
	}
}

// take hands over the first waiting entry of an origin.
func (m *Machine) take(o *origin) codec.Entry {
	l := o.queue[0]
	e := *l.head()
	l.next++
	m.handed.Raise(o.id, e.Stamp.Time)
	o.deps, o.block = e.Deps, block{}
	if l.next == len(l.entries) {
		o.queue[0] = nil
		o.queue = o.queue[1:]
		o.flight = append(o.flight, l)
		m.waiting -= l.memory
	}
	return e
}

// ready tells whether the first waiting entry of an origin can be applied, and
// notes what it waits for when not.
func (m *Machine) ready(o *origin) bool {
	e := o.queue[0].head()
	b := &o.block
	if b.why == onDependency && b.entry == e.Stamp.Time && !m.within(m.handed, b.row) {
		return false
	}
	now := block{entry: e.Stamp.Time, since: m.now.Mono}
	switch {
	case o.state != member.Joined && o.state != member.Evicting:
		now.why = onJoin
	case o.state == member.Evicting && e.Stamp.Time > o.need:
		now.why = onEviction
	case clock.FutureStamp(e.Stamp.Time, m.now.Wall, m.progress.Lead, m.cfg.MaxAhead):
		now.why = onFuture
		m.alarm(AlarmFuture, o.queue[0].from, o.id, fmt.Sprintf("entry %s is ahead of the clock (%s) by more than %d ms", e.Stamp, clock.TimeOf(m.now.Wall), m.cfg.MaxAhead))
	case m.cfg.GateSystem && e.System > m.progress.System.At(o.id):
		now.why = onSystem
	default:
		if o.state == member.Evicting {
			m.needs(e.Deps)
		}
		if !same(o.deps, e.Deps) {
			if row, lacks := m.missing(m.handed, e.Deps); lacks {
				now.why, now.row = onDependency, row
				m.checkEnd(o, row)
			}
		}
	}
	if now.why == b.why && now.entry == b.entry && now.row == b.row {
		return now.why == free // keep since
	}
	*b = now
	return now.why == free
}

// checkEnd raises an alarm when a dependency can never come.
func (m *Machine) checkEnd(o *origin, row clock.Row) {
	if d := m.known(row.Origin); d != nil && d.state == member.Closed {
		m.alarm(AlarmBeyondEnd, "", o.id, fmt.Sprintf("an entry depends on %s of origin %s, whose log was ended at %s", row.Time, row.Origin, d.end))
	}
}

// same tells whether two vectors are one in memory, as those of entries are
// that saw nothing new in between.
func same(a, b clock.Vector) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// release gives back the credit of what is durable.
func (m *Machine) release(o *origin, upTo clock.Time) {
	n := 0
	for n < len(o.flight) && o.flight[n].last() <= upTo {
		m.free(o.flight[n])
		n++
	}
	if n > 0 {
		o.flight = slices.Delete(o.flight, 0, n)
	}
}

// free gives back the credit that a lot took.
func (m *Machine) free(l *lot) {
	if p := l.stream; p != nil && p.in.session == l.session && p.in.generation == l.gen {
		p.in.held -= uint64(l.bytes)
	}
}

// drop forgets what waits of an origin.
func (m *Machine) drop(o *origin) {
	for _, l := range o.queue {
		m.waiting -= l.memory
		m.free(l)
	}
	o.queue, o.block, o.loaded, o.deps = nil, block{}, false, nil
	o.tail = m.handed.At(o.id)
}

// NotApplied tells that an entry that was handed over could not be applied, and
// so none after it in its log, which ends at prev. With a reason, the log is
// held up for a while before it is tried again; without, the entry depends on
// such a one. All else goes on.
func (m *Machine) NotApplied(now Instant, at clock.Stamp, prev clock.Time, reason error) {
	if !m.enter(now) {
		return
	}
	o := m.known(at.Origin)
	if o == nil || prev >= m.handed.At(o.id) {
		return // the same of an entry before it was told already
	}
	m.handed = m.handed.Without(o.id).Clone()
	m.handed.Raise(o.id, prev)
	for i := len(o.flight) - 1; i >= 0 && o.flight[i].last() > prev; i-- {
		m.free(o.flight[i])
		o.flight = slices.Delete(o.flight, i, i+1)
	}
	m.drop(o)
	o.pull = pulling{}
	if reason == nil {
		return
	}
	o.held = m.now.Mono + applyRetry
	m.alarm(AlarmApply, "", o.id, fmt.Sprintf("entry %s cannot be applied, and holds up the log of origin %s; it is tried again each %d s (if its location runs a newer version, update this one): %v", at, o.id, applyRetry/1000, reason))
}

// skipTo goes on from a point that was reached without entries: at the start,
// and after a snapshot.
func (m *Machine) skipTo(o *origin, t clock.Time) {
	m.drop(o)
	o.tail = max(o.tail, t)
}
