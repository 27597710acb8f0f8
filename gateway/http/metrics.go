package http

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/selvedge-db/selvedge/api"
)

// metrics counts requests by method and class of status, with plain atomics
// so that counting costs nothing on the hot path.
type metrics struct {
	fixed    fixedHeaders
	requests [methods][classes]atomic.Uint64
	nanos    [methods]atomic.Uint64
	total    *prometheus.Desc
	seconds  *prometheus.Desc
	service  *api.Service
	queries  *prometheus.Desc
	kept     *prometheus.Desc
	held     *prometheus.Desc
}

const (
	methods = 7
	classes = 6
)

// methodOf numbers the methods; what is unknown counts as the last.
func methodOf(m string) int {
	switch m {
	case "GET":
		return 0
	case "HEAD":
		return 1
	case "POST":
		return 2
	case "PUT":
		return 3
	case "PATCH":
		return 4
	case "DELETE":
		return 5
	}
	return methods - 1
}

func newMetrics(service *api.Service) *metrics {
	return &metrics{fixed: fixed(), service: service,
		total:   prometheus.NewDesc("selvedge_http_requests_total", "Requests answered, by method and class of status.", []string{"method", "class"}, nil),
		seconds: prometheus.NewDesc("selvedge_http_request_seconds_total", "Time spent on requests, by method.", []string{"method"}, nil),
		queries: prometheus.NewDesc("selvedge_queries_total", "Queries that were started, and how many of them failed.", []string{"event"}, nil),
		kept:    prometheus.NewDesc("selvedge_open", "What is open or listed now: running and slow queries, cursors, transactions, background requests.", []string{"what"}, nil),
		held:    prometheus.NewDesc("selvedge_cursor_bytes", "Memory that cursors hold.", nil, nil)}
}

func (m *metrics) count(method string, status int, took time.Duration) {
	i := methodOf(method)
	m.requests[i][min(max(status/100, 0), classes-1)].Add(1)
	m.nanos[i].Add(uint64(max(took, 0)))
}

// Describe and Collect make metrics a collector.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.total
	out <- m.seconds
	out <- m.queries
	out <- m.kept
	out <- m.held
}

// Collect sends what was counted.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	f := m.service.Figures()
	for event, n := range map[string]uint64{"started": f.Started, "failed": f.Failed} {
		out <- prometheus.MustNewConstMetric(m.queries, prometheus.CounterValue, float64(n), event)
	}
	for what, n := range map[string]int{"running": f.Running, "slow": f.Slow, "cursors": f.Cursors, "transactions": f.Transactions, "jobs": f.Jobs} {
		out <- prometheus.MustNewConstMetric(m.kept, prometheus.GaugeValue, float64(n), what)
	}
	out <- prometheus.MustNewConstMetric(m.held, prometheus.GaugeValue, float64(f.CursorBytes))
	for i, name := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"} {
		for class := range m.requests[i] {
			if n := m.requests[i][class].Load(); n > 0 {
				out <- prometheus.MustNewConstMetric(m.total, prometheus.CounterValue, float64(n), name, strconv.Itoa(class)+"xx")
			}
		}
		if n := m.nanos[i].Load(); n > 0 {
			out <- prometheus.MustNewConstMetric(m.seconds, prometheus.CounterValue, float64(n)/1e9, name)
		}
	}
}
