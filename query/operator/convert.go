package operator

import (
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// ToBool converts as TO_BOOL.
func ToBool(v value.Value) bool {
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

// ToNumber converts as TO_NUMBER.
func ToNumber(v value.Value) float64 {
	for v.Kind() == value.KindArray && v.Len() == 1 {
		v = v.Items()[0]
	}
	switch v.Kind() {
	case value.KindBool:
		if v.Bool() {
			return 1
		}
	case value.KindNumber:
		return v.Float64()
	case value.KindString:
		return spelled(strings.TrimSpace(v.Str()))
	}
	return 0
}

// spelled reads decimal numbers alone: neither names like Inf nor other bases, nor underscores.
func spelled(s string) float64 {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return 0
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return f
}

// ToString converts as TO_STRING.
func ToString(v value.Value) string {
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
