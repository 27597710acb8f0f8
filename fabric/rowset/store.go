package rowset

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
)

// Options say what a store shows.
type Options struct {
	// Hidden names collections that exist for no query; nil hides none beyond the schema.
	Hidden func(collection string) bool
}

// Store opens states of one fabric for queries. It may be used from many goroutines.
type Store struct {
	fabric    *fabric.Fabric
	hidden    func(string) bool
	mu        sync.Mutex // who makes the next catalogue
	catalogue atomic.Pointer[catalogue]
	estimates estimates
}

// New makes the store of a fabric. There should be one.
func New(f *fabric.Fabric, o Options) *Store {
	s := &Store{fabric: f, hidden: o.Hidden}
	if s.hidden == nil {
		s.hidden = func(string) bool { return false }
	}
	s.estimates.init()
	return s
}

// Snapshot opens the state of now. It must be closed, soon.
func (s *Store) Snapshot(ctx context.Context) (rows.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.open(s.fabric.View()), nil
}

// open makes the snapshot of a view.
func (s *Store) open(v *fabric.View) *Snapshot {
	ground := v.Ground()
	return &Snapshot{store: s, view: v, Ground: ground, catalogue: s.current(ground.Schema)}
}
