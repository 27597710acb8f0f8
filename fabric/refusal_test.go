package fabric_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
)

// TestOneEntryThatCannotBeAppliedHoldsUpItsLogAlone applies entries of three others, one of them with a change of a kind
// that this version does not know.
func TestOneEntryThatCannotBeAppliedHoldsUpItsLogAlone(t *testing.T) {
	t.Parallel()
	a, b, c, d := newReplica(t, "a", 61), newReplica(t, "b", 62), newReplica(t, "c", 63), newReplica(t, "d", 64)
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "docs", Type: 2}, nil))
	a.join(b, c, d)
	exchange([]*replica{a, b, c, d})
	seen := a.core.Progress(a.wall).Vector
	at := seen.Newest().Plus(10)
	known := codec.AppendChange(nil, codec.Change{Kind: codec.Mark})
	entry := func(o clock.Origin, prev, n clock.Time, deps clock.Vector, body []byte) codec.Entry {
		e := codec.Entry{Stamp: clock.Stamp{Time: at + n, Origin: o}, Prev: prev, Deps: deps.Without(o).Clone(), Body: body}
		if prev == 0 {
			e.Prev = seen.At(o)
		}
		head, _ := a.core.ChainAt(o, e.Prev)
		e.Chain = codec.ChainNext(head, e.Stamp.Time, codec.BodyHash(body))
		return e
	}
	newer := []byte{200, 1, 2, 3}
	var refused []fabric.Refusal
	a.do(func() (err error) {
		refused, err = a.core.ApplyAll([]codec.Entry{
			entry(b.self, 0, 1, seen, newer),
			entry(b.self, at+1, 2, seen, known),
			entry(c.self, 0, 3, seen, known),
			entry(d.self, 0, 4, seen.With(b.self, at+2), known),
			entry(c.self, at+3, 5, seen, known),
		}, a.wall)
		return err
	})
	if len(refused) != 2 || refused[0].Stamp != (clock.Stamp{Time: at + 1, Origin: b.self}) || refused[0].Err == nil || refused[0].Prev != seen.At(b.self) ||
		refused[1].Stamp.Origin != d.self || refused[1].Err != nil {
		t.Fatalf("refused: %+v", refused)
	}
	v := a.core.Progress(a.wall).Vector
	if v.At(c.self) != at+5 || v.At(b.self) != seen.At(b.self) || v.At(d.self) != seen.At(d.self) {
		t.Fatalf("the vector was %s and is %s", seen, v)
	}
}
