package sim

import (
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/replication"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
)

// Mutant is a mistake that the simulator must catch. Mistakes are made at the boundaries between the parts: in what
// they are told, in what they want done, and in what lies on the disk.
type Mutant struct {
	Name   string
	Doc    string
	Breaks []check.Property // one of these is the first to be found violated
}

// Mutants lists the mistakes that can be made.
func Mutants() []Mutant {
	const (
		convergence, causality, session, durability = check.Convergence, check.Causality, check.Session, check.Durability
		delivery, merge, isolation                  = check.Delivery, check.Merge, check.Isolation
	)
	breaks := func(p ...check.Property) []check.Property { return p }
	return []Mutant{
		{"no-fsync", "a batch counts as durable when it was handed to the disk", breaks(durability)},
		{"ignored-dependency", "entries are applied in their origin's order, without their dependencies", breaks(causality)},
		{"old-dependencies", "entries say that they had seen less than they had", breaks(causality)},
		{"new-dependencies", "entries say that they had seen more than they had", breaks(causality)},
		{"equal-stamp", "a stamp may equal the newest one seen", breaks(causality)},
		{"reused-stamp", "now and then a stamp is given twice", breaks(delivery)},
		{"clock-forgets", "the clock forgets what it has seen, and a restart finds it set back", breaks(causality)},
		{"early-report", "reports speak of batches that are not durable", breaks(convergence)},
		{"early-vouch", "a time is vouched for while commits up to it are not durable", breaks(causality)},
		{"applied-twice", "the operations of an entry are merged twice", breaks(merge, convergence)},
		{"no-report-rule", "reports count before the log of who reports has come up to them", breaks(convergence, merge)},
		{"early-fold", "what one location has is taken for stable", breaks(convergence, merge)},
		{"early-purge", "a removed document is forgotten while stamps in it are not stable", breaks(merge, convergence, check.Metadata)},
		{"forgotten-losers", "a maximum keeps only the best candidate", breaks(merge, convergence)},
		{"insert-by-unsets", "an insert clears by listing the fields to unset", breaks(merge, convergence)},
		{"float-counter", "counters count in floating point", breaks(merge, convergence)},
		{"torn-index", "some index entries do not reach the disk with their document", breaks(convergence)},
		{"early-newcomer", "a newcomer writes before it has applied its own join entry", breaks(causality)},
		{"early-leave", "the row of an evicted location leaves before its log is applied to the end", breaks(causality)},
		{"expiry-by-wall", "expired documents are forgotten by the wall clock, not by the watermark", breaks(convergence, merge)},
		{"expiry-in-digest", "what has expired counts in the digest until it is forgotten", breaks(convergence)},
		{"lost-points", "some batches of points do not reach the disk", breaks(merge, convergence)},
		{"early-settling", "points lose their stamps while earlier ones can still come", breaks(merge, convergence)},
		{"stale-rollups", "it is forgotten that a stretch of points is to be summed up again", breaks(merge)},
		{"forgotten-reads", "interactive transactions are not compared with what they have read", breaks(isolation)},
		{"impatient-session", "a client's request is answered before the location has seen what the client has seen", breaks(session)},
	}
}

// distort gives false stamps.
func (s *site) distort() func(clock.Time) clock.Time {
	switch s.w.mutant {
	case "equal-stamp":
		return func(t clock.Time) clock.Time {
			v := s.w.ledger.Holds(s.book())
			if newest := v.Newest(); newest > v.At(s.self) && s.rng.chance(30) {
				return newest
			}
			return t
		}
	case "clock-forgets":
		return func(t clock.Time) clock.Time {
			if s.life < 2 {
				return t
			}
			return max(clock.TimeOf(s.wall()), s.w.ledger.Holds(s.book()).At(s.self)+1)
		}
	case "reused-stamp":
		return func(t clock.Time) clock.Time {
			if own := s.w.ledger.Holds(s.book()).At(s.self); own > 0 && s.rng.chance(2) {
				return own
			}
			return t
		}
	}
	return nil
}

// database is the disk as the core sees it.
func (s *site) database() kv.DB {
	switch s.w.mutant {
	case "torn-index":
		return &tornDB{s.disk, func(key, value []byte) ([]byte, bool) {
			return value, len(key) <= 5 || key[5] != layout.Indexes || !s.rng.chance(3)
		}}
	case "lost-points", "early-settling", "stale-rollups":
		return &tornDB{s.disk, s.tornPoints}
	case "float-counter":
		return &tornDB{s.disk, floating}
	case "expiry-in-digest":
		// With no note of what is deleted, digests of a time before it are not refused: see tamperDigest.
		return &tornDB{s.disk, func(key, value []byte) ([]byte, bool) {
			return value, len(key) <= 6 || key[5] != layout.State || key[6] != layout.StateWatermark
		}}
	}
	return s.disk
}

// tornDB changes what is written, or loses it.
type tornDB struct {
	*memory.DB
	keep func(key, value []byte) ([]byte, bool)
}

type tornBatch struct {
	kv.Batch
	keep func(key, value []byte) ([]byte, bool)
}

// NewBatch gives a batch that changes what is written.
func (d *tornDB) NewBatch() kv.Batch { return &tornBatch{d.DB.NewBatch(), d.keep} }

// Apply applies what is left.
func (d *tornDB) Apply(b kv.Batch) (kv.Pending, error) {
	if t, ok := b.(*tornBatch); ok {
		b = t.Batch
	}
	return d.DB.Apply(b)
}

// Set changes what is written, or loses it.
func (b *tornBatch) Set(key, value []byte) {
	if value, kept := b.keep(key, value); kept {
		b.Batch.Set(key, value)
	}
}

// tamperProgress changes what the machine is told.
func (w *world) tamperProgress(s *site, p replication.Progress) replication.Progress {
	switch w.mutant {
	case "early-report":
		v := s.core.NewView(s.wall())
		p.Vector = v.Vector().With(p.Self, p.OwnEnd)
		_ = v.Close()
	case "early-vouch":
		v := s.core.NewView(s.wall())
		p.Vouched = max(p.Vouched, v.Vector().At(p.Self))
		_ = v.Close()
	case "early-leave":
		p = w.leaveEarly(s, p)
	}
	return p
}

// leaveEarly takes an eviction for finished once the end is decided, whatever is here of the log up to it.
func (w *world) leaveEarly(s *site, p replication.Progress) replication.Progress {
	if s == w.anchor {
		return p
	}
	for _, m := range p.Members.Leaving() {
		end, decided := w.ledger.End(m.Origin)
		if !decided {
			continue
		}
		t, err := p.Members.Apply(member.Change{Kind: member.End, Origin: m.Origin, Epoch: p.Members.Epoch(), End: end}, m.Evict)
		if err == nil {
			p.Members, p.Vector = t, p.Vector.Without(m.Origin)
		}
	}
	return p
}

// tamperHeard is called when a report came.
func (w *world) tamperHeard(s *site, from *site, h replication.Heartbeat) {
	if w.mutant != "no-report-rule" || s.state.needsSnapshot {
		return
	}
	if s.heard == nil {
		s.heard = map[clock.Origin]clock.Vector{}
	}
	s.heard[from.self] = h.Vector
	stable := (store{s}).Progress().Vector
	for _, m := range s.core.Members().Counted() {
		if m.Origin != s.self {
			stable = stable.Min(s.heard[m.Origin])
		}
	}
	s.core.SetStable(stable)
}

// tamperStable changes what the core is told to be stable.
func (w *world) tamperStable(s *site, v clock.Vector) clock.Vector {
	if w.mutant == "early-fold" {
		return (store{s}).Progress().Vector
	}
	return v
}

// tamperEntries changes entries before they are applied.
func (w *world) tamperEntries(s *site, entries []codec.Entry) []codec.Entry {
	if w.mutant == "ignored-dependency" {
		had := w.ledger.Holds(s.book())
		return slices.DeleteFunc(slices.Clone(entries), func(e codec.Entry) bool { return e.Stamp.Time <= had.At(e.Stamp.Origin) })
	}
	if w.mutant != "applied-twice" {
		return entries
	}
	out := slices.Clone(entries)
	for i := range out {
		changes, err := codec.DecodeChanges(out[i].Body)
		if err != nil {
			continue
		}
		for j := range changes {
			if changes[j].Kind == codec.Document {
				changes[j].Ops = append(changes[j].Ops, changes[j].Ops...)
			}
		}
		out[i].Body = codec.AppendChanges(nil, changes)
	}
	return out
}

// tamperRead changes what a location sends of its own log.
func (w *world) tamperRead(s *site, origin clock.Origin, after clock.Time, batch []byte) []byte {
	if origin != s.self || len(batch) == 0 || w.mutant != "old-dependencies" && w.mutant != "new-dependencies" {
		return batch
	}
	past, err := s.core.Past(origin, after)
	if err != nil {
		return batch
	}
	b, err := codec.DecodeBatch(batch, past)
	if err != nil {
		return batch
	}
	past.Deps = w.tamperDeps(past.Deps)
	var records []codec.LogRecord
	for i := range b.Entries {
		e := &b.Entries[i]
		e.Deps = w.tamperDeps(e.Deps)
		records = append(records, codec.LogRecord{Time: e.Stamp.Time, Data: codec.AppendLogRecord(nil, e, past, false)})
		past = e.Past()
	}
	out, err := codec.AppendBatch(nil, origin, after, records)
	if err != nil {
		return batch
	}
	return out
}

func (w *world) tamperDeps(deps clock.Vector) clock.Vector {
	if len(deps) < 2 {
		return deps
	}
	last := deps[len(deps)-1]
	if w.mutant == "old-dependencies" {
		return deps[: len(deps)-1 : len(deps)-1]
	}
	return deps.With(last.Origin, last.Time+1)
}
