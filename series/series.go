// Package series is what a time series is made of, without the place where it is kept: the declaration of a collection
// of points, moments and buckets of time, compressed blocks of points, and summaries of them. It is pure.
//
// # Guarantees
//
//   - A block gives back exactly the points that went into it: each time, and each bit of each value. Absent values come
//     back as absent.
//   - Equal points make equal blocks, whatever machine makes them.
//   - Decoding any bytes whatsoever gives points or an error, never a panic, and takes no more memory than the number of
//     points that the caller allows, whatever the bytes announce.
//   - A Summary says of values what adding them one after another, in order of time, gives: adding to it in several
//     calls is the same as adding at once.
//
// # Not guaranteed
//
// That points are in order or that no two have one time: a block keeps what it is given. Sums are those of doubles.
//
// # Shapes
//
//	block   = version 1 | uvarint points | times: ints | for each field: uvarint bytes, field
//	ints    = form | what the form says                        numbers wrap around at 64 bits
//	          0 one number:   varint
//	          1 plain:        groups of the numbers
//	          2 steps:        varint first | groups of the differences
//	          3 second steps: varint first | varint first step | groups of the differences of the differences
//	          4 line:         varint first | varint step | groups of the distances from that line
//	          5 runs:         uvarint runs | for each varint difference to the run before, uvarint length - 1
//	groups  = for each 128 numbers: varint least | width in bits | (number - least), packed, low bits first
//	field   = form + 16 when values are absent | then a bitmap of those present, low bits first | what the form says
//	          0 nothing is present
//	          1 decimals:     digits | ints n            value = n / 10^digits
//	          2 near ones:    digits | ints n | ints k   value = the k-th double after n / 10^digits
//	          3 bits:         zeros | ints b             value = the double with bits b << zeros
//
// A block tries the forms and keeps the smallest. Differences, frames of reference and packed groups are the common
// craft of column stores; decimals that stand for doubles are the idea of ALP (Afroozeh, Kuffo, Boncz 2023).
//
// # Units
//
// Times are Unix milliseconds, of the years 0 to 9999. Spans are milliseconds.
//
// # Errors
//
// ErrBlock is what every failure to decode wraps. Errors about declarations and times say what was found and what is
// possible, ready to be shown to whoever wrote it.
package series

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrBlock marks bytes that are not a block.
var ErrBlock = errors.New("malformed block of points")

const (
	blockVersion = 1
	// MaxPoints is how many points a block can hold.
	MaxPoints = 1 << 16
	// maxVarint is how long a number of variable length can be.
	maxVarint = binary.MaxVarintLen64
)

// Block is points in columns: Values has a column for each field, each as long as Times. NaN is an absent value.
type Block struct {
	Times  []int64
	Values [][]float64
}

// Len is the number of points.
func (b *Block) Len() int { return len(b.Times) }

// Reset makes the block empty, with a number of fields, and keeps its memory.
func (b *Block) Reset(fields int) {
	b.Times = b.Times[:0]
	for len(b.Values) < fields {
		b.Values = append(b.Values, nil)
	}
	b.Values = b.Values[:fields]
	for i := range b.Values {
		b.Values[i] = b.Values[i][:0]
	}
}

// AppendFrom appends the points [from, to) of another block with as many fields.
func (b *Block) AppendFrom(other *Block, from, to int) {
	b.Times = append(b.Times, other.Times[from:to]...)
	for i := range b.Values {
		b.Values[i] = append(b.Values[i], other.Values[i][from:to]...)
	}
}

// Encoder makes blocks. It keeps scratch memory and belongs to one goroutine; its zero value is ready.
type Encoder struct {
	ints, near []int64
	tries      [2]decimals
	scratch    []byte
}

// Append appends a block of points. There are at most MaxPoints, and each column has as many entries as times.
func (e *Encoder) Append(dst []byte, times []int64, values [][]float64) []byte {
	dst = binary.AppendUvarint(append(dst, blockVersion), uint64(len(times)))
	if len(times) == 0 {
		return dst
	}
	dst = appendInts(dst, times)
	for _, column := range values {
		e.scratch = e.appendField(e.scratch[:0], column)
		dst = append(binary.AppendUvarint(dst, uint64(len(e.scratch))), e.scratch...)
	}
	return dst
}

// Decoder reads blocks. It keeps scratch memory and belongs to one goroutine; its zero value is ready.
type Decoder struct {
	ints []int64
}

// Decode reads a block of points with a number of fields into b, whose memory it uses, and returns what follows.
func (d *Decoder) Decode(data []byte, fields int, b *Block) (rest []byte, err error) {
	n, r, err := blockHead(data)
	if err != nil {
		return nil, err
	}
	b.Reset(fields)
	b.Times = sized(b.Times, n)
	if n == 0 {
		return r.data, nil
	}
	r.ints(b.Times)
	for i := range b.Values {
		part := r.part()
		b.Values[i] = sized(b.Values[i], n)
		d.field(&part, b.Values[i])
		if part.err == nil && len(part.data) > 0 {
			part.fail("bytes behind a field")
		}
		if part.err != nil && r.err == nil {
			r.err = fmt.Errorf("field %d: %w", i, part.err)
		}
		if r.err != nil {
			break
		}
	}
	if r.err != nil {
		b.Reset(fields)
		return nil, r.err
	}
	return r.data, nil
}

// DecodeTimes reads the times of a block alone, into dst.
func DecodeTimes(data []byte, dst []int64) ([]int64, error) {
	n, r, err := blockHead(data)
	if err != nil {
		return nil, err
	}
	dst = sized(dst, n)
	if n > 0 {
		r.ints(dst)
	}
	return dst, r.err
}

func blockHead(data []byte) (int, reader, error) {
	if len(data) == 0 || data[0] != blockVersion {
		return 0, reader{}, fmt.Errorf("%w: it begins with no version that is known here", ErrBlock)
	}
	r := reader{data: data[1:]}
	n := r.uvarint()
	if n > MaxPoints {
		r.fail("%d points announced, at most %d are possible", n, MaxPoints)
	}
	return int(n), r, r.err
}

// sized gives a slice of a length, with the memory of dst when that is enough.
func sized[T any](dst []T, n int) []T {
	if cap(dst) < n {
		return make([]T, n)
	}
	return dst[:n]
}

// reader reads a block from front to back. After the first failure it gives zeros.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrBlock, fmt.Sprintf(format, args...))
	}
	r.data = nil
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.fail("it is cut off")
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.data) {
		r.fail("%d bytes announced, %d are left", n, len(r.data))
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail("a number is cut off or over 64 bits")
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// part reads a length and gives a reader of as many bytes.
func (r *reader) part() reader {
	n := r.uvarint()
	if n > uint64(len(r.data)) {
		r.fail("a field of %d bytes announced, %d are left", n, len(r.data))
		return reader{err: r.err}
	}
	return reader{data: r.bytes(int(n))}
}
