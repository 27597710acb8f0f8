package rowset_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// snapshot opens one that the test closes.
func (w *world) snapshot() rows.Snapshot {
	w.Helper()
	s, err := w.store.Snapshot(w.ctx)
	w.check(err)
	w.Cleanup(func() { _ = s.Close() })
	return s
}

func namesOf(s rows.Reader) string {
	var out []string
	for _, c := range s.Collections() {
		out = append(out, c.Name)
	}
	return strings.Join(out, " ")
}

// TestCollectionsStay keeps addresses while definitions stay, and gives new ones when they change.
func TestCollectionsStay(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	w.collection(fabric.CollectionSpec{Name: "_secret", System: true})
	w.collection(fabric.CollectionSpec{Name: "_graphs", System: true})
	first := w.snapshot()
	if got := namesOf(first); got != "_collections _graphs other places roads" {
		t.Fatalf("collections are %s", got)
	}
	for _, name := range []string{"_secret", "_schema", "_schema_local", "none"} {
		if _, ok := first.Collection(name); ok {
			t.Errorf("%s is shown", name)
		}
	}
	places, roads := collectionOf(w, first, "places"), collectionOf(w, first, "roads")
	if places.Type != rows.Documents || roads.Type != rows.Edges || places.Expires || len(places.Indexes) != 2 || roads.Indexes[0].Type != rows.EdgeIndex {
		t.Fatalf("places %+v, roads %+v", places, roads)
	}
	tag := indexOf(w, places, "by_tag")
	if !tag.Sparse || len(tag.Fields) != 2 || tag.Fields[0].Expand != 1 || tag.Fields[1].Expand != -1 || tag.Fields[0].Path.String() != "tags" {
		t.Fatalf("the array index is %+v", tag)
	}
	w.put("places", "more", `{}`)
	if collectionOf(w, w.snapshot(), "places") != places {
		t.Fatal("a write changed the collection")
	}
	_, _, err := w.f.CreateIndex(w.ctx, "places", fabric.IndexSpec{Name: "fresh", Type: "persistent", Fields: []string{"x"}})
	w.check(err)
	then := w.snapshot()
	if collectionOf(w, then, "roads") != roads {
		t.Error("an index of another collection changed this one")
	}
	changed := collectionOf(w, then, "places")
	if changed == places || len(changed.Indexes) != 3 || indexOf(w, changed, "by_tag") != tag || len(places.Indexes) != 2 {
		t.Errorf("after a new index: %+v", changed)
	}
	w.check(w.f.SchemaUpdate(w.ctx, fabric.DropCollection("places")))
	w.places()
	if again := collectionOf(w, w.snapshot(), "places"); again == places || again.Number == places.Number {
		t.Error("a collection that was dropped and made anew is the same")
	}
	if got := keysOf(w, first, "places", rows.Bounds{}, all); got != "a b c d e" {
		t.Errorf("the state of before shows %q", got)
	}
}

func TestCollectionsAreListed(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	s := w.snapshot()
	c := collectionOf(w, s, "_collections")
	cursor, err := s.Documents(c, rows.Bounds{})
	w.check(err)
	var got, keys []string
	for cursor.Next() {
		doc := value.Lazy(cursor.Row().AppendDocument(nil))
		name, _ := doc.Get("name")
		kind, _ := doc.Get("type")
		id, _ := doc.Get("_id")
		got = append(got, name.Str()+kind.Digits())
		keys = append(keys, strings.TrimPrefix(id.Str(), "_collections/"))
	}
	w.check(cursor.Close())
	slices.Sort(got)
	if strings.Join(got, " ") != "other2 places2 roads3" || !slices.IsSorted(keys) || count(w, s, "_collections") != 3 {
		t.Fatalf("listed are %v under %v", got, keys)
	}
	row, there, err := s.Get(c, keys[1])
	if w.check(err); !there || string(row.Key) != keys[1] {
		t.Fatalf("%s is not found", keys[1])
	}
	if some := keysOf(w, s, "_collections", rows.Bounds{Lower: []byte(keys[1]), Reverse: true}, all); some != keys[2]+" "+keys[1] {
		t.Fatalf("backwards from %s: %s", keys[1], some)
	}
	if _, there, _ := s.Get(c, "1"); there {
		t.Fatal("a collection that is not there is")
	}
}

func TestGraphsAreRead(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	if _, there, err := w.snapshot().Graph("world"); there || err != nil {
		t.Fatalf("a graph without any: %v, %v", there, err)
	}
	w.collection(fabric.CollectionSpec{Name: "_graphs", System: true})
	w.put("_graphs", "world", `{"edgeDefinitions":[{"collection":"roads","from":["places","other"],"to":["places"]},{"collection":"x"}],"orphanCollections":["other"]}`)
	w.put("_graphs", "odd", `{"edgeDefinitions":{"collection":1},"orphanCollections":[1,null,"a"]}`)
	s := w.snapshot()
	g, there, err := s.Graph("world")
	w.check(err)
	if got := fmt.Sprintf("%+v", g); !there || got != "&{Name:world Edges:[{Collection:roads From:[places other] To:[places]} {Collection:x From:[] To:[]}] Orphans:[other]}" {
		t.Fatalf("the graph is %s", got)
	}
	if g, there, err = s.Graph("odd"); err != nil || !there || len(g.Edges) != 0 || len(g.Orphans) != 1 {
		t.Fatalf("an odd graph is %+v, %v", g, err)
	}
}

// TestEntriesOfEveryIndex opens cursors over each type, both ways and bounded.
func TestEntriesOfEveryIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collection(fabric.CollectionSpec{Name: "c", Local: true},
		fabric.IndexSpec{Name: "unique", Type: "persistent", Fields: []string{"u"}, Unique: true, Sparse: true},
		fabric.IndexSpec{Name: "two", Type: "skiplist", Fields: []string{"a", "b.c"}},
		fabric.IndexSpec{Name: "end", Type: "ttl", Fields: []string{"at"}, ExpireAfter: 1 << 30},
		fabric.IndexSpec{Name: "where", Type: "geo", Fields: []string{"lat", "lon"}},
		fabric.IndexSpec{Name: "words", Type: "fulltext", Fields: []string{"text"}, MinLength: 3})
	w.put("c", "k1", `{"u":3,"a":[{"x":null,"y":1},"\u0000"],"b":{"c":{"d":{}}},"at":4000000000,"lat":50,"lon":8,"text":"quick brown"}`)
	w.put("c", "k2", `{"u":1,"a":"x","b":{"c":-1.5},"at":3000000000,"lat":51,"lon":9,"text":"lazy brown"}`)
	w.put("c", "k3", `{"u":2,"a":"x","b":{"c":true},"at":"2099-01-01"}`)
	w.put("c", "gone", `{"u":9,"a":"x","b":{"c":true},"at":1,"lat":51,"lon":9,"text":"brown"}`)
	s := w.snapshot()
	for index, want := range map[string]string{
		"unique": "k2 k3 k1", "two": "k3 k2 k1", "end": "k2 k1 k3", "words": "k1 k2 k2 k1"} {
		got := strings.Join(entriesOf(w, s, "c", index, rows.Bounds{}, false), " ")
		if got != want {
			t.Errorf("%s has %s, want %s", index, got, want)
		}
		backward := entriesOf(w, s, "c", index, rows.Bounds{Reverse: true}, false)
		if slices.Reverse(backward); strings.Join(backward, " ") != want {
			t.Errorf("%s backwards has %s", index, backward)
		}
	}
	if got := found(w, s, "c", "end", value.Int(0), value.Int(3_500_000_000)); got != "k2" {
		t.Errorf("ends before: %s", got)
	}
	if got := entriesOf(w, s, "c", "where", rows.Bounds{}, false); !slices.Contains(got, "k1") || !slices.Contains(got, "k2") || slices.Contains(got, "gone") {
		t.Errorf("places are %v", got)
	}
	if n := count(w, s, "c"); n != 3 {
		t.Errorf("%d documents", n)
	}
	in := collectionOf(w, s, "c")
	for limit, want := range map[int]int{0: 0, 2: 2, 10: 4} {
		if n, err := s.Within(in, indexOf(w, in, "two"), rows.Bounds{}, limit); err != nil || n != want {
			t.Errorf("within, up to %d: %d, %v", limit, n, err)
		}
	}
}

// TestSnapshotsAreReadTogether reads one snapshot from many goroutines while others write.
func TestSnapshotsAreReadTogether(t *testing.T) {
	t.Parallel()
	w := anomalyWorld(t)
	s := w.snapshot()
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 30 {
				if got := keysOf(w, s, "places", rows.Bounds{}, all); got != "a b c d e" {
					t.Errorf("the snapshot shows %q", got)
				}
				w.put("places", fmt.Sprintf("x%d-%d", g, i), `{"n":1}`)
				if got := content(w, s, "places", "a"); got != `{"n":10}` {
					t.Errorf("the snapshot shows %s", got)
				}
				_ = collectionOf(w, w.store2(), "places")
			}
		})
	}
	group.Wait()
	w.check(s.Settle(w.ctx))
}

// store2 opens and closes a snapshot, and gives it for what outlives it.
func (w *world) store2() rows.Snapshot {
	s, err := w.store.Snapshot(w.ctx)
	w.check(err)
	_ = s.Close()
	return s
}
