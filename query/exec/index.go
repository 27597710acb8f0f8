package exec

import (
	"cmp"
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/operator"
	"github.com/selvedge-db/selvedge/query/plan"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// indexStep reads documents through indexes, for each row anew.
type indexStep struct {
	below      step
	width      int
	collection *rows.Collection
	fetch      *fetch
	covering   *covering // nil when documents are read
	accesses   []access
	reverse    bool
	limit      closure.Eval
	once       bool // a document may be met more than once
}

// access is one way into an index.
type access interface {
	// open begins with a row. It gives nothing when the row asks for nothing that there can be.
	open(x *index, row []value.Value) (finder, error)
	// repeats tells whether it may meet a document more than once.
	repeats() bool
}

// finder gives documents one after another.
type finder interface {
	// next gives the key of the next document, nil at the end, and its entry when it comes from an index.
	next() (key, entry []byte, err error)
	close() error
}

func (s *scope) index(n *plan.Index, below step) (step, error) {
	out := &indexStep{
		below: below, width: s.width, collection: n.Collection, reverse: n.Reverse, once: len(n.Accesses) > 1,
	}
	for _, a := range n.Accesses {
		made, err := s.access(n, a)
		if err != nil {
			return nil, err
		}
		if len(a.Guard) > 0 {
			guard, err := s.exprs(a.Guard...)
			if err != nil {
				return nil, err
			}
			made = &guarded{access: made, guard: guard}
		}
		out.once = out.once || made.repeats()
		out.accesses = append(out.accesses, made)
	}
	var err error
	if out.fetch, err = s.fetch(&n.Fetch); err != nil {
		return nil, err
	}
	if n.Covering {
		if out.covering, err = s.covering(n); err != nil {
			return nil, err
		}
	}
	if n.Limit != nil {
		out.limit, err = s.expr.Eval(n.Limit)
	}
	return out, err
}

func (s *scope) access(n *plan.Index, a plan.Access) (access, error) {
	switch {
	case a.Keys != nil && a.Keys.Key == nil:
		return s.keyRange(a.Keys)
	case a.Keys != nil:
		key, err := s.expr.Eval(a.Keys.Key)
		return &keyAccess{key: key, id: a.Keys.ID, each: a.Keys.Each}, err
	case a.Persistent != nil:
		return s.rangeAccess(n, a)
	case a.Edge != nil:
		vertex, err := s.expr.Eval(a.Edge.Vertex)
		return &edgeAccess{index: a.Index, vertex: vertex, each: a.Edge.Each, direction: a.Edge.Direction}, err
	case a.Geo != nil:
		return s.geoAccess(n, a)
	case a.Fulltext != nil:
		return s.wordAccess(n, a)
	}
	return nil, internal("an access into an index says nothing")
}

func (s *indexStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	if err != nil {
		return nil, err
	}
	return &index{s: s, t: t, frame: f, in: drawing{below: below}, left: -1, fetcher: fetcher{fetch: s.fetch, t: t}}, nil
}

type index struct {
	s       *indexStep
	t       *task
	frame   *frame
	in      drawing
	out     builder
	fetcher fetcher
	row     []value.Value
	at      int // the access that is read
	finder  finder
	keys    keys // the finder of keys that are known, made once
	seen    map[string]struct{}
	held    int64
	begun   bool
	left    int64
	doc     rows.Row
	loaded  bool // doc is the one whose key was just found
	// distance is set by geo accesses before each document, to be put into its slot.
	distance value.Value
	slot     int
}

func (x *index) next() (*block, error) {
	if !x.begun {
		x.begun, x.left, x.at, x.slot = true, -1, len(x.s.accesses), -1
		if x.s.limit != nil {
			x.left = int64(operator.Whole(x.s.limit(&x.t.env, x.frame.seed)))
		}
	}
	x.out.begin(x.s.width)
	for !x.out.full() && x.left != 0 {
		if x.finder == nil {
			ok, err := x.advance()
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			continue
		}
		if err := x.fill(); err != nil {
			return nil, err
		}
	}
	return x.out.done()
}

// advance opens the next access, of the next row when all of this one's are through.
func (x *index) advance() (bool, error) {
	if x.at >= len(x.s.accesses) {
		if x.t.Hidden[x.s.collection.Name] {
			return false, nil
		}
		row, ok, err := x.in.row()
		if err != nil || !ok {
			return false, err
		}
		x.row, x.at = row, 0
		x.forget()
	}
	a := x.s.accesses[x.at]
	x.at++
	var err error
	x.finder, err = a.open(x, x.row)
	if err == nil {
		err = x.t.failed
	}
	return true, err
}

// forget lets go of the keys that were met for the last row.
func (x *index) forget() {
	if len(x.seen) > 0 {
		x.seen = nil
		x.t.shrink(x.held)
		x.held = 0
	}
}

// seenBytes is what a key that was met takes besides its text.
const seenBytes = 48

// again tells whether a document was met before for the same row.
func (x *index) again(key []byte) (bool, error) {
	if _, ok := x.seen[string(key)]; ok {
		return true, nil
	}
	if x.seen == nil {
		x.seen = map[string]struct{}{}
	}
	x.seen[string(key)] = struct{}{}
	bytes := int64(len(key) + seenBytes)
	x.held += bytes
	return false, x.t.grow(bytes)
}

// fill adds documents of the access until the block is full.
func (x *index) fill() error {
	for !x.out.full() && x.left != 0 {
		key, entry, err := x.finder.next()
		if err != nil {
			return err
		}
		if key == nil {
			return x.shut()
		}
		if err := x.t.step(); err != nil {
			return err
		}
		if x.s.once {
			again, err := x.again(key)
			if err != nil {
				return err
			}
			if again {
				x.loaded = false
				continue
			}
		}
		x.t.stats.ScannedIndex++
		if err := x.document(key, entry); err != nil {
			return err
		}
	}
	return nil
}

// document adds one document, if it is let through.
func (x *index) document(key, entry []byte) error {
	to := x.out.add(x.row)
	if x.slot >= 0 {
		to[x.slot] = x.distance
	}
	if x.s.covering != nil && entry != nil {
		if covered, pass := x.covered(key, entry, to); covered {
			x.passed(pass, 0)
			return nil
		}
	}
	if !x.loaded {
		var found bool
		var err error
		if x.doc, found, err = x.t.Snapshot.Get(x.s.collection, x.name(key)); err != nil {
			return err
		}
		if !found {
			x.out.drop()
			return nil
		}
	}
	x.loaded = false
	pass, bytes := x.fetcher.row(&x.doc, to)
	x.passed(pass, bytes)
	return nil
}

// name is a key as a string, the one that was asked for where it is known.
func (x *index) name(key []byte) string {
	if k, ok := x.finder.(*keys); ok {
		return k.last
	}
	return string(key)
}

// passed keeps the row that was added, or takes it back.
func (x *index) passed(pass bool, bytes int) {
	if !pass {
		x.out.drop()
		x.t.stats.Filtered++
		return
	}
	x.out.bytes += bytes
	if x.left > 0 {
		x.left--
	}
}

// shut ends the access.
func (x *index) shut() error {
	if x.finder == nil {
		return nil
	}
	err := x.finder.close()
	x.finder = nil
	return err
}

func (x *index) reset() {
	_ = x.shut() // nothing was read that is used
	x.forget()
	x.begun = false
	x.out.reset()
	x.in.reset()
}

func (x *index) close() {
	_ = x.shut()
	x.in.close()
}

// entries opens a cursor over entries.
func (t *task) entries(c *rows.Collection, of *rows.Index, b rows.Bounds) (rows.EntryCursor, error) {
	t.stats.CursorsCreated++
	return t.Snapshot.Entries(c, of, b)
}

// covering reads what is wanted of a document from its entry in an index.
type covering struct {
	fields int
	places []coveredPlace // by field
	key    []int          // slots of _key
	id     []int          // slots of _id
}

type coveredPlace struct{ field, slot int }

func (s *scope) covering(n *plan.Index) (*covering, error) {
	out := &covering{}
	x := n.Accesses[0].Index
	for _, p := range n.Fetch.Projections {
		slot := s.slot(p.Var)
		if slot < 0 {
			continue
		}
		if p.Path.Equal(value.Path{"_key"}) {
			out.key = append(out.key, slot)
			continue
		}
		if p.Path.Equal(value.Path{"_id"}) {
			out.id = append(out.id, slot)
			continue
		}
		field := coveringField(x, n.Accesses[0], p.Path)
		if field < 0 {
			return nil, internal("index %s does not cover %s", x.Name, p.Path)
		}
		out.places = append(out.places, coveredPlace{field: field, slot: slot})
		out.fields = max(out.fields, field+1)
	}
	slices.SortStableFunc(out.places, func(a, b coveredPlace) int { return cmp.Compare(a.field, b.field) })
	return out, nil
}

// coveringField finds the value of an entry that is the one at a path, -1 when there is none.
func coveringField(x *rows.Index, a plan.Access, path value.Path) int {
	if x == nil {
		return -1
	}
	if a.Edge != nil {
		// The vertex is the first value of an entry, the other end the second.
		outbound := a.Edge.Direction == ast.Outbound
		switch {
		case path.Equal(value.Path{"_from"}) && outbound, path.Equal(value.Path{"_to"}) && !outbound:
			return 0
		case path.Equal(value.Path{"_from"}), path.Equal(value.Path{"_to"}):
			return 1
		}
		return -1
	}
	for i, f := range x.Fields {
		if f.Expand < 0 && f.Path.Equal(path) {
			return i
		}
	}
	return -1
}

// exactWhole is the least number of which entries do not have all digits.
const exactWhole = 1 << 53

// covered fills in a row from an entry; covered is false when the document must be read after all.
func (x *index) covered(key, entry []byte, row []value.Value) (covered, pass bool) {
	c := x.s.covering
	rest := entry
	at := 0
	if x.edgeEntries() {
		rest = rest[1:]
	}
	for field := range c.fields {
		var v value.Value
		var err error
		if x.edgeEntries() {
			var text string
			text, rest, err = value.DecodeKeyString(rest)
			v = value.String(text)
		} else {
			v, rest, err = value.DecodeKey(rest)
		}
		if err != nil || !exact(v) {
			return false, false
		}
		for ; at < len(c.places) && c.places[at].field == field; at++ {
			row[c.places[at].slot] = v
		}
	}
	if len(c.key) > 0 || len(c.id) > 0 {
		x.systemOf(key, row)
	}
	return true, x.s.fetch.filter == nil || x.s.fetch.filter(&x.t.env, row)
}

// systemOf fills in _key and _id.
func (x *index) systemOf(key []byte, row []value.Value) {
	x.doc = rows.Row{Collection: x.s.collection, Key: key}
	for _, slot := range x.s.covering.key {
		row[slot] = x.fetcher.system("_key", &x.doc)
	}
	for _, slot := range x.s.covering.id {
		row[slot] = x.fetcher.system("_id", &x.doc)
	}
}

func (x *index) edgeEntries() bool {
	a, ok := x.s.accesses[0].(*edgeAccess)
	return ok && a != nil
}

// exact tells whether an entry has all of a value: keys of arrays and objects lack nulls, and those of large numbers
// digits.
func exact(v value.Value) bool {
	switch v.Kind() {
	case value.KindArray, value.KindObject:
		return false
	case value.KindNumber:
		f := v.Float64()
		return f < exactWhole && f > -exactWhole
	}
	return true
}
