package rowset_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// TestQueriesReadPoints reads a time series through the contract that queries have, and in a transaction what it wrote.
func TestQueriesReadPoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	month, err := series.ParseBucket("1mo")
	w.check(err)
	spec := fabric.CollectionSpec{Name: "m", Type: 2, Series: &series.Declaration{Keys: []string{"m"}, Time: "at", Values: []string{"v"}, Rollups: []series.Bucket{month, 1000}, ISO: true}}
	_, err = w.f.CreateCollection(w.ctx, spec, nil)
	w.check(err)
	_, err = w.f.CreateCollection(w.ctx, fabric.CollectionSpec{Name: "docs", Type: 2}, nil)
	w.check(err)
	tx, err := w.store.Begin(w.ctx)
	w.check(err)
	defer func() { _ = tx.Close() }()
	c, ok := tx.Collection("m")
	if !ok || c.Series == nil || !c.Series.ISO || c.Series.Time != "at" || !slices.Equal(c.Series.Rollups, []int64{-1, 1000}) {
		t.Fatalf("the collection is %+v", c)
	}
	for _, text := range []string{`{"m":"a","at":100,"v":1}`, `{"m":"a","at":200,"v":2}`, `{"m":"b","at":100,"v":5}`} {
		doc, err := value.Parse([]byte(text), value.DefaultLimits)
		w.check(err)
		_, err = tx.Write(rows.Write{Op: rows.Insert, Collection: c, Document: doc})
		w.check(err)
	}
	check := func(s rows.Snapshot) {
		t.Helper()
		name := value.String("a")
		q := rows.SeriesQuery{Keys: []*value.Value{&name}, From: math.MinInt64, To: math.MaxInt64}
		cursor, err := s.Series(c, q)
		w.check(err)
		if !cursor.Next() || !slices.Equal(cursor.Times(), []int64{100, 200}) || !slices.Equal(cursor.Values()[0], []float64{1, 2}) || cursor.Next() {
			t.Errorf("points of a: %v %v", cursor.Times(), cursor.Values())
		}
		w.check(errors.Join(cursor.Err(), cursor.Close()))
		kept, ok, err := s.Rollups(c, q, 1000)
		w.check(err)
		if !ok || !kept.Next() || kept.Buckets()[0].Sum != 3 || kept.Buckets()[0].Points != 2 || kept.Next() {
			t.Errorf("roll-ups of a: %v", ok)
		}
		w.check(errors.Join(kept.Err(), kept.Close()))
		if _, ok, err := s.Rollups(c, q, 2000); ok || err != nil {
			t.Errorf("a span that is not kept: %v, %v", ok, err)
		}
		if n, err := s.Count(c); n != 3 || err != nil {
			t.Errorf("count %d, %v", n, err)
		}
		docs, _ := s.Collection("docs")
		if _, err := s.Series(docs, q); fabric.CodeOf(err) != fabric.BadArgument {
			t.Errorf("points of documents: %v", err)
		}
	}
	check(tx)
	w.check(tx.Commit(w.ctx, rows.CommitOptions{}))
	s, err := w.store.Snapshot(w.ctx)
	w.check(err)
	defer func() { _ = s.Close() }()
	check(s)
}
