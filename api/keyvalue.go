package api

import (
	"context"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// ModelKV marks key-value collections, ModelDoc all others.
const (
	ModelDoc = "DOC"
	ModelKV  = "KV"
)

// Pair is one entry of a key-value collection. ExpireAt is in Unix seconds;
// zero or less means never.
type Pair struct {
	Key      string
	Value    value.Value
	ExpireAt int64
}

// KVCollection describes a key-value collection.
type KVCollection struct {
	Name    string
	Expires bool
}

// keyValue gives an error unless the collection is a key-value collection.
func (c *Call) keyValue(collection string) error {
	if err := c.open(collection); err != nil {
		return err
	}
	got, ok := c.Fabric.Collection(collection)
	if !ok {
		return Fail(CollectionNotFound, "%s", quote(collection))
	}
	if got.Model != ModelKV {
		return Fail(CollectionType, "%s is not a key-value collection", quote(collection))
	}
	return nil
}

// pairDocument is the document of an entry: value, and expireAt when there is
// one; zero and less mean never and are kept. So are other members.
func pairDocument(doc value.Value) (value.Value, error) {
	if doc.Kind() != value.KindObject {
		return doc, Fail(BadDocument, "want an object with value, not %s", doc.Kind())
	}
	if _, ok := doc.Get("value"); !ok {
		return doc, Fail(BadParameter, "value is missing")
	}
	e, ok := doc.Get("expireAt")
	if !ok || e.IsNull() {
		return doc.Without("expireAt"), nil
	}
	if e.Kind() != value.KindNumber {
		return doc, Fail(BadParameter, "expireAt is %s: want Unix seconds, or -1 for never", e.Kind())
	}
	return doc, nil
}

// KVCreate makes a key-value collection. Without expires its entries never
// end, whatever their expireAt.
func (s *Service) KVCreate(ctx context.Context, c *Call, name string, expires bool, spec CollectionRequest) error {
	spec.Name, spec.Type, spec.Model, spec.Expires = name, uint8(fabric.DocumentCollection), ModelKV, expires
	_, err := s.CreateCollection(ctx, c, spec)
	return err
}

// KVDrop drops a key-value collection.
func (s *Service) KVDrop(ctx context.Context, c *Call, name string) error {
	if err := c.keyValue(name); err != nil {
		return err
	}
	_, err := s.DropCollection(ctx, c, name)
	return err
}

// KVTruncate removes all entries.
func (s *Service) KVTruncate(ctx context.Context, c *Call, name string) error {
	if err := c.keyValue(name); err != nil {
		return err
	}
	_, err := s.Truncate(ctx, c, name)
	return err
}

// KVCollections lists the key-value collections by name.
func (s *Service) KVCollections(ctx context.Context, c *Call) ([]KVCollection, error) {
	v := c.Fabric.View()
	defer shut(v)
	var out []KVCollection
	all := v.Collections()
	for i := range all {
		got := &all[i]
		if got.Model == ModelKV && !hidden(got.Name) {
			out = append(out, KVCollection{Name: got.Name, Expires: got.Expires})
		}
	}
	return out, c.settle(ctx, v)
}

// KVGet reads one entry.
func (s *Service) KVGet(ctx context.Context, c *Call, collection, key string) (Document, error) {
	if err := c.keyValue(collection); err != nil {
		return Document{}, err
	}
	doc, err := s.Read(ctx, c, collection, key)
	if err != nil {
		return doc, keyMissing(err)
	}
	return doc, nil
}

// KVSet sets entries, each as a transaction of its own.
func (s *Service) KVSet(ctx context.Context, c *Call, collection string, pairs []value.Value, sync Sync) ([]Item, error) {
	if err := c.keyValue(collection); err != nil {
		return nil, err
	}
	docs, bad := make([]value.Value, 0, len(pairs)), make(map[int]*Error)
	for i, p := range pairs {
		doc, err := pairDocument(p)
		if k, ok := p.Get("_key"); err == nil && (!ok || k.Str() == "") {
			err = Fail(BadKey, "_key is missing")
		}
		if err != nil {
			bad[i] = AsError(err)
			continue
		}
		docs = append(docs, doc)
	}
	o := DefaultWriteOptions()
	o.Overwrite, o.Sync = OverwriteReplace, sync
	done, err := s.WriteMany(ctx, c, OpInsert, collection, docs, &o)
	if err != nil || len(bad) == 0 {
		return done, err
	}
	out := make([]Item, 0, len(pairs))
	for i := range pairs {
		if e := bad[i]; e != nil {
			out = append(out, Item{Err: e})
			continue
		}
		out, done = append(out, done[0]), done[1:]
	}
	return out, nil
}

// KVDelete removes one entry.
func (s *Service) KVDelete(ctx context.Context, c *Call, collection, key string, o *WriteOptions) (WriteReply, error) {
	if err := c.keyValue(collection); err != nil {
		return WriteReply{}, err
	}
	reply, err := s.Write(ctx, c, OpRemove, collection, key, value.Null(), o)
	if err != nil {
		return reply, keyMissing(err)
	}
	return reply, nil
}

// keyMissing gives an error of key-values their own number for what is not
// there.
func keyMissing(err error) *Error {
	e := AsError(err)
	if e.Code != DocumentNotFound {
		return e
	}
	_, detail, _ := strings.Cut(e.Message, ": ")
	out := Fail(KeyNotFound, "%s", detail)
	out.Index = e.Index
	return out
}

// KVDeleteMany removes entries, each as a transaction of its own.
func (s *Service) KVDeleteMany(ctx context.Context, c *Call, collection string, keys []value.Value, sync Sync) ([]Item, error) {
	if err := c.keyValue(collection); err != nil {
		return nil, err
	}
	o := DefaultWriteOptions()
	o.Sync = sync
	items, err := s.WriteMany(ctx, c, OpRemove, collection, keys, &o)
	for i := range items {
		if items[i].Err != nil {
			items[i].Err = keyMissing(items[i].Err)
		}
	}
	return items, err
}

// KVCount counts the entries.
func (s *Service) KVCount(ctx context.Context, c *Call, collection string) (int64, error) {
	if err := c.keyValue(collection); err != nil {
		return 0, err
	}
	_, n, err := s.Count(ctx, c, collection)
	return n, err
}

// Page says which part of a collection is wanted. A negative limit means all.
type Page struct {
	Offset, Limit int
	Descending    bool
}

// KVPage opens a part of the entries in key order.
func (s *Service) KVPage(ctx context.Context, c *Call, collection string, p Page) (*Listing, error) {
	if err := c.keyValue(collection); err != nil {
		return nil, err
	}
	return s.List(ctx, c, collection, p)
}

// KVValues gives the entries of some keys; keys without one are left out.
func (s *Service) KVValues(ctx context.Context, c *Call, collection string, keys []string) ([]Document, error) {
	if err := c.keyValue(collection); err != nil {
		return nil, err
	}
	docs, failed, err := s.ReadMany(ctx, c, collection, keys)
	if err != nil {
		return nil, err
	}
	out := docs[:0]
	for i, d := range docs {
		if failed[i] == nil {
			out = append(out, d)
		}
	}
	return out, nil
}
