package pebble_test

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/kvtest"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// reusing is a store whose snapshots keep iterators.
type reusing struct{ *pebble.DB }

func (r reusing) Snapshot() kv.Snapshot {
	s := r.DB.Snapshot()
	s.(kv.Reuser).Reuse(2)
	return s
}

func TestKeptIteratorsConform(t *testing.T) {
	t.Parallel()
	kvtest.Run(t, func(*testing.T) kv.DB { return reusing{open(t, "store", small(disk.Memory()))} })
}

func TestKeptIteratorsAgreeWithMemory(t *testing.T) {
	t.Parallel()
	kvtest.Differential(t, func(t *rapid.T) (kv.DB, kv.DB, func()) {
		db, err := pebble.Open("store", small(disk.Memory()))
		if err != nil {
			t.Fatal(err)
		}
		return memory.New(memory.Options{}), reusing{db}, func() {
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
}

// TestKeptIteratorsShowTheirSnapshot reads ranges of one snapshot on many goroutines while the store changes.
func TestKeptIteratorsShowTheirSnapshot(t *testing.T) {
	t.Parallel()
	db := open(t, "store", small(disk.Memory()))
	const keys = 500
	write := func(text string) {
		b := db.NewBatch()
		for i := range keys {
			b.Set(fmt.Appendf(nil, "k%04d", i), fmt.Appendf(nil, "%s%04d", text, i))
		}
		if _, err := db.Apply(b); err != nil {
			t.Error(err)
		}
	}
	write("old")
	s := reusing{db}.Snapshot()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for n := range 300 {
				from := (n*37 + g*101) % keys
				it, err := s.Scan(fmt.Appendf(nil, "k%04d", from), fmt.Appendf(nil, "k%04d", from+3))
				if err != nil {
					t.Error(err)
					return
				}
				at := from
				for ; it.Next(); at++ {
					if want := fmt.Sprintf("old%04d", at); string(it.Value()) != want {
						t.Errorf("%s has %s, not %s", it.Key(), it.Value(), want)
					}
				}
				if want := min(from+3, keys); at != want {
					t.Errorf("the range from %d ended at %d, not %d", from, at, want)
				}
				if err := it.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		write("new")
	}
	all.Wait()
	s.(kv.Reuser).Reuse(0)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := db.Metrics().SnapshotsOpened; n != 0 {
		t.Errorf("%d snapshots are open", n)
	}
	if err := db.Close(); err != nil { // fails when an iterator was left open
		t.Error(err)
	}
}
