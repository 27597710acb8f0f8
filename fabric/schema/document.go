package schema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// A schema document:
//
//	{"name": "places", "generation": 1, "type": 2, "model": "DOC", "local": false, "system": false,
//	 "waitForSync": false, "allowAsync": false, "stream": false, "expires": false,
//	 "extra":   {NAME: "canonical JSON as text"},
//	 "indexes": {NAME: ["persistent", ["a", "b"], unique, sparse, deduplicate, expireAfter]},   null: dropped
//	             a geo index has geoJson behind that, a fulltext index minLength
//	 "crdt":    {PATH: {"the declaration's canonical JSON as text": true}},   several: declared differently at once
//	 "series":  "canonical JSON of what declares points, as text",   "" for none
//	 "dropped": true}   only once it is
//
// Nothing ever assigns "dropped" but a drop: else a creation that had not seen the drop would bring the collection
// back, with documents where they had not been deleted yet and without them where they had.
//
// Every leaf is one register: options of concurrent creations merge each for itself, an index never half. A declaration
// is the name of a leaf, so that concurrent ones stand beside each other and none is lost.

// Key is the key of the schema document of a generation.
func Key(name string, generation uint32) string {
	return name + "/" + strconv.FormatUint(uint64(generation), 10)
}

// DocumentOf is the schema document of a new collection.
func DocumentOf(spec CollectionSpec, generation uint32, declarations map[string]value.Value) value.Value {
	extra := make([]value.Member, 0, len(spec.Extra))
	for name, text := range spec.Extra {
		extra = append(extra, value.Member{Name: name, Value: value.String(text)})
	}
	declared := make([]value.Member, 0, len(declarations))
	for path, d := range declarations {
		declared = append(declared, value.Member{Name: path, Value: DeclarationValue(d)})
	}
	return value.Object(
		value.Member{Name: "name", Value: value.String(spec.Name)},
		value.Member{Name: "generation", Value: value.Int(int64(generation))},
		value.Member{Name: "type", Value: value.Int(int64(spec.Type))},
		value.Member{Name: "model", Value: value.String(spec.Model)},
		value.Member{Name: "local", Value: value.Bool(spec.Local)},
		value.Member{Name: "system", Value: value.Bool(spec.System)},
		value.Member{Name: "waitForSync", Value: value.Bool(spec.WaitForSync)},
		value.Member{Name: "allowAsync", Value: value.Bool(spec.AllowAsync)},
		value.Member{Name: "stream", Value: value.Bool(spec.Stream)},
		value.Member{Name: "expires", Value: value.Bool(spec.Expires)},
		value.Member{Name: "extra", Value: value.Object(extra...)},
		value.Member{Name: "indexes", Value: value.Object()},
		value.Member{Name: "crdt", Value: value.Object(declared...)},
		value.Member{Name: "series", Value: value.String(seriesText(spec.Series))},
	)
}

// seriesText is what declares points, as one register: a merge takes one declaration or the other, whole.
func seriesText(d *series.Declaration) string {
	if d == nil {
		return ""
	}
	return string(value.AppendJSON(nil, d.Value()))
}

// readSeries reads what seriesText wrote. Schema documents of before there were points have none.
func readSeries(text string) (*series.Declaration, error) {
	if text == "" {
		return nil, nil
	}
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		return nil, err
	}
	return series.ParseDeclaration(v)
}

// DeclarationValue is what declares a path.
func DeclarationValue(shape value.Value) value.Value {
	return value.Object(value.Member{Name: string(value.AppendJSON(nil, shape)), Value: value.Bool(true)})
}

// IndexValue is the register that defines an index.
func IndexValue(x IndexSpec) value.Value {
	fields := make([]value.Value, len(x.Fields))
	for i, f := range x.Fields {
		fields[i] = value.String(f)
	}
	parts := []value.Value{value.String(x.Type), value.Array(fields...), value.Bool(x.Unique), value.Bool(x.Sparse),
		value.Bool(x.Deduplicate), value.Int(x.ExpireAfter)}
	switch x.Type {
	case Geo:
		parts = append(parts, value.Bool(x.GeoJSON))
	case Fulltext:
		parts = append(parts, value.Int(x.MinLength))
	}
	return value.Array(parts...)
}

// Numbers gives the local numbers of collections and indexes and says whether an index is filled.
type Numbers interface {
	CollectionNumber(id Identity) uint32
	IndexNumber(id Identity, index string) (number uint32, ready bool)
}

// Read turns a schema document into a collection. Dropped says that the generation has ended; the collection
// then only names it. Members that a merge left unusable are passed over: they would be at every location.
func Read(doc value.Value, numbers Numbers) (c *Collection, dropped bool, err error) {
	c = &Collection{}
	c.Name = textAt(doc, "name")
	generation, ok := integer(doc, "generation")
	if c.Name == "" || !ok || generation < 0 || generation > 1<<31 {
		return nil, false, fmt.Errorf("schema document without name or generation: %.200s", value.AppendJSON(nil, doc))
	}
	c.Generation = uint32(generation)
	if flag(doc, "dropped") {
		return c, true, nil
	}
	typ, _ := integer(doc, "type")
	c.Type, c.Model = CollectionType(typ), textAt(doc, "model")
	c.Local, c.System, c.Stream = flag(doc, "local"), flag(doc, "system"), flag(doc, "stream")
	c.WaitForSync, c.AllowAsync, c.Expires = flag(doc, "waitForSync"), flag(doc, "allowAsync"), flag(doc, "expires")
	c.Number = numbers.CollectionNumber(c.Identity())
	c.Extra = map[string]string{}
	for _, m := range members(doc, "extra") {
		c.Extra[m.Name] = m.Value.Str()
	}
	if c.Series, err = readSeries(textAt(doc, "series")); err != nil {
		return nil, false, fmt.Errorf("points of %s: %w", c.Name, err)
	}
	c.readIndexes(doc, numbers)
	return c, false, c.readDeclarations(doc)
}

func (c *Collection) readIndexes(doc value.Value, numbers Numbers) {
	if c.Type == EdgeCollection {
		x := Index{IndexSpec: IndexSpec{Name: Edge, Type: Edge, Fields: []string{"_from", "_to"}}}
		c.addIndex(x, numbers)
	}
	for _, m := range members(doc, "indexes") {
		parts := m.Value.Items()
		if len(parts) < 6 {
			continue
		}
		x := Index{IndexSpec: IndexSpec{Name: m.Name, Type: parts[0].Str(), Unique: parts[2].Bool(),
			Sparse: parts[3].Bool(), Deduplicate: parts[4].Bool()}}
		for _, f := range parts[1].Items() {
			x.Fields = append(x.Fields, f.Str())
		}
		x.ExpireAfter, _ = parts[5].Int64()
		if len(parts) > 6 {
			x.GeoJSON = parts[6].Bool()
			x.MinLength, _ = parts[6].Int64()
		}
		if x.IndexSpec = x.Normal(); c.usable(&x.IndexSpec) {
			c.addIndex(x, numbers)
		}
	}
}

// usable says whether an index can be kept up. This version makes no others, but a newer one elsewhere may.
func (c *Collection) usable(x *IndexSpec) bool {
	most := 1
	switch x.Type {
	case Persistent, Hash, SkipList:
		most = len(x.Fields)
	case Geo:
		most = 2
	case TTL, Fulltext:
	default:
		return false
	}
	if len(x.Fields) == 0 || len(x.Fields) > most || c.Type == EdgeCollection && x.Name == Edge {
		return false
	}
	for _, f := range x.Fields {
		path, expand, err := FieldPath(f)
		if err != nil || len(path) == 0 || expand >= 0 && (x.Type == TTL || x.Type == Geo || x.Type == Fulltext) {
			return false
		}
	}
	return true
}

func (c *Collection) addIndex(x Index, numbers Numbers) {
	x.ID = stableID(c.Name, c.Generation, x.Name)
	x.Number, x.Ready = numbers.IndexNumber(c.Identity(), x.Name)
	c.Indexes = append(c.Indexes, x)
}

func (c *Collection) readDeclarations(doc value.Value) error {
	for _, m := range members(doc, "crdt") {
		path, err := value.ParsePath(m.Name)
		if err != nil {
			return fmt.Errorf("declaration of %s: %w", c.Name, err)
		}
		d, err := readDeclaration(path, m.Value)
		if err != nil {
			return fmt.Errorf("declaration of %s.%s: %w", c.Name, m.Name, err)
		}
		// Concurrent declarations may not fit together (one below the other): the first by path stands everywhere.
		if with, err := c.CRDT.With(path, d); err == nil {
			c.CRDT = with
		}
	}
	return nil
}

// readDeclaration reads what declares a path. Of several declarations the first by text says how the path shows. Schema
// documents written before declarations could meet hold one as a string.
func readDeclaration(path value.Path, declared value.Value) (d crdt.Declaration, err error) {
	all := declared.Members()
	if declared.Kind() == value.KindString {
		all = []value.Member{{Name: declared.Str()}}
	}
	for i, m := range all {
		shape, err := value.Parse([]byte(m.Name), value.DefaultLimits)
		if err != nil {
			return d, err
		}
		one, err := crdt.ParseDeclaration(path, shape)
		if err != nil {
			return d, err
		}
		if i == 0 {
			d = one
		}
		one.Disputed = d.Disputed
		d.Disputed = one != d || d.Disputed
	}
	if d.Type == crdt.Register {
		return d, fmt.Errorf("there is none in %.200s", value.AppendJSON(nil, declared))
	}
	return d, nil
}

// Expands tells whether an index field goes into the elements of an array.
func Expands(field string) bool { return strings.Contains(field, "[*]") }

// FieldPath splits an index field into its path; expand is the place of "[*]" in it, -1 when there is none.
func FieldPath(field string) (path value.Path, expand int, err error) {
	expand = -1
	if i := strings.Index(field, "[*]"); i >= 0 {
		head, tail := field[:i], strings.TrimPrefix(field[i+3:], ".")
		if strings.Contains(tail, "[*]") || head == "" {
			return nil, -1, fmt.Errorf("index field %q: one [*] after a field name is allowed", field)
		}
		if path, err = value.ParsePath(head); err != nil {
			return nil, -1, err
		}
		expand = len(path)
		if tail != "" {
			rest, err := value.ParsePath(tail)
			if err != nil {
				return nil, -1, err
			}
			path = append(path, rest...)
		}
		return path, expand, nil
	}
	path, err = value.ParsePath(field)
	return path, expand, err
}

func textAt(doc value.Value, name string) string {
	v, _ := doc.Get(name)
	return v.Str()
}

func flag(doc value.Value, name string) bool {
	v, _ := doc.Get(name)
	return v.Kind() == value.KindBool && v.Bool()
}

func integer(doc value.Value, name string) (int64, bool) {
	v, _ := doc.Get(name)
	return v.Int64()
}

func members(doc value.Value, name string) []value.Member {
	v, _ := doc.Get(name)
	return v.Members()
}
