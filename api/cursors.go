package api

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/api/lease"
	"github.com/selvedge-db/selvedge/query"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// cursor is a query whose rows are not all fetched yet.
type cursor struct {
	run         *query.Execution
	tenant      string
	batch       int
	count       bool
	retry       bool
	memory      int64
	transaction string
	in          rows.Transaction // nil: one of its own
	last        Batch            // the last batch, kept for Retry
	number      int              // of it, from 1
}

// held counts the bytes that things of one kind hold, by tenant.
type held struct {
	mu    sync.Mutex
	limit int64
	bytes map[string]int64
}

// take counts bytes; false when they go beyond the limit, unless they must be kept or are those of the first thing.
func (h *held) take(tenant string, bytes int64, must bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if have := h.bytes[tenant]; have > 0 && have+bytes > h.limit && !must {
		return false
	}
	if h.bytes == nil {
		h.bytes = map[string]int64{}
	}
	h.bytes[tenant] += bytes
	return true
}

func (h *held) give(tenant string, bytes int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bytes[tenant] -= bytes; h.bytes[tenant] <= 0 {
		delete(h.bytes, tenant)
	}
}

func (h *held) of(tenant string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bytes[tenant]
}

func (h *held) total() (n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, bytes := range h.bytes {
		n += bytes
	}
	return n
}

// endCursor frees what a cursor holds.
func (s *Service) endCursor(cu *cursor) {
	s.cursorMemory.give(cu.tenant, cu.memory)
	_ = cu.run.Close() // it only frees
}

// Batch is a part of the rows of a query. With More the cursor ID has others.
type Batch struct {
	Rows     []byte // as JSON, with commas between
	Len      int
	More     bool
	ID       string
	Next     string // number of the following batch, when they can be asked for again
	Count    int64
	Counted  bool
	Stats    query.Stats
	Warnings []query.Warning
	Profile  *query.Profile
}

// Query runs a query and gives its first rows.
func (s *Service) Query(ctx context.Context, c *Call, r *QueryRequest) (Batch, error) {
	if r.BatchSize <= 0 {
		r.BatchSize = QueryBatch
	}
	if r.TTL <= 0 {
		r.TTL = QueryTTL
	}
	asked := s.asked(c, r, func(collection string, write bool) error {
		if write && s.overdrawn(c.Tenant) {
			return Fail(TooManyOpen, "queries of tenant %s write no more until its cursors are read or deleted", quote(c.Tenant))
		}
		return c.reach(collection, write)
	})
	run, err := s.start(ctx, c, asked)
	if err != nil {
		return Batch{}, err
	}
	cu := &cursor{run: run, tenant: c.Tenant, batch: r.BatchSize, count: r.Options.Count, retry: r.Retry, in: asked.Transaction}
	if c.joined != nil {
		cu.transaction = c.joined.id
	}
	b, err := s.fetch(ctx, c, cu)
	if err == nil && b.More {
		b.ID, err = s.keepCursor(c, cu, r.TTL)
		cu.last.ID = b.ID
		return b, err
	}
	if failed := run.Close(); err == nil && failed != nil {
		err = AsError(failed)
	}
	return b, err
}

// overdrawn says whether the cursors of a tenant, of which those whose queries wrote are kept beyond the limits, have come
// to twice of what may be.
func (s *Service) overdrawn(tenant string) bool {
	return s.cursors.Count(tenant) >= 2*s.limits.Cursors.Open || s.cursorMemory.of(tenant) >= 2*s.limits.Cursors.Memory
}

// weight is about what a cursor holds.
func (cu *cursor) weight() int64 { return cu.run.Stats().PeakMemoryUsage + int64(len(cu.last.Rows)) }

// keepCursor keeps a cursor for the next request. One whose query wrote is kept beyond the limits, as that cannot be
// taken back.
func (s *Service) keepCursor(c *Call, cu *cursor, ttl time.Duration) (string, error) {
	must := cu.run.Stats().WritesExecuted > 0
	cu.memory = cu.weight()
	if !s.cursorMemory.take(cu.tenant, cu.memory, must) {
		_ = cu.run.Close()
		return "", Fail(TooManyOpen, "the cursors of tenant %s hold %d bytes at most", quote(cu.tenant), s.limits.Cursors.Memory)
	}
	id, err := s.cursors.Put(c.owner(), cu, min(ttl, s.limits.Cursors.TTLMost), must)
	if err != nil {
		s.endCursor(cu)
		if must { // 503 would say that nothing was done
			return "", Fail(CursorNotFound, "the location is shutting down; what the query wrote is written, its other rows are lost")
		}
		return "", leaseError(err, CursorNotFound, CursorBusy, "cursors", s.limits.Cursors.Open)
	}
	if c.joined != nil {
		c.joined.cursors = append(c.joined.cursors, id)
	}
	return id, nil
}

// owner is who keeps something between requests.
func (c *Call) owner() lease.Owner {
	return lease.Owner{Tenant: c.Tenant, Fabric: c.FabricName, User: c.Identity.Tenant + "/" + c.Identity.User}
}

// leaseError makes an error of the catalogue of one of package lease.
func leaseError(err error, unknown, busy Code, what string, limit int) *Error {
	switch {
	case errors.Is(err, lease.ErrUnknown):
		return Fail(unknown, "")
	case errors.Is(err, lease.ErrBusy):
		return Fail(busy, "")
	case errors.Is(err, lease.ErrFull):
		return Fail(TooManyOpen, "a tenant has at most %d %s at a time", limit, what)
	case errors.Is(err, lease.ErrClosed):
		return Fail(ShuttingDown, "")
	}
	return AsError(err)
}

// fetchRows is how many rows are taken between two looks at the size of a batch.
const fetchRows = 256

// fetch reads the next batch of a cursor.
func (s *Service) fetch(ctx context.Context, c *Call, cu *cursor) (Batch, error) {
	b := Batch{More: true}
	for b.More && b.Len < cu.batch && len(b.Rows) < s.limits.Cursors.BatchBytes {
		if b.Len > 0 {
			b.Rows = append(b.Rows, ',')
		}
		var n int
		var err error
		b.Rows, n, b.More, err = cu.run.Next(ctx, b.Rows, min(cu.batch-b.Len, fetchRows))
		if err != nil {
			return b, s.failedQuery(ctx, c, cu.in, err)
		}
		if n == 0 {
			if b.Len > 0 {
				b.Rows = b.Rows[:len(b.Rows)-1]
			}
			break
		}
		b.Len += n
	}
	if cu.count {
		b.Count, b.Counted = cu.run.Count()
	}
	b.Stats, b.Warnings, b.Profile = cu.run.Stats(), cu.run.Warnings(), cu.run.Profile()
	c.saw(c.Fabric.Seen())
	cu.number++
	if cu.retry {
		if b.More {
			b.Next = strconv.Itoa(cu.number + 1)
		}
		cu.last = b
	}
	return b, nil
}

// NextBatch gives the next rows of a cursor. A number asks for that batch: the one after the last, or the last again.
func (s *Service) NextBatch(ctx context.Context, c *Call, id, number string) (Batch, error) {
	h, err := s.cursors.Take(ctx, c.owner(), id, false)
	if err != nil {
		return Batch{}, leaseError(err, CursorNotFound, CursorBusy, "cursors", 0)
	}
	cu := h.Item
	if c.joined != nil && c.joined.id != cu.transaction {
		h.Return()
		return Batch{}, Fail(CursorNotFound, "it is not of this transaction")
	}
	if cu.transaction != "" && c.joined == nil {
		if err := s.Join(ctx, c, cu.transaction); err != nil {
			if AsError(err).Code == TransactionBusy {
				h.Return()
			} else {
				h.Drop()
			}
			return Batch{}, err
		}
	}
	if number != "" {
		wanted, err := strconv.Atoi(number)
		if err == nil && cu.retry && wanted == cu.number {
			defer h.Return()
			c.saw(c.Fabric.Seen())
			return cu.last, nil
		}
		if err != nil || wanted != cu.number+1 || cu.retry && !cu.last.More {
			defer h.Return()
			return Batch{}, Fail(CursorNotFound, "batch %s: the last one was %d", quote(number), cu.number)
		}
	}
	if cu.retry && !cu.last.More { // all was given and only kept to be asked for again
		h.Drop()
		return Batch{}, Fail(CursorNotFound, "it was read to its end")
	}
	b, err := s.fetch(ctx, c, cu)
	if err != nil {
		h.Drop()
		return b, err
	}
	b.ID, cu.last.ID = id, id
	if b.More || cu.retry {
		now := cu.weight()
		s.cursorMemory.take(cu.tenant, now-cu.memory, true) // it is not ended for what it has grown
		cu.memory = now
		h.Return()
	} else {
		h.Drop()
	}
	return b, nil
}

// DropCursor frees a cursor before its end.
func (s *Service) DropCursor(_ context.Context, c *Call, id string) error {
	if err := s.cursors.Drop(c.owner(), id); err != nil {
		return leaseError(err, CursorNotFound, CursorBusy, "cursors", 0)
	}
	return nil
}

// AppendJSON appends the batch as a reply of a status.
func (b *Batch) AppendJSON(dst []byte, status int) []byte {
	dst = append(append(append(dst, `{"result":[`...), b.Rows...), `],"hasMore":`...)
	dst = strconv.AppendBool(dst, b.More)
	if b.More {
		dst = append(append(append(dst, `,"id":"`...), b.ID...), '"')
	}
	if b.Next != "" {
		dst = append(append(append(dst, `,"nextBatchId":"`...), b.Next...), '"')
	}
	if b.Counted {
		dst = strconv.AppendInt(append(dst, `,"count":`...), b.Count, 10)
	}
	dst = b.appendExtra(append(dst, `,"extra":{`...))
	dst = append(dst, `},"cached":false,"error":false,"code":`...)
	return append(strconv.AppendInt(dst, int64(status), 10), '}')
}

func (b *Batch) appendExtra(dst []byte) []byte {
	dst = appendStats(append(dst, `"stats":`...), &b.Stats, b.Profile)
	dst = appendWarnings(append(dst, `,"warnings":`...), b.Warnings)
	if b.Profile == nil {
		return dst
	}
	dst = append(dst, `,"profile":{`...)
	for i, p := range b.Profile.Phases {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendText(dst, p.Name)
		dst = appendSeconds(append(dst, ':'), p.Seconds)
	}
	dst = append(dst, '}')
	if b.Profile.Text != "" {
		dst = AppendText(append(dst, `,"profileText":`...), b.Profile.Text)
	}
	return dst
}

func appendSeconds(dst []byte, s float64) []byte { return strconv.AppendFloat(dst, s, 'g', -1, 64) }

func appendStats(dst []byte, s *query.Stats, p *query.Profile) []byte {
	name := byte('{')
	count := func(key string, n int64) {
		dst = append(append(append(dst, name, '"'), key...), `":`...)
		dst = strconv.AppendInt(dst, n, 10)
		name = ','
	}
	count("writesExecuted", s.WritesExecuted)
	count("writesIgnored", s.WritesIgnored)
	count("scannedFull", s.ScannedFull)
	count("scannedIndex", s.ScannedIndex)
	count("cursorsCreated", s.CursorsCreated)
	count("cursorsRearmed", s.CursorsRearmed)
	count("filtered", s.Filtered)
	count("httpRequests", s.HTTPRequests)
	dst = appendSeconds(append(dst, `,"executionTime":`...), s.ExecutionTime)
	count("peakMemoryUsage", s.PeakMemoryUsage)
	if s.FullCount != nil {
		count("fullCount", *s.FullCount)
	}
	if p != nil && len(p.Nodes) > 0 {
		dst = append(dst, `,"nodes":[`...)
		for i := range p.Nodes {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendNode(dst, &p.Nodes[i])
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendNode(dst []byte, n *query.NodeProfile) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), int64(n.ID), 10)
	dst = AppendText(append(dst, `,"type":`...), n.Kind)
	dst = strconv.AppendInt(append(dst, `,"calls":`...), n.Calls, 10)
	dst = strconv.AppendInt(append(dst, `,"items":`...), n.Rows, 10)
	dst = strconv.AppendInt(append(dst, `,"filtered":`...), n.Filtered, 10)
	dst = appendSeconds(append(dst, `,"runtime":`...), n.Seconds)
	dst = strconv.AppendInt(append(dst, `,"memory":`...), n.Memory, 10)
	return append(dst, '}')
}

func appendWarnings(dst []byte, list []query.Warning) []byte {
	dst = append(dst, '[')
	for i, w := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"code":`...), int64(w.Number), 10)
		dst = append(AppendText(append(dst, `,"message":`...), w.Message), '}')
	}
	return append(dst, ']')
}

// ExportRows are all rows of a query that only reads. They belong to one goroutine and must be closed.
type ExportRows struct{ run *query.Execution }

// ExportQuery runs a query that only reads.
func (s *Service) ExportQuery(ctx context.Context, c *Call, r *QueryRequest) (*ExportRows, error) {
	r.Options.Stream, r.Options.Count = true, false
	asked := s.asked(c, r, func(collection string, write bool) error {
		if write {
			return Fail(BadParameter, "the query of an export only reads, this one writes to %s", quote(collection))
		}
		return c.reach(collection, false)
	})
	run, err := s.start(ctx, c, asked)
	if err != nil {
		return nil, err
	}
	c.saw(c.Fabric.Seen())
	return &ExportRows{run: run}, nil
}

// Each visits the rows until an error, which it gives as it is.
func (x *ExportRows) Each(ctx context.Context, visit func(value.Value) error) error {
	for more := true; more; {
		var rows []value.Value
		var err error
		if rows, more, err = x.run.Values(ctx, fetchRows); err != nil {
			return AsError(err)
		}
		for _, v := range rows {
			if err := visit(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close frees what the query holds.
func (x *ExportRows) Close() { _ = x.run.Close() }
