// Package mesh connects locations: where they are, what the links between them are like, and the streams that carry frames.
//
// # Parts
//
//   - Place, Places, RoundTrip: the ten places whose round trips were measured, further places, and the model for all others.
//   - Links: the settings and the measurements of every directed link (from, to). Safe for concurrent use.
//   - Emulator: a step machine that gives one directed link its delay, jitter and loss. No clock, no goroutine: the time is passed in.
//   - Identity: who a location is towards its peers, from a mesh key or from certificates. TLS 1.3, both sides prove themselves.
//   - Transport: one long-lived gRPC stream per pair of locations, and single calls between locations.
//
// # Guarantees of a stream
//
//   - Frames of one class arrive in the order of Send, each at most once, whole, for as long as the stream is up.
//   - A control frame never waits behind entries that have not been written yet: control goes first, and large frames are
//     written in parts of 256 KiB between which control frames pass.
//   - Per peer the callbacks are OnUp, any number of OnFrame, OnDown, one after another and never two at once. OnDown is
//     certain after OnUp. A peer has one stream at a time, whoever dialled.
//   - Send never blocks. What does not fit into the bounded queue of its class is refused with ErrOverflow.
//   - A receiver that is slow holds up its own stream alone. Its callbacks block nothing else.
//   - After Links.Set has cut a link (either direction of it), no frame whose handling has not yet begun is delivered over it
//     in the process that made the call, and both ends lose the stream.
//
// # What is not guaranteed
//
//   - Delivery. What was in flight or queued when a stream broke is gone; who needs it asks again (package replication does).
//   - Order between classes, or between two streams of one pair.
//   - That a name belongs to a person: with a mesh key every holder of the key may use every name. With certificates the
//     name must stand in the certificate.
//
// # Shapes and units
//
// Times are time.Duration; on the wire milliseconds or microseconds, as said at each field. Sizes are bytes. A frame payload
// is opaque here and at most MaxFrame bytes. Errors: ErrNotConnected, ErrOverflow, ErrTooLarge, ErrClosed, ErrCut, ErrTimeout,
// ErrRefused (testable with errors.Is), and *CallError for what the handler of a call answered.
//
// HAZARD: keep-alive and delays are measured with the monotonic clock only. A wall clock that jumps has no effect here, and
// certificates made from a mesh key are valid for any date.
package mesh
