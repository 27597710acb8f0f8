package check

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
)

// blockScope is what the names in one block mean so far.
type blockScope struct {
	vars []*ast.Variable // visible ones that this block set, in order
	// early are those of vars that the LETs at the beginning of the block set: there is one row of them, so that they keep
	// their meaning behind a COLLECT.
	early     int
	looped    bool // something else than LET came
	collected bool // a COLLECT came
	crossed   bool // an early variable is used behind a COLLECT
	hidden    []*ast.Variable
	old, new  **ast.Variable // where the pseudo-variables of the last modification go
	unset     string         // why OLD or NEW is not there
}

func (c *checker) innermost() *blockScope { return c.blocks[len(c.blocks)-1] }

// declare makes the variable that a name stands for from here on.
func (c *checker) declare(pos ast.Pos, v *ast.Variable) *ast.Variable {
	if v == nil {
		return nil
	}
	for _, b := range c.blocks {
		for _, known := range b.vars {
			if known.Name == v.Name {
				c.fail(pos, Redeclared, "choose another name", "variable '%s' is assigned multiple times", v.Name)
				return known
			}
		}
	}
	made := c.newVariable(v.Name)
	b := c.innermost()
	b.vars = append(b.vars, made)
	if !b.looped {
		b.early = len(b.vars)
	}
	return made
}

func (c *checker) newVariable(name string) *ast.Variable {
	v := &ast.Variable{Name: name, ID: c.out.Variables}
	c.out.Variables++
	return v
}

// hide takes away what a COLLECT hides, and gives what it gathers: the variables of this block that were visible.
func (b *blockScope) hide() []*ast.Variable {
	visible := append([]*ast.Variable(nil), b.vars...)
	b.hidden = append(b.hidden, b.vars[b.early:]...)
	b.vars = b.vars[:b.early:b.early]
	b.collected = true
	b.old, b.new = nil, nil
	return visible
}

// find looks a name up from the innermost block outwards.
func (c *checker) find(name string) *ast.Variable {
	for i := len(c.blocks) - 1; i >= 0; i-- {
		b := c.blocks[i]
		for j, v := range b.vars {
			if v.Name == name {
				b.crossed = b.crossed || b.collected && j < b.early
				return v
			}
		}
		if v := b.pseudo(c, name); v != nil {
			return v
		}
	}
	if n := len(c.current); n > 0 && strings.EqualFold(name, "CURRENT") {
		return c.current[n-1]
	}
	return nil
}

// pseudo finds OLD and NEW, which are made when they are first used.
func (b *blockScope) pseudo(c *checker, name string) *ast.Variable {
	at := b.old
	switch {
	case strings.EqualFold(name, "OLD"):
	case strings.EqualFold(name, "NEW"):
		at = b.new
	default:
		return nil
	}
	if at == nil {
		return nil
	}
	if *at == nil {
		*at = c.newVariable(strings.ToUpper(name))
	}
	return *at
}

// names lists what could have been meant by a name.
func (c *checker) names() []string {
	var names []string
	for _, b := range c.blocks {
		for _, v := range b.vars {
			names = append(names, v.Name)
		}
	}
	return names
}

// unknown reports a name that means nothing here.
func (c *checker) unknown(pos ast.Pos, name string) {
	for _, b := range c.blocks {
		for _, v := range b.hidden {
			if v.Name == name {
				c.fail(pos, UnknownVariable, "keep it as a group, in AGGREGATE, or with INTO",
					"variable '%s' is not visible behind COLLECT", name)
				return
			}
		}
	}
	names := c.names()
	if c.env.Reader != nil {
		names = append(names, c.collectionNames()...)
	}
	cure := didYouMean(name, names, "")
	switch strings.ToUpper(name) {
	case "CURRENT":
		cure = "CURRENT stands within [* FILTER ... RETURN ...] only"
	case "OLD":
		cure = "OLD is there behind UPDATE, REPLACE, REMOVE, UPSERT and INSERT"
	case "NEW":
		cure = "NEW is there behind INSERT, UPDATE, REPLACE and UPSERT"
	}
	if cure == "" {
		cure = "no variable or collection has that name; write strings between quotation marks"
	}
	c.fail(pos, UnknownVariable, cure, "unknown variable '%s'", name)
}
