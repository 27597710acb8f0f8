package fabric_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
	"github.com/selvedge-db/selvedge/value"
)

// open starts a fabric of one member on a disk of its own.
func open(t testing.TB, dir string) *fabric.Fabric {
	t.Helper()
	db, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := fabric.Open(fabric.Config{Name: "test", DB: db, Env: env.Real(), Options: fabric.Options{Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	change := member.Change{Kind: member.Create, Origin: 1, Fabric: "test", Name: "here", Address: "a:1"}
	if err := f.Create(context.Background(), change); err != nil {
		t.Fatal(err)
	}
	return f
}

func parse(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func commit(t testing.TB, f *fabric.Fabric, w ...fabric.Write) fabric.Receipt {
	t.Helper()
	r, err := f.Commit(context.Background(), fabric.Transaction{Writes: w})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t testing.TB, f *fabric.Fabric, collection, key string) string {
	t.Helper()
	d, found, err := f.Get(context.Background(), collection, key)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return ""
	}
	return string(d.Text)
}

func create(t testing.TB, f *fabric.Fabric, name string, crdt map[string]value.Value) {
	t.Helper()
	spec := fabric.CollectionSpec{Name: name, Type: fabric.DocumentCollection}
	if _, err := f.CreateCollection(context.Background(), spec, crdt); err != nil {
		t.Fatal(err)
	}
}

func TestDocumentsLive(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	create(t, f, "places", nil)
	first := commit(t, f, fabric.NewWrite(fabric.Insert, "places", "a", parse(t, `{"name":"A","at":{"x":1,"y":2}}`)))
	if got, want := text(t, f, "places", "a"), `{"at":{"x":1,"y":2},"name":"A"}`; got != want {
		t.Fatalf("after insert: %s, want %s", got, want)
	}
	second := commit(t, f, fabric.NewWrite(fabric.Update, "places", "a", parse(t, `{"at":{"y":3},"name":null}`)))
	if got, want := text(t, f, "places", "a"), `{"at":{"x":1,"y":3},"name":null}`; got != want {
		t.Fatalf("after update: %s, want %s", got, want)
	}
	if second.Results[0].OldRev != first.Results[0].Rev || second.Results[0].Rev == first.Results[0].Rev {
		t.Fatalf("revisions: first %v, second %v", first.Results[0], second.Results[0])
	}
	commit(t, f, fabric.NewWrite(fabric.Replace, "places", "a", parse(t, `{"z":1}`)))
	if got, want := text(t, f, "places", "a"), `{"z":1}`; got != want {
		t.Fatalf("after replace: %s, want %s", got, want)
	}
	stale := fabric.NewWrite(fabric.Update, "places", "a", parse(t, `{"z":2}`))
	stale.IfRev = first.Results[0].Rev
	if _, err := f.Commit(context.Background(), fabric.Transaction{Writes: []fabric.Write{stale}}); fabric.CodeOf(err) != fabric.RevConflict {
		t.Fatalf("stale revision: %v", err)
	}
	commit(t, f, fabric.NewWrite(fabric.Remove, "places", "a", value.Null()))
	if got := text(t, f, "places", "a"); got != "" {
		t.Fatalf("after remove: %s", got)
	}
	_, err := f.Commit(context.Background(), fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Remove, "places", "a", value.Null())}})
	if fabric.CodeOf(err) != fabric.NotFound {
		t.Fatalf("removing twice: %v", err)
	}
	commit(t, f, fabric.NewWrite(fabric.Insert, "places", "a", parse(t, `{"again":true}`)))
	if got, want := text(t, f, "places", "a"), `{"again":true}`; got != want {
		t.Fatalf("inserted again: %s, want %s", got, want)
	}
	v := f.View()
	defer func() { _ = v.Close() }()
	if n, err := v.Count("places"); n != 1 || err != nil {
		t.Fatalf("count %d, %v; want 1", n, err)
	}
}

func TestConcurrentIncrementsAllCount(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	create(t, f, "c", map[string]value.Value{"n": parse(t, `{"type":"counter"}`)})
	commit(t, f, fabric.NewWrite(fabric.Insert, "c", "k", parse(t, `{"n":0}`)))
	const writers, rounds = 8, 50
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < rounds; {
				d, _, err := f.Get(context.Background(), "c", "k")
				if err != nil {
					t.Error(err)
					return
				}
				doc, _ := d.Value()
				n, _ := doc.Get("n")
				now, _ := n.Int64()
				w := fabric.NewWrite(fabric.Update, "c", "k", value.Object(value.Member{Name: "n", Value: value.Int(now + 1)}))
				w.IfRev = d.Rev()
				switch _, err := f.Commit(context.Background(), fabric.Transaction{Writes: []fabric.Write{w}}); fabric.CodeOf(err) {
				case "":
					done++
				case fabric.RevConflict, fabric.Conflict:
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got, want := text(t, f, "c", "k"), fmt.Sprintf(`{"n":%d}`, writers*rounds); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
}

func TestEverythingAcknowledgedIsThereAfterReopening(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var digest fabric.Digest
	t.Run("write", func(t *testing.T) {
		f := open(t, dir)
		create(t, f, "c", nil)
		if _, _, err := f.CreateIndex(context.Background(), "c", fabric.IndexSpec{Type: "persistent", Fields: []string{"n"}}); err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			commit(t, f, fabric.NewWrite(fabric.Insert, "c", fmt.Sprint("k", i), value.Object(value.Member{Name: "n", Value: value.Int(int64(i % 7))})))
		}
		for i := range 50 {
			commit(t, f, fabric.NewWrite(fabric.Remove, "c", fmt.Sprint("k", i*2), value.Null()))
		}
		var err error
		if digest, err = f.Digest(context.Background(), 0); err != nil {
			t.Fatal(err)
		}
	})
	f := open(t, dir)
	again, err := f.Digest(context.Background(), 0)
	if err != nil || again.Hash != digest.Hash || !again.Vector.Equal(digest.Vector) {
		t.Fatalf("after reopening: %v, %v; before: %v", again, err, digest)
	}
	v := f.View()
	defer func() { _ = v.Close() }()
	docs, err := v.Lookup("c", "persistent_n", []value.Value{value.Int(3)}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for i := range 200 {
		if i%7 == 3 && (i%2 == 1 || i >= 100) {
			want++
		}
	}
	if len(docs) != want {
		t.Fatalf("index finds %d documents, want %d", len(docs), want)
	}
	commit(t, f, fabric.NewWrite(fabric.Insert, "c", "more", value.Object()))
}
