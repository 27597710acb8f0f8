package sim

import (
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/geo"
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
	s.readDuty(v, pick(&s.rng, s.w.sites).self)
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

// indexes are those that are there from the beginning, by collection.
func indexes() map[string][]fabric.IndexSpec {
	return map[string][]fabric.IndexSpec{
		"ttl": {{Name: "by_at", Type: "ttl", Fields: []string{"at"}, ExpireAfter: 2}},
		"docs": {
			{Name: "by_status", Type: "persistent", Fields: []string{"status"}},
			{Name: "by_tag", Type: "persistent", Fields: []string{"tags[*]"}, Sparse: true, Deduplicate: true},
			{Name: "by_place", Type: "geo", Fields: []string{"place"}, GeoJSON: true},
			{Name: "by_word", Type: "fulltext", Fields: []string{"b"}},
		},
		"plain": {{Name: "by_n", Type: "persistent", Fields: []string{"n", "t"}}},
	}
}

// passing are indexes of docs that come and go.
func passing() []fabric.IndexSpec {
	return []fabric.IndexSpec{
		{Name: "by_a", Type: "persistent", Fields: []string{"a"}},
		{Name: "by_pair", Type: "geo", Fields: []string{"low", "high"}},
		{Name: "by_long", Type: "fulltext", Fields: []string{"b"}, MinLength: 4},
	}
}

// places are what documents have for a place: some are none.
func places() []string {
	return []string{`[13.4,52.5]`, `[-122.3,37.6]`, `[180,0]`, `[0,-90]`, `[8.6,50.0,112]`, `[200,10]`, `"here"`, `{"type":"Point","coordinates":[8.6,50]}`}
}

// wordsOf are texts of small words.
func wordsOf(r *random) string {
	return strings.Join([]string{pick(r, []string{"Red", "GREEN", "blue"}), pick(r, []string{"fox", "ox", "x"}), pick(r, []string{"red", "runs"})}, pick(r, []string{" ", ", "}))
}

// entriesOf says what a document puts into an index, by rules of its own.
func entriesOf(x *fabric.Index, doc value.Value) (out []string) {
	at := func(i int) value.Value {
		v, _ := doc.Get(x.Fields[i])
		return v
	}
	switch x.Type {
	case "geo":
		pair := []value.Value{}
		if len(x.Fields) == 2 {
			pair = append(pair, at(1), at(0))
		} else if v := at(0); v.Kind() == value.KindObject {
			v, _ = v.Get("coordinates")
			pair = v.Items()
		} else {
			pair = v.Items()
		}
		cell := uint64(0)
		if len(pair) >= 2 && pair[0].Kind() == value.KindNumber && pair[1].Kind() == value.KindNumber {
			if p := (geo.Point{Longitude: pair[0].Float64(), Latitude: pair[1].Float64()}); p.Valid() {
				cell = geo.Cell(p)
			}
		}
		return []string{string(binary.BigEndian.AppendUint64(nil, cell))}
	case "fulltext":
		words := map[string]bool{}
		for _, word := range strings.FieldsFunc(strings.ToLower(at(0).Str()), func(r rune) bool { return r == ' ' || r == ',' }) {
			if len(word) >= int(x.MinLength) {
				words[string(value.AppendKeyString(nil, word))] = true
			}
		}
		return slices.Sorted(maps.Keys(words))
	case "ttl":
		if v := at(0); !v.IsNull() {
			return []string{string(value.AppendKey(nil, v))}
		}
	}
	return nil
}

// readEntries compares the entries of indexes of places, words and times with the documents.
func (s *site) readEntries(v *fabric.View, name string) {
	c, ok := v.Collection(name)
	if !ok {
		return
	}
	for i := range c.Indexes {
		x := &c.Indexes[i]
		if !x.Ready || x.Type != "geo" && x.Type != "fulltext" && x.Type != "ttl" {
			continue
		}
		want, shown := map[string]bool{}, []string(nil)
		_ = v.Each(name, "", false, func(d fabric.Document) bool {
			shown = append(shown, d.Key)
			for _, entry := range entriesOf(x, value.Lazy(d.Text)) {
				want[entry+d.Key] = true
			}
			return true
		})
		s.w.count.Indexed++
		g := v.Ground()
		space := g.Keys.IndexSpace(nil, x.Number)
		it, err := g.Reader.Scan(space, layout.End(space))
		if err != nil {
			s.w.fail(check.Convergence, s, "reading index %s: %v", x.Name, err)
			return
		}
		for it.Next() {
			entry := string(it.Key()[len(space):])
			// What has expired keeps its entries until it is deleted.
			if !want[entry] && (!c.Expiring() || slices.ContainsFunc(shown, func(key string) bool { return strings.HasSuffix(entry, key) })) {
				s.w.fail(check.Convergence, s, "index %s of %s has a needless entry %s", x.Name, name, hex.EncodeToString([]byte(entry)))
			}
			delete(want, entry)
		}
		_ = it.Close()
		for _, entry := range slices.Sorted(maps.Keys(want)) {
			s.w.fail(check.Convergence, s, "index %s of %s lacks the entry %s", x.Name, name, hex.EncodeToString([]byte(entry)))
		}
	}
}
