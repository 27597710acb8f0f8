// Package clock holds the one notion of time and order of the fabric: hybrid
// logical times, stamps, version vectors, the clock that gives stamps, and the
// guard that distrusts the wall clock underneath it.
//
// # Shapes and units
//
// A Time is 64 bits: 48 bits of unix milliseconds, then 16 bits of count for
// what happens within one millisecond (a full count carries into the next
// millisecond). An Origin is the fabric-wide number of one incarnation of one
// location; it is given once and never again. A Stamp is a Time and an Origin,
// ordered by time, then origin. A Vector says, per origin, up to which time
// its log has been applied.
//
//	 63                                  16 15            0
//	+--------------------------------------+---------------+
//	| unix milliseconds                    | count         |   Time
//	+--------------------------------------+---------------+
//	                       31           16 15            0
//	                       +--------------+---------------+
//	                       | epoch        | ordinal       |   Origin
//	                       +--------------+---------------+
//
// The text of a Time is 16 lower-case hex digits and that of a Stamp is
// "time-origin" with 8 more for the origin, so texts sort as values do.
//
// # Guarantees
//
//   - Clock.Next is strictly above everything the clock ever gave, vouched for
//     or observed, and never above the durable ceiling. A step back of the wall
//     clock changes nothing but how fast the count runs.
//   - A Vector that comes out of this package is sorted by origin and has no
//     zero rows and no origin 0. Methods that return a Vector never change the
//     receiver, and may share its memory when nothing changed; only Raise
//     works in place, so a Vector that is shared must be cloned before Raise.
//   - Everything is pure and deterministic: no goroutine, no real clock, no
//     map iteration. Nothing here is safe for concurrent use without a lock.
//
// # What is not guaranteed
//
//   - The order of stamps is not the order of real time: only of causality,
//     and between unrelated commits a tie-breaker that usually agrees with it.
//   - Clock does not make anything durable. The caller stores the ceiling and
//     the high-water mark, and calls SetCeiling only after the sync.
//   - Guard does not decide who is right. It compares with the lower median,
//     which is right while fewer than half of the clocks known are wrong.
//
// # Where times travel, and what breaks
//
// Each channel below carries a time from one clock to another. HAZARD says
// what happens when the trust placed in it fails.
//
// Entries between locations. An applied entry's stamp is observed, so that
// later commits here are above it. HAZARD: one stamp from a clock that is
// years ahead would drag every clock of the fabric with it, for ever, and the
// bound on skew would be gone for all. So the receiver asks FutureStamp first
// and holds such an entry back. An entry that is applied but not observed
// would be worse still: a commit that depends on it could get an earlier stamp
// and lose to what it replaced.
//
// The disk. The high-water mark is written with every batch, the ceiling about
// once a second. HAZARD: a stamp above the durable ceiling that went out
// before a crash may be given again after it, for other content; two entries
// under one stamp cannot be told apart by anybody. HAZARD: a disk set back to
// an older image lies about both marks; nothing here can notice that. The
// chain hash that peers compare at hello does, and the location then returns
// as a new origin.
//
// Snapshots. They carry the high-water mark by itself. HAZARD: a vector forgets
// the rows of evicted origins; a clock rebuilt from the vector alone could
// stamp below an entry of such an origin that the snapshot contains.
//
// Heartbeats. They carry vouched times, from which watermarks are made: below
// a watermark, nothing new arrives. HAZARD: a vouched time at or above a later
// stamp would let a reader see a "closed" past that still changes, expiry
// purge a document that a late write keeps, and an auction seal with a bid
// missing. So Vouch moves the clock, and the caller sends no vouched time at or
// above its first stamp that is not yet durable.
//
// Session tokens and `_rev`. They come back from clients and are compared, never
// observed. HAZARD: a client could otherwise advance the clock as it likes by
// sending a token it made up.
//
// Expiry. `expireAt` is compared with the stamp of a transaction, the same at
// every location, and with the local clock only to hide the document from
// reads. HAZARD: with a skewed local clock a read hides a document too early or
// too late by the skew; what is stored does not depend on it.
//
// The wall clock. It is read by the caller and passed in. HAZARD: ahead of the
// others, its commits win over later ones of honest clocks until those catch
// up; hence writes are refused (Ahead). Behind, its commits lose against
// earlier ones it has not seen, and its watermark holds everyone back; hence
// the alarm (Behind). HAZARD: a jump while nobody is connected cannot be seen
// by comparing with peers; hence the comparison with the monotonic clock
// (Jumped). A machine that was suspended shows the same picture where the
// monotonic clock stands still meanwhile (that of env counts the time on Linux).
// So a jump is forgiven when most
// peers confirm the new time, or when it is taken back. HAZARD: while the guard
// distrusts the wall clock nothing may be stamped, vouched for or promised to
// the disk (the ceiling) by it: Vouch and NeedsCeiling move clock and ceiling
// for good, and all commits after the clock is right again would be stamped as
// far ahead as it was wrong. So the caller gives the wall clock as it was when
// it was trusted last, and asks neither meanwhile.
//
// # Sources
//
// Hybrid logical clocks: Kulkarni, Demirbas et al., "Logical Physical Clocks
// and Consistent Snapshots in Globally Distributed Databases" (2014). Version
// vectors: Parker et al. (1983). The habit of listing channels and hazards is
// that of CockroachDB's hlc package.
//
// # Errors
//
// ErrCeiling asks for a higher durable ceiling; ErrExhausted means that the
// times are used up (only a false stamp can cause it). Texts that do not
// parse give an error that says what was expected.
package clock
