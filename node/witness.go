package node

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// witnessed tells the replication of a fabric how far each of its members' logs in the system fabric is applied here.
// It belongs to the goroutine of one runner.
type witnessed struct {
	system *fabric.Fabric
	// What the last answer was made of, and the answer.
	vector          clock.Vector
	members, planet member.Table
	answer          clock.Vector
}

// of gives, per origin of a fabric, the time up to which entries of its location's log in the system fabric are applied
// here.
func (w *witnessed) of(members member.Table) clock.Vector {
	vector, planet := w.system.Known()
	if w.answer != nil && members.Same(w.members) && planet.Same(w.planet) && sameRows(vector, w.vector) {
		return w.answer
	}
	w.vector, w.members, w.planet = vector, members, planet
	rows := make([]clock.Row, 0, len(members.Members()))
	for _, m := range members.Counted() {
		rows = append(rows, clock.Row{Origin: m.Origin, Time: appliedOf(vector, planet, m.Name)})
	}
	w.answer = clock.VectorOf(rows...)
	return w.answer
}

// appliedOf is how far the system fabric's log of a location is applied here. A location that is not of the planet, as
// far as is known here, or not any more, holds nothing up: what it wrote there may never come. Neither does an earlier
// incarnation of it, whose log lies before the entry by which the present one joined.
func appliedOf(vector clock.Vector, planet member.Table, location string) clock.Time {
	m, ok := planet.ByName(location)
	if !ok {
		return clock.MaxTime
	}
	return max(vector.At(m.Origin), m.Incarnation-1)
}

// sameRows tells whether two vectors are one in memory.
func sameRows(a, b clock.Vector) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// systemFor is the system fabric, as another fabric here needs it; nil for the system fabric itself.
func (n *Node) systemFor(id string) *fabric.Fabric {
	if id == systemID {
		return nil
	}
	return n.fabricByID(systemID).fabric
}
