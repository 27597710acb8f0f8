package querytest

// start is a vertex to walk from.
func (g *generator) start() string {
	if docs := g.of(func(k kind) bool { return k == item || k == group }); len(docs) > 0 && g.chance(70) {
		return pick(g.source, docs...).name + pick(g.source, "", "._id")
	}
	return `"` + g.d.vertex(g.source) + `"`
}

// traversal makes FOR over paths of few edges.
func (g *generator) traversal(vertex string) string {
	edge, way := g.name("e"), g.name("p")
	depth := pick(g.source, "", "1", "1..2", "0..1", "2", "1..3", "0..2")
	if g.deep > 0 || len(g.vars) > 0 {
		depth = pick(g.source, "", "1", "1..2", "0..1")
	}
	direction := pick(g.source, "OUTBOUND", "INBOUND", "OUTBOUND", "ANY")
	if direction == "ANY" && depth == "1..3" {
		depth = "1..2"
	}
	edges := pick(g.source, "links", "links", `GRAPH "net"`, "GRAPH net")
	names := pick(g.source, vertex, vertex+", "+edge, vertex+", "+edge+", "+way, vertex+", "+edge+", "+way)
	text := "FOR " + names + " IN " + depth + " " + direction + " " + g.start() + " " + edges
	g.add(vertex, item, true)
	if len(names) > len(vertex) {
		g.add(edge, link, true)
	}
	if len(names) > len(vertex+edge)+2 {
		g.add(way, path, true)
		if g.chance(30) {
			text += " PRUNE " + pick(g.source, vertex+".n > 5", edge+".w > 4", "LENGTH("+way+".edges) >= 2", "stop"+vertex+" = "+vertex+".n == 3")
		}
	}
	// With uniqueVertices: "path" the walk is the same in any order; global ones are left to walking.
	if g.chance(30) {
		text += " OPTIONS {" + pick(g.source, "bfs: true", `order: "bfs"`, `uniqueVertices: "path"`, `uniqueEdges: "none"`,
			`vertexCollections: "items"`, `order: "weighted", weightAttribute: "w"`, `edgeCollections: ["links"]`) + "}"
	}
	if len(names) > len(vertex+edge)+2 && g.chance(55) {
		text += " FILTER " + g.pathFilter(way)
	}
	return text
}

func (g *generator) pathFilter(way string) string {
	return way + pick(g.source, ".edges[*].w ALL > 2", ".edges[0].w >= 3", ".vertices[1].n > 2", ".vertices[*].n ALL != 4",
		`.edges[*].label NONE == "elm"`, ".edges[-1].w < 8", `.vertices[0]._key != "i3"`, ".edges[1].w < 9", ".vertices[*].s ANY == \"oak\"",
		".edges[*].w ANY == 5", ".vertices[2].n != null")
}

// walking makes a query over a graph.
func (g *generator) walking() string {
	road := func() string { return `"places/l` + itoa(g.below(crossings)) + `"` }
	direction := pick(g.source, "OUTBOUND", "INBOUND", "ANY")
	weight := pick(g.source, "", "", ` OPTIONS {weightAttribute: "w"}`, ` OPTIONS {weightAttribute: "w", defaultWeight: 4}`)
	switch g.below(8) {
	case 0:
		// Which of several shortest paths is found is open: how long they are is not.
		return "FOR v, e IN " + direction + " SHORTEST_PATH " + road() + " TO " + road() + " roads" + weight +
			" COLLECT AGGREGATE n = COUNT(), w = SUM(" + g.weightOf(weight) + ") RETURN " + pick(g.source, "w", "w", "[w]")
	case 1:
		return "FOR p IN " + direction + " K_SHORTEST_PATHS " + road() + " TO " + road() + " roads" + weight +
			" RETURN {w: p.weight, v: p.vertices[*]._key, e: p.edges[*]._key}"
	case 2:
		return "FOR p IN " + direction + " ALL_SHORTEST_PATHS " + road() + " TO " + road() + " roads RETURN [p.vertices[*]._key, p.edges[*]._key]"
	case 3:
		return "FOR p IN " + pick(g.source, "1..3", "2", "0..2", "1..4") + " " + direction + " K_PATHS " + road() + " TO " + road() +
			" roads RETURN " + pick(g.source, "p.edges[*]._key", "p.vertices[*]._key", "LENGTH(p.edges)")
	case 4:
		return "FOR v IN 1..4 " + direction + " " + g.start() + ` links OPTIONS {bfs: true, uniqueVertices: "global"} ` +
			pick(g.source, "RETURN v._key", "FILTER v.n > 2 RETURN v._key", "COLLECT WITH COUNT INTO n RETURN n")
	}
	return g.block(g.between(1, 2))
}

// weightOf is what an edge of a path weighs; the first row has none.
func (g *generator) weightOf(options string) string {
	switch {
	case options == "":
		return "e == null ? 0 : 1"
	case len(options) > 40:
		return "e == null ? 0 : (IS_NUMBER(e.w) ? e.w : 4)"
	}
	return "e == null ? 0 : (IS_NUMBER(e.w) ? e.w : 1)"
}

// placing makes a query for places.
func (g *generator) placing() string {
	longitude, latitude := itoa(g.between(-40, 40)), itoa(g.between(-20, 20))
	at := pick(g.source, "["+longitude+", "+latitude+"]", "GEO_POINT("+longitude+", "+latitude+")")
	far := itoa(g.between(300, 4000)) + "000"
	half := pick(g.source, "5", "10", "20")
	around := "GEO_POLYGON([[-" + half + ", -" + half + "], [" + half + ", -" + half + "], [" + half + ", " + half + "], [-" + half + ", " + half + "], [-" + half + ", -" + half + "]])"
	g.add("v", place, true)
	more := ""
	if g.chance(35) {
		more = " FILTER " + g.filter()
	}
	distance := pick(g.source, "GEO_DISTANCE("+at+", v.loc)", "GEO_DISTANCE(v.loc, "+at+")", "DISTANCE(v.lat, v.lon, "+latitude+", "+longitude+")")
	give := " RETURN " + pick(g.source, "v._key", "v._key", "{k: v._key, d: "+distance+"}")
	switch g.below(9) {
	case 0, 1:
		return "FOR v IN places FILTER " + distance + pick(g.source, " <= ", " < ") + far + more + give
	case 2:
		g.out.Ordered = true
		return "FOR v IN places" + more + " SORT " + distance + pick(g.source, "", " DESC") + ", v._key LIMIT " + itoa(g.between(1, 9)) + give
	case 3:
		return "FOR v IN places FILTER " + distance + " >= 500000 AND " + distance + " <= " + far + more + " SORT " + distance + give
	case 4:
		return "FOR v IN places FILTER GEO_CONTAINS(" + around + ", v." + pick(g.source, "loc", "area") + ")" + more + give
	case 5:
		return "FOR v IN places FILTER GEO_INTERSECTS(" + around + ", v." + pick(g.source, "loc", "area") + ")" + more + give
	case 6:
		return "FOR v IN WITHIN(places, " + latitude + ", " + longitude + ", " + far + ")" + more + " RETURN v._key"
	case 7:
		g.vars = nil
		query := pick(g.source, "elm", "oak,|fir", "prefix:b", "birch,-elm", "|ash,|pine")
		return `FOR v IN FULLTEXT(items, "t", "` + query + `") RETURN v._key`
	}
	return "FOR v IN NEAR(places, " + latitude + ", " + longitude + ", 50)" + more + " RETURN v._key"
}

// timing makes a query over points of time.
func (g *generator) timing() string {
	g.add("v", point, true)
	text := "FOR v IN points"
	for g.chance(50) {
		at := itoa(startMs + g.below(1300)*1000)
		text += " FILTER " + pick(g.source, `v.host == "`+pick(g.source, hosts...)+`"`, `v.unit == "x"`, "DATE_TIMESTAMP(v.time) >= "+at,
			"DATE_TIMESTAMP(v.time) < "+at, "v.time >= DATE_ISO8601("+at+")", "v.load > 0", "v.time > "+at)
	}
	g.out.Loose = true
	switch g.below(5) {
	case 0:
		return text + " RETURN " + pick(g.source, "v", "v.load", "[v.time, v.temp]")
	case 1:
		g.out.Ordered = true
		return text + " SORT v.time, v.host, v.unit RETURN v"
	}
	call := func() string {
		f := pick(g.source, "COUNT", "SUM", "MIN", "MAX", "AVERAGE", "STDDEV", "VARIANCE_SAMPLE")
		return f + "(v." + pick(g.source, "load", "temp") + ")"
	}
	group := pick(g.source, `b = TIME_BUCKET(v.time, "1m")`, `b = TIME_BUCKET(v.time, "1m"), h = v.host`, "h = v.host, u = v.unit", `b = TIME_BUCKET(v.time, "5m")`,
		`b = TIME_BUCKET(v.time, "7s")`)
	last := pick(g.source, "", "", ", l = LAST(v.load, v.time)", ", l = FIRST(v.temp, v.time)")
	names := "[x, y"
	if last != "" {
		names += ", l"
	}
	for _, n := range []string{"b", "h", "u"} {
		if contains(group, n+" = ") {
			names += ", " + n
		}
	}
	return text + " COLLECT " + group + " AGGREGATE x = " + call() + ", y = " + call() + last + " RETURN " + names + "]"
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part && (i == 0 || s[i-1] == ' ') {
			return true
		}
	}
	return false
}

// modification makes a query that writes, each document at most once.
func (g *generator) modification() string {
	g.out.Writes = true
	g.out.Loose = true
	k := pick(g.source, plain, plain, group, item)
	name := collectionOf(k)
	g.add("v", k, true)
	over := "FOR v IN " + name
	for g.chance(60) {
		over += " FILTER " + g.filter()
	}
	if g.chance(15) {
		over += " SORT v._key LIMIT " + itoa(g.between(1, 6))
	}
	patch := "{n: " + g.expr(numeric, 1) + pick(g.source, "", ", o: {x: 7}", ", s: null", ", new: v._key") + "}"
	options := pick(g.source, "", "", "", " OPTIONS {keepNull: false}", " OPTIONS {mergeObjects: false}", " OPTIONS {ignoreRevs: false}", " OPTIONS {ignoreErrors: true}")
	give := pick(g.source, "", ` RETURN UNSET(NEW, "_rev")`, " RETURN [OLD.n, NEW.n]", " LET w = OLD RETURN w.s", " FILTER NEW.n > 3 RETURN NEW._key",
		" FILTER v.n > 4 RETURN NEW._key")
	switch g.below(9) {
	case 0, 1:
		return over + " UPDATE v WITH " + patch + " IN " + name + options + give
	case 2:
		return over + " REPLACE v._key WITH MERGE(UNSET(v, \"s\"), " + patch + ") IN " + name + options + give
	case 3:
		return over + " REMOVE v IN " + name + pick(g.source, "", " RETURN OLD._key", " RETURN OLD")
	case 4:
		return over + " INSERT {_key: CONCAT(\"new\", v._key), n: v.n, s: v.s} INTO " + name + pick(g.source, "", ` RETURN UNSET(NEW, "_rev")`)
	case 5:
		mode := pick(g.source, "replace", "update", "ignore")
		return over + " INSERT {_key: v._key, n: " + g.expr(numeric, 1) + "} INTO " + name + ` OPTIONS {overwriteMode: "` + mode + `"}` +
			pick(g.source, "", " RETURN NEW.n", " RETURN OLD.n")
	case 6:
		return "FOR i IN 0.." + itoa(g.between(1, 20)) + " UPSERT {_key: CONCAT(\"" + pick(g.source, "p", "q") + "\", i)} INSERT {_key: CONCAT(\"q\", i), n: i}" +
			pick(g.source, " UPDATE {n: OLD.n + 1}", " REPLACE {n: i, old: OLD.s}") + " IN plain" + pick(g.source, "", " RETURN [OLD.n, NEW.n]", " RETURN NEW._key")
	case 7:
		return over + " REMOVE v IN " + name + " INSERT {_key: CONCAT(\"was\", OLD._key), n: OLD.n} INTO places RETURN NEW._key"
	}
	return "LET l = (" + over + " RETURN v._key) FOR k IN l UPDATE k WITH {seen: LENGTH(l)} IN " + name + " RETURN NEW.seen"
}
