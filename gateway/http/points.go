package http

import (
	"net/http"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// points answers POST /timeseries/C: points in columns. The body is an object,
// or an array of them, with the fields that name a series as they are, and the
// time and the values as arrays.
func (q *request) points() error {
	ctx, err := q.enter()
	if err != nil {
		return err
	}
	switch {
	case q.path.n != 2:
		return q.unknown()
	case q.hr.Method != http.MethodPost:
		return q.allow("POST")
	}
	if err := q.unconditional(); err != nil {
		return err
	}
	sync, err := q.sync()
	if err != nil {
		return err
	}
	body, err := q.json()
	if err != nil {
		return err
	}
	documents := []value.Value{body}
	if body.Kind() == value.KindArray {
		documents = body.Items()
	}
	done, err := q.server.service.WriteColumnDocuments(ctx, &q.call, q.path.at(1), documents, sync)
	if err != nil {
		return err
	}
	return q.ok(written(api.OpInsert, sync), member("points", value.Int(int64(done.Points))), str("_rev", done.Rev))
}
