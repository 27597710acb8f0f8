package member

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/selvedge-db/selvedge/clock"
)

// ErrCorrupt marks bytes that are not what they should be.
var ErrCorrupt = errors.New("corrupt membership record")

// format is the version of both formats here.
const format = 1

// Append appends the encoded change.
func (c Change) Append(dst []byte) []byte {
	dst = append(dst, format, byte(c.Kind))
	dst = binary.AppendUvarint(dst, uint64(c.Origin))
	dst = binary.AppendUvarint(dst, uint64(c.Epoch))
	switch c.Kind {
	case Create, Join:
		dst = appendString(appendString(appendString(dst, c.Fabric), c.Name), c.Address)
		dst = appendFloat(appendFloat(dst, c.Latitude), c.Longitude)
	case End:
		dst = binary.AppendUvarint(dst, uint64(c.End))
	}
	return dst
}

// DecodeChange reads what Change.Append wrote, and no more.
func DecodeChange(data []byte) (Change, error) {
	r := reader{data: data}
	r.version()
	c := Change{Kind: Kind(r.byte()), Origin: r.origin(), Epoch: uint16(r.uint(math.MaxUint16))}
	switch c.Kind {
	case Create, Join:
		c.Fabric, c.Name, c.Address = r.text(maxName), r.text(maxName), r.text(maxAddress)
		c.Latitude, c.Longitude = r.float(), r.float()
	case End:
		c.End = clock.Time(r.uint(math.MaxUint64))
	}
	if err := r.finish("change"); err != nil {
		return Change{}, err
	}
	if err := c.validate(); err != nil {
		return Change{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return c, nil
}

// Append appends the encoded table.
func (t Table) Append(dst []byte) []byte {
	dst = append(dst, format)
	dst = appendString(dst, t.fabric)
	dst = appendStamp(dst, t.created)
	dst = binary.AppendUvarint(dst, uint64(t.epoch))
	dst = binary.AppendUvarint(dst, uint64(t.anchor))
	dst = appendStamp(dst, t.anchored)
	dst = binary.AppendUvarint(dst, uint64(len(t.members)))
	for _, m := range t.members {
		dst = binary.AppendUvarint(dst, uint64(m.Origin))
		dst = append(dst, byte(m.State))
		dst = appendString(dst, m.Name)
		dst = binary.AppendUvarint(dst, uint64(m.Incarnation))
		dst = appendString(dst, m.Address)
		dst = appendFloat(appendFloat(dst, m.Latitude), m.Longitude)
		dst = appendStamp(dst, m.Evict)
		dst = binary.AppendUvarint(dst, uint64(m.End))
		dst = binary.AppendUvarint(dst, uint64(m.EndEpoch))
		dst = appendStamp(dst, m.Closed)
	}
	return dst
}

// memberBytes is the least that one member takes; it bounds the count.
const memberBytes = 27

// DecodeTable reads what Table.Append wrote, and no more.
func DecodeTable(data []byte) (Table, error) {
	r := reader{data: data}
	r.version()
	t := Table{fabric: r.text(maxName), created: r.stamp()}
	t.epoch, t.anchor, t.anchored = uint16(r.uint(math.MaxUint16)), r.origin(), r.stamp()
	n := r.uint(uint64(len(r.data) / memberBytes))
	if n > 0 && !r.bad {
		t.members = make([]Member, 0, n)
	}
	for range n {
		m := Member{Origin: r.origin(), State: State(r.byte()), Name: r.text(maxName)}
		m.Incarnation, m.Address = clock.Time(r.uint(math.MaxUint64)), r.text(maxAddress)
		m.Latitude, m.Longitude, m.Evict = r.float(), r.float(), r.stamp()
		m.End, m.EndEpoch, m.Closed = clock.Time(r.uint(math.MaxUint64)), uint16(r.uint(math.MaxUint16)), r.stamp()
		last := len(t.members) - 1
		if m.State < Joined || m.State > Closed || m.Origin == 0 || last >= 0 && t.members[last].Origin >= m.Origin {
			r.bad = true
		}
		if r.bad {
			break
		}
		t.members = append(t.members, m)
	}
	if err := r.finish("table"); err != nil {
		return Table{}, err
	}
	if _, ok := t.find(t.anchor); !ok && !t.IsZero() {
		return Table{}, fmt.Errorf("%w: anchor %s is no member", ErrCorrupt, t.anchor)
	}
	return t, nil
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendFloat(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}

func appendStamp(dst []byte, s clock.Stamp) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(dst, uint64(s.Time)), uint64(s.Origin))
}

// reader reads fields one after another; after the first fault all are zero.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) version() {
	if r.byte() != format {
		r.bad = true
	}
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.data)) {
		r.bad = true
		return nil
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint(limit uint64) uint64 {
	v, n := binary.Uvarint(r.data)
	if r.bad || n <= 0 || v > limit {
		r.bad = true
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) origin() clock.Origin { return clock.Origin(r.uint(math.MaxUint32)) }

func (r *reader) stamp() clock.Stamp {
	return clock.Stamp{Time: clock.Time(r.uint(math.MaxUint64)), Origin: r.origin()}
}

func (r *reader) text(limit uint64) string { return string(r.take(r.uint(limit))) }

func (r *reader) float() float64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	f := math.Float64frombits(binary.BigEndian.Uint64(b))
	if !within(f, 180) {
		r.bad = true
		return 0
	}
	return f
}

func (r *reader) finish(what string) error {
	if r.bad || len(r.data) > 0 {
		return fmt.Errorf("%w: not a %s of format %d", ErrCorrupt, what, format)
	}
	return nil
}
