package exec

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Numbers of errors of modifications.
const (
	badDocument  = 1227
	badKey       = 1221
	keyMissing   = 1226
	writeRefused = 1004
)

// writeStep writes for each row. All of its rows are drawn and written before the first one goes on, so that no LIMIT
// above leaves some unwritten.
type writeStep struct {
	below    step
	width    int
	alive    []int
	eager    bool // the rows below may depend on what is written: all are drawn first
	quiet    bool // nothing is above: rows need not be kept
	old, new int
	writer   interface {
		open(t *task) (rowWriter, error)
	}
	options plan.ModifyOptions
}

// rowWriter writes for one row and fills in what it knows of the old and the new document.
type rowWriter interface {
	write(row []value.Value) (rows.Written, error)
}

func (s *scope) modify(n *plan.Modify, below step) (step, error) {
	evals, err := s.exprs(n.Key, n.Doc)
	if err != nil {
		return nil, err
	}
	m := &modification{kind: n.Modification, collection: n.Collection, key: evals[0], doc: evals[1], options: n.Options}
	return &writeStep{
		below: below, width: s.width, alive: s.alive[n], eager: n.Eager, quiet: s.top == plan.Node(n),
		old: s.slot(n.Old), new: s.slot(n.New), writer: m, options: n.Options,
	}, nil
}

func (s *writeStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	if t.Transaction == nil {
		return nil, &Error{Number: writeRefused, Code: "query-read-only", Text: "the query writes, which is not allowed here"}
	}
	w, err := s.writer.open(t)
	return &writing{s: s, t: t, below: below, writer: w}, err
}

type writing struct {
	s      *writeStep
	t      *task
	below  source
	writer rowWriter
	kept   store
	at     int
	ready  bool
	out    builder
	held   int64
}

func (w *writing) next() (*block, error) {
	if !w.ready {
		if err := w.all(); err != nil {
			return nil, err
		}
		w.ready, w.at = true, 0
	}
	w.out.begin(w.s.width)
	for ; w.at < w.kept.n && !w.out.full(); w.at++ {
		w.out.add(w.kept.row(w.at))
	}
	return w.out.done()
}

// all draws every row and writes.
func (w *writing) all() error {
	w.kept.width, w.kept.alive = w.s.width, w.s.alive
	if !w.s.eager {
		return w.each(w.below, func(row []value.Value) error { return w.row(row) })
	}
	in := store{width: w.s.width}
	for i := range w.s.width {
		in.alive = append(in.alive, i)
	}
	held := int64(0)
	err := w.each(w.below, func(row []value.Value) error {
		bytes := in.add(row)
		held += bytes
		return w.t.grow(bytes)
	})
	for i := 0; i < in.n && err == nil; i++ {
		err = w.row(in.row(i))
	}
	w.t.shrink(held)
	return err
}

func (w *writing) each(from source, f func(row []value.Value) error) error {
	for {
		b, err := from.next()
		if err != nil || b == nil {
			return err
		}
		for i := range b.n {
			if err := f(b.row(i)); err != nil {
				return err
			}
			if err := w.t.step(); err != nil {
				return err
			}
		}
	}
}

// row writes for one row and keeps it.
func (w *writing) row(row []value.Value) error {
	ignored := w.t.stats.WritesIgnored
	done, err := w.writer.write(row)
	if w.t.failed != nil {
		return w.t.failed
	}
	if err != nil {
		if !w.s.options.IgnoreErrors {
			return err
		}
		w.t.stats.WritesIgnored++
		return nil
	}
	if w.t.stats.WritesIgnored == ignored {
		w.t.stats.WritesExecuted++
	}
	if w.s.quiet {
		return nil
	}
	if w.s.old >= 0 {
		row[w.s.old] = done.Old
	}
	if w.s.new >= 0 {
		row[w.s.new] = done.New
	}
	bytes := w.kept.add(row)
	w.held += bytes
	return w.t.grow(bytes)
}

func (w *writing) reset() {
	w.t.shrink(w.held)
	w.held, w.ready = 0, false
	w.kept.clear()
	w.out.reset()
	w.below.reset()
}

func (w *writing) close() { w.below.close() }

// modification is INSERT, UPDATE, REPLACE or REMOVE.
type modification struct {
	kind       ast.ModifyKind
	collection *rows.Collection
	key, doc   closure.Eval
	options    plan.ModifyOptions
}

func (m *modification) open(t *task) (rowWriter, error) { return &modifying{m, t}, nil }

type modifying struct {
	*modification
	t *task
}

func (m *modifying) write(row []value.Value) (rows.Written, error) {
	w := rows.Write{Collection: m.collection, KeepNull: m.options.KeepNull, MergeObjects: m.options.MergeObjects}
	var doc value.Value
	if m.doc != nil {
		doc = m.doc(&m.t.env, row)
	}
	if m.kind == ast.Insert {
		return m.insert(w, doc)
	}
	of := doc
	if m.key != nil {
		of = m.key(&m.t.env, row)
	}
	var err error
	if w.Key, err = keyOf(of); err != nil {
		return rows.Written{}, err
	}
	if !m.options.IgnoreRevs {
		rev, _ := of.Get("_rev")
		w.IfRev = rev.Str()
	}
	switch m.kind {
	case ast.Update:
		w.Op = rows.Update
	case ast.Replace:
		w.Op = rows.Replace
	default:
		w.Op = rows.Remove
		return m.t.Transaction.Write(w)
	}
	if err := isDocument(doc); err != nil {
		return rows.Written{}, err
	}
	w.Document = doc
	return m.t.Transaction.Write(w)
}

func (m *modifying) insert(w rows.Write, doc value.Value) (rows.Written, error) {
	if err := isDocument(doc); err != nil {
		return rows.Written{}, err
	}
	w.Op, w.Document = rows.Insert, doc
	switch m.options.Overwrite {
	case "replace":
		w.Op = rows.Overwrite
	case "update":
		w.Op = rows.Merge
	case "ignore":
		key, _ := doc.Get("_key")
		if key.Kind() != value.KindString {
			break
		}
		if _, found, err := m.t.Transaction.Get(m.collection, key.Str()); err != nil || found {
			m.t.stats.WritesIgnored++
			return rows.Written{}, err
		}
	}
	return m.t.Transaction.Write(w)
}

// keyOf reads which document a modification means: a key, or an object that has it.
func keyOf(v value.Value) (string, error) {
	key := v
	switch v.Kind() {
	case value.KindString:
	case value.KindObject:
		key, _ = v.Get("_key")
	default:
		return "", &Error{
			Number: badKey, Code: "query-bad-key",
			Text: "illegal document key: give the _key as a string, or an object with _key, not a value of type " + v.Kind().String(),
		}
	}
	if key.Kind() != value.KindString || key.Str() == "" {
		return "", &Error{Number: keyMissing, Code: "query-no-key", Text: "the document to change has no _key: give it as a string"}
	}
	return key.Str(), nil
}

func isDocument(v value.Value) error {
	if v.Kind() == value.KindObject {
		return nil
	}
	return &Error{
		Number: badDocument, Code: "query-bad-document",
		Text: "invalid document type: only objects can be written, not a value of type " + v.Kind().String(),
	}
}

// upsert looks a document up and inserts it, or changes it.
type upsert struct {
	collection     *rows.Collection
	lookup         *pipeline
	insert, update closure.Eval
	replace        bool
	old            int
	options        plan.ModifyOptions
}

func (s *scope) upsert(n *plan.Upsert, below step) (step, error) {
	lookup, err := s.pipeline(n.Lookup, s.expr, nil)
	if err != nil {
		return nil, err
	}
	evals, err := s.exprs(n.Insert, n.Update)
	if err != nil {
		return nil, err
	}
	u := &upsert{
		collection: n.Collection, lookup: lookup, insert: evals[0], update: evals[1], replace: n.Replace,
		old: s.slot(n.Old), options: n.Options,
	}
	return &writeStep{
		below: below, width: s.width, alive: s.alive[n], eager: n.Eager, quiet: s.top == plan.Node(n),
		old: s.slot(n.Old), new: s.slot(n.New), writer: u, options: n.Options,
	}, nil
}

func (u *upsert) open(t *task) (rowWriter, error) {
	run, err := t.run(u.lookup)
	return &upserting{u, t, run}, err
}

type upserting struct {
	*upsert
	t   *task
	run *running
}

func (u *upserting) write(row []value.Value) (rows.Written, error) {
	found, held, err := u.run.array(row, 1)
	u.t.shrink(held)
	if err != nil {
		return rows.Written{}, err
	}
	u.run.end()
	w := rows.Write{Collection: u.collection, KeepNull: u.options.KeepNull, MergeObjects: u.options.MergeObjects}
	if found.Len() == 0 {
		w.Op, w.Document = rows.Insert, u.insert(&u.t.env, row)
	} else {
		old := found.Items()[0]
		if u.old >= 0 {
			row[u.old] = old
		}
		w.Op, w.Document = rows.Update, u.update(&u.t.env, row)
		if u.replace {
			w.Op = rows.Replace
		}
		if w.Key, err = keyOf(old); err != nil {
			return rows.Written{}, err
		}
		if !u.options.IgnoreRevs {
			rev, _ := w.Document.Get("_rev")
			w.IfRev = rev.Str()
		}
	}
	if err := isDocument(w.Document); err != nil {
		return rows.Written{}, err
	}
	return u.t.Transaction.Write(w)
}
