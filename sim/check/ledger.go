package check

import (
	"slices"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
)

// Entry is one transaction as the ledger knows it.
type Entry struct {
	Stamp   clock.Stamp
	Prev    clock.Time
	Seen    clock.Vector // what its transaction had seen: every origin, closed ones and its own included
	Changes []codec.Change
	Acked   bool
	lost    bool // a crash took it before it was durable
}

// holding is what one location holds, by the ledger's own books.
type holding struct {
	vector    clock.Vector // applied, closed origins included
	durable   clock.Vector
	watermark clock.Time
	stable    clock.Vector
	setBack   bool // its disk is an old one, and it must not go on
}

// Ledger is the books of one fabric.
type Ledger struct {
	*Report
	entries  map[clock.Stamp]*Entry
	logs     map[clock.Origin][]*Entry
	sites    map[string]*holding
	docs     map[place][]event
	trunc    map[collection][]event
	batches  map[collection][]event       // of points
	ends     map[clock.Origin]clock.Time  // final ends of closed incarnations
	members  map[clock.Origin]string      // the books of incarnations
	joins    map[clock.Origin]clock.Stamp // the entries by which they joined
	closings map[clock.Origin][]*Entry    // the entries that set an end
	Applied  uint64
}

type collection struct {
	site       string // of a local collection: the origin of its location
	name       string
	generation uint32
}

type place struct {
	collection
	key string
}

// Book is the name under which the ledger keeps an incarnation of a location.
func Book(location string, o clock.Origin) string { return location + "/" + o.String() }

// NewLedger opens the books.
func NewLedger(r *Report) *Ledger {
	return &Ledger{Report: r, entries: map[clock.Stamp]*Entry{}, logs: map[clock.Origin][]*Entry{}, sites: map[string]*holding{},
		docs: map[place][]event{}, trunc: map[collection][]event{}, batches: map[collection][]event{}, ends: map[clock.Origin]clock.Time{}, members: map[clock.Origin]string{}, joins: map[clock.Origin]clock.Stamp{}, closings: map[clock.Origin][]*Entry{}}
}

func (l *Ledger) site(name string) *holding {
	h := l.sites[name]
	if h == nil {
		h = &holding{}
		l.sites[name] = h
	}
	return h
}

// Holds is what a location has applied by the books.
func (l *Ledger) Holds(site string) clock.Vector { return l.site(site).vector }

// Commit is told of a transaction that a location has sequenced.
func (l *Ledger) Commit(site string, stamp clock.Stamp, body, local []byte) *Entry {
	h := l.site(site)
	if old, taken := l.entries[stamp]; taken && !old.lost {
		l.Fail(Delivery, site, "stamp %s was given before", stamp)
		return old
	}
	for _, row := range h.vector {
		if row.Time >= stamp.Time {
			l.Fail(Causality, site, "stamp %s is not above %s-%s, which it has seen", stamp, row.Time, row.Origin)
			break
		}
	}
	if stamp.Time <= h.watermark {
		l.Fail(Causality, site, "commit %s at or below the watermark %s", stamp, h.watermark)
	}
	if join := l.joins[stamp.Origin]; join.Origin != stamp.Origin && !h.vector.Covers(join) {
		l.Fail(Causality, site, "commit %s before its location has applied the entry %s by which it joined", stamp, join)
	}
	e := &Entry{Stamp: stamp, Prev: h.vector.At(stamp.Origin), Seen: h.vector.Clone()}
	l.entries[stamp] = e
	l.logs[stamp.Origin] = append(l.logs[stamp.Origin], e)
	l.record(e, body, "")
	l.record(e, local, stamp.Origin.String())
	h.vector = h.vector.With(stamp.Origin, stamp.Time)
	l.Applied++
	return e
}

// record files the changes of an entry under the documents that they change.
func (l *Ledger) record(e *Entry, body []byte, site string) {
	changes, err := codec.DecodeChanges(body)
	if err != nil {
		l.Fail(Delivery, site, "entry %s cannot be read: %v", e.Stamp, err)
		return
	}
	e.Changes = append(e.Changes, changes...)
	for i := range changes {
		c := &changes[i]
		in := collection{site, c.Collection, c.Generation}
		switch c.Kind {
		case codec.Document:
			at := place{in, c.Key}
			for j := range c.Ops {
				l.docs[at] = insertEvent(l.docs[at], event{entry: e, index: i<<16 | j, op: &c.Ops[j]})
			}
		case codec.Points:
			l.batches[in] = insertEvent(l.batches[in], event{entry: e, index: i << 16})
		case codec.Truncate:
			l.trunc[in] = insertEvent(l.trunc[in], event{entry: e, index: i << 16, op: removal()})
		case codec.Member:
			l.member(e, c.Data)
		}
	}
}

func (l *Ledger) member(e *Entry, data []byte) {
	change, err := member.DecodeChange(data)
	if err != nil {
		l.Fail(Delivery, "", "membership change cannot be read: %v", err)
		return
	}
	switch change.Kind {
	case member.Create, member.Join:
		l.members[change.Origin] = Book(change.Name, change.Origin)
		l.joins[change.Origin] = e.Stamp
	case member.End:
		l.ends[change.Origin] = max(l.ends[change.Origin], change.End)
		l.closings[change.Origin] = append(l.closings[change.Origin], e)
	}
}

// Apply is told of an entry of another location that a location is about to apply.
func (l *Ledger) Apply(site string, e *codec.Entry) {
	h := l.site(site)
	known, ok := l.entries[e.Stamp]
	if !ok || known.lost {
		l.Fail(Durability, site, "entry %s came, which nobody has (or which a crash has taken)", e.Stamp)
		return
	}
	l.Applied++
	had := h.vector.At(e.Stamp.Origin)
	if e.Stamp.Time <= had {
		l.Fail(Delivery, site, "entry %s is applied again, the log is applied up to %s", e.Stamp, had)
	} else if known.Prev != had {
		l.Fail(Delivery, site, "entry %s follows %s, the log is applied up to %s", e.Stamp, known.Prev, had)
	}
	for _, row := range known.Seen {
		if row.Origin != e.Stamp.Origin && h.vector.At(row.Origin) < row.Time {
			l.Fail(Causality, site, "entry %s is applied before %s-%s, which it had seen", e.Stamp, row.Time, row.Origin)
			break
		}
	}
	if e.Stamp.Time <= h.watermark {
		l.Fail(Causality, site, "entry %s arrives below the watermark %s", e.Stamp, h.watermark)
	}
	l.sameDependencies(site, known, e)
	h.vector = h.vector.With(e.Stamp.Origin, e.Stamp.Time)
}

// sameDependencies compares what an entry says that it had seen with what it had seen: neither older nor newer.
func (l *Ledger) sameDependencies(site string, known *Entry, e *codec.Entry) {
	for _, row := range known.Seen {
		if row.Origin == e.Stamp.Origin {
			continue
		}
		if end, closed := l.ends[row.Origin]; closed && e.Deps.At(row.Origin) == 0 && row.Time <= end {
			continue
		}
		if said := e.Deps.At(row.Origin); said != row.Time {
			l.Fail(Causality, site, "entry %s says it had seen %s of origin %s, it had seen %s", e.Stamp, said, row.Origin, row.Time)
			return
		}
	}
	for _, row := range e.Deps {
		if known.Seen.At(row.Origin) < row.Time {
			l.Fail(Causality, site, "entry %s says it had seen %s-%s, it had not", e.Stamp, row.Time, row.Origin)
			return
		}
	}
}

// Durable is told that everything up to v is on a location's disk.
func (l *Ledger) Durable(site string, v clock.Vector) {
	h := l.site(site)
	h.durable = h.durable.Max(v)
}

// Acknowledged is told that a client was answered.
func (l *Ledger) Acknowledged(site string, stamp clock.Stamp) {
	if e := l.entries[stamp]; e != nil {
		e.Acked = true
	}
}

// Restarted is told what a location holds after a crash. intact says that its disk kept what was durable.
func (l *Ledger) Restarted(site string, self clock.Origin, v clock.Vector, intact bool) {
	h := l.site(site)
	found := l.withClosed(v)
	if intact {
		if !found.Dominates(h.durable) {
			l.Fail(Durability, site, "after a crash the vector is %s, durable was %s", v, h.durable)
		}
		for _, e := range l.logs[self] {
			if e.Acked && !e.lost && found.At(self) < e.Stamp.Time {
				l.Fail(Durability, site, "acknowledged commit %s is gone after a crash", e.Stamp)
				break
			}
		}
		l.lose(self, found.At(self))
	}
	h.watermark = 0 // begins low again
	h.setBack = h.setBack || !intact
	h.vector, h.durable = found.Clone(), found.Clone()
}

// Installed is told that a location took a snapshot at v, in place of what it held: what was durable there must be
// in it. What lies beyond the end of a closed log goes, which is what such snapshots are for; so do commits of its
// own that were not durable yet.
func (l *Ledger) Installed(site string, self clock.Origin, v clock.Vector) {
	h := l.site(site)
	found := l.withClosed(v)
	for _, row := range h.durable {
		held := row.Time
		if end, closed := l.ends[row.Origin]; closed {
			held = min(held, end)
		}
		if found.At(row.Origin) < held {
			l.Fail(Durability, site, "takes a snapshot that has %s of origin %s, durable was %s", found.At(row.Origin), row.Origin, row.Time)
			break
		}
	}
	h.vector, h.durable = found.Clone(), found.Clone()
	l.lose(self, found.At(self))
}

// lose forgets commits that a crash took before anybody else could have them.
func (l *Ledger) lose(origin clock.Origin, after clock.Time) {
	log := l.logs[origin]
	for len(log) > 0 && log[len(log)-1].Stamp.Time > after {
		e := log[len(log)-1]
		e.lost = true
		log = log[:len(log)-1]
		for site, h := range l.sites {
			if h.durable.At(origin) >= e.Stamp.Time {
				l.Fail(Durability, site, "holds %s, which its origin lost: it was sent before it was durable", e.Stamp)
			}
		}
	}
	l.logs[origin] = log
}

// Holding is what a vector of a location stands for: with the logs of incarnations that are closed.
func (l *Ledger) Holding(v clock.Vector) clock.Vector { return l.withClosed(v) }

// withClosed adds the final ends of closed incarnations, which vectors leave out once they are applied.
func (l *Ledger) withClosed(v clock.Vector) clock.Vector {
	origins := make([]clock.Origin, 0, len(l.ends))
	for o := range l.ends {
		origins = append(origins, o)
	}
	slices.Sort(origins)
	for _, o := range origins {
		if v.At(o) == 0 && l.endKnown(v, o) {
			v = v.With(o, l.ends[o])
		}
	}
	return v
}

// endKnown says whether v has seen the entry that closed an incarnation.
func (l *Ledger) endKnown(v clock.Vector, o clock.Origin) bool {
	return slices.ContainsFunc(l.closings[o], func(e *Entry) bool { return !e.lost && v.Covers(e.Stamp) })
}

// Stable is told what a location takes for stable: no member may be behind it.
func (l *Ledger) Stable(site string, v clock.Vector) {
	h := l.site(site)
	h.stable = h.stable.Max(v)
	for _, o := range l.open() {
		name := l.members[o]
		other := l.sites[name]
		if other == nil || other.setBack {
			continue
		}
		for _, row := range v {
			if l.ends[row.Origin] == 0 && other.durable.At(row.Origin) < row.Time {
				l.Fail(Convergence, site, "takes %s-%s for stable, %s holds %s", row.Time, row.Origin, name, other.durable.At(row.Origin))
				return
			}
		}
	}
}

// open lists the members that are not closed.
func (l *Ledger) open() []clock.Origin {
	var out []clock.Origin
	for o := range l.members {
		if _, closed := l.ends[o]; !closed {
			out = append(out, o)
		}
	}
	slices.Sort(out)
	return out
}

// Watermark is told below which time a location expects nothing more.
func (l *Ledger) Watermark(site string, t clock.Time) {
	h := l.site(site)
	h.watermark = max(h.watermark, t)
}

// Reached checks that a location holds every acknowledged commit.
func (l *Ledger) Reached(site string, excused func(*Entry) bool) {
	v := l.site(site).durable
	for _, o := range l.origins() {
		for _, e := range l.logs[o] {
			if e.Acked && !v.Covers(e.Stamp) && !excused(e) {
				l.Fail(Durability, site, "acknowledged commit %s never came", e.Stamp)
				return
			}
		}
	}
}

func (l *Ledger) origins() []clock.Origin {
	out := make([]clock.Origin, 0, len(l.logs))
	for o := range l.logs {
		out = append(out, o)
	}
	slices.Sort(out)
	return out
}

// Places lists the documents of a collection that were ever written.
func (l *Ledger) Places(site, name string, generation uint32) []string {
	var keys []string
	for p := range l.docs {
		if p.site == site && p.name == name && p.generation == generation {
			keys = append(keys, p.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Entries counts the commits that were not lost.
func (l *Ledger) Entries() int {
	n := 0
	for _, log := range l.logs {
		n += len(log)
	}
	return n
}

// End is the final end of a log, once it is decided.
func (l *Ledger) End(o clock.Origin) (clock.Time, bool) {
	end, closed := l.ends[o]
	return end, closed
}

// Beyond tells whether an entry lies beyond the final end of its log: nobody is to have it.
func (l *Ledger) Beyond(e *Entry) bool {
	end, closed := l.ends[e.Stamp.Origin]
	return closed && e.Stamp.Time > end
}

// SeenBy is what someone has seen who knows of a commit.
func (l *Ledger) SeenBy(stamp clock.Stamp) clock.Vector {
	e := l.entries[stamp]
	if e == nil {
		return nil
	}
	return e.Seen.With(stamp.Origin, stamp.Time)
}

// Joined tells whether an incarnation has joined, by the entries there are.
func (l *Ledger) Joined(o clock.Origin) bool { return l.members[o] != "" }
