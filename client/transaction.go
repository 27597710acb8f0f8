package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// TransactionOptions says what an interactive transaction will touch. Zero values: anything, and the server's limits.
type TransactionOptions struct {
	Read, Write, Exclusive []string
	// ReadDeclared allows only collections that are listed.
	ReadDeclared bool
	// MaxBytes bounds what the transaction writes.
	MaxBytes int64
	// LockTimeout bounds how long one call may wait for another one of the same transaction.
	LockTimeout time.Duration
}

// Transaction is a client whose calls read and write in one transaction: they see one state and their own writes, and
// all that they write happens at once with Commit, or never. It ends by itself when it is idle for too long. A write whose
// answer got lost is not sent again, as a transaction has no idempotency keys: abort it then and begin anew.
type Transaction struct {
	*Client
	outer *Client
}

// Begin begins a transaction at this client's location.
func (c *Client) Begin(ctx context.Context, o TransactionOptions) (*Transaction, error) {
	collections := map[string]any{}
	for name, list := range map[string][]string{"read": o.Read, "write": o.Write, "exclusive": o.Exclusive} {
		if len(list) > 0 {
			collections[name] = list
		}
	}
	body := map[string]any{"collections": collections, "allowImplicit": !o.ReadDeclared}
	if o.MaxBytes > 0 {
		body["maxTransactionSize"] = o.MaxBytes
	}
	if o.LockTimeout > 0 {
		body["lockTimeout"] = o.LockTimeout.Seconds()
	}
	var reply struct {
		Result struct {
			ID string `json:"id"`
		} `json:"result"`
	}
	if err := c.do(ctx, &call{method: http.MethodPost, path: "/transaction/begin", body: body}, &reply); err != nil {
		return nil, err
	}
	inner := *c
	inner.transaction = reply.Result.ID
	return &Transaction{Client: &inner, outer: c}, nil
}

// ID names the transaction at its location.
func (t *Transaction) ID() string { return t.transaction }

// Commit makes all writes of the transaction happen. A conflict with what others wrote meanwhile is an *Error with the
// number NumRevConflict: nothing has happened then, and the transaction is over.
func (t *Transaction) Commit(ctx context.Context) error {
	return t.outer.do(ctx, &call{method: http.MethodPut, path: "/transaction/" + url.PathEscape(t.transaction)}, nil)
}

// Abort forgets the transaction.
func (t *Transaction) Abort(ctx context.Context) error {
	return t.outer.do(ctx, &call{method: http.MethodDelete, path: "/transaction/" + url.PathEscape(t.transaction), repeat: repeatSafe}, nil)
}
