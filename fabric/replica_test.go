package fabric_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// wallBase is when virtual time begins, in Unix milliseconds.
const wallBase = int64(1_800_000_000_000)

// replica is a Core over a disk that keeps what was synced, driven by hand.
type replica struct {
	t        testing.TB
	name     string
	db       *memory.DB
	core     *fabric.Core
	self     clock.Origin
	wall     int64
	random   *rand.Rand
	limits   fabric.Limits
	flight   []*fabric.Group
	reports  []report // what it said of itself, by the end of its log
	promised clock.Vector
}

// report is what a replica says: it counts once the log up to end is applied.
type report struct {
	end     clock.Time
	vector  clock.Vector
	vouched clock.Time
}

func newReplica(t testing.TB, name string, seed uint64) *replica {
	r := &replica{t: t, name: name, db: memory.New(memory.Options{Manual: true}), wall: wallBase, random: rand.New(rand.NewPCG(seed, 7))}
	r.open()
	return r
}

func (r *replica) open() {
	r.t.Helper()
	core, err := fabric.OpenCore(r.db, fabric.Options{Number: 3, Random: r.random.Uint64, Limits: r.limits})
	if err != nil {
		r.t.Fatalf("%s: %v", r.name, err)
	}
	r.core, r.flight = core, nil
}

// renew makes room for stamps, durable.
func (r *replica) renew() {
	r.t.Helper()
	r.core.Begin()
	r.core.Renew()
	r.seal()
	r.sync()
}

// seal ends the open group, which is then in flight.
func (r *replica) seal() {
	r.t.Helper()
	g, err := r.core.Seal(r.wall)
	if err != nil {
		r.t.Fatalf("%s: %v", r.name, err)
	}
	if g != nil {
		r.flight = append(r.flight, g)
	}
}

// sync makes what is in flight durable.
func (r *replica) sync() {
	r.t.Helper()
	if err := r.db.Sync(); err != nil {
		r.t.Fatal(err)
	}
	for _, g := range r.flight {
		r.core.Durable(g)
	}
	r.flight = nil
	p := r.core.Progress(r.wall)
	if n := len(r.reports); n > 0 && r.reports[n-1].end == p.OwnEnd {
		r.reports = r.reports[:n-1]
	}
	r.reports = append(r.reports, report{p.OwnEnd, p.Vector, p.Vouched})
	r.promised = p.Vector
}

// crash loses what was not synced, but for a random part, and starts again.
func (r *replica) crash() {
	r.t.Helper()
	r.db = r.db.Crash(func(n int) int { return r.random.IntN(n + 1) })
	r.open()
	if p := r.core.Progress(r.wall); !p.Vector.Dominates(r.promised) {
		r.t.Fatalf("%s: after a crash the vector is %s, it had promised %s", r.name, p.Vector, r.promised)
	}
	r.renew()
}

// do runs work in a group of its own and makes it durable; with room below the ceiling.
func (r *replica) do(work func() error) {
	r.t.Helper()
	r.core.Begin()
	err := work()
	if errors.Is(err, clock.ErrCeiling) {
		r.renew()
		r.core.Begin()
		err = work()
	}
	if err != nil {
		r.t.Fatalf("%s: %v", r.name, err)
	}
	r.seal()
	r.sync()
}

// try prepares and sequences a transaction in the open group, again while it is stale.
func (r *replica) try(t fabric.Transaction) (fabric.Receipt, error) {
	r.t.Helper()
	for range 5 {
		p, err := r.core.Prepare(t, r.wall)
		if err != nil {
			return fabric.Receipt{}, err
		}
		if p.Empty() {
			return p.Receipt(clock.Stamp{}), nil
		}
		r.core.Begin()
		stamp, err := r.core.Sequence(p, r.wall)
		switch {
		case err == nil:
			return p.Receipt(stamp), nil
		case errors.Is(err, clock.ErrCeiling):
			r.renew()
		case errors.Is(err, sequencer.ErrStale):
			r.seal()
		default:
			return fabric.Receipt{}, err
		}
	}
	return fabric.Receipt{}, errors.New("stale again and again")
}

// write runs one write, durable; a refusal is no failure of the test.
func (r *replica) write(w ...fabric.Write) fabric.Receipt {
	r.t.Helper()
	receipt, err := r.try(fabric.Transaction{Writes: w})
	if err != nil && fabric.CodeOf(err) == "" {
		r.t.Fatalf("%s: %v", r.name, err)
	}
	r.seal()
	r.sync()
	return receipt
}

// must is write where a refusal is a failure.
func (r *replica) must(w ...fabric.Write) fabric.Receipt {
	r.t.Helper()
	receipt, err := r.try(fabric.Transaction{Writes: w})
	if err != nil {
		r.t.Fatalf("%s: %v", r.name, err)
	}
	r.seal()
	r.sync()
	return receipt
}

// schema runs a schema change; it returns its refusal.
func (r *replica) schema(change fabric.SchemaChange) error {
	r.t.Helper()
	for {
		p, err := r.core.PrepareSchema(change, r.wall)
		if err != nil {
			return err
		}
		if p.Empty() {
			return nil
		}
		r.core.Begin()
		_, err = r.core.Sequence(p, r.wall)
		switch {
		case err == nil:
			r.seal()
			r.sync()
			return nil
		case errors.Is(err, clock.ErrCeiling):
			r.renew()
		case errors.Is(err, sequencer.ErrStale):
			r.seal()
		default:
			r.t.Fatalf("%s: %v", r.name, err)
		}
	}
}

func (r *replica) mustSchema(change fabric.SchemaChange) {
	r.t.Helper()
	if err := r.schema(change); err != nil {
		r.t.Fatalf("%s: %v", r.name, err)
	}
}

// upkeep works until nothing is waiting.
func (r *replica) upkeep() {
	r.t.Helper()
	for more := true; more; {
		r.core.Begin()
		var err error
		if more, err = r.core.Upkeep(r.wall); err != nil {
			r.t.Fatalf("%s: upkeep: %v", r.name, err)
		}
		r.seal()
	}
	r.sync()
}

// found makes the fabric, with this replica as the first member.
func (r *replica) found() {
	r.t.Helper()
	r.renew()
	r.self = 1
	r.do(func() error {
		_, err := r.core.Create(member.Change{Kind: member.Create, Origin: 1, Fabric: "f", Name: r.name, Address: r.name + ":1"}, r.wall)
		return err
	})
}

// join lets other replicas join, by a snapshot of this one each.
func (r *replica) join(others ...*replica) {
	r.t.Helper()
	for _, o := range others {
		o.self = r.core.Members().NextOrigin()
		r.do(func() error {
			_, err := r.core.AppendMember(member.Change{Kind: member.Join, Origin: o.self, Name: o.name, Address: o.name + ":1"}, r.wall)
			return err
		})
	}
	for _, o := range others {
		o.take(r)
	}
}

// take takes a snapshot of another replica.
func (r *replica) take(from *replica) {
	r.t.Helper()
	s, err := from.core.OpenSnapshot(fmt.Sprint(from.name, "-", from.random.Uint64()))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for i := 0; ; i++ {
		data, last, err := s.Chunk(i)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := fabric.Install(r.db, 3, fabric.SnapshotMark{ID: s.ID(), Next: uint32(i)}, data, last, s.Vector(), r.self); err != nil {
			r.t.Fatal(err)
		}
		if err := r.db.Sync(); err != nil {
			r.t.Fatal(err)
		}
		if last {
			break
		}
	}
	r.open()
	r.renew()
}

// pull applies up to limit entries of one origin from another replica, as far as their dependencies are here.
func (r *replica) pull(from *replica, origin clock.Origin, limit int) int {
	r.t.Helper()
	at := r.core.Progress(r.wall).Vector.At(origin)
	if at == 0 && r.core.Members().StateOf(origin) == member.Closed {
		return 0
	}
	data, _, err := from.core.ReadLog(origin, at, 1+r.random.IntN(4096))
	if err != nil {
		r.t.Fatalf("%s reads %s after %s at %s: %v", r.name, origin, at, from.name, err)
	}
	if len(data) == 0 {
		return 0
	}
	past, err := r.core.Past(origin, at)
	if err != nil {
		r.t.Fatal(err)
	}
	batch, err := codec.DecodeBatch(data, past)
	if err != nil {
		r.t.Fatal(err)
	}
	applied := 0
	r.core.Begin()
	for i := range batch.Entries {
		if applied == limit || !r.has(batch.Entries[i].Deps) {
			break
		}
		if err := r.core.Apply(&batch.Entries[i], r.wall); err != nil {
			r.t.Fatalf("%s: %v", r.name, err)
		}
		applied++
	}
	r.seal()
	r.sync()
	return applied
}

// has tells whether dependencies are applied here, the open group not counted.
func (r *replica) has(deps clock.Vector) bool {
	v := r.core.Progress(r.wall).Vector
	for _, row := range deps {
		m, _ := r.core.Members().ByOrigin(row.Origin)
		if v.At(row.Origin) < row.Time && (m.State != member.Closed || m.End < row.Time) {
			return false
		}
	}
	return true
}

// learn tells a replica what is stable and where the watermark is, from what others said and it may believe.
func (r *replica) learn(all []*replica) {
	vectors := make([]clock.Vector, 0, len(all))
	watermark := clock.MaxTime
	mine := r.core.Progress(r.wall).Vector
	for _, o := range all {
		var told report
		for _, said := range o.reports {
			if said.end <= mine.At(o.self) {
				told = said
			}
		}
		if o == r {
			told = r.reports[len(r.reports)-1]
		}
		vectors = append(vectors, told.vector)
		watermark = min(watermark, told.vouched)
	}
	r.core.SetStable(clock.MinOf(vectors...))
	r.core.SetWatermark(watermark)
}

// exchange delivers everything to everybody.
func exchange(all []*replica) {
	for moved := true; moved; {
		moved = false
		for _, r := range all {
			for _, o := range all {
				if r != o && r.pull(o, o.self, 1<<30) > 0 {
					moved = true
				}
			}
		}
	}
}

// digest is the fingerprint now, after checking that counts and indexes are what the documents say.
func (r *replica) digest(at int64) fabric.Digest {
	r.t.Helper()
	v := r.core.NewView(at)
	defer func() { _ = v.Close() }()
	for _, c := range v.Collections() {
		checkCollection(r.t, v, r.name, &c)
	}
	d, err := v.Digest(clock.TimeOf(at))
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// checkCollection compares a collection's count and indexes with its documents, by the plainest means.
func checkCollection(t testing.TB, v *fabric.View, who string, c *fabric.Collection) {
	t.Helper()
	n := int64(0)
	docs := map[string]value.Value{}
	if err := v.Each(c.Name, "", false, func(d fabric.Document) bool {
		doc, err := d.Value()
		if err != nil {
			t.Error(err)
		}
		docs[d.Key] = doc
		n++
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if count, err := v.Count(c.Name); err != nil || count != n {
		t.Fatalf("%s: count of %s is %d, %v; it holds %d", who, c.Name, count, err, n)
	}
	for i := range c.Indexes {
		checkIndex(t, v, who, c, &c.Indexes[i], docs)
	}
}

// open is what a replica shows of a document.
func (r *replica) text(collection, key string) string {
	r.t.Helper()
	d, found, _, err := r.core.Get(collection, key, r.wall)
	if err != nil {
		r.t.Fatal(err)
	}
	if !found {
		return ""
	}
	return string(d.Text)
}
