package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// Places in a feed besides the token of a message.
const (
	FromStart = "start"
	FromNow   = "now"
)

// FeedConfig chooses what a feed tells.
type FeedConfig struct {
	// Collection limits the feed to one collection; empty means all.
	Collection string
	// Since is FromStart, FromNow or the token of a message; empty means
	// FromNow.
	Since string
	// Silence is after how long without a sign of life the connection is
	// given up and made anew; zero means 45 s. The server sends a sign of
	// life more often than that.
	Silence time.Duration
}

// Message tells one transaction.
type Message struct {
	// Token is the place right after this message.
	Token       string       `json:"-"`
	Transaction Text         `json:"transaction"`
	Changes     []FeedChange `json:"changes"`
}

// FeedChange is one change of a transaction. Type is write, remove, expire
// or drop; or points, with how many came to a time series and of what times in
// Unix milliseconds.
type FeedChange struct {
	Type       string          `json:"type"`
	Collection string          `json:"collection"`
	Key        string          `json:"key"`
	Rev        string          `json:"rev"`
	Origin     Text            `json:"origin"`
	Document   json.RawMessage `json:"document,omitempty"`
	Count      int             `json:"count,omitempty"`
	From       int64           `json:"from,omitempty"`
	To         int64           `json:"to,omitempty"`
}

const (
	defaultSilence = 45 * time.Second
	maxFeedLine    = 256 << 20
)

// Feed is a change feed that connects again by itself. It belongs to one
// goroutine; Close must be called.
type Feed struct {
	client *Client
	cfg    FeedConfig
	token  string // place after the last message handed out, or where the feed began
	failed int    // tries since the last message

	body   io.ReadCloser // nil while not connected
	lines  *bufio.Reader
	cancel context.CancelFunc
	alive  chan struct{}
}

// Changes opens a feed; the connection is made by the first Next.
func (c *Client) Changes(cfg FeedConfig) *Feed {
	if cfg.Since == "" {
		cfg.Since = FromNow
	}
	if cfg.Silence <= 0 {
		cfg.Silence = defaultSilence
	}
	return &Feed{client: c, cfg: cfg, token: cfg.Since}
}

// Token is the place after the last message that Next returned; before the
// first, once the feed is open, the place at which it began.
func (f *Feed) Token() string { return f.token }

// Close ends the connection.
func (f *Feed) Close() error {
	f.disconnect()
	return nil
}

// Open connects and returns when the feed has begun, so that whatever is
// written after that will be told, and Token is a place. It is for those who
// read the documents next; Next opens by itself.
func (f *Feed) Open(ctx context.Context) error {
	return f.insist(ctx, func() error {
		if f.body != nil {
			return nil
		}
		return f.connect(ctx)
	})
}

// Next waits for the next message. Broken connections are made anew from the
// last token for as long as ctx lasts. An *Error is final: with status 410
// the token is older than what the server keeps, and the reader must start
// anew from the documents themselves.
func (f *Feed) Next(ctx context.Context) (Message, error) {
	var message Message
	err := f.insist(ctx, func() (err error) {
		message, err = f.next(ctx)
		return err
	})
	return message, err
}

// insist tries until it goes well, is refused for good or the context ends.
func (f *Feed) insist(ctx context.Context, try func() error) error {
	for {
		if err := ctx.Err(); err != nil {
			f.disconnect()
			return err
		}
		err := try()
		if err == nil {
			f.failed = 0
			return nil
		}
		f.disconnect()
		var refusal *Error
		if errors.As(err, &refusal) && refusal.Status != http.StatusServiceUnavailable {
			return refusal
		}
		var broken *brokenMessageError
		if errors.As(err, &broken) {
			return err
		}
		if err := f.client.pause(ctx, f.client.backoff(f.failed)); err != nil {
			return err
		}
		f.failed++
	}
}

// brokenMessageError is an event that is complete and not understood; asking
// again would bring it again.
type brokenMessageError struct{ err error }

func (e *brokenMessageError) Error() string {
	return fmt.Sprintf("change feed: message not understood: %v", e.err)
}
func (e *brokenMessageError) Unwrap() error { return e.err }

func (f *Feed) next(ctx context.Context) (Message, error) {
	if f.body == nil {
		if err := f.connect(ctx); err != nil {
			return Message{}, err
		}
	}
	// The connection outlives this call, so the call's context ends it only
	// while Next runs.
	cancel := f.cancel
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	for {
		event, err := readEvent(f.lines, f.sign)
		if err != nil {
			return Message{}, err
		}
		if event.id != "" && len(event.data) == 0 {
			f.token = event.id // a place without a message
			continue
		}
		if len(event.data) == 0 {
			continue
		}
		var message Message
		if event.name == "error" {
			return Message{}, errorFrom(http.StatusInternalServerError, event.data)
		}
		if err := json.Unmarshal(event.data, &message); err != nil {
			return Message{}, &brokenMessageError{err}
		}
		if event.id != "" {
			f.token = event.id
		}
		message.Token = f.token
		return message, nil
	}
}

func (f *Feed) connect(ctx context.Context) error {
	q := url.Values{"since": {f.token}}
	if f.cfg.Collection != "" {
		q.Set("collection", f.cfg.Collection)
	}
	k := &call{method: http.MethodGet, path: "/changes", query: q, repeat: repeatUnsent,
		header: http.Header{"Accept": {"text/event-stream"}}}
	// Values such as a trace of the caller travel on, its end does not.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	response, err := f.client.once(life, k, nil)
	stop()
	if err != nil {
		cancel()
		return documented(err)
	}
	if began := response.Header.Get("Selvedge-Feed-Token"); began != "" {
		f.token = began
	}
	f.body, f.cancel = response.Body, cancel
	f.lines = bufio.NewReaderSize(response.Body, 64<<10)
	f.alive = make(chan struct{}, 1)
	go watch(life, f.client.machine.Clock, f.cfg.Silence, f.alive, cancel)
	return nil
}

// watch ends a connection that is silent for too long.
func watch(life context.Context, clock env.Clock, silence time.Duration, alive <-chan struct{}, cancel context.CancelFunc) {
	timer := clock.Timer(silence)
	defer timer.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-alive:
			timer.Reset(silence)
		case <-timer.C():
			cancel()
			return
		}
	}
}

// sign notes that something came from the server.
func (f *Feed) sign() {
	select {
	case f.alive <- struct{}{}:
	default:
	}
}

func (f *Feed) disconnect() {
	if f.body == nil {
		return
	}
	f.cancel()
	_ = f.body.Close()
	f.body, f.lines, f.cancel = nil, nil, nil
}

// event is one server-sent event.
type event struct {
	id, name string
	data     []byte
}

// readEvent reads up to the empty line that ends an event; comments only
// count as signs of life.
func readEvent(lines *bufio.Reader, sign func()) (event, error) {
	var e event
	seen := false
	for {
		line, err := readLine(lines)
		if err != nil {
			return event{}, err
		}
		sign()
		if len(line) == 0 {
			if seen {
				return e, nil
			}
			continue
		}
		field, rest, _ := bytes.Cut(line, []byte(":"))
		rest = bytes.TrimPrefix(rest, []byte(" "))
		switch string(field) {
		case "id":
			e.id, seen = string(rest), true
		case "event":
			e.name, seen = string(rest), true
		case "data":
			if e.data != nil {
				e.data = append(e.data, '\n')
			}
			e.data, seen = append(e.data, rest...), true
			if len(e.data) > maxFeedLine {
				return event{}, fmt.Errorf("change feed: a message is longer than %d bytes", maxFeedLine)
			}
		}
	}
}

// readLine returns a line without its end; LF and CRLF both end one.
func readLine(lines *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := lines.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(line) > maxFeedLine {
			return nil, fmt.Errorf("change feed: a line is longer than %d bytes", maxFeedLine)
		}
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}
