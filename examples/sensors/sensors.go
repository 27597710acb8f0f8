// Package sensors measures the weather at many places of the planet.
//
// What it shows:
//
//   - A time series collection that takes points at every location, cut off or not, without conflicts: what each has is put
//     together. It sums up by the minute and by the hour as points come, and forgets them after a day.
//   - Stations as documents with a geo index, and alarms as a counter that many places raise.
//   - A disputed field: during a cut two locations set the threshold of one station. One holds, everywhere the same, and
//     the other one stands in the conflicts of the fabric.
//   - A query over what was summed up, as LastHour says.
//
// Temperatures are in degrees Celsius, humidity in percent, times Unix milliseconds.
package sensors

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/examples/planet"
)

// The collections.
const (
	Stations = "stations"
	Climate  = "climate"
)

// A station that is as hot as this may raise an alarm, every so often: each has its own threshold.
const (
	alarmFrom  = 26
	alarmShare = 10
)

// Each place has so many stations, which measure so often.
const (
	stationsEach = 6
	measureEvery = 2 * time.Second
)

type point struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"` // longitude, latitude
}

type station struct {
	Key       string  `json:"_key"`
	Name      string  `json:"name"`
	Location  string  `json:"location"`
	Position  point   `json:"position"`
	Threshold float64 `json:"threshold"`
	Alarms    int     `json:"alarms"`
}

type measurement struct {
	Station string  `json:"station"`
	At      int64   `json:"at"`
	Celsius float64 `json:"celsius"`
	Percent float64 `json:"humidity"`
}

// Run makes the collections and measures until the context ends.
func Run(ctx context.Context, places []planet.Place, weather planet.Weather, say planet.Say) error {
	if err := prepare(ctx, places); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return fmt.Errorf("sensors: %w", err)
	}
	say("%d stations measure every %v; their points are summed up by the minute and the hour", stationsEach*len(places), measureEvery)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); planet.Unsettle(ctx, places, weather, say, dispute) }()
	planet.Everywhere(ctx, places, measureEvery, say, measure)
	cancel()
	<-done
	return nil
}

func prepare(ctx context.Context, places []planet.Place) error {
	err := planet.Make(ctx, places, client.CollectionSpec{Name: Stations, CRDT: map[string]client.CRDT{"alarms": {Type: "counter"}}},
		client.CollectionSpec{Name: Climate, Timeseries: &client.Timeseries{Series: []string{"station"}, Time: "at", Values: []string{"celsius", "humidity"},
			Retention: "24h", Rollups: []string{"1m", "1h"}}})
	if err != nil {
		return err
	}
	home := places[0]
	if _, err := home.CreateIndex(ctx, Stations, client.Index{Type: "geo", Fields: []string{"position"}, GeoJSON: true}); err != nil {
		return err
	}
	var all []station
	for _, p := range places {
		for i := range stationsEach {
			all = append(all, station{Key: key(p, i), Name: fmt.Sprintf("%s %d", p.Name, i+1), Location: p.Name, Position: point{"Point", around(p, i)}, Threshold: 28})
		}
	}
	if _, err := home.InsertMany(ctx, Stations, all, client.WriteOptions{}); err != nil { // what is there already stays
		return err
	}
	for _, p := range places {
		err := planet.Until(ctx, func() bool { n, err := p.Count(ctx, Stations); return err == nil && n >= int64(len(all)) })
		if err != nil {
			return fmt.Errorf("the stations have not come to %s: %w", p.Name, err)
		}
	}
	return nil
}

func key(p planet.Place, i int) string { return fmt.Sprintf("%s-%d", p.Name, i+1) }

// around puts the stations of a place on a circle some hundred kilometres around it.
func around(p planet.Place, i int) [2]float64 {
	sin, cos := math.Sincos(2 * math.Pi * float64(i) / stationsEach)
	latitude := max(min(p.Latitude+2*sin, 89), -89)
	longitude := math.Mod(p.Longitude+3*cos+540, 360) - 180
	return [2]float64{math.Round(longitude*1e4) / 1e4, math.Round(latitude*1e4) / 1e4}
}

// measure writes a point of each station of a place, and raises an alarm where it is too hot.
func measure(ctx context.Context, p planet.Place) error {
	now := time.Now()
	points := make([]measurement, stationsEach)
	for i := range points {
		points[i] = read(p, i, now)
	}
	if _, err := p.InsertMany(ctx, Climate, points, client.WriteOptions{}); err != nil {
		return err
	}
	for _, m := range points {
		if m.Celsius < alarmFrom || rand.IntN(alarmShare) > 0 {
			continue
		}
		rows, err := p.Query(ctx, client.Query{Text: `FOR s IN stations FILTER s._key == @key AND s.threshold <= @celsius UPDATE s WITH {alarms: s.alarms + 1} IN stations`,
			Bind: map[string]any{"key": m.Station, "celsius": m.Celsius}})
		if err != nil {
			return err
		}
		if err := rows.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

// read is what a station measures: warmer near the equator and in waves of some minutes.
func read(p planet.Place, i int, now time.Time) measurement {
	wave := math.Sin(2*math.Pi*float64(now.Unix()%420)/420 + float64(i))
	celsius := 38 - math.Abs(p.Latitude)/2.5 + 6*wave + rand.Float64()
	humidity := 55 - 20*wave + 5*rand.Float64()
	return measurement{key(p, i), now.UnixMilli(), math.Round(celsius*10) / 10, math.Round(humidity)}
}

// dispute lets two places that do not hear each other set the threshold of one station.
func dispute(ctx context.Context, a, b planet.Place) error {
	name := key(a, rand.IntN(stationsEach))
	return planet.Both(ctx, a, b, func(ctx context.Context, p planet.Place) error {
		_, err := p.Update(ctx, Stations, name, map[string]any{"threshold": 26 + rand.IntN(5), "setBy": p.Name}, client.WriteOptions{})
		return err
	})
}

// Minute is a minute of all stations together.
type Minute struct {
	At      string  `json:"at"`
	Celsius float64 `json:"celsius"`
	Points  int     `json:"points"`
}

// LastHour gives the mean temperature of each minute of the last hour.
func LastHour(ctx context.Context, c *client.Client) (minutes []Minute, err error) {
	err = c.QueryAll(ctx, client.Query{Text: `
		FOR p IN climate
		  FILTER p.at >= DATE_NOW() - 3600000
		  COLLECT minute = TIME_BUCKET(p.at, "1m") AGGREGATE celsius = AVG(p.celsius), points = COUNT(p.celsius)
		  SORT minute
		  RETURN {at: DATE_ISO8601(minute), celsius, points}`}, &minutes)
	return minutes, err
}
