// Package invariant states what only a mistake in the code can break.
//
// # Guarantees
//
// Check panics with its text when the condition is false. It is for relations
// between values that the code itself made. Whatever depends on input, disk,
// network or peers is answered with an error instead.
package invariant

import "fmt"

// Check panics unless ok.
func Check(ok bool, format string, args ...any) {
	if !ok {
		panic("invariant broken: " + fmt.Sprintf(format, args...))
	}
}
