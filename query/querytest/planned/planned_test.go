package planned_test

import (
	"context"
	"testing"

	"github.com/selvedge-db/selvedge/query/querytest"
	"github.com/selvedge-db/selvedge/query/querytest/planned"
	"github.com/selvedge-db/selvedge/value"
)

func TestMeaning(t *testing.T) {
	t.Parallel()
	for _, rules := range [][]string{nil, {"-all"}} {
		for _, c := range querytest.Meanings() {
			d, err := querytest.World()
			if err != nil {
				t.Fatal(err)
			}
			out := planned.Run(context.Background(), d, c.Query, nil, planned.Options{Rules: rules, Text: rules == nil})
			if out.Err != nil {
				t.Errorf("%s with rules %v: %v\n%s", c.Query, rules, out.Err, out.Plan)
				continue
			}
			want, err := value.Parse([]byte(c.Result), value.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := value.Array(out.Rows...); !value.Identical(got, want) {
				t.Errorf("%s with rules %v\n gives %s\n not   %s\n%s", c.Query, rules, got, c.Result, out.Plan)
			}
		}
	}
}
