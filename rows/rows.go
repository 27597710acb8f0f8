// Package rows is the contract between those who hold data and those who query it: what a query may read, what it may
// know about it, and how it writes.
//
// Guarantees that an implementation gives:
//   - A Snapshot shows one state between two transactions of its location, for as long as it is open, also what has
//     expired: what had not when it was opened is there until it is closed. It may be read from many goroutines.
//   - Cursors go in the byte order of keys, backwards when Reverse is set, and show every row of the snapshot within
//     their bounds once. What a cursor returns is valid until its next movement, and must not be changed.
//   - The text of a row is canonical (package value).
//   - A Transaction reads its own writes, happens whole or not at all, and is serializable: Commit fails with a
//     conflict when something that was read, or lies in a range that was read, has changed since.
//
// Not guaranteed: that Statistics are exact, save for those that say so. A Transaction belongs to one goroutine. Count is
// something read: in a transaction an insert by others conflicts with it. Who only wants to know what to expect asks the
// Statistics of a method Estimates, where the Snapshot has one.
//
// Shapes: an index entry is what stands behind the index's own prefix: for persistent indexes the values, each as
// value.AppendKey writes it, then the key; for an edge index 'o' or 'i', the vertex and the other end as
// value.AppendKeyString writes them, then the key of the edge; for geo indexes eight bytes of an S2 cell, big endian,
// then the key; for fulltext indexes the word as value.AppendKeyString writes it, then the key. Unique indexes leave
// the key out. Cursors give the key apart in every case.
//
// Errors: what an implementation returns is passed on unchanged to who asked.
package rows

import (
	"context"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// The types of collections, with the numbers of the REST surface.
const (
	Documents = 2
	Edges     = 3
)

// The types of indexes.
const (
	Primary    = "primary"
	EdgeIndex  = "edge"
	Persistent = "persistent"
	Hash       = "hash"     // another name of persistent
	SkipList   = "skiplist" // another name of persistent
	TTL        = "ttl"
	Geo        = "geo"
	Fulltext   = "fulltext"
)

// Collection is a collection as a query sees it. It is not changed.
type Collection struct {
	Name    string
	Number  uint32 // of the holder; a collection that is dropped and made anew has another
	Type    uint8  // Documents or Edges
	Local   bool
	Indexes []*Index // usable ones; the primary one is implied and not listed
	Series  *Series  // time series only
	Expires bool     // documents can expire
}

// Index is one index that can be used now.
type Index struct {
	Name, ID, Type string
	Number         uint32
	Fields         []Field
	Unique, Sparse bool
	GeoJSON        bool // geo: pairs are [longitude, latitude], and objects are GeoJSON
	MinLength      int  // fulltext
	ExpireAfter    int64
}

// Field is one field of an index: a path, and after how many of its names "[*]" stands, -1 for nowhere.
type Field struct {
	Path   value.Path
	Expand int
}

// Series says what a time series is made of.
type Series struct {
	Keys      []string // fields that name the series
	Time      string   // field with the time
	Values    []string // fields with numbers
	Rollups   []int64  // kept, in milliseconds; n months are -n. They begin as those of package series do (series.Bucket)
	Retention int64    // milliseconds, 0 for ever
	ISO       bool     // times show as ISO 8601 texts in UTC with milliseconds, else as Unix milliseconds
}

// Graph is a named graph.
type Graph struct {
	Name    string
	Edges   []EdgeDefinition
	Orphans []string
}

// EdgeDefinition says which vertices the edges of a collection join.
type EdgeDefinition struct {
	Collection string
	From, To   []string
}

// Row is one document as it is stored.
type Row struct {
	Collection *Collection
	Key        []byte
	Text       []byte // canonical, without _id, _key and _rev
	Stamp      clock.Stamp
	Hash       uint32
}

// Reader reads one state.
type Reader interface {
	// Collection finds a collection that this caller may read.
	Collection(name string) (*Collection, bool)
	// Collections lists them by name.
	Collections() []*Collection
	// Graph finds a named graph: the document of that key in _graphs.
	Graph(name string) (*Graph, bool, error)
	// Get reads one document. The row is valid for good.
	Get(c *Collection, key string) (row Row, found bool, err error)
	// Documents opens a cursor over documents.
	Documents(c *Collection, b Bounds) (Cursor, error)
	// Entries opens a cursor over index entries. Its rows are not read until asked for.
	Entries(c *Collection, x *Index, b Bounds) (EntryCursor, error)
}

// Bounds are half open, [Lower, Upper): nil Lower is the beginning, nil Upper the end. For documents they are keys, for
// indexes entries.
type Bounds struct {
	Lower, Upper []byte
	Reverse      bool
}

// Cursor walks over documents.
type Cursor interface {
	Next() bool
	Row() *Row
	Err() error
	Close() error
}

// EntryCursor walks over index entries.
type EntryCursor interface {
	Next() bool
	Entry() []byte
	Key() []byte
	Err() error
	Close() error
}

// Statistics tell a planner what to expect.
type Statistics interface {
	// Count is the exact number of documents.
	Count(c *Collection) (int64, error)
	// Distinct estimates, for each prefix of the index's fields, how many different values the index holds.
	Distinct(c *Collection, x *Index) ([]float64, error)
	// Within counts the entries between two bounds, up to a limit.
	Within(c *Collection, x *Index, b Bounds, limit int) (int, error)
	// Split gives keys that cut the collection's documents into parts of about the same size, at most parts-1 of them.
	Split(c *Collection, parts int) ([][]byte, error)
}

// Points reads time series.
type Points interface {
	// Series opens a cursor over the points of a time series collection between two times, [From, To) in Unix milliseconds,
	// for the series whose keys equal those given (nil entries: any).
	Series(c *Collection, q SeriesQuery) (PointCursor, error)
	// Rollups reads one kept roll-up. ok is false when the collection does not keep that bucket.
	Rollups(c *Collection, q SeriesQuery, bucketMs int64) (cursor RollupCursor, ok bool, err error)
}

// SeriesQuery selects points. From is included, To is not.
type SeriesQuery struct {
	Keys     []*value.Value
	From, To int64
}

// PointCursor walks over points in blocks, series by series, in order of time.
type PointCursor interface {
	// Next loads the next block: points of one series.
	Next() bool
	// Keys are those of the series of the block, Times and Values (one slice for each value field) its points; NaN is an absent value.
	Keys() []value.Value
	Times() []int64
	Values() [][]float64
	Err() error
	Close() error
}

// Rollup is one bucket of one value field of one series.
type Rollup struct {
	Start               int64 // Unix milliseconds
	Count               int64
	Sum, Min, Max       float64
	First, Last         float64
	FirstTime, LastTime int64
	SumSquares          float64
	Points              int64 // of the whole bucket, whether they have this field or not
}

// RollupCursor walks over buckets, series by series, in order of time.
type RollupCursor interface {
	Next() bool
	Keys() []value.Value
	// Buckets has, for each value field, the bucket that the cursor stands on.
	Buckets() []Rollup
	Err() error
	Close() error
}

// Snapshot is one state of a fabric, with all that a query may ask of it.
type Snapshot interface {
	Reader
	Statistics
	Points
	// Settle waits until what the snapshot shows is durable: before that nothing of it may be told.
	Settle(ctx context.Context) error
	Close() error
}

// WriteOp is the kind of a write.
type WriteOp uint8

// The kinds of write.
const (
	Insert WriteOp = iota + 1
	Update
	Replace
	Remove
	Overwrite // insert, or replace what is there
	Merge     // insert, or update what is there
)

// Write is one write of a query.
type Write struct {
	Op           WriteOp
	Collection   *Collection
	Key          string // "" on Insert: the document's _key, or a new one
	Document     value.Value
	IfRev        string
	KeepNull     bool
	MergeObjects bool
	Untold       bool // neither Old nor New is wanted: both may be null
}

// Written is what a write did. The _rev of New is not known before the commit: it holds a placeholder until then.
type Written struct {
	Key      string
	Old, New value.Value // whole documents, null where there is none
}

// Transaction reads and writes.
type Transaction interface {
	Snapshot
	Write(w Write) (Written, error)
	// Commit makes the writes happen. Revise then puts the revisions in place of their placeholders in a JSON text.
	Commit(ctx context.Context, c CommitOptions) error
	Revise(text []byte) []byte
}

// CommitOptions say how to commit.
type CommitOptions struct {
	Async       bool
	Idempotency string
}

// Store opens states of a fabric.
type Store interface {
	Snapshot(ctx context.Context) (Snapshot, error)
	Begin(ctx context.Context) (Transaction, error)
}
