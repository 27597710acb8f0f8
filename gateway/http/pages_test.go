package http

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/internal/env"
	engine "github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/value"
)

// paged gives a world pages that say which they are.
func paged(t testing.TB) *world {
	w := newWorld(t)
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, hr *http.Request) {
			if strings.HasSuffix(hr.URL.Path, "/none") {
				http.NotFound(out, hr)
				return
			}
			fmt.Fprint(out, text+" "+hr.URL.Path)
		})
	}
	w.server.pages.handlers = map[string]http.Handler{"": http.RedirectHandler("/console/planet", http.StatusFound), "console": say("console"), "docs": say("docs"),
		"openapi.json": say("openapi"), "absent": nil}
	return w
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := paged(t)
	for path, want := range map[string]string{"/console/": "console /console/", "/console": "console /console", "/console/data/a/b/c/d/e/f/g/h": "console /console/data/a/b/c/d/e/f/g/h",
		"/docs/guides/x.html": "docs /docs/guides/x.html", "/openapi.json": "openapi /openapi.json"} {
		a := w.call("GET", path, "", "Authorization", "")
		if a.status != 200 || a.body != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		for name, part := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=()",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self' " +
				"http://localhost:8400 ws://localhost:8400 http://localhost:8401 ws://localhost:8401; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"} {
			if got := a.header.Get(name); !strings.HasPrefix(got, part) {
				t.Errorf("%s: %s is %q, want %q", path, name, got, part)
			}
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s may be read by every site: %q", path, got)
		}
	}
	if a := w.call("GET", "/", "", "Authorization", ""); a.status != 302 || a.header.Get("Location") != "/console/planet" {
		t.Errorf("/: %d %v", a.status, a.header)
	}
	if a := w.call("GET", "/console/none", ""); a.status != 404 {
		t.Errorf("a file that is not there: %d", a.status)
	}
	w.bad(405, 405, "POST", "/console/", "{}")
	w.bad(404, 404, "GET", "/absent/", "")
	for _, path := range []string{"/console/", "/docs/", "/", "/openapi.json"} {
		w.bad(421, 421, "GET", path, "", "Host", "evil.example")
	}
	w.good(200, "GET", "/_fabric/_system/_api/collection", "")
	if a := w.call("OPTIONS", "/console/", ""); a.status != 204 {
		t.Errorf("preflight: %d", a.status)
	}
}

// lettingIn is a world whose planet lets this machine in without credentials.
func lettingIn(t testing.TB) *world {
	t.Helper()
	w := paged(t)
	machine := env.Real()
	a, err := access.Open(access.Config{System: w.fabrics["demo/_system"], Clock: machine.Clock, Rand: machine.Rand, Open: true, OpenTenant: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	service := api.New(api.Config{Planet: w, Access: a, Env: machine, Queries: engine.New(engine.Config{Clock: machine.Clock, Random: machine.Rand}), Version: "0.1.0", Limits: api.Limits{BodyBytes: 8 << 20}})
	was := w.server.service
	w.server.service = service
	t.Cleanup(func() { w.server.service = was; service.Close(); a.Close() })
	return w
}

// A page of another site, in a browser on the machine of a planet that is open there, can do nothing.
func TestOtherSitesCannotAct(t *testing.T) {
	t.Parallel()
	w := lettingIn(t)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("demo/root:"))
	send := func(method, path, body string, header ...string) int {
		hr := httptest.NewRequest(method, "http://127.0.0.1:8400"+path, strings.NewReader(body))
		hr.RemoteAddr = "127.0.0.1:5555"
		for i := 0; i+1 < len(header); i += 2 {
			hr.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, hr)
		return rec.Code
	}
	requests := []struct{ method, path, body string }{
		{"GET", base + "/collection", ""}, {"GET", base + "/mesh", ""}, {"GET", base + "/mesh/live", ""}, {"GET", base + "/mesh/self", ""}, {"GET", base + "/mesh/events", ""},
		{"GET", base + "/limits", ""}, {"GET", "/metrics", ""}, {"GET", base + "/changes", ""}, {"GET", "/_ws/_tenant/demo/_fabric/_system/changes", ""}, {"GET", "/_fabric/_system/_ws/changes", ""},
		{"POST", base + "/collection", `{"name":"evil"}`}, {"PUT", base + "/mesh/links/fra/syd", `{"state":"cut"}`}, {"DELETE", base + "/mesh/links", ""},
		{"POST", base + "/cursor", `{"query":"RETURN 1"}`}, {"POST", "/_open/auth", `{"tenant":"demo","username":"root","password":""}`}, {"POST", base + "/key", `{"keyid":"evil"}`}}
	for _, r := range requests {
		for _, from := range [][]string{{"Origin", "https://evil.example"}, {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, {"Origin", "null"},
			{"Origin", "http://192.0.2.1:8400"}, {"Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "cross-site", "Authorization", basic}, {"Origin", "https://evil.example", "Authorization", basic}} {
			if status := send(r.method, r.path, r.body, from...); status != 401 && status != 404 {
				t.Errorf("%s %s from %v: %d, want 401", r.method, r.path, from, status)
			}
		}
	}
	for _, from := range [][]string{{}, {"Origin", "http://127.0.0.1:8400", "Sec-Fetch-Site", "same-origin"}, {"Origin", "http://localhost:8401", "Sec-Fetch-Site", "cross-site"},
		{"Authorization", basic}, {"Authorization", basic, "Origin", "http://127.0.0.1:8401"}} {
		if status := send("GET", base+"/collection", "", from...); status != 200 {
			t.Errorf("the planet's own pages and programs, %v: %d", from, status)
		}
	}
	if status := send("GET", base+"/collection", "", "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site", "Authorization", "apikey "+rootKey); status != 200 {
		t.Errorf("another site with a key: %d", status)
	}
	if got := field(t, w.good(200, "GET", base+"/collection", ""), "result").String(); strings.Contains(got, "evil") {
		t.Errorf("another site has acted: %s", got)
	}
}

func TestNoPasswordWindowInBrowsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := w.call("GET", base+"/collection", "", "Authorization", "", "Sec-Fetch-Mode", "cors"); a.status != 401 || strings.Contains(a.header.Get("Www-Authenticate"), "Basic") {
		t.Errorf("a browser: %d %v", a.status, a.header)
	}
	if a := w.call("GET", base+"/collection", "", "Authorization", ""); a.status != 401 || !strings.Contains(a.header.Get("Www-Authenticate"), "Basic") {
		t.Errorf("another program: %d %v", a.status, a.header)
	}
}

// liveReader reads events of mesh/live.
type liveReader struct {
	t     *testing.T
	lines *bufio.Reader
	body  interface{ Close() error }
}

func (w *world) watchLive(t *testing.T, at, query, key string) (*liveReader, int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	hr, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+base+"/mesh/live"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	hr.Header.Set("Authorization", "apikey "+key)
	res, err := http.DefaultClient.Do(hr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return &liveReader{t, bufio.NewReader(res.Body), res.Body}, res.StatusCode
}

// next reads up to the next event with a name.
func (r *liveReader) next(name string) value.Value {
	r.t.Helper()
	event := ""
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			r.t.Fatalf("the stream ended before %s: %v", name, err)
		}
		if text, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(text)
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok && event == name {
			v, err := value.Parse([]byte(strings.TrimSpace(text)), value.DefaultLimits)
			if err != nil {
				r.t.Fatal(err)
			}
			return v
		}
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mu.Lock()
	w.moved = []api.Delivery{{From: "fra", To: "syd", Entries: 100, LagMs: 1}}
	w.mu.Unlock()
	w.happen(api.Event{Text: "of before"})
	at := w.listen()
	r, status := w.watchLive(t, at, "?interval=100", rootKey)
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	state := r.next("state")
	if got := keysOf(field(t, state, "locations").Items()[0]); got != "city clockOffsetMs commits country incarnation latitude longitude member name ready state url" {
		t.Errorf("a location has %s", got)
	}
	if got := keysOf(field(t, state, "links").Items()[0]); got != "delivered dev from jitterMs lag lossPercent oneWayMs rttMs state to" {
		t.Errorf("a link has %s", got)
	}
	w.mu.Lock()
	w.moved[0].Entries = 107
	w.moved = append(w.moved, api.Delivery{From: "syd", To: "fra", Entries: 2, LagMs: -1})
	w.mu.Unlock()
	travel := r.next("travel")
	if got := field(t, travel, "moves").String(); got != `[{"entries":7,"from":"fra","lagMs":1,"to":"syd"},{"entries":2,"from":"syd","to":"fra"}]` {
		t.Errorf("moves: %s", got)
	}
	w.happen(api.Event{Text: "another's", Tenant: "other"})
	w.happen(api.Event{Level: "warn", Kind: "cut", Location: "fra", Text: "the link was cut"})
	if got := r.next("notable"); field(t, got, "text").Str() != "the link was cut" || field(t, got, "number").Digits() != "3" {
		t.Errorf("notable: %s", got)
	}
	r.next("state")
	if _, status := w.watchLive(t, at, "?interval=99", rootKey); status != 400 {
		t.Errorf("interval 99: %d", status)
	}
}

func TestLiveEndsWithTheCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := field(t, w.good(201, "POST", base+"/key", `{"keyid":"watcher"}`), "key").Str()
	at := w.listen()
	r, _ := w.watchLive(t, at, "", key)
	r.next("state")
	w.good(202, "DELETE", base+"/key/watcher", "")
	if got := r.next("error"); field(t, got, "code").Digits() != "401" {
		t.Errorf("the end: %s", got)
	}
	if _, err := r.lines.ReadString(0); err == nil {
		t.Error("the stream goes on")
	}
	if _, status := w.watchLive(t, at, "", key); status != 401 {
		t.Errorf("a new stream: %d", status)
	}
	if n := w.server.live.Load(); n != 0 {
		t.Errorf("%d streams are still counted", n)
	}
}

func TestLiveStreamsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.listen()
	w.server.live.Store(api.LiveStreams - 1)
	r, status := w.watchLive(t, at, "", rootKey)
	if status != 200 {
		t.Fatalf("the last: %d", status)
	}
	r.next("state")
	w.bad(503, 30001, "GET", base+"/mesh/live", "")
	if n := w.server.live.Load(); n != api.LiveStreams {
		t.Errorf("%d are counted", n)
	}
}

func TestEventsAndSelf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.happen(api.Event{At: 1000, Level: "info", Kind: "start", Location: "fra", Text: fmt.Sprint(i)})
	}
	w.happen(api.Event{Tenant: "other", Text: "secret"})
	got := w.good(200, "GET", base+"/mesh/events?since=1&limit=2", "")
	if field(t, got, "result").String() != `[{"at":"1970-01-01T00:00:01.000Z","kind":"start","level":"info","location":"fra","number":2,"text":"1"},`+
		`{"at":"1970-01-01T00:00:01.000Z","kind":"start","level":"info","location":"fra","number":3,"text":"2"}]` || field(t, got, "next").Digits() != "3" {
		t.Errorf("events: %s", got)
	}
	if got := w.good(200, "GET", base+"/mesh/events?limit=2", ""); field(t, got, "result").Len() != 1 || field(t, got, "next").Digits() != "6" {
		t.Errorf("the newest: %s", got)
	}
	if got := w.good(200, "GET", base+"/mesh/events?since=6", ""); field(t, got, "result").Len() != 0 || field(t, got, "next").Digits() != "6" {
		t.Errorf("none: %s", got)
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?since=x", "?since=-1"} {
		w.bad(400, 10, "GET", base+"/mesh/events"+query, "")
	}
	self := w.good(200, "GET", base+"/mesh/self", "")
	if got := keysOf(self); got != "clockOffsetMs clockTrusted incarnation location memoryBytes peers readOnly ready reasons stable storage uptimeMs vector version waits watermark" {
		t.Errorf("self has %s", got)
	}
	if got := field(t, self, "waits").String(); got != `[{"entries":3,"entry":"0000000000000009","forMs":0,"origin":"fra","pulling":"","reason":"dependency"}]` {
		t.Errorf("waits: %s", got)
	}
	w.bad(405, 405, "POST", base+"/mesh/self", "{}")
	limits := field(t, w.good(200, "GET", base+"/limits", ""), "result")
	if got := limits.Items()[0].String(); got != `{"name":"limits.body","text":"Largest request body.","unit":"bytes","value":8388608}` || limits.Len() < 5 {
		t.Errorf("limits: %s", limits)
	}
	w.bad(405, 405, "POST", base+"/limits", "{}")
}

func TestProvenance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c","crdt":{"n":{"type":"counter"}}}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"k","a":{"b":1},"n":2}`)
	got := w.good(200, "GET", base+"/provenance/c/k", "")
	fields := field(t, got, "fields").Items()
	if field(t, got, "_id").Str() != "c/k" || len(fields) != 3 || field(t, fields[0], "path").Len() != 0 || field(t, fields[0], "location").Str() != "fra" ||
		!strings.HasSuffix(field(t, fields[0], "at").Str(), "Z") || field(t, fields[1], "path").String() != `["a","b"]` {
		t.Errorf("provenance: %s", got)
	}
	w.bad(404, 1202, "GET", base+"/provenance/c/none", "")
	w.bad(404, 1203, "GET", base+"/provenance/none/k", "")
	w.bad(404, 1203, "GET", base+"/provenance/_users/demo:root", "")
	w.bad(404, 404, "GET", base+"/provenance/c", "")
	w.bad(405, 405, "PUT", base+"/provenance/c/k", "{}")
}

// stuck is a reader that takes one write after another, as it is told to.
type stuck struct {
	header http.Header
	take   chan []byte
}

func (s *stuck) Header() http.Header { return s.header }
func (s *stuck) WriteHeader(int)     {}
func (s *stuck) FlushError() error   { return nil }
func (s *stuck) Write(b []byte) (int, error) {
	s.take <- bytes.Clone(b)
	return len(b), nil
}

// A reader that is slow is told what it missed at once, and nothing piles up for it.
func TestLiveJoinsTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		out := &stuck{http.Header{}, make(chan []byte)}
		ctx, cancel := context.WithCancel(context.Background())
		hr := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+base+"/mesh/live", nil)
		hr.Header.Set("Authorization", "apikey "+rootKey)
		ended := make(chan bool)
		go func() { w.server.ServeHTTP(out, hr); close(ended) }()
		<-out.take // the first state
		time.Sleep(500 * time.Millisecond)
		for range 100 { // while it waits with what it has
			w.mu.Lock()
			if w.moved == nil {
				w.moved = []api.Delivery{{From: "fra", To: "syd", LagMs: 1}}
			}
			w.moved[0].Entries++
			w.mu.Unlock()
			time.Sleep(200 * time.Millisecond)
		}
		told := 0
		for told < 100 {
			text := string(<-out.take)
			if n := strings.Count(text, "event: travel"); n > 1 || strings.Count(text, "event: state") > 1 {
				t.Fatalf("a turn tells %d times of moves: %s", n, text)
			}
			if _, moves, ok := strings.Cut(text, "event: travel"); ok {
				_, after, _ := strings.Cut(moves, `"entries":`)
				n, err := strconv.Atoi(after[:strings.IndexAny(after, ",}")])
				if err != nil {
					t.Fatal(err)
				}
				told += n
			}
		}
		if told != 100 {
			t.Errorf("%d entries are told, want 100", told)
		}
		cancel()
		for {
			select {
			case <-out.take:
				continue
			case <-ended:
			}
			break
		}
	})
}
