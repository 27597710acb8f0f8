package fn

import (
	"maps"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// families are the tables of all families, in the order of the reference.
func families() [][]Function {
	return [][]Function{arrayFunctions, setFunctions, regexFunctions, numericFunctions, statisticFunctions, stringFunctions, dateFunctions, documentFunctions, typeFunctions, hashFunctions, controlFunctions, databaseFunctions, vectorFunctions, geoFunctions, fulltextFunctions, seriesFunctions}
}

// index finds declarations by upper-case name or alias.
type index struct {
	functions  map[string]*Function
	all        []*Function
	aggregates map[string]*Aggregate
	reducers   []*Aggregate
}

var declared = func() *index {
	x := &index{functions: map[string]*Function{}, aggregates: map[string]*Aggregate{}}
	for _, f := range slices.Concat(families()...) {
		switch f.Name {
		case "APPLY":
			f.Eval = x.apply
		case "CALL":
			f.Eval = x.callEval
		}
		x.all = append(x.all, &f)
		x.functions[f.Name] = &f
		for _, alias := range f.Aliases {
			x.functions[alias] = &f
		}
	}
	slices.SortFunc(x.all, func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
	for i := range aggregates {
		a := &aggregates[i]
		x.reducers = append(x.reducers, a)
		x.aggregates[a.Name] = a
		for _, alias := range a.Aliases {
			x.aggregates[alias] = a
		}
	}
	slices.SortFunc(x.reducers, func(a, b *Aggregate) int { return strings.Compare(a.Name, b.Name) })
	return x
}()

func (x *index) lookup(name string) (*Function, bool) {
	if f, ok := x.functions[name]; ok {
		return f, true
	}
	f, ok := x.functions[strings.ToUpper(name)]
	return f, ok
}

// suggest gives the names of functions that are near to one.
func (x *index) suggest(name string) []string {
	if known := foreign(name); known != "" {
		return []string{known}
	}
	return near(name, slices.Collect(maps.Keys(x.functions)))
}

// foreign gives the function for what other languages call otherwise, empty when there is none.
func foreign(name string) string {
	switch strings.ToUpper(name) {
	case "NOW", "CURRENT_TIMESTAMP", "GETDATE", "TODAY":
		return "DATE_NOW"
	case "COALESCE", "IFNULL", "NVL":
		return "NOT_NULL"
	case "STRLEN", "SIZE", "ARRAY_LENGTH":
		return "LENGTH"
	case "GROUP_CONCAT", "STRING_AGG", "JOIN":
		return "CONCAT_SEPARATOR"
	case "UCASE", "TOUPPER":
		return "UPPER"
	case "LCASE", "TOLOWER":
		return "LOWER"
	case "REPLACE":
		return "SUBSTITUTE"
	case "INDEXOF", "STRPOS", "INSTR":
		return "FIND_FIRST"
	case "TYPEOF":
		return "TYPENAME"
	}
	return ""
}

// apply and callEval are APPLY and CALL, the functions that need to know all others; so they belong to the index.
func (x *index) apply(c *Context, a []value.Value) value.Value {
	var args []value.Value
	if len(a) > 1 {
		if a[1].Kind() != value.KindArray {
			return c.badType("APPLY")
		}
		args = a[1].Items()
	}
	return x.called(c, "APPLY", a[0], args)
}

func (x *index) callEval(c *Context, a []value.Value) value.Value {
	return x.called(c, "CALL", a[0], a[1:])
}

func (x *index) called(c *Context, caller string, name value.Value, args []value.Value) value.Value {
	switch {
	case name.Kind() != value.KindString:
		return c.badType(caller)
	case c.Call != nil:
		return c.Call(name.Str(), args)
	}
	return x.call(c, name.Str(), args)
}

// call evaluates a function by name.
func (x *index) call(c *Context, name string, args []value.Value) value.Value {
	f, ok := x.lookup(name)
	if !ok {
		text := "unknown function '" + name + "()'"
		if near := x.suggest(name); len(near) > 0 {
			text += "; did you mean " + near[0] + "()?"
		}
		return c.fail(&Error{Number: ErrorUnknownFunction, Text: text})
	}
	if least, most := f.Arity(); len(args) < least || most >= 0 && len(args) > most {
		return c.fail(&Error{Number: WarnArgumentNumber, Text: ArityText(f.Name, f.Params, len(args))})
	}
	return f.Eval(c, args)
}

// Lookup finds a function by its name or an alias of it, in any case.
func Lookup(name string) (*Function, bool) { return declared.lookup(name) }

// All gives every function by name. The slice is shared: read only.
func All() []*Function { return declared.all }

// LookupAggregate finds an aggregate by its name or an alias of it, in any case.
func LookupAggregate(name string) (*Aggregate, bool) {
	a, ok := declared.aggregates[strings.ToUpper(name)]
	return a, ok
}

// AllAggregates gives every aggregate by name. The slice is shared: read only.
func AllAggregates() []*Aggregate { return declared.reducers }

// Suggest gives the names of functions that are nearest to a name that is none, best first, at most three.
func Suggest(name string) []string { return declared.suggest(name) }

// SuggestAggregate does the same for aggregates.
func SuggestAggregate(name string) []string {
	return near(name, slices.Collect(maps.Keys(declared.aggregates)))
}

// near ranks names by edit distance, those that begin with the name first.
func near(name string, names []string) []string {
	const longest = 64 // no function has a longer name
	if len(name) > longest {
		return nil
	}
	type candidate struct {
		name     string
		distance int
	}
	wanted := []rune(strings.ToUpper(name))
	most := len(wanted)/3 + 1
	var found []candidate
	for _, n := range names {
		d := editDistance(wanted, []rune(n))
		if len(wanted) > 2 && strings.HasPrefix(n, string(wanted)) {
			d = 0
		}
		if d <= most {
			found = append(found, candidate{n, d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	out := make([]string, 0, 3)
	for _, f := range found[:min(len(found), cap(out))] {
		out = append(out, f.name)
	}
	return out
}

// editDistance is Levenshtein's, for short texts.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		editStep(row, a[i], i, b)
	}
	return row[len(b)]
}

// editStep computes row i+1 of the table of distances in place.
func editStep(row []int, r rune, i int, b []rune) {
	diagonal := row[0]
	row[0] = i + 1
	for j := range b {
		cost := diagonal
		if r != b[j] {
			cost++
		}
		diagonal = row[j+1]
		row[j+1] = min(cost, row[j]+1, diagonal+1)
	}
}

// one, opt and any number of parameters, so that tables read as signatures.
func one(name string, t Types) Param { return Param{Name: name, Types: t} }

func opt(name string, t Types) Param { return Param{Name: name, Types: t, Optional: true} }

func many(name string, t Types) Param { return Param{Name: name, Types: t, Variadic: true} }

func manyOpt(name string, t Types) Param {
	return Param{Name: name, Types: t, Variadic: true, Optional: true}
}

// unary is the parameter list of functions of one value.
func unary(name string, t Types) []Param { return []Param{one(name, t)} }

// Signature is how a function is called: optional parameters in brackets, repeated ones with dots, and what kinds says
// of each behind it, unless it is nil.
func Signature(name string, params []Param, kinds func(Types) string) string {
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
		if kinds != nil {
			b.WriteString(": " + kinds(p.Types))
		}
	}
	return b.String() + strings.Repeat("]", open) + ")"
}
