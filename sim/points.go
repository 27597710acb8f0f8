package sim

import (
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/codec"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/layout"
	"github.com/selvedge-db/selvedge/fabric/points"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/sim/check"
	"github.com/selvedge-db/selvedge/value"
)

const (
	seriesName = "points"
	// pointStep is how far apart points are: so far that several locations take the same times.
	pointStep     = 500
	pointKeepMs   = 40_000
	pointBucketMs = 5_000
	// pointSlackMs is how long a point may show or not, about when it expires: clocks differ, and what has expired for
	// everybody goes though the clock of a location is behind.
	pointSlackMs = 10_000
)

// seriesSpec is the time series of the simulation.
func seriesSpec() fabric.CollectionSpec {
	return fabric.CollectionSpec{Name: seriesName, Type: fabric.DocumentCollection, Series: &series.Declaration{Keys: []string{"m"}, Time: "at",
		Values: []string{"v", "w"}, Retention: pointKeepMs, Rollups: []series.Bucket{1000, pointBucketMs}}}
}

// seriesLimits make chunks small and upkeep frequent.
func seriesLimits() fabric.SeriesLimits {
	return fabric.SeriesLimits{Batches: 6, AgeMs: 700, Points: 40, Chunk: 12}
}

// points makes points: now, or late, at times that others take too.
func (g *content) points() []fabric.PointsWrite {
	w := fabric.PointsWrite{Collection: seriesName}
	at := g.s.wall()
	if g.rng.chance(25) {
		at -= int64(g.rng.below(pointKeepMs))
	}
	at -= at % pointStep
	for range 1 + g.rng.below(2) {
		c := fabric.Columns{Keys: []value.Value{value.String(string(rune('a' + g.rng.below(4))))}, Values: make([][]float64, 2)}
		for i := range 1 + g.rng.below(6) {
			c.Times = append(c.Times, at-int64(i)*pointStep)
			c.Values[0] = append(c.Values[0], float64(g.rng.below(1000))/4)
			second := math.NaN()
			if g.rng.chance(40) {
				second = float64(g.rng.below(1<<30)) * 1e-7
			}
			c.Values[1] = append(c.Values[1], second)
		}
		w.Series = append(w.Series, c)
	}
	return []fabric.PointsWrite{w}
}

// judgePoints compares points, and their roll-ups, with what the entries say.
func (s *site) judgePoints(v *fabric.View) {
	c, ok := v.Collection(seriesName)
	if !ok {
		return
	}
	s.w.report.Now = s.w.now
	s.w.count.PointReads++
	p, err := v.Points(c)
	if err != nil {
		s.w.fail(check.Merge, s, "reading points: %v", err)
		return
	}
	wall := s.wall()
	sure := func(at int64) bool { d := at + pointKeepMs - wall; return d < -pointSlackMs || d > pointSlackMs }
	want := s.w.ledger.Points(c.Name, c.Generation, s.w.ledger.Holding(v.Vector()))
	want = slices.DeleteFunc(want, func(p check.Point) bool { return !sure(p.At) || p.At+pointKeepMs <= wall })
	var got []check.Point
	if err := p.Each(func(c *points.Cursor) error {
		key := string(value.AppendKey(nil, c.Keys()[0]))
		for i, at := range c.Times() {
			if sure(at) {
				got = append(got, check.Point{Series: key, At: at, Values: []float64{c.Values()[0][i], c.Values()[1][i]}})
			}
		}
		return nil
	}); err != nil {
		s.w.fail(check.Merge, s, "reading points: %v", err)
		return
	}
	for i := range max(len(got), len(want)) {
		if i < len(got) && i < len(want) && samePoint(&got[i], &want[i]) {
			continue
		}
		s.w.fail(check.Merge, s, "of %d points number %d is wrong: shown %+v, must be %+v", len(want), i, at(got, i), at(want, i))
		return
	}
	s.judgeRollups(p, want, wall)
}

func at(list []check.Point, i int) any {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

func samePoint(a, b *check.Point) bool {
	return a.Series == b.Series && a.At == b.At && slices.EqualFunc(a.Values, b.Values, func(x, y float64) bool { return x == y || x != x && y != y })
}

// judgeRollups compares the roll-ups of the times for which it is sure what shows.
func (s *site) judgeRollups(p *points.View, want []check.Point, wall int64) {
	bucket := series.Bucket(pointBucketMs)
	q := rows.SeriesQuery{From: wall - pointKeepMs + pointSlackMs + 1, To: math.MaxInt64}
	cursor, kept, err := p.Rollups(q, bucket)
	if err != nil || !kept {
		s.w.fail(check.Merge, s, "reading roll-ups: %v, %v", kept, err)
		return
	}
	defer func() { _ = cursor.Close() }()
	i := 0
	for cursor.Next() {
		b := cursor.Buckets()[0]
		key := string(value.AppendKey(nil, cursor.Keys()[0]))
		n, sum := int64(0), 0.0
		for ; i < len(want) && want[i].Series == key && want[i].At < bucket.Next(b.Start); i++ {
			n++
			sum += want[i].Values[0]
		}
		if n != b.Count || sum != b.Sum {
			s.w.fail(check.Merge, s, "the roll-up at %d counts %d and adds up to %v, the points are %d and add up to %v", b.Start, b.Count, b.Sum, n, sum)
			return
		}
	}
	if err := cursor.Err(); err != nil || i < len(want) {
		s.w.fail(check.Merge, s, "roll-ups of %d points stop after %d: %v", len(want), i, err)
	}
}

// tornPoints makes mistakes with points on their way to the disk.
func (s *site) tornPoints(key, data []byte) ([]byte, bool) {
	const letter = layout.PrefixLen + 13 // behind collection and layout
	if len(key) <= letter || key[layout.PrefixLen] != layout.Points {
		return data, true
	}
	switch {
	case s.w.mutant == "lost-points" && key[letter] == 'a':
		return data, !s.rng.chance(3)
	case s.w.mutant == "stale-rollups" && key[letter] == 'd':
		return data, !s.rng.chance(30)
	case s.w.mutant == "early-settling" && key[letter] == 'c':
		if c, err := codec.DecodePointChunk(data); err == nil {
			c.Runs = nil
			return codec.AppendPointChunk(nil, &c), true
		}
	}
	return data, true
}
