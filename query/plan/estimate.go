package plan

import (
	"math"

	"github.com/selvedge-db/selvedge/query/ast"
)

// estimate fills in how many rows each node is thought to give, and at what cost.
func (b *builder) estimate(p *Plan) {
	rows, cost := 0.0, 0.0
	for _, n := range p.nodes {
		rows, cost = b.step(n, rows, cost)
		h := n.Head()
		h.Rows, h.Cost = rows, cost
	}
}

// step estimates one node from what comes out of the one below it.
func (b *builder) step(n Node, in, cost float64) (rows, total float64) {
	switch n := n.(type) {
	case *Singleton:
		return 1, 1
	case *NoResults:
		return 0, 0.5
	case *EnumerateCollection:
		return b.scanned(n, in, cost)
	case *Index:
		each := costRow
		if n.Covering {
			each = costEntry
		}
		found := b.atMost(n.guess, n.Limit)
		return in * b.kept(found, n.Fetch.Filter), cost + in*(costSeek*float64(len(n.Accesses))+found*each)
	case *EnumerateList:
		found := b.length(n.In)
		return in * found, cost + in*found*costList
	case *Calculation:
		return in, cost + in*costCompute
	case *Filter:
		return b.kept(in, n.Cond), cost + in*costFilter
	case *Sort:
		work := in * costSort * math.Log2(in+2)
		if n.Limit != nil {
			kept := b.atMost(in, n.Limit)
			return kept, cost + in*costSort*math.Log2(kept+2)
		}
		if n.Presorted > 0 {
			work /= 2
		}
		return in, cost + work
	case *LimitNode:
		return b.atMost(in, n.Count), cost + in*0.001
	}
	return b.largerStep(n, in, cost)
}

func (b *builder) largerStep(n Node, in, cost float64) (rows, total float64) {
	switch n := n.(type) {
	case *Collect:
		if len(n.Groups) == 0 {
			return 1, cost + in*costHash/2
		}
		each := costHash
		if n.Method == CollectSorted {
			each /= 2
		}
		return math.Ceil(math.Pow(in, 0.6)), cost + in*each
	case *Window:
		return in, cost + in*costHash
	case *SubqueryNode:
		b.estimate(n.Plan)
		return in, cost + in*last(n.Plan).Cost
	case *HashJoin:
		b.estimate(n.Build)
		built := last(n.Build)
		matches := max(1, built.Rows/max(1, math.Pow(built.Rows, 0.7)))
		return in * matches, cost + built.Cost + built.Rows*costHash + in*(costHash+matches*costCompute)
	case *Return:
		return in, cost + in*0.01
	case *Distinct:
		return math.Ceil(math.Pow(in, 0.8)), cost + in*costHash
	case *Modify:
		return in, cost + in*costWrite
	case *Upsert:
		b.estimate(n.Lookup)
		return in, cost + in*(costWrite+last(n.Lookup).Cost)
	case *Traversal:
		most := 2.0
		if v, ok := literalOf(n.Max); ok {
			most = min(max(0, v.Float64()), 6)
		}
		found := math.Pow(guessDegree, most)
		return in * found, cost + in*found*costHop
	case *PathSearch:
		return in * guessList, cost + in*guessCollection*costHop
	case *TimeSeries:
		found := b.size(n.Collection)
		if n.From != nil || n.To != nil {
			found /= 10
		}
		for _, k := range n.Keys {
			if k != nil {
				found /= 10
			}
		}
		if n.Rollup != nil {
			found /= 60
		}
		return in * b.kept(found, n.Fetch.Filter), cost + in*found*costPoint
	}
	return in, cost
}

// last gives what is known of the whole of a plan.
func last(p *Plan) *Base { return p.nodes[len(p.nodes)-1].Head() }

func (b *builder) scanned(n *EnumerateCollection, in, cost float64) (rows, total float64) {
	if n.CountOnly != nil {
		return in, cost + in
	}
	size := b.size(n.Collection)
	read := b.atMost(size, n.Limit)
	return in * b.kept(read, n.Fetch.Filter), cost + in*(costSeek+read*costScan)
}

// atMost bounds an estimate by a limit that is known.
func (b *builder) atMost(n float64, limit ast.Expr) float64 {
	if v, ok := literalOf(limit); ok {
		return min(n, max(0, v.Float64()))
	}
	return n
}

// kept guesses how many rows a condition lets through.
func (b *builder) kept(rows float64, cond ast.Expr) float64 {
	if cond == nil {
		return rows
	}
	return rows * b.share(cond)
}

// share guesses which part of rows a condition lets through.
func (b *builder) share(cond ast.Expr) float64 {
	x, ok := cond.(*ast.Binary)
	if !ok {
		return 0.5
	}
	switch x.Op {
	case ast.OpAnd:
		return b.share(x.L) * b.share(x.R)
	case ast.OpOr:
		return min(1, b.share(x.L)+b.share(x.R))
	case ast.OpEqual:
		return 0.1
	case ast.OpIn:
		return min(0.9, 0.1*b.length(x.R))
	case ast.OpLess, ast.OpLessEqual, ast.OpGreater, ast.OpGreaterEqual:
		return 0.4
	case ast.OpLike:
		return 0.2
	}
	return 0.7
}
