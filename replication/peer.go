package replication

import (
	"errors"
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// peer is another location, and the session with it. ready means that its
// hello was heard and nothing is wrong with it.
type peer struct {
	name    string
	up      bool
	ready   bool
	joining bool
	refused Reason // what it was told in this session
	origin  clock.Origin
	feature uint32
	start   uint64
	starts  []uint64 // earlier start numbers of the same incarnation
	hellos  hellos
	readyAt int64
	heard   heard
	out     outgoing
	in      incoming
	beatAt  int64
	beatVer uint64 // version of the vector that it was told
	passed  []passed
}

// hellos is how far the greeting is.
type hellos struct {
	greeted bool // the peer has echoed our start number
	at      int64
	given   uint32 // how many were sent to it since our start
	taken   uint32 // Count of its newest, of its present start number
}

// heard is what a peer's heartbeats say.
type heard struct {
	vector clock.Vector
	end    clock.Time
	mono   int64 // its clock, to be echoed; -1 when none came
	at     int64
	rtt    int64 // smoothed
	timed  bool  // rtt is measured
	offset int64 // its wall clock less ours
}

// open begins a session.
func (p *peer) open(now int64) {
	p.up, p.ready, p.hellos.greeted, p.refused = true, false, false, 0
	p.heard.mono, p.hellos.at = -1, now
	p.in, p.passed = incoming{session: p.in.session + 1}, nil
}

const firstRTT = 50 // milliseconds, until it is measured

func (p *peer) rtt() int64 {
	if p.heard.timed {
		return p.heard.rtt
	}
	return firstRTT
}

// hello says who we are.
func (m *Machine) hello(p *peer) {
	h := Hello{
		Protocol: Protocol, Feature: m.cfg.Feature, Location: m.cfg.Location, Fabric: m.cfg.Fabric,
		Origin: m.cfg.Self, Joining: m.joining() || m.sink.active, Start: m.cfg.Start, Wall: m.now.Wall,
		Vector: m.progress.Vector, End: m.progress.OwnEnd, Chain: m.progress.OwnChain,
	}
	if p.ready || p.refused != 0 {
		h.Echo = p.start
	}
	their := p.origin
	if their == 0 {
		if mem, ok := m.progress.Members.ByName(p.name); ok {
			their = mem.Origin
		}
	}
	if at := m.progress.Vector.At(their); at > 0 {
		if chain, ok := m.store.ChainAt(their, at); ok {
			h.KnownOf, h.Known, h.KnownChain = their, at, chain
		}
	}
	p.hellos.given++
	h.Count = p.hellos.given
	p.hellos.at = m.now.Mono
	m.send(p, h)
}

// onHello opens the session, or refuses it.
func (m *Machine) onHello(p *peer, h Hello) {
	if h.Fabric != m.cfg.Fabric || h.Protocol != Protocol || h.Location != p.name {
		m.refuse(p, WrongFabric, h.Origin, fmt.Sprintf("this is fabric %q, protocol %d, and expects location %q: not fabric %q, protocol %d, location %q",
			m.cfg.Fabric, Protocol, p.name, h.Fabric, h.Protocol, h.Location))
		return
	}
	if h.Origin == m.cfg.Self {
		m.refuse(p, TwoLive, h.Origin, fmt.Sprintf("origin %s is location %q", h.Origin, m.cfg.Location))
		return
	}
	if p.start == h.Start && h.Count <= p.hellos.taken {
		return // overtaken, or came twice
	}
	fresh := !p.ready || p.start != h.Start || p.origin != h.Origin
	if !m.identify(p, h) {
		return
	}
	p.hellos.greeted = p.hellos.greeted || h.Echo == m.cfg.Start
	p.feature = h.Feature
	p.heard.offset = h.Wall + p.rtt()/2 - m.now.Wall
	if fresh || h.Vector.Dominates(p.heard.vector) {
		p.heard.vector, p.heard.end, p.heard.at = h.Vector, h.End, m.now.Mono
	}
	if !p.ready {
		p.ready, p.readyAt = true, m.now.Mono
	}
	if fresh {
		p.joining = h.Joining
		p.out.rewind(h.Vector.At(m.cfg.Self))
	}
	if fresh || h.Echo != m.cfg.Start {
		m.hello(p)
	}
	if fresh {
		p.beatAt, p.beatVer = m.now.Mono-beatIdle, 0
		m.evict.told = nil
	}
}

// setJoining follows a peer that has got its state: from there it wants
// entries, and no more of a snapshot.
func (m *Machine) setJoining(p *peer, joining bool, v clock.Vector) {
	if p.joining && !joining {
		m.closeSources(func(s *source) bool { return s.peer == p.name })
		p.out.rewind(v.At(m.cfg.Self))
	}
	p.joining = joining
}

// identify compares what a hello says of the sender's log, and of ours, with
// what is here.
func (m *Machine) identify(p *peer, h Hello) bool {
	if h.KnownOf != m.cfg.Self {
		h.Known = 0 // of an earlier incarnation of this location
	}
	if h.Known != 0 || h.Vector.At(m.cfg.Self) != 0 {
		if !m.ownLogHolds(p, max(h.Known, h.Vector.At(m.cfg.Self))) {
			return false
		}
		if h.Known != 0 && !m.sameLog(h.Known, h.KnownChain) {
			m.reject(Forked, p.name, fmt.Sprintf("%s knows another log of this incarnation at %s", p.name, h.Known))
			return false
		}
	}
	if p.origin == h.Origin && p.start != 0 && p.start != h.Start {
		if p.ready || slices.Contains(p.starts, h.Start) {
			m.refuse(p, TwoLive, h.Origin, fmt.Sprintf("start numbers %016x and %016x are both alive", p.start, h.Start))
			return false
		}
		const most = 16
		p.starts = append(p.starts[max(0, len(p.starts)-most+1):], p.start)
	} else if p.origin != h.Origin {
		p.starts = nil
	}
	p.origin, p.start, p.hellos.taken = h.Origin, h.Start, h.Count
	if m.tellEvicted(p) {
		return false
	}
	// When more of its log is known here than it says to have, it may have
	// committed since it said so, and another have passed that on. Our hello and
	// heartbeats tell it what is known, and it compares that with its disk.
	if h.End == 0 || m.progress.Vector.At(h.Origin) < h.End {
		return true
	}
	if chain, ok := m.store.ChainAt(h.Origin, h.End); ok && chain != h.Chain {
		m.refuse(p, Forked, h.Origin, fmt.Sprintf("your log has chain hash %08x at %s, here it is %08x", h.Chain, h.End, chain))
		return false
	}
	return true
}

// sameLog tells whether our own log is, at a point before its end, what
// another knows of it.
func (m *Machine) sameLog(at clock.Time, chain uint32) bool {
	if mine, ok := m.store.ChainAt(m.cfg.Self, at); ok {
		return mine == chain
	}
	// The entry is trimmed, or never was here; then what follows does not follow it.
	_, _, err := m.store.Read(m.cfg.Self, at, 1)
	return !errors.Is(err, ErrUnlinked)
}

// ownLogHolds rejects this incarnation when a peer knows more of its log than
// is durable here: only durable entries were ever sent. Between the chunks of a
// snapshot its log is as it was before the first of them.
func (m *Machine) ownLogHolds(p *peer, t clock.Time) bool {
	if t <= max(m.progress.OwnEnd, m.progress.Partial.Need.At(m.cfg.Self)) {
		return true
	}
	m.reject(Behind, p.name, fmt.Sprintf("%s knows this incarnation's log up to %s, here it ends at %s: the disk was set back", p.name, t, m.progress.OwnEnd))
	return false
}

// refuse tells a peer no, and with a fatal reason ends the session.
func (m *Machine) refuse(p *peer, reason Reason, o clock.Origin, text string) {
	m.count.Refusals++
	m.send(p, Refuse{reason, o, text})
	if reason.Fatal() || reason == WrongFabric {
		p.ready, p.refused = false, reason
		m.alarm(AlarmIdentity, p.name, o, "refused: "+reason.String()+": "+text)
	}
}

// tellEvicted refuses a peer whose incarnation is being or was evicted.
func (m *Machine) tellEvicted(p *peer) bool {
	if !p.up || p.origin == 0 || m.progress.Members.StateOf(p.origin) < member.Evicting {
		return false
	}
	if p.refused != Evicted {
		m.send(p, Refuse{Evicted, p.origin, "this incarnation was evicted; come back as a new one"})
		p.ready, p.refused = false, Evicted
	}
	return true
}

func (m *Machine) onRefuse(p *peer, r Refuse) {
	switch {
	case r.Reason.Fatal():
		if r.Origin == m.cfg.Self {
			m.reject(r.Reason, p.name, fmt.Sprintf("%s says: %s", p.name, r.Text))
		}
	case r.Reason == Trimmed:
		m.pullFailed(p, r.Origin)
	case r.Reason == WrongFabric:
		m.alarm(AlarmRefused, p.name, r.Origin, r.Text)
	default:
		m.snapshotRefused(p, r)
	}
}

// session finds the ready peer that is an origin, or nil.
func (m *Machine) session(o clock.Origin) *peer {
	for _, p := range m.peers {
		if p.ready && p.origin == o {
			return p
		}
	}
	return nil
}
