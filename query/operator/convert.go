package operator

import (
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/value"
)

// ToBool converts as TO_BOOL.
func ToBool(v value.Value) bool { return fn.ToBool(v) }

// ToNumber converts as TO_NUMBER.
func ToNumber(v value.Value) float64 { return fn.ToNumber(v) }

// ToString converts as TO_STRING.
func ToString(v value.Value) string { return fn.ToString(v) }
