package replication_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/replication"
)

func samples() []replication.Message {
	v := clock.VectorOf(clock.Row{Origin: 1, Time: 1 << 40}, clock.Row{Origin: 65537, Time: 1<<40 + 5})
	return []replication.Message{
		replication.Hello{
			Protocol: 1, Feature: 3, Location: "fra", Fabric: "f1", Origin: 65537, Joining: true, Start: 1 << 63, Echo: 7, Count: 2,
			Wall: 1_700_000_000_000, Vector: v, End: 1<<40 + 5, Chain: 99, KnownOf: 7, Known: 12, KnownChain: 13,
		},
		replication.Entries{Pulled: true, Final: true, Generation: 4, Sent: 1 << 40, Last: 77, Batch: []byte("batch")},
		replication.Heartbeat{Vector: v, Vouched: 1 << 41, End: 5, Wall: -3, Mono: 12, Echo: -1, Held: 4, Credit: replication.Credit{Generation: 1, Consumed: 2}, Joining: true, Deaf: []clock.Origin{2, 65537}},
		replication.Said{Origin: 2, Vouched: 3, End: 4, Vector: v},
		replication.Pull{Origin: 3, After: 4, UpTo: 5, Credit: 6},
		replication.Credit{Generation: 9, Consumed: 1 << 50},
		replication.SnapshotRequest{ID: "s", From: 1, Count: 4, Need: v},
		replication.SnapshotChunk{ID: "s", Index: 3, Last: true, Vector: v, Sum: 8, Data: []byte{1, 2, 3}},
		replication.EvictReport{After: 1, Ends: []clock.Row{{Origin: 2, Time: 7}}, Origin: 4},
		replication.EvictReport{After: 1, Ends: []clock.Row{{Origin: 2, Time: 0}, {Origin: 3, Time: 9}}},
		replication.Refuse{Reason: replication.Forked, Origin: 3, Text: "no"},
	}
}

func TestMessagesRoundTrip(t *testing.T) {
	t.Parallel()
	for _, m := range samples() {
		got, err := replication.Decode(m.Append(nil))
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v came back as %+v: %v", m, got, err)
		}
	}
}

// An idle heartbeat of ten locations must stay small: it goes to nine peers.
func TestHeartbeatSize(t *testing.T) {
	t.Parallel()
	var v clock.Vector
	for o := range clock.Origin(10) {
		v.Raise(o+1, clock.TimeOf(1_700_000_000_000+int64(o)*100))
	}
	h := replication.Heartbeat{Vector: v, Vouched: v.Newest(), End: v.At(1), Wall: 1_700_000_000_000, Mono: 1 << 30, Echo: 1 << 30}
	if n := len(h.Append(nil)); n > 100 {
		t.Fatalf("%d bytes", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range samples() {
		f.Add(m.Append(nil))
	}
	f.Add([]byte{1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := replication.Decode(data)
		if err != nil {
			return
		}
		once := m.Append(nil)
		again, err := replication.Decode(once)
		if err != nil || !bytes.Equal(again.Append(nil), once) {
			t.Fatalf("%+v is not stable: %+v, %v", m, again, err)
		}
	})
}
