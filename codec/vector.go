package codec

import (
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
)

// MaxRows is the longest vector that is read.
const MaxRows = 4096

// millisMask keeps a difference of milliseconds within the 48 bits of a Time,
// so that any two times have one: whoever reads adds within 48 bits, too.
const millisMask = 1<<48 - 1

// appendApart appends how far t lies after from (or before it, when back is
// set): milliseconds and one bit for "a count follows", then the count. One
// byte for 63 ms and no count, two for 8 seconds.
func appendApart(dst []byte, from, t clock.Time, back bool) []byte {
	d := uint64(t.Millis() - from.Millis())
	if back {
		d = -d
	}
	d &= millisMask
	if t.Count() == 0 {
		return AppendUvarint(dst, d<<1)
	}
	return AppendUvarint(AppendUvarint(dst, d<<1|1), uint64(t.Count()))
}

// apart reads what appendApart wrote, for the same from and back.
func (r *Reader) apart(from clock.Time, back bool) clock.Time {
	u := r.Uvarint()
	if u>>1 > millisMask {
		r.Fail("a time is over 48 bits of milliseconds away")
		return 0
	}
	ms := u >> 1
	if back {
		ms = -ms
	}
	ms = (uint64(from.Millis()) + ms) & millisMask
	var count uint64
	if u&1 != 0 {
		if count = r.Uvarint(); count > 1<<16-1 {
			r.Fail("the count of a time is over 16 bits")
			return 0
		}
	}
	return clock.Time(ms<<16 | count)
}

// AppendVector appends v: the number of rows, the newest time whole, then each
// row as a step from the origin before and from the newest time.
func AppendVector(dst []byte, v clock.Vector) []byte {
	dst = AppendUvarint(dst, uint64(len(v)))
	if len(v) == 0 {
		return dst
	}
	newest := v.Newest()
	dst = AppendTime(dst, newest)
	var before clock.Origin
	for _, row := range v {
		dst = AppendUvarint(dst, uint64(row.Origin-before))
		dst = appendApart(dst, newest, row.Time, true)
		before = row.Origin
	}
	return dst
}

// Vector reads what AppendVector wrote.
func (r *Reader) Vector() clock.Vector {
	n := r.Count(2)
	if n == 0 {
		return nil
	}
	if n > MaxRows {
		r.Fail(fmt.Sprintf("vector of %d rows, at most %d are read", n, MaxRows))
		return nil
	}
	newest := r.Time()
	v := make(clock.Vector, 0, n)
	var before clock.Origin
	for range n {
		o := r.nextOrigin(before)
		t := r.apart(newest, true)
		if r.err == nil && t == 0 {
			r.Fail("vector row of time zero")
		}
		if r.err != nil {
			return nil
		}
		v = append(v, clock.Row{Origin: o, Time: t})
		before = o
	}
	return v
}

// nextOrigin reads the step to an origin above before.
func (r *Reader) nextOrigin(before clock.Origin) clock.Origin {
	step := r.Uvarint32()
	o := before + clock.Origin(step)
	if r.err == nil && o <= before {
		r.Fail("origins do not rise")
	}
	return o
}

// DecodeVector reads a vector that is alone in data.
func DecodeVector(data []byte) (clock.Vector, error) {
	r := NewReader("vector", data)
	v := r.Vector()
	if err := r.Done(); err != nil {
		return nil, err
	}
	return v, nil
}
