package fn

import (
	"math"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/query/fn/calendar"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// percentileMethod says how a percentile between two numbers is found.
type percentileMethod uint8

const (
	byRank percentileMethod = iota
	byInterpolation
)

func percentileBy(v value.Value) (percentileMethod, bool) {
	switch strings.ToLower(v.Str()) {
	case "rank":
		return byRank, true
	case "interpolation":
		return byInterpolation, true
	}
	return 0, false
}

// percentile finds the n-th percentile of sorted numbers, of which there is at least one; n is in (0, 100].
func percentile(sorted []float64, n float64, method percentileMethod) float64 {
	count := float64(len(sorted))
	if method == byRank {
		at := int(math.Ceil(n * count / 100))
		return sorted[min(max(at, 1), len(sorted))-1]
	}
	position := n * (count + 1) / 100
	at := int(math.Floor(position))
	switch {
	case at < 1:
		return sorted[0]
	case at >= len(sorted):
		return sorted[len(sorted)-1]
	}
	low := sorted[at-1]
	return low + (position-float64(at))*(sorted[at]-low)
}

// median finds the middle of sorted numbers, of which there is at least one.
func median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return sorted[middle-1]/2 + sorted[middle]/2
}

// point is a number at a time.
type point struct {
	time  int64
	value float64
}

func comparePoints(a, b point) int {
	if a.time != b.time {
		if a.time < b.time {
			return -1
		}
		return 1
	}
	switch {
	case a.value < b.value:
		return -1
	case a.value > b.value:
		return 1
	}
	return 0
}

// rateOf gives the growth of a counter for each unit of time, and NaN for fewer than two times. It sorts the points.
func rateOf(points []point, unitMs int64) float64 {
	slices.SortFunc(points, comparePoints)
	if len(points) < 2 {
		return math.NaN()
	}
	elapsed := points[len(points)-1].time - points[0].time
	if elapsed == 0 {
		return math.NaN()
	}
	var grown sum
	for i := 1; i < len(points); i++ {
		if step := points[i].value - points[i-1].value; step >= 0 {
			grown.add(step)
		} else {
			grown.add(points[i].value) // restarted from 0
		}
	}
	return grown.total() / (float64(elapsed) / float64(unitMs))
}

// span reads a length of time: milliseconds as a number, the name of a unit, an ISO 8601 duration without years and
// months, or an amount with a short name like 500ms, 90s, 15m, 1h, 7d, 2w.
func span(v value.Value) (int64, bool) {
	const most = calendar.Latest - calendar.Earliest
	ms := 0.0
	switch v.Kind() {
	case value.KindNumber:
		ms = v.Float64()
	case value.KindString:
		var ok bool
		if ms, ok = spanText(v.Str()); !ok {
			return 0, false
		}
	}
	return int64(ms), ms >= 1 && ms <= most
}

func spanText(text string) (float64, bool) {
	if u, ok := calendar.UnitNamed(text); ok {
		return float64(u.Length()), u > calendar.Month
	}
	if d, ok := calendar.ParseDuration(text); ok {
		return d.Ms, d.Months == 0
	}
	b, err := series.ParseBucket(text)
	return float64(b), err == nil && b > 0
}

// overNumbers declares a function of an array of numbers.
func overNumbers(name, doc, query, result string, aliases []string, f func(c *Context, v value.Value) value.Value) Function {
	return Function{
		Name: name, Aliases: aliases, Family: "numeric", Deterministic: true, Cost: 10, Returns: Number | Null,
		Params: unary("array", List), Doc: doc + " Nulls are ignored.", Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value { return f(c, a[0]) },
	}
}

// reduced declares a function of an array of numbers that an accumulator computes.
func reduced(name, doc, query, result string, aliases []string, start func() Accumulator) Function {
	return overNumbers(name, doc, query, result, aliases, func(c *Context, v value.Value) value.Value {
		all := start()
		if !c.numeric(name, v) {
			return value.Null()
		}
		for _, item := range v.Items() {
			all.Add(item)
		}
		return all.Result()
	})
}

var statisticFunctions = []Function{
	extremeOf("MIN", "least", `RETURN MIN([5, null, -2, 9])`, `[-2]`, -1),
	extremeOf("MAX", "greatest", `RETURN MAX([5, null, -2, 9])`, `[9]`, 1),
	reduced("SUM", "Adds the numbers up; the sum of nothing is 0.", `RETURN [SUM([1, 2, null]), SUM([])]`, `[[3, 0]]`, nil,
		func() Accumulator { return &adder{seen: true} }),
	reduced("AVERAGE", "Gives the mean of the numbers, null of none.", `RETURN AVERAGE([5, 2, 9, 2])`, `[4.5]`, []string{"AVG"},
		func() Accumulator { return &adder{mean: true} }),
	reduced("VARIANCE_POPULATION", "Gives the variance of numbers that are the whole population, null of none.",
		`RETURN VARIANCE_POPULATION([1, 3])`, `[1]`, []string{"VARIANCE"}, func() Accumulator { return &spread{} }),
	reduced("VARIANCE_SAMPLE", "Gives the variance of a population of which the numbers are a sample, null of fewer than two.",
		`RETURN VARIANCE_SAMPLE([1, 3])`, `[2]`, nil, func() Accumulator { return &spread{sample: true} }),
	reduced("STDDEV_POPULATION", "Gives the standard deviation of numbers that are the whole population, null of none.",
		`RETURN STDDEV_POPULATION([1, 3, 6, 5, 2])`, `[1.854723699099141]`, []string{"STDDEV"}, func() Accumulator { return &spread{root: true} }),
	reduced("STDDEV_SAMPLE", "Gives the standard deviation of a population of which the numbers are a sample, null of fewer than two.",
		`RETURN STDDEV_SAMPLE([1, 3, 6, 5, 2])`, `[2.0736441353327724]`, nil, func() Accumulator { return &spread{root: true, sample: true} }),
	overNumbers("MEDIAN", "Gives the number in the middle, or the mean of the two in the middle, null of none.",
		`RETURN MEDIAN([4, 2, 3, 1])`, `[2.5]`, nil, func(c *Context, v value.Value) value.Value {
			sorted, ok := c.sorted("MEDIAN", v)
			if !ok || len(sorted) == 0 {
				return value.Null()
			}
			return value.Float(median(sorted))
		}),
	{
		Name: "PERCENTILE", Family: "numeric", Deterministic: true, Cost: 20, Returns: Number | Null,
		Params: []Param{one("array", List), one("n", Number), opt("method", Text)},
		Doc: "Gives the n-th percentile of the numbers, null of none; n is above 0 and at most 100. By 'rank', the default, it is one " +
			"of the numbers, by 'interpolation' it may lie between two. Nulls are ignored.",
		Examples: []Example{{`RETURN [PERCENTILE([1, 2, 3, 4], 50), PERCENTILE([1, 2, 3, 4], 50, "interpolation")]`, `[[2, 2.5]]`}},
		Eval:     evalPercentile,
	},
}

// extremeOf declares MIN and MAX.
func extremeOf(name, word, query, result string, sign int) Function {
	return Function{
		Name: name, Family: "numeric", Deterministic: true, Cost: 5, Returns: Anything, Params: unary("array", List),
		Doc:      "Gives the " + word + " element in the order of types and values. Nulls are ignored; without another element it is null.",
		Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindArray {
				return c.badArray(name)
			}
			best := value.Null()
			for _, v := range a[0].Items() {
				if !v.IsNull() && (best.IsNull() || value.Compare(v, best)*sign > 0) {
					best = v
				}
			}
			return best
		},
	}
}

// numeric checks that a value is an array of numbers and nulls.
func (c *Context) numeric(name string, v value.Value) bool {
	if v.Kind() != value.KindArray {
		c.badArray(name)
		return false
	}
	for _, item := range v.Items() {
		if k := item.Kind(); k != value.KindNumber && k != value.KindNull {
			c.badType(name)
			return false
		}
	}
	return true
}

// numbers gives the numbers of an array, one by one, without its nulls; false when it is not one of numbers.
func (c *Context) numbers(name string, v value.Value, take func(float64)) bool {
	if !c.numeric(name, v) {
		return false
	}
	for _, item := range v.Items() {
		if !item.IsNull() {
			take(item.Float64())
		}
	}
	return true
}

// sorted gives the numbers of an array in order.
func (c *Context) sorted(name string, v value.Value) ([]float64, bool) {
	if !c.grow(8 * v.Len()) {
		return nil, false
	}
	out := make([]float64, 0, v.Len())
	ok := c.numbers(name, v, func(f float64) { out = append(out, f) })
	slices.Sort(out)
	return out, ok
}

func evalPercentile(c *Context, a []value.Value) value.Value {
	n := a[1].Float64()
	if a[1].Kind() != value.KindNumber || !(n > 0 && n <= 100) {
		return c.badType("PERCENTILE")
	}
	method := byRank
	if len(a) > 2 {
		var ok bool
		if method, ok = percentileBy(a[2]); !ok {
			return c.badType("PERCENTILE")
		}
	}
	sorted, ok := c.sorted("PERCENTILE", a[0])
	if !ok || len(sorted) == 0 {
		return value.Null()
	}
	return value.Float(percentile(sorted, n, method))
}
