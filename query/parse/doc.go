// Package parse reads the text of a C8QL query into its tree (package ast).
//
// Guarantees: any text gives a tree or an *Error, never a panic; the error says where, what stands there, what could
// have stood there and, where it can be guessed, what was meant. Work and memory are bounded by Limits. Printing a tree
// and reading the print gives the same tree again. Keywords are read in any case; words that mean something only in
// their places are names everywhere else.
//
// Not guaranteed: that the query makes sense. Variables, collections, functions and parameters are looked up by package
// check.
//
// Units: sizes in bytes of the text; lines and columns from 1, columns in code points.
//
// Errors: *Error with the numbers of the AQL family: 1501 for syntax, 1502 for an empty query, 1504 for a number out of
// range, 1524 for nesting too deep, 1574 for a wrong aggregate.
//
// The grammar and the strength of operators are those of the AQL family. Expressions are read by operator precedence
// (Pratt), everything else by recursive descent.
package parse
