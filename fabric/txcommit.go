package fabric

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// TxCommit says how a transaction is committed.
type TxCommit struct {
	Async       bool   // acknowledge before durable, where every collection written allows it
	Idempotency string // as in Transaction: what was committed under it before is not done again
}

// Commit makes the writes happen, all of them, and returns when they are durable; or it fails, with Conflict when
// something that was read has changed. The transaction has ended then.
func (t *Tx) Commit(ctx context.Context, o TxCommit) (Receipt, error) {
	if t.over {
		return Receipt{}, failure(BadArgument, "the transaction has ended")
	}
	defer func() { _ = t.Rollback() }()
	if t.conclude(o) {
		if err := t.fabric.Settle(ctx, t.view.Number()); err != nil {
			return Receipt{}, err
		}
		return Receipt{Vector: t.core.durable.Load().vector}, nil
	}
	again := false
	receipt, err := t.fabric.commit(ctx, o.Async, func(core *Core, wall int64, inOrder bool) (*Prepared, error) {
		defer func() { again = true }()
		return t.prepare(core, wall, inOrder, !again && !inOrder)
	})
	t.stamp = receipt.Stamp
	return receipt, err
}

// txEnding is what is committed, and what is compared then.
type txEnding struct {
	request Transaction
	scanned sequencer.Scanned
}

// conclude makes out what the transaction comes to, and says whether that is nothing.
func (t *Tx) conclude(o TxCommit) (nothing bool) {
	t.ending = &txEnding{Transaction{Writes: append(t.net(), t.points...), Idempotency: o.Idempotency, interactive: true},
		sequencer.Scanned{Since: t.view.state.number, Ranges: t.reader.Read()}}
	for n := range t.counted {
		t.ending.scanned.Counts = append(t.ending.scanned.Counts, n)
	}
	return len(t.ending.request.Writes) == 0
}

// Prepare is for who drives a Core himself: it gives what is to be sequenced, nil when the transaction comes to nothing. It
// may be called again when that was stale. The transaction is to be rolled back in the end.
func (t *Tx) Prepare(core *Core, wallMs int64) (*Prepared, error) {
	if t.ending == nil {
		t.conclude(TxCommit{})
	}
	if len(t.ending.request.Writes) == 0 {
		return nil, nil
	}
	return t.prepare(core, wallMs, false, false)
}

// net is what the transaction comes to: one write for each document that it changed.
func (t *Tx) net() []Write {
	var out []Write
	for _, d := range t.state.docs {
		switch {
		case t.written[d] == nil:
		case d.exists && d.existed && value.Identical(d.value, d.oldValue):
		case d.exists:
			out = append(out, NewWrite(Upsert, d.collection.Name, d.key, d.value))
		case d.existed:
			out = append(out, NewWrite(Remove, d.collection.Name, d.key, value.Value{}))
		}
	}
	return out
}

// prepare prepares what the transaction comes to against the present. What was read is compared when it is sequenced;
// what goes wrong before that does so because somebody came between. known spares reading the documents again: then not
// even upkeep may have touched them.
func (t *Tx) prepare(core *Core, wall int64, inOrder, known bool) (*Prepared, error) {
	if core != t.core {
		return nil, failure(Conflict, "the fabric was replaced by a snapshot of another location while the transaction was open: try again")
	}
	p := core.begin(wall, inOrder)
	if known {
		p.known, p.Snapshot = &t.state, t.view.state.number
	}
	if err := t.standing(p.schema); err != nil {
		return nil, err
	}
	if !inOrder {
		if err := t.look(core); err != nil {
			return nil, err
		}
	}
	err := core.prepareInto(p, t.ending.request)
	switch CodeOf(err) {
	case UniqueViolated, NotFound:
		return nil, failure(Conflict, "another transaction came between: %v", err).from(err)
	}
	if err != nil {
		return nil, err
	}
	for _, until := range []int64{t.until, t.state.AliveUntil} {
		if until != 0 && p.judgedMs >= until {
			return nil, failure(Conflict, "a document that the transaction read has expired meanwhile: try again")
		}
		if until != 0 && (p.AliveUntil == 0 || until < p.AliveUntil) {
			p.AliveUntil = until
		}
	}
	p.ExpiredSince = max(p.ExpiredSince, t.state.ExpiredSince, t.since)
	if p.replay == nil {
		// Others may have written the very same: then there is nothing to write, and still something to compare.
		p.Quiet, p.Scanned = p.Empty(), &t.ending.scanned
	}
	return p, nil
}

// lookFrom is how many keys others may write before a transaction compares them where it holds up nobody: each may take
// half a microsecond, and nothing else is sequenced while it does.
const lookFrom = 4096

// look compares what others have written so far.
func (t *Tx) look(core *Core) error {
	if t.fabric == nil || core.state.Load().written-t.view.state.written < lookFrom {
		return nil
	}
	t.fabric.seq.Lock()
	seen := core.seq.Look(&t.ending.scanned)
	s := core.schema
	t.fabric.seq.Unlock()
	return overtaken(seen.Compare(&t.ending.scanned), s)
}

// standing checks that the collections that were read, and their list, are still what they were.
func (t *Tx) standing(now *schema.Schema) error {
	was := t.view.state.schema
	if now == was {
		return nil
	}
	if t.listed && !sameList(was, now) {
		return failure(Conflict, "the list of collections, which the transaction read, has changed since").in("_collections", "")
	}
	unkept := false
	for _, old := range was.All() {
		if !t.touched(old) {
			continue
		}
		fresh, ok := now.Numbered(old.Number)
		if !ok || !sameExpiry(old, fresh) {
			return failure(Conflict, "collection %s was dropped, or expires by another rule, since the transaction began", old.Name).in(old.Name, "")
		}
		unkept = t.unkept(old, fresh) || unkept
	}
	if unkept {
		// What was compared before did not know of these.
		t.ending.scanned.Since, t.ending.scanned.Ranges = t.view.state.number, t.reader.Read()
	}
	return nil
}

// touched says whether the transaction depends on what a collection is.
func (t *Tx) touched(c *schema.Collection) bool {
	if t.counted[c.Number] || slices.ContainsFunc(t.points, func(w Write) bool { return w.Collection == c.Name }) || t.reads(t.core.keys.DocumentSpace(c.Number)) {
		return true
	}
	return slices.ContainsFunc(c.Indexes, func(x schema.Index) bool { return t.reads(t.core.keys.IndexSpace(nil, x.Number)) })
}

func (t *Tx) reads(space []byte) bool {
	return t.ending.scanned.Meets(sequencer.Range{Lower: space, Upper: layout.End(space)})
}

// unkept looks for indexes that were read and are gone: nobody notes there what changes any more, so that all documents
// count as read.
func (t *Tx) unkept(old, fresh *schema.Collection) (some bool) {
	for _, x := range old.Indexes {
		here := func(y schema.Index) bool { return y.Number == x.Number }
		if slices.ContainsFunc(fresh.Indexes, here) || !t.reads(t.core.keys.IndexSpace(nil, x.Number)) {
			continue
		}
		space := t.core.keys.DocumentSpace(old.Number)
		t.reader.NoteRange(space, layout.End(space))
		some = true
	}
	return some
}

// sameList says whether the list of collections is the same, as far as queries see it (package rowset).
func sameList(was, now *schema.Schema) bool {
	return slices.EqualFunc(was.Names(), now.Names(), func(a, b string) bool {
		old, _ := was.Collection(a)
		fresh, _ := now.Collection(b)
		return old.Name == fresh.Name && old.ID() == fresh.ID() && old.Type == fresh.Type && old.System == fresh.System &&
			old.Local == fresh.Local && old.WaitForSync == fresh.WaitForSync
	})
}

// collectionOf finds the collection that a key of a document or index entry belongs to.
func collectionOf(s *schema.Schema, key []byte) (*schema.Collection, bool) {
	fixed, _, ok := layout.Tail(key, 4)
	if !ok {
		return nil, false
	}
	number := binary.BigEndian.Uint32(fixed)
	if key[layout.PrefixLen] != layout.Indexes {
		return s.Numbered(number)
	}
	for _, c := range s.All() {
		for i := range c.Indexes {
			if c.Indexes[i].Number == number {
				return c, true
			}
		}
	}
	return nil, false
}

// overtaken says in words what another transaction has changed.
func overtaken(err error, s *schema.Schema) error {
	var o *sequencer.Overtaken
	if !errors.As(err, &o) {
		return err
	}
	if o.Forgotten {
		return failure(Conflict, "the transaction was open for so long that what others wrote since is no longer known: try again").from(err)
	}
	if o.Key == nil {
		name := "a collection"
		if in, ok := s.Numbered(o.Collection); ok {
			name = in.Name
		}
		return failure(Conflict, "the number of documents, which the transaction read, was changed by another one").in(name, "").from(err)
	}
	in, ok := collectionOf(s, o.Key)
	if !ok {
		return failure(Conflict, "what the transaction read was changed by another one").from(err)
	}
	if o.Key[layout.PrefixLen] == layout.Documents {
		_, key, _ := layout.Tail(o.Key, 4)
		return failure(Conflict, "the document, or a range that it lies in, was read by the transaction and changed by another one").in(in.Name, string(key)).from(err)
	}
	return failure(Conflict, "entries of an index that the transaction read were changed by another one").in(in.Name, "").from(err)
}

// Revise puts the commit's stamp into revisions in a JSON text that holds what Write gave. It changes the text itself.
func (t *Tx) Revise(text []byte) []byte {
	stamp := rows.FormatRev(t.stamp, 0)[:rows.StampLen]
	for rest := text; ; {
		at := bytes.Index(rest, []byte(t.marker))
		if at < 0 {
			return text
		}
		copy(rest[at:], stamp)
		rest = rest[at+len(stamp):]
	}
}

// Pending says whether a text holds a revision that is not known before the commit.
func (t *Tx) Pending(text string) bool { return strings.Contains(text, t.marker) }
