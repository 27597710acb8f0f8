package http

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	members "github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/gateway/openapi/conform"
	"github.com/selvedge-db/selvedge/internal/env"
	engine "github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// world is a planet of one location whose fabrics are real and in memory.
type world struct {
	t       testing.TB
	server  *Server
	access  *access.Access
	mu      sync.Mutex
	number  uint32
	disks   map[string]*disk
	fabrics map[string]*fabric.Fabric
	meta    map[string]value.Value
	links   map[string]api.LinkChange
	health  api.Health
	backups []string
	events  []api.Event
	moved   []api.Delivery
}

const rootKey = "demo.root.secret"

func newWorld(t testing.TB) *world {
	t.Helper()
	return limitedWorld(t, api.Limits{BodyBytes: 8 << 20})
}

func limitedWorld(t testing.TB, limits api.Limits) *world {
	t.Helper()
	w := &world{t: t, disks: map[string]*disk{}, fabrics: map[string]*fabric.Fabric{}, meta: map[string]value.Value{}, links: map[string]api.LinkChange{},
		health: api.Health{Live: true, Ready: true}}
	machine := env.Real()
	w.open("demo", "_system")
	w.open("other", "_system")
	a, err := access.Open(access.Config{System: w.fabrics["demo/_system"], Clock: machine.Clock, Rand: machine.Rand})
	if err != nil {
		t.Fatal(err)
	}
	w.access = a
	ctx := context.Background()
	if _, err := a.Bootstrap(ctx, access.Root{APIKey: rootKey, NoPassword: true}); err != nil {
		t.Fatal(err)
	}
	if err := a.CreateUser(ctx, access.User{Tenant: "other", Name: "root", Active: true, Extra: value.Object()}, "other's"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.CreateKey(ctx, "other", "root", "root", "secret"); err != nil {
		t.Fatal(err)
	}
	service := api.New(api.Config{Planet: w, Access: a, Env: machine, Queries: engine.New(engine.Config{Clock: machine.Clock, Random: machine.Rand}), Version: "0.1.0", Limits: limits})
	if w.server, err = New(Config{Service: service, Log: slog.New(slog.NewTextHandler(testLog{t}, nil))}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.server.cut()
		service.Close()
		a.Close()
		for _, f := range w.fabrics {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

// disk is a store whose syncs can be held up.
type disk struct {
	*memory.DB
	stalled atomic.Pointer[chan struct{}]
}

// stall holds syncs up until resume is called.
func (d *disk) stall() (resume func()) {
	gate := make(chan struct{})
	d.stalled.Store(&gate)
	return func() { d.stalled.Store(nil); close(gate) }
}

func (d *disk) Apply(b kv.Batch) (kv.Pending, error) {
	p, err := d.DB.Apply(b)
	if gate := d.stalled.Load(); gate != nil && err == nil {
		return held{p, *gate}, nil
	}
	return p, err
}

type held struct {
	kv.Pending
	gate chan struct{}
}

func (h held) Wait() error {
	<-h.gate
	return h.Pending.Wait()
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	if _, fuzz := l.t.(*testing.F); fuzz { // whose log is closed while it runs
		return len(b), nil
	}
	l.t.Log(string(bytes.TrimSpace(b)))
	return len(b), nil
}

// open makes a fabric of one member.
func (w *world) open(tenant, name string) *fabric.Fabric {
	w.t.Helper()
	w.number++
	d := &disk{DB: memory.New(memory.Options{})}
	w.disks[tenant+"/"+name] = d
	f, err := fabric.Open(fabric.Config{Name: name, DB: d, Env: env.Real(), Options: fabric.Options{Number: w.number}})
	if err == nil {
		err = f.Create(context.Background(), members.Change{Kind: members.Create, Origin: 1, Fabric: tenant + "/" + name, Name: "fra"})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.fabrics[tenant+"/"+name] = f
	return f
}

func (w *world) Fabric(tenant, name string) (*fabric.Fabric, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.fabrics[tenant+"/"+name]; f != nil {
		return f, nil
	}
	return nil, api.Fail(api.FabricNotFound, "%q", name)
}

func (w *world) ListFabrics(tenant string) []api.FabricInfo {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []api.FabricInfo
	for key := range w.fabrics {
		if t, name, _ := strings.Cut(key, "/"); t == tenant {
			out = append(out, api.FabricInfo{Tenant: t, Name: name, Locations: []string{"fra"}, Metadata: w.meta[key]})
		}
	}
	slices.SortFunc(out, func(a, b api.FabricInfo) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (w *world) CreateFabric(_ context.Context, tenant string, spec api.FabricSpec) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fabrics[tenant+"/"+spec.Name] != nil {
		return api.Fail(api.FabricExists, "%q", spec.Name)
	}
	w.open(tenant, spec.Name)
	w.meta[tenant+"/"+spec.Name] = spec.Metadata
	return nil
}

func (w *world) DropFabric(_ context.Context, tenant, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.fabrics[tenant+"/"+name]
	if f == nil {
		return api.Fail(api.FabricNotFound, "%q", name)
	}
	delete(w.fabrics, tenant+"/"+name)
	return f.Close()
}

func (w *world) SetFabricLocations(context.Context, string, string, []string) error { return nil }

func (w *world) SetFabricMetadata(_ context.Context, tenant, name string, m value.Value) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.meta[tenant+"/"+name] = m
	return nil
}

func (w *world) Local() api.Location {
	return api.Location{Name: "fra", URL: "http://localhost:8400", City: "Frankfurt", Country: "DE", CountryName: "Germany", Latitude: 50.1, Longitude: 8.7, State: "up", Local: true}
}

func (w *world) AllLocations() []api.Location {
	return []api.Location{w.Local(), {Name: "syd", URL: "http://localhost:8401", State: "up"}}
}

func (w *world) MeshState(tenant, name string) (api.MeshState, error) {
	f, err := w.Fabric(tenant, name)
	if err != nil {
		return api.MeshState{}, err
	}
	s := f.Status()
	return api.MeshState{Location: "fra", Anchor: "fra", Locations: w.AllLocations(), Vector: s.Vector, Stable: s.Stable, Watermark: s.Watermark,
		Links: []api.Link{{From: "fra", To: "syd", State: "up", OneWayMs: 125, RTTMs: 250}}, Names: map[clock.Origin]string{1: "fra"}}, nil
}

func (w *world) LiveState(tenant, name string) (api.MeshState, error) {
	state, err := w.MeshState(tenant, name)
	one, ready := uint64(1), true
	for i := range state.Locations {
		state.Locations[i].Live = api.LocationLive{Commits: &one, Ready: &ready, Member: i == 0}
	}
	for i := range state.Links {
		state.Links[i].Live = api.LinkLive{Delivered: &one, Emulated: true, JitterMs: 2, LossPercent: 3}
	}
	return state, err
}

func (w *world) Delivered(tenant, name string) ([]api.Delivery, error) {
	if _, err := w.Fabric(tenant, name); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.moved), nil
}

func (w *world) SelfState(tenant, name string) (api.SelfState, error) {
	state, err := w.MeshState(tenant, name)
	return api.SelfState{Location: "fra", UptimeMs: 5, Health: w.health, ClockTrusted: true, MemoryBytes: 7, Storage: api.Storage{DiskBytes: 1, FreeBytes: 2},
		Vector: state.Vector, Names: state.Names, Waits: []api.Wait{{Origin: 1, Entry: 9, Reason: "dependency", Entries: 3}}, Peers: []api.PeerState{{Name: "syd", Connected: true}}}, err
}

func (w *world) Notable(since *uint64, limit int) []api.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	if since == nil {
		return slices.Clone(w.events[max(len(w.events)-limit, 0):])
	}
	var out []api.Event
	for _, e := range w.events {
		if e.Number > *since && len(out) < limit {
			out = append(out, e)
		}
	}
	return out
}

func (w *world) happen(e api.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Number = uint64(len(w.events) + 1)
	w.events = append(w.events, e)
}

func (w *world) Limits() []api.LimitInfo {
	return []api.LimitInfo{{Name: "limits.body", Value: 8 << 20, Unit: "bytes", Text: "Largest request body."}}
}

func (w *world) SetLink(_ context.Context, from, to string, c api.LinkChange) error {
	if from != "fra" && from != "syd" {
		return api.Fail(api.LocationNotFound, "%q", from)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links[from+">"+to] = c
	return nil
}

func (w *world) HealAll(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.links)
	return nil
}

func (w *world) Evict(context.Context, string, string, string) error { return nil }
func (w *world) Leave(context.Context, string, string) error         { return nil }
func (w *world) SetAnchor(_ context.Context, _, _, location string, force bool) error {
	if location != "fra" && !force {
		return api.Fail(api.Refused, "the anchor cannot be reached")
	}
	return nil
}
func (w *world) Backup(_ context.Context, folder string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.backups = append(w.backups, folder)
	return nil
}
func (w *world) Health() api.Health { return w.health }

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
}

// call sends a request with root's key. Header pairs may replace it.
func (w *world) call(method, path, body string, header ...string) answer {
	w.t.Helper()
	return w.send(w.t, method, path, body, header...)
}

// send is call for fuzz tests, each input of which is a test of its own.
func (w *world) send(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	hr := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	hr.Header.Set("Authorization", "apikey "+rootKey)
	for i := 0; i+1 < len(header); i += 2 {
		hr.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			hr.Host = header[i+1]
		}
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, hr)
	res := rec.Result()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := described.Check(conform.Exchange{Method: method, URL: path, Body: []byte(body), Status: res.StatusCode, Answer: text,
		Background: hr.Header.Get("X-C8-Async") != ""}); err != nil {
		t.Errorf("the OpenAPI document: %v", err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// TestMain asks, when all tests ran, that every operation of the OpenAPI document was answered in them. Streams do not go
// through send.
func TestMain(m *testing.M) {
	code := m.Run()
	streams := []string{"followChanges: GET /changes", "followMesh: GET /mesh/live"}
	unseen := slices.DeleteFunc(described.Unseen(), func(s string) bool { return slices.Contains(streams, s) })
	if all := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""; code == 0 && all && len(unseen) > 0 {
		fmt.Fprintf(os.Stderr, "FAIL: described in the OpenAPI document and never answered:\n%s\n", strings.Join(unseen, "\n"))
		code = 1
	}
	os.Exit(code)
}

// described holds every answer of these tests to the OpenAPI document.
var described = func() *conform.Checker {
	c, err := conform.New()
	if err != nil {
		panic(err)
	}
	return c
}()

// good sends a request that must give the status, and reads the reply.
func (w *world) good(status int, method, path, body string, header ...string) value.Value {
	w.t.Helper()
	a := w.call(method, path, body, header...)
	if a.status != status {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	v, err := value.Parse([]byte(a.body), value.DefaultLimits)
	if err != nil {
		w.t.Fatalf("%s %s: reply %q: %v", method, path, a.body, err)
	}
	checkShape(w.t, method+" "+path, status, v)
	return v
}

// checkShape holds every reply to the rule that clients rely on: the four
// members of the envelope come together in errors and never in successes.
func checkShape(t testing.TB, what string, status int, v value.Value) {
	t.Helper()
	all := true
	for _, name := range []string{"error", "code", "errorNum", "errorMessage"} {
		if _, ok := v.Get(name); !ok {
			all = false
		}
	}
	if all != (status >= 400 && status != http.StatusServiceUnavailable) && status != http.StatusServiceUnavailable {
		t.Errorf("%s: status %d with the error envelope %v: %s", what, status, all, v)
	}
}

// bad sends a request that must fail with a status and number.
func (w *world) bad(status int, num int64, method, path, body string, header ...string) value.Value {
	w.t.Helper()
	v := w.good(status, method, path, body, header...)
	if got, _ := v.Get("errorNum"); got.Digits() != value.Int(num).Digits() {
		w.t.Fatalf("%s %s: errorNum %s, want %d: %s", method, path, got, num, v)
	}
	return v
}

// field gives a member along a path with dots.
func field(t testing.TB, v value.Value, dotted string) value.Value {
	t.Helper()
	for name := range strings.SplitSeq(dotted, ".") {
		next, ok := v.Get(name)
		if !ok {
			t.Fatalf("no member %s of %s in %s", name, dotted, v)
		}
		v = next
	}
	return v
}

// listen serves a world on a real port.
func (w *world) listen() string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(l) }()
	w.t.Cleanup(func() {
		if err := w.server.Shutdown(context.Background()); err != nil {
			w.t.Error(err)
		}
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	return l.Addr().String()
}
