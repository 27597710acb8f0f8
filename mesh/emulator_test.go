package mesh

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEmulatorDelay(t *testing.T) {
	t.Parallel()
	e := NewEmulator[string](1)
	e.Configure(LinkSettings{OneWay: 125}, 0)
	e.Push(1000, "a")
	e.Push(1001, "b")
	if due, ok := e.Next(); !ok || due != 1125 {
		t.Fatalf("first due at %v, %v", due, ok)
	}
	if _, ok := e.Pop(1124); ok {
		t.Fatal("delivered too early")
	}
	if got, ok := e.Pop(1125); !ok || got != "a" {
		t.Fatalf("popped %q, %v", got, ok)
	}
	if _, ok := e.Pop(1125); ok {
		t.Fatal("the second came with the first")
	}
	// The link gets faster: what comes later does not overtake.
	e.Configure(LinkSettings{}, 0)
	e.Push(1002, "c")
	for _, want := range []string{"b", "c"} {
		if got, ok := e.Pop(1126); !ok || got != want {
			t.Fatalf("popped %q, %v, want %q", got, ok, want)
		}
	}
	if _, ok := e.Next(); ok {
		t.Fatal("an empty link has a next item")
	}
}

func TestEmulatorCut(t *testing.T) {
	t.Parallel()
	e := NewEmulator[int](1)
	e.Configure(LinkSettings{OneWay: 1000}, 0)
	e.Push(0, 1)
	e.Push(0, 2)
	if n := e.Configure(LinkSettings{OneWay: 10, Cut: true}, 0); n != 2 || e.InFlight() != 0 {
		t.Fatalf("%d dropped, %d left", n, e.InFlight())
	}
	if e.Push(5, 3) {
		t.Fatal("a cut link took an item")
	}
	e.Configure(LinkSettings{OneWay: 10}, 0)
	e.Push(6, 4)
	if due, _ := e.Next(); due != 16 {
		t.Fatalf("the new stream waits for the dead one: due at %d", due)
	}
}

// With loss, nothing is lost, and the share of late items is about the loss.
func TestEmulatorLoss(t *testing.T) {
	t.Parallel()
	const n, gap, roundTrip = 20000, 10_000, 250
	e := NewEmulator[int](7)
	e.Configure(LinkSettings{OneWay: 100, LossPercent: 10}, roundTrip)
	late, twice := 0, 0
	for i := range n {
		now := time.Duration(i * gap) // far apart, so that no item waits for another
		e.Push(now, i)
		due, _ := e.Next()
		switch extra := due - now - 100; {
		case extra == 0:
		case extra%roundTrip != 0:
			t.Fatalf("item %d comes %v late, not a multiple of a round trip", i, extra)
		default:
			late++
			if extra >= 2*roundTrip {
				twice++
			}
		}
		if got, ok := e.Pop(due); !ok || got != i {
			t.Fatalf("item %d: got %d, %v", i, got, ok)
		}
	}
	if late < n*8/100 || late > n*12/100 || twice < n*5/1000 || twice > n*15/1000 {
		t.Errorf("%d late, %d of them twice, of %d at 10 %% loss", late, twice, n)
	}
}

// Whatever the settings and the schedule: order is kept, nothing is lost or repeated, nothing comes before its time, and
// equal seeds give equal times.
func TestEmulatorProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := NewEmulator[int](seed), NewEmulator[int](seed)
		var now time.Duration
		var earliest []time.Duration
		oneWay, pushed, popped := time.Duration(0), 0, 0
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				s := LinkSettings{
					OneWay:      time.Duration(rapid.IntRange(0, 300).Draw(t, "oneWay")),
					Jitter:      time.Duration(rapid.IntRange(0, 100).Draw(t, "jitter")),
					LossPercent: float64(rapid.IntRange(0, MaxLossPercent).Draw(t, "loss")),
				}
				a.Configure(s, 0)
				b.Configure(s, 0)
				oneWay = s.OneWay
			case 1, 2, 3:
				now += time.Duration(rapid.IntRange(0, 200).Draw(t, "pass"))
			default:
				if !a.Push(now, pushed) || !b.Push(now, pushed) {
					t.Fatal("an open link refused an item")
				}
				earliest = append(earliest, now+oneWay)
				pushed++
			}
			for {
				item, ok := a.Pop(now)
				if other, same := b.Pop(now); other != item || same != ok {
					t.Fatal("equal seeds, different times")
				}
				if !ok {
					break
				}
				if item != popped || now < earliest[item] {
					t.Fatalf("item %d popped at %v instead of %d, not before %v", item, now, popped, earliest[popped])
				}
				popped++
			}
			if a.InFlight() != pushed-popped {
				t.Fatalf("%d in flight, want %d", a.InFlight(), pushed-popped)
			}
		}
		for {
			due, ok := a.Next()
			if !ok {
				break
			}
			if item, ok := a.Pop(due); !ok || item != popped {
				t.Fatalf("drained %d, %v, want %d", item, ok, popped)
			}
			popped++
		}
		if popped != pushed {
			t.Fatalf("%d pushed, %d came", pushed, popped)
		}
	})
}
