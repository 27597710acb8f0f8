package mesh

import (
	"fmt"
	"math"
	"time"
)

// Place is a point on the map at which a location may stand. Degrees are WGS 84, north and east positive.
type Place struct {
	ID        string
	City      string
	Country   string
	Latitude  float64
	Longitude float64
}

const earthRadiusKM = 6371.0088

// Distance is the great-circle distance in kilometres (haversine formula, mean earth radius).
func Distance(a, b Place) float64 {
	const rad = math.Pi / 180
	dLat := (b.Latitude - a.Latitude) * rad
	dLon := (b.Longitude - a.Longitude) * rad
	h := math.Pow(math.Sin(dLat/2), 2) +
		math.Cos(a.Latitude*rad)*math.Cos(b.Latitude*rad)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadiusKM * math.Asin(math.Min(1, math.Sqrt(h)))
}

// RoundTrip is the round trip between two places as seen from a: the measured average where both are among the measured
// places (by id, and standing where those stand), else 2 ms + 1.5 x great-circle km / 100. Light in fibre needs 1 ms per
// 100 km there and back, and the median real path is about one and a half times that. A place has no distance to itself.
// The measured figures differ by direction by a few milliseconds, so RoundTrip(a, b) may differ from RoundTrip(b, a).
func RoundTrip(a, b Place) time.Duration {
	if a == b {
		return 0
	}
	if i, j := measuredIndex(a), measuredIndex(b); i >= 0 && j >= 0 {
		return time.Duration(measuredRoundTrips()[i][j]) * time.Millisecond
	}
	ms := 2 + 1.5*Distance(a, b)/100
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		ms = 2
	}
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Microsecond)
}

// measuredIndex finds a measured place, or -1. The coordinates count too: a user's own place may well be called "lon".
func measuredIndex(p Place) int {
	for i, m := range measuredPlaces() {
		if m.ID == p.ID {
			if math.Abs(m.Latitude-p.Latitude) < 0.5 && math.Abs(m.Longitude-p.Longitude) < 0.5 {
				return i
			}
			return -1
		}
	}
	return -1
}

// Places lists the ten measured places in the order in which a development planet uses them: the first three are far apart,
// so that a small planet shows the delays of a large one.
func Places() []Place {
	order := [...]string{"fra", "syd", "tok", "sao", "wdc", "lon", "dal", "osa", "tor", "mad"}
	places := make([]Place, 0, len(order))
	for _, id := range order {
		for _, p := range measuredPlaces() {
			if p.ID == id {
				places = append(places, p)
			}
		}
	}
	return places
}

// MaxDefaultPlaces is how many places FirstPlaces can give: as many as a full mesh holds.
const MaxDefaultPlaces = 32

// FirstPlaces gives the first n places: the ten measured ones, then others to whose links the model applies.
func FirstPlaces(n int) ([]Place, error) {
	if n < 1 || n > MaxDefaultPlaces {
		return nil, fmt.Errorf("mesh: %d places asked for, 1 to %d are known", n, MaxDefaultPlaces)
	}
	return append(Places(), otherPlaces()...)[:n], nil
}

// FindPlace looks a known place up by its id.
func FindPlace(id string) (Place, bool) {
	for _, p := range append(Places(), otherPlaces()...) {
		if p.ID == id {
			return p, true
		}
	}
	return Place{}, false
}
