package codec_test

import (
	"bytes"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// fuzzPast is what fuzzed records are read against.
func fuzzPast() codec.Past {
	return codec.Past{Deps: clock.Vector{
		{Origin: 1, Time: clock.TimeOf(900)}, {Origin: 2, Time: clock.TimeOf(910) + 3}, {Origin: 9, Time: clock.TimeOf(1)},
	}, System: clock.TimeOf(800)}
}

func fuzzEntry() codec.Entry {
	return codec.Entry{
		Stamp: clock.Stamp{Time: clock.TimeOf(1000), Origin: origin}, Prev: clock.TimeOf(950), Chain: 77,
		Deps:   clock.Vector{{Origin: 1, Time: clock.TimeOf(905)}, {Origin: 2, Time: clock.TimeOf(910) + 9}, {Origin: 4, Time: 5}},
		System: clock.TimeOf(801), Body: []byte("body"), Local: []byte("local"),
	}
}

func FuzzDecodeLogRecord(f *testing.F) {
	e := fuzzEntry()
	f.Add(codec.AppendLogRecord(nil, &e, fuzzPast(), true))
	f.Add(codec.AppendLogRecord(nil, &e, fuzzPast(), false))
	e.Local, e.Deps, e.System = nil, fuzzPast().Deps, fuzzPast().System
	f.Add(codec.AppendLogRecord(nil, &e, fuzzPast(), false))
	f.Add([]byte{0xf0})
	f.Fuzz(func(t *testing.T, data []byte) {
		at, past := clock.TimeOf(1000), fuzzPast()
		e, err := codec.DecodeLogRecord(origin, at, data, past)
		if err != nil {
			return
		}
		whole := codec.RecordIsWhole(data)
		again := codec.AppendLogRecord(nil, &e, past, whole)
		f, err := codec.DecodeLogRecord(origin, at, again, past)
		if err != nil || !sameEntry(e, f) {
			t.Fatalf("%+v\ncame back as\n%+v, %v", e, f, err)
		}
		if third := codec.AppendLogRecord(nil, &f, past, whole); !bytes.Equal(again, third) {
			t.Fatalf("%x\nbecame\n%x", again, third)
		}
		if !past.Deps.Equal(fuzzPast().Deps) {
			t.Fatal("decoding changed the past")
		}
	})
}

func FuzzDecodeBatch(f *testing.F) {
	e := fuzzEntry()
	recs := []codec.LogRecord{{Time: e.Stamp.Time, Data: codec.AppendLogRecord(nil, &e, fuzzPast(), true)}}
	one, err := codec.AppendBatch(nil, origin, e.Prev, recs)
	if err != nil {
		f.Fatal(err)
	}
	next := codec.Entry{Stamp: clock.Stamp{Time: clock.TimeOf(1002) + 1, Origin: origin}, Prev: e.Stamp.Time, Deps: e.Deps, System: e.System}
	next.Chain = codec.ChainNext(e.Chain, next.Stamp.Time, codec.BodyHash(nil))
	recs = append(recs, codec.LogRecord{Time: next.Stamp.Time, Data: codec.AppendLogRecord(nil, &next, e.Past(), false)})
	two, err := codec.AppendBatch(nil, origin, e.Prev, recs)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one)
	f.Add(two)
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := codec.DecodeBatch(data, fuzzPast())
		if err != nil {
			return
		}
		past, recs := fuzzPast(), []codec.LogRecord(nil)
		for _, e := range b.Entries {
			recs = append(recs, codec.LogRecord{Time: e.Stamp.Time, Data: codec.AppendLogRecord(nil, &e, past, false)})
			past = e.Past()
		}
		again, err := codec.AppendBatch(nil, b.Origin, b.After, recs)
		if err != nil {
			t.Fatal(err)
		}
		c, err := codec.DecodeBatch(again, fuzzPast())
		if err != nil || len(c.Entries) != len(b.Entries) {
			t.Fatalf("%+v\ncame back as\n%+v, %v", b, c, err)
		}
		for i := range b.Entries {
			if !sameEntry(b.Entries[i], c.Entries[i]) {
				t.Fatalf("%+v\ncame back as\n%+v", b.Entries[i], c.Entries[i])
			}
		}
	})
}

func FuzzDecodeChanges(f *testing.F) {
	f.Add(codec.AppendChanges(nil, []codec.Change{
		{Kind: codec.Document, Collection: "c", Generation: 1, Key: "k", Ops: []crdt.Op{
			{Kind: crdt.OpInsert, Value: value.Object(value.Member{Name: "a", Value: value.Int(1)})},
			{Kind: crdt.OpAssign, Path: value.Path{"a", "b"}, Value: value.String("x")},
			{Kind: crdt.OpDelta, Path: value.Path{"a", "c"}, Number: -3},
			{Kind: crdt.OpUnset, Path: value.Path{"a"}},
		}},
		{Kind: codec.Truncate, Collection: "c", Generation: 1},
		{Kind: codec.Mark, Collection: "d", Key: "seal", Data: []byte{1, 2}},
	}))
	f.Add([]byte{1, 1, 'c', 1, 1, 'k', 1, 0x72, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, '1', '.', '0', ' '})
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := codec.DecodeChanges(body)
		if err != nil {
			return
		}
		again := codec.AppendChanges(nil, got)
		back, err := codec.DecodeChanges(again)
		if err != nil || len(back) != len(got) {
			t.Fatalf("%+v\ncame back as\n%+v, %v", got, back, err)
		}
		for i := range got {
			if !sameChange(got[i], back[i]) {
				t.Fatalf("%+v\ncame back as\n%+v", got[i], back[i])
			}
		}
		if third := codec.AppendChanges(nil, back); !bytes.Equal(again, third) {
			t.Fatalf("%x\nbecame\n%x", again, third)
		}
	})
}

func FuzzDecodeVector(f *testing.F) {
	f.Add(codec.AppendVector(nil, fuzzPast().Deps))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := codec.DecodeVector(data)
		if err != nil {
			return
		}
		again := codec.AppendVector(nil, v)
		w, err := codec.DecodeVector(again)
		if err != nil || !w.Equal(v) || !w.Equal(clock.VectorOf(w...)) {
			t.Fatalf("%s came back as %s, %v", v, w, err)
		}
	})
}
