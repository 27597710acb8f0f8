package query

import (
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// treeNode is one node of a tree as Parse shows it.
func treeNode(kind, name string, below []value.Value) value.Value {
	members := []value.Member{member("type", value.String(kind))}
	if name != "" {
		members = append(members, member("name", value.String(name)))
	}
	if len(below) > 0 {
		members = append(members, member("subNodes", value.OwnItems(below)))
	}
	return value.Object(members...)
}

func blockValue(kind string, b *ast.Block) value.Value {
	var below []value.Value
	for _, o := range b.Ops {
		below = append(below, operationValue(o))
	}
	return treeNode(kind, "", below)
}

// operationValue shows an operation: the variables that it sets, and its expressions.
func operationValue(o ast.Operation) value.Value {
	var below []value.Value
	for _, v := range ast.Declares(o) {
		below = append(below, treeNode("variable", v.Name, nil))
	}
	switch o := o.(type) {
	case *ast.Modify:
		below = append(below, treeNode("collection", o.Into.Name+o.Into.Param, nil))
	case *ast.Upsert:
		below = append(below, treeNode("collection", o.Into.Name+o.Into.Param, nil))
	}
	ast.Expressions(o, func(e ast.Expr) { below = append(below, exprValue(e)) })
	return treeNode(kindOf(o), "", below)
}

// kindOf is the name of a type of this package's trees in small letters.
func kindOf(x any) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", x), ".")
	return strings.ToLower(name)
}

func exprValue(e ast.Expr) value.Value {
	switch e := e.(type) {
	case nil:
		return value.Null()
	case *ast.Literal:
		return value.Object(member("type", value.String("value")), member("value", e.Value))
	case *ast.Param:
		return treeNode("parameter", e.Name, nil)
	case *ast.Ref:
		return treeNode("reference", e.Name, nil)
	case *ast.CollectionRef:
		return treeNode("collection", e.Collection.Name+e.Collection.Param, nil)
	case *ast.Subquery:
		return blockValue("subquery", e.Body)
	}
	var below []value.Value
	ast.Children(e, func(x ast.Expr) { below = append(below, exprValue(x)) })
	name := ""
	switch e := e.(type) {
	case *ast.Attribute:
		name = e.Name
	case *ast.AttributeParam:
		name = "@" + e.Param
	case *ast.Call:
		name = e.Name
	case *ast.Binary:
		name = e.Op.String()
	case *ast.Unary:
		name = e.Op.String()
	}
	return treeNode(kindOf(e), name, below)
}
