package fabric_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
	"github.com/selvedge-db/selvedge/value"
)

// TestIndexesHoldWhatDocumentsSay runs random writes and index changes against the plainest oracle: the documents.
func TestIndexesHoldWhatDocumentsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newReplica(t, "one", rapid.Uint64().Draw(rt, "seed"))
		r.found()
		r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
		leaf := rapid.SampledFrom([]string{`null`, `1`, `1.0`, `2`, `"a"`, `""`, `"a\u0000b"`, `true`, `[]`, `[1,2]`, `{"x":1}`})
		key := rapid.SampledFrom([]string{"a", "ab", "b", "c", "d"})
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				var found fabric.Index
				spec := fabric.IndexSpec{Type: "persistent", Sparse: rapid.Bool().Draw(rt, "sparse"), Deduplicate: rapid.Bool().Draw(rt, "dedup"),
					Fields: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"f", "g", "t[*]"}), 1, 3, rapid.ID).Draw(rt, "fields")}
				if err := r.schema(fabric.CreateIndex("c", spec, &found)); err != nil && fabric.CodeOf(err) == "" {
					rt.Fatal(err)
				}
				if rapid.Bool().Draw(rt, "fill") {
					r.upkeep()
				}
			case 1:
				v := r.core.NewView(r.wall)
				c, _ := v.Collection("c")
				if len(c.Indexes) > 0 {
					var dropped fabric.Index
					r.mustSchema(fabric.DropIndex("c", rapid.SampledFrom(c.Indexes).Draw(rt, "index").Name, &dropped))
				}
				_ = v.Close()
			case 2:
				r.crash()
			case 3:
				r.write(fabric.NewWrite(fabric.Remove, "c", key.Draw(rt, "key"), value.Null()))
			default:
				doc := fmt.Sprintf(`{"f":%s,"g":%s,"t":[%s,%s,%s]}`, leaf.Draw(rt, "f"), leaf.Draw(rt, "g"), leaf.Draw(rt, "t1"), leaf.Draw(rt, "t2"), leaf.Draw(rt, "t3"))
				op := rapid.SampledFrom([]fabric.WriteOp{fabric.Upsert, fabric.UpsertPatch, fabric.Insert}).Draw(rt, "op")
				r.write(fabric.NewWrite(op, "c", key.Draw(rt, "key"), parse(t, doc)))
			}
		}
		r.upkeep()
		v := r.core.NewView(r.wall)
		defer func() { _ = v.Close() }()
		c, _ := v.Collection("c")
		for _, x := range c.Indexes {
			if !x.Ready {
				rt.Fatalf("index %s is not filled", x.Name)
			}
		}
		checkCollection(t, v, "one", c)
	})
}

// TestIndexesFillWhileWritesGoOn makes an index over many documents while others write.
func TestIndexesFillWhileWritesGoOn(t *testing.T) {
	t.Parallel()
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	f := openOn(t, db, fabric.Limits{})
	create(t, f, "c", nil)
	var many []fabric.Write
	for i := range 3000 {
		many = append(many, write(t, fabric.Insert, "c", fmt.Sprint("k", i), fmt.Sprintf(`{"n":%d}`, i%10)))
	}
	commit(t, f, many...)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 50 {
				commit(t, f, write(t, fabric.Update, "c", fmt.Sprint("k", (i*61+w*7)%3000), fmt.Sprintf(`{"n":%d}`, i)))
				commit(t, f, write(t, fabric.Insert, "c", fmt.Sprintf("new%d-%d", w, i), `{"n":1}`))
			}
		})
	}
	for _, sparse := range []bool{false, true} {
		if _, created, err := f.CreateIndex(context.Background(), "c", fabric.IndexSpec{Type: "persistent", Fields: []string{"n"}, Sparse: sparse}); err != nil || !created {
			t.Errorf("created %v, %v", created, err)
		}
	}
	wg.Wait()
	v := f.View()
	defer func() { _ = v.Close() }()
	c, _ := v.Collection("c")
	if len(c.Indexes) != 2 {
		t.Fatalf("indexes %+v", c.Indexes)
	}
	checkCollection(t, v, "here", c)
	if _, created, err := f.CreateIndex(context.Background(), "c", fabric.IndexSpec{Type: "persistent", Fields: []string{"n"}}); err != nil || created {
		t.Fatalf("the same index was created again: %v, %v", created, err)
	}
}

func TestUniqueIndexes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := openOn(t, memory.New(memory.Options{}), fabric.Limits{})
	create(t, f, "shared", nil)
	unique := fabric.IndexSpec{Name: "u", Type: "persistent", Fields: []string{"u"}, Unique: true, Sparse: true}
	if _, _, err := f.CreateIndex(ctx, "shared", unique); fabric.CodeOf(err) != fabric.BadArgument {
		t.Fatalf("a unique index on a replicated collection: %v", err)
	}
	if _, err := f.CreateCollection(ctx, fabric.CollectionSpec{Name: "c", Type: 2, Local: true}, nil); err != nil {
		t.Fatal(err)
	}
	commit(t, f, write(t, fabric.Insert, "c", "a", `{"u":1}`), write(t, fabric.Insert, "c", "b", `{"u":1}`), write(t, fabric.Insert, "c", "none", `{}`), write(t, fabric.Insert, "c", "nor", `{}`))
	if _, _, err := f.CreateIndex(ctx, "c", unique); fabric.CodeOf(err) != fabric.UniqueViolated {
		t.Fatalf("a unique index over equal values: %v", err)
	}
	commit(t, f, write(t, fabric.Update, "c", "b", `{"u":2}`))
	if x, created, err := f.CreateIndex(ctx, "c", unique); err != nil || !created || !x.Ready {
		t.Fatalf("%+v, %v, %v", x, created, err)
	}
	refuse(t, f, fabric.UniqueViolated, 1, write(t, fabric.Insert, "c", "x", `{"u":7}`), write(t, fabric.Insert, "c", "y", `{"u":1}`))
	refuse(t, f, fabric.UniqueViolated, 1, write(t, fabric.Insert, "c", "x", `{"u":7}`), write(t, fabric.Insert, "c", "y", `{"u":7}`))
	// One gives its value up to another, in either order; a third may not have it as well.
	commit(t, f, write(t, fabric.Update, "c", "a", `{"u":3}`), write(t, fabric.Update, "c", "b", `{"u":1}`))
	commit(t, f, write(t, fabric.Update, "c", "b", `{"u":3}`), write(t, fabric.Update, "c", "a", `{"u":1}`))
	refuse(t, f, fabric.UniqueViolated, 2, write(t, fabric.Update, "c", "a", `{"u":9}`), write(t, fabric.Update, "c", "b", `{"u":1}`), write(t, fabric.Insert, "c", "z", `{"u":1}`))
	commit(t, f, write(t, fabric.Remove, "c", "a", ""))
	var wg sync.WaitGroup
	won := make(chan string, 16)
	for i := range 16 {
		wg.Go(func() {
			_, err := f.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{write(t, fabric.Insert, "c", fmt.Sprint("r", i), `{"u":1}`)}})
			if err == nil {
				won <- "won"
			} else if fabric.CodeOf(err) != fabric.UniqueViolated {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d of 16 got the same value", len(won))
	}
	v := f.View()
	defer func() { _ = v.Close() }()
	c, _ := v.Collection("c")
	checkCollection(t, v, "here", c)
}

// TestIndexesLeaveNoDocumentOut writes documents with as many entries in an index as one may have, and with more.
func TestIndexesLeaveNoDocumentOut(t *testing.T) {
	t.Parallel()
	f := inMemory(t, fabric.Limits{})
	create(t, f, "c", nil)
	ctx := context.Background()
	for _, spec := range []fabric.IndexSpec{
		{Name: "elements", Type: "persistent", Fields: []string{"list[*]"}}, {Name: "pairs", Type: "persistent", Fields: []string{"a[*]", "b[*]"}},
		{Name: "words", Type: "fulltext", Fields: []string{"text"}},
	} {
		if _, _, err := f.CreateIndex(ctx, "c", spec); err != nil {
			t.Fatal(err)
		}
	}
	numbers := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",%d", i)
		}
		return "[" + strings.TrimPrefix(b.String(), ",") + "]"
	}
	words := func(n int) string { return strings.NewReplacer(",", " w", "[", "w", "]", "").Replace(numbers(n)) }
	const most = 100_000
	commit(t, f, write(t, fabric.Insert, "c", "elements", `{"list":`+numbers(most)+`}`))
	commit(t, f, write(t, fabric.Insert, "c", "pairs", `{"a":`+numbers(400)+`,"b":`+numbers(250)+`}`))
	commit(t, f, write(t, fabric.Insert, "c", "words", `{"text":"`+words(most)+`"}`))
	for _, doc := range []string{`{"list":` + numbers(most+1) + `}`, `{"a":` + numbers(401) + `,"b":` + numbers(250) + `}`, `{"text":"` + words(most+1) + `"}`} {
		e := refuse(t, f, fabric.TooLarge, 0, write(t, fabric.Insert, "c", "more", doc))
		if !strings.Contains(e.Error(), "100000 entries in the index") {
			t.Error(e)
		}
	}
}
