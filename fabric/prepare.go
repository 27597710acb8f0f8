package fabric

import (
	"errors"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// Prepared is a transaction ready to be sequenced, with what its caller will be told.
type Prepared struct {
	sequencer.Prepared
	schema   *schema.Schema
	seen     *published
	wallMs   int64
	judgedMs int64 // what expires at or before it has expired
	alone    bool  // nothing at all may come between, for it has read a whole collection
	inOrder  bool  // made on the sequencing side, from what is sequenced
	docs     []*writing
	byKey    map[string]*writing
	results  []pendingResult
	replay   *Receipt // the answer of an earlier commit under the same idempotency key
	points   []*gathered
	system   bool      // schema documents may be written
	touches  bool      // schema documents are written
	mark     bool      // nothing but a mark of what is applied here
	reader   kv.Reader // what an interactive transaction reads through, nil for the present
	known    *Prepared // documents as an interactive transaction found them, when Snapshot is from before it
}

// writing is one document that a transaction writes: what it was and what it becomes.
type writing struct {
	collection *schema.Collection
	key        string
	dkey       []byte
	old        []byte // stored record, nil when absent
	oldValue   value.Value
	existed    bool // for the transaction: visible and not expired
	stored     bool // counted as a document in the store
	oldExpiry  int64
	value      value.Value
	exists     bool
	record     []byte // the new record
	text       []byte
	hash       uint32
	last       int           // place of the last write of it in the transaction
	unique     []reservation // entries of unique indexes that it takes
	dirty      bool          // some write of the transaction named it with intent to change
	changed    bool          // the transaction changes it
	whole      bool          // one insert says all that the new record holds
}

// pendingResult is a result whose stamp is not known yet.
type pendingResult struct {
	doc      *writing
	op       WriteOp
	created  bool
	old, new bool
}

func guard(key []byte) uint64 { return xxhash.Sum64(key) | 1 }

// Prepare turns a transaction into a commit ready for Sequence: it reads the present documents, computes what
// changes and encodes it. It may run on many goroutines at once. wallMs decides what has expired.
func (c *Core) Prepare(t Transaction, wallMs int64) (*Prepared, error) {
	return c.prepare(t, wallMs, false)
}

func (c *Core) prepare(t Transaction, wallMs int64, inOrder bool) (*Prepared, error) {
	p := c.begin(wallMs, inOrder)
	return p, c.prepareInto(p, t)
}

// begin starts a preparation: beside others, against what is visible; or in order, on the sequencing side, against
// everything that is sequenced, so that the next thing sequenced can be this one and does not find it stale.
func (c *Core) begin(wallMs int64, inOrder bool) *Prepared {
	p := &Prepared{wallMs: wallMs, inOrder: inOrder}
	if p.seen = c.state.Load(); inOrder {
		ahead := c.pub
		ahead.number, ahead.schema, ahead.now = c.seq.Number(), c.schema, c.seq.Clock().Now()
		p.seen = &ahead
	}
	p.schema, p.Snapshot = p.seen.schema, p.seen.number
	// The stamp will lie above the hybrid clock: what has expired by then has expired, whatever the wall says. In order
	// this is the stamp's very millisecond, so that a transaction prepared so is never judged otherwise when it is sequenced.
	now := max(p.seen.now, clock.Time(c.vouched.Load()))
	p.judgedMs = max(wallMs, now.Next().Millis())
	return p
}

// get reads a guarded key as of the preparation.
func (c *Core) get(p *Prepared, key []byte) ([]byte, error) {
	if p.reader != nil {
		data, _, err := p.reader.Get(key)
		return data, err
	}
	if p.inOrder {
		return c.current(key)
	}
	data, _, err := c.db.Get(key)
	return data, err
}

func (c *Core) prepareInto(p *Prepared, t Transaction) error {
	if len(t.Writes) > c.limits.Writes {
		return failure(TooLarge, "the transaction has %d writes, at most %d are allowed", len(t.Writes), c.limits.Writes)
	}
	if t.Idempotency != "" {
		if done, err := c.replayed(p, &t); done || err != nil {
			return err
		}
	}
	p.results = make([]pendingResult, 0, len(t.Writes))
	for i := range t.Writes {
		if err := c.prepareWrite(p, &t.Writes[i], i); err != nil {
			if err.Index < 0 {
				err.Index = i
			}
			return err
		}
	}
	for _, d := range p.docs {
		if err := c.finish(p, d); err != nil {
			return d.failed(err)
		}
	}
	if err := c.reserve(p); err != nil {
		return err
	}
	if err := c.preparePoints(p, t.Points); err != nil {
		return err
	}
	if len(p.Body)+len(p.Local) > c.limits.BatchBytes && !p.system {
		return failure(TooLarge, "the transaction holds %d bytes of operations, at most %d are allowed", len(p.Body)+len(p.Local), c.limits.BatchBytes)
	}
	if t.Idempotency != "" && len(p.Body)+len(p.Local) > 0 {
		c.remember(p, &t)
	}
	p.BodyHash = codec.BodyHash(p.Body)
	return nil
}

// failed says which write of the transaction an error about its document comes from: the last one.
func (d *writing) failed(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Index < 0 {
		e.Index = d.last
	}
	return err
}

// Empty says whether the transaction turned out to change nothing, and nothing that it has read is to be compared.
func (p *Prepared) Empty() bool { return len(p.Body)+len(p.Local) == 0 && p.Scanned == nil }

// prepareWrite applies one write to the transaction's picture of the documents.
func (c *Core) prepareWrite(p *Prepared, w *Write, place int) *Error {
	collection, ok := p.schema.Collection(w.Collection)
	if !ok || (collection.Number < schema.FirstNumber && !p.system) {
		return failure(CollectionNotFound, "collection %q does not exist", w.Collection).in(w.Collection, w.Key)
	}
	if collection.Series != nil {
		return c.preparePoint(p, collection, w, place)
	}
	content, key, err := c.content(collection, w)
	if err != nil {
		return err.in(w.Collection, w.Key)
	}
	generated := key == ""
	if generated {
		if key = w.Fresh; key == "" {
			key = c.generateKey(p.wallMs)
		}
	}
	d, failed := c.document(p, collection, key, generated)
	if failed != nil {
		return failure(Failed, "reading %s/%s failed", w.Collection, key).from(failed)
	}
	r := pendingResult{doc: d, op: w.Op, old: w.ReturnOld, new: w.ReturnNew, created: !d.exists}
	if err := precondition(d, w); err != nil {
		return err.in(w.Collection, key)
	}
	d.last = place
	if w.Op == expel {
		d.existed, d.exists, d.dirty = d.stored, false, d.stored
		return nil
	}
	if w.Op == Remove {
		if d.exists {
			d.exists, d.dirty = false, true
		}
		p.results = append(p.results, r)
		return nil
	}
	next := content
	if d.exists && (w.Op == Update || w.Op == UpsertPatch) {
		next = value.MergePatch(d.value, content, w.KeepNull, w.MergeObjects)
	} else if !w.KeepNull && w.Op == UpsertPatch {
		next = value.MergePatch(value.Object(), content, false, true)
	}
	if err := checkEdge(collection, next); err != nil {
		return err.in(w.Collection, key)
	}
	d.value, d.exists, d.dirty = next, true, true
	p.results = append(p.results, r)
	return nil
}

// precondition checks existence and revision.
func precondition(d *writing, w *Write) *Error {
	switch {
	case w.Op == Insert && d.exists:
		return failure(KeyExists, "a document with key %q exists already", d.key)
	case !d.exists && (w.Op == Update || w.Op == Replace || (w.Op == Remove && !w.IgnoreAbsent)):
		return failure(NotFound, "document %q does not exist", d.key)
	case w.IfRev != "" && !d.existed && (w.Op == Upsert || w.Op == UpsertPatch):
		return absentRev(d, w)
	case w.IfRev != "" && d.existed && w.IfRev != d.oldRev():
		e := failure(RevConflict, "the document has revision %s, not %s", d.oldRev(), w.IfRev)
		e.Rev = d.oldRev()
		return e
	}
	return nil
}

func absentRev(d *writing, w *Write) *Error {
	return failure(RevConflict, "document %q does not exist, so it has not revision %s", d.key, w.IfRev)
}

func (d *writing) oldRev() string {
	if d.old == nil || !d.existed {
		return ""
	}
	return FormatRev(codec.RecordRev(d.old))
}

// document finds or reads a document of the transaction. One whose key was just generated is absent.
func (c *Core) document(p *Prepared, collection *schema.Collection, key string, generated bool) (*writing, error) {
	dkey := c.keys.Document(make([]byte, 0, 10+len(key)), collection.Number, key)
	if d := p.find(dkey); d != nil {
		return d, nil
	}
	var old []byte
	if found := p.found(dkey); found != nil {
		old = found.old
	} else if !generated {
		var err error
		if old, err = c.get(p, dkey); err != nil {
			return nil, err
		}
	}
	d := &writing{collection: collection, key: key, dkey: dkey}
	if err := c.present(p, d, old); err != nil {
		return nil, err
	}
	p.Reads = append(p.Reads, guard(dkey))
	p.docs = append(p.docs, d)
	if p.byKey != nil {
		p.byKey[string(dkey)] = d
	}
	return d, nil
}

// found is a document as an interactive transaction found it.
func (p *Prepared) found(dkey []byte) *writing {
	if p.known == nil {
		return nil
	}
	return p.known.find(dkey)
}

// indexFrom is the number of documents from which a transaction looks them up by a map.
const indexFrom = 8

// find returns the document with this store key when the transaction has read it already.
func (p *Prepared) find(dkey []byte) *writing {
	if p.byKey != nil {
		return p.byKey[string(dkey)]
	}
	for _, d := range p.docs {
		if string(d.dkey) == string(dkey) {
			return d
		}
	}
	if len(p.docs) == indexFrom {
		p.byKey = make(map[string]*writing, 2*indexFrom)
		for _, d := range p.docs {
			p.byKey[string(d.dkey)] = d
		}
	}
	return nil
}

// present fills in what the document is now.
func (c *Core) present(p *Prepared, d *writing, old []byte) error {
	d.old, d.oldExpiry = old, index.Never
	if old == nil {
		return nil
	}
	if d.stored = !codec.RecordHidden(old); !d.stored {
		return nil
	}
	if p.reader != nil {
		// Nothing is computed of it before the commit, which parses it.
		d.oldValue = value.Lazy(codec.RecordText(old))
	} else if v, err := value.Parse(codec.RecordText(old), storedLimits); err == nil {
		d.oldValue = v
	} else {
		return corrupt(d.dkey, err)
	}
	v := d.oldValue
	d.value = v
	d.existed = true
	if d.collection.Expiring() {
		d.oldExpiry = index.ExpiresAt(d.collection, v)
		switch {
		case d.oldExpiry <= p.judgedMs:
			d.existed = false
			p.ExpiredSince = max(p.ExpiredSince, d.oldExpiry)
		case d.oldExpiry != index.Never && (p.AliveUntil == 0 || d.oldExpiry < p.AliveUntil):
			p.AliveUntil = d.oldExpiry
		}
	}
	d.exists = d.existed
	return nil
}

// finish turns the net change of one document into operations, the new record and index changes.
func (c *Core) finish(p *Prepared, d *writing) error {
	if !d.dirty {
		return c.unchanged(d)
	}
	ops, err := d.operations()
	if err != nil {
		return failure(NotExpressible, "%v", err).in(d.collection.Name, d.key).from(err)
	}
	if len(ops) == 0 {
		return c.unchanged(d)
	}
	d.changed = true
	stamps, err := c.encode(p, d, ops)
	if err != nil {
		return err
	}
	if d.collection.Local {
		p.Local = d.appendChange(p.Local, ops)
	} else {
		p.Body = d.appendChange(p.Body, ops)
	}
	if len(d.text) > c.limits.DocumentBytes && !p.system {
		return failure(TooLarge, "the document has %d bytes, at most %d are allowed", len(d.text), c.limits.DocumentBytes).in(d.collection.Name, d.key)
	}
	if err := indexable(d.collection, d.value, len(d.text), d.key); err != nil {
		return err
	}
	if d.collection.Number < schema.FirstNumber {
		p.touches = true
	}
	c.effects(&p.Prepared, d, stamps, p.wallMs)
	p.Changes = append(p.Changes, d.change())
	return nil
}

// indexable refuses a document with too many entries in one index.
func indexable(c *schema.Collection, doc value.Value, size int, key string) error {
	for i := range c.Indexes {
		if x := &c.Indexes[i]; index.TooMany(x, doc, size) {
			return failure(TooLarge, "the document has more than %d entries in the index %s: shorten the arrays or the text of %s", index.MostEntries, x.Name,
				strings.Join(x.Fields, ", ")).in(c.Name, key)
		}
	}
	return nil
}

// operations is the intent of the transaction for one document: the difference, or one insert.
func (d *writing) operations() ([]crdt.Op, error) {
	if d.overwritten() {
		if value.Identical(d.oldValue, d.value) && d.existed {
			return nil, nil
		}
		d.whole = true
		return []crdt.Op{{Kind: crdt.OpInsert, Value: d.value}}, nil
	}
	ops, err := crdt.Difference(d.oldValue, d.existed, d.value, d.exists, d.collection.CRDT)
	d.whole = d.old == nil && len(ops) == 1 && ops[0].Kind == crdt.OpInsert && len(ops[0].Path) == 0 && d.collection.CRDT.Empty()
	return ops, err
}

// overwritten says that a key-value entry is written over one whose every field it has: setting an entry sets all of
// it. The insert clears what was there and assigns each field with its own stamp, which beats the old one, so that the
// record needs no stamp but that one and the old record need not be decoded. (A field that the new content lacks would
// have to keep its stamp, and so would fields below an object.)
func (d *writing) overwritten() bool {
	if d.collection.Model != keyValueModel || d.old == nil || !d.exists || !d.stored || !d.collection.CRDT.Empty() || !codec.RecordQuiet(d.old) {
		return false
	}
	for _, m := range d.value.Members() {
		if m.Value.Kind() == value.KindObject {
			return false
		}
	}
	for _, m := range d.oldValue.Members() {
		if _, kept := d.value.Get(m.Name); !kept || m.Value.Kind() == value.KindObject {
			return false
		}
	}
	return true
}

const keyValueModel = "KV"

// appendChange appends the operations as the log has them. What a fresh document shows is what its insert says, so its
// text is not made twice.
func (d *writing) appendChange(dst []byte, ops []crdt.Op) []byte {
	if d.whole {
		if dst == nil {
			dst = make([]byte, 0, len(d.collection.Name)+len(d.key)+len(d.text)+16)
		}
		return codec.AppendInsert(dst, d.collection.Name, d.collection.Generation, d.key, d.text)
	}
	return codec.AppendChange(dst, codec.Change{Kind: codec.Document, Collection: d.collection.Name,
		Generation: d.collection.Generation, Key: d.key, Ops: ops})
}

func (d *writing) change() changelog.Change {
	ch := changelog.Change{Type: changelog.Write, Collection: d.collection.Number, Name: d.collection.Name, Key: d.key, Hash: d.hash, Text: d.text}
	if !d.exists {
		ch.Type, ch.Text = changelog.Remove, nil
	}
	return ch
}

// unchanged keeps what a reader would see, for the result.
func (c *Core) unchanged(d *writing) error {
	d.record = d.old
	if d.old != nil {
		d.text = codec.RecordText(d.old)
		_, d.hash = codec.RecordRev(d.old)
	}
	return nil
}

// encode makes the new record of a document that this location changes.
func (c *Core) encode(p *Prepared, d *writing, ops []crdt.Op) (stamps []int, err error) {
	if d.whole {
		var at int
		d.record, at = codec.AppendUniformDocument(make([]byte, 0, 32+textSize(d.value)), d.value)
		d.text = codec.RecordText(d.record)
		_, d.hash = codec.RecordRev(d.record)
		return []int{at}, nil
	}
	doc, err := c.decode(d.old, d.collection, p.seen)
	if err != nil {
		return nil, corrupt(d.dkey, err)
	}
	// Loaded after the record was read: it covers every stamp in it.
	seen := c.state.Load().seen
	for i := range ops {
		if _, err := doc.Merge(crdt.Pending, seen, ops[i], nil); err != nil {
			return nil, failure(NotExpressible, "%v", err).in(d.collection.Name, d.key).from(err)
		}
	}
	d.record, stamps = codec.AppendDocumentPending(nil, doc, d.collection.CRDT)
	d.text = codec.RecordText(d.record)
	_, d.hash = codec.RecordRev(d.record)
	return stamps, nil
}

// textSize guesses how long the text of a document is, a little too much for most.
func textSize(v value.Value) int {
	n := 2
	for _, m := range v.Members() {
		n += len(m.Name) + 4
		switch m.Value.Kind() {
		case value.KindString:
			n += len(m.Value.Str()) + len(m.Value.Str())/32 + 2
		case value.KindArray, value.KindObject:
			n += 16 * (1 + m.Value.Len())
		default:
			n += 12
		}
	}
	return n
}

// decode reads a stored record, folded to what is stable. Absent records give an empty document.
func (c *Core) decode(record []byte, collection *schema.Collection, state *published) (*crdt.Document, error) {
	doc := crdt.New()
	if record != nil {
		var err error
		if doc, err = codec.DecodeDocument(record); err != nil {
			return nil, err
		}
		if doc.Fold(state.foldable(collection), collection.CRDT) {
			doc = crdt.New()
		}
	}
	return doc, nil
}

// Receipt is what the caller of a sequenced transaction is told.
func (p *Prepared) Receipt(stamp clock.Stamp) Receipt {
	if p.replay != nil {
		return *p.replay
	}
	receipt := Receipt{Stamp: stamp, Results: make([]Result, len(p.results))}
	for i := range p.results {
		receipt.Results[i] = p.results[i].result(stamp)
	}
	return receipt
}

func (r *pendingResult) result(stamp clock.Stamp) Result {
	d := r.doc
	out := Result{Key: d.key, Created: r.created && r.op != Remove}
	if d.existed {
		out.OldRev = d.oldRev()
	}
	touched := stamp
	if !d.changed && d.old != nil {
		touched, _ = codec.RecordRev(d.old)
	}
	if d.changed || d.old != nil {
		out.Rev = FormatRev(touched, d.hash)
	}
	if r.op == Remove {
		out.Rev = out.OldRev
	}
	if r.old && d.existed {
		oldStamp, oldHash := codec.RecordRev(d.old)
		doc := Document{Collection: d.collection.Name, Key: d.key, Stamp: oldStamp, Hash: oldHash, Text: codec.RecordText(d.old)}
		out.Old = doc.AppendServed(nil)
	}
	if r.new && r.op != Remove && d.exists {
		doc := Document{Collection: d.collection.Name, Key: d.key, Stamp: touched, Hash: d.hash, Text: d.text}
		out.New = doc.AppendServed(make([]byte, 0, len(d.text)+128))
	}
	return out
}
