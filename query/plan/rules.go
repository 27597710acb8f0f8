package plan

import (
	"slices"
	"strings"
)

// Rule is one way of making plans better.
type Rule struct {
	Name, Doc string
	apply     func(b *builder, p *Plan) bool // says whether it changed something
	phase     phase
}

// phase parts the rules: the order of loops is chosen in the middle, by trying what the later ones make of it.
type phase uint8

const (
	beforeOrders phase = iota
	chooseOrders
	afterOrders
)

// catalogue has the rules in the order in which they are applied, each to every plan, those within it first.
var catalogue = []Rule{
	{Name: "fold-constants", Doc: "Expressions without variables are computed once, when the plan is made, unless they warn.", apply: foldConstants},
	{Name: "inline-subqueries", Doc: "FOR x IN (FOR ...) becomes a loop within the loop.", apply: inlineSubqueries},
	{Name: "inline-calculations", Doc: "Attributes, constants and parameters stand in place of the variables that LET gave them.", apply: inlineCalculations},
	{Name: "split-filters", Doc: "Each side of an AND becomes a filter of its own.", apply: splitFilters},
	{Name: "replace-or-with-in", Doc: "Several equalities of one attribute that are joined by OR become one IN.", apply: replaceOrWithIn},
	{Name: "remove-redundant-filters", Doc: "A filter that was asked right before is not asked again.", apply: removeRepeatedFilters},
	{Name: "remove-unnecessary-filters", Doc: "Filters that always hold are dropped; where one never holds nothing is read.", apply: removeFilters},
	{Name: "remove-unnecessary-calculations", Doc: "Variables, aggregates and groups that nobody reads are not computed.", apply: removeUnused},
	{Name: "move-calculations-up", Doc: "What does not depend on a loop or subquery is computed before it.", apply: moveCalculationsUp},
	{Name: "move-filters-up", Doc: "Filters are asked as soon as their variables are there: before other loops, sorts and groups.", apply: moveFiltersUp},
	{Name: "stop-subqueries", Doc: "Subqueries of which only the first rows matter end after those.", apply: stopSubqueries},
	{Name: "count-subqueries", Doc: "Subqueries of which only the length matters are counted, not kept.", apply: countSubqueries},
	{Name: "remove-redundant-sorts", Doc: "Sorts of one row, by constants, or before what loses the order are dropped.", apply: removeSorts},
	{Name: "traversal-filters", Doc: "Conditions on the path of a traversal are asked at each step, and bound its depth.", apply: pathFilterRule},
	{Name: "interchange-adjacent-enumerations", Doc: "Adjacent loops run in the order that costs least.", apply: interchange, phase: chooseOrders},
	{Name: "legacy-searches", Doc: "FOR over NEAR, WITHIN and FULLTEXT reads the index row by row.", apply: legacySearches, phase: afterOrders},
	{Name: "use-indexes", Doc: "Documents are found through the cheapest index, or through several for the sides of an OR.", apply: useIndexes, phase: afterOrders},
	{Name: "geo-index", Doc: "Distances, shapes and sorts by distance are looked up in a geo index.", apply: partOf, phase: afterOrders},
	{Name: "use-index-for-sort", Doc: "Collections are read in the order of an index, so that less or nothing is sorted.", apply: indexForSort, phase: afterOrders},
	{Name: "series-range", Doc: "Only those points of a time series are read that conditions on its keys and its time let through.", apply: seriesRange, phase: afterOrders},
	{Name: "use-rollups", Doc: "Groups of points by time are taken from kept roll-ups.", apply: useRollups, phase: afterOrders},
	{Name: "count-only", Doc: "Counting a whole collection reads none of its documents.", apply: countOnly, phase: afterOrders},
	{Name: "collect-sorted", Doc: "Rows that come sorted by the keys of COLLECT are grouped one after another.", apply: collectMethod, phase: afterOrders},
	{Name: "hash-join", Doc: "A collection that is joined by an equality without an index is read once.", apply: hashJoin, phase: afterOrders},
	{Name: "move-calculations-down", Doc: "What filters and limits do not need is computed after them.", apply: moveCalculationsDown, phase: afterOrders},
	{Name: "filter-early", Doc: "Filters right above a scan are asked of the stored text.", apply: filterEarly, phase: afterOrders},
	{Name: "sort-limit", Doc: "A sort with a LIMIT behind it keeps only as many rows.", apply: sortLimit, phase: afterOrders},
	{Name: "limit-scans", Doc: "Scans stop when a LIMIT has enough.", apply: limitScans, phase: afterOrders},
	{Name: "optimize-traversals", Doc: "Traversals read only the vertices and edges that are used.", apply: trimTraversals, phase: afterOrders},
	{Name: "reduce-projections", Doc: "Only the attributes that are used are taken out of documents.", apply: reduceProjections, phase: afterOrders},
	{Name: "index-covering", Doc: "Documents are not read where an index has all that is used.", apply: coverIndexes, phase: afterOrders},
	{Name: "parallel-scan", Doc: "Large collections are read in parts side by side where order does not matter.", apply: parallelScan, phase: afterOrders},
}

// partOf is for rules that others carry out while they choose: use-indexes weighs all ways to find documents at once.
func partOf(*builder, *Plan) bool { return false }

// Rules lists the rules in the order in which they are applied.
func Rules() []Rule { return slices.Clone(catalogue) }

// switches reads which rules are off.
func switches(list []string) map[string]bool {
	off := map[string]bool{}
	for _, s := range list {
		name := strings.TrimLeft(s, "+-")
		for _, r := range catalogue {
			if name == r.Name || name == "all" {
				off[r.Name] = strings.HasPrefix(s, "-")
			}
		}
	}
	return off
}

// optimize applies all rules that are on.
func (b *builder) optimize(p *Plan) {
	b.rules = catalogue
	if b.trivial(p) {
		b.rules = catalogue[:1]
	}
	b.apply(p, beforeOrders)
	b.apply(p, chooseOrders)
	b.apply(p, afterOrders)
}

// trivial tells whether a plan only computes, so that most rules need not look at it.
func (b *builder) trivial(p *Plan) bool {
	for _, n := range p.nodes {
		switch n.(type) {
		case *Singleton, *Return:
		default:
			return false
		}
	}
	return len(b.inline) == 0
}

// apply applies the rules of one phase.
func (b *builder) apply(p *Plan, at phase) {
	for _, r := range b.rules {
		if r.phase != at || b.off[r.Name] {
			continue
		}
		changed := false
		eachPlan(p, b.inline, func(sub *Plan) { changed = !b.over() && r.apply(b, sub) || changed })
		if changed {
			b.note(r.Name)
		}
	}
}

// note remembers that a rule changed something.
func (b *builder) note(rule string) {
	if !slices.Contains(b.fired, rule) {
		b.fired = append(b.fired, rule)
	}
}

// Mutants lists the ways in which Config.Mutant makes the planner wrong.
func Mutants() []string {
	return []string{
		"sparse-as-full", "forget-residual", "limit-off-by-one", "limit-without-offset", "limit-past-filter",
		"filter-past-limit", "filter-past-modify", "join-drops-null", "in-drops-last", "or-first-only", "reverse-index",
		"sorted-collect", "covering-arrays", "range-inclusive", "inline-limited", "path-position",
	}
}
