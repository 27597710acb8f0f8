package replication_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/replication"
)

// lapsed makes c lack entries that nobody can give it any more but in a
// snapshot. Half of its own log nobody else has.
func lapsed(t *testing.T) (*world, *site) {
	w := calmWorld(t, "a", "b", "c")
	w.setCut("a", "c", true)
	w.setCut("b", "c", true)
	w.commits(20, "a", "b", "c")
	w.run(500)
	for _, s := range w.sites[:2] {
		for _, row := range s.fake.durable.vector {
			s.fake.durable.trimmed[row.Origin] = row.Time
		}
	}
	w.setCut("a", "c", false)
	w.setCut("b", "c", false)
	return w, w.site("c")
}

// A commit that was under way when the snapshot was asked for, durable before
// its first chunk or only visible, is not deleted by it.
func TestCommitsUnderWayOutlastASnapshot(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{true, false} {
		w, c := lapsed(t)
		before := len(w.truth)
		for done := 0; done < 3; {
			w.step(5)
			if c.machine.Status().Joining {
				done++
				w.commit(c, 50)
				if durable {
					w.sync(c)
				}
			}
		}
		w.quiesce() // finds every entry that is lost
		w.expect("c needs a snapshot", "c has its snapshot")
		if len(w.truth) == before {
			t.Fatal("nothing was committed")
		}
	}
}

// A crash between the chunks of a snapshot does not lessen what it must hold,
// nor do the others take the location for one that was set back.
func TestARetakenSnapshotGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w, c := lapsed(t)
	for len(c.fake.taking) < 3 {
		w.step(5)
	}
	had := c.fake.partial.Need
	w.crash(c)
	w.run(40)
	if st := c.machine.Status(); !st.Joining || c.rejected != 0 {
		t.Fatalf("between the chunks: %+v", st)
	}
	w.quiesce()
	w.expect("c needs a snapshot", "c needs a snapshot", "c has its snapshot")
	if !c.fake.durable.vector.Dominates(had) {
		t.Fatalf("the snapshot has %s, what it replaced had %s", c.fake.durable.vector, had)
	}
	// The same, with all sources gone: another snapshot must hold as much.
	w, c = lapsed(t)
	for len(c.fake.taking) < 3 {
		w.step(5)
	}
	had = c.fake.partial.Need
	w.crash(c)
	w.crash(w.site("a"))
	w.crash(w.site("b"))
	w.quiesce()
	if !c.fake.durable.vector.Dominates(had) {
		t.Fatalf("another snapshot has %s, what it replaced had %s", c.fake.durable.vector, had)
	}
}

// A request for chunks that is lost does not make the next one an error.
func TestALostRequestForChunksIsNoAlarm(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a")
	c := w.join("c")
	a := w.site("a")
	for len(c.fake.taking) == 0 {
		w.step(5)
	}
	id := c.fake.partial.ID
	a.machine.Receive(w.instant(a), "c", replication.SnapshotRequest{ID: id, From: 6, Count: 2})
	w.effects(a)
	w.quiesce()
	for _, alarm := range a.alarms {
		t.Errorf("alarm %s: %s", alarm.Code, alarm.Text)
	}
}
