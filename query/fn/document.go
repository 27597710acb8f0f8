package fn

import (
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

var documentFunctions = []Function{
	{
		Name: "ATTRIBUTES", Aliases: []string{"KEYS"}, Family: "document", Deterministic: true, Cost: 5, Returns: List | Null,
		Params:   []Param{one("document", Object), opt("removeInternal", Bool), opt("sort", Bool)},
		Doc:      "Gives the names of the attributes, in order, with removeInternal without those that begin with an underscore.",
		Examples: []Example{{`RETURN ATTRIBUTES({foo: "bar", _key: "123"}, true)`, `[["foo"]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			return eachMember(c, "ATTRIBUTES", a, func(m value.Member) value.Value { return value.String(m.Name) })
		},
	},
	{
		Name: "VALUES", Family: "document", Deterministic: true, Cost: 5, Returns: List | Null,
		Params:   []Param{one("document", Object), opt("removeInternal", Bool)},
		Doc:      "Gives the values of the attributes in the order of their names, with removeInternal without those whose names begin with an underscore.",
		Examples: []Example{{`RETURN VALUES({_key: "users/jane", name: "Jane", age: 35}, true)`, `[[35, "Jane"]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			return eachMember(c, "VALUES", a, func(m value.Member) value.Value { return m.Value })
		},
	},
	{
		Name: "ENTRIES", Family: "document", Deterministic: true, Cost: 8, Returns: List | Null,
		Params:   unary("document", Object),
		Doc:      "Gives the attributes as arrays of name and value, in the order of their names.",
		Examples: []Example{{`RETURN ENTRIES({a: 1, b: 2})`, `[[["a", 1], ["b", 2]]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			return eachMember(c, "ENTRIES", a[:1], func(m value.Member) value.Value {
				return value.OwnItems([]value.Value{value.String(m.Name), m.Value})
			})
		},
	},
	{
		Name: "HAS", Family: "document", Deterministic: true, Cost: 2, Returns: Bool,
		Params:   []Param{one("document", Object), one("attributeName", Text)},
		Doc:      "Tells whether the document has the attribute, be it null. What is no document has none.",
		Examples: []Example{{`RETURN [HAS({name: null}, "name"), HAS({}, "name")]`, `[[true, false]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			_, found := a[0].Get(ToString(a[1]))
			return value.Bool(found)
		},
	},
	selecting("KEEP", "Gives the document with these attributes only.", `RETURN KEEP({a: 1, b: 2, c: 3}, "a", "c")`, `[{"a": 1, "c": 3}]`,
		func(v value.Value, names map[string]bool) value.Value { return selected(v, names, true) }),
	selecting("UNSET", "Gives the document without these attributes.", `RETURN UNSET({a: 1, b: 2, c: 3}, ["a", "c"])`, `[{"b": 2}]`,
		func(v value.Value, names map[string]bool) value.Value { return selected(v, names, false) }),
	selecting("KEEP_RECURSIVE", "Gives the document with these attributes only, at every level: an object among them is kept with those of its attributes that are named.",
		`RETURN KEEP_RECURSIVE({a: 1, b: {a: 2, c: 3}, d: 4}, "a", "b")`, `[{"a": 1, "b": {"a": 2}}]`,
		func(v value.Value, names map[string]bool) value.Value { return selectedDeep(v, names, true) }),
	selecting("UNSET_RECURSIVE", "Gives the document without these attributes, at every level.",
		`RETURN UNSET_RECURSIVE({a: 1, b: {a: 2, c: 3}}, "a")`, `[{"b": {"c": 3}}]`,
		func(v value.Value, names map[string]bool) value.Value { return selectedDeep(v, names, false) }),
	{
		Name: "MERGE", Family: "document", Deterministic: true, Cost: 8, Returns: Object | Null,
		Params:   []Param{many("documents", Object|List)},
		Doc:      "Puts the attributes of all documents into one; of equal names the last counts. A single array stands for its elements.",
		Examples: []Example{{`RETURN MERGE({a: 1, b: {c: 1}}, {b: {d: 2}})`, `[{"a": 1, "b": {"d": 2}}]`}, {`RETURN MERGE([{a: 1}, {b: 2}, {a: 3}])`, `[{"a": 3, "b": 2}]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if len(a) == 1 && a[0].Kind() == value.KindArray {
				a = a[0].Items()
			}
			return merged(c, "MERGE", a, false)
		},
	},
	{
		Name: "MERGE_RECURSIVE", Family: "document", Deterministic: true, Cost: 10, Returns: Object | Null,
		Params:   []Param{many("documents", Object)},
		Doc:      "Puts the attributes of all documents into one; of equal names the last counts, but objects are merged in turn.",
		Examples: []Example{{`RETURN MERGE_RECURSIVE({u: {name: "Jane", livesIn: {city: "LA"}}}, {u: {livesIn: {state: "CA"}}})`, `[{"u": {"name": "Jane", "livesIn": {"city": "LA", "state": "CA"}}}]`}},
		Eval:     func(c *Context, a []value.Value) value.Value { return merged(c, "MERGE_RECURSIVE", a, true) },
	},
	{
		Name: "MATCHES", Family: "document", Deterministic: true, Cost: 10, Returns: Bool | Number | Null,
		Params: []Param{one("document", Object), one("examples", Object|List), opt("returnIndex", Bool)},
		Doc: "Tells whether all attributes of an example, or of any of an array of examples, are the same in the document, absent ones " +
			"being null; with returnIndex which example it is, -1 for none.",
		Examples: []Example{{`RETURN MATCHES({test: 1}, [{test: 1, foo: "bar"}, {foo: 1}, {test: 1}], true)`, `[2]`}},
		Eval:     evalMatches,
	},
	{
		Name: "IS_SAME_COLLECTION", Family: "document", Deterministic: true, Cost: 3, Returns: Bool | Null,
		Params:   []Param{one("collection", Text|Collection), one("document", Text|Object)},
		Doc:      "Tells whether a document, or its _id, belongs to the collection; the document need not exist.",
		Examples: []Example{{`RETURN IS_SAME_COLLECTION("users", {_id: "users/my-user"})`, `[true]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			collection, _, ok := identifier(a[1])
			if !ok || a[0].Kind() != value.KindString {
				return c.badType("IS_SAME_COLLECTION")
			}
			return value.Bool(collection == a[0].Str())
		},
	},
	identifying("PARSE_IDENTIFIER", "Parts an _id, or that of a document, into collection and key.",
		`RETURN PARSE_IDENTIFIER("users/my-user")`, `[{"collection": "users", "key": "my-user"}]`, func(collection, key string) value.Value {
			return value.OwnMembers([]value.Member{{Name: "collection", Value: value.String(collection)}, {Name: "key", Value: value.String(key)}})
		}),
	identifying("PARSE_COLLECTION", "Gives the collection of an _id, or of that of a document.",
		`RETURN PARSE_COLLECTION("users/my-user")`, `["users"]`, func(collection, _ string) value.Value { return value.String(collection) }),
	identifying("PARSE_KEY", "Gives the key of an _id, or of that of a document.",
		`RETURN PARSE_KEY({_id: "users/my-user"})`, `["my-user"]`, func(_, key string) value.Value { return value.String(key) }),
	{
		Name: "TRANSLATE", Family: "document", Deterministic: true, Cost: 3, Returns: Anything,
		Params:   []Param{one("value", Anything), one("lookup", Object), opt("default", Anything)},
		Doc:      "Gives the attribute of lookup that has the value as its name; when there is none the default, or else the value itself.",
		Examples: []Example{{`RETURN [TRANSLATE("FR", {FR: "France"}), TRANSLATE(42, {a: 1}), TRANSLATE(42, {a: 1}, "?")]`, `[["France", 42, "?"]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[1].Kind() != value.KindObject {
				return c.badType("TRANSLATE")
			}
			if found, ok := a[1].Get(ToString(a[0])); ok {
				return found
			}
			if len(a) > 2 {
				return a[2]
			}
			return a[0]
		},
	},
	{
		Name: "ZIP", Family: "document", Deterministic: true, Cost: 10, Returns: Object | Null,
		Params:   []Param{one("keys", List), one("values", List)},
		Doc:      "Makes an object of an array of names and an array of as many values. Of equal names the first counts.",
		Examples: []Example{{`RETURN ZIP(["name", "active"], ["some user", true])`, `[{"name": "some user", "active": true}]`}},
		Eval:     evalZip,
	},
}

// eachMember makes an array of the attributes; a[1] says whether those with an underscore are left out.
func eachMember(c *Context, name string, a []value.Value, f func(m value.Member) value.Value) value.Value {
	if a[0].Kind() != value.KindObject {
		return c.badType(name)
	}
	members := a[0].Members()
	if !c.items(len(members)) {
		return value.Null()
	}
	out := make([]value.Value, 0, len(members))
	for _, m := range members {
		if !flag(a, 1) || !strings.HasPrefix(m.Name, "_") {
			out = append(out, f(m))
		}
	}
	return value.OwnItems(out)
}

// selecting declares a function of a document and names, each an argument or all in one array.
func selecting(name, doc, query, result string, f func(v value.Value, names map[string]bool) value.Value) Function {
	return Function{
		Name: name, Family: "document", Deterministic: true, Cost: 8, Returns: Object | Null,
		Params:   []Param{one("document", Object), many("attributeNames", Text|List)},
		Doc:      doc + " The names are arguments or an array.",
		Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindObject {
				return c.badType(name)
			}
			listed := a[1:]
			if len(a) == 2 && a[1].Kind() == value.KindArray {
				listed = a[1].Items()
			}
			names := make(map[string]bool, len(listed))
			for _, v := range listed {
				if v.Kind() != value.KindString {
					return c.badType(name)
				}
				names[v.Str()] = true
			}
			return f(a[0], names)
		},
	}
}

func selected(v value.Value, names map[string]bool, keep bool) value.Value {
	var out []value.Member
	for _, m := range v.Members() {
		if names[m.Name] == keep {
			out = append(out, m)
		}
	}
	return value.OwnMembers(out)
}

func selectedDeep(v value.Value, names map[string]bool, keep bool) value.Value {
	var out []value.Member
	for _, m := range v.Members() {
		if names[m.Name] != keep {
			continue
		}
		if m.Value.Kind() == value.KindObject {
			m.Value = selectedDeep(m.Value, names, keep)
		}
		out = append(out, m)
	}
	return value.OwnMembers(out)
}

// merged merges documents from the first to the last. Many of them are gathered and sorted once, so that the time does
// not grow with the square of their number.
func merged(c *Context, name string, docs []value.Value, deep bool) value.Value {
	total := 0
	for _, d := range docs {
		if d.Kind() != value.KindObject {
			return c.badType(name)
		}
		total += d.Len()
	}
	switch {
	case len(docs) == 0:
		return value.Object()
	case !c.items(2 * total):
		return value.Null()
	case !deep && len(docs) > 4:
		all := make([]value.Member, 0, total)
		for _, d := range docs {
			all = append(all, d.Members()...)
		}
		return value.Object(all...)
	}
	out := docs[0]
	for _, d := range docs[1:] {
		out = value.MergePatch(out, d, true, deep)
	}
	return out
}

func evalMatches(c *Context, a []value.Value) value.Value {
	answer := func(at int) value.Value {
		if flag(a, 2) {
			return value.Int(int64(at))
		}
		return value.Bool(at >= 0)
	}
	if a[0].Kind() != value.KindObject {
		return answer(-1)
	}
	examples := a[1:2]
	if a[1].Kind() == value.KindArray {
		examples = a[1].Items()
	}
	if len(examples) == 0 {
		return c.badType("MATCHES")
	}
	for i, e := range examples {
		if e.Kind() != value.KindObject {
			c.badType("MATCHES")
			continue
		}
		if !slices.ContainsFunc(e.Members(), func(m value.Member) bool {
			found, _ := a[0].Get(m.Name)
			return !value.Equal(found, m.Value)
		}) {
			return answer(i)
		}
	}
	return answer(-1)
}

// identifying declares a function of an _id or of a document with one.
func identifying(name, doc, query, result string, f func(collection, key string) value.Value) Function {
	return Function{
		Name: name, Family: "document", Deterministic: true, Cost: 3, Returns: Text | Object | Null,
		Params: unary("document", Text|Object), Doc: doc, Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			collection, key, ok := identifier(a[0])
			if !ok {
				return c.badType(name)
			}
			return f(collection, key)
		},
	}
}

// identifier reads collection and key from an _id, or from a document that has one.
func identifier(v value.Value) (collection, key string, ok bool) {
	if v.Kind() == value.KindObject {
		v, _ = v.Get("_id")
	}
	collection, key, ok = strings.Cut(v.Str(), "/")
	return collection, key, ok && collection != "" && key != "" && !strings.Contains(key, "/")
}

func evalZip(c *Context, a []value.Value) value.Value {
	if a[0].Kind() != value.KindArray || a[1].Kind() != value.KindArray || a[0].Len() != a[1].Len() {
		return c.badType("ZIP")
	}
	keys, values := a[0].Items(), a[1].Items()
	if !c.items(2 * len(keys)) {
		return value.Null()
	}
	members := make([]value.Member, len(keys))
	for i := range keys {
		// From the last to the first, since of equal names the last one counts.
		members[len(keys)-1-i] = value.Member{Name: ToString(keys[i]), Value: values[i]}
	}
	return value.Object(members...)
}
