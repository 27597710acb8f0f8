// Package apptest tests the real binary from outside: its processes, ports,
// files and signals, the documented examples, what clients of other systems
// ask (docs/compat.md), and what is left after kill -9.
//
// # Guarantees
//
// The binary is built once for each run of the tests. Every test has ports,
// folders and processes of its own and ends its processes by their numbers,
// also when it fails; then it shows what they printed.
//
// # Settings
//
//   - SELVEDGE_KILLS: rounds of the kill test, 5 unless set.
//   - SELVEDGE_BINARY: a binary to test instead of building one.
//   - CI=true: data that is missing is a failure.
//
// # What it does not test
//
// Speed, and faults that need virtual time: those are the business of bench
// and sim.
package apptest
