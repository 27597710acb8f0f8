package rows_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// TestDocumentsAreCanonical puts the system attributes into contents that sort before, between and behind them.
func TestDocumentsAreCanonical(t *testing.T) {
	t.Parallel()
	stamp := clock.Stamp{Time: clock.TimeOf(1_800_000_000_000), Origin: 1<<16 | 3}
	rev := rows.FormatRev(stamp, 77)
	for _, text := range []string{
		`{}`, `{"a":1}`, `{"A":1}`, `{"A":{"_id":"no"},"B":[1,2]}`, `{"_from":"v/a","_to":"v/b"}`, `{"_from":"v/a","_to":"v/b","w":1}`,
		`{"_idx":1}`, `{"_k":1}`, `{"_kez":1}`, `{"_keyx":1,"_r":2}`, `{"A":1,"_id0":"2","_key0":"3","_rev0":"4","z":"5"}`,
		`{"_a":1,"_i":2,"_j":3,"_z":4}`, `{"_j":"x","_q":"y"}`, `{"_id\n":1,"_key\"":2,"_rev\\":3}`, `{"_rez":{"a":[]}}`, `{"\"":1}`, `{"zz":"}"}`,
	} {
		content := mustParse(t, text)
		want := content.With("_id", value.String("places/k1")).With("_key", value.String("k1")).With("_rev", value.String(rev))
		row := rows.Row{Collection: &rows.Collection{Name: "places"}, Key: []byte("k1"), Text: []byte(text), Stamp: stamp, Hash: 77}
		got := row.AppendDocument([]byte(`"`))
		if string(got) != `"`+want.String() {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

func mustParse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRevisions(t *testing.T) {
	t.Parallel()
	a := clock.Stamp{Time: clock.TimeOf(1_800_000_000_000) + 7, Origin: 5<<16 | 1}
	rev := rows.FormatRev(a, 0xDEADBEEF)
	stamp, hash, ok := rows.ParseRev(rev)
	if !ok || stamp != a || hash != 0xDEADBEEF || len(rev) != rows.RevLen {
		t.Fatalf("%s reads back as %v, %x, %v", rev, stamp, hash, ok)
	}
	if other := rows.FormatRev(a, 1); other[:rows.StampLen] != rev[:rows.StampLen] || other == rev {
		t.Fatalf("%s and %s do not share the stamp alone", rev, other)
	}
	for _, bad := range []string{"", rev + "A", rev[1:], "!" + rev[1:]} {
		if _, _, ok := rows.ParseRev(bad); ok {
			t.Errorf("%q is taken for a revision", bad)
		}
	}
}

func BenchmarkAppendDocument(b *testing.B) {
	text := []byte(`{"_from":"airports/fra","_to":"airports/sin","airline":"SQ","distance":10285,"stops":0}`)
	row := rows.Row{Collection: &rows.Collection{Name: "flights"}, Key: []byte("k1"), Text: text}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = row.AppendDocument(buf[:0])
	}
}
