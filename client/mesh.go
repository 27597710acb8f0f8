package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Text is a JSON string or number as text: times are larger than what a
// double holds, and some origins are numbers.
type Text string

// UnmarshalJSON takes a string's content or a number's digits.
func (t *Text) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		var s string
		err := json.Unmarshal(text, &s)
		*t = Text(s)
		return err
	}
	var n json.Number
	err := json.Unmarshal(text, &n)
	*t = Text(n)
	return err
}

// MeshLocation is a location as the mesh sees it.
type MeshLocation struct {
	Name          string  `json:"name"`
	Incarnation   Text    `json:"incarnation"`
	URL           string  `json:"url"`
	Latitude      float64 `json:"latitude"`
	Longitude     float64 `json:"longitude"`
	State         string  `json:"state"`
	ClockOffsetMs float64 `json:"clockOffsetMs"`
	// What follows is known only from WatchMesh, and only as far as the
	// location that is asked knows it. Commits counts entries that began
	// there, Applied those of others that it took over.
	City    string `json:"city,omitempty"`
	Country string `json:"country,omitempty"`
	Commits *int64 `json:"commits,omitempty"`
	Applied *int64 `json:"applied,omitempty"`
	Ready   *bool  `json:"ready,omitempty"`
	Member  *bool  `json:"member,omitempty"` // of this fabric
}

// Lag is what one location has committed and another not yet applied.
type Lag struct {
	Entries int64   `json:"entries"`
	Bytes   int64   `json:"bytes"`
	Ms      float64 `json:"ms"`
}

// Link is one direction between two locations; State is up, cut or down.
type Link struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	State    string  `json:"state"`
	OneWayMs float64 `json:"oneWayMs"`
	RTTMs    float64 `json:"rttMs"`
	Lag      Lag     `json:"lag"`
	// Delivered counts entries of From that To has durably; WatchMesh alone
	// has it.
	Delivered *int64 `json:"delivered,omitempty"`
	Dev       bool   `json:"dev,omitempty"` // it can be cut and bent; WatchMesh alone tells
}

// Mesh is the state of a fabric's locations as one of them sees it.
type Mesh struct {
	Location    string          `json:"location"`
	Incarnation Text            `json:"incarnation"`
	Anchor      string          `json:"anchor"` // the location that decides on the members
	Locations   []MeshLocation  `json:"locations"`
	Links       []Link          `json:"links"`
	Vector      map[string]Text `json:"vector"`
	Stable      map[string]Text `json:"stable"`
	Watermark   Text            `json:"watermark"`
}

// Mesh reads the state of the fabric's locations.
func (c *Client) Mesh(ctx context.Context) (Mesh, error) {
	var out Mesh
	err := c.do(ctx, &call{method: http.MethodGet, path: "/mesh", repeat: repeatSafe}, &out)
	return out, err
}

// Digest is a fingerprint of the fabric's content at one time: equal digests
// at one time mean equal content.
type Digest struct {
	Digest string          `json:"digest"`
	Vector map[string]Text `json:"vector"`
	At     Text            `json:"at"`
}

// Digest computes the fingerprint, at the watermark when at is empty.
func (c *Client) Digest(ctx context.Context, at string) (Digest, error) {
	q := url.Values{}
	if at != "" {
		q.Set("at", at)
	}
	var out Digest
	err := c.do(ctx, &call{method: http.MethodGet, path: "/mesh/digest", query: q, repeat: repeatSafe}, &out)
	return out, err
}

// LinkChange sets what is not nil of a link, in `selvedge dev` only.
type LinkChange struct {
	// State is up or cut.
	State       *string  `json:"state,omitempty"`
	OneWayMs    *float64 `json:"oneWayMs,omitempty"`
	JitterMs    *float64 `json:"jitterMs,omitempty"`
	LossPercent *float64 `json:"lossPercent,omitempty"`
}

// SetLink changes one direction of a link.
func (c *Client) SetLink(ctx context.Context, from, to string, change LinkChange) error {
	return c.do(ctx, &call{method: http.MethodPut,
		path: "/mesh/links/" + url.PathEscape(from) + "/" + url.PathEscape(to), body: change, repeat: repeatSafe}, nil)
}

// CutLink stops one direction of a link.
func (c *Client) CutLink(ctx context.Context, from, to string) error {
	state := "cut"
	return c.SetLink(ctx, from, to, LinkChange{State: &state})
}

// HealLink lets one direction of a link run again.
func (c *Client) HealLink(ctx context.Context, from, to string) error {
	state := "up"
	return c.SetLink(ctx, from, to, LinkChange{State: &state})
}

// HealAll lets every link run again as it ran at first.
func (c *Client) HealAll(ctx context.Context) error {
	return c.do(ctx, &call{method: http.MethodPost, path: "/mesh/links/heal", repeat: repeatSafe}, nil)
}

// Conflict is one value that lost against a concurrent one. At is when this
// location found it, in Unix milliseconds.
type Conflict struct {
	Collection string       `json:"collection"`
	Key        string       `json:"key"`
	Path       string       `json:"path"`
	Kept       ConflictSide `json:"kept"`
	Lost       ConflictSide `json:"lost"`
	Reason     string       `json:"reason"`
	At         Text         `json:"at"`
}

// ConflictSide is one of the two values of a Conflict. Rev is what the _rev
// begins with that the write gave the document.
type ConflictSide struct {
	Value    json.RawMessage `json:"value"`
	Rev      string          `json:"rev"`
	Location string          `json:"location"`
}

// Conflicts lists conflicts in the order of the losing writes' times, from a
// place that an earlier call returned as next, or from the start. After the
// last page next is empty. An empty collection means all of them.
func (c *Client) Conflicts(ctx context.Context, collection, since string, limit int) (list []Conflict, next string, err error) {
	q := url.Values{}
	for name, v := range map[string]string{"collection": collection, "since": since} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	var answer struct {
		Result []Conflict `json:"result"`
		Next   Text       `json:"next"`
	}
	err = c.do(ctx, &call{method: http.MethodGet, path: "/conflicts", query: q, repeat: repeatSafe}, &answer)
	return answer.Result, string(answer.Next), err
}

// Version is what the server calls itself.
type Version struct {
	Server  string `json:"server"`
	Version string `json:"version"`
	License string `json:"license"`
}

// Version asks the server for its version.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var out Version
	err := c.do(ctx, &call{method: http.MethodGet, path: "/version", repeat: repeatSafe}, &out)
	return out, err
}

// DataCentre is a location as the list for clients has it.
type DataCentre struct {
	Name  string `json:"name"`
	Local bool   `json:"local"`
	Host  string `json:"host"`
	Tags  struct {
		API string `json:"api"`
		URL string `json:"url"`
	} `json:"tags"`
	Location struct {
		City      string  `json:"city"`
		Country   string  `json:"countrycode"`
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
		URL       string  `json:"url"`
	} `json:"locationInfo"`
}

// Locations lists the locations of the planet.
func (c *Client) Locations(ctx context.Context) ([]DataCentre, error) {
	var out []DataCentre
	err := c.do(ctx, &call{method: http.MethodGet, path: "/datacenter/all", absolute: true, repeat: repeatSafe}, &out)
	return out, err
}

// Ready returns nil when the location serves, and otherwise why it does not.
func (c *Client) Ready(ctx context.Context) error {
	return c.do(ctx, &call{method: http.MethodGet, path: "/health/ready", absolute: true,
		anonymous: true, repeat: repeatSafe}, nil)
}

// Backup writes a consistent copy of the location to a folder of the
// server's machine; the folder must not exist yet.
func (c *Client) Backup(ctx context.Context, folder string) error {
	return c.do(ctx, &call{method: http.MethodPost, path: "/_api/backup", absolute: true,
		body: map[string]string{"path": folder}}, nil)
}

// Evict closes a location out of the fabric: what it commits from then on is
// not taken any more. A location that comes back joins as a new one.
func (c *Client) Evict(ctx context.Context, location string) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: "/mesh/locations/" + url.PathEscape(location)}, nil)
}

// Leave takes the location this client talks to out of the fabric.
func (c *Client) Leave(ctx context.Context) error {
	return c.do(ctx, &call{method: http.MethodPost, path: "/mesh/leave"}, nil)
}

// SetAnchor makes a location decide on the fabric's members from now on. The
// location that does it now commits that, and must be reachable. Force, asked
// of the location that is to take over, does without: it is the word that the
// other is gone for good. If it is not, both may decide on members, and what
// one of them let in can be lost.
func (c *Client) SetAnchor(ctx context.Context, location string, force bool) error {
	return c.do(ctx, &call{method: http.MethodPost, path: "/mesh/anchor",
		body: map[string]any{"location": location, "force": force}, repeat: repeatSafe}, nil)
}
