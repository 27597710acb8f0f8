package plan_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/naive"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// dice makes random data and queries from a seed.
type dice struct{ *rand.Rand }

func (d dice) pick(list ...string) string { return list[d.IntN(len(list))] }

// constant is a literal of few different values, of all kinds.
func (d dice) constant() string {
	if d.IntN(6) == 0 {
		return d.pick("@p1", "@p2", "@p3")
	}
	return d.literal()
}

func (d dice) literal() string {
	return d.pick("null", "0", "1", "2", "3", "-1", "1.5", "true", "false", `"a"`, `"b"`, `"ab"`, `"abc"`, `""`, "[1]", "[1,2]", `["a"]`, `{"x":1}`, "[]", "{}")
}

func (d dice) number() string { return d.pick("0", "1", "2", "3", "-1", "4", "1.5") }

// parameters are those that a query names, with values that depend on its text.
func parameters(text string) map[string]value.Value {
	out := map[string]value.Value{}
	list := []value.Value{value.Null(), value.Int(1), value.String("a"), value.Array(value.Int(1)), value.Bool(false)}
	for i, name := range []string{"p1", "p2", "p3"} {
		if strings.Contains(text, "@"+name) {
			out[name] = list[(len(text)+i*3)%len(list)]
		}
	}
	return out
}

func boundObject(bind map[string]value.Value) value.Value {
	out := value.Object()
	for name, v := range bind {
		out = out.With(name, v)
	}
	return out
}

// document is JSON of a document in which attributes may be missing.
func (d dice) document(key int) string {
	parts := []string{fmt.Sprintf(`"_key":"k%03d"`, key)}
	add := func(name string, v string) {
		if d.IntN(6) > 0 {
			parts = append(parts, fmt.Sprintf("%q:%s", name, v))
		}
	}
	add("a", d.literal())
	add("b", d.number())
	add("s", d.literal())
	add("sp", d.literal())
	add("h", d.pick(`{"x":1}`, `{"x":2}`, `{"x":null}`, `5`, `{"x":"a"}`, `[{"x":1}]`))
	add("tags", d.pick(`["a","b"]`, `["a"]`, `[]`, `[1,null]`, `"a"`, `[["a"],"a","a"]`))
	add("p", d.pick(`[{"name":"a"},{"name":"b"}]`, `[{"name":null}]`, `[1]`, `{"name":"a"}`))
	add("q", d.number())
	add("loc", d.pick(fmt.Sprintf("[%d,%d]", d.IntN(20), d.IntN(20)), fmt.Sprintf("[%d,%d]", d.IntN(20), d.IntN(20)), fmt.Sprintf(`{"type":"Point","coordinates":[%d,%d]}`, d.IntN(20), d.IntN(20)), `"x"`, "[1]"))
	add("lat", fmt.Sprint(d.IntN(20)))
	add("lon", d.pick(fmt.Sprint(d.IntN(20)), fmt.Sprint(d.IntN(20)), `"1"`))
	parts = append(parts, fmt.Sprintf(`"text":%q`, d.pick("red fox", "brown fox", "red dog", "")))
	return "{" + strings.Join(parts, ",") + "}"
}

func indexed(kind string, fields ...string) *rows.Index {
	return &rows.Index{Name: strings.Join(fields, "_") + kind, Type: kind, Fields: memory.Fields(fields...)}
}

// world makes data.
func (d dice) world(t *testing.T) *memory.Data {
	t.Helper()
	data := memory.New()
	sparse := indexed(rows.Persistent, "sp", "b")
	sparse.Sparse = true
	place := indexed(rows.Geo, "loc")
	place.GeoJSON = true
	data.Create(rows.Collection{Name: "c"})
	data.Create(rows.Collection{Name: "d", Indexes: []*rows.Index{
		indexed(rows.Persistent, "a", "b"), indexed(rows.Hash, "h.x"), indexed(rows.SkipList, "s"), sparse,
		indexed(rows.Persistent, "tags[*]"), indexed(rows.Persistent, "p[*].name", "q"), place, indexed(rows.Geo, "lat", "lon"),
		indexed(rows.Fulltext, "text"),
	}})
	data.Create(rows.Collection{Name: "e", Type: rows.Edges})
	data.Create(rows.Collection{Name: "e2"})
	data.Create(rows.Collection{Name: "u", Indexes: []*rows.Index{indexed(rows.Persistent, "b", "a")}})
	data.Create(rows.Collection{Name: "ts", Series: &rows.Series{Keys: []string{"host"}, Time: "time", Values: []string{"v", "w"}, Rollups: []int64{1000, 60_000}}})
	data.Graph(rows.Graph{Name: "g", Edges: []rows.EdgeDefinition{{Collection: "e", From: []string{"d"}, To: []string{"d"}}}})
	put := func(collection, text string) {
		v, err := value.Parse([]byte(text), value.Limits{})
		if err == nil {
			err = data.Put(collection, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		put("c", d.document(i))
		put("d", d.document(i))
	}
	for i := range 3 {
		put("u", fmt.Sprintf(`{"_key":"u%d","b":%d}`, i, i*2))
	}
	for i := range 40 {
		put("e", fmt.Sprintf(`{"_key":"e%d","_from":"d/k%03d","_to":"d/k%03d","w":%d,"kind":%q}`, i, d.IntN(12), d.IntN(14), d.IntN(4), d.pick("x", "y")))
	}
	for i := range 60 {
		if err := data.Point("ts", []value.Value{value.String(d.pick("h1", "h2"))}, int64(i*1500+d.IntN(3)), float64(d.IntN(9)), float64(i)); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

func (d dice) path(doc string) string {
	return doc + "." + d.pick("a", "a", "b", "b", "s", "s", "sp", "h.x", "q", "_key", "tags", "a.x")
}

// condition is a random condition on documents; bound are those of loops around.
func (d dice) condition(depth int, docs ...string) string {
	doc := docs[d.IntN(len(docs))]
	if depth > 0 && d.IntN(3) == 0 {
		return "(" + d.condition(depth-1, docs...) + d.pick(" && ", " && ", " || ") + d.condition(depth-1, docs...) + ")"
	}
	compare := d.pick("==", "==", "==", "<", "<=", ">", ">=", "!=")
	switch d.IntN(14) {
	case 0:
		return d.path(doc) + " IN [" + d.constant() + ", " + d.constant() + ", " + d.constant() + "]"
	case 1:
		return d.pick(`"a"`, "1", "null", d.path(docs[0])) + " IN " + doc + d.pick(".tags", ".tags[*]", ".p[*].name")
	case 2:
		return d.path(doc) + " LIKE " + d.pick(`"a%"`, `"ab%"`, `"a_"`, `"1%"`, `"t%"`)
	case 3:
		return "!(" + d.condition(0, docs...) + ")"
	case 4:
		return d.path(doc) + " " + compare + " " + d.path(docs[d.IntN(len(docs))])
	case 5:
		return d.path(doc) + d.pick(" != null", " == null", " > null")
	case 6:
		return d.constant() + " " + compare + " " + d.path(doc)
	case 7:
		return "(" + d.path(doc) + " == " + d.constant() + " || " + d.path(doc) + " == " + d.constant() + ")"
	case 8:
		return doc + "._key" + d.pick(" == ", " >= ", " < ") + fmt.Sprintf(`"k%03d"`, d.IntN(30))
	case 9:
		return d.path(doc) + " + 1 " + compare + " " + d.number()
	case 10:
		return "STARTS_WITH(" + d.path(doc) + ", " + d.pick(`"a"`, `"ab"`, `"f"`) + ")"
	}
	return d.path(doc) + " " + compare + " " + d.constant()
}

func (d dice) filters(docs ...string) string {
	var out strings.Builder
	for range 1 + d.IntN(2) {
		out.WriteString(" FILTER " + d.condition(2, docs...))
	}
	return out.String()
}

func (d dice) coll() string { return d.pick("c", "d", "d") }

// query is a random query, and whether its order matters.
func (d dice) query() (text string, ordered bool) {
	c := d.coll()
	switch d.IntN(21) {
	case 19:
		return "FOR z IN [1, 2] FOR x IN (FOR y IN " + c + " SORT " + d.path("y") + ", y._key LIMIT 3 RETURN y)" + d.pick("", d.filters("x")) + " RETURN [z, x._key]", false
	case 20:
		return "FOR x IN " + c + " SORT " + d.path("x") + ", x._key LET s = (FOR y IN " + d.coll() + " FILTER y.b == x.b RETURN 1) FILTER LENGTH(s) > 2 LIMIT 3 RETURN x._key", true
	case 17:
		return "FOR x IN " + c + " LET one = 1 FILTER x.b == one + 1 LET s = (FOR y IN " + d.coll() + " FILTER y.b == x.b RETURN 1) SORT " + d.path("x") + ", x._key LIMIT 3 RETURN [x._key, LENGTH(s)]", true
	case 18:
		return "FOR x IN " + c + " FOR y IN " + d.coll() + " LET s = (FOR z IN " + d.coll() + d.filters("z", d.pick("x", "z")) + " RETURN z.b) " + d.filters("y", "x") + " RETURN [x._key, y._key, LENGTH(s), FIRST(SORTED(s))]", false
	case 0:
		return "FOR x IN " + c + d.filters("x") + " RETURN " + d.pick("x", "x._key", "{a: x.a, k: x._key}", "x.s", "[x.a, x.b]", "x.h"), false
	case 1:
		limit := ""
		if d.IntN(2) == 0 {
			limit = " LIMIT " + d.pick("3", "2, 5", "0, 1")
		}
		filter := ""
		if d.IntN(2) == 0 {
			filter = d.filters("x")
		}
		return "FOR x IN " + c + filter + " SORT " + d.path("x") + d.pick("", " DESC") + d.pick("", ", "+d.path("x")) + ", x._key" +
			d.pick("", " DESC") + limit + d.pick("", " FILTER x.b > 0") + " RETURN " + d.pick("x._key", "x", "{s: x.s, k: x._key}"), true
	case 2:
		return "FOR x IN " + c + " FOR y IN " + d.coll() + d.filters("x", "y", "y") + " RETURN " + d.pick("[x._key, y._key]", "[x.a, y.b]", "[x._key, y]"), false
	case 3:
		return "FOR x IN " + c + " FOR y IN " + d.coll() + " FILTER " + d.path("x") + " == " + d.path("y") + " RETURN [x._key, y._key, y.b]", false
	case 4:
		return "FOR x IN " + c + d.pick("", d.filters("x")) + " COLLECT g = " + d.path("x") + d.pick("", " WITH COUNT INTO n", " AGGREGATE n = SUM(x.b), m = MAX(x.q)") +
			d.pick("", " FILTER g > 1") + " RETURN {g}", false
	case 5:
		return "FOR x IN " + c + " COLLECT g = " + d.path("x") + ", h = " + d.path("x") + " AGGREGATE n = COUNT(), l = MIN(x._key)" + d.pick("", " SORT n, g, h LIMIT 4") + " RETURN [g, h, n, l]", false
	case 6:
		return "FOR x IN " + c + " LET s = (FOR y IN " + d.coll() + d.filters("y", "x") + " RETURN y._key) FILTER " + d.pick("LENGTH(s) > 1", "LENGTH(s) == 0", "x.b == 1", "LENGTH(s) == x.b") +
			" RETURN {k: x._key" + d.pick("", ", n: LENGTH(s)", ", s: SORTED(s)") + "}", false
	case 7:
		return "FOR x IN (FOR y IN " + c + d.filters("y") + d.pick("", " SORT y.b, y._key LIMIT 5") + " RETURN " + d.pick("y", "{a: y.a, b: y.b, _key: y._key}") + ")" + d.filters("x") + " RETURN [x._key, x.a]", false
	case 8:
		return "FOR x IN " + c + " LET v = " + d.path("x") + " LET w = " + d.pick("v", "v + 1", "[v]", "x.b * 2") + d.filters("x") + " FILTER v " + d.pick("==", ">", "<=") + " " + d.constant() + " RETURN [x._key, w]", false
	case 9:
		return d.traversal(), false
	case 10:
		return "FOR x IN " + c + d.pick("", d.filters("x")) + " COLLECT WITH COUNT INTO n RETURN n", false
	case 11:
		return "RETURN LENGTH(FOR x IN " + c + d.filters("x") + " RETURN 1)" + d.pick("", " > 0", " >= 3"), false
	case 12:
		return d.series(), false
	case 13:
		return d.geo()
	case 14:
		return "FOR x IN " + c + d.pick("", " SORT x._key DESC") + " LIMIT 4" + d.filters("x") + " RETURN x._key", true
	case 15:
		return "FOR x IN [1, 2, 3] FOR y IN " + d.coll() + " FILTER y.b == x" + d.pick("", d.filters("y")) + " RETURN [x, y._key]", false
	}
	return "FOR x IN " + c + " RETURN DISTINCT " + d.path("x"), false
}

func (d dice) traversal() string {
	if d.IntN(5) == 0 {
		// Which way a vertex is reached is open here, but not which ones are.
		return "FOR v IN " + d.pick("0..2", "1..3") + fmt.Sprintf(" ANY 'd/k%03d' e OPTIONS {order: 'bfs', uniqueVertices: 'global'} FILTER v.b > 0 RETURN v._key", d.IntN(12))
	}
	uses := d.pick("p.edges[*].kind ALL == 'x'", "p.edges[0].w > 1", "p.vertices[1].b == 1", "p.edges[1].kind == 'x'", "LENGTH(p.edges) == 2",
		"p.edges[*].w NONE == 2", "p.vertices[*].b ALL >= 1", "v.b > 1", "e.w == 1", "LENGTH(p.vertices) < 3", "p.vertices[2].a != null", "p.edges[1].w == p.edges[0].w")
	return "FOR v, e, p IN " + d.pick("0..2", "1..3", "1", "2..2", "1..2") + " " + d.pick("OUTBOUND", "INBOUND", "ANY") + fmt.Sprintf(" 'd/k%03d' ", d.IntN(12)) +
		d.pick("GRAPH 'g'", "e") + d.pick("", " OPTIONS {order: 'bfs'}", " OPTIONS {uniqueVertices: 'path'}") +
		" FILTER " + uses + " RETURN " + d.pick("v._key", "[v._key, e._key]", "p.edges[*]._key", "LENGTH(p.vertices)", "{v, e}", "p.vertices[*]._key")
}

func (d dice) series() string {
	filter := d.pick("", fmt.Sprintf(" FILTER p.time >= %d", d.IntN(90)*1000), fmt.Sprintf(" FILTER p.time >= %d && p.time < %d", d.IntN(30)*1000, 30_000+d.IntN(60)*1000), " FILTER p.host == 'h1'")
	return "FOR p IN ts" + filter + d.pick(
		" RETURN p", " FILTER p.v > 3 RETURN [p.time, p.w]",
		" COLLECT b = TIME_BUCKET(p.time, '10s') AGGREGATE s = SUM(p.v), m = MAX(p.w), a = AVG(p.v) RETURN [b, s, m, a]",
		" COLLECT b = TIME_BUCKET(p.time, '1m'), h = p.host AGGREGATE s = MIN(p.v), f = FIRST(p.v, p.time), l = LAST(p.w, p.time) RETURN [b, h, s, f, l]",
		" COLLECT h = p.host AGGREGATE s = SUM(p.v) RETURN [h, s]", " COLLECT AGGREGATE s = SUM(p.v), m = MIN(p.w) RETURN [s, m]")
}

func (d dice) geo() (string, bool) {
	center := fmt.Sprintf("[%d, %d]", d.IntN(20), d.IntN(20))
	shape := fmt.Sprintf("{type: 'Polygon', coordinates: [[[%d, 0.5], [18.5, 1.5], [9.5, 17.5], [%d, 0.5]]]}", 0, 0)
	switch d.IntN(6) {
	case 0:
		return "FOR x IN d FILTER GEO_DISTANCE(x.loc, " + center + ") " + d.pick("<", "<=") + " " + d.pick("300000", "900000") + d.pick("", " FILTER x.b > 1") + " RETURN x._key", false
	case 1:
		return "FOR x IN d SORT GEO_DISTANCE(" + center + ", x.loc)" + d.pick("", " DESC") + " LIMIT 5 RETURN GEO_DISTANCE(" + center + ", x.loc)", true
	case 2:
		return "FOR x IN d LET far = DISTANCE(x.lat, x.lon, 5, 5) FILTER far > 100000 && far <= 700000 RETURN [x._key, far]", false
	case 3:
		return "FOR x IN d FILTER GEO_CONTAINS(" + shape + ", x.loc) RETURN x._key", false
	case 4:
		return "FOR x IN d FILTER GEO_INTERSECTS(x.loc, " + shape + ") && x.b == 1 RETURN x._key", false
	}
	return "FOR x IN FULLTEXT(d, 'text', 'fox') FILTER x.b > 0 RETURN x._key", false
}

// outcome is the result of a query as sorted or unsorted lines.
func outcome(list []value.Value, err error, ordered bool) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var lines []string
	for _, v := range list {
		lines = append(lines, v.String())
	}
	if !ordered {
		slices.Sort(lines)
	}
	return strings.Join(lines, "\n")
}

// planned runs a query through the planner.
func planned(data *memory.Data, q *check.Checked, change func(*plan.Config)) ([]value.Value, *plan.Plan, error) {
	ctx := context.Background()
	s, err := data.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	config := plan.Config{Reader: s, Statistics: s, Parallel: true, ParallelFrom: 1}
	if change != nil {
		change(&config)
	}
	p, err := plan.Build(q.Query, config)
	if err != nil {
		return nil, nil, err
	}
	program, err := exec.Compile(p)
	if err != nil {
		return nil, p, err
	}
	run := program.Start(exec.Config{Bind: boundObject(parameters(q.Query.Text)), Snapshot: s, NowMs: 1_700_000_000_000})
	defer run.Close()
	list, _, err := run.Values(ctx, 1<<20)
	return list, p, err
}

// checked reads a query and says what it gives without a plan.
func checked(t *testing.T, data *memory.Data, text string, ordered bool) (*check.Checked, string) {
	t.Helper()
	s, err := data.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parse.Query(text, parse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	q, err := check.Query(parsed, check.Env{Reader: s, Bind: parameters(text)})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	list, err := naive.Run(t.Context(), q, parameters(text), s, fn.Context{NowMs: 1_700_000_000_000})
	return q, outcome(list, err, ordered)
}

// rumours are statistics that are wrong.
type rumours struct {
	rows.Statistics
	seed uint64
}

func (r rumours) dice(c *rows.Collection, salt uint64) dice {
	return dice{rand.New(rand.NewPCG(r.seed*31+salt, uint64(c.Number)))}
}

func (r rumours) Count(c *rows.Collection) (int64, error) {
	return []int64{0, 1, 40, 5000, 1_000_000}[r.dice(c, 1).IntN(5)], nil
}

func (r rumours) Distinct(c *rows.Collection, x *rows.Index) ([]float64, error) {
	out := make([]float64, len(x.Fields))
	for i := range out {
		out[i] = []float64{0, 1, 50, 10_000}[r.dice(c, uint64(x.Number)*10+uint64(i)).IntN(4)]
	}
	return out, nil
}

func (r rumours) Within(c *rows.Collection, x *rows.Index, _ rows.Bounds, limit int) (int, error) {
	return r.dice(c, uint64(x.Number)+7).IntN(limit + 1), nil
}

// TestDiffer runs random queries with all rules, without any, and without each in turn.
func TestDiffer(t *testing.T) {
	t.Parallel()
	fired := map[string]int{}
	bad := 0
	for seed := range uint64(3) {
		d := dice{rand.New(rand.NewPCG(seed, 1))}
		data := d.world(t)
		for n := range 100 {
			text, ordered := d.query()
			q, want := checked(t, data, text, ordered)
			settings := [][]string{nil, {"-all"}, {"+all"}}
			settings = append(settings, []string{"-" + plan.Rules()[n%len(plan.Rules())].Name}, []string{"-all", "+" + plan.Rules()[n%len(plan.Rules())].Name})
			for _, rules := range settings {
				list, p, err := planned(data, q, func(c *plan.Config) {
					c.Rules = rules
					if rules != nil {
						c.Statistics = rumours{c.Statistics, seed*1000 + uint64(n)}
					}
				})
				if got := outcome(list, err, ordered); got != want {
					shown := ""
					if p != nil {
						shown = plan.Text(p)
					}
					t.Errorf("%s\nrules %v\n%s\ngot\n%s\nwant\n%s", text, rules, shown, got, want)
					if bad++; bad > 5 {
						t.FailNow()
					}
					break
				}
				if rules == nil {
					for _, r := range p.Rules {
						fired[r]++
					}
				}
			}
		}
	}
	for _, r := range plan.Rules() {
		t.Logf("%5d %s", fired[r.Name], r.Name)
	}
}

// change is a random query that modifies.
func (d dice) change() string {
	c := d.coll()
	filter := d.pick("", d.filters("x"))
	switch d.IntN(11) {
	case 8:
		return "FOR x IN " + c + filter + " LET s = (UPDATE x WITH {b: x.b + 1} IN " + c + " RETURN NEW.b) SORT x._key LIMIT 2 RETURN s"
	case 9:
		return "FOR x IN [1, 2, 3] LET s = (INSERT {a: x, b: 1} INTO e2) LIMIT 1 RETURN x"
	case 0:
		return "FOR x IN " + c + filter + " UPDATE x WITH {n: x.b} IN " + c + " RETURN [OLD.n, NEW.n]"
	case 1:
		return "FOR x IN " + c + filter + " REMOVE x IN " + c + " RETURN OLD._key"
	case 2:
		return "FOR x IN " + c + filter + " REPLACE x WITH {b: x.a, s: 1} IN " + c
	case 3:
		return "FOR x IN " + c + " INSERT {b: x.b, a: x._key} INTO e2 FILTER " + d.condition(1, "x") + " RETURN NEW.a"
	case 4:
		return "FOR x IN 1..5 UPSERT {b: x" + d.pick("", ", a: null") + "} INSERT {_key: CONCAT('new', x), b: x} UPDATE {n: OLD.b} IN " + d.pick("u") + " RETURN NEW.n"
	case 5:
		return "FOR x IN " + c + filter + " SORT x._key LIMIT 3 UPDATE x._key WITH {s: 'z'} IN " + c
	case 6:
		return "FOR x IN " + c + filter + " UPDATE x WITH {a: 1, sp: 2, b: x.b + 1} IN " + c
	case 7:
		return "FOR x IN " + c + " FILTER x.b >= 0 UPDATE x WITH {b: x.b + 1} IN " + c + " FILTER " + d.condition(1, "x") + " RETURN NEW.b"
	}
	return "LET n = (FOR x IN " + c + filter + " REMOVE x IN " + c + " RETURN 1) RETURN LENGTH(n)"
}

// state shows all documents without their revisions and, where keys were made, without those.
func state(t *testing.T, data *memory.Data) string {
	t.Helper()
	q, out := checked(t, data, "RETURN [(FOR x IN c RETURN UNSET(x, '_rev')), (FOR x IN d RETURN UNSET(x, '_rev')), (FOR x IN u RETURN UNSET(x, '_rev')), "+
		"SORTED(FOR x IN e2 RETURN [x.a, x.b])]", true)
	_ = q
	return out
}

// changed carries a modifying query out on fresh data, planned or not, and gives the result and what is there then.
func changed(t *testing.T, seed uint64, text string, change func(*plan.Config)) string {
	t.Helper()
	data := dice{rand.New(rand.NewPCG(seed, 3))}.world(t)
	tx, err := data.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parse.Query(text, parse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	q, err := check.Query(parsed, check.Env{Reader: tx, Bind: parameters(text)})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var list []value.Value
	if change == nil {
		list, err = naive.Run(t.Context(), q, parameters(text), tx, fn.Context{})
	} else {
		config := plan.Config{Reader: tx, Statistics: tx}
		change(&config)
		var p *plan.Plan
		if p, err = plan.Build(q.Query, config); err != nil {
			t.Fatal(err)
		}
		program, bad := exec.Compile(p)
		if bad != nil {
			return bad.Error()
		}
		run := program.Start(exec.Config{Bind: boundObject(parameters(text)), Snapshot: tx, Transaction: tx})
		defer run.Close()
		list, _, err = run.Values(t.Context(), 1<<20)
	}
	out := outcome(list, err, false)
	if err == nil {
		if err := tx.Commit(t.Context(), rows.CommitOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return out + "\n" + state(t, data)
}

// TestDifferWrites does the same for queries that modify.
func TestDifferWrites(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		d := dice{rand.New(rand.NewPCG(seed, 4))}
		text := d.change()
		want := changed(t, seed, text, nil)
		for _, rules := range [][]string{nil, {"-all"}} {
			if got := changed(t, seed, text, func(c *plan.Config) { c.Rules = rules }); got != want {
				t.Fatalf("%s\nrules %v\ngot\n%s\nwant\n%s", text, rules, got, want)
			}
		}
	}
}

// TestMutants sees whether a wrong planner shows in the result of a query.
func TestMutants(t *testing.T) {
	t.Parallel()
	queries := map[string]string{
		"sparse-as-full":       "FOR x IN d FILTER x.sp == null RETURN x._key",
		"forget-residual":      "FOR x IN d FILTER x.s LIKE 'a_' RETURN x._key",
		"limit-off-by-one":     "FOR x IN c SORT x._key LIMIT 3 RETURN x._key",
		"limit-without-offset": "FOR x IN c SORT x.b, x._key LIMIT 2, 5 RETURN x._key",
		"limit-past-filter":    "FOR x IN c SORT x.b, x._key LET s = (FOR y IN d FILTER y.b == x.b RETURN 1) FILTER LENGTH(s) > 2 LIMIT 3 RETURN x._key",
		"filter-past-limit":    "FOR x IN c SORT x._key DESC LIMIT 4 FILTER x.b > 1 RETURN x._key",
		"filter-past-modify":   "FOR x IN c FILTER x.b >= 0 UPDATE x WITH {b: x.b + 1} IN c FILTER x.b == 1 RETURN NEW.b",
		"join-drops-null":      "FOR x IN c FOR y IN c FILTER x.a == y.a RETURN [x._key, y._key]",
		"in-drops-last":        "FOR x IN c FILTER x.b == 1 || x.b == 2 RETURN x._key",
		"or-first-only":        "FOR x IN d FILTER x.a == 1 || x.s == 'a' RETURN x._key",
		"reverse-index":        "FOR x IN d SORT x.s LIMIT 3 RETURN x.s",
		"sorted-collect":       "FOR x IN c COLLECT b = x.b RETURN b",
		"covering-arrays":      "FOR x IN d FILTER 'a' IN x.tags[*] RETURN x.tags",
		"range-inclusive":      "FOR x IN d FILTER x.s > 1 RETURN x._key",
		"inline-limited":       "FOR z IN [1, 2] FOR x IN (FOR y IN c SORT y._key LIMIT 3 RETURN y) RETURN [z, x._key]",
		"path-position":        "FOR v, e, p IN 1..2 ANY 'd/k001' e FILTER p.edges[0].kind == 'x' RETURN p.edges[*]._key",
	}
	for _, mutant := range plan.Mutants() {
		text, ok := queries[mutant]
		if !ok {
			t.Errorf("nothing is asked of mutant %s", mutant)
		}
		noticed := false
		for seed := uint64(0); seed < 20 && !noticed; seed++ {
			noticed = changed(t, seed, text, nil) != changed(t, seed, text, func(c *plan.Config) { c.Mutant = mutant })
		}
		if !noticed {
			t.Errorf("nothing shows of mutant %s: %s", mutant, text)
		}
	}
}
