package replication_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/replication"
)

// canned is a store with one long log, coded once, so that the machine alone
// is measured.
type canned struct {
	progress replication.Progress
	batches  [][]byte
	lasts    []clock.Time
	chains   map[clock.Time]uint32
}

func (c *canned) Progress() replication.Progress { return c.progress }
func (c *canned) Read(_ clock.Origin, after clock.Time, _ int) ([]byte, clock.Time, error) {
	for i, last := range c.lasts {
		if last > after {
			return c.batches[i], last, nil
		}
	}
	return nil, 0, nil
}
func (c *canned) Past(clock.Origin, clock.Time) (codec.Past, error) { return codec.Past{}, nil }
func (c *canned) ChainAt(_ clock.Origin, at clock.Time) (uint32, bool) {
	return c.chains[at], true
}
func (c *canned) OpenSnapshot() (replication.SnapshotSource, error) {
	return nil, replication.ErrAbsent
}

const (
	perBatch = 360 // entries of 700 bytes in 256 KiB
	batches  = 16
)

// longLog is a log of origin 2 with entries of 700 bytes that begin with fill.
func longLog(tb testing.TB, fill byte) *canned {
	c := &canned{chains: map[clock.Time]uint32{}}
	body := make([]byte, 700)
	body[0] = fill
	at, prev, chain := clock.TimeOf(wallStart), clock.Time(0), uint32(0)
	for range batches {
		var records []codec.LogRecord
		after := prev
		for range perBatch {
			at++
			chain = codec.ChainNext(chain, at, codec.BodyHash(body))
			e := codec.Entry{Stamp: clock.Stamp{Time: at, Origin: 2}, Prev: prev, Chain: chain, Body: body}
			records = append(records, codec.LogRecord{Time: at, Data: codec.AppendLogRecord(nil, &e, codec.Past{}, false)})
			prev = at
			c.chains[at] = chain
		}
		data, err := codec.AppendBatch(nil, 2, after, records)
		if err != nil {
			tb.Fatal(err)
		}
		c.batches, c.lasts = append(c.batches, data), append(c.lasts, prev)
	}
	return c
}

func twoMembers(tb testing.TB) member.Table {
	t, err := member.Table{}.Apply(member.Change{Kind: member.Create, Origin: 1, Fabric: "f", Name: "a"}, clock.Stamp{Time: 1, Origin: 1})
	if err != nil {
		tb.Fatal(err)
	}
	t, err = t.Apply(member.Change{Kind: member.Join, Origin: 2, Name: "b"}, clock.Stamp{Time: 2, Origin: 1})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// machineWithPeer is a machine of origin self that has greeted its one peer.
func machineWithPeer(self, other clock.Origin, name, peer string, s replication.Store, v clock.Vector) *replication.Machine {
	now := replication.Instant{Mono: 1, Wall: wallStart + 1000}
	m := replication.New(replication.Config{Fabric: "f", Location: name, Self: self, Start: 1}, s, now)
	m.PeerUp(now, peer)
	m.Receive(now, peer, replication.Hello{Protocol: replication.Protocol, Location: peer, Fabric: "f", Origin: other, Start: 2, Echo: 1, Count: 1, Vector: v})
	m.Effects()
	return m
}

// BenchmarkReceive takes in a log and hands it over: one operation is one
// entry of 700 bytes.
func BenchmarkReceive(b *testing.B) {
	log := longLog(b, 1)
	table := twoMembers(b)
	b.SetBytes(700)
	b.ReportAllocs()
	now := replication.Instant{Mono: 2, Wall: wallStart + 1000}
	var m *replication.Machine
	p := replication.Progress{Self: 1, Vector: clock.Vector{{Origin: 1, Time: 1}}, OwnEnd: 1, Members: table}
	k, sent := batches, uint64(0)
	for done := 0; done < b.N; done += perBatch {
		if k == batches {
			b.StopTimer()
			m, k, sent = machineWithPeer(1, 2, "a", "b", &canned{progress: p, chains: log.chains}, nil), 0, 0
			b.StartTimer()
		}
		m.Receive(now, "b", replication.Entries{Generation: 1, Sent: sent, Last: log.lasts[k], Batch: log.batches[k]})
		durable := p
		durable.Vector = clock.Vector{{Origin: 1, Time: 1}, {Origin: 2, Time: log.lasts[k]}}
		m.Progressed(now, durable)
		m.Effects()
		sent += uint64(len(log.batches[k]))
		k++
	}
	if st := m.Status(); st.Counters.EntriesApplied != uint64(k*perBatch) {
		b.Fatalf("%d entries were applied, want %d", st.Counters.EntriesApplied, k*perBatch)
	}
}

// BenchmarkSend follows the own log for one peer that consumes at once.
func BenchmarkSend(b *testing.B) {
	log := longLog(b, 1)
	end := log.lasts[batches-1]
	log.progress = replication.Progress{Self: 2, Vector: clock.Vector{{Origin: 2, Time: end}}, OwnEnd: end, Members: twoMembers(b)}
	b.SetBytes(700)
	b.ReportAllocs()
	now := replication.Instant{Mono: 2, Wall: wallStart + 1000}
	for done := 0; done < b.N; {
		b.StopTimer()
		m := machineWithPeer(2, 1, "b", "a", log, clock.Vector{{Origin: 2, Time: end}})
		b.StartTimer()
		m.Receive(now, "a", replication.Pull{Origin: 2}) // from the beginning
		for _, e := range m.Effects() {
			if s, ok := e.(replication.Send); ok {
				if _, ok := s.Message.(replication.Entries); ok {
					done += perBatch
				}
			}
		}
	}
}

// BenchmarkIdle is what one fabric with nine peers costs while nothing
// happens: one operation is one second of ticks and heartbeats.
func BenchmarkIdle(b *testing.B) {
	w := newWorld(b, 1, network{delay: 1}, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
	w.quiesce()
	b.ReportAllocs()
	a := w.site("a")
	for b.Loop() {
		for end := w.now + 1000; w.now < end; w.now = max(a.machine.NextWake(), w.now+1) {
			a.machine.Tick(w.instant(a))
			a.machine.Effects()
		}
	}
}
