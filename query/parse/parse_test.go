package parse_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/parse"
)

// Each query, and how it is printed.
var roundTrips = []struct{ text, print string }{
	{"return 1", "RETURN 1"},
	{"RETURN 1+2*3", "RETURN 1 + 2 * 3"},
	{"RETURN (1+2)*3", "RETURN (1 + 2) * 3"},
	{"RETURN 1-2-3", "RETURN 1 - 2 - 3"},
	{"RETURN 1-(2-3)", "RETURN 1 - (2 - 3)"},
	{"RETURN !a == b", "RETURN !a == b"},
	{"RETURN NOT (a == b)", "RETURN !(a == b)"},
	{"RETURN a OR b AND c", "RETURN a || b && c"},
	{"RETURN (a OR b) AND c", "RETURN (a || b) && c"},
	{"RETURN a == b IN c < d .. e + f", "RETURN a == b IN c < d..e + f"},
	{"RETURN a == b < c", "RETURN a == b < c"},
	{"RETURN (a == b) < c", "RETURN (a == b) < c"},
	{"RETURN a < b == c", "RETURN a < b == c"},
	{"RETURN a ? b : c ? d : e", "RETURN a ? b : c ? d : e"},
	{"RETURN (a ? b : c) ? d : e", "RETURN (a ? b : c) ? d : e"},
	{"RETURN a ?: b", "RETURN a ?: b"},
	{"RETURN a not in b", "RETURN a NOT IN b"},
	{"RETURN a not like b", "RETURN a NOT LIKE b"},
	{"RETURN like(a, b, true)", "RETURN LIKE(a, b, true)"},
	{"RETURN a =~ 'x' && b !~ \"y\"", `RETURN a =~ "x" && b !~ "y"`},
	{"RETURN a all == b", "RETURN a ALL == b"},
	{"RETURN x && a any not in b", "RETURN x && a ANY NOT IN b"},
	{"RETURN a at least (2) >= 5", "RETURN a AT LEAST (2) >= 5"},
	{"RETURN a none in b || c", "RETURN a NONE IN b || c"},
	{"RETURN 1..3", "RETURN 1..3"},
	{"RETURN -1..-3", "RETURN -1..-3"},
	{"RETURN - -x", "RETURN --x"},
	{"RETURN .5", "RETURN 0.5"},
	{"RETURN 1e3", "RETURN 1e3"},
	{"RETURN 0xFf + 0b101", "RETURN 255 + 5"},
	{"RETURN 'it\\'s' + \"a\\u00e9\\n\"", "RETURN \"it's\" + \"aé\\n\""},
	{"RETURN '\\ud83d\\ude00'", "RETURN \"\U0001F600\""},
	{"RETURN `a b`.`return`", "RETURN `a b`.`return`"},
	{"RETURN ´a b´.x", "RETURN `a b`.x"},
	{"RETURN a.return.for", "RETURN a.`return`.`for`"},
	{"RETURN a['b'][-1].@c", "RETURN a[\"b\"][-1].@c"},
	{"RETURN {a, b: 1, 'c d': 2, @e: 3, [f + 1]: 4,}", `RETURN {"a": a, "b": 1, "c d": 2, @e: 3, [f + 1]: 4}`},
	{"RETURN {return: 1}", `RETURN {"return": 1}`},
	{"RETURN [1, 2, ]", "RETURN [1, 2]"},
	{"RETURN []", "RETURN []"},
	{"RETURN {}", "RETURN {}"},
	{"RETURN a[*].b.c[0]", "RETURN a[*].b.c[0]"},
	{"RETURN (a[*].b)[0]", "RETURN (a[*].b)[0]"},
	{"RETURN a[**]", "RETURN a[**]"},
	{"RETURN a[* filter CURRENT.x > 1 limit 1, 2 return CURRENT.y].z", "RETURN a[* FILTER CURRENT.x > 1 LIMIT 1, 2 RETURN CURRENT.y].z"},
	{"RETURN a[*].b[*].c", "RETURN a[*].b[*].c"},
	{"RETURN (null).a", "RETURN (null).a"},
	{"RETURN NS::Fn(1)", "RETURN NS::FN(1)"},
	{"RETURN LENGTH(FOR x IN y RETURN x)", "RETURN LENGTH((FOR x IN y RETURN x))"},
	{"RETURN (FOR x IN y RETURN x)[0]", "RETURN (FOR x IN y RETURN x)[0]"},
	{"RETURN @p + @@c", "RETURN @p + @@c"},
	{"FOR x IN y // comment\n /* another */ RETURN x", "FOR x IN y\nRETURN x"},
	{"FOR x IN y FILTER x.a SORT x.b, x.c DESC, x.d ASC LIMIT 1, 2 RETURN DISTINCT x", "FOR x IN y\nFILTER x.a\nSORT x.b, x.c DESC, x.d\nLIMIT 1, 2\nRETURN DISTINCT x"},
	{"FOR x IN @@y OPTIONS {indexHint: 'a'} RETURN x", "FOR x IN @@y OPTIONS {\"indexHint\": \"a\"}\nRETURN x"},
	{"FOR x IN v SEARCH x.a == 1 RETURN x", "FOR x IN v SEARCH x.a == 1\nRETURN x"},
	{"LET a = 1, b = 2 RETURN a", "LET a = 1\nLET b = 2\nRETURN a"},
	{"FOR x IN y COLLECT WITH COUNT INTO n RETURN n", "FOR x IN y\nCOLLECT WITH COUNT INTO n\nRETURN n"},
	{"FOR x IN y COLLECT a = x.a, b = x.b WITH COUNT INTO n RETURN n", "FOR x IN y\nCOLLECT a = x.a, b = x.b WITH COUNT INTO n\nRETURN n"},
	{"FOR x IN y COLLECT a = x.a INTO g = x.b RETURN g", "FOR x IN y\nCOLLECT a = x.a INTO g = x.b\nRETURN g"},
	{"FOR x IN y COLLECT a = x.a INTO g KEEP x, y OPTIONS {method: 'sorted'} RETURN g", "FOR x IN y\nCOLLECT a = x.a INTO g KEEP x, y OPTIONS {\"method\": \"sorted\"}\nRETURN g"},
	{"FOR x IN y COLLECT a = x.a AGGREGATE m = max(x.b), n = count() INTO g RETURN g", "FOR x IN y\nCOLLECT a = x.a AGGREGATE m = MAX(x.b), n = COUNT() INTO g\nRETURN g"},
	{"FOR x IN y COLLECT aggregate m = max(x.b) RETURN m", "FOR x IN y\nCOLLECT AGGREGATE m = MAX(x.b)\nRETURN m"},
	{"FOR x IN y COLLECT aggregate p = percentile(x.b, 50), q = MAX([1, 2]) RETURN p", "FOR x IN y\nCOLLECT AGGREGATE p = PERCENTILE(x.b, 50), q = MAX([1, 2])\nRETURN p"},
	{"FOR x IN y COLLECT aggregate = x.b RETURN aggregate", "FOR x IN y\nCOLLECT aggregate = x.b\nRETURN aggregate"},
	{"FOR x IN y WINDOW {preceding: 1, following: 'unbounded'} AGGREGATE s = SUM(x.a) RETURN s", "FOR x IN y\nWINDOW {\"preceding\": 1, \"following\": \"unbounded\"} AGGREGATE s = SUM(x.a)\nRETURN s"},
	{"FOR x IN y WINDOW x.t WITH {preceding: 'PT1H'} AGGREGATE s = SUM(x.a) RETURN s", "FOR x IN y\nWINDOW x.t WITH {\"preceding\": \"PT1H\"} AGGREGATE s = SUM(x.a)\nRETURN s"},
	{"INSERT {a: 1} INTO c", "INSERT {\"a\": 1} IN c"},
	{"INSERT {a: 1} IN @@c OPTIONS {overwrite: true} RETURN NEW", "INSERT {\"a\": 1} IN @@c OPTIONS {\"overwrite\": true}\nRETURN NEW"},
	{"UPDATE 'k' WITH {a: 1} IN c RETURN OLD", "UPDATE \"k\" WITH {\"a\": 1} IN c\nRETURN OLD"},
	{"UPDATE (a IN b) IN c", "UPDATE (a IN b) IN c"},
	{"REPLACE x IN c", "REPLACE x IN c"},
	{"REMOVE x._key IN c", "REMOVE x._key IN c"},
	{"UPSERT {a: 1} INSERT {a: 1, n: 1} UPDATE {n: OLD.n + 1} IN c", `UPSERT {"a": 1} INSERT {"a": 1, "n": 1} UPDATE {"n": OLD.n + 1} IN c`},
	{"UPSERT {a: 1} INSERT {} REPLACE {} IN c RETURN NEW", `UPSERT {"a": 1} INSERT {} REPLACE {} IN c` + "\nRETURN NEW"},
	{"FOR x IN c REMOVE x IN c LET o = OLD INSERT o INTO d RETURN NEW", "FOR x IN c\nREMOVE x IN c\nLET o = OLD\nINSERT o IN d\nRETURN NEW"},
	{"WITH a, b FOR v IN OUTBOUND 'a/1' e RETURN v", "WITH a, b\nFOR v IN OUTBOUND \"a/1\" e\nRETURN v"},
	{"FOR v, e, p IN 1..3 ANY @s GRAPH 'g' PRUNE v.x OPTIONS {bfs: true} RETURN p", "FOR v, e, p IN 1..3 ANY @s GRAPH \"g\" PRUNE v.x OPTIONS {\"bfs\": true}\nRETURN p"},
	{"FOR v IN 2 INBOUND x.y e, OUTBOUND f, any @@g PRUNE c = v.x RETURN v", "FOR v IN 2 INBOUND x.y e, OUTBOUND f, ANY @@g PRUNE c = v.x\nRETURN v"},
	{"FOR v, e IN OUTBOUND SHORTEST_PATH 'a' TO 'b' GRAPH g RETURN v", "FOR v, e IN OUTBOUND SHORTEST_PATH \"a\" TO \"b\" GRAPH \"g\"\nRETURN v"},
	{"FOR p IN ANY k_shortest_paths a TO b e RETURN p", "FOR p IN ANY K_SHORTEST_PATHS a TO b e\nRETURN p"},
	{"FOR p IN 2..@m ANY K_PATHS a TO b e RETURN p", "FOR p IN 2..@m ANY K_PATHS a TO b e\nRETURN p"},
	{"FOR p IN ANY ALL_SHORTEST_PATHS a TO b GRAPH @g RETURN p", "FOR p IN ANY ALL_SHORTEST_PATHS a TO b GRAPH @g\nRETURN p"},
	{"FOR keep IN count LET options = keep.to RETURN {window: options}", "FOR keep IN count\nLET options = keep.to\nRETURN {\"window\": options}"},
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range roundTrips {
		q, err := parse.Query(c.text, parse.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if q.String() != c.print {
			t.Errorf("%s\n got  %s\n want %s", c.text, q, c.print)
		}
		again, err := parse.Query(c.print, parse.Limits{})
		if err != nil || again.String() != c.print {
			t.Errorf("%s: the print does not read back as itself: %v, %v", c.print, again, err)
		}
	}
}

// What each faulty text is told: every part must be in the error.
var faults = []struct {
	text   string
	number int
	parts  []string
}{
	{"", parse.Empty, []string{"query is empty"}},
	{" /* nothing */ ", parse.Empty, []string{"query is empty"}},
	{"FOR x IN c FLTER x.a RETURN x", 1501, []string{"line 1, column 12", "'FLTER'", "did you mean FILTER?", "\n  FOR x IN c FLTER x.a RETURN x\n             ^"}},
	{"FOR x IN c\n  RETRUN x", 1501, []string{"line 2, column 3", "did you mean RETURN?", "\n    RETRUN x\n    ^"}},
	{"SELECT * FROM c", 1501, []string{"FOR x IN collection"}},
	{"FOR x IN c WHERE x.a RETURN x", 1501, []string{"write FILTER"}},
	{"FOR x IN c FILTER x.a = 1 RETURN x", 1501, []string{"unexpected '='", "write == to compare"}},
	{"FOR x IN c FILTER x.a <> 1 RETURN x", 1501, []string{"'<>'", "!="}},
	{"FOR x IN c FILTER x.a => 1 RETURN x", 1501, []string{"write >="}},
	{"FOR x IN c FILTER x.a =< 1 RETURN x", 1501, []string{"write <="}},
	{"FOR x IN c SORT BY x.a RETURN x", 1501, []string{"'BY'", "leave BY out"}},
	{"FOR x IN c SORT x.a DSC RETURN x", 1501, []string{"did you mean DESC?"}},
	{"FOR x IN c LIMIT 5 10 RETURN x", 1501, []string{"',' between offset and count"}},
	{"FOR x IN c FILTER x.a ALL RETURN x", 1501, []string{"expected a comparison"}},
	{"RETURN f(1,)", 1501, []string{"expected an expression"}},
	{"FOR v IN 1..2 OUTBOND 'a/b' e RETURN v", 1501, []string{"did you mean OUTBOUND?"}},
	{"FOR x IN c COLLECT a = x.a WITH COUTN INTO n RETURN a", 1501, []string{"did you mean COUNT?"}},
	{"REMOVE x FROM c", 1501, []string{"expected INTO or IN"}},
	{"FOR x IN c RETURN x LIMIT 1", 1501, []string{"put LIMIT before it"}},
	{"FOR x IN c SORT x.a ASCENDING RETURN x", 1501, []string{"write ASC"}},
	{"FOR x IN c RETURN COUNT(*)", 1501, []string{"COUNT() counts the rows"}},
	{"UPDATE 'a' SET {b: 1} IN c", 1501, []string{"UPDATE key WITH"}},
	{"INSERT INTO c {a: 1}", 1501, []string{"INSERT {...} INTO"}},
	{"db.c.find()", 1501, []string{"FOR x IN collection"}},
	{"RETURN 1;", 1501, []string{"semicolon"}},
	{"FOR x IN c", 1501, []string{"end of query", "expected RETURN"}},
	{"RETURN", 1501, []string{"expected an expression"}},
	{"RETURN 1 2", 1501, []string{"number 2", "end of query"}},
	{"RETURN (1", 1501, []string{"expected ')'"}},
	{"RETURN [1 2]", 1501, []string{"',' or ']'"}},
	{"RETURN {a: 1 b: 2}", 1501, []string{"',' or '}'"}},
	{"RETURN 'abc", 1501, []string{"string without end", "column 8"}},
	{"RETURN `abc", 1501, []string{"name without end"}},
	{"RETURN /* abc", 1501, []string{"comment without end"}},
	{"RETURN '\\u12'", 1501, []string{"escape", "column 9"}},
	{"RETURN '\\ud800'", 1501, []string{"escape"}},
	{"RETURN 01", 1501, []string{"leading zero"}},
	{"RETURN 1a", 1501, []string{"runs into a name"}},
	{"RETURN 1e999", parse.NumberRange, []string{"out of range"}},
	{"RETURN 0xfffffffffffffffff", parse.NumberRange, []string{"64 bits"}},
	{"RETURN 0b12", 1501, []string{"binary"}},
	{"RETURN @", 1501, []string{"@name"}},
	{"RETURN a ? b", 1501, []string{"expected ':'"}},
	{"FOR for IN c RETURN 1", 1501, []string{"word of the language", "name of a variable"}},
	{"FOR x IN c INSERT x INTO 'c'", 1501, []string{"without quotation marks"}},
	{"INSERT 1 INTO @c", 1501, []string{"write @@c"}},
	{"FOR a, b IN c RETURN a", 1501, []string{"2 variables"}},
	{"FOR a IN 1..2 ANY SHORTEST_PATH x TO y e RETURN a", 1501, []string{"with depths"}},
	{"FOR x IN c COLLECT a = x.a INTO g = x KEEP x RETURN g", 1501, []string{"KEEP"}},
	{"FOR x IN c COLLECT AGGREGATE a = x.a RETURN a", parse.WrongAggregate, []string{"aggregate 'a'"}},
	{"FOR x IN c COLLECT AGGREGATE a = MAX(1) WITH COUNT INTO n RETURN a", 1501, []string{"COUNT()"}},
	{"FOR x IN c PRUNE x RETURN x", 1501, []string{"PRUNE without a traversal"}},
	{"LET x = 1 OPTIONS {} RETURN x", 1501, []string{"OPTIONS where none are"}},
	{"RETURN ä", 1501, []string{"'ä'", "backticks"}},
	{"RETURN “a”", 1501, []string{"strings between"}},
	{"RETURN \xff", 1501, []string{"0xff", "UTF-8"}},
	{"RETURN '\xff'", 1501, []string{"UTF-8"}},
	{"RETURN " + strings.Repeat("(", 600) + "1" + strings.Repeat(")", 600), parse.Nesting, []string{"nesting deeper than 500"}},
	{"RETURN " + strings.Repeat("!", 100000) + "1", parse.Nesting, []string{"nesting"}},
	{"RETURN " + strings.Repeat("[", 100000), parse.Nesting, []string{"nesting"}},
	{"RETURN " + strings.Repeat("a[", 100000), parse.Nesting, []string{"nesting"}},
	{"RETURN " + strings.Repeat("a?1:", 100000), parse.Nesting, []string{"nesting"}},
	{"RETURN " + strings.Repeat("f(", 100000), parse.Nesting, []string{"nesting"}},
	{"RETURN " + strings.Repeat("(RETURN ", 60000), parse.Nesting, []string{"nesting"}},
	{"RETURN a" + strings.Repeat("[*]", 100000), parse.Nesting, []string{"nesting"}},
	{"RETURN 1" + strings.Repeat("+1", 100000), parse.Nesting, []string{"chain"}},
	{"RETURN a" + strings.Repeat(".b", 100000), parse.Nesting, []string{"chain"}},
	{strings.Repeat("x", 2<<20), 1501, []string{"longer than", "parameters"}},
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range faults {
		_, err := parse.Query(c.text, parse.Limits{})
		short := c.text[:min(len(c.text), 80)]
		var fault *parse.Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: no error of a query but %v", short, err)
			continue
		}
		if fault.Number != c.number {
			t.Errorf("%s: number %d instead of %d", short, fault.Number, c.number)
		}
		for _, part := range c.parts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not in the error:\n%v", short, part, err)
			}
		}
	}
}

func TestNestingWithinLimits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"RETURN " + strings.Repeat("(", 499) + "1" + strings.Repeat(")", 499),
		"RETURN " + strings.Repeat("[", 499) + strings.Repeat("]", 499),
		"RETURN 1" + strings.Repeat(" OR 1", 3000),
	} {
		if _, err := parse.Query(text, parse.Limits{}); err != nil {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func TestExpression(t *testing.T) {
	t.Parallel()
	e, err := parse.Expression("a.b + 1", parse.Limits{})
	if err != nil || ast.String(e) != "a.b + 1" {
		t.Fatalf("%v, %v", e, err)
	}
	if _, err := parse.Expression("a b", parse.Limits{}); err == nil {
		t.Fatal("two expressions are taken for one")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ word, want string }{
		{"fitler", "FILTER"}, {"FLTER", "FILTER"}, {"x", ""}, {"zzzzzz", ""}, {"srot", "SORT"},
	} {
		if got := parse.Nearest(c.word, []string{"FILTER", "SORT"}); got != c.want {
			t.Errorf("nearest to %s is %q instead of %q", c.word, got, c.want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, c := range roundTrips {
		f.Add(c.text)
	}
	for _, c := range faults {
		if len(c.text) < 200 {
			f.Add(c.text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parse.Query(text, parse.Limits{Bytes: 1 << 12})
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error says nothing")
			}
			return
		}
		print := q.String()
		again, err := parse.Query(print, parse.Limits{})
		if err != nil {
			t.Fatalf("the print of %q does not read back: %q: %v", text, print, err)
		}
		if again.String() != print {
			t.Fatalf("the print of %q changes:\n%s\n%s", text, print, again)
		}
	})
}
