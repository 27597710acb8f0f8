package naive

import (
	"slices"

	"github.com/selvedge-db/selvedge/geo"
	"github.com/selvedge-db/selvedge/query/check"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/text"
	"github.com/selvedge-db/selvedge/value"
)

// source is what functions that read are given.
type source struct{ r *runner }

// Document finds a document by _id.
func (s *source) Document(id string) (value.Value, bool, error) {
	v := s.r.byID(id)
	return v, !v.IsNull(), nil
}

// Count counts a collection.
func (s *source) Count(collection string) (int64, bool, error) {
	if _, ok := s.r.data.Collection(collection); !ok {
		return 0, false, nil
	}
	return int64(len(s.r.collection(collection))), true, nil
}

// Names lists the collections.
func (s *source) Names() []string {
	var list []string
	for _, c := range s.r.data.Collections() {
		list = append(list, c.Name)
	}
	return list
}

func (s *source) index(collection, kind string) (*rows.Index, error) {
	c, ok := s.r.data.Collection(collection)
	if !ok {
		return nil, &Error{Number: check.UnknownCollection, Text: "collection or view not found: '" + collection + "'"}
	}
	for _, x := range c.Indexes {
		if x.Type == kind {
			return x, nil
		}
	}
	const noIndex = 1570
	return nil, &Error{Number: noIndex, Text: "collection '" + collection + "' has no " + kind + " index"}
}

// Near gives the documents that are nearest to a point.
func (s *source) Near(collection string, latitude, longitude float64, limit int, distance string) ([]value.Value, error) {
	list, err := s.around(collection, latitude, longitude, geo.Farthest, distance)
	return list[:min(limit, len(list))], err
}

// Within gives the documents within a radius of a point.
func (s *source) Within(collection string, latitude, longitude, radius float64, distance string) ([]value.Value, error) {
	return s.around(collection, latitude, longitude, radius, distance)
}

// around gives the documents within a radius, nearest first.
func (s *source) around(collection string, latitude, longitude, radius float64, distance string) ([]value.Value, error) {
	x, err := s.index(collection, rows.Geo)
	if err != nil {
		return nil, err
	}
	type placed struct {
		metres   float64
		document value.Value
	}
	var list []placed
	center := geo.Point{Longitude: longitude, Latitude: latitude}
	for _, doc := range s.r.collection(collection) {
		var values []value.Value
		for _, f := range x.Fields {
			v, _ := doc.At(f.Path)
			values = append(values, v)
		}
		shape, err := geo.FromFields(x.GeoJSON, values...)
		if err != nil {
			continue
		}
		metres := geo.Distance(center, shape.Centroid())
		if metres > radius {
			continue
		}
		if distance != "" {
			doc = doc.With(distance, value.Float(metres))
		}
		list = append(list, placed{metres, doc})
	}
	slices.SortStableFunc(list, func(a, b placed) int { return value.Compare(value.Float(a.metres), value.Float(b.metres)) })
	out := make([]value.Value, len(list))
	for i, p := range list {
		out[i] = p.document
	}
	return out, nil
}

// Fulltext gives the documents whose words match a query.
func (s *source) Fulltext(collection, attribute, query string, limit int) ([]value.Value, error) {
	x, err := s.index(collection, rows.Fulltext)
	if err != nil {
		return nil, err
	}
	q, err := text.Parse(query)
	if err != nil {
		return nil, err
	}
	var list []value.Value
	for _, doc := range s.r.collection(collection) {
		if q.Match(text.WordsOf(operator.Attribute(doc, attribute), x.MinLength)) {
			list = append(list, doc)
		}
	}
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	return list, nil
}
