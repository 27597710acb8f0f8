package fabric_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/value"
)

// kinds are indexes whose entries are not the values of fields, and the ttl index, which is two things.
func kinds() []fabric.IndexSpec {
	return []fabric.IndexSpec{
		{Name: "place", Type: "geo", Fields: []string{"f"}, GeoJSON: true},
		{Name: "pair", Type: "geo", Fields: []string{"f", "g"}},
		{Name: "words", Type: "fulltext", Fields: []string{"f"}},
		{Name: "gone", Type: "ttl", Fields: []string{"g"}, ExpireAfter: 1000 * 31_557_600},
	}
}

// entriesOf lists the entries of an index as they lie in the store.
func (r *replica) entriesOf(number uint32) (out []string) {
	r.t.Helper()
	space := layout.NewKeys(3).IndexSpace(nil, number)
	it, err := r.db.Scan(space, layout.End(space))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = it.Close() }()
	for it.Next() {
		out = append(out, hex.EncodeToString(it.Key()[len(space):])+"="+string(it.Value()))
	}
	return out
}

func (r *replica) index(name string) fabric.Index {
	r.t.Helper()
	v := r.core.NewView(r.wall)
	defer func() { _ = v.Close() }()
	c, ok := v.Collection("c")
	if !ok {
		r.t.Fatal("the collection is gone")
	}
	for _, x := range c.Indexes {
		if x.Name == name {
			return x
		}
	}
	r.t.Fatalf("there is no index %s", name)
	return fabric.Index{}
}

// TestIndexesAreAsIfMadeAnew keeps indexes up through random writes, and compares them with ones made anew.
func TestIndexesAreAsIfMadeAnew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newReplica(t, "one", rapid.Uint64().Draw(rt, "seed"))
		r.found()
		r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
		var x fabric.Index
		for _, spec := range kinds() {
			r.mustSchema(fabric.CreateIndex("c", spec, &x))
		}
		leaf := rapid.SampledFrom([]string{`null`, `1`, `50.5`, `"the quick fox"`, `"QUICK Fox, the"`, `["a fox","b dog"]`, `{"x":"dog days"}`, `[8,50]`, `[8,50,1]`, `[800,50]`,
			`{"type":"Point","coordinates":[8,50]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`, `{"type":"Polygon","coordinates":[]}`, longText(), `true`})
		key := rapid.SampledFrom([]string{"a", "ab", "b", "c"})
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				r.crash()
			case 1, 2:
				r.write(fabric.NewWrite(fabric.Remove, "c", key.Draw(rt, "key"), value.Null()))
			default:
				doc := fmt.Sprintf(`{"f":%s,"g":%s}`, leaf.Draw(rt, "f"), leaf.Draw(rt, "g"))
				r.write(fabric.NewWrite(fabric.Upsert, "c", key.Draw(rt, "key"), parse(t, doc)))
			}
		}
		r.upkeep()
		for _, spec := range kinds() {
			before := r.index(spec.Name)
			kept := r.entriesOf(before.Number)
			r.mustSchema(fabric.DropIndex("c", spec.Name, &x))
			if left := r.entriesOf(before.Number); len(left) > 0 {
				rt.Fatalf("a dropped index left %q", left)
			}
			r.mustSchema(fabric.CreateIndex("c", spec, &x))
			r.upkeep()
			after := r.index(spec.Name)
			if anew := r.entriesOf(after.Number); !after.Ready || !slices.Equal(kept, anew) {
				rt.Fatalf("index %s, ready %v: kept up %q, made anew %q", spec.Name, after.Ready, kept, anew)
			}
		}
	})
}

// longText has more words than are compared one by one.
func longText() string {
	var words []string
	for i := range 100 {
		words = append(words, fmt.Sprintf("word%d", i))
	}
	return `"` + strings.Join(words, " ") + `"`
}

// TestIndexesOfOlderStores opens stores of before some indexes had all of their entries: they are made then.
func TestIndexesOfOlderStores(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form byte // as older versions wrote that an index is ready
		spec fabric.IndexSpec
	}{
		{1, fabric.IndexSpec{Name: "old", Type: "ttl", Fields: []string{"at"}, ExpireAfter: 1000 * 31_557_600}},
		{2, fabric.IndexSpec{Name: "old", Type: "geo", Fields: []string{"at"}}},
	} {
		t.Run(c.spec.Type, func(t *testing.T) {
			t.Parallel()
			olderStore(t, c.form, c.spec)
		})
	}
}

func olderStore(t *testing.T, form byte, spec fabric.IndexSpec) {
	r := newReplica(t, "one", 5)
	r.found()
	r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
	var x fabric.Index
	r.mustSchema(fabric.CreateIndex("c", spec, &x))
	r.mustSchema(fabric.CreateIndex("c", fabric.IndexSpec{Name: "other", Type: "persistent", Fields: []string{"at"}, Sparse: true}, &x))
	for i := range 300 {
		r.must(write(t, fabric.Insert, "c", fmt.Sprint("k", i), fmt.Sprintf(`{"at":%d}`, 1+i)))
	}
	number := r.index("old").Number
	want := r.entriesOf(number)
	if len(want) != 300 {
		t.Fatalf("%d entries", len(want))
	}
	keys := layout.NewKeys(3)
	states := keys.State(layout.StateIndex)
	it, err := r.db.Scan(states, layout.End(states))
	if err != nil {
		t.Fatal(err)
	}
	b := r.db.NewBatch()
	for it.Next() {
		record := slices.Clone(it.Value())
		record[4] = form
		b.Set(slices.Clone(it.Key()), record)
	}
	_ = it.Close()
	space := keys.IndexSpace(nil, number)
	b.DeleteRange(space, layout.End(space))
	b.Set(append(slices.Clone(space), "needless"...), nil)
	pending, err := r.db.Apply(b)
	if err == nil {
		err = r.db.Sync()
	}
	if err == nil {
		err = pending.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
	r.open()
	r.renew()
	if r.index("old").Ready || !r.index("other").Ready {
		t.Fatalf("ready: the index %v, the other %v", r.index("old").Ready, r.index("other").Ready)
	}
	r.must(write(t, fabric.Update, "c", "k7", `{"at":9}`), write(t, fabric.Remove, "c", "k8", `null`))
	r.crash()
	r.upkeep()
	if got := r.entriesOf(number); !r.index("old").Ready || len(got) != 299 || slices.ContainsFunc(got, func(e string) bool { return strings.HasPrefix(e, hex.EncodeToString([]byte("needless"))) }) {
		t.Fatalf("ready %v with %d entries", r.index("old").Ready, len(got))
	}
	r.crash()
	if !r.index("old").Ready {
		t.Fatal("it has to be filled again after a crash")
	}
}
