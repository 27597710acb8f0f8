package flights

import (
	"math"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/examples/planet"
)

func TestFleetFliesAlongItsRoutes(t *testing.T) {
	t.Parallel()
	places := []planet.Place{{Name: "fra", Latitude: 50.1, Longitude: 8.7}, {Name: "syd", Latitude: -33.9, Longitude: 151.2}}
	start := time.UnixMilli(1_800_000_000_000)
	handled := map[string]int{}
	before := fleet(places, start)
	for i, a := range fleet(places, start.Add(time.Second)) {
		handled[a.HandledBy]++
		was, is := before[i].Position.Coordinates, a.Position.Coordinates
		if km := planet.Angle(was[1], was[0], is[1], is[0]) * planet.EarthKM; km > 100 {
			t.Errorf("%s jumps %.0f km in a second", a.Key, km)
		}
		if a.Progress < 0 || a.Progress > 1 || a.Altitude < 0 || a.Altitude > 37_000 || a.Heading < 0 || a.Heading > 360 || math.Abs(is[1]) > 90 || math.Abs(is[0]) > 180 {
			t.Errorf("%+v", a)
		}
	}
	if handled["fra"] == 0 || handled["syd"] == 0 {
		t.Errorf("handled by %v", handled)
	}
	for _, r := range routes() {
		if r.from.Key == "" || r.to.Key == "" || r.from == r.to {
			t.Errorf("route %+v", r)
		}
		lat, lon := r.along(1)
		if c := r.to.Position.Coordinates; math.Abs(lat-c[1]) > 0.01 || math.Abs(lon-c[0]) > 0.01 {
			t.Errorf("the way from %s to %s ends at %v %v", r.from.Key, r.to.Key, lat, lon)
		}
	}
}
