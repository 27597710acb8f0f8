package http

import (
	"context"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// The collections that no caller may touch, root least of all.
var hiddenNames = [...]string{"_fabrics", "_locations", "_users", "_apikeys", "_config", "_schema", "_schema_local"}

// keep writes a document past all verbs, as the node does. The schema's own
// collections refuse that too.
func (w *world) keep(collection, key string) {
	w.t.Helper()
	f, ctx := w.fabrics["demo/_system"], context.Background()
	if _, err := f.CreateCollection(ctx, fabric.CollectionSpec{Name: collection, Type: fabric.DocumentCollection, Model: "DOC", System: true}, nil); err != nil && fabric.CodeOf(err) != fabric.CollectionExists {
		w.t.Fatal(err)
	}
	doc := value.Object(member("secretword", value.String("xyzzy")))
	if _, err := f.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{fabric.NewWrite(fabric.Upsert, collection, key, doc)}}); err != nil {
		w.t.Fatal(err)
	}
}

func TestHiddenCollectionsAreOutOfReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range hiddenNames[:2] {
		w.keep(name, "demo:shop")
	}
	const none = 404
	w.good(202, "POST", base+"/graph", `{"name":"spy","edgeDefinitions":[{"collection":"e","from":["a"],"to":["a"]}]}`)
	w.good(202, "PATCH", base+"/document/_graphs/spy", `{"edgeDefinitions":[{"collection":"e","from":["_fabrics"],"to":["_fabrics"]}],"orphanCollections":["_users"]}`)
	for _, name := range hiddenNames {
		doc := base + "/document/" + name
		for _, r := range []struct{ method, path, body string }{
			{"GET", doc + "/demo:shop", ""}, {"POST", doc, `{"_key":"x"}`}, {"POST", doc + "?overwrite=true", `{"_key":"demo:shop"}`},
			{"PUT", doc + "/demo:shop", `{}`}, {"PATCH", doc + "/demo:shop", `{"url":"http://evil"}`}, {"DELETE", doc + "/demo:shop", ""},
			{"POST", doc, `[{"_key":"x"}]`}, {"PUT", doc, `[{"_key":"demo:shop"}]`}, {"PATCH", doc, `[{"_key":"demo:shop"}]`},
			{"DELETE", doc, `["demo:shop"]`}, {"DELETE", doc + "?transaction=all", `["demo:shop"]`}, {"PUT", doc + "?onlyget=true", `["demo:shop"]`},
			{"POST", base + "/document?collection=" + name, `{"_key":"x"}`},
			{"GET", base + "/collection/" + name, ""}, {"DELETE", base + "/collection/" + name, ""},
			{"GET", base + "/collection/" + name + "/count", ""}, {"GET", base + "/collection/" + name + "/figures", ""},
			{"GET", base + "/collection/" + name + "/properties", ""}, {"PUT", base + "/collection/" + name + "/properties", `{"waitForSync":true}`},
			{"GET", base + "/collection/" + name + "/metadata", ""}, {"PUT", base + "/collection/" + name + "/metadata", `{}`},
			{"PUT", base + "/collection/" + name + "/truncate", ""}, {"PUT", base + "/collection/" + name + "/rename", `{"name":"x"}`},
			{"GET", base + "/index?collection=" + name, ""}, {"POST", base + "/index?collection=" + name, `{"type":"persistent","fields":["a"]}`},
			{"GET", base + "/index/" + name + "/primary", ""}, {"DELETE", base + "/index/" + name + "/primary", ""},
			{"GET", base + "/export/" + name, ""}, {"POST", base + "/import?collection=" + name, `{"_key":"x"}`},
			{"POST", base + "/import?overwrite=true&collection=" + name, `{"_key":"x"}`}, {"POST", base + "/import/" + name, `{"data":[{"_key":"x"}]}`},
			{"GET", base + "/edges/" + name + "?vertex=a/b", ""},
			{"GET", base + "/conflicts?collection=" + name, ""}, {"GET", base + "/changes?collection=" + name, ""},
			{"GET", base + "/kv/" + name + "/count", ""}, {"GET", base + "/kv/" + name + "/keys", ""}, {"POST", base + "/kv/" + name + "/values", ""},
			{"GET", base + "/kv/" + name + "/value/demo:shop", ""}, {"DELETE", base + "/kv/" + name + "/value/demo:shop", ""},
			{"PUT", base + "/kv/" + name + "/value", `[{"_key":"x","value":1}]`}, {"DELETE", base + "/kv/" + name + "/values", `["demo:shop"]`},
			{"PUT", base + "/kv/" + name + "/truncate", ""}, {"DELETE", base + "/kv/" + name, ""},
			{"POST", base + "/cursor", `{"query":"FOR d IN ` + name + ` RETURN d"}`}, {"POST", base + "/cursor", `{"query":"FOR d IN @@c RETURN d","bindVars":{"@c":"` + name + `"}}`},
			{"POST", base + "/cursor", `{"query":"INSERT {} INTO ` + name + `"}`}, {"POST", base + "/export", `{"query":"FOR d IN ` + name + ` RETURN d"}`},
			{"POST", base + "/cursor", `{"query":"FOR d IN ` + name + ` RETURN d","options":{"skipInaccessibleCollections":true}}`},
			{"POST", base + "/cursor", `{"query":"UPSERT {a: 1} INSERT {} UPDATE {} IN ` + name + `"}`}, {"POST", base + "/explain", `{"query":"FOR d IN ` + name + ` RETURN d"}`},
			{"POST", base + "/cursor", `{"query":"FOR v IN 1..1 OUTBOUND 'a/b' ` + name + ` RETURN v"}`},
			{"POST", base + "/transaction/begin", `{"collections":{"read":["` + name + `"]}}`},
			{"POST", base + "/graph", `{"name":"g","edgeDefinitions":[{"collection":"` + name + `","from":["a"],"to":["a"]}]}`},
			{"POST", base + "/graph", `{"name":"g","edgeDefinitions":[{"collection":"e","from":["` + name + `"],"to":["a"]}]}`},
			{"POST", base + "/batch/atomic", `{"operations":[{"op":"remove","collection":"` + name + `","key":"demo:shop"}]}`},
			{"POST", base + "/batch/atomic", `{"operations":[{"op":"upsert","collection":"` + name + `","key":"demo:shop","document":{}}]}`},
			{"POST", base + "/batch/atomic", `{"operations":[{"op":"kvset","collection":"` + name + `","key":"demo:shop","value":1}]}`},
		} {
			if v := w.bad(none, 1203, r.method, r.path, r.body); strings.Contains(v.String(), "xyzzy") {
				t.Errorf("%s %s tells: %s", r.method, r.path, v)
			}
		}
		w.bad(409, 1207, "POST", base+"/collection", `{"name":"`+name+`","isSystem":true}`)
		w.bad(409, 1207, "POST", base+"/kv/"+name, "")
		if list := w.good(200, "GET", base+"/collection", "").String(); strings.Contains(list, `"`+name+`"`) {
			t.Errorf("the list has %s: %s", name, list)
		}
	}
	for _, query := range []string{"RETURN DOCUMENT('_fabrics/demo:shop')", "RETURN COLLECTIONS()", "RETURN DOCUMENT('_locations', ['demo:shop'])", "FOR c IN _collections RETURN c",
		"FOR v, e, p IN 0..1 ANY '_fabrics/demo:shop' GRAPH 'spy' RETURN p", "RETURN COLLECTION_COUNT('_fabrics')", "RETURN LENGTH(_fabrics)"} {
		a := w.call("POST", base+"/cursor", `{"query":"`+query+`"}`)
		for _, word := range []string{"xyzzy", "_users", "_apikeys", `"_schema`, "[1]"} {
			if strings.Contains(a.body, word) {
				t.Errorf("%s tells: %s", query, a.body)
			}
		}
	}
	v := w.fabrics["demo/_system"].View()
	defer func() { _ = v.Close() }()
	for _, name := range hiddenNames[:2] {
		if docs, err := v.Scan(name, "", 10, false); err != nil || len(docs) != 1 || string(docs[0].Text) != `{"secretword":"xyzzy"}` {
			t.Errorf("%s: %v %v", name, docs, err)
		}
	}
}

// A feed of the whole fabric passes over what no verb may show.
func TestFeedsPassOverHiddenCollections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.listen()
	for _, name := range hiddenNames[:2] {
		w.keep(name, "demo:shop")
	}
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `{"_key":"last"}`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	feed, status := events(t, ctx, address, "?since=start", "")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	for {
		_, data := event(t, feed)
		for _, name := range hiddenNames {
			if strings.Contains(data, name) {
				t.Errorf("the feed tells of %s: %s", name, data)
			}
		}
		if strings.Contains(data, `"last"`) {
			return
		}
	}
}
