package http

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// rowsOf gives the result of a reply as text.
func rowsOf(t testing.TB, v value.Value) string {
	t.Helper()
	return field(t, v, "result").String()
}

func TestCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cursor := base + "/cursor"
	one := w.good(201, "POST", cursor, `{"query":"RETURN @x","bindVars":{"x":{"a":[5]}}}`)
	if rowsOf(t, one) != `[{"a":[5]}]` || keysOf(one) != "cached code error extra hasMore result" || field(t, one, "hasMore").Bool() {
		t.Errorf("one row: %s", one)
	}
	if got := keysOf(field(t, one, "extra")); got != "stats warnings" {
		t.Errorf("extra: %s", got)
	}
	for _, name := range strings.Fields("writesExecuted writesIgnored scannedFull scannedIndex filtered httpRequests executionTime peakMemoryUsage") {
		if field(t, one, "extra.stats."+name).Kind() != value.KindNumber {
			t.Errorf("stats: %s", one)
		}
	}
	for _, body := range []string{`{"query":"FOR x IN 1..5 RETURN x","batchSize":2,"count":true}`,
		`{"query":"FOR x IN 1..5 RETURN x","options":{"batchSize":2,"count":true,"stream":true}}`} {
		first := w.good(201, "POST", cursor, body)
		if rowsOf(t, first) != "[1,2]" || !field(t, first, "hasMore").Bool() {
			t.Fatalf("first batch: %s", first)
		}
		if !strings.Contains(body, "stream") && field(t, first, "count").Digits() != "5" {
			t.Errorf("count: %s", first)
		}
		id := field(t, first, "id").Str()
		next := w.good(200, "PUT", cursor+"/"+id, "")
		if rowsOf(t, next) != "[3,4]" || field(t, next, "id").Str() != id || field(t, next, "code").Digits() != "200" {
			t.Errorf("second batch: %s", next)
		}
		last := w.good(200, "POST", cursor+"/"+id, "") // as newer drivers of the AQL family ask
		if _, has := last.Get("id"); rowsOf(t, last) != "[5]" || field(t, last, "hasMore").Bool() || has {
			t.Errorf("last batch: %s", last)
		}
		w.bad(404, 1600, "PUT", cursor+"/"+id, "")
	}
	first := w.good(201, "POST", cursor, `{"query":"FOR x IN 1..500 RETURN x"}`)
	if field(t, first, "result").Len() != 100 {
		t.Errorf("%d rows without a batchSize", field(t, first, "result").Len())
	}
	id := field(t, first, "id").Str()
	if got := w.good(202, "DELETE", cursor+"/"+id, ""); got.String() != `{"code":202,"error":false,"id":"`+id+`"}` {
		t.Errorf("deleted: %s", got)
	}
	w.bad(404, 1600, "DELETE", cursor+"/"+id, "")
	full := w.good(201, "POST", cursor, `{"query":"FOR x IN 1..5 LIMIT 2 RETURN x","options":{"fullCount":true,"profile":true}}`)
	if field(t, full, "extra.stats.fullCount").Digits() != "5" || field(t, full, "extra.profile").Kind() != value.KindObject {
		t.Errorf("fullCount: %s", full)
	}
	warned := w.good(201, "POST", cursor, `{"query":"RETURN 1/0"}`)
	if rowsOf(t, warned) != "[null]" || field(t, warned, "extra.warnings").Len() != 1 || field(t, field(t, warned, "extra.warnings").Items()[0], "code").Digits() != "1562" {
		t.Errorf("warning: %s", warned)
	}
	w.good(200, "PATCH", "/_api/user/root", `{"extra":{"team":"maps"}}`)
	if got := w.good(201, "POST", cursor, `{"query":"RETURN [CURRENT_USER(), Current_User_Attribute('team')]"}`); rowsOf(t, got) != `[["root","maps"]]` {
		t.Errorf("who asks: %s", got)
	}
	empty := w.good(201, "POST", cursor, `{"query":"FOR x IN [] RETURN x","count":true}`)
	if rowsOf(t, empty) != "[]" || field(t, empty, "count").Digits() != "0" {
		t.Errorf("nothing: %s", empty)
	}
}

func TestCursorRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cursor := base + "/cursor"
	first := w.good(201, "POST", cursor, `{"query":"FOR x IN 1..5 RETURN x","batchSize":2,"options":{"allowRetry":true}}`)
	id := cursor + "/" + field(t, first, "id").Str()
	if field(t, first, "nextBatchId").Str() != "2" {
		t.Fatalf("first: %s", first)
	}
	for range 2 {
		if got := w.good(200, "POST", id+"/2", ""); rowsOf(t, got) != "[3,4]" || field(t, got, "nextBatchId").Str() != "3" {
			t.Errorf("second: %s", got)
		}
	}
	w.bad(404, 1600, "POST", id+"/1", "")
	w.bad(404, 1600, "POST", id+"/4", "")
	w.bad(404, 1600, "POST", id+"/x", "")
	for range 2 {
		got := w.good(200, "POST", id+"/3", "")
		if _, more := got.Get("nextBatchId"); rowsOf(t, got) != "[5]" || more {
			t.Errorf("last: %s", got)
		}
	}
	w.good(202, "DELETE", id, "")
	w.bad(404, 1600, "POST", id+"/3", "")
}

func TestCursorErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cursor := base + "/cursor"
	e := w.bad(400, 1501, "POST", cursor, `{"query":"RETURN 1 +\n  FOR"}`)
	if m := field(t, e, "errorMessage").Str(); field(t, e, "errorCode").Str() != "query-parse" || !strings.Contains(m, "line 2, column 3") || !strings.Contains(m, "\n") || !strings.Contains(m, "^") {
		t.Errorf("syntax error: %s", e)
	}
	w.bad(400, 1502, "POST", cursor, `{"query":"  "}`)
	w.bad(400, 1502, "POST", cursor, `{}`)
	w.bad(404, 1203, "POST", cursor, `{"query":"FOR i IN no RETURN i"}`)
	w.bad(404, 1203, "POST", cursor, `{"query":"FOR i IN _users RETURN i"}`)
	w.bad(404, 1203, "POST", cursor, `{"query":"FOR i IN @@c RETURN i","bindVars":{"@c":"_apikeys"}}`)
	w.bad(404, 1203, "POST", cursor, `{"query":"INSERT {} INTO _users"}`)
	w.bad(400, 1551, "POST", cursor, `{"query":"RETURN @a"}`)
	w.bad(400, 1552, "POST", cursor, `{"query":"RETURN 1","bindVars":{"a":1}}`)
	w.bad(400, 1540, "POST", cursor, `{"query":"RETURN NONE_SUCH(1)"}`)
	w.bad(400, 1541, "POST", cursor, `{"query":"RETURN ABS()"}`)
	w.bad(400, 1562, "POST", cursor, `{"query":"RETURN 1/0","options":{"failOnWarning":true}}`)
	w.bad(400, 32, "POST", cursor, `{"query":"LET a = (FOR x IN 1..1000000 RETURN x) RETURN SORTED(a)","memoryLimit":100000}`)
	w.bad(410, 1500, "POST", cursor, `{"query":"FOR x IN 1..100000000 FILTER x < 0 RETURN x","options":{"maxRuntime":0.05}}`)
	w.bad(410, 1500, "POST", cursor, `{"query":"FOR x IN 1..100000000 FILTER x < 0 RETURN x","options":{"maxRuntime":1e-12}}`)
	w.bad(504, 30004, "POST", cursor, `{"query":"FOR x IN 1..100000000 FILTER x < 0 RETURN x"}`, "Selvedge-Deadline", "50ms")
	for _, body := range []string{`[]`, `7`, `{"query":7}`, `{"query":"RETURN 1","bindVars":7}`, `{"query":"RETURN 1","batchSize":0}`, `{"query":"RETURN 1","batchSize":"2"}`,
		`{"query":"RETURN 1","options":7}`, `{"query":"RETURN 1","options":{"stream":1}}`, `{"query":"RETURN 1","ttl":-1}`, `{"query":"RETURN 1","ttl":"x"}`,
		`{"query":"RETURN 1","options":{"optimizer":{"rules":[7]}}}`, `{"query":"RETURN 1","memoryLimit":-1}`, `{"query":"RETURN 1","options":{"profile":9}}`} {
		w.bad(400, 10, "POST", cursor, body)
	}
	w.bad(400, 600, "POST", cursor, `{`)
	w.bad(501, 9, "POST", cursor+"/sql", `{"query":"SELECT 1"}`)
	w.bad(404, 1600, "PUT", cursor+"/12345678901", "")
	w.bad(404, 1600, "DELETE", cursor+"/invalid", "")
	w.bad(404, 1600, "PUT", cursor+"/invalid", "")
	w.bad(405, 405, "GET", cursor, "")
	w.bad(405, 405, "PATCH", cursor+"/1", "")
	w.bad(405, 405, "PUT", cursor+"/1/2", "")
}

func TestCursorIsItsOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(201, "POST", base+"/database", `{"name":"shop"}`)
	first := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN 1..5 RETURN x","batchSize":2}`)
	id := field(t, first, "id").Str()
	w.bad(404, 1600, "PUT", base+"/cursor/"+id, "", "Authorization", "apikey other.root.secret")
	w.bad(404, 1600, "PUT", "/_fabric/shop/_api/cursor/"+id, "")
	w.bad(404, 1600, "DELETE", base+"/cursor/"+id, "", "Authorization", "apikey other.root.secret")
	if got := w.good(200, "PUT", "/_db/_system/_api/cursor/"+id, ""); rowsOf(t, got) != "[3,4]" {
		t.Errorf("through another path: %s", got)
	}
}

func TestQueriesWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	made := w.good(201, "POST", base+"/cursor", `{"query":"FOR i IN 1..10 INSERT {_key: TO_STRING(i), n: i} INTO c RETURN NEW","batchSize":3,"count":true}`)
	if field(t, made, "extra.stats.writesExecuted").Digits() != "10" || field(t, made, "count").Digits() != "10" {
		t.Errorf("insert: %s", made)
	}
	doc := field(t, made, "result").Items()[0]
	if got := w.good(200, "GET", base+"/document/c/1", ""); !value.Equal(got, doc) {
		t.Errorf("NEW is %s, the document %s", doc, got)
	}
	retry := base + "/cursor/" + field(t, w.good(201, "POST", base+"/cursor", `{"query":"FOR d IN c UPDATE d WITH {} IN c RETURN NEW","batchSize":6,"options":{"allowRetry":true}}`), "id").Str()
	for range 2 {
		if a := w.call("POST", retry+"/2", ""); a.status != 200 || a.header.Get("Selvedge-Session") == "" {
			t.Errorf("a batch that is asked for again has no session: %d %v", a.status, a.header)
		}
	}
	a := w.call("POST", base+"/cursor", `{"query":"FOR d IN c FILTER d.n > 5 UPDATE d WITH {big: true} IN c"}`)
	if a.status != 201 || a.header.Get("Selvedge-Session") == "" {
		t.Errorf("update: %d %v %s", a.status, a.header, a.body)
	}
	got := w.good(201, "POST", base+"/cursor", `{"query":"FOR d IN c COLLECT WITH COUNT INTO n RETURN n"}`, "Selvedge-Session", a.header.Get("Selvedge-Session"))
	if rowsOf(t, got) != "[10]" {
		t.Errorf("count: %s", got)
	}
	w.bad(409, 1210, "POST", base+"/cursor", `{"query":"FOR i IN 10..12 INSERT {_key: TO_STRING(22 - i)} INTO c"}`)
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "10" {
		t.Errorf("a query that failed had an effect: %s", got)
	}
	w.bad(400, 1579, "POST", base+"/cursor", `{"query":"INSERT {} INTO c FOR d IN c RETURN d"}`)
}

func TestQueriesInTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/collection", `{"name":"d"}`)
	id, in := w.begin(`{"collections":{"write":["c"]}}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"a"}`, in...)
	w.good(201, "POST", base+"/cursor", `{"query":"INSERT {_key: 'b'} INTO c"}`, in...)
	if got := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN c SORT x._key RETURN x._key"}`, in...); rowsOf(t, got) != `["a","b"]` {
		t.Errorf("inside: %s", got)
	}
	if got := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN c RETURN x._key"}`); rowsOf(t, got) != `[]` {
		t.Errorf("outside: %s", got)
	}
	w.bad(400, 1652, "POST", base+"/cursor", `{"query":"INSERT {} INTO d"}`, in...)
	open := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN c SORT x._key RETURN x._key","batchSize":1,"options":{"stream":true}}`, in...)
	cursor := base + "/cursor/" + field(t, open, "id").Str()
	_, elsewhere := w.begin(`{}`)
	w.bad(404, 1600, "PUT", cursor, "", elsewhere...)
	if got := w.good(200, "PUT", cursor, "", in...); rowsOf(t, got) != `["b"]` {
		t.Errorf("second batch: %s", got)
	}
	open = w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN c SORT x._key RETURN x._key","batchSize":1}`, in...)
	cursor = base + "/cursor/" + field(t, open, "id").Str()
	if got := w.good(200, "PUT", base+"/transaction/"+id, ""); field(t, got, "result.status").Str() != "committed" {
		t.Errorf("commit: %s", got)
	}
	w.bad(404, 1600, "PUT", cursor, "") // it ended with its transaction
	if got := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN c SORT x._key RETURN x._key"}`); rowsOf(t, got) != `["a","b"]` {
		t.Errorf("after the commit: %s", got)
	}
	id, in = w.begin(`{}`)
	w.bad(409, 1210, "POST", base+"/cursor", `{"query":"FOR k IN ['x', 'a'] INSERT {_key: k} INTO c"}`, in...)
	w.bad(410, 1654, "PUT", base+"/transaction/"+id, "") // half of the query stands in it
	w.good(200, "DELETE", base+"/transaction/"+id, "")
}

func TestQueryManagement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"docs"}`)
	parsed := w.good(200, "POST", base+"/query", `{"query":"FOR d IN docs FILTER d.a == @a RETURN d"}`)
	if !field(t, parsed, "parsed").Bool() || field(t, parsed, "collections").String() != `["docs"]` || field(t, parsed, "bindVars").String() != `["a"]` ||
		field(t, parsed, "ast").Kind() != value.KindArray {
		t.Errorf("parsed: %s", parsed)
	}
	w.bad(400, 1501, "POST", base+"/query", `{"query":"forrrr doc in docs return doc"}`)
	w.bad(400, 10, "POST", base+"/query", `{"query":7}`)
	for _, path := range []string{"/explain", "/query/explain"} {
		plan := w.good(200, "POST", base+path, `{"query":"FOR d IN docs RETURN d","bindVars":{}}`)
		if keysOf(plan) != "cacheable code error plan stats text warnings" || field(t, plan, "plan.nodes").Len() == 0 || field(t, plan, "text").Str() == "" {
			t.Errorf("plan: %s", plan)
		}
		plans := w.good(200, "POST", base+path, `{"query":"FOR d IN docs RETURN d","options":{"allPlans":true}}`)
		if field(t, plans, "plans").Len() == 0 {
			t.Errorf("plans: %s", plans)
		}
		w.bad(400, 1501, "POST", base+path, `{"query":"INVALID QUERY"}`)
		w.bad(404, 1203, "POST", base+path, `{"query":"FOR d IN absent RETURN d"}`)
		w.bad(405, 405, "GET", base+path, "")
	}
	for _, path := range []string{"/query/current", "/query/slow"} {
		if got := w.good(200, "GET", base+path, ""); got.String() != "[]" {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := w.good(200, "DELETE", base+"/query/slow", ""); got.String() != `{"code":200,"error":false}` {
		t.Errorf("clear: %s", got)
	}
	w.bad(404, 1591, "DELETE", base+"/query/123", "")
	w.bad(405, 405, "PUT", base+"/query/current", "")
	w.bad(405, 405, "GET", base+"/query", "")
	if got := w.good(200, "GET", base+"/query/properties", ""); field(t, got, "slowQueryThreshold").Digits() != "10" || !field(t, got, "trackBindVars").Bool() {
		t.Errorf("properties: %s", got)
	}
	set := w.good(200, "PUT", base+"/query/properties", `{"slowQueryThreshold":0,"maxSlowQueries":2,"trackBindVars":false,"maxQueryStringLength":64}`)
	if field(t, set, "maxSlowQueries").Digits() != "2" || field(t, set, "slowQueryThreshold").Digits() != "0" || field(t, set, "trackBindVars").Bool() {
		t.Errorf("changed: %s", set)
	}
	for range 3 {
		w.good(201, "POST", base+"/cursor", `{"query":"RETURN @x","bindVars":{"x":"secret"}}`)
	}
	slow := w.good(200, "GET", base+"/query/slow", "")
	if slow.Len() != 2 || field(t, slow.Items()[0], "exitCode").Digits() != "0" || strings.Contains(slow.String(), "secret") {
		t.Errorf("slow: %s", slow)
	}
	w.bad(400, 10, "PUT", base+"/query/properties", `{"slowQueryThreshold":"long"}`)
	w.bad(400, 10, "PUT", base+"/query/properties", `{"maxSlowQueries":-1}`)
	if got := w.good(200, "GET", base+"/query/rules", ""); got.Len() < 20 || keysOf(got.Items()[0]) != "doc flags name" {
		t.Errorf("rules: %s", got)
	}
	if got := field(t, w.good(200, "GET", base+"/query/functions", ""), "result"); got.Len() < 150 || keysOf(got.Items()[0]) != "deterministic doc example family kind name signature summary" {
		t.Errorf("functions: %.300s", got)
	}
	w.bad(405, 405, "POST", base+"/query/properties", "{}")
	w.bad(405, 405, "PUT", base+"/query/rules", "{}")
	for _, path := range []string{"/c8qlfunction", "/aqlfunction"} {
		if got := w.good(200, "GET", base+path, ""); field(t, got, "result").String() != "[]" {
			t.Errorf("%s: %s", path, got)
		}
		w.bad(501, 9, "POST", base+path, `{"name":"my::f","code":"function(){}"}`)
		w.bad(501, 9, "DELETE", base+path+"/my::f", "")
	}
}

// TestKill ends a query that another request waits for.
func TestKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := make(chan answer, 1)
	go func() { got <- w.call("POST", base+"/cursor", `{"query":"RETURN SLEEP(600)"}`) }()
	var running value.Value
	for running.Len() == 0 {
		running = w.good(200, "GET", base+"/query/current", "")
	}
	one := running.Items()[0]
	if field(t, one, "query").Str() != "RETURN SLEEP(600)" || field(t, one, "bindVars").String() != "{}" || field(t, one, "database").Str() != "_system" ||
		field(t, one, "started").Str() == "" || field(t, one, "user").Str() != "root" {
		t.Errorf("running: %s", running)
	}
	if _, has := one.Get("exitCode"); has {
		t.Errorf("a running query has an exit code: %s", one)
	}
	if other := w.good(200, "GET", base+"/query/current", "", "Authorization", "apikey other.root.secret"); other.Len() != 0 {
		t.Errorf("another tenant sees %s", other)
	}
	w.bad(404, 1591, "DELETE", base+"/query/"+field(t, one, "id").Str(), "", "Authorization", "apikey other.root.secret")
	w.good(200, "DELETE", base+"/query/"+field(t, one, "id").Str(), "")
	if a := <-got; a.status != 410 || !strings.Contains(a.body, `"errorNum":1500`) {
		t.Errorf("killed: %d %s", a.status, a.body)
	}
}

// TestCallerWhoGoesEndsTheQuery cancels a request as a closed connection does.
func TestCallerWhoGoesEndsTheQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, gone := context.WithCancel(t.Context())
	hr := httptest.NewRequestWithContext(ctx, "POST", "http://localhost"+base+"/cursor", strings.NewReader(`{"query":"RETURN SLEEP(600)"}`))
	hr.Header.Set("Authorization", "apikey "+rootKey)
	var wait sync.WaitGroup
	wait.Go(func() { w.server.ServeHTTP(httptest.NewRecorder(), hr) })
	for w.good(200, "GET", base+"/query/current", "").Len() == 0 {
		continue
	}
	gone()
	wait.Wait()
	if got := w.good(200, "GET", base+"/query/current", ""); got.Len() != 0 {
		t.Errorf("still running: %s", got)
	}
}

func TestCursorsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"query":"FOR x IN 1..5 RETURN x","batchSize":2}`
	for i := range 1000 {
		if a := w.call("POST", base+"/cursor", body); a.status != 201 {
			t.Fatalf("cursor %d: %d %s", i, a.status, a.body)
		}
	}
	a := w.call("POST", base+"/cursor", body)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "30013") {
		t.Errorf("one too many: %d %s", a.status, a.body)
	}
	w.good(201, "POST", base+"/cursor", `{"query":"RETURN 1"}`) // what needs no cursor goes on
	w.good(201, "POST", base+"/cursor", body, "Authorization", "apikey other.root.secret")
	metrics := w.call("GET", "/metrics", "").body
	if !strings.Contains(metrics, `selvedge_open{what="cursors"} 1001`) || !strings.Contains(metrics, `selvedge_queries_total{event="started"} 1003`) {
		t.Errorf("metrics: %s", metrics)
	}
}

// TestCursorsOfQueriesThatWrote: their rows are not lost for a limit, and yet they do not grow without one.
func TestCursorsOfQueriesThatWrote(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]api.CursorLimits{"number": {Open: 3}, "memory": {Memory: 500_000}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := limitedWorld(t, api.Limits{Cursors: limits})
			w.good(200, "POST", base+"/collection", `{"name":"c"}`)
			write := `{"query":"FOR i IN 1..3 INSERT {pad: REPEAT('x', 10000)} INTO c RETURN NEW","batchSize":1}`
			read := `{"query":"FOR i IN 1..3 RETURN REPEAT('x', 10000)","batchSize":1}`
			last, done := answer{status: 201}, 0
			for last.status == 201 && done < 100 {
				if a := w.call("POST", base+"/cursor", read); a.status != 201 && a.status != 429 {
					t.Fatalf("reading: %d %s", a.status, a.body)
				}
				if last = w.call("POST", base+"/cursor", write); last.status == 201 {
					done++
				}
			}
			if last.status != 429 || done < 2 || done > 6 {
				t.Errorf("after %d queries that write: %d %s", done, last.status, last.body)
			}
			if got := w.good(200, "GET", base+"/collection/c/count", ""); !value.Equal(field(t, got, "count"), value.Int(int64(3*done))) {
				t.Errorf("after %d queries that write: %s", done, got)
			}
		})
	}
}

// TestCursorsAtTheEnd: 503 says that nothing was done.
func TestCursorsAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.server.service.Close()
	if a := w.call("POST", base+"/cursor", `{"query":"FOR i IN 1..3 RETURN i","batchSize":1}`); a.status != 503 {
		t.Errorf("reading: %d %s", a.status, a.body)
	}
	w.bad(404, 1600, "POST", base+"/cursor", `{"query":"FOR i IN 1..3 INSERT {} INTO c RETURN NEW","batchSize":1}`)
}

// TestMemoryOfStreams: what a stream takes while it is read counts.
func TestMemoryOfStreams(t *testing.T) {
	t.Parallel()
	w := limitedWorld(t, api.Limits{Cursors: api.CursorLimits{Memory: 500_000}})
	first := w.good(201, "POST", base+"/cursor", `{"query":"FOR i IN 1..5 RETURN i < 3 ? i : LENGTH(SORTED((FOR k IN 1..40000 RETURN REPEAT('x', 10 + k % 3))))","batchSize":2,"options":{"stream":true}}`)
	w.good(200, "PUT", base+"/cursor/"+field(t, first, "id").Str(), "")
	if a := w.call("POST", base+"/cursor", `{"query":"FOR i IN 1..3 RETURN REPEAT('x', 10000)","batchSize":1}`); a.status != 429 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestExportByQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	var docs strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&docs, `{"_key":"k%d","n":%d,"pad":"%s"}`+"\n", i, i, strings.Repeat("p", 50))
	}
	w.good(201, "POST", base+"/import?collection=c", docs.String())
	got := w.good(200, "POST", base+"/export", `{"query":"FOR d IN @@c FILTER d.n > @n SORT d.n RETURN d","bindVars":{"@c":"c","n":10}}`)
	rows := field(t, got, "result")
	if rows.Len() != 2989 || keysOf(rows.Items()[0]) != "_key n pad" || keysOf(got) != "code error result" {
		t.Errorf("%d rows: %.200s", rows.Len(), got)
	}
	if got := w.good(200, "POST", base+"/export", `{"query":"RETURN [1, {_id: 1}]"}`); field(t, got, "result").String() != `[[1,{"_id":1}]]` {
		t.Errorf("rows that are no documents: %s", got)
	}
	for _, q := range []string{"FOR d IN c REMOVE d IN c", "INSERT {} INTO c", "FOR d IN c UPDATE d WITH {} IN c", "UPSERT {} INSERT {} UPDATE {} IN c"} {
		w.bad(400, 10, "POST", base+"/export", `{"query":"`+q+`"}`)
	}
	w.bad(404, 1203, "POST", base+"/export", `{"query":"FOR x IN absent LIMIT 0, 10 RETURN x"}`)
	w.bad(400, 1501, "POST", base+"/export", `{"query":"INVALID"}`)
	w.bad(405, 405, "GET", base+"/export", "")
}

// gone is the connection of a caller who leaves while the reply is written.
type gone struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
}

func (g gone) Write(b []byte) (int, error) {
	g.leave()
	return g.ResponseRecorder.Write(b)
}

func TestCursorOfACallerWhoIsGoneIsFreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, leave := context.WithCancel(t.Context())
	hr := httptest.NewRequestWithContext(ctx, "POST", "http://localhost"+base+"/cursor", strings.NewReader(`{"query":"FOR x IN 1..5 RETURN x","batchSize":2}`))
	hr.Header.Set("Authorization", "apikey "+rootKey)
	out := gone{httptest.NewRecorder(), leave}
	w.server.ServeHTTP(out, hr)
	if !strings.Contains(out.Body.String(), `"hasMore":true`) {
		t.Fatalf("reply: %s", out.Body)
	}
	if metrics := w.call("GET", "/metrics", "").body; !strings.Contains(metrics, `selvedge_open{what="cursors"} 0`) || !strings.Contains(metrics, "selvedge_cursor_bytes 0") {
		t.Errorf("the cursor is kept: %s", metrics)
	}
}

// TestLeasesEnd lets time pass over cursors and transactions that nobody asks for.
func TestLeasesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.good(200, "POST", base+"/collection", `{"name":"c"}`)
		open := func(ttl string) string {
			got := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN 1..9 RETURN x","batchSize":2`+ttl+`}`)
			return base + "/cursor/" + field(t, got, "id").Str()
		}
		short, usual, long := open(`,"ttl":1.5`), open(""), open(`,"ttl":1e6`)
		trx, in := w.begin(`{}`)
		w.good(202, "POST", base+"/document/c", `{"_key":"a"}`, in...)
		time.Sleep(3 * time.Second)
		w.bad(404, 1600, "PUT", short, "")
		w.good(200, "PUT", usual, "") // its time begins anew
		time.Sleep(29 * time.Second)
		w.good(200, "PUT", usual, "")
		w.good(200, "GET", base+"/document/c/a", "", in...)
		time.Sleep(31 * time.Second)
		w.bad(404, 1600, "PUT", usual, "")
		w.good(200, "GET", base+"/document/c/a", "", in...)
		time.Sleep(61 * time.Second)
		w.bad(404, 1655, "PUT", base+"/transaction/"+trx, "")
		w.bad(404, 1202, "GET", base+"/document/c/a", "")
		time.Sleep(58 * time.Minute)
		w.bad(404, 1600, "PUT", long, "") // an hour is the most, whatever is wished
	})
}
