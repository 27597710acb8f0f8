package codec

import (
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
)

// Entry is one committed transaction in its origin's log.
type Entry struct {
	Stamp  clock.Stamp
	Prev   clock.Time   // of the entry before in this log; zero for the first
	Chain  uint32       // hash over the log up to here
	Deps   clock.Vector // all that the transaction had seen, without its own origin
	System clock.Time   // how far its location's own log in the system fabric had come
	Body   []byte       // encoded changes: what peers get
	Local  []byte       // encoded changes of local collections: stored, never sent
}

// Past is what an entry's dependencies are coded against: those of the entry
// before it in the same log. The zero Past stands before a log's first entry.
type Past struct {
	Deps   clock.Vector
	System clock.Time
}

// Past is what the next entry of the same log is coded against.
func (e *Entry) Past() Past { return Past{Deps: e.Deps, System: e.System} }

// BodyHash is the part of the chain hash that can be had before the stamp.
func BodyHash(body []byte) uint32 {
	h := xxhash.Sum64(body)
	return uint32(h ^ h>>32)
}

// ChainNext is the chain hash of an entry, from that of the entry before (zero
// for a log's first). It finds forks and damage, not forgery.
func ChainNext(prev uint32, t clock.Time, bodyHash uint32) uint32 {
	h := mix(uint64(prev)<<32|uint64(bodyHash)) ^ uint64(t)
	h = mix(h)
	return uint32(h ^ h>>32)
}

// mix is the finalizer of SplitMix64: each bit of x moves each bit of it.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// First byte of a log record: the version above, flags below.
const (
	recordVersion = 1
	flagWhole     = 1 << 0 // dependencies stand at the end once more, whole
	flagLocal     = 1 << 1
	flagDeps      = 1 << 2 // dependencies differ from those of the entry before
	flagSystem    = 1 << 3 // the system scalar does
	flagBits      = 4
)

// AppendLogRecord appends the disk form of e, but for its stamp, which is in
// the key. Dependencies are coded as the difference to past; whole adds them
// once more so that the record can be read without a past. It costs no more
// than the copy of the body when the past is the same and whole is not set.
func AppendLogRecord(dst []byte, e *Entry, past Past, whole bool) []byte {
	flags := byte(recordVersion << flagBits)
	if whole {
		flags |= flagWhole
	}
	if len(e.Local) > 0 {
		flags |= flagLocal
	}
	if !e.Deps.Equal(past.Deps) {
		flags |= flagDeps
	}
	if e.System != past.System {
		flags |= flagSystem
	}
	t := e.Stamp.Time
	dst = appendApart(append(dst, flags), t, e.Prev, true)
	dst = AppendUint32(dst, e.Chain)
	if flags&flagSystem != 0 {
		dst = appendApart(dst, t, e.System, true)
	}
	if flags&flagDeps != 0 {
		dst = appendRows(dst, past.Deps, e.Deps, e.Prev, t)
	}
	if flags&(flagWhole|flagLocal) == 0 {
		return append(dst, e.Body...)
	}
	dst = AppendBytes(dst, e.Body)
	if flags&flagLocal != 0 {
		dst = AppendBytes(dst, e.Local)
	}
	if whole {
		dst = AppendTime(dst, e.System)
		dst = AppendVector(dst, e.Deps)
	}
	return dst
}

// RecordIsWhole tells whether a log record can be read without a past.
func RecordIsWhole(data []byte) bool {
	return len(data) > 0 && data[0]>>flagBits == recordVersion && data[0]&flagWhole != 0
}

// record is a log record taken apart, its dependencies not yet decoded.
type record struct {
	flags  byte
	prev   clock.Time
	chain  uint32
	system []byte // as coded
	deps   []byte // as coded, with length
	body   []byte
	local  []byte
	whole  []byte
}

// splitRecord takes a record apart without reading its dependencies.
func splitRecord(t clock.Time, data []byte) (record, error) {
	r := NewReader("log record", data)
	var p record
	if p.flags = r.Byte(); p.flags>>flagBits != recordVersion {
		if r.err == nil {
			r.FailNewer(fmt.Sprintf("version %d, want %d", p.flags>>flagBits, recordVersion))
		}
		return record{}, r.err
	}
	p.prev = r.apart(t, true)
	if r.err == nil && p.prev >= t {
		r.Fail(fmt.Sprintf("entry %s says that it follows %s", t, p.prev))
	}
	p.chain = r.Uint32()
	if p.flags&flagSystem != 0 {
		start := r.off
		r.apart(t, true)
		p.system = data[start:r.off]
	}
	if p.flags&flagDeps != 0 {
		start := r.off
		r.Bytes()
		p.deps = data[start:r.off]
	}
	if p.flags&(flagWhole|flagLocal) == 0 {
		p.body = r.Rest()
		return p, r.Done()
	}
	p.body = r.Bytes()
	if p.flags&flagLocal != 0 {
		p.local = r.Bytes()
	}
	if p.flags&flagWhole != 0 {
		p.whole = r.Rest()
	}
	return p, r.Done()
}

// DecodeLogRecord reads the disk form of the entry (t, origin). A whole record
// is read without past. Body and Local are parts of data, not copies, and Deps
// may be past's.
func DecodeLogRecord(origin clock.Origin, t clock.Time, data []byte, past Past) (Entry, error) {
	p, err := splitRecord(t, data)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{
		Stamp: clock.Stamp{Time: t, Origin: origin}, Prev: p.prev, Chain: p.chain,
		Deps: past.Deps, System: past.System, Body: p.body, Local: p.local,
	}
	if p.flags&flagWhole != 0 {
		r := NewReader("log record: whole dependencies", p.whole)
		e.System = r.Time()
		e.Deps = r.Vector()
		if err := r.Done(); err != nil {
			return Entry{}, err
		}
		return e, nil
	}
	if p.flags&flagSystem != 0 {
		r := NewReader("log record: system scalar", p.system)
		e.System = r.apart(t, true)
		if err := r.Done(); err != nil {
			return Entry{}, err
		}
	}
	if p.flags&flagDeps != 0 {
		r := NewReader("log record", p.deps)
		e.Deps = r.rows(past.Deps, p.prev, t)
		if err := r.Done(); err != nil {
			return Entry{}, err
		}
	}
	return e, nil
}

// RecordBody is the body of a log record, read without its dependencies.
func RecordBody(t clock.Time, data []byte) ([]byte, error) {
	p, err := splitRecord(t, data)
	return p.body, err
}

// RecordChain is the place of a log record in its log: the entry before it and
// the chain hash up to it.
func RecordChain(t clock.Time, data []byte) (prev clock.Time, chain uint32, err error) {
	p, err := splitRecord(t, data)
	return p.prev, p.chain, err
}
