package plan

import "github.com/selvedge-db/selvedge/query/ast"

// Expressions calls f for each expression of a node, not for those of plans within it.
func Expressions(n Node, f func(ast.Expr)) { eachExpr(n, f) }

// Sets gives the variables that a node sets for the nodes above it.
func Sets(n Node) []*ast.Variable { return sets(n) }

// Own gives the variables that exist only within a node.
func Own(n Node) []*ast.Variable { return own(n) }

// Within gives the plans that a node has of its own.
func Within(n Node) []*Plan { return plansOf(n) }
