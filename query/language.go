package query

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/plan"
)

// Function describes a function of the language.
type Function struct {
	Name, Family, Signature, Doc string
	Deterministic                bool
}

// Functions lists the functions, as they are declared. Other names of a function follow it.
func Functions() []Function {
	var out []Function
	for _, f := range fn.All() {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			out = append(out, Function{Name: name, Family: f.Family, Signature: signature(name, f.Params), Doc: f.Doc, Deterministic: f.Deterministic})
		}
	}
	return out
}

// signature is how a function is called: optional parameters in brackets, repeated ones with dots.
func signature(name string, params []fn.Param) string {
	var b strings.Builder
	b.WriteString(name + "(")
	open := 0
	for i, p := range params {
		if p.Optional {
			b.WriteByte('[')
			open++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if p.Variadic {
			b.WriteString("...")
		}
	}
	b.WriteString(strings.Repeat("]", open) + ")")
	return b.String()
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
