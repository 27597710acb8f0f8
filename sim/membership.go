package sim

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/mesh"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/store/kv/memory"
)

// membership is what is under way.
type membership struct {
	places  []mesh.Place
	before  *memory.DB // the anchor's disk before the last change, for a mutant
	pending int        // joins and evictions that were asked for and are not decided yet
}

// ask commits a change at the anchor, again until it is done, and goes on when it is durable. wanted gives the change,
// or says that it is done already, by an attempt whose outcome a crash has hidden.
func (w *world) ask(wanted func(member.Table) (change member.Change, done bool), then func(member.Change, clock.Stamp)) {
	w.member.pending++
	over := false
	end := func(change member.Change, stamp clock.Stamp) {
		if !over {
			over = true
			w.member.pending--
			then(change, stamp)
		}
	}
	var again func()
	again = func() {
		if over {
			return
		}
		w.after(400_000, again)
		if !w.anchor.serves() || len(w.anchor.flight) > 0 {
			return
		}
		change, done := wanted(w.anchor.core.Members())
		if done {
			m, _ := w.anchor.core.Members().ByOrigin(change.Origin)
			end(change, clock.Stamp{Time: m.Incarnation, Origin: w.anchor.self})
			return
		}
		if w.mutant != "" {
			w.member.before = w.anchor.disk.Clone()
		}
		stamp, ok := w.anchor.appendMember(change)
		if !ok {
			w.anchor.renewCeiling()
			return
		}
		w.anchor.whenDurable(func() {
			w.ledger.Acknowledged(w.anchor.book(), stamp)
			end(change, stamp)
		})
		w.anchor.settle()
	}
	again()
}

// joinOne lets a new location join.
func (w *world) joinOne() {
	s := w.addSite("new", len(w.sites), memory.New(memory.Options{Manual: true}))
	s.place = w.member.places[len(w.member.places)-1]
	w.joinAs(s)
}

// joinAs lets a location with an empty disk join.
func (w *world) joinAs(s *site) {
	wanted := func(t member.Table) (member.Change, bool) {
		if m, live := t.ByName(s.name); live {
			return member.Change{Kind: member.Join, Origin: m.Origin}, true
		}
		return member.Change{Kind: member.Join, Origin: t.NextOrigin(), Name: s.name}, false
	}
	w.ask(wanted, func(c member.Change, stamp clock.Stamp) {
		s.self, s.join = c.Origin, stamp
		s.state, s.holdoff = standing{}, 0
		w.count.Joins++
		w.event("join", s.index, uint64(c.Origin), uint64(stamp.Time))
		w.tamperJoined(s)
		if err := s.start(); err != nil {
			s.broke("starting", err)
			return
		}
		w.makeLocal(s)
		if w.clientAt(s) == nil {
			w.addClient(s)
		}
	})
}

func (w *world) clientAt(s *site) *client {
	for _, c := range w.clients {
		if c.site == s {
			return c
		}
	}
	return nil
}

// evictOne takes out a location that lives, is down or is cut off; one that lives comes back as a new incarnation.
func (w *world) evictOne(rng *random) {
	victim := w.victim(rng)
	if victim == nil {
		w.after(500_000, func() { w.evictOne(rng) })
		return
	}
	switch rng.below(3) {
	case 0:
		victim.stopped()
		w.count.Crashes++
		if rng.chance(50) {
			w.restart(victim, rng.between(2_000_000, 8_000_000))
		}
	case 1:
		w.isolate(victim, rng.between(2_000_000, 8_000_000))
	}
	w.after(rng.between(10_000, 1_500_000), func() { w.evict(victim) })
}

func (w *world) victim(rng *random) *site {
	var list []*site
	for _, s := range w.serving() {
		if s != w.anchor && !s.state.notice && s.name != "new" {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return pick(rng, list)
}

func (w *world) evict(s *site) {
	origin := s.self
	w.ask(func(t member.Table) (member.Change, bool) {
		return member.Change{Kind: member.Evict, Origin: origin}, t.StateOf(origin) != member.Joined
	}, func(member.Change, clock.Stamp) { w.count.Evicts++ })
}

// rejected deals with a location that was told that its incarnation must not go on.
func (w *world) rejected(s *site) {
	if s.state.notice {
		w.count.Noticed++
		w.evict(s)
	} else if w.ledger.Joined(s.self) && w.anchor.up && w.anchor.core.Members().StateOf(s.self) == member.Joined {
		w.fail(check.Delivery, s, "is rejected (%s) and nothing is wrong with it", s.state.rejected)
	}
	w.gone = append(w.gone, s.book())
	s.later(w.rng.between(100_000, 1_000_000), func() {
		s.stopped()
		s.disk = memory.New(memory.Options{Manual: true})
		s.state.dead = true
		if !w.healed {
			w.joinAgain(s)
		}
	})
}

// joinAgain lets a location come back as a new incarnation once the old one is leaving.
func (w *world) joinAgain(s *site) {
	if w.anchor.serves() {
		if _, live := w.anchor.core.Members().ByName(s.name); !live {
			w.joinAs(s)
			return
		}
	}
	w.after(500_000, func() { w.joinAgain(s) })
}

// copyDisk takes copies of the disks, and later puts one of them back, as a restored backup would be.
func (w *world) copyDisk(rng *random, end int64) {
	for _, s := range w.serving() {
		if s != w.anchor {
			s.old = &backup{s.disk.Clone(), s.self, w.ledger.Holds(s.book()).At(s.self)}
		}
	}
	var again func()
	again = func() {
		var list []*site
		for _, s := range w.serving() {
			if s.old != nil && s.old.self == s.self && w.knownElsewhere(s, s.old.end) {
				list = append(list, s)
			}
		}
		if len(list) == 0 {
			if w.now <= end*9/10 {
				w.after(500_000, again)
			}
			return
		}
		w.putBack(pick(rng, list))
	}
	w.after(end/6, again)
}

// putBack starts a location on an old copy of its disk.
func (w *world) putBack(s *site) {
	w.count.Restores++
	w.event("restore", s.index, 0, 0)
	s.stopped()
	s.disk = s.old.disk
	for _, other := range w.sites {
		other.old = nil
	}
	s.state.notice = true
	s.holdoff = w.now + 3_600_000_000 // it must be noticed before it may write
	w.restart(s, 300_000)
}

// knownElsewhere tells whether some location that is up has more of a log than this.
func (w *world) knownElsewhere(s *site, after clock.Time) bool {
	for _, other := range w.serving() {
		if other != s && (store{other}).Progress().Vector.At(s.self) > after {
			return true
		}
	}
	return false
}
