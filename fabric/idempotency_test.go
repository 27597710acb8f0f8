package fabric_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
)

// What a request asked travels with the memory of it: another location answers its repeat and refuses another one.
func TestRepeatsAreTheSameRequestEverywhere(t *testing.T) {
	t.Parallel()
	a, b := newReplica(t, "a", 1), newReplica(t, "b", 2)
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "c", Type: 2}, nil))
	a.join(b)
	exchange([]*replica{a, b})
	ask := func(r *replica, w ...fabric.Write) (fabric.Receipt, error) {
		return r.try(fabric.Transaction{Idempotency: "once", Writes: w})
	}
	first, err := ask(a, write(t, fabric.Insert, "c", "k", `{"n":1}`))
	if err != nil {
		t.Fatal(err)
	}
	a.seal()
	a.sync()
	exchange([]*replica{a, b})
	for _, r := range []*replica{a, b} {
		again, err := ask(r, write(t, fabric.Insert, "c", "k", `{"n":1}`))
		if err != nil || !again.Replayed || again.Stamp != first.Stamp {
			t.Errorf("%s: %+v %v, the first was %+v", r.name, again, err, first)
		}
		told := write(t, fabric.Insert, "c", "k", `{"n":1}`)
		told.ReturnNew = true
		if _, err := ask(r, told); err != nil {
			t.Errorf("%s: what is told is no part of the request: %v", r.name, err)
		}
		patch := write(t, fabric.Update, "c", "k", `{"n":1}`)
		removal := fabric.Write{Op: fabric.Remove, Collection: "c", Key: "k"}
		for _, other := range [][]fabric.Write{{write(t, fabric.Insert, "c", "k", `{"n":2}`)}, {write(t, fabric.Insert, "c", "l", `{"n":1}`)},
			{patch}, {removal}, {write(t, fabric.Insert, "c", "k", `{"n":1}`), patch}} {
			if _, err := ask(r, other...); fabric.CodeOf(err) != fabric.IdempotencyReused {
				t.Errorf("%s: %+v under the same key: %v", r.name, other, err)
			}
		}
		if got := r.text("c", "k"); got != `{"n":1}` {
			t.Errorf("%s: %s", r.name, got)
		}
	}
}
