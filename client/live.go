package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// liveSilence is after how long without a sign of life a stream of states is given up; a state comes every second.
const liveSilence = 10 * time.Second

// WatchMesh hands over the state of the fabric's locations, at once and then every second, until the context ends, the
// connection breaks or the server refuses. It does not connect again: the caller sees the gap.
func (c *Client) WatchMesh(ctx context.Context, each func(Mesh)) error {
	life, cancel := context.WithCancel(ctx)
	defer cancel()
	k := &call{method: http.MethodGet, path: "/mesh/live", query: url.Values{"interval": {"1000"}}, repeat: repeatUnsent,
		header: http.Header{"Accept": {"text/event-stream"}}}
	response, err := c.once(life, k, nil)
	if err != nil {
		return documented(err)
	}
	defer func() { _ = response.Body.Close() }()
	alive := make(chan struct{}, 1)
	go watch(life, c.machine.Clock, liveSilence, alive, cancel)
	lines := bufio.NewReaderSize(response.Body, 64<<10)
	for {
		e, err := readEvent(lines, func() {
			select {
			case alive <- struct{}{}:
			default:
			}
		})
		if err != nil {
			if life.Err() != nil && ctx.Err() == nil {
				err = errors.New("nothing came for " + liveSilence.String())
			}
			return c.transportError(ctx, fmt.Errorf("stream of states: %w", err))
		}
		switch e.name {
		case "state":
			var m Mesh
			if err := json.Unmarshal(e.data, &m); err != nil {
				return fmt.Errorf("stream of states: message not understood: %w", err)
			}
			each(m)
		case "error":
			return errorFrom(http.StatusInternalServerError, e.data)
		}
	}
}

// Notable is something worth knowing that happened at a location. At is written as in ISO 8601, in UTC.
type Notable struct {
	Number   int64  `json:"number"`
	At       Text   `json:"at"`
	Level    string `json:"level"` // info, warn or error
	Kind     string `json:"kind"`  // join, leave, cut, heal, clock, disk, ...
	Location string `json:"location"`
	Text     string `json:"text"`
}

// Events lists notable events, the older ones first, behind the one with the number since (0: from the oldest that is
// kept). Next is the since of the following call.
func (c *Client) Events(ctx context.Context, since int64, limit int) (list []Notable, next int64, err error) {
	q := url.Values{"since": {strconv.FormatInt(since, 10)}}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	var answer struct {
		Result []Notable `json:"result"`
		Next   Text      `json:"next"`
	}
	if err = c.do(ctx, &call{method: http.MethodGet, path: "/mesh/events", query: q, repeat: repeatSafe}, &answer); err != nil {
		return nil, since, err
	}
	if next, err = strconv.ParseInt(string(answer.Next), 10, 64); err != nil {
		next, err = since, nil
		for _, e := range answer.Result {
			next = max(next, e.Number)
		}
	}
	return answer.Result, next, nil
}

// Metrics is what the location measures, in the text form that monitoring reads.
func (c *Client) Metrics(ctx context.Context) ([]byte, error) {
	var text []byte
	err := c.do(ctx, &call{method: http.MethodGet, path: "/metrics", absolute: true, repeat: repeatSafe}, &text)
	return text, err
}

// Limit is one limit of the location, as it is configured.
type Limit struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
	Unit  string          `json:"unit"`
	Text  string          `json:"text"`
}

// Limits lists the limits of the location.
func (c *Client) Limits(ctx context.Context) ([]Limit, error) {
	var answer struct {
		Result []Limit `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/limits", repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// Rule is one rule of the query planner.
type Rule struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// Rules lists the rules of the query planner, in the order in which it applies them.
func (c *Client) Rules(ctx context.Context) ([]Rule, error) {
	var out []Rule
	err := c.do(ctx, &call{method: http.MethodGet, path: "/query/rules", repeat: repeatSafe}, &out)
	return out, err
}

// ClearSlowQueries empties the list of queries that took long.
func (c *Client) ClearSlowQueries(ctx context.Context) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: "/query/slow", repeat: repeatSafe}, nil)
}

// Self is what a location knows of itself. Times are in milliseconds, sizes in bytes.
type Self struct {
	Location      string           `json:"location"`
	Incarnation   Text             `json:"incarnation"`
	Version       string           `json:"version"`
	UptimeMs      float64          `json:"uptimeMs"`
	Ready         bool             `json:"ready"`
	Reasons       []string         `json:"reasons"` // why it is not
	ReadOnly      string           `json:"readOnly"`
	ClockOffsetMs float64          `json:"clockOffsetMs"`
	ClockTrusted  bool             `json:"clockTrusted"`
	MemoryBytes   int64            `json:"memoryBytes"`
	Storage       map[string]int64 `json:"storage"`
	Waits         []Wait           `json:"waits"`
	Peers         []Peer           `json:"peers"`
	Vector        map[string]Text  `json:"vector"`
	Stable        map[string]Text  `json:"stable"`
	Watermark     Text             `json:"watermark"`
}

// Wait is an entry of another location that cannot be applied yet.
type Wait struct {
	Origin  Text    `json:"origin"`
	Entry   Text    `json:"entry"`
	Reason  string  `json:"reason"`
	ForMs   float64 `json:"forMs"`
	Entries int64   `json:"entries"` // that wait behind it
	Pulling string  `json:"pulling"` // the location that is asked for what is missing
}

// Peer is another location as this one is connected to it.
type Peer struct {
	Name           string  `json:"name"`
	Connected      bool    `json:"connected"`
	RTTMs          float64 `json:"rttMs"`
	OffsetMs       float64 `json:"offsetMs"`
	SilentMs       float64 `json:"silentMs"`
	WaitingEntries int64   `json:"waitingEntries"`
	WaitingBytes   int64   `json:"waitingBytes"`
}

// Self asks the location about itself.
func (c *Client) Self(ctx context.Context) (Self, error) {
	var out Self
	err := c.do(ctx, &call{method: http.MethodGet, path: "/mesh/self", repeat: repeatSafe}, &out)
	return out, err
}
