package fabric

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/changelog"
	"github.com/selvedge-db/selvedge/fabric/held"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
)

// Limits bound what one caller can make the fabric hold.
type Limits struct {
	KeyBytes      int // of a document key
	DocumentBytes int // of a document's canonical text
	Writes        int // in one transaction
	BatchBytes    int // of one transaction's operations
	TruncateBytes int // of the records of a collection that is emptied at once
	Attempts      int // preparations of one transaction before it gives up
	Series        SeriesLimits
	History       HistoryLimits // how long logs are kept beyond need
}

// HistoryLimits say when stable log entries may go.
type HistoryLimits struct {
	AgeMs int64
	Bytes int64
}

// DefaultLimits are the limits when none are configured.
var defaultLimits = Limits{KeyBytes: 254, DocumentBytes: 4 << 20, Writes: 100_000, BatchBytes: 128 << 20, TruncateBytes: 256 << 20, Attempts: 16,
	Series: SeriesLimits{Batches: 512, AgeMs: 10_000, Points: 1 << 18}, History: HistoryLimits{AgeMs: 24 * 3600 * 1000, Bytes: 1 << 30}}

// DefaultLimits returns the limits when none are configured.
func DefaultLimits() Limits { return defaultLimits }

// orDefault puts the default where nothing is said.
func (l Limits) orDefault() Limits {
	for _, n := range []struct{ given, standard *int }{
		{&l.KeyBytes, &defaultLimits.KeyBytes}, {&l.DocumentBytes, &defaultLimits.DocumentBytes}, {&l.Writes, &defaultLimits.Writes},
		{&l.BatchBytes, &defaultLimits.BatchBytes}, {&l.Attempts, &defaultLimits.Attempts}, {&l.TruncateBytes, &defaultLimits.TruncateBytes}} {
		if *n.given <= 0 {
			*n.given = *n.standard
		}
	}
	if l.Series.Batches <= 0 || l.Series.Points <= 0 {
		l.Series.Batches, l.Series.Points, l.Series.AgeMs = defaultLimits.Series.Batches, defaultLimits.Series.Points, defaultLimits.Series.AgeMs
	}
	if l.History == (HistoryLimits{}) {
		l.History = defaultLimits.History
	}
	return l
}

// Options say how to open a fabric.
type Options struct {
	Number uint32 // of the fabric in this store's keys
	Limits Limits // zero: the defaults
	// Random gives numbers for generated keys.
	Random func() uint64
	// Distort makes false stamps of right ones, for the simulator's faulty clocks; nil everywhere else.
	Distort func(clock.Time) clock.Time
	// System gives what an entry committed here says of the system fabric; nil for nothing. It must be quick.
	System func() clock.Time
	// PointsApart says that time series are kept up beside Upkeep, by whoever drives the core.
	PointsApart bool
	// Resume is the commit number to go on from, when this core takes the place of one that readers know numbers of.
	Resume uint64
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
	now     clock.Time // of the hybrid clock
	own     clock.Time // of the own log's newest entry
	ahead   bool       // something of others was applied since, other than marks
	written uint64     // keys that commits have written
}

// Core is one fabric at one location as a step machine: no goroutines, no clock, no randomness of its own.
//
// Reading and preparing (Prepare, Get, NewView) may happen on many goroutines at once. Everything else is one
// caller at a time: the sequencing methods Begin, Sequence, Apply, Upkeep, Seal, Publish and Durable.
type Core struct {
	place
	sequenced
	openGroup
	seq       *sequencer.Machine
	state     atomic.Pointer[published]
	applying  atomic.Uint64 // number of the last commit that the store may show
	turn      atomic.Uint64 // odd while the store shows a schema that is not published yet
	tail      *changelog.Tail
	partial   SnapshotMark
	retired   *retirement
	durable   atomic.Pointer[durableState]
	counters  Counters
	watermark clock.Time
	vouched   atomic.Uint64 // the clock after it last vouched for a time; between groups nothing else moves it
	trimmed   clock.Vector  // what the changelog here no longer holds
	upkeep    upkeepState
	pub       published     // working copy of what the next Seal shows
	watch     watch         // interactive transactions that are open
	lastKey   atomic.Uint64 // time and number of the last generated key
}

// place is where a core keeps its data and what it was given to work with.
type place struct {
	db     kv.DB
	keys   layout.Keys
	limits Limits
	random func() uint64
	line   uint32      // which run of order records it has
	held   held.Keeper // of the snapshot that views share
}

// sequenced is state as of the last thing sequenced, ahead of what is published.
type sequenced struct {
	numbers   *numbers
	schema    *schema.Schema
	members   member.Table
	truncated map[uint32]clock.Stamp
	filling   map[uint32][]byte // index number -> where its filling goes on
}

// openGroup is what the open group holds besides its batch.
type openGroup struct {
	overlay map[string][]byte // guarded keys written in it: nil value = deleted
	openLog []openRecord      // its entries
	renew   bool
	// distrusted says that the wall clock must not move the hybrid clock.
	distrusted bool
	// broken is set when something failed half-way through a step: what is in memory is then not what is in the
	// batch, so that nothing may be written any more until the fabric is opened anew.
	broken error
}

// durableState is what is on disk for certain.
type durableState struct {
	number  uint64
	self    clock.Origin
	vector  clock.Vector
	end     clock.Time
	heads   []sequencer.Head
	members member.Table
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
	// PointRounds is how often points were merged, settled, summed up or forgotten.
	PointRounds uint64
	// Unmarked commits went on although the system fabric took no mark of what was applied of it here.
	Unmarked uint64
}

// openRecord is the body of an entry that is not yet in the store.
type openRecord struct {
	stamp clock.Stamp
	body  []byte
}

// OpenCore opens the fabric with the given number in the store, or starts an empty one.
func OpenCore(db kv.DB, o Options) (*Core, error) {
	c := &Core{place: place{db: db, keys: layout.NewKeys(o.Number), limits: o.Limits.orDefault(), random: o.Random},
		sequenced: sequenced{truncated: map[uint32]clock.Stamp{}, filling: map[uint32][]byte{}},
		openGroup: openGroup{overlay: map[string][]byte{}}, retired: newRetirement(), tail: changelog.NewTail(tailBytes)}
	state, err := c.load()
	if err != nil {
		return nil, fmt.Errorf("opening fabric %d: %w", o.Number, err)
	}
	state.Distort, state.Number, state.System = o.Distort, o.Resume, o.System
	state.Oldest = c.watch.oldest
	c.seq = sequencer.New(c.keys, state)
	c.durable.Store(&durableState{number: o.Resume, self: state.Self, vector: state.Vector.Clone(), end: c.seq.Head(state.Self).End,
		heads: slices.Clone(state.Heads), members: c.members})
	c.applying.Store(o.Resume)
	// What became stable before may not have been folded before the last life ended.
	c.upkeep = upkeepState{stableFresh: true, purgeCursor: map[uint32][]byte{}, pointsApart: o.PointsApart, draining: map[uint32]bool{}, purgePoints: map[uint32]purgingAt{}}
	c.tail.Start(state.Order)
	c.pub.number, c.pub.vector = o.Resume, state.Vector.Clone()
	c.publish()
	return c, nil
}

// tailBytes is how much of the recent changelog stays in memory.
const tailBytes = 8 << 20

// publish shows readers the state as sequenced. Between groups only: what is not visible in the store is not shown.
func (c *Core) publish() {
	c.pub.schema, c.pub.members = c.schema, c.members
	c.pub.self = c.seq.Self()
	c.pub.now = c.seq.Clock().Now()
	c.pub.own, c.pub.ahead = c.seq.Head(c.pub.self).End, c.seq.Ahead()
	c.pub.seen = withClosed(c.pub.vector, c.members, true)
	c.show()
}

// show publishes the working copy.
func (c *Core) show() {
	p := c.pub
	c.state.Store(&p)
}

// Group is a sealed group on its way to disk.
type Group struct {
	*sequencer.Group
	Pending kv.Pending
	self    clock.Origin
	members member.Table
	brought []Arrival
}

// Begin opens a group. Sequence and Apply need one.
func (c *Core) Begin() {
	if !c.seq.Open() {
		c.seq.Begin(c.db.NewBatch())
	}
}

// usable says why nothing can be sequenced here, nil when it can.
func (c *Core) usable() error {
	if c.broken != nil {
		return c.broken
	}
	if c.partial.ID != "" {
		return failure(ReadOnly, "this location is taking a snapshot of the fabric")
	}
	return nil
}

// breaks notes a failure half-way through a step: from here on nothing is written.
func (c *Core) breaks(err error) error {
	if err != nil && c.broken == nil {
		c.broken = err
	}
	return err
}

// Seal ends the open group, applies it to the store, so that it is visible, and publishes what it changed.
// It returns nil when there is nothing to make durable. The group counts as durable when the caller has waited
// for Pending and called Durable. After an error the core writes nothing more.
func (c *Core) Seal(wallMs int64) (*Group, error) {
	ceiling := c.seq.Clock().NeedsCeiling(wallMs)
	if c.distrusted {
		ceiling = 0
	}
	g := c.seq.Seal(wallMs, ceiling, c.renew)
	c.renew, c.upkeep.pointsMoved = false, false
	clear(c.overlay)
	brought := tally(c.openLog)
	c.openLog = c.openLog[:0]
	if c.partial.ID != "" || g == nil && c.broken == nil {
		return nil, nil
	}
	if c.broken != nil {
		return nil, fmt.Errorf("writing a group: %w", c.broken)
	}
	c.held.Begin()
	defer c.held.End()
	if c.schema != c.pub.schema {
		// A view taken between the two would read the store by a schema that is not its own.
		c.turn.Add(1)
		defer c.turn.Add(1)
	}
	c.applying.Store(g.Number)
	pending, err := c.db.Apply(g.Batch)
	if err != nil {
		if !errors.Is(err, kv.ErrSync) {
			c.applying.Store(c.pub.number) // nothing of it is visible
		}
		return nil, c.breaks(fmt.Errorf("writing a group: %w", err))
	}
	c.pub.number, c.pub.vector, c.pub.written = g.Number, g.Vector, c.seq.Written()
	c.publish()
	return &Group{Group: g, Pending: pending, self: c.pub.self, members: c.members, brought: brought}, nil
}

// Durable tells that a group is on disk. Groups become durable in order.
func (c *Core) Durable(g *Group) {
	c.durable.Store(&durableState{number: g.Number, self: g.self, vector: g.Vector, end: g.End, heads: g.Heads, members: g.members})
	c.seq.Clock().SetCeiling(g.Ceiling)
	c.tail.Add(g.Record)
}

// Renew makes the next Seal renew the clock's durable ceiling even when the group holds nothing else. A commit
// needs room below the ceiling, and so does a vouched time.
func (c *Core) Renew() { c.renew = true }

// Trust says whether the wall clock may move the hybrid clock, which it may at first. While it may not, no ceiling is
// promised and nothing is vouched for by it: either would hold for good, right or wrong.
func (c *Core) Trust(wall bool) { c.distrusted = !wall }

// DurableNumber is the number of the last commit that is on disk.
func (c *Core) DurableNumber() uint64 { return c.durable.Load().number }

// Sequence orders one prepared transaction. ErrStale asks for preparing again.
func (c *Core) Sequence(p *Prepared, wallMs int64) (clock.Stamp, error) {
	if err := c.usable(); err != nil {
		return clock.Stamp{}, err
	}
	if p.mark && !c.seq.Ahead() {
		return clock.Stamp{}, nil // another call has made it
	}
	if p.schema != c.schema || p.alone && p.Snapshot != c.seq.Number() {
		return clock.Stamp{}, sequencer.ErrStale
	}
	stamp, err := c.seq.Sequence(&p.Prepared, wallMs)
	if err != nil {
		if errors.Is(err, sequencer.ErrStale) {
			c.counters.Stale++
		}
		return clock.Stamp{}, overtaken(err, c.schema)
	}
	if p.Quiet {
		return stamp, nil // nothing but a comparison of what was read
	}
	c.overlaid(&p.Prepared)
	c.openLog = append(c.openLog, openRecord{stamp, p.Body})
	c.counters.Commits++
	if p.touches {
		return stamp, c.breaks(c.refreshSchema())
	}
	return stamp, nil
}

// overlaid notes what a sequenced commit wrote under guarded keys, for those who read ahead of the store.
func (c *Core) overlaid(p *sequencer.Prepared) {
	for i := range p.Deletes {
		if p.Deletes[i].Guard != 0 {
			c.overlay[string(p.Deletes[i].Key)] = nil
		}
	}
	for i := range p.Puts {
		if p.Puts[i].Guard != 0 {
			c.overlay[string(p.Puts[i].Key)] = p.Puts[i].Value
		}
	}
}

// Counters tells what happened since the fabric was opened.
func (c *Core) Counters() Counters { return c.counters }

// retirement tells those who wait that a core serves no more, and why.
type retirement struct {
	once   sync.Once
	done   chan struct{}
	reason error
}

func newRetirement() *retirement { return &retirement{done: make(chan struct{})} }

func (r *retirement) retire(reason error) {
	r.once.Do(func() {
		r.reason = reason
		close(r.done)
	})
}
