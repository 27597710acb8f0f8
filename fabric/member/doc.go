// Package member holds who takes part in a fabric: its members, the anchor
// that decides on them, and the changes to both that travel in the log.
//
// # Shapes
//
// A Table is the state, a Change is one step of it. Changes are part of
// ordinary entries, so that a location learns of a new member in the same
// batch, and in the same causal order, as of everything else. A member is an
// incarnation: the same location that comes back after an eviction is another
// member with another origin. Members are never taken out of the table; a
// closed one keeps its origin, its times and its final end, because stamps of
// it may lie in documents for ever.
//
//	            Join                Evict               End
//	(nobody) ---------> joined ------------> evicting ---------> closed
//	    |                 ^
//	    +-- Create -------+    (the first member, origin 1, is the anchor)
//
// # Guarantees
//
//   - A Table is a value that never changes: Apply gives another one. Copies
//     may be read from anywhere, at any time.
//   - Apply is deterministic. Changes of one anchor are in its log's order
//     everywhere. Changes of an old anchor and of the one that took over may
//     cross; what they set is ordered by state, epoch and stamp, so that the
//     outcome does not depend on the order in which they are applied.
//   - Decoding bounds every length and never panics.
//   - An origin that NextOrigin gave is above all of its epoch in the table.
//
// # What is not guaranteed
//
//   - Apply does not ask whether the one who wrote a change was allowed to.
//     The location that commits a change asks Check before.
//   - Two takeovers that do not know of each other may give one origin twice.
//     A takeover is an operator's word that the old anchor is gone; the
//     second Join then fails in Apply, and the fabric must say so.
//
// # Units and formats
//
// Times are hybrid times (package clock), coordinates are degrees.
//
//	Change   +---------+------+--------+-------+---------------------------+
//	         | version | kind | origin | epoch | fields of the kind        |
//	         | 1 byte  | byte | varint | var.  | strings: length and bytes |
//	         +---------+------+--------+-------+---------------------------+
//	Table    +---------+--------+---------+-------------------+---------+-----+
//	         | version | fabric | created | epoch, anchor,    | count   | ... |
//	         |         | string | stamp   | stamp of anchor   | varint  |     |
//	         +---------+--------+---------+-------------------+---------+-----+
//	  each member: origin, state, name, incarnation, address, latitude and
//	  longitude (8 bytes each), evict stamp, end, epoch of the end, closed stamp
//
// # Errors
//
// ErrCorrupt marks bytes that are no change or table. ErrInvalid marks a
// change that does not fit the table; the text says why.
package member
