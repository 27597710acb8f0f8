package fabric_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
)

func (r *replica) count(collection string) int64 {
	r.t.Helper()
	v := r.core.NewView(r.wall)
	defer func() { _ = v.Close() }()
	n, err := v.Count(collection)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// alone tells a fabric's only member what is stable, and works.
func (r *replica) alone() {
	r.t.Helper()
	r.sync()
	p := r.core.Progress(r.wall)
	r.core.SetStable(p.Vector)
	r.core.SetWatermark(p.Vouched)
	r.upkeep()
}

func TestDocumentsExpire(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 1)
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "kv", Type: 2, Expires: true}, nil))
	at := wallBase/1000 + 10
	doc := func(seconds int64) string { return `{"expireAt":` + itoa(at+seconds) + `,"value":1}` }
	r.must(write(t, fabric.Insert, "kv", "soon", doc(0)), write(t, fabric.Insert, "kv", "later", doc(5)), write(t, fabric.Insert, "kv", "never", `{"value":1}`))
	feed, err := r.core.Changes(mustToken(t, "now"), "kv")
	if err != nil {
		t.Fatal(err)
	}
	// Prepared while it lives, sequenced when it has expired.
	p, err := r.core.Prepare(fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Update, "kv", "soon", `{"value":2}`)}}, r.wall)
	if err != nil {
		t.Fatal(err)
	}
	r.wall = at*1000 + 1
	r.renew()
	r.core.Begin()
	if _, err := r.core.Sequence(p, r.wall); err == nil {
		t.Fatal("an expired document was updated")
	}
	if r.text("kv", "soon") != "" || r.count("kv") != 2 {
		t.Fatalf("expired and still shown: %q, count %d", r.text("kv", "soon"), r.count("kv"))
	}
	if _, err := r.try(fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Update, "kv", "soon", `{"value":2}`)}}); fabric.CodeOf(err) != fabric.NotFound {
		t.Fatalf("updating what has expired: %v", err)
	}
	r.upkeep()
	m, err := feed.Next(t.Context())
	if err != nil || len(m.Changes) != 1 || m.Changes[0].Type != "expire" || m.Changes[0].Key != "soon" || m.Transaction != "" {
		t.Fatalf("feed says %+v, %v", m, err)
	}
	// An insert over what has expired and is not gone yet; one that stops expiring; one that expires sooner.
	r.must(write(t, fabric.Insert, "kv", "soon", `{"value":3}`))
	r.must(write(t, fabric.Update, "kv", "later", `{"expireAt":null}`), write(t, fabric.Update, "kv", "never", doc(1)))
	if r.count("kv") != 3 {
		t.Fatalf("count %d, want 3", r.count("kv"))
	}
	r.wall += 20_000
	r.alone()
	r.digest(r.wall)
	if r.count("kv") != 2 || r.text("kv", "never") != "" || r.text("kv", "soon") == "" || r.text("kv", "later") == "" {
		t.Fatalf("count %d", r.count("kv"))
	}
	r.wall += 5000
	r.renew()
	r.alone()
	if r.core.Counters().Purges == 0 {
		t.Fatal("nothing was deleted")
	}
	r.digest(r.wall)
}

func itoa(n int64) string { return string(clockDigits(n)) }

func clockDigits(n int64) []byte {
	if n < 10 {
		return []byte{byte('0' + n)}
	}
	return append(clockDigits(n/10), byte('0'+n%10))
}

// TestTTLIndexesComeAndGo adds ttl indexes to documents that are there, and drops them: counts stay exact, and nothing
// that has expired comes back.
func TestTTLIndexesComeAndGo(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 2)
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
	at := itoa(wallBase / 1000)
	r.must(write(t, fabric.Insert, "c", "old", `{"t":`+at+`}`), write(t, fabric.Insert, "c", "plain", `{}`), write(t, fabric.Insert, "c", "both", `{"t":`+at+`,"u":`+at+`}`))
	var x fabric.Index
	r.mustSchema(fabric.CreateIndex("c", fabric.IndexSpec{Name: "t", Type: "ttl", Fields: []string{"t"}, ExpireAfter: 5}, &x))
	if n := r.count("c"); n != 3 {
		t.Fatalf("count %d before anything expires", n)
	}
	r.mustSchema(fabric.CreateIndex("c", fabric.IndexSpec{Name: "u", Type: "ttl", Fields: []string{"u"}, ExpireAfter: 1}, &x))
	r.wall += 2000
	r.upkeep()
	r.digest(r.wall)
	if n := r.count("c"); n != 2 {
		t.Fatalf("count %d, one has expired", n)
	}
	r.mustSchema(fabric.DropIndex("c", "u", &x))
	r.upkeep()
	r.digest(r.wall)
	if n := r.count("c"); n != 2 || r.text("c", "both") != "" {
		t.Fatalf("count %d, and %q came back", n, r.text("c", "both"))
	}
	r.wall += 10_000
	r.renew()
	r.alone()
	r.mustSchema(fabric.DropIndex("c", "t", &x))
	r.alone()
	r.digest(r.wall)
	if n := r.count("c"); n != 1 {
		t.Fatalf("count %d at the end", n)
	}
	if r.core.Stable().At(1) == 0 || r.core.Watermark() < clock.TimeOf(wallBase) {
		t.Fatal("nothing became stable")
	}
}

// TestPurgeGoesOnAfterAFullStretch lets exactly as many documents expire as one round looks at, before they are stable.
func TestPurgeGoesOnAfterAFullStretch(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 1)
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "kv", Type: 2, Expires: true}, nil))
	r.alone()
	at := itoa(wallBase/1000 + 10)
	const stretch = 256
	for i := range stretch {
		r.must(write(t, fabric.Insert, "kv", "k"+itoa(int64(i)), `{"expireAt":`+at+`}`))
	}
	r.wall += 20_000
	r.renew()
	r.sync()
	r.core.SetWatermark(r.core.Progress(r.wall).Vouched) // they have expired, and are not stable
	r.upkeep()
	if n := r.core.Counters().Purges; n != 0 {
		t.Fatalf("%d were deleted that are not stable", n)
	}
	for range 3 {
		r.wall += 60_000
		r.renew()
		r.alone()
	}
	if n := r.core.Counters().Purges; n != stretch {
		t.Fatalf("%d of %d were deleted", n, stretch)
	}
}

// TestTimesBeyondWhatCounts has dates before 1970 and times longer than history.
func TestTimesBeyondWhatCounts(t *testing.T) {
	t.Parallel()
	r := newReplica(t, "one", 1)
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
	r.must(write(t, fabric.Insert, "c", "now", `{"born":`+itoa(wallBase/1000)+`}`), write(t, fabric.Insert, "c", "last", `{"born":"9999-12-31"}`))
	var x fabric.Index
	for _, seconds := range []int64{-1, 1000*31_557_600 + 1, 9223372036854775, 1<<63 - 1} {
		err := r.schema(fabric.CreateIndex("c", fabric.IndexSpec{Type: "ttl", Fields: []string{"born"}, ExpireAfter: seconds}, &x))
		if fabric.CodeOf(err) != fabric.BadArgument {
			t.Fatalf("expireAfter %d: %v", seconds, err)
		}
	}
	r.mustSchema(fabric.CreateIndex("c", fabric.IndexSpec{Name: "t", Type: "ttl", Fields: []string{"born"}, ExpireAfter: 1000 * 31_557_600}, &x))
	r.must(write(t, fabric.Insert, "c", "old", `{"born":"0001-01-01"}`))
	if r.count("c") != 2 { // a thousand years after 0001 is long ago, too
		t.Fatalf("count %d", r.count("c"))
	}
	r.mustSchema(fabric.CreateIndex("c", fabric.IndexSpec{Name: "u", Type: "ttl", Fields: []string{"born"}, ExpireAfter: 5}, &x))
	r.must(write(t, fabric.Insert, "c", "older", `{"born":"1960-01-01"}`))
	r.alone()
	if r.count("c") != 2 || r.text("c", "old") != "" || r.core.Counters().Expired != 2 {
		t.Fatalf("count %d, %d have expired", r.count("c"), r.core.Counters().Expired)
	}
	r.wall += 1000
	r.renew()
	r.alone()
	r.digest(r.wall)
	if n := r.core.Counters().Purges; n != 2 {
		t.Fatalf("%d were deleted", n)
	}
}

// TestDigestsAfterARestart deletes what has expired at one of two locations and starts both again: digests of one time
// agree or are refused.
func TestDigestsAfterARestart(t *testing.T) {
	t.Parallel()
	a := newReplica(t, "a", 1)
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "kv", Type: 2, Expires: true}, nil))
	b := newReplica(t, "b", 2)
	a.join(b)
	all := []*replica{a, b}
	a.must(write(t, fabric.Insert, "kv", "k", `{"expireAt":`+itoa(wallBase/1000+10)+`}`), write(t, fabric.Insert, "kv", "stays", `{}`))
	exchange(all)
	pass(all, 60_000)
	exchange(all)
	for _, r := range all {
		r.sync()
	}
	for _, r := range all {
		r.learn(all)
	}
	a.upkeep()
	a.upkeep()
	if n := a.core.Counters().Purges; n != 1 {
		t.Fatalf("%d documents deleted, want 1", n)
	}
	c := newReplica(t, "c", 3)
	a.join(c)
	a.open()
	b.open()
	if a.core.Watermark() == 0 || c.core.Watermark() != a.core.Watermark() {
		t.Fatalf("watermarks %s and, after a snapshot, %s", a.core.Watermark(), c.core.Watermark())
	}
	at := func(r *replica, at clock.Time) (fabric.Digest, error) {
		v := r.core.NewView(r.wall)
		defer func() { _ = v.Close() }()
		return v.Digest(at)
	}
	b.pull(a, a.self, 1<<30)
	one, err := at(a, a.core.Watermark())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*replica{b, c} {
		if two, err := at(r, one.At); err != nil || one.Hash != two.Hash || !one.Vector.Equal(two.Vector) {
			t.Errorf("%s has %v, %v; a has %v", r.name, two, err, one)
		}
	}
	for _, r := range []*replica{a, c} {
		if _, err := at(r, clock.TimeOf(one.At.Millis()-1)); fabric.CodeOf(err) != fabric.BadArgument {
			t.Errorf("%s gave a digest at a time that is over: %v", r.name, err)
		}
	}
	if _, err := at(b, 0); err != nil { // nothing is deleted there
		t.Error(err)
	}
}

// The clock runs ahead of the wall, and the count of its millisecond is used up: the next stamp lies in the millisecond
// in which a document expires. For that transaction it has expired, here as everywhere.
func TestExpiryAtTheStampOfAClockThatRunsAhead(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 1), newReplica(t, "b", 2)
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "kv", Type: 2, Expires: true}, nil))
	at := wallBase/1000 + 3
	a.must(write(t, fabric.Insert, "kv", "k", `{"v":1,"expireAt":`+itoa(at)+`}`))
	a.join(b)
	// An entry of b brings the clock to one below.
	e := codec.Entry{Stamp: clock.Stamp{Time: clock.TimeOf(at*1000) - 1, Origin: 2}, Deps: a.core.Progress(a.wall).Vector,
		Body: codec.AppendChange(nil, codec.Change{Kind: codec.Mark})}
	e.Chain = codec.ChainNext(0, e.Stamp.Time, codec.BodyHash(e.Body))
	a.do(func() error { return a.core.Apply(&e, a.wall) })
	a.renew()
	update := fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Update, "kv", "k", `{"v":2}`)}}
	if r, err := a.try(update); fabric.CodeOf(err) != fabric.NotFound {
		t.Fatalf("updated as alive at %d ms, expires at %d ms: %v", r.Stamp.Time.Millis(), at*1000, err)
	}
	a.must(write(t, fabric.Insert, "kv", "k", `{"v":3}`))
	if got := a.text("kv", "k"); got != `{"v":3}` {
		t.Fatalf("shows %s", got)
	}
}
