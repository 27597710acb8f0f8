package codec_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
)

// origin is whose log the tests write; no dependency is of it.
const origin clock.Origin = 0x10007

func millis() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(1_000_000, 1_000_300), rapid.Int64Range(1, 1<<48-1))
}

func times() *rapid.Generator[clock.Time] {
	return rapid.Custom(func(t *rapid.T) clock.Time {
		count := rapid.OneOf(rapid.Just(uint16(0)), rapid.Uint16()).Draw(t, "count")
		return clock.TimeOf(millis().Draw(t, "ms")) + clock.Time(count)
	})
}

func vectors() *rapid.Generator[clock.Vector] {
	return rapid.Custom(func(t *rapid.T) clock.Vector {
		var v clock.Vector
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			o := clock.Origin(rapid.OneOf(rapid.Uint32Range(1, 20), rapid.Uint32()).Draw(t, "origin"))
			if o != origin {
				v.Raise(o, times().Draw(t, "time"))
			}
		}
		return v
	})
}

// nextVector is what v may have become: mostly some rows higher.
func nextVector(t *rapid.T, v clock.Vector) clock.Vector {
	if rapid.IntRange(0, 9).Draw(t, "other") == 0 {
		return vectors().Draw(t, "vector")
	}
	w := v.Clone()
	for i := range w {
		if rapid.Bool().Draw(t, "moves") {
			w[i].Time = w[i].Time.Plus(rapid.Int64Range(-1, 500).Draw(t, "by")) + clock.Time(rapid.IntRange(0, 3).Draw(t, "count"))
			w[i].Time = max(w[i].Time, 1)
		}
	}
	return w
}

// logs are consecutive entries of one origin with a chain, as a sequencer
// makes them.
func logs() *rapid.Generator[[]codec.Entry] {
	return rapid.Custom(func(t *rapid.T) []codec.Entry {
		var out []codec.Entry
		at := clock.Time(rapid.Uint64Range(0, 1<<60).Draw(t, "start"))
		chain, deps, system := rapid.Uint32().Draw(t, "chain"), vectors().Draw(t, "deps"), clock.Time(0)
		for range rapid.IntRange(1, 8).Draw(t, "entries") {
			e := codec.Entry{Prev: at, Deps: deps, System: system}
			at += clock.Time(rapid.OneOf(rapid.Uint64Range(1, 3), rapid.Uint64Range(1, 1<<40)).Draw(t, "apart"))
			e.Stamp = clock.Stamp{Time: at, Origin: origin}
			e.Body = rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "body")
			if rapid.IntRange(0, 3).Draw(t, "local") == 0 {
				e.Local = rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "local body")
			}
			chain = codec.ChainNext(chain, at, codec.BodyHash(e.Body))
			e.Chain = chain
			out = append(out, e)
			if rapid.Bool().Draw(t, "dependencies move") {
				deps = nextVector(t, deps)
			}
			if rapid.Bool().Draw(t, "system moves") {
				system = times().Draw(t, "system")
			}
		}
		return out
	})
}

func sameEntry(a, b codec.Entry) bool {
	return a.Stamp == b.Stamp && a.Prev == b.Prev && a.Chain == b.Chain && a.Deps.Equal(b.Deps) &&
		a.System == b.System && bytes.Equal(a.Body, b.Body) && bytes.Equal(a.Local, b.Local)
}

func TestLogRecordRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var past codec.Past
		for _, e := range logs().Draw(t, "log") {
			whole := rapid.Bool().Draw(t, "whole")
			data := codec.AppendLogRecord([]byte("before"), &e, past, whole)[len("before"):]
			if codec.RecordIsWhole(data) != whole {
				t.Fatalf("whole is %v", !whole)
			}
			known := past
			if whole {
				known = codec.Past{Deps: clock.Vector{{Origin: 1, Time: 1}}, System: 5}
			}
			back, err := codec.DecodeLogRecord(origin, e.Stamp.Time, data, known)
			if err != nil || !sameEntry(back, e) {
				t.Fatalf("%+v\nread as\n%+v, %v", e, back, err)
			}
			body, err := codec.RecordBody(e.Stamp.Time, data)
			if err != nil || !bytes.Equal(body, e.Body) {
				t.Fatalf("body read as %x, %v", body, err)
			}
			prev, chain, err := codec.RecordChain(e.Stamp.Time, data)
			if err != nil || prev != e.Prev || chain != e.Chain {
				t.Fatalf("place read as %s %x, %v", prev, chain, err)
			}
			past = e.Past()
		}
	})
}

func TestBatchRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := logs().Draw(t, "log")
		start := rapid.IntRange(0, len(log)-1).Draw(t, "start")
		var past, first codec.Past
		var records []codec.LogRecord
		for i, e := range log {
			if i == start {
				first = past
			}
			if i >= start {
				whole := rapid.Bool().Draw(t, "whole")
				records = append(records, codec.LogRecord{Time: e.Stamp.Time, Data: codec.AppendLogRecord(nil, &e, past, whole)})
			}
			past = e.Past()
		}
		data, err := codec.AppendBatch([]byte("before"), origin, log[start].Prev, records)
		if err != nil {
			t.Fatal(err)
		}
		data = data[len("before"):]
		b, err := codec.DecodeBatch(data, first)
		if err != nil || b.Origin != origin || b.After != log[start].Prev || len(b.Entries) != len(log)-start {
			t.Fatalf("read as %+v, %v", b, err)
		}
		for i, e := range log[start:] {
			e.Local = nil
			if !sameEntry(b.Entries[i], e) {
				t.Fatalf("%+v\nread as\n%+v", e, b.Entries[i])
			}
		}
		if start > 0 && (!b.Follows(log[start-1].Chain) || b.Follows(log[start-1].Chain+1)) {
			t.Fatal("the batch does not see what it follows")
		}
		if o, after, n, err := codec.BatchHead(data); err != nil || o != origin || after != b.After || n != len(b.Entries) {
			t.Fatalf("head read as %s %s %d, %v", o, after, n, err)
		}
	})
}

// TestBatchSeesDamage flips each bit of the bodies: all but the first are under
// the chain hash of the batch, the first is under Follows.
func TestBatchSeesDamage(t *testing.T) {
	t.Parallel()
	var past codec.Past
	var records []codec.LogRecord
	chain, at := uint32(0), clock.Time(0)
	for i := range 3 {
		e := codec.Entry{Stamp: clock.Stamp{Time: clock.TimeOf(int64(i + 1)), Origin: origin}, Prev: at, Body: bytes.Repeat([]byte{byte(i)}, 20)}
		at = e.Stamp.Time
		chain = codec.ChainNext(chain, at, codec.BodyHash(e.Body))
		e.Chain = chain
		records = append(records, codec.LogRecord{Time: at, Data: codec.AppendLogRecord(nil, &e, past, false)})
	}
	good, err := codec.AppendBatch(nil, origin, 0, records)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			b, err := codec.DecodeBatch(bad, past)
			if err == nil && b.Origin == origin && b.After == 0 && b.Follows(0) {
				t.Errorf("bit %d of byte %d may flip unseen", bit, i)
			}
		}
	}
}

func TestBatchRefuses(t *testing.T) {
	t.Parallel()
	e := codec.Entry{Stamp: clock.Stamp{Time: 9, Origin: origin}, Prev: 5}
	rec := codec.LogRecord{Time: 9, Data: codec.AppendLogRecord(nil, &e, codec.Past{}, false)}
	for name, recs := range map[string][]codec.LogRecord{
		"none": nil, "too many": make([]codec.LogRecord, codec.MaxBatchEntries+1), "a gap": {rec, rec},
	} {
		if out, err := codec.AppendBatch([]byte("x"), origin, 5, recs); !errors.Is(err, codec.ErrBatch) || string(out) != "x" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if _, err := codec.AppendBatch(nil, origin, 5, []codec.LogRecord{{Time: 9}}); !errors.Is(err, codec.ErrMalformed) {
		t.Errorf("an empty record: %v", err)
	}
	if _, err := codec.AppendBatch(nil, origin, 5, []codec.LogRecord{{Time: 9, Data: []byte{0xf0}}}); !errors.Is(err, codec.ErrNewer) {
		t.Errorf("a record of version 15: %v", err)
	}
}

func TestVectorRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := vectors().Draw(t, "vector")
		back, err := codec.DecodeVector(codec.AppendVector(nil, v))
		if err != nil || !back.Equal(v) {
			t.Fatalf("%s read as %s, %v", v, back, err)
		}
		s := clock.Stamp{Time: times().Draw(t, "time"), Origin: origin}
		if got, err := codec.DecodeStamp(codec.AppendStamp(nil, s)); err != nil || got != s {
			t.Fatalf("%s read as %s, %v", s, got, err)
		}
	})
}

func TestReaderKeepsFirstError(t *testing.T) {
	t.Parallel()
	r := codec.NewReader("test", []byte{1, 2, 3})
	r.Byte()
	if b := r.Fixed(5); b != nil || r.Err() == nil {
		t.Fatalf("read %x, %v", b, r.Err())
	}
	first := r.Err()
	r.Fail("later")
	if r.Uvarint() != 0 || r.Uint32() != 0 || r.Uint64() != 0 || r.String() != "" || r.Len() != 0 || r.Done() != first {
		t.Fatal("reads after a failure give something")
	}
	var fe *codec.FormatError
	if !errors.As(first, &fe) || fe.Offset != 1 || fe.What != "test" || !errors.Is(first, codec.ErrMalformed) {
		t.Fatalf("error %v", first)
	}
	r = codec.NewReader("test", []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1})
	if n := r.Count(1); n != 0 || r.Err() == nil {
		t.Fatalf("counted %d, %v", n, r.Err())
	}
}

// TestRowsMustRise hands in a difference that moves a row to where it is.
func TestRowsMustRise(t *testing.T) {
	t.Parallel()
	past := codec.Past{Deps: clock.Vector{{Origin: 1, Time: clock.TimeOf(3)}}}
	record := func(rows ...byte) []byte {
		return append([]byte{0x14, 2, 0, 0, 0, 0, byte(len(rows))}, rows...)
	}
	e, err := codec.DecodeLogRecord(origin, clock.TimeOf(5), record(0, 0b1_0_1), past)
	if err == nil || !errors.Is(err, codec.ErrMalformed) {
		t.Fatalf("one that is cut off was read as %+v, %v", e, err)
	}
	if e, err = codec.DecodeLogRecord(origin, clock.TimeOf(5), record(0, 0b0_01_1), past); err != nil || e.Deps.At(1) != clock.TimeOf(4) {
		t.Fatalf("one that rises by a millisecond was read as %+v, %v", e, err)
	}
	if e, err = codec.DecodeLogRecord(origin, clock.TimeOf(5), record(0, 0b0_0_1), past); !errors.Is(err, codec.ErrMalformed) {
		t.Fatalf("one that stands still was read as %+v, %v", e, err)
	}
	if e, err = codec.DecodeLogRecord(origin, clock.TimeOf(5), record(3, 0), past); !errors.Is(err, codec.ErrNewer) {
		t.Fatalf("a mode to come was read as %+v, %v", e, err)
	}
}
