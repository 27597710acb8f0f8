package fabric

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"sync"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/overlay"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// DefaultTxBytes is how much memory an interactive transaction may take when TxOptions do not say.
const DefaultTxBytes = 128 << 20

// TxOptions say how an interactive transaction is run.
type TxOptions struct {
	MaxBytes int // of what it wrote, and of the note of what it read; 0: DefaultTxBytes
}

// Tx is an interactive transaction: it reads one state and what it wrote itself, and writes to memory until it is
// committed. It belongs to one goroutine at a time, and must be ended by Commit or Rollback, soon: it keeps old data on
// disk.
//
// Every document, absent key, stretch of documents or index entries, and count that was read is compared at the commit
// with what others have written since: the transaction happens as if it were alone at that moment, or not at all.
type Tx struct {
	fabric  *Fabric // nil for who drives a Core himself
	core    *Core
	view    *View
	reader  *overlay.Reader
	state   Prepared // its documents, as they become
	written map[*writing]*inTx
	points  []Write          // of time series
	added   map[uint32]int64 // documents more by collection
	counted map[uint32]bool  // collections whose number was read
	pending clock.Stamp      // stands where the commit's stamp will
	marker  string           // as it is in a _rev
	limit   int
	kept    int   // bytes of document contents
	until   int64 // something that was read expires then, 0 for nothing
	since   int64 // something that was read counts as expired since then
	listed  bool  // the list of collections was read
	over    bool
	ending  *txEnding // once it is being committed
	stamp   clock.Stamp
}

// docBytes is about what a document that is written takes besides its contents.
const docBytes = 512

// inTx is what a transaction itself sees of a document that it writes.
type inTx struct {
	stored, visible bool // it has a record; it has not expired
	value           value.Value
	expiry          int64
	stamp           clock.Stamp
	hash            uint32
	text            []byte
}

// TxWritten is what a write in a transaction did. The revision of New is a placeholder until the commit (Tx.Revise).
type TxWritten struct {
	Key      string
	Old, New *Document // nil where there is none
}

// watch knows the open transactions.
type watch struct {
	mu   sync.Mutex
	open map[*Tx]uint64
}

func (w *watch) add(t *Tx, number uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[*Tx]uint64{}
	}
	w.open[t] = number
}

func (w *watch) remove(t *Tx) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, t)
}

// oldest is the number of the commit that the oldest transaction began after.
func (w *watch) oldest() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	least := uint64(math.MaxUint64)
	for _, n := range w.open {
		least = min(least, n)
	}
	return least
}

// Begin opens an interactive transaction.
func (f *Fabric) Begin(o TxOptions) (*Tx, error) {
	if err := f.closed(); err != nil {
		return nil, err
	}
	t := f.core.Load().BeginTx(f.wall(), o)
	t.fabric = f
	return t, nil
}

// BeginTx is for who drives a Core himself; see Tx.Prepare.
func (c *Core) BeginTx(wallMs int64, o TxOptions) *Tx {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultTxBytes
	}
	v := c.NewView(wallMs)
	// As in begin: what has expired by the time of the stamp has expired.
	now := max(v.state.now, clock.Time(c.vouched.Load()))
	v.wallMs = max(v.wallMs, now.Next().Millis())
	t := &Tx{core: c, view: v, reader: overlay.New(v.reader, c.random()), written: map[*writing]*inTx{}, added: map[uint32]int64{},
		counted: map[uint32]bool{}, limit: o.MaxBytes}
	v.reader, v.tx = t.reader, t
	t.state = Prepared{schema: v.state.schema, seen: v.state, wallMs: wallMs, judgedMs: v.wallMs, reader: t.reader}
	// No hybrid time is that late, so that nothing else bears this stamp.
	t.pending = clock.Stamp{Time: clock.Time(uint64(math.MaxUint32)<<32 | c.random()>>32), Origin: clock.Origin(c.random())}
	t.marker = rows.FormatRev(t.pending, 0)[:rows.StampLen]
	c.watch.add(t, v.state.number)
	return t
}

// noted latches failures of the store.
func (t *Tx) noted(err error) error {
	if t.fabric == nil || err == nil {
		return err
	}
	return t.fabric.noted(err)
}

// View is what the transaction reads. It ends with the transaction and is not to be closed.
func (t *Tx) View() *View { return t.view }

// Bytes is about how much memory the transaction takes.
func (t *Tx) Bytes() int { return t.reader.Bytes() + t.reader.ReadBytes() + t.kept }

// judged notes that a document that was read expires at a time, or has done so.
func (t *Tx) judged(at int64) {
	switch {
	case at == index.Never:
	case at <= t.view.wallMs:
		t.since = max(t.since, at)
	case t.until == 0 || at < t.until:
		t.until = at
	}
}

// count notes that the number of a collection's documents was read. Where documents expire it ends to be right when the
// next one does, and every write may change that: then all documents count as read.
func (t *Tx) count(c *Collection) error {
	if t.counted[c.Number] = true; !c.Expiring() {
		return nil
	}
	t.since = t.view.wallMs
	documents := t.core.keys.DocumentSpace(c.Number)
	t.reader.NoteRange(documents, layout.End(documents))
	space := layout.Number(t.core.keys.Space(nil, layout.Expiring), c.Number)
	it, err := t.reader.Scan(layout.Long(bytes.Clone(space), uint64(t.view.wallMs)+1), layout.End(space))
	if err != nil {
		return err
	}
	if it.Next() {
		t.judged(int64(binary.BigEndian.Uint64(it.Key()[len(space):])))
	}
	return it.Close()
}

// Write does one write. After an error it has not happened, and the transaction can go on.
func (t *Tx) Write(w Write) (TxWritten, error) {
	if t.over {
		return TxWritten{}, failure(BadArgument, "the transaction has ended")
	}
	if c, ok := t.view.state.schema.Collection(w.Collection); ok && c.Series != nil {
		return t.writePoint(c, &w)
	}
	d, failed := t.find(&w)
	if failed != nil {
		return TxWritten{}, t.noted(failed)
	}
	t.state.Reads, t.state.results = t.state.Reads[:0], t.state.results[:0]
	before := *d
	out, err := t.write(d, &w)
	if err != nil {
		*d = before
		return TxWritten{}, t.noted(err)
	}
	return out, nil
}

// find reads the document that a write is about, and makes a key where one is wanted.
func (t *Tx) find(w *Write) (*writing, error) {
	collection, ok := t.view.state.schema.Collection(w.Collection)
	if !ok || collection.Number < schema.FirstNumber {
		return nil, failure(CollectionNotFound, "collection %q does not exist", w.Collection).in(w.Collection, w.Key)
	}
	_, key, bad := t.core.content(collection, w)
	if bad != nil {
		return nil, bad.in(w.Collection, w.Key)
	}
	generated := key == ""
	if generated {
		key = t.core.generateKey(t.state.wallMs)
	}
	w.Key = key
	d, err := t.core.document(&t.state, collection, key, generated)
	if err != nil {
		return nil, failure(Failed, "reading %s/%s failed", w.Collection, key).from(err)
	}
	t.reader.Note(d.dkey)
	return d, nil
}

func (t *Tx) write(d *writing, w *Write) (out TxWritten, err error) {
	was, again := t.written[d], true
	if was == nil {
		was, again = t.present(d), false
	}
	if err := t.precondition(d, was, w); err != nil {
		return out, err
	}
	if err := t.core.prepareWrite(&t.state, w, 0); err != nil {
		return out, err
	}
	out = TxWritten{Key: d.key, Old: was.document(d)}
	if !d.dirty {
		return out, nil // the removal of nothing
	}
	if !again && len(t.written) >= t.core.limits.Writes {
		return out, failure(TooLarge, "the transaction writes more than %d documents: write them in parts", t.core.limits.Writes)
	}
	record, err := t.record(d)
	if err != nil {
		return out, err
	}
	now := &inTx{stored: d.exists, visible: d.exists, value: d.value, expiry: index.Never}
	if d.exists {
		now.text = codec.RecordText(record)
		now.stamp, now.hash = codec.RecordRev(record)
		if d.collection.Expiring() {
			now.expiry = index.ExpiresAt(d.collection, d.value)
			now.visible = now.expiry > t.view.wallMs
		}
	}
	if err := t.fits(d, now, was); err != nil {
		return out, err
	}
	if err := t.apply(d, was, now, record); err != nil {
		return out, err
	}
	out.New = now.document(d)
	return out, nil
}

// present is what a document was when the transaction began.
func (t *Tx) present(d *writing) *inTx {
	s := &inTx{stored: d.stored, visible: d.existed, value: d.oldValue, expiry: d.oldExpiry}
	if d.stored {
		s.text = codec.RecordText(d.old)
		s.stamp, s.hash = codec.RecordRev(d.old)
	}
	return s
}

func (s *inTx) document(d *writing) *Document {
	if !s.visible {
		return nil
	}
	return &Document{Collection: d.collection.Name, Key: d.key, Stamp: s.stamp, Hash: s.hash, Text: s.text}
}

// precondition checks the revision, which may be one of this transaction's.
func (t *Tx) precondition(d *writing, was *inTx, w *Write) error {
	if w.IfRev == "" {
		return nil
	}
	if !was.visible {
		if w.Op == Upsert || w.Op == UpsertPatch {
			return absentRev(d, w).in(w.Collection, d.key)
		}
		w.IfRev = ""
		return nil // prepareWrite has the words for what is absent
	}
	rev := FormatRev(was.stamp, was.hash)
	if w.IfRev != rev {
		e := failure(RevConflict, "the document has revision %s, not %s", rev, w.IfRev).in(w.Collection, d.key)
		e.Rev = rev
		return e
	}
	w.IfRev = ""
	return nil
}

// record is the record of a document as it would be after the commit, with the placeholder for its stamp.
func (t *Tx) record(d *writing) ([]byte, error) {
	if !d.exists {
		return nil, nil
	}
	if d.collection.CRDT.Empty() {
		if d.existed && value.Identical(d.oldValue, d.value) {
			return d.old, nil
		}
		record, at := codec.AppendUniformDocument(make([]byte, 0, 32+textSize(d.value)), d.value)
		codec.PatchStamp(record, at, t.pending)
		return record, nil
	}
	made := *d
	ops, err := made.operations()
	if err != nil {
		return nil, failure(NotExpressible, "%v", err).in(d.collection.Name, d.key).from(err)
	}
	if len(ops) == 0 {
		return d.old, nil
	}
	stamps, err := t.core.encode(&t.state, &made, ops)
	if err != nil {
		return nil, err
	}
	for _, at := range stamps {
		codec.PatchStamp(made.record, at, t.pending)
	}
	return made.record, nil
}

// fits refuses what is too large, and what would keep a revision that is not known yet.
func (t *Tx) fits(d *writing, now, was *inTx) error {
	if len(now.text) > t.core.limits.DocumentBytes {
		return failure(TooLarge, "the document has %d bytes, at most %d are allowed", len(now.text), t.core.limits.DocumentBytes).in(d.collection.Name, d.key)
	}
	if err := indexable(d.collection, now.value, len(now.text), d.key); err != nil {
		return err
	}
	const unknown = "the %s holds the _rev of a document that this transaction writes: it is not known before the commit, so it cannot be stored"
	if bytes.Contains(now.text, []byte(t.marker)) {
		return failure(BadDocument, unknown, "document").in(d.collection.Name, d.key)
	}
	if strings.Contains(d.key, t.marker) {
		return failure(BadKey, unknown, "_key").in(d.collection.Name, d.key)
	}
	if t.Bytes()+len(now.text)-len(was.text) > t.limit {
		return failure(TooLarge, "the transaction takes more than the %d bytes that it may", t.limit)
	}
	return nil
}

// apply puts a write on top of what the transaction reads.
func (t *Tx) apply(d *writing, was, now *inTx, record []byte) error {
	e := writing{collection: d.collection, key: d.key, dkey: d.dkey, old: d.old, oldValue: was.value, stored: was.stored, oldExpiry: was.expiry,
		value: now.value, exists: now.stored, record: record}
	if !e.exists {
		e.record = d.old
	}
	var work sequencer.Prepared
	t.core.effects(&work, &e, nil, t.state.wallMs)
	for _, r := range e.unique {
		holder, found, err := t.reader.Get(r.key)
		if err != nil {
			return err
		}
		if found && string(holder) != d.key {
			return uniqueViolated(d, r.index, string(holder))
		}
	}
	for i := range work.Deletes {
		t.reader.Delete(work.Deletes[i].Key)
	}
	for i := range work.Puts {
		if put := &work.Puts[i]; !bytes.Equal(put.Key, d.dkey) && put.Key[layout.PrefixLen] != layout.Folding {
			t.reader.Set(put.Key, put.Value)
		}
	}
	if now.stored {
		t.reader.Set(d.dkey, record)
	} else {
		t.reader.Delete(d.dkey)
	}
	for _, c := range work.Counts {
		if err := t.recount(c); err != nil {
			return err
		}
	}
	if t.written[d] == nil {
		t.kept += len(was.text) + docBytes
	} else {
		t.kept -= len(was.text)
	}
	t.kept += len(now.text)
	t.written[d] = now
	return nil
}

// recount changes the number of documents that the transaction itself sees.
func (t *Tx) recount(c sequencer.Count) error {
	key := t.core.keys.Count(c.Collection)
	data, found, err := t.reader.Base().Get(key)
	if err != nil {
		return err
	}
	n := int64(0)
	if found {
		n = int64(binary.BigEndian.Uint64(data))
	}
	t.added[c.Collection] += c.Delta
	t.reader.Set(key, layout.Long(nil, uint64(n+t.added[c.Collection])))
	return nil
}

// Truncate removes every document of a collection.
func (t *Tx) Truncate(collection string) error {
	if c, ok := t.view.state.schema.Collection(collection); ok && c.Series != nil {
		return failure(BadArgument, "%s is a time series, which cannot be truncated within a transaction", collection).in(collection, "")
	}
	var failed error
	err := t.view.Each(collection, "", false, func(d Document) bool {
		w := NewWrite(Remove, collection, d.Key, value.Value{})
		w.IgnoreAbsent = true
		_, failed = t.Write(w)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// Rollback ends the transaction without a trace. After the end it does nothing.
func (t *Tx) Rollback() error {
	if t.over {
		return nil
	}
	t.over = true
	t.core.watch.remove(t)
	return t.view.Close()
}
