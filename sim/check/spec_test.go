package check

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/value"
)

// book is a ledger with two locations, a and b, of which b has seen nothing of a.
func book(t *testing.T) *Ledger {
	t.Helper()
	l := NewLedger(&Report{})
	for i, name := range []string{"a", "b"} {
		kind := member.Create
		c := member.Change{Kind: kind, Origin: 1, Fabric: "f", Name: name}
		if i > 0 {
			c = member.Change{Kind: member.Join, Origin: 2, Name: name}
		}
		l.Commit(Book("a", 1), clock.Stamp{Time: clock.Time(i + 1), Origin: 1}, codec.AppendChange(nil, codec.Change{Kind: codec.Member, Data: c.Append(nil)}), nil)
	}
	l.Installed(Book("b", 2), 2, clock.VectorOf(clock.Row{Origin: 1, Time: 2}))
	return l
}

func commit(l *Ledger, site string, o clock.Origin, t clock.Time, ops ...crdt.Op) clock.Stamp {
	s := clock.Stamp{Time: t, Origin: o}
	l.Commit(Book(site, o), s, codec.AppendChange(nil, codec.Change{Kind: codec.Document, Collection: "c", Generation: 1, Key: "k", Ops: ops}), nil)
	return s
}

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.Parse([]byte(text), value.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func shows(t *testing.T, l *Ledger, want string) {
	t.Helper()
	all := clock.VectorOf(clock.Row{Origin: 1, Time: 99}, clock.Row{Origin: 2, Time: 99})
	got, _ := l.View("", "c", 1, "k", all, crdt.Declarations{})
	if text := string(value.AppendJSON(nil, got)); text != want {
		t.Errorf("shows %s, want %s", text, want)
	}
	if l.Count > 0 {
		t.Errorf("violations: %v", l.Violations)
	}
}

func TestSpecification(t *testing.T) {
	t.Parallel()
	l := book(t)
	commit(l, "a", 1, 10, crdt.Op{Kind: crdt.OpInsert, Value: parse(t, `{"n":5,"s":[],"x":{"y":1}}`)},
		crdt.Op{Kind: crdt.OpAdd, Path: value.Path{"s"}, Value: parse(t, `"p"`)})
	commit(l, "a", 1, 11, crdt.Op{Kind: crdt.OpDelta, Path: value.Path{"n"}, Number: 3})
	shows(t, l, `{"n":8,"s":["p"],"x":{"y":1}}`)
	// b has seen nothing of this: its removal loses to the later write, its element stays.
	commit(l, "b", 2, 9, crdt.Op{Kind: crdt.OpUnset}, crdt.Op{Kind: crdt.OpAdd, Path: value.Path{"s"}, Value: parse(t, `"q"`)})
	shows(t, l, `{"n":8,"s":["p","q"],"x":{"y":1}}`)
	// An insert clears what it has seen, and only that.
	commit(l, "a", 1, 20, crdt.Op{Kind: crdt.OpUnset})
	shows(t, l, "null")
	commit(l, "a", 1, 21, crdt.Op{Kind: crdt.OpInsert, Value: parse(t, `{"z":1}`)})
	shows(t, l, `{"s":["q"],"z":1}`)
	commit(l, "b", 2, 22, crdt.Op{Kind: crdt.OpMax, Path: value.Path{"m"}, Value: value.Int(4)}, crdt.Op{Kind: crdt.OpMulti, Path: value.Path{"o"}, Value: value.Int(1)})
	commit(l, "a", 1, 23, crdt.Op{Kind: crdt.OpMax, Path: value.Path{"m"}, Value: value.Int(3)}, crdt.Op{Kind: crdt.OpMulti, Path: value.Path{"o"}, Value: value.Int(2)})
	shows(t, l, `{"m":4,"o":[1,2],"s":["q"],"z":1}`)
}

// TestLedgerFinds makes each kind of fault in the books' input.
func TestLedgerFinds(t *testing.T) {
	t.Parallel()
	entry := func(s clock.Stamp, prev clock.Time, deps ...clock.Row) *codec.Entry {
		return &codec.Entry{Stamp: s, Prev: prev, Deps: clock.VectorOf(deps...)}
	}
	for name, c := range map[string]struct {
		want Property
		run  func(l *Ledger)
	}{
		"a stamp given twice": {Delivery, func(l *Ledger) { commit(l, "a", 1, 10); commit(l, "a", 1, 10) }},
		"a stamp that is old": {Causality, func(l *Ledger) { commit(l, "a", 1, 10); commit(l, "a", 1, 9) }},
		"an entry applied twice": {Delivery, func(l *Ledger) {
			e := entry(commit(l, "a", 1, 10), 2)
			l.Apply(Book("b", 2), e)
			l.Apply(Book("b", 2), e)
		}},
		"an entry left out": {Delivery, func(l *Ledger) {
			commit(l, "a", 1, 10)
			l.Apply(Book("b", 2), entry(commit(l, "a", 1, 11), 10))
		}},
		"dependencies too old": {Causality, func(l *Ledger) {
			l.Apply(Book("a", 1), entry(commit(l, "b", 2, 10), 0, clock.Row{Origin: 1, Time: 1}))
		}},
		"below the watermark": {Causality, func(l *Ledger) {
			l.Watermark(Book("b", 2), 50)
			l.Apply(Book("b", 2), entry(commit(l, "a", 1, 10), 2))
		}},
		"stable too early": {Convergence, func(l *Ledger) {
			l.Stable(Book("a", 1), clock.VectorOf(clock.Row{Origin: 1, Time: 10}))
		}},
		"acknowledged and lost": {Durability, func(l *Ledger) {
			l.Acknowledged(Book("a", 1), commit(l, "a", 1, 10))
			l.Restarted(Book("a", 1), 1, clock.VectorOf(clock.Row{Origin: 1, Time: 2}), true)
		}},
		"a snapshot without what was durable": {Durability, func(l *Ledger) {
			s := commit(l, "a", 1, 10)
			l.Apply(Book("b", 2), entry(s, 2))
			l.Durable(Book("b", 2), clock.VectorOf(clock.Row{Origin: 1, Time: 10}))
			l.Installed(Book("b", 2), 2, clock.VectorOf(clock.Row{Origin: 1, Time: 2}))
		}},
		"a snapshot without a commit of its own": {Durability, func(l *Ledger) {
			commit(l, "b", 2, 10)
			l.Durable(Book("b", 2), clock.VectorOf(clock.Row{Origin: 1, Time: 2}, clock.Row{Origin: 2, Time: 10}))
			l.Installed(Book("b", 2), 2, clock.VectorOf(clock.Row{Origin: 1, Time: 2}))
		}},
		"never came after a snapshot": {Durability, func(l *Ledger) {
			l.Acknowledged(Book("a", 1), commit(l, "a", 1, 10))
			l.Apply(Book("b", 2), entry(clock.Stamp{Time: 10, Origin: 1}, 2)) // applied, not durable
			l.Installed(Book("b", 2), 2, clock.VectorOf(clock.Row{Origin: 1, Time: 2}))
			l.Reached(Book("b", 2), l.Beyond)
		}},
		"never came": {Durability, func(l *Ledger) {
			l.Acknowledged(Book("a", 1), commit(l, "a", 1, 10))
			l.Reached(Book("b", 2), l.Beyond)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := book(t)
			c.run(l)
			if l.Count == 0 || l.Violations[0].Property != c.want {
				t.Errorf("violations %v, want one of %s", l.Violations, c.want)
			}
		})
	}
}

// TestSnapshotBeyondTheEnd takes a snapshot over more of a closed log than its end: that is right.
func TestSnapshotBeyondTheEnd(t *testing.T) {
	t.Parallel()
	l := book(t)
	l.Apply(Book("a", 1), &codec.Entry{Stamp: commit(l, "b", 2, 10), Deps: clock.VectorOf(clock.Row{Origin: 1, Time: 2})})
	l.Durable(Book("a", 1), clock.VectorOf(clock.Row{Origin: 1, Time: 2}, clock.Row{Origin: 2, Time: 10}))
	end := member.Change{Kind: member.End, Origin: 2, End: 5}
	l.Commit(Book("a", 1), clock.Stamp{Time: 20, Origin: 1}, codec.AppendChange(nil, codec.Change{Kind: codec.Member, Data: end.Append(nil)}), nil)
	l.Installed(Book("a", 1), 1, clock.VectorOf(clock.Row{Origin: 1, Time: 20}))
	if l.Count > 0 {
		t.Errorf("violations: %v", l.Violations)
	}
	if held := l.Holds(Book("a", 1)).At(2); held != 5 {
		t.Errorf("holds %s of the closed log, want its end", held)
	}
}
