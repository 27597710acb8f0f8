package fabric

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
)

// What replication reads: durable state only.

// ErrTrimmed means that the log no longer holds what was asked for.
var ErrTrimmed = errors.New("the log no longer holds these entries")

// ErrUnlinked means that the log here never had an entry at the point asked for: whoever has one follows a fork.
var ErrUnlinked = errors.New("the log has no entry at this point")

// ErrAbsent means that the log does not hold an entry with this time.
var ErrAbsent = errors.New("the log does not hold this entry")

// Progress is what is durable here, all of one moment.
type Progress struct {
	Self     clock.Origin
	Vector   clock.Vector
	OwnEnd   clock.Time
	OwnChain uint32
	Vouched  clock.Time // no entry after OwnEnd will be stamped at or below this
	Members  member.Table
	Partial  SnapshotMark
}

// Progress tells how far the durable state is. It may move the clock, up to the time that it vouches for, and
// belongs to the sequencing side.
func (c *Core) Progress(wallMs int64) Progress {
	d := c.durable.Load()
	p := Progress{Self: d.self, Vector: d.vector, OwnEnd: d.end, Vouched: d.end, Members: d.members, Partial: c.partial}
	head := d.head(p.Self)
	p.OwnChain = head.Chain
	if p.Self != 0 && p.Self == c.seq.Self() && c.broken == nil && !c.distrusted && c.seq.Head(p.Self).End == d.end && !c.seq.Open() {
		p.Vouched = max(d.end, c.seq.Clock().Vouch(wallMs))
		c.vouched.Store(uint64(c.seq.Clock().Now()))
	}
	return p
}

// ReadLog returns a batch of consecutive durable entries of an origin after a time, about maxBytes of them and
// at least one; empty when nothing follows.
func (c *Core) ReadLog(origin clock.Origin, after clock.Time, maxBytes int) (batch []byte, last clock.Time, err error) {
	d := c.durable.Load()
	end := d.head(origin).End
	if after >= end {
		return nil, after, nil
	}
	space := c.keys.LogSpace(origin)
	it, err := c.db.Scan(c.keys.LogRecord(nil, origin, after.Next()), c.keys.LogRecord(nil, origin, end.Next()))
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = it.Close() }()
	var records []codec.LogRecord
	size := 0
	for it.Next() && size < maxBytes && len(records) < codec.MaxBatchEntries {
		t := clock.Time(binary.BigEndian.Uint64(it.Key()[len(space):]))
		data := append([]byte(nil), it.Value()...)
		if len(records) == 0 {
			prev, _, err := codec.RecordChain(t, data)
			if err != nil {
				return nil, 0, corrupt(it.Key(), err)
			}
			if prev < after {
				return nil, 0, fmt.Errorf("origin %s after %s: the log here goes on from %s to %s: %w", origin, after, prev, t, ErrUnlinked)
			}
			if prev > after {
				return nil, 0, fmt.Errorf("origin %s after %s: %w", origin, after, ErrTrimmed)
			}
		}
		size += len(data)
		records = append(records, codec.LogRecord{Time: t, Data: data})
	}
	if err := it.Err(); err != nil {
		return nil, 0, err
	}
	if len(records) == 0 {
		return nil, 0, fmt.Errorf("origin %s after %s: %w", origin, after, ErrTrimmed)
	}
	batch, err = codec.AppendBatch(make([]byte, 0, size+64), origin, after, records)
	return batch, records[len(records)-1].Time, err
}

// Past is what the entry after (origin, at) is coded against.
func (c *Core) Past(origin clock.Origin, at clock.Time) (codec.Past, error) {
	head, err := c.headAt(origin, at)
	return head.Past, err
}

// ChainAt is the chain hash at an entry.
func (c *Core) ChainAt(origin clock.Origin, at clock.Time) (uint32, bool) {
	if at == 0 {
		return 0, true
	}
	if d := c.durable.Load().head(origin); d.End == at {
		return d.Chain, true
	}
	data, found, err := c.db.Get(c.keys.LogRecord(nil, origin, at))
	if err != nil || !found {
		return 0, false
	}
	_, chain, err := codec.RecordChain(at, data)
	return chain, err == nil
}

func (c *Core) headAt(origin clock.Origin, at clock.Time) (sequencer.Head, error) {
	if at == 0 {
		return sequencer.Head{Origin: origin}, nil
	}
	if d := c.durable.Load().head(origin); d.End == at {
		return d, nil
	}
	if _, found, err := c.db.Get(c.keys.LogRecord(nil, origin, at)); err != nil || !found {
		return sequencer.Head{}, errors.Join(fmt.Errorf("origin %s at %s: %w", origin, at, ErrAbsent), err)
	}
	return c.loadHead(clock.Row{Origin: origin, Time: at})
}

// Members is the membership as sequenced.
func (c *Core) Members() member.Table { return c.members }

// Self is the origin that this location commits under, 0 before it has joined.
func (c *Core) Self() clock.Origin { return c.seq.Self() }

// Stable is the stable vector as last told.
func (c *Core) Stable() clock.Vector { return c.state.Load().stable }

// Watermark is the watermark as last told.
func (c *Core) Watermark() clock.Time { return c.watermark }

// behindLimit bounds how many entries are counted.
const behindLimit = 100_000

// Behind counts what this location's own log holds after a time: entries and bytes, as far as behindLimit.
func (f *Fabric) Behind(after clock.Time) (entries, bytes int64) {
	c := f.core.Load()
	self := c.state.Load().self
	end := c.durable.Load().end
	if after >= end {
		return 0, 0
	}
	it, err := c.db.Scan(c.keys.LogRecord(nil, self, after.Next()), c.keys.LogRecord(nil, self, end.Next()))
	if err != nil {
		return 0, 0
	}
	defer func() { _ = it.Close() }()
	for entries < behindLimit && it.Next() {
		entries++
		bytes += int64(len(it.Value()))
	}
	return entries, bytes
}

// OldestAfter is the time of the first entry of this location's own durable log after a time, zero when there is none.
func (f *Fabric) OldestAfter(after clock.Time) clock.Time {
	c := f.core.Load()
	self := c.state.Load().self
	end := c.durable.Load().end
	if after >= end {
		return 0
	}
	it, err := c.db.Scan(c.keys.LogRecord(nil, self, after.Next()), c.keys.LogRecord(nil, self, end.Next()))
	if err != nil {
		return 0
	}
	defer func() { _ = it.Close() }()
	if !it.Next() {
		return 0
	}
	return clock.Time(binary.BigEndian.Uint64(it.Key()[len(c.keys.LogSpace(self)):]))
}

// OwnLog visits this location's own entries after a time: their stamps and changes, local ones left out. It is how
// what only this location has is taken out of a log that must not go on.
func (f *Fabric) OwnLog(after clock.Time, visit func(clock.Stamp, []codec.Change) error) error {
	c := f.core.Load()
	self := c.state.Load().self
	space := c.keys.LogSpace(self)
	return each(c.db, c.keys.LogRecord(nil, self, after.Next()), layout.End(space), func(key, data []byte) error {
		t := clock.Time(binary.BigEndian.Uint64(key[len(space):]))
		body, err := codec.RecordBody(t, data)
		if err != nil {
			return corrupt(key, err)
		}
		changes, err := codec.DecodeChanges(body)
		if err != nil {
			return corrupt(key, err)
		}
		return visit(clock.Stamp{Time: t, Origin: self}, changes)
	})
}

// Whoever sees what was committed here must see, before it, what was applied here of the system fabric: a permission
// revoked before is revoked before. Each entry says so with one time, that of the newest entry in the system fabric's
// log of this location. Whoever has applied that log so far has applied, causal order being kept, all that this entry
// had seen. When something of others came since, a mark is committed in the system fabric first: an entry that holds
// nothing and has seen everything. Marks of others need no mark, so an idle system fabric stays idle.

// ownEnd is the time of the newest entry of this location that readers can have seen.
func (f *Fabric) ownEnd() clock.Time { return f.core.Load().state.Load().own }

// markSystem sees to it that the system fabric's log of this location speaks for all that was applied of it here. When
// the system fabric takes no mark, commits go on with what its log says, are counted, and Unmarked says so: a permission
// that was revoked elsewhere may then still count, at a third location, for what is written here.
func (f *Fabric) markSystem(ctx context.Context) error {
	s := f.cfg.System
	if s == nil {
		return nil
	}
	if !s.core.Load().state.Load().ahead {
		f.said(nil)
		return nil
	}
	_, err := s.commit(ctx, false, func(core *Core, wall int64, inOrder bool) (*Prepared, error) {
		return core.prepareMark(wall, inOrder), nil
	})
	if err != nil && ctx.Err() != nil {
		return timedOut(ctx, "the system fabric has not noted yet what this location has seen of it")
	}
	f.said(err)
	return nil
}

// said notes whether a commit could say what its location has seen of the system fabric.
func (f *Fabric) said(err error) {
	if err != nil {
		f.unmarked.Add(1)
		f.unsaid.Store(&err)
	} else if f.unsaid.Load() != nil {
		f.unsaid.Store(nil)
	}
}

// Unmarked says why commits here do not come, at other locations, after all that this location has seen of the system
// fabric: nil when they do, and when the system fabric takes writes again.
func (f *Fabric) Unmarked() error {
	if e := f.unsaid.Load(); e != nil && f.cfg.System.WritesRefused() != nil {
		return *e
	}
	return nil
}

// prepareMark prepares an entry that holds nothing. It is sequenced only where it is still wanted.
func (c *Core) prepareMark(wallMs int64, inOrder bool) *Prepared {
	p := c.begin(wallMs, inOrder)
	p.mark, p.Body = true, codec.AppendChange(nil, codec.Change{Kind: codec.Mark})
	p.BodyHash = codec.BodyHash(p.Body)
	return p
}

// onlyMarks says that an entry holds nothing but marks of what its location had seen. Marks of a collection have a
// meaning of their own.
func onlyMarks(changes []codec.Change) bool {
	for i := range changes {
		if ch := &changes[i]; ch.Kind != codec.Mark || ch.Collection != "" {
			return false
		}
	}
	return len(changes) > 0
}

// Known is what is durable here and who takes part, both of one moment.
func (f *Fabric) Known() (clock.Vector, member.Table) {
	d := f.core.Load().durable.Load()
	return d.vector, d.members
}

// Arrival counts the durable entries of one origin since the fabric was opened.
type Arrival struct {
	Origin  clock.Origin
	Entries uint64
	Last    clock.Time // of the newest
	LagMs   int64      // how old that was when it was durable here, by the clock here
}

// tally counts the entries of a group by origin.
func tally(entries []openRecord) []Arrival {
	var out []Arrival
	for _, e := range entries {
		i := slices.IndexFunc(out, func(a Arrival) bool { return a.Origin == e.stamp.Origin })
		if i < 0 {
			i, out = len(out), append(out, Arrival{Origin: e.stamp.Origin})
		}
		out[i].Entries++
		out[i].Last = max(out[i].Last, e.stamp.Time)
	}
	return out
}

// arrivals keeps the counts, and for the own log how many there were up to some times of the last while.
type arrivals struct {
	mu   sync.Mutex
	list []Arrival
	own  []ownCount // in order of time
}

type ownCount struct {
	until   clock.Time
	entries uint64
}

// The own log is counted up to a time each ownEvery milliseconds, for as long as ownKept of these last.
const ownEvery, ownKept = 20, 2048

func (a *arrivals) add(g *Group, wallMs int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range g.brought {
		i := slices.IndexFunc(a.list, func(x Arrival) bool { return x.Origin == b.Origin })
		if i < 0 {
			i, a.list = len(a.list), append(a.list, Arrival{Origin: b.Origin})
		}
		in := &a.list[i]
		in.Entries, in.Last, in.LagMs = in.Entries+b.Entries, b.Last, max(wallMs-b.Last.Millis(), 0)
		if b.Origin == g.self {
			a.note(in)
		}
	}
}

// note keeps how many entries the own log has now. Those of the last moment join into one.
func (a *arrivals) note(own *Arrival) {
	n := len(a.own)
	if n > 1 && own.Last.Millis()-a.own[n-2].until.Millis() < ownEvery {
		a.own[n-1] = ownCount{own.Last, own.Entries}
		return
	}
	if n == ownKept {
		a.own = append(a.own[:0], a.own[ownKept/2:]...)
	}
	a.own = append(a.own, ownCount{own.Last, own.Entries})
}

// Arrivals gives the counts of all origins that brought anything.
func (f *Fabric) Arrivals() []Arrival {
	f.arrivals.mu.Lock()
	defer f.arrivals.mu.Unlock()
	return slices.Clone(f.arrivals.list)
}

// OwnUntil counts the entries that were committed here since the fabric was opened, up to a time: as far as that is
// remembered, and some milliseconds' worth of entries too few at most. It searches nothing.
func (f *Fabric) OwnUntil(t clock.Time) (entries uint64, known bool) {
	a := &f.arrivals
	a.mu.Lock()
	defer a.mu.Unlock()
	i, exact := slices.BinarySearchFunc(a.own, t, func(c ownCount, t clock.Time) int { return cmp.Compare(c.until, t) })
	switch {
	case exact:
		return a.own[i].entries, true
	case i > 0:
		return a.own[i-1].entries, true
	case len(a.own) == 0:
		return 0, true
	}
	return 0, a.own[0].entries <= 1 // nothing of this start, unless what was so early is forgotten
}

// Provenance gives the merge state of one document, also of one that is removed while that is remembered: what wrote each
// of its fields. Settled says that every location has seen all of it and that it is one now: who wrote which field is then
// forgotten, but for the newest write.
func (v *View) Provenance(collection, key string) (doc *crdt.Document, settled, found bool, err error) {
	c, err := v.collection(collection)
	if err != nil {
		return nil, false, false, err
	}
	if c.Series != nil {
		return nil, false, false, noKeys(c, key)
	}
	record, found, err := v.reader.Get(v.core.keys.Document(nil, c.Number, key))
	if err != nil || !found || codec.RecordHidden(record) {
		return nil, false, false, err
	}
	if doc, err = codec.DecodeDocument(record); err != nil {
		return nil, false, false, corrupt([]byte(collection+"/"+key), err)
	}
	return doc, codec.RecordQuiet(record) && v.state.stable.Covers(doc.Touched()), true, nil
}

// historyLook bounds how much is looked through for the writes of one document, in bytes of the records of the history
// and of the entries that they lead to.
const historyLook = 16 << 20

// History visits the writes of one document that the history here still holds, in the order opposite to that in which
// they were applied, until visit returns false. It looks back so far as takes some milliseconds.
func (v *View) History(collection, key string, visit func(stamp clock.Stamp, ops []crdt.Op) bool) error {
	c, err := v.collection(collection)
	if err != nil {
		return err
	}
	it, err := v.reader.Scan(v.core.keys.OrderRecord(0), v.core.keys.OrderRecord(1<<63))
	if err != nil {
		return err
	}
	defer func() { _ = it.Close() }()
	name, looked := []byte(key), 0
	for ok := it.Last(); ok && looked < historyLook; ok = it.Prev() {
		data := it.Value()
		if looked += len(data) + historyStep; !bytes.Contains(data, name) {
			continue
		}
		record, err := changelog.DecodeRecord(orderOf(it.Key()), data)
		if err != nil {
			return corrupt(it.Key(), err)
		}
		for i := len(record.Transactions) - 1; i >= 0; i-- {
			t := &record.Transactions[i]
			if t.Stamp.IsZero() || !slices.ContainsFunc(t.Changes, func(ch changelog.Change) bool { return ch.Collection == c.Number && ch.Key == key }) {
				continue
			}
			ops, size, err := v.written(t.Stamp, c, key)
			if err != nil {
				return err
			}
			looked += size
			if len(ops) > 0 && !visit(t.Stamp, ops) {
				return nil
			}
		}
	}
	return it.Err()
}

// historyStep is what a record costs to look at, besides its bytes.
const historyStep = 256

// written gives what one entry did to one document, nothing when its log is trimmed, and the size of the entry.
func (v *View) written(stamp clock.Stamp, c *Collection, key string) (ops []crdt.Op, size int, err error) {
	lkey := v.core.keys.LogRecord(nil, stamp.Origin, stamp.Time)
	data, found, err := v.reader.Get(lkey)
	if err != nil || !found {
		return nil, 0, err
	}
	body, err := codec.RecordBody(stamp.Time, data)
	if err != nil {
		return nil, 0, corrupt(lkey, err)
	}
	changes, err := codec.DecodeChanges(body)
	if err != nil {
		return nil, 0, corrupt(lkey, err)
	}
	for i := range changes {
		if ch := &changes[i]; ch.Kind == codec.Document && ch.Collection == c.Name && ch.Key == key {
			ops = append(ops, ch.Ops...)
		}
	}
	return ops, len(data), nil
}
