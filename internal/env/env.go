// Package env holds the seams between Selvedge and the machine: time,
// randomness and the network as small interfaces, with the real ones behind
// Real. The disk is in the folder disk.
//
// # Guarantees
//
// Code that gets these handed in can run in virtual time and on a virtual
// network, deterministically from a seed. Nothing outside this folder, the
// commands and the tests may call the machine itself; a lint test enforces it.
//
// # What it does not give
//
// No fake clock: the simulator brings its own, and tests of goroutines use
// testing/synctest, under which the real clock runs in virtual time.
//
// # Units
//
// Wall time is in milliseconds since 1970 UTC and may jump both ways.
// Monotonic time is a duration since an arbitrary start and never goes back.
package env

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// Clock tells the time and wakes sleepers.
type Clock interface {
	WallMs() int64
	Monotonic() time.Duration
	// Timer fires once on C after d, unless it is stopped before.
	Timer(d time.Duration) Timer
}

// Timer is one coming wake-up.
type Timer interface {
	C() <-chan time.Time
	// Stop returns false when the timer has fired or was stopped before.
	Stop() bool
	// Reset arms the timer anew; a wake-up not yet received is dropped.
	Reset(d time.Duration)
}

// Rand gives uniformly random bits. It may be used from many goroutines.
type Rand interface {
	Uint64() uint64
}

// Net listens and dials.
type Net interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Env is the machine as one location sees it.
type Env struct {
	Clock Clock
	Rand  Rand
	Net   Net
}

// Real returns the machine itself.
func Real() Env {
	return Env{Clock: RealClock(), Rand: secureRand{}, Net: realNet{}}
}

// Offset returns a clock whose wall time is ahead of c by ms, behind when ms
// is negative. It exists to test what wrong clocks do.
func Offset(c Clock, ms int64) Clock { return offsetClock{c, ms} }

type offsetClock struct {
	Clock
	ms int64
}

func (c offsetClock) WallMs() int64 { return c.Clock.WallMs() + c.ms }

// Sleep waits for d, or until ctx ends and then returns its error.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	t := c.Timer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// secureRand is fit for keys and tokens.
type secureRand struct{}

func (secureRand) Uint64() uint64 {
	var b [8]byte
	// Read of crypto/rand never fails: it ends the process instead.
	_, _ = rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// Seeded returns a generator that gives the same numbers for the same seed.
// It is splitmix64 by Steele, Lea and Flood: fast and even, not for secrets.
func Seeded(seed uint64) Rand { return &seeded{state: seed} }

type seeded struct {
	mu    sync.Mutex
	state uint64
}

func (r *seeded) Uint64() uint64 {
	r.mu.Lock()
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	r.mu.Unlock()
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Below returns an even number in [0, n); 0 when n is 0.
func Below(r Rand, n uint64) uint64 {
	if n == 0 {
		return 0
	}
	// Numbers below -n mod n would make the first remainders likelier.
	for unfair := -n % n; ; {
		if x := r.Uint64(); x >= unfair {
			return x % n
		}
	}
}

// Float returns an even number in [0, 1).
func Float(r Rand) float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// Bytes returns n random bytes.
func Bytes(r Rand, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

type realNet struct{}

func (realNet) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var c net.ListenConfig
	return c.Listen(ctx, network, address)
}

func (realNet) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}
