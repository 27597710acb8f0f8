package querytest

import (
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// Generated is a random query, and how its result may be compared.
type Generated struct {
	Text string
	Bind map[string]value.Value
	// Ordered results come in one order alone. Of Loose ones the order within arrays does not matter either, of CountOnly
	// ones only how many rows there are is known.
	Ordered, Loose, CountOnly bool
	Writes                    bool
}

// kind is what the generator knows of a value.
type kind uint8

const (
	anything kind = iota
	numeric
	textual
	truth
	array  // in an order that the query says
	bag    // an array in any order
	record // an object of whatever
	item
	group
	plain
	place
	link
	sub  // an element of items.subs
	path // of a traversal
	date
	point
	inexact // a number whose last digits depend on the order of rows
)

// field is an attribute of a document of some kind.
type field struct {
	path string
	kind kind
}

// fields says what documents have.
func fields(k kind) []field {
	switch k {
	case item:
		return []field{{"n", numeric}, {"f", numeric}, {"s", textual}, {"b", truth}, {"u", numeric}, {"o.x", numeric}, {"o.y", textual},
			{"o.z.w", numeric}, {"tags", array}, {"list", array}, {"sp", numeric}, {"any", anything}, {"o", record}, {"ref", textual},
			{"_key", textual}, {"subs[*].v", array}, {"subs[*].k", array}, {"d", date}, {"ms", date}, {"t", textual}, {"subs[0]", record}}
	case group:
		return []field{{"n", numeric}, {"s", textual}, {"size", numeric}, {"tags", array}, {"_key", textual}, {"_id", textual}}
	case plain:
		return []field{{"n", numeric}, {"s", textual}, {"list", array}, {"o.x", numeric}, {"o.y", textual}, {"_key", textual}}
	case place:
		return []field{{"lat", numeric}, {"lon", numeric}, {"name", textual}, {"n", numeric}, {"_key", textual}}
	case link:
		return []field{{"w", numeric}, {"label", textual}, {"_from", textual}, {"_to", textual}, {"_key", textual}}
	case sub:
		return []field{{"k", textual}, {"v", numeric}}
	case point:
		return []field{{"load", numeric}, {"temp", numeric}, {"host", textual}, {"unit", textual}}
	case path:
		return []field{{"edges[*].w", array}, {"vertices[*].n", array}, {"vertices[*]._key", array}}
	}
	return nil
}

// collectionOf is the name of the collection of a kind of document.
func collectionOf(k kind) string {
	return map[kind]string{item: "items", group: "groups", plain: "plain", place: "places", link: "links", point: "points"}[k]
}

func isDocument(k kind) bool { return k >= item && k <= link }

// variable is a variable that the query may use now.
type variable struct {
	name string
	kind kind
	loop bool // it has one value for each row, and takes part in a total order
}

// generator makes one query.
type generator struct {
	*source
	d     *Dataset
	cover *Coverage
	out   Generated
	vars  []variable
	names int
	deep  int // subqueries around
}

// Generate makes a random query over a dataset. What the coverage lacks most is preferred.
func Generate(seed uint64, d *Dataset, cover *Coverage) Generated {
	g := &generator{source: &source{state: seed}, d: d, cover: cover}
	g.out.Bind = map[string]value.Value{}
	switch n := g.below(100); {
	case n < 7:
		g.out.Text = g.modification()
	case n < 14:
		g.out.Text = g.walking()
	case n < 20:
		g.out.Text = g.placing()
	case n < 24:
		g.out.Text = g.timing()
	case n < 27:
		g.out.Text = "RETURN " + g.expr(anything, 3)
	case n < 30:
		g.out.Text = g.fromIndex()
	default:
		g.out.Text = g.block(g.between(1, 2))
	}
	for name := range g.out.Bind {
		if !uses(g.out.Text, name) {
			delete(g.out.Bind, name)
		}
	}
	return g.out
}

// fromIndex makes a query that an index alone may answer.
func (g *generator) fromIndex() string {
	a := pick(g.source, "tags", "tags", "any", "n", "s", "o.x", "sp", "f", "subs[*].k", "ref", "u")
	cond := "v." + a + pick(g.source, " >= ", " == ", " < ", " != ") + g.constant(pick(g.source, numeric, textual, anything))
	if a == "tags" || a == "subs[*].k" {
		cond = g.constant(textual) + " IN v." + a
	}
	give := pick(g.source, "v."+a, "v."+a, "[v."+a+", v._key]", "{a: v."+a+"}", "[v.n, v.s]")
	return "FOR v IN items FILTER " + cond + pick(g.source, "", "", " SORT v._key", " LIMIT 200") + " RETURN " + give
}

func uses(text, name string) bool {
	for rest := text; ; {
		at := strings.Index(rest, "@"+name)
		if at < 0 {
			return false
		}
		rest = rest[at+1+len(name):]
		if rest == "" || !strings.ContainsRune("0123456789", rune(rest[0])) {
			return true
		}
	}
}

func (g *generator) name(prefix string) string {
	g.names++
	return prefix + itoa(g.names)
}

func (g *generator) add(name string, k kind, loop bool) {
	g.vars = append(g.vars, variable{name, k, loop})
}

// of lists the variables of a kind.
func (g *generator) of(fits func(kind) bool) []variable {
	var list []variable
	for _, v := range g.vars {
		if fits(v.kind) {
			list = append(list, v)
		}
	}
	return list
}

// block makes a query or subquery with so many loops.
func (g *generator) block(loops int) string {
	mark := len(g.vars)
	var ops []string
	if g.chance(20) {
		ops = append(ops, g.let())
	}
	ops = append(ops, g.loops(loops)...)
	ops = append(ops, g.middle(mark)...)
	ops = append(ops, g.ending(mark)...)
	g.vars = g.vars[:mark]
	return strings.Join(ops, " ")
}

func (g *generator) loops(n int) []string {
	var ops []string
	for i := range n {
		ops = append(ops, g.loop(i == 0))
		for g.chance(45) {
			ops = append(ops, "FILTER "+g.filter())
		}
		if g.chance(20) {
			ops = append(ops, g.let())
		}
	}
	return ops
}

func (g *generator) let() string {
	k := pick(g.source, numeric, textual, array, anything, truth, record)
	if g.chance(15) {
		name := g.name("l")
		text := "LET " + name + " = " + g.constant(numeric)
		g.add(name, numeric, false)
		return text
	}
	if g.deeper() && g.chance(35) {
		name := g.name("q")
		text := "LET " + name + " = (" + g.inside(func() string { return g.subquery() }) + ")"
		g.add(name, bag, false)
		return text
	}
	text := g.expr(k, 2)
	name := g.name("l")
	g.add(name, k, false)
	return "LET " + name + " = " + text
}

func (g *generator) inside(f func() string) string {
	g.deep++
	defer func() { g.deep-- }()
	return f()
}

// subquery makes a block of one loop whose rows come in any order.
func (g *generator) subquery() string {
	was := g.out
	text := g.block(1)
	g.out.Ordered, g.out.CountOnly, g.out.Loose = was.Ordered, was.CountOnly, true
	return text
}

// loop makes FOR over a collection or an array, or a traversal, joined with what is there already.
func (g *generator) loop(first bool) string {
	name := g.name("v")
	switch n := g.below(100); {
	case n < 62 || first && n < 85:
		k := pick(g.source, item, item, item, item, group, group, plain, plain, link, place)
		text := "FOR " + name + " IN " + collectionOf(k)
		if g.chance(5) {
			p := g.parameter("@c", value.String(collectionOf(k)))
			text = "FOR " + name + " IN @" + p
		}
		join := ""
		if !first && g.chance(70) {
			join = g.join(name, k)
		}
		g.add(name, k, true)
		return text + join
	case n < 70 && g.deep < 2:
		text := "FOR " + name + " IN (" + g.inside(g.subquery) + ")"
		g.add(name, anything, true)
		return text
	case n < 80:
		if v := g.of(func(k kind) bool { return k == item }); len(v) > 0 {
			text := "FOR " + name + " IN " + pick(g.source, v...).name + ".subs[*]"
			g.add(name, sub, true)
			return text
		}
	case n < 88:
		return g.traversal(name)
	}
	source := pick(g.source, "0.."+itoa(g.between(1, 6)), g.literalArray(numeric), g.literalArray(textual))
	g.add(name, anything, true)
	return "FOR " + name + " IN " + source
}

// join makes a condition that joins a new document with what is there.
func (g *generator) join(name string, k kind) string {
	if items := g.of(func(k kind) bool { return k == item }); k == group && len(items) > 0 && g.chance(60) {
		return " FILTER " + name + "._key == " + pick(g.source, items...).name + ".ref"
	}
	groups := g.of(func(k kind) bool { return k == group })
	if k == item && len(groups) > 0 && g.chance(60) {
		return " FILTER " + pick(g.source, groups...).name + "._key == " + name + ".ref"
	}
	others := g.of(func(k kind) bool { return isDocument(k) })
	if len(others) == 0 {
		return ""
	}
	other := pick(g.source, others...)
	for range 8 {
		a, b := pick(g.source, fields(k)...), pick(g.source, fields(other.kind)...)
		if a.kind == b.kind && (a.kind == numeric || a.kind == textual) {
			return " FILTER " + name + "." + a.path + " == " + other.name + "." + b.path
		}
	}
	return ""
}

// middle makes what stands between the loops and the end: groups, windows.
func (g *generator) middle(mark int) []string {
	switch n := g.below(100); {
	case n < 22:
		return g.collect(mark)
	case n < 28 && g.loopsSince(mark) == 1:
		return g.window(mark)
	case n < 32:
		return []string{"COLLECT WITH COUNT INTO " + g.only(mark, "n", numeric)}
	}
	return nil
}

// loopsSince counts the loops of a block.
func (g *generator) loopsSince(mark int) int {
	n := 0
	for _, v := range g.vars[mark:] {
		if v.loop {
			n++
		}
	}
	return n
}

// deeper reports whether a subquery may stand where it is computed for each row: not too often, or it takes long.
func (g *generator) deeper() bool {
	const most = 2
	return g.deep < most && (g.loopsSince(0) < most || g.chance(8))
}

// only takes the variables of this block away, and sets one.
func (g *generator) only(mark int, prefix string, k kind) string {
	name := g.name(prefix)
	g.vars = append(g.vars[:mark:mark], variable{name, k, true})
	return name
}

// aggregates is the functions of COLLECT and WINDOW that are the same in any order of rows.
func (g *generator) aggregate() (call string, k kind) {
	name := g.cover.least(g.source, "aggregate", "LENGTH", "COUNT", "MIN", "MAX", "SUM", "AVERAGE", "AVG", "STDDEV_POPULATION", "STDDEV",
		"STDDEV_SAMPLE", "VARIANCE_POPULATION", "VARIANCE", "VARIANCE_SAMPLE", "UNIQUE", "SORTED_UNIQUE", "COUNT_DISTINCT",
		"COUNT_UNIQUE", "BIT_AND", "BIT_OR", "BIT_XOR", "MEDIAN", "PERCENTILE", "FIRST", "LAST", "RATE", "PUSH")
	switch name {
	case "UNIQUE", "PUSH":
		g.out.Loose = true
		return name + "(" + g.expr(pick(g.source, numeric, textual), 1) + ")", bag
	case "SORTED_UNIQUE":
		return name + "(" + g.simple(pick(g.source, numeric, textual)) + ")", array
	case "PERCENTILE":
		return name + "(" + g.simple(numeric) + ", " + pick(g.source, "50", "90", `33, "interpolation"`) + ")", numeric
	case "FIRST", "LAST", "RATE":
		return name + "(" + g.simple(numeric) + ", " + g.simple(numeric) + ")", numeric
	case "COUNT", "LENGTH":
		if g.chance(50) {
			return name + "()", numeric
		}
	}
	if strings.HasPrefix(name, "STDDEV") || strings.HasPrefix(name, "VARIANCE") {
		return name + "(" + g.simple(numeric) + ")", inexact
	}
	return name + "(" + g.simple(numeric) + ")", numeric
}

func (g *generator) collect(mark int) []string {
	type setting struct {
		name, text string
		kind       kind
	}
	var groups, totals []setting
	for range g.below(3) {
		k := pick(g.source, numeric, textual, truth)
		by := g.simple(k)
		if g.chance(40) {
			by = g.expr(k, 1)
		}
		groups = append(groups, setting{g.name("g"), by, k})
	}
	if g.chance(60) {
		for range g.between(1, 3) {
			call, k := g.aggregate()
			totals = append(totals, setting{g.name("a"), call, k})
		}
	}
	text := "COLLECT "
	for i, x := range groups {
		if i > 0 {
			text += ", "
		}
		text += x.name + " = " + x.text
	}
	for i, x := range totals {
		if i == 0 {
			text += " AGGREGATE "
		} else {
			text += ", "
		}
		text += x.name + " = " + x.text
	}
	into := g.into(mark, len(totals) > 0, len(groups)+len(totals) == 0)
	text += into.text
	if g.chance(15) {
		text += ` OPTIONS {method: "` + pick(g.source, "sorted", "hash") + `"}`
	}
	g.vars = g.vars[:mark:mark]
	for _, x := range append(groups, totals...) {
		g.add(x.name, x.kind, slices.Contains(groups, x))
	}
	if into.name != "" {
		g.add(into.name, into.kind, false)
	}
	ops := []string{text}
	if g.chance(20) {
		ops = append(ops, "FILTER "+g.filter())
	}
	return ops
}

type gathered struct {
	text, name string
	kind       kind
}

// into makes what COLLECT gathers besides its groups.
func (g *generator) into(mark int, totals, must bool) gathered {
	n := g.below(100)
	if must {
		n = 50 + n/2
	}
	switch {
	case n < 45:
		return gathered{}
	case n < 60 && !totals:
		name := g.name("n")
		return gathered{" WITH COUNT INTO " + name, name, numeric}
	}
	g.out.Loose = true
	name := g.name("into")
	switch g.below(3) {
	case 0:
		return gathered{" INTO " + name + " = " + g.simple(pick(g.source, numeric, textual)), name, bag}
	case 1:
		if here := g.vars[mark:]; len(here) > 0 {
			return gathered{" INTO " + name + " KEEP " + pick(g.source, here...).name, name, bag}
		}
	}
	return gathered{" INTO " + name, name, bag}
}

func (g *generator) window(mark int) []string {
	frame := pick(g.source, "{preceding: 1, following: 1}", "{preceding: 2}", `{preceding: "unbounded"}`, `{following: 1}`,
		`{preceding: "unbounded", following: "unbounded"}`)
	var ops []string
	by := ""
	if docs := g.of(func(k kind) bool { return k == item }); len(docs) > 0 && g.chance(40) {
		by = pick(g.source, docs...).name + ".u WITH "
		frame = pick(g.source, "{preceding: 3, following: 6}", "{preceding: 10}", `{preceding: "unbounded"}`)
	} else {
		ops = append(ops, "SORT "+g.order(mark))
	}
	call, k := g.aggregate()
	name := g.name("w")
	g.add(name, k, false)
	return append(ops, "WINDOW "+by+frame+" AGGREGATE "+name+" = "+call)
}

// order makes the keys of a sort that leaves no two rows in doubt, save equal ones.
func (g *generator) order(mark int) string {
	var keys []string
	for g.chance(40) {
		keys = append(keys, g.simple(pick(g.source, numeric, textual, anything))+pick(g.source, "", "", " DESC", " ASC"))
	}
	for _, v := range g.vars[mark:] {
		switch {
		case !v.loop:
		case isDocument(v.kind):
			keys = append(keys, v.name+"._key"+pick(g.source, "", "", "", " DESC"))
		case v.kind == inexact:
		default:
			keys = append(keys, v.name)
		}
	}
	if len(keys) == 0 {
		keys = append(keys, "null")
	}
	return strings.Join(keys, ", ")
}

// ending makes SORT, LIMIT and RETURN.
func (g *generator) ending(mark int) []string {
	var ops []string
	sorted := g.chance(45)
	late := ""
	if g.chance(12) {
		text := g.expr(anything, 2)
		late = g.name("l")
		ops = append(ops, "LET "+late+" = "+text)
	}
	if sorted {
		ops = append(ops, "SORT "+g.order(mark))
	}
	if g.chance(25) {
		if sorted {
			ops = append(ops, g.limit())
		} else if g.deep == 0 {
			ops = append(ops, g.limit())
			g.out.CountOnly = true
		}
		if sorted && g.chance(20) {
			ops = append(ops, "FILTER "+g.filter())
		}
	}
	distinct := ""
	if g.chance(10) {
		distinct = "DISTINCT "
		if len(ops) > 0 && g.out.CountOnly {
			distinct = ""
		}
	}
	what := ""
	switch {
	case late != "" && g.chance(60):
		what = "[" + late + "]"
	case distinct != "":
		what = g.expr(pick(g.source, numeric, textual), 1)
	case g.chance(25):
		what = g.returned()
	case g.chance(45):
		what = g.calls()
	default:
		what = g.expr(anything, 2)
	}
	if g.deep == 0 {
		g.out.Ordered = sorted && distinct == ""
	}
	return append(ops, "RETURN "+distinct+what)
}

func (g *generator) limit() string {
	count := itoa(pick(g.source, 0, 1, 2, 3, 5, 10, 40))
	if g.chance(20) {
		count = "@" + g.parameter("p", number(g.below(8)))
	}
	if g.chance(35) {
		return "LIMIT " + itoa(g.below(5)) + ", " + count
	}
	return "LIMIT " + count
}

// returned makes an object or array of several variables.
func (g *generator) returned() string {
	if len(g.vars) == 0 {
		return g.expr(anything, 1)
	}
	var parts []string
	for range g.between(1, 3) {
		v := pick(g.source, g.vars...)
		text := v.name
		if all := fields(v.kind); len(all) > 0 && g.chance(70) {
			text += "." + pick(g.source, all...).path
		}
		parts = append(parts, text)
	}
	if g.chance(50) {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for i := range parts {
		parts[i] = "r" + itoa(i) + ": " + parts[i]
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// parameter binds a value to a new parameter and gives its name.
func (g *generator) parameter(prefix string, v value.Value) string {
	name := g.name(prefix)
	g.out.Bind[name] = v
	return name
}
