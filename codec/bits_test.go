package codec

import (
	"testing"

	"pgregory.net/rapid"
)

// TestBitCodes writes numbers in all codes, most of them near the borders of
// the codes, and reads them back.
func TestBitCodes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type item struct {
			v    uint64
			k    uint
			rice bool
		}
		var items []item
		var w bitWriter
		size := 0
		for range rapid.IntRange(0, 20).Draw(t, "items") {
			x := item{k: rapid.UintRange(0, maxK).Draw(t, "k"), rice: rapid.Bool().Draw(t, "rice")}
			if x.rice {
				x.v = rapid.OneOf(rapid.Uint64Range(0, 1<<10), rapid.Uint64Range(riceEscape<<x.k-2, riceEscape<<x.k+2), rapid.Uint64()).Draw(t, "v")
				w.rice(x.v, x.k)
				size += riceBits(x.v, x.k)
			} else {
				x.v = rapid.Uint64Range(1, 1<<20).Draw(t, "v")
				w.gamma(x.v)
				size += gammaBits(x.v)
			}
			items = append(items, x)
		}
		data := w.close()
		if len(data) != (size+7)/8 {
			t.Fatalf("%d bytes, want %d bits", len(data), size)
		}
		r := bitReader{data: data}
		for i, x := range items {
			got := uint64(0)
			if x.rice {
				got = r.rice(x.k)
			} else {
				got = r.gamma()
			}
			if got != x.v {
				t.Fatalf("item %d %+v read as %d", i, x, got)
			}
		}
		if !r.ended() {
			t.Fatal("bits are left")
		}
		if r.get(8); !r.over {
			t.Fatal("reading beyond the end goes unseen")
		}
	})
}
