package http

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// recorder keeps the answer to a request that has no connection of its own: one in the background, or a part of a
// batch. What goes beyond the limit is not kept.
type recorder struct {
	header http.Header
	status int
	body   []byte
	limit  int64
	over   bool
	broken atomic.Bool
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if int64(len(r.body)+len(b)) > r.limit {
		r.over, r.body = true, nil
	}
	if !r.over {
		r.body = append(r.body, b...)
	}
	return len(b), nil
}

// SetWriteDeadline is for http.ResponseController. A deadline that was over from the start breaks the answer off, as on a
// connection; others mean nothing to who keeps the answer.
func (r *recorder) SetWriteDeadline(at time.Time) error {
	if !at.After(brokenOff) {
		r.broken.Store(true)
	}
	return nil
}

// finish gives the answer a status of its own when it was too long to be kept, or broke off.
func (r *recorder) finish() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	var e *api.Error
	switch {
	case r.broken.Load():
		e = api.Fail(api.Internal, "the answer broke off")
	case r.over:
		e = api.Fail(api.BodyTooLarge, "the answer has more than %d bytes, so it was not kept; what was asked for was done", r.limit)
	default:
		return
	}
	r.status, r.body = e.Status, e.AppendJSON(nil)
	r.header.Del("Content-Length")
}

// alone tells which paths make no sense without a connection of their own.
func alone(p *path) bool {
	switch p.at(0) {
	case "changes", "_ws", "batch", "job":
		return p.at(1) != "atomic"
	}
	return false
}

// job is a request in the background. The answer may be read once done is closed.
type job struct {
	id     string
	answer *recorder
	done   chan struct{}
	cancel context.CancelFunc
}

func (j *job) finished() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// The headers of requests in the background; the second ones are those of drivers of the AQL family.
const (
	asyncHeader        = "X-C8-Async"
	otherAsyncHeader   = "X-Arango-Async"
	asyncIDHeader      = "X-C8-Async-Id"
	otherAsyncIDHeader = "X-Arango-Async-Id"
)

// async says whether a request wants to run in the background: "store" keeps the answer, "true" does not.
func (q *request) async() string {
	kind := q.header(asyncHeader)
	if kind == "" {
		kind = q.header(otherAsyncHeader)
	}
	if kind == "false" {
		return ""
	}
	return kind
}

// background takes a request on and answers at once.
func (q *request) background(kind string) error {
	ctx, err := q.identify()
	if err != nil {
		return err
	}
	if kind != "store" && kind != "true" {
		return api.Fail(api.BadParameter, "%s: %s: want store or true", asyncHeader, quote(kind))
	}
	if alone(&q.path) || q.transaction() != "" {
		return api.Fail(api.BadParameter, "%s: feeds, batches, jobs and requests of a transaction do not run in the background", asyncHeader)
	}
	body, err := q.read()
	if err != nil {
		return err
	}
	s := q.server
	run, cancel := context.WithCancel(s.streams)
	j := &job{answer: &recorder{header: http.Header{}, limit: s.service.Limits().Jobs.Size}, done: make(chan struct{}), cancel: cancel}
	again := q.hr.Clone(run)
	again.Header.Del(asyncHeader)
	again.Header.Del(otherAsyncHeader)
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(bytes.Clone(body))), int64(len(body))
	id, ended, err := s.service.KeepJob(ctx, &q.call, j, int64(len(body)), cancel)
	if err != nil {
		cancel()
		return err
	}
	owner := q.call.Owner()
	s.jobs.Go(func() {
		s.work(j, again)
		ended(int64(len(j.answer.body)))
		if kind == "true" {
			s.service.ForgetJob(owner, id)
		}
	})
	q.w.Header()[asyncIDHeader], q.w.Header()[otherAsyncIDHeader] = []string{id}, []string{id}
	return q.ok(http.StatusAccepted)
}

// work answers a request in the background. What goes wrong badly ends that request alone.
func (s *Server) work(j *job, hr *http.Request) {
	defer close(j.done)
	defer j.cancel()
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a request in the background failed", "method", hr.Method, "path", hr.URL.Path, "panic", p, "stack", string(debug.Stack()))
			e := api.Fail(api.Internal, "the request was ended")
			j.answer = &recorder{header: http.Header{"Content-Type": s.metrics.fixed.json}, status: e.Status, body: e.AppendJSON(nil)}
		}
	}()
	s.ServeHTTP(j.answer, hr)
	j.answer.finish()
}

// jobRoutes answers /job and what is below it.
func (q *request) jobRoutes() error {
	ctx, err := q.identify()
	if err != nil {
		return err
	}
	service, m, id := q.server.service, q.hr.Method, q.path.at(1)
	switch {
	case q.path.n == 2 && m == http.MethodGet && (id == "done" || id == "pending"):
		return q.plain(http.StatusOK, q.jobList(id == "done"))
	case q.path.n == 2 && m == http.MethodDelete && (id == "all" || id == "expired"):
		for _, kept := range service.Jobs(&q.call) {
			if id == "all" { // what has expired is gone by itself
				service.ForgetJob(q.call.Owner(), kept)
			}
		}
		return q.result(http.StatusOK, value.Bool(true))
	case q.path.n == 2 && m == http.MethodDelete:
		if !service.ForgetJob(q.call.Owner(), id) {
			return api.Fail(api.JobNotFound, "%s", quote(id))
		}
		return q.result(http.StatusOK, value.Bool(true))
	case q.path.n == 2 && (m == http.MethodGet || m == http.MethodPut), q.path.n == 3 && q.path.at(2) == "cancel" && m == http.MethodPut:
		return q.oneJob(ctx, id)
	case q.path.n == 2:
		return q.allow("GET, PUT, DELETE")
	case q.path.n == 3 && q.path.at(2) == "cancel":
		return q.allow("PUT")
	}
	return q.unknown()
}

// jobList gives the numbers of the jobs that are finished, or are not.
func (q *request) jobList(finished bool) value.Value {
	out := []value.Value{}
	for _, id := range q.server.service.Jobs(&q.call) {
		if kept, ok := q.server.service.Job(&q.call, id); ok {
			if j, ok := kept.(*job); ok && j.finished() == finished {
				out = append(out, value.String(id))
			}
		}
	}
	return value.Array(out...)
}

// oneJob tells how a job stands, gives its answer, or cancels it.
func (q *request) oneJob(_ context.Context, id string) error {
	kept, ok := q.server.service.Job(&q.call, id)
	j, is := kept.(*job)
	if !ok || !is {
		return api.Fail(api.JobNotFound, "%s", quote(id))
	}
	if q.path.n == 3 {
		j.cancel()
		return q.result(http.StatusOK, value.Bool(true))
	}
	q.w.Header()[asyncIDHeader], q.w.Header()[otherAsyncIDHeader] = []string{id}, []string{id}
	switch {
	case !j.finished():
		q.headers()
		q.status = http.StatusNoContent
		q.w.WriteHeader(http.StatusNoContent)
		return nil
	case q.hr.Method == http.MethodGet:
		return q.ok(http.StatusOK)
	}
	h := q.headers()
	maps.Copy(h, j.answer.header)
	h[asyncIDHeader], h[otherAsyncIDHeader] = []string{id}, []string{id}
	q.server.service.ForgetJob(q.call.Owner(), id)
	q.status = j.answer.status
	q.w.WriteHeader(q.status)
	_, _ = q.w.Write(j.answer.body) // a caller that is gone cannot be told
	return nil
}

// partsMost is how many requests one batch may carry.
const partsMost = 1000

// multipart answers POST /batch: requests in the parts of a body, one after another, each by itself. The answer has a
// part for each, in their order.
func (q *request) multipart() error {
	q.patient = true
	ctx, err := q.identify()
	if err != nil {
		return err
	}
	if q.hr.Method != http.MethodPost {
		return q.allow("POST")
	}
	if q.transaction() != "" { // parts name theirs
		return api.Fail(api.TransactionOperation, "a batch of requests; send the header %s with its parts", transactionHeader)
	}
	body, err := q.read()
	if err != nil {
		return err
	}
	boundary := boundaryOf(q.header("Content-Type"), body)
	if boundary == "" {
		return api.Fail(api.BadBatch, "the body is not multipart/form-data with a boundary; POST /batch/atomic takes JSON")
	}
	parts, err := decodeParts(body, boundary)
	if err != nil {
		return err
	}
	failed := 0
	out := make([]byte, 0, 4<<10)
	session := q.header(sessionHeader)
	for i := range parts {
		lent := q.lend(&parts[i], i, session)
		answer := q.runPart(ctx, &parts[i], q.server.service.Limits().BodyBytes-int64(len(out)))
		if answer.status >= http.StatusBadRequest {
			failed++
		}
		switch t := answer.header.Get(sessionHeader); {
		case t == "" || strings.Contains(session, t):
		case lent || session == "": // then it has what was seen before, too
			session = t
		default:
			all := append(strings.Split(session, ","), t)
			session = strings.Join(all[max(0, len(all)-sessionsMost):], ",")
		}
		out = appendPart(out, boundary, &parts[i], answer)
	}
	out = append(append(append(out, "--"...), boundary...), "--"...)
	h := q.headers()
	h["Content-Type"] = []string{"multipart/form-data; boundary=" + boundary}
	h["X-C8-Errors"] = []string{strconv.Itoa(failed)}
	if session != "" {
		h[sessionHeader] = []string{session}
	}
	q.status = http.StatusOK
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(out) // a caller that is gone cannot be told
	return nil
}

const sessionHeader = "Selvedge-Session"

// sessionsMost is how many session tokens one header may hold.
const sessionsMost = 16

// boundaryOf finds what parts the parts: in the type, or, as that is not trusted, in the first line of the body.
func boundaryOf(kind string, body []byte) string {
	const most = 70
	if _, params, err := mime.ParseMediaType(kind); err == nil && params["boundary"] != "" {
		return params["boundary"]
	}
	line, _, _ := bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte{'\n'})
	text, ok := strings.CutPrefix(strings.TrimRight(string(line), "\r "), "--")
	if !ok || text == "" || len(text) > most || strings.ContainsAny(text, "\"\r ;") {
		return ""
	}
	return text
}

// part is one request of a batch.
type part struct {
	id, kind     string
	method, path string
	header       http.Header
	body         []byte
}

// decodeParts reads the requests of a batch.
func decodeParts(body []byte, boundary string) ([]part, error) {
	var out []part
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, api.Fail(api.BadBatch, "part %d: %v", len(out)+1, err)
		}
		if len(out) == partsMost {
			return nil, api.Fail(api.BadBatch, "more than %d parts", partsMost)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return nil, api.Fail(api.BadBatch, "part %d: %v", len(out)+1, err)
		}
		one := part{id: p.Header.Get("Content-Id"), kind: p.Header.Get("Content-Type"), header: http.Header{}}
		if why := one.decode(text); why != "" {
			return nil, api.Fail(api.BadBatch, "part %d: %s", len(out)+1, why)
		}
		out = append(out, one)
	}
}

// headersMost is how many headers a part may have; together they are no longer than those of a request.
const headersMost = 100

// decode reads a request: a line with method and path, headers, an empty line, the body.
func (p *part) decode(text []byte) (wrong string) {
	head := len(text) - headerBytes
	line, rest := cutLine(text)
	fields := strings.Fields(line)
	if len(fields) < 2 || len(fields) > 3 || fields[1][0] != '/' {
		return "want a line METHOD /path, headers, an empty line and the body"
	}
	p.method, p.path = strings.ToUpper(fields[0]), fields[1]
	for n := 0; len(rest) > 0; n++ {
		if line, rest = cutLine(rest); line == "" {
			break
		}
		name, text, ok := strings.Cut(line, ":")
		switch {
		case !ok:
			return "a header without a colon: " + quote(line)
		case n == headersMost || len(rest) < head:
			return "more headers than " + strconv.Itoa(headersMost) + ", or longer ones than " + strconv.Itoa(headerBytes) + " bytes"
		}
		p.header.Add(textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(text))
	}
	p.body = rest
	return ""
}

func cutLine(text []byte) (string, []byte) {
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	return strings.TrimRight(string(line), "\r"), rest
}

// lend gives a part what the call of the batch says of itself and the part does not, and the session so far; it tells
// whether the part took that. Of an idempotency key each part has its own, so that a batch which is repeated repeats
// nothing.
func (q *request) lend(p *part, number int, session string) (lent bool) {
	for _, name := range [...]string{"Authorization", "Selvedge-Consistency", "Selvedge-Deadline"} {
		if text := q.header(name); text != "" && p.header.Get(name) == "" {
			p.header.Set(name, text)
		}
	}
	if lent = session != "" && p.header.Get(sessionHeader) == ""; lent {
		p.header.Set(sessionHeader, session)
	}
	const key = "Idempotency-Key"
	if text := q.header(key); text != "" && p.header.Get(key) == "" {
		p.header.Set(key, text+"#part"+strconv.Itoa(number))
	}
	return lent
}

// runPart answers one request of a batch, in the tenant and the fabric of the batch unless it names others.
func (q *request) runPart(ctx context.Context, p *part, limit int64) *recorder {
	answer := &recorder{header: http.Header{}, limit: limit}
	refuse := func(err error) *recorder {
		e := api.AsError(err)
		answer.header["Content-Type"] = q.server.metrics.fixed.json
		answer.status, answer.body = e.Status, e.AppendJSON(nil)
		return answer
	}
	u, err := url.ParseRequestURI(p.path)
	if err != nil {
		return refuse(api.Fail(api.BadBatch, "path %s", quote(p.path)))
	}
	var cut path
	if err := cut.cut(u); err != nil {
		return refuse(err)
	}
	if alone(&cut) || p.header.Get(asyncHeader) != "" || p.header.Get(otherAsyncHeader) != "" {
		return refuse(api.Fail(api.BadBatch, "feeds, batches and jobs cannot be part of a batch"))
	}
	within(u, "_fabric", q.path.fabric, cut.fabric)
	within(u, "_tenant", q.path.tenant, cut.tenant)
	hr := (&http.Request{Method: p.method, URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: p.header, Host: q.hr.Host,
		RemoteAddr: q.hr.RemoteAddr, Body: io.NopCloser(bytes.NewReader(p.body)), ContentLength: int64(len(p.body))}).WithContext(ctx)
	q.server.ServeHTTP(answer, hr)
	answer.finish()
	return answer
}

// within puts a name in front of a path that has none of its kind.
func within(u *url.URL, kind, name, has string) {
	if name != "" && has == "" {
		u.RawPath = "/" + kind + "/" + url.PathEscape(name) + u.EscapedPath()
		u.Path = "/" + kind + "/" + name + u.Path
	}
}

// appendPart appends the answer to one request of a batch.
func appendPart(out []byte, boundary string, p *part, answer *recorder) []byte {
	line := func(text ...string) {
		for _, t := range text {
			out = append(out, t...)
		}
		out = append(out, '\r', '\n')
	}
	line("--", boundary)
	if p.kind != "" {
		line("Content-Type: ", p.kind)
	} else {
		line("Content-Type: application/x-c8-batchpart")
	}
	if p.id != "" {
		line("Content-Id: ", p.id)
	}
	line()
	line("HTTP/1.1 ", strconv.Itoa(answer.status), " ", http.StatusText(answer.status))
	for _, name := range slices.Sorted(maps.Keys(answer.header)) {
		if name == "Content-Length" || strings.HasPrefix(name, "Access-Control") {
			continue
		}
		for _, text := range answer.header[name] {
			line(name, ": ", text)
		}
	}
	line("Content-Length: ", strconv.Itoa(len(answer.body)))
	line()
	out = append(out, answer.body...)
	return append(out, '\r', '\n')
}
