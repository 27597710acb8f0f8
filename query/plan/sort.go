package plan

import (
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// removeSorts takes out sorts that change nothing: by constants, of one row, or of rows whose order nobody sees.
func removeSorts(b *builder, p *Plan) bool {
	changed := false
	for i := len(p.nodes) - 1; i > 0; i-- {
		s, ok := p.nodes[i].(*Sort)
		if !ok {
			continue
		}
		before := len(s.Keys)
		s.Keys = usefulKeys(s.Keys)
		changed = changed || len(s.Keys) != before
		if len(s.Keys) == 0 || p.oneRow(i) || b.orderLost(p, i) {
			if !b.steadyNode(s) {
				continue
			}
			p.remove(i)
			changed = true
		}
	}
	return changed
}

// usefulKeys drops constants and keys that were sorted by already.
func usefulKeys(keys []SortKey) []SortKey {
	var out []SortKey
	for _, k := range keys {
		switch k.Expr.(type) {
		case *ast.Literal, *ast.Param:
			continue
		}
		if !slices.ContainsFunc(out, func(o SortKey) bool { return ast.Same(o.Expr, k.Expr) }) {
			out = append(out, k)
		}
	}
	return out
}

// orderLost tells whether the order at place i is of no consequence: rows are counted, or grouped into what does not
// depend on their order.
func (b *builder) orderLost(p *Plan, i int) bool {
	for _, n := range p.nodes[i+1:] {
		switch n := n.(type) {
		case *Calculation, *Filter, *SubqueryNode:
			if !b.steadyNode(n) {
				return false
			}
		case *Collect:
			return n.Method != CollectSorted && b.unordered(n)
		default:
			return false
		}
	}
	return false
}

// unordered tells whether a COLLECT gives the same for any order of its input, up to the order of its groups.
func (b *builder) unordered(n *Collect) bool {
	if n.Into != nil || !b.steadyNode(n) {
		return false
	}
	return !slices.ContainsFunc(n.Aggregates, func(a ast.Aggregate) bool {
		about, ok := fn.LookupAggregate(a.Func)
		return !ok || about.Ordered
	})
}

// sortLimit keeps only as many rows while sorting as the LIMIT behind it wants.
func sortLimit(b *builder, p *Plan) bool {
	changed := false
	for i, n := range p.nodes {
		s, ok := n.(*Sort)
		if !ok || s.Limit != nil {
			continue
		}
		if l := b.limitAbove(p, i); l != nil {
			s.Limit = b.wanted(l)
			changed = true
		}
	}
	return changed
}

// limitAbove finds a LIMIT that sees the same rows as come out at place i.
func (b *builder) limitAbove(p *Plan, i int) *LimitNode {
	for _, n := range p.nodes[i+1:] {
		switch n := n.(type) {
		case *LimitNode:
			if n.FullCount || !b.steadyNode(n) {
				return nil
			}
			return n
		case *Calculation, *SubqueryNode:
			if !b.steadyNode(n) {
				return nil
			}
		case *Filter:
			if b.Mutant != "limit-past-filter" {
				return nil
			}
		default:
			return nil
		}
	}
	return nil
}

// wanted gives how many rows a LIMIT reads.
func (b *builder) wanted(l *LimitNode) ast.Expr {
	if b.Mutant == "limit-off-by-one" {
		return fold(&ast.Binary{Pos: l.Count.At(), Op: ast.OpSubtract, L: l.Count, R: literal(value.Int(1))})
	}
	if l.Offset == nil || b.Mutant == "limit-without-offset" {
		return l.Count
	}
	return fold(&ast.Binary{Pos: l.Count.At(), Op: ast.OpAdd, L: l.Offset, R: l.Count})
}

// limitScans tells collections how many rows are wanted of them.
func limitScans(b *builder, p *Plan) bool {
	changed := false
	for i, n := range p.nodes {
		if !p.oneRow(i) {
			return changed
		}
		var at *ast.Expr
		switch n := n.(type) {
		case *EnumerateCollection:
			at = &n.Limit
		case *Index:
			at = &n.Limit
		default:
			continue
		}
		if l := b.limitAbove(p, i); l != nil && *at == nil {
			*at = b.wanted(l)
			changed = true
		}
	}
	return changed
}

// source is a scan whose order the rows still have at some place above it.
type source struct {
	at   int
	scan Node
	doc  *ast.Variable
}

// sorted finds the scan that decides the order of rows at place i: the lowest loop, when at most one row comes before
// it. Loops above it keep its order.
func (b *builder) sorted(p *Plan, i int) (source, bool) {
	for at, n := range p.nodes[:i] {
		switch n := n.(type) {
		case *Singleton, *Calculation, *SubqueryNode, *Filter:
			continue
		case *EnumerateCollection:
			return source{at, n, n.Fetch.Out}, n.Fetch.Out != nil && !n.Random && n.CountOnly == nil && b.keepsOrder(p.nodes[at+1:i])
		case *Index:
			return source{at, n, n.Fetch.Out}, n.Fetch.Out != nil && b.keepsOrder(p.nodes[at+1:i])
		}
		return source{}, false
	}
	return source{}, false
}

func (b *builder) keepsOrder(list []Node) bool {
	for _, n := range list {
		switch n.(type) {
		case *Calculation, *SubqueryNode, *Filter, *LimitNode, *EnumerateCollection, *Index, *EnumerateList, *Traversal,
			*PathSearch, *HashJoin, *TimeSeries:
		default:
			return false
		}
	}
	return true
}

// indexForSort reads a collection in the order of an index so that nothing, or less, must be sorted.
func indexForSort(b *builder, p *Plan) bool {
	changed := false
	for i := len(p.nodes) - 1; i > 0; i-- {
		s, ok := p.nodes[i].(*Sort)
		if !ok || s.Presorted > 0 {
			continue
		}
		src, ok := b.sorted(p, i)
		if !ok {
			continue
		}
		known := b.definitions(p)
		var keys []SortKey
		for _, k := range s.Keys {
			keys = append(keys, SortKey{Expr: substitute(k.Expr, known), Desc: k.Desc})
		}
		done := 0
		switch n := src.scan.(type) {
		case *EnumerateCollection:
			done = b.orderScan(p, src, n, keys, i)
		case *Index:
			done = b.orderIndex(n, src, keys)
		}
		switch {
		case done == len(keys):
			p.remove(i)
			changed = true
		case done > 0:
			s.Presorted = done
			changed = true
		}
	}
	return changed
}

// matchOrder counts how many leading keys an order has, and whether it must be read backwards for that.
func matchOrder(doc *ast.Variable, keys []SortKey, fields []value.Path, fixed int) (done int, reverse bool) {
	at := fixed
	for i, k := range keys {
		v, path, ok := pathOf(k.Expr)
		if !ok || v != doc {
			return i, reverse
		}
		if slices.ContainsFunc(fields[:fixed], path.Equal) {
			continue // the same in all rows
		}
		if at >= len(fields) || !fields[at].Equal(path) {
			return i, reverse
		}
		if at == fixed {
			reverse = k.Desc
		} else if reverse != k.Desc {
			return i, reverse
		}
		at++
	}
	return len(keys), reverse
}

func (b *builder) orderIndex(n *Index, src source, keys []SortKey) int {
	fields, fixed, ok := n.indexOrder()
	if !ok {
		return 0
	}
	byKey := n.Accesses[0].Keys
	if byKey != nil && byKey.Key != nil { // one document: what is of it does not part the rows
		other := slices.IndexFunc(keys, func(k SortKey) bool {
			v, _, ok := pathOf(k.Expr)
			return !ok || v != src.doc
		})
		if other >= 0 {
			return other
		}
		return len(keys)
	}
	done, reverse := matchOrder(src.doc, keys, fields, fixed)
	if byKey != nil && done > 0 {
		done = b.afterKey(src.doc, keys, done)
	}
	if done > 0 {
		n.Reverse = reverse != (b.Mutant == "reverse-index")
	}
	return done
}

// afterKey counts the keys of a sort that are in order when the first ones, _key among them, are: others of the same
// document do not matter then, but those of loops above do.
func (b *builder) afterKey(doc *ast.Variable, keys []SortKey, done int) int {
	for done < len(keys) {
		if v, _, ok := pathOf(keys[done].Expr); !ok || v != doc {
			break
		}
		done++
	}
	return done
}

// orderScan looks for an index in whose order a whole collection is read better than sorted.
func (b *builder) orderScan(p *Plan, src source, n *EnumerateCollection, keys []SortKey, i int) int {
	if n.Hint != nil && n.Hint.Disable {
		return 0
	}
	if done, reverse := matchOrder(src.doc, keys, []value.Path{{"_key"}}, 0); done > 0 {
		n.Reverse = reverse
		if slices.ContainsFunc(p.nodes[src.at+1:i], isLoop) {
			return done
		}
		return len(keys) // keys are unique: what follows does not matter
	}
	r := reader{doc: src.doc, later: p.setFrom(src.at)}
	f := &finder{b: b, c: n.Collection, terms: b.termsOf(r, b.facts(p, src.at)), hint: n.Hint}
	hinted := f.hinted()
	best, most := (*Index)(nil), 0
	for _, x := range n.Collection.Indexes {
		if !ordered(x) || !f.whole(x) || hinted != nil && !slices.Contains(hinted, x) {
			continue
		}
		made := &Index{
			Collection: n.Collection, Fetch: n.Fetch, guess: b.size(n.Collection),
			Accesses: []Access{{Index: x, Persistent: &PersistentAccess{}}},
		}
		done := b.orderIndex(made, src, keys)
		if done > most && b.worthOrder(p, src, x, i, done == len(keys)) {
			best, most = made, done
		}
	}
	if best == nil {
		return 0
	}
	p.nodes[src.at] = best
	return most
}

func ordered(x *rows.Index) bool {
	return x.Type == rows.Persistent || x.Type == rows.Hash || x.Type == rows.SkipList
}

// worthOrder tells whether reading in the order of an index is cheaper than reading and sorting everything.
func (b *builder) worthOrder(p *Plan, src source, x *rows.Index, i int, whole bool) bool {
	size := b.size(src.scan.(*EnumerateCollection).Collection)
	kept, read := size, size
	for _, n := range p.nodes[src.at+1 : i] {
		if f, ok := n.(*Filter); ok {
			kept = b.kept(kept, f.Cond)
		}
	}
	if l := b.limitAbove(p, i); l != nil {
		want := 100.0
		if v, ok := literalOf(b.wanted(l)); ok {
			want = v.Float64()
		}
		if !whole {
			want += kept / b.spread(src.scan.(*EnumerateCollection).Collection, x, 1)
		}
		read = min(size, want*size/max(1, kept))
	}
	each := costRow
	if b.coverable(p, src.at, src.doc, x) {
		each = costEntry
	}
	sorting := kept * costSort * math.Log2(kept+2)
	if !whole {
		sorting /= 2
	}
	return read*each < size*costScan+sorting || size < guessCollection
}
