package replication

import (
	"cmp"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// Spans, in milliseconds, unless said.
const (
	helloEvery    = 500   // until the peer has heard it
	beatBusy      = 50    // between heartbeats while something changes
	beatIdle      = 500   // between heartbeats otherwise
	deafAfter     = 2000  // without a word from a member, until others are asked
	passAgain     = 5000  // until the same claim is passed on once more
	assessEvery   = 5     // between computations of the stable point
	repairEvery   = 10    // between looks for what is missing
	directWait    = 200   // without entries from a peer that has more of its own log
	relayWait     = 20    // the same when there is no direct way to that log's owner
	reportEvery   = 1000  // between repeats of an evict report
	endEvery      = 5000  // between repeats of AppendMember
	chunkWait     = 2000  // for a chunk of a snapshot
	snapshotIdle  = 60000 // until a snapshot that nobody reads is closed
	snapshotYield = 5000  // the same when somebody else waits for his
	snapshotRetry = 500   // after a location had none to give
	applyRetry    = 30000 // until an entry that could not be applied is tried again
	chunksAhead   = 4     // chunks asked for at once
	maxSnapshots  = 2     // open at once
	pullCredit    = 1 << 20
	farAhead      = clock.MaxTime
)

// Machine replicates one fabric at one location. See the package comment.
//
// Invariants: handed is at least the durable vector; an origin's tail is at
// least its row of handed; what lies between is in its queue, without gaps.
type Machine struct {
	cfg      Config
	store    Store
	now      Instant
	progress Progress
	peers    []*peer   // sorted by name
	origins  []*origin // sorted by id
	handed   clock.Vector
	waiting  int // bytes in all queues
	effects  []Effect
	spare    []Effect
	recent   []sent // batches of the own log that were read last
	assess   assessment
	evict    evictions
	sink     sink
	sources  []*source
	repairAt int64
	alarms   []alarmed
	count    Counters
	rejected Rejected
}

// New makes a machine over what is durable in its fabric.
func New(cfg Config, store Store, now Instant) *Machine {
	cfg.MaxAhead = cmp.Or(cfg.MaxAhead, clock.DefaultMaxOffset)
	cfg.Window = cmp.Or(cfg.Window, 4<<20)
	cfg.BatchBytes = cmp.Or(cfg.BatchBytes, 256<<10)
	cfg.InboxBytes = cmp.Or(cfg.InboxBytes, 64<<20)
	m := &Machine{cfg: cfg, store: store, now: now}
	m.observe(store.Progress())
	m.sink.id, m.sink.next = m.progress.Partial.ID, m.progress.Partial.Next
	return m
}

// Tick tells that time has passed. It is wanted at NextWake at the latest.
func (m *Machine) Tick(now Instant) {
	if m.enter(now) {
		m.settle()
	}
}

// Progressed tells what is durable now: the own log grew, or entries that were
// applied became durable.
func (m *Machine) Progressed(now Instant, p Progress) {
	if m.enter(now) {
		m.observe(p)
		m.settle()
	}
}

// PeerUp tells that messages to and from a peer pass from now on.
func (m *Machine) PeerUp(now Instant, name string) {
	if !m.enter(now) {
		return
	}
	p := m.peer(name)
	p.open(now.Mono)
	m.hello(p)
	m.settle()
}

// PeerDown tells that messages no longer pass. Those under way are lost.
func (m *Machine) PeerDown(now Instant, name string) {
	if !m.enter(now) {
		return
	}
	p := m.peer(name)
	p.up, p.ready = false, false
	m.settle()
}

// Receive takes a message from a peer. The machine keeps it.
func (m *Machine) Receive(now Instant, name string, msg Message) {
	if !m.enter(now) {
		return
	}
	p := m.peer(name)
	if !p.up {
		return
	}
	if h, ok := msg.(Hello); ok {
		m.onHello(p, h)
	} else if p.ready {
		m.dispatch(p, msg)
	} else if r, ok := msg.(Refuse); ok {
		m.onRefuse(p, r)
	}
	m.settle()
}

func (m *Machine) dispatch(p *peer, msg Message) {
	switch msg := msg.(type) {
	case Entries:
		m.onEntries(p, msg)
	case Heartbeat:
		m.onHeartbeat(p, msg)
	case Said:
		m.onSaid(msg)
	case Credit:
		p.out.credit(msg)
	case Pull:
		m.onPull(p, msg)
	case SnapshotRequest:
		m.onSnapshotRequest(p, msg)
	case SnapshotChunk:
		m.onSnapshotChunk(p, msg)
	case EvictReport:
		m.onEvictReport(p, msg)
	case Refuse:
		m.onRefuse(p, msg)
	}
}

// Effects gives what is to be done since the last call. The slice is reused at
// the call after the next.
func (m *Machine) Effects() []Effect {
	out := m.effects
	clear(m.spare)
	m.effects, m.spare = m.spare[:0], out
	return out
}

// enter begins a step; false once this incarnation is rejected.
func (m *Machine) enter(now Instant) bool {
	now.Mono = max(now.Mono, m.now.Mono)
	m.now = now
	return m.rejected.Reason == 0
}

// settle draws the consequences of a step.
func (m *Machine) settle() {
	if m.rejected.Reason != 0 {
		return
	}
	m.drain()
	m.pump()
	if m.rejected.Reason != 0 {
		return
	}
	m.assessReports()
	m.stepEvictions()
	m.repair()
	m.stepSnapshots()
	m.beat()
}

func (m *Machine) emit(e Effect) { m.effects = append(m.effects, e) }

func (m *Machine) send(p *peer, msg Message) {
	if p.up && m.rejected.Reason == 0 {
		m.emit(Send{p.name, msg})
	}
}

// reject ends this incarnation.
func (m *Machine) reject(reason Reason, peer, text string) {
	if m.rejected.Reason == 0 {
		m.rejected = Rejected{reason, peer, text}
		m.emit(m.rejected)
	}
}

// alarmed is an alarm that was raised, and when.
type alarmed struct {
	code   AlarmCode
	origin clock.Origin
	peer   string
	at     int64
}

// alarm raises an alarm, at most each ten seconds for one cause.
func (m *Machine) alarm(code AlarmCode, peer string, o clock.Origin, text string) {
	const every, most = 10000, 64
	m.count.Alarms++
	for i := range m.alarms {
		if a := &m.alarms[i]; a.code == code && a.origin == o && a.peer == peer {
			if m.now.Mono-a.at >= every {
				a.at = m.now.Mono
				m.emit(Alarm{code, peer, o, text})
			}
			return
		}
	}
	if len(m.alarms) == most {
		m.alarms = slices.Delete(m.alarms, 0, 1)
	}
	m.alarms = append(m.alarms, alarmed{code, o, peer, m.now.Mono})
	m.emit(Alarm{code, peer, o, text})
}

// observe takes in what is durable.
func (m *Machine) observe(p Progress) {
	old := m.progress
	m.progress = p
	if !p.Vector.Equal(old.Vector) || p.OwnEnd != old.OwnEnd {
		m.assess.version++
	}
	m.assess.dirty = m.assess.dirty || m.assess.version != m.assess.seen || p.Vouched != old.Vouched
	if !p.Members.Same(old.Members) {
		m.assess.stands = p.Members.StateOf(m.cfg.Self) != 0
		m.membersChanged()
	}
	for _, row := range p.Vector {
		o := m.origin(row.Origin)
		m.handed.Raise(row.Origin, row.Time)
		if row.Time > o.tail {
			m.skipTo(o, row.Time)
		}
		m.release(o, row.Time)
		if o.state == member.Closed && row.Time > o.end {
			m.needSnapshot("the log of an evicted member is applied here beyond its end")
		}
	}
	m.sinkProgressed()
}

// membersChanged takes in a new table.
func (m *Machine) membersChanged() {
	t := m.progress.Members
	for _, mem := range t.Members() {
		o := m.origin(mem.Origin)
		if mem.State == member.Closed && (o.state != mem.State || o.end != mem.End) {
			m.drop(o)
			m.release(o, farAhead)
			if at := m.handed.At(o.id); at <= mem.End {
				m.handed = m.handed.Without(o.id).Clone()
			}
			o.tail = max(mem.End, m.handed.At(o.id))
		}
		o.state, o.end, o.joined = mem.State, mem.End, mem.Incarnation
	}
	if s := t.StateOf(m.cfg.Self); s >= member.Evicting {
		m.reject(Evicted, "", "this incarnation was evicted; come back as a new one")
		return
	}
	m.evict.leaving = t.Leaving()
	m.findNeeds()
	m.assess.version++ // also tell peers at once, a new member may be waiting
	for _, p := range m.peers {
		m.tellEvicted(p)
	}
}

// joining tells whether this location has no state yet.
func (m *Machine) joining() bool { return !m.assess.stands }

// peer finds a peer by name, and makes it when it is new.
func (m *Machine) peer(name string) *peer {
	i, ok := slices.BinarySearchFunc(m.peers, name, func(p *peer, n string) int { return cmp.Compare(p.name, n) })
	if !ok {
		m.peers = slices.Insert(m.peers, i, &peer{name: name})
	}
	return m.peers[i]
}

// origin finds the state of an origin, and makes it when it is new. Only
// origins of the vector and of the table are ever passed, so it is bounded.
func (m *Machine) origin(id clock.Origin) *origin {
	if o := m.known(id); o != nil {
		return o
	}
	i, _ := m.findOrigin(id)
	m.origins = slices.Insert(m.origins, i, &origin{id: id})
	return m.origins[i]
}

// known finds the state of an origin, or nil.
func (m *Machine) known(id clock.Origin) *origin {
	if i, ok := m.findOrigin(id); ok {
		return m.origins[i]
	}
	return nil
}

func (m *Machine) findOrigin(id clock.Origin) (int, bool) {
	return slices.BinarySearchFunc(m.origins, id, func(o *origin, id clock.Origin) int { return cmp.Compare(o.id, id) })
}

// within tells whether v has an entry, a closed log being had up to its end.
func (m *Machine) within(v clock.Vector, row clock.Row) bool {
	if v.At(row.Origin) >= row.Time {
		return true
	}
	o := m.known(row.Origin)
	return o != nil && o.state == member.Closed && row.Time <= o.end
}

// missing is the first row of w that v does not have.
func (m *Machine) missing(v, w clock.Vector) (clock.Row, bool) {
	i := 0
	for _, row := range w {
		for i < len(v) && v[i].Origin < row.Origin {
			i++
		}
		if i < len(v) && v[i].Origin == row.Origin && v[i].Time >= row.Time {
			continue
		}
		if !m.within(v, row) {
			return row, true
		}
	}
	return clock.Row{}, false
}
