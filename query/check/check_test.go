package check_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

func schema(t *testing.T) rows.Reader {
	t.Helper()
	d := memory.New()
	d.Create(rows.Collection{Name: "people"})
	d.Create(rows.Collection{Name: "towns"})
	d.Create(rows.Collection{Name: "knows", Type: rows.Edges})
	d.Graph(rows.Graph{Name: "friends", Edges: []rows.EdgeDefinition{{Collection: "knows", From: []string{"people"}, To: []string{"people"}}}})
	s, err := d.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bound(t *testing.T, text string) map[string]value.Value {
	t.Helper()
	bind := map[string]value.Value{}
	if text == "" {
		return bind
	}
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range v.Members() {
		bind[m.Name] = m.Value
	}
	return bind
}

func checked(t *testing.T, reader rows.Reader, text, bind string) (*check.Checked, error) {
	t.Helper()
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	before := q.String()
	out, err := check.Query(q, check.Env{Reader: reader, Bind: bound(t, bind)})
	if q.String() != before {
		t.Errorf("%s: the parsed tree was changed", text)
	}
	return out, err
}

var faults = []struct {
	query, bind string
	number      int
	parts       []string
}{
	{`RETURN x`, ``, 1512, []string{"unknown variable 'x'", "line 1, column 8"}},
	{`LET y = 1 RETURN x`, ``, 1512, []string{"; no variable"}},
	{`FOR person IN people RETURN persn`, ``, 1512, []string{"did you mean person?", "^"}},
	{`FOR x IN peple RETURN x`, ``, 1203, []string{"'peple'", "did you mean people?"}},
	{`FOR x IN x.a RETURN x`, ``, 1512, []string{"'x'"}},
	{`INSERT {} INTO nowhere`, ``, 1203, []string{"nowhere"}},
	{`RETURN {foo}`, ``, 1512, []string{"'foo'"}},
	{`LET x = 1 LET x = 2 RETURN x`, ``, 1511, []string{"'x' is assigned multiple times"}},
	{`LET x = 1 RETURN (FOR x IN [1] RETURN x)`, ``, 1511, nil},
	{`FOR x IN people FOR x IN towns RETURN x`, ``, 1511, nil},
	{`FOR x IN people COLLECT x = x.a RETURN x`, ``, 1511, nil},
	{`FOR x IN people COLLECT a = x.a RETURN x`, ``, 1512, []string{"not visible behind COLLECT", "INTO"}},
	{`FOR x IN people COLLECT a = x.a FOR y IN x RETURN y`, ``, 1512, []string{"not visible behind COLLECT"}},
	{`FOR x IN people COLLECT a = x.a INTO g KEEP y RETURN g`, ``, 1512, nil},
	{`RETURN (FOR y IN [1] RETURN y)[0] + y`, ``, 1512, nil},
	{`RETURN OLD`, ``, 1512, []string{"OLD is there behind"}},
	{`REMOVE "a" IN people RETURN NEW`, ``, 1512, []string{"NEW is there behind"}},
	{`RETURN CURRENT`, ``, 1512, []string{"[* FILTER"}},
	{`RETURN LENGHT(1)`, ``, 1540, []string{"LENGHT()", "LENGTH"}},
	{`RETURN LENGTH()`, ``, 1541, []string{"LENGTH"}},
	{`RETURN ABS(1, 2)`, ``, 1541, []string{"ABS"}},
	{`RETURN NOW()`, ``, 1540, []string{"did you mean DATE_NOW()?"}},
	{`RETURN DATE_DIFF("2024")`, ``, 1541, []string{"got 1, expected 3 to 4, as in DATE_DIFF(date1, date2, unit[, asFloat])"}},
	{`FOR x IN people COLLECT AGGREGATE f = FIRST(x.a) RETURN f`, ``, 1541, []string{"as in FIRST(value, time)"}},
	{`FOR x IN people COLLECT AGGREGATE s = SUMM(x.a) RETURN s`, ``, 1574, []string{"SUMM()", "SUM"}},
	{`FOR x IN people COLLECT AGGREGATE s = SUM(x.a, 1) RETURN s`, ``, 1541, []string{"SUM"}},
	{`FOR x IN people COLLECT AGGREGATE s = SUM() RETURN s`, ``, 1541, nil},
	{`RETURN @a`, ``, 1551, []string{"'@a'"}},
	{`RETURN @a`, `{"a":1,"b":2}`, 1552, []string{"'@b'"}},
	{`RETURN 1`, `{"zz":2}`, 1552, []string{"leave it out"}},
	{`FOR x IN @@c RETURN x`, `{"c":"people"}`, 1551, []string{`"@c"`}},
	{`RETURN @c`, `{"@c":"people"}`, 1551, []string{"@@c"}},
	{`FOR x IN @@c RETURN x`, `{"@c":5}`, 1553, []string{"a number"}},
	{`FOR x IN @@c RETURN x`, `{"@c":"nowhere"}`, 1203, []string{"nowhere"}},
	{`FOR x IN people RETURN x.@a`, `{"a":5}`, 1553, []string{"a number"}},
	{`FOR x IN people RETURN x.@a`, `{"a":[]}`, 1553, []string{"path"}},
	{`FOR x IN people RETURN x.@a`, `{"a":["b",1]}`, 1553, nil},
	{`FOR x IN people RETURN x.@a`, `{"a":""}`, 1553, []string{"empty string"}},
	{`FOR v IN ANY "people/a" people RETURN v`, ``, 1218, []string{"holds no edges"}},
	{`FOR v IN ANY "people/a" GRAPH "none" RETURN v`, ``, 1924, []string{"'none'"}},
	{`FOR v IN ANY "people/a" GRAPH @g RETURN v`, `{"g":1}`, 1553, nil},
	{`FOR v IN 3..1 ANY "people/a" knows RETURN v`, ``, 1501, []string{"from depth 3 to 1"}},
	{`FOR v IN -1 ANY "people/a" knows RETURN v`, ``, 1501, []string{"depth"}},
	{`FOR d IN 1..2 FOR v IN d ANY "people/a" knows RETURN v`, ``, 1501, []string{"no constant"}},
	{`FOR v IN @d ANY "people/a" knows RETURN v`, `{"d":"x"}`, 1504, nil},
	{`FOR x IN people LIMIT x.a RETURN x`, ``, 1501, []string{"LIMIT", "not constant"}},
	{`FOR x IN people LIMIT -1 RETURN x`, ``, 1504, []string{"LIMIT"}},
	{`FOR x IN people LIMIT @n RETURN x`, `{"n":"5"}`, 1504, nil},
	{`FOR x IN people LIMIT "5" RETURN x`, ``, 1504, nil},
	{`FOR x IN people OPTIONS {indexHint: x.a} RETURN x`, ``, 1512, nil},
	{`LET h = "a" FOR x IN people OPTIONS {indexHint: h} RETURN x`, ``, 1575, []string{"not constant"}},
	{`FOR x IN people SEARCH x.a == 1 RETURN x`, ``, 9, []string{"view"}},
	{`UPSERT @s INSERT {} UPDATE {} IN people`, `{"s":{}}`, 1501, []string{"object"}},
	{`FOR x IN people WINDOW {preceding: x.a} AGGREGATE n = COUNT() RETURN n`, ``, 1501, []string{"constant"}},
	{`FOR x IN people WINDOW {before: 1} AGGREGATE n = COUNT() RETURN n`, ``, 1501, []string{"preceding"}},
	{`FOR x IN people WINDOW 5 AGGREGATE n = COUNT() RETURN n`, ``, 1501, []string{"preceding"}},
	{`FOR x IN people INSERT x INTO towns FOR y IN towns RETURN y`, ``, 1579, []string{"'towns'"}},
	{`FOR x IN people REMOVE x IN people INSERT {} INTO people`, ``, 1579, []string{"'people'"}},
	{`INSERT {} INTO people RETURN DOCUMENT("towns/a")`, ``, 1579, []string{"DOCUMENT"}},
	{`INSERT {} INTO towns FOR v IN ANY "people/a" knows RETURN v`, ``, 1579, []string{"traversal"}},
	{`INSERT {} INTO towns RETURN (FOR y IN towns RETURN y)`, ``, 1579, nil},
	{`LET a = 1 FOR x IN people COLLECT t = x.t INSERT {a} INTO towns`, ``, 1512, []string{"'a'", "group"}},
}

func TestFaults(t *testing.T) {
	t.Parallel()
	reader := schema(t)
	for _, c := range faults {
		_, err := checked(t, reader, c.query, c.bind)
		var fault *parse.Error
		if !errors.As(err, &fault) {
			t.Errorf("%s %s: %v", c.query, c.bind, err)
			continue
		}
		if fault.Number != c.number {
			t.Errorf("%s %s: %d instead of %d: %v", c.query, c.bind, fault.Number, c.number, err)
		}
		for _, part := range c.parts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s %s: %q is not in the error:\n%v", c.query, c.bind, part, err)
			}
		}
	}
}

func names(list []*rows.Collection) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Name)
	}
	return strings.Join(out, ",")
}

// What is found out about queries that make sense.
var facts = []struct {
	query, bind, print    string
	reads, writes, params string
	shape                 string
	varying               bool
}{
	{query: `FOR x IN people RETURN x`, reads: "people"},
	{query: `FOR x IN @@c RETURN x.@a`, bind: `{"@c":"people","a":["b","c"]}`, print: "FOR x IN people\nRETURN x.b.c", reads: "people", params: "@c,a", shape: "@c,a"},
	{query: `RETURN @a + @b + @a`, bind: `{"a":1,"b":2}`, params: "a,b"},
	{query: `FOR x IN people OPTIONS {indexHint: @h} RETURN x`, bind: `{"h":"i"}`, reads: "people", params: "h", shape: "h"},
	{query: `FOR v IN ANY "a/b" GRAPH @g RETURN v`, bind: `{"g":"friends"}`, print: "FOR v IN ANY \"a/b\" GRAPH \"friends\"\nRETURN v", reads: "knows,people", params: "g", shape: "g"},
	{query: `WITH towns FOR v IN ANY "a/b" knows RETURN v`, reads: "towns,knows"},
	{query: `FOR x IN people UPDATE x WITH {a: 1} IN people RETURN [OLD, NEW]`, reads: "people", writes: "people"},
	{query: `FOR x IN people INSERT x INTO towns INSERT {b: NEW.b} INTO knows RETURN NEW`, reads: "people", writes: "towns,knows"},
	{query: `RETURN people`, reads: "people"},
	{query: `RETURN LENGTH(people)`, reads: "people"},
	{query: `RETURN {people: people[*].a}`, print: "RETURN {\"people\": people[*].a}", reads: "people"},
	{query: `LET people = [1] FOR x IN people RETURN x`},
	{query: `RETURN RAND()`, varying: true},
	{query: `RETURN CALL("RAND")`, varying: true},
	{query: `RETURN DATE_NOW()`},
	{query: `FOR x IN [1] RETURN x["a"]`, print: "FOR x IN [1]\nRETURN x.a"},
	{query: `FOR x IN [1] RETURN x["1"]`},
	{query: `FOR v IN ANY "a/b" knows PRUNE stop = v.x FILTER stop RETURN v`, reads: "knows", print: "FOR v IN ANY \"a/b\" knows PRUNE v.x\nLET stop = v.x\nFILTER stop\nRETURN v"},
	{query: `LET a = 1 FOR x IN people COLLECT t = x.t RETURN t + a`, reads: "people", print: "LET a = 1\nFOR ROW IN (FOR x IN people COLLECT t = x.t RETURN t + a)\nRETURN ROW"},
	{query: `LET a = 1 FOR x IN people COLLECT t = x.t + a RETURN t`, reads: "people"},
	{query: `FOR x IN people COLLECT t = x.t RETURN (FOR x IN [1] RETURN x)`, reads: "people"},
	{query: `UPSERT {a: 1} INSERT {a: 1} UPDATE {a: OLD.a} IN people RETURN [OLD, NEW]`, writes: "people"},
	{query: `RETURN [1][* FILTER CURRENT > 1 RETURN [CURRENT][* RETURN CURRENT]]`},
}

func TestFacts(t *testing.T) {
	t.Parallel()
	reader := schema(t)
	for _, c := range facts {
		got, err := checked(t, reader, c.query, c.bind)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if print := got.Query.String(); c.print != "" && print != c.print {
			t.Errorf("%s becomes\n%s\nnot\n%s", c.query, print, c.print)
		}
		facts := fmt.Sprintf("reads %s, writes %s, params %s, shape %s, deterministic %v",
			names(got.Reads), names(got.Writes), strings.Join(got.Params, ","), strings.Join(got.Shape, ","), got.Deterministic)
		want := fmt.Sprintf("reads %s, writes %s, params %s, shape %s, deterministic %v", c.reads, c.writes, c.params, c.shape, !c.varying)
		if facts != want {
			t.Errorf("%s:\n got  %s\n want %s", c.query, facts, want)
		}
		wellFormed(t, c.query, got)
	}
}

// wellFormed sees to what a checked tree promises: each reference has a variable, and numbers are their own.
func wellFormed(t *testing.T, query string, c *check.Checked) {
	t.Helper()
	ids := map[int]*ast.Variable{}
	note := func(v *ast.Variable) {
		if v == nil {
			return
		}
		if other, ok := ids[v.ID]; ok && other != v || v.ID >= c.Variables {
			t.Errorf("%s: the number %d of %s is not its own", query, v.ID, v.Name)
		}
		ids[v.ID] = v
	}
	ast.WalkBlock(c.Query.Body, func(o ast.Operation) bool {
		for _, v := range ast.Declares(o) {
			note(v)
		}
		return true
	}, func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ref:
			if e.Var == nil {
				t.Errorf("%s: %s has no variable", query, e.Name)
			}
			note(e.Var)
		case *ast.Expansion:
			note(e.Current)
			note(e.Element)
		case *ast.AttributeParam:
			t.Errorf("%s: @%s is left", query, e.Param)
		}
		return true
	})
	if free := ast.BlockUses(c.Query.Body); len(free) != 0 {
		t.Errorf("%s: uses variables from nowhere: %v", query, free)
	}
}

func TestVisibleAtInto(t *testing.T) {
	t.Parallel()
	got, err := checked(t, schema(t), `LET a = 1 FOR x IN people LET b = 2 COLLECT t = x.t INTO g RETURN g`, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range got.Query.Body.Ops {
		if c, ok := o.(*ast.Collect); ok {
			var visible []string
			for _, v := range c.Visible {
				visible = append(visible, v.Name)
			}
			if strings.Join(visible, ",") != "a,x,b" {
				t.Fatalf("INTO gathers %v", visible)
			}
			return
		}
	}
	t.Fatal("no COLLECT is left")
}

func TestWithoutSchema(t *testing.T) {
	t.Parallel()
	q, err := parse.Query(`FOR x IN anything FILTER x.a == @a FOR y IN @@c RETURN other`, parse.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := check.Query(q, check.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got.Collections, ",") != "anything,other" || strings.Join(got.Params, ",") != "a,@c" {
		t.Fatalf("%v, %v", got.Collections, got.Params)
	}
}

func TestTooManyCollections(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	d := memory.New()
	for i := range 257 {
		d.Create(rows.Collection{Name: fmt.Sprintf("c%d", i)})
		fmt.Fprintf(&text, "FOR x%d IN c%d ", i, i)
	}
	s, err := d.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	_, err = checked(t, s, text.String()+"RETURN 1", "")
	var fault *parse.Error
	if !errors.As(err, &fault) || fault.Number != check.TooManyCollections {
		t.Fatalf("%v", err)
	}
}
