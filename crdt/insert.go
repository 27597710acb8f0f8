package crdt

import (
	"slices"

	"github.com/selvedge-db/selvedge/value"
)

// insert clears what the transaction had seen at and below the node, and assigns the object, its members and theirs.
//
// Clearing by a list of fields to unset would be wrong: the location that inserts may have folded and forgotten a field that another
// location still remembers.
func (m *merge) insert(n *Node) {
	m.clearSlots(n)
	m.clearBelow(n)
	m.write(n, m.path, Object, value.Value{})
	m.fill(n, m.op.Value, len(m.path) == 0)
}

// clearBelow clears what was seen below the node.
func (m *merge) clearBelow(n *Node) {
	kept := n.Children[:0]
	for _, c := range n.Children {
		m.path = append(slices.Clip(m.path), c.Name)
		m.clearSlots(c.Node)
		m.clearRegister(c.Node)
		m.clearBelow(c.Node)
		m.path = m.path[:len(m.path)-1]
		if !c.Node.void() {
			kept = append(kept, c)
		}
	}
	clear(n.Children[len(kept):])
	n.Children = kept
	if m.seen(n.PlainStamp) {
		m.clearPlain(n)
	}
}

// fill assigns the members of an object below the node. When Plain is free it takes all members that no node remembers.
func (m *merge) fill(n *Node, object value.Value, root bool) {
	_, expires := object.Get(expireAt)
	if m.seen(n.PlainStamp) && len(n.Plain.Members()) == 0 {
		n.Plain, n.PlainStamp = m.unremembered(n, object), m.stamp
	}
	for _, member := range object.Members() {
		if _, plain := n.Plain.Get(member.Name); plain && n.PlainStamp == m.stamp {
			continue
		}
		m.assign(n.expand(member.Name, root), member)
	}
	// Where Plain was taken its stamp says already that expireAt is absent, unless a node remembers it.
	if _, remembered := n.find(expireAt); root && !expires && (remembered || n.PlainStamp != m.stamp) {
		m.write(n.expand(expireAt, root), value.Path{expireAt}, Absent, value.Value{})
	}
}

// unremembered returns the members of the object that have no node.
func (m *merge) unremembered(n *Node, object value.Value) value.Value {
	if len(n.Children) == 0 {
		return object
	}
	return value.Object(slices.DeleteFunc(slices.Clone(object.Members()), func(member value.Member) bool {
		_, remembered := n.find(member.Name)
		return remembered
	})...)
}

// assign writes a member of an inserted object to its node.
func (m *merge) assign(n *Node, member value.Member) {
	m.path = append(slices.Clip(m.path), member.Name)
	if member.Value.Kind() == value.KindObject {
		m.write(n, m.path, Object, value.Value{})
		m.fill(n, member.Value, false)
	} else {
		m.write(n, m.path, Scalar, member.Value)
	}
	m.path = m.path[:len(m.path)-1]
}
