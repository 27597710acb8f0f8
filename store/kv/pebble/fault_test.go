package pebble_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/pebble"
)

// bulk is large enough that a few batches fill a memtable of small.
var bulk = bytes.Repeat([]byte("0123456789abcdef"), 4<<10)

func key(i int) []byte { return fmt.Appendf(nil, "k%06d", i) }

// put applies batch i and waits.
func put(db kv.DB, i int) error {
	b := db.NewBatch()
	b.Set(key(i), append(bytes.Clone(bulk), byte(i)))
	p, err := db.Apply(b)
	if err != nil {
		return err
	}
	return p.Wait()
}

// prefix checks that the store holds the batches 0 to some n-1, at least
// acknowledged of them and at most tried, and returns n.
func prefix(t testing.TB, db kv.DB, acknowledged, tried int) int {
	t.Helper()
	it, err := db.Scan(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; it.Next(); n++ {
		if !bytes.Equal(it.Key(), key(n)) || len(it.Value()) == 0 {
			t.Fatalf("batch %d is missing, there is %q", n, it.Key())
		}
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	if n < acknowledged || n > tried {
		t.Fatalf("%d batches are there, %d were acknowledged and %d tried", n, acknowledged, tried)
	}
	return n
}

// load writes 16 batches, which is a few flushes, and stops at the first
// error that says that the store is dead.
func load(t *testing.T, db kv.DB) (acknowledged, tried int, dead error) {
	t.Helper()
	for i := range 16 {
		tried++
		err := put(db, i)
		switch {
		case err == nil:
			acknowledged++
		case errors.Is(err, kv.ErrSync):
			return acknowledged, tried, err
		case errors.Is(err, kv.ErrFull):
			return acknowledged, tried, nil
		default:
			t.Fatalf("batch %d failed with an error without a mark: %v", i, err)
		}
	}
	return acknowledged, tried, nil
}

// TestEveryFault fails operation 0, 1, 2, ... of the disk until a run meets no
// failure. Each run must end in order with marked errors, and after a crash
// that loses all, or half, of what was not synced the next run must find what was
// acknowledged and a prefix of the rest.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		err   error
		every bool
	}{
		{"one error", syscall.EIO, false},
		{"broken from there on", syscall.EIO, true},
		{"full for a moment", syscall.ENOSPC, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			died, k := 0, int64(0)
			for ; ; k++ {
				hit, dead := faultRun(t, k, c.err, c.every)
				if !hit {
					break
				}
				if dead {
					died++
				}
			}
			t.Logf("%d operations failed, %d killed the store", k, died)
			if k < 50 || died < 20 {
				t.Errorf("%d operations failed and %d killed the store: the test saw too little", k, died)
			}
		})
	}
}

func faultRun(t *testing.T, k int64, cause error, every bool) (hit, dead bool) {
	t.Helper()
	below := vfs.NewCrashableMem()
	faults := disk.NewFault(below)
	var told atomic.Int32
	heard := make(chan struct{})
	o := small(faults)
	o.OnFatal = func(error) {
		if told.Add(1) == 1 {
			close(heard)
		}
	}
	if every {
		faults.FailFrom(k, cause)
	} else {
		faults.FailOnce(k, cause)
	}
	acknowledged, tried := 0, 0
	db, err := pebble.Open("store", o)
	if err == nil {
		acknowledged, tried, err = load(t, db)
		dead = err != nil
		if dead {
			<-heard
			checkDead(t, db, cause)
		}
		if err := db.Close(); dead && !errors.Is(err, kv.ErrSync) {
			t.Errorf("fault %d: close of a dead store: %v", k, err)
		}
	}
	if told.Load() > 1 {
		t.Errorf("fault %d: told %d times that the store died", k, told.Load())
	}
	crashed := below.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(k%2) * 50, RNG: rand.New(rand.NewPCG(uint64(k), 1))})
	again, err := pebble.Open("store", small(crashed))
	if err != nil {
		t.Fatalf("fault %d (%v): reopening after the crash: %v", k, cause, err)
	}
	prefix(t, again, acknowledged, tried)
	if err := again.Close(); err != nil {
		t.Errorf("fault %d: closing after the crash: %v", k, err)
	}
	return faults.Failed() > 0, dead
}

// checkDead checks that a dead store refuses everything and tells why.
func checkDead(t *testing.T, db *pebble.DB, cause error) {
	t.Helper()
	_, _, get := db.Get(key(0))
	_, scan := db.Scan(nil, nil)
	_, apply := db.Apply(db.NewBatch())
	s := db.Snapshot()
	_, _, snapshot := s.Get(key(0))
	for name, err := range map[string]error{
		"get": get, "scan": scan, "apply": apply, "snapshot": snapshot,
		"close of a snapshot": errors.Join(s.Close(), kv.ErrSync),
		"checkpoint":          db.Checkpoint("copy"),
		"compact":             db.Compact(key(0), key(9)),
	} {
		if !errors.Is(err, kv.ErrSync) {
			t.Errorf("%s on a dead store: %v", name, err)
		}
	}
	if errors.Is(get, kv.ErrFull) != disk.IsFull(cause) {
		t.Errorf("a store killed by %v says %v", cause, get)
	}
	db.Metrics()
}

// TestNeverSyncsAgain counts what reaches the disk after a failed sync of the log.
func TestNeverSyncsAgain(t *testing.T) {
	t.Parallel()
	faults := disk.NewFault(disk.Memory())
	var armed atomic.Bool
	var after atomic.Int64
	faults.Plan(func(_ int64, op disk.Op) error {
		if after.Load() > 0 {
			after.Add(1)
		}
		if armed.Load() && op.Kind == "sync" && strings.HasSuffix(op.Path, ".log") && after.CompareAndSwap(0, 1) {
			return syscall.EIO
		}
		return nil
	})
	db := open(t, "store", small(faults))
	if err := put(db, 0); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	if err := put(db, 1); !errors.Is(err, kv.ErrSync) {
		t.Fatalf("a batch whose sync failed: %v", err)
	}
	for i := range 30 {
		if err := put(db, 2+i); !errors.Is(err, kv.ErrSync) {
			t.Fatalf("a batch after the failed sync: %v", err)
		}
	}
	if err := db.Close(); !errors.Is(err, kv.ErrSync) {
		t.Errorf("close: %v", err)
	}
	if n := after.Load() - 1; n != 0 {
		t.Errorf("%d operations reached the disk after the failed sync", n)
	}
}

// TestFullDiskPasses fills the disk for tables only: batches are refused, reads
// go on, and when there is room again so do writes.
func TestFullDiskPasses(t *testing.T) {
	t.Parallel()
	faults := disk.NewFault(disk.Memory())
	var full atomic.Bool
	faults.Plan(func(_ int64, op disk.Op) error {
		if full.Load() && op.Kind == "write" && strings.HasSuffix(op.Path, ".sst") {
			return syscall.ENOSPC
		}
		return nil
	})
	warned := make(chan error, 1000)
	o := small(faults)
	o.OnWarning = func(err error) { warned <- err }
	room := make(chan struct{}, 1000)
	o.OnRoom = func() { room <- struct{}{} }
	db := open(t, "store", o)
	full.Store(true)
	n := 0
	var refused error
	for ; refused == nil; n++ {
		refused = put(db, n)
		if n == 3 {
			if err := <-warned; !errors.Is(err, kv.ErrFull) {
				t.Errorf("warned of %v", err)
			}
		}
	}
	if !errors.Is(refused, kv.ErrFull) || errors.Is(refused, kv.ErrSync) {
		t.Fatalf("a batch on a full disk: %v", refused)
	}
	if _, found, err := db.Get(key(0)); err != nil || !found {
		t.Errorf("a read on a full disk: %v %v", found, err)
	}
	full.Store(false)
	// A refusal means that the store will still tell of room, once more than it
	// has told so far.
	err := kv.ErrFull
	for n--; errors.Is(err, kv.ErrFull); err = put(db, n) {
		<-room
	}
	if err != nil {
		t.Fatal(err)
	}
	prefix(t, db, n+1, n+1)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestDamage flips bytes in every file of a closed store: opening and reading
// must give the right values or an error, never wrong values and never a panic.
func TestDamage(t *testing.T) {
	t.Parallel()
	source := disk.Memory()
	db := open(t, "store", small(source))
	for i := range 24 {
		if err := put(db, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := source.List("store")
	if err != nil {
		t.Fatal(err)
	}
	damaged, noticed := 0, 0
	for _, name := range names {
		for seed := range uint64(6) {
			f := disk.Memory()
			if ok, err := vfs.Clone(source, f, "store", "store"); err != nil || !ok {
				t.Fatalf("clone: %v %v", ok, err)
			}
			if !flip(t, f, "store/"+name, seed) {
				continue
			}
			damaged++
			if readDamaged(t, f, name) {
				noticed++
			}
		}
	}
	if damaged < 20 || noticed < damaged/4 {
		t.Errorf("%d files damaged and %d times noticed: the test saw too little", damaged, noticed)
	}
}

func flip(t *testing.T, f disk.FS, name string, seed uint64) bool {
	t.Helper()
	data, err := disk.ReadFile(f, name, 64<<20)
	if err != nil || len(data) == 0 {
		return false
	}
	r := rand.New(rand.NewPCG(seed, uint64(len(data))))
	for range 1 + len(data)/4096 {
		data[r.IntN(len(data))] ^= byte(1 + r.IntN(255))
	}
	if err := disk.WriteAtomic(f, name, data); err != nil {
		t.Fatal(err)
	}
	return true
}

// readDamaged tells whether the damage showed as an error.
func readDamaged(t *testing.T, f disk.FS, name string) bool {
	t.Helper()
	db, err := pebble.Open("store", small(f))
	if err != nil {
		return true
	}
	defer db.Close()
	noticed := false
	for i := range 24 {
		v, found, err := db.Get(key(i))
		if err != nil {
			noticed = true
		} else if found && !bytes.Equal(v, append(bytes.Clone(bulk), byte(i))) {
			t.Errorf("damage of %s: batch %d has a wrong value", name, i)
		}
	}
	return noticed
}
