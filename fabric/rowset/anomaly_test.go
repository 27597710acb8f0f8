package rowset_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

const all = 1 << 30

// anomaly is what one transaction reads, what others do meanwhile, and whether the transaction may commit then.
type anomaly struct {
	name    string
	read    func(t *tx)
	between func(w *world)
	fails   bool
	where   string
	needs   string // what must be there to be read: a collection, or one and an index
}

func anomalies() []anomaly {
	return []anomaly{
		{"lost update", func(t *tx) { t.read("places", "a") }, func(w *world) { w.put("places", "a", `{"n":100}`) }, true, "places/a", ""},
		{"a document read is removed", func(t *tx) { t.read("places", "a") }, func(w *world) { w.remove("places", "a") }, true, "places/a", ""},
		{"another document", func(t *tx) { t.read("places", "a") }, func(w *world) { w.put("places", "b", `{"n":100}`) }, false, "", ""},
		{"an absent key is taken", func(t *tx) { t.read("places", "new") }, func(w *world) { w.put("places", "new", `{}`) }, true, "places/new", ""},
		{"another absent key", func(t *tx) { t.read("places", "new") }, func(w *world) { w.put("places", "new2", `{}`) }, false, "", ""},
		{"phantom in a scan", func(t *tx) { keysOf(t.world, t, "places", rows.Bounds{}, all) }, func(w *world) { w.put("places", "zz", `{}`) }, true, "places/zz", ""},
		{"phantom before a scan that was stopped", func(t *tx) { keysOf(t.world, t, "places", rows.Bounds{}, 2) }, func(w *world) { w.put("places", "aa", `{}`) }, true, "places/aa", ""},
		{"phantom behind a scan that was stopped", func(t *tx) { keysOf(t.world, t, "places", rows.Bounds{}, 2) }, func(w *world) { w.put("places", "bb", `{}`) }, false, "", ""},
		{"phantom in a scan backwards", func(t *tx) { keysOf(t.world, t, "places", rows.Bounds{Reverse: true}, 2) }, func(w *world) { w.put("places", "zz", `{}`) }, true, "places/zz", ""},
		{"phantom before a scan backwards", func(t *tx) { keysOf(t.world, t, "places", rows.Bounds{Reverse: true}, 2) }, func(w *world) { w.put("places", "bb", `{}`) }, false, "", ""},
		{"outside of a bounded scan", func(t *tx) { keysOf(t.world, t, "places", rows.Bounds{Upper: []byte("c")}, all) }, func(w *world) { w.put("places", "cc", `{}`) }, false, "", ""},
		{"phantom in an index range", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(20), value.Int(40)) }, func(w *world) { w.put("places", "zz", `{"n":25}`) }, true, "places", ""},
		{"outside of an index range", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(20), value.Int(40)) }, func(w *world) { w.put("places", "zz", `{"n":45}`) }, false, "", ""},
		{"moved into an index range", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(22), value.Int(28)) }, func(w *world) { w.put("places", "a", `{"n":25}`) }, true, "places", ""},
		{"moved out of an index range", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(5), value.Int(15)) }, func(w *world) { w.put("places", "a", `{"n":25}`) }, true, "places", ""},
		{"removed from an index range", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(5), value.Int(15)) }, func(w *world) { w.remove("places", "a") }, true, "places", ""},
		{"an indexed document's other field", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(5), value.Int(15)) }, func(w *world) { w.put("places", "a", `{"n":10,"x":1}`) }, false, "", ""},
		{"a count, and an insert", func(t *tx) { count(t.world, t, "places") }, func(w *world) { w.put("places", "zz", `{}`) }, true, "places", ""},
		{"a count, and a removal", func(t *tx) { count(t.world, t, "places") }, func(w *world) { w.remove("places", "a") }, true, "places", ""},
		{"a count, and an update", func(t *tx) { count(t.world, t, "places") }, func(w *world) { w.put("places", "a", `{"n":11}`) }, false, "", ""},
		{"an estimate, and an insert", func(t *tx) {
			s := t.Transaction.(interface{ Estimates() rows.Statistics }).Estimates()
			_, _ = s.Count(t.in("places"))
			_, _ = s.Distinct(t.in("places"), indexOf(t.world, t.in("places"), "by_n"))
		}, func(w *world) { w.put("places", "zz", `{"n":5}`) }, false, "", ""},
		{"edges of a vertex", func(t *tx) { adjacent(t, "o", "places/a") }, func(w *world) { w.put("roads", "r9", `{"_from":"places/a","_to":"places/c"}`) }, true, "roads", ""},
		{"edges of another vertex", func(t *tx) { adjacent(t, "o", "places/a") }, func(w *world) { w.put("roads", "r9", `{"_from":"places/b","_to":"places/a"}`) }, false, "", ""},
		{"the collection is emptied", func(t *tx) { t.read("places", "a") }, func(w *world) { w.check(w.f.Truncate(w.ctx, "places")) }, true, "places/a", ""},
		{"the collection is dropped", func(t *tx) { t.read("places", "a") }, func(w *world) { w.check(w.f.SchemaUpdate(w.ctx, fabric.DropCollection("places"))) }, true, "places", "places"},
		{"the collection is dropped and made anew", func(t *tx) { t.read("places", "a") }, func(w *world) {
			w.check(w.f.SchemaUpdate(w.ctx, fabric.DropCollection("places")))
			w.places()
		}, true, "places", ""},
		{"another collection is dropped", func(t *tx) { t.read("places", "a") }, func(w *world) { w.check(w.f.SchemaUpdate(w.ctx, fabric.DropCollection("roads"))) }, false, "", ""},
		{"an index comes", func(t *tx) { t.read("places", "a") }, func(w *world) {
			_, _, err := w.f.CreateIndex(w.ctx, "places", fabric.IndexSpec{Type: "persistent", Fields: []string{"x"}})
			w.check(err)
		}, false, "", ""},
		{"an index goes, and then a phantom comes", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(20), value.Int(40)) }, func(w *world) {
			_, err := w.f.DropIndex(w.ctx, "places", "by_n")
			w.check(err)
			w.put("places", "zz", `{"n":25}`)
		}, true, "places/zz", "places by_n"},
		{"the second of two collections that were read is dropped", func(t *tx) {
			keysOf(t.world, t, "places", rows.Bounds{}, all)
			for _, name := range []string{"left", "right"} {
				keysOf(t.world, t, name, rows.Bounds{}, all)
			}
		}, func(w *world) { w.check(w.f.SchemaUpdate(w.ctx, fabric.DropCollection("right"))) }, true, "right", "right"},
		{"the collections are listed, and another one comes", func(t *tx) { keysOf(t.world, t, "_collections", rows.Bounds{}, all) }, func(w *world) {
			w.collection(fabric.CollectionSpec{Name: "newcomer"})
		}, true, "_collections", ""},
		{"the collections are counted, and one goes", func(t *tx) { count(t.world, t, "_collections") }, func(w *world) {
			w.check(w.f.SchemaUpdate(w.ctx, fabric.DropCollection("right")))
		}, true, "_collections", ""},
		{"the collections are listed, and an index comes", func(t *tx) { keysOf(t.world, t, "_collections", rows.Bounds{}, all) }, func(w *world) {
			_, _, err := w.f.CreateIndex(w.ctx, "places", fabric.IndexSpec{Type: "persistent", Fields: []string{"x"}})
			w.check(err)
		}, false, "", ""},
		{"an index goes", func(t *tx) { found(t.world, t, "places", "by_n", value.Int(5), value.Int(15)) }, func(w *world) {
			_, err := w.f.DropIndex(w.ctx, "places", "by_n")
			w.check(err)
		}, false, "", ""},
	}
}

func (t *tx) holds(needs string) bool {
	name, index, _ := strings.Cut(needs, " ")
	c, ok := t.Collection(name)
	return needs == "" || ok && (index == "" || slices.ContainsFunc(c.Indexes, func(x *rows.Index) bool { return x.Name == index }))
}

func count(w *world, s rows.Snapshot, collection string) int64 {
	w.Helper()
	n, err := s.Count(collectionOf(w, s, collection))
	w.check(err)
	return n
}

func adjacent(t *tx, direction, vertex string) []string {
	lower := value.AppendKeyString([]byte(direction), vertex)
	upper := append([]byte(nil), lower...)
	upper[len(upper)-1]++
	return entriesOf(t.world, t, "roads", "edge", rows.Bounds{Lower: lower, Upper: upper}, false)
}

func anomalyWorld(t *testing.T) *world {
	w := newWorld(t)
	w.places()
	w.collection(fabric.CollectionSpec{Name: "roads", Type: fabric.EdgeCollection})
	w.collection(fabric.CollectionSpec{Name: "other"})
	for i, key := range []string{"a", "b", "c", "d", "e"} {
		w.put("places", key, `{"n":`+string(rune('1'+i))+`0}`)
	}
	w.put("roads", "r1", `{"_from":"places/a","_to":"places/b"}`)
	return w
}

// TestAnomaliesAreRefused reads in a transaction, lets others write, and writes something that depends on what was read.
// The same done the other way round, with the write by a transaction, must come to the same.
func TestAnomaliesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range anomalies() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := anomalyWorld(t)
			w.collection(fabric.CollectionSpec{Name: "left"})
			w.collection(fabric.CollectionSpec{Name: "right"})
			first := w.begin()
			c.read(first)
			first.do(rows.Insert, "other", "result", `{}`)
			c.between(w)
			if !c.fails {
				first.commits()
				return
			}
			first.conflicts(c.where)
			if got := w.now("other", "result"); got != "" {
				t.Fatalf("refused, and yet there is %s", got)
			}
			// A transaction that only read took place when it began.
			if second := w.begin(); second.holds(c.needs) {
				c.read(second)
				second.commits()
			}
		})
	}
}

// TestWriteSkewIsRefused has two transactions that each read what the other one writes.
func TestWriteSkewIsRefused(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	one, two := w.begin(), w.begin()
	one.read("places", "a")
	one.read("places", "b")
	two.read("places", "a")
	two.read("places", "b")
	one.do(rows.Update, "places", "a", `{"n":0}`)
	two.do(rows.Update, "places", "b", `{"n":0}`)
	one.commits()
	two.conflicts("places/a")
	if w.now("places", "a") != `{"n":0}` || w.now("places", "b") != `{"n":20}` {
		t.Fatalf("a is %s, b is %s", w.now("places", "a"), w.now("places", "b"))
	}
}

// TestTransactionsThatDoNotMeet commits side by side.
func TestTransactionsThatDoNotMeet(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	one, two, three := w.begin(), w.begin(), w.begin()
	one.do(rows.Update, "places", "a", `{"n":1}`)
	two.do(rows.Update, "places", "b", `{"n":2}`)
	three.do(rows.Insert, "places", "", `{"n":3}`)
	two.commits()
	one.commits()
	three.commits()
	if n := count(w, w.begin(), "places"); n != 6 {
		t.Fatalf("%d documents", n)
	}
}

// TestTheSameWrittenMeanwhile has others write what the transaction writes: there is nothing to write then, but what was
// read is still not so any more.
func TestTheSameWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	x := w.begin()
	x.read("places", "b")
	x.do(rows.Update, "places", "a", `{"n":7}`)
	w.put("places", "a", `{"n":7}`)
	x.conflicts("places/a")
}

// TestMuchWrittenMeanwhile has others write so much that it is compared before the commit is sequenced.
func TestMuchWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between func(w *world)
		fails   bool
	}{
		"elsewhere":          {func(*world) {}, false},
		"phantom before":     {func(w *world) { w.put("places", "zz", `{"n":25}`) }, true},
		"document":           {func(w *world) { w.put("places", "a", `{"n":1}`) }, true},
		"index, and phantom": {func(w *world) { _, _ = w.f.DropIndex(w.ctx, "places", "by_n"); w.put("places", "zz", `{"n":25}`) }, true},
		"index alone":        {func(w *world) { _, _ = w.f.DropIndex(w.ctx, "places", "by_n") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := anomalyWorld(t)
			x := w.begin()
			found(w, x, "places", "by_n", value.Int(20), value.Int(40))
			x.read("places", "a")
			x.do(rows.Insert, "other", "result", `{}`)
			c.between(w)
			for range 3 {
				w.fill("other", 3000, func(int) (string, string) { return "", `{}` })
			}
			if c.fails {
				x.conflicts()
				return
			}
			x.commits()
		})
	}
}

// TestPointsMeetAnotherCollection writes points to a time series that becomes something else.
func TestPointsMeetAnotherCollection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	declared, err := fabric.ParseSeries(parse(t, `{"series":["m"],"time":"at","values":["v"]}`))
	w.check(err)
	w.collection(fabric.CollectionSpec{Name: "points", Model: "DOC", Series: declared})
	x := w.begin()
	x.do(rows.Insert, "points", "", `{"m":"a","at":1000,"v":1}`)
	w.check(w.f.SchemaUpdate(w.ctx, fabric.DropCollection("points")))
	w.collection(fabric.CollectionSpec{Name: "points"})
	x.conflicts("points")
	if n := count(w, w.begin(), "points"); n != 0 {
		t.Fatalf("%d points became documents", n)
	}
}
