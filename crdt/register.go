package crdt

import (
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// A register holds the write with the latest stamp. One that was cleared by whoever had seen it is absent and keeps its stamp: a
// concurrent older write must lose to it, and a concurrent newer one win, in whatever order they come.

// write lets a write compete for the register of the node at path. Of one transaction's writes the last wins.
func (m *merge) write(n *Node, path value.Path, state State, v value.Value) {
	present := n.Stamp
	wins := m.stamp.Compare(present) >= 0
	if !wins || !m.seen(present) {
		m.conflict(n, path, state, v, wins)
	}
	if wins {
		n.setRegister(state, v)
		n.Stamp = m.stamp
	}
}

// conflict records that one of two concurrent writes with different values is lost.
func (m *merge) conflict(n *Node, path value.Path, state State, v value.Value, wins bool) {
	if state == n.State && (state != Scalar || value.Identical(v, n.Value)) {
		return
	}
	arriving, arrives := v, state != Absent
	if state == Object {
		arriving = m.standsFor(path)
	}
	there, present := n.bottom(nil)
	loss := Loss{
		Path: slices.Clone(path),
		Kept: there, KeptPresent: present, KeptStamp: n.Stamp,
		Lost: arriving, LostPresent: arrives, LostStamp: m.stamp,
	}
	if wins {
		loss.Kept, loss.Lost = loss.Lost, loss.Kept
		loss.KeptPresent, loss.LostPresent = loss.LostPresent, loss.KeptPresent
		loss.KeptStamp, loss.LostStamp = loss.LostStamp, loss.KeptStamp
	}
	m.losses = append(m.losses, loss)
}

// standsFor returns the object that the operation writes at a path at or above its own, or the part of an insert that it writes below.
func (m *merge) standsFor(path value.Path) value.Value {
	if len(path) > len(m.op.Path) {
		part, _ := m.op.Value.At(path[len(m.op.Path):])
		return part
	}
	v := m.op.Value
	if m.op.Kind == OpDelta {
		v = value.Int(m.op.Number)
	}
	hollow := m.op.Kind == OpUnset
	for i := len(m.op.Path); i > len(path); i-- {
		if hollow {
			v, hollow = value.Object(), false
			continue
		}
		v = value.Object(value.Member{Name: m.op.Path[i-1], Value: v})
	}
	return v
}

// clearRegister makes the register absent if the transaction had seen it.
func (m *merge) clearRegister(n *Node) {
	if n.State != Absent && m.seen(n.Stamp) {
		n.setRegister(Absent, value.Value{})
	}
}

// clearPlain turns the members of Plain, which were all seen, into what must be remembered of them: nothing if they are folded, else
// absent registers that keep their stamp.
func (m *merge) clearPlain(n *Node) {
	members := n.Plain.Members()
	n.Plain = value.Value{}
	if n.PlainStamp.IsZero() {
		return
	}
	for _, member := range members {
		n.put(member.Name, tombs(member.Value, n.PlainStamp))
	}
}

// tombs is the node that remembers that a member of Plain was written and cleared.
func tombs(v value.Value, stamp clock.Stamp) *Node {
	n := &Node{Stamp: stamp}
	for _, member := range v.Members() {
		n.Children = append(n.Children, Child{Name: member.Name, Node: tombs(member.Value, stamp)})
	}
	return n
}
