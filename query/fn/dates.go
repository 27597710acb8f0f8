package fn

import (
	"math"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// Lengths of time in milliseconds. A year is 365.2425 days and a month a twelfth of it, as DATE_DIFF counts them.
const (
	secondMs = 1000
	minuteMs = 60 * secondMs
	hourMs   = 60 * minuteMs
	dayMs    = 24 * hourMs
	weekMs   = 7 * dayMs
	yearMs   = 31556952 * secondMs
	monthMs  = yearMs / 12

	// The years 0 to 9999.
	earliestMs = -62167219200000
	latestMs   = 253402300799999
)

// unit is a unit of time, from the longest to the shortest.
type unit uint8

const (
	unitNone unit = iota
	unitYear
	unitMonth
	unitWeek
	unitDay
	unitHour
	unitMinute
	unitSecond
	unitMilli
)

var unitLengths = [...]int64{
	unitYear: yearMs, unitMonth: monthMs, unitWeek: weekMs, unitDay: dayMs, unitHour: hourMs, unitMinute: minuteMs,
	unitSecond: secondMs, unitMilli: 1,
}

// unitNamed finds a unit by its name in any case.
func unitNamed(name string) (unit, bool) {
	switch strings.ToLower(name) {
	case "y", "year", "years":
		return unitYear, true
	case "m", "month", "months":
		return unitMonth, true
	case "w", "week", "weeks":
		return unitWeek, true
	case "d", "day", "days":
		return unitDay, true
	case "h", "hour", "hours":
		return unitHour, true
	case "i", "minute", "minutes":
		return unitMinute, true
	case "s", "second", "seconds":
		return unitSecond, true
	case "f", "millisecond", "milliseconds":
		return unitMilli, true
	}
	return unitNone, false
}

// instant reads a date: a number of milliseconds, or a text of ISO 8601.
func instant(v value.Value) (int64, bool) {
	switch v.Kind() {
	case value.KindNumber:
		f := v.Float64()
		if f < earliestMs || f >= latestMs+1 {
			return 0, false
		}
		return int64(math.Floor(f)), true
	case value.KindString:
		return parseDate(v.Str())
	}
	return 0, false
}

// parseDate reads the forms of dates and checks that they are within the years 0 to 9999.
func parseDate(text string) (int64, bool) {
	ms, ok := scanDate(strings.TrimSpace(text))
	return ms, ok && ms >= earliestMs && ms <= latestMs
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
	ms := daysOf(year, month, day) * dayMs
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
	ms := hour*hourMs + minute*minuteMs + second*secondMs + milli
	return ms, ok && minute < 60 && second < 60 && ms <= dayMs
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
		return sign * hour * hourMs, true
	}
	s.take(":")
	minute, ok := s.digits(2, 2)
	return sign * (hour*hourMs + minute*minuteMs), ok && minute < 60
}

// daysOf counts the days from 1970-01-01 to a date of the Gregorian calendar; the day may lie beyond the month. Years
// are counted from March, so that the leap day is the last of its year.
func daysOf(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	ofEra := year - era*400
	ofYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// civil is a date by its parts.
type civil struct {
	year, month, day            int64
	hour, minute, second, milli int64
	days                        int64 // since 1970-01-01
}

// civilOf takes an instant apart.
func civilOf(ms int64) civil {
	days := floorDiv(ms, dayMs)
	rest := ms - days*dayMs
	c := civil{
		hour: rest / hourMs, minute: rest / minuteMs % 60, second: rest / secondMs % 60, milli: rest % secondMs,
		days: days,
	}
	shifted := days + 719468
	era := floorDiv(shifted, 146097)
	ofEra := shifted - era*146097
	year := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	month := (5*ofYear + 2) / 153
	c.day = ofYear - (153*month+2)/5 + 1
	c.month = month + 3
	c.year = year + era*400
	if c.month > 12 {
		c.month -= 12
		c.year++
	}
	return c
}

// instant puts the parts together again; those that are too large run over.
func (c civil) instant() int64 {
	months := c.month - 1
	year := c.year + floorDiv(months, 12)
	month := months - floorDiv(months, 12)*12 + 1
	return daysOf(year, month, c.day)*dayMs + c.hour*hourMs + c.minute*minuteMs + c.second*secondMs + c.milli
}

// weekday is 0 for Sunday.
func (c civil) weekday() int64 {
	w := (c.days + 4) % 7 // 1970-01-01 was a Thursday
	if w < 0 {
		w += 7
	}
	return w
}

func (c civil) dayOfYear() int64 { return c.days - daysOf(c.year, 1, 1) + 1 }

func (c civil) leap() bool { return c.year%4 == 0 && (c.year%100 != 0 || c.year%400 == 0) }

func (c civil) daysInMonth() int64 {
	next := civil{year: c.year, month: c.month + 1, day: 1}
	return next.instant()/dayMs - daysOf(c.year, c.month, 1)
}

// week is the week of ISO 8601 and the year that it belongs to: that of its Thursday.
func (c civil) week() (week, year int64) {
	monday := c.days - (c.weekday()+6)%7
	thursday := civilOf((monday + 3) * dayMs)
	return (thursday.dayOfYear()-1)/7 + 1, thursday.year
}

// isoDate writes YYYY-MM-DDThh:mm:ss.fffZ.
func isoDate(ms int64) string {
	c := civilOf(ms)
	buf := make([]byte, 0, len("0000-00-00T00:00:00.000Z"))
	buf = appendPadded(buf, c.year, 4)
	buf = appendPadded(append(buf, '-'), c.month, 2)
	buf = appendPadded(append(buf, '-'), c.day, 2)
	buf = appendPadded(append(buf, 'T'), c.hour, 2)
	buf = appendPadded(append(buf, ':'), c.minute, 2)
	buf = appendPadded(append(buf, ':'), c.second, 2)
	buf = appendPadded(append(buf, '.'), c.milli, 3)
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

// truncate cuts an instant down to the beginning of its unit.
func truncate(ms int64, u unit) int64 {
	switch u {
	case unitYear:
		return daysOf(civilOf(ms).year, 1, 1) * dayMs
	case unitMonth:
		c := civilOf(ms)
		return daysOf(c.year, c.month, 1) * dayMs
	case unitWeek:
		c := civilOf(ms)
		return (c.days - (c.weekday()+6)%7) * dayMs
	}
	length := unitLengths[u]
	return floorDiv(ms, length) * length
}

// duration is a length of time whose months depend on where it begins.
type duration struct {
	months int64
	ms     float64
}

// addTo moves an instant; false when that leaves the years 0 to 9999. A day that the month does not have runs over.
func (d duration) addTo(ms int64, sign int64) (int64, bool) {
	if d.months != 0 {
		c := civilOf(ms)
		c.month += sign * d.months
		ms = c.instant()
	}
	moved := float64(ms) + float64(sign)*d.ms
	if moved < earliestMs || moved >= latestMs+1 {
		return 0, false
	}
	return int64(math.Floor(moved)), true
}

// mostMonths are more months than the calendar has.
const mostMonths = 12 * 10000

// durationOf takes an amount of a unit. Fractions of a year are months, those of a month are 30 days each.
func durationOf(amount float64, u unit) (d duration, ok bool) {
	if u == unitYear {
		amount *= 12
		u = unitMonth
	}
	if u != unitMonth {
		return duration{ms: amount * float64(unitLengths[u])}, true
	}
	whole, fraction := math.Modf(amount)
	if math.Abs(whole) > 2*mostMonths {
		return d, false
	}
	return duration{months: int64(whole), ms: math.Round(fraction * 30 * dayMs)}, true
}

// durationScanner reads a duration; letters are those that may still follow.
type durationScanner struct {
	dateScanner
	letters string
	timed   bool // behind the T
}

// parseDuration reads P1Y2M3W4DT5H6M7.89S.
func parseDuration(text string) (d duration, ok bool) {
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
func (s *durationScanner) part(d *duration) bool {
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
		d.months += n
		return d.months <= 2*mostMonths
	}
	d.ms += (float64(n) + fraction) * float64(partLength(letter))
	return true
}

// partLength is the length of W, D, H, M (minutes) and S.
func partLength(letter byte) int64 {
	switch letter {
	case 'W':
		return weekMs
	case 'D':
		return dayMs
	case 'H':
		return hourMs
	case 'M':
		return minuteMs
	}
	return secondMs
}
