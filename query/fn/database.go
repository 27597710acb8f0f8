package fn

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/selvedge-db/selvedge/query/fn/calendar"
	"github.com/selvedge-db/selvedge/value"
)

var databaseFunctions = []Function{
	{
		Name: "COLLECTION_COUNT", Family: "database", Reads: true, Cost: 100, Returns: Number,
		Params: unary("collection", Text|Collection),
		Doc:    "Counts the documents of a collection, as LENGTH(collection) does.",
		Eval:   evalCollectionCount,
	},
	{
		Name: "COLLECTIONS", Family: "database", Reads: true, Cost: 1000, Returns: List,
		Doc:  "Lists the collections that the user may read, by name, each as an object with _id and name.",
		Eval: evalCollections,
	},
	{
		Name: "CURRENT_USER", Family: "database", Stable: true, Cost: 1, Returns: Text | Null,
		Doc: "Names the user who asks; null without one.",
		Eval: func(c *Context, _ []value.Value) value.Value {
			if c.User == "" {
				return value.Null()
			}
			return value.String(c.User)
		},
	},
	{
		Name: "CURRENT_USER_ATTRIBUTE", Family: "database", Stable: true, Cost: 2, Returns: Anything,
		Params: []Param{opt("name", Text)},
		Doc:    "Gives an attribute of the user who asks, null when there is none; without a name all of them as an object.",
		Eval:   func(c *Context, a []value.Value) value.Value { return attribute(c.UserAttributes, a) },
	},
	{
		Name: "CURRENT_APIKEY_ATTRIBUTE", Family: "database", Stable: true, Cost: 2, Returns: Anything,
		Params: []Param{opt("name", Text)},
		Doc:    "Gives an attribute of the API key that is used, null when there is none; without a name all of them as an object.",
		Eval:   func(c *Context, a []value.Value) value.Value { return attribute(c.KeyAttributes, a) },
	},
	{
		Name: "DECODE_REV", Family: "database", Deterministic: true, Cost: 5, Returns: Object | Null,
		Params:   unary("revision", Text),
		Doc:      "Takes a _rev apart: the date at which it was made, by the clock of its location, and a count that orders those of one millisecond.",
		Examples: []Example{{`RETURN DECODE_REV("AZXTsEiAAAIAAAABAAAAAA")`, `[{"count": 2, "date": "2025-03-26T18:21:40.352Z"}]`}},
		Eval:     evalDecodeRev,
	},
	{
		Name: "DOCUMENT", Family: "database", Reads: true, Cost: 50, Returns: Anything,
		Params: []Param{one("collectionOrId", Text|List|Collection), opt("keyOrId", Text|List)},
		Doc: "Reads a document by its _id, or by a collection and a key or _id; null when there is none, or when the collection is another one. " +
			"For an array it gives an array of those that there are.",
		Eval: evalDocument,
	},
	{
		Name: "NEAR", Family: "geo", Reads: true, Cost: 1000, Returns: List,
		Params: []Param{
			one("collection", Collection|Text), one("latitude", Number), one("longitude", Number), opt("limit", Number), opt("distanceName", Text),
		},
		Doc: "Gives the documents nearest to a place, nearest first, 100 unless a limit is given, with the distance in metres in the attribute " +
			"of that name. The collection needs a geo index. In new queries sort by GEO_DISTANCE instead.",
		Eval: evalNear,
	},
	{
		Name: "WITHIN", Family: "geo", Reads: true, Cost: 1000, Returns: List,
		Params: []Param{
			one("collection", Collection|Text), one("latitude", Number), one("longitude", Number), one("radius", Number), opt("distanceName", Text),
		},
		Doc: "Gives the documents within a radius in metres around a place, nearest first, with the distance in the attribute of that name. " +
			"The collection needs a geo index. In new queries filter by GEO_DISTANCE instead.",
		Eval: evalWithin,
	},
	{
		Name: "FULLTEXT", Family: "fulltext", Reads: true, Cost: 1000, Returns: List,
		Params: []Param{one("collection", Collection|Text), one("attribute", Text), one("query", Text), opt("limit", Number)},
		Doc: "Gives the documents of a collection that a fulltext query finds in an attribute with a fulltext index. Words are separated by " +
			"commas and must all be there; | before a word makes it an alternative, - forbids it, prefix: finds all words that begin so.",
		Eval: evalFulltext,
	},
}

// noData ends the query: whoever evaluates it gave no data.
func (c *Context) noData(name string) value.Value {
	return c.fail(&Error{Number: ErrorUnknownFunction, Text: "function '" + name + "()' cannot be used here: there is no data"})
}

func evalCollectionCount(c *Context, a []value.Value) value.Value {
	switch {
	case a[0].Kind() != value.KindString:
		return c.badType("COLLECTION_COUNT")
	case c.Data == nil:
		return c.noData("COLLECTION_COUNT")
	}
	n, found, err := c.Data.Count(a[0].Str())
	switch {
	case err != nil:
		return c.fail(err)
	case !found:
		return c.fail(&Error{Number: ErrorCollection, Text: "collection or view not found: " + a[0].Str()})
	}
	return value.Int(n)
}

func evalCollections(c *Context, _ []value.Value) value.Value {
	if c.Data == nil {
		return c.noData("COLLECTIONS")
	}
	names := c.Data.Names()
	if !c.items(4 * len(names)) {
		return value.Null()
	}
	out := make([]value.Value, len(names))
	for i, name := range names {
		v := value.String(name)
		out[i] = value.OwnMembers([]value.Member{{Name: "_id", Value: v}, {Name: "name", Value: v}})
	}
	return value.OwnItems(out)
}

func attribute(attributes value.Value, a []value.Value) value.Value {
	if len(a) == 0 {
		return attributes
	}
	found, _ := attributes.Get(ToString(a[0]))
	return found
}

func evalDecodeRev(c *Context, a []value.Value) value.Value {
	raw, err := base64.RawURLEncoding.DecodeString(a[0].Str())
	const length = 16 // the stamp, 8 bytes of time and 4 of origin, and 4 of hash
	if err != nil || len(raw) != length || a[0].Kind() != value.KindString {
		return c.badType("DECODE_REV")
	}
	time := binary.BigEndian.Uint64(raw)
	ms, count := int64(time>>16), int64(time&0xFFFF)
	if ms > calendar.Latest {
		return c.badType("DECODE_REV")
	}
	return value.OwnMembers([]value.Member{{Name: "count", Value: value.Int(count)}, {Name: "date", Value: isoValue(ms)}})
}

func evalDocument(c *Context, a []value.Value) value.Value {
	if c.Data == nil {
		return c.noData("DOCUMENT")
	}
	collection, ids := "", a[0]
	if len(a) > 1 {
		if a[0].Kind() != value.KindString {
			return c.badType("DOCUMENT")
		}
		collection, ids = a[0].Str(), a[1]
	}
	if ids.Kind() != value.KindArray {
		doc, _ := document(c, collection, ids)
		return doc
	}
	list := ids.Items()
	out := make([]value.Value, 0, len(list))
	for i, id := range list {
		if i&63 == 63 && !c.check() {
			return value.Null()
		}
		if doc, found := document(c, collection, id); found {
			if !c.grow(valueBytes + doc.Memory()) {
				return value.Null()
			}
			out = append(out, doc)
		}
	}
	return value.OwnItems(out)
}

// document reads one document. With a collection the id may be a key.
func document(c *Context, collection string, id value.Value) (value.Value, bool) {
	text := id.Str()
	of, _, whole := strings.Cut(text, "/")
	switch {
	case text == "" || collection == "" && !whole || collection != "" && whole && of != collection:
		return value.Null(), false
	case !whole:
		text = collection + "/" + text
	}
	doc, found, err := c.Data.Document(text)
	switch {
	case err != nil:
		return c.fail(err), false
	case !found:
		return value.Null(), false
	}
	return doc, true
}

// rows passes on what was read, or ends the query.
func (c *Context) rows(found []value.Value, err error) value.Value {
	if err != nil {
		return c.fail(err)
	}
	return value.OwnItems(found)
}

func evalNear(c *Context, a []value.Value) value.Value {
	if c.Data == nil {
		return c.noData("NEAR")
	}
	limit := int64(100)
	if len(a) > 3 && !a[3].IsNull() {
		limit = toCount(a[3])
	}
	name, ok := optionalText(a, 4)
	if a[0].Kind() != value.KindString || a[1].Kind() != value.KindNumber || a[2].Kind() != value.KindNumber || limit < 0 || !ok {
		return c.badType("NEAR")
	}
	return c.rows(c.Data.Near(a[0].Str(), a[1].Float64(), a[2].Float64(), int(min(limit, 1<<30)), name))
}

func evalWithin(c *Context, a []value.Value) value.Value {
	if c.Data == nil {
		return c.noData("WITHIN")
	}
	name, ok := optionalText(a, 4)
	for _, v := range a[1:4] {
		ok = ok && v.Kind() == value.KindNumber
	}
	if a[0].Kind() != value.KindString || !ok {
		return c.badType("WITHIN")
	}
	return c.rows(c.Data.Within(a[0].Str(), a[1].Float64(), a[2].Float64(), a[3].Float64(), name))
}

func evalFulltext(c *Context, a []value.Value) value.Value {
	if c.Data == nil {
		return c.noData("FULLTEXT")
	}
	limit := int64(0)
	if len(a) > 3 && !a[3].IsNull() {
		limit = toCount(a[3])
	}
	for _, v := range a[:3] {
		if v.Kind() != value.KindString || limit < 0 {
			return c.badType("FULLTEXT")
		}
	}
	return c.rows(c.Data.Fulltext(a[0].Str(), a[1].Str(), a[2].Str(), int(min(limit, 1<<30))))
}

// optionalText reads a text that may be missing or null.
func optionalText(a []value.Value, at int) (string, bool) {
	if at >= len(a) || a[at].IsNull() {
		return "", true
	}
	return a[at].Str(), a[at].Kind() == value.KindString
}
