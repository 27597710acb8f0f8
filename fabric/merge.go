package fabric

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// Apply merges one entry of another location into the open group. Entries of an origin come in order and after
// their dependencies: replication sees to that, and Apply refuses what breaks it. The entry's slices are kept.
func (c *Core) Apply(e *codec.Entry, wallMs int64) error {
	if head := c.seq.Head(e.Stamp.Origin); e.Prev != head.End || e.Stamp.Time <= head.End {
		return fmt.Errorf("entry %s follows %s, the log here ends at %s", e.Stamp, e.Prev, head.End)
	}
	if err := c.usable(); err != nil {
		return err
	}
	changes, err := codec.DecodeChanges(e.Body)
	if err != nil {
		return fmt.Errorf("entry %s: %w", e.Stamp, err)
	}
	m := merging{core: c, entry: e, seen: c.seenBy(e), wallMs: wallMs}
	m.out.Remote, m.out.Body, m.out.Snapshot, m.out.Mark = e, e.Body, c.seq.Number(), onlyMarks(changes)
	members := c.members
	for i := range changes {
		if err := m.change(&changes[i], i); err != nil {
			c.members = members
			m.undo()
			return fmt.Errorf("entry %s: %w", e.Stamp, err)
		}
	}
	m.clear()
	if _, err := c.seq.Sequence(&m.out, wallMs); err != nil {
		return c.breaks(fmt.Errorf("entry %s: %w", e.Stamp, err))
	}
	c.overlaid(&m.out)
	c.openLog = append(c.openLog, openRecord{e.Stamp, e.Body})
	c.counters.Entries++
	if m.touches {
		if err := c.changeSchema(m.overtaken); err != nil {
			return c.breaks(fmt.Errorf("entry %s: %w", e.Stamp, err))
		}
	}
	c.settle()
	return nil
}

// Refusal is an entry that was not applied, and with it all that follows it in its log.
type Refusal struct {
	Stamp clock.Stamp
	Prev  clock.Time // where that log ends here
	Err   error      // nil when it only depends on another that was refused
}

// ApplyAll merges entries of other locations, in causal order, into the open group. One that cannot be applied holds up
// its own log and what depends on it, and nothing else. After an error nothing more can be applied.
func (c *Core) ApplyAll(entries []codec.Entry, wallMs int64) (refused []Refusal, err error) {
	for i := range entries {
		e := &entries[i]
		held, behind := false, false
		for _, r := range refused {
			behind = behind || r.Stamp.Origin == e.Stamp.Origin
			held = held || e.Deps.Covers(r.Stamp)
		}
		if behind {
			continue
		}
		if held {
			refused = append(refused, Refusal{e.Stamp, e.Prev, nil})
			continue
		}
		if err := c.Apply(e, wallMs); err != nil {
			if c.usable() != nil {
				return refused, err
			}
			refused = append(refused, Refusal{e.Stamp, e.Prev, err})
		}
	}
	return refused, nil
}

// seenBy is everything that an entry's transaction had seen: its dependencies, its own log, and the logs of
// incarnations whose end it had seen.
func (c *Core) seenBy(e *codec.Entry) clock.Vector {
	return withClosed(e.Deps.With(e.Stamp.Origin, e.Prev), c.members, false)
}

// withClosed adds the final ends of closed incarnations, whose rows vectors no longer carry: those whose end
// lies within the vector, or all.
func withClosed(v clock.Vector, members member.Table, all bool) clock.Vector {
	for {
		before := len(v)
		for _, m := range members.Members() {
			if m.State == member.Closed && m.End != 0 && v.At(m.Origin) < m.End && (all || v.Covers(m.Closed)) {
				v = v.With(m.Origin, m.End)
			}
		}
		if len(v) == before {
			return v
		}
	}
}

// settle takes the rows of closed incarnations out of the vector.
func (c *Core) settle() {
	for _, row := range c.seq.Vector() {
		if settled := c.members.Settle(clock.Vector{row}); len(settled) == 0 {
			c.seq.Forget(row.Origin)
		}
	}
}

// merging is one entry on its way into the store.
type merging struct {
	core    *Core
	entry   *codec.Entry
	seen    clock.Vector
	wallMs  int64
	out     sequencer.Prepared
	touches bool
	cleared [][2][]byte // ranges of keys that are deleted before out
	undone  []func()    // takes back what the entry changed in memory so far
}

// undo takes back what a refused entry did, so that the entries after it in the group find what is in the batch.
func (m *merging) undo() {
	for i := len(m.undone) - 1; i >= 0; i-- {
		m.undone[i]()
	}
}

// overlay shows a record to what comes after it in the entry.
func (m *merging) overlay(dkey, record []byte) {
	overlay, key := m.core.overlay, string(dkey)
	if old, ok := overlay[key]; ok {
		m.undone = append(m.undone, func() { overlay[key] = old })
	} else {
		m.undone = append(m.undone, func() { delete(overlay, key) })
	}
	overlay[key] = record
}

func (m *merging) change(ch *codec.Change, number int) error {
	switch ch.Kind {
	case codec.Document:
		return m.document(ch)
	case codec.Truncate:
		return m.truncate(ch)
	case codec.Member:
		return m.core.applyMember(ch.Data, m.entry.Stamp, &m.out)
	case codec.Idempotency:
		return m.core.rememberRemote(ch.Data, m.entry.Stamp, &m.out)
	case codec.Points:
		return m.points(ch, number)
	case codec.Mark:
		return nil
	}
	return fmt.Errorf("change of %s is not known to this version", ch.Kind)
}

// applyMember changes the membership table with the entry's batch.
func (c *Core) applyMember(data []byte, stamp clock.Stamp, out *sequencer.Prepared) error {
	change, err := member.DecodeChange(data)
	if err != nil {
		return err
	}
	table, err := c.members.Apply(change, stamp)
	if err != nil {
		return err
	}
	c.members = table
	out.Puts = append(out.Puts, sequencer.Put{Key: c.keys.State(layout.StateMembers), Value: table.Append(nil)})
	return nil
}

// document merges the operations on one document.
func (m *merging) document(ch *codec.Change) error {
	c := m.core
	collection, ok := c.schema.Identified(schema.Identity{Name: ch.Collection, Generation: ch.Generation})
	if !ok {
		m.dropped(ch, m.entry.Stamp)
		return nil
	}
	d := &writing{collection: collection, key: ch.Key, dkey: c.keys.Document(nil, collection.Number, ch.Key)}
	old, err := c.current(d.dkey)
	if err != nil {
		return err
	}
	if err := d.before(old); err != nil {
		return err
	}
	doc, err := c.decode(old, collection, &c.pub)
	if err != nil {
		return corrupt(d.dkey, err)
	}
	if at, ok := c.truncated[collection.Number]; ok && old == nil {
		if _, err := doc.Merge(at, nil, crdt.Op{Kind: crdt.OpUnset}, nil); err != nil {
			return err
		}
	}
	log := &logReader{core: c, change: ch}
	for i := range ch.Ops {
		losses, err := doc.Merge(m.entry.Stamp, m.seen, ch.Ops[i], log)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", ch.Collection, ch.Key, err)
		}
		m.losses(d, losses)
	}
	c.counters.Merged++
	return m.store(d, doc)
}

// current is the stored record of a document, the open group included.
func (c *Core) current(dkey []byte) ([]byte, error) {
	if record, ok := c.overlay[string(dkey)]; ok {
		return record, nil
	}
	record, _, err := c.db.Get(dkey)
	return record, err
}

// before notes what the document was in the store, whether expired or not.
func (d *writing) before(old []byte) error {
	d.old, d.oldExpiry = old, index.Never
	if old == nil || codec.RecordHidden(old) {
		return nil
	}
	v, err := value.Parse(codec.RecordText(old), storedLimits)
	if err != nil {
		return corrupt(d.dkey, err)
	}
	d.oldValue, d.stored = v, true
	if d.collection.Expiring() {
		d.oldExpiry = index.ExpiresAt(d.collection, v)
	}
	return nil
}

// store encodes a merged document and adds its effects and its change.
func (m *merging) store(d *writing, doc *crdt.Document) error {
	d.record = codec.AppendDocument(nil, doc, d.collection.CRDT)
	d.value, d.exists = doc.View(d.collection.CRDT)
	d.text = codec.RecordText(d.record)
	stamp, hash := codec.RecordRev(d.record)
	d.hash = hash
	if d.collection.Number < schema.FirstNumber {
		m.touches = true
	}
	m.core.effects(&m.out, d, nil, m.wallMs)
	m.overlay(d.dkey, d.record)
	if d.exists || d.stored {
		change := d.change()
		change.Stamp = stamp
		m.out.Changes = append(m.out.Changes, change)
	}
	return nil
}

// losses records what lost to a concurrent write.
func (m *merging) losses(d *writing, losses []crdt.Loss) {
	for i := range losses {
		l := &losses[i]
		record := ConflictRecord{Collection: d.collection.Name, Key: d.key, Path: l.Path.String(), Reason: "concurrent", At: m.wallMs,
			Kept: ConflictSide{l.Kept, l.KeptPresent, l.KeptStamp}, Lost: ConflictSide{l.Lost, l.LostPresent, l.LostStamp}}
		m.conflict(record)
	}
}

// dropped records writes to a generation that has ended.
func (m *merging) dropped(ch *codec.Change, stamp clock.Stamp) {
	for i := range ch.Ops {
		op := &ch.Ops[i]
		m.conflict(ConflictRecord{Collection: ch.Collection, Key: ch.Key, Path: op.Path.String(), Reason: "dropped", At: m.wallMs,
			Lost: ConflictSide{op.Value, op.Kind != crdt.OpUnset, stamp}})
	}
}

// overtaken records the writes to a collection that the entry, which drops it, had not seen: those that arrive after
// it are recorded, and so must those that came before it be. They are read from the logs, which hold everything that
// some location may not have seen.
func (m *merging) overtaken(collection *schema.Collection) error {
	c := m.core
	late := merging{core: c, wallMs: m.wallMs}
	saw := m.seen.With(m.entry.Stamp.Origin, m.entry.Stamp.Time)
	for _, row := range withClosed(c.seq.Vector(), c.members, true).Clone() {
		if row.Time <= saw.At(row.Origin) {
			continue
		}
		err := c.eachBody(row.Origin, saw.At(row.Origin), row.Time, func(at clock.Time, body []byte) error {
			changes, err := codec.DecodeChanges(body)
			if err != nil {
				return fmt.Errorf("log of origin %s at %s: %w: %w", row.Origin, at, kv.ErrCorrupt, err)
			}
			for i := range changes {
				ch, stamp := &changes[i], clock.Stamp{Time: at, Origin: row.Origin}
				if ch.Collection != collection.Name || ch.Generation != collection.Generation {
					continue
				}
				switch ch.Kind {
				case codec.Document:
					late.dropped(ch, stamp)
				case codec.Points:
					if err := late.overtakenPoints(ch, stamp); err != nil {
						return err
					}
				}
			}
			late.out.Quiet, late.out.Snapshot = true, c.seq.Number()
			err = c.quietly(&late.out)
			late.out = sequencer.Prepared{}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *merging) conflict(r ConflictRecord) {
	m.core.counters.Conflicts++
	place := uint32(guard([]byte(r.Collection + "\x00" + r.Key + "\x00" + r.Path)))
	m.out.Puts = append(m.out.Puts, sequencer.Put{Key: m.core.keys.Conflict(r.Lost.Stamp, place), Value: appendConflict(nil, &r)})
}

// truncate removes every document of a collection that its transaction could remove: a document with a later
// stamp stays. Documents that arrive later with an earlier stamp are removed on arrival.
func (m *merging) truncate(ch *codec.Change) error {
	c := m.core
	collection, ok := c.schema.Identified(schema.Identity{Name: ch.Collection, Generation: ch.Generation})
	if !ok {
		return nil
	}
	return c.truncateDocuments(collection, m.entry.Stamp, m.seen, &m.out, m)
}

// logReader answers for one change what a running sum has forgotten.
type logReader struct {
	core   *Core
	change *codec.Change
}

// Deltas adds up the deltas of one origin in a stretch of its log, at one path of the document.
func (l *logReader) Deltas(o clock.Origin, path value.Path, after, upTo clock.Time) (int64, error) {
	c := l.core
	c.counters.LogReads++
	var sum int64
	add := func(body []byte) error {
		changes, err := codec.DecodeChanges(body)
		if err != nil {
			return err
		}
		for i := range changes {
			ch := &changes[i]
			if ch.Kind != codec.Document || ch.Collection != l.change.Collection || ch.Generation != l.change.Generation || ch.Key != l.change.Key {
				continue
			}
			sum += deltas(ch.Ops, path)
		}
		return nil
	}
	return sum, c.eachBody(o, after, upTo, func(_ clock.Time, body []byte) error { return add(body) })
}

// eachBody visits the bodies of a stretch of an origin's log, after one time up to another, the open group included.
func (c *Core) eachBody(o clock.Origin, after, upTo clock.Time, visit func(at clock.Time, body []byte) error) error {
	space := c.keys.LogSpace(o)
	err := each(c.db, c.keys.LogRecord(nil, o, after.Next()), c.keys.LogRecord(nil, o, upTo.Next()), func(key, data []byte) error {
		t := clock.Time(binary.BigEndian.Uint64(key[len(space):]))
		body, err := codec.RecordBody(t, data)
		if err != nil {
			return fmt.Errorf("log of origin %s at %s: %w: %w", o, t, kv.ErrCorrupt, err)
		}
		return visit(t, body)
	})
	for i := range c.openLog {
		if r := &c.openLog[i]; err == nil && r.stamp.Origin == o && r.stamp.Time > after && r.stamp.Time <= upTo {
			err = visit(r.stamp.Time, r.body)
		}
	}
	return err
}

// deltas adds up the deltas at a path in one entry; an operation that clears the path begins anew.
func deltas(ops []crdt.Op, path value.Path) (sum int64) {
	for i := range ops {
		switch op := &ops[i]; {
		case op.Kind == crdt.OpDelta && op.Path.Equal(path):
			sum += op.Number
		case op.Kind == crdt.OpInsert && path.HasPrefix(op.Path),
			(op.Kind == crdt.OpAssign || op.Kind == crdt.OpUnset) && op.Path.Equal(path):
			sum = 0
		}
	}
	return sum
}

// showDeclarations writes the views of documents anew where a declaration chose another one for data that is
// there already.
func (c *Core) showDeclarations(old, fresh *schema.Schema) error {
	for _, now := range fresh.All() {
		was, ok := old.Identified(now.Identity())
		if !ok || value.Identical(was.CRDT.Value(), now.CRDT.Value()) {
			continue
		}
		if err := c.reviewCollection(now); err != nil {
			return err
		}
	}
	return nil
}

func (c *Core) reviewCollection(collection *schema.Collection) error {
	m := merging{core: c}
	m.out.Quiet, m.out.Snapshot = true, c.seq.Number()
	err := c.eachRecord(collection.Number, func(dkey, record []byte) error {
		d := &writing{collection: collection, key: string(dkey[layout.PrefixLen+5:]), dkey: dkey}
		if err := d.before(record); err != nil {
			return err
		}
		doc, err := c.decode(record, collection, &c.pub)
		if err != nil {
			return corrupt(dkey, err)
		}
		if shown, _ := doc.View(collection.CRDT); value.Identical(shown, d.oldValue) {
			return nil
		}
		return m.store(d, doc)
	})
	if err != nil || len(m.out.Puts) == 0 {
		return err
	}
	changes := m.out.Changes
	if _, err := c.seq.Sequence(&m.out, 0); err != nil {
		return err
	}
	c.seq.Amend(changes)
	return nil
}

// eachRecord visits the records of a collection, the open group included. The slices may be kept.
func (c *Core) eachRecord(collection uint32, visit func(dkey, record []byte) error) error {
	space := c.keys.DocumentSpace(collection)
	ahead := map[string][]byte{} // as it is now: a visit may add to the overlay
	for key, record := range c.overlay {
		if strings.HasPrefix(key, string(space)) {
			ahead[key] = record
		}
	}
	err := each(c.db, space, layout.End(space), func(key, data []byte) error {
		if _, ok := ahead[string(key)]; ok {
			return nil
		}
		return visit(append([]byte(nil), key...), append([]byte(nil), data...))
	})
	if err != nil {
		return err
	}
	for _, key := range sortedKeys(ahead) {
		if ahead[key] != nil {
			if err := visit([]byte(key), ahead[key]); err != nil {
				return err
			}
		}
	}
	return nil
}
