package naive

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// The numbers of errors of modifications.
const (
	keyMissing   = 1226
	noDocument   = 1227
	keyOfNoWorth = 1221
)

// settings are the options of a modification.
type settings struct {
	ignoreErrors, ignoreRevs, keepNull, mergeObjects bool
	overwrite                                        string
}

func (r *runner) settings(o ast.Options) settings {
	s := settings{ignoreRevs: true, keepNull: true, mergeObjects: true}
	if o == nil {
		return s
	}
	given := r.eval(o, row{})
	flag := func(name string, to *bool) {
		if v, ok := given.Get(name); ok {
			*to = operator.ToBool(v)
		}
	}
	flag("ignoreErrors", &s.ignoreErrors)
	flag("ignoreRevs", &s.ignoreRevs)
	flag("keepNull", &s.keepNull)
	flag("mergeObjects", &s.mergeObjects)
	if v, _ := given.Get("overwrite"); operator.ToBool(v) {
		s.overwrite = "replace"
	}
	if v, ok := given.Get("overwriteMode"); ok {
		s.overwrite = v.Str()
	}
	return s
}

// computed is what a modification is to do for a row.
type computed struct {
	row      row
	key, doc value.Value
}

// modifyAll computes what is to be done for all rows before anything is written, so that no row sees what another wrote.
func (r *runner) modifyAll(o *ast.Modify, in []row) []row {
	var list []computed
	for _, x := range in {
		if r.err != nil {
			return nil
		}
		list = append(list, computed{x, r.eval(o.Key, x), r.eval(o.Doc, x)})
	}
	var out []row
	for _, x := range list {
		if r.err != nil {
			return nil
		}
		out = append(out, r.modify(o, x)...)
	}
	return out
}

// modify writes for one row. With ignoreErrors a row whose write fails is left out.
func (r *runner) modify(o *ast.Modify, x computed) []row {
	s := r.settings(o.Options)
	c, ok := r.data.Collection(o.Into.Name)
	if !ok {
		r.fail(1203, "collection or view not found: '%s'", o.Into.Name)
		return nil
	}
	w := rows.Write{Collection: c, KeepNull: s.keepNull, MergeObjects: s.mergeObjects, Document: x.doc}
	switch o.Kind {
	case ast.Insert:
		return r.write(o, x.row, w, s)
	case ast.Update:
		w.Op = rows.Update
	case ast.Replace:
		w.Op = rows.Replace
	case ast.Remove:
		w.Op = rows.Remove
	}
	which := w.Document
	if o.Key != nil {
		which = x.key
	}
	if err := r.identify(&w, which, s); err != nil {
		return r.refused(err, s)
	}
	return r.write(o, x.row, w, s)
}

// identify finds out which document is meant: a key, or an object with one.
func (r *runner) identify(w *rows.Write, which value.Value, s settings) error {
	switch which.Kind() {
	case value.KindString:
		w.Key = which.Str()
	case value.KindObject:
		key, _ := which.Get("_key")
		w.Key = key.Str()
		if rev, _ := which.Get("_rev"); !s.ignoreRevs {
			w.IfRev = rev.Str()
		}
	default:
		return &Error{Number: keyOfNoWorth, Text: "a key is a string, or an object with a _key"}
	}
	if w.Key == "" {
		return &Error{Number: keyMissing, Text: "document without a _key"}
	}
	return nil
}

// refused leaves out the row of a write that failed, or ends the query.
func (r *runner) refused(err error, s settings) []row {
	if !s.ignoreErrors {
		r.stop(err)
	}
	return nil
}

func (r *runner) write(o *ast.Modify, x row, w rows.Write, s settings) []row {
	if o.Kind == ast.Insert {
		w.Op = rows.Insert
		switch s.overwrite {
		case "replace":
			w.Op = rows.Overwrite
		case "update":
			w.Op = rows.Merge
		case "ignore":
			if key, _ := w.Document.Get("_key"); key.Str() != "" {
				if _, found, err := r.data.Get(w.Collection, key.Str()); found && err == nil {
					return []row{x.with(o.Old, value.Null()).with(o.New, value.Null())}
				}
			}
		}
	}
	if o.Kind != ast.Remove && w.Document.Kind() != value.KindObject {
		return r.refused(&Error{Number: noDocument, Text: "a document is an object, not a value of type " + w.Document.Kind().String()}, s)
	}
	t, ok := r.data.(rows.Transaction)
	if !ok || r.err != nil {
		r.fail(1400, "a query that modifies needs a transaction")
		return nil
	}
	r.read = nil
	done, err := t.Write(w)
	if err != nil {
		return r.refused(err, s)
	}
	return []row{x.with(o.Old, done.Old).with(o.New, done.New)}
}

// upsert looks for a document that has the members of the search object, and changes it, or inserts one.
func (r *runner) upsert(o *ast.Upsert, x row) []row {
	s := r.settings(o.Options)
	search := r.eval(o.Search, x)
	found := value.Null()
	for _, doc := range r.collection(o.Into.Name) {
		if fits(doc, search) {
			found = doc
			break
		}
	}
	as := &ast.Modify{Pos: o.Pos, Kind: ast.Insert, Doc: o.Insert, Into: o.Into, Old: o.Old, New: o.New, Options: o.Options}
	if found.IsNull() {
		return r.modify(as, computed{row: x, doc: r.eval(o.Insert, x)})
	}
	x = x.with(o.Old, found)
	as.Kind = ast.Update
	if o.Replace {
		as.Kind = ast.Replace
	}
	c, _ := r.data.Collection(o.Into.Name)
	key, _ := found.Get("_key")
	w := rows.Write{Op: rows.Update, Collection: c, Key: key.Str(), Document: r.eval(o.Update, x), KeepNull: s.keepNull, MergeObjects: s.mergeObjects}
	if o.Replace {
		w.Op = rows.Replace
	}
	return r.write(as, x, w, s)
}

func fits(doc, search value.Value) bool {
	for _, m := range search.Members() {
		if v, _ := doc.Get(m.Name); !value.Equal(v, m.Value) {
			return false
		}
	}
	return true
}
