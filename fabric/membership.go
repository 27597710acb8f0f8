package fabric

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
)

// Create makes the fabric: its first entry, by its first member, which is its anchor. It works in the open group.
func (c *Core) Create(change member.Change, wallMs int64) (clock.Stamp, error) {
	if !c.members.IsZero() {
		return clock.Stamp{}, failure(BadArgument, "the fabric exists already")
	}
	stamp, err := c.appendAs(change.Origin, change, wallMs)
	if err != nil {
		c.seq.Become(0)
		return clock.Stamp{}, err
	}
	return stamp, c.breaks(c.identify(change.Origin))
}

// appendAs commits a membership change under a new origin of this location.
func (c *Core) appendAs(self clock.Origin, change member.Change, wallMs int64) (clock.Stamp, error) {
	c.seq.Become(self)
	return c.AppendMember(change, wallMs)
}

// identify stores who this location is.
func (c *Core) identify(self clock.Origin) error {
	return c.quietly(&sequencer.Prepared{Quiet: true, Snapshot: c.seq.Number(),
		Puts: []sequencer.Put{{Key: c.keys.State(layout.StateIdentity), Value: layout.Number(nil, uint32(self))}}})
}

// AppendMember commits a membership change. The caller has asked member.Table.Check. It works in the open group.
func (c *Core) AppendMember(change member.Change, wallMs int64) (clock.Stamp, error) {
	if err := c.usable(); err != nil {
		return clock.Stamp{}, err
	}
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
		return clock.Stamp{}, c.breaks(err)
	}
	err = c.quietly(&work)
	c.settle()
	return stamp, c.breaks(err)
}

// Reincarnate gives this location a new origin and ends all others where their logs end here: it joins, becomes the
// anchor of the next epoch, and evicts every other incarnation, its own earlier one included. It is for a location that
// goes on from a backup alone. It works in the open group.
func (c *Core) Reincarnate(join member.Change, wallMs int64) (clock.Stamp, error) {
	old, epoch := c.seq.Self(), c.members.Epoch()+1
	if old == 0 {
		return clock.Stamp{}, failure(BadArgument, "the fabric has no data here that could be gone on from")
	}
	join.Origin = clock.OriginOf(epoch, 1)
	changes := []member.Change{{Kind: member.Anchor, Origin: join.Origin, Epoch: epoch}}
	for _, m := range c.members.Counted() {
		if m.State == member.Joined {
			changes = append(changes, member.Change{Kind: member.Evict, Origin: m.Origin})
		}
		changes = append(changes, member.Change{Kind: member.End, Origin: m.Origin, Epoch: epoch, End: c.seq.Head(m.Origin).End})
	}
	joined, err := c.appendAs(join.Origin, join, wallMs)
	if err != nil {
		c.seq.Become(old)
		return clock.Stamp{}, err
	}
	for _, change := range changes {
		if _, err := c.AppendMember(change, wallMs); err != nil {
			return clock.Stamp{}, c.breaks(err)
		}
	}
	return joined, c.breaks(c.identify(join.Origin))
}
