// Package query runs C8QL queries: it reads, checks, plans and carries them out, keeps plans for reuse, and watches
// what runs. It is the only package of the language that protocols and verbs call.
//
// Guarantees:
//   - A query sees one state: a snapshot taken when it starts, or the transaction that it is given. Nothing of that
//     state is told before it is durable.
//   - A query that writes happens whole or not at all. In a transaction of its own it is carried out anew a bounded
//     number of times when another writer was faster, and then fails with the conflict of the store.
//   - A query ends: with its result, with an error, at its limit of memory or time, when it is killed, when the
//     context of the call that waits for it ends, or with Close. After that it holds no snapshot, goroutine or memory.
//   - Plans are kept by text, collections and attribute names, and are used only while each of their collections and
//     indexes is the one that was planned for.
//
// Not guaranteed: the order of rows without SORT; the values of RAND() and the like from one try of a write to the
// next; that Running and Slow show a query that ended between two looks.
//
// An Engine may be used by many goroutines. An Execution belongs to one goroutine at a time, save Kill and Close of
// the engine, which may come from anywhere.
//
// Units: bytes, milliseconds since 1970 UTC, and time.Duration; seconds as a float in Stats and QueryInfo, as the
// protocols show them.
//
// Errors: *Error, with the numbers of the AQL family (1501 syntax, 1203 collection, 32 resource limit, 1500 killed ...).
// What a store or transaction returns is passed on wrapped in nothing.
package query
