package replication

import (
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// claim is what a location said of itself at one moment.
type claim struct {
	vector  clock.Vector
	vouched clock.Time
	end     clock.Time // of its own log, then
}

// waitingClaims keeps the claims that do not count yet: the first, so that it
// does count once what it speaks of is here, however fast newer ones come,
// and the newest, which then takes its place.
type waitingClaims struct {
	first, newest claim
	n             int // 0, 1 or 2
}

func (w *waitingClaims) push(c claim) {
	if w.n == 0 {
		w.first, w.n = c, 1
		return
	}
	w.newest, w.n = c, 2
}

func (w *waitingClaims) pop() {
	w.first, w.newest = w.newest, claim{}
	w.n--
}

// statement is what counts of an origin's claims. The report rule: a claim
// counts only when its author's own log has been applied here up to where he
// made it. Otherwise an older entry of his, concurrent to what is folded on
// the claim, could still be on its way.
//
// It also makes newcomers safe. If the entry by which one joined is not here,
// the claim of the anchor that wrote it was made before; so all that the claim
// holds was seen by that entry, and every snapshot with the entry has it.
type statement struct {
	vector  clock.Vector // counted
	vouched clock.Time   // counted
	newest  claim        // the last one, counted or not
	at      int64        // when its author was last heard himself
	waiting waitingClaims
}

// assessment is what is known of all members together.
type assessment struct {
	dirty     bool
	stands    bool // this location is in the table of members
	at        int64
	version   uint64 // of the durable vector; grows with it
	seen      uint64 // version at the last assessment
	stable    clock.Vector
	watermark clock.Time
}

func (m *Machine) onHeartbeat(p *peer, h Heartbeat) {
	m.count.Heartbeats++
	if h.Mono <= p.heard.mono {
		return // overtaken, or came twice
	}
	if !m.ownLogHolds(p, h.Vector.At(m.cfg.Self)) {
		return
	}
	p.heard.mono, p.heard.at = h.Mono, m.now.Mono
	p.heard.vector, p.heard.end = h.Vector, h.End
	m.setJoining(p, h.Joining, h.Vector)
	p.out.credit(h.Credit)
	if rtt := m.now.Mono - h.Echo - h.Held; h.Echo >= 0 && rtt >= 0 {
		if p.heard.timed {
			rtt = (7*p.heard.rtt + rtt + 4) / 8
		}
		p.heard.rtt, p.heard.timed = rtt, true
	}
	p.heard.offset = h.Wall + p.rtt()/2 - m.now.Wall
	if o := m.known(p.origin); o != nil && !p.joining {
		o.said.at = m.now.Mono
		m.hear(o, claim{h.Vector, h.Vouched, h.End})
	}
	for _, id := range h.Deaf {
		if o := m.known(id); o != nil && o.said.newest.vouched > 0 && id != p.origin {
			m.passOn(p, o)
		}
	}
}

// passed is a claim that was passed on to a peer.
type passed struct {
	origin  clock.Origin
	vouched clock.Time
	at      int64
}

// passOn tells a peer what another last said; the same again only after a
// while, in case it was lost.
func (m *Machine) passOn(p *peer, o *origin) {
	c := o.said.newest
	i := slices.IndexFunc(p.passed, func(x passed) bool { return x.origin == o.id })
	switch {
	case i < 0:
		p.passed = append(p.passed, passed{o.id, c.vouched, m.now.Mono})
	case p.passed[i].vouched == c.vouched && m.now.Mono-p.passed[i].at < passAgain:
		return
	default:
		p.passed[i].vouched, p.passed[i].at = c.vouched, m.now.Mono
	}
	m.send(p, Said{o.id, c.vouched, c.end, c.vector})
}

func (m *Machine) hear(o *origin, c claim) {
	o.said.newest = c
	o.said.waiting.push(c)
	m.assess.dirty = true
}

// onSaid takes a claim that came by way of another. It is as good as heard from
// its author; what he vouches for only grows, which tells the newer one.
func (m *Machine) onSaid(s Said) {
	if o := m.known(s.Origin); o != nil && o.id != m.cfg.Self && s.Vouched > o.said.newest.vouched {
		m.hear(o, claim{s.Vector, s.Vouched, s.End})
	}
}

// deaf lists the members that are not heard.
func (m *Machine) deaf() []clock.Origin {
	const most = 256
	var out []clock.Origin
	for _, o := range m.origins {
		if counted(o) && o.id != m.cfg.Self && m.now.Mono-o.said.at >= deafAfter && len(out) < most {
			out = append(out, o.id)
		}
	}
	return out
}

// assessReports counts what can be counted now, and finds the stable point and
// the watermark anew, at most each few milliseconds.
func (m *Machine) assessReports() {
	a := &m.assess
	if !a.dirty || a.at != 0 && m.now.Mono-a.at < assessEvery || m.joining() || m.sink.active {
		return
	}
	moved := a.version != a.seen
	a.dirty, a.at, a.seen = false, m.now.Mono, a.version
	for _, o := range m.origins {
		moved = m.countClaims(o) || moved
	}
	if moved { // else only what is vouched for has
		m.findStable()
	}
	m.findWatermark()
}

// countClaims tells whether a counted vector has changed.
func (m *Machine) countClaims(o *origin) (moved bool) {
	s := &o.said
	for s.waiting.n > 0 && m.within(m.progress.Vector, clock.Row{Origin: o.id, Time: s.waiting.first.end}) {
		moved = moved || !s.vector.Equal(s.waiting.first.vector)
		s.vector, s.vouched = s.waiting.first.vector, max(s.vouched, s.waiting.first.vouched)
		s.waiting.pop()
	}
	return moved
}

// findStable takes the minimum over all counted members. Closed members' logs
// are stable to their end once the entry that ended them is.
func (m *Machine) findStable() {
	out := m.progress.Vector.Clone()
	for _, o := range m.origins {
		if counted(o) && o.id != m.cfg.Self {
			out = lower(out, o.said.vector)
		}
	}
	for _, mem := range m.progress.Members.Members() {
		if mem.State == member.Closed && (out.Covers(mem.Closed) || m.assess.stable.Covers(mem.Closed)) {
			out = out.With(mem.Origin, mem.End)
		}
	}
	if m.assess.stable.Dominates(out) {
		return
	}
	m.assess.stable = m.assess.stable.Max(out)
	m.emit(SetStable{m.assess.stable})
}

// lower is the pointwise minimum, made in place of v.
func lower(v, w clock.Vector) clock.Vector {
	n, j := 0, 0
	for _, row := range v {
		for j < len(w) && w[j].Origin < row.Origin {
			j++
		}
		if j < len(w) && w[j].Origin == row.Origin {
			v[n] = clock.Row{Origin: row.Origin, Time: min(row.Time, w[j].Time)}
			n++
		}
	}
	return v[:n]
}

func counted(o *origin) bool { return o.state == member.Joined || o.state == member.Evicting }

// findWatermark takes the minimum of what the members that may write have
// vouched for. A newcomer writes nothing before the stamp by which it joined.
func (m *Machine) findWatermark() {
	w := m.progress.Vouched
	for _, o := range m.origins {
		if counted(o) && o.id != m.cfg.Self {
			w = min(w, max(o.said.vouched, o.joined))
		}
	}
	if w > m.assess.watermark {
		m.assess.watermark = w
		m.emit(SetWatermark{w})
	}
}

// beat says hello, heartbeats and credit, to whom and when they are due.
func (m *Machine) beat() {
	read := false
	var deaf []clock.Origin
	for _, p := range m.peers {
		if p.up && !p.hellos.greeted && p.refused == 0 && m.now.Mono-p.hellos.at >= helloEvery {
			m.hello(p)
		}
		if !p.ready {
			continue
		}
		m.giveCredit(p)
		if m.now.Mono < m.beatDue(p) {
			continue
		}
		if !read {
			m.observe(m.store.Progress()) // what is vouched for moves with the clock alone
			if m.rejected.Reason != 0 {
				return
			}
			read, deaf = true, m.deaf()
		}
		m.heartbeat(p, deaf)
	}
}

// beatDue is when the next heartbeat to a ready peer is due.
func (m *Machine) beatDue(p *peer) int64 {
	if p.beatVer != m.assess.version {
		return p.beatAt + beatBusy
	}
	return p.beatAt + beatIdle
}

func (m *Machine) heartbeat(p *peer, deaf []clock.Origin) {
	p.beatAt, p.beatVer = m.now.Mono, m.assess.version
	h := Heartbeat{
		Vector: m.progress.Vector, Vouched: m.progress.Vouched, End: m.progress.OwnEnd,
		Wall: m.now.Wall, Mono: m.now.Mono, Echo: -1, Credit: p.in.credit(),
		Joining: m.joining() || m.sink.active, Deaf: deaf,
	}
	if p.heard.mono >= 0 {
		h.Echo, h.Held = p.heard.mono, m.now.Mono-p.heard.at
	}
	m.send(p, h)
}

// giveCredit tells a peer what was consumed, each eighth of a window.
func (m *Machine) giveCredit(p *peer) {
	c := p.in.credit()
	if c.Consumed >= p.in.credited+uint64(m.cfg.Window)/8 {
		p.in.credited = c.Consumed
		m.send(p, c)
	}
}

// NextWake is the monotonic time at which a Tick is wanted, if nothing else
// happens before.
func (m *Machine) NextWake() int64 {
	if m.rejected.Reason != 0 {
		return math.MaxInt64
	}
	next := m.now.Mono + beatIdle
	if m.assess.dirty {
		next = min(next, m.assess.at+assessEvery)
	}
	if m.unsettled() {
		next = min(next, m.now.Mono+repairEvery)
	}
	for _, p := range m.peers {
		if p.ready {
			next = min(next, m.beatDue(p))
		} else if p.up {
			next = min(next, p.hellos.at+helloEvery)
		}
	}
	return max(next, m.now.Mono+1)
}
