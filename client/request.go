package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// repeat says when a call may be sent again.
type repeat uint8

const (
	// repeatUnsent calls go again only if they certainly had no effect: no
	// connection came about, or the server refused with 503.
	repeatUnsent repeat = iota
	// repeatSafe calls have the same effect once or twice: reads, and
	// writes that set a state.
	repeatSafe
	// repeatKeyed calls carry an Idempotency-Key, so the server knows the
	// second try of the same call.
	repeatKeyed
)

// call is one request as the verbs describe it.
type call struct {
	method    string
	path      string // below the fabric's /_api unless absolute
	absolute  bool
	anonymous bool // send no credentials
	query     url.Values
	header    http.Header
	body      any // nil, []byte as it is, otherwise encoded as JSON
	repeat    repeat
	key       string // Idempotency-Key of the caller's choice, repeatKeyed only
}

const (
	maxAnswer     = 1 << 30
	firstPause    = 50 * time.Millisecond
	longestPause  = 5 * time.Second
	longestServer = 10 * time.Second // of a Retry-After
)

// do sends the call, repeats it as allowed, and decodes the answer into out
// unless out is nil.
func (c *Client) do(ctx context.Context, k *call, out any) error {
	_, err := c.doHeader(ctx, k, out)
	return err
}

// doHeader is do for callers that need the answer's headers too.
func (c *Client) doHeader(ctx context.Context, k *call, out any) (http.Header, error) {
	var text []byte
	response, err := c.send(ctx, k, func(response *http.Response) error {
		defer drain(response.Body)
		var err error
		if text, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
			return c.transportError(ctx, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = text
		return response.Header, nil
	}
	if out == nil || k.method == http.MethodHead {
		return response.Header, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("%s %s: the answer is not what it should be: %w", k.method, k.path, err)
	}
	return response.Header, nil
}

// stream sends the call and leaves the answer's body to the caller, who
// closes it.
func (c *Client) stream(ctx context.Context, k *call) (*http.Response, error) {
	return c.send(ctx, k, func(*http.Response) error { return nil })
}

// send repeats tries until one gives an answer with a status below 400 that
// consume accepts, or until it may not try again.
func (c *Client) send(ctx context.Context, k *call, consume func(*http.Response) error) (*http.Response, error) {
	body, err := encodeBody(k.body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", k.method, k.path, err)
	}
	if k.repeat == repeatKeyed && c.transaction != "" { // which knows no keys
		k.repeat = repeatUnsent
	}
	if k.repeat == repeatKeyed && k.key == "" {
		k.key = c.newKey()
	}
	for try := 0; ; try++ {
		response, err := c.once(ctx, k, body)
		if err == nil {
			if err = consume(response); err == nil {
				return response, nil
			}
		}
		again, atLeast := mayRepeat(err, k.repeat)
		if ctx.Err() != nil || !again || try >= c.cfg.Retries {
			return nil, documented(err)
		}
		if c.pause(ctx, max(c.backoff(try), atLeast)) != nil {
			return nil, documented(err)
		}
	}
}

// once is one try.
func (c *Client) once(ctx context.Context, k *call, body []byte) (*http.Response, error) {
	request, err := c.request(ctx, k, body)
	if err != nil {
		return nil, err
	}
	var sent []string
	if !c.cfg.Sessionless && !k.absolute {
		if sent = c.session.current(); len(sent) > 0 {
			request.Header.Set("Selvedge-Session", strings.Join(sent, tokenSeparator))
		}
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.transportError(ctx, err)
	}
	if !c.cfg.Sessionless && !k.absolute {
		c.session.answered(sent, response.Header.Get("Selvedge-Session"))
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer drain(response.Body)
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	refusal := errorFrom(response.StatusCode, text)
	if response.StatusCode == http.StatusServiceUnavailable {
		return nil, &busyError{refusal: refusal, after: retryAfter(response.Header)}
	}
	return nil, refusal
}

func (c *Client) request(ctx context.Context, k *call, body []byte) (*http.Request, error) {
	target := c.base + k.path
	if !k.absolute {
		target = c.base + "/_fabric/" + url.PathEscape(c.cfg.Fabric) + "/_api" + k.path
	}
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, k.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", k.method, k.path, err)
	}
	for name, values := range k.header {
		request.Header[name] = values
	}
	if len(body) > 0 && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if k.repeat == repeatKeyed {
		request.Header.Set("Idempotency-Key", k.key)
	}
	if c.cfg.Deadline > 0 {
		request.Header.Set("Selvedge-Deadline", c.cfg.Deadline.String())
	}
	if c.cfg.Consistency != "" {
		request.Header.Set("Selvedge-Consistency", c.cfg.Consistency)
	}
	if c.transaction != "" && !k.absolute {
		request.Header.Set("x-gdn-trxid", c.transaction)
	}
	if !k.anonymous {
		c.authorise(request)
	}
	return request, nil
}

func (c *Client) authorise(request *http.Request) {
	switch {
	case c.cfg.APIKey != "":
		request.Header.Set("Authorization", "apikey "+c.cfg.APIKey)
	case c.cfg.Token != "":
		request.Header.Set("Authorization", "bearer "+c.cfg.Token)
	case c.cfg.User != "":
		request.SetBasicAuth(c.cfg.User, c.cfg.Password)
	}
}

func encodeBody(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return b, nil
	case json.RawMessage:
		return b, nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return text, nil
}

// busyError is a 503: refused, certainly without effect.
type busyError struct {
	refusal *Error
	after   time.Duration
}

func (e *busyError) Error() string { return e.refusal.Error() }

// dialError is a connection that did not come about.
type dialError struct{ *UnreachableError }

func (c *Client) transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	unreachable := &UnreachableError{URL: c.base, Err: errors.Unwrap(err)}
	if unreachable.Err == nil {
		unreachable.Err = err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return &dialError{unreachable}
	}
	return unreachable
}

func mayRepeat(err error, class repeat) (bool, time.Duration) {
	switch e := err.(type) {
	case *busyError:
		return true, e.after
	case *dialError:
		return true, 0
	case *UnreachableError:
		return class != repeatUnsent, 0
	}
	return false, 0
}

// documented gives callers the documented types only.
func documented(err error) error {
	switch e := err.(type) {
	case *busyError:
		return e.refusal
	case *dialError:
		return e.UnreachableError
	}
	return err
}

// backoff doubles from try to try and is spread over its whole length, so
// that clients that failed together do not come back together.
func (c *Client) backoff(try int) time.Duration {
	limit := longestPause
	if try < 7 {
		limit = min(firstPause<<try, longestPause)
	}
	share := time.Duration(c.machine.Rand.Uint64() % 1024)
	return limit/4 + share*(limit-limit/4)/1024
}

// newKey is an Idempotency-Key that nobody else will ever have.
func (c *Client) newKey() string {
	return fmt.Sprintf("%016x%016x", c.machine.Rand.Uint64(), c.machine.Rand.Uint64())
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longestServer)
}

// drain lets the connection be used again if little is left to read.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}
