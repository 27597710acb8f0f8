package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The tables of a report stand between these lines of the document.
const (
	reportBegin = "<!-- figures: written by make bench -->"
	reportEnd   = "<!-- end of figures -->"
)

// row is a figure that has a target. A floor of 0 means half of the target; for limits, twice.
type row struct {
	what, unit    string
	target, floor float64
	limit         bool // small is good
	value         func(f figures) (value, spread float64, ok bool)
}

// figures are all values found, by workload and name.
type figures map[string]map[string][]float64

// one is a figure by its names; of many runs the median.
func one(workload, name string) func(figures) (float64, float64, bool) {
	return func(f figures) (float64, float64, bool) {
		list := slices.Sorted(slices.Values(f[workload][name]))
		if len(list) == 0 {
			return 0, 0, false
		}
		return median(list), list[len(list)-1] - list[0], true
	}
}

// ratio divides one figure by another.
func ratio(workload, name, by, byName string) func(figures) (float64, float64, bool) {
	return func(f figures) (float64, float64, bool) {
		a, _, ok := one(workload, name)(f)
		b, _, okBy := one(by, byName)(f)
		if !ok || !okBy || b == 0 {
			return 0, 0, false
		}
		above, below := f[workload][name], f[by][byName]
		return a / b, slices.Max(above)/slices.Min(below) - slices.Min(above)/slices.Max(below), true
	}
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// rows are the figures with targets, in the order of the document.
func rows() []row {
	return []row{
		{what: "Durable inserts, in process, against PostgreSQL", unit: "x", target: 2.5, value: ratio("insert", "per_second", "postgres-insert", "per_second")},
		{what: "Durable inserts, HTTP from wrk, against PostgreSQL", unit: "x", target: 1, floor: 0.7, value: ratio("insert-http", "per_second", "postgres-insert", "per_second")},
		{what: "Durable key-value sets, in process, against Redis", unit: "x", target: 1, value: ratio("kv-set", "per_second", "redis-set", "per_second")},
		{what: "Point reads of hot documents, in process", unit: "/s", target: 400_000, value: one("read", "per_second")},
		{what: "Point reads over HTTP at 2,000/s, open loop, p99", unit: "ms", target: 1, limit: true, value: one("read-http", "p99_ms")},
		{what: "Sequencing step of a commit", unit: "µs", target: 2, limit: true, value: one("sequencer", "us_per_commit")},
		{what: "Sequencing step of a commit, allocations", unit: "", target: 2, limit: true, value: one("sequencer", "allocs_per_commit")},
		{what: "Three locations: commits with p99 visibility under 20 ms", unit: "/s", target: 8000, value: one("replicate", "commits_per_second")},
		{what: "WAN at 1,000/s: visibility over the one-way delay, p50", unit: "ms", target: 5, limit: true, value: one("visibility", "over_one_way_p50_ms")},
		{what: "WAN at 1,000/s: visibility over the one-way delay, p99", unit: "ms", target: 15, limit: true, value: one("visibility", "over_one_way_p99_ms")},
		{what: "Wire bytes of an insert to its 600 bytes", unit: "x", target: 1.3, limit: true, value: one("wire", "insert_ratio_alone")},
		{what: "Wire bytes of a one-field update, alone in its batch, beyond payload and names", unit: "bytes", target: 24, limit: true, value: one("wire", "update_alone_over_payload_and_names")},
		{what: "Empty location: memory", unit: "MiB", target: 60, limit: true, value: one("footprint", "serve_new_resident_mib")},
		{what: "Empty location: processor", unit: "%", target: 0.5, limit: true, value: one("footprint", "serve_new_cpu_percent")},
		{what: "Empty location: ready", unit: "ms", target: 300, limit: true, value: one("footprint", "serve_new_ready_ms")},
		{what: "Ten locations in dev: ready", unit: "ms", target: 3000, limit: true, value: one("footprint", "dev_10_ready_ms")},
		{what: "Ten locations in dev: memory", unit: "MiB", target: 500, limit: true, value: one("footprint", "dev_10_resident_mib")},
		{what: "Snapshot bootstrap of 1,000,000 documents", unit: "MiB/s", target: 50, value: one("bootstrap", "mib_per_second")},
		{what: "Query by primary key, in process, against PostgreSQL", unit: "x", target: 3, value: ratio("query-point", "per_second", "postgres-point", "per_second")},
		{what: "Query by indexed field, in process, against PostgreSQL", unit: "x", target: 3, value: ratio("query-indexed", "per_second", "postgres-indexed", "per_second")},
		{what: "Query by primary key, HTTP from wrk, against PostgreSQL", unit: "x", target: 0.5, value: ratio("query-point-http", "per_second", "postgres-point", "per_second")},
		{what: "Query by indexed field, HTTP from wrk, against PostgreSQL", unit: "x", target: 0.5, value: ratio("query-indexed-http", "per_second", "postgres-indexed", "per_second")},
		{what: "Scan with a filter that a tenth passes, two fields", unit: "documents/s", target: 1_000_000, value: one("query-scan", "per_second")},
		{what: "COLLECT with two aggregates, against PostgreSQL", unit: "x", target: 1, value: ratio("postgres-collect", "ms", "query-collect", "ms")},
		{what: "Airports within two hops of 1,000, against PostgreSQL's recursive CTE", unit: "x", target: 5, floor: 2, value: ratio("postgres-twohop-recursive", "ms", "query-twohop", "ms")},
		{what: "Airports within two hops of 1,000, against PostgreSQL's self-join", unit: "x", target: 5, floor: 2, value: ratio("postgres-twohop-join", "ms", "query-twohop", "ms")},
		{what: "Ten nearest airports", unit: "ms", target: 0.2, limit: true, value: one("query-nearest", "ms")},
		{what: "Points of time series, durable, in batches of 1,000", unit: "/s", target: 500_000, value: one("points", "points_per_second")},
		{what: "A measured temperature, at rest, time included", unit: "bytes a point", target: 7, limit: true, value: one("series", "machine_bytes")},
		{what: "A counter each second with jitter, at rest", unit: "bytes a point", target: 3.2, limit: true, value: one("series", "counter_bytes")},
		{what: "A constant gauge, at rest", unit: "bytes a point", target: 0.5, limit: true, value: one("series", "gauge_bytes")},
		{what: "Hours of 10,000,000 points, kept", unit: "ms", target: 50, limit: true, value: one("rollup-kept", "ms")},
		{what: "Hours of 10,000,000 points, computed", unit: "ms", target: 1000, limit: true, value: one("rollup-computed", "ms")},
		{what: "`RETURN 1`, plan not cached", unit: "µs", target: 15, limit: true, value: one("query-overhead", "cold_us")},
		{what: "Console: its files, compressed", unit: "MiB", target: 1.5, limit: true, value: one("console-files", "compressed_mib")},
		{what: "Console: load event of the first view", unit: "ms", target: 300, limit: true, value: one("console-first-view", "medianMs")},
		{what: "Planet page, 10 locations, 500 moves/s: work per frame, p95", unit: "ms", target: 8, limit: true, value: one("console-planet-10", "workP95Ms")},
		{what: "Planet page, 200 locations, 500 moves/s: work per frame, p95", unit: "ms", target: 16, limit: true, value: one("console-planet-200", "workP95Ms")},
		{what: "Planet page, 10 locations: tasks over 50 ms in 30 s", unit: "", target: 0, limit: true, value: one("console-planet-10", "tasksOver50Ms")},
		{what: "`RETURN 1`, plan cached", unit: "µs", target: 3, limit: true, value: one("query-overhead", "cached_us")},
	}
}

// verdict compares a figure with its target and floor.
func (r *row) verdict(v float64) (floor float64, text string) {
	floor = r.floor
	if floor == 0 && r.limit {
		floor = 2 * r.target
	} else if floor == 0 {
		floor = r.target / 2
	}
	better := func(a, b float64) bool { return a >= b && !r.limit || a <= b && r.limit }
	switch {
	case better(v, r.target):
		return floor, "target met"
	case better(v, floor):
		return floor, "between floor and target"
	}
	return floor, "**below the floor**"
}

// Report puts the figures of many runs, a line of JSON each, between the marks of a document.
func Report(results, document []byte) ([]byte, error) {
	begin, end := bytes.Index(document, []byte(reportBegin)), bytes.Index(document, []byte(reportEnd))
	if begin < 0 || end < begin {
		return nil, fmt.Errorf("the document lacks the lines %q and %q", reportBegin, reportEnd)
	}
	all, notes, err := collect(results)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.Write(document[:begin])
	b.WriteString(reportBegin + "\n\n")
	for _, key := range slices.Sorted(maps.Keys(notes["machine"])) {
		fmt.Fprintf(&b, "- %s: %s\n", key, notes["machine"][key])
	}
	b.WriteString("\n| figure | target | floor | found | spread | |\n|---|---|---|---|---|---|\n")
	for _, r := range rows() {
		v, spread, ok := r.value(all)
		if !ok {
			fmt.Fprintf(&b, "| %s | %s %s | | not taken | | |\n", r.what, number(r.target), r.unit)
			continue
		}
		floor, text := r.verdict(v)
		fmt.Fprintf(&b, "| %s | %s %s | %s | %s %s | %s | %s |\n", r.what, number(r.target), r.unit, number(floor), number(v), r.unit, number(spread), text)
	}
	b.WriteString("\nEverything found, the median of the runs and what lies between the least and the most:\n\n| workload | figure | median | spread | runs |\n|---|---|---|---|---|\n")
	for _, workload := range slices.Sorted(maps.Keys(all)) {
		for _, name := range slices.Sorted(maps.Keys(all[workload])) {
			v, spread, _ := one(workload, name)(all)
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %d |\n", workload, name, number(v), number(spread), len(all[workload][name]))
		}
	}
	b.WriteString("\nSettings of both sides:\n\n")
	for _, workload := range slices.Sorted(maps.Keys(notes)) {
		for _, key := range slices.Sorted(maps.Keys(notes[workload])) {
			if workload != "machine" {
				fmt.Fprintf(&b, "- %s, %s: %s\n", workload, key, notes[workload][key])
			}
		}
	}
	b.WriteString("\n")
	b.Write(document[end:])
	return []byte(b.String()), nil
}

// collect reads results. Lines that are not JSON are refused: a run that failed must not look like one that was left out.
func collect(results []byte) (figures, map[string]map[string]string, error) {
	all, notes := figures{}, map[string]map[string]string{}
	for line := range bytes.Lines(results) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var r Result
		if err := json.Unmarshal(line, &r); err != nil || r.Name == "" {
			return nil, nil, fmt.Errorf("result %q is not one of a workload: %w", bytes.TrimSpace(line), errors.Join(err))
		}
		if all[r.Name] == nil && len(r.Figures) > 0 {
			all[r.Name] = map[string][]float64{}
		}
		for name, v := range r.Figures {
			all[r.Name][name] = append(all[r.Name][name], v)
		}
		if len(r.Notes) > 0 {
			notes[r.Name] = r.Notes
		}
	}
	return all, notes, nil
}

// number shows three or four digits that count.
func number(v float64) string {
	switch {
	case v >= 1000 || v == float64(int64(v)):
		return thousands(int64(v + 0.5))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
