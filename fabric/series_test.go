package fabric_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

// point is one point as the plain model of time series has it.
type point struct {
	series string
	at     int64
	values [2]float64
}

// act is what one transaction did to the time series.
type act struct {
	stamp    clock.Stamp
	points   []point
	truncate bool
}

// seriesWorld is replicas that write points, and everything that was ever written.
type seriesWorld struct {
	t         *testing.T
	rng       *rand.Rand
	all       []*replica
	acts      []act
	retention int64
	spans     []series.Bucket
	checks    struct{ points, rollups, late int }
}

func newSeriesWorld(t *testing.T, seed uint64, n int, retention int64) *seriesWorld {
	w := &seriesWorld{t: t, rng: rand.New(rand.NewPCG(seed, 3)), retention: retention}
	for _, text := range []string{"1s", "5s", "1m", "1mo"} {
		b, err := series.ParseBucket(text)
		if err != nil {
			t.Fatal(err)
		}
		if retention == 0 || b > 0 && int64(b) <= retention {
			w.spans = append(w.spans, b)
		}
	}
	slices.Sort(w.spans)
	for i := range n {
		r := newReplica(t, fmt.Sprint("r", i+1), seed*100+uint64(i))
		r.limits.Series = fabric.SeriesLimits{Batches: 1 + w.rng.IntN(6), AgeMs: int64(w.rng.IntN(2000)), Points: 1 + w.rng.IntN(60), Chunk: 3 + w.rng.IntN(6)}
		r.open()
		w.all = append(w.all, r)
	}
	first := w.all[0]
	first.found()
	d := &series.Declaration{Keys: []string{"machine"}, Time: "at", Values: []string{"v", "w"}, Rollups: w.spans, Retention: retention}
	first.mustSchema(fabric.CreateCollection(fabric.CollectionSpec{Name: "m", Type: 2, Series: d}, nil))
	first.upkeep()
	first.join(w.all[1:]...)
	return w
}

// some makes points: mostly around now, some late, some at times that others take too.
func (w *seriesWorld) some(r *replica) []point {
	var out []point
	began := r.wall - int64(w.rng.IntN(3))*int64(w.rng.IntN(60_000))
	for i := range 1 + w.rng.IntN(12) {
		p := point{series: string(rune('a' + w.rng.IntN(3))), at: began + int64(i)*250}
		p.at -= p.at % 250
		p.values = [2]float64{float64(w.rng.IntN(1000)) / 8, math.NaN()}
		if w.rng.IntN(3) == 0 {
			p.values[1] = w.rng.NormFloat64()
		}
		out = append(out, p)
	}
	return out
}

func (w *seriesWorld) write(r *replica, durable bool) {
	points := w.some(r)
	t := fabric.Transaction{}
	if w.rng.IntN(2) == 0 {
		for _, p := range points {
			doc := value.Object(value.Member{Name: "machine", Value: value.String(p.series)}, value.Member{Name: "at", Value: value.Int(p.at)},
				value.Member{Name: "v", Value: value.Float(p.values[0])})
			if p.values[1] == p.values[1] {
				doc = doc.With("w", value.Float(p.values[1]))
			}
			t.Writes = append(t.Writes, fabric.NewWrite(fabric.Insert, "m", "", doc))
		}
	} else {
		write := fabric.PointsWrite{Collection: "m"}
		for _, p := range points {
			write.Series = append(write.Series, fabric.Columns{Keys: []value.Value{value.String(p.series)}, Times: []int64{p.at}, Values: [][]float64{{p.values[0]}, {p.values[1]}}})
		}
		t.Points = []fabric.PointsWrite{write}
	}
	receipt, err := r.try(t)
	if err != nil {
		w.t.Fatal(err)
	}
	w.acts = append(w.acts, act{stamp: receipt.Stamp, points: points})
	r.seal()
	if durable {
		r.sync()
	}
}

// crash loses what was not synced.
func (w *seriesWorld) crash(r *replica) {
	r.crash()
	v := r.core.Progress(r.wall).Vector
	w.acts = slices.DeleteFunc(w.acts, func(a act) bool { return a.stamp.Origin == r.self && !v.Covers(a.stamp) })
}

func (w *seriesWorld) step() {
	r := w.all[w.rng.IntN(len(w.all))]
	r.wall += int64(w.rng.IntN(700))
	switch n := w.rng.IntN(100); {
	case n < 35:
		w.write(r, true)
	case n < 65:
		if o := w.all[w.rng.IntN(len(w.all))]; r != o {
			r.pull(o, w.all[w.rng.IntN(len(w.all))].self, 1+w.rng.IntN(20))
		}
	case n < 83:
		if w.rng.IntN(3) > 0 {
			r.learn(w.all)
		}
		if w.rng.IntN(2) == 0 {
			r.upkeep()
			break
		}
		r.core.Begin() // one round alone: what is half done must show
		if _, err := r.core.Upkeep(r.wall); err != nil {
			w.t.Fatal(err)
		}
		r.seal()
	case n < 86:
		r.do(func() error {
			stamp, err := r.core.Truncate("m", r.wall)
			if err == nil {
				w.acts = append(w.acts, act{stamp: stamp, truncate: true})
			}
			return err
		})
	case n < 88:
		w.write(r, false)
		w.crash(r)
	case n < 90:
		w.crash(r)
	case n < 92:
		w.retake(r)
	default:
		w.check(r)
	}
}

// retake replaces a replica's state by a snapshot of another one that has all that it has.
func (w *seriesWorld) retake(r *replica) {
	from := w.all[w.rng.IntN(len(w.all))]
	if from == r {
		return
	}
	exchange([]*replica{from, r})
	if from.core.Progress(from.wall).Vector.Dominates(r.core.Progress(r.wall).Vector) {
		r.take(from)
		r.sync()
	}
}

// expected is what a replica must show at a time, by series, in order of time.
func (w *seriesWorld) expected(r *replica, at int64) map[string][]point {
	seen := r.core.Progress(r.wall).Vector
	acts := slices.DeleteFunc(slices.Clone(w.acts), func(a act) bool { return !seen.Covers(a.stamp) })
	slices.SortFunc(acts, func(a, b act) int {
		if a.stamp.Less(b.stamp) {
			return -1
		}
		return 1
	})
	type place struct {
		series string
		at     int64
	}
	all := map[place]point{}
	for _, a := range acts {
		if a.truncate {
			clear(all)
		}
		for _, p := range a.points {
			all[place{p.series, p.at}] = p
		}
	}
	out := map[string][]point{}
	for _, p := range all {
		if w.retention == 0 || p.at+w.retention > at {
			out[p.series] = append(out[p.series], p)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	}
	return out
}

func equalNumbers(a, b float64) bool { return a == b || a != a && b != b }

// check compares points, count and roll-ups with the model.
func (w *seriesWorld) check(r *replica) {
	w.t.Helper()
	// Stamps may be ahead of the wall, and then so is what has been deleted because it had expired.
	now := max(r.wall, r.core.Progress(r.wall).Vouched.Millis()+1)
	v := r.core.NewView(now)
	defer func() { _ = v.Close() }()
	want := w.expected(r, now)
	c, ok := v.Collection("m")
	if !ok {
		w.t.Fatal("the collection is gone")
	}
	p, err := v.Points(c)
	if err != nil {
		w.t.Fatal(err)
	}
	q := rows.SeriesQuery{From: math.MinInt64, To: math.MaxInt64}
	if w.rng.IntN(2) == 0 {
		q.From = now - int64(w.rng.IntN(90_000))
		q.To = q.From + int64(w.rng.IntN(90_000))
	}
	if w.rng.IntN(3) == 0 {
		name := value.String(string(rune('a' + w.rng.IntN(3))))
		q.Keys = []*value.Value{&name}
	}
	total := 0
	for name, list := range want {
		total += len(list)
		if q.Keys != nil && q.Keys[0].Str() != name {
			delete(want, name)
			continue
		}
		want[name] = slices.DeleteFunc(list, func(p point) bool { return p.at < q.From || p.at >= q.To })
	}
	cursor, err := p.Series(q)
	if err != nil {
		w.t.Fatal(err)
	}
	w.comparePoints(r, cursor, want)
	for _, b := range w.spans {
		rollups, kept, err := p.Rollups(q, b)
		if err != nil || !kept {
			w.t.Fatalf("roll-ups of %s: %v, %v", b, kept, err)
		}
		w.compareRollups(r, rollups, b, want)
	}
	if n, err := v.Count("m"); err != nil || n != int64(total) {
		w.t.Fatalf("%s: count is %d, %v; want %d", r.name, n, err, total)
	}
}

func (w *seriesWorld) comparePoints(r *replica, c rows.PointCursor, want map[string][]point) {
	w.t.Helper()
	got := map[string][]point{}
	last := ""
	for c.Next() {
		name := c.Keys()[0].Str()
		if name < last {
			w.t.Fatalf("%s: series %s comes after %s", r.name, name, last)
		}
		last = name
		for i, at := range c.Times() {
			got[name] = append(got[name], point{name, at, [2]float64{c.Values()[0][i], c.Values()[1][i]}})
		}
	}
	if err := c.Err(); err != nil {
		w.t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		w.t.Fatal(err)
	}
	for name := range got {
		if len(want[name]) == 0 {
			w.t.Fatalf("%s: there are points in series %s: %v", r.name, name, got[name])
		}
	}
	for name, list := range want {
		if !slices.EqualFunc(got[name], list, func(a, b point) bool {
			return a.at == b.at && equalNumbers(a.values[0], b.values[0]) && equalNumbers(a.values[1], b.values[1])
		}) {
			w.t.Fatalf("%s: series %s shows\n%v\nwant\n%v", r.name, name, got[name], list)
		}
		w.checks.points += len(list)
	}
}

func (w *seriesWorld) compareRollups(r *replica, c rows.RollupCursor, b series.Bucket, want map[string][]point) {
	w.t.Helper()
	type bucket struct {
		series  string
		rollups [2]rows.Rollup
	}
	var got, plain []bucket
	for c.Next() {
		got = append(got, bucket{c.Keys()[0].Str(), [2]rows.Rollup(c.Buckets())})
	}
	if err := c.Err(); err != nil {
		w.t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		for i, list := 0, want[name]; i < len(list); {
			start := b.Start(list[i].at)
			one := bucket{series: name}
			for f := range one.rollups {
				one.rollups[f].Start = start
			}
			for ; i < len(list) && list[i].at < b.Next(start); i++ {
				one.rollups[0].Points++
				one.rollups[1].Points++
				for f := range one.rollups {
					addPlain(&one.rollups[f], list[i].at, list[i].values[f])
				}
			}
			plain = append(plain, one)
		}
	}
	for i := range max(len(got), len(plain)) {
		switch {
		case i >= len(plain):
			w.t.Fatalf("%s: roll-ups of %s have %+v too much", r.name, b, got[i])
		case i >= len(got):
			w.t.Fatalf("%s: roll-ups of %s lack %+v", r.name, b, plain[i])
		case got[i] != plain[i]:
			w.t.Fatalf("%s: of the roll-ups of %s this is\n%+v\nwant\n%+v", r.name, b, got[i], plain[i])
		}
	}
	w.checks.rollups += len(plain)
}

// addPlain adds a value to a roll-up in the plainest way.
func addPlain(r *rows.Rollup, at int64, v float64) {
	if v != v {
		return
	}
	if r.Count == 0 {
		r.Min, r.Max, r.First, r.FirstTime = v, v, v, at
	}
	r.Count++
	r.Sum += v
	r.SumSquares += v * v
	r.Min, r.Max = min(r.Min, v), max(r.Max, v)
	r.Last, r.LastTime = v, at
}

func (w *seriesWorld) finish() {
	exchange(w.all)
	at := int64(0)
	for _, r := range w.all {
		at = max(at, r.wall, r.core.Progress(r.wall).Vouched.Millis()+1)
	}
	compare := func(when string) {
		w.t.Helper()
		for _, r := range w.all {
			r.wall = at
			for range 5 {
				w.check(r)
			}
			if d, first := r.digest(at), w.all[0].digest(at); d.Hash != first.Hash {
				w.t.Fatalf("%s: %s has digest %s, %s has %s", when, r.name, d.Hash, w.all[0].name, first.Hash)
			}
		}
	}
	compare("all delivered")
	for _, r := range w.all {
		r.renew()
	}
	for i, r := range w.all {
		if r.learn(w.all); i < len(w.all)-1 {
			r.upkeep()
		}
	}
	compare("merged")
	for _, r := range w.all {
		w.crash(r)
	}
	compare("opened anew")
}

func TestPointsConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			retention := int64(0)
			if seed%2 == 1 {
				retention = 30_000
			}
			w := newSeriesWorld(t, seed, 2+int(seed%3), retention)
			for range 250 {
				w.step()
			}
			w.finish()
			if w.checks.points < 100 || w.checks.rollups < 100 {
				t.Errorf("little was checked: %+v", w.checks)
			}
		})
	}
}
