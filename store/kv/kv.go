// Package kv is the contract between Selvedge and an ordered key-value store:
// keys and values are byte strings, keys are ordered bytewise.
//
// # Guarantees that every implementation gives
//
//   - A batch is atomic: readers see all of it or none, also after a crash.
//   - Apply makes a batch visible before it returns. Batches become visible
//     and durable in the order in which Apply was called: after a crash the
//     store holds a prefix of the applied batches, and that prefix contains
//     every batch whose Pending.Wait returned nil.
//   - Within a batch a later operation wins over an earlier one.
//   - A Snapshot shows the store as it was when it was taken, and an Iterator
//     shows its reader as it was when Scan was called, whatever is applied
//     meanwhile.
//   - A DB and a Snapshot may be used from many goroutines. A Batch and an
//     Iterator belong to one goroutine at a time.
//   - After a failed sync the store is dead: every later call fails with an
//     error marked ErrSync, and nothing is ever synced again. What the disk
//     holds is then unknown beyond the last acknowledged batch, and a second
//     fsync would report success for pages the system already dropped.
//
// # What it does not give
//
// No transactions, no conflict detection, no ordering between two goroutines
// that call Apply at the same time, no durability without Wait, no checks of
// what the bytes mean. A batch that was applied cannot be taken back, even
// when its Wait fails.
//
// # Shapes and limits
//
// Bounds are half open, [lower, upper); a nil lower is the first key and a nil
// upper is past the last one. Empty keys are refused by Apply with
// ErrInvalidKey, batches of more than 3 GiB with ErrBatchTooLarge. Sizes are in bytes.
//
// # Errors
//
// Implementations wrap one of the marks below; test with errors.Is. An error
// without a mark is an ordinary failure of that one call.
package kv

import "errors"

// Marks of the failures that a caller must tell apart.
var (
	// ErrClosed is returned by calls on a closed store, snapshot or iterator.
	ErrClosed = errors.New("store is closed")
	// ErrCorrupt means that stored bytes are not what was written.
	ErrCorrupt = errors.New("store is corrupt")
	// ErrFull means that the disk has no room left. Alone it says that the
	// batch was refused and may be tried again once there is room; together
	// with ErrSync it tells why the store is dead.
	ErrFull = errors.New("disk is full")
	// ErrSync means that making data durable failed; the store is dead.
	ErrSync = errors.New("sync failed, store is dead")
	// ErrInvalidKey means that a batch holds an empty key.
	ErrInvalidKey = errors.New("key is empty")
	// ErrBatchTooLarge means that a batch holds more than a store takes at
	// once: 3 GiB on disk. Nothing of it is applied.
	ErrBatchTooLarge = errors.New("batch is too large")
	// ErrFormat means that the store was written by a newer Selvedge.
	ErrFormat = errors.New("store has a newer format")
	// ErrLocked means that another process, or another part of this one, has
	// the store open.
	ErrLocked = errors.New("store is in use")
)

// Reader reads one consistent state.
type Reader interface {
	// Get returns the value of key; the caller may keep and change it.
	Get(key []byte) (value []byte, found bool, err error)
	// View calls read with the value of key, without copying it. The value
	// must be neither changed nor kept after read returns. When key is absent
	// read is not called. An error of read is returned as it is.
	View(key []byte, read func(value []byte) error) (found bool, err error)
	// Scan returns an unpositioned iterator over [lower, upper).
	Scan(lower, upper []byte) (Iterator, error)
}

// Iterator walks over keys in both directions. It must be closed before its
// reader is. A movement returns whether the iterator now stands on a key; when
// it does not, Err tells an end from a failure.
type Iterator interface {
	// Next goes to the following key: the first one when the iterator is new
	// or ran off the beginning. At the end it stays at the end.
	Next() bool
	// Prev goes to the preceding key: the last one when the iterator is new or
	// ran off the end. At the beginning it stays at the beginning.
	Prev() bool
	// SeekGE goes to the first key at or after key, within the bounds.
	SeekGE(key []byte) bool
	// Last goes to the last key.
	Last() bool
	// Key and Value are valid until the next movement and must not be changed.
	Key() []byte
	Value() []byte
	// Err returns the failure that stopped the iterator, nil at an end.
	Err() error
	// Close releases the iterator and returns Err. Closing twice is allowed.
	Close() error
}

// Batch collects operations for one Apply. It copies what it is given.
// A batch must not be used again after Apply.
type Batch interface {
	Set(key, value []byte)
	Delete(key []byte)
	// DeleteRange removes the keys in [lower, upper); both must be given, and
	// an empty range does nothing.
	DeleteRange(lower, upper []byte)
	// Len is the size of the batch in bytes, roughly as it goes to disk.
	Len() int
	// Count is the number of operations.
	Count() int
}

// Pending is an applied batch on its way to disk.
type Pending interface {
	// Wait returns nil once the batch is durable. It may be called many times
	// and from many goroutines, or never.
	Wait() error
}

// Snapshot is a state of the store held fast until Close. It keeps old data on
// disk, so it must not be held for long.
type Snapshot interface {
	Reader
	Close() error
}

// Reuser is a Snapshot that can keep up to a number of its iterators when they are closed, since making
// one is dear, for those that Scan gives next. They are gone with the snapshot; 0 lets go of them at once.
type Reuser interface {
	Reuse(most int)
}

// DB is an open store.
type DB interface {
	Reader
	NewBatch() Batch
	// Apply makes the batch visible and starts to make it durable. An error
	// means that the batch is not visible and will not become durable, unless
	// it is marked ErrSync: then the store is dead, and whether the batch
	// survives is known only when the store is opened again.
	Apply(b Batch) (Pending, error)
	// Snapshot never fails; on a closed or dead store its reads do.
	Snapshot() Snapshot
	Metrics() Metrics
	// Close waits until everything applied is durable and returns the first
	// failure. Iterators and snapshots must be closed before.
	Close() error
}

// Sizer is a DB that can tell at once about how many bytes it holds between two
// keys. It is a guess for plans and for cutting work into parts: what was
// written lately may be missing in it.
type Sizer interface {
	Size(lower, upper []byte) (int64, error)
}

// Metrics are figures of a store at one moment. Bytes unless the name says
// otherwise; counts since Open.
type Metrics struct {
	DiskBytes       int64 // files on disk, obsolete ones included
	MemtableBytes   int64 // written data still held in memory
	CacheBytes      int64 // block cache; shared ones are counted whole
	LogBytes        int64 // write-ahead log
	DebtBytes       int64 // estimated bytes that compaction has yet to move
	WrittenBytes    int64 // bytes of applied batches
	Batches         int64 // applied batches
	Syncs           int64 // syncs of the write-ahead log
	CacheHits       int64
	CacheMisses     int64
	Compactions     int64
	Flushes         int64
	Tables          int64 // sorted files
	Stalls          int64 // times that writers had to wait for flush or compaction
	ReadSlowdown    int   // files or levels that a point read may have to look into
	SnapshotsOpened int   // snapshots open now
}
