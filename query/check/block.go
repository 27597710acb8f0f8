package check

import (
	"github.com/selvedge-db/selvedge/query/ast"
)

// block resolves the operations of a query or subquery.
func (c *checker) block(b *ast.Block) *ast.Block {
	scope := &blockScope{}
	c.blocks = append(c.blocks, scope)
	out := &ast.Block{Pos: b.Pos}
	for _, o := range b.Ops {
		if c.err != nil {
			break
		}
		if _, ok := o.(*ast.Let); !ok {
			scope.looped = true
		}
		out.Ops = c.operation(out.Ops, o)
	}
	c.blocks = c.blocks[:len(c.blocks)-1]
	if scope.crossed && c.err == nil {
		return c.nest(out, scope)
	}
	return out
}

// operation resolves one operation and appends what it becomes.
func (c *checker) operation(ops []ast.Operation, o ast.Operation) []ast.Operation {
	switch o := o.(type) {
	case *ast.For:
		return append(ops, c.loop(o))
	case *ast.Traversal:
		return c.traversal(ops, o)
	case *ast.PathSearch:
		return append(ops, c.pathSearch(o))
	case *ast.Filter:
		return append(ops, &ast.Filter{Pos: o.Pos, Cond: c.expr(o.Cond)})
	case *ast.Sort:
		to := &ast.Sort{Pos: o.Pos}
		for _, k := range o.Keys {
			to.Keys = append(to.Keys, ast.SortKey{Expr: c.expr(k.Expr), Desc: k.Desc})
		}
		return append(ops, to)
	case *ast.Limit:
		return append(ops, &ast.Limit{Pos: o.Pos, Offset: c.limit(o.Offset), Count: c.limit(o.Count)})
	case *ast.Let:
		e := c.expr(o.Expr)
		return append(ops, &ast.Let{Pos: o.Pos, Var: c.declare(o.Pos, o.Var), Expr: e})
	case *ast.Collect:
		return append(ops, c.collect(o))
	case *ast.Window:
		return append(ops, c.window(o))
	case *ast.Return:
		return append(ops, &ast.Return{Pos: o.Pos, Distinct: o.Distinct, Expr: c.expr(o.Expr)})
	case *ast.Modify:
		return append(ops, c.modify(o))
	case *ast.Upsert:
		return append(ops, c.upsert(o))
	}
	return ops
}

// loop resolves FOR ... IN. Its variable is not yet visible in what it goes over.
func (c *checker) loop(o *ast.For) ast.Operation {
	if o.Search != nil {
		c.fail(o.Search.At(), NotImplemented, "use FILTER, or FULLTEXT() with a fulltext index", "SEARCH needs a search view, and there are none yet")
	}
	to := &ast.For{Pos: o.Pos}
	if r, ok := o.In.(*ast.Ref); ok && c.find(r.Name) == nil {
		to.In = &ast.CollectionRef{Collection: c.loopCollection(r)}
	} else {
		to.In = c.expr(o.In)
	}
	to.Options = c.options(o.Options)
	to.Var = c.declare(o.Pos, o.Var)
	return to
}

// loopCollection resolves the name behind IN, which is no variable.
func (c *checker) loopCollection(r *ast.Ref) ast.Collection {
	if !c.isCollection(r.Name) {
		for _, b := range c.blocks {
			for _, v := range b.hidden {
				if v.Name == r.Name {
					c.unknown(r.Pos, r.Name)
				}
			}
		}
		c.fail(r.Pos, UnknownCollection, didYouMean(r.Name, append(c.names(), c.collectionNames()...), ""),
			"collection or view not found: '%s'", r.Name)
	}
	return c.collection(ast.Collection{Pos: r.Pos, Name: r.Name}, false)
}

// nest splits a block whose early variables are used behind a COLLECT, which hides them: what comes behind them becomes
// a subquery, and each of its rows is given on.
func (c *checker) nest(b *ast.Block, scope *blockScope) *ast.Block {
	first := 0
	for ; first < len(b.Ops); first++ {
		if _, ok := b.Ops[first].(*ast.Let); !ok {
			break
		}
	}
	rest := b.Ops[first:]
	if _, ok := rest[len(rest)-1].(*ast.Return); !ok || writes(rest) {
		for _, v := range scope.vars[:scope.early] {
			c.fail(rest[0].At(), UnknownVariable, "pass it on in a group of COLLECT",
				"a variable from before a COLLECT, such as '%s', cannot be used behind it in a query that modifies", v.Name)
		}
		return b
	}
	pos := rest[0].At()
	row := c.newVariable("ROW")
	row.Internal = true
	ops := append(append([]ast.Operation(nil), b.Ops[:first]...),
		&ast.For{Pos: pos, Var: row, In: &ast.Subquery{Pos: pos, Body: &ast.Block{Pos: pos, Ops: rest}}},
		&ast.Return{Pos: pos, Expr: &ast.Ref{Pos: pos, Name: row.Name, Var: row}})
	return &ast.Block{Pos: b.Pos, Ops: ops}
}

func writes(ops []ast.Operation) bool {
	found := false
	ast.WalkBlock(&ast.Block{Ops: ops}, func(o ast.Operation) bool {
		switch o.(type) {
		case *ast.Modify, *ast.Upsert:
			found = true
		}
		return true
	}, nil)
	return found
}

// modify resolves INSERT, UPDATE, REPLACE and REMOVE.
func (c *checker) modify(o *ast.Modify) ast.Operation {
	to := &ast.Modify{Pos: o.Pos, Kind: o.Kind, Key: c.expr(o.Key), Doc: c.expr(o.Doc)}
	to.Into = c.collection(o.Into, true)
	to.Options = c.options(o.Options)
	c.noteWrite(to.Into, o.Pos)
	b := c.innermost()
	b.old, b.new = &to.Old, &to.New
	if o.Kind == ast.Remove {
		b.new = nil
	}
	return to
}

func (c *checker) upsert(o *ast.Upsert) ast.Operation {
	to := &ast.Upsert{Pos: o.Pos, Replace: o.Replace, Search: c.expr(o.Search), Insert: c.expr(o.Insert)}
	if _, ok := o.Search.(*ast.Object); !ok && c.err == nil {
		c.fail(o.Search.At(), 1501, "write for example UPSERT {name: value}", "UPSERT looks for something that is no object")
	}
	b := c.innermost()
	b.old, b.new = &to.Old, nil
	to.Update = c.expr(o.Update)
	to.Into = c.collection(o.Into, true)
	to.Options = c.options(o.Options)
	c.noteWrite(to.Into, o.Pos)
	b.old, b.new = &to.Old, &to.New
	return to
}
