package ast_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// resolved parses and checks a query.
func resolved(t *testing.T, text string) *ast.Query {
	t.Helper()
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	d := memory.New()
	d.Create(rows.Collection{Name: "c"})
	d.Create(rows.Collection{Name: "e", Type: rows.Edges})
	s, err := d.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out, err := check.Query(q, check.Env{Reader: s})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out.Query
}

func names(s ast.Set) string {
	var list []string
	for v := range s {
		list = append(list, v.Name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// What the last operation of each query uses from before it.
func TestUses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, want string }{
		{`FOR x IN c LET y = 1 RETURN x.a + y`, "x y"},
		{`FOR x IN c RETURN x.a + x.b`, "x"},
		{`FOR x IN c RETURN 1`, ""},
		{`FOR x IN c RETURN (FOR y IN c FILTER y.a == x.a RETURN y)`, "x"},
		{`FOR x IN c RETURN x.l[* FILTER CURRENT > 1 RETURN CURRENT].a[0]`, "x"},
		{`FOR x IN c RETURN x.l[*].m[* RETURN [CURRENT, x.b]]`, "x"},
		{`FOR x IN c LET z = 2 RETURN (FOR y IN c COLLECT k = y.a INTO g RETURN [k, g, z])`, "z"},
		{`FOR x IN c RETURN (FOR v, e, p IN ANY x e PRUNE v.a == x.a RETURN p)`, "x"},
		{`FOR x IN c RETURN (UPSERT {a: 1} INSERT {} UPDATE {b: OLD.b + x.b} IN c RETURN NEW)`, "x"},
	} {
		q := resolved(t, c.query)
		last := q.Body.Ops[len(q.Body.Ops)-1]
		if got := names(ast.OperationUses(last)); got != c.want {
			t.Errorf("%s uses %q instead of %q", c.query, got, c.want)
		}
	}
}

func TestOperationUsesNothingOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, want string }{
		{`LET s = "c/1" FOR v, e, p IN ANY s e PRUNE v.a == 1 RETURN 1`, "s"},
		{`LET s = 1 UPSERT {a: s} INSERT {} UPDATE {b: OLD.b} IN c`, "s"},
		{`LET s = 1 FOR x IN c LET y = x.a COLLECT k = y INTO g RETURN k`, "s x y"},
	} {
		q := resolved(t, c.query)
		for _, o := range q.Body.Ops {
			switch o.(type) {
			case *ast.Traversal, *ast.Upsert, *ast.Collect:
				if got := names(ast.OperationUses(o)); got != c.want {
					t.Errorf("%s uses %q instead of %q", ast.StringOf(o), got, c.want)
				}
			}
		}
	}
}

func TestDeclares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, want string }{
		{`FOR x IN c RETURN x`, "x"}, {`LET y = 1 RETURN y`, "y"}, {`FOR v, e, p IN ANY "c/1" e RETURN v`, "v e p"},
		{`FOR v, e IN ANY SHORTEST_PATH "c/1" TO "c/2" e RETURN v`, "v e"}, {`FOR p IN ANY K_PATHS "c/1" TO "c/2" e RETURN p`, "p"},
		{`INSERT {} INTO c RETURN [OLD, NEW]`, "OLD NEW"}, {`INSERT {} INTO c RETURN 1`, ""},
	} {
		q := resolved(t, c.query)
		var got []string
		for _, v := range ast.Declares(q.Body.Ops[0]) {
			got = append(got, v.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s declares %v", c.query, got)
		}
	}
}

// Every kind of expression and operation.
const everything = `WITH c FOR x IN c OPTIONS {indexHint: "a"}
	LET a = [x.a, x["1"], x[x.b], -x.c, !x.d, x.e + 1, x.f ? 1 : 2, x.g ?: 3, 1..x.h, {i: x.i, [x.j]: x.k}, ABS(x.l)]
	LET b = x.m[** FILTER CURRENT.n > x.o LIMIT x.p, x.q RETURN CURRENT.r].s[x.t]
	LET d = x.u ALL IN x.v || x.w AT LEAST (x.x) > x.y
	FILTER LENGTH((FOR y IN c FILTER y.a == x.z RETURN y)) > 0
	SORT x.a, x.b DESC LIMIT 1, 2
	FOR v, e, p IN 1..2 OUTBOUND x.a e PRUNE v.b OPTIONS {bfs: true}
	FOR s IN OUTBOUND SHORTEST_PATH x.a TO x.b e OPTIONS {weightAttribute: "w"}
	WINDOW x.t WITH {preceding: 1} AGGREGATE w = SUM(x.a)
	COLLECT g = x.a AGGREGATE m = MAX(x.b), q = PERCENTILE(x.c, 50) INTO i = x.d OPTIONS {method: "hash"}
	RETURN DISTINCT [g, m, q, i]`

func TestRewriteOfNothingIsTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range []string{everything, `FOR x IN c UPSERT {a: x.a} INSERT {b: x.b} UPDATE {c: OLD.c} IN c OPTIONS {keepNull: false} RETURN NEW`,
		`FOR x IN c UPDATE x.k WITH {a: x.a} IN c OPTIONS {keepNull: false}`, `FOR x IN c COLLECT a = x.a INTO g KEEP x RETURN g`} {
		q := resolved(t, strings.Replace(text, "FOR x IN c UPSERT", "FOR x IN [1] UPSERT", 1))
		if same := ast.RewriteBlock(q.Body, func(e ast.Expr) ast.Expr { return e }); same != q.Body {
			t.Errorf("%s is built anew for no reason", text)
		}
	}
}

func TestRewriteReachesEverything(t *testing.T) {
	t.Parallel()
	q := resolved(t, everything)
	before := q.String()
	count := func(b *ast.Block) (refs, literals int) {
		ast.WalkBlock(b, nil, func(e ast.Expr) bool {
			switch e.(type) {
			case *ast.Ref:
				refs++
			case *ast.Literal:
				literals++
			}
			return true
		})
		return refs, literals
	}
	refs, literals := count(q.Body)
	made := ast.RewriteBlock(q.Body, func(e ast.Expr) ast.Expr {
		if _, ok := e.(*ast.Attribute); ok {
			return &ast.Literal{Value: value.Int(7)}
		}
		return e
	})
	if q.String() != before {
		t.Error("the original was changed")
	}
	left, now := count(made)
	text := (&ast.Query{Body: made}).String()
	if strings.Contains(text, "x.") || left >= refs || now <= literals {
		t.Errorf("%d references of %d, %d literals after %d, in\n%s", left, refs, now, literals, text)
	}
}

func TestSubstitute(t *testing.T) {
	t.Parallel()
	q := resolved(t, `FOR x IN c LET y = 2 RETURN x.a + y * x[y] + LENGTH((FOR z IN [y] RETURN z))`)
	y := q.Body.Ops[1].(*ast.Let).Var
	e := q.Body.Ops[2].(*ast.Return).Expr
	made := ast.Substitute(e, map[*ast.Variable]ast.Expr{y: &ast.Literal{Value: value.Int(5)}})
	if got := ast.String(made); got != "x.a + 5 * x[5] + LENGTH((FOR z IN [5] RETURN z))" {
		t.Error(got)
	}
	if ast.CountUses(e, y) != 3 || ast.CountUses(made, y) != 0 {
		t.Errorf("%d uses before and %d after", ast.CountUses(e, y), ast.CountUses(made, y))
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	q := resolved(t, `FOR x IN c LET r = (FOR y IN c RETURN y.a) LET s = (FOR y IN c RETURN y.a) RETURN [x.a, x["a"], x.b]`)
	items := q.Body.Ops[3].(*ast.Return).Expr.(*ast.Array).Items
	if !ast.Same(items[0], items[1]) || ast.Same(items[0], items[2]) || ast.Same(items[0], nil) || !ast.Same(nil, nil) {
		t.Error("attributes of one variable are compared wrongly")
	}
	one := q.Body.Ops[1].(*ast.Let).Expr.(*ast.Subquery).Body.Ops[1].(*ast.Return).Expr
	two := q.Body.Ops[2].(*ast.Let).Expr.(*ast.Subquery).Body.Ops[1].(*ast.Return).Expr
	if ast.String(one) != ast.String(two) || ast.Same(one, two) {
		t.Error("variables of one name are taken for the same")
	}
}

func TestQuoteName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a": "a", "_key": "_key", "$x": "$x", "a1": "a1", "1a": "`1a`", "": "``", "a b": "`a b`", "for": "`for`", "For": "`For`",
		"a`b\\": "`a\\`b\\\\`", "ä": "`ä`", "window": "window", "k_paths": "`k_paths`",
	} {
		if got := ast.QuoteName(name); got != want {
			t.Errorf("%q is written %s instead of %s", name, got, want)
		}
	}
}
