package plan

import (
	"math"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Costs, in rows that are read by scanning.
const (
	costScan    = 1.0
	costRow     = 1.5 // a document that is found through an index
	costSeek    = 0.5
	costKey     = 0.8
	costEntry   = 0.3 // a row that an index gives by itself
	costFilter  = 0.05
	costCompute = 0.1
	costList    = 0.1
	costSort    = 0.05 // times the logarithm
	costHash    = 0.2
	costHop     = 3.0
	costWrite   = 10.0
	costPoint   = 0.02
)

// What is expected when nothing is known.
const (
	guessCollection = 1000
	guessList       = 10
	guessDegree     = 5
	withinLimit     = 1000 // entries that are counted to learn how many a range has
)

// size gives how many documents a collection has.
func (b *builder) size(c *rows.Collection) float64 {
	if n, ok := b.counts[c]; ok {
		return n
	}
	n := float64(guessCollection)
	if b.Statistics != nil {
		if exact, err := b.Statistics.Count(c); err == nil {
			n = float64(exact)
		}
	}
	b.counts[c] = n
	return n
}

// spread estimates how many different values the leading fields of an index have.
func (b *builder) spread(c *rows.Collection, x *rows.Index, fields int) float64 {
	list, ok := b.distinct[x]
	if !ok {
		if b.Statistics != nil {
			if found, err := b.Statistics.Distinct(c, x); err == nil {
				list = found
			}
		}
		b.distinct[x] = list
	}
	size := b.size(c)
	if x.Unique && fields >= len(x.Fields) {
		return size
	}
	if fields <= len(list) && list[fields-1] > 0 {
		return list[fields-1]
	}
	return max(1, math.Pow(size, 1-math.Pow(0.4, float64(fields))))
}

// alternatives guesses how many values a term compares with.
func (b *builder) alternatives(t term) float64 {
	if t.op != ast.OpIn {
		return 1
	}
	return b.length(t.value)
}

// length guesses how many elements an array has.
func (b *builder) length(e ast.Expr) float64 {
	switch e := e.(type) {
	case *ast.Array:
		return float64(len(e.Items))
	case *ast.Literal:
		return float64(len(e.Value.Items()))
	case *ast.Range:
		from, ok := literalOf(e.From)
		to, isLiteral := literalOf(e.To)
		if ok && isLiteral {
			return math.Abs(to.Float64()-from.Float64()) + 1
		}
	}
	return guessList
}

// accessRows estimates how many documents an access finds.
func (b *builder) accessRows(c *rows.Collection, x *rows.Index, a *PersistentAccess, seeks float64) float64 {
	n := b.size(c)
	if len(a.Equal) > 0 {
		n = min(n, n/b.spread(c, x, len(a.Equal))*seeks)
	}
	if a.Lower == nil && a.Upper == nil {
		return n
	}
	if exact, ok := b.within(c, x, a); ok {
		return exact
	}
	if a.Lower != nil && a.Upper != nil {
		return n * 0.1
	}
	return n * 0.3
}

// counted is a range of an index whose entries were counted.
type counted struct {
	index        *rows.Index
	lower, upper string
}

// within counts the entries of an access whose bounds are known now.
func (b *builder) within(c *rows.Collection, x *rows.Index, a *PersistentAccess) (float64, bool) {
	var prefix []byte
	for _, f := range a.Equal {
		v, ok := literalOf(f.Expr)
		if !ok || f.Each {
			return 0, false
		}
		prefix = value.AppendKey(prefix, v)
	}
	if b.Statistics == nil {
		return 0, false
	}
	bounds := rows.Bounds{Lower: prefix, Upper: append(append([]byte{}, prefix...), 0xFF)}
	if a.Lower != nil {
		v, ok := literalOf(a.Lower.Expr)
		if !ok {
			return 0, false
		}
		bounds.Lower = value.AppendKey(append([]byte{}, prefix...), v)
	}
	if a.Upper != nil {
		v, ok := literalOf(a.Upper.Expr)
		if !ok {
			return 0, false
		}
		bounds.Upper = append(value.AppendKey(append([]byte{}, prefix...), v), 0xFF)
	}
	asked := counted{x, string(bounds.Lower), string(bounds.Upper)}
	n, ok := b.entries[asked]
	if !ok {
		var err error
		if n, err = b.Statistics.Within(c, x, bounds, withinLimit); err != nil {
			n = withinLimit
		}
		b.entries[asked] = n
	}
	return float64(n), n < withinLimit
}

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
		once := b.once(n.Plan)
		return in, cost + once + in*(last(n.Plan).Cost-once)
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

// once is what a subquery costs no matter how often it runs: tables that do not depend on anything around it.
func (b *builder) once(p *Plan) float64 {
	out := 0.0
	for _, n := range p.nodes {
		if j, ok := n.(*HashJoin); ok && len(b.planReads(j.Build)) == 0 {
			out += last(j.Build).Cost + last(j.Build).Rows*costHash
		}
	}
	return out
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
