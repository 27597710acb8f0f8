package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Kinds of collections.
const (
	DocumentCollection = 2
	EdgeCollection     = 3
)

// CRDT declares how concurrent writes of one field merge: Type is counter,
// set, max, min or multi.
type CRDT struct {
	Type  string `json:"type"`
	Scale int    `json:"scale,omitempty"`
	// By is, of max and min, the member to compare by.
	By string `json:"by,omitempty"`
}

// Timeseries says what the points of a time series collection are: Series and Time and Values name fields, spans are
// texts like 5m, 24h and 1mo, and TimeFormat is ms or iso.
type Timeseries struct {
	Series     []string `json:"series,omitempty"`
	Time       string   `json:"time"`
	Values     []string `json:"values"`
	Retention  string   `json:"retention,omitempty"`
	Rollups    []string `json:"rollups,omitempty"`
	TimeFormat string   `json:"timeFormat,omitempty"`
}

// CollectionSpec describes a collection to be made.
type CollectionSpec struct {
	Name string `json:"name"`
	// Type is DocumentCollection (also when zero) or EdgeCollection.
	Type int `json:"type,omitempty"`
	// CRDT is by path, for example "stock" or "totals.visits".
	CRDT map[string]CRDT `json:"crdt,omitempty"`
	// Timeseries makes it a collection of points, not of documents.
	Timeseries  *Timeseries     `json:"timeseries,omitempty"`
	Local       bool            `json:"isLocal,omitempty"`
	System      bool            `json:"isSystem,omitempty"`
	WaitForSync bool            `json:"waitForSync,omitempty"`
	AllowAsync  bool            `json:"allowAsync,omitempty"`
	KeyOptions  json.RawMessage `json:"keyOptions,omitempty"`
}

// Collection is a collection as the server describes it.
type Collection struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Type       int             `json:"type"`
	Model      string          `json:"collectionModel"`
	System     bool            `json:"isSystem"`
	Local      bool            `json:"isLocal"`
	Sync       bool            `json:"waitForSync"`
	Count      int64           `json:"count,omitempty"`
	CRDT       map[string]CRDT `json:"crdt,omitempty"`
	Timeseries *Timeseries     `json:"timeseries,omitempty"`
}

func schemaPath(collection string) string { return "/collection/" + url.PathEscape(collection) }

// Collections lists the collections, the system's own ones if asked.
func (c *Client) Collections(ctx context.Context, system bool) ([]Collection, error) {
	var answer struct {
		Result []Collection `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/collection", repeat: repeatSafe,
		query: url.Values{"excludeSystem": {strconv.FormatBool(!system)}}}, &answer)
	return answer.Result, err
}

// CreateCollection makes a collection.
func (c *Client) CreateCollection(ctx context.Context, spec CollectionSpec) (Collection, error) {
	if spec.Type == 0 {
		spec.Type = DocumentCollection
	}
	return c.collection(ctx, &call{method: http.MethodPost, path: "/collection", body: spec})
}

// Collection describes one collection.
func (c *Client) Collection(ctx context.Context, name string) (Collection, error) {
	return c.collection(ctx, &call{method: http.MethodGet, path: schemaPath(name), repeat: repeatSafe})
}

// Properties describes one collection with its CRDT declarations.
func (c *Client) Properties(ctx context.Context, name string) (Collection, error) {
	return c.collection(ctx, &call{method: http.MethodGet, path: schemaPath(name) + "/properties", repeat: repeatSafe})
}

// SetProperties changes what may change of a collection: waitForSync,
// hasStream, and crdt declarations, which can be added but never changed.
func (c *Client) SetProperties(ctx context.Context, name string, properties map[string]any) (Collection, error) {
	return c.collection(ctx, &call{method: http.MethodPut, path: schemaPath(name) + "/properties",
		body: properties, repeat: repeatSafe})
}

func (c *Client) collection(ctx context.Context, k *call) (Collection, error) {
	var out Collection
	err := c.do(ctx, k, &out)
	return out, err
}

// DropCollection removes a collection with all that is in it.
func (c *Client) DropCollection(ctx context.Context, name string) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: schemaPath(name)}, nil)
}

// Truncate removes all documents of a collection. It is not sent again when the
// answer was lost: it would take what was written since.
func (c *Client) Truncate(ctx context.Context, name string) error {
	return c.do(ctx, &call{method: http.MethodPut, path: schemaPath(name) + "/truncate"}, nil)
}

// Count is the exact number of documents at this location.
func (c *Client) Count(ctx context.Context, name string) (int64, error) {
	var answer struct {
		Count int64 `json:"count"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: schemaPath(name) + "/count", repeat: repeatSafe}, &answer)
	return answer.Count, err
}

// Index describes an index, one to be made or one that is there. Type is
// persistent, hash, skiplist or ttl.
type Index struct {
	ID          string   `json:"id,omitempty"`
	Name        string   `json:"name,omitempty"`
	Type        string   `json:"type"`
	Fields      []string `json:"fields"`
	Unique      bool     `json:"unique,omitempty"`
	Sparse      bool     `json:"sparse,omitempty"`
	Deduplicate *bool    `json:"deduplicate,omitempty"`
	// ExpireAfter is in seconds and belongs to ttl indexes, where zero
	// means: at the time that the field says.
	ExpireAfter int64 `json:"expireAfter"`
	// GeoJSON belongs to geo indexes, MinLength to fulltext ones.
	GeoJSON   bool `json:"geoJson,omitempty"`
	MinLength int  `json:"minLength,omitempty"`
	IsNew     bool `json:"isNewlyCreated,omitempty"`
}

// MarshalJSON leaves expireAfter out where it does not belong.
func (i Index) MarshalJSON() ([]byte, error) {
	type plain Index
	if i.Type == "ttl" {
		return json.Marshal(plain(i))
	}
	return json.Marshal(struct {
		plain
		ExpireAfter int64 `json:"expireAfter,omitempty"`
	}{plain: plain(i)})
}

// Indexes lists the indexes of a collection.
func (c *Client) Indexes(ctx context.Context, collection string) ([]Index, error) {
	var answer struct {
		Indexes []Index `json:"indexes"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/index", repeat: repeatSafe,
		query: url.Values{"collection": {collection}}}, &answer)
	return answer.Indexes, err
}

// CreateIndex makes an index, or finds it when it is there already.
func (c *Client) CreateIndex(ctx context.Context, collection string, index Index) (Index, error) {
	var out Index
	err := c.do(ctx, &call{method: http.MethodPost, path: "/index", body: index, repeat: repeatSafe,
		query: url.Values{"collection": {collection}}}, &out)
	return out, err
}

// DropIndex removes an index by its name.
func (c *Client) DropIndex(ctx context.Context, collection, name string) error {
	return c.do(ctx, &call{method: http.MethodDelete,
		path: "/index/" + url.PathEscape(collection) + "/" + url.PathEscape(name)}, nil)
}

// CreateFabric makes a database that lives in the given locations, in all
// when none is given.
func (c *Client) CreateFabric(ctx context.Context, name string, locations ...string) error {
	options := map[string]any{}
	if len(locations) > 0 {
		options["dcList"] = strings.Join(locations, ",")
	}
	system := c.InFabric(SystemFabric)
	return system.do(ctx, &call{method: http.MethodPost, path: "/database",
		body: map[string]any{"name": name, "options": options}}, nil)
}

// DropFabric removes a database.
func (c *Client) DropFabric(ctx context.Context, name string) error {
	system := c.InFabric(SystemFabric)
	return system.do(ctx, &call{method: http.MethodDelete, path: "/database/" + url.PathEscape(name)}, nil)
}

// Fabrics lists the names of the tenant's databases.
func (c *Client) Fabrics(ctx context.Context) ([]string, error) {
	var answer struct {
		Result []string `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/database", repeat: repeatSafe}, &answer)
	return answer.Result, err
}
