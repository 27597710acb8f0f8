package sim

import (
	"slices"

	"github.com/selvedge-db/selvedge/store/kv/memory"
)

// planFaults plans what goes wrong in the safety phase.
func (w *world) planFaults() {
	has := func(name string) bool { return slices.Contains(w.cfg.faults(), name) }
	rng := w.rng.split()
	end := w.cfg.Duration.Microseconds()
	if has("loss") {
		w.net.loss = 2
	}
	if has("repeat") {
		w.net.repeat = 1
	}
	if has("reorder") {
		w.net.reorder = 2
	}
	again := func(name string, mean int64, run func(*random)) {
		if has(name) {
			own := rng.split()
			w.repeatedly(&own, mean, end, run)
		}
	}
	again("cut", 3_000_000, w.cutSome)
	again("slow", 5_000_000, w.slowSome)
	again("crash", 40_000_000/int64(len(w.sites)), w.crashSome)
	again("disk", 12_000_000, w.breakDisk)
	again("clock", 6_000_000, w.stepClock)
	if has("clock") {
		w.after(rng.between(end/5, end/2), func() { w.wrongClock(&rng) })
	}
	if has("crash") {
		w.after(rng.between(end/3, end*2/3), func() { w.crashAnchor(&rng) })
	}
	if has("join") {
		w.after(rng.between(end/6, end/3), w.joinOne)
	}
	if has("evict") {
		w.after(rng.between(end*2/5, end*3/5), func() { w.evictOne(&rng) })
	}
	if has("restore") {
		w.after(rng.between(end/10, end/4), func() { w.copyDisk(&rng, end) })
	}
	w.repeatedly(&rng, 4_000_000, end, func(*random) {
		for _, s := range w.serving() {
			w.digest(s, w.newest)
		}
	})
}

// repeatedly does something at random intervals until a moment.
func (w *world) repeatedly(rng *random, mean, end int64, run func(*random)) {
	own := rng.split()
	var again func()
	again = func() {
		if !w.healed && w.now < end {
			run(&own)
			w.after(own.between(mean/5, mean*9/5), again)
		}
	}
	w.after(own.between(mean/5, mean*9/5), again)
}

// cutSome cuts links for a while: one, those of one location, or all between two halves.
func (w *world) cutSome(rng *random) {
	long := rng.between(100_000, 8_000_000)
	if rng.chance(30) {
		long = rng.between(20_000, 900_000) // flapping: nobody notices
	}
	oneWay := rng.chance(30)
	var pairs [][2]*site
	a := pick(rng, w.sites)
	switch rng.below(3) {
	case 0:
		pairs = append(pairs, [2]*site{a, pick(rng, w.sites)})
	case 1:
		for _, b := range w.sites {
			pairs = append(pairs, [2]*site{a, b})
		}
	default:
		side := map[*site]bool{}
		for _, s := range w.sites {
			side[s] = rng.chance(50)
		}
		for _, s := range w.sites {
			for _, t := range w.sites {
				if side[s] && !side[t] {
					pairs = append(pairs, [2]*site{s, t})
				}
			}
		}
	}
	w.count.Cuts++
	if oneWay {
		w.count.OneWayCuts++
	}
	for _, p := range pairs {
		if p[0] != p[1] {
			w.net.cut(p[0], p[1], oneWay)
		}
	}
	w.after(long, func() {
		for _, p := range pairs {
			if p[0] != p[1] {
				w.net.heal(p[0], p[1])
			}
		}
	})
}

// isolate cuts a location off for a while.
func (w *world) isolate(s *site, long int64) {
	w.count.Cuts++
	for _, other := range w.sites {
		if other != s {
			w.net.cut(s, other, false)
		}
	}
	w.after(long, func() {
		for _, other := range w.sites {
			if other != s {
				w.net.heal(s, other)
			}
		}
	})
}

// slowSome makes one direction slow for a while.
func (w *world) slowSome(rng *random) {
	a, b := pick(rng, w.sites), pick(rng, w.sites)
	if a == b {
		return
	}
	w.count.Slow++
	l := w.net.link(a.index, b.index)
	l.slow = rng.between(200_000, 2_500_000)
	w.after(rng.between(1_000_000, 8_000_000), func() { l.slow = 0 })
}

func (w *world) crashSome(rng *random) {
	s := pick(rng, w.sites)
	if s.up && !s.state.notice {
		w.crash(s, rng.between(100_000, 5_000_000))
	}
}

func (w *world) crashAnchor(rng *random) {
	if w.anchor.up {
		w.count.AnchorDowns++
		w.crash(w.anchor, rng.between(500_000, 4_000_000))
		return
	}
	w.after(500_000, func() { w.crashAnchor(rng) })
}

// crash takes a location down and starts it again after a while.
func (w *world) crash(s *site, down int64) {
	w.count.Crashes++
	s.stopped()
	w.restart(s, down)
}

// restart starts a location that is down.
func (w *world) restart(s *site, after int64) {
	w.after(after, func() {
		if s.up || s.state.dead {
			return
		}
		if err := s.start(); err != nil {
			s.broke("starting", err)
		}
	})
}

// restarted tells the ledger what a location found on its disk.
func (w *world) restarted(s *site) {
	before := w.ledger.Entries()
	w.report.Now = w.now
	v := s.core.NewView(s.wall())
	defer func() { _ = v.Close() }()
	if s.core.Self() != 0 {
		w.ledger.Restarted(s.book(), s.self, v.Vector(), !s.state.notice)
	}
	w.count.LostCommits += uint64(before - w.ledger.Entries())
}

// breakDisk makes the next operations of a disk fail.
func (w *world) breakDisk(rng *random) {
	s := pick(rng, w.sites)
	if !s.up || s.state.needsSnapshot {
		return
	}
	fault := memory.FullDisk
	if rng.chance(50) {
		fault = memory.FailedSync
	}
	at := s.disk.Operations() + int64(rng.below(6))
	for i := range int64(2) {
		s.disk.FailAt(at+i, fault)
	}
}

// stepClock sets a wall clock a little.
func (w *world) stepClock(rng *random) {
	s := pick(rng, w.sites)
	if s.timing.bad || s.timing.offset < -2000 || s.timing.offset > 2000 {
		return
	}
	w.count.ClockSteps++
	s.timing.offset = rng.between(-700, 700)
	w.event("clock", s.index, uint64(s.timing.offset), 0)
}

// wrongClock sets a wall clock an hour ahead or back, and right again after a while.
func (w *world) wrongClock(rng *random) {
	s := pick(rng, w.sites[1:])
	hour := int64(3_600_000)
	if rng.chance(50) {
		hour = -hour
	}
	before := s.timing.offset
	s.timing.offset += hour
	w.count.ClockSteps++
	w.event("clock", s.index, uint64(s.timing.offset), 1)
	w.after(rng.between(2_000_000, 6_000_000), func() { w.rightClock(s, before) })
}

func (w *world) rightClock(s *site, offset int64) {
	s.timing.offset = offset
}
