package overlay

import (
	"bytes"

	"github.com/selvedge-db/selvedge/store/kv"
)

// place says where an iterator stands.
type place uint8

const (
	fresh place = iota
	on
	behind // ran off the end
	ahead  // ran off the beginning
)

// merged walks over an iterator of the store and a tree as one. Going forward both stand at or behind the current key,
// going backward at or before it.
type merged struct {
	base         kv.Iterator
	root, own    *node // own is nil when the tree has no more
	lower, upper []byte
	baseOn       bool
	place        place
	backward     bool
	fromOwn      bool // the current key is the tree's
}

// Next implements kv.Iterator.
func (m *merged) Next() bool {
	switch {
	case m.place == behind:
		return false
	case m.place != on:
		m.baseOn, m.own = m.base.SeekGE(m.lower), m.inside(atOrAfter(m.root, m.lower, false))
	case m.backward:
		key := bytes.Clone(m.Key())
		m.baseOn, m.own = m.base.SeekGE(key), m.inside(atOrAfter(m.root, key, true))
		if m.baseOn && bytes.Equal(m.base.Key(), key) {
			m.baseOn = m.base.Next()
		}
	default:
		m.leave(m.base.Next, m.following)
	}
	m.backward = false
	return m.settle()
}

// Prev implements kv.Iterator.
func (m *merged) Prev() bool {
	switch {
	case m.place == ahead:
		return false
	case m.place != on:
		return m.Last()
	case m.backward:
		m.leave(m.base.Prev, m.preceding)
	default:
		key := bytes.Clone(m.Key())
		m.base.SeekGE(key)
		m.baseOn, m.own = m.base.Prev(), m.inside(before(m.root, key))
	}
	m.backward = true
	return m.settle()
}

// SeekGE implements kv.Iterator.
func (m *merged) SeekGE(key []byte) bool {
	if bytes.Compare(key, m.lower) < 0 {
		key = m.lower
	}
	m.baseOn, m.own = m.base.SeekGE(key), m.inside(atOrAfter(m.root, key, false))
	m.backward = false
	return m.settle()
}

// Last implements kv.Iterator.
func (m *merged) Last() bool {
	m.baseOn, m.own = m.base.Last(), m.inside(before(m.root, m.upper))
	m.backward = true
	return m.settle()
}

// inside gives a node if it lies within the bounds.
func (m *merged) inside(n *node) *node {
	if n == nil || bytes.Compare(n.key, m.lower) < 0 || m.upper != nil && bytes.Compare(n.key, m.upper) >= 0 {
		return nil
	}
	return n
}

func (m *merged) following() { m.own = m.inside(atOrAfter(m.root, m.own.key, true)) }

func (m *merged) preceding() { m.own = m.inside(before(m.root, m.own.key)) }

// leave moves whichever of the two stand on the current key.
func (m *merged) leave(base func() bool, own func()) {
	if !m.fromOwn {
		m.baseOn = base()
		return
	}
	if m.baseOn && bytes.Equal(m.base.Key(), m.own.key) {
		m.baseOn = base()
	}
	own()
}

// settle chooses the key to stand on, passing over what is deleted.
func (m *merged) settle() bool {
	step, own, off := m.base.Next, m.following, behind
	if m.backward {
		step, own, off = m.base.Prev, m.preceding, ahead
	}
	for {
		if m.base.Err() != nil || !m.baseOn && m.own == nil {
			m.place = off
			return false
		}
		order := 1 // of base and own: negative says that base comes first on the way
		switch {
		case m.own == nil:
			order = -1
		case m.baseOn:
			if order = bytes.Compare(m.base.Key(), m.own.key); m.backward {
				order = -order
			}
		}
		if m.fromOwn = order >= 0; !m.fromOwn || !m.own.deleted {
			m.place = on
			return true
		}
		m.leave(step, own)
	}
}

// Key implements kv.Iterator.
func (m *merged) Key() []byte {
	switch {
	case m.place != on:
		return nil
	case m.fromOwn:
		return m.own.key
	}
	return m.base.Key()
}

// Value implements kv.Iterator.
func (m *merged) Value() []byte {
	switch {
	case m.place != on:
		return nil
	case m.fromOwn:
		return m.own.value
	}
	return m.base.Value()
}

// Err implements kv.Iterator.
func (m *merged) Err() error { return m.base.Err() }

// Close implements kv.Iterator.
func (m *merged) Close() error {
	m.place, m.baseOn, m.own, m.root = behind, false, nil, nil
	return m.base.Close()
}
