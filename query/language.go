package query

import (
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/plan"
)

// Function describes a function of the language.
type Function struct {
	Name, Family, Signature, Doc string
	Deterministic                bool
	Example                      string // a query, empty when there is none
}

// Functions lists the functions, as they are declared. Other names of a function follow it.
func Functions() []Function {
	var out []Function
	for _, f := range fn.All() {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			out = append(out, Function{Name: name, Family: f.Family, Signature: fn.Signature(name, f.Params, nil), Doc: f.Doc, Deterministic: f.Deterministic, Example: example(f)})
		}
	}
	return out
}

func example(f *fn.Function) string {
	if len(f.Examples) == 0 {
		return ""
	}
	return f.Examples[0].Query
}

// Rule describes a rule of the planner, which Options.Rules switch off and on.
type Rule struct{ Name, Doc string }

// Rules lists the rules in the order in which they are applied.
func Rules() []Rule {
	var out []Rule
	for _, r := range plan.Rules() {
		out = append(out, Rule{r.Name, r.Doc})
	}
	return out
}
