package calendar_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/query/fn/calendar"
)

// TestAgreesWithTheStandardLibrary takes random instants of all years apart and puts them together.
func TestAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		ms := calendar.Earliest + r.Int64N(calendar.Latest-calendar.Earliest)
		c, want := calendar.Of(ms), time.UnixMilli(ms).UTC()
		if c.Year != int64(want.Year()) || c.Month != int64(want.Month()) || c.Day != int64(want.Day()) || c.Hour != int64(want.Hour()) ||
			c.Minute != int64(want.Minute()) || c.Second != int64(want.Second()) || c.Milli != int64(want.Nanosecond()/1e6) {
			t.Fatalf("%d is %+v, want %v", ms, c, want)
		}
		if c.Weekday() != int64(want.Weekday()) || c.DayOfYear() != int64(want.YearDay()) {
			t.Fatalf("%v is day %d of the week and %d of the year", want, c.Weekday(), c.DayOfYear())
		}
		wantYear, wantWeek := want.ISOWeek()
		if week, year := c.Week(); week != int64(wantWeek) || year != int64(wantYear) {
			t.Fatalf("%v is in week %d of %d, want %d of %d", want, week, year, wantWeek, wantYear)
		}
		if got := c.Instant(); got != ms {
			t.Fatalf("%d came back as %d", ms, got)
		}
		text := calendar.ISO(ms)
		if text != want.Format("2006-01-02T15:04:05.000Z") {
			t.Fatalf("%d is written %s", ms, text)
		}
		if back, ok := calendar.Parse(text); !ok || back != ms {
			t.Fatalf("%s was read as %d, %v, want %d", text, back, ok, ms)
		}
		last := time.Date(want.Year(), want.Month()+1, 0, 0, 0, 0, 0, time.UTC)
		if c.DaysInMonth() != int64(last.Day()) || c.Leap() != (time.Date(want.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay() == 366) {
			t.Fatalf("%v: %d days in the month, leap year %v", want, c.DaysInMonth(), c.Leap())
		}
	}
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	ms, _ := calendar.Parse("1968-05-08T13:14:15.678Z")
	for unit, want := range map[string]string{
		"y": "1968-01-01T00:00:00.000Z", "months": "1968-05-01T00:00:00.000Z", "week": "1968-05-06T00:00:00.000Z", "D": "1968-05-08T00:00:00.000Z",
		"hour": "1968-05-08T13:00:00.000Z", "i": "1968-05-08T13:14:00.000Z", "seconds": "1968-05-08T13:14:15.000Z", "f": "1968-05-08T13:14:15.678Z",
	} {
		u, ok := calendar.UnitNamed(unit)
		if got := calendar.ISO(calendar.Truncate(ms, u)); !ok || got != want {
			t.Errorf("%s gave %s, want %s", unit, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]calendar.Duration{
		"P1Y2M3W4DT5H6M7.89S": {Months: 14, Ms: 25*calendar.DayMs + 5*calendar.HourMs + 6*calendar.MinuteMs + 7890},
		"pt1m":                {Ms: calendar.MinuteMs}, "P1M": {Months: 1}, "PT0.5S": {Ms: 500}, "P0D": {},
	} {
		if got, ok := calendar.ParseDuration(text); !ok || got != want {
			t.Errorf("%s is %+v, %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "P", "1D", "-P1D", "P1", "P1S", "PT1D", "P1D2Y", "P1Y1Y", "P1.5D", "PT1.S", "P99999999999999999D", "P999999999999Y", "PT1S "} {
		if got, ok := calendar.ParseDuration(text); ok {
			t.Errorf("%s is %+v, want it refused", text, got)
		}
	}
	for _, d := range []calendar.Duration{{Months: 2 * calendar.MostMonths}, {Ms: 1e300}} {
		for _, sign := range []int64{1, -1} {
			if got, ok := d.AddTo(0, sign); ok {
				t.Errorf("%+v leads to %d, beyond the calendar", d, got)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"2014-05-07T14:19:09.522Z", "2014-05-07 14:19:09+07:30", "2015", "2015-1-2", "0000-01-01", "+2014-01-01", "-0001-01-01", "2014-05-07T24:00",
		"2014-05-07T14:19:09,5-0230", "999999-01-01", "2014-02-31T00:00:60Z", "P1Y2M3W4DT5H6M7.89S", "%yyyy%%%", "\xff%m",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ms, ok := calendar.Parse(text)
		if ok && (ms < calendar.Earliest || ms > calendar.Latest) {
			t.Fatalf("%q is %d, beyond the calendar", text, ms)
		}
		if back, again := calendar.Parse(calendar.ISO(ms)); ok && (!again || back != ms) {
			t.Fatalf("%q is %d and then %d", text, ms, back)
		}
		// What the standard library reads is read, and as the same.
		if want, err := time.Parse(time.RFC3339, text); err == nil && want.Year() > 0 && want.Year() < 9999 && !strings.Contains(text, "T24") {
			if !ok || ms != want.UnixMilli() {
				t.Fatalf("%q is %d, %v, want %d", text, ms, ok, want.UnixMilli())
			}
		}
		if d, ok := calendar.ParseDuration(text); ok {
			if moved, ok := d.AddTo(0, 1); ok && (moved < calendar.Earliest || moved > calendar.Latest) {
				t.Fatalf("%q leads to %d", text, moved)
			}
		}
		calendar.Format(ms, text)
	})
}
