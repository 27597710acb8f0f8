package fabric_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
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

// TestRecordsThatStayAreNotTrimmed makes one group of an entry that is stable and one that is not: it stays, and a
// reader who comes from another location finds it.
func TestRecordsThatStayAreNotTrimmed(t *testing.T) {
	t.Parallel()
	a, b, all := pair(t)
	c := newReplica(t, "c", 3)
	a.join(c)
	all = append(all, c)
	b.must(write(t, fabric.Insert, "docs", "x", `{}`)) // in a record that goes
	exchange(all)
	before := b.core.Progress(b.wall).Vector
	from, err := c.core.Changes(mustToken(t, "now"), "docs")
	if err != nil {
		t.Fatal(err)
	}
	a.must(write(t, fabric.Insert, "docs", "a1", `{}`))
	b.core.Begin()
	for _, e := range entriesOf(t, a, b) {
		if err := b.core.Apply(&e, b.wall); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.try(fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Insert, "docs", "b1", `{}`)}}); err != nil {
		t.Fatal(err)
	}
	b.seal()
	b.sync()
	b.core.SetStable(b.core.Progress(b.wall).Vector.With(b.self, before.At(b.self))) // b1 is not stable yet
	b.wall += 70_000
	b.upkeep()
	if b.core.Counters().Trimmed == 0 {
		t.Fatal("nothing was trimmed")
	}
	feed, err := b.core.Changes(from.Opened(), "docs")
	if err != nil {
		t.Fatalf("a1 is still kept: %v", err)
	}
	if m, err := feed.Next(t.Context()); err != nil || len(m.Changes) != 1 || m.Changes[0].Key != "a1" {
		t.Fatalf("feed says %+v, %v", m, err)
	}
}

// entriesOf reads what one replica committed and another has not.
func entriesOf(t *testing.T, from, to *replica) []codec.Entry {
	t.Helper()
	at := to.core.Progress(to.wall).Vector.At(from.self)
	data, _, err := from.core.ReadLog(from.self, at, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	past, err := to.core.Past(from.self, at)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := codec.DecodeBatch(data, past)
	if err != nil {
		t.Fatal(err)
	}
	return batch.Entries
}

// TestDropsTellWhatTheyTakeAlong drops a collection that others write to: each location says what was lost, whichever
// came first, and what the drop had seen is not lost.
func TestDropsTellWhatTheyTakeAlong(t *testing.T) {
	t.Parallel()
	a, b, all := pair(t)
	c := newReplica(t, "c", 3)
	a.join(c)
	all = append(all, c)
	a.must(write(t, fabric.Insert, "docs", "seen", `{"n":1}`))
	exchange(all)
	b.must(write(t, fabric.Insert, "docs", "k", `{"n":2}`), write(t, fabric.Update, "docs", "seen", `{"n":3}`))
	b.must(write(t, fabric.Remove, "docs", "k", ``))
	c.pull(b, b.self, 1<<30) // c has the writes before the drop, in a log on disk
	a.mustSchema(fabric.DropCollection("docs"))
	exchange(all)
	told := func(r *replica) (out []string) {
		list, _, err := r.core.Conflicts("docs", "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			if l.Reason != "dropped" {
				t.Errorf("%s: reason %q", r.name, l.Reason)
			}
			out = append(out, l.Lost.Stamp.String()+" "+l.Key+" "+l.Path+" "+string(value.AppendJSON(nil, l.Lost.Value)))
		}
		return out
	}
	want := told(a)
	if len(want) != 3 {
		t.Fatalf("where the drop came first: %q", want)
	}
	for _, r := range all[1:] {
		if got := told(r); !slices.Equal(got, want) {
			t.Errorf("%s says %q, a says %q", r.name, got, want)
		}
	}
	agree(all)
	if a, b := a.digest(a.wall), b.digest(b.wall); a.Hash != b.Hash {
		t.Errorf("digests %v and %v", a, b)
	}
}

// TestConflictsAreToldWhenTheyAreDurable asks for conflicts while the disk has not got what the list may hold.
func TestConflictsAreToldWhenTheyAreDurable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &slowDB{DB: memory.New(memory.Options{})}
		f, err := founded(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		let := make(chan struct{})
		db.set(let)
		commits := queued(t.Context(), f, "a")
		answer := make(chan error, 1)
		go func() {
			_, _, err := f.Conflicts(t.Context(), "", "", 10)
			answer <- err
		}()
		synctest.Wait()
		select {
		case err := <-answer:
			t.Errorf("answered before it was durable: %v", err)
			answer <- nil
		default:
		}
		close(let)
		if err := <-answer; err != nil {
			t.Error(err)
		}
		if err := <-commits[0]; err != nil {
			t.Error(err)
		}
	})
}

// TestTruncateRefusesWhatIsTooLarge empties collections at the limit.
func TestTruncateRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 1)
	r.limits.TruncateBytes = 2000
	r.open()
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "docs", Type: 2}, nil))
	long := `{"a":"` + strings.Repeat("x", 500) + `"}`
	truncate := func() error {
		r.core.Begin()
		_, err := r.core.Truncate("docs", r.wall)
		r.seal()
		r.sync()
		return err
	}
	for i := range 4 {
		r.must(write(t, fabric.Insert, "docs", "k"+itoa(int64(i)), long))
	}
	if err := truncate(); fabric.CodeOf(err) != fabric.TooLarge || r.count("docs") != 4 {
		t.Fatalf("%v, count %d", err, r.count("docs"))
	}
	r.must(write(t, fabric.Remove, "docs", "k0", ""))
	r.alone()
	if err := truncate(); err != nil || r.count("docs") != 0 {
		t.Fatalf("%v, count %d", err, r.count("docs"))
	}
	r.digest(r.wall)
}
