package query

import "time"

// Limits bound what queries take. A field that is zero takes its value from DefaultLimits.
type Limits struct {
	Memory   int64         // bytes that one query may hold
	Runtime  time.Duration // from start to end; negative: none
	Rows     int64         // of one result; negative: none
	Warnings int           // that are kept of one query

	Running int           // queries at a time; more wait
	Waiting int           // queries that wait; more are refused
	Wait    time.Duration // that a query waits before it is refused

	CachedPlans int // plans that are kept

	SlowAfter   time.Duration // a query that took longer is noted
	SlowQueries int           // that are noted; the oldest goes
	SlowText    int           // bytes of the text of a noted or running query that are shown

	Retries int // of a query that writes, when another writer was faster
	Workers int // goroutines that one query may use to read in parallel
}

// DefaultLimits is what zero fields of Limits mean. The runtime of a query is bounded by its caller.
func DefaultLimits() Limits {
	return Limits{
		Memory: 256 << 20, Runtime: -1, Rows: -1, Warnings: 10,
		Running: 256, Waiting: 1024, Wait: 10 * time.Second,
		CachedPlans: 1024,
		SlowAfter:   10 * time.Second, SlowQueries: 64, SlowText: 4096,
		Retries: 8, Workers: 2,
	}
}

// orDefault fills in what is zero.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	fill(&l.Memory, d.Memory)
	fill(&l.Runtime, d.Runtime)
	fill(&l.Rows, d.Rows)
	fill(&l.Warnings, d.Warnings)
	fill(&l.Running, d.Running)
	fill(&l.Waiting, d.Waiting)
	fill(&l.Wait, d.Wait)
	fill(&l.CachedPlans, d.CachedPlans)
	fill(&l.SlowAfter, d.SlowAfter)
	fill(&l.SlowQueries, d.SlowQueries)
	fill(&l.SlowText, d.SlowText)
	fill(&l.Retries, d.Retries)
	fill(&l.Workers, d.Workers)
	return l
}

func fill[T int | int64 | time.Duration](to *T, from T) {
	if *to == 0 {
		*to = from
	}
}
