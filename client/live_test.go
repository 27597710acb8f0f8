package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// served is a client of a server that has this answer to each request, and what it was asked.
func served(t *testing.T, answer string) (*Client, *string) {
	t.Helper()
	asked := new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(body))
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	c, err := New(Config{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return c, asked
}

// States are handed over as they come; the end of the stream is an error.
func TestWatchMesh(t *testing.T) {
	t.Parallel()
	c, asked := served(t, ": comment\n\nevent: state\ndata: {\"location\":\"fra\",\"locations\":[{\"name\":\"fra\",\"commits\":7,\"member\":false}]}\n\n"+
		"event: travel\ndata: {\"at\":1,\"moves\":[]}\n\nevent: state\ndata: {\"location\":\"syd\",\"links\":[{\"from\":\"syd\",\"dev\":true}]}\n\n")
	var seen []Mesh
	err := c.WatchMesh(t.Context(), func(m Mesh) { seen = append(seen, m) })
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) {
		t.Errorf("the stream ended with %v", err)
	}
	if len(seen) != 2 || *seen[0].Locations[0].Commits != 7 || *seen[0].Locations[0].Member || seen[0].Locations[0].Applied != nil || !seen[1].Links[0].Dev {
		t.Errorf("saw %+v", seen)
	}
	if *asked != "GET /_fabric/_system/_api/mesh/live?interval=1000" {
		t.Error(*asked)
	}
	c, _ = served(t, "event: state\ndata: [\n\n")
	if err := c.WatchMesh(t.Context(), func(Mesh) {}); err == nil || errors.As(err, &unreachable) && strings.Contains(err.Error(), "EOF") {
		t.Errorf("nonsense is taken: %v", err)
	}
	c, _ = served(t, "event: error\ndata: {\"error\":true,\"code\":401,\"errorNum\":11,\"errorMessage\":\"ended\"}\n\n")
	if err := c.WatchMesh(t.Context(), func(Mesh) {}); NumOf(err) != 11 {
		t.Errorf("ended with %v", err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	c, asked := served(t, `{"result":[{"number":3,"at":"2026-01-31T12:00:00Z","level":"warn","kind":"cut","location":"fra","text":"x"}],"next":"4"}`)
	list, next, err := c.Events(t.Context(), 2, 10)
	if err != nil || next != 4 || len(list) != 1 || list[0].Kind != "cut" || *asked != "GET /_fabric/_system/_api/mesh/events?limit=10&since=2" {
		t.Error(list, next, err, *asked)
	}
	c, _ = served(t, `{"result":[{"number":3},{"number":9}]}`)
	if _, next, err = c.Events(t.Context(), 2, 0); err != nil || next != 9 {
		t.Error(next, err)
	}
}

func TestFabricsAndAccounts(t *testing.T) {
	t.Parallel()
	c, asked := served(t, `{"result":[{"name":"shop","isSystem":false,"options":{"dcList":"fra, syd","metadata":{"a":1}}}]}`)
	list, err := c.InFabric("shop").DescribeFabrics(t.Context())
	if err != nil || fmt.Sprintf("%s %s %s", list[0].Name, list[0].Locations, list[0].Metadata) != `shop [fra syd] {"a":1}` || *asked != "GET /_fabric/_system/_api/database/user" {
		t.Error(list, err, *asked)
	}
	for want, do := range map[string]func(c *Client) error{
		`PUT /_fabric/_system/_api/database/locations/shop {"locations":["fra"]}`: func(c *Client) error { return c.SetFabricLocations(t.Context(), "shop", []string{"fra"}) },
		`POST /_fabric/_system/_api/user {"active":true,"passwd":"p","user":"u"}`: func(c *Client) error {
			_, err := c.CreateUser(t.Context(), User{Name: "u"}, "p")
			return err
		},
		`PATCH /_fabric/_system/_api/user/u {"passwd":"p"}`: func(c *Client) error { return c.SetPassword(t.Context(), "u", "p") },
		`DELETE /_fabric/_system/_api/user/a%2Fb`:           func(c *Client) error { return c.RemoveUser(t.Context(), "a/b") },
		`POST /_fabric/_system/_api/key {"keyid":"k"}`: func(c *Client) error {
			_, err := c.CreateKey(t.Context(), "k")
			return err
		},
		`DELETE /_fabric/_system/_api/key/k`: func(c *Client) error { return c.RemoveKey(t.Context(), "k") },
		`POST /_fabric/_system/_api/restql {"query":{"name":"w","value":"RETURN 1"}}`: func(c *Client) error {
			_, err := c.SaveWorker(t.Context(), QueryWorker{Name: "w", Text: "RETURN 1"})
			return err
		},
		`PUT /_fabric/_system/_api/restql/w {"query":{"parameter":{},"value":"RETURN 1"}}`: func(c *Client) error {
			_, err := c.ChangeWorker(t.Context(), QueryWorker{Name: "w", Text: "RETURN 1"})
			return err
		},
		`DELETE /_fabric/_system/_api/restql/w`:                      func(c *Client) error { return c.RemoveWorker(t.Context(), "w") },
		`DELETE /_fabric/_system/_api/graph/g?dropCollections=false`: func(c *Client) error { return c.DropGraph(t.Context(), "g", false) },
		`DELETE /_fabric/_system/_api/query/slow`:                    func(c *Client) error { return c.ClearSlowQueries(t.Context()) },
	} {
		c, asked := served(t, `{}`)
		if err := do(c); err != nil || *asked != want {
			t.Errorf("asked %s, want %s (%v)", *asked, want, err)
		}
	}
	var f FabricInfo
	if err := json.Unmarshal([]byte(`{"name":"x","options":{"dcList":""}}`), &f); err != nil || f.Locations == nil || len(f.Locations) != 0 {
		t.Errorf("%+v %v", f, err)
	}
}

// What waits is read as the server writes it: a location is asked about itself when something waits.
func TestSelf(t *testing.T) {
	t.Parallel()
	c, asked := served(t, `{"location":"fra","waits":[{"origin":"syd","entry":"0000000000000009","reason":"dependency","forMs":12,"entries":3,"pulling":"tok"},{"origin":"x","pulling":""}]}`)
	self, err := c.Self(t.Context())
	if err != nil || len(self.Waits) != 2 || self.Waits[0] != (Wait{"syd", "0000000000000009", "dependency", 12, 3, "tok"}) || *asked != "GET /_fabric/_system/_api/mesh/self" {
		t.Errorf("%+v, %v; asked %s", self.Waits, err, *asked)
	}
}
