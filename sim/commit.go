package sim

import (
	"errors"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/sim/check"
)

// commit is one transaction on its way.
type commit struct {
	s        *site
	life     int
	prepare  func() (*fabric.Prepared, error)
	writes   []fabric.Write // as prepared last, for checking what it shows
	points   bool           // it writes points, too
	attempts int
	stamp    clock.Stamp
	receipt  fabric.Receipt
	done     func(ok bool, stamp clock.Stamp)
	judge    func(e *check.Entry) // of what it has read, nil for nothing
}

// maxAttempts is how often a transaction is prepared before it gives up.
const maxAttempts = 12

// submit prepares and sequences a transaction; done is called when it is durable, or was refused. After a crash it
// is never called.
func (s *site) submit(c *commit) {
	c.s, c.life = s, s.life
	c.try()
}

func (c *commit) try() {
	s := c.s
	if !s.serves() {
		c.done(false, clock.Stamp{})
		return
	}
	wall := s.wall()
	if s.timing.bad {
		s.w.count.ClockStops++
		c.done(false, clock.Stamp{})
		return
	}
	p, err := c.prepare()
	switch {
	case err != nil:
		c.refused(err)
	case p.Empty():
		c.done(true, clock.Stamp{})
	case s.rng.chance(20):
		s.later(s.rng.between(5_000, 150_000), func() { c.sequence(p, s.wall()) }) // long enough for others to come first
	case s.rng.chance(50):
		s.later(s.rng.between(100, 4_000), func() { c.sequence(p, s.wall()) })
	default:
		c.sequence(p, wall)
	}
}

// refused deals with a write that the rules do not allow.
func (c *commit) refused(err error) {
	s := c.s
	switch codeOf(err) {
	case fabric.NotFound, fabric.KeyExists, fabric.NotExpressible, fabric.CollectionNotFound, fabric.CollectionExists, fabric.IndexNotFound,
		fabric.RevConflict, fabric.BadArgument, fabric.Conflict:
		if codeOf(err) == fabric.Conflict {
			s.w.count.Overtaken++
		}
		s.w.count.Refused++
		s.w.event("refuse", s.index, uint64(len(codeOf(err))), 0)
		c.done(false, clock.Stamp{})
		return
	}
	s.broke("preparing", err)
	c.done(false, clock.Stamp{})
}

func (c *commit) sequence(p *fabric.Prepared, wall int64) {
	s := c.s
	if !s.serves() {
		c.done(false, clock.Stamp{})
		return
	}
	s.w.tamperCommit(s, p)
	s.core.Begin()
	stamp, err := s.core.Sequence(p, wall)
	switch {
	case errors.Is(err, sequencer.ErrStale):
		s.w.count.Retries++
		c.again(1)
	case errors.Is(err, clock.ErrCeiling):
		s.renewCeiling()
		c.again(5_000)
	case codeOf(err) == fabric.Conflict:
		c.refused(err)
	case err != nil:
		s.broke("sequencing", err)
		c.done(false, clock.Stamp{})
	default:
		c.sequenced(p, stamp)
	}
}

func (c *commit) again(us int64) {
	if c.attempts++; c.attempts > maxAttempts {
		c.done(false, clock.Stamp{})
		return
	}
	c.s.later(us, c.try)
}

func (c *commit) sequenced(p *fabric.Prepared, stamp clock.Stamp) {
	s := c.s
	c.stamp, c.receipt = stamp, p.Receipt(stamp)
	s.w.count.Commits++
	s.w.event("commit", s.index, uint64(stamp.Time), uint64(stamp.Origin))
	s.w.report.Now = s.w.now
	entry := s.w.ledger.Commit(s.book(), stamp, p.Body, p.Local)
	if c.judge != nil {
		c.judge(entry)
	}
	s.open = append(s.open, c)
	if s.rng.chance(40) {
		// More may join the group.
		s.sealing = true
		s.later(s.rng.between(50, 800), func() {
			if s.sealing {
				s.sealing = false
				s.settle()
			}
		})
		return
	}
	s.sealing = false
	s.settle()
}

// shown is called when the commit is visible: what it wrote must show.
func (c *commit) shown() {
	if len(c.writes) == 0 || len(c.writes) != len(c.receipt.Results) {
		return
	}
	v := c.s.core.NewView(c.s.wall())
	defer func() { _ = v.Close() }()
	if !c.s.w.ledger.Holding(v.Vector()).Equal(c.s.w.ledger.SeenBy(c.stamp)) {
		return // others of the same group came after it
	}
	for i := range c.writes {
		c.s.judge(v, c.writes[i].Collection, c.receipt.Results[i].Key)
		c.s.showsWrite(v, c.writes, i, &c.receipt.Results[i])
	}
	if c.points {
		c.s.judgePoints(v)
	}
}

// acked is called when the commit is durable.
func (c *commit) acked() {
	c.s.w.count.Acked++
	c.s.w.ledger.Acknowledged(c.s.book(), c.stamp)
	if c.done != nil {
		c.done(true, c.stamp)
	}
}

// truncate empties a collection.
func (s *site) truncate(name string) {
	if !s.serves() || s.timing.bad {
		return
	}
	v := s.core.NewView(s.wall())
	c, ok := v.Collection(name)
	_ = v.Close()
	if !ok {
		return
	}
	body := codec.AppendChange(nil, codec.Change{Kind: codec.Truncate, Collection: c.Name, Generation: c.Generation})
	s.core.Begin()
	stamp, err := s.core.Truncate(name, s.wall())
	switch {
	case errors.Is(err, clock.ErrCeiling) || codeOf(err) == fabric.CollectionNotFound:
		s.renewCeiling()
		return
	case err != nil:
		s.w.fail(check.Merge, s, "truncating %s: %v", name, err)
		return
	}
	s.w.count.Truncates++
	s.w.event("truncate", s.index, uint64(stamp.Time), 0)
	s.w.ledger.Commit(s.book(), stamp, body, nil)
	s.open = append(s.open, &commit{s: s, life: s.life, stamp: stamp})
	s.settle()
}
