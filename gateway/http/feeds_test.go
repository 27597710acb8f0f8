package http

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// aheadToken is the session token of somebody who has seen what this fabric
// never had.
func aheadToken(t *testing.T) string {
	t.Helper()
	const fnvOffset, fnvPrime = 14695981039346656037, 1099511628211
	h := uint64(fnvOffset)
	for _, c := range []byte("demo/_system") {
		h = (h ^ uint64(c)) * fnvPrime
	}
	raw := binary.BigEndian.AppendUint64([]byte{1, 1}, h)
	raw = binary.AppendUvarint(append(raw, 1, 1), 1<<63)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// events opens a server-sent feed and gives its lines.
func events(t *testing.T, ctx context.Context, address, query, last string) (*bufio.Scanner, int) {
	t.Helper()
	hr, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+base+"/changes"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	hr.Header.Set("Authorization", "apikey "+rootKey)
	if last != "" {
		hr.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultTransport.RoundTrip(hr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return bufio.NewScanner(res.Body), res.StatusCode
}

// event reads the next event that has data.
func event(t *testing.T, s *bufio.Scanner) (id, data string) {
	t.Helper()
	for s.Scan() {
		line := s.Text()
		if v, ok := strings.CutPrefix(line, "id: "); ok {
			id = v
		}
		if v, ok := strings.CutPrefix(line, "data: "); ok {
			return id, v
		}
	}
	t.Fatalf("the feed ended: %v", s.Err())
	return "", ""
}

func TestServerSentEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.listen()
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/collection", `{"name":"d"}`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	feed, status := events(t, ctx, address, "?since=now&collection=c", "")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	w.good(202, "POST", base+"/document/d", `{"_key":"x"}`)
	w.good(202, "POST", base+"/batch/atomic", `{"operations":[{"op":"insert","collection":"c","key":"a","document":{"n":1}},
		{"op":"insert","collection":"c","key":"b","document":{"n":2}},{"op":"insert","collection":"d","key":"b","document":{}}]}`)
	id, data := event(t, feed)
	if strings.Count(data, `"type":"write"`) != 2 || strings.Contains(data, `"collection":"d"`) || !strings.Contains(data, `"n":2`) || !strings.Contains(data, `"origin":"fra"`) {
		t.Errorf("event: %s", data)
	}
	w.good(202, "DELETE", base+"/document/c/a", "")
	again, status := events(t, ctx, address, "?since=start&collection=c", id)
	if _, data := event(t, again); status != 200 || !strings.Contains(data, `"type":"remove"`) {
		t.Errorf("resumed: %d %s", status, data)
	}
	if _, data := event(t, feed); !strings.Contains(data, `"type":"remove"`) {
		t.Errorf("followed: %s", data)
	}
	if start, _ := events(t, ctx, address, "?since=start", ""); true {
		if _, data := event(t, start); strings.Contains(data, "_users") || strings.Contains(data, "argon2") || strings.Contains(data, `"secret"`) {
			t.Errorf("a feed shows what is hidden: %s", data)
		}
	}
	w.bad(400, 10, "GET", base+"/changes?since=whenever", "")
}

// opened reads the token with which a feed begins.
func opened(t *testing.T, s *bufio.Scanner) (id string) {
	t.Helper()
	for s.Scan() && s.Text() != "" {
		if v, ok := strings.CutPrefix(s.Text(), "id: "); ok {
			id = v
		} else if !strings.HasPrefix(s.Text(), ":") {
			t.Errorf("the first event has more than an id: %q", s.Text())
		}
	}
	return id
}

// TestFeedTellsWhereItBegan loses a feed before its first message: from the
// token that it began with, nothing is missed.
func TestFeedTellsWhereItBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.listen()
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"before"}`)
	for _, since := range []string{"now", "start", ""} {
		ctx, cancel := context.WithCancel(context.Background())
		feed, _ := events(t, ctx, address, "?collection=c&since="+since, "")
		token := opened(t, feed)
		cancel()
		key := "k" + since
		w.good(202, "POST", base+"/document/c", `{"_key":"`+key+`"}`)
		if since == "start" {
			key = "before"
		}
		again, status := events(t, context.Background(), address, "?since=now&collection=c", token)
		if status != 200 || token == "" {
			t.Fatalf("since %s: token %q, status %d", since, token, status)
		}
		if same := opened(t, again); same != token {
			t.Errorf("since %s: reopened at %q, want %q", since, same, token)
		}
		if _, data := event(t, again); !strings.Contains(data, `"key":"`+key+`"`) {
			t.Errorf("since %s: want %s first, got %s", since, key, data)
		}
	}
}

// TestWebSocketTellsWhereItBegan looks at the header and at the first message
// that a caller can ask for.
func TestWebSocketTellsWhereItBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.listen()
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	header := http.Header{"Authorization": {"apikey " + rootKey}}
	socket, res, err := websocket.Dial(t.Context(), "ws://"+address+"/_fabric/_system/_ws/changes?collection=c&opening=true", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.CloseNow() }()
	_, text, err := socket.Read(t.Context())
	token := res.Header.Get("Selvedge-Feed-Token")
	if want := `{"transaction":"","token":"` + token + `","changes":[]}`; err != nil || token == "" || string(text) != want {
		t.Fatalf("got %s, %v, want %s", text, err, want)
	}
	w.good(202, "POST", base+"/document/c", `{"_key":"a"}`)
	feed, _ := events(t, context.Background(), address, "?collection=c&since="+token, "")
	if _, data := event(t, feed); !strings.Contains(data, `"key":"a"`) {
		t.Errorf("got %s", data)
	}
}

func TestWebSocketFeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.listen()
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	ctx := context.Background()
	header := http.Header{"Authorization": {"apikey " + rootKey}}
	socket, _, err := websocket.Dial(ctx, "ws://"+address+"/_fabric/_system/_ws/changes?collection=c", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.CloseNow() }()
	w.good(202, "POST", base+"/document/c", `{"_key":"a"}`)
	kind, text, err := socket.Read(ctx)
	if err != nil || kind != websocket.MessageText || !strings.Contains(string(text), `"key":"a"`) || !strings.Contains(string(text), `"token":"`) {
		t.Fatalf("message: %v %s %v", kind, text, err)
	}
	if _, res, err := websocket.Dial(ctx, "ws://"+address+"/_fabric/_system/_ws/changes", nil); err == nil || res.StatusCode != 401 {
		t.Errorf("a stranger got in: %v", err)
	}
}

// A feed ends with the key that it was opened with: within a moment, also while there is something to tell.
func TestFeedEndsWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.listen()
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	made := w.good(201, "POST", "/_api/key", `{"keyid":"reader"}`)
	key, _ := made.Get("key")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	header := http.Header{"Authorization": {"apikey " + key.Str()}}
	hr, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+base+"/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	hr.Header = header
	res, err := http.DefaultTransport.RoundTrip(hr)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%v, %v", res, err)
	}
	defer func() { _ = res.Body.Close() }()
	socket, _, err := websocket.Dial(ctx, "ws://"+address+"/_fabric/_system/_ws/changes", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.CloseNow() }()
	w.good(202, "DELETE", "/_api/key/reader", "")
	var writing sync.WaitGroup
	ended := make(chan struct{})
	writing.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(20 * time.Millisecond):
				w.good(202, "POST", base+"/document/c", `{}`)
			}
		}
	})
	text, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(text), "event: error\ndata: ") || !strings.Contains(string(text), `"code":401`) {
		t.Errorf("the stream ends with %v: %.300s", err, text[max(0, len(text)-300):])
	}
	for err == nil {
		_, _, err = socket.Read(ctx)
	}
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("the socket ends with %v", err)
	}
	close(ended)
	writing.Wait()
}

func TestShutdownEndsFeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(l) }()
	feed, _ := events(t, context.Background(), l.Addr().String(), "", "")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		t.Errorf("shutdown with an open feed: %v", err)
	}
	for feed.Scan() {
	}
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
}

// TestShutdownWaitsForNobodySilent has callers that never say a word, and one
// that does not read what it asked for.
func TestShutdownWaitsForNobodySilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(l) }()
	for range 3 {
		silent, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = silent.Close() }()
	}
	feed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = feed.Close() }()
	if _, err := feed.Write([]byte("GET " + base + "/changes?since=start HTTP/1.1\r\nHost: localhost\r\nAuthorization: apikey " + rootKey + "\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	if _, err := feed.Read(one); err != nil { // it has begun; all that follows stays unread
		t.Fatal(err)
	}
	text := strings.Repeat("x", 1<<20)
	for range 16 {
		w.good(202, "POST", base+"/document/c", `{"text":"`+text+`"}`)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // no time at all: what is left over is no failure
	if err := w.server.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
	w.server.fresh.mu.Lock()
	defer w.server.fresh.mu.Unlock()
	if !w.server.fresh.closed {
		t.Error("connections that never asked anything were left open")
	}
}

// TestShutdownClosesSilentConnections has no other request to wait for, so it
// must not come to the end of its time.
func TestShutdownClosesSilentConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.listen()
	silent, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	if res, err := http.Get("http://" + address + "/health/live"); err != nil || res.Body.Close() != nil {
		t.Fatal(err) // accepted after the silent one
	}
	w.server.fresh.close()
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the silent connection: %v", err)
	}
}

// TestBothOnOnePort speaks plain HTTP and TLS to one listener.
func TestBothOnOnePort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cert, roots := certificate(t)
	w.server.tls = &tls.Config{Certificates: []tls.Certificate{cert}}
	address := w.listen()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}, DisableKeepAlives: true}}
	for _, scheme := range []string{"http://", "https://", "http://", "https://"} {
		res, err := client.Get(scheme + address + "/health/live")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 200 {
			t.Errorf("%s: %d", scheme, res.StatusCode)
		}
	}
	silent, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }() // it never says a word, and holds nobody up
	if res, err := client.Get("https://" + address + "/health/live"); err != nil || res.Body.Close() != nil {
		t.Error(err)
	}
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestShutdownWaitsForWhatItCutsOff: a request that is cut off has let go of all when the store is closed.
func TestShutdownWaitsForWhatItCutsOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, ended := make(chan struct{}), atomic.Bool{}
	w.server.pages.handlers = map[string]http.Handler{"slow": http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
		close(begun)
		<-hr.Context().Done()
		for range 1000 {
			runtime.Gosched()
		}
		ended.Store(true)
	})}
	address := w.listen()
	var call sync.WaitGroup
	call.Go(func() {
		hr, err := http.NewRequest(http.MethodGet, "http://"+address+"/slow", strings.NewReader("a body that nobody reads"))
		if err != nil {
			t.Error(err)
			return
		}
		if res, err := http.DefaultClient.Do(hr); err == nil {
			_ = res.Body.Close()
			t.Errorf("answered with %d", res.StatusCode)
		}
	})
	<-begun
	hurry, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.server.Shutdown(hurry); err != nil {
		t.Error(err)
	}
	if !ended.Load() {
		t.Error("the request goes on after the shutdown")
	}
	call.Wait()
}

// TestPanicsAreLogged: a request that fails badly ends its connection alone, and somebody hears of it.
func TestPanicsAreLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var log noted
	w.server.http.ErrorLog = slog.NewLogLogger(complaints{slog.NewTextHandler(&log, nil)}, slog.LevelDebug)
	w.server.pages.handlers = map[string]http.Handler{"boom": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })}
	address := w.listen()
	for range 2 {
		if res, err := http.Get("http://" + address + "/boom"); err == nil {
			_ = res.Body.Close()
			t.Errorf("answered with %d", res.StatusCode)
		}
	}
	w.server.http.ErrorLog.Print("http: TLS handshake error")
	if text := log.text(); strings.Contains(text, "handshake") || strings.Count(text, "panic serving") != 2 || !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "feeds_test.go") {
		t.Errorf("the log has %q", text)
	}
}

// noted keeps what is written to it.
type noted struct {
	mu  sync.Mutex
	all []byte
}

func (n *noted) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, b...)
	return len(b), nil
}

func (n *noted) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return string(n.all)
}
