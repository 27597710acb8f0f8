// Package sim runs a whole fabric in one goroutine under virtual time, with everything that can go wrong going
// wrong, and has package sim/check judge what comes of it.
//
// Each location is what it is in production below its goroutines: a fabric.Core over a store and a
// replication.Machine. The store is the one in memory, which knows what was synced and loses the rest in a crash.
// The network between the locations has the delays of mesh.RoundTrip and loses, repeats, reorders, delays and cuts.
// Clocks are wrong, disks are old, locations join, are evicted, crash and come back. Clients write and read on a
// hot set of documents with every kind of merge, and carry session tokens from one location to another.
//
// A run has two phases. In the safety phase faults happen, and whatever is shown at any moment must be right. Then
// everything heals, and in the liveness phase all locations must come to the same state, with nothing left over.
//
// Guarantees: the same Config gives the same run, event by event, and the same trace hash; nothing outside is read
// or written. A run in which a fault that was asked for never happened fails: see Counters.
//
// Not guaranteed: that a trace hash stays the same from one version of the code to the next.
//
// Units: virtual time is in microseconds since the beginning of the run, wall clocks in Unix milliseconds.
//
// The shape (safety, healing, liveness, independent checkers, one seed) is that of TigerBeetle's simulator.
package sim
