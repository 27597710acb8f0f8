package memory

import (
	"bytes"

	"github.com/selvedge-db/selvedge/store/kv"
)

// place says where an iterator stands when it stands on no key.
type place int

const (
	before place = iota // new, or ran off the beginning
	on
	after
)

// iterator keeps the path from the root to its key, so both directions cost
// amortised constant time.
type iterator struct {
	root         *node
	lower, upper []byte
	path         []*node
	place        place
	fresh        bool // not moved yet: Prev then starts at the end
	err          error
	closed       bool
}

func newIterator(root *node, lower, upper []byte) *iterator {
	return &iterator{root: root, lower: bytes.Clone(lower), upper: bytes.Clone(upper), fresh: true}
}

func (it *iterator) usable() bool {
	if it.closed {
		it.err = kv.ErrClosed
	}
	return it.err == nil
}

func (it *iterator) Next() bool {
	if !it.usable() {
		return false
	}
	if it.place == on {
		it.forward()
	} else if it.place == before {
		it.fresh = false
		it.seek(it.lower)
	}
	return it.settle(after)
}

func (it *iterator) Prev() bool {
	if !it.usable() {
		return false
	}
	if it.place == on {
		it.backward()
		return it.settle(before)
	}
	if it.place == after || it.fresh {
		return it.Last()
	}
	return false
}

func (it *iterator) SeekGE(key []byte) bool {
	if !it.usable() {
		return false
	}
	it.fresh = false
	if it.lower != nil && bytes.Compare(key, it.lower) < 0 {
		key = it.lower
	}
	it.seek(key)
	return it.settle(after)
}

func (it *iterator) Last() bool {
	if !it.usable() {
		return false
	}
	it.fresh = false
	if it.upper == nil {
		it.path = it.path[:0]
		for n := it.root; n != nil; n = n.right {
			it.path = append(it.path, n)
		}
	} else {
		it.seekBelow(it.upper)
	}
	return it.settle(before)
}

// settle checks the bounds after a movement; off is where the iterator is when
// it left them.
func (it *iterator) settle(off place) bool {
	if len(it.path) > 0 {
		key := it.path[len(it.path)-1].key
		if (it.lower == nil || bytes.Compare(key, it.lower) >= 0) &&
			(it.upper == nil || bytes.Compare(key, it.upper) < 0) {
			it.place = on
			return true
		}
	}
	it.path, it.place = it.path[:0], off
	return false
}

// seek builds the path to the first key at or above key, nil being the first.
func (it *iterator) seek(key []byte) {
	it.path = it.path[:0]
	keep := 0
	for n := it.root; n != nil; {
		it.path = append(it.path, n)
		if bytes.Compare(n.key, key) >= 0 {
			keep = len(it.path)
			n = n.left
		} else {
			n = n.right
		}
	}
	it.path = it.path[:keep]
}

// seekBelow builds the path to the last key below key.
func (it *iterator) seekBelow(key []byte) {
	it.path = it.path[:0]
	keep := 0
	for n := it.root; n != nil; {
		it.path = append(it.path, n)
		if bytes.Compare(n.key, key) < 0 {
			keep = len(it.path)
			n = n.right
		} else {
			n = n.left
		}
	}
	it.path = it.path[:keep]
}

func (it *iterator) forward() {
	n := it.path[len(it.path)-1]
	if n.right != nil {
		for n = n.right; n != nil; n = n.left {
			it.path = append(it.path, n)
		}
		return
	}
	for {
		it.path = it.path[:len(it.path)-1]
		if len(it.path) == 0 || it.path[len(it.path)-1].left == n {
			return
		}
		n = it.path[len(it.path)-1]
	}
}

func (it *iterator) backward() {
	n := it.path[len(it.path)-1]
	if n.left != nil {
		for n = n.left; n != nil; n = n.right {
			it.path = append(it.path, n)
		}
		return
	}
	for {
		it.path = it.path[:len(it.path)-1]
		if len(it.path) == 0 || it.path[len(it.path)-1].right == n {
			return
		}
		n = it.path[len(it.path)-1]
	}
}

func (it *iterator) Key() []byte {
	if it.place != on {
		return nil
	}
	return it.path[len(it.path)-1].key
}

func (it *iterator) Value() []byte {
	if it.place != on {
		return nil
	}
	return it.path[len(it.path)-1].value
}

func (it *iterator) Err() error { return it.err }

func (it *iterator) Close() error {
	if it.closed {
		return nil
	}
	it.closed, it.place, it.root, it.path = true, after, nil, nil
	return it.err
}
