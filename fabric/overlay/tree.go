// Package overlay shows a state of the store with changes on top that are in memory alone, and notes what is read of it.
// It is what a transaction reads through before it is committed.
//
// Guarantees: a Reader shows the store as it was when the transaction began, with every change made so far; an iterator
// shows both as they were when it was opened, whatever is changed meanwhile. Every key that was looked up, and every
// stretch of keys that an iterator has passed, is in the read set (Reader.Read), no matter whether there was anything.
// An iterator that was stopped early has passed no more than what it showed.
//
// Not guaranteed: that the read set is as small as can be. Once it has more than a hundred thousand pieces, those of one
// collection or index become one, from the first to the last: that may cost a conflict that was none.
//
// Shapes: keys are those of package layout. Only what Noted accepts is noted. The tree is a treap whose weights are
// hashes of the keys, put into another order by a seed (Seidel and Aragon, "Randomized Search Trees"). What a picture was taken of does not change any more:
// a change copies the nodes on the way to it, those that came since excepted.
//
// A Reader may be read by many goroutines while nothing is changed. Changes belong to one goroutine.
package overlay

import (
	"bytes"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// Tree maps keys to changes: values set, or marks of keys deleted. It must not be copied.
type Tree struct {
	root     *node
	seed     uint64 // odd
	bytes    int
	era      uint32      // between two pictures
	pictured atomic.Bool // one was taken in this era
}

type node struct {
	key, value  []byte
	deleted     bool
	era         uint32 // nodes of earlier eras may be in a picture
	weight      uint64
	left, right *node
}

// nodeBytes is about what a node takes besides its key and value.
const nodeBytes = 112

// picture gives the tree as it is now, for good.
func (t *Tree) picture() *node {
	if t.root != nil && !t.pictured.Load() {
		t.pictured.Store(true)
	}
	return t.root
}

// Bytes is about how much memory the tree takes.
func (t *Tree) Bytes() int { return t.bytes }

// Set puts a value under a key. It keeps both.
func (t *Tree) Set(key, value []byte) { t.put(&node{key: key, value: value}) }

// Delete marks a key as deleted.
func (t *Tree) Delete(key []byte) { t.put(&node{key: key, deleted: true}) }

func (t *Tree) put(fresh *node) {
	if t.pictured.Load() {
		t.pictured.Store(false)
		t.era++
	}
	fresh.era = t.era
	if old := find(t.root, fresh.key); old != nil {
		t.bytes -= len(old.key) + len(old.value) + nodeBytes
	}
	t.bytes += len(fresh.key) + len(fresh.value) + nodeBytes
	fresh.weight = xxhash.Sum64(fresh.key) * t.seed
	t.root = t.insert(t.root, fresh)
}

// Get finds what the tree says about a key.
func (t *Tree) Get(key []byte) (value []byte, deleted, known bool) {
	n := find(t.root, key)
	if n == nil {
		return nil, false, false
	}
	return n.value, n.deleted, true
}

func find(n *node, key []byte) *node {
	for n != nil {
		switch c := bytes.Compare(key, n.key); {
		case c == 0:
			return n
		case c < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	return nil
}

// above says whether n belongs above m.
func (n *node) above(m *node) bool {
	if n.weight != m.weight {
		return n.weight > m.weight
	}
	return bytes.Compare(n.key, m.key) < 0
}

// with gives n other children: a copy of it, when it may be in a picture.
func (t *Tree) with(n, left, right *node) *node {
	if n.era != t.era {
		c := *n
		c.era = t.era
		n = &c
	}
	n.left, n.right = left, right
	return n
}

func (t *Tree) insert(n, fresh *node) *node {
	if n == nil {
		return fresh
	}
	c := bytes.Compare(fresh.key, n.key)
	switch {
	case c == 0:
		return t.with(fresh, n.left, n.right)
	case fresh.above(n):
		low, high := t.split(n, fresh.key)
		return t.with(fresh, low, high)
	case c < 0:
		return t.with(n, t.insert(n.left, fresh), n.right)
	}
	return t.with(n, n.left, t.insert(n.right, fresh))
}

// split parts the tree into what lies below a key and what lies above.
func (t *Tree) split(n *node, key []byte) (low, high *node) {
	if n == nil {
		return nil, nil
	}
	if bytes.Compare(n.key, key) < 0 {
		low, high = t.split(n.right, key)
		return t.with(n, n.left, low), high
	}
	low, high = t.split(n.left, key)
	return low, t.with(n, high, n.right)
}

// atOrAfter is the first node at or behind a key; behind it alone when beyond is set.
func atOrAfter(n *node, key []byte, beyond bool) (found *node) {
	for n != nil {
		c := bytes.Compare(n.key, key)
		if c > 0 || c == 0 && !beyond {
			found, n = n, n.left
		} else {
			n = n.right
		}
	}
	return found
}

// before is the last node before a key; nil key is behind all.
func before(n *node, key []byte) (found *node) {
	for n != nil {
		if key == nil || bytes.Compare(n.key, key) < 0 {
			found, n = n, n.right
		} else {
			n = n.left
		}
	}
	return found
}
