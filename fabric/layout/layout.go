// Package layout names the keys of a fabric in the store.
//
// Every key starts with 'f' and the fabric's number (32 bits, big endian), then one letter:
//
//	+-----+--------+---+----------------------------------------------+---------------------------+
//	| 'f' | number | d | collection u32 | key                         | document record           |
//	|     |        | i | index u32 | values... | key                  | index entry, adjacency    |
//	|     |        | l | origin u32 | time u64                        | log record                |
//	|     |        | o | order u64                                    | what one group changed    |
//	|     |        | x | collection u32 | time u64 | key              | will expire at            |
//	|     |        | X | collection u32 | time u64 | key              | has expired, not yet gone |
//	|     |        | q | time u64 | collection u32 | key              | metadata to fold          |
//	|     |        | c | time u64 | origin u32 | number u32           | conflict                  |
//	|     |        | p | collection u32 | layout u64 | letter ...        | points (package points)   |
//	|     |        | y | hash 16 bytes                                | idempotency record        |
//	|     |        | z | time u64 | hash 16 bytes                     | when it may be forgotten  |
//	|     |        | s | letter ...                                   | state                     |
//	+-----+--------+---+----------------------------------------------+---------------------------+
//
// Times are hybrid times or Unix milliseconds as said. Numbers are local to the store; names are the identity
// that travels. The package is pure.
package layout

import (
	"encoding/binary"

	"github.com/selvedge-db/selvedge/clock"
)

// Letters of the key spaces.
const (
	Documents   = 'd'
	Indexes     = 'i'
	Log         = 'l'
	Order       = 'o'
	Expiring    = 'x'
	Expired     = 'X'
	Folding     = 'q'
	Conflicts   = 'c'
	Idempotency = 'y'
	Forgetting  = 'z'
	State       = 's'
	Points      = 'p'
)

// Names of the state records.
const (
	StateHead       = 'h' // vector, clock mark, ceiling, order
	StateMembers    = 'm' // membership table
	StateCount      = 'n' // + collection u32: documents
	StateCollection = 'k' // + identity: local number of a collection
	StateIndex      = 'j' // + identity and index name: local number of an index
	StateTruncate   = 't' // + collection u32: stamp of the last truncation
	StateStable     = 'b' // stable vector, last known
	StateTrim       = 'r' // where logs were cut
	StatePartial    = 'p' // an interrupted snapshot: how far it was taken in
	StateIdentity   = 'i' // who this location is in the fabric
	StateWatermark  = 'w' // hybrid time up to which expired documents may be gone
	StateTaken      = 'v' // ends of the logs that came with a snapshot and were not cut since
	StateLine       = 'f' // which run of order records: a snapshot begins another
)

// PrefixLen is the length of a fabric's prefix.
const PrefixLen = 5

// Prefix is the beginning of all keys of a fabric.
func Prefix(fabric uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{'f'}, fabric)
}

// Keys builds keys under one fabric's prefix.
type Keys struct{ prefix [PrefixLen]byte }

// NewKeys returns the key builder of a fabric.
func NewKeys(fabric uint32) Keys {
	var k Keys
	copy(k.prefix[:], Prefix(fabric))
	return k
}

// Space starts a key in one space.
func (k Keys) Space(dst []byte, letter byte) []byte {
	return append(append(dst, k.prefix[:]...), letter)
}

// Number appends a 32-bit number.
func Number(dst []byte, n uint32) []byte { return binary.BigEndian.AppendUint32(dst, n) }

// Long appends a 64-bit number.
func Long(dst []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(dst, n) }

// Document is the key of a document record.
func (k Keys) Document(dst []byte, collection uint32, key string) []byte {
	return append(Number(k.Space(dst, Documents), collection), key...)
}

// DocumentSpace is the beginning of a collection's documents.
func (k Keys) DocumentSpace(collection uint32) []byte {
	return Number(k.Space(nil, Documents), collection)
}

// PointSpace is the beginning of a collection's points.
func (k Keys) PointSpace(collection uint32) []byte { return Number(k.Space(nil, Points), collection) }

// IndexSpace is the beginning of an index's entries.
func (k Keys) IndexSpace(dst []byte, index uint32) []byte {
	return Number(k.Space(dst, Indexes), index)
}

// LogRecord is the key of a log record.
func (k Keys) LogRecord(dst []byte, origin clock.Origin, t clock.Time) []byte {
	return Long(Number(k.Space(dst, Log), uint32(origin)), uint64(t))
}

// LogSpace is the beginning of an origin's log.
func (k Keys) LogSpace(origin clock.Origin) []byte {
	return Number(k.Space(nil, Log), uint32(origin))
}

// OrderRecord is the key of a group's order record.
func (k Keys) OrderRecord(order uint64) []byte { return Long(k.Space(nil, Order), order) }

// Expiry is the key of an expiry entry in space Expiring or Expired; at in Unix milliseconds.
func (k Keys) Expiry(space byte, collection uint32, at int64, key string) []byte {
	return append(Long(Number(k.Space(nil, space), collection), uint64(at)), key...)
}

// Fold is the key of a folding entry.
func (k Keys) Fold(t clock.Time, collection uint32, key string) []byte {
	return append(Number(Long(k.Space(nil, Folding), uint64(t)), collection), key...)
}

// Conflict is the key of a conflict record.
func (k Keys) Conflict(lost clock.Stamp, place uint32) []byte {
	return Number(Number(Long(k.Space(nil, Conflicts), uint64(lost.Time)), uint32(lost.Origin)), place)
}

// Idempotency is the key of an idempotency record.
func (k Keys) Idempotency(hash []byte) []byte { return append(k.Space(nil, Idempotency), hash...) }

// Forget is the key that says when an idempotency record may go; at in Unix milliseconds.
func (k Keys) Forget(at int64, hash []byte) []byte {
	return append(Long(k.Space(nil, Forgetting), uint64(at)), hash...)
}

// State is the key of a state record.
func (k Keys) State(name byte, rest ...byte) []byte {
	return append(append(k.Space(nil, State), name), rest...)
}

// Count is the key of a collection's document count.
func (k Keys) Count(collection uint32) []byte {
	return Number(k.State(StateCount), collection)
}

// End is the first key after all keys that begin with prefix.
func End(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		end[i]++
		if end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// Tail splits a key after its fixed part of n bytes behind prefix and letter.
func Tail(key []byte, n int) (fixed, rest []byte, ok bool) {
	if len(key) < PrefixLen+1+n {
		return nil, nil, false
	}
	body := key[PrefixLen+1:]
	return body[:n], body[n:], true
}
