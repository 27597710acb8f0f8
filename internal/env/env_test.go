package env_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

func TestSeededIsAFunctionOfTheSeed(t *testing.T) {
	t.Parallel()
	a, b, c := env.Seeded(1), env.Seeded(1), env.Seeded(2)
	same := 0
	for range 100 {
		x := a.Uint64()
		if x != b.Uint64() {
			t.Fatal("two generators with one seed differ")
		}
		if x == c.Uint64() {
			same++
		}
	}
	if same > 0 {
		t.Errorf("two seeds agree on %d numbers of 100", same)
	}
	// First numbers of splitmix64 for seed 1234567, from the authors' program.
	r := env.Seeded(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := r.Uint64(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	r := env.Seeded(7)
	var seen [5]int
	for range 5000 {
		seen[env.Below(r, 5)]++
	}
	for n, count := range seen {
		if count < 850 || count > 1150 {
			t.Errorf("%d came %d times of 5000", n, count)
		}
	}
	if env.Below(r, 0) != 0 || env.Below(r, 1) != 0 {
		t.Error("a range without choice gives something else than 0")
	}
	for range 1000 {
		if f := env.Float(r); f < 0 || f >= 1 {
			t.Fatalf("float %v is out of [0, 1)", f)
		}
	}
	for n := range 20 {
		if got := len(env.Bytes(r, n)); got != n {
			t.Errorf("%d bytes asked, %d given", n, got)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := env.Real().Clock
		ahead := env.Offset(c, 3_600_000)
		wall, mono := c.WallMs(), c.Monotonic()
		if err := env.Sleep(t.Context(), ahead, time.Minute); err != nil {
			t.Fatal(err)
		}
		if d := c.WallMs() - wall; d != 60_000 {
			t.Errorf("wall time went on by %d ms, want 60000", d)
		}
		if d := c.Monotonic() - mono; d != time.Minute {
			t.Errorf("monotonic time went on by %v, want 1m", d)
		}
		if d := ahead.WallMs() - c.WallMs(); d != 3_600_000 {
			t.Errorf("the offset clock is ahead by %d ms", d)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := env.Sleep(ctx, c, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("sleep with a cancelled context: %v", err)
		}
		timer := c.Timer(time.Hour)
		timer.Reset(time.Second)
		<-timer.C()
		if timer.Stop() {
			t.Error("a fired timer could be stopped")
		}
	})
}

func TestNet(t *testing.T) {
	t.Parallel()
	n := env.Real().Net
	l, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := n.Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
