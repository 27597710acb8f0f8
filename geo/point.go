package geo

import (
	"math"

	"github.com/golang/geo/s2"
)

// EarthRadius is the radius of the sphere in metres. It is the one of the AQL family, so that distances agree with it.
const EarthRadius = 6_371_000.0

// Farthest is the distance of a place from the opposite one, in metres.
const Farthest = EarthRadius * math.Pi

// Point is a place.
type Point struct{ Longitude, Latitude float64 }

// Valid says whether the point lies on the globe.
func (p Point) Valid() bool {
	return p.Longitude >= -180 && p.Longitude <= 180 && p.Latitude >= -90 && p.Latitude <= 90
}

// Distance is the length of the shortest way between two points on the sphere, in metres, by the haversine formula.
func Distance(a, b Point) float64 {
	const degree = math.Pi / 180
	from, to := a.Latitude*degree, b.Latitude*degree
	lat := math.Sin((to - from) / 2)
	lon := math.Sin((b.Longitude*degree - a.Longitude*degree) / 2)
	h := lat*lat + math.Cos(from)*math.Cos(to)*lon*lon
	return 2 * EarthRadius * math.Asin(math.Sqrt(min(1, h)))
}

func (p Point) sphere() s2.Point {
	return s2.PointFromLatLng(s2.LatLngFromDegrees(p.Latitude, p.Longitude))
}

func pointOf(p s2.Point) Point {
	ll := s2.LatLngFromPoint(p)
	return Point{ll.Lng.Degrees(), ll.Lat.Degrees()}
}

// The ellipsoid WGS84: half of the longer axis in metres, and how flat it is.
const (
	wgs84Axis       = 6_378_137.0
	wgs84Flattening = 1 / 298.257223563
)

// EllipsoidDistance is the length of the shortest way between two points on the WGS84 ellipsoid, in metres, right to a
// millimetre. Of points that are nearly opposite, where the formula finds no way, it is the distance on the sphere.
func EllipsoidDistance(a, b Point) float64 {
	const degree = math.Pi / 180
	const f, axis = wgs84Flattening, wgs84Axis
	const small = axis * (1 - f)
	u1, u2 := math.Atan((1-f)*math.Tan(a.Latitude*degree)), math.Atan((1-f)*math.Tan(b.Latitude*degree))
	sin1, cos1 := math.Sincos(u1)
	sin2, cos2 := math.Sincos(u2)
	l := math.Remainder((b.Longitude-a.Longitude)*degree, 2*math.Pi)
	lambda := l
	for range 200 {
		sinL, cosL := math.Sincos(lambda)
		sinSigma := math.Hypot(cos2*sinL, cos1*sin2-sin1*cos2*cosL)
		if sinSigma == 0 {
			if cosL < 0 || sin1*sin2 < 0 {
				break // opposite points
			}
			return 0
		}
		cosSigma := sin1*sin2 + cos1*cos2*cosL
		sigma := math.Atan2(sinSigma, cosSigma)
		sinAlpha := cos1 * cos2 * sinL / sinSigma
		cosSq := 1 - sinAlpha*sinAlpha
		middle := 0.0 // both on the equator
		if cosSq > 0 {
			middle = cosSigma - 2*sin1*sin2/cosSq
		}
		c := f / 16 * cosSq * (4 + f*(4-3*cosSq))
		last := lambda
		lambda = l + (1-c)*f*sinAlpha*(sigma+c*sinSigma*(middle+c*cosSigma*(2*middle*middle-1)))
		if math.Abs(lambda) > math.Pi {
			break
		}
		if math.Abs(lambda-last) < 1e-12 {
			uSq := cosSq * (axis*axis - small*small) / (small * small)
			k := 1 + uSq/16384*(4096+uSq*(uSq*(320-175*uSq)-768))
			m := uSq / 1024 * (256 + uSq*(uSq*(74-47*uSq)-128))
			delta := m * sinSigma * (middle + m/4*(cosSigma*(2*middle*middle-1)-
				m/6*middle*(4*sinSigma*sinSigma-3)*(4*middle*middle-3)))
			return small * k * (sigma - delta)
		}
	}
	return Distance(a, b)
}
