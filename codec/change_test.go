package codec_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

func names() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "address", ""}), rapid.String())
}

func values(depth int) *rapid.Generator[value.Value] {
	return rapid.Custom(func(t *rapid.T) value.Value {
		top := 5
		if depth == 0 {
			top = 3
		}
		switch rapid.IntRange(0, top).Draw(t, "kind") {
		case 0:
			return value.Null()
		case 1:
			return value.Bool(rapid.Bool().Draw(t, "bool"))
		case 2:
			return value.Int(rapid.Int64().Draw(t, "int"))
		case 3:
			return value.String(names().Draw(t, "string"))
		case 4:
			return value.Array(rapid.SliceOfN(values(depth-1), 0, 4).Draw(t, "items")...)
		}
		var members []value.Member
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			members = append(members, value.Member{Name: names().Draw(t, "name"), Value: values(depth-1).Draw(t, "value")})
		}
		return value.Object(members...)
	})
}

func ops() *rapid.Generator[crdt.Op] {
	return rapid.Custom(func(t *rapid.T) crdt.Op {
		op := crdt.Op{Kind: crdt.OpKind(rapid.IntRange(int(crdt.OpInsert), int(crdt.OpMulti)).Draw(t, "kind"))}
		op.Path = rapid.SliceOfN(names(), 0, 10).Draw(t, "path")
		switch {
		case op.Kind == crdt.OpDelta:
			op.Number = rapid.Int64().Draw(t, "number")
		case op.Kind.HasValue():
			op.Value = values(2).Draw(t, "value")
		}
		return op
	})
}

func changes() *rapid.Generator[codec.Change] {
	return rapid.Custom(func(t *rapid.T) codec.Change {
		c := codec.Change{
			Kind:       codec.ChangeKind(rapid.IntRange(int(codec.Document), int(codec.Idempotency)).Draw(t, "kind")),
			Collection: rapid.SampledFrom([]string{"", "posts", "people"}).Draw(t, "collection"),
			Generation: rapid.Uint32Range(0, 2).Draw(t, "generation"),
			Key:        names().Draw(t, "key"),
		}
		if c.Kind == codec.Document {
			c.Ops = rapid.SliceOfN(ops(), 0, 5).Draw(t, "ops")
		} else {
			c.Data = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "data")
		}
		return c
	})
}

func sameChange(a, b codec.Change) bool {
	if a.Kind != b.Kind || a.Collection != b.Collection || a.Generation != b.Generation || a.Key != b.Key ||
		!bytes.Equal(a.Data, b.Data) || len(a.Ops) != len(b.Ops) {
		return false
	}
	for i, x := range a.Ops {
		y := b.Ops[i]
		if x.Kind != y.Kind || !x.Path.Equal(y.Path) || x.Number != y.Number || !value.Identical(x.Value, y.Value) {
			return false
		}
	}
	return true
}

func TestChangesRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(changes(), 0, 6).Draw(t, "changes")
		var apart []byte
		for _, c := range want {
			apart = codec.AppendChange(apart, c)
		}
		together := codec.AppendChanges([]byte("before"), want)[len("before"):]
		if len(together) > len(apart) {
			t.Fatalf("together %d bytes, apart %d", len(together), len(apart))
		}
		for _, body := range [][]byte{apart, together} {
			got, err := codec.DecodeChanges(body)
			if err != nil || len(got) != len(want) {
				t.Fatalf("read as %+v, %v", got, err)
			}
			for i := range want {
				if !sameChange(got[i], want[i]) {
					t.Fatalf("%+v\nread as\n%+v", want[i], got[i])
				}
			}
		}
	})
}

func TestInsertFromText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "value")
		want := codec.Change{Kind: codec.Document, Collection: "posts", Generation: 3, Key: "k",
			Ops: []crdt.Op{{Kind: crdt.OpInsert, Value: v}}}
		got := codec.AppendInsert(nil, "posts", 3, "k", value.AppendJSON(nil, v))
		if !bytes.Equal(got, codec.AppendChange(nil, want)) {
			t.Fatalf("%x differs from the same as a value", got)
		}
	})
}

// TestChangeSizes holds the bytes of usual changes to what the design allows.
func TestChangeSizes(t *testing.T) {
	t.Parallel()
	update := codec.Change{Kind: codec.Document, Collection: "readings", Generation: 1, Key: "machine-4711",
		Ops: []crdt.Op{{Kind: crdt.OpAssign, Path: value.Path{"temperature"}, Value: value.Int(21)}}}
	payload := len("readings") + len("machine-4711") + len("temperature") + len("21")
	if n := len(codec.AppendChange(nil, update)); n > payload+24-16 { // the entry around it takes up to 16
		t.Errorf("an update of one field takes %d bytes, %d of them its own", n, payload)
	}
	text := []byte(`{"text":"` + strings.Repeat("x", 589) + `"}`)
	if n := len(codec.AppendInsert(nil, "readings", 1, "machine-4711", text)); n > len(text)*13/10 {
		t.Errorf("an insert of %d bytes takes %d", len(text), n)
	}
	var ten []codec.Change
	for i := range 10 {
		c := update
		c.Key = string(rune('0' + i))
		ten = append(ten, c)
	}
	if n := bytes.Count(codec.AppendChanges(nil, ten), []byte("readings")); n != 1 {
		t.Errorf("ten changes name their collection %d times", n)
	}
}

func TestChangesRefused(t *testing.T) {
	t.Parallel()
	head := func(kind byte) []byte { return append([]byte{kind, 1, 'c', 1, 1}, 'k') }
	for _, c := range []struct {
		name string
		body []byte
		kind error
	}{
		{"kind 0", head(0), codec.ErrMalformed},
		{"a kind to come", head(40), codec.ErrNewer},
		{"an operation to come", append(head(1), 1, 15), codec.ErrNewer},
		{"no collection before", []byte{1 | 1<<7, 1, 'k', 0}, codec.ErrMalformed},
		{"more operations than bytes", append(head(1), 200), codec.ErrMalformed},
		{"a key that is no text", []byte{1, 1, 'c', 1, 1, 0xff, 0}, codec.ErrMalformed},
		{"a value that is no JSON", append(head(1), 1, byte(crdt.OpInsert), 1, '{'), codec.ErrMalformed},
		{"a path that goes on from nothing", append(head(1), 1, byte(crdt.OpUnset)|1<<7, 1), codec.ErrMalformed},
		{"cut off", head(1), codec.ErrMalformed},
		{"nothing of the data", append(head(2), 5), codec.ErrMalformed},
	} {
		got, err := codec.DecodeChanges(c.body)
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: read as %+v, %v; want %v", c.name, got, err, c.kind)
		}
	}
}

func TestChangeKindNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := codec.ChangeKind(0); k < 9; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is named %q", uint8(k), s)
		} else {
			seen[s] = true
		}
	}
}
