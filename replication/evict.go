package replication

import (
	"cmp"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// evictions is what goes on between an evict entry and the final end.
//
// A member that knows of an eviction takes entries of that incarnation only as
// dependencies (origin.need), and reports what it holds of all that are
// leaving. What it takes later was held by someone who has reported it. So
// when the anchor has the reports of all that remain, nothing above the
// highest is needed by anybody, ever. Reports say after which evict entry they
// were made: one from before the last does not count. Who has no session with
// the anchor reports to all, and they pass it on, with what was reported of the
// logs: who passes a report on takes that much of them himself, so that the
// anchor can have it from him.
type evictions struct {
	leaving []member.Member
	reports []endReport // that came, sorted by origin
	told    []clock.Row // at others: what was last reported
	toldAt  int64
	endedAt int64 // at the anchor: when the ends were last asked for
}

// endReport is what a member said that it holds of those who leave.
type endReport struct {
	origin clock.Origin
	after  clock.Time // the last evict entry then
	ends   []clock.Row
}

// merge takes in a report of the same origin; true when it says more. Within
// the same evictions what is held only grows.
func (e *endReport) merge(r EvictReport) bool {
	if r.After != e.after {
		newer := r.After > e.after
		if newer {
			e.after, e.ends = r.After, r.Ends
		}
		return newer
	}
	grown := false
	for _, row := range r.Ends {
		if t, ok := endOf(e.ends, row.Origin); !ok || t < row.Time {
			grown = true
		}
	}
	if grown {
		e.ends = r.Ends
	}
	return grown
}

// endOf is the time that a list of ends has for an origin.
func endOf(ends []clock.Row, o clock.Origin) (clock.Time, bool) {
	for _, r := range ends {
		if r.Origin == o {
			return r.Time, true
		}
	}
	return 0, false
}

// needs notes what an entry that will be applied needs of those who leave.
func (m *Machine) needs(deps clock.Vector) {
	for i := range m.evict.leaving {
		id := m.evict.leaving[i].Origin
		if t := deps.At(id); t > 0 {
			o := m.known(id)
			o.need = max(o.need, t)
		}
	}
}

// findNeeds finds them anew when members have changed: an entry of one who is
// leaving by now needs nothing any more, and neither do its reports.
func (m *Machine) findNeeds() {
	for _, o := range m.origins {
		o.need = 0
	}
	if len(m.evict.leaving) == 0 {
		m.evict.reports, m.evict.told = nil, nil
		return
	}
	m.evict.reports = slices.DeleteFunc(m.evict.reports, func(e endReport) bool {
		return m.progress.Members.StateOf(e.origin) != member.Joined
	})
	for _, o := range m.origins {
		if o.state != member.Joined {
			continue
		}
		for _, l := range o.queue {
			for i := l.next; i < len(l.entries); i++ {
				m.needs(l.entries[i].Deps)
			}
		}
	}
}

// onEvictReport keeps what was reported, to be counted at the anchor and passed
// on elsewhere.
func (m *Machine) onEvictReport(p *peer, r EvictReport) {
	from := r.Origin
	if from == 0 {
		from = p.origin
	}
	if from == m.cfg.Self || m.progress.Members.StateOf(from) != member.Joined {
		return
	}
	i, ok := slices.BinarySearchFunc(m.evict.reports, from, func(e endReport, o clock.Origin) int { return cmp.Compare(e.origin, o) })
	if !ok {
		m.evict.reports = slices.Insert(m.evict.reports, i, endReport{origin: from, after: r.After, ends: r.Ends})
	}
	if news := m.evict.reports[i].merge(r); news || !ok {
		m.evict.told = nil
	}
}

// stepEvictions reports, or at the anchor ends, the evictions under way.
func (m *Machine) stepEvictions() {
	if len(m.evict.leaving) == 0 || m.joining() || m.sink.active {
		return
	}
	for _, e := range m.evict.reports {
		for i := range m.evict.leaving {
			gone := m.evict.leaving[i].Origin
			if end, ok := endOf(e.ends, gone); ok {
				o := m.origin(gone)
				o.need = max(o.need, end)
			}
		}
	}
	if m.progress.Members.Anchor() == m.cfg.Self {
		m.endEvictions()
	} else {
		m.reportEnds()
	}
}

// lastEvict is the time of the last evict entry.
func (e *evictions) lastEvict() (last clock.Time) {
	for i := range e.leaving {
		last = max(last, e.leaving[i].Evict.Time)
	}
	return last
}

// ownReport is what is held here of those who leave, once that is settled.
func (m *Machine) ownReport() (EvictReport, bool) {
	r := EvictReport{After: m.evict.lastEvict(), Ends: make([]clock.Row, 0, len(m.evict.leaving))}
	for i := range m.evict.leaving {
		mem := &m.evict.leaving[i]
		held := m.progress.Vector.At(mem.Origin)
		if m.handed.At(mem.Origin) > held || !m.progress.Vector.Covers(mem.Evict) {
			// What was handed over before we knew counts, once it is durable; and a
			// promise that a crash makes us forget is none.
			return EvictReport{}, false
		}
		r.Ends = append(r.Ends, clock.Row{Origin: mem.Origin, Time: held})
	}
	return r, true
}

// reportEnds tells the anchor what is held of those who leave, and what others
// reported who do not reach it: again when it changes, in a new session, and now
// and then. Without a session with the anchor all others are told.
func (m *Machine) reportEnds() {
	r, settled := m.ownReport()
	if !settled || slices.Equal(r.Ends, m.evict.told) && m.now.Mono-m.evict.toldAt < reportEvery {
		return
	}
	m.evict.told, m.evict.toldAt = r.Ends, m.now.Mono
	anchor := m.session(m.progress.Members.Anchor())
	for _, p := range m.peers {
		if !p.ready || p.joining || anchor != nil && p != anchor {
			continue
		}
		m.send(p, r)
		for _, e := range m.evict.reports {
			if e.origin != p.origin {
				m.send(p, EvictReport{After: e.after, Ends: e.ends, Origin: e.origin})
			}
		}
	}
}

// endEvictions commits the final ends when all that remain have reported on
// all that leave, and what they reported is applied here.
func (m *Machine) endEvictions() {
	missing, last := false, m.evict.lastEvict()
	for _, mem := range m.progress.Members.Remaining() {
		if mem.Origin == m.cfg.Self {
			continue
		}
		i := slices.IndexFunc(m.evict.reports, func(e endReport) bool { return e.origin == mem.Origin })
		for _, gone := range m.evict.leaving {
			if i < 0 || m.evict.reports[i].after < last {
				missing = true
				break
			}
			_, ok := endOf(m.evict.reports[i].ends, gone.Origin)
			missing = missing || !ok
		}
	}
	for _, gone := range m.evict.leaving {
		o := m.origin(gone.Origin)
		held := m.progress.Vector.At(gone.Origin)
		missing = missing || held < o.need || m.handed.At(gone.Origin) > held
	}
	if missing || m.evict.endedAt != 0 && m.now.Mono-m.evict.endedAt < endEvery {
		return
	}
	m.evict.endedAt = m.now.Mono
	for _, gone := range m.evict.leaving {
		m.emit(AppendMember{member.Change{
			Kind: member.End, Origin: gone.Origin, Epoch: m.progress.Members.Epoch(), End: m.progress.Vector.At(gone.Origin),
		}})
	}
}
