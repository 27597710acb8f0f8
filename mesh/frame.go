package mesh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
	"google.golang.org/grpc/mem"
)

// Messages of a stream. Each gRPC message is one of these; all numbers are varints unless said otherwise.
//
//	hello  | 1 | version | start (8 bytes, big endian) | length | name |
//	ping   | 2 | number | smoothed round trip of the sender, microseconds |
//	pong   | 3 | number of the ping |
//	data   | 4 | flags | length of the whole body (first part only) | length | fabric (first part only) | part of the body |
//
// flags of data: bit 0 class, bit 1 the body is compressed with s2, bit 2 first part, bit 3 last part. The parts of one
// frame follow each other within their class; frames of the other class may come between them.
const (
	kindHello byte = 1
	kindPing  byte = 2
	kindPong  byte = 3
	kindData  byte = 4

	flagClass      byte = 1
	flagCompressed byte = 2
	flagFirst      byte = 4
	flagLast       byte = 8
)

var errMalformed = errors.New("mesh: malformed message")

func malformed(what string) error { return fmt.Errorf("%w: %s", errMalformed, what) }

// hello is the first message in either direction.
type hello struct {
	version uint32
	start   uint64
	name    string
}

func (h hello) encode() []byte {
	b := binary.AppendUvarint([]byte{kindHello}, uint64(h.version))
	b = binary.BigEndian.AppendUint64(b, h.start)
	b = binary.AppendUvarint(b, uint64(len(h.name)))
	return append(b, h.name...)
}

// decodeHello ignores what follows the name, so that a later version may add to it.
func decodeHello(b []byte) (h hello, err error) {
	if len(b) == 0 || b[0] != kindHello {
		return h, malformed("a stream must begin with a greeting")
	}
	version, b, ok := cutUvarint(b[1:])
	if !ok || version > 1<<31 {
		return h, malformed("version of the greeting")
	}
	if len(b) < 8 {
		return h, malformed("start number of the greeting")
	}
	h.version, h.start = uint32(version), binary.BigEndian.Uint64(b)
	name, _, ok := cutString(b[8:], maxName)
	if !ok {
		return h, malformed("name in the greeting")
	}
	h.name = name
	return h, checkName(name)
}

func encodePing(number, roundTripMicros uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint([]byte{kindPing}, number), roundTripMicros)
}

func encodePong(number uint64) []byte { return binary.AppendUvarint([]byte{kindPong}, number) }

func cutUvarint(b []byte) (uint64, []byte, bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}

func cutString(b []byte, limit uint64) (string, []byte, bool) {
	n, b, ok := cutUvarint(b)
	if !ok || n > limit || n > uint64(len(b)) {
		return "", nil, false
	}
	return string(b[:n]), b[n:], true
}

// part is one data message to be written: a head and a piece of the body, which is not copied.
type part struct {
	head, body []byte
}

func (p part) size() int { return len(p.head) + len(p.body) }

// compress gives nil when it would save less than an eighth, which is not worth the receiver's work. The worst case that
// s2 wants room for comes from gRPC's pool, so that only what is sent is allocated.
func compress(body []byte) []byte {
	pool := mem.DefaultBufferPool()
	scratch := pool.Get(s2.MaxEncodedLen(len(body)))
	defer pool.Put(scratch)
	small := s2.Encode(*scratch, body)
	if len(small) >= len(body)-len(body)/8 {
		return nil
	}
	return bytes.Clone(small)
}

// split compresses a frame when that helps and cuts it into parts.
func split(f Frame) []part {
	body, flags := f.Payload, byte(f.Class)
	if f.Class == Entries && len(body) >= compressMin {
		if small := compress(body); small != nil {
			body, flags = small, flags|flagCompressed
		}
	}
	head := binary.AppendUvarint([]byte{kindData, 0}, uint64(len(body)))
	head = binary.AppendUvarint(head, uint64(len(f.Fabric)))
	head = append(head, f.Fabric...)
	flags |= flagFirst
	parts := make([]part, 0, 1+len(body)/maxPart)
	for {
		n := min(len(body), maxPart)
		if n == len(body) {
			flags |= flagLast
		}
		head[1] = flags
		parts = append(parts, part{head, body[:n]})
		if flags&flagLast != 0 {
			return parts
		}
		body, flags, head = body[n:], flags&^flagFirst, []byte{kindData, 0}
	}
}

// assembler puts the parts of each class together again. Memory grows with what has arrived, not with what was announced.
type assembler struct {
	partial [classes]struct {
		open   bool
		fabric string
		flags  byte
		total  uint64
		body   []byte
	}
}

// add takes a data message and gives the frame that it completes, if it does. It keeps no part of the message.
func (a *assembler) add(b []byte) (f Frame, complete bool, err error) {
	if len(b) < 2 || b[0] != kindData {
		return f, false, malformed("not a data message")
	}
	flags, b := b[1], b[2:]
	if flags&^(flagClass|flagCompressed|flagFirst|flagLast) != 0 {
		return f, false, malformed(fmt.Sprintf("unknown flags %#x", flags))
	}
	p := &a.partial[flags&flagClass]
	if p.open == (flags&flagFirst != 0) {
		return f, false, malformed("parts of a frame out of order")
	}
	if !p.open {
		var ok bool
		if p.total, b, ok = cutUvarint(b); !ok || p.total > MaxFrame {
			return f, false, malformed("length of a frame")
		}
		if p.fabric, b, ok = cutString(b, maxFabric); !ok {
			return f, false, malformed("fabric of a frame")
		}
		p.open, p.flags = true, flags
	}
	if uint64(len(p.body)+len(b)) > p.total {
		return f, false, malformed("more bytes than announced")
	}
	if flags&flagLast == 0 {
		p.body = append(p.body, b...)
		return f, false, nil
	}
	if uint64(len(p.body)+len(b)) != p.total {
		return f, false, malformed("fewer bytes than announced")
	}
	f = Frame{Fabric: p.fabric, Class: Class(flags & flagClass)}
	f.Payload, err = finish(p.body, b, p.flags&flagCompressed != 0)
	p.open, p.body = false, nil
	return f, err == nil, err
}

// finish joins the collected parts with the last one, into memory of the frame's own.
func finish(collected, last []byte, compressed bool) ([]byte, error) {
	if !compressed {
		return append(collected, last...), nil
	}
	if len(collected) > 0 {
		last = append(collected, last...)
	}
	n, err := s2.DecodedLen(last)
	if err != nil || n > MaxFrame {
		return nil, malformed("length of a compressed frame")
	}
	body, err := s2.Decode(nil, last)
	if err != nil {
		return nil, fmt.Errorf("%w: compressed frame: %w", errMalformed, err)
	}
	return body, nil
}
