package rowset_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/rowset"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// world is a fabric of one member with its store of rows.
type world struct {
	testing.TB
	ctx   context.Context
	f     *fabric.Fabric
	store *rowset.Store
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return worldOver(t, memory.New(memory.Options{}))
}

func worldOver(t testing.TB, db kv.DB) *world {
	t.Helper()
	return worldAt(t, db, env.RealClock())
}

func worldAt(t testing.TB, db kv.DB, clock env.Clock) *world {
	t.Helper()
	machine := env.Real()
	machine.Clock = clock
	f, err := fabric.Open(fabric.Config{Name: "test", DB: db, Env: machine, Options: fabric.Options{Number: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t, context.Background(), f, rowset.New(f, rowset.Options{Hidden: func(name string) bool { return name == "_secret" }})}
	w.check(f.Create(w.ctx, member.Change{Kind: member.Create, Origin: 1, Fabric: "test", Name: "here", Address: "a:1"}))
	return w
}

// close ends the fabric before the test ends.
func (w *world) close() { _ = w.f.Close() }

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) collection(spec fabric.CollectionSpec, indexes ...fabric.IndexSpec) {
	w.Helper()
	if spec.Type == 0 {
		spec.Type = fabric.DocumentCollection
	}
	_, err := w.f.CreateCollection(w.ctx, spec, nil)
	w.check(err)
	for _, x := range indexes {
		_, _, err := w.f.CreateIndex(w.ctx, spec.Name, x)
		w.check(err)
	}
}

// places makes a collection with a plain and an array index.
func (w *world) places() {
	w.Helper()
	w.collection(fabric.CollectionSpec{Name: "places"},
		fabric.IndexSpec{Name: "by_n", Type: "persistent", Fields: []string{"n"}},
		fabric.IndexSpec{Name: "by_tag", Type: "persistent", Fields: []string{"tags[*]", "n"}, Sparse: true})
}

func parse(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func (w *world) put(collection, key, text string) {
	w.Helper()
	_, err := w.f.Commit(w.ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Upsert, collection, key, parse(w, text))}})
	w.check(err)
}

func (w *world) remove(collection, key string) {
	w.Helper()
	_, err := w.f.Commit(w.ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Remove, collection, key, value.Null())}})
	w.check(err)
}

// tx is a transaction with the short words that tests like.
type tx struct {
	*world
	rows.Transaction
}

func (w *world) begin() *tx {
	w.Helper()
	t, err := w.store.Begin(w.ctx)
	w.check(err)
	w.Cleanup(func() { _ = t.Close() })
	return &tx{w, t}
}

func (t *tx) in(name string) *rows.Collection {
	t.Helper()
	return collectionOf(t.world, t.Transaction, name)
}

func collectionOf(w *world, r rows.Reader, name string) *rows.Collection {
	w.Helper()
	c, ok := r.Collection(name)
	if !ok {
		w.Fatalf("there is no collection %s", name)
	}
	return c
}

func indexOf(w *world, c *rows.Collection, name string) *rows.Index {
	w.Helper()
	for _, x := range c.Indexes {
		if x.Name == name {
			return x
		}
	}
	w.Fatalf("collection %s has no index %s", c.Name, name)
	return nil
}

func (t *tx) try(op rows.WriteOp, collection, key, text string) (rows.Written, error) {
	t.Helper()
	v := value.Null()
	if text != "" {
		v = parse(t, text)
	}
	return t.Write(rows.Write{Op: op, Collection: t.in(collection), Key: key, Document: v, KeepNull: true, MergeObjects: true})
}

func (t *tx) do(op rows.WriteOp, collection, key, text string) rows.Written {
	t.Helper()
	out, err := t.try(op, collection, key, text)
	t.check(err)
	return out
}

// read gives the content of a document, "" when there is none.
func (t *tx) read(collection, key string) string {
	t.Helper()
	return content(t.world, t.Transaction, collection, key)
}

func content(w *world, r rows.Reader, collection, key string) string {
	w.Helper()
	row, found, err := r.Get(collectionOf(w, r, collection), key)
	w.check(err)
	if !found {
		return ""
	}
	return string(row.Text)
}

// now gives the content of a document in a fresh snapshot.
func (w *world) now(collection, key string) string {
	w.Helper()
	s, err := w.store.Snapshot(w.ctx)
	w.check(err)
	defer func() { _ = s.Close() }()
	return content(w, s, collection, key)
}

// keysOf lists the keys of documents within bounds, up to a number of them.
func keysOf(w *world, r rows.Reader, collection string, b rows.Bounds, limit int) string {
	w.Helper()
	c, err := r.Documents(collectionOf(w, r, collection), b)
	w.check(err)
	var out []string
	for len(out) < limit && c.Next() {
		out = append(out, string(c.Row().Key))
	}
	w.check(c.Err())
	w.check(c.Close())
	return strings.Join(out, " ")
}

// found lists the keys behind entries of an index between two values of its first field.
func found(w *world, r rows.Reader, collection, index string, low, high value.Value) string {
	w.Helper()
	b := rows.Bounds{Lower: value.AppendKey(nil, low), Upper: value.AppendKey(nil, high)}
	return strings.Join(entriesOf(w, r, collection, index, b, false), " ")
}

func entriesOf(w *world, r rows.Reader, collection, index string, b rows.Bounds, whole bool) (out []string) {
	w.Helper()
	in := collectionOf(w, r, collection)
	c, err := r.Entries(in, indexOf(w, in, index), b)
	w.check(err)
	for c.Next() {
		if whole {
			out = append(out, fmt.Sprintf("%x %s", c.Entry(), c.Key()))
		} else {
			out = append(out, string(c.Key()))
		}
	}
	w.check(c.Err())
	w.check(c.Close())
	return out
}

func (t *tx) commit() error { return t.Commit(t.ctx, rows.CommitOptions{}) }

// conflicts commits and expects that somebody came between; the words must name where.
func (t *tx) conflicts(where ...string) {
	t.Helper()
	err := t.commit()
	if fabric.CodeOf(err) != fabric.Conflict {
		t.Fatalf("the commit gave %v, want a conflict", err)
	}
	for _, name := range where {
		if !strings.Contains(err.Error(), name) {
			t.Fatalf("%q does not name %s", err, name)
		}
	}
}

func (t *tx) commits() {
	t.Helper()
	if err := t.commit(); err != nil {
		t.Fatalf("the commit failed: %v", err)
	}
}
