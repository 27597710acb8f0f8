package api

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/selvedge-db/selvedge/api/lease"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/rowset"
	"github.com/selvedge-db/selvedge/rows"
)

// TransactionRequest says what an interactive transaction will touch. When it names no collection, anything. Otherwise
// only what is under Write and Exclusive may be written, and with Strict only what is named may be read.
type TransactionRequest struct {
	Read, Write, Exclusive []string
	Strict                 bool
	LockTimeout            time.Duration // how long a request waits for another one of the transaction; 0: until its deadline
	MaxSize                int64         // 0, or more than the limit: the limit
}

// The states of a transaction.
const (
	TransactionRunning = "running"
	TransactionDone    = "committed"
	TransactionUndone  = "aborted"
)

// transaction is an open one. What is in it belongs to the request that holds it.
type transaction struct {
	owner         lease.Owner
	state         *rowset.Transaction
	reads, writes map[string]bool // nil: anything
	strict        bool
	wait          time.Duration
	until         time.Duration // of the monotonic clock
	doomed        string        // why it cannot be committed
	cursors       []string
}

// joined is a call's part in a transaction.
type joined struct {
	*transaction
	id   string
	held *lease.Held[*transaction]
}

// finished remembers how the last transactions ended, for those who ask or commit again.
type finished struct {
	mu   sync.Mutex
	ring [finishedKept]ending
	next int
}

type ending struct {
	id, how string
	owner   lease.Owner
}

const finishedKept = 1024

func (f *finished) add(e ending) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring[f.next%finishedKept] = e
	f.next++
}

func (f *finished) find(owner lease.Owner, id string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.ring {
		if f.ring[i].id == id && f.ring[i].owner == owner {
			return f.ring[i].how, true
		}
	}
	return "", false
}

// BeginTransaction opens a transaction on the state of now.
func (s *Service) BeginTransaction(ctx context.Context, c *Call, r *TransactionRequest) (string, error) {
	if c.joined != nil {
		return "", Fail(TransactionOperation, "transactions do not nest")
	}
	t := &transaction{owner: c.owner(), strict: r.Strict, wait: r.LockTimeout, until: s.Monotonic() + s.limits.Transactions.Time}
	most := s.limits.Transactions.Size
	if r.MaxSize > 0 {
		most = min(most, r.MaxSize)
	}
	if err := t.declare(c, r); err != nil {
		return "", err
	}
	state, err := s.states.of(c).store.BeginTx(ctx, fabric.TxOptions{MaxBytes: int(most)})
	if err != nil {
		return "", AsError(err)
	}
	if err := state.Settle(ctx); err != nil { // then all that is read in it may be told
		_ = state.Close() // nothing was written
		return "", AsError(err)
	}
	t.state = state
	id, err := s.transactions.Put(t.owner, t, s.limits.Transactions.Idle, false)
	if err != nil {
		_ = state.Close() // nothing was written
		return "", leaseError(err, TransactionNotFound, TransactionBusy, "transactions", s.limits.Transactions.Open)
	}
	c.saw(c.Fabric.Seen())
	return id, nil
}

// declare notes what may be touched; all of it must be there.
func (t *transaction) declare(c *Call, r *TransactionRequest) error {
	if len(r.Read)+len(r.Write)+len(r.Exclusive) == 0 && !r.Strict {
		return nil
	}
	t.reads, t.writes = map[string]bool{}, map[string]bool{}
	for i, list := range [][]string{r.Read, r.Write, r.Exclusive} {
		for _, name := range list {
			if name == "" {
				return Fail(BadParameter, "collections: a name is empty")
			}
			if err := c.known(name); err != nil {
				return err
			}
			t.reads[name] = true
			if i > 0 {
				t.writes[name] = true
			}
		}
	}
	return nil
}

// allows says whether the transaction may touch a collection.
func (t *transaction) allows(collection string, write bool) error {
	switch {
	case t.reads == nil, write && t.writes[collection], !write && (!t.strict || t.reads[collection]):
		return nil
	case write:
		return Fail(TransactionCollection, "%s is not declared for writing", quote(collection))
	}
	return Fail(TransactionCollection, "%s is not declared, and allowImplicit is false", quote(collection))
}

// Join makes a call part of a transaction, until Leave. Another request of the same transaction is waited for.
func (s *Service) Join(ctx context.Context, c *Call, id string) error {
	h, err := s.takeTransaction(ctx, c, id)
	if err != nil {
		return err
	}
	c.joined = &joined{transaction: h.Item, id: id, held: h}
	return nil
}

func (s *Service) takeTransaction(ctx context.Context, c *Call, id string) (*lease.Held[*transaction], error) {
	owner := c.owner()
	if t, ok := s.transactions.Peek(owner, id); ok && t.wait > 0 {
		wait, cancel := context.WithTimeout(ctx, t.wait)
		defer cancel()
		ctx = wait
	}
	h, err := s.transactions.Take(ctx, owner, id, true)
	if err == nil && h.Item.until <= s.Monotonic() {
		s.undo(h)
		return nil, Fail(TransactionAborted, "it was open for longer than %s", s.limits.Transactions.Time)
	}
	if err == nil {
		return h, nil
	}
	e := leaseError(err, TransactionNotFound, TransactionBusy, "transactions", 0)
	if how, ok := s.finished.find(owner, id); ok && e.Code == TransactionNotFound {
		if how == TransactionUndone {
			return nil, Fail(TransactionAborted, "%s was aborted", quote(id))
		}
		return nil, Fail(TransactionNotFound, "%s was committed", quote(id))
	}
	return nil, e
}

// Leave ends the call's part in its transaction. It may be called for any call.
func (s *Service) Leave(c *Call) {
	if c.joined != nil {
		c.joined.held.Return()
		c.joined = nil
	}
}

// CommitTransaction makes what was written in a transaction happen. After a failure it is rolled back; but when the
// caller's time is over it goes on, and who asks again is told how it ended.
func (s *Service) CommitTransaction(ctx context.Context, c *Call, id string) (string, error) {
	h, err := s.takeTransaction(ctx, c, id)
	if err != nil {
		if how, ok := s.finished.find(c.owner(), id); ok && how == TransactionDone {
			return TransactionDone, nil
		}
		return "", err
	}
	s.dropCursors(h.Item)
	if why := h.Item.doomed; why != "" {
		h.Return()
		return "", Fail(TransactionAborted, "%s", why)
	}
	ended := make(chan error, 1)
	s.commits.Go(func() { ended <- s.conclude(context.WithoutCancel(ctx), h) })
	select {
	case err = <-ended:
	case <-ctx.Done():
		e := AsError(ctx.Err())
		e.Message += "; the transaction is being committed: ask again how it ended"
		return "", e
	}
	if err != nil {
		return "", failedCommit(err)
	}
	c.saw(c.Fabric.Seen())
	return TransactionDone, nil
}

// conclude commits a transaction and notes how that ended. It stays in the hand until that is known, whoever may have
// gone away meanwhile.
func (s *Service) conclude(ctx context.Context, h *lease.Held[*transaction]) error {
	err := h.Item.state.Commit(ctx, rows.CommitOptions{})
	how := TransactionDone
	if err != nil {
		how = TransactionUndone
	}
	s.finished.add(ending{id: h.ID, how: how, owner: h.Item.owner})
	h.Drop()
	return err
}

// failedCommit is the error of a commit, in words of transactions.
func failedCommit(err error) *Error {
	e := AsError(err)
	if e.Code == WriteConflict {
		e.Message += "; the transaction was rolled back, begin it anew"
	}
	e.Index = -1
	return e
}

// AbortTransaction rolls a transaction back.
func (s *Service) AbortTransaction(ctx context.Context, c *Call, id string) (string, error) {
	h, err := s.takeTransaction(ctx, c, id)
	if err != nil {
		how, ok := s.finished.find(c.owner(), id)
		switch {
		case ok && how == TransactionUndone:
			return TransactionUndone, nil
		case ok:
			return "", Fail(TransactionOperation, "%s was committed", quote(id))
		}
		return "", err
	}
	s.undo(h)
	return TransactionUndone, nil
}

// undo rolls a transaction back.
func (s *Service) undo(h *lease.Held[*transaction]) {
	s.finished.add(ending{id: h.ID, how: TransactionUndone, owner: h.Item.owner})
	h.Drop()
}

// TransactionStatus tells how a transaction stands.
func (s *Service) TransactionStatus(_ context.Context, c *Call, id string) (string, error) {
	for _, open := range s.transactions.List(c.owner()) {
		if open == id {
			return TransactionRunning, nil
		}
	}
	if how, ok := s.finished.find(c.owner(), id); ok {
		return how, nil
	}
	return "", Fail(TransactionNotFound, "%s", quote(id))
}

// Transactions lists the caller's open transactions.
func (s *Service) Transactions(_ context.Context, c *Call) []string {
	return s.transactions.List(c.owner())
}

// dropCursors frees the cursors over a transaction, which end with it.
func (s *Service) dropCursors(t *transaction) {
	for _, id := range t.cursors {
		_ = s.cursors.Drop(t.owner, id) // most were read to their end
	}
	t.cursors = nil
}

// endTransaction lets go of a transaction's state. One that was not committed is rolled back by that.
func (s *Service) endTransaction(t *transaction) {
	s.dropCursors(t)
	_ = t.state.Close() // it only frees
}

// find gives a collection of the transaction's state.
func (j *joined) find(name string, write bool) (*rows.Collection, error) {
	if j.doomed != "" {
		return nil, Fail(TransactionAborted, "%s", j.doomed)
	}
	if err := j.allows(name, write); err != nil {
		return nil, err
	}
	in, ok := j.state.Collection(name)
	if !ok {
		return nil, Fail(CollectionNotFound, "%s", quote(name))
	}
	return in, nil
}

// get reads one document in the transaction.
func (j *joined) get(collection, key string) (Document, bool, error) {
	in, err := j.find(collection, false)
	if err != nil {
		return Document{}, false, err
	}
	row, found, err := j.state.Get(in, key)
	if err != nil || !found {
		return Document{}, false, orNil(err)
	}
	return documentOf(collection, &row), true, nil
}

// documentOf makes a document of a row of a query's state.
func documentOf(collection string, r *rows.Row) Document {
	return Document{Collection: collection, Key: string(r.Key), Stamp: r.Stamp, Hash: r.Hash, Text: r.Text}
}

// write does one write in the transaction. Revisions in the reply are placeholders until the commit.
func (j *joined) write(w *fabric.Write) (WriteReply, error) {
	if _, err := j.find(w.Collection, true); err != nil {
		return WriteReply{}, err
	}
	done, err := j.state.Tx().Write(*w)
	if err != nil {
		var fe *fabric.Error
		if errors.As(err, &fe) && fe.Code == fabric.TooLarge && fe.Collection == "" {
			return WriteReply{}, Wrap(TransactionTooLarge, fe)
		}
		return WriteReply{}, err
	}
	reply := WriteReply{Collection: w.Collection, Key: done.Key, Created: done.Old == nil}
	if done.Old != nil {
		reply.OldRev = done.Old.Rev()
		reply.Rev = reply.OldRev // what is removed, or stays as it was
		if w.ReturnOld {
			reply.Old = done.Old.AppendServed(nil)
		}
	}
	if done.New != nil {
		reply.Rev = done.New.Rev()
		if w.ReturnNew {
			reply.New = done.New.AppendServed(nil)
		}
	}
	return reply, nil
}

// doom makes that the transaction can only be aborted: something in it happened halfway.
func (j *joined) doom(why string) {
	if j.doomed == "" {
		j.doomed = why
	}
}

// all does several writes in the transaction. When one fails after others the transaction is doomed.
func (j *joined) all(writes []fabric.Write) (fabric.Receipt, error) {
	out := fabric.Receipt{Results: make([]fabric.Result, len(writes))}
	for i := range writes {
		r, err := j.write(&writes[i])
		if err != nil {
			if i > 0 {
				j.doom("a call that writes all or nothing failed halfway")
			}
			e := AsError(err)
			e.Index = i
			return out, e
		}
		out.Results[i] = fabric.Result{Key: r.Key, Rev: r.Rev, OldRev: r.OldRev, Old: r.Old, New: r.New, Created: r.Created}
	}
	return out, nil
}

// countJoined counts a collection as the transaction sees it.
func (s *Service) countJoined(ctx context.Context, c *Call, name string) (CollectionInfo, int64, error) {
	in, err := c.joined.find(name, false)
	if err != nil {
		return CollectionInfo{}, 0, err
	}
	n, err := c.joined.state.Count(in)
	if err != nil {
		return CollectionInfo{}, 0, AsError(err)
	}
	info, err := s.Collection(ctx, c, name)
	return info, n, err
}

// walk visits the documents of a collection as the transaction sees them. A document is valid during its visit only.
func (j *joined) walk(collection string, descending bool, visit func(Document) bool) error {
	in, err := j.find(collection, false)
	if err != nil {
		return err
	}
	cursor, err := j.state.Documents(in, rows.Bounds{Reverse: descending})
	if err != nil {
		return AsError(err)
	}
	for cursor.Next() {
		if !visit(documentOf(collection, cursor.Row())) {
			break
		}
	}
	err = cursor.Err()
	if closed := cursor.Close(); err == nil {
		err = closed
	}
	return orNil(err)
}

// truncate removes all documents of a collection in the transaction.
func (j *joined) truncate(name string) error {
	if _, err := j.find(name, true); err != nil {
		return err
	}
	if err := j.state.Tx().Truncate(name); err != nil {
		j.doom("emptying a collection failed halfway")
		return AsError(err)
	}
	return nil
}

// edges gives the edges of a vertex as the transaction sees them, an edge from a vertex to itself once.
func (j *joined) edges(collection, vertex, direction string, limit int) ([]Document, error) {
	in, err := j.find(collection, false)
	if err != nil {
		return nil, err
	}
	var out []Document
	seen := map[string]bool{}
	for _, side := range []string{"out", "in"} {
		if direction != side && direction != "any" {
			continue
		}
		err := adjacent(j.state, in, vertex, side, func(r *rows.Row) (bool, error) {
			if !seen[string(r.Key)] {
				seen[string(r.Key)] = true
				out = append(out, documentOf(collection, r))
			}
			return len(out) < limit, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
