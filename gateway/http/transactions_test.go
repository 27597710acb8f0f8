package http

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// begin opens a transaction and gives the header that names it.
func (w *world) begin(body string) (id string, header []string) {
	w.t.Helper()
	got := w.good(201, "POST", base+"/transaction/begin", body)
	if field(w.t, got, "result.status").Str() != "running" {
		w.t.Fatalf("begin: %s", got)
	}
	id = field(w.t, got, "result.id").Str()
	return id, []string{"x-gdn-trxid", id}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/kv/k", ``)
	w.good(202, "POST", base+"/document/c", `{"_key":"old","n":1}`)
	id, in := w.begin(`{"collections":{"write":["c","k"]}}`)
	doc := base + "/document/c"
	w.good(202, "POST", doc, `{"_key":"new","n":2}`, in...)
	w.good(202, "PATCH", doc+"/old", `{"m":7}`, "x-arango-trx-id", id)
	w.good(202, "PUT", base+"/kv/k/value", `[{"_key":"a","value":1}]`, in...)
	if got := w.good(200, "GET", doc+"/new", "", in...); field(t, got, "n").Digits() != "2" {
		t.Errorf("its own write: %s", got)
	}
	w.bad(404, 1202, "GET", doc+"/new", "")
	for path, want := range map[string]string{"/collection/c/count": "2", "/kv/k/count": "1"} {
		if got := w.good(200, "GET", base+path, "", in...); field(t, got, "count").Digits() != want {
			t.Errorf("%s inside: %s", path, got)
		}
		if got := w.good(200, "GET", base+path, ""); field(t, got, "count").Digits() == want {
			t.Errorf("%s outside: %s", path, got)
		}
	}
	if got := field(t, w.good(200, "GET", base+"/export/c", "", in...), "result"); got.Len() != 2 {
		t.Errorf("export inside: %s", got)
	}
	if got := field(t, w.good(200, "GET", base+"/transaction/"+id, ""), "result"); got.String() != `{"id":"`+id+`","status":"running"}` {
		t.Errorf("status: %s", got)
	}
	if got := field(t, w.good(200, "GET", base+"/transaction", ""), "transactions").String(); got != `[{"id":"`+id+`","state":"running"}]` {
		t.Errorf("list: %s", got)
	}
	done := w.good(200, "PUT", base+"/transaction/"+id, "")
	if field(t, done, "result.status").Str() != "committed" {
		t.Errorf("commit: %s", done)
	}
	w.good(200, "GET", doc+"/new", "")
	if got := w.good(200, "GET", doc+"/old", ""); field(t, got, "m").Digits() != "7" {
		t.Errorf("after the commit: %s", got)
	}
	w.good(200, "PUT", base+"/transaction/"+id, "") // again
	if got := w.good(200, "GET", base+"/transaction/"+id, ""); field(t, got, "result.status").Str() != "committed" {
		t.Errorf("status after the commit: %s", got)
	}
	w.bad(400, 1653, "DELETE", base+"/transaction/"+id, "")
	w.bad(404, 1655, "GET", doc+"/new", "", in...)
}

func TestTransactionIsRolledBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `[{"_key":"a"},{"_key":"b"}]`)
	id, in := w.begin(`{}`)
	w.good(200, "PUT", base+"/collection/c/truncate", "", in...)
	w.good(202, "POST", base+"/document/c", `[{"_key":"x"},{"_key":"x"},{"_key":"y"}]`, in...)
	if got := w.good(200, "GET", base+"/collection/c/count", "", in...); field(t, got, "count").Digits() != "2" {
		t.Errorf("count: %s", got)
	}
	if got := w.good(200, "DELETE", base+"/transaction/"+id, ""); field(t, got, "result.status").Str() != "aborted" {
		t.Errorf("abort: %s", got)
	}
	w.good(200, "DELETE", base+"/transaction/"+id, "")
	w.bad(410, 1654, "PUT", base+"/transaction/"+id, "")
	w.bad(410, 1654, "GET", base+"/document/c/a", "", in...)
	w.good(200, "GET", base+"/document/c/a", "")
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "2" {
		t.Errorf("count: %s", got)
	}
}

func TestTransactionConflicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"a","n":1}`)
	first, in := w.begin(`{"collections":{"write":["c"]}}`)
	w.good(200, "GET", base+"/document/c/a", "", in...)
	w.good(202, "PATCH", base+"/document/c/a", `{"n":2}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"b"}`, in...)
	e := w.bad(409, 1200, "PUT", base+"/transaction/"+first, "")
	if field(t, e, "errorCode").Str() != "write-conflict" {
		t.Errorf("conflict: %s", e)
	}
	w.bad(404, 1202, "GET", base+"/document/c/b", "")
	if got := w.good(200, "GET", base+"/transaction/"+first, ""); field(t, got, "result.status").Str() != "aborted" {
		t.Errorf("status after a conflict: %s", got)
	}
}

func TestTransactionRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/collection", `{"name":"d"}`)
	w.good(202, "POST", base+"/document/d", `{"_key":"a"}`)
	begin := base + "/transaction/begin"
	w.bad(404, 1203, "POST", begin, `{"collections":{"write":["none"]}}`)
	w.bad(404, 1203, "POST", begin, `{"collections":{"read":["_users"]}}`)
	w.bad(400, 10, "POST", begin, `{"collections":{"write":7}}`)
	w.bad(400, 10, "POST", begin, `{"collections":{"write":[""]}}`)
	w.bad(400, 10, "POST", begin, `{"lockTimeout":"long"}`)
	w.bad(400, 10, "POST", begin, `{"lockTimeout":-1}`)
	w.bad(400, 10, "POST", begin, `[]`)
	_, in := w.begin(`{"collections":{"write":"c"}}`) // one name alone
	w.good(200, "GET", base+"/document/d/a", "", in...)
	w.bad(400, 1652, "POST", base+"/document/d", `{}`, in...)
	w.bad(400, 1652, "PUT", base+"/collection/d/truncate", "", in...)
	_, strict := w.begin(`{"collections":{"read":["c"]},"allowImplicit":false}`)
	w.bad(400, 1652, "GET", base+"/document/d/a", "", strict...)
	w.bad(404, 1202, "GET", base+"/document/c/a", "", strict...)
	w.bad(400, 1652, "POST", base+"/document/c", `{}`, strict...)
	for _, r := range []struct{ method, path, body string }{
		{"POST", begin, `{}`}, {"POST", base + "/collection", `{"name":"e"}`}, {"DELETE", base + "/collection/c", ""},
		{"PUT", base + "/collection/c/properties", `{}`}, {"POST", base + "/index?collection=c", `{"type":"persistent","fields":["a"]}`},
		{"POST", base + "/database", `{"name":"f"}`}, {"POST", base + "/graph", `{"name":"g"}`}, {"POST", base + "/kv/k", ``},
		{"POST", base + "/user", `{}`}, {"DELETE", "/_api/key/root", ""}, {"POST", base + "/restql", `{}`}, {"DELETE", base + "/graph/g/vertex/c", ""}, {"PUT", base + "/graph/g/edge/c", "{}"},
	} {
		w.bad(400, 1653, r.method, r.path, r.body, in...)
	}
	w.good(200, "GET", base+"/collection/c", "", in...) // what only reads passes over the header
	w.bad(404, 1655, "GET", base+"/document/c/a", "", "x-gdn-trxid", "12345678901")
	w.bad(404, 1655, "GET", base+"/document/c/a", "", "x-gdn-trxid", "none")
	w.bad(404, 1655, "PUT", base+"/transaction/12345678901", "")
	w.bad(404, 1655, "GET", base+"/transaction/x", "")
	w.bad(501, 9, "POST", base+"/transaction", `{"action":"function(){}"}`)
	w.bad(405, 405, "PATCH", base+"/transaction/1", "")
	w.bad(405, 405, "GET", begin, "")
	w.bad(400, 10, "POST", base+"/document/c", `[]`, append([]string{"x-c8-async", "store"}, in...)...)
	id, _ := w.begin(`{}`)
	other := []string{"Authorization", "apikey other.root.secret", "x-gdn-trxid", id}
	w.bad(404, 1655, "GET", base+"/document/c/a", "", other...)
}

func TestTransactionSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	id, in := w.begin(`{"maxTransactionSize":20000}`)
	big := `{"text":"` + strings.Repeat("x", 8000) + `"}`
	w.good(202, "POST", base+"/document/c", big, in...)
	e := w.bad(413, 32, "POST", base+"/document/c", `{"text":"`+strings.Repeat("y", 16000)+`"}`, in...)
	if field(t, e, "errorCode").Str() != "transaction-too-large" {
		t.Errorf("%s", e)
	}
	w.good(200, "PUT", base+"/transaction/"+id, "")
	if got := w.good(200, "GET", base+"/collection/c/count", ""); field(t, got, "count").Digits() != "1" {
		t.Errorf("count: %s", got)
	}
}

func TestAtomicBatchInTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	id, in := w.begin(`{}`)
	w.good(202, "POST", base+"/batch/atomic", `{"operations":[{"op":"insert","collection":"c","key":"a","document":{}}]}`, in...)
	w.bad(409, 1210, "POST", base+"/batch/atomic", `{"operations":[{"op":"insert","collection":"c","key":"b","document":{}},
		{"op":"insert","collection":"c","key":"a","document":{}}]}`, in...)
	w.bad(410, 1654, "GET", base+"/document/c/a", "", in...)
	w.bad(410, 1654, "PUT", base+"/transaction/"+id, "")
	w.good(200, "DELETE", base+"/transaction/"+id, "")
	w.bad(404, 1202, "GET", base+"/document/c/a", "")
}

// TestTransactionRequestsQueue sends requests of one transaction at once: each waits for the others.
func TestTransactionRequestsQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	id, in := w.begin(`{}`)
	var wait sync.WaitGroup
	const many = 20
	answers := make([]answer, many)
	for i := range many {
		wait.Go(func() { answers[i] = w.call("POST", base+"/document/c", `{}`, in...) })
	}
	wait.Wait()
	for _, a := range answers {
		if a.status != 202 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	w.good(200, "PUT", base+"/transaction/"+id, "")
	if got := w.good(200, "GET", base+"/collection/c/count", ""); !value.Equal(field(t, got, "count"), value.Int(many)) {
		t.Errorf("count: %s", got)
	}
}

// TestCommitThatOutlastsItsDeadline: nobody is told that a transaction was aborted before that is certain.
func TestCommitThatOutlastsItsDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	id, in := w.begin(`{}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"a"}`, in...)
	resume := sync.OnceFunc(w.disks["demo/_system"].stall())
	defer resume()
	trx := base + "/transaction/" + id
	w.bad(504, 30004, "PUT", trx, "", "Selvedge-Deadline", "20ms")
	if got := w.good(200, "GET", trx, ""); field(t, got, "result.status").Str() != "running" {
		t.Errorf("while nobody knows: %s", got)
	}
	w.bad(409, 18, "PUT", trx, "", "Selvedge-Deadline", "20ms")
	w.bad(409, 18, "DELETE", trx, "", "Selvedge-Deadline", "20ms")
	resume()
	if got := w.good(200, "PUT", trx, ""); field(t, got, "result.status").Str() != "committed" {
		t.Errorf("asked again: %s", got)
	}
	w.good(200, "GET", base+"/document/c/a", "")
}

// TestTransactionsShowWhatIsDurable: what a transaction reads does not vanish with the power.
func TestTransactionsShowWhatIsDurable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	resume := sync.OnceFunc(w.disks["demo/_system"].stall())
	defer resume()
	var write sync.WaitGroup
	write.Go(func() { w.call("POST", base+"/document/c", `{"_key":"a"}`) })
	for w.call("GET", base+"/document/c/a", "", "Selvedge-Deadline", "5ms").status != 504 {
		continue // it was not even applied
	}
	w.bad(504, 30004, "POST", base+"/transaction/begin", `{}`, "Selvedge-Deadline", "20ms")
	resume()
	write.Wait()
	_, in := w.begin(`{}`)
	w.good(200, "GET", base+"/document/c/a", "", in...)
}

// TestTransactionsHaveAnEnd: one that is asked for again and again keeps old data no longer than it may.
func TestTransactionsHaveAnEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := limitedWorld(t, api.Limits{Transactions: api.TransactionLimits{Time: 100 * time.Second}})
		w.good(200, "POST", base+"/collection", `{"name":"c"}`)
		id, in := w.begin(`{}`)
		w.good(202, "POST", base+"/document/c", `{"_key":"a"}`, in...)
		time.Sleep(50 * time.Second)
		w.good(200, "GET", base+"/document/c/a", "", in...)
		time.Sleep(51 * time.Second)
		w.bad(410, 1654, "GET", base+"/document/c/a", "", in...)
		w.bad(410, 1654, "PUT", base+"/transaction/"+id, "")
		w.good(200, "DELETE", base+"/transaction/"+id, "")
		w.bad(404, 1202, "GET", base+"/document/c/a", "")
	})
}

// TestCursorOfABusyTransaction: that the transaction is in use is no reason to lose the rows.
func TestCursorOfABusyTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, in := w.begin(`{"lockTimeout":0.01}`)
	first := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN 1..5 RETURN x","batchSize":2,"options":{"stream":true}}`, in...)
	cursor := base + "/cursor/" + field(t, first, "id").Str()
	var busy sync.WaitGroup
	busy.Go(func() { w.call("POST", base+"/cursor", `{"query":"RETURN SLEEP(100)"}`, in...) })
	defer busy.Wait()
	var running value.Value
	for len(running.Items()) < 2 {
		running = w.good(200, "GET", base+"/query/current", "")
	}
	w.bad(409, 18, "PUT", cursor, "")
	w.good(200, "DELETE", base+"/query/"+field(t, running.Items()[1], "id").Str(), "")
	busy.Wait()
	if got := w.good(200, "PUT", cursor, ""); rowsOf(t, got) != "[3,4]" {
		t.Errorf("afterwards: %s", got)
	}
}
