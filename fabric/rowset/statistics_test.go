package rowset_test

import (
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
)

// fill writes many documents in a few transactions.
func (w *world) fill(collection string, n int, doc func(i int) (key, text string)) {
	w.Helper()
	const batch = 2000
	for from := 0; from < n; from += batch {
		var writes []fabric.Write
		for i := from; i < min(n, from+batch); i++ {
			key, text := doc(i)
			writes = append(writes, fabric.NewWrite(fabric.Upsert, collection, key, parse(w, text)))
		}
		_, err := w.f.Commit(w.ctx, fabric.Transaction{Writes: writes})
		w.check(err)
	}
}

// TestDistinctIsEstimated compares estimates with what is there.
func TestDistinctIsEstimated(t *testing.T) {
	t.Parallel()
	const n = 20_000
	w := newWorld(t)
	w.collection(fabric.CollectionSpec{Name: "c"},
		fabric.IndexSpec{Name: "few", Type: "persistent", Fields: []string{"few", "many"}},
		fabric.IndexSpec{Name: "many", Type: "persistent", Fields: []string{"many"}},
		fabric.IndexSpec{Name: "text", Type: "persistent", Fields: []string{"text"}})
	w.collection(fabric.CollectionSpec{Name: "e", Type: fabric.EdgeCollection})
	w.fill("c", n, func(i int) (string, string) {
		return fmt.Sprint(i), fmt.Sprintf(`{"few":%d,"many":%d,"text":"some-%d"}`, i%7, i/4, i%1000)
	})
	w.fill("e", 3000, func(i int) (string, string) {
		return fmt.Sprint(i), fmt.Sprintf(`{"_from":"c/%d","_to":"c/%d"}`, i/10, i%20)
	})
	s := w.snapshot()
	c, e := collectionOf(w, s, "c"), collectionOf(w, s, "e")
	near := func(name string, got, want float64) {
		t.Helper()
		if got < want/3 || got > want*3 {
			t.Errorf("%s: estimated %.0f, there are %.0f", name, got, want)
		}
	}
	for name, want := range map[string][]float64{"few": {7, n}, "many": {n / 4}, "text": {1000}} {
		got, err := s.Distinct(c, indexOf(w, c, name))
		w.check(err)
		if len(got) != len(want) {
			t.Fatalf("%s: %v", name, got)
		}
		for i := range want {
			near(fmt.Sprint(name, i), got[i], want[i])
		}
	}
	few, _ := s.Distinct(c, indexOf(w, c, "few"))
	if few[0] != 7 {
		t.Errorf("few values are counted: %v", few)
	}
	edges, err := s.Distinct(e, e.Indexes[0])
	w.check(err)
	near("from", edges[0], 300)
	near("to", edges[1], 20)
	// A tenth more is not looked at again, twice as many are.
	w.fill("c", n/10, func(i int) (string, string) { return fmt.Sprint("x", i), `{"few":` + fmt.Sprint(100+i) + `}` })
	if again, _ := w.snapshot().Distinct(c, indexOf(w, c, "few")); again[0] != 7 {
		t.Errorf("estimated anew at once: %v", again)
	}
	w.fill("c", n, func(i int) (string, string) { return fmt.Sprint("y", i), `{"few":` + fmt.Sprint(i%50) + `}` })
	if again, _ := w.snapshot().Distinct(c, indexOf(w, c, "few")); again[0] == 7 {
		t.Error("not estimated anew")
	}
}

// TestPartsAreEven cuts a collection.
func TestPartsAreEven(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]func(i int) string{
		"padded":    func(i int) string { return fmt.Sprintf("%08d", i) },
		"plain":     func(i int) string { return fmt.Sprint(i) },
		"generated": func(int) string { return "" },
		"scattered": func(i int) string { return fmt.Sprintf("%x", uint64(i+1)*0x9E3779B97F4A7C15) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 30_000
			w := newWorld(t)
			w.collection(fabric.CollectionSpec{Name: "c"})
			w.fill("c", n, func(i int) (string, string) { return key(i), `{}` })
			s := w.snapshot()
			keys, err := s.Split(collectionOf(w, s, "c"), 4)
			w.check(err)
			if len(keys) == 0 || len(keys) > 3 {
				t.Fatalf("%d cuts", len(keys))
			}
			total, b := 0, rows.Bounds{}
			for i := 0; i <= len(keys); i++ {
				if b.Upper = nil; i < len(keys) {
					b.Upper = keys[i]
				}
				c, err := s.Documents(collectionOf(w, s, "c"), b)
				w.check(err)
				part := 0
				for c.Next() {
					part++
				}
				w.check(c.Close())
				if total += part; part > n/2 {
					t.Errorf("part %d of %d has %d of %d documents", i, len(keys)+1, part, n)
				}
				b.Lower = b.Upper
			}
			if total != n {
				t.Errorf("the parts have %d documents", total)
			}
		})
	}
}

func TestSmallCollectionsAreNotCut(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	s := w.snapshot()
	for _, name := range []string{"places", "_collections"} {
		if keys, err := s.Split(collectionOf(w, s, name), 8); err != nil || len(keys) != 0 {
			t.Errorf("%s is cut at %q, %v", name, keys, err)
		}
	}
}

// TestPartsWithoutWhatHasExpired cuts a collection of which most has expired.
func TestPartsWithoutWhatHasExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collection(fabric.CollectionSpec{Name: "c", Expires: true})
	w.fill("c", 20_000, func(i int) (string, string) {
		if i%4 == 0 {
			return fmt.Sprintf("%08d", i), `{}`
		}
		return fmt.Sprintf("%08d", i), `{"expireAt":1000}`
	})
	s := w.snapshot()
	if keys, err := s.Split(collectionOf(w, s, "c"), 2); err != nil || len(keys) != 1 {
		t.Fatalf("%d cuts, %v", len(keys), err)
	}
}
