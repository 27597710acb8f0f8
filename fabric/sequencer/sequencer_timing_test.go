package sequencer

import (
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/layout"
)

// nowhere is a batch that keeps nothing, so that the store's share of the time is not measured.
type nowhere struct{ count, bytes int }

func (b *nowhere) Set(key, value []byte)      { b.count, b.bytes = b.count+1, b.bytes+len(key)+len(value) }
func (b *nowhere) Delete([]byte)              { b.count++ }
func (b *nowhere) DeleteRange([]byte, []byte) { b.count++ }
func (b *nowhere) Len() int                   { return b.bytes }
func (b *nowhere) Count() int                 { return b.count }

// BenchmarkSequence measures the sequencing step of a commit that inserts one 600-byte document with one index entry,
// in groups of 32, with its share of ending the group.
func BenchmarkSequence(b *testing.B) {
	const group = 32
	keys := layout.NewKeys(1)
	const self = clock.Origin(1<<16 | 1)
	wall := clock.New(0, 0)
	wall.SetCeiling(clock.TimeOf(1_900_000_000_000))
	m := New(keys, State{Self: self, Clock: wall, Counts: map[uint32]int64{}})
	prepared := make([]Prepared, group)
	record, body := make([]byte, 620), make([]byte, 640)
	fill := func(base int) {
		for i := range prepared {
			name := fmt.Sprintf("%024d", base+i)
			dkey := keys.Document(nil, 100, name)
			prepared[i] = Prepared{Snapshot: m.Number(), Reads: []uint64{uint64(base+i)<<1 | 1},
				Puts: []Put{{Key: dkey, Value: record, Stamps: []int{5}, Guard: uint64(base+i)<<1 | 1},
					{Key: append(keys.IndexSpace(nil, 7), name...)}},
				Counts:  []Count{{Collection: 100, Delta: 1}},
				Changes: []changelog.Change{{Type: changelog.Write, Collection: 100, Name: "places", Key: name, Text: record}},
				Body:    body, BodyHash: codec.BodyHash(body)}
		}
	}
	batch := &nowhere{}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		b.StopTimer()
		fill(n)
		m.Begin(batch)
		b.StartTimer()
		for i := range prepared {
			if _, err := m.Sequence(&prepared[i], 1_800_000_000_000); err != nil {
				b.Fatal(err)
			}
			n++
		}
		m.Seal(1_800_000_000_000, 0, false)
	}
}
