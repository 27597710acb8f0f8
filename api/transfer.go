package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// Listing is a part of a collection in key order, as of one moment, read bit
// by bit: however much it is, it takes no more memory than one document. It
// belongs to one goroutine and must be closed.
type Listing struct {
	view       *fabric.View // nil in a transaction
	joined     *joined
	collection string
	page       Page
}

// List opens a part of a collection. What it shows is durable already.
func (s *Service) List(ctx context.Context, c *Call, collection string, p Page) (*Listing, error) {
	if err := c.open(collection); err != nil {
		return nil, err
	}
	if p.Offset < 0 {
		return nil, Fail(BadParameter, "offset %d: want zero or more", p.Offset)
	}
	if c.joined != nil {
		_, err := c.joined.find(collection, false)
		return &Listing{joined: c.joined, collection: collection, page: p}, err
	}
	v := c.Fabric.View()
	if _, ok := v.Collection(collection); !ok {
		shut(v)
		return nil, Fail(CollectionNotFound, "%s", quote(collection))
	}
	if err := c.settle(ctx, v); err != nil {
		shut(v)
		return nil, err
	}
	return &Listing{view: v, collection: collection, page: p}, nil
}

// Close lets go of the moment that the listing shows.
func (l *Listing) Close() {
	if l.view != nil {
		shut(l.view)
	}
}

// walk visits all documents in the order of the page.
func (l *Listing) walk(visit func(Document) bool) error {
	if l.joined != nil {
		return l.joined.walk(l.collection, l.page.Descending, visit)
	}
	return l.view.Each(l.collection, "", l.page.Descending, visit)
}

// Each visits the documents until an error, which it gives as it is. A
// document's text is valid during its visit only.
func (l *Listing) Each(ctx context.Context, visit func(*Document) error) error {
	if l.page.Limit == 0 {
		return nil
	}
	skip, left := l.page.Offset, l.page.Limit
	var failed error
	err := l.walk(func(d Document) bool {
		if failed = ctx.Err(); failed != nil {
			return false
		}
		if skip > 0 {
			skip--
			return true
		}
		if failed = visit(&d); failed != nil {
			return false
		}
		left--
		return left != 0
	})
	if failed != nil {
		return failed
	}
	return orNil(err)
}

// Edges gives the edges of a vertex. Direction is in, out or any (also when
// empty); the vertex is a handle collection/key.
func (s *Service) Edges(ctx context.Context, c *Call, collection, vertex, direction string) ([]Document, error) {
	if err := c.open(collection); err != nil {
		return nil, err
	}
	if at := strings.IndexByte(vertex, '/'); at <= 0 || at == len(vertex)-1 {
		return nil, Fail(BadParameter, "vertex %s: want a handle collection/key", quote(vertex))
	}
	switch direction {
	case "":
		direction = "any"
	case "in", "out", "any":
	default:
		return nil, Fail(BadParameter, "direction %s: want in, out or any", quote(direction))
	}
	if c.joined != nil {
		return c.joined.edges(collection, vertex, direction, s.limits.Items)
	}
	v := c.Fabric.View()
	defer shut(v)
	got, ok := v.Collection(collection)
	if !ok {
		return nil, Fail(CollectionNotFound, "%s", quote(collection))
	}
	if got.Type != fabric.EdgeCollection {
		return nil, Fail(CollectionType, "%s is not an edge collection", quote(collection))
	}
	docs, err := v.Edges(collection, vertex, direction, s.limits.Items)
	if err != nil {
		return nil, AsError(err)
	}
	return docs, c.settle(ctx, v)
}

// ImportRequest says how rows become documents.
type ImportRequest struct {
	Collection  string
	Rows        []value.Value
	OnDuplicate string // error (default), update, replace, ignore
	Overwrite   bool   // truncate first; not with Complete
	Complete    bool   // all or nothing
	PrimaryKey  string // the member that becomes _key
	FromPrefix  string // put before a _from or _to without a slash
	ToPrefix    string
}

// ImportReply counts what became of the rows. Details says, per failed row,
// which and why; Failed has the indexes of those rows.
type ImportReply struct {
	Created, Updated, Ignored, Errors, Empty int
	Details                                  []string
	Failed                                   []int
}

const importDetailsMost = 1000

// emptiesFirst refuses what cannot go with emptying the collection, which is a
// commit of its own before those of the rows.
func (r *ImportRequest) emptiesFirst(c *Call) error {
	switch {
	case !r.Overwrite:
		return nil
	case r.Complete:
		return Fail(BadParameter, "overwrite and complete: a collection is emptied before the rows are written, not together with them; "+
			"truncate it first, or leave complete out")
	case c.Idempotency != "":
		return Fail(BadParameter, "overwrite with an Idempotency-Key: a repeat would empty the collection and then write no row again; leave the key out")
	}
	return nil
}

// Import writes rows, each as a transaction of its own unless Complete.
func (s *Service) Import(ctx context.Context, c *Call, r ImportRequest) (ImportReply, error) {
	o := DefaultWriteOptions()
	switch r.OnDuplicate {
	case "", "error":
	case "update":
		o.Overwrite = OverwriteUpdate
	case "replace":
		o.Overwrite = OverwriteReplace
	case "ignore":
		o.Overwrite = OverwriteIgnore
	default:
		return ImportReply{}, Fail(BadParameter, "onDuplicate %s: want error, update, replace or ignore", quote(r.OnDuplicate))
	}
	if err := r.emptiesFirst(c); err != nil {
		return ImportReply{}, err
	}
	if err := s.bulk(c, r.Collection, len(r.Rows)); err != nil {
		return ImportReply{}, err
	}
	var reply ImportReply
	rows, from := make([]value.Value, 0, len(r.Rows)), make([]int, 0, len(r.Rows))
	for i, row := range r.Rows {
		doc, err := r.document(row)
		if err != nil {
			if r.Complete {
				err.Index = i
				return reply, err
			}
			reply.fail(i, err)
			continue
		}
		rows, from = append(rows, doc), append(from, i)
	}
	if r.Overwrite {
		if _, err := s.Truncate(ctx, c, r.Collection); err != nil {
			return reply, err
		}
	}
	write := s.WriteMany
	if r.Complete {
		write = s.WriteAll
	}
	items, err := write(ctx, c, OpInsert, r.Collection, rows, &o)
	if err != nil {
		return reply, err
	}
	for i := range items {
		reply.count(&items[i], from[i])
	}
	return reply, nil
}

func (r *ImportReply) fail(i int, err *Error) {
	r.Errors++
	r.Failed = append(r.Failed, i)
	if len(r.Details) < importDetailsMost {
		r.Details = append(r.Details, "row "+strconv.Itoa(i+1)+": "+err.Message)
	}
}

func (r *ImportReply) count(item *Item, at int) {
	switch {
	case item.Err != nil:
		r.fail(at, item.Err)
	case item.Reply.Created:
		r.Created++
	case item.Reply.OldRev != "":
		r.Updated++
	default:
		r.Ignored++
	}
}

// document makes the document of a row.
func (r *ImportRequest) document(row value.Value) (value.Value, *Error) {
	if row.Kind() != value.KindObject {
		return row, Fail(BadDocument, "want an object, not %s", row.Kind())
	}
	if r.PrimaryKey != "" && r.PrimaryKey != "_key" {
		k, ok := row.Get(r.PrimaryKey)
		if !ok {
			return row, Fail(BadKey, "the row has no %s", quote(r.PrimaryKey))
		}
		text := k.Str()
		if k.Kind() == value.KindNumber {
			text = k.Digits()
		}
		if text == "" {
			return row, Fail(BadKey, "%s is %s, want a string or number", quote(r.PrimaryKey), k.Kind())
		}
		row = row.With("_key", value.String(text))
	}
	row = prefixed(row, "_from", r.FromPrefix)
	return prefixed(row, "_to", r.ToPrefix), nil
}

func prefixed(row value.Value, name, prefix string) value.Value {
	if prefix == "" {
		return row
	}
	v, ok := row.Get(name)
	if !ok || v.Kind() != value.KindString || strings.Contains(v.Str(), "/") {
		return row
	}
	return row.With(name, value.String(prefix+"/"+v.Str()))
}
