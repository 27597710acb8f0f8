package api

import (
	"context"
	"errors"

	"github.com/selvedge-db/selvedge/access"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// fromFabric says which row each failure of a fabric has.
func fromFabric(c fabric.Code) Code {
	switch c {
	case fabric.NotFound:
		return DocumentNotFound
	case fabric.CollectionNotFound:
		return CollectionNotFound
	case fabric.CollectionExists:
		return CollectionExists
	case fabric.IndexNotFound:
		return IndexNotFound
	case fabric.KeyExists:
		return DuplicateKey
	case fabric.UniqueViolated:
		return UniqueViolated
	case fabric.RevConflict:
		return RevisionConflict
	case fabric.BadKey:
		return BadKey
	case fabric.BadDocument:
		return BadDocument
	case fabric.BadEdge:
		return BadEdge
	case fabric.BadArgument:
		return BadParameter
	case fabric.TooLarge:
		return DocumentTooLarge
	case fabric.NotExpressible:
		return NotExpressible
	case fabric.Conflict:
		return WriteConflict
	case fabric.Overloaded:
		return Overloaded
	case fabric.ReadOnly, fabric.Failed:
		return ReadOnly
	case fabric.Closed:
		return ShuttingDown
	case fabric.HistoryGone:
		return HistoryGone
	case fabric.Timeout:
		return DeadlineExceeded
	case fabric.IdempotencyReused:
		return IdempotencyReused
	}
	return Internal
}

// fromAccess says which row each failure of access has.
func fromAccess(err error) Code {
	for _, p := range []struct {
		err  error
		code Code
	}{
		{access.ErrUnauthorized, Unauthorized}, {access.ErrBusy, Overloaded}, {access.ErrUserNotFound, UserNotFound},
		{access.ErrUserExists, UserExists}, {access.ErrEmailExists, EmailExists}, {access.ErrBadKeyID, BadKeyID}, {access.ErrKeyNotFound, APIKeyNotFound}, {access.ErrKeyExists, APIKeyExists},
		{access.ErrBadArgument, BadParameter},
	} {
		if errors.Is(err, p.err) {
			return p.code
		}
	}
	return ""
}

// translate makes an error of the catalogue of what packages beneath give.
func translate(err error) *Error {
	var fe *fabric.Error
	if errors.As(err, &fe) {
		e := Wrap(fromFabric(fe.Code), fe)
		e.Index = fe.Index
		if fe.Code == fabric.RevConflict {
			e.ID, e.Key, e.Rev = fe.Collection+"/"+fe.Key, fe.Key, fe.Rev
		}
		return e
	}
	if e, ok := fromQuery(err); ok {
		return e
	}
	if c := fromAccess(err); c != "" {
		return Wrap(c, err)
	}
	var pe *value.ParseError
	switch {
	case errors.As(err, &pe):
		return Wrap(BadJSON, pe)
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(DeadlineExceeded, err)
	case errors.Is(err, context.Canceled):
		return Fail(DeadlineExceeded, "the caller went away")
	}
	e := Fail(Internal, "")
	e.cause = err
	return e
}
