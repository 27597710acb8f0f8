// Package replication brings the log of every location of a fabric to every
// other, in causal order, each entry exactly once, and knows what all of them
// have: the stable point and the watermark.
//
// # Shape
//
// A Machine is one fabric at one location. It does no input or output and
// starts no goroutine: inputs and ticks go in, effects come out (DESIGN.md
// draws it). The same inputs give the same effects, so that a simulator can
// drive it from a seed. It is not safe for concurrent use.
//
//	Tick, Receive, PeerUp, PeerDown, Progressed  -->  Machine  -->  Effects
//	                     Store (reads what is durable)  <--'
//
// # Guarantees
//
//   - Apply gives entries in causal order: an entry comes after all that it
//     depends on, each origin's in its log's order, none twice.
//   - What it tells others (vectors, vouched times, ends) is durable: it comes
//     from Progress alone.
//   - SetStable names only what every counted member has said to hold, as
//     counted by the report rule; SetWatermark only what every member that
//     may write has vouched for.
//   - Whatever the network loses, repeats, reorders or delays is repaired,
//     from any location that has it, as long as some path exists.
//   - An incarnation whose log is not what others know of it is refused.
//   - A snapshot that is taken over a state holds all of that state.
//   - An entry that cannot be applied holds up its log and what depends on it,
//     with an alarm, and nothing else.
//   - Memory is bounded: by the window per peer, and by a cap on all that waits.
//
// # What is not guaranteed
//
//   - Nobody is trusted less than oneself: peers are authenticated by the
//     transport, and chain hashes find accidents, not lies.
//   - Locations with a majority but without the anchor do not evict anybody.
//
// # Units
//
// Times are hybrid times (package clock), spans are milliseconds, sizes bytes.
//
// # Errors
//
// Messages that cannot be read give codec's errors from Decode. Everything
// that happens to the machine comes out as Alarm or, when this incarnation
// must not go on, as Rejected.
//
// # Sources
//
// Anti-entropy by version vectors: Parker et al. (1983) and Demers et al.
// (1987). Causal delivery: Birman and Joseph (1987). Stability as in matrix
// clocks: Wuu and Bernstein (1984). Closed timestamps: CockroachDB.
package replication
