// Package ast is the tree that a C8QL query is read into.
//
// Guarantees: the tree says where in the text each part stands, and keeps what was written: nothing is folded or
// renamed by the parser. After package check has run every Ref of a variable has its Variable, and every Variable of
// one query has an ID of its own.
//
// Not guaranteed: that a tree which was built by hand makes sense. The tree is not changed after it has been checked;
// who rewrites builds new parts, so that a checked query may be shared by goroutines.
//
// Units: offsets are bytes from 0; lines and columns count from 1, columns in code points.
package ast
