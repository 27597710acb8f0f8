package codec_test

import (
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// timingVectors are what one location has seen before and after a turn in which
// every other one has written.
func timingVectors(origins int) (before, after clock.Vector) {
	for i := range origins {
		o := clock.Origin(i + 2)
		before.Raise(o, clock.TimeOf(int64(1_000_000+i*7%50)))
		after.Raise(o, clock.TimeOf(int64(1_000_020+i*11%60)))
	}
	return before, after
}

func BenchmarkAppendLogRecord(b *testing.B) {
	for _, c := range []struct {
		origins int
		seen    bool
	}{{25, false}, {25, true}, {200, false}, {200, true}} {
		b.Run(fmt.Sprintf("origins=%d/seen=%v", c.origins, c.seen), func(b *testing.B) {
			before, after := timingVectors(c.origins)
			past := codec.Past{Deps: before}
			e := codec.Entry{Stamp: clock.Stamp{Time: clock.TimeOf(1_000_100), Origin: 1}, Prev: clock.TimeOf(1_000_080), Deps: before, Body: make([]byte, 100)}
			if c.seen {
				e.Deps = after
			}
			room := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				room = codec.AppendLogRecord(room[:0], &e, past, false)
			}
		})
	}
}

func BenchmarkDecodeLogRecord(b *testing.B) {
	for _, origins := range []int{25, 200} {
		b.Run(fmt.Sprintf("origins=%d", origins), func(b *testing.B) {
			before, after := timingVectors(origins)
			past := codec.Past{Deps: before}
			e := codec.Entry{Stamp: clock.Stamp{Time: clock.TimeOf(1_000_100), Origin: 1}, Prev: clock.TimeOf(1_000_080), Deps: after, Body: make([]byte, 100)}
			data := codec.AppendLogRecord(nil, &e, past, false)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.DecodeLogRecord(1, e.Stamp.Time, data, past); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBatchOf100(b *testing.B) {
	before, after := timingVectors(25)
	var records []codec.LogRecord
	past, prev, chain := codec.Past{Deps: before}, clock.TimeOf(1_000_080), uint32(0)
	for i := range 100 {
		e := codec.Entry{Stamp: clock.Stamp{Time: clock.TimeOf(int64(1_000_100 + i)), Origin: 1}, Prev: prev, Deps: after, Body: make([]byte, 100)}
		chain = codec.ChainNext(chain, e.Stamp.Time, codec.BodyHash(e.Body))
		e.Chain = chain
		records = append(records, codec.LogRecord{Time: e.Stamp.Time, Data: codec.AppendLogRecord(nil, &e, past, false)})
		past, prev = e.Past(), e.Stamp.Time
	}
	data, err := codec.AppendBatch(nil, 1, clock.TimeOf(1_000_080), records)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("append", func(b *testing.B) {
		room := make([]byte, 0, 1<<16)
		b.ReportAllocs()
		for b.Loop() {
			if room, err = codec.AppendBatch(room[:0], 1, clock.TimeOf(1_000_080), records); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := codec.DecodeBatch(data, codec.Past{Deps: before}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkChanges(b *testing.B) {
	update := []codec.Change{{Kind: codec.Document, Collection: "readings", Generation: 1, Key: "machine-4711",
		Ops: []crdt.Op{{Kind: crdt.OpAssign, Path: value.Path{"temperature"}, Value: value.Int(21)}}}}
	body := codec.AppendChanges(nil, update)
	b.Run("append", func(b *testing.B) {
		room := make([]byte, 0, 256)
		b.ReportAllocs()
		for b.Loop() {
			room = codec.AppendChanges(room[:0], update)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := codec.DecodeChanges(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
