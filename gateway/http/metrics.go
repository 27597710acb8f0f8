package http

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts requests by method and class of status, with plain atomics
// so that counting costs nothing on the hot path.
type metrics struct {
	fixed    fixedHeaders
	requests [methods][classes]atomic.Uint64
	nanos    [methods]atomic.Uint64
	total    *prometheus.Desc
	seconds  *prometheus.Desc
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

func newMetrics() *metrics {
	return &metrics{fixed: fixed(),
		total:   prometheus.NewDesc("selvedge_http_requests_total", "Requests answered, by method and class of status.", []string{"method", "class"}, nil),
		seconds: prometheus.NewDesc("selvedge_http_request_seconds_total", "Time spent on requests, by method.", []string{"method"}, nil)}
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
}

// Collect sends what was counted.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
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
