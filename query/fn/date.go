package fn

import (
	"math"

	"github.com/selvedge-db/selvedge/query/fn/calendar"
	"github.com/selvedge-db/selvedge/value"
)

const dateTypes = Number | Text

// part declares a function that gives one part of a date.
func part(name, doc, query, result string, f func(c calendar.Civil) int64) Function {
	return Function{
		Name: name, Family: "date", Deterministic: true, Cost: 4, Returns: Number | Null,
		Params: unary("date", dateTypes), Doc: doc, Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			ms, ok := instant(a[0])
			if !ok {
				return c.badDate(name)
			}
			return value.Int(f(calendar.Of(ms)))
		},
	}
}

// built declares DATE_TIMESTAMP and DATE_ISO8601, which take a date or its parts.
func built(name, doc string, examples []Example, f func(ms int64) value.Value, returns Types) Function {
	return Function{
		Name: name, Family: "date", Deterministic: true, Cost: 5, Returns: returns | Null,
		Params: []Param{
			one("dateOrYear", dateTypes), opt("month", dateTypes), opt("day", dateTypes), opt("hour", dateTypes),
			opt("minute", dateTypes), opt("second", dateTypes), opt("millisecond", dateTypes),
		},
		Doc:      doc + " Instead of a date its parts may be given, at least year, month and day; parts that are too large run over.",
		Examples: examples,
		Eval: func(c *Context, a []value.Value) value.Value {
			ms, ok := instantOf(c, name, a)
			if !ok {
				return value.Null()
			}
			return f(ms)
		},
	}
}

var dateFunctions = []Function{
	{
		Name: "DATE_NOW", Family: "date", Stable: true, Cost: 1, Returns: Number,
		Doc:      "Gives the time at which the query began, in milliseconds since 1970-01-01 UTC. It is the same all through the query.",
		Examples: []Example{{`RETURN DATE_NOW() > 0`, `[true]`}},
		Eval:     func(c *Context, _ []value.Value) value.Value { return value.Int(c.NowMs) },
	},
	built("DATE_TIMESTAMP", "Converts a date to milliseconds since 1970-01-01 UTC.", []Example{
		{`RETURN DATE_TIMESTAMP("2014-05-07T14:19:09.522")`, `[1399472349522]`}, {`RETURN DATE_TIMESTAMP(2016, 2, 32)`, `[1456963200000]`},
	}, value.Int, Number),
	built("DATE_ISO8601", "Converts a date to a string like 2014-05-07T14:19:09.522Z, in UTC.", []Example{
		{`RETURN DATE_ISO8601(1399472349522)`, `["2014-05-07T14:19:09.522Z"]`},
		{`RETURN DATE_ISO8601("2014-05-07T14:19:09+01:00")`, `["2014-05-07T13:19:09.000Z"]`},
	}, isoValue, Text),
	part("DATE_DAYOFWEEK", "Gives the day of the week, 0 for Sunday to 6 for Saturday.", `RETURN DATE_DAYOFWEEK("2024-05-07")`, `[2]`, calendar.Civil.Weekday),
	part("DATE_YEAR", "Gives the year.", `RETURN DATE_YEAR("2024-05-07")`, `[2024]`, func(d calendar.Civil) int64 { return d.Year }),
	part("DATE_MONTH", "Gives the month, from 1.", `RETURN DATE_MONTH("2024-05-07")`, `[5]`, func(d calendar.Civil) int64 { return d.Month }),
	part("DATE_DAY", "Gives the day of the month, from 1.", `RETURN DATE_DAY("2024-05-07")`, `[7]`, func(d calendar.Civil) int64 { return d.Day }),
	part("DATE_HOUR", "Gives the hour.", `RETURN DATE_HOUR("2024-05-07T14:19:09")`, `[14]`, func(d calendar.Civil) int64 { return d.Hour }),
	part("DATE_MINUTE", "Gives the minute.", `RETURN DATE_MINUTE("2024-05-07T14:19:09")`, `[19]`, func(d calendar.Civil) int64 { return d.Minute }),
	part("DATE_SECOND", "Gives the second.", `RETURN DATE_SECOND("2024-05-07T14:19:09")`, `[9]`, func(d calendar.Civil) int64 { return d.Second }),
	part("DATE_MILLISECOND", "Gives the millisecond.", `RETURN DATE_MILLISECOND("2024-05-07T14:19:09.522")`, `[522]`, func(d calendar.Civil) int64 { return d.Milli }),
	part("DATE_DAYOFYEAR", "Gives the day of the year, from 1.", `RETURN DATE_DAYOFYEAR("2024-12-31")`, `[366]`, calendar.Civil.DayOfYear),
	part("DATE_ISOWEEK", "Gives the week of the year of ISO 8601, 1 to 53; weeks begin on Monday.", `RETURN DATE_ISOWEEK("2021-01-03")`, `[53]`, func(d calendar.Civil) int64 {
		week, _ := d.Week()
		return week
	}),
	{
		Name: "DATE_ISOWEEKYEAR", Family: "date", Deterministic: true, Cost: 5, Returns: Object | Null,
		Params:   unary("date", dateTypes),
		Doc:      "Gives the week of ISO 8601 and the year that this week belongs to.",
		Examples: []Example{{`RETURN DATE_ISOWEEKYEAR("2021-01-03")`, `[{"week": 53, "year": 2020}]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			ms, ok := instant(a[0])
			if !ok {
				return c.badDate("DATE_ISOWEEKYEAR")
			}
			week, year := calendar.Of(ms).Week()
			return value.OwnMembers([]value.Member{{Name: "week", Value: value.Int(week)}, {Name: "year", Value: value.Int(year)}})
		},
	},
	{
		Name: "DATE_LEAPYEAR", Family: "date", Deterministic: true, Cost: 4, Returns: Bool | Null,
		Params:   unary("date", dateTypes),
		Doc:      "Tells whether the date is in a leap year.",
		Examples: []Example{{`RETURN [DATE_LEAPYEAR("2024-01-01"), DATE_LEAPYEAR("2023")]`, `[[true, false]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			ms, ok := instant(a[0])
			if !ok {
				return c.badDate("DATE_LEAPYEAR")
			}
			return value.Bool(calendar.Of(ms).Leap())
		},
	},
	part("DATE_QUARTER", "Gives the quarter of the year, from 1.", `RETURN DATE_QUARTER("2024-05-07")`, `[2]`, func(d calendar.Civil) int64 { return (d.Month-1)/3 + 1 }),
	part("DATE_DAYS_IN_MONTH", "Counts the days of the month of the date.", `RETURN DATE_DAYS_IN_MONTH("2024-02-01")`, `[29]`, calendar.Civil.DaysInMonth),
	{
		Name: "DATE_TRUNC", Family: "date", Deterministic: true, Cost: 6, Returns: Text | Null,
		Params:   []Param{one("date", dateTypes), one("unit", Text)},
		Doc:      "Cuts a date down to the beginning of its unit: " + unitDoc + " Weeks begin on Monday.",
		Examples: []Example{{`RETURN DATE_TRUNC("2017-02-03 04:05:06", "hours")`, `["2017-02-03T04:00:00.000Z"]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			u, known := calendar.UnitNamed(a[1].Str())
			if !known {
				return c.badText("DATE_TRUNC", a[1], wantUnit)
			}
			ms, ok := instant(a[0])
			if ms = calendar.Truncate(ms, u); !ok || ms < calendar.Earliest {
				return c.badDate("DATE_TRUNC")
			}
			return isoValue(ms)
		},
	},
	{
		Name: "DATE_ROUND", Family: "date", Deterministic: true, Cost: 6, Returns: Text | Null,
		Params:   []Param{one("date", dateTypes), one("amount", Number), one("unit", Text)},
		Doc:      "Cuts a date down to a multiple of an amount of days or smaller units, counted from 1970-01-01.",
		Examples: []Example{{`RETURN DATE_ROUND("2000-04-28T11:11:11.111Z", 15, "minutes")`, `["2000-04-28T11:00:00.000Z"]`}},
		Eval:     evalDateRound,
	},
	{
		Name: "DATE_FORMAT", Family: "date", Deterministic: true, Cost: 20, Returns: Text | Null,
		Params: []Param{one("date", dateTypes), one("format", Text)},
		Doc:    "Writes a date in a format of one's own. " + formatDoc,
		Examples: []Example{
			{`RETURN DATE_FORMAT("2015-09-18T15:30:49.374", "%dd.%mm.%yyyy %hh:%ii:%ss,%fff")`, `["18.09.2015 15:30:49,374"]`},
			{`RETURN DATE_FORMAT("1969", "Summer of '%yy")`, `["Summer of '69"]`},
			{`RETURN DATE_FORMAT("2016", "%%l = %l, %www, %mmmm")`, `["%l = 1, Fri, January"]`},
		},
		Eval: func(c *Context, a []value.Value) value.Value {
			ms, ok := instant(a[0])
			switch {
			case !ok:
				return c.badDate("DATE_FORMAT")
			case a[1].Kind() != value.KindString:
				return c.badType("DATE_FORMAT")
			case !c.grow(6 * len(a[1].Str())):
				return value.Null()
			}
			return value.String(calendar.Format(ms, a[1].Str()))
		},
	},
	moved("DATE_ADD", "Adds an amount to a date.", 1, []Example{
		{`RETURN DATE_ADD("2015-04-01", 61, "months")`, `["2020-05-01T00:00:00.000Z"]`},
		{`RETURN DATE_ADD("2000-01-01", "P1Y2M3W4DT5H6M7.89S")`, `["2001-03-26T05:06:07.890Z"]`},
	}),
	moved("DATE_SUBTRACT", "Takes an amount away from a date.", -1, []Example{
		{`RETURN DATE_SUBTRACT("2024-03-01", 1, "day")`, `["2024-02-29T00:00:00.000Z"]`},
		{`RETURN DATE_SUBTRACT("2024-03-01", "PT1H30M")`, `["2024-02-29T22:30:00.000Z"]`},
	}),
	{
		Name: "DATE_DIFF", Family: "date", Deterministic: true, Cost: 6, Returns: Number | Null,
		Params: []Param{one("date1", dateTypes), one("date2", dateTypes), one("unit", Text), opt("asFloat", Bool)},
		Doc: "Counts the units between two dates, negative when the second is before the first, rounded to whole ones unless asFloat is true: " +
			unitDoc + " A year is 365.2425 days, a month a twelfth of it.",
		Examples: []Example{{`RETURN [DATE_DIFF("2024-02-28", "2024-03-01", "d"), DATE_DIFF("2024-01-01", "2024-01-02T12:00:00", "day", true)]`, `[[2, 1.5]]`}},
		Eval:     evalDateDiff,
	},
	{
		Name: "DATE_COMPARE", Family: "date", Deterministic: true, Cost: 6, Returns: Bool | Null,
		Params:   []Param{one("date1", dateTypes), one("date2", dateTypes), one("unitStart", Text), opt("unitEnd", Text)},
		Doc:      "Tells whether the parts of two dates from one unit to another are the same: " + unitDoc + " Without the second unit only the first counts.",
		Examples: []Example{{`RETURN DATE_COMPARE("1985-04-04", "2024-04-04", "months", "days")`, `[true]`}},
		Eval:     evalDateCompare,
	},
	{
		Name: "IS_DATESTRING", Family: "date", Deterministic: true, Cost: 4, Returns: Bool,
		Params:   unary("value", Anything),
		Doc:      "Tells whether a value is a string that functions of dates take: partial dates are, and days that the month does not have.",
		Examples: []Example{{`RETURN [IS_DATESTRING("2015-02-31"), IS_DATESTRING("2015"), IS_DATESTRING(0)]`, `[[true, true, false]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			ok := a[0].Kind() == value.KindString
			if ok {
				_, ok = calendar.Parse(a[0].Str())
			}
			return value.Bool(ok)
		},
	},
}

const formatDoc = "Placeholders: %t milliseconds since 1970, %z ISO date, %w day of the week (0 to 6), %y year, %yy its last two digits, " +
	"%yyyy four digits, %yyyyyy a sign and six digits, %m and %mm month, %mmm and %mmmm its English name, short and long, %d and %dd day, " +
	"%h and %hh hour, %i and %ii minute, %s and %ss second, %f and %fff millisecond, %x and %xxx day of the year, %k and %kk ISO week, " +
	"%l leap year (0 or 1), %q quarter, %a days in the month, %www and %wwww English name of the day of the week, short and long, " +
	"%% a percent sign, %& nothing, so that letters can follow. A single % is left out."

const unitDoc = "y, year, years; m, month, months; w, week, weeks; d, day, days; h, hour, hours; i, minute, minutes; " +
	"s, second, seconds; f, millisecond, milliseconds."

// moved declares DATE_ADD and DATE_SUBTRACT.
func moved(name, doc string, sign int64, examples []Example) Function {
	return Function{
		Name: name, Family: "date", Deterministic: true, Cost: 8, Returns: Text | Null,
		Params: []Param{one("date", dateTypes), one("amount", Number|Text), opt("unit", Text)},
		Doc: doc + " The amount is a number with a unit, or an ISO 8601 duration like P1Y2M3W4DT5H6M7.89S without one. " +
			"A day that the month does not have runs over into the next. Units: " + unitDoc,
		Examples: examples,
		Eval: func(c *Context, a []value.Value) value.Value {
			ms, ok := instant(a[0])
			if !ok {
				return c.badDate(name)
			}
			d, ok := amountOf(a)
			if !ok {
				return c.badAmount(name, a)
			}
			if ms, ok = d.AddTo(ms, sign); !ok {
				return c.badDate(name)
			}
			return isoValue(ms)
		},
	}
}

// instant reads a date: a number of milliseconds, or a text of ISO 8601.
func instant(v value.Value) (int64, bool) {
	switch v.Kind() {
	case value.KindNumber:
		f := v.Float64()
		if f < calendar.Earliest || f >= calendar.Latest+1 {
			return 0, false
		}
		return int64(math.Floor(f)), true
	case value.KindString:
		return calendar.Parse(v.Str())
	}
	return 0, false
}

func isoValue(ms int64) value.Value { return value.String(calendar.ISO(ms)) }

// instantOf reads a date, or its parts.
func instantOf(c *Context, name string, a []value.Value) (int64, bool) {
	if len(a) == 1 {
		ms, ok := instant(a[0])
		if !ok {
			c.badDate(name)
		}
		return ms, ok
	}
	if len(a) == 2 {
		c.warn(WarnArgumentNumber, "%s", ArityText(name, []Param{one("year", Number), one("month", Number), manyOpt("day", Number)}, 2))
		return 0, false
	}
	parts := [7]int64{1: 1, 2: 1}
	for i, v := range a {
		const most = 1e10
		f := ToNumber(v)
		if k := v.Kind(); k != value.KindNumber && k != value.KindString || !(f >= 0 && f <= most) {
			c.badDate(name)
			return 0, false
		}
		parts[i] = int64(f)
	}
	if parts[0] > 9999 || parts[1] > calendar.MostMonths {
		c.badDate(name)
		return 0, false
	}
	ms := calendar.Civil{
		Year: parts[0], Month: parts[1], Day: parts[2], Hour: parts[3], Minute: parts[4], Second: parts[5], Milli: parts[6],
	}.Instant()
	if ms < calendar.Earliest || ms > calendar.Latest {
		c.badDate(name)
		return 0, false
	}
	return ms, true
}

// amountOf reads what DATE_ADD adds.
func amountOf(a []value.Value) (calendar.Duration, bool) {
	if len(a) == 2 {
		return calendar.ParseDuration(a[1].Str())
	}
	u, known := calendar.UnitNamed(a[2].Str())
	amount := a[1]
	if k := amount.Kind(); !known || k != value.KindNumber && k != value.KindString {
		return calendar.Duration{}, false
	}
	return calendar.Amount(ToNumber(amount), u)
}

// badAmount warns of what amountOf cannot read.
func (c *Context) badAmount(name string, a []value.Value) value.Value {
	if len(a) == 2 {
		return c.badText(name, a[1], wantDuration)
	}
	if _, known := calendar.UnitNamed(a[2].Str()); !known {
		return c.badText(name, a[2], wantUnit)
	}
	return c.badType(name)
}

func evalDateRound(c *Context, a []value.Value) value.Value {
	u, known := calendar.UnitNamed(a[2].Str())
	amount := ToNumber(a[1])
	if !known || u < calendar.Day {
		return c.badText("DATE_ROUND", a[2], "days or smaller units, such as d, h or i for minutes (m is for months)")
	}
	if a[1].Kind() != value.KindNumber || !(amount >= 1 && amount <= calendar.Latest) {
		return c.badType("DATE_ROUND")
	}
	ms, ok := instant(a[0])
	length := math.Floor(amount) * float64(u.Length())
	if !ok || length > calendar.Latest {
		return c.badDate("DATE_ROUND")
	}
	if ms = calendar.FloorDiv(ms, int64(length)) * int64(length); ms < calendar.Earliest {
		return c.badDate("DATE_ROUND")
	}
	return isoValue(ms)
}

func evalDateDiff(c *Context, a []value.Value) value.Value {
	from, ok1 := instant(a[0])
	to, ok2 := instant(a[1])
	if !ok1 || !ok2 {
		return c.badDate("DATE_DIFF")
	}
	u, known := calendar.UnitNamed(a[2].Str())
	if !known {
		return c.badText("DATE_DIFF", a[2], wantUnit)
	}
	count := float64(to-from) / float64(u.Length())
	if !flag(a, 3) {
		count = math.Round(count)
	}
	return value.Float(count)
}

func evalDateCompare(c *Context, a []value.Value) value.Value {
	x, ok1 := instant(a[0])
	y, ok2 := instant(a[1])
	if !ok1 || !ok2 {
		return c.badDate("DATE_COMPARE")
	}
	first, known := calendar.UnitNamed(a[2].Str())
	last := first
	if len(a) > 3 && known {
		last, known = calendar.UnitNamed(a[3].Str())
	}
	if !known || last < first || first == calendar.Week || last == calendar.Week {
		return c.badType("DATE_COMPARE")
	}
	p, q := calendar.Of(x), calendar.Of(y)
	same := [...]bool{
		calendar.Year: p.Year == q.Year, calendar.Month: p.Month == q.Month, calendar.Week: true, calendar.Day: p.Day == q.Day, calendar.Hour: p.Hour == q.Hour,
		calendar.Minute: p.Minute == q.Minute, calendar.Second: p.Second == q.Second, calendar.Milli: p.Milli == q.Milli,
	}
	for u := first; u <= last; u++ {
		if !same[u] {
			return value.Bool(false)
		}
	}
	return value.Bool(true)
}
