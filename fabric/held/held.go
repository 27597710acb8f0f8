// Package held shares one snapshot of a store between readers that begin while nothing is written.
//
// # Guarantees
//
//   - What Take gives shows the store as it is between two changes: everything that was changed before the turn that it
//     is taken for, and nothing of what is changed later. Changes are what is done between Begin and End.
//   - A snapshot is given to nobody any more once a change began, Drop was called, or the Keeper was shut. It is closed
//     when the last of its readers has closed it, and its iterators are not kept any longer from then on.
//   - After Shut nothing is open but what readers still hold.
//
// # What it does not give
//
// It knows of no changes but those that it is told of, and it does not look at clocks: who holds a Keeper calls Drop now
// and then, since even a snapshot that is up to date keeps data that others in the same store have replaced.
package held

import (
	"sync"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/store/kv"
)

// iterators is how many closed ones a snapshot keeps for those opened next.
const iterators = 8

// Keeper has the snapshot that is shared now. The zero value is usable.
type Keeper struct {
	turn atomic.Uint64 // odd during a change
	mu   sync.Mutex
	now  *Snapshot // nil when there is none
	shut bool
}

// Snapshot is one that is shared. Each Take needs one Close.
type Snapshot struct {
	kv.Snapshot
	keeper *Keeper
	turn   uint64
	users  int // and the keeper, while it is the one to be shared
}

// Begin tells that the store changes from now on. Changes do not overlap.
func (k *Keeper) Begin() { k.turn.Add(1) }

// End tells that all of the change shows in the store.
func (k *Keeper) End() {
	k.Drop()
	k.turn.Add(1)
}

// Turn names the state of now; false during a change.
func (k *Keeper) Turn() (uint64, bool) {
	turn := k.turn.Load()
	return turn, turn%2 == 0
}

// Take gives a snapshot of a turn, nil when that is over or nothing may be shared any more. It is opened without holding
// anybody up: whoever ends a change must not wait for the store.
func (k *Keeper) Take(db kv.DB, turn uint64) *Snapshot {
	if s, over := k.join(turn, nil); s != nil || over {
		return s
	}
	opened := db.Snapshot()
	s, _ := k.join(turn, opened)
	if s == nil || s.Snapshot != opened {
		_ = opened.Close() // it may show a part of what changes, or somebody else was quicker
	}
	return s
}

// join takes part in the snapshot of a turn: the one that is there, or else the one given. Without either it only tells
// whether the turn is over.
func (k *Keeper) join(turn uint64, opened kv.Snapshot) (s *Snapshot, over bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.shut || k.turn.Load() != turn {
		return nil, true
	}
	if s = k.now; s == nil || s.turn != turn {
		if opened == nil {
			return nil, false
		}
		k.drop()
		s = &Snapshot{Snapshot: opened, keeper: k, turn: turn, users: 1}
		keep(opened, iterators)
		k.now = s
	}
	s.users++
	return s, false
}

// keep makes a snapshot keep iterators, if it can.
func keep(s kv.Snapshot, most int) {
	if r, ok := s.(kv.Reuser); ok {
		r.Reuse(most)
	}
}

// Drop shares the snapshot of now with nobody else.
func (k *Keeper) Drop() {
	k.mu.Lock()
	k.drop()
	k.mu.Unlock()
}

// Shut is Drop for good.
func (k *Keeper) Shut() {
	k.mu.Lock()
	k.shut = true
	k.drop()
	k.mu.Unlock()
}

func (k *Keeper) drop() {
	if s := k.now; s != nil {
		k.now = nil
		keep(s.Snapshot, 0)
		_ = s.leave()
	}
}

func (s *Snapshot) leave() error {
	if s.users--; s.users > 0 {
		return nil
	}
	return s.Snapshot.Close()
}

// Close lets go of the snapshot for one of those who took it.
func (s *Snapshot) Close() error {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	return s.leave()
}
