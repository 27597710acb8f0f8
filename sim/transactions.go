package sim

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/value"
)

// Interactive transactions read, take their time, and write what depends on it, while other transactions of the location
// and entries of others come between. The books say what each document was at the moment of the commit: everything that
// was read must have been that. Beside it stands a promise that nothing but this keeps: of each pair of people at a
// location one is on duty. Who goes off has read that the other one is on, and each transaction writes one of them alone.

const dutyName = "duty"

func dutyKey(o clock.Origin, half byte) string { return fmt.Sprintf("%s-%c", o, half) }

// teller runs interactive transactions.
type teller struct {
	w   *world
	rng random
}

func (w *world) planTellers() {
	t := &teller{w, w.rng.split()}
	t.pause()
}

func (t *teller) pause() {
	mean := int64(8e6 / t.w.cfg.CommitsPerSecond / float64(len(t.w.sites)))
	t.w.after(t.rng.between(mean/2, mean*3/2), t.act)
}

// act begins two transactions at a location, which are open at the same time.
func (t *teller) act() {
	if t.w.healed {
		return
	}
	if list := t.w.writable(); len(list) > 0 {
		s := pick(&t.rng, list)
		s.interact(t.rng.split())
		rng := t.rng.split()
		s.later(t.rng.between(0, 400_000), func() { s.interact(rng) })
	}
	t.pause()
}

// interactive is an open transaction, and how to judge what it has read.
type interactive struct {
	s     *site
	rng   random
	tx    *fabric.Tx
	reads []func(e *check.Entry)
}

// interact opens a transaction, reads, and commits later.
func (s *site) interact(rng random) {
	if !s.serves() {
		return
	}
	t := &interactive{s: s, rng: rng, tx: s.core.BeginTx(s.wall(), fabric.TxOptions{})}
	switch n := t.rng.below(20); {
	case n < 5:
		t.get("docs", hotKey(&t.rng))
	case n < 8:
		t.scan()
	case n < 9:
		t.lookup()
	}
	s.later(t.rng.between(1_000, 1_500_000), func() {
		t.duty()
		s.later(t.rng.between(0, 1_500_000), t.commit)
	})
}

func (t *interactive) fail(format string, args ...any) {
	t.s.w.fail(check.Isolation, t.s, format, args...)
}

// get reads a document.
func (t *interactive) get(name, key string) (fabric.Document, bool) {
	c, ok := t.tx.View().Collection(name)
	if !ok {
		return fabric.Document{}, false
	}
	d, found, err := t.tx.View().Get(name, key)
	if err != nil {
		t.fail("reading %s/%s in a transaction: %v", name, key, err)
	}
	d.Text = slices.Clone(d.Text)
	t.reads = append(t.reads, func(e *check.Entry) {
		if text, exists := t.s.booked(c, key, e); exists != found || text != string(d.Text) {
			t.fail("transaction %s has read %s/%s as %v %s, it was %v %s", e.Stamp, name, key, found, d.Text, exists, text)
		}
	})
	return d, found
}

// scan reads a stretch of documents.
func (t *interactive) scan() {
	const limit = 4
	c, ok := t.tx.View().Collection(dutyName)
	if !ok {
		return
	}
	after := dutyKey(pick(&t.rng, t.s.w.sites).self, 'a')
	found, err := t.tx.View().Scan(dutyName, after, limit, false)
	if err != nil {
		t.fail("scanning in a transaction: %v", err)
		return
	}
	var got []string
	for _, d := range found {
		got = append(got, d.Key+string(d.Text))
	}
	t.reads = append(t.reads, func(e *check.Entry) {
		var want []string
		for _, key := range t.s.w.ledger.Places("", dutyName, c.Generation) {
			if text, exists := t.s.booked(c, key, e); key > after && exists && len(want) < limit {
				want = append(want, key+text)
			}
		}
		if !slices.Equal(got, want) {
			t.fail("transaction %s has read %q behind %s, there was %q", e.Stamp, got, after, want)
		}
	})
}

// lookup reads a stretch of an index.
func (t *interactive) lookup() {
	c, ok := t.tx.View().Collection("docs")
	if !ok {
		return
	}
	status := value.String(pick(&t.rng, statuses()))
	found, err := t.tx.View().Lookup("docs", "by_status", []value.Value{status}, 1000)
	if err != nil {
		return // the index is being filled
	}
	var got []string
	for _, d := range found {
		got = append(got, d.Key)
	}
	slices.Sort(got)
	t.reads = append(t.reads, func(e *check.Entry) {
		var want []string
		for _, key := range t.s.w.ledger.Places("", "docs", c.Generation) {
			text, _ := t.s.booked(c, key, e)
			if at, _ := value.Lazy(text).Get("status"); value.Equal(at, status) {
				want = append(want, key)
			}
		}
		if !slices.Equal(got, want) {
			t.fail("transaction %s has found %v with status %s, there were %v", e.Stamp, got, status, want)
		}
	})
}

// duty goes off duty if the other one is on, and on otherwise.
func (t *interactive) duty() {
	a, foundA := t.get(dutyName, dutyKey(t.s.self, 'a'))
	b, foundB := t.get(dutyName, dutyKey(t.s.self, 'b'))
	mine, on := byte('a'), true
	if t.rng.chance(50) {
		mine = 'b'
	}
	switch {
	case !foundA || !foundB:
		t.write(dutyKey(t.s.self, 'a'), true)
		t.write(dutyKey(t.s.self, 'b'), true)
		return
	case onDuty(a) && onDuty(b):
		on = false
	case !onDuty(a):
		mine = 'a'
	default:
		mine = 'b'
	}
	t.write(dutyKey(t.s.self, mine), on)
}

func onDuty(d fabric.Document) bool {
	on, _ := value.Lazy(d.Text).Get("on")
	return on.Bool()
}

// write writes a document, and reads it back.
func (t *interactive) write(key string, on bool) {
	doc := parse(fmt.Sprintf(`{"n":%d,"on":%v}`, t.rng.below(1<<20), on))
	if _, err := t.tx.Write(fabric.NewWrite(fabric.Upsert, dutyName, key, doc)); err != nil {
		t.fail("writing %s in a transaction: %v", key, err)
		return
	}
	d, found, err := t.tx.View().Get(dutyName, key)
	if err != nil || !found || string(d.Text) != doc.String() {
		t.fail("a transaction wrote %s and reads %v %s, %v", doc, found, d.Text, err)
	}
}

func (t *interactive) commit() {
	c := &commit{judge: func(e *check.Entry) {
		t.s.w.count.Interactive++
		for _, judge := range t.reads {
			judge(e)
		}
	}}
	c.prepare = func() (*fabric.Prepared, error) {
		p, err := t.tx.Prepare(t.s.core, t.s.wall())
		if p == nil {
			p = &fabric.Prepared{}
		}
		return p, err
	}
	c.done = func(bool, clock.Stamp) { _ = t.tx.Rollback() } // it only frees
	t.s.submit(c)
}

// booked is what the books say that a document was just before an entry.
func (s *site) booked(c *fabric.Collection, key string, e *check.Entry) (text string, exists bool) {
	want, exists := s.w.ledger.View("", c.Name, c.Generation, key, e.Seen, c.CRDT)
	if !exists {
		return "", false
	}
	return want.String(), true
}

// readDuty looks whether anybody is on duty.
func (s *site) readDuty(v *fabric.View, o clock.Origin) {
	a, foundA := s.judge(v, dutyName, dutyKey(o, 'a'))
	b, foundB := s.judge(v, dutyName, dutyKey(o, 'b'))
	if foundA != foundB || foundA && !onDuty(a) && !onDuty(b) {
		s.w.fail(check.Isolation, s, "nobody of %s is on duty: %v %s, %v %s", o, foundA, a.Text, foundB, b.Text)
	}
}
