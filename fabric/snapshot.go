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
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
)

// A snapshot is the store's keys of one fabric at one vector, in key order, less what belongs to this location
// alone (local collections, the order of its changelog, its identity), and less log entries that every member has:
// nobody will ask for them. Numbers are those of the sender; who takes it moves them out of the way of his own local
// collections. A chunk is pairs of (key behind the fabric's prefix, value), each with its length.
//
// Who takes a snapshot over a state of his own keeps what nobody else has: his local collections, and that he never
// commits at or below a time that he gave or vouched for. Entries of his own log that the snapshot lacks forbid taking it.

// chunkBytes is about how much one chunk holds.
const chunkBytes = 1 << 20

// SnapshotMark is how far an interrupted snapshot was taken in.
type SnapshotMark struct {
	ID   string
	Next uint32
	Need clock.Vector // what it replaces had this, and so must every snapshot taken instead
}

// ErrSnapshotBehind means that a snapshot lacks what is here: it would delete entries that nobody else may have.
var ErrSnapshotBehind = errors.New("the snapshot lacks entries that are here")

// Snapshot is a snapshot that is being given to another location.
type Snapshot struct {
	core   *Core
	id     string
	reader kv.Snapshot
	vector clock.Vector
	number uint64
	skip   []keyRange      // what stays here, in order
	local  map[uint32]bool // numbers of local collections
	starts [][]byte        // first key of each chunk, as far as known; nil key = end
}

// keyRange is the keys in [lower, upper).
type keyRange struct{ lower, upper []byte }

// OpenSnapshot opens a snapshot of what is sequenced and sealed. It belongs to the sequencing side; what it shows
// may be given away once the commit with its Number is durable. The id names it.
func (c *Core) OpenSnapshot(id string) (*Snapshot, error) {
	s := &Snapshot{core: c, id: id, reader: c.db.Snapshot(), vector: c.pub.vector, number: c.pub.number, local: map[uint32]bool{}}
	s.leave(c.keys.Space(nil, layout.Order))
	for _, name := range []byte{layout.StateIdentity, layout.StatePartial, layout.StateLine} {
		s.leave(c.keys.State(name))
	}
	for _, prefix := range localSpaces(c.keys, c.schema) {
		s.leave(prefix)
	}
	for _, collection := range c.schema.All() {
		s.local[collection.Number] = collection.Local
	}
	for _, row := range c.pub.stable {
		if err := s.leaveLog(row); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.skip = sorted(s.skip)
	s.starts = [][]byte{c.keys.Space(nil, 0)[:layout.PrefixLen]}
	return s, nil
}

// sorted orders ranges, and drops those within others, so that the last one that begins at or before a key is the only
// one that can hold it.
func sorted(ranges []keyRange) []keyRange {
	slices.SortFunc(ranges, func(a, b keyRange) int {
		return cmp.Or(bytes.Compare(a.lower, b.lower), bytes.Compare(b.upper, a.upper))
	})
	var end []byte
	return slices.DeleteFunc(ranges, func(r keyRange) bool {
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

// localSpaces are the beginnings of all keys of local collections, but for their notes of what is to fold.
func localSpaces(keys layout.Keys, s *schema.Schema) [][]byte {
	private, _ := s.Collection(schema.Private)
	spaces := [][]byte{keys.DocumentSpace(private.Number)}
	for _, collection := range s.All() {
		if !collection.Local {
			continue
		}
		spaces = append(spaces,
			keys.DocumentSpace(collection.Number),
			keys.Count(collection.Number),
			keys.PointSpace(collection.Number),
			append(keys.State(layout.StateCollection), collection.Identity().Text()...),
			append(keys.State(layout.StateIndex), indexID(collection.Identity(), "")...),
			layout.Number(keys.State(layout.StateTruncate), collection.Number),
			layout.Number(keys.Space(nil, layout.Expiring), collection.Number),
			layout.Number(keys.Space(nil, layout.Expired), collection.Number))
		for _, x := range collection.Indexes {
			spaces = append(spaces, keys.IndexSpace(nil, x.Number))
		}
	}
	return spaces
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
		if it.Key()[layout.PrefixLen] == layout.Folding {
			if n, ok := numberIn(it.Key()[layout.PrefixLen:]); ok && s.local[binary.BigEndian.Uint32(n)] {
				continue // a note on a local collection
			}
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

// taking is the taking of a snapshot under way: how far it is, and what of the state that it replaces must outlive it.
type taking struct {
	mark    SnapshotMark
	high    clock.Time // the clock's high-water mark and ceiling were at least
	ceiling clock.Time
	shift   uint32     // is added to the sender's numbers of collections and indexes
	keep    []keyRange // what chunk 0 leaves where it is, in order
	notes   [][]byte   // keys of what is to fold in kept collections
}

// Install keeps one chunk of a snapshot that this location takes. Chunk 0 deletes what the fabric holds here, but for
// local collections, and is refused with ErrSnapshotBehind when that would lose anything. After the last one, and when
// it is durable, the fabric is to be opened anew; self is who this location then is. Until then an interrupted snapshot
// is known by Progress.Partial. vector is what the snapshot holds.
func Install(db kv.DB, number uint32, mark SnapshotMark, data []byte, last bool, vector clock.Vector, self clock.Origin) (kv.Pending, error) {
	keys := layout.NewKeys(number)
	t, found, err := loadTaking(db, keys)
	if err != nil {
		return nil, err
	}
	batch := db.NewBatch()
	if mark.Next == 0 {
		if err := t.begin(db, number, self, found); err != nil {
			return nil, err
		}
		if err := t.covered(vector, self); err != nil {
			return nil, fmt.Errorf("snapshot %s: %w", mark.ID, err)
		}
		t.clear(batch, layout.Prefix(number))
	} else if !found || t.mark.ID != mark.ID || t.mark.Next != mark.Next {
		return nil, fmt.Errorf("chunk %d of snapshot %s does not follow chunk %d of snapshot %s", mark.Next, mark.ID, int64(t.mark.Next)-1, t.mark.ID)
	}
	if err := t.fill(batch, layout.Prefix(number), data); err != nil {
		return nil, fmt.Errorf("chunk %d of snapshot %s: %w", mark.Next, mark.ID, err)
	}
	t.mark.ID, t.mark.Next = mark.ID, mark.Next+1
	if last {
		batch.Delete(keys.State(layout.StatePartial))
		batch.Set(keys.State(layout.StateTrim), codec.AppendVector(nil, vector))
		batch.Set(keys.State(layout.StateTaken), codec.AppendVector(nil, vector)) // no order record will speak of these entries
		batch.Set(keys.State(layout.StateIdentity), layout.Number(nil, uint32(self)))
		batch.Set(keys.State(layout.StateLine), layout.Number(nil, uint32(guard([]byte(mark.ID)))))
	} else {
		batch.Set(keys.State(layout.StatePartial), t.append(nil))
	}
	return db.Apply(batch)
}

// begin notes what is here and must not be lost. After an interrupted snapshot, that is what was noted then.
func (t *taking) begin(db kv.DB, number uint32, self clock.Origin, interrupted bool) error {
	c := &Core{place: place{db: db, keys: layout.NewKeys(number)}}
	if !interrupted {
		if err := t.note(c, self); err != nil {
			return err
		}
	}
	var err error
	if c.numbers, err = loadNumbers(db, c.keys); err != nil {
		return err
	}
	s, err := c.readSchema(db, nil)
	if err != nil {
		return err
	}
	for _, prefix := range localSpaces(c.keys, s) {
		t.keep = append(t.keep, keyRange{prefix, layout.End(prefix)})
	}
	t.keep = sorted(t.keep)
	t.shift = 0
	for _, collection := range s.All() {
		if !collection.Local {
			continue
		}
		t.shift = max(t.shift, collection.Number+1-schema.FirstNumber)
		for _, x := range collection.Indexes {
			t.shift = max(t.shift, x.Number+1-schema.FirstNumber)
		}
	}
	space := c.keys.Space(nil, layout.Folding)
	return each(db, space, layout.End(space), func(key, _ []byte) error {
		if n, ok := numberIn(key[layout.PrefixLen:]); ok {
			if collection, ok := s.Numbered(binary.BigEndian.Uint32(n)); ok && collection.Local {
				t.notes = append(t.notes, bytes.Clone(key))
			}
		}
		return nil
	})
}

// note reads from the state that is to be replaced what this location has seen and promised.
func (t *taking) note(c *Core, self clock.Origin) error {
	data, found, err := c.db.Get(c.keys.State(layout.StateHead))
	if err != nil || !found {
		return err
	}
	head, err := sequencer.DecodeStoredHead(data)
	if err != nil {
		return err
	}
	t.high, t.ceiling = head.Mark, head.Ceiling
	var was sequencer.State
	if err := c.loadIdentity(&was); err != nil || was.Self != self {
		return err // of an incarnation that is gone
	}
	if err := c.loadMembers(); err != nil {
		return err
	}
	t.mark.Need = head.Vector
	for _, m := range c.members.Members() {
		if m.State == member.Closed { // what lies beyond its end is to go
			t.mark.Need = t.mark.Need.Without(m.Origin)
		}
	}
	return nil
}

// covered refuses a snapshot that lacks what is here. An origin without a row is one whose log is closed at the sender,
// who has it all, or would have refused to give a snapshot; the own log is not, or this incarnation would be over.
func (t *taking) covered(vector clock.Vector, self clock.Origin) error {
	for _, row := range t.mark.Need {
		if at := vector.At(row.Origin); at < row.Time && (at != 0 || row.Origin == self) {
			return fmt.Errorf("%w: it has the log of origin %s up to %s, not %s", ErrSnapshotBehind, row.Origin, at, row.Time)
		}
	}
	return nil
}

// clear deletes what the snapshot replaces.
func (t *taking) clear(batch kv.Batch, prefix []byte) {
	from := prefix
	for _, r := range t.keep {
		if bytes.Compare(from, r.lower) < 0 {
			batch.DeleteRange(from, r.lower)
		}
		from = r.upper
	}
	batch.DeleteRange(from, layout.End(prefix))
	for _, key := range t.notes {
		batch.Set(key, nil)
	}
}

// fill puts the pairs of a chunk in place.
func (t *taking) fill(batch kv.Batch, prefix, data []byte) error {
	r := codec.NewReader("snapshot chunk", data)
	for r.Len() > 0 && r.Err() == nil {
		key, value := r.Bytes(), r.Bytes()
		if r.Err() == nil && len(key) == 0 {
			r.Fail("empty key")
		}
		if r.Err() != nil {
			break
		}
		key = append(bytes.Clone(prefix), key...)
		value, err := t.adapt(key[len(prefix):], value)
		if err != nil {
			return err
		}
		batch.Set(key, value)
	}
	return r.Done()
}

// adapt makes a pair fit in beside what was kept here: its numbers, and the clock.
func (t *taking) adapt(key, value []byte) ([]byte, error) {
	if len(key) == 2 && key[0] == layout.State && key[1] == layout.StateHead {
		head, err := sequencer.DecodeStoredHead(value)
		if err != nil {
			return nil, err
		}
		head.Mark, head.Ceiling = max(head.Mark, t.high), max(head.Ceiling, t.ceiling)
		return sequencer.AppendStoredHead(nil, head), nil
	}
	number, ok := numberIn(key)
	if key[0] == layout.State && len(key) > 1 && (key[1] == layout.StateCollection || key[1] == layout.StateIndex) && len(value) >= 4 {
		value = bytes.Clone(value)
		number, ok = value[:4], true
	}
	if !ok || t.shift == 0 {
		return value, nil
	}
	n := binary.BigEndian.Uint32(number)
	if n < schema.FirstNumber {
		return value, nil
	}
	if n+t.shift < n {
		return nil, fmt.Errorf("number %d of a collection or index cannot be moved by %d: drop the local collections and try again", n, t.shift)
	}
	binary.BigEndian.PutUint32(number, n+t.shift)
	return value, nil
}

// numberIn is where a key, behind the fabric's prefix, has the number of a collection or index.
func numberIn(key []byte) ([]byte, bool) {
	at := 0
	switch key[0] {
	case layout.Documents, layout.Indexes, layout.Expiring, layout.Expired, layout.Points:
		at = 1
	case layout.Folding:
		at = 9
	case layout.State:
		if len(key) > 1 && (key[1] == layout.StateCount || key[1] == layout.StateTruncate) {
			at = 2
		}
	}
	if at == 0 || len(key) < at+4 {
		return nil, false
	}
	return key[at : at+4], true
}

// append appends the stored form: next chunk, id, need, clock's mark and ceiling, shift.
func (t *taking) append(dst []byte) []byte {
	dst = codec.AppendBytes(layout.Number(dst, t.mark.Next), t.mark.ID)
	dst = codec.AppendVector(dst, t.mark.Need)
	dst = codec.AppendTime(codec.AppendTime(dst, t.high), t.ceiling)
	return codec.AppendUint32(dst, t.shift)
}

// loadTaking reads the record of an interrupted snapshot.
func loadTaking(db kv.Reader, keys layout.Keys) (t taking, found bool, err error) {
	data, found, err := db.Get(keys.State(layout.StatePartial))
	if err != nil || !found {
		return t, false, err
	}
	if len(data) < 4 {
		return t, false, fmt.Errorf("snapshot mark: %w", kv.ErrCorrupt)
	}
	r := codec.NewReader("snapshot mark", data[4:])
	t.mark = SnapshotMark{ID: r.String(), Next: binary.BigEndian.Uint32(data)}
	if r.Len() > 0 { // records of before there was more end here
		t.mark.Need = r.Vector()
		t.high, t.ceiling, t.shift = r.Time(), r.Time(), r.Uint32()
	}
	return t, true, r.Done()
}

// loadPartial reads the mark of an interrupted snapshot.
func (c *Core) loadPartial() (bool, error) {
	t, found, err := loadTaking(c.db, c.keys)
	c.partial = t.mark
	return found, err
}

// Destroy deletes everything that a fabric holds in a store.
func Destroy(db kv.DB, number uint32) (kv.Pending, error) {
	prefix := layout.Prefix(number)
	batch := db.NewBatch()
	batch.DeleteRange(prefix, layout.End(prefix))
	return db.Apply(batch)
}
