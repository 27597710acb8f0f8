package querytest

import (
	"fmt"
	"math"

	"github.com/selvedge-db/selvedge/query/querytest/memory"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Dataset is random data of a known make. Attributes may be missing, null or of another type than most.
//
//	items   n f s b u o{x y z{w}} tags list subs[{k v}] d ms ref sp any t, many indexes, some of them left out by chance
//	groups  n s size tags, keys g0 and so on, which items.ref names
//	plain   n s list o{x y}, no indexes
//	places  loc lat lon name n area, all with a place
//	links   edges between items and groups: w label
//	roads   few edges between few places: w
//	points  a time series: host unit; load temp; kept by the minute
type Dataset struct {
	Data  *memory.Data
	items int
	// at are the numbers of documents of the other collections.
	groups, plain, places, links, roads int
}

// words are few, so that texts meet.
var words = []string{"ash", "birch", "cedar", "elm", "fir", "Larch", "oak", "pine", "", "öl"}

var hosts = []string{"a", "b", "c"}

// NewDataset makes the data of a seed.
func NewDataset(seed uint64) (*Dataset, error) {
	s := &source{state: seed}
	d := &Dataset{
		Data: memory.New(), items: s.between(40, 110), groups: s.between(5, 12), plain: s.between(10, 30), places: s.between(15, 40),
		links: s.between(60, 120), roads: s.between(8, 15),
	}
	d.create(s)
	for _, part := range []struct {
		name string
		n    int
		make func(s *source, i int) value.Value
	}{
		{"items", d.items, d.item}, {"groups", d.groups, d.group}, {"plain", d.plain, d.plainDocument}, {"places", d.places, d.place},
		{"links", d.links, d.link}, {"roads", d.roads, d.road},
	} {
		list := make([]value.Value, part.n)
		for i := range list {
			list[i] = part.make(s, i)
		}
		if err := d.Data.Put(part.name, list...); err != nil {
			return nil, err
		}
	}
	return d, d.points(s)
}

// create makes the collections, each index with some probability.
func (d *Dataset) create(s *source) {
	persistent := func(paths ...string) *rows.Index {
		return &rows.Index{Type: pick(s, rows.Persistent, rows.Persistent, rows.Hash, rows.SkipList), Fields: memory.Fields(paths...)}
	}
	unique, sparse := persistent("u"), persistent("sp")
	unique.Unique, sparse.Sparse = true, true
	some := func(percent int, all ...*rows.Index) (kept []*rows.Index) {
		for _, x := range all {
			if s.chance(percent) {
				kept = append(kept, x)
			}
		}
		return kept
	}
	text := &rows.Index{Type: rows.Fulltext, Fields: memory.Fields("t"), MinLength: 2}
	d.Data.Create(rows.Collection{Name: "items", Indexes: append(some(60,
		persistent("n"), persistent("s", "n"), persistent("o.x"), persistent("tags[*]"), unique, sparse, persistent("f", "s", "n"),
		persistent("subs[*].k"), persistent("any"), persistent("b", "ms"), persistent("ref"), persistent("n", "sp", "u"),
		&rows.Index{Type: rows.TTL, Fields: memory.Fields("ms"), ExpireAfter: 1 << 40}), text)})
	d.Data.Create(rows.Collection{Name: "groups", Indexes: some(50, persistent("n"), persistent("s"), persistent("size", "n"))})
	d.Data.Create(rows.Collection{Name: "plain"})
	place := &rows.Index{Type: rows.Geo, Fields: memory.Fields("loc"), GeoJSON: true}
	pair := &rows.Index{Type: rows.Geo, Fields: memory.Fields("lat", "lon")}
	area := &rows.Index{Type: rows.Geo, Fields: memory.Fields("area"), GeoJSON: true}
	d.Data.Create(rows.Collection{Name: "places", Indexes: append(some(60, area, persistent("name")), place, pair)})
	d.Data.Create(rows.Collection{Name: "links", Type: rows.Edges, Indexes: some(40, persistent("w"), persistent("_from", "w"))})
	d.Data.Create(rows.Collection{Name: "roads", Type: rows.Edges})
	d.Data.Create(rows.Collection{Name: "points", Series: &rows.Series{
		Keys: []string{"host", "unit"}, Time: "time", Values: []string{"load", "temp"}, Rollups: []int64{60_000}, ISO: s.chance(50),
	}})
	d.Data.Graph(rows.Graph{Name: "net", Edges: []rows.EdgeDefinition{
		{Collection: "links", From: []string{"items", "groups"}, To: []string{"items", "groups"}},
	}})
}

// object is a document under construction.
type object map[string]value.Value

func (o object) value() value.Value {
	var members []value.Member
	for name, v := range o {
		members = append(members, value.Member{Name: name, Value: v})
	}
	return value.Object(members...)
}

// put sets a member, in most cases.
func (o object) put(s *source, name string, v value.Value) {
	switch n := s.below(100); {
	case n < 86:
		o[name] = v
	case n < 91:
		o[name] = value.Null()
	case n < 94:
		o[name] = odd(s)
	}
}

// odd is a value of any type, often one that is not expected.
func odd(s *source) value.Value {
	switch s.below(9) {
	case 0:
		return value.Bool(s.chance(50))
	case 1:
		return value.Int(int64(s.between(-3, 9)))
	case 2:
		return value.Float(quarter(s))
	case 3:
		return value.String(itoa(s.below(5)))
	case 4:
		return value.Array(value.Int(int64(s.below(3))))
	case 5:
		return value.Array(value.String(word(s)), value.Int(1))
	case 6:
		return value.Object(value.Member{Name: "x", Value: value.Int(int64(s.below(4)))})
	case 7:
		return value.Array()
	}
	return value.String(word(s))
}

func word(s *source) string { return pick(s, words...) }

// quarter is a fraction that sums are exact with.
func quarter(s *source) float64 { return float64(s.between(-20, 20)) / 4 }

func number(n int) value.Value { return value.Int(int64(n)) }

func several(s *source, most int, one func() value.Value) value.Value {
	list := make([]value.Value, s.below(most+1))
	for i := range list {
		list[i] = one()
	}
	return value.Array(list...)
}

const (
	startMs = 1_700_000_000_000
	dayMs   = 86_400_000
)

func (d *Dataset) item(s *source, i int) value.Value {
	o := object{"_key": value.String("i" + itoa(i))}
	text := func() value.Value { return value.String(word(s)) }
	o.put(s, "n", number(s.below(10)))
	o.put(s, "f", value.Float(quarter(s)))
	o.put(s, "s", text())
	o.put(s, "b", value.Bool(s.chance(50)))
	o["u"] = number(i * 3)
	z := object{}
	z.put(s, "w", number(s.below(4)))
	inner := object{}
	inner.put(s, "x", number(s.below(6)))
	inner.put(s, "y", text())
	inner.put(s, "z", z.value())
	o.put(s, "o", inner.value())
	o.put(s, "tags", several(s, 3, text))
	o.put(s, "list", several(s, 4, func() value.Value { return number(s.below(8)) }))
	o.put(s, "subs", several(s, 3, func() value.Value {
		sub := object{}
		sub.put(s, "k", text())
		sub.put(s, "v", number(s.below(6)))
		return sub.value()
	}))
	ms := startMs + s.below(400)*dayMs/4
	o.put(s, "ms", number(ms))
	o.put(s, "d", value.String(fmt.Sprintf("20%02d-%02d-%02dT%02d:30:00Z", s.between(20, 24), s.between(1, 12), s.between(1, 28), s.below(24))))
	o.put(s, "ref", value.String("g"+itoa(s.below(d.groups+1))))
	if s.chance(50) {
		o["sp"] = number(s.below(6))
	}
	o.put(s, "any", odd(s))
	o.put(s, "t", value.String(word(s)+" "+word(s)+" "+word(s)))
	return o.value()
}

func (d *Dataset) group(s *source, i int) value.Value {
	o := object{"_key": value.String("g" + itoa(i))}
	o.put(s, "n", number(s.below(10)))
	o.put(s, "s", value.String(word(s)))
	o.put(s, "size", number(s.below(5)))
	o.put(s, "tags", several(s, 3, func() value.Value { return value.String(word(s)) }))
	return o.value()
}

func (d *Dataset) plainDocument(s *source, i int) value.Value {
	o := object{"_key": value.String("p" + itoa(i))}
	o.put(s, "n", number(s.below(10)))
	o.put(s, "s", value.String(word(s)))
	o.put(s, "list", several(s, 4, func() value.Value { return number(s.below(8)) }))
	inner := object{}
	inner.put(s, "x", number(s.below(6)))
	inner.put(s, "y", value.String(word(s)))
	o.put(s, "o", inner.value())
	return o.value()
}

func (d *Dataset) place(s *source, i int) value.Value {
	lon, lat := s.between(-40, 40), s.between(-20, 20)
	pair := value.Array(number(lon), number(lat))
	loc := pair
	if s.chance(50) {
		loc = geometry("Point", pair)
	}
	at := func(x, y int) value.Value { return value.Array(number(lon+x), number(lat+y)) }
	size := s.between(1, 5)
	ring := value.Array(at(0, 0), at(size, 0), at(size, size), at(0, size), at(0, 0))
	return object{
		"_key": value.String("l" + itoa(i)), "loc": loc, "lat": number(lat), "lon": number(lon), "name": value.String(word(s)),
		"n": number(s.below(10)), "area": geometry("Polygon", value.Array(ring)),
	}.value()
}

func geometry(kind string, coordinates value.Value) value.Value {
	return value.Object(value.Member{Name: "type", Value: value.String(kind)}, value.Member{Name: "coordinates", Value: coordinates})
}

// vertex names an item or a group, now and then one that is not there.
func (d *Dataset) vertex(s *source) string {
	if s.chance(25) {
		return "groups/g" + itoa(s.below(d.groups))
	}
	if s.chance(2) {
		return "items/gone"
	}
	return "items/i" + itoa(s.below(min(d.items, 30)))
}

func (d *Dataset) link(s *source, i int) value.Value {
	o := object{"_key": value.String("e" + itoa(i)), "_from": value.String(d.vertex(s)), "_to": value.String(d.vertex(s))}
	o.weigh(s)
	o.put(s, "label", value.String(word(s)))
	return o.value()
}

// weigh gives an edge a weight that is not negative, if any.
func (o object) weigh(s *source) {
	o.put(s, "w", number(s.between(1, 9)))
	if w := o["w"]; w.Kind() == value.KindNumber && w.Float64() < 0 {
		o["w"] = number(1)
	}
}

// crossings is how many places the roads join: few, since the naive evaluator looks at every path.
const crossings = 7

func (d *Dataset) road(s *source, i int) value.Value {
	end := func() value.Value { return value.String("places/l" + itoa(s.below(crossings))) }
	o := object{"_key": value.String("r" + itoa(i)), "_from": end(), "_to": end()}
	o.weigh(s)
	return o.value()
}

func (d *Dataset) points(s *source) error {
	for range s.between(60, 160) {
		keys := []value.Value{value.String(pick(s, hosts...)), value.String(pick(s, "x", "y"))}
		values := []float64{quarter(s), float64(s.below(40))}
		if s.chance(10) {
			values[s.below(2)] = math.NaN()
		}
		if err := d.Data.Point("points", keys, int64(startMs+s.below(1200)*1000), values...); err != nil {
			return err
		}
	}
	return nil
}
