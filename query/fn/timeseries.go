package fn

import (
	"math"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/fn/calendar"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

var seriesFunctions = []Function{
	{
		Name: "TIME_BUCKET", Family: "timeseries", Deterministic: true, Cost: 5, Returns: Text | Number | Null,
		Params: []Param{one("time", dateTypes), one("bucket", Text|Number), opt("origin", dateTypes)},
		Doc: "Gives the beginning of the span of time in which a time lies, as a string or a number as the time is. " + bucketDoc +
			" With an origin the spans are counted from it; months and years have none.",
		Examples: []Example{
			{`RETURN TIME_BUCKET("2024-05-07T14:19:09Z", "15m")`, `["2024-05-07T14:15:00.000Z"]`},
			{`RETURN [TIME_BUCKET(7300000, "1h"), TIME_BUCKET(7300000, 1000, 500)]`, `[[7200000, 7299500]]`},
			{`RETURN TIME_BUCKET("2024-05-07", "1mo")`, `["2024-05-01T00:00:00.000Z"]`},
		},
		Eval: evalTimeBucket,
	},
	{
		Name: "RATE", Family: "timeseries", Deterministic: true, Cost: 30, Returns: Number | Null,
		Params: []Param{one("points", List), opt("unit", Text|Number)},
		Doc: "Gives how much a counter grew, for each second or the unit given, between the first and the last of its points [time, value]. " +
			"A fall is a restart of the counter from 0. Fewer than two times give null.",
		Examples: []Example{{`RETURN RATE([[0, 5], [1000, 8], [2000, 1]])`, `[2]`}, {`RETURN RATE([[0, 5], [1000, 8]], "1m")`, `[180]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			unitMs, ok := int64(calendar.SecondMs), true
			if len(a) > 1 {
				unitMs, ok = span(a[1])
			}
			points, valid := c.points("RATE", a[0])
			switch {
			case !valid:
				return value.Null()
			case !ok:
				return c.badText("RATE", a[1], wantSpan)
			}
			return value.Float(rateOf(points, unitMs))
		},
	},
	{
		Name: "INTERPOLATE", Family: "timeseries", Deterministic: true, Cost: 30, Returns: Number | Null,
		Params:   []Param{one("points", List), one("time", dateTypes)},
		Doc:      "Gives the value at a time on the straight line between the points [time, value] before and after it; null outside of the points.",
		Examples: []Example{{`RETURN [INTERPOLATE([[0, 10], [100, 20]], 25), INTERPOLATE([[0, 10]], 25)]`, `[[12.5, null]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			at, ok := instant(a[1])
			if !ok {
				return c.badDate("INTERPOLATE")
			}
			points, ok := c.points("INTERPOLATE", a[0])
			if !ok {
				return value.Null()
			}
			slices.SortFunc(points, comparePoints)
			return value.Float(interpolate(points, at))
		},
	},
	{
		Name: "GAP_FILL", Family: "timeseries", Deterministic: true, Cost: 50, Returns: List | Null,
		Params: []Param{
			one("rows", List), one("timeField", Text), one("from", dateTypes), one("to", dateTypes), one("bucket", Text|Number),
			opt("fill", Text),
		},
		Doc: "Gives the rows whose time lies from the one time up to, but not at, the other, sorted by time, and a row for each span of time " +
			"that has none. The other attributes of such a row are null, by fill 'previous' those of the row before it, by fill 'linear' the numbers " +
			"on the straight line between the rows before and after. " + bucketDoc,
		Examples: []Example{
			{`RETURN GAP_FILL([{t: 0, v: 1}, {t: 30, v: 4}], "t", 0, 40, 10, "linear")`, `[[{"t": 0, "v": 1}, {"t": 10, "v": 2}, {"t": 20, "v": 3}, {"t": 30, "v": 4}]]`},
			{`RETURN GAP_FILL([{t: 0, v: 1}], "t", 0, 20, 10)`, `[[{"t": 0, "v": 1}, {"t": 10, "v": null}]]`},
		},
		Eval: evalGapFill,
	},
}

const bucketDoc = "Spans are milliseconds, the name of a unit, an ISO 8601 duration, or texts like 10s, 15m, 1h, 1d, 1w, 1mo, 1y; " +
	"they begin at 1970-01-01, weeks on Mondays, months and years with the calendar."

// bucketOf reads a span of time.
func bucketOf(v value.Value) (series.Bucket, bool) {
	if v.Kind() == value.KindNumber {
		f := v.Float64()
		return series.Bucket(f), f >= 1 && f <= calendar.Latest && series.Bucket(f).Valid()
	}
	text := v.Str()
	if b, err := series.ParseBucket(text); err == nil {
		return b, true
	}
	switch u, _ := calendar.UnitNamed(text); u {
	case calendar.Year:
		return 12 * series.Month, true
	case calendar.Month:
		return series.Month, true
	}
	if d, ok := calendar.ParseDuration(text); ok && d.Months > 0 && d.Ms == 0 {
		b := series.Month * series.Bucket(d.Months)
		return b, b.Valid()
	}
	ms, ok := span(v)
	return series.Bucket(ms), ok && series.Bucket(ms).Valid()
}

// asTime writes a time in the form of another.
func asTime(ms int64, like value.Value) value.Value {
	if like.Kind() == value.KindString {
		return isoValue(ms)
	}
	return value.Int(ms)
}

func evalTimeBucket(c *Context, a []value.Value) value.Value {
	bucket, ok := bucketOf(a[1])
	if !ok {
		return c.badText("TIME_BUCKET", a[1], wantSpan)
	}
	ms, ok := instant(a[0])
	if !ok {
		return c.badDate("TIME_BUCKET")
	}
	start := bucket.Start(ms)
	if len(a) > 2 && !a[2].IsNull() {
		origin, ok := instant(a[2])
		switch {
		case !ok:
			return c.badDate("TIME_BUCKET")
		case bucket < 0:
			return c.badType("TIME_BUCKET")
		}
		start = calendar.FloorDiv(ms-origin, int64(bucket))*int64(bucket) + origin
	}
	if start < calendar.Earliest {
		return c.badDate("TIME_BUCKET")
	}
	return asTime(start, a[0])
}

// points reads an array of [time, value]. Those with null as their value are left out.
func (c *Context) points(name string, v value.Value) ([]point, bool) {
	if v.Kind() != value.KindArray {
		c.badArray(name)
		return nil, false
	}
	if !c.grow(16 * v.Len()) {
		return nil, false
	}
	out := make([]point, 0, v.Len())
	for _, item := range v.Items() {
		pair := item.Items()
		if len(pair) != 2 {
			c.badType(name)
			return nil, false
		}
		at, ok := instant(pair[0])
		if !ok {
			c.badDate(name)
			return nil, false
		}
		switch pair[1].Kind() {
		case value.KindNull:
		case value.KindNumber:
			out = append(out, point{at, pair[1].Float64()})
		default:
			c.badType(name)
			return nil, false
		}
	}
	return out, true
}

// interpolate finds the value at a time among sorted points, NaN outside of them.
func interpolate(points []point, at int64) float64 {
	i, found := slices.BinarySearchFunc(points, at, func(p point, at int64) int {
		switch {
		case p.time < at:
			return -1
		case p.time > at:
			return 1
		}
		return 0
	})
	if found {
		return points[i].value
	}
	if i == 0 || i == len(points) {
		return math.NaN()
	}
	return between(points[i-1], points[i], at)
}

func between(before, after point, at int64) float64 {
	share := float64(at-before.time) / float64(after.time-before.time)
	return before.value + share*(after.value-before.value)
}

// fill says how the attributes of added rows are found.
type fill uint8

const (
	fillNull fill = iota
	fillPrevious
	fillLinear
)

// timedRow is one row with its time.
type timedRow struct {
	time int64
	row  value.Value
}

func evalGapFill(c *Context, a []value.Value) value.Value {
	const name = "GAP_FILL"
	how := fillNull
	if len(a) > 5 && !a[5].IsNull() {
		switch strings.ToLower(a[5].Str()) {
		case "null":
		case "previous":
			how = fillPrevious
		case "linear":
			how = fillLinear
		default:
			return c.badText(name, a[5], "null, previous or linear")
		}
	}
	bucket, ok := bucketOf(a[4])
	if !ok {
		return c.badText(name, a[4], wantSpan)
	}
	if a[1].Kind() != value.KindString {
		return c.badType(name)
	}
	from, ok1 := instant(a[2])
	to, ok2 := instant(a[3])
	if !ok1 || !ok2 {
		return c.badDate(name)
	}
	g := filler{c: c, field: a[1].Str(), like: a[2], bucket: bucket, how: how}
	if !g.read(a[0]) {
		return value.Null()
	}
	return g.fill(from, to)
}

// filler is one call of GAP_FILL.
type filler struct {
	c      *Context
	field  string
	like   value.Value // a time in the form that added rows have
	bucket series.Bucket
	how    fill
	rows   []timedRow
	names  []string // of the other attributes
	out    []value.Value
}

// read takes the rows, sorts them and gathers the names of their attributes.
func (g *filler) read(v value.Value) bool {
	if v.Kind() != value.KindArray {
		g.c.badArray("GAP_FILL")
		return false
	}
	if !g.c.items(2 * v.Len()) {
		return false
	}
	seen := map[string]bool{g.field: true}
	for i, row := range v.Items() {
		at, _ := row.Get(g.field)
		ms, ok := instant(at)
		if !ok {
			g.c.badDate("GAP_FILL")
			return false
		}
		if i == 0 {
			g.like = at
		}
		g.rows = append(g.rows, timedRow{ms, row})
		for _, m := range row.Members() {
			if !seen[m.Name] {
				seen[m.Name] = true
				g.names = append(g.names, m.Name)
			}
		}
	}
	slices.SortStableFunc(g.rows, func(x, y timedRow) int {
		return comparePoints(point{time: x.time}, point{time: y.time})
	})
	return true
}

func (g *filler) fill(from, to int64) value.Value {
	next := 0
	for next < len(g.rows) && g.rows[next].time < from {
		next++
	}
	rowBytes := valueBytes * (3 + 2*len(g.names))
	for start := g.bucket.Start(from); start < to; start = g.bucket.Next(start) {
		if len(g.out)%256 == 255 && !g.c.check() || !g.c.grow(rowBytes) {
			return value.Null()
		}
		if len(g.out) >= mostRange {
			return g.c.fail(&Error{Number: ErrorLimit, Text: "GAP_FILL() would make more than 10000000 rows: take a longer bucket"})
		}
		end := min(g.bucket.Next(start), to)
		had := next
		for next < len(g.rows) && g.rows[next].time < end {
			g.out = append(g.out, g.rows[next].row)
			next++
		}
		if next == had {
			g.out = append(g.out, g.added(max(start, calendar.Earliest), next))
		}
	}
	return value.OwnItems(g.out)
}

// added makes a row for a span of time that has none; next is the first row behind it.
func (g *filler) added(start int64, next int) value.Value {
	members := make([]value.Member, 0, len(g.names)+1)
	members = append(members, value.Member{Name: g.field, Value: asTime(start, g.like)})
	for _, name := range g.names {
		members = append(members, value.Member{Name: name, Value: g.filled(name, start, next)})
	}
	return value.Object(members...)
}

func (g *filler) filled(name string, start int64, next int) value.Value {
	if g.how == fillNull || next == 0 {
		return value.Null()
	}
	before := g.rows[next-1]
	old, _ := before.row.Get(name)
	if g.how == fillPrevious {
		return old
	}
	if next == len(g.rows) {
		return value.Null()
	}
	after := g.rows[next]
	young, _ := after.row.Get(name)
	if old.Kind() != value.KindNumber || young.Kind() != value.KindNumber {
		return value.Null()
	}
	return value.Float(between(point{before.time, old.Float64()}, point{after.time, young.Float64()}, start))
}
