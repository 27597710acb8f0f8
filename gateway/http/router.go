package http

import (
	"net/url"
	"strings"

	"github.com/selvedge-db/selvedge/api"
)

// path is a request's path, cut: tenant and fabric of the prefix, then the
// segments behind it and behind _api or _admin.
type path struct {
	tenant, fabric string
	database       bool // the fabric was named as drivers of the AQL family do
	seg            [8]string
	n              int
}

// at gives a segment, or nothing.
func (p *path) at(i int) string {
	if i < p.n {
		return p.seg[i]
	}
	return ""
}

// cut reads the path of a URL. Empty segments are passed over, so double
// slashes and one at the end do no harm.
func (p *path) cut(u *url.URL) error {
	rest, escaped := u.Path, false
	if u.RawPath != "" {
		rest, escaped = u.RawPath, true
	}
	prefix := ""
	start := true
	for rest != "" {
		var s string
		s, rest, _ = strings.Cut(rest, "/")
		if s == "" {
			continue
		}
		if escaped {
			plain, err := url.PathUnescape(s)
			if err != nil {
				return api.Fail(api.BadParameter, "path: %v", err)
			}
			s = plain
		}
		switch {
		case prefix == "_fabric" || prefix == "_db":
			p.database = prefix == "_db"
			p.fabric, prefix = s, ""
			continue
		case prefix == "_tenant":
			p.tenant, prefix = s, ""
			continue
		case start && (s == "_fabric" || s == "_db" || s == "_tenant"):
			prefix = s
			continue
		case start && (s == "_api" || s == "_admin"):
			start = false
			continue
		}
		start = false
		if p.n == len(p.seg) {
			return api.Fail(api.RouteNotFound, "the path has more than %d segments", len(p.seg))
		}
		p.seg[p.n] = s
		p.n++
	}
	return nil
}

// route finds the handler and runs it.
func (q *request) route() error {
	if page := q.server.pages.at(q.hr.URL.Path); page != nil && q.async() == "" {
		return q.show(page)
	}
	if err := q.path.cut(q.hr.URL); err != nil {
		return err
	}
	p := &q.path
	if kind := q.async(); kind != "" {
		return q.background(kind)
	}
	switch p.at(0) {
	case "document":
		return q.documents()
	case "kv":
		return q.keyValue()
	case "collection":
		return q.collections()
	case "index":
		return q.indexes()
	case "edges":
		return q.edges()
	case "cursor":
		return q.cursor()
	case "import", "export":
		return q.transfer()
	case "timeseries":
		return q.points()
	case "batch":
		return q.batch()
	case "database":
		return q.fabrics()
	case "user":
		return q.users()
	case "key":
		return q.keys()
	case "mesh":
		return q.mesh()
	case "conflicts":
		return q.conflicts()
	case "changes":
		return q.changes()
	case "_ws":
		if p.n == 2 && p.at(1) == "changes" {
			return q.changesSocket()
		}
	}
	return q.routeRest()
}

// routeRest has the paths that are seldom called.
func (q *request) routeRest() error {
	p := &q.path
	switch p.at(0) {
	case "version":
		return q.version()
	case "engine", "server", "status", "time":
		return q.machine()
	case "datacenter":
		return q.datacenters()
	case "tenants":
		return q.tenants()
	case "_open":
		if p.n == 2 && p.at(1) == "auth" {
			return q.login()
		}
	case "health":
		return q.health()
	case "metrics":
		return q.scrape()
	case "limits":
		return q.limits()
	case "provenance":
		return q.provenance()
	case "backup":
		return q.backup()
	case "query", "explain", "c8qlfunction", "aqlfunction":
		return q.queries()
	case "restql":
		return q.queryWorkers()
	case "transaction":
		return q.transactions()
	case "job":
		return q.jobRoutes()
	case "graph", "gharial":
		return q.graphs()
	case "streams", "streamapps", "search", "view", "analyzer", "function", "redis", "dynamo":
		return q.later(p.at(0) + " comes later")
	case "apid":
		return q.later("one-time passwords for streams come with streams")
	}
	return q.unknown()
}

// routeStarting answers while the location is not so far that it can serve.
func (q *request) routeStarting() error {
	if err := q.path.cut(q.hr.URL); err != nil {
		return err
	}
	if p := &q.path; p.n == 2 && p.at(0) == "health" && (p.at(1) == "live" || p.at(1) == "ready") {
		return q.health()
	}
	reason := "it is starting"
	if reasons := q.server.service.Health().Reasons; len(reasons) > 0 {
		reason = reasons[0]
	}
	return api.Fail(api.ReadOnly, "it serves nothing yet: %s", reason)
}

// later answers what the reference has and this version has not. It asks for
// credentials first, as nothing is told to strangers.
func (q *request) later(what string) error {
	if _, err := q.identify(); err != nil {
		return err
	}
	return api.Fail(api.NotAvailable, "%s", what)
}

// unknown answers a path that does not exist.
func (q *request) unknown() error {
	if _, err := q.identify(); err != nil {
		return err
	}
	return api.Fail(api.RouteNotFound, "%s %s", q.hr.Method, quote(q.hr.URL.Path))
}

// allow refuses a method that the path does not have.
func (q *request) allow(methods string) error {
	q.w.Header()["Allow"] = []string{methods}
	return api.Fail(api.MethodNotAllowed, "%s; there are %s", quote(q.hr.Method), methods)
}
