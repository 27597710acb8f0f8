package codec

import (
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
)

const (
	batchVersion = 1
	// batchOfOne beside the version says that there is one entry, and no count.
	batchOfOne = 0x80
	// MaxBatchEntries is how many entries one batch holds at most: with
	// MaxRows it bounds what a decoded batch can take.
	MaxBatchEntries = 4096
	// batchEntryLeast is the size of the smallest entry: flags, time, length.
	batchEntryLeast = 3
)

// ErrBatch marks entries that cannot be sent as one batch.
var ErrBatch = errors.New("entries do not make a batch")

// Batch is a run of consecutive entries of one origin, as sent between
// locations.
type Batch struct {
	Origin  clock.Origin
	After   clock.Time // Prev of the first entry
	Entries []Entry    // at least one; Local is empty
}

// Follows tells whether the batch continues a log whose entry at After has
// this chain hash. If not, one of the two logs is another log, or damaged.
func (b *Batch) Follows(chain uint32) bool {
	if len(b.Entries) == 0 {
		return true
	}
	e := &b.Entries[0]
	return ChainNext(chain, e.Stamp.Time, BodyHash(e.Body)) == e.Chain
}

// LogRecord is an entry as it lies in the log: its time and its disk form.
type LogRecord struct {
	Time clock.Time
	Data []byte
}

// AppendBatch appends the wire form of consecutive log records of one origin,
// the first of which follows the entry at after. Bodies and dependencies are
// copied as they are; what is local stays out.
func AppendBatch(dst []byte, origin clock.Origin, after clock.Time, records []LogRecord) ([]byte, error) {
	if n := len(records); n == 0 || n > MaxBatchEntries {
		return dst, fmt.Errorf("%w: %d entries, want 1 to %d", ErrBatch, n, MaxBatchEntries)
	}
	start := len(dst)
	if len(records) == 1 {
		dst = appendApart(AppendUvarint(append(dst, batchVersion|batchOfOne), uint64(origin)), 0, after, false)
	} else {
		dst = appendApart(AppendUvarint(append(dst, batchVersion), uint64(origin)), 0, after, false)
		dst = AppendUvarint(dst, uint64(len(records)))
	}
	prev, chain := after, uint32(0)
	for i, rec := range records {
		p, err := splitRecord(rec.Time, rec.Data)
		if err != nil {
			return dst[:start], fmt.Errorf("entry %s-%s: %w", rec.Time, origin, err)
		}
		if p.prev != prev {
			return dst[:start], fmt.Errorf("%w: entry %s-%s follows %s, want %s", ErrBatch, rec.Time, origin, p.prev, prev)
		}
		if i == 0 {
			dst = AppendUint32(dst, p.chain)
		}
		dst = append(dst, p.flags&(flagDeps|flagSystem))
		dst = appendApart(dst, prev, rec.Time, false)
		dst = append(append(dst, p.system...), p.deps...)
		dst = AppendBytes(dst, p.body)
		prev, chain = rec.Time, p.chain
	}
	if len(records) > 1 {
		dst = AppendUint32(dst, chain)
	}
	return dst, nil
}

// BatchHead reads which entries a batch holds, and nothing else of it.
func BatchHead(data []byte) (origin clock.Origin, after clock.Time, entries int, err error) {
	r := NewReader("batch", data)
	origin, after, entries = r.batchHead()
	return origin, after, entries, r.err
}

func (r *Reader) batchHead() (origin clock.Origin, after clock.Time, entries int) {
	v := r.Byte()
	if v&^batchOfOne != batchVersion && r.err == nil {
		r.FailNewer(fmt.Sprintf("version %d, want %d", v&^batchOfOne, batchVersion))
	}
	origin = clock.Origin(r.Uvarint32())
	if origin == 0 {
		r.Fail("origin is 0")
	}
	after = r.apart(0, false)
	if entries = 1; v&batchOfOne == 0 {
		entries = r.Count(batchEntryLeast)
	}
	if r.err == nil && (entries == 0 || entries > MaxBatchEntries) {
		r.Fail(fmt.Sprintf("%d entries, want 1 to %d", entries, MaxBatchEntries))
	}
	return origin, after, entries
}

// DecodeBatch reads a batch; past is that of the entry at After, which the
// receiver has applied. It checks that the bodies give the chain hash of the
// last entry when they start from that of the first; Follows checks the first.
// Bodies are parts of data, not copies.
func DecodeBatch(data []byte, past Past) (Batch, error) {
	r := NewReader("batch", data)
	var b Batch
	var n int
	b.Origin, b.After, n = r.batchHead()
	chain := r.Uint32()
	if r.err != nil {
		return Batch{}, r.err
	}
	b.Entries = make([]Entry, 0, n)
	prev := b.After
	for i := range n {
		e := r.batchEntry(b.Origin, prev, past)
		if r.err != nil {
			return Batch{}, r.err
		}
		if i > 0 {
			chain = ChainNext(chain, e.Stamp.Time, BodyHash(e.Body))
		}
		e.Chain = chain
		b.Entries = append(b.Entries, e)
		prev, past = e.Stamp.Time, e.Past()
	}
	if n > 1 {
		if end := r.Uint32(); r.err == nil && end != chain {
			r.Fail(fmt.Sprintf("bodies give the chain hash %08x, want %08x", chain, end))
		}
	}
	if err := r.Done(); err != nil {
		return Batch{}, err
	}
	return b, nil
}

func (r *Reader) batchEntry(origin clock.Origin, prev clock.Time, past Past) Entry {
	flags := r.Byte()
	if flags&^(flagDeps|flagSystem) != 0 {
		r.FailNewer(fmt.Sprintf("unknown flags %#x of an entry", flags))
	}
	t := r.apart(prev, false)
	if r.err == nil && t <= prev {
		r.Fail(fmt.Sprintf("entry %s after %s", t, prev))
	}
	e := Entry{Stamp: clock.Stamp{Time: t, Origin: origin}, Prev: prev, Deps: past.Deps, System: past.System}
	if flags&flagSystem != 0 {
		e.System = r.apart(t, true)
	}
	if flags&flagDeps != 0 {
		e.Deps = r.rows(past.Deps, prev, t)
	}
	e.Body = r.Bytes()
	return e
}
