package rows

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// A revision is a stamp and a hash of the content, RevLen characters of URL-safe base64. The first StampLen of them are
// the stamp's alone.
const (
	RevLen   = 22
	StampLen = 16
)

// FormatRev is the _rev of a stamp and a content hash.
func FormatRev(stamp clock.Stamp, hash uint32) string { return string(AppendRev(nil, stamp, hash)) }

// AppendRev appends a _rev.
func AppendRev(dst []byte, stamp clock.Stamp, hash uint32) []byte {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], uint64(stamp.Time))
	binary.BigEndian.PutUint32(raw[8:], uint32(stamp.Origin))
	binary.BigEndian.PutUint32(raw[12:], hash)
	return base64.RawURLEncoding.AppendEncode(dst, raw[:])
}

// ParseRev reads a _rev.
func ParseRev(rev string) (stamp clock.Stamp, hash uint32, ok bool) {
	var raw [18]byte
	if len(rev) != RevLen {
		return stamp, 0, false
	}
	n, err := base64.RawURLEncoding.Decode(raw[:], []byte(rev))
	if err != nil || n != 16 {
		return stamp, 0, false
	}
	stamp.Time = clock.Time(binary.BigEndian.Uint64(raw[:]))
	stamp.Origin = clock.Origin(binary.BigEndian.Uint32(raw[8:]))
	return stamp, binary.BigEndian.Uint32(raw[12:]), true
}

// AppendDocument appends the whole document as canonical text: its content, and _id, _key and _rev where they sort.
func (r *Row) AppendDocument(dst []byte) []byte {
	return AppendDocument(dst, r.Collection.Name, r.Key, r.Text, r.Stamp, r.Hash)
}

// AppendDocument appends the canonical text of a document whose content is text, canonical and without _id, _key and
// _rev.
func AppendDocument[Key ~string | ~[]byte](dst []byte, collection string, key Key, text []byte, stamp clock.Stamp, hash uint32) []byte {
	if len(text) < len("{}") {
		text = []byte("{}")
	}
	at := value.MemberOffset(text, 1, "_id")
	dst = append(comma(append(dst, text[:at]...)), `"_id":"`...)
	dst = append(append(append(dst, collection...), '/'), key...)
	dst = append(dst, '"')
	// What sorts between _id and _rev is rare: as a rule all three places are the same.
	next := value.MemberOffset(text, at, "_key")
	dst = append(behind(dst, text[at:next]), `"_key":"`...)
	dst = append(append(dst, key...), '"')
	at, next = next, value.MemberOffset(text, next, "_rev")
	dst = append(behind(dst, text[at:next]), `"_rev":"`...)
	dst = append(AppendRev(dst, stamp, hash), '"')
	if text[next] != '}' {
		dst = append(dst, ',')
	}
	return append(dst, text[next:]...)
}

// behind appends what stands between two of the system attributes, of which the first is written, and commas.
func behind(dst, part []byte) []byte {
	return comma(append(append(dst, ','), part...))
}

// comma ends the members so far, if there are any, so that another can follow.
func comma(dst []byte) []byte {
	if c := dst[len(dst)-1]; c == '{' || c == ',' {
		return dst
	}
	return append(dst, ',')
}
