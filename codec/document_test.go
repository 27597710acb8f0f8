package codec

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

func mustParse(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func at(ms int64, o clock.Origin) clock.Stamp { return clock.Stamp{Time: clock.TimeOf(ms), Origin: o} }

func mustMerge(t testing.TB, d *crdt.Document, s clock.Stamp, deps clock.Vector, ops ...crdt.Op) {
	t.Helper()
	for _, op := range ops {
		if _, err := d.Merge(s, deps, op, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFreshInsertIsTextAndOneStamp(t *testing.T) {
	t.Parallel()
	content := mustParse(t, `{"name":"x","o":{"n":1}}`)
	d := crdt.New()
	mustMerge(t, d, at(5, 1), nil, crdt.Op{Kind: crdt.OpInsert, Value: content})
	rec := AppendDocument(nil, d, crdt.Declarations{})
	if RecordMetaLen(rec) > 32 || !RecordQuiet(rec) || RecordHidden(rec) {
		t.Fatalf("%d bytes beside the text, quiet %v, hidden %v", RecordMetaLen(rec), RecordQuiet(rec), RecordHidden(rec))
	}
	body := value.AppendJSON(nil, content)
	fast, offset := AppendUniformDocument([]byte("ab"), content)
	PatchStamp(fast, offset, at(5, 1))
	if !bytes.Equal(fast[2:], rec) {
		t.Fatalf("the short way gives %x, the long one %x", fast[2:], rec)
	}
	touched, hash := RecordRev(rec)
	if touched != at(5, 1) || hash != ContentHash(body) || !bytes.Equal(RecordText(rec), body) {
		t.Fatalf("touched %v, hash %x, text %s", touched, hash, RecordText(rec))
	}
}

func TestRecordOfRemovedDocumentIsHidden(t *testing.T) {
	t.Parallel()
	d := crdt.New()
	mustMerge(t, d, at(5, 1), nil, crdt.Op{Kind: crdt.OpInsert, Value: mustParse(t, `{"a":1}`)})
	mustMerge(t, d, at(6, 1), nil, crdt.Op{Kind: crdt.OpUnset})
	rec := AppendDocument(nil, d, crdt.Declarations{})
	if !RecordHidden(rec) || RecordQuiet(rec) || string(RecordText(rec)) != `{"a":1}` {
		t.Fatalf("hidden %v, quiet %v, text %s", RecordHidden(rec), RecordQuiet(rec), RecordText(rec))
	}
	back, err := DecodeDocument(rec)
	if err != nil || back.Exists() {
		t.Fatalf("decoded: exists %v, error %v", back.Exists(), err)
	}
	// A concurrent update with a later stamp brings it back whole.
	mustMerge(t, back, at(7, 2), clock.VectorOf(clock.Row{Origin: 1, Time: clock.TimeOf(5)}), crdt.Op{Kind: crdt.OpAssign, Path: value.Path{"b"}, Value: value.Int(2)})
	if v, exists := back.View(crdt.Declarations{}); !exists || string(value.AppendJSON(nil, v)) != `{"a":1,"b":2}` {
		t.Fatalf("back: %v %s", exists, value.AppendJSON(nil, v))
	}
}

func TestPendingPlacesAreAllPatched(t *testing.T) {
	t.Parallel()
	d := crdt.New()
	mustMerge(t, d, at(5, 1), nil, crdt.Op{Kind: crdt.OpInsert, Value: mustParse(t, `{"a":1,"n":1}`)})
	mustMerge(t, d, at(6, 1), nil, crdt.Op{Kind: crdt.OpDelta, Path: value.Path{"n"}, Number: 2})
	ops := []crdt.Op{
		{Kind: crdt.OpDelta, Path: value.Path{"n"}, Number: 3}, {Kind: crdt.OpAssign, Path: value.Path{"a"}, Value: value.Int(2)},
		{Kind: crdt.OpAdd, Path: value.Path{"s"}, Value: value.Int(2)}, {Kind: crdt.OpMax, Path: value.Path{"m"}, Value: value.Int(2)},
	}
	direct, _ := DecodeDocument(AppendDocument(nil, d, crdt.Declarations{}))
	mustMerge(t, direct, at(9, 1), nil, ops...)
	mustMerge(t, d, crdt.Pending, nil, ops...)
	rec, offsets := AppendDocumentPending(nil, d, crdt.Declarations{})
	for _, offset := range offsets {
		PatchStamp(rec, offset, at(9, 1))
	}
	back, err := DecodeDocument(rec)
	if err != nil {
		t.Fatal(err)
	}
	// Decoding joins the two runs of origin 1, so it is the second record that is the same.
	if got, want := AppendDocument(nil, back, crdt.Declarations{}), AppendDocument(nil, direct, crdt.Declarations{}); !bytes.Equal(got, want) {
		t.Fatalf("prepared: %x\n  direct: %x", got, want)
	}
	back.Stamps(func(s clock.Stamp) bool {
		if s == crdt.Pending {
			t.Error("a stamp was left pending")
		}
		return true
	})
}

func TestRecordsThatAreNone(t *testing.T) {
	t.Parallel()
	good := AppendDocument(nil, crdt.Uniform(mustParse(t, `{}`), at(1, 1)), crdt.Declarations{})
	newer := bytes.Clone(good)
	newer[0] += 1 << 4
	if _, err := DecodeDocument(newer); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer version gives %v", err)
	}
	for name, rec := range map[string][]byte{
		"empty": nil, "short": good[:9], "no text": good[:17], "array": append(bytes.Clone(good[:17]), "[]"...),
		"hidden without extension": append([]byte{good[0] | recordHidden}, good[1:]...),
	} {
		if _, err := DecodeDocument(rec); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if RecordText(nil) != nil || RecordText(newer) != nil || RecordMetaLen(good[:3]) != 0 {
		t.Error("text of what is no record")
	}
	PatchStamp(good, len(good), at(1, 1)) // beyond the end: no effect, no panic
}

// recordSamples are records of documents in many states.
func recordSamples() (out [][]byte) {
	for seed := range 12 {
		w := newModel(seed, noMistake)
		if err := w.run(90); err != nil {
			return nil
		}
		for _, l := range w.locations[:2] {
			for _, key := range modelKeys {
				if d := l.plain[key]; d != nil {
					out = append(out, AppendDocument(nil, d, w.decls))
				}
				if rec := l.records[key]; rec != nil {
					out = append(out, rec)
				}
			}
		}
	}
	return out
}

func FuzzDecodeDocument(f *testing.F) {
	samples := recordSamples()
	if len(samples) == 0 {
		f.Fatal("no samples")
	}
	for _, rec := range samples {
		f.Add(rec)
	}
	f.Fuzz(func(t *testing.T, rec []byte) {
		RecordRev(rec)
		d, err := DecodeDocument(rec)
		if err != nil {
			return
		}
		once := AppendDocument(nil, d, crdt.Declarations{})
		again, err := DecodeDocument(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%x", err, once)
		}
		if twice := AppendDocument(nil, again, crdt.Declarations{}); !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%x\n%x", once, twice)
		}
		d.Fold(clock.VectorOf(clock.Row{Origin: 1, Time: clock.TimeOf(100)}), crdt.Declarations{})
		ops := []crdt.Op{
			{Kind: crdt.OpAdd, Path: value.Path{"s"}, Value: value.Int(1)}, {Kind: crdt.OpDelta, Path: value.Path{"n"}, Number: 1},
			{Kind: crdt.OpMulti, Path: value.Path{"v"}, Value: value.Int(1)}, {Kind: crdt.OpInsert, Value: value.Object()},
		}
		for _, op := range ops {
			if _, err := d.Merge(at(50, 1), nil, op, nil); err != nil {
				return // a part of a run is needed, and there is no log
			}
		}
		AppendDocument(nil, d, crdt.Declarations{})
	})
}

// benchmarkDocument is 600 bytes of text.
func benchmarkDocument() string {
	var b strings.Builder
	b.WriteString(`{"field00":0`)
	for i := 1; b.Len() < 585; i++ {
		fmt.Fprintf(&b, `,"field%02d":"value number %d"`, i, i)
	}
	return b.String() + "}"
}
