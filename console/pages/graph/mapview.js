// The drawing on the map of the world: vertices that have positions, with their edges as great circles. It comes in place
// of the canvas while it is chosen; what is selected and found is the same.

import { h, replace, svg } from '../../app/dom.js'
import { worldMap } from '../../app/map.js'
import { count, short, visible } from '../../app/text.js'
import { label, position } from './filter.js'

const labelsMost = 60
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
  let map = null
  const view = {
    node,
    async open() {
      if (!map) {
        map = await worldMap(holder, { label: 'Vertices on the map of the world', ratio: 0.55 })
        map.svg.setAttribute('role', 'group')
        map.onResize(view.draw)
        signal.addEventListener('abort', () => map.destroy(), { once: true })
      }
      view.draw()
    },
    draw() {
      if (!map) return
      const points = placed(explorer)
      const { edges } = explorer.shown()
      const marks = highlighted()
      note.textContent = `${count(points.length)} of ${count(explorer.shown().vertices.length)} shown vertices have a position.`
      replace(map.layer('edges'), ...edgeLines({ map, explorer, palette, points, edges, marks }))
      replace(map.layer('vertices'), ...vertexMarks({ map, explorer, palette, points, marks, onSelect, onOpen }))
    },
  }
  return view
}

function edgeLines({ map, explorer, palette, points, edges, marks }) {
  const places = new Map(points.map(({ vertex, at }) => [vertex.id, at]))
  const drawn = edges.filter((edge) => edge.from !== edge.to && places.has(edge.from) && places.has(edge.to)).slice(0, linesMost)
  return drawn.map((edge) => {
    const line = { type: 'LineString', coordinates: [places.get(edge.from), places.get(edge.to)] }
    const strong = marks.edges.has(edge.id)
    const node = svg('path', { d: map.path(line), class: ['graph-map-edge', strong && 'strong', edge.id === explorer.selected && 'selected'] })
    if (!strong) node.style.stroke = palette.edge(edge.collection)
    return node
  })
}

function vertexMarks({ map, explorer, palette, points, marks, onSelect, onOpen }) {
  const named = points.length <= labelsMost
  return points.flatMap(({ vertex, at }) => {
    const [x, y] = map.project(at[0], at[1])
    if (!Number.isFinite(x) || !Number.isFinite(y)) return []
    const words = visible(short(label(vertex, explorer.labelBy), 40))
    const selected = vertex.id === explorer.selected
    const dot = svg('circle', {
      cx: x, cy: y, r: selected ? 7 : 4.5, class: ['graph-map-vertex', selected && 'selected', marks.vertices.has(vertex.id) && 'strong'],
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
    const shown = named || selected || marks.vertices.has(vertex.id)
    return shown ? [dot, svg('text', { x: x + 7, y: y + 4, class: 'graph-map-label', aria: { hidden: 'true' } }, words)] : [dot]
  })
}
