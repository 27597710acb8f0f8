package http

import (
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/value"
)

func seriesWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	got := w.good(200, "POST", base+"/collection", `{"name":"m","timeseries":{"series":["machine"],"time":"at","values":["v"],"retention":"36500d","rollups":["1m","1h"]}}`)
	want := `{"retention":"36500d","rollups":["1m","1h"],"series":["machine"],"time":"at","timeFormat":"ms","values":["v"]}`
	if s, _ := got.Get("timeseries"); s.String() != want {
		t.Fatalf("created with %s, want %s", s, want)
	}
	return w
}

// TestPointsThroughREST writes points in every way and reads them.
func TestPointsThroughREST(t *testing.T) {
	t.Parallel()
	w := seriesWorld(t)
	if got := w.good(202, "POST", base+"/document/m", `{"machine":"a","at":1700000000000,"v":1.5}`); got.Len() != 1 {
		t.Errorf("one point answers %s, want _rev alone", got)
	}
	items := w.call("POST", base+"/document/m", `[{"machine":"a","at":"2023-11-14T22:13:21Z","v":2},{"machine":"a","at":1700000002000},{"machine":"b","at":1700000000000,"v":-1},{"machine":"b","at":5,"v":"x"}]`)
	if items.status != 202 || strings.Count(items.body, `"error":true`) != 2 || !strings.Contains(items.body, `number in none of its fields [v]`) || !strings.Contains(items.body, `\"v\" is string`) {
		t.Errorf("four points, two of them wrong, answer %d %s", items.status, items.body)
	}
	w.bad(400, 10, "POST", base+"/timeseries/m", `{"machine":"c","at":[1,2],"v":[1,null]}`)
	done := w.good(202, "POST", base+"/timeseries/m", `[{"machine":"c","at":[1700000000000,"2023-11-14 22:13:21","2023-11-14T23:13:22+01:00"],"v":[1,2,3]},{"at":[7],"v":[0.1]}]`)
	if n := mustInt(done, "points"); n != 4 {
		t.Errorf("columns answer %s, want 4 points", done)
	}
	w.good(201, "POST", base+"/import?collection=m&type=documents", "{\"machine\":\"a\",\"at\":1700000000000,\"v\":3}\n{\"machine\":\"d\",\"at\":1700000000000,\"v\":4}\n")
	if got := mustInt(w.good(200, "GET", base+"/collection/m/count", ""), "count"); got != 8 {
		t.Errorf("count is %d, want 8", got)
	}
	got := w.call("GET", base+"/export/m", "")
	want := `[{"at":7,"v":0.1},` +
		`{"at":1700000000000,"machine":"a","v":3},{"at":1700000001000,"machine":"a","v":2},{"at":1700000000000,"machine":"b","v":-1},` +
		`{"at":1700000000000,"machine":"c","v":1},{"at":1700000001000,"machine":"c","v":2},{"at":1700000002000,"machine":"c","v":3},` +
		`{"at":1700000000000,"machine":"d","v":4}]`
	if !strings.Contains(got.body, want) {
		t.Errorf("exported\n%s\nwant\n%s", got.body, want)
	}
	asked := w.good(201, "POST", base+"/cursor", `{"query":"FOR i IN 1..3 INSERT {machine: 'e', at: i, v: i} INTO m"}`)
	if n := field(t, asked, "extra.stats.writesExecuted").Digits(); n != "3" {
		t.Errorf("a query that wrote 3 points counts %s", n)
	}
	w.good(200, "PUT", base+"/collection/m/truncate", "")
	if got := mustInt(w.good(200, "GET", base+"/collection/m/count", ""), "count"); got != 0 {
		t.Errorf("after truncation the count is %d", got)
	}
}

// TestPointsAreRefused tells what is wrong, and what would be right.
func TestPointsAreRefused(t *testing.T) {
	t.Parallel()
	w := seriesWorld(t)
	for _, c := range []struct {
		status int
		num    int64
		method string
		path   string
		body   string
		text   string
	}{
		{400, 1221, "POST", "/document/m", `{"_key":"k","machine":"a","at":1,"v":1}`, "has no _key"},
		{400, 10, "POST", "/document/m", `{"machine":"a","v":1}`, `\"at\"`},
		{400, 10, "POST", "/document/m", `{"machine":"a","at":"soon","v":1}`, "ISO 8601"},
		{400, 10, "POST", "/document/m", `{"machine":"a","at":1.5,"v":1}`, "whole number"},
		{400, 10, "POST", "/document/m", `{"machine":"a","at":99999999999999999,"v":1}`, "whole number"},
		{400, 10, "POST", "/document/m", `{"machine":"a","at":999999999999999,"v":1}`, "years 0 to 9999"},
		{400, 10, "POST", "/document/m", `{"machine":[1],"at":1,"v":1}`, `\"machine\"`},
		{400, 10, "POST", "/document/m", `{"machine":9007199254740993,"at":1,"v":1}`, "write it as a text"},
		{400, 10, "POST", "/document/m", `{"machine":"a","at":1,"v":1,"w":2}`, `no field \"w\"`},
		{400, 10, "GET", "/document/m/k", "", "FOR p IN m"},
		{400, 10, "DELETE", "/document/m/k", "", "write the point again"},
		{400, 10, "PATCH", "/document/m/k", `{"v":1}`, "write the point again"},
		{400, 10, "POST", "/timeseries/m", `{"machine":"a","at":[1,2],"v":[1]}`, "array of 2 numbers"},
		{400, 10, "POST", "/timeseries/m", `{"machine":"a","at":1,"v":[1]}`, "array of times"},
		{400, 10, "POST", "/index/persistent?collection=m", `{"fields":["v"]}`, "no other indexes"},
		{400, 10, "PUT", "/collection/m/properties", `{"timeseries":{"time":"at","values":["v"]}}`, "cannot be changed"},
		{400, 10, "POST", "/collection", `{"name":"x","type":3,"timeseries":{"time":"at","values":["v"]}}`, "of its own kind"},
		{400, 10, "POST", "/collection", `{"name":"x","timeseries":{"time":"at","values":["v"],"rollups":["1x"]}}`, "1x"},
		{400, 10, "POST", "/collection", `{"name":"x","timeseries":{"time":"at","values":["at"]}}`, "named twice"},
		{400, 10, "POST", "/collection", `{"name":"x","timeSeries":{"time":"at","values":["v"]}}`, "want timeseries"},
		{400, 10, "POST", "/collection", `{"name":"x","CRDT":{}}`, "want crdt"},
		{400, 10, "POST", "/collection", `{"name":"x","crdt":{"v":{"type":"counter"}},"timeseries":{"time":"at","values":["v"]}}`, "cannot be declared"},
	} {
		got := w.call(c.method, base+c.path, c.body)
		v, err := value.Parse([]byte(got.body), value.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		num, _ := v.Get("errorNum")
		n, _ := num.Int64()
		text, _ := v.Get("errorMessage")
		if got.status != c.status || n != c.num || !strings.Contains(got.body, c.text) {
			t.Errorf("%s %s %s: %d, %d, %s; want %d, %d and %s", c.method, c.path, c.body, got.status, n, text.Str(), c.status, c.num, c.text)
		}
	}
	w.good(200, "PUT", base+"/collection/m/properties", `{"timeseries":{"series":["machine"],"time":"at","values":["v"],"retention":"36500d","rollups":["1h","1m"]}}`)
	if got := w.good(200, "GET", base+"/collection/m/count", ""); mustInt(got, "count") != 0 {
		t.Errorf("refused points were counted: %s", got)
	}
}

func mustInt(v value.Value, name string) int64 {
	m, _ := v.Get(name)
	n, _ := m.Int64()
	return n
}
