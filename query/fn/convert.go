package fn

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/value"
)

// toNumber converts as TO_NUMBER.
func toNumber(v value.Value) float64 {
	for v.Kind() == value.KindArray {
		items := v.Items()
		if len(items) != 1 {
			return 0
		}
		v = items[0]
	}
	switch v.Kind() {
	case value.KindNumber:
		return v.Float64()
	case value.KindBool:
		if v.Bool() {
			return 1
		}
	case value.KindString:
		if f, err := strconv.ParseFloat(strings.TrimSpace(v.Str()), 64); err == nil {
			return f
		}
	}
	return 0
}

// toBool converts as TO_BOOL.
func toBool(v value.Value) bool {
	switch v.Kind() {
	case value.KindNull:
		return false
	case value.KindBool:
		return v.Bool()
	case value.KindNumber:
		return v.Float64() != 0
	case value.KindString:
		return v.Str() != ""
	}
	return true
}

// toText converts as TO_STRING.
func toText(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return ""
	case value.KindString:
		return v.Str()
	case value.KindNumber:
		return v.Digits()
	}
	return v.String()
}

// toCount converts to a whole number that fits an int64, cut towards zero and to its ends.
func toCount(v value.Value) int64 {
	f := toNumber(v)
	const most = 1 << 62
	switch {
	case f != f:
		return 0
	case f >= most:
		return most
	case f <= -most:
		return -most
	}
	return int64(f)
}

// flag reads an optional argument as a bool.
func flag(args []value.Value, at int) bool { return at < len(args) && toBool(args[at]) }

// bytesOf estimates what a value holds.
func bytesOf(v value.Value) int { return v.Memory() }

// runes counts code points.
func runes(s string) int { return utf8.RuneCountInString(s) }
