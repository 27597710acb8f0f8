package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/console"
	"github.com/selvedge-db/selvedge/docs/site"
	web_ "github.com/selvedge-db/selvedge/gateway/http"
	"github.com/selvedge-db/selvedge/gateway/openapi"
	"github.com/selvedge-db/selvedge/query"
)

// Version is the program's version.
const Version = "0.1.0"

// web is the gateway of a location.
type web struct {
	server   *web_.Server
	service  *api.Service
	listener net.Listener
	url      string
}

// listen takes the address for clients, first of all, so that a port in use fails the start before a
// folder is made.
func (n *Node) listen(ctx context.Context) error {
	l := n.shared.listener
	if l == nil {
		var err error
		if l, err = n.env.Net.Listen(ctx, "tcp", n.cfg.HTTP.Listen); err != nil {
			return fmt.Errorf("listening for clients: %w", err)
		}
	}
	n.web = &web{listener: l, url: n.cfg.HTTP.URL}
	if n.web.url == "" {
		n.web.url = n.scheme() + "://" + l.Addr().String()
	}
	return nil
}

func (n *Node) scheme() string {
	if !n.cfg.HTTP.TLS.Empty() {
		return "https"
	}
	return "http"
}

// openWeb starts to answer clients: with the health pages alone until serveWeb.
func (n *Node) openWeb() error {
	config, err := n.webTLS()
	if err != nil {
		return err
	}
	l := n.cfg.Limits
	service := api.New(api.Config{Planet: n, Env: n.env, Queries: n.engine(), Version: Version, Limits: apiLimits(&l)})
	n.web.service = service
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{n}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	pages, err := n.pages()
	if err != nil {
		return err
	}
	n.web.server, err = web_.New(web_.Config{Service: service, Log: n.log, Registry: registry, TLS: config,
		PlainRefused: !n.cfg.HTTP.TLS.Empty(), Hosts: n.cfg.HTTP.Hosts, Connections: int(l.Connections), Starting: true, Pages: pages})
	if err != nil {
		return err
	}
	n.work.Add(1)
	go func() {
		defer n.work.Done()
		if err := n.web.server.Serve(n.web.listener); err != nil && n.ctx.Err() == nil {
			n.fail(err)
		}
	}()
	return nil
}

// pages are what browsers get: the console, the documentation, and the way to them.
func (n *Node) pages() (map[string]http.Handler, error) {
	files, err := console.Handler()
	if err != nil {
		return nil, err
	}
	document, err := openapi.Handler(Version)
	if err != nil {
		return nil, err
	}
	return map[string]http.Handler{"": http.RedirectHandler("/console/planet", http.StatusFound), "console": files,
		"docs": site.Handler(), "openapi.json": document}, nil
}

// engine makes what runs queries.
func (n *Node) engine() *query.Engine {
	l := n.cfg.Limits.Query
	return query.New(query.Config{Clock: n.env.Clock, Random: n.env.Rand, Limits: query.Limits{Memory: l.Memory, Runtime: l.TimeMost,
		Running: int(l.Running), Waiting: int(l.Waiting), CachedPlans: int(l.Plans), SlowAfter: l.Slow}})
}

func apiLimits(l *LimitsConfig) api.Limits {
	return api.Limits{BodyBytes: l.Body, Items: int(l.Batch),
		Cursors: api.CursorLimits{Time: l.Query.Time, TimeMost: l.Query.TimeMost, Open: int(l.Query.Cursors), Memory: l.Query.CursorMemory,
			BatchBytes: int(l.Query.Batch), TTLMost: l.Query.CursorTime},
		Transactions: api.TransactionLimits{Open: int(l.Transaction.Open), Idle: l.Transaction.Idle, Time: l.Transaction.Time, Size: l.Transaction.Size},
		Jobs:         api.JobLimits{Kept: int(l.Job.Kept), Size: l.Job.Size, Memory: l.Job.Memory, TTL: l.Job.Time}}
}

// serveWeb begins to answer everything.
func (n *Node) serveWeb() {
	n.web.service.Attach(n.access)
	n.started.Store(true)
	n.web.server.Open()
	n.note(api.EventInfo, "start", "", "the location serves at %s, version %s", n.URL(), Version)
}

// fail tells that the location cannot go on.
func (n *Node) fail(err error) {
	select {
	case n.failed <- err:
	default:
	}
}

func (n *Node) webTLS() (*tls.Config, error) {
	if n.shared.tls != nil {
		return n.shared.tls.config, nil
	}
	files := n.cfg.HTTP.TLS
	if files.Empty() {
		return nil, nil
	}
	certificate, err := readPEM(files.Cert)
	if err != nil {
		return nil, fmt.Errorf("http.tls.cert: %w", err)
	}
	key, err := readPEM(files.Key)
	if err != nil {
		return nil, fmt.Errorf("http.tls.key: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("http.tls: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func (w *web) close(ctx context.Context) error {
	if w.server == nil {
		return w.listener.Close()
	}
	err := w.server.Shutdown(ctx)
	w.service.Close() // cursors and transactions hold states of the store
	return err
}

// collector shows the figures of a location as metrics.
type collector struct{ node *Node }

var (
	metricEntries = prometheus.NewDesc("selvedge_fabric_events_total", "What happened in a fabric since the start.", []string{"fabric", "event"}, nil)
	metricReplica = prometheus.NewDesc("selvedge_replication_events_total", "What replication of a fabric did since the start.", []string{"fabric", "event"}, nil)
	metricLag     = prometheus.NewDesc("selvedge_replication_lag_seconds", "Age of the oldest own entry that a location has not made durable.", []string{"fabric", "to"}, nil)
	metricStore   = prometheus.NewDesc("selvedge_store_bytes", "Bytes of the store.", []string{"of"}, nil)
	metricSyncs   = prometheus.NewDesc("selvedge_store_syncs_total", "Syncs of the store's log.", nil, nil)
)

// Describe names the metrics.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{metricEntries, metricReplica, metricLag, metricStore, metricSyncs} {
		to <- d
	}
}

// Collect reads the figures.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for _, h := range c.node.all() {
		name := strings.SplitN(h.reg.ID, ":", 3)
		fabric := name[min(1, len(name)-1)]
		s := h.fabric.Status().Counters
		for event, v := range map[string]uint64{"commits": s.Commits, "entries_applied": s.Entries, "documents_merged": s.Merged,
			"conflicts": s.Conflicts, "folds": s.Folds, "purges": s.Purges, "expired": s.Expired, "stale": s.Stale, "unmarked": s.Unmarked} {
			count(metricEntries, v, fabric, event)
		}
		r := h.runner().Status()
		for event, v := range map[string]uint64{"entries_received": r.Counters.EntriesReceived, "bytes_received": r.Counters.BytesReceived,
			"bytes_sent": r.Counters.BytesSent, "pulls": r.Counters.PullsSent, "repeats": r.Counters.Repeats,
			"snapshots_given": r.Counters.SnapshotsGiven, "snapshots_taken": r.Counters.SnapshotsTaken, "alarms": r.Counters.Alarms} {
			count(metricReplica, v, fabric, event)
		}
		for _, p := range r.Peers {
			to <- prometheus.MustNewConstMetric(metricLag, prometheus.GaugeValue, h.age(p.Applied)/1000, fabric, p.Name)
		}
	}
	m := c.node.db.Metrics()
	for of, v := range map[string]int64{"disk": m.DiskBytes, "memtable": m.MemtableBytes, "cache": m.CacheBytes, "log": m.LogBytes} {
		to <- prometheus.MustNewConstMetric(metricStore, prometheus.GaugeValue, float64(v), of)
	}
	count(metricSyncs, uint64(m.Syncs))
}
