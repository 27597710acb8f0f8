package series_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/selvedge-db/selvedge/series"
)

// shapes are columns of every kind that an encoding may like or dislike.
func shapes(r *rand.Rand, n int) [][]float64 {
	out := make([][]float64, 0, 16)
	add := func(f func(i int) float64) {
		column := make([]float64, n)
		for i := range column {
			column[i] = f(i)
		}
		out = append(out, column)
	}
	nan := math.NaN()
	walk := 20.0
	add(func(int) float64 { return 21.5 })
	add(func(i int) float64 { return float64(i) })
	add(func(int) float64 { walk += r.NormFloat64(); return walk })
	add(func(int) float64 { walk += r.NormFloat64(); return math.Round(walk*100) / 100 })
	add(func(int) float64 { return r.Float64() })
	add(func(int) float64 { return math.Float64frombits(r.Uint64() &^ (0x7FF << 52)) }) // the smallest there are
	add(func(int) float64 { return float64(r.Uint64()) })
	add(func(i int) float64 { return []float64{0, math.Copysign(0, -1), 1, -1}[i%4] })
	add(func(i int) float64 {
		return []float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}[i%3]
	})
	add(func(int) float64 { return nan })
	add(func(i int) float64 { return []float64{nan, 1.25, nan, nan}[i%4] })
	add(func(i int) float64 { return math.Nextafter(float64(i)/10, 1e9) })
	add(func(i int) float64 { return float64(i/50) * 0.1 })
	add(func(int) float64 { return float64(float32(r.Float64())) })
	add(func(i int) float64 { return 1<<53 + float64(i*2) })
	add(func(int) float64 { return math.Float64frombits(r.Uint64()) })
	for _, column := range out {
		for i, v := range column {
			if math.IsInf(v, 0) {
				column[i] = 0
			}
		}
	}
	return out
}

func TestBlocksComeBack(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	times := []func(i int) int64{
		func(i int) int64 { return began + int64(i)*1000 },
		func(i int) int64 { return began + int64(i)*300_000 + r.Int64N(100) },
		func(i int) int64 { return r.Int64N(1 << 40) },
		func(i int) int64 { return int64(r.Uint64()) },
		func(i int) int64 { return series.FirstTime + int64(i) },
		func(i int) int64 { return began + int64(i*i) },
		func(int) int64 { return -1 },
	}
	for _, n := range []int{0, 1, 2, 3, 7, 127, 128, 129, 130, 1000, 2048, 5000} {
		for _, time := range times {
			b := &series.Block{Values: shapes(r, n)}
			for i := range n {
				b.Times = append(b.Times, time(i))
			}
			data := encoded(t, b)
			var e series.Encoder
			if again := e.Append(nil, b.Times, b.Values); !bytes.Equal(again, data) {
				t.Fatalf("equal points make different blocks of %d and %d bytes", len(data), len(again))
			}
			alone, err := series.DecodeTimes(data, nil)
			if err != nil || len(alone) != n {
				t.Fatalf("times alone: %d of %d, %v", len(alone), n, err)
			}
			for i := range alone {
				if alone[i] != b.Times[i] {
					t.Fatalf("time %d alone is %d, not %d", i, alone[i], b.Times[i])
				}
			}
		}
	}
}

// TestOutliersCostLittle holds that one strange point does not make all the others large.
func TestOutliersCostLittle(t *testing.T) {
	t.Parallel()
	b := counter(chunkLen)
	plain := len(encoded(t, b))
	b.Values[0][1000] = 1e300
	b.Times[300] += 1 << 40
	if with := len(encoded(t, b)); with > plain*3 {
		t.Errorf("two outliers make %d bytes of %d", with, plain)
	}
}

func TestBlocksThatAreCutOffAreRefused(t *testing.T) {
	t.Parallel()
	b := counter(300)
	b.Values = append(b.Values, shapes(rand.New(rand.NewPCG(1, 1)), 300)...)
	var e series.Encoder
	data := e.Append(nil, b.Times, b.Values)
	var d series.Decoder
	var out series.Block
	for cut := range data {
		if _, err := d.Decode(data[:cut], len(b.Values), &out); !errors.Is(err, series.ErrBlock) {
			t.Fatalf("cut to %d of %d bytes: %v", cut, len(data), err)
		}
	}
	if _, err := d.Decode([]byte{1, 0xff, 0xff, 0xff, 0x7f, 0, 0}, 1, &out); !errors.Is(err, series.ErrBlock) {
		t.Errorf("a block that announces millions of points: %v", err)
	}
}

func FuzzDecodeBlock(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{0, 1, 5, 200} {
		all := shapes(r, n)
		times := make([]int64, n)
		for i := range times {
			times[i] = began + r.Int64N(5000)
		}
		var e series.Encoder
		for i := range all {
			f.Add(e.Append(nil, times, all[i:i+1]))
		}
	}
	f.Add([]byte{1, 0x80, 0x80, 4, 0, 2, 3, 3, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var d series.Decoder
		var b series.Block
		rest, err := d.Decode(data, 1, &b)
		if err != nil {
			if !errors.Is(err, series.ErrBlock) {
				t.Fatalf("not marked: %v", err)
			}
			return
		}
		if b.Len() > series.MaxPoints || len(rest) > len(data) {
			t.Fatalf("%d points, %d bytes left of %d", b.Len(), len(rest), len(data))
		}
		encoded(t, &b)
	})
}

// FuzzBlockOfNumbers makes points of the bytes, eight for a time and eight for a value.
func FuzzBlockOfNumbers(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdeg0123456789abcdeh"))
	f.Add(make([]byte, 160))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &series.Block{Values: make([][]float64, 1)}
		for ; len(data) >= 16 && b.Len() < 1000; data = data[16:] {
			at, v := uint64(0), uint64(0)
			for i := range 8 {
				at, v = at<<8|uint64(data[i]), v<<8|uint64(data[8+i])
			}
			b.Times, b.Values[0] = append(b.Times, int64(at)), append(b.Values[0], math.Float64frombits(v))
		}
		encoded(t, b)
	})
}
