package fabric

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/value"
)

// numbers gives local numbers to the names of collections and indexes. A number is never used again.
type numbers struct {
	keys        layout.Keys
	collections map[string]uint32
	indexes     map[string]indexNumber
	next        uint32
	fresh       []sequencer.Put // records to write with the open group
}

type indexNumber struct {
	number uint32
	ready  bool
	form   byte // of which the record was when it was read, 0 for one of now
}

// What a record says of an index behind its number.
const (
	indexFilling    = 0
	indexReadyBare  = 1 // ready, in stores of before ttl indexes had entries
	indexReadyPlain = 2 // ready, in stores of before geo indexes had entries of documents without a place
	indexReady      = 3
)

func loadNumbers(db kv.Reader, keys layout.Keys) (*numbers, error) {
	n := &numbers{keys: keys, collections: map[string]uint32{}, indexes: map[string]indexNumber{}, next: schema.FirstNumber}
	read := func(letter byte, size int, take func(name string, data []byte)) error {
		prefix := keys.State(letter)
		return each(db, prefix, layout.End(prefix), func(key, data []byte) error {
			if len(data) != size {
				return fmt.Errorf("number record %x: %w", key, kv.ErrCorrupt)
			}
			n.next = max(n.next, binary.BigEndian.Uint32(data)+1)
			take(string(key[len(prefix):]), data)
			return nil
		})
	}
	if err := read(layout.StateCollection, 4, func(name string, data []byte) {
		n.collections[name] = binary.BigEndian.Uint32(data)
	}); err != nil {
		return nil, err
	}
	return n, read(layout.StateIndex, 5, func(name string, data []byte) {
		n.indexes[name] = indexNumber{binary.BigEndian.Uint32(data), data[4] != indexFilling, data[4]}
	})
}

// CollectionNumber gives the number of a collection, a new one when it has none.
func (n *numbers) CollectionNumber(identity schema.Identity) uint32 {
	id := identity.Text()
	if number, ok := n.collections[id]; ok {
		return number
	}
	number := n.next
	n.next++
	n.collections[id] = number
	n.fresh = append(n.fresh, sequencer.Put{Key: append(n.keys.State(layout.StateCollection), id...), Value: layout.Number(nil, number)})
	return number
}

// IndexNumber gives the number of an index, a new one when it has none; that one is not filled yet.
func (n *numbers) IndexNumber(identity schema.Identity, index string) (uint32, bool) {
	id := indexID(identity, index)
	if x, ok := n.indexes[id]; ok {
		return x.number, x.ready
	}
	n.setIndex(id, indexNumber{number: n.next})
	n.next++
	return n.indexes[id].number, false
}

func indexID(collection schema.Identity, index string) string {
	return collection.Text() + "\x00" + index
}

func (n *numbers) setIndex(id string, x indexNumber) {
	n.indexes[id] = x
	data := append(layout.Number(nil, x.number), indexFilling)
	if x.ready {
		data[4] = indexReady
	}
	n.fresh = append(n.fresh, sequencer.Put{Key: append(n.keys.State(layout.StateIndex), id...), Value: data})
}

// forgetIndex ends the number of a dropped index, so that an index made again under its name is filled again.
func (n *numbers) forgetIndex(id string) (number uint32, del sequencer.Put, ok bool) {
	x, ok := n.indexes[id]
	if !ok {
		return 0, sequencer.Put{}, false
	}
	delete(n.indexes, id)
	return x.number, sequencer.Put{Key: append(n.keys.State(layout.StateIndex), id...)}, true
}

// readSchema builds the schema from the schema documents as a reader shows them, with the open group's on top.
func (c *Core) readSchema(r kv.Reader, overlay map[string][]byte) (*schema.Schema, error) {
	b := schema.NewBuilder()
	for _, reserved := range []string{schema.Replicated, schema.Private} {
		home, _ := b.Reserved(reserved)
		space := c.keys.DocumentSpace(home.Number)
		records := map[string][]byte{}
		err := each(r, space, layout.End(space), func(key, data []byte) error {
			records[string(key)] = append([]byte(nil), data...)
			return nil
		})
		if err != nil {
			return nil, err
		}
		for key, record := range overlay {
			if strings.HasPrefix(key, string(space)) {
				records[key] = record
			}
		}
		for _, key := range sortedKeys(records) {
			if err := c.addSchemaRecord(b, records[key]); err != nil {
				return nil, err
			}
		}
	}
	return b.Schema(), nil
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (c *Core) addSchemaRecord(b *schema.Builder, record []byte) error {
	if record == nil || codec.RecordHidden(record) {
		return nil
	}
	doc, err := value.Parse(codec.RecordText(record), value.DefaultLimits)
	if err != nil {
		return fmt.Errorf("schema document: %w: %w", kv.ErrCorrupt, err)
	}
	collection, dropped, err := schema.Read(doc, c.numbers)
	switch {
	case err != nil:
		return err
	case dropped:
		b.Seen(collection.Name, collection.Generation)
	default:
		for i := range collection.Indexes {
			if x := &collection.Indexes[i]; c.bare(collection, x) {
				x.Ready = false
			}
		}
		b.Add(collection)
	}
	return nil
}

// bare says whether an index may lack entries although it is called ready: such a one must be filled still.
func (c *Core) bare(in *schema.Collection, x *schema.Index) bool {
	switch form := c.numbers.indexes[indexID(in.Identity(), x.Name)].form; form {
	case indexReadyBare:
		return x.Type == schema.TTL || x.Type == schema.Geo
	case indexReadyPlain:
		return x.Type == schema.Geo
	}
	return false
}

// refreshSchema rebuilds the schema after a commit of this location, which has seen every write that it drops.
func (c *Core) refreshSchema() error {
	return c.changeSchema(func(*schema.Collection) error { return nil })
}

// changeSchema rebuilds the schema after schema documents changed in the open group: it deletes what was dropped,
// gives numbers to what is new, and brings what documents show and when they expire in line with it. dropped is told
// of a collection before it is deleted.
func (c *Core) changeSchema(dropped func(*schema.Collection) error) error {
	old := c.schema
	fresh, err := c.readSchema(c.db, c.overlay)
	if err != nil {
		return err
	}
	ended := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	for _, was := range old.All() {
		if now, ok := fresh.Identified(was.Identity()); ok {
			c.endIndexes(was, now, &ended)
		} else {
			if err := dropped(was); err != nil {
				return err
			}
			c.endCollection(was, &ended)
		}
	}
	if err := c.quietly(&ended); err != nil {
		return err
	}
	if c.numbersChanged(fresh) {
		if fresh, err = c.readSchema(c.db, c.overlay); err != nil {
			return err
		}
	}
	c.markEmptyIndexesReady(fresh)
	for _, now := range fresh.All() {
		was, ok := old.Identified(now.Identity())
		if !ok {
			was = &schema.Collection{}
		}
		if err := c.expireAnew(was, now); err != nil {
			return err
		}
	}
	if err := c.writeNumbers(); err != nil {
		return err
	}
	if err := c.showDeclarations(old, fresh); err != nil {
		return err
	}
	c.schema = fresh
	c.upkeep.pointsTurn++
	return nil
}

// writeNumbers puts the records of numbers given since into the open group.
func (c *Core) writeNumbers() error {
	if len(c.numbers.fresh) == 0 {
		return nil
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number(), Puts: c.numbers.fresh}
	c.numbers.fresh = nil
	return c.quietly(&work)
}

// expireAnew notes anew when each document of a collection expires, after the rule for it has changed. It is done
// at once, because a count is exact only while the notes are.
func (c *Core) expireAnew(was, now *schema.Collection) error {
	if sameExpiry(was, now) {
		return nil
	}
	for _, space := range []byte{layout.Expiring, layout.Expired} {
		c.deleteSpace(layout.Number(c.keys.Space(nil, space), now.Number))
	}
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	err := c.eachRecord(now.Number, func(dkey, record []byte) error {
		if codec.RecordHidden(record) {
			return nil
		}
		doc, err := value.Parse(codec.RecordText(record), storedLimits)
		if err != nil {
			return corrupt(dkey, err)
		}
		if at := index.ExpiresAt(now, doc); at != index.Never {
			key := string(dkey[layout.PrefixLen+5:])
			work.Puts = append(work.Puts, sequencer.Put{Key: c.keys.Expiry(layout.Expiring, now.Number, at, key)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.quietly(&work)
}

// sameExpiry says whether documents expire by the same rule.
func sameExpiry(was, now *schema.Collection) bool {
	rules := func(c *schema.Collection) (out []string) {
		for i := range c.Indexes {
			if x := &c.Indexes[i]; x.Type == schema.TTL {
				out = append(out, string(value.AppendJSON(nil, schema.IndexValue(x.IndexSpec))))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return was.Expires == now.Expires && slices.Equal(rules(was), rules(now))
}

// endCollection deletes what a dropped generation holds.
func (c *Core) endCollection(was *schema.Collection, work *sequencer.Prepared) {
	space := c.keys.DocumentSpace(was.Number)
	c.deleteSpace(space)
	for _, letter := range []byte{layout.Expiring, layout.Expired} {
		c.deleteSpace(layout.Number(c.keys.Space(nil, letter), was.Number))
	}
	for i := range was.Indexes {
		c.endIndex(was, was.Indexes[i].Name, work)
	}
	for key := range c.overlay {
		if strings.HasPrefix(key, string(space)) {
			c.overlay[key] = nil
		}
	}
	c.deleteSpace(c.keys.PointSpace(was.Number))
	c.seq.SetCount(was.Number, 0)
	c.seq.Amend([]changelog.Change{{Type: changelog.Drop, Collection: was.Number, Name: was.Name}})
}

func (c *Core) deleteSpace(space []byte) { c.seq.DeleteRange(space, layout.End(space)) }

func (c *Core) endIndexes(was, now *schema.Collection, work *sequencer.Prepared) {
	for i := range was.Indexes {
		if x, ok := now.IndexNamed(was.Indexes[i].Name); !ok || !sameIndex(x, was.Indexes[i]) {
			c.endIndex(was, was.Indexes[i].Name, work)
		}
	}
}

func sameIndex(a, b schema.Index) bool {
	return value.Identical(schema.IndexValue(a.IndexSpec), schema.IndexValue(b.IndexSpec))
}

func (c *Core) endIndex(was *schema.Collection, name string, work *sequencer.Prepared) {
	number, del, ok := c.numbers.forgetIndex(indexID(was.Identity(), name))
	if !ok {
		return
	}
	c.deleteSpace(c.keys.IndexSpace(nil, number))
	work.Deletes = append(work.Deletes, del)
}

// markEmptyIndexesReady spares the filling of indexes over collections that hold nothing.
func (c *Core) markEmptyIndexesReady(s *schema.Schema) {
	for _, collection := range s.All() {
		for i := range collection.Indexes {
			x := &collection.Indexes[i]
			if !x.Ready && c.seq.Count(collection.Number) == 0 && c.emptyCollection(collection.Number) {
				c.numbers.setIndex(indexID(collection.Identity(), x.Name), indexNumber{number: x.Number, ready: true})
				x.Ready = true
			}
		}
	}
}

// emptyCollection says whether no record, hidden ones included, exists; records of the open group count.
func (c *Core) emptyCollection(number uint32) bool {
	space := c.keys.DocumentSpace(number)
	for key := range c.overlay {
		if strings.HasPrefix(key, string(space)) {
			return false
		}
	}
	it, err := c.db.Scan(space, layout.End(space))
	if err != nil {
		return false
	}
	defer func() { _ = it.Close() }()
	return !it.Next() && it.Err() == nil
}

// numbersChanged says whether an index got another number while its name was ended and begun again at once.
func (c *Core) numbersChanged(s *schema.Schema) bool {
	for _, collection := range s.All() {
		for _, x := range collection.Indexes {
			if now, ok := c.numbers.indexes[indexID(collection.Identity(), x.Name)]; !ok || now.number != x.Number {
				return true
			}
		}
	}
	return false
}
