package sim

import (
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// content makes transactions. Made anew from the same random state it makes the same choices over what shows then.
type content struct {
	rng random
	s   *site
}

const (
	hotKeys = 50
	pairs   = 6
)

// hotKey picks a document; a few are hotter than the others.
func hotKey(r *random) string {
	if r.chance(35) {
		return fmt.Sprintf("k%02d", r.below(3))
	}
	return fmt.Sprintf("k%02d", r.below(hotKeys))
}

func pairKey(n int, half byte) string { return fmt.Sprintf("p%d%c", n, half) }

func statuses() []string { return []string{"new", "open", "shut"} }

// declarations is what the collection docs declares.
func declarations() map[string]value.Value {
	out := map[string]value.Value{}
	for path, shape := range map[string]string{"views": `{"type":"counter"}`, "price": `{"type":"counter","scale":2}`, "tags": `{"type":"set"}`,
		"high": `{"type":"max"}`, "low": `{"type":"min"}`, "bid": `{"type":"max","by":"amount"}`, "owner": `{"type":"multi"}`,
		"stats.hits": `{"type":"counter"}`, "stats.seen": `{"type":"set"}`} {
		out[path] = parse(shape)
	}
	return out
}

// parse reads JSON that the simulator wrote itself.
func parse(text string) value.Value {
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		return value.String(err.Error())
	}
	return v
}

// transaction makes the writes of one transaction.
func (g *content) transaction() []fabric.Write {
	switch n := g.rng.below(100); {
	case n < 62:
		return []fabric.Write{g.docs()}
	case n < 70:
		return []fabric.Write{g.plain()}
	case n < 77:
		return []fabric.Write{g.kv()}
	case n < 82:
		return []fabric.Write{g.ttl()}
	case n < 90:
		return g.pair()
	case n < 94:
		return g.several()
	case n < 97:
		return []fabric.Write{g.local(), g.docs()}
	default:
		return []fabric.Write{g.edge()}
	}
}

// several writes distinct documents at once.
func (g *content) several() []fabric.Write {
	var out []fabric.Write
	used := map[string]bool{}
	for range 2 + g.rng.below(3) {
		w := g.docs()
		if !used[w.Key] {
			used[w.Key] = true
			out = append(out, w)
		}
	}
	return append(out, g.kv())
}

func (g *content) current(name, key string) (value.Value, bool) {
	d, found, _, err := g.s.core.Get(name, key, g.s.wall())
	if err != nil || !found {
		return value.Value{}, false
	}
	doc, err := d.Value()
	return doc, err == nil
}

// docs writes a document with fields of every kind.
func (g *content) docs() fabric.Write {
	key := hotKey(&g.rng)
	now, found := g.current("docs", key)
	if !found {
		op := fabric.Insert
		if g.rng.chance(30) {
			op = fabric.Upsert
		}
		return fabric.NewWrite(op, "docs", key, g.whole())
	}
	switch n := g.rng.below(100); {
	case n < 72:
		w := fabric.NewWrite(fabric.Update, "docs", key, g.patch(now))
		w.KeepNull = false
		return w
	case n < 80:
		return fabric.NewWrite(fabric.Replace, "docs", key, g.raised(now))
	case n < 95:
		return fabric.NewWrite(fabric.Remove, "docs", key, value.Value{})
	default:
		return fabric.NewWrite(fabric.Upsert, "docs", key, g.raised(now))
	}
}

// whole is a new document.
func (g *content) whole() value.Value {
	var b strings.Builder
	fmt.Fprintf(&b, `{"status":%q`, pick(&g.rng, statuses()))
	part := func(percent float64, format string, args ...any) {
		if g.rng.chance(percent) {
			fmt.Fprintf(&b, ","+format, args...)
		}
	}
	part(70, `"a":%d`, g.rng.below(100))
	part(50, `"b":%q`, wordsOf(&g.rng))
	part(80, `"views":%d`, g.rng.below(10))
	part(60, `"price":%d.%02d`, g.rng.below(50), g.rng.below(100))
	part(70, `"tags":[%q,%q]`, g.tag(), g.tag())
	part(60, `"place":%s`, pick(&g.rng, places()))
	part(60, `"high":%d`, g.rng.below(50))
	part(60, `"low":%d`, 50+g.rng.below(50))
	part(50, `"bid":{"amount":%d,"who":"w%d"}`, g.rng.below(50), g.rng.below(9))
	part(60, `"owner":"o%d"`, g.rng.below(9))
	part(60, `"stats":{"hits":%d,"seen":["s%d"],"x":%d}`, g.rng.below(5), g.rng.below(4), g.rng.below(9))
	part(50, `"deep":{"m":{"n":%d},"o":%d}`, g.rng.below(9), g.rng.below(9))
	b.WriteByte('}')
	return parse(b.String())
}

func (g *content) tag() string { return string(rune('p' + g.rng.below(5))) }

// raised is a whole document that what is there allows: extremes only rise.
func (g *content) raised(now value.Value) value.Value {
	doc := g.whole()
	for _, name := range []string{"high", "low", "bid"} {
		doc = doc.Without(name)
		if v, ok := now.Get(name); ok && g.rng.chance(50) {
			doc = doc.With(name, v)
		}
	}
	return doc
}

// patch changes a few fields.
func (g *content) patch(now value.Value) value.Value {
	var out []value.Member
	used := map[string]bool{}
	for range 1 + g.rng.below(3) {
		m := g.field(now)
		if !used[m.Name] {
			used[m.Name] = true
			out = append(out, m)
		}
	}
	return value.Object(out...)
}

func (g *content) field(now value.Value) value.Member {
	name := pick(&g.rng, []string{"status", "a", "b", "place", "views", "views", "price", "tags", "tags", "high", "low", "bid", "owner", "stats", "stats", "deep", "gone", "gone"})
	if name == "gone" {
		return value.Member{Name: pick(&g.rng, []string{"a", "b", "views", "tags", "high", "high", "low", "owner", "stats", "deep"})}
	}
	old, _ := now.Get(name)
	var v value.Value
	switch name {
	case "status":
		v = value.String(pick(&g.rng, statuses()))
	case "a":
		v = value.Int(int64(g.rng.below(1000)))
	case "b":
		v = value.String(wordsOf(&g.rng))
	case "place":
		v = parse(pick(&g.rng, places()))
	case "views":
		v = g.counted(old, 0)
	case "price":
		v = g.counted(old, 2)
	case "tags":
		v = g.toggled(old, g.tag())
	case "high":
		n, _ := old.Int64()
		v = value.Int(n + 1 + int64(g.rng.below(9)))
	case "low":
		n, _ := old.Int64()
		v = value.Int(n - 1 - int64(g.rng.below(9)))
	case "bid":
		amount, _ := old.Get("amount")
		n, _ := amount.Int64()
		v = parse(fmt.Sprintf(`{"amount":%d,"who":"w%d"}`, n+1+int64(g.rng.below(5)), g.rng.below(9)))
	case "owner":
		v = value.String(fmt.Sprintf("o%d", g.rng.below(99)))
	case "stats":
		v = g.stats(old)
	case "deep":
		v = g.deep()
	}
	return value.Member{Name: name, Value: v}
}

func (g *content) stats(old value.Value) value.Value {
	if g.rng.chance(7) {
		return value.String("none")
	}
	hits, _ := old.Get("hits")
	seen, _ := old.Get("seen")
	return value.Object(value.Member{Name: "hits", Value: g.counted(hits, 0)}, value.Member{Name: "seen", Value: g.toggled(seen, g.tag())})
}

func (g *content) deep() value.Value {
	switch g.rng.below(4) {
	case 0:
		return value.Int(int64(g.rng.below(9)))
	case 1:
		return parse(fmt.Sprintf(`{"m":{"n":%d}}`, g.rng.below(99)))
	case 2:
		return parse(fmt.Sprintf(`{"m":%d}`, g.rng.below(99)))
	default:
		return parse(fmt.Sprintf(`{"o":%d,"q":[%d]}`, g.rng.below(99), g.rng.below(9)))
	}
}

// counted adds something to a number.
func (g *content) counted(old value.Value, scale int) value.Value {
	units, _ := crdt.Units(old, scale)
	return crdt.Decimal(units+int64(g.rng.below(40))-10, scale)
}

// toggled puts an element into an array, or takes it out.
func (g *content) toggled(old value.Value, element string) value.Value {
	var out []value.Value
	found := false
	for _, v := range old.Items() {
		if v.Str() == element {
			found = true
			continue
		}
		out = append(out, v)
	}
	if !found {
		out = append(out, value.String(element))
	}
	return value.Array(out...)
}

// plain writes to the collection whose declarations come during the run.
func (g *content) plain() fabric.Write {
	key := hotKey(&g.rng)
	now, found := g.current("plain", key)
	if !found {
		return fabric.NewWrite(fabric.Upsert, "plain", key, parse(fmt.Sprintf(`{"n":%d,"s":[%q],"t":%d}`, g.rng.below(9), g.tag(), g.rng.below(9))))
	}
	if g.rng.chance(10) {
		return fabric.NewWrite(fabric.Remove, "plain", key, value.Value{})
	}
	n, _ := now.Get("n")
	set, _ := now.Get("s")
	fields := []value.Member{{Name: "n", Value: g.counted(n, 0)}, {Name: "s", Value: g.toggled(set, g.tag())}, {Name: "t", Value: value.Int(int64(g.rng.below(99)))}}
	return fabric.NewWrite(fabric.Update, "plain", key, value.Object(fields[g.rng.below(3)]))
}

// seconds is a moment soon, as people write times.
func (g *content) seconds() int64 { return g.s.wall()/1000 + 1 + int64(g.rng.below(8)) }

func (g *content) kv() fabric.Write {
	key := hotKey(&g.rng)
	if g.rng.chance(8) {
		w := fabric.NewWrite(fabric.Remove, "kv", key, value.Value{})
		w.IgnoreAbsent = true
		return w
	}
	text := fmt.Sprintf(`{"value":%d}`, g.rng.below(1000))
	if g.rng.chance(75) {
		text = fmt.Sprintf(`{"value":%d,"expireAt":%d}`, g.rng.below(1000), g.seconds())
	}
	if g.rng.chance(30) {
		return fabric.NewWrite(fabric.UpsertPatch, "kv", key, parse(text))
	}
	return fabric.NewWrite(fabric.Upsert, "kv", key, parse(text))
}

func (g *content) ttl() fabric.Write {
	return fabric.NewWrite(fabric.UpsertPatch, pick(&g.rng, []string{"ttl", "late"}), hotKey(&g.rng), parse(fmt.Sprintf(`{"at":%d,"f%d":%d}`, g.seconds()-2, g.rng.below(3), g.rng.below(99))))
}

// pair writes the same into two documents: whoever sees one must see the other.
func (g *content) pair() []fabric.Write {
	n, doc := g.rng.below(pairs), parse(fmt.Sprintf(`{"token":%d}`, g.rng.next()>>12))
	return []fabric.Write{fabric.NewWrite(fabric.Upsert, "pairs", pairKey(n, 'a'), doc), fabric.NewWrite(fabric.Upsert, "pairs", pairKey(n, 'b'), doc)}
}

func (g *content) local() fabric.Write {
	return fabric.NewWrite(fabric.UpsertPatch, "local", hotKey(&g.rng), parse(fmt.Sprintf(`{"f%d":%d}`, g.rng.below(3), g.rng.below(99))))
}

func (g *content) edge() fabric.Write {
	from, to := hotKey(&g.rng), hotKey(&g.rng)
	return fabric.NewWrite(fabric.Upsert, "edges", from+"-"+to, parse(fmt.Sprintf(`{"_from":"docs/%s","_to":"docs/%s","w":%d}`, from, to, g.rng.below(9))))
}
