// The canvas: shows a graph, and turns pointer and keys into choices. It knows nothing of requests; what is chosen goes to
// the callbacks {onSelect(id|null), onOpen(id), onCollapse(id), onMoved(vertex), onFreed(vertex), onTold(text)}.
//
// Keys: arrows go to the neighbour that lies in that direction, with Shift they move the picture; plus and minus zoom, 0
// fits all, Home goes to the start, Enter expands, Backspace collapses, Escape lets go.

import { h } from '../../app/dom.js'
import { bendParallels, drawGraph, radius, route } from './draw.js'
import { pointerControl } from './pointer.js'

const hint = 'Arrow keys go to neighbours, Enter expands, Backspace collapses, plus and minus zoom, 0 shows all, Shift with arrows moves the picture, Home goes to the start. The List tab has the same as a table.'
const scaleLeast = 0.05
const scaleMost = 6

export function createView({ model, palette, label, callbacks, signal }) {
  const canvas = h('canvas', {
    class: 'graph-canvas', tabindex: '0', role: 'application', aria: { label: 'Graph drawing', describedby: 'graph-keys' }, data: { testid: 'graph-canvas' },
  })
  const node = h('div', { class: 'graph-stage' }, canvas, h('p', { id: 'graph-keys', class: 'sr-only' }, hint))
  const scene = {
    model, palette, label, vertices: [], edges: [], view: { x: 0, y: 0, scale: 1 }, width: 1, height: 1, ratio: 1,
    selected: null, hovered: null, near: new Set(), paths: { vertices: new Set(), edges: new Set() },
  }
  const state = { frame: 0, follow: true, start: null, focus: null }
  const draw = () => {
    if (state.frame === 0) state.frame = requestAnimationFrame(() => {
      state.frame = 0
      if (!signal.aborted) drawGraph(canvas, scene)
    })
  }
  const size = () => measure(canvas, node, scene) && draw()
  const observer = new ResizeObserver(size)
  observer.observe(node)
  signal.addEventListener('abort', () => {
    observer.disconnect()
    cancelAnimationFrame(state.frame)
  }, { once: true })
  const view = { node, canvas, scene, state, draw, ...moves(scene, state, draw), ...choices(scene, state, draw) }
  pointerControl(view, callbacks, signal)
  canvas.addEventListener('keydown', (event) => {
    if (key(event, view, callbacks)) event.preventDefault()
  }, { signal })
  return view
}

function measure(canvas, node, scene) {
  const { clientWidth: width, clientHeight: height } = node
  if (width === 0 || height === 0) return false
  const first = scene.width === 1
  scene.ratio = window.devicePixelRatio || 1
  if (first) Object.assign(scene.view, { x: width / 2, y: height / 2 })
  Object.assign(scene, { width, height })
  canvas.width = Math.round(width * scene.ratio)
  canvas.height = Math.round(height * scene.ratio)
  return true
}

// moves change what part of the plane is seen.
function moves(scene, state, draw) {
  const { view } = scene
  return {
    pan(dx, dy) {
      state.follow = false
      view.x += dx
      view.y += dy
      draw()
    },
    zoom(factor, x = scene.width / 2, y = scene.height / 2) {
      state.follow = false
      const scale = Math.min(scaleMost, Math.max(scaleLeast, view.scale * factor))
      view.x = x - ((x - view.x) * scale) / view.scale
      view.y = y - ((y - view.y) * scale) / view.scale
      view.scale = scale
      draw()
    },
    // fit shows everything, or the vertices that are named; until somebody moves the picture it is done again while the
    // layout runs.
    fit(focus = null) {
      state.follow = true
      state.focus = focus
      fit(scene, focus)
      draw()
    },
    followed() {
      if (state.follow) fit(scene, state.focus)
      draw()
    },
    toPlane: (x, y) => ({ x: (x - view.x) / view.scale, y: (y - view.y) / view.scale }),
    center(vertex) {
      const x = vertex.x * view.scale + view.x
      const y = vertex.y * view.scale + view.y
      const inside = x > 30 && y > 30 && x < scene.width - 30 && y < scene.height - 30
      if (!inside) {
        view.x += scene.width / 2 - x
        view.y += scene.height / 2 - y
      }
    },
  }
}

function fit(scene, focus) {
  const wanted = focus ? scene.vertices.filter((vertex) => focus.has(vertex.id)) : scene.vertices
  if (wanted.length === 0) return
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const { x, y } of wanted) {
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  const scale = Math.min((scene.width - 150) / (right - left || 1), (scene.height - 90) / (bottom - top || 1))
  scene.view.scale = Math.min(1.6, Math.max(scaleLeast, scale))
  scene.view.x = scene.width / 2 - ((left + right) / 2) * scene.view.scale
  scene.view.y = scene.height / 2 - ((top + bottom) / 2) * scene.view.scale
}

// choices change what is shown and what stands out.
function choices(scene, state, draw) {
  return {
    show(vertices, edges) {
      scene.vertices = vertices
      scene.edges = edges
      bendParallels(edges)
      scene.start = state.start
      if (state.follow) fit(scene, state.focus)
      draw()
    },
    select(id) {
      scene.selected = id
      scene.near = new Set()
      for (const edge of scene.model.edgesOf(id)) {
        scene.near.add(edge.from)
        scene.near.add(edge.to)
      }
      draw()
    },
    highlight(vertices, edges) {
      scene.paths = { vertices: new Set(vertices), edges: new Set(edges) }
      draw()
    },
    hover(id) {
      if (scene.hovered === id) return
      scene.hovered = id
      draw()
    },
    vertexAt(x, y, reach = radius + 5) {
      let best = null
      let least = reach * reach
      for (const vertex of scene.vertices) {
        const square = (vertex.x - x) ** 2 + (vertex.y - y) ** 2
        if (square <= least) [best, least] = [vertex, square]
      }
      return best
    },
    edgeAt(x, y, reach) {
      let best = null
      let least = reach
      for (const edge of scene.edges) {
        const distance = distanceTo(scene.model, edge, x, y)
        if (distance < least) [best, least] = [edge, distance]
      }
      return best
    },
  }
}

function distanceTo(model, edge, x, y) {
  const from = model.vertices.get(edge.from)
  const to = model.vertices.get(edge.to)
  const way = route(from, to, edge.bend ?? 0)
  if (!way) return Math.abs(Math.hypot(x - from.x, y - from.y + radius + 8) - 8)
  let least = Infinity
  let last = from
  for (let i = 1; i <= 8; i++) { // the bent line as eight straight ones
    const t = i / 8
    const next = {
      x: (1 - t) ** 2 * from.x + 2 * t * (1 - t) * way.mx + t ** 2 * to.x,
      y: (1 - t) ** 2 * from.y + 2 * t * (1 - t) * way.my + t ** 2 * to.y,
    }
    least = Math.min(least, toSegment(last, next, x, y))
    last = next
  }
  return least
}

function toSegment(a, b, x, y) {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const t = Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(x - a.x - t * dx, y - a.y - t * dy)
}

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

// key answers whether it took the key.
function key(event, view, callbacks) {
  const { scene, state } = view
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  const arrow = arrows[event.key]
  if (arrow && event.shiftKey) {
    view.pan(-60 * arrow[0], -60 * arrow[1])
    return true
  }
  if (arrow) {
    const next = neighbourTowards(scene, arrow, state.start)
    if (next) callbacks.onSelect(next.id)
    else callbacks.onTold('No neighbour is drawn there.')
    return true
  }
  const chosen = scene.selected !== null && scene.model.vertices.has(scene.selected) ? scene.selected : null
  switch (event.key) {
    case '+': case '=': view.zoom(1.25); return true
    case '-': view.zoom(0.8); return true
    case '0': view.fit(); return true
    case 'Home': if (state.start) callbacks.onSelect(state.start); return true
    case 'Enter': if (chosen) callbacks.onOpen(chosen); return chosen !== null
    case 'Backspace': case 'Delete': if (chosen) callbacks.onCollapse(chosen); return chosen !== null
    case 'Escape': callbacks.onSelect(null); return true
  }
  return false
}

// neighbourTowards finds the shown neighbour whose direction is nearest to the arrow's, within a right angle.
export function neighbourTowards(scene, [ax, ay], start) {
  const here = scene.model.vertices.get(scene.selected)
  if (!here) return scene.model.vertices.get(start) ?? scene.vertices[0]
  const seen = new Set(scene.vertices.map((v) => v.id))
  let best = null
  let most = 0.2
  for (const edge of scene.model.edgesOf(here.id)) {
    const other = scene.model.vertices.get(edge.from === here.id ? edge.to : edge.from)
    if (other === here || !seen.has(other.id)) continue
    const length = Math.hypot(other.x - here.x, other.y - here.y) || 1
    const along = ((other.x - here.x) * ax + (other.y - here.y) * ay) / length
    if (along > most) [best, most] = [other, along]
  }
  return best
}
