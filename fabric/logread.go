package fabric

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
)

// What replication reads: durable state only.

// ErrTrimmed means that the log no longer holds what was asked for.
var ErrTrimmed = errors.New("the log no longer holds these entries")

// ErrAbsent means that the log does not hold an entry with this time.
var ErrAbsent = errors.New("the log does not hold this entry")

// Progress is what is durable here, all of one moment.
type Progress struct {
	Self     clock.Origin
	Vector   clock.Vector
	OwnEnd   clock.Time
	OwnChain uint32
	Vouched  clock.Time // no entry after OwnEnd will be stamped at or below this
	Members  member.Table
	Partial  SnapshotMark
}

// Progress tells how far the durable state is. It may move the clock, up to the time that it vouches for, and
// belongs to the sequencing side.
func (c *Core) Progress(wallMs int64) Progress {
	d := c.durable.Load()
	p := Progress{Self: c.seq.Self(), Vector: d.vector, OwnEnd: d.end, Vouched: d.end, Members: c.members, Partial: c.partial}
	head := d.head(p.Self)
	p.OwnChain = head.Chain
	if p.Self != 0 && c.seq.Head(p.Self).End == d.end && !c.seq.Open() {
		p.Vouched = max(d.end, c.seq.Clock().Vouch(wallMs))
	}
	return p
}

// ReadLog returns a batch of consecutive durable entries of an origin after a time, about maxBytes of them and
// at least one; empty when nothing follows.
func (c *Core) ReadLog(origin clock.Origin, after clock.Time, maxBytes int) (batch []byte, last clock.Time, err error) {
	d := c.durable.Load()
	end := d.head(origin).End
	if after >= end {
		return nil, after, nil
	}
	space := c.keys.LogSpace(origin)
	it, err := c.db.Scan(c.keys.LogRecord(nil, origin, after.Next()), c.keys.LogRecord(nil, origin, end.Next()))
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = it.Close() }()
	var records []codec.LogRecord
	size := 0
	for it.Next() && size < maxBytes && len(records) < codec.MaxBatchEntries {
		t := clock.Time(binary.BigEndian.Uint64(it.Key()[len(space):]))
		data := append([]byte(nil), it.Value()...)
		if len(records) == 0 {
			prev, _, err := codec.RecordChain(t, data)
			if err != nil {
				return nil, 0, corrupt(it.Key(), err)
			}
			if prev != after {
				return nil, 0, fmt.Errorf("origin %s after %s: %w", origin, after, ErrTrimmed)
			}
		}
		size += len(data)
		records = append(records, codec.LogRecord{Time: t, Data: data})
	}
	if err := it.Err(); err != nil {
		return nil, 0, err
	}
	if len(records) == 0 {
		return nil, 0, fmt.Errorf("origin %s after %s: %w", origin, after, ErrTrimmed)
	}
	batch, err = codec.AppendBatch(make([]byte, 0, size+64), origin, after, records)
	return batch, records[len(records)-1].Time, err
}

// Past is what the entry after (origin, at) is coded against.
func (c *Core) Past(origin clock.Origin, at clock.Time) (codec.Past, error) {
	head, err := c.headAt(origin, at)
	return head.Past, err
}

// ChainAt is the chain hash at an entry.
func (c *Core) ChainAt(origin clock.Origin, at clock.Time) (uint32, bool) {
	if at == 0 {
		return 0, true
	}
	if d := c.durable.Load().head(origin); d.End == at {
		return d.Chain, true
	}
	data, found, err := c.db.Get(c.keys.LogRecord(nil, origin, at))
	if err != nil || !found {
		return 0, false
	}
	_, chain, err := codec.RecordChain(at, data)
	return chain, err == nil
}

func (c *Core) headAt(origin clock.Origin, at clock.Time) (sequencer.Head, error) {
	if at == 0 {
		return sequencer.Head{Origin: origin}, nil
	}
	if d := c.durable.Load().head(origin); d.End == at {
		return d, nil
	}
	if _, found, err := c.db.Get(c.keys.LogRecord(nil, origin, at)); err != nil || !found {
		return sequencer.Head{}, errors.Join(fmt.Errorf("origin %s at %s: %w", origin, at, ErrAbsent), err)
	}
	return c.loadHead(clock.Row{Origin: origin, Time: at})
}

// Create makes the fabric: its first entry, by its first member, which is its anchor. It works in the open group.
func (c *Core) Create(change member.Change, wallMs int64) (clock.Stamp, error) {
	if !c.members.IsZero() {
		return clock.Stamp{}, failure(BadArgument, "the fabric exists already")
	}
	c.seq.Become(change.Origin)
	work := sequencer.Prepared{Quiet: true, Puts: []sequencer.Put{{Key: c.keys.State(layout.StateIdentity), Value: layout.Number(nil, uint32(change.Origin))}}}
	if err := c.quietly(&work); err != nil {
		return clock.Stamp{}, err
	}
	return c.AppendMember(change, wallMs)
}

// AppendMember commits a membership change. The caller has asked member.Table.Check. It works in the open group.
func (c *Core) AppendMember(change member.Change, wallMs int64) (clock.Stamp, error) {
	data := change.Append(nil)
	p := sequencer.Prepared{Snapshot: c.seq.Number(), Body: codec.AppendChange(nil, codec.Change{Kind: codec.Member, Data: data})}
	p.BodyHash = codec.BodyHash(p.Body)
	// Checked on a copy first, so that a change that cannot be applied is never logged.
	if _, err := c.members.Apply(change, clock.Stamp{Time: clock.MaxTime, Origin: c.seq.Self()}); err != nil {
		return clock.Stamp{}, err
	}
	stamp, err := c.seq.Sequence(&p, wallMs)
	if err != nil {
		return clock.Stamp{}, err
	}
	c.openLog = append(c.openLog, openRecord{stamp, p.Body})
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number()}
	if err := c.applyMember(data, stamp, &work); err != nil {
		return clock.Stamp{}, err
	}
	err = c.quietly(&work)
	c.settle()
	return stamp, err
}

// Reincarnate gives this location, the fabric's only member, a new origin: it joins, becomes the anchor of the next
// epoch, and ends the old incarnation where the log here ends. It works in the open group.
func (c *Core) Reincarnate(join member.Change, wallMs int64) (clock.Stamp, error) {
	old, epoch := c.seq.Self(), c.members.Epoch()+1
	if len(c.members.Counted()) != 1 || old == 0 {
		return clock.Stamp{}, failure(BadArgument, "the fabric has %d members: only a single one can begin a new incarnation by itself", len(c.members.Counted()))
	}
	join.Origin = clock.OriginOf(epoch, 1)
	end := c.seq.Head(old).End
	c.seq.Become(join.Origin)
	work := sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number(),
		Puts: []sequencer.Put{{Key: c.keys.State(layout.StateIdentity), Value: layout.Number(nil, uint32(join.Origin))}}}
	if err := c.quietly(&work); err != nil {
		return clock.Stamp{}, err
	}
	var joined clock.Stamp
	for i, change := range []member.Change{join, {Kind: member.Anchor, Origin: join.Origin, Epoch: epoch},
		{Kind: member.Evict, Origin: old}, {Kind: member.End, Origin: old, Epoch: epoch, End: end}} {
		stamp, err := c.AppendMember(change, wallMs)
		if err != nil {
			c.seq.Become(old)
			return clock.Stamp{}, err
		}
		if i == 0 {
			joined = stamp
		}
	}
	return joined, nil
}

// Members is the membership as sequenced.
func (c *Core) Members() member.Table { return c.members }

// Self is the origin that this location commits under, 0 before it has joined.
func (c *Core) Self() clock.Origin { return c.seq.Self() }

// Stable is the stable vector as last told.
func (c *Core) Stable() clock.Vector { return c.state.Load().stable }

// Watermark is the watermark as last told.
func (c *Core) Watermark() clock.Time { return c.watermark }
