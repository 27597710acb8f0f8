package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// candidate is one way to find documents.
type candidate struct {
	access Access
	rows   float64 // estimated
	cost   float64
	// used are the terms that the access takes care of wholly.
	used []int
}

// finder looks for ways to find documents of one collection.
type finder struct {
	b     *builder
	c     *rows.Collection
	terms []term
	hint  *Hint
}

// best gives the cheapest way, nil when there is none.
func (f *finder) best() *candidate {
	var best *candidate
	consider := func(c *candidate) {
		if c != nil && (best == nil || c.cost < best.cost) {
			best = c
		}
	}
	if f.hint == nil || !f.hint.Force || slices.Contains(f.hint.Indexes, rows.Primary) {
		consider(f.keys())
		consider(f.keyRange())
	}
	hinted := f.hinted()
	for _, x := range f.c.Indexes {
		if hinted != nil && !slices.Contains(hinted, x) {
			continue
		}
		switch x.Type {
		case rows.EdgeIndex:
			consider(f.edges(x))
		case rows.Persistent, rows.Hash, rows.SkipList, rows.TTL:
			consider(f.persistent(x))
		}
	}
	return best
}

// hinted gives the indexes that the query names, nil when any will do.
func (f *finder) hinted() []*rows.Index {
	if f.hint == nil {
		return nil
	}
	var out []*rows.Index
	for _, x := range f.c.Indexes {
		if slices.Contains(f.hint.Indexes, x.Name) || slices.Contains(f.hint.Indexes, x.ID) {
			out = append(out, x)
		}
	}
	if out == nil && f.hint.Force {
		out = []*rows.Index{}
	}
	return out
}

// forced refuses a plan that lacks an index which the query insists on.
func (b *builder) forced(p *Plan) error {
	var err error
	if b.off["use-indexes"] {
		return nil
	}
	eachPlan(p, b.inline, func(p *Plan) {
		for _, n := range p.nodes {
			if scan, ok := n.(*EnumerateCollection); ok && scan.Hint != nil && scan.Hint.Force && err == nil {
				err = &Error{Number: 1577, Pos: scan.Hint.Pos, Text: fmt.Sprintf(
					"forceIndexHint: no index of %s called %s can be used here; EXPLAIN without the hint shows which one can",
					scan.Collection.Name, strings.Join(scan.Hint.Indexes, ", "))}
			}
		}
	})
	return err
}

// keys finds documents by _key or _id.
func (f *finder) keys() *candidate {
	for i, t := range f.terms {
		if len(t.path) != 1 || t.expand >= 0 || t.op != ast.OpEqual && t.op != ast.OpIn {
			continue
		}
		if t.path[0] != "_key" && t.path[0] != "_id" {
			continue
		}
		n := f.b.alternatives(t)
		return &candidate{
			access: Access{Keys: &KeyAccess{Key: t.value, ID: t.path[0] == "_id", Each: t.op == ast.OpIn}},
			rows:   min(n, f.b.size(f.c)), cost: n * costKey, used: []int{i},
		}
	}
	return nil
}

// keyRange finds documents by a range of keys.
func (f *finder) keyRange() *candidate {
	c := &candidate{access: Access{Keys: &KeyAccess{}}}
	key := rows.Field{Path: value.Path{"_key"}, Expand: -1}
	k := c.access.Keys
	k.Lower = f.limit(c, key, ast.OpGreater, ast.OpGreaterEqual)
	k.Upper = f.limit(c, key, ast.OpLess, ast.OpLessEqual)
	switch {
	case k.Lower == nil && k.Upper == nil:
		return nil
	case k.Lower != nil && k.Upper != nil:
		c.rows = f.b.size(f.c) * 0.1
	default:
		c.rows = f.b.size(f.c) * 0.4
	}
	c.cost = costSeek + c.rows*costScan
	return c
}

// edges finds edges by their ends.
func (f *finder) edges(x *rows.Index) *candidate {
	var best *candidate
	for i, t := range f.terms {
		if len(t.path) != 1 || t.expand >= 0 || t.op != ast.OpEqual && t.op != ast.OpIn {
			continue
		}
		direction := ast.Outbound
		switch t.path[0] {
		case "_from":
		case "_to":
			direction = ast.Inbound
		default:
			continue
		}
		size := f.b.size(f.c)
		each := size / max(1, f.b.spread(f.c, x, 1))
		n := f.b.alternatives(t)
		c := &candidate{
			access: Access{Index: x, Edge: &EdgeAccess{Direction: direction, Vertex: t.value, Each: t.op == ast.OpIn}},
			rows:   min(n*each, size), cost: n*costSeek + min(n*each, size)*costRow, used: []int{i},
		}
		if best == nil || c.cost < best.cost {
			best = c
		}
	}
	return best
}

// persistent finds documents by the leading fields of an index.
func (f *finder) persistent(x *rows.Index) *candidate {
	access := &PersistentAccess{}
	c := &candidate{access: Access{Index: x, Persistent: access}}
	seeks := 1.0
	at := 0
	for ; at < len(x.Fields); at++ {
		i, ok := f.equal(x.Fields[at])
		if !ok {
			break
		}
		t := f.terms[i]
		access.Equal = append(access.Equal, EqualField{Expr: t.value, Each: t.op == ast.OpIn})
		seeks *= f.b.alternatives(t)
		c.used = append(c.used, i)
	}
	if at < len(x.Fields) && x.Fields[at].Expand < 0 {
		access.Lower = f.limit(c, x.Fields[at], ast.OpGreater, ast.OpGreaterEqual)
		access.Upper = f.limit(c, x.Fields[at], ast.OpLess, ast.OpLessEqual)
	}
	if len(access.Equal) == 0 && access.Lower == nil && access.Upper == nil {
		return nil
	}
	ok := false
	if c.access.Guard, ok = f.complete(x, len(access.Equal)); !ok {
		return nil
	}
	c.rows = f.b.accessRows(f.c, x, access, seeks)
	c.cost = seeks*costSeek + c.rows*costRow
	return c
}

// equal finds a term that binds a field to a value, or to one of several.
func (f *finder) equal(field rows.Field) (int, bool) {
	found := -1
	for i, t := range f.terms {
		if t.expand != field.Expand || !t.path.Equal(field.Path) {
			continue
		}
		switch {
		case t.op == ast.OpEqual:
			return i, true
		case t.op == ast.OpIn && field.Expand < 0 && found < 0:
			found = i
		}
	}
	return found, found >= 0
}

// limit finds a term that bounds a field on one side.
func (f *finder) limit(c *candidate, field rows.Field, open, closed ast.Op) *Limit {
	for i, t := range f.terms {
		if t.expand >= 0 || !t.path.Equal(field.Path) || t.op != open && t.op != closed {
			continue
		}
		c.used = append(c.used, i)
		inclusive := t.op == closed
		if f.b.Mutant == "range-inclusive" {
			inclusive = true
		}
		return &Limit{Expr: t.value, Inclusive: inclusive}
	}
	return nil
}

// complete tells whether an index has all documents that fulfil the terms, when so many leading fields are bound. A
// field that spreads over an array must be bound: the index lacks documents without elements, and has others twice. A
// sparse index lacks documents that have null in any field: values of the query that may be null are to be looked at
// when it runs.
func (f *finder) complete(x *rows.Index, equal int) (guard []ast.Expr, ok bool) {
	for i, field := range x.Fields {
		if field.Expand >= 0 && i >= equal {
			return nil, false
		}
		if !x.Sparse && x.Type != rows.TTL || f.b.Mutant == "sparse-as-full" {
			continue
		}
		var risky ast.Expr
		found := false
		for _, t := range f.terms {
			if t.expand != field.Expand || !t.path.Equal(field.Path) {
				continue
			}
			found = found || t.notNull()
			_, isLiteral := t.value.(*ast.Literal)
			if (t.op == ast.OpEqual || t.op == ast.OpGreaterEqual) && !isLiteral && len(uses(t.value)) == 0 {
				risky = t.value
			}
		}
		switch {
		case found:
		case risky != nil:
			guard = append(guard, risky)
		default:
			return nil, false
		}
	}
	return guard, true
}

// whole tells whether an index has all documents that fulfil the terms, come what may.
func (f *finder) whole(x *rows.Index) bool {
	guard, ok := f.complete(x, 0)
	return ok && guard == nil
}

// useIndexes reads documents through indexes where that is cheaper than reading them all.
func useIndexes(b *builder, p *Plan) bool {
	changed := false
	for i := 0; i < len(p.nodes); i++ {
		scan, ok := p.nodes[i].(*EnumerateCollection)
		if !ok || scan.CountOnly != nil || scan.Random || scan.Fetch.Out == nil || scan.Hint != nil && scan.Hint.Disable {
			continue
		}
		changed = b.useIndex(p, i, scan) || changed
	}
	return changed
}

func (b *builder) useIndex(p *Plan, i int, scan *EnumerateCollection) bool {
	r := reader{doc: scan.Fetch.Out, later: p.setFrom(i)}
	facts := b.facts(p, i)
	terms := b.termsOf(r, facts)
	f := &finder{b: b, c: scan.Collection, terms: terms, hint: scan.Hint}
	best := f.best()
	if best != nil && best.cost > b.size(scan.Collection)*costScan && f.hinted() == nil {
		best = nil
	}
	several, total := b.alternativesOf(f, r, facts)
	if several != nil && (best == nil || total.cost < best.cost) && total.cost <= b.size(scan.Collection)*costScan {
		p.nodes[i] = &Index{Collection: scan.Collection, Fetch: scan.Fetch, Accesses: several, guess: total.rows}
		return true
	}
	cost := math.Inf(1)
	if best != nil {
		cost = best.cost
	}
	if b.useGeo(p, i, scan, r, facts, cost) {
		return true
	}
	if best == nil {
		return false
	}
	p.nodes[i] = &Index{Collection: scan.Collection, Fetch: scan.Fetch, Accesses: []Access{best.access}, guess: best.rows}
	for _, at := range best.used {
		if best.access.Guard != nil {
			break
		}
		t := terms[at]
		filter := facts[t.fact].filter
		if b.Mutant == "forget-residual" || t.exact && alone(facts, t.fact) && sameUsed(terms, t.fact, best.used) {
			p.drop(filter)
		}
	}
	return true
}

// alone tells whether a fact is all that its filter says.
func alone(facts []fact, i int) bool {
	n := 0
	for _, f := range facts {
		if f.filter == facts[i].filter {
			n++
		}
	}
	return n == 1
}

// sameUsed tells whether all terms of a fact are taken care of.
func sameUsed(terms []term, fact int, used []int) bool {
	for i, t := range terms {
		if t.fact == fact && !slices.Contains(used, i) {
			return false
		}
	}
	return true
}

func (b *builder) termsOf(r reader, facts []fact) []term {
	var out []term
	for i, f := range facts {
		for _, t := range r.terms(f.cond) {
			t.fact = i
			out = append(out, t)
		}
	}
	return out
}

// maxAlternatives bounds into how many accesses an OR is taken apart.
const maxAlternatives = 64

// alternativesOf finds an OR each side of which has a way of its own.
func (b *builder) alternativesOf(f *finder, r reader, facts []fact) (best []Access, total candidate) {
	for _, fact := range facts {
		sides := disjuncts(fact.cond)
		if len(sides) < 2 || len(sides) > maxAlternatives {
			continue
		}
		var list []Access
		var sum candidate
		for _, side := range sides {
			one := *f
			one.terms = slices.Clone(f.terms)
			for _, c := range conjuncts(side) {
				one.terms = append(one.terms, r.terms(c)...)
			}
			c := one.best()
			if c == nil {
				list = nil
				break
			}
			list = append(list, c.access)
			sum.cost += c.cost
			sum.rows += c.rows
		}
		if list != nil && (best == nil || sum.cost < total.cost) {
			best, total = list, sum
		}
	}
	if b.Mutant == "or-first-only" && best != nil {
		best = best[:1]
	}
	return best, total
}

// indexOrder gives the fields by whose values the documents of an access come sorted, and how many of the leading ones
// are the same for all of them.
func (n *Index) indexOrder() (fields []value.Path, fixed int, ok bool) {
	if len(n.Accesses) != 1 {
		return nil, 0, false
	}
	a := n.Accesses[0]
	switch {
	case a.Guard != nil:
		return nil, 0, false
	case a.Keys != nil && a.Keys.Key == nil:
		return []value.Path{{"_key"}}, 0, true
	case a.Keys != nil && !a.Keys.Each:
		return nil, 0, true
	case a.Persistent == nil || a.Index == nil:
		return nil, 0, false
	}
	for i, field := range a.Index.Fields {
		fields = append(fields, field.Path)
		if i >= len(a.Persistent.Equal) {
			if field.Expand >= 0 {
				return fields[:i], fixed, true
			}
			continue
		}
		if a.Persistent.Equal[i].Each {
			if fixed < i {
				return fields[:i], fixed, true
			}
			continue
		}
		if fixed == i {
			fixed++
		}
	}
	return fields, fixed, true
}
