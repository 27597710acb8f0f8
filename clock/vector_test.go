package clock_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/selvedge-db/selvedge/clock"
)

// naive is a vector as a plain map: what every method is checked against.
type naive map[clock.Origin]clock.Time

func (n naive) vector() clock.Vector {
	var rows []clock.Row
	for o, t := range n {
		rows = append(rows, clock.Row{Origin: o, Time: t})
	}
	return clock.VectorOf(rows...)
}

func naives() *rapid.Generator[naive] {
	return rapid.Custom(func(t *rapid.T) naive {
		m := rapid.MapOfN(rapid.Uint32Range(1, 8), rapid.Uint64Range(1, 4), 0, 8).Draw(t, "rows")
		n := naive{}
		for o, x := range m {
			n[clock.Origin(o)] = clock.Time(x)
		}
		return n
	})
}

func wellFormed(t *rapid.T, v clock.Vector) {
	t.Helper()
	for i, r := range v {
		if r.Time == 0 || r.Origin == 0 || i > 0 && v[i-1].Origin >= r.Origin {
			t.Fatalf("vector %s is not sorted or has zeros", v)
		}
	}
}

func TestVectorAgreesWithMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := naives().Draw(t, "a"), naives().Draw(t, "b")
		v, w := a.vector(), b.vector()
		keepV, keepW := v.Clone(), w.Clone()
		high, low, dominates := naive{}, naive{}, true
		for o := clock.Origin(0); o < 10; o++ {
			if v.At(o) != a[o] {
				t.Fatalf("At(%s) = %s, want %s", o, v.At(o), a[o])
			}
			if x := max(a[o], b[o]); x > 0 {
				high[o] = x
			}
			if x := min(a[o], b[o]); x > 0 {
				low[o] = x
			}
			dominates = dominates && a[o] >= b[o]
		}
		same(t, "Max", v.Max(w), high)
		same(t, "Min", v.Min(w), low)
		same(t, "MinOf", clock.MinOf(v, w, v), low)
		same(t, "Patch(Diff)", w.Patch(v.Diff(w)), a)
		if v.Dominates(w) != dominates {
			t.Fatalf("(%s).Dominates(%s) = %v", v, w, !dominates)
		}
		if v.Equal(w) != (v.Dominates(w) && w.Dominates(v)) {
			t.Fatalf("Equal and Dominates disagree on %s and %s", v, w)
		}
		if !v.Equal(keepV) || !w.Equal(keepW) {
			t.Fatal("a method changed its vector")
		}
		if back, err := clock.ParseVector(v.String()); err != nil || !back.Equal(v) {
			t.Fatalf("text of %s read as %s, %v", v, back, err)
		}
	})
}

func same(t *rapid.T, what string, got clock.Vector, want naive) {
	t.Helper()
	wellFormed(t, got)
	if !got.Equal(want.vector()) {
		t.Fatalf("%s = %s, want %s", what, got, want.vector())
	}
}

func TestVectorChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := naives().Draw(t, "start")
		v := n.vector()
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			o := clock.Origin(rapid.Uint32Range(0, 9).Draw(t, "origin"))
			x := clock.Time(rapid.Uint64Range(0, 5).Draw(t, "time"))
			before := v.Clone()
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				w := v.With(o, x)
				if !v.Equal(before) {
					t.Fatal("With changed its vector")
				}
				v = w
				if n[o] = x; x == 0 || o == 0 {
					delete(n, o)
				}
			case 1:
				v = v.Clone()
				v.Raise(o, x)
				if o != 0 && x > n[o] {
					n[o] = x
				}
			case 2:
				w := v.Without(o)
				if !v.Equal(before) {
					t.Fatal("Without changed its vector")
				}
				v = w
				delete(n, o)
			default:
				v = v.Patch([]clock.Row{{Origin: o, Time: 9}, {Origin: o, Time: x}})
				if n[o] = x; x == 0 || o == 0 {
					delete(n, o)
				}
			}
			same(t, "after the step", v, n)
			if v.Covers(clock.Stamp{Time: x, Origin: o}) != (x <= n[o]) {
				t.Fatalf("%s covers %s-%s?", v, x, o)
			}
		}
	})
}

func TestParseVectorRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{",", "x", "0000000000000001-00000002,0000000000000001-00000001",
		"0000000000000000-00000001", "0000000000000001-00000000", "0000000000000001-00000001,"} {
		if v, err := clock.ParseVector(s); err == nil {
			t.Errorf("%q was read as %s", s, v)
		}
	}
}
