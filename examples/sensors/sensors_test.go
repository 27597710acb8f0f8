package sensors

import (
	"math"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/examples/planet"
)

func TestStationsStandAroundTheirPlace(t *testing.T) {
	t.Parallel()
	for _, p := range []planet.Place{{Name: "osa", Latitude: 34.7, Longitude: 135.5}, {Name: "far", Latitude: -88.5, Longitude: 179.9}} {
		for i := range stationsEach {
			c := around(p, i)
			if math.Abs(c[0]) > 180 || math.Abs(c[1]) > 90 || planet.Angle(p.Latitude, p.Longitude, c[1], c[0])*planet.EarthKM > 500 {
				t.Errorf("station %d of %s stands at %v", i, p.Name, c)
			}
			if m := read(p, i, time.Unix(1_800_000_000, 0)); m.Percent < 0 || m.Percent > 100 || m.Celsius < -40 || m.Celsius > 45 || m.Station != key(p, i) {
				t.Errorf("%+v", m)
			}
		}
	}
}
