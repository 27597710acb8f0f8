// Package kvtest is the conformance suite of package kv: every implementation
// must pass Run.
//
// # Shape
//
// Run takes a function that makes an empty store and runs the parts of the
// contract as parallel subtests. Differential drives two stores with the same
// random operations and demands the same answers after each step.
//
// # What it does not cover
//
// Durability across crashes, which each implementation tests with its own
// means.
package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/store/kv"
)

// Run checks the contract. open must return a new empty store each time, whose
// batches become durable by themselves; Run closes it.
func Run(t *testing.T, open func(t *testing.T) kv.DB) {
	parts := []struct {
		name string
		run  func(t *testing.T, db kv.DB)
	}{
		{"get", testGet},
		{"batch", testBatch},
		{"range", testDeleteRange},
		{"iterator", testIterator},
		{"bounds", testBounds},
		{"isolation", testIsolation},
		{"copies", testCopies},
		{"misuse", testMisuse},
		{"wait", testWait},
		{"concurrent", testConcurrent},
		{"large", testLarge},
		{"metrics", testMetrics},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			p.run(t, db)
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			closed(t, db)
		})
	}
}

// closed checks that a closed store answers with an error and never panics.
func closed(t *testing.T, db kv.DB) {
	t.Helper()
	if _, _, err := db.Get([]byte("a")); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("get on a closed store: %v, want ErrClosed", err)
	}
	if _, err := db.Scan(nil, nil); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("scan on a closed store: %v, want ErrClosed", err)
	}
	if err := db.Close(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("second close: %v, want ErrClosed", err)
	}
	s := db.Snapshot()
	if _, _, err := s.Get([]byte("a")); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("get on a snapshot of a closed store: %v, want ErrClosed", err)
	}
	_ = s.Close()
	db.Metrics()
}

// Put applies one batch of key, value pairs and waits for it.
func Put(t testing.TB, db kv.DB, pairs ...string) {
	t.Helper()
	b := db.NewBatch()
	for i := 0; i+1 < len(pairs); i += 2 {
		b.Set([]byte(pairs[i]), []byte(pairs[i+1]))
	}
	Commit(t, db, b)
}

// Commit applies a batch and waits for it.
func Commit(t testing.TB, db kv.DB, b kv.Batch) {
	t.Helper()
	p, err := db.Apply(b)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("wait: %v", err)
	}
}

// Dump returns "key=value " of everything in the bounds.
func Dump(t testing.TB, r kv.Reader, lower, upper []byte) string {
	t.Helper()
	it, err := r.Scan(lower, upper)
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	var b bytes.Buffer
	for it.Next() {
		fmt.Fprintf(&b, "%s=%s ", it.Key(), it.Value())
	}
	if err := it.Close(); err != nil {
		t.Fatalf("iterate: %v", err)
	}
	return b.String()
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func testGet(t *testing.T, db kv.DB) {
	Put(t, db, "a", "1", "empty", "")
	v, found, err := db.Get([]byte("a"))
	if err != nil || !found || string(v) != "1" {
		t.Errorf("get a: %q %v %v", v, found, err)
	}
	v, found, err = db.Get([]byte("empty"))
	if err != nil || !found || v == nil || len(v) != 0 {
		t.Errorf("get of an empty value: %#v %v %v, want a non-nil empty slice", v, found, err)
	}
	v, found, err = db.Get([]byte("b"))
	if err != nil || found || v != nil {
		t.Errorf("get of an absent key: %q %v %v", v, found, err)
	}
	seen := ""
	found, err = db.View([]byte("a"), func(v []byte) error { seen = string(v); return nil })
	if err != nil || !found || seen != "1" {
		t.Errorf("view a: %q %v %v", seen, found, err)
	}
	found, err = db.View([]byte("b"), func([]byte) error { return errors.New("called") })
	if err != nil || found {
		t.Errorf("view of an absent key: %v %v", found, err)
	}
	mine := errors.New("mine")
	if found, err = db.View([]byte("a"), func([]byte) error { return mine }); !found || !errors.Is(err, mine) {
		t.Errorf("view with a failing reader: %v %v", found, err)
	}
}

func testBatch(t *testing.T, db kv.DB) {
	b := db.NewBatch()
	b.Set([]byte("a"), []byte("1"))
	b.Set([]byte("a"), []byte("2"))
	b.Delete([]byte("b"))
	b.Set([]byte("b"), []byte("3"))
	b.Set([]byte("c"), []byte("4"))
	b.Delete([]byte("c"))
	if b.Count() != 6 || b.Len() < 10 {
		t.Errorf("batch counts %d operations in %d bytes", b.Count(), b.Len())
	}
	expect(t, "before apply", Dump(t, db, nil, nil), "")
	Commit(t, db, b)
	expect(t, "after apply", Dump(t, db, nil, nil), "a=2 b=3 ")
	Commit(t, db, db.NewBatch())
	expect(t, "after an empty batch", Dump(t, db, nil, nil), "a=2 b=3 ")
}

func testDeleteRange(t *testing.T, db kv.DB) {
	Put(t, db, "a", "1", "b", "2", "c", "3", "d", "4")
	b := db.NewBatch()
	b.Set([]byte("b5"), []byte("x"))
	b.DeleteRange([]byte("b"), []byte("d"))
	b.Set([]byte("c"), []byte("5"))
	b.DeleteRange([]byte("z"), []byte("a"))
	b.DeleteRange([]byte("a"), []byte("a"))
	b.DeleteRange([]byte("a"), nil)
	Commit(t, db, b)
	expect(t, "after ranges", Dump(t, db, nil, nil), "a=1 c=5 d=4 ")
	b = db.NewBatch()
	b.DeleteRange(nil, []byte("d"))
	Commit(t, db, b)
	expect(t, "after a range from the first key", Dump(t, db, nil, nil), "d=4 ")
}

func scan(t *testing.T, r kv.Reader, lower, upper []byte) kv.Iterator {
	t.Helper()
	it, err := r.Scan(lower, upper)
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	t.Cleanup(func() { _ = it.Close() })
	return it
}

func testIterator(t *testing.T, db kv.DB) {
	Put(t, db, "b", "1", "d", "2", "f", "3")
	it := scan(t, db, nil, nil)
	at := func(what string, ok bool, want string) {
		t.Helper()
		if ok != (want != "") || string(it.Key()) != want {
			t.Errorf("%s: %v at %q, want %q", what, ok, it.Key(), want)
		}
	}
	at("first next", it.Next(), "b")
	at("prev before the first", it.Prev(), "")
	at("prev again", it.Prev(), "")
	at("next from the beginning", it.Next(), "b")
	at("next", it.Next(), "d")
	at("prev", it.Prev(), "b")
	at("seek between", it.SeekGE([]byte("c")), "d")
	at("seek exact", it.SeekGE([]byte("f")), "f")
	at("next past the end", it.Next(), "")
	at("next again", it.Next(), "")
	at("prev from the end", it.Prev(), "f")
	at("seek past the end", it.SeekGE([]byte("g")), "")
	at("prev after a seek past the end", it.Prev(), "f")
	at("last", it.Last(), "f")
	at("prev of last", it.Prev(), "d")
	at("seek before the first", it.SeekGE(nil), "b")
	if it.Value() == nil || string(it.Value()) != "1" {
		t.Errorf("value %q, want 1", it.Value())
	}
	if err := it.Close(); err != nil {
		t.Error(err)
	}
	if err := it.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	at("next on a closed iterator", it.Next(), "")
	if !errors.Is(it.Err(), kv.ErrClosed) {
		t.Errorf("error of a closed iterator: %v", it.Err())
	}
	back := scan(t, db, nil, nil)
	if !back.Prev() || string(back.Key()) != "f" {
		t.Errorf("prev of a new iterator is at %q, want f", back.Key())
	}
	_ = back.Close()
}

func testBounds(t *testing.T, db kv.DB) {
	Put(t, db, "a", "1", "b", "2", "c", "3", "d", "4")
	expect(t, "[b,d)", Dump(t, db, []byte("b"), []byte("d")), "b=2 c=3 ")
	expect(t, "[b,)", Dump(t, db, []byte("b"), nil), "b=2 c=3 d=4 ")
	expect(t, "[,b)", Dump(t, db, nil, []byte("b")), "a=1 ")
	expect(t, "[b,b)", Dump(t, db, []byte("b"), []byte("b")), "")
	expect(t, "[c,a)", Dump(t, db, []byte("c"), []byte("a")), "")
	expect(t, "[,empty)", Dump(t, db, nil, []byte{}), "")
	lower, upper := []byte("b"), []byte("d")
	it := scan(t, db, lower, upper)
	copy(lower, "a")
	copy(upper, "z")
	if !it.SeekGE([]byte("a")) || string(it.Key()) != "b" {
		t.Errorf("seek below the lower bound is at %q, want b", it.Key())
	}
	if !it.Last() || string(it.Key()) != "c" {
		t.Errorf("last is at %q, want c", it.Key())
	}
	if it.Next() || it.SeekGE([]byte("d")) {
		t.Errorf("left the upper bound for %q", it.Key())
	}
	if !it.Prev() || !it.Prev() || string(it.Key()) != "b" || it.Prev() {
		t.Errorf("left the lower bound for %q", it.Key())
	}
	_ = it.Close()
	empty := scan(t, db, []byte("c"), []byte("b"))
	if empty.Next() || empty.Prev() || empty.Last() || empty.SeekGE([]byte("c")) || empty.Err() != nil {
		t.Errorf("an empty range moved or failed: %q %v", empty.Key(), empty.Err())
	}
	_ = empty.Close()
}

func testIsolation(t *testing.T, db kv.DB) {
	Put(t, db, "a", "1", "b", "1")
	s := db.Snapshot()
	it := scan(t, db, nil, nil)
	b := db.NewBatch()
	b.Set([]byte("a"), []byte("2"))
	b.Delete([]byte("b"))
	b.Set([]byte("c"), []byte("2"))
	Commit(t, db, b)
	expect(t, "store", Dump(t, db, nil, nil), "a=2 c=2 ")
	expect(t, "snapshot", Dump(t, s, nil, nil), "a=1 b=1 ")
	v, _, err := s.Get([]byte("b"))
	expect(t, "get of the snapshot", fmt.Sprint(string(v), err), "1<nil>")
	seen := ""
	for it.Next() {
		seen += string(it.Key()) + string(it.Value())
	}
	expect(t, "iterator", seen, "a1b1")
	_ = it.Close()
	if n := db.Metrics().SnapshotsOpened; n != 1 {
		t.Errorf("metrics count %d open snapshots, want 1", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close of a snapshot: %v", err)
	}
	if _, _, err := s.Get([]byte("a")); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("get on a closed snapshot: %v, want ErrClosed", err)
	}
}

func testCopies(t *testing.T, db kv.DB) {
	key, value := []byte("key"), []byte("value")
	b := db.NewBatch()
	b.Set(key, value)
	copy(key, "xxx")
	copy(value, "xxxxx")
	Commit(t, db, b)
	expect(t, "after changing the caller's slices", Dump(t, db, nil, nil), "key=value ")
	v, _, _ := db.Get([]byte("key"))
	copy(v, "yyyyy")
	expect(t, "after changing the result", Dump(t, db, nil, nil), "key=value ")
}

func testMisuse(t *testing.T, db kv.DB) {
	for name, fill := range map[string]func(kv.Batch){
		"set":    func(b kv.Batch) { b.Set(nil, []byte("x")) },
		"delete": func(b kv.Batch) { b.Delete([]byte{}) },
	} {
		b := db.NewBatch()
		b.Set([]byte("good"), nil)
		fill(b)
		if _, err := db.Apply(b); !errors.Is(err, kv.ErrInvalidKey) {
			t.Errorf("%s of an empty key: %v, want ErrInvalidKey", name, err)
		}
	}
	b := db.NewBatch()
	b.Set([]byte("a"), nil)
	Commit(t, db, b)
	if _, err := db.Apply(b); err == nil {
		t.Error("a batch could be applied twice")
	}
	if _, err := db.Apply(foreign{b}); err == nil {
		t.Error("a batch of another kind could be applied")
	}
	if _, err := db.Apply(nil); err == nil {
		t.Error("a nil batch could be applied")
	}
	expect(t, "store", Dump(t, db, nil, nil), "a= ")
}

type foreign struct{ kv.Batch }

func testWait(t *testing.T, db kv.DB) {
	b := db.NewBatch()
	b.Set([]byte("a"), []byte("1"))
	p, err := db.Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := p.Wait(); err != nil {
				t.Errorf("wait: %v", err)
			}
		})
	}
	group.Wait()
	// Batches that nobody waits for must not block later ones.
	for i := range 100 {
		b := db.NewBatch()
		b.Set(fmt.Appendf(nil, "k%d", i), nil)
		if _, err := db.Apply(b); err != nil {
			t.Fatal(err)
		}
	}
}

func testConcurrent(t *testing.T, db kv.DB) {
	const writers, rounds = 4, 50
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range rounds {
				b := db.NewBatch()
				// Both keys of a writer always hold the same number.
				b.Set(fmt.Appendf(nil, "x%d", w), fmt.Append(nil, i))
				b.Set(fmt.Appendf(nil, "y%d", w), fmt.Append(nil, i))
				p, err := db.Apply(b)
				if err == nil {
					err = p.Wait()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
		group.Go(func() {
			for range rounds {
				s := db.Snapshot()
				x, _, _ := s.Get(fmt.Appendf(nil, "x%d", w))
				y, _, _ := s.Get(fmt.Appendf(nil, "y%d", w))
				if !bytes.Equal(x, y) {
					t.Errorf("half a batch is visible: %q and %q", x, y)
				}
				_ = s.Close()
			}
		})
	}
	group.Wait()
	expect(t, "last", Dump(t, db, []byte("y3"), nil), fmt.Sprintf("y3=%d ", rounds-1))
}

// testLarge applies a batch larger than a small memtable.
func testLarge(t *testing.T, db kv.DB) {
	value := bytes.Repeat([]byte("large "), 1<<17)
	b := db.NewBatch()
	for i := range 8 {
		b.Set(fmt.Appendf(nil, "k%d", i), value)
	}
	Commit(t, db, b)
	for i := range 8 {
		v, found, err := db.Get(fmt.Appendf(nil, "k%d", i))
		if err != nil || !found || !bytes.Equal(v, value) {
			t.Fatalf("large value %d: %d bytes, %v, %v", i, len(v), found, err)
		}
	}
}

func testMetrics(t *testing.T, db kv.DB) {
	Put(t, db, "a", "1")
	Put(t, db, "b", "2")
	m := db.Metrics()
	if m.Batches != 2 || m.Syncs < 1 || m.WrittenBytes < 4 || m.MemtableBytes <= 0 || m.DiskBytes <= 0 {
		t.Errorf("metrics are %+v", m)
	}
}
