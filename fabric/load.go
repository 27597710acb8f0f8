package fabric

import (
	"encoding/binary"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/schema"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv"
)

// load reads the state records and the ends of the logs.
func (c *Core) load() (sequencer.State, error) {
	s := sequencer.State{Counts: map[uint32]int64{}}
	if partial, err := c.loadPartial(); err != nil || partial {
		return c.loadNothing(s, err)
	}
	head := sequencer.StoredHead{}
	data, found, err := c.db.Get(c.keys.State(layout.StateHead))
	if err == nil && found {
		head, err = sequencer.DecodeStoredHead(data)
	}
	if err != nil {
		return s, err
	}
	s.Clock = clock.New(head.Mark, head.Ceiling)
	s.Vector, s.Order, s.LogBytes = head.Vector, head.Order, head.LogBytes
	if err := c.loadIdentity(&s); err != nil {
		return s, err
	}
	if err := c.loadLine(); err != nil {
		return s, err
	}
	if err := c.loadMembers(); err != nil {
		return s, err
	}
	if err := c.loadCounts(&s); err != nil {
		return s, err
	}
	if c.numbers, err = loadNumbers(c.db, c.keys); err != nil {
		return s, err
	}
	if c.schema, err = c.readSchema(c.db, nil); err != nil {
		return s, err
	}
	if err := c.loadStable(); err != nil {
		return s, err
	}
	if err := c.loadTrimmed(); err != nil {
		return s, err
	}
	// Whoever asks for a digest without saying when is told of a time for which there still is one.
	if c.watermark, err = purgedAt(c.db, c.keys); err != nil {
		return s, err
	}
	if err := c.loadTruncations(); err != nil {
		return s, err
	}
	s.Heads, err = c.loadHeads(s.Vector)
	return s, err
}

// loadNothing makes an empty fabric of one whose snapshot is not whole.
func (c *Core) loadNothing(s sequencer.State, err error) (sequencer.State, error) {
	s.Clock = clock.New(0, 0)
	c.numbers = &numbers{keys: c.keys, collections: map[string]uint32{}, indexes: map[string]indexNumber{}, next: schema.FirstNumber}
	c.schema = schema.NewBuilder().Schema()
	return s, err
}

func (c *Core) loadIdentity(s *sequencer.State) error {
	data, found, err := c.db.Get(c.keys.State(layout.StateIdentity))
	if err != nil || !found {
		return err
	}
	if len(data) != 4 {
		return fmt.Errorf("identity record has %d bytes, not 4: %w", len(data), kv.ErrCorrupt)
	}
	s.Self = clock.Origin(binary.BigEndian.Uint32(data))
	return nil
}

func (c *Core) loadLine() error {
	data, found, err := c.db.Get(c.keys.State(layout.StateLine))
	if err != nil || !found {
		return err
	}
	if len(data) != 4 {
		return fmt.Errorf("record of the run of order records has %d bytes, not 4: %w", len(data), kv.ErrCorrupt)
	}
	c.line = binary.BigEndian.Uint32(data)
	return nil
}

func (c *Core) loadMembers() error {
	data, found, err := c.db.Get(c.keys.State(layout.StateMembers))
	if err != nil || !found {
		return err
	}
	c.members, err = member.DecodeTable(data)
	return err
}

func (c *Core) loadStable() error {
	data, found, err := c.db.Get(c.keys.State(layout.StateStable))
	if err != nil || !found {
		return err
	}
	c.pub.stable, err = codec.DecodeVector(data)
	return err
}

func (c *Core) loadTrimmed() error {
	data, found, err := c.db.Get(c.keys.State(layout.StateTrim))
	if err != nil || !found {
		return err
	}
	c.trimmed, err = codec.DecodeVector(data)
	return err
}

// purgedAt is the highest watermark by which expired documents were deleted.
func purgedAt(r kv.Reader, keys layout.Keys) (clock.Time, error) {
	data, found, err := r.Get(keys.State(layout.StateWatermark))
	if err != nil || !found {
		return 0, err
	}
	if len(data) != 8 {
		return 0, fmt.Errorf("record of the watermark has %d bytes, not 8: %w", len(data), kv.ErrCorrupt)
	}
	return clock.Time(binary.BigEndian.Uint64(data)), nil
}

func (c *Core) loadCounts(s *sequencer.State) error {
	prefix := c.keys.State(layout.StateCount)
	return each(c.db, prefix, layout.End(prefix), func(key, data []byte) error {
		_, rest, ok := layout.Tail(key, 1)
		if !ok || len(rest) != 4 || len(data) != 8 {
			return fmt.Errorf("count record %x: %w", key, kv.ErrCorrupt)
		}
		s.Counts[binary.BigEndian.Uint32(rest)] = int64(binary.BigEndian.Uint64(data))
		return nil
	})
}

func (c *Core) loadTruncations() error {
	prefix := c.keys.State(layout.StateTruncate)
	return each(c.db, prefix, layout.End(prefix), func(key, data []byte) error {
		_, rest, ok := layout.Tail(key, 1)
		if !ok || len(rest) != 4 {
			return fmt.Errorf("truncation record %x: %w", key, kv.ErrCorrupt)
		}
		stamp, err := codec.DecodeStamp(data)
		c.truncated[binary.BigEndian.Uint32(rest)] = stamp
		return err
	})
}

// loadHeads finds the end of every origin's log: its last records, back to one that holds its dependencies whole.
// Closed incarnations have no row in the vector any more, but others may still ask for their logs.
func (c *Core) loadHeads(vector clock.Vector) ([]sequencer.Head, error) {
	ends := vector
	for _, m := range c.members.Members() {
		if m.State != member.Closed || m.End == 0 || vector.At(m.Origin) != 0 {
			continue
		}
		_, found, err := c.db.Get(c.keys.LogRecord(nil, m.Origin, m.End))
		if err != nil {
			return nil, err
		}
		if found {
			ends = ends.With(m.Origin, m.End)
		}
	}
	heads := make([]sequencer.Head, 0, len(ends))
	for _, row := range ends {
		head, err := c.loadHead(row)
		if err != nil {
			return nil, err
		}
		heads = append(heads, head)
	}
	return heads, nil
}

func (c *Core) loadHead(row clock.Row) (sequencer.Head, error) {
	head := sequencer.Head{Origin: row.Origin, End: row.Time, Ordinal: -1}
	records, err := c.recordsBack(row.Origin, row.Time)
	if err != nil {
		return head, err
	}
	for i, r := range records {
		e, err := codec.DecodeLogRecord(row.Origin, r.Time, r.Data, head.Past)
		if err != nil {
			return head, fmt.Errorf("log of origin %s at %s: %w", row.Origin, r.Time, err)
		}
		head.Past, head.Chain, head.Ordinal = e.Past(), e.Chain, i
	}
	return head, nil
}

// recordsBack reads log records of an origin from t backwards to a whole one, and returns them in log order.
func (c *Core) recordsBack(origin clock.Origin, t clock.Time) ([]codec.LogRecord, error) {
	space := c.keys.LogSpace(origin)
	it, err := c.db.Scan(space, c.keys.LogRecord(nil, origin, t.Next()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }()
	var back []codec.LogRecord
	for ok := it.Last(); ok; ok = it.Prev() {
		at := clock.Time(binary.BigEndian.Uint64(it.Key()[len(space):]))
		if len(back) == 0 && at != t {
			return nil, fmt.Errorf("log of origin %s ends at %s, the vector says %s: %w", origin, at, t, kv.ErrCorrupt)
		}
		back = append(back, codec.LogRecord{Time: at, Data: append([]byte(nil), it.Value()...)})
		if codec.RecordIsWhole(it.Value()) {
			break
		}
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	if len(back) == 0 || !codec.RecordIsWhole(back[len(back)-1].Data) {
		return nil, fmt.Errorf("log of origin %s has no whole record at or before %s: %w", origin, t, kv.ErrCorrupt)
	}
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	return back, nil
}

// each calls visit for every key in [lower, upper).
func each(r kv.Reader, lower, upper []byte, visit func(key, value []byte) error) error {
	it, err := r.Scan(lower, upper)
	if err != nil {
		return err
	}
	for it.Next() {
		if err := visit(it.Key(), it.Value()); err != nil {
			_ = it.Close()
			return err
		}
	}
	return it.Close()
}

const firstUserNumber = schema.FirstNumber

func orderOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }
