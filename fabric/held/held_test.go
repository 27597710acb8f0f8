package held_test

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/fabric/held"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

func take(t *testing.T, k *held.Keeper, db kv.DB) *held.Snapshot {
	t.Helper()
	turn, ok := k.Turn()
	if !ok {
		t.Fatal("the store changes")
	}
	return k.Take(db, turn)
}

func opened(t *testing.T, db kv.DB, want int) {
	t.Helper()
	if n := db.Metrics().SnapshotsOpened; n != want {
		t.Fatalf("%d snapshots are open, not %d", n, want)
	}
}

func TestSnapshotsAreSharedBetweenChanges(t *testing.T) {
	t.Parallel()
	db, k := memory.New(memory.Options{}), &held.Keeper{}
	a, b := take(t, k, db), take(t, k, db)
	if a != b {
		t.Fatal("two snapshots of one state")
	}
	old, _ := k.Turn()
	k.Begin()
	if _, ok := k.Turn(); ok || k.Take(db, old) != nil {
		t.Fatal("a snapshot was shared during a change")
	}
	k.End()
	if k.Take(db, old) != nil {
		t.Fatal("a snapshot of before the change was shared")
	}
	opened(t, db, 1) // for a and b
	c := take(t, k, db)
	opened(t, db, 2)
	if c == a {
		t.Fatal("one snapshot of two states")
	}
	for _, s := range []*held.Snapshot{a, b, c} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, db, 1) // to be shared with the next
	k.Drop()
	opened(t, db, 0)
	if d := take(t, k, db); d.Close() != nil {
		t.Fatal("not shared after Drop")
	}
	last := take(t, k, db)
	k.Shut()
	opened(t, db, 1)
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, db, 0)
	if turn, _ := k.Turn(); k.Take(db, turn) != nil {
		t.Fatal("a snapshot was shared after Shut")
	}
}

// TestWhatWasWrittenIsSeen lets readers look, while somebody writes, for the newest number that they know was written.
func TestWhatWasWrittenIsSeen(t *testing.T) {
	t.Parallel()
	db, err := pebble.Open("store", pebble.Options{FS: disk.Memory()})
	if err != nil {
		t.Fatal(err)
	}
	k := &held.Keeper{}
	var written atomic.Uint64
	var all sync.WaitGroup
	const writes = 3000
	for range 3 {
		all.Go(func() {
			for know := uint64(0); know < writes; {
				know = written.Load()
				turn, ok := k.Turn()
				if !ok {
					continue
				}
				s := k.Take(db, turn)
				if s == nil {
					continue
				}
				it, err := s.Scan([]byte("a"), []byte("b"))
				if err != nil {
					t.Error(err)
					return
				}
				if it.Next() {
					if got := binary.BigEndian.Uint64(it.Value()); got < know {
						t.Errorf("%d was read after %d had been written", got, know)
					}
				} else if know > 0 {
					t.Errorf("nothing was read after %d had been written", know)
				}
				if it.Close() != nil || s.Close() != nil {
					t.Error("closing failed")
				}
			}
		})
	}
	for i := range uint64(writes) {
		k.Begin()
		b := db.NewBatch()
		b.Set([]byte("a"), binary.BigEndian.AppendUint64(nil, i+1))
		if _, err := db.Apply(b); err != nil {
			t.Error(err)
		}
		k.End()
		written.Store(i + 1)
	}
	all.Wait()
	k.Shut()
	opened(t, db, 0)
	if err := db.Close(); err != nil { // fails when an iterator was left open
		t.Error(err)
	}
}
