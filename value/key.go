package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// ErrKey is wrapped by every error of the key decoders.
var ErrKey = errors.New("invalid key")

// Tags of kinds in keys, in the order of Compare. Zero and one are taken by the
// marks inside arrays, objects and strings; 0xFF stays free as an upper bound.
const (
	tagNull   = 0x10
	tagFalse  = 0x20
	tagTrue   = 0x21
	tagNumber = 0x30
	tagString = 0x40
	tagArray  = 0x50
	tagObject = 0x60

	markEnd    = 0x00 // of an array or object, below every tag and markMember
	markMember = 0x01

	escapeByte = 0x00
	escapeZero = 0xFF // behind escapeByte: the byte 0x00 itself
	escapeEnd  = 0x01 // behind escapeByte: the end of the string
)

// keyDepth bounds how deep DecodeKey follows nested arrays and objects.
const keyDepth = 1000

// AppendKey appends the encoding of v that sorts as Compare does.
func AppendKey(dst []byte, v Value) []byte {
	switch v.kind {
	case KindBool:
		if v.Bool() {
			return append(dst, tagTrue)
		}
		return append(dst, tagFalse)
	case KindNumber:
		dst = append(dst, tagNumber)
		return AppendKeyUint64(dst, sortableBits(v.Float64()))
	case KindString:
		return AppendKeyString(append(dst, tagString), v.text)
	case KindArray:
		return appendKeyItems(append(dst, tagArray), v.Items())
	case KindObject:
		return appendKeyMembers(append(dst, tagObject), v.Members())
	}
	return append(dst, tagNull)
}

// appendKeyItems leaves out trailing nulls, which do not count in Compare.
func appendKeyItems(dst []byte, items []Value) []byte {
	n := len(items)
	for n > 0 && items[n-1].IsNull() {
		n--
	}
	for _, item := range items[:n] {
		dst = AppendKey(dst, item)
	}
	return append(dst, markEnd)
}

// appendKeyMembers leaves out nulls, which equal absence.
func appendKeyMembers(dst []byte, members []Member) []byte {
	for i := range members {
		if members[i].Value.IsNull() {
			continue
		}
		dst = append(dst, markMember)
		start := len(dst)
		dst = AppendKeyString(dst, members[i].Name)
		complement(dst[start:])
		dst = AppendKey(dst, members[i].Value)
	}
	return append(dst, markEnd)
}

func complement(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// sortableBits maps a double to an integer of the same order; both zeros to one.
func sortableBits(f float64) uint64 {
	const sign = 1 << 63
	if f == 0 {
		return sign
	}
	bits := math.Float64bits(f)
	if bits&sign != 0 {
		return ^bits
	}
	return bits | sign
}

// AppendKeyUint64 appends eight bytes that sort as the numbers do.
func AppendKeyUint64(dst []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, n)
}

// DecodeKeyUint64 reads what AppendKeyUint64 wrote and returns what follows.
func DecodeKeyUint64(key []byte) (n uint64, rest []byte, err error) {
	if len(key) < 8 {
		return 0, nil, fmt.Errorf("%w: 8 bytes of a number expected, %d left", ErrKey, len(key))
	}
	return binary.BigEndian.Uint64(key), key[8:], nil
}

// AppendKeyString appends any bytes so that they sort and end by themselves.
func AppendKeyString(dst []byte, s string) []byte {
	done := 0
	for i := range len(s) {
		if s[i] == escapeByte {
			dst = append(dst, s[done:i]...)
			dst = append(dst, escapeByte, escapeZero)
			done = i + 1
		}
	}
	dst = append(dst, s[done:]...)
	return append(dst, escapeByte, escapeEnd)
}

// DecodeKeyString reads what AppendKeyString wrote and returns what follows.
func DecodeKeyString(key []byte) (s string, rest []byte, err error) {
	return decodeKeyString(key, 0)
}

// SkipKeyString returns what follows behind a string that AppendKeyString wrote, without decoding it.
func SkipKeyString(key []byte) (rest []byte, err error) { return skipKeyString(key, 0) }

func skipKeyString(key []byte, mask byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(key, escapeByte^mask)
		if i < 0 || i+1 >= len(key) {
			return nil, fmt.Errorf("%w: the end mark of a string is missing", ErrKey)
		}
		mark := key[i+1] ^ mask
		if key = key[i+2:]; mark == escapeEnd {
			return key, nil
		}
		if mark != escapeZero {
			return nil, fmt.Errorf("%w: byte 0x%02x follows an escape in a string", ErrKey, mark)
		}
	}
}

// SkipKey returns what follows behind a value that AppendKey wrote, without decoding it. It checks less than DecodeKey.
func SkipKey(key []byte) (rest []byte, err error) {
	open := 0 // arrays and objects begun
	for {
		if len(key) == 0 {
			return nil, fmt.Errorf("%w: a value is missing", ErrKey)
		}
		tag := key[0]
		key = key[1:]
		switch tag {
		case tagNull, tagFalse, tagTrue:
		case tagNumber:
			if len(key) < 8 {
				return nil, fmt.Errorf("%w: 8 bytes of a number expected, %d left", ErrKey, len(key))
			}
			key = key[8:]
		case tagString:
			if key, err = skipKeyString(key, 0); err != nil {
				return nil, err
			}
		case tagArray, tagObject:
			open++
		case markEnd:
			if open == 0 {
				return nil, fmt.Errorf("%w: an end where a value should begin", ErrKey)
			}
			open--
		case markMember:
			if open == 0 {
				return nil, fmt.Errorf("%w: a member outside of an object", ErrKey)
			}
			if key, err = skipKeyString(key, 0xFF); err != nil {
				return nil, err
			}
			continue
		default:
			return nil, fmt.Errorf("%w: unknown tag 0x%02x", ErrKey, tag)
		}
		if open == 0 {
			return key, nil
		}
	}
}

// decodeKeyString undoes mask (0, or 0xFF for a complemented name) on the way.
func decodeKeyString(key []byte, mask byte) (string, []byte, error) {
	var out []byte
	for at := 0; ; {
		i := bytes.IndexByte(key[at:], escapeByte^mask)
		if i < 0 || at+i+1 >= len(key) {
			return "", nil, fmt.Errorf("%w: the end mark of a string is missing", ErrKey)
		}
		i += at
		switch key[i+1] ^ mask {
		case escapeEnd:
			if out == nil && mask == 0 {
				return string(key[at:i]), key[i+2:], nil
			}
			return string(appendMasked(out, key[at:i], mask)), key[i+2:], nil
		case escapeZero:
			out = append(appendMasked(out, key[at:i], mask), 0)
			at = i + 2
		default:
			return "", nil, fmt.Errorf("%w: byte 0x%02x follows an escape in a string", ErrKey, key[i+1]^mask)
		}
	}
}

func appendMasked(dst, src []byte, mask byte) []byte {
	start := len(dst)
	dst = append(dst, src...)
	for i := start; mask != 0 && i < len(dst); i++ {
		dst[i] ^= mask
	}
	return dst
}

// DecodeKey reads one value that AppendKey wrote and returns what follows. The
// value is Equal to the original: numbers come back with the digits of their
// double, and nulls that do not count are gone. Anything that AppendKey would
// have written differently is refused.
func DecodeKey(key []byte) (v Value, rest []byte, err error) {
	return decodeKey(key, keyDepth)
}

func decodeKey(key []byte, depth int) (Value, []byte, error) {
	if len(key) == 0 {
		return Value{}, nil, fmt.Errorf("%w: a value is missing", ErrKey)
	}
	tag, key := key[0], key[1:]
	switch tag {
	case tagNull:
		return Value{}, key, nil
	case tagFalse, tagTrue:
		return Bool(tag == tagTrue), key, nil
	case tagNumber:
		return decodeKeyNumber(key)
	case tagString:
		s, rest, err := decodeKeyText(key, 0)
		return Value{kind: KindString, text: s}, rest, err
	case tagArray, tagObject:
		if depth == 0 {
			return Value{}, nil, fmt.Errorf("%w: nested deeper than %d", ErrKey, keyDepth)
		}
		if tag == tagArray {
			return decodeKeyItems(key, depth-1)
		}
		return decodeKeyMembers(key, depth-1)
	}
	return Value{}, nil, fmt.Errorf("%w: unknown tag 0x%02x", ErrKey, tag)
}

func decodeKeyNumber(key []byte) (Value, []byte, error) {
	n, rest, err := DecodeKeyUint64(key)
	if err != nil {
		return Value{}, nil, err
	}
	bits := ^n
	if n>>63 == 1 {
		bits = n &^ (1 << 63)
	}
	f := math.Float64frombits(bits)
	if math.IsNaN(f) || math.IsInf(f, 0) || sortableBits(f) != n {
		return Value{}, nil, fmt.Errorf("%w: 0x%016x is not the form of a finite number", ErrKey, n)
	}
	return Float(f), rest, nil
}

// decodeKeyText reads a string that must be UTF-8, as strings of values are.
func decodeKeyText(key []byte, mask byte) (string, []byte, error) {
	s, rest, err := decodeKeyString(key, mask)
	if err != nil {
		return "", nil, err
	}
	if !utf8.ValidString(s) {
		return "", nil, fmt.Errorf("%w: a string is not valid UTF-8", ErrKey)
	}
	return s, rest, nil
}

func decodeKeyItems(key []byte, depth int) (Value, []byte, error) {
	var items []Value
	for {
		if len(key) > 0 && key[0] == markEnd {
			if n := len(items); n > 0 && items[n-1].IsNull() {
				return Value{}, nil, fmt.Errorf("%w: an array ends in null", ErrKey)
			}
			return arrayOf(items), key[1:], nil
		}
		item, rest, err := decodeKey(key, depth)
		if err != nil {
			return Value{}, nil, err
		}
		items = append(items, item)
		key = rest
	}
}

func decodeKeyMembers(key []byte, depth int) (Value, []byte, error) {
	var members []Member
	for {
		switch {
		case len(key) == 0:
			return Value{}, nil, fmt.Errorf("%w: the end of an object is missing", ErrKey)
		case key[0] == markEnd:
			return objectOf(members), key[1:], nil
		case key[0] != markMember:
			return Value{}, nil, fmt.Errorf("%w: unknown mark 0x%02x in an object", ErrKey, key[0])
		}
		name, rest, err := decodeKeyText(key[1:], 0xFF)
		if err != nil {
			return Value{}, nil, err
		}
		if n := len(members); n > 0 && members[n-1].Name >= name {
			return Value{}, nil, fmt.Errorf("%w: members are out of order", ErrKey)
		}
		member, rest, err := decodeKey(rest, depth)
		if err != nil {
			return Value{}, nil, err
		}
		if member.IsNull() {
			return Value{}, nil, fmt.Errorf("%w: an object holds a null", ErrKey)
		}
		members = append(members, Member{Name: name, Value: member})
		key = rest
	}
}
