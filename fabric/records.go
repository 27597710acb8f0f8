package fabric

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/value"
)

// IdempotencyWindowMs is how long a request's key is remembered.
const IdempotencyWindowMs = 10 * 60 * 1000

// An idempotency record, as it travels in the commit's own entry and lies in the store behind the stamp:
// hash (16 bytes), when it may be forgotten (Unix ms), then per result: key, old revision, and either the
// revision (flag 1: the document was not changed) or the content hash that makes it with the commit's stamp. Last comes
// what was asked (8 bytes, requestHash); records of before there was such a hash end without, and take any request.

const (
	resultUnchanged = 1 << iota
	resultCreated
)

func idempotencyHash(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:16]
}

// requestHash says what a request asks: its writes with all that decides on their effect. What it wants to be told
// does not count.
func requestHash(writes []Write) uint64 {
	var sum xxhash.Digest
	sum.Reset()
	var text []byte
	for i := range writes {
		w := &writes[i]
		flags := byte(b2i(w.KeepNull) | b2i(w.MergeObjects)<<1 | b2i(w.IgnoreAbsent)<<2)
		text = append(text[:0], byte(w.Op), flags)
		for _, part := range []string{w.Collection, w.Key, w.IfRev} {
			text = codec.AppendBytes(text, part)
		}
		_, _ = sum.Write(value.AppendJSON(text, w.Document)) // it never fails
	}
	return sum.Sum64()
}

// interactiveRequest stands in the place of what an interactive transaction asks: the same request may come to other
// writes when it is made again.
const interactiveRequest = 0x7472616e73616374

func (t *Transaction) request() uint64 {
	if t.interactive {
		return interactiveRequest
	}
	return requestHash(t.Writes) ^ pointsHash(t.Points)
}

// replayed answers a repeated request from the record of the first, and refuses another one under the same key.
func (c *Core) replayed(p *Prepared, t *Transaction) (bool, error) {
	hash := idempotencyHash(t.Idempotency)
	ykey := c.keys.Idempotency(hash)
	p.Reads = append(p.Reads, guard(ykey))
	data, err := c.get(p, ykey)
	if err != nil || data == nil {
		return false, err
	}
	r := codec.NewReader("idempotency record", data)
	stamp := r.Stamp()
	receipt, until := readResults(&r, stamp)
	asked, known := readRequest(&r)
	if err := r.Done(); err != nil {
		return false, corrupt(ykey, err)
	}
	if until <= p.wallMs {
		return false, nil
	}
	if known && asked != t.request() || !t.interactive && len(receipt.Results) != len(t.Writes) {
		return false, failure(IdempotencyReused, "the idempotency key came with another request within the last %d minutes: take a new key for each request",
			IdempotencyWindowMs/60_000)
	}
	receipt.Replayed = true
	p.replay = &receipt
	return true, nil
}

func readResults(r *codec.Reader, stamp clock.Stamp) (Receipt, int64) {
	receipt := Receipt{Stamp: stamp}
	_ = r.Fixed(16)
	until := int64(r.Uvarint())
	for range r.Count(4) {
		flags := r.Byte()
		result := Result{Key: r.String(), OldRev: r.String(), Created: flags&resultCreated != 0}
		if flags&resultUnchanged != 0 {
			result.Rev = r.String()
		} else {
			result.Rev = FormatRev(stamp, r.Uint32())
		}
		receipt.Results = append(receipt.Results, result)
	}
	return receipt, until
}

// readRequest reads what was asked, where the record says it.
func readRequest(r *codec.Reader) (hash uint64, known bool) {
	if r.Err() != nil || r.Len() == 0 {
		return 0, false
	}
	return r.Uint64(), true
}

// remember adds the idempotency record to the commit.
func (c *Core) remember(p *Prepared, t *Transaction) {
	hash := idempotencyHash(t.Idempotency)
	until := p.wallMs + IdempotencyWindowMs
	data := append([]byte(nil), hash...)
	data = codec.AppendUvarint(data, uint64(until))
	data = codec.AppendUvarint(data, uint64(len(p.results)))
	for i := range p.results {
		data = appendResult(data, &p.results[i])
	}
	data = codec.AppendUint64(data, t.request())
	p.Body = codec.AppendChange(p.Body, codec.Change{Kind: codec.Idempotency, Data: data})
	// The stamp is not known yet: its place is at the front, in the fixed form that the sequencer patches.
	record := append(make([]byte, codec.StampSize), data...)
	p.Puts = append(p.Puts,
		sequencer.Put{Key: c.keys.Idempotency(hash), Value: record, Stamps: []int{0}, Guard: guard(c.keys.Idempotency(hash))},
		sequencer.Put{Key: c.keys.Forget(until, hash)})
}

func appendResult(data []byte, r *pendingResult) []byte {
	var flags byte
	if r.created {
		flags |= resultCreated
	}
	if !r.doc.changed {
		flags |= resultUnchanged
	}
	data = append(data, flags)
	data = codec.AppendBytes(data, r.doc.key)
	data = codec.AppendBytes(data, r.doc.oldRev())
	if !r.doc.changed {
		return codec.AppendBytes(data, r.doc.oldRev())
	}
	return codec.AppendUint32(data, r.doc.hash)
}

// rememberRemote stores the idempotency record that came with another location's entry.
func (c *Core) rememberRemote(data []byte, stamp clock.Stamp, out *sequencer.Prepared) error {
	r := codec.NewReader("idempotency record", data)
	_, until := readResults(&r, stamp)
	_, _ = readRequest(&r)
	if err := r.Done(); err != nil {
		return err
	}
	hash := data[:16]
	record := make([]byte, codec.StampSize, codec.StampSize+len(data))
	codec.PatchStamp(record, 0, stamp)
	ykey := c.keys.Idempotency(hash)
	out.Puts = append(out.Puts, sequencer.Put{Key: ykey, Value: append(record, data...), Guard: guard(ykey)},
		sequencer.Put{Key: c.keys.Forget(until, hash)})
	return nil
}

// A conflict record: version, wall time, then texts (collection, key, path, reason), then kept and lost, each:
// present, stamp, canonical JSON.

const conflictVersion = 1

func appendConflict(dst []byte, r *ConflictRecord) []byte {
	dst = append(dst, conflictVersion)
	dst = codec.AppendUvarint(dst, uint64(r.At))
	for _, text := range []string{r.Collection, r.Key, r.Path, r.Reason} {
		dst = codec.AppendBytes(dst, text)
	}
	for _, side := range []*ConflictSide{&r.Kept, &r.Lost} {
		dst = append(dst, byte(b2i(side.Present)))
		dst = codec.AppendStamp(dst, side.Stamp)
		dst = codec.AppendBytes(dst, value.AppendJSON(nil, side.Value))
	}
	return dst
}

// conflictTime is when a conflict record was made, in Unix milliseconds.
func conflictTime(data []byte) (int64, error) {
	r := codec.NewReader("conflict record", data)
	if r.Byte() != conflictVersion {
		r.Fail("unknown version")
	}
	return int64(r.Uvarint()), r.Err()
}

func decodeConflict(data []byte) (ConflictRecord, error) {
	r := codec.NewReader("conflict record", data)
	var out ConflictRecord
	if r.Byte() != conflictVersion {
		r.Fail("unknown version")
	}
	out.At = int64(r.Uvarint())
	for _, text := range []*string{&out.Collection, &out.Key, &out.Path, &out.Reason} {
		*text = r.String()
	}
	for _, side := range []*ConflictSide{&out.Kept, &out.Lost} {
		side.Present = r.Byte() == 1
		side.Stamp = r.Stamp()
		text := r.Bytes()
		if r.Err() != nil {
			break
		}
		v, err := value.Parse(text, storedLimits)
		if err != nil {
			return out, err
		}
		side.Value = v
	}
	return out, r.Done()
}

// Conflicts lists register writes that lost to concurrent ones, in order of the losing stamp. collection ""
// lists all; since is "" or the next of an earlier call; next is "" at the end.
func (c *Core) Conflicts(collection, since string, limit int) (out []ConflictRecord, next string, err error) {
	lower := c.keys.Space(nil, layout.Conflicts)
	upper := layout.End(lower)
	if since != "" {
		tail, err := hex.DecodeString(since)
		if err != nil || len(tail) > 64 {
			return nil, "", failure(BadArgument, "since %q is not a value that an earlier call returned", since)
		}
		lower = append(append(lower, tail...), 0)
	}
	it, err := c.db.Scan(lower, upper)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = it.Close() }()
	for it.Next() {
		r, err := decodeConflict(it.Value())
		if err != nil {
			return nil, "", corrupt(it.Key(), err)
		}
		if collection != "" && r.Collection != collection {
			continue
		}
		if len(out) == limit {
			return out, next, it.Err()
		}
		out = append(out, r)
		next = hex.EncodeToString(it.Key()[layout.PrefixLen+1:])
	}
	return out, "", it.Err()
}
