package fabric

import (
	"encoding/binary"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
)

// upkeepState is where the background work stands.
type upkeepState struct {
	foldCursor   []byte            // where the scan for metadata to fold goes on
	stableFresh  bool              // the stable vector moved since the last full scan
	purgeCursor  map[uint32][]byte // collection -> where the look for what can be purged goes on
	stableStored clock.Vector
	trimmedAt    int64  // wall ms
	pointsMoved  bool   // points were merged, or the like, in the open group
	pointsApart  bool   // time series are kept up beside the sequencing side (pointsRound)
	pointsTurn   uint64 // counts what else than commits and upkeep changes points
	draining     map[uint32]bool
	purgePoints  map[uint32]purgingAt
	conflicts    struct {
		cursor []byte // where the look for old conflict records goes on, nil between two rounds
		began  int64  // wall ms of the last round
	}
}

// SetStable tells that everything up to v is applied everywhere. Rows only rise.
func (c *Core) SetStable(v clock.Vector) {
	next := c.pub.stable.Max(v)
	for _, m := range c.members.Members() {
		// The end entry depends on the whole log of the closed incarnation.
		if m.State == member.Closed && next.Covers(m.Closed) && next.At(m.Origin) < m.End {
			next = next.With(m.Origin, m.End)
		}
	}
	if !next.Equal(c.pub.stable) {
		c.pub.stable = next
		c.upkeep.stableFresh = true
		c.show()
	}
}

// SetWatermark tells that no entry stamped at or below t can arrive any more.
func (c *Core) SetWatermark(t clock.Time) { c.watermark = max(c.watermark, t) }

// foldable is the vector below which metadata of a collection's documents may be folded: a local collection has
// no other location to wait for.
func (p *published) foldable(collection *schema.Collection) clock.Vector {
	if collection.Local {
		return p.seen
	}
	return p.stable
}

// upkeepChunk is how many records one round of upkeep works on.
const upkeepChunk = 256

// Upkeep does a bounded round of background work in the open group: folding, expiry, filling of indexes,
// trimming. It returns whether more is waiting. It changes nothing that a reader sees, save that the change
// feed learns of expiries and that new indexes come into use.
func (c *Core) Upkeep(wallMs int64) (more bool, err error) {
	if c.partial.ID != "" || c.broken != nil {
		return false, c.broken
	}
	for _, step := range []func(int64) (bool, error){c.fold, c.expire, c.fill, c.trim, c.trimConflicts, c.forget, c.keepPoints} {
		again, err := step(wallMs)
		if err != nil {
			return false, c.breaks(err)
		}
		more = more || again
	}
	return more, nil
}

// fold rewrites records whose metadata has become stable and deletes removed ones.
func (c *Core) fold(int64) (bool, error) {
	if !c.upkeep.stableFresh && c.upkeep.foldCursor == nil {
		return false, nil
	}
	space := c.keys.Space(nil, layout.Folding)
	lower := space
	if c.upkeep.foldCursor != nil {
		lower = append(c.upkeep.foldCursor, 0)
	} else {
		c.upkeep.stableFresh = false
	}
	keys, err := c.take(lower, layout.End(space), upkeepChunk)
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		if err := c.foldOne(key); err != nil {
			return false, err
		}
	}
	c.upkeep.foldCursor = nil
	if len(keys) == upkeepChunk {
		c.upkeep.foldCursor = keys[len(keys)-1]
	}
	return c.upkeep.foldCursor != nil, nil
}

// take lists the first keys of a range, up to a number of them.
func (c *Core) take(lower, upper []byte, limit int) ([][]byte, error) {
	it, err := c.db.Scan(lower, upper)
	if err != nil {
		return nil, err
	}
	var keys [][]byte
	for len(keys) < limit && it.Next() {
		keys = append(keys, append([]byte(nil), it.Key()...))
	}
	return keys, it.Close()
}

func (c *Core) foldOne(qkey []byte) error {
	fixed, key, ok := layout.Tail(qkey, 12)
	if !ok {
		return corrupt(qkey, nil)
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	done := sequencer.Put{Key: qkey}
	collection, ok := c.schema.Numbered(binary.BigEndian.Uint32(fixed[8:]))
	if !ok {
		work.Deletes = append(work.Deletes, done)
		return c.quietly(&work)
	}
	d := &writing{collection: collection, key: string(key), dkey: c.keys.Document(nil, collection.Number, string(key))}
	record, err := c.current(d.dkey)
	if err != nil {
		return err
	}
	if record == nil || codec.RecordSettled(record) {
		work.Deletes = append(work.Deletes, done)
		return c.quietly(&work)
	}
	doc, err := codec.DecodeDocument(record)
	if err != nil {
		return corrupt(d.dkey, err)
	}
	if doc.Fold(c.pub.foldable(collection), collection.CRDT) {
		work.Deletes = append(work.Deletes, done, sequencer.Put{Key: d.dkey, Guard: guard(d.dkey)})
		c.counters.Purges++
		return c.quietly(&work)
	}
	folded := codec.AppendDocument(nil, doc, collection.CRDT)
	if !codec.RecordSettled(folded) {
		return nil
	}
	work.Deletes = append(work.Deletes, done)
	work.Puts = append(work.Puts, sequencer.Put{Key: d.dkey, Value: folded, Guard: guard(d.dkey)})
	c.counters.Folds++
	return c.quietly(&work)
}

// quietly sequences upkeep that changes nothing that can be seen.
func (c *Core) quietly(work *sequencer.Prepared) error {
	work.Unseen = true
	_, err := c.seq.Sequence(work, 0)
	c.overlaid(work)
	return err
}

// expire reports documents that have expired and deletes those that nothing can bring back.
func (c *Core) expire(wallMs int64) (more bool, err error) {
	for _, collection := range c.schema.All() {
		if !collection.Expiring() {
			continue
		}
		reported, err := c.report(collection, wallMs)
		if err != nil {
			return false, err
		}
		purged, err := c.purge(collection)
		if err != nil {
			return false, err
		}
		more = more || reported || purged
	}
	return more, nil
}

// report moves what has expired from the expiring to the expired and tells the changelog.
func (c *Core) report(collection *schema.Collection, wallMs int64) (bool, error) {
	space := layout.Number(c.keys.Space(nil, layout.Expiring), collection.Number)
	keys, err := c.take(space, layout.Long(append([]byte(nil), space...), uint64(wallMs)+1), upkeepChunk)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	var changes []changelog.Change
	for _, xkey := range keys {
		fixed, key, _ := layout.Tail(xkey, 12)
		at := int64(binary.BigEndian.Uint64(fixed[4:]))
		work.Deletes = append(work.Deletes, sequencer.Put{Key: xkey})
		d := &writing{collection: collection, key: string(key), dkey: c.keys.Document(nil, collection.Number, string(key))}
		record, err := c.current(d.dkey)
		if err == nil {
			err = d.before(record)
		}
		if err != nil {
			return false, err
		}
		if !d.stored || d.oldExpiry != at {
			continue // the open group has moved it already
		}
		work.Puts = append(work.Puts, sequencer.Put{Key: c.keys.Expiry(layout.Expired, collection.Number, at, string(key))})
		stamp, hash := codec.RecordRev(record)
		changes = append(changes, changelog.Change{Type: changelog.Expire, Collection: collection.Number, Name: collection.Name, Key: string(key), Stamp: stamp, Hash: hash})
		c.counters.Expired++
	}
	if err := c.quietly(&work); err != nil {
		return false, err
	}
	if len(changes) > 0 {
		c.seq.Record(changes)
	}
	return len(keys) == upkeepChunk, nil
}

// purge deletes expired documents once the watermark has passed and every stamp in them is stable. It looks at a
// bounded stretch a round: what cannot go yet must neither hide what can nor be looked at all the time.
func (c *Core) purge(collection *schema.Collection) (bool, error) {
	space := layout.Number(c.keys.Space(nil, layout.Expired), collection.Number)
	watermark := c.watermark
	if collection.Local {
		watermark = c.seq.Clock().Now()
	}
	lower := space
	if cursor := c.upkeep.purgeCursor[collection.Number]; cursor != nil {
		lower = append(cursor, 0)
	}
	keys, err := c.take(lower, layout.Long(append([]byte(nil), space...), uint64(watermark.Millis())), upkeepChunk)
	if err != nil {
		return false, err
	}
	if len(keys) == 0 {
		delete(c.upkeep.purgeCursor, collection.Number) // the stretch before was the last: begin anew
		return false, nil
	}
	if settled, err := c.ruleStable(collection); !settled || err != nil {
		return false, err
	}
	delete(c.upkeep.purgeCursor, collection.Number)
	if len(keys) == upkeepChunk {
		c.upkeep.purgeCursor[collection.Number] = keys[len(keys)-1]
	}
	before := c.counters.Purges
	for _, key := range keys {
		if err := c.purgeOne(collection, key); err != nil {
			return false, err
		}
	}
	if c.counters.Purges == before {
		return false, nil
	}
	if !collection.Local {
		// Digests leave local collections out, and their documents go by this location's own clock.
		mark := sequencer.Put{Key: c.keys.State(layout.StateWatermark), Value: layout.Long(nil, uint64(watermark))}
		if err := c.quietly(&sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number(), Puts: []sequencer.Put{mark}}); err != nil {
			return false, err
		}
	}
	return len(keys) == upkeepChunk, nil
}

// ruleStable says whether everybody knows by what rule the documents of a collection expire: whoever does not may
// still write to one as to a living one, which must then be there.
func (c *Core) ruleStable(collection *schema.Collection) (bool, error) {
	if collection.Local {
		return true, nil
	}
	all, _ := c.schema.Collection(schema.Replicated)
	key := c.keys.Document(nil, all.Number, schema.Key(collection.Name, collection.Generation))
	record, err := c.current(key)
	if err != nil || record == nil {
		return false, err
	}
	doc, err := codec.DecodeDocument(record)
	if err != nil {
		return false, corrupt(key, err)
	}
	return doc.Stable(c.pub.stable), nil
}

func (c *Core) purgeOne(collection *schema.Collection, xkey []byte) error {
	fixed, key, _ := layout.Tail(xkey, 12)
	at := int64(binary.BigEndian.Uint64(fixed[4:]))
	d := &writing{collection: collection, key: string(key), dkey: c.keys.Document(nil, collection.Number, string(key))}
	record, err := c.current(d.dkey)
	if err != nil {
		return err
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number(), Deletes: []sequencer.Put{{Key: xkey}}}
	if err := d.before(record); err != nil {
		return err
	}
	if !d.stored || d.oldExpiry != at {
		return c.quietly(&work)
	}
	doc, err := codec.DecodeDocument(record)
	if err != nil {
		return corrupt(d.dkey, err)
	}
	if !doc.Stable(c.pub.foldable(collection)) {
		return nil
	}
	work.Deletes = append(work.Deletes, sequencer.Put{Key: d.dkey, Guard: guard(d.dkey)})
	work.Counts = []sequencer.Count{{Collection: collection.Number, Delta: -1}}
	for i := range collection.Indexes {
		x := &collection.Indexes[i]
		for _, entry := range index.Entries(x, d.oldValue, d.key) {
			ikey := append(c.keys.IndexSpace(nil, x.Number), entry...)
			work.Deletes = append(work.Deletes, sequencer.Put{Key: ikey, Guard: uniqueGuard(x, ikey)})
		}
	}
	c.counters.Purges++
	return c.quietly(&work)
}

// forget deletes idempotency records whose time is over.
func (c *Core) forget(wallMs int64) (bool, error) {
	space := c.keys.Space(nil, layout.Forgetting)
	keys, err := c.take(space, layout.Long(append([]byte(nil), space...), uint64(wallMs)), upkeepChunk)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	for _, key := range keys {
		fixed, hash, _ := layout.Tail(key, 8)
		work.Deletes = append(work.Deletes, sequencer.Put{Key: key})
		ykey := c.keys.Idempotency(hash)
		record, err := c.current(ykey)
		if err != nil {
			return false, err
		}
		// The request may have come again after its time and be remembered anew.
		if r := codec.NewReader("idempotency record", record); record != nil {
			stamp := r.Stamp()
			if _, until := readResults(&r, stamp); uint64(until) <= binary.BigEndian.Uint64(fixed) || r.Err() != nil {
				work.Deletes = append(work.Deletes, sequencer.Put{Key: ykey, Guard: guard(ykey)})
			}
		}
	}
	return len(keys) == upkeepChunk, c.quietly(&work)
}
