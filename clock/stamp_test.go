package clock_test

import (
	"cmp"
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/clock"
)

func times() *rapid.Generator[clock.Time] {
	return rapid.Map(rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 5)), func(v uint64) clock.Time { return clock.Time(v) })
}

func stamps() *rapid.Generator[clock.Stamp] {
	return rapid.Custom(func(t *rapid.T) clock.Stamp {
		return clock.Stamp{Time: times().Draw(t, "time"), Origin: clock.Origin(rapid.Uint32().Draw(t, "origin"))}
	})
}

func TestTimeParts(t *testing.T) {
	t.Parallel()
	x := clock.TimeOf(1_700_000_000_123) + 7
	if x.Millis() != 1_700_000_000_123 || x.Count() != 7 {
		t.Fatalf("parts of %s: %d ms, count %d", x, x.Millis(), x.Count())
	}
	for _, c := range []struct {
		ms   int64
		want clock.Time
	}{{-1, 0}, {0, 0}, {1, 1 << 16}, {1 << 48, clock.MaxTime}, {1<<63 - 1, clock.MaxTime}} {
		if got := clock.TimeOf(c.ms); got != c.want {
			t.Errorf("TimeOf(%d) = %s, want %s", c.ms, got, c.want)
		}
	}
	if clock.MaxTime.Next() != clock.MaxTime || clock.Time(0xffff).Next() != 1<<16 {
		t.Error("Next does not carry or does not stop")
	}
}

func TestTimePlusStaysWithinTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    clock.Time
		ms   int64
		want clock.Time
	}{
		{5 << 16, 1, 6 << 16}, {5<<16 | 3, -2, 3<<16 | 3}, {5 << 16, -6, 0}, {5, -1 << 63, 0},
		{clock.MaxTime - 1, 1, clock.MaxTime}, {5, 1<<63 - 1, clock.MaxTime},
	} {
		if got := c.t.Plus(c.ms); got != c.want {
			t.Errorf("%s.Plus(%d) = %s, want %s", c.t, c.ms, got, c.want)
		}
	}
}

func TestTextRoundTripsAndSorts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := stamps().Draw(t, "a"), stamps().Draw(t, "b")
		back, err := clock.ParseStamp(a.String())
		if err != nil || back != a {
			t.Fatalf("%s read as %s, %v", a, back, err)
		}
		if cmp.Compare(a.String(), b.String()) != a.Compare(b) {
			t.Fatalf("texts %s and %s do not sort as stamps do", a, b)
		}
		if a.Less(b) != (a.Compare(b) < 0) {
			t.Fatalf("Less and Compare disagree on %s and %s", a, b)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	long := string(make([]byte, 1000))
	for _, s := range []string{"", "0", "00000000000000gg-00000001", "00000000000000FF-00000001",
		"0000000000000001_00000001", "0000000000000001-0000001", "0000000000000001-000000010", long} {
		if st, err := clock.ParseStamp(s); err == nil {
			t.Errorf("stamp %q was read as %s", s, st)
		} else if len(err.Error()) > 300 {
			t.Errorf("error of %d bytes", len(err.Error()))
		}
	}
	if _, err := clock.ParseTime("1"); err == nil {
		t.Error("a short time was read")
	}
	if _, err := clock.ParseOrigin("1"); err == nil {
		t.Error("a short origin was read")
	}
}

func TestOriginParts(t *testing.T) {
	t.Parallel()
	o := clock.OriginOf(3, 17)
	if o.Epoch() != 3 || o.Ordinal() != 17 || o.String() != "00030011" {
		t.Fatalf("origin %s has epoch %d, ordinal %d", o, o.Epoch(), o.Ordinal())
	}
}
