package fabric

import (
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/text"
	"github.com/selvedge-db/selvedge/value"
)

// The schema changes by writing schema documents. The functions here make such transactions; they are prepared
// and sequenced as any other, by PrepareSchema.

// SchemaChange makes the writes of a schema change from the schema as it is now. It is called again when the
// schema moved in between.
type SchemaChange func(s *schema.Schema) ([]Write, error)

// PrepareSchema prepares a schema change.
func (c *Core) PrepareSchema(change SchemaChange, wallMs int64) (*Prepared, error) {
	return c.prepareSchema(change, wallMs, false)
}

func (c *Core) prepareSchema(change SchemaChange, wallMs int64, inOrder bool) (*Prepared, error) {
	p := c.begin(wallMs, inOrder)
	p.system = true
	writes, err := change(p.schema)
	if err != nil {
		return nil, err
	}
	for i := range writes {
		expelled, err := c.expelled(p, &writes[i])
		if err != nil {
			return nil, err
		}
		writes = append(writes, expelled...)
	}
	return p, c.prepareInto(p, Transaction{Writes: writes})
}

// expelled lists the removals that go with the end of a ttl index: of the documents that have expired by it. Without
// them these would come back to life, but only where they have not been deleted yet.
func (c *Core) expelled(p *Prepared, w *Write) ([]Write, error) {
	collection, ok := endsExpiry(p.schema, w)
	if !ok {
		return nil, nil
	}
	p.alone = true
	var out []Write
	visit := func(dkey, record []byte) error {
		d := &writing{collection: collection, key: string(dkey[layout.PrefixLen+5:]), dkey: dkey}
		if err := d.before(record); err != nil || !d.stored {
			return err
		}
		if d.oldExpiry <= p.judgedMs {
			out = append(out, NewWrite(expel, collection.Name, d.key, value.Null()))
		} else if d.oldExpiry != index.Never && (p.AliveUntil == 0 || d.oldExpiry < p.AliveUntil) {
			p.AliveUntil = d.oldExpiry
		}
		return nil
	}
	if p.inOrder {
		return out, c.eachRecord(collection.Number, visit)
	}
	space := c.keys.DocumentSpace(collection.Number)
	err := each(c.db, space, layout.End(space), func(key, data []byte) error {
		return visit(append([]byte(nil), key...), append([]byte(nil), data...))
	})
	return out, err
}

// endsExpiry finds the collection of which a write to a schema document drops a ttl index.
func endsExpiry(s *schema.Schema, w *Write) (*schema.Collection, bool) {
	dropped, _ := w.Document.Get("indexes")
	for _, c := range s.All() {
		if home(c.Local) != w.Collection || schema.Key(c.Name, c.Generation) != w.Key || w.Op != Update {
			continue
		}
		for _, m := range dropped.Members() {
			if x, ok := c.IndexNamed(m.Name); ok && x.Name == m.Name && x.Type == schema.TTL && m.Value.IsNull() {
				return c, true
			}
		}
	}
	return nil, false
}

// maxNameBytes bounds the names of collections and indexes.
const maxNameBytes = 128

func checkName(what, name string) error {
	if name == "" || len(name) > maxNameBytes {
		return failure(BadArgument, "a %s name has 1 to %d bytes, this one has %d", what, maxNameBytes, len(name))
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if letter || r == '_' || i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '.') {
			continue
		}
		return failure(BadArgument, "%s name %q: it begins with a letter or _, then letters, digits, _, - and . are allowed", what, name)
	}
	return nil
}

// CreateCollection makes the change that creates a collection. declarations are CRDT declarations by path.
func CreateCollection(spec CollectionSpec, declarations map[string]value.Value) SchemaChange {
	return func(s *schema.Schema) ([]Write, error) {
		if err := checkName("collection", spec.Name); err != nil {
			return nil, err
		}
		if spec.Type != DocumentCollection && spec.Type != EdgeCollection {
			return nil, failure(BadArgument, "collection type %d is not known: 2 is documents, 3 is edges", spec.Type)
		}
		if _, ok := s.Collection(spec.Name); ok {
			return nil, failure(CollectionExists, "collection %q exists already", spec.Name).in(spec.Name, "")
		}
		if spec.Model == "" {
			spec.Model = "DOC"
		}
		if _, err := parseDeclarations(crdt.Declarations{}, declarations); err != nil {
			return nil, err
		}
		if err := checkSeries(&spec, declarations); err != nil {
			return nil, err
		}
		generation := s.Newest(spec.Name) + 1
		doc := schema.DocumentOf(spec, generation, declarations)
		return []Write{NewWrite(Insert, home(spec.Local), schema.Key(spec.Name, generation), doc)}, nil
	}
}

func home(local bool) string {
	if local {
		return schema.Private
	}
	return schema.Replicated
}

// parseDeclarations adds declarations to those that stand, refusing what would change one.
func parseDeclarations(standing crdt.Declarations, declarations map[string]value.Value) (crdt.Declarations, error) {
	out := standing
	for _, text := range sortedKeys(declarations) {
		path, err := value.ParsePath(text)
		if err != nil {
			return out, failure(BadArgument, "crdt declaration: %v", err).from(err)
		}
		d, err := crdt.ParseDeclaration(path, declarations[text])
		if err != nil {
			return out, failure(BadArgument, "%v", err).from(err)
		}
		if old := standing.At(path); old.Type != "" {
			if old.Disputed {
				return out, failure(BadArgument, "field %s was declared differently by two locations at once, and is a register from then on: declare a new field", text)
			}
			if old != d {
				return out, failure(BadArgument, "field %s is declared as %s: a declaration cannot be changed or removed", text, old.Type)
			}
			continue
		}
		if out, err = out.With(path, d); err != nil {
			return out, failure(BadArgument, "%v", err).from(err)
		}
	}
	return out, nil
}

// patchCollection makes the change that patches the schema document of a live collection.
func patchCollection(name string, patch func(c *schema.Collection) (value.Value, error)) SchemaChange {
	return func(s *schema.Schema) ([]Write, error) {
		c, ok := s.Collection(name)
		if !ok || c.Number < schema.FirstNumber {
			return nil, failure(CollectionNotFound, "collection %q does not exist", name).in(name, "")
		}
		doc, err := patch(c)
		if err != nil {
			return nil, err
		}
		return []Write{NewWrite(Update, home(c.Local), schema.Key(c.Name, c.Generation), doc)}, nil
	}
}

// DropCollection makes the change that ends a collection.
func DropCollection(name string) SchemaChange {
	return patchCollection(name, func(*schema.Collection) (value.Value, error) {
		return value.Object(value.Member{Name: "dropped", Value: value.Bool(true)}), nil
	})
}

// Properties are the options of a collection that can change. Nil and absent ones stay.
type Properties struct {
	WaitForSync, AllowAsync, Stream *bool
	Extra                           map[string]string
	CRDT                            map[string]value.Value
}

// SetProperties makes the change that sets options and adds CRDT declarations.
func SetProperties(name string, props Properties) SchemaChange {
	return patchCollection(name, func(c *schema.Collection) (value.Value, error) {
		if _, err := parseDeclarations(c.CRDT, props.CRDT); err != nil {
			return value.Value{}, err
		}
		if c.Series != nil && len(props.CRDT) > 0 {
			return value.Value{}, checkSeries(&c.CollectionSpec, props.CRDT)
		}
		var members []value.Member
		for _, option := range []struct {
			name string
			set  *bool
		}{{"waitForSync", props.WaitForSync}, {"allowAsync", props.AllowAsync}, {"stream", props.Stream}} {
			if option.set != nil {
				members = append(members, value.Member{Name: option.name, Value: value.Bool(*option.set)})
			}
		}
		var extra, declared []value.Member
		for k, v := range props.Extra {
			extra = append(extra, value.Member{Name: k, Value: value.String(v)})
		}
		for k, v := range props.CRDT {
			declared = append(declared, value.Member{Name: k, Value: schema.DeclarationValue(v)})
		}
		members = append(members, value.Member{Name: "extra", Value: value.Object(extra...)},
			value.Member{Name: "crdt", Value: value.Object(declared...)})
		return value.Object(members...), nil
	})
}

// CreateIndex makes the change that adds an index. found is the equal one that stood already, or else one without an
// ID that says what is being added.
func CreateIndex(name string, wanted IndexSpec, found *Index) SchemaChange {
	return patchCollection(name, func(c *schema.Collection) (value.Value, error) {
		spec := wanted.Normal()
		if err := checkIndex(c, &spec); err != nil {
			return value.Value{}, err
		}
		for _, x := range c.Indexes {
			if sameIndex(x, Index{IndexSpec: spec}) && (spec.Name == "" || x.Name == spec.Name) {
				*found = x
				return value.Object(), nil
			}
		}
		if spec.Name == "" {
			spec.Name = freeIndexName(c, spec)
		}
		if _, ok := c.IndexNamed(spec.Name); ok {
			return value.Value{}, failure(BadArgument, "collection %q has another index %q", name, spec.Name).in(name, "")
		}
		*found = Index{IndexSpec: spec}
		return value.Object(value.Member{Name: "indexes",
			Value: value.Object(value.Member{Name: spec.Name, Value: schema.IndexValue(spec)})}), nil
	})
}

// Cells says what cells a geo index is made of.
type Cells = schema.Cells

func freeIndexName(c *schema.Collection, spec IndexSpec) string {
	base := spec.Type + "_" + strings.NewReplacer("[*]", "", "`", "", ".", "_").Replace(strings.Join(spec.Fields, "_"))
	if len(base) > maxNameBytes-8 {
		base = base[:maxNameBytes-8]
	}
	name := base
	for n := 2; ; n++ {
		if _, taken := c.IndexNamed(name); !taken {
			return name
		}
		name = fmt.Sprintf("%s_%d", base, n)
	}
}

const maxIndexFields = 16

func checkIndex(c *schema.Collection, spec *IndexSpec) error {
	if c.Series != nil {
		return failure(BadArgument, "%s is a time series: its points are found by series and time, and have no other indexes", c.Name).in(c.Name, "")
	}
	switch spec.Type {
	case schema.Persistent, schema.Hash, schema.SkipList, schema.TTL, schema.Geo, schema.Fulltext:
	default:
		return failure(BadArgument, "index type %q is not known: persistent, hash, skiplist, ttl, geo and fulltext are", spec.Type)
	}
	if spec.Name != "" {
		if err := checkName("index", spec.Name); err != nil {
			return err
		}
	}
	if len(spec.Fields) == 0 || len(spec.Fields) > maxIndexFields {
		return failure(BadArgument, "an index has 1 to %d fields, this one has %d", maxIndexFields, len(spec.Fields))
	}
	for _, f := range spec.Fields {
		if path, _, err := schema.FieldPath(f); err != nil || len(path) == 0 {
			return failure(BadArgument, "index field %q is not a path", f).from(err)
		}
	}
	if spec.Type == schema.TTL && (len(spec.Fields) != 1 || spec.ExpireAfter < 0 || strings.Contains(spec.Fields[0], "[*]")) {
		return failure(BadArgument, "a ttl index has one plain field and expireAfter of at least 0 seconds")
	}
	if err := checkPlaces(spec); err != nil {
		return err
	}
	if spec.ExpireAfter > schema.MaxExpireAfter {
		return failure(BadArgument, "expireAfter is %d seconds: at most %d, a thousand years, are possible", spec.ExpireAfter, int64(schema.MaxExpireAfter))
	}
	if spec.Unique && !c.Local {
		return failure(BadArgument, "unique indexes are possible on local collections only, for now")
	}
	return nil
}

// checkPlaces checks what is particular to geo and fulltext indexes.
func checkPlaces(spec *IndexSpec) error {
	most := map[string]int{schema.Geo: 2, schema.Fulltext: 1}[spec.Type]
	if most == 0 {
		return nil
	}
	if len(spec.Fields) > most || strings.Contains(strings.Join(spec.Fields, ""), "[*]") {
		return failure(BadArgument, "a %s index has at most %d fields, without [*]", spec.Type, most)
	}
	if spec.Unique {
		return failure(BadArgument, "a %s index cannot be unique", spec.Type)
	}
	if spec.MinLength > text.MaxWord {
		return failure(BadArgument, "minLength is %d: no word of a fulltext index is longer than %d", spec.MinLength, text.MaxWord)
	}
	return nil
}

// DropIndex makes the change that ends an index, named by name, id or handle.
func DropIndex(name, indexName string, dropped *Index) SchemaChange {
	return patchCollection(name, func(c *schema.Collection) (value.Value, error) {
		x, ok := c.IndexNamed(indexName)
		if !ok {
			return value.Value{}, failure(IndexNotFound, "collection %q has no index %q", name, indexName).in(name, "")
		}
		if x.Type == schema.Edge {
			return value.Value{}, failure(BadArgument, "the edge index of an edge collection cannot be dropped")
		}
		*dropped = x
		return value.Object(value.Member{Name: "indexes", Value: value.Object(value.Member{Name: x.Name, Value: value.Null()})}), nil
	})
}

// CheckUnique says whether the documents of a local collection allow a unique index. It must run where nothing
// else is sequenced.
func (c *Core) CheckUnique(name string, spec IndexSpec) error {
	collection, ok := c.schema.Collection(name)
	if !ok || !spec.Unique {
		return nil
	}
	holders := map[string]string{}
	var violated error
	space := c.keys.DocumentSpace(collection.Number)
	v := &View{core: c, reader: c.db, state: c.state.Load()}
	err := v.each(collection, "", false, func(d Document) bool {
		doc, err := d.Value()
		if err != nil {
			violated = corrupt(append(space, d.Key...), err)
			return false
		}
		x := Index{IndexSpec: spec}
		for _, entry := range index.Entries(&x, doc, d.Key) {
			if holder, taken := holders[string(entry)]; taken {
				violated = failure(UniqueViolated, "documents %q and %q have the same value", holder, d.Key).in(name, d.Key)
				return false
			}
			holders[string(entry)] = d.Key
		}
		return true
	})
	if violated != nil {
		return violated
	}
	return err
}
