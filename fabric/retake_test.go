package fabric_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
)

// give hands chunks of a snapshot to another replica, up to count of them, as if its process ended then.
func (r *replica) give(to *replica, s *fabric.Snapshot, count int) error {
	r.t.Helper()
	for i := range count {
		data, last, err := s.Chunk(i)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := fabric.Install(to.db, 3, fabric.SnapshotMark{ID: s.ID(), Next: uint32(i)}, data, last, s.Vector(), to.self); err != nil {
			return err
		}
		if err := to.db.Sync(); err != nil {
			r.t.Fatal(err)
		}
		if last {
			break
		}
	}
	to.open()
	return nil
}

func (r *replica) snapshot(id string) *fabric.Snapshot {
	r.t.Helper()
	s, err := r.core.OpenSnapshot(id)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestARetakenSnapshotKeepsWhatIsOnlyHere takes a snapshot over a state, half at first, and looks for local
// collections, for what was vouched for, and for the rest.
func TestARetakenSnapshotKeepsWhatIsOnlyHere(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 41), newReplica(t, "b", 42)
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "docs", Type: 2}, nil))
	a.join(b)
	b.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "mine", Type: 2, Local: true}, nil))
	b.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "timed", Type: 2, Model: "KV", Expires: true, Local: true}, nil))
	var x fabric.Index
	b.mustSchema(fabric.CreateIndex("mine", fabric.IndexSpec{Name: "u", Type: "persistent", Fields: []string{"a"}, Unique: true}, &x))
	b.must(write(t, fabric.Insert, "mine", "k", `{"a":1}`), write(t, fabric.Insert, "timed", "t", `{"expireAt":`+itoa(wallBase/1000+3600)+`}`))
	// The numbers that the local collections have at b are those of others at a.
	big := strings.Repeat("x", 3<<20)
	for _, name := range []string{"p", "q", "r"} {
		a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: name, Type: 2}, nil))
		a.mustSchema(fabric.CreateIndex(name, fabric.IndexSpec{Name: "v", Type: "persistent", Fields: []string{"v"}}, &x))
		a.must(write(t, fabric.Insert, name, "k", `{"v":"`+name+`"}`))
	}
	a.must(write(t, fabric.Insert, "docs", "big", `{"a":"`+big+`"}`))
	exchange([]*replica{a, b})
	b.wall += 1400
	b.renew()
	before := b.core.Progress(b.wall)
	b.wall -= 1400

	if err := a.give(b, a.snapshot("s1"), 1); err != nil {
		t.Fatal(err)
	}
	if p := b.core.Progress(b.wall).Partial; !p.Need.Equal(before.Vector) {
		t.Fatalf("half of a snapshot needs %s, what it replaces had %s", p.Need, before.Vector)
	}
	if err := a.give(b, a.snapshot("s2"), 100); err != nil {
		t.Fatal(err)
	}
	b.renew()
	for _, name := range []string{"p", "q", "r"} {
		if got := b.text(name, "k"); got != `{"v":"`+name+`"}` {
			t.Fatalf("%s/k shows %q", name, got)
		}
	}
	if b.text("mine", "k") != `{"a":1}` || b.count("mine") != 1 || b.text("timed", "t") == "" || b.count("timed") != 1 {
		t.Fatalf("local collections show %q (%d) and %q (%d)", b.text("mine", "k"), b.count("mine"), b.text("timed", "t"), b.count("timed"))
	}
	if _, err := b.try(fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Insert, "mine", "other", `{"a":1}`)}}); fabric.CodeOf(err) != fabric.UniqueViolated {
		t.Fatalf("a second document with a unique value: %v", err)
	}
	if got := b.must(write(t, fabric.Insert, "docs", "next", `{}`)); got.Stamp.Time <= before.Vouched {
		t.Fatalf("stamp %s is at or below %s, which was vouched for", got.Stamp, before.Vouched)
	}
	b.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "later", Type: 2}, nil))
	b.must(write(t, fabric.Insert, "later", "k", `{}`))
	exchange([]*replica{a, b})
	if da, db := a.digest(a.wall), b.digest(a.wall); da.Hash != db.Hash {
		t.Fatalf("digests differ: %v, %v\n%s", da, db, differences(t, a, b, a.wall))
	}
}

// TestASnapshotThatLacksTheOwnLogIsRefused offers snapshots that lack a commit, before and after another was half taken.
func TestASnapshotThatLacksTheOwnLogIsRefused(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 43), newReplica(t, "b", 44)
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "docs", Type: 2}, nil))
	a.must(write(t, fabric.Insert, "docs", "big", `{"a":"`+strings.Repeat("x", 3<<20)+`"}`))
	a.join(b)
	early := a.snapshot("early")
	b.must(write(t, fabric.Insert, "docs", "acknowledged", `{}`))
	if err := a.give(b, early, 100); !errors.Is(err, fabric.ErrSnapshotBehind) {
		t.Fatalf("a snapshot that deletes a commit: %v", err)
	}
	exchange([]*replica{a, b})
	if err := a.give(b, a.snapshot("half"), 1); err != nil {
		t.Fatal(err)
	}
	if err := a.give(b, early, 100); !errors.Is(err, fabric.ErrSnapshotBehind) {
		t.Fatalf("after half of another one, a snapshot that deletes a commit: %v", err)
	}
	if err := a.give(b, a.snapshot("whole"), 100); err != nil {
		t.Fatal(err)
	}
	if b.renew(); b.text("docs", "acknowledged") == "" {
		t.Fatal("the commit is gone")
	}
}
