package rowset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
	"github.com/selvedge-db/selvedge/value"
)

const timedDocuments = 20_000

// timed is a collection of documents of 600 bytes on disk.
func timed(b *testing.B) *world {
	b.Helper()
	db, err := pebble.Open(b.TempDir(), pebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w := worldOver(b, db)
	w.collection(fabric.CollectionSpec{Name: "c"}, fabric.IndexSpec{Name: "by_n", Type: "persistent", Fields: []string{"n"}})
	note := strings.Repeat("some text of a document ", 17)
	w.fill("c", timedDocuments, func(i int) (string, string) {
		return fmt.Sprintf("k%07d", i), fmt.Sprintf(`{"active":true,"address":{"city":"Uppsala","zip":"753 31"},"email":"someone%d@example.com","n":%d,"note":"%s","score":0.%d}`, i, i, note, i)
	})
	return w
}

func BenchmarkGet(b *testing.B) {
	w := timed(b)
	s := w.snapshot()
	c := collectionOf(w, s, "c")
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%07d", i*17%timedDocuments)
	}
	var buf []byte
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		row, found, err := s.Get(c, keys[i%len(keys)])
		if err != nil || !found {
			b.Fatal(found, err)
		}
		buf = row.AppendDocument(buf[:0])
		i++
	}
}

func BenchmarkSnapshot(b *testing.B) {
	w := timed(b)
	b.ReportAllocs()
	for b.Loop() {
		s, err := w.store.Snapshot(w.ctx)
		if err != nil {
			b.Fatal(err)
		}
		_ = s.Close()
	}
}

func benchmarkDocuments(b *testing.B, s rows.Snapshot, c *rows.Collection) {
	n := 0
	b.ReportAllocs()
	b.ResetTimer()
	for n < b.N {
		cursor, err := s.Documents(c, rows.Bounds{})
		if err != nil {
			b.Fatal(err)
		}
		for cursor.Next() && n < b.N {
			if len(cursor.Row().Text) < 500 {
				b.Fatal("a short document")
			}
			n++
		}
		_ = cursor.Close()
	}
}

func BenchmarkDocuments(b *testing.B) {
	w := timed(b)
	s := w.snapshot()
	benchmarkDocuments(b, s, collectionOf(w, s, "c"))
}

// BenchmarkDocumentsInTransaction scans with own writes on top.
func BenchmarkDocumentsInTransaction(b *testing.B) {
	w := timed(b)
	x := w.begin()
	for i := range 100 {
		x.do(rows.Update, "c", fmt.Sprintf("k%07d", i*100), `{"n":1}`)
	}
	benchmarkDocuments(b, x, x.in("c"))
}

func BenchmarkEntries(b *testing.B) {
	w := timed(b)
	s := w.snapshot()
	c := collectionOf(w, s, "c")
	x := indexOf(w, c, "by_n")
	n := 0
	b.ReportAllocs()
	b.ResetTimer()
	for n < b.N {
		cursor, err := s.Entries(c, x, rows.Bounds{})
		if err != nil {
			b.Fatal(err)
		}
		for cursor.Next() && n < b.N {
			n++
		}
		_ = cursor.Close()
	}
}

// BenchmarkTransaction reads and changes one document.
func BenchmarkTransaction(b *testing.B) {
	w := timed(b)
	c := collectionOf(w, w.snapshot(), "c")
	doc := value.Object(value.Member{Name: "n", Value: value.Int(5)})
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		x, err := w.store.Begin(w.ctx)
		if err != nil {
			b.Fatal(err)
		}
		i++
		if _, err := x.Write(rows.Write{Op: rows.Update, Collection: c, Key: fmt.Sprintf("k%07d", i%timedDocuments), Document: doc}); err != nil {
			b.Fatal(err)
		}
		_ = x.Close()
	}
}

// BenchmarkUpdateMany changes every document of a collection in one transaction, and commits it.
func BenchmarkUpdateMany(b *testing.B) {
	w := timed(b)
	c := collectionOf(w, w.snapshot(), "c")
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		x, err := w.store.Begin(w.ctx)
		if err != nil {
			b.Fatal(err)
		}
		cursor, err := x.Documents(c, rows.Bounds{})
		if err != nil {
			b.Fatal(err)
		}
		n++
		doc := value.Object(value.Member{Name: "n", Value: value.Int(int64(n))})
		for cursor.Next() {
			if _, err := x.Write(rows.Write{Op: rows.Update, Collection: c, Key: string(cursor.Row().Key), Document: doc}); err != nil {
				b.Fatal(err)
			}
		}
		_ = cursor.Close()
		if err := x.Commit(w.ctx, rows.CommitOptions{}); err != nil {
			b.Fatal(err)
		}
		_ = x.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/timedDocuments, "ns/document")
}
