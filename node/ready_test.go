package node_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/internal/testport"
	"github.com/selvedge-db/selvedge/node"
	"github.com/selvedge-db/selvedge/value"
)

// page gets a page of a location, nothing while it does not answer.
func page(t *testing.T, url, credentials string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if credentials != "" {
		r.Header.Set("Authorization", "apikey "+credentials)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, ""
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, res.Header, string(text)
}

// TestReadyMeansWrites starts a planet on its data again and writes at once, everywhere.
func TestReadyMeansWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDev(t, "fra,syd,tok", dir)
	makeCollection(t, at(t, d, "fra", "_system"), "c")
	for _, l := range d.Locations() {
		eventually(t, "the collection at "+l.Name, func() bool { _, ok := at(t, d, l.Name, "_system").Collection("c"); return ok })
	}
	closeDev(t, d)
	d = startDev(t, "fra,syd,tok", dir)
	defer closeDev(t, d)
	for _, l := range d.Locations() {
		f, err := d.Node(l.Name).Fabric("demo", "_system")
		if err != nil {
			t.Fatal(err)
		}
		w := fabric.NewWrite(fabric.Upsert, "c", l.Name, value.Object())
		if _, err := f.Commit(within(t), fabric.Transaction{Writes: []fabric.Write{w}}); err != nil {
			t.Errorf("the first write at %s: %v", l.Name, err)
		}
		if h := d.Node(l.Name).Health(); !h.Ready || h.ReadOnly != "" {
			t.Errorf("health of %s: %+v", l.Name, h)
		}
	}
	_, _, metrics := page(t, d.Nodes()[1].URL()+"/metrics", key)
	for _, want := range []string{"\ngo_goroutines ", "\nprocess_open_fds ", "\nselvedge_fabric_events_total{event=\"unmarked\",fabric=\"_system\"} 0", "\nselvedge_store_syncs_total "} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics have no %q", want)
		}
	}
}

// TestHoldIsNotReady has a location that hears nobody: it waits before it trusts its own clock, and says so.
func TestHoldIsNotReady(t *testing.T) {
	t.Parallel()
	s := newServed(t, 2, "fra", "syd")
	s.stop("syd")
	fra := s.nodes["fra"]
	if h := fra.Health(); !h.Ready {
		t.Fatalf("health: %+v", h)
	}
	end := fra.Hold()
	if h := fra.Health(); h.Ready || !strings.Contains(h.ReadOnly, "clock") {
		t.Errorf("health while writes are held: %+v", h)
	}
	if code, _, text := page(t, fra.URL()+"/health/ready", ""); code != 503 {
		t.Errorf("%d %s", code, text)
	}
	end(t.Context())
	if h := fra.Health(); !h.Ready || h.ReadOnly != "" {
		t.Errorf("health after it: %+v", h)
	}
}

// TestJoiningLocationAnswers looks at a location that nobody lets in.
func TestJoiningLocationAnswers(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 3)
	c := node.DefaultConfig()
	c.Location.Name, c.Data, c.Mesh.Join, c.Mesh.Key = "syd", t.TempDir(), []string{address(port + 2)}, "a-key-for-all-of-them"
	c.HTTP.Listen, c.Mesh.Listen = address(port), address(port+1)
	ctx, cancel := context.WithCancel(within(t))
	ended := make(chan error, 1)
	go func() {
		_, err := node.Start(ctx, c)
		ended <- err
	}()
	url := "http://" + c.HTTP.Listen
	eventually(t, "the health page", func() bool { code, _, _ := page(t, url+"/health/live", ""); return code == 200 })
	if code, _, text := page(t, url+"/health/ready", ""); code != 503 || !strings.Contains(text, "has not joined") {
		t.Errorf("ready: %d %s", code, text)
	}
	for _, path := range []string{"/_fabric/_system/_api/collection", "/metrics", "/health/other", "/_open/auth", "/"} {
		code, header, text := page(t, url+path, key)
		if code != 503 || header.Get("Retry-After") == "" || !strings.Contains(text, `"errorNum":1004`) || !strings.Contains(text, "has not joined") {
			t.Errorf("%s: %d %v %s", path, code, header, text)
		}
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("it started")
	}
}
