package http

import (
	"context"
	"math"
	"net/http"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// transactions answers /transaction and what is below it.
func (q *request) transactions() error {
	q.patient = true
	ctx, err := q.begun()
	if err != nil {
		return err
	}
	service, m, id := q.server.service, q.hr.Method, q.path.at(1)
	switch {
	case q.path.n == 1 && m == http.MethodGet:
		open := service.Transactions(ctx, &q.call)
		return q.ok(http.StatusOK, member("transactions", each(open, func(id *string) value.Value {
			return value.Object(str("id", *id), str("state", api.TransactionRunning))
		})))
	case q.path.n == 1 && m == http.MethodPost:
		return api.Fail(api.NotAvailable, "transactions in JavaScript; there are POST /cursor, as one query is one transaction, POST /batch/atomic for "+
			"several writes at once, and POST /transaction/begin")
	case q.path.n == 1:
		return q.allow("GET, POST")
	case q.path.n == 2 && id == "begin":
		if m != http.MethodPost {
			return q.allow("POST")
		}
		return q.beginTransaction(ctx)
	case q.path.n != 2:
		return q.unknown()
	}
	switch m {
	case http.MethodGet:
		return q.transactionState(id)(service.TransactionStatus(ctx, &q.call, id))
	case http.MethodPut:
		return q.transactionState(id)(service.CommitTransaction(ctx, &q.call, id))
	case http.MethodDelete:
		return q.transactionState(id)(service.AbortTransaction(ctx, &q.call, id))
	}
	return q.allow("GET, PUT, DELETE")
}

// transactionState answers how a transaction stands.
func (q *request) transactionState(id string) func(string, error) error {
	return func(state string, err error) error {
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, value.Object(str("id", id), str("status", state)))
	}
}

// decodeTransaction reads the body of POST /transaction/begin.
func decodeTransaction(body value.Value) (api.TransactionRequest, error) {
	f := object(body)
	in := &fields{of: f.sub("collections")}
	list := func(name string) []string {
		if v, ok := in.of.Get(name); ok && v.Kind() == value.KindString { // one name alone
			return []string{v.Str()}
		}
		return in.texts(name)
	}
	r := api.TransactionRequest{Read: list("read"), Write: list("write"), Exclusive: list("exclusive"), Strict: !f.flag("allowImplicit", true)}
	both := &queryFields{top: f, options: &fields{}}
	r.LockTimeout = both.seconds("lockTimeout")
	r.MaxSize = f.integer("maxTransactionSize", 0, 0, math.MaxInt64)
	_ = f.flag("waitForSync", false)
	return r, both.errAlso(in)
}

// errAlso is err, or that of other fields.
func (f *queryFields) errAlso(other *fields) error {
	if err := f.err(); err != nil {
		return err
	}
	return other.err
}

func (q *request) beginTransaction(ctx context.Context) error {
	if q.transaction() != "" {
		return api.Fail(api.TransactionOperation, "transactions do not nest")
	}
	body, err := q.jsonOr(value.Object())
	if err != nil {
		return err
	}
	r, err := decodeTransaction(body)
	if err != nil {
		return err
	}
	id, err := q.server.service.BeginTransaction(ctx, &q.call, &r)
	if err != nil {
		return err
	}
	return q.result(http.StatusCreated, value.Object(str("id", id), str("status", api.TransactionRunning)))
}
