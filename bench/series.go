package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// The series that are measured: so many of them, each with a point every second, from 2020 on.
const (
	benchSeries      = 100
	pointsEach       = 100_000
	pointsPerBatch   = 1000
	seriesBegan      = 1_577_836_800_000
	seriesCollection = "readings"
	plainCollection  = "plain" // keeps no roll-ups
)

// startSeries starts a location with an empty time series that keeps hours.
func startSeries(o Options) (*location, error) {
	l, err := startCached(o, queryCache)
	if err != nil {
		return nil, err
	}
	for name, declared := range map[string]string{
		seriesCollection: `{"series":["device"],"time":"at","values":["v"],"rollups":["1m","1h"]}`,
		plainCollection:  `{"series":["device"],"time":"at","values":["v"]}`,
	} {
		if err := l.declare(name, declared); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return l, nil
}

func (l *location) declare(name, series string) error {
	declared, err := value.Parse([]byte(series), value.DefaultLimits)
	if err != nil {
		return err
	}
	c, err := begin(l.service)
	if err == nil {
		_, err = l.service.CreateCollection(context.Background(), c, api.CollectionRequest{Name: name, TimeSeries: declared})
	}
	return err
}

// pointBatch is the i-th batch: ten points of ten series, a counter with jitter, which goes on where the last one of these
// series ended.
func pointBatch(i int64) []api.PointColumns {
	const series, each = 10, pointsPerBatch / 10
	first, from := i%(benchSeries/series)*series, i/(benchSeries/series)*each
	out := make([]api.PointColumns, series)
	for k := range out {
		c := api.PointColumns{Keys: []value.Value{value.String(fmt.Sprintf("device-%02d", first+int64(k)))}, Times: make([]int64, each), Values: [][]float64{make([]float64, each)}}
		for n := range c.Times {
			at := from + int64(n)
			c.Times[n] = seriesBegan + at*1000
			c.Values[0][n] = float64(at*10 + at*7919%10)
		}
		out[k] = c
	}
	return out
}

func writeBatch(s *api.Service, name string, i int64) error {
	c, err := begin(s)
	if err != nil {
		return err
	}
	_, err = s.WriteColumns(context.Background(), c, name, pointBatch(i), api.SyncDefault)
	return err
}

// pointsIn writes durable batches of 1,000 points.
func pointsIn(o Options) (r Result, err error) {
	r.Name = "points"
	l, err := startSeries(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	o.Writers = min(o.Writers, 4)
	done, err := closedLoop(o, &r, func(i int64) error { return writeBatch(l.service, seriesCollection, i-1) })
	if err != nil {
		return r, err
	}
	r.set("points_per_second", r.Figures["per_second"]*pointsPerBatch)
	n, err := l.count(seriesCollection)
	if err != nil {
		return r, err
	}
	if r.set("acknowledged", float64(done*pointsPerBatch)); n < done*pointsPerBatch {
		return r, fmt.Errorf("%d points were acknowledged, %d are there", done*pointsPerBatch, n)
	}
	return r, nil
}

// rollups reads one-hour roll-ups of ten million points by a query: those that are kept, and computed ones.
func rollups(o Options) (r Result, err error) {
	r.Name = "rollups"
	l, err := startSeries(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	w := queryRun{o: o, s: l.service}
	for _, of := range []struct{ figure, collection string }{{"rollup-kept", seriesCollection}, {"rollup-computed", plainCollection}} {
		for i := range int64(benchSeries * pointsEach / pointsPerBatch) {
			if err := writeBatch(l.service, of.collection, i); err != nil {
				return r, err
			}
		}
		if err := l.merged(of.collection); err != nil {
			return r, err
		}
		text := "FOR p IN " + of.collection + " COLLECT device = p.device, hour = TIME_BUCKET(p.at, '1h') AGGREGATE mean = AVERAGE(p.v), most = MAX(p.v) RETURN {device, hour, mean, most}"
		if err := w.whole(wholeQuery{name: of.figure, text: text, of: benchSeries * pointsEach}); err != nil {
			return r, err
		}
	}
	r.set("points", benchSeries*pointsEach)
	return r, nil
}

// merged waits until what came in batches lies in chunks, as far as it is going to.
func (l *location) merged(name string) error {
	last, same := -1, 0
	for range 600 {
		c, err := begin(l.service)
		if err != nil {
			return err
		}
		f, err := l.service.PointFigures(context.Background(), c, name)
		if err != nil {
			return err
		}
		if f.Batches != last {
			last, same = f.Batches, 0
		}
		if same++; same == 20 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("points are still being merged after a minute")
}
