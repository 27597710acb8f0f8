package fabric

import (
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// CollectionType tells documents from edges; the numbers are those of the REST surface.
type CollectionType = schema.CollectionType

// The collection types.
const (
	DocumentCollection = schema.DocumentCollection
	EdgeCollection     = schema.EdgeCollection
)

// CollectionSpec is what a caller asks for when it creates a collection.
type CollectionSpec = schema.CollectionSpec

// Collection is a collection as the schema has it.
type Collection = schema.Collection

// IndexSpec is what a caller asks for when it creates an index.
type IndexSpec = schema.IndexSpec

// Index is an index as the schema has it.
type Index = schema.Index

// WriteOp is the kind of one write.
type WriteOp uint8

// The kinds of write.
const (
	// Insert makes a new document; KeyExists when the key is taken.
	Insert WriteOp = iota + 1
	// Update merges a patch into an existing document.
	Update
	// Replace puts a new content in place of an existing document's.
	Replace
	// Remove deletes an existing document.
	Remove
	// Upsert inserts, or replaces when the document exists.
	Upsert
	// UpsertPatch inserts, or updates when the document exists.
	UpsertPatch
	// expel removes a document that has expired, so that it stays away when the rule by which it expired ends.
	expel
)

// Write is one document operation of a transaction.
type Write struct {
	Op           WriteOp
	Collection   string
	Key          string      // empty on Insert and Upsert: generated, or the document's _key
	Fresh        string      // what to generate then, from Fabric.NewKey; empty: whatever comes next
	Document     value.Value // an object; the content, or for Update the patch
	IfRev        string      // when not empty the document must have this _rev
	KeepNull     bool        // Update: a null in the patch is stored; false: it removes the field
	MergeObjects bool        // Update: sub-objects merge; false: they are replaced
	ReturnOld    bool
	ReturnNew    bool
	IgnoreAbsent bool // Remove: an absent document is no error
}

// NewWrite returns a write with the defaults of the REST surface.
func NewWrite(op WriteOp, collection, key string, document value.Value) Write {
	return Write{Op: op, Collection: collection, Key: key, Document: document, KeepNull: true, MergeObjects: true}
}

// Transaction is a set of writes that happens whole or not at all.
type Transaction struct {
	Writes      []Write
	Points      []PointsWrite // of time series, in columns; they have no results
	Idempotency string        // when not empty a repeat within IdempotencyWindow answers as the first did, without Old and New; another request: IdempotencyReused
	Async       bool          // acknowledge before durable, where every collection written allows it
	interactive bool          // the writes are what a Tx came to
}

// Result is the outcome of one write.
type Result struct {
	Key, Rev, OldRev string
	Old, New         []byte // served JSON, when asked for
	Created          bool   // the document did not exist before
}

// Receipt is the outcome of a transaction.
type Receipt struct {
	Stamp    clock.Stamp // zero when nothing had to be written
	Results  []Result
	Vector   clock.Vector // what the caller has seen after it
	Replayed bool         // answered from the idempotency record of an earlier commit
}

// Document is one document as a reader sees it.
type Document struct {
	Collection, Key string
	Stamp           clock.Stamp // the newest that touched it
	Hash            uint32      // of the visible content
	Text            []byte      // canonical JSON without _id, _key, _rev
}

// ID is the document's handle, collection/key.
func (d Document) ID() string { return d.Collection + "/" + d.Key }

// Rev is the document's _rev.
func (d Document) Rev() string { return FormatRev(d.Stamp, d.Hash) }

// Value is the content, decoded, without system attributes.
func (d Document) Value() (value.Value, error) { return value.Parse(d.Text, value.DefaultLimits) }

// AppendServed appends the document as it goes to clients: canonical text of the content with _id, _key and _rev, which
// stand where they sort.
func (d Document) AppendServed(dst []byte) []byte {
	if d.Key == "" {
		return append(dst, d.Text...) // a point
	}
	return rows.AppendDocument(dst, d.Collection, d.Key, d.Text, d.Stamp, d.Hash)
}

// ConflictRecord is one register write that lost to a concurrent one.
type ConflictRecord struct {
	Collection, Key string
	Path            string
	Kept, Lost      ConflictSide
	Reason          string // "concurrent" or "dropped"
	At              int64  // wall clock of this location when it saw it, Unix milliseconds
}

// ConflictSide is one of the two values of a conflict.
type ConflictSide struct {
	Value   value.Value
	Present bool // false: the write removed the field or the document
	Stamp   clock.Stamp
}

// Digest is a fingerprint of the logical state of a fabric.
type Digest struct {
	Hash   string
	Vector clock.Vector
	At     clock.Time
}

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

// Conflict says whether the transaction lost to others and may succeed when it is tried again.
func (e *Error) Conflict() bool { return e.Code == Conflict }

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
