// Package index computes what a document puts into its collection's indexes, and when it expires.
//
// Guarantees: the entries of a document are a pure function of its visible content and the index definition,
// so they are the same at every location and can be taken away again from the content alone. Entries of an
// index order as the values do (C8QL order), then by key.
//
// Shapes: an entry is what follows the index's space in the store key: the values, each self-delimiting, then
// the document's key; of a unique index the values alone, with the key as the stored value. The adjacency of
// an edge is two entries, 'o' _from and 'i' _to, each with the other end behind it, so that one step of a
// traversal is one range scan. A geo index has the cells of package geo, eight bytes each, geo.Nowhere for a document
// that has no place. A fulltext index has the words of package text, and nothing of a document without text. A ttl index
// is an index of its field like any other that is sparse, beside what it says about the end of documents.
//
// Not guaranteed: uniqueness (the sequencer checks it) and that a definition makes sense (schema does).
package index

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/geo"
	"github.com/selvedge-db/selvedge/text"
	"github.com/selvedge-db/selvedge/value"
)

// Directions of an adjacency entry.
const (
	Outbound = 'o'
	Inbound  = 'i'
)

// MostEntries is how many entries a document may have in one index where it is written.
const MostEntries = 100_000

// mostCombined bounds the combinations of several arrays. Of a document that was merged from several places more may come
// together than each of them was allowed; only beyond this is such a document left out of the index.
const mostCombined = 16 * MostEntries

// TooMany tells whether a document, whose text has size bytes, makes more than MostEntries.
func TooMany(x *schema.Index, doc value.Value, size int) bool {
	arrays := 0
	for _, field := range x.Fields {
		if schema.Expands(field) {
			arrays++
		}
	}
	switch {
	case x.Type == schema.Edge || x.Type == schema.Geo || arrays < 2 && size <= MostEntries: // an entry takes a byte and more
		return false
	case x.Type == schema.Fulltext:
		return len(words(x, doc, "")) > MostEntries
	}
	n := 1
	for _, field := range x.Fields {
		if !schema.Expands(field) {
			continue
		}
		values := fieldValues(field, doc, x.Deduplicate)
		if x.Sparse {
			values = withoutNull(values)
		}
		if n *= len(values); n > MostEntries {
			return true
		}
	}
	return false
}

// Entries lists what the document puts into the index, behind the index's space. For a unique index the key
// is left out of the entries.
func Entries(x *schema.Index, doc value.Value, key string) [][]byte {
	switch x.Type {
	case schema.Edge:
		return adjacency(doc, key)
	case schema.Geo:
		return places(x, doc, key)
	case schema.Fulltext:
		return words(x, doc, key)
	}
	tuples := [][]byte{nil}
	for _, field := range x.Fields {
		values := fieldValues(field, doc, x.Deduplicate)
		if x.Sparse {
			values = withoutNull(values)
		}
		tuples = product(tuples, values)
		if len(tuples) == 0 {
			return nil
		}
	}
	if !x.Unique {
		for i := range tuples {
			tuples[i] = append(tuples[i], key...)
		}
	}
	return tuples
}

// places lists the cells of the document's place.
func places(x *schema.Index, doc value.Value, key string) [][]byte {
	values := make([]value.Value, len(x.Fields))
	for i, field := range x.Fields {
		path, _, err := schema.FieldPath(field)
		if err != nil {
			return nil
		}
		values[i], _ = doc.At(path)
	}
	cells := []uint64{geo.Nowhere} // so that a query that asks for null distances finds the document too
	if shape, err := geo.FromFields(x.GeoJSON, values...); err == nil {
		cells = geo.Entries(shape)
	}
	out := make([][]byte, len(cells))
	for i, cell := range cells {
		out[i] = append(binary.BigEndian.AppendUint64(make([]byte, 0, cellBytes+len(key)), cell), key...)
	}
	return out
}

// cellBytes is what a cell takes in an entry.
const cellBytes = 8

// words lists the words of the document's text.
func words(x *schema.Index, doc value.Value, key string) [][]byte {
	path, _, err := schema.FieldPath(x.Fields[0])
	if err != nil {
		return nil
	}
	v, _ := doc.At(path)
	list := text.WordsOf(v, int(x.MinLength))
	out := make([][]byte, len(list))
	for i, word := range list {
		out[i] = append(value.AppendKeyString(make([]byte, 0, len(word)+len(key)+2), word), key...)
	}
	return out
}

func adjacency(doc value.Value, key string) [][]byte {
	from, _ := doc.Get("_from")
	to, _ := doc.Get("_to")
	if from.Kind() != value.KindString || to.Kind() != value.KindString {
		return nil
	}
	return [][]byte{
		append(value.AppendKeyString(AdjacencyPrefix(Outbound, from.Str()), to.Str()), key...),
		append(value.AppendKeyString(AdjacencyPrefix(Inbound, to.Str()), from.Str()), key...),
	}
}

// AdjacencyPrefix is the beginning of the entries of one vertex in one direction.
func AdjacencyPrefix(direction byte, vertex string) []byte {
	return value.AppendKeyString([]byte{direction}, vertex)
}

// Prefix is the beginning of the entries whose first values are these.
func Prefix(values []value.Value) []byte {
	var dst []byte
	for _, v := range values {
		dst = value.AppendKey(dst, v)
	}
	return dst
}

// Key splits the document's key from an entry of an index that is not unique.
func Key(x *schema.Index, entry []byte) (string, error) {
	switch x.Type {
	case schema.Edge:
		rest := entry[min(1, len(entry)):]
		for range 2 {
			var err error
			if _, rest, err = value.DecodeKeyString(rest); err != nil {
				return "", err
			}
		}
		return string(rest), nil
	case schema.Geo:
		if len(entry) < cellBytes {
			return "", fmt.Errorf("%w: %d bytes where a cell has %d", value.ErrKey, len(entry), cellBytes)
		}
		return string(entry[cellBytes:]), nil
	case schema.Fulltext:
		_, rest, err := value.DecodeKeyString(entry)
		return string(rest), err
	}
	for range x.Fields {
		var err error
		if _, entry, err = value.DecodeKey(entry); err != nil {
			return "", err
		}
	}
	return string(entry), nil
}

// product appends each value to each tuple.
func product(tuples [][]byte, values []value.Value) [][]byte {
	if len(values) == 1 {
		for i := range tuples {
			tuples[i] = value.AppendKey(tuples[i], values[0])
		}
		return tuples
	}
	if len(tuples) > 1 && len(tuples)*len(values) > mostCombined {
		return nil
	}
	out := make([][]byte, 0, len(tuples)*len(values))
	for _, t := range tuples {
		for _, v := range values {
			out = append(out, value.AppendKey(append([]byte(nil), t...), v))
		}
	}
	return out
}

// fieldValues lists what the document has at a field: one value (null when absent), or each element under [*].
func fieldValues(field string, doc value.Value, deduplicate bool) []value.Value {
	path, expand, err := schema.FieldPath(field)
	if err != nil {
		return nil
	}
	if expand < 0 {
		v, _ := doc.At(path)
		return []value.Value{v}
	}
	array, _ := doc.At(path[:expand])
	elements := array.Items()
	out := make([]value.Value, 0, len(elements))
	for _, element := range elements {
		v, _ := element.At(path[expand:])
		out = append(out, v)
	}
	if deduplicate {
		return distinct(out)
	}
	return out
}

// distinct leaves the first of equal values. Those are equal whose keys are.
func distinct(list []value.Value) []value.Value {
	if len(list) < 2 {
		return list
	}
	seen := make(map[string]bool, len(list))
	var key []byte
	return slices.DeleteFunc(list, func(v value.Value) bool {
		key = value.AppendKey(key[:0], v)
		again := seen[string(key)]
		if !again {
			seen[string(key)] = true
		}
		return again
	})
}

func withoutNull(list []value.Value) []value.Value {
	out := list[:0]
	for _, v := range list {
		if !v.IsNull() {
			out = append(out, v)
		}
	}
	return out
}

// Never is the expiry time of a document that does not expire.
const Never = int64(1) << 62

// ExpiresAt is when the document expires, in Unix milliseconds, Never when it does not.
func ExpiresAt(c *schema.Collection, doc value.Value) int64 {
	at := Never
	if c.Expires {
		if v, _ := doc.Get("expireAt"); v.Kind() == value.KindNumber && v.Float64() > 0 {
			at = milliseconds(v.Float64())
		}
	}
	for i := range c.Indexes {
		x := &c.Indexes[i]
		if x.Type != schema.TTL || len(x.Fields) != 1 {
			continue
		}
		path, _, err := schema.FieldPath(x.Fields[0])
		if err != nil {
			continue
		}
		if v, ok := doc.At(path); ok {
			if base, ok := moment(v); ok {
				at = min(at, base+min(x.ExpireAfter, schema.MaxExpireAfter)*1000)
			}
		}
	}
	return max(at, 0) // keys order times as numbers without a sign: before 1970 is as long ago as 1970
}

func milliseconds(seconds float64) int64 {
	if ms := seconds * 1000; ms < float64(Never) {
		return int64(ms)
	}
	return Never
}

// moment reads a point in time: Unix seconds, or an ISO 8601 date.
func moment(v value.Value) (ms int64, ok bool) {
	switch v.Kind() {
	case value.KindNumber:
		if v.Float64() <= 0 {
			return 0, false
		}
		return milliseconds(v.Float64()), true
	case value.KindString:
		for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
			if t, err := time.Parse(form, v.Str()); err == nil {
				return t.UnixMilli(), true
			}
		}
	}
	return 0, false
}
