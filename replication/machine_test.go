package replication_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/fabric/member"
)

func TestFiveFollowEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, network{delay: 20}, "a", "b", "c", "d", "e")
	w.quiesce()
	for range 200 {
		for _, s := range w.sites {
			w.commit(s, 100)
		}
		w.step(5)
	}
	w.quiesce()
	for _, s := range w.sites {
		if s.applied == 0 && s.name != "a" {
			t.Errorf("%s applied nothing", s.name)
		}
		if st := s.machine.Status(); st.Counters.PullsSent > 0 && s.name == "a" {
			t.Errorf("%s pulled %d times in a network without faults", s.name, st.Counters.PullsSent)
		}
	}
}

// TestRandomSchedules drives fabrics through faults; every effect is checked.
func TestRandomSchedules(t *testing.T) {
	t.Parallel()
	seeds := 60
	if n, err := strconv.Atoi(os.Getenv("SELVEDGE_REPLICATION_SEEDS")); err == nil {
		seeds = n
	}
	var mu sync.Mutex
	var total coverage
	t.Run("seeds", func(t *testing.T) {
		for seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				c := randomSchedule(t, int64(seed))
				mu.Lock()
				defer mu.Unlock()
				total.add(c)
			})
		}
	})
	if !t.Failed() && (total.pulls == 0 || total.repeats == 0 || total.drops == 0 || total.snapshots == 0 || total.ends == 0 || total.rejected == 0) {
		t.Fatalf("the schedules did not reach everything: %+v", total)
	}
	t.Logf("%+v", total)
}

// coverage counts what schedules must reach to be worth anything.
type coverage struct {
	pulls, repeats, drops uint64
	snapshots, ends       int
	rejected              int
}

func (c *coverage) add(d coverage) {
	c.pulls, c.repeats, c.drops = c.pulls+d.pulls, c.repeats+d.repeats, c.drops+d.drops
	c.snapshots, c.ends, c.rejected = c.snapshots+d.snapshots, c.ends+d.ends, c.rejected+d.rejected
}

func (w *world) coverage() coverage {
	var c coverage
	for _, s := range w.sites {
		n := s.machine.Status().Counters
		c.add(coverage{pulls: n.PullsSent, repeats: n.Repeats, drops: n.Dropped})
	}
	for _, line := range w.log {
		switch {
		case strings.Contains(line, "has its snapshot"):
			c.snapshots++
		case strings.Contains(line, "commits end"):
			c.ends++
		case strings.Contains(line, "is rejected"):
			c.rejected++
		}
	}
	return c
}

func randomSchedule(t *testing.T, seed int64) coverage {
	names := []string{"a", "b", "c", "d", "e"}
	w := newWorld(t, seed, network{delay: 1, jitter: 30}, names[:2+int(seed)%4]...)
	if seed%3 > 0 {
		w.quiesce() // else the first members join amid the faults
	}
	w.net = network{delay: 1 + w.rng.Intn(40), jitter: w.rng.Intn(60), loss: w.rng.Float64() * 0.2, twice: w.rng.Float64() * 0.2}
	next := len(w.sites)
	for range 800 {
		s := w.sites[w.rng.Intn(len(w.sites))]
		p := w.sites[w.rng.Intn(len(w.sites))]
		switch r := w.rng.Intn(1000); {
		case s.gone || p.gone:
		case r < 400:
			w.commit(s, 1+w.rng.Intn(600))
		case r < 420 && s.name != p.name:
			w.setCut(s.name, p.name, true)
		case r < 450 && s.name != p.name:
			w.setCut(s.name, p.name, false)
		case r < 455:
			w.crash(s)
		case r < 460 && next < 9:
			w.join(fmt.Sprintf("n%d", next))
			next++
		case r < 466 && s != w.anchor():
			w.evictSite(s)
		}
		w.step(5)
	}
	w.quiesce()
	return w.coverage()
}

// evictSite begins an eviction at the anchor, if it may.
func (w *world) evictSite(s *site) {
	c := member.Change{Kind: member.Evict, Origin: s.fake.self}
	a := w.anchor()
	if a.fake.visible.members.Check(c, a.fake.self) == nil {
		w.change(a, c)
		w.log = append(w.log, fmt.Sprintf("%s evicts %s", a.name, s.name))
	}
}
