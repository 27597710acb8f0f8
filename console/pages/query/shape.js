// What rows are: a table, a graph, places, a series, or just values. A look at the first rows decides which views there
// are and which one comes first; nothing is lost by a wrong guess, as every view can be picked.

import { isObject, number } from './value.js'

const looked = 500

// Pictures are of up to so many rows: as many are fetched for one without being asked for.
export const pictured = 5000

// shape looks at rows: {views: [..], first, columns, chart?: {x, time, ys}}. walks says that the query walks a graph, names in which
// order members were asked for.
export function shape(rows, { walks = false, names = [] } = {}) {
  const sample = rows.slice(0, looked)
  const columns = columnsOf(sample, names)
  const views = []
  const series = seriesOf(sample, columns)
  const half = sample.length / 2
  const joined = sample.filter((r) => hasEdge(r, 0)).length
  const placed = sample.filter((r) => placeOf(r) !== null).length
  const vertices = walks && joined === 0 && sample.some((r) => isObject(r) && typeof r._id === 'string')
  if (columns.length > 0) views.push('table')
  views.push('json')
  if (joined > 0 || vertices) views.push('graph')
  if (placed > 0) views.push('map')
  if (series) views.push('chart')
  let first = views[0]
  if (series && sample.length > 2) first = 'chart'
  if (placed > 0 && placed >= half) first = 'map'
  if (joined > 0 && joined >= half) first = 'graph'
  return { views, first, columns, chart: series }
}

// columnsOf gives the names that objects have: the key, then those that were asked for by name in that order, then the others,
// then what the system adds; one column without a name for a mix; none for a single scalar.
export function columnsOf(rows, wanted = []) {
  if (rows.length > 0 && rows.every(isObject)) {
    const there = new Set()
    for (const row of rows) for (const name in row) there.add(name)
    const names = new Set([...wanted.filter((name) => there.has(name)), ...there])
    const system = ['_key', '_id', '_rev', '_from', '_to']
    const own = [...names].filter((n) => !system.includes(n))
    return [...(names.has('_key') ? ['_key'] : []), ...own, ...system.slice(1).filter((n) => names.has(n))]
  }
  return rows.length > 1 || rows.some((r) => isObject(r)) ? [null] : []
}

// isEdge tells whether a value is an edge, isVertex whether it is another document.
export const isEdge = (v) => isObject(v) && typeof v._from === 'string' && typeof v._to === 'string'
export const isVertex = (v) => isObject(v) && typeof v._id === 'string' && !isEdge(v)

// hasEdge looks for an edge in a row, as paths and pairs of vertex and edge have them.
function hasEdge(v, depth) {
  if (isEdge(v)) return true
  if (v === null || typeof v !== 'object' || depth > 2) return false
  const items = Array.isArray(v) ? v.slice(0, 20) : isObject(v) ? Object.values(v).slice(0, 20) : []
  return items.some((item) => hasEdge(item, depth + 1))
}

// How deep the positions of a shape are nested.
const shapes = { Point: 0, LineString: 1, MultiPoint: 1, Polygon: 2, MultiLineString: 2, MultiPolygon: 3 }
const mostPositions = 20_000

// placeOf finds where a row is: GeoJSON {type, coordinates}, or null.
export function placeOf(row) {
  if (!isObject(row)) return null
  const own = point(row)
  if (own) return own
  for (const v of Object.values(row)) {
    const found = isObject(v) ? point(v) : null
    if (found) return found
  }
  return null
}

// point reads an object that is GeoJSON or has latitude and longitude.
function point(o) {
  if (Object.hasOwn(shapes, o.type)) {
    const coordinates = positions(o.coordinates, shapes[o.type], { left: mostPositions })
    return coordinates && { type: o.type, coordinates }
  }
  const lat = number(o.lat ?? o.latitude)
  const lon = number(o.lon ?? o.lng ?? o.long ?? o.longitude)
  return lat !== null && lon !== null && onGlobe([lon, lat]) ? { type: 'Point', coordinates: [lon, lat] } : null
}

// positions reads positions that are nested so deep; null when one is none, or there are too many to draw.
function positions(c, depth, room) {
  if (!Array.isArray(c) || c.length === 0) return null
  if (depth === 0) return onGlobe(c) && room.left-- > 0 ? [number(c[0]), number(c[1])] : null
  const out = []
  for (const one of c) {
    const inner = positions(one, depth - 1, room)
    if (!inner) return null
    out.push(inner)
  }
  return out
}

const onGlobe = (c) => number(c[0]) !== null && number(c[1]) !== null && Math.abs(number(c[0])) <= 180 && Math.abs(number(c[1])) <= 90

// seriesOf finds what a chart can draw: one column of times or numbers to go along, and others with numbers.
function seriesOf(rows, columns) {
  if (rows.length < 2) return null
  const arrays = rows.every((r) => Array.isArray(r) && r.length === rows[0].length && r.length > 1 && r.length < 10)
  const names = arrays ? [...rows[0].keys()] : columns
  if (!arrays && (columns.length < 2 || columns.length > 12 || columns.includes('_id'))) return null
  const kinds = names.map((name) => columnKind(rows, name))
  if (kinds.includes('other')) return null
  const x = Math.max(0, kinds.indexOf('time') >= 0 ? kinds.indexOf('time') : climbing(rows, names))
  const ys = names.filter((_, i) => i !== x && kinds[i] === 'number')
  return ys.length > 0 ? { x: names[x], time: kinds[x] === 'time', ys, arrays } : null
}

// climbing finds the first column whose values rise from row to row, 0 when none does.
function climbing(rows, names) {
  return names.findIndex((name) => rows.every((r, i) => i === 0 || number(r[name]) > number(rows[i - 1][name])))
}

function columnKind(rows, name) {
  let found = 'none'
  for (const row of rows) {
    const v = row[name]
    if (v === null || v === undefined) continue
    const one = time(v) !== null ? 'time' : number(v) !== null ? 'number' : 'other'
    if (one === 'other' || (found !== 'none' && found !== one)) {
      if (one !== 'other' && number(v) !== null) { found = 'number'; continue }
      return 'other'
    }
    found = one
  }
  return found === 'none' ? 'other' : found
}

const isoTime = /^\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?$/

// time reads a moment as Unix seconds: an ISO text, or milliseconds between 2001 and 2100; null for others.
export function time(v) {
  if (typeof v === 'string' && isoTime.test(v)) {
    const at = Date.parse(v)
    return Number.isNaN(at) ? null : at / 1000
  }
  const n = number(v)
  return n !== null && n > 978e9 && n < 4.103e12 ? n / 1000 : null
}
