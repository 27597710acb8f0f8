package http

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// request is one request under way, with the buffers it borrows. It goes back
// to the pool at its end, so nothing may keep it or its buffers.
type request struct {
	server   *Server
	w        http.ResponseWriter
	hr       *http.Request
	call     api.Call
	envelope api.Envelope
	path     path
	query    query
	started  time.Duration
	status   int
	body     []byte // pooled
	out      []byte // pooled
	cancel   context.CancelFunc
	patient  bool // it runs queries, which have more time when they do not say
}

const pooledMost = 1 << 20 // bigger buffers are left to the collector

func (q *request) begin(s *Server, w http.ResponseWriter, hr *http.Request) {
	body, out := q.body[:0], q.out[:0]
	*q = request{server: s, w: w, hr: hr, started: s.service.Monotonic(), body: body, out: out, query: query(hr.URL.RawQuery)}
}

// end counts and logs the request and gives it back.
func (q *request) end() {
	s := q.server
	s.service.Leave(&q.call)
	if q.cancel != nil {
		q.cancel()
	}
	took := s.service.Monotonic() - q.started
	s.metrics.count(q.hr.Method, q.status, took)
	if s.log.Enabled(q.hr.Context(), levelAccess) {
		s.log.LogAttrs(q.hr.Context(), levelAccess, "request", accessAttrs(q, took)...)
	}
	body, out := q.body, q.out
	if cap(body) > pooledMost {
		body = nil
	}
	if cap(out) > pooledMost {
		out = nil
	}
	*q = request{body: body, out: out}
	s.pool.Put(q)
}

// query searches the text of a query string; for the few parameters that
// there are this is cheaper than a map.
type query string

// get finds a parameter. One without a value, or with an empty one, counts as
// absent, as clients send those for options they do not set.
func (s query) get(name string) string {
	rest := string(s)
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, "&")
		key, val, _ := strings.Cut(part, "=")
		if key == name && val != "" {
			if strings.ContainsAny(val, "%+") {
				if plain, err := url.QueryUnescape(val); err == nil {
					return plain
				}
			}
			return val
		}
	}
	return ""
}

// choice is get for one of several words. Drivers in JavaScript spell out
// options that are not set; that counts as absent.
func (s query) choice(name string) string {
	switch v := s.get(name); v {
	case "undefined", "null":
		return ""
	default:
		return v
	}
}

// flag reads a boolean: true, false, 1, 0, yes, no, in any case.
func (s query) flag(name string, absent bool) (bool, error) {
	switch v := s.choice(name); v {
	case "":
		return absent, nil
	case "true", "True", "TRUE", "1", "yes", "on":
		return true, nil
	case "false", "False", "FALSE", "0", "no", "off":
		return false, nil
	default:
		return absent, api.Fail(api.BadParameter, "%s=%s: want true or false", name, quote(v))
	}
}

// flags reads several booleans into their places, which hold the defaults.
func (s query) flags(set ...flagPlace) error {
	if s == "" {
		return nil
	}
	for _, f := range set {
		v, err := s.flag(f.name, *f.to)
		if err != nil {
			return err
		}
		*f.to = v
	}
	return nil
}

type flagPlace struct {
	name string
	to   *bool
}

// number reads a decimal integer within bounds.
func (s query) number(name string, absent, least, most int) (int, error) {
	v := s.choice(name)
	if v == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return 0, api.Fail(api.BadParameter, "%s=%s: want a number from %d to %d", name, quote(v), least, most)
	}
	return n, nil
}

// context gives the request's context with its deadline.
func (q *request) context() (context.Context, error) {
	timeout := q.server.service.Timeout
	if q.patient {
		timeout = q.server.service.QueryTimeout
	}
	d, err := timeout(q.header("Selvedge-Deadline"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(q.hr.Context(), d)
	q.cancel = cancel
	return ctx, nil
}

// header gives the first value of a header whose name is in canonical form.
func (q *request) header(name string) string {
	if v := q.hr.Header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// enter authenticates and finds the fabric, for paths that take no part in a transaction: what only reads passes over
// its header, the rest is refused.
func (q *request) enter() (context.Context, error) {
	return q.apart(q.begun())
}

// apart is what enter says of transactions.
func (q *request) apart(ctx context.Context, err error) (context.Context, error) {
	if err == nil && q.transaction() != "" && q.hr.Method != http.MethodGet && q.hr.Method != http.MethodHead {
		return nil, api.Fail(api.TransactionOperation, "%s %s; send it without the header %s", q.hr.Method, quote(q.hr.URL.Path), transactionHeader)
	}
	return ctx, err
}

// takePart is enter for paths that read and write in the transaction that the caller names, if one.
func (q *request) takePart() (context.Context, error) {
	ctx, err := q.begun()
	if err != nil {
		return nil, err
	}
	if id := q.transaction(); id != "" {
		err = q.server.service.Join(ctx, &q.call, id)
	}
	return ctx, err
}

func (q *request) begun() (context.Context, error) {
	ctx, err := q.context()
	if err != nil {
		return nil, err
	}
	q.fill()
	return ctx, q.server.service.Begin(ctx, &q.call, &q.envelope)
}

// again looks whether the caller of a stream may still read it: the credential and the fabric as they are now.
func (q *request) again(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stalled)
	defer cancel()
	var call api.Call
	if err := q.server.service.Begin(ctx, &call, &q.envelope); err != nil {
		return err
	}
	if call.Identity != q.call.Identity {
		return api.Fail(api.Unauthorized, "the credential is another's now")
	}
	q.call.Fabric = call.Fabric
	return nil
}

// The headers that name a transaction, in canonical form; the second is that of drivers of the AQL family.
const (
	transactionHeader      = "X-Gdn-Trxid"
	otherTransactionHeader = "X-Arango-Trx-Id"
)

func (q *request) transaction() string {
	if id := q.header(transactionHeader); id != "" {
		return id
	}
	return q.header(otherTransactionHeader)
}

// identify authenticates for paths that have no fabric.
func (q *request) identify() (context.Context, error) {
	ctx, err := q.context()
	if err != nil {
		return nil, err
	}
	q.fill()
	return ctx, q.server.service.Identify(ctx, &q.call, &q.envelope)
}

func (q *request) fill() {
	e := &q.envelope
	e.Authorization, e.Local = q.header("Authorization"), q.local()
	if q.ambient() {
		e.Authorization = ""
	}
	e.Tenant, e.Fabric = q.path.tenant, q.path.fabric
	e.Session = q.header("Selvedge-Session")
	e.Consistency = q.header("Selvedge-Consistency")
	e.Idempotency = q.header("Idempotency-Key")
}

// local tells whether the peer is on this machine and is no page of another
// site in a browser here: CORS lets every page call, so a development planet
// that is open must not take them for its owner.
func (q *request) local() bool {
	at, err := netip.ParseAddrPort(q.hr.RemoteAddr)
	return err == nil && at.Addr().Unmap().IsLoopback() && !q.foreign()
}

// ambient tells whether the request has a password that a browser may have
// added by itself, for a page of another site: those are not looked at. API
// keys and tokens come only from who has them.
func (q *request) ambient() bool {
	scheme, _, _ := strings.Cut(q.header("Authorization"), " ")
	return strings.EqualFold(scheme, "basic") && q.foreign()
}

// read reads the whole body into the pooled buffer.
func (q *request) read() ([]byte, error) {
	limit := q.server.service.Limits().BodyBytes
	length := q.hr.ContentLength
	if length > limit {
		return nil, api.Fail(api.BodyTooLarge, "%d bytes, at most %d", length, limit)
	}
	buf := q.body[:0]
	if length > 0 && int64(cap(buf)) < length+1 && length <= pooledMost {
		buf = make([]byte, 0, length+1)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := q.hr.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, api.Fail(api.BodyTooLarge, "at most %d bytes", limit)
		}
		if errors.Is(err, io.EOF) {
			q.body = buf
			return buf, nil
		}
		if err != nil {
			return nil, api.Fail(api.BadParameter, "the body ended early: %v", err)
		}
	}
}

// json reads the body as one JSON value. The value keeps no part of the
// pooled buffer: Parse copies what it needs.
func (q *request) json() (value.Value, error) {
	text, err := q.read()
	if err != nil {
		return value.Null(), err
	}
	v, err := value.Parse(text, value.Limits{Bytes: int(q.server.service.Limits().BodyBytes)})
	if err != nil {
		return value.Null(), api.AsError(err)
	}
	return v, nil
}

// jsonOr is json for paths where the body may be absent.
func (q *request) jsonOr(absent value.Value) (value.Value, error) {
	if q.hr.ContentLength == 0 {
		return absent, nil
	}
	text, err := q.read()
	if err != nil {
		return absent, err
	}
	if len(text) == 0 {
		return absent, nil
	}
	v, err := value.Parse(text, value.Limits{Bytes: int(q.server.service.Limits().BodyBytes)})
	if err != nil {
		return absent, api.AsError(err)
	}
	return v, nil
}

func quote(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strconv.Quote(strings.ToValidUTF8(text, "\uFFFD"))
}
