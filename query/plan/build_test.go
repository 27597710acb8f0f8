package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/value"
)

// TestPlain has queries as they are lowered, without any rule.
func TestPlain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, want string }{
		{"RETURN DISTINCT 1", "DISTINCT unique = 1\nRETURN unique"},
		{"FOR x IN c COLLECT g = x.g RETURN g", "FOR x IN c  /* full scan */\n  COLLECT g = x.g  /* method hash */\n  SORT g\n  RETURN g"},
		{"FOR x IN c COLLECT g = x.g SORT null RETURN g", "FOR x IN c  /* full scan */\n  COLLECT g = x.g  /* method hash */\n  SORT null\n  RETURN g"},
		{"RETURN LENGTH(c)", "RETURN COLLECTION_COUNT(\"c\")"},
		{"RETURN [c]", "LET subquery1 = (\n    FOR c IN c  /* full scan */\n      RETURN c\nRETURN [subquery1]"},
		{"FOR x IN [1, 2] WINDOW {preceding: 1} AGGREGATE s = SUM(x) RETURN s",
			"FOR x IN [1, 2]\n  WINDOW {\"preceding\": 1} AGGREGATE s = SUM(x)\n  RETURN s"},
		{"FOR x IN c WINDOW x.t WITH {preceding: 1} AGGREGATE s = SUM(x.v) RETURN s",
			"FOR x IN c  /* full scan */\n  SORT x.t\n  WINDOW x.t WITH {\"preceding\": 1} AGGREGATE s = SUM(x.v)\n  RETURN s"},
		{"FOR v, e IN OUTBOUND SHORTEST_PATH 'c/1' TO 'c/2' GRAPH 'g' RETURN v",
			"FOR v, e IN SHORTEST_PATH \"c/1\" TO \"c/2\" BY GRAPH g (OUTBOUND e)\n  RETURN v"},
		{"FOR p IN 1..3 INBOUND K_PATHS 'c/1' TO 'c/2' e RETURN p",
			"FOR p IN 1..3 K_PATHS \"c/1\" TO \"c/2\" BY INBOUND e\n  RETURN p"},
		{"FOR x IN c REMOVE x IN c", "FOR x IN c  /* full scan */\n  REMOVE x IN c  /* after all rows were read */"},
		{"FOR x IN c INSERT x INTO d RETURN NEW", "FOR x IN c  /* full scan */\n  INSERT x IN d\n  RETURN NEW"},
		{"FOR x IN c LET s = (INSERT x INTO d) RETURN s",
			"FOR x IN c  /* full scan */\n  LET s = (  /* for all rows at once */\n      INSERT x IN d\n  RETURN s"},
	} {
		compare(t, c.query, "without rules", outline(t, c.query, "-all"), c.want)
	}
}

func TestParallel(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"FOR x IN big FILTER x.a == 1 RETURN x":                                         true,
		"FOR x IN big COLLECT g = x.g AGGREGATE s = SUM(x.v) RETURN [g, s]":             true,
		"FOR x IN big SORT x.a LIMIT 3 RETURN x":                                        true,
		"FOR x IN big RETURN x":                                                         false, // in the order of keys
		"FOR x IN big FILTER x.a == 1 LIMIT 3 RETURN x":                                 false,
		"FOR x IN big COLLECT g = x.g INTO list RETURN [g, list]":                       false,
		"FOR x IN big COLLECT g = x.g AGGREGATE s = PUSH(x.v) RETURN [g, s]":            false,
		"FOR x IN small FILTER x.a == 1 RETURN x":                                       false,
		"FOR x IN big FILTER x.a == RAND() RETURN x":                                    false,
		"FOR x IN big FILTER x.a == 1 UPDATE x WITH {b: 1} IN big":                      false,
		"FOR y IN [1, 2] FOR x IN big FILTER x.a == y RETURN x":                         false,
		"FOR x IN big SORT x._key DESC FILTER x.a == 1 RETURN x":                        false,
		"RETURN (FOR x IN big FILTER x.a == 1 RETURN x)":                                false,
		"FOR x IN big LET s = (FOR y IN c RETURN 1) COLLECT WITH COUNT INTO n RETURN n": false,
	} {
		p := build(t, query, func(c *Config) { c.Parallel = true })
		if got := strings.Contains(Outline(p), "in parallel"); got != want {
			t.Errorf("%s: in parallel: %t, want %t\n%s", query, got, want, Outline(p))
		}
		if strings.Contains(Outline(build(t, query, nil)), "in parallel") {
			t.Errorf("%s is read in parallel, which is not allowed", query)
		}
	}
}

func TestFullCount(t *testing.T) {
	t.Parallel()
	p := build(t, "FOR x IN c SORT x.a LIMIT 2 LIMIT 1 RETURN x", func(c *Config) { c.FullCount = true })
	compare(t, "full count", "plan", strings.TrimSpace(Outline(p)), `
		FOR x IN c  /* full scan */
		  SORT x.a  /* only the first 2 */
		  LIMIT 2
		  LIMIT 1  /* counts all */
		  RETURN x`)
	p = build(t, "FOR x IN c LIMIT 1 RETURN x", func(c *Config) { c.FullCount = true })
	compare(t, "full count", "plan", strings.TrimSpace(Outline(p)), "FOR x IN c  /* full scan */\n  LIMIT 1  /* counts all */\n  RETURN x")
}

func TestInline(t *testing.T) {
	t.Parallel()
	p := build(t, "FOR x IN d FILTER x.a == 1 RETURN x.list[* FILTER LENGTH(FOR y IN c FILTER y.a == CURRENT.b && y.b == x.b RETURN y.v) > 0]", nil)
	if len(p.Inline) != 1 {
		t.Fatalf("%d plans of subqueries within expressions, want 1", len(p.Inline))
	}
	for _, sub := range p.Inline {
		compare(t, "inline", "plan", strings.TrimSpace(Outline(sub)), `
			FOR y IN c  /* full scan; reads a, b, v; no document; filter y.a == CURRENT.b && y.b == x.b */
			  RETURN y.v`)
		if sub.Root == nil {
			t.Error("the plan within has no root")
		}
	}
	compare(t, "inline", "outer", strings.Split(Outline(p), "\n")[0], "FOR x IN d  /* index persistent ab: a == 1; reads b, list; no document */")
}

func TestAttributeParameters(t *testing.T) {
	t.Parallel()
	c := testCatalog()
	bind := map[string]value.Value{"at": value.Array(value.String("h"), value.String("x"))}
	q, err := parse.Query("FOR x IN d FILTER x.@at == 1 RETURN x", parse.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	checked, err := check.Query(q, check.Env{Reader: c, Bind: bind})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Build(checked.Query, Config{Reader: c, Bind: bind})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "attribute parameter", "plan", strings.TrimSpace(Outline(p)), "FOR x IN d  /* index hash h: h.x == 1 */\n  RETURN x")
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c := testCatalog()
	in := func(ops ...ast.Operation) *ast.Query { return &ast.Query{Body: &ast.Block{Ops: ops}} }
	for _, x := range []struct {
		query  *ast.Query
		number int
	}{
		{in(&ast.For{Var: &ast.Variable{Name: "x"}, In: &ast.CollectionRef{Collection: ast.Collection{Name: "nowhere"}}}), 1203},
		{in(&ast.Traversal{Vertex: &ast.Variable{Name: "v"}, Start: literal(value.String("c/1")), Set: ast.EdgeSet{Graph: literal(value.String("none"))}}), 1924},
		{in(&ast.Traversal{Vertex: &ast.Variable{Name: "v"}, Start: literal(value.String("c/1")), Set: ast.EdgeSet{Graph: literal(value.Int(1))}}), 1924},
		{&ast.Query{With: []ast.Collection{{Name: "nowhere"}}, Body: &ast.Block{}}, 1203},
	} {
		_, err := Build(x.query, Config{Reader: c})
		e, ok := err.(*Error)
		if !ok || e.Number != x.number {
			t.Errorf("error %v, want number %d", err, x.number)
		}
	}
}

// TestStable sees that the same query has the same plan.
func TestStable(t *testing.T) {
	t.Parallel()
	for _, c := range rulePlans {
		first := Text(build(t, c.query, nil))
		for range 3 {
			if again := Text(build(t, c.query, nil)); again != first {
				t.Errorf("%s: two plans\n%s\n%s", c.query, first, again)
			}
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	got := Text(build(t, "FOR x IN d FILTER x.a == 1 SORT x.c LIMIT 3 RETURN (FOR y IN c FILTER y.v == x.v RETURN y)", nil))
	compare(t, "text", "text", strings.TrimSpace(got), `
		  id  node                      rows   cost  what it does
		   1  SingletonNode              1.0    1.0
		   2  IndexNode                  100    152  FOR x IN d  /* index persistent ab: a == 1; reads c, v; no document */
		   3  SortNode                   3.0    163    SORT x.c  /* only the first 3 */
		   4  LimitNode                  3.0    163    LIMIT 3
		   5  SubqueryNode               3.0  12173    LET subquery1 = (
		   6  SingletonNode              1.0    1.0
		   7  HashJoinNode                16  12004        JOIN x.v == y.v  /* by hash */ WITH (
		   8  SingletonNode              1.0    1.0
		   9  EnumerateCollectionNode  10000  10002            FOR y IN c  /* full scan */
		  10  ReturnNode                  16  12004          RETURN y
		  11  ReturnNode                 3.0  12173    RETURN subquery1

		rules: use-indexes, hash-join, sort-limit, reduce-projections`)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range rulePlans {
		v := JSON(build(t, c.query, nil))
		nodes, _ := v.Get("nodes")
		if nodes.Len() == 0 {
			t.Errorf("%s: no nodes", c.query)
		}
		last := value.Null()
		for i, n := range nodes.Items() {
			for _, name := range []string{"type", "id", "dependencies", "estimatedCost", "estimatedNrItems"} {
				if _, ok := n.Get(name); !ok {
					t.Errorf("%s: node %d lacks %s", c.query, i, name)
				}
			}
			below, _ := n.Get("dependencies")
			if i > 0 && (below.Len() != 1 || !value.Equal(below.Items()[0], last)) {
				t.Errorf("%s: node %d draws from %s, want %s", c.query, i, below, last)
			}
			last, _ = n.Get("id")
		}
	}
	v := JSON(build(t, "FOR x IN d FILTER x.a == @x UPDATE x WITH {b: 1} IN d", nil))
	for path, want := range map[string]string{
		"isModificationQuery": "true",
		"collections":         `[{"name":"d","type":"write"}]`,
		"rules":               `["use-indexes"]`,
	} {
		got, _ := v.Get(path)
		if got.String() != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	nodes, _ := v.Get("nodes")
	indexes, _ := nodes.Items()[1].Get("indexes")
	if want := `[{"fields":["a","b"],"id":"ab","name":"ab","sparse":false,"type":"persistent","unique":false}]`; indexes.String() != want {
		t.Errorf("indexes are %s, want %s", indexes, want)
	}
}

// TestGrowth sees that calculations which double each time do not grow beyond all bounds.
func TestGrowth(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("FOR x IN d LET v0 = x.a + 1 ")
	for i := range 60 {
		fmt.Fprintf(&text, "LET v%d = v%d + v%d ", i+1, i, i)
	}
	text.WriteString("FILTER v60 > 1 SORT v59 LIMIT 3 RETURN v60")
	build(t, text.String(), nil)
}

func TestInlineRunsNoMore(t *testing.T) {
	t.Parallel()
	query := "LET s = (FOR y IN d FILTER y.zz == 1 RETURN y) FOR x IN c FOR z IN s RETURN [x.a, z.b]"
	compare(t, query, "plan", outline(t, query), `
		LET s = (
		    FOR y IN d  /* full scan; reads zz; filter y.zz == 1 */
		      RETURN y
		FOR x IN c  /* full scan; reads a; no document */
		  FOR z IN s
		    RETURN [x.a, z.b]`)
}

// The orders of a few loops are compared; those of very many are left as they are written, since each costs more to try.
func TestOrdersOfManyLoops(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{1: true, 12: true, 300: false} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "FOR x%d IN big ", i)
		}
		text.WriteString("FOR y IN d FILTER y.u == 1 FILTER x0.a == y.a RETURN x0")
		if got := slices.Contains(build(t, text.String(), nil).Rules, "interchange-adjacent-enumerations"); got != want {
			t.Errorf("%d loops and one that should be the first: interchanged %t, want %t", n, got, want)
		}
	}
}

// Options that are not known, or cannot have their value, are told and passed over.
func TestOptions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`FOR x IN d OPTIONS {indexHnt: "a"} RETURN x`:                                                                   "unknown option 'indexHnt'; there are indexHint, forceIndexHint, disableIndex, at line 1, column 21",
		`FOR x IN d OPTIONS {indexHint: 5} RETURN x`:                                                                    "option indexHint cannot be 5; want a name, or an array of them",
		`FOR x IN d COLLECT a = x.a OPTIONS {method: "hsh"} RETURN a`:                                                   `option method cannot be "hsh"; want sorted, hash`,
		`INSERT {} INTO d OPTIONS {overwriteMode: "upsert"}`:                                                            `option overwriteMode cannot be "upsert"; want replace, update, ignore, conflict`,
		`UPSERT {a: 1} INSERT {} UPDATE {} IN d OPTIONS {keepnull: false}`:                                              "unknown option 'keepnull'; there are ignoreErrors",
		`FOR v IN 1..2 ANY "c/a" e OPTIONS {order: "bsf"} RETURN v`:                                                     `option order cannot be "bsf"; want dfs, bfs, weighted`,
		`FOR v IN 1..2 ANY "c/a" e OPTIONS {uniqueEdges: true} RETURN v`:                                                "option uniqueEdges cannot be true",
		`FOR v IN ANY SHORTEST_PATH "c/a" TO "c/b" e OPTIONS {weightAttribute: "w", defaultWeight: "1"} RETURN v`:       `option defaultWeight cannot be "1"; want a number`,
		`FOR v IN 1..2 ANY "c/a" e OPTIONS {bfs: 1, uniqueVertices: "global", parallelism: 4} RETURN v`:                 "",
		`FOR x IN d OPTIONS {indexHint: ["a", "b"], forceIndexHint: null} RETURN (FOR y IN d OPTIONS {no: 1} RETURN y)`: "unknown option 'no'",
		`INSERT {} INTO d OPTIONS {exclusive: true, waitForSync: true, overwriteMode: null}`:                            "",
		`FOR x IN d COLLECT a = x.a OPTIONS {method: "` + strings.Repeat("x", 1000) + `"} RETURN a`:                     "xxx...; want",
	} {
		got := build(t, text, nil).Warnings
		if want == "" && len(got) == 0 {
			continue
		}
		if want == "" || len(got) != 1 || got[0].Number != 1575 || len(got[0].Text) > 200 || !strings.Contains(got[0].Text, want) {
			t.Errorf("%s warns %v, want %q", text, got, want)
		}
	}
}
