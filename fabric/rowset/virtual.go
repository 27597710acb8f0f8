package rowset

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// statusLoaded is what the REST surface says of a collection that can be used.
const statusLoaded = 3

// listing makes the documents of _collections, in order of their keys, which are the collections' ids.
func (s *Snapshot) listing(c *rows.Collection) []rows.Row {
	names := s.view.Listed()
	list := make([]rows.Row, 0, len(names))
	for _, name := range names {
		from, ok := s.Schema.Collection(name)
		if _, shown := s.catalogue.byName[name]; !ok || !shown || from.Number < schema.FirstNumber {
			continue
		}
		text := value.AppendJSON(nil, value.Object(
			value.Member{Name: "id", Value: value.String(from.ID())},
			value.Member{Name: "name", Value: value.String(from.Name)},
			value.Member{Name: "type", Value: value.Int(int64(from.Type))},
			value.Member{Name: "status", Value: value.Int(statusLoaded)},
			value.Member{Name: "isSystem", Value: value.Bool(from.System)},
			value.Member{Name: "isLocal", Value: value.Bool(from.Local)},
			value.Member{Name: "waitForSync", Value: value.Bool(from.WaitForSync)}))
		list = append(list, rows.Row{Collection: c, Key: []byte(from.ID()), Text: text, Hash: codec.ContentHash(text)})
	}
	slices.SortFunc(list, func(a, b rows.Row) int { return cmp.Compare(string(a.Key), string(b.Key)) })
	return list
}

func (s *Snapshot) virtualRow(c *rows.Collection, key string) (rows.Row, bool, error) {
	for _, r := range s.listing(c) {
		if string(r.Key) == key {
			return r, true, nil
		}
	}
	return rows.Row{}, false, nil
}

func (s *Snapshot) virtualCursor(c *rows.Collection, b rows.Bounds) rows.Cursor {
	list := slices.DeleteFunc(s.listing(c), func(r rows.Row) bool {
		return bytes.Compare(r.Key, b.Lower) < 0 || b.Upper != nil && bytes.Compare(r.Key, b.Upper) >= 0
	})
	if b.Reverse {
		slices.Reverse(list)
	}
	return &listed{list: list}
}

// listed walks over rows that are in memory.
type listed struct {
	list []rows.Row
	at   int
}

// Next implements rows.Cursor.
func (l *listed) Next() bool {
	if l.at >= len(l.list) {
		return false
	}
	l.at++
	return true
}

// Row implements rows.Cursor.
func (l *listed) Row() *rows.Row { return &l.list[l.at-1] }

// Err implements rows.Cursor.
func (l *listed) Err() error { return nil }

// Close implements rows.Cursor.
func (l *listed) Close() error { return nil }

// Graph implements rows.Reader.
func (s *Snapshot) Graph(name string) (*rows.Graph, bool, error) {
	c, ok := s.Collection(graphsName)
	if !ok {
		return nil, false, nil
	}
	row, found, err := s.Get(c, name)
	if err != nil || !found {
		return nil, false, err
	}
	doc := value.Lazy(row.Text)
	g := &rows.Graph{Name: name}
	definitions, _ := doc.Get("edgeDefinitions")
	for _, d := range definitions.Items() {
		collection, _ := d.Get("collection")
		g.Edges = append(g.Edges, rows.EdgeDefinition{Collection: collection.Str(), From: names(d, "from"), To: names(d, "to")})
	}
	g.Orphans = names(doc, "orphanCollections")
	return g, true, nil
}

// names lists the strings of an array.
func names(doc value.Value, field string) (out []string) {
	list, _ := doc.Get(field)
	for _, v := range list.Items() {
		if v.Kind() == value.KindString {
			out = append(out, v.Str())
		}
	}
	return out
}
