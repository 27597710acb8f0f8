package http

import (
	"context"
	"net/http"
	"strings"
	"time"

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
	if q.path.n == 2 && m == http.MethodGet {
		switch part {
		case "live":
			return q.live(ctx)
		case "self":
			return q.self(ctx)
		case "events":
			return q.events()
		}
	}
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

// placeMembers and linkMembers are what GET /mesh tells of a location and of a link.
func placeMembers(l *api.Location) []value.Member {
	return []value.Member{str("name", l.Name), str("incarnation", l.Incarnation.String()), str("url", l.URL), float("latitude", l.Latitude),
		float("longitude", l.Longitude), str("state", l.State), float("clockOffsetMs", l.ClockOffsetMilliseconds)}
}

func linkMembers(l *api.Link) []value.Member {
	return []value.Member{str("from", l.From), str("to", l.To), str("state", l.State), float("oneWayMs", l.OneWayMs), float("rttMs", l.RTTMs),
		member("lag", value.Object(member("entries", value.Int(l.LagEntries)), member("bytes", value.Int(l.LagBytes)), float("ms", l.LagMs)))}
}

func meshValue(m *api.MeshState) value.Value {
	return stateValue(m, each(m.Locations, func(l *api.Location) value.Value { return value.Object(placeMembers(l)...) }),
		each(m.Links, func(l *api.Link) value.Value { return value.Object(linkMembers(l)...) }))
}

func stateValue(m *api.MeshState, locations, links value.Value) value.Value {
	return value.Object(str("location", m.Location), str("incarnation", m.Incarnation.String()), str("anchor", m.Anchor), member("locations", locations),
		member("links", links), member("vector", vectorValue(m.Vector, m.Names)), member("stable", vectorValue(m.Stable, m.Names)),
		str("watermark", m.Watermark.String()))
}

// liveValue is meshValue with what changes fast. What is not known is left out.
func liveValue(m *api.MeshState) value.Value {
	count := func(to []value.Member, name string, n *uint64) []value.Member {
		if n != nil {
			to = append(to, member(name, value.Int(int64(*n))))
		}
		return to
	}
	place := func(l *api.Location) value.Value {
		out := append(placeMembers(l), str("city", l.City), str("country", l.Country), member("member", value.Bool(l.Live.Member)))
		if l.Live.Ready != nil {
			out = append(out, member("ready", value.Bool(*l.Live.Ready)))
		}
		return value.Object(count(count(out, "commits", l.Live.Commits), "applied", l.Live.Applied)...)
	}
	link := func(l *api.Link) value.Value {
		out := count(linkMembers(l), "delivered", l.Live.Delivered)
		if l.Live.Emulated {
			out = append(out, member("dev", value.Bool(true)), float("jitterMs", l.Live.JitterMs), float("lossPercent", l.Live.LossPercent))
		}
		return value.Object(out...)
	}
	return stateValue(m, each(m.Locations, place), each(m.Links, link))
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

// liveStream is one reader of mesh/live. Nothing waits for it: each turn it is told what there is then, so that one that
// reads slowly misses turns, not the state, and holds no memory.
type liveStream struct {
	*request
	ctx       context.Context
	control   *http.ResponseController
	delivered map[[2]string]uint64 // as last told
	noticed   uint64               // number of the last notable event that was told
	stateAt   time.Duration        // when the state is due
}

// stateEvery is how often a reader of mesh/live is told the whole state.
const stateEvery = time.Second

// live answers GET /mesh/live with server-sent events.
func (q *request) live(ctx context.Context) error {
	interval, err := q.query.number("interval", 250, 100, 5000)
	if err != nil {
		return err
	}
	s := q.server
	defer s.live.Add(-1)
	if n := s.live.Add(1); n > api.LiveStreams {
		return api.Fail(api.Overloaded, "%d streams of mesh/live are open at this location: at most %d", n-1, api.LiveStreams)
	}
	_, noticed := s.service.Notable(&q.call, nil, 1)
	l := &liveStream{request: q, control: http.NewResponseController(q.w), noticed: noticed, delivered: map[[2]string]uint64{}}
	if _, err := l.moves(); err != nil {
		return err
	}
	if _, err := s.service.LiveState(ctx, &q.call); err != nil {
		return err
	}
	open, cancel := context.WithCancel(q.hr.Context())
	defer context.AfterFunc(s.streams, cancel)()
	defer cancel()
	l.ctx = open
	_ = l.control.SetReadDeadline(time.Time{})
	defer func() { _ = l.control.SetWriteDeadline(time.Time{}) }()
	defer context.AfterFunc(open, func() { _ = l.control.SetWriteDeadline(time.UnixMilli(1)) })()
	h := q.headers()
	h["Content-Type"], h["Cache-Control"] = []string{"text/event-stream"}, []string{"no-cache"}
	q.status = http.StatusOK
	q.w.WriteHeader(http.StatusOK)
	for l.turn() == nil {
		turn, end := context.WithTimeout(open, time.Duration(interval)*time.Millisecond)
		<-turn.Done()
		end()
		if open.Err() != nil {
			break
		}
	}
	return nil
}

// turn tells what is new; an error ends the stream.
func (l *liveStream) turn() error {
	q, service := l.request, l.server.service
	now := service.Monotonic()
	q.out = q.out[:0]
	moves, err := l.moves()
	events, next := service.Notable(&q.call, &l.noticed, api.NotableMost)
	l.noticed = next
	if due := now >= l.stateAt || len(events) > 0; err == nil && due {
		l.stateAt = now + stateEvery
		err = l.again(l.ctx)
		if err == nil {
			var state api.MeshState
			if state, err = service.LiveState(l.ctx, &q.call); err == nil {
				q.out = appendNamed(q.out, "state", liveValue(&state))
			}
		}
	}
	if len(moves) > 0 {
		q.out = appendNamed(q.out, "travel", value.Object(member("at", value.Int(service.Now())), member("moves", value.Array(moves...))))
	}
	for i := range events {
		q.out = appendNamed(q.out, "notable", eventValue(&events[i]))
	}
	if err != nil {
		q.out = append(q.out, "event: error\ndata: "...)
		q.out = append(api.AsError(err).AppendJSON(q.out), "\n\n"...)
	}
	if len(q.out) > 0 {
		_ = l.control.SetWriteDeadline(l.server.in(stalled))
		if ended := l.ctx.Err(); ended != nil { // its deadline may just have been taken back
			return ended
		}
		if _, wrote := q.w.Write(q.out); wrote != nil {
			return wrote
		}
		if sent := l.control.Flush(); sent != nil {
			return sent
		}
	}
	return err
}

// moves gives what came over links since it was last asked.
func (l *liveStream) moves() ([]value.Value, error) {
	list, err := l.server.service.Delivered(&l.call)
	if err != nil {
		return nil, err
	}
	first := len(l.delivered) == 0 && l.ctx == nil
	var out []value.Value
	for _, d := range list {
		link := [2]string{d.From, d.To}
		was := l.delivered[link]
		l.delivered[link] = d.Entries
		if first || d.Entries <= was {
			continue
		}
		move := []value.Member{str("from", d.From), str("to", d.To), member("entries", value.Int(int64(d.Entries-was)))}
		if d.LagMs >= 0 {
			move = append(move, float("lagMs", d.LagMs))
		}
		out = append(out, value.Object(move...))
	}
	return out, nil
}

// appendNamed appends an event with a name.
func appendNamed(dst []byte, name string, data value.Value) []byte {
	dst = append(append(append(dst, "event: "...), name...), "\ndata: "...)
	return append(value.AppendJSON(dst, data), "\n\n"...)
}

func isoTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

func eventValue(e *api.Event) value.Value {
	return value.Object(member("number", value.Int(int64(e.Number))), str("at", isoTime(e.At)), str("level", e.Level), str("kind", e.Kind),
		str("location", e.Location), str("text", e.Text))
}

// events answers GET /mesh/events.
func (q *request) events() error {
	limit, err := q.query.number("limit", 100, 1, api.NotableMost)
	if err != nil {
		return err
	}
	since, err := q.query.number("since", -1, 0, 1<<53)
	if err != nil {
		return err
	}
	var after *uint64
	if since >= 0 {
		n := uint64(since)
		after = &n
	}
	list, next := q.server.service.Notable(&q.call, after, limit)
	return q.ok(http.StatusOK, member("result", each(list, eventValue)), member("next", value.Int(int64(next))))
}

// self answers GET /mesh/self.
func (q *request) self(ctx context.Context) error {
	s, err := q.server.service.SelfState(ctx, &q.call)
	if err != nil {
		return err
	}
	wait := func(w *api.Wait) value.Value {
		origin, ok := s.Names[w.Origin]
		if !ok {
			origin = w.Origin.String()
		}
		return value.Object(str("origin", origin), str("entry", w.Entry.String()), str("reason", w.Reason), member("forMs", value.Int(w.ForMs)),
			member("entries", value.Int(w.Entries)), str("pulling", w.Pulling))
	}
	peer := func(p *api.PeerState) value.Value {
		return value.Object(str("name", p.Name), member("connected", value.Bool(p.Connected)), float("rttMs", p.RTTMs), float("offsetMs", p.OffsetMs),
			member("silentMs", value.Int(p.SilentMs)), member("waitingEntries", value.Int(p.WaitingEntries)), member("waitingBytes", value.Int(p.WaitingBytes)))
	}
	reasons := s.Health.Reasons
	if reasons == nil {
		reasons = []string{}
	}
	bytes := func(name string, n int64) value.Member { return member(name, value.Int(n)) }
	storage := []value.Member{bytes("diskBytes", s.Storage.DiskBytes), bytes("memtableBytes", s.Storage.MemtableBytes), bytes("cacheBytes", s.Storage.CacheBytes),
		bytes("tables", s.Storage.Tables), bytes("debtBytes", s.Storage.DebtBytes)}
	if s.Storage.FreeBytes >= 0 {
		storage = append(storage, bytes("freeBytes", s.Storage.FreeBytes))
	}
	return q.plain(http.StatusOK, value.Object(str("location", s.Location), str("incarnation", s.Incarnation.String()), str("version", q.server.service.Version()),
		member("uptimeMs", value.Int(s.UptimeMs)), member("ready", value.Bool(s.Health.Ready)), member("reasons", textArray(reasons)), str("readOnly", s.Health.ReadOnly),
		float("clockOffsetMs", s.ClockOffsetMs), member("clockTrusted", value.Bool(s.ClockTrusted)), bytes("memoryBytes", s.MemoryBytes),
		member("storage", value.Object(storage...)), member("vector", vectorValue(s.Vector, s.Names)), member("stable", vectorValue(s.Stable, s.Names)),
		str("watermark", s.Watermark.String()), member("waits", each(s.Waits, wait)), member("peers", each(s.Peers, peer))))
}

// limits answers GET /limits.
func (q *request) limits() error {
	if _, err := q.identify(); err != nil {
		return err
	}
	if q.hr.Method != http.MethodGet {
		return q.allow("GET")
	}
	return q.result(http.StatusOK, each(q.server.service.LimitInfos(), func(l *api.LimitInfo) value.Value {
		return value.Object(str("name", l.Name), float("value", l.Value), str("unit", l.Unit), str("text", l.Text))
	}))
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
	q.headers() // a page of another location may read them
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
