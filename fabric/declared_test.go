package fabric_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// rival declares and writes one field by the ways of different types.
type rival struct {
	t      *testing.T
	rng    *rand.Rand
	all    []*replica
	shapes []string // what was declared
}

// declarations that may meet at one path.
var rivals = []string{`{"type":"counter"}`, `{"type":"counter","scale":2}`, `{"type":"set"}`, `{"type":"max"}`, `{"type":"min"}`,
	`{"type":"max","by":"n"}`, `{"type":"min","by":"m"}`, `{"type":"multi"}`}

// write writes the field as the declaration that its location knows allows, or is refused.
func (p *rival) write(r *replica) {
	n := p.rng.IntN(40) - 20
	values := []string{fmt.Sprint(n), fmt.Sprintf("%d.%d", n, 1+p.rng.IntN(9)), fmt.Sprintf("[%d]", n%4), fmt.Sprintf("[%d,%d]", n%3, n%5),
		fmt.Sprintf(`{"n":%d,"m":%d}`, n, -n%7), `[]`, `"text"`}
	doc := `{"x":` + values[p.rng.IntN(len(values))] + `}`
	switch p.rng.IntN(12) {
	case 0:
		r.write(write(p.t, fabric.Remove, "docs", "k", ""))
	case 1:
		r.write(write(p.t, fabric.Upsert, "docs", "k", `{"x":null}`))
	case 2:
		r.write(write(p.t, fabric.Replace, "docs", "k", `{"y":1}`))
	case 3:
		r.write(write(p.t, fabric.Replace, "docs", "k", doc))
	default:
		r.write(write(p.t, fabric.Upsert, "docs", "k", doc))
	}
}

// step does something somewhere. The first replica folds what it can, the last one never folds.
func (p *rival) step() {
	r := p.all[p.rng.IntN(len(p.all))]
	switch p.rng.IntN(8) {
	case 0, 1, 2, 3:
		p.write(r)
	case 4, 5:
		o := p.all[p.rng.IntN(len(p.all))]
		if o != r {
			r.pull(o, o.self, 1+p.rng.IntN(4))
		}
	default:
		for _, o := range p.all {
			o.sync()
		}
		p.all[0].learn(p.all)
		p.all[0].upkeep()
	}
}

func (p *rival) compare(when string) {
	p.t.Helper()
	exchange(p.all)
	want := p.all[0].text("docs", "k")
	for _, r := range p.all[1:] {
		if got := r.text("docs", "k"); got != want {
			p.t.Fatalf("%s %v: %s shows %s, where all is folded it is %s", when, p.shapes, r.name, got, want)
		}
	}
}

// TestRivalDeclarations lets two locations declare one field differently at the same time. What it shows is the same
// everywhere, whatever was folded.
func TestRivalDeclarations(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rivalRun(t, seed)
		})
	}
}

func rivalRun(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 31))
	a, b, c := newReplica(t, "a", seed), newReplica(t, "b", seed+1), newReplica(t, "c", seed+2)
	a.found()
	a.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "docs", Type: 2}, nil))
	a.must(write(t, fabric.Insert, "docs", "k", `{"z":1}`))
	a.join(b, c)
	p := &rival{t, rng, []*replica{a, b, c}, nil}
	exchange(p.all)
	for _, r := range p.all {
		text := rivals[rng.IntN(len(rivals))]
		p.shapes = append(p.shapes, text)
		shape := parse(t, text)
		if rng.IntN(3) == 0 {
			p.step()
		}
		if err := r.schema(fabric.SetProperties("docs", fabric.Properties{CRDT: map[string]value.Value{"x": shape}})); err != nil && fabric.CodeOf(err) != fabric.BadArgument {
			t.Fatal(err)
		}
	}
	for range 6 {
		for range 3 + rng.IntN(12) {
			p.step()
		}
		p.compare("met")
	}
}

// TestDisputedFieldIsWrittenWhole has a field that two locations declared differently: what was counted shows until
// somebody writes it, and then the later write wins.
func TestDisputedFieldIsWrittenWhole(t *testing.T) {
	t.Parallel()
	a, b, all := pair(t)
	a.must(write(t, fabric.Insert, "docs", "k", `{"x":1}`))
	agree(all)
	declare := func(r *replica, shape string) error {
		return r.schema(fabric.SetProperties("docs", fabric.Properties{CRDT: map[string]value.Value{"x": parse(t, shape)}}))
	}
	if err := declare(a, `{"type":"counter"}`); err != nil {
		t.Fatal(err)
	}
	if err := declare(b, `{"type":"set"}`); err != nil {
		t.Fatal(err)
	}
	a.must(write(t, fabric.Update, "docs", "k", `{"x":5}`))
	agree(all)
	for _, r := range all {
		if got := r.text("docs", "k"); got != `{"x":5}` {
			t.Errorf("%s shows %s", r.name, got)
		}
		if err := declare(r, `{"type":"counter"}`); fabric.CodeOf(err) != fabric.BadArgument {
			t.Errorf("%s lets declare the field again: %v", r.name, err)
		}
	}
	a.must(write(t, fabric.Update, "docs", "k", `{"x":6}`))
	b.wall += 10
	b.renew()
	b.must(write(t, fabric.Update, "docs", "k", `{"x":{"any":"thing"}}`))
	agree(all)
	for _, r := range all {
		if got := r.text("docs", "k"); got != `{"x":{"any":"thing"}}` {
			t.Errorf("%s shows %s", r.name, got)
		}
	}
	agree(all)
	if x, y := a.digest(a.wall), b.digest(a.wall); x.Hash != y.Hash {
		t.Errorf("digests %v and %v", x, y)
	}
}

// TestCollectionsMadeAtOnceDispute makes one collection at two locations, with another declaration at each.
func TestCollectionsMadeAtOnceDispute(t *testing.T) {
	t.Parallel()
	a, b, all := pair(t)
	for i, r := range all {
		shape := parse(t, []string{`{"type":"counter"}`, `{"type":"set"}`}[i])
		same := parse(t, `{"type":"max"}`)
		r.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "new", Type: 2}, map[string]value.Value{"x": shape, "y": same}))
	}
	agree(all)
	agree(all)
	for _, r := range all {
		v := r.core.NewView(r.wall)
		c, ok := v.Collection("new")
		if err := v.Close(); err != nil || !ok {
			t.Fatalf("%s: collection there: %v, %v", r.name, ok, err)
		}
		if got := string(value.AppendJSON(nil, c.CRDT.Value())); got != `{"x":{"disputed":true,"type":"counter"},"y":{"type":"max"}}` {
			t.Errorf("%s: declared %s", r.name, got)
		}
	}
	if x, y := a.digest(a.wall), b.digest(a.wall); x.Hash != y.Hash {
		t.Errorf("digests %v and %v", x, y)
	}
}
