package crdt

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/value"
)

// Document is the merge state of one document. It is not safe for concurrent use, and shares nothing with other documents but
// immutable values.
type Document struct {
	root    Node
	touched clock.Stamp
}

// New returns the state of a document that was never written.
func New() *Document { return &Document{} }

// Uniform returns the state of a document of which all was written by one insert, or is folded: stamp is the newest that touched it.
func Uniform(content value.Value, stamp clock.Stamp) *Document {
	return &Document{root: *plainNode(content, stamp), touched: stamp}
}

// Restore returns the document with this tree, for package codec. It puts the tree in order: runs, candidates and dots of one origin
// become one, which is how what was prepared under Pending joins what the origin had written before. The tree is the document's.
func Restore(root *Node, touched clock.Stamp) *Document {
	root.restore()
	return &Document{root: *root, touched: touched}
}

// Root returns the tree, for package codec. It is to be read only.
func (d *Document) Root() *Node { return &d.root }

// Merge applies one operation of the transaction with this stamp and these dependencies (with or without its own origin).
// Operations of a transaction are merged in their order. The log is asked only when a base, an insert or an unset has seen a part of
// another origin's deltas. After an error the document is of no use.
//
// Under the stamp Pending the transaction is taken to have seen all that is in the document, and deps does not matter.
func (d *Document) Merge(stamp clock.Stamp, deps clock.Vector, op Op, log Log) ([]Loss, error) {
	if err := op.check(); err != nil {
		return nil, err
	}
	m := merge{stamp: stamp, deps: deps, op: op, log: log}
	m.at(&d.root, 0)
	if m.err == nil && d.touched.Less(stamp) {
		d.touched = stamp
	}
	return m.losses, m.err
}

// Exists reports whether the document shows at all.
func (d *Document) Exists() bool { return d.root.State == Object }

// Touched returns the newest stamp that touched the document: with a hash of what it shows, its revision.
func (d *Document) Touched() clock.Stamp { return d.touched }

// Base returns the stamp of every path that has no node of its own; zero when that is folded.
func (d *Document) Base() clock.Stamp { return d.root.PlainStamp }

// Quiet reports whether one stamp says it all: the document exists, nothing is in a slot, nothing removed is remembered, and every
// path bears the stamp Touched or every path is folded.
func (d *Document) Quiet() bool {
	// The stamp of the root's plain members counts even when there are none: it says when expireAt was left out.
	stamp := d.root.PlainStamp
	return d.root.State == Object && (stamp.IsZero() || stamp == d.touched) && d.root.quiet(stamp)
}

// quiet reports whether every path at or below the node bears this stamp and is shown.
func (n *Node) quiet(stamp clock.Stamp) bool {
	if n.State == Absent || n.Loose || n.Stamp != stamp || !n.Slots.empty() || (n.State == Scalar && !n.bare()) {
		return false
	}
	if n.State == Object && n.PlainStamp != stamp && len(n.Plain.Members()) > 0 {
		return false
	}
	for _, c := range n.Children {
		if !c.Node.quiet(stamp) {
			return false
		}
	}
	return true
}

// Stamps calls f for every stamp in the document that is not folded, until f returns false. Stamps may come more than once.
func (d *Document) Stamps(f func(clock.Stamp) bool) {
	all := func(s clock.Stamp) bool { return s.IsZero() || f(s) }
	if all(d.root.PlainStamp) {
		d.root.stamps(all)
	}
}

// Stable reports whether every stamp in the document, and the newest that touched it, is covered: nothing that can still arrive is
// concurrent with any of it. A removed or expired document may then be forgotten.
func (d *Document) Stable(stable clock.Vector) bool {
	if !covers(stable, d.touched) || !covers(stable, d.root.PlainStamp) {
		return false
	}
	return d.root.stamps(func(s clock.Stamp) bool { return covers(stable, s) })
}

// covers is Vector.Covers, for which folded stamps are covered and Pending never is.
func covers(v clock.Vector, s clock.Stamp) bool { return s.IsZero() || v.Covers(s) }
