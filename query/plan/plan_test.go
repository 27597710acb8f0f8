package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// catalog is a schema with figures, and no data.
type catalog struct {
	rows.Reader
	collections []*rows.Collection
	counts      map[string]int64
	distinct    map[string][]float64
	graphs      map[string]*rows.Graph
	within      int
}

func (c *catalog) Collection(name string) (*rows.Collection, bool) {
	for _, x := range c.collections {
		if x.Name == name {
			return x, true
		}
	}
	return nil, false
}

func (c *catalog) Collections() []*rows.Collection { return c.collections }

func (c *catalog) Graph(name string) (*rows.Graph, bool, error) {
	g, ok := c.graphs[name]
	return g, ok, nil
}

func (c *catalog) Count(x *rows.Collection) (int64, error) { return c.counts[x.Name], nil }

func (c *catalog) Distinct(_ *rows.Collection, x *rows.Index) ([]float64, error) {
	return c.distinct[x.Name], nil
}

func (c *catalog) Within(_ *rows.Collection, _ *rows.Index, _ rows.Bounds, limit int) (int, error) {
	return min(c.within, limit), nil
}

func (c *catalog) Split(*rows.Collection, int) ([][]byte, error) { return nil, nil }

// field reads a.b or a[*].b.
func field(text string) rows.Field {
	before, after, spread := strings.Cut(text, "[*]")
	path, _ := value.ParsePath(before)
	f := rows.Field{Path: path, Expand: -1}
	if spread {
		f.Expand = len(path)
		rest, _ := value.ParsePath(strings.TrimPrefix(after, "."))
		f.Path = append(f.Path, rest...)
	}
	return f
}

func index(kind, name string, fields ...string) *rows.Index {
	x := &rows.Index{Name: name, ID: name, Type: kind}
	for _, f := range fields {
		x.Fields = append(x.Fields, field(f))
	}
	return x
}

// testCatalog has collections of several sizes: c without indexes, d with many.
func testCatalog() *catalog {
	sparse := index(rows.Persistent, "sparse", "sp")
	sparse.Sparse = true
	unique := index(rows.Persistent, "unique", "u")
	unique.Unique = true
	place := index(rows.Geo, "place", "loc")
	place.GeoJSON = true
	all := []*rows.Collection{
		{Name: "c", Type: rows.Documents},
		{Name: "small", Type: rows.Documents},
		{Name: "big", Type: rows.Documents},
		{Name: "d", Type: rows.Documents, Indexes: []*rows.Index{
			index(rows.Persistent, "ab", "a", "b"), index(rows.Hash, "h", "h.x"), index(rows.SkipList, "s", "s"),
			sparse, unique, index(rows.Persistent, "tags", "tags[*]"), index(rows.Persistent, "names", "p[*].name", "q"),
			place, index(rows.Geo, "pair", "lat", "lon"), index(rows.Fulltext, "words", "text"),
		}},
		{Name: "e", Type: rows.Edges, Indexes: []*rows.Index{index(rows.EdgeIndex, "edge", "_from", "_to")}},
		{Name: "ts", Type: rows.Documents, Series: &rows.Series{
			Keys: []string{"host", "unit"}, Time: "time", Values: []string{"load", "temp"}, Rollups: []int64{60_000, 3_600_000},
		}},
	}
	return &catalog{
		collections: all,
		counts:      map[string]int64{"c": 10_000, "small": 100, "big": 1_000_000, "d": 100_000, "e": 50_000, "ts": 1_000_000},
		distinct: map[string][]float64{
			"ab": {1000, 50_000}, "h": {100_000}, "s": {500}, "sparse": {1000}, "tags": {2000}, "edge": {5000},
		},
		graphs: map[string]*rows.Graph{"g": {Name: "g", Edges: []rows.EdgeDefinition{{Collection: "e", From: []string{"c"}, To: []string{"d"}}}}},
		within: 1 << 20,
	}
}

// build plans a query over the test catalog.
func build(t *testing.T, text string, change func(*Config)) *Plan {
	t.Helper()
	c := testCatalog()
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	bind := map[string]value.Value{}
	for _, name := range []string{"x", "y", "list"} {
		if strings.Contains(text, "@"+name) {
			bind[name] = value.Int(1)
		}
	}
	checked, err := check.Query(q, check.Env{Reader: c, Bind: bind})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	config := Config{Reader: c, Statistics: c}
	if change != nil {
		change(&config)
	}
	p, err := Build(checked.Query, config)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	wellFormed(t, text, p)
	return p
}

// wellFormed checks that each variable is set before it is read, and that numbers of nodes and variables are unique.
func wellFormed(t *testing.T, text string, p *Plan) {
	t.Helper()
	b := &builder{inline: p.Inline}
	ids, numbers := map[int]bool{}, map[int]string{}
	var visit func(p *Plan, have varSet)
	visit = func(sub *Plan, outside varSet) {
		have := varSet{}
		have.union(outside)
		for _, n := range chainOf(sub) {
			if id := n.Head().ID; ids[id] || id >= p.Nodes {
				t.Errorf("%s: node %d (%s) is there twice or beyond %d", text, id, n.Kind(), p.Nodes)
			}
			ids[n.Head().ID] = true
			inner := varSet{}
			inner.union(have)
			inner.add(own(n)...)
			inner.add(sets(n)...)
			if u, ok := n.(*Upsert); ok {
				inner.add(u.LookupVar)
			}
			for v := range b.reads(n) {
				if !have[v] {
					t.Errorf("%s: node %d (%s) reads %s, which is not set\n%s", text, n.Head().ID, n.Kind(), v.Name, Text(p))
				}
			}
			for _, v := range sets(n) {
				if before, ok := numbers[v.ID]; ok && before != fmt.Sprintf("%p", v) || v.ID >= p.Variables {
					t.Errorf("%s: variable %s has the number %d of another", text, v.Name, v.ID)
				}
				numbers[v.ID] = fmt.Sprintf("%p", v)
			}
			for _, within := range plansOf(n) {
				visit(within, have)
			}
			have = inner
		}
	}
	visit(p, varSet{})
}

func chainOf(p *Plan) []Node {
	var out []Node
	for n := p.Root; n != nil; n = n.Head().Below {
		out = append(out, n)
	}
	slices.Reverse(out)
	return out
}

// ruleCase is a query with its plan, and the plan with the rule switched off.
type ruleCase struct {
	query, with, without string
}

// outline plans with only some rules on.
func outline(t *testing.T, text string, rules ...string) string {
	t.Helper()
	return strings.TrimSpace(Outline(build(t, text, func(c *Config) { c.Rules = rules })))
}

// compare tells where plans differ from what is expected. Leading tabs of the expectation do not count.
func compare(t *testing.T, query, what, got, want string) {
	t.Helper()
	var lines []string
	for l := range strings.Lines(strings.Trim(want, "\n")) {
		lines = append(lines, strings.TrimRight(strings.TrimLeft(l, "\t"), "\n "))
	}
	want = strings.TrimSpace(strings.Join(lines, "\n"))
	if got != want {
		t.Errorf("%s\n%s: got\n%s\n\nwant\n%s", query, what, got, want)
	}
}

// TestForcedIndexes demands an error where the index that a query insists on is of no use, and the place of the loop.
func TestForcedIndexes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"FOR x IN d OPTIONS {indexHint: 's', forceIndexHint: true} FILTER x.s == 2 RETURN x":            true,
		"FOR x IN d OPTIONS {indexHint: 'primary', forceIndexHint: true} FILTER x._key == 'k' RETURN x": true,
		"FOR x IN d OPTIONS {indexHint: 'none'} FILTER x.s == 2 RETURN x":                               true,
		"FOR x IN d OPTIONS {indexHint: 's', forceIndexHint: true} FILTER x.a == 2 RETURN x":            false,
		"FOR x IN d OPTIONS {indexHint: 'none', forceIndexHint: true} FILTER x.s == 2 RETURN x":         false,
	} {
		q, err := parse.Query(text, parse.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		c := testCatalog()
		checked, err := check.Query(q, check.Env{Reader: c})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Build(checked.Query, Config{Reader: c, Statistics: c})
		var e *Error
		if (err == nil) != want || err != nil && (!errors.As(err, &e) || e.Number != 1577 || e.Pos.Line != 1) {
			t.Errorf("%s: %v, want a plan: %t", text, err, want)
		}
	}
}
