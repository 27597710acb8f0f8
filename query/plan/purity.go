package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
)

// takesCollection tells whether argument i may be the name of a collection.
func takesCollection(params []fn.Param, i int) bool {
	if i >= len(params) && len(params) > 0 && params[len(params)-1].Variadic {
		i = len(params) - 1
	}
	return i < len(params) && params[i].Types&fn.Collection != 0
}

// unmoved names functions that do something besides giving a value, whatever their declaration says.
func unmoved() []string {
	return []string{"SLEEP", "FAIL", "ASSERT", "WARN", "APPLY", "CALL", "RAND", "RANDOM_TOKEN", "UUID"}
}

// readsData tells whether a function reads documents.
func readsData(name string) bool {
	f, ok := fn.Lookup(name)
	return !ok || f.Reads
}

// steady tells whether it does not matter how often, when and whether an expression is computed within one execution.
func (b *builder) steady(list ...ast.Expr) bool {
	ok := true
	for _, e := range list {
		ast.Walk(e, func(x ast.Expr) bool {
			switch x := x.(type) {
			case *ast.Subquery:
				ok = false
			case *ast.Call:
				f, known := fn.Lookup(x.Name)
				switch {
				case !known || slices.Contains(unmoved(), x.Name) || slices.Contains(unmoved(), f.Name):
					ok = false
				case f.Reads:
					ok = ok && !b.writes
				default:
					ok = ok && (f.Deterministic || f.Stable)
				}
			}
			return ok
		})
	}
	return ok
}
