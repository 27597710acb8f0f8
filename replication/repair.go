package replication

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// pulling is the pull of one origin's log that is under way, and what is
// wanted of that log.
type pulling struct {
	active   bool
	peer     string
	upTo     clock.Time
	deadline int64
	attempts int
	wanted   clock.Time // the highest that some peer has and we lack
	urgent   bool       // something has waited for it for a round trip
	prefer   string     // who sent what waits
	behind   clock.Row  // what waits: who has applied that has the log, too
	trimmed  int        // peers that no longer have it
}

// unsettled tells whether something is missing, so that time alone may make a
// step necessary.
func (m *Machine) unsettled() bool {
	if m.sink.active || m.joining() || len(m.evict.leaving) > 0 {
		return true
	}
	for _, o := range m.origins {
		if len(o.queue) > 0 || o.gap || o.pull.active || o.pull.wanted > o.tail {
			return true
		}
	}
	return false
}

// repair finds what is missing here and asks for it. It covers every loss:
// of messages, of links, of what was dropped here for want of room.
func (m *Machine) repair() {
	if m.now.Mono < m.repairAt || m.joining() || m.sink.active {
		return
	}
	m.repairAt = m.now.Mono + repairEvery
	m.findWanted()
	for _, o := range m.origins {
		if o.id == m.cfg.Self || !counted(o) {
			continue
		}
		if m.now.Mono < o.held {
			o.pull = pulling{}
			continue
		}
		if o.state == member.Evicting {
			o.pull.wanted = o.need
		}
		if o.pull.wanted <= o.tail {
			o.pull = pulling{}
			continue
		}
		if o.pull.active && m.now.Mono < o.pull.deadline {
			continue
		}
		if m.waiting >= m.cfg.InboxBytes && !o.pull.urgent {
			continue
		}
		if o.pull.active || m.pullDue(o) {
			m.pull(o)
		}
	}
}

// findWanted notes, per origin, the highest time that a peer has or that a
// waiting entry depends on.
func (m *Machine) findWanted() {
	for _, o := range m.origins {
		o.pull.wanted, o.pull.urgent = 0, false
	}
	for _, p := range m.peers {
		if !p.ready {
			continue
		}
		i := 0
		for _, row := range p.heard.vector {
			for i < len(m.origins) && m.origins[i].id < row.Origin {
				i++
			}
			if i < len(m.origins) && m.origins[i].id == row.Origin {
				m.origins[i].pull.wanted = max(m.origins[i].pull.wanted, row.Time)
			}
		}
	}
	for _, o := range m.origins {
		if o.block.why != onDependency || len(o.queue) == 0 {
			continue
		}
		d := m.known(o.block.row.Origin)
		if d == nil || o.block.row.Time <= d.tail {
			continue
		}
		d.pull.wanted = max(d.pull.wanted, o.block.row.Time)
		from := o.queue[0].from
		if m.now.Mono-o.block.since >= max(m.peer(from).rtt(), repairEvery) {
			d.pull.urgent, d.pull.prefer = true, from
			d.pull.behind = clock.Row{Origin: o.id, Time: o.block.entry}
		}
	}
}

// pullDue tells whether it is time to ask: entries may only be under way.
func (m *Machine) pullDue(o *origin) bool {
	wait, since := int64(relayWait), o.arrived
	if direct := m.session(o.id); direct != nil && !direct.joining {
		since = max(since, direct.readyAt)
		wait = max(2*direct.rtt(), directWait)
		if o.gap {
			wait = max(direct.rtt(), relayWait)
		}
	}
	return o.pull.urgent && o.state == member.Joined || o.need > o.tail || m.now.Mono-since >= wait
}

// pull asks the next peer that has more.
func (m *Machine) pull(o *origin) {
	p := m.pullFrom(o)
	if p == nil {
		o.pull.active = false
		return
	}
	patience := max(2*p.rtt(), directWait) << min(o.pull.attempts, 4)
	o.pull.active, o.pull.peer, o.pull.upTo = true, p.name, o.pull.wanted
	o.pull.deadline = m.now.Mono + patience
	o.pull.attempts++
	m.count.PullsSent++
	m.send(p, Pull{Origin: o.id, After: o.tail, UpTo: o.pull.wanted, Credit: pullCredit})
}

// pullFrom chooses whom to ask: first the one who sent what waits, or the
// owner of the log, then all that have more of it, in turn.
func (m *Machine) pullFrom(o *origin) *peer {
	var candidates []*peer
	for _, p := range m.peers {
		has := p.heard.vector.At(o.id) > o.tail
		if w := o.pull.behind; o.pull.urgent && !has { // a closed log is in no vector
			has = p.name == o.pull.prefer || p.heard.vector.At(w.Origin) >= w.Time
		}
		if !p.ready || !has || p.joining && p.origin != o.id { // its own log everybody has
			continue
		}
		first := p.origin == o.id
		if o.pull.urgent {
			first = p.name == o.pull.prefer
		}
		if candidates = append(candidates, p); first {
			copy(candidates[1:], candidates)
			candidates[0] = p
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	return candidates[o.pull.attempts%len(candidates)]
}

// pullAnswered goes on pulling while answers come.
func (m *Machine) pullAnswered(o *origin, p *peer, msg Entries) {
	if !o.pull.active || o.pull.peer != p.name {
		return
	}
	o.pull.attempts, o.pull.trimmed = 0, 0
	o.pull.deadline = m.now.Mono + max(2*p.rtt(), directWait)
	switch {
	case o.tail >= o.pull.upTo:
		o.pull.active = false
	case msg.Final && o.tail >= msg.Last:
		m.count.PullsSent++
		m.send(p, Pull{Origin: o.id, After: o.tail, UpTo: o.pull.upTo, Credit: pullCredit})
	}
}

// pullFailed deals with a log that a peer no longer holds. When nobody else is
// left to ask, only a snapshot helps.
func (m *Machine) pullFailed(p *peer, id clock.Origin) {
	o := m.known(id)
	if o == nil || m.joining() || m.sink.active {
		return
	}
	o.pull.active = false
	o.pull.trimmed++
	others := 0
	for _, q := range m.peers {
		if q.ready && !q.joining && q.heard.vector.At(id) > o.tail {
			others++
		}
	}
	if o.pull.trimmed >= others {
		m.needSnapshot("log " + id.String() + " is no longer held after " + o.tail.String() + " by " + p.name + " or anybody else in reach")
	}
}
