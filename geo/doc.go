// Package geo holds places on the Earth: GeoJSON shapes, how they lie to each other, and how an ordered index finds
// them.
//
// Guarantees:
//   - A Shape is valid and immutable. It may be read from many goroutines.
//   - Entries is a function of the shape alone. What it gives and what Within and Touching ask for always meet: a shape
//     within the distance, or touching the other shape, has an entry in one of the intervals. Distances are those of
//     Distance, to the last bit.
//   - Near gives each candidate once, nearest first, ties by key. It may ask for an entry again, where passing
//     over it would take longer.
//
// Not guaranteed: that an entry in the intervals is a hit; whoever finds one asks the shape. Edges are great circles, so
// that a straight line on a flat map is another line here. The inside of a ring is the smaller part of the globe,
// whichever way the ring turns: no polygon is larger than half the globe. What lies exactly on the boundary of a polygon
// may count as inside or not, but never as inside of two polygons that share the boundary and nothing else. Points and
// lines touch when they are within a centimetre.
//
// Shapes: an entry is the number of an S2 cell, 64 bits; numbers of cells order along a curve that fills the globe, so
// that what is near is mostly near there, and a cell's parts are one interval. A shape's centroid has the smallest cell
// that there is, about a centimetre wide, an odd number; a region has further, larger cells that cover it, of levels
// WorstLevel to BestLevel. Searches by distance look at the centroid alone, since distance is measured from it.
//
// Units: degrees of longitude -180 to 180 and latitude -90 to 90; metres; square metres. The sphere has the radius of
// EarthRadius, and the ellipsoid is WGS84.
//
// Errors: *Error says what is wrong with a shape, and where in it. Shapes that would take too long are refused: of more
// than a hundred thousand positions, or with too many edges that lie above each other along every axis.
//
// Cells, coverings and the relations of polygons are those of the S2 library. Distances on the ellipsoid are found by
// Vincenty's inverse formula (Survey Review 23, 1975), areas by way of the sphere of equal area (Snyder, Map Projections,
// 1987).
package geo
