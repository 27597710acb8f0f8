package codec

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/crdt"
	"github.com/selvedge-db/selvedge/value"
)

// The model runs every location twice, once folding and going through the stored record at every step, and once never folding. Both
// are fed with the same entries and must show the same at every step, a commit must show what it wrote, all locations must agree in
// the end, and when all is stable nothing but text and 32 bytes may be left. Mistakes that are easy to make must be caught.

type mistake string

const (
	noMistake        mistake = ""
	withoutReport    mistake = "without report rule"
	insertByUnsets   mistake = "insert by unsets"
	withoutIncrement mistake = "clock without increment"
	staleDeps        mistake = "stale dependencies"
	earlyPurge       mistake = "early purge"
	forgetLosers     mistake = "max forgets losers"
	floatCounter     mistake = "counter in floating point"
)

const modelDecls = `{"n":{"type":"counter"},"p":{"type":"counter","scale":2},"s":{"type":"set"},"m":{"type":"max"},
	"w":{"type":"min","by":"amount"},"v":{"type":"multi"},"o.n":{"type":"counter"},"o.s":{"type":"set"}}`

var modelKeys = []string{"x", "y", "z"}

type modelEntry struct {
	stamp clock.Stamp
	prev  clock.Time
	deps  clock.Vector
	key   string
	ops   []crdt.Op
}

type modelMessage struct {
	due, to int
	entry   *modelEntry
	from    clock.Origin // of a report
	report  clock.Vector
}

// modelLocation holds the folding copy as records and the plain one as documents.
type modelLocation struct {
	w       *model
	origin  clock.Origin
	vector  clock.Vector
	now     clock.Time
	skew    int
	records map[string][]byte
	plain   map[string]*crdt.Document
	waiting []*modelEntry
	reports map[clock.Origin]clock.Vector
	deps    clock.Vector // for the mistake of writing dependencies once per batch
	commits int
}

type model struct {
	*rand.Rand
	decls       crdt.Declarations
	wrong       mistake
	removes     float64
	rate        float64 // of commits per step: slow runs fold much, fast ones have much that is concurrent
	keys        int     // of modelKeys, in use
	purged      int
	purgedEarly int // before the end
	locations   []*modelLocation
	wire        []modelMessage
	entries     []*modelEntry
	asked       int // of the log
	losses      int
}

// modelLog is the log as one location may read it: what is stable may be gone.
type modelLog struct {
	w      *model
	key    string
	stable clock.Vector
}

func (l modelLog) Deltas(o clock.Origin, path value.Path, after, upTo clock.Time) (sum int64, err error) {
	l.w.asked++
	if after < l.stable.At(o) && l.w.wrong == noMistake {
		return 0, fmt.Errorf("asked for stable deltas of %v after %v, stable is %v", o, after, l.stable.At(o))
	}
	for _, e := range l.w.entries {
		for _, op := range e.ops {
			if e.key == l.key && e.stamp.Origin == o && e.stamp.Time > after && e.stamp.Time <= upTo && op.Kind == crdt.OpDelta && op.Path.Equal(path) {
				sum += op.Number
			}
		}
	}
	return sum, nil
}

func (l *modelLocation) stable() clock.Vector {
	out := l.vector
	for _, o := range l.w.locations {
		if o != l {
			out = out.Min(l.reports[o.origin])
		}
	}
	return out
}

func (l *modelLocation) read(key string) (value.Value, bool) {
	d, err := l.load(key)
	if err != nil {
		panic(err) // a record that was just written
	}
	return d.View(l.w.decls)
}

func (l *modelLocation) load(key string) (*crdt.Document, error) {
	if rec, found := l.records[key]; found {
		return DecodeDocument(rec)
	}
	return crdt.New(), nil
}

func (l *modelLocation) store(key string, d *crdt.Document) {
	if l.w.wrong == forgetLosers {
		dropLosers(d.Root())
	}
	l.records[key] = AppendDocument(nil, d, l.w.decls)
}

func dropLosers(n *crdt.Node) {
	if n.Slots != nil {
		for _, list := range []*[]crdt.Candidate{&n.Slots.Max} {
			if len(*list) > 1 {
				best := slices.MaxFunc(*list, func(a, b crdt.Candidate) int { return value.Compare(a.Value, b.Value) })
				*list = []crdt.Candidate{best}
			}
		}
	}
	for _, c := range n.Children {
		dropLosers(c.Node)
	}
}

func (l *modelLocation) dependencies() clock.Vector {
	if l.w.wrong == staleDeps {
		if l.commits%3 == 0 {
			l.deps = l.vector.Without(l.origin)
		}
		l.commits++
		return l.deps
	}
	return l.vector.Without(l.origin)
}

// commit writes what is wanted, half the time prepared before it has a stamp.
func (l *modelLocation) commit(key string, wall int) (*modelEntry, error) {
	w := l.w
	old, existed := l.read(key)
	next, exists := w.wanted(old, existed)
	ops, err := crdt.Difference(old, existed, next, exists, w.decls)
	if err != nil {
		return nil, fmt.Errorf("difference from %s to %s: %w", text(old), text(next), err)
	}
	if len(ops) == 0 {
		return nil, nil
	}
	ops = l.mistaken(key, old, next, ops)
	step := clock.Time(1)
	if w.wrong == withoutIncrement {
		step = 0
	}
	l.now = max(l.now+step, l.vector.At(l.origin)+1, clock.Time(100+wall+l.skew))
	e := &modelEntry{stamp: clock.Stamp{Time: l.now, Origin: l.origin}, prev: l.vector.At(l.origin), deps: l.dependencies(), key: key, ops: ops}
	w.entries = append(w.entries, e)
	if w.wrong == noMistake && w.IntN(2) == 0 {
		err = l.applyPending(e)
	} else {
		err = l.apply(e, true)
	}
	if err != nil {
		return nil, err
	}
	got, shown := l.read(key)
	if shown != exists || text(got) != text(next) {
		return nil, fmt.Errorf("%v wrote %s over %s and reads %s", l.origin, text(next), text(old), text(got))
	}
	return e, nil
}

// mistaken turns right operations into wrong ones.
func (l *modelLocation) mistaken(key string, old, next value.Value, ops []crdt.Op) []crdt.Op {
	switch {
	case l.w.wrong == floatCounter:
		before, _ := old.Get("p")
		after, _ := next.Get("p")
		for i := range ops {
			if ops[i].Kind == crdt.OpDelta && ops[i].Path.String() == "p" {
				ops[i].Number = int64((after.Float64() - before.Float64()) * 100)
			}
		}
	case l.w.wrong == insertByUnsets && ops[0].Kind == crdt.OpInsert && len(ops[0].Path) == 0:
		d, err := l.load(key)
		if err != nil || len(ops[0].Value.Members()) == 0 {
			return ops
		}
		var out []crdt.Op
		hidden := d.HiddenView(l.w.decls)
		for _, m := range hidden.Members() {
			if _, stays := ops[0].Value.Get(m.Name); !stays {
				out = append(out, crdt.Op{Kind: crdt.OpUnset, Path: value.Path{m.Name}})
			}
		}
		for _, m := range ops[0].Value.Members() {
			kind := crdt.OpAssign
			if m.Value.Kind() == value.KindObject {
				kind = crdt.OpInsert
			}
			out = append(out, crdt.Op{Kind: kind, Path: value.Path{m.Name}, Value: m.Value})
		}
		return append(out, ops[1:]...)
	}
	return ops
}

func (l *modelLocation) applyPending(e *modelEntry) error {
	d, err := l.load(e.key)
	for _, op := range e.ops {
		if err == nil {
			_, err = d.Merge(crdt.Pending, nil, op, modelLog{})
		}
	}
	if err != nil {
		return err
	}
	rec, offsets := AppendDocumentPending([]byte("prefix"), d, l.w.decls)
	for _, at := range offsets {
		PatchStamp(rec, at, e.stamp)
	}
	l.records[e.key] = rec[len("prefix"):]
	return l.apply(e, false)
}

func (l *modelLocation) apply(e *modelEntry, folding bool) error {
	log := modelLog{w: l.w, key: e.key, stable: l.stable()}
	if folding {
		d, err := l.load(e.key)
		for _, op := range e.ops {
			if err == nil {
				_, err = d.Merge(e.stamp, e.deps, op, log)
			}
		}
		if err != nil {
			return err
		}
		l.store(e.key, d)
	}
	plain := l.plain[e.key]
	if plain == nil {
		plain = crdt.New()
		l.plain[e.key] = plain
	}
	for _, op := range e.ops {
		losses, err := plain.Merge(e.stamp, e.deps, op, modelLog{w: l.w, key: e.key})
		if err != nil {
			return err
		}
		l.w.losses += len(losses)
	}
	l.vector = l.vector.With(e.stamp.Origin, e.stamp.Time)
	l.now = max(l.now, e.stamp.Time)
	return nil
}

func (l *modelLocation) receive(e *modelEntry) error {
	l.waiting = append(l.waiting, e)
	for progress := true; progress; {
		progress = false
		for i, e := range l.waiting {
			if l.vector.At(e.stamp.Origin) == e.prev && l.vector.Dominates(e.deps) {
				l.waiting = slices.Delete(l.waiting, i, i+1)
				if err := l.apply(e, true); err != nil {
					return err
				}
				progress = true
				break
			}
		}
	}
	return nil
}

func (l *modelLocation) hear(o clock.Origin, report clock.Vector) {
	if l.vector.At(o) < report.At(o) && l.w.wrong != withoutReport {
		return
	}
	l.reports[o] = l.reports[o].Max(report)
}

func (l *modelLocation) fold() error {
	stable := l.stable()
	for _, key := range modelKeys {
		if _, found := l.records[key]; !found {
			continue
		}
		d, err := l.load(key)
		if err != nil {
			return err
		}
		purge := d.Fold(stable, l.w.decls)
		if l.w.wrong == earlyPurge && !d.Exists() && stable.Covers(d.Touched()) {
			purge = true
		}
		if purge {
			l.w.purged++
			delete(l.records, key)
		} else {
			l.store(key, d)
		}
	}
	return nil
}

func text(v value.Value) string { return string(value.AppendJSON(nil, v)) }

// agree compares the folding and the plain copy.
func (l *modelLocation) agree() error {
	for _, key := range modelKeys {
		plain := "absent"
		if d := l.plain[key]; d != nil {
			if v, exists := d.View(l.w.decls); exists {
				plain = text(v)
			}
		}
		if folded := l.show(key); folded != plain {
			return fmt.Errorf("%s at %v: folded shows %s, plain shows %s", key, l.origin, folded, plain)
		}
	}
	return nil
}

func (l *modelLocation) show(key string) string {
	rec, found := l.records[key]
	if !found || RecordHidden(rec) {
		return "absent"
	}
	return string(RecordText(rec))
}

// newModel varies what makes rare faults show: many removals, few documents, slow and fast commits.
func newModel(seed int, wrong mistake) *model {
	return &model{
		Rand: rand.New(rand.NewPCG(uint64(seed), 1)), wrong: wrong,
		removes: []float64{.6, .3, .05}[seed%3], keys: 1 + seed/3%2*2, rate: []float64{.06, .35, .15}[seed/6%3],
	}
}

func number(n int) value.Value { return value.Int(int64(n)) }

// wanted changes a document as users do, in the normal form of its types.
func (w *model) wanted(now value.Value, exists bool) (value.Value, bool) {
	if exists && w.Float64() < w.removes {
		return value.Value{}, false
	}
	if !exists {
		now = value.Object()
	}
	for _, name := range []string{"a", "b", "n", "p", "s", "m", "w", "v", "o", "expireAt"} {
		switch {
		case w.Float64() < .7:
		case exists && w.Float64() < .2:
			now = now.Without(name)
		case name == "o":
			o, found := now.Get("o")
			if !found || w.IntN(5) == 0 {
				o = value.Object()
			}
			for _, below := range []string{"x", "n", "s"} {
				if w.IntN(2) == 0 {
					o = w.change(o, below)
				}
			}
			if w.IntN(8) == 0 {
				o = number(w.IntN(9))
			}
			now = now.With("o", o)
		default:
			now = w.change(now, name)
		}
	}
	return now, true
}

// change gives one member a value that its type can express.
func (w *model) change(v value.Value, name string) value.Value {
	old, found := v.Get(name)
	switch name {
	case "n":
		n, _ := old.Int64()
		return v.With(name, value.Int(n+int64(w.IntN(7)-3)))
	case "p":
		units, _ := crdt.Units(old, 2)
		return v.With(name, crdt.Decimal(units+int64(w.IntN(90)), 2))
	case "s":
		var items []value.Value
		toggle := number(w.IntN(3))
		for i := range 3 {
			has := slices.ContainsFunc(old.Items(), func(x value.Value) bool { return value.Identical(x, number(i)) })
			if has != value.Identical(toggle, number(i)) {
				items = append(items, number(i))
			}
		}
		return v.With(name, value.Array(items...))
	case "m":
		n, _ := old.Int64()
		return v.With(name, value.Int(n+int64(1+w.IntN(3))))
	case "w":
		amount, _ := old.Get("amount")
		n, _ := amount.Int64()
		if !found {
			n = 100
		}
		return v.With(name, value.Object(value.Member{Name: "amount", Value: value.Int(n - int64(1+w.IntN(2)))},
			value.Member{Name: "who", Value: number(w.IntN(9))}))
	}
	return v.With(name, number(w.IntN(9)))
}

func (w *model) run(steps int) error {
	var err error
	parsed, _ := value.Parse([]byte(modelDecls), value.Limits{})
	if w.decls, err = crdt.ParseDeclarations(parsed); err != nil {
		return err
	}
	for i := range 4 {
		w.locations = append(w.locations, &modelLocation{w: w, origin: clock.Origin(i + 1), skew: w.IntN(60) - 30,
			records: map[string][]byte{}, plain: map[string]*crdt.Document{}, reports: map[clock.Origin]clock.Vector{}})
	}
	for now := 1; now <= steps; now++ {
		if err := w.step(now, now == steps); err != nil {
			return fmt.Errorf("step %d: %w", now, err)
		}
	}
	w.purgedEarly = w.purged
	return w.finish()
}

func (w *model) step(now int, last bool) error {
	l := w.locations[w.IntN(len(w.locations))]
	if w.Float64() < w.rate {
		e, err := l.commit(modelKeys[w.IntN(w.keys)], now*3)
		if err != nil {
			return err
		}
		for i := range w.locations {
			if e != nil && w.locations[i] != l {
				w.wire = append(w.wire, modelMessage{due: now + []int{1, 2, 5, 20, 60}[w.IntN(5)], to: i, entry: e})
			}
		}
	}
	w.wire = append(w.wire, modelMessage{due: now + []int{0, 0, 1, 3}[w.IntN(4)], to: w.IntN(len(w.locations)), from: l.origin, report: l.vector})
	var due []modelMessage
	w.wire = slices.DeleteFunc(w.wire, func(m modelMessage) bool {
		if m.due <= now || last {
			due = append(due, m)
			return true
		}
		return false
	})
	w.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	for _, m := range due {
		to := w.locations[m.to]
		if m.entry == nil {
			to.hear(m.from, m.report)
		} else if err := to.receive(m.entry); err != nil {
			return err
		}
	}
	for i, l := range w.locations {
		if i == now%len(w.locations) || last {
			if err := l.fold(); err != nil {
				return err
			}
		}
		if err := l.agree(); err != nil {
			return err
		}
	}
	return nil
}

// finish checks convergence and what is left when all is stable.
func (w *model) finish() error {
	first := w.locations[0]
	for _, l := range w.locations {
		for _, o := range w.locations {
			l.hear(o.origin, o.vector)
		}
		if len(l.waiting) > 0 || !l.vector.Equal(first.vector) {
			return fmt.Errorf("%v waits for entries", l.origin)
		}
		if err := l.fold(); err != nil {
			return err
		}
	}
	for _, key := range modelKeys {
		for _, l := range w.locations {
			if l.show(key) != first.show(key) {
				return fmt.Errorf("%s diverged: %s and %s", key, first.show(key), l.show(key))
			}
			rec, found := l.records[key]
			if !found {
				continue
			}
			s, h := RecordRev(rec)
			if s1, h1 := RecordRev(first.records[key]); s1 != s || h1 != h {
				return fmt.Errorf("%s: revisions differ", key)
			}
			if RecordHidden(rec) || RecordMetaLen(rec) > 32 {
				return fmt.Errorf("%s at rest at %v: hidden %v, %d bytes beside the text", key, l.origin, RecordHidden(rec), RecordMetaLen(rec))
			}
		}
	}
	return nil
}

func modelSeeds(normal int) int {
	if n, err := strconv.Atoi(os.Getenv("SELVEDGE_MERGE_SEEDS")); err == nil {
		return n
	}
	return normal
}

func TestFoldingNeverShows(t *testing.T) {
	t.Parallel()
	asked, losses, purged := 0, 0, 0
	for seed := range modelSeeds(150) {
		w := newModel(seed, noMistake)
		if err := w.run(300); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		asked, losses, purged = asked+w.asked, losses+w.losses, purged+w.purgedEarly
	}
	if asked == 0 || losses == 0 || purged == 0 {
		t.Fatalf("the runs asked the log %d times, saw %d losses and %d purges: they tested less than they should", asked, losses, purged)
	}
}

func TestMistakesAreCaught(t *testing.T) {
	t.Parallel()
	for _, wrong := range []mistake{withoutReport, insertByUnsets, withoutIncrement, staleDeps, earlyPurge, forgetLosers, floatCounter} {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()
			for seed := range 400 {
				w := newModel(seed, wrong)
				if err := w.run(300); err != nil {
					t.Logf("seed %d: %v", seed, err)
					return
				}
			}
			t.Fatal("no run caught it")
		})
	}
}
