package planned_test

import (
	"context"
	"flag"
	"testing"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/query/querytest/planned"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

var (
	queries = flag.Int("queries", 1000, "random queries")
	seed    = flag.Uint64("seed", 1, "of the first random query")
	only    = flag.String("mutant", "", "the only mutant to try")
	without = flag.String("without", "", "a rule that is off")
	most    = flag.Int("faults", 1, "that end a trial")
)

func engine(o planned.Options) querytest.Engine {
	if *without != "" {
		o.Rules = append(o.Rules, "-"+*without)
	}
	return func(ctx context.Context, store rows.Store, text string, bind map[string]value.Value) querytest.Outcome {
		return planned.Run(ctx, store, text, bind, o)
	}
}

// mixed takes rows as text or as values, and every fourth time reads collections in parts.
func mixed() querytest.Engine {
	n := 0
	return func(ctx context.Context, store rows.Store, text string, bind map[string]value.Value) querytest.Outcome {
		n++
		return engine(planned.Options{Text: n%2 == 0, Parallel: n%4 == 1})(ctx, store, text, bind)
	}
}

// enough is how many queries it takes for counts to say something.
const enough = 50_000

// The planner and the executor give what the naive evaluator gives. With -queries=100000 -v the counts are what the
// project promises of this test.
func TestRandomQueries(t *testing.T) {
	t.Parallel()
	cover := querytest.NewCoverage()
	trial := querytest.Trial{Seed: *seed, Queries: *queries, Engine: mixed(), Cover: cover, Most: *most}
	faults, err := trial.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Errorf("%s", f)
	}
	t.Log(cover)
	if cover.WithRows*10 < cover.Queries*6 {
		t.Errorf("%d of %d queries give rows, which is less than 60 of 100", cover.WithRows, cover.Queries)
	}
	if *queries >= enough && *without == "" {
		for _, rare := range tooRare(cover, *queries/500) {
			t.Errorf("too rare is %s", rare)
		}
	}
}

// tooRare lists the operators, functions, aggregates and rules that were met too few times.
func tooRare(cover *querytest.Coverage, wanted int) []string {
	operators := []string{"unary !", "unary +", "unary -", "ALL", "ANY", "NONE", "AT LEAST", "? :", "?:", "..", "[*]", "[**]", "[]", ".", "subquery"}
	for op := ast.OpOr; op <= ast.OpModulo; op++ {
		if op != ast.OpNot {
			operators = append(operators, op.String())
		}
	}
	var functions, aggregates, rules []string
	for _, f := range fn.All() {
		functions = append(functions, f.Name)
	}
	for _, a := range fn.AllAggregates() {
		aggregates = append(aggregates, a.Name)
	}
	for _, r := range plan.Rules() {
		rules = append(rules, r.Name)
	}
	rare := cover.Rare("operator", wanted, operators...)
	rare = append(rare, cover.Rare("function", wanted, functions...)...)
	rare = append(rare, cover.Rare("aggregate", wanted, aggregates...)...)
	return append(rare, cover.Rare("rule", wanted, rules...)...)
}

// Without any one of the rules, and without all, results are the same.
func TestRulesOff(t *testing.T) {
	t.Parallel()
	off := []string{"-all"}
	for _, r := range plan.Rules() {
		off = append(off, "-"+r.Name)
	}
	for i, rule := range off {
		trial := querytest.Trial{
			Seed: *seed + uint64(i)<<33, Queries: *queries / len(off), PerDataset: 50, Engine: engine(planned.Options{Rules: []string{rule}}),
		}
		faults, err := trial.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			t.Errorf("with %s: %s", rule, f)
		}
	}
}

// Planners that are wrong on purpose are found out.
func TestMutants(t *testing.T) {
	t.Parallel()
	const wanted = 10
	caught := 0
	for i, mutant := range plan.Mutants() {
		if *only != "" && *only != mutant {
			continue
		}
		trial := querytest.Trial{Seed: *seed + uint64(i)<<34, Queries: *queries, Engine: engine(planned.Options{Mutant: mutant})}
		faults, err := trial.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(faults) == 0 {
			t.Logf("mutant %s was not found out by %d queries", mutant, *queries)
			continue
		}
		t.Logf("mutant %s: %s", mutant, faults[0].Text)
		if caught++; caught == wanted && *queries < enough {
			break
		}
	}
	if caught < wanted && *only == "" {
		t.Errorf("%d mutants were found out, which is fewer than %d", caught, wanted)
	}
}
