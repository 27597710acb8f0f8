package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// hashJoin reads a collection once into a table in place of once for each row.
func hashJoin(b *builder, p *Plan) bool {
	changed := false
	for i := 1; i < len(p.nodes); i++ {
		switch n := p.nodes[i].(type) {
		case *EnumerateCollection:
			if p.oneRow(i) || b.rowsBelow(p, i) < 1.5 {
				continue
			}
			below := varSet{}
			for _, x := range p.nodes[:i] {
				below.add(sets(x)...)
			}
			changed = b.joinAt(p, i, n, below.hasAny) || changed
		case *SubqueryNode:
			if b.rowsBelow(p, i) >= 2 {
				changed = b.joinWithin(n.Plan) || changed
			}
		}
	}
	return changed
}

// rowsBelow estimates how many rows come to place i.
func (b *builder) rowsBelow(p *Plan, i int) float64 {
	b.estimate(p)
	return p.nodes[i-1].Head().Rows
}

// joinWithin makes a table of what a subquery reads for each row around it: the table does not depend on the rows, so it
// is made once.
func (b *builder) joinWithin(p *Plan) bool {
	for i, n := range p.nodes {
		scan, ok := n.(*EnumerateCollection)
		if !ok {
			continue
		}
		doc := scan.Fetch.Out
		return p.oneRow(i) && b.joinAt(p, i, scan, func(used varSet) bool {
			return len(used) > 1 || len(used) == 1 && !used[doc]
		})
	}
	return false
}

// joinAt turns the scan at place i and the filters right above it into a join when one of them is an equality. ofRows
// tells whether some variables are those of rows that are joined with the collection.
func (b *builder) joinAt(p *Plan, i int, scan *EnumerateCollection, ofRows func(varSet) bool) bool {
	doc := scan.Fetch.Out
	if scan.CountOnly != nil || scan.Random || doc == nil {
		return false
	}
	at := -1
	var build, probe ast.Expr
	end := i + 1
	for ; end < len(p.nodes); end++ {
		f, ok := p.nodes[end].(*Filter)
		if !ok {
			break
		}
		if at < 0 && b.steady(f.Cond) {
			if build, probe = equality(f.Cond, doc, ofRows); build != nil {
				at = end
			}
		}
	}
	if at < 0 {
		return false
	}
	table := &Plan{nodes: []Node{&Singleton{}, scan}, joined: true}
	var rest []Node
	for j := i + 1; j < end; j++ {
		f := p.nodes[j].(*Filter)
		switch {
		case j == at:
		case b.steady(f.Cond) && !ofRows(uses(f.Cond)):
			table.add(f)
		default:
			rest = append(rest, f)
		}
	}
	if b.Mutant == "join-drops-null" {
		table.add(&Filter{Cond: &ast.Binary{Op: ast.OpNotEqual, L: build, R: literal(value.Null())}})
	}
	join := &HashJoin{Build: table, Probe: probe, Key: build}
	p.nodes = slices.Replace(p.nodes, i, end, append([]Node{join}, rest...)...)
	return true
}

// equality reads a condition that an attribute of the document equals something of the rows.
func equality(cond ast.Expr, doc *ast.Variable, ofRows func(varSet) bool) (build, probe ast.Expr) {
	x, ok := cond.(*ast.Binary)
	if !ok || x.Op != ast.OpEqual {
		return nil, nil
	}
	for _, sides := range [][2]ast.Expr{{x.L, x.R}, {x.R, x.L}} {
		left, right := uses(sides[0]), uses(sides[1])
		if left[doc] && !ofRows(left) && ofRows(right) && !right[doc] {
			return sides[0], sides[1]
		}
	}
	return nil, nil
}

// maxPlans is how many orders of loops are compared when nothing else is said.
const maxPlans = 128

// gain is how many times cheaper another order of loops must be to be taken.
const gain = 2

// manyNodes is from how many nodes on fewer orders of loops are tried.
const manyNodes = 32

// interchange puts adjacent loops into the order that costs least.
func interchange(b *builder, p *Plan) bool {
	first, end := b.loopRun(p)
	if first < 0 {
		return false
	}
	limit := b.MaxPlans
	if limit <= 0 {
		limit = maxPlans
	}
	if n := end - first; n > manyNodes { // what an order costs to try grows with their square
		if limit = limit * manyNodes * manyNodes / (n * n); limit < 2 {
			return false
		}
	}
	best, bestCost := []Node(nil), b.tried(p, p.nodes)/gain
	b.orders(p.nodes[first:end], limit, func(run []Node) {
		if b.over() {
			return
		}
		made := slices.Concat(p.nodes[:first], run, p.nodes[end:])
		if cost := b.tried(p, made); cost < bestCost {
			best, bestCost = made, cost
		}
	})
	if best == nil {
		return false
	}
	p.nodes = best
	return true
}

// loopRun finds the first run of nodes with more than one loop whose order may be changed.
func (b *builder) loopRun(p *Plan) (first, end int) {
	first, loops := -1, 0
	for i, n := range p.nodes {
		ok := b.steadyNode(n) && !b.inlineIn(n)
		isLoop := false
		switch n := n.(type) {
		case *EnumerateCollection:
			isLoop = true
			ok = ok && n.Hint == nil
		case *EnumerateList:
			isLoop = true
		case *Filter, *Calculation:
		default:
			ok = false
		}
		switch {
		case ok && isLoop && first < 0:
			first, end, loops = i, i+1, 1
		case ok && isLoop:
			end = i + 1
			loops++
		case ok && first >= 0:
			end = i + 1
		case ok:
		case loops > 1:
			return first, end
		default:
			first, loops = -1, 0
		}
	}
	if loops > 1 {
		return first, end
	}
	return -1, 0
}

func (b *builder) inlineIn(n Node) bool {
	found := false
	eachExpr(n, func(e ast.Expr) { found = found || b.hasInline(e) })
	return found
}

// orders calls f with the other orders of the loops of a run in which each finds what it needs, at most limit of them.
func (b *builder) orders(run []Node, limit int, f func([]Node)) {
	within := varSet{}
	for _, n := range run {
		within.add(sets(n)...)
	}
	made := 0
	var extend func(done []Node, have varSet, left []Node, original bool)
	extend = func(done []Node, have varSet, left []Node, original bool) {
		done, have, left = b.settle(done, have, left, within)
		if len(left) == 0 {
			if !original {
				f(done)
			}
			made++
			return
		}
		first := true
		for i, n := range left {
			if !isLoop(n) {
				continue
			}
			if made < limit && b.ready(n, have, within) {
				grown := varSet{}
				grown.union(have)
				grown.add(sets(n)...)
				extend(append(slices.Clone(done), n), grown, slices.Delete(slices.Clone(left), i, i+1), original && first)
			}
			first = false
		}
	}
	extend(nil, varSet{}, slices.Clone(run), true)
}

// settle appends everything but loops whose variables are there.
func (b *builder) settle(done []Node, have varSet, left []Node, within varSet) ([]Node, varSet, []Node) {
	grown := varSet{}
	grown.union(have)
	for again := true; again; {
		again = false
		for i, n := range left {
			if !isLoop(n) && b.ready(n, grown, within) {
				done = append(slices.Clone(done), n)
				grown.add(sets(n)...)
				left = slices.Delete(slices.Clone(left), i, i+1)
				again = true
				break
			}
		}
	}
	return done, grown, left
}

// ready tells whether a node has all of the run's variables that it needs.
func (b *builder) ready(n Node, have, within varSet) bool {
	for v := range b.reads(n) {
		if within[v] && !have[v] {
			return false
		}
	}
	return true
}

// tried estimates what a plan costs with these nodes once the rules that come later have been applied.
func (b *builder) tried(p *Plan, nodes []Node) float64 {
	copied := clonePlan(&Plan{nodes: nodes, joined: p.joined})
	whole, fired, next, writes := b.whole, b.fired, b.nextVariable, b.writes
	if b.whole == p {
		b.whole = copied
	}
	b.apply(copied, afterOrders)
	b.estimate(copied)
	b.whole, b.fired, b.nextVariable, b.writes = whole, fired, next, writes
	return last(copied).Cost
}
