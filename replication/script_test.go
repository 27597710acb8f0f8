package replication_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/replication"
)

var calm = network{delay: 20}

// calmWorld is a fabric whose members all have their state.
func calmWorld(t *testing.T, names ...string) *world {
	w := newWorld(t, 7, calm, names...)
	w.quiesce()
	w.log = nil
	return w
}

func (w *world) commits(n int, names ...string) {
	for range n {
		for _, name := range names {
			w.commit(w.site(name), 50)
		}
		w.step(5)
	}
}

func (w *world) expect(lines ...string) {
	w.t.Helper()
	if !slices.Equal(w.log, lines) {
		w.t.Fatalf("it went\n  %s\nand not\n  %s", strings.Join(w.log, "\n  "), strings.Join(lines, "\n  "))
	}
}

func TestEvictAMemberThatIsCutOff(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c")
	w.setCut("a", "c", true)
	w.commits(20, "a", "b", "c") // b passes on what c writes
	w.setCut("b", "c", true)
	w.commits(20, "a", "b", "c") // and nobody this
	w.evictSite(w.site("c"))
	w.run(3000)
	w.setCut("a", "c", false)
	w.run(1000)
	w.quiesce()
	w.expect("a evicts c", "a commits end of 3", "c is rejected: evicted")
	m, _ := w.site("b").fake.durable.members.ByOrigin(3)
	own := w.site("c").fake.durable.head(3).Stamp.Time
	if m.End == 0 || m.End >= own {
		t.Fatalf("the log of c was ended at %s: it holds %s alone, and others more than nothing", m.End, own)
	}
	if v := w.site("b").fake.durable.vector; v.At(3) != 0 {
		t.Fatalf("the row of c is still in %s", v)
	}
}

// The log of an evicted member is taken up to what a remaining member has of
// it, even if the anchor had not heard of that.
func TestEvictTakesWhatOthersDependOn(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c", "d")
	w.setCut("a", "b", true)
	w.setCut("a", "c", true)
	w.setCut("d", "b", true)
	w.setCut("d", "c", true)
	w.commits(20, "b", "c") // b depends on c
	before := w.site("c").fake.durable.head(3).Stamp.Time
	w.run(200)
	w.evictSite(w.site("c"))
	w.setCut("b", "c", true)
	w.run(2000)
	if n := len(w.site("a").fake.durable.members.Leaving()); n != 1 {
		t.Fatalf("%d evictions go on, want 1: b has not reported", n)
	}
	w.setCut("a", "b", false)
	w.run(3000)
	w.quiesce()
	w.expect("a evicts c", "a commits end of 3", "c is rejected: evicted")
	if m, _ := w.site("d").fake.durable.members.ByOrigin(3); m.End < before {
		t.Fatalf("the log of c was ended at %s, b held it up to %s", m.End, before)
	}
}

// Who has no link to the anchor reports by way of others, who take what he
// holds of the log that ends.
func TestEvictReportsAreRelayed(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c", "d", "e")
	for _, pair := range [][2]string{{"a", "e"}, {"a", "d"}, {"b", "e"}, {"a", "c"}, {"b", "c"}, {"c", "d"}} {
		w.setCut(pair[0], pair[1], true) // a - b - d - e - c
	}
	w.setCut("d", "e", true)
	w.commits(20, "c") // e alone has this
	w.run(500)
	before := w.site("c").fake.durable.head(3).Stamp.Time
	w.evictSite(w.site("c"))
	w.setCut("c", "e", true)
	w.setCut("d", "e", false)
	w.run(10000)
	w.expect("a evicts c", "a commits end of 3")
	if m, _ := w.site("a").fake.durable.members.ByOrigin(3); m.End != before {
		t.Fatalf("the log of c was ended at %s, e held it up to %s", m.End, before)
	}
	w.quiesce()
}

// A report from before the last evict entry does not count, even if it names
// all that leave.
func TestAnOldEvictReportDoesNotCount(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c")
	a := w.site("a")
	w.setCut("a", "b", true)
	w.setCut("b", "c", true)
	w.evictSite(w.site("c"))
	w.sync(a)
	w.setCut("a", "b", false)
	w.net.loss = 1 // nothing of b's comes but what is said here for it
	report := replication.EvictReport{Ends: []clock.Row{{Origin: 3}}}
	c, _ := a.fake.durable.members.ByOrigin(3)
	hello := replication.Hello{Protocol: replication.Protocol, Location: "b", Fabric: "f", Origin: 2, Start: 99, Count: 1, Wall: a.fake.wall()}
	a.machine.Receive(w.instant(a), "b", hello)
	for _, after := range []clock.Time{c.Evict.Time - 1, c.Evict.Time} {
		report.After = after
		a.machine.Receive(w.instant(a), "b", report)
		w.effects(a)
		a.machine.Tick(w.instant(a))
		w.effects(a)
		if ended := slices.Contains(w.log, "a commits end of 3"); ended != (after == c.Evict.Time) {
			t.Fatalf("after a report made at %s, with the evict entry at %s: %q", after, c.Evict.Time, w.log)
		}
	}
}

func TestEvictTwoAtOnceAndTheAnchorCrashes(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c", "d")
	w.commits(10, "a", "b", "c", "d")
	w.setCut("a", "b", true)
	w.setCut("b", "c", true)
	w.setCut("b", "d", true) // b hears of nothing
	w.evictSite(w.site("c"))
	w.run(300)
	w.evictSite(w.site("d"))
	w.run(1000)
	w.sync(w.site("a"))
	w.crash(w.site("a"))
	w.run(1000)
	if n := len(w.anchor().fake.durable.members.Leaving()); n != 2 {
		t.Fatalf("%d evictions go on, want 2", n)
	}
	w.setCut("a", "b", false)
	w.run(2000)
	w.quiesce()
	if got := w.log[len(w.log)-2:]; !slices.Equal(got, []string{"a commits end of 3", "a commits end of 4"}) && !slices.Contains(w.log, "a commits end of 4") {
		t.Fatalf("it went %q", w.log)
	}
	if s := w.anchor().fake.durable.members.StateOf(4); s != member.Closed {
		t.Fatalf("d is %s", s)
	}
}

func TestEvictedComesBackAsAnother(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c")
	w.commits(10, "a", "b", "c")
	c := w.site("c")
	w.stop(c)
	w.evictSite(c)
	w.run(2000)
	w.join("c")
	w.commits(50, "a", "b", "c")
	w.quiesce()
	if o := w.site("c").fake.self; o != 4 || len(w.live()) != 3 {
		t.Fatalf("c is origin %s, %d live", o, len(w.live()))
	}
}

// A disk that was set back is found out by what others know.
func TestSetBackIsRejected(t *testing.T) {
	t.Parallel()
	for name, writes := range map[string]int{"behind": 0, "forked": 5} {
		w := calmWorld(t, "a", "b", "c")
		w.commits(5, "a", "b", "c")
		w.quiesce()
		b := w.site("b")
		old := b.fake.durable.clone()
		w.commits(5, "a", "b", "c")
		w.quiesce()
		w.stop(b)
		b.gone = false
		b.fake.durable, b.fake.visible, b.fake.unsynced = old, old.clone(), nil
		b.machine = nil
		for range writes {
			w.commit(b, 33) // in the dark, before any peer is heard
		}
		if err := b.fake.sync(writes); err != nil {
			t.Fatal(err)
		}
		w.start(b)
		w.run(2000)
		if b.rejected != replication.Behind && b.rejected != replication.Forked {
			t.Errorf("%s: rejected for %s", name, b.rejected)
		}
	}
}

func TestTwoLiveProcessesAreRefused(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b")
	a := w.site("a")
	hello := replication.Hello{
		Protocol: replication.Protocol, Location: "b", Fabric: "f", Origin: 2, Start: 99, Count: 1, Joining: true,
	}
	a.machine.Receive(w.instant(a), "b", hello)
	refused := false
	for _, e := range a.machine.Effects() {
		if s, ok := e.(replication.Send); ok {
			r, ok := s.Message.(replication.Refuse)
			refused = refused || ok && r.Reason == replication.TwoLive
		}
	}
	if !refused {
		t.Fatal("a second start number in one session was not refused")
	}
	hello.Fabric = "another"
	a.machine.PeerDown(w.instant(a), "b")
	a.machine.PeerUp(w.instant(a), "b")
	a.machine.Receive(w.instant(a), "b", hello)
	for _, p := range a.machine.Status().Peers {
		if p.Refused != replication.WrongFabric {
			t.Fatalf("refused for %s", p.Refused)
		}
	}
}

func TestSnapshotResumes(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b")
	w.commits(10, "a", "b")
	w.cut[[2]string{"b", "c"}], w.cut[[2]string{"c", "b"}] = true, true // so that only a can serve
	c := w.join("c")
	for len(c.fake.taking) < 3 {
		w.step(5)
	}
	before := len(w.snapshots)
	w.setCut("a", "c", true)
	w.run(4000)
	w.setCut("a", "c", false)
	w.run(4000)
	w.quiesce()
	if got := len(w.snapshots); got != before {
		t.Fatalf("%d snapshots were opened after the cut: it did not resume", got-before)
	}
	// One whose source is gone starts over under another id.
	d := w.join("d")
	for len(d.fake.taking) < 3 {
		w.step(5)
	}
	for _, s := range w.sites[:3] {
		w.crash(s)
	}
	w.quiesce()
	if w.open != 0 {
		w.run(120000)
	}
	if w.open != 0 {
		t.Fatalf("%d snapshots are left open", w.open)
	}
}

func TestTrimmedLogNeedsASnapshot(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c")
	w.setCut("a", "c", true)
	w.setCut("b", "c", true)
	w.commits(20, "a", "b")
	w.run(500)
	for _, s := range w.sites[:2] {
		for _, row := range s.fake.durable.vector {
			s.fake.durable.trimmed[row.Origin] = row.Time
		}
	}
	w.quiesce()
	w.expect("c needs a snapshot", "c has its snapshot")
}

// Who takes a snapshot over what he has must not lose what others lack.
func TestSnapshotKeepsTheOwnLog(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c")
	w.setCut("a", "c", true)
	w.setCut("b", "c", true)
	w.commits(20, "a", "b", "c")
	w.run(500)
	for _, s := range w.sites[:2] {
		for _, row := range s.fake.durable.vector {
			s.fake.durable.trimmed[row.Origin] = row.Time
		}
	}
	w.net.loss = 0.3
	w.setCut("a", "c", false)
	w.setCut("b", "c", false)
	w.run(5000)
	w.quiesce() // finds every entry that is lost
	w.expect("c needs a snapshot", "c has its snapshot")
}

// A log that goes on with other entries under the same times is refused.
// An entry that cannot be applied holds up its own log and what depends on it.
func TestAnEntryThatCannotBeAppliedHoldsUpItsLogAlone(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c", "d")
	d := w.site("d")
	d.fake.old = true
	w.setCut("a", "b", true) // so that b commits what does not depend on it
	w.setCut("a", "c", true)
	w.setCut("b", "c", true)
	w.commits(3, "a", "b")
	if _, err := w.site("a").fake.commit([]byte("X of a newer version")); err != nil {
		t.Fatal(err)
	}
	held := w.site("a").fake.visible.vector.At(1)
	w.commits(10, "a", "b", "c")
	w.setCut("a", "c", false)
	w.run(300)
	w.commits(5, "b", "c") // those of c depend on it
	w.run(3000)
	b, c := w.site("b").fake.durable.vector.At(2), w.site("c").fake.durable.vector.At(3)
	if v := d.fake.durable.vector; v.At(1) >= held || v.At(2) != b || v.At(3) == 0 || v.At(3) >= c {
		t.Fatalf("d has %s; a's entry %s cannot be applied, b ends at %s, c at %s", v, held, b, c)
	}
	if n := len(d.alarms); n != 1 || d.alarms[0].Code != replication.AlarmApply || d.alarms[0].Origin != 1 {
		t.Fatalf("alarms %+v", d.alarms)
	}
	w.run(35000)
	if len(d.alarms) != 2 {
		t.Fatalf("it was not tried again: %+v", d.alarms)
	}
	d.fake.old = false
	w.quiesce()
}

func TestForkUnderTheSameStamps(t *testing.T) {
	t.Parallel()
	first, second := longLog(t, 1), longLog(t, 2)
	p := replication.Progress{Self: 1, Vector: clock.Vector{{Origin: 1, Time: 1}}, OwnEnd: 1, Members: twoMembers(t)}
	m := machineWithPeer(1, 2, "a", "b", &canned{progress: p, chains: first.chains}, nil)
	now := replication.Instant{Mono: 2, Wall: wallStart + 1000}
	m.Receive(now, "b", replication.Entries{Generation: 1, Last: first.lasts[0], Batch: first.batches[0]})
	m.Receive(now, "b", replication.Entries{Generation: 1, Last: second.lasts[1], Batch: second.batches[1]})
	applied, refused := 0, replication.Reason(0)
	for _, e := range m.Effects() {
		switch e := e.(type) {
		case replication.Apply:
			applied += len(e.Entries)
		case replication.Send:
			if r, ok := e.Message.(replication.Refuse); ok {
				refused = r.Reason
			}
		}
	}
	if applied != perBatch || refused != replication.Forked {
		t.Fatalf("%d entries applied, refused for %s", applied, refused)
	}
}

func TestRelayAroundACut(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b", "c", "d")
	w.setCut("a", "b", true)
	w.commits(100, "a", "b")
	w.run(6000)
	if problem := w.settled(); problem != "" {
		t.Fatal(problem)
	}
	if n := w.site("b").machine.Status().Counters.PullsSent; n == 0 || n > 200 {
		t.Fatalf("b pulled %d times", n)
	}
}

// A slow peer's window stops its stream, and nothing else.
func TestWindowBoundsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b")
	a, b := w.site("a"), w.site("b")
	for range 400 {
		w.commit(a, 600)
	}
	w.sync(a)
	for range 40 { // b makes nothing durable: its credit does not come back
		w.now += 5
		due := w.wire
		w.wire = nil
		for _, p := range due {
			to := w.site(p.to)
			msg, err := replication.Decode(p.data)
			if err != nil {
				t.Fatal(err)
			}
			to.machine.Receive(w.instant(to), p.from, msg)
			w.effects(to)
		}
	}
	flight := a.machine.Status().Peers[0].InFlight
	if limit := uint64(a.config.Window + a.config.BatchBytes + 1000); flight < uint64(a.config.Window) || flight > limit {
		t.Fatalf("%d bytes are in flight, the window is %d", flight, a.config.Window)
	}
	if n := len(b.fake.unsynced); n == 0 || n == 400 {
		t.Fatalf("b has applied %d", n)
	}
	w.quiesce()
}

// Dependencies that are a byte or two on the wire take a row per location when
// they are decoded: what waits is counted as that.
func TestTheCapOfWhatWaitsIsMemory(t *testing.T) {
	t.Parallel()
	const rows, entries = 25, 4096
	w := calmWorld(t, "a", "b")
	a, b := w.site("a"), w.site("b")
	b.config.InboxBytes = 64 << 10
	w.crash(b)
	w.run(100)
	head := a.fake.durable.head(1)
	past, prev, chain := head.Past(), head.Stamp.Time, head.Chain
	deps := past.Deps.Clone()
	for o := range clock.Origin(rows) {
		deps = deps.With(o+2, prev.Plus(1)) // the first of them is not here, so that all wait
	}
	var records []codec.LogRecord
	for i := range entries {
		at := prev.Plus(1)
		deps = deps.With(clock.Origin(i%rows+2), at)
		e := codec.Entry{Stamp: clock.Stamp{Time: at, Origin: 1}, Prev: prev, Deps: deps, Body: []byte("D")}
		chain = codec.ChainNext(chain, at, codec.BodyHash(e.Body))
		e.Chain = chain
		records = append(records, codec.LogRecord{Time: at, Data: codec.AppendLogRecord(nil, &e, past, false)})
		past, prev = e.Past(), at
	}
	batch, err := codec.AppendBatch(nil, 1, head.Stamp.Time, records)
	if err != nil {
		t.Fatal(err)
	}
	b.machine.Receive(w.instant(b), "a", replication.Entries{Pulled: true, Last: prev, Batch: batch})
	st := b.machine.Status()
	if len(st.Waits) != 1 || st.Waits[0].Entries == 0 || st.Waits[0].Entries == entries || st.Counters.Overflows != 1 {
		t.Fatalf("a batch of %d bytes: %+v", len(batch), st)
	}
	const limit = 64<<10 + 16<<10 + 1<<20
	if least := len(batch) + st.Waits[0].Entries*rows*16; st.Waiting < least || st.Waiting > limit {
		t.Fatalf("%d entries wait in %d bytes, at least %d and at most %d", st.Waits[0].Entries, st.Waiting, least, limit)
	}
}

func TestFutureStampIsHeldBack(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b")
	a, b := w.site("a"), w.site("b")
	a.skew += 10000
	w.commit(a, 10)
	w.run(1000)
	held := a.fake.durable.head(1).Stamp.Time
	if b.fake.visible.vector.At(1) >= held {
		t.Fatal("an entry ten seconds ahead was applied")
	}
	if !slices.ContainsFunc(b.alarms, func(x replication.Alarm) bool { return x.Code == replication.AlarmFuture }) {
		t.Fatalf("no alarm: %v", b.alarms)
	}
	if waits := b.machine.Status().Waits; len(waits) != 1 || waits[0].Reason != "future-stamp" {
		t.Fatalf("waits: %+v", waits)
	}
	w.run(12000)
	if b.fake.visible.vector.At(1) < held {
		t.Fatal("an entry of the past is still held back")
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := calmWorld(t, "a", "b")
	if s := w.site("a").machine.Status(); s.Feature != 1 {
		t.Fatalf("feature level %d, both know 1", s.Feature)
	}
	if s := w.site("b").machine.Status(); s.Stable.At(clock.Origin(1)) == 0 || s.Watermark == 0 || len(s.Peers) != 1 || s.Peers[0].RTT < 30 {
		t.Fatalf("%+v", s)
	}
}

// The same inputs give the same effects.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	once := func() []string {
		w := newWorld(t, 3, network{delay: 10, jitter: 30, loss: 0.1, twice: 0.1}, "a", "b", "c")
		for i := range 400 {
			w.commit(w.sites[i%3], 100)
			if i == 200 {
				w.crash(w.sites[1])
			}
			w.step(5)
		}
		var out []string
		for _, p := range w.wire {
			out = append(out, p.from+p.to+string(p.data))
		}
		return append(out, w.log...)
	}
	if a, b := once(), once(); !slices.Equal(a, b) || len(a) == 0 {
		t.Fatal("two runs from one seed differ")
	}
}
