package replication

import (
	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// Counters count since the start of the process.
type Counters struct {
	EntriesReceived uint64
	EntriesApplied  uint64
	BytesReceived   uint64
	BytesSent       uint64
	Repeats         uint64 // batches that were here already
	Dropped         uint64 // messages that could not be used when they came
	Overflows       uint64 // batches dropped for want of room
	PullsSent       uint64
	PullsServed     uint64
	Heartbeats      uint64
	SnapshotsTaken  uint64
	SnapshotsGiven  uint64
	SnapshotBytes   uint64
	Refusals        uint64
	Alarms          uint64
}

// Status is what the machine knows, for people and metrics.
type Status struct {
	Self      clock.Origin
	Joining   bool // taking a snapshot, cannot serve or write
	Rejected  Reason
	Stable    clock.Vector
	Watermark clock.Time
	Feature   uint32 // what every counted member knows; zero while one was never heard
	Waiting   int    // bytes of entries that wait
	Peers     []PeerStatus
	Waits     []Wait
	Counters  Counters
}

// PeerStatus is how far apart this location and a peer are.
type PeerStatus struct {
	Name      string
	Origin    clock.Origin
	Connected bool
	Refused   Reason // what the peer was told, none when all is well
	Joining   bool
	RTT       int64      // milliseconds; zero when it is not measured
	Offset    int64      // milliseconds that its clock is ahead of ours
	Silent    int64      // milliseconds since it was last heard, -1 when never
	Applied   clock.Time // of our own log, durable at the peer as it last said
	InFlight  uint64
	LagBytes  int // bytes of its log that wait here
	Lag       int // entries of its log that wait here
}

// Wait is an origin whose next entry cannot be applied.
type Wait struct {
	Origin  clock.Origin
	Entry   clock.Time
	Reason  string
	Needs   clock.Row // for a dependency
	Millis  int64
	Entries int // that wait behind it, itself included
	Pulling string
}

var whyNames = [...]string{"free", "dependency", "future-stamp", "evicted", "system", "join"}

// Status tells how things stand.
func (m *Machine) Status() Status {
	s := Status{
		Self: m.cfg.Self, Joining: m.joining() || m.sink.active, Rejected: m.rejected.Reason,
		Stable: m.assess.stable, Watermark: m.assess.watermark, Feature: m.featureLevel(),
		Waiting: m.waiting, Counters: m.count,
	}
	for _, p := range m.peers {
		s.Peers = append(s.Peers, m.peerStatus(p))
	}
	for _, o := range m.origins {
		if len(o.queue) == 0 {
			continue
		}
		entries, _ := o.queued()
		w := Wait{
			Origin: o.id, Entry: o.queue[0].head().Stamp.Time, Reason: whyNames[o.block.why],
			Needs: o.block.row, Millis: m.now.Mono - o.block.since, Entries: entries,
		}
		if d := m.known(o.block.row.Origin); d != nil && d.pull.active {
			w.Pulling = d.pull.peer
		}
		s.Waits = append(s.Waits, w)
	}
	return s
}

// queued counts what waits of an origin.
func (o *origin) queued() (entries, bytes int) {
	for _, l := range o.queue {
		entries += len(l.entries) - l.next
		bytes += l.bytes
	}
	return entries, bytes
}

func (m *Machine) peerStatus(p *peer) PeerStatus {
	s := PeerStatus{
		Name: p.name, Origin: p.origin, Connected: p.ready, Refused: p.refused, Joining: p.joining,
		RTT: p.heard.rtt, Offset: p.heard.offset, Silent: -1, InFlight: p.out.inFlight(),
	}
	if p.heard.at != 0 {
		s.Silent = m.now.Mono - p.heard.at
	}
	s.Applied = p.heard.vector.At(m.cfg.Self)
	if o := m.known(p.origin); o != nil {
		s.Lag, s.LagBytes = o.queued()
	}
	return s
}

func (m *Machine) featureLevel() uint32 {
	level := m.cfg.Feature
	for _, o := range m.origins {
		if o.id == m.cfg.Self || o.state != member.Joined && o.state != member.Evicting {
			continue
		}
		known := uint32(0)
		for _, p := range m.peers {
			if p.origin == o.id {
				known = p.feature
			}
		}
		level = min(level, known)
	}
	return level
}
