package series_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

func span(t testing.TB, text string) series.Bucket {
	t.Helper()
	b, err := series.ParseBucket(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBucketsBeginWithTheCalendar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ span, at, start, next string }{
		{"1s", "2024-05-07T14:19:09.999Z", "2024-05-07T14:19:09.000Z", "2024-05-07T14:19:10.000Z"},
		{"5m", "2024-05-07T14:19:09Z", "2024-05-07T14:15:00.000Z", "2024-05-07T14:20:00.000Z"},
		{"1h", "1969-12-31T23:59:59.999Z", "1969-12-31T23:00:00.000Z", "1970-01-01T00:00:00.000Z"},
		{"1d", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"},
		{"1w", "2024-05-07", "2024-05-06T00:00:00.000Z", "2024-05-13T00:00:00.000Z"},
		{"1w", "1969-12-30", "1969-12-29T00:00:00.000Z", "1970-01-05T00:00:00.000Z"},
		{"1mo", "2024-02-29T23:59:59.999Z", "2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z"},
		{"3mo", "2024-05-07", "2024-04-01T00:00:00.000Z", "2024-07-01T00:00:00.000Z"},
		{"1y", "1969-06-01", "1969-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"},
		{"1y", "0000-06-01", "0000-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"},
	} {
		at, err := series.ParseTime(c.at)
		if err != nil {
			t.Fatal(err)
		}
		b := span(t, c.span)
		start := b.Start(at)
		if got := string(series.AppendTime(nil, start)); got != c.start {
			t.Errorf("%s: the bucket of %s begins at %s, want %s", c.span, c.at, got, c.start)
		}
		if got := string(series.AppendTime(nil, b.Next(start))); got != c.next {
			t.Errorf("%s: the bucket after that of %s begins at %s, want %s", c.span, c.at, got, c.next)
		}
	}
}

// TestBucketsCoverAllTime holds that each moment lies in its bucket, and that a bucket begins in itself.
func TestBucketsCoverAllTime(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 9))
	for _, text := range []string{"1ms", "1s", "7m", "1h", "1d", "1w", "2w", "1mo", "5mo", "1y", "100y"} {
		b := span(t, text)
		for range 2000 {
			at := series.FirstTime + r.Int64N(series.LastTime-series.FirstTime)
			start := b.Start(at)
			if start > at || b.Next(start) <= at || b.Start(start) != start || b.Start(b.Next(start)) != b.Next(start) || b.Start(b.Next(start)-1) != start {
				t.Fatalf("%s: %d lies in [%d, %d)", text, at, start, b.Next(start))
			}
		}
	}
}

func TestSpansAsTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"60s": "1m", "90m": "90m", "24h": "1d", "7d": "1w", "12mo": "1y", "1500ms": "1500ms", "1mo": "1mo", "5min": "5m"} {
		if got := span(t, text).String(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		if again := span(t, want); again != span(t, text) || !again.Valid() {
			t.Errorf("%s and %s differ", text, want)
		}
	}
	for _, text := range []string{"", "m", "0s", "-1s", "1", "1 s", "1M", "1.5h", "99999999999999999999s", "9000000w", "101y", strings.Repeat("9", 500)} {
		if b, err := series.ParseBucket(text); err == nil {
			t.Errorf("%q is taken for %s", text, b)
		}
	}
	if _, err := series.ParseRetention("1mo"); err == nil || !strings.Contains(err.Error(), "30d") {
		t.Errorf("a retention of a month: %v, want a proposal", err)
	}
}

func TestTimesAsTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-05-07":                     "2024-05-07T00:00:00.000Z",
		"2024-05-07T14:19":               "2024-05-07T14:19:00.000Z",
		"2024-05-07 14:19:09":            "2024-05-07T14:19:09.000Z",
		"2024-05-07T14:19:09.5Z":         "2024-05-07T14:19:09.500Z",
		"2024-05-07T14:19:09.123456789Z": "2024-05-07T14:19:09.123Z",
		"2024-05-07T14:19:09+02:00":      "2024-05-07T12:19:09.000Z",
		"2024-05-07T14:19:09-0330":       "2024-05-07T17:49:09.000Z",
		"2024-12-31T24:00:00Z":           "2025-01-01T00:00:00.000Z",
		"0000-01-01":                     "0000-01-01T00:00:00.000Z",
		"9999-12-31T23:59:59.999Z":       "9999-12-31T23:59:59.999Z",
	} {
		at, err := series.ParseTime(text)
		if got := string(series.AppendTime(nil, at)); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "now", "2024", "2024-5-7", "2024-02-30", "2024-13-01", "2024-01-01T25:00", "2024-01-01T00:60", "2024-01-01T00:00:00.", "2024-01-01T00:00:00Q",
		"2024-01-01T", "2024-01-01T00:00:00+24:00", "9999-12-31T23:59:59-01:00", "2024-01-01T24:00:01Z", "2024-01-01Z01:00"} {
		if at, err := series.ParseTime(text); err == nil {
			t.Errorf("%q is taken for %d", text, at)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("2024-05-07T14:19:09.123+02:00")
	f.Add("2024-05-07")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := series.ParseTime(text)
		if err != nil {
			return
		}
		if again, err := series.ParseTime(string(series.AppendTime(nil, at))); err != nil || again != at {
			t.Fatalf("%q is %d, and that is %d, %v", text, at, again, err)
		}
		if plain, err := time.Parse(time.RFC3339Nano, text); err == nil && plain.UnixMilli() != at && plain.Second() != 60 {
			t.Fatalf("%q is %d here and %d for the library", text, at, plain.UnixMilli())
		}
	})
}

func parse(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	d, err := series.ParseDeclaration(parse(t, `{"series":["b","a"],"time":"at","values":["v","w"],"retention":"720h","rollups":["1h","60s","1mo"],"timeFormat":"iso"}`))
	if err == nil {
		t.Fatal("a roll-up longer than the retention was taken")
	}
	d, err = series.ParseDeclaration(parse(t, `{"series":["b","a"],"time":"at","values":["v","w"],"retention":"768h","rollups":["1h","60s","1mo"],"timeFormat":"iso"}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"retention":"32d","rollups":["1mo","1m","1h"],"series":["b","a"],"time":"at","timeFormat":"iso","values":["v","w"]}`
	if got := d.Value().String(); got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
	again, err := series.ParseDeclaration(d.Value())
	if err != nil || again.Value().String() != want || !slices.Equal(again.Keys, []string{"b", "a"}) || again.Layout() != d.Layout() {
		t.Errorf("read again it is %v, %v", again, err)
	}
	other, err := series.ParseDeclaration(parse(t, `{"series":["a","b"],"time":"at","values":["v","w"]}`))
	if err != nil || other.Layout() == d.Layout() {
		t.Errorf("series in another order have one layout: %v", err)
	}
	for text, says := range map[string]string{
		`[]`:                                                             "want an object",
		`{"values":["v"]}`:                                               "timeseries.time is missing",
		`{"time":"at"}`:                                                  "timeseries.values is missing",
		`{"time":1,"values":["v"]}`:                                      "want the name",
		`{"time":"at","values":"v"}`:                                     "want an array",
		`{"time":"at","values":[1]}`:                                     "values[0] is number",
		`{"time":"v","values":["v"]}`:                                    "named twice",
		`{"time":"a.b","values":["v"]}`:                                  "cannot be a field",
		`{"time":"_key","values":["v"]}`:                                 "cannot be a field",
		`{"time":"at","values":["v"],"x":1}`:                             "timeseries.x is not known",
		`{"time":"at","values":["v"],"retention":30}`:                    "want a span",
		`{"time":"at","values":["v"],"retention":"30"}`:                  "want a number and a unit",
		`{"time":"at","values":["v"],"rollups":["1ms"]}`:                 "shorter than a second",
		`{"time":"at","values":["v"],"rollups":["60s","1m"]}`:            "named twice",
		`{"time":"at","values":["v"],"timeFormat":"ns"}`:                 "want ms or iso",
		`{"time":"at","values":["v"],"retention":"1h","rollups":["1d"]}`: "longer than",
	} {
		if _, err := series.ParseDeclaration(parse(t, text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

// TestSummariesGoOn holds that adding in pieces, and through a block, is adding at once.
func TestSummariesGoOn(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		n := 1 + r.IntN(300)
		b := &series.Block{Values: shapes(r, n)[2:5]}
		b.Values = append(b.Values, shapes(r, n)[9], shapes(r, n)[10])
		for i := range n {
			b.Times = append(b.Times, int64(i))
		}
		for _, column := range b.Values {
			var whole, parts series.Summary
			whole.Add(b.Times, column)
			for at := 0; at < n; {
				to := min(n, at+1+r.IntN(50))
				parts.Add(b.Times[at:to], column[at:to])
				var kept series.Block
				kept.Reset(series.SummaryFields)
				kept.Times = append(kept.Times, 0)
				parts.Put(&kept, 0)
				encoded(t, &kept)
				parts = series.TakeSummary(&kept, 0, 0)
				at = to
			}
			if whole != parts {
				t.Fatalf("in pieces %+v, at once %+v", parts, whole)
			}
		}
	}
}
