package closure

import (
	"slices"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/value"
)

func (c *Compiler) array(x *ast.Array) (Eval, error) {
	items, err := c.Evals(x.Items)
	if err != nil {
		return nil, err
	}
	return func(e *Env, row []value.Value) value.Value {
		out := make([]value.Value, len(items))
		for i, item := range items {
			out[i] = item(e, row)
		}
		return value.OwnItems(out)
	}, nil
}

// object compiles an object; one whose names are all written out is laid out in order beforehand.
func (c *Compiler) object(x *ast.Object) (Eval, error) {
	names, evals, ok, err := c.members(x)
	if err != nil {
		return nil, err
	}
	if !ok {
		return c.computedObject(x)
	}
	return func(e *Env, row []value.Value) value.Value {
		out := make([]value.Member, len(names))
		for i, eval := range evals {
			out[i] = value.Member{Name: names[i], Value: eval(e, row)}
		}
		return value.OwnMembers(out)
	}, nil
}

// sortedMembers gives the members of an object in order of their names, the last of each; false when a name is computed.
func sortedMembers(x *ast.Object) ([]ast.ObjectMember, bool) {
	list := slices.Clone(x.Members)
	for i := range list {
		if list[i].Computed != nil {
			return nil, false
		}
		list[i].Name = strings.ToValidUTF8(list[i].Name, "\uFFFD")
	}
	slices.SortStableFunc(list, func(a, b ast.ObjectMember) int { return strings.Compare(a.Name, b.Name) })
	kept := list[:0]
	for i := range list {
		if i+1 == len(list) || list[i+1].Name != list[i].Name {
			kept = append(kept, list[i])
		}
	}
	return kept, true
}

func (c *Compiler) members(x *ast.Object) (names []string, evals []Eval, ok bool, err error) {
	list, ok := sortedMembers(x)
	if !ok {
		return nil, nil, false, nil
	}
	for _, m := range list {
		eval, err := c.Eval(m.Value)
		if err != nil {
			return nil, nil, false, err
		}
		names, evals = append(names, m.Name), append(evals, eval)
	}
	return names, evals, true, nil
}

func (c *Compiler) computedObject(x *ast.Object) (Eval, error) {
	names, evals := make([]Eval, len(x.Members)), make([]Eval, len(x.Members))
	for i, m := range x.Members {
		var err error
		if evals[i], err = c.Eval(m.Value); err != nil {
			return nil, err
		}
		name := value.String(m.Name)
		names[i] = func(*Env, []value.Value) value.Value { return name }
		if m.Computed != nil {
			if names[i], err = c.Eval(m.Computed); err != nil {
				return nil, err
			}
		}
	}
	return func(e *Env, row []value.Value) value.Value {
		out := make([]value.Member, len(names))
		for i := range names {
			out[i] = value.Member{Name: operator.ToString(names[i](e, row)), Value: evals[i](e, row)}
		}
		return value.Object(out...)
	}, nil
}

// member compiles access to members and elements; a chain of fixed names is one step.
func (c *Compiler) member(x ast.Expr) (Eval, error) {
	if of, path := fixedPath(x); len(path) > 0 {
		base, err := c.Eval(of)
		if err != nil {
			return nil, err
		}
		if len(path) == 1 {
			name := path[0]
			return func(e *Env, row []value.Value) value.Value {
				v, _ := base(e, row).Get(name)
				return v
			}, nil
		}
		return func(e *Env, row []value.Value) value.Value {
			v, _ := base(e, row).At(path)
			return v
		}, nil
	}
	switch x := x.(type) {
	case *ast.AttributeParam:
		base, err := c.Eval(x.Of)
		if err != nil {
			return nil, err
		}
		i := c.Shape.Params.Of(x.Param)
		return func(e *Env, row []value.Value) value.Value {
			return attributeOf(base(e, row), e.Params[i])
		}, nil
	case *ast.Index:
		of, err := c.Evals([]ast.Expr{x.Of, x.Index})
		if err != nil {
			return nil, err
		}
		base, at := of[0], of[1]
		return func(e *Env, row []value.Value) value.Value {
			v := base(e, row)
			return operator.Index(v, at(e, row))
		}, nil
	}
	return nil, &Error{Pos: x.At(), Text: "no member"}
}

// fixedPath splits off names that are written out.
func fixedPath(x ast.Expr) (of ast.Expr, path value.Path) {
	switch x := x.(type) {
	case *ast.Attribute:
		of, path = fixedPath(x.Of)
		return of, append(path, x.Name)
	case *ast.Index:
		// A string that spells a number is an index of an array as well.
		if v, ok := constant(x.Index); ok && v.Kind() == value.KindString && !spellsNumber(v.Str()) {
			of, path = fixedPath(x.Of)
			return of, append(path, v.Str())
		}
	}
	return x, nil
}

func spellsNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// attributeOf takes a member by a parameter: its name, or a path as an array of names.
func attributeOf(v, name value.Value) value.Value {
	if name.Kind() != value.KindArray {
		v, _ = v.Get(name.Str())
		return v
	}
	for _, n := range name.Items() {
		v, _ = v.Get(n.Str())
	}
	return v
}

func (c *Compiler) ternary(x *ast.Ternary) (Eval, error) {
	otherwise, err := c.Eval(x.Else)
	if err != nil {
		return nil, err
	}
	if x.Then == nil {
		cond, err := c.Eval(x.Cond)
		if err != nil {
			return nil, err
		}
		return func(e *Env, row []value.Value) value.Value {
			if v := cond(e, row); operator.ToBool(v) {
				return v
			}
			return otherwise(e, row)
		}, nil
	}
	test, err := c.Test(x.Cond)
	if err != nil {
		return nil, err
	}
	then, err := c.Eval(x.Then)
	if err != nil {
		return nil, err
	}
	return func(e *Env, row []value.Value) value.Value {
		if test(e, row) {
			return then(e, row)
		}
		return otherwise(e, row)
	}, nil
}

func (c *Compiler) span(x *ast.Range) (Eval, error) {
	ends, err := c.Evals([]ast.Expr{x.From, x.To})
	if err != nil {
		return nil, err
	}
	c.Shape.Functions = true
	return func(e *Env, row []value.Value) value.Value {
		from := ends[0](e, row)
		return operator.Range(e.Context, from, ends[1](e, row))
	}, nil
}

// call compiles a call. Arguments are put on a stack of the Env, which functions do not keep.
func (c *Compiler) call(x *ast.Call) (Eval, error) {
	f, ok := fn.Lookup(x.Name)
	if !ok {
		return nil, &Error{Pos: x.Pos, Text: "unknown function '" + x.Name + "()'"}
	}
	if len(x.Args) > 0 && f.OnCollection != "" {
		if _, ok := x.Args[0].(*ast.CollectionRef); ok {
			if f, ok = fn.Lookup(f.OnCollection); !ok {
				return nil, &Error{Pos: x.Pos, Text: "unknown function for collections in '" + x.Name + "()'"}
			}
		}
	}
	args, err := c.Evals(x.Args)
	if err != nil {
		return nil, err
	}
	eval := f.Eval
	c.Shape.Functions = true
	return func(e *Env, row []value.Value) value.Value {
		base := len(e.stack)
		for _, arg := range args {
			e.stack = append(e.stack, arg(e, row))
		}
		v := eval(e.Context, e.stack[base:len(e.stack):len(e.stack)])
		e.stack = e.stack[:base]
		return v
	}, nil
}
