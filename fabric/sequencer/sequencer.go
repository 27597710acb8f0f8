// Package sequencer gives the commits of one fabric at one location their order: the only writer.
//
// It is a step machine: no goroutines, no clock (wall time is passed in), no disk. Callers prepare commits in
// parallel, reading what they like; Sequence then takes them one after another, checks that what each had
// read is still so, stamps it, and adds its bytes to the open group; Seal ends the group as one batch of the
// store. The caller applies and syncs the batch, and tells the clock's ceiling when it is durable.
//
// Guarantees: commits are serializable in the order of their numbers; stamps rise strictly above everything
// that the location has seen and never pass the durable ceiling; a group holds effects, index entries, log
// records, counts, vector and clock mark together, so that none exists without the others; a refused commit
// leaves no trace.
//
// Not guaranteed: durability (the caller's), and that a commit which was refused for a changed read would be
// refused again.
//
// Sequence does no parsing and no encoding beyond the header of the log record. The read set of a commit that was
// prepared a moment ago is a list of hashes: a collision costs a needless repetition, never a missed conflict. That of a
// transaction that began earlier (Scanned) is key ranges of documents and index entries, compared with the keys that
// commits since then wrote; these are remembered for as long as an open transaction may ask, up to a million of them.
// Upkeep that changes nothing that can be seen (Unseen) does not count as a write there.
package sequencer

import (
	"errors"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/store/kv"
)

// ErrStale means that something read has changed since; prepare again.
var ErrStale = errors.New("what was read has changed since")

// Put is one key to set.
type Put struct {
	Key, Value []byte
	Stamps     []int  // places in Value that take the commit's stamp
	KeyStamp   int    // place in Key that takes it, 0 for none
	Guard      uint64 // hash of the key when others' reads must notice the write, else 0
}

// Count is a change of a collection's number of documents.
type Count struct {
	Collection uint32
	Delta      int64
}

// Prepared is a commit ready to be sequenced.
type Prepared struct {
	Snapshot     uint64   // number of the last commit that was visible when reading began
	Reads        []uint64 // hashes of the keys read, present or absent
	Puts         []Put
	Deletes      []Put
	Counts       []Count
	Changes      []changelog.Change // their Stamp zero: the commit's own
	Body, Local  []byte
	BodyHash     uint32
	AliveUntil   int64        // milliseconds: something read expires then, and the stamp must lie before; 0 none
	ExpiredSince int64        // milliseconds: something read counts as expired then, and the stamp must not lie before; 0 none
	Remote       *codec.Entry // an entry of another location, or nil for a commit of this one
	Quiet        bool         // no entry: upkeep that changes nothing that can be seen
	Mark         bool         // Remote holds nothing but marks of what its location had seen
	Scanned      *Scanned     // what a transaction read from an older state, nil for none
	Unseen       bool         // nothing that a query reads changes: documents and entries mean what they meant
}

// Head is the end of one origin's log as sequenced.
type Head struct {
	Origin  clock.Origin
	End     clock.Time
	Chain   uint32
	Past    codec.Past // what the entry at End had seen
	Ordinal int        // entries since one that was stored with whole dependencies
}

// wholeEvery is how often a log record carries its dependencies whole, so that reading can begin there.
const wholeEvery = 64

// recentLimit is how many written keys are remembered at least.
const recentLimit = 1 << 16

// Group is a sealed group.
type Group struct {
	Batch   kv.Batch
	Number  uint64 // of the last commit in it
	Ceiling clock.Time
	Vector  clock.Vector
	Record  changelog.Record
	End     clock.Time // own log
	Heads   []Head
	Counts  map[uint32]int64
}

// Machine is the sequencer of one fabric.
type Machine struct {
	keys     layout.Keys
	self     clock.Origin
	clock    *clock.Clock
	vector   clock.Vector
	heads    []Head
	recent   recent
	number   uint64
	order    uint64
	logBytes uint64
	counts   map[uint32]int64
	changed  map[uint32]bool
	batch    kv.Batch
	record   changelog.Record
	fresh    bool // the vector or clock changed, a head must be written
	distort  func(clock.Time) clock.Time
	witness  witness
	promised clock.Time // the highest ceiling in a sealed group, durable or not
	key, buf []byte
}

// State is what a machine starts from.
type State struct {
	Self     clock.Origin
	Clock    *clock.Clock
	Vector   clock.Vector
	Heads    []Head
	Order    uint64
	LogBytes uint64
	Counts   map[uint32]int64
	// Distort makes false stamps of right ones, for the simulator's faulty clocks; nil everywhere else.
	Distort func(clock.Time) clock.Time
	Number  uint64 // of the last commit before
	// System gives what a commit made now says of the system fabric; nil for nothing. It must be quick.
	System func() clock.Time
	// Oldest is the number of the commit from which on an open transaction needs to know what was written; nil for none.
	Oldest func() uint64
}

// New makes the sequencer of a fabric.
func New(keys layout.Keys, s State) *Machine {
	m := &Machine{keys: keys, self: s.Self, clock: s.Clock, vector: s.Vector, heads: s.Heads, order: s.Order,
		logBytes: s.LogBytes, counts: s.Counts, changed: map[uint32]bool{}, recent: newRecent(recentLimit), distort: s.Distort,
		number: s.Number, promised: s.Clock.Ceiling(), witness: witness{system: s.System}}
	m.recent.written.oldest, m.recent.written.floor = s.Oldest, s.Number
	m.lookBack()
	return m
}

// Begin opens a group that will fill the batch.
func (m *Machine) Begin(batch kv.Batch) { m.batch = batch }

// Open says whether a group is open.
func (m *Machine) Open() bool { return m.batch != nil }

// Vector is everything sequenced.
func (m *Machine) Vector() clock.Vector { return m.vector }

// Number is the number of the last commit sequenced.
func (m *Machine) Number() uint64 { return m.number }

// Self is the origin that this location commits under, 0 before it has joined.
func (m *Machine) Self() clock.Origin { return m.self }

// Clock is the fabric's hybrid clock.
func (m *Machine) Clock() *clock.Clock { return m.clock }

// Count is a collection's number of documents as sequenced, expired ones included.
func (m *Machine) Count(collection uint32) int64 { return m.counts[collection] }

// Head is the end of an origin's log.
func (m *Machine) Head(o clock.Origin) Head {
	for i := range m.heads {
		if m.heads[i].Origin == o {
			return m.heads[i]
		}
	}
	return Head{Origin: o}
}

func (m *Machine) head(o clock.Origin) *Head {
	for i := range m.heads {
		if m.heads[i].Origin == o {
			return &m.heads[i]
		}
	}
	m.heads = append(m.heads, Head{Origin: o, Ordinal: -1})
	return &m.heads[len(m.heads)-1]
}

// Forget takes a closed incarnation out of the vector.
func (m *Machine) Forget(o clock.Origin) {
	m.vector = m.vector.Without(o)
	m.fresh = true
}

// Sequence adds a commit to the open group. It returns ErrStale, *Overtaken, or the clock's error, and then nothing has
// changed.
func (m *Machine) Sequence(p *Prepared, wallMs int64) (clock.Stamp, error) {
	if p.Scanned != nil {
		if err := m.recent.written.since(p.Scanned.Since, m.number).Compare(p.Scanned); err != nil {
			return clock.Stamp{}, err
		}
	}
	for _, hash := range p.Reads {
		if m.recent.since(hash, p.Snapshot) {
			return clock.Stamp{}, ErrStale
		}
	}
	if p.Quiet {
		if len(p.Puts)+len(p.Deletes)+len(p.Counts) == 0 {
			return clock.Stamp{}, nil
		}
		m.number++
		m.add(p, clock.Stamp{})
		return clock.Stamp{}, nil
	}
	stamp, err := m.stamp(p, wallMs)
	if err != nil {
		return clock.Stamp{}, err
	}
	m.number++
	m.log(p, stamp)
	m.add(p, stamp)
	for i := range p.Changes {
		if p.Changes[i].Stamp.IsZero() {
			p.Changes[i].Stamp = stamp
		}
	}
	m.record.Transactions = append(m.record.Transactions, changelog.Transaction{Stamp: stamp, Changes: p.Changes})
	return stamp, nil
}

func (m *Machine) stamp(p *Prepared, wallMs int64) (clock.Stamp, error) {
	if p.Remote != nil {
		m.clock.Observe(p.Remote.Stamp.Time)
		return p.Remote.Stamp, nil
	}
	// What has expired is judged by the stamp itself, as every other location will: it may lie after wall and clock.
	t, err := m.clock.Peek(wallMs)
	if err != nil {
		return clock.Stamp{}, err
	}
	if ms := t.Millis(); p.AliveUntil > 0 && ms >= p.AliveUntil || p.ExpiredSince > ms {
		return clock.Stamp{}, ErrStale
	}
	m.clock.Observe(t)
	if m.distort != nil {
		t = m.distort(t)
	}
	return clock.Stamp{Time: t, Origin: m.self}, nil
}

// log appends the log record and moves vector and head.
func (m *Machine) log(p *Prepared, stamp clock.Stamp) {
	head := m.head(stamp.Origin)
	entry := codec.Entry{Stamp: stamp, Prev: head.End, Body: p.Body, Local: p.Local}
	if p.Remote != nil {
		entry.Chain, entry.Deps, entry.System = p.Remote.Chain, p.Remote.Deps, p.Remote.System
	} else {
		entry.Chain, entry.Deps = codec.ChainNext(head.Chain, stamp.Time, p.BodyHash), m.dependencies(head)
		if m.witness.system != nil {
			entry.System = m.witness.system()
		}
	}
	m.witness.note(p.Remote == nil, p.Mark)
	whole := head.Ordinal < 0 || head.Ordinal+1 >= wholeEvery
	m.key = m.keys.LogRecord(m.key[:0], stamp.Origin, stamp.Time)
	m.buf = codec.AppendLogRecord(m.buf[:0], &entry, head.Past, whole)
	m.batch.Set(m.key, m.buf)
	m.logBytes += uint64(len(m.key) + len(m.buf))
	if head.Ordinal++; whole {
		head.Ordinal = 0
	}
	head.End, head.Chain, head.Past = stamp.Time, entry.Chain, entry.Past()
	if stamp.Origin == m.self {
		// Readers hold earlier vectors; the own row is kept apart so that a commit need not copy it.
		m.fresh = true
		m.ownRow(stamp.Time)
		return
	}
	m.vector, m.fresh = m.vector.With(stamp.Origin, stamp.Time), true
}

// dependencies is the vector without the own row. While no remote entry came in between it is the very slice
// of the entry before.
func (m *Machine) dependencies(head *Head) clock.Vector {
	deps := head.Past.Deps
	if deps != nil && len(deps) == m.others() && sameWithout(m.vector, deps, m.self) {
		return deps
	}
	return m.vector.Without(m.self)
}

func (m *Machine) others() int {
	if m.vector.At(m.self) != 0 {
		return len(m.vector) - 1
	}
	return len(m.vector)
}

func sameWithout(v, deps clock.Vector, self clock.Origin) bool {
	j := 0
	for _, row := range v {
		if row.Origin == self {
			continue
		}
		if deps[j] != row {
			return false
		}
		j++
	}
	return true
}

// ownRow raises the own row in a vector that nobody else holds: Seal hands out copies.
func (m *Machine) ownRow(t clock.Time) {
	for i := range m.vector {
		if m.vector[i].Origin == m.self {
			m.vector[i].Time = t
			return
		}
	}
	m.vector = m.vector.With(m.self, t)
}

// add puts the effects into the batch.
func (m *Machine) add(p *Prepared, stamp clock.Stamp) {
	// Deletes first: within one commit a value may go from one document to another.
	for i := range p.Deletes {
		m.batch.Delete(p.Deletes[i].Key)
		if p.Deletes[i].Guard != 0 {
			m.recent.wrote(p.Deletes[i].Guard, m.number)
		}
	}
	for i := range p.Puts {
		put := &p.Puts[i]
		for _, at := range put.Stamps {
			codec.PatchStamp(put.Value, at, stamp)
		}
		if put.KeyStamp > 0 {
			codec.PatchStamp(put.Key, put.KeyStamp, stamp)
		}
		m.batch.Set(put.Key, put.Value)
		if put.Guard != 0 {
			m.recent.wrote(put.Guard, m.number)
		}
	}
	for _, c := range p.Counts {
		m.counts[c.Collection] += c.Delta
		m.changed[c.Collection] = true
	}
	if !p.Unseen {
		m.recent.written.note(p, m.number)
	}
}
