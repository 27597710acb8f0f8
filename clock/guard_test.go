package clock_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
)

func TestGuardVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		peers []int64
		want  clock.Verdict
	}{
		{"alone", nil, clock.OK},
		{"two, the peer is ahead: it has to give way", []int64{5000}, clock.OK},
		{"two, the peer is behind: we have to", []int64{-5000}, clock.Ahead},
		{"three, one peer is wrong", []int64{-9000, 10}, clock.OK},
		{"three, we are ahead", []int64{-2001, -2500}, clock.Ahead},
		{"three, at the limit", []int64{-2000, -2500}, clock.OK},
		{"three, we are behind", []int64{2001, 2500}, clock.Behind},
		{"four, two and two: the lower ones are believed", []int64{0, -5000, -5000}, clock.Ahead},
		{"five, a wrong minority on both sides", []int64{-9000, 9000, 3, -3}, clock.OK},
		{"values beyond all reason", []int64{-1 << 63, 1<<63 - 1}, clock.OK},
		{"all beyond all reason", []int64{-1 << 63, -1 << 63}, clock.Ahead},
	} {
		g := clock.NewGuard(0)
		for i, p := range c.peers {
			g.Heard(string(rune('a'+i)), 777)
			g.Heard(string(rune('a'+i)), p)
		}
		if got := g.Verdict(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if c.want.RefusesWrites() != (c.want == clock.Ahead) {
			t.Errorf("%s: RefusesWrites is %v", c.want, c.want.RefusesWrites())
		}
		for i := range c.peers {
			g.Forget(string(rune('a' + i)))
		}
		if got := g.Verdict(); got != clock.OK {
			t.Errorf("%s: %s after all are forgotten", c.name, got)
		}
	}
}

func TestGuardSeesJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []int64{2001, -2001, 1 << 40} {
		g := clock.NewGuard(2000)
		g.Check(50_000, 100)
		if v := g.Check(50_001+jump, 101); v != clock.Jumped || !v.RefusesWrites() {
			t.Fatalf("jump by %d: %s", jump, v)
		}
		if v := g.Check(60_000+jump, 10_100); v != clock.Jumped || g.Drift() != jump {
			t.Fatalf("a jump by %d was forgotten: %s, drift %d", jump, v, g.Drift())
		}
		g.Accept(60_000+jump, 10_100)
		if v := g.Check(61_000+jump, 11_100); v != clock.OK || g.Drift() != 0 {
			t.Fatalf("after Accept: %s, drift %d", v, g.Drift())
		}
	}
}

// TestGuardAllowsSlewing lets a clock that is wrong by a minute be slewed to
// the right time, as time daemons do, with frequent checks.
func TestGuardAllowsSlewing(t *testing.T) {
	t.Parallel()
	g := clock.NewGuard(2000)
	wall := int64(1_000_000)
	for mono := int64(0); mono < 1_000_000; mono += 3 {
		if wall += 3; mono%36 == 0 {
			wall += 3 // a twelfth faster
		}
		if v := g.Check(wall, mono); v != clock.OK {
			t.Fatalf("after %d ms: %s, drift %d", mono, v, g.Drift())
		}
	}
}

// TestGuardAddsUpSmallJumps takes jumps that are each below the limit.
func TestGuardAddsUpSmallJumps(t *testing.T) {
	t.Parallel()
	g := clock.NewGuard(2000)
	wall := int64(1_000_000)
	for i := int64(0); i < 4; i++ {
		v := g.Check(wall, i*100)
		if i < 3 && v != clock.OK || i == 3 && v != clock.Jumped {
			t.Fatalf("jump %d: %s, drift %d", i, v, g.Drift())
		}
		wall += 900
	}
}

func TestFutureStamp(t *testing.T) {
	t.Parallel()
	g := clock.NewGuard(2000)
	const wall = 1_000_000
	at := func(ms int64) clock.Time { return clock.TimeOf(wall+ms) + 0xffff }
	if g.FutureStamp(at(2000), wall) || !g.FutureStamp(at(2001), wall) {
		t.Error("alone, the limit is not 2000 ms")
	}
	g.Heard("a", 5000)
	g.Heard("b", 6000)
	if g.FutureStamp(at(7000), wall) || !g.FutureStamp(at(7001), wall) {
		t.Error("with a late clock, the limit is not 2000 ms from the median")
	}
	g.Heard("a", -5000)
	g.Heard("b", -6000)
	if g.FutureStamp(at(2000), wall) || !g.FutureStamp(at(2001), wall) {
		t.Error("with an early clock, the limit is not 2000 ms from it")
	}
	if !g.FutureStamp(clock.MaxTime, wall) {
		t.Error("the last time is not in the future")
	}
}
