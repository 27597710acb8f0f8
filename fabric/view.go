package fabric

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/held"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// View is one state of the fabric. It must be closed, soon: it keeps old data on disk.
//
// What it shows may not be durable yet. Who answers somebody else with it waits first until the commit with
// its Number is durable (Fabric.Settle).
type View struct {
	core   *Core
	reader kv.Reader
	state  *published
	number uint64
	wallMs int64
	own    kv.Snapshot    // what Close closes: one of the view's own,
	common *held.Snapshot // or one that it shares
	closed atomic.Bool
	tx     *Tx // whose state it is, nil for that of everybody
}

// NewView opens a view of the state now; wallMs decides what has expired.
//
// The published state is taken before the snapshot: the snapshot may hold more than the vector says, never less.
// Readers that need both to agree exactly (digests, exports of a snapshot) take the view on the sequencing side.
func (c *Core) NewView(wallMs int64) *View {
	for {
		turn := c.turn.Load()
		state := c.state.Load()
		s := c.db.Snapshot()
		number := c.applying.Load()
		if turn%2 == 0 && turn == c.turn.Load() {
			return &View{core: c, reader: s, state: state, number: number, wallMs: wallMs, own: s}
		}
		_ = s.Close() // the schema is changing this very moment
		runtime.Gosched()
	}
}

// CommonView is NewView for those who soon close what they opened: it shares a snapshot with others that began since
// anything was changed. Nothing that was acknowledged before the call is missing in it.
func (c *Core) CommonView(wallMs int64) *View {
	if turn, ok := c.held.Turn(); ok {
		state, number := c.state.Load(), c.applying.Load()
		if s := c.held.Take(c.db, turn); s != nil {
			return &View{core: c, reader: s.Snapshot, state: state, number: number, wallMs: wallMs, common: s}
		}
	}
	return c.NewView(wallMs)
}

// changing keeps views from sharing anything until what it gives is called.
func (c *Core) changing() func() {
	c.held.Begin()
	return c.held.End
}

// Ground is what a view stands on, for those who read it by rules of their own (package rowset): the store as the view
// shows it, and what the keys in it mean.
type Ground struct {
	Reader kv.Reader
	// Unnoted shows the same. In a transaction, what is read through it is not taken for something read.
	Unnoted kv.Reader
	Keys    layout.Keys
	Schema  *schema.Schema
	WallMs  int64 // what expires at or before it has expired
}

// Ground gives what the view stands on. It is of no use once the view is closed.
func (v *View) Ground() Ground {
	g := Ground{Reader: v.reader, Unnoted: v.reader, Keys: v.core.keys, Schema: v.state.schema, WallMs: v.wallMs}
	if v.tx != nil {
		g.Unnoted = v.tx.reader.Unnoted()
	}
	return g
}

// Size is about how many bytes the store holds between two keys, as of now; 0 when it cannot tell.
func (v *View) Size(lower, upper []byte) (int64, error) {
	if sizer, ok := v.core.db.(kv.Sizer); ok {
		return sizer.Size(lower, upper)
	}
	return 0, nil
}

// Close releases the view.
func (v *View) Close() error {
	if v.closed.Swap(true) {
		return nil
	}
	if v.common != nil {
		return v.common.Close()
	}
	return v.own.Close()
}

// Number is the number of the last commit that the view can show.
func (v *View) Number() uint64 { return v.number }

// Vector is what the view has seen for certain: it may show a little more. What a session has seen after reading it
// is Fabric.Seen after Settle.
func (v *View) Vector() clock.Vector { return v.state.vector }

// Collections lists the collections by name.
func (v *View) Collections() []Collection {
	names := v.state.schema.Names()
	out := make([]Collection, 0, len(names))
	for _, name := range names {
		c, _ := v.state.schema.Collection(name)
		out = append(out, *c)
	}
	return out
}

// Collection finds a collection.
func (v *View) Collection(name string) (*Collection, bool) {
	c, ok := v.state.schema.Collection(name)
	return c, ok && c.Number >= schema.FirstNumber
}

func (v *View) collection(name string) (*Collection, error) {
	c, ok := v.Collection(name)
	if !ok {
		return nil, failure(CollectionNotFound, "collection %q does not exist", name).in(name, "")
	}
	return c, nil
}

// Get reads one document.
func (v *View) Get(collection, key string) (Document, bool, error) {
	c, err := v.collection(collection)
	if err != nil {
		return Document{}, false, err
	}
	if c.Series != nil {
		return Document{}, false, noKeys(c, key)
	}
	return v.read(c, key)
}

func (v *View) read(c *Collection, key string) (Document, bool, error) {
	record, found, err := v.reader.Get(v.core.keys.Document(nil, c.Number, key))
	if err != nil || !found || codec.RecordHidden(record) {
		return Document{}, false, err
	}
	v.judge(c, record)
	return visible(c, key, record, v.wallMs)
}

// judge notes, in a transaction, when a document that was read expires.
func (v *View) judge(c *Collection, record []byte) {
	if v.tx != nil && c.Expiring() {
		v.tx.judged(index.ExpiresAt(c, value.Lazy(codec.RecordText(record))))
	}
}

// Expired says whether a document with this content has expired.
func (v *View) Expired(c *Collection, content value.Value) bool {
	at := index.ExpiresAt(c, content)
	if v.tx != nil {
		v.tx.judged(at)
	}
	return at <= v.wallMs
}

// Listed gives the names of the collections. In a transaction the list counts as read.
func (v *View) Listed() []string {
	if v.tx != nil {
		v.tx.listed = true
	}
	return v.state.schema.Names()
}

// Get reads one document as of now, without a view. The number returned is the commit to be settled before the
// document is given to anyone.
func (c *Core) Get(collection, key string, wallMs int64) (d Document, found bool, number uint64, err error) {
	state := c.state.Load()
	in, ok := state.schema.Collection(collection)
	if !ok || in.Number < schema.FirstNumber {
		return d, false, 0, failure(CollectionNotFound, "collection %q does not exist", collection).in(collection, key)
	}
	if in.Series != nil {
		return d, false, 0, noKeys(in, key)
	}
	d, found, err = read(c.db, c.keys, in, key, wallMs)
	return d, found, c.applying.Load(), err
}

func read(r kv.Reader, keys layout.Keys, c *Collection, key string, wallMs int64) (d Document, found bool, err error) {
	var buffer [96]byte
	dkey := keys.Document(buffer[:0], c.Number, key)
	record, found, err := r.Get(dkey)
	if err != nil || !found || codec.RecordHidden(record) {
		return d, false, err
	}
	return visible(c, key, record, wallMs)
}

// visible makes the document of a record, unless it has expired. The document keeps the record.
func visible(c *Collection, key string, record []byte, wallMs int64) (Document, bool, error) {
	stamp, hash := codec.RecordRev(record)
	d := Document{Collection: c.Name, Key: key, Stamp: stamp, Hash: hash, Text: codec.RecordText(record)}
	if c.Expiring() {
		if index.ExpiresAt(c, value.Lazy(d.Text)) <= wallMs {
			return Document{}, false, nil
		}
	}
	return d, true, nil
}

// Each visits the documents of a collection in key order, those after the key after, until visit returns false.
// The document's text is valid during the visit only.
func (v *View) Each(collection, after string, reverse bool, visit func(Document) bool) error {
	c, err := v.collection(collection)
	if err != nil {
		return err
	}
	if c.Series != nil {
		return v.eachPoint(c, visit)
	}
	return v.each(c, after, reverse, visit)
}

func (v *View) each(c *Collection, after string, reverse bool, visit func(Document) bool) error {
	space := v.core.keys.DocumentSpace(c.Number)
	lower, upper := space, layout.End(space)
	if after != "" && reverse {
		upper = append(append([]byte(nil), space...), after...)
	} else if after != "" {
		lower = append(append(append([]byte(nil), space...), after...), 0)
	}
	it, err := v.reader.Scan(lower, upper)
	if err != nil {
		return err
	}
	step := it.Next
	if reverse {
		step = it.Prev
	}
	for step() {
		record := it.Value()
		if codec.RecordHidden(record) {
			continue
		}
		v.judge(c, record)
		d, ok, err := visible(c, string(it.Key()[len(space):]), record, v.wallMs)
		if err != nil {
			_ = it.Close()
			return err
		}
		if ok && !visit(d) {
			break
		}
	}
	return it.Close()
}

// Scan lists up to limit documents in key order after a key.
func (v *View) Scan(collection, after string, limit int, reverse bool) ([]Document, error) {
	var out []Document
	if limit <= 0 {
		_, err := v.collection(collection)
		return nil, err
	}
	err := v.Each(collection, after, reverse, func(d Document) bool {
		d.Text = append([]byte(nil), d.Text...)
		out = append(out, d)
		return len(out) < limit
	})
	return out, err
}

// Count is the exact number of documents of a collection: a stored count less what has expired.
func (v *View) Count(collection string) (int64, error) {
	c, err := v.collection(collection)
	if err != nil {
		return 0, err
	}
	return v.count(c)
}

func (v *View) count(c *Collection) (int64, error) {
	if c.Series != nil {
		return v.countPoints(c)
	}
	if v.tx != nil {
		if err := v.tx.count(c); err != nil {
			return 0, err
		}
	}
	return v.Estimate(c)
}

// Estimate is the count, for those who only want to know what to expect: in a transaction it is not taken for something
// read, so that others may change it.
func (v *View) Estimate(c *Collection) (int64, error) {
	if c.Series != nil {
		return v.core.table(c).Kept(v.reader) // those that arrived just now are not in it
	}
	n, err := v.stored(c.Number)
	if err != nil || !c.Expiring() {
		return n, err
	}
	for _, space := range []byte{layout.Expiring, layout.Expired} {
		lower := layout.Number(v.core.keys.Space(nil, space), c.Number)
		upper := layout.Long(append([]byte(nil), lower...), uint64(v.wallMs)+1)
		if err := each(v.reader, lower, upper, func(_, _ []byte) error { n--; return nil }); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// stored is a number of documents, or points, as it is kept.
func (v *View) stored(number uint32) (int64, error) {
	data, found, err := v.reader.Get(v.core.keys.Count(number))
	if err != nil || !found {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(data)), nil
}

// Lookup lists the documents whose index entries begin with the values, in index order, up to limit.
func (v *View) Lookup(collection, indexName string, values []value.Value, limit int) ([]Document, error) {
	c, err := v.collection(collection)
	if err != nil {
		return nil, err
	}
	x, ok := c.IndexNamed(indexName)
	if !ok || x.Type == schema.Edge || x.Type == schema.Geo || x.Type == schema.Fulltext || !x.Ready {
		return nil, failure(IndexNotFound, "collection %q has no index %q that can be looked up", collection, indexName).in(collection, "")
	}
	return v.entries(c, &x, index.Prefix(values), limit, nil)
}

// entries reads the documents behind index entries, each once.
func (v *View) entries(c *Collection, x *Index, prefix []byte, limit int, seen map[string]bool) ([]Document, error) {
	space := v.core.keys.IndexSpace(nil, x.Number)
	lower := append(append([]byte(nil), space...), prefix...)
	if seen == nil {
		seen = map[string]bool{}
	}
	var out []Document
	it, err := v.reader.Scan(lower, layout.End(lower))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	for len(out) < limit && it.Next() {
		key := string(it.Value())
		if !x.Unique {
			if key, err = index.Key(x, it.Key()[len(space):]); err != nil {
				return nil, corrupt(it.Key(), err)
			}
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		d, found, err := v.read(c, key)
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, d)
		}
	}
	return out, it.Err()
}

// Edges lists the edges of a vertex: direction "in", "out" or "any".
func (v *View) Edges(collection, vertex, direction string, limit int) ([]Document, error) {
	c, err := v.collection(collection)
	if err != nil {
		return nil, err
	}
	x, ok := c.IndexNamed(schema.Edge)
	if !ok {
		return nil, failure(BadArgument, "collection %q does not hold edges", collection).in(collection, "")
	}
	seen := map[string]bool{}
	var out []Document
	for _, side := range []struct {
		name string
		code byte
	}{{"out", index.Outbound}, {"in", index.Inbound}} {
		if direction != side.name && direction != "any" && direction != "" {
			continue
		}
		some, err := v.entries(c, &x, index.AdjacencyPrefix(side.code, vertex), limit-len(out), seen)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

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
		if c.Series != nil {
			if part, err = v.digestPoints(c); err != nil {
				return Digest{}, err
			}
			sum += part
		}
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
	if c.Series != nil {
		return sum, nil
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
