package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// EdgeDefinition says which vertices the edges of a collection join.
type EdgeDefinition struct {
	Collection string   `json:"collection"`
	From       []string `json:"from"`
	To         []string `json:"to"`
}

// Graph is a named graph. Orphans are vertex collections without edges.
type Graph struct {
	Name    string           `json:"name"`
	Edges   []EdgeDefinition `json:"edgeDefinitions"`
	Orphans []string         `json:"orphanCollections,omitempty"`
}

// graphAnswer is an answer with one graph.
type graphAnswer struct {
	Graph Graph `json:"graph"`
}

// Graphs lists the named graphs of the fabric.
func (c *Client) Graphs(ctx context.Context) ([]Graph, error) {
	var answer struct {
		Graphs []Graph `json:"graphs"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/graph", repeat: repeatSafe}, &answer)
	return answer.Graphs, err
}

// Graph describes one named graph.
func (c *Client) Graph(ctx context.Context, name string) (Graph, error) {
	var answer graphAnswer
	err := c.do(ctx, &call{method: http.MethodGet, path: "/graph/" + url.PathEscape(name), repeat: repeatSafe}, &answer)
	return answer.Graph, err
}

// CreateGraph names a graph. Collections that are missing are made.
func (c *Client) CreateGraph(ctx context.Context, g Graph) (Graph, error) {
	var answer graphAnswer
	err := c.do(ctx, &call{method: http.MethodPost, path: "/graph", body: g}, &answer)
	return answer.Graph, err
}

// DropGraph forgets a named graph, and drops its collections too if asked, where no other graph has them.
func (c *Client) DropGraph(ctx context.Context, name string, collections bool) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: "/graph/" + url.PathEscape(name),
		query: url.Values{"dropCollections": {strconv.FormatBool(collections)}}}, nil)
}
