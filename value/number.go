package value

import (
	"math"
	"strconv"
	"strings"
)

// plainDigits is the most digits that are converted without strconv: every
// integer of that length is exact in an int64 and in a double.
const plainDigits = 15

// safeDigits is the length up to which a number without exponent is surely
// finite as a double, whose largest has 309 digits.
const safeDigits = 300

// scanNumber reads one JSON number that starts at text[at:]. It returns the
// offset behind it and, if it is wrong, a reason and the offset of the fault.
func scanNumber(text string, at int) (int, string) {
	i := at
	if i < len(text) && text[i] == '-' {
		i++
	}
	digits := i
	i = skipDigits(text, i)
	switch {
	case i == digits:
		return i, "a digit is missing here"
	case text[digits] == '0' && i > digits+1:
		return digits, "a number has a leading zero"
	}
	if i < len(text) && text[i] == '.' {
		fraction := i + 1
		i = skipDigits(text, fraction)
		if i == fraction {
			return i, "a digit is missing behind the decimal point"
		}
	}
	small := i-at <= safeDigits
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		exponent := i
		i = skipDigits(text, exponent)
		if i == exponent {
			return i, "a digit is missing in the exponent"
		}
		small = false
	}
	if small {
		return i, ""
	}
	if f, err := strconv.ParseFloat(text[at:i], 64); err != nil || math.IsInf(f, 0) {
		return at, reasonInfinite
	}
	return i, ""
}

func skipDigits(text string, i int) int {
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	return i
}

// Float64 returns a number as a double, and 0 for every other kind.
func (v Value) Float64() float64 {
	if v.kind != KindNumber {
		return 0
	}
	if len(v.text) <= plainDigits {
		if n, ok := plainInteger(v.text); ok {
			return float64(n)
		}
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil {
		return 0 // not reachable: every number was scanned when it was made
	}
	return f
}

// plainInteger reads short text that is only digits. Negative zero has a sign
// that a double must keep, so every sign is left to strconv.
func plainInteger(text string) (int64, bool) {
	var n int64
	for i := range len(text) {
		d := text[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// Int64 returns a number that is exactly an integer of 64 bits, however it was
// written (1, 1.0, 10e-1), and false for everything else.
func (v Value) Int64() (int64, bool) {
	if v.kind != KindNumber {
		return 0, false
	}
	if len(v.text) <= plainDigits {
		if n, ok := plainInteger(v.text); ok {
			return n, true
		}
	}
	return exactInteger(v.text)
}

// exactInteger works on the decimal digits, since a double would round.
func exactInteger(text string) (int64, bool) {
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	exponent := 0
	overflow := false
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.Atoi(text[i+1:])
		exponent, overflow = n, err != nil
		text = text[:i]
	}
	if whole, fraction, found := strings.Cut(text, "."); found {
		text = whole + fraction
		exponent -= len(fraction)
	}
	text = strings.TrimLeft(text, "0")
	if text == "" {
		return 0, true
	}
	trimmed := strings.TrimRight(text, "0")
	exponent += len(text) - len(trimmed)
	const most = 19 // digits of the largest int64
	if overflow || exponent < 0 || len(trimmed) > most || exponent > most-len(trimmed) {
		return 0, false
	}
	n, err := strconv.ParseInt(sign+trimmed+strings.Repeat("0", exponent), 10, 64)
	return n, err == nil
}

// floatDigits formats a finite double as JavaScript does: shortest digits, an
// exponent only where the plain form gets long.
func floatDigits(f float64) string {
	if f == 0 {
		return "0"
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	return strconv.FormatFloat(f, format, -1, 64)
}
