package plan

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// countOnly asks a collection for its number of documents in place of reading them to count.
func countOnly(b *builder, p *Plan) bool {
	for i := 1; i+1 < len(p.nodes); i++ {
		scan, ok := p.nodes[i].(*EnumerateCollection)
		if !ok || scan.Fetch.Filter != nil || scan.CountOnly != nil || !p.oneRow(i) {
			continue
		}
		c, ok := p.nodes[i+1].(*Collect)
		if !ok || len(c.Groups) > 0 || c.Into != nil || !b.filtersNothing(p, i) {
			continue
		}
		count := c.CountInto
		switch {
		case len(c.Aggregates) == 1 && count == nil && counts(c.Aggregates[0]):
			count = c.Aggregates[0].Var
		case len(c.Aggregates) > 0 || count == nil:
			continue
		}
		scan.CountOnly, scan.Fetch = count, Fetch{}
		p.remove(i + 1)
		return true
	}
	return false
}

// filtersNothing tells whether exactly one row comes to place i: only then a count is the collection's.
func (b *builder) filtersNothing(p *Plan, i int) bool {
	for _, n := range p.nodes[:i] {
		switch n.(type) {
		case *Singleton, *Calculation, *SubqueryNode:
		default:
			return false
		}
	}
	return true
}

// counts tells whether an aggregate counts rows.
func counts(a ast.Aggregate) bool {
	return a.Func == "LENGTH" || a.Func == "COUNT"
}

// collectMethod groups rows one after another where they come sorted by what they are grouped by.
func collectMethod(b *builder, p *Plan) bool {
	changed := false
	for i := 1; i < len(p.nodes); i++ {
		c, ok := p.nodes[i].(*Collect)
		if !ok || len(c.Groups) == 0 || c.Method == CollectSorted {
			continue
		}
		switch {
		case c.fixed && !c.wantSorted:
		case b.Mutant == "sorted-collect" || b.inOrder(p, i, c):
			c.Method = CollectSorted
			b.dropGroupSort(p, i, c)
			changed = true
		case c.wantSorted:
			s := &Sort{}
			for _, g := range c.Groups {
				s.Keys = append(s.Keys, SortKey{Expr: g.Expr})
			}
			p.insert(i, s)
			i++
			c.Method = CollectSorted
			b.dropGroupSort(p, i, c)
			changed = true
		}
	}
	return changed
}

// inOrder tells whether rows come to a COLLECT sorted by its keys, if need be by reading through an index that has all
// that is needed.
func (b *builder) inOrder(p *Plan, i int, c *Collect) bool {
	known := b.definitions(p)
	var keys []SortKey
	for _, g := range c.Groups {
		keys = append(keys, SortKey{Expr: substitute(g.Expr, known)})
	}
	src, ok := b.sorted(p, i)
	if !ok {
		return b.sortedBelow(p, i, keys, known)
	}
	switch n := src.scan.(type) {
	case *Index:
		fields, fixed, ok := n.indexOrder()
		if !ok || n.Accesses[0].Keys != nil {
			return false
		}
		done, reverse := matchOrder(src.doc, keys, fields, fixed)
		return done == len(keys) && reverse == n.Reverse
	case *EnumerateCollection:
		return b.coverOrder(p, src, n, keys)
	}
	return false
}

// sortedBelow tells whether a SORT right below has the keys of the groups first.
func (b *builder) sortedBelow(p *Plan, i int, keys []SortKey, known map[*ast.Variable]ast.Expr) bool {
	for at := i - 1; at > 0; at-- {
		switch n := p.nodes[at].(type) {
		case *Filter, *Calculation, *LimitNode:
			continue
		case *Sort:
			if len(n.Keys) < len(keys) {
				return false
			}
			for j, k := range keys {
				if n.Keys[j].Desc || !ast.Same(substitute(n.Keys[j].Expr, known), k.Expr) {
					return false
				}
			}
			return true
		}
		return false
	}
	return false
}

// coverOrder reads through an index in order when the index has all that is needed.
func (b *builder) coverOrder(p *Plan, src source, n *EnumerateCollection, keys []SortKey) bool {
	if n.Hint != nil && n.Hint.Disable || n.Reverse {
		return false
	}
	r := reader{doc: src.doc, later: p.setFrom(src.at)}
	f := &finder{b: b, c: n.Collection, terms: b.termsOf(r, b.facts(p, src.at)), hint: n.Hint}
	for _, x := range n.Collection.Indexes {
		if !ordered(x) || !f.whole(x) || !b.coverable(p, src.at, src.doc, x) {
			continue
		}
		var fields []value.Path
		for _, field := range x.Fields {
			fields = append(fields, field.Path)
		}
		if done, reverse := matchOrder(src.doc, keys, fields, 0); done == len(keys) && !reverse {
			p.nodes[src.at] = &Index{
				Collection: n.Collection, Fetch: n.Fetch, guess: b.size(n.Collection),
				Accesses: []Access{{Index: x, Persistent: &PersistentAccess{}}},
			}
			return true
		}
	}
	return false
}

// dropGroupSort takes out the sort of groups that come sorted already.
func (b *builder) dropGroupSort(p *Plan, i int, c *Collect) {
	if i+1 >= len(p.nodes) {
		return
	}
	s, ok := p.nodes[i+1].(*Sort)
	if !ok || len(s.Keys) > len(c.Groups) {
		return
	}
	for j, k := range s.Keys {
		if r, ok := k.Expr.(*ast.Ref); !ok || r.Var != c.Groups[j].Var || k.Desc {
			return
		}
	}
	p.remove(i + 1)
}

// parallelSize is how many documents a collection must have to be read in parts when nothing else is said.
const parallelSize = 20_000

// parallelScan reads large collections in parts side by side when the order of rows does not matter.
func parallelScan(b *builder, p *Plan) bool {
	if !b.Parallel || b.writes || p != b.whole {
		return false
	}
	least := float64(parallelSize)
	if b.ParallelFrom > 0 {
		least = float64(b.ParallelFrom)
	}
	for i := 1; i < len(p.nodes); i++ {
		scan, ok := p.nodes[i].(*EnumerateCollection)
		if !ok || !p.oneRow(i) {
			continue
		}
		if scan.CountOnly != nil || scan.Limit != nil || scan.Reverse || b.size(scan.Collection) < least {
			return false
		}
		return b.parallelFrom(p, i, scan)
	}
	return false
}

// parallelFrom looks what the rows of a scan come to: they must be counted, grouped or sorted, or few of them let
// through.
func (b *builder) parallelFrom(p *Plan, i int, scan *EnumerateCollection) bool {
	if !b.steadyNode(scan) {
		return false
	}
	for _, n := range p.nodes[i+1:] {
		if !b.steadyNode(n) {
			return false
		}
		switch n := n.(type) {
		case *Calculation, *Filter:
		case *Collect:
			if n.Method == CollectSorted || !b.unordered(n) {
				return false
			}
			scan.Parallel, n.Parallel = true, true
			return true
		case *Sort:
			if n.Presorted > 0 {
				return false
			}
			scan.Parallel = true
			return true
		case *Return, *Distinct:
			scan.Parallel = scan.Fetch.Filter != nil
			return scan.Parallel
		default:
			return false
		}
	}
	return false
}

// indexesOf gives the indexes of one type.
func indexesOf(c *rows.Collection, kind string) []*rows.Index {
	var out []*rows.Index
	for _, x := range c.Indexes {
		if x.Type == kind {
			out = append(out, x)
		}
	}
	return out
}
