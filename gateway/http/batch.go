package http

import (
	"net/http"
	"strconv"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// decodeBatch reads the operations of an atomic batch.
func decodeBatch(body value.Value) ([]api.Operation, error) {
	f := object(body)
	list, ok := f.find("operations", value.KindArray)
	if f.err == nil && !ok {
		f.err = api.Fail(api.BadBatch, "operations is missing: want an array")
	}
	if f.err != nil {
		return nil, f.err
	}
	out := make([]api.Operation, len(list.Items()))
	for i, item := range list.Items() {
		op, err := decodeOperation(item)
		if err != nil {
			e := *api.AsError(err)
			e.Index = i
			return nil, &e
		}
		out[i] = op
	}
	return out, nil
}

func decodeOperation(item value.Value) (api.Operation, error) {
	f := object(item)
	op := api.Operation{Kind: f.want("op"), Collection: f.want("collection"), Key: f.text("key"), Rev: f.text("rev"), Options: api.DefaultWriteOptions()}
	op.Document = f.sub("document")
	if v, ok := item.Get("value"); ok && op.Kind == "kvset" && op.Document.IsNull() {
		op.Document = value.Object(member("value", v))
		if e, ok := item.Get("expireAt"); ok {
			op.Document = op.Document.With("expireAt", e)
		}
	}
	if o := object(f.sub("options")); !o.of.IsNull() && f.err == nil {
		op.Options.ReturnOld, op.Options.ReturnNew = o.flag("returnOld", false), o.flag("returnNew", false)
		op.Options.KeepNull, op.Options.MergeObjects = o.flag("keepNull", true), o.flag("mergeObjects", true)
		op.Options.IgnoreRevs = o.flag("ignoreRevs", true)
		if o.flag("overwrite", false) {
			op.Options.Overwrite = api.OverwriteReplace
		}
		f.err = o.err
	}
	return op, f.err
}

// batch answers POST /batch/atomic, and POST /batch.
func (q *request) batch() error {
	if q.path.n == 1 {
		return q.multipart()
	}
	ctx, err := q.takePart()
	if err != nil {
		return err
	}
	switch {
	case q.path.n != 2 || q.path.at(1) != "atomic":
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
	operations, err := decodeBatch(body)
	if err != nil {
		return err
	}
	done, err := q.server.service.Batch(ctx, &q.call, operations, sync)
	if err != nil {
		return err
	}
	status := written(api.OpInsert, sync)
	out := append(q.out[:0], `{"error":false,"code":`...)
	out = append(append(out, statusDigits(status)...), `,"result":[`...)
	for i := range done {
		out = done[i].AppendJSON(comma(out))
	}
	q.out = append(out, "]}"...)
	return q.send(status, q.out)
}

// statusDigits is a status as text.
func statusDigits(status int) string { return strconv.Itoa(status) }
