package rowset

import (
	"context"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Transaction is an interactive transaction of a fabric. What it reads counts as read, save for statistics that only
// estimate (Estimates).
type Transaction struct {
	*Snapshot
	tx *fabric.Tx
}

// Begin implements rows.Store.
func (s *Store) Begin(ctx context.Context) (rows.Transaction, error) {
	t, err := s.BeginTx(ctx, fabric.TxOptions{})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// BeginTx is Begin with options.
func (s *Store) BeginTx(ctx context.Context, o fabric.TxOptions) (*Transaction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tx, err := s.fabric.Begin(o)
	if err != nil {
		return nil, err
	}
	return &Transaction{Snapshot: s.open(tx.View()), tx: tx}, nil
}

// Tx is the fabric's transaction, for whoever writes to it in other ways than queries do. Both see the same.
func (t *Transaction) Tx() *fabric.Tx { return t.tx }

// Close implements rows.Snapshot: it rolls back what was not committed.
func (t *Transaction) Close() error { return t.tx.Rollback() }

// Write implements rows.Transaction.
func (t *Transaction) Write(w rows.Write) (rows.Written, error) {
	if virtual(w.Collection) {
		return rows.Written{}, &fabric.Error{Code: fabric.BadArgument, Index: -1, Collection: w.Collection.Name,
			Message: "the collection lists collections and cannot be written"}
	}
	done, err := t.tx.Write(fabric.Write{Op: operation(w.Op), Collection: w.Collection.Name, Key: w.Key, Document: w.Document,
		IfRev: w.IfRev, KeepNull: w.KeepNull, MergeObjects: w.MergeObjects})
	if err != nil {
		return rows.Written{}, err
	}
	if w.Untold {
		return rows.Written{Key: done.Key}, nil
	}
	return rows.Written{Key: done.Key, Old: whole(done.Old), New: whole(done.New)}, nil
}

func operation(op rows.WriteOp) fabric.WriteOp {
	switch op {
	case rows.Insert:
		return fabric.Insert
	case rows.Update:
		return fabric.Update
	case rows.Replace:
		return fabric.Replace
	case rows.Remove:
		return fabric.Remove
	case rows.Overwrite:
		return fabric.Upsert
	case rows.Merge:
		return fabric.UpsertPatch
	}
	return 0
}

// whole is a document with its system attributes.
func whole(d *fabric.Document) value.Value {
	if d == nil {
		return value.Null()
	}
	return value.Lazy(d.AppendServed(make([]byte, 0, len(d.Text)+len(d.Collection)+2*len(d.Key)+64)))
}

// Commit implements rows.Transaction.
func (t *Transaction) Commit(ctx context.Context, c rows.CommitOptions) error {
	_, err := t.tx.Commit(ctx, fabric.TxCommit{Async: c.Async, Idempotency: c.Idempotency})
	return err
}

// Revise implements rows.Transaction.
func (t *Transaction) Revise(text []byte) []byte { return t.tx.Revise(text) }

var (
	_ rows.Store       = (*Store)(nil)
	_ rows.Transaction = (*Transaction)(nil)
)

// Estimates gives statistics that a planner may ask for without that counting as reading: in a transaction, Count of the
// snapshot itself is something read, and others' writes then conflict with it.
func (s *Snapshot) Estimates() rows.Statistics { return estimating{s} }

type estimating struct{ *Snapshot }

// Count implements rows.Statistics.
func (e estimating) Count(c *rows.Collection) (int64, error) {
	of, ok := e.Schema.Numbered(c.Number)
	if virtual(c) || !ok {
		return e.Snapshot.Count(c)
	}
	return e.view.Estimate(of)
}
