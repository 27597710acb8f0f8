// Package bench takes the figures that docs/benchmarks.md shows: workloads as library code, shared by the command
// `selvedge bench` and by the comparisons with other databases in bench/peers.
//
// Guarantees: writes counted are acknowledged as durable, on the file system of the folder given (never one in
// memory); every request goes through the api verbs with authorisation, or over HTTP where the name says so; a
// warm-up comes before what is counted; open loops start each request at its planned time and count waiting for a
// slow answer as part of the next one's latency.
//
// Not guaranteed: figures on a machine that does something else meanwhile.
//
// Shapes: a workload returns a Result, which is one line of JSON; rates are per second, latencies in milliseconds,
// sizes in bytes unless the name says otherwise. Percentiles are exact: every sample is kept.
package bench

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options are what all workloads share.
type Options struct {
	Dir       string        // data folder; a temporary one below the current folder when empty
	Duration  time.Duration // measured
	Warmup    time.Duration // before it
	Writers   int
	Documents int // to be written beforehand
	Rate      int // requests per second of open loops; the first rate tried by the replication workload
	Locations int
	WAN       string // real, none or a round trip in milliseconds
	Flights   string // folder with airports.dat and routes.dat
	Program   string // the binary, for figures of whole processes
	Port      int    // of the first location
	Kill      bool   // end by SIGKILL after the result, so that a restart shows what was durable
	Say       func(Result)
}

// Result is what one workload found.
type Result struct {
	Name    string             `json:"name"`
	Figures map[string]float64 `json:"figures"`
	Notes   map[string]string  `json:"notes,omitempty"`
}

func (r *Result) set(name string, v float64) {
	if r.Figures == nil {
		r.Figures = map[string]float64{}
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	r.Figures[name], _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
}

func (r *Result) note(name, text string) {
	if r.Notes == nil {
		r.Notes = map[string]string{}
	}
	r.Notes[name] = text
}

// Workload is one workload by name.
type Workload struct {
	Name, Short string
	Flags       string // of an example
	Run         func(Options) (Result, error)
}

// Workloads lists all of them.
func Workloads() []Workload {
	return []Workload{
		{"insert", "durable inserts of 600-byte documents with one index, in process", "--duration 30s --writers 64", insertInProcess},
		{"kv-set", "durable key-value sets of 100-byte values, in process", "--duration 30s --writers 64", setInProcess},
		{"read", "point reads of hot documents, in process", "--documents 100000 --writers 16", readInProcess},
		{"queries", "queries over documents, and over flights", "--documents 1000000 --flights openflights", queries},
		{"points", "durable batches of 1,000 points of time series, in process", "--duration 30s", pointsIn},
		{"rollups", "hours of 10,000,000 points, kept and computed", "", rollups},
		{"query-documents", "documents of the query workloads, written to a file for other databases", "--documents 1000000 --data documents.jsonl", queryDocuments},
		{"read-http", "latency of point reads over HTTP, open loop", "--rate 2000", readOverHTTP},
		{"replicate", "highest commit rate at which other locations see commits within 20 ms", "--locations 3 --rate 4000", replicate},
		{"visibility", "time until other locations see a commit, at one rate", "--wan real --rate 1000", visibility},
		{"wire", "bytes that one replicated insert, or update of one field, takes on the wire", "--locations 3", wire},
		{"footprint", "memory, processor and start of locations without data", "--duration 10s", footprint},
		{"bootstrap", "speed at which a new location copies a fabric while others write", "--documents 1000000 --rate 500", bootstrap},
		{"count", "documents found in a data folder after a restart", "--data ./bench-data", countDocuments},
	}
}

// cpu is the processor time that this process took, in seconds.
func cpu() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime)
}

// latencies holds samples in nanoseconds.
type latencies struct {
	mu   sync.Mutex
	list []int64
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	l.list = append(l.list, int64(d))
	l.mu.Unlock()
}

func (l *latencies) merge(more []int64) {
	l.mu.Lock()
	l.list = append(l.list, more...)
	l.mu.Unlock()
}

func (l *latencies) clear() {
	l.mu.Lock()
	l.list = nil
	l.mu.Unlock()
}

// at is the share-th percentile in milliseconds.
func (l *latencies) at(share float64) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return math.NaN()
	}
	slices.Sort(l.list)
	i := min(int(share*float64(len(l.list))), len(l.list)-1)
	return float64(l.list[i]) / 1e6
}

func (l *latencies) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

// phases of a closed loop.
const (
	warming = iota
	measuring
	ending
)

// closedLoop runs work on many goroutines until the time is over: each starts its next call when the last one
// answered. i is a number of the call, different for each.
func closedLoop(o Options, r *Result, work func(i int64) error) (acknowledged int64, err error) {
	var phase atomic.Int32
	var next, all atomic.Int64
	var took latencies
	var failed atomic.Pointer[error]
	var counted atomic.Int64
	var group sync.WaitGroup
	for range o.Writers {
		group.Go(func() {
			var own []int64
			defer func() { took.merge(own) }()
			for phase.Load() != ending && failed.Load() == nil {
				began := time.Now()
				if err := work(next.Add(1)); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				all.Add(1)
				if phase.Load() == measuring {
					counted.Add(1)
					own = append(own, int64(time.Since(began)))
				}
			}
		})
	}
	time.Sleep(o.Warmup)
	phase.Store(measuring)
	began, used, before := time.Now(), cpu(), counted.Load()
	time.Sleep(o.Duration)
	n, span, burnt := counted.Load()-before, time.Since(began).Seconds(), cpu()-used
	phase.Store(ending)
	group.Wait()
	if e := failed.Load(); e != nil {
		return 0, fmt.Errorf("call failed: %w", *e)
	}
	r.set("per_second", float64(n)/span)
	r.set("p50_ms", took.at(0.50))
	r.set("p99_ms", took.at(0.99))
	r.set("cpu_us_per_call", burnt*1e6/float64(n))
	r.set("cpu_seconds", burnt)
	return all.Load(), nil
}

// openLoop starts calls at a rate, whether or not earlier ones have answered, and tells each its planned time.
func openLoop(rate int, duration time.Duration, work func(i int64, planned time.Time)) {
	const slots = 4096 // calls under way at once; beyond it the loop itself waits, which the planned times show
	gate := make(chan struct{}, slots)
	var group sync.WaitGroup
	began, gap := time.Now(), time.Duration(float64(time.Second)/float64(rate))
	for i := int64(0); ; i++ {
		planned := began.Add(time.Duration(i) * gap)
		if planned.Sub(began) >= duration {
			break
		}
		if ahead := time.Until(planned); ahead > 0 {
			time.Sleep(ahead)
		}
		gate <- struct{}{}
		group.Go(func() {
			defer func() { <-gate }()
			work(i, planned)
		})
	}
	group.Wait()
}
