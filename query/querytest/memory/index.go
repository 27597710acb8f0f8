package memory

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/selvedge-db/selvedge/geo"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/text"
	"github.com/selvedge-db/selvedge/value"
)

// entry is one entry of an index.
type entry struct {
	bytes, key []byte
}

// index makes the entries of all indexes of a collection.
func (c *stored) index() {
	c.once.Do(func() {
		c.entries = map[uint32][]entry{}
		for _, x := range c.about.Indexes {
			var list []entry
			for i := range c.rows {
				list = append(list, entriesOf(x, &c.rows[i])...)
			}
			slices.SortFunc(list, func(a, b entry) int {
				if order := bytes.Compare(a.bytes, b.bytes); order != 0 {
					return order
				}
				return bytes.Compare(a.key, b.key)
			})
			c.entries[x.Number] = list
		}
	})
}

// document is the content of a row with its key.
func document(r *rows.Row) value.Value {
	return value.Lazy(r.AppendDocument(nil))
}

// entriesOf lists what a document puts into an index.
func entriesOf(x *rows.Index, r *rows.Row) []entry {
	doc := document(r)
	var made [][]byte
	switch x.Type {
	case rows.EdgeIndex:
		from, _ := doc.Get("_from")
		to, _ := doc.Get("_to")
		made = [][]byte{
			value.AppendKeyString(value.AppendKeyString([]byte{'o'}, from.Str()), to.Str()),
			value.AppendKeyString(value.AppendKeyString([]byte{'i'}, to.Str()), from.Str()),
		}
	case rows.Geo:
		made = places(x, doc)
	case rows.Fulltext:
		v, _ := doc.At(x.Fields[0].Path)
		for _, word := range text.WordsOf(v, x.MinLength) {
			made = append(made, value.AppendKeyString(nil, word))
		}
	default:
		made = tuples(x, doc)
	}
	list := make([]entry, len(made))
	for i, m := range made {
		if !x.Unique {
			m = append(m, r.Key...)
		}
		list[i] = entry{bytes: m, key: r.Key}
	}
	return list
}

func places(x *rows.Index, doc value.Value) [][]byte {
	var values []value.Value
	for _, f := range x.Fields {
		v, _ := doc.At(f.Path)
		values = append(values, v)
	}
	cells := []uint64{geo.Nowhere}
	if shape, err := geo.FromFields(x.GeoJSON, values...); err == nil {
		cells = geo.Entries(shape)
	}
	var made [][]byte
	for _, cell := range cells {
		made = append(made, binary.BigEndian.AppendUint64(nil, cell))
	}
	return made
}

// tuples lists the values of a persistent index, each combination of elements once.
func tuples(x *rows.Index, doc value.Value) [][]byte {
	made := [][]byte{nil}
	sparse := x.Sparse || x.Type == rows.TTL
	for _, f := range x.Fields {
		var next [][]byte
		for _, v := range fieldValues(f, doc) {
			if sparse && v.IsNull() {
				continue
			}
			for _, m := range made {
				next = append(next, value.AppendKey(slices.Clone(m), v))
			}
		}
		made = next
	}
	slices.SortFunc(made, bytes.Compare)
	return slices.CompactFunc(made, bytes.Equal)
}

// fieldValues lists what a document has at a field: one value, or one for each element.
func fieldValues(f rows.Field, doc value.Value) []value.Value {
	if f.Expand < 0 {
		v, _ := doc.At(f.Path)
		return []value.Value{v}
	}
	var list []value.Value
	array, _ := doc.At(f.Path[:f.Expand])
	for _, item := range array.Items() {
		v, _ := item.At(f.Path[f.Expand:])
		list = append(list, v)
	}
	return list
}

func (s *snapshot) entries(c *rows.Collection, x *rows.Index, b rows.Bounds) ([]entry, error) {
	in, err := s.stored(c)
	if err != nil {
		return nil, err
	}
	in.index()
	var list []entry
	for _, e := range in.entries[x.Number] {
		if within(e.bytes, b) {
			list = append(list, e)
		}
	}
	if b.Reverse {
		slices.Reverse(list)
	}
	return list, nil
}

func (s *snapshot) Entries(c *rows.Collection, x *rows.Index, b rows.Bounds) (rows.EntryCursor, error) {
	list, err := s.entries(c, x, b)
	if err != nil {
		return nil, err
	}
	return &entryCursor{entries: list, at: -1}, nil
}

type entryCursor struct {
	entries []entry
	at      int
}

func (c *entryCursor) Next() bool    { c.at++; return c.at < len(c.entries) }
func (c *entryCursor) Entry() []byte { return c.entries[c.at].bytes }
func (c *entryCursor) Key() []byte   { return c.entries[c.at].key }
func (c *entryCursor) Err() error    { return nil }
func (c *entryCursor) Close() error  { return nil }

func (s *snapshot) Within(c *rows.Collection, x *rows.Index, b rows.Bounds, limit int) (int, error) {
	list, err := s.entries(c, x, b)
	return min(len(list), limit), err
}

func (s *snapshot) Distinct(c *rows.Collection, x *rows.Index) ([]float64, error) {
	list, err := s.entries(c, x, rows.Bounds{})
	if err != nil {
		return nil, err
	}
	counts := make([]float64, len(x.Fields))
	for n := range x.Fields {
		seen := map[string]bool{}
		for _, e := range list {
			seen[string(prefix(x, e, n+1))] = true
		}
		counts[n] = float64(len(seen))
	}
	return counts, nil
}

// prefix is the part of an entry with its first fields.
func prefix(x *rows.Index, e entry, fields int) []byte {
	if x.Type != rows.Persistent && x.Type != rows.Hash && x.Type != rows.SkipList && x.Type != rows.TTL {
		return e.bytes
	}
	rest := e.bytes
	for range fields {
		_, behind, err := value.DecodeKey(rest)
		if err != nil {
			return e.bytes
		}
		rest = behind
	}
	return e.bytes[:len(e.bytes)-len(rest)]
}
