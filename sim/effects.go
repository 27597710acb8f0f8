package sim

import (
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/replication"
	"github.com/selvedge-db/selvedge/sim/check"
)

// settle does what the machine wants done, seals what was sequenced, and plans the next tick.
func (s *site) settle() {
	if s.stepped {
		return // called from within: the outer one goes on
	}
	s.stepped = true
	defer func() { s.stepped = false }()
	for s.up {
		effects := s.machine.Effects()
		if len(effects) == 0 {
			break
		}
		for _, e := range effects {
			s.effect(e)
			if !s.up {
				return
			}
		}
	}
	if !s.up {
		return
	}
	if !s.sealing {
		s.seal()
	}
	s.planTick()
}

func (s *site) planTick() {
	next := s.machine.NextWake()
	if next > 1<<50 || s.wake >= 0 && s.wake <= next && s.wake > s.mono() {
		return
	}
	s.wake = next
	s.later(next*1000-s.w.now, func() {
		if s.wake == next {
			s.wake = -1
			s.machine.Tick(s.instant())
			s.settle()
		}
	})
}

func (s *site) effect(e replication.Effect) {
	switch e := e.(type) {
	case replication.Send:
		if to := s.w.siteNamed(e.Peer); to != nil {
			s.w.net.send(s, to, e.Message)
		}
	case replication.Apply:
		s.apply(e.Entries)
	case replication.SetStable:
		s.w.ledger.Stable(s.book(), e.Vector)
		s.core.SetStable(s.w.tamperStable(s, e.Vector))
	case replication.SetWatermark:
		s.w.ledger.Watermark(s.book(), e.Time)
		s.core.SetWatermark(e.Time)
		s.w.newest = max(s.w.newest, e.Time)
	case replication.AppendMember:
		s.appendMember(e.Change)
	case replication.NeedSnapshot:
		s.w.event("need", s.index, 0, 0)
		s.state.needsSnapshot = true
	case replication.InstallSnapshot:
		s.install(e)
	case replication.Rejected:
		s.w.trace("%s is rejected by %s: %s", s, e.Peer, e.Text)
		s.w.event("reject", s.index, uint64(e.Reason), 0)
		s.state.rejected = e.Reason
		s.w.rejected(s)
	case replication.Alarm:
		s.w.trace("%s alarm %s from %s: %s", s, e.Code, e.Peer, e.Text)
		if s.w.mutant != "applied-twice" && (e.Code == replication.AlarmStore || e.Code == replication.AlarmMalformed) && !strings.Contains(e.Text, errNotDurable.Error()) {
			s.w.fail(check.Delivery, s, "alarm %s: %s", e.Code, e.Text)
		}
	}
}

// apply merges entries of other locations.
func (s *site) apply(entries []codec.Entry) {
	if s.state.needsSnapshot {
		return
	}
	entries = s.w.tamperEntries(s, entries)
	s.core.Begin()
	for i := range entries {
		e := &entries[i]
		s.w.event("apply", s.index, uint64(e.Stamp.Time), uint64(e.Stamp.Origin))
		s.w.ledger.Apply(s.book(), e)
		if err := s.core.Apply(e, s.wall()); err != nil {
			s.broke("applying", err)
			return
		}
	}
}

// appendMember commits a membership change at the anchor.
func (s *site) appendMember(change member.Change) (clock.Stamp, bool) {
	if !s.serves() || s.timing.bad {
		return clock.Stamp{}, false
	}
	if err := s.core.Members().Check(change, s.core.Self()); err != nil {
		return clock.Stamp{}, false
	}
	s.core.Begin()
	stamp, err := s.core.AppendMember(change, s.wall())
	if err != nil {
		return clock.Stamp{}, false
	}
	body := codec.AppendChange(nil, codec.Change{Kind: codec.Member, Data: change.Append(nil)})
	s.w.event("member", s.index, uint64(change.Kind), uint64(change.Origin))
	s.w.trace("%s %s of %s %q", s, change.Kind, change.Origin, change.Name)
	s.w.ledger.Commit(s.book(), stamp, body, nil)
	if change.Kind == member.End {
		s.w.count.Closed++
	}
	s.seal()
	return stamp, s.up // the disk may have failed, and then nothing is durable
}

// install keeps a chunk of a snapshot; after the last one the location opens it.
func (s *site) install(e replication.InstallSnapshot) {
	mark := fabric.SnapshotMark{ID: e.ID, Next: e.Index}
	if _, err := fabric.Install(s.disk, fabricNumber, mark, e.Data, e.Last, e.Vector, s.self); err != nil {
		s.broke("installing a snapshot", err)
		return
	}
	if err := s.disk.Sync(); err != nil {
		s.broke("installing a snapshot", err)
		return
	}
	s.w.event("chunk", s.index, uint64(e.Index), uint64(len(e.Data)))
	core, err := fabric.OpenCore(s.database(), s.options())
	if err != nil {
		s.broke("opening a snapshot", err)
		return
	}
	s.core = core
	if e.Last {
		s.w.count.Snapshots++
		s.flight, s.open, s.syncing = nil, nil, false
		s.w.ledger.Installed(s.book(), s.self, e.Vector)
		s.state.needsSnapshot = false
		s.renewCeiling()
	}
	s.machine.Progressed(s.instant(), store{s}.Progress())
}

// store is what the machine reads.
type store struct{ *site }

// Progress tells what is durable.
func (d store) Progress() replication.Progress {
	p := d.core.Progress(d.wall())
	if d.core.Self() == 0 {
		p.Self = d.self
	}
	out := replication.Progress{Self: p.Self, Vector: p.Vector, OwnEnd: p.OwnEnd, OwnChain: p.OwnChain, Vouched: p.Vouched, Members: p.Members,
		Partial: replication.SnapshotMark{ID: p.Partial.ID, Next: p.Partial.Next, Need: p.Partial.Need}}
	return d.w.tamperProgress(d.site, out)
}
