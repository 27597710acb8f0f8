package series_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/series"
)

// chunks cuts points into blocks of the usual size.
func chunks(b *series.Block) (blocks []*series.Block) {
	for from := 0; from < b.Len(); from += chunkLen {
		part := &series.Block{}
		part.Reset(len(b.Values))
		part.AppendFrom(b, from, min(from+chunkLen, b.Len()))
		blocks = append(blocks, part)
	}
	return blocks
}

func perPoint(b *testing.B, points int) {
	b.ReportMetric(float64(points)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
}

func benchmark(b *testing.B, all *series.Block) {
	blocks := chunks(all)
	var e series.Encoder
	var encoded [][]byte
	for _, block := range blocks {
		encoded = append(encoded, e.Append(nil, block.Times, block.Values))
	}
	b.Run("decode", func(b *testing.B) {
		var d series.Decoder
		var out series.Block
		for b.Loop() {
			for _, data := range encoded {
				if _, err := d.Decode(data, 1, &out); err != nil {
					b.Fatal(err)
				}
			}
		}
		perPoint(b, all.Len())
	})
	b.Run("encode", func(b *testing.B) {
		var dst []byte
		for b.Loop() {
			for _, block := range blocks {
				dst = e.Append(dst[:0], block.Times, block.Values)
			}
		}
		perPoint(b, all.Len())
	})
}

func BenchmarkMachine(b *testing.B) { benchmark(b, machine(b)) }

func BenchmarkCounter(b *testing.B) { benchmark(b, counter(100_000)) }

func BenchmarkGauge(b *testing.B) { benchmark(b, gauge(100_000)) }

// BenchmarkFragments is what a commit of 1,000 points in 100 series encodes and decodes.
func BenchmarkFragments(b *testing.B) {
	all := counter(1000)
	var e series.Encoder
	var d series.Decoder
	var out series.Block
	var dst []byte
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			for from := 0; from < 1000; from += 10 {
				dst = e.Append(dst[:0], all.Times[from:from+10], [][]float64{all.Values[0][from : from+10]})
			}
		}
		perPoint(b, 1000)
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			for range 100 {
				if _, err := d.Decode(dst, 1, &out); err != nil {
					b.Fatal(err)
				}
			}
		}
		perPoint(b, 1000)
	})
	b.ReportMetric(0, "ns/op")
}
