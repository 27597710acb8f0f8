// Package closure compiles expressions of a query to Go functions over a row of values.
//
// Guarantees: a compiled expression gives what package operator and package fn give for the same operands; short cuts
// (comparing with a constant, arithmetic without writing numbers out between its steps, writing objects as text without
// building them) differ in speed alone. Operands are computed from left to right, and those that a logical operator
// does not need are not. Compiled expressions do not change and may be used by many goroutines, each with its own Env.
//
// Not guaranteed: how often an expression of parameters and constants alone is computed: once per Env is enough, so a
// warning that it gives comes once.
//
// Shapes: Eval gives a value, Test its truth, Num its number without its text, Emit its canonical JSON. The row is read
// only. Variables of array expansions (CURRENT and the like) live in Env.Scratch, not in the row.
//
// Errors: compiling fails with *Error for what cannot be compiled, such as a variable that no row has. Computing never
// fails by itself: functions end the query through Env.Context.Fail, and the value does not matter then.
package closure
