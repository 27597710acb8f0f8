package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// watched is a connection's side of a reply: it counts, and can act in
// between.
type watched struct {
	mu        sync.Mutex // of deadlines
	header    http.Header
	body      bytes.Buffer
	status    int
	most      int
	writes    int
	deadlines []time.Time
	before    func(write int) error
}

func (w *watched) Header() http.Header    { return w.header }
func (w *watched) WriteHeader(status int) { w.status = status }
func (w *watched) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadlines = append(w.deadlines, t)
	return nil
}

func (w *watched) Write(b []byte) (int, error) {
	w.writes++
	w.most = max(w.most, len(b))
	if w.before != nil {
		if err := w.before(w.writes); err != nil {
			return 0, err
		}
	}
	return w.body.Write(b)
}

const bigDocuments, bigBytes = 600, 8 << 10

// big fills a collection with about 5 MB.
func (w *world) big(collection string) {
	w.t.Helper()
	w.good(200, "POST", base+"/collection", `{"name":"`+collection+`"}`)
	var text strings.Builder
	for i := range bigDocuments {
		fmt.Fprintf(&text, `{"_key":"k%04d","n":%d,"fill":"%s"}`+"\n", i, i, strings.Repeat("x", bigBytes))
	}
	w.good(201, "POST", base+"/import?collection="+collection, text.String())
}

// watch sends a request whose reply is watched.
func (w *world) watch(ctx context.Context, path string, before func(int) error, header ...string) *watched {
	hr := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+base+path, nil)
	hr.Header.Set("Authorization", "apikey "+rootKey)
	for i := 0; i+1 < len(header); i += 2 {
		hr.Header.Set(header[i], header[i+1])
	}
	reply := &watched{header: http.Header{}, before: before}
	w.server.ServeHTTP(reply, hr)
	return reply
}

// An export goes out in chunks, each with a deadline, and shows one moment.
func TestExportsAreStreamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.big("c")
	got := w.watch(context.Background(), "/export/c?limit=0", func(n int) error {
		if n == 2 { // while it goes out
			w.good(202, "DELETE", base+"/document/c/k0599", "")
			w.good(202, "PATCH", base+"/document/c/k0598", `{"n":-1}`)
			w.good(202, "POST", base+"/document/c", `{"_key":"k9"}`)
		}
		return nil
	})
	if got.status != 200 || got.writes < 50 || got.most > chunk+2*bigBytes {
		t.Errorf("status %d, %d writes of at most %d bytes", got.status, got.writes, got.most)
	}
	if len(got.deadlines) < got.writes || got.deadlines[0].Before(time.UnixMilli(2)) {
		t.Errorf("%d deadlines for %d writes, from %v on", len(got.deadlines), got.writes, got.deadlines[0])
	}
	v, err := value.Parse(got.body.Bytes(), value.Limits{Bytes: got.body.Len()})
	if err != nil {
		t.Fatal(err)
	}
	list := field(t, v, "result").Items()
	if len(list) != bigDocuments {
		t.Fatalf("%d documents", len(list))
	}
	for i, d := range list {
		if field(t, d, "n").Digits() != fmt.Sprint(i) {
			t.Errorf("document %d: %.60s", i, d)
		}
	}
	if v := w.good(200, "GET", base+"/export/c?limit=2&offset=3&order=desc", ""); !strings.HasPrefix(field(t, v, "result").Items()[0].String(), `{"_key":"k0596"`) {
		t.Errorf("a page: %.60s", v)
	}
}

// A reader that takes nothing ends the export, and nobody takes the part for
// the whole: the connection breaks.
func TestExportsEndWithTheirReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.big("c")
	got := w.watch(context.Background(), "/export/c?limit=0", func(n int) error {
		if n == 3 {
			return errors.New("deadline")
		}
		return nil
	})
	last := got.deadlines[len(got.deadlines)-1]
	if got.writes != 3 || !last.Equal(time.UnixMilli(1)) {
		t.Errorf("%d writes, the last deadline %v", got.writes, last)
	}
	ctx, cancel := context.WithCancel(context.Background())
	got = w.watch(ctx, "/export/c?limit=0", func(n int) error {
		cancel()
		return nil
	})
	if got.writes > 1 || bytes.HasSuffix(got.body.Bytes(), []byte("]}")) {
		t.Errorf("a reader that went away: %d writes", got.writes)
	}
	if got := w.watch(context.Background(), "/export/c?limit=0&offset=599", nil, "Selvedge-Deadline", "1ns"); got.status != 504 {
		t.Errorf("after the deadline: %d %s", got.status, got.body.Bytes()[:min(got.body.Len(), 99)])
	}
}

// The pages of key-values are streamed as well.
func TestKeyValuePagesAreStreamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/kv/k", "")
	var pairs []string
	for i := range bigDocuments {
		pairs = append(pairs, fmt.Sprintf(`{"_key":"%s%04d","value":1}`, strings.Repeat("k", 200), i))
	}
	w.good(202, "PUT", base+"/kv/k/value", "["+strings.Join(pairs, ",")+"]")
	got := w.watch(context.Background(), "/kv/k/keys?limit=100000", nil)
	v, err := value.Parse(got.body.Bytes(), value.DefaultLimits)
	if err != nil || len(field(t, v, "result").Items()) != bigDocuments || got.writes < 2 {
		t.Errorf("%d writes, %v: %.60s", got.writes, err, got.body.String())
	}
	if v := w.good(200, "POST", base+"/kv/k/values?limit=0", ""); len(field(t, v, "result").Items()) != 0 {
		t.Errorf("a limit of zero: %s", v)
	}
}

// TestReadManyIsBounded: a few keys, each of them many times, do not make a reply that fills the memory.
func TestReadManyIsBounded(t *testing.T) {
	t.Parallel()
	w := limitedWorld(t, api.Limits{BodyBytes: 50_000})
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"k","text":"`+strings.Repeat("x", 9000)+`"}`)
	keys := func(n int) string { return `["k"` + strings.Repeat(`,"k"`, n-1) + `]` }
	if got := w.good(200, "PUT", base+"/document/c?onlyget=true", keys(10)); got.Len() != 10 {
		t.Errorf("%d documents", got.Len())
	}
	w.bad(400, 32, "PUT", base+"/document/c?onlyget=true", keys(1000))
}
