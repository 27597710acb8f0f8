package plan

import "testing"

func TestShow(t *testing.T) {
	t.Parallel()
	for _, q := range []string{
		"RETURN 1 + 2",
		"FOR x IN c FILTER x.a == 1 && x.b > 2 RETURN x",
		"FOR x IN d FILTER x.a == 1 && x.b > 2 RETURN x",
		"FOR x IN d FILTER x.a == 1 && x.b > 2 RETURN x.b",
		"FOR x IN d FILTER x._key == @x RETURN x",
		"FOR x IN d FILTER x.a == 1 || x.s == 2 RETURN x",
		"FOR x IN d FILTER x.a == 1 || x.a == 2 RETURN x",
		"FOR x IN d FILTER x.sp == 1 RETURN x",
		"FOR x IN d FILTER x.sp == @x RETURN x",
		"FOR x IN d FILTER 'v' IN x.tags RETURN x",
		"FOR x IN d FILTER x.s LIKE 'abc%' RETURN x.s",
		"FOR x IN d SORT x.s DESC LIMIT 10 RETURN x",
		"FOR x IN d SORT x.s, x.y LIMIT 2, 10 RETURN x",
		"FOR x IN c SORT x.s LIMIT 2, 10 RETURN x",
		"FOR x IN c LIMIT 2, 10 RETURN x.name",
		"FOR x IN c COLLECT WITH COUNT INTO n RETURN n",
		"RETURN LENGTH(c)",
		"RETURN LENGTH(FOR x IN c RETURN 1)",
		"RETURN LENGTH(FOR x IN c FILTER x.a == 1 RETURN 1) > 0",
		"FOR x IN d COLLECT s = x.s WITH COUNT INTO n RETURN {s, n}",
		"FOR x IN c COLLECT s = x.s AGGREGATE m = MAX(x.v) RETURN {s, m}",
		"FOR x IN c COLLECT s = x.s INTO g RETURN {s, g}",
		"FOR x IN c FOR y IN small FILTER x.a == y.a RETURN {x, y}",
		"FOR x IN c FOR y IN d FILTER x.a == y.s RETURN {x, y: y.b}",
		"FOR x IN c LET s = (FOR y IN d FILTER y.s == x.s RETURN y.b) FILTER x.a == 1 RETURN {x, s}",
		"FOR x IN (FOR y IN c FILTER y.a == 1 RETURN {z: y.z}) FILTER x.z > 1 RETURN x",
		"FOR v, e, p IN 1..3 OUTBOUND 'c/1' GRAPH 'g' FILTER p.edges[*].x ALL == 1 RETURN v",
		"FOR v IN 1..3 OUTBOUND 'c/1' e RETURN v._id",
		"FOR x IN e FILTER x._from == 'c/1' RETURN x._to",
		"UPSERT {a: 1} INSERT {a: 1} UPDATE {n: OLD.n + 1} IN d RETURN NEW",
		"FOR x IN c UPDATE x WITH {a: 1} IN c",
		"FOR x IN big FILTER x.a == 1 RETURN x.b",
		"FOR p IN ts FILTER p.host == 'a' && p.time >= 100 RETURN p.load",
	} {
		p := build(t, q, func(c *Config) { c.Parallel = true })
		t.Logf("%s\n%s", q, Text(p))
	}
}
