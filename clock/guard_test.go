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
		g.Heard("a", 0)
		g.Check(50_000, 100)
		if v := g.Check(50_001+jump, 101); v != clock.Jumped || !v.RefusesWrites() {
			t.Fatalf("jump by %d: %s", jump, v)
		}
		if v := g.Check(60_000+jump, 10_100); v != clock.Jumped {
			t.Fatalf("a jump by %d was forgotten: %s", jump, v)
		}
		if v := g.Check(61_000, 11_100); v != clock.OK {
			t.Fatalf("a jump by %d was taken back: %s", jump, v)
		}
		if v := g.Check(61_001+jump, 11_101); v != clock.Jumped {
			t.Fatalf("another jump by %d: %s", jump, v)
		}
	}
}

// TestGuardForgivesJumpsThatPeersConfirm has a machine that was suspended: its
// wall clock is right, and what it heard before says that it is not.
func TestGuardForgivesJumpsThatPeersConfirm(t *testing.T) {
	t.Parallel()
	g := clock.NewGuard(2000)
	const slept = 3_600_000
	for _, peer := range []string{"a", "b", "c"} {
		g.Heard(peer, 0)
	}
	g.Check(50_000, 0)
	if v := g.Check(50_000+slept, 1); v != clock.Jumped {
		t.Fatalf("after the sleep: %s", v)
	}
	g.Heard("a", 10)
	if v := g.Check(50_001+slept, 2); v != clock.Jumped {
		t.Fatalf("one of three confirms it: %s", v)
	}
	g.Heard("b", slept)
	if v := g.Check(50_002+slept, 3); v != clock.Jumped {
		t.Fatalf("one confirms it, one does not: %s", v)
	}
	// What confirmed one time does not confirm another.
	if v := g.Check(90_000+slept, 4); v != clock.Jumped {
		t.Fatalf("after another jump: %s", v)
	}
	g.Heard("c", -10)
	if v := g.Check(90_001+slept, 5); v != clock.Jumped {
		t.Fatalf("one of three confirms the other time: %s", v)
	}
	g.Heard("b", 1000)
	if v := g.Check(90_002+slept, 6); v != clock.OK {
		t.Fatalf("two of three confirm it: %s", v)
	}
	if v := g.Check(50_006, 7); v != clock.Jumped {
		t.Fatalf("back to before the sleep: %s", v)
	}
}

func TestGuardRetainsWhoIsLeft(t *testing.T) {
	t.Parallel()
	g := clock.NewGuard(2000)
	for _, peer := range []string{"a", "b", "c"} {
		g.Heard(peer, -5000)
	}
	g.Heard("d", 100)
	if v := g.Verdict(); v != clock.Ahead {
		t.Fatalf("three of four are late: %s", v)
	}
	g.Retain(func(peer string) bool { return peer == "d" })
	if _, known := g.Offset("a"); known || g.Verdict() != clock.OK {
		t.Fatalf("a location that has left is known: %v, %s", known, g.Verdict())
	}
	if ms, known := g.Offset("d"); !known || ms != 100 {
		t.Fatalf("d: %d, known %v", ms, known)
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
			t.Fatalf("after %d ms: %s", mono, v)
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
			t.Fatalf("jump %d: %s", i, v)
		}
		wall += 900
	}
}

func TestFutureStamp(t *testing.T) {
	t.Parallel()
	const wall = 1_000_000
	at := func(ms int64) clock.Time { return clock.TimeOf(wall+ms) + 0xffff }
	for _, lead := range []int64{0, 5000, -5000} {
		if clock.FutureStamp(at(lead+2000), wall, lead, 2000) || !clock.FutureStamp(at(lead+2001), wall, lead, 2000) {
			t.Errorf("with a lead of %d ms, the limit is not 2000 ms from it", lead)
		}
	}
	if !clock.FutureStamp(clock.MaxTime, 1<<60, 0, 2000) {
		t.Error("the last time is not in the future")
	}
}
