package plan

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// fact is a condition that every row which is needed fulfils.
type fact struct {
	cond   ast.Expr // in terms of variables that no calculation sets
	filter *Filter  // the filter that asks it
}

// facts collects what filters above place i ask of rows, as far up as nothing but them decides on rows.
func (b *builder) facts(p *Plan, i int) []fact {
	var out []fact
	known := b.definitions(p)
	for _, n := range p.nodes[i+1:] {
		switch n := n.(type) {
		case *Filter:
			if !b.steady(n.Cond) {
				return out
			}
			for _, c := range conjuncts(substitute(n.Cond, known)) {
				out = append(out, fact{cond: c, filter: n})
			}
		case *Calculation, *Sort, *EnumerateCollection, *Index, *EnumerateList, *SubqueryNode, *Traversal, *PathSearch,
			*TimeSeries, *HashJoin:
			if !b.steadyNode(n) {
				return out
			}
		case *LimitNode:
			if b.Mutant == "filter-past-limit" {
				continue
			}
			return out
		default:
			return out
		}
	}
	return out
}

// term is a comparison of one attribute of a document with a value that is known before the document is read.
type term struct {
	path   value.Path
	expand int // after how many names of the path [*] stands, -1 for nowhere
	op     ast.Op
	value  ast.Expr
	// exact terms together say what the condition says.
	exact bool
	fact  int
}

// reader finds terms about a document.
type reader struct {
	doc   *ast.Variable
	later varSet // variables that are set with the document or after it
}

// known tells whether an expression can be computed before the document is read.
func (r reader) known(e ast.Expr) bool { return !uses(e).hasAny(r.later) }

// attribute reads d.path, or d.a[*].b.
func (r reader) attribute(e ast.Expr) (path value.Path, expand int, ok bool) {
	if x, isExpansion := e.(*ast.Expansion); isExpansion {
		return r.expanded(x)
	}
	v, path, ok := pathOf(e)
	return path, -1, ok && v == r.doc && len(path) > 0
}

// array reads d.a or d.a[*].b as something whose elements are compared.
func (r reader) array(e ast.Expr) (path value.Path, expand int, ok bool) {
	path, expand, ok = r.attribute(e)
	if expand < 0 {
		expand = len(path)
	}
	return path, expand, ok
}

func (r reader) expanded(x *ast.Expansion) (path value.Path, expand int, ok bool) {
	if x.Levels != 1 || x.Filter != nil || x.Offset != nil || x.Count != nil || x.Return != nil {
		return nil, 0, false
	}
	v, path, ok := pathOf(x.Of)
	if !ok || v != r.doc || len(path) == 0 {
		return nil, 0, false
	}
	expand = len(path)
	if x.Then != nil {
		element, rest, ok := pathOf(x.Then)
		if !ok || element != x.Element {
			return nil, 0, false
		}
		path = append(path, rest...)
	}
	return path, expand, true
}

// terms gives what a condition says about the document; nil when nothing that an index could use.
func (r reader) terms(cond ast.Expr) []term {
	switch e := cond.(type) {
	case *ast.Binary:
		return r.binary(e)
	case *ast.Call:
		return r.call(e)
	case *ast.Quantified:
		// array ANY == value
		if path, expand, ok := r.array(e.L); ok && e.Quant == ast.QuantAny && e.Op == ast.OpEqual && r.known(e.R) {
			return []term{{path: path, expand: expand, op: ast.OpEqual, value: e.R, exact: true}}
		}
	}
	return nil
}

// turned gives the comparison with its sides exchanged, 0 when there is none.
func turned(op ast.Op) ast.Op {
	switch op {
	case ast.OpEqual, ast.OpNotEqual:
		return op
	case ast.OpLess:
		return ast.OpGreater
	case ast.OpLessEqual:
		return ast.OpGreaterEqual
	case ast.OpGreater:
		return ast.OpLess
	case ast.OpGreaterEqual:
		return ast.OpLessEqual
	}
	return 0
}

func (r reader) binary(e *ast.Binary) []term {
	switch e.Op {
	case ast.OpIn:
		return r.in(e)
	case ast.OpLike:
		return r.like(e.L, e.R)
	}
	if turned(e.Op) == 0 {
		return nil
	}
	left, op, right := e.L, e.Op, e.R
	path, expand, ok := r.attribute(left)
	if !ok || expand >= 0 || !r.known(right) {
		left, op, right = e.R, turned(e.Op), e.L
		path, expand, ok = r.attribute(left)
	}
	if !ok || expand >= 0 || !r.known(right) {
		return nil
	}
	if op == ast.OpNotEqual {
		if v, isLiteral := literalOf(right); !isLiteral || !v.IsNull() {
			return nil
		}
		op = ast.OpGreater // nothing is less than null
	}
	return []term{{path: path, expand: -1, op: op, value: right, exact: true}}
}

func (r reader) in(e *ast.Binary) []term {
	if path, expand, ok := r.array(e.R); ok && r.known(e.L) {
		return []term{{path: path, expand: expand, op: ast.OpEqual, value: e.L, exact: true}}
	}
	path, expand, ok := r.attribute(e.L)
	if !ok || expand >= 0 || !r.known(e.R) {
		return nil
	}
	if span, isRange := e.R.(*ast.Range); isRange {
		return wideRange(path, span)
	}
	return []term{{path: path, expand: -1, op: ast.OpIn, value: e.R, exact: true}}
}

// wideRange reads d.a IN 1..1000000 as a range, which leaves the integers to the filter.
func wideRange(path value.Path, span *ast.Range) []term {
	from, ok := literalOf(span.From)
	to, isLiteral := literalOf(span.To)
	if !ok || !isLiteral || from.Kind() != value.KindNumber || to.Kind() != value.KindNumber {
		return nil
	}
	low, high := min(from.Float64(), to.Float64()), max(from.Float64(), to.Float64())
	return []term{
		{path: path, expand: -1, op: ast.OpGreaterEqual, value: literal(value.Float(low - 1))},
		{path: path, expand: -1, op: ast.OpLessEqual, value: literal(value.Float(high + 1))},
	}
}

func (r reader) call(e *ast.Call) []term {
	switch {
	case e.Name == "LIKE" && len(e.Args) == 2:
		return r.like(e.Args[0], e.Args[1])
	case e.Name == "STARTS_WITH" && len(e.Args) == 2:
		if v, ok := literalOf(e.Args[1]); ok && v.Kind() == value.KindString {
			return r.prefix(e.Args[0], v.Str())
		}
	case e.Name == "IS_NULL" && len(e.Args) == 1:
		if path, expand, ok := r.attribute(e.Args[0]); ok && expand < 0 {
			return []term{{path: path, expand: -1, op: ast.OpEqual, value: literal(value.Null()), exact: true}}
		}
	}
	return nil
}

// like reads a pattern that begins with fixed text.
func (r reader) like(text, pattern ast.Expr) []term {
	v, ok := literalOf(pattern)
	if !ok || v.Kind() != value.KindString {
		return nil
	}
	var fixed strings.Builder
	escaped := false
	for _, c := range v.Str() {
		switch {
		case escaped && c != '%' && c != '_' && c != '\\':
			return r.prefix(text, fixed.String())
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
			continue
		case c == '%' || c == '_':
			return r.prefix(text, fixed.String())
		}
		fixed.WriteRune(c)
	}
	return r.prefix(text, fixed.String())
}

// prefix says that a text begins with another. Functions on texts read other values as texts too, so that beginnings
// which such a text could have are left alone.
func (r reader) prefix(text ast.Expr, prefix string) []term {
	path, expand, ok := r.attribute(text)
	if !ok || expand >= 0 || prefix == "" || strings.ContainsAny(prefix[:1], "-0123456789[{\"") {
		return nil
	}
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(word, prefix) || strings.HasPrefix(prefix, word) {
			return nil
		}
	}
	out := []term{{path: path, expand: -1, op: ast.OpGreaterEqual, value: literal(value.String(prefix))}}
	if above, ok := successor(prefix); ok {
		return append(out, term{path: path, expand: -1, op: ast.OpLess, value: literal(value.String(above))})
	}
	return out
}

// successor gives the least text that is greater than all that begin with prefix.
func successor(prefix string) (string, bool) {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		next := runes[i] + 1
		if next >= 0xD800 && next <= 0xDFFF {
			next = 0xE000
		}
		if next <= 0x10FFFF {
			return string(runes[:i]) + string(next), true
		}
	}
	return "", false
}

// neverNull tells whether the value of an expression is something, whatever the row is.
func neverNull(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Literal:
		return !e.Value.IsNull()
	case *ast.Array, *ast.Object, *ast.Range:
		return true
	}
	return false
}

// notNull tells whether the attribute of a term is something when the term holds.
func (t term) notNull() bool {
	switch t.op {
	case ast.OpEqual, ast.OpGreaterEqual:
		return neverNull(t.value)
	case ast.OpGreater:
		return true
	case ast.OpIn:
		list, ok := t.value.(*ast.Array)
		if !ok {
			v, isLiteral := literalOf(t.value)
			for _, item := range v.Items() {
				isLiteral = isLiteral && !item.IsNull()
			}
			return isLiteral
		}
		for _, item := range list.Items {
			if !neverNull(item) {
				return false
			}
		}
		return true
	}
	return false
}
