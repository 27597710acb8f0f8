package codec

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
)

func somePoints() []PointPart {
	return []PointPart{
		{Key: []byte("a"), Points: 1, First: -5, Last: -5, Block: []byte{1}},
		{Key: nil, Points: 70000, First: 1 << 40, Last: 1<<40 + 1<<35, Block: bytes.Repeat([]byte{7}, 300)},
	}
}

func pointBatch(parts []PointPart) []byte {
	data := AppendPointsHead(nil, 0x0123456789abcdef, 2, len(parts))
	for i := range parts {
		data = AppendPointPart(data, &parts[i])
	}
	return data
}

func readBatch(data []byte) (layout uint64, parts []PointPart, err error) {
	r := ReadPoints(data)
	var p PointPart
	for r.Next(&p) {
		parts = append(parts, p)
	}
	return r.Layout, parts, r.Err()
}

func TestPointBatchesComeBack(t *testing.T) {
	t.Parallel()
	want := somePoints()
	data := pointBatch(want)
	layout, got, err := readBatch(data)
	if err != nil || layout != 0x0123456789abcdef || len(got) != len(want) {
		t.Fatalf("layout %x, %d parts, %v", layout, len(got), err)
	}
	for i := range want {
		if string(got[i].Key) != string(want[i].Key) || !bytes.Equal(got[i].Block, want[i].Block) ||
			got[i].Points != want[i].Points || got[i].First != want[i].First || got[i].Last != want[i].Last {
			t.Errorf("part %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	for cut := range data {
		if _, _, err := readBatch(data[:cut]); err == nil {
			t.Fatalf("a batch cut to %d of %d bytes was read", cut, len(data))
		}
	}
	if _, _, err := readBatch(append(data, 0)); err == nil {
		t.Error("a batch with a byte too many was read")
	}
}

func someChunks() []PointChunk {
	return []PointChunk{
		{Block: []byte{}},
		{Points: 3, Shown: 2, Last: -1, Block: []byte("block")},
		{Points: 9, Shown: 9, Last: 1 << 50, Block: []byte{0}, Runs: []PointRun{{4, clock.Stamp{Time: 7, Origin: 2}}, {5, clock.Stamp{}}}},
	}
}

func TestPointChunksComeBack(t *testing.T) {
	t.Parallel()
	for _, want := range someChunks() {
		data := AppendPointChunk(nil, &want)
		got, err := DecodePointChunk(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
	}
	bad := PointChunk{Points: 3, Shown: 3, Runs: []PointRun{{2, clock.Stamp{Time: 1, Origin: 1}}}}
	if _, err := DecodePointChunk(AppendPointChunk(nil, &bad)); err == nil {
		t.Error("a chunk with points without a stamp was read")
	}
}

func FuzzDecodePoints(f *testing.F) {
	f.Add(pointBatch(somePoints()))
	for _, c := range someChunks() {
		f.Add(AppendPointChunk(nil, &c))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if layout, parts, err := readBatch(data); err == nil {
			again := AppendPointsHead(nil, layout, 1, len(parts))
			for i := range parts {
				again = AppendPointPart(again, &parts[i])
			}
			if _, same, err := readBatch(again); err != nil || !reflect.DeepEqual(same, parts) {
				t.Fatalf("%+v became %+v, %v", parts, same, err)
			}
		}
		if c, err := DecodePointChunk(data); err == nil {
			if same, err := DecodePointChunk(AppendPointChunk(nil, &c)); err != nil || !reflect.DeepEqual(same, c) {
				t.Fatalf("%+v became %+v, %v", c, same, err)
			}
		}
	})
}
