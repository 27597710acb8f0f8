package bench

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/value"
)

func TestDocumentsHaveTheirSizeAndParse(t *testing.T) {
	t.Parallel()
	for _, i := range []int64{0, 1, 999, 123_456, keySpace - 1} {
		text := document(nil, i)
		if len(text) != documentBytes {
			t.Errorf("document %d has %d bytes, want %d", i, len(text), documentBytes)
		}
		if _, err := value.Parse(text, value.DefaultLimits); err != nil {
			t.Errorf("document %d: %v", i, err)
		}
	}
}

func TestSpreadVisitsEachKeyOnce(t *testing.T) {
	t.Parallel()
	seen := make([]bool, keySpace)
	for i := range int64(keySpace) {
		at := spread(i)
		if seen[at] {
			t.Fatalf("key %d comes twice", at)
		}
		seen[at] = true
	}
}

func TestOpenLoopStartsEveryCall(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	openLoop(1000, 50*time.Millisecond, func(_ int64, planned time.Time) {
		if planned.IsZero() {
			t.Error("a call without a planned time")
		}
		calls.Add(1)
	})
	if n := calls.Load(); n != 50 {
		t.Errorf("%d calls, want 50", n)
	}
}

func TestPercentilesAreExact(t *testing.T) {
	t.Parallel()
	var l latencies
	for i := 100; i >= 1; i-- {
		l.add(time.Duration(i) * time.Millisecond)
	}
	for share, want := range map[float64]float64{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := l.at(share); got != want {
			t.Errorf("percentile %v is %v, want %v", share, got, want)
		}
	}
}

func TestReportFillsTheTables(t *testing.T) {
	t.Parallel()
	results := `{"name":"machine","notes":{"processor":"two cores"}}
{"name":"insert","figures":{"per_second":50000}}
{"name":"postgres-insert","figures":{"per_second":20000}}
{"name":"insert","figures":{"per_second":60000}}
{"name":"postgres-insert","figures":{"per_second":25000}}
{"name":"insert","figures":{"per_second":55000}}
{"name":"read-http","figures":{"p99_ms":1.5}}
{"name":"wire","figures":{"insert_ratio_alone":3}}
`
	document := "before\n" + reportBegin + "\nold\n" + reportEnd + "\nafter\n"
	out, err := Report([]byte(results), []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n", "\nafter\n", "- processor: two cores",
		"| Durable inserts, in process, against PostgreSQL | 2.50 x | 1.25 | 2.44 x | 1 | between floor and target |",
		"| 1 ms | 2 | 1.50 ms | 0 | between floor and target |", "| 3 x | 0 | **below the floor** |", "not taken",
		"| insert | per_second | 55,000 | 10,000 | 3 |"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "old") {
		t.Error("the tables before are still there")
	}
	again, err := Report([]byte(results), out)
	if err != nil || string(again) != string(out) {
		t.Errorf("a second report differs: %v", err)
	}
}

func TestReportRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	document := reportBegin + reportEnd
	for _, c := range []struct{ results, document string }{{"{}", document}, {"selvedge: failed", document}, {"", "no marks"},
		{"", reportEnd + reportBegin}} {
		if _, err := Report([]byte(c.results), []byte(c.document)); err == nil {
			t.Errorf("results %q in %q are taken", c.results, c.document)
		}
	}
}
