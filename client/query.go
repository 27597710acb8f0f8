package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Query is a query with its parameters and limits. Only Text is compulsory; zero values leave it to the server.
type Query struct {
	Text string
	// Bind gives values to parameters: "name" for @name, "@name" for @@name.
	Bind map[string]any
	// BatchSize is how many rows come with one answer of the server.
	BatchSize int
	// Count asks how many rows there are in all, FullCount how many there would be without the last LIMIT.
	Count, FullCount bool
	// Stream has the server make rows only as they are fetched.
	Stream bool
	// Profile asks for the plan with rows, time and memory of each node.
	Profile bool
	// MemoryLimit is in bytes.
	MemoryLimit int64
	MaxRuntime  time.Duration
	// KeepFor is how long the server keeps what has not been fetched.
	KeepFor time.Duration
	// Rules switches rules of the planner off and on, as in "-use-indexes".
	Rules []string
	// FailOnWarning makes the first warning an error.
	FailOnWarning bool
}

func (q *Query) body() map[string]any {
	options := map[string]any{}
	set := func(on bool, in map[string]any, name string, v any) {
		if on {
			in[name] = v
		}
	}
	body := map[string]any{"query": q.Text}
	set(len(q.Bind) > 0, body, "bindVars", q.Bind)
	set(q.BatchSize > 0, body, "batchSize", q.BatchSize)
	set(q.Count, body, "count", true)
	set(q.KeepFor > 0, body, "ttl", q.KeepFor.Seconds())
	set(q.MemoryLimit > 0, body, "memoryLimit", q.MemoryLimit)
	set(q.FullCount, options, "fullCount", true)
	set(q.Stream, options, "stream", true)
	set(q.Profile, options, "profile", 2)
	set(q.MaxRuntime > 0, options, "maxRuntime", q.MaxRuntime.Seconds())
	set(q.FailOnWarning, options, "failOnWarning", true)
	set(len(q.Rules) > 0, options, "optimizer", map[string]any{"rules": q.Rules})
	set(len(options) > 0, body, "options", options)
	return body
}

// QueryStats is what a query did.
type QueryStats struct {
	WritesExecuted int64   `json:"writesExecuted"`
	WritesIgnored  int64   `json:"writesIgnored"`
	ScannedFull    int64   `json:"scannedFull"`
	ScannedIndex   int64   `json:"scannedIndex"`
	Filtered       int64   `json:"filtered"`
	FullCount      int64   `json:"fullCount"`
	PeakMemory     int64   `json:"peakMemoryUsage"`
	Seconds        float64 `json:"executionTime"`
}

// QueryWarning is something that a query did not fail for.
type QueryWarning struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// cursorReply is one answer with rows.
type cursorReply struct {
	Result  []json.RawMessage `json:"result"`
	HasMore bool              `json:"hasMore"`
	ID      string            `json:"id"`
	Count   *int64            `json:"count"`
	Extra   struct {
		Stats    QueryStats      `json:"stats"`
		Warnings []QueryWarning  `json:"warnings"`
		Profile  json.RawMessage `json:"profile"`
		Text     string          `json:"profileText"`
	} `json:"extra"`
}

// Rows is the result of a query, fetched batch by batch. It belongs to one goroutine and is to be closed, unless Next
// has said false.
type Rows struct {
	client   *Client
	path     string // of the cursor without its id
	reply    cursorReply
	at       int
	current  json.RawMessage
	stats    QueryStats
	warnings []QueryWarning
	profile  string
	err      error
}

// Query runs a query. A query that writes has written when Query returns.
func (c *Client) Query(ctx context.Context, q Query) (*Rows, error) {
	return c.openRows(ctx, &call{method: http.MethodPost, path: "/cursor", body: q.body()}, "/cursor/")
}

// RunWorker runs a saved query by its name.
func (c *Client) RunWorker(ctx context.Context, name string, bind map[string]any, batchSize int) (*Rows, error) {
	body := map[string]any{"bindVars": bind}
	if batchSize > 0 {
		body["batchSize"] = batchSize
	}
	return c.openRows(ctx, &call{method: http.MethodPost, path: "/restql/execute/" + url.PathEscape(name), body: body}, "/restql/fetch/")
}

func (c *Client) openRows(ctx context.Context, k *call, path string) (*Rows, error) {
	r := &Rows{client: c, path: path}
	if err := c.do(ctx, k, &r.reply); err != nil {
		return nil, err
	}
	r.took()
	return r, nil
}

// took keeps what only some answers carry.
func (r *Rows) took() {
	if r.reply.Extra.Stats != (QueryStats{}) {
		r.stats = r.reply.Extra.Stats
	}
	if len(r.reply.Extra.Warnings) > 0 {
		r.warnings = r.reply.Extra.Warnings
	}
	if r.reply.Extra.Text != "" {
		r.profile = r.reply.Extra.Text
	}
}

// Next goes to the following row. After false, Err tells an end from a failure.
func (r *Rows) Next(ctx context.Context) bool {
	for r.err == nil && r.at == len(r.reply.Result) {
		if !r.reply.HasMore {
			return false
		}
		var next cursorReply
		if r.err = r.client.do(ctx, &call{method: http.MethodPut, path: r.path + url.PathEscape(r.reply.ID)}, &next); r.err != nil {
			return false
		}
		r.reply, r.at = next, 0
		r.took()
	}
	if r.err != nil {
		return false
	}
	r.current = r.reply.Result[r.at]
	r.at++
	return true
}

// Scan decodes the row that Next went to.
func (r *Rows) Scan(out any) error {
	if r.current == nil {
		return errors.New("rows: Scan before Next")
	}
	if err := json.Unmarshal(r.current, out); err != nil {
		return fmt.Errorf("row: %w", err)
	}
	return nil
}

// Raw is the row that Next went to as the server wrote it.
func (r *Rows) Raw() json.RawMessage { return r.current }

// Err is why Next said false: nil at the end.
func (r *Rows) Err() error { return r.err }

// Count is how many rows there are in all, when the query asked for it.
func (r *Rows) Count() (n int64, known bool) {
	if r.reply.Count == nil {
		return 0, false
	}
	return *r.reply.Count, true
}

// Stats is what the query did, as far as the answers told.
func (r *Rows) Stats() QueryStats { return r.stats }

// Warnings lists what the query warned of.
func (r *Rows) Warnings() []QueryWarning { return r.warnings }

// Profile is the plan with rows, time and memory of each node, when the query asked for it.
func (r *Rows) Profile() string { return r.profile }

// Close frees what the server keeps for rows that were not fetched.
func (r *Rows) Close(ctx context.Context) error {
	left := errors.Is(r.err, context.Canceled) || errors.Is(r.err, context.DeadlineExceeded) // other failures end them there
	if !r.reply.HasMore || r.reply.ID == "" || r.err != nil && !left {
		return nil
	}
	r.reply.HasMore, r.reply.Result, r.at = false, nil, 0
	err := r.client.do(ctx, &call{method: http.MethodDelete, path: "/cursor/" + url.PathEscape(r.reply.ID), repeat: repeatSafe}, nil)
	if IsNotFound(err) { // it had ended by itself
		return nil
	}
	return err
}

// QueryAll runs a query and decodes all its rows into a slice.
func (c *Client) QueryAll(ctx context.Context, q Query, slice any) error {
	rows, err := c.Query(ctx, q)
	if err != nil {
		return err
	}
	all := []json.RawMessage{}
	for rows.Next(ctx) {
		all = append(all, rows.Raw())
	}
	if rows.Err() != nil {
		return rows.Err()
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("rows: %w", err)
	}
	if err := json.Unmarshal(text, slice); err != nil {
		return fmt.Errorf("rows: %w", err)
	}
	return nil
}

// Explanation is how a query would be carried out.
type Explanation struct {
	Text     string          `json:"text"` // the plan as a tree, for people
	Plan     json.RawMessage `json:"plan"`
	Warnings []QueryWarning  `json:"warnings"`
}

// Explain plans a query and does not run it.
func (c *Client) Explain(ctx context.Context, q Query) (Explanation, error) {
	var out Explanation
	err := c.do(ctx, &call{method: http.MethodPost, path: "/query/explain", body: q.body(), repeat: repeatSafe}, &out)
	return out, err
}

// Function describes a function of the query language.
type Function struct {
	Name      string `json:"name"`
	Family    string `json:"family"`
	Signature string `json:"signature"`
	Doc       string `json:"doc"`
}

// Functions lists the functions of the query language.
func (c *Client) Functions(ctx context.Context) ([]Function, error) {
	var answer struct {
		Result []Function `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/query/functions", repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// RunningQuery is a query that runs, or one that ran slowly.
type RunningQuery struct {
	ID      string          `json:"id"`
	Text    string          `json:"query"`
	Bind    json.RawMessage `json:"bindVars"`
	Started string          `json:"started"`
	Seconds float64         `json:"runTime"`
	State   string          `json:"state"`
}

// RunningQueries lists what runs at the location now.
func (c *Client) RunningQueries(ctx context.Context) ([]RunningQuery, error) {
	return c.queryList(ctx, "/query/current")
}

// SlowQueries lists what took long lately.
func (c *Client) SlowQueries(ctx context.Context) ([]RunningQuery, error) {
	return c.queryList(ctx, "/query/slow")
}

func (c *Client) queryList(ctx context.Context, path string) ([]RunningQuery, error) {
	var out []RunningQuery
	err := c.do(ctx, &call{method: http.MethodGet, path: path, repeat: repeatSafe}, &out)
	return out, err
}

// KillQuery ends a running query.
func (c *Client) KillQuery(ctx context.Context, id string) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: "/query/" + url.PathEscape(id)}, nil)
}
