package sequencer

// recent remembers which guarded keys were written by which commit, for as many commits as readers may lag
// behind. Two maps take turns, so that forgetting costs nothing per key.
type recent struct {
	young, old map[uint64]uint64 // hash of key -> number of the last commit that wrote it
	floor      uint64            // commits up to this one are forgotten
	turned     uint64            // commit at which the young map began
	limit      int
	written    written // the keys themselves
}

func newRecent(limit int) recent {
	return recent{young: make(map[uint64]uint64, 1024), old: map[uint64]uint64{}, limit: limit}
}

// wrote records that a commit wrote a key.
func (r *recent) wrote(hash, number uint64) { r.young[hash] = number }

// turn forgets the oldest half once there is enough.
func (r *recent) turn(number uint64) {
	r.written.turn()
	if len(r.young) < r.limit {
		return
	}
	r.floor, r.turned = r.turned, number
	r.old, r.young = r.young, make(map[uint64]uint64, r.limit)
}

// since says whether the key may have been written by a commit after the given one.
func (r *recent) since(hash, number uint64) bool {
	if number < r.floor {
		return true
	}
	if n, ok := r.young[hash]; ok {
		return n > number
	}
	return r.old[hash] > number
}
