package http

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// levelAccess is where the access log goes.
const levelAccess = slog.LevelDebug

// sendWithin is how long the reader of a long reply has for all of it.
const sendWithin = 5 * time.Minute

func accessAttrs(q *request, took time.Duration) []slog.Attr {
	return []slog.Attr{slog.String("method", q.hr.Method), slog.String("path", q.hr.URL.Path), slog.Int("status", q.status),
		slog.Duration("took", took), slog.String("tenant", q.call.Tenant), slog.String("user", q.call.Identity.User),
		slog.String("remote", q.hr.RemoteAddr)}
}

// Header values that never change; the slices are shared and nobody writes
// to them.
type fixedHeaders struct{ json, any, expose []string }

func fixed() fixedHeaders {
	return fixedHeaders{json: []string{"application/json; charset=utf-8"}, any: []string{"*"},
		expose: []string{"etag, location, retry-after, selvedge-feed-token, selvedge-session, x-c8-error-codes, x-gdn-region, x-gdn-requestid, x-gdn-responsetime"}}
}

// headers sets what every reply has. One array carries all values that differ
// between requests.
func (q *request) headers() http.Header {
	h := q.w.Header()
	f := &q.server.metrics.fixed
	h["Access-Control-Allow-Origin"] = f.any
	h["Access-Control-Expose-Headers"] = f.expose
	vals := new([3]string)
	var buf [32]byte
	vals[0] = string(strconv.AppendUint(buf[:0], q.server.requests.Add(1), 16))
	took := q.server.service.Monotonic() - q.started
	vals[1] = string(strconv.AppendFloat(buf[:0], float64(took.Microseconds())/1000, 'f', 3, 64))
	h["X-Gdn-Requestid"], h["X-Gdn-Responsetime"] = vals[0:1:1], vals[1:2:2]
	h["X-Gdn-Region"] = q.server.region[:]
	var token [512]byte
	if t := q.server.service.AppendSession(token[:0], &q.call); len(t) > 0 {
		vals[2] = string(t)
		h["Selvedge-Session"] = vals[2:3:3]
	}
	return h
}

// send answers with a JSON text. A long one goes to a reader that takes it in
// time, so that nobody holds it in memory by not reading.
func (q *request) send(status int, text []byte) error {
	q.headers()["Content-Type"] = q.server.metrics.fixed.json
	q.status = status
	q.w.WriteHeader(status)
	if q.hr.Method != http.MethodHead {
		if len(text) > chunk {
			_ = http.NewResponseController(q.w).SetWriteDeadline(q.server.in(sendWithin))
		}
		_, _ = q.w.Write(text) // a caller that is gone cannot be told
	}
	return nil
}

// ok answers with a value that gets the members error and code.
func (q *request) ok(status int, members ...value.Member) error {
	members = append(members, member("error", value.Bool(false)), member("code", value.Int(int64(status))))
	q.out = value.AppendJSON(q.out[:0], value.Object(members...))
	return q.send(status, q.out)
}

// plain answers with a value as it is.
func (q *request) plain(status int, v value.Value) error {
	q.out = value.AppendJSON(q.out[:0], v)
	return q.send(status, q.out)
}

// result answers {result, error, code}.
func (q *request) result(status int, v value.Value) error { return q.ok(status, member("result", v)) }

// fail answers with the error envelope.
func (q *request) fail(err error) {
	e := api.AsError(err)
	h := q.headers()
	if e.RetryAfter > 0 {
		h["Retry-After"] = []string{strconv.Itoa(e.RetryAfter)}
	}
	if e.Rev != "" {
		h["Etag"] = []string{`"` + e.Rev + `"`}
	}
	if e.Code == api.Unauthorized {
		h["Www-Authenticate"] = []string{`Basic realm="selvedge", Bearer realm="selvedge"`}
		if q.header("Sec-Fetch-Mode") != "" { // a browser would ask for a password, and then send it unasked
			h["Www-Authenticate"] = []string{`Bearer realm="selvedge"`}
		}
	}
	if e.Code == api.BodyTooLarge {
		h["Connection"] = []string{"close"} // the rest of the body is not read
	}
	if e.Code == api.Internal {
		q.server.log.Error("internal error", "requestid", h.Get("X-Gdn-Requestid"), "path", q.hr.URL.Path, "err", err)
	}
	h["Content-Type"] = q.server.metrics.fixed.json
	q.status = e.Status
	q.w.WriteHeader(e.Status)
	if q.hr.Method != http.MethodHead {
		q.out = e.AppendJSON(q.out[:0])
		_, _ = q.w.Write(q.out)
	}
}

// preflight answers a browser that asks before it calls.
func (q *request) preflight() {
	h := q.w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
	h.Set("Access-Control-Allow-Headers", "authorization, content-type, if-match, if-none-match, idempotency-key, last-event-id, "+
		"selvedge-consistency, selvedge-deadline, selvedge-session, x-c8-version, x-gdn-trxid, charset")
	h.Set("Access-Control-Max-Age", "86400")
	q.status = http.StatusNoContent
	q.w.WriteHeader(http.StatusNoContent)
}

func member(name string, v value.Value) value.Member { return value.Member{Name: name, Value: v} }

func str(name, s string) value.Member { return member(name, value.String(s)) }

func textArray(list []string) value.Value {
	out := make([]value.Value, len(list))
	for i, s := range list {
		out[i] = value.String(s)
	}
	return value.Array(out...)
}

// each makes an array of a list.
func each[T any](list []T, one func(*T) value.Value) value.Value {
	out := make([]value.Value, len(list))
	for i := range list {
		out[i] = one(&list[i])
	}
	return value.Array(out...)
}
