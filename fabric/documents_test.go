package fabric_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// inMemory starts a fabric over a store in memory.
func inMemory(t testing.TB, limits fabric.Limits) *fabric.Fabric {
	t.Helper()
	return openOn(t, memory.New(memory.Options{}), limits)
}

func openOn(t testing.TB, db kv.DB, limits fabric.Limits) *fabric.Fabric {
	t.Helper()
	f, err := fabric.Open(fabric.Config{Name: "test", DB: db, Env: env.Real(), Options: fabric.Options{Number: 1, Limits: limits}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := f.Create(context.Background(), member.Change{Kind: member.Create, Origin: 1, Fabric: "test", Name: "here", Address: "a:1"}); err != nil {
		t.Fatal(err)
	}
	return f
}

func refuse(t testing.TB, f *fabric.Fabric, code fabric.Code, index int, w ...fabric.Write) *fabric.Error {
	t.Helper()
	_, err := f.Commit(context.Background(), fabric.Transaction{Writes: w})
	var e *fabric.Error
	if !errors.As(err, &e) || e.Code != code || e.Index != index {
		t.Fatalf("got %v, want %s at write %d", err, code, index)
	}
	return e
}

func write(t testing.TB, op fabric.WriteOp, collection, key, doc string) fabric.Write {
	t.Helper()
	v := value.Null()
	if doc != "" {
		v = parse(t, doc)
	}
	return fabric.NewWrite(op, collection, key, v)
}

func TestWriteOperations(t *testing.T) {
	t.Parallel()
	const before = `{"a":{"x":1,"y":2},"n":1}`
	for _, c := range []struct {
		name, present string // the document before, "" none
		op            fabric.WriteOp
		keep, merge   bool
		doc, after    string
		created       bool
		code          fabric.Code
	}{
		{name: "insert", op: fabric.Insert, doc: `{"a":1}`, after: `{"a":1}`, created: true},
		{name: "insert over", present: before, op: fabric.Insert, doc: `{"a":1}`, code: fabric.KeyExists},
		{name: "system attributes go", op: fabric.Insert, doc: `{"_key":"k","_id":"x/k","_rev":"r","a":1}`, after: `{"a":1}`, created: true},
		{name: "update merges", present: before, op: fabric.Update, keep: true, merge: true, doc: `{"a":{"y":3},"n":null}`, after: `{"a":{"x":1,"y":3},"n":null}`},
		{name: "update drops nulls", present: before, op: fabric.Update, merge: true, doc: `{"a":{"y":null},"n":null}`, after: `{"a":{"x":1}}`},
		{name: "update replaces objects", present: before, op: fabric.Update, keep: true, doc: `{"a":{"y":3}}`, after: `{"a":{"y":3},"n":1}`},
		{name: "update of nothing", op: fabric.Update, doc: `{"a":1}`, code: fabric.NotFound},
		{name: "replace", present: before, op: fabric.Replace, doc: `{"z":[]}`, after: `{"z":[]}`},
		{name: "replace of nothing", op: fabric.Replace, doc: `{"a":1}`, code: fabric.NotFound},
		{name: "remove", present: before, op: fabric.Remove, after: ""},
		{name: "remove of nothing", op: fabric.Remove, code: fabric.NotFound},
		{name: "upsert inserts", op: fabric.Upsert, doc: `{"a":1}`, after: `{"a":1}`, created: true},
		{name: "upsert replaces", present: before, op: fabric.Upsert, doc: `{"a":1}`, after: `{"a":1}`},
		{name: "upsert patch inserts without nulls", op: fabric.UpsertPatch, merge: true, doc: `{"a":1,"b":null}`, after: `{"a":1}`, created: true},
		{name: "upsert patch patches", present: before, op: fabric.UpsertPatch, keep: true, merge: true, doc: `{"b":1}`, after: `{"a":{"x":1,"y":2},"b":1,"n":1}`},
		{name: "not an object", op: fabric.Insert, doc: `[1]`, code: fabric.BadDocument},
		{name: "key of another", op: fabric.Insert, doc: `{"_key":"other"}`, code: fabric.BadKey},
		{name: "key that is no string", op: fabric.Insert, doc: `{"_key":1}`, code: fabric.BadKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := inMemory(t, fabric.Limits{})
			create(t, f, "c", nil)
			if c.present != "" {
				commit(t, f, write(t, fabric.Insert, "c", "k", c.present))
			}
			w := write(t, c.op, "c", "k", c.doc)
			w.KeepNull, w.MergeObjects, w.ReturnOld, w.ReturnNew = c.keep, c.merge, true, true
			if c.code != "" {
				refuse(t, f, c.code, 0, w)
				if got := text(t, f, "c", "k"); got != c.present {
					t.Fatalf("a refused write left %s", got)
				}
				return
			}
			r := commit(t, f, w).Results[0]
			if got := text(t, f, "c", "k"); got != c.after || r.Created != c.created {
				t.Fatalf("%s, created %v; want %s, %v", got, r.Created, c.after, c.created)
			}
			if shown := strings.HasSuffix(string(r.New), strings.TrimPrefix(c.after, "{")); shown != (c.op != fabric.Remove) && c.after != "" {
				t.Fatalf("returned new %s", r.New)
			}
			if (c.present != "") != (len(r.Old) > 0) || (c.present != "") != (r.OldRev != "") {
				t.Fatalf("returned old %q, rev %q", r.Old, r.OldRev)
			}
		})
	}
}

func TestPreconditions(t *testing.T) {
	t.Parallel()
	f := inMemory(t, fabric.Limits{})
	create(t, f, "c", nil)
	first := commit(t, f, write(t, fabric.Insert, "c", "k", `{"n":1}`)).Results[0].Rev
	for _, op := range []fabric.WriteOp{fabric.Update, fabric.Replace, fabric.Remove, fabric.Upsert, fabric.UpsertPatch} {
		w := write(t, op, "c", "k", `{"n":2}`)
		w.IfRev = "AAAAAAAAAAAAAAAAAAAAAA"
		if e := refuse(t, f, fabric.RevConflict, 0, w); e.Rev != first {
			t.Fatalf("the error names revision %s, the document has %s", e.Rev, first)
		}
	}
	absent := write(t, fabric.Upsert, "c", "none", `{}`)
	absent.IfRev = first
	refuse(t, f, fabric.RevConflict, 0, absent)
	w := write(t, fabric.Update, "c", "k", `{"n":1}`)
	w.IfRev = first
	if r := commit(t, f, w); !r.Stamp.IsZero() || r.Results[0].Rev != first {
		t.Fatalf("a write that changes nothing was committed: %+v", r)
	}
	ignore := write(t, fabric.Remove, "c", "none", "")
	ignore.IgnoreAbsent = true
	commit(t, f, ignore)
}

func TestTransactionsAreWhole(t *testing.T) {
	t.Parallel()
	f := inMemory(t, fabric.Limits{})
	create(t, f, "c", nil)
	create(t, f, "d", nil)
	commit(t, f, write(t, fabric.Insert, "c", "k", `{"n":1}`))
	before, err := f.Digest(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, f, fabric.KeyExists, 2, write(t, fabric.Insert, "c", "a", `{}`), write(t, fabric.Insert, "d", "a", `{}`), write(t, fabric.Insert, "c", "k", `{}`))
	refuse(t, f, fabric.CollectionNotFound, 1, write(t, fabric.Insert, "c", "a", `{}`), write(t, fabric.Insert, "none", "a", `{}`))
	refuse(t, f, fabric.CollectionNotFound, 0, write(t, fabric.Insert, "_schema", "a", `{}`))
	if after, err := f.Digest(context.Background(), 0); err != nil || after.Hash != before.Hash {
		t.Fatalf("refused transactions changed %v to %v, %v", before, after, err)
	}
	r := commit(t, f, write(t, fabric.Insert, "c", "a", `{"n":1}`), write(t, fabric.Update, "c", "a", `{"m":2}`), write(t, fabric.Remove, "c", "k", ""), write(t, fabric.Insert, "d", "a", `{}`))
	if got := text(t, f, "c", "a"); got != `{"m":2,"n":1}` || text(t, f, "c", "k") != "" || text(t, f, "d", "a") != "{}" {
		t.Fatalf("after the transaction: %s", got)
	}
	d, _, err := f.Get(context.Background(), "c", "a")
	if err != nil || r.Results[0].Rev != d.Rev() || r.Results[1].Rev != d.Rev() || d.Stamp != r.Stamp {
		t.Fatalf("revisions %+v, the document has %s", r.Results, d.Rev())
	}
	many := make([]fabric.Write, 0, 40)
	for i := range 40 {
		many = append(many, write(t, fabric.Upsert, "d", fmt.Sprint("m", i%20), fmt.Sprintf(`{"i":%d}`, i)))
	}
	commit(t, f, many...)
	v := f.View()
	defer func() { _ = v.Close() }()
	if n, err := v.Count("d"); err != nil || n != 21 {
		t.Fatalf("count %d, %v", n, err)
	}
	docs, err := v.Scan("d", "m5", 3, false)
	if err != nil || fmt.Sprint(keysOf(docs)) != "[m6 m7 m8]" {
		t.Fatalf("scan %v, %v", keysOf(docs), err)
	}
	if docs, err = v.Scan("d", "m5", 2, true); err != nil || fmt.Sprint(keysOf(docs)) != "[m4 m3]" {
		t.Fatalf("backwards %v, %v", keysOf(docs), err)
	}
}

func TestLimitsAndKeys(t *testing.T) {
	t.Parallel()
	f := inMemory(t, fabric.Limits{DocumentBytes: 100, Writes: 3, KeyBytes: 10, BatchBytes: 250})
	create(t, f, "c", nil)
	if _, err := f.CreateCollection(context.Background(), fabric.CollectionSpec{Name: "e", Type: fabric.EdgeCollection}, nil); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a b", "a/b", "ä", strings.Repeat("k", 11), "a\x00", `a"`, "a\\"} {
		refuse(t, f, fabric.BadKey, 0, write(t, fabric.Insert, "c", key, `{}`))
	}
	for _, key := range []string{"a", strings.Repeat("k", 10), "_-:.@()+,=", ";$!*'%"} {
		commit(t, f, write(t, fabric.Insert, "c", key, `{}`))
	}
	long := `{"a":"` + strings.Repeat("x", 92) + `"}`
	commit(t, f, write(t, fabric.Insert, "c", "long", long))
	refuse(t, f, fabric.TooLarge, 1, write(t, fabric.Insert, "c", "x", `{}`), write(t, fabric.Update, "c", "long", `{"b":1}`))
	refuse(t, f, fabric.TooLarge, -1, write(t, fabric.Insert, "c", "1", `{}`), write(t, fabric.Insert, "c", "2", `{}`), write(t, fabric.Insert, "c", "3", `{}`), write(t, fabric.Insert, "c", "4", `{}`))
	refuse(t, f, fabric.TooLarge, -1, write(t, fabric.Insert, "c", "1", long), write(t, fabric.Insert, "c", "2", long), write(t, fabric.Insert, "c", "3", long))
	for _, doc := range []string{`{}`, `{"_from":"a/b"}`, `{"_from":"a/b","_to":"ab"}`, `{"_from":"a/b","_to":1}`, `{"_from":"/b","_to":"a/b"}`, `{"_from":"a/b","_to":"a/b/c"}`} {
		refuse(t, f, fabric.BadEdge, 0, write(t, fabric.Insert, "e", "x", doc))
	}
	generated := commit(t, f, write(t, fabric.Insert, "c", "", `{"g":1}`)).Results[0].Key
	if text(t, f, "c", generated) != `{"g":1}` {
		t.Fatalf("nothing under the generated key %q", generated)
	}
	refuse(t, f, fabric.BadKey, 0, write(t, fabric.Update, "c", "", `{"g":1}`))
}

func TestRepeatedRequestsAreAnsweredAsTheFirst(t *testing.T) {
	t.Parallel()
	f := inMemory(t, fabric.Limits{})
	create(t, f, "c", map[string]value.Value{"n": parse(t, `{"type":"counter"}`)})
	commit(t, f, write(t, fabric.Insert, "c", "old", `{"n":1}`))
	request := fabric.Transaction{Idempotency: "once", Writes: []fabric.Write{write(t, fabric.Insert, "c", "", `{"n":1}`),
		write(t, fabric.Update, "c", "old", `{"n":5}`), write(t, fabric.Update, "c", "old", `{}`)}}
	var first fabric.Receipt
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := f.Commit(context.Background(), request)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if first.Results == nil {
				first = r
			}
			if r.Stamp != first.Stamp || len(r.Results) != 3 || !r.Vector.Covers(r.Stamp) {
				t.Errorf("receipt %+v, the first was %+v", r, first)
				return
			}
			for i := range r.Results {
				a, b := r.Results[i], first.Results[i]
				if a.Key != b.Key || a.Rev != b.Rev || a.OldRev != b.OldRev || a.Created != b.Created {
					t.Errorf("result %d: %+v, the first was %+v", i, a, b)
				}
			}
		})
	}
	wg.Wait()
	v := f.View()
	defer func() { _ = v.Close() }()
	if n, err := v.Count("c"); err != nil || n != 2 {
		t.Fatalf("count %d, %v", n, err)
	}
}

func TestDeclarationsOnFieldsWithData(t *testing.T) {
	t.Parallel()
	f := inMemory(t, fabric.Limits{})
	create(t, f, "c", nil)
	commit(t, f, write(t, fabric.Insert, "c", "k", `{"n":5,"tags":[3,1,1]}`))
	declare := func(field, shape string) error {
		return f.SchemaUpdate(context.Background(), fabric.SetProperties("c", fabric.Properties{CRDT: map[string]value.Value{field: parse(t, shape)}}))
	}
	if err := errors.Join(declare("n", `{"type":"counter"}`), declare("tags", `{"type":"set"}`)); err != nil {
		t.Fatal(err)
	}
	commit(t, f, write(t, fabric.Update, "c", "k", `{"n":7,"tags":[3,2,1]}`))
	if got, want := text(t, f, "c", "k"), `{"n":7,"tags":[1,2,3]}`; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	refuse(t, f, fabric.NotExpressible, 0, write(t, fabric.Update, "c", "k", `{"n":"x"}`))
	if err := declare("n", `{"type":"max"}`); fabric.CodeOf(err) != fabric.BadArgument {
		t.Fatalf("a declaration was changed: %v", err)
	}
}

func TestCollectionsComeAndGo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := inMemory(t, fabric.Limits{})
	create(t, f, "c", nil)
	if _, err := f.CreateCollection(ctx, fabric.CollectionSpec{Name: "c", Type: 2}, nil); fabric.CodeOf(err) != fabric.CollectionExists {
		t.Fatalf("made twice: %v", err)
	}
	for _, name := range []string{"", "1a", "a/b", "ä", strings.Repeat("a", 129)} {
		if _, err := f.CreateCollection(ctx, fabric.CollectionSpec{Name: name, Type: 2}, nil); fabric.CodeOf(err) != fabric.BadArgument {
			t.Fatalf("name %q: %v", name, err)
		}
	}
	commit(t, f, write(t, fabric.Insert, "c", "k", `{"n":1}`), write(t, fabric.Insert, "c", "l", `{"n":1}`))
	if err := f.Truncate(ctx, "c"); err != nil {
		t.Fatal(err)
	}
	v := f.View()
	if n, err := v.Count("c"); err != nil || n != 0 {
		t.Fatalf("count after truncating %d, %v", n, err)
	}
	_ = v.Close()
	commit(t, f, write(t, fabric.Insert, "c", "k", `{"n":2}`))
	if err := f.SchemaUpdate(ctx, fabric.DropCollection("c")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Get(ctx, "c", "k"); fabric.CodeOf(err) != fabric.CollectionNotFound {
		t.Fatalf("reading what was dropped: %v", err)
	}
	if err := f.Truncate(ctx, "c"); fabric.CodeOf(err) != fabric.CollectionNotFound {
		t.Fatalf("truncating what was dropped: %v", err)
	}
	create(t, f, "c", nil)
	if c, _ := f.Collection("c"); c.Generation != 2 || text(t, f, "c", "k") != "" {
		t.Fatalf("made again: generation %d, holds %q", c.Generation, text(t, f, "c", "k"))
	}
}

// TestHotDocumentsMakeWritersWait has many writers change one document at once, without a revision: none gives up.
func TestHotDocumentsMakeWritersWait(t *testing.T) {
	t.Parallel()
	f := inMemory(t, fabric.Limits{Attempts: 4})
	create(t, f, "c", nil)
	commit(t, f, write(t, fabric.Insert, "c", "k", `{}`))
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 10 {
				w := fabric.NewWrite(fabric.Update, "c", "k", value.Object(value.Member{Name: fmt.Sprint("f", i), Value: value.Int(int64(j))}))
				if _, err := f.Commit(context.Background(), fabric.Transaction{Writes: []fabric.Write{w}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	doc := parse(t, text(t, f, "c", "k"))
	if doc.Len() != 64 {
		t.Fatalf("%d of 64 writers' fields are there", doc.Len())
	}
	for _, m := range doc.Members() {
		if n, _ := m.Value.Int64(); n != 9 {
			t.Fatalf("%s is %d, its last writer wrote 9", m.Name, n)
		}
	}
}
