package series

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bucket is how long the spans are into which time is cut: a number of milliseconds, or with a minus sign a number of
// months. Spans are those of UTC. They begin at 1970-01-01, those of whole weeks on Mondays, months and years with
// the calendar.
type Bucket int64

// Month is one month of the calendar.
const Month Bucket = -1

const (
	monday     = 4 * dayMs // the first one after 1970-01-01
	maxMonths  = 12 * 100
	maxSpanMs  = 100 * 366 * dayMs
	spanWanted = "want a number and a unit: ms, s, m (minutes), h, d, w, mo (months) or y, such as 5m"
)

// ParseBucket reads a span such as 1s, 15m, 1h, 1d, 1w, 1mo.
func ParseBucket(s string) (Bucket, error) {
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if err != nil || n < 1 || n > maxSpanMs {
		return 0, fmt.Errorf("span %s: %s", strconv.Quote(shortened(s)), spanWanted)
	}
	unit := int64(0)
	switch s[digits:] {
	case "ms":
		unit = 1
	case "s":
		unit = secondMs
	case "m", "min":
		unit = minuteMs
	case "h":
		unit = hourMs
	case "d":
		unit = dayMs
	case "w":
		unit = weekMs
	case "mo":
		unit = int64(Month)
	case "y":
		unit = 12 * int64(Month)
	default:
		return 0, fmt.Errorf("span %s: %s", strconv.Quote(shortened(s)), spanWanted)
	}
	if unit > 0 && n > maxSpanMs/unit || unit < 0 && n > maxMonths/-unit {
		return 0, fmt.Errorf("span %s: at most 100 years are possible", strconv.Quote(shortened(s)))
	}
	return Bucket(n * unit), nil
}

// Valid says whether the span is one that ParseBucket can give.
func (b Bucket) Valid() bool { return b != 0 && b >= -maxMonths && b <= maxSpanMs }

// String is the span as ParseBucket reads it, in the largest unit that fits.
func (b Bucket) String() string {
	if b < 0 {
		if b%12 == 0 {
			return strconv.FormatInt(int64(-b/12), 10) + "y"
		}
		return strconv.FormatInt(int64(-b), 10) + "mo"
	}
	for _, u := range [...]struct {
		ms   Bucket
		name string
	}{{weekMs, "w"}, {dayMs, "d"}, {hourMs, "h"}, {minuteMs, "m"}, {secondMs, "s"}} {
		if b%u.ms == 0 {
			return strconv.FormatInt(int64(b/u.ms), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10) + "ms"
}

// Start is the beginning of the span in which a moment lies.
func (b Bucket) Start(t int64) int64 {
	switch {
	case b == 0:
		return t
	case b < 0:
		return monthMs(floor(monthOf(t), int64(-b)))
	case b%weekMs == 0:
		return floor(t-monday, int64(b)) + monday
	}
	return floor(t, int64(b))
}

// Next is the beginning of the span after the one that begins at a moment.
func (b Bucket) Next(start int64) int64 {
	if b < 0 {
		return monthMs(monthOf(start) + int64(-b))
	}
	return start + int64(b)
}

// floor is the largest multiple of n that is not above t.
func floor(t, n int64) int64 {
	r := t % n
	if r < 0 {
		r += n
	}
	return t - r
}

// monthOf counts months since January 1970.
func monthOf(t int64) int64 {
	u := time.UnixMilli(t).UTC()
	return int64(u.Year()-1970)*12 + int64(u.Month()) - 1
}

func monthMs(month int64) int64 {
	return time.Date(1970, time.January+time.Month(month), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// ParseRetention reads how long points are kept: a span that is no calendar month, "" for ever.
func ParseRetention(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	b, err := ParseBucket(s)
	if err == nil && b < 0 {
		return 0, fmt.Errorf("span %s: months are not of one length here, give days, such as %dd", strings.TrimSpace(s), -30*b)
	}
	return int64(b), err
}
