package points

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// Text makes documents of points: canonical JSON, with a member for each field that has a value.
type Text struct {
	decl  *series.Declaration
	parts []textPart
}

type textPart struct {
	name []byte // quoted, with the colon
	kind byte   // of the field: 'k' names the series, 't' is the time, 'v' a value
	at   int
}

// NewText makes documents of the points of a declaration.
func NewText(d *series.Declaration) *Text {
	t := &Text{decl: d}
	type field struct {
		name string
		kind byte
		at   int
	}
	all := []field{{d.Time, 't', 0}}
	for i, name := range d.Keys {
		all = append(all, field{name, 'k', i})
	}
	for i, name := range d.Values {
		all = append(all, field{name, 'v', i})
	}
	slices.SortFunc(all, func(a, b field) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	for _, f := range all {
		t.parts = append(t.parts, textPart{append(value.AppendQuoted(nil, f.name), ':'), f.kind, f.at})
	}
	return t
}

// Append appends the document of point i of a block.
func (t *Text) Append(dst []byte, keys []value.Value, times []int64, values [][]float64, i int) []byte {
	dst = append(dst, '{')
	first := true
	for p := range t.parts {
		part := &t.parts[p]
		if part.kind == 'v' && math.IsNaN(values[part.at][i]) || part.kind == 'k' && keys[part.at].IsNull() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, part.name...)
		switch part.kind {
		case 'k':
			dst = value.AppendJSON(dst, keys[part.at])
		case 'v':
			dst = value.AppendJSON(dst, value.Float(values[part.at][i]))
		case 't':
			if t.decl.ISO {
				dst = append(series.AppendTime(append(dst, '"'), times[i]), '"')
			} else {
				dst = strconv.AppendInt(dst, times[i], 10)
			}
		}
	}
	return append(dst, '}')
}

// AppendBatch appends the points of a batch as a JSON array of documents.
func (t *Table) AppendBatch(dst, data []byte) ([]byte, error) {
	if _, hash, err := Verify(t, data); err != nil || hash != t.Layout {
		return dst, errors.Join(err, codec.ErrMalformed)
	}
	texts := NewText(t.Decl)
	r := codec.ReadPoints(data)
	var p codec.PointPart
	var d series.Decoder
	var b series.Block
	start := len(dst)
	for r.Next(&p) {
		keys, err := t.decodeSeries(p.Key)
		if err != nil {
			return dst[:start], err
		}
		if _, err := d.Decode(p.Block, r.Fields, &b); err != nil {
			return dst[:start], err
		}
		for i := range b.Times {
			dst = texts.Append(append(dst, ','), keys, b.Times, b.Values, i)
		}
	}
	if len(dst) == start {
		return append(dst, "[]"...), nil
	}
	dst[start] = '['
	return append(dst, ']'), nil
}

// EachText visits the points that show as documents, until visit says false. A text is valid during its visit only.
func (v *View) EachText(visit func(text []byte) bool) error {
	t := NewText(v.table.Decl)
	var text []byte
	c, err := v.Series(everything())
	if err != nil {
		return err
	}
	for on := true; on && c.Next(); {
		for i := range c.Times() {
			text = t.Append(text[:0], c.Keys(), c.Times(), c.Values(), i)
			if on = visit(text); !on {
				break
			}
		}
	}
	err = c.Err()
	if failed := c.Close(); err == nil {
		err = failed
	}
	return err
}

// Digest gives a sum over the points that show, the same however they lie, and how many there are.
func (v *View) Digest(name string) (sum uint64, counted int64, err error) {
	var buffer []byte
	err = v.Each(func(c *Cursor) error {
		times, values := c.Times(), c.Values()
		counted += int64(len(times))
		buffer = codec.AppendBytes(codec.AppendBytes(buffer[:0], name), c.key)
		head := len(buffer)
		for i, at := range times {
			buffer = codec.AppendUint64(buffer[:head], uint64(at))
			for _, column := range values {
				bits := math.Float64bits(column[i])
				if column[i] != column[i] {
					bits = math.Float64bits(math.NaN())
				}
				buffer = codec.AppendUint64(buffer, bits)
			}
			sum += xxhash.Sum64(buffer)
		}
		return nil
	})
	return sum, counted, err
}

// Figures say how the points of a collection lie.
type Figures struct {
	Series, Chunks           int
	Points                   int64 // in chunks, expired ones and removals included
	ChunkBytes, RollupBytes  int64 // keys and values
	Batches                  int   // that have arrived and are not merged yet
	ArrivedBytes, OtherBytes int64
}

// Figures reads all there is of the collection, as it lies in the store.
func (v *View) Figures() (f Figures, err error) {
	t := v.table
	it, err := v.reader.Scan(t.space, layout.End(t.space))
	if err != nil {
		return f, err
	}
	defer func() { _ = it.Close() }()
	var last []byte
	for it.Next() {
		key := it.Key()[len(t.space):]
		size := int64(len(it.Key()) + len(it.Value()))
		switch key[0] {
		case chunks:
			c, err := codec.DecodePointChunk(it.Value())
			if err != nil || len(key) < 1+timeBytes {
				return f, corrupt(it.Key(), err)
			}
			if name := key[1 : len(key)-timeBytes]; f.Chunks == 0 || !bytes.Equal(name, last) {
				f.Series++
				last = append(last[:0], name...)
			}
			f.Chunks++
			f.Points += int64(c.Points)
			f.ChunkBytes += size
		case rollups:
			f.RollupBytes += size
		case arrivals:
			f.Batches++
			f.ArrivedBytes += size
		default:
			f.OtherBytes += size
		}
	}
	return f, it.Err()
}
