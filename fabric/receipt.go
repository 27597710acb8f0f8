package fabric

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
)

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
