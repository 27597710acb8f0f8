package fabric_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// planet is some replicas with random work.
type planet struct {
	t   *testing.T
	rng *rand.Rand
	all []*replica
}

func newPlanet(t *testing.T, seed uint64, n int) *planet {
	p := &planet{t: t, rng: rand.New(rand.NewPCG(seed, 1))}
	for i := range n {
		p.all = append(p.all, newReplica(t, fmt.Sprint("r", i+1), seed*100+uint64(i)))
	}
	first := p.all[0]
	first.found()
	crdt := map[string]value.Value{"n": parse(t, `{"type":"counter"}`), "tags": parse(t, `{"type":"set"}`),
		"top": parse(t, `{"type":"max"}`), "mv": parse(t, `{"type":"multi"}`)}
	first.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "docs", Type: 2}, crdt))
	first.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "edges", Type: 3}, nil))
	first.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "kv", Type: 2, Expires: true}, nil))
	var found fabric.Index
	first.mustSchema(fabric.CreateIndex("docs", fabric.IndexSpec{Name: "by_a", Type: "persistent", Fields: []string{"a"}}, &found))
	first.mustSchema(fabric.CreateIndex("docs", fabric.IndexSpec{Name: "by_tag", Type: "persistent", Fields: []string{"tags[*]", "b"}, Sparse: true, Deduplicate: true}, &found))
	first.mustSchema(fabric.CreateIndex("docs", fabric.IndexSpec{Name: "gone", Type: "ttl", Fields: []string{"at"}, ExpireAfter: 1}, &found))
	first.upkeep()
	first.join(p.all[1:]...)
	return p
}

func (p *planet) key() string { return fmt.Sprint("k", p.rng.IntN(6)) }

func (p *planet) number() value.Value { return value.Int(int64(p.rng.IntN(4))) }

// content makes a random document or patch.
func (p *planet) content(r *replica) value.Value {
	var members []value.Member
	add := func(name string, v value.Value) {
		if p.rng.IntN(3) > 0 {
			members = append(members, value.Member{Name: name, Value: v})
		}
	}
	add("a", p.number())
	add("b", [...]value.Value{value.Null(), value.String("x"), p.number(), value.Object(value.Member{Name: "c", Value: p.number()})}[p.rng.IntN(4)])
	add("n", value.Int(int64(p.rng.IntN(100))))
	add("top", p.number())
	add("mv", p.number())
	tags := make([]value.Value, p.rng.IntN(4))
	for i := range tags {
		tags[i] = p.number()
	}
	add("tags", value.Array(tags...))
	if p.rng.IntN(4) == 0 {
		members = append(members, value.Member{Name: "at", Value: value.Int(r.wall/1000 + int64(p.rng.IntN(4)) - 1)})
	}
	return value.Object(members...)
}

// step does something at random.
func (p *planet) step() {
	r := p.all[p.rng.IntN(len(p.all))]
	r.wall += int64(p.rng.IntN(300))
	switch n := p.rng.IntN(100); {
	case n < 40:
		p.document(r)
	case n < 48:
		edge := value.Object(value.Member{Name: "_from", Value: value.String("docs/" + p.key())}, value.Member{Name: "_to", Value: value.String("docs/" + p.key())})
		op := [...]fabric.WriteOp{fabric.Upsert, fabric.Upsert, fabric.Remove}[p.rng.IntN(3)]
		r.write(fabric.NewWrite(op, "edges", p.key(), edge))
	case n < 56:
		kv := value.Object(value.Member{Name: "value", Value: p.number()}, value.Member{Name: "expireAt", Value: value.Int(r.wall/1000 + int64(p.rng.IntN(5)))})
		op := [...]fabric.WriteOp{fabric.Upsert, fabric.UpsertPatch, fabric.Remove}[p.rng.IntN(3)]
		r.write(fabric.NewWrite(op, "kv", p.key(), kv))
	case n < 85:
		o := p.all[p.rng.IntN(len(p.all))]
		if r != o {
			r.pull(o, p.all[p.rng.IntN(len(p.all))].self, 1+p.rng.IntN(20))
		}
	case n < 93:
		if r != p.all[len(p.all)-1] { // the last one never folds
			r.learn(p.all)
		}
		r.upkeep()
	case n < 95:
		p.schema(r)
	case n < 97:
		p.unsynced(r)
	default:
		r.crash()
	}
}

func (p *planet) document(r *replica) {
	op := [...]fabric.WriteOp{fabric.Insert, fabric.Update, fabric.Update, fabric.Replace, fabric.Remove, fabric.Upsert, fabric.UpsertPatch}[p.rng.IntN(7)]
	w := fabric.NewWrite(op, "docs", p.key(), p.content(r))
	w.KeepNull, w.MergeObjects = p.rng.IntN(2) == 0, p.rng.IntN(2) == 0
	if p.rng.IntN(4) == 0 {
		r.write(w, fabric.NewWrite(fabric.Upsert, "docs", p.key(), p.content(r)))
		return
	}
	r.write(w)
}

// schema changes the schema at random; what does not fit is refused.
func (p *planet) schema(r *replica) {
	var found fabric.Index
	var change fabric.SchemaChange
	switch p.rng.IntN(8) {
	case 0:
		change = fabric.CreateIndex("docs", fabric.IndexSpec{Name: "extra", Type: "persistent", Fields: []string{"b"}, Sparse: p.rng.IntN(2) == 0}, &found)
	case 1:
		change = fabric.DropIndex("docs", "extra", &found)
	case 2:
		change = fabric.CreateIndex("edges", fabric.IndexSpec{Name: "ttl", Type: "ttl", Fields: []string{"at"}, ExpireAfter: int64(p.rng.IntN(3))}, &found)
	case 3:
		change = fabric.DropIndex("docs", "gone", &found)
	case 4:
		change = fabric.CreateIndex("docs", fabric.IndexSpec{Name: "gone", Type: "ttl", Fields: []string{"at"}, ExpireAfter: int64(p.rng.IntN(3))}, &found)
	case 5:
		change = fabric.DropCollection("edges")
	case 6:
		change = fabric.CreateCollection(fabric.CollectionSpec{Name: "edges", Type: 3}, nil)
	default:
		r.do(func() error { _, err := r.core.Truncate("docs", r.wall); return err })
		return
	}
	if err := r.schema(change); err != nil && fabric.CodeOf(err) == "" {
		p.t.Fatal(err)
	}
}

// unsynced leaves some groups without a sync and crashes.
func (p *planet) unsynced(r *replica) {
	for range 1 + p.rng.IntN(3) {
		w := fabric.NewWrite(fabric.Upsert, "docs", p.key(), p.content(r))
		if _, err := r.try(fabric.Transaction{Writes: []fabric.Write{w}}); err != nil && fabric.CodeOf(err) == "" {
			p.t.Fatal(err)
		}
		r.seal()
	}
	r.crash()
}

// finish delivers everything, folds everywhere but at the last replica, and compares.
func (p *planet) finish() {
	exchange(p.all)
	at := int64(0)
	for _, r := range p.all {
		// Stamps may be ahead of the walls, and then so is what has been deleted because it had expired.
		at = max(at, r.wall, r.core.Progress(r.wall).Vouched.Millis()+1)
	}
	compare := func(when string) {
		first := p.all[0].digest(at)
		for _, r := range p.all[1:] {
			if d := r.digest(at); d.Hash != first.Hash || !d.Vector.Equal(first.Vector) {
				p.t.Fatalf("%s: %s has digest %s at %s, %s has %s at %s\n%s", when, p.all[0].name, first.Hash, first.Vector, r.name, d.Hash, d.Vector, differences(p.t, p.all[0], r, at))
			}
		}
	}
	compare("all delivered")
	for _, r := range p.all {
		r.wall = at
		r.renew()
	}
	for i, r := range p.all {
		if r.learn(p.all); i < len(p.all)-1 {
			r.upkeep()
		}
	}
	compare("folded")
	for _, r := range p.all {
		r.crash()
	}
	compare("opened anew")

}

// differences lists the documents that two replicas show differently.
func differences(t testing.TB, a, b *replica, at int64) (out string) {
	show := func(r *replica) map[string]string {
		docs := map[string]string{}
		v := r.core.NewView(at)
		defer func() { _ = v.Close() }()
		for _, c := range v.Collections() {
			docs[c.Name] = fmt.Sprintf("%+v", c.Indexes)
			if err := v.Each(c.Name, "", false, func(d fabric.Document) bool {
				docs[d.ID()] = d.Stamp.String() + " " + string(d.Text)
				return true
			}); err != nil {
				t.Fatal(err)
			}
		}
		return docs
	}
	mine, theirs := show(a), show(b)
	for id, text := range mine {
		if theirs[id] != text {
			out += fmt.Sprintf("%s\n  %s\n  %s\n", id, text, theirs[id])
		}
		delete(theirs, id)
	}
	for id, text := range theirs {
		out += fmt.Sprintf("%s\n  -\n  %s\n", id, text)
	}
	return out
}

func TestReplicasConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := newPlanet(t, seed, 2+int(seed%3))
			for range 300 {
				p.step()
			}
			p.finish()
		})
	}
}

// TestARefusedEntryLeavesNothing applies an entry of which a part cannot be applied: what it changed before goes.
func TestARefusedEntryLeavesNothing(t *testing.T) {
	t.Parallel()
	p := newPlanet(t, 1, 2)
	a, b := p.all[0], p.all[1]
	exchange(p.all)
	before := b.digest(b.wall)
	a.must(fabric.NewWrite(fabric.Insert, "docs", "x", parse(t, `{"a":1}`)))
	v := b.core.Progress(b.wall).Vector
	bad := brokenEntry(a, v)
	b.core.Begin()
	if err := b.core.Apply(&bad, b.wall); err == nil {
		t.Fatal("an entry with an unknown change was applied")
	}
	b.seal()
	b.sync()
	if after := b.digest(b.wall); after.Hash != before.Hash || !after.Vector.Equal(before.Vector) {
		t.Fatalf("a refused entry changed %v to %v", before, after)
	}
	exchange(p.all)
	if got := b.text("docs", "x"); got != `{"a":1}` {
		t.Fatalf("after the right entry: %q", got)
	}
}

// brokenEntry is one whose first change is good and whose second no one knows.
func brokenEntry(from *replica, seen clock.Vector) codec.Entry {
	body := codec.AppendInsert(nil, "docs", 1, "x", []byte(`{"a":7}`))
	body = codec.AppendChange(body, codec.Change{Kind: codec.Schema, Data: []byte("?")})
	return codec.Entry{Stamp: clock.Stamp{Time: seen.At(from.self) + 1, Origin: from.self}, Prev: seen.At(from.self), Body: body}
}

// firstEntry decodes the first entry of a log.
func firstEntry(t testing.TB, data []byte) *codec.Entry {
	t.Helper()
	batch, err := codec.DecodeBatch(data, codec.Past{})
	if err != nil {
		t.Fatal(err)
	}
	return &batch.Entries[0]
}
