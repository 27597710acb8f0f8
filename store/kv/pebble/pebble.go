// Package pebble keeps a store of package kv on disk in a Pebble database. It
// is the only package that talks to the library.
//
// # Guarantees
//
// The contract of package kv. Apply writes to the log without waiting, and one
// fsync serves every batch that was applied while the one before ran. A
// directory belongs to one open store at a time; a second Open fails with
// kv.ErrLocked. A directory written by a newer format is refused with
// kv.ErrFormat before anything in it is touched.
//
// # When the disk fails
//
// The library's own answer to a failed log or manifest write is to end the
// process, or to panic while it holds or has released its locks. Here a file
// system wrapper stands below it (guard.go): after the first such failure the
// disk is never written again, every call returns an error marked kv.ErrSync,
// and OnFatal is told once. The library itself is left in the belief that its
// writes work, on files in memory, so that it neither panics nor hangs and can
// be closed in order. A full disk met by a flush or a compaction is not fatal:
// Apply refuses with kv.ErrFull until one of them succeeds again.
//
// # What it does not give
//
// Nothing beyond kv but Checkpoint. Wait on a batch that was durable may still
// report kv.ErrSync when the store died before Wait was called.
//
// # Memory
//
// A store takes about its memtable size, which grows on demand up to
// Options.MemtableBytes and twice that while flushing, plus the cache. Stores
// in one process should share the cache and the open files through NewShared.
package pebble

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
)

// DB is an open store.
type DB struct {
	db    *pebble.DB
	lock  *pebble.Lock
	guard *guard
	dir   string

	closed atomic.Bool
	// active counts calls inside the library; idle is signalled when it falls
	// to zero while closing.
	active atomic.Int64
	idle   chan struct{}
	// poisoned is set when the library panicked: its locks may be held for
	// ever, so it must not even be closed.
	poisoned atomic.Bool

	batches, bytes, stalls atomic.Int64
}

var _ kv.DB = (*DB)(nil)

// Open opens the store in a directory and creates it when there is none.
func Open(dir string, o Options) (*DB, error) {
	o = o.withDefaults()
	if err := o.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, o.FS)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w: %w", dir, kv.ErrLocked, err)
	}
	db, err := openLocked(dir, lock, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", dir, err), lock.Close())
	}
	return db, nil
}

func openLocked(dir string, lock *pebble.Lock, o Options) (*DB, error) {
	if err := checkFormat(o.FS, dir); err != nil {
		return nil, mark(err)
	}
	d := &DB{lock: lock, dir: dir, idle: make(chan struct{}, 1)}
	d.guard = newGuard(o.FS, dir, env.RealClock(), o.OnFatal)
	engine := o.engine(d)
	engine.Lock = lock
	db, err := openEngine(dir, engine)
	if err != nil {
		return nil, mark(err)
	}
	d.db = db
	d.guard.arm()
	return d, nil
}

// openEngine turns a panic of the library on damaged files into an error.
func openEngine(dir string, o *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", kv.ErrCorrupt, r)
		}
	}()
	return pebble.Open(dir, o)
}

// mark adds the marks of package kv to an error of the library.
func mark(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kv.ErrCorrupt), errors.Is(err, kv.ErrSync):
		return err
	case pebble.IsCorruptionError(err):
		return fmt.Errorf("%w: %w", kv.ErrCorrupt, err)
	case disk.IsFull(err):
		return fmt.Errorf("%w: %w", kv.ErrFull, err)
	default:
		return err
	}
}

// enter begins a call into the library; leave must follow when it returns nil.
func (d *DB) enter() error {
	d.active.Add(1)
	err := d.guard.fatal()
	if err == nil && d.closed.Load() {
		err = kv.ErrClosed
	}
	if err != nil {
		d.leave()
	}
	return err
}

func (d *DB) leave() {
	if d.active.Add(-1) == 0 && d.closed.Load() {
		select {
		case d.idle <- struct{}{}:
		default:
		}
	}
}

// Get implements kv.Reader.
func (d *DB) Get(key []byte) ([]byte, bool, error) { return get(d, d.db, key) }

// View implements kv.Reader.
func (d *DB) View(key []byte, read func([]byte) error) (bool, error) {
	return view(d, d.db, key, read)
}

// Scan implements kv.Reader.
func (d *DB) Scan(lower, upper []byte) (kv.Iterator, error) {
	return scan(d, d.db, lower, upper)
}

// NewBatch implements kv.DB.
func (d *DB) NewBatch() kv.Batch { return &batch{db: d, b: d.db.NewBatch(), most: maxBatchBytes} }

// Apply implements kv.DB.
func (d *DB) Apply(b kv.Batch) (kv.Pending, error) {
	own, ok := b.(*batch)
	if !ok || own.db != d {
		return nil, fmt.Errorf("apply: batch of type %T was not made by this store", b)
	}
	if own.err != nil {
		return nil, fmt.Errorf("apply: %w", own.err)
	}
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	if d.guard.full.Load() {
		return nil, fmt.Errorf("apply of %d bytes: %w: make room on the disk of %s", own.Len(), kv.ErrFull, d.dir)
	}
	own.err = errApplied
	d.batches.Add(1)
	d.bytes.Add(int64(own.b.Len()))
	if own.b.Empty() {
		// Without a record there would be no sync to wait for.
		if err := own.b.LogData(nil, nil); err != nil {
			return nil, err
		}
	}
	if err := d.commit(own.b); err != nil {
		return nil, err
	}
	return &pending{db: d, b: own.b}, nil
}

var errApplied = errors.New("batch was applied before; make a new one for each Apply")

// commit hands a batch to the library. Whatever goes wrong inside leaves its
// commit pipeline blocked, so every failure is fatal.
func (d *DB) commit(b *pebble.Batch) (err error) {
	defer func() {
		if r := recover(); r != nil {
			d.poisoned.Store(true)
			err = d.guard.die(fmt.Errorf("storage engine panicked: %v\n%s", r, debug.Stack()))
		}
	}()
	if err := d.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return d.guard.die(err)
	}
	// A write that failed meanwhile was reported to the guard only.
	return d.guard.fatal()
}

// pending waits once for the library and remembers the answer, because the
// library allows a single wait and recycles the batch.
type pending struct {
	once sync.Once
	db   *DB
	b    *pebble.Batch
	err  error
}

func (p *pending) Wait() error {
	p.once.Do(func() {
		err := p.b.SyncWait()
		if err != nil {
			p.err = p.db.guard.die(err)
		} else if p.err = p.db.guard.fatal(); p.err == nil {
			p.err = p.b.Close()
		}
		p.b = nil
	})
	return p.err
}

// Checkpoint writes a copy of the store into dir, which must not exist and must
// not lie in the store's own directory. The copy holds everything applied before the call; where it can it shares files
// with the store through hard links.
func (d *DB) Checkpoint(dir string) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	if err := d.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("checkpoint of %s into %s: %w", d.dir, dir, mark(err))
	}
	return writeFormat(d.guard.FS, dir)
}

// Compact rewrites the store so that deleted data gives its room back.
func (d *DB) Compact(lower, upper []byte) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	return mark(d.db.Compact(context.Background(), lower, upper, false))
}

// Size implements kv.Sizer. What is still in memory is not in it.
func (d *DB) Size(lower, upper []byte) (int64, error) {
	if err := d.enter(); err != nil {
		return 0, err
	}
	defer d.leave()
	if bytes.Compare(lower, upper) >= 0 {
		return 0, nil
	}
	n, err := d.db.EstimateDiskUsage(lower, upper)
	if err != nil {
		return 0, d.readError(err)
	}
	return int64(n), nil
}

// Metrics implements kv.DB. After Close only the counts are filled.
func (d *DB) Metrics() kv.Metrics {
	m := kv.Metrics{
		WrittenBytes: d.bytes.Load(),
		Batches:      d.batches.Load(),
		Stalls:       d.stalls.Load(),
		Syncs:        d.guard.syncs.Load(),
	}
	if d.enter() != nil {
		return m
	}
	defer d.leave()
	e := d.db.Metrics()
	m.DiskBytes = int64(e.DiskSpaceUsage())
	m.MemtableBytes = int64(e.MemTable.Size)
	m.CacheBytes = e.BlockCache.Size
	m.CacheHits, m.CacheMisses = e.BlockCache.Hits, e.BlockCache.Misses
	m.LogBytes = int64(e.WAL.PhysicalSize)
	m.DebtBytes = int64(e.Compact.EstimatedDebt)
	m.Compactions, m.Flushes = e.Compact.Count, e.Flush.Count
	m.ReadSlowdown = e.ReadAmp()
	for i := range e.Levels {
		m.Tables += e.Levels[i].TablesCount
	}
	m.SnapshotsOpened = e.Snapshots.Count
	return m
}

// Close implements kv.DB. A dead store can be closed too; it returns what
// killed it.
func (d *DB) Close() error {
	if d.closed.Swap(true) {
		return kv.ErrClosed
	}
	if d.poisoned.Load() {
		return errors.Join(d.guard.fatal(), d.lock.Close())
	}
	for d.active.Load() > 0 {
		<-d.idle
	}
	err := mark(d.db.Close())
	if fatal := d.guard.fatal(); fatal != nil {
		err = fatal
	}
	return errors.Join(err, d.lock.Close())
}
