// Package schema turns the schema documents of a fabric into the collections, indexes and declarations that
// the other parts work with.
//
// The schema of a fabric is data like any other: one document per (collection name, generation) in a reserved
// collection, written by ordinary entries and merged by the ordinary rules, so that it replicates, obeys
// causality and converges without rules of its own. Two locations that create one name at once write the same
// document, and its options merge each by later stamp. An index or a declaration is one register, so that a
// merge never mixes two definitions. Dropping sets a register in the document; creating the name again starts
// the next generation.
//
// Guarantees: a Schema is immutable and may be shared by goroutines; equal schema documents give equal
// schemas at every location, except for the numbers, which are local to the store they name keys in.
//
// Not guaranteed: the package checks shapes, not rights, and does not know which locations have seen what.
package schema

import (
	"hash/fnv"
	"sort"
	"strconv"

	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/geo"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/text"
)

// Reserved collections that hold the schema itself. Their numbers are the same in every store.
const (
	// Replicated is the collection of the schema documents that peers get.
	Replicated = "_schema"
	// Private is the collection of the schema documents of local collections, which stay here.
	Private = "_schema_local"

	replicatedNumber = 1
	privateNumber    = 2
	// FirstNumber is the first number for collections and indexes of users.
	FirstNumber = 16
)

// CollectionType tells documents from edges.
type CollectionType uint8

// The collection types, with the numbers of the REST surface.
const (
	DocumentCollection CollectionType = 2
	EdgeCollection     CollectionType = 3
)

// CollectionSpec is what the creator of a collection chooses.
type CollectionSpec struct {
	Name        string
	Type        CollectionType
	Model       string // "DOC" for documents and edges, "KV" for key-values
	Local       bool   // logged here, never sent
	System      bool
	WaitForSync bool
	AllowAsync  bool              // a request may be acknowledged before it is durable
	Stream      bool              // clients asked for a stream beside the collection
	Expires     bool              // KV: the field expireAt (Unix seconds) ends an entry
	Extra       map[string]string // further options as canonical JSON by name (keyOptions, metadata)
	CRDT        crdt.Declarations
	Series      *series.Declaration // a collection of points; nil for all others
}

// Collection is one live collection.
type Collection struct {
	CollectionSpec
	Generation uint32
	Number     uint32 // local number in store keys
	Indexes    []Index
}

// ID is the collection's number on the REST surface: the same at every location.
func (c *Collection) ID() string { return stableID(c.Name, c.Generation, "") }

// IndexNamed finds an index by name, id or handle.
func (c *Collection) IndexNamed(name string) (Index, bool) {
	for _, x := range c.Indexes {
		if x.Name == name || x.ID == name || c.Name+"/"+x.ID == name {
			return x, true
		}
	}
	return Index{}, false
}

// Expiring says whether documents of the collection can expire.
func (c *Collection) Expiring() bool {
	if c.Expires {
		return true
	}
	for _, x := range c.Indexes {
		if x.Type == TTL {
			return true
		}
	}
	return false
}

// The index types that are built. Hash and skiplist are other names of the persistent index.
const (
	Persistent = "persistent"
	Hash       = "hash"
	SkipList   = "skiplist"
	TTL        = "ttl"
	Edge       = "edge"
	Primary    = "primary"
	Geo        = "geo"
	Fulltext   = "fulltext"
)

// IndexSpec is what the creator of an index chooses.
type IndexSpec struct {
	Name        string
	Type        string
	Fields      []string
	Unique      bool
	Sparse      bool
	Deduplicate bool  // an array index lists a repeated element once
	ExpireAfter int64 // TTL: seconds after the time in the field
	GeoJSON     bool  // Geo with one field: GeoJSON, or [longitude, latitude]; else [latitude, longitude]
	MinLength   int64 // Fulltext: the shortest word that is kept, in code points
}

// Cells says what cells a geo index is made of: between which levels they are, and about how many cover a place.
type Cells struct{ Best, Worst, Most int64 }

// Cells are those of a geo index; other indexes have none.
func (x *IndexSpec) Cells() Cells {
	if x.Type != Geo {
		return Cells{}
	}
	return Cells{geo.BestLevel, geo.WorstLevel, geo.MaxCells}
}

// Normal is the definition as it is kept: what a type does not have is left out, and what it always has is there, so
// that definitions that mean the same are the same.
func (x IndexSpec) Normal() IndexSpec {
	switch x.Type {
	case TTL, Geo, Fulltext:
		x.Sparse, x.Deduplicate = true, false
	}
	if x.Type != Geo {
		x.GeoJSON = false
	} else {
		x.GeoJSON = x.GeoJSON && len(x.Fields) == 1
	}
	if x.Type != Fulltext {
		x.MinLength = 0
	} else if x.MinLength <= 0 {
		x.MinLength = text.DefaultMinLength
	}
	return x
}

// MaxExpireAfter is the longest time that a ttl index can give, in seconds: a thousand years.
const MaxExpireAfter = 1000 * 31_557_600

// Index is one index of a collection.
type Index struct {
	IndexSpec
	ID     string
	Number uint32 // local number in store keys
	Ready  bool   // false while it is being filled: writers keep it up, readers do not use it
}

// Identity is what tells collections apart. Name and generation identify one in entries; a local collection may bear
// the same, since whoever made it need not have known of the other.
type Identity struct {
	Name       string
	Generation uint32
	Local      bool
}

// Text is the identity in store keys: that of a local collection is never the beginning of another.
func (id Identity) Text() string {
	if id.Local {
		return Key(id.Name, id.Generation) + "/local"
	}
	return Key(id.Name, id.Generation)
}

// Identity is the collection's.
func (c *Collection) Identity() Identity { return Identity{c.Name, c.Generation, c.Local} }

// Schema is all collections of a fabric at one moment.
type Schema struct {
	byName   map[string]*Collection
	byID     map[Identity]*Collection
	byNumber map[uint32]*Collection
	newest   map[string]uint32 // highest generation known of a name, dropped ones included
	names    []string
}

// Collection finds a live collection by name.
func (s *Schema) Collection(name string) (*Collection, bool) {
	c, ok := s.byName[name]
	return c, ok
}

// Identified finds a live collection by its identity.
func (s *Schema) Identified(id Identity) (*Collection, bool) {
	c, ok := s.byID[id]
	return c, ok
}

// Numbered finds a live collection by its local number.
func (s *Schema) Numbered(number uint32) (*Collection, bool) {
	c, ok := s.byNumber[number]
	return c, ok
}

// Names lists the live collections of users in order.
func (s *Schema) Names() []string { return s.names }

// All lists the live collections of users, every generation of them, in order of number.
func (s *Schema) All() []*Collection {
	all := make([]*Collection, 0, len(s.byID))
	for _, c := range s.byID {
		if c.Number >= FirstNumber {
			all = append(all, c)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Number < all[j].Number })
	return all
}

// Newest is the highest generation that the name has had, 0 for none.
func (s *Schema) Newest(name string) uint32 { return s.newest[name] }

// Builder gathers collections into a Schema.
type Builder struct{ schema *Schema }

// NewBuilder starts a schema that holds the reserved collections.
func NewBuilder() *Builder {
	b := &Builder{&Schema{byName: map[string]*Collection{}, byID: map[Identity]*Collection{},
		byNumber: map[uint32]*Collection{}, newest: map[string]uint32{}}}
	b.put(&Collection{CollectionSpec: CollectionSpec{Name: Replicated, Type: DocumentCollection, System: true}, Number: replicatedNumber})
	b.put(&Collection{CollectionSpec: CollectionSpec{Name: Private, Type: DocumentCollection, System: true, Local: true}, Number: privateNumber})
	return b
}

// Reserved finds a reserved collection.
func (b *Builder) Reserved(name string) (*Collection, bool) { return b.schema.Collection(name) }

func (b *Builder) put(c *Collection) {
	b.schema.byName[c.Name] = c
	b.schema.byID[c.Identity()] = c
	b.schema.byNumber[c.Number] = c
}

// Add puts in a live collection. When a name has several the local one carries the name here until it is dropped, and
// of others the highest generation.
func (b *Builder) Add(c *Collection) {
	b.Seen(c.Name, c.Generation)
	old, ok := b.schema.byName[c.Name]
	if ok && (old.Local && !c.Local || old.Local == c.Local && old.Generation > c.Generation) {
		b.schema.byID[c.Identity()] = c
		b.schema.byNumber[c.Number] = c
		return
	}
	b.put(c)
}

// Seen records that a generation exists or existed.
func (b *Builder) Seen(name string, generation uint32) {
	b.schema.newest[name] = max(b.schema.newest[name], generation)
}

// Schema ends the building.
func (b *Builder) Schema() *Schema {
	for name := range b.schema.byName {
		if name != Replicated && name != Private {
			b.schema.names = append(b.schema.names, name)
		}
	}
	sort.Strings(b.schema.names)
	return b.schema
}

// stableID is a decimal number that is the same at every location.
func stableID(name string, generation uint32, index string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name + "\x00" + strconv.FormatUint(uint64(generation), 10) + "\x00" + index))
	return strconv.FormatUint(h.Sum64()>>12, 10)
}
