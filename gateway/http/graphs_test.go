package http

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/value"
)

// keysOf gives the names of an object's members.
func keysOf(v value.Value) string {
	var out []string
	for _, m := range v.Members() {
		out = append(out, m.Name)
	}
	return strings.Join(out, " ")
}

const (
	graphMembers   = "_id _key _rev edgeDefinitions isSmart minReplicationFactor name numberOfShards orphanCollections replicationFactor"
	knowsGraph     = `{"name":"social","edgeDefinitions":[{"collection":"knows","from":["person"],"to":["person"]}]}`
	peopleAndEdges = `[{"_key":"ann"},{"_key":"bob"},{"_key":"cid"}]`
)

func TestGraphDefinitions(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"/graph", "/gharial"} {
		w := newWorld(t)
		g := base + root
		if got := w.good(200, "GET", g, ""); field(t, got, "graphs").String() != "[]" {
			t.Errorf("no graphs: %s", got)
		}
		made := w.good(202, "POST", g, knowsGraph)
		if got := keysOf(field(t, made, "graph")); got != graphMembers || keysOf(made) != "code error graph" {
			t.Errorf("created: %s", made)
		}
		for name, kind := range map[string]string{"person": "2", "knows": "3", "_graphs": "2"} {
			if got := w.good(200, "GET", base+"/collection/"+name, ""); field(t, got, "type").Digits() != kind {
				t.Errorf("%s: %s", name, got)
			}
		}
		one := w.good(200, "GET", g+"/social", "")
		if !value.Equal(field(t, one, "graph"), field(t, made, "graph")) {
			t.Errorf("read: %s\nmade: %s", one, made)
		}
		if got := field(t, w.good(200, "GET", g, ""), "graphs"); got.Len() != 1 || !value.Equal(got.Items()[0], field(t, one, "graph")) {
			t.Errorf("list: %s", got)
		}
		for path, want := range map[string]string{"/vertex": `["person"]`, "/edge": `["knows"]`} {
			if got := w.good(200, "GET", g+"/social"+path, ""); field(t, got, "collections").String() != want {
				t.Errorf("%s: %s", path, got)
			}
		}
		got := w.good(202, "POST", g+"/social/vertex", `{"collection":"animal"}`)
		if field(t, got, "graph.orphanCollections").String() != `["animal"]` || keysOf(field(t, got, "graph")) != graphMembers {
			t.Errorf("vertex collection: %s", got)
		}
		if field(t, got, "graph._rev").Str() == field(t, one, "graph._rev").Str() {
			t.Error("the revision stayed")
		}
		got = w.good(202, "POST", g+"/social/edge", `{"collection":"owns","from":["person"],"to":["animal","thing"]}`)
		if field(t, got, "graph.orphanCollections").String() != `[]` || field(t, got, "graph.edgeDefinitions").Len() != 2 {
			t.Errorf("edge definition: %s", got)
		}
		w.good(200, "GET", base+"/collection/thing", "")
		got = w.good(202, "PUT", g+"/social/edge/owns", `{"collection":"owns","from":["person"],"to":["thing"]}`)
		if field(t, got, "graph.orphanCollections").String() != `["animal"]` {
			t.Errorf("replaced: %s", got)
		}
		got = w.good(202, "DELETE", g+"/social/edge/owns?dropCollections=true", "")
		if field(t, got, "graph.edgeDefinitions").Len() != 1 || field(t, got, "graph.orphanCollections").String() != `["animal","thing"]` {
			t.Errorf("removed: %s", got)
		}
		w.bad(404, 1203, "GET", base+"/collection/owns", "")
		w.good(202, "DELETE", g+"/social/vertex/animal?dropCollection=1", "")
		w.good(202, "DELETE", g+"/social/vertex/thing", "")
		w.bad(404, 1203, "GET", base+"/collection/animal", "")
		w.good(200, "GET", base+"/collection/thing", "")
		if got := w.good(202, "DELETE", g+"/social?dropCollections=true", ""); keysOf(got) != "code error removed" || !field(t, got, "removed").Bool() {
			t.Errorf("dropped: %s", got)
		}
		w.bad(404, 1924, "GET", g+"/social", "")
		w.bad(404, 1203, "GET", base+"/collection/person", "")
	}
}

func TestGraphRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := base + "/graph"
	w.bad(404, 1924, "GET", g+"/none", "")
	w.bad(404, 1924, "DELETE", g+"/none", "")
	w.bad(404, 1924, "POST", g+"/none/vertex", `{"collection":"c"}`)
	w.bad(404, 1924, "GET", g+"/none/vertex/c/k", "")
	w.bad(400, 1922, "POST", g, `{}`)
	w.bad(400, 1922, "POST", g, `{"name":"a b"}`)
	w.good(200, "POST", base+"/collection", `{"name":"docs"}`)
	w.good(200, "POST", base+"/collection", `{"name":"links","type":3}`)
	for body, num := range map[string]int64{
		`{"name":"x","edgeDefinitions":7}`:                                                                               10,
		`{"name":"x","edgeDefinitions":[7]}`:                                                                             1923,
		`{"name":"x","edgeDefinitions":[{"collection":"e"}]}`:                                                            1923,
		`{"name":"x","edgeDefinitions":[{"collection":"e","from":[],"to":["a"]}]}`:                                       1923,
		`{"name":"x","edgeDefinitions":[{"collection":"e","from":[1],"to":["a"]}]}`:                                      1923,
		`{"name":"x","edgeDefinitions":[{"collection":"e","from":"a","to":"a"},{"collection":"e","from":"a","to":"b"}]}`: 1920,
		`{"name":"x","edgeDefinitions":[{"collection":"docs","from":["a"],"to":["a"]}]}`:                                 1944,
		`{"name":"x","edgeDefinitions":[{"collection":"e!","from":["a"],"to":["a"]}]}`:                                   1208,
		`{"name":"x","orphanCollections":7}`:                                                                             1943,
		`{"name":"x","edgeDefinitions":[{"collection":"links","from":["a"],"to":["a"]}],"orphanCollections":[{}]}`:       1943,
	} {
		w.bad(400, num, "POST", g, body)
	}
	w.bad(404, 1203, "GET", base+"/collection/e", "") // nothing was made for those that were refused
	w.bad(404, 1203, "POST", g, `{"name":"x","edgeDefinitions":[{"collection":"e","from":["_users"],"to":["a"]}]}`)
	w.good(202, "POST", g, knowsGraph)
	w.bad(409, 1925, "POST", g, knowsGraph)
	w.bad(400, 1921, "POST", g, `{"name":"two","edgeDefinitions":[{"collection":"knows","from":["person"],"to":["docs"]}]}`)
	w.good(202, "POST", g, strings.Replace(knowsGraph, "social", "second", 1))
	w.bad(400, 1920, "POST", g+"/social/edge", `{"collection":"knows","from":["person"],"to":["person"]}`)
	w.bad(400, 1923, "POST", g+"/social/edge", `{"collection":"likes","from":[],"to":["person"]}`)
	w.bad(400, 1923, "PUT", g+"/social/edge/knows", `{"collection":"knows","from":[],"to":["person"]}`)
	w.bad(400, 1923, "PUT", g+"/social/edge/knows", `{"collection":"other","from":["person"],"to":["person"]}`)
	w.bad(404, 1930, "PUT", g+"/social/edge/likes", `{"collection":"likes","from":["person"],"to":["person"]}`)
	w.bad(404, 1930, "DELETE", g+"/social/edge/likes", "")
	w.bad(400, 1929, "POST", g+"/social/vertex", `{"collection":"person"}`)
	w.bad(400, 1927, "POST", g+"/social/vertex", `{"collection":"links"}`)
	w.bad(404, 1203, "POST", g+"/social/vertex", `{"collection":"_users"}`)
	w.good(202, "POST", g+"/social/vertex", `{"collection":"docs"}`)
	w.bad(400, 1938, "POST", g+"/social/vertex", `{"collection":"docs"}`)
	w.bad(400, 1928, "DELETE", g+"/social/vertex/person", "")
	w.bad(404, 1926, "POST", g+"/social/vertex/links", `{}`)
	w.bad(404, 1930, "POST", g+"/social/edge/links", `{"_from":"person/a","_to":"person/b"}`)
	w.bad(405, 405, "PUT", g, "")
	w.bad(405, 405, "PATCH", g+"/social", "")
	w.bad(405, 405, "PATCH", g+"/social/vertex", "")
	w.bad(405, 405, "PUT", g+"/social/vertex/person", "{}")
	w.bad(405, 405, "POST", g+"/social/vertex/person/k", "{}")
	w.bad(404, 404, "GET", g+"/social/paths", "")
	got := w.good(202, "PUT", g+"/social/edge/knows", `{"collection":"knows","from":["person"],"to":["person","docs"]}`)
	if field(t, got, "graph.orphanCollections").Len() != 0 {
		t.Errorf("replaced: %s", got)
	}
	// The definition is one for all graphs that share the collection.
	if got := w.good(200, "GET", g+"/second", ""); field(t, got, "graph.edgeDefinitions").Items()[0].String() != `{"collection":"knows","from":["person"],"to":["person","docs"]}` {
		t.Errorf("the other graph: %s", got)
	}
	w.good(202, "DELETE", g+"/second?dropCollections=true", "")
	w.good(200, "GET", base+"/collection/person", "") // the first graph has it still
}

func TestGraphElements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := base + "/graph/social"
	w.good(202, "POST", base+"/graph", knowsGraph)
	made := w.good(202, "POST", g+"/vertex/person", `{"_key":"ann","age":30}`)
	if keysOf(made) != "code error vertex" || keysOf(field(t, made, "vertex")) != "_id _key _rev" {
		t.Errorf("vertex: %s", made)
	}
	made = w.good(202, "POST", g+"/vertex/person?returnNew=true", `{"_key":"bob"}`)
	if keysOf(made) != "code error new vertex" {
		t.Errorf("vertex with new: %s", made)
	}
	w.good(201, "POST", g+"/vertex/person?waitForSync=true", `{"_key":"cid"}`)
	got := w.good(200, "GET", g+"/vertex/person/ann", "")
	if keysOf(got) != "code error vertex" || field(t, got, "vertex.age").Digits() != "30" {
		t.Errorf("read: %s", got)
	}
	rev := field(t, got, "vertex._rev").Str()
	up := w.good(202, "PATCH", g+"/vertex/person/ann?keepNull=false&returnOld=1&returnNew=1", `{"age":null,"town":"Ulm"}`)
	if keysOf(up) != "code error new old vertex" || keysOf(field(t, up, "vertex")) != "_id _key _oldRev _rev" || field(t, up, "vertex._oldRev").Str() != rev {
		t.Errorf("update: %s", up)
	}
	w.bad(412, 1200, "PATCH", g+"/vertex/person/ann", `{"a":1}`, "If-Match", rev)
	w.bad(412, 1200, "PATCH", g+"/vertex/person/ann?ignoreRevs=false", `{"_rev":"`+rev+`"}`)
	w.bad(412, 1200, "GET", g+"/vertex/person/ann", "", "If-Match", rev)
	w.bad(412, 1200, "GET", g+"/vertex/person/ann?rev="+rev, "")
	w.good(202, "PUT", g+"/vertex/person/ann", `{"town":"Bonn","_rev":"`+rev+`"}`)
	w.bad(404, 1202, "GET", g+"/vertex/person/none", "")
	w.bad(404, 1202, "PUT", g+"/vertex/person/none", `{}`)
	w.bad(409, 1210, "POST", g+"/vertex/person", `{"_key":"ann"}`)

	edge := w.good(202, "POST", g+"/edge/knows?returnNew=true", `{"_key":"e1","_from":"person/ann","_to":"person/bob"}`)
	if keysOf(edge) != "code edge error new" || field(t, edge, "new._rev").Str() != field(t, edge, "edge._rev").Str() {
		t.Errorf("edge: %s", edge)
	}
	if got := w.good(200, "GET", g+"/edge/knows/e1", ""); field(t, got, "edge._rev").Str() != field(t, edge, "edge._rev").Str() {
		t.Errorf("the revision of the reply is not the edge's: %s, %s", edge, got)
	}
	w.bad(400, 1233, "POST", g+"/edge/knows", `{"_from":"person/ann"}`)
	w.bad(400, 1233, "POST", g+"/edge/knows", `{"_from":"person/ann","_to":7}`)
	w.bad(400, 1947, "POST", g+"/edge/knows", `{"_from":"person/ann","_to":"thing/x"}`)
	w.bad(404, 1202, "POST", g+"/edge/knows", `{"_from":"person/ann","_to":"person/none"}`)
	w.bad(404, 1202, "PATCH", g+"/edge/knows/e1", `{"_to":"person/none"}`)
	up = w.good(202, "PATCH", g+"/edge/knows/e1", `{"since":1999}`)
	if keysOf(field(t, up, "edge")) != "_id _key _oldRev _rev" {
		t.Errorf("edge update: %s", up)
	}
	w.good(202, "PUT", g+"/edge/knows/e1", `{"_from":"person/bob","_to":"person/cid"}`)
	if got := w.good(202, "DELETE", g+"/edge/knows/e1", ""); keysOf(got) != "code error removed" {
		t.Errorf("removed: %s", got)
	}
	w.bad(404, 1202, "DELETE", g+"/edge/knows/e1", "")
}

// TestVertexTakesItsEdges removes a vertex that edges of two graphs begin and end at.
func TestVertexTakesItsEdges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := base + "/graph"
	w.good(202, "POST", g, knowsGraph)
	w.good(202, "POST", g, `{"name":"zoo","edgeDefinitions":[{"collection":"owns","from":["person"],"to":["animal"]}]}`)
	w.good(202, "POST", base+"/document/person", peopleAndEdges)
	w.good(202, "POST", base+"/document/animal", `[{"_key":"rex"}]`)
	w.good(202, "POST", base+"/document/knows", `[{"_key":"1","_from":"person/ann","_to":"person/bob"},{"_key":"2","_from":"person/bob","_to":"person/ann"},
		{"_key":"3","_from":"person/ann","_to":"person/ann"},{"_key":"4","_from":"person/bob","_to":"person/cid"}]`)
	w.good(202, "POST", base+"/document/owns", `[{"_key":"1","_from":"person/ann","_to":"animal/rex"},{"_key":"2","_from":"person/bob","_to":"animal/rex"}]`)
	left := func(collection, want string) {
		t.Helper()
		got := field(t, w.good(200, "GET", base+"/export/"+collection, ""), "result")
		var keys []string
		for _, d := range got.Items() {
			keys = append(keys, field(t, d, "_key").Str())
		}
		if strings.Join(keys, "") != want {
			t.Errorf("%s has %v, want %s", collection, keys, want)
		}
	}
	id, in := w.begin(`{}`)
	w.good(202, "DELETE", g+"/social/vertex/person/ann", "", in...)
	left("knows", "1234")
	w.good(200, "DELETE", base+"/transaction/"+id, "")
	left("owns", "12")
	if got := w.good(202, "DELETE", g+"/social/vertex/person/ann?returnOld=true", ""); keysOf(got) != "code error old removed" {
		t.Errorf("removed: %s", got)
	}
	left("person", "bobcid")
	left("knows", "4")
	left("owns", "2")
	w.bad(404, 1202, "DELETE", g+"/social/vertex/person/ann", "")
}

// TestGraphsStayWhole: of an edge that is inserted and the removal of its end at the same time, one fails.
func TestGraphsStayWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(202, "POST", base+"/graph", `{"name":"g","edgeDefinitions":[{"collection":"e","from":["v"],"to":["v"]}]}`)
	graph := base + "/graph/g"
	vertex := func(key string) {
		w.good(202, "POST", graph+"/vertex/v", `{"_key":"`+key+`"}`)
	}
	edge := func(from, to string, header ...string) answer {
		return w.call("POST", graph+"/edge/e", `{"_from":"v/`+from+`","_to":"v/`+to+`"}`, header...)
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		vertex(key)
	}
	id, in := w.begin(`{}`)
	if a := edge("a", "b", in...); a.status != 202 {
		t.Fatalf("edge in a transaction: %d %s", a.status, a.body)
	}
	w.good(202, "DELETE", graph+"/vertex/v/b", "")
	w.bad(409, 1200, "PUT", base+"/transaction/"+id, "")
	id, in = w.begin(`{}`)
	w.good(202, "DELETE", graph+"/vertex/v/c", "", in...)
	if a := edge("a", "c"); a.status != 202 {
		t.Fatalf("edge: %d %s", a.status, a.body)
	}
	w.bad(409, 1200, "PUT", base+"/transaction/"+id, "")
	w.good(200, "GET", graph+"/vertex/v/c", "")
	var both sync.WaitGroup
	for i := range 20 {
		key := "x" + strconv.Itoa(i)
		vertex(key)
		both.Go(func() { w.call("DELETE", graph+"/vertex/v/"+key, "") })
		both.Go(func() { edge("a", key) })
		both.Go(func() { edge(key, "d") })
	}
	both.Wait()
	lost := w.good(201, "POST", base+"/cursor", `{"query":"FOR x IN e FILTER DOCUMENT(x._from) == null || DOCUMENT(x._to) == null RETURN x"}`)
	if rowsOf(t, lost) != "[]" {
		t.Errorf("edges without ends: %s", lost)
	}
}

// TestGraphsNameWhatIsShown: a graph is no way to learn of collections that no verb shows.
func TestGraphsNameWhatIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(202, "POST", base+"/graph", `{"name":"g","orphanCollections":["v"]}`)
	for _, name := range hiddenNames {
		w.bad(404, 1203, "POST", base+"/graph", `{"name":"spy","orphanCollections":["`+name+`"]}`)
		w.bad(404, 1203, "POST", base+"/graph/g/vertex", `{"collection":"`+name+`"}`)
	}
	w.bad(400, 1208, "POST", base+"/graph", `{"name":"spy","orphanCollections":["a b"]}`)
	w.bad(400, 1208, "POST", base+"/graph", `{"name":"spy","orphanCollections":[""]}`)
	w.bad(404, 1924, "GET", base+"/graph/spy", "")
}
