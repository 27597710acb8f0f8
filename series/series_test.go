package series_test

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/selvedge-db/selvedge/internal/datatest"
	"github.com/selvedge-db/selvedge/series"
)

func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// encoded makes a block and checks that it comes back.
func encoded(t testing.TB, b *series.Block) []byte {
	t.Helper()
	var e series.Encoder
	data := e.Append(nil, b.Times, b.Values)
	var d series.Decoder
	var got series.Block
	rest, err := d.Decode(append(data[:len(data):len(data)], "rest"...), len(b.Values), &got)
	if err != nil {
		t.Fatalf("a block of %d points cannot be read: %v", b.Len(), err)
	}
	if string(rest) != "rest" {
		t.Fatalf("%d bytes are left behind a block, want 4", len(rest))
	}
	if got.Len() != b.Len() {
		t.Fatalf("%d points came back of %d", got.Len(), b.Len())
	}
	for i := range b.Times {
		if got.Times[i] != b.Times[i] {
			t.Fatalf("time %d is %d, not %d", i, got.Times[i], b.Times[i])
		}
		for f := range b.Values {
			if !same(got.Values[f][i], b.Values[f][i]) {
				t.Fatalf("field %d of point %d is %v, not %v", f, i, got.Values[f][i], b.Values[f][i])
			}
		}
	}
	return data
}

func blockOf(n int, time func(i int) int64, value func(i int) float64) *series.Block {
	b := &series.Block{Values: make([][]float64, 1)}
	for i := range n {
		b.Times = append(b.Times, time(i))
		b.Values[0] = append(b.Values[0], value(i))
	}
	return b
}

const (
	began    = 1_700_000_000_000
	chunkLen = 2048
)

// bytesPerPoint is what points take in blocks of the usual size.
func bytesPerPoint(t testing.TB, b *series.Block) float64 {
	t.Helper()
	total := 0
	for from := 0; from < b.Len(); from += chunkLen {
		part := &series.Block{}
		part.Reset(len(b.Values))
		part.AppendFrom(b, from, min(from+chunkLen, b.Len()))
		total += len(encoded(t, part))
	}
	return float64(total) / float64(b.Len())
}

func machine(t testing.TB) *series.Block {
	t.Helper()
	b := &series.Block{Values: make([][]float64, 1)}
	file, err := os.Open(filepath.Join(datatest.Dir(t), "machine-temperature.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		at, err := series.ParseTime(row[0])
		if err != nil {
			t.Fatal(err)
		}
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		b.Times, b.Values[0] = append(b.Times, at), append(b.Values[0], v)
	}
	return b
}

func counter(n int) *series.Block {
	r := rand.New(rand.NewPCG(1, 2))
	total := 0.0
	return blockOf(n, func(i int) int64 { return began + int64(i)*1000 + r.Int64N(101) - 50 },
		func(int) float64 { total += float64(r.IntN(200)); return total })
}

func gauge(n int) *series.Block {
	return blockOf(n, func(i int) int64 { return began + int64(i)*1000 }, func(int) float64 { return 21.5 })
}

func TestBlocksAreSmall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		block *series.Block
		most  float64
	}{
		{"the machine's temperature", machine(t), 7},
		{"a counter each second with jitter", counter(100_000), 3.2},
		{"a constant gauge", gauge(100_000), 0.5},
	} {
		if got := bytesPerPoint(t, c.block); got > c.most {
			t.Errorf("%s takes %.3f bytes a point, want at most %v", c.name, got, c.most)
		} else {
			t.Logf("%s: %.3f bytes a point", c.name, got)
		}
	}
}

func TestNotBefore(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-05":                   "2024-05-01T00:00:00.000Z",
		"2024-05-07T10":             "2024-05-07T10:00:00.000Z",
		"2024-05-07T10:00:00Z":      "2024-05-07T10:00:01.000Z", // a point comes before Z
		"2024-05-07T10:00:00.000Z":  "2024-05-07T10:00:00.000Z",
		"2024-05-07T10:00:00.000Z!": "2024-05-07T10:00:00.001Z",
		"":                          "0000-01-01T00:00:00.000Z",
	} {
		if got := string(series.AppendTime(nil, series.NotBefore(text))); got != want {
			t.Errorf("not before %q: %s, want %s", text, got, want)
		}
	}
	if got := series.NotBefore("zzz"); got != series.LastTime+1 {
		t.Errorf("nothing is after all times, but %d", got)
	}
}
