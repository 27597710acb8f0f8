package api

import (
	"sync"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/rowset"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// states are the fabrics as queries see them: one for each, so that plans fit from one query to the next.
type states struct {
	mu     sync.RWMutex
	byArea map[string]opened
}

type opened struct {
	fabric *fabric.Fabric
	store  *rowset.Store
}

// of gives the states of the call's fabric. Those of a fabric that was dropped go when one of its name is made anew.
func (s *states) of(c *Call) *rowset.Store {
	area := c.area()
	s.mu.RLock()
	have := s.byArea[area]
	s.mu.RUnlock()
	if have.fabric == c.Fabric {
		return have.store
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if have = s.byArea[area]; have.fabric == c.Fabric {
		return have.store
	}
	if s.byArea == nil {
		s.byArea = map[string]opened{}
	}
	have = opened{fabric: c.Fabric, store: rowset.New(c.Fabric, rowset.Options{Hidden: hidden})}
	s.byArea[area] = have
	return have.store
}

// drop forgets the states of a fabric.
func (s *states) drop(tenant, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byArea, tenant+"/"+name)
}

// adjacent visits the edges of a vertex in one direction, "out" or "in". A row is valid during its visit only.
func adjacent(state rows.Snapshot, in *rows.Collection, vertex, direction string, visit func(*rows.Row) (bool, error)) error {
	var edges *rows.Index
	for _, x := range in.Indexes {
		if x.Type == rows.EdgeIndex {
			edges = x
		}
	}
	if edges == nil {
		return Fail(CollectionType, "%s is not an edge collection", quote(in.Name))
	}
	lower := value.AppendKeyString([]byte{direction[0]}, vertex)
	upper := append([]byte(nil), lower...)
	upper[len(upper)-1]++ // the end of a text in keys is below 255
	cursor, err := state.Entries(in, edges, rows.Bounds{Lower: lower, Upper: upper})
	if err != nil {
		return AsError(err)
	}
	for cursor.Next() {
		row, found, err := state.Get(in, string(cursor.Key()))
		if err == nil && found {
			found, err = visit(&row)
		} else {
			found = true
		}
		if err != nil || !found {
			_ = cursor.Close()
			return orNil(err)
		}
	}
	err = cursor.Err()
	if closed := cursor.Close(); err == nil {
		err = closed
	}
	return orNil(err)
}

// edges gives the edges of a vertex as the transaction sees them, an edge from a vertex to itself once.
func (j *joined) edges(collection, vertex, direction string, limit int) ([]Document, error) {
	in, err := j.find(collection, false)
	if err != nil {
		return nil, err
	}
	var out []Document
	seen := map[string]bool{}
	for _, side := range []string{"out", "in"} {
		if direction != side && direction != "any" {
			continue
		}
		err := adjacent(j.state, in, vertex, side, func(r *rows.Row) (bool, error) {
			if !seen[string(r.Key)] {
				seen[string(r.Key)] = true
				out = append(out, documentOf(collection, r))
			}
			return len(out) < limit, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
