package api

import (
	"context"
	"hash/maphash"
	"strconv"
	"strings"
	"sync"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// Item is the outcome of one item of a bulk call: the reply, or the error.
type Item struct {
	Reply WriteReply
	Err   *Error
}

// itemOf reads one element of a bulk call: the key and the document in it.
// Removals also take keys and handles.
func itemOf(op Op, collection string, element value.Value) (string, error) {
	if element.Kind() == value.KindString && op == OpRemove {
		return keyOfHandle(collection, element.Str())
	}
	if element.Kind() != value.KindObject {
		return "", Fail(BadDocument, "want an object, not %s", element.Kind())
	}
	k, ok := element.Get("_key")
	if !ok {
		if id, has := element.Get("_id"); has && op != OpInsert {
			return keyOfHandle(collection, id.Str())
		}
		return "", nil
	}
	if k.Kind() != value.KindString {
		return "", Fail(BadKey, "_key is %s, want a string", k.Kind())
	}
	return k.Str(), nil
}

// keyOfHandle takes a key, or a handle of this collection.
func keyOfHandle(collection, handle string) (string, error) {
	name, key, ok := strings.Cut(handle, "/")
	if !ok {
		return handle, nil
	}
	if name != collection {
		return "", Fail(BadParameter, "the handle %s is of another collection than %s", quote(handle), quote(collection))
	}
	return key, nil
}

// WriteMany writes each element as a transaction of its own. Elements with
// the same key go in the order of the array; for the others there is none,
// but keys that are generated sort as the array does.
func (s *Service) WriteMany(ctx context.Context, c *Call, op Op, collection string, elements []value.Value, o *WriteOptions) ([]Item, error) {
	if err := s.bulk(c, collection, len(elements)); err != nil {
		return nil, err
	}
	items := make([]Item, len(elements))
	lanes := min(s.limits.Parallel, len(elements))
	if lanes == 0 {
		return items, nil
	}
	if to, ok := c.series(collection); ok && op == OpInsert {
		return s.writePoints(ctx, c, to, elements, o)
	}
	if c.joined != nil {
		for i := range elements {
			if err := s.writeOnly(ctx, c, op, collection, elements[i], o, &items[i]); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	if len(elements) == 1 {
		return items, s.writeOnly(ctx, c, op, collection, elements[0], o, &items[0])
	}
	queues := make([][]int, lanes)
	keys, fresh := make([]string, len(elements)), make([]string, len(elements))
	seed := maphash.MakeSeed()
	for i := range elements {
		key, err := itemOf(op, collection, elements[i])
		if err != nil {
			items[i].Err = AsError(err)
			continue
		}
		lane := i % lanes
		if keys[i] = key; key != "" {
			lane = int(maphash.String(seed, key) % uint64(lanes))
		} else if op == OpInsert {
			fresh[i] = c.Fabric.NewKey()
		}
		queues[lane] = append(queues[lane], i)
	}
	calls := make([]Call, lanes)
	var wait sync.WaitGroup
	for lane, queue := range queues {
		calls[lane] = Call{Identity: c.Identity, Tenant: c.Tenant, FabricName: c.FabricName, Fabric: c.Fabric}
		wait.Go(func() {
			for _, i := range queue {
				if c.Idempotency != "" { // a repeated call repeats no item
					calls[lane].Idempotency = c.Idempotency + "#" + strconv.Itoa(i)
				}
				one := *o
				one.fresh = fresh[i]
				s.writeItem(ctx, &calls[lane], op, collection, keys[i], elements[i], &one, &items[i])
			}
		})
	}
	wait.Wait()
	for i := range calls {
		c.saw(calls[i].seen)
	}
	return items, nil
}

// writeOnly does a bulk call of a single item, on the caller's goroutine.
func (s *Service) writeOnly(ctx context.Context, c *Call, op Op, collection string, element value.Value, o *WriteOptions, item *Item) error {
	key, err := itemOf(op, collection, element)
	if err != nil {
		item.Err = AsError(err)
		return nil
	}
	one := *c
	if c.Idempotency != "" {
		one.Idempotency = c.Idempotency + "#0"
	}
	s.writeItem(ctx, &one, op, collection, key, element, o, item)
	c.saw(one.seen)
	return nil
}

// writeItem does one item of a bulk call.
func (s *Service) writeItem(ctx context.Context, c *Call, op Op, collection, key string, doc value.Value, o *WriteOptions, item *Item) {
	if ctx.Err() != nil {
		item.Err = AsError(ctx.Err())
		return
	}
	one := *o
	if op == OpRemove && doc.Kind() != value.KindObject {
		doc = value.Null()
	}
	var err error
	if item.Reply, err = s.Write(ctx, c, op, collection, key, doc, &one); err != nil {
		item.Err = AsError(err)
	}
}

// bulk checks what all bulk calls have in common.
func (s *Service) bulk(c *Call, collection string, items int) error {
	if err := c.open(collection); err != nil {
		return err
	}
	if items > s.limits.Items {
		return Fail(BadParameter, "%d items: at most %d in one call", items, s.limits.Items)
	}
	if _, ok := c.Fabric.Collection(collection); !ok {
		return Fail(CollectionNotFound, "%s", quote(collection))
	}
	return nil
}

// WriteAll writes all elements in one transaction.
func (s *Service) WriteAll(ctx context.Context, c *Call, op Op, collection string, elements []value.Value, o *WriteOptions) ([]Item, error) {
	if err := s.bulk(c, collection, len(elements)); err != nil {
		return nil, err
	}
	writes := make([]fabric.Write, len(elements))
	for i, element := range elements {
		key, err := itemOf(op, collection, element)
		if err == nil {
			if element.Kind() == value.KindString {
				element = value.Null()
			}
			writes[i], err = prepare(op.fabric(), collection, key, element, o)
		}
		if err != nil {
			e := AsError(err)
			e.Index = i
			return nil, e
		}
	}
	receipt, err := s.transact(ctx, c, writes, o.Sync)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(receipt.Results))
	for i := range receipt.Results {
		items[i].Reply = replyOf(collection, &receipt.Results[i])
	}
	return items, nil
}

// transact commits several writes at once.
func (s *Service) transact(ctx context.Context, c *Call, writes []fabric.Write, sync Sync) (fabric.Receipt, error) {
	if len(writes) == 0 {
		return fabric.Receipt{}, nil
	}
	if c.joined != nil {
		return c.joined.all(writes)
	}
	receipt, err := c.Fabric.Commit(ctx, fabric.Transaction{Writes: writes, Idempotency: c.Idempotency, Async: sync == SyncFalse})
	if err != nil {
		return receipt, AsError(err)
	}
	c.saw(receipt.Vector)
	return receipt, nil
}
