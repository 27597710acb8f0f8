// Package memory holds data for tests of queries: collections, indexes, graphs and time series in memory, written as
// plainly as can be, so that a planner and an executor can be tried without a fabric.
//
// Guarantees: it keeps the promises of package rows. The same calls give the same keys, revisions and orders.
//
// Not guaranteed: speed. Indexes are made anew after each change, and a transaction copies what it touches.
//
// Errors: *Error with the numbers of the AQL family.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// The numbers of errors.
const (
	NumberConflict   = 1200
	NumberNotFound   = 1202
	NumberCollection = 1203
	NumberUnique     = 1210
	NumberKey        = 1221
	NumberDocument   = 1227
	NumberEdge       = 1233
)

// Error says why something was refused.
type Error struct {
	Number int
	Text   string
}

// Error gives the text.
func (e *Error) Error() string { return e.Text }

// Conflict says whether the transaction lost to others and may succeed when it is tried again.
func (e *Error) Conflict() bool { return e.Number == NumberConflict }

func refuse(number int, format string, args ...any) error {
	return &Error{Number: number, Text: fmt.Sprintf(format, args...)}
}

// Data is a fabric in memory. It may be used from many goroutines.
type Data struct {
	mu      sync.Mutex
	state   *state
	version int // counts commits
}

// state is what the data are at one time. It is not changed; a transaction has one of its own that it changes.
type state struct {
	collections map[string]*stored
	graphs      map[string]*rows.Graph
	time        int64 // of the last stamp
	nextKey     int64
	nextNumber  uint32
}

// stored is one collection.
type stored struct {
	about *rows.Collection
	rows  []rows.Row // by key

	once    sync.Once
	entries map[uint32][]entry // by number of the index
	points  []point
}

var _ rows.Store = (*Data)(nil)

// New makes an empty fabric.
func New() *Data {
	return &Data{state: &state{collections: map[string]*stored{}, graphs: map[string]*rows.Graph{}, time: 1 << 40}}
}

func (s *state) clone() *state {
	to := &state{collections: map[string]*stored{}, graphs: map[string]*rows.Graph{}, time: s.time, nextKey: s.nextKey, nextNumber: s.nextNumber}
	for name, c := range s.collections {
		to.collections[name] = c
	}
	for name, g := range s.graphs {
		to.graphs[name] = g
	}
	return to
}

// Create makes a collection. Numbers of the collection and its indexes are given here; an edge collection gets its edge
// index.
func (d *Data) Create(c rows.Collection) *rows.Collection {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state.clone()
	s.nextNumber++
	about := c
	about.Number = s.nextNumber
	about.Indexes = nil
	if about.Type == 0 {
		about.Type = rows.Documents
	}
	if about.Type == rows.Edges {
		from := rows.Field{Path: value.Path{"_from"}, Expand: -1}
		to := rows.Field{Path: value.Path{"_to"}, Expand: -1}
		s.nextNumber++
		about.Indexes = append(about.Indexes, &rows.Index{
			Name: "edge", ID: about.Name + "/2", Type: rows.EdgeIndex, Number: s.nextNumber, Fields: []rows.Field{from, to},
		})
	}
	for _, x := range c.Indexes {
		made := *x
		s.nextNumber++
		made.Number = s.nextNumber
		if made.Name == "" {
			made.Name = fmt.Sprintf("idx_%d", made.Number)
		}
		if made.ID == "" {
			made.ID = fmt.Sprintf("%s/%d", about.Name, made.Number)
		}
		about.Indexes = append(about.Indexes, &made)
	}
	s.collections[about.Name] = &stored{about: &about}
	d.state = s
	return &about
}

// Fields makes the fields of an index of paths with dots, and with [*] behind a name whose elements are indexed.
func Fields(paths ...string) []rows.Field {
	fields := make([]rows.Field, len(paths))
	for i, path := range paths {
		f := rows.Field{Expand: -1}
		for j, name := range strings.Split(path, ".") {
			if plain, ok := strings.CutSuffix(name, "[*]"); ok {
				name, f.Expand = plain, j+1
			}
			f.Path = append(f.Path, name)
		}
		fields[i] = f
	}
	return fields
}

// Graph makes a named graph.
func (d *Data) Graph(g rows.Graph) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state.clone()
	s.graphs[g.Name] = &g
	d.state = s
}

// Put inserts documents, given as JSON values.
func (d *Data) Put(collection string, documents ...value.Value) error {
	t, err := d.Begin(context.Background())
	if err != nil {
		return err
	}
	c, ok := t.Collection(collection)
	if !ok {
		return refuse(NumberCollection, "collection '%s' is not known", collection)
	}
	for _, doc := range documents {
		if _, err := t.Write(rows.Write{Op: rows.Insert, Collection: c, Document: doc}); err != nil {
			return err
		}
	}
	return t.Commit(context.Background(), rows.CommitOptions{})
}

// Clone makes a copy that changes on its own.
func (d *Data) Clone() *Data {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Data{state: d.state, version: d.version}
}

// Snapshot shows what the data are now.
func (d *Data) Snapshot(context.Context) (rows.Snapshot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &snapshot{state: d.state}, nil
}

// Begin begins a transaction. Of two that run at the same time the first to commit wins.
func (d *Data) Begin(context.Context) (rows.Transaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &transaction{snapshot: snapshot{state: d.state.clone()}, data: d, version: d.version}, nil
}

type snapshot struct{ state *state }

func (s *snapshot) Collection(name string) (*rows.Collection, bool) {
	c, ok := s.state.collections[name]
	if !ok {
		return nil, false
	}
	return c.about, true
}

func (s *snapshot) Collections() []*rows.Collection {
	var list []*rows.Collection
	for _, c := range s.state.collections {
		list = append(list, c.about)
	}
	slices.SortFunc(list, func(a, b *rows.Collection) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (s *snapshot) Graph(name string) (*rows.Graph, bool, error) {
	g, ok := s.state.graphs[name]
	return g, ok, nil
}

func (s *snapshot) stored(c *rows.Collection) (*stored, error) {
	found, ok := s.state.collections[c.Name]
	if !ok {
		return nil, refuse(NumberCollection, "collection '%s' is not known", c.Name)
	}
	return found, nil
}

func (c *stored) find(key string) (int, bool) {
	return slices.BinarySearchFunc(c.rows, key, func(r rows.Row, key string) int { return strings.Compare(string(r.Key), key) })
}

func (s *snapshot) Get(c *rows.Collection, key string) (rows.Row, bool, error) {
	in, err := s.stored(c)
	if err != nil {
		return rows.Row{}, false, err
	}
	if i, ok := in.find(key); ok {
		return in.rows[i], true, nil
	}
	return rows.Row{}, false, nil
}

// within reports whether a key lies between bounds.
func within(key []byte, b rows.Bounds) bool {
	return (b.Lower == nil || bytes.Compare(key, b.Lower) >= 0) && (b.Upper == nil || bytes.Compare(key, b.Upper) < 0)
}

func (s *snapshot) Documents(c *rows.Collection, b rows.Bounds) (rows.Cursor, error) {
	in, err := s.stored(c)
	if err != nil {
		return nil, err
	}
	var list []rows.Row
	for _, r := range in.rows {
		if within(r.Key, b) {
			list = append(list, r)
		}
	}
	if b.Reverse {
		slices.Reverse(list)
	}
	return &rowCursor{rows: list, at: -1}, nil
}

type rowCursor struct {
	rows []rows.Row
	at   int
}

func (c *rowCursor) Next() bool     { c.at++; return c.at < len(c.rows) }
func (c *rowCursor) Row() *rows.Row { return &c.rows[c.at] }
func (c *rowCursor) Err() error     { return nil }
func (c *rowCursor) Close() error   { return nil }

func (s *snapshot) Settle(context.Context) error { return nil }
func (s *snapshot) Close() error                 { return nil }

func (s *snapshot) Count(c *rows.Collection) (int64, error) {
	in, err := s.stored(c)
	if err != nil {
		return 0, err
	}
	return int64(len(in.rows) + len(in.points)), nil
}

func (s *snapshot) Split(c *rows.Collection, parts int) ([][]byte, error) {
	in, err := s.stored(c)
	if err != nil {
		return nil, err
	}
	var keys [][]byte
	for i := 1; i < parts; i++ {
		at := i * len(in.rows) / parts
		if at > 0 && at < len(in.rows) && (len(keys) == 0 || !bytes.Equal(keys[len(keys)-1], in.rows[at].Key)) {
			keys = append(keys, in.rows[at].Key)
		}
	}
	return keys, nil
}

// makeRow is a document as it is stored.
func makeRow(c *rows.Collection, key string, content value.Value, stamp clock.Stamp) rows.Row {
	text := value.AppendJSON(nil, content)
	return rows.Row{Collection: c, Key: []byte(key), Text: text, Stamp: stamp, Hash: crc32.ChecksumIEEE(text)}
}
