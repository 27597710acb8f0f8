package fabric

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
)

// A snapshot is the store's keys of one fabric at one vector, in key order, less what belongs to this location
// alone (local collections, the order of its changelog, its identity). Numbers are those of the sender: an empty
// location takes them over. A chunk is pairs of (key behind the fabric's prefix, value), each with its length.

// chunkBytes is about how much one chunk holds.
const chunkBytes = 1 << 20

// SnapshotMark is how far an interrupted snapshot was taken in.
type SnapshotMark struct {
	ID   string
	Next uint32
}

// Snapshot is a snapshot that is being given to another location.
type Snapshot struct {
	core   *Core
	id     string
	reader kv.Snapshot
	vector clock.Vector
	number uint64
	skip   [][]byte // prefixes that stay here
	starts [][]byte // first key of each chunk, as far as known; nil key = end
}

// OpenSnapshot opens a snapshot of what is sequenced and sealed. It belongs to the sequencing side; what it shows
// may be given away once the commit with its Number is durable. The id names it.
func (c *Core) OpenSnapshot(id string) *Snapshot {
	s := &Snapshot{core: c, id: id, reader: c.db.Snapshot(), vector: c.pub.vector, number: c.pub.number}
	for _, letter := range []byte{layout.Order} {
		s.skip = append(s.skip, c.keys.Space(nil, letter))
	}
	for _, name := range []byte{layout.StateIdentity, layout.StatePartial, layout.StateLine} {
		s.skip = append(s.skip, c.keys.State(name))
	}
	private, _ := c.schema.Collection(schema.Private)
	s.skip = append(s.skip, c.keys.DocumentSpace(private.Number))
	for _, collection := range c.schema.All() {
		if collection.Local {
			s.skipCollection(collection)
		}
	}
	s.starts = [][]byte{c.keys.Space(nil, 0)[:layout.PrefixLen]}
	return s
}

func (s *Snapshot) skipCollection(collection *schema.Collection) {
	keys := s.core.keys
	s.skip = append(s.skip, keys.DocumentSpace(collection.Number), keys.Count(collection.Number),
		append(keys.State(layout.StateCollection), collection.Identity().Text()...),
		append(keys.State(layout.StateIndex), indexID(collection.Identity(), "")...),
		layout.Number(keys.State(layout.StateTruncate), collection.Number))
	for _, space := range []byte{layout.Expiring, layout.Expired} {
		s.skip = append(s.skip, layout.Number(keys.Space(nil, space), collection.Number))
	}
	for _, x := range collection.Indexes {
		s.skip = append(s.skip, keys.IndexSpace(nil, x.Number))
	}
}

// ID names the snapshot.
func (s *Snapshot) ID() string { return s.id }

// Vector is what the snapshot holds.
func (s *Snapshot) Vector() clock.Vector { return s.vector }

// Number is the commit that must be durable before the snapshot is given away.
func (s *Snapshot) Number() uint64 { return s.number }

// Close releases the snapshot.
func (s *Snapshot) Close() error { return s.reader.Close() }

// Chunk returns the chunk with an index, the same bytes each time. Chunks are asked for in order at first.
func (s *Snapshot) Chunk(index int) (data []byte, last bool, err error) {
	if index < 0 || index >= len(s.starts) || s.starts[index] == nil {
		return nil, false, fmt.Errorf("snapshot %s has no chunk %d yet: chunks are read in order", s.id, index)
	}
	upper := layout.End(s.starts[0])
	it, err := s.reader.Scan(s.starts[index], upper)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = it.Close() }()
	data = make([]byte, 0, chunkBytes+chunkBytes/8)
	var next []byte
	for it.Next() {
		if s.stays(it.Key()) {
			continue
		}
		if len(data) >= chunkBytes {
			next = append([]byte(nil), it.Key()...)
			break
		}
		if data, err = appendPair(data, it.Key(), it.Value()); err != nil {
			return nil, false, err
		}
	}
	if err := it.Err(); err != nil {
		return nil, false, err
	}
	if index+1 == len(s.starts) {
		s.starts = append(s.starts, next)
	}
	return data, next == nil, nil
}

func (s *Snapshot) stays(key []byte) bool {
	for _, prefix := range s.skip {
		if bytes.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func appendPair(dst, key, data []byte) ([]byte, error) {
	dst = codec.AppendBytes(dst, key[layout.PrefixLen:])
	if key[layout.PrefixLen] == layout.State && key[layout.PrefixLen+1] == layout.StateHead {
		head, err := sequencer.DecodeStoredHead(data)
		if err != nil {
			return nil, corrupt(key, err)
		}
		// The ceiling bounds the sender's stamps. The newcomer's begin above the mark; taking the ceiling over
		// would move its clock ahead, and with every join the fabric's.
		head.Ceiling = head.Mark
		return codec.AppendBytes(dst, sequencer.AppendStoredHead(nil, head)), nil
	}
	if key[layout.PrefixLen] != layout.Log {
		return codec.AppendBytes(dst, data), nil
	}
	shared, err := codec.AppendShared(nil, clock.Time(binary.BigEndian.Uint64(key[len(key)-8:])), data)
	if err != nil {
		return nil, corrupt(key, err)
	}
	return codec.AppendBytes(dst, shared), nil
}

// Install keeps one chunk of a snapshot that this location takes. Chunk 0 deletes what the fabric holds here. After
// the last one, and when it is durable, the fabric is to be opened anew; self is who this location then is.
// Until then an interrupted snapshot is known by Progress.Partial. vector is what the snapshot holds.
func Install(db kv.DB, number uint32, mark SnapshotMark, data []byte, last bool, vector clock.Vector, self clock.Origin) (kv.Pending, error) {
	keys := layout.NewKeys(number)
	prefix := layout.Prefix(number)
	batch := db.NewBatch()
	if mark.Next == 0 {
		batch.DeleteRange(prefix, layout.End(prefix))
	}
	r := codec.NewReader("snapshot chunk", data)
	for r.Len() > 0 && r.Err() == nil {
		key, value := r.Bytes(), r.Bytes()
		if r.Err() == nil && len(key) == 0 {
			r.Fail("empty key")
		}
		if r.Err() == nil {
			batch.Set(append(append([]byte(nil), prefix...), key...), value)
		}
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("chunk %d of snapshot %s: %w", mark.Next, mark.ID, err)
	}
	partial := keys.State(layout.StatePartial)
	if last {
		batch.Delete(partial)
		batch.Set(keys.State(layout.StateTrim), codec.AppendVector(nil, vector))
		batch.Set(keys.State(layout.StateIdentity), layout.Number(nil, uint32(self)))
		batch.Set(keys.State(layout.StateLine), layout.Number(nil, uint32(guard([]byte(mark.ID)))))
	} else {
		batch.Set(partial, codec.AppendBytes(layout.Number(nil, mark.Next+1), mark.ID))
	}
	return db.Apply(batch)
}

// loadPartial reads the mark of an interrupted snapshot.
func (c *Core) loadPartial() (bool, error) {
	data, found, err := c.db.Get(c.keys.State(layout.StatePartial))
	if err != nil || !found {
		return false, err
	}
	if len(data) < 4 {
		return false, fmt.Errorf("snapshot mark: %w", kv.ErrCorrupt)
	}
	r := codec.NewReader("snapshot mark", data[4:])
	c.partial = SnapshotMark{ID: r.String(), Next: binary.BigEndian.Uint32(data)}
	return true, r.Done()
}

// Destroy deletes everything that a fabric holds in a store.
func Destroy(db kv.DB, number uint32) (kv.Pending, error) {
	prefix := layout.Prefix(number)
	batch := db.NewBatch()
	batch.DeleteRange(prefix, layout.End(prefix))
	return db.Apply(batch)
}
