package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeLocation answers as much of the REST surface as the commands need.
type fakeLocation struct {
	*httptest.Server
	mu          sync.Mutex
	collections map[string]map[string]json.RawMessage
	cut         map[string]bool   // "from to"
	calls       map[string][]byte // answers by Idempotency-Key
	busy        int               // so many calls get 503
	writes      int               // calls that wrote documents
	refuseAfter int               // writes before everything is refused with 401; 0 never
	generated   int
	made        string // the last collection that was made, as it was asked for
	closed      bool   // lists want credentials
}

func newFakeLocation(t *testing.T) *fakeLocation {
	t.Helper()
	f := &fakeLocation{collections: map[string]map[string]json.RawMessage{}, cut: map[string]bool{}, calls: map[string][]byte{}}
	mux := http.NewServeMux()
	const prefix = "/_fabric/_system/_api"
	mux.HandleFunc("GET "+prefix+"/collection/{c}", f.locked(f.getCollection))
	mux.HandleFunc("GET "+prefix+"/collection", f.locked(f.listCollections))
	mux.HandleFunc("DELETE "+prefix+"/collection/{c}", f.locked(f.dropCollection))
	mux.HandleFunc("DELETE "+prefix+"/document/{c}/{k}", f.locked(f.remove))
	mux.HandleFunc("POST "+prefix+"/collection", f.locked(f.makeCollection))
	mux.HandleFunc("POST "+prefix+"/database", f.locked(func(*http.Request) (int, any) { return 201, map[string]any{"result": true} }))
	mux.HandleFunc("POST "+prefix+"/document/{c}", f.locked(f.post))
	mux.HandleFunc("PATCH "+prefix+"/document/{c}/{k}", f.locked(f.patch))
	mux.HandleFunc("GET "+prefix+"/document/{c}/{k}", f.locked(f.get))
	mux.HandleFunc("GET "+prefix+"/export/{c}", f.locked(f.export))
	mux.HandleFunc("GET "+prefix+"/collection/{c}/count", f.locked(f.count))
	mux.HandleFunc("GET "+prefix+"/mesh", f.locked(f.mesh))
	mux.HandleFunc("PUT "+prefix+"/mesh/links/{from}/{to}", f.locked(f.link))
	mux.HandleFunc("POST "+prefix+"/mesh/links/heal", f.locked(func(*http.Request) (int, any) {
		clear(f.cut)
		return 200, map[string]any{"error": false, "code": 200, "result": true}
	}))
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeLocation) locked(h func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		status, answer := h(r)
		if f.busy > 0 {
			f.busy--
			status, answer = 503, refusal(503, 30001, "overloaded")
		}
		f.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if raw, ok := answer.([]byte); ok {
			_, _ = w.Write(raw)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func refusal(status, num int, text string) map[string]any {
	return map[string]any{"error": true, "code": status, "errorNum": num, "errorMessage": text, "errorCode": "some-code"}
}

func (f *fakeLocation) getCollection(r *http.Request) (int, any) {
	if _, ok := f.collections[r.PathValue("c")]; !ok {
		return 404, refusal(404, 1203, "collection or view not found")
	}
	return 200, map[string]any{"name": r.PathValue("c"), "type": 2}
}

func (f *fakeLocation) makeCollection(r *http.Request) (int, any) {
	var spec struct{ Name string }
	text, _ := io.ReadAll(r.Body)
	if f.made = string(text); json.Unmarshal(text, &spec) != nil || spec.Name == "" {
		return 400, refusal(400, 10, "bad parameter")
	}
	if spec.Name == "refused" {
		return 401, refusal(401, 11, "not authorized")
	}
	f.collections[spec.Name] = map[string]json.RawMessage{}
	return 200, map[string]any{"name": spec.Name, "type": 2}
}

func (f *fakeLocation) listCollections(r *http.Request) (int, any) {
	if r.Header.Get("Authorization") == "apikey wrong.a.key" || f.closed && r.Header.Get("Authorization") == "" {
		return 401, refusal(401, 11, "not authorized")
	}
	list := []any{}
	for name := range f.collections {
		list = append(list, map[string]any{"name": name, "type": 2 + len(name)%2})
	}
	return 200, map[string]any{"result": list}
}

func (f *fakeLocation) dropCollection(r *http.Request) (int, any) {
	if status, answer := f.getCollection(r); status != 200 {
		return status, answer
	}
	delete(f.collections, r.PathValue("c"))
	return 200, map[string]any{}
}

func (f *fakeLocation) remove(r *http.Request) (int, any) {
	if status, answer := f.get(r); status != 200 {
		return status, answer
	}
	if want := r.Header.Get("If-Match"); want != "" && want != `"r1"` {
		return 412, refusal(412, 1200, "conflict")
	}
	delete(f.collections[r.PathValue("c")], r.PathValue("k"))
	return 202, f.meta(r, r.PathValue("k"))
}

// post takes one document or an array, each item alone.
func (f *fakeLocation) post(r *http.Request) (int, any) {
	key := r.Header.Get("Idempotency-Key")
	if answer, ok := f.calls[key]; ok && key != "" {
		return 202, answer
	}
	if f.writes++; f.refuseAfter > 0 && f.writes > f.refuseAfter {
		return 401, refusal(401, 11, "not authorized")
	}
	documents, ok := f.collections[r.PathValue("c")]
	if !ok {
		return 404, refusal(404, 1203, "collection or view not found")
	}
	text, _ := io.ReadAll(r.Body)
	if bytes.Contains(text, []byte("poison")) {
		return 400, refusal(400, 600, "the body is not one valid JSON value")
	}
	var list []json.RawMessage
	many := json.Unmarshal(text, &list) == nil
	if !many {
		list = []json.RawMessage{text}
	}
	var items []any
	for _, document := range list {
		items = append(items, f.insert(r, documents, document))
	}
	var answer any = items
	if !many {
		answer = items[0]
	}
	raw, _ := json.Marshal(answer)
	f.calls[key] = raw
	return 202, raw
}

func (f *fakeLocation) insert(r *http.Request, documents map[string]json.RawMessage, document json.RawMessage) any {
	var named struct {
		Key string `json:"_key"`
	}
	if json.Unmarshal(document, &named) != nil {
		return map[string]any{"error": true, "errorNum": 1227, "errorMessage": "not a document"}
	}
	if named.Key == "" {
		f.generated++
		named.Key = fmt.Sprintf("g%d", f.generated)
	}
	if strings.Contains(named.Key, "/") {
		return map[string]any{"error": true, "errorNum": 1221, "errorMessage": "bad document key"}
	}
	if _, taken := documents[named.Key]; taken && r.URL.Query().Get("overwrite") != "true" {
		return map[string]any{"error": true, "errorNum": 1210,
			"errorMessage": fmt.Sprintf("unique constraint violated: a document with key %q exists already", named.Key)}
	}
	documents[named.Key] = document
	return f.meta(r, named.Key)
}

func (f *fakeLocation) meta(r *http.Request, key string) map[string]any {
	return map[string]any{"_id": r.PathValue("c") + "/" + key, "_key": key, "_rev": "r1"}
}

func (f *fakeLocation) patch(r *http.Request) (int, any) {
	document, ok := f.collections[r.PathValue("c")][r.PathValue("k")]
	if !ok {
		return 404, refusal(404, 1202, "document not found")
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(document, &members)
	_ = json.NewDecoder(r.Body).Decode(&members)
	f.collections[r.PathValue("c")][r.PathValue("k")], _ = json.Marshal(members)
	return 202, f.meta(r, r.PathValue("k"))
}

func (f *fakeLocation) get(r *http.Request) (int, any) {
	document, ok := f.collections[r.PathValue("c")][r.PathValue("k")]
	if !ok {
		return 404, refusal(404, 1202, "document not found")
	}
	return 200, []byte(document)
}

func (f *fakeLocation) count(r *http.Request) (int, any) {
	if status, answer := f.getCollection(r); status != 200 {
		return status, answer
	}
	return 200, map[string]any{"count": len(f.collections[r.PathValue("c")])}
}

func (f *fakeLocation) export(r *http.Request) (int, any) {
	documents, ok := f.collections[r.PathValue("c")]
	if !ok {
		return 404, refusal(404, 1203, "collection or view not found")
	}
	var keys []string
	for key := range documents {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	list := []json.RawMessage{}
	for _, key := range keys {
		list = append(list, documents[key])
	}
	return 200, map[string]any{"code": 200, "error": false, "result": list}
}

func (f *fakeLocation) mesh(*http.Request) (int, any) {
	names := []string{"fra", "syd", "tok"}
	var locations, links []any
	for _, from := range names {
		locations = append(locations, map[string]any{"name": from, "url": "http://" + from, "state": "up", "clockOffsetMs": -0.5})
		for _, to := range names {
			if from != to {
				state := "up"
				if f.cut[from+" "+to] {
					state = "cut"
				}
				links = append(links, map[string]any{"from": from, "to": to, "state": state, "oneWayMs": 125.0, "rttMs": 250.4,
					"lag": map[string]any{"entries": 3, "bytes": 2000, "ms": 12.5}})
			}
		}
	}
	return 200, map[string]any{"location": "fra", "locations": locations, "links": links, "watermark": "18446744073709551615",
		"vector": map[string]any{"fra": uint64(1) << 63}}
}

func (f *fakeLocation) link(r *http.Request) (int, any) {
	var change struct{ State string }
	_ = json.NewDecoder(r.Body).Decode(&change)
	if r.PathValue("to") == "mars" {
		return 404, refusal(404, 102024, "location not found")
	}
	f.cut[r.PathValue("from")+" "+r.PathValue("to")] = change.State == "cut"
	return 200, map[string]any{}
}

// fakeMesh answers for three locations. Of what fra and tok committed, syd has
// seen nothing until it was asked so many times.
func fakeMesh(t *testing.T, sydAsked int) (url string) {
	t.Helper()
	const early, late = "0190000000000000", "0190000000000001"
	var mu sync.Mutex
	vectors := map[string]map[string]string{"fra": {"fra": late, "tok": early}, "syd": {"fra": early}, "tok": {"7": early, "tok": late}}
	var locations []any
	unnamed := 2 // so many answers come before the last address does
	for _, name := range []string{"fra", "syd", "tok"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if sydAsked--; name == "syd" && sydAsked < 0 {
				vectors["syd"] = map[string]string{"fra": late, "tok": late}
			}
			shown := locations
			if unnamed--; unnamed >= 0 {
				shown = []any{map[string]any{"name": "tok"}}
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"location": name, "locations": shown, "vector": vectors[name]})
			if name != "syd" {
				vectors[name] = map[string]string{"fra": late, "tok": late}
			}
		}))
		t.Cleanup(s.Close)
		locations = append(locations, map[string]any{"name": name, "url": s.URL, "state": "up"})
		if url == "" {
			url = s.URL
		}
	}
	locations = append(locations, map[string]any{"name": "nyc", "url": "http://127.0.0.1:1", "state": "evicting"})
	return url
}

// documents of a collection, as the fake holds them.
func (f *fakeLocation) documents(collection string) map[string]json.RawMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.collections[collection]
}

// result is what a command did.
type result struct {
	code     int
	out, err string
}

// command runs the program's main function against the fake.
func (f *fakeLocation) command(t *testing.T, args ...string) result {
	t.Helper()
	return runWith(t, "", []string{"SELVEDGE_URL=" + f.URL}, args...)
}

func runWith(t *testing.T, in string, environment []string, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(in), &out, &errOut, environment)
	return result{code, out.String(), errOut.String()}
}

func (r result) wantJSON(t *testing.T) {
	t.Helper()
	if r.code != exitDone || !json.Valid([]byte(r.out)) {
		t.Errorf("exit code %d, and %q is not JSON\n%s", r.code, r.out, r.err)
	}
}

func (r result) want(t *testing.T, code int, parts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, part := range parts {
		if !strings.Contains(r.out+r.err, part) {
			t.Errorf("the output lacks %q", part)
		}
	}
	if t.Failed() {
		t.Fatalf("output:\n%s\nerrors:\n%s", r.out, r.err)
	}
}
