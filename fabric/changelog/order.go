// Package changelog is the record of what each group of commits changed here, in the order in which this
// location applied it, and the feeds that read it.
//
// One order record per group lists its transactions with the documents that visibly changed; the texts are
// not repeated. Log records (the operations, for peers) stand apart, under origin and time.
//
// Guarantees: a feed delivers each transaction once per token line, whole, in the order applied here, which
// respects causality; only durable transactions are delivered; a token names a position by vector, so that a
// reader may go on at another location and misses nothing (it may there see again what it had seen, never
// within one location).
//
// Not guaranteed: that two locations deliver concurrent transactions in the same order; that a change carries
// its document: when the document has moved on since, only the later change does.
package changelog

import (
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
)

// ChangeType is what happened to a document.
type ChangeType uint8

// The types of change.
const (
	Write ChangeType = iota + 1
	Remove
	Expire
	Drop   // a whole collection
	Points // came to a time series
)

func (t ChangeType) String() string {
	return [...]string{"", "write", "remove", "expire", "drop", "points"}[min(t, Points)]
}

// Change is one visible change of a document.
type Change struct {
	Type       ChangeType
	Collection uint32 // local number
	Name       string // of the collection
	Key        string
	Stamp      clock.Stamp // newest stamp of the document after it
	Hash       uint32      // of its visible content
	Text       []byte      // content while it is at hand; not stored
	Points     Span        // of Points
}

// Span says how many points came, and of what times: Unix milliseconds.
type Span struct {
	Count    int
	From, To int64
}

// Transaction is one entry, or one expiry round (then Stamp is zero).
type Transaction struct {
	Stamp   clock.Stamp
	Changes []Change
}

// Record is what one group did, in order.
type Record struct {
	Order        uint64
	LogBytes     uint64 // bytes of log records written since the store began, this group included
	At           int64  // wall clock in Unix milliseconds
	Transactions []Transaction
}

const recordVersion = 1

// AppendRecord appends the stored form of a record: version, log bytes, time, then the transactions.
func AppendRecord(dst []byte, r *Record) []byte {
	dst = append(dst, recordVersion)
	dst = codec.AppendUvarint(dst, r.LogBytes)
	dst = codec.AppendUvarint(dst, uint64(r.At))
	dst = codec.AppendUvarint(dst, uint64(len(r.Transactions)))
	var last clock.Stamp
	for i := range r.Transactions {
		t := &r.Transactions[i]
		dst = appendStampAfter(dst, t.Stamp, last)
		if !t.Stamp.IsZero() {
			last = t.Stamp
		}
		dst = codec.AppendUvarint(dst, uint64(len(t.Changes)))
		for j := range t.Changes {
			dst = appendChange(dst, &t.Changes[j], t.Stamp)
		}
	}
	return dst
}

// appendStampAfter writes a stamp relative to the one before it; transactions of one origin run in sequence.
func appendStampAfter(dst []byte, s, last clock.Stamp) []byte {
	dst = codec.AppendUvarint(dst, uint64(s.Origin))
	return codec.AppendVarint(dst, int64(s.Time-last.Time))
}

func appendChange(dst []byte, c *Change, own clock.Stamp) []byte {
	flags := byte(c.Type)
	if c.Stamp != own {
		flags |= 0x80
	}
	dst = append(dst, flags)
	dst = codec.AppendUvarint(dst, uint64(c.Collection))
	dst = codec.AppendBytes(dst, c.Name)
	dst = codec.AppendBytes(dst, c.Key)
	if c.Stamp != own {
		dst = codec.AppendStamp(dst, c.Stamp)
	}
	if dst = codec.AppendUint32(dst, c.Hash); c.Type == Points {
		dst = codec.AppendUvarint(dst, uint64(c.Points.Count))
		dst = codec.AppendVarint(codec.AppendVarint(dst, c.Points.From), c.Points.To)
	}
	return dst
}

// DecodeRecord reads a stored record.
func DecodeRecord(order uint64, data []byte) (Record, error) {
	r := codec.NewReader("order record", data)
	out := Record{Order: order}
	if v := r.Byte(); r.Err() == nil && v != recordVersion {
		return out, fmt.Errorf("order record %d has version %d, this program knows %d", order, v, recordVersion)
	}
	out.LogBytes, out.At = r.Uvarint(), int64(r.Uvarint())
	n := r.Count(3)
	out.Transactions = make([]Transaction, 0, n)
	var last clock.Stamp
	for range n {
		t := Transaction{Stamp: clock.Stamp{Origin: clock.Origin(r.Uvarint32())}}
		t.Stamp.Time = last.Time + clock.Time(r.Varint())
		if !t.Stamp.IsZero() {
			last = t.Stamp
		}
		for range r.Count(7) {
			t.Changes = append(t.Changes, decodeChange(&r, t.Stamp))
		}
		if r.Err() != nil {
			return out, r.Err()
		}
		out.Transactions = append(out.Transactions, t)
	}
	return out, r.Done()
}

func decodeChange(r *codec.Reader, own clock.Stamp) Change {
	flags := r.Byte()
	c := Change{Type: ChangeType(flags & 0x7f), Stamp: own}
	c.Collection = r.Uvarint32()
	c.Name, c.Key = r.String(), r.String()
	if flags&0x80 != 0 {
		c.Stamp = r.Stamp()
	}
	c.Hash = r.Uint32()
	if c.Type == Points {
		c.Points = Span{int(r.Uvarint() & (1<<40 - 1)), r.Varint(), r.Varint()}
	}
	if c.Type == 0 || c.Type > Points {
		r.Fail("unknown type of change")
	}
	return c
}
