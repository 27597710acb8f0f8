package fabric_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/clock"
	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/fabric/points"
	"github.com/selvedge-db/selvedge/internal/env"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/series"
	"github.com/selvedge-db/selvedge/value"
)

const (
	benchSeries = 100
	benchBegan  = 1_700_000_000_000
)

func openSeries(b *testing.B, rollups ...string) *fabric.Fabric {
	b.Helper()
	f := open(b, b.TempDir())
	d := &series.Declaration{Keys: []string{"machine"}, Time: "at", Values: []string{"v"}}
	for _, text := range rollups {
		span, err := series.ParseBucket(text)
		if err != nil {
			b.Fatal(err)
		}
		d.Rollups = append(d.Rollups, span)
	}
	if _, err := f.CreateCollection(context.Background(), fabric.CollectionSpec{Name: "m", Type: 2, Series: d}, nil); err != nil {
		b.Fatal(err)
	}
	return f
}

// benchPoints is points of all series from a second on.
func benchPoints(second, n int) fabric.Transaction {
	w := fabric.PointsWrite{Collection: "m"}
	for s := range benchSeries {
		c := fabric.Columns{Keys: []value.Value{value.String(fmt.Sprintf("machine-%03d", s))}, Values: make([][]float64, 1)}
		for i := range n {
			at := second + i
			c.Times = append(c.Times, benchBegan+int64(at)*1000)
			c.Values[0] = append(c.Values[0], math.Round(2000+500*math.Sin(float64(at+s*37)/600)+float64(at*7919%97))/100)
		}
		w.Series = append(w.Series, c)
	}
	return fabric.Transaction{Points: []fabric.PointsWrite{w}}
}

// BenchmarkPointsIn writes batches of 1,000 points, 10 in each of 100 series, durable, with several writers at once.
func BenchmarkPointsIn(b *testing.B) {
	for _, writers := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			f := openSeries(b, "1m", "1h")
			const batch = 10
			var ready []fabric.Transaction
			for i := range 64 {
				ready = append(ready, benchPoints(i*batch, batch))
			}
			var mu sync.Mutex
			next := 0
			take := func() int {
				mu.Lock()
				defer mu.Unlock()
				next++
				return next - 1
			}
			b.ResetTimer()
			var wait sync.WaitGroup
			for range writers {
				wait.Go(func() {
					for i := take(); i < b.N; i = take() {
						// Batches are made beforehand: only their times are moved on.
						t := fabric.Transaction{Points: []fabric.PointsWrite{{Collection: "m"}}}
						shift := int64(i/len(ready)) * int64(len(ready)*batch) * 1000
						for _, c := range ready[i%len(ready)].Points[0].Series {
							times := make([]int64, len(c.Times))
							for k, at := range c.Times {
								times[k] = at + shift
							}
							c.Times = times
							t.Points[0].Series = append(t.Points[0].Series, c)
						}
						if _, err := f.Commit(context.Background(), t); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			v := f.View()
			c, _ := v.Collection("m")
			waiting, err := v.PointsWaiting(c)
			_ = v.Close()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(waiting), "behind")
			b.ReportMetric(float64(b.N)*batch*benchSeries/b.Elapsed().Seconds(), "points/s")
		})
	}
}

// BenchmarkFleetIn writes batches of 1,000 points, each of another of 10,000 series.
func BenchmarkFleetIn(b *testing.B) {
	f := openSeries(b, "1m", "1h")
	names := make([][]value.Value, 10_000)
	for i := range names {
		names[i] = []value.Value{value.String(fmt.Sprintf("device-%05d", i))}
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	next := 0
	b.ResetTimer()
	for range 4 {
		wait.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= b.N {
					return
				}
				w := fabric.PointsWrite{Collection: "m"}
				for k := range 1000 {
					n := i*1000 + k
					w.Series = append(w.Series, fabric.Columns{Keys: names[n%len(names)], Times: []int64{benchBegan + int64(n/len(names))*10_000}, Values: [][]float64{{float64(n*7919%1000) / 10}}})
				}
				if _, err := f.Commit(context.Background(), fabric.Transaction{Points: []fabric.PointsWrite{w}}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "points/s")
	v := f.View()
	defer func() { _ = v.Close() }()
	c, _ := v.Collection("m")
	waiting, err := v.PointsWaiting(c)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(waiting), "behind")
}

// filled is a fabric with 100 series of so many points, merged, with hourly roll-ups.
func filled(b *testing.B, each int) *fabric.Fabric {
	b.Helper()
	f := openSeries(b, "1h")
	const batch = 1000
	for at := 0; at < each; at += batch {
		if _, err := f.Commit(context.Background(), benchPoints(at, batch)); err != nil {
			b.Fatal(err)
		}
	}
	machine := env.Real().Clock
	for {
		f.SetWatermark(clock.TimeOf(machine.WallMs() - 1))
		v := f.View()
		c, _ := v.Collection("m")
		waiting, err := v.PointsWaiting(c)
		_ = v.Close()
		if err != nil {
			b.Fatal(err)
		}
		if waiting == 0 {
			return f
		}
		if err := env.Sleep(context.Background(), machine, 100*time.Millisecond); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRollups sums 10,000,000 points up by the hour: as kept, and computed.
func BenchmarkRollups(b *testing.B) {
	f := filled(b, 100_000)
	v := f.View()
	defer func() { _ = v.Close() }()
	c, _ := v.Collection("m")
	p, err := v.Points(c)
	if err != nil {
		b.Fatal(err)
	}
	q := rows.SeriesQuery{From: math.MinInt64, To: math.MaxInt64}
	read := func(b *testing.B, cursor *points.Rollups, err error) {
		if err != nil {
			b.Fatal(err)
		}
		buckets, total := 0, int64(0)
		for cursor.Next() {
			buckets++
			total += cursor.Buckets()[0].Count
		}
		if cursor.Err() != nil || total != benchSeries*100_000 {
			b.Fatal(total, cursor.Err())
		}
		_ = cursor.Close()
		b.ReportMetric(float64(buckets), "buckets")
	}
	hour, err := series.ParseBucket("1h")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("kept", func(b *testing.B) {
		for b.Loop() {
			cursor, _, err := p.Rollups(q, hour)
			read(b, cursor, err)
		}
	})
	b.Run("computed", func(b *testing.B) {
		for b.Loop() {
			cursor, err := p.Summaries(q, hour)
			read(b, cursor, err)
		}
	})
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			cursor, err := p.Series(q)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for cursor.Next() {
				n += len(cursor.Times())
			}
			if n != benchSeries*100_000 {
				b.Fatal(n, cursor.Err())
			}
			_ = cursor.Close()
		}
	})
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if n, err := v.Count("m"); err != nil || n != benchSeries*100_000 {
				b.Fatal(n, err)
			}
		}
	})
}
