// Package calendar reads, takes apart, moves and writes dates of the Gregorian calendar as the date functions of C8QL do.
//
// Guarantees: everything is a function of its arguments, allocates at most its result, and never panics.
//
// Not guaranteed: leap seconds and time zones by name; the calendar is extended to the years before 1583.
//
// Shapes: texts are those of ISO 8601, with its parts from month on left out or not: YYYY[-MM[-DD]], then T or a blank
// and hh:mm[:ss[.fff]], then Z or an offset. Weeks are those of ISO 8601 and begin on Monday.
//
// Units: instants are milliseconds since 1970-01-01 UTC, from Earliest to Latest.
//
// Errors: what is no date, unit or duration is reported as false.
//
// Days are counted from years that begin in March, as in Richards, Mapping Time (1998).
package calendar

import (
	"math"
	"strings"
)

// Lengths of time in milliseconds. A year is 365.2425 days and a month a twelfth of it, as DATE_DIFF counts them.
const (
	SecondMs = 1000
	MinuteMs = 60 * SecondMs
	HourMs   = 60 * MinuteMs
	DayMs    = 24 * HourMs
	WeekMs   = 7 * DayMs
	YearMs   = 31556952 * SecondMs
	MonthMs  = YearMs / 12

	// The years 0 to 9999.
	Earliest = -62167219200000
	Latest   = 253402300799999
)

// Unit is a unit of time, from the longest to the shortest.
type Unit uint8

// The units; None is no unit.
const (
	None Unit = iota
	Year
	Month
	Week
	Day
	Hour
	Minute
	Second
	Milli
)

var unitLengths = [...]int64{
	Year: YearMs, Month: MonthMs, Week: WeekMs, Day: DayMs, Hour: HourMs, Minute: MinuteMs,
	Second: SecondMs, Milli: 1,
}

// Length is that of the unit in milliseconds.
func (u Unit) Length() int64 { return unitLengths[u] }

// UnitNamed finds a unit by its name in any case.
func UnitNamed(name string) (Unit, bool) {
	switch strings.ToLower(name) {
	case "y", "year", "years":
		return Year, true
	case "m", "month", "months":
		return Month, true
	case "w", "week", "weeks":
		return Week, true
	case "d", "day", "days":
		return Day, true
	case "h", "hour", "hours":
		return Hour, true
	case "i", "minute", "minutes":
		return Minute, true
	case "s", "second", "seconds":
		return Second, true
	case "f", "millisecond", "milliseconds":
		return Milli, true
	}
	return None, false
}

// Parse reads the forms of dates and checks that they are within the years 0 to 9999.
func Parse(text string) (int64, bool) {
	ms, ok := scanDate(strings.TrimSpace(text))
	return ms, ok && ms >= Earliest && ms <= Latest
}

// dateScanner reads a date from the left.
type dateScanner struct {
	text string
	at   int
}

// digits reads a number of least to most digits.
func (s *dateScanner) digits(least, most int) (int64, bool) {
	var n int64
	start := s.at
	for s.at < len(s.text) && s.at-start < most && s.text[s.at]-'0' <= 9 {
		n = n*10 + int64(s.text[s.at]-'0')
		s.at++
	}
	return n, s.at-start >= least
}

// take reads one byte if it is among those given.
func (s *dateScanner) take(set string) bool {
	if s.at < len(s.text) && strings.IndexByte(set, s.text[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

// scanDate reads YYYY[-MM[-DD]], then T or a blank and hh:mm[:ss[.fff]], then Z or an offset. A day that the month does
// not have runs over into the next.
func scanDate(text string) (int64, bool) {
	s := dateScanner{text: text}
	negative := s.take("-")
	if !negative {
		s.take("+")
	}
	year, ok := s.digits(1, 6)
	month, day := int64(1), int64(1)
	if ok && s.take("-") {
		month, ok = s.digits(1, 2)
		ok = ok && month >= 1 && month <= 12
		if ok && s.take("-") {
			day, ok = s.digits(1, 2)
			ok = ok && day >= 1 && day <= 31
		}
	}
	if !ok {
		return 0, false
	}
	if negative {
		year = -year
	}
	ms := daysOf(year, month, day) * DayMs
	timed := s.take("Tt ")
	if timed {
		t, ok := s.clock()
		if !ok {
			return 0, false
		}
		ms += t
	}
	offset, ok := s.zone(timed)
	return ms - offset, ok && s.at == len(text)
}

// clock reads hh:mm[:ss[.fff]]; digits behind the milliseconds are dropped.
func (s *dateScanner) clock() (int64, bool) {
	hour, ok := s.digits(2, 2)
	if !ok || !s.take(":") {
		return 0, false
	}
	minute, ok := s.digits(2, 2)
	var second, milli int64
	if ok && s.take(":") {
		second, ok = s.digits(2, 2)
		if ok && s.take(".,") {
			start := s.at
			milli, ok = s.digits(1, 3)
			for n := s.at - start; n < 3; n++ {
				milli *= 10
			}
			s.digits(0, len(s.text))
		}
	}
	ms := hour*HourMs + minute*MinuteMs + second*SecondMs + milli
	return ms, ok && minute < 60 && second < 60 && ms <= DayMs
}

// zone reads Z, and behind a time of day also +hh:mm, +hhmm or +hh.
func (s *dateScanner) zone(timed bool) (int64, bool) {
	if s.take("Zz") || s.at == len(s.text) {
		return 0, true
	}
	sign := int64(1)
	switch {
	case !timed:
		return 0, false
	case s.take("-"):
		sign = -1
	case !s.take("+"):
		return 0, false
	}
	hour, ok := s.digits(2, 2)
	if !ok || hour > 23 {
		return 0, false
	}
	if s.at == len(s.text) {
		return sign * hour * HourMs, true
	}
	s.take(":")
	minute, ok := s.digits(2, 2)
	return sign * (hour*HourMs + minute*MinuteMs), ok && minute < 60
}

// daysOf counts the days from 1970-01-01 to a date of the Gregorian calendar; the day may lie beyond the month. Years
// are counted from March, so that the leap day is the last of its year.
func daysOf(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := FloorDiv(year, 400)
	ofEra := year - era*400
	ofYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}

func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// Civil is a date by its parts.
type Civil struct {
	Year, Month, Day            int64
	Hour, Minute, Second, Milli int64
	Days                        int64 // since 1970-01-01
}

// Of takes an instant apart.
func Of(ms int64) Civil {
	days := FloorDiv(ms, DayMs)
	rest := ms - days*DayMs
	c := Civil{
		Hour: rest / HourMs, Minute: rest / MinuteMs % 60, Second: rest / SecondMs % 60, Milli: rest % SecondMs,
		Days: days,
	}
	shifted := days + 719468
	era := FloorDiv(shifted, 146097)
	ofEra := shifted - era*146097
	year := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	month := (5*ofYear + 2) / 153
	c.Day = ofYear - (153*month+2)/5 + 1
	c.Month = month + 3
	c.Year = year + era*400
	if c.Month > 12 {
		c.Month -= 12
		c.Year++
	}
	return c
}

// instant puts the parts together again; those that are too large run over.
func (c Civil) Instant() int64 {
	months := c.Month - 1
	year := c.Year + FloorDiv(months, 12)
	month := months - FloorDiv(months, 12)*12 + 1
	return daysOf(year, month, c.Day)*DayMs + c.Hour*HourMs + c.Minute*MinuteMs + c.Second*SecondMs + c.Milli
}

// weekday is 0 for Sunday.
func (c Civil) Weekday() int64 {
	w := (c.Days + 4) % 7 // 1970-01-01 was a Thursday
	if w < 0 {
		w += 7
	}
	return w
}

func (c Civil) DayOfYear() int64 { return c.Days - daysOf(c.Year, 1, 1) + 1 }

func (c Civil) Leap() bool { return c.Year%4 == 0 && (c.Year%100 != 0 || c.Year%400 == 0) }

func (c Civil) DaysInMonth() int64 {
	next := Civil{Year: c.Year, Month: c.Month + 1, Day: 1}
	return next.Instant()/DayMs - daysOf(c.Year, c.Month, 1)
}

// week is the week of ISO 8601 and the year that it belongs to: that of its Thursday.
func (c Civil) Week() (week, year int64) {
	monday := c.Days - (c.Weekday()+6)%7
	thursday := Of((monday + 3) * DayMs)
	return (thursday.DayOfYear()-1)/7 + 1, thursday.Year
}

// ISO writes YYYY-MM-DDThh:mm:ss.fffZ.
func ISO(ms int64) string {
	c := Of(ms)
	buf := make([]byte, 0, len("0000-00-00T00:00:00.000Z"))
	buf = appendPadded(buf, c.Year, 4)
	buf = appendPadded(append(buf, '-'), c.Month, 2)
	buf = appendPadded(append(buf, '-'), c.Day, 2)
	buf = appendPadded(append(buf, 'T'), c.Hour, 2)
	buf = appendPadded(append(buf, ':'), c.Minute, 2)
	buf = appendPadded(append(buf, ':'), c.Second, 2)
	buf = appendPadded(append(buf, '.'), c.Milli, 3)
	return string(append(buf, 'Z'))
}

// appendPadded writes a number with at least width digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	var room [20]byte
	at := len(room)
	for n > 0 || len(room)-at < width {
		at--
		room[at] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, room[at:]...)
}

// Truncate cuts an instant down to the beginning of its unit.
func Truncate(ms int64, u Unit) int64 {
	switch u {
	case Year:
		return daysOf(Of(ms).Year, 1, 1) * DayMs
	case Month:
		c := Of(ms)
		return daysOf(c.Year, c.Month, 1) * DayMs
	case Week:
		c := Of(ms)
		return (c.Days - (c.Weekday()+6)%7) * DayMs
	}
	length := unitLengths[u]
	return FloorDiv(ms, length) * length
}

// Duration is a length of time whose months depend on where it begins.
type Duration struct {
	Months int64
	Ms     float64
}

// AddTo moves an instant; false when that leaves the years 0 to 9999. A day that the month does not have runs over.
func (d Duration) AddTo(ms int64, sign int64) (int64, bool) {
	if d.Months != 0 {
		c := Of(ms)
		c.Month += sign * d.Months
		ms = c.Instant()
	}
	moved := float64(ms) + float64(sign)*d.Ms
	if moved < Earliest || moved >= Latest+1 {
		return 0, false
	}
	return int64(math.Floor(moved)), true
}

// MostMonths are more months than the calendar has.
const MostMonths = 12 * 10000

// Amount takes an amount of a unit. Fractions of a year are months, those of a month are 30 days each.
func Amount(amount float64, u Unit) (d Duration, ok bool) {
	if u == Year {
		amount *= 12
		u = Month
	}
	if u != Month {
		return Duration{Ms: amount * float64(unitLengths[u])}, true
	}
	whole, fraction := math.Modf(amount)
	if math.Abs(whole) > 2*MostMonths {
		return d, false
	}
	return Duration{Months: int64(whole), Ms: math.Round(fraction * 30 * DayMs)}, true
}

// durationScanner reads a duration; letters are those that may still follow.
type durationScanner struct {
	dateScanner
	letters string
	timed   bool // behind the T
}

// ParseDuration reads P1Y2M3W4DT5H6M7.89S.
func ParseDuration(text string) (d Duration, ok bool) {
	s := durationScanner{dateScanner: dateScanner{text: strings.ToUpper(text)}, letters: "YMWD"}
	if !s.take("P") || s.at == len(s.text) {
		return d, false
	}
	for s.at < len(s.text) {
		if !s.timed && s.take("T") {
			s.timed, s.letters = true, "HMS"
		}
		if !s.part(&d) {
			return d, false
		}
	}
	return d, true
}

// part reads one amount with its letter.
func (s *durationScanner) part(d *Duration) bool {
	n, ok := s.digits(1, 12)
	fraction := 0.0
	if ok && s.take(".,") {
		start := s.at
		digits, found := s.digits(1, 9)
		fraction, ok = float64(digits)/math.Pow10(s.at-start), found
	}
	if !ok || s.at == len(s.text) {
		return false
	}
	letter := s.text[s.at]
	s.at++
	at := strings.IndexByte(s.letters, letter)
	if at < 0 || fraction != 0 && letter != 'S' {
		return false
	}
	s.letters = s.letters[at+1:]
	if letter == 'Y' || letter == 'M' && !s.timed {
		if letter == 'Y' {
			n *= 12
		}
		d.Months += n
		return d.Months <= 2*MostMonths
	}
	d.Ms += (float64(n) + fraction) * float64(partLength(letter))
	return true
}

// partLength is the length of W, D, H, M (minutes) and S.
func partLength(letter byte) int64 {
	switch letter {
	case 'W':
		return WeekMs
	case 'D':
		return DayMs
	case 'H':
		return HourMs
	case 'M':
		return MinuteMs
	}
	return SecondMs
}
