// Package flights lets aircraft fly around the planet.
//
// What it shows:
//
//   - A document that is written at many places: the location nearest to an aircraft handles it, so while it flies one
//     location after another writes its position. Nobody hands over anything, the next one just goes on.
//   - A geo index: which aircraft are near a place is a query, as Near says.
//   - Routes as edges, and the named graph "airways" over them: Connections says where one can fly with one stop.
//   - CRDT fields: handovers is a counter, watchers a set. Both sides of a cut link may change them, and nothing is lost.
//   - A disputed field: during a cut two locations give one aircraft different gates. One gate holds, everywhere the same,
//     and the other one stands in the conflicts of the fabric.
//
// Positions follow from the time of day alone, so a run goes on where another one stopped. Distances are in kilometres.
package flights

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/examples/planet"
)

// The collections and the graph.
const (
	Airports = "airports"
	Routes   = "routes"
	Aircraft = "aircraft"
	Airways  = "airways"
)

// aircraftNumber is how many fly, aircraftEvery how often each tells its position.
const (
	aircraftNumber = 60
	aircraftEvery  = time.Second / 2
)

// point is a place on the globe as GeoJSON has it.
type point struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"` // longitude, latitude
}

func at(latitude, longitude float64) point {
	round := func(x float64) float64 { return math.Round(x*1e4) / 1e4 }
	return point{"Point", [2]float64{round(longitude), round(latitude)}}
}

type airport struct {
	Key      string `json:"_key"`
	City     string `json:"city"`
	Position point  `json:"position"`
}

// state is what an aircraft says again and again.
type state struct {
	Key       string  `json:"_key"`
	From      string  `json:"from"`
	To        string  `json:"to"`
	Position  point   `json:"position"`
	Heading   float64 `json:"heading"`
	Progress  float64 `json:"progress"` // 0 to 1
	Altitude  int     `json:"altitude"` // feet
	HandledBy string  `json:"handledBy"`
}

// Run makes the collections and lets aircraft fly until the context ends.
func Run(ctx context.Context, places []planet.Place, weather planet.Weather, say planet.Say) error {
	if err := prepare(ctx, places); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return fmt.Errorf("flights: %w", err)
	}
	say("%d aircraft fly between %d airports; each is written by the location that is nearest", aircraftNumber, len(airports()))
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() { defer close(done); planet.Unsettle(ctx, places, weather, say, dispute) }()
	planet.Everywhere(ctx, places, aircraftEvery, say, func(ctx context.Context, p planet.Place) error { return track(ctx, places, p) })
	cancel()
	<-done
	return nil
}

// prepare sees to collections, indexes, the graph and the documents that stay.
func prepare(ctx context.Context, places []planet.Place) error {
	err := planet.Make(ctx, places, client.CollectionSpec{Name: Airports}, client.CollectionSpec{Name: Routes, Type: client.EdgeCollection},
		client.CollectionSpec{Name: Aircraft, CRDT: map[string]client.CRDT{"handovers": {Type: "counter"}, "watchers": {Type: "set"}}})
	if err != nil {
		return err
	}
	home := places[0]
	for _, collection := range []string{Airports, Aircraft} {
		if _, err := home.CreateIndex(ctx, collection, client.Index{Type: "geo", Fields: []string{"position"}, GeoJSON: true}); err != nil {
			return err
		}
	}
	graph := client.Graph{Name: Airways, Edges: []client.EdgeDefinition{{Collection: Routes, From: []string{Airports}, To: []string{Airports}}}}
	if _, err := home.CreateGraph(ctx, graph); err != nil && !planet.Exists(err) {
		return err
	}
	if _, err := home.InsertMany(ctx, Airports, airports(), client.WriteOptions{}); err != nil { // what is there already stays
		return err
	}
	var edges []map[string]any
	for _, r := range routes() {
		edges = append(edges, map[string]any{"_key": r.from.Key + "-" + r.to.Key, "_from": Airports + "/" + r.from.Key, "_to": Airports + "/" + r.to.Key, "km": math.Round(r.km())})
	}
	if _, err := home.InsertMany(ctx, Routes, edges, client.WriteOptions{}); err != nil {
		return err
	}
	if _, err := home.InsertMany(ctx, Aircraft, fleet(places, time.Now()), client.WriteOptions{}); err != nil {
		return err
	}
	for _, p := range places {
		err := planet.Until(ctx, func() bool { n, err := p.Count(ctx, Aircraft); return err == nil && n >= aircraftNumber })
		if err != nil {
			return fmt.Errorf("the aircraft have not come to %s: %w", p.Name, err)
		}
	}
	return nil
}

// track writes the aircraft that are nearest to a place, all in one transaction.
func track(ctx context.Context, places []planet.Place, p planet.Place) error {
	var mine []state
	for _, a := range fleet(places, time.Now()) {
		if a.HandledBy == p.Name {
			mine = append(mine, a)
		}
	}
	if len(mine) == 0 {
		return nil
	}
	if err := takeOver(ctx, p, mine); err != nil {
		return err
	}
	_, err := p.UpdateMany(ctx, Aircraft, mine, client.WriteOptions{OneTransaction: true})
	return err
}

// takeOver counts the aircraft that another place handled until now. The count is right although each place only adds
// what it sees itself: it is a counter.
func takeOver(ctx context.Context, p planet.Place, mine []state) error {
	keys := make([]string, len(mine))
	for i := range mine {
		keys[i] = mine[i].Key
	}
	rows, err := p.Query(ctx, client.Query{Text: `
		FOR a IN aircraft
		  FILTER a._key IN @keys AND a.handledBy != @here
		  UPDATE a WITH {handovers: a.handovers + 1, watchers: PUSH(a.watchers || [], @here, true), handledBy: @here} IN aircraft`,
		Bind: map[string]any{"keys": keys, "here": p.Name}})
	if err != nil {
		return err
	}
	return rows.Close(ctx)
}

// dispute lets two places that do not hear each other give one aircraft different gates.
func dispute(ctx context.Context, a, b planet.Place) error {
	key := callSign(rand.IntN(aircraftNumber))
	return planet.Both(ctx, a, b, func(ctx context.Context, p planet.Place) error {
		_, err := p.Update(ctx, Aircraft, key, map[string]any{"gate": fmt.Sprintf("%s %d", p.Name, 1+rand.IntN(40))}, client.WriteOptions{})
		return err
	})
}

// Near lists the aircraft within some kilometres of a point, the nearest first.
func Near(ctx context.Context, c *client.Client, latitude, longitude, km float64) (keys []string, err error) {
	err = c.QueryAll(ctx, client.Query{Text: `
		FOR a IN aircraft
		  LET d = GEO_DISTANCE([@lon, @lat], a.position)
		  FILTER d <= @m
		  SORT d
		  RETURN a._key`, Bind: map[string]any{"lat": latitude, "lon": longitude, "m": km * 1000}}, &keys)
	return keys, err
}

// Connections lists the airports that one reaches from another with at most one stop.
func Connections(ctx context.Context, c *client.Client, airport string) (keys []string, err error) {
	err = c.QueryAll(ctx, client.Query{Text: `FOR v IN 1..2 ANY @start GRAPH "airways" OPTIONS {order: "bfs", uniqueVertices: "global"} SORT v._key RETURN v._key`,
		Bind: map[string]any{"start": Airports + "/" + airport}}, &keys)
	return keys, err
}

func callSign(i int) string { return fmt.Sprintf("SV%03d", 100+i) }

// fleet is where all aircraft are at a time.
func fleet(places []planet.Place, now time.Time) []state {
	all := routes()
	out := make([]state, aircraftNumber)
	for i := range out {
		out[i] = all[i%len(all)].fly(i, now)
		c := out[i].Position.Coordinates
		out[i].Key, out[i].HandledBy = callSign(i), planet.Nearest(places, c[1], c[0]).Name
	}
	return out
}

type route struct{ from, to airport }

func (r route) angle() float64 {
	a, b := r.from.Position.Coordinates, r.to.Position.Coordinates
	return planet.Angle(a[1], a[0], b[1], b[0])
}

func (r route) km() float64 { return r.angle() * planet.EarthKM }

// fly is where the i-th aircraft is, which goes to and fro on a route. A thousand kilometres take some 15 seconds.
func (r route) fly(i int, now time.Time) state {
	leg := 20 + r.km()*0.015 // seconds
	turns, part := math.Modf(float64(now.UnixMilli())/1000/leg + float64(i)*0.377)
	if int64(turns)%2 == 1 {
		r.from, r.to = r.to, r.from
	}
	climb := math.Min(1, math.Min(part, 1-part)*8)
	latitude, longitude := r.along(part)
	nextLat, nextLon := r.along(math.Min(part+0.01, 1))
	heading := math.Atan2((nextLon-longitude)*math.Cos(latitude*math.Pi/180), nextLat-latitude) * 180 / math.Pi
	return state{From: r.from.Key, To: r.to.Key, Position: at(latitude, longitude), Progress: math.Round(part*1000) / 1000,
		Heading: math.Round(math.Mod(heading+360, 360)), Altitude: int(climb*370) * 100}
}

// along is the point a part of the way along the great circle.
func (r route) along(part float64) (latitude, longitude float64) {
	const rad = math.Pi / 180
	a, b, d := r.from.Position.Coordinates, r.to.Position.Coordinates, r.angle()
	wa, wb := math.Sin((1-part)*d)/math.Sin(d), math.Sin(part*d)/math.Sin(d)
	x := wa*math.Cos(a[1]*rad)*math.Cos(a[0]*rad) + wb*math.Cos(b[1]*rad)*math.Cos(b[0]*rad)
	y := wa*math.Cos(a[1]*rad)*math.Sin(a[0]*rad) + wb*math.Cos(b[1]*rad)*math.Sin(b[0]*rad)
	z := wa*math.Sin(a[1]*rad) + wb*math.Sin(b[1]*rad)
	return math.Atan2(z, math.Hypot(x, y)) / rad, math.Atan2(y, x) / rad
}
