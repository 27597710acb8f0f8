package closure

import (
	"unsafe"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

// expanding is an array expansion. Its parts see the element in the scratch.
type expanding struct {
	of               Eval
	levels           int
	current, element int // places in the scratch, -1 when not used
	filter           Test
	offset, count    Eval
	result, then     Eval
}

func (c *Compiler) expansion(x *ast.Expansion) (Eval, error) {
	s := &expanding{levels: x.Levels}
	c.Shape.Expansions = true
	var err error
	if s.of, err = c.Eval(x.Of); err != nil {
		return nil, err
	}
	s.current, s.element = c.Local(x.Current), c.Local(x.Element)
	if x.Filter != nil {
		if s.filter, err = c.Test(x.Filter); err != nil {
			return nil, err
		}
	}
	for _, part := range []struct {
		to *Eval
		x  ast.Expr
	}{{&s.offset, x.Offset}, {&s.count, x.Count}, {&s.result, x.Return}, {&s.then, x.Then}} {
		if part.x == nil {
			continue
		}
		if *part.to, err = c.Eval(part.x); err != nil {
			return nil, err
		}
	}
	return s.eval, nil
}

func (s *expanding) eval(e *Env, row []value.Value) value.Value {
	of := s.of(e, row)
	items := operator.Expand(of, s.levels)
	if s.levels > 1 && e.grow(len(items)*valueBytes) != nil {
		return value.Null()
	}
	if s.filter == nil && s.count == nil && s.result == nil && s.then == nil {
		return value.OwnItems(items)
	}
	skip, most := 0, len(items)
	if s.count != nil {
		if s.offset != nil {
			skip = operator.Whole(s.offset(e, row))
		}
		most = operator.Whole(s.count(e, row))
	}
	var out []value.Value
	for _, item := range items {
		if len(out) >= most || *e.Failed != nil {
			break
		}
		if s.current >= 0 {
			e.Scratch[s.current] = item
		}
		if s.filter != nil && !s.filter(e, row) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		item = s.become(e, row, item)
		if e.grow(valueBytes+item.TextLen()) != nil {
			break
		}
		out = append(out, item)
	}
	return value.OwnItems(out)
}

// valueBytes is what an element takes in an array.
const valueBytes = int(unsafe.Sizeof(value.Value{}))

func (e *Env) grow(bytes int) error {
	if e.Grow == nil {
		return nil
	}
	return e.Grow(bytes)
}

// become gives what one element becomes.
func (s *expanding) become(e *Env, row []value.Value, item value.Value) value.Value {
	if s.result != nil {
		item = s.result(e, row)
	}
	if s.then == nil {
		return item
	}
	if s.element >= 0 {
		e.Scratch[s.element] = item
	}
	return s.then(e, row)
}

func (c *Compiler) quantified(x *ast.Quantified) (Eval, error) {
	sides, err := c.Evals([]ast.Expr{x.L, x.R})
	if err != nil {
		return nil, err
	}
	var least Eval
	if x.Least != nil {
		if least, err = c.Eval(x.Least); err != nil {
			return nil, err
		}
	}
	l, r, quant, op := sides[0], sides[1], x.Quant, x.Op
	c.Shape.Functions = true
	return func(e *Env, row []value.Value) value.Value {
		var n value.Value
		if least != nil {
			n = least(e, row)
		}
		v := l(e, row)
		return operator.Quantified(e.Context, quant, n, op, v, r(e, row))
	}, nil
}
