package sim

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
)

// What chance has not brought about in the first half of a run is brought about in the second, again until it has
// happened: a run that never came to it would judge nothing.

// raceKey is the document of those who race on purpose.
const raceKey = "race"

// surely plans what must happen in every run.
func (w *world) surely() {
	rng := w.rng.split()
	end := w.cfg.Duration.Microseconds()
	until := func(happened func() bool, do func(*random)) {
		own := rng.split()
		var again func()
		again = func() {
			if w.healed || happened() {
				return
			}
			do(&own)
			w.after(own.between(300_000, 1_000_000), again)
		}
		w.after(end/2+own.between(0, 1_000_000), again)
	}
	until(func() bool { return w.conflicts() > 0 }, w.race)
	until(func() bool { return w.count.Retries > 0 }, w.overtake)
	if slices.Contains(w.cfg.faults(), "disk") {
		until(func() bool { return w.count.DiskFaults > 0 }, w.breakDisk)
	}
}

// conflicts is how many were found so far.
func (w *world) conflicts() uint64 {
	n := w.count.Conflicts
	for _, s := range w.sites {
		if s.up {
			n += s.core.Counters().Conflicts
		}
	}
	return n
}

// writable lists the locations that take writes.
func (w *world) writable() []*site {
	return slices.DeleteFunc(w.serving(), func(s *site) bool { s.wall(); return s.timing.bad })
}

// race lets two locations write one field at the same moment, so that neither has seen the other.
func (w *world) race(rng *random) {
	list := w.writable()
	if len(list) < 2 {
		return
	}
	a := rng.below(len(list))
	b := (a + 1 + rng.below(len(list)-1)) % len(list)
	for _, s := range []*site{list[a], list[b]} {
		s.racing(rng.next()).try()
	}
}

// overtake sequences a write before another one of the same document that was prepared earlier, which is stale then.
func (w *world) overtake(rng *random) {
	list := w.writable()
	if len(list) == 0 {
		return
	}
	s := pick(rng, list)
	late, early := s.racing(rng.next()), s.racing(rng.next())
	p, err := late.prepare()
	if err != nil {
		late.refused(err)
		return
	}
	q, err := early.prepare()
	if err != nil {
		early.refused(err)
		return
	}
	early.sequence(q, s.wall())
	late.sequence(p, s.wall())
}

// racing is a write of the racers' document at a location.
func (s *site) racing(number uint64) *commit {
	c := &commit{s: s, life: s.life, done: func(bool, clock.Stamp) {}}
	c.prepare = func() (*fabric.Prepared, error) {
		c.writes = []fabric.Write{fabric.NewWrite(fabric.UpsertPatch, "docs", raceKey, parse(fmt.Sprintf(`{"a":%d}`, number>>12)))}
		return s.core.Prepare(fabric.Transaction{Writes: c.writes}, s.wall())
	}
	return c
}
