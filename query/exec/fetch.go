package exec

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// fetch takes out of a stored document what a plan wants of it. What the filter asks for comes first, and refers to the
// stored text; only documents that are let through have the rest taken out and their text copied.
type fetch struct {
	out      int
	outFirst bool // the filter needs the whole document
	filter   closure.Test
	first    taken // what the filter reads
	rest     taken
}

// taken is a set of places within a document.
type taken struct {
	extract *value.Extractor // nil when there are none
	slots   []int            // of what is extracted
	system  []systemField
}

// systemField is one of the attributes that are not in the stored text.
type systemField struct {
	name string
	slot int
	path value.Path // below it: always null
}

func (s *scope) fetch(f *plan.Fetch) (*fetch, error) {
	out := &fetch{out: s.slot(f.Out)}
	asked := ast.Set{}
	if f.Filter != nil {
		var err error
		if out.filter, err = s.expr.Test(f.Filter); err != nil {
			return nil, err
		}
		reading{inline: s.inline}.expr(asked, f.Filter)
		out.outFirst = out.out >= 0 && asked.Has(f.Out)
	}
	var first, rest []plan.Projection
	for _, p := range f.Projections {
		switch {
		case s.slot(p.Var) < 0:
		case asked.Has(p.Var):
			first = append(first, p)
		default:
			rest = append(rest, p)
		}
	}
	out.first, out.rest = s.taken(first), s.taken(rest)
	return out, nil
}

func (s *scope) taken(list []plan.Projection) taken {
	var out taken
	var paths []value.Path
	for _, p := range list {
		slot := s.slot(p.Var)
		if len(p.Path) > 0 && isSystem(p.Path[0]) {
			out.system = append(out.system, systemField{name: p.Path[0], slot: slot, path: p.Path[1:]})
			continue
		}
		paths, out.slots = append(paths, p.Path), append(out.slots, slot)
	}
	if len(paths) > 0 {
		out.extract = value.NewExtractor(paths...)
	}
	return out
}

func isSystem(name string) bool { return name == "_key" || name == "_id" || name == "_rev" }

// fetcher is what a task needs to fetch.
type fetcher struct {
	*fetch
	t     *task
	room  []value.Value
	whole []byte // a whole document that the filter looks at
}

// row fills in a row from a document; false when the filter turns it away. bytes is the text that was copied.
func (f *fetcher) row(doc *rows.Row, row []value.Value) (pass bool, bytes int) {
	f.take(&f.first, doc, row)
	if f.outFirst {
		f.whole = doc.AppendDocument(f.whole[:0])
		row[f.out] = value.Lazy(f.whole)
	}
	if f.filter != nil && !f.filter(&f.t.env, row) {
		return false, 0
	}
	f.take(&f.rest, doc, row)
	for _, list := range [2]*taken{&f.first, &f.rest} {
		for _, slot := range list.slots {
			bytes += row[slot].TextLen()
			row[slot] = f.t.arena.keep(row[slot])
		}
	}
	if f.out >= 0 {
		row[f.out] = f.document(doc)
		bytes += row[f.out].TextLen()
	}
	return true, bytes
}

// systemBytes is room for the system attributes, besides twice the key and the name of the collection.
const systemBytes = 96

// document makes a whole document.
func (f *fetcher) document(doc *rows.Row) value.Value {
	room := len(doc.Text) + 2*len(doc.Key) + len(doc.Collection.Name) + systemBytes
	text := doc.AppendDocument(f.t.arena.room(room))
	if len(text) <= room {
		f.t.arena.took(text)
	}
	return value.Lazy(text)
}

func (f *fetcher) take(list *taken, doc *rows.Row, row []value.Value) {
	if list.extract != nil {
		f.room = list.extract.Extract(doc.Text, f.room)
		for i, slot := range list.slots {
			row[slot] = f.room[i]
		}
	}
	for i := range list.system {
		s := &list.system[i]
		row[s.slot] = value.Null()
		if len(s.path) == 0 {
			row[s.slot] = f.system(s.name, doc)
		}
	}
}

// system makes one of the attributes that are not in the stored text. Its text is in the arena at once.
func (f *fetcher) system(name string, doc *rows.Row) value.Value {
	a := &f.t.arena
	var text []byte
	switch name {
	case "_key":
		text = append(a.room(len(doc.Key)), doc.Key...)
	case "_id":
		text = append(a.room(len(doc.Collection.Name)+1+len(doc.Key)), doc.Collection.Name...)
		text = append(append(text, '/'), doc.Key...)
	default:
		text = rows.AppendRev(a.room(rows.RevLen), doc.Stamp, doc.Hash)
	}
	a.took(text)
	return value.String(stringOf(text))
}
