package api

import (
	"context"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// Operation is one step of an atomic batch. Kind is one of insert, update,
// replace, remove, upsert, kvset and kvdelete. For kvset the document holds
// value and, if wanted, expireAt.
type Operation struct {
	Kind, Collection, Key string
	Document              value.Value
	Rev                   string
	Options               WriteOptions
}

// Batch does all operations or none. The error of a failing one carries its
// index.
func (s *Service) Batch(ctx context.Context, c *Call, operations []Operation, sync Sync) ([]WriteReply, error) {
	if len(operations) == 0 {
		return nil, Fail(BadBatch, "operations is empty")
	}
	if len(operations) > s.limits.Items {
		return nil, Fail(BadBatch, "%d operations: at most %d", len(operations), s.limits.Items)
	}
	writes := make([]fabric.Write, len(operations))
	for i := range operations {
		w, err := c.step(&operations[i])
		if err != nil {
			e := AsError(err)
			e.Index = i
			return nil, e
		}
		writes[i] = w
	}
	receipt, err := s.transact(ctx, c, writes, sync)
	if err != nil {
		if e := AsError(err); e.Index >= 0 && e.Index < len(operations) && operations[e.Index].Kind == "kvdelete" {
			return nil, keyMissing(e)
		}
		return nil, err
	}
	out := make([]WriteReply, len(receipt.Results))
	for i := range receipt.Results {
		out[i] = replyOf(writes[i].Collection, &receipt.Results[i])
	}
	return out, nil
}

// step makes the write of one operation.
func (c *Call) step(p *Operation) (fabric.Write, error) {
	if err := c.open(p.Collection); err != nil {
		return fabric.Write{}, err
	}
	o := p.Options
	if p.Rev != "" {
		o.IfRev = p.Rev
	}
	switch p.Kind {
	case "insert":
		return prepare(fabric.Insert, p.Collection, p.Key, p.Document, &o)
	case "update":
		return prepare(fabric.Update, p.Collection, p.Key, p.Document, &o)
	case "replace":
		return prepare(fabric.Replace, p.Collection, p.Key, p.Document, &o)
	case "remove":
		return prepare(fabric.Remove, p.Collection, p.Key, value.Null(), &o)
	case "upsert":
		o.Overwrite = OverwriteReplace
		return prepare(fabric.Insert, p.Collection, p.Key, p.Document, &o)
	case "kvset", "kvdelete":
		if err := c.keyValue(p.Collection); err != nil {
			return fabric.Write{}, err
		}
		if p.Kind == "kvdelete" {
			return prepare(fabric.Remove, p.Collection, p.Key, value.Null(), &o)
		}
		doc, err := pairDocument(p.Document)
		if err != nil {
			return fabric.Write{}, err
		}
		o.Overwrite = OverwriteReplace
		return prepare(fabric.Insert, p.Collection, p.Key, doc, &o)
	}
	return fabric.Write{}, Fail(BadBatch, "op %s: want insert, update, replace, remove, upsert, kvset or kvdelete", quote(p.Kind))
}
