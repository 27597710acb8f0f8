package pebble

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/selvedge-db/selvedge/store/kv"
)

func get(d *DB, r pebble.Reader, key []byte) (value []byte, found bool, err error) {
	if err := d.enter(); err != nil {
		return nil, false, err
	}
	defer d.leave()
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, d.readError(err)
	}
	value = append([]byte{}, v...)
	return value, true, closer.Close()
}

func view(d *DB, r pebble.Reader, key []byte, read func([]byte) error) (bool, error) {
	if err := d.enter(); err != nil {
		return false, err
	}
	defer d.leave()
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, d.readError(err)
	}
	err = read(value)
	return true, errors.Join(err, closer.Close())
}

// readError marks an error of a read; one that came because the store died is
// told as that.
func (d *DB) readError(err error) error {
	if fatal := d.guard.fatal(); fatal != nil {
		return fatal
	}
	return mark(err)
}

func scan(d *DB, r pebble.Reader, lower, upper []byte) (kv.Iterator, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, d.readError(err)
	}
	empty := upper != nil && bytes.Compare(lower, upper) >= 0
	return &iterator{d: d, it: it, empty: empty}, nil
}

// reuse gives an iterator that was closed before new bounds. The library copies them, and takes the iterator for one that
// stands nowhere.
func (s *snapshot) reuse(it *pebble.Iterator, lower, upper []byte) (kv.Iterator, error) {
	if err := s.d.enter(); err != nil {
		return nil, errors.Join(err, it.Close())
	}
	defer s.d.leave()
	it.SetBounds(lower, upper)
	return &iterator{d: s.d, of: s, it: it, empty: upper != nil && bytes.Compare(lower, upper) >= 0}, nil
}

// iterator adds to the library's what the contract says about new and closed
// iterators and about bounds that enclose nothing.
type iterator struct {
	d      *DB
	of     *snapshot // that may use the library's once more, nil otherwise
	it     *pebble.Iterator
	value  []byte
	err    error
	moved  bool
	on     bool
	empty  bool
	closed bool
}

// move runs one movement unless the iterator is past use.
func (i *iterator) move(step func() bool) bool {
	i.on = false
	if i.closed && i.err == nil {
		i.err = kv.ErrClosed
	}
	if i.err != nil || i.empty {
		return false
	}
	i.moved = true
	if !step() {
		if err := i.it.Error(); err != nil {
			i.err = i.d.readError(err)
		}
		return false
	}
	value, err := i.it.ValueAndErr()
	if err != nil {
		i.err = i.d.readError(err)
		return false
	}
	i.value, i.on = value, true
	return true
}

func (i *iterator) Next() bool {
	if !i.moved {
		return i.move(i.it.First)
	}
	return i.move(i.it.Next)
}

func (i *iterator) Prev() bool {
	if !i.moved {
		return i.Last()
	}
	return i.move(i.it.Prev)
}

func (i *iterator) SeekGE(key []byte) bool {
	return i.move(func() bool { return i.it.SeekGE(key) })
}

func (i *iterator) Last() bool { return i.move(i.it.Last) }

func (i *iterator) Key() []byte {
	if !i.on {
		return nil
	}
	return i.it.Key()
}

func (i *iterator) Value() []byte {
	if !i.on {
		return nil
	}
	return i.value
}

func (i *iterator) Err() error { return i.err }

func (i *iterator) Close() error {
	if i.closed {
		return nil
	}
	i.closed, i.on = true, false
	if i.of != nil && i.err == nil && i.of.keep(i.it) {
		i.it = nil
		return nil
	}
	if err := i.it.Close(); err != nil && i.err == nil {
		i.err = i.d.readError(err)
	}
	return i.err
}

// snapshot wraps the library's, which panics when it is used after Close.
type snapshot struct {
	d      *DB
	s      *pebble.Snapshot
	err    error
	closed atomic.Bool

	mu   sync.Mutex
	most int // iterators that are kept
	idle []*pebble.Iterator
}

// Reuse implements kv.Reuser.
func (s *snapshot) Reuse(most int) {
	s.mu.Lock()
	s.most = most
	over := s.idle[min(most, len(s.idle)):]
	s.idle = s.idle[:len(s.idle)-len(over)]
	s.mu.Unlock()
	for _, it := range over {
		_ = it.Close() // nobody uses it
	}
}

// keep takes an iterator that was closed, if there is room for it.
func (s *snapshot) keep(it *pebble.Iterator) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) >= s.most {
		return false
	}
	s.idle = append(s.idle, it)
	return true
}

// kept gives an iterator to be used again, nil when there is none.
func (s *snapshot) kept() (it *pebble.Iterator, reusing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		it, s.idle = s.idle[n-1], s.idle[:n-1]
	}
	return it, s.most > 0
}

// Snapshot implements kv.DB.
func (d *DB) Snapshot() kv.Snapshot {
	if err := d.enter(); err != nil {
		return &snapshot{d: d, err: err}
	}
	defer d.leave()
	return &snapshot{d: d, s: d.db.NewSnapshot()}
}

func (s *snapshot) usable() error {
	if s.err == nil && s.closed.Load() {
		return kv.ErrClosed
	}
	return s.err
}

func (s *snapshot) Get(key []byte) ([]byte, bool, error) {
	if err := s.usable(); err != nil {
		return nil, false, err
	}
	return get(s.d, s.s, key)
}

func (s *snapshot) View(key []byte, read func([]byte) error) (bool, error) {
	if err := s.usable(); err != nil {
		return false, err
	}
	return view(s.d, s.s, key, read)
}

func (s *snapshot) Scan(lower, upper []byte) (kv.Iterator, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	it, reusing := s.kept()
	if it != nil {
		return s.reuse(it, lower, upper)
	}
	made, err := scan(s.d, s.s, lower, upper)
	if err == nil && reusing {
		made.(*iterator).of = s
	}
	return made, err
}

func (s *snapshot) Close() error {
	if s.closed.Swap(true) || s.s == nil {
		return nil
	}
	s.Reuse(0)
	return s.s.Close()
}
