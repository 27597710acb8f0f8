package rowset_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// picture writes down all that a reader shows, by every way to it. revised is what is to be done to the texts.
func picture(w *world, s rows.Snapshot, revised func([]byte) []byte) string {
	w.Helper()
	var out strings.Builder
	for _, name := range []string{"places", "roads", "codes", "carts"} {
		c := collectionOf(w, s, name)
		fmt.Fprintf(&out, "%s: %d\n", name, count(w, s, name))
		cursor, err := s.Documents(c, rows.Bounds{})
		w.check(err)
		for cursor.Next() {
			text := cursor.Row().AppendDocument(nil)
			row, there, err := s.Get(c, string(cursor.Row().Key))
			w.check(err)
			if !there || string(row.AppendDocument(nil)) != string(text) {
				w.Fatalf("%s/%s: Get shows %s, a cursor %s", name, cursor.Row().Key, row.Text, text)
			}
			fmt.Fprintf(&out, "  %s\n", revised(text))
		}
		w.check(cursor.Err())
		w.check(cursor.Close())
		forward := strings.Fields(keysOf(w, s, name, rows.Bounds{}, all))
		backward := strings.Fields(keysOf(w, s, name, rows.Bounds{Reverse: true}, all))
		for i := range forward {
			if len(backward) != len(forward) || forward[i] != backward[len(backward)-1-i] {
				w.Fatalf("%s: forward %v, backward %v", name, forward, backward)
			}
		}
		for _, x := range c.Indexes {
			fmt.Fprintf(&out, "  %s: %s\n", x.Name, strings.Join(entriesOf(w, s, name, x.Name, rows.Bounds{}, true), ", "))
		}
	}
	return out.String()
}

func pictureWorld(t testing.TB) *world {
	w := newWorld(t)
	w.places()
	w.collection(fabric.CollectionSpec{Name: "roads", Type: fabric.EdgeCollection})
	w.collection(fabric.CollectionSpec{Name: "codes", Local: true}, fabric.IndexSpec{Name: "code", Type: "persistent", Fields: []string{"code"}, Unique: true, Sparse: true})
	declared := map[string]value.Value{}
	for path, text := range map[string]string{"stock": `"counter"`, "tags": `"set"`} {
		declared[path] = parse(t, `{"type":`+text+`}`)
	}
	_, err := w.f.CreateCollection(w.ctx, fabric.CollectionSpec{Name: "carts", Type: fabric.DocumentCollection}, declared)
	w.check(err)
	_, _, err = w.f.CreateIndex(w.ctx, "carts", fabric.IndexSpec{Name: "by_stock", Type: "persistent", Fields: []string{"stock"}})
	w.check(err)
	return w
}

// drawWrite draws a write, which may fail.
func drawWrite(t *rapid.T, known map[string]string) (op rows.WriteOp, collection, key, text, rev string) {
	op = rapid.SampledFrom([]rows.WriteOp{rows.Insert, rows.Update, rows.Replace, rows.Remove, rows.Overwrite, rows.Merge}).Draw(t, "op")
	collection = rapid.SampledFrom([]string{"places", "roads", "codes", "carts"}).Draw(t, "collection")
	key = rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "key")
	n, m := rapid.IntRange(0, 4).Draw(t, "n"), rapid.IntRange(0, 4).Draw(t, "m")
	switch collection {
	case "places":
		text = rapid.SampledFrom([]string{`{"n":%d,"tags":["x","y%d"]}`, `{"n":%d,"m":{"a":%d}}`, `{"m":{"b":%d,"c":null},"x":%d}`}).Draw(t, "shape")
	case "roads":
		text = `{"_from":"places/%d","_to":"places/%d"}`
	case "codes":
		text = rapid.SampledFrom([]string{`{"code":%d,"x":%d}`, `{"x":%d,"y":%d}`, `{"code":null,"x":%d,"z":%d}`}).Draw(t, "shape")
	case "carts":
		text = rapid.SampledFrom([]string{`{"stock":%d,"tags":["b","a%d"]}`, `{"stock":%d,"name":"%d"}`, `{"tags":["z","z",%d,%d]}`}).Draw(t, "shape")
	}
	text = fmt.Sprintf(text, n, m)
	if op == rows.Remove {
		text = ""
	}
	if rapid.IntRange(0, 3).Draw(t, "with revision") == 0 {
		rev = known[collection+"/"+key]
	}
	return op, collection, key, text, rev
}

// TestOwnWritesAreSeen writes at random, and compares what the transaction shows before the commit with what everybody
// is shown after it, by every way to it.
func TestOwnWritesAreSeen(t *testing.T) {
	t.Parallel()
	w := pictureWorld(t)
	done, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		before := w.begin()
		x := w.begin()
		known := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(r, "writes") {
			op, collection, key, text, rev := drawWrite(r, known)
			v := value.Null()
			if text != "" {
				v = parse(t, text)
			}
			old := x.read(collection, key)
			out, err := x.Write(rows.Write{Op: op, Collection: x.in(collection), Key: key, Document: v, IfRev: rev,
				KeepNull: rapid.Bool().Draw(r, "keep null"), MergeObjects: rapid.Bool().Draw(r, "merge")})
			if err != nil {
				if refused++; x.read(collection, key) != old {
					r.Fatalf("refused (%v), and yet %s became %s", err, old, x.read(collection, key))
				}
				continue
			}
			done++
			if told, _ := out.Old.Get("_rev"); (old == "") != out.Old.IsNull() || rev != "" && told.Str() != rev {
				r.Fatalf("%s was %s, told %v", key, old, out.Old)
			}
			row, there, err := x.Get(x.in(collection), key)
			if w.check(err); there == out.New.IsNull() || there && string(row.AppendDocument(nil)) != out.New.String() {
				r.Fatalf("%s became %s, told %v", key, row.Text, out.New)
			}
			known[collection+"/"+key] = ""
			if there {
				known[collection+"/"+key] = rows.FormatRev(row.Stamp, row.Hash)
			}
		}
		own := picture(w, x, func(b []byte) []byte { return b })
		untouched := picture(w, before, func(b []byte) []byte { return b })
		if rapid.IntRange(0, 3).Draw(r, "roll back") == 0 {
			w.check(x.Close())
			own = untouched
		} else {
			x.commits()
		}
		after, err := w.store.Snapshot(w.ctx)
		w.check(err)
		defer func() { _ = after.Close() }()
		if got := picture(w, after, func(b []byte) []byte { return b }); got != string(x.Revise([]byte(own))) {
			r.Fatalf("the transaction saw\n%s\nafter it there is\n%s", x.Revise([]byte(own)), got)
		}
		if again := picture(w, before, func(b []byte) []byte { return b }); again != untouched {
			r.Fatalf("the state of before became\n%s\nit was\n%s", again, untouched)
		}
		_ = before.Close()
	})
	if done < 100 || refused < 20 {
		t.Fatalf("%d writes were done and %d refused: the test tests nothing", done, refused)
	}
}
