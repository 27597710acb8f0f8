package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Meta names one state of a document.
type Meta struct {
	ID     string          `json:"_id"`
	Key    string          `json:"_key"`
	Rev    string          `json:"_rev"`
	OldRev string          `json:"_oldRev,omitempty"`
	New    json.RawMessage `json:"new,omitempty"` // with WriteOptions.ReturnNew
	Old    json.RawMessage `json:"old,omitempty"` // with WriteOptions.ReturnOld
}

// Item is the fate of one document of a call that takes many.
type Item struct {
	Meta
	// Err is nil when the document was written.
	Err *Error
}

// UnmarshalJSON reads either a document's names or an error.
func (i *Item) UnmarshalJSON(text []byte) error {
	var e envelope
	if err := json.Unmarshal(text, &e); err == nil && e.Error {
		i.Err = e.asError(statusOfItem(e))
		i.Meta = Meta{ID: e.ID, Key: e.Key, Rev: e.Rev}
		return nil
	}
	i.Err = nil
	return json.Unmarshal(text, &i.Meta)
}

// statusOfItem: items carry a number, mostly without a status.
func statusOfItem(e envelope) int {
	switch e.ErrorNum {
	case NumUniqueViolated:
		return http.StatusConflict
	case NumDocumentNotFound, NumCollectionNotFound:
		return http.StatusNotFound
	case NumRevConflict:
		return http.StatusPreconditionFailed
	}
	return http.StatusBadRequest
}

// WriteOptions changes how documents are written; the zero value is the
// server's default in every respect.
type WriteOptions struct {
	ReturnNew, ReturnOld bool
	// Overwrite lets an insert replace the document that is there.
	Overwrite bool
	// DropNulls removes members that an update sets to null.
	DropNulls bool
	// ReplaceObjects makes an update replace objects instead of merging
	// into them.
	ReplaceObjects bool
	// IfRev writes only if the document still has this _rev.
	IfRev string
	// WaitForSync true or false; nil leaves it to the collection.
	WaitForSync *bool
	// OneTransaction makes a call with many documents all or nothing.
	OneTransaction bool
	// IdempotencyKey names the call; empty lets the client choose one. The
	// server answers a second call with the same key as it did the first.
	IdempotencyKey string
}

func (o WriteOptions) query() url.Values {
	q := url.Values{}
	set := func(on bool, name, value string) {
		if on {
			q.Set(name, value)
		}
	}
	set(o.ReturnNew, "returnNew", "true")
	set(o.ReturnOld, "returnOld", "true")
	set(o.Overwrite, "overwrite", "true")
	set(o.DropNulls, "keepNull", "false")
	set(o.ReplaceObjects, "mergeObjects", "false")
	set(o.OneTransaction, "transaction", "all")
	if o.WaitForSync != nil {
		q.Set("waitForSync", strconv.FormatBool(*o.WaitForSync))
	}
	return q
}

func (o WriteOptions) call(method, path string, body any) *call {
	k := &call{method: method, path: path, query: o.query(), body: body, repeat: repeatKeyed, key: o.IdempotencyKey}
	if o.IfRev != "" {
		k.query.Set("ignoreRevs", "false")
		k.header = http.Header{"If-Match": {strconv.Quote(o.IfRev)}}
	}
	return k
}

func collectionPath(collection string) string { return "/document/" + url.PathEscape(collection) }

func documentPath(collection, key string) string {
	return collectionPath(collection) + "/" + url.PathEscape(key)
}

// Insert adds a document. Without a _key the server chooses one.
func (c *Client) Insert(ctx context.Context, collection string, document any, o WriteOptions) (Meta, error) {
	return c.write(ctx, o.call(http.MethodPost, collectionPath(collection), document))
}

// Update merges a patch into a document.
func (c *Client) Update(ctx context.Context, collection, key string, patch any, o WriteOptions) (Meta, error) {
	return c.write(ctx, o.call(http.MethodPatch, documentPath(collection, key), patch))
}

// Replace gives a document a new content.
func (c *Client) Replace(ctx context.Context, collection, key string, document any, o WriteOptions) (Meta, error) {
	return c.write(ctx, o.call(http.MethodPut, documentPath(collection, key), document))
}

// Remove takes a document away.
func (c *Client) Remove(ctx context.Context, collection, key string, o WriteOptions) (Meta, error) {
	return c.write(ctx, o.call(http.MethodDelete, documentPath(collection, key), nil))
}

func (c *Client) write(ctx context.Context, k *call) (Meta, error) {
	var meta Meta
	err := c.do(ctx, k, &meta)
	return meta, err
}

// InsertMany adds documents, each in a transaction of its own unless
// OneTransaction is set. The error is of the call; each Item has its own.
func (c *Client) InsertMany(ctx context.Context, collection string, documents any, o WriteOptions) ([]Item, error) {
	return c.writeMany(ctx, o.call(http.MethodPost, collectionPath(collection), documents))
}

// UpdateMany merges patches; each names its document by _key.
func (c *Client) UpdateMany(ctx context.Context, collection string, patches any, o WriteOptions) ([]Item, error) {
	return c.writeMany(ctx, o.call(http.MethodPatch, collectionPath(collection), patches))
}

// ReplaceMany replaces documents; each names itself by _key.
func (c *Client) ReplaceMany(ctx context.Context, collection string, documents any, o WriteOptions) ([]Item, error) {
	return c.writeMany(ctx, o.call(http.MethodPut, collectionPath(collection), documents))
}

// RemoveMany takes the documents with the given keys away.
func (c *Client) RemoveMany(ctx context.Context, collection string, keys []string, o WriteOptions) ([]Item, error) {
	return c.writeMany(ctx, o.call(http.MethodDelete, collectionPath(collection), keys))
}

func (c *Client) writeMany(ctx context.Context, k *call) ([]Item, error) {
	var items []Item
	err := c.do(ctx, k, &items)
	return items, err
}

// Get reads a document into out, which may be nil or a *json.RawMessage.
func (c *Client) Get(ctx context.Context, collection, key string, out any) (Meta, error) {
	var text []byte
	k := &call{method: http.MethodGet, path: documentPath(collection, key), repeat: repeatSafe}
	if err := c.do(ctx, k, &text); err != nil {
		return Meta{}, err
	}
	var meta Meta
	if err := json.Unmarshal(text, &struct {
		ID  *string `json:"_id"`
		Key *string `json:"_key"`
		Rev *string `json:"_rev"`
	}{&meta.ID, &meta.Key, &meta.Rev}); err != nil {
		return Meta{}, fmt.Errorf("document %s/%s: %w", collection, key, err)
	}
	if out == nil {
		return meta, nil
	}
	return meta, json.Unmarshal(text, out)
}

// Exists says whether a document is there, and its _rev.
func (c *Client) Exists(ctx context.Context, collection, key string) (rev string, found bool, err error) {
	k := &call{method: http.MethodHead, path: documentPath(collection, key), repeat: repeatSafe}
	header, err := c.doHeader(ctx, k, nil)
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Status == http.StatusNotFound {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return strings.Trim(header.Get("Etag"), `"`), true, nil
}

// Direction chooses among the edges of a vertex.
type Direction string

// The directions of edges as seen from the vertex.
const (
	AnyDirection Direction = ""
	Inbound      Direction = "in"
	Outbound     Direction = "out"
)

// Edges lists the edges of a vertex (COLLECTION/KEY) in an edge collection.
func (c *Client) Edges(ctx context.Context, collection, vertex string, d Direction) ([]json.RawMessage, error) {
	q := url.Values{"vertex": {vertex}}
	if d != AnyDirection {
		q.Set("direction", string(d))
	}
	var answer struct {
		Edges []json.RawMessage `json:"edges"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/edges/" + url.PathEscape(collection), query: q,
		repeat: repeatSafe}, &answer)
	return answer.Edges, err
}

// Operation is one step of an atomic batch: Op is insert, update, replace,
// remove, upsert, kvset or kvdelete.
type Operation struct {
	Op         string         `json:"op"`
	Collection string         `json:"collection"`
	Key        string         `json:"key,omitempty"`
	Document   any            `json:"document,omitempty"`
	Rev        string         `json:"rev,omitempty"`
	Options    map[string]any `json:"options,omitempty"`
}

// Atomic commits all operations in one transaction, or none: then the *Error
// has the Index of the operation that failed.
func (c *Client) Atomic(ctx context.Context, operations []Operation, o WriteOptions) ([]Meta, error) {
	var answer struct {
		Result []Meta `json:"result"`
	}
	body := map[string]any{"operations": operations}
	err := c.do(ctx, o.call(http.MethodPost, "/batch/atomic", body), &answer)
	return answer.Result, err
}

// ExportEach streams a collection in key order, without _id and _rev, and
// stops at the first error of fn. The slice belongs to fn.
func (c *Client) ExportEach(ctx context.Context, collection string, fn func(document json.RawMessage) error) error {
	k := &call{method: http.MethodGet, path: "/export/" + url.PathEscape(collection),
		query: url.Values{"limit": {"0"}}, repeat: repeatSafe}
	response, err := c.stream(ctx, k)
	if err != nil {
		return err
	}
	defer drain(response.Body)
	decoder := json.NewDecoder(response.Body)
	if err := seekMember(decoder, "result"); err != nil {
		return fmt.Errorf("export of %s: %w", collection, err)
	}
	for decoder.More() {
		var document json.RawMessage
		if err := decoder.Decode(&document); err != nil {
			return fmt.Errorf("export of %s: %w", collection, err)
		}
		if err := fn(document); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return fmt.Errorf("export of %s breaks off: %w", collection, err)
	}
	return nil
}

// seekMember moves the decoder into the array that is the named member of
// the object it stands before.
func seekMember(decoder *json.Decoder, name string) error {
	if err := wantDelim(decoder, '{'); err != nil {
		return err
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		if token == name {
			return wantDelim(decoder, '[')
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("the answer has no member %s", name)
}

func wantDelim(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("the answer has %v where %v should be", token, want)
	}
	return nil
}
