package pebble_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/kvtest"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// small makes flushes and compactions likely with little data.
func small(fs disk.FS) pebble.Options {
	return pebble.Options{FS: fs, MemtableBytes: 256 << 10, CacheBytes: 1 << 20, OpenFiles: 16}
}

func open(t testing.TB, dir string, o pebble.Options) *pebble.DB {
	t.Helper()
	db, err := pebble.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		kvtest.Run(t, func(t *testing.T) kv.DB { return open(t, t.TempDir(), small(nil)) })
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		kvtest.Run(t, func(t *testing.T) kv.DB { return open(t, "store", small(disk.Memory())) })
	})
	t.Run("shared", func(t *testing.T) {
		t.Parallel()
		shared := pebble.NewShared(4<<20, 64)
		t.Cleanup(shared.Close)
		fs := disk.Memory()
		kvtest.Run(t, func(t *testing.T) kv.DB {
			o := small(fs)
			o.Shared = shared
			return open(t, t.Name(), o)
		})
	})
}

// TestAgreesWithMemory drives the two implementations with the same random
// operations.
func TestAgreesWithMemory(t *testing.T) {
	t.Parallel()
	kvtest.Differential(t, func(t *rapid.T) (kv.DB, kv.DB, func()) {
		db, err := pebble.Open("store", small(disk.Memory()))
		if err != nil {
			t.Fatal(err)
		}
		return memory.New(memory.Options{}), db, func() {
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir, small(nil))
	kvtest.Put(t, db, "a", "1")
	if _, err := pebble.Open(dir, small(nil)); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("second open: %v, want ErrLocked", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir, small(nil))
	if got := kvtest.Dump(t, db, nil, nil); got != "a=1 " {
		t.Errorf("after reopening: %q", got)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := open(t, dir, small(nil)).Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "SELVEDGE-FORMAT")
	for text, want := range map[string]error{
		"2\n":  kv.ErrFormat,
		"99\n": kv.ErrFormat,
		"0\n":  kv.ErrCorrupt,
		"":     kv.ErrCorrupt,
		"one":  kv.ErrCorrupt,
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := pebble.Open(dir, small(nil)); !errors.Is(err, want) {
			t.Errorf("format %q: %v, want %v", text, err, want)
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := pebble.Open(dir, small(nil)); !errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("database without a format: %v, want ErrCorrupt", err)
	}
}

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	db := open(t, dir, small(nil))
	kvtest.Put(t, db, "a", "1")
	if err := db.Checkpoint(copied); err != nil {
		t.Fatal(err)
	}
	kvtest.Put(t, db, "b", "2")
	if err := db.Checkpoint(copied); err == nil {
		t.Error("a checkpoint went into a directory that existed")
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	db = open(t, copied, small(nil))
	if got := kvtest.Dump(t, db, nil, nil); got != "a=1 " {
		t.Errorf("the checkpoint holds %q", got)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestSizes looks at the sizes of two parts, of which one is nine times the other.
func TestSizes(t *testing.T) {
	t.Parallel()
	db, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := db.NewBatch()
	noise := uint64(1)
	for i := range 10_000 {
		value := make([]byte, 600)
		for j := range value {
			noise = noise*6364136223846793005 + 1442695040888963407
			value[j] = byte(noise >> 56)
		}
		b.Set([]byte(fmt.Sprintf("k%05d", i)), value)
	}
	pending, err := db.Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := pending.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := db.Compact([]byte("a"), []byte("z")); err != nil {
		t.Fatal(err)
	}
	part, err := db.Size([]byte("k"), []byte("k01"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := db.Size([]byte("k"), []byte("l"))
	if err != nil || all < 5_000_000 || part < all/20 || part > all/5 {
		t.Errorf("%d of %d bytes (%v)", part, all, err)
	}
	if n, err := db.Size([]byte("l"), []byte("k")); n != 0 || err != nil {
		t.Errorf("between bounds the wrong way round: %d, %v", n, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Size([]byte("a"), []byte("z")); err == nil {
		t.Error("a closed store tells sizes")
	}
}
