package crdt

import (
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// View returns what the document shows, and whether it exists.
func (d *Document) View(decls Declarations) (value.Value, bool) {
	if !d.Exists() {
		return value.Value{}, false
	}
	return d.HiddenView(decls), true
}

// HiddenView returns what the document shows, or would show if it existed.
func (d *Document) HiddenView(decls Declarations) value.Value { return d.root.assemble(decls.root) }

// show returns what a node below the root shows, and whether it shows at all.
func (n *Node) show(decl *declared) (value.Value, bool) {
	base, present := n.bottom(decl)
	if n.Slots.empty() {
		return base, present
	}
	d, s := decl.declaration(), n.Slots
	switch s.kind(d.Type) {
	case Counter:
		return count(base, s.Counter, d.Scale), true
	case Set:
		return members(base, s.Set), true
	case Max:
		return contest{by: d.By}.winner(base, present, n.Stamp, s.Max), true
	case Min:
		return contest{by: d.By, min: true}.winner(base, present, n.Stamp, s.Min), true
	default:
		return concurrent(base, present, s.Multi), true
	}
}

// kind returns the slot that is shown: the declared one if it holds anything, else the first that does.
func (s *Slots) kind(declared Type) Type {
	used := s.used()
	for _, t := range used {
		if t == declared {
			return t
		}
	}
	return used[0]
}

// used returns the types of the slots that hold anything; of a node with slots there is at least one.
func (s *Slots) used() []Type {
	used := make([]Type, 0, 1)
	if len(s.Counter) > 0 {
		used = append(used, Counter)
	}
	if len(s.Set) > 0 {
		used = append(used, Set)
	}
	if len(s.Max) > 0 {
		used = append(used, Max)
	}
	if len(s.Min) > 0 {
		used = append(used, Min)
	}
	if len(s.Multi) > 0 {
		used = append(used, Multi)
	}
	return used
}

// bottom returns what the register shows: the base of the slots above it.
func (n *Node) bottom(decl *declared) (value.Value, bool) {
	switch n.State {
	case Scalar:
		return n.Value, true
	case Object:
		return n.assemble(decl), true
	default:
		return value.Value{}, false
	}
}

// Content returns what the register of a node without slots below shows, for package codec.
func (n *Node) Content() value.Value {
	v, _ := n.bottom(nil)
	return v
}

// assemble returns the object of the node's members.
func (n *Node) assemble(decl *declared) value.Value {
	plain := n.Plain.Members()
	if len(n.Children) == 0 && len(plain) > 0 {
		return n.Plain
	}
	out := make([]value.Member, 0, len(plain)+len(n.Children))
	for _, c := range n.Children {
		for len(plain) > 0 && strings.Compare(plain[0].Name, c.Name) < 0 {
			out, plain = append(out, plain[0]), plain[1:]
		}
		if v, present := c.Node.show(decl.child(c.Name)); present {
			out = append(out, value.Member{Name: c.Name, Value: v})
		}
	}
	return value.Object(append(out, plain...)...)
}
