package rowset

import (
	"reflect"

	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/rows"
)

// virtualName is the collection that lists collections.
const virtualName = "_collections"

// graphsName is the collection that holds the graphs.
const graphsName = "_graphs"

// catalogue is a schema as queries see it.
type catalogue struct {
	schema *schema.Schema
	byName map[string]*rows.Collection
	list   []*rows.Collection
}

// current gives the catalogue of a schema: the one made last, as a rule.
func (s *Store) current(of *schema.Schema) *catalogue {
	last := s.catalogue.Load()
	if last != nil && last.schema == of {
		return last
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last = s.catalogue.Load(); last != nil && last.schema == of {
		return last
	}
	made := s.convert(of, last)
	s.catalogue.Store(made)
	s.estimates.prune(made)
	return made
}

// convert makes the catalogue of a schema. What has not changed since the last one stays the same.
func (s *Store) convert(of *schema.Schema, last *catalogue) *catalogue {
	c := &catalogue{schema: of, byName: map[string]*rows.Collection{}}
	virtual := &rows.Collection{Name: virtualName, Type: rows.Documents}
	names, placed := of.Names(), false
	for _, name := range names {
		from, _ := of.Collection(name)
		if s.hidden(name) || name == virtualName {
			continue
		}
		if !placed && name > virtualName {
			placed = true
			c.add(virtual, last)
		}
		c.add(convertCollection(from), last)
	}
	if !placed {
		c.add(virtual, last)
	}
	return c
}

// add puts in a collection, or what the catalogue before had in its place if it is no other.
func (c *catalogue) add(fresh *rows.Collection, last *catalogue) {
	if last != nil {
		if old, ok := last.byName[fresh.Name]; ok {
			if reflect.DeepEqual(old, fresh) {
				fresh = old
			} else if old.Number == fresh.Number {
				keepIndexes(fresh, old)
			}
		}
	}
	c.byName[fresh.Name] = fresh
	c.list = append(c.list, fresh)
}

func keepIndexes(fresh, old *rows.Collection) {
	for i, x := range fresh.Indexes {
		for _, y := range old.Indexes {
			if x.Number == y.Number && reflect.DeepEqual(x, y) {
				fresh.Indexes[i] = y
			}
		}
	}
}

func convertCollection(from *schema.Collection) *rows.Collection {
	c := &rows.Collection{Name: from.Name, Number: from.Number, Type: uint8(from.Type), Local: from.Local, Expires: from.Expiring(), Series: convertSeries(from)}
	for i := range from.Indexes {
		// Two locations that make one name at once may leave a time series with indexes of documents.
		if x := &from.Indexes[i]; x.Ready && c.Series == nil {
			c.Indexes = append(c.Indexes, convertIndex(x))
		}
	}
	return c
}

func convertIndex(from *schema.Index) *rows.Index {
	x := &rows.Index{Name: from.Name, ID: from.ID, Type: from.Type, Number: from.Number, Unique: from.Unique, Sparse: from.Sparse,
		ExpireAfter: from.ExpireAfter, GeoJSON: from.GeoJSON, MinLength: int(from.MinLength)}
	for _, field := range from.Fields {
		path, expand, err := schema.FieldPath(field)
		if err != nil {
			continue // a merge may leave what nobody would have been allowed to write
		}
		x.Fields = append(x.Fields, rows.Field{Path: path, Expand: expand})
	}
	return x
}
