package api

import (
	"context"
	"strings"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// Sync says when a write is acknowledged.
type Sync uint8

// The three answers to waitForSync.
const (
	SyncDefault Sync = iota // durable
	SyncTrue                // durable, and the status says so
	SyncFalse               // may be early where the collection allows it
)

// Overwrite says what an insert does with a key that exists.
type Overwrite uint8

// The modes of overwriting.
const (
	OverwriteConflict Overwrite = iota // fail
	OverwriteReplace
	OverwriteUpdate
	OverwriteIgnore // leave the document as it is
)

// WriteOptions are those of every document write.
type WriteOptions struct {
	ReturnOld, ReturnNew, Silent bool
	KeepNull, MergeObjects       bool
	IgnoreRevs                   bool
	Overwrite                    Overwrite
	Sync                         Sync
	// IfRev is the revision that a single document must have.
	IfRev string
	// MustBeNew makes it a failed precondition when an insert meets a document.
	MustBeNew bool
	// fresh is the key to give when the document has none.
	fresh string
}

// DefaultWriteOptions are the options of a request that gives none.
func DefaultWriteOptions() WriteOptions {
	return WriteOptions{KeepNull: true, MergeObjects: true, IgnoreRevs: true}
}

// WriteReply is what one write did. Old and New are served JSON, when asked
// for; OldRev is empty for a new document.
type WriteReply struct {
	Collection, Key, Rev, OldRev string
	Old, New                     []byte
	Created                      bool
}

// AppendJSON appends the reply: _id, _key, _rev and what else there is.
func (r *WriteReply) AppendJSON(dst []byte) []byte {
	if r.Key == "" { // a point
		return append(append(append(dst, `{"_rev":"`...), r.Rev...), `"}`...)
	}
	dst = append(dst, `{"_id":"`...)
	dst = append(dst, r.Collection...)
	dst = append(dst, '/')
	dst = append(dst, r.Key...)
	dst = append(dst, `","_key":"`...)
	dst = append(dst, r.Key...)
	dst = append(dst, `","_rev":"`...)
	dst = append(dst, r.Rev...)
	dst = append(dst, '"')
	if r.OldRev != "" {
		dst = append(dst, `,"_oldRev":"`...)
		dst = append(dst, r.OldRev...)
		dst = append(dst, '"')
	}
	if r.Old != nil {
		dst = append(append(dst, `,"old":`...), r.Old...)
	}
	if r.New != nil {
		dst = append(append(dst, `,"new":`...), r.New...)
	}
	return append(dst, '}')
}

// The collections of the system fabric in which the node keeps the directory
// of the planet. Whoever changes them changes what every location does, so
// only the node touches them.
const (
	LocationsCollection = "_locations"
	FabricsCollection   = "_fabrics"
)

// hidden tells whether a collection exists for no verb.
func hidden(name string) bool {
	switch name {
	case LocationsCollection, FabricsCollection, "_schema", "_schema_local":
		return true
	}
	return access.Reserved(name)
}

// open refuses collections that no verb may touch.
func (c *Call) open(collection string) error {
	if collection == "" {
		return Fail(BadParameter, "the name of the collection is missing")
	}
	if hidden(collection) {
		return Fail(CollectionNotFound, "%s", quote(collection))
	}
	return nil
}

// bodyRev gives the _rev in a body, when it is one.
func bodyRev(doc value.Value) string {
	v, _ := doc.Get("_rev")
	return v.Str()
}

// content is the document without what the engine keeps itself. _key stays
// for the fabric to check.
func content(doc value.Value) value.Value {
	if _, ok := doc.Get("_id"); ok {
		doc = doc.Without("_id")
	}
	if _, ok := doc.Get("_rev"); ok {
		doc = doc.Without("_rev")
	}
	return doc
}

// prepare makes the fabric's write of a request's.
func prepare(op fabric.WriteOp, collection, key string, doc value.Value, o *WriteOptions) (fabric.Write, error) {
	if op != fabric.Remove && doc.Kind() != value.KindObject {
		return fabric.Write{}, Fail(BadDocument, "want an object, not %s", doc.Kind())
	}
	if k, ok := doc.Get("_key"); ok && op != fabric.Remove {
		if k.Kind() != value.KindString {
			return fabric.Write{}, Fail(BadKey, "_key is %s, want a string", k.Kind())
		}
		if key == "" {
			key = k.Str()
			if key == "" {
				return fabric.Write{}, Fail(BadKey, "_key is empty")
			}
		}
		if k.Str() != key {
			return fabric.Write{}, Fail(BadKey, "the document says _key %s, the request %s", quote(k.Str()), quote(key))
		}
	}
	if op == fabric.Insert {
		switch o.Overwrite {
		case OverwriteReplace:
			op = fabric.Upsert
		case OverwriteUpdate:
			op = fabric.UpsertPatch
		}
	} else if key == "" {
		return fabric.Write{}, Fail(BadKey, "_key is missing")
	}
	w := fabric.Write{Op: op, Collection: collection, Key: key, Fresh: o.fresh, IfRev: o.IfRev, KeepNull: o.KeepNull, MergeObjects: o.MergeObjects,
		ReturnOld: o.ReturnOld, ReturnNew: o.ReturnNew}
	if w.IfRev == "" && !o.IgnoreRevs {
		w.IfRev = bodyRev(doc)
	}
	if op != fabric.Remove {
		w.Document = content(doc)
	}
	return w, nil
}

// Op is the kind of a document write in a request.
type Op uint8

// The kinds of document writes.
const (
	OpInsert Op = iota
	OpUpdate
	OpReplace
	OpRemove
)

func (o Op) fabric() fabric.WriteOp {
	switch o {
	case OpUpdate:
		return fabric.Update
	case OpReplace:
		return fabric.Replace
	case OpRemove:
		return fabric.Remove
	}
	return fabric.Insert
}

// Write does one document write. Key may be empty for an insert.
func (s *Service) Write(ctx context.Context, c *Call, op Op, collection, key string, doc value.Value, o *WriteOptions) (WriteReply, error) {
	if err := c.open(collection); err != nil {
		return WriteReply{}, err
	}
	w, err := prepare(op.fabric(), collection, key, doc, o)
	if err != nil {
		return WriteReply{}, err
	}
	reply, err := c.commit(ctx, w, o, c.Idempotency)
	if op == OpRemove {
		reply.OldRev = "" // what is removed has the one revision
	}
	if err != nil && o.Overwrite == OverwriteIgnore && fabric.CodeOf(err) == fabric.KeyExists {
		return s.existing(ctx, c, w, o)
	}
	if err != nil {
		e := AsError(err)
		if o.MustBeNew && fabric.CodeOf(err) == fabric.KeyExists {
			e = s.present(ctx, c, &w)
		}
		e.Index = -1 // one document has no index
		return WriteReply{}, e
	}
	return reply, nil
}

// present is the error of an insert that met a document.
func (s *Service) present(ctx context.Context, c *Call, w *fabric.Write) *Error {
	doc, err := s.Read(ctx, c, w.Collection, w.Key)
	if err != nil {
		return AsError(err)
	}
	e := Fail(RevisionConflict, "the document exists, with revision %s", doc.Rev())
	e.ID, e.Key, e.Rev = doc.ID(), doc.Key, doc.Rev()
	return e
}

// commit runs one write as a transaction, or in the one that the call takes part in.
func (c *Call) commit(ctx context.Context, w fabric.Write, o *WriteOptions, idempotency string) (WriteReply, error) {
	if c.joined != nil {
		return c.joined.write(&w)
	}
	receipt, err := c.Fabric.Commit(ctx, fabric.Transaction{Writes: []fabric.Write{w}, Idempotency: idempotency, Async: o.Sync == SyncFalse})
	if err != nil {
		return WriteReply{}, err
	}
	c.saw(receipt.Vector)
	return replyOf(w.Collection, &receipt.Results[0]), nil
}

func replyOf(collection string, r *fabric.Result) WriteReply {
	return WriteReply{Collection: collection, Key: r.Key, Rev: r.Rev, OldRev: r.OldRev, Old: r.Old, New: r.New, Created: r.Created}
}

// existing answers an insert that leaves what is there.
func (s *Service) existing(ctx context.Context, c *Call, w fabric.Write, o *WriteOptions) (WriteReply, error) {
	doc, err := s.Read(ctx, c, w.Collection, w.Key)
	if err != nil {
		return WriteReply{}, err
	}
	reply := WriteReply{Collection: w.Collection, Key: doc.Key, Rev: doc.Rev()}
	if o.ReturnOld {
		reply.Old = doc.AppendServed(nil)
	}
	if o.ReturnNew {
		reply.New = doc.AppendServed(nil)
	}
	return reply, nil
}

// Document is a document as it is read.
type Document = fabric.Document

// Read gives one document.
func (s *Service) Read(ctx context.Context, c *Call, collection, key string) (Document, error) {
	if err := c.open(collection); err != nil {
		return Document{}, err
	}
	doc, found, err := c.get(ctx, collection, key)
	if err != nil {
		return Document{}, AsError(err)
	}
	if !found && !keyable(key) {
		return Document{}, Fail(BadKey, "%s", quote(key))
	}
	if !found {
		return Document{}, Fail(DocumentNotFound, "%s", quote(collection+"/"+key))
	}
	return doc, nil
}

// get reads one document, in the transaction if there is one.
func (c *Call) get(ctx context.Context, collection, key string) (Document, bool, error) {
	if c.joined != nil {
		return c.joined.get(collection, key)
	}
	doc, found, err := c.Fabric.Get(ctx, collection, key)
	if err == nil {
		c.saw(c.Fabric.Seen())
	}
	return doc, found, err
}

// keyable tells whether a document could have this key at all.
func keyable(key string) bool {
	for _, c := range []byte(key) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-:.@()+,=;$!*'%", c) >= 0 {
			continue
		}
		return false
	}
	return len(key) >= 1 && len(key) <= 254
}

// shut releases a view; what it read is good whatever that reports.
func shut(v *fabric.View) { _ = v.Close() }

// settle waits until what a view showed is durable, so that no answer shows
// what a crash could take back.
func (c *Call) settle(ctx context.Context, v *fabric.View) error {
	if err := c.Fabric.Settle(ctx, v.Number()); err != nil {
		return AsError(err)
	}
	c.saw(c.Fabric.Seen()) // the view may have shown more than its vector says
	return nil
}

// readManyBodies is how many times the largest body of a request the documents of one reply may have: all are held in
// memory.
const readManyBodies = 2

// ReadMany gives documents by key; one that is missing has an error in its
// place.
func (s *Service) ReadMany(ctx context.Context, c *Call, collection string, keys []string) ([]Document, []*Error, error) {
	if err := c.open(collection); err != nil {
		return nil, nil, err
	}
	if len(keys) > s.limits.Items {
		return nil, nil, Fail(BadParameter, "%d keys: at most %d", len(keys), s.limits.Items)
	}
	read, done := c.reader()
	docs, failed := make([]Document, len(keys)), make([]*Error, len(keys))
	left := readManyBodies * s.limits.BodyBytes
	for i, key := range keys {
		doc, found, err := read(collection, key)
		left -= int64(len(doc.Text))
		switch {
		case left < 0:
			_ = done(ctx)
			return nil, nil, Fail(ResourceLimit, "the documents have more than %d bytes: ask for fewer at once", readManyBodies*s.limits.BodyBytes)
		case fabric.CodeOf(err) == fabric.BadKey:
			failed[i] = AsError(err)
		case err != nil:
			_ = done(ctx)
			return nil, nil, AsError(err)
		case !found:
			failed[i] = Fail(DocumentNotFound, "%s", quote(collection+"/"+key))
		}
		docs[i] = doc
	}
	return docs, failed, done(ctx)
}

// reader opens one state to read documents from, the transaction's if there is one. The end waits until what was read
// may be told.
func (c *Call) reader() (read func(collection, key string) (Document, bool, error), done func(context.Context) error) {
	if c.joined != nil {
		return c.joined.get, func(context.Context) error { return nil }
	}
	v := c.Fabric.View()
	return v.Get, func(ctx context.Context) error {
		defer shut(v)
		return c.settle(ctx, v)
	}
}
