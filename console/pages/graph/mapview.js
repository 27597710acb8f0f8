// The drawing on the map of the world: vertices that have positions, with their edges as great circles. It comes in place
// of the canvas while it is chosen; what is selected and found is the same.

import { h, replace, svg } from '../../app/dom.js'
import { worldMap } from '../../app/map.js'
import { count, short, visible } from '../../app/text.js'
import { Room } from './draw.js'
import { label, position } from './filter.js'

const scaleMost = 12
const linesMost = 3000

// placed gives the shown vertices that have a position, as [{vertex, at: [lon, lat]}].
export function placed(explorer) {
  const out = []
  for (const vertex of explorer.shown().vertices) {
    const at = position(vertex.attributes)
    if (at) out.push({ vertex, at })
  }
  return out
}

export async function createMapView({ explorer, palette, highlighted, onSelect, onOpen, signal }) {
  const holder = h('div', { class: 'graph-map', data: { testid: 'graph-map' } })
  const note = h('p', { class: 'muted graph-map-note' })
  const node = h('div', { class: 'graph-map-view' }, holder, note)
  // What part of the map is seen: its upper left corner, how much larger, and whether it follows what is drawn.
  const sight = { x: 0, y: 0, scale: 1, follow: true }
  let map = null
  const look = () => {
    const { width, height } = map
    sight.x = Math.min(width - width / sight.scale, Math.max(0, sight.x))
    sight.y = Math.min(height - height / sight.scale, Math.max(0, sight.y))
    map.svg.setAttribute('viewBox', `${sight.x} ${sight.y} ${width / sight.scale} ${height / sight.scale}`)
  }
  const view = {
    node,
    async open() {
      if (!map) {
        map = await worldMap(holder, { label: 'Vertices on the map of the world', ratio: 0.55 })
        map.svg.setAttribute('role', 'group')
        map.onResize(view.draw)
        signal.addEventListener('abort', () => map.destroy(), { once: true })
        moveByPointer({ map, sight, view, look })
      }
      view.draw()
    },
    draw() {
      if (!map) return
      const points = placed(explorer)
      if (sight.follow) surround(sight, map, points)
      look()
      const { vertices, edges } = explorer.shown()
      const marks = highlighted()
      const shared = { map, explorer, palette, points, marks, scale: sight.scale }
      note.textContent = `${count(points.length)} of ${count(vertices.length)} shown vertices have a position.`
      replace(map.layer('edges'), ...edgeLines({ ...shared, edges }))
      replace(map.layer('vertices'), ...vertexMarks({ ...shared, onSelect, onOpen }))
    },
    fit() {
      sight.follow = true
      view.draw()
    },
    // zoom keeps the point that is named, or the middle, in its place.
    zoom(factor, px = 0.5, py = 0.5) {
      if (!map) return
      sight.follow = false
      const scale = Math.min(scaleMost, Math.max(1, sight.scale * factor))
      sight.x += (map.width * px) * (1 / sight.scale - 1 / scale)
      sight.y += (map.height * py) * (1 / sight.scale - 1 / scale)
      sight.scale = scale
      view.draw()
    },
  }
  return view
}

// surround brings all points into sight, not nearer than a part of a continent.
function surround(sight, map, points) {
  const at = points.map((point) => map.project(point.at[0], point.at[1])).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
  if (at.length === 0) return
  const xs = at.map(([x]) => x)
  const ys = at.map(([, y]) => y)
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const most = Math.min(map.width / (1.25 * (right - left) + 1), map.height / (1.25 * (bottom - top) + 1))
  sight.scale = Math.min(8, Math.max(1, most))
  sight.x = (left + right) / 2 - map.width / sight.scale / 2
  sight.y = (top + bottom) / 2 - map.height / sight.scale / 2
}

// moveByPointer zooms with the wheel and moves the map by dragging.
function moveByPointer({ map, sight, view, look }) {
  let last = null
  const picture = map.svg
  picture.addEventListener('wheel', (event) => {
    event.preventDefault()
    const box = picture.getBoundingClientRect()
    view.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
  }, { passive: false })
  picture.addEventListener('pointerdown', (event) => { last = event })
  picture.addEventListener('pointermove', (event) => {
    if (!last || event.buttons === 0) return
    sight.follow = false
    sight.x -= (event.clientX - last.clientX) / sight.scale
    sight.y -= (event.clientY - last.clientY) / sight.scale
    last = event
    look()
  })
  for (const name of ['pointerup', 'pointercancel', 'pointerleave']) picture.addEventListener(name, () => { last = null })
}

function edgeLines({ map, explorer, palette, points, edges, marks, scale }) {
  const places = new Map(points.map(({ vertex, at }) => [vertex.id, at]))
  const drawn = edges.filter((edge) => edge.from !== edge.to && places.has(edge.from) && places.has(edge.to)).slice(0, linesMost)
  return drawn.map((edge) => {
    const line = { type: 'LineString', coordinates: [places.get(edge.from), places.get(edge.to)] }
    const strong = marks.edges.has(edge.id)
    const node = svg('path', { d: map.path(line), class: ['graph-map-edge', strong && 'strong', edge.id === explorer.selected && 'selected'] })
    if (!strong) node.style.stroke = palette.edge(edge.collection)
    node.style.strokeWidth = String((strong || edge.id === explorer.selected ? 2.5 : 1) / scale)
    return node
  })
}

function vertexMarks({ map, explorer, palette, points, marks, scale, onSelect, onOpen }) {
  const room = new Room()
  const rank = ({ vertex }) => (vertex.id === explorer.selected ? 0 : marks.vertices.has(vertex.id) ? 1 : 2)
  return [...points].sort((a, b) => rank(a) - rank(b)).flatMap(({ vertex, at }) => {
    const [x, y] = map.project(at[0], at[1])
    if (!Number.isFinite(x) || !Number.isFinite(y)) return []
    const words = visible(short(label(vertex, explorer.labelBy), 40))
    const selected = vertex.id === explorer.selected
    const dot = svg('circle', {
      cx: x, cy: y, r: (selected ? 7 : 4.5) / scale, class: ['graph-map-vertex', selected && 'selected', marks.vertices.has(vertex.id) && 'strong'],
      tabindex: 0, role: 'button', aria: { label: words }, data: { vertex: vertex.id },
      onclick: () => onSelect(vertex.id),
      ondblclick: () => onOpen(vertex.id),
      onkeydown: (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        onSelect(vertex.id)
      },
    }, svg('title', {}, words))
    dot.style.fill = palette.vertex(vertex.collection)
    dot.style.strokeWidth = String((selected ? 3 : 1) / scale)
    // A label is written where there is room; the selected vertex and those of a path have one in any case.
    const free = room.take(x * scale, y * scale - 6, words.length * 6 + 14, 13)
    if (!free && !selected && !marks.vertices.has(vertex.id)) return [dot]
    const text = svg('text', { x: x + 7 / scale, y: y + 4 / scale, class: 'graph-map-label', aria: { hidden: 'true' } }, words)
    Object.assign(text.style, { fontSize: `${11 / scale}px`, strokeWidth: `${2.5 / scale}px` })
    return [dot, text]
  })
}
