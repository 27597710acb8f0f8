package rowset_test

import (
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/member"
	"github.com/selvedge-db/selvedge/fabric/rowset"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// second makes another location of the fabric, with a snapshot of this one.
func (w *world) second() *world {
	w.Helper()
	const origin = clock.Origin(2)
	w.check(w.f.AppendMember(w.ctx, member.Change{Kind: member.Join, Origin: origin, Name: "there", Address: "b:1"}))
	db := memory.New(memory.Options{})
	f, err := fabric.Open(fabric.Config{Name: "test", DB: db, Env: env.Real(), Options: fabric.Options{Number: 1}})
	w.check(err)
	w.Cleanup(func() {
		_ = f.Close()
		_ = db.Close()
	})
	o := &world{w.TB, w.ctx, f, rowset.New(f, rowset.Options{})}
	o.install(w, origin)
	return o
}

// install takes a snapshot of another location.
func (w *world) install(from *world, self clock.Origin) {
	w.Helper()
	s, err := from.f.OpenSnapshot(w.ctx)
	w.check(err)
	defer func() { _ = s.Close() }()
	for i := 0; ; i++ {
		data, last, err := s.Chunk(i)
		w.check(err)
		w.check(w.f.InstallChunk(fabric.SnapshotMark{ID: s.ID(), Next: uint32(i)}, data, last, s.Vector(), self))
		if last {
			return
		}
	}
}

// pull applies what another location has committed.
func (w *world) pull(from *world) {
	w.Helper()
	origin := from.f.Core().Self()
	at := w.f.Status().Vector.At(origin)
	data, _, err := from.f.ReadLog(origin, at, 1<<20)
	w.check(err)
	past, err := w.f.Past(origin, at)
	w.check(err)
	batch, err := codec.DecodeBatch(data, past)
	w.check(err)
	refused, err := w.f.ApplyRemote(batch.Entries)
	if w.check(err); len(refused) > 0 {
		w.Fatalf("refused: %v", refused[0].Err)
	}
	v := w.f.View()
	w.check(w.f.Settle(w.ctx, v.Number()))
	w.check(v.Close())
}

// TestOthersEntriesConflict lets another location write what a transaction has read.
func TestOthersEntriesConflict(t *testing.T) {
	t.Parallel()
	here := anomalyWorld(t)
	there := here.second()
	for name, c := range map[string]struct {
		read  func(x *tx)
		fails bool
	}{
		"the document": {func(x *tx) { x.read("places", "far") }, true},
		"a scan":       {func(x *tx) { keysOf(here, x, "places", rows.Bounds{}, all) }, true},
		"an index":     {func(x *tx) { found(here, x, "places", "by_n", value.Int(70), value.Int(90)) }, true},
		"a count":      {func(x *tx) { count(here, x, "places") }, true},
		"another one":  {func(x *tx) { x.read("places", "a") }, false},
	} {
		x := here.begin()
		c.read(x)
		x.do(rows.Overwrite, "other", "result", `{"of":"`+name+`"}`)
		there.put("places", "far", `{"n":80}`)
		here.pull(there)
		if c.fails {
			x.conflicts("places")
		} else {
			x.commits()
		}
		there.remove("places", "far")
		here.pull(there)
	}
}

// TestReplacedFabricsConflict takes a snapshot while a transaction is open.
func TestReplacedFabricsConflict(t *testing.T) {
	t.Parallel()
	here := anomalyWorld(t)
	there := here.second()
	x := there.begin()
	x.do(rows.Update, "places", "a", `{"n":1}`)
	there.install(here, there.f.Core().Self())
	x.conflicts("snapshot")
}
