package querytest

import (
	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// World makes a small fabric: people, where they live, and whom they know.
func World() (*memory.Data, error) {
	d := memory.New()
	d.Create(rows.Collection{Name: "people"})
	d.Create(rows.Collection{Name: "towns"})
	d.Create(rows.Collection{Name: "knows", Type: rows.Edges})
	d.Create(rows.Collection{Name: "empty"})
	d.Graph(rows.Graph{Name: "friends", Edges: []rows.EdgeDefinition{{Collection: "knows", From: []string{"people"}, To: []string{"people"}}}})
	for _, c := range worldDocuments {
		v, err := value.Parse([]byte(c.documents), value.Limits{})
		if err != nil {
			return nil, err
		}
		if err := d.Put(c.collection, v.Items()...); err != nil {
			return nil, err
		}
	}
	return d, nil
}

var worldDocuments = []struct{ collection, documents string }{
	{"people", `[
		{"_key":"ann","age":30,"town":"ulm","tags":["a","b"],"address":{"street":"x","no":1}},
		{"_key":"bob","age":25,"town":"ulm","tags":["b"],"pets":[{"name":"rex","kind":"dog"},{"name":"tom","kind":"cat"}]},
		{"_key":"cid","age":40,"town":"bonn","tags":[],"pets":[{"name":"kit","kind":"cat"}]},
		{"_key":"dan","town":"bonn"},
		{"_key":"eve","age":25,"town":null,"tags":"b"}]`},
	{"towns", `[{"_key":"ulm","size":1},{"_key":"bonn","size":3},{"_key":"jena","size":2}]`},
	{"knows", `[
		{"_key":"1","_from":"people/ann","_to":"people/bob","w":1},
		{"_key":"2","_from":"people/bob","_to":"people/cid","w":1},
		{"_key":"3","_from":"people/ann","_to":"people/cid","w":5},
		{"_key":"4","_from":"people/cid","_to":"people/dan","w":2},
		{"_key":"5","_from":"people/dan","_to":"people/ann"}]`},
}

// Meaning is a query on World, and the JSON of its result.
type Meaning struct{ Query, Result string }

// Meanings are what queries on World give, by the rules of the language and not by what any code here does. Rows come in
// the order of keys where the query does not sort them. Each needs a World of its own, since some modify it.
func Meanings() []Meaning { return meanings }

var meanings = []Meaning{
	{`RETURN 1 + 2 * 3`, `[7]`},
	{`RETURN [1..3, 3..1, -1..0]`, `[[[1,2,3],[3,2,1],[-1,0]]]`},
	{`RETURN NULL ?: 5`, `[5]`},
	{`RETURN 3 ?: 5`, `[3]`},
	{`RETURN [] ? 1 : 2`, `[1]`},
	{`RETURN [1 || 2, 0 || 2, 1 && 2, null && 2, "" || null]`, `[[1,2,2,null,null]]`},
	{`RETURN NOT 1 == 0`, `[false]`},
	{`RETURN [!null, !"", !"0", ![], !{}, !0]`, `[[true,true,false,false,false,true]]`},
	{`RETURN {a: 1, ["b" + ""]: 2, [CONCAT("x", 1)]: 3}`, `[{"0":2,"a":1,"x1":3}]`},
	{`LET a = 1 RETURN {a}`, `[{"a":1}]`},
	{`RETURN {a: 1, a: 2}`, `[{"a":2}]`},
	{`RETURN [{a: {b: [1, 2]}}.a.b[-1], {a: 1}["a"], (null).x ?: 9, [1][5]]`, `[[2,1,9,null]]`},
	{`RETURN "1" == 1`, `[false]`},
	{`RETURN [1 < 2, null < false, true < 0, 9 < "", "z" < [], [9] < {}]`, `[[true,true,true,true,true,true]]`},
	{`RETURN [1 IN [1,2], 1 NOT IN [2], 1 IN "1", 1 NOT IN 1]`, `[[true,true,false,false]]`},
	{`RETURN [[1,2] ALL > 0, [1,2] ANY > 1, [1,2] NONE > 2, [1,2,3] AT LEAST (2) > 1]`, `[[true,true,true,true]]`},
	{`RETURN ["abc" LIKE "a%", "abc" NOT LIKE "%c", "abc" =~ "^a", "abc" !~ "d"]`, `[[true,false,true,true]]`},
	{`RETURN 5 % 3 + -5 % 3`, `[0]`},
	{`RETURN [1 / 0, 1 % 0]`, `[[null,null]]`},
	{`RETURN "1" + "2"`, `[3]`},

	{`FOR x IN [3, 1, 2] SORT x RETURN x`, `[1,2,3]`},
	{`FOR x IN [3, 1, 2] SORT x DESC LIMIT 1, 1 RETURN x`, `[2]`},
	{`FOR x IN [1, 2, 3] LIMIT 2 RETURN x`, `[1,2]`},
	{`FOR x IN [1, 2, 3] LIMIT 0 RETURN x`, `[]`},
	{`FOR x IN [1, 2, 3] LIMIT 5, 1 RETURN x`, `[]`},
	{`FOR x IN [1, 1.0, "1", 2] RETURN DISTINCT x`, `[1,"1",2]`},
	{`FOR x IN [[1,"b"], [1,"a"], [0,"c"]] SORT x[0] RETURN x[1]`, `["c","b","a"]`},
	{`FOR x IN [[1,"b"], [1,"a"], [0,"c"]] SORT x[0] DESC, x[1] RETURN x[1]`, `["a","b","c"]`},
	{`FOR x IN 1..2 FOR y IN x..2 RETURN [x, y]`, `[[1,1],[1,2],[2,2]]`},
	{`FOR x IN [] RETURN x`, `[]`},
	{`FOR x IN [{a: 1}, {b: 2}, 3, null] FILTER x.a == null RETURN x`, `[{"b":2},3,null]`},
	{`FOR x IN [1, null, 2] FILTER x > 1 RETURN x`, `[2]`},
	{`FOR x IN [1, null, "a"] FILTER x < 2 RETURN x`, `[1,null]`},

	{`FOR p IN people RETURN p._key`, `["ann","bob","cid","dan","eve"]`},
	{`FOR p IN people FILTER p.age > 25 RETURN p._id`, `["people/ann","people/cid"]`},
	{`FOR p IN people FILTER p.age < 30 RETURN p._key`, `["bob","dan","eve"]`},
	{`FOR p IN people FILTER p.town == "ulm" && p.address.no == 1 RETURN p._key`, `["ann"]`},
	{`FOR p IN people FILTER "b" IN p.tags RETURN p._key`, `["ann","bob"]`},
	{`FOR p IN people FILTER p.tags ANY == "a" RETURN p._key`, `["ann"]`},
	{`FOR p IN people FILTER p.tags ALL == "b" RETURN p._key`, `["bob","cid"]`},
	{`FOR p IN people FOR t IN towns FILTER p.town == t._key SORT p._key RETURN [p._key, t.size]`, `[["ann",1],["bob",1],["cid",3],["dan",3]]`},
	{`FOR t IN towns SORT t.size RETURN (FOR p IN people FILTER p.town == t._key RETURN p._key)`, `[["ann","bob"],[],["cid","dan"]]`},
	{`FOR p IN empty RETURN p`, `[]`},
	{`RETURN LENGTH(people)`, `[5]`},
	{`RETURN people[*]._key`, `[["ann","bob","cid","dan","eve"]]`},
	{`RETURN DOCUMENT("people/ann").age`, `[30]`},

	{`RETURN [[1,2],[3]][**]`, `[[1,2,3]]`},
	{`RETURN [1,2,3,4][* FILTER CURRENT % 2 == 0 RETURN CURRENT * 10]`, `[[20,40]]`},
	{`RETURN [1,2,3,4][* LIMIT 1, 2]`, `[[2,3]]`},
	{`RETURN [4,3,2,1][* FILTER CURRENT < 4 LIMIT 2 RETURN {v: CURRENT}].v`, `[[3,2]]`},
	{`RETURN "abc"[*]`, `[[]]`},
	{`FOR p IN people FILTER p.pets != null RETURN p.pets[*].name`, `[["rex","tom"],["kit"]]`},
	{`FOR p IN people FILTER p.pets != null RETURN p.pets[* FILTER CURRENT.kind == "cat"].name`, `[["tom"],["kit"]]`},
	{`FOR p IN people FILTER p.pets[*].kind ANY == "dog" RETURN p._key`, `["bob"]`},
	{`RETURN (FOR p IN people RETURN p.tags[*])[**]`, `[["a","b","b"]]`},
	{`RETURN [{a:[{b:1},{b:2}]},{a:[{b:3}]}][*].a[*].b`, `[[[1,2],[3]]]`},
	{`RETURN ([{a:[1,2]},{a:[3]}][*].a)[0]`, `[[1,2]]`},
	{`RETURN [{a:[1,2]},{a:[3]}][*].a[0]`, `[[1,3]]`},

	{`FOR p IN people COLLECT t = p.town RETURN t`, `[null,"bonn","ulm"]`},
	{`FOR p IN people COLLECT t = p.town WITH COUNT INTO n RETURN [t, n]`, `[[null,1],["bonn",2],["ulm",2]]`},
	{`FOR p IN people COLLECT WITH COUNT INTO n RETURN n`, `[5]`},
	{`FOR p IN empty COLLECT WITH COUNT INTO n RETURN n`, `[0]`},
	{`FOR p IN empty COLLECT t = p.town WITH COUNT INTO n RETURN n`, `[]`},
	{`FOR p IN people COLLECT t = p.town INTO g RETURN [t, g[*].p._key]`, `[[null,["eve"]],["bonn",["cid","dan"]],["ulm",["ann","bob"]]]`},
	{`FOR p IN people LET k = p._key COLLECT t = p.town INTO g KEEP k RETURN g`, `[[{"k":"eve"}],[{"k":"cid"},{"k":"dan"}],[{"k":"ann"},{"k":"bob"}]]`},
	{`FOR p IN people COLLECT t = p.town INTO g = p._key RETURN g`, `[["eve"],["cid","dan"],["ann","bob"]]`},
	{`FOR p IN people COLLECT t = p.town AGGREGATE a = MIN(p.age), b = MAX(p.age), n = COUNT() RETURN [t, a, b, n]`,
		`[[null,25,25,1],["bonn",40,40,2],["ulm",25,30,2]]`},
	{`FOR p IN people COLLECT AGGREGATE s = SUM(p.age), a = AVG(p.age), u = SORTED_UNIQUE(p.age), c = COUNT_DISTINCT(p.town) RETURN [s, a, u, c]`,
		`[[120,30,[null,25,30,40],3]]`},
	{`FOR p IN empty COLLECT AGGREGATE m = MAX(p.age), n = LENGTH(p) RETURN [m, n]`, `[[null,0]]`},
	{`FOR p IN people COLLECT t = p.town, a = p.age > 26 RETURN [t, a]`, `[[null,false],["bonn",false],["bonn",true],["ulm",false],["ulm",true]]`},
	{`LET limit1 = 26 FOR p IN people COLLECT t = p.town RETURN [t, limit1]`, `[[null,26],["bonn",26],["ulm",26]]`},
	{`FOR x IN 1..4 COLLECT odd = x % 2 INTO g SORT odd COLLECT AGGREGATE n = SUM(LENGTH(g)) RETURN n`, `[4]`},
	{`FOR x IN 1..2 LET l = (FOR y IN 1..x COLLECT WITH COUNT INTO n RETURN n + x) RETURN l[0]`, `[2,4]`},

	{`FOR x IN 1..4 SORT x WINDOW {preceding: 1, following: 1} AGGREGATE s = SUM(x) RETURN s`, `[3,6,9,7]`},
	{`FOR x IN 1..4 SORT x WINDOW {preceding: "unbounded"} AGGREGATE s = SUM(x) RETURN [x, s]`, `[[1,1],[2,3],[3,6],[4,10]]`},
	{`FOR x IN [1, 2, 4, 8] WINDOW x WITH {preceding: 2} AGGREGATE s = SUM(x), n = COUNT() RETURN [x, s, n]`, `[[1,1,1],[2,3,2],[4,6,2],[8,8,1]]`},

	{`FOR x IN ["2022-01-01", "2022-01-02", "2022-01-05"] WINDOW x WITH {preceding: "P1D"} AGGREGATE n = COUNT() RETURN n`, `[1,2,1]`},
	{`FOR x IN ["2022-01-01", "2022-01-02", "2022-01-05"] WINDOW DATE_TIMESTAMP(x) WITH {preceding: "P1D", following: "P4D"} AGGREGATE l = MAX(x) RETURN l`,
		`["2022-01-05","2022-01-05","2022-01-05"]`},
	{`FOR v IN 1..2 OUTBOUND "people/ann" knows SORT v._key RETURN v._key`, `["bob","cid","cid","dan"]`},
	{`FOR v, e, p IN 2 OUTBOUND "people/ann" GRAPH "friends" SORT v._key RETURN [v._key, e.w, LENGTH(p.edges), p.vertices[1]._key]`, `[["cid",1,2,"bob"],["dan",2,2,"cid"]]`},
	{`FOR v IN 0..1 INBOUND "people/ann" knows RETURN v._key`, `["ann","dan"]`},
	{`FOR v IN 1 ANY "people/ann" knows SORT v._key RETURN v._key`, `["bob","cid","dan"]`},
	{`FOR v, e, p IN 1..5 OUTBOUND "people/ann" knows PRUNE v._key == "cid" SORT v._key, LENGTH(p.edges) RETURN v._key`, `["bob","cid","cid"]`},
	{`FOR v, e, p IN 1..5 OUTBOUND "people/ann" knows PRUNE stop = v._key == "cid" FILTER stop RETURN LENGTH(p.edges)`, `[2,1]`},
	{`FOR v IN 1..9 OUTBOUND "people/ann" knows OPTIONS {uniqueVertices: "global", bfs: true} SORT v._key RETURN v._key`, `["bob","cid","dan"]`},
	{`FOR v IN OUTBOUND SHORTEST_PATH "people/ann" TO "people/dan" knows RETURN v._key`, `["ann","cid","dan"]`},
	{`FOR v, e IN OUTBOUND SHORTEST_PATH "people/ann" TO "people/dan" knows OPTIONS {weightAttribute: "w", defaultWeight: 9} RETURN [v._key, e.w]`,
		`[["ann",null],["bob",1],["cid",1],["dan",2]]`},
	{`FOR p IN OUTBOUND K_SHORTEST_PATHS "people/ann" TO "people/dan" knows OPTIONS {weightAttribute: "w"} RETURN [p.weight, p.vertices[*]._key]`,
		`[[4,["ann","bob","cid","dan"]],[7,["ann","cid","dan"]]]`},
	{`FOR p IN OUTBOUND ALL_SHORTEST_PATHS "people/ann" TO "people/dan" knows RETURN p.edges[*]._key`, `[["3","4"]]`},
	{`FOR p IN 3 OUTBOUND K_PATHS "people/ann" TO "people/dan" knows RETURN p.edges[*]._key`, `[["1","2","4"]]`},
	{`FOR v IN OUTBOUND SHORTEST_PATH "people/eve" TO "people/dan" knows RETURN v`, `[]`},
	{`FOR v IN OUTBOUND SHORTEST_PATH "people/eve" TO "people/eve" knows RETURN v._key`, `["eve"]`},

	{`INSERT {_key: "new", a: 1} INTO empty RETURN [NEW._id, NEW.a, OLD]`, `[["empty/new",1,null]]`},
	{`UPDATE "ann" WITH {age: null, address: {no: 2}} IN people RETURN [OLD.age, NEW.age, NEW.address]`, `[[30,null,{"no":2,"street":"x"}]]`},
	{`UPDATE "ann" WITH {address: {no: 2}} IN people OPTIONS {mergeObjects: false} RETURN NEW.address`, `[{"no":2}]`},
	{`UPDATE {_key: "ann", age: null} IN people OPTIONS {keepNull: false} RETURN HAS(NEW, "age")`, `[false]`},
	{`REPLACE "ann" WITH {a: 1} IN people RETURN UNSET(NEW, "_rev", "_id")`, `[{"_key":"ann","a":1}]`},
	{`FOR p IN people FILTER p.town == "ulm" REMOVE p IN people RETURN OLD._key`, `["ann","bob"]`},
	{`REMOVE "nobody" IN people OPTIONS {ignoreErrors: true} RETURN OLD`, `[]`},
	{`INSERT {_key: "ann", x: 1} INTO people OPTIONS {overwriteMode: "replace"} RETURN [OLD.age, NEW.age, NEW.x]`, `[[30,null,1]]`},
	{`INSERT {_key: "ann", x: 1} INTO people OPTIONS {overwriteMode: "update"} RETURN [NEW.age, NEW.x]`, `[[30,1]]`},
	{`INSERT {_key: "ann", x: 1} INTO people OPTIONS {overwriteMode: "ignore"} RETURN NEW`, `[null]`},
	{`UPSERT {town: "bonn", age: 40} INSERT {a: 1} UPDATE {age: OLD.age + 1} IN people RETURN [NEW._key, NEW.age]`, `[["cid",41]]`},
	{`UPSERT {town: "rom"} INSERT {_key: "rom"} UPDATE {age: 1} IN people RETURN [OLD, NEW._key]`, `[[null,"rom"]]`},
	{`UPSERT {_key: "ann"} INSERT {} REPLACE {b: OLD.age} IN people RETURN [NEW.b, NEW.age]`, `[[30,null]]`},
	{`FOR p IN people FILTER p.town == "ulm" REMOVE p IN people INSERT {_key: OLD._key} INTO empty RETURN NEW._id`, `["empty/ann","empty/bob"]`},
}
