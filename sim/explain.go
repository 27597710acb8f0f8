package sim

import (
	"fmt"
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
)

// explain adds to the trace where two locations differ.
func (w *world) explain(a, b *site, at clock.Time) {
	if w.cfg.Trace == nil || b == nil || !b.up {
		return
	}
	va, vb := a.core.NewView(at.Millis()), b.core.NewView(at.Millis())
	defer func() { _, _ = va.Close(), vb.Close() }()
	w.differ("schema documents", a, b, layout.NewKeys(fabricNumber).DocumentSpace(1), layout.NewKeys(fabricNumber).DocumentSpace(1))
	for _, c := range va.Collections() {
		if c.Local {
			continue
		}
		d, ok := vb.Collection(c.Name)
		if !ok || d.Generation != c.Generation {
			w.trace("differs: %s/%d is at %s, and not at %s", c.Name, c.Generation, a.name, b.name)
			continue
		}
		na, _ := va.Count(c.Name)
		if nb, _ := vb.Count(c.Name); na != nb {
			w.trace("differs: count of %s is %d at %s, %d at %s", c.Name, na, a.name, nb, b.name)
		}
		seen := int64(0)
		_ = va.Each(c.Name, "", false, func(fabric.Document) bool { seen++; return true })
		if seen != na {
			w.trace("differs: %s counts %d documents of %s and shows %d", a.name, na, c.Name, seen)
		}
		w.explainIndexes(a, b, &c, d)
		for _, key := range w.ledger.Places("", c.Name, c.Generation) {
			da, _, _ := va.Get(c.Name, key)
			db, _, _ := vb.Get(c.Name, key)
			if string(da.Text) != string(db.Text) || da.Stamp != db.Stamp {
				w.trace("differs: %s/%s at %s %s %s, at %s %s %s", c.Name, key, a.name, da.Stamp, da.Text, b.name, db.Stamp, db.Text)
			}
		}
	}
}

func (w *world) explainIndexes(a, b *site, c, d *fabric.Collection) {
	keys := layout.NewKeys(fabricNumber)
	for _, x := range c.Indexes {
		y, ok := d.IndexNamed(x.Name)
		if !ok || y.Ready != x.Ready {
			w.trace("differs: index %s/%s is ready %v at %s, %v %v at %s", c.Name, x.Name, x.Ready, a.name, ok, y.Ready, b.name)
			continue
		}
		w.differ("index "+c.Name+"/"+x.Name, a, b, keys.IndexSpace(nil, x.Number), keys.IndexSpace(nil, y.Number))
	}
}

// differ compares two stretches of two disks.
func (w *world) differ(what string, a, b *site, spaceA, spaceB []byte) {
	inA, inB := a.pairs(spaceA), b.pairs(spaceB)
	for _, p := range inA {
		if !slices.Contains(inB, p) {
			w.trace("differs: %s: %s has %s", what, a.name, p)
		}
	}
	for _, p := range inB {
		if !slices.Contains(inA, p) {
			w.trace("differs: %s: %s has %s", what, b.name, p)
		}
	}
}

func (s *site) pairs(space []byte) []string {
	it, err := s.disk.Scan(space, layout.End(space))
	if err != nil {
		return nil
	}
	defer func() { _ = it.Close() }()
	var out []string
	for it.Next() {
		out = append(out, fmt.Sprintf("%q = %q", it.Key()[len(space):], it.Value()))
	}
	return out
}
