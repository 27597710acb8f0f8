package schema_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric/index"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/value"
)

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// counting gives numbers in order of asking.
type counting map[string]uint32

func (c counting) number(id string) uint32 {
	if c[id] == 0 {
		c[id] = schema.FirstNumber + uint32(len(c))
	}
	return c[id]
}

func (c counting) CollectionNumber(id schema.Identity) uint32 { return c.number(id.Text()) }

func (c counting) IndexNumber(id schema.Identity, index string) (uint32, bool) {
	return c.number(id.Text() + "\x00" + index), true
}

func TestDocumentsReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	spec := schema.CollectionSpec{Name: "roads", Type: schema.EdgeCollection, Model: "DOC", System: true, AllowAsync: true, Stream: true,
		Expires: true, Extra: map[string]string{"keyOptions": `{"type":"uuid"}`}}
	doc := schema.DocumentOf(spec, 3, map[string]value.Value{"n": parse(t, `{"type":"counter","scale":2}`), "a.b": parse(t, `{"type":"set"}`)})
	wanted := schema.IndexSpec{Name: "byLength", Type: schema.Persistent, Fields: []string{"length", "kinds[*].name"}, Sparse: true, ExpireAfter: 7}
	doc = doc.With("indexes", value.Object(value.Member{Name: "byLength", Value: schema.IndexValue(wanted)}, value.Member{Name: "old", Value: value.Null()}))
	numbers := counting{}
	c, dropped, err := schema.Read(doc, numbers)
	if err != nil || dropped {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	if got := c.CRDT.At(value.Path{"n"}); got != (crdt.Declaration{Type: crdt.Counter, Scale: 2}) {
		t.Errorf("n is %+v", got)
	}
	if got := c.CRDT.At(value.Path{"a", "b"}); got.Type != crdt.Set || got.Disputed {
		t.Errorf("a.b is %+v", got)
	}
	got := c.CollectionSpec
	got.CRDT = crdt.Declarations{}
	if !reflect.DeepEqual(got, spec) || c.Generation != 3 || c.Number != numbers["roads/3"] {
		t.Errorf("%+v, generation %d, number %d", got, c.Generation, c.Number)
	}
	if len(c.Indexes) != 2 || c.Indexes[0].Type != schema.Edge || !reflect.DeepEqual(c.Indexes[1].IndexSpec, wanted) {
		t.Errorf("indexes %+v", c.Indexes)
	}
	for _, name := range []string{"byLength", c.Indexes[1].ID, "roads/" + c.Indexes[1].ID} {
		if x, ok := c.IndexNamed(name); !ok || x.Name != "byLength" {
			t.Errorf("index %q is not found", name)
		}
	}
	c, dropped, err = schema.Read(doc.With("dropped", value.Bool(true)), numbers)
	if err != nil || !dropped || c.Name != "roads" || c.Generation != 3 {
		t.Errorf("dropped %v, %+v, %v", dropped, c, err)
	}
}

// TestOddIndexesArePassedOver reads what a newer version, or nobody, might have written.
func TestOddIndexesArePassedOver(t *testing.T) {
	t.Parallel()
	doc := schema.DocumentOf(schema.CollectionSpec{Name: "c", Type: schema.EdgeCollection}, 1, nil)
	for text, kept := range map[string]bool{
		`["persistent",["a"],false,false,false,0]`:              true,
		`["persistent",["a","b.c","d[*]"],true,false,true,0,9]`: true,
		`["geo",["lat","lon"],false,false,false,0,true]`:        true,
		`["geo",["at"],false,false,false,0,"odd"]`:              true,
		`["fulltext",["t"],false,false,false,0,-5]`:             true,
		`["ttl",["t"],false,false,false,"soon"]`:                true,
		`["persistent",["a"],false,false,false]`:                false,
		`["persistent",[],false,false,false,0]`:                 false,
		`["persistent",[1],false,false,false,0]`:                false,
		"[\"persistent\",[\"a.`\"],false,false,false,0]":        false,
		`["persistent","a",false,false,false,0]`:                false,
		`["geo",[],false,false,false,0,true]`:                   false,
		`["geo",["a","b","c"],false,false,false,0,true]`:        false,
		`["geo",["a[*]"],false,false,false,0,true]`:             false,
		`["fulltext",[],false,false,false,0,2]`:                 false,
		`["fulltext",["a","b"],false,false,false,0,2]`:          false,
		`["ttl",[],false,false,false,0]`:                        false,
		`["inverted",["a"],false,false,false,0]`:                false,
		`["edge",["_from","_to"],false,false,false,0]`:          false,
		`{"persistent":["a"]}`:                                  false, `null`: false, `7`: false,
	} {
		c, _, err := schema.Read(doc.With("indexes", value.Object(value.Member{Name: "odd", Value: parse(t, text)})), counting{})
		if err != nil || (len(c.Indexes) == 2) != kept {
			t.Fatalf("%s: %v, %v", text, c, err)
		}
		for i := range c.Indexes {
			content := parse(t, `{"_from":"v/a","_to":"v/b","a":[1],"at":"nowhere","t":"a text","lat":1}`)
			for _, entry := range index.Entries(&c.Indexes[i], content, "k") {
				if key, err := index.Key(&c.Indexes[i], entry); !c.Indexes[i].Unique && (err != nil || key != "k") {
					t.Errorf("%s: entry %x has key %q, %v", text, entry, key, err)
				}
			}
		}
	}
	same := doc.With("indexes", value.Object(value.Member{Name: "edge", Value: parse(t, `["persistent",["a"],false,false,false,0]`)}))
	if c, _, err := schema.Read(same, counting{}); err != nil || len(c.Indexes) != 1 {
		t.Errorf("an index with the name of another: %v, %v", c, err)
	}
}

// TestDeclarationsThatMet has what a merge may leave of declarations.
func TestDeclarationsThatMet(t *testing.T) {
	t.Parallel()
	base := schema.DocumentOf(schema.CollectionSpec{Name: "c", Type: schema.DocumentCollection}, 1, nil)
	for declared, want := range map[string]string{
		`{"x":{"{\"type\":\"set\"}":true}}`:                                               `{"x":{"type":"set"}}`,
		`{"x":{"{\"type\":\"set\"}":true,"{\"type\":\"counter\"}":true}}`:                 `{"x":{"disputed":true,"type":"counter"}}`,
		`{"x":{"{\"scale\":2,\"type\":\"counter\"}":true,"{\"type\":\"counter\"}":true}}`: `{"x":{"disputed":true,"scale":2,"type":"counter"}}`,
		`{"x":{"{\"scale\":0,\"type\":\"counter\"}":true,"{\"type\":\"counter\"}":true}}`: `{"x":{"type":"counter"}}`,
		`{"a":{"{\"type\":\"set\"}":true},"a.b":{"{\"type\":\"max\"}":true}}`:             `{"a":{"type":"set"}}`,
		`{"x":"{\"type\":\"set\"}"}`:                                                      `{"x":{"type":"set"}}`,
		`{}`:                                                                              `{}`,
	} {
		c, _, err := schema.Read(base.With("crdt", parse(t, declared)), counting{})
		if err != nil {
			t.Errorf("%s: %v", declared, err)
		} else if got := string(value.AppendJSON(nil, c.CRDT.Value())); got != want {
			t.Errorf("%s reads as %s, want %s", declared, got, want)
		}
	}
	for _, bad := range []string{`{"x":{}}`, `{"x":{"no json":true}}`, `{"x":{"{\"type\":\"magic\"}":true}}`, `{"_key":{"{\"type\":\"set\"}":true}}`} {
		if _, _, err := schema.Read(base.With("crdt", parse(t, bad)), counting{}); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	for _, bad := range []string{`{}`, `{"name":"c"}`, `{"name":"c","generation":-1}`, `{"name":"","generation":1}`, `{"name":"c","generation":1.5}`} {
		if _, _, err := schema.Read(parse(t, bad), counting{}); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestNamesGoToOneCollection(t *testing.T) {
	t.Parallel()
	of := func(generation, number uint32, local bool) *schema.Collection {
		return &schema.Collection{CollectionSpec: schema.CollectionSpec{Name: "c", Local: local}, Generation: generation, Number: number}
	}
	for name, c := range map[string]struct {
		added []*schema.Collection
		want  uint32
	}{
		"the newest generation":  {[]*schema.Collection{of(1, 20, false), of(3, 21, false), of(2, 22, false)}, 21},
		"the local one first":    {[]*schema.Collection{of(1, 20, true), of(5, 21, false)}, 20},
		"the local one last":     {[]*schema.Collection{of(5, 21, false), of(1, 20, true)}, 20},
		"the newer of two local": {[]*schema.Collection{of(2, 21, true), of(1, 20, true)}, 21},
	} {
		b := schema.NewBuilder()
		for _, in := range c.added {
			b.Add(in)
		}
		b.Seen("c", 9)
		s := b.Schema()
		if got, ok := s.Collection("c"); !ok || got.Number != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		if !slices.Equal(s.Names(), []string{"c"}) || s.Newest("c") != 9 || len(s.All()) != len(c.added) {
			t.Errorf("%s: names %v, newest %d, %d in all", name, s.Names(), s.Newest("c"), len(s.All()))
		}
		for _, in := range c.added {
			if got, ok := s.Numbered(in.Number); !ok || got != in {
				t.Errorf("%s: number %d is %+v", name, in.Number, got)
			}
			if got, ok := s.Identified(in.Identity()); !ok || got != in {
				t.Errorf("%s: %v is %+v", name, in.Identity(), got)
			}
		}
	}
}

func TestFieldPaths(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]struct {
		path   value.Path
		expand int
	}{
		"a": {value.Path{"a"}, -1}, "a.b": {value.Path{"a", "b"}, -1}, "a[*]": {value.Path{"a"}, 1}, "a.b[*].c.d": {value.Path{"a", "b", "c", "d"}, 2},
	} {
		path, expand, err := schema.FieldPath(field)
		if err != nil || !path.Equal(want.path) || expand != want.expand {
			t.Errorf("%s: %v, %d, %v", field, path, expand, err)
		}
	}
	for _, field := range []string{"[*]", "[*].a", "a[*].b[*]", "a..b"} {
		if path, _, err := schema.FieldPath(field); err == nil {
			t.Errorf("%s is %v", field, path)
		}
	}
}
