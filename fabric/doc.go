// Package fabric is one database at one location: its documents, edges and key-values, its indexes, its schema, the
// log that other locations are sent, and the feed of what changed.
//
// A Core is the step machine: no goroutines, no clock, no randomness of its own. It is driven by one caller at a time
// (the simulator drives it so), while any number of goroutines read and prepare. A Fabric is a Core with the
// goroutines that production needs: one that sequences what has queued, one that waits for the disk, one for upkeep.
// The parts are in the sub-folders: sequencer (order and stamps), schema, index, member (who takes part), changelog
// (what each group changed), layout (the keys in the store), overlay (what an interactive transaction reads through),
// rowset (what the query engine reads), points (time series).
//
// # The path of a write
//
//	Commit ──> Prepare ────────> Sequence ──────> Seal ─────────> Durable ──> acknowledged
//	           caller's          one at a time    one batch       the disk    Settle, Await and
//	           goroutine:        in a group:      visible to      has it      feeds go on
//	           read, compare,    still current?   readers
//	           encode            then a stamp
//
// A transaction whose reads were overtaken is prepared again; after two times it is prepared where nothing can come
// between, so that a hot document makes writers wait and not fail. Entries of other locations take the same road, with
// Apply in place of Prepare and Sequence.
//
// An interactive transaction (Tx) reads the state of its beginning and its own writes, which stay in memory. Its commit is
// the road above: what it came to, one write for each document, is prepared against the present, and all that it has read
// (documents, absent keys, the stretches of documents and index entries that its cursors passed, counts) is compared when
// it is sequenced. It is not prepared again by itself: whoever began it decides whether to begin anew.
//
// # Guarantees
//
//   - A transaction happens whole or not at all, and transactions of one location are serializable in the order of
//     their stamps. A View shows a state between two of them.
//   - What is acknowledged is on disk, and so is what an answer shows: whoever answers from a View calls Settle with
//     its Number first. Get, Commit and its errors do so themselves. An early acknowledgement (Transaction.Async, where
//     the collections allow it) is the one exception.
//   - Documents, index entries, counts, expiry notes, log, vector and clock mark change in one batch of the store.
//     After a crash the fabric stands where some group ended, and no acknowledged group is missing.
//   - Locations with equal vectors have equal digests at equal times, however their entries came and however far each
//     has folded. A location refuses a time below the watermark by which it deleted expired documents.
//   - Points of time series are a union: of two with one series and time the one with the later stamp holds. What is read
//     of them, and of their roll-ups, does not depend on how far upkeep has come.
//   - Counts are exact, and index entries are those of the documents that are there.
//   - After a failure of the store, or one that left a step half done, nothing more is written until the fabric is
//     opened anew. What is durable can still be read, if the store can.
//   - What a location says of itself (Progress, ReadLog, feeds) is durable.
//   - While the wall clock is distrusted (Config.Trust) nothing is stamped, vouched for or promised to the disk by it, so
//     that it leaves no trace; entries of others are applied all the same.
//
// # Not guaranteed
//
//   - Order between transactions of two locations, beyond cause before effect.
//   - That a transaction which changes nothing, but reads several documents, has read them at one moment.
//   - That a change in a feed carries its document: when it has changed again since, the later change does.
//   - Uniqueness, save for keys at one location and unique indexes of local collections.
//   - That entries come after their dependencies: package replication sees to that, and a Core believes it.
//
// # Shapes and limits
//
// A collection is (name, generation): creating a name anew after a drop begins the next generation. A local collection
// is known here alone; if one of other locations has the same name, the local one keeps the name here until it is
// dropped. Keys have 1 to 254 bytes of letters, digits and _-:.@()+,=;$!*'%. Documents have up to 4 MiB and
// transactions up to 100,000 writes, if Limits do not say otherwise. A revision is stamp and content hash, 22
// characters. A feed's token holds a place here and a vector: at the same location it is exact, at another one it may
// repeat nothing and miss nothing, save expiries, which each location reports for itself.
//
// # Units
//
// Wall times are Unix milliseconds, expireAt and expireAfter seconds, stamps hybrid times (package clock), sizes bytes.
// A commit number counts what was sequenced since the fabric was opened.
//
// # Errors
//
// What a caller can act on is an *Error with a stable Code (CodeOf). Index names the write of a transaction that
// failed. Stores' failures are Failed and wrap the store's marks. sequencer.ErrStale and clock.ErrCeiling come from a
// Core alone, and ask for preparing again, the latter after a group with Renew is durable. ErrTrimmed, ErrUnlinked and
// ErrAbsent are about the log.
//
// # HAZARDS
//
// Core.Seal may show readers what is not on disk yet. Skipping Settle is invisible in every test that does not crash.
//
// A step that fails after it has changed memory must call Core.breaks: the batch and the memory differ from there on.
//
// Everything that writes a guarded key (documents, unique entries, idempotency records) sets Put.Guard, or others'
// prepared transactions do not notice.
//
// What changes a document or an index entry so that a query can see it must not go through Core.quietly: interactive
// transactions that have read it would not notice. What a Tx tells, errors included, may not be durable before
// Fabric.Settle with the number of its view.
//
// Upkeep of points (applyPoints) must be in the store before the next round of it is planned, and nothing but it, a
// truncation, a drop or a snapshot may change chunks: whatever else does must raise upkeepState.pointsTurn.
//
// A record that can still fold has an entry in the folding queue. Who writes records goes through effects.
//
// Changing when a collection's documents expire writes all its expiry notes anew in one group: with millions of
// documents that takes seconds, in which nothing else is sequenced. A truncation writes all records of its collection anew
// in one group, bounded by Limits.TruncateBytes where it is asked for; elsewhere the collection may hold more. A drop puts
// the concurrent writes that it overtakes into one group.
//
// # Debugging
//
// Status has counters of what happened; a difference between locations shows in Digest, and comparing
// View.Each by collection finds the document. The log of an origin is under 'l' in the store, the changes of each
// group under 'o' (package layout).
package fabric
