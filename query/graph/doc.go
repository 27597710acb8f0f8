// Package graph walks graphs: traversals in three orders, and shortest, k shortest, all shortest and all paths between
// two vertices. It knows nothing of storage: a Source gives the edges of a vertex.
//
// Guarantees:
//   - Results come one by one, as they are asked for, in an order that depends on the Source and the options alone.
//     A traversal gives each path once that its options allow; depth first, it gives a path before those that go on
//     from it; breadth first, shorter ones first; weighted, lighter ones first. Searches for paths give the lightest
//     first (without weights each edge weighs 1), and never a path that meets a vertex twice, save that a
//     traversal's options may ask for it.
//   - The edges of a vertex are read from the Source once, however often the vertex is met, until Trim.
//   - Every byte kept is announced before: Grow can end the search with an error of its own.
//
// Not guaranteed: that a search ends soon. The number of paths can grow with the power of the depth; Step is called
// for each edge that is looked at, so that whoever asks can set an end.
//
// Shapes: vertices and edges are numbers while a search runs, each standing for one identity of its Graph. A path of n
// edges has n+1 vertices.
//
// Errors: *WeightError for a negative weight, ErrOptions for options that do not fit together, and whatever Source,
// Grow, Step and the callbacks return, unchanged.
//
// The paths between two vertices are found by breadth first search from both ends (Pohl, Machine Intelligence 6, 1971),
// with weights as Dijkstra does (Numerische Mathematik 1, 1959), and the k shortest by Yen's method with Lawler's saving
// (Management Science 17 and 18, 1971 and 1972).
package graph
