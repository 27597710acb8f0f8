package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/rowsource"
)

// maxBatchBytes keeps one request well below what every location takes.
const maxBatchBytes = 8 << 20

// importRun is one import. Rows go in batches; a batch is behind us when its
// answer has come and the state says so on disk. Its borders depend only on
// where it begins and on the file, and its Idempotency-Key on its borders, so
// that a batch sent again after a break is known by the server.
type importRun struct {
	client   *client.Client
	o        importFlags
	file     string
	source   rowsource.Source
	state    *importState
	errOut   io.Writer
	progress *progress
	resumed  bool // the batch at hand may have arrived in an earlier run
}

// batch is consecutive rows: the good ones, and the bad ones' reports.
type batch struct {
	first, rows int64 // place among all rows, bad ones included
	good        []rowsource.Row
	bad         []rowsource.Row
	bytes       int
	end         error // io.EOF or what ended the input after this batch
}

func (r *importRun) run(ctx context.Context) error {
	r.resumed = r.state.again
	if err := r.skip(r.state.Rows); err != nil {
		return err
	}
	if err := r.state.save(); err != nil { // the name of the run, before anything is sent
		return err
	}
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	for batch := range r.batches(reading) {
		if err := ctx.Err(); err != nil {
			return r.interrupted(err)
		}
		stop, err := r.deliver(ctx, batch)
		if err != nil {
			return r.interrupted(err)
		}
		r.resumed = false
		if stop {
			return fmt.Errorf("%s: %w", r.file, errStopped)
		}
		if batch.end != nil && !errors.Is(batch.end, io.EOF) {
			return fmt.Errorf("%s: %w", r.file, batch.end)
		}
	}
	if err := ctx.Err(); err != nil {
		return r.interrupted(err)
	}
	return r.state.finish()
}

func (r *importRun) interrupted(err error) error {
	if r.state.file == "" {
		return fmt.Errorf("import: %w", err)
	}
	return fmt.Errorf("import, broken off after %d rows, --resume goes on: %w", r.state.Rows, err)
}

// skip passes over the rows that an earlier run brought in.
func (r *importRun) skip(rows int64) error {
	for range rows {
		if _, err := r.source.Next(); err != nil {
			return fmt.Errorf("%s has fewer rows than were imported before: %w", r.file, err)
		}
	}
	return nil
}

// batches reads ahead by one batch while another one is under way. The reader
// ends with the input or with the context.
func (r *importRun) batches(ctx context.Context) <-chan batch {
	ahead := make(chan batch, 1)
	done, next := ctx.Done(), r.state.Rows
	go func() {
		defer close(ahead)
		for {
			b := r.read(next)
			select {
			case ahead <- b:
			case <-done:
				return
			}
			if b.end != nil || (len(b.bad) > 0 && r.o.onError == "stop") {
				return
			}
			next += b.rows
		}
	}()
	return ahead
}

// read collects the rows of one batch. A row that can't be read ends it where
// the import would stop there.
func (r *importRun) read(first int64) batch {
	b := batch{first: first}
	for len(b.good) < r.o.batch && b.bytes < maxBatchBytes {
		row, err := r.source.Next()
		if err != nil {
			b.end = err
			return b
		}
		if row.Err != nil {
			b.bad = append(b.bad, row)
			if r.o.onError == "stop" {
				return b // not counted: a later run meets it again
			}
			b.rows++
			continue
		}
		b.rows++
		b.good = append(b.good, row)
		b.bytes += len(row.Document) + 1
	}
	return b
}

// deliver sends the batch, reports its bad rows and notes that it is done.
func (r *importRun) deliver(ctx context.Context, b batch) (stop bool, err error) {
	refused, err := r.send(ctx, b.first, b.good)
	if err != nil {
		return false, err
	}
	for _, row := range append(b.bad, refused...) {
		r.progress.message(fmt.Sprintf("%s:%d: %v", r.file, row.Line, row.Err))
	}
	bad := len(b.bad) + len(refused)
	stop = bad > 0 && r.o.onError == "stop"
	r.state.Rows += b.rows
	r.state.Imported += int64(len(b.good) - len(refused))
	r.state.Skipped += int64(len(refused))
	if r.o.onError == "skip" {
		r.state.Skipped += int64(len(b.bad))
	}
	r.progress.rows(int64(len(b.good) - len(refused)))
	return stop, r.state.save()
}

// send brings rows in and returns those that the server refused. A call that
// is refused as a whole because of what some row holds is cut in halves until
// the row stands alone.
func (r *importRun) send(ctx context.Context, first int64, rows []rowsource.Row) ([]rowsource.Row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var body bytes.Buffer
	for i, row := range rows {
		body.WriteByte("[,"[min(i, 1)])
		body.Write(row.Document)
	}
	body.WriteByte(']')
	items, err := r.client.InsertMany(ctx, r.o.to, json.RawMessage(body.Bytes()), client.WriteOptions{
		Overwrite: r.o.overwrite, IdempotencyKey: fmt.Sprintf("%s-%d-%d-%d", r.state.Run, first, rows[0].Line, len(rows))})
	if refusal := refusalOfContent(err); refusal != nil {
		if len(rows) == 1 {
			rows[0].Err = refusal
			return rows, nil
		}
		half := len(rows) / 2
		left, err := r.send(ctx, first, rows[:half])
		if err != nil {
			return nil, err
		}
		right, err := r.send(ctx, first, rows[half:])
		return append(left, right...), err
	}
	if err != nil {
		return nil, err
	}
	if len(items) != len(rows) {
		return nil, fmt.Errorf("the server answered for %d rows of %d", len(items), len(rows))
	}
	return r.refused(rows, items), nil
}

func (r *importRun) refused(rows []rowsource.Row, items []client.Item) []rowsource.Row {
	var refused []rowsource.Row
	for i, item := range items {
		if item.Err == nil || r.cameBefore(rows[i], item.Err) {
			continue
		}
		rows[i].Err = item.Err
		refused = append(refused, rows[i])
	}
	return refused
}

// cameBefore: the run before this one may have ended between the server's
// commit and the note that it was done, and the server may have forgotten the
// call's key since. Then the row's own key tells.
func (r *importRun) cameBefore(row rowsource.Row, err *client.Error) bool {
	return r.resumed && err.ErrorNum == client.NumUniqueViolated && bytes.Contains(row.Document, []byte(`"_key":`))
}

// refusalOfContent is the server's refusal of what the call holds, in
// contrast to who calls and what the location can do now.
func refusalOfContent(err error) *client.Error {
	var refusal *client.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	switch refusal.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return refusal
	}
	return nil
}
