package index_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"

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

func persistent(fields ...string) *schema.Index {
	return &schema.Index{IndexSpec: schema.IndexSpec{Type: schema.Persistent, Fields: fields, Deduplicate: true}}
}

var samples = []string{`null`, `false`, `true`, `-1e300`, `-2`, `-1.5`, `0`, `1`, `1.25`, `9007199254740993`, `1e300`, `""`, `"a"`, `"a\u0000"`,
	`"a\u0000b"`, `"ab"`, `"ä"`, `[]`, `[null]`, `[1]`, `[1,2]`, `["a"]`, `{}`, `{"a":1}`, `{"a":2}`, `{"b":1}`}

// TestEntriesOrderAsValues makes random documents: the entries of two fields order as the first values, then as the
// second, then as the keys, and give the keys back.
func TestEntriesOrderAsValues(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	x := persistent("a", "sub.b")
	type entry struct {
		a, b value.Value
		key  string
		data []byte
	}
	var all []entry
	for range 150 {
		e := entry{a: parse(t, samples[rng.IntN(len(samples))]), b: parse(t, samples[rng.IntN(len(samples))]), key: []string{"k", "k1", "l"}[rng.IntN(3)]}
		doc := value.Object(value.Member{Name: "a", Value: e.a}, value.Member{Name: "sub", Value: value.Object(value.Member{Name: "b", Value: e.b})})
		list := index.Entries(x, doc, e.key)
		if len(list) != 1 {
			t.Fatalf("%d entries", len(list))
		}
		e.data = list[0]
		if key, err := index.Key(x, e.data); err != nil || key != e.key {
			t.Fatalf("entry of key %q gives %q, %v", e.key, key, err)
		}
		if !bytes.HasPrefix(e.data, index.Prefix([]value.Value{e.a, e.b})) || !bytes.HasPrefix(e.data, index.Prefix([]value.Value{e.a})) {
			t.Fatalf("the entry does not begin as its values do")
		}
		all = append(all, e)
	}
	for i := range all {
		for j := range all {
			want := value.Compare(all[i].a, all[j].a)
			if want == 0 {
				want = value.Compare(all[i].b, all[j].b)
			}
			if want == 0 {
				want = bytes.Compare([]byte(all[i].key), []byte(all[j].key))
			}
			if got := bytes.Compare(all[i].data, all[j].data); got != want {
				t.Fatalf("%+v against %+v: %d, want %d", all[i], all[j], got, want)
			}
		}
	}
}

func TestEntriesOfArraysAndGaps(t *testing.T) {
	t.Parallel()
	sparse := persistent("a")
	sparse.Sparse = true
	repeated := persistent("a[*]")
	repeated.Deduplicate = false
	unique := persistent("a")
	unique.Unique = true
	const nowhere = -1 // one entry, which says that there is no place
	for _, c := range []struct {
		x    *schema.Index
		doc  string
		want int
	}{
		{persistent("a"), `{}`, 1}, {sparse, `{}`, 0}, {sparse, `{"a":null}`, 0}, {sparse, `{"a":0}`, 1},
		{persistent("a[*]"), `{"a":[1,1,2]}`, 2}, {repeated, `{"a":[1,1,2]}`, 3}, {persistent("a[*]"), `{"a":5}`, 0},
		{persistent("a[*].n", "b"), `{"a":[{"n":1},{"n":2},{}],"b":1}`, 3}, {persistent("a[*]", "b[*]"), `{"a":[1,2],"b":[1,2,3]}`, 6},
		{of(schema.TTL, "a"), `{"a":1}`, 1}, {of(schema.TTL, "a"), `{"a":"2030-01-01"}`, 1}, {of(schema.TTL, "a"), `{"b":1}`, 0}, {of(schema.TTL, "a"), `{"a":null}`, 0},
		{of(schema.Geo, "a"), `{"a":[50,8]}`, 1}, {of(schema.Geo, "a"), `{"a":[91,8]}`, nowhere}, {of(schema.Geo, "a"), `{"a":{"type":"Point","coordinates":[8,50]}}`, nowhere},
		{of(schema.Geo, "a", "b.c"), `{"a":50,"b":{"c":170}}`, 1}, {of(schema.Geo, "a", "b.c"), `{"a":50,"b":170}`, nowhere}, {of(schema.Geo, "a", "b"), `{"a":170,"b":50}`, nowhere},
		{geoJSON("a"), `{"a":[170,50]}`, 1}, {geoJSON("a"), `{"a":{"type":"Point","coordinates":[170,50]}}`, 1}, {geoJSON("a"), `{"a":"170,50"}`, nowhere}, {geoJSON("a"), `{}`, nowhere},
		{geoJSON("a"), `{"a":{"type":"MultiPoint","coordinates":[[8,50],[-8,-50]]}}`, 3},
		{of(schema.Fulltext, "a"), `{"a":"The quick, the QUICK brown fox x"}`, 4}, {of(schema.Fulltext, "a"), `{"a":["quick fox","brown fox",7]}`, 3},
		{of(schema.Fulltext, "a"), `{"a":{"de":"Fuchs","en":"fox","n":5,"deep":{"x":"no"}}}`, 2}, {of(schema.Fulltext, "a"), `{"a":5}`, 0}, {of(schema.Fulltext, "a"), `{}`, 0},
		{&schema.Index{IndexSpec: schema.IndexSpec{Type: schema.Edge}}, `{"_from":"v/1","_to":"v/2"}`, 2},
		{&schema.Index{IndexSpec: schema.IndexSpec{Type: schema.Edge}}, `{"_from":"v/1"}`, 0},
	} {
		list := index.Entries(c.x, parse(t, c.doc), "key")
		if c.want == nowhere {
			if len(list) != 1 || string(list[0]) != "\x00\x00\x00\x00\x00\x00\x00\x00key" {
				t.Errorf("%v over %s: %q, want an entry of no place", c.x.Fields, c.doc, list)
			}
			continue
		}
		if len(list) != c.want {
			t.Errorf("%v over %s: %d entries, want %d", c.x.Fields, c.doc, len(list), c.want)
		}
		for _, e := range list {
			if key, err := index.Key(c.x, e); err != nil || key != "key" {
				t.Errorf("%v over %s: key %q, %v", c.x.Fields, c.doc, key, err)
			}
		}
	}
	if list := index.Entries(unique, parse(t, `{"a":1}`), "key"); len(list) != 1 || bytes.Contains(list[0], []byte("key")) {
		t.Errorf("an entry of a unique index holds the key: %q", list)
	}
	if _, err := index.Key(persistent("a"), []byte{0xfe}); err == nil {
		t.Error("a key was read from what is no entry")
	}
}

func of(kind string, fields ...string) *schema.Index {
	return &schema.Index{IndexSpec: schema.IndexSpec{Type: kind, Fields: fields}.Normal()}
}

func geoJSON(field string) *schema.Index {
	x := of(schema.Geo, field)
	x.GeoJSON = true
	return x
}

// TestShapesOfEntries pins the bytes of entries, which stores hold.
func TestShapesOfEntries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    *schema.Index
		doc  string
		want string
	}{
		{of(schema.Geo, "a"), `{"a":[50,8]}`, "47bde9577eae7e6b6b"},
		{geoJSON("a"), `{"a":[8,50]}`, "47bde9577eae7e6b6b"},
		{of(schema.Fulltext, "a"), `{"a":"Fox"}`, "666f7800016b"},
		{of(schema.TTL, "a"), `{"a":true}`, "216b"},
	} {
		if list := index.Entries(c.x, parse(t, c.doc), "k"); len(list) != 1 || hex.EncodeToString(list[0]) != c.want {
			t.Errorf("%s over %s: %x, want %s", c.x.Type, c.doc, list, c.want)
		}
	}
	if list := index.Entries(geoJSON("a"), parse(t, `{"a":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}`), ""); len(list) < 3 || list[0][7]&1 == 0 {
		t.Errorf("a polygon has an odd cell for its centroid, and some that cover it: %x", list)
	}
}

// TestKeyOfBroken reads keys from what is no entry.
func TestKeyOfBroken(t *testing.T) {
	t.Parallel()
	for _, x := range []*schema.Index{of(schema.Geo, "a"), of(schema.Fulltext, "a"), of(schema.TTL, "a")} {
		if key, err := index.Key(x, []byte{0xfe}); err == nil {
			t.Errorf("%s: key %q of no entry", x.Type, key)
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	ttl := func(after int64) *schema.Collection {
		return &schema.Collection{Indexes: []schema.Index{{IndexSpec: schema.IndexSpec{Type: schema.TTL, Fields: []string{"at"}, ExpireAfter: after}}}}
	}
	kv := &schema.Collection{CollectionSpec: schema.CollectionSpec{Expires: true}}
	for _, c := range []struct {
		in   *schema.Collection
		doc  string
		want int64
	}{
		{kv, `{"expireAt":12}`, 12_000}, {kv, `{"expireAt":1.5}`, 1500}, {kv, `{"expireAt":0}`, index.Never}, {kv, `{"expireAt":-1}`, index.Never},
		{kv, `{"expireAt":1e300}`, index.Never}, {kv, `{"expireAt":"12"}`, index.Never}, {kv, `{}`, index.Never},
		{ttl(5), `{"at":10}`, 15_000}, {ttl(5), `{"at":"1970-01-01"}`, 5_000}, {ttl(0), `{"at":"1970-01-01T00:00:01.5Z"}`, 1_500},
		{ttl(5), `{"at":"1960-01-01"}`, 0}, {ttl(5), `{"at":"0001-01-01"}`, 0}, {ttl(5), `{"at":"no date"}`, index.Never}, {ttl(5), `{"at":-7}`, index.Never},
		{ttl(1<<63 - 1), `{"at":1}`, (1 + schema.MaxExpireAfter) * 1000}, {ttl(schema.MaxExpireAfter), `{"at":1e300}`, index.Never},
	} {
		if got := index.ExpiresAt(c.in, parse(t, c.doc)); got != c.want {
			t.Errorf("%s: %d, want %d", c.doc, got, c.want)
		}
	}
}

// TestLongArrays have more elements than a document may bring to an index where it is written. One that was merged has its
// entries all the same.
func TestLongArrays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		different int
		tooMany   bool
	}{{50_000, false}, {index.MostEntries, false}, {index.MostEntries + 1, true}, {300_000, true}} {
		items := make([]value.Value, 300_000)
		for i := range items {
			items[i] = value.Int(int64(i % c.different))
		}
		doc := value.Object(value.Member{Name: "a", Value: value.Array(items...)})
		x := persistent("a[*]")
		if got := len(index.Entries(x, doc, "k")); got != c.different {
			t.Errorf("%d entries of %d different elements", got, c.different)
		}
		if got := index.TooMany(x, doc, len(value.AppendJSON(nil, doc))); got != c.tooMany {
			t.Errorf("%d different elements are too many: %v", c.different, got)
		}
	}
}
