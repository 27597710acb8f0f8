package replication_test

import (
	"errors"
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/replication"
)

// state is what a fabric keeps: logs, vector and members.
type state struct {
	vector  clock.Vector
	members member.Table
	logs    map[clock.Origin][]codec.Entry
	trimmed map[clock.Origin]clock.Time // nothing up to here can be read
}

func newState() *state {
	return &state{logs: map[clock.Origin][]codec.Entry{}, trimmed: map[clock.Origin]clock.Time{}}
}

func (s *state) clone() *state {
	c := &state{s.vector.Clone(), s.members, map[clock.Origin][]codec.Entry{}, map[clock.Origin]clock.Time{}}
	for o, l := range s.logs {
		c.logs[o] = slices.Clone(l)
	}
	for o, t := range s.trimmed {
		c.trimmed[o] = t
	}
	return c
}

func (s *state) head(o clock.Origin) (e codec.Entry) {
	if l := s.logs[o]; len(l) > 0 {
		e = l[len(l)-1]
	}
	return e
}

func (s *state) apply(e codec.Entry) error {
	o := e.Stamp.Origin
	if head := s.head(o); head.Stamp.Time != e.Prev {
		return fmt.Errorf("entry %s follows %s, the log here ends at %s", e.Stamp, e.Prev, head.Stamp.Time)
	}
	if want := codec.ChainNext(s.head(o).Chain, e.Stamp.Time, codec.BodyHash(e.Body)); want != e.Chain {
		return fmt.Errorf("entry %s has chain %08x, want %08x", e.Stamp, e.Chain, want)
	}
	for _, row := range e.Deps {
		m, _ := s.members.ByOrigin(row.Origin)
		if s.vector.At(row.Origin) < row.Time && !(m.State == member.Closed && row.Time <= m.End) {
			return fmt.Errorf("entry %s depends on %s of %s, here it is %s", e.Stamp, row.Time, row.Origin, s.vector.At(row.Origin))
		}
	}
	s.logs[o] = append(s.logs[o], e)
	s.vector.Raise(o, e.Stamp.Time)
	if len(e.Body) > 0 && e.Body[0] == 'M' {
		c, err := member.DecodeChange(e.Body[1:])
		if err != nil {
			return err
		}
		if s.members, err = s.members.Apply(c, e.Stamp); err != nil {
			return err
		}
	}
	s.vector = s.members.Settle(s.vector).Clone()
	return nil
}

func (s *state) find(o clock.Origin, at clock.Time) (codec.Entry, bool) {
	i, ok := slices.BinarySearchFunc(s.logs[o], at, func(e codec.Entry, t clock.Time) int {
		return clock.Stamp{Time: e.Stamp.Time}.Compare(clock.Stamp{Time: t})
	})
	if !ok {
		return codec.Entry{}, false
	}
	return s.logs[o][i], true
}

// fake is a fabric: what is visible, and what of it is durable.
type fake struct {
	self     clock.Origin
	visible  *state
	durable  *state
	unsynced []codec.Entry // visible, in order, not durable
	clock    clock.Time    // never set back: a ceiling stands for it
	wall     func() int64
	world    *world
	taking   []string // chunks of a snapshot that came
	partial  replication.SnapshotMark
	old      bool         // knows no entries of kind X
	says     clock.Time   // of the system fabric, in entries committed here
	system   clock.Vector // what is applied of it here
}

func (f *fake) Progress() replication.Progress {
	head := f.durable.head(f.self)
	vouched := max(f.clock, clock.TimeOf(f.wall()))
	for _, e := range f.unsynced {
		if e.Stamp.Origin == f.self {
			vouched = e.Stamp.Time - 1
			break
		}
	}
	f.clock = max(f.clock, vouched)
	return replication.Progress{
		Self: f.self, Vector: f.durable.vector.Clone(), OwnEnd: head.Stamp.Time, OwnChain: head.Chain,
		Vouched: vouched, Members: f.durable.members, System: f.system, Partial: f.partial,
	}
}

func (f *fake) Read(o clock.Origin, after clock.Time, most int) ([]byte, clock.Time, error) {
	if after < f.durable.trimmed[o] {
		return nil, 0, replication.ErrTrimmed
	}
	var records []codec.LogRecord
	size := 0
	prev, ok := f.durable.find(o, after)
	if !ok && after != 0 && after < f.durable.head(o).Stamp.Time {
		return nil, 0, replication.ErrUnlinked
	}
	for _, e := range f.durable.logs[o] {
		if e.Stamp.Time <= after {
			continue
		}
		if size += len(e.Body); len(records) > 0 && size > most {
			break
		}
		records = append(records, codec.LogRecord{Time: e.Stamp.Time, Data: codec.AppendLogRecord(nil, &e, prev.Past(), false)})
		prev = e
	}
	if len(records) == 0 {
		return nil, 0, nil
	}
	data, err := codec.AppendBatch(nil, o, after, records)
	return data, prev.Stamp.Time, err
}

func (f *fake) Past(o clock.Origin, at clock.Time) (codec.Past, error) {
	if at == 0 {
		return codec.Past{}, nil
	}
	e, ok := f.durable.find(o, at)
	if !ok {
		return codec.Past{}, replication.ErrAbsent
	}
	return e.Past(), nil
}

func (f *fake) ChainAt(o clock.Origin, at clock.Time) (uint32, bool) {
	e, ok := f.durable.find(o, at)
	return e.Chain, ok || at == 0
}

// commit stamps and applies an entry of our own.
func (f *fake) commit(body []byte) (codec.Entry, error) {
	head := f.visible.head(f.self)
	f.clock = max(f.clock+1, clock.TimeOf(f.wall()), head.Stamp.Time+1)
	e := codec.Entry{
		Stamp: clock.Stamp{Time: f.clock, Origin: f.self}, Prev: head.Stamp.Time,
		Deps: f.visible.vector.Without(f.self).Clone(), System: f.says, Body: body,
	}
	e.Chain = codec.ChainNext(head.Chain, e.Stamp.Time, codec.BodyHash(body))
	return e, f.apply(e)
}

var errNewer = errors.New("this kind of change is not known")

func (f *fake) apply(e codec.Entry) error {
	if f.old && e.Body[0] == 'X' {
		return errNewer
	}
	if err := f.visible.apply(e); err != nil {
		return err
	}
	f.clock = max(f.clock, e.Stamp.Time)
	f.unsynced = append(f.unsynced, e)
	return nil
}

// sync makes the oldest n unsynced entries durable.
func (f *fake) sync(n int) error {
	for _, e := range f.unsynced[:n] {
		if err := f.durable.apply(e); err != nil {
			return err
		}
	}
	f.unsynced = slices.Clone(f.unsynced[n:])
	return nil
}

// crash forgets what is not durable.
func (f *fake) crash() {
	f.visible, f.unsynced = f.durable.clone(), nil
}

const snapshotChunks = 9

// snapshot stands for bytes: its chunks only name it, the world holds it.
type snapshot struct {
	id    string
	state *state
	world *world
	read  int // chunks are read in order
}

func (f *fake) OpenSnapshot() (replication.SnapshotSource, error) {
	s := &snapshot{id: fmt.Sprintf("snapshot %d", len(f.world.snapshots)), state: f.durable.clone(), world: f.world}
	f.world.snapshots[s.id] = s
	f.world.open++
	return s, nil
}

func (s *snapshot) ID() string           { return s.id }
func (s *snapshot) Vector() clock.Vector { return s.state.vector }
func (s *snapshot) Close() error         { s.world.open--; return nil }
func (s *snapshot) Chunk(i int) ([]byte, bool, error) {
	if i >= snapshotChunks || i > s.read {
		return nil, false, errors.New("no such chunk yet")
	}
	s.read = max(s.read, i+1)
	return fmt.Appendf(nil, "%s/%d", s.id, i), i == snapshotChunks-1, nil
}

var errBehind = errors.New("the snapshot lacks commits that are here")

// install takes a chunk, and with the last the whole state. The first deletes
// what was here.
func (f *fake) install(c replication.InstallSnapshot) error {
	if c.Index == 0 {
		need := f.partial.Need
		if f.partial.ID == "" {
			need = f.visible.vector
			for _, m := range f.visible.members.Members() {
				if m.State == member.Closed {
					need = need.Without(m.Origin)
				}
			}
			need = need.Clone()
		}
		if c.Vector.At(f.self) < need.At(f.self) {
			return errBehind
		}
		f.taking, f.unsynced, f.partial.Need = nil, nil, need
		f.durable, f.visible = newState(), newState()
	}
	if want := fmt.Sprintf("%s/%d", c.ID, len(f.taking)); string(c.Data) != want {
		return fmt.Errorf("chunk %q came, want %q", c.Data, want)
	}
	f.taking = append(f.taking, string(c.Data))
	if f.partial.ID, f.partial.Next = c.ID, c.Index+1; !c.Last {
		return nil
	}
	if len(f.taking) != snapshotChunks {
		return fmt.Errorf("snapshot ended after %d chunks", len(f.taking))
	}
	f.partial, f.taking = replication.SnapshotMark{}, nil
	s := f.world.snapshots[c.ID].state
	f.durable, f.visible, f.unsynced = s.clone(), s.clone(), nil
	for _, l := range s.logs {
		f.clock = max(f.clock, l[len(l)-1].Stamp.Time)
	}
	return nil
}
