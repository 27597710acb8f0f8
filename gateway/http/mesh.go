package http

import (
	"context"
	"net/http"
	"strings"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// mesh answers /mesh and what is below it.
func (q *request) mesh() error {
	ctx, err := q.enter()
	if err != nil {
		return err
	}
	service, part, m := q.server.service, q.path.at(1), q.hr.Method
	switch {
	case q.path.n == 1 && m == http.MethodGet:
		state, err := service.MeshState(ctx, &q.call)
		if err != nil {
			return err
		}
		return q.plain(http.StatusOK, meshValue(&state))
	case q.path.n == 2 && part == "digest" && m == http.MethodGet:
		d, err := service.Digest(ctx, &q.call, q.query.get("at"))
		if err != nil {
			return err
		}
		return q.plain(http.StatusOK, digestValue(&d))
	case q.path.n == 2 && part == "links" && m == http.MethodDelete, q.path.n == 3 && part == "links" && q.path.at(2) == "heal" && m == http.MethodPost:
		if err := service.HealAll(ctx, &q.call); err != nil {
			return err
		}
		return q.result(http.StatusOK, value.Bool(true))
	case q.path.n == 4 && part == "links" && m == http.MethodPut:
		return q.setLink(ctx, q.path.at(2), q.path.at(3))
	case q.path.n == 4 && part == "links":
		return q.allow("PUT")
	case q.path.n == 3 && part == "locations" && m == http.MethodDelete:
		if err := service.Evict(ctx, &q.call, q.path.at(2)); err != nil {
			return err
		}
		return q.result(http.StatusAccepted, value.Bool(true))
	case q.path.n == 2 && part == "leave" && m == http.MethodPost:
		if err := service.Evict(ctx, &q.call, ""); err != nil {
			return err
		}
		return q.result(http.StatusAccepted, value.Bool(true))
	case q.path.n == 2 && part == "anchor" && m == http.MethodPost:
		return q.setAnchor(ctx)
	case q.path.n == 2 && part == "anchor":
		return q.allow("POST")
	case q.path.n <= 2:
		return q.allow("GET")
	}
	return q.unknown()
}

// setAnchor answers POST /mesh/anchor.
func (q *request) setAnchor(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	f := object(body)
	location, force := f.want("location"), f.flag("force", false)
	if f.err != nil {
		return f.err
	}
	if err := q.server.service.SetAnchor(ctx, &q.call, location, force); err != nil {
		return err
	}
	return q.result(http.StatusOK, value.Bool(true))
}

// decodeLink reads the body of PUT /mesh/links/FROM/TO.
func decodeLink(body value.Value) (api.LinkChange, error) {
	f := object(body)
	c := api.LinkChange{State: f.textOr("state"), OneWayMs: f.floatOr("oneWayMs"), JitterMs: f.floatOr("jitterMs"), LossPercent: f.floatOr("lossPercent")}
	return c, f.err
}

func (q *request) setLink(ctx context.Context, from, to string) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	change, err := decodeLink(body)
	if err != nil {
		return err
	}
	if err := q.server.service.SetLink(ctx, &q.call, from, to, change); err != nil {
		return err
	}
	return q.result(http.StatusOK, value.Bool(true))
}

func float(name string, f float64) value.Member { return member(name, value.Float(f)) }

func meshValue(m *api.MeshState) value.Value {
	place := func(l *api.Location) value.Value {
		return value.Object(str("name", l.Name), str("incarnation", l.Incarnation.String()), str("url", l.URL), float("latitude", l.Latitude),
			float("longitude", l.Longitude), str("state", l.State), float("clockOffsetMs", l.ClockOffsetMilliseconds))
	}
	link := func(l *api.Link) value.Value {
		return value.Object(str("from", l.From), str("to", l.To), str("state", l.State), float("oneWayMs", l.OneWayMs), float("rttMs", l.RTTMs),
			member("lag", value.Object(member("entries", value.Int(l.LagEntries)), member("bytes", value.Int(l.LagBytes)), float("ms", l.LagMs))))
	}
	return value.Object(str("location", m.Location), str("incarnation", m.Incarnation.String()), str("anchor", m.Anchor), member("locations", each(m.Locations, place)),
		member("links", each(m.Links, link)), member("vector", vectorValue(m.Vector, m.Names)), member("stable", vectorValue(m.Stable, m.Names)),
		str("watermark", m.Watermark.String()))
}

// vectorValue is a vector by name of the origin, or by number where there is
// no name.
func vectorValue(v api.Vector, names map[api.Origin]string) value.Value {
	out := make([]value.Member, 0, len(v))
	for _, r := range v {
		name := r.Origin.String()
		if n, ok := names[r.Origin]; ok {
			name = n
		}
		out = append(out, str(name, r.Time.String()))
	}
	return value.Object(out...)
}

func digestValue(d *api.Digest) value.Value {
	return value.Object(str("digest", d.Hash), member("vector", vectorValue(d.Vector, d.Names)), str("at", d.At.String()))
}

// version answers GET /version.
func (q *request) version() error {
	if _, err := q.identify(); err != nil {
		return err
	}
	if q.hr.Method != http.MethodGet {
		return q.allow("GET")
	}
	details, err := q.query.flag("details", false)
	if err != nil {
		return err
	}
	out := []value.Member{str("server", api.ServerName), str("version", q.server.service.Version()), str("license", "apache-2.0")}
	if details {
		out = append(out, member("details", value.Object(str("product", "selvedge"), str("location", q.server.region[0]))))
	}
	return q.plain(http.StatusOK, value.Object(out...))
}

// machine answers what drivers of the AQL family ask of the process: /engine, /server/..., /status and /time.
func (q *request) machine() error {
	if _, err := q.identify(); err != nil {
		return err
	}
	if q.hr.Method != http.MethodGet {
		return q.allow("GET")
	}
	service := q.server.service
	switch what := q.path.at(0) + "/" + q.path.at(1); what {
	case "engine/":
		return q.plain(http.StatusOK, value.Object(str("name", "selvedge"), member("supports", value.Object(
			member("dfdb", value.Bool(false)), member("indexes", textArray([]string{"primary", "edge", "persistent", "hash", "skiplist", "ttl", "geo", "fulltext"}))))))
	case "time/":
		return q.ok(http.StatusOK, member("time", value.Float(float64(service.Now())/1000)))
	case "status/":
		return q.plain(http.StatusOK, value.Object(str("server", api.ServerName), str("license", "apache-2.0"), str("version", service.Version()),
			str("mode", "server"), str("operationMode", "server"), member("serverInfo", value.Object(member("maintenance", value.Bool(false)),
				str("role", "SINGLE"), member("readOnly", value.Bool(service.Health().ReadOnly != "")), member("writeOpsEnabled", value.Bool(service.Health().ReadOnly == ""))))))
	case "server/availability", "server/mode":
		mode := "default"
		if service.Health().ReadOnly != "" {
			mode = "readonly"
		}
		return q.ok(http.StatusOK, str("mode", mode))
	case "server/role":
		return q.ok(http.StatusOK, str("role", "SINGLE"))
	}
	return q.unknown()
}

// datacenters answers /datacenter and what is below it.
func (q *request) datacenters() error {
	if _, err := q.identify(); err != nil {
		return err
	}
	if q.hr.Method != http.MethodGet {
		if q.hr.Method == http.MethodPut && q.path.n == 3 {
			return api.Fail(api.NotAvailable, "spot locations come with strong collections in a later version")
		}
		return q.allow("GET")
	}
	service, name := q.server.service, q.path.at(1)
	switch {
	case q.path.n == 2 && name == "all":
		return q.plain(http.StatusOK, q.places())
	case q.path.n == 2 && name == "local":
		l := service.Local()
		return q.plain(http.StatusOK, place(&l))
	case q.path.n == 3 && name == "_tenant":
		if t := q.path.at(2); t != q.call.Tenant && !q.call.Identity.Admin() {
			return api.Fail(api.Forbidden, "the credential is of another tenant than %s", quote(t))
		}
		return q.plain(http.StatusOK, value.Array(value.Object(str("tenant", q.path.at(2)), member("dcInfo", q.places()))))
	case q.path.n == 2:
		l, err := service.Location(name)
		if err != nil {
			return err
		}
		return q.plain(http.StatusOK, place(&l))
	}
	return q.unknown()
}

func (q *request) places() value.Value {
	return each(q.server.service.Locations(), place)
}

// place is a location as the reference shows data centres. tags.url is the
// host without api- and scheme, on which WebSocket clients build.
func place(l *api.Location) value.Value {
	host := l.URL
	if i := strings.Index(host, "://"); i >= 0 {
		host = host[i+3:]
	}
	status := int64(0)
	if l.State == "up" {
		status = 1
	}
	return value.Object(str("_key", l.Name), str("name", l.Name), str("host", host), member("local", value.Bool(l.Local)),
		member("spot_region", value.Bool(false)), member("status", value.Int(status)),
		member("tags", value.Object(str("api", "api-"+host), str("url", host), str("city", l.City), str("countrycode", l.Country),
			str("countryname", l.CountryName), float("latitude", l.Latitude), float("longitude", l.Longitude))),
		member("locationInfo", value.Object(str("city", l.City), str("countrycode", l.Country), str("countryname", l.CountryName),
			float("latitude", l.Latitude), float("longitude", l.Longitude), str("url", host))))
}

// health answers /health/live and /health/ready, without credentials.
func (q *request) health() error {
	if q.hr.Method != http.MethodGet && q.hr.Method != http.MethodHead {
		return q.allow("GET, HEAD")
	}
	h := q.server.service.Health()
	good := h.Live
	switch {
	case q.path.n == 2 && q.path.at(1) == "ready":
		good = h.Ready
	case q.path.n != 2 || q.path.at(1) != "live":
		return q.unknown()
	}
	status := http.StatusOK
	if !good {
		status = http.StatusServiceUnavailable
	}
	reasons := h.Reasons
	if reasons == nil {
		reasons = []string{}
	}
	return q.plain(status, value.Object(member("live", value.Bool(h.Live)), member("ready", value.Bool(h.Ready)),
		member("reasons", textArray(reasons)), str("readOnly", h.ReadOnly)))
}

// scrape answers /metrics, for any valid credential.
func (q *request) scrape() error {
	if _, err := q.identify(); err != nil {
		return err
	}
	q.status = http.StatusOK
	q.server.scrape.ServeHTTP(q.w, q.hr)
	return nil
}

// backup answers POST /backup.
func (q *request) backup() error {
	ctx, err := q.identify()
	if err != nil {
		return err
	}
	if q.hr.Method != http.MethodPost {
		return q.allow("POST")
	}
	body, err := q.json()
	if err != nil {
		return err
	}
	f := object(body)
	folder := f.want("path")
	if f.err != nil {
		return f.err
	}
	if err := q.server.service.Backup(ctx, &q.call, folder); err != nil {
		return err
	}
	return q.ok(http.StatusOK, str("path", folder))
}
