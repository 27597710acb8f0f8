package plan

import (
	"slices"
	"strings"
	"testing"
)

// Data table: queries with their plans, and the plans when the rule is off. A leading - says that the rule must leave
// the query alone.
var rulePlans = []struct{ rule, query, with, without string }{
	{"fold-constants", "FOR x IN c FILTER x.a == 1 + 2 * 3 && x.b == UPPER('ab') RETURN x", `
			FOR x IN c  /* full scan; reads a, b; filter x.a == 7 && x.b == "AB" */
			  RETURN x`, `
			FOR x IN c  /* full scan; reads a, b; filter x.a == 1 + 2 * 3 && x.b == UPPER("ab") */
			  RETURN x`},
	{"-fold-constants", "RETURN 1 / 0", `
			RETURN 1 / 0`, `
			RETURN 1 / 0`},
	{"fold-constants", "FOR x IN c FILTER !(x.a < 3) RETURN true ? x.a : x.b", `
			FOR x IN c  /* full scan; reads a; no document; filter x.a >= 3 */
			  RETURN x.a`, `
			FOR x IN c  /* full scan; reads a, b; no document; filter !(x.a < 3) */
			  RETURN true ? x.a : x.b`},
	{"inline-subqueries", "FOR x IN (FOR y IN d FILTER y.a == 1 RETURN {b: y.b, s: y.s}) FILTER x.b > 2 RETURN x.s", `
			FOR y IN d  /* index persistent ab: a == 1 && b > 2; reads s; no document */
			  RETURN y.s`, `
			LET subquery1 = (
			    FOR y IN d  /* index persistent ab: a == 1; reads b, s; no document */
			      RETURN {"b": y.b, "s": y.s}
			FOR x IN subquery1
			  FILTER x.b > 2
			  RETURN x.s`},
	{"-inline-subqueries", "FOR z IN c FOR x IN (FOR y IN d SORT y.s LIMIT 3 RETURN y) RETURN x", `
			LET subquery1 = (
			    FOR y IN d  /* index skiplist s in order; limit 3 */
			      LIMIT 3
			      RETURN y
			FOR _ IN c  /* full scan; no document */
			  FOR x IN subquery1
			    RETURN x`, `
			LET subquery1 = (
			    FOR y IN d  /* index skiplist s in order; limit 3 */
			      LIMIT 3
			      RETURN y
			FOR _ IN c  /* full scan; no document */
			  FOR x IN subquery1
			    RETURN x`},
	{"inline-calculations", "FOR x IN d LET o = {a: x.a, b: x.b} FILTER o.a == 1 RETURN o.b", `
			FOR x IN d  /* index persistent ab: a == 1; covering; reads b */
			  RETURN x.b`, `
			FOR x IN d  /* full scan; reads a, b; no document */
			  LET o = {"a": x.a, "b": x.b}
			  FILTER o.a == 1
			  RETURN o.b`},
	{"inline-calculations", "FOR x IN d LET a = x.a LET one = 1 FILTER a == one RETURN x", `
			FOR x IN d  /* index persistent ab: a == 1 */
			  RETURN x`, `
			LET one = 1
			FOR x IN d  /* index persistent ab: a == 1 */
			  LET a = x.a
			  RETURN x`},
	{"split-filters", "FOR x IN c FOR y IN small FILTER x.a == 1 && y.b == x.b RETURN y", `
			FOR x IN c  /* full scan; reads a, b; no document; filter x.a == 1 */
			  JOIN x.b == y.b  /* by hash */ WITH (
			      FOR y IN small  /* full scan */
			    RETURN y`, `
			FOR x IN c  /* full scan; reads a, b; no document */
			  FOR y IN small  /* full scan; reads b; filter x.a == 1 && y.b == x.b */
			    RETURN y`},
	{"replace-or-with-in", "FOR x IN d FILTER x.a == 1 || x.a == 2 || x.a IN [3, 4] RETURN x", `
			FOR x IN d  /* index persistent ab: a IN [1,2,3,4] */
			  RETURN x`, `
			FOR x IN d  /* index persistent ab: a == 1 or index persistent ab: a == 2 or index persistent ab: a IN [3,4]; reads a; filter x.a == 1 || x.a == 2 || x.a IN [3,4] */
			  RETURN x`},
	{"remove-redundant-filters", "FOR x IN c FILTER x.a == 1 FILTER x.a == 1 RETURN x", `
			FOR x IN c  /* full scan; reads a; filter x.a == 1 */
			  RETURN x`, `
			FOR x IN c  /* full scan; reads a; filter x.a == 1 && x.a == 1 */
			  RETURN x`},
	{"remove-unnecessary-filters", "FOR x IN c FILTER true FILTER x.a == 1 && x.a == 2 RETURN x", `
			FOR x IN c  /* full scan; reads a; filter x.a == 1 */
			  NOTHING
			  RETURN x`, `
			FILTER true
			FOR x IN c  /* full scan; reads a; filter x.a == 1 && x.a == 2 */
			  RETURN x`},
	{"remove-unnecessary-filters", "FOR x IN c FILTER x.a > 3 && x.a < 2 RETURN x", `
			FOR x IN c  /* full scan; reads a; filter x.a > 3 */
			  NOTHING
			  RETURN x`, `
			FOR x IN c  /* full scan; reads a; filter x.a > 3 && x.a < 2 */
			  RETURN x`},
	{"remove-unnecessary-calculations", "FOR x IN c LET unused = CONCAT(x.a, 'x') LET s = (FOR y IN d RETURN y) COLLECT g = x.g AGGREGATE m = MAX(x.b), n = COUNT() INTO rows RETURN [g, n]", `
			FOR x IN c  /* full scan; reads g; no document */
			  COLLECT g = x.g AGGREGATE n = COUNT()  /* method hash */
			  SORT g
			  RETURN [g, n]`, `
			LET s = (
			    FOR y IN d  /* full scan */
			      RETURN y
			FOR x IN c  /* full scan */
			  LET unused = CONCAT(x.a, "x")
			  COLLECT g = x.g AGGREGATE m = MAX(x.b), n = COUNT() INTO rows = {x, unused, s}  /* method hash */
			  SORT g
			  RETURN [g, n]`},
	{"move-filters-up", "FOR x IN c SORT x.b FOR y IN small LET z = y.v + x.v FILTER x.a == 1 FILTER z > 2 RETURN z", `
			FOR x IN c  /* full scan; reads a, b, v; no document; filter x.a == 1 */
			  SORT x.b
			  FOR y IN small  /* full scan; reads v; no document */
			    LET z = y.v + x.v
			    FILTER z > 2
			    RETURN z`, `
			FOR x IN c  /* full scan; reads a, b, v; no document */
			  SORT x.b
			  FOR y IN small  /* full scan; reads v; no document; filter x.a == 1 */
			    LET z = y.v + x.v
			    FILTER z > 2
			    RETURN z`},
	{"move-filters-up", "FOR x IN c COLLECT g = x.g WITH COUNT INTO n FILTER g > 3 FILTER n > 1 RETURN g", `
			FOR x IN c  /* full scan; reads g; no document; filter x.g > 3 */
			  COLLECT g = x.g WITH COUNT INTO n  /* method hash */
			  FILTER n > 1
			  SORT g
			  RETURN g`, `
			FOR x IN c  /* full scan; reads g; no document */
			  COLLECT g = x.g WITH COUNT INTO n  /* method hash */
			  SORT g
			  FILTER g > 3
			  FILTER n > 1
			  RETURN g`},
	{"-move-filters-up", "FOR x IN c SORT x.b LIMIT 10 FILTER x.a == 1 RETURN x", `
			FOR x IN c  /* full scan */
			  SORT x.b  /* only the first 10 */
			  LIMIT 10
			  FILTER x.a == 1
			  RETURN x`, `
			FOR x IN c  /* full scan */
			  SORT x.b  /* only the first 10 */
			  LIMIT 10
			  FILTER x.a == 1
			  RETURN x`},
	{"stop-subqueries", "FOR x IN c FILTER LENGTH(FOR y IN d FILTER y.s == x.s RETURN 1) > 0 RETURN FIRST(FOR y IN d RETURN y.b)", `
			LET subquery2 = (  /* at most 1 */
			    FOR y IN d  /* full scan; reads b; no document; limit 1 */
			      LIMIT 1
			      RETURN y.b
			FOR x IN c  /* full scan; reads s; no document */
			  LET subquery1 = (  /* at most 1 */
			      FOR _ IN d  /* index skiplist s: s == x.s; covering; limit 1 */
			        LIMIT 1
			        RETURN 1
			  FILTER LENGTH(subquery1) > 0
			  RETURN FIRST(subquery2)`, `
			LET subquery2 = (
			    FOR y IN d  /* full scan; reads b; no document */
			      RETURN y.b
			FOR x IN c  /* full scan; reads s; no document */
			  LET subquery1 = (
			      FOR _ IN d  /* index skiplist s: s == x.s; covering */
			        COLLECT WITH COUNT INTO count  /* method count */
			        RETURN count
			  FILTER subquery1[0] > 0
			  RETURN FIRST(subquery2)`},
	{"count-subqueries", "RETURN LENGTH(FOR x IN c FILTER x.a == 1 RETURN x)", `
			LET subquery1 = (
			    FOR x IN c  /* full scan; reads a; no document; filter x.a == 1 */
			      COLLECT WITH COUNT INTO count  /* method count */
			      RETURN count
			RETURN subquery1[0]`, `
			LET subquery1 = (
			    FOR x IN c  /* full scan; reads a; filter x.a == 1 */
			      RETURN x
			RETURN LENGTH(subquery1)`},
	{"remove-redundant-sorts", "FOR x IN c SORT x.a COLLECT WITH COUNT INTO n SORT n RETURN n", `
			LET n = COUNT(c)
			SORT n
			RETURN n`, `
			FOR x IN c  /* full scan; reads a; no document */
			  SORT x.a
			  COLLECT WITH COUNT INTO n  /* method count */
			  SORT n
			  RETURN n`},
	{"traversal-filters", "FOR v, e, p IN 1..5 OUTBOUND 'c/1' e FILTER p.edges[*].kind ALL == 'x' FILTER p.vertices[1].open == true FILTER LENGTH(p.edges) < 4 RETURN v", `
			FOR v IN 1..3 FROM "c/1" BY OUTBOUND e  /* dfs; vertices unique none; edges unique path; every edge: step.kind == "x"; vertex 1: step.open == true */
			  RETURN v`, `
			FOR v, p IN 1..5 FROM "c/1" BY OUTBOUND e  /* dfs; vertices unique none; edges unique path */
			  FILTER p.edges[*].kind ALL == "x"
			  FILTER p.vertices[1].open == true
			  FILTER LENGTH(p.edges) < 4
			  RETURN v`},
	{"interchange-adjacent-enumerations", "FOR x IN big FOR y IN d FILTER y.u == 1 FILTER x.a == y.a RETURN x", `
			FOR y IN d  /* index persistent unique: u == 1; reads a; no document */
			  FOR x IN big  /* full scan; reads a; filter x.a == y.a */
			    RETURN x`, `
			FOR x IN big  /* full scan */
			  FOR y IN d  /* index persistent unique: u == 1; reads a; no document; filter x.a == y.a */
			    RETURN x`},
	{"legacy-searches", "FOR x IN NEAR(d, 50, 8, 5) FILTER x.a == 1 RETURN x", `
			FOR x IN d  /* index geo place: distance from [8,50] && nearest first; limit 5 */
			  LIMIT 5
			  FILTER x.a == 1
			  RETURN x`, `
			FOR x IN NEAR("d", 50, 8, 5)
			  FILTER x.a == 1
			  RETURN x`},
	{"legacy-searches", "FOR x IN FULLTEXT(d, 'text', 'fox') RETURN x", `
			FOR x IN d  /* index fulltext words: words "fox" */
			  RETURN x`, `
			FOR x IN FULLTEXT("d", "text", "fox")
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x.a == 1 && x.b > 2 && x.b <= @x && x.c == 3 RETURN x", `
			FOR x IN d  /* index persistent ab: a == 1 && b > 2 && b <= @x; reads c; filter x.c == 3 */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads a, b, c; filter x.a == 1 && x.b > 2 && x.b <= @x && x.c == 3 */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x._key IN @list RETURN x", `
			FOR x IN d  /* index primary: _key IN @list */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads _key; filter x._key IN @list */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x._id == 'd/1' RETURN x", `
			FOR x IN d  /* index primary: _id == "d/1" */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads _id; filter x._id == "d/1" */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x.h.x == @x RETURN x", `
			FOR x IN d  /* index hash h: h.x == @x */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads h.x; filter x.h.x == @x */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER (x.a == 1 && x.b == 2) || x.s == 3 RETURN x", `
			FOR x IN d  /* index persistent ab: a == 1 && b == 2 or index skiplist s: s == 3; reads a, b, s; filter x.a == 1 && x.b == 2 || x.s == 3 */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads a, b, s; filter x.a == 1 && x.b == 2 || x.s == 3 */
			  RETURN x`},
	{"-use-indexes", "FOR x IN d FILTER x.a == 1 || x.zz == 3 RETURN x", `
			FOR x IN d  /* full scan; reads a, zz; filter x.a == 1 || x.zz == 3 */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads a, zz; filter x.a == 1 || x.zz == 3 */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER 'v' IN x.tags RETURN x", `
			FOR x IN d  /* index persistent tags: tags[*] == "v" */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads tags; filter "v" IN x.tags */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER 'v' IN x.p[*].name && x.q > 1 RETURN x", `
			FOR x IN d  /* index persistent names: p[*].name == "v" && q > 1 */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads p, q; filter "v" IN x.p[*].name && x.q > 1 */
			  RETURN x`},
	{"-use-indexes", "FOR x IN d FILTER x.q > 1 RETURN x", `
			FOR x IN d  /* full scan; reads q; filter x.q > 1 */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads q; filter x.q > 1 */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x.s LIKE 'abc%' RETURN x", `
			FOR x IN d  /* index skiplist s: s >= "abc" && s < "abd"; reads s; filter x.s LIKE "abc%" */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads s; filter x.s LIKE "abc%" */
			  RETURN x`},
	{"-use-indexes", "FOR x IN d FILTER x.s LIKE '1%' RETURN x", `
			FOR x IN d  /* full scan; reads s; filter x.s LIKE "1%" */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads s; filter x.s LIKE "1%" */
			  RETURN x`},
	{"-use-indexes", "FOR x IN d FILTER x.sp == null RETURN x", `
			FOR x IN d  /* full scan; reads sp; filter x.sp == null */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads sp; filter x.sp == null */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x.sp >= @x RETURN x", `
			FOR x IN d  /* index persistent sparse: sp >= @x, all if @x is null; reads sp; filter x.sp >= @x */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads sp; filter x.sp >= @x */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x.sp > @x RETURN x", `
			FOR x IN d  /* index persistent sparse: sp > @x */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads sp; filter x.sp > @x */
			  RETURN x`},
	{"use-indexes", "FOR x IN c FOR y IN e FILTER y._from == x._id RETURN y._to", `
			FOR x IN c  /* full scan; reads _id; no document */
			  FOR y IN e  /* index edge edge: _from == x._id; covering; reads _to */
			    RETURN y._to`, `
			FOR x IN c  /* full scan; reads _id; no document */
			  JOIN x._id == y._from  /* by hash */ WITH (
			      FOR y IN e  /* full scan; reads _from, _to; no document */
			    RETURN y._to`},
	{"use-indexes", "FOR x IN d OPTIONS {indexHint: 's', forceIndexHint: true} FILTER x.a == 1 && x.s == 2 RETURN x", `
			FOR x IN d  /* index skiplist s: s == 2; reads a; filter x.a == 1 */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads a, s; filter x.a == 1 && x.s == 2 */
			  RETURN x`},
	{"use-indexes", "FOR x IN d FILTER x._key > @x SORT x._key LIMIT 10 RETURN x", `
			FOR x IN d  /* index primary: _key > @x; limit 10 */
			  LIMIT 10
			  RETURN x`, `
			FOR x IN d  /* full scan; reads _key; filter x._key > @x; limit 10 */
			  LIMIT 10
			  RETURN x`},
	{"hash-join", "FOR x IN c RETURN {x, all: (FOR y IN small FILTER y.v == x.v && y.w > 1 RETURN y.w)}", `
			FOR x IN c  /* full scan */
			  LET subquery1 = (
			      JOIN x.v == y.v  /* by hash */ WITH (
			          FOR y IN small  /* full scan; reads v, w; no document; filter y.w > 1 */
			        RETURN y.w
			  RETURN {"x": x, "all": subquery1}`, `
			FOR x IN c  /* full scan */
			  LET subquery1 = (
			      FOR y IN small  /* full scan; reads v, w; no document; filter y.v == x.v && y.w > 1 */
			        RETURN y.w
			  RETURN {"x": x, "all": subquery1}`},
	{"geo-index", "FOR x IN d FILTER GEO_DISTANCE([8, 50], x.loc) <= 1000 RETURN [x, GEO_DISTANCE([8, 50], x.loc)]", `
			FOR x IN d  /* index geo place: distance from [8,50] <= 1000 && distance = distance; filter distance <= 1000 */
			  RETURN [x, distance]`, `
			FOR x IN d  /* full scan; reads loc; filter GEO_DISTANCE([8,50], x.loc) <= 1000 */
			  RETURN [x, GEO_DISTANCE([8,50], x.loc)]`},
	{"geo-index", "FOR x IN d SORT DISTANCE(x.lat, x.lon, 50, 8) LIMIT 10 RETURN x", `
			FOR x IN d  /* index geo pair: distance from [8,50] && nearest first && distance = distance; limit 10 */
			  LIMIT 10
			  RETURN x`, `
			FOR x IN d  /* full scan */
			  SORT DISTANCE(x.lat, x.lon, 50, 8)  /* only the first 10 */
			  LIMIT 10
			  RETURN x`},
	{"geo-index", "FOR x IN d FILTER GEO_CONTAINS(@x, x.loc) RETURN x", `
			FOR x IN d  /* index geo place: contains @x; reads loc; filter GEO_CONTAINS(@x, x.loc) */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads loc; filter GEO_CONTAINS(@x, x.loc) */
			  RETURN x`},
	{"geo-index", "FOR x IN d LET far = GEO_DISTANCE(x.loc, @x) FILTER far > 10 && far < 100 SORT far RETURN far", `
			FOR _ IN d  /* index geo place: distance from @x > 10 < 100 && nearest first && distance = distance; no document */
			  LET far = distance
			  FILTER far > 10
			  FILTER far < 100
			  RETURN far`, `
			FOR x IN d  /* full scan; reads loc; no document */
			  LET far = GEO_DISTANCE(x.loc, @x)
			  FILTER far > 10
			  FILTER far < 100
			  SORT far
			  RETURN far`},
	{"use-index-for-sort", "FOR x IN d SORT x.s DESC LIMIT 10 RETURN x", `
			FOR x IN d  /* index skiplist s in order; backwards; limit 10 */
			  LIMIT 10
			  RETURN x`, `
			FOR x IN d  /* full scan */
			  SORT x.s DESC  /* only the first 10 */
			  LIMIT 10
			  RETURN x`},
	{"use-index-for-sort", "FOR x IN d FILTER x.a == 1 SORT x.a, x.b, x.c RETURN x", `
			FOR x IN d  /* index persistent ab: a == 1 */
			  SORT x.a, x.b, x.c  /* 2 sorted already */
			  RETURN x`, `
			FOR x IN d  /* index persistent ab: a == 1 */
			  SORT x.a, x.b, x.c
			  RETURN x`},
	{"use-index-for-sort", "FOR x IN d FILTER x.a == 1 SORT x.b DESC RETURN x", `
			FOR x IN d  /* index persistent ab: a == 1; backwards */
			  RETURN x`, `
			FOR x IN d  /* index persistent ab: a == 1 */
			  SORT x.b DESC
			  RETURN x`},
	{"use-index-for-sort", "FOR x IN c SORT x._key DESC RETURN x", `
			FOR x IN c  /* full scan; backwards */
			  RETURN x`, `
			FOR x IN c  /* full scan */
			  SORT x._key DESC
			  RETURN x`},
	{"use-index-for-sort", "FOR x IN d SORT x.a, x.b DESC LIMIT 1 RETURN x", `
			FOR x IN d  /* index persistent ab in order */
			  SORT x.a, x.b DESC  /* only the first 1; 1 sorted already */
			  LIMIT 1
			  RETURN x`, `
			FOR x IN d  /* full scan */
			  SORT x.a, x.b DESC  /* only the first 1 */
			  LIMIT 1
			  RETURN x`},
	{"series-range", "FOR p IN ts FILTER p.host == 'h' && p.time >= 1000 && p.time < @x && p.load > 1 RETURN p.load", `
			FOR p IN ts  /* series; host == "h"; time >= 1000 && time < @x; reads load; filter p.load > 1 */
			  RETURN p.load`, `
			FOR p IN ts  /* series; reads host, load, time; filter p.host == "h" && p.time >= 1000 && p.time < @x && p.load > 1 */
			  RETURN p.load`},
	{"series-range", "FOR p IN ts FILTER DATE_TIMESTAMP(p.time) >= DATE_TIMESTAMP('2024-01-01') RETURN p.load", `
			FOR p IN ts  /* series; time >= 1704067200000; reads load */
			  RETURN p.load`, `
			FOR p IN ts  /* series; reads load, time; filter DATE_TIMESTAMP(p.time) >= 1704067200000 */
			  RETURN p.load`},
	{"use-rollups", "FOR p IN ts FILTER p.host == 'h' COLLECT t = TIME_BUCKET(p.time, '1d') AGGREGATE a = AVG(p.load), l = MAX(p.temp) RETURN [t, a, l]", `
			FOR t IN ts  /* series; host == "h"; kept roll-up 1h: a = AVERAGE(load) l = MAX(temp) */
			  SORT t
			  RETURN [t, a, l]`, `
			FOR p IN ts  /* series; host == "h"; reads load, temp, time */
			  COLLECT t = TIME_BUCKET(p.time, "1d") AGGREGATE a = AVG(p.load), l = MAX(p.temp)  /* method hash */
			  SORT t
			  RETURN [t, a, l]`},
	{"-use-rollups", "FOR p IN ts COLLECT t = TIME_BUCKET(p.time, '1h') AGGREGATE l = LAST(p.load, p.time) RETURN [t, l]", `
			FOR p IN ts  /* series; reads load, time */
			  COLLECT t = TIME_BUCKET(p.time, "1h") AGGREGATE l = LAST([p.load, p.time])  /* method hash */
			  SORT t
			  RETURN [t, l]`, `
			FOR p IN ts  /* series; reads load, time */
			  COLLECT t = TIME_BUCKET(p.time, "1h") AGGREGATE l = LAST([p.load, p.time])  /* method hash */
			  SORT t
			  RETURN [t, l]`},
	{"use-rollups", "FOR p IN ts COLLECT t = TIME_BUCKET(p.time, '10s') AGGREGATE a = AVG(p.load) RETURN [t, a]", `
			FOR t IN ts  /* series; runs of points: a = AVERAGE(load) */
			  SORT t
			  RETURN [t, a]`, `
			FOR p IN ts  /* series; reads load, time */
			  COLLECT t = TIME_BUCKET(p.time, "10s") AGGREGATE a = AVG(p.load)  /* method hash */
			  SORT t
			  RETURN [t, a]`},
	{"count-only", "FOR x IN c COLLECT WITH COUNT INTO n RETURN n", `
			LET n = COUNT(c)
			RETURN n`, `
			FOR _ IN c  /* full scan; no document */
			  COLLECT WITH COUNT INTO n  /* method count */
			  RETURN n`},
	{"count-only", "FOR x IN c COLLECT AGGREGATE n = LENGTH(1) RETURN n", `
			LET n = COUNT(c)
			RETURN n`, `
			FOR _ IN c  /* full scan; no document */
			  COLLECT AGGREGATE n = LENGTH(1)  /* method hash */
			  RETURN n`},
	{"collect-sorted", "FOR x IN d FILTER x.a == 1 COLLECT b = x.b WITH COUNT INTO n RETURN [b, n]", `
			FOR x IN d  /* index persistent ab: a == 1; covering; reads b */
			  COLLECT b = x.b WITH COUNT INTO n  /* method sorted */
			  RETURN [b, n]`, `
			FOR x IN d  /* index persistent ab: a == 1; covering; reads b */
			  COLLECT b = x.b WITH COUNT INTO n  /* method hash */
			  SORT b
			  RETURN [b, n]`},
	{"collect-sorted", "FOR x IN d COLLECT s = x.s WITH COUNT INTO n RETURN [s, n]", `
			FOR x IN d  /* index skiplist s in order; covering; reads s */
			  COLLECT s = x.s WITH COUNT INTO n  /* method sorted */
			  RETURN [s, n]`, `
			FOR x IN d  /* full scan; reads s; no document */
			  COLLECT s = x.s WITH COUNT INTO n  /* method hash */
			  SORT s
			  RETURN [s, n]`},
	{"collect-sorted", "FOR x IN c COLLECT s = x.s INTO g OPTIONS {method: 'sorted'} RETURN [s, g]", `
			FOR x IN c  /* full scan */
			  SORT x.s
			  COLLECT s = x.s INTO g = {x}  /* method sorted */
			  RETURN [s, g]`, `
			FOR x IN c  /* full scan */
			  COLLECT s = x.s INTO g = {x}  /* method hash */
			  SORT s
			  RETURN [s, g]`},
	{"hash-join", "FOR x IN c FOR y IN small FILTER x.a == y.b && y.c > 1 && y.d > x.d RETURN [x.k, y.k]", `
			FOR x IN c  /* full scan; reads a, d, k; no document */
			  JOIN x.a == y.b  /* by hash */ WITH (
			      FOR y IN small  /* full scan; reads b, c, d, k; no document; filter y.c > 1 */
			    FILTER y.d > x.d
			    RETURN [x.k, y.k]`, `
			FOR y IN small  /* full scan; reads b, c, d, k; no document; filter y.c > 1 */
			  FOR x IN c  /* full scan; reads a, d, k; no document; filter x.a == y.b && y.d > x.d */
			    RETURN [x.k, y.k]`},
	{"hash-join", "FOR x IN c FOR y IN d FILTER x.a == y.s RETURN [x.k, y.k]", `
			FOR y IN d  /* full scan; reads k, s; no document */
			  JOIN y.s == x.a  /* by hash */ WITH (
			      FOR x IN c  /* full scan; reads a, k; no document */
			    RETURN [x.k, y.k]`, `
			FOR x IN c  /* full scan; reads a, k; no document */
			  FOR y IN d  /* index skiplist s: s == x.a; reads k; no document */
			    RETURN [x.k, y.k]`},
	{"move-calculations-up", "FOR x IN d FILTER x._key IN (FOR y IN small RETURN y.v) RETURN x", `
			LET subquery1 = (
			    FOR y IN small  /* full scan; reads v; no document */
			      RETURN y.v
			FOR x IN d  /* index primary: _key IN subquery1 */
			  RETURN x`, `
			FOR x IN d  /* full scan */
			  LET subquery1 = (
			      FOR y IN small  /* full scan; reads v; no document */
			        RETURN y.v
			  FILTER x._key IN subquery1
			  RETURN x`},
	{"move-calculations-up", "FOR x IN c LET s = (FOR y IN small RETURN y.v) FILTER x.v IN s RETURN x", `
			LET s = (
			    FOR y IN small  /* full scan; reads v; no document */
			      RETURN y.v
			FOR x IN c  /* full scan; reads v; filter x.v IN s */
			  RETURN x`, `
			FOR x IN c  /* full scan */
			  LET s = (
			      FOR y IN small  /* full scan; reads v; no document */
			        RETURN y.v
			  FILTER x.v IN s
			  RETURN x`},
	{"move-calculations-down", "FOR x IN c LET s = CONCAT(x.a, x.b) SORT x.v LIMIT 5 RETURN s", `
			FOR x IN c  /* full scan; reads a, b, v; no document */
			  SORT x.v  /* only the first 5 */
			  LIMIT 5
			  LET s = CONCAT(x.a, x.b)
			  RETURN s`, `
			FOR x IN c  /* full scan; reads a, b, v; no document */
			  LET s = CONCAT(x.a, x.b)
			  SORT x.v  /* only the first 5 */
			  LIMIT 5
			  RETURN s`},
	{"filter-early", "FOR x IN c FILTER x.a == 1 RETURN x", `
			FOR x IN c  /* full scan; reads a; filter x.a == 1 */
			  RETURN x`, `
			FOR x IN c  /* full scan */
			  FILTER x.a == 1
			  RETURN x`},
	{"sort-limit", "FOR x IN c SORT x.a LIMIT 10, 5 RETURN x", `
			FOR x IN c  /* full scan */
			  SORT x.a  /* only the first 15 */
			  LIMIT 10, 5
			  RETURN x`, `
			FOR x IN c  /* full scan */
			  SORT x.a
			  LIMIT 10, 5
			  RETURN x`},
	{"limit-scans", "FOR x IN c FILTER x.a > 1 LIMIT @x, 5 RETURN x", `
			FOR x IN c  /* full scan; reads a; filter x.a > 1; limit @x + 5 */
			  LIMIT @x, 5
			  RETURN x`, `
			FOR x IN c  /* full scan; reads a; filter x.a > 1 */
			  LIMIT @x, 5
			  RETURN x`},
	{"optimize-traversals", "FOR v, e, p IN 1..2 ANY 'c/1' e RETURN 1", `
			FOR v IN 1..2 FROM "c/1" BY ANY e  /* dfs; vertices unique none; edges unique path; vertices not read; edges not read */
			  RETURN 1`, `
			FOR v, e, p IN 1..2 FROM "c/1" BY ANY e  /* dfs; vertices unique none; edges unique path */
			  RETURN 1`},
	{"reduce-projections", "FOR x IN c FILTER x.a.b > 1 SORT x.a RETURN [x.a.c, x['d'], x._key]", `
			FOR x IN c  /* full scan; reads _key, a, d; no document; filter x.a.b > 1 */
			  SORT x.a
			  RETURN [x.a.c, x.d, x._key]`, `
			FOR x IN c  /* full scan; filter x.a.b > 1 */
			  SORT x.a
			  RETURN [x.a.c, x.d, x._key]`},
	{"index-covering", "FOR x IN d FILTER x.a == 1 RETURN {b: x.b, k: x._key}", `
			FOR x IN d  /* index persistent ab: a == 1; covering; reads _key, b */
			  RETURN {"b": x.b, "k": x._key}`, `
			FOR x IN d  /* index persistent ab: a == 1; reads _key, b; no document */
			  RETURN {"b": x.b, "k": x._key}`},
	{"index-covering", "FOR x IN e FILTER x._to == 'c/1' RETURN x._from", `
			FOR x IN e  /* index edge edge: _to == "c/1"; covering; reads _from */
			  RETURN x._from`, `
			FOR x IN e  /* index edge edge: _to == "c/1"; reads _from; no document */
			  RETURN x._from`},
	{"use-indexes", "FOR x IN d FILTER x.u == @x LIMIT 1 RETURN x", `
			FOR x IN d  /* index persistent unique: u == @x; limit 1 */
			  LIMIT 1
			  RETURN x`, `
			FOR x IN d  /* full scan; reads u; filter x.u == @x; limit 1 */
			  LIMIT 1
			  RETURN x`},
	{"-use-indexes", "FOR x IN d OPTIONS {disableIndex: true} FILTER x.a == 1 RETURN x", `
			FOR x IN d  /* full scan; reads a; filter x.a == 1 */
			  RETURN x`, `
			FOR x IN d  /* full scan; reads a; filter x.a == 1 */
			  RETURN x`},
	{"-use-indexes", "FOR x IN d FILTER x.a == RAND() RETURN x", `
			FOR x IN d  /* full scan */
			  FILTER x.a == RAND()
			  RETURN x`, `
			FOR x IN d  /* full scan */
			  FILTER x.a == RAND()
			  RETURN x`},
	{"-move-filters-up", "FOR x IN c FILTER RAND() > 0.5 SORT x.b FILTER x.a == RAND() RETURN x", `
			FOR x IN c  /* full scan */
			  FILTER RAND() > 0.5
			  SORT x.b
			  FILTER x.a == RAND()
			  RETURN x`, `
			FOR x IN c  /* full scan */
			  FILTER RAND() > 0.5
			  SORT x.b
			  FILTER x.a == RAND()
			  RETURN x`},
	{"-interchange-adjacent-enumerations", "FOR x IN big FOR y IN d FILTER RAND() > x.a FILTER y.u == 1 RETURN x", `
			FOR x IN big  /* full scan */
			  FOR y IN d  /* full scan; reads u; no document */
			    FILTER RAND() > x.a
			    FILTER y.u == 1
			    RETURN x`, `
			FOR x IN big  /* full scan */
			  FOR y IN d  /* full scan; reads u; no document */
			    FILTER RAND() > x.a
			    FILTER y.u == 1
			    RETURN x`},
	{"inline-subqueries", "FOR x IN (FOR y IN c SORT y.b LIMIT 3 RETURN y) FILTER x.a == 1 RETURN x", `
			FOR y IN c  /* full scan */
			  SORT y.b  /* only the first 3 */
			  LIMIT 3
			  FILTER y.a == 1
			  RETURN y`, `
			LET subquery1 = (
			    FOR y IN c  /* full scan */
			      SORT y.b  /* only the first 3 */
			      LIMIT 3
			      RETURN y
			FOR x IN subquery1
			  FILTER x.a == 1
			  RETURN x`},
}

func TestRules(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{"parallel-scan": true} // below
	for _, c := range rulePlans {
		rule, idle := strings.CutPrefix(c.rule, "-")
		tested[rule] = true
		compare(t, c.query, "with "+rule, outline(t, c.query), c.with)
		compare(t, c.query, "without "+rule, outline(t, c.query, "-"+rule), c.without)
		if fired := slices.Contains(build(t, c.query, nil).Rules, rule); fired == idle {
			t.Errorf("%s: the rule %s fired: %t, want %t", c.query, rule, fired, !idle)
		}
	}
	for _, r := range Rules() {
		if !tested[r.Name] {
			t.Errorf("rule %s has no test", r.Name)
		}
		if r.Doc == "" || !strings.HasSuffix(r.Doc, ".") {
			t.Errorf("rule %s: %q is no sentence", r.Name, r.Doc)
		}
	}
}
