// Package client speaks to one location of a Selvedge planet over HTTP.
//
// # What it gives
//
//   - Sessions. Every answer carries a token that says what this client has
//     seen; every later call sends it back, so a client that moves to another
//     location never reads anything older than what it read or wrote before.
//     Session exports the token and SetSession takes it in, in the same
//     process or in another one.
//   - Retries that do not write twice. Calls that found no connection, and
//     calls that were refused with 503, are repeated with growing, jittered
//     pauses. A write that may have arrived is repeated only under the
//     Idempotency-Key of its first try, which the server keeps with the
//     commit itself.
//   - Change feeds that go on after a broken connection from the last message
//     that was handed out, so that none is missing. The last message may come
//     twice when the break fell between the server's commit and its token.
//   - Errors with a type: *Error is an answer of the server, *UnreachableError
//     means that there was none.
//
// # What it does not give
//
// No pooling over several locations and no fail-over: a Client has one URL.
// No validation of documents: the server decides. No retry of calls that
// change the schema once they may have arrived: CreateCollection after a
// broken connection can answer "exists already" for the caller's own try.
//
// # Shapes
//
// Documents go in as any value that encoding/json turns into an object
// (json.RawMessage passes through unchanged) and come out the same way.
// Numbers keep their digits only through json.RawMessage. A Client may be
// used by many goroutines; a Feed belongs to one.
package client
