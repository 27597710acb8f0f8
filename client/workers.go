package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// QueryWorker is a saved query. Parameter has defaults for its bind parameters.
type QueryWorker struct {
	Name      string          `json:"name"`
	Text      string          `json:"value"`
	Parameter json.RawMessage `json:"parameter,omitempty"`
}

// Workers lists the saved queries of the fabric.
func (c *Client) Workers(ctx context.Context) ([]QueryWorker, error) {
	var answer struct {
		Result []QueryWorker `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/restql/user", repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// Worker describes one saved query.
func (c *Client) Worker(ctx context.Context, name string) (QueryWorker, error) {
	return c.worker(ctx, &call{method: http.MethodGet, path: "/restql/" + url.PathEscape(name), repeat: repeatSafe})
}

// SaveWorker saves a query under a name that is free.
func (c *Client) SaveWorker(ctx context.Context, w QueryWorker) (QueryWorker, error) {
	return c.worker(ctx, &call{method: http.MethodPost, path: "/restql", body: map[string]any{"query": w}})
}

// ChangeWorker gives a saved query another text and other defaults.
func (c *Client) ChangeWorker(ctx context.Context, w QueryWorker) (QueryWorker, error) {
	if len(w.Parameter) == 0 {
		w.Parameter = json.RawMessage("{}")
	}
	return c.worker(ctx, &call{method: http.MethodPut, path: "/restql/" + url.PathEscape(w.Name), repeat: repeatSafe,
		body: map[string]any{"query": map[string]any{"value": w.Text, "parameter": w.Parameter}}})
}

func (c *Client) worker(ctx context.Context, k *call) (QueryWorker, error) {
	var answer struct {
		Result QueryWorker `json:"result"`
	}
	err := c.do(ctx, k, &answer)
	return answer.Result, err
}

// RemoveWorker forgets a saved query.
func (c *Client) RemoveWorker(ctx context.Context, name string) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: "/restql/" + url.PathEscape(name)}, nil)
}
