package naive_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/naive"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/value"
)

func values(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func world(t *testing.T) *memory.Data {
	t.Helper()
	d, err := querytest.World()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMeaning(t *testing.T) {
	t.Parallel()
	for _, c := range querytest.Meanings() {
		out := querytest.Naive(context.Background(), world(t), c.Query, nil)
		if out.Err != nil {
			t.Errorf("%s: %v", c.Query, out.Err)
			continue
		}
		if got := value.Array(out.Rows...); !value.Identical(got, values(t, c.Result)) {
			t.Errorf("%s\n gives %s\n not   %s", c.Query, got, c.Result)
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	bind := map[string]value.Value{
		"@c": value.String("people"), "path": values(t, `["address","no"]`), "name": value.String("town"), "min": value.Int(1),
	}
	out := querytest.Naive(context.Background(), world(t), `FOR p IN @@c FILTER p.@path == @min RETURN {@name: p.@name, t: p[@name]}`, bind)
	if got := value.Array(out.Rows...); out.Err != nil || got.String() != `[{"t":"ulm","town":"ulm"}]` {
		t.Fatalf("%s, %v", got, out.Err)
	}
}

func TestWritesAreCommitted(t *testing.T) {
	t.Parallel()
	d := world(t)
	if out := querytest.Naive(context.Background(), d, `FOR p IN people REMOVE p IN people`, nil); out.Err != nil || len(out.Rows) != 0 {
		t.Fatalf("%v, %v", out.Rows, out.Err)
	}
	if out := querytest.Naive(context.Background(), d, `RETURN COUNT(people)`, nil); out.Err != nil || out.Rows[0].String() != "0" {
		t.Fatalf("%v, %v", out.Rows, out.Err)
	}
}

// What stops a query when it runs.
func TestRunningFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query string
		text  string
	}{
		{`FOR x IN 5 RETURN x`, "array expected"},
		{`REMOVE "nobody" IN people`, "not found"},
		{`INSERT {_key: "ann"} INTO people`, "unique"},
		{`INSERT 5 INTO people`, "object"},
		{`INSERT {a: 1} INTO knows`, "_from"},
		{`REMOVE 5 IN people`, "key"},
		{`REMOVE {} IN people`, "_key"},
		{`UPDATE {_key: "ann", _rev: "old"} IN people OPTIONS {ignoreRevs: false}`, "conflict"},
	} {
		out := querytest.Naive(context.Background(), world(t), c.query, nil)
		if out.Err == nil || !strings.Contains(out.Err.Error(), c.text) {
			t.Errorf("%s: %v", c.query, out.Err)
		}
	}
}

func TestErrorsBearNumbers(t *testing.T) {
	t.Parallel()
	out := querytest.Naive(context.Background(), world(t), `FOR x IN null RETURN x`, nil)
	var fault *naive.Error
	if !errors.As(out.Err, &fault) || fault.Number != 1563 {
		t.Fatalf("%v", out.Err)
	}
	out = querytest.Naive(context.Background(), world(t), `RETURN y`, nil)
	var refused *parse.Error
	if !errors.As(out.Err, &refused) || refused.Number != 1512 {
		t.Fatalf("%v", out.Err)
	}
}
