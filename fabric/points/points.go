// Package points keeps the points of time series in the store of a fabric: how they arrive, how they come to rest in
// compressed chunks, how they are read, and the roll-ups that are kept of them.
//
// A point is a time and a number in each field of values, within a series; a series is a value in each field that names
// it. What two transactions write for one series and time does not merge: the later stamp holds. So what points there are
// is a set that only grows by union, and neither the order in which entries come nor how far they are merged changes it.
//
// # Where points lie
//
//	p | collection u32 | layout u64 | a | stamp | number u32               batch, as it arrived    arrivals
//	                                | c | series | time                    chunk                   at rest
//	                                | s | time of a stamp | series | time  (nothing)               chunks to settle
//	                                | r | span u64 | series | time         chunk of summaries      roll-ups
//	                                | f | series                           time                    roll-ups reach so far
//	                                | n                                    u64                     points that chunks show
//	                                | d | series | time                    time                    stretches to sum up
//
// layout is a hash of the names of the fields, so that points written under another declaration of the collection (two
// locations may create it at once, differently) are never read with the wrong fields. series is the values of the fields
// that name it, as value.AppendKey writes them; times are such that they sort.
//
// Chunks of a series do not overlap: each is under the time of its first point. A point in a chunk keeps its stamp while
// one with an earlier stamp may still come; then it is settled and has none.
//
// # Guarantees
//
//   - What is read is exactly what was written and holds: arrivals and chunks together, at every moment between two
//     batches of the store.
//   - Round.Merge, Round.Settle, Round.Sum and Round.Purge change nothing that can be read, save that Purge needs a time
//     up to which points are expired for everybody.
//   - Roll-ups are always those of the points: where the kept ones are behind, they are computed.
//
// # Not guaranteed
//
// That a Round may follow another one before what that one made is in the store, or while arrivals are on their way to it
// with stamps at or below the watermark that it is given. A View or a Round belongs to one goroutine.
//
// # Shapes and units
//
// Times are Unix milliseconds. A series takes at most 1,024 bytes in keys. A chunk has up to 2,048 points.
//
// # Errors
//
// An *Invalid says what is wrong with a point that was to be written. Others are the store's; what cannot be read as it
// was written wraps kv.ErrCorrupt.
package points

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// The letters behind the layout.
const (
	arrivals = 'a'
	chunks   = 'c'
	settling = 's'
	rollups  = 'r'
	reached  = 'f'
	stale    = 'd'
	counted  = 'n'
)

const (
	// ChunkPoints is how many points a chunk holds at most.
	ChunkPoints = 2048
	// maxSeriesBytes bounds what names a series, as it stands in keys.
	maxSeriesBytes = 1024
	timeBytes      = 8
)

// Table is where the points of one collection lie. It is not changed and may be used from many goroutines.
type Table struct {
	Number uint32
	Decl   *series.Declaration
	Layout uint64
	space  []byte
	chunk  int // points in a chunk at most
}

// NewTable gives the table of a collection.
func NewTable(keys layout.Keys, number uint32, d *series.Declaration) *Table {
	t := &Table{Number: number, Decl: d, Layout: xxhash.Sum64String(d.Layout()), chunk: ChunkPoints}
	t.space = Space(keys, number, t.Layout)
	return t
}

// Chunked is the table with chunks of another size, for tests that want many.
func (t *Table) Chunked(most int) *Table {
	out := *t
	out.chunk = most
	return &out
}

// Space is the beginning of the keys of one layout of a collection.
func Space(keys layout.Keys, number uint32, hash uint64) []byte {
	return layout.Long(keys.PointSpace(number), hash)
}

// ArrivalKey is the key of a batch that arrived: number tells those of one transaction apart. at is where the stamp is.
func ArrivalKey(keys layout.Keys, collection uint32, hash uint64, stamp clock.Stamp, number int) (key []byte, at int) {
	key = append(Space(keys, collection, hash), arrivals)
	at = len(key)
	return layout.Number(codec.AppendStamp(key, stamp), uint32(number)), at
}

func (t *Table) key(letter byte) []byte {
	return append(append(make([]byte, 0, len(t.space)+64), t.space...), letter)
}

// sortable writes a time so that it sorts.
func sortable(dst []byte, at int64) []byte { return layout.Long(dst, uint64(at)^1<<63) }

func unsortable(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// lane is chunks of one kind: of points, or of the summaries of one span.
type lane struct {
	prefix []byte
	fields int
	points bool
}

func (t *Table) points() lane { return lane{t.key(chunks), len(t.Decl.Values), true} }

func (t *Table) rollup(b series.Bucket) lane {
	return lane{prefix: layout.Long(t.key(rollups), uint64(b)^1<<63), fields: rollupColumns(len(t.Decl.Values))}
}

// rollupColumns is how many columns a roll-up of so many fields has: a summary of each, and the number of points, which
// need not have a value in every field.
func rollupColumns(fields int) int { return fields*series.SummaryFields + 1 }

// series is the beginning of a series' chunks.
func (l *lane) series(key []byte) []byte {
	return append(append(make([]byte, 0, len(l.prefix)+len(key)+timeBytes), l.prefix...), key...)
}

func (l *lane) chunk(key []byte, at int64) []byte { return sortable(l.series(key), at) }

// split takes the key of a chunk apart.
func (l *lane) split(key []byte) (name []byte, at int64, err error) {
	if len(key) < len(l.prefix)+timeBytes {
		return nil, 0, corrupt(key, fmt.Errorf("the key of a chunk is cut off"))
	}
	body := key[len(l.prefix):]
	return body[:len(body)-timeBytes], unsortable(body[len(body)-timeBytes:]), nil
}

func corrupt(key []byte, cause error) error {
	return fmt.Errorf("record %x: %w: %w", key, kv.ErrCorrupt, cause)
}

// decodeSeries gives the values that name a series.
func (t *Table) decodeSeries(key []byte) ([]value.Value, error) {
	out := make([]value.Value, len(t.Decl.Keys))
	rest := key
	var err error
	for i := range out {
		if out[i], rest, err = value.DecodeKey(rest); err != nil {
			return nil, corrupt(key, err)
		}
	}
	if len(rest) > 0 {
		return nil, corrupt(key, fmt.Errorf("%d bytes behind the name of a series", len(rest)))
	}
	return out, nil
}

// run is points of one series in order of time, with the stamps of those who wrote them. A point without any value is
// a removal.
type run struct {
	series.Block
	stamps []clock.Stamp
}

func (r *run) reset(fields int) {
	r.Reset(fields)
	r.stamps = r.stamps[:0]
}

func (r *run) appendFrom(other *run, from, to int) {
	r.AppendFrom(&other.Block, from, to)
	r.stamps = append(r.stamps, other.stamps[from:to]...)
}

// removed says whether a point is a removal.
func removed(b *series.Block, i int) bool {
	for _, column := range b.Values {
		if v := column[i]; v == v {
			return false
		}
	}
	return true
}

func shown(b *series.Block) (n int) {
	for i := range b.Times {
		if !removed(b, i) {
			n++
		}
	}
	return n
}

// reading holds the scratch memory of whoever decodes chunks.
type reading struct {
	decoder series.Decoder
}

// decode reads a chunk into r, whose memory it uses.
func (d *reading) decode(l *lane, key, data []byte, r *run) (codec.PointChunk, error) {
	c, err := codec.DecodePointChunk(data)
	if err != nil {
		return c, corrupt(key, err)
	}
	if _, err := d.decoder.Decode(c.Block, l.fields, &r.Block); err != nil {
		return c, corrupt(key, err)
	}
	if r.Len() != c.Points || c.Points == 0 {
		return c, corrupt(key, fmt.Errorf("%d points in a chunk of %d", r.Len(), c.Points))
	}
	r.stamps = r.stamps[:0]
	for _, one := range c.Runs {
		for range one.Points {
			r.stamps = append(r.stamps, one.Stamp)
		}
	}
	for len(r.stamps) < c.Points {
		r.stamps = append(r.stamps, clock.Stamp{})
	}
	return c, nil
}
