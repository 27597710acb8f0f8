package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Pair is one entry of a key-value collection.
type Pair struct {
	Key   string          `json:"_key"`
	Value json.RawMessage `json:"value"`
	// ExpireAt is in unix seconds; zero means never.
	ExpireAt int64  `json:"expireAt"`
	Rev      string `json:"_rev,omitempty"`
}

// KVCollection is a key-value collection as the server lists it.
type KVCollection struct {
	Name       string `json:"name"`
	Expiration bool   `json:"expiration"`
}

func kvPath(collection string) string { return "/kv/" + url.PathEscape(collection) }

// CreateKV makes a key-value collection; with expiration its entries may
// carry ExpireAt.
func (c *Client) CreateKV(ctx context.Context, collection string, expiration bool) error {
	return c.do(ctx, &call{method: http.MethodPost, path: kvPath(collection),
		query: url.Values{"expiration": {strconv.FormatBool(expiration)}}}, nil)
}

// DropKV removes a key-value collection.
func (c *Client) DropKV(ctx context.Context, collection string) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: kvPath(collection)}, nil)
}

// KVCollections lists the key-value collections.
func (c *Client) KVCollections(ctx context.Context) ([]KVCollection, error) {
	var answer struct {
		Result []KVCollection `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/kv", repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// KVSet writes entries, new or not.
func (c *Client) KVSet(ctx context.Context, collection string, pairs []Pair) ([]Item, error) {
	return c.writeMany(ctx, WriteOptions{}.call(http.MethodPut, kvPath(collection)+"/value", pairs))
}

// KVGet reads one entry.
func (c *Client) KVGet(ctx context.Context, collection, key string) (Pair, error) {
	var pair Pair
	err := c.do(ctx, &call{method: http.MethodGet, path: kvPath(collection) + "/value/" + url.PathEscape(key),
		repeat: repeatSafe}, &pair)
	return pair, err
}

// KVDelete removes entries.
func (c *Client) KVDelete(ctx context.Context, collection string, keys ...string) ([]Item, error) {
	return c.writeMany(ctx, WriteOptions{}.call(http.MethodDelete, kvPath(collection)+"/values", keys))
}

// KVCount is the number of entries.
func (c *Client) KVCount(ctx context.Context, collection string) (int64, error) {
	var answer struct {
		Count int64 `json:"count"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: kvPath(collection) + "/count", repeat: repeatSafe}, &answer)
	return answer.Count, err
}

// KVKeys lists keys in order, from offset on, at most limit.
func (c *Client) KVKeys(ctx context.Context, collection string, offset, limit int) ([]string, error) {
	var answer struct {
		Result []string `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: kvPath(collection) + "/keys",
		query: page(offset, limit), repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// KVValues reads the entries with the given keys; without keys it reads all,
// from offset on, at most limit.
func (c *Client) KVValues(ctx context.Context, collection string, keys []string, offset, limit int) ([]Pair, error) {
	var answer struct {
		Result []Pair `json:"result"`
	}
	body := map[string]any{}
	if len(keys) > 0 {
		body["keys"] = keys
	}
	err := c.do(ctx, &call{method: http.MethodPost, path: kvPath(collection) + "/values",
		query: page(offset, limit), body: body, repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// KVTruncate removes all entries. It is not sent again when the answer was lost:
// it would take what was written since.
func (c *Client) KVTruncate(ctx context.Context, collection string) error {
	return c.do(ctx, &call{method: http.MethodPut, path: kvPath(collection) + "/truncate"}, nil)
}

func page(offset, limit int) url.Values {
	return url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
}
