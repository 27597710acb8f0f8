package pebble

import (
	"bytes"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/selvedge-db/selvedge/store/kv"
)

// batch remembers the first misuse, which Apply reports.
type batch struct {
	db   *DB
	b    *pebble.Batch
	most int // bytes
	err  error
}

// maxBatchBytes stays well below the 4 GiB at which the library panics.
const maxBatchBytes = 3 << 30

// usable tells whether an operation may be added.
func (b *batch) usable(key []byte, more int) bool {
	if b.err == nil && len(key) == 0 {
		b.err = kv.ErrInvalidKey
	}
	return b.err == nil && b.fits(len(key)+more)
}

// fits tells whether an operation of so many bytes still finds room.
func (b *batch) fits(n int) bool {
	if have := b.b.Len(); b.err == nil && (n > b.most || have > b.most-n) {
		b.err = fmt.Errorf("%d bytes and %d more: at most %d are possible: %w", have, n, b.most, kv.ErrBatchTooLarge)
	}
	return b.err == nil
}

// keep remembers the error of an operation.
func (b *batch) keep(err error) {
	if err != nil && b.err == nil {
		b.err = err
	}
}

func (b *batch) Set(key, value []byte) {
	if b.usable(key, len(value)) {
		b.keep(b.b.Set(key, value, nil))
	}
}

func (b *batch) Delete(key []byte) {
	if b.usable(key, 0) {
		b.keep(b.b.Delete(key, nil))
	}
}

func (b *batch) DeleteRange(lower, upper []byte) {
	if b.err == nil && bytes.Compare(lower, upper) < 0 && b.fits(len(lower)+len(upper)) {
		b.keep(b.b.DeleteRange(lower, upper, nil))
	}
}

// Len and Count answer only before Apply: afterwards the memory belongs to the
// library.
func (b *batch) Len() int {
	if b.err != nil {
		return 0
	}
	return b.b.Len()
}

func (b *batch) Count() int {
	if b.err != nil {
		return 0
	}
	return int(b.b.Count())
}
