package member

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
)

// ErrInvalid marks a change that does not fit the table it is meant for.
var ErrInvalid = errors.New("membership change does not fit")

// State is where a member stands. It only ever grows.
type State uint8

const (
	// Joined members write, and count in stability and watermark.
	Joined State = iota + 1
	// Evicting members still count, and may write no more; what they wrote
	// is taken only where remaining members depend on it.
	Evicting
	// Closed members count no more: their log ends at Member.End.
	Closed
)

// String names the state as status pages show it.
func (s State) String() string {
	switch s {
	case Joined:
		return "joined"
	case Evicting:
		return "evicting"
	case Closed:
		return "closed"
	}
	return "unknown"
}

// Member is one incarnation of one location in this fabric.
type Member struct {
	Origin      clock.Origin
	Name        string     // of the location
	Incarnation clock.Time // time of the entry by which it joined
	Address     string
	Latitude    float64 // degrees
	Longitude   float64
	State       State
	Evict       clock.Stamp // the first evict entry that named it, zero while joined
	End         clock.Time  // final end of its log, when closed; may be zero if it never wrote
	EndEpoch    uint16      // epoch of the anchor that set the end
	Closed      clock.Stamp // the entry that set the end
}

// Table is who takes part in a fabric. The zero Table belongs to no fabric.
type Table struct {
	fabric   string
	created  clock.Stamp
	epoch    uint16
	anchor   clock.Origin
	anchored clock.Stamp // the entry that named the anchor
	members  []Member    // sorted by origin, shared between tables, never changed
}

// Fabric is the id of the fabric, given when it was created.
func (t Table) Fabric() string { return t.fabric }

// Created is the stamp of the fabric's first entry.
func (t Table) Created() clock.Stamp { return t.created }

// Anchor is the member that decides on membership.
func (t Table) Anchor() clock.Origin { return t.anchor }

// Epoch grows whenever the anchor changes.
func (t Table) Epoch() uint16 { return t.epoch }

// IsZero tells whether no fabric was created yet.
func (t Table) IsZero() bool { return t.fabric == "" }

// Members lists all members that ever were, sorted by origin. The caller must
// not change the slice.
func (t Table) Members() []Member { return t.members }

// Counted lists the members that count for stability and watermark: joined and
// evicting ones, sorted by origin.
func (t Table) Counted() []Member { return t.where(func(s State) bool { return s < Closed }) }

// Remaining lists the joined members, sorted by origin.
func (t Table) Remaining() []Member { return t.where(func(s State) bool { return s == Joined }) }

// Leaving lists the members whose eviction is under way, sorted by origin.
func (t Table) Leaving() []Member { return t.where(func(s State) bool { return s == Evicting }) }

func (t Table) where(keep func(State) bool) []Member {
	out := make([]Member, 0, len(t.members))
	for _, m := range t.members {
		if keep(m.State) {
			out = append(out, m)
		}
	}
	return out
}

func (t Table) find(o clock.Origin) (int, bool) {
	return slices.BinarySearchFunc(t.members, o, func(m Member, o clock.Origin) int {
		return cmp.Compare(m.Origin, o)
	})
}

// ByOrigin finds a member, live or closed.
func (t Table) ByOrigin(o clock.Origin) (Member, bool) {
	if i, ok := t.find(o); ok {
		return t.members[i], true
	}
	return Member{}, false
}

// StateOf is the state of a member, or zero for an origin that never joined.
func (t Table) StateOf(o clock.Origin) State {
	if i, ok := t.find(o); ok {
		return t.members[i].State
	}
	return 0
}

// ByName finds the joined incarnation of a location. If two exist, after
// anchors that did not know of each other, the one that joined last.
func (t Table) ByName(name string) (Member, bool) {
	var found Member
	for _, m := range t.members {
		if m.Name == name && m.State == Joined && m.Incarnation >= found.Incarnation {
			found = m
		}
	}
	return found, found.Origin != 0
}

// NextOrigin is the origin for the next member to join, or zero when the
// epoch's 65,535 are used up (moving the anchor begins a new epoch).
func (t Table) NextOrigin() clock.Origin {
	// Origins of one epoch lie together, so the last one below the next epoch tells.
	i, _ := slices.BinarySearchFunc(t.members, uint64(t.epoch)+1, func(m Member, next uint64) int {
		return cmp.Compare(uint64(m.Origin), next<<16)
	})
	last := clock.OriginOf(t.epoch, 0)
	if i > 0 {
		last = max(last, t.members[i-1].Origin)
	}
	if last.Ordinal() == math.MaxUint16 {
		return 0
	}
	return last + 1
}

// Settle takes from a vector the rows of members that are closed and applied
// exactly up to their end. A row beyond the end stays: who has one holds what
// the others never will, and needs a new snapshot. So does one below it, which
// cannot be while entries come after what they depend on: the entry that ends a
// log depends on its end.
func (t Table) Settle(v clock.Vector) clock.Vector {
	for _, m := range t.members {
		if at := v.At(m.Origin); m.State == Closed && at != 0 && at == m.End {
			v = v.Without(m.Origin)
		}
	}
	return v
}

// Apply gives the table after a change that came in the entry with this stamp.
func (t Table) Apply(c Change, stamp clock.Stamp) (Table, error) {
	if err := c.validate(); err != nil {
		return t, err
	}
	if t.IsZero() != (c.Kind == Create) {
		return t, fmt.Errorf("%w: %s in a fabric that has id %q", ErrInvalid, c.Kind, t.fabric)
	}
	if c.Kind == Create {
		first := c.member(stamp)
		return Table{fabric: c.Fabric, created: stamp, anchor: c.Origin, anchored: stamp, members: []Member{first}}, nil
	}
	i, known := t.find(c.Origin)
	if c.Kind == Join {
		if known {
			return t, fmt.Errorf("%w: origin %s joined already, as %q", ErrInvalid, c.Origin, t.members[i].Name)
		}
		t.members = slices.Insert(slices.Clone(t.members), i, c.member(stamp))
		return t, nil
	}
	if !known {
		return t, fmt.Errorf("%w: %s of origin %s, which never joined", ErrInvalid, c.Kind, c.Origin)
	}
	if c.Kind == Anchor {
		if c.Epoch > t.epoch || c.Epoch == t.epoch && t.anchored.Less(stamp) {
			t.epoch, t.anchor, t.anchored = c.Epoch, c.Origin, stamp
		}
		return t, nil
	}
	m := t.members[i]
	if c.Kind == Evict {
		m.evict(stamp)
	} else {
		m.end(c, stamp)
	}
	if m != t.members[i] {
		t.members = slices.Clone(t.members)
		t.members[i] = m
	}
	return t, nil
}

// evict keeps the earliest evict entry, in whatever order several arrive.
func (m *Member) evict(stamp clock.Stamp) {
	m.State = max(m.State, Evicting)
	if m.Evict.IsZero() || stamp.Less(m.Evict) {
		m.Evict = stamp
	}
}

// end keeps the end of the highest epoch, of the latest entry within it.
func (m *Member) end(c Change, stamp clock.Stamp) {
	if m.State == Closed && (c.Epoch < m.EndEpoch || c.Epoch == m.EndEpoch && stamp.Less(m.Closed)) {
		return
	}
	m.State, m.End, m.EndEpoch, m.Closed = Closed, c.End, c.Epoch, stamp
}

// Check tells whether the member by may commit this change now. The entries of
// others were checked where they were committed.
func (t Table) Check(c Change, by clock.Origin) error {
	if err := c.validate(); err != nil {
		return err
	}
	if c.Kind == Create {
		if !t.IsZero() {
			return fmt.Errorf("%w: the fabric exists already, with id %q", ErrInvalid, t.fabric)
		}
		return nil
	}
	if by != t.anchor && !(c.Kind == Anchor && by == c.Origin) {
		return fmt.Errorf("%w: only the anchor (origin %s) may commit %s, not origin %s", ErrInvalid, t.anchor, c.Kind, by)
	}
	m, known := t.ByOrigin(c.Origin)
	switch c.Kind {
	case Join:
		if live, ok := t.ByName(c.Name); ok {
			return fmt.Errorf("%w: location %q is a member already, as origin %s", ErrInvalid, c.Name, live.Origin)
		}
		if c.Origin != t.NextOrigin() {
			return fmt.Errorf("%w: the next member gets origin %s, not %s", ErrInvalid, t.NextOrigin(), c.Origin)
		}
	case Evict:
		if c.Origin == t.anchor {
			return fmt.Errorf("%w: %q is the anchor; move the anchor first", ErrInvalid, m.Name)
		}
		if m.State != Joined {
			return fmt.Errorf("%w: origin %s (%q) is not a joined member", ErrInvalid, c.Origin, m.Name)
		}
	case End:
		if m.State != Evicting || c.Epoch != t.epoch {
			return fmt.Errorf("%w: an end needs an eviction under way and epoch %d: origin %s is %q, epoch %d", ErrInvalid, t.epoch, c.Origin, m.State, c.Epoch)
		}
	case Anchor:
		if !known || m.State != Joined || uint32(c.Epoch) != uint32(t.epoch)+1 {
			return fmt.Errorf("%w: the next anchor is a joined member and gets epoch %d: origin %s is %q, epoch %d", ErrInvalid, uint32(t.epoch)+1, c.Origin, m.State, c.Epoch)
		}
	}
	return nil
}

// Same tells, without looking at members, whether u is this very table or a
// copy of it. Tables that were built apart may be equal and not the same.
func (t Table) Same(u Table) bool {
	return t.epoch == u.epoch && t.anchor == u.anchor && t.fabric == u.fabric &&
		len(t.members) == len(u.members) && (len(t.members) == 0 || &t.members[0] == &u.members[0])
}
