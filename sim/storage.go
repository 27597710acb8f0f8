package sim

import (
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/replication"
)

// Read gives log entries.
func (d store) Read(origin clock.Origin, after clock.Time, maxBytes int) ([]byte, clock.Time, error) {
	batch, last, err := d.core.ReadLog(origin, after, maxBytes)
	if errors.Is(err, fabric.ErrTrimmed) {
		err = fmt.Errorf("%w: %w", replication.ErrTrimmed, err)
	}
	return d.w.tamperRead(d.site, origin, after, batch), last, err
}

// Past gives what an entry is coded against.
func (d store) Past(origin clock.Origin, at clock.Time) (codec.Past, error) {
	past, err := d.core.Past(origin, at)
	if errors.Is(err, fabric.ErrAbsent) {
		err = fmt.Errorf("%w: %w", replication.ErrAbsent, err)
	}
	return past, err
}

// ChainAt gives the chain hash at an entry.
func (d store) ChainAt(origin clock.Origin, at clock.Time) (uint32, bool) {
	return d.core.ChainAt(origin, at)
}

var errNotDurable = errors.New("what the snapshot would show is not on disk yet")

// OpenSnapshot opens a snapshot, when all that it shows is durable.
func (d store) OpenSnapshot() (replication.SnapshotSource, error) {
	s, err := d.core.OpenSnapshot(fmt.Sprintf("%s-%d-%d", d.name, d.life, d.w.planned))
	if err != nil {
		return nil, err
	}
	if s.Number() > d.core.DurableNumber() {
		_ = s.Close()
		return nil, errNotDurable
	}
	return s, nil
}

// seal ends the open group and starts to make it durable.
func (s *site) seal() {
	s.sealing = false
	g, err := s.core.Seal(s.wall())
	commits := s.open
	s.open = nil
	if err != nil {
		s.broke("sealing", err)
		return
	}
	if g == nil {
		return
	}
	s.flight = append(s.flight, inFlight{group: g, commits: commits})
	for _, c := range commits {
		c.shown()
	}
	if s.w.mutant == "no-fsync" {
		s.durable(len(s.flight))
		return
	}
	s.sync()
}

// sync makes what is sealed durable after the time that the disk takes.
func (s *site) sync() {
	n := s.disk.Unsynced()
	if s.syncing || n == 0 || !s.up {
		return
	}
	s.syncing = true
	took := s.rng.between(300, 4_000)
	if s.rng.chance(1) {
		took = s.rng.between(20_000, 400_000)
	}
	s.later(took, func() {
		s.syncing = false
		if err := s.disk.SyncFirst(n); err != nil {
			s.broke("syncing", err)
			return
		}
		s.durable(n)
		s.sync()
	})
}

// durable tells everyone who waited that the oldest groups are on disk.
func (s *site) durable(n int) {
	done := s.flight[:min(n, len(s.flight))]
	s.flight = append([]inFlight(nil), s.flight[len(done):]...)
	for _, f := range done {
		s.core.Durable(f.group)
		s.w.ledger.Durable(s.book(), s.w.ledger.Holding(f.group.Vector))
	}
	s.machine.Progressed(s.instant(), store{s}.Progress())
	s.settle()
	for _, f := range done {
		for _, c := range f.commits {
			c.acked()
		}
		for _, then := range f.then {
			then()
		}
	}
}

// whenDurable does something once what is shown now is durable.
func (s *site) whenDurable(then func()) {
	if len(s.flight) == 0 {
		then()
		return
	}
	last := &s.flight[len(s.flight)-1]
	last.then = append(last.then, then)
}
