package sim

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/value"
)

// schemaWork changes the schema now and then: three such workers, so that changes meet.
func (w *world) schemaWork(rng *random, number int) {
	work := *rng
	var again func()
	again = func() {
		if w.healed {
			return
		}
		if list := w.serving(); len(list) > 0 {
			w.changeSchema(&work, pick(&work, list))
		}
		w.after(work.between(1_500_000, 6_000_000), again)
	}
	w.after(int64(number+1)*1_000_000, again)
	if number == 0 {
		w.after(work.between(w.cfg.Duration.Microseconds()/4, w.cfg.Duration.Microseconds()/2), func() { w.declare(&work) })
	}
}

// declare declares fields that hold data already, at two locations at once, and lets documents that are there expire.
func (w *world) declare(rng *random) {
	if list := w.serving(); len(list) > 0 {
		var existed fabric.Index
		s := pick(rng, list)
		s.submitSchema(fabric.CreateIndex("late", fabric.IndexSpec{Name: "by_at", Type: "ttl", Fields: []string{"at"}, ExpireAfter: 1}, &existed))
		if slices.Contains(w.cfg.faults(), "cut") {
			w.isolate(s, rng.between(500_000, 4_000_000)) // the others go on without knowing
		}
	}
	for range 2 {
		if list := w.serving(); len(list) > 0 {
			pick(rng, list).submitSchema(fabric.SetProperties("plain", fabric.Properties{CRDT: map[string]value.Value{
				"n": parse(`{"type":"counter"}`), "s": parse(`{"type":"set"}`)}}))
		}
	}
}

func (w *world) changeSchema(rng *random, s *site) {
	temp := fmt.Sprintf("temp%d", rng.below(2))
	var existed, dropped fabric.Index
	switch rng.below(8) {
	case 0, 1:
		s.submitSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: temp, Type: fabric.DocumentCollection, Stream: rng.chance(50)}, nil))
	case 2:
		s.submitSchema(fabric.DropCollection(temp))
	case 3:
		spec := pick(rng, passing())
		spec.Sparse = rng.chance(50)
		s.submitSchema(fabric.CreateIndex("docs", spec, &existed))
	case 4:
		s.submitSchema(fabric.DropIndex("docs", pick(rng, passing()).Name, &dropped))
	case 5:
		s.submitSchema(fabric.SetProperties("plain", fabric.Properties{Extra: map[string]string{"note": fmt.Sprint(rng.below(9))}}))
	case 6:
		if rng.chance(40) {
			s.truncate(pick(rng, []string{"plain", temp, seriesName}))
		}
	default:
		s.writeTemp(temp, rng.next())
	}
}

// writeTemp writes to a collection that may just be dropped elsewhere.
func (s *site) writeTemp(name string, seed uint64) {
	t := &commit{done: func(bool, clock.Stamp) {}}
	t.prepare = func() (*fabric.Prepared, error) {
		rng := random{seed}
		t.writes = []fabric.Write{fabric.NewWrite(fabric.UpsertPatch, name, hotKey(&rng), parse(fmt.Sprintf(`{"v":%d}`, rng.below(99))))}
		return s.core.Prepare(fabric.Transaction{Writes: t.writes}, s.wall())
	}
	s.submit(t)
}

// submitSchema commits a schema change.
func (s *site) submitSchema(change fabric.SchemaChange) {
	s.submit(&commit{
		prepare: func() (*fabric.Prepared, error) { return s.core.PrepareSchema(change, s.wall()) },
		done: func(ok bool, stamp clock.Stamp) {
			if ok && !stamp.IsZero() {
				s.w.count.Schema++
			}
		},
	})
}
