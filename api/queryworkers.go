package api

import (
	"context"
	"errors"
	"strconv"

	"github.com/selvedge-db/selvedge/compute/queryworker"
	"github.com/selvedge-db/selvedge/value"
)

// QueryWorker is a saved query.
type QueryWorker = queryworker.Worker

// SaveRequest is a query to be saved. An empty Type is c8ql.
type SaveRequest struct {
	Name, Text, Type string
	Parameter        value.Value
}

func (s *Service) shelf(c *Call) queryworker.Shelf {
	return queryworker.Of(c.Fabric, func(text string) ([]string, error) {
		parsed, err := s.queries.Parse(text)
		if err != nil {
			return nil, err
		}
		return parsed.BindVars, nil
	})
}

// language refuses queries in others than C8QL.
func language(kind string) error {
	switch kind {
	case "", queryworker.Language:
		return nil
	case "sql":
		return Fail(NotAvailable, "query workers of type sql; c8ql is there")
	}
	return Fail(BadParameter, "type %s: want c8ql", quote(kind))
}

// workerError gives errors of query workers their rows.
func workerError(err error) *Error {
	var own *queryworker.Error
	if !errors.As(err, &own) {
		return AsError(err)
	}
	switch own.Reason {
	case queryworker.NotFound:
		return Fail(QueryWorkerNotFound, "%s", own.Text)
	case queryworker.Exists:
		return Fail(QueryWorkerExists, "%s", own.Text)
	case queryworker.BadName:
		return Fail(BadName, "%s", own.Text)
	}
	return Fail(BadParameter, "%s", own.Text)
}

// SaveQuery keeps a query under a new name.
func (s *Service) SaveQuery(ctx context.Context, c *Call, r *SaveRequest) (QueryWorker, error) {
	w := QueryWorker{Name: r.Name, Text: r.Text, Parameter: r.Parameter, User: c.Identity.User}
	if err := language(r.Type); err != nil {
		return w, err
	}
	seen, err := s.shelf(c).Save(ctx, &w)
	if err != nil {
		return w, workerError(err)
	}
	c.saw(seen)
	return w, nil
}

// SavedQueries lists the query workers of the fabric by name.
func (s *Service) SavedQueries(ctx context.Context, c *Call) ([]QueryWorker, error) {
	list, err := s.shelf(c).All(ctx)
	if err != nil {
		return nil, AsError(err)
	}
	c.saw(c.Fabric.Seen())
	return list, nil
}

// SavedQuery gives one query worker.
func (s *Service) SavedQuery(ctx context.Context, c *Call, name string) (QueryWorker, error) {
	w, err := s.shelf(c).Find(ctx, name)
	if err != nil {
		return w, workerError(err)
	}
	c.saw(c.Fabric.Seen())
	return w, nil
}

// ChangeQuery sets the text, the defaults, or both, of a query worker.
func (s *Service) ChangeQuery(ctx context.Context, c *Call, name, kind string, text *string, parameter *value.Value) (QueryWorker, error) {
	if err := language(kind); err != nil {
		return QueryWorker{}, err
	}
	w, seen, err := s.shelf(c).Change(ctx, name, text, parameter)
	if err != nil {
		return w, workerError(err)
	}
	c.saw(seen)
	return w, nil
}

// RemoveQuery forgets a query worker.
func (s *Service) RemoveQuery(ctx context.Context, c *Call, name string) error {
	seen, err := s.shelf(c).Remove(ctx, name)
	if err != nil {
		return workerError(err)
	}
	c.saw(seen)
	return nil
}

// RunQuery runs a query worker with parameters over its defaults.
func (s *Service) RunQuery(ctx context.Context, c *Call, name string, r *QueryRequest) (Batch, error) {
	w, err := s.SavedQuery(ctx, c, name)
	if err != nil {
		return Batch{}, err
	}
	if k := r.Bind.Kind(); k != value.KindNull && k != value.KindObject {
		return Batch{}, Fail(BadParameter, "bindVars is %s, want an object", k)
	}
	r.Text, r.Bind = w.Text, w.Bind(r.Bind)
	return s.Query(ctx, c, r)
}

// ImportQueries saves many query workers, each alone. Details says which failed and why.
func (s *Service) ImportQueries(ctx context.Context, c *Call, list []SaveRequest) (created int, details []string, err error) {
	if len(list) > s.limits.Page {
		return 0, nil, Fail(BadParameter, "%d queries: at most %d", len(list), s.limits.Page)
	}
	for i := range list {
		if _, err := s.SaveQuery(ctx, c, &list[i]); err != nil {
			if ctx.Err() != nil {
				return created, details, AsError(ctx.Err())
			}
			details = append(details, "query "+strconv.Itoa(i+1)+" ("+list[i].Name+"): "+AsError(err).Message)
			continue
		}
		created++
	}
	return created, details, nil
}
