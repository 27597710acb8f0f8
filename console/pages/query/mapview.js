// Rows on a map of the world: GeoJSON, or members with latitude and longitude.

import { h, svg, clear } from '/console/app/dom.js'
import { worldMap } from '/console/app/map.js'
import { failure } from '/console/app/states.js'
import { count, plural, short, visible } from '/console/app/text.js'
import { placeOf } from './shape.js'
import { cell, isObject } from './value.js'

const mostPlaces = 3000
const perFrame = 250

// mapView gives {node, update(run)}. onOpen(row, n) opens a row. signal ends the drawing.
export function mapView({ onOpen, signal }) {
  const note = h('p', { class: 'muted', role: 'status', data: { testid: 'query-map-note' } })
  const host = h('div', { class: 'query-map-host' })
  const node = h('div', { class: 'query-map', data: { testid: 'query-map' } }, note, host)
  const marks = [] // {place, mark}
  let map = null, taken = 0, without = 0, working = false, latest = null

  async function draw() {
    if (working) return
    working = true
    try {
      map ??= await ready()
      while (latest && taken < latest.rows.length && marks.length < mostPlaces && !signal.aborted) {
        some(map.layer('places'))
        await new Promise((go) => requestAnimationFrame(go))
      }
      if (latest) say()
    } catch (error) {
      clear(host).append(failure(error))
    }
    working = false
  }

  async function ready() {
    const made = await worldMap(host, { label: 'Places of the result' })
    if (!latest) made.destroy() // the view was left meanwhile
    made.onResize(() => marks.forEach((m) => place(m, made)))
    return made
  }

  function some(layer) {
    const end = Math.min(latest.rows.length, taken + perFrame)
    for (; taken < end && marks.length < mostPlaces; taken++) {
      const row = latest.rows[taken], at = placeOf(row), n = taken + 1
      if (!at) { without++; continue }
      const one = { place: at, mark: markOf(at) }
      place(one, map)
      one.mark.append(svg('title', {}, titleOf(row)))
      one.mark.addEventListener('click', () => onOpen(row, n))
      layer.append(one.mark)
      marks.push(one)
    }
  }

  function say() {
    const rest = latest.rows.length - taken
    note.textContent = plural(marks.length, 'place') + (without ? `; ${plural(without, 'row has', 'rows have')} none` : '') +
      (rest > 0 ? `. The other ${count(rest)} rows are not drawn: a FILTER or LIMIT makes it readable.` : '.')
  }

  return { node, update(run) { latest = run; draw() }, destroy: () => { latest = null; map?.destroy?.() } }
}

const pointsOf = (place) => place.type === 'Point' ? [place.coordinates] : place.type === 'MultiPoint' ? place.coordinates : null

function markOf(place) {
  const points = pointsOf(place)
  if (points) return svg('g', { class: 'query-place' }, points.map(() => svg('circle', { r: 3.5 })))
  return svg('path', { class: place.type.includes('Line') ? 'query-line' : 'query-area' })
}

// wound turns the rings of areas round as the map wants them: the outer one clockwise, holes the other way. Otherwise the area
// would be all of the globe but the one that is meant.
function wound(at) {
  const turn = (ring, i) => isClockwise(ring) === (i === 0) ? ring : ring.slice().reverse()
  if (at.type === 'Polygon') return { ...at, coordinates: at.coordinates.map(turn) }
  if (at.type === 'MultiPolygon') return { ...at, coordinates: at.coordinates.map((rings) => rings.map(turn)) }
  return at
}

const isClockwise = (ring) => ring.reduce((sum, [x, y], i) => sum + (ring[(i + 1) % ring.length][0] - x) * (ring[(i + 1) % ring.length][1] + y), 0) > 0

// place puts a mark where it belongs; done again when the map has another size.
function place({ place: at, mark }, map) {
  const points = pointsOf(at)
  if (!points) return mark.setAttribute('d', map.path(wound(at)))
  points.forEach((c, i) => {
    const [x, y] = map.project(c[0], c[1])
    mark.children[i].setAttribute('cx', x.toFixed(1))
    mark.children[i].setAttribute('cy', y.toFixed(1))
  })
}

// titleOf is what is shown beside a place.
function titleOf(row) {
  if (!isObject(row)) return cell(row, 100)
  const name = row.name ?? row.title ?? row._key ?? row._id
  return visible(short(name === undefined ? cell(row, 100) : String(name), 100))
}
