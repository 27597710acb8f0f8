package fn_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/value"
)

func parsed(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func checkExamples(t *testing.T, name string, examples []fn.Example) {
	t.Helper()
	for _, e := range examples {
		var w warnings
		got := run(t, testContext(&w), e.Query)
		if w.failed != nil {
			t.Errorf("%s: %s: %v", name, e.Query, w.failed)
		}
		if want := parsed(t, e.Result); !value.Identical(got, want) {
			t.Errorf("%s: %s\ngot  %s\nwant %s", name, e.Query, got, want)
		}
	}
}

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, f := range fn.All() {
		checkExamples(t, f.Name, f.Examples)
	}
	for _, a := range fn.AllAggregates() {
		checkExamples(t, "AGGREGATE "+a.Name, a.Examples)
	}
}
