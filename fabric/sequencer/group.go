package sequencer

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/layout"
)

// Seal ends the open group: it adds the order record, the counts and the head, and hands over the batch.
// ceiling, when not zero, becomes the clock's durable ceiling with this group. It returns nil when the group
// holds nothing, unless renew asks for the ceiling alone.
func (m *Machine) Seal(wallMs int64, ceiling clock.Time, renew bool) *Group {
	if m.batch == nil {
		return nil
	}
	if m.batch.Count() == 0 && len(m.record.Transactions) == 0 && !m.fresh && (!renew || ceiling == 0) {
		m.batch = nil
		return nil
	}
	// A group in flight may have promised a higher ceiling than the clock knows of: the disk must never go back on it.
	m.promised = max(m.promised, ceiling, m.clock.Ceiling())
	g := &Group{Batch: m.batch, Number: m.number, Ceiling: m.promised}
	if len(m.record.Transactions) > 0 {
		m.order++
		m.record.Order, m.record.LogBytes, m.record.At = m.order, m.logBytes, wallMs
		m.buf = changelog.AppendRecord(m.buf[:0], &m.record)
		m.batch.Set(m.keys.OrderRecord(m.order), m.buf)
	}
	g.Record = m.record
	m.record = changelog.Record{}
	if len(m.changed) > 0 {
		g.Counts = make(map[uint32]int64, len(m.changed))
	}
	for collection := range m.changed {
		g.Counts[collection] = m.counts[collection]
		m.batch.Set(m.keys.Count(collection), layout.Long(nil, uint64(m.counts[collection])))
		delete(m.changed, collection)
	}
	g.Vector, g.End, g.Heads = m.vector.Clone(), m.Head(m.self).End, slices.Clone(m.heads)
	m.batch.Set(m.keys.State(layout.StateHead), AppendStoredHead(nil, StoredHead{Order: m.order, LogBytes: m.logBytes,
		Mark: m.clock.Now(), Ceiling: g.Ceiling, Vector: m.vector}))
	m.batch, m.fresh = nil, false
	m.recent.turn(m.number)
	return g
}

// Record adds a transaction to the open group's order record that has no entry (an expiry round).
func (m *Machine) Record(changes []changelog.Change) {
	m.record.Transactions = append(m.record.Transactions, changelog.Transaction{Changes: changes})
}

// Become gives this location its origin, before it commits.
func (m *Machine) Become(self clock.Origin) { m.self = self }

// LogBytes is how many bytes of log records were written since the store began.
func (m *Machine) LogBytes() uint64 { return m.logBytes }

// DeleteRange adds a range deletion to the open group.
func (m *Machine) DeleteRange(lower, upper []byte) { m.batch.DeleteRange(lower, upper) }

// Newest is the newest stamp sequenced in the open group, zero when there is none.
func (m *Machine) Newest() clock.Stamp {
	if n := len(m.record.Transactions); n > 0 {
		return m.record.Transactions[n-1].Stamp
	}
	return clock.Stamp{}
}

// Amend adds changes to the transaction sequenced last.
func (m *Machine) Amend(changes []changelog.Change) {
	n := len(m.record.Transactions)
	if n == 0 {
		return
	}
	last := &m.record.Transactions[n-1]
	for _, ch := range changes {
		if ch.Stamp.IsZero() {
			ch.Stamp = last.Stamp
		}
		last.Changes = append(last.Changes, ch)
	}
}

// SetCount puts a collection's count where it must be, after a truncation or a drop.
func (m *Machine) SetCount(collection uint32, n int64) {
	m.counts[collection] = n
	m.changed[collection] = true
}

// StoredHead is the state record that every group writes.
type StoredHead struct {
	Order    uint64
	LogBytes uint64
	Mark     clock.Time // the clock's high-water mark: vectors forget closed incarnations, it does not
	Ceiling  clock.Time // nothing was stamped or vouched above it
	Vector   clock.Vector
}

const headVersion = 1

// AppendStoredHead appends the stored form: version, order, log bytes, mark, ceiling, vector.
func AppendStoredHead(dst []byte, h StoredHead) []byte {
	dst = append(dst, headVersion)
	dst = codec.AppendUvarint(dst, h.Order)
	dst = codec.AppendUvarint(dst, h.LogBytes)
	dst = codec.AppendTime(dst, h.Mark)
	dst = codec.AppendTime(dst, h.Ceiling)
	return codec.AppendVector(dst, h.Vector)
}

// DecodeStoredHead reads a stored head.
func DecodeStoredHead(data []byte) (h StoredHead, err error) {
	r := codec.NewReader("fabric head", data)
	if v := r.Byte(); r.Err() == nil && v != headVersion {
		return h, fmt.Errorf("fabric head has version %d, this program knows %d", v, headVersion)
	}
	h.Order, h.LogBytes = r.Uvarint(), r.Uvarint()
	h.Mark, h.Ceiling = r.Time(), r.Time()
	h.Vector = r.Vector()
	return h, r.Done()
}
