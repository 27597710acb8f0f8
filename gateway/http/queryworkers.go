package http

import (
	"context"
	"net/http"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// queryWorkers answers /restql and what is below it.
func (q *request) queryWorkers() error {
	q.patient = true
	enter := q.enter
	if part := q.path.at(1); q.path.n == 3 && (part == "execute" || part == "fetch") {
		enter = q.takePart
	}
	ctx, err := enter()
	if err != nil {
		return err
	}
	m, part := q.hr.Method, q.path.at(1)
	switch {
	case q.path.n == 1 && m == http.MethodPost:
		return q.saveQuery(ctx)
	case q.path.n == 1 && m == http.MethodGet, q.path.n == 2 && part == "user" && m == http.MethodGet:
		return q.savedQueries(ctx)
	case q.path.n == 1:
		return q.allow("GET, POST")
	case q.path.n == 2 && part == "import" && m == http.MethodPost:
		return q.importQueries(ctx)
	case q.path.n == 2:
		return q.savedQuery(ctx, part)
	case q.path.n == 3 && part == "execute":
		if m != http.MethodPost {
			return q.allow("POST")
		}
		return q.runQuery(ctx, q.path.at(2))
	case q.path.n == 3 && part == "fetch":
		if m != http.MethodPut {
			return q.allow("PUT")
		}
		return q.nextBatch(ctx, q.path.at(2), "")
	}
	return q.unknown()
}

// decodeSave reads a query to be saved; what stands below query may also stand at the top.
func decodeSave(body value.Value) (api.SaveRequest, *fields) {
	f := object(body)
	if inner := f.sub("query"); !inner.IsNull() {
		f = &fields{of: inner}
	}
	r := api.SaveRequest{Name: f.text("name"), Text: f.text("value"), Type: f.text("type"), Parameter: f.sub("parameter")}
	return r, f
}

// worker describes a query worker.
func (q *request) worker(w *api.QueryWorker) value.Value {
	out := []value.Member{str("_key", w.Name), str("name", w.Name), str("value", w.Text), str("type", "c8ql"), str("userid", q.call.Tenant+"."+w.User),
		str("tenant", q.call.Tenant), str("fabric", q.call.Tenant+"."+q.call.FabricName)}
	if w.Parameter.Len() > 0 {
		out = append(out, member("parameter", w.Parameter))
	}
	return value.Object(out...)
}

func (q *request) saveQuery(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	r, f := decodeSave(body)
	if f.err != nil {
		return f.err
	}
	w, err := q.server.service.SaveQuery(ctx, &q.call, &r)
	if err != nil {
		return err
	}
	return q.result(http.StatusOK, q.worker(&w))
}

func (q *request) savedQueries(ctx context.Context) error {
	list, err := q.server.service.SavedQueries(ctx, &q.call)
	if err != nil {
		return err
	}
	return q.result(http.StatusOK, each(list, q.worker))
}

// savedQuery answers /restql/NAME.
func (q *request) savedQuery(ctx context.Context, name string) error {
	service := q.server.service
	switch q.hr.Method {
	case http.MethodGet:
		w, err := service.SavedQuery(ctx, &q.call, name)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, q.worker(&w))
	case http.MethodPut:
		body, err := q.json()
		if err != nil {
			return err
		}
		r, f := decodeSave(body)
		text, change := f.textOr("value"), (*value.Value)(nil)
		if _, ok := f.find("parameter", value.KindObject); ok {
			change = &r.Parameter
		}
		if f.err == nil && text == nil && change == nil {
			f.fail("query has neither value nor parameter")
		}
		if f.err != nil {
			return f.err
		}
		w, err := service.ChangeQuery(ctx, &q.call, name, r.Type, text, change)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, q.worker(&w))
	case http.MethodDelete:
		if err := service.RemoveQuery(ctx, &q.call, name); err != nil {
			return err
		}
		return q.result(http.StatusOK, value.Array())
	}
	return q.allow("GET, PUT, DELETE")
}

// runQuery answers POST /restql/execute/NAME, whose body may be missing.
func (q *request) runQuery(ctx context.Context, name string) error {
	body, err := q.jsonOr(value.Object())
	if err != nil {
		return err
	}
	r, _, err := decodeQuery(body)
	if err != nil {
		return err
	}
	b, err := q.server.service.RunQuery(ctx, &q.call, name, &r)
	return q.batchOf(b, err, http.StatusCreated)
}

// importQueries answers POST /restql/import. A query without a text refuses all of them.
func (q *request) importQueries(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	list, details, err := decodeQueries(body)
	if err != nil {
		return err
	}
	created, wrong, err := q.server.service.ImportQueries(ctx, &q.call, list)
	if err != nil {
		return err
	}
	members := []value.Member{member("created", value.Int(int64(created))), member("errors", value.Int(int64(len(wrong))))}
	if details {
		members = append(members, member("details", textArray(wrong)))
	}
	return q.result(http.StatusOK, value.Object(members...))
}

func decodeQueries(body value.Value) (list []api.SaveRequest, details bool, err error) {
	f := object(body)
	items, ok := f.find("queries", value.KindArray)
	if !ok {
		f.fail("queries is missing: want an array")
	}
	for i, item := range items.Items() {
		r, one := decodeSave(item)
		if one.err == nil && r.Text == "" {
			one.fail("query 'value' missing or is not a string in query %d", i+1)
		}
		if one.err != nil {
			return nil, false, one.err
		}
		list = append(list, r)
	}
	return list, f.flag("details", false), f.err
}
