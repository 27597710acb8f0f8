package http

import "testing"

func TestPreconditionsOfReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(200, "POST", base+"/kv/k", "")
	w.good(202, "PUT", base+"/kv/k/value", `[{"_key":"k","value":1}]`)
	w.good(202, "POST", base+"/document/c", `{"_key":"k","a":1}`)
	for _, path := range []string{base + "/document/c/k", base + "/kv/k/value/k"} {
		rev := field(t, w.good(200, "GET", path, ""), "_rev").Str()
		for _, c := range []struct {
			status       int
			header, tags string
		}{
			{304, "If-None-Match", "*"}, {304, "If-None-Match", `"a", "` + rev + `"`}, {304, "If-None-Match", `"a",W/"` + rev + `" , "b"`},
			{304, "If-None-Match", rev}, {200, "If-None-Match", `"a", "b"`}, {200, "If-None-Match", ""}, {200, "If-None-Match", " , "},
			{200, "If-Match", "*"}, {200, "If-Match", `"a", "` + rev + `"`}, {200, "If-Match", rev}, {412, "If-Match", `"a","b"`}, {412, "If-Match", "a"},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				a := w.call(method, path, "", c.header, c.tags)
				if a.status != c.status || a.header.Get("Etag") != `"`+rev+`"` || c.status == 304 && a.body != "" {
					t.Errorf("%s %s with %s: %s: %d %v", method, path, c.header, c.tags, a.status, a.header)
				}
			}
		}
	}
	w.bad(404, 1202, "GET", base+"/document/c/none", "", "If-None-Match", "*")
}

func TestPreconditionsOfWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	doc := base + "/document/c"
	w.good(202, "POST", doc, `{"_key":"k","a":1}`, "If-None-Match", "*")
	v := w.bad(412, 1200, "POST", doc, `{"_key":"k","a":2}`, "If-None-Match", "*")
	rev := field(t, w.good(200, "GET", doc+"/k", ""), "_rev").Str()
	if field(t, v, "_rev").Str() != rev {
		t.Errorf("the document that is there: %s", v)
	}
	for _, r := range [][5]string{
		{"POST", "?overwrite=true", `{"_key":"k"}`, "If-None-Match", "*"}, {"POST", "", `{"_key":"n"}`, "If-None-Match", `"x"`},
		{"PUT", "/k", `{}`, "If-None-Match", "*"}, {"PATCH", "/k", `{}`, "If-None-Match", rev}, {"DELETE", "/k", "", "If-None-Match", "*"},
		{"POST", "", `{"_key":"n"}`, "If-Match", rev}, {"POST", "?rev=" + rev, `{"_key":"n"}`, "X", "x"}, {"POST", "?overwrite=true", `{"_key":"k"}`, "If-Match", "*"},
		{"PUT", "/k", `{}`, "If-Match", `"a", "` + rev + `"`}, {"DELETE", "/k", "", "If-Match", rev + ",b"},
		{"POST", "", `[{"_key":"n"}]`, "If-None-Match", "*"}, {"PATCH", "", `[{"_key":"k"}]`, "If-Match", rev}, {"DELETE", "", `["k"]`, "If-Match", rev},
	} {
		w.bad(400, 10, r[0], doc+r[1], r[2], r[3], r[4])
	}
	w.bad(400, 10, "POST", base+"/batch/atomic", `{"operations":[{"op":"remove","collection":"c","key":"k"}]}`, "If-Match", rev)
	w.bad(400, 10, "POST", base+"/import?collection=c", `{"_key":"n"}`, "If-None-Match", "*")
	w.bad(404, 1202, "GET", doc+"/n", "")
	w.bad(412, 1200, "POST", doc+"?overwrite=true", `{"_key":"k","a":3}`, "If-Match", "x")
	w.good(202, "PATCH", doc+"/k", `{"a":3}`, "If-Match", "*")
	w.bad(412, 1200, "PATCH", doc+"/k", `{"a":4}`, "If-Match", rev)
	rev = field(t, w.good(200, "GET", doc+"/k", ""), "_rev").Str()
	w.good(202, "POST", doc+"?overwrite=true", `{"_key":"k","a":5}`, "If-Match", `"`+rev+`"`)
	w.good(200, "POST", base+"/kv/k", "")
	w.good(202, "PUT", base+"/kv/k/value", `[{"_key":"k","value":1}]`)
	w.bad(412, 1200, "DELETE", base+"/kv/k/value/k", "", "If-Match", "x")
	w.bad(400, 10, "PUT", base+"/kv/k/value", `[{"_key":"k","value":2}]`, "If-Match", "x")
	w.good(202, "DELETE", base+"/kv/k/value/k", "", "If-Match", "*")
}

func TestFollowersOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bad(404, 1203, "GET", base+"/conflicts?collection=nope", "")
	w.bad(404, 1203, "GET", base+"/changes?collection=nope", "")
	w.good(200, "POST", base+"/collection", `{"name":"nope"}`)
	w.good(200, "GET", base+"/conflicts?collection=nope", "")
}

// A body does not rename a document.
func TestKeysInBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.good(202, "POST", base+"/document/c", `[{"_key":"k"},{"_key":"_x","_foo":1}]`)
	for _, method := range []string{"PUT", "PATCH"} {
		w.bad(400, 1221, method, base+"/document/c/k", `{"_key":"other","a":1}`)
		w.good(202, method, base+"/document/c/k", `{"_key":"k","a":1}`)
	}
	for _, op := range []string{"update", "replace", "upsert"} {
		w.bad(400, 1221, "POST", base+"/batch/atomic", `{"operations":[{"op":"`+op+`","collection":"c","key":"k","document":{"_key":"other"}}]}`)
	}
	if got := w.good(200, "GET", base+"/document/c/_x", ""); field(t, got, "_foo").Digits() != "1" {
		t.Errorf("members that begin with _ are stored, the catalogue says: %s", got)
	}
}

func TestKeyValueDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/kv/k", "")
	w.good(202, "PUT", base+"/kv/k/value", `[{"_key":"a","value":1},{"_key":"b","value":1},{"_key":"c","value":1}]`)
	w.bad(404, 101000, "DELETE", base+"/kv/k/value/none", "")
	w.bad(404, 101000, "POST", base+"/batch/atomic", `{"operations":[{"op":"kvdelete","collection":"k","key":"a"},{"op":"kvdelete","collection":"k","key":"none"}]}`)
	got := w.good(202, "DELETE", base+"/kv/k/values", `{"keys":["a","none"]}`).Items()
	if len(got) != 2 || field(t, got[0], "_key").Str() != "a" || field(t, got[1], "errorNum").Digits() != "101000" {
		t.Errorf("by keys: %s", got)
	}
	got = w.good(202, "DELETE", base+"/kv/k/values", `["b","none"]`).Items()
	if len(got) != 2 || field(t, got[1], "errorCode").Str() != "key-not-found" {
		t.Errorf("by an array: %s", got)
	}
	w.good(202, "DELETE", base+"/kv/k/values", `{"_key":"c"}`)
	if n := field(t, w.good(200, "GET", base+"/kv/k/count", ""), "count").Digits(); n != "0" {
		t.Errorf("%s entries are left", n)
	}
}
