package http

import (
	"strings"
	"testing"
)

func TestAtomicBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/kv/k", "")
	rev := field(t, w.good(202, "POST", base+"/document/c", `{"_key":"old","a":1,"b":{"c":1}}`), "_rev").Str()
	w.good(202, "POST", base+"/document/c", `{"_key":"gone"}`)
	got := w.good(202, "POST", base+"/batch/atomic", `{"operations":[
		{"op":"insert","collection":"c","key":"new","document":{"x":1},"options":{"returnNew":true}},
		{"op":"update","collection":"c","key":"old","document":{"b":{"d":2}},"rev":"`+rev+`"},
		{"op":"remove","collection":"c","key":"gone"},
		{"op":"upsert","collection":"c","key":"up","document":{"y":1}},
		{"op":"kvset","collection":"k","key":"a","document":{"value":5}},
		{"op":"kvset","collection":"k","key":"b","value":6},
		{"op":"kvset","collection":"k","key":"c","value":6},
		{"op":"kvdelete","collection":"k","key":"c"}]}`)
	if list := field(t, got, "result").Items(); len(list) != 8 || field(t, list[0], "new.x").Digits() != "1" {
		t.Errorf("batch: %s", got)
	}
	if got := w.good(200, "GET", base+"/document/c/old", ""); field(t, got, "b").String() != `{"c":1,"d":2}` {
		t.Errorf("updated: %s", got)
	}
	failing := []struct {
		num, status, index int64
		op                 string
	}{
		{1210, 409, 1, `{"op":"insert","collection":"c","key":"new","document":{}}`},
		{1200, 412, 1, `{"op":"replace","collection":"c","key":"new","document":{},"rev":"x"}`},
		{1202, 404, 1, `{"op":"remove","collection":"c","key":"nothing"}`},
		{1203, 404, 1, `{"op":"insert","collection":"nothing","document":{}}`},
		{1218, 400, 1, `{"op":"kvset","collection":"c","key":"a","value":1}`},
		{1221, 400, 1, `{"op":"update","collection":"c","document":{}}`},
		{1221, 400, 1, `{"op":"insert","collection":"c","key":"a b","document":{}}`},
		{1227, 400, 1, `{"op":"insert","collection":"c"}`},
		{30006, 400, 1, `{"op":"what","collection":"c"}`},
		{10, 400, 1, `{"op":1,"collection":"c"}`},
		{10, 400, 1, `{"op":"insert","collection":"c","document":7}`},
		{10, 400, 1, `7`},
	}
	for _, f := range failing {
		v := w.bad(int(f.status), f.num, "POST", base+"/batch/atomic", `{"operations":[{"op":"insert","collection":"c","key":"never","document":{}},`+f.op+`]}`)
		if field(t, v, "index").Digits() != "1" {
			t.Errorf("%s: %s", f.op, v)
		}
		w.bad(404, 1202, "GET", base+"/document/c/never", "")
	}
	w.bad(400, 30006, "POST", base+"/batch/atomic", `{"operations":[]}`)
	w.bad(400, 30006, "POST", base+"/batch/atomic", `{}`)
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	first := w.good(202, "POST", base+"/document/c", `{"a":1}`, "Idempotency-Key", "once")
	again := w.good(202, "POST", base+"/document/c", `{"a":1}`, "Idempotency-Key", "once")
	if field(t, first, "_key").Str() != field(t, again, "_key").Str() || field(t, first, "_rev").Str() != field(t, again, "_rev").Str() {
		t.Errorf("%s then %s", first, again)
	}
	for range 2 {
		if a := w.call("POST", base+"/document/c", `[{"b":1},{"b":2}]`, "Idempotency-Key", "many"); a.status != 202 || strings.Contains(a.body, "errorNum") {
			t.Errorf("bulk: %d %s", a.status, a.body)
		}
	}
	if n := field(t, w.good(200, "GET", base+"/collection/c/count", ""), "count").Digits(); n != "3" {
		t.Errorf("%s documents after repeats, want 3", n)
	}
	w.bad(400, 10, "POST", base+"/document/c", `{"a":1}`, "Idempotency-Key", strings.Repeat("x", 300))
}

// A key that comes again with another write does not swallow it.
func TestIdempotencyKeysOfOtherWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/collection", `{"name":"d"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"k","a":1}`)
	w.good(202, "PATCH", base+"/document/c/k?returnNew=true", `{"a":2}`, "Idempotency-Key", "one")
	again := w.good(202, "PATCH", base+"/document/c/k?returnNew=true&returnOld=true", `{"a":2}`, "Idempotency-Key", "one")
	if _, has := again.Get("new"); has {
		t.Errorf("a repeat knows the contents after all, tell so in the reference: %s", again)
	}
	for _, r := range [][3]string{
		{"PATCH", "/document/c/k", `{"a":3}`}, {"PATCH", "/document/c/other", `{"a":2}`}, {"PATCH", "/document/d/k", `{"a":2}`},
		{"PUT", "/document/c/k", `{"a":2}`}, {"DELETE", "/document/c/k", ""}, {"PATCH", "/document/c/k?keepNull=false", `{"a":2}`},
		{"PATCH", "/document/c/k?mergeObjects=false", `{"a":2}`}, {"PATCH", "/document/c/k?rev=x", `{"a":2}`},
		{"POST", "/batch/atomic", `{"operations":[{"op":"update","collection":"c","key":"k","document":{"a":3}}]}`},
		{"POST", "/batch/atomic", `{"operations":[{"op":"update","collection":"c","key":"k","document":{"a":2}},{"op":"remove","collection":"c","key":"k"}]}`},
		{"POST", "/document/c?transaction=all", `[{"a":2}]`},
	} {
		w.bad(422, 30012, r[0], base+r[1], r[2], "Idempotency-Key", "one")
	}
	if got := w.good(200, "GET", base+"/document/c/k", ""); field(t, got, "a").Digits() != "2" {
		t.Errorf("after all: %s", got)
	}
	w.good(202, "POST", base+"/document/c", `[{"_key":"x"},{"_key":"y"}]`, "Idempotency-Key", "many")
	got := w.good(202, "POST", base+"/document/c", `[{"_key":"x"},{"_key":"z"}]`, "Idempotency-Key", "many").Items()
	if _, failed := got[0].Get("errorNum"); failed || field(t, got[1], "errorCode").Str() != "idempotency-key-reused" {
		t.Errorf("bulk: %s", got)
	}
	w.bad(404, 1202, "GET", base+"/document/c/z", "")
	w.bad(400, 10, "POST", base+"/import?collection=c&overwrite=true", `{"_key":"i"}`, "Idempotency-Key", "import")
	w.good(200, "GET", base+"/document/c/k", "")
}

// An import that is all or nothing does not empty the collection and then fail.
func TestImportCompleteDoesNotEmptyFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"k"}`)
	w.bad(400, 10, "POST", base+"/import?collection=c&overwrite=true&complete=true", `[{"_key":"a"},{"_key":"a"}]`)
	w.good(200, "GET", base+"/document/c/k", "")
}

func TestImportAndExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/collection", `{"name":"e","type":3}`)
	got := w.good(201, "POST", base+"/import?collection=c&type=auto&details=true", "{\"_key\":\"a\",\"v\":1}\r\n\r\n{bad\n{\"_key\":\"b\"}\n{\"_key\":\"a\"}\n7\n")
	for name, want := range map[string]string{"created": "2", "errors": "3", "empty": "1", "updated": "0", "ignored": "0"} {
		if field(t, got, name).Digits() != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if len(field(t, got, "details").Items()) != 3 {
		t.Errorf("details: %s", got)
	}
	for mode, want := range map[string]string{"update": "updated", "replace": "updated", "ignore": "ignored", "error": "errors"} {
		got := w.good(201, "POST", base+"/import?collection=c&onDuplicate="+mode, `[{"_key":"a","w":"`+mode+`"}]`)
		if field(t, got, want).Digits() != "1" {
			t.Errorf("%s: %s", mode, got)
		}
	}
	w.bad(409, 1210, "POST", base+"/import?collection=c&complete=true", `[{"_key":"z"},{"_key":"a"}]`)
	w.bad(404, 1202, "GET", base+"/document/c/z", "")
	w.good(201, "POST", base+"/import?collection=e&fromPrefix=c&toPrefix=c", `{"_from":"a","_to":"c/b"}`)
	if got := field(t, w.good(200, "GET", base+"/edges/e?vertex=c/a", ""), "edges"); len(got.Items()) != 1 {
		t.Errorf("edges: %s", got)
	}
	got = w.good(200, "POST", base+"/import/c", `{"data":[{"code":"X1"},{"code":7},{"none":1},{"code":"a"}],"primaryKey":"code","details":true}`)
	if field(t, got, "result.created").Digits() != "2" || len(field(t, got, "result.unprocessed").Items()) != 2 {
		t.Errorf("import data: %s", got)
	}
	w.good(201, "POST", base+"/import?collection=c&overwrite=true", `[{"_key":"1"},{"_key":"2"},{"_key":"3","a":1}]`)
	out := field(t, w.good(200, "GET", base+"/export/c", ""), "result").String()
	if out != `[{"_key":"1"},{"_key":"2"},{"_key":"3","a":1}]` {
		t.Errorf("export: %s", out)
	}
	if out := field(t, w.good(200, "GET", base+"/export/c?offset=1&limit=1&order=desc", ""), "result").String(); out != `[{"_key":"2"}]` {
		t.Errorf("page: %s", out)
	}
	if out := field(t, w.good(200, "GET", base+"/export/c?limit=0", ""), "result"); len(out.Items()) != 3 {
		t.Errorf("all: %s", out)
	}
	w.bad(404, 1203, "GET", base+"/export/none", "")
	w.bad(404, 1203, "POST", base+"/import?collection=none", "{}")
	w.bad(400, 10, "POST", base+"/import", "{}")
	w.bad(400, 10, "POST", base+"/import?collection=c&onDuplicate=x", "{}")
	w.bad(400, 10, "POST", base+"/import?collection=c&type=xml", "{}")
	w.bad(400, 10, "POST", base+"/import/c", `{"data":7}`)
	table := "[\"_key\",\"n\"]\r\n[\"t1\",1]\r\n[\"t2\",2]\r\n[\"t3\"]\r\n"
	if got := w.good(201, "POST", base+"/import?collection=c", table); field(t, got, "created").Digits() != "2" || field(t, got, "errors").Digits() != "1" {
		t.Errorf("a table: %s", got)
	}
	if got := w.good(200, "GET", base+"/document/c/t2", ""); field(t, got, "n").Digits() != "2" {
		t.Errorf("a row of a table: %s", got)
	}
}

// TestMalformedInput holds every kind of bad body and parameter to its
// documented error, and to having no effect.
func TestMalformedInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	for _, bad := range []struct {
		status int
		num    int64
		path   string
		body   string
	}{
		{400, 600, "/document/c", ``}, {400, 600, "/document/c", `{`}, {400, 600, "/document/c", `{"a":1}x`}, {400, 600, "/document/c", `{"a":1,"a":2}`},
		{400, 600, "/document/c", "{\"a\":\"\xff\"}"}, {400, 600, "/document/c", `{"a":"\ud800"}`}, {400, 600, "/document/c", deep},
		{400, 600, "/document/c", `{"a":1e999}`}, {400, 600, "/document/c", `{"a":01}`}, {400, 600, "/document/c", `{'a':1}`}, {400, 600, "/document/c", `[`},
		{400, 1227, "/document/c", `7`}, {400, 1227, "/document/c", `"x"`}, {400, 1227, "/document/c", `null`},
		{400, 1221, "/document/c", `{"_key":7}`}, {400, 1221, "/document/c", `{"_key":""}`}, {400, 1221, "/document/c", `{"_key":"a/b"}`},
		{400, 1221, "/document/c", `{"_key":"a b"}`}, {400, 1221, "/document/c", `{"_key":"\u0000"}`}, {400, 1221, "/document/c", `{"_key":"ä"}`},
		{400, 1221, "/document/c", `{"_key":"` + strings.Repeat("k", 255) + `"}`},
		{404, 1203, "/document/unknown", `{}`}, {400, 10, "/document", `{}`},
		{400, 10, "/document/c?waitForSync=perhaps", `{}`}, {400, 10, "/document/c?returnNew=2", `{}`}, {400, 10, "/document/c?transaction=some", `[{}]`},
		{413, 1216, "/document/c", `{"a":"` + strings.Repeat("x", 5<<20) + `"}`}, {413, 413, "/document/c", `"` + strings.Repeat("x", 9<<20) + `"`},
		{400, 10, "/collection", `7`}, {400, 10, "/collection", `{}`}, {400, 10, "/collection", `{"name":7}`}, {400, 1208, "/collection", `{"name":"a b"}`},
		{400, 1208, "/collection", `{"name":"_x"}`}, {400, 1208, "/collection", `{"name":"` + strings.Repeat("n", 65) + `"}`}, {400, 10, "/collection", `{"name":"x","type":"2"}`},
		{400, 10, "/collection", `{"name":"x","type":4}`}, {400, 10, "/collection", `{"name":"x","type":2.5}`}, {400, 10, "/collection", `{"name":"x","isLocal":"yes"}`},
		{400, 10, "/collection", `{"name":"x","crdt":[]}`}, {400, 10, "/collection", `{"name":"x","crdt":{"a":{"type":"what"}}}`},
		{400, 10, "/collection", `{"name":"x","crdt":{"a":7}}`}, {400, 10, "/collection", `{"name":"x","keyOptions":{"type":"autoincrement"}}`},
		{501, 9, "/collection", `{"name":"x","isSpot":true}`}, {400, 10, "/collection", `{"name":"x","timeseries":{}}`},
	} {
		v := w.bad(bad.status, bad.num, "POST", base+bad.path, bad.body)
		if m := field(t, v, "errorMessage").Str(); len(m) > 1000 || len(m) < 10 {
			t.Errorf("%s %.40q: message %q", bad.path, bad.body, m)
		}
	}
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "0" {
		t.Errorf("bad input left documents: %s", got)
	}
	if got := field(t, w.good(200, "GET", base+"/collection?excludeSystem=1", ""), "result"); len(got.Items()) != 1 {
		t.Errorf("bad input left collections: %s", got)
	}
	for path, num := range map[string]int64{"/document/c/a%20b": 1221, "/document/c/a%2Fb": 1221, "/document/c/a/b": 1221, "/document/c/%00": 1221, "/document/c/%ff": 1221} {
		w.bad(400, num, "GET", base+path, "")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.bad(400, 10, "GET", base+"/collection/c", "", "Selvedge-Deadline", "soon")
	w.bad(400, 10, "GET", base+"/collection/c", "", "Selvedge-Deadline", "-1s")
	w.bad(400, 10, "GET", base+"/collection/c", "", "Selvedge-Consistency", "total")
	w.bad(501, 9, "GET", base+"/collection/c", "", "Selvedge-Consistency", "strong")
	w.bad(501, 9, "GET", base+"/collection/c", "", "Selvedge-Consistency", "bounded;500ms")
	for _, token := range []string{"x", "AQ", "!!!!", strings.Repeat("A", 20_000), "AQEAAA"} {
		w.bad(400, 10, "GET", base+"/collection/c", "", "Selvedge-Session", token)
	}
	a := w.call("POST", base+"/document/c", `{"_key":"k"}`)
	token := a.header.Get("Selvedge-Session")
	if token == "" || a.header.Get("X-Gdn-Region") != "fra" || a.header.Get("X-Gdn-Requestid") == "" || a.header.Get("X-Gdn-Responsetime") == "" {
		t.Errorf("headers: %v", a.header)
	}
	w.good(200, "GET", base+"/document/c/k", "", "Selvedge-Session", token)
	// What another location has seen of this fabric and this one has not: the
	// read waits until its deadline and says who is behind.
	ahead := aheadToken(t)
	v := w.bad(504, 30004, "GET", base+"/document/c/k", "", "Selvedge-Session", ahead, "Selvedge-Deadline", "5ms")
	if !strings.Contains(field(t, v, "errorMessage").Str(), "fra") {
		t.Errorf("who is behind: %s", v)
	}
	w.good(200, "GET", base+"/document/c/k", "", "Selvedge-Session", ahead, "Selvedge-Consistency", "eventual")
	// A session of another fabric does not make this one wait, and is kept.
	w.good(201, "POST", base+"/database", `{"name":"shop"}`)
	w.good(200, "POST", "/_fabric/shop/collection", `{"name":"c"}`)
	b := w.call("POST", "/_fabric/shop/document/c", `{}`, "Selvedge-Session", token)
	if got := b.header.Get("Selvedge-Session"); len(got) <= len(token) {
		t.Errorf("session of two fabrics: %q after %q", got, token)
	}
}
