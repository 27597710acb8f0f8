package fabric

import (
	"bytes"
	"fmt"
	"slices"

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
func (c *Core) effects(p *sequencer.Prepared, d *writing, stamps []int, wallMs int64) {
	p.Puts = append(p.Puts, sequencer.Put{Key: d.dkey, Value: d.record, Stamps: stamps, Guard: guard(d.dkey)})
	if !codec.RecordQuiet(d.record) && (d.old == nil || codec.RecordSettled(d.old)) {
		p.Puts = append(p.Puts, sequencer.Put{Key: c.keys.Fold(clock.TimeOf(wallMs), d.collection.Number, d.key)})
	}
	if delta := b2i(d.exists) - b2i(d.stored); delta != 0 {
		p.Counts = append(p.Counts, sequencer.Count{Collection: d.collection.Number, Delta: delta})
	}
	for i := range d.collection.Indexes {
		c.indexEffects(p, d, &d.collection.Indexes[i])
	}
	if d.collection.Expiring() {
		c.expiryEffects(p, d)
	}
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
		return // its entry stays where it is: it may have been reported
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
func (c *Core) indexEffects(p *sequencer.Prepared, d *writing, x *schema.Index) {
	var was, now [][]byte
	if d.stored {
		was = index.Entries(x, d.oldValue, d.key)
	}
	if d.exists {
		now = index.Entries(x, d.value, d.key)
	}
	in, before := entrySet(now), entrySet(was)
	for _, entry := range was {
		if !in(entry) {
			key := append(c.keys.IndexSpace(nil, x.Number), entry...)
			p.Deletes = append(p.Deletes, sequencer.Put{Key: key, Guard: uniqueGuard(x, key)})
		}
	}
	for _, entry := range now {
		if before(entry) {
			continue
		}
		key := append(c.keys.IndexSpace(make([]byte, 0, 12+len(entry)), x.Number), entry...)
		put := sequencer.Put{Key: key, Guard: uniqueGuard(x, key)}
		if x.Unique {
			d.unique = append(d.unique, reservation{x.Name, key})
			put.Value = []byte(d.key)
		}
		p.Puts = append(p.Puts, put)
	}
}

func uniqueGuard(x *schema.Index, key []byte) uint64 {
	if x.Unique {
		return guard(key)
	}
	return 0
}

// fewEntries is up to where comparing all is faster than a table.
const fewEntries = 16

// entrySet says what is among some entries.
func entrySet(entries [][]byte) func(entry []byte) bool {
	if len(entries) <= fewEntries {
		return func(entry []byte) bool {
			return slices.ContainsFunc(entries, func(e []byte) bool { return bytes.Equal(e, entry) })
		}
	}
	set := make(map[string]bool, len(entries))
	for _, e := range entries {
		set[string(e)] = true
	}
	return func(entry []byte) bool { return set[string(entry)] }
}

// reservation is an entry of a unique index that a document takes.
type reservation struct {
	index string
	key   []byte
}

// reserve checks that the unique values that the transaction takes are free after it, and adds them to the read set
// so that they stay so. One document may take what another one of the transaction gives up.
func (c *Core) reserve(p *Prepared) error {
	var taken map[string]string
	var freed map[string]bool
	for _, d := range p.docs {
		for _, r := range d.unique {
			if taken == nil {
				taken, freed = map[string]string{}, map[string]bool{}
				for i := range p.Deletes {
					freed[string(p.Deletes[i].Key)] = true
				}
			}
			if holder, ok := taken[string(r.key)]; ok {
				return d.failed(uniqueViolated(d, r.index, holder))
			}
			taken[string(r.key)] = d.key
			p.Reads = append(p.Reads, guard(r.key))
			if freed[string(r.key)] {
				continue
			}
			holder, err := c.get(p, r.key)
			if err != nil {
				return err
			}
			if holder != nil && string(holder) != d.key {
				return d.failed(uniqueViolated(d, r.index, string(holder)))
			}
		}
	}
	return nil
}

func uniqueViolated(d *writing, name, holder string) error {
	return failure(UniqueViolated, "unique index %s: document %q has the same value", name, holder).in(d.collection.Name, d.key)
}
