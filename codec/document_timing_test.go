package codec

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// BenchmarkUpdateRecord is what a one-field update of a document costs: decode, merge, encode.
func BenchmarkUpdateRecord(b *testing.B) {
	d := crdt.Uniform(mustParse(b, benchmarkDocument()), at(5, 1))
	rec := AppendDocument(nil, d, crdt.Declarations{})
	op := crdt.Op{Kind: crdt.OpAssign, Path: value.Path{"field03"}, Value: value.Int(7)}
	deps := clock.VectorOf(clock.Row{Origin: 1, Time: clock.TimeOf(5)})
	out := make([]byte, 0, 2*len(rec))
	b.SetBytes(int64(len(rec)))
	b.ReportAllocs()
	for b.Loop() {
		d, err := DecodeDocument(rec)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Merge(at(9, 2), deps, op, nil); err != nil {
			b.Fatal(err)
		}
		out = AppendDocument(out[:0], d, crdt.Declarations{})
	}
}

// BenchmarkUpdateBusyRecord is the same for a document that others have just changed too.
func BenchmarkUpdateBusyRecord(b *testing.B) {
	d := crdt.Uniform(mustParse(b, benchmarkDocument()), at(5, 1))
	for i := range 8 {
		mustMerge(b, d, at(int64(6+i), clock.Origin(i+2)), nil, crdt.Op{Kind: crdt.OpDelta, Path: value.Path{"field00"}, Number: 1})
	}
	rec := AppendDocument(nil, d, crdt.Declarations{})
	op := crdt.Op{Kind: crdt.OpDelta, Path: value.Path{"field00"}, Number: 1}
	out := make([]byte, 0, 2*len(rec))
	b.ReportAllocs()
	for b.Loop() {
		d, err := DecodeDocument(rec)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Merge(at(99, 2), nil, op, nil); err != nil {
			b.Fatal(err)
		}
		out = AppendDocument(out[:0], d, crdt.Declarations{})
	}
}
