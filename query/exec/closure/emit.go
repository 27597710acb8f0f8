package closure

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// Emit compiles an expression to its JSON: objects and arrays that are written out are never built.
func (c *Compiler) Emit(x ast.Expr) (Emit, error) {
	if _, ok := constant(x); !ok && !c.invariant(x) {
		switch x := x.(type) {
		case *ast.Object:
			if list, ok := sortedMembers(x); ok {
				return c.emitObject(list)
			}
		case *ast.Array:
			return c.emitArray(x)
		}
	}
	eval, err := c.Eval(x)
	if err != nil {
		return nil, err
	}
	return func(e *Env, row []value.Value, dst []byte) []byte { return value.AppendJSON(dst, eval(e, row)) }, nil
}

func (c *Compiler) emitObject(list []ast.ObjectMember) (Emit, error) {
	heads, emits := make([]string, len(list)), make([]Emit, len(list))
	for i, m := range list {
		head := []byte{','}
		if i == 0 {
			head[0] = '{'
		}
		heads[i] = string(append(value.AppendQuoted(head, m.Name), ':'))
		var err error
		if emits[i], err = c.Emit(m.Value); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return func(_ *Env, _ []value.Value, dst []byte) []byte { return append(dst, "{}"...) }, nil
	}
	return func(e *Env, row []value.Value, dst []byte) []byte {
		for i, emit := range emits {
			dst = append(dst, heads[i]...)
			dst = emit(e, row, dst)
		}
		return append(dst, '}')
	}, nil
}

func (c *Compiler) emitArray(x *ast.Array) (Emit, error) {
	emits := make([]Emit, len(x.Items))
	for i, item := range x.Items {
		var err error
		if emits[i], err = c.Emit(item); err != nil {
			return nil, err
		}
	}
	return func(e *Env, row []value.Value, dst []byte) []byte {
		dst = append(dst, '[')
		for i, emit := range emits {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = emit(e, row, dst)
		}
		return append(dst, ']')
	}, nil
}
