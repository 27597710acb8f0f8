package crdt

import (
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// Fold forgets the stamps that are stable: everything that can still arrive has seen them and is later. It never changes what the
// document shows, now or later, and may be left out. It reports whether the document is removed and nothing of it need be kept.
// The declarations tell which candidate is beaten and what scale a sum has.
func (d *Document) Fold(stable clock.Vector, decls Declarations) (purge bool) {
	d.root.fold(stable, decls.root)
	return d.root.State == Absent && d.Stable(stable)
}

func (n *Node) fold(stable clock.Vector, decl *declared) {
	kept := n.Children[:0]
	for _, c := range n.Children {
		c.Node.fold(stable, decl.child(c.Name))
		if !c.Node.void() {
			kept = append(kept, c)
		}
	}
	clear(n.Children[len(kept):])
	n.Children = kept
	if covers(stable, n.PlainStamp) {
		n.PlainStamp = clock.Stamp{}
	}
	settled := n.Slots.fold(stable, decl.declaration())
	if settled && covers(stable, n.Stamp) && n.settle(stable, decl) {
		n.Stamp = clock.Stamp{}
	}
	n.forget()
}

// fold folds each slot and reports whether the register may be folded: an extreme needs its stamp while candidates may tie with it.
func (s *Slots) fold(stable clock.Vector, d Declaration) (settled bool) {
	if s == nil {
		return true
	}
	s.Counter = foldRuns(s.Counter, stable)
	s.Set = foldElements(s.Set, stable)
	s.Max = contest{by: d.By}.fold(s.Max, stable)
	s.Min = contest{by: d.By, min: true}.fold(s.Min, stable)
	s.Multi = foldMulti(s.Multi, stable)
	if len(s.Max)+len(s.Min) == 0 {
		return true
	}
	return len(s.used()) == 1 && s.stamps(func(t clock.Stamp) bool { return covers(stable, t) })
}

func foldRuns(runs []Run, stable clock.Vector) []Run {
	sum, folded := int64(0), false
	kept := slices.DeleteFunc(runs, func(r Run) bool {
		if !covers(stable, r.Stamp()) {
			return false
		}
		sum, folded = sum+r.Sum, true
		return true
	})
	if folded {
		kept = slices.Insert(kept, 0, Run{Sum: sum})
	}
	return kept
}

func foldElements(elements []Element, stable clock.Vector) []Element {
	for i := range elements {
		dots := elements[i].Dots
		for j := range dots {
			if covers(stable, dots[j]) {
				dots[j] = clock.Stamp{}
			}
		}
		sortDots(dots)
		elements[i].Dots = slices.Compact(dots)
	}
	return elements
}

// settle moves the content of the only slot into the register, whose stamp is stable, when all of it is. It reports whether the
// register may lose its stamp.
func (n *Node) settle(stable clock.Vector, decl *declared) bool {
	if n.Slots.empty() {
		return true
	}
	s := n.Slots
	if len(s.used()) != 1 || !s.stamps(func(t clock.Stamp) bool { return covers(stable, t) }) {
		return true
	}
	shown, _ := n.show(decl)
	if shown.Kind() != value.KindObject {
		loose := len(s.Set) > 0 && (n.State == Absent || n.Loose)
		n.Slots = nil
		n.setRegister(Scalar, shown)
		n.Loose = loose
		return true
	}
	if n.State == Object && value.Identical(shown, n.assemble(decl)) {
		n.Slots = nil
		return true
	}
	if n.membersFolded() {
		*n = *plainNode(shown, clock.Stamp{})
		return true
	}
	return len(s.Max)+len(s.Min) == 0
}

// membersFolded reports whether every stamp below the node is folded.
func (n *Node) membersFolded() bool {
	if !n.PlainStamp.IsZero() && len(n.Plain.Members()) > 0 {
		return false
	}
	return !slices.ContainsFunc(n.Children, func(c Child) bool { return !c.Node.stamps(clock.Stamp.IsZero) })
}

// forget drops hidden members when they and what hides them are folded: only an insert, which clears them, can show this place again.
func (n *Node) forget() {
	if n.State != Object && n.Stamp.IsZero() && !n.bare() && n.membersFolded() {
		n.Plain, n.Children = value.Value{}, nil
	}
}

// restore puts the slots at and below the node in order, making one of what one origin wrote twice.
func (n *Node) restore() {
	if s := n.Slots; s != nil {
		s.Counter = joinRuns(s.Counter)
		s.Max, s.Min, s.Multi = joinCandidates(s.Max), joinCandidates(s.Min), joinCandidates(s.Multi)
		s.Set = joinElements(s.Set)
		n.tidy()
	}
	for _, c := range n.Children {
		c.Node.restore()
	}
}

func joinRuns(runs []Run) []Run {
	sortRuns(runs)
	kept := runs[:0]
	for _, r := range runs {
		if last := len(kept) - 1; last >= 0 && kept[last].Origin == r.Origin && kept[last].Last != 0 {
			kept[last].Last, kept[last].Sum = r.Last, kept[last].Sum+r.Sum
			kept[last].From = min(kept[last].From, r.From)
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

func joinElements(elements []Element) []Element {
	slices.SortStableFunc(elements, func(a, b Element) int { return compareElements(a.Value, b.Value) })
	kept := elements[:0]
	for _, e := range elements {
		if last := len(kept) - 1; last >= 0 && value.Identical(kept[last].Value, e.Value) {
			kept[last].Dots = append(kept[last].Dots, e.Dots...)
			continue
		}
		kept = append(kept, e)
	}
	for i := range kept {
		sortDots(kept[i].Dots)
		kept[i].Dots = lastOfEach(kept[i].Dots, func(dot clock.Stamp) clock.Stamp { return dot })
	}
	return kept
}

func joinCandidates(list []Candidate) []Candidate {
	sortCandidates(list)
	return lastOfEach(list, func(c Candidate) clock.Stamp { return c.Stamp })
}

// lastOfEach keeps of a sorted list the last item of each origin, and all that are folded.
func lastOfEach[T any](list []T, stamp func(T) clock.Stamp) []T {
	kept := list[:0]
	for i, item := range list {
		s := stamp(item)
		if i+1 < len(list) && !s.IsZero() && stamp(list[i+1]).Origin == s.Origin {
			continue
		}
		kept = append(kept, item)
	}
	return kept
}
