package memory

import "bytes"

// node is one key of a treap: a search tree by key and a heap by weight, where
// the weight is a hash of the key. So the same keys always give the same tree,
// whatever the order in which they came. Nodes never change once they are
// linked: a change copies the path to the root, which makes every old root a
// free snapshot.
type node struct {
	key, value  []byte
	weight      uint64
	left, right *node
	count       int   // keys in this subtree
	bytes       int64 // bytes of keys and values in this subtree
}

func newNode(key, value []byte) *node {
	n := &node{key: key, value: value, weight: weigh(key)}
	n.sum()
	return n
}

// weigh is FNV-1a followed by the finaliser of splitmix64, because the low
// entropy of FNV in its upper bits would make deep trees.
func weigh(key []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range key {
		h = (h ^ uint64(b)) * 1099511628211
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func (n *node) sum() {
	n.count, n.bytes = 1, int64(len(n.key)+len(n.value))
	for _, c := range [2]*node{n.left, n.right} {
		if c != nil {
			n.count += c.count
			n.bytes += c.bytes
		}
	}
}

// with returns a copy of n that has other children.
func (n *node) with(left, right *node) *node {
	c := *n
	c.left, c.right = left, right
	c.sum()
	return &c
}

// above tells whether n belongs above m. Equal hashes fall back to the keys,
// so that the shape stays a function of the set of keys.
func (n *node) above(m *node) bool {
	if n.weight != m.weight {
		return n.weight > m.weight
	}
	return bytes.Compare(n.key, m.key) < 0
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

// below is how many bytes lie below a key.
func below(n *node, key []byte) (size int64) {
	for n != nil {
		if bytes.Compare(n.key, key) >= 0 {
			n = n.left
			continue
		}
		size += n.bytes
		if n.right != nil {
			size -= n.right.bytes
		}
		n = n.right
	}
	return size
}

// split returns the keys below key and the keys at or above it.
func split(n *node, key []byte) (low, high *node) {
	if n == nil {
		return nil, nil
	}
	if bytes.Compare(n.key, key) < 0 {
		low, high = split(n.right, key)
		return n.with(n.left, low), high
	}
	low, high = split(n.left, key)
	return low, n.with(high, n.right)
}

// join puts two trees together; every key of low is below every key of high.
func join(low, high *node) *node {
	switch {
	case low == nil:
		return high
	case high == nil:
		return low
	case low.above(high):
		return low.with(low.left, join(low.right, high))
	default:
		return high.with(join(low, high.left), high.right)
	}
}

func insert(n, fresh *node) *node {
	if n == nil {
		return fresh
	}
	c := bytes.Compare(fresh.key, n.key)
	switch {
	case c == 0:
		return fresh.with(n.left, n.right)
	case fresh.above(n):
		low, high := split(n, fresh.key)
		return fresh.with(low, high)
	case c < 0:
		return n.with(insert(n.left, fresh), n.right)
	default:
		return n.with(n.left, insert(n.right, fresh))
	}
}

func remove(n *node, key []byte) *node {
	if n == nil {
		return nil
	}
	switch c := bytes.Compare(key, n.key); {
	case c == 0:
		return join(n.left, n.right)
	case c < 0:
		if left := remove(n.left, key); left != n.left {
			return n.with(left, n.right)
		}
	default:
		if right := remove(n.right, key); right != n.right {
			return n.with(n.left, right)
		}
	}
	return n
}

func removeRange(n *node, lower, upper []byte) *node {
	if bytes.Compare(lower, upper) >= 0 {
		return n
	}
	low, rest := split(n, lower)
	_, high := split(rest, upper)
	return join(low, high)
}
