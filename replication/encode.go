package replication

import (
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
)

// messageVersion is the first byte of every message.
const messageVersion = 1

// Second byte of every message.
const (
	kindHello = iota + 1
	kindEntries
	kindHeartbeat
	kindPull
	kindCredit
	kindSnapshotRequest
	kindSnapshotChunk
	kindEvictReport
	kindRefuse
	kindSaid
)

// Append appends the encoded message.
func (m Hello) Append(dst []byte) []byte {
	dst = append(dst, messageVersion, kindHello, flag(m.Joining, 1))
	dst = codec.AppendUvarint(dst, uint64(m.Protocol))
	dst = codec.AppendUvarint(dst, uint64(m.Feature))
	dst = codec.AppendBytes(dst, m.Location)
	dst = codec.AppendBytes(dst, m.Fabric)
	dst = codec.AppendUvarint(dst, uint64(m.Origin))
	dst = codec.AppendUint64(dst, m.Start)
	dst = codec.AppendUint64(dst, m.Echo)
	dst = codec.AppendUvarint(dst, uint64(m.Count))
	dst = codec.AppendVarint(dst, m.Wall)
	dst = codec.AppendVector(dst, m.Vector)
	dst = codec.AppendUint32(codec.AppendTime(dst, m.End), m.Chain)
	dst = codec.AppendUvarint(dst, uint64(m.KnownOf))
	return codec.AppendUint32(codec.AppendTime(dst, m.Known), m.KnownChain)
}

// Append appends the encoded message.
func (m Entries) Append(dst []byte) []byte {
	dst = append(dst, messageVersion, kindEntries, flag(m.Pulled, 1)|flag(m.Final, 2))
	dst = codec.AppendUvarint(dst, uint64(m.Generation))
	dst = codec.AppendUvarint(dst, m.Sent)
	dst = codec.AppendTime(dst, m.Last)
	return append(dst, m.Batch...)
}

// Append appends the encoded message.
func (m Heartbeat) Append(dst []byte) []byte {
	dst = append(dst, messageVersion, kindHeartbeat, flag(m.Joining, 1))
	dst = codec.AppendTime(codec.AppendTime(dst, m.Vouched), m.End)
	dst = codec.AppendVarint(codec.AppendVarint(dst, m.Wall), m.Mono)
	dst = codec.AppendVarint(codec.AppendVarint(dst, m.Echo), m.Held)
	dst = codec.AppendUvarint(codec.AppendUvarint(dst, uint64(m.Credit.Generation)), m.Credit.Consumed)
	dst = codec.AppendUvarint(dst, uint64(len(m.Deaf)))
	for _, o := range m.Deaf {
		dst = codec.AppendUvarint(dst, uint64(o))
	}
	return codec.AppendVector(dst, m.Vector)
}

// Append appends the encoded message.
func (m Said) Append(dst []byte) []byte {
	dst = codec.AppendUvarint(append(dst, messageVersion, kindSaid), uint64(m.Origin))
	return codec.AppendVector(codec.AppendTime(codec.AppendTime(dst, m.Vouched), m.End), m.Vector)
}

// Append appends the encoded message.
func (m Pull) Append(dst []byte) []byte {
	dst = codec.AppendUvarint(append(dst, messageVersion, kindPull), uint64(m.Origin))
	dst = codec.AppendTime(codec.AppendTime(dst, m.After), m.UpTo)
	return codec.AppendUvarint(dst, uint64(m.Credit))
}

// Append appends the encoded message.
func (m Credit) Append(dst []byte) []byte {
	dst = codec.AppendUvarint(append(dst, messageVersion, kindCredit), uint64(m.Generation))
	return codec.AppendUvarint(dst, m.Consumed)
}

// Append appends the encoded message.
func (m SnapshotRequest) Append(dst []byte) []byte {
	dst = codec.AppendBytes(append(dst, messageVersion, kindSnapshotRequest), m.ID)
	dst = codec.AppendUvarint(codec.AppendUvarint(dst, uint64(m.From)), uint64(m.Count))
	return codec.AppendVector(dst, m.Need)
}

// Append appends the encoded message.
func (m SnapshotChunk) Append(dst []byte) []byte {
	dst = append(dst, messageVersion, kindSnapshotChunk, flag(m.Last, 1))
	dst = codec.AppendUvarint(codec.AppendBytes(dst, m.ID), uint64(m.Index))
	dst = codec.AppendUint32(codec.AppendVector(dst, m.Vector), m.Sum)
	return append(dst, m.Data...)
}

// Append appends the encoded message.
func (m EvictReport) Append(dst []byte) []byte {
	dst = codec.AppendTime(append(dst, messageVersion, kindEvictReport), m.After)
	dst = codec.AppendUvarint(dst, uint64(len(m.Ends)))
	for _, r := range m.Ends {
		dst = codec.AppendTime(codec.AppendUvarint(dst, uint64(r.Origin)), r.Time)
	}
	if m.Origin != 0 {
		dst = codec.AppendUvarint(dst, uint64(m.Origin))
	}
	return dst
}

// Append appends the encoded message.
func (m Refuse) Append(dst []byte) []byte {
	dst = append(dst, messageVersion, kindRefuse, byte(m.Reason))
	return codec.AppendBytes(codec.AppendUvarint(dst, uint64(m.Origin)), m.Text)
}

// flag is bit when set.
func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// Decode reads one message. Batches and chunks are parts of data, not copies.
func Decode(data []byte) (Message, error) {
	r := codec.NewReader("replication message", data)
	if v := r.Byte(); v != messageVersion {
		r.FailNewer(fmt.Sprintf("version %d, want %d", v, messageVersion))
	}
	m := decode(&r)
	if err := r.Done(); err != nil {
		return nil, err
	}
	return m, nil
}

func decode(r *codec.Reader) Message {
	switch kind := r.Byte(); kind {
	case kindHello:
		return decodeHello(r)
	case kindEntries:
		flags := flags(r, 3)
		m := Entries{Pulled: flags&1 != 0, Final: flags&2 != 0, Generation: r.Uvarint32(), Sent: r.Uvarint(), Last: r.Time()}
		m.Batch = r.Rest()
		return m
	case kindHeartbeat:
		m := Heartbeat{
			Joining: bit(r), Vouched: r.Time(), End: r.Time(), Wall: r.Varint(), Mono: r.Varint(),
			Echo: r.Varint(), Held: r.Varint(), Credit: Credit{Generation: r.Uvarint32(), Consumed: r.Uvarint()},
		}
		for range r.Count(1) {
			m.Deaf = append(m.Deaf, readOrigin(r))
		}
		m.Vector = r.Vector()
		return m
	case kindSaid:
		return Said{Origin: readOrigin(r), Vouched: r.Time(), End: r.Time(), Vector: r.Vector()}
	case kindPull:
		return Pull{Origin: readOrigin(r), After: r.Time(), UpTo: r.Time(), Credit: r.Uvarint32()}
	case kindCredit:
		return Credit{Generation: r.Uvarint32(), Consumed: r.Uvarint()}
	case kindSnapshotRequest:
		return SnapshotRequest{ID: text(r, maxLocation), From: r.Uvarint32(), Count: r.Uvarint32(), Need: r.Vector()}
	case kindSnapshotChunk:
		m := SnapshotChunk{Last: bit(r), ID: text(r, maxLocation), Index: r.Uvarint32(), Vector: r.Vector(), Sum: r.Uint32()}
		m.Data = r.Rest()
		return m
	case kindEvictReport:
		m := EvictReport{After: r.Time()}
		for range r.Count(1 + codec.TimeSize) {
			m.Ends = append(m.Ends, clock.Row{Origin: readOrigin(r), Time: r.Time()})
		}
		if r.Len() > 0 {
			m.Origin = readOrigin(r)
		}
		return m
	case kindRefuse:
		return Refuse{Reason: Reason(r.Byte()), Origin: readOrigin(r), Text: text(r, maxText)}
	default:
		r.FailNewer(fmt.Sprintf("message kind %d is not known", kind))
		return nil
	}
}

func decodeHello(r *codec.Reader) Message {
	m := Hello{Joining: bit(r), Protocol: r.Uvarint32(), Feature: r.Uvarint32()}
	m.Location, m.Fabric = text(r, maxLocation), text(r, maxLocation)
	m.Origin, m.Start, m.Echo = readOrigin(r), r.Uint64(), r.Uint64()
	m.Count = r.Uvarint32()
	m.Wall, m.Vector = r.Varint(), r.Vector()
	m.End, m.Chain = r.Time(), r.Uint32()
	m.KnownOf, m.Known, m.KnownChain = readOrigin(r), r.Time(), r.Uint32()
	return m
}

func bit(r *codec.Reader) bool { return flags(r, 1) != 0 }

func flags(r *codec.Reader, known byte) byte {
	b := r.Byte()
	if b&^known != 0 {
		r.FailNewer(fmt.Sprintf("unknown flags %#x", b))
	}
	return b
}

func readOrigin(r *codec.Reader) clock.Origin { return clock.Origin(r.Uvarint32()) }

func text(r *codec.Reader, limit int) string {
	b := r.Bytes()
	if len(b) > limit {
		r.Fail(fmt.Sprintf("text of %d bytes, at most %d are read", len(b), limit))
		return ""
	}
	return string(b)
}
