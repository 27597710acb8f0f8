package fabric_test

import (
	"slices"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// tuples lists what a document puts into an index, by the definition of the index types.
func tuples(x *fabric.Index, doc value.Value) [][]value.Value {
	out := [][]value.Value{nil}
	for _, field := range x.Fields {
		var values []value.Value
		if head, ok := cutExpansion(field); ok {
			array, _ := doc.Get(head)
			for _, v := range array.Items() {
				if !x.Deduplicate || !slices.ContainsFunc(values, func(w value.Value) bool { return value.Equal(v, w) }) {
					values = append(values, v)
				}
			}
		} else {
			v, _ := doc.Get(field)
			values = []value.Value{v}
		}
		var next [][]value.Value
		for _, t := range out {
			for _, v := range values {
				if !x.Sparse || !v.IsNull() {
					next = append(next, append(slices.Clone(t), v))
				}
			}
		}
		out = next
	}
	return out
}

func cutExpansion(field string) (string, bool) {
	if n := len(field) - 3; n > 0 && field[n:] == "[*]" {
		return field[:n], true
	}
	return field, false
}

// checkIndex looks up everything that the documents say is in an index, and that nothing else is.
func checkIndex(t testing.TB, v *fabric.View, who string, c *fabric.Collection, x *fabric.Index, docs map[string]value.Value) {
	t.Helper()
	switch {
	case x.Type == "geo" || x.Type == "fulltext" || !x.Ready: // TestIndexesAreAsIfMadeAnew
		return
	case x.Type == "edge":
		checkEdges(t, v, who, c, docs)
		return
	}
	wanted := map[string][]string{} // values as JSON -> keys
	prefixes := map[string][]value.Value{}
	var all []string
	for key, doc := range docs {
		made := tuples(x, doc)
		if len(made) > 0 {
			all = append(all, key)
		}
		for _, tuple := range made {
			id := string(value.AppendJSON(nil, value.Array(tuple...)))
			prefixes[id] = tuple
			if !slices.Contains(wanted[id], key) {
				wanted[id] = append(wanted[id], key)
			}
		}
	}
	for id, keys := range wanted {
		// Values that compare equal share their entries (1 and 1.0).
		for other, more := range wanted {
			if other != id && sameTuple(prefixes[other], prefixes[id]) {
				keys = append(keys, more...)
			}
		}
		same(t, who+" "+c.Name+"/"+x.Name+" "+id, lookup(t, v, c, x, prefixes[id]), keys)
	}
	same(t, who+" "+c.Name+"/"+x.Name+" whole", lookup(t, v, c, x, nil), all)
}

func sameTuple(a, b []value.Value) bool { return value.Equal(value.Array(a...), value.Array(b...)) }

func lookup(t testing.TB, v *fabric.View, c *fabric.Collection, x *fabric.Index, values []value.Value) []string {
	t.Helper()
	found, err := v.Lookup(c.Name, x.Name, values, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return keysOf(found)
}

func keysOf(docs []fabric.Document) []string {
	keys := make([]string, 0, len(docs))
	for _, d := range docs {
		keys = append(keys, d.Key)
	}
	return keys
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	want = slices.Clone(want)
	slices.Sort(want)
	want = slices.Compact(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s: finds %v, the documents say %v", what, got, want)
	}
}

func checkEdges(t testing.TB, v *fabric.View, who string, c *fabric.Collection, docs map[string]value.Value) {
	t.Helper()
	in, out := map[string][]string{}, map[string][]string{}
	vertices := map[string]bool{}
	for key, doc := range docs {
		from, _ := doc.Get("_from")
		to, _ := doc.Get("_to")
		out[from.Str()] = append(out[from.Str()], key)
		in[to.Str()] = append(in[to.Str()], key)
		vertices[from.Str()], vertices[to.Str()] = true, true
	}
	for vertex := range vertices {
		for direction, want := range map[string][]string{"in": in[vertex], "out": out[vertex], "any": append(slices.Clone(in[vertex]), out[vertex]...)} {
			found, err := v.Edges(c.Name, vertex, direction, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			same(t, who+" edges "+direction+" of "+vertex, keysOf(found), want)
		}
	}
}
