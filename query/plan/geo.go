package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// geoShare is the part of all places that a search by place is thought to find.
const geoShare = 0.01

// place reads the place of the document: d.loc, or [d.lon, d.lat].
func (r reader) place(e ast.Expr) (fields []value.Path, ok bool) {
	if path, expand, ok := r.attribute(e); ok && expand < 0 {
		return []value.Path{path}, true
	}
	pair, ok := e.(*ast.Array)
	if !ok || len(pair.Items) != 2 {
		return nil, false
	}
	longitude, expand, ok := r.attribute(pair.Items[0])
	latitude, expandToo, isPath := r.attribute(pair.Items[1])
	return []value.Path{latitude, longitude}, ok && isPath && expand < 0 && expandToo < 0
}

// distance reads the distance between the document and a place that is known.
func (r reader) distance(e ast.Expr) (fields []value.Path, center ast.Expr, ok bool) {
	c, ok := e.(*ast.Call)
	if !ok {
		return nil, nil, false
	}
	switch {
	case c.Name == "GEO_DISTANCE" && len(c.Args) == 2:
		for i := range c.Args {
			if fields, ok := r.place(c.Args[i]); ok && r.known(c.Args[1-i]) {
				return fields, c.Args[1-i], true
			}
		}
	case c.Name == "DISTANCE" && len(c.Args) == 4:
		for i := 0; i < 4; i += 2 {
			pair := &ast.Array{Pos: c.Pos, Items: []ast.Expr{c.Args[i+1], c.Args[i]}}
			other := &ast.Array{Pos: c.Pos, Items: []ast.Expr{c.Args[3-i], c.Args[2-i]}}
			if fields, ok := r.place(pair); ok && r.known(other) {
				return fields, fold(other), true
			}
		}
	}
	return nil, nil, false
}

// geoIndex finds the index of a place.
func geoIndex(c *rows.Collection, fields []value.Path) *rows.Index {
	for _, x := range indexesOf(c, rows.Geo) {
		same := len(x.Fields) == len(fields) && (len(fields) == 2 || x.GeoJSON)
		for i := range fields {
			same = same && x.Fields[i].Path.Equal(fields[i])
		}
		if same {
			return x
		}
	}
	return nil
}

// geoAsk is what a query asks of the place of documents.
type geoAsk struct {
	access   GeoAccess
	index    *rows.Index
	distance ast.Expr // as the query writes it
	sort     *Sort
}

// geoQuestion collects what conditions and a sort above the scan at place i ask of the document's place.
func (b *builder) geoQuestion(p *Plan, i int, scan *EnumerateCollection, r reader, facts []fact) *geoAsk {
	if len(indexesOf(scan.Collection, rows.Geo)) == 0 {
		return nil
	}
	var out geoAsk
	for _, f := range facts {
		b.geoFact(&out, scan.Collection, r, f.cond)
	}
	if out.access.Shape == nil {
		b.geoSort(&out, p, i, scan, r)
	}
	if out.index == nil {
		return nil
	}
	return &out
}

// geoFact adds one condition.
func (b *builder) geoFact(out *geoAsk, c *rows.Collection, r reader, cond ast.Expr) {
	switch e := cond.(type) {
	case *ast.Binary:
		left, op, right := e.L, turned(e.Op), e.R
		fields, center, ok := r.distance(left)
		if ok {
			op = e.Op
		} else {
			left, right = right, left
			fields, center, ok = r.distance(left)
		}
		if ok && turned(op) != 0 && op != ast.OpNotEqual && r.known(right) && out.around(c, fields, center, left) {
			out.bound(op, right)
		}
	case *ast.Call:
		b.geoCall(out, c, r, e)
	}
}

// around sets the centre of a search, unless there is another already.
func (g *geoAsk) around(c *rows.Collection, fields []value.Path, center, distance ast.Expr) bool {
	if g.index != nil {
		return g.access.Center != nil && ast.Same(g.access.Center, center) && geoIndex(c, fields) == g.index
	}
	x := geoIndex(c, fields)
	if x == nil {
		return false
	}
	g.index, g.access.Center, g.distance = x, center, distance
	return true
}

func (g *geoAsk) bound(op ast.Op, to ast.Expr) {
	if (op == ast.OpLess || op == ast.OpLessEqual || op == ast.OpEqual) && g.access.Max == nil {
		g.access.Max = &Limit{Expr: to, Inclusive: op != ast.OpLess}
	}
	if (op == ast.OpGreater || op == ast.OpGreaterEqual || op == ast.OpEqual) && g.access.Min == nil {
		g.access.Min = &Limit{Expr: to, Inclusive: op != ast.OpGreater}
	}
}

// geoCall adds GEO_CONTAINS, GEO_INTERSECTS and GEO_IN_RANGE.
func (b *builder) geoCall(out *geoAsk, c *rows.Collection, r reader, e *ast.Call) {
	switch {
	case e.Name == "GEO_IN_RANGE" && len(e.Args) >= 4 && len(e.Args) <= 6 && r.known(e.Args[2]) && r.known(e.Args[3]):
		distance := &ast.Call{Pos: e.Pos, Name: "GEO_DISTANCE", Args: e.Args[:2]}
		if fields, center, ok := r.distance(distance); ok && out.around(c, fields, center, distance) {
			out.bound(ast.OpGreaterEqual, e.Args[2])
			out.bound(ast.OpLessEqual, e.Args[3])
		}
	case (e.Name == "GEO_CONTAINS" || e.Name == "GEO_INTERSECTS") && len(e.Args) == 2 && out.index == nil:
		for i, relation := range []string{"within", "contains"} {
			fields, ok := r.place(e.Args[i])
			if !ok || !r.known(e.Args[1-i]) {
				continue
			}
			if e.Name == "GEO_INTERSECTS" {
				relation = "intersects"
			}
			if x := geoIndex(c, fields); x != nil {
				out.index, out.access.Shape, out.access.Relation = x, e.Args[1-i], relation
				return
			}
		}
	}
}

// geoSort adds a sort by distance of which only the first rows are wanted.
func (b *builder) geoSort(out *geoAsk, p *Plan, i int, scan *EnumerateCollection, r reader) {
	known := b.definitions(p)
	for at := i + 1; at < len(p.nodes); at++ {
		s, ok := p.nodes[at].(*Sort)
		if !ok {
			continue
		}
		src, ok := b.sorted(p, at)
		if !ok || src.at != i || len(s.Keys) != 1 {
			return
		}
		distance := substitute(s.Keys[0].Expr, known)
		fields, center, ok := r.distance(distance)
		limited := b.limitAbove(p, at) != nil || out.access.Max != nil
		if ok && limited && out.around(scan.Collection, fields, center, distance) {
			out.access.Sorted, out.access.Descending, out.sort = true, s.Keys[0].Desc, s
		}
		return
	}
}

// useGeo reads documents by place when that is the cheapest way.
func (b *builder) useGeo(p *Plan, i int, scan *EnumerateCollection, r reader, facts []fact, best float64) bool {
	if b.off["geo-index"] {
		return false
	}
	ask := b.geoQuestion(p, i, scan, r, facts)
	if ask == nil {
		return false
	}
	size := b.size(scan.Collection)
	found := size
	if ask.access.Max != nil || ask.access.Shape != nil {
		found = size * geoShare
	} else if l := b.limitAbove(p, slices.Index(p.nodes, Node(ask.sort))); ask.sort != nil && l != nil {
		found = min(size, b.atMost(size, b.wanted(l))*2)
	}
	if found*costRow*2 > best || found*costRow > size*costScan && ask.sort == nil {
		return false
	}
	access := ask.access
	access.Nowhere = access.Center != nil
	if ask.distance != nil {
		access.Distance = b.variable("distance")
		b.rewriteAll(p.nodes[i+1:], func(e ast.Expr) ast.Expr {
			if c, ok := e.(*ast.Call); ok && ast.Same(c, ask.distance) {
				return ref(access.Distance)
			}
			return e
		})
	}
	if ask.sort != nil {
		p.drop(ask.sort)
	}
	p.nodes[i] = &Index{
		Collection: scan.Collection, Fetch: scan.Fetch, Accesses: []Access{{Index: ask.index, Geo: &access}}, guess: found,
	}
	b.note("geo-index")
	return true
}

// legacySearches reads FOR d IN NEAR(), WITHIN() and FULLTEXT() through the index instead of making an array.
func legacySearches(b *builder, p *Plan) bool {
	changed := false
	for i, n := range p.nodes {
		list, ok := n.(*EnumerateList)
		if !ok {
			continue
		}
		call, ok := list.In.(*ast.Call)
		if !ok || len(call.Args) < 3 {
			continue
		}
		name, ok := literalOf(call.Args[0])
		if !ok || b.Reader == nil {
			continue
		}
		c, ok := b.Reader.Collection(name.Str())
		if !ok {
			continue
		}
		access, limit := legacyAccess(call, c)
		if access == nil || limit != nil && !p.oneRow(i) {
			continue
		}
		if !b.collections[c] {
			b.collections[c] = true
			b.order = append(b.order, c)
		}
		p.nodes[i] = &Index{
			Collection: c, Fetch: Fetch{Out: list.Out}, Accesses: []Access{*access}, guess: b.atMost(b.size(c)*geoShare, limit),
		}
		if limit != nil {
			p.insert(i+1, &LimitNode{Count: limit})
		}
		changed = true
	}
	return changed
}

// legacyAccess reads the calls whose arguments are constants of the right type.
func legacyAccess(call *ast.Call, c *rows.Collection) (access *Access, limit ast.Expr) {
	number := func(i int) bool {
		v, ok := literalOf(call.Args[i])
		return ok && v.Kind() == value.KindNumber
	}
	switch call.Name {
	case "NEAR", "WITHIN":
		geo := indexesOf(c, rows.Geo)
		if len(geo) == 0 || len(call.Args) > 4 || !number(1) || !number(2) || len(call.Args) == 4 && !number(3) {
			return nil, nil
		}
		g := &GeoAccess{Center: fold(&ast.Array{Items: []ast.Expr{call.Args[2], call.Args[1]}}), Sorted: true}
		switch {
		case call.Name == "WITHIN" && len(call.Args) == 4:
			g.Max = &Limit{Expr: call.Args[3], Inclusive: true}
		case call.Name == "WITHIN":
			return nil, nil
		case len(call.Args) == 4:
			limit = call.Args[3]
		default:
			limit = literal(value.Int(100))
		}
		return &Access{Index: geo[0], Geo: g}, limit
	case "FULLTEXT":
		attribute, ok := literalOf(call.Args[1])
		words, isText := literalOf(call.Args[2])
		if !ok || !isText || words.Kind() != value.KindString || len(call.Args) > 3 {
			return nil, nil
		}
		for _, x := range indexesOf(c, rows.Fulltext) {
			if len(x.Fields) == 1 && x.Fields[0].Path.String() == attribute.Str() {
				return &Access{Index: x, Fulltext: &FulltextAccess{Query: call.Args[2]}}, nil
			}
		}
	}
	return nil, nil
}
