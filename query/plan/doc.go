// Package plan turns a checked query into a plan: a tree of nodes that says how the query is carried out.
//
// Guarantees: a plan gives the same rows as the query read word by word does, whichever rules are on. A plan is
// immutable and may be carried out by many at once. The same query over the same schema and statistics has the same
// plan. Plans do not depend on the values of parameters, save those that name collections, attributes and graphs.
//
// Not guaranteed: the order of rows without SORT, and that the plan is the best one.
//
// Shapes: nodes bear the names of the AQL family. A node draws rows from the one below it (Below); the row is the set
// of variables that are set so far.
package plan
