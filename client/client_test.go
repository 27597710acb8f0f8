package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server and a client of it whose pauses are noted, not slept.
func serve(t *testing.T, cfg Config, h http.HandlerFunc) (*Client, *[]time.Duration) {
	t.Helper()
	server := httptest.NewServer(h)
	var mu sync.Mutex
	pauses := &[]time.Duration{}
	cfg.URL = server.URL
	cfg.Pause = func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		*pauses = append(*pauses, d)
		return ctx.Err()
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.CloseIdle()
		server.CloseClientConnections()
		server.Close()
	})
	return c, pauses
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// hangUp breaks the connection without an answer.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}

func TestRequestsAsTheServerWantsThem(t *testing.T) {
	t.Parallel()
	var got []string
	c, _ := serve(t, Config{APIKey: "demo.root.secret", Fabric: "a b"}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)))
		if r.Header.Get("Authorization") != "apikey demo.root.secret" {
			t.Errorf("authorization is %q", r.Header.Get("Authorization"))
		}
		w.Header().Set("ETag", `"r7"`)
		answer(w, 200, "{}")
	})
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	_, err := c.Insert(ctx, "c", map[string]int{"a": 1}, WriteOptions{Overwrite: true})
	must(err)
	_, err = c.Update(ctx, "c", "k:1/2", json.RawMessage(`{"a":2.0}`), WriteOptions{DropNulls: true, ReplaceObjects: true, ReturnOld: true})
	must(err)
	rev, found, err := c.Exists(ctx, "c", "k")
	must(err)
	if rev != "r7" || !found {
		t.Errorf("exists: %q, %v", rev, found)
	}
	_, err = c.CreateCollection(ctx, CollectionSpec{Name: "c", CRDT: map[string]CRDT{"n": {Type: "counter"}}})
	must(err)
	_, err = c.CreateIndex(ctx, "c", Index{Type: "ttl", Fields: []string{"at"}})
	must(err)
	_, err = c.CreateIndex(ctx, "c", Index{Type: "persistent", Fields: []string{"a"}, Sparse: true})
	must(err)
	_, err = c.Atomic(ctx, []Operation{{Op: "insert", Collection: "c", Document: json.RawMessage(`{}`)}}, WriteOptions{})
	must(err)
	must(c.CutLink(ctx, "fra", "syd"))
	must(c.CreateFabric(ctx, "shop", "fra", "syd"))
	_, _, err = c.Conflicts(ctx, "", "7", 10)
	must(err)
	want := []string{
		`POST /_fabric/a%20b/_api/document/c?overwrite=true {"a":1}`,
		`PATCH /_fabric/a%20b/_api/document/c/k:1%2F2?keepNull=false&mergeObjects=false&returnOld=true {"a":2.0}`,
		`HEAD /_fabric/a%20b/_api/document/c/k`,
		`POST /_fabric/a%20b/_api/collection {"name":"c","type":2,"crdt":{"n":{"type":"counter"}}}`,
		`POST /_fabric/a%20b/_api/index?collection=c {"type":"ttl","fields":["at"],"expireAfter":0}`,
		`POST /_fabric/a%20b/_api/index?collection=c {"type":"persistent","fields":["a"],"sparse":true}`,
		`POST /_fabric/a%20b/_api/batch/atomic {"operations":[{"op":"insert","collection":"c","document":{}}]}`,
		`PUT /_fabric/a%20b/_api/mesh/links/fra/syd {"state":"cut"}`,
		`POST /_fabric/_system/_api/database {"name":"shop","options":{"dcList":"fra,syd"}}`,
		`GET /_fabric/a%20b/_api/conflicts?limit=10&since=7`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPut:
			answer(w, 412, `{"error":true,"code":412,"errorNum":1200,"errorMessage":"conflict","errorCode":"revision-conflict","_id":"c/k","_key":"k","_rev":"r2"}`)
		case http.MethodDelete:
			answer(w, 502, "<html>bad gateway</html>")
		case http.MethodPost:
			answer(w, 404, `{"error":true,"code":404,"errorNum":1202,"errorMessage":"document not found","index":3}`)
		default:
			answer(w, 200, `{"_key":`)
		}
	})
	_, err := c.Replace(t.Context(), "c", "k", map[string]int{}, WriteOptions{IfRev: "r1"})
	var e *Error
	if !errors.As(err, &e) || *e != (Error{412, 1200, "revision-conflict", "conflict", -1, "c/k", "k", "r2"}) {
		t.Errorf("got %#v", err)
	}
	if want := "conflict [412, error 1200, revision-conflict]"; err.Error() != want {
		t.Errorf("got %q, want %q", err.Error(), want)
	}
	if _, err = c.Remove(t.Context(), "c", "k", WriteOptions{}); StatusOf(err) != 502 || !strings.Contains(err.Error(), "bad gateway") {
		t.Errorf("got %v", err)
	}
	if _, err = c.Atomic(t.Context(), nil, WriteOptions{}); !errors.As(err, &e) || e.Index != 3 || !IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	if _, err = c.Get(t.Context(), "c", "k", nil); err == nil || StatusOf(err) != 0 {
		t.Errorf("half an answer is taken: %v", err)
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 202, `[{"_id":"c/1","_key":"1","_rev":"r"},{"error":true,"errorNum":1210,"errorMessage":"unique constraint violated"}]`)
	})
	items, err := c.InsertMany(t.Context(), "c", []int{1, 2}, WriteOptions{})
	if err != nil || len(items) != 2 || items[0].Key != "1" || items[0].Err != nil || items[1].Err.ErrorNum != 1210 || items[1].Err.Status != 409 {
		t.Errorf("got %+v, %v", items, err)
	}
}

// A write goes again under the same Idempotency-Key, whatever came between.
func TestWritesGoAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	var keys []string
	c, pauses := serve(t, Config{Retries: 3}, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"a":1}` {
			t.Errorf("the body is %s", body)
		}
		switch len(keys) {
		case 1:
			hangUp(w)
		case 2:
			w.Header().Set("Retry-After", "3")
			answer(w, 503, `{"error":true,"code":503,"errorNum":30001,"errorMessage":"overloaded"}`)
		case 3:
			w.Header().Set("Content-Length", "100")
			answer(w, 202, `{"_key"`)
			hangUp(w)
		default:
			answer(w, 202, `{"_key":"1"}`)
		}
	})
	meta, err := c.Insert(t.Context(), "c", map[string]int{"a": 1}, WriteOptions{})
	if err != nil || meta.Key != "1" {
		t.Fatal(meta, err)
	}
	if len(keys) != 4 || len(keys[0]) < 16 || len(slices.Compact(slices.Clone(keys))) != 1 {
		t.Errorf("keys: %q", keys)
	}
	if len(*pauses) != 3 || (*pauses)[1] != 3*time.Second {
		t.Errorf("pauses: %v", *pauses)
	}
	if _, err := c.Insert(t.Context(), "c", map[string]int{"a": 1}, WriteOptions{}); err != nil || keys[4] == keys[3] {
		t.Errorf("two writes have one key: %v, %v", keys, err)
	}
}

func TestWhatDoesNotGoAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if strings.HasSuffix(r.URL.Path, "/collection") || strings.HasSuffix(r.URL.Path, "/truncate") {
			hangUp(w)
			return
		}
		answer(w, 504, `{"error":true,"code":504,"errorNum":30004,"errorMessage":"syd is behind"}`)
	})
	if _, err := c.Get(t.Context(), "c", "k", nil); StatusOf(err) != 504 || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	_, err := c.CreateCollection(t.Context(), CollectionSpec{Name: "c"})
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	// A second time they would take what was written after the first.
	for i, err := range []error{c.Truncate(t.Context(), "c"), c.KVTruncate(t.Context(), "c")} {
		if !errors.As(err, &unreachable) {
			t.Errorf("truncate %d: %v", i, err)
		}
	}
	if calls.Load() != 4 {
		t.Errorf("%d calls: a truncate went again", calls.Load())
	}
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	calls := 0
	c, pauses := serve(t, Config{Retries: 2}, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		answer(w, 503, `{"error":true,"code":503,"errorNum":1004,"errorMessage":"read-only: disk is full"}`)
	})
	if _, err := c.Count(t.Context(), "c"); StatusOf(err) != 503 || calls != 3 || len(*pauses) != 2 {
		t.Errorf("%v after %d calls", err, calls)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone, err := c.At("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	var unreachable *UnreachableError
	if err := gone.DropCollection(t.Context(), "c"); !errors.As(err, &unreachable) || len(*pauses) != 4 {
		t.Errorf("%v after %d pauses", err, len(*pauses))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Ready(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	var sent []string
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Selvedge-Session"))
		w.Header().Set("Selvedge-Session", fmt.Sprintf("t%d", len(sent)))
		if len(sent) == 2 {
			answer(w, 404, `{"error":true,"code":404,"errorNum":1203,"errorMessage":"x"}`) // errors carry a token too
			return
		}
		answer(w, 200, `{"count":1}`)
	})
	for range 3 {
		_, _ = c.Count(t.Context(), "c")
	}
	c.SetSession("a, b,a")
	_, _ = c.Count(t.Context(), "c")
	if !slices.Equal(sent, []string{"", "t1", "t2", "a,b"}) || c.Session() != "t4" {
		t.Errorf("sent %q, has %q", sent, c.Session())
	}
	moved, err := c.At(c.URL())
	if err != nil || moved.Session() != "t4" || c.InFabric("other").Session() != "t4" {
		t.Errorf("after moving: %q, %v", moved.Session(), err)
	}
}

// Two calls at the same time each learn something; neither may be forgotten.
func TestSessionOfConcurrentCalls(t *testing.T) {
	t.Parallel()
	var s session
	s.set("start")
	first, second := s.current(), s.current()
	s.answered(first, "one")
	s.answered(second, "two")
	if s.header() != "one,two" {
		t.Fatalf("has %q", s.header())
	}
	s.answered(s.current(), "both")
	if s.header() != "both" {
		t.Fatalf("has %q", s.header())
	}
	s.answered(first, "")
	if s.header() != "both" {
		t.Fatalf("an answer without a token took %q", s.header())
	}
}

func TestExportEach(t *testing.T) {
	t.Parallel()
	text := `{"code":200,"extra":{"result":[9]},"error":false,"result":[{"a":1.0},{"b":2}]}`
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, text) })
	var got []string
	each := func(d json.RawMessage) error { got = append(got, string(d)); return nil }
	if err := c.ExportEach(t.Context(), "c", each); err != nil || !slices.Equal(got, []string{`{"a":1.0}`, `{"b":2}`}) {
		t.Errorf("%v, %v", got, err)
	}
	stop := errors.New("enough")
	if err := c.ExportEach(t.Context(), "c", func(json.RawMessage) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	for _, broken := range []string{`{"result":[{"a":1},`, `{"result":[{"a":1}`, `{"result":7}`, `{"x":1}`, `[]`, ``} {
		text = broken
		if err := c.ExportEach(t.Context(), "c", each); err == nil {
			t.Errorf("%s is taken", broken)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"localhost:8400", "ftp://x", "http://", "http://x/_fabric/a", "http://x?y=1", "http://[::1"} {
		if _, err := New(Config{URL: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if c, err := New(Config{URL: "https://api-localhost:8400/"}); err != nil || c.URL() != "https://api-localhost:8400" {
		t.Errorf("got %v", err)
	}
}
