package member_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric/member"
	"pgregory.net/rapid"
)

func at(t clock.Time, o clock.Origin) clock.Stamp { return clock.Stamp{Time: t, Origin: o} }

func create() member.Change {
	return member.Change{Kind: member.Create, Origin: 1, Fabric: "f", Name: "fra", Address: "a:1", Latitude: 50.1, Longitude: 8.7}
}

func must(t *testing.T, tab member.Table, c member.Change, s clock.Stamp) member.Table {
	t.Helper()
	out, err := tab.Apply(c, s)
	if err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
	return out
}

func three(t *testing.T) member.Table {
	t.Helper()
	tab := must(t, member.Table{}, create(), at(10, 1))
	tab = must(t, tab, member.Change{Kind: member.Join, Origin: 2, Name: "syd"}, at(11, 1))
	return must(t, tab, member.Change{Kind: member.Join, Origin: 3, Name: "tok"}, at(12, 1))
}

func TestLifeOfAMember(t *testing.T) {
	t.Parallel()
	before := three(t)
	tab := must(t, before, member.Change{Kind: member.Evict, Origin: 2}, at(20, 1))
	if before.StateOf(2) != member.Joined || tab.StateOf(2) != member.Evicting {
		t.Fatalf("states %s, %s: a table changed, or its copy did not", before.StateOf(2), tab.StateOf(2))
	}
	if len(tab.Counted()) != 3 || len(tab.Remaining()) != 2 || len(tab.Leaving()) != 1 {
		t.Fatalf("evicting: counted %v", tab.Counted())
	}
	tab = must(t, tab, member.Change{Kind: member.End, Origin: 2, End: 15}, at(30, 1))
	if len(tab.Counted()) != 2 || tab.StateOf(2) != member.Closed {
		t.Fatalf("closed: counted %v", tab.Counted())
	}
	if _, ok := tab.ByName("syd"); ok {
		t.Fatal("a closed member is found by name")
	}
	if got := tab.NextOrigin(); got != 4 {
		t.Fatalf("next origin %s: a closed member's was reused", got)
	}
	v := clock.VectorOf(clock.Row{Origin: 1, Time: 30}, clock.Row{Origin: 2, Time: 15})
	if got := tab.Settle(v); got.At(2) != 0 || got.At(1) != 30 {
		t.Fatalf("settled: %s", got)
	}
	if got := tab.Settle(v.With(2, 16)); got.At(2) != 16 {
		t.Fatalf("a row beyond the end was dropped: %s", got)
	}
	if got := tab.Settle(v.With(2, 14)); got.At(2) != 14 {
		t.Fatalf("a row below the end was dropped: %s", got)
	}
}

func TestAnchorMoves(t *testing.T) {
	t.Parallel()
	tab := three(t)
	move := member.Change{Kind: member.Anchor, Origin: 3, Epoch: 1}
	if err := tab.Check(move, 3); err != nil {
		t.Fatalf("takeover refused: %v", err)
	}
	if err := tab.Check(move, 2); !errors.Is(err, member.ErrInvalid) {
		t.Fatalf("a third member moved the anchor: %v", err)
	}
	tab = must(t, tab, move, at(40, 3))
	if tab.Anchor() != 3 || tab.Epoch() != 1 || tab.NextOrigin() != clock.OriginOf(1, 1) {
		t.Fatalf("anchor %s epoch %d next %s", tab.Anchor(), tab.Epoch(), tab.NextOrigin())
	}
	// A change of the old anchor that crossed the takeover joins in its epoch.
	tab = must(t, tab, member.Change{Kind: member.Join, Origin: 4, Name: "sao"}, at(39, 1))
	tab = must(t, tab, member.Change{Kind: member.Join, Origin: tab.NextOrigin(), Name: "lon"}, at(50, 3))
	if got := tab.NextOrigin(); got != clock.OriginOf(1, 2) {
		t.Fatalf("next origin %s", got)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	tab := three(t)
	for name, c := range map[string]struct {
		change member.Change
		by     clock.Origin
	}{
		"second create":      {create(), 1},
		"join by another":    {member.Change{Kind: member.Join, Origin: 4, Name: "sao"}, 2},
		"join of a name":     {member.Change{Kind: member.Join, Origin: 4, Name: "syd"}, 1},
		"join out of order":  {member.Change{Kind: member.Join, Origin: 9, Name: "sao"}, 1},
		"evict of anchor":    {member.Change{Kind: member.Evict, Origin: 1}, 1},
		"evict of nobody":    {member.Change{Kind: member.Evict, Origin: 7}, 1},
		"end without evict":  {member.Change{Kind: member.End, Origin: 2, End: 5}, 1},
		"anchor same epoch":  {member.Change{Kind: member.Anchor, Origin: 2, Epoch: 0}, 1},
		"anchor to stranger": {member.Change{Kind: member.Anchor, Origin: 8, Epoch: 1}, 1},
		"no kind":            {member.Change{Origin: 2}, 1},
		"name too long":      {member.Change{Kind: member.Join, Origin: 4, Name: string(make([]byte, 300))}, 1},
		"off the globe":      {member.Change{Kind: member.Join, Origin: 4, Name: "x", Latitude: 91}, 1},
	} {
		if err := tab.Check(c.change, c.by); !errors.Is(err, member.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Changes of an old and a new anchor that do not know of each other give the
// same table in whatever order they arrive.
func TestCrossingChangesConverge(t *testing.T) {
	t.Parallel()
	type step struct {
		c member.Change
		s clock.Stamp
	}
	old := []step{
		{member.Change{Kind: member.Evict, Origin: 2}, at(60, 1)},
		{member.Change{Kind: member.Join, Origin: 4, Name: "sao"}, at(61, 1)},
		{member.Change{Kind: member.End, Origin: 2, End: 33}, at(62, 1)},
	}
	fresh := []step{
		{member.Change{Kind: member.Anchor, Origin: 3, Epoch: 1}, at(55, 3)},
		{member.Change{Kind: member.Evict, Origin: 2}, at(57, 3)},
		{member.Change{Kind: member.End, Origin: 2, Epoch: 1, End: 31}, at(58, 3)},
	}
	base := three(t)
	var want []byte
	rapid.Check(t, func(rt *rapid.T) {
		tab, a, b := base, slices.Clone(old), slices.Clone(fresh)
		for len(a)+len(b) > 0 {
			from := &a
			if len(a) == 0 || len(b) > 0 && rapid.Bool().Draw(rt, "fresh") {
				from = &b
			}
			next, err := tab.Apply((*from)[0].c, (*from)[0].s)
			if err != nil {
				rt.Fatal(err)
			}
			tab, *from = next, (*from)[1:]
		}
		got := tab.Append(nil)
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			rt.Fatalf("order matters: %+v", tab)
		}
	})
}

func FuzzDecodeTable(f *testing.F) {
	tab, err := member.Table{}.Apply(create(), at(10, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(member.Table{}.Append(nil))
	f.Add(tab.Append(nil))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, data []byte) {
		tab, err := member.DecodeTable(data)
		if err != nil {
			if !errors.Is(err, member.ErrCorrupt) {
				t.Fatalf("unmarked error %v", err)
			}
			return
		}
		once := tab.Append(nil)
		again, err := member.DecodeTable(once)
		if err != nil || !bytes.Equal(again.Append(nil), once) {
			t.Fatalf("not stable: %v", err)
		}
	})
}

func FuzzDecodeChange(f *testing.F) {
	f.Add(create().Append(nil))
	f.Add(member.Change{Kind: member.End, Origin: 2, End: 99}.Append(nil))
	f.Add(member.Change{Kind: member.Anchor, Origin: 2, Epoch: 3}.Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := member.DecodeChange(data)
		if err != nil {
			return
		}
		again, err := member.DecodeChange(c.Append(nil))
		if err != nil || again != c {
			t.Fatalf("%+v came back as %+v: %v", c, again, err)
		}
	})
}

func TestTableRoundTrip(t *testing.T) {
	t.Parallel()
	tab := must(t, three(t), member.Change{Kind: member.Evict, Origin: 2}, at(20, 1))
	got, err := member.DecodeTable(tab.Append(nil))
	if err != nil || !slices.Equal(got.Members(), tab.Members()) || got.Anchor() != 1 || got.Fabric() != "f" || got.Created() != at(10, 1) {
		t.Fatalf("%+v, %v", got, err)
	}
}
