// Package reference writes the page of the documentation about functions from their declarations.
//
// Guarantees: the page has every function and every aggregate once, each with its signature, what it says of itself and
// its examples, in an order that does not change. The same declarations give the same bytes.
//
// Shape: Markdown, with examples as blocks of kind c8ql, whose rows stand behind -->.
package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/fn"
)

// page is one part of the reference.
type page struct{ family, title, intro string }

var pages = []page{
	{"array", "Arrays", "Elements are equal when the comparison `==` says so: 1 and 1.0 are, and so are [1] and [1, null]."},
	{"string", "Strings", "Values that are no strings are converted as TO_STRING does. Lengths and positions count characters, which are code " +
		"points of Unicode, from 0."},
	{"numeric", "Numbers", "Values that are no numbers are converted as TO_NUMBER does, but elements of arrays are not. What is not finite is null."},
	{"date", "Dates", "A date is a number of milliseconds since 1970-01-01 UTC, or a string of ISO 8601: `YYYY-MM-DDThh:mm:ss.fff`, with a " +
		"blank in place of the `T`, with or without milliseconds, seconds, time, day and month, and with `Z` or an offset such as `+01:00` " +
		"behind the time; without one it is UTC. Dates are of the years 0 to 9999 of the Gregorian calendar; anything else gives null and " +
		"warning 1572."},
	{"timeseries", "Time series", "They work on arrays of any rows or points; those of time series collections come from queries. See also the " +
		"aggregates FIRST, LAST, RATE and PERCENTILE."},
	{"document", "Documents", "A document is an object. Its attributes have the order of their names."},
	{"type", "Checks of types", ""},
	{"cast", "Conversions", "Operators and functions that want another type convert in the same way."},
	{"geo", "Places", "Positions in GeoJSON are [longitude, latitude], edges are great circles, distances are metres. The sphere has a radius of 6371 km."},
	{"fulltext", "Words", ""},
	{"vector", "Vectors", ""},
	{"hash", "Hashes", "Values that are no strings are converted as TO_STRING does, but for HASH."},
	{"control", "Control", ""},
	{"database", "Database", ""},
	{"call", "Calls", ""},
}

// Functions writes the page.
func Functions() []byte {
	var b strings.Builder
	b.WriteString(`# Functions

This page is written from the declarations of the functions (` + "`query/fn`" + `); the examples are run by a test. What stands
behind ` + "`-->`" + ` is the array of rows.

Names may be written in any case. An argument of a wrong type gives null and warning 1542, or 1563 where an array is wanted,
unless something else is said; the wrong number of arguments is refused when the query is read (1541). In signatures
square brackets stand around what may be left out, and an ellipsis behind what may come several times.

`)
	names := make([]string, 0, len(pages))
	for _, p := range pages {
		names = append(names, link(p.title))
	}
	names = append(names, link("Aggregates"))
	b.WriteString(wrap(strings.Join(names, " · ")) + "\n")
	for _, p := range pages {
		p.write(&b)
	}
	aggregates(&b)
	return []byte(b.String())
}

// link leads to a heading of the page.
func link(title string) string {
	return "[" + title + "](#" + strings.ReplaceAll(strings.ToLower(title), " ", "-") + ")"
}

// write writes the functions of one family.
func (p page) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n", p.title)
	if p.intro != "" {
		b.WriteString("\n" + wrap(p.intro))
	}
	for _, f := range fn.All() {
		if f.Family != p.family {
			continue
		}
		fmt.Fprintf(b, "\n### %s\n\n`%s` → %s\n\n%s", f.Name, signature(f.Name, f.Params), types(f.Returns), wrap(f.Doc+notes(f)))
		examples(b, f.Examples)
	}
}

// notes says what the declaration says besides its text.
func notes(f *fn.Function) string {
	out := ""
	if len(f.Aliases) > 0 {
		out += " Also called " + strings.Join(f.Aliases, ", ") + "."
	}
	return out
}

func aggregates(b *strings.Builder) {
	b.WriteString("\n## Aggregates\n\n" + wrap("They stand behind AGGREGATE in COLLECT and WINDOW and gather the rows of a group."))
	for _, a := range fn.AllAggregates() {
		text := a.Doc
		if len(a.Aliases) > 0 {
			text += " Also called " + strings.Join(a.Aliases, ", ") + "."
		}
		fmt.Fprintf(b, "\n### AGGREGATE %s\n\n`%s` → %s\n\n%s", a.Name, signature(a.Name, a.Params), types(a.Returns), wrap(text))
		examples(b, a.Examples)
	}
}

func examples(b *strings.Builder, list []fn.Example) {
	for _, e := range list {
		fmt.Fprintf(b, "\n```c8ql\n%s\n--> %s\n```\n", e.Query, e.Result)
	}
}

// signature writes a call with the names and kinds of its parameters.
func signature(name string, params []fn.Param) string {
	return fn.Signature(name, params, func(t fn.Types) string { return strings.ReplaceAll(types(t), ", ", " or ") })
}

// whatever stands for all kinds of values.
const whatever fn.Types = 1 << 7

// types names a set of kinds.
func types(t fn.Types) string {
	if t&fn.Anything == fn.Anything {
		t = t&fn.Collection | whatever
	}
	var names []string
	for _, k := range []struct {
		t    fn.Types
		name string
	}{
		{fn.Collection, "collection"}, {fn.Bool, "bool"}, {fn.Number, "number"}, {fn.Text, "string"}, {fn.List, "array"},
		{fn.Object, "object"}, {fn.Null, "null"}, {whatever, "any"},
	} {
		if t&k.t != 0 {
			names = append(names, k.name)
		}
	}
	return strings.Join(names, ", ")
}

// wrap breaks a paragraph into lines.
func wrap(text string) string {
	const width = 125
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return strings.Join(slices.Concat(lines, []string{line}), "\n") + "\n"
}
