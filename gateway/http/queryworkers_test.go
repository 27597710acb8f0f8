package http

import (
	"testing"

	"github.com/selvedge-db/selvedge/value"
)

func TestQueryWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	restql := base + "/restql"
	if got := w.good(200, "GET", restql+"/user", ""); field(t, got, "result").String() != "[]" {
		t.Errorf("none: %s", got)
	}
	saved := w.good(200, "POST", restql, `{"query":{"name":"testQuery","parameter":{},"value":"for coll in _collections return coll","type":"c8ql"}}`)
	if field(t, saved, "error").Bool() || keysOf(field(t, saved, "result")) != "_key fabric name tenant type userid value" || field(t, saved, "result.name").Str() != "testQuery" {
		t.Errorf("saved: %s", saved)
	}
	ran := w.good(201, "POST", restql+"/execute/testQuery", `{"bindVars":{}}`)
	if field(t, ran, "error").Bool() || field(t, ran, "result").Len() == 0 {
		t.Errorf("run: %s", ran)
	}
	w.good(200, "POST", restql, `{"query":{"name":"range","parameter":{"to":5},"value":"FOR i IN @from..@to RETURN i"}}`)
	first := w.good(201, "POST", restql+"/execute/range", `{"bindVars":{"from":1},"batchSize":2}`)
	if rowsOf(t, first) != "[1,2]" || !field(t, first, "hasMore").Bool() {
		t.Fatalf("first batch: %s", first)
	}
	if got := w.good(200, "PUT", restql+"/fetch/"+field(t, first, "id").Str(), ""); rowsOf(t, got) != "[3,4]" {
		t.Errorf("second batch: %s", got)
	}
	if got := w.good(201, "POST", restql+"/execute/range", `{"bindVars":{"from":1,"to":2}}`); rowsOf(t, got) != "[1,2]" {
		t.Errorf("over a default: %s", got)
	}
	w.bad(400, 1551, "POST", restql+"/execute/range", "")
	got := w.good(200, "PUT", restql+"/range", `{"query":{"value":"FOR i IN 1..@to RETURN i * 10"}}`)
	if field(t, got, "result.parameter").String() != `{"to":5}` {
		t.Errorf("changed: %s", got)
	}
	w.good(200, "PUT", restql+"/range", `{"query":{"parameter":{"to":2}}}`)
	if got := w.good(201, "POST", restql+"/execute/range", ""); rowsOf(t, got) != "[10,20]" {
		t.Errorf("after the change: %s", got)
	}
	if got := w.good(200, "GET", restql+"/range", ""); field(t, got, "result.value").Str() != "FOR i IN 1..@to RETURN i * 10" {
		t.Errorf("one: %s", got)
	}
	imported := w.good(200, "POST", restql+"/import", `{"queries":[{"name":"a","value":"RETURN 1"},{"name":"b","value":"nonsense"},{"name":"range","value":"RETURN 2"}],"details":true}`)
	if field(t, imported, "result.created").Digits() != "1" || field(t, imported, "result.errors").Digits() != "2" || field(t, imported, "result.details").Len() != 2 {
		t.Errorf("imported: %s", imported)
	}
	list := field(t, w.good(200, "GET", restql+"/user", ""), "result")
	if list.Len() != 3 || field(t, list.Items()[0], "name").Str() != "a" {
		t.Errorf("list: %s", list)
	}
	if got := w.good(200, "DELETE", restql+"/range", ""); got.String() != `{"code":200,"error":false,"result":[]}` {
		t.Errorf("deleted: %s", got)
	}
	w.bad(404, 404, "POST", restql+"/execute/range", "")
	if got := w.good(200, "GET", base+"/collection/_restql", ""); !value.Equal(field(t, got, "isSystem"), value.Bool(true)) {
		t.Errorf("collection: %s", got)
	}
}

func TestQueryWorkerRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	restql := base + "/restql"
	w.bad(404, 404, "GET", restql+"/none", "")
	w.bad(404, 404, "DELETE", restql+"/none", "")
	w.good(200, "POST", restql, `{"query":{"name":"q","value":"RETURN @x"}}`)
	w.bad(409, 1207, "POST", restql, `{"query":{"name":"q","value":"RETURN 1"}}`)
	w.bad(400, 10, "POST", restql, `{"query":{"name":"insertRecord"}}`)
	w.bad(400, 1208, "POST", restql, `{"query":{"value":"RETURN 1"}}`)
	w.bad(400, 1208, "POST", restql, `{"query":{"name":"a b","value":"RETURN 1"}}`)
	w.bad(400, 1208, "POST", restql, `{"query":{"name":"ä","value":"RETURN 1"}}`)
	w.bad(400, 1501, "POST", restql, `{"query":{"name":"r","value":"nonsense here"}}`)
	w.bad(400, 10, "POST", restql, `{"query":{"name":"r","value":"RETURN 1","parameter":{"x":1}}}`)
	w.bad(400, 10, "POST", restql, `{"query":{"name":"r","value":"RETURN 1","parameter":[]}}`)
	w.bad(400, 10, "POST", restql, `{"query":{"name":"r","value":"RETURN 1","type":"perl"}}`)
	w.bad(501, 9, "POST", restql, `{"query":{"name":"r","value":"SELECT 1","type":"sql"}}`)
	w.bad(400, 10, "POST", restql, `[]`)
	w.bad(404, 404, "PUT", restql+"/none", `{"query":{"value":"RETURN 1"}}`)
	w.bad(400, 10, "PUT", restql+"/q", `{"query":{}}`)
	w.bad(400, 1501, "PUT", restql+"/q", `{"query":{"value":"nonsense here"}}`)
	w.bad(400, 10, "PUT", restql+"/q", `{"query":{"parameter":{"y":1}}}`)
	w.bad(400, 10, "POST", restql+"/import", `{"queries":[{"name":"getRecords"},{"name":"r","value":"RETURN 1"}]}`)
	w.bad(400, 10, "POST", restql+"/import", `{}`)
	w.bad(404, 404, "GET", restql+"/r", "")
	w.bad(400, 10, "POST", restql+"/execute/q", `{"bindVars":7}`)
	w.bad(404, 1600, "PUT", restql+"/fetch/1", "")
	w.bad(405, 405, "DELETE", restql, "")
	w.bad(405, 405, "GET", restql+"/execute/q", "")
	w.bad(405, 405, "POST", restql+"/fetch/1", "")
	w.bad(405, 405, "PATCH", restql+"/q", "")
}
