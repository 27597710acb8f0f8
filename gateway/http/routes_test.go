package http

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/value"
)

const base = "/_fabric/_system/_api"

func TestDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"places"}`)
	a := w.call("POST", base+"/document/places", `{"_key":"fra","name":"Frankfurt"}`)
	if a.status != 202 || a.header.Get("Etag") == "" || a.header.Get("Location") != "/_tenant/demo/_fabric/_system/_api/document/places/fra" {
		t.Fatalf("insert: %d %v %s", a.status, a.header, a.body)
	}
	got := w.good(200, "GET", base+"/document/places/fra", "")
	if n := field(t, got, "name").Str(); n != "Frankfurt" {
		t.Errorf("name %q", n)
	}
	rev := field(t, got, "_rev").Str()
	up := w.good(202, "PATCH", base+"/document/places/fra?returnOld=true&returnNew=1", `{"size":{"km":1}}`)
	if field(t, up, "_oldRev").Str() != rev || field(t, up, "new.size.km").Digits() != "1" || field(t, up, "old.name").Str() != "Frankfurt" {
		t.Errorf("update: %s", up)
	}
	w.good(202, "PATCH", base+"/document/places/fra?mergeObjects=false&keepNull=false", `{"size":{"mi":2},"name":null}`)
	got = w.good(200, "GET", base+"/document/places/fra", "")
	if _, ok := got.Get("name"); ok || field(t, got, "size").String() != `{"mi":2}` {
		t.Errorf("after update: %s", got)
	}
	conflict := w.bad(412, 1200, "PUT", base+"/document/places/fra", `{"a":1}`, "If-Match", `"`+rev+`"`)
	if field(t, conflict, "_rev").Str() != field(t, got, "_rev").Str() || field(t, conflict, "_id").Str() != "places/fra" {
		t.Errorf("precondition: %s", conflict)
	}
	w.bad(412, 1200, "PUT", base+"/document/places/fra?ignoreRevs=false", `{"_rev":"`+rev+`"}`)
	w.good(201, "PUT", base+"/document/places/fra?waitForSync=true", `{"a":1}`)
	w.bad(412, 1200, "DELETE", base+"/document/places/fra?rev="+rev, "")
	w.good(200, "DELETE", base+"/document/places/fra?waitForSync=true", "")
	w.bad(404, 1202, "GET", base+"/document/places/fra", "")
	w.bad(404, 1202, "DELETE", base+"/document/places/fra", "")
	w.bad(404, 1202, "PATCH", base+"/document/places/fra", "{}")
}

func TestReadPreconditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	rev := field(t, w.good(202, "POST", base+"/document/c", `{"_key":"k","a":1}`), "_rev").Str()
	if a := w.call("GET", base+"/document/c/k", "", "If-None-Match", `"`+rev+`"`); a.status != 304 || a.body != "" {
		t.Errorf("if-none-match: %d %q", a.status, a.body)
	}
	w.good(200, "GET", base+"/document/c/k", "", "If-None-Match", `"other"`)
	w.good(200, "GET", base+"/document/c/k", "", "If-Match", rev)
	w.bad(412, 1200, "GET", base+"/document/c/k", "", "If-Match", "other")
	a := w.call("HEAD", base+"/document/c/k", "")
	if a.status != 200 || a.body != "" || a.header.Get("Etag") != `"`+rev+`"` {
		t.Errorf("head: %d %q %v", a.status, a.body, a.header)
	}
	if a := w.call("HEAD", base+"/document/c/none", ""); a.status != 404 || a.body != "" {
		t.Errorf("head of nothing: %d %q", a.status, a.body)
	}
}

func TestOverwriteModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"k","a":1,"b":1}`)
	w.bad(409, 1210, "POST", base+"/document/c", `{"_key":"k"}`)
	w.good(202, "POST", base+"/document/c?overwriteMode=ignore", `{"_key":"k","a":9}`)
	w.good(202, "POST", base+"/document/c?overwriteMode=update", `{"_key":"k","a":2}`)
	if got := w.good(200, "GET", base+"/document/c/k", ""); field(t, got, "a").Digits() != "2" || field(t, got, "b").Digits() != "1" {
		t.Errorf("update: %s", got)
	}
	old := w.good(202, "POST", base+"/document/c?overwrite=true&returnOld=true", `{"_key":"k","c":3}`)
	if field(t, old, "old.a").Digits() != "2" {
		t.Errorf("replace: %s", old)
	}
	got := w.good(200, "GET", base+"/document/c/k", "")
	if _, ok := got.Get("a"); ok {
		t.Errorf("replace kept a: %s", got)
	}
	if s := w.good(202, "POST", base+"/document/c?silent=true", `{"x":1}`); s.String() != "{}" {
		t.Errorf("silent: %s", s)
	}
	w.bad(400, 10, "POST", base+"/document/c?overwriteMode=perhaps", `{}`)
}

func TestBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	a := w.call("POST", base+"/document/c/", `[{"_key":"a"},{"_key":"a"},{"_key":"b","v":1},7,{"_key":"x y"},{}]`)
	v, err := value.Parse([]byte(a.body), value.DefaultLimits)
	if err != nil || a.status != 202 || len(v.Items()) != 6 {
		t.Fatalf("bulk: %d %s", a.status, a.body)
	}
	for i, num := range []string{"", "1210", "", "1227", "1221", ""} {
		got, _ := v.Items()[i].Get("errorNum")
		if got.Digits() != num {
			t.Errorf("item %d: %s, want number %q", i, v.Items()[i], num)
		}
	}
	if h := a.header.Get("X-C8-Error-Codes"); h != `{"1210":1,"1227":1,"1221":1}` {
		t.Errorf("error codes %s", h)
	}
	w.good(202, "PATCH", base+"/document/c", `[{"_key":"a","v":5},{"_id":"c/b","v":6}]`)
	if got := w.good(200, "GET", base+"/document/c/b", ""); field(t, got, "v").Digits() != "6" {
		t.Errorf("patch: %s", got)
	}
	w.bad(404, 1202, "PUT", base+"/document/c?transaction=all", `[{"_key":"a","v":7},{"_key":"none","v":7}]`)
	if got := w.good(200, "GET", base+"/document/c/a", ""); field(t, got, "v").Digits() != "5" {
		t.Errorf("a failed transaction had an effect: %s", got)
	}
	w.good(202, "DELETE", base+"/document/c/", `["a","c/b"]`)
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "1" {
		t.Errorf("count: %s", got)
	}
	var many strings.Builder
	many.WriteByte('[')
	for i := range 10_000 {
		if i > 0 {
			many.WriteByte(',')
		}
		fmt.Fprintf(&many, `{"_key":"n%d","n":%d}`, i, i)
	}
	many.WriteByte(']')
	w.good(202, "POST", base+"/document/c?silent=true", many.String())
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "10001" {
		t.Errorf("count: %s", got)
	}
	got := w.call("PUT", base+"/document/c?onlyget=true", `["n1","none",{"_key":"n2"}]`)
	if got.status != 200 || strings.Count(got.body, `"_key"`) != 2 || !strings.Contains(got.body, `"errorNum":1202`) {
		t.Errorf("read many: %d %s", got.status, got.body)
	}
}

func TestPathForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", "/_fabric/_system/collection", `{"name":"c"}`)
	w.good(202, "POST", "/_api/document/c", `{"_key":"100%(a)"}`)
	for _, path := range []string{"/_fabric/_system/document/c/100%25(a)", "/_fabric/_system//document/c/100%25(a)/", "/_db/_system/_api/document/c/100%25(a)",
		"/_tenant/demo/_fabric/_system/_api/document/c/100%25(a)", "/_api/document/c/100%25(a)", "/document/c/100%25%28a%29", "/_db/_system/_admin/document/c/100%25(a)"} {
		w.good(200, "GET", path, "")
	}
	w.bad(403, 11, "GET", "/_tenant/other/_fabric/_system/_api/document/c/k", "")
	w.bad(404, 1228, "GET", "/_fabric/nowhere/_api/document/c/k", "")
	w.bad(404, 404, "GET", base+"/nothing", "")
	w.bad(404, 404, "GET", base+"/collection/c/count/1/2/3/4/5/6/7/8", "")
	for path, allow := range map[string]string{"/document/c/k": "GET, HEAD, PUT, PATCH, DELETE", "/collection": "GET, POST", "/collection/c": "GET, DELETE",
		"/collection/c/truncate": "PUT", "/kv/c/value": "PUT", "/kv": "GET", "/index": "GET, POST", "/batch/atomic": "POST", "/conflicts": "GET", "/user": "GET, POST"} {
		a := w.call("OPTIONS", base+path, "")
		if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("preflight of %s: %d %v", path, a.status, a.header)
		}
		if a := w.call("BREW", base+path, ""); a.status != 405 || a.header.Get("Allow") != allow {
			t.Errorf("BREW %s: %d, allow %q, want %q", path, a.status, a.header.Get("Allow"), allow)
		}
	}
	w.bad(501, 9, "POST", base+"/search/view", "")
	w.bad(501, 9, "GET", base+"/streams", "")
}

func TestHostNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	named, err := New(Config{Service: w.server.service, Hosts: []string{"Fra.example.ORG."}})
	if err != nil {
		t.Fatal(err)
	}
	w.server.hosts = named.hosts
	for _, host := range []string{"localhost", "localhost:8400", "api-localhost:8400", "127.0.0.1:1", "api-127.0.0.1", "[::1]:8400", "[::1]",
		"LOCALHOST:18400", "localhost.", "localhost.:18400", "Api-LocalHost", "FRA.Example.org", "fra.example.org.:8400", "api-fra.example.org"} {
		if a := w.call("GET", "/health/live", "", "Host", host); a.status != 200 {
			t.Errorf("host %s: %d", host, a.status)
		}
	}
	for _, host := range []string{"evil.example", "localhost.evil.example:8400", "localhost..", "api-", ""} {
		if a := w.call("GET", "/health/live", "", "Host", host); a.status != 421 {
			t.Errorf("host %q: %d", host, a.status)
		}
	}
}

func TestCollections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.good(200, "POST", base+"/collection", `{"name":"c","crdt":{"n":{"type":"counter"}},"isSpot":false,"enableShards":true,"shardKeys":["_key"]}`)
	for name, want := range map[string]string{"type": "2", "status": "3", "isLocal": "false", "collectionModel": `"DOC"`, "crdt": `{"n":{"type":"counter"}}`} {
		if got := field(t, made, name).String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	w.bad(409, 1207, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/collection", `{"name":"e","type":3}`)
	list := field(t, w.good(200, "GET", base+"/collection?excludeSystem=true", ""), "result")
	if len(list.Items()) != 2 {
		t.Errorf("list: %s", list)
	}
	if all := w.good(200, "GET", base+"/collection", "").String(); strings.Contains(all, "_users") || strings.Contains(all, "_schema") {
		t.Errorf("a list shows what is hidden: %s", all)
	}
	w.good(200, "PUT", base+"/collection/c/properties", `{"crdt":{"n":{"type":"counter"},"tags":{"type":"set"}},"waitForSync":true}`)
	got := w.good(200, "GET", base+"/collection/c/properties", "")
	if field(t, got, "crdt.tags.type").Str() != "set" || !field(t, got, "waitForSync").Bool() {
		t.Errorf("properties: %s", got)
	}
	w.bad(400, 30003, "PUT", base+"/collection/c/properties", `{"crdt":{"n":{"type":"max"}}}`)
	w.bad(400, 30003, "PUT", base+"/collection/c/properties", `{"crdt":{"n":null}}`)
	w.bad(400, 10, "PUT", base+"/collection/c/properties", `{"crdt":{"z":{"type":"what"}}}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"k"}`)
	w.good(200, "GET", base+"/collection/c/figures", "")
	w.good(200, "PUT", base+"/collection/c/truncate", "")
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "0" {
		t.Errorf("count after truncate: %s", got)
	}
	w.good(200, "PUT", base+"/collection/c/metadata", `{"a":{"b":1}}`)
	if got := w.good(200, "GET", base+"/collection/c/metadata", ""); field(t, got, "result.a.b").Digits() != "1" {
		t.Errorf("metadata: %s", got)
	}
	w.bad(400, 30007, "PUT", base+"/collection/c/rename", `{"name":"d"}`)
	w.good(200, "DELETE", base+"/collection/c", "")
	w.bad(404, 1203, "GET", base+"/collection/c", "")
	w.bad(404, 1203, "DELETE", base+"/collection/c", "")
}

func TestHiddenCollections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"_users", "_apikeys", "_config", "_schema", "_schema_local"} {
		w.bad(404, 1203, "GET", base+"/collection/"+name, "")
		w.bad(404, 1203, "GET", base+"/document/"+name+"/demo:root", "")
		w.bad(404, 1203, "POST", base+"/document/"+name, "{}")
		w.bad(404, 1203, "DELETE", base+"/collection/"+name, "")
		w.bad(404, 1203, "PUT", base+"/collection/"+name+"/truncate", "")
		w.bad(404, 1203, "GET", base+"/export/"+name, "")
		w.bad(404, 1203, "GET", base+"/changes?since=start&collection="+name, "")
		w.bad(404, 1203, "GET", base+"/conflicts?collection="+name, "")
		w.bad(404, 1203, "POST", base+"/import?collection="+name, "{}")
		w.bad(404, 1203, "GET", base+"/index?collection="+name, "")
		w.bad(404, 1203, "PUT", base+"/kv/"+name+"/value", `[{"_key":"a","value":1}]`)
		w.bad(404, 1203, "POST", base+"/batch/atomic", `{"operations":[{"op":"insert","collection":"`+name+`","document":{}}]}`)
		w.bad(409, 1207, "POST", base+"/collection", `{"name":"`+name+`","isSystem":true}`)
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/collection", `{"name":"l","isLocal":true}`)
	for _, kind := range []string{"persistent", "hash", "skiplist"} {
		got := w.good(201, "POST", base+"/index?collection=c", `{"type":"`+kind+`","fields":["a"],"unique":false}`)
		if field(t, got, "type").Str() != kind || !field(t, got, "isNewlyCreated").Bool() {
			t.Errorf("%s: %s", kind, got)
		}
		again := w.good(200, "POST", base+"/index?collection=c", `{"type":"`+kind+`","fields":["a"],"unique":false}`)
		if field(t, again, "id").Str() != field(t, got, "id").Str() || field(t, again, "isNewlyCreated").Bool() {
			t.Errorf("%s again: %s", kind, again)
		}
	}
	w.good(201, "POST", base+"/index/ttl?collection=c", `{"fields":["at"],"expireAfter":60,"name":"gone"}`)
	w.good(200, "GET", base+"/index/c/gone", "")
	if got := field(t, w.good(200, "GET", base+"/index?collection=c", ""), "indexes"); len(got.Items()) != 5 {
		t.Errorf("list: %s", got)
	}
	w.good(200, "DELETE", base+"/index/c/gone", "")
	w.good(202, "POST", base+"/document/c", `[{"a":1},{"a":1},{"a":2},{"a":2}]`)
	for name, want := range map[string]string{"primary": "1", "hash_a": "0.5"} {
		if got := w.good(200, "GET", base+"/index/c/"+name, ""); field(t, got, "selectivityEstimate").Digits() != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	w.bad(404, 1212, "GET", base+"/index/c/gone", "")
	w.bad(404, 1212, "DELETE", base+"/index/c/gone", "")
	w.bad(403, 11, "DELETE", base+"/index/c/primary", "")
	w.bad(400, 400, "POST", base+"/index?collection=c", `{"type":"persistent","fields":["u"],"unique":true}`)
	w.good(201, "POST", base+"/index?collection=l", `{"type":"persistent","fields":["u"],"unique":true}`)
	w.good(202, "POST", base+"/document/l", `{"u":1}`)
	w.bad(409, 1210, "POST", base+"/document/l", `{"u":1}`)
	for _, c := range []struct{ body, want string }{
		{`{"type":"geo","fields":["lat","lon"]}`, `{"type":"geo","sparse":true,"unique":false,"geoJson":false,"bestIndexedLevel":23,"worstIndexedLevel":4,"maxNumCoverCells":8}`},
		{`{"type":"geo","fields":["place"],"geoJson":true}`, `{"type":"geo","sparse":true,"unique":false,"geoJson":true}`},
		{`{"type":"fulltext","fields":["words"]}`, `{"type":"fulltext","sparse":true,"unique":false,"minLength":2}`},
		{`{"type":"fulltext","fields":["words"],"minLength":4}`, `{"type":"fulltext","minLength":4}`},
	} {
		got := w.good(201, "POST", base+"/index?collection=c", c.body)
		want, err := value.Parse([]byte(c.want), value.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range want.Members() {
			if have := field(t, got, m.Name); !value.Identical(have, m.Value) {
				t.Errorf("%s: %s is %s, want %s", c.body, m.Name, have, m.Value)
			}
		}
		again := w.good(200, "POST", base+"/index?collection=c", c.body)
		if field(t, again, "id").Str() != field(t, got, "id").Str() || field(t, again, "isNewlyCreated").Bool() {
			t.Errorf("%s again: %s", c.body, again)
		}
	}
	for _, body := range []string{`{"fields":["a"]}`, `{"type":"what","fields":["a"]}`, `{"type":"hash"}`, `{"type":"hash","fields":[]}`, `{"type":"hash","fields":"a"}`,
		`{"type":"hash","fields":[1]}`, `{"type":"hash","fields":["_id"]}`, `{"type":"ttl","fields":["a","b"]}`, `{"type":"ttl","fields":["a"],"expireAfter":-1}`, `{"type":"ttl","fields":["a"],"expireAfter":"x"}`, `[]`,
		`{"type":"geo","fields":["a","b","c"]}`, `{"type":"geo","fields":["a"],"unique":true}`, `{"type":"geo","fields":["a"],"geoJson":1}`, `{"type":"geo","fields":["a[*]"]}`,
		`{"type":"fulltext","fields":["a","b"]}`, `{"type":"fulltext","fields":["a"],"minLength":41}`, `{"type":"fulltext","fields":["a"],"minLength":"x"}`} {
		w.bad(400, 10, "POST", base+"/index?collection=c", body)
	}
	w.good(201, "POST", base+"/index?collection=c", `{"type":"ttl","fields":["until"],"expireAfter":60}`)
	w.good(200, "POST", base+"/index?collection=c", `{"type":"ttl","fields":["until"],"expireAfter":60}`)
	w.bad(400, 10, "POST", base+"/index?collection=c", `{"type":"ttl","fields":["until"],"expireAfter":5}`)
	w.good(201, "POST", base+"/index?collection=c", `{"type":"ttl","fields":["since"],"expireAfter":5}`)
}

func TestKeyValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/kv/k?expiration=true", `{"stream":false}`)
	w.good(200, "POST", base+"/collection", `{"name":"docs"}`)
	list := field(t, w.good(200, "GET", base+"/kv", ""), "result").String()
	if list != `[{"expiration":true,"name":"k"}]` {
		t.Errorf("list: %s", list)
	}
	a := w.call("PUT", base+"/kv/k/value", `[{"_key":"a","value":{"x":1},"expireAt":-1},{"_key":"b","value":2},{"value":3},{"_key":"c"}]`)
	if a.status != 202 || strings.Count(a.body, `"_rev"`) != 2 || strings.Count(a.body, `"errorNum"`) != 2 {
		t.Fatalf("set: %d %s", a.status, a.body)
	}
	w.good(202, "PUT", base+"/kv/k/value", `[{"_key":"a","value":"again"}]`)
	if got := w.good(200, "GET", base+"/kv/k/value/a", ""); field(t, got, "value").Str() != "again" {
		t.Errorf("get: %s", got)
	}
	w.bad(404, 101000, "GET", base+"/kv/k/value/none", "")
	w.bad(404, 101000, "DELETE", base+"/kv/k/value/none", "")
	if got := w.good(200, "GET", base+"/kv/k/count", ""); field(t, got, "count").Digits() != "2" {
		t.Errorf("count: %s", got)
	}
	if got := field(t, w.good(200, "GET", base+"/kv/k/keys?order=desc&limit=1&offset=1", ""), "result").String(); got != `["a"]` {
		t.Errorf("keys: %s", got)
	}
	if got := field(t, w.good(200, "POST", base+"/kv/k/values", `["b","none"]`), "result"); len(got.Items()) != 1 {
		t.Errorf("values: %s", got)
	}
	if got := field(t, w.good(200, "POST", base+"/kv/k/values", ""), "result"); len(got.Items()) != 2 {
		t.Errorf("values of all: %s", got)
	}
	w.good(202, "DELETE", base+"/kv/k/value/a", "")
	w.good(202, "DELETE", base+"/kv/k/values", `["b"]`)
	w.good(200, "PUT", base+"/kv/k/truncate", "")
	w.bad(400, 1218, "GET", base+"/kv/docs/count", "")
	w.bad(404, 1203, "GET", base+"/kv/none/count", "")
	w.bad(400, 10, "POST", base+"/kv/k/values", `[1]`)
	w.bad(400, 10, "GET", base+"/kv/k/keys?limit=x", "")
	w.good(200, "DELETE", base+"/kv/k", "")
	w.bad(404, 1203, "GET", base+"/kv/k/value/a", "")
}

// Clients tell items that went well by their _id.
func TestFailedItemsNameNoDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"a"}`)
	got := w.good(202, "PATCH", base+"/document/c?ignoreRevs=false", `[{"_key":"a","_rev":"_other"}]`).Items()[0]
	if _, named := got.Get("_id"); named || field(t, got, "errorNum").Digits() != "1200" {
		t.Errorf("an item that failed: %s", got)
	}
}

// Documents that come in one call without keys lie in its order, and a repeat of the call finds their keys.
func TestGeneratedKeysOfOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	body := "[" + strings.TrimSuffix(strings.Repeat(`{"a":1},`, 200), ",") + "]"
	var first []string
	for range 2 {
		var keys []string
		for _, item := range w.good(202, "POST", base+"/document/c", body, "Idempotency-Key", "once").Items() {
			keys = append(keys, field(t, item, "_key").Str())
		}
		if len(keys) != 200 || !slices.IsSorted(keys) {
			t.Errorf("keys %v", keys)
		}
		if first == nil {
			first = keys
		}
		if !slices.Equal(first, keys) {
			t.Error("the repeat tells other keys")
		}
	}
}

func TestEdges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"e","type":3}`)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document?collection=e", `{"_from":"c/a","_to":"c/b"}`)
	w.good(202, "POST", base+"/document/e", `{"_from":"c/b","_to":"c/a"}`)
	w.good(202, "POST", base+"/document/e", `{"_from":"c/a","_to":"c/a"}`)
	for direction, want := range map[string]int{"in": 2, "out": 2, "": 3, "any": 3, "undefined": 3} {
		reply := w.good(200, "GET", base+"/edges/e?vertex=c/a&direction="+direction, "")
		if got := field(t, reply, "edges"); len(got.Items()) != want || field(t, reply, "stats.scannedIndex").Digits() != fmt.Sprint(want) {
			t.Errorf("%s: %s", direction, reply)
		}
	}
	w.bad(400, 1233, "POST", base+"/document/e", `{"_from":"c/a"}`)
	w.bad(400, 1233, "POST", base+"/document/e", `{"_from":"c/a","_to":"nothing"}`)
	w.bad(400, 10, "GET", base+"/edges/e?vertex=a", "")
	w.bad(400, 10, "GET", base+"/edges/e?vertex=c/a&direction=up", "")
	w.bad(400, 1218, "GET", base+"/edges/c?vertex=c/a", "")
}

func TestWhatIsSeldomAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := field(t, w.good(200, "GET", "/_api/database/user", ""), "result").Items(); len(got) != 1 || field(t, got[0], "options.tenant").Str() != "demo" {
		t.Errorf("fabrics: %v", got)
	}
	w.good(201, "PUT", "/_api/database/metadata", `{"metadata":{"a":1}}`)
	if got := field(t, w.good(200, "GET", "/_api/database/metadata", ""), "result.options.metadata.a").Digits(); got != "1" {
		t.Errorf("metadata: %s", got)
	}
	w.good(202, "DELETE", "/_api/mesh/locations/syd", "")
	w.good(202, "POST", "/_api/mesh/leave", "")
	if got := field(t, w.good(200, "GET", "/_admin/time", ""), "time").Float64(); got <= 0 {
		t.Errorf("time: %v", got)
	}
}
