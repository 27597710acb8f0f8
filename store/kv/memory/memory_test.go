package memory_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/kvtest"
	"github.com/selvedge-db/selvedge/store/kv/memory"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	kvtest.Run(t, func(*testing.T) kv.DB { return memory.New(memory.Options{}) })
}

func apply(t *testing.T, db kv.DB, key string) kv.Pending {
	t.Helper()
	b := db.NewBatch()
	b.Set([]byte(key), nil)
	p, err := db.Apply(b)
	if err != nil {
		t.Fatalf("apply %s: %v", key, err)
	}
	return p
}

func keys(t *testing.T, db kv.DB) string {
	t.Helper()
	return strings.ReplaceAll(kvtest.Dump(t, db, nil, nil), "= ", "")
}

func TestManualSync(t *testing.T) {
	t.Parallel()
	db := memory.New(memory.Options{Manual: true})
	a, b, c := apply(t, db, "a"), apply(t, db, "b"), apply(t, db, "c")
	if got := keys(t, db); got != "abc" || db.Unsynced() != 3 {
		t.Fatalf("visible %q, unsynced %d", got, db.Unsynced())
	}
	if err := db.SyncFirst(1); err != nil {
		t.Fatal(err)
	}
	if a.Wait() != nil || !errors.Is(b.Wait(), memory.ErrNotSynced) {
		t.Fatalf("after one sync: a %v, b %v", a.Wait(), b.Wait())
	}
	if got := keys(t, db.Clone()); got != "a" {
		t.Errorf("a clone holds %q, want only what is durable", got)
	}
	if err := db.Sync(); err != nil || c.Wait() != nil || db.Unsynced() != 0 {
		t.Errorf("after sync: %v, c %v, unsynced %d", err, c.Wait(), db.Unsynced())
	}
	if n := db.Metrics().Syncs; n != 2 {
		t.Errorf("%d syncs counted, want 2", n)
	}
}

func TestCrashKeepsAPrefix(t *testing.T) {
	t.Parallel()
	for keep, want := range []string{"a", "ab", "abc", "abc"} {
		db := memory.New(memory.Options{Manual: true})
		apply(t, db, "a")
		if err := db.Sync(); err != nil {
			t.Fatal(err)
		}
		apply(t, db, "b")
		last := apply(t, db, "c")
		pending := -1
		after := db.Crash(func(n int) int { pending = n; return keep })
		if got := keys(t, after); got != want || pending != 2 {
			t.Errorf("keeping %d of %d: %q, want %q", keep, pending, got, want)
		}
		if !errors.Is(last.Wait(), kv.ErrSync) {
			t.Errorf("a batch in flight at the crash reports %v", last.Wait())
		}
		if _, _, err := db.Get([]byte("a")); !errors.Is(err, kv.ErrSync) {
			t.Errorf("the crashed store still answers: %v", err)
		}
		apply(t, after, "z")
		if err := after.Close(); err != nil {
			t.Error(err)
		}
		if got := keys(t, after.Reopen()); got != want+"z" {
			t.Errorf("after close and reopen: %q", got)
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	db := memory.New(memory.Options{})
	apply(t, db, "a")
	db.FailAt(db.Operations(), memory.FullDisk)
	b := db.NewBatch()
	b.Set([]byte("b"), nil)
	_, err := db.Apply(b)
	if !errors.Is(err, kv.ErrFull) || errors.Is(err, kv.ErrSync) {
		t.Fatalf("apply on a full disk: %v", err)
	}
	// The batch was refused as a whole and may be tried again.
	if _, err = db.Apply(b); err != nil || keys(t, db) != "ab" {
		t.Errorf("second try: %v, %q", err, keys(t, db))
	}
}

func TestFailedSyncKills(t *testing.T) {
	t.Parallel()
	db := memory.New(memory.Options{Manual: true})
	apply(t, db, "a")
	if err := db.Sync(); err != nil {
		t.Fatal(err)
	}
	p := apply(t, db, "b")
	db.FailAt(db.Operations(), memory.FailedSync)
	if err := db.Sync(); !errors.Is(err, kv.ErrSync) {
		t.Fatalf("sync: %v", err)
	}
	for name, err := range map[string]error{
		"wait":  p.Wait(),
		"sync":  db.Sync(),
		"close": db.Close(),
	} {
		if !errors.Is(err, kv.ErrSync) {
			t.Errorf("%s on a dead store: %v", name, err)
		}
	}
	if _, err := db.Apply(db.NewBatch()); !errors.Is(err, kv.ErrSync) {
		t.Errorf("apply on a dead store: %v", err)
	}
	if got := keys(t, db.Crash(nil)); got != "a" {
		t.Errorf("after the restart: %q", got)
	}
}

// TestShape checks that the order of insertion does not show, and that the
// tree stays shallow for keys that come sorted.
func TestOrderDoesNotShow(t *testing.T) {
	t.Parallel()
	up, down := memory.New(memory.Options{}), memory.New(memory.Options{})
	const n = 2000
	for i := range n {
		apply(t, up, fmt.Sprintf("%06d", i))
		apply(t, down, fmt.Sprintf("%06d", n-1-i))
	}
	if keys(t, up) != keys(t, down) {
		t.Error("content depends on the order of insertion")
	}
	if a, b := up.Metrics().MemtableBytes, down.Metrics().MemtableBytes; a != 6*n || a != b {
		t.Errorf("%d and %d bytes counted, want %d", a, b, 6*n)
	}
}

// TestSizes adds up what lies between keys.
func TestSizes(t *testing.T) {
	t.Parallel()
	db := memory.New(memory.Options{})
	b := db.NewBatch()
	for i := range 100 {
		b.Set([]byte{'k', byte(i)}, make([]byte, 8))
	}
	if _, err := db.Apply(b); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lower, upper []byte
		want         int64
	}{{[]byte("k"), []byte("l"), 1000}, {[]byte{'k', 10}, []byte{'k', 30}, 200}, {[]byte("l"), []byte("k"), 0}, {[]byte("a"), []byte("b"), 0}} {
		if n, err := db.Size(c.lower, c.upper); err != nil || n != c.want {
			t.Errorf("between %q and %q there are %d bytes (%v), want %d", c.lower, c.upper, n, err, c.want)
		}
	}
}
