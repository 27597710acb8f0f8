package http

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// heartbeat is how often a quiet feed says that it is there.
const heartbeat = 15 * time.Second

// stalled is how long a reader may take nothing before its feed ends; it goes
// on from its last token.
const stalled = 30 * time.Second

// tokenHeader tells in the answer where a feed began.
const tokenHeader = "Selvedge-Feed-Token"

// conflicts answers GET /conflicts.
func (q *request) conflicts() error {
	ctx, err := q.enter()
	if err != nil {
		return err
	}
	if q.hr.Method != http.MethodGet {
		return q.allow("GET")
	}
	limit, err := q.query.number("limit", 100, 1, 1<<30)
	if err != nil {
		return err
	}
	list, next, err := q.server.service.Conflicts(ctx, &q.call, q.query.get("collection"), q.query.get("since"), limit)
	if err != nil {
		return err
	}
	side := func(s *api.ConflictSide) value.Value {
		out := []value.Member{str("rev", s.Rev), str("location", s.Location)}
		if s.Present {
			out = append(out, member("value", s.Value))
		}
		return value.Object(out...)
	}
	one := func(c *api.Conflict) value.Value {
		return value.Object(str("collection", c.Collection), str("key", c.Key), str("path", c.Path), member("kept", side(&c.Kept)),
			member("lost", side(&c.Lost)), str("reason", c.Reason), member("at", value.Int(c.At)))
	}
	return q.ok(http.StatusOK, member("result", each(list, one)), str("next", next))
}

// provenance answers GET /provenance/COLLECTION/KEY.
func (q *request) provenance() error {
	ctx, err := q.enter()
	if err != nil {
		return err
	}
	if q.path.n != 3 {
		return q.unknown()
	}
	if q.hr.Method != http.MethodGet {
		return q.allow("GET")
	}
	p, err := q.server.service.Provenance(ctx, &q.call, q.path.at(1), q.path.at(2))
	if err != nil {
		return err
	}
	stamped := func(s api.Stamped) []value.Member {
		if s.Stamp == "" {
			return []value.Member{member("settled", value.Bool(true))}
		}
		return []value.Member{str("stamp", s.Stamp), str("at", isoTime(s.At)), str("location", s.Location)}
	}
	one := func(f *api.FieldSource) value.Value {
		out := append([]value.Member{member("path", textArray(f.Path)), str("kind", f.Kind)}, stamped(f.Stamped)...)
		if len(f.Parts) > 0 {
			out = append(out, member("parts", each(f.Parts, func(p *api.PartSource) value.Value {
				return value.Object(append(stamped(p.Stamped), member("value", p.Value))...)
			})))
		}
		return value.Object(out...)
	}
	return q.ok(http.StatusOK, str("_id", p.ID), str("_rev", p.Rev), member("fields", each(p.Fields, one)), member("truncated", value.Bool(p.Truncated)))
}

// lookAgain is how long a reader that is told something goes on without being asked who it is: what it saw with a key
// that is removed, or a token that has run out, is at most so much more.
const lookAgain = time.Second

// following is a feed that is read for a caller.
type following struct {
	*request
	feed   *api.Feed
	ctx    context.Context // without a deadline; it ends with the caller or the server
	looked time.Duration   // when the caller was asked for its credential
}

// follow starts a feed. The function ends it.
func (q *request) follow() (*following, context.CancelFunc, error) {
	ctx, err := q.enter()
	if err != nil {
		return nil, nil, err
	}
	if q.hr.Method != http.MethodGet {
		return nil, nil, q.allow("GET")
	}
	since := q.query.get("since")
	if last := q.header("Last-Event-Id"); last != "" {
		since = last
	}
	f := &following{request: q, looked: q.server.service.Monotonic()}
	if f.feed, err = q.server.service.Changes(ctx, &q.call, q.query.get("collection"), since); err != nil {
		return nil, nil, err
	}
	var cancel context.CancelFunc
	f.ctx, cancel = context.WithCancel(q.hr.Context())
	stop := context.AfterFunc(q.server.streams, cancel)
	return f, func() { stop(); cancel() }, nil
}

// next waits for a message, at most until the heartbeat is due; then there is
// none and no error.
func (f *following) next() (m api.Message, got bool, err error) {
	turn, cancel := context.WithTimeout(f.ctx, heartbeat)
	defer cancel()
	if m, err = f.feed.Next(turn); err != nil && (f.ctx.Err() != nil || turn.Err() == nil) {
		return m, false, err
	}
	got = err == nil
	if now := f.server.service.Monotonic(); !got || now-f.looked >= lookAgain {
		if err := f.again(f.ctx); err != nil {
			return m, false, err
		}
		f.looked = now
	}
	return m, got, nil
}

// changes answers GET /changes with server-sent events.
func (q *request) changes() error {
	f, end, err := q.follow()
	if err != nil {
		return err
	}
	defer end()
	ctx := f.ctx
	control := http.NewResponseController(q.w)
	_ = control.SetReadDeadline(time.Time{}) // a feed outlives the bound on reading a request
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	// A write to a reader that takes nothing ends with the feed.
	defer context.AfterFunc(ctx, func() { _ = control.SetWriteDeadline(time.UnixMilli(1)) })()
	h := q.headers()
	h["Content-Type"] = []string{"text/event-stream"}
	h["Cache-Control"] = []string{"no-cache"}
	h[tokenHeader] = []string{f.feed.Token()}
	q.status = http.StatusOK
	q.w.WriteHeader(http.StatusOK)
	// An event without data is dispatched to nobody and yet sets the reader's
	// last id: one that loses its connection before the first message asks
	// from here, not from a later now.
	opened := api.Message{Token: f.feed.Token()}
	q.out = appendEvent(append(q.out[:0], ": selvedge\n"...), &opened)
	for {
		_ = control.SetWriteDeadline(q.server.in(stalled))
		if ctx.Err() != nil {
			return nil
		}
		if _, err := q.w.Write(q.out); err != nil {
			return nil
		}
		if err := control.Flush(); err != nil {
			return nil
		}
		m, got, err := f.next()
		switch {
		case err != nil:
			return q.feedEnds(ctx, err)
		case !got:
			q.out = append(q.out[:0], ": heartbeat\n\n"...)
		default:
			q.out = appendEvent(q.out[:0], &m)
		}
	}
}

// appendEvent appends a message as an event. One without changes only moves
// the reader's token on.
func appendEvent(dst []byte, m *api.Message) []byte {
	dst = append(append(append(dst, "id: "...), m.Token...), '\n')
	if len(m.Changes) > 0 {
		dst = append(m.AppendJSON(append(dst, "data: "...)), '\n')
	}
	return append(dst, '\n')
}

// feedEnds tells a reader that is still there why its feed ends.
func (q *request) feedEnds(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	q.out = append(q.out[:0], "event: error\ndata: "...)
	q.out = append(api.AsError(err).AppendJSON(q.out), "\n\n"...)
	_, _ = q.w.Write(q.out)
	return nil
}

// changesSocket answers the WebSocket at /_ws/changes. What the caller sends
// is not looked at, except that it closes. The place where the feed begins is
// in a header; a caller that cannot read headers asks with opening=true for a
// first message without changes, which has it.
func (q *request) changesSocket() error {
	f, end, err := q.follow()
	if err != nil {
		return err
	}
	defer end()
	if q.header("Upgrade") == "" {
		return api.Fail(api.BadParameter, "this path takes a WebSocket")
	}
	opening, err := q.query.flag("opening", false)
	if err != nil {
		return err
	}
	q.headers()[tokenHeader] = []string{f.feed.Token()}
	// Origins are not checked: no cookie carries rights, and a page that can
	// send the Authorization header or key already has it.
	socket, err := websocket.Accept(q.w, q.hr, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		q.status = http.StatusBadRequest // Accept has answered
		return nil
	}
	q.status = http.StatusSwitchingProtocols
	defer func() { _ = socket.CloseNow() }()
	f.ctx = socket.CloseRead(f.ctx)
	if opening {
		opened := api.Message{Token: f.feed.Token()}
		if err := q.tell(f.ctx, socket, &opened); err != nil {
			return nil
		}
	}
	for {
		m, got, err := f.next()
		switch {
		case err != nil:
			return q.socketEnds(socket, err)
		case !got:
			if err := ping(f.ctx, socket); err != nil {
				return nil
			}
		case len(m.Changes) > 0:
			if err := q.tell(f.ctx, socket, &m); err != nil {
				return nil
			}
		}
	}
}

// tell sends a message, to a reader that takes it in time.
func (q *request) tell(ctx context.Context, socket *websocket.Conn, m *api.Message) error {
	ctx, cancel := context.WithTimeout(ctx, stalled)
	defer cancel()
	q.out = m.AppendJSON(q.out[:0])
	return socket.Write(ctx, websocket.MessageText, q.out)
}

func ping(ctx context.Context, socket *websocket.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	return socket.Ping(ctx)
}

// socketEnds closes with the reason.
func (q *request) socketEnds(socket *websocket.Conn, err error) error {
	if q.server.streams.Err() != nil {
		_ = socket.Close(websocket.StatusGoingAway, "shutting down")
		return nil
	}
	if !errors.Is(err, context.Canceled) {
		told, status := api.AsError(err), websocket.StatusInternalError
		if told.Status == http.StatusUnauthorized || told.Status == http.StatusForbidden {
			status = websocket.StatusPolicyViolation
		}
		reason := told.Error()
		_ = socket.Close(status, reason[:min(len(reason), 120)])
	}
	return nil
}
