package replication_test

import (
	"slices"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
)

// gatedWorld is a fabric whose members hold entries until the system fabric is applied as far as they say.
func gatedWorld(t *testing.T, names ...string) *world {
	w := calmWorld(t, names...)
	for _, s := range w.sites {
		s.config.GateSystem = true
		s.fake.system = clock.VectorOf(clock.Row{Origin: 1, Time: clock.MaxTime}, clock.Row{Origin: 2, Time: clock.MaxTime}, clock.Row{Origin: 3, Time: clock.MaxTime})
		w.crash(s) // starts anew, as it is configured now
	}
	w.quiesce()
	return w
}

// waits is why the next entry of an origin cannot be applied at a site, empty when it can.
func (w *world) waits(at string, origin clock.Origin) string {
	for _, wait := range w.site(at).machine.Status().Waits {
		if wait.Origin == origin {
			return wait.Reason
		}
	}
	return ""
}

func TestEntriesWaitForTheSystemFabric(t *testing.T) {
	t.Parallel()
	w := gatedWorld(t, "a", "b", "c")
	const said = clock.Time(500)
	b := w.site("b").fake
	b.system = b.system.With(1, said-1)
	w.commits(3, "a")
	w.run(500)
	if w.waits("b", 1) != "" {
		t.Fatalf("b waits for %s with what says nothing of the system fabric", w.waits("b", 1))
	}
	w.site("a").fake.says = said
	w.commits(3, "a")
	w.run(500)
	// What c commits now depends on what a said; what it committed before does not.
	w.commits(2, "c")
	w.run(1000)
	held := w.site("a").fake.durable.head(1).Stamp.Time
	if at := b.durable.vector.At(1); at >= held || w.waits("b", 1) != "system" || w.waits("b", 3) != "dependency" {
		t.Fatalf("b has applied %s of a's log up to %s, and waits for %q of a and %q of c", at, held, w.waits("b", 1), w.waits("b", 3))
	}
	if at := w.site("c").fake.durable.vector.At(1); at != held {
		t.Fatalf("c, which has the system fabric, has applied %s of %s", at, held)
	}
	w.commits(1, "b")
	b.system = b.system.With(1, said)
	w.quiesce()
	if at := b.durable.vector.At(1); at != held {
		t.Fatalf("b has applied %s of %s", at, held)
	}
}

// A location of which the system fabric knows nothing here holds up nobody, nor does one that is being evicted from it.
func TestUnknownLocationsHoldNothingUp(t *testing.T) {
	t.Parallel()
	w := gatedWorld(t, "a", "b", "c")
	w.site("a").fake.says = clock.MaxTime - 1
	w.site("c").fake.says = clock.MaxTime
	w.commits(5, "a", "b", "c")
	w.quiesce()
}

// What waits for the system fabric is still a dependency of nobody: an eviction ends without it.
func TestEvictionEndsWhileEntriesWaitForTheSystemFabric(t *testing.T) {
	t.Parallel()
	w := gatedWorld(t, "a", "b", "c")
	for _, name := range []string{"a", "b"} {
		s := w.site(name)
		s.fake.system = s.fake.system.With(3, 10)
		s.machine.Progressed(w.instant(s), s.fake.Progress())
	}
	w.site("c").fake.says = 20
	w.commits(5, "c")
	w.run(500)
	if w.waits("a", 3) != "system" {
		t.Fatalf("a waits for %q", w.waits("a", 3))
	}
	w.evictSite(w.site("c"))
	w.run(1000)
	w.quiesce()
	if !slices.Contains(w.log, "a commits end of 3") {
		t.Fatalf("it went %q", w.log)
	}
}
