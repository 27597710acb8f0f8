package fabric

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
)

// A snapshot is the store's keys of one fabric at one vector, in key order, less what belongs to this location
// alone (local collections, the order of its changelog, its identity), and less log entries that every member has:
// nobody will ask for them. Numbers are those of the sender: an empty location takes them over. A chunk is pairs of (key behind the fabric's prefix, value), each with its length.

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
	skip   []keyRange // what stays here, in order
	starts [][]byte   // first key of each chunk, as far as known; nil key = end
}

// keyRange is the keys in [lower, upper).
type keyRange struct{ lower, upper []byte }

// OpenSnapshot opens a snapshot of what is sequenced and sealed. It belongs to the sequencing side; what it shows
// may be given away once the commit with its Number is durable. The id names it.
func (c *Core) OpenSnapshot(id string) (*Snapshot, error) {
	s := &Snapshot{core: c, id: id, reader: c.db.Snapshot(), vector: c.pub.vector, number: c.pub.number}
	s.leave(c.keys.Space(nil, layout.Order))
	for _, name := range []byte{layout.StateIdentity, layout.StatePartial, layout.StateLine} {
		s.leave(c.keys.State(name))
	}
	private, _ := c.schema.Collection(schema.Private)
	s.leave(c.keys.DocumentSpace(private.Number))
	for _, collection := range c.schema.All() {
		if collection.Local {
			s.leaveCollection(collection)
		}
	}
	for _, row := range c.pub.stable {
		if err := s.leaveLog(row); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.sortSkipped()
	s.starts = [][]byte{c.keys.Space(nil, 0)[:layout.PrefixLen]}
	return s, nil
}

// sortSkipped orders what is left out, and drops ranges within others, so that the last one that begins at or before a key
// is the only one that can hold it.
func (s *Snapshot) sortSkipped() {
	slices.SortFunc(s.skip, func(a, b keyRange) int {
		return cmp.Or(bytes.Compare(a.lower, b.lower), bytes.Compare(b.upper, a.upper))
	})
	var end []byte
	s.skip = slices.DeleteFunc(s.skip, func(r keyRange) bool {
		within := bytes.Compare(r.upper, end) <= 0
		if !within {
			end = r.upper
		}
		return within
	})
}

// leave leaves out what begins with a prefix.
func (s *Snapshot) leave(prefix []byte) {
	s.skip = append(s.skip, keyRange{prefix, layout.End(prefix)})
}

// leaveLog leaves out a log as far as it is stable, less what the first entry after that is coded against.
func (s *Snapshot) leaveLog(stable clock.Row) error {
	keys := s.core.keys
	space := keys.LogSpace(stable.Origin)
	it, err := s.reader.Scan(space, keys.LogRecord(nil, stable.Origin, stable.Time.Next()))
	if err != nil {
		return err
	}
	defer func() { _ = it.Close() }()
	for ok := it.Last(); ok; ok = it.Prev() {
		if codec.RecordIsWhole(it.Value()) {
			s.skip = append(s.skip, keyRange{space, bytes.Clone(it.Key())})
			break
		}
	}
	return it.Err()
}

func (s *Snapshot) leaveCollection(collection *schema.Collection) {
	keys := s.core.keys
	s.leave(keys.DocumentSpace(collection.Number))
	s.leave(keys.Count(collection.Number))
	s.leave(append(keys.State(layout.StateCollection), collection.Identity().Text()...))
	s.leave(append(keys.State(layout.StateIndex), indexID(collection.Identity(), "")...))
	s.leave(layout.Number(keys.State(layout.StateTruncate), collection.Number))
	for _, space := range []byte{layout.Expiring, layout.Expired} {
		s.leave(layout.Number(keys.Space(nil, space), collection.Number))
	}
	for _, x := range collection.Indexes {
		s.leave(keys.IndexSpace(nil, x.Number))
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
	for ok := s.given(it, it.Next()); ok; ok = s.given(it, it.Next()) {
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

// given moves an iterator that stands on what is left out to what is not.
func (s *Snapshot) given(it kv.Iterator, ok bool) bool {
	for ok {
		after := sort.Search(len(s.skip), func(i int) bool { return bytes.Compare(s.skip[i].lower, it.Key()) > 0 })
		if after == 0 || bytes.Compare(it.Key(), s.skip[after-1].upper) >= 0 {
			return true
		}
		ok = it.SeekGE(s.skip[after-1].upper)
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
