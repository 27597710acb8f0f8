package exec

import (
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/geo"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// data is what functions may ask of the state that the run reads.
type data struct{ t *task }

// readable finds a collection that the run may read.
func (d *data) readable(name string) (*rows.Collection, bool, error) {
	c, ok := d.t.Snapshot.Collection(name)
	if !ok || d.t.Hidden[name] {
		return nil, false, nil
	}
	if d.t.Access != nil {
		if err := d.t.Access(name, false); err != nil {
			return nil, false, err
		}
	}
	return c, true, nil
}

// Document finds a document by its _id.
func (d *data) Document(id string) (value.Value, bool, error) {
	name, key, ok := strings.Cut(id, "/")
	if !ok || key == "" {
		return value.Null(), false, nil
	}
	c, ok, err := d.readable(name)
	if err != nil || !ok {
		return value.Null(), false, err
	}
	doc, found, err := d.t.Snapshot.Get(c, key)
	if err != nil || !found {
		return value.Null(), false, err
	}
	d.t.stats.ScannedIndex++
	return d.whole(&doc), true, nil
}

func (d *data) whole(doc *rows.Row) value.Value {
	f := fetcher{t: d.t}
	return f.document(doc)
}

// Count counts the documents of a collection.
func (d *data) Count(name string) (int64, bool, error) {
	c, ok, err := d.readable(name)
	if err != nil || !ok {
		return 0, false, err
	}
	n, err := d.t.Snapshot.Count(c)
	return n, true, err
}

// Names lists the collections that the run may read.
func (d *data) Names() []string {
	var out []string
	for _, c := range d.t.Snapshot.Collections() {
		if _, ok, err := d.readable(c.Name); ok && err == nil {
			out = append(out, c.Name)
		}
	}
	return out
}

// indexed finds an index of a type, on one field when that is given.
func (d *data) indexed(name, kind, field string, number int) (*rows.Collection, *rows.Index, error) {
	c, ok, err := d.readable(name)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, &Error{Number: 1203, Code: "collection-not-found", Text: fmt.Sprintf("collection %q is not known", name)}
	}
	for _, x := range c.Indexes {
		if x.Type == kind && (field == "" || len(x.Fields) > 0 && x.Fields[0].Path.String() == field) {
			return c, x, nil
		}
	}
	on := ""
	if field != "" {
		on = fmt.Sprintf(" on %q", field)
	}
	return nil, nil, &Error{
		Number: number, Code: "query-index-missing",
		Text: fmt.Sprintf("collection %q has no %s index%s: create one first", name, kind, on),
	}
}

// Near gives the nearest documents.
func (d *data) Near(collection string, latitude, longitude float64, limit int, distance string) ([]value.Value, error) {
	c, x, err := d.indexed(collection, rows.Geo, "", 1570)
	if err != nil {
		return nil, err
	}
	return d.around(c, x, geo.Search{
		Center: geo.Point{Longitude: longitude, Latitude: latitude}, Max: geo.Farthest, Limit: limit,
	}, distance)
}

// Within gives the documents within a distance, nearest first.
func (d *data) Within(collection string, latitude, longitude, radius float64, distance string) ([]value.Value, error) {
	c, x, err := d.indexed(collection, rows.Geo, "", 1570)
	if err != nil {
		return nil, err
	}
	return d.around(c, x, geo.Search{Center: geo.Point{Longitude: longitude, Latitude: latitude}, Max: radius}, distance)
}

func (d *data) around(c *rows.Collection, x *rows.Index, s geo.Search, distance string) ([]value.Value, error) {
	center, err := geo.PointShape(s.Center)
	if err != nil {
		d.t.warn(1505, err.Error())
		return nil, nil
	}
	p, at := placesOf(c, x), &index{}
	q := asked{center: center, at: s.Center, low: s.Min, high: s.Max}
	n := &nearest{places: &p, t: d.t, x: at, q: q, near: geo.NewNear(s)}
	var out []value.Value
	for s.Limit == 0 || len(out) < s.Limit {
		key, _, err := n.next()
		if err != nil {
			return nil, err
		}
		if key == nil {
			break
		}
		doc, found, err := d.t.Snapshot.Get(c, string(key))
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		v := d.whole(&doc)
		if distance != "" {
			v = v.With(distance, at.distance)
		}
		if err := d.t.growTransient(slotBytes + v.Memory()); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, n.close()
}

// Fulltext gives the documents that a fulltext query finds.
func (d *data) Fulltext(collection, attribute, query string, limit int) ([]value.Value, error) {
	c, x, err := d.indexed(collection, rows.Fulltext, attribute, 1571)
	if err != nil {
		return nil, err
	}
	keys, err := d.t.words(c, x, query, limit)
	if err != nil {
		return nil, err
	}
	var out []value.Value
	for _, key := range keys {
		doc, found, err := d.t.Snapshot.Get(c, key)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		v := d.whole(&doc)
		if err := d.t.growTransient(slotBytes + v.Memory()); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
