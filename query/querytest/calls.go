package querytest

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/fn"
)

// Functions that cannot be called like any other: by another generator, or with certain arguments only.
var special = func() map[string]string {
	return map[string]string{
		// What differs each time is asked for what does not.
		"RAND": "(RAND() < 1)", "UUID": "LENGTH(UUID())", "RANDOM_TOKEN": "LENGTH(RANDOM_TOKEN(8))", "SLEEP": "TYPENAME(SLEEP(0))",
		"ASSERT": `ASSERT(1 < 2, "never")`, "WARN": `WARN(1 < 2, "never")`,
		"APPLY": `APPLY("MAX", [[1, 3, 2]])`, "CALL": `CALL("CONCAT", "a", "b")`,
		"COLLECTIONS": "LENGTH(COLLECTIONS())", "COLLECTION_COUNT": "COLLECTION_COUNT(items)",
		"DOCUMENT": "DOCUMENT(items, \"i1\").n", "NEAR": "LENGTH(NEAR(places, 1, 1, 3))",
		"WITHIN": "LENGTH(WITHIN(places, 1, 1, 900000))", "FULLTEXT": `LENGTH(FULLTEXT(items, "t", "elm"))`,
		"CURRENT_USER": "CURRENT_USER()", "CURRENT_USER_ATTRIBUTE": `CURRENT_USER_ATTRIBUTE("a")`,
		"CURRENT_APIKEY_ATTRIBUTE": `CURRENT_APIKEY_ATTRIBUTE("a")`, "DATE_NOW": "(DATE_NOW() > 0)",
	}
}()

// calls makes an array of calls of functions that were called least.
func (g *generator) calls() string {
	var parts []string
	n := g.between(2, 5)
	if g.loopsSince(0) > 1 {
		n = 1
	}
	for range n {
		names := make([]string, 0, len(fn.All()))
		for _, f := range fn.All() {
			names = append(names, f.Name)
		}
		parts = append(parts, g.call(g.cover.least(g.source, "function", names...), 2))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// function makes a call of a function that gives about a kind, "" when none was found.
func (g *generator) function(k kind, depth int) string {
	wanted := fn.Anything
	switch k {
	case numeric:
		wanted = fn.Number
	case textual:
		wanted = fn.Text
	case truth:
		wanted = fn.Bool
	case array:
		wanted = fn.List
	case record:
		wanted = fn.Object
	}
	var names []string
	for _, f := range fn.All() {
		if f.Returns&wanted != 0 {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return g.call(g.cover.least(g.source, "function", names...), depth)
}

// call calls a function with arguments that mostly fit.
func (g *generator) call(name string, depth int) string {
	if text, ok := special[name]; ok {
		return text
	}
	f, _ := fn.Lookup(name)
	if len(f.Aliases) > 0 && g.chance(20) {
		name = pick(g.source, f.Aliases...)
	}
	var args []string
	for _, p := range f.Params {
		if p.Optional && g.chance(60) {
			break
		}
		n := 1
		if p.Variadic {
			n = g.between(1, 3)
		}
		for range n {
			args = append(args, g.argument(f, p, depth-1))
		}
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}

// argument makes one argument. Names of parameters say what makes sense.
func (g *generator) argument(f *fn.Function, p fn.Param, depth int) string {
	if g.chance(5) {
		return g.constant(anything)
	}
	switch {
	case f.Name == "GAP_FILL" && p.Name == "bucket":
		return `"1d"` // shorter ones make thousands of rows
	case f.Family == "date" || f.Family == "timeseries":
		return g.dateArgument(p, depth)
	case f.Family == "geo":
		return g.geoArgument(f, p)
	case f.Family == "vector":
		return pick(g.source, "[1, 2, 3]", "[0, 1, 4.5]", "["+g.simple(numeric)+", 1, 2]", "[[1, 2, 3], [3, 2, 1]]")
	}
	switch p.Name {
	case "regex":
		return pick(g.source, `"[aeiou]"`, `"^b"`, `"(.)r"`, `"x*"`)
	case "analyzer":
		return pick(g.source, `"text_en"`, `"identity"`)
	case "method", "distanceType":
		return pick(g.source, `"rank"`, `"interpolation"`, `"l2"`, `"cosine"`)
	case "document", "documents", "examples":
		if p.Types&fn.Object != 0 {
			return g.expr(record, depth)
		}
	case "attributeName", "attributeNames":
		return pick(g.source, `"x"`, `"y"`, `"a"`, `["x", "k"]`)
	case "start", "stop", "position", "n", "count", "limit", "length", "offset", "depth", "step":
		return pick(g.source, "1", "2", "0", "3", "-1")
	case "search":
		if p.Types&fn.Object == 0 {
			return pick(g.source, `"a"`, `"e"`, `"ir"`, "2")
		}
	case "value", "values", "condition":
		if p.Types == fn.Anything {
			return g.expr(anything, depth)
		}
	}
	return g.typed(p, depth)
}

func (g *generator) typed(p fn.Param, depth int) string {
	var kinds []kind
	for t, k := range map[fn.Types]kind{fn.Number: numeric, fn.Text: textual, fn.Bool: truth, fn.List: array, fn.Object: record} {
		if p.Types&t != 0 {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		return "null"
	}
	// Maps have no order: the kinds are put in one, so that the query follows from the seed.
	least := kinds[0]
	for _, k := range kinds {
		least = min(least, k)
	}
	if len(kinds) > 1 && g.chance(50) {
		most := kinds[0]
		for _, k := range kinds {
			most = max(most, k)
		}
		return g.expr(most, depth)
	}
	return g.expr(least, depth)
}

func (g *generator) dateArgument(p fn.Param, depth int) string {
	switch p.Name {
	case "unit", "unitStart", "unitEnd":
		return pick(g.source, `"day"`, `"month"`, `"hour"`, `"y"`, `"minute"`)
	case "amount":
		return pick(g.source, "1", "2", "3", `"P1D"`)
	case "format":
		return pick(g.source, `"%yyyy-%mm-%dd"`, `"%w %ddd"`, `"%hh:%ii"`)
	case "bucket":
		return pick(g.source, `"1h"`, `"1d"`, "60000")
	case "timeField":
		return `"t"`
	case "rows":
		return `[{t: "2022-01-01T00:00:00Z", v: 1}, {t: "2022-01-03T00:00:00Z", v: 3}]`
	case "points":
		return `[["2022-01-01T00:00:00Z", 1], ["2022-01-03T00:00:00Z", 3]]`
	case "from":
		return `"2022-01-01"`
	case "to":
		return `"2022-01-05"`
	case "month", "day", "hour", "second", "millisecond":
		return pick(g.source, "1", "5", "11")
	case "asFloat":
		return "true"
	case "fill":
		return pick(g.source, `"null"`, `"previous"`, `"linear"`)
	}
	return g.expr(date, depth)
}

func (g *generator) geoArgument(f *fn.Function, p fn.Param) string {
	points := "[[0, 0], [10, 0], [10, 10], [0, 0]]"
	switch p.Name {
	case "geoJson", "geoJson1", "geoJson2":
		if places := g.of(func(k kind) bool { return k == place }); len(places) > 0 && g.chance(70) {
			return pick(g.source, places...).name + pick(g.source, ".loc", ".area")
		}
		return pick(g.source, "[1, 2]", "GEO_POLYGON("+points+")", `{type: "Point", coordinates: [3, 4]}`, "GEO_LINESTRING([[0, 0], [5, 5]])")
	case "coordinates":
		return pick(g.source, points, "[[1, 1], [2, 2]]")
	case "polygons":
		if f.Name == "GEO_MULTIPOLYGON" {
			return "[[" + points + "]]"
		}
	case "ellipsoid":
		return pick(g.source, `"sphere"`, `"wgs84"`)
	case "low":
		return "0"
	case "high":
		return "900000"
	case "includeLow", "includeHigh":
		return pick(g.source, "true", "false")
	}
	return pick(g.source, "1", "2.5", "40", g.simple(numeric))
}
