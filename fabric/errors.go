package fabric

import (
	"errors"
	"fmt"
)

// Code names a failure; the text is stable and part of the contract.
type Code string

// The failures of a fabric.
const (
	NotFound           Code = "document-not-found"
	CollectionNotFound Code = "collection-not-found"
	CollectionExists   Code = "collection-exists"
	IndexNotFound      Code = "index-not-found"
	KeyExists          Code = "key-exists"
	UniqueViolated     Code = "unique-violated"
	RevConflict        Code = "revision-conflict"
	BadKey             Code = "bad-key"
	BadDocument        Code = "bad-document"
	BadEdge            Code = "bad-edge"
	BadArgument        Code = "bad-argument"
	TooLarge           Code = "too-large"
	NotExpressible     Code = "not-expressible"
	Conflict           Code = "transaction-conflict"
	Overloaded         Code = "overloaded"
	ReadOnly           Code = "read-only"
	Closed             Code = "closed"
	Failed             Code = "storage-failed"
	HistoryGone        Code = "history-gone"
	Timeout            Code = "timeout"
	IdempotencyReused  Code = "idempotency-key-reused"
)

// Error is a failure of a fabric that a caller can act on.
type Error struct {
	Code            Code
	Message         string
	Index           int // the failing write of a transaction, -1 when none
	Collection, Key string
	Rev             string // the revision found, with RevConflict
	cause           error
}

func (e *Error) Error() string {
	if e.Collection == "" {
		return e.Message
	}
	if e.Key == "" {
		return e.Message + " (collection " + e.Collection + ")"
	}
	return e.Message + " (" + e.Collection + "/" + e.Key + ")"
}

// Unwrap gives the cause, nil when there is none.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf returns the code of a fabric's error, "" for any other.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func failure(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Index: -1}
}

// in names the collection and key that an error is about.
func (e *Error) in(collection, key string) *Error {
	e.Collection, e.Key = collection, key
	return e
}

// from keeps the error that led to this one.
func (e *Error) from(cause error) *Error {
	e.cause = cause
	return e
}
