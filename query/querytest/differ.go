package querytest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Engine carries out a query of a test.
type Engine func(ctx context.Context, store rows.Store, text string, bind map[string]value.Value) Outcome

// Fault is a query whose results differ.
type Fault struct {
	Dataset, Seed uint64
	Query         Generated
	Text          string // printed and made as small as it gets
	What          string
	Plan          string
}

// String shows what is needed to see the fault again.
func (f Fault) String() string {
	var bind []string
	for name, v := range f.Query.Bind {
		bind = append(bind, name+": "+v.String())
	}
	return fmt.Sprintf("dataset %d, query %d: %s\nwith {%s}\n%s\n%s", f.Dataset, f.Seed, f.Text, strings.Join(bind, ", "), f.What, f.Plan)
}

// Trial is a run of random queries.
type Trial struct {
	Seed    uint64
	Queries int
	// PerDataset is how many queries are asked of the same data; 0 is 100.
	PerDataset int
	Engine     Engine
	Cover      *Coverage
	// Most is how many faults end the trial; 0 is 1.
	Most int
}

// Run asks the naive evaluator and the engine the same queries, and gives those whose results differ.
func (t Trial) Run(ctx context.Context) ([]Fault, error) {
	if t.PerDataset == 0 {
		t.PerDataset = 100
	}
	if t.Cover == nil {
		t.Cover = NewCoverage()
	}
	var faults []Fault
	var d *Dataset
	var at uint64
	for i := range t.Queries {
		if i%t.PerDataset == 0 {
			at = t.Seed + uint64(i)
			var err error
			if d, err = NewDataset(at); err != nil {
				return faults, err
			}
		}
		seed := t.Seed + uint64(i)
		q := Generate(seed, d, t.Cover)
		if what, plan := t.try(ctx, d, q, t.Cover); what != "" {
			f := Fault{Dataset: at, Seed: seed, Query: q, Text: q.Text, What: what, Plan: plan}
			t.shrink(ctx, d, &f)
			if faults = append(faults, f); len(faults) >= max(1, t.Most) {
				return faults, nil
			}
		}
	}
	return faults, nil
}

// try runs one query both ways and says how the results differ.
func (t Trial) try(ctx context.Context, d *Dataset, q Generated, cover *Coverage) (what, plan string) {
	mine, other := d.Data, d.Data
	if q.Writes {
		mine, other = d.Data.Clone(), d.Data.Clone()
	}
	want := Naive(ctx, mine, q.Text, q.Bind)
	if invalid(want.Err) {
		return "query makes no sense: " + want.Err.Error(), ""
	}
	got := t.Engine(ctx, other, q.Text, q.Bind)
	want.Rules = got.Rules
	if cover != nil {
		if checked, err := Check(snapshotOf(ctx, d.Data), q.Text, q.Bind); err == nil {
			cover.Note(checked, want)
		}
	}
	switch {
	case limited(want.Err) || limited(got.Err):
		if cover != nil {
			cover.mu.Lock()
			cover.Skipped++
			cover.mu.Unlock()
		}
		return "", ""
	case (want.Err == nil) != (got.Err == nil):
		return fmt.Sprintf("error %v instead of %v", got.Err, want.Err), got.Plan
	case want.Err != nil:
		return "", ""
	}
	what = Difference(q, want.Rows, got.Rows)
	if what == "" && q.Writes {
		what = dataDifference(ctx, mine, other)
	}
	return what, got.Plan
}

// invalid reports whether a query was refused before it ran.
func invalid(err error) bool {
	var e *parse.Error
	return errors.As(err, &e)
}

// limited reports whether a query asked for more memory than it may have.
func limited(err error) bool {
	var e *fn.Error
	if errors.As(err, &e) {
		return e.Number == fn.ErrorLimit
	}
	return err != nil && strings.Contains(err.Error(), "resource limit")
}

func snapshotOf(ctx context.Context, d *memory.Data) rows.Reader {
	s, _ := d.Snapshot(ctx)
	return s
}

// dataDifference compares what two copies of the data have become.
func dataDifference(ctx context.Context, a, b *memory.Data) string {
	for _, c := range snapshotOf(ctx, a).Collections() {
		query := "FOR x IN @@c RETURN UNSET(x, \"_rev\")"
		bind := map[string]value.Value{"@c": value.String(c.Name)}
		if c.Series != nil {
			continue
		}
		x, y := Naive(ctx, a, query, bind), Naive(ctx, b, query, bind)
		if what := Difference(Generated{}, x.Rows, y.Rows); what != "" {
			return "then in " + c.Name + ": " + what
		}
	}
	return ""
}

// shrink makes a faulty query smaller as long as it stays faulty.
func (t Trial) shrink(ctx context.Context, d *Dataset, f *Fault) {
	const rounds = 400
	failed, order := strings.HasPrefix(f.What, "error"), lastSort(f.Text)
	for range rounds {
		smaller := false
		for _, text := range smallerTexts(f.Text) {
			q := f.Query
			q.Text = text
			q.Bind = usedBind(text, f.Query.Bind)
			q.Ordered = q.Ordered && lastSort(text) == order
			what, plan := t.try(ctx, d, q, nil)
			if what != "" && !strings.HasPrefix(what, "query makes no sense") && strings.HasPrefix(what, "error") == failed {
				f.Text, f.What, f.Plan = text, what, plan
				f.Query.Bind = q.Bind
				smaller = true
				break
			}
		}
		if !smaller {
			return
		}
	}
}

// lastSort is the last SORT of a query itself: without it the order of rows is open.
func lastSort(text string) string {
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		return ""
	}
	last := ""
	for _, o := range q.Body.Ops {
		if s, ok := o.(*ast.Sort); ok {
			last = ast.StringOf(s)
		}
	}
	return last
}

func usedBind(text string, bind map[string]value.Value) map[string]value.Value {
	used := map[string]value.Value{}
	for name, v := range bind {
		if uses(text, name) {
			used[name] = v
		}
	}
	return used
}

// smallerTexts gives queries with one part less each, the smallest ones first.
func smallerTexts(text string) []string {
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		return nil
	}
	var list []string
	give := func(b *ast.Block) {
		s := (&ast.Query{Body: b}).String()
		if len(s) < len(text) {
			list = append(list, s)
		}
	}
	for i := range q.Body.Ops {
		give(&ast.Block{Ops: append(append([]ast.Operation{}, q.Body.Ops[:i]...), q.Body.Ops[i+1:]...)})
	}
	// Each expression in turn is replaced by one of those below it, or by a constant.
	total := 0
	ast.RewriteBlock(q.Body, func(e ast.Expr) ast.Expr { total++; return e })
	for n := range total {
		var below []ast.Expr
		for which := 0; which == 0 || which <= len(below); which++ {
			at := 0
			give(ast.RewriteBlock(q.Body, func(e ast.Expr) ast.Expr {
				at++
				if at != n+1 {
					return e
				}
				below = nil
				ast.Children(e, func(c ast.Expr) { below = append(below, c) })
				if which == 0 {
					return &ast.Literal{Value: value.Int(1)}
				}
				return below[which-1]
			}))
		}
	}
	return list
}
