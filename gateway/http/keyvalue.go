package http

import (
	"context"
	"net/http"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// keyValue answers /kv, /kv/C and what is below it.
func (q *request) keyValue() error {
	enter := q.takePart
	if q.path.n <= 2 { // collections are made and dropped outside of transactions
		enter = q.enter
	}
	ctx, err := enter()
	if err != nil {
		return err
	}
	service, name, m := q.server.service, q.path.at(1), q.hr.Method
	switch q.path.n {
	case 1:
		if m != http.MethodGet {
			return q.allow("GET")
		}
		all, err := service.KVCollections(ctx, &q.call)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, each(all, func(c *api.KVCollection) value.Value {
			return value.Object(str("name", c.Name), member("expiration", value.Bool(c.Expires)))
		}))
	case 2:
		switch m {
		case http.MethodPost:
			return q.kvCreate(ctx, name)
		case http.MethodDelete:
			return q.named(name, service.KVDrop(ctx, &q.call, name))
		}
		return q.allow("POST, DELETE")
	case 3:
		return q.kvPart(ctx, name, q.path.at(2))
	case 4:
		if q.path.at(2) != "value" {
			return q.unknown()
		}
		switch m {
		case http.MethodGet, http.MethodHead:
			return q.kvGet(ctx, name, q.path.at(3))
		case http.MethodDelete:
			return q.kvDelete(ctx, name, q.path.at(3))
		}
		return q.allow("GET, HEAD, DELETE")
	}
	return q.unknown()
}

// named answers with the name of what was done.
func (q *request) named(name string, err error) error {
	if err != nil {
		return err
	}
	return q.ok(http.StatusOK, str("name", name))
}

func (q *request) kvPart(ctx context.Context, name, part string) error {
	service, m := q.server.service, q.hr.Method
	switch {
	case part == "count" && m == http.MethodGet:
		n, err := service.KVCount(ctx, &q.call, name)
		if err != nil {
			return err
		}
		return q.ok(http.StatusOK, str("name", name), member("count", value.Int(n)))
	case part == "keys" && m == http.MethodGet:
		return q.kvKeys(ctx, name)
	case part == "value" && m == http.MethodPut:
		return q.kvSet(ctx, name)
	case part == "values" && m == http.MethodPost:
		return q.kvValues(ctx, name)
	case part == "values" && m == http.MethodDelete:
		return q.kvDeleteMany(ctx, name)
	case part == "truncate" && m == http.MethodPut:
		return q.named(name, service.KVTruncate(ctx, &q.call, name))
	case part == "count" || part == "keys":
		return q.allow("GET")
	case part == "value" || part == "truncate":
		return q.allow("PUT")
	case part == "values":
		return q.allow("POST, DELETE")
	case part == "groups" || part == "groupID":
		return api.Fail(api.NotAvailable, "groups of key-values come later")
	}
	return q.unknown()
}

func (q *request) kvCreate(ctx context.Context, name string) error {
	expires, err := q.query.flag("expiration", false)
	if err != nil {
		return err
	}
	body, err := q.jsonOr(value.Object())
	if err != nil {
		return err
	}
	f := object(body)
	spec := api.CollectionRequest{Stream: f.flag("stream", false), WaitForSync: f.flag("waitForSync", false),
		AllowAsync: f.flag("allowAsync", false), Local: f.flag("isLocal", false)}
	if f.err == nil && f.flag("blobs", false) {
		f.err = api.Fail(api.NotAvailable, "blobs come later")
	}
	if f.err != nil {
		return f.err
	}
	return q.named(name, q.server.service.KVCreate(ctx, &q.call, name, expires, spec))
}

func (q *request) kvGet(ctx context.Context, name, key string) error {
	doc, err := q.server.service.KVGet(ctx, &q.call, name, key)
	if err != nil {
		return err
	}
	return q.document(&doc)
}

func (q *request) kvDelete(ctx context.Context, name, key string) error {
	o := api.DefaultWriteOptions()
	var err error
	if o.Sync, err = q.sync(); err != nil {
		return err
	}
	if err := q.preconditions(api.OpRemove, &o); err != nil {
		return err
	}
	reply, err := q.server.service.KVDelete(ctx, &q.call, name, key, &o)
	if err != nil {
		return err
	}
	q.out = reply.AppendJSON(q.out[:0])
	return q.send(written(api.OpRemove, o.Sync), q.out)
}

// list reads a body that is an array, or one object that stands for an array
// of one, for a call that writes each of them.
func (q *request) list() ([]value.Value, error) {
	if err := q.unconditional(); err != nil {
		return nil, err
	}
	body, err := q.json()
	if err != nil {
		return nil, err
	}
	switch body.Kind() {
	case value.KindArray:
		return body.Items(), nil
	case value.KindObject:
		return []value.Value{body}, nil
	}
	return nil, api.Fail(api.BadParameter, "the body is %s, want an array", body.Kind())
}

func (q *request) kvSet(ctx context.Context, name string) error {
	sync, err := q.sync()
	if err != nil {
		return err
	}
	pairs, err := q.list()
	if err != nil {
		return err
	}
	done, err := q.server.service.KVSet(ctx, &q.call, name, pairs, sync)
	if err != nil {
		return err
	}
	return q.items(written(api.OpInsert, sync), done, false)
}

func (q *request) kvDeleteMany(ctx context.Context, name string) error {
	sync, err := q.sync()
	if err != nil {
		return err
	}
	keys, err := q.list()
	if err != nil {
		return err
	}
	if len(keys) == 1 && keys[0].Kind() == value.KindObject { // {"keys": [...]}, as reading takes it
		if named, ok := keys[0].Get("keys"); ok && named.Kind() == value.KindArray {
			keys = named.Items()
		}
	}
	done, err := q.server.service.KVDeleteMany(ctx, &q.call, name, keys, sync)
	if err != nil {
		return err
	}
	return q.items(written(api.OpRemove, sync), done, false)
}

// page reads offset, limit and order.
func (q *request) page(limit int) (api.Page, error) {
	const most = 1 << 30
	offset, err := q.query.number("offset", 0, 0, most)
	if err != nil {
		return api.Page{}, err
	}
	if limit, err = q.query.number("limit", limit, 0, most); err != nil {
		return api.Page{}, err
	}
	p := api.Page{Offset: offset, Limit: limit}
	switch order := q.query.get("order"); order {
	case "", "asc", "ASC":
	case "desc", "DESC":
		p.Descending = true
	default:
		return p, api.Fail(api.BadParameter, "order=%s: want asc or desc", quote(order))
	}
	return p, nil
}

const pageDefault = 20 // of the reference

func (q *request) kvKeys(ctx context.Context, name string) error {
	p, err := q.page(pageDefault)
	if err != nil {
		return err
	}
	list, err := q.server.service.KVPage(ctx, &q.call, name, p)
	return q.listing(ctx, list, err, func(d *api.Document, dst []byte) []byte { return api.AppendText(dst, d.Key) })
}

// kvValues answers the entries of the keys in the body, or a page when there
// is no body.
func (q *request) kvValues(ctx context.Context, name string) error {
	p, err := q.page(pageDefault)
	if err != nil {
		return err
	}
	body, err := q.jsonOr(value.Null())
	if err != nil {
		return err
	}
	if body.Kind() == value.KindObject {
		body, _ = body.Get("keys")
	}
	if body.IsNull() || body.Len() == 0 && body.Kind() == value.KindArray {
		list, err := q.server.service.KVPage(ctx, &q.call, name, p)
		return q.listing(ctx, list, err, func(d *api.Document, dst []byte) []byte { return d.AppendServed(dst) })
	}
	keys, err := texts("keys", body)
	if err != nil {
		return err
	}
	docs, err := q.server.service.KVValues(ctx, &q.call, name, keys)
	if err != nil {
		return err
	}
	return q.documentList(docs, "result", "")
}
