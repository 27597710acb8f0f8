package http

import (
	"context"
	"net/http"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// chunk is how much of a listing is gathered before it goes out.
const chunk = 64 << 10

// listing answers {error, code, result: [...]}, however long the list is, in
// the memory of a chunk and one document. One that fits into a chunk is sent
// like any reply. The deadline of the request counts until the first chunk;
// from then on the reader has to take one every so often (see stalled). What
// goes wrong after the first chunk breaks the connection, so that nobody takes
// a part for the whole.
func (q *request) listing(deadline context.Context, list *api.Listing, err error, one func(*api.Document, []byte) []byte) error {
	if err != nil {
		return err
	}
	defer list.Close()
	return q.chunks(deadline, func(ctx context.Context, emit func(func([]byte) []byte) error) error {
		return list.Each(ctx, func(d *api.Document) error { return emit(func(dst []byte) []byte { return one(d, dst) }) })
	})
}

// exportRows is listing for the rows of a query.
func (q *request) exportRows(deadline context.Context, rows *api.ExportRows) error {
	return q.chunks(deadline, func(ctx context.Context, emit func(func([]byte) []byte) error) error {
		return rows.Each(ctx, func(v value.Value) error {
			if v.Kind() == value.KindObject {
				v = v.Without("_id").Without("_rev")
			}
			return emit(func(dst []byte) []byte { return value.AppendJSON(dst, v) })
		})
	})
}

// chunks answers a list whose elements come one by one.
func (q *request) chunks(deadline context.Context, each func(ctx context.Context, emit func(func([]byte) []byte) error) error) error {
	ctx, cancel := context.WithCancel(q.hr.Context())
	defer cancel()
	defer context.AfterFunc(q.server.streams, cancel)()
	f := flow{q: q, ctx: ctx, control: http.NewResponseController(q.w), inTime: context.AfterFunc(deadline, cancel)}
	defer f.end()
	q.out = append(q.out[:0], `{"error":false,"code":200,"result":[`...)
	first := true
	err := each(ctx, func(one func([]byte) []byte) error {
		if !first {
			q.out = append(q.out, ',')
		}
		first = false
		if q.out = one(q.out); len(q.out) < chunk {
			return nil
		}
		return f.push()
	})
	if err == nil {
		q.out = append(q.out, "]}"...)
		if !f.begun() && deadline.Err() == nil {
			return q.send(http.StatusOK, q.out)
		}
		err = f.push()
	}
	switch {
	case err != nil && f.begun():
		f.breakOff()
		return nil
	case err != nil && deadline.Err() != nil:
		return deadline.Err()
	}
	return err
}

// flow is a reply that goes out in chunks.
type flow struct {
	q       *request
	ctx     context.Context
	control *http.ResponseController
	inTime  func() bool // ends the deadline of the beginning; false when it was over
	cut     func() bool // takes the end of ctx off the connection, once begun
}

func (f *flow) begun() bool { return f.cut != nil }

// breakOff makes that nothing more can go out, the end of the reply included.
func (f *flow) breakOff() { _ = f.control.SetWriteDeadline(brokenOff) }

// brokenOff is a deadline that has been over for ever.
var brokenOff = time.UnixMilli(1)

// push sends what is gathered, to a reader that takes it in time.
func (f *flow) push() error {
	if !f.begun() {
		if !f.inTime() {
			return context.DeadlineExceeded
		}
		f.cut = context.AfterFunc(f.ctx, f.breakOff)
		f.q.headers()["Content-Type"] = f.q.server.metrics.fixed.json
		f.q.status = http.StatusOK
		f.q.w.WriteHeader(http.StatusOK)
	}
	_ = f.control.SetWriteDeadline(f.q.server.in(stalled))
	if err := f.ctx.Err(); err != nil { // asked after that, as the end of ctx sets another deadline
		return err
	}
	_, err := f.q.w.Write(f.q.out)
	f.q.out = f.q.out[:0]
	return err
}

func (f *flow) end() {
	f.inTime()
	if f.begun() {
		f.cut()
	}
}
