package replication

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// sink is the snapshot that this location takes.
type sink struct {
	active   bool
	peer     string
	id       string // empty: any
	next     uint32 // chunk wanted next
	asked    uint32 // chunks below this were asked for
	deadline int64
	attempts int
	complete bool // all chunks are here; Progress has yet to show it
	vector   clock.Vector
	early    []SnapshotChunk // that overtook the one wanted next
	base     clock.Vector    // what was needed when it was first asked for
	lacking  string          // id of one that lacked what is here
}

// source is a snapshot that others take from here.
type source struct {
	snapshot SnapshotSource
	peer     string
	origin   clock.Origin
	usedAt   int64
	read     uint32 // chunks below this were given once: they are read in order
	ended    bool   // the last of them is the last of all
}

// needSnapshot begins to take a snapshot over what is here.
func (m *Machine) needSnapshot(why string) {
	if m.sink.active || m.rejected.Reason != 0 {
		return
	}
	m.count.SnapshotsTaken++
	m.sink = sink{active: true}
	m.emit(NeedSnapshot{why})
}

// need is what a snapshot must cover to be of use: all that is here, but for
// what lies beyond the end of a closed log; for a newcomer, its join entry;
// between the chunks of one, also all that was here before its first.
func (m *Machine) need() clock.Vector {
	if m.joining() {
		return m.progress.Partial.Need.Max(clock.VectorOf(clock.Row{Origin: m.cfg.Join.Origin, Time: m.cfg.Join.Time}))
	}
	v := m.progress.Vector
	for _, mem := range m.progress.Members.Members() {
		if mem.State == member.Closed {
			v = v.Without(mem.Origin)
		}
	}
	return v
}

// stepSnapshots asks for chunks, and closes snapshots that nobody reads.
func (m *Machine) stepSnapshots() {
	m.closeSources(func(s *source) bool {
		return m.now.Mono-s.usedAt >= snapshotIdle || m.progress.Members.StateOf(s.origin) != member.Joined
	})
	if m.joining() && !m.sink.active {
		m.count.SnapshotsTaken++
		m.sink.active = true // id and next may go on from an earlier run
		m.emit(NeedSnapshot{"this location joined and has no state yet"})
	}
	s := &m.sink
	if !s.active || s.complete || m.now.Mono < s.deadline {
		return
	}
	p := m.snapshotFrom()
	if p == nil {
		s.deadline = m.now.Mono + snapshotRetry
		return
	}
	s.peer = p.name
	s.attempts++
	s.asked = s.next
	m.askChunks(p)
}

// snapshotFrom keeps to the peer that has answered, or takes the next nearest.
func (m *Machine) snapshotFrom() *peer {
	var ready []*peer
	for _, p := range m.peers {
		if p.ready && !p.joining {
			ready = append(ready, p)
		}
	}
	if len(ready) == 0 {
		return nil
	}
	s := &m.sink
	if i := slices.IndexFunc(ready, func(p *peer) bool { return p.name == s.peer }); i >= 0 && s.attempts < 3 {
		return ready[i]
	}
	slices.SortStableFunc(ready, func(a, b *peer) int { return cmp.Compare(a.rtt(), b.rtt()) })
	return ready[s.attempts%len(ready)]
}

func (m *Machine) askChunks(p *peer) {
	s := &m.sink
	s.deadline = m.now.Mono + max(chunkWait, 4*p.rtt())
	from := s.asked
	s.asked = s.next + chunksAhead
	need := m.need()
	if s.base == nil {
		s.base = need
	}
	m.send(p, SnapshotRequest{ID: s.id, From: from, Count: s.asked - from, Need: need})
}

// lacks is what a snapshot lacks of what it must hold by now: commits and
// entries that were under way when it was asked for became durable meanwhile.
// An origin without a row is one whose log is closed where it comes from, as
// long as it was asked for; our own never is, or we would be told so.
func (m *Machine) lacks(v clock.Vector) (clock.Row, bool) {
	for _, row := range m.need() {
		at := v.At(row.Origin)
		if at < row.Time && (at != 0 || row.Origin == m.cfg.Self || m.sink.base.At(row.Origin) == 0) {
			return row, true
		}
	}
	return clock.Row{}, false
}

// startOver gives up the snapshot that is being taken, and soon asks for
// another.
func (m *Machine) startOver() {
	m.sink = sink{active: true, lacking: m.sink.lacking, attempts: m.sink.attempts, deadline: m.now.Mono + snapshotRetry}
}

// NotInstalled tells that a chunk of a snapshot could not be kept.
func (m *Machine) NotInstalled(now Instant, id string) {
	if m.enter(now) && m.sink.active && m.sink.id == id {
		m.startOver()
	}
}

// onSnapshotChunk passes on the chunk that is next; others come again.
func (m *Machine) onSnapshotChunk(p *peer, c SnapshotChunk) {
	s := &m.sink
	if !s.active || s.complete || p.name != s.peer || c.ID == "" || c.ID == s.lacking {
		return
	}
	if codec.BodyHash(c.Data) != c.Sum {
		m.alarm(AlarmMalformed, p.name, 0, fmt.Sprintf("chunk %d of snapshot %s has a wrong checksum", c.Index, c.ID))
		return
	}
	if c.ID != s.id {
		if c.Index != 0 {
			if s.next != 0 { // the one begun is gone: start over under another id
				s.id, s.next, s.asked, s.early = "", 0, 0, nil
				m.askChunks(p)
			}
			return
		}
		s.id, s.next, s.early = c.ID, 0, nil
	}
	if c.Index > s.next && c.Index < s.next+2*chunksAhead && len(s.early) < 2*chunksAhead {
		s.early = append(s.early, c)
		return
	}
	m.takeChunk(p, c)
	for i := 0; i < len(s.early); i++ {
		if c := s.early[i]; c.Index <= s.next {
			s.early = slices.Delete(s.early, i, i+1)
			m.takeChunk(p, c)
			i = -1
		}
	}
}

// takeChunk passes on the chunk that is wanted next, and asks for more.
func (m *Machine) takeChunk(p *peer, c SnapshotChunk) {
	s := &m.sink
	if c.Index != s.next || s.complete {
		m.count.Dropped++
		return
	}
	if _, lacks := m.lacks(c.Vector); lacks {
		s.lacking = c.ID
		m.startOver()
		return
	}
	m.count.SnapshotBytes += uint64(len(c.Data))
	m.emit(InstallSnapshot{p.name, c.ID, c.Index, c.Data, c.Last, c.Vector})
	s.next++
	s.attempts, s.deadline = 0, m.now.Mono+max(chunkWait, 4*p.rtt())
	if c.Last {
		s.complete, s.vector = true, c.Vector
	} else if s.next+chunksAhead/2 >= s.asked {
		m.askChunks(p)
	}
}

// snapshotRefused looks elsewhere, a little later.
func (m *Machine) snapshotRefused(p *peer, r Refuse) {
	s := &m.sink
	if !s.active || s.complete || p.name != s.peer {
		return
	}
	if r.Reason == Broken {
		s.id, s.next, s.early = "", 0, nil
	}
	s.peer, s.deadline = "", m.now.Mono+snapshotRetry
}

// sinkProgressed ends the taking of a snapshot when its state is in place.
// What was handed over before is void: the snapshot replaced it.
func (m *Machine) sinkProgressed() {
	if !m.sink.complete || m.joining() {
		return
	}
	if _, lacks := m.missing(m.progress.Vector, m.sink.vector); lacks {
		return
	}
	m.sink, m.recent = sink{}, nil
	m.handed = m.progress.Vector.Clone()
	for _, o := range m.origins {
		m.drop(o)
		m.release(o, farAhead)
		if o.state == member.Closed {
			o.tail = max(o.tail, o.end)
		}
		o.pull, o.gap, o.arrived = pulling{}, false, m.now.Mono
	}
	m.assess.version++ // tells all peers in heartbeats that we have a state now
}

// onSnapshotRequest gives chunks of a snapshot to a member that needs one.
func (m *Machine) onSnapshotRequest(p *peer, r SnapshotRequest) {
	_, lacks := m.missing(m.progress.Vector, r.Need)
	if lacks || m.joining() || m.sink.active || m.progress.Members.StateOf(p.origin) != member.Joined {
		m.refuse(p, NotYet, p.origin, "what the snapshot must hold is not applied here yet")
		return
	}
	s := m.openSource(p, r)
	if s == nil {
		return
	}
	s.usedAt = m.now.Mono
	from := min(r.From, s.read) // a request before this one was lost
	if s.snapshot.ID() != r.ID {
		from = 0
	}
	if s.ended && from >= s.read {
		return // beyond the end, which the last chunk tells
	}
	for i := range min(r.Count, chunksAhead) {
		data, last, err := s.snapshot.Chunk(int(from + i))
		if err != nil {
			m.alarm(AlarmStore, p.name, 0, "reading a snapshot: "+err.Error())
			m.refuse(p, Broken, p.origin, "the snapshot could not be read")
			m.closeSources(func(x *source) bool { return x == s })
			return
		}
		s.read, s.ended = max(s.read, from+i+1), s.ended || last
		m.count.BytesSent += uint64(len(data))
		m.send(p, SnapshotChunk{s.snapshot.ID(), from + i, last, s.snapshot.Vector(), codec.BodyHash(data), data})
		if last {
			return
		}
	}
}

// openSource finds the snapshot asked for, or opens one.
func (m *Machine) openSource(p *peer, r SnapshotRequest) *source {
	for _, s := range m.sources {
		if s.peer == p.name && (s.snapshot.ID() == r.ID || r.ID == "" && r.From == 0 && s.snapshot.Vector().Dominates(r.Need)) {
			return s
		}
	}
	m.closeSources(func(s *source) bool { return s.peer == p.name })
	if len(m.sources) >= maxSnapshots {
		m.closeSources(func(s *source) bool { return m.now.Mono-s.usedAt >= snapshotYield })
	}
	if len(m.sources) >= maxSnapshots {
		m.refuse(p, Busy, p.origin, "two snapshots are being read already")
		return nil
	}
	snapshot, err := m.store.OpenSnapshot()
	if err != nil {
		m.alarm(AlarmStore, p.name, 0, "opening a snapshot: "+err.Error())
		m.refuse(p, Broken, p.origin, "no snapshot could be opened")
		return nil
	}
	m.count.SnapshotsGiven++
	s := &source{snapshot: snapshot, peer: p.name, origin: p.origin}
	m.sources = append(m.sources, s)
	return s
}

// closeSources closes the snapshots that are no longer wanted.
func (m *Machine) closeSources(unwanted func(*source) bool) {
	m.sources = slices.DeleteFunc(m.sources, func(s *source) bool {
		if !unwanted(s) {
			return false
		}
		if err := s.snapshot.Close(); err != nil {
			m.alarm(AlarmStore, s.peer, 0, "closing a snapshot: "+err.Error())
		}
		return true
	})
}

// Close gives back what the machine holds open.
func (m *Machine) Close() {
	m.closeSources(func(*source) bool { return true })
}
