// Package check judges what a simulated fabric does by the properties that docs/internals/simulator.md lists.
//
// It is told of every commit, every entry applied, every acknowledgement and every read, and keeps its own books:
// which entries exist, what each transaction had seen, and what each location holds. From them it works out anew
// what must be shown, without any of the code that merges, folds or orders in the system: a document is the set of
// all operations ever made on it, judged by a declarative specification (see Spec), however often that is slow.
//
// The properties: 1 convergence, 2 causality, 3 atomicity, 4 sessions, 5 durability, 6 no loss and no repeat,
// 7 bounded metadata, 8 merge rules, 9 isolation of interactive transactions at a location.
//
// Guarantees: deterministic; a violation is kept with the time, the location and the reason; the first ones are
// kept, the rest counted. Not guaranteed: that a fault which changes nothing that anyone could see is found.
//
// Times are clock.Time, moments of the simulation microseconds.
package check
