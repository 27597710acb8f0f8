package http

import (
	"context"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// queryFields reads options of a query, which clients send at the top of the body, under options, or in both places;
// the top counts.
type queryFields struct{ top, options *fields }

func (f *queryFields) flag(name string, absent bool) bool {
	return f.top.flag(name, f.options.flag(name, absent))
}

func (f *queryFields) integer(name string, absent, least, most int64) int64 {
	return f.top.integer(name, f.options.integer(name, absent, least, most), least, most)
}

// seconds reads a duration given in seconds, with a fraction if need be.
func (f *queryFields) seconds(name string) time.Duration {
	n := f.top.floatOr(name)
	if n == nil {
		n = f.options.floatOr(name)
	}
	if n == nil {
		return 0
	}
	const most = 1e9
	if math.IsNaN(*n) || *n < 0 || *n > most {
		f.top.fail("%s is %v, want seconds from 0 to %v", name, *n, float64(most))
		return 0
	}
	return time.Duration(math.Ceil(*n * float64(time.Second))) // what is asked for is never none
}

// level reads a member that is a number or, in older clients, a boolean.
func (f *queryFields) level(name string, most int64) int {
	for _, at := range []*fields{f.top, f.options} {
		v, ok := at.of.Get(name)
		if !ok || v.IsNull() {
			continue
		}
		if v.Kind() == value.KindBool {
			if v.Bool() {
				return 1
			}
			return 0
		}
		return int(at.integer(name, 0, 0, most))
	}
	return 0
}

// err is the first thing that was wrong.
func (f *queryFields) err() error {
	if f.top.err != nil {
		return f.top.err
	}
	return f.options.err
}

// decodeQuery reads the body of a query.
func decodeQuery(body value.Value) (api.QueryRequest, *queryFields, error) {
	top := object(body)
	f := &queryFields{top: top, options: &fields{of: top.sub("options")}}
	r := api.QueryRequest{Text: top.text("query")}
	readQuery(f, &r)
	return r, f, f.err()
}

// readQuery reads all of a query but its text.
func readQuery(f *queryFields, r *api.QueryRequest) {
	r.Bind, _ = f.top.of.Get("bindVars")
	if k := r.Bind.Kind(); k != value.KindNull && k != value.KindObject && !(k == value.KindArray && r.Bind.Len() == 0) {
		f.top.fail("bindVars is %s, want an object", k)
	} else if k == value.KindArray { // what some clients make of no parameters
		r.Bind = value.Null()
	}
	r.BatchSize = int(f.integer("batchSize", api.QueryBatch, 1, math.MaxInt32))
	r.TTL = f.seconds("ttl")
	r.Retry = f.flag("allowRetry", false)
	o := &r.Options
	o.Count, o.FullCount, o.Stream = f.flag("count", false), f.flag("fullCount", false), f.flag("stream", false)
	o.Profile = f.level("profile", 4)
	o.FailOnWarning, o.SkipInaccessible = f.flag("failOnWarning", false), f.flag("skipInaccessibleCollections", false)
	o.MemoryLimit = f.integer("memoryLimit", 0, 0, math.MaxInt64)
	o.MaxRuntime = f.seconds("maxRuntime")
	if o.MaxWarnings = int(f.integer("maxWarningCount", 10, 0, math.MaxInt32)); o.MaxWarnings == 0 {
		o.MaxWarnings = -1
	}
	optimizer := f.top.sub("optimizer")
	if optimizer.IsNull() {
		optimizer = f.options.sub("optimizer")
	}
	rules := &fields{of: optimizer}
	if o.Rules = rules.texts("rules"); rules.err != nil && f.top.err == nil {
		f.top.err = rules.err
	}
}

// cursor answers /cursor, /cursor/ID and /cursor/ID/BATCH.
func (q *request) cursor() error {
	q.patient = true
	ctx, err := q.takePart()
	if err != nil {
		return err
	}
	m, id := q.hr.Method, q.path.at(1)
	switch {
	case q.path.n == 1 && m == http.MethodPost:
		return q.startQuery(ctx)
	case q.path.n == 1:
		return q.allow("POST")
	case q.path.n == 2 && id == "sql":
		return q.later("SQL comes later; the cursor takes C8QL")
	case q.path.n == 2 && (m == http.MethodPut || m == http.MethodPost):
		return q.nextBatch(ctx, id, "")
	case q.path.n == 3 && m == http.MethodPost:
		return q.nextBatch(ctx, id, q.path.at(2))
	case q.path.n == 2 && m == http.MethodDelete:
		if err := q.server.service.DropCursor(ctx, &q.call, id); err != nil {
			return err
		}
		return q.ok(http.StatusAccepted, str("id", id))
	case q.path.n == 2:
		return q.allow("PUT, POST, DELETE")
	case q.path.n == 3:
		return q.allow("POST")
	}
	return q.unknown()
}

func (q *request) startQuery(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	r, _, err := decodeQuery(body)
	if err != nil {
		return err
	}
	b, err := q.server.service.Query(ctx, &q.call, &r)
	return q.batchOf(b, err, http.StatusCreated)
}

func (q *request) nextBatch(ctx context.Context, id, number string) error {
	b, err := q.server.service.NextBatch(ctx, &q.call, id, number)
	return q.batchOf(b, err, http.StatusOK)
}

// batchOf answers rows. A cursor whose caller has gone meanwhile is freed.
func (q *request) batchOf(b api.Batch, err error, status int) error {
	if err != nil {
		return err
	}
	q.out = b.AppendJSON(q.out[:0], status)
	err = q.send(status, q.out)
	if b.More && b.Next == "" && q.hr.Context().Err() != nil {
		_ = q.server.service.DropCursor(q.hr.Context(), &q.call, b.ID) // it may be gone
	}
	return err
}

// queries answers /query, /explain and what is below them.
func (q *request) queries() error {
	q.patient = true
	ctx, err := q.enterQueries()
	if err != nil {
		return err
	}
	m, part := q.hr.Method, q.path.at(1)
	switch {
	case strings.HasSuffix(q.path.at(0), "function"):
		return q.userFunctions()
	case q.path.n == 1 && q.path.at(0) == "explain", q.path.n == 2 && q.path.at(0) == "query" && part == "explain":
		if m != http.MethodPost {
			return q.allow("POST")
		}
		return q.explain(ctx)
	case q.path.at(0) == "explain" || q.path.n > 2:
		return q.unknown()
	case q.path.n == 1:
		if m != http.MethodPost {
			return q.allow("POST")
		}
		return q.parse(ctx)
	}
	return q.queryPart(ctx, part)
}

// enterQueries lets explanations into a transaction; nothing else that is about queries takes part in one.
func (q *request) enterQueries() (context.Context, error) {
	if q.path.at(0) == "explain" || q.path.at(1) == "explain" {
		return q.takePart()
	}
	return q.begun()
}

// queryPart answers /query/PART, where PART may be the number of a query.
func (q *request) queryPart(ctx context.Context, part string) error {
	service, m := q.server.service, q.hr.Method
	switch {
	case part == "current" && m == http.MethodGet:
		return q.plain(http.StatusOK, each(service.RunningQueries(ctx, &q.call), func(i *api.QueryInfo) value.Value { return runningQuery(i) }))
	case part == "slow" && m == http.MethodGet:
		return q.plain(http.StatusOK, each(service.SlowQueries(ctx, &q.call), func(i *api.QueryInfo) value.Value {
			return runningQuery(i).With("exitCode", value.Int(int64(i.Error))).With("warnings", value.Int(int64(i.Warnings)))
		}))
	case part == "slow" && m == http.MethodDelete:
		service.ClearSlowQueries(ctx, &q.call)
		return q.ok(http.StatusOK)
	case part == "properties" && (m == http.MethodGet || m == http.MethodPut):
		return q.tracking(ctx)
	case part == "rules" && m == http.MethodGet:
		return q.plain(http.StatusOK, each(service.Rules(), func(r *api.Rule) value.Value {
			return value.Object(str("name", r.Name), str("doc", r.Doc), member("flags", value.Object(member("hidden", value.Bool(false)),
				member("canBeDisabled", value.Bool(true)), member("disabledByDefault", value.Bool(false)))))
		}))
	case part == "functions" && m == http.MethodGet:
		return q.result(http.StatusOK, each(service.Functions(), func(f *api.Function) value.Value {
			return value.Object(str("name", f.Name), str("kind", f.Family), str("family", f.Family), str("signature", f.Signature), str("summary", f.Doc), str("doc", f.Doc),
				member("deterministic", value.Bool(f.Deterministic)), str("example", f.Example))
		}))
	case part == "current" || part == "rules" || part == "functions":
		return q.allow("GET")
	case part == "properties":
		return q.allow("GET, PUT")
	case part == "slow":
		return q.allow("GET, DELETE")
	case m == http.MethodDelete:
		if err := service.KillQuery(ctx, &q.call, part); err != nil {
			return err
		}
		return q.ok(http.StatusOK)
	}
	return q.allow("DELETE")
}

// decodeTracking reads the body of PUT /query/properties over what is.
func decodeTracking(body value.Value, t api.Tracking) (api.Tracking, error) {
	f := &queryFields{top: object(body), options: &fields{}}
	t.Enabled, t.Slow, t.BindVars = f.top.flag("enabled", t.Enabled), f.top.flag("trackSlowQueries", t.Slow), f.top.flag("trackBindVars", t.BindVars)
	t.SlowQueries = int(f.top.integer("maxSlowQueries", int64(t.SlowQueries), 0, math.MaxInt32))
	t.SlowText = int(f.top.integer("maxQueryStringLength", int64(t.SlowText), 0, math.MaxInt32))
	if f.top.floatOr("slowQueryThreshold") != nil {
		t.SlowAfter = f.seconds("slowQueryThreshold")
	}
	_ = f.seconds("slowStreamingQueryThreshold") // it is the same for all
	return t, f.err()
}

// tracking answers /query/properties.
func (q *request) tracking(ctx context.Context) error {
	service := q.server.service
	t := service.QueryTracking(ctx, &q.call)
	if q.hr.Method == http.MethodPut {
		body, err := q.json()
		if err == nil {
			t, err = decodeTracking(body, t)
		}
		if err != nil {
			return err
		}
		t = service.SetQueryTracking(ctx, &q.call, t)
	}
	after := value.Float(t.SlowAfter.Seconds())
	return q.ok(http.StatusOK, member("enabled", value.Bool(t.Enabled)), member("trackSlowQueries", value.Bool(t.Slow)), member("trackBindVars", value.Bool(t.BindVars)),
		member("maxSlowQueries", value.Int(int64(t.SlowQueries))), member("slowQueryThreshold", after), member("slowStreamingQueryThreshold", after),
		member("maxQueryStringLength", value.Int(int64(t.SlowText))))
}

// runningQuery describes a query in a list.
func runningQuery(i *api.QueryInfo) value.Value {
	_, fabric, _ := strings.Cut(i.Fabric, "/")
	bind := i.Bind
	if bind.IsNull() {
		bind = value.Object()
	}
	return value.Object(str("id", i.ID), str("database", fabric), str("user", i.User), str("query", i.Text), member("bindVars", bind),
		str("started", time.UnixMilli(i.StartedMs).UTC().Format("2006-01-02T15:04:05Z")), member("runTime", value.Float(i.RunTime)),
		member("peakMemoryUsage", value.Int(i.PeakMemory)), str("state", i.State), member("stream", value.Bool(i.Stream)),
		member("modificationQuery", value.Bool(i.Modifies)))
}

// parse answers POST /query: what a text is, without running it.
func (q *request) parse(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	f := object(body)
	text := f.text("query")
	if f.err != nil {
		return f.err
	}
	parsed, err := q.server.service.ParseQuery(ctx, &q.call, text)
	if err != nil {
		return err
	}
	return q.ok(http.StatusOK, member("parsed", value.Bool(true)), member("collections", textArray(parsed.Collections)),
		member("bindVars", textArray(parsed.BindVars)), member("ast", parsed.AST))
}

// explain answers how a query would be carried out.
func (q *request) explain(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	r, f, err := decodeQuery(body)
	if err != nil {
		return err
	}
	all := f.flag("allPlans", false)
	if err := f.err(); err != nil {
		return err
	}
	e, err := q.server.service.Explain(ctx, &q.call, &r, all)
	if err != nil {
		return err
	}
	stats := e.Stats
	if len(e.Plans) > 0 && r.Options.Profile > 0 {
		rules, _ := e.Plans[0].Get("rules")
		stats = stats.With("rules", rules)
	}
	members := []value.Member{str("text", e.Text), member("stats", stats), member("warnings", warnings(e))}
	if all {
		return q.ok(http.StatusOK, append(members, member("plans", value.Array(e.Plans...)))...)
	}
	plan := value.Null()
	if len(e.Plans) > 0 {
		plan = e.Plans[0]
	}
	return q.ok(http.StatusOK, append(members, member("plan", plan), member("cacheable", value.Bool(e.Cacheable)))...)
}

func warnings(e *api.Explanation) value.Value {
	out := make([]value.Value, len(e.Warnings))
	for i, w := range e.Warnings {
		out[i] = value.Object(member("code", value.Int(int64(w.Number))), str("message", w.Message))
	}
	return value.Array(out...)
}

// userFunctions answers the calls about functions in JavaScript, of which there are none.
func (q *request) userFunctions() error {
	if q.hr.Method == http.MethodGet && q.path.n == 1 {
		return q.result(http.StatusOK, value.Array())
	}
	return api.Fail(api.NotAvailable, "functions in JavaScript; GET /query/functions lists those that are there")
}

// exportQuery answers POST /export: all rows of a query that only reads, without _id and _rev.
func (q *request) exportQuery(ctx context.Context) error {
	if q.hr.Method != http.MethodPost {
		return q.allow("POST")
	}
	body, err := q.json()
	if err != nil {
		return err
	}
	r, _, err := decodeQuery(body)
	if err != nil {
		return err
	}
	rows, err := q.server.service.ExportQuery(ctx, &q.call, &r)
	if err != nil {
		return err
	}
	defer rows.Close()
	return q.exportRows(ctx, rows)
}
