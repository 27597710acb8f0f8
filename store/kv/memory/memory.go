// Package memory is an ordered key-value store in memory with a model of what
// a disk keeps: for tests and for the simulator.
//
// # Guarantees
//
// It keeps the contract of package kv and is deterministic: the same calls in
// the same order give the same answers, there is no goroutine, clock or
// randomness inside. Snapshots, clones and crashes cost a pointer copy,
// because the tree is never changed in place.
//
// # Durability
//
// A new store is automatic: every batch counts as durable when Apply returns.
// With Options.Manual a batch stays pending until Sync, which is what a
// simulated disk calls when the time of an fsync has passed; Wait of a pending
// batch then fails at once with ErrNotSynced instead of blocking, since a
// deterministic caller has nobody to wait for. Crash returns the store as a
// power loss would leave it: a prefix of the pending batches survives.
//
// # Faults
//
// FailAt makes a coming operation fail as a full disk or a failed sync would.
// After a failed sync the store is dead, as the contract says; Crash still
// works on it.
//
// # Errors
//
// Marks of package kv, and ErrNotSynced.
//
// The tree is the treap of Seidel and Aragon, with path copying.
package memory

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/selvedge-db/selvedge/store/kv"
)

// ErrNotSynced is what Wait returns while a batch of a manual store is pending.
var ErrNotSynced = errors.New("batch is not synced yet")

// Options chooses how a store behaves.
type Options struct {
	// Manual leaves batches pending until Sync or SyncOne.
	Manual bool
}

// Fault is a way in which an operation can fail.
type Fault int

const (
	// FullDisk makes Apply refuse the batch with kv.ErrFull.
	FullDisk Fault = iota + 1
	// FailedSync makes the sync fail and kills the store with kv.ErrSync.
	FailedSync
)

// DB is a store in memory. Its zero value is not usable; call New.
type DB struct {
	mu struct {
		sync.Mutex
		root    *node
		durable *node
		pending []*pending
		dead    error
		closed  bool
		faults  map[int64]Fault
		// ops counts applies and syncs, the operations that can be told to fail.
		ops       int64
		metrics   kv.Metrics
		snapshots int
	}
	manual bool
}

var (
	_ kv.DB    = (*DB)(nil)
	_ kv.Sizer = (*DB)(nil)
)

// Size implements kv.Sizer, exactly.
func (db *DB) Size(lower, upper []byte) (int64, error) {
	root, err := db.reader()
	if err != nil {
		return 0, err
	}
	return max(below(root, upper)-below(root, lower), 0), nil
}

// New returns an empty store.
func New(o Options) *DB { return restore(nil, o.Manual) }

func restore(root *node, manual bool) *DB {
	db := &DB{manual: manual}
	db.mu.root, db.mu.durable = root, root
	return db
}

// pending is one applied batch; root is the store with it applied. Its fields
// are guarded by the lock of the store.
type pending struct {
	db   *DB
	root *node
	done bool
	err  error
}

func (p *pending) Wait() error {
	p.db.mu.Lock()
	defer p.db.mu.Unlock()
	if p.done {
		return p.err
	}
	return ErrNotSynced
}

// alive returns why the store cannot be used, nil when it can. The lock is held.
func (db *DB) alive() error {
	if db.mu.dead != nil {
		return db.mu.dead
	}
	if db.mu.closed {
		return kv.ErrClosed
	}
	return nil
}

// reader returns the present state.
func (db *DB) reader() (*node, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.mu.root, db.alive()
}

// Get implements kv.Reader.
func (db *DB) Get(key []byte) ([]byte, bool, error) {
	root, err := db.reader()
	if err != nil {
		return nil, false, err
	}
	return get(root, key)
}

func get(root *node, key []byte) ([]byte, bool, error) {
	n := find(root, key)
	if n == nil {
		return nil, false, nil
	}
	return append([]byte{}, n.value...), true, nil
}

// View implements kv.Reader.
func (db *DB) View(key []byte, read func([]byte) error) (bool, error) {
	root, err := db.reader()
	if err != nil {
		return false, err
	}
	return view(root, key, read)
}

func view(root *node, key []byte, read func([]byte) error) (bool, error) {
	n := find(root, key)
	if n == nil {
		return false, nil
	}
	return true, read(n.value)
}

// Scan implements kv.Reader.
func (db *DB) Scan(lower, upper []byte) (kv.Iterator, error) {
	root, err := db.reader()
	if err != nil {
		return nil, err
	}
	return newIterator(root, lower, upper), nil
}

// NewBatch implements kv.DB.
func (db *DB) NewBatch() kv.Batch { return &batch{} }

// Apply implements kv.DB.
func (db *DB) Apply(b kv.Batch) (kv.Pending, error) {
	own, ok := b.(*batch)
	if !ok {
		return nil, fmt.Errorf("apply: batch of type %T was not made by this store", b)
	}
	if own.invalid {
		return nil, fmt.Errorf("apply: %w", kv.ErrInvalidKey)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.alive(); err != nil {
		return nil, err
	}
	if own.applied {
		return nil, errors.New("apply: batch was applied before; make a new one for each Apply")
	}
	if db.fault() == FullDisk {
		return nil, fmt.Errorf("apply of %d bytes: %w", own.Len(), kv.ErrFull)
	}
	own.applied = true
	root := db.mu.root
	for _, o := range own.ops {
		root = o.apply(root)
	}
	db.mu.root = root
	db.mu.metrics.Batches++
	db.mu.metrics.WrittenBytes += int64(own.Len())
	p := &pending{db: db, root: root}
	db.mu.pending = append(db.mu.pending, p)
	if !db.manual {
		db.sync(len(db.mu.pending))
	}
	return p, nil
}

// fault counts an operation and returns the fault planned for it.
func (db *DB) fault() Fault {
	f := db.mu.faults[db.mu.ops]
	db.mu.ops++
	return f
}

// FailAt plans a fault for operation n, counted from 0 since New. Applies and
// syncs count; a fault that does not fit the operation has no effect.
func (db *DB) FailAt(n int64, f Fault) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.mu.faults == nil {
		db.mu.faults = map[int64]Fault{}
	}
	db.mu.faults[n] = f
}

// Operations returns how many operations that can fail were done so far.
func (db *DB) Operations() int64 {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.mu.ops
}

// Sync makes every pending batch durable, or kills the store when a fault says so.
func (db *DB) Sync() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.alive(); err != nil {
		return err
	}
	return db.sync(len(db.mu.pending))
}

// SyncFirst makes the oldest n pending batches durable, fewer when fewer wait.
func (db *DB) SyncFirst(n int) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.alive(); err != nil {
		return err
	}
	return db.sync(min(max(n, 0), len(db.mu.pending)))
}

// Unsynced returns how many batches are pending.
func (db *DB) Unsynced() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return len(db.mu.pending)
}

func (db *DB) sync(n int) error {
	if n == 0 {
		return nil
	}
	if db.fault() == FailedSync {
		db.mu.dead = fmt.Errorf("sync of %d batches: %w", n, kv.ErrSync)
		for _, p := range db.mu.pending {
			p.done, p.err = true, db.mu.dead
		}
		return db.mu.dead
	}
	for _, p := range db.mu.pending[:n] {
		p.done = true
		db.mu.durable = p.root
		p.root = nil
	}
	// A fresh slice lets the synced roots go.
	db.mu.pending = append([]*pending(nil), db.mu.pending[n:]...)
	db.mu.metrics.Syncs++
	return nil
}

// Crash returns the store as it is found after a power loss, and leaves db
// dead. keep is told how many batches were pending and answers how many of
// them, the oldest first, reached the disk all the same; nil keeps none.
func (db *DB) Crash(keep func(pending int) int) *DB {
	db.mu.Lock()
	defer db.mu.Unlock()
	root, n := db.mu.durable, 0
	if keep != nil {
		n = min(max(keep(len(db.mu.pending)), 0), len(db.mu.pending))
	}
	if n > 0 {
		root = db.mu.pending[n-1].root
	}
	if db.mu.dead == nil {
		db.mu.dead = fmt.Errorf("store has crashed: %w", kv.ErrSync)
		for _, p := range db.mu.pending {
			p.done, p.err = true, db.mu.dead
		}
	}
	return restore(root, db.manual)
}

// Clone returns an independent store with the durable state: an old copy of
// the disk, as a restored backup would be.
func (db *DB) Clone() *DB {
	db.mu.Lock()
	defer db.mu.Unlock()
	return restore(db.mu.durable, db.manual)
}

// Metrics implements kv.DB.
func (db *DB) Metrics() kv.Metrics {
	db.mu.Lock()
	defer db.mu.Unlock()
	m := db.mu.metrics
	if db.mu.root != nil {
		m.MemtableBytes = db.mu.root.bytes
	}
	if db.mu.durable != nil {
		m.DiskBytes = db.mu.durable.bytes
	}
	m.SnapshotsOpened = db.mu.snapshots
	return m
}

// Close implements kv.DB. It syncs what is pending.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.alive(); err != nil {
		return err
	}
	err := db.sync(len(db.mu.pending))
	db.mu.closed = true
	return err
}

// Reopen returns the store as the next process finds it after Close.
func (db *DB) Reopen() *DB { return db.Clone() }

// Snapshot implements kv.DB.
func (db *DB) Snapshot() kv.Snapshot {
	db.mu.Lock()
	defer db.mu.Unlock()
	s := &snapshot{db: db, err: db.alive()}
	s.root = db.mu.root
	db.mu.snapshots++
	return s
}

// snapshot is guarded by the lock of its store.
type snapshot struct {
	db     *DB
	root   *node
	err    error
	closed bool
}

func (s *snapshot) reader() (*node, error) {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	if s.closed {
		return nil, kv.ErrClosed
	}
	return s.root, s.db.alive()
}

func (s *snapshot) Get(key []byte) ([]byte, bool, error) {
	root, err := s.reader()
	if err != nil {
		return nil, false, err
	}
	return get(root, key)
}

func (s *snapshot) View(key []byte, read func([]byte) error) (bool, error) {
	root, err := s.reader()
	if err != nil {
		return false, err
	}
	return view(root, key, read)
}

func (s *snapshot) Scan(lower, upper []byte) (kv.Iterator, error) {
	root, err := s.reader()
	if err != nil {
		return nil, err
	}
	return newIterator(root, lower, upper), nil
}

func (s *snapshot) Close() error {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if !s.closed {
		s.closed, s.root = true, nil
		s.db.mu.snapshots--
	}
	return nil
}

// batch is a list of operations on copied bytes.
type batch struct {
	ops     []op
	bytes   int
	invalid bool
	applied bool
}

type op struct {
	kind       byte
	key, value []byte // value is the upper bound of a range
}

const (
	opSet byte = iota
	opDelete
	opRange
)

func (o op) apply(root *node) *node {
	switch o.kind {
	case opSet:
		return insert(root, newNode(o.key, o.value))
	case opDelete:
		return remove(root, o.key)
	default:
		return removeRange(root, o.key, o.value)
	}
}

func (b *batch) add(kind byte, key, value []byte) {
	b.ops = append(b.ops, op{kind: kind, key: bytes.Clone(key), value: bytes.Clone(value)})
	b.bytes += len(key) + len(value) + 4
}

func (b *batch) Set(key, value []byte) {
	b.invalid = b.invalid || len(key) == 0
	b.add(opSet, key, value)
}

func (b *batch) Delete(key []byte) {
	b.invalid = b.invalid || len(key) == 0
	b.add(opDelete, key, nil)
}

func (b *batch) DeleteRange(lower, upper []byte) { b.add(opRange, lower, upper) }
func (b *batch) Len() int                        { return b.bytes }
func (b *batch) Count() int                      { return len(b.ops) }
