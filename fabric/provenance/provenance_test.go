package provenance

import (
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func stamp(at int64, origin clock.Origin) clock.Stamp {
	return clock.Stamp{Time: clock.TimeOf(at), Origin: origin}
}

func merge(t *testing.T, d *crdt.Document, s clock.Stamp, deps clock.Vector, ops ...crdt.Op) {
	t.Helper()
	for _, op := range ops {
		if _, err := d.Merge(s, deps, op, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// written writes fields as PATH=KIND@ORIGIN, with - for what is settled.
func written(list []Field) string {
	var out []string
	for _, f := range list {
		who := "-"
		if !f.Settled {
			who = strings.TrimLeft(f.Stamp.Origin.String(), "0")
		}
		out = append(out, strings.Join(f.Path, ".")+"="+f.Kind+"@"+who)
	}
	return strings.Join(out, " ")
}

func TestFieldsOfSeveralWriters(t *testing.T) {
	t.Parallel()
	d := crdt.Uniform(parse(t, `{"a":1,"b":{"c":2,"d":{}},"n":5}`), stamp(10, 1))
	if got, want := written(Fields(d, false)), "=value@1 a=value@1 b.c=value@1 b.d=value@1 n=value@1"; got != want {
		t.Errorf("of one insert: %s, want %s", got, want)
	}
	seen := clock.Vector{{Origin: 1, Time: clock.TimeOf(10)}}
	decls, err := crdt.ParseDeclarations(parse(t, `{"n":{"type":"counter"}}`))
	if err != nil {
		t.Fatal(err)
	}
	change := func(s clock.Stamp, old, new string) {
		ops, err := crdt.Difference(parse(t, old), true, parse(t, new), true, decls)
		if err != nil {
			t.Fatal(err)
		}
		merge(t, d, s, seen, ops...)
	}
	change(stamp(20, 2), `{"a":1,"b":{"c":2,"d":{}},"n":5}`, `{"b":{"c":3,"d":{}},"n":7}`)
	change(stamp(30, 3), `{"a":1,"b":{"c":2,"d":{}},"n":5}`, `{"a":1,"b":{"c":2,"d":{}},"n":6,"z":[1]}`)
	list := Fields(d, false)
	if got, want := written(list), "=value@3 a=removed@2 b.c=value@2 b.d=value@1 n=counter@3 z=value@3"; got != want {
		t.Errorf("of three: %s, want %s", got, want)
	}
	if parts := list[4].Parts; len(parts) != 2 || parts[0].Value.Digits() != "2" || parts[1].Value.Digits() != "1" {
		t.Errorf("parts of the counter: %v", parts)
	}
	if got, want := written(Fields(d, true)), "=value@3 b.c=value@- b.d=value@- n=counter@- z=value@-"; got != want {
		t.Errorf("settled: %s, want %s", got, want)
	}
}

func TestFieldsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"x":{`)
	for i := range 2 * Most {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.Repeat("k", i%3) + string(rune('a'+i%26)) + strings.Repeat("0", i/26%40) + value.Int(int64(i)).Digits() + `":1`)
	}
	b.WriteString(`}}`)
	if n := len(Fields(crdt.Uniform(parse(t, b.String()), stamp(1, 1)), false)); n != Most {
		t.Errorf("%d fields, want %d", n, Most)
	}
}

// What is folded is found again in the writes, the later ones first.
func TestTraceOfSettledFields(t *testing.T) {
	t.Parallel()
	shown := parse(t, `{"a":1,"b":{"c":3,"d":4},"n":7,"m":9,"old":0}`)
	fields := Fields(crdt.Uniform(shown, stamp(30, 3)), true)
	trace := Trace(fields, shown)
	path := func(names ...string) value.Path { return names }
	writes := []struct {
		by  clock.Origin
		ops []crdt.Op
	}{
		{3, []crdt.Op{{Kind: crdt.OpDelta, Path: path("n"), Number: 2}, {Kind: crdt.OpMax, Path: path("m"), Value: value.Int(8)}}},
		{2, []crdt.Op{{Kind: crdt.OpAssign, Path: path("b", "c"), Value: value.Int(3)}, {Kind: crdt.OpMax, Path: path("m"), Value: value.Int(9)}}},
		{1, []crdt.Op{{Kind: crdt.OpInsert, Value: parse(t, `{"a":1,"b":{"c":2,"d":4},"n":5,"m":1}`)}}},
	}
	for i, w := range writes {
		if more := trace.Write(stamp(int64(30-i), w.by), w.ops); !more {
			t.Errorf("write %d is taken for the last", i)
		}
	}
	if got, want := written(fields), "=value@3 a=value@1 b.c=value@2 b.d=value@1 m=max@2 n=counter@3 old=value@-"; got != want {
		t.Errorf("traced: %s, want %s", got, want)
	}
	if trace.Write(stamp(1, 4), []crdt.Op{{Kind: crdt.OpAssign, Path: path("old"), Value: value.Int(0)}}) {
		t.Error("more writes are wanted when all is found")
	}
}
