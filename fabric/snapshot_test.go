package fabric_test

import (
	"errors"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// TestSnapshotsLeaveLocalThingsOut takes a snapshot half, crashes, goes on, and compares what came.
func TestSnapshotsLeaveLocalThingsOut(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, 21, 2)
	a, b := p.all[0], p.all[1]
	// Two generations of one name, one of them local: keys of the one are no beginning of the other's.
	for range 12 {
		a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "x", Type: 2}, nil))
		a.mustSchema(fabric.DropCollection("x"))
	}
	b.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "x", Type: 2, Local: true}, nil))
	b.must(write(t, fabric.Insert, "x", "secret", `{"local":true}`), write(t, fabric.Insert, "docs", "k", `{"a":1,"n":3}`))
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "x", Type: 2}, nil))
	a.must(write(t, fabric.Insert, "x", "shared", `{"a":1}`))
	exchange(p.all)
	// At b the local collection keeps the name, and the other is there all the same.
	if b.text("x", "secret") == "" || b.text("x", "shared") != "" || a.text("x", "shared") == "" || a.text("x", "secret") != "" {
		t.Fatalf("a shows %q, b shows %q", a.text("x", "shared"), b.text("x", "secret"))
	}
	if da, db := a.digest(a.wall), b.digest(a.wall); da.Hash != db.Hash {
		t.Fatalf("digests differ: %v, %v\n%s", da, db, differences(t, a, b, a.wall))
	}
	c := newReplica(t, "late", 77)
	a.join(c)
	exchange(p.all)
	c.take(b) // over what it has already
	p.all = append(p.all, c)
	if c.text("x", "secret") != "" || c.text("x", "shared") == "" {
		t.Fatalf("the newcomer shows %q and %q", c.text("x", "secret"), c.text("x", "shared"))
	}
	c.must(write(t, fabric.Update, "docs", "k", `{"n":4}`))
	for range 60 {
		p.step()
	}
	p.finish()
	b.mustSchema(fabric.DropCollection("x"))
	if b.text("x", "shared") == "" {
		t.Fatal("the shared collection did not get its name when the local one was dropped")
	}
}

func TestAHalfSnapshotIsNothing(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, 22, 1)
	a := p.all[0]
	big := make([]byte, 3<<20)
	for i := range big {
		big[i] = 'x'
	}
	a.must(write(t, fabric.Insert, "docs", "big", `{"a":"`+string(big)+`"}`), write(t, fabric.Insert, "docs", "k", `{}`))
	b := newReplica(t, "late", 5)
	b.self = a.core.Members().NextOrigin()
	a.do(func() error {
		_, err := a.core.AppendMember(member.Change{Kind: member.Join, Origin: b.self, Name: "late", Address: "l:1"}, a.wall)
		return err
	})
	s, err := a.core.OpenSnapshot("s1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for i := 0; ; i++ {
		data, last, err := s.Chunk(i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fabric.Install(b.db, 3, fabric.SnapshotMark{ID: "s1", Next: uint32(i)}, data, last, s.Vector(), b.self); err != nil {
			t.Fatal(err)
		}
		if err := b.db.Sync(); err != nil {
			t.Fatal(err)
		}
		b.open()
		if last {
			if i == 0 {
				t.Fatal("one chunk: the test is too small")
			}
			break
		}
		if got := b.core.Progress(b.wall).Partial; got.ID != "s1" || got.Next != uint32(i+1) {
			t.Fatalf("after chunk %d the mark is %+v", i, got)
		}
		// Nothing is written into a half-taken snapshot, whatever is asked.
		b.core.Begin()
		b.core.Renew()
		if _, err := b.core.Upkeep(b.wall + 1e12); err != nil {
			t.Fatal(err)
		}
		if g, err := b.core.Seal(b.wall + 1e12); g != nil || err != nil {
			t.Fatalf("a group was written between chunks: %+v, %v", g, err)
		}
		b.core.Begin()
		if _, err := b.core.Truncate("docs", b.wall); fabric.CodeOf(err) != fabric.ReadOnly {
			t.Fatalf("truncating between chunks: %v", err)
		}
		if _, err := b.core.Seal(b.wall); err != nil {
			t.Fatal(err)
		}
	}
	b.renew()
	p.all = append(p.all, b)
	b.must(write(t, fabric.Insert, "docs", "mine", `{}`))
	p.finish()
	if _, _, err := s.Chunk(99); err == nil {
		t.Fatal("a chunk that is not there was given")
	}
}

// TestClosedLogsAreStillServed evicts a member, and starts anew: its log can be read, and cannot be applied twice.
func TestClosedLogsAreStillServed(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, 23, 3)
	a, gone := p.all[0], p.all[2]
	for i := range 5 {
		gone.must(write(t, fabric.Upsert, "docs", "k", `{"a":`+itoa(int64(i))+`}`))
	}
	exchange(p.all)
	end := gone.core.Progress(gone.wall).OwnEnd
	a.do(func() error {
		_, err := a.core.AppendMember(member.Change{Kind: member.Evict, Origin: gone.self}, a.wall)
		return err
	})
	a.do(func() error {
		_, err := a.core.AppendMember(member.Change{Kind: member.End, Origin: gone.self, End: end}, a.wall)
		return err
	})
	p.all = p.all[:2]
	exchange(p.all)
	before := a.digest(a.wall)
	a.crash()
	if v := a.core.Progress(a.wall).Vector; v.At(gone.self) != 0 {
		t.Fatalf("the closed incarnation is still in the vector %s", v)
	}
	data, last, err := a.core.ReadLog(gone.self, 0, 1<<20)
	if err != nil || len(data) == 0 || last != end {
		t.Fatalf("the closed log ends at %s, %v; want %s", last, err, end)
	}
	if _, ok := a.core.ChainAt(gone.self, end); !ok {
		t.Fatal("the chain of the closed log is not known")
	}
	if err := a.core.Apply(firstEntry(t, data), a.wall); err == nil {
		t.Fatal("an entry was applied twice")
	}
	if after := a.digest(a.wall); after.Hash != before.Hash {
		t.Fatalf("digest %v, it was %v", after, before)
	}
	p.finish()
}

// TestProgressIsDurable looks at what is told of a group that is visible and not on disk.
func TestProgressIsDurable(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 30)
	r.found()
	before := r.core.Progress(r.wall)
	r.core.Begin()
	if _, err := r.core.AppendMember(member.Change{Kind: member.Join, Origin: 2, Name: "two", Address: "t:1"}, r.wall); err != nil {
		t.Fatal(err)
	}
	r.seal()
	during := r.core.Progress(r.wall + 100)
	if len(during.Members.Members()) != 1 || !during.Vector.Equal(before.Vector) || during.Vouched > before.OwnEnd {
		t.Fatalf("told before it was durable: %+v", during)
	}
	if _, _, err := r.core.ReadLog(1, before.OwnEnd, 100); err != nil {
		t.Fatal(err)
	}
	r.sync()
	if after := r.core.Progress(r.wall); len(after.Members.Members()) != 2 || after.OwnEnd <= before.OwnEnd {
		t.Fatalf("not told although durable: %+v", after)
	}
}

func TestAFullDiskEndsTheCore(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 31)
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
	r.db.FailAt(r.db.Operations(), 1)
	if _, err := r.try(fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Insert, "c", "a", `{}`)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.core.Seal(r.wall); err == nil {
		t.Fatal("a full disk took a group")
	}
	// There is room again, but a group is missing: nothing may follow it.
	p, err := r.core.Prepare(fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Insert, "c", "b", `{}`)}}, r.wall)
	if err != nil {
		t.Fatal(err)
	}
	r.core.Begin()
	if _, err := r.core.Sequence(p, r.wall); err == nil || errors.Is(err, clock.ErrCeiling) {
		t.Fatalf("a commit after a lost group: %v", err)
	}
	if _, err := r.core.Seal(r.wall); err == nil {
		t.Fatal("a group after a lost group")
	}
	r.crash()
	r.must(write(t, fabric.Insert, "c", "b", `{}`))
	if r.text("c", "a") != "" || r.text("c", "b") == "" {
		t.Fatal("after opening anew")
	}
}

// logged counts the log records that a replica holds of an origin.
func (r *replica) logged(o clock.Origin) int {
	r.t.Helper()
	it, err := r.db.Scan(layout.NewKeys(3).LogSpace(o), layout.End(layout.NewKeys(3).LogSpace(o)))
	if err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for it.Next() {
		n++
	}
	if err := it.Close(); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// TestLogsOfASnapshotAreTrimmed gives a snapshot with entries that are not stable to a newcomer. Once they are, they go
// there too, although whoever wrote them is silent, or closed.
func TestLogsOfASnapshotAreTrimmed(t *testing.T) {
	t.Parallel()
	a, b, all := pair(t)
	for i := range 300 {
		r := all[i%2]
		r.must(write(t, fabric.Insert, "docs", "k"+itoa(int64(i)), `{}`))
	}
	exchange(all)
	c := newReplica(t, "c", 3)
	c.limits = a.limits
	a.join(c)
	all = append(all, c)
	if n := c.logged(b.self); n < 150 {
		t.Fatalf("the snapshot holds %d entries of b, which are not stable", n)
	}
	for range 4 {
		pass(all, 70_000)
		agree(all)
		c.wall += 6_000
		c.upkeep()
	}
	const back = 64 // a log keeps what its last entries are coded against
	for _, r := range all {
		for _, o := range all {
			if n := r.logged(o.self); n > back {
				t.Errorf("%s holds %d log entries of %s", r.name, n, o.name)
			}
		}
	}
	c.open()
	c.must(write(t, fabric.Insert, "docs", "last", `{}`))
	exchange(all)
	if x, y := a.digest(a.wall), c.digest(a.wall); x.Hash != y.Hash {
		t.Errorf("digests %v and %v", x, y)
	}
}
