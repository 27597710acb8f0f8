package fabric

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
)

// Truncate empties a collection: one entry, however many documents there are. It works in the open group, which then
// holds every record anew: what others write at the same time may bring a document back, and brings it back whole. So
// a collection with more than Limits.TruncateBytes is refused.
func (c *Core) Truncate(name string, wallMs int64) (clock.Stamp, error) {
	if err := c.usable(); err != nil {
		return clock.Stamp{}, err
	}
	collection, ok := c.schema.Collection(name)
	if !ok || collection.Number < schema.FirstNumber {
		return clock.Stamp{}, failure(CollectionNotFound, "collection %q does not exist", name).in(name, "")
	}
	if err := c.truncatable(collection); err != nil {
		return clock.Stamp{}, err
	}
	change := codec.AppendChange(nil, codec.Change{Kind: codec.Truncate, Collection: collection.Name, Generation: collection.Generation})
	p := sequencer.Prepared{Snapshot: c.seq.Number(), Body: change}
	if collection.Local {
		p.Body, p.Local = nil, change
	}
	p.BodyHash = codec.BodyHash(p.Body)
	seen := withClosed(c.seq.Vector(), c.members, true).Clone()
	stamp, err := c.seq.Sequence(&p, wallMs)
	if err != nil {
		return clock.Stamp{}, err
	}
	c.openLog = append(c.openLog, openRecord{stamp, p.Body})
	m := merging{core: c, entry: &codec.Entry{Stamp: stamp}, seen: seen, wallMs: wallMs}
	m.out.Quiet, m.out.Snapshot = true, c.seq.Number()
	if err := c.truncateDocuments(collection, stamp, seen, &m.out, &m); err != nil {
		return clock.Stamp{}, c.breaks(err)
	}
	m.clear()
	if _, err := c.seq.Sequence(&m.out, wallMs); err != nil {
		return clock.Stamp{}, c.breaks(err)
	}
	c.overlaid(&m.out)
	c.seq.Amend(m.out.Changes)
	return stamp, nil
}

// truncatable refuses collections that are too large to be emptied at once.
func (c *Core) truncatable(collection *schema.Collection) error {
	space := c.keys.DocumentSpace(collection.Number)
	it, err := c.db.Scan(space, layout.End(space))
	if err != nil {
		return err
	}
	n := 0
	for n <= c.limits.TruncateBytes && it.Next() {
		n += len(it.Value())
	}
	if err := it.Close(); err != nil {
		return err
	}
	if n > c.limits.TruncateBytes {
		return failure(TooLarge, "collection %s holds more than the %d bytes that can be emptied at once: drop it and create it anew, or remove documents in parts", collection.Name, c.limits.TruncateBytes).in(collection.Name, "")
	}
	return nil
}

// truncateDocuments merges a removal into every record of the collection and remembers it for records to come.
func (c *Core) truncateDocuments(collection *schema.Collection, stamp clock.Stamp, seen clock.Vector, out *sequencer.Prepared, m *merging) error {
	if old := c.truncated[collection.Number]; old.Less(stamp) {
		m.undone = append(m.undone, func() {
			if c.truncated[collection.Number] = old; old.IsZero() {
				delete(c.truncated, collection.Number)
			}
		})
		c.truncated[collection.Number] = stamp
		out.Puts = append(out.Puts, sequencer.Put{Key: layout.Number(c.keys.State(layout.StateTruncate), collection.Number), Value: codec.AppendStamp(nil, stamp)})
	}
	if err := m.truncatePoints(collection, stamp, out); err != nil {
		return err
	}
	return c.eachRecord(collection.Number, func(dkey, record []byte) error {
		d := &writing{collection: collection, key: string(dkey[layout.PrefixLen+5:]), dkey: dkey}
		if err := d.before(record); err != nil {
			return err
		}
		doc, err := c.decode(record, collection, &c.pub)
		if err != nil {
			return corrupt(dkey, err)
		}
		losses, err := doc.Merge(stamp, seen, crdt.Op{Kind: crdt.OpUnset}, nil)
		if err != nil {
			return err
		}
		m.losses(d, losses)
		return m.store(d, doc)
	})
}
