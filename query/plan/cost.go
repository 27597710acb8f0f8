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
	n, err := b.Statistics.Within(c, x, bounds, withinLimit)
	return float64(n), err == nil && n < withinLimit
}
