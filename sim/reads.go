package sim

import (
	"slices"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/value"
)

// judge compares one document, as a view shows it, with what the specification says.
func (s *site) judge(v *fabric.View, name, key string) (fabric.Document, bool) {
	c, ok := v.Collection(name)
	if !ok {
		return fabric.Document{}, false
	}
	d, found, err := v.Get(name, key)
	s.w.report.Now = s.w.now
	s.w.report.Reads++
	if err != nil {
		s.w.fail(check.Merge, s, "reading %s/%s: %v", name, key, err)
		return d, false
	}
	want, exists := s.expected(v, c, key)
	before := s.w.report.Count
	switch {
	case exists != found:
		s.w.fail(check.Merge, s, "%s/%s shows: %v, must show: %v %s", name, key, found, exists, want)
	case found && string(d.Text) != string(value.AppendJSON(nil, want)):
		s.w.fail(check.Merge, s, "%s/%s shows %s, must show %s", name, key, d.Text, want)
	}
	if s.w.report.Count > before && s.w.cfg.Trace != nil {
		for _, line := range s.history(v, c, key) {
			s.w.trace("history of %s/%s: %s", name, key, line)
		}
	}
	s.w.event("read", s.index, uint64(d.Hash), uint64(d.Stamp.Time))
	return d, found
}

// expected is what the specification says that a view must show.
func (s *site) expected(v *fabric.View, c *fabric.Collection, key string) (value.Value, bool) {
	private := ""
	if c.Local {
		private = s.self.String()
	}
	want, exists := s.w.ledger.View(private, c.Name, c.Generation, key, s.w.ledger.Holding(v.Vector()), c.CRDT)
	if exists && expiry(c, want) <= s.wall() {
		return want, false
	}
	return want, exists
}

func (s *site) history(v *fabric.View, c *fabric.Collection, key string) []string {
	private := ""
	if c.Local {
		private = s.self.String()
	}
	return s.w.ledger.History(private, c.Name, c.Generation, key, s.w.ledger.Holding(v.Vector()))
}

const never = int64(1) << 62

// expiry is when a document expires, in Unix milliseconds.
func expiry(c *fabric.Collection, doc value.Value) int64 {
	at := never
	seconds := func(name string, more int64) {
		if v, ok := doc.Get(name); ok && v.Kind() == value.KindNumber && v.Float64() > 0 {
			at = min(at, int64(v.Float64()*1000)+more*1000)
		}
	}
	if c.Expires {
		seconds("expireAt", 0)
	}
	for _, x := range c.Indexes {
		if x.Type == "ttl" {
			seconds(x.Fields[0], x.ExpireAfter)
		}
	}
	return at
}

// showsWrite checks that a commit shows what it wrote.
func (s *site) showsWrite(v *fabric.View, writes []fabric.Write, at int, r *fabric.Result) {
	w := &writes[at]
	for i := at + 1; i < len(writes); i++ {
		if writes[i].Collection == w.Collection && writes[i].Key == w.Key {
			return // a later write of the same transaction counts
		}
	}
	c, ok := v.Collection(w.Collection)
	if !ok {
		return
	}
	d, found, err := v.Get(w.Collection, r.Key)
	if err != nil {
		return
	}
	if w.Op == fabric.Remove {
		if found && r.OldRev != "" { // else it had expired, and a clock that was set back shows it again
			s.w.fail(check.Merge, s, "%s was removed and shows %s", d.ID(), d.Text)
		}
		return
	}
	if !found {
		if doc := w.Document; expiry(c, doc) > s.wall() && w.Op != fabric.Update {
			s.w.fail(check.Merge, s, "%s/%s was written and does not show", w.Collection, r.Key)
		}
		return
	}
	shown, err := d.Value()
	if err != nil {
		s.w.fail(check.Merge, s, "%s cannot be read: %v", d.ID(), err)
		return
	}
	for _, m := range w.Document.Members() {
		got, has := shown.Get(m.Name)
		if m.Value.IsNull() && !w.KeepNull {
			if has {
				s.w.fail(check.Merge, s, "%s: %s was taken away and shows %s", d.ID(), m.Name, got)
			}
			continue
		}
		if m.Value.Kind() == value.KindObject || m.Value.Kind() == value.KindArray {
			continue // merged or put in order
		}
		if !has || !value.Equal(got, m.Value) {
			s.w.fail(check.Merge, s, "%s: %s was written as %s and shows %s", d.ID(), m.Name, m.Value, got)
		}
	}
}

// readSome judges what a view shows at a few places, and of a pair both halves.
func (s *site) readSome(v *fabric.View) {
	for range 3 {
		name := pick(&s.rng, []string{"docs", "docs", "docs", "plain", "kv", "ttl", "late"})
		s.judge(v, name, hotKey(&s.rng))
	}
	pair := s.rng.below(pairs)
	a, foundA := s.judge(v, "pairs", pairKey(pair, 'a'))
	b, foundB := s.judge(v, "pairs", pairKey(pair, 'b'))
	if foundA != foundB || string(a.Text) != string(b.Text) {
		s.w.fail(check.Atomicity, s, "pair %d shows %s and %s", pair, a.Text, b.Text)
	}
}

// readIndex compares an index with the documents.
func (s *site) readIndex(v *fabric.View) {
	c, ok := v.Collection("docs")
	if !ok {
		return
	}
	for _, x := range c.Indexes {
		if x.Type != "persistent" || !x.Ready || len(x.Fields) != 1 || x.Fields[0] != "status" {
			continue
		}
		want := value.String(pick(&s.rng, statuses()))
		found, err := v.Lookup("docs", x.Name, []value.Value{want}, 1000)
		if err != nil {
			s.w.fail(check.Convergence, s, "looking up %s: %v", want, err)
			return
		}
		s.w.count.Lookups++
		var got, need []string
		for _, d := range found {
			got = append(got, d.Key)
		}
		_ = v.Each("docs", "", false, func(d fabric.Document) bool {
			if doc, err := d.Value(); err == nil {
				if at, _ := doc.Get("status"); value.Equal(at, want) {
					need = append(need, d.Key)
				}
			}
			return true
		})
		slices.Sort(got)
		if !slices.Equal(got, need) {
			s.w.fail(check.Convergence, s, "index %s has %v for %s, the documents say %v", x.Name, got, want, need)
		}
	}
}

// readCount compares the count of a collection with its documents.
func (s *site) readCount(v *fabric.View, name string) {
	n, err := v.Count(name)
	if err != nil {
		return // dropped
	}
	seen := int64(0)
	_ = v.Each(name, "", false, func(fabric.Document) bool { seen++; return true })
	if n != seen {
		s.w.fail(check.Convergence, s, "%s counts %d documents and shows %d", name, n, seen)
	}
}
