// The map of the world below everything that has a place.

import { append, h, svg } from './dom.js'

let parts = null

// load brings the projections and the land, once.
function load() {
  parts ??= Promise.all([import('../vendor/geo.js'), land()]).then(([geo, world]) => ({ geo, land: geo.feature(world, world.objects.land) }), (error) => {
    parts = null
    throw error
  })
  return parts
}

async function land() {
  const response = await fetch('/console/vendor/world.json', { credentials: 'omit' })
  if (!response.ok) throw new Error(`the map of the world did not come: status ${response.status}`)
  return response.json()
}

// What the map fits into its room: without most of the Antarctic.
const frame = { type: 'MultiPoint', coordinates: [[-179.9, 0], [179.9, 0], [0, 83], [0, -57]] }

// worldMap draws into parent and fills its width and height. It answers
// {node, svg, width, height, project(lon, lat) -> [x, y], path(geojson) -> the d of
// a path, along great circles, layer(name) -> a <g> above the land, onResize(fn),
// geo (d3-geo), destroy()}. After a change of size project and path give other
// places: onResize is called then, and layers are to be drawn anew.
export async function worldMap(parent, { label, margin = 8, ratio = 0.5 } = {}) {
  const { geo, land: coast } = await load()
  const projection = geo.geoNaturalEarth1()
  const draw = geo.geoPath(projection)
  const picture = svg('svg', { class: 'map-svg', role: 'img', aria: { label } })
  const sphere = svg('path', { class: 'map-sphere' })
  const lines = svg('path', { class: 'map-lines' })
  const ground = svg('path', { class: 'map-land' })
  append(picture, sphere, lines, ground)
  const node = h('div', { class: 'map' }, picture)
  append(parent, node)
  const resized = new Set()
  const layers = new Map()
  const graticule = geo.geoGraticule().step([30, 30])()
  const map = {
    node, svg: picture, geo, projection, width: 0, height: 0,
    project: (lon, lat) => projection([Number(lon), Number(lat)]) ?? [NaN, NaN],
    path: (geojson) => draw(geojson) ?? '',
    layer(name) {
      if (!layers.has(name)) {
        layers.set(name, svg('g', { class: `map-layer map-${name}` }))
        append(picture, layers.get(name))
      }
      return layers.get(name)
    },
    onResize(fn) {
      resized.add(fn)
      return () => resized.delete(fn)
    },
    destroy() {
      watch.disconnect()
      cancelAnimationFrame(due)
      node.remove()
    },
  }

  function fit() {
    due = 0
    const width = Math.max(160, Math.floor(node.clientWidth || parent.clientWidth || 640))
    const height = Math.floor(node.clientHeight) || Math.round(width * ratio)
    if (width === map.width && height === map.height) return
    Object.assign(map, { width, height })
    projection.fitExtent([[margin, margin], [width - margin, height - margin]], frame)
    picture.setAttribute('viewBox', `0 0 ${width} ${height}`)
    sphere.setAttribute('d', map.path({ type: 'Sphere' }))
    lines.setAttribute('d', map.path(graticule))
    ground.setAttribute('d', map.path(coast))
    for (const fn of [...resized]) fn(map)
  }

  let due = 0
  const watch = new ResizeObserver(() => {
    due ||= requestAnimationFrame(fit)
  })
  fit()
  watch.observe(node)
  return map
}
