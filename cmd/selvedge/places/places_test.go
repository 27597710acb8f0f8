package places

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"testing"

	"github.com/selvedge-db/selvedge/cmd/selvedge/rowsource"
)

func TestSameEveryTime(t *testing.T) {
	t.Parallel()
	var one bytes.Buffer
	if err := WriteJSONL(&one, 1000); err != nil {
		t.Fatal(err)
	}
	hash := fnv.New64a()
	_, _ = hash.Write(one.Bytes())
	// Documents and tests name places by key: a change of the rule changes
	// what they show.
	if got, want := hash.Sum64(), uint64(0x2586c288128732e5); got != want {
		t.Errorf("the first 1000 places are others than before: hash %#x, want %#x", got, want)
	}
}

func TestPlacesAreFit(t *testing.T) {
	t.Parallel()
	cities, kinds, total := map[string]bool{}, map[string]bool{}, 0
	for n := 1; n <= Default; n++ {
		p := At(n)
		text, err := p.JSON()
		if err != nil || !json.Valid(text) {
			t.Fatalf("place %d: %v: %s", n, err, text)
		}
		if len(text) < 500 || len(text) > 700 {
			t.Fatalf("place %d has %d bytes: %s", n, len(text), text)
		}
		if p.Latitude < -90 || p.Latitude > 90 || p.Longitude < -180 || p.Longitude > 180 || len(p.Tags) < 2 {
			t.Fatalf("place %d: %+v", n, p)
		}
		cities[p.City], kinds[p.Kind] = true, true
		total += len(text)
	}
	if len(cities) < 80 || len(kinds) < 20 {
		t.Errorf("only %d cities and %d kinds", len(cities), len(kinds))
	}
	if mean := total / Default; mean < 560 || mean > 640 {
		t.Errorf("places have %d bytes on average, want about 600", mean)
	}
}

// What CSV and JSON Lines say is the same where the types allow it.
func TestFormsAgree(t *testing.T) {
	t.Parallel()
	var lines, table bytes.Buffer
	if err := WriteJSONL(&lines, 50); err != nil {
		t.Fatal(err)
	}
	if err := WriteCSV(&table, 50); err != nil {
		t.Fatal(err)
	}
	a, err := rowsource.Open(&lines, rowsource.Options{Format: rowsource.JSONL})
	if err != nil {
		t.Fatal(err)
	}
	b, err := rowsource.Open(&table, rowsource.Options{Format: rowsource.CSV})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		x, errX := a.Next()
		y, errY := b.Next()
		if errX != nil || errY != nil || x.Err != nil || y.Err != nil {
			t.Fatalf("row %d: %v, %v, %v, %v", n, errX, errY, x.Err, y.Err)
		}
		var one, two map[string]json.RawMessage
		if json.Unmarshal(x.Document, &one) != nil || json.Unmarshal(y.Document, &two) != nil {
			t.Fatalf("row %d: not objects", n)
		}
		delete(one, "tags")
		delete(two, "tags")
		if len(one) != len(two) {
			t.Fatalf("row %d: %d and %d members", n, len(one), len(two))
		}
		for name, v := range one {
			if !bytes.Equal(v, two[name]) {
				t.Errorf("row %d: %s is %s and %s", n, name, v, two[name])
			}
		}
	}
}
