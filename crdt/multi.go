package crdt

import (
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// A multi-value shows all values that were written concurrently: the register, if it is present, and those in the slot. Whoever writes
// one replaces what it had seen of both.

func (m *merge) multi(n *Node) {
	m.clearRegister(n)
	s := n.slots()
	s.Multi = append(m.clearCandidates(s.Multi), Candidate{Value: m.op.Value, Stamp: m.stamp})
	sortCandidates(s.Multi)
}

// concurrent shows one value plainly and several as an array in value order.
func concurrent(base value.Value, present bool, list []Candidate) value.Value {
	values := make([]value.Value, 0, len(list)+1)
	if present {
		values = append(values, base)
	}
	for _, c := range list {
		values = append(values, c.Value)
	}
	all := sortedSet(values)
	if items := all.Items(); len(items) == 1 {
		return items[0]
	}
	return all
}

// foldMulti makes stable values bear the folded stamp, each value once.
func foldMulti(list []Candidate, stable clock.Vector) []Candidate {
	var folded []Candidate
	kept := list[:0]
	for _, c := range list {
		if !covers(stable, c.Stamp) {
			kept = append(kept, c)
			continue
		}
		c.Stamp = clock.Stamp{}
		if !slices.ContainsFunc(folded, func(f Candidate) bool { return value.Identical(f.Value, c.Value) }) {
			folded = append(folded, c)
		}
	}
	out := append(folded, kept...)
	sortCandidates(out)
	return out
}
