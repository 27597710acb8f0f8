package codec

import (
	"encoding/binary"

	"github.com/selvedge-db/selvedge/clock"
)

// Points of time series come in batches, in the log and as they arrive, and lie in chunks at rest. Blocks are those of
// package series and opaque here.
//
//	batch = layout 8 bytes, low byte first | uvarint fields | uvarint parts | parts, in order of key
//	part  = key | uvarint points | varint first time | uvarint last - first | block     key and block with their length
//	chunk = flags | uvarint points | uvarint of them shown | varint last time | runs, if flags say so | block
//	runs  = uvarint number | for each: uvarint points | stamp          in the order of the points

// PointPart is points of one series: in order of time, each time once.
type PointPart struct {
	Key         []byte
	Points      int
	First, Last int64
	Block       []byte
}

// maxPointFields bounds how many values a point has.
const maxPointFields = 1 << 12

// AppendPointsHead begins a batch of a number of parts, of points with a number of values.
func AppendPointsHead(dst []byte, layout uint64, fields, parts int) []byte {
	dst = AppendUvarint(binary.LittleEndian.AppendUint64(dst, layout), uint64(fields))
	return AppendUvarint(dst, uint64(parts))
}

// AppendPointPart appends a part.
func AppendPointPart(dst []byte, p *PointPart) []byte {
	dst = AppendUvarint(AppendBytes(dst, p.Key), uint64(p.Points))
	dst = AppendUvarint(AppendVarint(dst, p.First), uint64(p.Last-p.First))
	return AppendBytes(dst, p.Block)
}

// PointsReader reads a batch part by part.
type PointsReader struct {
	Layout uint64
	Fields int
	Parts  int // left
	r      Reader
}

// ReadPoints begins to read a batch.
func ReadPoints(data []byte) PointsReader {
	p := PointsReader{r: NewReader("batch of points", data)}
	p.Layout = p.r.Uint64()
	fields := p.r.Uvarint()
	if fields == 0 || fields > maxPointFields {
		p.r.Fail("points of no values, or of too many")
	}
	p.Fields = int(fields)
	p.Parts = p.r.Count(5)
	return p
}

// Next reads the next part into p, as parts of the data. It is false at the end and after a failure; Err tells.
func (b *PointsReader) Next(p *PointPart) bool {
	if b.Parts == 0 || b.r.err != nil {
		if b.r.err == nil {
			_ = b.r.Done()
		}
		return false
	}
	b.Parts--
	p.Key = b.r.Bytes()
	n := b.r.Uvarint()
	p.First = b.r.Varint()
	span := b.r.Uvarint()
	p.Last = p.First + int64(span)
	p.Block = b.r.Bytes()
	if n == 0 || n > 1<<31 || p.Last < p.First || span > 1<<62 {
		b.r.Fail("points without number or time")
	}
	p.Points = int(n)
	return b.r.err == nil
}

// Err is the first failure, or nil.
func (b *PointsReader) Err() error { return b.r.err }

// PointRun is as many points, one behind the other, that one transaction wrote.
type PointRun struct {
	Points int
	Stamp  clock.Stamp // zero: older than anything that can still arrive
}

// PointChunk is points of one series at rest.
type PointChunk struct {
	Points int
	Shown  int // points that are not removed
	Last   int64
	Runs   []PointRun // nil when every stamp is zero
	Block  []byte
}

const (
	chunkStamped = 1 << iota
	chunkFlagsEnd
)

// AppendPointChunk appends a chunk.
func AppendPointChunk(dst []byte, c *PointChunk) []byte {
	flags := byte(0)
	if c.Runs != nil {
		flags |= chunkStamped
	}
	dst = AppendUvarint(AppendUvarint(append(dst, flags), uint64(c.Points)), uint64(c.Shown))
	dst = AppendVarint(dst, c.Last)
	if c.Runs != nil {
		dst = AppendUvarint(dst, uint64(len(c.Runs)))
		for i := range c.Runs {
			dst = AppendStamp(AppendUvarint(dst, uint64(c.Runs[i].Points)), c.Runs[i].Stamp)
		}
	}
	return append(dst, c.Block...)
}

// DecodePointChunk reads a chunk; its block is part of data.
func DecodePointChunk(data []byte) (PointChunk, error) {
	r := NewReader("chunk of points", data)
	var c PointChunk
	flags := r.Byte()
	if flags >= chunkFlagsEnd {
		r.FailNewer("unknown flags")
	}
	points, shown := r.Uvarint(), r.Uvarint()
	if points > 1<<31 || shown > points {
		r.Fail("more points shown than there are")
	}
	c.Points, c.Shown, c.Last = int(points), int(shown), r.Varint()
	if flags&chunkStamped != 0 {
		n := r.Count(1 + StampSize)
		c.Runs = make([]PointRun, 0, n)
		left := points
		for range n {
			run := PointRun{}
			of := r.Uvarint()
			run.Points, run.Stamp = int(of), r.Stamp()
			if r.err == nil && (of == 0 || of > left) {
				r.Fail("runs of more points than there are")
			}
			left -= min(left, of)
			c.Runs = append(c.Runs, run)
		}
		if r.err == nil && left > 0 {
			r.Fail("points without a stamp")
		}
	}
	c.Block = r.Rest()
	return c, r.err
}
