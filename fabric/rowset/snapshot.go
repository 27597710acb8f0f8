package rowset

import (
	"context"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Snapshot is one state of a fabric.
type Snapshot struct {
	store *Store
	view  *fabric.View
	fabric.Ground
	catalogue *catalogue
}

// Settle implements rows.Snapshot.
func (s *Snapshot) Settle(ctx context.Context) error {
	return s.store.fabric.Settle(ctx, s.view.Number())
}

// Close implements rows.Snapshot.
func (s *Snapshot) Close() error { return s.view.Close() }

// Collection implements rows.Reader.
func (s *Snapshot) Collection(name string) (*rows.Collection, bool) {
	c, ok := s.catalogue.byName[name]
	return c, ok
}

// Collections implements rows.Reader.
func (s *Snapshot) Collections() []*rows.Collection { return s.catalogue.list }

// virtual says whether a collection is none of the fabric's.
func virtual(c *rows.Collection) bool { return c.Number < schema.FirstNumber }

// Get implements rows.Reader.
func (s *Snapshot) Get(c *rows.Collection, key string) (rows.Row, bool, error) {
	if virtual(c) {
		return s.virtualRow(c, key)
	}
	dkey := s.Keys.Document(make([]byte, 0, layout.PrefixLen+5+len(key)), c.Number, key)
	record, found, err := s.Reader.Get(dkey)
	if err != nil || !found || codec.RecordHidden(record) {
		return rows.Row{}, false, err
	}
	r := rows.Row{Collection: c, Key: dkey[layout.PrefixLen+5:], Text: codec.RecordText(record)}
	r.Stamp, r.Hash = codec.RecordRev(record)
	if c.Expires && s.expired(c, r.Text) {
		return rows.Row{}, false, nil
	}
	return r, true, nil
}

// expired says whether a document with this text has expired.
func (s *Snapshot) expired(c *rows.Collection, text []byte) bool {
	of, ok := s.Schema.Numbered(c.Number)
	return ok && s.view.Expired(of, value.Lazy(text))
}

// Documents implements rows.Reader.
func (s *Snapshot) Documents(c *rows.Collection, b rows.Bounds) (rows.Cursor, error) {
	if virtual(c) {
		return s.virtualCursor(c, b), nil
	}
	space := s.Keys.DocumentSpace(c.Number)
	lower, upper := within(space, b)
	it, err := s.Reader.Scan(lower, upper)
	if err != nil {
		return nil, err
	}
	return &documents{snapshot: s, it: it, row: rows.Row{Collection: c}, prefix: len(space), reverse: b.Reverse}, nil
}

// Entries implements rows.Reader.
func (s *Snapshot) Entries(c *rows.Collection, x *rows.Index, b rows.Bounds) (rows.EntryCursor, error) {
	space := s.Keys.IndexSpace(make([]byte, 0, layout.PrefixLen+5), x.Number)
	lower, upper := within(space, b)
	it, err := s.Reader.Scan(lower, upper)
	if err != nil {
		return nil, err
	}
	return &entries{snapshot: s, it: it, collection: c, index: x, prefix: len(space), reverse: b.Reverse}, nil
}

// within gives the bounds in the store of what lies within bounds in a space.
func within(space []byte, b rows.Bounds) (lower, upper []byte) {
	both := make([]byte, 0, 2*len(space)+len(b.Lower)+len(b.Upper))
	both = append(append(both, space...), b.Lower...)
	lower = both[:len(both):len(both)]
	if b.Upper == nil {
		return lower, layout.End(space)
	}
	return lower, append(append(both[len(both):], space...), b.Upper...)
}
