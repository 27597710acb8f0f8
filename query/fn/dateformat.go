package fn

import (
	"strconv"
	"strings"
)

const formatDoc = "Placeholders: %t milliseconds since 1970, %z ISO date, %w day of the week (0 to 6), %y year, %yy its last two digits, " +
	"%yyyy four digits, %yyyyyy a sign and six digits, %m and %mm month, %mmm and %mmmm its English name, short and long, %d and %dd day, " +
	"%h and %hh hour, %i and %ii minute, %s and %ss second, %f and %fff millisecond, %x and %xxx day of the year, %k and %kk ISO week, " +
	"%l leap year (0 or 1), %q quarter, %a days in the month, %www and %wwww English name of the day of the week, short and long, " +
	"%% a percent sign, %& nothing, so that letters can follow. A single % is left out."

var dayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

var monthNames = []string{
	"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
}

// placeholders are those of DATE_FORMAT, the longer before the shorter of one letter.
var placeholders = []string{
	"yyyyyy", "yyyy", "yy", "y", "mmmm", "mmm", "mm", "m", "wwww", "www", "w", "dd", "d", "hh", "h", "ii", "i", "ss", "s",
	"fff", "f", "xxx", "x", "kk", "k", "t", "z", "l", "q", "a", "&", "%",
}

// formatDate writes a date with placeholders.
func formatDate(ms int64, format string) string {
	c := civilOf(ms)
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

func appendPlaceholder(out []byte, p string, ms int64, c civil) []byte {
	switch p {
	case "&":
		return out
	case "%":
		return append(out, '%')
	case "t":
		return strconv.AppendInt(out, ms, 10)
	case "z":
		return append(out, isoDate(ms)...)
	case "www":
		return append(out, dayNames[c.weekday()][:3]...)
	case "wwww":
		return append(out, dayNames[c.weekday()]...)
	case "mmm":
		return append(out, monthNames[c.month-1][:3]...)
	case "mmmm":
		return append(out, monthNames[c.month-1]...)
	case "yy":
		return appendPadded(out, c.year%100, 2)
	case "yyyyyy":
		return appendPadded(append(out, '+'), c.year, 6)
	}
	return appendPadded(out, placeholderNumber(p[0], c), len(p))
}

// placeholderNumber gives the number that a letter stands for.
func placeholderNumber(letter byte, c civil) int64 {
	switch letter {
	case 'w':
		return c.weekday()
	case 'y':
		return c.year
	case 'm':
		return c.month
	case 'd':
		return c.day
	case 'h':
		return c.hour
	case 'i':
		return c.minute
	case 's':
		return c.second
	case 'f':
		return c.milli
	case 'x':
		return c.dayOfYear()
	case 'k':
		week, _ := c.week()
		return week
	case 'q':
		return (c.month-1)/3 + 1
	case 'a':
		return c.daysInMonth()
	}
	if c.leap() {
		return 1
	}
	return 0
}
