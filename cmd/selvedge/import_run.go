package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/progress"
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
	missing  bool // the collection is to be made
	errOut   io.Writer
	progress *progress.Progress
	reported map[string]int // bad rows by kind of reason
	resumed  bool           // the batch at hand may have arrived in an earlier run
	ahead    ahead          // what an earlier run left behind it
}

// placedRow is a row and its place among all rows of the input.
type placedRow struct {
	rowsource.Row
	at int64
}

// batch is consecutive rows: the good ones, and the bad ones' reports.
type batch struct {
	first, rows int64 // place among all rows, bad ones included
	good        []placedRow
	bad         []placedRow
	bytes       int
	end         error // io.EOF or what ended the input after this batch
}

func (r *importRun) run(ctx context.Context) error {
	r.resumed, r.ahead = r.state.again, r.state.Ahead
	fresh := !r.state.again
	if err := r.skip(r.state.Rows); err != nil {
		return err
	}
	if err := r.keep(); err != nil { // the name of the run, before anything is sent
		return err
	}
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	for batch := range r.batches(reading) {
		if err := ctx.Err(); err != nil {
			return r.interrupted(err)
		}
		if len(batch.good) > 0 || errors.Is(batch.end, io.EOF) {
			if err := r.makeCollection(ctx); err != nil {
				if fresh {
					err = errors.Join(err, r.state.finish()) // nothing was sent, so there is nothing to resume
				}
				return err
			}
		}
		stop, err := r.deliver(ctx, batch)
		if err != nil {
			return r.interrupted(err)
		}
		r.resumed = false
		if stop {
			return r.stopped()
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

// makeCollection makes the collection where it is missing, and not before there is something for it: an import that
// fails at once leaves none behind. Another maker at the same time is welcome.
func (r *importRun) makeCollection(ctx context.Context) error {
	if !r.missing {
		return nil
	}
	kind := client.DocumentCollection
	if r.o.edges {
		kind = client.EdgeCollection
	}
	_, err := r.client.CreateCollection(ctx, client.CollectionSpec{Name: r.o.to, Type: kind})
	if err != nil && client.NumOf(err) != client.NumDuplicateName {
		return fmt.Errorf("collection %s: %w", r.o.to, err)
	}
	r.missing = false
	return nil
}

// keep saves the state for the first time. Where nothing can be kept beside the
// input, the import goes on without: it just cannot be resumed.
func (r *importRun) keep() error {
	err := r.state.save()
	if err == nil || r.o.resume || !cannotKeep(err) {
		return err
	}
	fmt.Fprintf(r.errOut, "nothing can be written beside the input, so that this import cannot be resumed if it breaks off: %v\n", err)
	r.state.file = ""
	return nil
}

func (r *importRun) stopped() error {
	next := "--on-error skip leaves bad rows out and goes on"
	if r.state.file != "" {
		next = "--resume goes on when the row is mended; " + next
	}
	return advise(fmt.Errorf("%s: %w", r.file, errStopped), "%s", next)
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
		at := first + b.rows
		if r.ahead.has(at) {
			b.rows++ // it is in already
			continue
		}
		if row.Err != nil {
			b.bad = append(b.bad, placedRow{row, at})
			if r.o.onError == "stop" {
				return b // not counted: a later run meets it again
			}
			b.rows++
			continue
		}
		b.rows++
		b.good = append(b.good, placedRow{row, at})
		b.bytes += len(row.Document) + 1
	}
	return b
}

// deliver sends the batch, reports its bad rows in their order and notes that
// it is done. An import that stops notes which rows the server refused, and
// that those behind them are in.
func (r *importRun) deliver(ctx context.Context, b batch) (stop bool, err error) {
	refused, err := r.send(ctx, b.first, b.good)
	if err != nil {
		return false, err
	}
	bad := slices.Concat(b.bad, refused)
	slices.SortStableFunc(bad, func(x, y placedRow) int { return cmp.Compare(x.at, y.at) })
	r.report(bad)
	stop = len(bad) > 0 && r.o.onError == "stop"
	r.state.Rows, r.state.Ahead = b.first+b.rows, ahead{}
	switch {
	case !stop:
		r.state.Skipped += int64(len(bad))
	case len(refused) > 0:
		r.state.Ahead.To = r.state.Rows
		r.state.Rows = refused[0].at
		for _, row := range refused {
			r.state.Ahead.Refused = append(r.state.Ahead.Refused, row.at)
		}
	}
	if to := r.ahead.To; r.state.Rows < to && r.state.Ahead.To < to {
		// The batch ends within what an earlier run left, the rest of which stands.
		r.state.Ahead.To = to
		for _, at := range r.ahead.Refused {
			if at >= b.first+b.rows {
				r.state.Ahead.Refused = append(r.state.Ahead.Refused, at)
			}
		}
	}
	if stop {
		r.state.Run = rand.Text() // all answers are known: what is refused is asked anew next time
	}
	r.state.Imported += int64(len(b.good) - len(refused))
	r.progress.Rows(int64(len(b.good) - len(refused)))
	return stop, r.state.save()
}

// send brings rows in and returns those that the server refused. A call that
// is refused as a whole because of what some row holds is cut in halves until
// the row stands alone.
func (r *importRun) send(ctx context.Context, first int64, rows []placedRow) ([]placedRow, error) {
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
		Overwrite: r.o.overwrite, IdempotencyKey: fmt.Sprintf("%s-%d-%d-%d-%t", r.state.Run, first, rows[0].Line, len(rows), r.o.overwrite)})
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

func (r *importRun) refused(rows []placedRow, items []client.Item) []placedRow {
	var refused []placedRow
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
// call's key since. Then the row's own key tells, unless the server is known to
// have refused the row.
func (r *importRun) cameBefore(row placedRow, err *client.Error) bool {
	return r.resumed && !slices.Contains(r.ahead.Refused, row.at) && err.ErrorNum == client.NumUniqueViolated && bytes.Contains(row.Document, []byte(`"_key":`))
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

// manyAlike is how many rows that are bad for the same kind of reason
// get a line each. The lines of the others are told together, once a batch.
const manyAlike = 5

// report tells of bad rows, which come in the order of their lines.
func (r *importRun) report(bad []placedRow) {
	if r.reported == nil {
		r.reported = map[string]int{}
	}
	var kinds []string
	more := map[string][]int{}
	for _, row := range bad {
		kind := kindOf(row.Err)
		if r.reported[kind]++; r.reported[kind] <= manyAlike {
			r.progress.Message(fmt.Sprintf("%s:%d: %v", r.file, row.Line, row.Err))
			if r.reported[kind] == 1 && r.overwriteHelps(row.Err) {
				r.progress.Message("where a document with that _key is there already, --overwrite replaces it")
			}
			continue
		}
		if more[kind] == nil {
			kinds = append(kinds, kind)
		}
		more[kind] = append(more[kind], row.Line)
	}
	for _, kind := range kinds {
		lines := more[kind]
		r.progress.Message(fmt.Sprintf("%s: and %d more, %s: %s", r.file, len(lines), ranges(lines), kind))
	}
}

// kindOf is what is alike in the reasons of rows: of a refusal its number and
// the words before the colon, behind which the row's own names stand.
func kindOf(err error) string {
	var refusal *client.Error
	if !errors.As(err, &refusal) || refusal.ErrorNum == 0 {
		return err.Error()
	}
	kind := *refusal
	kind.Message, _, _ = strings.Cut(refusal.Message, ": ")
	return kind.Error()
}

// overwriteHelps: what stands in the row's way is an earlier document.
func (r *importRun) overwriteHelps(err error) bool {
	var refusal *client.Error
	return !r.o.overwrite && errors.As(err, &refusal) && refusal.ErrorNum == client.NumUniqueViolated
}

// ranges writes growing line numbers as short as it can.
func ranges(lines []int) string {
	var b strings.Builder
	b.WriteString("line")
	if len(lines) > 1 {
		b.WriteByte('s')
	}
	for i := 0; i < len(lines); {
		last := i
		for last+1 < len(lines) && lines[last+1] == lines[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %d", lines[i])
		if last > i {
			fmt.Fprintf(&b, " to %d", lines[last])
		}
		i = last + 1
	}
	return b.String()
}
