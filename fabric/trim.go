package fabric

import (
	"encoding/binary"
	"errors"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/value"
)

// trimEveryMs is how often history is looked at.
const trimEveryMs = 5_000

// trim deletes order records and log entries that are stable and beyond the fabric's history.
func (c *Core) trim(wallMs int64) (bool, error) {
	if wallMs-c.upkeep.trimmedAt < trimEveryMs {
		return false, nil
	}
	c.upkeep.trimmedAt = wallMs
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	if !c.pub.stable.Equal(c.upkeep.stableStored) {
		c.upkeep.stableStored = c.pub.stable
		work.Puts = append(work.Puts, sequencer.Put{Key: c.keys.State(layout.StateStable), Value: codec.AppendVector(nil, c.pub.stable)})
	}
	cuts, last, more, err := c.beyondHistory(wallMs)
	if err != nil {
		return false, err
	}
	if last > 0 {
		c.trimmed = c.trimmed.Max(cuts)
		work.Puts = append(work.Puts, sequencer.Put{Key: c.keys.State(layout.StateTrim), Value: codec.AppendVector(nil, c.trimmed)})
		c.seq.DeleteRange(c.keys.OrderRecord(0), c.keys.OrderRecord(last+1))
		c.counters.Trimmed++
		for _, cut := range cuts {
			if err := c.trimLog(cut); err != nil {
				return false, err
			}
		}
	}
	if err := c.trimTaken(&work); err != nil {
		return false, err
	}
	if more {
		c.upkeep.trimmedAt = 0
	}
	return more, c.quietly(&work)
}

// beyondHistory walks the oldest order records that may go, a bounded number of them.
func (c *Core) beyondHistory(wallMs int64) (cuts clock.Vector, last uint64, more bool, err error) {
	space := c.keys.Space(nil, layout.Order)
	it, err := c.db.Scan(space, layout.End(space))
	if err != nil {
		return nil, 0, false, err
	}
	defer func() { _ = it.Close() }()
	for n := 0; it.Next(); n++ {
		if n == upkeepChunk*16 {
			return cuts, last, true, nil
		}
		r, err := changelog.DecodeRecord(binary.BigEndian.Uint64(it.Key()[len(space):]), it.Value())
		if err != nil {
			return nil, 0, false, corrupt(it.Key(), err)
		}
		if wallMs-r.At < c.limits.History.AgeMs && int64(c.seq.LogBytes()-r.LogBytes) < c.limits.History.Bytes {
			break
		}
		own, whole := stableEnds(&r, c.pub.stable)
		if !whole {
			break
		}
		cuts, last = cuts.Max(own), r.Order
	}
	return cuts, last, false, it.Err()
}

// stableEnds is how far the transactions of a record reach into each log, when all are stable. A record goes whole or
// stays whole: of one that stays, nothing counts as trimmed.
func stableEnds(r *changelog.Record, stable clock.Vector) (ends clock.Vector, whole bool) {
	for i := range r.Transactions {
		if s := r.Transactions[i].Stamp; !s.IsZero() {
			if !stable.Covers(s) {
				return nil, false
			}
			ends.Raise(s.Origin, s.Time)
		}
	}
	return ends, true
}

// conflictRoundsPerHistory is how often all conflict records are looked at within the time that they are kept.
const conflictRoundsPerHistory = 16

// trimConflicts deletes conflict records that were made here longer ago than the fabric's history. They lie in order
// of the write that lost, which after a partition may be older than that when the conflict is found: so each is looked
// at, a bounded number a round.
func (c *Core) trimConflicts(wallMs int64) (bool, error) {
	at := &c.upkeep.conflicts
	if at.cursor == nil && wallMs-at.began < max(c.limits.History.AgeMs/conflictRoundsPerHistory, trimEveryMs) {
		return false, nil
	}
	space := c.keys.Space(nil, layout.Conflicts)
	if at.cursor == nil {
		at.cursor, at.began = space, wallMs
	}
	it, err := c.db.Scan(at.cursor, layout.End(space))
	if err != nil {
		return false, err
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	n := 0
	for ; n < upkeepChunk && it.Next(); n++ {
		at.cursor = append(append([]byte(nil), it.Key()...), 0)
		made, err := conflictTime(it.Value())
		if err != nil {
			return false, errors.Join(corrupt(it.Key(), err), it.Close())
		}
		if wallMs-made >= c.limits.History.AgeMs {
			work.Deletes = append(work.Deletes, sequencer.Put{Key: append([]byte(nil), it.Key()...)})
		}
	}
	if n < upkeepChunk {
		at.cursor = nil
	}
	if err := it.Close(); err != nil {
		return false, err
	}
	return at.cursor != nil, c.quietly(&work)
}

// trimTaken cuts the logs that came with a snapshot, each once its part is stable. Their entries are in no order record
// here, and need no history: feeds begin after the snapshot.
func (c *Core) trimTaken(work *sequencer.Prepared) error {
	key := c.keys.State(layout.StateTaken)
	data, found, err := c.db.Get(key)
	if err != nil || !found {
		return err
	}
	taken, err := codec.DecodeVector(data)
	if err != nil {
		return corrupt(key, err)
	}
	var left clock.Vector
	for _, row := range withClosed(taken, c.members, false) {
		if !c.pub.stable.Covers(clock.Stamp{Time: row.Time, Origin: row.Origin}) {
			left.Raise(row.Origin, row.Time)
			continue
		}
		if err := c.trimLog(row); err != nil {
			return err
		}
	}
	switch {
	case len(left) == 0:
		work.Deletes = append(work.Deletes, sequencer.Put{Key: key})
	case !left.Equal(taken):
		work.Puts = append(work.Puts, sequencer.Put{Key: key, Value: codec.AppendVector(nil, left)})
	}
	return nil
}

// trimLog deletes an origin's log before the last whole record at or below the cut, so that what is left can be
// read from its beginning. A log that was cut beyond that before stays as it is.
func (c *Core) trimLog(cut clock.Row) error {
	if _, there, err := c.db.Get(c.keys.LogRecord(nil, cut.Origin, cut.Time)); err != nil || !there {
		return err
	}
	records, err := c.recordsBack(cut.Origin, cut.Time)
	if err != nil {
		return err
	}
	space, upper := c.keys.LogSpace(cut.Origin), c.keys.LogRecord(nil, cut.Origin, records[0].Time)
	before, err := c.take(space, upper, 1)
	if len(before) > 0 {
		c.seq.DeleteRange(space, upper)
	}
	return err
}

// fill adds to an index that is not ready yet the entries of a stretch of its collection.
func (c *Core) fill(int64) (bool, error) {
	if len(c.openLog) > 0 {
		return false, nil // the group may hold documents that the store does not show yet
	}
	for _, collection := range c.schema.All() {
		for i := range collection.Indexes {
			if x := &collection.Indexes[i]; !x.Ready {
				return true, c.fillSome(collection, x)
			}
		}
	}
	return false, nil
}

func (c *Core) fillSome(collection *schema.Collection, x *schema.Index) error {
	space := c.keys.DocumentSpace(collection.Number)
	lower, ok := c.filling[x.Number]
	if !ok {
		lower = space
		if c.bare(collection, x) { // a version without entries may have written since another put some there
			c.deleteSpace(c.keys.IndexSpace(nil, x.Number))
		}
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	keys, err := c.take(lower, layout.End(space), upkeepChunk)
	if err != nil {
		return err
	}
	for _, dkey := range keys {
		if err := c.fillOne(collection, x, dkey, &work); err != nil {
			return err
		}
	}
	if len(keys) == upkeepChunk {
		c.filling[x.Number] = append(keys[len(keys)-1], 0)
		return c.quietly(&work)
	}
	delete(c.filling, x.Number)
	c.numbers.setIndex(indexID(collection.Identity(), x.Name), indexNumber{number: x.Number, ready: true})
	if err := c.quietly(&work); err != nil {
		return err
	}
	if err := c.writeNumbers(); err != nil {
		return err
	}
	fresh, err := c.readSchema(c.db, c.overlay)
	if err == nil {
		c.schema = fresh
	}
	return err
}

// fillWhole fills a new index in the open group, which holds nothing else but its declaration.
func (c *Core) fillWhole(collection, name string) error {
	for {
		in, ok := c.schema.Collection(collection)
		if !ok {
			return nil
		}
		x, ok := in.IndexNamed(name)
		if !ok || x.Ready {
			return nil
		}
		if err := c.fillSome(in, &x); err != nil {
			return err
		}
	}
}

func (c *Core) fillOne(collection *schema.Collection, x *schema.Index, dkey []byte, work *sequencer.Prepared) error {
	record, err := c.current(dkey)
	if err != nil || record == nil || codec.RecordHidden(record) {
		return err
	}
	doc, err := value.Parse(codec.RecordText(record), storedLimits)
	if err != nil {
		return corrupt(dkey, err)
	}
	key := string(dkey[layout.PrefixLen+5:])
	for _, entry := range index.Entries(x, doc, key) {
		put := sequencer.Put{Key: append(c.keys.IndexSpace(nil, x.Number), entry...)}
		if x.Unique {
			put.Value, put.Guard = []byte(key), guard(put.Key)
		}
		work.Puts = append(work.Puts, put)
	}
	return nil
}
