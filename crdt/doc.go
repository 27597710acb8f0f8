// Package crdt merges documents that several locations change at the same time.
//
// A document is a tree of nodes, its root included. Each node has one register (absent, a scalar or array, or 'object') with the
// stamp of the write that won it, and may have slots: a counter, a set, a maximum, a minimum, concurrent values. The document
// exists when its root's register is 'object'. Operations carry their own kind, so they merge alike whatever the schema of the
// collection says at the moment; declarations choose how a slot is shown (scale, the member to compare by) and which operations
// Difference makes of a change.
//
// The files: op (what travels), declaration (what users declare), document and node (the tree), register, counter, set, extreme and
// multi (one kind of slot each), insert, fold, view, difference.
//
// # Guarantees
//
//   - Convergence: documents that merged the same operations show the same value, whatever the order, as long as it is causal:
//     an operation comes after everything that its transaction had seen, and the operations of one origin come in their order.
//   - Folding never changes what is shown, now or after any later merge, for operations that Difference made.
//   - A commit shows what it wrote: merging Difference(old, new) into the document that shows old makes it show new, but for the
//     normal form of declared types (sets are sorted and free of repeats, counters are written in plain decimals).
//   - Arithmetic is deterministic everywhere. Sums are int64 and wrap around; Difference refuses what is beyond 2^53.
//   - No input makes it panic.
//
// # Not guaranteed
//
//   - Anything under delivery that is not causal.
//   - Folded and unfolded copies of a path that holds slots of two kinds agree only if whoever has seen both writes no more to
//     either. Two kinds meet only when two locations declare one path differently at the same time; whoever knows of both gives
//     Difference a declaration that is Disputed, and it writes the path whole.
//   - Repeats: an operation merged twice counts twice. The log's vector keeps repeats out.
//
// # Words
//
// A transaction has seen a write when its dependencies cover the write's stamp, or when it is an older one (or an earlier operation
// of the same entry) of its own origin. A folded stamp is written as the zero stamp: it is older than, and seen by, whatever can
// still arrive. Times are clock.Time, sums of a scaled counter are in units of 10^-scale.
//
// # HAZARDS
//
// Fold trusts the stable vector. If an operation arrives later that had not seen everything below it, a register that was cleared
// may come back, or a base may swallow a sum. The rule about reports in package replication is what prevents it.
//
// Merge with stamp Pending takes everything in the document as seen. That holds only if the transaction read this very state.
//
// The rules follow Shapiro et al., "A comprehensive study of convergent and commutative replicated data types" (2011) for the types,
// and Baquero, Almeida and Shoker, "Pure operation-based replicated data types" (2017) for compaction at causal stability.
package crdt
