package crdt

import (
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// expireAt is the member by which documents expire. An insert without it assigns its absence, see node.expand.
const expireAt = "expireAt"

// State is what a register holds.
type State uint8

const (
	Absent State = iota
	Scalar       // a scalar or an array, in Node.Value
	Object       // a place for members
)

// Node is one place of a document's tree. It is exported for package codec, which stores it; everyone else goes through Document.
//
// Invariants: Children are sorted by name, each name once, and none of them is a member of Plain. Plain is an object or null. Value
// is null unless State is Scalar. A zero stamp is a folded one (or that of a register never written). A node whose state is not
// Object may have members: they are hidden, and matter to operations under way.
type Node struct {
	State State
	Stamp clock.Stamp
	Value value.Value
	Loose bool // Value is a set that was folded without a base: absent when it gets empty
	Slots *Slots
	// Plain holds members that need no node of their own: everything in it was written under PlainStamp and nothing else.
	Plain      value.Value
	PlainStamp clock.Stamp
	Children   []Child
}

// Child is a member with a node of its own.
type Child struct {
	Name string
	Node *Node
}

// Slots hold what the types other than the register keep at a path. At most one is in use unless declarations were in conflict.
type Slots struct {
	Counter []Run       // by origin
	Set     []Element   // by value, as compareElements orders them
	Max     []Candidate // by origin
	Min     []Candidate // by origin
	Multi   []Candidate // by origin, then time
}

// empty reports whether nothing is left in any slot.
func (s *Slots) empty() bool {
	return s == nil || len(s.Counter)+len(s.Set)+len(s.Max)+len(s.Min)+len(s.Multi) == 0
}

// slots returns the node's slots, making them if need be.
func (n *Node) slots() *Slots {
	if n.Slots == nil {
		n.Slots = &Slots{}
	}
	return n.Slots
}

// tidy drops empty slots.
func (n *Node) tidy() {
	if n.Slots.empty() {
		n.Slots = nil
	}
}

// bare reports whether the node has no members, shown or hidden.
func (n *Node) bare() bool { return len(n.Children) == 0 && len(n.Plain.Members()) == 0 }

// void reports whether the node says nothing that an absent member does not say.
func (n *Node) void() bool {
	return n.State == Absent && n.Stamp.IsZero() && n.Slots.empty() && n.bare()
}

func (n *Node) find(name string) (int, bool) {
	return slices.BinarySearchFunc(n.Children, name, func(c Child, name string) int { return strings.Compare(c.Name, name) })
}

// put gives the member name a node.
func (n *Node) put(name string, child *Node) {
	i, found := n.find(name)
	if found {
		n.Children[i].Node = child
		return
	}
	n.Children = slices.Insert(n.Children, i, Child{Name: name, Node: child})
}

// expand returns the node of a member, taking it out of Plain if it is there. root says that n is the document's root: there, Plain
// speaks of expireAt even when it does not hold it, since every insert assigns it.
func (n *Node) expand(name string, root bool) *Node {
	i, found := n.find(name)
	if found {
		return n.Children[i].Node
	}
	child := &Node{}
	if v, present := n.Plain.Get(name); present {
		child = plainNode(v, n.PlainStamp)
		n.Plain = n.Plain.Without(name)
	} else if root && name == expireAt {
		child.Stamp = n.PlainStamp
	}
	n.Children = slices.Insert(n.Children, i, Child{Name: name, Node: child})
	return child
}

// plainNode is the node that stands for a member of Plain.
func plainNode(v value.Value, stamp clock.Stamp) *Node {
	if v.Kind() == value.KindObject {
		return &Node{State: Object, Stamp: stamp, Plain: v, PlainStamp: stamp}
	}
	return &Node{State: Scalar, Stamp: stamp, Value: v}
}

// setRegister changes what the register holds, leaving its stamp.
func (n *Node) setRegister(state State, v value.Value) {
	n.State, n.Value, n.Loose = state, v, false
}

// stamps calls f for every stamp at or below the node, folded ones too, until f returns false. The stamp of plain members that are
// not there says nothing, but for the root's, see expand.
func (n *Node) stamps(f func(clock.Stamp) bool) bool {
	if !f(n.Stamp) || !n.Slots.stamps(f) {
		return false
	}
	if len(n.Plain.Members()) > 0 && !f(n.PlainStamp) {
		return false
	}
	for _, c := range n.Children {
		if !c.Node.stamps(f) {
			return false
		}
	}
	return true
}

func (s *Slots) stamps(f func(clock.Stamp) bool) bool {
	if s == nil {
		return true
	}
	for _, r := range s.Counter {
		if !f(r.Stamp()) {
			return false
		}
	}
	for _, e := range s.Set {
		if slices.ContainsFunc(e.Dots, func(dot clock.Stamp) bool { return !f(dot) }) {
			return false
		}
	}
	for _, list := range [...][]Candidate{s.Max, s.Min, s.Multi} {
		if slices.ContainsFunc(list, func(c Candidate) bool { return !f(c.Stamp) }) {
			return false
		}
	}
	return true
}
