package querytest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

func list(t *testing.T, text string) []value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v.Items()
}

func TestDifference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q    querytest.Generated
		a, b string
		same bool
	}{
		{querytest.Generated{}, `[1,2]`, `[2,1]`, true},
		{querytest.Generated{}, `[1,1,2]`, `[1,2,2]`, false},
		{querytest.Generated{}, `[1]`, `[1,1]`, false},
		{querytest.Generated{}, `[1.0]`, `[1]`, true},
		{querytest.Generated{}, `[0.1]`, `[0.10000000000001]`, true},
		{querytest.Generated{}, `[0.1]`, `[0.1001]`, false},
		{querytest.Generated{}, `["1"]`, `[1]`, false},
		{querytest.Generated{}, `[[1,2]]`, `[[2,1]]`, false},
		{querytest.Generated{Loose: true}, `[[1,2]]`, `[[2,1]]`, true},
		{querytest.Generated{Loose: true}, `[{"a":[[2],[1]]}]`, `[{"a":[[1],[2]]}]`, true},
		{querytest.Generated{Ordered: true}, `[1,2]`, `[2,1]`, false},
		{querytest.Generated{CountOnly: true}, `[1,2]`, `[3,4]`, true},
		{querytest.Generated{CountOnly: true}, `[1,2]`, `[3]`, false},
	} {
		what := querytest.Difference(c.q, list(t, c.a), list(t, c.b))
		if (what == "") != c.same {
			t.Errorf("%s and %s: %q", c.a, c.b, what)
		}
	}
}

// What follows from a seed is the same again.
func TestGenerateIsRepeated(t *testing.T) {
	t.Parallel()
	make := func() string {
		d, err := querytest.NewDataset(7)
		if err != nil {
			t.Fatal(err)
		}
		cover := querytest.NewCoverage()
		var b strings.Builder
		for seed := range uint64(100) {
			b.WriteString(querytest.Generate(seed, d, cover).Text + "\n")
		}
		out := querytest.Naive(context.Background(), d.Data, "FOR x IN items RETURN x", nil)
		return b.String() + value.Array(out.Rows...).String()
	}
	if make() != make() {
		t.Error("the same seed makes other queries or data")
	}
}

// Every query that is made can be read and makes sense.
func TestGeneratedMakesSense(t *testing.T) {
	t.Parallel()
	d, err := querytest.NewDataset(3)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Data.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	cover := querytest.NewCoverage()
	for seed := range uint64(3000) {
		q := querytest.Generate(seed, d, cover)
		if _, err := querytest.Check(s, q.Text, q.Bind); err != nil {
			t.Errorf("query %d: %s: %v", seed, q.Text, err)
		}
	}
}

// What is printed of a query means the same as the query.
func TestPrintMeansTheSame(t *testing.T) {
	t.Parallel()
	d, err := querytest.NewDataset(11)
	if err != nil {
		t.Fatal(err)
	}
	cover := querytest.NewCoverage()
	for seed := range uint64(600) {
		q := querytest.Generate(1_000_000+seed, d, cover)
		tree, err := parse.Query(q.Text, parse.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", q.Text, err)
		}
		print := tree.String()
		again, err := parse.Query(print, parse.Limits{})
		if err != nil || again.String() != print {
			t.Errorf("%s: its print %s does not read back: %v", q.Text, print, err)
			continue
		}
		if seed%4 != 0 {
			continue
		}
		a := querytest.Naive(context.Background(), d.Data.Clone(), q.Text, q.Bind)
		b := querytest.Naive(context.Background(), d.Data.Clone(), print, q.Bind)
		if what := querytest.Difference(querytest.Generated{Ordered: true}, a.Rows, b.Rows); what != "" || (a.Err == nil) != (b.Err == nil) {
			t.Errorf("%s and its print %s differ: %s", q.Text, print, what)
		}
	}
}

// A trial finds what is wrong, and makes it small.
func TestTrialFindsFaults(t *testing.T) {
	t.Parallel()
	wrong := func(ctx context.Context, store rows.Store, text string, bind map[string]value.Value) querytest.Outcome {
		out := querytest.Naive(ctx, store, text, bind)
		if len(out.Rows) > 3 && strings.Contains(text, "FILTER") {
			out.Rows = out.Rows[1:]
		}
		return out
	}
	faults, err := querytest.Trial{Seed: 5, Queries: 200, Engine: wrong}.Run(context.Background())
	if err != nil || len(faults) != 1 {
		t.Fatalf("%v, %v", faults, err)
	}
	if f := faults[0]; len(f.Text) > 60 || !strings.Contains(f.Text, "FILTER") || !strings.Contains(f.String(), "rows instead of") {
		t.Errorf("%s", f)
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	d, err := querytest.World()
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var q *check.Checked
	if q, err = querytest.Check(s, "FOR p IN people FILTER LENGTH(p.tags) > 0 RETURN p.a + 1", nil); err != nil {
		t.Fatal(err)
	}
	cover := querytest.NewCoverage()
	cover.Note(q, querytest.Outcome{Rows: []value.Value{value.Null()}, Rules: []string{"some-rule"}})
	cover.Note(q, querytest.Outcome{})
	for _, c := range []struct{ class, name string }{
		{"function", "LENGTH"}, {"operator", ">"}, {"operator", "+"}, {"operation", "FOR"}, {"rule", "some-rule"},
	} {
		if n := cover.Count(c.class, c.name); n != 1 {
			t.Errorf("%s %s is counted %d times", c.class, c.name, n)
		}
	}
	if rare := cover.Rare("operator", 1, ">", "*"); len(rare) != 1 || rare[0] != "operator *: 0" {
		t.Errorf("rare are %v", rare)
	}
	if !strings.HasPrefix(cover.String(), "2 queries, 1 with rows") {
		t.Error(cover)
	}
}
