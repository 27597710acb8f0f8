package http

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// FuzzBodies feeds one text to the decoder of every request body: none may
// panic, and none may take what it then could not describe.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `7`, `null`, `{"name":"c","type":3,"crdt":{"a":{"type":"set"}}}`, `{"operations":[{"op":"kvset","collection":"k","key":"a","value":1,"expireAt":7}]}`,
		`{"type":"ttl","fields":["a"],"expireAfter":60}`, `{"name":"f","options":{"dcList":"a,b","metadata":{}}}`, `{"name":"f","options":{"dcList":["a",7]}}`,
		`{"user":"a","passwd":"b","extra":{}}`, `{"state":"cut","oneWayMs":1e300}`, `{"data":[{"a":1}],"primaryKey":"a","replace":true}`, `{"options":7}`, `{"operations":[7]}`,
		`{"query":"RETURN 1","bindVars":{"a":1},"batchSize":2,"ttl":1.5,"options":{"stream":true,"profile":2,"optimizer":{"rules":["-all"]}}}`,
		`{"query":{"name":"n","value":"RETURN 1","parameter":{"a":1}}}`, `{"queries":[{"name":"n","value":"v"}],"details":true}`, `{"ttl":1e300,"batchSize":1e300}`,
		`{"collections":{"write":"c","read":["d"]},"allowImplicit":false,"lockTimeout":2,"maxTransactionSize":9}`, `{"slowQueryThreshold":0.5,"maxSlowQueries":3}`,
		`{"name":"g","edgeDefinitions":[{"collection":"e","from":"a","to":["b"]}],"orphanCollections":["c"]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := value.Parse([]byte(text), value.Limits{})
		if err != nil {
			return
		}
		if r, err := decodeCollection(v); err == nil && r.Name == "" {
			t.Error("a collection without a name")
		}
		if list, err := decodeBatch(v); err == nil {
			for _, op := range list {
				if op.Kind == "" || op.Collection == "" {
					t.Errorf("an operation without op or collection: %+v", op)
				}
			}
		}
		if spec, err := decodeFabric(v); err == nil && spec.Name == "" {
			t.Error("a fabric without a name")
		}
		if u, _, err := decodeUser(v); err == nil && u.Name == "" && u.Email == "" {
			t.Error("a user without a name")
		}
		if r, _, err := decodeQuery(v); err == nil && (r.BatchSize < 1 || r.TTL < 0 || r.Options.MaxRuntime < 0 || r.Options.MemoryLimit < 0) {
			t.Errorf("a query with limits below zero: %+v", r)
		}
		if r, err := decodeTransaction(v); err == nil && (r.LockTimeout < 0 || r.MaxSize < 0) {
			t.Errorf("a transaction with limits below zero: %+v", r)
		}
		if n, err := decodeTracking(v, api.Tracking{}); err == nil && (n.SlowAfter < 0 || n.SlowQueries < 0 || n.SlowText < 0) {
			t.Errorf("tracking below zero: %+v", n)
		}
		_, _ = decodeSave(v)
		_, _, _ = decodeQueries(v)
		_, _ = decodeGraph(v)
		_, _ = decodeDefinition(v)
		_, _ = decodeIndex(v, "")
		_, _ = decodeProperties(v)
		_, _ = decodeLink(v)
		_, _ = decodeUserChange(v, true)
		_, _, _ = decodeImport(v)
	})
}

// FuzzRows feeds import bodies.
func FuzzRows(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n\n{bad\n7"), "auto")
	f.Add([]byte(` [1,2]`), "")
	f.Add([]byte(`{}`), "list")
	f.Fuzz(func(t *testing.T, text []byte, kind string) {
		list, bad, empty, err := rows(text, kind, 1<<20)
		if err == nil && len(list)+len(bad)+empty > len(text)+1 {
			t.Errorf("%d bytes gave %d rows, %d bad, %d empty", len(text), len(list), len(bad), empty)
		}
	})
}

// FuzzCursors sends bodies and numbers of batches to the cursor of a location: whatever comes, the answer is an envelope
// or rows, and nothing is left open that a deletion would not free.
func FuzzCursors(f *testing.F) {
	w := newWorld(f)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	f.Add(`{"query":"FOR i IN 1..5 RETURN i","batchSize":2,"options":{"allowRetry":true}}`, "2")
	f.Add(`{"query":"FOR d IN c FILTER d.a == @a RETURN d","bindVars":{"a":[1]},"count":true}`, "")
	f.Add(`{"query":"INSERT {a: 1} INTO c RETURN NEW","options":{"stream":true,"profile":2}}`, "x")
	f.Add(`{"query":"RETURN","memoryLimit":1,"maxRuntime":0.001}`, "-1")
	f.Fuzz(func(t *testing.T, body, batch string) {
		if strings.Contains(strings.ToUpper(body), "SLEEP") {
			return
		}
		a := w.send(t, "POST", base+"/cursor", body, "Selvedge-Deadline", "200ms")
		v, err := value.Parse([]byte(a.body), value.DefaultLimits)
		if err != nil || a.status == 500 {
			t.Fatalf("%s: %d %s: %v", body, a.status, a.body, err)
		}
		checkShape(t, body, a.status, v)
		more, _ := v.Get("hasMore")
		if a.status != 201 || !more.Bool() {
			return
		}
		id := base + "/cursor/" + field(t, v, "id").Str()
		if next := w.send(t, "POST", id+"/"+url.PathEscape(batch), ""); next.status == 500 {
			t.Errorf("%s, batch %q: %s", body, batch, next.body)
		}
		if end := w.send(t, "DELETE", id, ""); end.status != 202 && end.status != 404 {
			t.Errorf("%s: %d %s", body, end.status, end.body)
		}
	})
}

// FuzzParts feeds bodies of batches of requests.
func FuzzParts(f *testing.F) {
	f.Add([]byte("--X\r\nContent-Id: 1\r\n\r\nGET /a HTTP/1.1\r\nb: c\r\n\r\nbody\r\n--X--"), "multipart/form-data; boundary=X")
	f.Add([]byte("--X\n\nPOST /a\n\n\n--X--"), "")
	f.Add([]byte("--\n--"), "a/b; boundary=\"")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		boundary := boundaryOf(kind, body)
		if boundary == "" {
			return
		}
		parts, err := decodeParts(body, boundary)
		if err != nil {
			return
		}
		for i := range parts {
			if parts[i].method == "" || parts[i].path == "" || parts[i].path[0] != '/' {
				t.Errorf("part %d: %+v", i, parts[i])
			}
		}
		if len(parts) > partsMost || len(parts) > len(body) {
			t.Errorf("%d parts of %d bytes", len(parts), len(body))
		}
	})
}

// FuzzPaths feeds paths, queries and headers of requests through the router
// up to the handlers, which refuse for want of credentials.
func FuzzPaths(f *testing.F) {
	f.Add("/_fabric/_system/_api/document/c/k", "a=1&b", "localhost:1")
	f.Add("//_db//_tenant/x/_fabric", "returnOld=%zz", "[::1]")
	f.Add("/document/%2f%00/../..", "&&==", "api-127.0.0.1:99999")
	f.Fuzz(func(t *testing.T, raw, rawQuery, host string) {
		u := &url.URL{Path: raw}
		if plain, err := url.PathUnescape(raw); err == nil {
			u = &url.URL{Path: plain, RawPath: raw}
		}
		var p path
		if err := p.cut(u); err == nil {
			for i := range p.n {
				if p.seg[i] == "" && !strings.Contains(raw, "%") {
					t.Errorf("%q: empty segment %d", raw, i)
				}
			}
		}
		q := query(rawQuery)
		for _, name := range []string{"a", "returnOld", "collection", ""} {
			_ = q.get(name)
			_, _ = q.flag(name, true)
			_, _ = q.number(name, 1, 0, 10)
		}
		r := &request{query: q, hr: httptest.NewRequest("GET", "/", nil)}
		r.hr.Header.Set("If-Match", unquote(rawQuery))
		_, _ = r.writeOptions(api.OpInsert)
		_, _ = r.writeOptions(api.OpUpdate)
		_, _ = r.page(20)
		(&Server{}).hostServed(host)
	})
}
