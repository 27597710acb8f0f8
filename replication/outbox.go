package replication

import (
	"errors"
	"fmt"

	"github.com/selvedge-db/selvedge/clock"
)

// outgoing is how far a peer's stream of our own log is.
//
// Every rewind begins a generation, in which bytes are counted anew, so that
// what was lost or is still under way in an older one is no matter.
type outgoing struct {
	at         clock.Time // last entry sent
	generation uint32
	sent       uint64 // bytes in this generation
	consumed   uint64 // of them, as the peer said
	stuck      bool   // the log no longer holds what follows at
}

func (o *outgoing) rewind(to clock.Time) {
	*o = outgoing{at: to, generation: o.generation + 1}
}

func (o *outgoing) credit(c Credit) {
	if c.Generation == o.generation {
		o.consumed = max(o.consumed, min(c.Consumed, o.sent))
	}
}

func (o *outgoing) inFlight() uint64 { return o.sent - o.consumed }

// sent is a batch of the own log, kept because all peers want the same.
type sent struct {
	after, last clock.Time
	data        []byte
}

const recentBatches = 8

// readOwn reads the batch that follows in the own log.
func (m *Machine) readOwn(after clock.Time) (sent, error) {
	for i := len(m.recent) - 1; i >= 0; i-- {
		if m.recent[i].after == after {
			return m.recent[i], nil
		}
	}
	data, last, err := m.store.Read(m.cfg.Self, after, m.cfg.BatchBytes)
	if err != nil || len(data) == 0 {
		return sent{}, err
	}
	s := sent{after, last, data}
	if len(m.recent) < recentBatches {
		m.recent = append(m.recent, s)
	} else {
		copy(m.recent, m.recent[1:])
		m.recent[recentBatches-1] = s
	}
	return s, nil
}

// pump sends to every peer what follows in the own log, as far as its window
// is open. Only what Progress has shown to be durable is sent.
func (m *Machine) pump() {
	for _, p := range m.peers {
		if p.ready && !p.joining {
			m.pumpTo(p)
		}
	}
}

func (m *Machine) pumpTo(p *peer) {
	o := &p.out
	for o.at < m.progress.OwnEnd && !o.stuck && o.inFlight() < uint64(m.cfg.Window) {
		s, err := m.readOwn(o.at)
		if errors.Is(err, ErrTrimmed) {
			o.stuck = true
			m.refuse(p, Trimmed, m.cfg.Self, fmt.Sprintf("the log no longer holds what follows %s", o.at))
			return
		}
		if errors.Is(err, ErrUnlinked) {
			m.reject(Forked, p.name, fmt.Sprintf("%s holds an entry %s of this incarnation, which is not in its log", p.name, o.at))
			return
		}
		if err != nil {
			m.alarm(AlarmStore, p.name, m.cfg.Self, "reading the own log: "+err.Error())
			return
		}
		if len(s.data) == 0 || s.last <= o.at || s.last > m.progress.OwnEnd {
			return
		}
		m.send(p, Entries{Generation: o.generation, Sent: o.sent, Last: s.last, Batch: s.data})
		o.at = s.last
		o.sent += uint64(len(s.data))
		m.count.BytesSent += uint64(len(s.data))
	}
}

// onPull answers with durable entries. A pull of our own log sets the peer's
// stream back instead: what follows would have to be sent again anyway.
func (m *Machine) onPull(p *peer, pull Pull) {
	m.count.PullsServed++
	if pull.Origin == m.cfg.Self {
		if pull.After < p.out.at || p.out.stuck {
			p.out.rewind(pull.After)
			m.pumpTo(p)
		}
		return
	}
	upTo := min(pull.UpTo, m.progress.Vector.At(pull.Origin))
	if o := m.known(pull.Origin); o != nil && upTo == 0 {
		upTo = min(pull.UpTo, o.end) // closed: applied to its end, and out of the vector
	}
	after, left := pull.After, int(min(pull.Credit, pullCredit))
	for after < upTo && left > 0 {
		data, last, err := m.store.Read(pull.Origin, after, min(left, m.cfg.BatchBytes))
		if errors.Is(err, ErrTrimmed) {
			m.refuse(p, Trimmed, pull.Origin, fmt.Sprintf("the log no longer holds what follows %s", after))
			return
		}
		if err != nil {
			m.alarm(AlarmStore, p.name, pull.Origin, "reading a log: "+err.Error())
			return
		}
		if len(data) == 0 || last <= after {
			return
		}
		after, left = last, left-len(data)
		m.count.BytesSent += uint64(len(data))
		m.send(p, Entries{Pulled: true, Final: after >= upTo || left <= 0, Last: last, Batch: data})
	}
}
