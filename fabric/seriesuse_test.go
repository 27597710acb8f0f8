package fabric_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

func createSeries(t testing.TB, f *fabric.Fabric, name string, local bool) {
	t.Helper()
	spec := fabric.CollectionSpec{Name: name, Type: 2, Local: local, Series: &series.Declaration{Keys: []string{"m"}, Time: "at", Values: []string{"v"}}}
	if _, err := f.CreateCollection(context.Background(), spec, nil); err != nil {
		t.Fatal(err)
	}
}

// pointTexts are the points that a view shows, as documents.
func pointTexts(t testing.TB, v *fabric.View, name string) string {
	t.Helper()
	var out []string
	if err := v.Each(name, "", false, func(d fabric.Document) bool { out = append(out, string(d.Text)); return true }); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func insertPoint(t testing.TB, text string) fabric.Write {
	return fabric.NewWrite(fabric.Insert, "m", "", parse(t, text))
}

// TestATransactionReadsItsOwnPoints holds it, and that what it reads of points lets others write.
func TestATransactionReadsItsOwnPoints(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	createSeries(t, f, "m", false)
	commit(t, f, insertPoint(t, `{"m":"a","at":1,"v":1}`))
	tx, err := f.Begin(fabric.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`{"m":"a","at":2,"v":2}`, `{"m":"a","at":1,"v":9}`, `{"m":"a","at":2,"v":3}`} {
		if _, err := tx.Write(insertPoint(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	const want = `{"at":1,"m":"a","v":9} {"at":2,"m":"a","v":3}`
	if got := pointTexts(t, tx.View(), "m"); got != want {
		t.Errorf("the transaction reads %s, want %s", got, want)
	}
	if n, err := tx.View().Count("m"); n != 2 || err != nil {
		t.Errorf("it counts %d, %v", n, err)
	}
	commit(t, f, insertPoint(t, `{"m":"b","at":1,"v":1}`)) // comes between
	for op, write := range map[string]fabric.Write{"update": fabric.NewWrite(fabric.Update, "m", "k", value.Object()),
		"remove": fabric.NewWrite(fabric.Remove, "m", "k", value.Null()), "a wrong point": insertPoint(t, `{"m":"a","v":1}`)} {
		if _, err := tx.Write(write); fabric.CodeOf(err) != fabric.BadArgument {
			t.Errorf("%s: %v", op, err)
		}
	}
	if err := tx.Truncate("m"); fabric.CodeOf(err) != fabric.BadArgument {
		t.Errorf("truncating: %v", err)
	}
	if _, err := tx.Commit(context.Background(), fabric.TxCommit{}); err != nil {
		t.Fatal(err)
	}
	v := f.View()
	defer func() { _ = v.Close() }()
	if got := pointTexts(t, v, "m"); got != want+` {"at":1,"m":"b","v":1}` {
		t.Errorf("after the commit: %s", got)
	}
}

// TestPointsAreWrittenOncePerKey repeats a request under its idempotency key.
func TestPointsAreWrittenOncePerKey(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	createSeries(t, f, "m", false)
	request := func(v float64) fabric.Transaction {
		return fabric.Transaction{Idempotency: "once", Points: []fabric.PointsWrite{{Collection: "m", Series: []fabric.Columns{{
			Keys: []value.Value{value.String("a")}, Times: []int64{1}, Values: [][]float64{{v}}}}}}}
	}
	first, err := f.Commit(context.Background(), request(1))
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.Commit(context.Background(), request(1))
	if err != nil || !again.Replayed || again.Stamp != first.Stamp {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := f.Commit(context.Background(), request(2)); fabric.CodeOf(err) != fabric.IdempotencyReused {
		t.Errorf("other points under the same key: %v", err)
	}
	bad := request(math.Inf(1))
	bad.Idempotency = ""
	if _, err := f.Commit(context.Background(), bad); fabric.CodeOf(err) != fabric.BadArgument || !strings.Contains(err.Error(), "infinite") {
		t.Errorf("an infinite value: %v", err)
	}
}

// TestFeedsTellOfPoints holds that a feed says how many came and when, and not more than once.
func TestFeedsTellOfPoints(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	createSeries(t, f, "m", false)
	token, err := fabric.ParseToken("now")
	if err != nil {
		t.Fatal(err)
	}
	feed, err := f.Changes(token, "m")
	if err != nil {
		t.Fatal(err)
	}
	r := commit(t, f, insertPoint(t, `{"m":"a","at":5,"v":1}`), insertPoint(t, `{"m":"b","at":-3,"v":1}`))
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	m, err := feed.Next(ctx)
	if err != nil || len(m.Changes) != 1 || m.Transaction != r.Stamp.String() {
		t.Fatalf("the feed tells %+v, %v", m, err)
	}
	ch := m.Changes[0]
	if ch.Type != "points" || ch.Collection != "m" || ch.Key != "" || ch.Rev != "" || ch.Points.Count != 2 || ch.Points.From != -3 || ch.Points.To != 5 {
		t.Errorf("the change is %+v", ch)
	}
}

// TestLocalPointsStayHere keeps points of a local time series through a snapshot of another location, in which the same
// numbers stand for other collections.
func TestLocalPointsStayHere(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 1), newReplica(t, "b", 2)
	a.found()
	a.join(b)
	d := &series.Declaration{Keys: []string{"m"}, Time: "at", Values: []string{"v"}, Rollups: []series.Bucket{1000}}
	b.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "mine", Type: 2, Local: true, Series: d}, nil))
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "ours", Type: 2, Series: d}, nil))
	point := func(name, text string) fabric.Write { return fabric.NewWrite(fabric.Insert, name, "", parse(t, text)) }
	b.must(point("mine", `{"m":"x","at":1,"v":1}`))
	b.wall += 60_000
	b.upkeep()
	b.must(point("mine", `{"m":"x","at":2,"v":2}`))
	a.must(point("ours", `{"m":"y","at":1,"v":1}`))
	a.wall += 60_000
	a.upkeep()
	a.must(point("ours", `{"m":"y","at":2,"v":2}`))
	exchange([]*replica{a, b})
	if before := b.digest(b.wall).Hash; before != a.digest(b.wall).Hash {
		t.Error("local points count in digests")
	}
	b.take(a)
	v := b.core.NewView(b.wall)
	defer func() { _ = v.Close() }()
	for name, want := range map[string]string{"mine": `{"at":1,"m":"x","v":1} {"at":2,"m":"x","v":2}`, "ours": `{"at":1,"m":"y","v":1} {"at":2,"m":"y","v":2}`} {
		if got := pointTexts(t, v, name); got != want {
			t.Errorf("%s shows %s, want %s", name, got, want)
		}
		if n, err := v.Count(name); n != 2 || err != nil {
			t.Errorf("%s counts %d, %v", name, n, err)
		}
	}
}

// TestPointsForADroppedCollectionAreConflicts drops a time series at one location while another writes to it.
func TestPointsForADroppedCollectionAreConflicts(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 1), newReplica(t, "b", 2)
	a.found()
	d := &series.Declaration{Keys: []string{"m"}, Time: "at", Values: []string{"v"}}
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "m", Type: 2, Series: d}, nil))
	a.join(b)
	b.must(insertPoint(t, `{"m":"x","at":7,"v":1}`), insertPoint(t, `{"m":"x","at":9,"v":1}`))
	a.mustSchema(fabric.DropCollection("m"))
	exchange([]*replica{a, b})
	for _, r := range []*replica{a, b} {
		list, _, err := r.core.Conflicts("", "", 10)
		if err != nil || len(list) != 1 || list[0].Reason != "dropped" || list[0].Lost.Value.String() != `{"from":7,"points":2,"to":9}` {
			t.Errorf("%s has conflicts %+v, %v", r.name, list, err)
		}
	}
	if x, y := a.digest(a.wall).Hash, b.digest(b.wall).Hash; x != y {
		t.Errorf("digests %s and %s", x, y)
	}
}

// TestADifferentDeclarationElsewhere creates one name at two locations with different fields.
func TestADifferentDeclarationElsewhere(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 1), newReplica(t, "b", 2)
	a.found()
	a.join(b)
	make := func(r *replica, field string) {
		r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "m", Type: 2, Series: &series.Declaration{Time: "at", Values: []string{field}, Rollups: []series.Bucket{1000}}}, nil))
		r.must(insertPoint(t, `{"at":1,"`+field+`":1}`))
		r.wall += 60_000
		r.upkeep()
		r.must(insertPoint(t, `{"at":2,"`+field+`":2}`))
	}
	make(a, "v")
	make(b, "w")
	exchange([]*replica{a, b})
	at := max(a.wall, b.wall) + 1
	if x, y := a.digest(at), b.digest(at); x.Hash != y.Hash {
		t.Fatalf("digests %s and %s\n%s", x.Hash, y.Hash, differences(t, a, b, at))
	}
	v := a.core.NewView(at)
	defer func() { _ = v.Close() }()
	switch got := pointTexts(t, v, "m"); got {
	case `{"at":1,"v":1} {"at":2,"v":2}`, `{"at":1,"w":1} {"at":2,"w":2}`:
	default:
		t.Errorf("it shows %s", got)
	}
}

// TestABadBatchIsRefused applies points that are none, and then good ones.
func TestABadBatchIsRefused(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 1), newReplica(t, "b", 2)
	a.found()
	d := &series.Declaration{Time: "at", Values: []string{"v"}}
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "m", Type: 2, Series: d}, nil))
	a.join(b)
	exchange([]*replica{a, b})
	seen := b.core.Progress(b.wall).Vector
	bad := codec.Entry{Stamp: clock.Stamp{Time: seen.At(a.self) + 1, Origin: a.self}, Prev: seen.At(a.self),
		Body: codec.AppendChange(nil, codec.Change{Kind: codec.Points, Collection: "m", Generation: 1, Data: []byte("no points at all")})}
	b.core.Begin()
	if err := b.core.Apply(&bad, b.wall); err == nil {
		t.Error("a bad batch was applied")
	}
	b.seal()
	b.sync()
	a.must(insertPoint(t, `{"at":1,"v":1}`))
	exchange([]*replica{a, b})
	v := b.core.NewView(b.wall)
	defer func() { _ = v.Close() }()
	c, _ := v.Collection("m")
	p, err := v.Points(c)
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := p.Series(rows.SeriesQuery{From: 0, To: 10})
	if err != nil || !cursor.Next() || len(cursor.Times()) != 1 {
		t.Fatalf("after the right entry: %v", err)
	}
	if err := cursor.Close(); err != nil {
		t.Error(err)
	}
}
