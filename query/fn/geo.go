package fn

import (
	"strings"

	"github.com/selvedge-db/selvedge/geo"
	"github.com/selvedge-db/selvedge/value"
)

const geoTypes = Object | List

var geoFunctions = []Function{
	{
		Name: "DISTANCE", Family: "geo", Deterministic: true, Cost: 5, Returns: Number | Null,
		Params:   []Param{one("latitude1", Number), one("longitude1", Number), one("latitude2", Number), one("longitude2", Number)},
		Doc:      "Gives the distance in metres between two places on the sphere.",
		Examples: []Example{{`RETURN ROUND(DISTANCE(52.5163, 13.3777, 50.9322, 6.94) / 1000)`, `[477]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			for _, v := range a {
				if v.Kind() != value.KindNumber {
					return c.badType("DISTANCE")
				}
			}
			p := geo.Point{Latitude: a[0].Float64(), Longitude: a[1].Float64()}
			q := geo.Point{Latitude: a[2].Float64(), Longitude: a[3].Float64()}
			if !p.Valid() || !q.Valid() {
				return c.badGeo("DISTANCE", "latitude -90 to 90 and longitude -180 to 180 are wanted")
			}
			return value.Float(geo.Distance(p, q))
		},
	},
	{
		Name: "GEO_DISTANCE", Family: "geo", Deterministic: true, Cost: 10, Returns: Number | Null,
		Params:   []Param{one("geoJson1", geoTypes), one("geoJson2", geoTypes), opt("ellipsoid", Text)},
		Doc:      "Gives the distance in metres between the centroids of two shapes, on the sphere or on the ellipsoid 'wgs84'. " + shapeDoc,
		Examples: []Example{{`RETURN ROUND(GEO_DISTANCE([13.3777, 52.5163], [6.94, 50.9322]) / 1000)`, `[477]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			d, ok := geoDistance(c, "GEO_DISTANCE", a, 2)
			if !ok {
				return value.Null()
			}
			return value.Float(d)
		},
	},
	{
		Name: "GEO_IN_RANGE", Family: "geo", Deterministic: true, Cost: 10, Returns: Bool | Null,
		Params: []Param{
			one("geoJson1", geoTypes), one("geoJson2", geoTypes), one("low", Number), one("high", Number),
			opt("includeLow", Bool), opt("includeHigh", Bool), opt("ellipsoid", Text),
		},
		Doc:      "Tells whether the distance between the centroids of two shapes lies between two others in metres; they count as within unless the flags are false. " + shapeDoc,
		Examples: []Example{{`RETURN GEO_IN_RANGE([13.3777, 52.5163], [6.94, 50.9322], 0, 500000)`, `[true]`}},
		Eval:     evalGeoInRange,
	},
	relation("GEO_CONTAINS", "Tells whether the first shape, a polygon or several, contains the whole second one.",
		`RETURN GEO_CONTAINS({type: "Polygon", coordinates: [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}, [5, 5])`, `[true]`,
		func(c *Context, x, y *geo.Shape) value.Value {
			if k := x.Kind(); k != geo.KindPolygon && k != geo.KindMultiPolygon {
				return c.badGeo("GEO_CONTAINS", "the first shape must be a Polygon or MultiPolygon")
			}
			return value.Bool(x.Contains(y))
		}),
	relation("GEO_INTERSECTS", "Tells whether two shapes have a point in common.",
		`RETURN GEO_INTERSECTS({type: "LineString", coordinates: [[0, 0], [10, 10]]}, {type: "LineString", coordinates: [[0, 10], [10, 0]]})`, `[true]`,
		func(_ *Context, x, y *geo.Shape) value.Value { return value.Bool(x.Intersects(y)) }),
	relation("GEO_EQUALS", "Tells whether two shapes are the same.", `RETURN GEO_EQUALS(GEO_POINT(1, 2), [1, 2])`, `[true]`,
		func(_ *Context, x, y *geo.Shape) value.Value { return value.Bool(x.Equal(y)) }),
	{
		Name: "GEO_AREA", Family: "geo", Deterministic: true, Cost: 30, Returns: Number | Null,
		Params:   []Param{one("geoJson", geoTypes), opt("ellipsoid", Text)},
		Doc:      "Gives the area of a polygon, or of several, in square metres, on the sphere or on the ellipsoid 'wgs84'; that of other shapes is 0. " + shapeDoc,
		Examples: []Example{{`RETURN GEO_AREA([1, 2])`, `[0]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			s, ok := c.shape("GEO_AREA", a, 0)
			if !ok {
				return value.Null()
			}
			ellipsoid, ok := onEllipsoid(a, 1)
			switch {
			case !ok:
				return c.badType("GEO_AREA")
			case ellipsoid:
				return value.Float(s.EllipsoidArea())
			}
			return value.Float(s.Area())
		},
	},
	{
		Name: "GEO_POINT", Family: "geo", Deterministic: true, Cost: 5, Returns: Object | Null,
		Params:   []Param{one("longitude", Number), one("latitude", Number)},
		Doc:      "Makes a GeoJSON Point.",
		Examples: []Example{{`RETURN GEO_POINT(1, 2)`, `[{"type": "Point", "coordinates": [1, 2]}]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindNumber || a[1].Kind() != value.KindNumber {
				return c.badType("GEO_POINT")
			}
			return geometry(c, "GEO_POINT", "Point", value.Array(a...))
		},
	},
	constructor("GEO_MULTIPOINT", "MultiPoint", "an array of at least two positions [longitude, latitude]",
		`RETURN GEO_MULTIPOINT([[35, 10], [45, 45]])`, `[{"type": "MultiPoint", "coordinates": [[35, 10], [45, 45]]}]`, 2),
	constructor("GEO_LINESTRING", "LineString", "an array of at least two positions [longitude, latitude]",
		`RETURN GEO_LINESTRING([[35, 10], [45, 45]])`, `[{"type": "LineString", "coordinates": [[35, 10], [45, 45]]}]`, 2),
	constructor("GEO_MULTILINESTRING", "MultiLineString", "an array of at least one line, itself an array of positions",
		`RETURN GEO_MULTILINESTRING([[[100, 0], [101, 1]], [[102, 2], [101, 2.3]]])`,
		`[{"type": "MultiLineString", "coordinates": [[[100, 0], [101, 1]], [[102, 2], [101, 2.3]]]}]`, 1),
	{
		Name: "GEO_POLYGON", Family: "geo", Deterministic: true, Cost: 30, Returns: Object | Null,
		Params: unary("coordinates", List),
		Doc: "Makes a GeoJSON Polygon of an array of rings, the first around it and the others around its holes, or of a single ring: an array of " +
			"at least three positions [longitude, latitude]. A ring that does not end where it begins is closed. A shape that is not valid gives null and a warning.",
		Examples: []Example{{`RETURN GEO_POLYGON([[0, 0], [7.5, 2.5], [0, 5]])`, `[{"type": "Polygon", "coordinates": [[[0, 0], [7.5, 2.5], [0, 5], [0, 0]]]}]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			rings, ok := closed(a[0])
			if !ok {
				return c.badType("GEO_POLYGON")
			}
			return geometry(c, "GEO_POLYGON", "Polygon", rings)
		},
	},
	{
		Name: "GEO_MULTIPOLYGON", Family: "geo", Deterministic: true, Cost: 60, Returns: Object | Null,
		Params: unary("polygons", List),
		Doc:    "Makes a GeoJSON MultiPolygon of an array of at least one polygon, each as GEO_POLYGON takes it. A shape that is not valid gives null and a warning.",
		Examples: []Example{{
			`RETURN GEO_MULTIPOLYGON([[[[40, 40], [20, 45], [45, 30], [40, 40]]], [[[0, 0], [5, 0], [5, 5], [0, 0]]]])`,
			`[{"type": "MultiPolygon", "coordinates": [[[[40, 40], [20, 45], [45, 30], [40, 40]]], [[[0, 0], [5, 0], [5, 5], [0, 0]]]]}]`,
		}},
		Eval: func(c *Context, a []value.Value) value.Value {
			items := a[0].Items()
			out := make([]value.Value, len(items))
			for i, v := range items {
				rings, ok := closed(v)
				if !ok {
					return c.badType("GEO_MULTIPOLYGON")
				}
				out[i] = rings
			}
			if len(out) == 0 {
				return c.badType("GEO_MULTIPOLYGON")
			}
			return geometry(c, "GEO_MULTIPOLYGON", "MultiPolygon", value.OwnItems(out))
		},
	},
}

const shapeDoc = "A shape is GeoJSON or [longitude, latitude]; one that is not valid gives null and a warning."

// badGeo warns of a shape that is none, and gives null.
func (c *Context) badGeo(name, reason string) value.Value {
	c.warn(WarnGeo, "invalid geo value in call to function '%s()': %s", name, reason)
	return value.Null()
}

// shapes are the last large shapes that were read, by the place of their argument, so that one for all rows is built once.
type shapes [2]struct {
	of    value.Value
	shape *geo.Shape
}

// shape reads an argument as a shape.
func (c *Context) shape(name string, a []value.Value, at int) (*geo.Shape, bool) {
	v := a[at]
	if k := v.Kind(); k != value.KindObject && k != value.KindArray {
		c.badType(name)
		return nil, false
	}
	large := v.Kind() == value.KindObject
	if large {
		kind, _ := v.Get("type")
		large = kind.Str() != "Point"
	}
	kept := &c.shapes[at]
	if large && kept.shape != nil && value.Identical(kept.of, v) {
		return kept.shape, true
	}
	s, err := geo.Parse(v)
	if err != nil {
		c.badGeo(name, err.Error())
		return nil, false
	}
	if large {
		kept.of, kept.shape = v.Clone(), s // the text of v may be used again for the next row
	}
	return s, true
}

// onEllipsoid reads the name of an ellipsoid: sphere, the default, or wgs84.
func onEllipsoid(a []value.Value, at int) (yes, ok bool) {
	if at >= len(a) || a[at].IsNull() {
		return false, true
	}
	switch strings.ToLower(a[at].Str()) {
	case "sphere":
		return false, true
	case "wgs84":
		return true, true
	}
	return false, false
}

// geoDistance measures between the centroids of the first two arguments; at is where the ellipsoid is named.
func geoDistance(c *Context, name string, a []value.Value, at int) (float64, bool) {
	x, ok := c.centroid(name, a, 0)
	if !ok {
		return 0, false
	}
	y, ok := c.centroid(name, a, 1)
	if !ok {
		return 0, false
	}
	ellipsoid, ok := onEllipsoid(a, at)
	if !ok {
		c.badType(name)
		return 0, false
	}
	if ellipsoid {
		return geo.EllipsoidDistance(x, y), true
	}
	return geo.Distance(x, y), true
}

// centroid gives that of an argument. Points are their own, and are read without making shapes of them.
func (c *Context) centroid(name string, a []value.Value, at int) (geo.Point, bool) {
	if p, ok := plainPoint(a[at]); ok {
		return p, true
	}
	s, ok := c.shape(name, a, at)
	if !ok {
		return geo.Point{}, false
	}
	return s.Centroid(), true
}

// plainPoint reads [longitude, latitude] and a GeoJSON Point.
func plainPoint(v value.Value) (geo.Point, bool) {
	if v.Kind() == value.KindObject {
		if kind, _ := v.Get("type"); kind.Str() != "Point" {
			return geo.Point{}, false
		}
		v, _ = v.Get("coordinates")
	}
	pair := v.Items()
	if len(pair) != 2 || pair[0].Kind() != value.KindNumber || pair[1].Kind() != value.KindNumber {
		return geo.Point{}, false
	}
	p := geo.Point{Longitude: pair[0].Float64(), Latitude: pair[1].Float64()}
	return p, p.Valid()
}

func evalGeoInRange(c *Context, a []value.Value) value.Value {
	if a[2].Kind() != value.KindNumber || a[3].Kind() != value.KindNumber {
		return c.badType("GEO_IN_RANGE")
	}
	d, ok := geoDistance(c, "GEO_IN_RANGE", a, 6)
	if !ok {
		return value.Null()
	}
	low, high := a[2].Float64(), a[3].Float64()
	withLow, withHigh := len(a) < 5 || ToBool(a[4]), len(a) < 6 || ToBool(a[5])
	return value.Bool((d > low || withLow && d == low) && (d < high || withHigh && d == high))
}

// relation declares a function of two shapes.
func relation(name, doc, query, result string, f func(c *Context, x, y *geo.Shape) value.Value) Function {
	return Function{
		Name: name, Family: "geo", Deterministic: true, Cost: 50, Returns: Bool | Null,
		Params: []Param{one("geoJson1", geoTypes), one("geoJson2", geoTypes)}, Doc: doc + " " + shapeDoc,
		Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			x, ok := c.shape(name, a, 0)
			if !ok {
				return value.Null()
			}
			y, ok := c.shape(name, a, 1)
			if !ok {
				return value.Null()
			}
			return f(c, x, y)
		},
	}
}

// constructor declares a function that makes GeoJSON of its coordinates as they are.
func constructor(name, kind, want, query, result string, least int) Function {
	return Function{
		Name: name, Family: "geo", Deterministic: true, Cost: 20, Returns: Object | Null,
		Params:   unary("coordinates", List),
		Doc:      "Makes a GeoJSON " + kind + " of " + want + ". A shape that is not valid gives null and a warning.",
		Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindArray || a[0].Len() < least {
				return c.badType(name)
			}
			return geometry(c, name, kind, a[0])
		},
	}
}

// geometry makes GeoJSON and checks it.
func geometry(c *Context, name, kind string, coordinates value.Value) value.Value {
	v := value.OwnMembers([]value.Member{{Name: "coordinates", Value: coordinates}, {Name: "type", Value: value.String(kind)}})
	if _, err := geo.Parse(v); err != nil {
		return c.badGeo(name, err.Error())
	}
	return v
}

// closed reads the rings of a polygon, or a single one, and closes those that are open.
func closed(v value.Value) (value.Value, bool) {
	rings := v.Items()
	if len(rings) == 0 {
		return v, false
	}
	if first := rings[0].Items(); len(first) > 0 && first[0].Kind() == value.KindNumber {
		rings = []value.Value{v}
	}
	out := make([]value.Value, len(rings))
	for i, ring := range rings {
		positions := ring.Items()
		if len(positions) < 3 {
			return v, false
		}
		out[i] = ring
		if !value.Equal(positions[0], positions[len(positions)-1]) {
			out[i] = value.Array(append(positions[:len(positions):len(positions)], positions[0])...)
		}
	}
	return value.OwnItems(out), true
}
