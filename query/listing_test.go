package query_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/value"
)

// TestIdleStreamsTakeNoRoom opens more streams than queries may run.
func TestIdleStreamsTakeNoRoom(t *testing.T) {
	t.Parallel()
	e := query.New(query.Config{Clock: env.RealClock(), Random: env.Seeded(1), Limits: query.Limits{Running: 2, Wait: time.Millisecond}})
	data := memory.New()
	var open []*query.Execution
	for range 5 {
		x, err := e.Start(context.Background(), query.Request{Text: "FOR i IN 1..100000 RETURN i", Store: data, Fabric: "f", Options: query.Options{Stream: true}})
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, x)
	}
	for _, x := range open {
		if text, n, more, err := x.Next(context.Background(), nil, 2); err != nil || n != 2 || !more || string(text) != "1,2" {
			t.Fatalf("%s %d %v %v", text, n, more, err)
		}
	}
	if n := len(e.Running("f")); n != 5 {
		t.Errorf("%d are listed", n)
	}
	for _, x := range open {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := len(e.Running("")); n != 0 {
		t.Errorf("%d are listed after their end", n)
	}
}

func TestTracking(t *testing.T) {
	t.Parallel()
	e := query.New(query.Config{Clock: env.RealClock(), Random: env.Seeded(1)})
	data := memory.New()
	run := func(fabric, text string) {
		t.Helper()
		x, err := e.Start(context.Background(), query.Request{Text: text, Store: data, Fabric: fabric})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	note := e.Tracking("f")
	if !note.Enabled || !note.Slow || !note.BindVars || note.SlowAfter != 10*time.Second || note.SlowQueries != 64 {
		t.Fatalf("at first: %+v", note)
	}
	note.SlowAfter, note.SlowQueries, note.SlowText, note.BindVars = 0, 2, 8, false
	e.SetTracking("f", note)
	for _, text := range []string{"RETURN 'first'", "RETURN 'second'", "RETURN 'third'"} {
		run("f", text)
		run("g", text)
	}
	if slow := e.Slow("f"); len(slow) != 2 || slow[1].Text != "RETURN '..." || !slow[1].Bind.IsNull() || slow[0].State != "finished" {
		t.Errorf("noted: %+v", slow)
	}
	if slow := e.Slow("g"); len(slow) != 0 {
		t.Errorf("another fabric: %+v", slow)
	}
	note.SlowQueries = 1 << 30
	e.SetTracking("f", note)
	if n := e.Tracking("f").SlowQueries; n != 64 {
		t.Errorf("more than the limit: %d", n)
	}
	note.Enabled = false
	e.SetTracking("f", note)
	run("f", "RETURN 4")
	if n := len(e.Slow("f")); n != 2 {
		t.Errorf("%d noted while nothing is", n)
	}
	e.ClearSlow("f")
	if n := len(e.Slow("")); n != 0 {
		t.Errorf("%d noted after clearing", n)
	}
}

// TestListsAreShort: what is noted of queries does not hold what they were given.
func TestListsAreShort(t *testing.T) {
	t.Parallel()
	e := query.New(query.Config{Clock: env.RealClock(), Random: env.Seeded(1), Limits: query.Limits{SlowAfter: time.Nanosecond, SlowText: 50}})
	long := strings.Repeat("x", 1000)
	bind, err := value.Parse([]byte(`{"a":[1,{"b":"c"}],"list":["`+long+`"],"text":"`+long+`","z":7}`), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	const text = "RETURN [@a, LENGTH(@list), LENGTH(@text), @z]"
	x, err := e.Start(t.Context(), query.Request{Text: text, Bind: bind, Store: memory.New(), Fabric: "f", Options: query.Options{Stream: true}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"a":[1,{"b":"c"}],"list":"...","text":"...","z":7}`
	if got := e.Running("f"); len(got) != 1 || got[0].Bind.String() != want {
		t.Errorf("running: %+v", got)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if got := e.Slow("f"); len(got) != 1 || got[0].Bind.String() != want || got[0].Bind.Memory() > 1000 {
		t.Errorf("slow: %+v", got)
	}
	if n, err := bind.Get("z"); !err || n.Digits() != "7" || bind.Len() != 4 {
		t.Errorf("the parameters changed: %s", bind)
	}
}

func TestFunctionsAndRules(t *testing.T) {
	t.Parallel()
	seen := map[string]query.Function{}
	for _, f := range query.Functions() {
		if f.Name == "" || f.Doc == "" || f.Family == "" || !strings.HasPrefix(f.Signature, f.Name+"(") {
			t.Errorf("function %+v lacks something", f)
		}
		seen[f.Name] = f
	}
	if s := seen["SUBSTRING"].Signature; s != "SUBSTRING(value, offset[, length])" {
		t.Errorf("signature %s", s)
	}
	if len(seen) < 150 {
		t.Errorf("only %d functions", len(seen))
	}
	names := map[string]bool{}
	for _, r := range query.Rules() {
		names[r.Name] = r.Doc != ""
	}
	if !names["use-indexes"] || len(names) < 20 {
		t.Errorf("rules: %v", names)
	}
}
