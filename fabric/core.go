package fabric

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
)

// Limits bound what one caller can make the fabric hold.
type Limits struct {
	KeyBytes      int           // of a document key
	DocumentBytes int           // of a document's canonical text
	Writes        int           // in one transaction
	BatchBytes    int           // of one transaction's operations
	Attempts      int           // preparations of one transaction before it gives up
	History       HistoryLimits // how long logs are kept beyond need
}

// HistoryLimits say when stable log entries may go.
type HistoryLimits struct {
	AgeMs int64
	Bytes int64
}

// DefaultLimits are the limits when none are configured.
var defaultLimits = Limits{KeyBytes: 254, DocumentBytes: 4 << 20, Writes: 100_000, BatchBytes: 128 << 20, Attempts: 16,
	History: HistoryLimits{AgeMs: 24 * 3600 * 1000, Bytes: 1 << 30}}

// DefaultLimits returns the limits when none are configured.
func DefaultLimits() Limits { return defaultLimits }

// Options say how to open a fabric.
type Options struct {
	Number uint32 // of the fabric in this store's keys
	Limits Limits // zero: the defaults
	// Random gives numbers for generated keys.
	Random func() uint64
	// Distort makes false stamps of right ones, for the simulator's faulty clocks; nil everywhere else.
	Distort func(clock.Time) clock.Time
}

// published is what readers and preparers see of the sequenced state: it is replaced whole, after the group
// that it describes is visible in the store.
type published struct {
	number  uint64 // of the last visible commit
	vector  clock.Vector
	seen    clock.Vector // the vector and the ends of closed incarnations
	schema  *schema.Schema
	members member.Table
	stable  clock.Vector
	self    clock.Origin
}

// Core is one fabric at one location as a step machine: no goroutines, no clock, no randomness of its own.
//
// Reading and preparing (Prepare, Get, NewView) may happen on many goroutines at once. Everything else is one
// caller at a time: the sequencing methods Begin, Sequence, Apply, Upkeep, Seal, Publish and Durable.
type Core struct {
	db        kv.DB
	keys      layout.Keys
	limits    Limits
	random    func() uint64
	seq       *sequencer.Machine
	state     atomic.Pointer[published]
	applying  atomic.Uint64 // number of the last commit that the store may show
	tail      *changelog.Tail
	numbers   *numbers
	schema    *schema.Schema // as sequenced, ahead of the published one
	members   member.Table
	overlay   map[string][]byte // documents written in the open group, for merging: nil value = deleted
	openLog   []openRecord      // entries of the open group
	truncated map[uint32]clock.Stamp
	partial   SnapshotMark
	renew     bool
	replaced  chan struct{} // closed when another core took this one's place
	durable   atomic.Pointer[durableState]
	counters  Counters
	watermark clock.Time
	trimmed   clock.Vector // what the changelog here no longer holds
	upkeep    upkeepState
	filling   map[uint32][]byte // index number -> where its filling goes on
	pub       published         // working copy of what the next Publish shows
}

// durableState is what is on disk for certain.
type durableState struct {
	number uint64
	vector clock.Vector
	end    clock.Time
	heads  []sequencer.Head
}

// head is the durable end of an origin's log.
func (d *durableState) head(o clock.Origin) sequencer.Head {
	for i := range d.heads {
		if d.heads[i].Origin == o {
			return d.heads[i]
		}
	}
	return sequencer.Head{Origin: o}
}

// Counters count what happened since the fabric was opened.
type Counters struct {
	Commits, Entries, Merged, Conflicts, Folds, Purges, Expired, Trimmed, Stale, LogReads uint64
}

// openRecord is the body of an entry that is not yet in the store.
type openRecord struct {
	stamp clock.Stamp
	body  []byte
}

// OpenCore opens the fabric with the given number in the store, or starts an empty one.
func OpenCore(db kv.DB, o Options) (*Core, error) {
	if o.Limits == (Limits{}) {
		o.Limits = defaultLimits
	}
	c := &Core{db: db, keys: layout.NewKeys(o.Number), limits: o.Limits, random: o.Random,
		overlay: map[string][]byte{}, replaced: make(chan struct{}), truncated: map[uint32]clock.Stamp{}, filling: map[uint32][]byte{}, tail: changelog.NewTail(tailBytes)}
	state, err := c.load()
	if err != nil {
		return nil, fmt.Errorf("opening fabric %d: %w", o.Number, err)
	}
	state.Distort = o.Distort
	c.seq = sequencer.New(c.keys, state)
	c.durable.Store(&durableState{vector: state.Vector.Clone(), end: c.seq.Head(state.Self).End, heads: slices.Clone(state.Heads)})
	c.tail.Start(state.Order)
	c.pub.vector, c.pub.self = state.Vector.Clone(), state.Self
	c.publish()
	return c, nil
}

// tailBytes is how much of the recent changelog stays in memory.
const tailBytes = 8 << 20

// publish shows readers the state as sequenced.
func (c *Core) publish() {
	c.pub.schema, c.pub.members = c.schema, c.members
	c.pub.self = c.seq.Self()
	c.pub.seen = withClosed(c.pub.vector, c.members, true)
	p := c.pub
	c.state.Store(&p)
}

// Group is a sealed group on its way to disk.
type Group struct {
	*sequencer.Group
	Pending kv.Pending
}

// Begin opens a group. Sequence and Apply need one.
func (c *Core) Begin() {
	if !c.seq.Open() {
		c.seq.Begin(c.db.NewBatch())
	}
}

// Seal ends the open group, applies it to the store, so that it is visible, and publishes what it changed.
// It returns nil when there is nothing to make durable. The group counts as durable when the caller has waited
// for Pending and called Durable.
func (c *Core) Seal(wallMs int64) (*Group, error) {
	g := c.seq.Seal(wallMs, c.seq.Clock().NeedsCeiling(wallMs), c.renew)
	c.renew = false
	clear(c.overlay)
	c.openLog = c.openLog[:0]
	if g == nil {
		return nil, nil
	}
	c.applying.Store(g.Number)
	pending, err := c.db.Apply(g.Batch)
	if err != nil {
		return nil, fmt.Errorf("writing a group: %w", err)
	}
	c.pub.number, c.pub.vector = g.Number, g.Vector
	c.publish()
	return &Group{Group: g, Pending: pending}, nil
}

// Durable tells that a group is on disk. Groups become durable in order.
func (c *Core) Durable(g *Group) {
	c.durable.Store(&durableState{number: g.Number, vector: g.Vector, end: g.End, heads: g.Heads})
	c.seq.Clock().SetCeiling(g.Ceiling)
	c.tail.Add(g.Record)
}

// Renew makes the next Seal renew the clock's durable ceiling even when the group holds nothing else. A commit
// needs room below the ceiling, and so does a vouched time.
func (c *Core) Renew() { c.renew = true }

// DurableNumber is the number of the last commit that is on disk.
func (c *Core) DurableNumber() uint64 { return c.durable.Load().number }

// Sequence orders one prepared transaction. ErrStale asks for preparing again.
func (c *Core) Sequence(p *Prepared, wallMs int64) (clock.Stamp, error) {
	if p.schema != c.schema {
		return clock.Stamp{}, sequencer.ErrStale
	}
	stamp, err := c.seq.Sequence(&p.Prepared, wallMs)
	if err != nil {
		if errors.Is(err, sequencer.ErrStale) {
			c.counters.Stale++
		}
		return clock.Stamp{}, err
	}
	for _, d := range p.docs {
		if d.record != nil {
			c.overlay[string(d.dkey)] = d.record
		}
	}
	c.openLog = append(c.openLog, openRecord{stamp, p.Body})
	c.counters.Commits++
	if p.touches {
		return stamp, c.refreshSchema()
	}
	return stamp, nil
}

// Counters tells what happened since the fabric was opened.
func (c *Core) Counters() Counters { return c.counters }
