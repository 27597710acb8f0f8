package sequencer

import "github.com/selvedge-db/selvedge/clock"

// witness is about what one fabric's commits say of another, the system fabric: how far its log had come at this
// location. In the system fabric itself it tells whether that log speaks for everything that was applied here.
type witness struct {
	system func() clock.Time // of the system fabric at this location; nil when commits say nothing of it
	ahead  bool              // something of others was applied since the own log's newest entry, other than marks
}

// lookBack finds out, after a start, whether the own log's newest entry had seen all that is here. What came since may
// have been marks only; then one mark is made that need not be.
func (m *Machine) lookBack() {
	m.witness.ahead = !m.Head(m.self).Past.Deps.Dominates(m.vector.Without(m.self))
}

// note takes in that an entry was logged.
func (w *witness) note(own, mark bool) {
	w.ahead = !own && (w.ahead || !mark)
}

// Ahead says that something other than marks was applied of others' logs since the own log's newest entry, so that
// this entry does not speak for it.
func (m *Machine) Ahead() bool { return m.witness.ahead }
