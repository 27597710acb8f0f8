// Package exec carries plans out.
//
// A plan is compiled once into a Program, which does not change and may be started by many at once. Each start is a
// Run: a tree of sources, each drawing blocks of rows from the one below it.
//
// Guarantees:
//   - The rows are those of the plan, whatever the sizes of blocks, and in its order; where the plan allows a parallel
//     scan without an order above it, rows of its parts come in any order.
//   - What a run holds (sorted and grouped rows, hash tables, arrays of subqueries, results of functions that grow)
//     is counted, and a run that would hold more than its limit ends with ErrMemory; what a block or a single value in
//     the making takes comes on top.
//   - A run looks at least once per block, and every 1024 steps within one, whether it was killed, its time is over or
//     its caller gone.
//   - After Close no goroutine, cursor or memory of the run is left.
//
// Not guaranteed: which rows come first from a parallel scan; that figures of a run which was stopped are complete.
//
// Shapes: a block is row-major: rows of a fixed number of slots, one after another. Variables share slots when they are
// not alive at the same time. A source owns the block that it returns until it is asked for the next one; who draws it
// may change it in place. Text of stored rows is copied into chunks of the task that reads them, and only for rows that
// were let through; whoever keeps rows beyond the next block copies their text again, so that few rows do not keep the
// text of many.
//
// Units: bytes of memory are those of the values, their texts and the tables that hold them; times are time.Duration.
//
// Errors: *Error with the numbers of the AQL family; what storage returns is passed on unchanged.
//
// Sources: top-k sorting keeps a bounded heap; variances, sums and percentiles are those of package fn; work of a
// parallel scan is handed out in many small parts, so that workers that finish early take more.
package exec
