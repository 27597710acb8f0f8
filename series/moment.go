package series

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The first and the last moment that there is: the years 0 to 9999.
const (
	FirstTime int64 = -62_167_219_200_000
	LastTime  int64 = 253_402_300_799_999
)

const (
	secondMs = 1000
	minuteMs = 60 * secondMs
	hourMs   = 60 * minuteMs
	dayMs    = 24 * hourMs
	weekMs   = 7 * dayMs
)

// ParseTime reads a moment of ISO 8601: a date, then perhaps T or a blank and hours:minutes, seconds with a fraction, and
// Z or an offset. Without an offset it is UTC. What is finer than a millisecond is cut off.
func ParseTime(s string) (int64, error) {
	p := momentParser{text: s}
	year, month, day := p.digits(4), p.after('-', 2), p.after('-', 2)
	var hour, minute, second, ms, offset int
	if p.ok() && p.at < len(s) {
		if c := s[p.at]; c != 'T' && c != 't' && c != ' ' {
			p.failed = true
		}
		p.at++
		hour, minute = p.digits(2), p.after(':', 2)
		if p.is(':') {
			second = p.digits(2)
			if p.is('.') || p.is(',') {
				ms = p.fraction()
			}
		}
		offset = p.offset()
	}
	day1 := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if !p.ok() || p.at != len(s) || month < 1 || month > 12 || day1.Day() != day || hour > 24 || minute > 59 || second > 60 ||
		hour == 24 && minute+second+ms > 0 {
		return 0, fmt.Errorf("%s is no time: want milliseconds since 1970 or ISO 8601, such as 2030-01-31T12:00:00.000Z", strconv.Quote(shortened(s)))
	}
	t := day1.UnixMilli() + int64(hour)*hourMs + int64(minute-offset)*minuteMs + int64(second)*secondMs + int64(ms)
	return t, CheckTime(t)
}

func shortened(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// CheckTime refuses moments that there are not.
func CheckTime(t int64) error {
	if t < FirstTime || t > LastTime {
		return fmt.Errorf("time %d lies outside of the years 0 to 9999 (milliseconds since 1970 are wanted)", t)
	}
	return nil
}

// TimeOfNumber is the moment of a number of milliseconds.
func TimeOfNumber(f float64) (int64, error) {
	if f != math.Trunc(f) || math.Abs(f) >= maxExact {
		return 0, fmt.Errorf("time %v is no whole number of milliseconds", f)
	}
	return int64(f), CheckTime(int64(f))
}

type momentParser struct {
	text   string
	at     int
	failed bool
}

func (p *momentParser) ok() bool { return !p.failed }

func (p *momentParser) is(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *momentParser) after(c byte, n int) int {
	if !p.is(c) {
		p.failed = true
	}
	return p.digits(n)
}

func (p *momentParser) digits(n int) (v int) {
	for range n {
		if p.at >= len(p.text) || p.text[p.at] < '0' || p.text[p.at] > '9' {
			p.failed = true
			return 0
		}
		v = v*10 + int(p.text[p.at]-'0')
		p.at++
	}
	return v
}

// fraction reads the digits behind seconds, as milliseconds.
func (p *momentParser) fraction() int {
	ms, n := 0, 0
	for ; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; p.at++ {
		if n < 3 {
			ms = ms*10 + int(p.text[p.at]-'0')
		}
		n++
	}
	if n == 0 {
		p.failed = true
	}
	for ; n < 3; n++ {
		ms *= 10
	}
	return ms
}

// offset reads Z or ±hours:minutes, in minutes; nothing is zero.
func (p *momentParser) offset() int {
	sign := 1
	switch {
	case p.at == len(p.text) || p.is('Z') || p.is('z'):
		return 0
	case p.is('-'):
		sign = -1
	case !p.is('+'):
		p.failed = true
		return 0
	}
	hours := p.digits(2)
	p.is(':')
	minutes := 0
	if p.at < len(p.text) {
		minutes = p.digits(2)
	}
	if hours > 23 || minutes > 59 {
		p.failed = true
	}
	return sign * (hours*60 + minutes)
}

// AppendTime appends a moment as ISO 8601 in UTC with milliseconds, 24 characters.
func AppendTime(dst []byte, t int64) []byte {
	t = min(max(t, FirstTime), LastTime)
	return time.UnixMilli(t).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// NotBefore gives the first moment whose form, as AppendTime writes it, does not come before a text in the order of
// texts; LastTime+1 when there is none. Any text is compared, also one that is no time: what is at or after "2024-05"
// begins with that month.
func NotBefore(text string) int64 {
	low, high := FirstTime, LastTime+1
	var room [32]byte
	for low < high {
		middle := low + (high-low)/2
		if string(AppendTime(room[:0], middle)) < text {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
