package replication

import (
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
// highest is needed by anybody, ever. Reports name all that are leaving, so
// that one given before a later eviction does not count for it.
type evictions struct {
	leaving []member.Member
	reports []endReport // at the anchor, sorted by origin
	told    []clock.Row // at others: what was last reported
	toldAt  int64
	endedAt int64 // at the anchor: when the ends were last asked for
}

// endReport is what a member said that it holds of those who leave.
type endReport struct {
	origin clock.Origin
	ends   []clock.Row
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

// onEvictReport counts at the anchor, which needs all that is reported.
func (m *Machine) onEvictReport(p *peer, r EvictReport) {
	if m.progress.Members.StateOf(p.origin) != member.Joined {
		return
	}
	i, ok := slices.BinarySearchFunc(m.evict.reports, p.origin, func(e endReport, o clock.Origin) int { return int(int64(e.origin) - int64(o)) })
	if ok {
		m.evict.reports[i].ends = r.Ends
	} else {
		m.evict.reports = slices.Insert(m.evict.reports, i, endReport{p.origin, r.Ends})
	}
}

// stepEvictions reports, or at the anchor ends, the evictions under way.
func (m *Machine) stepEvictions() {
	if len(m.evict.leaving) == 0 || m.joining() || m.sink.active {
		return
	}
	if m.progress.Members.Anchor() == m.cfg.Self {
		m.endEvictions()
	} else {
		m.reportEnds()
	}
}

// reportEnds tells the anchor what is held of those who leave: again when it
// changes, in a new session, and now and then.
func (m *Machine) reportEnds() {
	p := m.session(m.progress.Members.Anchor())
	if p == nil || p.joining {
		return
	}
	r := EvictReport{Ends: make([]clock.Row, 0, len(m.evict.leaving))}
	for _, mem := range m.evict.leaving {
		held := m.progress.Vector.At(mem.Origin)
		if m.handed.At(mem.Origin) > held || !m.progress.Vector.Covers(mem.Evict) {
			// What was handed over before we knew counts, once it is durable; and a
			// promise that a crash makes us forget is none.
			return
		}
		r.After = max(r.After, mem.Evict.Time)
		r.Ends = append(r.Ends, clock.Row{Origin: mem.Origin, Time: held})
	}
	if slices.Equal(r.Ends, m.evict.told) && m.now.Mono-m.evict.toldAt < reportEvery {
		return
	}
	m.evict.told, m.evict.toldAt = r.Ends, m.now.Mono
	m.send(p, r)
}

// endEvictions commits the final ends when all that remain have reported on
// all that leave, and what they reported is applied here.
func (m *Machine) endEvictions() {
	missing := false
	for _, mem := range m.progress.Members.Remaining() {
		if mem.Origin == m.cfg.Self {
			continue
		}
		i := slices.IndexFunc(m.evict.reports, func(e endReport) bool { return e.origin == mem.Origin })
		for _, gone := range m.evict.leaving {
			if i < 0 {
				missing = true
				break
			}
			end, ok := endOf(m.evict.reports[i].ends, gone.Origin)
			o := m.origin(gone.Origin)
			o.need = max(o.need, end)
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
