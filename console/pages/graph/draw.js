// Draws one frame of the graph on a canvas. `view` is {x, y, scale}: the place of the origin in CSS pixels, and pixels
// per unit. Pure but for the canvas: what is drawn comes in, nothing is kept.

import { visible, short } from '../../app/text.js'

export const radius = 9

const labelsMost = 600
const arrowsMost = 800
const restlessMost = 300 // with more vertices only those that matter have labels while the layout moves them

export function drawGraph(canvas, scene) {
  const g = canvas.getContext('2d')
  const { width, height, ratio, view } = scene
  g.setTransform(ratio, 0, 0, ratio, 0, 0)
  g.clearRect(0, 0, width, height)
  g.translate(view.x, view.y)
  g.scale(view.scale, view.scale)
  drawEdges(g, scene)
  drawVertices(g, scene)
  drawLabels(g, scene)
}

// route gives the places of an edge: its ends at the rims of the vertices, and the point it bends over.
export function route(from, to, bend) {
  if (from === to) return null
  const dx = to.x - from.x
  const dy = to.y - from.y
  const length = Math.hypot(dx, dy) || 1
  const nx = -dy / length
  const ny = dx / length
  const mx = (from.x + to.x) / 2 + nx * bend * 2
  const my = (from.y + to.y) / 2 + ny * bend * 2
  const back = Math.hypot(to.x - mx, to.y - my) || 1
  const tx = to.x - ((to.x - mx) / back) * (radius + 2)
  const ty = to.y - ((to.y - my) / back) * (radius + 2)
  return { mx, my, tx, ty, angle: Math.atan2(to.y - my, to.x - mx) }
}

function drawEdges(g, scene) {
  const { edges, model, palette, view, paths, selected } = scene
  const arrows = edges.length <= arrowsMost && view.scale > 0.35
  const groups = new Map()
  const strong = []
  for (const edge of edges) {
    if (paths.edges.has(edge.id) || edge.id === selected) {
      strong.push(edge)
      continue
    }
    if (!groups.has(edge.collection)) groups.set(edge.collection, [])
    groups.get(edge.collection).push(edge)
  }
  g.globalAlpha = paths.edges.size > 0 ? 0.3 : edges.length > 600 ? 0.35 : edges.length > 150 ? 0.55 : 0.8
  for (const [collection, list] of groups) {
    drawLines(g, model, list, { color: palette.edge(collection), dash: palette.dash(collection), width: 1.2, arrows, scale: view.scale })
  }
  g.globalAlpha = 1
  for (const edge of strong) {
    const color = edge.id === selected ? palette.theme.accent : palette.theme.ink
    drawLines(g, model, [edge], { color, dash: [], width: 3, arrows: true, scale: view.scale })
  }
}

function drawLines(g, model, list, { color, dash, width, arrows, scale }) {
  g.strokeStyle = g.fillStyle = color
  g.lineWidth = width / Math.max(scale, 0.5)
  g.setLineDash(dash)
  g.beginPath()
  const heads = []
  for (const edge of list) {
    const from = model.vertices.get(edge.from)
    const to = model.vertices.get(edge.to)
    const way = route(from, to, edge.bend ?? 0)
    if (!way) {
      g.moveTo(from.x + 8, from.y - radius - 8)
      g.arc(from.x, from.y - radius - 8, 8, 0, 2 * Math.PI)
      continue
    }
    g.moveTo(from.x, from.y)
    if (edge.bend) g.quadraticCurveTo(way.mx, way.my, way.tx, way.ty)
    else g.lineTo(way.tx, way.ty)
    if (arrows) heads.push(way)
  }
  g.stroke()
  g.setLineDash([])
  if (heads.length === 0) return
  g.beginPath()
  const size = 5 + width
  for (const { tx, ty, angle } of heads) {
    g.moveTo(tx, ty)
    g.lineTo(tx - size * Math.cos(angle - 0.4), ty - size * Math.sin(angle - 0.4))
    g.lineTo(tx - size * Math.cos(angle + 0.4), ty - size * Math.sin(angle + 0.4))
    g.closePath()
  }
  g.fill()
}

// drawVertices draws vertices that look alike at once: a frame of 2,000 has a handful of strokes.
function drawVertices(g, scene) {
  const { vertices, palette, paths, selected, hovered, view } = scene
  const thin = 1 / Math.max(view.scale, 0.5)
  const groups = new Map()
  const marked = []
  for (const vertex of vertices) {
    const chosen = vertex.id === selected
    const onPath = paths.vertices.has(vertex.id)
    if (chosen || onPath || vertex.id === hovered) marked.push(vertex)
    const faint = paths.vertices.size > 0 && !onPath && !chosen
    const key = `${vertex.collection} ${Boolean(vertex.attributes)} ${Boolean(vertex.expanded)} ${faint}`
    if (!groups.has(key)) groups.set(key, { first: vertex, faint, list: [] })
    groups.get(key).list.push(vertex)
  }
  for (const { first, faint, list } of groups.values()) {
    g.globalAlpha = faint ? 0.45 : 1
    g.beginPath()
    for (const { x, y } of list) outline(g, palette.shape(first.collection), x, y, radius)
    g.fillStyle = first.attributes ? palette.vertex(first.collection) : palette.theme.surface
    g.fill()
    g.lineWidth = (first.expanded ? 2.5 : 1) * thin
    g.strokeStyle = first.attributes && !first.expanded ? palette.theme.surface : palette.theme.ink
    g.setLineDash(first.attributes ? [] : [3, 2])
    g.stroke()
  }
  g.setLineDash([])
  g.globalAlpha = 1
  for (const vertex of marked) {
    const chosen = vertex.id === selected
    g.beginPath()
    g.arc(vertex.x, vertex.y, radius + 4, 0, 2 * Math.PI)
    g.lineWidth = (chosen ? 3 : 1.5) * thin
    g.strokeStyle = chosen ? palette.theme.accent : palette.theme.ink
    g.stroke()
  }
}

function outline(g, shape, x, y, r) {
  if (shape === 'circle') {
    g.moveTo(x + r, y)
    g.arc(x, y, r, 0, 2 * Math.PI)
    return
  }
  const [corners, turn, size] = { square: [4, Math.PI / 4, 1.2], diamond: [4, 0, 1.25], triangle: [3, -Math.PI / 2, 1.3], hexagon: [6, 0, 1.1] }[shape]
  for (let i = 0; i < corners; i++) {
    const angle = turn + (2 * Math.PI * i) / corners
    const px = x + r * size * Math.cos(angle)
    const py = y + r * size * Math.sin(angle)
    if (i === 0) g.moveTo(px, py)
    else g.lineTo(px, py)
  }
  g.closePath()
}

// drawLabels writes as many labels as find room, those that matter most first.
function drawLabels(g, scene) {
  const { palette, view, label } = scene
  const size = 12 / view.scale
  g.font = `${size}px system-ui, sans-serif`
  g.textAlign = 'center'
  g.textBaseline = 'top'
  g.lineJoin = 'round'
  g.lineWidth = 3 / view.scale
  g.strokeStyle = palette.theme.surface
  g.fillStyle = palette.theme.ink
  const room = new Room()
  for (const [vertex, must] of labelled(scene)) {
    if (!onScreen(vertex, scene)) continue
    const words = visible(short(label(vertex), 22))
    const y = vertex.y + radius + 3 / view.scale
    const left = (vertex.x * view.scale + view.x) - words.length * 3.4
    if (!room.take(left, y * view.scale + view.y, words.length * 6.8, 15) && !must) continue
    g.strokeText(words, vertex.x, y)
    g.fillText(words, vertex.x, y)
  }
}

// labelled gives vertices that may have a label, the most important first, and whether they have one in any case.
function labelled({ vertices, selected, hovered, paths, near, view, start, moving }) {
  const first = []
  const second = []
  const others = []
  const restless = moving && vertices.length > restlessMost
  for (const vertex of vertices) {
    if (vertex.id === selected || vertex.id === hovered || paths.vertices.has(vertex.id)) first.push([vertex, true])
    else if (restless) continue
    else if (near.has(vertex.id) || vertex.expanded || vertex.id === start) second.push([vertex, false])
    else if (view.scale > 0.3) others.push([vertex, false])
  }
  return [...first, ...second, ...others.slice(0, labelsMost)]
}

// Room keeps places on the screen that are taken, in cells of a few pixels.
export class Room {
  constructor() {
    this.taken = new Set()
  }

  take(x, y, width, height) {
    const cells = []
    for (let cx = Math.floor(x / 8); cx <= Math.floor((x + width) / 8); cx++) {
      for (let cy = Math.floor(y / 8); cy <= Math.floor((y + height) / 8); cy++) cells.push(cx * 100_000 + cy)
    }
    if (cells.some((cell) => this.taken.has(cell))) return false
    for (const cell of cells) this.taken.add(cell)
    return true
  }
}

function onScreen(vertex, { view, width, height }) {
  const x = vertex.x * view.scale + view.x
  const y = vertex.y * view.scale + view.y
  return x > -60 && y > -30 && x < width + 60 && y < height + 30
}

// bendParallels sets `bend` of edges that join the same two vertices, so that each can be seen.
export function bendParallels(edges) {
  const pairs = new Map()
  for (const edge of edges) {
    const key = edge.from < edge.to ? `${edge.from}\n${edge.to}` : `${edge.to}\n${edge.from}`
    if (!pairs.has(key)) pairs.set(key, [])
    pairs.get(key).push(edge)
  }
  for (const list of pairs.values()) {
    list.forEach((edge, i) => {
      const way = (i - (list.length - 1) / 2) * 14
      edge.bend = edge.from < edge.to ? way : -way
    })
  }
}
