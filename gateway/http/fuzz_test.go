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
		`{"user":"a","passwd":"b","extra":{}}`, `{"state":"cut","oneWayMs":1e300}`, `{"data":[{"a":1}],"primaryKey":"a","replace":true}`, `{"options":7}`, `{"operations":[7]}`} {
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
