package sim

import (
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/replication"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
)

// site is one location: a disk, and while it is up a core and a machine.
type site struct {
	w       *world
	index   int
	name    string
	place   mesh.Place
	rng     random
	disk    *memory.DB
	core    *fabric.Core
	machine *replication.Machine
	up      bool
	life    int // counts starts; what was planned in an earlier life does not happen
	self    clock.Origin
	join    clock.Stamp
	timing  timing
	state   standing
	writing
	stepped bool
	wake    int64                         // when the machine wants a tick, -1 for none planned
	holdoff int64                         // no requests before this moment
	heard   map[clock.Origin]clock.Vector // for a mutant
}

// writing is what is between sequencing and disk.
type writing struct {
	open    []*commit  // sequenced, their group not sealed yet
	flight  []inFlight // sealed groups, oldest first
	syncing bool
	sealing bool    // the open group waits for more
	old     *backup // to be put back later
}

// backup is a copy of a disk.
type backup struct {
	disk *memory.DB
	self clock.Origin
	end  clock.Time // of the own log
}

// timing is a location's clock.
type timing struct {
	offset  int64 // milliseconds that the wall clock is ahead
	guard   *clock.Guard
	good    int64 // the offset last accepted
	bad     bool  // writes are refused
	checked int64 // the offset that the guard saw last
	checkAt int64 // when it looks again
}

// standing is where a location stands in the fabric.
type standing struct {
	needsSnapshot bool
	rejected      replication.Reason
	dead          bool // for good: evicted, or given up
	notice        bool // it runs on an old disk, which must be noticed
}

// inFlight is a sealed group and what waits for it.
type inFlight struct {
	group   *fabric.Group
	commits []*commit
	then    []func()
}

// mono is the monotonic clock in milliseconds.
func (s *site) mono() int64 { return s.w.now / 1000 }

// wall is the wall clock as the core uses it: while the guard does not trust it, as it was before.
func (s *site) wall() int64 {
	t := &s.timing
	wall := wallBase + s.mono() + t.offset
	if t.guard == nil {
		return wall
	}
	if now := s.mono(); t.bad || t.checked != t.offset || now >= t.checkAt {
		t.checked, t.checkAt = t.offset, now+20
		if t.bad = t.guard.Check(wall, now).RefusesWrites(); !t.bad {
			t.good = t.offset
		}
		s.core.Trust(!t.bad)
	}
	return wallBase + s.mono() + t.good
}

func (s *site) instant() replication.Instant {
	return replication.Instant{Mono: s.mono(), Wall: s.wall()}
}

// serves tells whether the location takes requests.
func (s *site) serves() bool {
	if s.up && s.w.mutant == "early-newcomer" && s.core.Self() != 0 {
		return true
	}
	return s.up && !s.state.needsSnapshot && s.state.rejected == 0 && s.self != 0 && s.core.Self() != 0 && s.w.now >= s.holdoff
}

// start opens the disk and begins a life.
func (s *site) start() error {
	if s.w.mutant == "clock-forgets" {
		s.forgetClock()
	}
	core, err := fabric.OpenCore(s.database(), s.options())
	if err != nil {
		return err
	}
	s.core, s.up = core, true
	s.w.restarted(s)
	s.life++
	s.writing, s.wake = writing{old: s.old}, -1
	s.state = standing{notice: s.state.notice}
	if o := s.timing.offset; o > clock.DefaultMaxOffset || o < -clock.DefaultMaxOffset {
		// Whoever starts alone with a wrong clock believes it; an operator sets it right first.
		s.timing.offset = s.rng.between(-200, 200)
	}
	s.timing.guard, s.timing.good, s.timing.bad = clock.NewGuard(0), s.timing.offset, false
	s.machine = replication.New(replication.Config{Fabric: fabricName, Location: s.name, Self: s.self, Start: s.rng.next(), Join: s.join}, store{s}, s.instant())
	s.w.event("start", s.index, uint64(s.life), uint64(s.self))
	life := s.life
	s.every(250_000, func() { s.upkeep() })
	s.w.after(0, func() {
		if s.life == life && s.up {
			s.renewCeiling()
			s.settle()
		}
	})
	for _, other := range s.w.sites {
		s.w.net.renew(s, other)
	}
	return nil
}

func (s *site) options() fabric.Options {
	limits := fabric.DefaultLimits()
	limits.History = fabric.HistoryLimits{AgeMs: 15_000, Bytes: 1 << 30}
	limits.Series = seriesLimits()
	return fabric.Options{Number: fabricNumber, Limits: limits, Random: s.rng.next, Distort: s.distort()}
}

// every plans something again and again in this life.
func (s *site) every(us int64, run func()) {
	life := s.life
	var again func()
	again = func() {
		if s.life == life && s.up {
			run()
			s.w.after(us, again)
		}
	}
	s.w.after(us/4+int64(s.rng.below(int(us))), again)
}

// later plans something in this life.
func (s *site) later(us int64, run func()) {
	life := s.life
	s.w.after(us, func() {
		if s.life == life && s.up {
			run()
		}
	})
}

// stopped takes the location down; what was not synced is lost, but for what the disk kept by chance.
func (s *site) stopped() {
	if !s.up {
		return
	}
	s.tally()
	s.up = false
	s.machine.Close()
	s.w.event("stop", s.index, uint64(s.life), uint64(len(s.flight)))
	keep := s.rng.split()
	s.disk = s.disk.Crash(func(n int) int {
		if s.w.mutant == "no-fsync" {
			return 0
		}
		return keep.below(n + 1)
	})
	for _, other := range s.w.sites {
		if other != s {
			o := other
			s.w.net.link(s.index, o.index).up = false
			s.w.net.link(s.index, o.index).session++
			s.w.net.link(o.index, s.index).session++
			s.w.after(noticeAfter/4, func() {
				if !s.up {
					s.w.net.broken(o, s)
				}
			})
		}
	}
}

// tally adds what this life has counted.
func (s *site) tally() {
	if s.core == nil || !s.up {
		return
	}
	c := s.core.Counters()
	m := s.machine.Status().Counters
	n := &s.w.count
	n.Entries += c.Entries
	n.Conflicts += c.Conflicts
	n.Folds += c.Folds
	n.Purges += c.Purges
	n.Expired += c.Expired
	n.LogReads += c.LogReads
	n.Trimmed += c.Trimmed
	n.PointRounds += c.PointRounds
	n.Pulls += m.PullsServed
	n.Duplicates += m.Repeats
	n.Alarms += m.Alarms
}

// peer tells the machine that another location is reached, or is not.
func (s *site) peer(other *site, up bool) {
	if up {
		s.machine.PeerUp(s.instant(), other.name)
	} else {
		s.machine.PeerDown(s.instant(), other.name)
		s.timing.guard.Forget(other.name)
	}
	s.settle()
}

// receive takes a message.
func (s *site) receive(from *site, msg replication.Message) {
	s.w.event("recv", s.index, uint64(from.index), kindOf(msg))
	switch m := msg.(type) {
	case replication.Heartbeat:
		s.hears(from, m.Wall)
		s.w.tamperHeard(s, from, m)
	case replication.Hello:
		s.hears(from, m.Wall)
	}
	s.w.tamperReceive(s, msg)
	s.machine.Receive(s.instant(), from.name, msg)
	s.settle()
}

// hears notes how another clock stands against ours.
func (s *site) hears(from *site, wall int64) {
	l := s.w.net.link(from.index, s.index)
	s.timing.guard.Heard(from.name, wall+(l.delay+l.slow)/1000-(wallBase+s.mono()+s.timing.offset))
}

func kindOf(msg replication.Message) uint64 {
	switch msg.(type) {
	case replication.Hello:
		return 1
	case replication.Entries:
		return 2
	case replication.Heartbeat:
		return 3
	case replication.Pull:
		return 4
	case replication.Credit:
		return 5
	case replication.SnapshotRequest, replication.SnapshotChunk:
		return 6
	}
	return 7
}

// upkeep does background work.
func (s *site) upkeep() {
	if s.state.needsSnapshot {
		return
	}
	s.w.tamperUpkeep(s)
	for range 4 {
		s.core.Begin()
		more, err := s.core.Upkeep(s.wall())
		if err != nil {
			s.broke("upkeep", err)
			return
		}
		if !more {
			break
		}
		s.seal()
	}
	s.renewCeiling()
	s.settle()
}

// renewCeiling makes room for stamps to come.
func (s *site) renewCeiling() {
	if s.core.Self() != 0 {
		s.core.Begin()
		s.core.Renew()
	}
	s.seal()
}

// broke deals with a failure of the store, which ends this life, or of anything else, which must not happen.
func (s *site) broke(what string, err error) {
	if errors.Is(err, kv.ErrSync) || errors.Is(err, kv.ErrFull) {
		s.w.event("broke", s.index, uint64(s.life), 0)
		s.stopped()
		s.w.count.DiskFaults++
		s.w.restart(s, s.rng.between(300_000, 2_000_000))
		return
	}
	s.w.fail(check.Delivery, s, "%s: %v", what, err)
	s.w.report.Count += 1000 // the location is of no more use
}

// book is the name under which the ledger keeps this incarnation.
func (s *site) book() string { return check.Book(s.name, s.self) }

func (s *site) String() string { return fmt.Sprintf("%s(%s)", s.name, s.self) }
