package rowset

import (
	"fmt"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// documents walks over the documents of a collection.
type documents struct {
	snapshot *Snapshot
	it       kv.Iterator
	row      rows.Row
	prefix   int // bytes of a key in the store before the document's own
	reverse  bool
}

// Next implements rows.Cursor.
func (d *documents) Next() bool {
	for {
		if d.reverse {
			if !d.it.Prev() {
				return false
			}
		} else if !d.it.Next() {
			return false
		}
		record := d.it.Value()
		if codec.RecordHidden(record) {
			continue
		}
		d.row.Key, d.row.Text = d.it.Key()[d.prefix:], codec.RecordText(record)
		if d.row.Collection.Expires && d.snapshot.expired(d.row.Collection, d.row.Text) {
			continue
		}
		d.row.Stamp, d.row.Hash = codec.RecordRev(record)
		return true
	}
}

// Row implements rows.Cursor.
func (d *documents) Row() *rows.Row { return &d.row }

// Err implements rows.Cursor.
func (d *documents) Err() error { return d.it.Err() }

// Close implements rows.Cursor.
func (d *documents) Close() error { return d.it.Close() }

// entries walks over the entries of an index.
type entries struct {
	snapshot   *Snapshot
	it         kv.Iterator
	collection *rows.Collection
	index      *rows.Index
	entry, key []byte
	err        error
	prefix     int
	reverse    bool
}

// Next implements rows.EntryCursor.
func (e *entries) Next() bool {
	for e.err == nil {
		if e.reverse {
			if !e.it.Prev() {
				return false
			}
		} else if !e.it.Next() {
			return false
		}
		e.entry = e.it.Key()[e.prefix:]
		if e.index.Unique {
			e.key = e.it.Value()
		} else if e.key, e.err = keyOf(e.index, e.entry); e.err != nil {
			e.err = fmt.Errorf("entry %x of index %s: %w: %w", e.entry, e.index.Name, kv.ErrCorrupt, e.err)
			return false
		}
		if !e.collection.Expires {
			return true
		}
		_, there, err := e.snapshot.Get(e.collection, string(e.key))
		if e.err = err; there {
			return true
		}
	}
	return false
}

// geoCellBytes is how much of an entry of a geo index is its cell.
const geoCellBytes = 8

// keyOf is the document's key at the end of an entry of an index that is not unique.
func keyOf(x *rows.Index, entry []byte) (key []byte, err error) {
	switch x.Type {
	case rows.EdgeIndex:
		key = entry[min(1, len(entry)):]
		for range 2 {
			if key, err = value.SkipKeyString(key); err != nil {
				return nil, err
			}
		}
		return key, nil
	case rows.Geo:
		if len(entry) < geoCellBytes {
			return nil, fmt.Errorf("%d bytes where a cell has %d", len(entry), geoCellBytes)
		}
		return entry[geoCellBytes:], nil
	case rows.Fulltext:
		return value.SkipKeyString(entry)
	}
	key = entry
	for range x.Fields {
		if key, err = value.SkipKey(key); err != nil {
			return nil, err
		}
	}
	return key, nil
}

// Entry implements rows.EntryCursor.
func (e *entries) Entry() []byte { return e.entry }

// Key implements rows.EntryCursor.
func (e *entries) Key() []byte { return e.key }

// Err implements rows.EntryCursor.
func (e *entries) Err() error {
	if e.err != nil {
		return e.err
	}
	return e.it.Err()
}

// Close implements rows.EntryCursor.
func (e *entries) Close() error { return e.it.Close() }
