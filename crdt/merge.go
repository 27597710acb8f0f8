package crdt

import (
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// merge is one operation on its way down the tree.
type merge struct {
	stamp  clock.Stamp
	deps   clock.Vector
	op     Op
	log    Log
	path   value.Path // of the node at hand; used while clearing and inserting
	losses []Loss
	err    error
}

// seen reports whether the transaction had seen the write that bears this stamp. Earlier operations of the same entry count as seen.
func (m *merge) seen(s clock.Stamp) bool {
	if s.IsZero() || m.stamp == Pending {
		return true
	}
	return s.Time <= m.upTo(s.Origin)
}

// upTo returns how far into an origin's log the transaction had seen.
func (m *merge) upTo(o clock.Origin) clock.Time {
	if o == m.stamp.Origin {
		return m.stamp.Time
	}
	return m.deps.At(o)
}

// at merges the operation into the node reached by the first depth names of its path, and what is below it.
func (m *merge) at(n *Node, depth int) {
	for ; depth < len(m.op.Path); depth++ {
		m.write(n, m.op.Path[:depth], Object, value.Value{})
		n = n.expand(m.op.Path[depth], depth == 0)
	}
	m.path = m.op.Path
	switch m.op.Kind {
	case OpInsert:
		m.insert(n)
	case OpAssign:
		m.clearSlots(n)
		m.write(n, m.path, Scalar, m.op.Value)
	case OpUnset:
		m.clearSlots(n)
		m.write(n, m.path, Absent, value.Value{})
	case OpDelta:
		n.slots().delta(m.stamp, m.op.Number)
	case OpAdd:
		m.add(n)
	case OpDrop:
		m.drop(n)
	case OpMax:
		s := n.slots()
		s.Max = candidate(s.Max, m.stamp, m.op.Value)
	case OpMin:
		s := n.slots()
		s.Min = candidate(s.Min, m.stamp, m.op.Value)
	case OpMulti:
		m.multi(n)
	}
	n.tidy()
}

// clearSlots takes out of the node's slots what the transaction had seen.
func (m *merge) clearSlots(n *Node) {
	if n.Slots == nil {
		return
	}
	s := n.Slots
	s.Counter = m.clearRuns(s.Counter)
	s.Set = m.clearElements(s.Set)
	s.Max = m.clearCandidates(s.Max)
	s.Min = m.clearCandidates(s.Min)
	s.Multi = m.clearCandidates(s.Multi)
	n.tidy()
}

// fail keeps the first error and says where it was.
func (m *merge) fail(err error) {
	if m.err == nil {
		m.err = fmt.Errorf("merge %v at %q: %w", m.op.Kind, m.path.String(), err)
	}
}
