package fabric_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
)

// pair is two replicas of one fabric with a collection "docs" and a history of one minute.
func pair(t *testing.T) (a, b *replica, all []*replica) {
	t.Helper()
	a, b = newReplica(t, "a", 1), newReplica(t, "b", 2)
	a.limits.History = fabric.HistoryLimits{AgeMs: 60_000, Bytes: 1 << 40}
	b.limits = a.limits
	a.open()
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "docs", Type: 2}, nil))
	a.join(b)
	all = []*replica{a, b}
	exchange(all)
	return a, b, all
}

// pass lets time pass everywhere.
func pass(all []*replica, ms int64) {
	for _, r := range all {
		r.wall += ms
		r.renew()
	}
}

// agree delivers everything, tells everybody what is stable, and lets them work.
func agree(all []*replica) {
	exchange(all)
	for _, r := range all {
		r.sync()
	}
	for _, r := range all {
		r.learn(all)
		r.upkeep()
	}
}

func TestConflictsAreKeptFromWhenTheyAreFound(t *testing.T) {
	t.Parallel()
	a, b, all := pair(t)
	a.must(write(t, fabric.Insert, "docs", "k", `{"a":0}`))
	agree(all)
	b.must(write(t, fabric.Update, "docs", "k", `{"a":"from b"}`))
	pass(all, 1_000)
	a.must(write(t, fabric.Update, "docs", "k", `{"a":"from a"}`))
	pass(all, 120_000) // two histories long, before they meet again
	found := func(r *replica) int {
		list, _, err := r.core.Conflicts("", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for range 6 {
		agree(all)
		if found(a) != 1 || found(b) != 1 {
			t.Fatalf("a partition longer than the history: %d and %d conflicts, want one each", found(a), found(b))
		}
		pass(all, 9_000)
	}
	pass(all, 20_000)
	agree(all)
	if found(a) != 0 || found(b) != 0 {
		t.Fatalf("older than the history: still %d and %d conflicts", found(a), found(b))
	}
}
