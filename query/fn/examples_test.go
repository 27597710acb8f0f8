package fn_test

import (
	"fmt"
	"testing"

	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/naive"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/value"
)

// run carries out a query that needs no data. What ends it goes to the warnings.
func run(t *testing.T, c *fn.Context, text string) value.Value {
	t.Helper()
	q, err := parse.Query(text, parse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	checked, err := check.Query(q, check.Env{Bind: map[string]value.Value{}})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out, err := naive.Run(t.Context(), checked, nil, nil, *c)
	if err != nil {
		c.Fail(err)
	}
	return value.OwnItems(out)
}

// warnings gathers what a context is told.
type warnings struct {
	list   []string
	failed error
}

// testContext is a context that has everything but data.
func testContext(w *warnings) *fn.Context {
	state := uint64(1)
	c := &fn.Context{
		NowMs: 1399472349522, User: "jane",
		UserAttributes: value.Object(value.Member{Name: "department", Value: value.String("finance")}),
		KeyAttributes:  value.Object(),
		Warn:           func(number int, text string) { w.list = append(w.list, fmt.Sprintf("%d %s", number, text)) },
		Fail: func(err error) {
			if w.failed == nil {
				w.failed = err
			}
		},
		Grow:  func(bytes int) error { return nil },
		Check: func() error { return nil },
		Sleep: func(float64) error { return nil },
		Random: func() uint64 { // xorshift, so that results stay the same
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
			return state
		},
	}
	return c
}

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
