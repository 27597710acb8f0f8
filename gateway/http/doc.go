// Package http speaks the REST and WebSocket surface of Selvedge: paths,
// headers, JSON shapes and the error envelope. It translates to the verbs of
// package api and back and decides nothing.
//
// # Paths
//
// The same handlers answer under /_fabric/NAME, /_db/NAME,
// /_tenant/T/_fabric/NAME and none of these (then the fabric is _system), with
// or without /_api or /_admin behind, with double slashes and with a slash at
// the end. docs/reference/rest.md lists them all.
//
// # Guarantees
//
//   - Every failure is the error envelope {error, code, errorNum,
//     errorMessage, errorCode}; no success carries all of the first four.
//   - The content type of a request is never trusted: what a path expects is
//     what the body is read as.
//   - Bodies, headers, nesting, items and connections are bounded. A body is
//     read whole and checked before anything happens.
//   - A request for a host name that is not served here is refused with 421,
//     so that a page of another site cannot reach a location by rebinding a
//     name. CORS is open and without credentials: no cookie carries rights,
//     and what a browser adds by itself counts only on the planet's own pages.
//     Pages of other sites need a key or token of their own, also where
//     requests from this machine need none.
//   - Pages for browsers may load and reach the planet's locations alone.
//   - Shutdown ends streams at once, lets other requests end, and returns.
//
// # What is not guaranteed
//
//   - HTTP/2: connections speak HTTP/1.1, with and without TLS, on one port;
//     the first byte of a connection tells which.
//
// # The hot path
//
// Reading and writing one document goes through no map, reflection or
// encoder: the path is cut by hand, options are searched in the query text,
// bodies and replies use pooled buffers. Whatever outlives a request is
// copied out of those buffers before.
package http
