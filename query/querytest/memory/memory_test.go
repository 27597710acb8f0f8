package memory_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

func documents(t *testing.T, text string) []value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v.Items()
}

func fixture(t *testing.T) *memory.Data {
	t.Helper()
	d := memory.New()
	unique := &rows.Index{Type: rows.Persistent, Fields: memory.Fields("u"), Unique: true}
	sparse := &rows.Index{Type: rows.Persistent, Fields: memory.Fields("s"), Sparse: true}
	d.Create(rows.Collection{Name: "c", Indexes: []*rows.Index{
		{Type: rows.Persistent, Fields: memory.Fields("n", "o.x")}, unique, sparse, {Type: rows.Persistent, Fields: memory.Fields("tags[*]")},
	}})
	d.Create(rows.Collection{Name: "e", Type: rows.Edges})
	if err := d.Put("c", documents(t, `[{"_key":"b","n":2,"u":1,"tags":["x","y","x"]},{"_key":"a","n":1,"u":2,"s":5,"o":{"x":3}},{"_key":"c","n":2,"u":3,"tags":[]}]`)...); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("e", documents(t, `[{"_key":"1","_from":"c/a","_to":"c/b"}]`)...); err != nil {
		t.Fatal(err)
	}
	return d
}

func snapshot(t *testing.T, d *memory.Data) rows.Snapshot {
	t.Helper()
	s, err := d.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keysOf(t *testing.T, c rows.EntryCursor, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for c.Next() {
		keys = append(keys, string(c.Key()))
	}
	return strings.Join(keys, " ")
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	s := snapshot(t, fixture(t))
	c, _ := s.Collection("c")
	for _, test := range []struct {
		bounds rows.Bounds
		want   string
	}{
		{rows.Bounds{}, "a b c"}, {rows.Bounds{Reverse: true}, "c b a"}, {rows.Bounds{Lower: []byte("b")}, "b c"},
		{rows.Bounds{Lower: []byte("a"), Upper: []byte("c")}, "a b"},
	} {
		cursor, err := s.Documents(c, test.bounds)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for cursor.Next() {
			keys = append(keys, string(cursor.Row().Key))
		}
		if got := strings.Join(keys, " "); got != test.want {
			t.Errorf("%v gives %s", test.bounds, got)
		}
	}
	if n, err := s.Count(c); n != 3 || err != nil {
		t.Errorf("%d documents, %v", n, err)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	s := snapshot(t, fixture(t))
	c, _ := s.Collection("c")
	e, _ := s.Collection("e")
	two := value.AppendKey(nil, value.Int(2))
	from := value.AppendKeyString([]byte{'o'}, "c/a")
	for _, test := range []struct {
		collection *rows.Collection
		index      int
		bounds     rows.Bounds
		want       string
	}{
		{c, 0, rows.Bounds{}, "a b c"}, {c, 0, rows.Bounds{Reverse: true}, "c b a"}, {c, 0, rows.Bounds{Lower: two}, "b c"},
		{c, 1, rows.Bounds{}, "b a c"}, {c, 2, rows.Bounds{}, "a"}, {c, 3, rows.Bounds{}, "b b"}, {e, 0, rows.Bounds{}, "1 1"},
		{e, 0, rows.Bounds{Lower: from, Upper: append(append([]byte{}, from...), 0xff)}, "1"},
	} {
		cursor, err := s.Entries(test.collection, test.collection.Indexes[test.index], test.bounds)
		if got := keysOf(t, cursor, err); got != test.want {
			t.Errorf("index %d of %s within %v gives %s", test.index, test.collection.Name, test.bounds, got)
		}
	}
	counts, err := s.Distinct(c, c.Indexes[0])
	if err != nil || counts[0] != 2 || counts[1] != 2 {
		t.Errorf("%v different values, %v", counts, err)
	}
}

func TestWritesShowAtCommitOnly(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	before := snapshot(t, d)
	tx, err := d.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c, _ := tx.Collection("c")
	if _, err := tx.Write(rows.Write{Op: rows.Remove, Collection: c, Key: "a"}); err != nil {
		t.Fatal(err)
	}
	if n, _ := tx.Count(c); n != 2 {
		t.Errorf("the transaction sees %d documents", n)
	}
	if n, _ := snapshot(t, d).Count(c); n != 3 {
		t.Errorf("%d documents before the commit", n)
	}
	other, err := d.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Write(rows.Write{Op: rows.Remove, Collection: c, Key: "b"}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(context.Background(), rows.CommitOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := other.Commit(context.Background(), rows.CommitOptions{}); err == nil {
		t.Error("the second of two transactions commits")
	}
	if n, _ := snapshot(t, d).Count(c); n != 2 {
		t.Errorf("%d documents behind the commit", n)
	}
	if n, _ := before.Count(c); n != 3 {
		t.Errorf("an old snapshot has %d documents", n)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	tx, err := d.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c, _ := tx.Collection("c")
	e, _ := tx.Collection("e")
	doc := documents(t, `[{"_key":"a"},{"_key":"z","u":1},{"_key":5},{"_key":"x/y"},{"a":1},7]`)
	for _, test := range []struct {
		write  rows.Write
		number int
	}{
		{rows.Write{Op: rows.Insert, Collection: c, Document: doc[0]}, memory.NumberUnique},
		{rows.Write{Op: rows.Insert, Collection: c, Document: doc[1]}, memory.NumberUnique},
		{rows.Write{Op: rows.Insert, Collection: c, Document: doc[2]}, memory.NumberKey},
		{rows.Write{Op: rows.Insert, Collection: c, Document: doc[3]}, memory.NumberKey},
		{rows.Write{Op: rows.Insert, Collection: e, Document: doc[4]}, memory.NumberEdge},
		{rows.Write{Op: rows.Insert, Collection: c, Document: doc[5]}, memory.NumberDocument},
		{rows.Write{Op: rows.Update, Collection: c, Key: "no", Document: doc[4]}, memory.NumberNotFound},
		{rows.Write{Op: rows.Update, Collection: c, Key: "a", IfRev: "old", Document: doc[4]}, memory.NumberConflict},
	} {
		var refused *memory.Error
		if _, err := tx.Write(test.write); !errors.As(err, &refused) || refused.Number != test.number {
			t.Errorf("%v is answered %v", test.write, err)
		}
	}
}

func TestWays(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	tx, err := d.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c, _ := tx.Collection("c")
	patch := documents(t, `[{"o":{"y":1},"n":null}]`)[0]
	for _, test := range []struct {
		write rows.Write
		want  string
	}{
		{rows.Write{Op: rows.Update, Key: "a", KeepNull: true, MergeObjects: true}, `{"n":null,"o":{"x":3,"y":1},"s":5,"u":2}`},
		{rows.Write{Op: rows.Update, Key: "a", MergeObjects: false}, `{"o":{"y":1},"s":5,"u":2}`},
		{rows.Write{Op: rows.Replace, Key: "a"}, `{"n":null,"o":{"y":1}}`},
		{rows.Write{Op: rows.Overwrite, Key: "new"}, `{"n":null,"o":{"y":1}}`},
		{rows.Write{Op: rows.Merge, Key: "b", KeepNull: true, MergeObjects: true}, `{"n":null,"o":{"y":1},"tags":["x","y","x"],"u":1}`},
	} {
		test.write.Collection, test.write.Document = c, patch
		done, err := tx.Write(test.write)
		if err != nil {
			if !strings.Contains(err.Error(), "unique") { // what was replaced has no u, like what comes after it
				t.Errorf("%v: %v", test.write, err)
			}
			continue
		}
		if got := done.New.Without("_id").Without("_key").Without("_rev").String(); got != test.want {
			t.Errorf("%v makes %s", test.write, got)
		}
	}
}

func TestPoints(t *testing.T) {
	t.Parallel()
	d := memory.New()
	d.Create(rows.Collection{Name: "p", Series: &rows.Series{Keys: []string{"k"}, Time: "t", Values: []string{"v"}, Rollups: []int64{10}}})
	for i := range int64(30) {
		if err := d.Point("p", []value.Value{value.String("a")}, 29-i, float64(29-i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Point("p", []value.Value{value.String("b")}, 5, math.NaN()); err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, d)
	c, _ := s.Collection("p")
	a := value.String("a")
	cursor, err := s.Series(c, rows.SeriesQuery{Keys: []*value.Value{&a}, From: 5, To: 25})
	if err != nil {
		t.Fatal(err)
	}
	var times []int64
	for cursor.Next() {
		times = append(times, cursor.Times()...)
	}
	if len(times) != 20 || times[0] != 5 || times[19] != 24 {
		t.Errorf("times are %v", times)
	}
	rollups, ok, err := s.Rollups(c, rows.SeriesQuery{Keys: []*value.Value{nil}, From: 0, To: 100}, 10)
	if err != nil || !ok {
		t.Fatalf("no roll-ups: %v", err)
	}
	var sums []float64
	for rollups.Next() {
		sums = append(sums, rollups.Buckets()[0].Sum)
	}
	if len(sums) != 4 || sums[0] != 45 || sums[1] != 145 || sums[2] != 245 || sums[3] != 0 {
		t.Errorf("sums are %v", sums)
	}
	if _, ok, _ := s.Rollups(c, rows.SeriesQuery{Keys: []*value.Value{nil}}, 7); ok {
		t.Error("roll-ups that are not kept are there")
	}
}
