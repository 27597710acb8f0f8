package geo

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// The cells of entries of regions: between these levels (a cell of level 4 is about 500 km wide, one of 23 a metre), and
// about so many of them.
const (
	WorstLevel = 4
	BestLevel  = 23
	MaxCells   = 8
)

// maxPoints is how many points of a shape have an entry each; of more the cells around them are taken.
const maxPoints = 16

// Interval is an interval of cells, both ends included.
type Interval struct{ Lo, Hi uint64 }

// Bounds are the interval as keys of entries, the lower one included and the upper one not.
func (i Interval) Bounds() (lower, upper []byte) {
	return binary.BigEndian.AppendUint64(nil, i.Lo), binary.BigEndian.AppendUint64(nil, i.Hi+1)
}

// Cell is the smallest cell around a point.
func Cell(p Point) uint64 {
	return uint64(s2.CellIDFromLatLng(s2.LatLngFromDegrees(p.Latitude, p.Longitude)))
}

// Nowhere stands in the place of a cell for what has no valid place.
const Nowhere uint64 = 0

// IsCentroid says whether a cell in an entry is that of a centroid, the only ones of use when searching by distance.
func IsCentroid(cell uint64) bool { return cell&1 != 0 }

// Entries are the cells under which a shape is found: that of its centroid, first, and those that cover it. A polygon
// as large as a continent can have some hundred of them.
func Entries(s *Shape) []uint64 {
	out := []uint64{Cell(s.centroid)}
	if s.kind == KindPoint {
		return out
	}
	for _, id := range s.covering() {
		out = append(out, uint64(id))
	}
	return out
}

// covering covers the shape with cells of the levels of entries.
func (s *Shape) covering() s2.CellUnion {
	if len(s.points) == 0 {
		return s.cover(MaxCells)
	}
	cells := make(s2.CellUnion, len(s.points))
	for i, p := range s.points {
		cells[i] = s2.CellFromPoint(p).ID().Parent(BestLevel)
	}
	cells.Normalize()
	if len(cells) > maxPoints {
		return coverer(2 * maxPoints).Covering(&cells)
	}
	cells.Denormalize(WorstLevel, 1)
	return cells
}

func coverer(cells int) *s2.RegionCoverer {
	return &s2.RegionCoverer{MinLevel: WorstLevel, MaxLevel: BestLevel, LevelMod: 1, MaxCells: cells}
}

// maxParts is how many lines or polygons of a shape are covered one by one.
const maxParts = 16

// cover covers lines and polygons part by part, with fewer cells each the more parts there are; of many parts all at once.
func (s *Shape) cover(cells int) s2.CellUnion {
	parts := len(s.lines) + len(s.polygons)
	switch {
	case parts > maxParts && len(s.lines) > 0:
		return coverer(4 * cells).Covering(s.near)
	case parts > maxParts:
		return coverer(4 * cells).Covering(patchwork(s.polygons))
	}
	each := coverer(max(4, cells/max(1, parts)))
	var out s2.CellUnion
	for i := range s.lines {
		out = append(out, each.Covering(newStrip(s.lines[i:i+1]))...)
	}
	for _, p := range s.polygons {
		out = append(out, each.Covering(p)...)
	}
	if parts > 1 {
		out.Normalize()
		if len(out) > 4*cells {
			out = coverer(4 * cells).Covering(&out)
		}
		out.Denormalize(WorstLevel, 1)
	}
	return out
}

// Touching gives the intervals in which every shape that has a point in common with this one has an entry.
func Touching(s *Shape) []Interval { return related(s.wide()) }

// Holding gives the intervals in which every point that lies in or on this shape has its entry: much fewer than Touching
// does, which must look for larger shapes too.
func Holding(s *Shape) []Interval { return intervals(s.wide()) }

// wide covers the shape and what counts as touching it.
func (s *Shape) wide() s2.CellUnion {
	if len(s.points) > 0 {
		return surroundings(s.points)
	}
	return s.cover(2 * MaxCells)
}

// Around gives the intervals in which every shape that holds all of this one has an entry, fewer than Touching does: to
// hold all of it means to hold any one of its points.
func Around(s *Shape) []Interval { return related(surroundings([]s2.Point{s.anyPoint()})) }

// surroundings are the cells around points, and those beside them: what counts as touching may lie there.
func surroundings(points []s2.Point) s2.CellUnion {
	var out s2.CellUnion
	for _, p := range points {
		out = append(out, s2.CellFromPoint(p).ID().Parent(BestLevel))
	}
	out.Normalize()
	out.ExpandAtLevel(BestLevel)
	if len(points) > 1 {
		return coverer(2 * maxPoints).Covering(&out)
	}
	return out
}

// related gives the intervals with all parts of the cells, and the cells that they are parts of.
func related(cells s2.CellUnion) []Interval {
	out := make([]Interval, 0, len(cells)+32)
	for _, id := range cells {
		out = append(out, Interval{uint64(id.RangeMin()), uint64(id.RangeMax())})
		for level := id.Level() - 1; level >= 0; level-- {
			up := uint64(id.Parent(level))
			out = append(out, Interval{up, up})
		}
	}
	return merged(out)
}

// merged sorts intervals and joins those that meet.
func merged(list []Interval) []Interval {
	slices.SortFunc(list, func(a, b Interval) int {
		if a.Lo != b.Lo {
			if a.Lo < b.Lo {
				return -1
			}
			return 1
		}
		return 0
	})
	out := list[:0]
	for _, i := range list {
		if n := len(out); n > 0 && i.Lo <= out[n-1].Hi+1 {
			out[n-1].Hi = max(out[n-1].Hi, i.Hi)
			continue
		}
		out = append(out, i)
	}
	return out
}

// slack is what distances of different formulas differ by, in radians; a part of it grows with the distance.
const slack = 1e-9 // six millimetres

func chord(metres float64) s1.ChordAngle {
	angle := metres/EarthRadius + slack
	if angle > 3 { // where both formulas have half of their digits left
		angle += 1e-7
	}
	if angle >= math.Pi {
		return s1.StraightChordAngle
	}
	return s1.ChordAngleFromAngle(s1.Angle(angle))
}

// Within gives the intervals in which every shape whose centroid is from min to max metres away has its centroid's entry.
func Within(center Point, low, high float64) []Interval {
	if !(high >= 0) || low > high {
		return nil
	}
	p := center.sphere()
	outer := &s2.RegionCoverer{MinLevel: 0, MaxLevel: s2.MaxLevel, LevelMod: 1, MaxCells: 12}
	out := intervals(outer.Covering(s2.CapFromCenterChordAngle(p, chord(high))))
	if inner := low/EarthRadius - 2*slack; inner > 0 {
		hole := s2.CapFromCenterAngle(p, s1.Angle(min(inner, math.Pi)))
		inside := &s2.RegionCoverer{MinLevel: 0, MaxLevel: 24, LevelMod: 1, MaxCells: 12}
		out = minus(out, intervals(inside.InteriorCovering(hole)))
	}
	return out
}

func intervals(cells s2.CellUnion) []Interval {
	out := make([]Interval, len(cells))
	for i, id := range cells {
		out[i] = Interval{uint64(id.RangeMin()), uint64(id.RangeMax())}
	}
	return merged(out)
}

// minus takes intervals away from others; both are merged.
func minus(from, take []Interval) []Interval {
	var out []Interval
	for _, f := range from {
		for _, t := range take {
			if t.Hi < f.Lo {
				continue
			}
			if t.Lo > f.Hi || f.Lo > f.Hi {
				break
			}
			if t.Lo > f.Lo {
				out = append(out, Interval{f.Lo, t.Lo - 1})
			}
			f.Lo = t.Hi + 1
		}
		if f.Lo <= f.Hi {
			out = append(out, f)
		}
	}
	return out
}
