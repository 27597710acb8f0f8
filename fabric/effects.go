package fabric

import (
	"bytes"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// storedLimits bound what is read back: wider than what is accepted, so that a lowered limit never hides data.
var storedLimits = value.Limits{Depth: 1000, Bytes: 64 << 20, Members: 10_000_000}

func corrupt(key []byte, cause error) error {
	return fmt.Errorf("record %x: %w: %w", key, kv.ErrCorrupt, cause)
}

// effects adds to a commit what one document's change does in the store: the record, its indexes, its expiry,
// the count, and a note for folding when the record gains metadata.
func (c *Core) effects(p *sequencer.Prepared, d *writing, stamps []int, wallMs int64) error {
	p.Puts = append(p.Puts, sequencer.Put{Key: d.dkey, Value: d.record, Stamps: stamps, Guard: guard(d.dkey)})
	if !codec.RecordQuiet(d.record) && (d.old == nil || codec.RecordSettled(d.old)) {
		p.Puts = append(p.Puts, sequencer.Put{Key: c.keys.Fold(clock.TimeOf(wallMs), d.collection.Number, d.key)})
	}
	if delta := b2i(d.exists) - b2i(d.stored); delta != 0 {
		p.Counts = append(p.Counts, sequencer.Count{Collection: d.collection.Number, Delta: delta})
	}
	for i := range d.collection.Indexes {
		if err := c.indexEffects(p, d, &d.collection.Indexes[i]); err != nil {
			return err
		}
	}
	if d.collection.Expiring() {
		c.expiryEffects(p, d)
	}
	return nil
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (c *Core) expiryEffects(p *sequencer.Prepared, d *writing) {
	at := index.Never
	if d.exists {
		at = index.ExpiresAt(d.collection, d.value)
	}
	if d.stored && d.oldExpiry == at {
		return // its entry stays where it is, and what is deleted goes after what is put
	}
	if d.stored && d.oldExpiry != index.Never {
		for _, space := range []byte{layout.Expiring, layout.Expired} {
			p.Deletes = append(p.Deletes, sequencer.Put{Key: c.keys.Expiry(space, d.collection.Number, d.oldExpiry, d.key)})
		}
	}
	if at != index.Never {
		p.Puts = append(p.Puts, sequencer.Put{Key: c.keys.Expiry(layout.Expiring, d.collection.Number, at, d.key)})
	}
}

// indexEffects takes away the entries that the document no longer makes and adds those that it makes now.
func (c *Core) indexEffects(p *sequencer.Prepared, d *writing, x *schema.Index) error {
	var was, now [][]byte
	if d.stored {
		was = index.Entries(x, d.oldValue, d.key)
	}
	if d.exists {
		now = index.Entries(x, d.value, d.key)
	}
	for _, entry := range was {
		if !containsEntry(now, entry) {
			key := append(c.keys.IndexSpace(nil, x.Number), entry...)
			p.Deletes = append(p.Deletes, sequencer.Put{Key: key, Guard: uniqueGuard(x, key)})
		}
	}
	for _, entry := range now {
		if containsEntry(was, entry) {
			continue
		}
		key := append(c.keys.IndexSpace(make([]byte, 0, 12+len(entry)), x.Number), entry...)
		put := sequencer.Put{Key: key, Guard: uniqueGuard(x, key)}
		if x.Unique {
			if err := c.reserve(p, d, x, key); err != nil {
				return err
			}
			put.Value = []byte(d.key)
		}
		p.Puts = append(p.Puts, put)
	}
	return nil
}

func uniqueGuard(x *schema.Index, key []byte) uint64 {
	if x.Unique {
		return guard(key)
	}
	return 0
}

func containsEntry(entries [][]byte, entry []byte) bool {
	for _, e := range entries {
		if bytes.Equal(e, entry) {
			return true
		}
	}
	return false
}

// reserve checks that a unique value is free, and adds it to the read set so that it stays so.
func (c *Core) reserve(p *sequencer.Prepared, d *writing, x *schema.Index, key []byte) error {
	p.Reads = append(p.Reads, guard(key))
	for i := range p.Deletes {
		if bytes.Equal(p.Deletes[i].Key, key) {
			return nil
		}
	}
	for i := range p.Puts {
		if bytes.Equal(p.Puts[i].Key, key) {
			return uniqueViolated(d, x, string(p.Puts[i].Value))
		}
	}
	holder, found, err := c.db.Get(key)
	if err != nil {
		return err
	}
	if found && string(holder) != d.key {
		return uniqueViolated(d, x, string(holder))
	}
	return nil
}

func uniqueViolated(d *writing, x *schema.Index, holder string) error {
	return failure(UniqueViolated, "unique index %s: document %q has the same value", x.Name, holder).in(d.collection.Name, d.key)
}
