package rowset_test

import (
	"math"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// copied makes a fabric of the data of random queries.
func copied(t *testing.T, d *querytest.Dataset) *world {
	t.Helper()
	w := newWorld(t)
	from, err := d.Data.Snapshot(w.ctx)
	w.check(err)
	for _, c := range from.Collections() {
		spec := fabric.CollectionSpec{Name: c.Name, Type: fabric.CollectionType(c.Type)}
		for _, x := range c.Indexes {
			spec.Local = spec.Local || x.Unique
		}
		if s := c.Series; s != nil {
			spec.Series = &series.Declaration{Keys: s.Keys, Time: s.Time, Values: s.Values, ISO: s.ISO}
			for _, r := range s.Rollups {
				spec.Series.Rollups = append(spec.Series.Rollups, series.Bucket(r))
			}
		}
		w.collection(spec)
		for _, x := range c.Indexes {
			w.index(c, x)
		}
		w.copy(from, c)
	}
	g, ok, err := from.Graph("net")
	w.check(err)
	if ok {
		w.graph(g)
	}
	return w
}

func (w *world) index(c *rows.Collection, x *rows.Index) {
	w.Helper()
	if x.Type == rows.EdgeIndex {
		return
	}
	spec := fabric.IndexSpec{Type: x.Type, Unique: x.Unique, Sparse: x.Sparse, ExpireAfter: min(x.ExpireAfter, 31_557_600_000), GeoJSON: x.GeoJSON, MinLength: int64(x.MinLength)}
	for _, f := range x.Fields {
		text := ""
		for i, name := range f.Path {
			if i > 0 {
				text += "."
			}
			text += name
			if i+1 == f.Expand {
				text += "[*]"
			}
		}
		spec.Fields = append(spec.Fields, text)
	}
	_, _, err := w.f.CreateIndex(w.ctx, c.Name, spec)
	w.check(err)
}

// copy copies the documents or points of a collection.
func (w *world) copy(from rows.Snapshot, c *rows.Collection) {
	w.Helper()
	if c.Series != nil {
		w.copyPoints(from, c)
		return
	}
	cursor, err := from.Documents(c, rows.Bounds{})
	w.check(err)
	var all fabric.Transaction
	for cursor.Next() {
		row := cursor.Row()
		all.Writes = append(all.Writes, fabric.NewWrite(fabric.Insert, c.Name, string(row.Key), parse(w, string(row.Text))))
	}
	if len(all.Writes) > 0 {
		_, err = w.f.Commit(w.ctx, all)
		w.check(err)
	}
}

func (w *world) copyPoints(from rows.Snapshot, c *rows.Collection) {
	w.Helper()
	cursor, err := from.Series(c, rows.SeriesQuery{Keys: make([]*value.Value, len(c.Series.Keys)), From: math.MinInt64, To: math.MaxInt64})
	w.check(err)
	for cursor.Next() {
		for i, at := range cursor.Times() {
			members := []value.Member{{Name: c.Series.Time, Value: value.Int(at)}}
			for k, key := range cursor.Keys() {
				members = append(members, value.Member{Name: c.Series.Keys[k], Value: key})
			}
			for f, list := range cursor.Values() {
				if v := value.Float(list[i]); !v.IsNull() {
					members = append(members, value.Member{Name: c.Series.Values[f], Value: v})
				}
			}
			_, err := w.f.Commit(w.ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Insert, c.Name, "", value.Object(members...))}})
			w.check(err)
		}
	}
}

func (w *world) graph(g *rows.Graph) {
	w.Helper()
	names := func(list []string) value.Value {
		var out []value.Value
		for _, n := range list {
			out = append(out, value.String(n))
		}
		return value.Array(out...)
	}
	var edges []value.Value
	for _, e := range g.Edges {
		edges = append(edges, value.Object(
			value.Member{Name: "collection", Value: value.String(e.Collection)}, value.Member{Name: "from", Value: names(e.From)},
			value.Member{Name: "to", Value: names(e.To)}))
	}
	w.collection(fabric.CollectionSpec{Name: "_graphs", System: true})
	doc := value.Object(value.Member{Name: "edgeDefinitions", Value: value.Array(edges...)}, value.Member{Name: "orphanCollections", Value: names(g.Orphans)})
	_, err := w.f.Commit(w.ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Upsert, "_graphs", g.Name, doc)}})
	w.check(err)
}

// at is a clock that shows the time of random queries.
type at struct{ env.Clock }

func (at) WallMs() int64 { return querytest.NowMs }

// Random queries over a fabric agree with the naive evaluator over the same fabric: what reads by indexes, ranges and
// roll-ups, with what reads everything.
func TestRandomQueriesOverAFabric(t *testing.T) {
	t.Parallel()
	e := query.New(query.Config{Clock: at{env.RealClock()}, Random: env.Seeded(1), Limits: query.Limits{Warnings: 1000}})
	const datasets, queries = 4, 75
	for seed := range uint64(datasets) {
		d, err := querytest.NewDataset(seed)
		if err != nil {
			t.Fatal(err)
		}
		w := copied(t, d)
		for i := range uint64(queries) {
			q := querytest.Generate(seed<<32+i, d, querytest.NewCoverage())
			if q.Writes {
				continue
			}
			want := querytest.Naive(w.ctx, w.store, q.Text, q.Bind)
			got := asked(w, e, q)
			if (want.Err == nil) != (got.Err == nil) {
				t.Errorf("dataset %d, query %d: %s with %v: error %v instead of %v", seed, i, q.Text, q.Bind, got.Err, want.Err)
			} else if what := querytest.Difference(q, want.Rows, got.Rows); want.Err == nil && what != "" {
				t.Errorf("dataset %d, query %d: %s with %v: %s", seed, i, q.Text, q.Bind, what)
			}
		}
		w.close()
	}
}

func asked(w *world, e *query.Engine, q querytest.Generated) (out querytest.Outcome) {
	var members []value.Member
	for name, v := range q.Bind {
		members = append(members, value.Member{Name: name, Value: v})
	}
	x, err := e.Start(w.ctx, query.Request{Text: q.Text, Bind: value.Object(members...), Fabric: "f", Store: w.store, User: "tester"})
	if err != nil {
		return querytest.Outcome{Err: err}
	}
	defer func() { _ = x.Close() }()
	out.Rows, _, out.Err = x.Values(w.ctx, math.MaxInt32)
	return out
}
