package fabric

import (
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
)

// Digest computes the fingerprint of everything that locations share: the documents of the collections that are
// not local, as they show at the time, the schema documents, and the entries of the indexes as they lie in the
// store. It is a sum, so it does not depend on the order or the numbers of anything, nor on how far metadata is
// folded. The view must be exact (taken on the sequencing side). A time before that at which expired documents were
// deleted here is refused: elsewhere they may still be there.
func (v *View) Digest(at clock.Time) (Digest, error) {
	purged, err := purgedAt(v.reader, v.core.keys)
	if err != nil {
		return Digest{}, err
	}
	if at.Millis() < purged.Millis() {
		return Digest{}, failure(BadArgument, "no digest at %s: what had expired by %s is deleted here, so ask for that time or a later one", at, purged)
	}
	v.wallMs = at.Millis()
	var sum uint64
	replicated, _ := v.state.schema.Collection(schema.Replicated)
	for _, c := range append([]*schema.Collection{replicated}, v.state.schema.All()...) {
		if c.Local {
			continue
		}
		part, err := v.digestCollection(c)
		if err != nil {
			return Digest{}, err
		}
		sum += part
	}
	return Digest{Hash: fmt.Sprintf("%016x", sum), Vector: v.state.vector, At: at}, nil
}

func (v *View) digestCollection(c *schema.Collection) (uint64, error) {
	var sum uint64
	documents := int64(0)
	stored := map[string]int{} // index entries that the documents make, for comparison with those there are
	var buffer []byte
	err := v.each(c, "", false, func(d Document) bool {
		documents++
		buffer = append(append(append(buffer[:0], c.Name...), 0), d.Key...)
		buffer = codec.AppendStamp(append(buffer, 0), d.Stamp)
		sum += xxhash.Sum64(append(buffer, d.Text...))
		return true
	})
	if err != nil {
		return 0, err
	}
	count, err := v.count(c)
	if err != nil {
		return 0, err
	}
	if c.Number >= schema.FirstNumber && count != documents {
		// A wrong count must show as a difference between locations even when all documents agree.
		sum += xxhash.Sum64String(fmt.Sprintf("count of %s is %d", c.Name, count))
	}
	for i := range c.Indexes {
		part, err := v.digestIndex(c, &c.Indexes[i], stored)
		if err != nil {
			return 0, err
		}
		sum += part
	}
	return sum, nil
}

// expired says whether a document exists that does not show only because it has expired.
func (v *View) expired(c *schema.Collection, key string) (bool, error) {
	_, shown, err := read(v.reader, v.core.keys, c, key, v.wallMs)
	if err != nil || shown {
		return false, err
	}
	_, exists, err := read(v.reader, v.core.keys, c, key, -1<<62)
	return exists, err
}

// digestIndex adds up the entries of an index whose documents show at the time, and notes entries that should be
// there and are not, or the other way round.
func (v *View) digestIndex(c *schema.Collection, x *schema.Index, wanted map[string]int) (uint64, error) {
	clear(wanted)
	var failed error
	err := v.each(c, "", false, func(d Document) bool {
		doc, err := d.Value()
		if err != nil {
			failed = corrupt([]byte(d.ID()), err)
			return false
		}
		for _, entry := range index.Entries(x, doc, d.Key) {
			wanted[string(entry)+"\x00"+d.Key]++
		}
		return true
	})
	if err = errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("digest of index %s/%s: %w", c.Name, x.Name, err)
	}
	var sum uint64
	if !x.Ready {
		// How far an index is filled is no state: it counts as what it is going to be.
		for id := range wanted {
			sum += xxhash.Sum64String(c.Name + "\x00" + x.Name + "\x00" + id)
		}
		return sum, nil
	}
	space := v.core.keys.IndexSpace(nil, x.Number)
	err = each(v.reader, space, layout.End(space), func(key, data []byte) error {
		entry := key[len(space):]
		holder := string(data)
		if !x.Unique {
			if holder, err = index.Key(x, entry); err != nil {
				return corrupt(key, err)
			}
		}
		id := string(entry) + "\x00" + holder
		if wanted[id] == 0 {
			expired, err := v.expired(c, holder)
			if !expired {
				sum += xxhash.Sum64String("needless entry" + c.Name + x.Name + id)
			}
			return err
		}
		delete(wanted, id)
		sum += xxhash.Sum64String(c.Name + "\x00" + x.Name + "\x00" + id)
		return nil
	})
	for id := range wanted {
		sum += xxhash.Sum64String("missing entry" + c.Name + x.Name + id)
	}
	return sum, err
}
