package sim

import (
	"bytes"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/replication"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// Mistakes inside of merging: made on operations, entries and records, since merging itself has no switches.

// floating counts in floating point: hundredths come out a little less than they went in.
func floating(key, record []byte) ([]byte, bool) {
	if len(key) <= 5 || key[5] != layout.Documents || codec.RecordQuiet(record) {
		return record, true
	}
	doc, err := codec.DecodeDocument(slices.Clone(record))
	if err != nil || !roundCounters(doc.Root()) {
		return record, true
	}
	decls := crdt.Declarations{}
	for path, shape := range declarations() {
		p, _ := value.ParsePath(path)
		d, _ := crdt.ParseDeclaration(p, shape)
		decls, _ = decls.With(p, d)
	}
	return codec.AppendDocument(nil, doc, decls), true
}

func roundCounters(n *crdt.Node) bool {
	changed := false
	if n.Slots != nil {
		for i := range n.Slots.Counter {
			sum := &n.Slots.Counter[i].Sum
			rounded := int64(float64(*sum) * 0.01 / 0.01)
			changed = changed || rounded != *sum
			*sum = rounded
		}
	}
	for _, c := range n.Children {
		changed = roundCounters(c.Node) || changed
	}
	return changed
}

// tamperCommit turns an insert of a document into unsets of what this location remembers of it, in the log and in the
// record of this location alike.
func (w *world) tamperCommit(s *site, p *fabric.Prepared) {
	if w.mutant == "forgotten-reads" {
		p.Scanned = nil
	}
	if w.mutant != "insert-by-unsets" || len(p.Body) == 0 {
		return
	}
	changes, err := codec.DecodeChanges(p.Body)
	if err != nil {
		return
	}
	v := s.core.NewView(s.wall())
	docs, ok := v.Collection("docs")
	_ = v.Close()
	if !ok {
		return
	}
	touched := false
	for i := range changes {
		c := &changes[i]
		if c.Kind == codec.Document && c.Collection == "docs" && len(c.Ops) > 0 && c.Ops[0].Kind == crdt.OpInsert && len(c.Ops[0].Path) == 0 {
			touched = s.insertByUnsets(p, docs, c) || touched
		}
	}
	if touched {
		p.Body = codec.AppendChanges(nil, changes)
		p.BodyHash = codec.BodyHash(p.Body)
	}
}

// insertByUnsets changes one insert and the record that comes of it. What shows here is the same; if it were not, or
// the document has changed since the insert was prepared, it changes nothing.
func (s *site) insertByUnsets(p *fabric.Prepared, docs *fabric.Collection, c *codec.Change) bool {
	keys := layout.NewKeys(fabricNumber)
	key := keys.Document(nil, docs.Number, c.Key)
	at := slices.IndexFunc(p.Puts, func(put sequencer.Put) bool { return bytes.Equal(put.Key, key) })
	old, found, err := s.disk.Get(key)
	if at < 0 || err != nil || found && !codec.RecordHidden(old) {
		return false
	}
	doc, remembered := crdt.New(), value.Object()
	if found {
		if doc, err = codec.DecodeDocument(slices.Clone(old)); err != nil {
			return false
		}
		remembered = parse(string(codec.RecordText(old)))
		if doc.Fold(s.core.Stable(), docs.CRDT) {
			doc, remembered = crdt.New(), value.Object()
		}
	}
	ops := unsets(remembered, c.Ops)
	for _, op := range ops {
		if _, err := doc.Merge(crdt.Pending, s.w.ledger.Holds(s.book()), op, nil); err != nil {
			return false
		}
	}
	record, stamps := codec.AppendDocumentPending(nil, doc, docs.CRDT)
	if !bytes.Equal(codec.RecordText(record), codec.RecordText(p.Puts[at].Value)) {
		return false
	}
	c.Ops = ops
	p.Puts[at].Value, p.Puts[at].Stamps = record, stamps
	p.Puts = append(p.Puts, sequencer.Put{Key: keys.Fold(clock.TimeOf(s.wall()), docs.Number, c.Key)})
	return true
}

func unsets(hidden value.Value, ops []crdt.Op) []crdt.Op {
	var out []crdt.Op
	for _, m := range hidden.Members() {
		if _, kept := ops[0].Value.Get(m.Name); !kept {
			out = append(out, crdt.Op{Kind: crdt.OpUnset, Path: value.Path{m.Name}})
		}
	}
	for _, m := range ops[0].Value.Members() {
		kind := crdt.OpAssign
		if m.Value.Kind() == value.KindObject {
			kind = crdt.OpInsert
		}
		out = append(out, crdt.Op{Kind: kind, Path: value.Path{m.Name}, Value: m.Value})
	}
	return append(out, ops[1:]...)
}

// tamperDigest asks for the digest of a time at which nothing had expired yet.
func (w *world) tamperDigest(at clock.Time) clock.Time {
	if w.mutant == "expiry-in-digest" {
		return 0
	}
	return at
}

// tamperUpkeep makes mistakes on the disk, between groups.
func (w *world) tamperUpkeep(s *site) {
	switch w.mutant {
	case "expiry-by-wall":
		s.core.SetWatermark(clock.TimeOf(s.wall()))
		w.newest = max(w.newest, clock.TimeOf(s.wall()))
	case "early-purge", "forgotten-losers":
		if len(s.flight) == 0 && len(s.open) == 0 && s.core.Self() != 0 {
			w.tamperRecords(s)
		}
	}
}

func (w *world) tamperRecords(s *site) {
	v := s.core.NewView(s.wall())
	c, ok := v.Collection("docs")
	_ = v.Close()
	if !ok {
		return
	}
	batch := s.disk.NewBatch()
	space := layout.NewKeys(fabricNumber).DocumentSpace(c.Number)
	it, err := s.disk.Scan(space, layout.End(space))
	if err != nil {
		return
	}
	for it.Next() {
		doc, err := codec.DecodeDocument(append([]byte(nil), it.Value()...))
		if err != nil {
			continue
		}
		w.tamperRecord(s, c, batch, it.Key(), doc)
	}
	_ = it.Close()
	if batch.Count() > 0 {
		if _, err := s.disk.Apply(batch); err == nil {
			_ = s.disk.Sync()
		}
	}
}

func (w *world) tamperRecord(s *site, c *fabric.Collection, batch kv.Batch, key []byte, doc *crdt.Document) {
	if w.mutant == "early-purge" {
		if root := doc.Root(); root.State == crdt.Absent && s.core.Stable().Covers(root.Stamp) {
			batch.Delete(key)
		}
		return
	}
	if forgetLosers(doc.Root()) {
		batch.Set(key, codec.AppendDocument(nil, doc, c.CRDT))
	}
}

// forgetLosers drops beaten candidates, stable or not.
func forgetLosers(n *crdt.Node) bool {
	changed := false
	if n.Slots != nil {
		for sign, list := range map[int]*[]crdt.Candidate{1: &n.Slots.Max, -1: &n.Slots.Min} {
			if len(*list) < 2 {
				continue
			}
			best := (*list)[0]
			for _, x := range *list {
				if sign*value.Compare(x.Value, best.Value) > 0 {
					best = x
				}
			}
			*list, changed = []crdt.Candidate{best}, true
		}
	}
	for _, c := range n.Children {
		changed = forgetLosers(c.Node) || changed
	}
	return changed
}

// forgetClock sets the clock back at a restart.
func (s *site) forgetClock() {
	if s.life > 0 {
		s.timing.offset -= 1500
		s.timing.good = s.timing.offset
	}
}

// tamperReceive applies entries as they come, whatever they depend on.
func (w *world) tamperReceive(s *site, msg replication.Message) {
	e, ok := msg.(replication.Entries)
	if !ok || w.mutant != "ignored-dependency" || s.state.needsSnapshot || s.core.Self() == 0 {
		return
	}
	origin, after, _, err := codec.BatchHead(e.Batch)
	if err != nil || after != w.ledger.Holds(s.book()).At(origin) {
		return
	}
	past, err := s.core.Past(origin, after)
	if err != nil {
		return
	}
	if b, err := codec.DecodeBatch(e.Batch, past); err == nil {
		s.apply(b.Entries)
	}
}

// tamperJoined gives a newcomer a disk from before it joined.
func (w *world) tamperJoined(s *site) {
	if w.mutant != "early-newcomer" || w.member.before == nil {
		return
	}
	disk := w.member.before
	if identify(disk, s.self) == nil {
		s.disk = disk
	}
}
