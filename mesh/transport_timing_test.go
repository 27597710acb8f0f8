package mesh

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// sink counts bytes and tells when there are enough.
type sink struct {
	got  atomic.Int64
	want atomic.Int64
	full chan struct{}
}

func (s *sink) OnUp(PeerInfo)        {}
func (s *sink) OnDown(string, error) {}

func (s *sink) OnFrame(_ string, f Frame) {
	if s.got.Add(int64(len(f.Payload))) == s.want.Load() {
		s.full <- struct{}{}
	}
}

func benchPair(b *testing.B) (*Transport, *sink) {
	b.Helper()
	authority, err := testAuthority()
	if err != nil {
		b.Fatal(err)
	}
	s := &sink{full: make(chan struct{}, 1)}
	var pair [2]*Transport
	for i, name := range []string{"a", "b"} {
		id, err := authority.Identity(name)
		if err != nil {
			b.Fatal(err)
		}
		if pair[i], err = New(Config{Name: name, Identity: id, Env: env.Real(), Handler: s}); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = pair[i].Close(context.Background()) })
	}
	addr, err := pair[1].Listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	if err := pair[0].SetPeers([]Peer{{"b", addr.String()}}); err != nil {
		b.Fatal(err)
	}
	if err := pair[0].WaitUp(context.Background(), "b"); err != nil {
		b.Fatal(err)
	}
	return pair[0], s
}

// BenchmarkStream sends frames one way over loopback with TLS, of bytes that do not compress.
func BenchmarkStream(b *testing.B) {
	for _, size := range []int{700, 64 << 10, 256 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			tr, s := benchPair(b)
			payload := noise(size)
			s.want.Store(int64(b.N) * int64(size))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				for tr.Send("b", Frame{"fabric", Entries, payload}) != nil {
					// Full: the sender of entries goes by credit and would wait here.
					_ = tr.cfg.Env.Clock.Monotonic()
				}
			}
			<-s.full
		})
	}
}

// BenchmarkEmulator pushes and pops on a link of 125 ms.
func BenchmarkEmulator(b *testing.B) {
	e := NewEmulator[int](1)
	e.Configure(LinkSettings{OneWay: 125, Jitter: 10, LossPercent: 1}, 250)
	b.ReportAllocs()
	for i := range b.N {
		now := time.Duration(i)
		e.Push(now, i)
		if due, ok := e.Next(); ok && e.InFlight() > 100 {
			e.Pop(due)
		}
	}
}
