// Package api holds the verbs of Selvedge: one typed request and reply for
// every operation, the same through every protocol. Gateways translate to
// them and back and decide nothing.
//
// # The way of a request
//
// Begin authenticates the caller, finds the fabric that the caller's tenant
// has under the name asked for, and waits until this location has seen what
// the caller's session has. A verb then does its work; what it answers is
// durable (unless the caller asked otherwise and the collection allows it),
// and Call.Session gives the token that carries what was seen to the next
// request, at this location or another.
//
// # Guarantees
//
//   - A verb either does all of what it was asked or fails without effect. The
//     bulk verbs are the exception that their names say: each item is a
//     transaction of its own and fails alone.
//   - Every failure is an *Error of the catalogue, with a code that never
//     changes its meaning, an HTTP status and the number that clients of the
//     reference know.
//   - A query sees one state and writes all or nothing. What is kept between
//     requests (cursors, interactive transactions, requests in the background)
//     belongs to one user, is in one hand at a time, is bounded by tenant, and
//     ends by time: package lease.
//   - Collections that hold users, keys, the schema and the directory of
//     fabrics and locations are neither shown nor changed by any verb, in any
//     fabric.
//   - With the consistency "session", which is the default, nothing read is
//     older than what the session token has seen. A read that cannot get there
//     within its deadline fails; it is never served with less.
//
// # What is not guaranteed
//
//   - There are no permissions below the tenant yet.
//   - A request that ended at its deadline may still be committed. A repeat
//     with the same idempotency key within ten minutes answers as the first,
//     but without the contents before and after; another write under that key
//     is refused. Only writes of documents and key-values heed the key.
//   - Cursors, transactions and background requests live at the location that
//     made them, and end with its process.
//   - The consistencies bounded, stable and strong are refused: they are not
//     part of this version.
//
// # Shapes and units
//
// Deadlines are durations, times of the wall clock Unix milliseconds,
// expireAt Unix seconds. A session token is opaque text:
//
//	base64url of
//	+---------+----------+-- per fabric --------------------------------+
//	| version | fabrics  | hash of the fabric | rows | origin time ...   |
//	| 1 byte  | uvarint  | 8 bytes            | uvarint each             |
//	+---------+----------+----------------------------------------------+
//
// Rows at or below the fabric's stable vector are left out, as every
// location has those. At most eight fabrics are kept, the oldest goes first.
package api
