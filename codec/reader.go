package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/selvedge-db/selvedge/clock"
)

// ErrMalformed marks bytes that are not what the format says.
var ErrMalformed = errors.New("malformed data")

// ErrNewer marks bytes of a format that this version does not know yet.
var ErrNewer = errors.New("format is newer than this version reads")

// FormatError says which format was broken, where and how.
type FormatError struct {
	What   string // the format, such as "log record"
	Offset int    // byte offset from the beginning of it
	Reason string
	Kind   error // ErrMalformed or ErrNewer
}

// Error tells format, place and reason.
func (e *FormatError) Error() string {
	return fmt.Sprintf("%s: at byte %d: %s: %v", e.What, e.Offset, e.Reason, e.Kind)
}

// Unwrap gives the kind, for errors.Is.
func (e *FormatError) Unwrap() error { return e.Kind }

// Reader reads a byte slice from front to back. Every read is bounded by what
// is left. The first failure is kept: all later reads give zero values, so a
// decoder may read on and ask Err or Done once. Byte slices that it gives are
// parts of the input, not copies.
type Reader struct {
	what string
	data []byte
	off  int
	err  error
}

// NewReader reads data; what names the format in errors.
func NewReader(what string, data []byte) Reader { return Reader{what: what, data: data} }

// Err is the first failure, or nil.
func (r *Reader) Err() error { return r.err }

// Len is the number of bytes left; zero after a failure.
func (r *Reader) Len() int {
	if r.err != nil {
		return 0
	}
	return len(r.data) - r.off
}

// Offset is the number of bytes read.
func (r *Reader) Offset() int { return r.off }

// Fail makes the reader fail at its present place, with ErrMalformed.
func (r *Reader) Fail(reason string) {
	if r.err == nil {
		r.err = &FormatError{What: r.what, Offset: r.off, Reason: reason, Kind: ErrMalformed}
	}
}

// FailNewer makes the reader fail at its present place, with ErrNewer.
func (r *Reader) FailNewer(reason string) {
	if r.err == nil {
		r.err = &FormatError{What: r.what, Offset: r.off, Reason: reason, Kind: ErrNewer}
	}
}

// Done gives the first failure, or an error when bytes are left.
func (r *Reader) Done() error {
	if n := r.Len(); n > 0 {
		r.Fail(fmt.Sprintf("%d bytes too many", n))
	}
	return r.err
}

// Fixed reads n bytes.
func (r *Reader) Fixed(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.data)-r.off {
		r.Fail(fmt.Sprintf("want %d bytes, %d are left", n, len(r.data)-r.off))
		return nil
	}
	b := r.data[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// Rest reads all bytes left.
func (r *Reader) Rest() []byte { return r.Fixed(r.Len()) }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if b := r.Fixed(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint32 reads 4 bytes, low byte first.
func (r *Reader) Uint32() uint32 {
	if b := r.Fixed(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads 8 bytes, low byte first.
func (r *Reader) Uint64() uint64 {
	if b := r.Fixed(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Uvarint reads an unsigned number of variable length.
func (r *Reader) Uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.data[r.off:])
	if n <= 0 {
		r.Fail("number is cut off or over 64 bits")
		return 0
	}
	r.off += n
	return v
}

// Varint reads a signed number of variable length.
func (r *Reader) Varint() int64 {
	u := r.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// Uvarint32 reads an unsigned number of variable length of at most 32 bits.
func (r *Reader) Uvarint32() uint32 {
	u := r.Uvarint()
	if u > math.MaxUint32 {
		r.Fail("number is over 32 bits")
		return 0
	}
	return uint32(u)
}

// Count reads the number of items that follow, each of which takes at least
// least bytes (at least 1): a count that cannot be true fails before anything
// is made for it.
func (r *Reader) Count(least int) int {
	u := r.Uvarint()
	if u > uint64(r.Len()/max(least, 1)) {
		r.Fail(fmt.Sprintf("%d items of %d bytes or more announced, %d bytes are left", u, max(least, 1), r.Len()))
		return 0
	}
	return int(u)
}

// Bytes reads a length and as many bytes. They are part of the input.
func (r *Reader) Bytes() []byte { return r.Fixed(r.Count(1)) }

// String reads a length and as many bytes, as a text of its own.
func (r *Reader) String() string { return string(r.Bytes()) }

// Time reads what AppendTime wrote.
func (r *Reader) Time() clock.Time {
	if b := r.Fixed(TimeSize); b != nil {
		return clock.Time(binary.BigEndian.Uint64(b))
	}
	return 0
}

// Stamp reads what AppendStamp wrote.
func (r *Reader) Stamp() clock.Stamp {
	b := r.Fixed(StampSize)
	if b == nil {
		return clock.Stamp{}
	}
	return clock.Stamp{
		Time:   clock.Time(binary.BigEndian.Uint64(b)),
		Origin: clock.Origin(binary.BigEndian.Uint32(b[TimeSize:])),
	}
}

const (
	// TimeSize is how many bytes AppendTime writes.
	TimeSize = 8
	// StampSize is how many bytes AppendStamp writes.
	StampSize = TimeSize + 4
)

// AppendTime appends t in 8 bytes that sort as times do.
func AppendTime(dst []byte, t clock.Time) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t))
}

// AppendStamp appends s in 12 bytes that sort as stamps do.
func AppendStamp(dst []byte, s clock.Stamp) []byte {
	return binary.BigEndian.AppendUint32(AppendTime(dst, s.Time), uint32(s.Origin))
}

// DecodeStamp reads a stamp that is alone in data.
func DecodeStamp(data []byte) (clock.Stamp, error) {
	r := NewReader("stamp", data)
	s := r.Stamp()
	return s, r.Done()
}

// AppendUvarint appends an unsigned number, 1 to 10 bytes.
func AppendUvarint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendVarint appends a signed number, 1 to 10 bytes.
func AppendVarint(dst []byte, v int64) []byte { return binary.AppendVarint(dst, v) }

// AppendUint32 appends 4 bytes, low byte first.
func AppendUint32(dst []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(dst, v) }

// AppendUint64 appends 8 bytes, low byte first.
func AppendUint64(dst []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(dst, v) }

// AppendBytes appends a length and the bytes.
func AppendBytes[T ~[]byte | ~string](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}
