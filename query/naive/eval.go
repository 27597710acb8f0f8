package naive

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

// eval gives the value of an expression for a row.
func (r *runner) eval(e ast.Expr, x row) value.Value {
	switch e := e.(type) {
	case nil:
		return value.Null()
	case *ast.Literal:
		return e.Value
	case *ast.Param:
		return r.bind[e.Name]
	case *ast.Ref:
		return x[e.Var]
	case *ast.CollectionRef:
		return value.Array(r.collection(e.Collection.Name)...)
	case *ast.Array:
		return value.Array(r.evals(e.Items, x)...)
	case *ast.Object:
		return r.object(e, x)
	case *ast.Attribute:
		return operator.Attribute(r.eval(e.Of, x), e.Name)
	case *ast.Index:
		of := r.eval(e.Of, x)
		return operator.Index(of, r.eval(e.Index, x))
	case *ast.Expansion:
		return r.expansion(e, x)
	case *ast.Call:
		return r.call(e, x)
	case *ast.Subquery:
		return value.Array(r.block(e.Body, x)...)
	}
	return r.operators(e, x)
}

func (r *runner) operators(e ast.Expr, x row) value.Value {
	switch e := e.(type) {
	case *ast.Unary:
		return operator.Unary(&r.functions, e.Op, r.eval(e.X, x))
	case *ast.Binary:
		l := r.eval(e.L, x)
		if e.Op == ast.OpAnd && !operator.ToBool(l) || e.Op == ast.OpOr && operator.ToBool(l) {
			return l
		}
		return operator.Binary(&r.functions, e.Op, l, r.eval(e.R, x))
	case *ast.Quantified:
		least := r.eval(e.Least, x)
		l := r.eval(e.L, x)
		return operator.Quantified(&r.functions, e.Quant, least, e.Op, l, r.eval(e.R, x))
	case *ast.Ternary:
		cond := r.eval(e.Cond, x)
		switch {
		case !operator.ToBool(cond):
			return r.eval(e.Else, x)
		case e.Then == nil:
			return cond
		}
		return r.eval(e.Then, x)
	case *ast.Range:
		from := r.eval(e.From, x)
		return operator.Range(&r.functions, from, r.eval(e.To, x))
	}
	r.fail(4, "expression that cannot be computed: %s", ast.String(e))
	return value.Null()
}

func (r *runner) evals(list []ast.Expr, x row) []value.Value {
	out := make([]value.Value, len(list))
	for i, e := range list {
		out[i] = r.eval(e, x)
	}
	return out
}

func (r *runner) object(e *ast.Object, x row) value.Value {
	members := make([]value.Member, len(e.Members))
	for i, m := range e.Members {
		name := m.Name
		if m.Computed != nil {
			name = operator.ToString(r.eval(m.Computed, x))
		}
		members[i] = value.Member{Name: name, Value: r.eval(m.Value, x)}
	}
	return value.Object(members...)
}

func (r *runner) expansion(e *ast.Expansion, x row) value.Value {
	items := operator.Expand(r.eval(e.Of, x), e.Levels)
	if e.Filter != nil {
		var kept []value.Value
		for _, item := range items {
			if operator.ToBool(r.eval(e.Filter, x.with(e.Current, item))) {
				kept = append(kept, item)
			}
		}
		items = kept
	}
	if e.Count != nil {
		items = items[min(operator.Whole(r.eval(e.Offset, x)), len(items)):]
		items = items[:min(operator.Whole(r.eval(e.Count, x)), len(items))]
	}
	out := make([]value.Value, len(items))
	for i, item := range items {
		if e.Return != nil {
			item = r.eval(e.Return, x.with(e.Current, item))
		}
		if e.Then != nil {
			item = r.eval(e.Then, x.with(e.Element, item))
		}
		out[i] = item
	}
	return value.Array(out...)
}

// call calls a function. A collection as an argument is its name where the function takes one, else its documents.
func (r *runner) call(e *ast.Call, x row) value.Value {
	f, ok := fn.Lookup(e.Name)
	if !ok {
		r.fail(1540, "unknown function '%s()'", e.Name)
		return value.Null()
	}
	args := make([]value.Value, len(e.Args))
	for i, a := range e.Args {
		c, ok := a.(*ast.CollectionRef)
		switch {
		case ok && i == 0 && f.OnCollection != "":
			f, _ = fn.Lookup(f.OnCollection)
			args[i] = value.String(c.Collection.Name)
		case ok && f.Params[min(i, len(f.Params)-1)].Types&fn.Collection != 0:
			args[i] = value.String(c.Collection.Name)
		default:
			args[i] = r.eval(a, x)
		}
	}
	return f.Eval(&r.functions, args)
}
