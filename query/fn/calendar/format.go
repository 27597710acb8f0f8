package calendar

import (
	"strconv"
	"strings"
)

var dayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

var monthNames = []string{
	"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
}

// placeholders are those of DATE_FORMAT, the longer before the shorter of one letter.
var placeholders = []string{
	"yyyyyy", "yyyy", "yy", "y", "mmmm", "mmm", "mm", "m", "wwww", "www", "w", "dd", "d", "hh", "h", "ii", "i", "ss", "s",
	"fff", "f", "xxx", "x", "kk", "k", "t", "z", "l", "q", "a", "&", "%",
}

// Format writes a date with placeholders.
func Format(ms int64, format string) string {
	c := Of(ms)
	out := make([]byte, 0, 2*len(format))
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out = append(out, format[i])
			continue
		}
		rest := format[i+1:]
		for _, p := range placeholders {
			if len(rest) >= len(p) && strings.EqualFold(rest[:len(p)], p) {
				out = appendPlaceholder(out, p, ms, c)
				i += len(p)
				break
			}
		}
	}
	return string(out)
}

func appendPlaceholder(out []byte, p string, ms int64, c Civil) []byte {
	switch p {
	case "&":
		return out
	case "%":
		return append(out, '%')
	case "t":
		return strconv.AppendInt(out, ms, 10)
	case "z":
		return append(out, ISO(ms)...)
	case "www":
		return append(out, dayNames[c.Weekday()][:3]...)
	case "wwww":
		return append(out, dayNames[c.Weekday()]...)
	case "mmm":
		return append(out, monthNames[c.Month-1][:3]...)
	case "mmmm":
		return append(out, monthNames[c.Month-1]...)
	case "yy":
		return appendPadded(out, c.Year%100, 2)
	case "yyyyyy":
		return appendPadded(append(out, '+'), c.Year, 6)
	}
	return appendPadded(out, placeholderNumber(p[0], c), len(p))
}

// placeholderNumber gives the number that a letter stands for.
func placeholderNumber(letter byte, c Civil) int64 {
	switch letter {
	case 'w':
		return c.Weekday()
	case 'y':
		return c.Year
	case 'm':
		return c.Month
	case 'd':
		return c.Day
	case 'h':
		return c.Hour
	case 'i':
		return c.Minute
	case 's':
		return c.Second
	case 'f':
		return c.Milli
	case 'x':
		return c.DayOfYear()
	case 'k':
		week, _ := c.Week()
		return week
	case 'q':
		return (c.Month-1)/3 + 1
	case 'a':
		return c.DaysInMonth()
	}
	if c.Leap() {
		return 1
	}
	return 0
}
