package clock

import (
	"cmp"
	"fmt"
	"math"
)

// countBits is how many low bits of a Time count within one millisecond.
const countBits = 16

// Time is a hybrid logical time. Zero means none, and is before all others.
type Time uint64

// MaxTime is the last time there is. It is never given to an entry.
const MaxTime Time = math.MaxUint64

// maxMillis is the largest number of milliseconds a Time can hold (the year 10889).
const maxMillis = int64(1)<<48 - 1

// TimeOf is the first time of a millisecond. Milliseconds outside of what 48
// bits hold give the nearest time that there is.
func TimeOf(ms int64) Time {
	if ms < 0 {
		return 0
	}
	if ms > maxMillis {
		return MaxTime
	}
	return Time(ms) << countBits
}

// Millis is the unix time in milliseconds.
func (t Time) Millis() int64 { return int64(t >> countBits) }

// Count tells times of one millisecond apart.
func (t Time) Count() uint16 { return uint16(t) }

// Next is the smallest time after t; MaxTime has none and gives itself.
func (t Time) Next() Time {
	if t == MaxTime {
		return t
	}
	return t + 1
}

// Plus is t moved by milliseconds, held within the times that there are.
func (t Time) Plus(ms int64) Time {
	if ms < 0 {
		d := TimeOf(-max(ms, -math.MaxInt64))
		if d >= t {
			return 0
		}
		return t - d
	}
	d := TimeOf(ms)
	if d > MaxTime-t {
		return MaxTime
	}
	return t + d
}

const hexDigits = "0123456789abcdef"

// appendHex writes v with exactly n hex digits.
func appendHex(dst []byte, v uint64, n int) []byte {
	for shift := (n - 1) * 4; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[v>>uint(shift)&15])
	}
	return dst
}

// parseHex reads lower-case hex digits, as appendHex writes them.
func parseHex(s string) (uint64, bool) {
	var v uint64
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = v<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

const (
	timeText   = 16
	originText = 8
	stampText  = timeText + 1 + originText
)

// AppendText appends the text of t: 16 hex digits, sorting as times do.
func (t Time) AppendText(dst []byte) []byte { return appendHex(dst, uint64(t), timeText) }

// String is the text of t: 16 hex digits, sorting as times do.
func (t Time) String() string {
	var b [timeText]byte
	return string(t.AppendText(b[:0]))
}

// ParseTime reads what Time.String wrote.
func ParseTime(s string) (Time, error) {
	if len(s) == timeText {
		if v, ok := parseHex(s); ok {
			return Time(v), nil
		}
	}
	return 0, fmt.Errorf("time %s: want %d lower-case hex digits", quote(s), timeText)
}

// Origin is the number of one incarnation of one location, given by the
// anchor of the fabric when it joins and never reused. Zero means none.
type Origin uint32

// OriginOf builds an origin from the anchor's epoch and the ordinal within it.
func OriginOf(epoch, ordinal uint16) Origin { return Origin(epoch)<<16 | Origin(ordinal) }

// Epoch is the anchor's epoch in which the origin was given.
func (o Origin) Epoch() uint16 { return uint16(o >> 16) }

// Ordinal is the origin's number within its epoch, from 1.
func (o Origin) Ordinal() uint16 { return uint16(o) }

// String is the text of o: 8 hex digits, sorting as origins do.
func (o Origin) String() string {
	var b [originText]byte
	return string(appendHex(b[:0], uint64(o), originText))
}

// ParseOrigin reads what Origin.String wrote.
func ParseOrigin(s string) (Origin, error) {
	if len(s) == originText {
		if v, ok := parseHex(s); ok {
			return Origin(v), nil
		}
	}
	return 0, fmt.Errorf("origin %s: want %d lower-case hex digits", quote(s), originText)
}

// Stamp names one committed transaction, everywhere and for ever.
type Stamp struct {
	Time   Time
	Origin Origin
}

// Compare orders stamps by time, then by origin.
func (s Stamp) Compare(t Stamp) int {
	if c := cmp.Compare(s.Time, t.Time); c != 0 {
		return c
	}
	return cmp.Compare(s.Origin, t.Origin)
}

// Less tells whether s comes before t.
func (s Stamp) Less(t Stamp) bool {
	return s.Time < t.Time || s.Time == t.Time && s.Origin < t.Origin
}

// IsZero tells whether s names nothing.
func (s Stamp) IsZero() bool { return s == Stamp{} }

// AppendText appends the text of s, "time-origin", sorting as stamps do.
func (s Stamp) AppendText(dst []byte) []byte {
	dst = append(s.Time.AppendText(dst), '-')
	return appendHex(dst, uint64(s.Origin), originText)
}

// String is the text of s, "time-origin", sorting as stamps do.
func (s Stamp) String() string {
	var b [stampText]byte
	return string(s.AppendText(b[:0]))
}

// ParseStamp reads what Stamp.String wrote.
func ParseStamp(s string) (Stamp, error) {
	if len(s) != stampText || s[timeText] != '-' {
		return Stamp{}, fmt.Errorf("stamp %s: want %d hex digits, '-' and %d hex digits", quote(s), timeText, originText)
	}
	t, err := ParseTime(s[:timeText])
	if err != nil {
		return Stamp{}, fmt.Errorf("stamp %s: %w", quote(s), err)
	}
	o, err := ParseOrigin(s[timeText+1:])
	if err != nil {
		return Stamp{}, fmt.Errorf("stamp %s: %w", quote(s), err)
	}
	return Stamp{Time: t, Origin: o}, nil
}

// quote shows a text in an error, cut so that bad input cannot fill a log.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%q and %d bytes more", s[:most], len(s)-most)
	}
	return fmt.Sprintf("%q", s)
}
