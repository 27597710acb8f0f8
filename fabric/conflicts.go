package fabric

import (
	"encoding/hex"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/value"
)

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
