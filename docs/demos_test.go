package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

// TestDemos starts each demo of that page as the page says, on three locations, and asks its queries until they give rows.
func TestDemos(t *testing.T) {
	t.Parallel()
	list := blocks(t, "guides/demos.md")
	demos, queries := 0, 0
	for i, b := range list {
		if b.kind != "sh server" {
			continue
		}
		demos++
		t.Run(strings.Fields(b.text)[3], func(t *testing.T) {
			s := newStory(t, 3)
			s.serve(t, append(strings.Fields(b.text), "--api-key", apiKey, "--locations", "fra,syd,tok"))
			c, err := client.New(client.Config{URL: fmt.Sprintf("http://127.0.0.1:%d", s.port), APIKey: apiKey})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseIdle()
			for _, q := range list[i+1:] {
				if q.kind != "c8ql" {
					break
				}
				queries++
				untilRows(t, c, q)
			}
		})
	}
	if demos < 3 || queries < 5 {
		t.Errorf("the page has %d demos and %d queries: has its form changed?", demos, queries)
	}
}

// untilRows asks again while there is nothing yet, or the collection is still to be made.
func untilRows(t *testing.T, c *client.Client, q block) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		var rows []json.RawMessage
		err := c.QueryAll(ctx, client.Query{Text: q.text}, &rows)
		if err == nil && len(rows) > 0 {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			t.Fatalf("line %d: no rows, %v", q.line, err)
		}
	}
}
