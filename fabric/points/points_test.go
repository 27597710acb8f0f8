package points_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/points"
	"github.com/selvedge-db/selvedge/fabric/sequencer"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/store/kv"
	"github.com/selvedge-db/selvedge/store/kv/memory"
	"github.com/selvedge-db/selvedge/value"
)

// place is a table over a store of its own.
type place struct {
	t     testing.TB
	db    *memory.DB
	keys  layout.Keys
	table *points.Table
}

func newPlace(t testing.TB, d series.Declaration) *place {
	return &place{t: t, db: memory.New(memory.Options{}), keys: layout.NewKeys(1), table: points.NewTable(layout.NewKeys(1), 20, &d).Chunked(8)}
}

// arrive puts points of one field, alternately times and values, into the store as one transaction's.
func (p *place) arrive(at clock.Time, name string, timesAndValues ...float64) {
	p.t.Helper()
	c := points.Columns{Keys: []value.Value{value.String(name)}, Values: make([][]float64, 1)}
	for i := 0; i < len(timesAndValues); i += 2 {
		c.Times = append(c.Times, int64(timesAndValues[i]))
		c.Values[0] = append(c.Values[0], timesAndValues[i+1])
	}
	g := p.table.Gather()
	if bad := g.AddColumns(&c); bad != nil {
		p.t.Fatal(bad)
	}
	key, _ := points.ArrivalKey(p.keys, 20, p.table.Layout, clock.Stamp{Time: at, Origin: 1}, 0)
	p.put(&points.Round{Puts: []sequencer.Put{{Key: key, Value: g.Encode()}}})
}

func (p *place) put(r *points.Round) {
	p.t.Helper()
	batch := p.db.NewBatch()
	for _, d := range r.Deletes {
		batch.Delete(d.Key)
	}
	for _, w := range r.Puts {
		batch.Set(w.Key, w.Value)
	}
	if _, err := p.db.Apply(batch); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) merge(watermark clock.Time) {
	p.t.Helper()
	r, err := p.table.Merge(p.db, watermark, 1<<20)
	if err != nil {
		p.t.Fatal(err)
	}
	p.put(r)
}

// shown are the points of a series, alternately times and values.
func (p *place) shown(name string) (out []float64) {
	p.t.Helper()
	key := value.String(name)
	c, err := p.table.View(p.db, 0).Series(rows.SeriesQuery{Keys: []*value.Value{&key}, From: math.MinInt64, To: math.MaxInt64})
	if err != nil {
		p.t.Fatal(err)
	}
	for c.Next() {
		for i, at := range c.Times() {
			out = append(out, float64(at), c.Values()[0][i])
		}
	}
	if err := errors.Join(c.Err(), c.Close()); err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *place) wants(name string, want ...float64) {
	p.t.Helper()
	if got := p.shown(name); !slices.Equal(got, want) {
		p.t.Fatalf("series %s shows %v, want %v", name, got, want)
	}
}

func one() series.Declaration {
	return series.Declaration{Keys: []string{"m"}, Time: "at", Values: []string{"v"}}
}

// TestTheLaterStampHolds holds it at every stage of merging, also for what comes after its turn.
func TestTheLaterStampHolds(t *testing.T) {
	t.Parallel()
	p := newPlace(t, one())
	p.arrive(50, "a", 1, 10, 2, 20)
	p.arrive(40, "a", 2, 99, 3, 30)
	p.wants("a", 1, 10, 2, 20, 3, 30)
	p.merge(0)
	p.wants("a", 1, 10, 2, 20, 3, 30)
	p.arrive(45, "a", 1, 98, 3, 31) // between the two
	p.wants("a", 1, 10, 2, 20, 3, 31)
	p.merge(0)
	p.arrive(44, "a", 3, 97)
	p.merge(60) // nothing at or below 60 can come any more
	p.wants("a", 1, 10, 2, 20, 3, 31)
	p.arrive(61, "a", 3, 32)
	p.wants("a", 1, 10, 2, 20, 3, 32)
	p.merge(0)
	p.wants("a", 1, 10, 2, 20, 3, 32)
}

// TestAPointKeepsItsStampWhileAnEarlierOneWaits merges bit by bit with a watermark above everything that waits.
func TestAPointKeepsItsStampWhileAnEarlierOneWaits(t *testing.T) {
	t.Parallel()
	p := newPlace(t, one())
	p.arrive(10, "a", 1, 10)
	p.arrive(20, "a", 1, 20)
	r, err := p.table.Merge(p.db, 100, 1) // the first of the two
	if err != nil || !r.More {
		t.Fatalf("merging one of two: more %v, %v", r.More, err)
	}
	p.put(r)
	p.arrive(5, "a", 1, 5)
	p.merge(100)
	p.wants("a", 1, 20)
}

func TestSeriesComeInOrder(t *testing.T) {
	t.Parallel()
	p := newPlace(t, one())
	p.arrive(1, "b", 1, 1)
	p.merge(9)
	p.arrive(2, "a", 1, 1)
	p.arrive(3, "c", 1, 1)
	p.arrive(4, "b", 0, 0)
	c, err := p.table.View(p.db, 0).Series(rows.SeriesQuery{From: math.MinInt64, To: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for c.Next() {
		names = append(names, c.Keys()[0].Str())
	}
	if err := errors.Join(c.Err(), c.Close()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(slices.Compact(names), ""); got != "abc" {
		t.Errorf("series come as %s", got)
	}
}

// TestChunksAreSplitAndStayInOrder fills a series from the middle outwards.
func TestChunksAreSplitAndStayInOrder(t *testing.T) {
	t.Parallel()
	p := newPlace(t, one())
	r := rand.New(rand.NewPCG(1, 4))
	want := map[int64]float64{}
	for i, at := range r.Perm(500) {
		p.arrive(clock.Time(i+1), "a", float64(at), float64(i))
		want[int64(at)] = float64(i)
		if i%7 == 0 {
			p.merge(clock.Time(i))
		}
	}
	got := p.shown("a")
	if len(got) != 1000 {
		t.Fatalf("%d points, want 500", len(got)/2)
	}
	for i := 0; i < len(got); i += 2 {
		if int(got[i]) != i/2 || got[i+1] != want[int64(got[i])] {
			t.Fatalf("point %d is at %v and %v, want %v", i/2, got[i], got[i+1], want[int64(i/2)])
		}
	}
	f, err := p.table.View(p.db, 0).Figures()
	if err != nil || f.Series != 1 || f.Chunks < 500/8 || f.Chunks > 500/3 {
		t.Errorf("500 points lie in %+v, %v", f, err)
	}
}

func TestBadBatchesAreRefused(t *testing.T) {
	t.Parallel()
	d := one()
	table := points.NewTable(layout.NewKeys(1), 20, &d)
	good := func() []byte {
		g := table.Gather()
		_ = g.AddColumns(&points.Columns{Keys: []value.Value{value.String("a")}, Times: []int64{1, 2, 3}, Values: [][]float64{{1, 2, 3}}})
		_ = g.AddColumns(&points.Columns{Keys: []value.Value{value.String("b")}, Times: []int64{9, 2}, Values: [][]float64{{1, 2}}})
		return g.Encode()
	}()
	span, hash, err := points.Verify(table, good)
	if err != nil || hash != table.Layout || span != (points.Span{Points: 5, First: 1, Last: 9}) {
		t.Fatalf("a good batch: %+v, %v", span, err)
	}
	var e series.Encoder
	block := e.Append(nil, []int64{1, 2}, [][]float64{{1, 2}})
	unsorted := e.Append(nil, []int64{2, 1}, [][]float64{{1, 2}})
	text := value.AppendKey(nil, value.String("a"))
	batch := func(fields int, parts ...codec.PointPart) []byte {
		data := codec.AppendPointsHead(nil, table.Layout, fields, len(parts))
		for i := range parts {
			data = codec.AppendPointPart(data, &parts[i])
		}
		return data
	}
	for name, data := range map[string][]byte{
		"nothing":          nil,
		"no fields":        batch(0),
		"two fields":       batch(2, codec.PointPart{Key: text, Points: 2, First: 1, Last: 2, Block: block}),
		"a wrong number":   batch(1, codec.PointPart{Key: text, Points: 3, First: 1, Last: 2, Block: block}),
		"a wrong time":     batch(1, codec.PointPart{Key: text, Points: 2, First: 1, Last: 3, Block: block}),
		"unsorted":         batch(1, codec.PointPart{Key: text, Points: 2, First: 2, Last: 1, Block: unsorted}),
		"a strange series": batch(1, codec.PointPart{Key: []byte("?"), Points: 2, First: 1, Last: 2, Block: block}),
		"no series":        batch(1, codec.PointPart{Points: 2, First: 1, Last: 2, Block: block}),
		"bytes behind":     append(slices.Clone(good), 0),
		"twice":            batch(1, codec.PointPart{Key: text, Points: 2, First: 1, Last: 2, Block: block}, codec.PointPart{Key: text, Points: 2, First: 1, Last: 2, Block: block}),
	} {
		if _, _, err := points.Verify(table, data); err == nil {
			t.Errorf("a batch with %s was taken", name)
		}
	}
	for cut := range good {
		if _, _, err := points.Verify(table, good[:cut]); err == nil {
			t.Fatalf("a batch cut to %d of %d bytes was taken", cut, len(good))
		}
	}
}

// FuzzVerify holds that what is taken can be merged and read.
func FuzzVerify(f *testing.F) {
	d := one()
	table := points.NewTable(layout.NewKeys(1), 20, &d)
	g := table.Gather()
	_ = g.AddColumns(&points.Columns{Keys: []value.Value{value.String("a")}, Times: []int64{1, 2, 3}, Values: [][]float64{{1, 2, 3}}})
	f.Add(g.Encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		span, hash, err := points.Verify(table, data)
		if err != nil || hash != table.Layout {
			return
		}
		p := newPlace(t, d)
		key, _ := points.ArrivalKey(p.keys, 20, hash, clock.Stamp{Time: 1, Origin: 1}, 0)
		p.put(&points.Round{Puts: []sequencer.Put{{Key: key, Value: data}}})
		count := func() int64 {
			n, err := p.table.View(p.db, 0).Count()
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := count()
		r, err := p.table.Merge(p.db, 9, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		p.put(r)
		if r.Shown != before || before > int64(span.Points) {
			t.Fatalf("%d points were said, %d shown, %d merged", span.Points, before, r.Shown)
		}
	})
}

// TestStrangeRecordsAreCorrupt puts what is no chunk where chunks are.
func TestStrangeRecordsAreCorrupt(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{nil, {0xff}, {0, 1, 1, 0, 1}} {
		p := newPlace(t, one())
		p.arrive(1, "a", 1, 1)
		p.merge(9)
		space := points.Space(p.keys, 20, p.table.Layout)
		it, err := p.db.Scan(space, layout.End(space))
		if err != nil {
			t.Fatal(err)
		}
		for it.Next() {
			p.put(&points.Round{Puts: []sequencer.Put{{Key: slices.Clone(it.Key()), Value: data}}})
		}
		_ = it.Close()
		if _, _, err := p.table.View(p.db, 0).Digest("m"); !errors.Is(err, kv.ErrCorrupt) {
			t.Errorf("a chunk of %x: %v", data, err)
		}
	}
}

func TestBatchesAsTexts(t *testing.T) {
	t.Parallel()
	d := one()
	table := points.NewTable(layout.NewKeys(1), 20, &d)
	g := table.Gather()
	_ = g.AddColumns(&points.Columns{Keys: []value.Value{value.String("b")}, Times: []int64{2, 1, 2}, Values: [][]float64{{20, 10, 21}}})
	_ = g.AddColumns(&points.Columns{Keys: []value.Value{value.String("a")}, Times: []int64{5}, Values: [][]float64{{1}}})
	got, err := table.AppendBatch([]byte("x"), g.Encode())
	if want := `x[{"at":5,"m":"a","v":1},{"at":1,"m":"b","v":10},{"at":2,"m":"b","v":21}]`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if got, err := table.AppendBatch(nil, table.Gather().Encode()); err != nil || string(got) != "[]" {
		t.Errorf("an empty batch: %s, %v", got, err)
	}
	if _, err := table.AppendBatch(nil, []byte("no batch")); err == nil {
		t.Error("what is no batch was read")
	}
}

func TestTextsOfPoints(t *testing.T) {
	t.Parallel()
	d := series.Declaration{Keys: []string{"z", "b"}, Time: "m", Values: []string{"n", "a"}}
	keys := []value.Value{value.String("x\"y"), value.Null()}
	for iso, want := range map[bool]string{
		false: `{"a":0.5,"m":-1,"z":"x\"y"}`,
		true:  `{"a":0.5,"m":"1969-12-31T23:59:59.999Z","z":"x\"y"}`,
	} {
		d.ISO = iso
		got := points.NewText(&d).Append(nil, keys, []int64{-1}, [][]float64{{math.NaN()}, {0.5}}, 0)
		if string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
		if v, err := value.Parse(got, value.DefaultLimits); err != nil || string(value.AppendJSON(nil, v)) != want {
			t.Errorf("%s is not canonical: %v", got, err)
		}
	}
}
