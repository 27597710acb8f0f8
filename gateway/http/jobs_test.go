package http

import (
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// crlf joins lines as multipart bodies have them.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") }

func TestMultipartBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", "/_fabric/_system/_api/collection", `{"name":"c"}`)
	body := crlf("--XXX", "Content-Type: application/x-c8-batchpart", "Content-Id: a1", "", `post /document/c?returnNew=1 HTTP/1.1`,
		"charset: utf-8", "content-type: application/json", "", `{"_key":"k","v":1}`,
		"--XXX", "Content-Type: application/x-c8-batchpart", "Content-Id: a2", "", `GET /_fabric/_system/_api/document/c/k HTTP/1.1`, "charset: utf-8",
		"--XXX", "Content-Id: a3", "", `GET /document/c/none`, "", "",
		"--XXX", "Content-Id: a4", "", `GET /changes`, "", "",
		"--XXX", "Content-Id: a5", "", `POST /batch/atomic`, "", `{"operations":[{"op":"remove","collection":"c","key":"k"}]}`,
		"--XXX--")
	for _, kind := range []string{"multipart/form-data; boundary=XXX", "application/json"} {
		a := w.call("POST", base+"/batch", body, "Content-Type", kind)
		if a.status != 200 || a.header.Get("X-C8-Errors") != "2" || a.header.Get("Content-Type") != "multipart/form-data; boundary=XXX" {
			t.Fatalf("%d %v\n%s", a.status, a.header, a.body)
		}
		parts := strings.Split(a.body, "--XXX")
		parts = parts[1 : len(parts)-1]
		want := []struct{ id, status, body string }{{"a1", "202 Accepted", `"v":1`}, {"a2", "200 OK", `"_key":"k"`}, {"a3", "404 Not Found", `1202`},
			{"a4", "400 Bad Request", "30006"}, {"a5", "202 Accepted", "result"}}
		if len(parts) != len(want) {
			t.Fatalf("%d parts:\n%s", len(parts), a.body)
		}
		for i, p := range parts { // as pyC8 takes them apart
			lines := strings.Split(strings.TrimSpace(p), "\r\n")
			if lines[1] != "Content-Id: "+want[i].id || lines[3] != "HTTP/1.1 "+want[i].status || !strings.Contains(lines[len(lines)-1], want[i].body) {
				t.Errorf("part %d:\n%s", i, p)
			}
			if _, err := value.Parse([]byte(lines[len(lines)-1]), value.DefaultLimits); err != nil {
				t.Errorf("part %d: %v", i, err)
			}
		}
		reader := multipart.NewReader(strings.NewReader(a.body), "XXX")
		for range want {
			if _, err := reader.NextPart(); err != nil {
				t.Errorf("as a library reads it: %v", err)
			}
		}
	}
	w.bad(400, 30006, "POST", base+"/batch", `{"operations":[]}`)
	w.bad(400, 30006, "POST", base+"/batch", crlf("--X", "", "nonsense", "--X--"))
	w.bad(400, 30006, "POST", base+"/batch", crlf("--X", "", "GET /a HTTP/1.1", "bad header", "", "--X--"))
	w.bad(405, 405, "GET", base+"/batch", "")
	w.bad(401, 11, "POST", base+"/batch", body, "Authorization", "apikey demo.root.wrong")
	a := w.call("POST", base+"/batch", crlf("--XXX", "Content-Id: 1", "", "GET /document/c/k HTTP/1.1", "Authorization: apikey demo.root.wrong", "", "", "--XXX--"))
	if a.status != 200 || !strings.Contains(a.body, "HTTP/1.1 401") {
		t.Errorf("credentials of a part: %s", a.body)
	}
}

// settle waits until a job has its answer.
func (w *world) settle(id string) {
	w.t.Helper()
	w.server.jobs.Wait()
	if a := w.call("GET", "/_api/job/"+id, ""); a.status != 200 {
		w.t.Fatalf("job: %d %s", a.status, a.body)
	}
}

func TestRequestsInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	for _, names := range [][2]string{{"x-c8-async", "X-C8-Async-Id"}, {"x-arango-async", "X-Arango-Async-Id"}} {
		a := w.call("POST", base+"/document/c", `{"v":1}`, names[0], "store")
		id := a.header.Get(names[1])
		if a.status != 202 || id == "" {
			t.Fatalf("%d %v %s", a.status, a.header, a.body)
		}
		w.settle(id)
		if got := w.good(200, "GET", "/_api/job/done", ""); got.String() != `["`+id+`"]` {
			t.Errorf("done: %s", got)
		}
		if got := w.good(200, "GET", base+"/job/pending", ""); got.String() != `[]` {
			t.Errorf("pending: %s", got)
		}
		other := []string{"Authorization", "apikey other.root.secret"}
		w.bad(404, 404, "GET", "/_api/job/"+id, "", other...)
		got := w.call("PUT", "/_api/job/"+id, "")
		if got.status != 202 || !strings.Contains(got.body, `"_key"`) || got.header.Get(names[1]) != id || got.header.Get("Etag") == "" {
			t.Errorf("answer: %d %v %s", got.status, got.header, got.body)
		}
		w.bad(404, 404, "PUT", "/_api/job/"+id, "") // it is given once
	}
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "2" {
		t.Errorf("count: %s", got)
	}
	failing := w.call("GET", base+"/document/c/none", "", "x-c8-async", "store").header.Get("X-C8-Async-Id")
	w.settle(failing)
	w.bad(404, 1202, "PUT", "/_api/job/"+failing, "")
	thrown := w.call("POST", base+"/document/c", `{"_key":"t"}`, "x-c8-async", "true")
	if thrown.status != 202 {
		t.Errorf("%d %s", thrown.status, thrown.body)
	}
	w.bad(400, 10, "GET", base+"/document/c/t", "", "x-c8-async", "perhaps")
	w.bad(400, 10, "GET", base+"/changes", "", "x-c8-async", "store")
	w.bad(401, 11, "GET", base+"/document/c/t", "", "x-c8-async", "store", "Authorization", "apikey demo.root.wrong")
	w.bad(404, 404, "DELETE", "/_api/job/1", "")
	w.bad(405, 405, "POST", "/_api/job/1", "")
	w.bad(405, 405, "GET", "/_api/job/1/cancel", "")
	id := w.call("GET", base+"/document/c/k", "", "x-c8-async", "store").header.Get("X-C8-Async-Id")
	if got := w.good(200, "PUT", "/_api/job/"+id+"/cancel", ""); !field(t, got, "result").Bool() {
		t.Errorf("cancel: %s", got)
	}
	w.settle(id)
	if got := w.good(200, "DELETE", "/_api/job/"+id, ""); !field(t, got, "result").Bool() {
		t.Errorf("delete: %s", got)
	}
	w.good(200, "DELETE", "/_api/job/expired?stamp=1", "")
	w.good(200, "DELETE", "/_api/job/all", "")
}

func TestJobsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	for i := range 101 {
		a := w.call("GET", base+"/document/c/k", "", "x-c8-async", "store")
		if i < 100 && a.status != 202 {
			t.Fatalf("job %d: %d %s", i, a.status, a.body)
		}
		if i == 100 && (a.status != 429 || a.header.Get("Retry-After") == "") {
			t.Errorf("one too many: %d %s", a.status, a.body)
		}
	}
	w.good(200, "DELETE", "/_api/job/all", "")
	w.server.jobs.Wait() // what runs still counts
	if a := w.call("GET", base+"/document/c/k", "", "x-c8-async", "store"); a.status != 202 {
		t.Errorf("after deleting all: %d %s", a.status, a.body)
	}
}

// batchOf sends one request as the only part of a batch and gives what it was answered.
func (w *world) batchOf(prefix, part string, header ...string) answer {
	w.t.Helper()
	a := w.call("POST", prefix+"/batch", crlf("--XXX", "Content-Id: 1", "", part, "--XXX--"), header...)
	if a.status != 200 {
		return a
	}
	_, text, _ := strings.Cut(a.body, "HTTP/1.1 ")
	a.status, _ = strconv.Atoi(text[:3])
	_, a.body, _ = strings.Cut(text, "\r\n\r\n")
	return a
}

// TestBatchIsPartOfItsCall: what the call of a batch says of itself holds for its parts.
func TestBatchIsPartOfItsCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.open("other", "shop")
	w.open("demo", "shop")
	theirs := "/_tenant/other/_fabric/shop/_api"
	w.good(200, "POST", theirs+"/collection", `{"name":"c"}`, "Authorization", "apikey other.root.secret")
	put := crlf("POST /_api/document/c HTTP/1.1", "", `{"_key":"k"}`)
	if a := w.batchOf(theirs, put, "Authorization", "apikey other.root.secret"); a.status != 202 {
		t.Errorf("a part in the fabric of the batch: %d %s", a.status, a.body)
	}
	if a := w.batchOf(theirs, put); a.status != 403 {
		t.Errorf("a batch of strangers: %d %s", a.status, a.body)
	}
	// Who may act for all tenants acts for the one that the batch names.
	if err := w.access.CreateUser(t.Context(), access.User{Tenant: access.AdminTenant, Name: "root", Active: true, Extra: value.Object()}, "planet"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.access.CreateKey(t.Context(), access.AdminTenant, "root", "root", "secret"); err != nil {
		t.Fatal(err)
	}
	if a := w.batchOf(theirs, crlf("GET /_api/document/c/k HTTP/1.1", "", ""), "Authorization", "apikey "+access.AdminTenant+".root.secret"); a.status != 200 {
		t.Errorf("a part in the tenant of the batch: %d %s", a.status, a.body)
	}
	ahead := aheadToken(t)
	get := crlf("GET /_api/version HTTP/1.1", "", "")
	if a := w.batchOf(base, crlf("GET /document/c/none HTTP/1.1", "Selvedge-Deadline: 1ms", "", ""), "Selvedge-Session", ahead); a.status != 504 {
		t.Errorf("the session of the batch: %d %s", a.status, a.body)
	}
	if a := w.batchOf(base, crlf("GET /document/c/none HTTP/1.1", "", ""), "Selvedge-Consistency", "strong"); a.status != 501 {
		t.Errorf("the consistency of the batch: %d %s", a.status, a.body)
	}
	for range 2 {
		if a := w.batchOf(base, crlf("POST /document/c HTTP/1.1", "", `{"once":true}`), "Idempotency-Key", "x"); a.status != 202 {
			t.Errorf("a batch that is repeated: %d %s", a.status, a.body)
		}
	}
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "1" {
		t.Errorf("a batch that is repeated writes again: %s", got)
	}
	id, in := w.begin(`{}`)
	if a := w.batchOf(base, crlf("POST /document/c HTTP/1.1", "", `{"_key":"in"}`), in...); a.status != 400 || !strings.Contains(a.body, "1653") {
		t.Errorf("a batch in a transaction: %d %s", a.status, a.body)
	}
	if a := w.batchOf(base, crlf("POST /document/c HTTP/1.1", "x-gdn-trxid: "+id, "", `{"_key":"in"}`)); a.status != 202 {
		t.Errorf("a part in a transaction: %d %s", a.status, a.body)
	}
	w.bad(404, 1202, "GET", base+"/document/c/in", "")
	for _, header := range []string{"x-c8-async", "x-arango-async"} {
		if a := w.batchOf(base, crlf("GET /_api/version HTTP/1.1", header+": store", "", "")); a.status != 400 {
			t.Errorf("a part in the background: %d %s", a.status, a.body)
		}
	}
	if a := w.batchOf(base, get); a.status != 200 {
		t.Errorf("version: %d %s", a.status, a.body)
	}
	if a := w.batchOf(base, crlf("GET /_api/version HTTP/1.1", strings.Repeat("a:\r\n", 200), "")); a.status != 400 {
		t.Errorf("a part with many headers: %d %.300s", a.status, a.body)
	}
	if a := w.batchOf(base, crlf("GET /_api/version HTTP/1.1", "a: "+strings.Repeat("a", 70_000), "", "")); a.status != 400 {
		t.Errorf("a part with long headers: %d %.300s", a.status, a.body)
	}
}

// TestSessionOfABatch: what the parts have seen, in whatever fabrics, the caller has.
func TestSessionOfABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open("demo", "shop")
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", "/_fabric/shop/_api/collection", `{"name":"c"}`)
	one := w.call("POST", base+"/document/c", `{}`).header.Get("Selvedge-Session")
	parts := []string{"--XXX", "", "POST /_fabric/shop/_api/document/c HTTP/1.1", "", "{}"}
	for range 20 {
		parts = append(parts, "--XXX", "", "POST /document/c HTTP/1.1", "", "{}")
	}
	parts = append(parts, "--XXX", "", "POST /none HTTP/1.1", "", "", "--XXX--")
	got := w.call("POST", base+"/batch", crlf(parts...)).header.Get("Selvedge-Session")
	if one == "" || strings.Contains(got, ",") || len(got) < len(one)*3/2 {
		t.Errorf("session %q, that of one fabric is %q", got, one)
	}
}

// TestPanicsInTheBackground: what goes wrong in one request ends that one alone.
func TestPanicsInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.pages.handlers = map[string]http.Handler{"boom": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })}
	id := w.call("GET", "/boom", "", "x-c8-async", "store").header.Get("X-C8-Async-Id")
	w.settle(id)
	w.bad(500, 4, "PUT", "/_api/job/"+id, "")
}

// TestLongRequestsInTheBackground: the time of an answer begins when it is there.
func TestLongRequestsInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		start := func() string {
			return w.call("POST", base+"/cursor", `{"query":"RETURN SLEEP(1200)"}`, "x-c8-async", "store", "Selvedge-Deadline", "30m").header.Get("X-C8-Async-Id")
		}
		id := start()
		time.Sleep(29 * time.Minute)
		if a := w.call("PUT", "/_api/job/"+id, ""); a.status != 201 {
			t.Errorf("after 20 minutes of work and 9 more: %d %s", a.status, a.body)
		}
		id = start()
		w.good(200, "DELETE", "/_api/job/"+id, "")
		w.server.jobs.Wait() // forgetting it has ended it
		w.bad(404, 404, "PUT", "/_api/job/"+id, "")
		id = start()
		time.Sleep(31 * time.Minute)
		w.bad(404, 404, "PUT", "/_api/job/"+id, "")
	})
}

func TestMemoryOfJobsIsBounded(t *testing.T) {
	t.Parallel()
	w := limitedWorld(t, api.Limits{Jobs: api.JobLimits{Memory: 10_000}})
	long := strings.Repeat("x", 6000)
	start := func(query string) answer {
		return w.call("POST", base+"/cursor", `{"query":"`+query+`"}`, "x-c8-async", "store")
	}
	var ids []string
	for range 2 { // requests are small, answers are not
		ids = append(ids, start("RETURN REPEAT('x', 6000)").header.Get("X-C8-Async-Id"))
	}
	w.server.jobs.Wait()
	if a := start("RETURN 1"); a.status != 429 || !strings.Contains(a.body, "30013") {
		t.Errorf("beyond the limit: %d %s", a.status, a.body)
	}
	for _, id := range ids {
		if a := w.call("PUT", "/_api/job/"+id, ""); a.status != 201 || !strings.Contains(a.body, long) {
			t.Errorf("answer: %d %.300s", a.status, a.body)
		}
	}
	big := `{"query":"RETURN LENGTH('` + strings.Repeat("x", 12_000) + `')"}`
	if a := w.call("POST", base+"/cursor", big, "x-c8-async", "true"); a.status != 202 {
		t.Errorf("one alone: %d %s", a.status, a.body)
	}
	w.server.jobs.Wait()
	if a := start("RETURN 1"); a.status != 202 {
		t.Errorf("when all was fetched: %d %s", a.status, a.body)
	}
	w.server.jobs.Wait()
}

// TestAnswersThatBreakOff: half an answer is none, in a batch and in the background as on a connection.
func TestAnswersThatBreakOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const body = `{"query":"FOR i IN 1..100000 RETURN i < 90000 || ASSERT(false, 'broken') ? REPEAT('x', 20) : 1"}`
	if a := w.batchOf(base, crlf("POST /_api/export HTTP/1.1", "", body)); a.status != 500 || strings.Contains(a.body, "xxx") {
		t.Errorf("in a batch: %d %.200s", a.status, a.body)
	}
	id := w.call("POST", base+"/export", body, "x-c8-async", "store").header.Get("X-C8-Async-Id")
	w.settle(id)
	w.bad(500, 4, "PUT", "/_api/job/"+id, "")
}

// TestWhatIsKeptIsItsUsers: a user of the same tenant, in the same fabric, is a stranger to it.
func TestWhatIsKeptIsItsUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.access.CreateUser(t.Context(), access.User{Tenant: "demo", Name: "ann", Active: true, Extra: value.Object(str("team", "maps"))}, "ann's"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.access.CreateKey(t.Context(), "demo", "ann", "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	ann := []string{"Authorization", "apikey demo.ann.secret"}
	for range 2 { // also when the plan is kept
		for _, one := range []struct {
			header []string
			want   string
		}{{nil, `[["root",null]]`}, {ann, `[["ann","maps"]]`}} {
			if got := w.good(201, "POST", base+"/cursor", `{"query":"RETURN [CURRENT_USER(), CURRENT_USER_ATTRIBUTE('team')]"}`, one.header...); rowsOf(t, got) != one.want {
				t.Errorf("%s, want %s", got, one.want)
			}
		}
	}
	cursor := base + "/cursor/" + field(t, w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN 1..5 RETURN x","batchSize":2}`), "id").Str()
	id, in := w.begin(`{}`)
	job := "/_api/job/" + w.call("GET", base+"/document/c/a", "", "x-c8-async", "store").header.Get("X-C8-Async-Id")
	w.server.jobs.Wait()
	for _, method := range []string{"PUT", "DELETE"} {
		w.bad(404, 1600, method, cursor, "", ann...)
		w.bad(404, 1655, method, base+"/transaction/"+id, "", ann...)
		w.bad(404, 404, method, job, "", ann...)
	}
	w.bad(404, 1655, "GET", base+"/transaction/"+id, "", ann...)
	w.bad(404, 1655, "GET", base+"/document/c/a", "", append(in, ann...)...)
	w.bad(404, 404, "PUT", job+"/cancel", "", ann...)
	for _, list := range []string{base + "/transaction", "/_api/job/done"} {
		if got := w.good(200, "GET", list, "", ann...); strings.ContainsAny(strings.TrimPrefix(got.String(), `{"code":200`), "123456789") {
			t.Errorf("%s shows another's: %s", list, got)
		}
	}
	w.good(200, "DELETE", "/_api/job/all", "", ann...)
	w.good(200, "PUT", cursor, "")
	w.good(200, "GET", job, "")
	w.good(200, "DELETE", base+"/transaction/"+id, "")
}
