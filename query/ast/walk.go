package ast

// Expressions calls f with each expression that stands directly in an operation, in the order of the text.
func Expressions(o Operation, f func(Expr)) {
	MapExpressions(o, func(e Expr) Expr {
		f(e)
		return e
	})
}

// Declares gives the variables that an operation sets, without those that live only within its own expressions.
func Declares(o Operation) []*Variable {
	switch o := o.(type) {
	case *For:
		return present(o.Var)
	case *Traversal:
		return present(o.Vertex, o.Edge, o.Path, o.PruneVar)
	case *PathSearch:
		return present(o.Vertex, o.Edge, o.Path)
	case *Let:
		return present(o.Var)
	case *Collect:
		var vars []*Variable
		for _, g := range o.Groups {
			vars = append(vars, g.Var)
		}
		for _, a := range o.Aggregates {
			vars = append(vars, a.Var)
		}
		return append(vars, present(o.Into, o.CountInto)...)
	case *Window:
		var vars []*Variable
		for _, a := range o.Aggregates {
			vars = append(vars, a.Var)
		}
		return vars
	case *Modify:
		return present(o.Old, o.New)
	case *Upsert:
		return present(o.Old, o.New)
	}
	return nil
}

func present(vars ...*Variable) []*Variable {
	kept := vars[:0]
	for _, v := range vars {
		if v != nil {
			kept = append(kept, v)
		}
	}
	return kept
}

// Children calls f with each expression directly below e. Expressions within a subquery's operations are not below it
// in this sense: see WalkBlock.
func Children(e Expr, f func(Expr)) {
	mapChildren(e, func(child Expr) Expr {
		f(child)
		return child
	}, nil)
}

// Walk visits e and everything below it, what stands in subqueries too, parents first. Where visit returns false it
// does not go deeper.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	if s, ok := e.(*Subquery); ok {
		WalkBlock(s.Body, nil, visit)
		return
	}
	Children(e, func(child Expr) { Walk(child, visit) })
}

// WalkBlock visits the operations of a block with op and their expressions with visit, subqueries' expressions too.
// Each may be nil. Operations of subqueries are visited as well when op is set.
func WalkBlock(b *Block, op func(Operation) bool, visit func(Expr) bool) {
	for _, o := range b.Ops {
		if op != nil && !op(o) {
			continue
		}
		Expressions(o, func(e Expr) { walkBoth(e, op, visit) })
	}
}

func walkBoth(e Expr, op func(Operation) bool, visit func(Expr) bool) {
	if e == nil || (visit != nil && !visit(e)) {
		return
	}
	if s, ok := e.(*Subquery); ok {
		WalkBlock(s.Body, op, visit)
		return
	}
	Children(e, func(child Expr) { walkBoth(child, op, visit) })
}

// Set is a set of variables.
type Set map[*Variable]struct{}

// Has reports whether the set has v.
func (s Set) Has(v *Variable) bool {
	_, ok := s[v]
	return ok
}

// Add adds v.
func (s Set) Add(v *Variable) { s[v] = struct{}{} }

// Within reports whether everything in s is in t.
func (s Set) Within(t Set) bool {
	for v := range s {
		if !t.Has(v) {
			return false
		}
	}
	return true
}

// Uses collects the variables that an expression needs from outside: those it refers to and does not set itself.
func Uses(e Expr) Set {
	used := Set{}
	AddUses(used, e)
	return used
}

// AddUses adds to a set what Uses gives.
func AddUses(used Set, e Expr) {
	inner := Set{}
	Walk(e, func(x Expr) bool { noteUse(x, used, inner); return true })
	for v := range inner {
		delete(used, v)
	}
}

// BlockUses collects the variables that a block needs from outside.
func BlockUses(b *Block) Set { return Uses(&Subquery{Body: b}) }

// OperationUses collects the variables that an operation needs from the operations before it.
func OperationUses(o Operation) Set {
	used := Set{}
	Expressions(o, func(e Expr) { AddUses(used, e) })
	switch o := o.(type) {
	case *Traversal:
		// PRUNE speaks of the variables of the traversal itself.
		for _, v := range Declares(o) {
			delete(used, v)
		}
	case *Upsert:
		delete(used, o.Old)
	case *Collect:
		for _, v := range o.Visible {
			used.Add(v)
		}
	}
	return used
}

// noteUse records what one expression refers to, and what it sets for those below it. A variable has one place where
// it is set, so it does not matter in which order the two are met.
func noteUse(x Expr, used, inner Set) {
	switch x := x.(type) {
	case *Ref:
		if x.Var != nil {
			used.Add(x.Var)
		}
	case *Expansion:
		for _, v := range present(x.Current, x.Element) {
			inner.Add(v)
		}
	case *Subquery:
		WalkBlock(x.Body, func(o Operation) bool {
			for _, v := range Declares(o) {
				inner.Add(v)
			}
			if o, ok := o.(*Collect); ok {
				for _, v := range o.Visible {
					used.Add(v)
				}
			}
			return true
		}, func(Expr) bool { return true })
	}
}

// CountUses counts how often an expression refers to a variable.
func CountUses(e Expr, v *Variable) int {
	n := 0
	Walk(e, func(x Expr) bool {
		if r, ok := x.(*Ref); ok && r.Var == v {
			n++
		}
		return true
	})
	return n
}

// Same reports whether two expressions of one checked query are the same in their text and their variables.
func Same(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	var ta, tb printer
	ta.identities, tb.identities = true, true
	ta.expr(a, 0)
	tb.expr(b, 0)
	return ta.out.String() == tb.out.String()
}
