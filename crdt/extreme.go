package crdt

import (
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// A maximum (or minimum) shows the best of its base, which is the register, and the last candidate of each origin; of equals the one
// with the earlier stamp. Beaten candidates stay until they are stable: an insert under way may take the winner away and leave them.
// An origin's last candidate is enough, as it beat all that the origin had seen and not cleared.

// Candidate is a value offered for an extreme, or one of several concurrent values.
type Candidate struct {
	Value value.Value
	Stamp clock.Stamp
}

// candidate replaces the origin's candidate by a later one. Folded candidates are of no origin.
func candidate(list []Candidate, stamp clock.Stamp, v value.Value) []Candidate {
	for i := range list {
		if list[i].Stamp.Origin == stamp.Origin && !list[i].Stamp.IsZero() {
			list[i] = Candidate{Value: v, Stamp: stamp}
			return list
		}
	}
	list = append(list, Candidate{Value: v, Stamp: stamp})
	sortCandidates(list)
	return list
}

func sortCandidates(list []Candidate) {
	slices.SortStableFunc(list, func(a, b Candidate) int {
		if a.Stamp.Origin != b.Stamp.Origin {
			return int(int64(a.Stamp.Origin) - int64(b.Stamp.Origin))
		}
		return a.Stamp.Compare(b.Stamp)
	})
}

func (m *merge) clearCandidates(list []Candidate) []Candidate {
	return slices.DeleteFunc(list, func(c Candidate) bool { return m.seen(c.Stamp) })
}

// contest compares candidates: by value or by one of its members, for the larger or the smaller.
type contest struct {
	by  string
	min bool
}

// compare is above zero when a beats b, whatever their stamps.
func (c contest) compare(a, b value.Value) int {
	if c.by != "" {
		a, _ = a.Get(c.by)
		b, _ = b.Get(c.by)
	}
	if c.min {
		return value.Compare(b, a)
	}
	return value.Compare(a, b)
}

// best returns the index of the winner in a list that is not empty.
func (c contest) best(list []Candidate) int {
	winner := 0
	for i := 1; i < len(list); i++ {
		r := c.compare(list[i].Value, list[winner].Value)
		if r > 0 || (r == 0 && list[i].Stamp.Less(list[winner].Stamp)) {
			winner = i
		}
	}
	return winner
}

// winner shows the extreme: the best of the candidates and the base, if there is one.
func (c contest) winner(base value.Value, present bool, stamp clock.Stamp, list []Candidate) value.Value {
	best := list[c.best(list)]
	if present {
		if r := c.compare(base, best.Value); r > 0 || (r == 0 && stamp.Less(best.Stamp)) {
			return base
		}
	}
	return best.Value
}

// fold drops candidates that are stable and beaten by another. Winners keep their stamps: ties need them until all is stable.
func (c contest) fold(list []Candidate, stable clock.Vector) []Candidate {
	if len(list) < 2 {
		return list
	}
	winner := list[c.best(list)].Stamp
	return slices.DeleteFunc(list, func(x Candidate) bool { return x.Stamp != winner && covers(stable, x.Stamp) })
}
