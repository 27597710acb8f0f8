// Projections, paths along great circles, and the land.
export {
  geoArea, geoBounds, geoCentroid, geoCircle, geoContains, geoDistance, geoEqualEarth, geoEquirectangular,
  geoGraticule, geoInterpolate, geoLength, geoMercator, geoNaturalEarth1, geoOrthographic, geoPath,
} from 'd3-geo'
export { feature, mesh } from 'topojson-client'
