package replication_test

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/replication"
)

// site is one location of the world.
type site struct {
	name      string
	fake      *fake
	machine   *replication.Machine
	config    replication.Config
	skew      int64
	rejected  replication.Reason
	gone      bool // its process was stopped for good
	watermark clock.Time
	stable    clock.Vector
	applied   int
	alarms    []replication.Alarm
}

type packet struct {
	from, to string
	due      int64
	data     []byte
}

// network is how bad things are.
type network struct {
	delay, jitter int // milliseconds
	loss, twice   float64
}

// world is a fabric of several locations in virtual time.
type world struct {
	t         testing.TB
	rng       *rand.Rand
	now       int64
	net       network
	sites     []*site
	cut       map[[2]string]bool
	wire      []packet
	truth     map[clock.Stamp]uint32 // all that became durable where it was committed
	snapshots map[string]*snapshot
	open      int
	log       []string // the script's output
	closed    map[clock.Origin]bool
	ackedAt   int64
}

const wallStart = 1_700_000_000_000

func newWorld(t testing.TB, seed int64, net network, names ...string) *world {
	w := &world{
		t: t, rng: rand.New(rand.NewSource(seed)), net: net, now: 1000, cut: map[[2]string]bool{},
		truth: map[clock.Stamp]uint32{}, snapshots: map[string]*snapshot{}, closed: map[clock.Origin]bool{},
	}
	first := w.addSite(names[0], 1, clock.Stamp{})
	w.change(first, member.Change{Kind: member.Create, Origin: 1, Fabric: "f", Name: names[0]})
	w.sync(first)
	w.start(first)
	for _, n := range names[1:] {
		w.join(n)
	}
	return w
}

func (w *world) addSite(name string, self clock.Origin, join clock.Stamp) *site {
	s := &site{name: name, skew: int64(w.rng.Intn(100))}
	s.fake = &fake{self: self, visible: newState(), durable: newState(), world: w, wall: func() int64 { return wallStart + w.now + s.skew }}
	s.config = replication.Config{Fabric: "f", Location: name, Self: self, Join: join, Window: 20000, BatchBytes: 3000, InboxBytes: 60000, Feature: 1}
	w.sites = append(w.sites, s)
	return s
}

// join commits a join at the anchor and starts the newcomer.
func (w *world) join(name string) *site {
	a := w.anchor()
	w.sync(a)
	o := a.fake.durable.members.NextOrigin()
	e := w.change(a, member.Change{Kind: member.Join, Origin: o, Name: name})
	w.sync(a)
	s := w.addSite(name, o, e.Stamp)
	w.start(s)
	return s
}

func (w *world) anchor() *site {
	for _, s := range w.sites {
		if s.fake.durable.members.Anchor() == s.fake.self && !s.gone {
			return s
		}
	}
	w.t.Fatal("no anchor")
	return nil
}

func (w *world) site(name string) *site {
	for i := len(w.sites) - 1; i >= 0; i-- {
		if w.sites[i].name == name {
			return w.sites[i]
		}
	}
	w.t.Fatalf("no site %q", name)
	return nil
}

func (w *world) instant(s *site) replication.Instant {
	return replication.Instant{Mono: w.now, Wall: s.fake.wall()}
}

// start starts the process of a site: all links come up anew.
func (w *world) start(s *site) {
	s.config.Start = w.rng.Uint64()
	s.watermark, s.stable, s.rejected = 0, nil, 0
	s.machine = replication.New(s.config, s.fake, w.instant(s))
	for _, p := range w.sites {
		if p != s && !p.gone && p.name != s.name && !w.cut[[2]string{s.name, p.name}] {
			w.link(s, p, true)
		}
	}
}

func (w *world) crash(s *site) {
	s.machine.Close()
	s.fake.crash()
	for _, p := range w.sites {
		if p != s && !p.gone {
			w.link(s, p, false)
		}
	}
	w.start(s)
}

func (w *world) stop(s *site) {
	for _, p := range w.sites {
		if p != s && !p.gone {
			w.link(s, p, false)
		}
	}
	s.gone = true
	s.machine.Close()
}

// link brings a link up or down; what is under way on it is lost.
func (w *world) link(a, b *site, up bool) {
	w.wire = slices.DeleteFunc(w.wire, func(p packet) bool {
		return p.from == a.name && p.to == b.name || p.from == b.name && p.to == a.name
	})
	for _, pair := range [][2]*site{{a, b}, {b, a}} {
		pair[0].machine.PeerDown(w.instant(pair[0]), pair[1].name)
		if up {
			pair[0].machine.PeerUp(w.instant(pair[0]), pair[1].name)
		}
	}
	w.effects(a)
	w.effects(b)
}

func (w *world) setCut(a, b string, cut bool) {
	if w.cut[[2]string{a, b}] != cut {
		w.cut[[2]string{a, b}], w.cut[[2]string{b, a}] = cut, cut
		if x, y := w.site(a), w.site(b); !x.gone && !y.gone {
			w.link(x, y, !cut)
		}
	}
}

func (w *world) commit(s *site, size int) {
	if s.rejected != 0 || s.fake.visible.members.StateOf(s.fake.self) != member.Joined {
		return
	}
	body := make([]byte, size)
	w.rng.Read(body)
	body[0] = 'D'
	e, err := s.fake.commit(body)
	if err != nil {
		w.t.Fatalf("%s: commit: %v", s.name, err)
	}
	if e.Stamp.Time <= s.watermark {
		w.t.Fatalf("%s commits %s at or below its watermark %s", s.name, e.Stamp, s.watermark)
	}
}

func (w *world) change(s *site, c member.Change) codec.Entry {
	if err := s.fake.visible.members.Check(c, s.fake.self); err != nil {
		w.t.Fatalf("%s: %v", s.name, err)
	}
	e, err := s.fake.commit(append([]byte{'M'}, c.Append(nil)...))
	if err != nil {
		w.t.Fatalf("%s: %s: %v", s.name, c.Kind, err)
	}
	return e
}

// sync makes all durable that is visible.
func (w *world) sync(s *site) { w.syncSome(s, len(s.fake.unsynced)) }

func (w *world) syncSome(s *site, n int) {
	if n == 0 {
		return
	}
	for _, e := range s.fake.unsynced[:n] {
		if e.Stamp.Origin == s.fake.self {
			w.truth[e.Stamp] = e.Chain
		}
	}
	if err := s.fake.sync(n); err != nil {
		w.t.Fatalf("%s: %v", s.name, err)
	}
	for _, m := range s.fake.durable.members.Members() {
		w.closed[m.Origin] = w.closed[m.Origin] || m.State == member.Closed
	}
	if s.machine != nil {
		s.machine.Progressed(w.instant(s), s.fake.Progress())
		w.effects(s)
	}
}

// effects carries out what a machine wants, and checks it.
func (w *world) effects(s *site) {
	if s.machine == nil {
		return
	}
	for _, e := range s.machine.Effects() {
		switch e := e.(type) {
		case replication.Send:
			w.post(s, e)
		case replication.Apply:
			for _, entry := range w.tryAll(s, e.Entries) {
				if err := s.fake.apply(entry); err != nil {
					w.t.Fatalf("%s: %v", s.name, err)
				}
				if chain, ok := w.truth[entry.Stamp]; !ok || chain != entry.Chain {
					w.t.Fatalf("%s applies %s, which was never durable at its origin", s.name, entry.Stamp)
				}
				if entry.Stamp.Time <= s.watermark {
					w.t.Fatalf("%s applies %s at or below its watermark %s", s.name, entry.Stamp, s.watermark)
				}
				s.applied++
			}
		case replication.SetStable:
			w.checkStable(s, e.Vector)
		case replication.SetWatermark:
			s.watermark = e.Time
		case replication.AppendMember:
			if s.fake.visible.members.Check(e.Change, s.fake.self) == nil {
				w.change(s, e.Change)
				w.log = append(w.log, fmt.Sprintf("%s commits %s of %d", s.name, e.Change.Kind, e.Change.Origin))
			}
		case replication.InstallSnapshot:
			w.install(s, e)
		case replication.Rejected:
			s.rejected = e.Reason
			w.log = append(w.log, fmt.Sprintf("%s is rejected: %s", s.name, e.Reason))
		case replication.Alarm:
			s.alarms = append(s.alarms, e)
		case replication.NeedSnapshot:
			w.log = append(w.log, fmt.Sprintf("%s needs a snapshot", s.name))
		}
	}
}

// tryAll tells a machine of entries that its fabric does not know how to apply,
// and leaves those out that come after.
func (w *world) tryAll(s *site, entries []codec.Entry) []codec.Entry {
	var good []codec.Entry
	var refused []codec.Entry
	for _, e := range entries {
		held := slices.ContainsFunc(refused, func(r codec.Entry) bool { return e.Deps.Covers(r.Stamp) })
		newer := s.fake.old && e.Body[0] == 'X'
		switch {
		case slices.ContainsFunc(refused, func(r codec.Entry) bool { return e.Stamp.Origin == r.Stamp.Origin }):
		case newer:
			refused = append(refused, e)
			s.machine.NotApplied(w.instant(s), e.Stamp, e.Prev, errNewer)
		case held:
			refused = append(refused, e)
			s.machine.NotApplied(w.instant(s), e.Stamp, e.Prev, nil)
		default:
			good = append(good, e)
		}
	}
	return good
}

// checkStable holds a stable point against what every member truly has.
func (w *world) checkStable(s *site, v clock.Vector) {
	if !v.Dominates(s.stable) {
		w.t.Fatalf("%s: stable went back from %s to %s", s.name, s.stable, v)
	}
	s.stable = v
	for _, p := range w.sites {
		if w.closed[p.fake.self] || p.fake.durable.members.IsZero() {
			continue // a newcomer is checked when it has its snapshot
		}
		for _, row := range v {
			m, _ := p.fake.durable.members.ByOrigin(row.Origin)
			if p.fake.durable.vector.At(row.Origin) < row.Time && (m.State != member.Closed || m.End < row.Time) {
				w.t.Fatalf("%s: stable %s, but %s has %s", s.name, v, p.name, p.fake.durable.vector)
			}
		}
	}
}

func (w *world) install(s *site, c replication.InstallSnapshot) {
	err := s.fake.install(c)
	if errors.Is(err, errBehind) {
		w.log = append(w.log, fmt.Sprintf("%s refuses a snapshot", s.name))
		s.machine.NotInstalled(w.instant(s), c.ID)
		return
	}
	if err != nil {
		w.t.Fatalf("%s: %v", s.name, err)
	}
	if !c.Last {
		s.machine.Progressed(w.instant(s), s.fake.Progress())
		return
	}
	w.log = append(w.log, fmt.Sprintf("%s has its snapshot", s.name))
	for _, p := range w.sites {
		for _, row := range p.stable {
			m, _ := s.fake.durable.members.ByOrigin(row.Origin)
			if s.fake.durable.vector.At(row.Origin) < row.Time && (m.State != member.Closed || m.End < row.Time) {
				w.t.Fatalf("%s: stable %s, but the newcomer %s has %s", p.name, p.stable, s.name, s.fake.durable.vector)
			}
		}
	}
	s.machine.Progressed(w.instant(s), s.fake.Progress())
	// The rest of the effects follows: the slice that is walked now stays.
}

func (w *world) post(s *site, e replication.Send) {
	if w.cut[[2]string{s.name, e.Peer}] || w.rng.Float64() < w.net.loss {
		return
	}
	copies := 1
	if w.rng.Float64() < w.net.twice {
		copies = 2
	}
	data := e.Message.Append(nil)
	for range copies {
		due := w.now + int64(w.net.delay)
		if w.net.jitter > 0 {
			due += int64(w.rng.Intn(w.net.jitter))
		}
		w.wire = append(w.wire, packet{s.name, e.Peer, due, data})
	}
}

// step lets time pass.
func (w *world) step(ms int64) {
	w.now += ms
	var due, later []packet
	for _, p := range w.wire {
		if p.due <= w.now {
			due = append(due, p)
		} else {
			later = append(later, p)
		}
	}
	w.wire = later
	slices.SortStableFunc(due, func(a, b packet) int { return int(a.due - b.due) })
	for _, p := range due {
		to := w.site(p.to)
		if to.gone {
			continue
		}
		msg, err := replication.Decode(p.data)
		if err != nil {
			w.t.Fatal(err)
		}
		to.machine.Receive(w.instant(to), p.from, msg)
		w.effects(to)
	}
	for _, s := range w.sites {
		if s.gone {
			continue
		}
		if w.rng.Intn(3) > 0 {
			w.syncSome(s, w.rng.Intn(len(s.fake.unsynced)+1))
		}
		s.machine.Tick(w.instant(s))
		w.effects(s)
	}
}

func (w *world) run(ms int64) {
	for end := w.now + ms; w.now < end; {
		w.step(5)
	}
}

// live are the sites that take part and are well.
func (w *world) live() []*site {
	var out []*site
	a := w.anchor().fake.durable.members
	for _, s := range w.sites {
		if !s.gone && a.StateOf(s.fake.self) == member.Joined {
			out = append(out, s)
		}
	}
	return out
}

// settled tells whether all live sites have the same, all of it stable, and
// nothing waits.
func (w *world) settled() string {
	var want clock.Vector
	for _, s := range w.live() {
		w.sync(s)
		st := s.machine.Status()
		v := s.fake.durable.vector
		if want == nil {
			want = v
		}
		switch {
		case s.rejected != 0:
			return fmt.Sprintf("%s is rejected: %s", s.name, s.rejected)
		case !v.Equal(want):
			return fmt.Sprintf("%s has %s, not %s: %+v", s.name, v, want, st)
		case len(s.fake.durable.members.Leaving()) > 0:
			return fmt.Sprintf("%s: evictions go on: %+v", s.name, st)
		case !s.stable.Dominates(v):
			return fmt.Sprintf("%s has stable %s of %s: %+v", s.name, s.stable, v, st)
		case s.watermark < v.Newest():
			return fmt.Sprintf("%s has watermark %s, newest entry %s: %+v", s.name, s.watermark, v.Newest(), st)
		}
	}
	for stamp := range w.truth {
		if o := w.anchor().fake.durable.members.StateOf(stamp.Origin); o == member.Joined && !want.Covers(stamp) {
			return fmt.Sprintf("entry %s is lost", stamp)
		}
	}
	return ""
}

// quiesce heals everything and waits until all is settled.
func (w *world) quiesce() {
	w.t.Helper()
	w.net.loss, w.net.twice = 0, 0
	for _, a := range w.sites {
		for _, b := range w.sites {
			if a.name != b.name {
				w.setCut(a.name, b.name, false)
			}
		}
	}
	problem := ""
	for range 600 {
		w.run(100)
		if problem = w.settled(); problem == "" {
			return
		}
	}
	for _, s := range w.live() {
		w.t.Logf("%s: %+v", s.name, s.machine.Status())
	}
	w.t.Fatalf("after a minute: %s\nlog: %q", problem, w.log)
}
